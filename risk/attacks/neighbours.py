"""Nearest neighbours on columns of every kind: the one search that all distance attacks share."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.risk.attacks.encoding import Encoded

__all__ = ["nearest"]

_NARROW = 255  # codes that fit a byte, with one left for missing
_MOST_NARROW = 255  # columns whose differences a byte can count
_UNKNOWN = np.float32(4)  # a missing number: at least 3 from every known one, 0 from itself
_PAIRS = 200_000_000  # pairs a chunk: under a second, so that Ctrl-C is heard


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
    order = _order(reference)
    held = _matrix(reference.take(order), narrow)
    asked = _matrix(queries, narrow)
    by_row = np.ascontiguousarray(asked.narrow.T), np.ascontiguousarray(asked.wide.T)
    numbers = np.ascontiguousarray(asked.numbers.T)
    home = _home(queries, reference) // BLOCK
    low_code, high_code, low, high = boxes(held.narrow, held.numbers)
    n = queries.n_rows
    distances = np.empty((n, k), dtype=np.float32)
    indices = np.empty((n, k), dtype=np.int64)
    n_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    step = max(1, min(_PAIRS // reference.n_rows, -(-n // (4 * (n_threads or 1)))))

    def search(start: int) -> int:
        part = slice(start, start + step)
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
        return len(home[part])

    pool = ThreadPoolExecutor(n_threads)
    try:
        done = 0
        for chunk in as_completed([pool.submit(search, s) for s in range(0, n, step)]):
            done += chunk.result()
            if progress is not None:
                progress(done, n)
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C only the chunks at work are waited for
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


def _keys(table: Encoded) -> list[NDArray[np.int32]]:
    """Return the columns by which rows are sorted, the most telling first: few values first."""
    at = sorted(range(len(table.columns)), key=lambda j: table.columns[j].n_values)
    return [table.codes[:, j] for j in at]


def _order(reference: Encoded) -> NDArray[np.int64]:
    return np.lexsort(_keys(reference)[::-1]).astype(np.int64)


def _home(queries: Encoded, reference: Encoded) -> NDArray[np.int64]:
    """Return where each query would stand among the sorted reference rows."""
    n = reference.n_rows
    both = [np.concatenate([r, q]) for r, q in zip(_keys(reference), _keys(queries), strict=True)]
    merged = np.lexsort(both[::-1])
    is_reference = merged < n
    before = np.cumsum(is_reference)
    home = np.empty(queries.n_rows, dtype=np.int64)
    asked = ~is_reference
    home[merged[asked] - n] = np.maximum(before[asked] - 1, 0)
    return home


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
