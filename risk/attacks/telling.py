"""`Telling`: how well an attack tells members from others, whatever it attacks."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from niming.errors import UnreliableWarning
from niming.measure import JSON, Measure, Result
from niming.risk.attacks.attack import FEWEST_ROWS
from niming.risk.attacks.roc import Roc
from niming.risk.attacks.statistics import Trials

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FALSE_POSITIVE_RATES", "Telling"]

T = TypeVar("T", bound="Telling")

FALSE_POSITIVE_RATES = (0.001, 0.01)
"""Rates of false positives at which the share of members found is reported."""


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Telling(Result):
    """Scores of members and others, and what may be read off them.

    A subclass says what was attacked: `stem`, `subject`, `source`, `control`, `controls`, and
    further reasons in `without_power`.

    Parameters
    ----------
    roc : Roc
        Scores of members and of equally many non-members.
    raw : Roc
        The same attack where it must succeed: the positive control.
    seed : int
    confidence : float in (0, 1)
    faults : tuple of str
        Further reasons to doubt the result, which the attack itself knows.
    """

    roc: Roc
    raw: Roc
    seed: int
    confidence: float = 0.95
    faults: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """What the names of the measures begin with."""
        raise TypeError(f"{type(self).__name__} has no stem")

    @property
    def subject(self) -> str:
        """What attacked what, for titles and warnings."""
        raise TypeError(f"{type(self).__name__} has no subject")

    @property
    def source(self) -> str:
        """Where the attack is described."""
        raise TypeError(f"{type(self).__name__} has no source")

    @property
    def control(self) -> tuple[str, str]:
        """What the positive control is, and what it means if it fails."""
        raise TypeError(f"{type(self).__name__} has no positive control")

    def curves(self) -> Mapping[str, tuple[Roc, str]]:
        """Return what is drawn: label, then scores and colour."""
        raise TypeError(f"{type(self).__name__} has no curves")

    def controls(self) -> tuple[tuple[str, float, str], ...]:
        """Return further controls: name, AUC and definition."""
        return ()

    @property
    def n_attacks(self) -> int:
        """Number of members attacked, and of non-members."""
        return self.roc.n

    @property
    def auc(self) -> float:
        """Chance that a member looks more like one than a non-member does; ½ is a coin."""
        return self.roc.auc

    @property
    def interval(self) -> tuple[float, float]:
        """Confidence interval of `auc`."""
        return self.roc.interval(self.confidence)

    @property
    def baseline(self) -> float:
        """AUC of a coin."""
        return 0.5

    @property
    def positive_control(self) -> float:
        """AUC of the same attack where it must succeed."""
        return self.raw.auc

    def true_positives(self, false_positive_rate: float) -> Trials | None:
        """Return the members found where at most this share of non-members is taken for members.

        None where there are fewer non-members than one false positive takes.
        """
        rate = self.roc.true_positive_rate(false_positive_rate)
        return None if rate is None else Trials(round(rate * self.roc.n), self.roc.n)

    @property
    def without_power(self) -> tuple[str, ...]:
        """Why nothing can be read off the AUC, high or low; empty if something can."""
        found = []
        if self.roc.n < FEWEST_ROWS:
            found.append(f"{self.roc.n} members were attacked, fewer than {FEWEST_ROWS}")
        if self.raw.interval(self.confidence)[0] <= 0.5:
            found.append(self.control[1])
        return (*found, *self.faults)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the result must not be built upon; empty if it may be."""
        low, high = self.interval
        if low > 0.5:
            return self.without_power
        coin = (
            f"an AUC in [{low:.3f}, {high:.3f}] is no better than a coin: this attack finds "
            "nothing, another may"
        )
        return (*self.without_power, coin)

    @property
    def reliable(self) -> bool:
        """Whether the attack beats a coin, and could be judged at all."""
        return not self.reasons

    def told(self: T, *, stacklevel: int = 3) -> T:
        """Return the result, and warn the caller of the attack if it is not reliable."""
        if not self.reliable:
            warnings.warn(
                f"{self.subject}: {'; '.join(self.reasons)}",
                UnreliableWarning,
                stacklevel=stacklevel,
            )
        return self

    def measures(self) -> tuple[Measure, ...]:
        """Return AUC with its upper end, members found at few false positives, and controls.

        What the attack found has no value where it has no power: a coin's AUC is then no comfort.
        """
        level = f"{self.confidence:g}"
        weak = "; ".join(self.without_power)
        upper = f"upper end of the {level} confidence interval of the AUC"
        rows: list[tuple[str, float | None, str, str]] = [
            ("auc", self.auc, "chance that a member scores above a non-member", weak),
            ("auc_upper", self.interval[1], upper, weak),
        ]
        for rate in FALSE_POSITIVE_RATES:
            one_in = round(1 / rate)
            found = self.true_positives(rate)
            few = f"needs {one_in} non-members, there are {self.roc.n}"
            share = None if found is None else found.rate
            most = None if found is None else found.interval(self.confidence)[1]
            what = f"share of members found where {rate:g} of the non-members are taken for members"
            end = f"upper end of its {level} confidence interval"
            rows += [
                (f"tpr_at_fpr_1_in_{one_in}", share, what, few if found is None else weak),
                (f"tpr_at_fpr_1_in_{one_in}_upper", most, end, few if found is None else weak),
            ]
        rows.append(("baseline", self.baseline, "AUC of a coin", ""))
        rows += [(name, auc, definition, "") for name, auc, definition in self.controls()]
        rows.append(("positive_control", self.positive_control, self.control[0], ""))
        return tuple(
            Measure(
                f"{self.stem}.{part}",
                None if why else value,
                "probability",
                (0, 1),
                "higher-is-better" if part == "positive_control" else "lower-is-safer",
                definition,
                self.source,
                why,
            )
            for part, value, definition, why in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the interval, the number of attacks, the seed and the doubts."""
        return {
            **super().to_dict(),
            "n_attacks": self.n_attacks,
            "interval": list(self.interval),
            "confidence": self.confidence,
            "seed": self.seed,
            "reliable": self.reliable,
            "reasons": list(self.reasons),
        }

    def __repr__(self) -> str:
        low, high = self.interval
        doubt = "" if self.reliable else ", not reliable"
        return (
            f"{type(self).__name__}({self.subject}: auc={self.auc:.3f} [{low:.3f}, {high:.3f}]"
            f"{doubt},\n"
            f"    positive_control={self.positive_control:.3f}, n_attacks={self.n_attacks})"
        )

    def plot(self) -> Figure:
        """Draw the members found against the non-members taken for members, both on log scales.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish

        figure, axes = blank(5, 4.2)
        least = 1 / self.roc.n
        for label, (roc, colour) in self.curves().items():
            false, true = roc.curve()
            axes.plot(np.maximum(false, least), np.maximum(true, least), color=colour, label=label)
        line = np.geomspace(least, 1, 50) if self.roc.n > 1 else np.ones(1)
        axes.plot(line, line, "--", color="#555555", linewidth=1, label="a coin")
        start = min(least, 0.5)
        axes.set(xscale="log", yscale="log", xlim=(start, 1), ylim=(start, 1.05))
        axes.set(xlabel="non-members taken for members", ylabel="members found")
        low, high = self.interval
        doubt = "" if self.reliable else " (not reliable)"
        axes.set_title(
            f"{self.subject}: AUC {self.auc:.3f} [{low:.3f}, {high:.3f}]{doubt}", fontsize=10
        )
        axes.legend(frameon=False, fontsize=8, loc="lower right")
        return finish(figure)
