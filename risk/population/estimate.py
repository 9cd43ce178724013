"""`Estimate`: what one model says of the people who are alone in the population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from niming.risk.population.sample import Sample

__all__ = ["NOBODY_ALONE", "Estimate", "Model", "counted", "estimated", "not_available"]

Model: TypeAlias = Literal["pitman", "zayatz", "snb", "count"]
"""The three estimators; "count" where nothing is left to estimate."""

NOBODY_ALONE = "no record is alone in the table, which tells nothing of the people outside it"


@dataclass(frozen=True)
class Estimate:
    """Population uniques by one model; None, with a reason, where it gives no number.

    Parameters
    ----------
    model : {"pitman", "zayatz", "snb", "count"}
    n_uniques : float or None
        People who share their values with nobody in the population, S₁.
    unique_rate : float in [0, 1] or None
        S₁ over the people: the chance that a person, and so a record, taken at random is unique.
    n_records : float or None
        Records of the table whose person is expected to be unique in the population.
    sample_unique_risk : float in [0, 1] or None
        `n_records` over the records that are unique in the table: the chance that one of these
        is unique in the population. None also if there are none.
    parameters : dict of str to float
        Of the fitted model.
    reason : str
        Why the people who are unique are not estimated; empty otherwise. `n_records` may be known
        all the same: it is 0 where no record is alone in the table.

    Examples
    --------
    >>> Estimate("zayatz", n_uniques=200.0, unique_rate=0.2, n_records=2.0,
    ...          sample_unique_risk=0.5).unique_rate
    0.2
    """

    model: Model
    n_uniques: float | None = None
    unique_rate: float | None = None
    n_records: float | None = None
    sample_unique_risk: float | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


def estimated(
    model: Model, sample: Sample, n_uniques: float, parameters: Mapping[str, float] | None = None
) -> Estimate:
    """Return the estimate that follows from the number of population uniques.

    Each population unique is in the sample with probability π, and then is unique there too. So
    π S₁ of the table's s₁ uniques are expected to be. A model that fits badly may give more than
    s₁; that is cut to s₁, which is what the table allows.
    """
    uniques = min(n_uniques, sample.n_unique / sample.fraction)
    n_records = min(uniques * sample.fraction, float(sample.n_unique))
    return Estimate(
        model,
        n_uniques=uniques,
        unique_rate=min(1.0, uniques / sample.population_size),
        n_records=n_records,
        sample_unique_risk=min(1.0, n_records / sample.n_unique),
        parameters=dict(parameters or {}),
    )


def not_available(model: Model, reason: str) -> Estimate:
    """Return the estimate of a model that gives none."""
    return Estimate(model, reason=reason)


def counted(sample: Sample) -> Estimate:
    """Return what is known without a model: no record is alone, or everybody is in the table.

    Whoever is alone in the population is alone in every sample of it, so a table in which no
    record is alone holds nobody who is. Of the people outside it that says nothing: their number
    is not available, unless there are none.
    """
    if sample.n_records < sample.population_size:
        assert not sample.n_unique
        return Estimate("count", n_records=0.0, reason=NOBODY_ALONE)
    n = float(sample.n_unique)
    return Estimate(
        "count",
        n_uniques=n,
        unique_rate=n / sample.population_size,
        n_records=n,
        sample_unique_risk=1.0 if n else None,
    )
