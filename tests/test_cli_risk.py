"""The commands on risk: what they measure, what they say, and that they quote no cell."""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from rich.cells import cell_len

import niming
from niming.cli import main
from niming.cli.measures import _SCREEN, _column
from niming.domain.gate import compare
from niming.domain.policy import Policy
from niming.errors import UnreliableWarning
from niming.risk.attacks.report import attack_release
from niming.tables import Hierarchy

pytestmark = pytest.mark.usefixtures("at_home")

N = 240
MARK = "ZQ"
MARKS = re.compile(f"{MARK}|628190")
"""Every text cell and every pay has one of these, and nothing that a command says may."""

CHINESE = re.compile("[\u4e00-\u9fff]")

SCHEMA = """
niming: schema/1
name: street
weight: weight
household: home
columns:
  name: {role: direct-identifier, kind: text}
  town: {role: quasi-identifier, kind: categorical}
  age:
    role: quasi-identifier
    kind: integer
    hierarchy: {kind: intervals, lower: 0, upper: 120, widths: [10, 30]}
  sex: {role: quasi-identifier, kind: categorical}
  ill: {role: sensitive, kind: categorical}
  pay: {role: sensitive, kind: number}
  weight: {role: insensitive, kind: number}
  home: {role: insensitive, kind: integer}
"""


def people(n: int, seed: int) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    towns = [f"{MARK}town{i}" for i in draw.integers(0, 4, n)]
    return {
        "name": [f"{MARK}name{seed}-{i}" for i in range(n)],
        "town": [None if i % 31 == 7 else "*" if i % 29 == 3 else t for i, t in enumerate(towns)],
        "age": draw.integers(18, 60, n),
        "sex": [f"{MARK}{s}" for s in draw.integers(0, 2, n)],
        "ill": [f"{MARK}ill{i}" for i in draw.integers(0, 3, n)],
        "pay": 628190 + draw.random(n),
        "weight": draw.integers(2, 9, n).astype(float),
        "home": np.arange(n) // 3,
    }


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with people, a hold-out, fifty people, everybody, and a schema; for reading."""
    folder = tmp_path_factory.mktemp("street")
    tables = {"t": (N, 1), "outside": (N, 2), "few": (50, 3)}
    for name, (n, seed) in tables.items():
        pq.write_table(pa.table(people(n, seed)), folder / f"{name}.parquet")
    both = [pq.read_table(folder / f"{name}.parquet") for name in ("t", "outside")]
    pq.write_table(pa.concat_tables(both), folder / "everybody.parquet")
    (folder / "schema.yaml").write_text(SCHEMA, "utf-8")
    (folder / "answers.yaml").write_text("recipients: public\n", "utf-8")
    return folder


@pytest.fixture
def ask(
    street: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in the street: it quotes no cell, fits 100 columns and speaks one language."""
    monkeypatch.chdir(street)

    def run(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        out, err = capfd.readouterr()
        assert not MARKS.search(out + err), words
        assert "unexpected" not in err, err
        if "--json" not in words and "questionnaire" not in words:  # the form is in both
            assert max(map(cell_len, (out + err).splitlines()), default=0) <= 100, words
            assert not CHINESE.search(out + err) or os.environ["NIMING_LANG"] == "zh", words
        return code, out, err

    return run


Ask = Callable[..., tuple[int, str, str]]

ASSESS = ("assess", "t.parquet", "--schema", "schema.yaml", "--suppressed", "*")
ATTACK = (
    *("attack", "t.parquet", "--original", "t.parquet", "--holdout", "outside.parquet"),
    *("--schema", "schema.yaml", "--n-attacks", "100"),
)
FIND = ("find-qi", "t.parquet", "--columns", "town,age,sex,ill")


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("assess", "t.parquet"),
        (*ASSESS, "--sampling-fraction", "0.1"),
        (*ASSESS, "--all"),
        (*ASSESS, "--core"),
        ("attack", "few.parquet", "--original", "few.parquet", "--qi", "age", "--sensitive", "ill"),
        FIND,
        ("scan", "t.parquet"),
        ("policy", "answer", "gbt42460-public", "answers.yaml", "--out", "made.yaml", "--force"),
    ],
    ids=" ".join,
)
def test_in_chinese(ask: Ask, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIMING_LANG", "zh")
    code, out, err = ask(*words)
    assert code == 0, err
    assert CHINESE.search(out)


def test_a_scan_proposes_a_grade(ask: Ask) -> None:
    _, out, _ = ask("scan", "t.parquet")
    found = niming.risk.identifiers.scan("t.parquet")
    assert f"GB/T 43697: {found.grade} of 4, for " in out
    for finding in found.findings:
        assert re.search(rf"^{finding.column} +{finding.role} +{finding.grade} ", out, re.M)


class TestAssess:
    def test_json_is_what_python_measures(self, ask: Ask) -> None:
        code, out, _ = ask(*ASSESS, "--sampling-fraction", "0.1", "--json")
        told = json.loads(out)
        measured = niming.risk.assess(
            "t.parquet",
            quasi_identifiers=["town", "age", "sex"],
            sensitive=["ill", "pay"],
            weight="weight",
            household="home",
            suppressed="*",
            sampling_fraction=0.1,
        ).to_dict()
        assert code == 0
        assert told["measures"] == json.loads(json.dumps(measured["measures"]))
        assert told["roles"]["origin"] == "schema"
        assert told["roles"]["weight"] == "weight"
        assert told["riskiest"][0]["columns"] == ["town", "age", "sex"]

    def test_both_readings_stand_side_by_side(self, ask: Ask) -> None:
        found = niming.risk.assess(
            "t.parquet",
            quasi_identifiers=["town", "age", "sex"],
            sensitive=["ill", "pay"],
            suppressed="*",
        )
        own, matching = found.own.anonymity.n_unique, found.matching.anonymity.n_unique
        assert own != matching
        _, out, err = ask(*ASSESS)
        line = next(line for line in out.splitlines() if line.startswith("records that stand"))
        assert re.findall(r"(\d+) \(", line) == [str(own), str(matching)]
        assert len(out.splitlines()) < 60
        assert "--population: δ-presence" in err
        assert "--weight" not in err  # the schema names it

    def test_what_is_not_available_is_told_with_its_reason(self, ask: Ask) -> None:
        _, out, _ = ask(*ASSESS)
        flat = " ".join(out.split())
        assert "the column is continuous" in flat
        assert "the sampling fraction is not known" in flat
        assert not re.search(r"^highest DIS score +[0–]", out, re.M)

    def test_every_line_of_the_screen_is_a_measure(self, ask: Ask, street: Path) -> None:
        """A measure that is renamed would vanish from the screen in silence."""
        t, everybody = str(street / "t.parquet"), str(street / "everybody.parquet")
        about: dict[str, Any] = {
            "quasi_identifiers": ["town", "age", "sex"],
            "sensitive": ["ill", "home"],
            "weight": "weight",
            "hierarchies": {"home": Hierarchy.intervals(0, 100, 10)},
        }
        names: set[str] = set()
        for more in ({"population": everybody}, {"sampling_fraction": 0.1, "household": "name"}):
            names |= {m.name for m in niming.risk.assess(t, **about, **more).measures()}
        for _, rows in _SCREEN:
            for row in rows:
                assert any(_column(name, row.measure) is not None for name in names), row.measure

    def test_the_core(self, ask: Ask) -> None:
        _, out, err = ask(*ASSESS, "--core")
        assert "SUDA" not in out
        assert "the core alone" in err

    def test_all_prints_every_measure_once(self, ask: Ask) -> None:
        _, out, _ = ask(*ASSESS, "--all")
        flat = "".join(out.split())
        for name in ("k_anonymity.k_unsuppressed", "quasi_identifiers.highest_separation[2]"):
            assert flat.count(name) == 1
        assert ".matching." not in flat

    def test_proposed_roles_are_said_to_be_proposals(self, ask: Ask) -> None:
        _, out, err = ask("assess", "t.parquet")
        assert "scan's proposals" in err
        assert "age" in out.splitlines()[1]
        _, out, _ = ask("assess", "t.parquet", "--json")
        assert json.loads(out)["roles"]["origin"] == "scan"

    def test_columns_one_by_one_and_by_commas(self, ask: Ask) -> None:
        one = ask("assess", "t.parquet", "--qi", "age,sex", "--json")
        other = ask("assess", "t.parquet", "--qi", "age", "--qi", " sex", "--json")
        assert one[1] == other[1]

    def test_pictures(self, ask: Ask, tmp_path: Path) -> None:
        folder = tmp_path / "new" / "pictures"
        words = (*ASSESS, "--plots", str(folder))
        assert ask(*words, "--format", "svg")[0] == 0
        assert ask(*words, "--core")[0] == 0
        drawn = {p.name: p.read_bytes() for p in folder.iterdir()}
        names = ("class-sizes", "cumulative-risk", "combinations")
        core = {f"{name}.png" for name in names[:2]}
        assert set(drawn) == {f"{name}.svg" for name in names} | core
        for name, content in drawn.items():
            assert content.startswith(b"\x89PNG" if name in core else b"<?xml")
        assert ask(*words, "--core")[0] == 2
        assert ask(*words, "--core", "--force")[0] == 0
        assert {p.name: p.read_bytes() for p in folder.iterdir()} == drawn

    def test_a_population(self, ask: Ask) -> None:
        words = ("assess", "t.parquet", "--qi", "age,sex", "--population", "everybody.parquet")
        code, out, _ = ask(*words)
        assert code == 0
        assert re.search(r"^journalist: highest risk +\d", out, re.M)

    def test_interrupted(self, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("niming.risk.assess", interrupt)
        assert ask(*ASSESS, "--plots", str(tmp_path / "pictures"))[0] == 130
        assert not (tmp_path / "pictures").exists()


class TestAttack:
    def test_json_is_what_python_finds(self, ask: Ask) -> None:
        code, out, _ = ask(*ATTACK, "--id", "name", "--seed", "3", "--json")
        told = json.loads(out)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnreliableWarning)
            found = attack_release(
                "t.parquet",
                "t.parquet",
                holdout="outside.parquet",
                quasi_identifiers=["town", "age", "sex"],
                sensitive=["ill", "pay"],
                person_id="name",
                n_attacks=100,
                seed=3,
            )
        assert code == 0
        assert told["lines"] == json.loads(json.dumps(found.to_dict()["lines"]))

    @pytest.mark.slow
    def test_raw_data_fall_to_it(self, ask: Ask, tmp_path: Path) -> None:
        picture = tmp_path / "attacks.svg"
        code, out, _ = ask(*ATTACK, "--id", "name", "--plot", str(picture))
        assert code == 0
        assert re.search(r"^membership.distance +1.000 .* yes", out, re.M)
        assert picture.read_bytes().startswith(b"<?xml")

    def test_a_few_rows_prove_nothing(self, ask: Ask) -> None:
        words = ("--holdout", "outside.parquet", "--schema", "schema.yaml", "--n-attacks", "100")
        code, out, _ = ask("attack", "few.parquet", "--original", "few.parquet", *words)
        assert code == 0
        assert "50 rows, fewer than 100" in out
        assert re.search(r"^linkability .* no", out, re.M)

    def test_what_did_not_run_names_the_option(self, ask: Ask) -> None:
        _, out, _ = ask("attack", "t.parquet", "--original", "t.parquet", "--qi", "age,sex")
        flat = " ".join(out.split())
        assert "not run: needs --holdout" in flat
        assert "not run: needs --id or --aligned" in flat
        assert "inference not run: needs --sensitive" in flat
        assert "=" not in flat

    def test_a_release_folder_says_what_its_columns_are(
        self, ask: Ask, town: Any, tmp_path: Path
    ) -> None:
        raw = tmp_path / "raw.parquet"
        pq.write_table(pa.table(town.table), raw)
        words = ("attack", str(town.signed), "--original", str(raw), "--n-attacks", "100")
        code, out, err = ask(*words)
        assert code == 0
        assert "sensitive: illness" in out
        assert "scan" not in err
        assert "for a sample" in err  # half of the raw table is in the release


class TestFindQi:
    def test_json_is_what_python_finds(self, ask: Ask) -> None:
        code, out, _ = ask(*FIND, "--json")
        told = json.loads(out)
        columns = ["town", "age", "sex", "ill"]
        found = niming.risk.find_quasi_identifiers("t.parquet", columns=columns)
        assert code == 0
        assert told["drop_order"] == json.loads(json.dumps(found.to_dict()["drop_order"]))
        assert told["left_out"] == ["name", "pay", "weight", "home"]

    def test_a_direct_identifier_is_left_out_unless_asked_for(self, ask: Ask) -> None:
        _, _, err = ask("find-qi", "t.parquet")
        assert "not looked at: name" in err
        _, out, _ = ask("find-qi", "t.parquet", "--columns", "name,age,sex")
        assert "everybody is alone on: name\n" in out
        assert "name + age" not in out  # tells nothing that `name` does not

    def test_a_size_above_the_columns(self, ask: Ask) -> None:
        assert ask("find-qi", "t.parquet", "--columns", "age,sex", "--max-size", "9")[0] == 0


class TestPolicy:
    def test_compare_is_what_python_judges(self, ask: Ask, town: Any) -> None:
        packs = ["el-emam-3", "el-emam-20", "health-kse"]
        words = ("policy", "compare", str(town.signed))
        code, out, err = ask(*words, *(w for p in packs for w in ("--policy", p)))
        expected = {j.policy.id: j.outcome for j in compare(town.signed, packs).judgements}
        words_of = {"passed": "passes", "failed": "fails", "could-not-run": "not known"}
        assert code == 0
        for policy, outcome in expected.items():
            assert re.search(rf"^{policy} +{words_of[outcome]}", out, re.M)
        assert "10 < 20" in out
        assert "niming policy questionnaire" in err

    def test_from_a_form_to_a_policy(self, ask: Ask, tmp_path: Path) -> None:
        form, made = tmp_path / "form.yaml", tmp_path / "mine.yaml"
        code, _, _ = ask("policy", "questionnaire", "--policy", "health-kse", "--out", str(form))
        assert code == 0
        assert set(yaml.safe_load(form.read_text("utf-8")).values()) == {None}
        answer = ("policy", "answer", "health-kse", str(form), "--out", str(made))
        code, _, err = ask(*answer)
        assert code == 2
        assert "--assume worst" in err
        assert not made.exists()
        code, out, err = ask(*answer, "--assume", "worst")
        assert code == 0
        assert "the public" in out
        assert "at their worst" in err
        policy = Policy.of(made)
        assert policy.answers is not None
        assert policy.to_dict()["pack"]["digest"] == Policy.of("health-kse").digest  # type: ignore[index,call-overload]
        assert ask(*answer, "--assume", "worst")[0] == 2
        assert ask(*answer, "--assume", "worst", "--force")[0] == 0

    def test_the_form_asks_what_the_policy_needs(self, ask: Ask) -> None:
        _, every, _ = ask("policy", "questionnaire")
        _, some, _ = ask("policy", "questionnaire", "--policy", "gbt42460-controlled")
        assert set(yaml.safe_load(some)) < set(yaml.safe_load(every))
        code, out, err = ask("policy", "questionnaire", "--policy", "el-emam-5")
        assert (code, out) == (2, "")
        assert "rests on no context" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("assess", "none.csv"), "there is no file"),
        (("assess", "t.parquet", "--qi", "age,sexx"), "did you mean 'sexx' -> 'sex'"),
        (("assess", "t.parquet", "--qi", "age", "--sensitive", "age"), "both quasi-identifier"),
        (("assess", "t.parquet", "--sensitive", "ill"), "--sensitive was given without --qi"),
        ((*ASSESS, "--qi", "age"), "both --schema and --qi"),
        ((*ASSESS, "--weight", "town"), "not a column of numbers"),
        ((*ASSESS, "--household", "hom"), "'home'"),
        ((*ASSESS, "--population", "none.parquet"), "there is no file"),
        ((*ASSESS, "--population-size", "3"), "at least the 240 records"),
        ((*ASSESS, "--population-size", "999", "--sampling-fraction", "0.1"), "the same"),
        ((*ASSESS, "--threshold-size", "0"), "Usage"),
        ((*ASSESS, "--format", "gif"), "Usage"),
        ((*ASSESS, "--plots", "schema.yaml"), "cannot make the folder"),
        ((*ATTACK, "--id", "nam"), "did you mean 'nam' -> 'name'"),
        ((*ATTACK, "--plot", "a.pdf"), "neither .png nor .svg"),
        ((*ATTACK, "--plot", "t.parquet"), "neither .png nor .svg"),
        (("attack", "none", "--original", "t.parquet"), "there is no"),
        (("attack", "t.parquet", "--original", "none.csv"), "there is no file"),
        (("attack", "t.parquet"), "Usage"),
        (("find-qi", "t.parquet", "--columns", "age,twn"), "did you mean 'twn' -> 'town'"),
        (("find-qi", "t.parquet", "--max-size", "0"), "Usage"),
        (("policy", "compare", "none"), "there is no release folder"),
        (("policy", "questionnaire", "--policy", "el-emam"), "el-emam-3"),
        (("policy", "answer", "el-emam", "answers.yaml", "--out", "x.yaml"), "variants"),
        (("policy", "answer", "health-kse", "none.yaml", "--out", "x.yaml"), "cannot read"),
        (("policy", "answer", "health-kse", "t.parquet", "--out", "x.yaml"), "cannot read"),
        (("policy", "answer", "health-kse", "answers.yaml", "--out", "answers.yaml"), "input"),
        (("policy", "questionnaire", "--policy", "nonsense"), "there is no policy pack"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_something_wrong(ask: Ask, words: tuple[str, ...], told: str) -> None:
    code, out, err = ask(*words)
    assert (code, out) == (2, "")
    assert told in " ".join(err.split())
