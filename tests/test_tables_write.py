"""Writers: whole or not at all, the same bytes for the same rows, no formulas in CSV."""

from __future__ import annotations

import csv
import datetime
import errno
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import InputError
from niming.tables import read
from niming.tables.write import (
    PARQUET_OPTIONS,
    ROW_GROUP,
    atomic,
    unguarded,
    write_csv,
    write_parquet,
)

TABLE = pa.table({"age": [34, 51, None], "name": ["张三", None, ""]})


def only(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


# -- atomic ---------------------------------------------------------------------------------------


def test_atomic_replaces_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for text in ("one", "two"):
        with atomic(path) as temporary:
            assert temporary.parent == tmp_path
            assert temporary.read_bytes() == b""
            temporary.write_text(text)
            assert not path.exists() or path.read_text() == "one"
        assert path.read_text() == text
    assert only(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit, OSError])
def test_a_failure_leaves_the_old_file(tmp_path: Path, failure: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write() -> None:
        with atomic(path) as temporary:
            temporary.write_text("half")
            raise failure

    with pytest.raises(failure):
        write()
    assert path.read_text() == "old"
    assert only(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("step", ["body", "fsync", "replace"])
def test_a_disk_that_fills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, step: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    def write() -> None:
        with atomic(path) as temporary:
            temporary.write_text("half")
            if step == "body":
                full()

    if step != "body":
        monkeypatch.setattr(os, step, full)
    with pytest.raises(InputError, match="free some space") as caught:
        write()
    assert os.strerror(code) in str(caught.value)
    assert path.read_text() == "old"
    assert only(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("write", ["write_parquet", "write_csv"])
def test_a_disk_that_really_fills(tmp_path: Path, write: str) -> None:
    """The limit on file size stands in for the disk: the system refuses the write itself."""
    path = tmp_path / "t.out"
    path.write_text("old")
    code = f"""
import resource
import numpy as np, pyarrow as pa
from niming.errors import InputError
from niming.tables.write import {write}
table = pa.table({{"a": np.random.default_rng(1).random(200_000)}})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    {write}(table, {str(path)!r})
except InputError as error:
    print("refused", error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "refused" in done.stdout, done.stderr
    assert "Hint: free some space" in done.stdout
    assert done.stderr == ""
    assert path.read_text() == "old"
    assert only(tmp_path) == ["t.out"]


def test_a_small_disk(tmp_path: Path) -> None:
    """The same on a file system of 256 kB, where this user may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a small file system needs more rights")
    try:
        write_parquet(TABLE, disk / "t.parquet")
        big = pa.table({"a": np.random.default_rng(1).random(200_000)})
        for call in (write_parquet, write_csv):
            with pytest.raises(InputError, match="No space left"):
                call(big, disk / "t.parquet")
            assert only(disk) == ["t.parquet"]
        assert pq.read_table(disk / "t.parquet").equals(TABLE)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_places_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    cases = {
        tmp_path / "no" / "a.csv": "make its folder first",
        tmp_path / "file" / "a.csv": "a part of the path is a file",
        tmp_path: "is a folder",
        tmp_path / ("x" * 300): "shorter name",
    }
    for path, said in cases.items():
        with pytest.raises(InputError, match=said):
            write_csv(TABLE, path)

    def forbidden(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", forbidden)
    with pytest.raises(InputError, match="you may not write there"), atomic(tmp_path / "a"):
        pass


def test_permissions(tmp_path: Path) -> None:
    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    old = os.umask(0o027)
    try:
        write_csv(TABLE, tmp_path / "new.csv")
        assert mode(tmp_path / "new.csv") == 0o640
        (tmp_path / "old.csv").touch(0o600)
        write_csv(TABLE, tmp_path / "old.csv")
        assert mode(tmp_path / "old.csv") == 0o600
    finally:
        os.umask(old)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "real" / "a.csv")
    write_csv(TABLE, tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert only(tmp_path / "real") == ["a.csv"]


def test_the_folder_is_flushed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def flush(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def move(*paths: Path) -> None:
        steps.append("move")
        replace(*paths)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, "replace", move)
    write_parquet(TABLE, tmp_path / "a.parquet")
    assert steps == ["file", "move", "folder"]


def test_a_killed_writer_leaves_old_or_new(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    code = f"""
import itertools, pyarrow as pa
from niming.tables.write import write_parquet
for i in itertools.count():
    write_parquet(pa.table({{"i": [i] * 1000, "at": range(1000)}}), {str(path)!r})
    print(i, flush=True)
"""
    rng = np.random.default_rng(5)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for _ in range(20):  # whatever the moment, a reader finds one whole table
            table = pq.read_table(path)
            assert table.num_rows == 1000
            assert len(set(table["i"].to_pylist())) == 1
            time.sleep(rng.uniform(0, 0.01))
        process.send_signal(signal.SIGKILL)
    table = pq.read_table(path)
    assert table.num_rows == 1000
    assert len(set(table["i"].to_pylist())) == 1


# -- Parquet --------------------------------------------------------------------------------------


def test_parquet_keeps_every_type(tmp_path: Path) -> None:
    table = pa.table(
        {
            "i": pa.array([1, None], pa.int8()),
            "d": pa.array([datetime.date(1990, 1, 1), None]),
            "t": pa.array([datetime.datetime(1990, 1, 1), None], pa.timestamp("ns")),
            "x": pa.array([Decimal("1.50"), None]),
            "c": pa.array(["a", None]).dictionary_encode(),
            "l": pa.array([[1, 2], None]),
        }
    )
    write_parquet(table, tmp_path / "t.parquet")
    assert pq.read_table(tmp_path / "t.parquet").equals(table)
    write_parquet(table.slice(0, 0), tmp_path / "t.parquet")
    assert pq.read_table(tmp_path / "t.parquet").schema == table.schema


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    n = ROW_GROUP + 1000
    rng = np.random.default_rng(2)
    table = pa.table({"a": rng.integers(0, 99, n), "s": rng.integers(0, 9, n).astype(str)})
    table = table.replace_schema_metadata({"pandas": "{}"})
    pieces = pa.concat_tables(
        [table.slice(0, 7), table.slice(7, ROW_GROUP), table.slice(ROW_GROUP + 7)]
    )
    sources = [
        table,
        pieces,
        table.to_reader(max_chunksize=999),
        pa.RecordBatchReader.from_batches(pieces.schema, pieces.to_batches(max_chunksize=50_000)),
    ]
    files = []
    for at, source in enumerate(sources):
        write_parquet(source, tmp_path / f"{at}")
        files.append((tmp_path / f"{at}").read_bytes())
    assert len(set(files)) == 1
    meta = pq.ParquetFile(tmp_path / "0").metadata
    assert [meta.row_group(i).num_rows for i in range(meta.num_row_groups)] == [ROW_GROUP, 1000]
    assert meta.row_group(0).column(0).compression == str(PARQUET_OPTIONS["compression"]).upper()
    assert not pq.read_table(tmp_path / "0").schema.metadata
    assert pq.read_table(tmp_path / "0").equals(table)


def test_parquet_names_the_column_that_it_cannot_hold(tmp_path: Path) -> None:
    interval = pa.array([pa.MonthDayNano([1, 2, 3])])
    with pytest.raises(InputError, match="'gap'"):
        write_parquet(pa.table({"a": [1], "gap": interval}), tmp_path / "t.parquet")
    assert only(tmp_path) == []


# -- CSV ------------------------------------------------------------------------------------------


def test_csv_reads_back(tmp_path: Path) -> None:
    table = pa.table(
        {
            "n": pa.array([1, None, -3]),
            "x": pa.array([0.1, float("nan"), -2.5]),
            "t": pa.array(['say "hi"', None, "a,b\nc"]),
            "c": pa.array(["张三", None, "a"]).dictionary_encode(),
            "v": pa.array(["p", None, "q"], pa.string_view()),
            "b": pa.array([True, None, False]),
            "d": pa.array([datetime.date(1990, 1, 1), None, datetime.date(2000, 2, 29)]),
        }
    )
    for bom in (False, True):
        for source in (table, table.to_reader()):
            assert write_csv(source, tmp_path / "t.csv", bom=bom) == 0
            assert (tmp_path / "t.csv").read_bytes().startswith(b"\xef\xbb\xbf") is bom
            back = read(tmp_path / "t.csv").arrow().to_pydict()
            want = table.to_pydict()
            assert back == {**want, "x": [0.1, None, -2.5]}
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))) == 4


FORMULAS = [
    "=1+1",
    "+86",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＠x",
    "'=1",
    "''-",
    "'\t",
]
HARMLESS = ["1", "a=b", "'a", "''", "", "O'Neill", " =1", "中"]


def test_the_guard(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": FORMULAS + HARMLESS,
            "=name": pa.array(FORMULAS + HARMLESS).dictionary_encode(),
            "number": pa.array([-1.0] * len(FORMULAS + HARMLESS)),
        }
    )
    assert write_csv(table, tmp_path / "t.csv") == 2 * len(FORMULAS) + 1
    with (tmp_path / "t.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["text", "'=name", "number"]
    assert [row[0] for row in rows] == ["'" + f for f in FORMULAS] + HARMLESS
    assert [row[1] for row in rows] == [row[0] for row in rows]
    assert {row[2] for row in rows} == {"-1"}
    assert write_csv(table, tmp_path / "t.csv", guard=False) == 0
    with (tmp_path / "t.csv").open(newline="") as file:
        assert [row[0] for row in csv.reader(file)][1:] == FORMULAS + HARMLESS


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.sampled_from("'=+-@\t\r\n＝a1 "), max_size=5), min_size=1, max_size=20))
def test_the_guard_can_be_undone(cells: list[str]) -> None:
    from niming.tables.write import _guard

    column = pa.chunked_array([cells])
    guarded, n = _guard(column)
    assert unguarded(guarded).to_pylist() == cells
    assert n == sum(a != b for a, b in zip(guarded.to_pylist(), cells, strict=True))
    for cell in guarded.to_pylist():
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


def test_csv_names_the_column_that_it_cannot_hold(tmp_path: Path) -> None:
    for column in (pa.array([[1]]), pa.array([b"x"]), pa.array([{"a": 1}])):
        with pytest.raises(InputError, match="'bad'"):
            write_csv(pa.table({"a": [1], "bad": column}), tmp_path / "t.csv")
    assert only(tmp_path) == []


@pytest.mark.parametrize("write", [write_csv, write_parquet])
@pytest.mark.parametrize("kind", ["sealed", "pandas", "dict", "none"])
def test_what_is_no_arrow_table_is_refused(
    write: Callable[..., object], kind: str, tmp_path: Path
) -> None:
    import pandas as pd

    import niming

    rows = {"name": ["canary-1", "canary-2"]}
    given: object = {
        "sealed": niming.open(rows),
        "pandas": pd.DataFrame(rows),
        "dict": rows,
        "none": None,
    }[kind]
    with pytest.raises(InputError, match="Arrow table") as caught:
        write(given, tmp_path / "out")
    assert caught.value.hint
    assert "canary" not in str(caught.value)
    assert only(tmp_path) == []
