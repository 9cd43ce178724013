"""The records on every small set of columns, counted through tables of all their combinations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from niming.risk.classes import Missing
from niming.tables import Counts

__all__ = ["Cells", "Surest", "by_table", "combinations"]

_ROOM = 2**16  # cells of a table of all combinations that cost less than one grouping
_ROOM_A_CELL = 16  # and so many more for each cell that is counted
_CHUNK = 2**22  # combinations times sensitive values that are counted at a time


class Surest(NamedTuple):
    """The smallest group on some columns, and the one where a sensitive value is surest.

    Attributes
    ----------
    smallest : int
        Records of the smallest group.
    most, size : int
        Records with the value, and all records, of the surest group.
    """

    smallest: int
    most: int
    size: int


class Cells(NamedTuple):
    """The cells of a table as digits, column by column.

    Attributes
    ----------
    digits : tuple of ndarray of shape (n_cells,), int64
        Rank of each cell's code in its column; 0 is unknown where `unknown` says so.
    spans : tuple of int
        Number of digits of each column.
    unknown : tuple of bool
        Whether digit 0 agrees with all others.
    n : ndarray of shape (n_cells,), int64, or None
        Records a cell; None if each has one.
    guarded : ndarray, int64
        Cells with a protected sensitive value, in ascending order of it.
    value : ndarray, int64
        Their values, from 0.
    n_values : int
    hidden : ndarray, int64
        Cells whose sensitive value is unknown and may be any.
    """

    digits: tuple[NDArray[np.int64], ...]
    spans: tuple[int, ...]
    unknown: tuple[bool, ...]
    n: NDArray[np.int64] | None
    guarded: NDArray[np.int64]
    value: NDArray[np.int64]
    n_values: int
    hidden: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        counts: Counts,
        names: Sequence[str],
        protected: NDArray[np.int64] | None,
        missing: Missing,
        hidden: NDArray[np.int64] | None = None,
    ) -> Cells:
        """Number the codes that occur; `protected` is the sensitive value of each cell or -1.

        `hidden` are the cells, none of them protected, that may have any of these values.
        """
        digits, spans, unknown = [], [], []
        for name in names:
            codes = counts.column_codes(name)
            holes = missing == "matches-anything" and bool((codes < 0).any())
            found, digit = np.unique(np.maximum(codes, -1) if holes else codes, return_inverse=True)
            digits.append(digit.reshape(-1).astype(np.int64))
            spans.append(len(found))
            unknown.append(holes)
        value = np.zeros(0, dtype=np.int64)
        guarded = value
        n_values = int(hidden is not None and len(hidden) > 0)
        if protected is not None:
            guarded = np.flatnonzero(protected >= 0)
            guarded = guarded[np.argsort(protected[guarded], kind="stable")]
            value = protected[guarded].astype(np.int64)
            n_values = max(n_values, int(protected.max(initial=-1)) + 1)
        return cls(
            tuple(digits),
            tuple(spans),
            tuple(unknown),
            None if bool((counts.n == 1).all()) else counts.n,
            guarded,
            value,
            n_values,
            value[:0] if hidden is None else hidden,
        )

    def fits(self, ncombinations: int) -> bool:
        """Return whether a table of all combinations, for each value, is small enough."""
        room = _ROOM + _ROOM_A_CELL * len(self.digits[0])
        return ncombinations * (1 + self.n_values) <= room


def combinations(
    cells: Cells,
    known: int,
    chosen: tuple[int, ...] = (),
    key: NDArray[np.int64] | None = None,
    shape: tuple[int, ...] = (),
) -> Iterator[tuple[tuple[int, ...], NDArray[np.int64], tuple[int, ...]]]:
    """Return every set of 1 to `known` columns, the key of each cell in it, and its spans.

    Parameters
    ----------
    cells : Cells
    known : int >= 1
    chosen, key, shape
        Where a longer set starts from; for the recursion.

    Yields
    ------
    chosen : tuple of int
        Positions of the columns.
    key : ndarray of shape (n_cells,), int64
    shape : tuple of int

    Notes
    -----
    Keys of sets too large for a table are not used and may wrap, as may those of all larger sets.
    """
    for j in range(chosen[-1] + 1 if chosen else 0, len(cells.digits)):
        span, digit = cells.spans[j], cells.digits[j]
        deeper = digit if key is None else key * span + digit
        columns, spans = (*chosen, j), (*shape, span)
        yield columns, deeper, spans
        if len(columns) < known:
            yield from combinations(cells, known, columns, deeper, spans)


def by_table(
    cells: Cells, chosen: tuple[int, ...], key: NDArray[np.int64], shape: tuple[int, ...]
) -> Surest:
    """Count every combination in a table, and let unknown agree with all along each axis.

    Parameters
    ----------
    cells : Cells
    chosen, key, shape
        One set of columns, from `combinations`; ``cells.fits`` says that its table is small.

    Returns
    -------
    Surest

    Notes
    -----
    Where anything matches, the records that agree with a combination are the sum over all that
    have its value or none in each column. Summed axis by axis that is one pass an axis, whatever
    the number of patterns.
    """
    radix = math.prod(shape)
    holes = [axis for axis, j in enumerate(chosen) if cells.unknown[j]]
    records = _counted(key, cells.n, radix)
    occurs = np.flatnonzero(records)
    size = _agreeing(records.reshape(1, *shape), holes).reshape(radix)[occurs]
    best = Surest(int(size.min()), 0, 1)
    unknown = None
    if len(cells.hidden):
        n = None if cells.n is None else cells.n[cells.hidden]
        unknown = _counted(key[cells.hidden], n, radix).reshape(1, *shape)
    step = max(_CHUNK // radix, 1)
    for low in range(0, cells.n_values, step):
        high = min(low + step, cells.n_values)
        at = slice(*np.searchsorted(cells.value, [low, high]))
        some = cells.guarded[at]
        pair = (cells.value[at] - low) * radix + key[some]
        n = None if cells.n is None else cells.n[some]
        counted = _counted(pair, n, (high - low) * radix).reshape(high - low, *shape)
        if unknown is not None:
            counted += unknown
        most = _agreeing(counted, holes).reshape(high - low, radix)[:, occurs].max(axis=0)
        surest = int((most / size).argmax())
        if int(most[surest]) * best.size > best.most * int(size[surest]):
            best = Surest(best.smallest, int(most[surest]), int(size[surest]))
    return best


def _counted(key: NDArray[np.int64], n: NDArray[np.int64] | None, size: int) -> NDArray[np.int64]:
    """Count keys exactly (bincount's float64 weights are exact below 2**53)."""
    return np.bincount(key, weights=n, minlength=size).astype(np.int64, copy=False)


def _agreeing(counted: NDArray[np.int64], holes: Sequence[int]) -> NDArray[np.int64]:
    """Add to each value of a column with holes what is unknown, and to unknown all values.

    Axis 0 is the sensitive value, axis 1 the first column.
    """
    for axis in holes:
        moved = np.moveaxis(counted, axis + 1, 0)
        out = moved + moved[0]
        out[0] = moved.sum(axis=0)
        counted = np.moveaxis(out, 0, axis + 1)
    return counted
