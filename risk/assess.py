"""Everything that is measured about a table's risk, from one GROUP BY."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from niming.errors import ColumnNotFoundError, InputError
from niming.measure import JSON, Measure, Result
from niming.risk.classes import classes_of, is_complete
from niming.risk.joint import Joint
from niming.risk.k_anonymity import Anonymity
from niming.risk.l_diversity import Diversity, Kind
from niming.risk.population import PopulationUniqueness
from niming.risk.reading import Extent, Question, Reading
from niming.risk.reidentification import Reidentification
from niming.risk.t_closeness import Closeness
from niming.tables import Counts, Hierarchy, Source, read

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Assessment", "assess"]


@dataclass(frozen=True, repr=False)
class Assessment(Result):
    """Everything measured about a table's risk, made by `assess`.

    Parameters
    ----------
    quasi_identifiers, sensitive : tuple of str
    own : Reading
        Missing and suppressed cells are values of their own.
    matching : Reading
        Missing and suppressed quasi-identifiers match anything; unknown sensitive cells have the
        most frequent value of those around them.
    population : PopulationUniqueness or None
        None if neither the size of the population nor the sampling fraction is known.
    """

    quasi_identifiers: tuple[str, ...]
    sensitive: tuple[str, ...]
    own: Reading
    matching: Reading
    population: PopulationUniqueness | None = None

    @property
    def anonymity(self) -> Anonymity:
        """Class sizes, missing and suppressed being values of their own: of these the stricter."""
        return self.own.anonymity

    @property
    def diversity(self) -> Mapping[tuple[str, Kind], Diversity]:
        """The l-diversity of each sensitive column and kind, under the same reading."""
        return self.own.diversity

    @property
    def closeness(self) -> Mapping[tuple[str, str], Closeness]:
        """The t-closeness of each sensitive column and distance, under the same reading."""
        return self.own.closeness

    @property
    def reidentification(self) -> Reidentification:
        """The three attackers, under the same reading."""
        return self.own.reidentification

    @property
    def n_rows(self) -> int:
        """Number of records."""
        return self.anonymity.n_rows

    def measures(self) -> tuple[Measure, ...]:
        """Return every measure, those that do not apply among them."""
        people = () if self.population is None else self.population.measures()
        return (*self.own.measures(), *self.matching.measures(), *people)

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

    def plot_cumulative(self) -> Figure:
        """Draw which share of the records is at that risk or more, under both readings.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.risk.bands import draw_cumulative

        readings = {"missing is a value of its own": self.anonymity}
        if self.matching.anonymity.size.tolist() != self.anonymity.size.tolist():
            readings["missing matches anything"] = self.matching.anonymity
        return draw_cumulative(
            {words: (1 / a.size, a.records) for words, a in readings.items()},
            threshold=1 / self.reidentification.threshold_size,
        )

    def plot_combinations(self) -> Figure:
        """Draw the combinations of columns on which most records stand alone, names only.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        InputError
            Only the core was assessed.
        """
        if self.own.column_sets is None:
            raise InputError(
                "the core alone was assessed, without combinations of columns",
                hint="assess with extent='full', or call find_quasi_identifiers",
            )
        return self.own.column_sets.plot()


def assess(
    table: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str] = (),
    weight: str | None = None,
    household: str | None = None,
    hierarchies: Mapping[str, Hierarchy] | None = None,
    suppressed: str | None = None,
    c: float = 2.0,
    threshold_size: int = 5,
    known: int = 2,
    population: Source | Counts | None = None,
    population_size: int | None = None,
    sampling_fraction: float | None = None,
    extent: Extent = "full",
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
        Column of sampling weights, for the journalist, individual risk and k-map; for tables only.
    household : str, optional
        Column that says who belongs together, for household risk; counted by a GROUP BY of its
        own, because it would split every cell.
    hierarchies : dict of str to Hierarchy, optional
        Those of sensitive columns give their hierarchical t; those of other columns of the table
        are not used.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    c : float > 0, default 2
        The constant of recursive l-diversity.
    threshold_size : int >= 1, default 5
        A class is at risk if it is smaller.
    known : int >= 1, default 2
        How many quasi-identifiers of a person an outsider knows, for LKC-privacy.
    population : table or Counts, optional
        The people from whom the table was drawn, for the journalist, k-map and δ-presence.
    population_size : int, optional
        How many these are; or
    sampling_fraction : float in (0, 1], optional
        the table's share of them: for population uniqueness, k-map and DIS scores.
    extent : {"full", "core"}, default "full"
        The core is k, l, t and the attackers, which is what large tables are watched by.

    Returns
    -------
    Assessment
        `anonymity`, `diversity[column, kind]`, `closeness[column, distance]`,
        `reidentification`; all results under both readings of what is missing in `own` and
        `matching`; `population`; and all their numbers in `measures()`.

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have, in `hierarchies` too.
    InputError
        As the function of each measure, except that l-diversity of a continuous column is
        "not available" with its reason. Both `population_size` and `sampling_fraction`, or a
        `known` below 1.

    Notes
    -----
    Each measure equals that of the function of its name. Of class sizes the first reading is the
    stricter; of sensitive values either may be where some of these are unknown, so judge by the
    worse number of both. t by ordered distance is measured for
    numbers, dates and times, whose order means something. What needs a population, weights or
    households is measured if they are given. Column sets and minimal sample uniques are looked for
    up to a size at which there are at most 4,000 sets, and sets times classes stay below 2·10⁸;
    `suda` and `find_quasi_identifiers` take the size that you give.

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
    >>> result.own.alpha_k["illness"].alpha
    1.0
    """
    if extent not in ("core", "full"):
        raise InputError("extent must be 'core' or 'full'", hint="leave it out for all measures")
    if isinstance(known, bool) or not isinstance(known, int) or known < 1:
        raise InputError(
            "known must be a whole number of columns, at least 1",
            hint="how many quasi-identifiers of one person an outsider could know",
        )
    if population_size is not None and sampling_fraction is not None:
        raise InputError(
            "population_size and sampling_fraction tell the same",
            hint="give one of the two",
        )
    table = table if isinstance(table, Counts) else read(table)
    if missing := [c for c in hierarchies or {} if c not in table.columns]:
        raise ColumnNotFoundError.among(missing, table.columns, asked_by="hierarchies")
    classes = classes_of(
        table,
        quasi_identifiers=quasi_identifiers,
        sensitive=sensitive,
        weight=weight,
        suppressed=suppressed,
    )
    households = None
    if household is not None:
        counted = classes_of(
            table,
            quasi_identifiers=quasi_identifiers,
            sensitive=[household],
            weight=weight,
            suppressed=suppressed,
        )
        households = counted, household
    question = Question(
        sensitive=tuple(sensitive),
        hierarchies=hierarchies or {},
        c=c,
        threshold_size=threshold_size,
        known=known,
        extent=extent,
        households=households,
        population=None if population is None else Joint.of(classes, population),
        population_size=population_size,
        sampling_fraction=sampling_fraction,
    )
    own = Reading.of(classes, question, missing="own-value")
    complete = is_complete(classes, sensitive)
    people = None
    if extent == "full" and not (population_size is None and sampling_fraction is None):
        people = PopulationUniqueness.of(
            classes, population_size=population_size, sampling_fraction=sampling_fraction
        )
    return Assessment(
        quasi_identifiers=classes.quasi_identifiers,
        sensitive=tuple(sensitive),
        own=own,
        matching=own.reread("matches-anything")
        if complete
        else Reading.of(classes, question, missing="matches-anything"),
        population=people,
    )
