"""Frames in memory as Arrow, column by column, so that an error can name the column."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from niming.errors import ColumnNotFoundError, InputError
from niming.tables.names import check_names

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["check_schema", "checked", "from_mapping", "from_pandas", "from_polars"]

_KINDS = 100_000  # cells of a column that are looked at to say which types are mixed


def from_pandas(frame: pd.DataFrame, columns: Sequence[str] | None = None) -> pa.Table:
    """Return `columns` of a pandas frame; the index is ignored, NaN, NaT and NA are null."""
    import pandas as pd

    if isinstance(frame.columns, pd.MultiIndex):
        raise InputError(
            "the frame has column names of several levels",
            hint="flatten them: df.columns = df.columns.map('_'.join)",
        )
    check_names(list(frame.columns), where="the frame")
    arrays = {}
    for name in _asked(list(frame.columns), columns):
        series = frame[name]
        if series.dtype == object and _is_mixed(series):
            raise _mixed(name, series)
        arrays[name] = _column(name, series)
    return _table(arrays)


def from_polars(frame: pl.DataFrame) -> pa.Table:
    """Return a polars frame as Arrow, without a copy where the types allow it."""
    import polars as pl

    odd = [name for name, kind in frame.schema.items() if kind == pl.Object]
    if odd:
        raise InputError(
            f"column {odd[0]!r} holds Python objects", hint="convert it to text or numbers"
        )
    return checked(frame.to_arrow())


def from_mapping(mapping: Mapping[str, object], columns: Sequence[str] | None = None) -> pa.Table:
    """Return `columns` of a dict of lists or arrays as Arrow; None and NaN are null."""
    check_names(list(mapping), where="the dict")
    arrays = {name: _column(name, mapping[name]) for name in _asked(list(mapping), columns)}
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        first, *rest = lengths
        other = next(name for name in rest if lengths[name] != lengths[first])
        raise InputError(
            f"the columns differ in length: {first!r} has {lengths[first]} values, "
            f"{other!r} has {lengths[other]}",
            hint="a table has one value a row in every column",
        )
    return _table(arrays)


def checked(table: pa.Table) -> pa.Table:
    """Return an Arrow table that the engine can hold, or say which column it cannot."""
    import pyarrow as pa

    check_schema(table.schema)
    for j, field in enumerate(table.schema):
        if pa.types.is_float16(field.type):  # unknown to DuckDB
            column = table.column(j).cast(pa.float32())
            table = table.set_column(j, field.name, column)
    return table.replace_schema_metadata(None)


def check_schema(schema: pa.Schema) -> None:
    """Raise `InputError` for names or types that the engine cannot hold."""
    import pyarrow as pa

    check_names(schema.names, where="the table")
    for field in schema:
        kind = field.type
        if isinstance(kind, pa.BaseExtensionType) or pa.types.is_decimal256(kind):
            raise InputError(
                f"column {field.name!r} is of type {kind}, which the engine does not know",
                hint="convert it to text or numbers first",
            )


def _asked(names: list[str], columns: Sequence[str] | None) -> Sequence[str]:
    """Return the columns to convert: those that are asked for, else all."""
    if columns is None:
        return names
    if lost := [c for c in columns if c not in names]:
        raise ColumnNotFoundError.among(lost, names)
    return columns


def _table(columns: Mapping[str, pa.Array]) -> pa.Table:
    import pyarrow as pa

    return checked(pa.Table.from_arrays(list(columns.values()), names=list(columns)))


def _column(name: str, values: object) -> pa.Array:
    """Convert one column; pyarrow's own message would quote a cell."""
    import pyarrow as pa

    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        pass  # raised below, where no error that quotes a cell is its context
    raise _mixed(name, values)


def _is_mixed(series: pd.Series) -> bool:
    """Say whether a column of objects holds what no one type holds."""
    import pandas as pd

    return pd.api.types.infer_dtype(series, skipna=True) in ("mixed", "mixed-integer")


def _mixed(name: str, values: object) -> InputError:
    """Return the error for a column without one type, with the names of the types found."""
    kinds: set[str] = set()
    if hasattr(values, "iloc"):
        values = values.iloc[:_KINDS]
    if isinstance(values, Iterable):
        cells = itertools.islice(values, _KINDS)
        kinds = {
            type(v).__name__ for v in cells if not (v is None or (v.__class__ is float and v != v))
        }
    found = " and ".join(sorted(kinds)) or type(values).__name__
    return InputError(
        f"column {name!r} cannot be one Arrow type: it holds {found}",
        hint=f"make it one type, such as df[{name!r}] = df[{name!r}].astype(str)",
    )
