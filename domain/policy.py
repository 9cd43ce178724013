"""`Policy`, `Requirement` and `Verdict`: turn measures into decisions.

A measure knows no threshold; a policy is nothing but thresholds. It is a YAML file, checked
against a schema and hashed into every certificate, so that a changed policy is a changed digest.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from niming.domain.context import Context
from niming.domain.requirement import Outcome, Requirement, Text, Verdict
from niming.domain.scenario import Scenario
from niming.errors import InputError, PolicyError
from niming.measure import JSON, Measure

if TYPE_CHECKING:
    from niming.risk.context import Answers

__all__ = ["Context", "Outcome", "Policy", "Requirement", "Text", "Verdict", "packs"]

Kind: TypeAlias = Literal["desensitised-sample", "anonymised-release"]

_STRICT = ConfigDict(extra="forbid", frozen=True)

_KSE = "context.kse_"
"""A of the health-data formula and its factors: they need the safeguards, not the environment."""


class Origin(BaseModel):
    """The policy that another was made from by answering the questionnaire."""

    model_config = _STRICT
    id: str
    version: str
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Document(BaseModel):
    """The YAML of a policy."""

    model_config = _STRICT
    niming: Literal["policy/1"]
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    version: str
    title: Text
    kind: Kind
    variant: Text | None = None
    note: Text | None = None
    basis: tuple[str, ...] = ()
    pack: Origin | None = None
    context: Context | None = None
    populations: dict[str, Annotated[int, Field(ge=0)]] = {}
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
        self.answers  # noqa: B018 - an invalid policy does not exist

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
            variants = [name for name in shipped if name.startswith(f"{policy}-")]
            raise PolicyError(
                f"there is no policy pack or file {str(policy)!r}",
                hint="it comes in variants: " + ", ".join(variants)
                if variants
                else f"did you mean {near[0]!r}?"
                if near
                else "packs: " + ", ".join(shipped),
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
    def variant(self) -> Text | None:
        """For what this one of several packs of a standard is, or None."""
        return self._document.variant

    @property
    def note(self) -> Text | None:
        """Where the thresholds are from, and how sure that is."""
        return self._document.note

    @property
    def context(self) -> Context | None:
        """The release environment, or None where the policy does not weigh it."""
        return self._document.context

    @property
    def populations(self) -> Mapping[str, int]:
        """People who live in an area, by the beginning of its region code."""
        return self._document.populations

    @property
    def weighs_environment(self) -> bool:
        """Whether a requirement is on the risk in its environment, which needs that answered."""
        return any(
            r.measure.startswith("context.") and not r.measure.startswith(_KSE)
            for r in self.requirements
        )

    @property
    def weighs_safeguards(self) -> bool:
        """Whether a requirement is on A = K × S × E, which needs the safeguards answered."""
        return any(r.measure.startswith(_KSE) for r in self.requirements)

    @cached_property
    def answers(self) -> Answers | None:
        """What the answers in the policy add up to, or None if it holds none."""
        if self.context is None:
            return None
        try:
            return self.context.judged(
                environment=self.weighs_environment, safeguards=self.weighs_safeguards
            )
        except InputError as error:
            raise PolicyError(error.message, hint=error.hint) from None

    def answered(
        self,
        answers: Mapping[str, bool | int | float | str] | str | Path,
        *,
        assume: Literal["worst"] | None = None,
    ) -> Policy:
        """Return this policy with the questionnaire on the context of the release answered.

        The answers become part of the policy, so its digest is another; it names the pack that it
        was made from.

        Parameters
        ----------
        answers : mapping, or path of a YAML file
            An answer by id of the question; `niming.risk.context.Questionnaire.template` is a
            form to fill in.
        assume : {"worst"}, optional
            Take the worst answer where there is none; the policy says so.

        Returns
        -------
        Policy

        Raises
        ------
        PolicyError
            Questions that are not answered, or answers that contradict the pack's mode.

        Examples
        --------
        >>> pack = Policy.of("health-kse")
        >>> pack.answers is None
        True
        >>> public = pack.answered({"recipients": "public"}, assume="worst")
        >>> public.answers.e, public.digest == pack.digest
        (Fraction(0, 1), False)
        """
        from niming.risk.context import Questionnaire

        content = yaml.safe_load(self.source)
        if not isinstance(answers, Mapping):
            try:
                text = Path(answers).read_bytes().decode("utf-8")
                answers = yaml.safe_load(text)
            except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
                raise PolicyError(
                    f"cannot read the answers {answers} ({type(error).__name__})",
                    hint="Questionnaire.load().template() is a form to fill in",
                ) from None
            if not isinstance(answers, Mapping):
                raise PolicyError("the answers are not a mapping", hint="`question: answer` a line")
        stated = content.get("context") or {}
        kept = {k: v for k, v in stated.items() if k in ("mode", "tau_size")}
        sheet = Questionnaire.load()
        order = {q.id: at for at, q in enumerate(sheet.questions)}
        given = {
            str(k): answers[k]
            for k in sorted(answers, key=lambda k: order.get(k, len(order)))
            if answers[k] is not None
        }
        content["context"] = {
            **kept,
            "questionnaire": sheet.digest,
            **({} if assume is None else {"assume": assume}),
            "answers": given,
        }
        content.setdefault("pack", {"id": self.id, "version": self.version, "digest": self.digest})
        return Policy(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))

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
        """Return what the evidence says of the policy: also where it is from, and what entered."""
        origin = self._document.pack
        return {
            "id": self.id,
            "version": self.version,
            "digest": self.digest,
            "kind": self.kind,
            "title": self.title.model_dump(),
            "variant": None if self.variant is None else self.variant.model_dump(),
            "note": None if self.note is None else self.note.model_dump(),
            "basis": list(self.basis),
            "pack": None if origin is None else origin.model_dump(),
            "context": None if self.context is None else self.context.to_dict(self.answers),
        }

    @staticmethod
    def json_schema() -> Mapping[str, object]:
        """Return the JSON Schema of a policy file, for editors."""
        return _Document.model_json_schema()


def packs() -> dict[str, str]:
    """Return the YAML of every policy pack that ships, by id.

    Returns
    -------
    dict of str to str
        By id, in order.

    Examples
    --------
    >>> [name for name in packs() if name.startswith("gbt42460")]
    ['gbt42460-controlled', 'gbt42460-enclave', 'gbt42460-public']
    """
    folder = resources.files("niming.domain") / "policies"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return {f.name.removesuffix(".yaml"): f.read_text("utf-8") for f in files}
