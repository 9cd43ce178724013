"""Nearest neighbours on columns of every kind: the one search that all distance attacks share."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.risk.attacks.encoding import Encoded
from niming.risk.attacks.parallel import in_parallel

__all__ = ["nearest"]

_NARROW = 255  # codes that fit a byte, with one left for missing
_MOST_NARROW = 255  # columns whose differences a byte can count
_UNKNOWN = np.float32(4)  # a missing number: at least 3 from every known one, 0 from itself
_PAIRS = 200_000_000  # pairs a piece: under a second even where no block is skipped


class _Matrix(NamedTuple):
    """Rows by kind of column, each of shape (n_columns of the kind, n_rows)."""

    narrow: NDArray[np.uint8]
    wide: NDArray[np.int32]
    numbers: NDArray[np.float32]


def nearest(
    queries: Encoded,
    reference: Encoded,
    *,
    k: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Find the `k` nearest rows of `reference` for each row of `queries`.

    Parameters
    ----------
    queries, reference : Encoded
        Encoded together, the same columns in the same order.
    k : int in [1, rows of reference], default 1
    progress : callable, optional
        Called with the number of queries done and the number of all, from time to time.

    Returns
    -------
    distances : ndarray of shape (n_queries, k), float32
        In [0, 1], ascending in each row.
    indices : ndarray of shape (n_queries, k), int64
        Rows of `reference`; of equal distances the lowest first.

    Raises
    ------
    InputError
        Tables that were not encoded together, no columns, or `k` out of range.

    Notes
    -----
    The distance is Gower's with equal weights: the mean over columns of |a − b| / range for
    numbers, and of 0 or 1 for equal or unequal categories. The range is that of all tables that
    were encoded together. Missing is 1 from every known value and 0 from missing, so that two
    rows are at distance 0 exactly if they are equal (up to float32 for numbers).

    Exhaustive in its result, not in its work: reference rows are sorted, so that like rows fill a
    block of 64; blocks whose bounding box is further than the k-th neighbour so far are skipped.
    At worst O(n_queries · n_reference · n_columns). All cores; the same answer for any number.

    References
    ----------
    Gower 1971, "A general coefficient of similarity and some of its properties", equation 1,
    doi:10.2307/2528823.

    Examples
    --------
    >>> from niming.risk.attacks.encoding import encode
    >>> made = encode({"original": {"age": [30, 50], "town": ["A", "B"]},
    ...                "released": {"age": [35, 35, 50], "town": ["A", "A", "C"]}})
    >>> distances, indices = nearest(made["original"], made["released"])
    >>> distances.tolist(), indices.tolist()
    ([[0.125], [0.5]], [[0], [2]])
    """
    _check(queries, reference, k)
    from niming.risk.attacks.neighbours_kernel import BLOCK, boxes, scan

    narrow = [j for j, c in enumerate(reference.columns) if not c.is_numeric]
    narrow = [j for j in narrow if reference.columns[j].n_values <= _NARROW][:_MOST_NARROW]
    order, home = _sorted(queries, reference)
    home //= BLOCK
    held = _matrix(reference.take(order), narrow)
    asked = _matrix(queries, narrow)
    by_row = np.ascontiguousarray(asked.narrow.T), np.ascontiguousarray(asked.wide.T)
    numbers = np.ascontiguousarray(asked.numbers.T)
    low_code, high_code, low, high = boxes(held.narrow, held.numbers)
    n = queries.n_rows
    distances = np.empty((n, k), dtype=np.float32)
    indices = np.empty((n, k), dtype=np.int64)

    def search(part: slice) -> None:
        scan(
            by_row[0][part],
            by_row[1][part],
            numbers[part],
            home[part],
            held.narrow,
            held.wide,
            held.numbers,
            order,
            low_code,
            high_code,
            low,
            high,
            distances[part],
            indices[part],
        )

    in_parallel(search, n, most=max(1, _PAIRS // reference.n_rows), progress=progress)
    distances /= np.float32(len(reference.columns))
    return distances, indices


def _check(queries: Encoded, reference: Encoded, k: int) -> None:
    if queries.columns != reference.columns:
        raise InputError(
            "queries and reference were not encoded together on the same columns",
            hint="give both to one call of encode, and select the same columns of both",
        )
    if not reference.columns:
        raise InputError("there are no columns to compare", hint="name at least one")
    if isinstance(k, bool) or not 1 <= k <= reference.n_rows:
        raise InputError(
            f"k is {k}, not a whole number from 1 to the {reference.n_rows} rows of reference",
            hint="ask for fewer neighbours",
        )


def _sorted(queries: Encoded, reference: Encoded) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the reference rows in order, and where each query would stand among them.

    Columns with few values sort first: their long runs make for blocks of like rows.
    """
    n = reference.n_rows
    keys = []
    for j in sorted(range(len(reference.columns)), key=lambda j: -reference.columns[j].n_values):
        short = reference.columns[j].n_values < np.iinfo(np.int16).max  # sorted digit by digit
        both = np.concatenate([reference.codes[:, j], queries.codes[:, j]])
        keys.append(both.astype(np.int16) if short else both)
    merged = np.lexsort(keys)
    is_reference = merged < n
    before = np.cumsum(is_reference)
    home = np.empty(queries.n_rows, dtype=np.int64)
    home[merged[~is_reference] - n] = np.maximum(before[~is_reference] - 1, 0)
    return merged[is_reference], home


def _matrix(table: Encoded, narrow: list[int]) -> _Matrix:
    n = table.n_rows
    numeric = [j for j, c in enumerate(table.columns) if c.is_numeric]
    wide = [j for j in range(len(table.columns)) if j not in narrow and j not in numeric]
    codes = np.empty((len(narrow), n), dtype=np.uint8)
    for row, j in zip(codes, narrow, strict=True):
        row[:] = table.codes[:, j]  # MISSING, -1, wraps to 255
    numbers = np.empty((len(numeric), n), dtype=np.float32)
    for values, j in zip(numbers, numeric, strict=True):
        scale = np.append(table.columns[j].scaled(), _UNKNOWN)
        values[:] = scale[table.codes[:, j]]  # MISSING reads the last entry
    return _Matrix(codes, np.ascontiguousarray(table.codes[:, wide].T), numbers)
