"""Household risk: how likely is anybody of a household found, and with them all the others?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import JSON, Measure, Result
from niming.risk.classes import Missing, classes_of
from niming.risk.individual import Basis, Estimator, IndividualRisk, risk_bands
from niming.tables import Classes, Counts, Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["HouseholdRisk", "household_risk"]

_SOURCE = "Franconi and Polettini 2004"


@dataclass(frozen=True, repr=False, eq=False)
class HouseholdRisk(Result):
    """The chance that anybody of each household is found, made by `household_risk`.

    Parameters
    ----------
    per_household : ndarray of shape (n_households,), float64, in (0, 1], or None
        None if it is not available. In ascending order of the household's value; records without
        one come last.
    size : ndarray of shape (n_households,), int64
        Records of the household.
    n_without : int
        Records whose household is missing or suppressed: each is a household of its own.
    estimator : {"approximate", "exact"}
    basis : {"sampling weights", "none"}
    missing : {"own-value", "matches-anything"}
    reason : str
        Why there is no risk; empty otherwise.
    """

    per_household: NDArray[np.float64] | None
    size: NDArray[np.int64]
    n_without: int
    estimator: Estimator
    basis: Basis
    missing: Missing = "own-value"
    reason: str = ""

    @classmethod
    def of(
        cls,
        classes: Classes,
        household: str,
        *,
        estimator: Estimator = "approximate",
        missing: Missing = "own-value",
        individual: IndividualRisk | None = None,
    ) -> HouseholdRisk:
        """Measure equivalence classes whose counts have the column `household`.

        `individual` is the individual risk of these classes, if it is at hand; then `estimator`
        and `missing` are its own.
        """
        _check(classes.quasi_identifiers, household)
        if individual is None:
            individual = IndividualRisk.of(classes, estimator=estimator, missing=missing)
        counts = classes.counts
        of_cell = counts.column_codes(household)
        known = of_cell >= 0
        n_values = len(counts.categories[counts.position(household)])
        size = np.bincount(of_cell[known], weights=counts.n[known], minlength=n_values)
        occurs = size > 0
        alone = counts.n[~known]
        per_household = None
        if individual.per_class is not None:
            with np.errstate(divide="ignore"):  # a risk of 1 is -inf, and the household's is 1
                nobody = np.log1p(-individual.per_class)[classes.class_of]
            sums = np.bincount(
                of_cell[known], weights=(counts.n * nobody)[known], minlength=n_values
            )
            single = individual.per_class[classes.class_of[~known]]
            per_household = np.concatenate([-np.expm1(sums[occurs]), np.repeat(single, alone)])
        n_without = int(alone.sum())
        ones = np.ones(n_without, dtype=np.int64)
        return cls(
            per_household=per_household,
            size=np.concatenate([size[occurs].astype(np.int64), ones]),
            n_without=n_without,
            estimator=individual.estimator,
            basis=individual.basis,
            missing=individual.missing,
            reason=individual.reason,
        )

    @property
    def n_households(self) -> int:
        """Number of households, the records without one among them."""
        return len(self.size)

    @property
    def n_rows(self) -> int:
        """Number of records."""
        return int(self.size.sum())

    @property
    def highest_risk(self) -> float | None:
        """Risk of the least protected household."""
        return None if self.per_household is None else float(self.per_household.max())

    @property
    def mean_risk_over_households(self) -> float | None:
        """Risk of a household taken at random."""
        return None if self.per_household is None else min(1.0, float(self.per_household.mean()))

    @cached_property
    def n_expected(self) -> float | None:
        """Records expected to be in a household of which anybody is found."""
        return None if self.per_household is None else float((self.size * self.per_household).sum())

    @property
    def mean_risk_over_records(self) -> float | None:
        """Household risk of a record taken at random."""
        return None if self.n_expected is None else min(1.0, self.n_expected / self.n_rows)

    def n_records_above(self, risk: float) -> int | None:
        """Return how many records are in households of a risk above `risk`; None without one."""
        if self.per_household is None:
            return None
        return int(self.size[self.per_household > risk].sum())

    def measures(self) -> tuple[Measure, ...]:
        """Return the highest risk, two means and the expected number of records."""
        stem = "household" + (".matching" if self.missing == "matches-anything" else "")
        rows: list[tuple[str, float | int | None, str, str]] = [
            ("highest_risk", self.highest_risk, "probability", "largest risk of a household"),
            (
                "mean_risk_over_households",
                self.mean_risk_over_households,
                "probability",
                "mean of the risk over households",
            ),
            (
                "mean_risk_over_records",
                self.mean_risk_over_records,
                "probability",
                "mean over records of the risk of their household",
            ),
            (
                "n_expected",
                self.n_expected,
                "records",
                "sum over records of the risk of their household",
            ),
        ]
        return tuple(
            Measure(
                f"{stem}.{name}",
                value,
                unit,
                (0, math.inf if unit == "records" else 1),
                "lower-is-safer",
                f"{definition}; 1 − Π (1 − individual risk) over its members",
                _SOURCE,
                self.reason,
            )
            for name, value, unit, definition in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the households and how the individual risk was estimated."""
        return {
            **super().to_dict(),
            "n_households": self.n_households,
            "n_without": self.n_without,
            "estimator": self.estimator,
            "basis": self.basis,
            "missing": self.missing,
        }

    def plot(self, *, threshold: float | None = None) -> Figure:
        """Draw the share of records by the risk of their household.

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

        if self.per_household is None:
            return said(f"household risk is not available: {self.reason}")
        title = (
            f"{self.n_expected:.4g} of {self.n_rows} records expected in a household that is "
            f"found; {self.n_households} households"
        )
        bands = risk_bands(self.per_household, self.size, mark=threshold)
        return draw(bands, words="risk of the record's household", title=title)


def household_risk(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    household: str,
    weight: str | None = None,
    estimator: Estimator = "approximate",
    suppressed: str | None = None,
    missing: Missing = "own-value",
) -> HouseholdRisk:
    """Measure how likely an outsider finds anybody of each household, and so all of it.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row; Counts of the quasi-identifiers and
        the household.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one, not the household.
    household : str
        Column that says who belongs together; its values mean nothing else.
    weight : str, optional
        Column of sampling weights, each the number of people whom a record stands for; for tables
        only.
    estimator : {"approximate", "exact"}, default "approximate"
        Of the individual risk, as in `individual_risk`.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed quasi-identifier is a value of its own, or agrees with every
        value. It does not speak of the household.

    Returns
    -------
    HouseholdRisk
        `per_household`, `highest_risk`, `mean_risk_over_households`, `mean_risk_over_records`,
        each in (0, 1], `n_expected` in records, `n_records_above(risk)`. All None, with a
        `reason`, where the individual risk is not available.

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have.
    InputError
        No quasi-identifiers, a household that is one of them, no rows, weights that are missing,
        zero, negative or infinite, or an unknown estimator.

    Notes
    -----
    A household of members with the individual risks r_i has the risk 1 − Π (1 − r_i), that of
    finding at least one; a record has the risk of its household. Members are found independently
    of each other: an outsider who knows the whole household finds it more easily, so quasi-
    identifiers that speak of the household (its size, its address) belong among the others.

    A record whose household is missing or suppressed is a household of its own, since nothing
    ties it to others; `n_without` counts them.

    One GROUP BY on the quasi-identifiers and the household, which has nearly as many cells as
    there are records, then O(n_cells). Some 300 bytes a record for 7 quasi-identifiers and a
    household in text; whole numbers take half of the time.

    References
    ----------
    Franconi and Polettini 2004, "Individual risk estimation in μ-Argus: a review",
    doi:10.1007/978-3-540-25955-8_20.

    Examples
    --------
    >>> table = {"sex": ["F", "F", "F", "M"], "home": [1, 1, 2, 2], "weight": [2, 2, 2, 8]}
    >>> risk = household_risk(
    ...     table, quasi_identifiers=["sex"], household="home", weight="weight")
    >>> risk.per_household.round(4)  # 1 − 0.8², 1 − 0.8 · 0.7029
    array([0.36  , 0.4377])
    >>> round(risk.n_expected, 4)
    1.5953
    """
    _check(quasi_identifiers, household)
    classes = classes_of(
        source,
        quasi_identifiers=quasi_identifiers,
        sensitive=[household],
        weight=weight,
        suppressed=suppressed,
    )
    return HouseholdRisk.of(classes, household, estimator=estimator, missing=missing)


def _check(quasi_identifiers: Sequence[str], household: object) -> None:
    if not isinstance(household, str):
        raise InputError("household is the name of one column", hint="such as household='hid'")
    if household in tuple(quasi_identifiers):
        raise InputError(
            f"{household!r} is both quasi-identifier and household",
            hint="the household says who belongs together: take it from the quasi-identifiers",
        )
