"""The compiled heart of `niming.anonymize.lattice`: one branch-and-bound walk over sorted runs.

Everything is a scan of sorted rows, no hashing. Values are numbered in the order of their tree, so
a label is a contiguous range of values at every level, and the classes of any level of the column
in hand are contiguous runs of rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from niming.anonymize.class_kernel import Conditions, Room, Whole, fails

__all__ = ["Problem", "Runs", "Spare", "State", "Walk", "advance", "suffixes"]

GEOMETRIC, ARITHMETIC, MAXIMUM, RANK = range(4)

_FEW, _FULL = 2, 4  # runs that are merged anyway; suffixes a row at which a table still pays
TIE = 1e-10  # losses nearer than this are equal: ARX floors its losses to ten decimals


class Problem(NamedTuple):
    """What does not change during a search. Columns stand in search order, j is one of them.

    Attributes
    ----------
    n, limit, k : int
        Records, records that may be suppressed, smallest class size.
    n_levels : (q,)
        Levels of a column that may be used, renumbered from 0.
    label : (q, max levels, max values), int32
        Label of a value; ascending in the value at every level.
    extra : same shape, float64
        What a record counts more when it is suppressed than when it is kept.
    base : (q, max levels)
        What all records count when they are kept.
    lowest : (q,)
        Lowest level of a column at which it alone does not suppress too much.
    least, rest : (q,)
        The least that all records count in a column, kept, and the least that each suppressed
        one adds to that.
    floor, weight : (q,)
        Smallest possible sum of a column, and its weight.
    aggregate : int
    value, below : (q, n_suffixes), int32
        Suffix s of column j is one combination of values of the columns from j on and of the
        sensitive columns: its value in column j, and what remains of it from column j + 1 on.
    joint : (q, n_suffixes), int32
        Combination of sensitive values of a suffix.
    n_suffixes : (q,)
    size : (n_suffixes of column 0,), int64
        Records.
    place : (q,)
        Where the caller's columns stand in search order.
    conditions : Conditions
    """

    n: int
    limit: int
    k: int
    n_levels: NDArray[np.int64]
    label: NDArray[np.int32]
    extra: NDArray[np.float64]
    base: NDArray[np.float64]
    lowest: NDArray[np.int64]
    least: NDArray[np.float64]
    rest: NDArray[np.float64]
    floor: NDArray[np.float64]
    weight: NDArray[np.float64]
    aggregate: int
    value: NDArray[np.int32]
    below: NDArray[np.int32]
    joint: NDArray[np.int32]
    n_suffixes: NDArray[np.int64]
    size: NDArray[np.int64]
    place: NDArray[np.int64]
    conditions: Conditions


class State(NamedTuple):
    """The best node so far, and how far the walk has come.

    Attributes
    ----------
    best : (q,), float64
        Criterion of the best node: its loss first (all losses, descending, for rank).
    levels : (q,), int64
        The best node, in search order.
    numbers : (6,), int64
        Depth (-1: done), whether a node was found, records suppressed at the best node, nodes
        evaluated, rows touched, levels summed at the best node.
    """

    best: NDArray[np.float64]
    levels: NDArray[np.int64]
    numbers: NDArray[np.int64]


DEPTH, FOUND, SUPPRESSED, EVALUATED, TOUCHED, HEIGHT = range(6)


class Runs(NamedTuple):
    """Runs of rows of one class and one value of the column in hand, each (n_cells + 1,)."""

    row: NDArray[np.int64]
    class_of: NDArray[np.int32]
    value: NDArray[np.int32]
    size: NDArray[np.int64]


class Spare(NamedTuple):
    """Two sides to merge runs from and to: rows (2, n_cells), and where runs begin.

    `dense` is zero between uses, (n_cells,).
    """

    suffix: NDArray[np.int32]
    size: NDArray[np.int64]
    edges: NDArray[np.int64]
    dense: NDArray[np.int64]


class Walk(NamedTuple):
    """The stack of a depth-first walk: entry i is the table where i columns have their level.

    Attributes
    ----------
    class_of, suffix : (q, n_cells), int32; size : (q, n_cells), int64
        Rows of the table, sorted by class, then suffix.
    n_rows, n_classes : (q,)
    parent, first : (q, n_cells), int32
        Of a class: its class one column before, and a value it has in that column.
    chosen : (q,)
        Level of each column before this one.
    order, n_open, next : (q, max levels), (q,), (q,)
        Children to visit, by their bound; how many (-1: not yet known); how many were visited.
    child : (q, max levels + 1, q), float64
        Bound of each child; the last row is to spare.
    suppressed : (q, n_cells), int64
        Records suppressed, class by class.
    spare : Spare
    runs : Runs
    room : Room
        To look at one class.
    """

    class_of: NDArray[np.int32]
    suffix: NDArray[np.int32]
    size: NDArray[np.int64]
    n_rows: NDArray[np.int64]
    n_classes: NDArray[np.int64]
    parent: NDArray[np.int32]
    first: NDArray[np.int32]
    chosen: NDArray[np.int64]
    order: NDArray[np.int64]
    n_open: NDArray[np.int64]
    next: NDArray[np.int64]
    child: NDArray[np.float64]
    suppressed: NDArray[np.int64]
    spare: Spare
    runs: Runs
    room: Room


@njit(cache=True, error_model="numpy")
def suffixes(
    cells: NDArray[np.int32], n_values: NDArray[np.int64], joint: NDArray[np.int32], n_joint: int
) -> tuple[
    NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]
]:
    """Number the suffixes of every column in lexicographic order, from the last column back.

    One stable counting sort a column: no comparison, O(n_cells) each.

    Parameters
    ----------
    cells : (q, n_cells), int32
        Values.
    joint : (n_cells,), int32
        Combination of sensitive values.

    Returns
    -------
    value, below, joint
        As in `Problem`.
    n_suffixes : (q,)
    suffix : (n_cells,)
        Suffix of column 0 of each cell.
    """
    q, n = cells.shape
    value = np.zeros((q, n), dtype=np.int32)
    below = np.zeros((q, n), dtype=np.int32)
    combined = np.zeros((q, n), dtype=np.int32)
    n_suffixes = np.zeros(q, dtype=np.int64)
    suffix = joint.copy()
    order = _sorted_by(np.arange(n), joint, n_joint)
    for j in range(q - 1, -1, -1):
        order = _sorted_by(order, cells[j], n_values[j])
        found = -1
        for at in range(n):
            cell = order[at]
            v, s = cells[j, cell], suffix[cell]
            if found < 0 or value[j, found] != v or below[j, found] != s:
                found += 1
                value[j, found] = v
                below[j, found] = s
                combined[j, found] = joint[cell]
            suffix[cell] = found
        n_suffixes[j] = found + 1
    return value, below, combined, n_suffixes, suffix


@njit(cache=True, error_model="numpy")
def _sorted_by(order: NDArray[np.int64], key: NDArray[np.int32], n_keys: int) -> NDArray[np.int64]:
    """Sort `order` by `key`, stably, by counting."""
    start = np.zeros(n_keys + 1, dtype=np.int64)
    for at in order:
        start[key[at] + 1] += 1
    start = np.cumsum(start)
    out = np.empty_like(order)
    for at in order:
        out[start[key[at]]] = at
        start[key[at]] += 1
    return out


@njit(cache=True, error_model="numpy")
def advance(p: Problem, s: State, w: Walk, budget: int) -> None:
    """Walk on until all is decided or about `budget` rows were touched.

    The walk fixes one column after another. With the first columns fixed and the others dropped,
    the classes are coarser than at any node of the branch: what is too small there is too small
    everywhere in it. That gives each branch a bound on its loss and on its suppressed records.
    """
    q = len(p.n_levels)
    numbers = s.numbers
    stop = numbers[TOUCHED] + budget
    while numbers[DEPTH] >= 0 and numbers[TOUCHED] < stop:
        i = numbers[DEPTH]
        if w.n_open[i] < 0:
            _open(p, s, w, i)
        if i == q - 1 or w.next[i] >= w.n_open[i]:
            numbers[DEPTH] = i - 1
            continue
        level = w.order[i, w.next[i]]
        w.next[i] += 1
        if numbers[FOUND] != 0 and _compare(w.child[i, level], s.best) > 0:
            w.next[i] = w.n_open[i]  # the others are no better
            continue
        w.chosen[i] = level
        w.n_rows[i + 1], w.n_classes[i + 1] = _descend(
            p.label[i, level],
            p.value[i],
            p.below[i],
            p.n_suffixes[i + 1],
            w.n_rows[i],
            w.class_of[i : i + 2],
            w.suffix[i : i + 2],
            w.size[i : i + 2],
            w.parent[i + 1],
            w.first[i + 1],
            w.spare,
        )
        numbers[TOUCHED] += w.n_rows[i]
        numbers[DEPTH] = i + 1
        w.n_open[i + 1] = -1


@njit(cache=True, error_model="numpy")
def _open(p: Problem, s: State, w: Walk, i: int) -> None:
    """Bound the children of the table at depth `i`; at the last column take the best of them."""
    q = len(p.n_levels)
    last = i == q - 1
    numbers = s.numbers
    w.next[i] = 0
    w.n_open[i] = 0
    n_runs = _runs(
        p.value[i],
        w.suffix[i],
        w.class_of[i],
        w.size[i],
        w.n_rows[i],
        w.runs,
    )
    models = p.conditions
    monotone = True  # generalising never suppresses more: every model may cut branches
    for m in range(len(models.pruning)):
        monotone = monotone and models.pruning[m]
    numbers[TOUCHED] += w.n_rows[i]
    for level in range(p.n_levels[i] - 1, p.lowest[i] - 1, -1):
        bound = w.child[i, level]
        if numbers[FOUND] != 0:
            _criterion(p, w, i, level, np.int64(0), 0.0, bound)
            if _compare(bound, s.best) > 0:
                continue  # a lower level of this column may still be good
        numbers[TOUCHED] += w.n_rows[i] if last and len(models.kind) > 0 else n_runs
        numbers[EVALUATED] += np.int64(last)
        suppressed, added = _suppress(
            p.label[i, level],
            p.extra[i, level],
            w.runs,
            n_runs,
            w.suppressed[i, : w.n_classes[i]],
            p.k,
            p.limit,
            models,
            w.room,
            w.suffix[i],
            w.size[i],
            p.joint[i],
            last,
        )
        if suppressed < 0:
            if last and not monotone:
                continue
            break  # nor can anything below: its classes are parts of these
        _criterion(p, w, i, level, suppressed, added, bound)
        if last:
            w.chosen[i] = level
            _take(s, p.place, w.chosen, suppressed, bound)
        elif numbers[FOUND] == 0 or _compare(bound, s.best) <= 0:
            at = w.n_open[i]
            while at > 0 and _compare_exactly(w.child[i, w.order[i, at - 1]], bound) > 0:
                w.order[i, at] = w.order[i, at - 1]
                at -= 1
            w.order[i, at] = level
            w.n_open[i] += 1


@njit(cache=True, error_model="numpy")
def _runs(
    value: NDArray[np.int32],
    suffix: NDArray[np.int32],
    class_of: NDArray[np.int32],
    size: NDArray[np.int64],
    n_rows: Whole,
    runs: Runs,
) -> int:
    """Find the runs of rows that are equal in class and in the value of the column in hand."""
    n = 0
    c = v = np.int32(-1)
    for row in range(n_rows):
        here = value[suffix[row]]
        if here != v or class_of[row] != c:
            c, v = class_of[row], here
            runs.row[n], runs.class_of[n], runs.value[n], runs.size[n] = row, c, v, 0
            n += 1
        runs.size[n - 1] += size[row]
    runs.row[n] = n_rows
    return n


@njit(cache=True, error_model="numpy")
def _suppress(
    label: NDArray[np.int32],
    extra: NDArray[np.float64],
    runs: Runs,
    n_runs: Whole,
    suppressed: NDArray[np.int64],
    k: int,
    limit: int,
    models: Conditions,
    room: Room,
    suffix: NDArray[np.int32],
    size: NDArray[np.int64],
    joint: NDArray[np.int32],
    every: bool,
) -> tuple[int, float]:
    """Count the records in classes that fail when the column is at a level; -1 beyond the limit.

    Also tells what they add to the sum of the column, and leaves in `suppressed` how many are in
    each class of this depth. With `every` all models are asked, else those that cut branches.
    """
    for c in range(len(suppressed)):
        suppressed[c] = 0
    total = 0
    added = 0.0
    start = 0
    while start < n_runs:
        c = runs.class_of[start]
        v = runs.value[start]
        tag = label[v]
        records = runs.size[start]
        stop = start + 1
        while stop < n_runs and runs.class_of[stop] == c and label[runs.value[stop]] == tag:
            records += runs.size[stop]
            stop += 1
        failed = records < k
        if not failed and len(models.kind) > 0:
            rows = slice(runs.row[start], runs.row[stop])
            failed = fails(models, room, suffix[rows], size[rows], joint, records, every)
        if failed:
            total += records
            if total > limit:
                return -1, added
            suppressed[c] += records
            added += records * extra[v]
        start = stop
    return total, added


@njit(cache=True, error_model="numpy")
def _criterion(
    p: Problem,
    w: Walk,
    i: int,
    level: int,
    suppressed: Whole,
    added: float,
    out: NDArray[np.float64],
) -> None:
    """Write to `out` the criterion of the branch, or of the node if column `i` is the last.

    Exact for columns up to `i`, as ``w.suppressed[i]`` tells who is suppressed; the least possible
    for the columns after it.
    """
    q = len(p.n_levels)
    losses = w.child[i, -1]
    for j in range(i + 1, q):
        losses[j] = p.least[j] + suppressed * p.rest[j]
    losses[i] = p.base[i, level]
    for j in range(i):
        losses[j] = p.base[j, w.chosen[j]]
    if suppressed > 0:
        losses[i] += added
        for j in range(i, 0, -1):
            here, above = w.suppressed[j], w.suppressed[j - 1]
            parent, first = w.parent[j], w.first[j]
            extra = p.extra[j - 1, w.chosen[j - 1]]
            more = 0.0
            for c in range(w.n_classes[j - 1]):
                above[c] = 0
            for c in range(w.n_classes[j]):
                if here[c] > 0:
                    more += here[c] * extra[first[c]]
                    above[parent[c]] += here[c]
            losses[j - 1] += more
    for j in range(q):
        span = p.n - p.floor[j]
        loss = (losses[j] - p.floor[j]) / span if span > 0 else 0.0
        losses[j] = max(loss, 0.0) * p.weight[j]
    if p.aggregate == GEOMETRIC:
        logs = 0.0
        for j in range(q):
            logs += np.log1p(losses[j])
        out[0] = np.expm1(logs / q)
    elif p.aggregate == ARITHMETIC:
        out[0] = 0.0
        for j in range(q):
            out[0] += losses[j] / q
    elif p.aggregate == MAXIMUM:
        out[0] = 0.0
        for j in range(q):
            out[0] = max(out[0], losses[j])
    else:
        for j in range(q):  # sorted in, the largest first
            at = j
            while at > 0 and out[at - 1] < losses[j]:
                out[at] = out[at - 1]
                at -= 1
            out[at] = losses[j]


@njit(cache=True, error_model="numpy")
def _compare(a: NDArray[np.float64], b: NDArray[np.float64]) -> int:
    """Compare two criteria, -1 better, 0 equal within `TIE`, 1 worse."""
    for x, y in zip(a, b):  # noqa: B905  (numba knows no strict)
        if x < y - TIE:
            return -1
        if x > y + TIE:
            return 1
    return 0


@njit(cache=True, error_model="numpy")
def _compare_exactly(a: NDArray[np.float64], b: NDArray[np.float64]) -> int:
    for x, y in zip(a, b):  # noqa: B905
        if x != y:
            return -1 if x < y else 1
    return 0


@njit(cache=True, error_model="numpy")
def _take(
    s: State,
    place: NDArray[np.int64],
    chosen: NDArray[np.int64],
    suppressed: Whole,
    criterion: NDArray[np.float64],
) -> None:
    """Keep the node if it is better; of equal ones the least suppressed, then the lowest."""
    height = 0
    for j in range(len(chosen)):
        height += chosen[j]
    if s.numbers[FOUND] != 0:
        order = _compare(criterion, s.best)
        if order == 0:
            order = suppressed - s.numbers[SUPPRESSED]
        if order == 0:
            order = height - s.numbers[HEIGHT]
        for j in range(len(chosen)):
            if order == 0:
                order = chosen[place[j]] - s.levels[place[j]]
        if order >= 0:
            return
    for j in range(len(chosen)):
        s.best[j] = criterion[j]
        s.levels[j] = chosen[j]
    s.numbers[FOUND] = 1
    s.numbers[SUPPRESSED] = suppressed
    s.numbers[HEIGHT] = height


@njit(cache=True, error_model="numpy")
def _descend(
    label: NDArray[np.int32],
    value: NDArray[np.int32],
    below: NDArray[np.int32],
    n_below: Whole,
    n_rows: Whole,
    class_of: NDArray[np.int32],
    suffix: NDArray[np.int32],
    size: NDArray[np.int64],
    parent: NDArray[np.int32],
    first: NDArray[np.int32],
    spare: Spare,
) -> tuple[int, int]:
    """Fix a column at a level: write the next table, return its numbers of rows and classes.

    `class_of`, `suffix` and `size` are this table and the next one. A new class is a run of rows
    with one class and one label. Within it the rows of each single value are sorted by what
    remains of their suffix: merge these runs, adding equal rows. Where there are many runs and
    most suffixes occur, a table of all suffixes is quicker than merging.
    """
    out = 0
    c_out = 0
    start = 0
    while start < n_rows:
        c = class_of[0, start]
        v = value[suffix[0, start]]
        tag = label[v]
        stop = start
        runs = 0
        previous = -1
        while stop < n_rows and class_of[0, stop] == c:
            here = value[suffix[0, stop]]
            if label[here] != tag:
                break
            if here != previous:
                spare.edges[0, runs] = stop - start
                runs += 1
                previous = here
            stop += 1
        spare.edges[0, runs] = stop - start
        begin = out
        if runs == 1:
            for r in range(start, stop):
                suffix[1, out] = below[suffix[0, r]]
                size[1, out] = size[0, r]
                out += 1
        elif runs > _FEW and (stop - start) * _FULL >= n_below:
            for r in range(start, stop):
                spare.dense[below[suffix[0, r]]] += size[0, r]
            for b in range(n_below):
                if spare.dense[b] > 0:
                    suffix[1, out] = b
                    size[1, out] = spare.dense[b]
                    spare.dense[b] = 0
                    out += 1
        else:
            for r in range(start, stop):
                spare.suffix[0, r - start] = below[suffix[0, r]]
                spare.size[0, r - start] = size[0, r]
            side = _merge(spare, runs)
            for r in range(spare.edges[side, 1]):
                suffix[1, out] = spare.suffix[side, r]
                size[1, out] = spare.size[side, r]
                out += 1
        for r in range(begin, out):
            class_of[1, r] = c_out
        parent[c_out] = c
        first[c_out] = v
        c_out += 1
        start = stop
    return out, c_out


@njit(cache=True, error_model="numpy")
def _merge(spare: Spare, runs: int) -> int:
    """Merge sorted runs two by two, adding equal rows, until one is left; return its side."""
    suffix, size, edges = spare.suffix, spare.size, spare.edges
    side = 0
    while runs > 1:
        a_suffix, a_size, a_edges = suffix[side], size[side], edges[side]
        b_suffix, b_size, b_edges = suffix[1 - side], size[1 - side], edges[1 - side]
        out = 0
        merged = 0
        for r in range(0, runs, 2):
            b_edges[merged] = out
            merged += 1
            x, x_end = a_edges[r], a_edges[r + 1]
            y, y_end = x_end, a_edges[min(r + 2, runs)]
            while x < x_end and y < y_end:
                left, right = a_suffix[x], a_suffix[y]
                if left < right:
                    b_suffix[out], b_size[out] = left, a_size[x]
                    x += 1
                elif right < left:
                    b_suffix[out], b_size[out] = right, a_size[y]
                    y += 1
                else:
                    b_suffix[out], b_size[out] = left, a_size[x] + a_size[y]
                    x += 1
                    y += 1
                out += 1
            while x < x_end:
                b_suffix[out], b_size[out] = a_suffix[x], a_size[x]
                x += 1
                out += 1
            while y < y_end:
                b_suffix[out], b_size[out] = a_suffix[y], a_size[y]
                y += 1
                out += 1
        b_edges[merged] = out
        runs = merged
        side = 1 - side
    return side
