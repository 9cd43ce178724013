"""Which grade of general data (GB/T 43697-2024) does a column have? Proposed, with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from niming.tables import Role

__all__ = ["Grade", "grade"]


@dataclass(frozen=True)
class Grade:
    """A grade of general data, 1 to 4, and why.

    Parameters
    ----------
    level : int in [1, 4]
    zh, en : str
    """

    level: int
    zh: str
    en: str


def grade(holds: Iterable[str], role: Role, sensitive_kind: str = "") -> Grade:
    """Return the highest grade that a rule of ``grades.yaml`` gives (就高从严).

    Parameters
    ----------
    holds : iterable of str
        Kinds of identifiers that the column holds or its texts contain.
    role : Role
    sensitive_kind : str
        Kind of sensitive personal information, empty if none.

    Notes
    -----
    Important and core data are never guessed. Data that were sampled, anonymised, aggregated or
    synthesised are derived data and must be graded anew.

    Examples
    --------
    >>> grade(["mobile"], Role.DIRECT_IDENTIFIER).level, grade([], Role.INSENSITIVE).level
    (3, 1)
    >>> grade([], Role.SENSITIVE, "health").level
    4
    """
    rules = _rules()
    of_role = rules["roles"][str(role)]
    found = [Grade(of_role["grade"], of_role["zh"], of_role["en"])]
    for topic, kinds in (("holds", set(holds)), ("sensitive", {sensitive_kind})):
        found += [
            Grade(level, rule["zh"], rule["en"])
            for level, rule in rules[topic].items()
            if kinds & set(rule["kinds"])
        ]
    # Of rules that give the same grade the last is the most telling.
    return max(reversed(found), key=lambda one: one.level)


@cache
def _rules() -> dict[str, Any]:
    import yaml

    rules: dict[str, Any] = yaml.safe_load(
        Path(__file__).with_name("grades.yaml").read_text("utf-8")
    )
    return rules
