"""Which classes agree with which, where a missing or suppressed quasi-identifier is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from niming.tables import Classes
from niming.tables.grouping import group

__all__ = ["Link", "agreements"]

_BLOCK = 2**24  # classes times links that are held at a time, 4 bytes each
_DENSE = 2**21  # pairs of classes compared at a time
_FEW = 8  # so few classes are compared with all others sooner than grouped with them
_GROUPING = 10**5  # comparisons of two classes that take as long as one small grouping
_DENSE_COLUMNS = 3  # columns compared for every pair; the rest only for the pairs still equal


class Link(NamedTuple):
    """Classes that agree with some of the classes at hand, by groups.

    Attributes
    ----------
    at : ndarray of shape (n_at_hand,), int32
        The group of each class at hand.
    others : ndarray of shape (n_others,), int64
        Classes; those of a group agree with all classes at hand of that group.
    group_of : ndarray of shape (n_others,), int64
    n_groups : int
    """

    at: NDArray[np.int32]
    others: NDArray[np.int64]
    group_of: NDArray[np.int64]
    n_groups: int


def agreements(classes: Classes) -> Iterator[tuple[NDArray[np.int64], list[Link]]]:
    """Return for some classes after others which classes agree with them, until all had a turn.

    Two classes agree if their codes are equal in every quasi-identifier that both know.

    Parameters
    ----------
    classes : Classes

    Yields
    ------
    rows : ndarray of shape (n_at_hand,), int64
        Classes at hand; each class once in all.
    links : list of Link
        Each class that agrees with ``rows[i]``, itself included, is in the group ``at[i]`` of
        exactly one of them, once.

    Notes
    -----
    Classes are split by pattern, the set of columns they know. A pattern of many classes meets
    all patterns that share the same columns with it in one grouping on these, O(n_classes log
    n_classes) for all of them. Classes of rare patterns are compared with every class, O(n_classes
    · q) a class in vectors of pairs. With random gaps in 60 columns nearly all patterns are rare:
    10⁴ classes take seconds and 10⁵ take a hundred times as long.

    Examples
    --------
    >>> from niming.tables import count
    >>> table = {"sex": ["F", "M", None], "town": ["A", "A", "A"]}
    >>> classes = count(table, ["sex", "town"]).classes(["sex", "town"])
    >>> [(rows.tolist(), links[0].others.tolist()) for rows, links in agreements(classes)]
    [([0, 1, 2], [0, 1, 2, 0, 1, 0, 2])]
    """
    codes = classes.codes
    known = codes >= 0
    n_columns = codes.shape[1]
    sizes = [int(top) + 1 for top in codes.max(axis=0)]
    patterns = group(known.astype(np.int8), [2] * n_columns)
    knows = known[patterns.first].astype(np.int8)
    in_order = np.argsort(patterns.group_of, kind="stable")
    members = np.split(in_order, np.cumsum(np.bincount(patterns.group_of))[:-1])
    rare = []
    for own, mine in zip(knows, members, strict=True):
        if len(mine) <= _FEW:
            rare.append(mine)
            continue
        shared = knows & own
        sets = group(shared, [2] * n_columns)
        n_sets = len(sets.first)
        if n_sets * _GROUPING > len(mine) * len(codes):
            rare.append(mine)
            continue
        set_of = sets.group_of[patterns.group_of]
        by_set = np.argsort(set_of, kind="stable")
        ends = np.cumsum(np.bincount(set_of))[:-1]
        meetings = [
            (np.flatnonzero(shared[first]), others)
            for first, others in zip(sets.first, np.split(by_set, ends), strict=True)
        ]
        step = max(_BLOCK // n_sets, 1)
        for start in range(0, len(mine), step):
            rows = mine[start : start + step]
            yield rows, [_grouped(codes, sizes, rows, others, at) for at, others in meetings]
    if rare:
        yield from _compared(codes, known, np.concatenate(rare), np.argsort(sizes)[::-1])


def _grouped(
    codes: NDArray[np.int32],
    sizes: list[int],
    rows: NDArray[np.int64],
    others: NDArray[np.int64],
    at: NDArray[np.int64],
) -> Link:
    both = np.concatenate([rows, others])
    groups = group(codes[np.ix_(both, at)], [sizes[j] for j in at])
    split = len(rows)
    mine = groups.group_of[:split].astype(np.int32)
    return Link(mine, others, groups.group_of[split:], len(groups.first))


def _compared(
    codes: NDArray[np.int32],
    known: NDArray[np.bool_],
    rare: NDArray[np.int64],
    columns: NDArray[np.int64],
) -> Iterator[tuple[NDArray[np.int64], list[Link]]]:
    """Compare `rare` classes with all classes, the columns of most values first."""
    by_column = np.ascontiguousarray(codes.T)
    unknown = np.ascontiguousarray(~known.T)
    step = max(_DENSE // len(codes), 1)
    for start in range(0, len(rare), step):
        rows = rare[start : start + step]
        agree = np.ones((len(rows), len(codes)), dtype=bool)
        for j in columns[:_DENSE_COLUMNS]:
            equal = by_column[j, rows, None] == by_column[j]
            agree &= equal | unknown[j] | unknown[j, rows, None]
        mine, others = np.nonzero(agree)
        for j in columns[_DENSE_COLUMNS:]:
            one, other = rows[mine], others
            keep = by_column[j, one] == by_column[j, other]
            keep |= unknown[j, one] | unknown[j, other]
            mine, others = mine[keep], others[keep]
        yield rows, [Link(np.arange(len(rows), dtype=np.int32), others, mine, len(rows))]
