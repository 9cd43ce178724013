"""Columns packed into whole numbers, by which an engine groups faster than by columns.

A column with few values becomes a digit: 0 for missing, then its values in ascending order. The
digits of neighbouring columns make one number of up to 62 bits, and numbers in ascending order are
the combinations in lexicographic order. A column that does not fit stands for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.tables.engine import literal, quote
from niming.tables.source import Table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Packing", "pack"]

_LIMIT = 2**62  # numbers stay below this: BIGINT never wraps
_WIDE = 2**20  # whole numbers that span more than this stand for themselves
_FEW = 1_000  # text values up to which codes pay: the engine takes long to make a larger enum
_SHORT = 256  # text values up to which a search through a list is quick
_BLOCK = 2**16  # numbers taken apart at a time: they stay in the processor's cache
_LOOK = 100_000  # rows that tell whether a column has few values before all are read


@dataclass(frozen=True, eq=False)
class Digit:
    """A column as a digit.

    Parameters
    ----------
    sql : str
        A whole number: 0 for missing, then 1 to `len(values)`.
    values : ndarray
        What the digits from 1 stand for, in ascending order.
    exact : bool
        Whether every value occurs; otherwise those that do are found among the groups.
    """

    sql: str
    values: NDArray[np.generic]
    exact: bool

    @property
    def size(self) -> int:
        """Number of digits, missing among them."""
        return len(self.values) + 1


@dataclass(frozen=True, eq=False)
class Packing:
    """How `columns` are grouped by: each group of neighbours as one number, or one as it is.

    Parameters
    ----------
    columns : tuple of str
    terms : tuple of str
        SQL to group by, in order.
    runs : tuple of (tuple of Digit or None)
        What each term packs: digits, or None for a column as it is.
    ordered : bool
        Whether the engine's order of the terms is that of the columns' values, cheaply.
    """

    columns: tuple[str, ...]
    terms: tuple[str, ...]
    runs: tuple[tuple[Digit, ...] | None, ...]
    ordered: bool

    def unpack(
        self, answers: Sequence[pa.ChunkedArray]
    ) -> tuple[NDArray[np.int32], list[NDArray[np.generic]]]:
        """Return the codes of the groups, in column order in memory, and each column's values.

        Parameters
        ----------
        answers : sequence of pyarrow.ChunkedArray
            What each term came to, a group each.
        """
        codes = np.empty((len(answers[0]), len(self.columns)), dtype=np.int32, order="F")
        categories: list[NDArray[np.generic]] = []
        for answer, run in zip(answers, self.runs, strict=True):
            at = len(categories)
            if run is None:
                codes[:, at], values = _encode(answer)
                categories.append(values)
                continue
            _divide(answer.to_numpy(), [digit.size for digit in run], codes[:, at : at + len(run)])
            for j, digit in enumerate(run):
                categories.append(digit.values if digit.exact else _close(codes[:, at + j], digit))
        return codes, categories


def pack(table: Table, columns: Sequence[str]) -> Packing:
    """Ask the engine what `columns` hold, and pack them.

    Parameters
    ----------
    table : Table
    columns : sequence of str

    Notes
    -----
    Whole numbers, dates and true/false become digits if they span less than 2**20. Text becomes
    digits if it comes from a file and has at most 1,000 values. Where an engine holds text by
    dictionary, as from Parquet, it looks each value up once a dictionary and not once a row.
    """
    digits = _numbers(table, columns) | _texts(table, columns)
    runs: list[list[Digit] | None] = []
    terms: list[list[str]] = []
    radix = _LIMIT
    for column in columns:
        digit = digits.get(column)
        if digit is None:
            runs.append(None)
            terms.append([table.expression(column)])
            radix = _LIMIT
            continue
        last = runs[-1] if runs else None
        if last is None or radix * digit.size >= _LIMIT:
            runs.append([digit])
            terms.append([digit.sql])
            radix = digit.size
            continue
        last.append(digit)
        terms[-1].append(digit.sql)
        radix *= digit.size
    return Packing(
        columns=tuple(columns),
        terms=tuple(_horner(t, r) for t, r in zip(terms, runs, strict=True)),
        runs=tuple(None if run is None else tuple(run) for run in runs),
        # The engine sorts numbers faster than we do, and text slower.
        ordered=all(c in digits or not is_text(table.schema.field(c).type) for c in columns),
    )


def is_text(kind: pa.DataType) -> bool:
    """Return whether values of this type are counted as text."""
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_dictionary(kind))


def _horner(terms: Sequence[str], run: Sequence[Digit] | None) -> str:
    """Return the number that digits make, the first the most significant."""
    if run is None:
        return terms[0]
    number = f"CAST({terms[0]} AS BIGINT)"
    for term, digit in zip(terms[1:], run[1:], strict=True):
        number = f"({number} * {digit.size} + {term})"
    return number


def _numbers(table: Table, columns: Sequence[str]) -> dict[str, Digit]:
    """Return the digits of whole numbers, dates and true/false that span little."""
    import pyarrow as pa

    whole: dict[str, str] = {}
    for column in columns:
        kind, name = table.schema.field(column).type, quote(column)
        if pa.types.is_date32(kind):
            whole[column] = f"({name} - DATE '1970-01-01')"
        elif pa.types.is_boolean(kind) or (pa.types.is_integer(kind) and kind != pa.uint64()):
            whole[column] = f"CAST({name} AS BIGINT)"
    if not whole:
        return {}
    bounds = ", ".join(
        f"min({quote(c)}) AS l{j}, max({quote(c)}) AS h{j}" for j, c in enumerate(whole)
    )
    answer = table.query(f"SELECT {bounds} FROM source")
    out: dict[str, Digit] = {}
    for j, (column, sql) in enumerate(whole.items()):
        low, high = (_whole(answer[f"{side}{j}"]) for side in "lh")
        if low is None or high is None or high - low >= _WIDE:
            continue
        kind = table.schema.field(column).type
        span = pa.array(
            range(low, high + 1), pa.int32() if pa.types.is_date32(kind) else pa.int64()
        )
        values = span.cast(kind).to_numpy(zero_copy_only=False)
        out[column] = Digit(f"coalesce({sql} - {low - 1}, 0)", values, exact=False)
    return out


def _whole(bound: pa.ChunkedArray) -> int | None:
    """Return a bound as a whole number: a date as days since 1970, true as 1."""
    import pyarrow as pa

    kind = pa.int32() if pa.types.is_date32(bound.type) else pa.int64()
    number: int | None = bound.cast(kind)[0].as_py()
    return number


def _texts(table: Table, columns: Sequence[str]) -> dict[str, Digit]:
    """Return the digits of text that has few values.

    Only text of a file: grouping by codes takes half the time of grouping by text, and finding the
    values next to none where the file holds its text by dictionary, as Parquet does.
    """
    text = [c for c in columns if is_text(table.schema.field(c).type)]
    if table.origin != "file" or not text:
        return {}
    about = ", ".join(f"approx_count_distinct({quote(c)}) AS v{j}" for j, c in enumerate(text))
    names = ", ".join(quote(c) for c in text)
    answer = table.query(f"SELECT {about} FROM (SELECT {names} FROM source LIMIT {_LOOK})")
    out: dict[str, Digit] = {}
    for j, column in enumerate(text):
        if answer[f"v{j}"][0].as_py() > 2 * _FEW:  # the estimate may be a tenth too high
            continue
        name = quote(column)
        found = table.query(
            f"SELECT DISTINCT {name} AS v FROM source WHERE {name} IS NOT NULL "
            f"ORDER BY v LIMIT {_FEW + 1}"
        )["v"]
        if not 0 < len(found) <= _FEW:
            continue
        values = ", ".join(literal(v) for v in found.to_pylist())
        if table.has_dictionaries and len(found) <= _SHORT:
            sql = f"coalesce(list_position([{values}], {name}), 0)"
        else:
            sql = f"coalesce(CAST(enum_code(CAST({name} AS ENUM({values}))) AS BIGINT) + 1, 0)"
        out[column] = Digit(sql, found.to_numpy(), exact=True)
    return out


def _divide(numbers: NDArray[np.int64], sizes: Sequence[int], out: NDArray[np.int32]) -> None:
    """Write the digits of each number less one: positions of values, and -1 for missing."""
    for start in range(0, len(numbers), _BLOCK):
        rest: NDArray[np.integer] = numbers[start : start + _BLOCK]
        largest = int(rest.max())
        for j in range(len(sizes) - 1, 0, -1):
            if largest < 2**31:  # small numbers divide several times faster
                rest = rest.astype(np.int32, copy=False)
            above = rest // sizes[j]
            out[start : start + _BLOCK, j] = rest - above * sizes[j] - 1
            rest, largest = above, largest // sizes[j]
        out[start : start + _BLOCK, 0] = rest - 1


def _close(codes: NDArray[np.int32], digit: Digit) -> NDArray[np.generic]:
    """Close the gaps that values without records leave in `codes`; return the values with some."""
    occurs = np.zeros(digit.size, dtype=bool)  # the last entry is missing, code -1
    for start in range(0, len(codes), _BLOCK):
        occurs[codes[start : start + _BLOCK]] = True
    occurs[-1] = False
    rank = np.cumsum(occurs, dtype=np.int32) - np.int32(1)
    rank[-1] = -1
    if not occurs[:-1].all():
        for start in range(0, len(codes), _BLOCK):
            codes[start : start + _BLOCK] = rank[codes[start : start + _BLOCK]]
    return digit.values[occurs[:-1]]


def _encode(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], NDArray[np.generic]]:
    """Return the codes of a column (missing is -1) and its distinct values in ascending order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_null(column.type):  # a column without a type has no values, not the value null
        column = column.cast(pa.string())
    array = column.combine_chunks()
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    raw = array.indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)
    order = pc.sort_indices(array.dictionary).to_numpy()
    values = array.dictionary.take(pa.array(order)).to_numpy(zero_copy_only=False)
    rank = np.empty(len(order) + 1, dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    rank[-1] = -1  # index -1 reads the last entry
    return rank[raw], values
