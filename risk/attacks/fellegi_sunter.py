"""Fellegi and Sunter's record linkage: weights of agreement, learnt by EM from pattern counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.risk.attacks.agreement import Compared
from niming.tables import SUPPRESSED
from niming.tables.grouping import group

__all__ = ["Patterns", "Weights", "fit", "patterns"]

_LEAST = 1e-6  # no chance is nearer to 0 or 1, so that every weight is finite
_NEVER = 1e-300  # the chance of a target that meets no record, so that it has a logarithm
_MOST = 2**13  # patterns: sets of columns that agree, times shapes of released records


@dataclass(frozen=True, eq=False, repr=False)
class Patterns:
    """How many released records meet each target in each pattern of agreement.

    Parameters
    ----------
    agree, known : ndarray of shape (n_patterns, n_columns), bool
        Columns that agree, and columns of which both cells are known. What is unknown neither
        agrees nor disagrees.
    shape : ndarray of shape (n_patterns,), int64
        The shape of the released records of a pattern: which cells they know and at which level.
    target, pattern, n : ndarray of shape (n_entries,), int64
        Released records in this pattern with this target, at least 1.
    u : ndarray of shape (n_shapes, n_targets, n_columns), float64, in (0, 1)
        Chance that a released record of the shape agrees with the target by accident: the share
        of them that does. It is small for rare values.
    own : ndarray of shape (n_targets,), int64
        Pattern of each target with its own released record; -1 if it has none in its block.
    n_released : int
        Released records, whether or not they share a block with a target.
    """

    agree: NDArray[np.bool_]
    known: NDArray[np.bool_]
    shape: NDArray[np.int64]
    target: NDArray[np.int64]
    pattern: NDArray[np.int64]
    n: NDArray[np.int64]
    u: NDArray[np.float64]
    own: NDArray[np.int64]
    n_released: int

    def __repr__(self) -> str:
        return f"Patterns(n_patterns={len(self.agree)}, n_pairs={int(self.n.sum())})"

    @property
    def n_targets(self) -> int:
        """Number of targets."""
        return int(self.u.shape[1])

    @property
    def n_columns(self) -> int:
        """Number of columns that are compared."""
        return int(self.u.shape[2])

    def surprise(
        self, target: NDArray[np.int64], pattern: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return −ln of the chance of each pattern with its target by accident."""
        out = np.zeros(len(target))
        shape = self.shape[pattern]
        for j in range(self.n_columns):
            u = self.u[shape, target, j]
            chance = np.where(self.agree[pattern, j], u, 1 - u)
            out -= np.where(self.known[pattern, j], np.log(chance), 0.0)
        return out


@dataclass(frozen=True, eq=False, repr=False)
class Weights:
    """How often the cells of one person agree, learnt by `fit`.

    Parameters
    ----------
    m : ndarray of shape (n_columns,), float64, in (0, 1)
        Chance that a column agrees between the target and its own released record.
    n_iterations : int
    converged : bool

    Notes
    -----
    Weight of a pattern = Σ over its known columns of log2(m/u) where they agree and of
    log2((1 − m)/(1 − u)) where they do not (Fellegi and Sunter 1969).
    """

    m: NDArray[np.float64]
    n_iterations: int
    converged: bool

    def __repr__(self) -> str:
        state = "converged" if self.converged else "not converged"
        return f"Weights({len(self.m)} columns, {state} after {self.n_iterations} iterations)"

    def of(
        self, found: Patterns, target: NDArray[np.int64], pattern: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return the weight in bits of each pattern with its target."""
        agreement = _likelihood(found, self.m)[pattern]
        bits: NDArray[np.float64] = (agreement + found.surprise(target, pattern)) / np.log(2)
        return bits


def patterns(
    compared: Sequence[Compared],
    targets: NDArray[np.int64],
    *,
    own: NDArray[np.int64] | None = None,
    blocks: Sequence[Compared] = (),
) -> Patterns:
    """Count, for each target, the released records in each pattern of agreement.

    Parameters
    ----------
    compared : sequence of Compared
        At least one.
    targets : ndarray of shape (n_targets,), int64
        Rows of the original.
    own : ndarray of shape (n_targets,), int64, optional
        The released row of each target, -1 for none; only to tell which pattern that is.
    blocks : sequence of Compared, optional
        Columns in which a pair must agree to be compared at all.

    Returns
    -------
    Patterns

    Raises
    ------
    InputError
        More than 8192 patterns of agreement.

    Notes
    -----
    No pair is looked at. For each set S of columns one grouping tells how many released records
    agree with a target on *at least* S; the alternating sum over supersets (Möbius inversion)
    leaves those that agree on exactly S. Released records are taken apart by shape: which cells
    they know, and at which level of the hierarchy these stand. Cost is
    O(2^q · (n_shapes · n_targets + n_combinations)) for q columns and the distinct combinations
    released, whatever the number of pairs.

    Examples
    --------
    >>> from niming.risk.attacks.agreement import compare
    >>> from niming.tables import read
    >>> table = read({"sex": ["F", "F", "M", "M"], "age": [30, 40, 40, 40]})
    >>> found = patterns(compare(table, table, ["sex", "age"]), np.array([0]))
    >>> found.agree[found.pattern].astype(int).tolist(), found.n.tolist()
    ([[0, 0], [1, 0], [1, 1]], [2, 1, 1])
    """
    q, every = len(compared), [*compared, *blocks]
    ours = np.column_stack([c.original[targets] for c in every])
    sizes = [len(c.level) for c in every]
    theirs = np.column_stack([c.released for c in every])
    combos = group(theirs, sizes, lowest=SUPPRESSED)
    theirs, records = theirs[combos.first], np.bincount(combos.group_of)
    stands = np.column_stack([c.height() for c in every])[combos.first]
    shapes = group(stands, [len(c.becomes) for c in every], lowest=-1)
    masks = group((ours >= 0).astype(np.int8), [2] * len(every))
    _check(stands[shapes.first][:, :q] >= 0, len(masks.first))
    rows_of = np.split(np.argsort(shapes.group_of, kind="stable"), _ends(shapes.group_of))
    u = np.full((len(shapes.first), len(targets), q), 0.5)
    ids: dict[tuple[int, int, int], int] = {}  # shape, columns that agree, columns known
    parts = []
    for s, rows in enumerate(rows_of):
        height = stands[shapes.first[s]]
        said = np.full_like(ours, -3)
        for j, c in enumerate(every):
            if height[j] >= 0:
                here = ours[:, j] >= 0
                said[here, j] = c.becomes[height[j], ours[here, j]]
        for j in np.flatnonzero(height[:q] >= 0).tolist():
            alike = np.bincount(theirs[rows, j], records[rows], minlength=sizes[j])
            share = alike / records[rows].sum()
            u[s, :, j] = np.where(said[:, j] >= 0, share[np.maximum(said[:, j], 0)], 0.0)
        for mask, one in enumerate(masks.first):
            both = (height >= 0) & (ours[one] >= 0)
            if not both[q:].all():
                continue
            mine = np.flatnonzero(masks.group_of == mask)
            at = np.flatnonzero(both[:q])
            exact = _by_set(
                said[mine], theirs[rows], records[rows], at, range(q, len(every)), sizes
            )
            for subset, n in enumerate(exact):
                met = np.flatnonzero(n)
                if met.size:
                    agreeing = sum(1 << int(j) for i, j in enumerate(at) if subset >> i & 1)
                    key = (s, agreeing, sum(1 << int(j) for j in at))
                    pattern = np.full(len(met), ids.setdefault(key, len(ids)))
                    parts.append(np.stack([mine[met], pattern, n[met]]))
    entries = np.concatenate(parts, axis=1) if parts else np.zeros((3, 0), dtype=np.int64)
    keys = np.array(list(ids), dtype=np.int64).reshape(-1, 3)
    bits = np.arange(q)
    return Patterns(
        agree=(keys[:, 1, None] >> bits & 1).astype(bool),
        known=(keys[:, 2, None] >> bits & 1).astype(bool),
        shape=keys[:, 0],
        target=entries[0],
        pattern=entries[1],
        n=entries[2],
        u=np.clip(u, _LEAST, 1 - _LEAST),
        own=_own(compared, blocks, targets, own, shapes.group_of[combos.group_of], ids),
        n_released=len(combos.group_of),
    )


def _own(
    compared: Sequence[Compared],
    blocks: Sequence[Compared],
    targets: NDArray[np.int64],
    own: NDArray[np.int64] | None,
    shape_of: NDArray[np.int64],
    ids: dict[tuple[int, int, int], int],
) -> NDArray[np.int64]:
    """Return the pattern of each target with its own released record."""
    out = np.full(len(targets), -1, dtype=np.int64)
    if own is None:
        return out
    met = np.flatnonzero(own >= 0)
    for block in blocks:
        met = met[block.agrees(targets[met], own[met])[0]]
    agree, known = np.zeros(len(met), dtype=np.int64), np.zeros(len(met), dtype=np.int64)
    for j, column in enumerate(compared):
        agrees, knows = column.agrees(targets[met], own[met])
        agree |= agrees.astype(np.int64) << j
        known |= knows.astype(np.int64) << j
    keys = zip(shape_of[own[met]].tolist(), agree.tolist(), known.tolist(), strict=True)
    out[met] = [ids[key] for key in keys]
    return out


def fit(
    found: Patterns,
    *,
    present: float = 1.0,
    max_iterations: int = 2000,
    tolerance: float = 1e-7,
) -> Weights:
    """Learn how often the cells of one person agree, without knowing who is whose.

    Parameters
    ----------
    found : Patterns
    present : float in (0, 1], default 1.0
        Share of the targets that are in the release.
    max_iterations : int, default 2000
    tolerance : float, default 1e-7
        It has converged when an iteration adds less than this to the mean over targets of the
        log-likelihood. Chances that hardly matter to it may still move.

    Returns
    -------
    Weights

    Notes
    -----
    EM (Winkler 1988) on pattern counts, with two things that an attacker on a release knows and a
    linker of files does not. Each target has at most one record of its own, and a share π of them
    has one; so the chance g that one of n released records in a pattern is the target's own is
    normalised over all that the target meets, not pair by pair:

        g = π n R / (π Σ n R + (1 − π) N),   R = Π (m/u)^agree ((1 − m)/(1 − u))^disagree

    for N released records. And u is not learnt, but read off the release for the target's own
    values (the frequency-based weights of Fellegi and Sunter 1969, their method I). Then
    m ← Σ g agree / Σ g known. Every m starts at 0.9. Pairwise EM fails here: one match among 10⁵
    pairs is too few, and it settles on any two columns that depend on each other.

    Cost is O(n_entries) an iteration.

    References
    ----------
    Fellegi, Sunter 1969, "A theory for record linkage", doi:10.1080/01621459.1969.10501049.
    Winkler 1988, "Using the EM algorithm for weight computation in the Fellegi-Sunter model of
    record linkage", Proceedings of the Section on Survey Research Methods, ASA.

    Examples
    --------
    >>> from niming.risk.attacks.agreement import compare
    >>> from niming.tables import read
    >>> table = read({"sex": ["F", "F", "M", "M"], "age": [30, 40, 50, 60]})
    >>> fit(patterns(compare(table, table, ["sex", "age"]), np.arange(4))).m.round(3)
    array([1., 1.])
    """
    m, before = np.full(found.n_columns, 0.9), -np.inf
    by_accident = found.surprise(found.target, found.pattern) + np.log(found.n / found.n_released)
    size = len(found.agree)
    for step in range(1, max_iterations + 1):
        evidence = np.exp(np.clip(by_accident + _likelihood(found, m)[found.pattern], -700, 700))
        total = np.bincount(found.target, evidence, minlength=found.n_targets)
        chance = np.maximum(present * total + 1 - present, _NEVER)
        likelihood = float(np.log(chance).mean())
        if likelihood - before < tolerance:
            return Weights(m, step, True)
        before = likelihood
        own = np.bincount(
            found.pattern, evidence * (present / chance)[found.target], minlength=size
        )
        below = own @ found.known
        m = np.divide(own @ (found.agree & found.known), below, out=m.copy(), where=below > 0)
        m = np.clip(m, _LEAST, 1 - _LEAST)
    return Weights(m, max_iterations, False)


def _likelihood(found: Patterns, m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ln of the chance of each pattern between a target and its own record."""
    yes = (found.agree & found.known).astype(np.float64)
    no = (~found.agree & found.known).astype(np.float64)
    chances: NDArray[np.float64] = yes @ np.log(m) + no @ np.log(1 - m)
    return chances


def _by_set(
    ours: NDArray[np.int32],
    theirs: NDArray[np.int32],
    records: NDArray[np.int64],
    at: NDArray[np.int64],
    blocks: Sequence[int],
    sizes: list[int],
) -> NDArray[np.int64]:
    """Return, for each set of the columns `at` and each record of ours, the exact agreements."""
    n_sets = 1 << len(at)
    counts = np.zeros((n_sets, len(ours)), dtype=np.int64)
    for subset in range(n_sets):
        columns = [int(at[i]) for i in range(len(at)) if subset >> i & 1] + list(blocks)
        if not columns:
            counts[subset] = records.sum()
            continue
        # -3, which only ours hold, says that no released value agrees.
        both = np.concatenate([ours[:, columns], theirs[:, columns]])
        groups = group(both, [sizes[j] for j in columns], lowest=-3)
        n = np.bincount(groups.group_of[len(ours) :], records, minlength=len(groups.first))
        counts[subset] = n[groups.group_of[: len(ours)]]
    for i in range(len(at)):
        without = np.flatnonzero(~(np.arange(n_sets) >> i) & 1)
        counts[without] -= counts[without | 1 << i]
    return counts


def _ends(group_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each group but the last ends, in ascending order of the groups."""
    return np.cumsum(np.bincount(group_of))[:-1]


def _check(known: NDArray[np.bool_], n_masks: int) -> None:
    n_patterns = int((2.0 ** known.sum(axis=1)).sum()) * n_masks
    if n_patterns > _MOST:
        raise InputError(
            f"{known.shape[1]} columns make {n_patterns} patterns of agreement, more than {_MOST}",
            hint="compare fewer columns: those that an outsider is most likely to know",
        )
