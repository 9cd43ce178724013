"""LKC-privacy: every set of columns and every group by hand against tables of combinations."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import niming.risk.combinations as tables_of
from niming.errors import ColumnNotFoundError, InputError
from niming.risk.alpha_k import AlphaK
from niming.risk.k_anonymity import Anonymity
from niming.risk.lkc import LKC, lkc
from niming.tables import Classes, Counts

Row = tuple[int, ...]
READINGS = ["own-value", "matches-anything"]
tables = st.integers(1, 4).flatmap(
    lambda q: st.lists(
        st.tuples(*[st.integers(-2, 2)] * q, st.integers(-2, 2)), min_size=1, max_size=14
    )
)


def classes_from(rows: list[Row]) -> Classes:
    """Count quasi-identifiers and, last, a sensitive column by hand, without an engine."""
    cells = sorted(Counter(rows).items())
    names = [*(f"q{j}" for j in range(len(rows[0]) - 1)), "s"]
    return Counts(
        columns=tuple(names),
        categories=(*[np.arange(3)] * (len(names) - 1), np.array(["a", "b", "c"], dtype=object)),
        codes=np.array([c for c, _ in cells], dtype=np.int32),
        n=np.array([n for _, n in cells], dtype=np.int64),
    ).classes(names[:-1])


def agree(one: int, other: int, missing: str) -> bool:
    return one == other or (missing == "matches-anything" and min(one, other) < 0)


def by_hand(
    rows: list[Row], known: int, wanted: set[int] | None, missing: str
) -> list[tuple[int, Fraction]]:
    """Return k and c of every set of columns, in the order of their positions."""
    q = len(rows[0]) - 1
    out = {}
    for length in range(1, min(known, q) + 1):
        for at in combinations(range(q), length):
            groups = []
            for one in {tuple(row[j] for j in at) for row in rows}:
                mine = [
                    row[-1]
                    for row in rows
                    if all(agree(row[j], v, missing) for j, v in zip(at, one, strict=True))
                ]
                counts, hidden = Counter(mine), 0
                if missing == "matches-anything":  # what is unknown may be any of those wanted
                    hidden = counts.pop(-1, 0) + counts.pop(-2, 0)
                n = [k for s, k in counts.items() if wanted is None or s in wanted]
                groups.append((len(mine), Fraction(max(n, default=0) + hidden, len(mine))))
            out[at] = (min(g[0] for g in groups), max(g[1] for g in groups))
    return [out[at] for at in sorted(out)]


@pytest.fixture(params=["by table", "by classes", "in small pieces"])
def route(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send all sets of columns one way, whatever their size."""
    if request.param == "by classes":
        monkeypatch.setattr(tables_of, "_ROOM", -(10**6))
    if request.param == "in small pieces":
        monkeypatch.setattr(tables_of, "_CHUNK", 1)


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize("missing", READINGS)
def test_equals_every_group_by_hand(missing: str) -> None:
    @settings(max_examples=60, deadline=None)
    @given(rows=tables, known=st.integers(1, 5), chosen=st.sets(st.integers(-1, 2)))
    def check(rows: list[Row], known: int, chosen: set[int]) -> None:
        wanted = {s for s in chosen if s in {row[-1] for row in rows}} or None
        names = {-1: None, 0: "a", 1: "b", 2: "c"}
        values = None if wanted is None else [names[s] for s in wanted]
        classes = classes_from(rows)
        found = LKC.of(classes, known=known, sensitive="s", values=values, missing=missing)  # type: ignore[arg-type]
        expected = by_hand(rows, known, wanted, missing)
        assert found.smallest.tolist() == [k for k, _ in expected]
        assert found.shares is not None
        assert found.shares.tolist() == [float(c) for _, c in expected]
        assert found.k == min(k for k, _ in expected)
        assert found.c == float(max(c for _, c in expected))
        for limit in ("0", "0.5", "0.6"):
            higher = sum(c > Fraction(limit) for _, c in expected)
            assert found.n_subsets_above(float(limit)) == higher
        assert found.n_subsets_below(3) == sum(k < 3 for k, _ in expected)
        alone = LKC.of(classes, known=known, missing=missing)  # type: ignore[arg-type]
        assert alone.smallest.tolist() == found.smallest.tolist()
        assert alone.c is None

    check()


@pytest.mark.parametrize("missing", READINGS)
@settings(max_examples=60, deadline=None)
@given(rows=tables)
def test_who_knows_all_meets_k_and_alpha(missing: str, rows: list[Row]) -> None:
    classes = classes_from(rows)
    every = LKC.of(classes, known=9, sensitive="s", missing=missing)  # type: ignore[arg-type]
    assert every.k == Anonymity.of(classes, missing=missing).k  # type: ignore[arg-type]
    alpha = AlphaK.of(classes, "s", missing=missing).alpha  # type: ignore[arg-type]
    assert every.c is not None
    # Where anything matches, groups on fewer columns overlap and can be surer than all on more.
    assert every.c == alpha if missing == "own-value" else every.c >= alpha
    last = (len(rows[0]), 0.0)
    for known in range(1, len(rows[0])):
        found = LKC.of(classes, known=known, sensitive="s", missing=missing)  # type: ignore[arg-type]
        assert found.c is not None
        if known > 1:
            assert found.k <= last[0]
            assert found.c >= last[1]
        last = (found.k, found.c)


def test_a_few_columns_can_tell_more_than_all_where_anything_matches() -> None:
    """Three of the four records that agree with q1 = 1 have a; on all columns at most 2 of 3."""
    rows = [
        (0, 1, 1, 0),
        (-1, 1, 1, 0),
        (0, 0, 0, 1),
        (-1, -1, -1, 1),
        (-1, -1, 0, 0),
        (1, 0, -1, 0),
    ]
    classes = classes_from(rows)
    found = LKC.of(classes, known=3, sensitive="s", missing="matches-anything")
    assert (found.c, AlphaK.of(classes, "s", missing="matches-anything").alpha) == (0.75, 2 / 3)


@settings(max_examples=60, deadline=None)
@given(rows=tables, known=st.integers(1, 3))
def test_own_value_is_the_stricter_reading_where_sensitive_cells_are_known(
    rows: list[Row], known: int
) -> None:
    rows = [(*row[:-1], max(row[-1], 0)) for row in rows]
    own, matching = (
        LKC.of(classes_from(rows), known=known, sensitive="s", missing=m)  # type: ignore[arg-type]
        for m in READINGS
    )
    assert (own.smallest <= matching.smallest).all()
    assert own.shares is not None
    assert matching.shares is not None
    assert (own.shares >= matching.shares).all()


def test_a_table_worked_by_hand() -> None:
    """Alone, age 40 and sex M are two people each; together they are one, who has hiv."""
    table = {
        "age": [30, 30, 30, 40, 40],
        "sex": ["F", "F", "M", "F", "M"],
        "ill": ["flu", "flu", "flu", "flu", "hiv"],
    }
    call = {"quasi_identifiers": ["age", "sex"], "sensitive": "ill", "values": ["hiv"]}
    one = lkc(table, known=1, **call)  # type: ignore[arg-type]
    both = lkc(table, known=2, **call)  # type: ignore[arg-type]
    assert (one.k, one.c, one.n_subsets) == (2, 0.5, 2)
    assert (both.k, both.c, both.n_subsets) == (1, 1.0, 3)
    assert both.riskiest(1) == ((("age", "sex"), 1, 1.0),)
    assert both.n_subsets_below(2) == both.n_subsets_above(0.5) == 1
    assert [m.name for m in both.measures()] == ["lkc.k", "lkc.c[ill]"]
    shown = both.to_dict()
    assert (shown["known"], shown["n_subsets"]) == (2, 3)
    assert "1 of 3 combinations" in both.plot().axes[0].get_title()


def test_nobody_is_found_by_a_cell_that_is_not_shown() -> None:
    """The one suppressed sex is a group of its own, or agrees with all three."""
    table = {"sex": ["F", "F", "*"], "ill": ["flu", "hiv", "hiv"]}
    call = {"quasi_identifiers": ["sex"], "known": 1, "sensitive": "ill", "suppressed": "*"}
    own = lkc(table, **call)  # type: ignore[arg-type]
    matching = lkc(table, **call, missing="matches-anything")  # type: ignore[arg-type]
    assert (own.k, own.c) == (1, 1.0)
    assert (matching.k, matching.c) == (3, 2 / 3)
    assert [m.name for m in matching.measures()] == ["lkc.matching.k", "lkc.matching.c[ill]"]


@pytest.mark.parametrize("missing", READINGS)
def test_sixty_columns_of_any_width(missing: str) -> None:
    """Pairs of wide columns go by grouping, narrow ones by table; pandas is the oracle."""
    rng = np.random.default_rng(4)
    widths = [2, 3, 2000, 5] * 15
    frame = pd.DataFrame({f"q{j}": rng.integers(0, w, 300) for j, w in enumerate(widths)})
    if missing == "own-value":
        frame = frame.mask(rng.random(frame.shape) < 0.05).astype("Int64")
    found = lkc(frame, quasi_identifiers=list(frame), known=2, missing=missing)  # type: ignore[arg-type]
    assert found.n_subsets == 60 + math.comb(60, 2)
    names = [tuple(f"q{j}" for j in at if j >= 0) for at in found.subsets.tolist()]
    for i in range(0, found.n_subsets, 97):
        smallest = frame.groupby(list(names[i]), dropna=False).size().min()
        assert found.smallest[i] == smallest


@pytest.mark.parametrize("missing", READINGS)
@pytest.mark.parametrize(
    ("table", "k", "c"),
    [
        ({"q": [1], "s": ["a"]}, 1, 1),
        ({"q": [1] * 4, "s": ["a"] * 4}, 4, 1),
        ({"q": [1, 2, 3], "s": ["a", "b", "c"]}, 1, 1),
        ({"q": [1, 1], "s": ["a", "b"]}, 2, 0.5),
        ({"q": [None, None], "s": ["a", "b"]}, 2, 0.5),
    ],
)
def test_edges(table: dict[str, list[object]], k: int, c: float, missing: str) -> None:
    found = lkc(table, quasi_identifiers=["q"], known=3, sensitive="s", missing=missing)  # type: ignore[arg-type]
    assert (found.k, found.c, found.known) == (k, c, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"known": 0}, "at least 1"),
        ({"known": 2, "most_subsets": 2}, "3 combinations of at most 2, more than 2"),
        ({"sensitive": "q"}, "both quasi-identifier and sensitive"),
        ({"sensitive": ["s"]}, "one column"),
        ({"sensitive": None, "values": ["canary-a"]}, "without a sensitive column"),
        ({"values": ["canary-x"]}, "1 of the 1 values given do not occur"),
        ({"missing": "skip"}, "'own-value' or 'matches-anything'"),
        ({"quasi_identifiers": []}, "no quasi-identifiers"),
        ({"sensitive": "pay"}, "continuous"),
    ],
)
def test_wrong_arguments_are_told(arguments: dict[str, object], message: str) -> None:
    table = {
        "q": [1] * 50,
        "r": [1] * 50,
        "s": ["canary-a"] * 50,
        "pay": [x * 1.7 for x in range(50)],
    }
    call = {"quasi_identifiers": ["q", "r"], "known": 1, "sensitive": "s", **arguments}
    with pytest.raises(InputError, match=message) as caught:
        lkc(table, **call)  # type: ignore[arg-type]
    assert "canary" not in str(caught.value)
    assert caught.value.hint


def test_too_many_combinations_are_refused_before_the_data_are_read() -> None:
    with pytest.raises(InputError, match="60 quasi-identifiers have 523,685 combinations"):
        lkc("no-such-file.csv", quasi_identifiers=[f"q{j}" for j in range(60)], known=4)


def test_an_absent_column_and_shares_without_a_sensitive_one_are_refused() -> None:
    with pytest.raises(ColumnNotFoundError):
        lkc({"q": [1]}, quasi_identifiers=["q"], known=1, sensitive="illness")
    found = lkc({"q": [1]}, quasi_identifiers=["q"], known=1)
    with pytest.raises(InputError, match="no sensitive column"):
        found.n_subsets_above(0.5)


@pytest.mark.slow
def test_three_of_sixty_columns_take_no_hour() -> None:
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({f"q{j}": rng.integers(0, 2 + j % 9, 20_000) for j in range(60)})
    found = lkc(frame, quasi_identifiers=list(frame), known=3)
    assert found.n_subsets == 60 + math.comb(60, 2) + math.comb(60, 3)
    at = int(found.smallest.argmin())
    names = [f"q{j}" for j in found.subsets[at].tolist()]
    assert frame.groupby(names).size().min() == found.k
