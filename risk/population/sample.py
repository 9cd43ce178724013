"""`Sample`: all that the estimators of population uniqueness know of a table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError

__all__ = ["Sample"]

_LARGEST_POPULATION = 2**53  # people beyond it have no exact floating-point number


@dataclass(frozen=True, repr=False, eq=False)
class Sample:
    """How many classes of each size a simple random sample of a population has.

    Parameters
    ----------
    size : ndarray of shape (n_sizes,), int64
        Class sizes that occur, ascending, at least 1.
    n_of_size : ndarray of shape (n_sizes,), int64
        Classes of each size, s_j.
    population_size : int
        People in the population, N, at least the records.

    Examples
    --------
    >>> sample = Sample.of(np.array([1, 1, 3]), population_size=50)
    >>> sample.n_records, sample.n_classes, sample.n_unique, sample.fraction
    (5, 3, 2, 0.1)
    """

    size: NDArray[np.int64]
    n_of_size: NDArray[np.int64]
    population_size: int

    @classmethod
    def of(
        cls,
        sizes: NDArray[np.int64],
        *,
        population_size: int | None = None,
        sampling_fraction: float | None = None,
    ) -> Sample:
        """Count class sizes; one of population size and sampling fraction is given."""
        sizes = np.asarray(sizes)
        if sizes.ndim != 1 or sizes.dtype.kind not in "iu" or not sizes.size or sizes.min() < 1:
            raise InputError(
                "class sizes are whole numbers of at least 1, in one dimension",
                hint="give the records of each class, such as classes.size",
            )
        if (population_size is None) == (sampling_fraction is None):
            raise InputError(
                "population_size and sampling_fraction each tell the population alone",
                hint="give one of the two: how many people the table was drawn from, or which "
                "share of them it holds",
            )
        n_records = int(sizes.sum())
        if population_size is None:
            assert sampling_fraction is not None
            population_size = _people(n_records, sampling_fraction)
        elif isinstance(population_size, bool) or not isinstance(
            population_size, (int, np.integer)
        ):
            raise InputError(
                "population_size is a whole number of people", hint="such as 1_400_000"
            )
        if not n_records <= population_size <= _LARGEST_POPULATION:
            raise InputError(
                f"population_size must be at least the {n_records} records of the table and at "
                "most 2**53",
                hint="a population holds everybody in the table",
            )
        size, n_of_size = np.unique(sizes, return_counts=True)
        return cls(size.astype(np.int64), n_of_size.astype(np.int64), int(population_size))

    @cached_property
    def n_records(self) -> int:
        """Records, n."""
        return int((self.size * self.n_of_size).sum())

    @cached_property
    def n_classes(self) -> int:
        """Classes, u."""
        return int(self.n_of_size.sum())

    @property
    def n_unique(self) -> int:
        """Classes of one record, s₁."""
        return int(self.n_of_size[0]) if self.size[0] == 1 else 0

    @property
    def n_pairs(self) -> int:
        """Classes of two records, s₂."""
        return int(self.n_of_size[self.size == 2].sum())

    @property
    def fraction(self) -> float:
        """Sampling fraction, π = n/N."""
        return self.n_records / self.population_size


def _people(n_records: int, fraction: float) -> int:
    if (
        isinstance(fraction, bool)
        or not isinstance(fraction, (int, float, np.floating))
        or not n_records / _LARGEST_POPULATION <= fraction <= 1
    ):
        raise InputError(
            "sampling_fraction must be above 0 and at most 1, for at most 2**53 people",
            hint="such as 0.05 for a sample of one in twenty",
        )
    return max(n_records, round(n_records / float(fraction)))
