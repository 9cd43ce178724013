"""Allocations by hand, and inclusion probabilities of both designs against the weights."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from niming.errors import ColumnNotFoundError, InputError
from niming.sampling import stratified
from niming.tables import read

TOWN = ["A"] * 6 + ["B"] * 3 + [None]
AGE = [30, 30, 40] * 3 + [40]
TABLE = pa.table({"town": TOWN, "age": AGE})


def test_one_column() -> None:
    drawn = stratified(TABLE, by="town", allocation={"A": 2, "B": 3, None: 1}, seed=1)
    assert Counter(TOWN[i] for i in drawn.positions) == {"A": 2, "B": 3, None: 1}
    assert sorted(drawn.weights) == [1.0, 1.0, 1.0, 1.0, 3.0, 3.0]


def test_two_columns_and_numbers_as_text() -> None:
    drawn = stratified(
        TABLE,
        by=["town", "age"],
        allocation={("A", 30): 1, ("A", "40"): 0, ("B", 30.0): 2, ("B", 40): 1, (None, 40): 1},
        seed=1,
    )
    found = Counter((TOWN[i], AGE[i]) for i in drawn.positions)
    assert found == {("A", 30): 1, ("B", 30): 2, ("B", 40): 1, (None, 40): 1}


@pytest.mark.parametrize(
    ("allocation", "told"),
    [
        ({"A": 1}, "leaves out 2"),
        ({"A": 1, "B": 1, None: 1, "C": 1}, "names 1 strata"),
        ({"A": 7, "B": 1, None: 1}, "more rows of 1 strata"),
        ({"A": -1, "B": 1, None: 1}, "whole numbers"),
        ({"A": 0, "B": 0, None: 0}, "whole numbers"),
        ({"A": 0.5, "B": 1, None: 1}, "whole numbers"),
    ],
)
def test_what_cannot_be_asked(allocation: dict[object, int], told: str) -> None:
    with pytest.raises(InputError, match=told):
        stratified(TABLE, by="town", allocation=allocation, seed=1)


def test_a_size_beside_an_allocation_by_hand() -> None:
    with pytest.raises(InputError, match="beside"):
        stratified(TABLE, by="town", n=3, allocation={"A": 1, "B": 1, None: 1}, seed=1)
    with pytest.raises(InputError, match="at_least"):
        stratified(TABLE, by="town", n=3, at_least=-1, seed=1)
    with pytest.raises(ColumnNotFoundError):
        stratified(TABLE, by="twon", n=3, seed=1)


def test_inclusion_probabilities_are_one_over_the_weights() -> None:
    """250 draws; each of 10 rows within 5.5 standard errors (false alarm below 1e-6 in all)."""
    table, draws = read(TABLE), 250
    hits, expected = np.zeros(10), np.zeros(10)
    for seed in range(draws):
        drawn = stratified(table, by="town", allocation={"A": 2, "B": 1, None: 1}, seed=seed)
        hits[drawn.positions] += 1
        expected[drawn.positions] = 1 / drawn.weights
    error = np.sqrt(expected * (1 - expected) / draws)
    assert (np.abs(hits / draws - expected) <= 5.5 * error + 1e-12).all()
