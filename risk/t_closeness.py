"""t-closeness: how much does a class tell about the sensitive value beyond the whole table?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import HierarchyError, InputError
from niming.measure import Measure, Result
from niming.risk.classes import (
    Missing,
    Numbers,
    check_missing,
    classes_of,
    spectra_of,
    suppressed_class,
    totals_of,
)
from niming.tables import MISSING, SUPPRESSED, Classes, Counts, Hierarchy, Source, Spectrum

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Closeness", "Distance", "t_closeness"]

Distance: TypeAlias = Literal["equal", "ordered"] | Hierarchy

_DEFINITION = {
    "equal": "largest earth mover's distance of a class to the table, all values equally far",
    "ordered": "largest earth mover's distance of a class to the table, by rank of the value",
    "hierarchical": "largest earth mover's distance of a class to the table, over the hierarchy",
}
_SOURCE = {
    "equal": "Li, Li, Venkatasubramanian 2007, section 4.2, equal distance",
    "ordered": "Li, Li, Venkatasubramanian 2007, section 4.1, ordered distance",
    "hierarchical": "Li, Li, Venkatasubramanian 2007, section 4.2, hierarchical distance",
}
_EXACT = 2**62  # integers stay below this, or floating point takes over


class _Ratio(NamedTuple):
    """A distance a class as numerator over denominator, whole numbers while these fit."""

    above: Numbers
    below: Numbers

    def at(self, position: int) -> float:
        """Return one distance, rounded once where numerator and denominator are whole."""
        above, below = self.above[position], self.below[position]
        if isinstance(above, np.integer) and isinstance(below, np.integer):
            return float(Fraction(int(above), int(below)))
        return min(float(above / below), 1.0)


@dataclass(frozen=True, repr=False, eq=False)
class Closeness(Result):
    """How far each class is from the table in a sensitive column, made by `t_closeness`.

    Parameters
    ----------
    sensitive : str
    distance : {"equal", "ordered", "hierarchical"}
    per_class : ndarray of shape (n_classes,), float64, in [0, 1]
        Distance of each class.
    t : float in [0, 1]
        Largest distance of all classes, the class of suppressed records among them.
    t_unsuppressed : float or None
        Largest distance of the classes that show anything; None if all records are suppressed.
    records : ndarray of shape (n_classes,), int64
    missing : {"own-value", "matches-anything"}
    """

    sensitive: str
    distance: Literal["equal", "ordered", "hierarchical"]
    per_class: NDArray[np.float64]
    t: float
    t_unsuppressed: float | None
    records: NDArray[np.int64]
    missing: Missing = "own-value"

    @classmethod
    def of(
        cls,
        classes: Classes,
        sensitive: str,
        *,
        distance: Distance = "equal",
        spectrum: Spectrum | None = None,
        missing: Missing = "own-value",
    ) -> Closeness:
        """Measure equivalence classes; `spectrum` is `spectrum_of` this reading, if at hand."""
        _check(distance)
        check_missing(missing)
        if spectrum is None:
            pieces = spectra_of(classes, sensitive, missing=missing)
        else:
            pieces = spectrum.blocks
        table = totals_of(classes, sensitive, missing=missing)
        tree = _tree(classes, sensitive, distance) if isinstance(distance, Hierarchy) else None
        hidden = suppressed_class(classes)
        per_class = np.empty(classes.n_classes)
        largest, largest_shown = 0.0, 0.0
        for rows, piece in pieces:
            if tree is not None:
                ratio = _hierarchical(piece, table, tree)
            elif distance == "ordered":
                ratio = _ordered(piece, table)
            else:
                ratio = _equal(piece, table)
            found = np.minimum(ratio.above / ratio.below, 1.0)
            per_class[rows] = found
            largest = max(largest, ratio.at(int(found.argmax())))
            shown = np.flatnonzero(rows != (-1 if hidden is None else hidden))
            if len(shown):
                largest_shown = max(largest_shown, ratio.at(int(shown[found[shown].argmax()])))
        return cls(
            sensitive=sensitive,
            distance="hierarchical" if isinstance(distance, Hierarchy) else distance,
            per_class=per_class,
            t=largest,
            t_unsuppressed=None if hidden == classes.n_classes - 1 else largest_shown,
            records=classes.size,
            missing=missing,
        )

    def n_records_above(self, t: float) -> int:
        """Return how many records are in classes further than `t` from the table."""
        return int(self.records[self.per_class > t].sum())

    def n_classes_above(self, t: float) -> int:
        """Return how many classes are further than `t` from the table."""
        return int(np.count_nonzero(self.per_class > t))

    def measures(self) -> tuple[Measure, ...]:
        """Return t over all classes, and without the class of suppressed records."""
        stem, definition = "t_closeness", _DEFINITION[self.distance]
        if self.missing == "matches-anything":
            stem += ".matching"
            definition += "; missing and suppressed match anything"
        return tuple(
            Measure(
                f"{stem}.{self.distance}{part}[{self.sensitive}]",
                value,
                "distance",
                (0, 1),
                "lower-is-safer",
                definition + what,
                _SOURCE[self.distance],
                "" if value is not None else "every record is suppressed",
            )
            for part, value, what in (
                ("", self.t, ""),
                ("_unsuppressed", self.t_unsuppressed, ", without the fully suppressed records"),
            )
        )

    def plot(self) -> Figure:
        """Draw the share of records by the distance of their class to the table.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.risk.bands import draw, to_one

        return draw(
            to_one(self.per_class, self.records),
            words=f"{self.distance} distance of the class to the table in {self.sensitive}",
            title=f"t = {self.t:.4g}; {self.records.sum()} records in {len(self.records)} classes",
        )


def t_closeness(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    sensitive: str,
    distance: Distance = "equal",
    suppressed: str | None = None,
    missing: Missing = "own-value",
) -> Closeness:
    """Measure how far the sensitive values of a class may be from those of the whole table.

    Against an outsider who knows the distribution in the table and finds a person's class.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one.
    sensitive : str
        A column that is not among the quasi-identifiers.
    distance : {"equal", "ordered"} or Hierarchy, default "equal"
        How far two sensitive values are from each other: 1 if they differ; their ranks apart
        over the number of distinct values less one; or the level of their lowest common ancestor
        over the height of the hierarchy.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed cell is a value of its own; or a quasi-identifier agrees with
        every value, so that a class is measured on the records of all classes that agree with it,
        and a sensitive cell has the most frequent value known among these.

    Returns
    -------
    Closeness
        `t` in [0, 1], `t_unsuppressed`, `per_class`, `n_records_above(t)`, `n_classes_above(t)`.

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have.
    HierarchyError
        The hierarchy lacks values (counted), has one level only, or several tops.
    InputError
        No quasi-identifiers, `sensitive` is one of them, or an unknown distance or reading.

    Notes
    -----
    With p the distribution in a class and q that in the table, as shares of records, v over m
    values, P and Q their cumulated sums:

    - equal: ½ Σ_v |p_v − q_v|
    - ordered: Σ_{v<m} |P_v − Q_v| / (m − 1), in ascending order of the values that occur
    - hierarchical: (1/H) Σ_{h<H} ½ Σ_{nodes at level h} |p_node − q_node| for a hierarchy of
      height H (its levels less one). That is the sum of the paper's cost(N) over inner nodes: a
      tree whose edges are all 1/(2H) long has the leaves' distances level/H. ARX measures so.

    As values of their own, missing and suppressed sensitive values are at distance 1 from each
    other and from all others; in a hierarchy they hang from its top. For "ordered" that is not
    moved optimally: with p_K the share of a class that is known, t = p_K · (ordered distance of
    what is known) + ½ Σ |p − q| over known, missing and suppressed. That is never less than the
    earth mover's distance, the same if nothing is missing, and convex as it is, so that merging
    classes never raises t.

    Where anything matches, q is that of the known cells of the table, and an unknown cell of a
    class has the commonest value known there; a class of unknown cells alone is at distance 1,
    unless the whole column is unknown. As values of their own they make p and q alike instead.

    Where all sensitive cells are known, the table's t is never larger where anything matches: what
    a person is then hidden among is a union of whole classes, and all distances are convex. Neither
    reading bounds the other for a single class nor for `t_unsuppressed`, because suppressed records
    then stand among the others and may be far from the table. Where sensitive cells are unknown,
    either reading may be the stricter. So report both, and judge by the worse.

    Sums are of integers while n² m < 2⁶¹, and the largest is divided once, so that a t of 1/5 is
    not 0.2000…1. One GROUP BY, then O(n_cells log n_cells), whatever the number of values. Where
    anything matches and something is missing, classes are compared by the patterns of what they
    know, in bounded memory: `spectra_of` in risk/classes.py says what it costs.

    References
    ----------
    Li, Li, Venkatasubramanian 2007, "t-closeness: privacy beyond k-anonymity and l-diversity",
    sections 3 and 4, doi:10.1109/ICDE.2007.367856.

    Examples
    --------
    >>> table = {"sex": ["F", "F", "M", "M"], "pay": [3, 4, 4, 9]}
    >>> t_closeness(table, quasi_identifiers=["sex"], sensitive="pay").t
    0.25
    >>> t_closeness(table, quasi_identifiers=["sex"], sensitive="pay", distance="ordered").t
    0.25
    """
    _check(distance)
    check_missing(missing)
    if not isinstance(sensitive, str):
        raise InputError("sensitive is one column", hint="measure each sensitive column by itself")
    classes = classes_of(
        source,
        quasi_identifiers=quasi_identifiers,
        sensitive=[sensitive],
        suppressed=suppressed,
    )
    return Closeness.of(classes, sensitive, distance=distance, missing=missing)


def _check(distance: object) -> None:
    if not isinstance(distance, Hierarchy) and distance not in ("equal", "ordered"):
        raise InputError(
            "distance must be 'equal', 'ordered' or a Hierarchy",
            hint="build one with niming.anonymize.Hierarchy",
        )


def _totals(codes: NDArray[np.int64], n: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    totals = np.zeros(size, dtype=np.int64)
    np.add.at(totals, codes, n)
    return totals


def _surplus(
    n: NDArray[np.int64],
    expected: NDArray[np.int64],
    class_of: NDArray[np.int64],
    size: NDArray[np.int64],
    n_rows: int,
) -> Numbers:
    """Return Σ max(0, p − q) a class, times size times n_rows.

    Only values that the class has can be in surplus, and surplus equals deficit.
    """
    kind = np.int64 if n_rows * n_rows < _EXACT else np.float64
    surplus = n.astype(kind) * n_rows - expected.astype(kind) * size[class_of]
    starts = np.flatnonzero(np.diff(class_of, prepend=-1))
    sums: Numbers = np.add.reduceat(np.maximum(surplus, 0), starts)
    return sums


def _equal(spectrum: Spectrum, table: NDArray[np.int64]) -> _Ratio:
    size, n_rows = spectrum.sizes, int(table.sum())
    expected = table[spectrum.value.astype(np.int64) - SUPPRESSED]
    above = _surplus(spectrum.n, expected, spectrum.class_of, size, n_rows)
    return _Ratio(above, _scaled(size, n_rows))


def _ordered(spectrum: Spectrum, table: NDArray[np.int64]) -> _Ratio:
    size, n_rows = spectrum.sizes, int(table.sum())
    values = table[-SUPPRESSED:]
    class_of, value, n = spectrum.class_of, spectrum.value, spectrum.n
    every = int(values.sum())
    if every == n_rows:
        known, nothing = value >= 0, class_of[value < 0]
        above, n_steps = _steps(
            class_of[known], value[known].astype(np.int64), n[known], size, values
        )
        below = _scaled(size, n_rows * n_steps)
        above[nothing] = below[nothing]  # of these classes no cell is known: distance 1
        return _Ratio(above, below)
    # What is known is compared as ordered, at the class's share of it; the rest as equal.
    known = value >= 0
    class_of, value, n = class_of[known], value[known], n[known]
    n_known = _totals(class_of, n, len(size))
    above, n_steps = _steps(class_of, value.astype(np.int64), n, n_known, values)
    distances = above / (size * float(max(every, 1) * n_steps))
    moved = np.abs(n_known / size - every / n_rows)
    for state in (MISSING, SUPPRESSED):
        here = spectrum.value == state
        count = _totals(spectrum.class_of[here], spectrum.n[here], len(size))
        moved += np.abs(count / size - table[state - SUPPRESSED] / n_rows)
    return _Ratio(distances + moved / 2, np.ones(len(size)))


def _steps(
    class_of: NDArray[np.int64],
    value: NDArray[np.int64],
    n: NDArray[np.int64],
    size: NDArray[np.int64],
    totals: NDArray[np.int64],
) -> tuple[Numbers, int]:
    """Return Σ_v |P_v − Q_v| a class, times size times n_rows, and m − 1 (at least 1).

    Between two values of a class P stands still while Q climbs, so each such stretch is summed
    from two prefix sums, split where Q crosses P.
    """
    out_of = len(size)
    if not len(n):
        return np.zeros(out_of, dtype=np.int64), 1
    occurs = totals > 0
    rank = (np.cumsum(occurs) - 1)[value]
    table = np.cumsum(totals[occurs])  # records up to each rank
    m, n_rows = len(table), int(table[-1])
    starts = np.flatnonzero(np.diff(class_of, prepend=-1))
    present = class_of[starts]
    lengths = np.diff(starts, append=len(n))
    until = np.cumsum(n)
    until -= np.repeat((until - n)[starts], lengths)
    own_size = size[class_of]
    # Q passes P where table > until * n_rows / own_size, which whole numbers can tell exactly.
    exact = 2 * n_rows * n_rows * m < _EXACT
    level = until * n_rows // own_size if n_rows * n_rows < _EXACT else until / own_size * n_rows
    end = np.append(rank[1:], m)
    end[starts[1:] - 1] = m
    cross = np.clip(np.searchsorted(table, level, side="right"), rank, end)
    area = np.concatenate([[0], np.cumsum(table)])  # of the table's steps below each rank
    kind = np.int64 if exact else np.float64
    own_size, area = own_size.astype(kind), area.astype(kind)
    pieces = until.astype(kind) * n_rows * (2 * cross - rank - end)
    pieces += own_size * (area[rank] + area[end] - 2 * area[cross])
    above: Numbers = np.zeros(out_of, np.int64) if exact else np.zeros(out_of, np.float64)
    above[present] = np.add.reduceat(pieces, starts) + own_size[starts] * area[rank[starts]]
    return above, max(m - 1, 1)


class _Tree(NamedTuple):
    """A hierarchy over all values and the two states, in an order with its nodes side by side.

    Attributes
    ----------
    order : ndarray of shape (2 + n_values,), int64
        The value at each rank, as its code less SUPPRESSED.
    labels : ndarray of shape (height, 2 + n_values), int64
        The node of each rank at each level below the top.
    """

    order: NDArray[np.int64]
    labels: NDArray[np.int64]


def _tree(classes: Classes, sensitive: str, hierarchy: Hierarchy) -> _Tree:
    counts = classes.counts
    categories = counts.categories[counts.position(sensitive)]
    bound = hierarchy.bind(categories, column=sensitive)
    height = bound.n_levels - 1
    if height < 1:
        raise HierarchyError(
            f"the hierarchy of {sensitive!r} has one level, so its values have no distance",
            hint="give it a level above the values, or use distance='equal'",
        )
    if len(bound.labels[-1]) > 1:
        raise HierarchyError(
            f"the hierarchy of {sensitive!r} has {len(bound.labels[-1])} tops, so values under "
            "different ones have no common ancestor",
            hint="add a last level with one label for all",
        )
    # Suppressed and missing come first and are nodes of their own at every level below the top.
    labels = np.empty((height, len(categories) - SUPPRESSED), dtype=np.int64)
    labels[:, :-SUPPRESSED] = [0, 1]
    labels[:, -SUPPRESSED:] = bound.codes[:height].astype(np.int64) - SUPPRESSED
    order = np.lexsort(labels)
    return _Tree(order, labels[:, order])


def _hierarchical(spectrum: Spectrum, table: NDArray[np.int64], tree: _Tree) -> _Ratio:
    rank = np.empty_like(tree.order)
    rank[tree.order] = np.arange(len(rank))
    totals = table[tree.order]
    size, n_rows = spectrum.sizes, int(table.sum())
    node = rank[spectrum.value.astype(np.int64) - SUPPRESSED]
    by_tree = np.lexsort((node, spectrum.class_of))
    node, n, class_of = node[by_tree], spectrum.n[by_tree], spectrum.class_of[by_tree]
    above: Numbers | None = None
    for label in tree.labels:
        first = np.flatnonzero(np.diff(class_of, prepend=-1) | np.diff(label[node], prepend=-1))
        n = np.add.reduceat(n, first)
        node, class_of = node[first], class_of[first]
        expected = _totals(label, totals, int(label.max()) + 1)[label[node]]
        surplus = _surplus(n, expected, class_of, size, n_rows)
        above = surplus if above is None else above + surplus
    assert above is not None
    return _Ratio(above, _scaled(size, n_rows * len(tree.labels)))


def _scaled(size: NDArray[np.int64], factor: int) -> Numbers:
    """Return size times factor, in whole numbers while they fit."""
    if int(size.max()) * factor < _EXACT:
        return size * factor
    return size.astype(np.float64) * factor
