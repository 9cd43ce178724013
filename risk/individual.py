"""Individual risk: how likely is each record's person found, where records stand for many?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import JSON, Measure, Result
from niming.risk.bands import Bands
from niming.risk.classes import Missing, Numbers, check_missing, classes_of, match_sizes, sizes_of
from niming.risk.reciprocal import approximate_reciprocal, exact_reciprocal
from niming.tables import Classes, Counts, Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Basis", "Estimator", "IndividualRisk", "individual_risk", "risk_bands"]

Estimator: TypeAlias = Literal["approximate", "exact"]
"""How the mean of 1/F is computed; both are exact for classes of one and two records."""

Basis: TypeAlias = Literal["sampling weights", "none"]
"""What tells how many people stand behind a class; with "none" the table holds them all."""

_SOURCE = "Benedetti and Franconi 1998; Franconi and Polettini 2004"
_SLACK = 1e-9  # sums of weights are rounded: 5 people may come as 4.999999999
_UPPER = (0.0001, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.33, 0.5, 1.0)


@dataclass(frozen=True, repr=False, eq=False)
class IndividualRisk(Result):
    """The chance to find the person of each record, made by `individual_risk`.

    Parameters
    ----------
    per_class : ndarray of shape (n_classes,), float64, in (0, 1], or None
        Risk of each record of the class; None if it is not available.
    size : ndarray of shape (n_classes,), int64
        Records that agree with the class, f.
    population : ndarray of shape (n_classes,)
        People estimated to agree with the class, F: the sum of the weights of these records.
    records : ndarray of shape (n_classes,), int64
        Records in the class.
    estimator : {"approximate", "exact"}
    basis : {"sampling weights", "none"}
    missing : {"own-value", "matches-anything"}
    reason : str
        Why there is no risk; empty otherwise.
    """

    per_class: NDArray[np.float64] | None
    size: NDArray[np.int64]
    population: Numbers
    records: NDArray[np.int64]
    estimator: Estimator
    basis: Basis
    missing: Missing = "own-value"
    reason: str = ""

    @classmethod
    def of(
        cls,
        classes: Classes,
        *,
        estimator: Estimator = "approximate",
        missing: Missing = "own-value",
    ) -> IndividualRisk:
        """Measure equivalence classes; without weights, as if they held the whole population."""
        if estimator not in ("approximate", "exact"):
            raise InputError(
                "estimator must be 'approximate' or 'exact'",
                hint="'approximate' is what sdcMicro prints, and never below 'exact'",
            )
        check_missing(missing)
        size = sizes_of(classes, missing=missing)
        population: Numbers = size
        if classes.weight is not None:
            population = classes.weight
            if missing == "matches-anything":
                population = match_sizes(classes, population)
        short = int(np.count_nonzero(population < size * (1 - _SLACK)))
        per_class = None
        if not short:
            population = np.maximum(population, size)
            mean = exact_reciprocal if estimator == "exact" else approximate_reciprocal
            per_class = np.minimum(mean(size, population), 1.0)
        return cls(
            per_class=per_class,
            size=size,
            population=population,
            records=classes.size,
            estimator=estimator,
            basis="none" if classes.weight is None else "sampling weights",
            missing=missing,
            reason=f"the weights sum to less than the records in {short} classes, so they are not "
            "numbers of people represented"
            if short
            else "",
        )

    @property
    def n_rows(self) -> int:
        """Number of records."""
        return int(self.records.sum())

    @property
    def highest_risk(self) -> float | None:
        """Risk of the least protected record."""
        return None if self.per_class is None else float(self.per_class.max())

    @cached_property
    def n_expected(self) -> float | None:
        """Records expected to be matched rightly if all are tried."""
        return None if self.per_class is None else float((self.records * self.per_class).sum())

    @property
    def mean_risk(self) -> float | None:
        """Risk of a record taken at random, `n_expected` over the records."""
        return None if self.n_expected is None else min(1.0, self.n_expected / self.n_rows)

    global_risk = mean_risk
    """What sdcMicro calls `mean_risk`."""

    @property
    def mean_risk_over_classes(self) -> float | None:
        """Risk of a class taken at random: far above `mean_risk` where most classes are small."""
        return None if self.per_class is None else min(1.0, float(self.per_class.mean()))

    def n_records_above(self, risk: float) -> int | None:
        """Return how many records have a risk above `risk`; None if it is not available."""
        if self.per_class is None:
            return None
        return int(self.records[self.per_class > risk].sum())

    def measures(self) -> tuple[Measure, ...]:
        """Return the highest and the mean risks and the expected number of right matches."""
        stem = "individual" + (".matching" if self.missing == "matches-anything" else "")
        how = f"{self.estimator}, " + (
            "as if the table held the whole population"
            if self.basis == "none"
            else "with sampling weights"
        )
        return tuple(
            Measure(
                f"{stem}.{name}",
                value,
                unit,
                (0, math.inf if unit == "records" else 1),
                "lower-is-safer",
                f"{definition}; r = E[1/people in the class | records in it], {how}",
                _SOURCE,
                self.reason,
            )
            for name, value, unit, definition in (
                ("highest_risk", self.highest_risk, "probability", "largest r of a record"),
                ("mean_risk", self.mean_risk, "probability", "mean of r over records"),
                (
                    "mean_risk_over_classes",
                    self.mean_risk_over_classes,
                    "probability",
                    "mean of r over classes",
                ),
                ("n_expected", self.n_expected, "records", "sum of r over records"),
            )
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the estimator and where the people were counted."""
        return {
            **super().to_dict(),
            "estimator": self.estimator,
            "basis": self.basis,
            "missing": self.missing,
        }

    def plot(self, *, threshold: float | None = None) -> Figure:
        """Draw the share of records by their risk.

        Parameters
        ----------
        threshold : float in (0, 1], optional
            Risks above it are marked.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import said
        from niming.risk.bands import draw

        if self.per_class is None:
            return said(f"individual risk is not available: {self.reason}")
        title = (
            f"{self.n_expected:.4g} of {self.n_rows} records expected to be matched rightly; "
            f"highest risk {self.highest_risk:.3g}"
        )
        bands = risk_bands(self.per_class, self.records, mark=threshold)
        return draw(bands, words="individual risk of the record", title=title)


def individual_risk(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    weight: str | None = None,
    estimator: Estimator = "approximate",
    suppressed: str | None = None,
    missing: Missing = "own-value",
) -> IndividualRisk:
    """Measure how likely an outsider finds the person of each record of a sample.

    Against an outsider who has a register of the whole population and picks at random among the
    people who share the record's values. The number of these people is not known; the sampling
    weights tell it in the mean.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one.
    weight : str, optional
        Column of sampling weights, each the number of people whom a record stands for; for tables
        only. Without weights the table is taken to hold the whole population: r = 1/f.
    estimator : {"approximate", "exact"}, default "approximate"
        How the mean of 1/F is computed for classes of three records and more. "approximate" is
        what sdcMicro and μ-Argus print; it is never below "exact" and at most 4.1 % above it.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed cell is a value of its own, or agrees with every value; then a
        class has the records, and the weights, of all classes that agree with it.

    Returns
    -------
    IndividualRisk
        `per_class`, `highest_risk`, `mean_risk`, `mean_risk_over_classes`, each in (0, 1],
        `n_expected` in records, `n_records_above(risk)`. All None, with a `reason`, if the weights
        of a class sum to less than its records.

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have.
    InputError
        No quasi-identifiers, no rows, weights that are missing, zero, negative or infinite, or an
        unknown estimator.

    Notes
    -----
    Let a class have f records, F̂ the sum of their weights and p = f/F̂. The number of people F
    given f is taken as negative binomial, P(F = h) = C(h − 1, f − 1) p^f (1 − p)^(h − f), and the
    risk of each record is r = E[1/F | f]:

    - f = 1: p/(1 − p) · ln(1/p)
    - f = 2: p/(1 − p) − (p/(1 − p))² ln(1/p)
    - f > 2: p/(f − 1 + p), or "exact" the integral p ∫₀¹ v^(f−1)/(p + (1 − p) v) dv, which has a
      value for every f (sdcMicro's exact risk is NaN at f = 176)
    - F̂ = f: 1/f

    The risk is not 1/F̂: the mean of 1/F is larger than 1 over the mean, and for a sample unique
    much larger (F̂ = 100: 0.047 and not 0.01). It is the risk of a record whose person is known
    to be in the population, not in the sample; for the latter see the prosecutor of
    `reidentification`. Weights should be design weights: calibrated ones give F̂ < f in small
    classes, and then nothing is measured.

    One GROUP BY, then O(n_classes); "exact" takes some 60 operations a class more.

    References
    ----------
    Benedetti and Franconi 1998, "Statistical and technological solutions for controlled data
    dissemination", Pre-proceedings of New Techniques and Technologies for Statistics.
    Franconi and Polettini 2004, "Individual risk estimation in μ-Argus: a review",
    doi:10.1007/978-3-540-25955-8_20.

    Examples
    --------
    >>> table = {"sex": ["F", "F", "F", "M"], "weight": [2, 2, 2, 8]}
    >>> risk = individual_risk(table, quasi_identifiers=["sex"], weight="weight")
    >>> risk.per_class.round(4)  # 3 of 6 people, 1 of 8: 0.5/2.5 and (1/7) ln 8
    array([0.2   , 0.2971])
    >>> round(risk.n_expected, 4), round(risk.mean_risk, 4)
    (0.8971, 0.2243)
    """
    classes = classes_of(
        source, quasi_identifiers=quasi_identifiers, weight=weight, suppressed=suppressed
    )
    return IndividualRisk.of(classes, estimator=estimator, missing=missing)


def risk_bands(
    risk: NDArray[np.float64], records: NDArray[np.int64], *, mark: float | None = None
) -> Bands:
    """Return the share of the records in bands of risk, each with its upper end.

    Bands narrow towards 0, because most risks are small; those above `mark` are marked.

    Examples
    --------
    >>> risk_bands(np.array([0.004, 0.3]), np.array([3, 1]), mark=0.2)
    Bands(labels=('≤ 0.01', '≤ 0.02', '≤ 0.05', '≤ 0.1', '≤ 0.2', '≤ 0.33'),
          shares=(0.75, 0.0, 0.0, 0.0, 0.0, 0.25),
          marked=(False, False, False, False, False, True))
    """
    edges = sorted({*_UPPER, *((mark,) if mark is not None and 0 < mark < 1 else ())})
    at = np.searchsorted(edges, risk, side="left")
    low, high = int(at.min()), int(at.max()) + 1
    shares = np.bincount(at - low, weights=records, minlength=high - low) / records.sum()
    return Bands(
        labels=tuple(f"≤ {upper:g}" for upper in edges[low:high]),
        shares=tuple(shares.tolist()),
        marked=tuple(mark is not None and upper > mark for upper in edges[low:high]),
    )
