"""`Requirement` and `Verdict`: one threshold on one measure, and what it came to."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, model_validator

from niming.measure import JSON, Measure

__all__ = ["Outcome", "Requirement", "Text", "Verdict"]

_MEASURES = (
    "context.acquaintance_risk",
    "context.breach_risk",
    "context.data_risk",
    "context.environment_risk",
    "context.insider_risk",
    "context.kse_a",
    "context.kse_e",
    "context.kse_k",
    "context.kse_s",
    "context.max_class_risk",
    "context.mean_class_risk",
    "context.mean_record_risk",
    "context.n_classes_below",
    "context.total_risk",
    "identifiers.n_columns_found",
    "identifiers.n_direct_columns",
    "identifiers.n_roles_milder",
    "safe_harbor.highest_age",
    "safe_harbor.n_date_columns",
    "safe_harbor.smallest_area",
    "sampling.fraction",
    "transformation.n_pseudonyms",
    "transformation.suppressed_rate",
)
"""Measures of the gate itself; others are those of `niming.risk` and `niming.utility`."""

_ROOMS = (
    "alpha_k.",
    "attacks.",
    "beta_likeness.",
    "delta_disclosure.",
    "delta_presence.",
    "household.",
    "individual.",
    "irreversibility.",
    "k_anonymity.",
    "k_map.",
    "l_diversity.",
    "lkc.",
    "models.",
    "p_sensitive.",
    "population_uniqueness.",
    "quasi_identifiers.",
    "reidentification.",
    "suda.",
    "t_closeness.",
    "utility.",
)
"""Rooms of measures that come from `niming.risk` and `niming.utility`."""

Outcome: TypeAlias = Literal["passed", "failed", "not-applicable", "could-not-run"]

_STRICT = ConfigDict(extra="forbid", frozen=True)


class Text(BaseModel):
    """A sentence in both languages.

    Parameters
    ----------
    zh, en : str

    Examples
    --------
    >>> Text(zh="等价类", en="class size").en
    'class size'
    """

    model_config = _STRICT
    zh: str
    en: str


class Requirement(BaseModel):
    """One threshold on one measure.

    Exactly one of `at_least` and `at_most` is given.

    Parameters
    ----------
    id : str
    title : Text
    measure : str
        Name of the measure; without ``[column]`` it speaks of every column measured, and the
        worst of them decides.
    at_least, at_most : float, optional
        The bound, included, in the unit of the measure.
    articles : tuple of str
        Articles of the regulation that ask for it.
    clause : str
        Of a standard, where one asks for it.
    optional : bool, default False
        Whether a measure that does not apply passes.

    Examples
    --------
    >>> from niming.risk import k_anonymity
    >>> size = Requirement(
    ...     id="k", title=Text(zh="等价类", en="class size"), measure="k_anonymity.k", at_least=2)
    >>> alike = k_anonymity({"age": [34, 34, 51]}, quasi_identifiers=["age"])
    >>> size.judge(alike.measures()).outcome
    'failed'
    """

    model_config = _STRICT
    id: str
    title: Text
    measure: str
    at_least: float | None = None
    at_most: float | None = None
    articles: tuple[str, ...] = ()
    clause: str = ""
    optional: bool = False
    """Not applicable (no sensitive column, say) passes an optional requirement and fails others."""

    @model_validator(mode="after")
    def _known_measure(self) -> Requirement:
        stem = _stem(self.measure)
        if stem not in _MEASURES and not stem.startswith(_ROOMS):
            known = [*_MEASURES, "k_anonymity.k", "l_diversity.distinct", "t_closeness.equal"]
            near = difflib.get_close_matches(stem, known, n=1)
            raise ValueError(
                f"there is no measure {self.measure!r}"
                + (f": did you mean {near[0]!r}?" if near else "")
            )
        return self

    @model_validator(mode="after")
    def _one_threshold(self) -> Requirement:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give exactly one of at_least and at_most")
        if not math.isfinite(self.threshold):
            raise ValueError("the threshold must be finite")
        return self

    @property
    def threshold(self) -> float:
        """The bound, whichever side it is on."""
        bound = self.at_least if self.at_least is not None else self.at_most
        assert bound is not None
        return bound

    @property
    def comparison(self) -> Literal["at-least", "at-most"]:
        """Which side of the threshold passes."""
        return "at-least" if self.at_least is not None else "at-most"

    def judge(self, measures: Sequence[Measure]) -> Verdict:
        """Return the verdict on the measures that this requirement speaks of."""
        mine = _named(self.measure, measures)
        if not mine:
            outcome: Outcome = "not-applicable" if self.optional else "could-not-run"
            why = Text(
                zh="没有可评估的对象" if self.optional else "未测得该指标",
                en="nothing to assess" if self.optional else "the measure was not computed",
            )
            return Verdict(self, None, outcome, why)
        unknown = [m for m in mine if m.value is None]
        values = [m.value for m in mine if m.value is not None]
        lower = self.comparison == "at-least"
        worst = (min(values) if lower else max(values)) if values else None
        passed = worst is not None and (
            worst >= self.threshold if lower else worst <= self.threshold
        )
        # One column that fails is enough; to pass, all must be known.
        if worst is None or (unknown and passed):
            reasons = "; ".join(sorted({m.reason for m in unknown}))
            return Verdict(self, None, "could-not-run", Text(zh=f"无法计算：{reasons}", en=reasons))
        which = next(m.name for m in mine if m.value == worst)
        of = f" ({which[which.index('[') :]})" if "[" in which and len(mine) > 1 else ""
        sign = ("≥" if passed else "<") if lower else ("≤" if passed else ">")
        said = f"{worst:.6g} {sign} {self.threshold:.6g}{of}"
        return Verdict(self, worst, "passed" if passed else "failed", Text(zh=said, en=said))


@dataclass(frozen=True)
class Verdict:
    """What one requirement came to.

    Attributes
    ----------
    requirement : Requirement
    measured : float or int or None
        The deciding value; None when it could not be computed or does not apply.
    outcome : {"passed", "failed", "not-applicable", "could-not-run"}
    why : Text

    Examples
    --------
    >>> size = Requirement(
    ...     id="k", title=Text(zh="等价类", en="class size"), measure="k_anonymity.k", at_least=2)
    >>> verdict = size.judge([])
    >>> verdict.outcome, verdict.holds
    ('could-not-run', False)
    """

    requirement: Requirement
    measured: float | int | None
    outcome: Outcome
    why: Text

    @property
    def holds(self) -> bool:
        """Whether a release may pass with this verdict."""
        return self.outcome == "passed" or (
            self.outcome == "not-applicable" and self.requirement.optional
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the verdict as a JSON-safe dict."""
        r = self.requirement
        return {
            "requirement": r.id,
            "title": r.title.model_dump(),
            "measure": r.measure,
            "comparison": r.comparison,
            "required": r.threshold,
            "measured": self.measured,
            "outcome": self.outcome,
            "why": self.why.model_dump(),
            "articles": list(r.articles),
            "clause": r.clause,
        }


_BLANKED = ("l_diversity.", "alpha_k.", "p_sensitive.", "lkc.")


def _named(name: str, measures: Sequence[Measure]) -> list[Measure]:
    """Return the measures of this name, in every column unless it names one.

    Where a blanked cell would look like one value more, both readings of what is missing are of
    one name, ``l_diversity.distinct`` and ``l_diversity.matching.distinct``, and the worse decides.
    """
    found = []
    for m in measures:
        plain = m.name
        if plain.startswith(_BLANKED):
            plain = plain.replace(".matching.", ".", 1)
        if name in (m.name, _stem(m.name), plain, _stem(plain)):
            found.append(m)
    return found


def _stem(name: str) -> str:
    """Return a measure's name without its column: ``l.distinct[x]`` gives ``l.distinct``."""
    return name.split("[", 1)[0]
