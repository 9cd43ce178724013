"""SUDA: the oracle tries every set of columns on every pair of records; sdcMicro agrees."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError, UnreliableWarning
from niming.risk.suda import Suda, suda
from niming.tables import Counts, count
from niming.tables.grouping import group

CITY = Path(__file__).parent / "reference" / "city2000"
KEYS = ["district", "age_group", "sex", "education", "occupation", "marital"]


def counted(rows: list[tuple[int, ...]]) -> Counts:
    """Count rows of codes by hand: -1 is missing, -2 suppressed."""
    codes = np.array(rows, dtype=np.int32)
    top = [int(t) + 1 for t in np.maximum(codes.max(axis=0), 0)]
    groups = group(codes, top, lowest=-2)
    return Counts(
        columns=tuple(f"c{j}" for j in range(codes.shape[1])),
        categories=tuple(np.arange(t) for t in top),
        codes=codes[groups.first],
        n=np.bincount(groups.group_of).astype(np.int64),
    )


def agree(one: tuple[int, ...], other: tuple[int, ...], at: tuple[int, ...], missing: str) -> bool:
    if missing == "own-value":
        return all(one[j] == other[j] for j in at)
    return all(one[j] == other[j] or one[j] < 0 or other[j] < 0 for j in at)


def by_pairs(
    rows: list[tuple[int, ...]], max_size: int, missing: str
) -> set[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return (record, columns) of all minimal sample uniques, straight from the definition."""
    found = set()
    for i, row in enumerate(rows):
        minimal: list[tuple[int, ...]] = []
        for size in range(1, max_size + 1):
            for at in combinations(range(len(row)), size):
                if any(set(part) <= set(at) for part in minimal):
                    continue
                if not any(agree(row, o, at, missing) for k, o in enumerate(rows) if k != i):
                    minimal.append(at)
        found |= {(row, at) for at in minimal}
    return found


def as_sets(found: Suda, counts: Counts) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    codes = counts.classes(list(found.quasi_identifiers)).codes
    m = len(found.quasi_identifiers)
    return [
        (tuple(codes[c].tolist()), tuple(j for j in range(m) if s >> j & 1))
        for c, s in zip(found.unique_class.tolist(), found.unique_columns.tolist(), strict=True)
    ]


def tables(seed: int, n_tables: int, lowest: int) -> Iterator[tuple[list[tuple[int, ...]], int]]:
    """Make small random tables, with a largest size of set for each."""
    rng = np.random.default_rng(seed)
    for _ in range(n_tables):
        m = int(rng.integers(1, 6))
        n = int(rng.integers(1, 14))
        tops = rng.integers(1, 5, m)
        low = np.where(rng.random(m) < 0.6, lowest, 0)
        rows = [tuple(r) for r in rng.integers(low, tops, (n, m)).tolist()]
        yield rows, int(rng.integers(1, m + 2))


@pytest.mark.parametrize(
    ("missing", "lowest"), [("own-value", -2), ("matches-anything", -2), ("matches-anything", -1)]
)
def test_equals_the_definition(missing: str, lowest: int) -> None:
    for rows, max_size in tables(3, 400, lowest):
        counts = counted(rows)
        names = list(counts.columns)
        found = Suda.of(counts.classes(names), max_size=max_size, missing=missing)  # type: ignore[arg-type]
        m = len(names)
        expected = by_pairs(rows, min(max_size, m), missing)
        listed = as_sets(found, counts)
        assert len(listed) == len(set(listed))
        assert set(listed) == expected
        every = range(m)
        alike = [sum(agree(a, b, tuple(every), missing) for b in rows) for a in rows]
        assert (found.n_unique, found.n_paired) == (alike.count(1), alike.count(2))
        score = dict.fromkeys(rows, 0)
        for row, at in expected:
            score[row] += math.factorial(m - len(at))
        codes = counts.classes(names).codes
        assert found.scores.tolist() == [score[tuple(c)] for c in codes.tolist()]
        for j, name in enumerate(names):
            share = sum(math.factorial(m - len(at)) for _, at in expected if j in at)
            total = sum(score[row] for row in set(rows))
            assert found.contributions[name] == pytest.approx(share / total if total else 0)


def read_reference(name: str) -> dict[str, np.ndarray]:
    with (CITY / name).open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {c: np.array([float(r[c]) for r in rows]) for c in rows[0]}


@pytest.mark.parametrize(
    ("file", "scoring"),
    [("out_suda2_origTRUE.csv", "factorial"), ("out_suda2_origFALSE.csv", "supersets")],
)
def test_equals_sdcmicro(file: str, scoring: str) -> None:
    """sdcMicro's suda2 on city2000 with DisFraction = 0.1, see REFERENCE.md section 2."""
    reference = read_reference(file)
    with (CITY / "city2000.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    columns = {c: [r[c] for r in rows] for c in KEYS} | {"row": list(range(len(rows)))}
    counts = count(columns, [*KEYS, "row"])
    classes = counts.classes(KEYS)
    found = Suda.of(classes, fraction=0.1, scoring=scoring)  # type: ignore[arg-type]
    by_row = classes.class_of[np.argsort(counts.column_codes("row"))]

    np.testing.assert_allclose(found.scores[by_row], reference["score"], rtol=0, atol=1e-9)
    for column in KEYS:
        theirs = reference[f"{column}_contribution"]
        # Where they give a score of 0 they leave the contributions at 0 too.
        np.testing.assert_allclose(found.contributions_of(column)[by_row], theirs, atol=1e-9)
    assert found.dis is not None
    np.testing.assert_allclose(found.dis[by_row], reference["disScore"], rtol=0, atol=5e-8)
    assert (found.n_unique, found.n_paired) == (1135, 464)
    # The rest is their single precision: Q = 1 + 2/20 and U/D, with U = 1135 and P = 464.
    q = float(np.float32(1) + np.float32(2) / np.float32(20))
    odds = 5310.99951171875 - 1135
    assert odds == pytest.approx(464 * (1 - 0.1) / 0.1, abs=6e-4)
    scores = found.scores[by_row]
    scored = scores > 0
    a = (scores[scored] ** -q).sum()
    theirs = 1 / (1 + odds / (scores[scored] ** q * a))
    np.testing.assert_allclose(theirs, reference["disScore"][scored], rtol=0, atol=1e-9)


def test_worked_example_of_the_practice_guide() -> None:
    """Benschop, Machingauta, Welch, "SDC for Microdata: A Practice Guide", table 4.5.

    Scores 6, 12, 6, 10 there; 1.75, 3.25, 1.75, 2.75 by sdcMicro's other scoring
    (github.com/sdcTools/sdcMicro/issues/227).
    """
    rows = [
        ("Urban", "Female", "Secondary incomplete", "Employed"),
        ("Urban", "Female", "Secondary incomplete", "Employed"),
        ("Urban", "Female", "Primary incomplete", "Non-LF"),
        ("Urban", "Male", "Secondary complete", "Employed"),
        ("Rural", "Female", "Secondary complete", "Unemployed"),
        ("Urban", "Male", "Secondary complete", "Employed"),
        ("Urban", "Female", "Primary complete", "Non-LF"),
        ("Urban", "Male", "Post-secondary", "Unemployed"),
        ("Urban", "Female", "Secondary incomplete", "Non-LF"),
        ("Urban", "Female", "Secondary incomplete", "Non-LF"),
    ]
    names = ["residence", "gender", "education", "labour"]
    table = {c: [r[j] for r in rows] for j, c in enumerate(names)} | {"row": list(range(10))}
    counts = count(table, [*names, "row"])
    classes = counts.classes(names)
    by_row = classes.class_of[np.argsort(counts.column_codes("row"))]
    found = Suda.of(classes)
    assert found.scores[by_row].tolist() == [0, 0, 6, 0, 12, 0, 6, 10, 0, 0]
    found = Suda.of(classes, scoring="supersets")
    assert found.scores[by_row].tolist() == [0, 0, 1.75, 0, 3.25, 0, 1.75, 2.75, 0, 0]


cells = st.lists(st.tuples(*[st.integers(-2, 2)] * 4), min_size=1, max_size=25)


@settings(max_examples=40, deadline=None)
@given(rows=cells, order=st.permutations(range(4)))
def test_the_order_of_rows_and_columns_does_not_matter(
    rows: list[tuple[int, ...]], order: list[int]
) -> None:
    counts = counted(rows)
    for missing in ("own-value", "matches-anything"):
        one = Suda.of(counts.classes(list(counts.columns)), missing=missing)  # type: ignore[arg-type]
        turned = [f"c{j}" for j in order]
        other = Suda.of(counted(rows[::-1]).classes(turned), missing=missing)  # type: ignore[arg-type]
        assert sorted(one.scores) == sorted(other.scores)
        assert one.contributions == pytest.approx(dict(other.contributions))
        assert one.minimal_by_size == other.minimal_by_size


@settings(max_examples=40, deadline=None)
@given(rows=cells)
def test_a_longer_search_never_lowers_a_score(rows: list[tuple[int, ...]]) -> None:
    counts = counted(rows)
    classes = counts.classes(list(counts.columns))
    before = np.zeros(classes.n_classes)
    for size in (1, 2, 3, 4):
        found = Suda.of(classes, max_size=size)
        assert (found.scores >= before).all()
        assert found.dis is not None
        assert ((found.dis >= 0) & (found.dis <= 1)).all()
        before = found.scores
    assert found.n_scored == found.n_unique


@settings(max_examples=40, deadline=None)
@given(rows=cells)
def test_unknown_that_matches_never_raises_who_is_alone(rows: list[tuple[int, ...]]) -> None:
    classes = counted(rows).classes(["c0", "c1", "c2", "c3"])
    strict = Suda.of(classes)
    lenient = Suda.of(classes, missing="matches-anything")
    assert lenient.n_scored <= strict.n_scored
    assert (lenient.scores[strict.scores == 0] == 0).all()


@pytest.mark.parametrize(
    ("table", "n_scored", "highest"),
    [
        ({"a": [1], "b": [None]}, 1, 2),  # nobody else is there, so each column singles out
        ({"a": [1, 1], "b": [2, 2]}, 0, 0),
        ({"a": [1, 2], "b": [2, 2]}, 2, 1),
        ({"a": [1, 2, 3], "b": [4, 5, 6]}, 3, 2),
        ({"a": [None, None], "b": [1, 2]}, 2, 1),
        ({"a": [1, 1, 2, 2], "b": [1, 2, 1, 2]}, 4, 1),
    ],
)
def test_edges(table: dict[str, list[object]], n_scored: int, highest: float) -> None:
    found = Suda.of(count(table, ["a", "b"]).classes(["a", "b"]))
    assert (found.n_scored, found.scores.max()) == (n_scored, highest)


def test_the_record_of_a_table_of_one_is_alone_under_both_readings() -> None:
    classes = count({"a": [None], "b": [1]}, ["a", "b"]).classes(["a", "b"])
    for missing in ("own-value", "matches-anything"):
        assert Suda.of(classes, missing=missing).minimal_by_size == {1: 2, 2: 0}  # type: ignore[arg-type]


def test_a_column_that_nobody_knows_helps_nobody() -> None:
    table = {"a": ["*", "*", "*"], "b": [None, None, None], "c": [1, 1, 2]}
    found = suda(
        table, quasi_identifiers=["a", "b", "c"], suppressed="*", missing="matches-anything"
    )
    assert found.n_scored == 1
    assert found.contributions == {"a": 0, "b": 0, "c": 1}


def test_unknown_cells_of_others_block() -> None:
    """(1, missing) may be (1, 2), so under the second reading (1, 2) is alone nowhere."""
    table = {"a": [1, 1, 3, 3], "b": [2, None, 4, 5]}
    strict = suda(table, quasi_identifiers=["a", "b"], fraction=1)
    lenient = suda(table, quasi_identifiers=["a", "b"], fraction=1, missing="matches-anything")
    assert strict.n_scored == 4
    assert lenient.n_scored == 2
    # (3, 4) needs both columns: by b alone it could be the record whose b is missing.
    assert lenient.minimal_by_size == {1: 0, 2: 2}


def test_dis_is_one_and_flagged_where_nobody_is_in_a_pair() -> None:
    table = {"a": [1, 2, 3], "b": [1, 1, 2]}
    with pytest.warns(UnreliableWarning, match="3 records are unique"):
        found = suda(table, quasi_identifiers=["a", "b"])
    assert not found.reliable
    assert found.dis is not None
    assert found.dis.tolist() == [1, 1, 1]
    assert suda(table, quasi_identifiers=["a", "b"], fraction=1).reliable  # the whole population


def test_dis_without_uniques_is_zero() -> None:
    found = suda({"a": [1, 1], "b": [2, 2]}, quasi_identifiers=["a", "b"])
    values = {m.name: (m.value, m.reason) for m in found.measures()}
    assert values["suda.highest_dis"] == (0, "")
    assert values["suda.correct_match_risk"] == (None, "no record is unique")
    assert values["suda.smallest_size"][0] is None
    assert found.plot().axes[0].texts[0].get_text().startswith("no record is alone")


def test_dis_is_not_available_from_28_columns_on() -> None:
    rng = np.random.default_rng(0)
    rows = [tuple(r) for r in rng.integers(0, 3, (40, 28)).tolist()]
    wide = counted([*rows, rows[0]])
    names = list(wide.columns)
    found = Suda.of(wide.classes(names), max_size=2)
    measure = found.measures()[0]
    assert found.dis is None
    assert measure.value is None
    assert "28" in measure.reason
    found = Suda.of(wide.classes(names[:27]), max_size=2)
    assert found.dis is not None
    assert 0 < found.dis.max() <= 1


def test_sixty_columns() -> None:
    rng = np.random.default_rng(1)
    rows = [tuple(r) for r in rng.integers(0, 4, (25, 60)).tolist()]
    counts = counted(rows)
    found = Suda.of(counts.classes(list(counts.columns)), max_size=2)
    assert set(as_sets(found, counts)) == by_pairs(rows, 2, "own-value")
    with pytest.raises(InputError, match="at most 62"):
        suda({f"c{j}": [1, 2] for j in range(63)}, quasi_identifiers=[f"c{j}" for j in range(63)])


def test_more_sets_than_allowed_are_refused_with_their_number() -> None:
    table = {f"c{j}": [1, 2] for j in range(30)}
    with pytest.raises(InputError, match=r"1073741823 sets of up to 30") as caught:
        suda(table, quasi_identifiers=list(table))
    assert "max_size=6 has 768211 sets" in str(caught.value)
    table["constant"] = [1, 1]  # a column that does not vary singles out nobody and costs nothing
    with pytest.raises(InputError, match="30 columns have"):
        suda(table, quasi_identifiers=list(table))
    with pytest.raises(InputError, match="max_sets=2") as caught:
        suda(table, quasi_identifiers=list(table), max_size=1, max_sets=2)
    assert "max_size" not in str(caught.value.hint)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"max_size": 0}, "max_size must be at least 1"),
        ({"fraction": 0}, "fraction must be above 0"),
        ({"fraction": 1.5}, "fraction must be above 0"),
        ({"fraction": float("nan")}, "fraction must be above 0"),
        ({"scoring": "sum"}, "scoring must be"),
        ({"missing": "drop"}, "missing must be"),
        ({"quasi_identifiers": []}, "no quasi-identifiers"),
        ({"quasi_identifiers": ["a", "a"]}, "twice"),
        ({"quasi_identifiers": ["b"]}, "does not have"),
    ],
)
def test_bad_input_is_refused_without_a_value(asked: dict[str, object], message: str) -> None:
    table = {"a": ["canary-one", "canary-two", "canary-two"]}
    with pytest.raises(InputError, match=message) as caught:
        suda(table, **({"quasi_identifiers": ["a"]} | asked))  # type: ignore[arg-type]
    assert "canary" not in str(caught.value)


def test_a_result_shows_itself_without_a_value() -> None:
    table = {"a": ["canary-one", "canary-two", "canary-two"], "b": ["canary-x"] * 3}
    found = suda(table, quasi_identifiers=["a", "b"])
    assert repr(found).count("\n") <= 2
    shown = repr(found) + str(found.to_dict()) + found._repr_html_() + found.frame().to_string()
    assert "canary" not in shown
    assert found.to_dict()["minimal_by_size"] == {"1": 1, "2": 0}
    labels = [t.get_text() for t in found.plot().axes[0].get_yticklabels()]
    assert labels == ["b", "a"]
    assert len(found.plot(by="size").axes[0].patches) == 2
    with pytest.raises(InputError, match="by must be"):
        found.plot(by="row")  # type: ignore[arg-type]
    with pytest.raises(ColumnNotFoundError):
        found.contributions_of("c")


def test_without_a_sampling_fraction_there_is_no_dis() -> None:
    result = suda(
        {"a": [1, 2, 3, 3], "b": [1, 1, 2, 2]}, quasi_identifiers=["a", "b"], fraction=None
    )
    told = {m.name: m for m in result.measures()}
    assert result.dis is None
    assert result.correct_match_risk is None
    assert "fraction" in told["suda.highest_dis"].reason
    assert "fraction" in told["suda.correct_match_risk"].reason
    assert told["suda.highest_score"].value == 1
