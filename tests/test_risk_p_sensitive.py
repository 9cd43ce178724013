"""p-sensitive k-anonymity: counted row by row, and the paper's bounds against every grouping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError
from niming.risk.l_diversity import Diversity
from niming.risk.p_sensitive import PSensitive, p_sensitive
from niming.tables import Classes, Counts

Row = tuple[int, int, int, int]
READINGS = ["own-value", "matches-anything"]
tables = st.lists(st.tuples(*[st.integers(-2, 2)] * 4), min_size=1, max_size=18)


def classes_from(rows: list[Row]) -> Classes:
    """Count two quasi-identifiers and two sensitive columns by hand, without an engine."""
    cells = sorted(Counter(rows).items())
    return Counts(
        columns=("q", "r", "s", "t"),
        categories=(np.arange(4),) * 4,
        codes=np.array([c for c, _ in cells], dtype=np.int32),
        n=np.array([n for _, n in cells], dtype=np.int64),
    ).classes(["q", "r"])


def agree(one: int, other: int, missing: str) -> bool:
    return one == other or (missing == "matches-anything" and min(one, other) < 0)


def groupings(items: list[int]) -> Iterator[list[list[int]]]:
    """Yield every way to put items into groups."""
    if not items:
        yield []
        return
    for rest in groupings(items[1:]):
        yield [[items[0]], *rest]
        for at in range(len(rest)):
            yield [*rest[:at], [items[0], *rest[at]], *rest[at + 1 :]]


@pytest.mark.parametrize("missing", READINGS)
@settings(max_examples=120, deadline=None)
@given(rows=tables)
def test_equals_the_definition(missing: str, rows: list[Row]) -> None:
    classes = classes_from(rows)
    found = PSensitive.of(classes, ["s", "t"], missing=missing)  # type: ignore[arg-type]
    values, sizes, columns = [], [], []
    for q, r in sorted({row[:2] for row in rows}):
        mine = [row for row in rows if agree(row[0], q, missing) and agree(row[1], r, missing)]
        found_values = [{row[j] for row in mine} for j in (2, 3)]
        if missing == "matches-anything":  # what is unknown joins a known value, if there is one
            found_values = [{v for v in each if v >= 0} or {-1} for each in found_values]
        columns.append([len(each) for each in found_values])
        values.append(min(columns[-1]))
        sizes.append(len(mine))
    assert found.per_class.tolist() == values
    assert (found.p, found.k) == (min(values), min(sizes))
    assert found.p <= found.k
    fewest = np.min(columns, axis=0)
    assert found.weakest == ("s" if fewest[0] <= fewest[1] else "t")
    by_column = [Diversity.of(classes, c, missing=missing).l for c in ("s", "t")]  # type: ignore[arg-type]
    assert found.p == min(by_column)
    assert found.p <= found.most_p
    records = np.array([n for _, n in sorted(Counter(row[:2] for row in rows).items())])
    for p in (1, 2, 3):
        lower = np.array(values) < p
        assert found.n_classes_below(p) == lower.sum()
        assert found.n_records_below(p) == records[lower].sum()


@settings(max_examples=80, deadline=None)
@given(tables)
def test_own_value_is_the_stricter_reading_where_sensitive_cells_are_known(
    rows: list[Row],
) -> None:
    classes = classes_from([(q, r, max(s, 0), max(t, 0)) for q, r, s, t in rows])
    own, matching = (PSensitive.of(classes, ["s", "t"], missing=m) for m in READINGS)  # type: ignore[arg-type]
    assert matching.p >= own.p
    assert (matching.per_class >= own.per_class).all()
    assert own.most_p == matching.most_p
    for p in range(1, own.p + 1):
        assert len(own.records) <= own.most_classes(p)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=6))
def test_no_grouping_beats_the_bounds(pairs: list[tuple[int, int]]) -> None:
    """All groupings of up to six records; for one column the bound is reached."""
    rows = [(0, 0, s, t) for s, t in pairs]
    for columns in (["s"], ["t"], ["s", "t"]):
        found = PSensitive.of(classes_from(rows), columns)
        at = [("s", "t").index(c) for c in columns]
        best: dict[int, int] = {}
        for groups in groupings(list(range(len(pairs)))):
            p = min(len({pairs[i][j] for i in group}) for group in groups for j in at)
            best[p] = max(best.get(p, 0), len(groups))
        assert max(best) == found.most_p
        for p in range(1, found.most_p + 1):
            reached = max(n for other, n in best.items() if other >= p)
            assert reached <= found.most_classes(p)
            if len(columns) == 1:
                assert reached == found.most_classes(p)
        assert found.most_classes(found.most_p + 1) == 0


def test_suppressed_records_and_names() -> None:
    table = {"q": ["*", "*", "a", "a"], "s": ["x", "x", "x", "y"]}
    call = {"quasi_identifiers": ["q"], "sensitive": ["s"], "suppressed": "*"}
    own = p_sensitive(table, **call)  # type: ignore[arg-type]
    matching = p_sensitive(table, **call, missing="matches-anything")  # type: ignore[arg-type]
    assert {m.name: m.value for m in own.measures()} == {
        "p_sensitive.p": 1,
        "p_sensitive.p_unsuppressed": 2,
        "p_sensitive.most_p": 2,
    }
    assert {m.name: m.value for m in matching.measures()} == {
        "p_sensitive.matching.p": 2,
        "p_sensitive.matching.p_unsuppressed": 2,
    }
    assert (own.k, matching.k) == (2, 4)
    shown = own.to_dict()
    assert (shown["weakest"], shown["k"], shown["sensitive"]) == ("s", 2, ["s"])
    every = {"q": ["*"], "s": ["x"]}
    found = p_sensitive(every, quasi_identifiers=["q"], sensitive=["s"], suppressed="*")
    assert found.p_unsuppressed is None
    assert found.measures()[1].reason


@pytest.mark.parametrize("missing", READINGS)
@pytest.mark.parametrize(
    ("table", "p"),
    [
        ({"q": [1], "s": ["a"]}, 1),
        ({"q": [1] * 4, "s": ["a"] * 4}, 1),
        ({"q": [1, 2, 3], "s": ["a", "b", "c"]}, 1),
        ({"q": [1, 1], "s": ["a", "b"]}, 2),
        ({"q": [None, None], "s": ["a", "b"]}, 2),
    ],
)
def test_edges(table: dict[str, list[object]], p: int, missing: str) -> None:
    found = p_sensitive(table, quasi_identifiers=["q"], sensitive=["s"], missing=missing)  # type: ignore[arg-type]
    assert found.p == p


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sensitive": []}, "no sensitive columns"),
        ({"sensitive": "s"}, "one name, not a list"),
        ({"sensitive": ["q"]}, "both quasi-identifier and sensitive"),
        ({"sensitive": ["s", "s"]}, "twice"),
        ({"missing": "skip"}, "'own-value' or 'matches-anything'"),
        ({"sensitive": ["s", "pay"]}, "'pay' is continuous"),
    ],
)
def test_wrong_arguments_are_told(arguments: dict[str, object], message: str) -> None:
    table = {"q": [1] * 50, "s": ["canary-a"] * 50, "pay": [x * 1.7 for x in range(50)]}
    with pytest.raises(InputError, match=message) as caught:
        p_sensitive(table, quasi_identifiers=["q"], **{"sensitive": ["s"], **arguments})  # type: ignore[arg-type]
    assert "canary" not in str(caught.value)
    assert caught.value.hint


def test_an_absent_column_and_a_p_of_zero_are_refused() -> None:
    with pytest.raises(ColumnNotFoundError):
        p_sensitive({"q": [1]}, quasi_identifiers=["q"], sensitive=["illness"])
    found = p_sensitive({"q": [1], "s": ["a"]}, quasi_identifiers=["q"], sensitive=["s"])
    with pytest.raises(InputError, match="at least 1"):
        found.most_classes(0)


def test_it_is_drawn() -> None:
    found = p_sensitive(
        {"q": [1, 1, 2], "s": ["a", "b", "a"]}, quasi_identifiers=["q"], sensitive=["s"]
    )
    assert "p = 1, k = 1; 1 of 3 records" in found.plot().axes[0].get_title()
