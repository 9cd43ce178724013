"""Globally optimal full-domain generalisation: branch and bound over all nodes of a lattice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.anonymize.lattice import Axis, Lattice
from niming.anonymize.loss import Loss
from niming.anonymize.models import KAnonymity, LDiversity, Model, TCloseness
from niming.tables import MISSING, Counts, Hierarchy
from niming.tables.grouping import group

if TYPE_CHECKING:
    from niming.anonymize.class_kernel import Conditions
    from niming.anonymize.lattice_kernel import Problem, State, Walk

__all__ = ["Node", "search"]

_BUDGET = 2_000_000  # rows a call of the kernel: hundredths of a second between two looks
_AGGREGATES = {"geometric": 0, "arithmetic": 1, "maximum": 2, "rank": 3}  # as in the kernel
_MANY = 100_000  # cells, from which on shrinking tables is what counts
_DENOMINATOR = 10**6  # of the c of recursive l-diversity, as in niming.risk


@dataclass(frozen=True)
class Node:
    """The best node of a lattice.

    Attributes
    ----------
    levels : tuple of int
        One a quasi-identifier.
    n_suppressed : int
        Records in classes that fail.
    n_evaluated : int
        Nodes whose classes were looked at; the others were ruled out by bounds.
    """

    levels: tuple[int, ...]
    n_suppressed: int
    n_evaluated: int


def search(
    lattice: Lattice,
    models: Sequence[Model],
    *,
    limit: int,
    loss: Loss,
    progress: Callable[[float], None] | None = None,
) -> Node | None:
    """Find the node of least loss among all that satisfy `models` within `limit`.

    Parameters
    ----------
    lattice : Lattice
    models : sequence of models
    limit : int
        Records that may be suppressed, 0 or more.
    loss : Loss
    progress : callable, optional
        Called now and then with the share of the lattice that is decided, from 0 to 1.

    Returns
    -------
    Node or None
        None if no node satisfies the models. Of nodes with equal loss (within 1e-10) the one that
        suppresses least, then the lowest.

    Notes
    -----
    Exact, by depth-first branch and bound over the columns. Where the first columns have their
    level and the others are dropped, classes are unions of the classes of every node of the
    branch. So whatever is smaller than k (or has fewer than l values) there is suppressed in the
    whole branch, which bounds both the suppressed records and the loss from below. Entropy and
    recursive l-diversity and t-closeness hold for a union of classes that all satisfy them, but
    may fail for a union with one that does not: they cut branches only if nothing may be
    suppressed.

    Tables are rolled up from column to column, in sorted runs: no node reads the cells again.

    References
    ----------
    LeFevre, DeWitt, Ramakrishnan 2005, "Incognito", doi:10.1145/1066157.1066164: the subset and
    roll-up properties. Machanavajjhala et al. 2007 and Li et al. 2007: monotonicity of l-diversity
    and t-closeness.
    """
    from niming.anonymize.lattice_kernel import DEPTH, EVALUATED, FOUND, SUPPRESSED, advance

    order = _order(lattice, limit)
    problem = _problem(lattice, order, models, limit, loss)
    state, walk = _start(problem)
    while state.numbers[DEPTH] >= 0:
        advance(problem, state, walk, _BUDGET)
        if progress is not None:
            progress(_decided(state, walk))
    if not state.numbers[FOUND]:
        return None
    levels = tuple(int(state.levels[problem.place[j]]) for j in range(len(order)))
    return Node(levels, int(state.numbers[SUPPRESSED]), int(state.numbers[EVALUATED]))


def _order(lattice: Lattice, limit: int) -> list[int]:
    """Return the columns in search order; any order finds the same node.

    Few levels first makes few tables before the bounds bite: up to three times faster on Adult.
    Many values first shrinks tables soonest and rules out most nodes where nothing may be
    suppressed: four times faster on Adult then, twice on half a million cells.
    """
    axes = lattice.axes
    if limit and lattice.counts.n_cells < _MANY:
        return sorted(range(len(axes)), key=lambda j: (axes[j].n_levels, axes[j].codes.shape[1], j))
    return sorted(range(len(axes)), key=lambda j: (-axes[j].codes.shape[1], j))


def _problem(
    lattice: Lattice, order: Sequence[int], models: Sequence[Model], limit: int, loss: Loss
) -> Problem:
    """Number everything in the order in which the kernel walks."""
    from niming.anonymize.lattice_kernel import Problem, suffixes

    counts, q = lattice.counts, len(order)
    axes = [lattice.axes[j] for j in order]
    n_levels = np.array([a.n_levels for a in axes], dtype=np.int64)
    n_values = np.array([a.codes.shape[1] for a in axes], dtype=np.int64)
    shape = (q, int(n_levels.max()), int(n_values.max()))
    label = np.zeros(shape, dtype=np.int32)
    extra = np.zeros(shape)
    base = np.zeros(shape[:2])
    least, rest, smallest = np.zeros(q), np.zeros(q), np.zeros(q)
    lowest = np.zeros(q, dtype=np.int64)
    k = max((int(m.k) for m in models if isinstance(m, KAnonymity)), default=1)
    cells = np.empty((q, counts.n_cells), dtype=np.int32)
    for j, axis in enumerate(axes):
        values, levels = axis.codes.shape[1], axis.n_levels
        tree = np.lexsort(axis.codes)  # the top is the first key: labels become ranges
        rank = np.empty(values, dtype=np.int32)
        rank[tree] = np.arange(values, dtype=np.int32)
        cells[j] = rank[counts.column_codes(axis.column)]
        label[j, :levels, :values] = axis.codes[:, tree]
        shares = axis.share[:, tree]
        kept = loss.kept(shares)
        extra[j, :levels, :values] = loss.suppressed(shares) - kept
        records = np.bincount(cells[j], weights=counts.n, minlength=values)
        base[j, :levels] = kept @ records
        smallest[j] = axis.smallest
        while lowest[j] < levels and _alone(label[j, lowest[j]], records, k) > limit:
            lowest[j] += 1
        low = min(int(lowest[j]), levels - 1)
        least[j] = base[j, low]
        # A suppressed record counts at least what the smallest share makes of it; it was counted
        # in `least` with at most the largest.
        rest[j] = max(0.0, float((loss.suppressed(shares[low])).min() - kept[low].max()))
    sensitive = list(dict.fromkeys(c for m in models for c in m.columns))
    joint, by_joint = _joint(counts, sensitive)
    value, below, combined, n_suffixes, suffix = suffixes(cells, n_values, joint, len(by_joint))
    place = np.empty(q, dtype=np.int64)
    place[list(order)] = np.arange(q)
    others = [m for m in models if not isinstance(m, KAnonymity)]
    return Problem(
        n=counts.n_rows,
        limit=limit,
        k=k,
        n_levels=n_levels,
        label=label,
        extra=extra,
        base=base,
        lowest=lowest,
        least=least,
        rest=rest,
        floor=counts.n_rows * smallest,
        weight=loss.weigh([a.column for a in axes]),
        aggregate=_AGGREGATES[loss.aggregate],
        value=value,
        below=below,
        joint=combined,
        n_suffixes=n_suffixes,
        size=np.bincount(suffix, weights=counts.n, minlength=n_suffixes[0]).astype(np.int64),
        place=place,
        conditions=_conditions(others, counts, by_joint, limit),
    )


def _alone(label: NDArray[np.int32], records: NDArray[np.number], k: int) -> float:
    """Count the records that a column suppresses when all others are dropped."""
    size = np.bincount(label[: len(records)], weights=records)
    return float(size[size < k].sum())


def _joint(counts: Counts, sensitive: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number the combinations of sensitive values; return a cell's and a cell of each."""
    if not sensitive:
        return np.zeros(counts.n_cells, dtype=np.int32), np.zeros(1, dtype=np.int64)
    at = [counts.position(c) for c in sensitive]
    codes = counts.codes[:, at] - MISSING
    groups = group(codes, [len(counts.categories[j]) - MISSING for j in at])
    return groups.group_of.astype(np.int32), groups.first


def _conditions(
    models: Sequence[LDiversity | TCloseness],
    counts: Counts,
    by_joint: NDArray[np.int64],
    limit: int,
) -> Conditions:
    """Write the models as arrays; see `Problem`."""
    from niming.anonymize.class_kernel import (
        DISTINCT,
        ENTROPY,
        ORDERED,
        RECURSIVE,
        TREE,
        Conditions,
    )

    found = [np.unique(counts.column_codes(m.sensitive), return_inverse=True) for m in models]
    trees = [_tree(m, counts, present) for m, (present, _) in zip(models, found, strict=True)]
    depth = max((len(t) for t in trees), default=1)
    width = max((int(t.max()) + 1 for t in trees), default=1)
    out = Conditions(
        kind=np.zeros(len(models), dtype=np.int64),
        bound=np.zeros(len(models)),
        factor=np.ones((len(models), 2), dtype=np.int64),
        pruning=np.zeros(len(models), dtype=np.bool_),
        outcome=np.zeros((len(models), len(by_joint)), dtype=np.int32),
        n_outcomes=np.array([len(present) for present, _ in found], dtype=np.int64),
        n_missing=np.array([present[0] < 0 for present, _ in found], dtype=np.int64),
        depth=np.array([len(t) for t in trees], dtype=np.int64),
        tree=np.zeros((len(models), depth, width), dtype=np.int32),
        overall=np.zeros((len(models), depth, width)),
    )
    kinds = {"distinct": DISTINCT, "entropy": ENTROPY, "recursive": RECURSIVE}
    for i, (model, (_, code), tree) in enumerate(zip(models, found, trees, strict=True)):
        out.outcome[i] = code[by_joint]
        # A union of classes that satisfy a model satisfies it; that one that fails spoils the
        # union, only "distinct".
        out.pruning[i] = limit == 0
        if isinstance(model, LDiversity):
            out.kind[i] = kinds[model.kind]
            out.bound[i] = model.l
            c = Fraction(str(model.c or 1)).limit_denominator(_DENOMINATOR)
            out.factor[i] = c.numerator, c.denominator
            out.pruning[i] |= model.kind == "distinct"
            continue
        ordered = model.distance == "ordered"
        out.kind[i] = ORDERED if ordered else TREE
        out.bound[i] = model.t
        for level, label in enumerate(tree):
            out.tree[i, level, : len(label)] = label
            records = np.bincount(label[code], weights=counts.n, minlength=width)
            out.overall[i, level] = records / counts.n_rows
    return out


def _tree(
    model: LDiversity | TCloseness, counts: Counts, present: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return the label of each outcome at each level below the root of the model's distance."""
    if isinstance(model, LDiversity) or not isinstance(model.distance, Hierarchy):
        return np.arange(len(present), dtype=np.int32)[None, :]
    categories = counts.categories[counts.position(model.sensitive)]
    bound = model.distance.bind(categories, column=model.sensitive)
    axis = Axis.of(model.sensitive, bound, missing=bool(present[0] < 0))
    return axis.codes[:-1][:, present]


def _start(problem: Problem) -> tuple[State, Walk]:
    """Return the state before the first step, the whole table at depth 0."""
    from niming.anonymize.class_kernel import Room
    from niming.anonymize.lattice_kernel import Runs, Spare, State, Walk

    q, cells = len(problem.n_levels), len(problem.size)
    levels, outcomes = int(problem.n_levels.max()), problem.conditions.tree.shape[2]
    state = State(
        best=np.zeros(q),
        levels=np.zeros(q, dtype=np.int64),
        numbers=np.zeros(6, dtype=np.int64),
    )
    walk = Walk(
        class_of=np.empty((q, cells), dtype=np.int32),
        suffix=np.empty((q, cells), dtype=np.int32),
        size=np.empty((q, cells), dtype=np.int64),
        n_rows=np.zeros(q, dtype=np.int64),
        n_classes=np.ones(q, dtype=np.int64),
        parent=np.empty((q, cells), dtype=np.int32),
        first=np.empty((q, cells), dtype=np.int32),
        chosen=np.zeros(q, dtype=np.int64),
        order=np.zeros((q, levels), dtype=np.int64),
        n_open=np.full(q, -1, dtype=np.int64),
        next=np.zeros(q, dtype=np.int64),
        child=np.zeros((q, levels + 1, q)),
        suppressed=np.empty((q, cells), dtype=np.int64),
        spare=Spare(
            suffix=np.empty((2, cells), dtype=np.int32),
            size=np.empty((2, cells), dtype=np.int64),
            edges=np.empty((2, cells + 1), dtype=np.int64),
            dense=np.zeros(cells, dtype=np.int64),
        ),
        runs=Runs(
            row=np.empty(cells + 1, dtype=np.int64),
            class_of=np.empty(cells + 1, dtype=np.int32),
            value=np.empty(cells + 1, dtype=np.int32),
            size=np.empty(cells + 1, dtype=np.int64),
        ),
        room=Room(
            histogram=np.zeros(outcomes, dtype=np.int64),
            groups=np.zeros(outcomes),
            touched=np.empty(outcomes, dtype=np.int64),
            most=np.empty(outcomes, dtype=np.int64),
        ),
    )
    walk.n_rows[0] = cells
    walk.class_of[0] = 0
    walk.suffix[0] = np.arange(cells)
    walk.size[0] = problem.size
    return state, walk


def _decided(state: State, walk: Walk) -> float:
    """Return the share of the walk that is done: each table splits its share among its children."""
    from niming.anonymize.lattice_kernel import DEPTH

    done, part = 0.0, 1.0
    for i in range(int(state.numbers[DEPTH]) + 1):
        n = int(walk.n_open[i])
        if n < 0:
            break
        part /= max(n, 1)
        done += part * max(int(walk.next[i]) - (i < state.numbers[DEPTH]), 0)
    return 1.0 if state.numbers[DEPTH] < 0 else min(done, 1.0)
