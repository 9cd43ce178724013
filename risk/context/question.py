"""`Question`: one thing that no table can tell about a release, and what its answer counts for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, get_args

from niming.errors import InputError

__all__ = ["Answer", "Group", "Option", "Part", "Question", "Scale"]

Answer: TypeAlias = bool | int | float | str
Group: TypeAlias = Literal["technical", "management"]
Kind: TypeAlias = Literal["yes-no", "choice", "share", "number"]
Part: TypeAlias = Literal["environment", "safeguards", "invasiveness"]
Scale: TypeAlias = Literal["controls", "motive", "invasiveness"]

_YES = ("yes", "true", "是", "有")
_NO = ("no", "false", "否", "无")
_FIELDS = {
    "id", "parts", "kind", "question", "options", "worst", "safe", "source", "unless_public",
    "group", *get_args(Scale),
}  # fmt: skip


class Option(NamedTuple):
    """One answer to choose from.

    Attributes
    ----------
    id : str
    zh, en : str
    size : int
        Class size 1/S that A = K × S × E asks for with it.

    Examples
    --------
    >>> Option("external", "两个外部主体之间", "one external party", 5).size
    5
    """

    id: str
    zh: str
    en: str
    size: int


@dataclass(frozen=True)
class Question:
    """One question, what its answer counts for, and where it is from.

    Parameters
    ----------
    id : str
    kind : {"yes-no", "choice", "share", "number"}
        A share is a number in [0, 1], a number a whole one from 0.
    zh, en : str
        The question.
    source : str
    parts : tuple of {"environment", "safeguards", "invasiveness"}
        What needs the answer.
    worst : bool, int, float or str
        The answer that speaks most for an attack, or for its harm.
    options : tuple of Option
        Of a choice.
    unless_public : bool
        Whether nobody asks it when the data go to the public.
    group : {"technical", "management"} or None
        The items among which it counts for E.
    weights : tuple of (scale, int)
        Its weight among the controls, or its points of motive or of invasiveness.

    Examples
    --------
    >>> question = Question("logs", "yes-no", "留存日志？", "Are there logs?", "house rule",
    ...                     ("environment",), False, weights=(("controls", 2),))
    >>> question.read("yes"), question.read("否"), question.weight("controls")
    (True, False, 2)
    """

    id: str
    kind: Kind
    zh: str
    en: str
    source: str
    parts: tuple[Part, ...]
    worst: Answer
    options: tuple[Option, ...] = ()
    unless_public: bool = False
    group: Group | None = None
    weights: tuple[tuple[Scale, int], ...] = ()

    def weight(self, scale: Scale) -> int:
        """Return its weight or points on a scale; 0 where it does not count."""
        return dict(self.weights).get(scale, 0)

    @property
    def allowed(self) -> str:
        """What may be answered, in words."""
        if self.kind == "choice":
            return "one of " + ", ".join(o.id for o in self.options)
        words = {"yes-no": "yes or no", "share": "a number from 0 to 1"}
        return words.get(self.kind, "a whole number, at least 0")

    def read(self, given: object) -> Answer:
        """Return an answer as it was meant.

        Raises
        ------
        InputError
            What is no answer to this question.
        """
        answer: Answer | None = None
        if self.kind == "yes-no":
            word = given.strip().lower() if isinstance(given, str) else given
            if isinstance(given, bool) or word in _YES or word in _NO:
                answer = given is True or word in _YES
        elif self.kind == "choice":
            if isinstance(given, str) and given in {o.id for o in self.options}:
                answer = given
        elif isinstance(given, int | float) and not isinstance(given, bool):
            whole = self.kind == "number"
            most = math.inf if whole else 1
            if 0 <= given <= most and math.isfinite(given) and (not whole or given == int(given)):
                answer = int(given) if whole else float(given)
        if answer is None:
            raise InputError(
                f"the answer to {self.id!r} must be {self.allowed}",
                hint=f"the question is: {self.en} {self.zh}",
            )
        return answer

    @classmethod
    def of(cls, entry: Mapping[str, object]) -> Question:
        """Build a question from its entry in the YAML file.

        Raises
        ------
        InputError
            A field that is missing, unknown or of the wrong form.
        """
        name = entry.get("id")
        if not isinstance(name, str) or not name:
            raise InputError("a question has no id", hint="give each question an id of its own")
        if odd := sorted(set(map(str, entry)) - _FIELDS):
            raise InputError(f"question {name!r} has the unknown field {odd[0]!r}", hint=_hint())
        parts = _texts(entry, "parts", name)
        kind = entry.get("kind")
        words = _words(entry.get("question"), f"question {name!r}")
        if kind not in get_args(Kind) or not set(parts) <= set(get_args(Part)) or not parts:
            raise InputError(f"question {name!r} has an unknown kind or part", hint=_hint())
        options = tuple(_option(o, name) for o in _list(entry.get("options", []), name))
        group = entry.get("group")
        if group is not None and group not in get_args(Group):
            raise InputError(f"question {name!r} is of an unknown group", hint=_hint())
        weights = []
        for scale in get_args(Scale):
            weight = entry.get(scale, 0)
            if isinstance(weight, bool) or not isinstance(weight, int) or weight < 0:
                raise InputError(f"question {name!r}: {scale} is a whole number", hint=_hint())
            if weight:
                weights.append((scale, weight))
        safe = entry.get("safe")
        if (kind == "yes-no") != isinstance(safe, bool):
            raise InputError(f"question {name!r}: yes-no alone has `safe`", hint=_hint())
        if (kind == "choice") != bool(options):
            raise InputError(f"question {name!r}: a choice alone has options", hint=_hint())
        asked = cls(
            id=name,
            kind=kind,  # type: ignore[arg-type]  # among get_args(Kind)
            zh=words[0],
            en=words[1],
            source=str(entry.get("source", "")),
            parts=parts,  # type: ignore[arg-type]  # among get_args(Part)
            worst=not safe,
            options=options,
            unless_public=entry.get("unless_public") is True,
            group=group,  # type: ignore[arg-type]  # among get_args(Group)
            weights=tuple(weights),
        )
        if kind == "yes-no":
            return asked
        from dataclasses import replace

        return replace(asked, worst=asked.read(entry.get("worst")))


def _hint() -> str:
    return "Questionnaire.load().source is an example"


def _list(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise InputError(f"question {name!r} needs a list there", hint=_hint())
    return value


def _texts(entry: Mapping[str, object], field: str, name: str) -> tuple[str, ...]:
    return tuple(str(v) for v in _list(entry.get(field), name))


def _words(value: object, what: str) -> tuple[str, str]:
    """Return the Chinese and the English text."""
    if isinstance(value, Mapping):
        zh, en = value.get("zh"), value.get("en")
        if isinstance(zh, str) and isinstance(en, str):
            return zh, en
    raise InputError(f"{what} needs a text in zh and one in en", hint=_hint())


def _option(value: object, name: str) -> Option:
    if isinstance(value, Mapping):
        size, own = value.get("size"), value.get("id")
        if isinstance(own, str) and isinstance(size, int) and size >= 1:
            return Option(own, *_words(value.get("text"), f"an option of {name!r}"), size)
    raise InputError(f"an option of {name!r} needs an id and a size", hint=_hint())
