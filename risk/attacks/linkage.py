"""`Linkage`: how many known people were found in a release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from niming.measure import JSON, Measure, Result
from niming.risk.attacks.attack import FEWEST_ROWS
from niming.risk.attacks.statistics import Trials

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Linkage", "LinkageMethod"]

LinkageMethod: TypeAlias = Literal["distance", "probabilistic"]

_SOURCE = {
    "distance": "Domingo-Ferrer and Torra 2001",
    "probabilistic": "Fellegi and Sunter 1969; Winkler 1988",
}


@dataclass(frozen=True, repr=False)
class Linkage(Result):
    """How many known people were found in a release, made by `record_linkage`.

    Parameters
    ----------
    method : {"distance", "probabilistic"}
    n_targets : int
        People looked for that are in the release.
    n_absent : int
        People looked for that are not.
    n_released : int
        Released records.
    found : float in [0, n_targets]
        People found: of k released records that look equally good one is picked at random, and so
        counts 1/k if the person's own is among them.
    n_links : int
        Links that the attacker stands by.
    right : float in [0, n_links]
        Those that lead to the person's own record, counted as in `found`.
    by_class : float in [0, 1]
        Rate of an attacker who can only match the quasi-identifiers exactly: distinct released
        combinations over released records (marketer risk).
    positive_control : float in [0, 1]
        Rate of the same attack on the original posing as the release.
    seed : int
    confidence : float in (0, 1)
    failure : str
        Why there is no answer; empty if there is.
    """

    method: LinkageMethod
    n_targets: int
    n_absent: int
    n_released: int
    found: float
    n_links: int
    right: float
    by_class: float
    positive_control: float
    seed: int
    confidence: float = 0.95
    failure: str = ""

    @property
    def name(self) -> str:
        """Name of the attack; the measures are called ``attacks.<name>.rate`` and so on."""
        return f"record_linkage.{self.method}"

    @property
    def rate(self) -> float | None:
        """Share of the people in the release that are found; None without an answer."""
        return None if self.failure else self.found / self.n_targets

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's interval of `rate`; None without an answer.

        Parts of a success vary less than whole ones, so that it is rather too long.
        """
        if self.rate is None:
            return None
        low, high = Trials(round(self.found), self.n_targets).interval(self.confidence)
        return min(low, self.rate), max(high, self.rate)

    @property
    def baseline(self) -> float:
        """Rate of an attacker who picks any released record."""
        return 1 / self.n_released

    @property
    def precision(self) -> float | None:
        """Share of right ones among the links that the attacker stands by; None without links."""
        return self.right / self.n_links if self.n_links and not self.failure else None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the result must not be built upon; empty if it may be."""
        if self.interval is None:
            return (self.failure,)
        found = []
        if self.n_targets < FEWEST_ROWS:
            found.append(f"{self.n_targets} people looked for, fewer than {FEWEST_ROWS}")
        if self.interval[0] <= self.baseline:
            found.append(
                f"the attack finds {self.rate:.2g} of the people and chance {self.baseline:.2g}: "
                "an attack this weak shows nothing"
            )
        return tuple(found)

    @property
    def reliable(self) -> bool:
        """Whether the rate may be built upon."""
        return not self.reasons

    def measures(self) -> tuple[Measure, ...]:
        """Return the rate with its interval, the baseline and the precision."""
        upper = None if self.interval is None else self.interval[1]
        no_links = self.failure or "the attacker stands by no link"
        level = f"{self.confidence:g}"
        rows: list[tuple[str, float | None, str, str]] = [
            (
                "rate",
                self.rate,
                "share of the people in the release whose record is picked",
                self.failure,
            ),
            (
                "rate_upper",
                upper,
                f"upper end of the {level} confidence interval of the rate",
                self.failure,
            ),
            ("baseline", self.baseline, "rate of picking any released record", ""),
            (
                "by_class",
                self.by_class,
                "distinct released combinations over released records",
                "",
            ),
            (
                "positive_control",
                self.positive_control,
                "rate of the attack on the original posing as the release",
                "",
            ),
            (
                "precision",
                self.precision,
                "share of right ones among the links that the attacker stands by",
                "" if self.precision is not None else no_links,
            ),
        ]
        return tuple(
            Measure(
                f"attacks.{self.name}.{part}",
                value,
                "probability",
                (0, 1),
                "higher-is-better" if part == "positive_control" else "lower-is-safer",
                definition,
                _SOURCE[self.method],
                reason,
            )
            for part, value, definition, reason in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, what was attacked, and whether the answer is reliable."""
        return {
            **super().to_dict(),
            "attack": self.name,
            "method": self.method,
            "n_targets": self.n_targets,
            "n_absent": self.n_absent,
            "n_links": self.n_links,
            "seed": self.seed,
            "confidence": self.confidence,
            "interval": None if self.interval is None else list(self.interval),
            "reliable": self.reliable,
            "reasons": list(self.reasons),
        }

    def plot(self) -> Figure:
        """Draw the rate with its interval, beside the baseline and the rate by class.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish, said

        if self.rate is None or self.interval is None:
            return said(self.failure)
        low, high = self.interval
        figure, axes = blank(7, 1.9)
        axes.errorbar(
            self.rate, 0, xerr=[[self.rate - low], [high - self.rate]],
            fmt="o", color="#c0392b", capsize=3, label="found",
        )  # fmt: skip
        axes.plot(
            self.positive_control, 0, "s", color="#999999", label="found in the original itself"
        )
        axes.plot(self.by_class, 0, "D", color="#2e86ab", label="by exact match of the class")
        axes.plot(self.baseline, 0, "|", color="#555555", markersize=14, label="by chance")
        axes.set(xlim=(-0.02, 1.02), yticks=[], xlabel="share of the people found")
        axes.set_title(
            f"{self.method} linkage of {self.n_targets} people to {self.n_released} records",
            fontsize=10,
        )
        axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.35), ncols=4, frameon=False,
                    fontsize=8)  # fmt: skip
        return finish(figure)
