"""`population_uniqueness`: how many of a table's uniques are unique among all people?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.measure import JSON, Measure, Result
from niming.risk.classes import classes_of, shown, suppressed_class
from niming.risk.population.dankar import choose
from niming.risk.population.estimate import NOBODY_ALONE, Estimate, counted, not_available
from niming.risk.population.pitman import pitman
from niming.risk.population.sample import Sample
from niming.risk.population.slide_negative_binomial import slide_negative_binomial
from niming.risk.population.zayatz import zayatz
from niming.tables import Classes, Counts, Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PopulationUniqueness", "population_uniqueness"]

_SOURCE = {
    "pitman": "Hoshino 2001",
    "zayatz": "Zayatz 1991",
    "snb": "Chen and Keller-McNulty 1998",
}
_WORDS = {
    "pitman": "Pitman",
    "zayatz": "Zayatz",
    "snb": "slide negative\nbinomial",
    "count": "counted",
}
_RULE = "Dankar et al. 2012, decision rule"


@dataclass(frozen=True, repr=False, eq=False)
class PopulationUniqueness(Result):
    """Estimates of how many people are unique in the population, made by `population_uniqueness`.

    Parameters
    ----------
    sample : Sample
        Class sizes of the records that show anything, and the number of people.
    pitman, zayatz, snb : Estimate
        Of one model each, available or not.
    chosen : Estimate
        The one that Dankar's rule takes, or what is known without any.
    n_suppressed : int
        Records whose quasi-identifiers are all suppressed: they are left out.
    """

    sample: Sample
    pitman: Estimate
    zayatz: Estimate
    snb: Estimate
    chosen: Estimate
    n_suppressed: int = 0

    @classmethod
    def of(
        cls,
        classes: Classes,
        *,
        population_size: int | None = None,
        sampling_fraction: float | None = None,
    ) -> PopulationUniqueness:
        """Measure equivalence classes, drawn from so many people or with such a fraction."""
        hidden = suppressed_class(classes)
        whole = Sample.of(
            classes.size, population_size=population_size, sampling_fraction=sampling_fraction
        )
        rest = shown(classes.size, hidden)
        if hidden is None:
            return cls._of(whole)
        n_suppressed = int(classes.size[hidden])
        if not rest.size:
            reason = "every record is suppressed"
            none = {m: not_available(m, reason) for m in ("pitman", "zayatz", "snb", "count")}
            return cls(
                whole, none["pitman"], none["zayatz"], none["snb"], none["count"], n_suppressed
            )
        return cls._of(
            Sample.of(rest.astype(np.int64), population_size=whole.population_size), n_suppressed
        )

    @classmethod
    def of_sizes(
        cls,
        sizes: NDArray[np.int64],
        *,
        population_size: int | None = None,
        sampling_fraction: float | None = None,
    ) -> PopulationUniqueness:
        """Measure the sizes of equivalence classes alone, one a class."""
        return cls._of(
            Sample.of(sizes, population_size=population_size, sampling_fraction=sampling_fraction)
        )

    @classmethod
    def _of(cls, sample: Sample, n_suppressed: int = 0) -> PopulationUniqueness:
        if sample.n_records == sample.population_size:
            reason = "the table holds the whole population, whose uniques are counted"
        elif not sample.n_unique:
            reason = NOBODY_ALONE
        else:
            by = {
                "pitman": pitman(sample),
                "zayatz": zayatz(sample),
                "snb": slide_negative_binomial(sample),
            }
            return cls(sample, **by, chosen=choose(sample, **by), n_suppressed=n_suppressed)
        return cls(
            sample,
            pitman=not_available("pitman", reason),
            zayatz=not_available("zayatz", reason),
            snb=not_available("snb", reason),
            chosen=counted(sample),
            n_suppressed=n_suppressed,
        )

    def measures(self) -> tuple[Measure, ...]:
        """Return what Dankar's rule takes, and the rate by each model."""
        stem = "population_uniqueness"
        people = f"of {self.sample.population_size} people"
        chosen, by = self.chosen, f"by {_WORDS[self.chosen.model].replace(chr(10), ' ')}"
        alone = chosen.reason
        if chosen.sample_unique_risk is None and not alone:
            alone = "no record is alone in the table"
        rows: list[tuple[str, float | None, str, str, str, str]] = [
            (
                "unique_rate",
                chosen.unique_rate,
                "probability",
                f"chance that a record is unique in the population {people}, {by}",
                _RULE,
                chosen.reason,
            ),
            (
                "n_records",
                chosen.n_records,
                "records",
                f"records expected to be unique in the population {people}, {by}",
                _RULE,
                chosen.reason if chosen.n_records is None else "",
            ),
            (
                "sample_unique_risk",
                chosen.sample_unique_risk,
                "probability",
                f"chance that a record alone in the table is alone in the population, {by}",
                _RULE,
                alone,
            ),
            (
                "n_uniques",
                chosen.n_uniques,
                "people",
                f"people unique in the population, {by}",
                _RULE,
                chosen.reason,
            ),
        ]
        rows += [
            (
                f"{estimate.model}.unique_rate",
                estimate.unique_rate,
                "probability",
                f"chance that a record is unique in the population {people}",
                _SOURCE[estimate.model],
                estimate.reason,
            )
            for estimate in (self.pitman, self.zayatz, self.snb)
        ]
        return tuple(
            Measure(
                f"{stem}.{name}",
                value,
                unit,
                (0, 1 if unit == "probability" else math.inf),
                "lower-is-safer",
                definition,
                source,
                reason,
            )
            for name, value, unit, definition, source, reason in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the sample's sizes and each model's estimate and parameters."""
        estimates = (self.pitman, self.zayatz, self.snb)
        return {
            **super().to_dict(),
            "n_records": self.sample.n_records,
            "population_size": self.sample.population_size,
            "n_sample_uniques": self.sample.n_unique,
            "n_suppressed": self.n_suppressed,
            "chosen": self.chosen.model,
            "estimates": {estimate.model: asdict(estimate) for estimate in estimates},
        }

    def __repr__(self) -> str:
        models = ", ".join(_shown(e) for e in (self.pitman, self.zayatz, self.snb))
        return (
            f"PopulationUniqueness({self.sample.n_unique} sample uniques, "
            f"{self.sample.n_records} of {self.sample.population_size} people;\n"
            f"  unique_rate: {_shown(self.chosen)}; n_records={_number(self.chosen.n_records)};\n"
            f"  models: {models})"
        )

    def plot(self) -> Figure:
        """Draw the rate of population uniques by each model, the one that the rule takes in red.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish, instead, said

        chosen = self.chosen
        if chosen.model == "count" and chosen.n_records is not None:
            return said(
                f"{chosen.n_records:.0f} records are unique in the population: {self.zayatz.reason}"
            )
        estimates = (self.pitman, self.zayatz, self.snb)
        rates = [e.unique_rate for e in estimates if e.unique_rate is not None]
        top = max([*rates, 1 / self.sample.population_size]) * 1.15
        figure, axes = blank(7, 3.2)
        for place, estimate in enumerate(estimates):
            if estimate.unique_rate is None:
                words = f"not available: {estimate.reason}"
                instead(axes, place, top / 2, words, width=26)
                continue
            colour = "#c0392b" if estimate.model == chosen.model else "#2e86ab"
            bar = axes.bar(place, estimate.unique_rate, width=0.6, color=colour)
            axes.bar_label(bar, fmt="{:.3g}", fontsize=8)
        axes.set_xticks(range(3), [_WORDS[e.model] for e in estimates])
        axes.set(xlim=(-0.6, 2.6), ylim=(0, top), ylabel="share of people who are unique")
        taken = "none available" if chosen.reason else _WORDS[chosen.model].replace("\n", " ")
        axes.set_title(
            f"unique among {self.sample.population_size:,} people; sampling fraction "
            f"{self.sample.fraction:.3g}; Dankar's rule: {taken}",
            fontsize=10,
        )
        return finish(figure)


def population_uniqueness(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    population_size: int | None = None,
    sampling_fraction: float | None = None,
    suppressed: str | None = None,
) -> PopulationUniqueness:
    """Estimate how many of the records that are unique in a sample are so among all people.

    A record that is unique in the table is safe as long as others outside it share its values.
    How many do is told by none of them, but by how fast the classes of the table grow.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row: a simple random sample.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one.
    population_size : int, optional
        People from whom the table was drawn, at least its records and at most 2**53.
    sampling_fraction : float in (0, 1], optional
        The table's share of them; give one of the two.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.

    Returns
    -------
    PopulationUniqueness
        `chosen`, `pitman`, `zayatz`, `snb`: an `Estimate` each, with `unique_rate`, `n_records`,
        `sample_unique_risk`, `n_uniques` and the fitted `parameters`; None, with a `reason`, where
        a model gives no estimate.

    Raises
    ------
    ColumnNotFoundError
        A quasi-identifier that the table does not have.
    InputError
        No quasi-identifiers, no rows, neither or both of population size and sampling fraction, a
        fraction outside (0, 1], or a population smaller than the table.

    Notes
    -----
    With S₁ people unique among N, n records of which s₁ are unique in the table, and π = n/N:

    - unique_rate is S₁/N, for people and records alike
    - n_records is π S₁, since each population unique is in the table with probability π
    - sample_unique_risk is π S₁/s₁

    S₁ is estimated by Pitman's model (`pitman.pitman`), Zayatz's (`zayatz.zayatz`) and the slide
    negative binomial (`slide_negative_binomial.slide_negative_binomial`); Dankar's rule
    (`dankar.choose`) takes Pitman's up to π = 0.1, and the smaller of the other two above.

    A model that has no fit is not available; it is never 0. Two cases need no model: in a census
    (π = 1) the uniques are counted; and if no record is unique in the table, none of them is in the
    population, so `n_records` is 0 with certainty. How many of the people outside the table are
    unique no table can tell then, so `unique_rate` and `n_uniques` are not available.

    A missing value is a value of its own, and a partly suppressed record a class of its own. The
    models speak of classes that part the population, which values that match anything do not, so
    there is no other reading. Records whose quasi-identifiers are all suppressed are left out.
    Estimates of a table after suppression of its small classes are too low: estimate before.

    The models hold for simple random samples. Where class sizes have a long tail the estimate is
    within a factor of two, as a rule; where they are alike it is several times too high at small
    fractions. One GROUP BY, then some ten milliseconds for any number of classes.

    References
    ----------
    Dankar, El Emam, Neisa, Roffey 2012, "Estimating the re-identification risk of clinical data
    sets", doi:10.1186/1472-6947-12-66.

    Examples
    --------
    >>> table = {"age": [34, 34, 51, 62]}
    >>> result = population_uniqueness(table, quasi_identifiers=["age"], population_size=8)
    >>> result.chosen.model, round(result.chosen.n_records, 4)  # of 2 uniques: 14/11
    ('zayatz', 1.2727)
    >>> result.snb.reason
    'no slide negative binomial has as many classes of one and of two records'
    """
    classes = classes_of(source, quasi_identifiers=quasi_identifiers, suppressed=suppressed)
    return PopulationUniqueness.of(
        classes, population_size=population_size, sampling_fraction=sampling_fraction
    )


def _shown(estimate: Estimate) -> str:
    """Return a model's rate in words."""
    return f"{estimate.model}={_number(estimate.unique_rate)}"


def _number(value: float | None) -> str:
    return "not available" if value is None else f"{value:.4g}"
