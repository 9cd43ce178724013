"""Packed columns against Python's own counting: every way a column can be packed, and none."""

from __future__ import annotations

import datetime
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.tables import count, read
from niming.tables.packing import pack

DAY = datetime.date(1970, 1, 1)

KINDS: dict[str, tuple[st.SearchStrategy[object], pa.DataType]] = {
    "text": (st.sampled_from(["a", "b'", 'c"', "", "*", "中"]), pa.string()),
    "tiny": (st.sampled_from([-128, 127, 0]), pa.int8()),
    "gaps": (st.sampled_from([3, 70_000, -9]), pa.int32()),
    "wide": (st.sampled_from([-(2**63), 2**63 - 1, 5]), pa.int64()),
    "unsigned": (st.sampled_from([2**64 - 1, 7]), pa.uint64()),
    "truth": (st.booleans(), pa.bool_()),
    "day": (st.integers(-900, 900).map(lambda d: DAY + datetime.timedelta(d)), pa.date32()),
    "far day": (
        st.sampled_from([datetime.date(1, 1, 1), datetime.date(9999, 12, 31)]),
        pa.date32(),
    ),
    "real": (st.sampled_from([0.5, -1.0, float("nan")]), pa.float64()),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """Draw a table with some kinds of columns, each several times or never, gaps in each."""
    names = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=6))
    n = draw(st.integers(1, 12))
    columns = {}
    for j, name in enumerate(names):
        values, kind = KINDS[name]
        cells = draw(st.lists(st.none() | values, min_size=n, max_size=n))
        columns[f"{name} {j}"] = pa.array(cells, kind)
    return pa.table(columns)


def oracle(table: pa.Table) -> Counter[tuple[object, ...]]:
    rows = zip(*(table[c].to_pylist() for c in table.column_names), strict=True)
    return Counter(tuple(None if v != v else v for v in row) for row in rows)


@settings(max_examples=60, deadline=None)
@given(table=tables(), as_file=st.booleans())
def test_equals_a_counter(
    table: pa.Table, as_file: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source: pa.Table | Path = table
    if as_file:
        source = tmp_path_factory.mktemp("packing") / "t.parquet"
        pq.write_table(table, source)
    counts = count(source, table.column_names)
    found: Counter[tuple[object, ...]] = Counter()
    for codes, n in zip(counts.codes, counts.n, strict=True):
        found[
            tuple(
                None if code < 0 else values.tolist()[code]
                for code, values in zip(codes, counts.categories, strict=True)
            )
        ] += int(n)
    assert found == oracle(table)
    assert counts.codes.tolist() == sorted(counts.codes.tolist())
    for values in counts.categories:
        assert values.tolist() == sorted(set(values.tolist()))


def test_neighbours_share_a_number_while_it_fits() -> None:
    rows = np.arange(2000)
    table = read({f"c{j}": rows for j in range(12)})
    packing = pack(table, table.columns)  # 2001 digits are 11 bits: five to a number
    assert [len(run or ()) for run in packing.runs] == [5, 5, 2]
    counts = count(table, table.columns)
    assert counts.n_cells == 2000
    assert np.array_equal(counts.codes, np.column_stack([rows] * 12))


def test_what_does_not_fit_stands_for_itself(tmp_path: Path) -> None:
    n = 3000
    table = pa.table(
        {
            "few": [f"v{i % 7}" for i in range(n)],
            "many": [f"w{i}" for i in range(n)],
            "some": [f"u{i % 600}" for i in range(n)],
            "wide": np.arange(n) * 10**6,
            "late": ["a"] * (n - 1) + ["b"],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    packing = pack(read(tmp_path / "t.parquet"), table.column_names)
    assert [run and len(run) for run in packing.runs] == [1, None, 1, None, 1]
    assert not packing.ordered
    assert "list_position" in packing.terms[0]
    assert "ENUM" in packing.terms[2]
    counts = count(tmp_path / "t.parquet", table.column_names)
    assert np.array_equal(counts.codes, count(table, table.column_names).codes)


def test_empty_and_missing_columns() -> None:
    table = pa.table({"a": pa.nulls(3, pa.int32()), "b": pa.nulls(3, pa.date32()), "c": [1, 1, 2]})
    counts = count(table, ["a", "b", "c"])
    assert counts.codes.tolist() == [[-1, -1, 0], [-1, -1, 1]]
    assert [len(v) for v in counts.categories] == [0, 0, 2]
