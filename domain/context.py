"""`Context`: what a policy says of the place that a release goes to, or what was answered there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from niming.errors import InputError
from niming.measure import JSON

if TYPE_CHECKING:
    from niming.risk.context import Answers, ReleaseRisk
    from niming.tables import Classes

__all__ = ["Context"]


class Context(BaseModel):
    """The environment of a release (see `niming.risk.context`), as grades or as answers.

    `mode` fixes the class size that counts as safe, unless `tau_size` says another; the rest says
    who could attack and how. With `answers`, these are what the shipped questionnaire makes of
    them, and `mode` need not be given; where it is, the answers must agree with it.

    Parameters
    ----------
    mode : {"public", "controlled", "enclave"}, optional
    tau_size : int, at least 1, optional
        Smallest class size that counts as safe; 20, 5 and 3 for the three modes.
    controls, motive : {"low", "medium", "high"}, default "medium"
    prevalence : float in [0, 1], default 0.01
    acquaintances : int >= 0, default 150
    answers : dict of str to bool, int, float or str, optional
        An answer by id of the question.
    assume : {"worst"}, optional
        Take the worst answer where there is none.
    questionnaire : str, optional
        SHA-256 of the questionnaire that was answered.

    Examples
    --------
    >>> Context(mode="enclave", controls="high", prevalence=0.0001).risk([3, 9]).environment
    0.14
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    mode: Literal["public", "controlled", "enclave"] | None = None
    tau_size: Annotated[int, Field(ge=1)] | None = None
    controls: Literal["high", "medium", "low"] = "medium"
    motive: Literal["low", "medium", "high"] = "medium"
    prevalence: Annotated[float, Field(ge=0, le=1)] = 0.01
    acquaintances: Annotated[int, Field(ge=0)] = 150
    answers: dict[str, bool | int | float | str] | None = None
    assume: Literal["worst"] | None = None
    questionnaire: str | None = None

    @model_validator(mode="after")
    def _some_context(self) -> Context:
        if self.mode is None and self.answers is None:
            raise ValueError("give mode, or answers to the questionnaire")
        if self.answers is None and (self.assume or self.questionnaire):
            raise ValueError("assume and questionnaire belong to answers")
        return self

    def judged(self, *, environment: bool, safeguards: bool) -> Answers | None:
        """Return what the answers add up to in the parts needed; None where there are none.

        Raises
        ------
        InputError
            Answers to another questionnaire, that lack questions, or that contradict `mode`.
        """
        parts: list[Literal["environment", "safeguards", "invasiveness"]] = []
        parts += ["environment"] if environment else []
        parts += ["safeguards"] if safeguards else []
        if self.answers is None or not parts:
            return None
        from niming.risk.context import Questionnaire

        sheet = Questionnaire.load()
        if self.questionnaire not in (None, sheet.digest):
            raise InputError(
                "the answers were given to another version of the questionnaire",
                hint="answer the questions again: Policy.answered",
            )
        answers = sheet.judge(self.answers, parts=parts, assume=self.assume)
        to_public = answers.recipients == "public"
        found = answers.mode or ("public" if to_public else None)
        if self.mode is not None and found is not None and found != self.mode:
            raise InputError(
                f"the answers describe a release of the mode {found!r}, and the policy is for "
                f"{self.mode!r}",
                hint="take a policy for that mode",
            )
        return answers

    def risk(
        self,
        sizes: Classes | list[int],
        answers: Answers | None = None,
        *,
        sampling_fraction: float = 1.0,
    ) -> ReleaseRisk:
        """Weigh data risk by environment risk, as the grades or `answers` have it."""
        from niming.risk.context import release_risk

        if answers is not None:
            told = answers.environment(sampling_fraction=sampling_fraction)
            return release_risk(sizes, tau_size=self.tau_size, **told)
        assert self.mode is not None
        return release_risk(
            sizes,
            mode=self.mode,
            tau_size=self.tau_size,
            controls=self.controls,
            motive=self.motive,
            prevalence=self.prevalence,
            acquaintances=self.acquaintances,
            sampling_fraction=sampling_fraction,
        )

    def to_dict(self, answers: Answers | None = None) -> Mapping[str, JSON]:
        """Return what entered, for the evidence: grades, or answers with what they came to."""
        if self.mode == "public" and self.answers is None:
            return {"mode": "public", "tau_size": self.tau_size}
        if answers is None:
            names = ("mode", "tau_size", "controls", "motive", "prevalence", "acquaintances")
            return {name: getattr(self, name) for name in names}
        return {
            "tau_size": self.tau_size,
            "questionnaire": {"id": answers.questionnaire, "digest": answers.digest},
            "answers": dict(answers.given),
            "assumed": list(answers.assumed),
            "mode": answers.mode,
            "recipients": answers.recipients,
            "controls": answers.controls,
            "motive": answers.motive,
            "prevalence": answers.prevalence,
            "acquaintances": answers.acquaintances,
        }
