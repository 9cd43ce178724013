"""`Answers`: the grades that a questionnaire's answers add up to, made by `Questionnaire.judge`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypedDict

from niming.errors import InputError
from niming.measure import JSON, Measure, Result
from niming.risk.context.question import Answer, Part
from niming.risk.context.release import Grade, Mode

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Answers", "Environment"]

_NOT_ASKED = "that part of the questionnaire was not asked"
_PUBLIC = "a public release: an attack is taken as certain"


class Environment(TypedDict, total=False):
    """What `release_risk` asks about the environment, as keyword arguments."""

    mode: Mode
    controls: Grade | None
    motive: Grade | None
    prevalence: float | None
    acquaintances: int
    sampling_fraction: float


@dataclass(frozen=True, repr=False)
class Answers(Result):
    """What the answers to a questionnaire add up to, made by `Questionnaire.judge`.

    Parameters
    ----------
    questionnaire : str
        Id and version of the questionnaire.
    digest : str
        SHA-256 of its bytes, in hex.
    parts : tuple of {"environment", "safeguards", "invasiveness"}
        The parts that were asked.
    given : dict of str to bool, int, float or str
        Every answer used, by question, those assumed among them.
    assumed : tuple of str
        Questions that nobody answered and for which the worst answer stands.
    recipients : str or None
        Who receives the data; None if only the invasiveness was asked.
    size : int or None
        Class size 1/S for these recipients.
    mode : {"public", "controlled", "enclave"} or None
    controls, motive, invasiveness : {"low", "medium", "high"} or None
        None where not asked, or where nobody asks because the release is public.
    controls_share : Fraction or None
        Weight of the controls in place over the weight of all.
    motive_points, invasiveness_points : int or None
    prevalence : float or None
    acquaintances : int or None
    sample_secret : bool or None
        Whether the recipient cannot learn who was sampled.
    met, missed : tuple of str
        Items of E that are met, and that are to be improved.
    e : Fraction or None
        E of A = K × S × E.

    Examples
    --------
    >>> from niming.risk.context import Questionnaire
    >>> given = {"sensitive-content": "yes", "detail": "no", "grave-harm": "yes",
    ...          "without-consent": "no"}
    >>> Questionnaire.load().judge(given, parts=["invasiveness"])
    Answers(invasiveness=high)
    """

    questionnaire: str
    digest: str
    parts: tuple[Part, ...]
    given: Mapping[str, Answer]
    assumed: tuple[str, ...]
    recipients: str | None
    size: int | None
    mode: Mode | None
    controls: Grade | None
    controls_share: Fraction | None
    motive: Grade | None
    motive_points: int | None
    invasiveness: Grade | None
    invasiveness_points: int | None
    prevalence: float | None
    acquaintances: int | None
    sample_secret: bool | None
    met: tuple[str, ...]
    missed: tuple[str, ...]
    e: Fraction | None

    def environment(self, *, sampling_fraction: float = 1.0) -> Environment:
        """Return the keyword arguments of `release_risk` that these answers give.

        Parameters
        ----------
        sampling_fraction : float in (0, 1], default 1
            Records released over records of the original. It counts only where the recipient
            cannot learn who was sampled; 1 is returned otherwise.

        Raises
        ------
        InputError
            The environment was not asked.
        """
        if self.mode is None:
            raise InputError(
                "the environment was not asked", hint="judge with parts=['environment', …]"
            )
        fraction = sampling_fraction if self.sample_secret else 1.0
        if self.mode == "public":
            return {"mode": "public", "sampling_fraction": fraction}
        assert self.acquaintances is not None
        return {
            "mode": self.mode,
            "controls": self.controls,
            "motive": self.motive,
            "prevalence": self.prevalence,
            "acquaintances": self.acquaintances,
            "sampling_fraction": fraction,
        }

    def measures(self) -> tuple[Measure, ...]:
        """Return the scores; what was not asked has no value."""
        asked = {part: part in self.parts for part in ("environment", "safeguards", "invasiveness")}
        environment = _PUBLIC if asked["environment"] and self.mode == "public" else _NOT_ASKED
        safeguards = asked["safeguards"]
        rows: tuple[tuple[str, float | int | None, str, float, bool, str, str], ...] = (
            (
                "controls_share",
                None if self.controls_share is None else float(self.controls_share),
                "share of weights", 1, True, "weight of the controls in place over that of all",
                environment,
            ),
            (
                "motive_points", self.motive_points, "points", math.inf, False,
                "points of the answers that speak for motive and capability", environment,
            ),
            (
                "invasiveness_points", self.invasiveness_points, "points", math.inf, False,
                "points of the answers that speak for harm", _NOT_ASKED,
            ),
            (
                "n_items_missed", len(self.missed) if safeguards else None, "items", math.inf,
                False, "safeguards of E that are not in place", _NOT_ASKED,
            ),
            (
                "kse_e", None if self.e is None else float(self.e), "share of items", 1, True,
                "E: smaller share of technical and management items met; 0 without an "
                "indispensable one", _NOT_ASKED,
            ),
            (
                "n_answers_assumed", len(self.assumed), "answers", math.inf, False,
                "questions nobody answered, taken at their worst", "",
            ),
        )  # fmt: skip
        return tuple(
            Measure(
                f"context.{name}",
                value,
                unit,
                (0, most),
                "higher-is-safer" if higher else "lower-is-safer",
                definition,
                f"questionnaire {self.questionnaire}, after El Emam 2013 (second hand)",
                reason if value is None else "",
            )
            for name, value, unit, most, higher, definition, reason in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the grades, and every answer with what was assumed."""
        return {
            **super().to_dict(),
            "questionnaire": {"id": self.questionnaire, "digest": self.digest},
            "answers": dict(self.given),
            "assumed": list(self.assumed),
            "recipients": self.recipients,
            "mode": self.mode,
            "controls": self.controls,
            "motive": self.motive,
            "invasiveness": self.invasiveness,
            "items_met": list(self.met),
            "items_missed": list(self.missed),
        }

    def __repr__(self) -> str:
        told = {
            "recipients": self.recipients,
            "mode": self.mode,
            "controls": self.controls,
            "motive": self.motive,
            "invasiveness": self.invasiveness,
            "E": self.e,
        }
        shown = ", ".join(f"{k}={v}" for k, v in told.items() if v is not None)
        assumed = f"; {len(self.assumed)} assumed at worst" if self.assumed else ""
        return f"Answers({shown}{assumed})"

    def plot(self) -> Figure:
        """Draw how much of the controls and of the items of E is in place.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish, said

        rows = {"controls, by weight": self.controls_share, "E of A = K x S x E": self.e}
        known = {name: float(share) for name, share in rows.items() if share is not None}
        if not known:
            return said("neither the controls nor the safeguards were asked")
        figure, axes = blank(6, 1.2 + 0.5 * len(known))
        bars = axes.barh(list(known), list(known.values()), color="#2e86ab")
        axes.bar_label(bars, labels=[f"{v:.2f}" for v in known.values()], fontsize=8, padding=2)
        axes.set(xlim=(0, 1.1), xlabel="share in place")
        axes.set_title(repr(self), fontsize=9)
        return finish(figure)
