"""Which classes agree with which, where a missing or suppressed quasi-identifier is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.tables import Classes
from niming.tables.grouping import group

__all__ = ["Link", "Numbers", "agreeing_sums", "agreements"]

Numbers: TypeAlias = NDArray[np.int64] | NDArray[np.float64]
"""One number a class: whole, or in floating point."""

_BLOCK = 2**24  # classes times links that are held at a time, 4 bytes each
_DENSE = 2**21  # pairs of classes compared at a time
_FEW = 8  # so few classes are compared with all others sooner than grouped with them
_GROUPING = 10**5  # comparisons of two classes that take as long as one small grouping
_DENSE_COLUMNS = 3  # columns compared for every pair; the rest only for the pairs still equal
_LIMIT = 2**62  # keys stay below this: int64 never wraps
_KEYS = 2**16  # keys looked up at a time: they stay in the processor's cache
_ASKED = 2**20  # keys asked for at a time, unless one class asks for more
_SINGLE = 2  # so few classes of a pattern are compared sooner than looked up
_COMPARISONS = 16  # comparisons of two classes that take as long as asking for one key
_ODD = -7046029254386353131  # 2**64 over the golden ratio, as int64 (Knuth, vol. 3, 6.4)


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


def agreeing_sums(classes: Classes, values: Numbers) -> Numbers:
    """Sum `values` over the classes that agree with each class, without naming these.

    Parameters
    ----------
    classes : Classes
    values : ndarray of shape (n_classes,)

    Returns
    -------
    ndarray of shape (n_classes,)
        Of the type of `values`; agreement is that of `agreements`, and each class has its own.

    Notes
    -----
    The known codes of a class are one mixed-radix key, in which an unknown code is the digit 0.
    Classes are split by pattern, the set of columns they know, the smallest patterns first. Each
    pattern meets all larger ones at once: these drop the digits that it does not know, its own
    classes ask for one key a set of columns shared with any of them, and whoever has a key that
    is asked for agrees. A table of hashes tells nearly all others apart. Both sides of a pair are
    summed when it is found. This takes O(n_patterns · n_classes) steps of a few nanoseconds, and
    O(n_shared_sets) keys a class.

    Patterns of one or two classes, and those that meet nearly as many patterns as there are
    classes, are compared with every class. Columns without gaps count as one. Where the columns
    with gaps have more than 2**62 combinations, the sums are taken over `agreements`.

    Examples
    --------
    >>> from niming.tables import count
    >>> table = {"sex": ["F", "M", None], "town": ["A", "A", "A"]}
    >>> classes = count(table, ["sex", "town"]).classes(["sex", "town"])
    >>> agreeing_sums(classes, classes.size)
    array([3, 2, 2])
    """
    digits, radices = _digits(classes.codes)
    strides, radix = [], 1
    for size in radices:
        strides.append(radix)
        radix *= size
    if radix >= _LIMIT:
        return _sums_by_link(classes, values)
    key = np.zeros(classes.n_classes, dtype=np.int64)
    for digit, stride in zip(digits, strides, strict=True):
        key += digit * np.int64(stride)
    # A class with a missing code and one with a suppressed code there may be equal in all else.
    _, first, same = np.unique(key, return_index=True, return_inverse=True)
    patterns = group((digits[:, first] > 0).T.astype(np.int8), [2] * len(digits))
    lengths = np.bincount(patterns.group_of)
    by_length = np.argsort(lengths, kind="stable")
    place = np.empty_like(by_length)
    place[by_length] = np.arange(len(by_length))
    order = np.argsort(place[patterns.group_of], kind="stable")
    at = first[order]
    own = np.zeros_like(values)[: len(at)]
    np.add.at(own, same, values)
    by_class = _sums_by_key(
        key[at],
        np.ascontiguousarray(digits[:, at]),
        np.array(strides, dtype=np.int64),
        np.append(0, np.cumsum(lengths[by_length])),
        own[order],
    )
    out = np.empty_like(by_class)
    out[order] = by_class
    return out[same]


def _digits(codes: NDArray[np.int32]) -> tuple[NDArray[np.int32], list[int]]:
    """Return the columns with gaps, unknown as 0, and the columns without as one; their radices."""
    gaps = (codes < 0).any(axis=0)
    digits = [np.maximum(codes[:, j], -1) + 1 for j in np.flatnonzero(gaps)]
    radices = [int(digit.max()) + 1 for digit in digits]
    if not gaps.all():
        whole = codes[:, ~gaps]
        groups = group(whole, [int(top) + 1 for top in whole.max(axis=0)])
        digits.append((groups.group_of + 1).astype(np.int32))
        radices.append(len(groups.first) + 1)
    return np.array(digits, dtype=np.int32), radices


def _sums_by_link(classes: Classes, values: Numbers) -> Numbers:
    out = np.zeros_like(values)
    for rows, links in agreements(classes):
        for link in links:
            sums = np.zeros(link.n_groups, dtype=values.dtype)
            np.add.at(sums, link.group_of, values[link.others])
            out[rows] += sums[link.at]
    return out


def _sums_by_key(
    key: NDArray[np.int64],
    digits: NDArray[np.int32],
    strides: NDArray[np.int64],
    starts: NDArray[np.int64],
    values: Numbers,
) -> Numbers:
    """Sum over distinct classes that stand pattern by pattern, pattern i from ``starts[i]`` on."""
    out = values.copy()
    knows = digits[:, starts[:-1]] > 0
    lengths = np.diff(starts)
    larger = np.arange(len(lengths))[::-1]  # patterns that are yet to be met
    n_rare = int(np.sum((lengths <= _SINGLE) | (larger * _COMPARISONS > len(key))))
    if n_rare:
        _meet_rare(digits, int(starts[n_rare]), values, out)
    for i in range(n_rare, len(lengths) - 1):
        known = knows[:, i]
        shared = knows[known, i + 1 :].T.astype(np.int8)
        sets = shared[group(shared, [2] * shared.shape[1]).first].astype(np.int64)
        unknown = np.flatnonzero(~known)
        end = int(starts[i + 1])
        step = max(_ASKED // len(sets), 1)
        for first in range(int(starts[i]), end, step):
            mine = slice(first, min(first + step, end))
            asked = (digits[known, mine].T * strides[known]) @ sets.T
            _meet(key, digits, strides, unknown, asked, mine, end, values, out)
    return out


def _meet(
    key: NDArray[np.int64],
    digits: NDArray[np.int32],
    strides: NDArray[np.int64],
    unknown: NDArray[np.int64],
    asked: NDArray[np.int64],
    mine: slice,
    end: int,
    values: Numbers,
    out: Numbers,
) -> None:
    """Add to the classes `mine` and to those from `end` on what they are to each other."""
    wanted, at = np.unique(asked, return_inverse=True)
    at = at.reshape(asked.shape)
    given = np.zeros(len(wanted), dtype=values.dtype)
    np.add.at(given, at, values[mine, None])
    taken = np.zeros_like(given)
    bits = len(wanted).bit_length() + 3
    shift, mask = np.int64(64 - bits), np.int64((1 << bits) - 1)
    likely = np.zeros(1 << bits, dtype=bool)
    likely[((wanted * _ODD) >> shift) & mask] = True
    for start in range(end, len(key), _KEYS):
        rows = slice(start, start + _KEYS)
        theirs = key[rows].copy()
        for j in unknown:
            theirs -= digits[j, rows] * strides[j]
        hits = np.flatnonzero(likely[((theirs * _ODD) >> shift) & mask])
        position = np.searchsorted(wanted, theirs[hits])
        position[position == len(wanted)] = 0
        found = wanted[position] == theirs[hits]
        hits, position = hits[found] + start, position[found]
        np.add.at(taken, position, values[hits])
        out[hits] += given[position]
    out[mine] += taken[at].sum(axis=1)


def _meet_rare(digits: NDArray[np.int32], n_rare: int, values: Numbers, out: Numbers) -> None:
    """Add to the first `n_rare` classes, and to all others, what they are to each other."""
    columns = np.argsort(digits.max(axis=1))[::-1]
    for rows, links in _compared(digits.T, digits.T > 0, np.arange(n_rare), columns):
        for link in links:
            one, other = rows[link.group_of], link.others
            apart = one != other
            np.add.at(out, one[apart], values[other[apart]])
            often = other >= n_rare
            np.add.at(out, other[often], values[one[often]])


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
