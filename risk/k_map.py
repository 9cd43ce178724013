"""k-map: in how small a group of the population does a person stand?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import JSON, Measure, Result
from niming.risk.classes import (
    Missing,
    Numbers,
    check_missing,
    classes_of,
    match_sizes,
    shown,
    sizes_of,
    suppressed_class,
)
from niming.risk.joint import Joint
from niming.tables import Classes, Counts, Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Estimator", "KMap", "k_map"]

Estimator: TypeAlias = Literal["poisson", "zero-truncated-poisson"]
"""How the people of a class are estimated from its records and the sampling fraction."""

_NOTHING_KNOWN = "neither a population, its size, a sampling fraction nor weights were given"
_LARGEST_POPULATION = 2**53  # people beyond it have no exact floating-point number
_SLACK = 1e-9  # sums of weights are rounded: 5 people may come as 4.999999999


@dataclass(frozen=True, repr=False, eq=False)
class KMap(Result):
    """How many people of the population share a record's values, made by `k_map`.

    Parameters
    ----------
    size : ndarray of shape (n_classes,) or None
        People who agree with each class: int64, or float64 where they are sums of weights. None
        if nothing tells them; `reason` says why.
    records : ndarray of shape (n_classes,), int64
        Records in the class.
    basis : str
        ``"population table"``, ``"sampling weights"``, ``"poisson"``,
        ``"zero-truncated-poisson"`` or ``"none"``.
    sampling_fraction : float in (0, 1] or None
    significance : float in (0, 0.5] or None
        Of an estimate: the chance that a class with fewer people gives as many records.
    missing : {"own-value", "matches-anything"}
    suppressed : int or None
        The class of the records whose quasi-identifiers are all suppressed.
    reason : str
    """

    size: Numbers | None
    records: NDArray[np.int64]
    basis: str
    sampling_fraction: float | None = None
    significance: float | None = None
    missing: Missing = "own-value"
    suppressed: int | None = None
    reason: str = ""

    @classmethod
    def of(
        cls,
        classes: Classes,
        *,
        population: Source | Counts | Joint | None = None,
        population_size: int | None = None,
        sampling_fraction: float | None = None,
        estimator: Estimator = "zero-truncated-poisson",
        significance: float = 0.05,
        missing: Missing = "own-value",
    ) -> KMap:
        """Measure equivalence classes; weights are used if nothing else tells the population."""
        given = (population is not None, population_size is not None, sampling_fraction is not None)
        _check(sum(given), estimator, significance)
        check_missing(missing)
        fraction = _fraction(classes, population_size, sampling_fraction)
        records = classes.size
        hidden = suppressed_class(classes)
        if population is not None:
            sizes = Joint.of(classes, population).sizes_of_table(missing=missing)
            return cls(sizes, records, "population table", None, None, missing, hidden)
        if fraction is not None:
            sizes = sizes_of(classes, missing=missing)
            sizes = _estimate(sizes, fraction, significance, estimator)
            return cls(sizes, records, estimator, fraction, significance, missing, hidden)
        weight = classes.weight
        if weight is None:
            return cls(None, records, "none", None, None, missing, hidden, _NOTHING_KNOWN)
        if short := int(np.count_nonzero(weight < records * (1 - _SLACK))):
            reason = (
                f"the weights sum to less than the records in {short} classes, so they are not "
                "numbers of people represented"
            )
            return cls(None, records, "none", None, None, missing, hidden, reason)
        weight = np.maximum(weight, records)
        people = weight if missing == "own-value" else match_sizes(classes, weight)
        return cls(people, records, "sampling weights", None, None, missing, hidden)

    @property
    def k(self) -> int | float | None:
        """Fewest people who share the values of a record; None if nothing tells."""
        return None if self.size is None else self.size.min().item()

    @property
    def k_unsuppressed(self) -> int | float | None:
        """The same without the fully suppressed records; None if there are no others."""
        if self.size is None:
            return None
        rest = shown(self.size, self.suppressed)
        return rest.min().item() if rest.size else None

    def n_records_below(self, k: int) -> int | None:
        """Return how many records share their values with fewer than `k` people."""
        below = self._below(k)
        return None if below is None else int(self.records[below].sum())

    def n_classes_below(self, k: int) -> int | None:
        """Return how many classes of the table hold fewer than `k` people."""
        below = self._below(k)
        return None if below is None else int(np.count_nonzero(below))

    def class_size_needed(self, k: int) -> int | None:
        """Return how many records a class must have for an estimate of at least `k` people.

        This is the size of class that makes the table k-map by k-anonymity, k' in El Emam and
        Dankar 2008. None if the sizes are not estimated from a sampling fraction.
        """
        fraction, significance = self.sampling_fraction, self.significance
        if fraction is None or significance is None:
            return None
        low, high = 0, max(int(k), 1)  # k records are k people
        while high - low > 1:
            middle = (low + high) // 2
            reached = _estimate(np.array([middle]), fraction, significance, self.basis)[0] >= k
            low, high = (low, middle) if reached else (middle, high)
        return high

    def _below(self, k: int) -> NDArray[np.bool_] | None:
        if self.size is None:
            return None
        return self.size < (k if self.size.dtype.kind == "i" else k * (1 - _SLACK))

    def measures(self) -> tuple[Measure, ...]:
        """Return k, k without the suppressed records, and the records alone in the population."""
        stem = "k_map" if self.missing == "own-value" else "k_map.matching"
        how = {
            "none": "",
            "population table": "; counted in a population table",
            "sampling weights": "; estimated by the sum of sampling weights",
        }.get(self.basis)
        if how is None:
            assert self.sampling_fraction is not None
            how = (
                f"; at least, by a {self.basis.replace('-', ' ').replace('poisson', 'Poisson')} "
                f"test of each class, sampling fraction {self.sampling_fraction:.4g}, "
                f"significance {self.significance:g}"
            )
        none = self.reason or "every record is suppressed"
        rows = (
            ("k", self.k, "people", 1, "fewest people who share the values of a record"),
            (
                "k_unsuppressed",
                self.k_unsuppressed,
                "people",
                1,
                "the same without the fully suppressed records",
            ),
            (
                "n_unique",
                self.n_records_below(2),
                "records",
                0,
                "records whose values fewer than two people share",
            ),
        )
        return tuple(
            Measure(
                f"{stem}.{name}",
                value,
                unit,
                (lowest, math.inf),
                "lower-is-safer" if unit == "records" else "higher-is-safer",
                definition + how,
                "Sweeney 2001, k-map; El Emam and Dankar 2008, estimators D3 and D4",
                none if value is None else "",
            )
            for name, value, unit, lowest, definition in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures and where the population's class sizes came from."""
        return {
            **super().to_dict(),
            "basis": self.basis,
            "sampling_fraction": self.sampling_fraction,
            "significance": self.significance,
            "missing": self.missing,
        }

    def plot(self, *, threshold_size: int | None = None) -> Figure:
        """Draw the share of records by how many people share their values.

        Parameters
        ----------
        threshold_size : int >= 1, optional
            Smaller groups of people are marked.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import said
        from niming.risk.bands import draw, from_one

        if self.size is None:
            return said(f"k-map is not available: {self.reason}")
        return draw(
            from_one(self.size, self.records, mark=threshold_size),
            words="people of the population in the class",
            title=f"k = {self.k:.6g} in the population; basis: {self.basis.replace('-', ' ')}",
        )


def k_map(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    population: Source | Counts | None = None,
    population_size: int | None = None,
    sampling_fraction: float | None = None,
    weight: str | None = None,
    estimator: Estimator = "zero-truncated-poisson",
    significance: float = 0.05,
    suppressed: str | None = None,
    missing: Missing = "own-value",
) -> KMap:
    """Measure how many people of the population share the values of the least protected record.

    Against a journalist, who looks for anybody in the population and does not know who is in the
    table. Give what is known about the population: a table of it, its size, the sampling
    fraction, or sampling weights.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one.
    population : table or Counts, optional
        Everybody from whom the table was drawn, with the same quasi-identifiers generalised in
        the same way. Values are compared as text.
    population_size : int, optional
        Number of people from whom the table was drawn at random; at least the rows of the table.
    sampling_fraction : float in (0, 1], optional
        The share of the population that is in the table.
    weight : str, optional
        Column of sampling weights, each the number of people whom a record stands for; for tables
        only. Used if none of the three above is given.
    estimator : {"zero-truncated-poisson", "poisson"}, default "zero-truncated-poisson"
        For a population of which only the size or the fraction is known.
    significance : float in (0, 0.5], default 0.05
        Of the estimate: the chance, for each class by itself, that one of fewer people gives as
        many records. Smaller is more cautious.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``, in both tables; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed cell, in whichever of the two tables, is a value of its own, or
        agrees with every value.

    Returns
    -------
    KMap
        `k` (>= 1; None with a `reason` if nothing tells the population), `k_unsuppressed`,
        `size`, `basis`, `n_records_below(k)`, `n_classes_below(k)`, `class_size_needed(k)`.

    Raises
    ------
    ColumnNotFoundError
        A column that a table does not have.
    InputError
        More than one of population, size and fraction; a population smaller than the table, or
        with fewer people in a class than the table has records (classes counted); an estimator,
        significance or fraction out of range; weights that are missing or not positive.

    Notes
    -----
    Let a class have f records and F people, X be Poisson with mean πK for a sampling fraction π.

    - population table: F is counted. Exact.
    - ``"poisson"``: F >= K is believed if a class of K people gives f or more records with a
      probability of at most the significance α; the size is the largest such K, and at least f:
      max(f, max{K : P(X >= f) <= α}). D3 of El Emam and Dankar, after Pannekoek.
    - ``"zero-truncated-poisson"``: the same with P(X >= f | X >= 1), because a class that is not
      in the table is not looked at. D4. Always the more cautious: a single record is then
      evidence of one person only, whatever π, where D3 takes it for −ln(1 − α)/π people.
    - sampling weights: F is estimated by the sum of the weights. That is its expected value and
      no lower bound, so it can be too high; not available if it is less than f in any class.

    The estimates hold for simple random samples. α holds for one class, not for the smallest of
    many. ARX turns the same tests into a threshold on f (`class_size_needed`); its Poisson
    threshold asks for one record more than the test.

    Records whose quasi-identifiers are all suppressed are one class. A population table knows no
    suppressed records; that class's F is then taken as f.

    One GROUP BY a table, then O(n_classes log n_classes) with a population and O(n_classes)
    without; where cells match anything, times the patterns of known cells.

    References
    ----------
    Sweeney 2001, "Computational disclosure control", PhD thesis, MIT (k-map).
    El Emam and Dankar 2008, "Protecting privacy using k-anonymity", JAMIA 15(5), 627–637,
    estimators D3 and D4, doi:10.1197/jamia.M2716.
    Pannekoek 1999, "Statistical methods for some simple disclosure limitation rules",
    Statistica Neerlandica 53(1), 55–67.

    Examples
    --------
    >>> table = {"sex": ["F", "F", "F", "M"]}
    >>> town = {"sex": ["F"] * 6 + ["M"] * 4}
    >>> k_map(table, quasi_identifiers=["sex"], population=town).k
    4
    >>> estimate = k_map(table, quasi_identifiers=["sex"], population_size=400)
    >>> estimate.size, estimate.class_size_needed(30)  # of F and M
    (array([59,  1]), 3)
    >>> k_map(table, quasi_identifiers=["sex"]).reason
    'neither a population, its size, a sampling fraction nor weights were given'
    """
    given = (population is not None, population_size is not None, sampling_fraction is not None)
    _check(sum(given), estimator, significance)
    check_missing(missing)
    classes = classes_of(
        source, quasi_identifiers=quasi_identifiers, weight=weight, suppressed=suppressed
    )
    joint = None
    if population is not None:
        joint = Joint.of(classes, population, suppressed=suppressed)
    return KMap.of(
        classes,
        population=joint,
        population_size=population_size,
        sampling_fraction=sampling_fraction,
        estimator=estimator,
        significance=significance,
        missing=missing,
    )


def _check(n_given: int, estimator: object, significance: object) -> None:
    if n_given > 1:
        raise InputError(
            "population, population_size and sampling_fraction each tell the population alone",
            hint="give one of the three; a population table is exact",
        )
    if estimator not in ("poisson", "zero-truncated-poisson"):
        raise InputError(
            "estimator must be 'zero-truncated-poisson' or 'poisson'",
            hint="the first is the more cautious",
        )
    if (
        isinstance(significance, bool)
        or not isinstance(significance, (int, float))
        or not 0 < significance <= 0.5
    ):
        raise InputError("significance must be above 0 and at most 0.5", hint="such as 0.05")


def _fraction(
    classes: Classes, population_size: int | None, sampling_fraction: float | None
) -> float | None:
    """Return the sampling fraction, from whichever of the two is given."""
    n = int(classes.size.sum())
    if population_size is not None:
        if isinstance(population_size, bool) or not isinstance(population_size, (int, np.integer)):
            raise InputError(
                "population_size is a whole number of people", hint="such as 1_400_000"
            )
        if not n <= population_size <= _LARGEST_POPULATION:
            raise InputError(
                f"population_size must be at least the {n} records of the table and at most 2**53",
                hint="a population holds everybody in the table",
            )
        return n / int(population_size)
    if sampling_fraction is None:
        return None
    if (
        isinstance(sampling_fraction, bool)
        or not isinstance(sampling_fraction, (int, float, np.floating))
        or not n / _LARGEST_POPULATION <= sampling_fraction <= 1
    ):
        raise InputError(
            "sampling_fraction must be above 0 and at most 1, for at most 2**53 people",
            hint="such as 0.05 for a sample of one in twenty",
        )
    return float(sampling_fraction)


def _estimate(
    n: NDArray[np.int64], fraction: float, significance: float, estimator: str
) -> NDArray[np.int64]:
    """Return the largest K with P(X >= n) <= significance for X Poisson of mean fraction * K.

    At least n. K is searched among whole numbers, by halves, for each distinct n.
    """
    from scipy.special import gammainc

    sizes, which = np.unique(n, return_inverse=True)
    low = np.zeros(len(sizes), dtype=np.int64)  # nobody gives no records
    # A mean of n gives n or more records with a probability above 1/2.
    high = np.ceil(sizes / fraction).astype(np.int64) + 1
    while (high - low > 1).any():
        middle = (low + high) // 2
        mean = np.maximum(middle, 1) * fraction
        tail = gammainc(sizes, mean)
        if estimator == "zero-truncated-poisson":
            tail = tail / -np.expm1(-mean)
        believed = (middle == 0) | (tail <= significance)
        low, high = np.where(believed, middle, low), np.where(believed, high, middle)
    estimated: NDArray[np.int64] = np.maximum(low, sizes)[which]
    return estimated
