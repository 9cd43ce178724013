"""`Policy`, `Requirement` and `Verdict`: turn measures into decisions.

A measure knows no threshold; a policy is nothing but thresholds. It is a YAML file, checked
against a schema and hashed into every certificate, so that a changed policy is a changed digest.
"""

from __future__ import annotations

import difflib
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from niming.domain.scenario import Scenario
from niming.errors import PolicyError
from niming.measure import JSON, Measure

__all__ = ["Context", "Outcome", "Policy", "Requirement", "Text", "Verdict", "packs"]

_MEASURES = (
    "context.acquaintance_risk",
    "context.breach_risk",
    "context.data_risk",
    "context.environment_risk",
    "context.insider_risk",
    "context.max_class_risk",
    "context.mean_class_risk",
    "context.mean_record_risk",
    "context.n_classes_below",
    "context.total_risk",
    "identifiers.n_columns_found",
    "identifiers.n_direct_columns",
    "identifiers.n_roles_milder",
    "sampling.fraction",
    "transformation.n_pseudonyms",
    "transformation.suppressed_rate",
)
"""Measures of the gate itself; others are those of `niming.risk` and `niming.utility`."""

_ROOMS = ("k_anonymity.", "l_diversity.", "t_closeness.", "reidentification.", "utility.")

Outcome: TypeAlias = Literal["passed", "failed", "not-applicable", "could-not-run"]
Kind: TypeAlias = Literal["desensitised-sample", "anonymised-release"]

_STRICT = ConfigDict(extra="forbid", frozen=True)


class Text(BaseModel):
    """A sentence in both languages."""

    model_config = _STRICT
    zh: str
    en: str


class Context(BaseModel):
    """The environment of a release, as GB/T 42460-2023 asks for it (see `niming.risk.context`).

    `mode` fixes the class size that counts as safe; the rest answers who could attack and how.
    """

    model_config = _STRICT
    mode: Literal["public", "controlled", "enclave"]
    controls: Literal["high", "medium", "low"] = "medium"
    motive: Literal["low", "medium", "high"] = "medium"
    prevalence: Annotated[float, Field(ge=0, le=1)] = 0.01
    acquaintances: Annotated[int, Field(ge=0)] = 150


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
        mine = [m for m in measures if m.name == self.measure or _stem(m.name) == self.measure]
        if not mine:
            outcome: Outcome = "not-applicable" if self.optional else "could-not-run"
            why = Text(
                zh="没有可评估的对象" if self.optional else "未测得该指标",
                en="nothing to assess" if self.optional else "the measure was not computed",
            )
            return Verdict(self, None, outcome, why)
        unknown = [m for m in mine if m.value is None]
        if unknown:
            reasons = "; ".join(sorted({m.reason for m in unknown}))
            return Verdict(self, None, "could-not-run", Text(zh=f"无法计算：{reasons}", en=reasons))
        values = [m.value for m in mine if m.value is not None]
        lower = self.comparison == "at-least"
        worst = min(values) if lower else max(values)
        passed = worst >= self.threshold if lower else worst <= self.threshold
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


class _Document(BaseModel):
    """The YAML of a policy."""

    model_config = _STRICT
    niming: Literal["policy/1"]
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    version: str
    title: Text
    kind: Kind
    basis: tuple[str, ...] = ()
    context: Context | None = None
    scenario: dict[str, object] | None = None
    valid_days: Annotated[int, Field(ge=1, le=1826)] = 180
    max_suppression: Annotated[float, Field(ge=0, le=1)] = 0.05
    requirements: Annotated[tuple[Requirement, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _distinct(self) -> _Document:
        ids = [r.id for r in self.requirements]
        if len(set(ids)) < len(ids):
            raise ValueError("two requirements have the same id")
        return self


@dataclass(frozen=True)
class Policy:
    """Criteria, thresholds, kind of certificate, scenario and validity, from one YAML file.

    Parameters
    ----------
    source : str
        The YAML text. It is the policy: the digest is taken over these bytes.

    Examples
    --------
    >>> policy = Policy.of("gbt42460-controlled")
    >>> policy.kind, policy.required("k_anonymity.k")
    ('desensitised-sample', 5.0)
    """

    source: str

    def __post_init__(self) -> None:
        self._document  # noqa: B018 - an invalid policy does not exist

    @classmethod
    def of(cls, policy: Policy | str | Path) -> Policy:
        """Return a policy from itself, the id of a pack that ships, or a YAML file."""
        if isinstance(policy, Policy):
            return policy
        shipped = packs()
        if str(policy) in shipped:
            return cls(shipped[str(policy)])
        path = Path(policy)
        if not path.is_file():
            near = difflib.get_close_matches(str(policy), shipped, n=1)
            raise PolicyError(
                f"there is no policy pack or file {str(policy)!r}",
                hint=f"did you mean {near[0]!r}?" if near else "packs: " + ", ".join(shipped),
            )
        try:
            return cls(path.read_bytes().decode("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise PolicyError(f"cannot read the policy {path} ({type(error).__name__})") from None

    @cached_property
    def _document(self) -> _Document:
        try:
            content = yaml.safe_load(self.source)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
            raise PolicyError(
                f"the policy is not YAML{where}", hint="mend the indentation there"
            ) from None
        try:
            return _Document.model_validate(content)
        except ValidationError as error:
            problems = [
                ".".join(str(p) for p in e["loc"]) + ": " + e["msg"] for e in error.errors()
            ]
            raise PolicyError(
                "the policy does not fit its schema: " + "; ".join(problems[:5]),
                hint="`niming policy schema` prints the schema; a shipped pack is an example",
            ) from None

    @property
    def id(self) -> str:
        """Name of the policy."""
        return self._document.id

    @property
    def version(self) -> str:
        """Version of the policy."""
        return self._document.version

    @property
    def title(self) -> Text:
        """Title in both languages."""
        return self._document.title

    @property
    def kind(self) -> Kind:
        """Which of the two certificates it leads to; they are never mixed."""
        return self._document.kind

    @property
    def basis(self) -> tuple[str, ...]:
        """The standards and articles that the policy rests on."""
        return self._document.basis

    @property
    def context(self) -> Context | None:
        """The release environment, or None where the policy does not weigh it."""
        return self._document.context

    @property
    def valid_days(self) -> int:
        """How long a certificate under this policy holds, in days."""
        return self._document.valid_days

    @property
    def max_suppression(self) -> float:
        """Largest share of records that a plan may suppress, in [0, 1]."""
        return self._document.max_suppression

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """The thresholds, in the order of the report."""
        return self._document.requirements

    @cached_property
    def scenario(self) -> Scenario | None:
        """The approved use that the policy is bound to, if it names one."""
        scenario = self._document.scenario
        return None if scenario is None else Scenario.of(scenario)

    @property
    def digest(self) -> str:
        """SHA-256 of the policy's bytes, in hex."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    def required(self, measure: str, column: str | None = None) -> float | None:
        """Return the strictest threshold on `measure`, or None where the policy has none.

        With `column`, requirements on that column alone count as well.
        """
        names = (measure,) if column is None else (measure, f"{measure}[{column}]")
        mine = [r for r in self.requirements if r.measure in names]
        least = [r.at_least for r in mine if r.at_least is not None]
        most = [r.at_most for r in mine if r.at_most is not None]
        return max(least) if least else min(most, default=None)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that requirements name, as in ``l_diversity.distinct[illness]``."""
        named = (r.measure.partition("[")[2].removesuffix("]") for r in self.requirements)
        return tuple(dict.fromkeys(c for c in named if c))

    def judge(self, measures: Sequence[Measure]) -> tuple[Verdict, ...]:
        """Return a verdict a requirement."""
        return tuple(r.judge(measures) for r in self.requirements)

    def to_dict(self) -> dict[str, JSON]:
        """Return what a certificate says of the policy."""
        return {
            "id": self.id,
            "version": self.version,
            "digest": self.digest,
            "kind": self.kind,
            "title": self.title.model_dump(),
            "basis": list(self.basis),
        }

    @staticmethod
    def json_schema() -> Mapping[str, object]:
        """Return the JSON Schema of a policy file, for editors."""
        return _Document.model_json_schema()


def packs() -> dict[str, str]:
    """Return the YAML of every policy pack that ships, by id.

    >>> list(packs())
    ['gbt42460-controlled', 'gbt42460-enclave', 'gbt42460-public']
    """
    folder = resources.files("niming.domain") / "policies"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return {f.name.removesuffix(".yaml"): f.read_text("utf-8") for f in files}


def _stem(name: str) -> str:
    """Return a measure's name without its column: ``l.distinct[x]`` gives ``l.distinct``."""
    return name.split("[", 1)[0]
