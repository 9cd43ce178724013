"""One numeric language for several tables: types, missing values, generalised values."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError
from niming.risk.attacks.encoding import encode

CELL = st.one_of(st.none(), st.sampled_from(["a", "b", "[1, 2)", "*", "34"]))
NUMBER = st.one_of(st.none(), st.integers(-5, 5), st.sampled_from([0.5, -0.0]))


@settings(max_examples=40, deadline=None)
@given(
    one=st.lists(st.tuples(CELL, NUMBER), min_size=1, max_size=9),
    two=st.lists(st.tuples(CELL, NUMBER), min_size=1, max_size=9),
)
def test_codes_are_equal_exactly_where_values_are(
    one: list[tuple[object, object]], two: list[tuple[object, object]]
) -> None:
    tables = {
        name: pa.table(
            {
                "c": pa.array([c for c, _ in rows], pa.string()),
                "n": pa.array([n for _, n in rows], pa.float64()),
            }
        )
        for name, rows in (("one", one), ("two", two))
    }
    made = encode(tables)
    rows, codes = one + two, np.vstack([made["one"].codes, made["two"].codes])
    for (c, n), (code, rank) in zip(rows, codes.tolist(), strict=True):
        assert (code == -1) == (c is None)
        assert (rank == -1) == (n is None)
        for (c2, n2), (code2, rank2) in zip(rows, codes.tolist(), strict=True):
            assert (code == code2) == (c == c2)
            if n is not None and n2 is not None:
                assert (rank < rank2) == (n < n2)  # type: ignore[operator]


def test_numbers_scale_by_the_range_of_all_tables() -> None:
    made = encode({"original": {"x": [0, 5]}, "released": {"x": [2.5, 10.0]}})
    column = made["original"].columns[0]
    assert column.is_numeric
    assert column.spread == 10
    assert column.scaled()[made["released"].codes[:, 0]].tolist() == [0.25, 1.0]


def test_a_constant_number_scales_to_zero() -> None:
    assert encode({"a": {"x": [3, 3]}})["a"].columns[0].scaled().tolist() == [0.0]


def test_text_on_either_side_makes_a_category() -> None:
    made = encode({"original": {"age": [34, 51]}, "released": {"age": ["[30, 40)", "51"]}})
    assert not made["original"].columns[0].is_numeric
    assert made["original"].codes[1, 0] == made["released"].codes[1, 0]
    assert made["original"].codes[0, 0] != made["released"].codes[0, 0]


def test_a_column_that_one_table_lacks_throughout_stays_numeric() -> None:
    made = encode({"original": {"age": [34, 51]}, "released": {"age": [None, None]}})
    assert made["original"].columns[0].is_numeric
    assert made["released"].codes.tolist() == [[-1], [-1]]
    nothing = encode({"original": {"age": [None]}, "released": {"age": [None]}})
    assert nothing["original"].codes.tolist() == [[-1]]


def test_dates_and_times_are_numbers() -> None:
    day, stamp = dt.date(2024, 1, 2), dt.datetime(2024, 1, 2)
    made = encode(
        {
            "a": {"d": [day, dt.date(2024, 1, 1)], "t": [dt.time(1), dt.time(2)]},
            "b": {"d": [stamp, None], "t": [dt.time(2), None]},
        }
    )
    assert all(column.is_numeric for column in made["a"].columns)
    assert made["a"].codes[0, 0] == made["b"].codes[0, 0]
    assert made["a"].codes.tolist() == [[1, 0], [0, 1]]
    short = pa.table({"t": pa.array([1, 2], pa.time32("s"))})
    assert encode({"a": short})["a"].columns[0].is_numeric


def test_decimals_booleans_enums_and_nan() -> None:
    frame = pd.DataFrame(
        {
            "money": [Decimal("1.50"), Decimal("2.00")],
            "flag": [True, False],
            "kind": pd.Categorical(["x", None]),
            "nan": [np.nan, 1.0],
        }
    )
    made = encode({"a": frame, "b": frame[::-1]})
    numeric = {c.name: c.is_numeric for c in made["a"].columns}
    assert numeric == {"money": True, "flag": False, "kind": False, "nan": True}
    np.testing.assert_array_equal(made["a"].codes, made["b"].codes[::-1])
    assert made["a"].codes[:, 3].tolist() == [-1, 0]


def test_long_whole_numbers_keep_their_last_digit() -> None:
    made = encode({"a": {"id": [2**60, 2**60 + 1]}})
    assert made["a"].codes.tolist() == [[0], [1]]


def test_columns_are_those_in_common_or_those_asked_for() -> None:
    tables = {"original": {"x": [1], "y": [2], "name": ["p"]}, "released": {"y": [2], "x": [1]}}
    assert encode(tables)["released"].names == ("x", "y")
    assert encode(tables, columns=["y"])["released"].names == ("y",)
    with pytest.raises(ColumnNotFoundError, match="looked up in released"):
        encode(tables, columns=["name"])


@pytest.mark.parametrize("columns", ["x", [], ["x", "x"]])
def test_bad_lists_of_columns_are_refused(columns: object) -> None:
    with pytest.raises(InputError, match="columns"):
        encode({"a": {"x": [1]}}, columns=columns)  # type: ignore[arg-type]


def test_tables_that_cannot_be_compared_are_refused_without_showing_a_cell() -> None:
    cases: list[tuple[dict[str, object], str]] = [
        ({"a": {"x": ["canary"]}, "b": {"y": ["canary"]}}, "no column in common"),
        ({"a": {"x": [["canary"]]}}, "cannot be compared"),
        ({"a": {"x": [b"canary"]}}, "cannot be compared"),
        ({"a": {"x": [1.0, float("inf")]}}, "1 infinite values"),
        ({"a": pd.DataFrame({"x": ["canary"]})[:0]}, "a table has no rows"),
    ]
    for tables, message in cases:
        with pytest.raises(InputError, match=message) as caught:
            encode(tables)  # type: ignore[arg-type]
        assert "canary" not in str(caught.value)
