"""Several tables in one numeric language: a common dictionary a column, codes a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.tables import MISSING, Source, Table, read

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CodedColumn", "Encoded", "encode"]


@dataclass(frozen=True, eq=False, repr=False)
class CodedColumn:
    """One column of several tables: what its codes stand for, without the texts.

    Parameters
    ----------
    name : str
    n_values : int
        Distinct known values in all tables together; codes run from 0 to `n_values` - 1.
    values : ndarray of shape (n_values,), float64, optional
        The numbers behind the codes, ascending; dates and times in microseconds. None for a
        column of categories, whose codes have an order but no distance.
    is_time : bool
        Whether these numbers are dates or times, whose zero means nothing.
    """

    name: str
    n_values: int
    values: NDArray[np.float64] | None = None
    is_time: bool = False

    def __repr__(self) -> str:
        kind = "category" if self.values is None else "time" if self.is_time else "number"
        return f"CodedColumn({self.name!r}, {kind}, n_values={self.n_values})"

    @property
    def is_numeric(self) -> bool:
        """Whether the values are numbers, dates or times in every table."""
        return self.values is not None

    @property
    def spread(self) -> float:
        """Largest number less smallest, over all tables; 0 for categories."""
        if self.values is None or not len(self.values):
            return 0.0
        return float(self.values[-1] - self.values[0])

    def scaled(self) -> NDArray[np.float32]:
        """Return the numbers from 0 for the smallest to 1 for the largest, shape (n_values,)."""
        values = np.zeros(0) if self.values is None else self.values
        if self.spread == 0:
            return np.zeros(len(values), dtype=np.float32)
        shares: NDArray[np.float64] = (values - values[0]) / self.spread
        return shares.astype(np.float32)


@dataclass(frozen=True, eq=False, repr=False)
class Encoded:
    """The rows of one table as codes of common dictionaries, made by `encode`.

    Parameters
    ----------
    columns : tuple of CodedColumn
        The same objects in every table that was encoded together.
    codes : ndarray of shape (n_rows, n_columns), int32
        Equal codes are equal values, across all tables; a greater code of a numeric column is a
        greater number. Missing is -1.
    """

    columns: tuple[CodedColumn, ...]
    codes: NDArray[np.int32]

    def __post_init__(self) -> None:
        if self.codes.ndim != 2 or self.codes.shape[1] != len(self.columns):
            raise InputError("there must be one column of codes a column")

    def __repr__(self) -> str:
        return f"Encoded({self.n_rows} rows x {len(self.columns)} columns)"

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.codes)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns)

    def select(self, names: Sequence[str]) -> Encoded:
        """Return the same rows with these columns alone, in this order."""
        at = [self.names.index(name) for name in names]
        return Encoded(tuple(self.columns[j] for j in at), np.asfortranarray(self.codes[:, at]))

    def take(self, rows: NDArray[np.integer]) -> Encoded:
        """Return these rows, in this order."""
        return Encoded(self.columns, np.asfortranarray(self.codes[rows]))


def encode(
    tables: Mapping[str, Source], *, columns: Sequence[str] | None = None
) -> dict[str, Encoded]:
    """Encode two or more tables on common dictionaries.

    Parameters
    ----------
    tables : mapping of str to table
        Such as ``{"original": …, "released": …}``; anything that `niming.read` takes. The names
        appear in error messages.
    columns : sequence of str, optional
        By default the columns that every table has, in the order of the first.

    Returns
    -------
    dict of str to Encoded
        One a table, under its name.

    Raises
    ------
    ColumnNotFoundError
        A column asked for that a table does not have.
    InputError
        A table without rows, no common columns, a column named twice, a column of lists or bytes,
        or infinite numbers (counted).

    Notes
    -----
    A column is numeric if it holds numbers in every table, or dates and times in every table. If
    any table holds text there, such as ``[20, 40)``, ``2201**`` or ``*`` in a generalised release,
    it is a category, and values are equal if their texts are. A table in which the column is
    missing throughout has no say. Missing is null and NaN.

    A numeric column is scaled by its range over all tables together, so one far outlier in any of
    them brings all other values close.

    Cost O(n log n) a column, in memory.

    Examples
    --------
    >>> made = encode({"original": {"age": [34, 51], "town": ["A", "B"]},
    ...                "released": {"age": [34, None], "town": ["B", "C"]}})
    >>> made["original"].columns
    (CodedColumn('age', number, n_values=2), CodedColumn('town', category, n_values=3))
    >>> made["released"].codes.tolist()
    [[0, 1], [-1, 2]]
    """
    opened = {name: read(source) for name, source in tables.items()}
    names = _common(opened, columns)
    rows = {}
    for table_name, table in opened.items():
        for name in names:
            _check_type(name, table.schema.field(name).type, table_name)
        rows[table_name] = table.arrow(names)
        if not rows[table_name].num_rows:
            raise InputError(
                f"the {table_name} table has no rows", hint="check the file or the filter before it"
            )
    codes = {
        table_name: np.empty((table.num_rows, len(names)), dtype=np.int32, order="F")
        for table_name, table in rows.items()
    }
    made = []
    for j, name in enumerate(names):
        column, parts = _code(name, [table[name] for table in rows.values()])
        made.append(column)
        for part, out in zip(parts, codes.values(), strict=True):
            out[:, j] = part
    return {table_name: Encoded(tuple(made), matrix) for table_name, matrix in codes.items()}


def _common(tables: Mapping[str, Table], columns: Sequence[str] | None) -> list[str]:
    if isinstance(columns, str):
        raise InputError("columns are given as a list, not as one text", hint='such as ["age"]')
    if columns is None:
        first, *others = tables.values()
        names = [c for c in first.columns if all(c in other.columns for other in others)]
        if not names:
            raise InputError(
                "the tables have no column in common",
                hint="name the columns alike in every table",
            )
        return names
    if not columns or len(set(columns)) < len(columns):
        raise InputError("columns names none, or one twice", hint="name each column once")
    for table_name, table in tables.items():
        table.require(columns, asked_by=f"columns= (looked up in {table_name})")
    return list(columns)


def _check_type(column: str, kind: pa.DataType, table_name: str) -> None:
    import pyarrow as pa

    bytes_ = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    if bytes_ or pa.types.is_nested(kind) or pa.types.is_interval(kind):
        raise InputError(
            f"column {column!r} of {table_name} is of type {kind}, which cannot be compared",
            hint="turn it into columns of text, numbers or dates, or leave it out by columns=",
        )


def _code(
    name: str, parts: Sequence[pa.ChunkedArray]
) -> tuple[CodedColumn, list[NDArray[np.int32]]]:
    """Give one column of all tables its dictionary, and each table its codes."""

    kinds = {_kind(part.type) for part in parts if part.null_count < len(part)}
    if len(kinds) == 1 and "category" not in kinds:
        codes, values = _numbers(name, parts, moments=kinds == {"moment"})
        column = CodedColumn(name, len(values), values, is_time=kinds != {"number"})
    else:
        codes, n_values = _categories(parts)
        column = CodedColumn(name, n_values)
    bounds = np.cumsum([len(part) for part in parts])[:-1]
    return column, [np.asarray(p, dtype=np.int32) for p in np.split(codes, bounds)]


def _kind(kind: pa.DataType) -> str:
    import pyarrow as pa

    types = pa.types
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    if types.is_date(kind) or types.is_timestamp(kind):
        return "moment"
    return "time" if types.is_time(kind) else "category"


def _numbers(
    name: str, parts: Sequence[pa.ChunkedArray], *, moments: bool
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return codes by rank, and the distinct numbers; whole numbers keep all their digits."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known, numbers = [], []
    whole = not any(pa.types.is_floating(p.type) or pa.types.is_decimal(p.type) for p in parts)
    for part in parts:
        column = part
        if pa.types.is_null(column.type):
            column = column.cast(pa.int64())
        elif moments:
            column = column.cast(pa.timestamp("us")).cast(pa.int64())
        elif pa.types.is_decimal(column.type):
            column = column.cast(pa.float64())
        elif not whole:
            column = column.cast(pa.float64(), safe=False)
        elif pa.types.is_time(column.type):  # in microseconds, as the engine holds them
            column = column.cast(pa.int64())
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), None, column)
        known.append(column.is_valid().to_numpy())
        numbers.append(column.fill_null(0).to_numpy())
    there, all_numbers = np.concatenate(known), np.concatenate(numbers)
    if all_numbers.dtype.kind == "f":
        bad = int(np.isinf(all_numbers).sum())
        if bad:
            raise InputError(
                f"column {name!r} holds {bad} infinite values, which have no distance",
                hint="make them missing, or leave the column out by columns=",
            )
    codes = np.full(len(there), MISSING, dtype=np.int64)
    values, codes[there] = np.unique(all_numbers[there], return_inverse=True)
    return codes, values.astype(np.float64)


def _categories(parts: Sequence[pa.ChunkedArray]) -> tuple[NDArray[np.int64], int]:
    """Return codes by rank of the text, and how many texts there are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = [chunk for part in parts for chunk in part.cast(pa.string()).chunks]
    array = pa.chunked_array(texts, pa.string()).combine_chunks().dictionary_encode()
    raw = array.indices.fill_null(MISSING).to_numpy(zero_copy_only=False)
    order = pc.sort_indices(array.dictionary).to_numpy()
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = MISSING  # index -1 reads the last entry
    return rank[raw], len(order)
