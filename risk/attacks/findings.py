"""`AttackReport`: what every attack found, a line each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, fields, replace
from typing import TYPE_CHECKING, TypeAlias

from niming.measure import JSON, Measure, Result
from niming.risk.attacks.attack import AttackResult
from niming.risk.attacks.closest_record import ClosestRecord
from niming.risk.attacks.homogeneity import Homogeneity
from niming.risk.attacks.linkage import Linkage
from niming.risk.attacks.membership import Membership

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["Attack", "AttackReport", "Line"]

Attack: TypeAlias = AttackResult | Membership | Linkage | Homogeneity
"""The result of any attack on a release."""


@dataclass(frozen=True)
class Line:
    """One attack in one line, whatever its kind.

    Parameters
    ----------
    attack : str
        Such as ``"singling_out.univariate"`` or ``"inference[diagnosis]"``.
    what : str
        What `rate` is: ``"success rate"`` or ``"AUC"``.
    rate, low, high : float or None
        With its confidence interval; both ends are `rate` where every record was counted.
    baseline : float or None
        What is achieved without the attack.
    control : float or None
        What is achieved against people held out.
    positive_control : float or None
        What is achieved on the original posing as the release.
    risk, risk_high : float or None
        What goes beyond the control, and the upper end of its interval; for attacks with one.
    n_attacks : int or None
    reliable : bool
    reason : str
        Why it is not reliable or did not run; empty if it is.

    Examples
    --------
    >>> Line("linkability", reason="not run: needs two columns").reliable
    False
    """

    attack: str
    what: str = ""
    rate: float | None = None
    low: float | None = None
    high: float | None = None
    baseline: float | None = None
    control: float | None = None
    positive_control: float | None = None
    risk: float | None = None
    risk_high: float | None = None
    n_attacks: int | None = None
    reliable: bool = False
    reason: str = ""


@dataclass(frozen=True, repr=False, eq=False)
class AttackReport(Result):
    """What every attack found, and which did not run, made by `attack_release`.

    Parameters
    ----------
    results : tuple of AttackResult, Membership, Linkage or Homogeneity
    original_homogeneity : mapping of str to float
        Share of original records guessed right by the most frequent value of their class, for each
        sensitive column.
    closest : ClosestRecord or None
        A diagnostic beside the attacks.
    not_run : mapping of str to str
        Attacks that did not run, and why.
    """

    results: tuple[Attack, ...]
    original_homogeneity: Mapping[str, float]
    closest: ClosestRecord | None
    not_run: Mapping[str, str]

    def __repr__(self) -> str:
        doubtful = [line.attack for line in self.lines if line.rate is not None and line.reason]
        return (
            f"AttackReport({len(self.results)} attacks run, {len(self.not_run)} not run,\n"
            f"    not reliable: {', '.join(doubtful) or 'none'})"
        )

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every attack in one line, those that did not run last."""
        ran = [_line(result, self.original_homogeneity) for result in self.results]
        return (*ran, *(Line(name, reason=f"not run: {why}") for name, why in self.not_run.items()))

    def measures(self) -> tuple[Measure, ...]:
        """Return the measures of every attack, and one without a value for each not run."""
        ran = [m for result in self.results for m in result.measures()]
        diagnostic = () if self.closest is None else self.closest.measures()
        lacking = [
            Measure(
                f"attacks.{_main(name)}",
                None,
                "probability",
                (0, 1),
                "lower-is-safer",
                "main result of the attack",
                "see the attack",
                f"not run: {why}",
            )
            for name, why in self.not_run.items()
        ]
        return (*ran, *lacking, *diagnostic)

    def frame(self) -> pd.DataFrame:
        """Return one row an attack: rate, interval, controls, risk, whether to believe it."""
        import pandas as pd

        names = [field.name for field in fields(Line)]
        return pd.DataFrame([astuple(line) for line in self.lines], columns=names)

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, a line an attack, and what each attack tells of itself."""
        return {
            **super().to_dict(),
            "lines": [asdict(line) for line in self.lines],
            "attacks": [result.to_dict() for result in self.results],
            "closest_record": None if self.closest is None else self.closest.to_dict(),
            "not_run": dict(self.not_run),
        }

    def plot(self) -> Figure:
        """Draw a row an attack: its rate with the interval, baseline, control, positive control.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from matplotlib.lines import Line2D

        from niming.drawing import blank, finish, instead

        lines = self.lines
        figure, axes = blank(8.5, 1.5 + 0.36 * len(lines))
        for y, line in enumerate(reversed(lines)):
            axes.axhline(y, color="#eeeeee", linewidth=0.8, zorder=0)
            if line.rate is None or line.low is None or line.high is None:
                instead(axes, 0.5, y, line.reason, width=110)
                continue
            colour = "#c0392b" if line.reliable else "#e0a59c"
            for value, marker, shade, size in (
                (line.baseline, "|", "#333333", 13),
                (line.control, "D", "#2e86ab", 8),
                (line.positive_control, "s", "#777777", 10),
            ):
                if value is not None:  # hollow, so that one does not hide the other
                    axes.plot(
                        value,
                        y,
                        marker,
                        color=shade,
                        markersize=size,
                        fillstyle="none",
                        markeredgewidth=1.6,
                        zorder=5,
                    )
            axes.plot([line.low, line.high], [y, y], color=colour, linewidth=2.5, zorder=3)
            axes.plot(line.rate, y, "o", color=colour, markersize=6, zorder=4)
        labels = [f"{line.attack}\n({line.what})" if line.what else line.attack for line in lines]
        axes.set_yticks(range(len(lines)), labels[::-1], fontsize=8)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.7, len(lines) - 0.3), xlabel="success of the attack")
        keys = [
            Line2D([], [], marker="o", color="#c0392b", label="attack, with its interval"),
            Line2D([], [], marker="o", color="#e0a59c", label="not reliable"),
            *(
                Line2D([], [], marker=marker, linestyle="", color=shade, markersize=8,
                       fillstyle="none", markeredgewidth=1.6, label=label)
                for marker, shade, label in (
                    ("|", "#333333", "baseline: no attack"),
                    ("D", "#2e86ab", "control: people held out"),
                    ("s", "#777777", "positive control: raw data"),
                )
            ),
        ]  # fmt: skip
        figure.legend(handles=keys, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
        believed = sum(line.reliable for line in lines)
        axes.set_title(
            f"{len(self.results)} attacks run, {believed} of them reliable; "
            f"{len(self.not_run)} not run",
            fontsize=10,
        )
        return finish(figure)


def _line(result: Attack, bare: Mapping[str, float]) -> Line:
    if isinstance(result, Homogeneity):
        reasons = result.reasons
        return Line(
            attack=f"homogeneity[{result.sensitive}]",
            what="success rate",
            rate=result.guess_rate,
            low=result.guess_rate,
            high=result.guess_rate,
            baseline=result.baseline,
            positive_control=bare.get(result.sensitive),
            n_attacks=result.n_rows,
            reliable=not reasons,
            reason="; ".join(reasons),
        )
    low, high = result.interval or (None, None)
    about = f"[{result.about}]" if isinstance(result, AttackResult) and result.about else ""
    line = Line(
        attack=result.name + about,
        what="AUC" if isinstance(result, Membership) else "success rate",
        rate=result.auc if isinstance(result, Membership) else result.rate,
        low=low,
        high=high,
        baseline=result.baseline,
        positive_control=result.positive_control,
        n_attacks=result.n_targets if isinstance(result, Linkage) else result.n_attacks,
        reliable=result.reliable,
        reason="; ".join(result.reasons),
    )
    if not isinstance(result, AttackResult):
        return line
    risk_high = None if result.risk_interval is None else result.risk_interval[1]
    return replace(line, control=result.control, risk=result.risk, risk_high=risk_high)


def _main(name: str) -> str:
    """Return the name of an attack's main measure: ``inference[pay]`` has ``inference.risk[pay]``.

    >>> _main("inference[pay]"), _main("membership.density")
    ('inference.risk[pay]', 'membership.density.auc')
    """
    stem, bracket, about = name.partition("[")
    part = {"membership": "auc", "record_linkage": "rate", "homogeneity": "rate"}
    return f"{stem}.{part.get(stem.split('.')[0], 'risk')}{bracket}{about}"
