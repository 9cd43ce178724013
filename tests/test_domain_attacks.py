"""Attacks in the gate: made where it is known who was drawn, and never a pass where it is not."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import niming
from niming.cli import main
from niming.domain import Policy, Release
from niming.domain.attacks import attack, of_attacks
from niming.domain.canonical import canonical
from niming.domain.evidence import Evidence
from niming.domain.gate import certify, compare
from niming.domain.origin import Origin
from niming.domain.recheck import contradictions
from niming.domain.release import DATA, EVIDENCE
from niming.errors import InputError
from niming.tables.schema import Column, Role, Schema
from niming.tables.source import read

pytestmark = pytest.mark.usefixtures("at_home", "plain_report")

SEED = 7
N = 800


def policy(*requirements: dict[str, Any]) -> Policy:
    """Return a policy of k and these requirements."""
    title = {"zh": "要求", "en": "required"}
    listed = [{"measure": "k_anonymity.k", "at_least": 5}, *requirements]
    return Policy(
        yaml.safe_dump(
            {
                "niming": "policy/1",
                "id": "attacked",
                "version": "1",
                "title": title,
                "kind": "anonymised-release",
                "max_suppression": 0.1,
                "requirements": [
                    {"id": f"r{at}", "title": title, **r} for at, r in enumerate(listed)
                ],
            }
        )
    )


SINGLED = {"measure": "attacks.singling_out.multivariate.risk_upper", "at_most": 0.05}
FOUND = {"measure": "attacks.membership.distance.auc_upper", "at_most": 0.6}
INFERRED = {"measure": "attacks.inference.risk_upper", "at_most": 0.05}


@pytest.fixture(scope="module")
def people() -> dict[str, list[object]]:
    """Return a town whose visits tell nearly everybody apart, by chance alone."""
    chance = random.Random(3)
    return {
        "name": [f"person {i}" for i in range(N)],
        "district": [chance.choice("ABC") for _ in range(N)],
        "age": [chance.randrange(18, 90) for _ in range(N)],
        "illness": [chance.choice(["flu", "asthma", "none", None]) for _ in range(N)],
        "visits": [chance.randrange(100_000) for _ in range(N)],
        "remark": [f"came on day {i}" for i in range(N)],
    }


@pytest.fixture(scope="module")
def release(people: dict[str, list[object]], town: Any) -> Release:
    """Return half of the town, generalised, whose visits were left as they are."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("NIMING_LEDGER", raising=False)
        plan = niming.open(people, town.schema).plan(policy())
        return plan.apply(sample=0.5, seed=SEED)


@pytest.fixture(autouse=True)
def _fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("niming.domain.attacks._N_ATTACKS", 200)


@pytest.fixture(scope="module")
def attacked(release: Release, undrawn: Any) -> Evidence:
    """Return what the gate finds of the release while it is known who was drawn."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("niming.domain.attacks._N_ATTACKS", 200)
        undrawn(patched)
        return certify(release, policy(SINGLED, FOUND, INFERRED))


@pytest.fixture(scope="module")
def saved(release: Release, undrawn: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the release, as its maker saves it under a policy on membership."""
    folder = tmp_path_factory.mktemp("saved") / "out"
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("NIMING_LEDGER", raising=False)
        patched.setattr("niming.domain.attacks._N_ATTACKS", 200)
        undrawn(patched)
        release.with_policy(policy(FOUND)).save(folder)
    return folder


def outcomes(evidence: Evidence) -> dict[str, str]:
    return {v["measure"]: v["outcome"] for v in evidence.content["verdicts"]}


def reasons(evidence: Evidence) -> set[str]:
    return {m["reason"] for m in evidence.content["measures"] if of_attacks(m["name"])}


class TestOrigin:
    def test_each_released_row_is_that_of_its_person(
        self, release: Release, people: dict[str, list[object]]
    ) -> None:
        origin = release._origin
        assert origin is not None
        assert origin.released is not None
        assert len(origin.drawn) == N // 2
        assert set(origin.released) <= set(origin.drawn)
        visits = np.array(people["visits"])
        assert release._data["visits"].to_pylist() == visits[origin.released].tolist()

    def test_it_is_in_no_file_and_no_repr(self, release: Release, tmp_path: Path) -> None:
        release.write(tmp_path / "out")
        text = "".join(p.read_text("utf-8") for p in (tmp_path / "out").iterdir()
                       if p.name != DATA)  # fmt: skip
        assert "drawn" not in repr(release)
        assert repr(release._origin) == f"Origin({N // 2} rows drawn)"
        origin = release._origin
        assert origin is not None
        assert ",".join(map(str, origin.drawn[:5])) not in text

    def test_the_seed_tells_who_was_drawn(
        self, release: Release, people: dict[str, list[object]]
    ) -> None:
        origin = Origin.redrawn(release, read(people), SEED)
        assert release._origin is not None
        assert origin.drawn.tolist() == release._origin.drawn.tolist()
        assert origin.released is None

    @pytest.mark.parametrize("seed", [0, 8, 2**60])
    def test_another_seed_is_refused(
        self, release: Release, people: dict[str, list[object]], seed: int
    ) -> None:
        with pytest.raises(InputError, match="other records"):
            Origin.redrawn(release, read(people), seed)

    def test_no_draw_to_repeat(self, release: Release, people: dict[str, list[object]]) -> None:
        with pytest.raises(InputError, match="no simple sample"):
            Origin.redrawn(replace(release, sampling=None), read(people), SEED)
        few = {c: v[:50] for c, v in people.items()}
        with pytest.raises(InputError, match="400 rows cannot"):
            Origin.redrawn(release, read(few), SEED)


class TestGate:
    def test_raw_visits_are_found(self, attacked: Evidence) -> None:
        found = outcomes(attacked)
        assert found[str(SINGLED["measure"])] == "failed"
        assert found[str(FOUND["measure"])] == "failed"
        assert attacked.measure("attacks.singling_out.multivariate.risk") > 0.9  # type: ignore[operator]
        assert (attacked.measure("attacks.record_linkage.distance.rate") or 0) > 0

    def test_an_attack_too_weak_has_no_value_and_does_not_pass(self, release: Release) -> None:
        """Illness is drawn by chance, so nothing can infer it from district and age."""
        coarse = replace(
            release,
            _data=release._data.drop_columns(["visits"]),
            schema=Schema(tuple(c for c in release.schema.columns if c.name != "visits")),
        )
        weak = certify(coarse, policy(INFERRED))
        assert outcomes(weak)[str(INFERRED["measure"])] == "could-not-run"
        assert weak.measure("attacks.inference.risk_upper[illness]") is None
        assert weak.measure("attacks.inference.rate[illness]") is None
        assert weak.measure("attacks.inference.baseline[illness]") is not None
        content = weak.content["attacks"]
        (line,) = [x for x in content["lines"] if x["attack"] == "inference[illness]"]
        assert not line["reliable"]
        assert "shows nothing" in line["reason"]
        assert line["rate"] is not None

    def test_every_line_without_belief_has_no_value(self, attacked: Evidence) -> None:
        measures = {m["name"]: m for m in attacked.content["measures"]}
        for line in attacked.content["attacks"]["lines"]:
            stem, bracket, about = line["attack"].partition("[")
            mine = [
                measures[name]
                for part in ("risk", "risk_upper", "auc", "auc_upper", "rate", "rate_upper")
                if (name := f"attacks.{stem}.{part}{bracket}{about}") in measures
            ]
            assert mine
            assert all((m["value"] is not None) == line["reliable"] for m in mine), line["attack"]
            assert all(m["reason"] for m in mine if m["value"] is None)

    def test_people_held_out_are_others_and_as_many(self, attacked: Evidence) -> None:
        content = attacked.content["attacks"]
        assert content["n_original"] == content["n_holdout"] == N // 2

    def test_the_seed_is_of_the_bytes(self, attacked: Evidence) -> None:
        (data,) = [f for f in attacked.content["release"]["files"] if f["name"] == DATA]
        assert attacked.content["attacks"]["seed"] == int(data["sha256"][:8], 16)

    def test_nothing_is_attacked_unasked(self, release: Release) -> None:
        evidence = certify(release, policy())
        assert evidence.content["attacks"] is None
        assert reasons(evidence) == set()

    def test_attacks_can_be_asked_for(self) -> None:
        released = pa.table({"age": [3, 4]})
        schema = Schema((Column("age", Role.QUASI_IDENTIFIER, "integer"),))
        one = Release.of(released, schema, policy(), name="r")
        assert "not given" in certify(one, policy(), attacks=True).content["attacks"]["reason"]

    def test_a_folder_does_not_tell_who_was_drawn(
        self, release: Release, people: dict[str, list[object]], tmp_path: Path
    ) -> None:
        folder = release.write(tmp_path / "out")
        asked = policy(SINGLED, FOUND, INFERRED)
        evidence = certify(folder, asked)
        assert reasons(evidence) == {"not run: the original table was not given"}
        evidence = certify(folder, asked, people)
        assert all("which rows" in r for r in reasons(evidence))
        for required in (SINGLED, FOUND, INFERRED):
            assert outcomes(evidence)[str(required["measure"])] == "could-not-run"
        assert not evidence.passed
        with pytest.raises(InputError, match="no original"):
            certify(folder, asked, seed=SEED)

    def test_a_folder_and_the_seed(
        self, release: Release, people: dict[str, list[object]], attacked: Evidence, tmp_path: Path
    ) -> None:
        folder = release.write(tmp_path / "out")
        evidence = certify(folder, policy(SINGLED, FOUND), people, seed=SEED)
        for m in attacked.content["measures"]:
            if of_attacks(m["name"]) and "record_linkage" not in m["name"]:
                assert evidence.measure(m["name"]) == m["value"]
        assert evidence.measure("attacks.record_linkage.distance.rate") is None
        judged = compare(folder, ["wp216", "el-emam-5"], people, seed=SEED)
        assert judged["wp216"].outcome == "failed"

    @pytest.mark.slow
    def test_at_the_command_line(
        self,
        release: Release,
        people: dict[str, list[object]],
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        folder = release.write(tmp_path / "out")
        pq.write_table(pa.table(people), tmp_path / "t.parquet")
        words = ["certify", str(folder), "--original", str(tmp_path / "t.parquet"), "--attacks"]
        assert main([*words, "--seed", "8"]) == 2
        assert "other records" in capsys.readouterr().err
        assert main([*words, "--seed", str(SEED), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["attacks"]["lines"]

    def test_saved_by_its_maker(self, saved: Path) -> None:
        evidence = Evidence.open(saved)
        assert outcomes(evidence)[str(FOUND["measure"])] == "failed"

    def test_nobody_is_left_as_a_control(self, release: Release) -> None:
        assert release._original is not None
        everybody = Origin(np.arange(N), None, {})
        found = attack(release, read(release._data), everybody, seed=1)
        assert {m.value for m in found.measures} == {None}
        assert "nobody is left" in str(found.content["reason"])

    def test_columns_of_stars_are_left_out(self, release: Release) -> None:
        at = release._data.column_names.index("district")
        stars = release._data.set_column(at, "district", pa.array(["*"] * release.shape[0]))
        found = attack(replace(release, _data=stars), read(stars), release._origin, seed=1)
        assert found.content["columns"] == ["age", "illness", "visits"]

    def test_no_value_is_in_it(self, attacked: Evidence) -> None:
        text = json.dumps(attacked.content)
        for value in ("flu", "asthma", "person ", "came on day"):
            assert value not in text

    def test_the_sampling_fraction_reaches_the_population(self, attacked: Evidence) -> None:
        assert attacked.measure("sampling.fraction") == 0.5
        assert attacked.measure("k_map.k") is not None
        assert attacked.measure("population_uniqueness.n_records") == 0
        assert attacked.measure("suda.highest_dis") is not None


class TestRecheck:
    """What is measured once more before a signature."""

    @pytest.fixture
    def folder(self, saved: Path, tmp_path: Path) -> Path:
        return Path(shutil.copytree(saved, tmp_path / "out"))

    def changed(self, folder: Path, *names: str, value: float) -> list[str]:
        content = json.loads((folder / EVIDENCE).read_bytes())
        for m in content["measures"]:
            if m["name"] in names:
                m["value"] = value
        (folder / EVIDENCE).write_bytes(canonical(content))
        return contradictions(Release.open(folder), Evidence.open(folder))

    def test_honest_evidence(self, folder: Path) -> None:
        assert contradictions(Release.open(folder), Evidence.open(folder)) == []

    def test_numbers_that_the_cells_contradict(self, folder: Path) -> None:
        names = [
            "alpha_k.alpha[illness]",
            "attacks.homogeneity.guess_rate[illness]",
            "population_uniqueness.n_records",
            "quasi_identifiers.highest_separation[2]",
            "reidentification.matching.prosecutor.mean_over_classes",
            "suda.highest_dis",
        ]
        assert self.changed(folder, *names, value=0.25) == names

    def test_a_fraction_that_its_consequences_contradict(self, folder: Path) -> None:
        assert "k_map.k" in self.changed(folder, "sampling.fraction", value=0.7)

    def test_charts_that_the_cells_contradict(self, folder: Path) -> None:
        content = json.loads((folder / EVIDENCE).read_bytes())
        content["classes"]["combinations"][0]["uniqueness"] = 0.0
        content["classes"]["risk_curve"].pop()
        (folder / EVIDENCE).write_bytes(canonical(content))
        assert contradictions(Release.open(folder), Evidence.open(folder)) == ["classes"]

    def test_verdicts_follow_from_the_stated_attacks(self, folder: Path) -> None:
        """What attacks found needs the original, as utility does; the verdict follows from it."""
        wrong = self.changed(folder, "attacks.membership.distance.auc_upper", value=0.5)
        assert wrong == ["verdict", "verdicts"]
