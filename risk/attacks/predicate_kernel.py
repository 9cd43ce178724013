"""The compiled heart of `niming.risk.attacks.singling_out`: how many rows match a predicate."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["matching"]

_BLOCK = 1024  # rows a block: its marks and a block of one column stay in the first cache


@njit(cache=True, nogil=True)
def matching(
    column: NDArray[np.int64],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    codes: NDArray[np.int32],
    enough: int,
) -> NDArray[np.int64]:
    """Count the rows that match each predicate, up to `enough`.

    Parameters
    ----------
    column, low, high : ndarray of shape (n_predicates, n_terms)
        A predicate is the conjunction of its terms: the code of `column` is in [`low`, `high`].
    codes : ndarray of shape (n_columns, n_rows), C order
    enough : int
        Counting stops in the block where this many have matched, so a result of `enough` means
        at least as many.

    Returns
    -------
    ndarray of shape (n_predicates,)
    """
    n_predicates, n_terms = column.shape
    n = codes.shape[1]
    found = np.zeros(n_predicates, np.int64)
    marks = np.empty(_BLOCK, np.uint8)
    for p in range(n_predicates):
        count = 0
        for start in range(0, n, _BLOCK):
            size = min(_BLOCK, n - start)
            marks[:size] = 1
            for j in range(n_terms):
                values = codes[column[p, j], start : start + size]
                least, most = low[p, j], high[p, j]
                for t in range(size):
                    marks[t] &= np.uint8((values[t] >= least) & (values[t] <= most))
            here = 0
            for t in range(size):
                here += marks[t]
            count += here
            if count >= enough:
                count = enough
                break
        found[p] = count
    return found
