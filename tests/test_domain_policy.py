"""Policies: thresholds as data, and verdicts that never pass what was not computed."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from niming.domain.policy import Policy, packs
from niming.domain.scenario import Scenario
from niming.errors import PolicyError
from niming.measure import Measure

MINIMAL = """
niming: policy/1
id: house
version: "1"
title: {zh: 本, en: house}
kind: desensitised-sample
requirements:
  - {id: k, title: {zh: k, en: k}, measure: k_anonymity.k, at_least: 5}
"""


def measure(name: str, value: float | None, reason: str = "") -> Measure:
    return Measure(
        name, value, "records", (-math.inf, math.inf), "higher-is-safer", "d", "r", reason
    )


def requirement(**changes: object) -> Policy:
    document = yaml.safe_load(MINIMAL)
    document["requirements"][0].update(changes)
    document["requirements"][0] = {
        k: v for k, v in document["requirements"][0].items() if v is not None
    }
    return Policy(yaml.safe_dump(document))


class TestPacks:
    @pytest.mark.parametrize("name", sorted(packs()))
    def test_every_pack_fits_the_published_schema(self, name: str) -> None:
        jsonschema.validate(yaml.safe_load(packs()[name]), Policy.json_schema())
        assert Policy.of(name).id == name

    @pytest.mark.parametrize(("name", "k"), [("public", 20), ("controlled", 5), ("enclave", 3)])
    def test_class_sizes_are_those_of_the_three_publication_modes(self, name: str, k: int) -> None:
        assert Policy.of(f"gbt42460-{name}").required("k_anonymity.k") == k

    def test_a_pack_for_use_in_the_domain_leads_to_a_sample(self) -> None:
        kinds = {name: Policy.of(name).kind for name in packs()}
        assert [n for n, k in kinds.items() if k == "desensitised-sample"] == [
            "el-emam-3", "el-emam-5", "gbt42460-controlled", "gbt42460-enclave",
        ]  # fmt: skip

    @pytest.mark.parametrize("name", sorted(packs()))
    def test_an_anonymised_release_allows_nothing_that_can_be_restored(self, name: str) -> None:
        policy = Policy.of(name)
        least = 0 if policy.kind == "anonymised-release" else None
        assert policy.required("transformation.n_pseudonyms") == least
        assert policy.required("irreversibility.n_reversible_columns") == least


class TestJudge:
    def test_equal_to_the_threshold_passes(self) -> None:
        (verdict,) = Policy(MINIMAL).judge([measure("k_anonymity.k", 5)])
        assert verdict.outcome == "passed"
        assert verdict.measured == 5

    def test_below_fails_and_says_by_how_much(self) -> None:
        (verdict,) = Policy(MINIMAL).judge([measure("k_anonymity.k", 4)])
        assert verdict.outcome == "failed"
        assert verdict.why.en == "4 < 5"

    def test_an_unknown_value_could_not_run_and_does_not_hold(self) -> None:
        (verdict,) = Policy(MINIMAL).judge([measure("k_anonymity.k", None, "no weights")])
        assert (verdict.outcome, verdict.holds) == ("could-not-run", False)
        assert "no weights" in verdict.why.en

    def test_an_absent_measure_could_not_run(self) -> None:
        (verdict,) = Policy(MINIMAL).judge([])
        assert (verdict.outcome, verdict.holds) == ("could-not-run", False)

    def test_an_absent_measure_of_an_optional_requirement_is_not_applicable(self) -> None:
        (verdict,) = requirement(optional=True).judge([])
        assert (verdict.outcome, verdict.holds) == ("not-applicable", True)

    def test_optional_does_not_excuse_a_value_that_could_not_be_computed(self) -> None:
        (verdict,) = requirement(optional=True).judge([measure("k_anonymity.k", None, "x")])
        assert not verdict.holds

    def test_the_worst_column_decides(self) -> None:
        policy = requirement(measure="l_diversity.distinct", at_least=3)
        measures = [measure(f"l_diversity.distinct[{c}]", v) for c, v in [("a", 4), ("b", 2)]]
        (verdict,) = policy.judge(measures)
        assert (verdict.outcome, verdict.measured) == ("failed", 2)
        assert "[b]" in verdict.why.en

    def test_one_column_that_fails_is_enough_beside_unknown_ones(self) -> None:
        policy = requirement(measure="attacks.inference.risk_upper", at_least=None, at_most=0.05)
        measures = [
            measure("attacks.inference.risk_upper[a]", 0.4),
            measure("attacks.inference.risk_upper[b]", None, "too weak"),
        ]
        (verdict,) = policy.judge(measures)
        assert (verdict.outcome, verdict.measured) == ("failed", 0.4)
        assert "[a]" in verdict.why.en

    def test_one_unknown_column_spoils_the_requirement(self) -> None:
        policy = requirement(measure="l_diversity.distinct", at_least=3)
        measures = [
            measure("l_diversity.distinct[a]", 9),
            measure("l_diversity.distinct[b]", None, "x"),
        ]
        assert policy.judge(measures)[0].outcome == "could-not-run"

    @given(st.lists(st.integers(0, 30), min_size=1), st.integers(0, 30))
    def test_a_stricter_threshold_never_passes_what_a_milder_one_refuses(
        self, values: list[int], threshold: int
    ) -> None:
        measures = [measure(f"k_anonymity.k[{i}]", v) for i, v in enumerate(values)]
        mild = requirement(at_least=threshold).judge(measures)[0].holds
        strict = requirement(at_least=threshold + 1).judge(measures)[0].holds
        assert mild or not strict
        assert mild == all(v >= threshold for v in values)


class TestDocument:
    def test_the_digest_is_over_the_bytes(self) -> None:
        assert Policy(MINIMAL).digest != Policy(MINIMAL + "\n").digest

    @pytest.mark.parametrize(
        ("broken", "told"),
        [
            (MINIMAL.replace("at_least: 5", "at_least: 5, at_most: 9"), "exactly one"),
            (MINIMAL.replace(", at_least: 5", ""), "exactly one"),
            (MINIMAL.replace("kind: desensitised-sample", "kind: mixed"), "kind"),
            (MINIMAL.replace("policy/1", "policy/2"), "niming"),
            (MINIMAL + "surprise: 1\n", "surprise"),
            (MINIMAL.replace("at_least: 5", "at_least: .nan"), "finite"),
            (MINIMAL.replace("k_anonymity.k", "k_anonimity.k"), "did you mean 'k_anonymity.k'"),
            (MINIMAL.replace("k_anonymity.k", "sampling.fracton"), "did you mean 'sampling.frac"),
            ("a: [", "not YAML at line"),
            ("- 1", "schema"),
            (MINIMAL.split("requirements")[0] + "requirements: []", "requirements"),
        ],
    )
    def test_a_broken_policy_does_not_exist(self, broken: str, told: str) -> None:
        with pytest.raises(PolicyError, match=told):
            Policy(broken)

    def test_an_unknown_pack_names_the_nearest(self) -> None:
        with pytest.raises(PolicyError, match="gbt42460-public"):
            Policy.of("gbt42460-publik")

    def test_a_policy_from_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "house.yaml"
        file.write_text(MINIMAL, "utf-8")
        assert Policy.of(file).id == "house"


class TestScenario:
    def test_from_yaml(self, tmp_path: Path) -> None:
        file = tmp_path / "use.yaml"
        file.write_text("id: SC-1\nvalid_until: 2027-06-30\n", "utf-8")
        assert Scenario.of(file) == Scenario("SC-1", valid_until=dt.date(2027, 6, 30))

    def test_round_trip(self) -> None:
        scenario = Scenario("SC-1", "t", "o", "r", "p", dt.date(2027, 1, 1))
        assert Scenario.of(scenario.to_dict()) == scenario

    @pytest.mark.parametrize(
        "broken",
        [
            {"title": "no id"},
            {"id": " x"},
            {"id": "x", "until": 1},
            {"id": "x", "valid_until": "soon"},
        ],
    )
    def test_broken(self, broken: dict[str, object]) -> None:
        with pytest.raises(PolicyError):
            Scenario.of(broken)


def test_the_worse_reading_of_what_is_missing_decides() -> None:
    """Half of a class of one value is blanked: as a value of its own that looks like two."""
    from niming.domain.requirement import Requirement
    from niming.risk import assess

    table = {"z": [1] * 10, "ill": ["flu"] * 5 + ["*"] * 5}
    measures = assess(table, quasi_identifiers=["z"], sensitive=["ill"], suppressed="*").measures()

    def judged(measure: str) -> str:
        asked = {
            "id": "l",
            "title": {"zh": "多样性", "en": "diversity"},
            "measure": measure,
            "at_least": 2,
            "articles": ["25"],
            "clause": "test",
            "explain": {"zh": "测试", "en": "test"},
        }
        fields = {k: v for k, v in asked.items() if k in Requirement.model_fields}
        return Requirement.model_validate(fields).judge(measures).outcome

    assert judged("l_diversity.distinct") == "failed"
    assert judged("l_diversity.distinct[ill]") == "failed"
    assert judged("l_diversity.matching.distinct") == "failed"
