"""`Irreversibility`: a finding a column with codes, and the measures over all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from niming.errors import ColumnNotFoundError
from niming.measure import JSON, Measure, Result
from niming.risk.irreversibility.digests import Trial

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["KEPT", "NONE", "Irreversibility", "Reversal", "Verdict"]

Verdict: TypeAlias = Literal["de-identified, not anonymised", "no weakness found"]

KEPT: Verdict = "de-identified, not anonymised"
NONE: Verdict = "no weakness found"

_SOURCE = "PIPL art. 73 (cannot be restored); niming, search space over rate"


@dataclass(frozen=True)
class Reversal:
    """How one column could be turned back.

    Parameters
    ----------
    column : str
    technique : str
        What was found: ``"hash"``, ``"truncated hash"``, ``"pseudonym"``, and so on.
    verdict : {"de-identified, not anonymised", "no weakness found"}
    core_hours : float or None
        Estimated cost on one slow core in pure Python, an upper bound; None if it is not known.
    basis : str
        What verdict and cost rest on.
    exposure : float in [0, 1] or None
        Share of records told by frequency alone; None if no public distribution was given.
    trial : Trial or None
        What came of trying; None if nothing was tried.
    reversible : bool, default False
        Whether it can be turned back without any key.

    Examples
    --------
    >>> found = Reversal("id", "hash", KEPT, 0.1, "resident ids of one county", reversible=True)
    >>> found.to_dict()["verdict"]
    'de-identified, not anonymised'
    """

    column: str
    technique: str
    verdict: Verdict
    core_hours: float | None
    basis: str
    exposure: float | None = None
    trial: Trial | None = None
    reversible: bool = False

    def to_dict(self) -> dict[str, JSON]:
        """Return the finding as a JSON-safe dict."""
        return {
            "column": self.column,
            "technique": self.technique,
            "verdict": self.verdict,
            "reversible": self.reversible,
            "core_hours": self.core_hours,
            "basis": self.basis,
            "exposure": self.exposure,
            "trial": None if self.trial is None else self.trial.to_dict(),
        }


@dataclass(frozen=True, repr=False)
class Irreversibility(Result):
    """Which columns could be restored, made by `irreversibility`.

    Parameters
    ----------
    reversals : tuple of Reversal
        The columns in which codes were found or declared; others are not listed.
    n_columns : int
        Columns looked at.
    """

    reversals: tuple[Reversal, ...]
    n_columns: int

    @property
    def n_reversible_columns(self) -> int:
        """Columns that can be turned back without any key."""
        return sum(r.reversible for r in self.reversals)

    @property
    def n_deidentified_columns(self) -> int:
        """Columns of the verdict "de-identified, not anonymised", reversible ones among them."""
        return len(self.deidentified)

    @property
    def deidentified(self) -> frozenset[str]:
        """Names of the columns of the verdict "de-identified, not anonymised"."""
        return frozenset(r.column for r in self.reversals if r.verdict == KEPT)

    @property
    def lowest_cost_core_hours(self) -> float | None:
        """Cost of the column that is restored most cheaply; None if no cost is known."""
        return min((r.core_hours for r in self.reversals if r.core_hours is not None), default=None)

    def __getitem__(self, column: str) -> Reversal:
        for reversal in self.reversals:
            if reversal.column == column:
                return reversal
        listed = [r.column for r in self.reversals]
        raise ColumnNotFoundError.among([column], listed, asked_by="the caller")

    def measures(self) -> tuple[Measure, ...]:
        """Return the columns that fail, the lowest cost, and what a trial reversed."""
        cheapest = self.lowest_cost_core_hours
        tried = [r.trial for r in self.reversals if r.trial is not None]
        rows: tuple[tuple[str, float | int | None, str, float, bool, str, str], ...] = (
            (
                "n_reversible_columns", self.n_reversible_columns, "columns", self.n_columns,
                False, "columns that can be turned back without any key: de-identified, not "
                "anonymised", "",
            ),
            (
                "n_deidentified_columns", self.n_deidentified_columns, "columns", self.n_columns,
                False, "columns of codes that are de-identified, not anonymised: who has the key, "
                "the salt or a list of the values can turn them back", "",
            ),
            (
                "lowest_cost_core_hours", cheapest, "core-hours", math.inf, True,
                "values to try over values tried a second, for the cheapest column",
                "no column has codes whose values can be listed",
            ),
            (
                "n_reversed", sum(t.n_reversed for t in tried) if tried else None, "digests",
                math.inf, False, "digests whose value a trial found", "nothing was tried",
            ),
        )  # fmt: skip
        return tuple(
            Measure(
                f"irreversibility.{name}",
                value,
                unit,
                (0, most),
                "higher-is-safer" if higher else "lower-is-safer",
                definition,
                _SOURCE,
                reason if value is None else "",
            )
            for name, value, unit, most, higher, definition, reason in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures and the finding of each column."""
        return {**super().to_dict(), "reversals": [r.to_dict() for r in self.reversals]}

    def __repr__(self) -> str:
        told = ", ".join(f"{r.column}: {r.verdict}" for r in self.reversals[:5])
        return f"Irreversibility({told or 'no codes found'})"

    def plot(self) -> Figure:
        """Draw the cost of restoring each column, on a scale of powers of ten.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish, said

        priced = [r for r in self.reversals if r.core_hours is not None]
        if not priced:
            return said("no column has codes whose values can be listed")
        figure, axes = blank(7, 1.2 + 0.4 * len(priced))
        least = 1e-6  # a cost of nothing has no place on a scale of powers
        costs = [max(r.core_hours or 0.0, least) for r in priced]
        colours = ["#c0392b" if r.reversible else "#c98a00" for r in priced]
        bars = axes.barh([r.column for r in priced], costs, color=colours)
        axes.bar_label(bars, labels=[r.technique for r in priced], fontsize=8, padding=2)
        axes.set_xscale("log")
        axes.set(xlim=(least / 2, max(costs) * 100), xlabel="core-hours, at most")
        axes.invert_yaxis()
        axes.set_title(
            f"{self.n_deidentified_columns} columns are de-identified, not anonymised", fontsize=10
        )
        return finish(figure)
