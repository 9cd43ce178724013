"""Minimal sample uniques: the smallest sets of columns on which a record is alone.

A set of columns singles out a record if no other agrees with it on all of them, and is minimal if
no part of it does. The search goes depth first, as that of SUDA2 (Manning, Haglin and Keane 2008),
but over sets of columns and the groups of all rows rather than over single values and their rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from niming.risk.classes import Missing
from niming.risk.column_sets import MOST_SETS, SortedClasses, check_sets
from niming.tables import Classes

__all__ = ["MinimalUniques", "minimal_uniques"]


class MinimalUniques(NamedTuple):
    """Minimal sample uniques, each with its class and its columns.

    Attributes
    ----------
    class_of : ndarray of shape (n_minimal,), int64
        That class is one record.
    columns : ndarray of shape (n_minimal,), int64
        Bit j is set if quasi-identifier j is in the set.
    """

    class_of: NDArray[np.int64]
    columns: NDArray[np.int64]


class _Groups(NamedTuple):
    """Groups of rows in which somebody may yet be told from all others; see the kernel."""

    row: NDArray[np.int32]
    start: NDArray[np.int32]


class _Node(NamedTuple):
    """A set of columns, as bits and counted, and for each column before them what it may split."""

    mask: int
    size: int
    groups: list[_Groups]


class _Found:
    """The minimal sets of each row by size, as linked lists in arrays that grow."""

    def __init__(self, max_size: int, n_rows: int) -> None:
        self.n = 0
        self.head = np.full((max_size, n_rows), -1, dtype=np.int32)
        self.mask = np.empty(n_rows, dtype=np.int64)
        self.row = np.empty(n_rows, dtype=np.int32)
        self.link = np.empty(n_rows, dtype=np.int32)

    def add(self, alone: NDArray[np.int32], mask: int, size: int) -> None:
        """Keep `mask` for the rows of which no part of it is kept yet."""
        from niming.risk.suda_kernel import keep_minimal

        if self.n + len(alone) > len(self.mask):
            more = self.n + len(alone)
            self.mask = np.concatenate([self.mask, np.empty(more, dtype=np.int64)])
            self.row = np.concatenate([self.row, np.empty(more, dtype=np.int32)])
            self.link = np.concatenate([self.link, np.empty(more, dtype=np.int32)])
        self.n = keep_minimal(alone, mask, size, self.head, self.mask, self.row, self.link, self.n)


def minimal_uniques(
    classes: Classes,
    *,
    max_size: int,
    missing: Missing = "own-value",
    max_sets: int = MOST_SETS,
) -> MinimalUniques:
    """Find the minimal sample uniques of all classes.

    Parameters
    ----------
    classes : Classes
    max_size : int >= 1
        Largest set to look at.
    missing : {"own-value", "matches-anything"}, default "own-value"
    max_sets : int >= 1, default 1048576
        Refuse if more sets of columns that vary would be looked at.

    Returns
    -------
    MinimalUniques

    Raises
    ------
    InputError
        More column sets than `max_sets`, counted.

    Notes
    -----
    A set is reached from the set without its first column, by splitting the groups that agree on
    that by the column. Whoever is alone is left out from there on: nobody agrees with that record
    on more columns, so it keeps nobody from being alone either. Rows that are equal in all columns
    still to come are merged, and groups in which nobody can be alone are dropped. Sets are visited
    in ascending order as binary numbers, so every part of a set comes before it, and a record that
    is alone on a set is minimal there unless a part of the set was kept for it. O(n_sets · n_rows)
    at most.

    Examples
    --------
    >>> from niming.risk.classes import classes_of
    >>> table = {"age": [34, 34, 51], "sex": ["F", "M", "M"]}
    >>> found = minimal_uniques(classes_of(table, quasi_identifiers=["age", "sex"]), max_size=2)
    >>> sorted(zip(found.class_of.tolist(), found.columns.tolist()))  # (34, F), (34, M), (51, M)
    [(0, 2), (1, 3), (2, 1)]
    """
    from niming.risk.suda_kernel import merge, split

    if classes.size.sum() == 1:  # nobody else is there: alone on any column, whatever it holds
        n_columns = len(classes.quasi_identifiers)
        return MinimalUniques(np.zeros(n_columns, dtype=np.int64), 1 << np.arange(n_columns))
    table = SortedClasses.of(classes, missing, constant=False)
    n_columns, n_rows = table.codes.shape
    check_sets(n_columns, max_size, max_sets)
    first_known = np.full(n_rows, n_columns, dtype=np.int32)
    for c in reversed(range(n_columns)):
        first_known[table.codes[c] >= 0] = c

    def merged(groups: _Groups, n: int) -> list[_Groups]:
        """Return for each of the first `n` columns the groups, rows equal up to it merged."""
        out = []
        for j in reversed(range(n)):
            if table.prefix[j][-1] < n_rows - 1:  # else all rows differ by then
                groups = _Groups(*merge(table.prefix[j], first_known, j + 1, *groups))
            out.append(groups)
        return out[::-1]

    found = _Found(min(max_size, n_columns), n_rows)
    room = np.zeros((4, max(table.n_values, default=0)), dtype=np.int32)
    rows = np.arange(n_rows, dtype=np.int32)
    everybody = _Groups(
        np.where(table.records == 1, rows, ~rows), np.array([0, n_rows], dtype=np.int32)
    )
    stack = [(_Node(0, 0, merged(everybody, n_columns)), iter(range(n_columns)))]
    while stack:
        node, columns = stack[-1]
        if (j := next(columns, -1)) < 0:
            stack.pop()
            continue
        mask, size = node.mask | 1 << j, node.size + 1
        last = j == 0 or size == max_size
        row, start, alone = split(table.codes[j], room, *node.groups[j], last)
        if len(alone):
            found.add(alone, mask, size)
        if len(row):
            groups = merged(_Groups(row, start), j)
            stack.append((_Node(mask, size, groups), iter(range(j))))
    of = table.class_of[found.row[: found.n]]
    return MinimalUniques(of, table.columns_of(found.mask[: found.n]))
