"""What kind of file a path is, told by its first bytes and not by its name alone."""

from __future__ import annotations

import difflib
import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from niming.errors import InputError
from niming.tables.engine import DuckDB
from niming.tables.names import check_names

__all__ = ["find_files", "kind_of", "open_arrow", "open_parquet"]

Kind: TypeAlias = Literal["parquet", "arrow", "arrow-stream", "excel", "text"]

_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xff\xff\xff\xff", "arrow-stream"),
    (b"PK\x03\x04", "excel"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "excel"),
)
_OTHERS = (
    (b"FEA1", "a Feather file of version 1", "write it again with pyarrow.feather, version 2"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first: gunzip"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "unpack it first: unzstd"),
    (b"BZh", "a bzip2 archive", "unpack it first: bunzip2"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it first"),
    (b"SQLite format 3", "an SQLite database", "export the table as Parquet or CSV"),
    (b"%PDF", "a PDF document", "ask for the table as Parquet, CSV or Excel"),
    (b"ORC", "an ORC file", "convert it to Parquet"),
    (b"Obj\x01", "an Avro file", "convert it to Parquet"),
)
_SUFFIXES: dict[str, tuple[Kind, ...]] = {
    ".parquet": ("parquet",),
    ".pq": ("parquet",),
    ".arrow": ("arrow", "arrow-stream"),
    ".arrows": ("arrow-stream",),
    ".feather": ("arrow",),
    ".ipc": ("arrow", "arrow-stream"),
    ".xlsx": ("excel",),
    ".xlsm": ("excel",),
    ".xls": ("excel",),
    ".csv": ("text",),
    ".tsv": ("text",),
    ".txt": ("text",),
}


def find_files(path: str | os.PathLike[str]) -> list[Path]:
    """Return the files that `path` means: itself, a folder's Parquet files, or a pattern's.

    Raises
    ------
    InputError
        Nothing there (with the nearest name in that folder), or not readable.
    """
    text = os.fspath(path)
    if "://" in text:
        raise InputError(
            f"{text.split('://')[0]}:// is an address, and niming reads files and frames alone",
            hint="fetch the file first",
        )
    place = Path(text).expanduser()
    if place.is_dir():
        files = sorted(
            file
            for file in place.rglob("*.parquet")
            if file.is_file() and not any(p[0] in "._" for p in file.relative_to(place).parts)
        )
        if not files:
            raise InputError(
                f"{text} is a folder without Parquet files", hint="name one file in it"
            )
        return files
    if place.exists():
        if not place.is_file():
            raise InputError(
                f"{text} is neither a file nor a folder", hint="write a stream to a file first"
            )
        if not os.access(place, os.R_OK):
            raise InputError(f"{text} may not be read", hint="ask its owner for permission")
        return [place]
    if glob.has_magic(text):
        files = [Path(name) for name in sorted(glob.glob(str(place), recursive=True))]
        files = [file for file in files if file.is_file()]
        if files:
            return files
        raise InputError(f"no file matches {text}", hint="check the pattern")
    if not place.parent.is_dir():
        raise InputError(f"there is no folder {place.parent}", hint="check the path")
    names = [entry.name for entry in place.parent.iterdir()]
    near = difflib.get_close_matches(place.name, names, n=1, cutoff=0.5)
    raise InputError(
        f"there is no file {text}",
        hint=f"did you mean {near[0]!r}?" if near else "check the path",
    )


def kind_of(path: Path) -> Kind:
    """Return what `path` holds.

    Raises
    ------
    InputError
        An empty file, an archive or another known kind that is not read, or a name that says
        otherwise than the content.
    """
    with path.open("rb") as file:
        start = file.read(16)
    if not start:
        raise InputError(f"{path.name} is empty", hint="was the export cut off?")
    for magic, what, hint in _OTHERS:
        if start.startswith(magic):
            raise InputError(f"{path.name} is {what}", hint=hint)
    kind: Kind = next((kind for magic, kind in _MAGIC if start.startswith(magic)), "text")
    expected = _SUFFIXES.get(path.suffix.lower())
    if expected and kind not in expected:
        held = {"text": "text, such as CSV", "excel": "an Excel workbook"}.get(kind, kind)
        raise InputError(
            f"{path.name} holds {held}, not what its name says",
            hint="rename it after what it holds, or export it again",
        )
    return kind


def open_parquet(files: Sequence[Path]) -> DuckDB:
    """Scan Parquet files where they lie."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for file in files:
        if kind_of(file) != "parquet":
            raise InputError(
                f"{file.name} is not Parquet; several files can be read only as Parquet",
                hint="name one file",
            )
        try:
            names = pq.read_schema(file).names
        except (pa.ArrowException, OSError):
            raise InputError(
                f"{file.name} is a damaged Parquet file", hint="was the copy cut off?"
            ) from None
        check_names(names, where=file.name)
    return DuckDB.from_parquet([str(file) for file in files])


def open_arrow(path: Path, kind: Kind) -> DuckDB:
    """Scan an Arrow or Feather file where it lies; load a stream into the engine."""
    import pyarrow as pa
    import pyarrow.dataset

    try:
        if kind == "arrow-stream":
            with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
                check_names(reader.schema.names, where=path.name)
                return DuckDB.from_batches(reader)
        data = pa.dataset.dataset(str(path), format="ipc")
        check_names(data.schema.names, where=path.name)
        return DuckDB.from_arrow(data)
    except (pa.ArrowException, OSError):
        raise InputError(
            f"{path.name} is a damaged Arrow file", hint="was the copy cut off?"
        ) from None
