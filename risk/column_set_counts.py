"""How many groups, pairs and uniques each set of columns makes, and what is left without a column.

Three numbers describe a set of columns: its groups, which are the distinct combinations of values;
the pairs of records that stand in one group; and the records that are alone in theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from niming.risk.column_sets import SortedClasses
from niming.tables import SUPPRESSED, Classes
from niming.tables.grouping import group

__all__ = ["SetCounts", "WithoutColumn", "count_sets", "without_columns"]

_FEW = 10_000_000
"""Classes times sets up to which plain grouping is done before the compiled walk is loaded."""


class SetCounts(NamedTuple):
    """The numbers of each set of columns.

    Attributes
    ----------
    columns : ndarray of shape (n_sets,), int64
        Bit j is set if quasi-identifier j is in the set. Ascending in size, then in the order of
        the quasi-identifiers.
    n_distinct, n_together, n_unique : ndarray of shape (n_sets,), int64
        Distinct combinations, pairs of records that are not told apart, records that are alone.
    """

    columns: NDArray[np.int64]
    n_distinct: NDArray[np.int64]
    n_together: NDArray[np.int64]
    n_unique: NDArray[np.int64]


class WithoutColumn(NamedTuple):
    """The numbers of the columns that are left when one more is dropped.

    Attributes
    ----------
    column : int
        The quasi-identifier dropped.
    n_distinct, n_together, n_unique : int
        As in `SetCounts`, of all columns not dropped so far.
    """

    column: int
    n_distinct: int
    n_together: int
    n_unique: int


class _Groups(NamedTuple):
    """Groups of at least two rows; see the kernel."""

    row: NDArray[np.int32]
    n: NDArray[np.int64]
    start: NDArray[np.int32]


class _Node(NamedTuple):
    """A set of columns, as bits and counted, and for each column before them what it may split.

    Beside the groups stands what is counted already, of rows that nothing can split.
    """

    mask: int
    size: int
    groups: list[tuple[_Groups, NDArray[np.int64]]]


def count_sets(
    classes: Classes,
    *,
    max_size: int,
    n_sets: int,
    progress: Callable[[float], None] | None = None,
) -> SetCounts:
    """Count every set of up to `max_size` quasi-identifiers, each cell a value of its own.

    Parameters
    ----------
    classes : Classes
    max_size : int >= 1
    n_sets : int
        How many sets there are.
    progress : callable, optional
        Called with the share of sets that are counted.

    Notes
    -----
    A set is reached from the set without its first column, by splitting that one's groups. Rows
    equal in all columns still to come are merged, so each marginal comes from a smaller one; groups
    of one row are counted once and left out. O(n_sets · n_classes) at most.

    Examples
    --------
    >>> from niming.risk.classes import classes_of
    >>> table = {"age": [34, 34, 51], "sex": ["F", "M", "M"]}
    >>> classes = classes_of(table, quasi_identifiers=["age", "sex"])
    >>> found = count_sets(classes, max_size=2, n_sets=3)
    >>> found.columns.tolist(), found.n_distinct.tolist(), found.n_together.tolist()
    ([1, 2, 3], [2, 2, 3], [1, 1, 0])
    """
    few = n_sets * classes.n_classes <= _FEW
    sets, numbers = (_by_grouping if few else _by_walk)(classes, max_size, progress, n_sets)
    n_columns = len(classes.quasi_identifiers)
    size = np.zeros(n_sets, dtype=np.int64)
    reverse = np.zeros(n_sets, dtype=np.int64)
    for j in range(n_columns):
        bit = sets >> j & 1
        size += bit
        reverse |= bit << (n_columns - 1 - j)
    order = np.lexsort((-reverse, size))
    distinct, together, unique = (numbers[order, c] for c in range(3))
    return SetCounts(sets[order], distinct, together, unique)


def _by_grouping(
    classes: Classes, max_size: int, progress: Callable[[float], None] | None, n_sets: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count each set by a grouping of all classes."""
    codes, size = classes.codes, classes.size
    n_values = (codes.max(axis=0) + 1).tolist()
    sets, numbers = np.empty(n_sets, dtype=np.int64), np.empty((n_sets, 3), dtype=np.int64)
    done = 0
    for wanted in range(1, max_size + 1):
        for at in map(list, combinations(range(len(n_values)), wanted)):
            groups = group(codes[:, at], [n_values[j] for j in at], lowest=SUPPRESSED)
            records = np.bincount(groups.group_of, weights=size).astype(np.int64)
            sets[done] = sum(1 << j for j in at)
            numbers[done] = _tallied(records)
            done += 1
        if progress is not None:
            progress(done / n_sets)
    return sets, numbers


def _by_walk(
    classes: Classes, max_size: int, progress: Callable[[float], None] | None, n_sets: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the sets depth first, each from the groups of a smaller set."""
    from niming.risk.column_sets_kernel import merge, split

    table = SortedClasses.of(classes, "own-value")
    n_columns, n_rows = table.codes.shape

    def merged(
        groups: _Groups, counted: NDArray[np.int64], n_left: int
    ) -> list[tuple[_Groups, NDArray[np.int64]]]:
        """Return for each of the first columns the groups, rows equal up to it merged."""
        out = []
        for j in reversed(range(n_left)):
            if table.prefix[j][-1] < n_rows - 1:  # else all rows differ by then
                row, n, start, single = merge(table.prefix[j], *groups)
                groups, counted = _Groups(row, n, start), counted + single
            out.append((groups, counted))
        return out[::-1]

    room = np.zeros((3, max(table.n_values)), dtype=np.int64)
    sets, numbers = np.empty(n_sets, dtype=np.int64), np.empty((n_sets, 3), dtype=np.int64)
    nothing = np.zeros(3, dtype=np.int64)
    everybody = merged(_everybody(table.records, np.arange(n_rows)), nothing, n_columns)
    stack = [(_Node(0, 0, everybody), iter(range(n_columns)))]
    done = 0
    while stack:
        node, columns = stack[-1]
        if (j := next(columns, -1)) < 0:
            stack.pop()
            continue
        mask, size = node.mask | 1 << j, node.size + 1
        last = j == 0 or size == max_size
        groups, counted = node.groups[j]
        row, n, start, every, single = split(table.codes[j], room, *groups, last)
        sets[done], numbers[done] = mask, counted + every
        done += 1
        if progress is not None and done % 256 in (0, n_sets % 256):
            progress(done / n_sets)
        if not last:
            below = merged(_Groups(row, n, start), counted + single, j)
            stack.append((_Node(mask, size, below), iter(range(j))))
    return table.columns_of(sets), numbers


def without_columns(
    classes: Classes, *, progress: Callable[[float], None] | None = None
) -> tuple[WithoutColumn, ...]:
    """Drop one quasi-identifier after another, each time the one whose loss helps most.

    Parameters
    ----------
    classes : Classes
    progress : callable, optional
        Called with the share of columns that are dropped.

    Returns
    -------
    tuple of WithoutColumn
        One a quasi-identifier, in the order in which they are dropped.

    Notes
    -----
    Helps most: leaves the fewest records alone, then the most pairs together, then the fewest
    combinations, then by itself tells most pairs apart, then stands first. Greedy, so that of two
    columns of which either singles people out it sees no loss before the first is gone; that is
    what the last rule but one is for.

    What is left without each of m columns is found by halving: split by one half of the columns
    for all sets that lack a column of the other. That is m log m splits a column dropped, of groups
    that soon hold few rows.

    Examples
    --------
    >>> from niming.risk.classes import classes_of
    >>> table = {"age": [34, 34, 51], "sex": ["F", "F", "M"], "town": ["A", "B", "C"]}
    >>> for step in without_columns(classes_of(table, quasi_identifiers=list(table))):
    ...     print(step.column, step.n_unique)
    2 1
    0 1
    1 0
    """
    table = SortedClasses.of(classes, "own-value")
    records = table.records.copy()
    together = [
        int(_tallied(np.bincount(codes, weights=records).astype(np.int64))[1])
        for codes in table.codes
    ]
    rows = np.arange(len(records))
    left = list(range(len(table.columns)))
    steps: list[WithoutColumn] = []
    while left:
        best = _least(table, together, left, _everybody(records, rows))
        steps.append(best.step)
        left.remove(best.at)
        row, _, start = best.groups
        if len(row):
            firsts = row[start[:-1]]
            records[firsts] = np.add.reduceat(records[row], start[:-1])
            gone = np.zeros(len(records), dtype=np.bool_)
            gone[row] = True
            gone[firsts] = False
            rows = rows[~gone[rows]]
        if progress is not None:
            progress(len(steps) / len(table.columns))
    return tuple(steps)


class _Best(NamedTuple):
    """The column to drop, by its place in the table, and the groups that the others make."""

    rank: tuple[int, int, int, int, int]
    at: int
    step: WithoutColumn
    groups: _Groups


def _least(
    table: SortedClasses, together_by_itself: list[int], left: list[int], everybody: _Groups
) -> _Best:
    """Return the column of `left` without which the others tell the fewest records apart."""
    from niming.risk.column_sets_kernel import split

    room = np.zeros((3, max(table.n_values)), dtype=np.int64)
    best: _Best | None = None
    # Ranges of `left`, with the groups that all columns outside the range make.
    open_: list[tuple[int, int, _Groups, NDArray[np.int64]]] = [
        (0, len(left), everybody, np.zeros(3, dtype=np.int64))
    ]
    while open_:
        low, high, groups, counted = open_.pop()
        if high - low > 1:
            middle = (low + high) // 2
            for inside, outside in (
                ((low, middle), left[middle:high]),
                ((middle, high), left[low:middle]),
            ):
                split_up, fixed = groups, counted
                for j in reversed(outside):
                    row, n, start, _, single = split(table.codes[j], room, *split_up, False)
                    split_up, fixed = _Groups(row, n, start), fixed + single
                open_.append((*inside, split_up, fixed))
            continue
        records = np.add.reduceat(groups.n, groups.start[:-1]) if len(groups.n) else groups.n
        distinct, together, unique = (counted + _tallied(records)).tolist()
        place = int(table.columns[left[low]])
        rank = (unique, -together, distinct, together_by_itself[left[low]], place)
        if best is None or rank < best.rank:
            step = WithoutColumn(place, distinct, together, unique)
            best = _Best(rank, left[low], step, groups)
    assert best is not None
    return best


def _everybody(records: NDArray[np.int64], rows: NDArray[np.int64]) -> _Groups:
    """Return one group of these rows."""
    return _Groups(rows.astype(np.int32), records[rows], np.array([0, len(rows)], dtype=np.int32))


def _tallied(records: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many groups of so many records there are, their pairs, and those of one."""
    pairs = int((records * (records - 1) // 2).sum())
    return np.array([len(records), pairs, np.count_nonzero(records == 1)], dtype=np.int64)
