"""The compiled heart of `niming.risk.attacks.neighbours`: one scan of blocks of like rows.

Columns stand apart, so that a block is compared many rows at a time: first the short codes, as
bytes, then what is left of the block as float32. A block whose bounding box is too far is skipped.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["BLOCK", "boxes", "scan"]

BLOCK = 64
"""Rows a block: as many bytes as a wide vector register holds."""

_ONE = np.float32(1)
_ZERO = np.float32(0)


@njit(cache=True, nogil=True)
def boxes(
    narrow: NDArray[np.uint8], numbers: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """Return the smallest and largest code and number of each column in each block.

    Parameters
    ----------
    narrow : ndarray of shape (n_narrow, n)
    numbers : ndarray of shape (n_numbers, n)

    Returns
    -------
    tuple of ndarray of shape (n_blocks, n_narrow) twice, then (n_blocks, n_numbers) twice
    """
    n = narrow.shape[1]
    n_blocks = (n + BLOCK - 1) // BLOCK
    low_code = np.empty((n_blocks, narrow.shape[0]), np.uint8)
    high_code = np.empty((n_blocks, narrow.shape[0]), np.uint8)
    low = np.empty((n_blocks, numbers.shape[0]), np.float32)
    high = np.empty((n_blocks, numbers.shape[0]), np.float32)
    for b in range(n_blocks):
        start, stop = b * BLOCK, min(n, (b + 1) * BLOCK)
        for c in range(narrow.shape[0]):
            low_code[b, c] = narrow[c, start:stop].min()
            high_code[b, c] = narrow[c, start:stop].max()
        for c in range(numbers.shape[0]):
            low[b, c] = numbers[c, start:stop].min()
            high[b, c] = numbers[c, start:stop].max()
    return low_code, high_code, low, high


@njit(cache=True, nogil=True)
def scan(
    q_narrow: NDArray[np.uint8],
    q_wide: NDArray[np.int32],
    q_numbers: NDArray[np.float32],
    home: NDArray[np.int64],
    narrow: NDArray[np.uint8],
    wide: NDArray[np.int32],
    numbers: NDArray[np.float32],
    row: NDArray[np.int64],
    low_code: NDArray[np.uint8],
    high_code: NDArray[np.uint8],
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    distances: NDArray[np.float32],
    indices: NDArray[np.int64],
) -> None:
    """Fill `distances` (sums over columns) and `indices`, both of shape (n_queries, k).

    Parameters
    ----------
    q_narrow, q_wide, q_numbers : ndarray of shape (n_queries, n_columns of the kind)
    home : ndarray of shape (n_queries,)
        Block to begin with: where a near row is likely, so that most blocks are skipped.
    narrow, wide, numbers : ndarray of shape (n_columns of the kind, n)
        Reference rows, like beside like.
    row : ndarray of shape (n,)
        Where each reference row stood in the caller's table; ties go to the lowest.
    low_code, high_code, low, high : ndarray
        From `boxes`.
    distances, indices : ndarray of shape (n_queries, k)

    Notes
    -----
    A distance is the count of unequal codes, plus |a - b| of each number capped at 1, added in
    the order of the columns in float32. Rounding is monotone, so no partial sum exceeds its total
    and whatever is skipped is no nearer. A bounding box adds no more terms than its rows, in the
    same order, each at most as large, so its sum bounds theirs.
    """
    n = narrow.shape[1]
    n_blocks = low.shape[0]
    k = distances.shape[1]
    unequal = np.empty(BLOCK, np.uint8)
    sums = np.empty(BLOCK, np.float32)
    for i in range(len(home)):
        best, at = distances[i], indices[i]
        best[:] = np.inf
        at[:] = -1
        for step in range(n_blocks):
            b = home[i] + step
            if b >= n_blocks:
                b -= n_blocks
            limit = best[k - 1]
            apart = 0
            for c in range(narrow.shape[0]):
                apart += (q_narrow[i, c] < low_code[b, c]) | (q_narrow[i, c] > high_code[b, c])
            bound = np.float32(apart)
            if bound > limit:
                continue
            for c in range(numbers.shape[0]):
                x = q_numbers[i, c]
                gap = max(low[b, c] - x, x - high[b, c], _ZERO)
                bound += min(gap, _ONE)
            if bound > limit:
                continue
            start = b * BLOCK
            size = min(BLOCK, n - start)
            unequal[:] = 0
            for c in range(narrow.shape[0]):
                code = q_narrow[i, c]
                column = narrow[c, start : start + size]
                for t in range(size):
                    unequal[t] += np.uint8(column[t] != code)
            fewest = np.uint8(255)
            for t in range(size):
                fewest = min(fewest, unequal[t])
            if np.float32(fewest) > limit:
                continue
            for t in range(size):
                sums[t] = np.float32(unequal[t])
            for c in range(wide.shape[0]):
                wanted = q_wide[i, c]
                others = wide[c, start : start + size]
                for t in range(size):
                    sums[t] += _ONE if others[t] != wanted else _ZERO
            for c in range(numbers.shape[0]):
                x = q_numbers[i, c]
                values = numbers[c, start : start + size]
                for t in range(size):
                    gap = abs(values[t] - x)
                    sums[t] += gap if gap < _ONE else _ONE
            nearest = np.float32(np.inf)
            for t in range(size):
                nearest = sums[t] if sums[t] < nearest else nearest
            if nearest > limit:
                continue
            for t in range(size):
                d, r = sums[t], row[start + t]
                if d > best[k - 1] or (d == best[k - 1] and r > at[k - 1] >= 0):
                    continue
                p = k - 1
                while p > 0 and (best[p - 1] > d or (best[p - 1] == d and at[p - 1] > r)):
                    best[p], at[p] = best[p - 1], at[p - 1]
                    p -= 1
                best[p], at[p] = d, r
