"""Which class fails a privacy model: the compiled part that looks at sensitive values."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = [
    "DISTINCT",
    "ENTROPY",
    "ORDERED",
    "RECURSIVE",
    "TREE",
    "Conditions",
    "Room",
    "Whole",
    "fails",
]

DISTINCT, ENTROPY, RECURSIVE, TREE, ORDERED = range(5)

Whole: TypeAlias = int | np.int64

SLACK = 1e-12  # a float on its threshold satisfies it, as in niming.anonymize.models


class Conditions(NamedTuple):
    """Privacy models beside k, written as arrays.

    Attributes
    ----------
    kind, bound : (n_models,)
        Which model, and its l or t.
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


class Room(NamedTuple):
    """Space to look at one class, each (max outcomes,); histogram and groups are 0 between uses."""

    histogram: NDArray[np.int64]
    groups: NDArray[np.float64]
    touched: NDArray[np.int64]
    most: NDArray[np.int64]


@njit(cache=True, error_model="numpy")
def fails(
    models: Conditions,
    room: Room,
    suffix: NDArray[np.int32],
    size: NDArray[np.int64],
    joint: NDArray[np.int32],
    records: Whole,
    every: bool,
) -> bool:
    """Tell whether a class fails a model.

    Parameters
    ----------
    suffix, size : (n_rows,)
        The rows of the class.
    joint : (n_suffixes,)
        Combination of sensitive values of a suffix.
    records : int
        Σ size.
    every : bool
        Ask all models, not only those that cut branches.
    """
    histogram, touched, groups = room.histogram, room.touched, room.groups
    failed = False
    for m in range(len(models.kind)):
        if failed or not (every or models.pruning[m]):
            continue
        outcome = models.outcome[m]
        n = np.int64(0)  # typed: from a literal numba compiles all calls below twice
        for r in range(len(suffix)):
            v = outcome[joint[suffix[r]]]
            if histogram[v] == 0:
                touched[n] = v
                n += 1
            histogram[v] += size[r]
        kind, bound, overall = models.kind[m], models.bound[m], models.overall[m]
        if kind == DISTINCT:
            failed = n < bound
        elif kind == ENTROPY:
            failed = _entropy(histogram, touched, n, records) < np.log(bound) - SLACK
        elif kind == RECURSIVE:
            factor = models.factor[m]
            failed = not _recursive(histogram, touched, room.most, n, records, bound, factor)
        elif kind == TREE:
            tree = models.tree[m, : models.depth[m]]
            moved = _tree_distance(histogram, touched, groups, tree, overall, n, records)
            failed = moved > bound + SLACK
        else:
            missing = models.n_missing[m]
            n_steps = models.n_outcomes[m] - missing - 1
            moved = _ordered_distance(histogram, overall[0], n_steps, missing, records)
            failed = moved > bound + SLACK
        for r in range(n):
            histogram[touched[r]] = 0
    return bool(failed)


@njit(cache=True, error_model="numpy")
def _entropy(
    histogram: NDArray[np.int64], touched: NDArray[np.int64], n: Whole, records: Whole
) -> float:
    total = 0.0
    for r in range(n):
        x = histogram[touched[r]] / records
        total -= x * np.log(x)
    return total


@njit(cache=True, error_model="numpy")
def _recursive(
    histogram: NDArray[np.int64],
    touched: NDArray[np.int64],
    most: NDArray[np.int64],
    n: Whole,
    records: Whole,
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


@njit(cache=True, error_model="numpy")
def _tree_distance(
    histogram: NDArray[np.int64],
    touched: NDArray[np.int64],
    groups: NDArray[np.float64],
    tree: NDArray[np.int32],
    overall: NDArray[np.float64],
    n: Whole,
    records: Whole,
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


@njit(cache=True, error_model="numpy")
def _ordered_distance(
    histogram: NDArray[np.int64],
    overall: NDArray[np.float64],
    n_steps: Whole,
    missing: Whole,
    records: Whole,
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
