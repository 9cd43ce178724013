"""`Questionnaire`: the questions about a release that no table can answer."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Literal, get_args

from niming.errors import InputError
from niming.risk.context.answers import Answers
from niming.risk.context.question import Answer, Option, Part, Question, Scale
from niming.risk.context.release import Grade, Mode

__all__ = ["Questionnaire"]

_PARTS: tuple[Part, ...] = get_args(Part)
_OF_US = ("recipients", "enclave", "sample-secret", "prevalence", "acquaintances")
"""Questions that mean something to niming and that every questionnaire has."""


@dataclass(frozen=True)
class Questionnaire:
    """Questions on recipients, controls, motive and harm, with the weights of their answers.

    Parameters
    ----------
    source : str
        The YAML text. It is the questionnaire: the digest is taken over these bytes.

    Raises
    ------
    InputError
        Text that is no questionnaire.

    Notes
    -----
    Questions, weights and thresholds are data, and the thresholds are judgement: El Emam 2013
    asks similar questions and grades them, the sums here are the shipped file's own (second
    hand; each entry names its source). An agency that judges otherwise loads its own copy.

    - controls: weight of the safeguards in place over the weight of all; high and medium from a
      share on, low without one of those that the file names;
    - motive and capability, invasiveness: points; low and medium up to a sum;
    - E: the smaller of the shares of technical and of management items met, 0 without an
      indispensable one.

    What is idle when data go to the public is not asked then, and counts in no share.

    References
    ----------
    El Emam 2013, "Guide to the de-identification of personal health information", chapter 18.
    GB/T 42460-2023, 6.2 and 6.3. 健康医疗数据匿名化技术规范（试行）.

    Examples
    --------
    >>> sheet = Questionnaire.load()
    >>> public = sheet.judge({"recipients": "public"}, parts=["environment"])
    >>> public.mode, public.environment()
    ('public', {'mode': 'public', 'sampling_fraction': 1.0})
    >>> sheet.judge({"recipients": "external"}, parts=["environment"], assume="worst").controls
    'low'
    """

    source: str

    def __post_init__(self) -> None:
        self._check()

    @classmethod
    def load(cls, path: str | Path | None = None) -> Questionnaire:
        """Read a questionnaire from a YAML file; the one that ships if none is given.

        Raises
        ------
        InputError
            A file that cannot be read, or is no questionnaire.
        """
        if path is None:
            shipped = resources.files("niming.risk.context") / "questionnaire.yaml"
            return cls(shipped.read_text("utf-8"))
        return cls(_text(path))

    @cached_property
    def _document(self) -> Mapping[str, object]:
        document = _yaml(self.source, "the questionnaire")
        if document.get("niming") != "questionnaire/1":
            raise InputError(
                "this is no questionnaire of niming",
                hint="its first entry is `niming: questionnaire/1`",
            )
        return document

    @property
    def id(self) -> str:
        """Name of the questionnaire."""
        return str(self._document.get("id"))

    @property
    def version(self) -> str:
        """Version of the questionnaire."""
        return str(self._document.get("version"))

    @property
    def digest(self) -> str:
        """SHA-256 of the questionnaire's bytes, in hex."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """All questions, in the order of the form."""
        entries = self._document.get("questions")
        listed = entries if isinstance(entries, list) else []
        return tuple(Question.of(e if isinstance(e, Mapping) else {}) for e in listed)

    @property
    def recipients(self) -> tuple[Option, ...]:
        """Who may receive data, with the class size 1/S for each."""
        return self["recipients"].options

    def __getitem__(self, question: str) -> Question:
        for one in self.questions:
            if one.id == question:
                return one
        raise InputError(f"there is no question {question!r}", hint=self._near([question]))

    def asked(self, parts: Sequence[Part] = _PARTS, *, public: bool) -> tuple[Question, ...]:
        """Return the questions of these parts, for a release to the public or to others."""
        # Of a public release's environment nothing else is asked: an attack is certain.
        needed = set(parts) - {"environment"} if public else set(parts)
        return tuple(
            q
            for q in self.questions
            if (q.id == "recipients" and set(q.parts) & set(parts))
            or (set(q.parts) & needed and not (public and q.unless_public))
        )

    def template(self, parts: Sequence[Part] = _PARTS) -> str:
        """Return YAML to fill in: every question in both languages, every answer empty.

        Parameters
        ----------
        parts : sequence of {"environment", "safeguards", "invasiveness"}, default all

        Returns
        -------
        str
            Read back by `judge`, from a file or after ``yaml.safe_load``.
        """
        lines = [
            f"# {self.id} {self.version}",
            "# 请在冒号后填写答案；未回答的问题不会被假定。",
            "# Write the answer behind each colon; no answer is assumed.",
        ]
        for q in self.asked(_checked(parts), public=False):
            lines += ["", f"# {q.zh}", f"# {q.en}"]
            if q.kind == "choice":
                lines += [f"#   {o.id}: {o.zh} / {o.en}" for o in q.options]
            else:
                lines.append(f"#   {q.allowed}")
            if q.unless_public:
                lines.append("#   向社会公开时不必回答 / leave empty for a public release")
            lines.append(f"{q.id}:")
        return "\n".join(lines) + "\n"

    def judge(
        self,
        answers: Mapping[str, object] | str | Path,
        *,
        parts: Sequence[Part] = _PARTS,
        assume: Literal["worst"] | None = None,
    ) -> Answers:
        """Add single answers up to grades.

        Parameters
        ----------
        answers : mapping, or path of a YAML file
            An answer by id of the question; None is no answer. Answers to questions that nobody
            asks here are checked and left out.
        parts : sequence of {"environment", "safeguards", "invasiveness"}, default all
            What to ask.
        assume : {"worst"}, optional
            Take the worst answer where there is none, and record that. Without it no answer is
            assumed.

        Returns
        -------
        Answers

        Raises
        ------
        InputError
            Questions that are not answered (all are named), answers to questions that do not
            exist, or an answer of the wrong kind.
        """
        if assume not in (None, "worst"):
            raise InputError("assume must be 'worst' or left out", hint="no milder guess is made")
        chosen = _checked(parts)
        if not isinstance(answers, Mapping):
            answers = _yaml(_text(answers), "the file of answers")
        known = {q.id: q for q in self.questions}
        if odd := [str(a) for a in answers if a not in known]:
            raise InputError(
                "there is no question " + ", ".join(repr(a) for a in odd), hint=self._near(odd)
            )
        read = {k: known[k].read(v) for k, v in answers.items() if v is not None}
        to_whom = read.get("recipients", "public" if assume else None)
        asked = self.asked(chosen, public=to_whom == "public")
        unanswered = tuple(q.id for q in asked if q.id not in read)
        if unanswered and assume is None:
            n = len(unanswered)
            raise InputError(
                f"{n} question{'s are' if n > 1 else ' is'} not answered: {', '.join(unanswered)}",
                hint="fill in Questionnaire.load().template(), or take assume='worst'",
            )
        given: dict[str, Answer] = {q.id: read.get(q.id, q.worst) for q in asked}
        return self._add_up(given, asked, chosen, unanswered)

    def _add_up(
        self,
        given: Mapping[str, Answer],
        asked: Sequence[Question],
        parts: tuple[Part, ...],
        assumed: tuple[str, ...],
    ) -> Answers:
        to_whom = given.get("recipients")
        environment = "environment" in parts
        weighed = environment and to_whom != "public"
        share, controls = self._controls(given, asked) if weighed else (None, None)
        motive = self._points("motive", given, asked) if weighed else None
        invasive = self._points("invasiveness", given, asked) if "invasiveness" in parts else None
        met: tuple[str, ...] = ()
        missed: tuple[str, ...] = ()
        e: Fraction | None = None
        if "safeguards" in parts:
            met, missed, e = self._safeguards(given, asked)
        prevalence, acquaintances = given.get("prevalence"), given.get("acquaintances")
        secret = given.get("sample-secret")
        mode: Mode | None = None
        if environment:
            mode = "public" if to_whom == "public" else "controlled"
            mode = "enclave" if given.get("enclave") is True else mode
        return Answers(
            questionnaire=f"{self.id} {self.version}",
            digest=self.digest,
            parts=parts,
            given=dict(given),
            assumed=assumed,
            recipients=None if to_whom is None else str(to_whom),
            size=next((o.size for o in self.recipients if o.id == to_whom), None),
            mode=mode,
            controls=controls,
            controls_share=share,
            motive=None if motive is None else self._grade("motive", motive),
            motive_points=motive,
            invasiveness=None if invasive is None else self._grade("invasiveness", invasive),
            invasiveness_points=invasive,
            prevalence=None if prevalence is None else float(prevalence),
            acquaintances=None if acquaintances is None else int(acquaintances),
            sample_secret=None if secret is None else secret is True,
            met=met,
            missed=missed,
            e=e,
        )

    def _controls(
        self, given: Mapping[str, Answer], asked: Sequence[Question]
    ) -> tuple[Fraction, Grade]:
        weighed = [q for q in asked if q.weight("controls")]
        total = sum(q.weight("controls") for q in weighed)
        met = sum(q.weight("controls") for q in weighed if given[q.id] != q.worst)
        share = Fraction(met, total)
        rule = self._rule("controls")
        lacking = [i for i in _ids(rule, "without") if i in given and given[i] == self[i].worst]
        if lacking or share < _fraction(rule, "medium"):
            return share, "low"
        return share, "high" if share >= _fraction(rule, "high") else "medium"

    def _points(self, scale: Scale, given: Mapping[str, Answer], asked: Sequence[Question]) -> int:
        return sum(q.weight(scale) for q in asked if q.weight(scale) and given[q.id] == q.worst)

    def _grade(self, scale: Scale, points: int) -> Grade:
        rule = self._rule(scale)
        if points <= _fraction(rule, "low"):
            return "low"
        return "medium" if points <= _fraction(rule, "medium") else "high"

    def _safeguards(
        self, given: Mapping[str, Answer], asked: Sequence[Question]
    ) -> tuple[tuple[str, ...], tuple[str, ...], Fraction]:
        items = [q for q in asked if q.group]
        met = tuple(q.id for q in items if given[q.id] != q.worst)
        missed = tuple(q.id for q in items if given[q.id] == q.worst)
        shares = []
        for group in ("technical", "management"):
            mine = [q.id for q in items if q.group == group]
            shares.append(Fraction(sum(i in met for i in mine), len(mine)))
        indispensable = _ids(_mapping(self._document.get("safeguards")), "indispensable")
        lacking = set(indispensable) & set(missed)
        return met, missed, Fraction(0) if lacking else min(shares)

    def _rule(self, scale: Scale) -> Mapping[str, object]:
        return _mapping(_mapping(self._document.get("grades")).get(scale))

    def _near(self, names: Sequence[str]) -> str:
        ids = [q.id for q in self.questions]
        near = {n: difflib.get_close_matches(n, ids, n=1) for n in names}
        guesses = [f"{n!r} -> {found[0]!r}" for n, found in near.items() if found]
        if guesses:
            return "did you mean " + ", ".join(guesses) + "?"
        return "Questionnaire.load().template() lists the questions"

    def _check(self) -> None:
        """Raise unless everything that `judge` will look up is there."""
        ids = [q.id for q in self.questions]
        if len(set(ids)) < len(ids):
            raise InputError("two questions have the same id", hint="rename one of them")
        if absent := sorted({*_OF_US} - {*ids}):
            raise InputError(
                f"the questionnaire lacks the question {absent[0]!r}", hint="keep it and add others"
            )
        named = [
            *_ids(self._rule("controls"), "without"),
            *_ids(_mapping(self._document.get("safeguards")), "indispensable"),
        ]
        if odd := sorted({*named} - {*ids}):
            raise InputError(f"there is no question {odd[0]!r}", hint=self._near(odd))
        if "public" not in {o.id for o in self.recipients}:
            raise InputError("recipients lacks the option 'public'", hint="keep it and add others")
        for public in (False, True):
            for group in ("technical", "management"):
                if not any(q.group == group for q in self.asked(public=public)):
                    raise InputError(f"no {group} item is asked", hint="keep one and add others")
        if not any(q.weight("controls") for q in self.questions):
            raise InputError("no question weighs the controls", hint="give one a weight")
        high, medium = (_fraction(self._rule("controls"), g) for g in ("high", "medium"))
        if not 0 <= medium <= high <= 1:
            raise InputError("controls: 0 <= medium <= high <= 1", hint="shares of the weight")
        for scale in ("motive", "invasiveness"):
            rule = self._rule(scale)
            if not 0 <= _fraction(rule, "low") <= _fraction(rule, "medium"):
                raise InputError(f"{scale}: 0 <= low <= medium", hint="points, both included")


def _checked(parts: Sequence[Part]) -> tuple[Part, ...]:
    chosen = tuple(p for p in _PARTS if p in parts)
    if isinstance(parts, str) or not chosen or set(parts) - set(_PARTS):
        raise InputError("parts are some of " + ", ".join(_PARTS), hint="leave it out for all")
    return chosen


def _text(path: str | Path) -> str:
    try:
        return Path(path).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot read {path} ({type(error).__name__})", hint="give a YAML file in UTF-8"
        ) from None


def _yaml(text: str, what: str) -> Mapping[str, object]:
    import yaml

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f"{what} is not YAML{where}", hint="mend the line there") from None
    if not isinstance(content, Mapping):
        raise InputError(f"{what} is not a mapping", hint="write `question: answer`, one a line")
    return content


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InputError("the questionnaire lacks its grades", hint="see the one that ships")
    return value


def _ids(rule: Mapping[str, object], field: str) -> list[str]:
    listed = rule.get(field, [])
    return [str(i) for i in listed] if isinstance(listed, list) else []


def _fraction(rule: Mapping[str, object], field: str) -> Fraction:
    try:
        return Fraction(str(rule.get(field)))
    except (ValueError, ZeroDivisionError):
        raise InputError(
            f"the grade {field!r} has no threshold", hint='a number, or a share such as "9/10"'
        ) from None
