"""The compiled heart of `niming.risk.quasi_identifiers`: count the groups that a column makes.

Groups of rows stand in three arrays: `row`, (n_members,) int32, and `n`, (n_members,) int64, hold
rows and their records group by group, rows ascending in each; group g is ``start[g]:start[g + 1]``.
Only groups of at least two rows are carried on, because nothing splits the others: these are
counted, in arrays of three: groups, pairs of records within a group, records alone in theirs.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["merge", "split", "tally"]


@njit(cache=True, error_model="numpy")
def tally(counted: NDArray[np.int64], records: int) -> None:
    """Count one group of so many records."""
    counted[0] += 1
    counted[1] += records * (records - 1) // 2
    counted[2] += records == 1


@njit(cache=True, error_model="numpy")
def split(
    column: NDArray[np.int32],
    room: NDArray[np.int64],
    row: NDArray[np.int32],
    n: NDArray[np.int64],
    start: NDArray[np.int32],
    last: bool,
) -> tuple[
    NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]
]:
    """Split groups by a column.

    Parameters
    ----------
    column : (n_rows,), int32
        Codes from 0.
    room : (3, n_values), int64
        To count in. The first two rows are zero between calls.
    row, n, start
        The groups.
    last : bool
        Whether the new groups are not needed.

    Returns
    -------
    row, n, start
        The new groups of at least two rows; empty if `last`.
    every, single : (3,), int64
        Counts over all new groups, and over those of one row.
    """
    members, records, touched = room[0], room[1], room[2]
    out = np.empty(0 if last else len(row), dtype=np.int32)
    sizes = np.empty(len(out), dtype=np.int64)
    edges = np.empty(1 if last else len(row) // 2 + 1, dtype=np.int32)
    edges[0] = 0
    every, single = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
    n_out = n_groups = 0
    for g in range(len(start) - 1):
        n_touched = 0
        for at in range(start[g], start[g + 1]):
            v = column[row[at]]
            if members[v] == 0:
                touched[n_touched] = v
                n_touched += 1
            members[v] += 1
            records[v] += n[at]
        n_kept = 0
        for t in range(n_touched):
            v = touched[t]
            tally(every, records[v])
            if members[v] == 1:
                tally(single, records[v])
            elif not last:
                n_groups += 1
                begin = n_out
                n_out += members[v]
                edges[n_groups] = n_out
                touched[n_kept] = v  # never past t
                n_kept += 1
                records[v] = ~begin  # negative: where the next row of a new group goes
                members[v] = 0
                continue
            members[v] = 0
            records[v] = 0
        if n_kept == 0:
            continue
        for at in range(start[g], start[g + 1]):
            v = column[row[at]]
            if records[v] < 0:
                to = ~records[v]
                out[to] = row[at]
                sizes[to] = n[at]
                records[v] -= 1
        for t in range(n_kept):
            records[touched[t]] = 0
    return out[:n_out], sizes[:n_out], edges[: n_groups + 1], every, single


@njit(cache=True, error_model="numpy")
def merge(
    prefix: NDArray[np.int32],
    row: NDArray[np.int32],
    n: NDArray[np.int64],
    start: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """Merge rows that the first columns cannot tell apart.

    Parameters
    ----------
    prefix : (n_rows,), int32
        Equal for rows that are equal in the first columns, and ascending.
    row, n, start
        The groups.

    Returns
    -------
    row, n, start
        The groups that still have two rows.
    single : (3,), int64
        Counts over the others.
    """
    out, sizes, edges = np.empty_like(row), np.empty_like(n), np.empty_like(start)
    edges[0] = 0
    single = np.zeros(3, dtype=np.int64)
    n_out = n_groups = 0
    for g in range(len(start) - 1):
        to = n_out
        previous = np.int32(-1)
        for at in range(start[g], start[g + 1]):
            here = prefix[row[at]]
            if here == previous:
                sizes[to - 1] += n[at]
            else:
                previous = here
                out[to] = row[at]
                sizes[to] = n[at]
                to += 1
        if to == n_out + 1:
            tally(single, sizes[n_out])
        else:
            n_out = to
            n_groups += 1
            edges[n_groups] = n_out
    return out[:n_out].copy(), sizes[:n_out].copy(), edges[: n_groups + 1].copy(), single
