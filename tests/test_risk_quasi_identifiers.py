"""The quasi-identifier finder: every set, counted row by row, is the oracle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError
from niming.risk import column_set_counts
from niming.risk.quasi_identifiers import ColumnSets, find_quasi_identifiers
from niming.tables import Classes, Counts, count
from niming.tables.grouping import group

Row = tuple[int, ...]


def classes_by_hand(rows: list[Row]) -> Classes:
    """Count rows of codes: -1 is missing, -2 suppressed."""
    codes = np.array(rows, dtype=np.int32)
    top = [int(t) + 1 for t in np.maximum(codes.max(axis=0), 0)]
    groups = group(codes, top, lowest=-2)
    counts = Counts(
        columns=tuple(f"c{j}" for j in range(codes.shape[1])),
        categories=tuple(np.arange(t) for t in top),
        codes=codes[groups.first],
        n=np.bincount(groups.group_of).astype(np.int64),
    )
    return counts.classes(list(counts.columns))


def by_rows(rows: list[Row], at: Row) -> tuple[int, int, int]:
    """Return distinct combinations, pairs together, records alone."""
    found = Counter(tuple(row[j] for j in at) for row in rows).values()
    return len(found), sum(n * (n - 1) // 2 for n in found), sum(n == 1 for n in found)


def alone_where_unknown_matches(rows: list[Row], at: Row) -> int:
    def agree(one: Row, other: Row) -> bool:
        return all(one[j] == other[j] or one[j] < 0 or other[j] < 0 for j in at)

    return sum(sum(agree(row, other) for other in rows) == 1 for row in rows)


def tables(seed: int, n_tables: int) -> Iterator[tuple[list[Row], int]]:
    rng = np.random.default_rng(seed)
    for _ in range(n_tables):
        m, n = int(rng.integers(1, 6)), int(rng.integers(1, 20))
        low = np.where(rng.random(m) < 0.4, -2, 0)
        rows = [tuple(r) for r in rng.integers(low, rng.integers(1, 5, m), (n, m)).tolist()]
        yield rows, int(rng.integers(1, m + 1))


def sets_of(m: int, max_size: int) -> list[Row]:
    return [at for size in range(1, max_size + 1) for at in combinations(range(m), size)]


@pytest.mark.parametrize("few", [0, 10**9], ids=["walk", "grouping"])
def test_equals_counting_row_by_row(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_set_counts, "_FEW", few)
    for rows, max_size in tables(11, 200):
        found = ColumnSets.of(classes_by_hand(rows), max_size=max_size)
        sets = sets_of(len(rows[0]), max_size)
        assert [tuple(j for j in range(9) if s >> j & 1) for s in found.sets.tolist()] == sets
        numbers = zip(
            found.n_distinct.tolist(),
            found.n_together.tolist(),
            found.n_unique.tolist(),
            strict=True,
        )
        assert list(numbers) == [by_rows(rows, at) for at in sets]


def test_uniqueness_where_unknown_matches_equals_comparing_all_pairs() -> None:
    for rows, max_size in tables(12, 150):
        found = ColumnSets.of(classes_by_hand(rows), max_size=max_size, missing="matches-anything")
        sets = sets_of(len(rows[0]), max_size)
        assert found.n_unique.tolist() == [alone_where_unknown_matches(rows, at) for at in sets]
        own = ColumnSets.of(classes_by_hand(rows), max_size=max_size)
        assert (found.n_unique <= own.n_unique).all()
        assert (found.n_together == own.n_together).all()


def test_drop_order_is_the_greedy_one() -> None:
    for rows, _ in tables(13, 120):
        found = ColumnSets.of(classes_by_hand(rows), max_size=1, drop_order=True)
        left = list(range(len(rows[0])))
        pairs = len(rows) * (len(rows) - 1) // 2
        assert len(found.drop_order) == len(left)
        for drop in found.drop_order:
            ranked = []
            for j in left:
                distinct, together, unique = by_rows(rows, tuple(c for c in left if c != j))
                ranked.append((unique, -together, distinct, by_rows(rows, (j,))[1], j))
            unique, together, _, _, j = min(ranked)
            assert drop.column == f"c{j}"
            assert drop.uniqueness == unique / len(rows)
            assert drop.separation == (1 + together / pairs if pairs else None)
            left.remove(j)


def test_minimal_sets_equal_trying_all() -> None:
    for rows, max_size in tables(14, 150):
        found = ColumnSets.of(classes_by_hand(rows), max_size=max_size)
        sets = sets_of(len(rows[0]), max_size)
        for threshold in (0.3, 0.8, 1.0):
            reached = [at for at in sets if by_rows(rows, at)[2] >= threshold * len(rows)]
            minimal = [at for at in reached if not any(set(part) < set(at) for part in reached)]
            names = tuple(tuple(f"c{j}" for j in at) for at in minimal)
            assert found.minimal(uniqueness=threshold) == names
        assert found.minimal_unique == names


rows_of = st.lists(st.tuples(*[st.integers(-2, 2)] * 4), min_size=2, max_size=20)


@settings(max_examples=30, deadline=None)
@given(rows=rows_of, order=st.permutations(range(4)))
def test_the_order_of_rows_and_columns_does_not_matter(rows: list[Row], order: list[int]) -> None:
    one = ColumnSets.of(classes_by_hand(rows), max_size=None)
    turned = [tuple(row[j] for j in order) for row in rows[::-1]]
    other = ColumnSets.of(classes_by_hand(turned), max_size=None)
    numbers = {}
    for found, places in ((one, list(range(4))), (other, order)):
        for at, s in enumerate(found.sets.tolist()):
            key = frozenset(places[j] for j in range(4) if s >> j & 1)
            here = (found.n_distinct[at], found.n_together[at], found.n_unique[at])
            assert numbers.setdefault(key, here) == here


@settings(max_examples=30, deadline=None)
@given(rows=rows_of)
def test_a_further_column_never_lowers_a_share(rows: list[Row]) -> None:
    for missing in ("own-value", "matches-anything"):
        found = ColumnSets.of(classes_by_hand(rows), max_size=None, missing=missing)  # type: ignore[arg-type]
        assert found.separation is not None
        at = {s: i for i, s in enumerate(found.sets.tolist())}
        for s, i in at.items():
            for j in range(4):
                larger = at[s | 1 << j]
                assert found.uniqueness[larger] >= found.uniqueness[i]
                assert found.separation[larger] >= found.separation[i]
                assert found.distinction[larger] >= found.distinction[i]
        for shares in (found.uniqueness, found.separation, found.distinction):
            assert ((shares >= 0) & (shares <= 1)).all()


def test_five_people_worked_by_hand() -> None:
    """Age has 3 values in 5 records, and 2 of the 10 pairs share theirs."""
    table = {
        "age": [20, 30, 40, 20, 40],
        "sex": ["Female", "Female", "Female", "Male", "Male"],
        "state": ["CA", "CA", "TX", "NY", "CA"],
    }
    found = find_quasi_identifiers(table, columns=["age", "sex", "state"])
    assert found.separation is not None
    assert (found.distinction[0], found.separation[0]) == (0.6, 0.8)
    assert ("age", "state") in found.minimal_unique


def test_pairs_of_many_records_are_exact() -> None:
    """10^8 records in two classes: pairs pass 2^53, where floating point would round."""
    counts = Counts(
        columns=("a", "b"),
        categories=(np.arange(2), np.arange(1)),
        codes=np.array([[0, 0], [1, 0]], dtype=np.int32),
        n=np.array([99_999_999, 134_217_729]),
    )
    found = ColumnSets.of(counts.classes(["a", "b"]), max_size=2, drop_order=True)
    pairs = [n * (n - 1) // 2 for n in (99_999_999, 134_217_729, 234_217_728)]
    assert found.n_together.tolist() == [pairs[0] + pairs[1], pairs[2], pairs[0] + pairs[1]]
    assert [drop.column for drop in found.drop_order] == ["a", "b"]


@pytest.mark.parametrize("few", [0, 10**9], ids=["walk", "grouping"])
def test_edges(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_set_counts, "_FEW", few)
    alone = find_quasi_identifiers({"a": [1], "b": [None]}, columns=["a", "b"])
    assert alone.minimal_unique == (("a",), ("b",))
    assert alone.separation is None
    assert not any("separation" in m.name for m in alone.measures())
    assert alone.frame()["separation"].isna().all()
    assert [drop.separation for drop in alone.drop_order] == [None, None]
    with pytest.raises(InputError, match="no pairs"):
        alone.minimal(separation=0.5)
    alike = find_quasi_identifiers({"a": [1, 1, 1], "b": [2, 2, 2]}, columns=["a", "b"])
    assert alike.minimal_unique == ()
    assert alike.uniqueness.tolist() == [0, 0, 0]
    values = {m.name: (m.value, m.reason) for m in alike.measures()}
    assert values["quasi_identifiers.smallest_unique"] == (
        None,
        "no set of up to 2 columns is unique",
    )
    apart = find_quasi_identifiers({"a": [1, 2, 3], "b": [None] * 3}, columns=["a", "b"])
    assert apart.minimal_unique == (("a",),)
    assert apart.separation is not None
    assert apart.separation.tolist() == [1, 0, 1]


def test_both_readings_of_a_missing_cell() -> None:
    table = {"a": [1, 2, None], "b": [1, 1, 1]}
    own = find_quasi_identifiers(table, columns=["a", "b"])
    matching = find_quasi_identifiers(table, columns=["a", "b"], missing="matches-anything")
    assert own.n_unique.tolist() == [3, 0, 3]
    assert matching.n_unique.tolist() == [0, 0, 0]
    names = [m.name for m in matching.measures()]
    assert names[0] == "quasi_identifiers.matching.highest_uniqueness[1]"
    assert not any("separation" in name for name in names)


def test_sixty_columns() -> None:
    rng = np.random.default_rng(4)
    rows = [tuple(r) for r in rng.integers(0, 3, (50, 60)).tolist()]
    found = ColumnSets.of(classes_by_hand(rows), max_size=2, drop_order=True)
    assert found.n_sets == 60 + 60 * 59 // 2
    expected = [by_rows(rows, at)[2] for at in sets_of(60, 2)]
    assert found.n_unique.tolist() == expected
    assert len(found.drop_order) == 60
    falls = [drop.uniqueness for drop in found.drop_order]
    assert falls == sorted(falls, reverse=True)


def test_progress_ends_at_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    table = {f"c{j}": rng.integers(0, 3, 40).tolist() for j in range(13)}
    for few in (0, 10**9):
        monkeypatch.setattr(column_set_counts, "_FEW", few)
        told: list[float] = []
        find_quasi_identifiers(table, columns=list(table), progress=told.append)
        assert told == sorted(told)
        assert told[-1] == 1


def test_the_frame_stands_riskiest_first() -> None:
    table = {"age": [34, 34, 51, 51], "sex": ["F", "M", "F", "M"], "town": ["A", "A", "A", "B"]}
    found = find_quasi_identifiers(table, columns=["age", "sex", "town"])
    frame = found.frame()
    assert frame["columns"].tolist()[:2] == [("age", "sex"), ("age", "sex", "town")]
    assert frame["uniqueness"].is_monotonic_decreasing
    assert found.riskiest(1, size=1) == (("town",),)
    assert found.minimal(separation=0.6, uniqueness=0.2) == (
        ("age", "sex"),
        ("age", "town"),
        ("sex", "town"),
    )
    labels = [t.get_text() for t in found.plot(size=2).axes[0].get_yticklabels()]
    assert labels[-1] == "age + sex"
    drops = [t.get_text() for t in found.plot_drops().axes[0].get_yticklabels()]
    assert drops == ["− sex", "− town", "− age", "all columns"]
    assert found.n_unique_on_all == 4
    light = ColumnSets.of(count(table, list(table)).classes(list(table)), max_size=2)
    assert light.drop_order == ()
    assert "not asked for" in light.plot_drops().axes[0].texts[0].get_text()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"columns": []}, "no quasi-identifiers"),
        ({"columns": ["a", "a"]}, "twice"),
        ({"columns": ["b"]}, "does not have"),
        ({"max_size": 0}, "max_size must be at least 1"),
        ({"missing": "drop"}, "missing must be"),
        ({"max_sets": 0}, "1 columns have 1 sets"),
    ],
)
def test_bad_input_is_refused_without_a_value(asked: dict[str, object], message: str) -> None:
    table = {"a": ["canary-one", "canary-two", "canary-two"]}
    with pytest.raises(InputError, match=message) as caught:
        find_quasi_identifiers(table, **({"columns": ["a"]} | asked))  # type: ignore[arg-type]
    assert "canary" not in str(caught.value)


def test_questions_that_have_no_answer_are_refused() -> None:
    found = find_quasi_identifiers({"a": [1, 2, 2]}, columns=["a"])
    with pytest.raises(InputError, match="no threshold"):
        found.minimal()
    with pytest.raises(InputError, match="uniqueness must be from 0 to 1"):
        found.minimal(uniqueness=95)
    with pytest.raises(InputError, match="sets of 2 columns were not counted"):
        found.plot(size=2)
    with pytest.raises(ColumnNotFoundError):
        find_quasi_identifiers({"a": [1]}, columns=["b"])
    wide = {f"c{j}": [1, 2, None] for j in range(16)}
    with pytest.raises(InputError, match="parts, more than"):
        find_quasi_identifiers(wide, columns=list(wide), max_size=None, missing="matches-anything")
    with pytest.raises(InputError, match="max_size=4 has 2516 sets"):
        find_quasi_identifiers(wide, columns=list(wide), max_size=None, max_sets=3000)


def test_a_result_shows_itself_without_a_value() -> None:
    table = {"a": ["canary-one", "canary-two", "canary-two"], "b": ["canary-x"] * 3}
    found = find_quasi_identifiers(table, columns=["a", "b"])
    shown = repr(found) + str(found.to_dict()) + found._repr_html_() + found.frame().to_string()
    assert "canary" not in shown
    assert found.to_dict()["drop_order"][0]["column"] == "a"  # type: ignore[index,call-overload]
