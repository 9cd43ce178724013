"""Stratified random sampling: a simple sample in each stratum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.sampling.sample import WEIGHT, Sample, take
from niming.sampling.simple import generator, size_of
from niming.tables import Source, Table, read
from niming.tables.grouping import group
from niming.tables.hierarchy import texts

__all__ = ["Allocation", "stratified"]

Allocation: TypeAlias = Literal["proportional", "equal"] | Mapping[object, int]


def stratified(
    source: Source,
    *,
    by: str | Sequence[str],
    n: int | None = None,
    fraction: float | None = None,
    allocation: Allocation = "proportional",
    at_least: int = 0,
    seed: int,
    weight: str | None = WEIGHT,
) -> Sample:
    """Draw a simple sample in each stratum, so that every stratum has its part.

    Parameters
    ----------
    source : table
        Anything that `niming.tables.read` takes.
    by : str or sequence of str
        Columns whose combinations are the strata; missing is a stratum of its own.
    n : int, optional
        Rows to draw in all. Give this or `fraction`.
    fraction : float in (0, 1], optional
        Share to draw in all.
    allocation : {"proportional", "equal"} or mapping
        Rows of a stratum in proportion to its size, or the same for each; what a stratum cannot
        give the others make up. Or the rows of every stratum by its value (a tuple of values if
        there are several columns; None is missing), then without `n` and `fraction`.
    at_least : int, default 0
        Rows drawn of every stratum at the least, or all of a smaller one; raises the total if the
        allocation gives less.
    seed : int, at least 0
        Same seed, same rows, whatever the engine.
    weight : str or None, default ``"design_weight"``
        Name of the column of design weights N_h/n_h; None for no such column.

    Returns
    -------
    Sample

    Raises
    ------
    InputError
        As `simple`; also an unknown allocation, or a mapping that leaves out strata, names others
        or asks more of one than it has (counted).

    Notes
    -----
    Shares are made whole by largest remainders (Hamilton): parts sum to the total and differ from
    the share by less than one. A stratum that is given no row is not represented, and the weights
    then do not sum to the rows of the table; `at_least=1` avoids it.

    References
    ----------
    Cochran 1977, *Sampling Techniques*, sections 5.1 and 5.5.

    Examples
    --------
    >>> table = {"town": ["A", "A", "A", "B"]}
    >>> stratified(table, by="town", n=2, allocation="equal", seed=7).weights
    array([3., 1.])
    """
    if isinstance(allocation, str) and allocation not in ("proportional", "equal"):
        raise InputError(
            "allocation is neither 'proportional' nor 'equal' nor a mapping",
            hint="a mapping gives each stratum its number of rows",
        )
    if at_least < 0:
        raise InputError("at_least is below 0", hint="0 lets small strata go without a row")
    table = read(source)
    names = (by,) if isinstance(by, str) else tuple(by)
    stratum, sizes, labels = _strata(table, names)
    if isinstance(allocation, str):
        parts = _allocate(sizes, size_of(table.n_rows, n, fraction), allocation)
    elif n is None and fraction is None:
        parts = _asked(sizes, labels, allocation)
    else:
        raise InputError(
            "n or fraction is given beside an allocation that says how many rows",
            hint="give one of the two",
        )
    parts = np.maximum(parts, np.minimum(sizes, at_least))
    draw = generator(seed)
    order = np.argsort(stratum, kind="stable")
    ends = np.cumsum(sizes)
    chosen = [
        order[end - size : end][draw.choice(size, part, replace=False, shuffle=False)]
        for size, part, end in zip(sizes.tolist(), parts.tolist(), ends.tolist(), strict=True)
        if part
    ]
    positions = np.sort(np.concatenate(chosen))
    weights = (sizes / np.maximum(parts, 1))[stratum[positions]]
    drawn = take(table, positions, weights, weight)
    return Sample(drawn, positions, weights, table.n_rows, "stratified", seed, names)


def _strata(
    table: Table, names: tuple[str, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[tuple[str | None, ...]]]:
    """Return the stratum of each row, its number of rows and its values, in their order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not names:
        raise InputError("no columns to stratify by", hint="name at least one, or use simple()")
    table.require(names, asked_by="by")
    codes, spans, values = [], [], []
    for column in table.arrow(names).columns:
        array = pa.chunked_array(column).combine_chunks()
        if not pa.types.is_dictionary(array.type):
            array = array.dictionary_encode()
        order = pc.sort_indices(array.dictionary).to_numpy()
        rank = np.empty(len(order) + 1, dtype=np.int64)
        rank[order] = np.arange(len(order))
        rank[-1] = -1  # index -1, missing, reads the last entry
        codes.append(rank[array.indices.fill_null(-1).to_numpy(zero_copy_only=False)])
        spans.append(len(order))
        known = texts(array.dictionary.take(pa.array(order)).to_numpy(zero_copy_only=False))
        values.append([*known.tolist(), None])  # code -1, missing, reads the last entry
    keys = np.column_stack(codes)
    groups = group(keys, spans, lowest=-1)
    labels = [
        tuple(known[code] for known, code in zip(values, row, strict=True))
        for row in keys[groups.first].tolist()
    ]
    return groups.group_of, np.bincount(groups.group_of, minlength=len(groups.first)), labels


def _asked(
    sizes: NDArray[np.int64],
    labels: list[tuple[str | None, ...]],
    allocation: Mapping[object, int],
) -> NDArray[np.int64]:
    """Return the rows of each stratum as the mapping asks."""
    wanted = {
        tuple(texts(key if isinstance(key, tuple) else (key,)).tolist()): rows
        for key, rows in allocation.items()
    }
    unknown, left_out = set(wanted) - set(labels), set(labels) - set(wanted)
    if unknown or left_out:
        raise InputError(
            f"the allocation names {len(unknown)} strata that are not in the table, and leaves "
            f"out {len(left_out)} that are",
            hint="name every stratum; 0 draws none of it",
        )
    parts = np.array([wanted[label] for label in labels])
    if parts.dtype.kind not in "iu" or (parts < 0).any() or not parts.any():
        raise InputError(
            "the allocation is not of whole numbers of at least 0, one above 0",
            hint="give each stratum its number of rows, not a share",
        )
    if over := int((parts > sizes).sum()):
        raise InputError(
            f"the allocation asks more rows of {over} strata than they have",
            hint="ask for fewer, or use allocation='equal': others then make up",
        )
    return parts.astype(np.int64)


def _allocate(sizes: NDArray[np.int64], total: int, allocation: str) -> NDArray[np.int64]:
    """Return the rows of each stratum, at most its size, that sum to `total`."""
    if allocation == "proportional":
        return _whole(sizes * (total / sizes.sum()), total)
    parts = np.zeros(len(sizes), dtype=np.int64)
    left = total
    while left:
        room = np.flatnonzero(parts < sizes)
        even = np.zeros(len(sizes))
        even[room] = left / len(room)
        parts = np.minimum(sizes, parts + _whole(even, left))
        left = total - int(parts.sum())
    return parts


def _whole(shares: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Make shares whole by largest remainders; ties go to the earlier stratum."""
    parts = np.floor(shares + 1e-9).astype(np.int64)
    left = total - int(parts.sum())
    largest = np.argsort(-(shares - parts), kind="stable")[:left]
    parts[largest] += 1
    return parts
