"""The compiled heart of `niming.risk.minimal_uniques`: split groups of rows, and merge equal rows.

Rows that agree on a set of columns stand together. A group is carried on only while somebody in it
may yet be told from all others; of rows that no column to come can tell apart, one stands for all.

Members of groups, `row` and `start`, are written as follows. `row`, (n_members,) int32, holds rows
group by group, ascending in each: r could be alone, and ``~r`` only keeps others from being alone.
Group g is ``row[start[g]:start[g + 1]]``.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["keep_minimal", "merge", "split"]


@njit(cache=True, error_model="numpy")
def split(
    column: NDArray[np.int32],
    room: NDArray[np.int32],
    row: NDArray[np.int32],
    start: NDArray[np.int32],
    last: bool,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Split groups by a column and tell who is alone.

    Parameters
    ----------
    column : (n_rows,), int32
        Codes; -1 is unknown and agrees with anything.
    room : (4, n_values), int32
        To count in. The first two rows are zero between calls.
    row, start
        The groups.
    last : bool
        Whether the new groups are not needed.

    Returns
    -------
    row, start
        The new groups of at least two in which somebody could be alone.
    alone : (n_alone,), int32
        Rows that no other row of their group agrees with.

    Notes
    -----
    Whoever is alone is left out: nobody agrees with that row on more columns either. A row that is
    unknown in the column joins every new group, only to keep others from being alone.
    """
    members, touched = room[0], room[3]
    free = room[1]  # members that could be alone; -1 for a new group
    place = room[2]  # one of these; in a new group, where the next goes
    alone = np.empty(len(row), dtype=np.int32)
    out = np.empty(0 if last else len(row), dtype=np.int32)
    edges = np.empty(1 if last else len(row) // 2 + 2, dtype=np.int32)
    edges[0] = 0
    n_alone = n_out = n_groups = 0
    for g in range(len(start) - 1):
        n_touched = n_unknown = 0
        for at in range(start[g], start[g + 1]):
            r = row[at]
            v = column[r if r >= 0 else ~r]
            if v < 0:
                n_unknown += 1
                continue
            if members[v] == 0:
                touched[n_touched] = v
                n_touched += 1
            members[v] += 1
            if r >= 0:
                free[v] += 1
                place[v] = r
        n_kept = 0
        for t in range(n_touched):
            v = touched[t]
            size = members[v] + n_unknown
            members[v] = 0
            if size == 1 and free[v] == 1:
                alone[n_alone] = place[v]
                n_alone += 1
            elif free[v] > 0 and not last:
                touched[n_kept] = v  # never past t
                n_kept += 1
                if n_groups + n_kept == len(edges):
                    edges = _longer(edges)
                place[v] = n_out
                n_out += size
                edges[n_groups + n_kept] = n_out
                free[v] = -1
                continue
            free[v] = 0
        if n_kept == 0:
            continue
        n_groups += n_kept
        while n_out > len(out):  # only rows that are unknown, and so in many groups, lead to this
            out = _longer(out)
        for at in range(start[g], start[g + 1]):
            r = row[at]
            v = column[r if r >= 0 else ~r]
            if v < 0:
                for t in range(n_kept):
                    v = touched[t]
                    out[place[v]] = min(r, ~r)
                    place[v] += 1
            elif free[v] < 0:
                out[place[v]] = r
                place[v] += 1
        for t in range(n_kept):
            free[touched[t]] = 0
    return out[:n_out], edges[: n_groups + 1], alone[:n_alone]


@njit(cache=True, error_model="numpy")
def _longer(array: NDArray[np.int32]) -> NDArray[np.int32]:
    out = np.empty(2 * len(array) + 2, dtype=np.int32)
    out[: len(array)] = array
    return out


@njit(cache=True, error_model="numpy")
def merge(
    prefix: NDArray[np.int32],
    first_known: NDArray[np.int32],
    n_columns: int,
    row: NDArray[np.int32],
    start: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Merge rows that the first columns cannot tell apart.

    Parameters
    ----------
    prefix : (n_rows,), int32
        Equal for rows that are equal in the first `n_columns`, and ascending.
    first_known : (n_rows,), int32
        First column in which a row is known. One that is known in none of these columns agrees
        with all of its group, whatever comes.
    n_columns : int
    row, start
        The groups.

    Returns
    -------
    row, start
        The groups in which somebody could still be alone. Two rows that are equal never are.
    """
    out = np.empty_like(row)
    edges = np.empty_like(start)
    edges[0] = 0
    n_out = n_groups = 0
    for g in range(len(start) - 1):
        n = n_out
        n_free = 0
        previous = np.int32(-1)
        for at in range(start[g], start[g + 1]):
            r = row[at]
            k = r if r >= 0 else ~r
            if first_known[k] >= n_columns:
                n_free = 0
                break
            if prefix[k] == previous:
                if out[n - 1] >= 0:
                    out[n - 1] = ~out[n - 1]
                    n_free -= 1
            else:
                previous = prefix[k]
                out[n] = r
                n += 1
                n_free += r >= 0
        if n_free > 0:
            n_out = n
            n_groups += 1
            edges[n_groups] = n
    return out[:n_out].copy(), edges[: n_groups + 1].copy()


@njit(cache=True, error_model="numpy")
def keep_minimal(
    alone: NDArray[np.int32],
    mask: int,
    size: int,
    head: NDArray[np.int32],
    masks: NDArray[np.int64],
    owner: NDArray[np.int32],
    link: NDArray[np.int32],
    n: int,
) -> int:
    """Add `mask` to the minimal sets of the rows in `alone` that have no subset of it among them.

    The sets of s columns of a row are a linked list from ``head[s - 1, row]``: those as large as
    `mask`, which has `size`, are no part of it and are not looked at. `masks`, `owner` and `link`
    need room for len(alone) more than `n`. Returns the new `n`.
    """
    for r in alone:
        at = np.int32(-1)
        for s in range(size - 1):
            at = head[s, r]
            while at >= 0 and masks[at] & mask != masks[at]:
                at = link[at]
            if at >= 0:
                break
        if at < 0:
            masks[n] = mask
            owner[n] = r
            link[n] = head[size - 1, r]
            head[size - 1, r] = n
            n += 1
    return n
