"""Homogeneity: rows compared one by one are the oracle."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError
from niming.risk.attacks.homogeneity import Homogeneity, homogeneity
from niming.risk.classes import Missing
from niming.tables import MISSING, SUPPRESSED, Counts, count

Row = tuple[str | None, str | None, str | None]

CELL = st.sampled_from(["a", "b", "*", None])
ROWS = st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=14)


def counted(rows: list[Row]) -> Counts:
    """Count by hand, which a hundred tables a second need; a and b are codes 0 and 1."""
    codes = {"a": 0, "b": 1, None: MISSING, "*": SUPPRESSED}
    cells = sorted(Counter(tuple(codes[x] for x in row) for row in rows).items())
    return Counts(
        columns=("q", "r", "s"),
        categories=(np.array(["a", "b"], dtype=object),) * 3,
        codes=np.array([cell for cell, _ in cells], dtype=np.int32),
        n=np.array([n for _, n in cells], dtype=np.int64),
    )


def by_rows(rows: list[Row], threshold: float, missing: Missing) -> tuple[int, int, float]:
    """Return records exposed, those alone among them, and the guess rate, row by row."""

    def alike(one: Row, other: Row) -> bool:
        for x, y in zip(one[:2], other[:2], strict=True):
            unknown = missing == "matches-anything" and (x in (None, "*") or y in (None, "*"))
            if not unknown and x != y:
                return False
        return True

    exposed = alone = 0
    right = 0.0
    for row in rows:
        seen = [other[2] for other in rows if alike(row, other)]
        top = max((seen.count(v) for v in {*seen} - {"*"}), default=0)
        if missing == "matches-anything":  # what is unknown may be the commonest value
            top = max((seen.count(v) for v in {*seen} - {"*", None}), default=0)
            top += seen.count("*") + seen.count(None)
        if top and top >= threshold * len(seen) - 1e-12:
            exposed += 1
            alone += len(seen) == 1
        right += top / len(seen)
    return exposed, alone, right / len(rows)


@pytest.mark.parametrize("missing", ["own-value", "matches-anything"])
@settings(max_examples=300, deadline=None)
@given(rows=ROWS, threshold=st.sampled_from([1.0, 0.75, 2 / 3, 0.5, 0.1]))
def test_equals_a_count_row_by_row(missing: Missing, rows: list[Row], threshold: float) -> None:
    counts = counted(rows)
    found = homogeneity(
        counts, quasi_identifiers=["q", "r"], sensitive="s", threshold=threshold, missing=missing
    )
    exposed, alone, guess_rate = by_rows(rows, threshold, missing)
    assert (found.n_records, found.n_unique) == (exposed, alone)
    assert found.guess_rate == pytest.approx(guess_rate)
    shown = [row[2] for row in rows if row[2] != "*"]
    most = max((shown.count(v) for v in {*shown}), default=0)
    if missing == "matches-anything":
        known = [v for v in shown if v is not None]
        most = max((known.count(v) for v in {*known}), default=0) + len(rows) - len(known)
    assert found.baseline == most / len(rows)


@settings(max_examples=200, deadline=None)
@given(rows=ROWS)
def test_a_guess_from_the_class_is_no_worse_than_from_the_table(rows: list[Row]) -> None:
    found = homogeneity(counted(rows), quasi_identifiers=["q", "r"], sensitive="s")
    assert found.baseline <= found.guess_rate <= 1
    assert found.rate <= found.guess_rate
    coarser = homogeneity(counted(rows), quasi_identifiers=["q"], sensitive="s")
    assert coarser.guess_rate <= found.guess_rate
    assert coarser.n_records <= found.n_records


def test_the_example_of_the_paper() -> None:
    """Machanavajjhala et al. 2007, figure 2: a 4-anonymous table; the third block has cancer."""
    illness = ["heart"] * 2 + ["viral"] * 2 + ["cancer", "heart", "viral", "viral"] + ["cancer"] * 4
    table = {
        "zip": ["130**"] * 4 + ["1485*"] * 4 + ["130**"] * 4,
        "age": ["< 30"] * 4 + [">= 40"] * 4 + ["3*"] * 4,
        "illness": illness,
    }
    found = homogeneity(table, quasi_identifiers=["zip", "age"], sensitive="illness")
    assert (found.n_records, found.n_classes, found.n_unique) == (4, 1, 0)
    assert found.guess_rate == (2 + 2 + 4) / 12
    assert found.baseline == 5 / 12


@pytest.mark.parametrize("n", range(1, 40))
def test_a_threshold_is_reached_exactly(n: int) -> None:
    """9 of 10 reach 0.9, however 0.9 times the size is rounded."""
    table = {"q": ["x"] * 10 * n, "s": ["a"] * 9 * n + ["b"] * n}
    found = homogeneity(table, quasi_identifiers=["q"], sensitive="s", threshold=0.9)
    assert found.rate == 1
    short = {"q": ["x"] * 10 * n, "s": ["a"] * (9 * n - 1) + ["b"] * (n + 1)}
    assert homogeneity(short, quasi_identifiers=["q"], sensitive="s", threshold=0.9).rate == 0


@pytest.mark.parametrize(
    ("table", "n_records", "baseline"),
    [
        ({"q": [1], "s": ["a"]}, 1, 1),
        ({"q": [1, 1], "s": ["a", "a"]}, 2, 1),
        ({"q": [1, 2], "s": ["a", "b"]}, 2, 0.5),
        ({"q": [1, 1], "s": ["a", "b"]}, 0, 0.5),
        ({"q": [1, 1], "s": [None, None]}, 2, 1),
        ({"q": [1, 1], "s": ["*", "*"]}, 0, 0),
        ({"q": [1, 1], "s": ["a", "*"]}, 0, 0.5),
        ({"q": [None, None], "s": ["a", "a"]}, 2, 1),
        ({"q": ["*", "x"], "s": ["a", "b"]}, 2, 0.5),
    ],
)
def test_edges(table: dict[str, list[object]], n_records: int, baseline: float) -> None:
    found = homogeneity(table, quasi_identifiers=["q"], sensitive="s", suppressed="*")
    assert (found.n_records, found.baseline) == (n_records, baseline)


@settings(max_examples=10, deadline=None)
@given(rows=ROWS)
def test_a_table_and_its_counts_agree(rows: list[Row]) -> None:
    table = {name: [row[j] for row in rows] for j, name in enumerate("qrs")}
    made = count(table, ["q", "r", "s"], suppressed="*")
    one = homogeneity(made, quasi_identifiers=["q", "r"], sensitive="s")
    other = homogeneity(counted(rows), quasi_identifiers=["q", "r"], sensitive="s")
    assert one.to_dict() == other.to_dict()


def test_measures_name_column_and_reading() -> None:
    table = {"q": ["x", "x", None], "s": ["a", "a", "b"]}
    own = homogeneity(table, quasi_identifiers=["q"], sensitive="s")
    assert {m.name: m.value for m in own.measures()} == {
        "attacks.homogeneity.n_records[s]": 3,
        "attacks.homogeneity.rate[s]": 1.0,
        "attacks.homogeneity.n_unique[s]": 1,
        "attacks.homogeneity.guess_rate[s]": 1.0,
        "attacks.homogeneity.baseline[s]": 2 / 3,
    }
    either = homogeneity(table, quasi_identifiers=["q"], sensitive="s", missing="matches-anything")
    assert either.measures()[0].name == "attacks.homogeneity.matching.n_records[s]"
    assert either.to_dict()["missing"] == "matches-anything"
    assert isinstance(either, Homogeneity)
    assert either.plot().axes


@pytest.mark.parametrize("threshold", [0, -0.1, 1.1, float("nan"), True])
def test_a_threshold_that_is_no_share_is_refused(threshold: float) -> None:
    with pytest.raises(InputError, match="threshold"):
        homogeneity({"q": [1], "s": [1]}, quasi_identifiers=["q"], sensitive="s",
                    threshold=threshold)  # fmt: skip


def test_bad_columns_are_refused_without_a_cell() -> None:
    table = {"q": ["canary"], "s": ["canary"]}
    with pytest.raises(ColumnNotFoundError) as caught:
        homogeneity(table, quasi_identifiers=["q"], sensitive="t")
    assert "canary" not in str(caught.value)
    with pytest.raises(InputError, match="both quasi-identifier and sensitive"):
        homogeneity(table, quasi_identifiers=["q"], sensitive="q")
    with pytest.raises(InputError, match="one column"):
        homogeneity(table, quasi_identifiers=["q"], sensitive=["s"])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="missing"):
        homogeneity(table, quasi_identifiers=["q"], sensitive="s", missing="maybe")  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [10, 50, 400])
def test_a_constant_column_shows_no_attack(n: int) -> None:
    table = {"q": [str(i) for i in range(n)], "s": ["same"] * n}
    found = homogeneity(table, quasi_identifiers=["q"], sensitive="s")
    assert (found.rate, found.guess_rate, found.baseline) == (1.0, 1.0, 1.0)
    assert not found.reliable
    assert any("rows" in reason for reason in found.reasons) == (n < 100)
    assert "shows nothing" in found.reasons[-1]
    assert found.to_dict()["reasons"] == list(found.reasons)


def test_a_guess_beyond_the_baseline_is_reliable() -> None:
    table = {"q": [i % 20 for i in range(200)], "s": [i % 20 % 4 for i in range(200)]}
    found = homogeneity(table, quasi_identifiers=["q"], sensitive="s")
    assert (found.guess_rate, found.baseline) == (1.0, 0.25)
    assert (found.reliable, found.reasons) == (True, ())
    few = homogeneity({c: v[:99] for c, v in table.items()}, quasi_identifiers=["q"], sensitive="s")
    assert [r.startswith("the table has 99 rows") for r in few.reasons] == [True]
