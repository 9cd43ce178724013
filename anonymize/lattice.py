"""`Lattice`: all ways to give each quasi-identifier one level of its hierarchy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from niming.anonymize.loss import Loss
from niming.errors import InputError
from niming.tables import MISSING, Bound, Counts, Hierarchy

__all__ = ["Axis", "Lattice"]


@dataclass(frozen=True, eq=False, repr=False)
class Axis:
    """One quasi-identifier of a lattice: what its codes become at each level.

    Parameters
    ----------
    column : str
    codes : ndarray of shape (n_levels, n_values), int32
        Code of the label of each value at each level. The last value is the missing one if
        `missing`; its label is None below the top.
    labels : tuple of ndarray of str or None
    share : ndarray of shape (n_levels, n_values), float64
        Share of the hierarchy's domain that has the label. A missing value loses nothing below
        the top.
    smallest : float
        Share of a single value.
    missing : bool
    """

    column: str
    codes: NDArray[np.int32]
    labels: tuple[NDArray[np.object_], ...]
    share: NDArray[np.float64]
    smallest: float
    missing: bool

    @classmethod
    def of(cls, column: str, bound: Bound, *, missing: bool) -> Axis:
        """Make the axis of `column`, with a missing value if there is one in the data."""
        smallest = float(bound.share[0].min())
        if not missing:
            return cls(column, bound.codes, bound.labels, bound.share, smallest, False)
        n_levels = bound.n_levels
        codes = np.column_stack([bound.codes, np.zeros(n_levels, np.int32)])
        share = np.column_stack([bound.share, np.zeros(n_levels)])
        labels = []
        for level, names in enumerate(bound.labels):
            if bound.rooted and level == n_levels - 1:
                labels.append(names)
                share[level, -1] = 1.0
            else:
                labels.append(np.append(names, [None]))
                codes[level, -1] = len(names)
                share[level, -1] = smallest
        return cls(column, codes, tuple(labels), share, smallest, True)

    @property
    def n_levels(self) -> int:
        """Levels, counting level 0 and the top."""
        return len(self.labels)

    def level_codes(self, codes: NDArray[np.int32], level: int) -> NDArray[np.int32]:
        """Generalise codes of `Counts`; a missing one (-1) reads the last value."""
        new: NDArray[np.int32] = self.codes[level][codes]
        return new


@dataclass(frozen=True, eq=False, repr=False)
class Lattice:
    """All ways to give each quasi-identifier one level.

    Parameters
    ----------
    counts : Counts
        Quasi-identifiers and sensitive columns.
    axes : tuple of Axis
    """

    counts: Counts
    axes: tuple[Axis, ...]

    @classmethod
    def of(
        cls, counts: Counts, quasi_identifiers: Sequence[str], hierarchies: Mapping[str, Hierarchy]
    ) -> Lattice:
        """Bind the hierarchies to the values that were counted.

        Raises
        ------
        HierarchyError
            Values that a hierarchy lacks.
        InputError
            A quasi-identifier without a hierarchy, or missing in every row.
        """
        cls.check(quasi_identifiers, hierarchies)
        axes = []
        for column in quasi_identifiers:
            categories = counts.categories[counts.position(column)]
            if len(categories) == 0:
                raise InputError(
                    f"the quasi-identifier {column!r} is missing in every row",
                    hint="drop the column: it tells nothing",
                )
            missing = bool((counts.column_codes(column) == MISSING).any())
            bound = hierarchies[column].bind(categories, column=column)
            axes.append(Axis.of(column, bound, missing=missing))
        return cls(counts, tuple(axes))

    @staticmethod
    def check(quasi_identifiers: Sequence[str], hierarchies: Mapping[str, Hierarchy]) -> None:
        """Raise `InputError` unless every quasi-identifier has a hierarchy."""
        without = [c for c in quasi_identifiers if c not in hierarchies]
        if without:
            raise InputError(
                f"no hierarchy for {', '.join(map(repr, without))}",
                hint="give one a quasi-identifier, such as Hierarchy.intervals(0, 120, 5, 10)",
            )

    def __repr__(self) -> str:
        return f"Lattice(n_columns={len(self.axes)}, n_nodes={self.n_nodes})"

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return math.prod(a.n_levels for a in self.axes)

    @property
    def columns(self) -> tuple[str, ...]:
        """The quasi-identifiers."""
        return tuple(a.column for a in self.axes)

    def generalise(self, levels: Sequence[int]) -> Counts:
        """Return the counts with every quasi-identifier at its level, cells not merged."""
        codes = self.counts.codes.copy()
        categories = list(self.counts.categories)
        for axis, level in zip(self.axes, levels, strict=True):
            at = self.counts.position(axis.column)
            names = axis.labels[level]
            new = axis.level_codes(codes[:, at], level)
            if axis.missing and names[-1] is None:
                names, new = names[:-1], np.where(new == len(names) - 1, MISSING, new)
            codes[:, at] = new
            categories[at] = names
        return Counts(self.counts.columns, tuple(categories), codes, self.counts.n)

    def losses(
        self, levels: Sequence[int], kept: NDArray[np.bool_], loss: Loss
    ) -> NDArray[np.float64]:
        """Return the loss of each column at a node.

        Parameters
        ----------
        levels : sequence of int
        kept : ndarray of shape (n_cells,), bool
            Cells that are not suppressed.
        loss : Loss
        """
        counts = self.counts
        out = np.empty(len(self.axes))
        for j, (axis, level) in enumerate(zip(self.axes, levels, strict=True)):
            share = axis.share[level][counts.column_codes(axis.column)]
            each = np.where(kept, loss.kept(share), loss.suppressed(share))
            out[j] = loss.column(float(counts.n @ each), counts.n_rows, axis.smallest)
        return out
