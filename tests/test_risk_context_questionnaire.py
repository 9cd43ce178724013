"""The questionnaire on the context of a release, and A = K x S x E."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import InputError
from niming.risk import release_risk
from niming.risk.context import HealthKSE, Question, Questionnaire, health_kse

SHEET = Questionnaire.load()


def best(recipients: str = "external") -> dict[str, object]:
    """Answer everything as safely as can be."""
    answers: dict[str, object] = {q.id: not q.worst for q in SHEET.questions if q.kind == "yes-no"}
    return answers | {"recipients": recipients, "prevalence": 0.0001, "acquaintances": 150}


class TestSheet:
    def test_every_question_is_in_both_languages_and_names_its_source(self) -> None:
        for q in SHEET.questions:
            assert q.zh.endswith(("？", "）", "。"))
            assert "?" in q.en
            assert q.source

    def test_items_are_the_ten_technical_and_twenty_of_management(self) -> None:
        groups = [q.group for q in SHEET.questions if q.group]
        assert (groups.count("technical"), groups.count("management")) == (10, 20)

    def test_recipients_carry_the_sizes_of_the_formula(self) -> None:
        assert {o.id: o.size for o in SHEET.recipients} == {
            "same-group": 3, "across-groups": 4, "external": 5, "several-external": 6,
            "public": 20,
        }  # fmt: skip

    def test_the_digest_is_over_the_bytes(self) -> None:
        assert Questionnaire(SHEET.source + "\n").digest != SHEET.digest
        assert Questionnaire(SHEET.source).digest == SHEET.digest

    def test_the_template_can_be_filled_in(self, tmp_path: Path) -> None:
        blank = yaml.safe_load(SHEET.template())
        assert list(blank) == [q.id for q in SHEET.questions]
        assert set(blank.values()) == {None}
        for q in SHEET.questions:
            assert q.zh in SHEET.template()
            assert q.en in SHEET.template()
        file = tmp_path / "answers.yaml"
        file.write_text(yaml.safe_dump(best()), "utf-8")
        assert SHEET.judge(file) == SHEET.judge(best())

    def test_a_part_alone(self) -> None:
        blank = yaml.safe_load(SHEET.template(["invasiveness"]))
        answers = SHEET.judge(dict.fromkeys(blank, False), parts=["invasiveness"])
        assert (answers.invasiveness, answers.mode, answers.e) == ("low", None, None)
        with pytest.raises(InputError, match="environment was not asked"):
            answers.environment()


class TestJudge:
    def test_the_best_answers(self) -> None:
        answers = SHEET.judge(best())
        assert (answers.controls, answers.motive, answers.invasiveness) == ("high", "low", "low")
        assert (answers.mode, answers.e, answers.missed) == ("enclave", 1, ())
        assert (answers.controls_share, answers.motive_points) == (1, 0)
        risk = release_risk([3] * 8, **answers.environment())
        assert risk.total == pytest.approx(0.14 / 3)  # T3 of high controls, 1/3 of the data

    def test_the_worst_answers(self) -> None:
        worst = {q.id: q.worst for q in SHEET.questions} | {"recipients": "external"}
        answers = SHEET.judge(worst)
        assert (answers.controls, answers.motive, answers.invasiveness) == ("low", "high", "high")
        assert (answers.mode, answers.e, answers.met) == ("controlled", 0, ())
        assert answers.environment(sampling_fraction=0.01)["sampling_fraction"] == 1.0

    def test_nothing_is_assumed_silently(self) -> None:
        with pytest.raises(InputError, match="49 questions are not answered: recipients, enclave"):
            SHEET.judge({})
        with pytest.raises(InputError, match=r"1 question is not answered: funds\n.*='worst'"):
            SHEET.judge(best() | {"funds": None})

    def test_the_worst_is_assumed_on_demand_and_recorded(self) -> None:
        partial = {k: v for k, v in best().items() if k not in ("funds", "interface-audit")}
        answers = SHEET.judge(partial, assume="worst")
        assert answers.assumed == ("interface-audit", "funds")
        assert (answers.given["funds"], answers.given["interface-audit"]) == (True, False)
        told_so = SHEET.judge(best() | {"funds": True, "interface-audit": False})
        assert answers == replace(told_so, assumed=answers.assumed)
        told = {m.name: m.value for m in answers.measures()}
        assert told["context.n_answers_assumed"] == 2
        everything = SHEET.judge({}, assume="worst")
        assert (everything.mode, everything.e) == ("public", 0)

    def test_a_public_release_is_asked_less(self) -> None:
        answers = SHEET.judge({"recipients": "public"}, parts=["environment"], assume="worst")
        assert (answers.mode, answers.controls, answers.motive) == ("public", None, None)
        assert not {"prevalence", "funds", "enclave"} & set(answers.given)
        told = {m.name: m for m in answers.measures()}
        assert "certain" in told["context.controls_share"].reason
        assert "not asked" in told["context.kse_e"].reason
        assert release_risk([20], **answers.environment()).total == 0.05

    def test_without_a_contract_controls_are_low(self) -> None:
        for item in ("no-reidentification", "contract-with-holder"):
            assert SHEET.judge(best() | {item: "no"}).controls == "low"

    def test_e_is_the_smaller_share_and_zero_without_an_indispensable_item(self) -> None:
        one = SHEET.judge(best() | {"staff-training": "否"})
        assert (one.e, one.missed) == (Fraction(19, 20), ("staff-training",))
        both = SHEET.judge(best() | {"staff-training": False, "interface-audit": False})
        assert both.e == Fraction(9, 10)
        assert SHEET.judge(best() | {"pseudonymisation-side-information": False}).e == 0

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_a_worse_answer_never_gives_a_better_grade(self, data: st.DataObject) -> None:
        yes_no = [q for q in SHEET.questions if q.kind == "yes-no"]
        answers = best() | {q.id: data.draw(st.booleans()) for q in yes_no}
        worse = data.draw(st.sampled_from(yes_no))
        before, after = SHEET.judge(answers), SHEET.judge(answers | {worse.id: worse.worst})
        order = ("low", "medium", "high")
        assert before.controls is not None
        assert after.controls is not None
        assert order.index(after.controls) <= order.index(before.controls)
        for name in ("motive", "invasiveness"):
            assert order.index(getattr(after, name)) >= order.index(getattr(before, name))
        assert before.e is not None
        assert after.e is not None
        assert 0 <= after.e <= before.e <= 1
        assert (
            release_risk([5], **after.environment(sampling_fraction=0.1)).total
            >= release_risk([5], **before.environment(sampling_fraction=0.1)).total
        )

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"fund": True}, "did you mean 'fund' -> 'funds'"),
            ({"funds": "maybe"}, "'funds' must be yes or no"),
            ({"funds": 1}, "yes or no"),
            ({"recipients": "everybody"}, "one of same-group"),
            ({"prevalence": 1.5}, "from 0 to 1"),
            ({"prevalence": float("nan")}, "from 0 to 1"),
            ({"prevalence": True}, "from 0 to 1"),
            ({"acquaintances": 1.5}, "whole number"),
            ({"acquaintances": -1}, "whole number"),
            ({"acquaintances": float("inf")}, "whole number"),
        ],
    )
    def test_a_wrong_answer_is_told(self, changed: dict[str, object], told: str) -> None:
        with pytest.raises(InputError, match=told):
            SHEET.judge(best() | changed)

    def test_wrong_calls(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="parts are some of"):
            SHEET.judge({}, parts=["weather"])  # type: ignore[list-item]
        with pytest.raises(InputError, match="assume must be"):
            SHEET.judge({}, assume="best")  # type: ignore[arg-type]
        with pytest.raises(InputError, match="cannot read"):
            SHEET.judge(tmp_path / "none.yaml")
        (tmp_path / "list.yaml").write_text("- 1\n")
        with pytest.raises(InputError, match="not a mapping"):
            SHEET.judge(tmp_path / "list.yaml")
        (tmp_path / "torn.yaml").write_text("a: [\n")
        with pytest.raises(InputError, match="not YAML at line"):
            SHEET.judge(tmp_path / "torn.yaml")

    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ("niming: questionnaire/1", "niming: policy/1", "no questionnaire"),
            ("id: funds", "id: expertise", "same id"),
            ("id: prevalence", "id: prevalent", "lacks the question 'prevalence'"),
            ("without: [function-", "without: [fonction-", "no question 'fonction"),
            ('high: "9/10"', 'high: "1/10"', "medium <= high"),
            ('high: "9/10"', "high: much", "no threshold"),
            ("kind: share", "kind: part", "unknown kind"),
            ("group: technical", "group: technic", "unknown group"),
            ("    motive: 4", "    motive: -4", "whole number"),
            ("    motive: 4", "    motif: 4", "unknown field 'motif'"),
            ("worst: 10000", "worst: some", "must be a whole number"),
            ("{id: public, size: 20", "{id: public, size: 0", "an id and a size"),
            ("{id: public, size: 20", "{id: open, size: 20", "must be one of"),
        ],
    )
    def test_a_broken_questionnaire_does_not_exist(self, old: str, new: str, told: str) -> None:
        assert old in SHEET.source
        with pytest.raises(InputError, match=told):
            Questionnaire(SHEET.source.replace(old, new))

    def test_answers_are_json_and_short(self) -> None:
        answers = SHEET.judge(best())
        assert json.loads(json.dumps(answers.to_dict()))["controls"] == "high"
        assert repr(answers).startswith("Answers(recipients=external, mode=enclave")
        assert answers.plot().axes[0].get_xlabel() == "share in place"
        assert SHEET.judge({"recipients": "public"}, parts=["environment"], assume="worst").plot()

    def test_a_question_reads_both_languages(self) -> None:
        q = SHEET["funds"]
        assert isinstance(q, Question)
        assert [q.read(a) for a in (" Yes", "是", "有", True, "no", "否", "无", False)] == [
            True, True, True, True, False, False, False, False,
        ]  # fmt: skip


class TestHealthKSE:
    @pytest.mark.parametrize(
        ("recipients", "k"),
        [
            ("same-group", 3),
            ("across-groups", 4),
            ("external", 5),
            ("several-external", 6),
            ("public", 20),
        ],
    )
    def test_the_smallest_sufficient_k(self, recipients: str, k: int) -> None:
        """STANDARDS.md 1.3: with E = 1, K is 3, 4, 5, 6, 20."""
        exactly = health_kse([k, 50], recipients=recipients)
        assert exactly.a == 1
        assert exactly.measures()[0].value == 1.0
        assert exactly.sufficient_k == k
        assert health_kse([k - 1, 50], recipients=recipients).a < 1

    def test_fewer_safeguards_ask_for_more(self) -> None:
        assert health_kse([5], recipients="external", e="19/20").sufficient_k == 6
        nothing = health_kse([10**6], recipients="external", e=0)
        assert (nothing.a, nothing.sufficient_k) == (0, None)

    @given(st.integers(1, 10**9), st.integers(0, 200), st.sampled_from(SHEET.recipients))
    def test_the_rounded_a_is_on_the_same_side_of_one(self, k: int, n: int, to: object) -> None:
        result = HealthKSE(k, "external", Fraction(1, to.size), Fraction(n, 200))  # type: ignore[attr-defined]
        value = result.measures()[0].value
        assert value is not None
        assert (value >= 1) == (result.a >= 1)
        enough = result.sufficient_k
        assert enough is None or (k >= enough) == (result.a >= 1)

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            ({"recipients": "nobody"}, "no recipients"),
            ({"e": 0.5}, "no float"),
            ({"e": True}, "no float"),
            ({"e": "2"}, r"\[0, 1\]"),
            ({"e": "x"}, r"\[0, 1\]"),
            ({"e": "1/0"}, r"\[0, 1\]"),
        ],
    )
    def test_wrong_calls(self, arguments: dict[str, object], told: str) -> None:
        with pytest.raises(InputError, match=told):
            health_kse([5], **{"recipients": "external", **arguments})  # type: ignore[arg-type]
        with pytest.raises(InputError):
            health_kse([], recipients="external")
        with pytest.raises(InputError):
            health_kse([0], recipients="external")

    def test_shown(self) -> None:
        result = health_kse([5], recipients="external", e="19/20")
        assert json.loads(json.dumps(result.to_dict()))["exact"] == {
            "a": "19/20", "s": "1/5", "e": "19/20",
        }  # fmt: skip
        assert result.plot().axes[0].get_title().startswith("A = 5 x 1/5 x 19/20")
        assert health_kse([5], recipients="external", e=0).plot()
