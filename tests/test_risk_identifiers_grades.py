"""Grades after GB/T 43697-2024: the strictest rule decides, for a column and for a table."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import niming.risk.identifiers as room
from niming.risk.identifiers import scan
from niming.risk.identifiers.grades import grade
from niming.risk.identifiers.headers import _WORDS
from niming.risk.identifiers.kinds import WORDS
from niming.tables import Role

RULES = yaml.safe_load(Path(room.__file__).with_name("grades.yaml").read_text("utf-8"))


def test_every_kind_has_one_grade() -> None:
    kinds = [kind for rule in RULES["holds"].values() for kind in rule["kinds"]]
    assert len(kinds) == len(set(kinds))
    headers = {found.format for _, found in _WORDS if found.format}
    assert set(WORDS) | headers <= set(kinds)
    sensitive = {found.sensitive_kind for _, found in _WORDS if found.sensitive_kind} | {"minors"}
    assert sensitive == {kind for rule in RULES["sensitive"].values() for kind in rule["kinds"]}
    assert set(RULES["roles"]) == set(Role)


def test_the_file_says_where_its_rules_are_from() -> None:
    assert RULES["read"] == "second-hand"
    assert "not read" in RULES["note"]["en"]
    assert "未直接查阅" in RULES["note"]["zh"]
    assert set(RULES["levels"]) == {1, 2, 3, 4}  # important and core data are never guessed


@pytest.mark.parametrize(
    ("holds", "role", "kind", "level"),
    [
        ([], Role.INSENSITIVE, "", 1),
        ([], Role.QUASI_IDENTIFIER, "", 2),
        (["region-code"], Role.QUASI_IDENTIFIER, "", 2),
        ([], Role.SENSITIVE, "", 3),
        (["mobile"], Role.DIRECT_IDENTIFIER, "", 3),
        (["text-with-identifiers", "mobile"], Role.DIRECT_IDENTIFIER, "", 3),
        (["text-with-identifiers", "mobile", "resident-id"], Role.DIRECT_IDENTIFIER, "", 4),
        (["resident-id"], Role.INSENSITIVE, "", 4),
        (["mobile"], Role.DIRECT_IDENTIFIER, "minors", 4),
        ([], Role.SENSITIVE, "health", 4),
    ],
)
def test_the_strictest_rule_decides(holds: list[str], role: Role, kind: str, level: int) -> None:
    graded = grade(holds, role, kind)
    assert graded.level == level
    assert graded.zh
    assert graded.en


def test_a_table_has_the_grade_of_its_highest_column() -> None:
    seen = scan({"sex": ["男", "女"], "x": ["a", "a"], "mobile": ["13800138000", "13912345678"]})
    assert [f.grade for f in seen.findings] == [2, 2, 3]
    assert seen.grade == 3
    assert seen.to_dict()["grade"] == 3
    assert [c.grade for c in seen.schema().columns] == [2, 2, 3]
    assert scan({"诊断": ["高血压", "肺炎"]}).grade == 4


@pytest.mark.parametrize(
    ("ages", "kind"), [([3, 7, 12, 13, 40], "minors"), ([3, 30, 44, 51, 20], "")]
)
def test_a_column_of_childrens_ages_is_of_minors(ages: list[int], kind: str) -> None:
    finding = scan({"age": ages}).findings[0]
    assert (finding.sensitive_kind, finding.role) == (kind, "quasi-identifier")
    assert finding.grade == (4 if kind else 2)
