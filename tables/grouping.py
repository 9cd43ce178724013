"""Equal rows of a small integer matrix: the one kernel under classes, marginals and roll-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Groups", "group"]

_LIMIT = 2**62  # keys stay below this: int64 never wraps
_BLOCK = 2**16  # rows compared at a time: they stay in the processor's cache


class Groups(NamedTuple):
    """Groups of equal rows, numbered by their codes in lexicographic order.

    Attributes
    ----------
    group_of : ndarray of shape (n_rows,), int64
    first : ndarray of shape (n_groups,), int64
        A row of each group.
    """

    group_of: NDArray[np.int64]
    first: NDArray[np.int64]


def group(codes: NDArray[np.integer], sizes: Sequence[int], *, lowest: int = 0) -> Groups:
    """Group equal rows of `codes`.

    Parameters
    ----------
    codes : ndarray of shape (n_rows, n_columns), integer
        Column j holds values in [`lowest`, `sizes[j]`).
    sizes : sequence of int
        Number of codes of each column, counted from 0.
    lowest : int, default 0
        Smallest code, such as -2 where negative codes mean missing and suppressed.

    Notes
    -----
    Rows that ascend already are numbered by comparing neighbours. Others become mixed-radix keys.
    Where the radix would pass 2**62 the key so far is replaced by its rank first, so any number of
    columns fits and nothing wraps. Few possible keys are numbered through a table, others by
    sorting: O(n log n) at most. Matrices in column order (``order="F"``) are read fastest.

    Examples
    --------
    >>> group(np.array([[1, 0], [0, 1], [1, 0]]), [2, 2]).group_of
    array([1, 0, 1])
    """
    new = _steps(codes)
    if new is not None:
        group_of = np.cumsum(new, dtype=np.int64)
        group_of -= 1
        return Groups(group_of, np.flatnonzero(new))
    key = np.zeros(len(codes), dtype=np.int64)
    radix = 1
    for j, size in enumerate(sizes):
        digit, span = codes[:, j].astype(np.int64) - lowest, int(size) - lowest
        if radix * span >= _LIMIT:
            key, radix = _rank(key, radix)
        if radix * span >= _LIMIT:
            digit, span = _rank(digit, span)
        key = key * span + digit
        radix *= span
    return _number(key, radix)


def _steps(codes: NDArray[np.integer]) -> NDArray[np.bool_] | None:
    """Return where a row differs from the one before it; None unless the rows ascend."""
    n_rows, n_columns = codes.shape
    new = np.zeros(n_rows, dtype=bool)
    new[:1] = True
    for start in range(0, n_rows - 1, _BLOCK):
        rows = slice(start, start + _BLOCK + 1)
        differs = new[start + 1 : start + _BLOCK + 1]  # neighbours, on the columns so far
        for j in range(n_columns):
            column = codes[rows, j]
            if bool(np.any(~differs & (column[1:] < column[:-1]))):
                return None
            differs |= column[1:] != column[:-1]
    return new


def _rank(key: NDArray[np.int64], radix: int) -> tuple[NDArray[np.int64], int]:
    """Return the rank of each key, and how many there are."""
    groups = _number(key, radix)
    return groups.group_of, len(groups.first)


def _number(key: NDArray[np.int64], radix: int) -> Groups:
    """Number keys in [0, `radix`) by their order; `first` is the first row of each."""
    n = len(key)
    if radix <= 4 * n + 1024:
        return _by_table(key, radix)
    bits = n.bit_length()
    if radix << bits < 2**63:  # sorting the row along with its key is twice as fast as argsort
        packed = np.sort((key << bits) | np.arange(n))
        return _in_order(packed & ((1 << bits) - 1), packed >> bits)
    order = np.argsort(key, kind="stable")
    return _in_order(order, key[order])


def _in_order(row: NDArray[np.int64], key: NDArray[np.int64]) -> Groups:
    """Number keys that ascend; `row` says where each was."""
    new = np.ones(len(key), dtype=bool)
    new[1:] = key[1:] != key[:-1]
    group_of = np.empty(len(key), dtype=np.int64)
    group_of[row] = np.cumsum(new) - 1
    return Groups(group_of, row[new])


def _by_table(key: NDArray[np.int64], radix: int) -> Groups:
    """Number the keys through a table of all possible keys: no sort."""
    row_of = np.full(max(radix, 1), -1, dtype=np.int64)
    row_of[key[::-1]] = np.arange(len(key) - 1, -1, -1)
    present = row_of >= 0
    rank = np.cumsum(present) - 1
    return Groups(rank[key], row_of[present])
