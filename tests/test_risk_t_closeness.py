"""t-closeness: a transport problem solved as a linear program is the oracle for all distances."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from niming.errors import HierarchyError, InputError
from niming.risk import t_closeness
from niming.risk.classes import spectrum_of
from niming.risk.t_closeness import Closeness
from niming.tables import SUPPRESSED, Classes, Counts, Hierarchy

TREE = Hierarchy.from_rows(
    [
        ("a", "ab", "abc", "*"),
        ("b", "ab", "abc", "*"),
        ("c", "c'", "abc", "*"),
        ("d", "de", "de'", "*"),
        ("e", "de", "de'", "*"),
    ]
)
PATHS = {row[0]: row for row in TREE.rows()}
VALUES = list("abcde")


def counted(rows: list[tuple[int, int]]) -> Counts:
    """Count (class, value) pairs by hand; values are codes of VALUES, or missing, suppressed.

    Categories that do not occur stay, as after a selection of records.
    """
    cells = sorted(Counter(rows).items())
    return Counts(
        columns=("q", "s"),
        categories=(np.arange(10), np.array(VALUES, dtype=object)),
        codes=np.array([c for c, _ in cells], dtype=np.int32),
        n=np.array([n for _, n in cells], dtype=np.int64),
    )


def between(first: int, second: int, occurring: list[int], distance: str) -> float:
    """Return the ground distance of two sensitive values, straight from the paper."""
    if first == second:
        return 0.0
    if distance == "equal" or first < 0 or second < 0:
        return 1.0
    if distance == "ordered":
        return abs(occurring.index(first) - occurring.index(second)) / (len(occurring) - 1)
    one, other = PATHS[VALUES[first]], PATHS[VALUES[second]]
    level = next(h for h in range(len(one)) if one[h] == other[h])
    return level / (len(one) - 1)


def transport(p: np.ndarray, q: np.ndarray, cost: np.ndarray) -> float:
    """Return the earth mover's distance as the least cost of moving p to q."""
    m = len(p)
    rows = np.kron(np.eye(m), np.ones(m))
    columns = np.kron(np.ones(m), np.eye(m))
    solved = linprog(
        cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.concatenate([p, q]), method="highs"
    )
    assert solved.status == 0
    return float(solved.fun)


def by_linear_program(rows: list[tuple[int, int]], distance: str) -> list[float]:
    values = sorted({v for _, v in rows})
    occurring = [v for v in values if v >= 0]
    cost = np.array([[between(a, b, occurring, distance) for b in values] for a in values])
    q = np.array([sum(v == x for _, v in rows) for x in values]) / len(rows)
    out = []
    for name in sorted({c for c, _ in rows}):
        mine = [v for c, v in rows if c == name]
        p = np.array([mine.count(x) for x in values]) / len(mine)
        out.append(transport(p, q, cost))
    return out


def pairs(lowest: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    cell = st.tuples(st.integers(0, 3), st.integers(lowest, len(VALUES) - 1))
    return st.lists(cell, min_size=1, max_size=16)


@pytest.mark.parametrize("distance", ["equal", "ordered", "hierarchical"])
@settings(max_examples=70, deadline=None)
@given(rows=pairs(0))
def test_equals_the_linear_program(distance: str, rows: list[tuple[int, int]]) -> None:
    given_distance = TREE if distance == "hierarchical" else distance
    found = Closeness.of(counted(rows).classes(["q"]), "s", distance=given_distance)  # type: ignore[arg-type]
    expected = by_linear_program(rows, distance)
    np.testing.assert_allclose(found.per_class, expected, atol=1e-9)
    assert found.t == pytest.approx(max(expected), abs=1e-9)


@pytest.mark.parametrize("distance", ["equal", "ordered", "hierarchical"])
@settings(max_examples=70, deadline=None)
@given(rows=pairs(SUPPRESSED))
def test_unknown_values_stand_apart(distance: str, rows: list[tuple[int, int]]) -> None:
    given_distance = TREE if distance == "hierarchical" else distance
    found = Closeness.of(counted(rows).classes(["q"]), "s", distance=given_distance)  # type: ignore[arg-type]
    expected = np.array(by_linear_program(rows, distance))
    if distance == "ordered":
        assert (found.per_class >= expected - 1e-9).all()
    else:
        np.testing.assert_allclose(found.per_class, expected, atol=1e-9)


Row = tuple[int, int, int]


def holed(lowest: int) -> st.SearchStrategy[list[Row]]:
    code = st.integers(SUPPRESSED, 1)
    return st.lists(
        st.tuples(code, code, st.integers(lowest, len(VALUES) - 1)), min_size=1, max_size=14
    )


def of_holed(rows: list[Row]) -> Classes:
    cells = sorted(Counter(rows).items())
    return Counts(
        columns=("q", "r", "s"),
        categories=(np.arange(2), np.arange(2), np.array(VALUES, dtype=object)),
        codes=np.array([c for c, _ in cells], dtype=np.int32),
        n=np.array([n for _, n in cells], dtype=np.int64),
    ).classes(["q", "r"])


def matching_by_linear_program(rows: list[Row], distance: str) -> list[float]:
    """Move the values of all rows that agree with a class to those that the table knows.

    What is unknown joins the commonest known value; where there is none it stays at distance 1.
    """
    occurring = sorted({v for *_, v in rows if v >= 0})
    values = [-1, *occurring]
    cost = np.array([[between(a, b, occurring, distance) for b in values] for a in values])
    known = [v for *_, v in rows if v >= 0] or [-1]
    q = np.array([known.count(x) for x in values]) / len(known)
    out = []
    for one, other in sorted({(a, b) for a, b, _ in rows}):
        mine = [
            v
            for a, b, v in rows
            if (a == one or a < 0 or one < 0) and (b == other or b < 0 or other < 0)
        ]
        shown = [v for v in mine if v >= 0]
        commonest = max(sorted({*shown}), key=shown.count, default=-1)
        mine = [v if v >= 0 else commonest for v in mine]
        p = np.array([mine.count(x) for x in values]) / len(mine)
        out.append(transport(p, q, cost))
    return out


@pytest.mark.parametrize("distance", ["equal", "ordered", "hierarchical"])
@settings(max_examples=25, deadline=None)
@given(rows=st.one_of(holed(0), holed(SUPPRESSED)))
def test_matching_equals_the_linear_program(distance: str, rows: list[Row]) -> None:
    kind = TREE if distance == "hierarchical" else distance
    classes = of_holed(rows)
    found = Closeness.of(classes, "s", distance=kind, missing="matches-anything")  # type: ignore[arg-type]
    expected = np.array(matching_by_linear_program(rows, distance))
    np.testing.assert_allclose(found.per_class, expected, atol=1e-9)
    assert found.t == pytest.approx(found.per_class.max(), abs=1e-12)
    spectrum = spectrum_of(classes, "s", missing="matches-anything")
    again = Closeness.of(
        classes,
        "s",
        distance=kind,  # type: ignore[arg-type]
        spectrum=spectrum,
        missing="matches-anything",
    )
    assert (again.t, again.t_unsuppressed) == (found.t, found.t_unsuppressed)


@pytest.mark.parametrize("distance", ["equal", "ordered", "hierarchical"])
@settings(max_examples=80, deadline=None)
@given(rows=holed(0))
def test_the_table_is_never_further_where_anything_matches(distance: str, rows: list[Row]) -> None:
    kind = TREE if distance == "hierarchical" else distance
    classes = of_holed(rows)
    own = Closeness.of(classes, "s", distance=kind)  # type: ignore[arg-type]
    matching = Closeness.of(classes, "s", distance=kind, missing="matches-anything")  # type: ignore[arg-type]
    assert matching.t <= own.t + 1e-12
    assert (matching.t_unsuppressed is None) == (own.t_unsuppressed is None)


def test_an_unknown_value_is_no_distance_gained_by_blanking() -> None:
    """q is 1/2 a; class x, all a, stays at 1/2 with a blank cell, and at 0.4 or so as a value."""
    table = {"q": ["x"] * 4 + ["y"] * 4, "s": [*"aaa", None, *"abbb"]}
    call = {"quasi_identifiers": ["q"], "sensitive": "s", "missing": "matches-anything"}
    found = t_closeness(table, **call)  # type: ignore[arg-type]
    assert found.per_class.tolist() == pytest.approx([1 - 4 / 7, 3 / 4 - 3 / 7])
    table = {"q": ["x", "y", "y"], "s": [None, 1, 2]}
    for distance in ("equal", "ordered"):
        found = t_closeness(table, **call, distance=distance)  # type: ignore[arg-type]
        assert found.per_class.tolist() == [1, 0]


def test_what_is_shown_can_be_further_where_anything_matches() -> None:
    """a: 1 x, 1 y; b: 10 x, 10 y; suppressed: 2 x. The table is 13 x in 24, a matching 3 in 4."""
    table = {"q": ["a"] * 2 + ["b"] * 20 + ["*"] * 2, "s": [*"xy", *"xy" * 10, *"xx"]}
    call = {"quasi_identifiers": ["q"], "sensitive": "s", "suppressed": "*"}
    own = t_closeness(table, **call)  # type: ignore[arg-type]
    matching = t_closeness(table, **call, missing="matches-anything")  # type: ignore[arg-type]
    assert own.per_class.tolist() == pytest.approx([11 / 24, 1 / 24, 1 / 24])
    assert matching.per_class.tolist() == pytest.approx([0, 5 / 24, 12 / 22 - 13 / 24])
    assert (own.t, own.t_unsuppressed) == (11 / 24, 1 / 24)
    assert (matching.t, matching.t_unsuppressed) == (5 / 24, 5 / 24)


def test_the_second_reading_has_names_of_its_own() -> None:
    table = {"q": [1, None], "s": [5, 6]}
    for distance in ("equal", "ordered"):
        found = t_closeness(
            table,
            quasi_identifiers=["q"],
            sensitive="s",
            distance=distance,  # type: ignore[arg-type]
            missing="matches-anything",
        )
        stem = f"t_closeness.matching.{distance}"
        assert [m.name for m in found.measures()] == [f"{stem}[s]", f"{stem}_unsuppressed[s]"]
        assert found.t == 0
    with pytest.raises(InputError, match="'own-value' or 'matches-anything'"):
        t_closeness(table, quasi_identifiers=["q"], sensitive="s", missing="skip")  # type: ignore[arg-type]


def test_ordered_with_many_values_equals_the_formula() -> None:
    rng = np.random.default_rng(5)
    for m, n in ((300, 900), (2, 50), (40, 40)):
        cells = Counter(zip(rng.integers(0, 30, n).tolist(), rng.integers(0, m, n).tolist()))  # noqa: B905
        keys = sorted(cells)
        counts = Counts(
            columns=("q", "s"),
            categories=(np.arange(30), np.arange(m)),
            codes=np.array(keys, dtype=np.int32),
            n=np.array([cells[k] for k in keys], dtype=np.int64),
        )
        classes = counts.classes(["q"])
        found = Closeness.of(classes, "s", distance="ordered").per_class
        matrix = np.zeros((classes.n_classes, m))
        matrix[classes.class_of, counts.codes[:, 1]] = counts.n
        matrix = matrix[:, matrix.sum(axis=0) > 0]
        p = np.cumsum(matrix / matrix.sum(axis=1, keepdims=True), axis=1)
        q = np.cumsum(matrix.sum(axis=0) / n)
        expected = np.abs(p - q)[:, :-1].sum(axis=1) / (matrix.shape[1] - 1)
        np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("distance", ["equal", "ordered", "hierarchical"])
def test_floating_point_takes_over_where_integers_would_wrap(distance: str) -> None:
    """The same table 10^9 times over has the same distances, and n² m is beyond int64."""
    rng = np.random.default_rng(8)
    rows = list(zip(rng.integers(0, 4, 60).tolist(), rng.integers(0, 5, 60).tolist(), strict=True))
    small = counted(rows)
    large = Counts(small.columns, small.categories, small.codes, small.n * 10**9)
    kind = TREE if distance == "hierarchical" else distance
    one = Closeness.of(small.classes(["q"]), "s", distance=kind)  # type: ignore[arg-type]
    other = Closeness.of(large.classes(["q"]), "s", distance=kind)  # type: ignore[arg-type]
    np.testing.assert_allclose(other.per_class, one.per_class, rtol=1e-12)
    assert other.t == pytest.approx(one.t, rel=1e-12)


def test_salary_example_of_the_paper() -> None:
    """Li et al. 2007, section 4.1: salaries 3k..11k, P1 = {3,4,5}k 0.375, P2 = {6,8,11}k 0.167."""
    table = {"q": [1, 1, 1, 2, 2, 2, 3, 3, 3], "s": [3, 4, 5, 6, 8, 11, 7, 9, 10]}
    found = t_closeness(table, quasi_identifiers=["q"], sensitive="s", distance="ordered")
    assert found.per_class[0] == 0.375
    assert round(found.per_class[1], 3) == 0.167
    assert (found.t, found.n_records_above(0.3), found.n_classes_above(0.3)) == (0.375, 3, 1)


def test_the_largest_distance_is_rounded_once() -> None:
    """1/5 is 0.2 whatever the sizes: a policy of t <= 0.2 must not fail on 0.20000000000000004."""
    for n in range(1, 60):
        # class x: 7n of a and 3n of b; class y: 3n of a and 7n of b; the table is half and half
        counts = Counts(
            columns=("q", "s"),
            categories=(np.arange(2), np.array(["a", "b"], dtype=object)),
            codes=np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.int32),
            n=np.array([7 * n, 3 * n, 3 * n, 7 * n]),
        )
        for distance in ("equal", "ordered"):
            found = t_closeness(counts, quasi_identifiers=["q"], sensitive="s", distance=distance)  # type: ignore[arg-type]
            assert found.t == 0.2


@pytest.mark.parametrize("distance", ["equal", "ordered", "hierarchical"])
@settings(max_examples=100, deadline=None)
@given(rows=pairs(SUPPRESSED))
def test_merging_classes_never_raises_t(distance: str, rows: list[tuple[int, int]]) -> None:
    kind = TREE if distance == "hierarchical" else distance
    apart = Closeness.of(counted(rows).classes(["q"]), "s", distance=kind)  # type: ignore[arg-type]
    merged = counted([(q // 2, v) for q, v in rows]).classes(["q"])
    assert Closeness.of(merged, "s", distance=kind).t <= apart.t + 1e-12  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(rows=pairs(SUPPRESSED))
def test_distances_are_shares_and_one_class_is_close(rows: list[tuple[int, int]]) -> None:
    for distance in ("equal", "ordered", TREE):
        found = Closeness.of(counted(rows).classes(["q"]), "s", distance=distance)  # type: ignore[arg-type]
        assert (found.per_class >= 0).all()
        assert found.per_class.max() <= 1
        alone = Closeness.of(
            counted([(0, v) for _, v in rows]).classes(["q"]),
            "s",
            distance=distance,  # type: ignore[arg-type]
        )
        assert alone.t == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("distance", ["equal", "ordered"])
@pytest.mark.parametrize(
    ("table", "t"),
    [
        ({"q": [1], "s": [5]}, 0),
        ({"q": [1, 2], "s": [5, 5]}, 0),
        ({"q": [1, 2], "s": [5, 6]}, 0.5),
        ({"q": [1, 2], "s": [None, None]}, 0),
        ({"q": [1, 2], "s": [None, 5]}, 0.5),
        ({"q": [None, 1], "s": [5, 6]}, 0.5),
    ],
)
def test_edges(table: dict[str, list[object]], t: float, distance: str) -> None:
    found = t_closeness(table, quasi_identifiers=["q"], sensitive="s", distance=distance)  # type: ignore[arg-type]
    assert found.t == t


def test_the_suppressed_class_counts_and_can_be_left_out() -> None:
    table = {"q": ["*", "a", "a", "b"], "s": ["x", "x", "y", "y"]}
    found = t_closeness(table, quasi_identifiers=["q"], sensitive="s", suppressed="*")
    assert (found.t, found.t_unsuppressed) == (0.5, 0.5)
    hidden = {"q": ["*", "a", "a", "a"], "s": ["x", "y", "y", "y"]}
    found = t_closeness(hidden, quasi_identifiers=["q"], sensitive="s", suppressed="*")
    assert (found.t, found.t_unsuppressed) == (0.75, 0.25)
    every = {"q": ["*", "*"], "s": ["x", "y"]}
    found = t_closeness(every, quasi_identifiers=["q"], sensitive="s", suppressed="*")
    assert found.t_unsuppressed is None
    assert found.measures()[1].reason


def test_hierarchies_that_give_no_distance_are_refused() -> None:
    table = {"q": [1, 2], "s": ["canary-a", "b"]}
    flat = Hierarchy.from_rows([("canary-a",), ("b",)])
    two = Hierarchy.from_rows([("canary-a", "canary-x"), ("b", "canary-y")])
    lacking = Hierarchy.from_rows([("b", "*")])
    for hierarchy, message in ((flat, "one level"), (two, "2 tops"), (lacking, "lacks 1 of 2")):
        with pytest.raises(HierarchyError, match=message) as caught:
            t_closeness(table, quasi_identifiers=["q"], sensitive="s", distance=hierarchy)
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize("distance", ["euclidean", None, 3])
def test_an_unknown_distance_is_refused(distance: object) -> None:
    with pytest.raises(InputError, match="Hierarchy"):
        t_closeness({"q": [1], "s": [1]}, quasi_identifiers=["q"], sensitive="s", distance=distance)  # type: ignore[arg-type]


def test_a_sensitive_quasi_identifier_is_refused() -> None:
    with pytest.raises(InputError, match="both quasi-identifier and sensitive"):
        t_closeness({"q": [1]}, quasi_identifiers=["q"], sensitive="q")
