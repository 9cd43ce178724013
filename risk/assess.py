"""Everything that is measured about a table's risk, from one GROUP BY."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from niming.measure import JSON, Measure, Result
from niming.risk.classes import classes_of, is_continuous, is_ordered
from niming.risk.k_anonymity import Anonymity
from niming.risk.l_diversity import Diversity, Kind
from niming.risk.reidentification import Reidentification
from niming.risk.t_closeness import Closeness, Distance
from niming.tables import Classes, Counts, Hierarchy, Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Assessment", "assess"]

_KINDS: tuple[Kind, ...] = ("distinct", "entropy", "recursive")


@dataclass(frozen=True, repr=False)
class Assessment(Result):
    """Everything measured about a table's risk, made by `assess`.

    Parameters
    ----------
    quasi_identifiers, sensitive : tuple of str
    anonymity : Anonymity
        Missing and suppressed quasi-identifiers are values of their own: the stricter reading.
    matching : Anonymity
        Missing and suppressed quasi-identifiers match anything.
    diversity : dict of (column, kind) to Diversity
    closeness : dict of (column, distance) to Closeness
    reidentification : Reidentification
    not_applicable : tuple of Measure
        What has no meaning for a column, each with its reason.
    """

    quasi_identifiers: tuple[str, ...]
    sensitive: tuple[str, ...]
    anonymity: Anonymity
    matching: Anonymity
    diversity: Mapping[tuple[str, Kind], Diversity]
    closeness: Mapping[tuple[str, str], Closeness]
    reidentification: Reidentification
    not_applicable: tuple[Measure, ...] = ()

    @property
    def n_rows(self) -> int:
        """Number of records."""
        return self.anonymity.n_rows

    def measures(self) -> tuple[Measure, ...]:
        """Return every measure, those that do not apply among them."""
        results: list[Result] = [
            self.anonymity,
            self.matching,
            self.reidentification,
            *self.diversity.values(),
            *self.closeness.values(),
        ]
        return (*(m for r in results for m in r.measures()), *self.not_applicable)

    def to_dict(self) -> dict[str, JSON]:
        """Return the columns, all measures and the histogram of class sizes."""
        return {
            **super().to_dict(),
            "quasi_identifiers": list(self.quasi_identifiers),
            "sensitive": list(self.sensitive),
            "threshold_size": self.reidentification.threshold_size,
            "basis": self.reidentification.basis,
            "histogram": self.anonymity.to_dict()["histogram"],
        }

    def __repr__(self) -> str:
        a = self.anonymity
        risk = self.reidentification.prosecutor
        return (
            f"Assessment({a.n_rows} records, {a.n_classes} classes, k={a.k}, "
            f"n_unique={a.n_unique}, n_suppressed={a.n_suppressed},\n"
            f"  prosecutor: highest={risk.highest:.6g}, "
            f"mean_over_records={risk.mean_over_records:.6g},\n"
            f"  {len(self.measures())} measures, sensitive: {len(self.sensitive)} columns)"
        )

    def plot(self) -> Figure:
        """Draw the share of records by the size of their class, with the threshold marked."""
        return self.anonymity.plot(threshold_size=self.reidentification.threshold_size)


def assess(
    table: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str] = (),
    weight: str | None = None,
    hierarchies: Mapping[str, Hierarchy] | None = None,
    suppressed: str | None = None,
    c: float = 2.0,
    threshold_size: int = 5,
    population: Source | Counts | None = None,
) -> Assessment:
    """Measure all that applies about what a table gives away, from one GROUP BY.

    Parameters
    ----------
    table : table or Counts
        Anything that `niming.read` takes, at least one row.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one.
    sensitive : sequence of str
        Columns whose values must not be learnt; none of them a quasi-identifier.
    weight : str, optional
        Column of sampling weights, for the journalist; for tables only.
    hierarchies : dict of str to Hierarchy, optional
        Those of sensitive columns give their hierarchical t; others are not used.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    c : float > 0, default 2
        The constant of recursive l-diversity.
    threshold_size : int >= 1, default 5
        A class is at risk if it is smaller.
    population : table or Counts, optional
        The people from whom the table was drawn, for the journalist.

    Returns
    -------
    Assessment
        `anonymity`, `matching`, `diversity[column, kind]`, `closeness[column, distance]`,
        `reidentification`, and all their numbers in `measures()`.

    Raises
    ------
    ColumnNotFoundError, InputError
        As `k_anonymity`, `l_diversity`, `t_closeness` and `reidentification`, except that
        l-diversity of a continuous column is "not available" with its reason.

    Notes
    -----
    Each measure equals that of the function of its name. t by ordered distance is measured for
    numbers, dates and times, whose order means something.

    One GROUP BY on the quasi-identifiers and the sensitive columns, then O(n_cells log n_cells)
    a sensitive column; cells multiply with the number of sensitive columns.

    Examples
    --------
    >>> table = {"sex": ["F", "F", "M", "M"], "illness": ["flu", "none", "none", "none"]}
    >>> result = assess(table, quasi_identifiers=["sex"], sensitive=["illness"])
    >>> result.anonymity.k, result.diversity["illness", "distinct"].l
    (2, 1)
    >>> result.closeness["illness", "equal"].t
    0.25
    """
    classes = classes_of(
        table,
        quasi_identifiers=quasi_identifiers,
        sensitive=sensitive,
        weight=weight,
        suppressed=suppressed,
    )
    diversity: dict[tuple[str, Kind], Diversity] = {}
    closeness: dict[tuple[str, str], Closeness] = {}
    not_applicable: list[Measure] = []
    for column in sensitive:
        spectrum = classes.spectrum(column)
        continuous = is_continuous(classes.counts, column)
        for kind in _KINDS:
            constant = c if kind == "recursive" else None
            if continuous:
                not_applicable.append(_continuous(column, kind))
                continue
            diversity[column, kind] = Diversity.of(
                classes, column, kind=kind, c=constant, spectrum=spectrum
            )
        for distance in _distances(classes, column, hierarchies or {}):
            found = Closeness.of(classes, column, distance=distance, spectrum=spectrum)
            closeness[column, found.distance] = found
    anonymity = Anonymity.of(classes)
    return Assessment(
        quasi_identifiers=classes.quasi_identifiers,
        sensitive=tuple(sensitive),
        anonymity=anonymity,
        matching=Anonymity.of(classes, missing="matches-anything"),
        diversity=diversity,
        closeness=closeness,
        reidentification=Reidentification.of(
            classes, threshold_size=threshold_size, population=population
        ),
        not_applicable=tuple(not_applicable),
    )


def _distances(
    classes: Classes, column: str, hierarchies: Mapping[str, Hierarchy]
) -> list[Distance]:
    """Return the distances that have a meaning for `column`."""
    distances: list[Distance] = ["equal"]
    if is_ordered(classes.counts, column):
        distances.append("ordered")
    if column in hierarchies:
        distances.append(hierarchies[column])
    return distances


def _continuous(column: str, kind: Kind) -> Measure:
    return Measure(
        f"l_diversity.{kind}[{column}]",
        None,
        "values",
        (1, math.inf),
        "higher-is-safer",
        "diversity of the sensitive values in a class",
        "Machanavajjhala et al. 2007",
        "the column is continuous, so any class looks diverse: bin it, or use ordered t",
    )
