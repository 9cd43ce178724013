"""δ-presence: how sure can one be that a person is in the table, or is not?"""

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
from niming.risk.classes import (
    Missing,
    check_missing,
    classes_of,
    match_sizes,
    suppressed_class,
)
from niming.risk.joint import Joint
from niming.tables import Classes, Counts, Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Presence", "delta_presence"]

Direction: TypeAlias = Literal["higher-is-safer", "lower-is-safer"]

_SOURCE = "Nergiz, Atzori and Clifton 2007, δ-presence"
_SLACK = 1e-12  # sums of shares are rounded where cells match anything


@dataclass(frozen=True, repr=False, eq=False)
class Presence(Result):
    """How probable it is of each person of the population to be in the table.

    Made by `delta_presence`.

    Parameters
    ----------
    probability : ndarray of shape (n_classes,), float64, in [0, 1]
        For the people of each class of the population.
    people : ndarray of shape (n_classes,), int64
        People in the class.
    n_records : int
        Records of the table.
    missing : {"own-value", "matches-anything"}
    """

    probability: NDArray[np.float64]
    people: NDArray[np.int64]
    n_records: int
    missing: Missing = "own-value"

    @classmethod
    def of(
        cls,
        classes: Classes,
        *,
        population: Source | Counts | Joint,
        missing: Missing = "own-value",
    ) -> Presence:
        """Measure equivalence classes within a population."""
        check_missing(missing)
        joint = Joint.of(classes, population)
        sizes = joint.sizes(missing=missing)
        hidden = suppressed_class(joint.classes)
        if hidden is not None and sizes[hidden] < joint.records[hidden]:
            raise InputError(
                f"{joint.records[hidden]} records have all quasi-identifiers suppressed, and the "
                "population does not tell who they are",
                hint="missing='matches-anything' lets them be anybody",
            )
        real = joint.people > 0
        share = np.zeros(len(sizes))
        np.divide(joint.records, sizes, out=share, where=joint.records > 0)
        if missing == "matches-anything":
            share = np.minimum(match_sizes(joint.classes, share).astype(np.float64), 1.0)
        return cls(share[real], joint.people[real], int(joint.records.sum()), missing)

    @cached_property
    def delta_min(self) -> float:
        """Smallest probability of a person to be in the table: 0 if somebody is surely not."""
        return float(self.probability.min())

    @cached_property
    def delta_max(self) -> float:
        """Largest probability of a person to be in the table: 1 if somebody surely is."""
        return float(self.probability.max())

    @cached_property
    def n_people(self) -> int:
        """Number of people in the population."""
        return int(self.people.sum())

    @property
    def prior(self) -> float:
        """Probability of anybody to be in the table, before it is seen: records over people."""
        return self.n_records / self.n_people

    @property
    def n_certain(self) -> int:
        """Number of people who are surely in the table."""
        return int(self.people[self.probability >= 1 - self._slack].sum())

    @property
    def n_absent(self) -> int:
        """Number of people who are surely not in the table."""
        return int(self.people[self.probability == 0].sum())

    def n_people_above(self, delta: float) -> int:
        """Return how many people are in the table with a probability above `delta`."""
        return int(self.people[self.probability > delta * (1 + self._slack)].sum())

    def n_people_below(self, delta: float) -> int:
        """Return how many people are in the table with a probability below `delta`."""
        return int(self.people[self.probability < delta * (1 - self._slack)].sum())

    @property
    def _slack(self) -> float:
        return _SLACK if self.missing == "matches-anything" else 0.0

    def measures(self) -> tuple[Measure, ...]:
        """Return both ends of the probability, and the people at 0 and at 1."""
        stem = "delta_presence" + (".matching" if self.missing == "matches-anything" else "")
        rows: list[tuple[str, float | int, str, Direction, str]] = [
            (
                "delta_max",
                self.delta_max,
                "probability",
                "lower-is-safer",
                "largest share of a population class that is in the table",
            ),
            (
                "delta_min",
                self.delta_min,
                "probability",
                "higher-is-safer",
                "smallest share of a population class that is in the table",
            ),
            ("n_certain", self.n_certain, "people", "lower-is-safer", "people surely in the table"),
            ("n_absent", self.n_absent, "people", "lower-is-safer", "people surely not in it"),
        ]
        return tuple(
            Measure(
                f"{stem}.{name}",
                value,
                unit,
                (0, 1 if unit == "probability" else math.inf),
                direction,
                definition,
                _SOURCE,
            )
            for name, value, unit, direction, definition in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the number of people and the probability before the release."""
        return {
            **super().to_dict(),
            "n_people": self.n_people,
            "prior": self.prior,
            "missing": self.missing,
        }

    def plot(self) -> Figure:
        """Draw the share of people by the probability that they are in the table.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.risk.bands import draw, to_one

        figure = draw(
            to_one(self.probability, self.people),
            words=f"probability of being in the table (before the release {self.prior:.3g})",
            title=f"({self.delta_min:.4g}, {self.delta_max:.4g})-present; {self.n_people} people",
        )
        figure.axes[0].set_ylabel("share of people")
        return figure


def delta_presence(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    population: Source | Counts,
    suppressed: str | None = None,
    missing: Missing = "own-value",
) -> Presence:
    """Measure how sure one can be that a person of the population is in the table, or is not.

    Against an outsider who knows everybody in the population, where it is being in the table that
    must not be learnt: a table of patients, of debtors, of those who receive a benefit.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one.
    population : table or Counts
        Everybody who could be in the table, those who are among them, with the same
        quasi-identifiers generalised in the same way. Values are compared as text.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``, in both tables; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed cell, in whichever of the two tables, is a value of its own, or
        agrees with every value.

    Returns
    -------
    Presence
        `delta_min` and `delta_max` in [0, 1], `probability`, `people`, `prior`, `n_certain`,
        `n_absent`, `n_people_above(delta)`, `n_people_below(delta)`.

    Raises
    ------
    ColumnNotFoundError
        A column that a table does not have.
    InputError
        No quasi-identifiers, no rows, or a population that does not hold the table: smaller, or
        with fewer people in a class than the table has records (classes counted).

    Notes
    -----
    For a population class of F people, f of them in the table, the probability is f/F, and 0
    where the table has none. The table is (δ_min, δ_max)-present with the smallest and the
    largest of these. Both ends tell: δ_max = 1 means that somebody is surely in the table,
    δ_min = 0 that somebody surely is not, which it always is where a class is absent.

    Where cells match anything a record may be one of several classes of people. A record of class
    j is then any of the F_j people who agree with it, equally likely, and a person is in the table
    with probability min(1, Σ f_j/F_j) over the classes j that agree with the person. That bounds
    the probability from above and is f/F where nothing is unknown.

    One GROUP BY a table, then O(n log n) for n classes of both; where cells match anything, times
    the patterns of known cells.

    References
    ----------
    Nergiz, Atzori and Clifton 2007, "Hiding the presence of individuals from shared databases",
    SIGMOD, 665–676, doi:10.1145/1247480.1247554.

    Examples
    --------
    >>> town = {"sex": ["F", "F", "F", "M"]}
    >>> patients = {"sex": ["F", "F"]}
    >>> result = delta_presence(patients, quasi_identifiers=["sex"], population=town)
    >>> round(result.delta_max, 3), result.delta_min, result.n_absent
    (0.667, 0.0, 1)
    """
    check_missing(missing)
    classes = classes_of(source, quasi_identifiers=quasi_identifiers, suppressed=suppressed)
    joint = Joint.of(classes, population, suppressed=suppressed)
    return Presence.of(classes, population=joint, missing=missing)
