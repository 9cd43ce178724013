"""The inner loop of distance-based record linkage: every target against every released record."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["SLACK", "closest"]

SLACK = 1e-9
"""Distances no further apart than this are equal: sums of a few doubles between 0 and 1."""


@njit(cache=True, nogil=True)
def _distance(
    one: NDArray[np.int32],
    other: NDArray[np.int32],
    level: NDArray[np.int32],
    level_at: NDArray[np.int64],
    becomes: NDArray[np.int32],
    becomes_at: NDArray[np.int64],
    n_values: NDArray[np.int64],
    number: NDArray[np.float64],
    shown: NDArray[np.float64],
    is_number: NDArray[np.bool_],
    enough: float,
) -> float:
    """Sum the distances of the cells; stop where they pass `enough`."""
    total = 0.0
    for c in range(len(one)):
        a, b = one[c], other[c]
        if a < 0 or b < 0:
            if a >= 0 or b >= 0:
                total += 0.5
        elif is_number[c]:
            total += abs(number[becomes_at[c] + a] - shown[level_at[c] + b])
        elif becomes[becomes_at[c] + level[level_at[c] + b] * n_values[c] + a] != b:
            total += 1.0
        if total > enough:
            return total
    return total


@njit(cache=True, nogil=True)
def closest(
    targets: NDArray[np.int32],
    released: NDArray[np.int32],
    weight: NDArray[np.int64],
    own: NDArray[np.int64],
    level: NDArray[np.int32],
    level_at: NDArray[np.int64],
    becomes: NDArray[np.int32],
    becomes_at: NDArray[np.int64],
    n_values: NDArray[np.int64],
    number: NDArray[np.float64],
    shown: NDArray[np.float64],
    is_number: NDArray[np.bool_],
    least: NDArray[np.float64],
    ties: NDArray[np.int64],
    hit: NDArray[np.bool_],
) -> None:
    """Find the least distance of each target, the records at it, and whether its own is there.

    Parameters
    ----------
    targets, released : ndarray of shape (n, n_columns), int32
        Codes; negative where unknown.
    weight : ndarray of shape (n_released,), int64
        Records of each combination.
    own : ndarray of shape (n_targets,), int64
        The combination of the target's own record; negative for none.
    level, level_at, becomes, becomes_at, n_values, number, shown, is_number : ndarray
        The columns of `Compared`, one after the other, and where each begins; numbers scaled.
    least, ties, hit : ndarray of shape (n_targets,)
        Filled.
    """
    for i in range(len(targets)):
        best, n = np.inf, 0
        for j in range(len(released)):
            d = _distance(
                targets[i], released[j], level, level_at, becomes, becomes_at, n_values,
                number, shown, is_number, best + SLACK,
            )  # fmt: skip
            if d < best - SLACK:
                best, n = d, weight[j]
            elif d <= best + SLACK:
                n += weight[j]
        least[i], ties[i], hit[i] = best, n, False
        if own[i] >= 0:
            d = _distance(
                targets[i], released[own[i]], level, level_at, becomes, becomes_at, n_values,
                number, shown, is_number, np.inf,
            )  # fmt: skip
            hit[i] = d <= best + SLACK
