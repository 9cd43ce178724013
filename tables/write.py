"""Write tables so that a reader finds the old file or the new one, whole, and never half of one."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

from niming.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PARQUET_OPTIONS", "atomic", "unguarded", "write_csv", "write_parquet"]

PARQUET_OPTIONS: Mapping[str, str | int | bool] = MappingProxyType(
    {
        "version": "2.6",
        "data_page_version": "1.0",
        "data_page_size": 1 << 20,
        "compression": "zstd",
        "compression_level": 3,
        "use_dictionary": True,
        "write_statistics": True,
        "store_schema": True,
    }
)
"""What every Parquet file is written with; together with `ROW_GROUP` and the version of pyarrow
it fixes the bytes."""

ROW_GROUP = 1 << 17
"""Rows of a Parquet row group, whatever the batches that come in."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# The first characters that make a spreadsheet run a cell, full-width forms too (OWASP, "CSV
# Injection"). Cells that start with apostrophes before one of them are marked as well, so that
# taking one apostrophe away always gives the text back.
_FORMULA = "^'*[=+\\-@\\t\\r\\n＝＋－＠]"
_MARKED = "^'('*[=+\\-@\\t\\r\\n＝＋－＠])"


@contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`, and move it there when the block ends well.

    The file is flushed to the disk before it is renamed and the folder after, so a killed process
    or a power cut leaves the old file or the new one. On any failure, Ctrl-C included, the
    temporary file goes. A new file has the permissions that the umask allows; a file that is
    replaced keeps those it had; a link stays a link.

    Parameters
    ----------
    path : path
        Where the file shall be. Its folder must exist.

    Yields
    ------
    Path
        An empty file to write to.

    Raises
    ------
    InputError
        No such folder, no permission, or a disk that fills.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with atomic(folder / "answer.txt") as temporary:
    ...     _ = temporary.write_text("42")
    >>> [p.name for p in folder.iterdir()]
    ['answer.txt']
    """
    target = Path(os.path.realpath(path))
    if os.path.isdir(target):
        raise InputError(f"{path} is a folder, not a file", hint="add a file name to the path")
    temporary = target.with_name(f".niming-{secrets.token_hex(8)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except OSError as error:
        _refuse(error, path)
    try:
        try:
            if os.path.exists(target):
                os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
        finally:
            os.close(descriptor)
        yield temporary
        try:
            _flush(temporary)
            os.replace(temporary, target)
            _flush(target.parent)
        except OSError as error:
            _refuse(error, path)
    except OSError as error:
        if error.errno in _FULL:
            _refuse(error, path)
        raise
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def write_parquet(table: pa.Table | pa.RecordBatchReader, path: str | os.PathLike[str]) -> None:
    """Write Parquet atomically; the same rows give the same bytes.

    Parameters
    ----------
    table : pyarrow Table or RecordBatchReader
        A reader is streamed: memory holds one row group.
    path : path

    Raises
    ------
    InputError
        As `atomic`; no Arrow table; or a column of a type that Parquet does not know (the column
        is named).

    Notes
    -----
    Written with `PARQUET_OPTIONS` in row groups of `ROW_GROUP` rows, however the rows were cut
    into batches. Metadata that came with the schema (pandas' index, for one) are left out: they
    can hold what the release must not.

    Examples
    --------
    >>> import pyarrow as pa, tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_parquet(pa.table({"age": [34, 51]}), folder / "a.parquet")
    >>> write_parquet(pa.table({"age": pa.chunked_array([[34], [51]])}), folder / "b.parquet")
    >>> (folder / "a.parquet").read_bytes() == (folder / "b.parquet").read_bytes()
    True
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    _require_arrow(table, "write_parquet")
    schema = pa.schema([field.remove_metadata() for field in table.schema])
    with atomic(path) as temporary, temporary.open("wb") as file:
        try:
            with pq.ParquetWriter(file, schema, **PARQUET_OPTIONS) as writer:
                for rows in _row_groups(table, schema):
                    writer.write_table(rows, row_group_size=ROW_GROUP)
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid, pa.ArrowTypeError):
            raise InputError(
                f"{Path(path).name}: a column has a type that Parquet cannot hold: "
                + ", ".join(f"{f.name!r} ({f.type})" for f in schema if _is_odd(f.type)),
                hint="convert that column to text or numbers, or leave it out",
            ) from None


def write_csv(
    table: pa.Table | pa.RecordBatchReader,
    path: str | os.PathLike[str],
    *,
    bom: bool = False,
    guard: bool = True,
) -> int:
    """Write CSV (UTF-8, commas, text in quotes) atomically; return how many cells were guarded.

    Parameters
    ----------
    table : pyarrow Table or RecordBatchReader
        A reader is streamed.
    path : path
    bom : bool, default False
        Begin with a byte order mark (``utf-8-sig``): Excel then shows Chinese text as it is.
    guard : bool, default True
        Put an apostrophe before text that a spreadsheet would run as a formula: cells and column
        names that start with ``= + - @``, their full-width forms, tab, CR or LF, and cells that
        start with apostrophes before one of these. Columns of numbers are left as they are.
        `unguarded` takes the apostrophes away again.

    Returns
    -------
    int
        Number of cells that were changed by the guard, the header included.

    Raises
    ------
    InputError
        As `atomic`; no Arrow table; or a column that CSV cannot hold: nested, binary.

    Notes
    -----
    Missing is an empty field, in columns of numbers NaN too; an empty text is a pair of quotes.

    Examples
    --------
    >>> import pyarrow as pa, tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.csv"
    >>> write_csv(pa.table({"note": ["=1+1", "fine"], "change": [-1, None]}), file)
    1
    >>> print(file.read_text())
    "note","change"
    "'=1+1",-1
    "fine",
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv

    _require_arrow(table, "write_csv")
    odd = [f.name for f in table.schema if _is_odd(f.type) or pa.types.is_binary(_plain(f.type))]
    if odd:
        raise InputError(
            f"CSV cannot hold the nested or binary columns {', '.join(map(repr, odd))}",
            hint="write Parquet, or leave them out",
        )
    header = pa.chunked_array([table.schema.names], pa.string())
    guarded = 0
    if guard:
        header, guarded = _guard(header)
    types = [_plain(field.type) for field in table.schema]
    schema = pa.schema(list(zip(header.to_pylist(), types, strict=True)))
    with atomic(path) as temporary, temporary.open("wb") as file:
        if bom:
            file.write(b"\xef\xbb\xbf")
        with pyarrow.csv.CSVWriter(file, schema) as writer:
            for rows in _row_groups(table, table.schema):
                columns = []
                for values, kind in zip(rows.columns, types, strict=True):
                    column = values.cast(kind)
                    if pa.types.is_floating(kind):
                        nothing = pa.scalar(None, kind)
                        column = pc.if_else(pc.is_nan(column), nothing, column)
                    elif guard and _is_text(kind):
                        column, n = _guard(column)
                        guarded += n
                    columns.append(column)
                writer.write_table(pa.Table.from_arrays(columns, schema=schema))
    return guarded


def unguarded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the text that `write_csv` guarded: one apostrophe less where it put one.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Of text.

    Returns
    -------
    pyarrow.ChunkedArray
        As long as `column`; null stays null.

    Examples
    --------
    >>> import pyarrow as pa
    >>> unguarded(pa.chunked_array([["'=1+1", "O'Neill"]])).to_pylist()
    ['=1+1', "O'Neill"]
    """
    import pyarrow.compute as pc

    return pc.replace_substring_regex(column, _MARKED, r"\1")


def _require_arrow(table: object, asked_by: str) -> None:
    """Raise unless `table` is what the writers take; a sealed table is not."""
    import pyarrow as pa

    if not isinstance(table, (pa.Table, pa.RecordBatchReader)):
        raise InputError(
            f"{asked_by} writes an Arrow table or reader, not an object of the type "
            f"{type(table).__name__}",
            hint="niming.read(table).arrow() makes one; rows of a sealed table are released by "
            "its .plan(policy).apply()",
        )


def _guard(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """Put an apostrophe before formulas; return the column and how many there were."""
    import pyarrow.compute as pc

    risky = pc.match_substring_regex(column, _FORMULA)
    n = pc.sum(risky).as_py() or 0
    if n == 0:
        return column, 0
    return pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column), n


def _row_groups(table: pa.Table | pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.Table]:
    """Cut the rows into tables of `ROW_GROUP` rows, each column in one piece."""
    import pyarrow as pa

    batches = table.to_batches() if isinstance(table, pa.Table) else table
    held: list[pa.RecordBatch] = []
    n = 0
    for batch in batches:
        start = 0
        while start < batch.num_rows:
            piece = batch.slice(start, ROW_GROUP - n)
            held.append(piece)
            n += piece.num_rows
            start += piece.num_rows
            if n == ROW_GROUP:
                yield _joined(held, schema)
                held, n = [], 0
    if n:
        yield _joined(held, schema)


def _joined(batches: list[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    columns = [
        pa.chunked_array([b.column(j) for b in batches], field.type).combine_chunks()
        for j, field in enumerate(schema)
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _plain(kind: pa.DataType) -> pa.DataType:
    """Return the type of the values that a dictionary stands for, and text as ``string``."""
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.string() if _is_text(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _is_odd(kind: pa.DataType) -> bool:
    """Say whether a column is neither text, number, date, time nor bytes."""
    import pyarrow as pa

    return bool(
        pa.types.is_nested(kind)
        or pa.types.is_interval(kind)
        or pa.types.is_duration(kind)
        or isinstance(kind, pa.BaseExtensionType)
    )


def _flush(path: Path) -> None:
    """Have the system write a file or a folder through to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse(error: OSError, path: str | os.PathLike[str]) -> NoReturn:
    """Say in the user's words why a file could not be written."""
    hints = {
        errno.ENOENT: "make its folder first",
        errno.ENOTDIR: "a part of the path is a file, not a folder",
        errno.EACCES: "you may not write there: choose another folder",
        errno.EROFS: "that disk is read-only: choose another folder",
        errno.ENAMETOOLONG: "choose a shorter name",
    }
    why = os.strerror(error.errno) if error.errno else "input/output error"
    hint = hints.get(error.errno or 0, "see whether the disk is healthy and has room")
    if error.errno in _FULL:
        hint = "free some space and run it again: what was there before is untouched"
    raise InputError(f"{path} could not be written: {why}", hint=hint) from None
