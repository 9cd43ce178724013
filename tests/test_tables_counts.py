"""`count`, `Counts`, `Classes` and `Spectrum` against Python's own counting."""

from __future__ import annotations

import datetime
import math
from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError
from niming.tables import MISSING, SUPPRESSED, Counts, count, read
from niming.tables.grouping import group

CANARY = "Zhang-Canary-4711"

cells = st.one_of(st.none(), st.sampled_from(["a", "b", "", "*", "中"]))
numbers = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.5, math.nan, -7.0]))
tables = st.lists(st.tuples(cells, numbers, st.booleans()), min_size=1, max_size=40).map(
    lambda rows: pa.table(
        {
            "x": pa.array([r[0] for r in rows], pa.string()),
            "y": pa.array([r[1] for r in rows], pa.float64()),
            "z": pa.array([r[2] for r in rows], pa.bool_()),
        }
    )
)


def key(value: object) -> object:
    """Return what makes two cells equal: missing is missing, however it is written."""
    return None if isinstance(value, float) and math.isnan(value) else value


def oracle(table: pa.Table, columns: list[str]) -> Counter[tuple[object, ...]]:
    rows = zip(*(table[c].to_pylist() for c in columns), strict=True)
    return Counter(tuple(key(v) for v in row) for row in rows)


def decoded(counts: Counts, suppressed: str = "*") -> Counter[tuple[object, ...]]:
    """Return the cells of `counts` as values."""
    out: Counter[tuple[object, ...]] = Counter()
    for codes, n in zip(counts.codes, counts.n, strict=True):
        cell = []
        for code, values in zip(codes, counts.categories, strict=True):
            state = {MISSING: None, SUPPRESSED: suppressed}
            cell.append(state[code] if code < 0 else values.tolist()[code])
        out[tuple(cell)] += int(n)
    return out


@settings(max_examples=40, deadline=None)
@given(tables)
def test_equals_a_counter(table: pa.Table) -> None:
    counts = count(table, ["x", "y", "z"])
    assert decoded(counts) == oracle(table, ["x", "y", "z"])
    assert counts.n_rows == table.num_rows
    assert counts.n_cells == len(oracle(table, ["x", "y", "z"]))
    for values in counts.categories:
        assert sorted(values.tolist()) == values.tolist()
        assert len(set(values.tolist())) == len(values)


@settings(max_examples=25, deadline=None)
@given(tables, st.randoms(use_true_random=False), st.booleans())
def test_order_of_rows_does_not_matter(table: pa.Table, random, star: bool) -> None:  # type: ignore[no-untyped-def]
    order = list(range(table.num_rows))
    random.shuffle(order)
    suppressed = "*" if star else None
    a = count(table, ["x", "y"], suppressed=suppressed)
    b = count(table.take(order), ["x", "y"], suppressed=suppressed)
    assert np.array_equal(a.codes, b.codes)
    assert np.array_equal(a.n, b.n)
    rows = [tuple(row) for row in a.codes.tolist()]
    assert rows == sorted(rows)
    assert star == bool((a.codes == SUPPRESSED).any()) or "*" not in table["x"].to_pylist()


@settings(max_examples=25, deadline=None)
@given(tables, st.permutations(["x", "y", "z"]), st.integers(1, 3))
def test_marginals_commute(table: pa.Table, columns: list[str], size: int) -> None:
    columns = columns[:size]
    direct = count(table, columns)
    marginal = count(table, ["x", "y", "z"]).select(columns)
    assert decoded(marginal) == decoded(direct)
    assert np.array_equal(marginal.codes, direct.codes)
    twice = count(table, ["z", "y", "x"]).select(columns).select(columns[:1])
    assert decoded(twice) == oracle(table, columns[:1])


@settings(max_examples=40, deadline=None)
@given(tables)
def test_classes_and_spectrum(table: pa.Table) -> None:
    counts = count(table, ["x", "y", "z"])
    classes = counts.classes(["z", "x"])
    assert sorted(classes.size.tolist()) == sorted(oracle(table, ["z", "x"]).values())
    assert classes.size.sum() == table.num_rows
    assert np.array_equal(classes.codes[classes.class_of], counts.codes[:, [2, 0]])
    spectrum = classes.spectrum("y")
    assert sorted(spectrum.n.tolist()) == sorted(oracle(table, ["z", "x", "y"]).values())
    pairs = list(zip(spectrum.class_of.tolist(), spectrum.value.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    assert np.array_equal(np.bincount(spectrum.class_of, spectrum.n), classes.size)


TYPES = {
    "bool": pa.array([True, None, False, True]),
    "int8": pa.array([3, None, -3, 3], pa.int8()),
    "uint64": pa.array([2**63 + 1, None, 2**63, 2**63 + 1], pa.uint64()),
    "float32": pa.array([1.5, None, float("nan"), 1.5], pa.float32()),
    "string": pa.array(["b", None, "a", "b"]),
    "large_string": pa.array(["b", None, "a", "b"], pa.large_string()),
    "string_view": pa.array(["b", None, "a", "b"], pa.string_view()),
    "dictionary": pa.array(["b", None, "a", "b"]).dictionary_encode(),
    "unused category": pa.DictionaryArray.from_arrays(
        pa.array([0, None, 2, 0], pa.int8()), pa.array(["b", "unused", "a"])
    ),
    "int dictionary": pa.array([7, None, 2, 7]).dictionary_encode(),
    "date": pa.array([datetime.date(1990, 1, 1), None, datetime.date(1950, 5, 5)] * 2)[:4],
    "timestamp": pa.array([datetime.datetime(1990, 1, 1, 5), None] * 2),
    "zoned": pa.array(
        [datetime.datetime(1990, 1, 1, 5), None] * 2, pa.timestamp("us", "Asia/Shanghai")
    ),
    "time": pa.array([datetime.time(7), None] * 2),
    "decimal": pa.array([Decimal("1.50"), None, Decimal("-2.00"), Decimal("1.50")]),
    "binary": pa.array([b"b", None, b"a", b"b"]),
}


@pytest.mark.parametrize("name", TYPES)
def test_every_type(name: str) -> None:
    array = TYPES[name]
    values = [key(v) for v in array.to_pylist()]
    counts = count(pa.table({"c": array}), ["c"])
    want = Counter(values)
    assert sorted(counts.n.tolist()) == sorted(want.values())
    assert counts.n[counts.column_codes("c") == MISSING].sum() == want[None]
    assert len(counts.categories[0]) == len(want) - 1
    if not name.startswith(("zoned", "date", "timestamp")):
        assert counts.categories[0].tolist() == sorted(v for v in want if v is not None)


def test_all_missing() -> None:
    for kind in (pa.null(), pa.string(), pa.float64(), pa.date32()):
        counts = count(pa.table({"c": pa.nulls(3, kind), "d": ["u", "v", "u"]}), ["c", "d"])
        assert counts.categories[0].tolist() == []
        assert counts.codes.tolist() == [[MISSING, 0], [MISSING, 1]]
        assert counts.n.tolist() == [2, 1]


def test_missing_is_not_suppressed_is_not_empty() -> None:
    table = {"c": ["*", None, "", "a", "*"]}
    assert count(table, ["c"]).codes[:, 0].tolist() == [MISSING, 0, 1, 2]
    counts = count(table, ["c"], suppressed="*")
    assert counts.codes[:, 0].tolist() == [SUPPRESSED, MISSING, 0, 1]
    assert counts.n.tolist() == [2, 1, 1, 1]
    assert counts.categories[0].tolist() == ["", "a"]


def test_pandas_missing_in_every_spelling() -> None:
    frame = pd.DataFrame(
        {
            "o": ["a", None, np.nan, pd.NA],
            "f": [1.0, np.nan, None, np.nan],
            "i": pd.array([1, None, pd.NA, None], "Int64"),
            "t": pd.to_datetime(["2020-01-01", None, pd.NaT, None]),
            "c": pd.Categorical(["x", None, np.nan, None], categories=["y", "x"]),
        },
        index=[9, 9, 3, 1],
    )
    counts = count(frame, list(frame.columns))
    assert counts.n.tolist() == [3, 1]
    assert counts.codes.tolist() == [[MISSING] * 5, [0] * 5]


def test_sixty_columns_do_not_wrap() -> None:
    rng = np.random.default_rng(7)
    codes = rng.integers(0, 50, (300, 64))
    codes[150:] = codes[:150]
    table = pa.table({f"c{j}": codes[:, j] for j in range(64)})
    counts = count(table, table.column_names)
    assert counts.n_cells == 150
    assert set(counts.n.tolist()) == {2}
    classes = counts.classes(table.column_names)
    assert classes.n_classes == 150
    assert math.prod(len(v) for v in counts.categories) > 2**300


def test_codes_through_an_enum_equal_those_without(tmp_path: Path) -> None:
    """Text of a file with few values is counted by codes; quotes and line ends are text too."""
    odd = ["", "a'b", 'a"b', "a\\b", "a\nb", "中文", "a\0b", "*", "Z", "a"]
    rng = np.random.default_rng(3)
    table = pa.table(
        {
            "few": pa.array([*(odd[i] for i in rng.integers(0, 10, 3000)), None]),
            "many": pa.array([*(f"v{i}" for i in rng.integers(0, 2500, 3000)), "v0"]),
            "n": pa.array([*rng.integers(-3, 3, 3000), 1]),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    for columns in (["few", "n"], ["many", "few", "n"], ["few"]):
        for suppressed in (None, "*"):
            a = count(tmp_path / "t.parquet", columns, suppressed=suppressed)
            b = count(table, columns, suppressed=suppressed)
            assert np.array_equal(a.codes, b.codes)
            assert np.array_equal(a.n, b.n)
            assert [v.tolist() for v in a.categories] == [v.tolist() for v in b.categories]


def test_weights_sum_in_every_cell() -> None:
    table = {"c": ["a", "b", "a", None], "w": [1.5, 2, 0.25, 8]}
    counts = count(table, ["c"], weight="w")
    assert counts.weight is not None
    assert counts.weight.tolist() == [8, 1.75, 2]
    assert counts.classes(["c"]).weight.tolist() == [8, 1.75, 2]  # type: ignore[union-attr]
    by_weight = count(table, ["w", "c"], weight="w").select(["c"])
    assert by_weight.weight.tolist() == [8, 1.75, 2]  # type: ignore[union-attr]


@pytest.mark.parametrize("bad", [0, -1, None, math.nan, math.inf])
def test_weights_that_are_no_weights(bad: float | None) -> None:
    with pytest.raises(InputError, match=r"missing, zero, negative or infinite in 2 rows"):
        count({"c": ["a", "b", "c"], "w": [1.0, bad, bad]}, ["c"], weight="w")


def test_bad_input_says_what_and_shows_no_cell() -> None:
    table = pa.table({"c": [CANARY], "l": [[CANARY]], "w": [CANARY]})
    cases = [
        (lambda: count(table, []), "no columns"),
        (lambda: count(table, ["c", "c"]), "named twice"),
        (lambda: count(table, ["C"]), "does not have"),
        (lambda: count(table, "c"), "as a list"),
        (lambda: count(table, ["c"]).select("c"), "as a list"),
        (lambda: count(table, ["l"]), "'l' is of type list"),
        (lambda: count(table, ["c"], weight="w"), "weight column 'w'"),
        (lambda: count(table.slice(1), ["c"]), "no rows"),
        (lambda: count(table, ["c"]).classes([]), "no quasi-identifiers"),
        (lambda: count(table, ["c"]).classes(["d"]), "does not have"),
        (lambda: count(table, ["c"]).select(["c", "c"]), "named twice"),
        (lambda: count(table, ["c"]).classes(["c"]).spectrum("c"), "both quasi-identifier"),
    ]
    for call, said in cases:
        with pytest.raises(InputError, match=said) as caught:
            call()
        assert CANARY not in str(caught.value)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
    with pytest.raises(ColumnNotFoundError, match="did you mean 'cc' -> 'c'"):
        count(table, ["cc"])
    counts = count(table, ["c"])
    assert CANARY not in repr(counts) + repr(counts.classes(["c"])) + repr(read(table))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(-2, 3), min_size=3, max_size=3), max_size=30),
    st.sampled_from([4, 2**31, 2**61]),
)
def test_group_equals_unique_rows(rows: list[list[int]], size: int) -> None:
    """Whatever the radix: by table, by packed sort, by argsort, and with ranks in between."""
    codes = np.array(rows, dtype=np.int64).reshape(-1, 3)
    if size > 4:
        codes[:, 1] *= size // 8
        codes[:, 1] = np.maximum(codes[:, 1], -2)
    for matrix in (codes, codes[np.lexsort(codes.T[::-1])]):
        groups = group(matrix, [4, size, 4], lowest=-2)
        _, first, inverse = np.unique(matrix, axis=0, return_index=True, return_inverse=True)
        assert np.array_equal(groups.group_of, inverse.reshape(-1))
        assert np.array_equal(groups.first, first)


def test_group_of_nothing() -> None:
    groups = group(np.empty((0, 2), dtype=np.int32), [3, 3])
    assert groups.group_of.size == groups.first.size == 0
    assert group(np.empty((3, 0), dtype=np.int32), []).group_of.tolist() == [0, 0, 0]
