"""Fixtures that more than one test file needs."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import niming
from niming.domain.keys import generate
from niming.domain.policy import Policy
from niming.domain.signing import sign
from niming.tables.schema import Schema


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of large reference data beside the project, or skip visibly."""
    folder = Path(os.environ.get("NIMING_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip("the shared reference data are not on this machine")
    return folder


TOWN_SCHEMA = """
niming: schema/1
name: town
columns:
  name: {role: direct-identifier, kind: text}
  district: {role: quasi-identifier, kind: categorical}
  age:
    role: quasi-identifier
    kind: integer
    hierarchy: {kind: intervals, lower: 0, upper: 120, widths: [10, 20, 40]}
  illness: {role: sensitive, kind: categorical}
  visits: {role: insensitive, kind: integer}
  remark: {role: insensitive, kind: text}
"""

TOWN_POLICY = """
niming: policy/1
id: house
version: "1"
title: {zh: 本局策略, en: house policy}
kind: desensitised-sample
context: {mode: controlled, controls: high, motive: medium, prevalence: 0.0001}
valid_days: 30
max_suppression: 0.1
requirements:
  - {id: direct, title: {zh: 标, en: d}, measure: identifiers.n_direct_columns, at_most: 0}
  - {id: found, title: {zh: 号, en: f}, measure: identifiers.n_columns_found, at_most: 0}
  - {id: k, title: {zh: 类, en: k}, measure: k_anonymity.k, at_least: 5}
  - {id: risk, title: {zh: 险, en: r}, measure: context.total_risk, at_most: 0.05}
  - {id: sampled, title: {zh: 抽, en: s}, measure: sampling.fraction, at_most: 0.8}
"""


@dataclass(frozen=True)
class Town:
    """A small town: its table, what each column is, a policy, and an agency's key.

    `unsigned` and `signed` are release folders for reading; a test that writes copies them.
    """

    folder: Path
    table: dict[str, list[object]]
    schema: Schema
    policy: Policy

    @property
    def key(self) -> Path:
        return self.folder / "agency.pem"

    @property
    def trust(self) -> Path:
        return self.folder / "agency.pem.pub"

    @property
    def unsigned(self) -> Path:
        return self.folder / "unsigned"

    @property
    def signed(self) -> Path:
        return self.folder / "signed"


def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave fonts and charts out of reports: most of the time that a small release takes."""
    monkeypatch.setattr("niming.domain.report.page.embedded", lambda _text: "data:,")
    monkeypatch.setattr("niming.domain.report.page._in_both", lambda _draw: None)


@pytest.fixture(scope="session")
def undrawn() -> Callable[[pytest.MonkeyPatch], None]:
    """Return what leaves the pictures out, for fixtures that outlive a test."""
    return without_pictures


@pytest.fixture
def plain_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures out of every report of this test."""
    without_pictures(monkeypatch)


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Make the town once: 400 people, half of them released, signed for SC-2026-014."""
    chance = random.Random(7)
    n = 400
    table: dict[str, list[object]] = {
        "name": [f"person {i}" for i in range(n)],
        "district": [chance.choice("ABC") for _ in range(n)],
        "age": [chance.randrange(18, 90) for _ in range(n)],
        "illness": [chance.choice(["flu", "asthma", "none", None]) for _ in range(n)],
        "visits": [chance.randrange(9) for _ in range(n)],
        "remark": [f"came on day {i}" for i in range(n)],
    }
    folder = tmp_path_factory.mktemp("town")
    (folder / "schema.yaml").write_text(TOWN_SCHEMA, "utf-8")
    (folder / "policy.yaml").write_text(TOWN_POLICY, "utf-8")
    made = Town(
        folder,
        table,
        Schema.from_yaml(folder / "schema.yaml"),
        Policy.of(folder / "policy.yaml"),
    )
    generate(made.key)
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("NIMING_LEDGER", raising=False)
        without_pictures(environment)
        release = niming.open(table, made.schema).plan(made.policy).apply(sample=0.5, seed=7)
        assert release.save(made.unsigned).passed
        shutil.copytree(made.unsigned, made.signed)
        sign(made.signed, made.key, scenario="SC-2026-014", officer="reviewer 1")
    return made


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Speak English, trust nobody yet, and record acts in release folders alone."""
    monkeypatch.setenv("NIMING_LANG", "en")
    monkeypatch.setenv("NIMING_HOME", str(tmp_path / "home"))
    for name in ("NIMING_LEDGER", "NIMING_TRUST", "NIMING_DEBUG", "NIMING_KEY_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"
