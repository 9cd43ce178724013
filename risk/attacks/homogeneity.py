"""Homogeneity: whose sensitive value can be read off their class?"""

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
from niming.risk.attacks.attack import FEWEST_ROWS
from niming.risk.attacks.statistics import Trials, beats
from niming.risk.classes import Missing, classes_of, sizes_of, spectrum_of, totals_of
from niming.tables import MISSING, SUPPRESSED, Classes, Counts, Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Homogeneity", "homogeneity"]

Direction: TypeAlias = Literal["higher-is-safer", "lower-is-safer"]

_CONFIDENCE = 0.95
_SOURCE = "Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam 2007, section 2.1"


@dataclass(frozen=True, repr=False, eq=False)
class Homogeneity(Result):
    """How far each class agrees on its sensitive value, made by `homogeneity`.

    Parameters
    ----------
    sensitive : str
    top : ndarray of shape (n_classes,), int64
        Records that show the class's most frequent sensitive value, among those of `size`; where
        anything matches, those with an unknown one too.
    size : ndarray of shape (n_classes,), int64
        Records that an outsider cannot tell from those of the class: its own, or under the
        reading ``"matches-anything"`` all that agree with it.
    records : ndarray of shape (n_classes,), int64
        Records in the class.
    most_frequent : int
        Records in the table that show its most frequent sensitive value; where anything matches,
        those with an unknown one too.
    threshold : float in (0, 1]
        Share of the class from which on its top value is taken for everybody's.
    missing : {"own-value", "matches-anything"}
    """

    sensitive: str
    top: NDArray[np.int64]
    size: NDArray[np.int64]
    records: NDArray[np.int64]
    most_frequent: int
    threshold: float = 1.0
    missing: Missing = "own-value"

    @classmethod
    def of(
        cls,
        classes: Classes,
        sensitive: str,
        *,
        threshold: float = 1.0,
        missing: Missing = "own-value",
    ) -> Homogeneity:
        """Measure equivalence classes."""
        _check(threshold)
        spectrum = spectrum_of(classes, sensitive, missing=missing)
        # A suppressed value is nobody's: it counts in the class and is never its answer; but where
        # anything matches it has joined the value it may be, and none is left.
        shows = np.where(spectrum.value == SUPPRESSED, 0, spectrum.n)
        totals = totals_of(classes, sensitive)
        most_frequent = int(totals[MISSING - SUPPRESSED :].max())
        if missing == "matches-anything":
            most_frequent = int(totals[-SUPPRESSED:].max(initial=0) + totals[:-SUPPRESSED].sum())
        return cls(
            sensitive=sensitive,
            top=np.maximum.reduceat(shows, spectrum.starts),
            size=sizes_of(classes, missing=missing),
            records=classes.size,
            most_frequent=most_frequent,
            threshold=threshold,
            missing=missing,
        )

    @cached_property
    def exposed(self) -> NDArray[np.bool_]:
        """Whether the top value of each class reaches the threshold, shape (n_classes,)."""
        # The next number below, so that 9 of 10 reach 0.9 however the product is rounded.
        least = np.nextafter(self.threshold * self.size, 0)
        reached: NDArray[np.bool_] = (self.top > 0) & (self.top >= least)
        return reached

    @property
    def n_rows(self) -> int:
        """Number of records."""
        return int(self.records.sum())

    @cached_property
    def n_records(self) -> int:
        """Records in exposed classes."""
        return int(self.records[self.exposed].sum())

    @cached_property
    def n_unique(self) -> int:
        """Records in exposed classes of one: found because they stand alone."""
        return int(self.records[self.exposed & (self.size == 1)].sum())

    @property
    def n_classes(self) -> int:
        """Exposed classes."""
        return int(np.count_nonzero(self.exposed))

    @property
    def rate(self) -> float:
        """Share of the records that are in exposed classes."""
        return self.n_records / self.n_rows

    @cached_property
    def guess_rate(self) -> float:
        """Share of right guesses of an outsider who names the top value of each person's class."""
        if self.missing == "own-value":
            return int(self.top.sum()) / self.n_rows
        return float((self.records * (self.top / self.size)).sum()) / self.n_rows

    @property
    def baseline(self) -> float:
        """Share of right guesses of an outsider who names the table's most frequent value."""
        return self.most_frequent / self.n_rows

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the guess rate shows no attack; empty if it does. The counts hold all the same."""
        found = []
        if self.n_rows < FEWEST_ROWS:
            found.append(f"the table has {self.n_rows} rows, fewer than {FEWEST_ROWS}")
        right = Trials(round(self.guess_rate * self.n_rows), self.n_rows)
        if not beats(right, Trials(self.most_frequent, self.n_rows), _CONFIDENCE):
            found.append(
                f"a guess from the class is right for {self.guess_rate:.3f} of {self.n_rows} "
                f"records and a guess without it for {self.baseline:.3f}, a difference that chance "
                "can make: it shows nothing"
            )
        return tuple(found)

    @property
    def reliable(self) -> bool:
        """Whether the guess rate may be built upon."""
        return not self.reasons

    def measures(self) -> tuple[Measure, ...]:
        """Return the records exposed, and how often a guess from the class is right."""
        stem = "attacks.homogeneity"
        if self.missing == "matches-anything":
            stem += ".matching"
        least = "all" if self.threshold == 1 else f"at least {self.threshold:g}"
        rows: list[tuple[str, int | float, str, float, Direction, str]] = [
            (
                "n_records",
                self.n_records,
                "records",
                math.inf,
                "lower-is-safer",
                f"records in classes where {least} of the records show one value",
            ),
            (
                "rate",
                self.rate,
                "probability",
                1,
                "lower-is-safer",
                f"share of the records in classes where {least} of the records show one value",
            ),
            (
                "n_unique",
                self.n_unique,
                "records",
                math.inf,
                "lower-is-safer",
                "those among them that stand alone in their class",
            ),
            (
                "guess_rate",
                self.guess_rate,
                "probability",
                1,
                "lower-is-safer",
                "share of records guessed right by the most frequent value of their class",
            ),
            (
                "baseline",
                self.baseline,
                "probability",
                1,
                "lower-is-safer",
                "share of records guessed right by the most frequent value of the table",
            ),
        ]
        return tuple(
            Measure(
                f"{stem}.{name}[{self.sensitive}]",
                value,
                unit,
                (0, top),
                direction,
                definition,
                _SOURCE,
            )
            for name, value, unit, top, direction, definition in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the threshold, the reading of missing values, and the doubts."""
        return {
            **super().to_dict(),
            "threshold": self.threshold,
            "missing": self.missing,
            "reliable": self.reliable,
            "reasons": list(self.reasons),
        }

    def plot(self) -> Figure:
        """Draw the share of records by the share of their class that shows its top value.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.risk.bands import draw, to_one

        return draw(
            to_one(self.top / self.size, self.records),
            words=f"share of the class that shows its most frequent {self.sensitive}",
            title=f"{self.n_records} of {self.n_rows} records exposed\na guess from the class is "
            f"right for {self.guess_rate:.1%}, from the table for {self.baseline:.1%}",
        )


def homogeneity(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    sensitive: str,
    threshold: float = 1.0,
    suppressed: str | None = None,
    missing: Missing = "own-value",
) -> Homogeneity:
    """Count the people whose sensitive value an outsider reads off their class.

    The outsider knows a person's quasi-identifiers and that the person is in the table, finds the
    class, and need not know which of its records is the person's: they all say the same.

    Parameters
    ----------
    source : table or Counts
        The released table: anything that `niming.read` takes, at least one row.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one.
    sensitive : str
        A column that is not among the quasi-identifiers.
    threshold : float in (0, 1], default 1.0
        Share of the class from which on its most frequent value is taken for everybody's.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed quasi-identifier is a value of its own, or agrees with every value;
        then an unknown sensitive cell has the most frequent value known among the records counted.

    Returns
    -------
    Homogeneity
        `n_records`, `rate` in [0, 1], `n_unique`, `n_classes`, `guess_rate` in [0, 1], `baseline`
        in [0, 1], `reliable` and `reasons`.

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have.
    InputError
        No quasi-identifiers, `sensitive` is one of them, a threshold outside (0, 1], or a table
        without rows.

    Notes
    -----
    With n_cv the records of class c that show the value v, n_c its records and n the table's:

    - rate = Σ {n_c : max_v n_cv >= threshold · n_c} / n
    - guess rate = Σ_c max_v n_cv / n, the outsider's best guess after seeing the release
    - baseline = max_v Σ_c n_cv / n, the best guess that needs no class

    It is an exact count over all records, not a sample, so it has no confidence interval. Under
    "own-value" a missing sensitive value is a value of its own, since it says that nothing was
    recorded; a suppressed one counts in its class and is never an answer, since it says nothing.
    Under "matches-anything" n_c and n_cv are over all records that agree with the class, and either
    counts for the most frequent value known there, as l-diversity reads it: blanking half of a
    class cures nothing, and a class of unknown cells alone has one value.

    A guess rate close to the baseline does not make the exposed records safe: they are certain
    knowledge of some, whatever the average. The guess rate is `reliable` as an attack on at least
    100 rows, where it exceeds the baseline by more than chance makes of two independent guesses
    (`statistics.beats`, level 0.95); the counts hold either way.

    One GROUP BY, then O(n_cells log n_cells).

    References
    ----------
    Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam 2007, "l-diversity: privacy beyond
    k-anonymity", section 2.1 (homogeneity attack), doi:10.1145/1217299.1217302.

    Examples
    --------
    >>> table = {"sex": ["F", "F", "M", "M"], "illness": ["flu", "none", "none", "none"]}
    >>> found = homogeneity(table, quasi_identifiers=["sex"], sensitive="illness")
    >>> found.n_records, found.rate  # both men
    (2, 0.5)
    >>> found.guess_rate, found.baseline
    (0.75, 0.75)
    """
    _check(threshold)
    if not isinstance(sensitive, str):
        raise InputError("sensitive is one column", hint="attack each sensitive column by itself")
    classes = classes_of(
        source,
        quasi_identifiers=quasi_identifiers,
        sensitive=[sensitive],
        suppressed=suppressed,
    )
    return Homogeneity.of(classes, sensitive, threshold=threshold, missing=missing)


def _check(threshold: float) -> None:
    if isinstance(threshold, bool) or not 0 < threshold <= 1:
        raise InputError(
            "threshold is a share of the class, above 0 and at most 1",
            hint="1.0 for classes that agree in full",
        )
