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

__all__ = [
    "ARITHMETIC",
    "DISTINCT",
    "ENTROPY",
    "GEOMETRIC",
    "MAXIMUM",
    "ORDERED",
    "RANK",
    "RECURSIVE",
    "TREE",
    "Problem",
    "State",
    "Walk",
    "advance",
    "suffixes",
]

GEOMETRIC, ARITHMETIC, MAXIMUM, RANK = range(4)
DISTINCT, ENTROPY, RECURSIVE, TREE, ORDERED = range(5)

TIE = 1e-10  # losses nearer than this are equal: ARX floors its losses to ten decimals
SLACK = 1e-12  # a float on its threshold satisfies it


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
    joint : (q + 1, n_suffixes), int32
        Combination of sensitive values of a suffix.
    size : (n_suffixes of column 0,), int64
        Records.
    place : (q,)
        Where the caller's columns stand in search order.
    kind, bound : (n_models,)
        Privacy models: which, and their l or t.
    factor : (n_models, 2), int64
        The c of recursive l-diversity as a fraction.
    pruning : (n_models,), bool
        Models by which a whole branch may be cut.
    outcome : (n_models, n_joint), int32
        Value of the model's sensitive column, ascending.
    n_outcomes : (n_models,)
    n_missing : (n_models,)
        How many of the first outcomes are not values but missing: 0 or 1.
    depth : (n_models,)
        Levels of the tree of a t-closeness, without its root.
    tree : (n_models, max depth, max outcomes), int32
    overall : (n_models, max depth, max outcomes), float64
        Distribution in the whole table at each level of the tree.
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
    size: NDArray[np.int64]
    place: NDArray[np.int64]
    kind: NDArray[np.int64]
    bound: NDArray[np.float64]
    factor: NDArray[np.int64]
    pruning: NDArray[np.bool_]
    outcome: NDArray[np.int32]
    n_outcomes: NDArray[np.int64]
    n_missing: NDArray[np.int64]
    depth: NDArray[np.int64]
    tree: NDArray[np.int32]
    overall: NDArray[np.float64]


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


class Walk(NamedTuple):
    """The stack of a depth-first walk: entry i is the table where i columns have
    their level.

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
    spare_suffix, spare_size : (2, n_cells)
        Room to merge runs.
    edges : (2, n_cells + 1)
        Where the runs to merge begin.
    run_row, run_class, run_value, run_size : (n_cells + 1,)
        Runs of rows of one class and one value.
    histogram, groups, touched, most : (max outcomes,)
        Room for one class.
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
    spare_suffix: NDArray[np.int32]
    spare_size: NDArray[np.int64]
    edges: NDArray[np.int64]
    run_row: NDArray[np.int64]
    run_class: NDArray[np.int32]
    run_value: NDArray[np.int32]
    run_size: NDArray[np.int64]
    histogram: NDArray[np.int64]
    groups: NDArray[np.float64]
    touched: NDArray[np.int64]
    most: NDArray[np.int64]


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
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
        _descend(p, w, i, level)
        numbers[TOUCHED] += w.n_rows[i]
        numbers[DEPTH] = i + 1
        w.n_open[i + 1] = -1


@njit(cache=True)
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
        int(w.n_rows[i]),
        w.run_row,
        w.run_class,
        w.run_value,
        w.run_size,
    )
    numbers[TOUCHED] += w.n_rows[i]
    for level in range(p.n_levels[i] - 1, p.lowest[i] - 1, -1):
        bound = w.child[i, level]
        if numbers[FOUND] != 0:
            _criterion(p, w, i, level, np.int64(0), 0.0, bound)
            if _compare(bound, s.best) > 0:
                continue  # a lower level of this column may still be good
        numbers[TOUCHED] += w.n_rows[i] if last and len(p.kind) > 0 else n_runs
        numbers[EVALUATED] += np.int64(last)
        suppressed, added = _suppress(p, w, i, level, n_runs, last)
        if suppressed < 0:
            if last and not _monotone(p):
                continue
            break  # nor can anything below: its classes are parts of these
        _criterion(p, w, i, level, suppressed, added, bound)
        if last:
            _take(p, s, w, level, suppressed, bound)
        elif numbers[FOUND] == 0 or _compare(bound, s.best) <= 0:
            at = w.n_open[i]
            while at > 0 and _compare_exactly(w.child[i, w.order[i, at - 1]], bound) > 0:
                w.order[i, at] = w.order[i, at - 1]
                at -= 1
            w.order[i, at] = level
            w.n_open[i] += 1


@njit(cache=True)
def _monotone(p: Problem) -> bool:
    """Tell whether generalising never suppresses more: every model may cut branches."""
    for m in range(len(p.pruning)):  # noqa: SIM110  (a generator costs numba a second)
        if not p.pruning[m]:
            return False
    return True


@njit(cache=True)
def _runs(
    value: NDArray[np.int32],
    suffix: NDArray[np.int32],
    class_of: NDArray[np.int32],
    size: NDArray[np.int64],
    n_rows: int,
    run_row: NDArray[np.int64],
    run_class: NDArray[np.int32],
    run_value: NDArray[np.int32],
    run_size: NDArray[np.int64],
) -> int:
    """Find the runs of rows that are equal in class and in the value of the column in hand."""
    n = 0
    c = v = np.int32(-1)
    for row in range(n_rows):
        here = value[suffix[row]]
        if here != v or class_of[row] != c:
            c, v = class_of[row], here
            run_row[n], run_class[n], run_value[n], run_size[n] = row, c, v, 0
            n += 1
        run_size[n - 1] += size[row]
    run_row[n] = n_rows
    return n


@njit(cache=True)
def _suppress(
    p: Problem, w: Walk, i: int, level: int, n_runs: int, every: bool
) -> tuple[int, float]:
    """Count the records in classes that fail when column `i` is at `level`; -1 beyond the limit.

    Also tells what they add to the sum of column `i`, and leaves in ``w.suppressed[i]`` how many
    are in each class of depth `i`. With `every` all models are asked, else those that cut.
    """
    label, extra = p.label[i, level], p.extra[i, level]
    for c in range(w.n_classes[i]):
        w.suppressed[i, c] = 0
    total = 0
    added = 0.0
    start = 0
    while start < n_runs:
        c = w.run_class[start]
        v = w.run_value[start]
        tag = label[v]
        records = w.run_size[start]
        stop = start + 1
        while stop < n_runs and w.run_class[stop] == c and label[w.run_value[stop]] == tag:
            records += w.run_size[stop]
            stop += 1
        if records < p.k or _fails(p, w, i, w.run_row[start], w.run_row[stop], records, every):
            total += records
            if total > p.limit:
                return -1, added
            w.suppressed[i, c] += records
            added += records * extra[v]
        start = stop
    return total, added


@njit(cache=True)
def _criterion(
    p: Problem,
    w: Walk,
    i: int,
    level: int,
    suppressed: int,
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


@njit(cache=True)
def _compare(a: NDArray[np.float64], b: NDArray[np.float64]) -> int:
    """Compare two criteria, -1 better, 0 equal within `TIE`, 1 worse."""
    for x, y in zip(a, b):  # noqa: B905  (numba knows no strict)
        if x < y - TIE:
            return -1
        if x > y + TIE:
            return 1
    return 0


@njit(cache=True)
def _compare_exactly(a: NDArray[np.float64], b: NDArray[np.float64]) -> int:
    for x, y in zip(a, b):  # noqa: B905
        if x != y:
            return -1 if x < y else 1
    return 0


@njit(cache=True)
def _take(
    p: Problem, s: State, w: Walk, level: int, suppressed: int, criterion: NDArray[np.float64]
) -> None:
    """Keep the node if it is better; of equal ones the least suppressed, then the lowest."""
    q = len(p.n_levels)
    w.chosen[q - 1] = level
    height = 0
    for j in range(q):
        height += w.chosen[j]
    if s.numbers[FOUND] != 0:
        order = _compare(criterion, s.best)
        if order == 0:
            order = suppressed - s.numbers[SUPPRESSED]
        if order == 0:
            order = height - s.numbers[HEIGHT]
        j = 0
        while order == 0 and j < q:
            at = p.place[j]
            order = w.chosen[at] - s.levels[at]
            j += 1
        if order >= 0:
            return
    for j in range(q):
        s.best[j] = criterion[j]
        s.levels[j] = w.chosen[j]
    s.numbers[FOUND] = 1
    s.numbers[SUPPRESSED] = suppressed
    s.numbers[HEIGHT] = height


@njit(cache=True)
def _descend(p: Problem, w: Walk, i: int, level: int) -> None:
    """Fix column `i` at `level`: write the table of depth ``i + 1``.

    A new class is a run of rows with one class and one label. Within it the rows of each single
    value are sorted by what remains of their suffix: merge these runs, adding equal rows.
    """
    label, value, below = p.label[i, level], p.value[i], p.below[i]
    class_of, suffix, size = w.class_of[i], w.suffix[i], w.size[i]
    n_rows = w.n_rows[i]
    out = 0
    c_out = 0
    start = 0
    while start < n_rows:
        c = class_of[start]
        v = value[suffix[start]]
        tag = label[v]
        stop = start
        runs = 0
        previous = -1
        while stop < n_rows and class_of[stop] == c:
            here = value[suffix[stop]]
            if label[here] != tag:
                break
            if here != previous:
                w.edges[0, runs] = stop - start
                runs += 1
                previous = here
            w.spare_suffix[0, stop - start] = below[suffix[stop]]
            w.spare_size[0, stop - start] = size[stop]
            stop += 1
        w.edges[0, runs] = stop - start
        side = _merge(w.spare_suffix, w.spare_size, w.edges, runs) if runs > 1 else 0
        n = w.edges[side, 1]
        for r in range(n):
            w.class_of[i + 1, out + r] = c_out
            w.suffix[i + 1, out + r] = w.spare_suffix[side, r]
            w.size[i + 1, out + r] = w.spare_size[side, r]
        out += n
        w.parent[i + 1, c_out] = c
        w.first[i + 1, c_out] = v
        c_out += 1
        start = stop
    w.n_rows[i + 1] = out
    w.n_classes[i + 1] = c_out


@njit(cache=True)
def _merge(
    suffix: NDArray[np.int32], size: NDArray[np.int64], edges: NDArray[np.int64], runs: int
) -> int:
    """Merge sorted runs two by two, adding equal rows, until one is left; return its side."""
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


@njit(cache=True)
def _fails(p: Problem, w: Walk, i: int, start: int, stop: int, records: int, every: bool) -> bool:
    """Tell whether the class of rows `start` to `stop` fails a privacy model."""
    histogram, touched = w.histogram, w.touched
    suffix, size, joint = w.suffix[i], w.size[i], p.joint[i]
    failed = False
    for m in range(len(p.kind)):
        if failed or not (every or p.pruning[m]):
            continue
        outcome = p.outcome[m]
        n = 0
        for r in range(start, stop):
            v = outcome[joint[suffix[r]]]
            if histogram[v] == 0:
                touched[n] = v
                n += 1
            histogram[v] += size[r]
        kind, bound, overall = p.kind[m], p.bound[m], p.overall[m]
        if kind == DISTINCT:
            failed = n < bound
        elif kind == ENTROPY:
            failed = _entropy(histogram, touched, n, records) < np.log(bound) - SLACK
        elif kind == RECURSIVE:
            failed = not _recursive(histogram, touched, w.most, n, records, bound, p.factor[m])
        elif kind == TREE:
            tree = p.tree[m, : p.depth[m]]
            moved = _tree_distance(histogram, touched, w.groups, tree, overall, n, records)
            failed = moved > bound + SLACK
        else:
            n_steps = p.n_outcomes[m] - p.n_missing[m] - 1
            failed = _ordered_distance(histogram, overall[0], n_steps, p.n_missing[m], records) > (
                bound + SLACK
            )
        for r in range(n):
            histogram[touched[r]] = 0
    return failed


@njit(cache=True)
def _entropy(
    histogram: NDArray[np.int64], touched: NDArray[np.int64], n: int, records: int
) -> float:
    total = 0.0
    for r in range(n):
        x = histogram[touched[r]] / records
        total -= x * np.log(x)
    return total


@njit(cache=True)
def _recursive(
    histogram: NDArray[np.int64],
    touched: NDArray[np.int64],
    most: NDArray[np.int64],
    n: int,
    records: int,
    bound: float,
    factor: NDArray[np.int64],
) -> bool:
    """Tell whether r1 < c (r_l + … + r_m), frequencies descending; one value is always there."""
    if bound <= 1:
        return True
    if n < bound:
        return False
    room = int(bound) - 1  # `most` has the l − 1 largest, descending
    tail = records
    filled = 0
    for r in range(n):
        x = histogram[touched[r]]
        if filled < room:
            filled += 1
        elif x > most[filled - 1]:
            tail += most[filled - 1]
        else:
            continue
        tail -= x
        at = filled - 1
        while at > 0 and most[at - 1] < x:
            most[at] = most[at - 1]
            at -= 1
        most[at] = x
    return bool(most[0] * factor[1] < tail * factor[0])


@njit(cache=True)
def _tree_distance(
    histogram: NDArray[np.int64],
    touched: NDArray[np.int64],
    groups: NDArray[np.float64],
    tree: NDArray[np.int32],
    overall: NDArray[np.float64],
    n: int,
    records: int,
) -> float:
    """Earth mover's distance to the whole table in a tree: half the flow over all edges.

    Labels that the class does not have differ by their share in the table, which sums to one.
    """
    depth = len(tree)
    total = 0.0
    for level in range(depth):
        label = tree[level]
        flow = 1.0
        for r in range(n):
            groups[label[touched[r]]] += histogram[touched[r]] / records
        for r in range(n):
            g = label[touched[r]]
            if groups[g] > 0:
                flow += abs(groups[g] - overall[level, g]) - overall[level, g]
                groups[g] = 0.0
        total += flow
    return float(total / (2 * depth))


@njit(cache=True)
def _ordered_distance(
    histogram: NDArray[np.int64],
    overall: NDArray[np.float64],
    n_steps: int,
    missing: int,
    records: int,
) -> float:
    """Earth mover's distance along a line of values one step apart, over its length.

    Missing is on no line: what is known is compared at the class's share of it, the rest as
    equal, as `niming.risk.t_closeness` does.
    """
    share, known = 1.0, 1.0
    if missing > 0:
        share -= histogram[0] / records
        known -= overall[0]
    moved = abs(share - known)
    if share <= 0 or n_steps < 1:
        return moved
    gap = 0.0
    total = 0.0
    for v in range(missing, missing + n_steps):
        gap += histogram[v] / (records * share) - overall[v] / known
        total += abs(gap)
    return float(share * total / n_steps + moved)
