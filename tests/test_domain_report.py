"""The report page: offline, bilingual, escaped, tolerant of what is absent, the same each time."""

from __future__ import annotations

import base64
import copy
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from niming.domain.report import render
from niming.domain.report.font import embedded
from niming.domain.report.words import (
    ATTACKS,
    FAMILIES,
    GLOSSARY,
    KEY_RISKS,
    MEASURES,
    TECHNIQUES,
    WORDS,
    advice,
    explain,
)
from niming.errors import InputError

FOLDER = Path(__file__).parents[1] / "domain" / "report"
VOID = {"meta", "input", "br", "use", "path", "rect", "circle"}


def measure(name: str, value: float | None, unit: str = "probability") -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "range": [0, 1],
        "direction": "lower-is-safer",
        "definition": f"definition of {name}",
        "reference": "Someone 2002",
        "reason": "" if value is not None else "it could not be had",
    }


def verdict(name: str, required: float, measured: float | None, outcome: str) -> dict[str, Any]:
    return {
        "requirement": name,
        "title": {"zh": f"要求 {name}", "en": f"requirement {name}"},
        "measure": name,
        "comparison": "at-least" if name == "k_anonymity.k" else "at-most",
        "required": required,
        "measured": measured,
        "outcome": outcome,
        "why": {"zh": "因为", "en": "because"},
        "articles": ["18", "25"],
        "clause": "GB/T 42460-2023, Annex D",
    }


@pytest.fixture(autouse=True)
def _quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the font, a third of a second a page, where it is not what is tested."""
    if "font" not in request.node.name:
        monkeypatch.setattr("niming.domain.report.page.embedded", lambda _text: "data:,")


@pytest.fixture
def evidence() -> dict[str, Any]:
    shape = {"n_distinct": 3, "missing_rate": 0.1, "bars": [{"share": 0.6}, {"share": 0.4}]}
    return {
        "version": 1,
        "tool": {"niming": "0.1.0", "python": "3.11"},
        "release": {
            "name": "居民样本",
            "created": "2026-11-23T08:00:00Z",
            "n_rows": 1200,
            "n_columns": 2,
            "files": [
                {"name": "data.parquet", "bytes": 4096, "sha256": "ab" * 32, "sm3": "cd" * 32}
            ],
        },
        "original": {"n_rows": 30000, "n_columns": 3, "commitment": {"digest": "ef" * 32}},
        "schema": {
            "digest": "12" * 32,
            "columns": [
                {"name": "age", "role": "quasi-identifier", "kind": "integer"},
                {"name": "diagnosis", "role": "sensitive", "kind": "categorical"},
            ],
        },
        "policy": {
            "id": "gbt42460-controlled",
            "version": "2026.1",
            "digest": "34" * 32,
            "kind": "desensitised-sample",
            "title": {"zh": "受控公开共享", "en": "controlled sharing"},
        },
        "scenario": {"id": "SC-2026-014", "title": "诊断模型", "valid_until": "2027-06-30"},
        "transformation": [
            {"column": "age", "technique": "generalisation", "parameters": {"level": 2}},
            {
                "column": "name",
                "technique": "suppression",
                "words": {"zh": "删除", "en": "dropped"},
            },
        ],
        "sampling": {"design": "simple", "fraction": 0.04},
        "measures": [
            measure("k_anonymity.k", 5, "records"),
            measure("reidentification.prosecutor.highest", 0.2),
            measure("t_closeness.equal[diagnosis]", None),
        ],
        "utility": [
            measure("utility.loss", 0.25, "share of detail"),
            measure("utility.learning.ratio", 0.97, "ratio"),
        ],
        "verdicts": [
            verdict("k_anonymity.k", 5, 5, "passed"),
            verdict("reidentification.prosecutor.highest", 0.2, 0.2, "passed"),
        ],
        "verdict": "passed",
        "columns": [
            {"name": "name", "role": "direct-identifier", "before": shape, "after": None},
            {"name": "age", "role": "quasi-identifier", "before": shape, "after": shape},
            {"name": "diagnosis", "role": "sensitive", "before": shape, "after": shape},
        ],
        "preview": {"columns": ["age", "diagnosis"], "rows": [["30-39", "flu"], ["*", None]]},
    }


@pytest.fixture
def drawn(evidence: dict[str, Any]) -> dict[str, Any]:
    """Return evidence with all that the charts draw."""
    evidence["utility"] += [
        measure("utility.tv_1way[age]", 0.1),
        measure("utility.tv_1way[diagnosis]", 0.02),
        measure("utility.learning.real_real[boosting]", 0.9, "AUC"),
        measure("utility.learning.released_real[boosting]", 0.87, "AUC"),
    ]
    evidence["classes"] = {
        "histogram": [
            {"from": 1, "to": 1, "n_classes": 0, "n_records": 0},
            {"from": 5, "to": 9, "n_classes": 40, "n_records": 260},
            {"from": 10, "to": None, "n_classes": 1, "n_records": 940},
        ]
    }
    return evidence


class Page(HTMLParser):
    """Collects what a browser would see, and fails on tags that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.script = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.script += data
        elif not self.open or self.open[-1] != "style":
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def test_the_page_refers_to_nothing_outside_itself(drawn: dict[str, Any]) -> None:
    html = render(drawn)
    page = Page(html)
    assert not re.search(r"https?:", html)
    assert all(uri.startswith("data:") for uri in re.findall(r"url\([\"']?([^#\"')]+)", html))
    assert "@import" not in html
    for tag, attributes in page.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
        for name in ("src", "href", "xlink:href", "action", "srcset"):
            assert (attributes.get(name) or "#").startswith("#")
        assert not [name for name in attributes if name.startswith("on")]
    (policy,) = [a["content"] for t, a in page.tags if t == "meta" and "http-equiv" in a]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy


def test_the_numbers_are_inside_and_nothing_runs(evidence: dict[str, Any]) -> None:
    page = Page(render(evidence))
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert scripts == [{"type": "application/json", "id": "evidence"}]
    assert json.loads(page.script) == evidence


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_both_languages_are_inside_and_one_is_chosen(evidence: dict[str, Any], lang: str) -> None:
    page = Page(render(evidence, lang=lang))
    radios = {a["id"]: "checked" in a for t, a in page.tags if t == "input"}
    assert radios == {f"lang-{x}": x == lang for x in ("zh", "en")}
    for words in ("检查清单", "Checklist", "通过", "Passed", "受控公开共享", "controlled sharing"):
        assert words in page.words
    zh = [a for t, a in page.tags if a.get("class") == "zh"]
    en = [a for t, a in page.tags if a.get("class") == "en"]
    assert len(zh) == len(en)
    assert {a.get("lang") for a in zh} == {"zh"}


def test_a_certified_release_shows_what_an_officer_looks_for(evidence: dict[str, Any]) -> None:
    terms = {
        "id": "CERT-7",
        "not_before": "2026-11-23T00:00:00Z",
        "expires": "2027-05-22T00:00:00Z",
        "officer": "李审核",
        "ledger": {"size": 17, "root": "78" * 32},
    }
    payload = base64.b64encode(json.dumps({"predicate": terms}).encode()).decode()
    envelope = {"payload": payload, "signatures": [{"keyid": "9f2c", "sig": "x"}]}
    words = Page(render(evidence, certificate=envelope)).words
    for shown in (
        "已签发",
        "CERT-7",
        "2026-11-23 至",
        "李审核",
        "78" * 32,
        "9f2c",
        "SC-2026-014",
        "居民样本",
        "1,200",
        "ab" * 32,
        "cd" * 32,
        "34" * 32,
        "第 18 条",
        "art. 25",
        "≥ 5",
        "≤ 20%",
        "GB/T 42460-2023, Annex D",
        "niming verify . --trust agency.pub --scenario SC-2026-014",
        "简单随机抽样",
        "it could not be had",
    ):
        assert shown in words, shown
    assert "待签发" in Page(render(evidence)).words
    of_certificate = {**terms, "key_id": "9f2c", "scenario": {"id": "SC-OTHER"}}
    alone = Page(render(evidence | {"scenario": None}, certificate=of_certificate)).words
    assert "--scenario SC-OTHER" in alone
    assert "CERT-7" in alone
    assert "9f2c" in alone
    evidence["release"]["files"] = [
        {"name": "data.parquet", "digest": {"sha256": "ab" * 32, "sm3": "cd" * 32}}
    ]
    assert "cd" * 32 in Page(render(evidence)).words


def test_a_failed_release_says_why_and_what_to_do(evidence: dict[str, Any]) -> None:
    evidence["verdict"] = "failed"
    evidence["verdicts"] = [
        verdict("k_anonymity.k", 5, 2, "failed"),
        verdict("sampling.fraction", 0.5, None, "could-not-run"),
        verdict("l_diversity.distinct", 2, None, "not-applicable"),
    ]
    del evidence["preview"]
    page = Page(render(evidence))
    assert "3 项要求中有 2 项未满足：要求 k_anonymity.k；要求 sampling.fraction" in page.words
    assert "2 of 3 requirements are not met" in page.words
    assert advice("k_anonymity.k")["zh"] in page.words
    assert advice("l_diversity.distinct")["zh"] not in page.words
    assert "不予签发" in page.words
    assert "Preview" not in page.words


def test_test_records_that_may_have_been_trained_on_are_told(drawn: dict[str, Any]) -> None:
    assert "测试记录均未参与训练" in Page(render(drawn)).words
    drawn["utility"].append(measure("utility.learning.overlap", 0.5))
    words = Page(render(drawn)).words
    assert "测试记录可能参与了训练" in words
    assert "均未参与训练" not in words


def test_classes_below_the_threshold_are_red(drawn: dict[str, Any]) -> None:
    def chart() -> str:
        return render(drawn).split('<svg class="class-sizes"')[1].split("</svg>")[0]

    assert "var(--bad)" not in chart()
    drawn["classes"]["histogram"][0] |= {"n_classes": 3, "n_records": 3}
    assert "var(--bad)" in chart()
    assert "3 类" in chart()


def test_suppressed_missing_and_shown_cells_differ(evidence: dict[str, Any]) -> None:
    html = render(evidence)
    rows = html[html.index('class="cells"') :].split("</table>")[0]
    assert '<td class="short">30-39</td>' in rows
    assert '<td class="hatched"></td><td class="missing"></td>' in rows
    evidence["preview"]["rows"] *= 30
    assert render(evidence).count('<td class="short">30-39</td>') == 10


def test_text_from_outside_stays_text(drawn: dict[str, Any]) -> None:
    attack = "</script><script>alert(1)</script><b onclick=x>&\u2028'\""
    drawn["release"]["name"] = attack
    drawn["columns"][1]["name"] = attack
    drawn["utility"].append(measure(f"utility.tv_1way[{attack}]", 0.3))
    drawn["preview"]["rows"][0][0] = attack
    drawn["verdicts"][0]["title"] = {"zh": attack, "en": attack}
    drawn["scenario"]["title"] = "$100 ^ $x_1$ {{ 7 * 7 }}"
    page = Page(render(drawn))
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert not [a for _, a in page.tags if "onclick" in a]
    assert json.loads(page.script) == drawn
    assert "{{ 7 * 7 }}" in page.words


@pytest.mark.usefixtures("plain_report")
def test_absent_parts_are_left_out(evidence: dict[str, Any]) -> None:
    assert "不通过" in Page(render({})).words
    assert "未提供原始数据" in Page(render(evidence | {"utility": None})).words
    for part in evidence:
        Page(render({k: v for k, v in evidence.items() if k != part}))
        Page(render(evidence | {part: None}))
    evidence["sampling"] = None
    assert "未抽样" in Page(render(evidence)).words


def test_the_same_evidence_gives_the_same_page_and_is_not_changed(drawn: dict[str, Any]) -> None:
    before = copy.deepcopy(drawn)
    shuffled = dict(reversed(drawn.items()))
    assert render(drawn) == render(shuffled)
    assert drawn == before


def test_rounding_never_hides_the_side_of_a_threshold(evidence: dict[str, Any]) -> None:
    evidence["verdicts"] = [
        verdict("reidentification.prosecutor.highest", 0.05, 0.0500001, "failed")
    ]
    assert "0.0500001" in Page(render(evidence)).words


def test_the_font_holds_every_character_of_the_page(drawn: dict[str, Any]) -> None:
    from fontTools.ttLib import TTFont

    html = render(drawn)
    assert len(html.encode()) < 600_000
    font = re.search(r"data:font/otf;base64,([A-Za-z0-9+/=]+)", html)
    assert font is not None
    cut = TTFont(io.BytesIO(base64.b64decode(font[1]))).getBestCmap()
    whole = TTFont(FOLDER / "fonts" / "NimingSans.otf").getBestCmap()
    shown = {ord(c) for c in Page(html).words}
    assert shown <= set(cut)
    assert {c for c in shown if c > 0x7F} <= set(whole)


def test_the_shipped_font_is_small_free_and_has_gb2312() -> None:
    from fontTools.ttLib import TTFont

    file = FOLDER / "fonts" / "NimingSans.otf"
    assert file.stat().st_size < 2_000_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FOLDER / "fonts" / "OFL.txt").read_text()
    font = TTFont(file)
    assert font["name"].getDebugName(1) == "Niming Sans"
    hanzi = {ord(bytes((a, b)).decode("gb2312")) for a in range(0xB0, 0xF8) for b in
             range(0xA1, 0xFF) if bytes((a, b)).decode("gb2312", "ignore")}  # fmt: skip
    assert len(hanzi) == 6763
    assert hanzi <= set(font.getBestCmap())
    assert embedded("匿名") == embedded("名匿")


def test_a_character_beyond_the_font_is_left_to_the_reader(drawn: dict[str, Any]) -> None:
    drawn["utility"].append(measure("utility.tv_1way[𠮷野家]", 0.3))
    assert "𠮷野家" in render(drawn)


def test_every_word_is_in_both_languages() -> None:
    tables = [WORDS, TECHNIQUES, KEY_RISKS, MEASURES, ATTACKS]
    entries = [w for t in tables for w in t.values()] + [w for pair in GLOSSARY for w in pair]
    entries += [w for family in FAMILIES for w in (family.title, family.sentence)]
    entries += [explain("k_anonymity.k"), advice("nothing.known")]
    assert all(entry["zh"] and entry["en"] for entry in entries)
    assert explain("transformation.n_pseudonyms") != explain("nothing.known")


def test_wrong_arguments_are_refused(evidence: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="zh, en"):
        render(evidence, lang="fr")
    with pytest.raises(InputError, match="payload"):
        render(evidence, certificate={"payload": "%%%"})


def test_the_source_of_the_thresholds_and_the_context_are_told(evidence: dict[str, Any]) -> None:
    evidence["policy"] |= {
        "note": {"zh": "二手资料", "en": "second hand, from a summary"},
        "variant": {"zh": "侵害程度高", "en": "high invasiveness"},
        "context": {"mode": "controlled", "controls": "high", "tau_size": None,
                    "assumed": ["funds", "expertise"]},
    }  # fmt: skip
    page = render(evidence)
    for told in (
        "second hand, from a summary",
        "high invasiveness",
        "管控措施",
        "funds, expertise",
    ):
        assert told in page
    assert "safe class size" not in page


def line(attack: str, rate: float | None, *, reliable: bool, reason: str = "") -> dict[str, Any]:
    return {
        "attack": attack, "what": "success rate", "rate": rate,
        "low": None if rate is None else rate - 0.02, "high": None if rate is None else rate + 0.02,
        "baseline": None if rate is None else 0.1, "control": 0.12, "positive_control": 0.9,
        "risk": 0.3, "risk_high": 0.337, "n_attacks": 2000, "reliable": reliable, "reason": reason,
    }  # fmt: skip


_HIGHER = {"direction": "higher-is-safer"}


@pytest.fixture
def full(drawn: dict[str, Any]) -> dict[str, Any]:
    """Return evidence with a measure of each family, both readings, and attacks."""
    for family in FAMILIES:
        for stem in family.stems:
            drawn["measures"].append(measure(f"{stem}invented", 0.111))
    drawn["measures"] += [
        measure("something.new", 0.4321),
        measure("k_anonymity.matching.k", 7, "records"),
        measure("k_anonymity.k_unsuppressed", 5, "records"),
        measure("k_anonymity.matching.k_unsuppressed", 7, "records"),
        measure("l_diversity.distinct[diagnosis]", 3, "values") | _HIGHER,
        measure("l_diversity.matching.distinct[diagnosis]", 3, "values"),
        measure("l_diversity.distinct[income]", 2, "values") | _HIGHER,
        measure("l_diversity.matching.distinct[income]", 2, "values"),
    ]
    drawn["classes"] |= {
        "risk_curve": [
            {"size": 5, "own": 200, "matching": 100},
            {"size": 20, "own": 1200, "matching": 1200},
        ],
        "combinations": [
            {"columns": ["age", "sex"], "uniqueness": 0.25, "separation": 0.9},
            {"columns": ["age"], "uniqueness": 0.0, "separation": 0.8},
        ],
    }
    drawn["attacks"] = {
        "reason": "", "n_attacks": 2000, "seed": 1, "n_original": 600, "n_holdout": 599,
        "lines": [
            line("inference[diagnosis]", 0.4, reliable=True),
            line("linkability", 0.1, reliable=False, reason="chance can make it"),
            line("record_linkage.distance", None, reliable=False, reason="not run: whose is it"),
        ],
    }  # fmt: skip
    return drawn


def section(html: str, key: str) -> str:
    return html.split(f'<details id="family-{key}"')[1].split('<details id="family-')[0]


@pytest.mark.usefixtures("plain_report")
class TestFamilies:
    def test_each_has_its_section(self, full: dict[str, Any]) -> None:
        html = render(full)
        words = Page(html).words
        for family in FAMILIES:
            for lang in ("zh", "en"):
                assert family.title[lang] in words
                assert " ".join(family.sentence[lang].split()) in words
            for stem in family.stems:
                assert f"{stem}invented" in section(html, family.key)
        assert "43.21%" in section(html, "other")

    def test_no_measure_is_left_out(self, full: dict[str, Any]) -> None:
        html = render(full)
        for m in full["measures"]:
            stem = m["name"].partition("[")[0].replace(".matching.", ".")
            if not stem.endswith("_unsuppressed"):
                assert f"<code>{stem}</code>" in html, stem

    def test_readings_stand_side_by_side_where_they_differ(self, full: dict[str, Any]) -> None:
        html = render(full)
        differ, agree = section(html, "k-anonymity"), section(html, "l-diversity")
        assert "缺失匹配任意值" in differ
        assert re.search(r"<b>5</b></td><td class=\"num\">\s*<b>7</b>", differ)
        assert "缺失匹配任意值" not in agree
        assert agree.count('<td class="num"><b>3</b>') == 1
        assert "<td>diagnosis</td>" in agree

    def test_what_repeats_a_number_is_left_out(self, full: dict[str, Any]) -> None:
        assert "k_unsuppressed" not in section(render(full), "k-anonymity")
        full["measures"][-6]["value"] = 6
        assert full["measures"][-6]["name"] == "k_anonymity.k_unsuppressed"
        assert "k_unsuppressed" in section(render(full), "k-anonymity")

    def test_a_closed_section_shows_its_worst_number(self, full: dict[str, Any]) -> None:
        summary = section(render(full), "l-diversity").split("</summary>")[0]
        assert "<b>2</b>" in summary

    def test_what_could_not_be_had_says_why(self, full: dict[str, Any]) -> None:
        part = section(render(full), "t-closeness")
        assert "无法得出" in part
        assert "it could not be had" in part

    def test_every_measure_of_a_release_has_a_name(self, town: Any) -> None:
        content = json.loads((town.unsigned / "evidence.json").read_bytes())
        html = render(content)
        for m in content["measures"]:
            stem = m["name"].partition("[")[0].replace(".matching.", ".")
            assert stem.removesuffix("_unsuppressed") in MEASURES, stem
        assert 'id="family-other"' not in html


@pytest.mark.usefixtures("plain_report")
class TestAttacks:
    def test_each_says_whether_it_concludes(self, full: dict[str, Any]) -> None:
        part = section(render(full), "attacks")
        for told in ("可下结论", "强度不足，不能下结论", "未进行", "chance can make it",
                     "whose is it", "属性推断：diagnosis", "inference: diagnosis",
                     "33.7%", "599"):  # fmt: skip
            assert told in part, told
        assert part.count("33.7%") == 1  # no risk of an attack that shows nothing

    def test_none_was_asked_for_or_could_be_made(self, full: dict[str, Any]) -> None:
        full["attacks"] = None
        assert "未要求攻击检验" in section(render(full), "attacks")
        full["attacks"] = {"reason": "which rows were drawn is not known", "lines": []}
        assert "which rows were drawn" in section(render(full), "attacks")


class TestPictures:
    def test_all_are_drawn_from_the_evidence(self, full: dict[str, Any]) -> None:
        html = render(full)
        for name in ("class-sizes", "risk-curve", "combinations", "attacks", "distances"):
            assert html.count(f'<svg class="{name}"') == 2, name
        chart = html.split('<svg class="combinations"')[1].split("</svg>")[0]
        assert "age × sex" in chart
        assert "25%" in chart
        curve = html.split('<svg class="risk-curve"')[1].split("</svg>")[0]
        assert "缺失匹配任意值" in curve
        assert "var(--bad)" in curve

    def test_combinations_on_which_nobody_is_alone(self, full: dict[str, Any]) -> None:
        full["classes"]["combinations"][0]["uniqueness"] = 0.0
        html = render(full)
        assert "90%" in html.split('<svg class="combinations"')[1].split("</svg>")[0]
        assert "没有记录仅凭三个以内的字段独一无二" in html

    def test_names_of_columns_stay_text(self, full: dict[str, Any]) -> None:
        attack = "</svg><script>alert(1)</script>&$x_1$"
        full["classes"]["combinations"][0]["columns"] = [attack]
        full["attacks"]["lines"][0]["attack"] = f"inference[{attack}]"
        full["measures"].append(measure(f"lkc.c[{attack}]", 0.2))
        page = Page(render(full))
        assert [tag for tag, _ in page.tags].count("script") == 1
        assert json.loads(page.script) == full


@pytest.mark.usefixtures("plain_report")
def test_answers_to_the_questionnaire_are_told_in_words(evidence: dict[str, Any]) -> None:
    from niming.domain import Policy

    policy = Policy.of("health-kse").answered({"recipients": "public"}, assume="worst")
    evidence["policy"] = policy.to_dict()
    evidence["measures"].append(measure("context.kse_a", 0.0, "ratio"))
    part = section(render(evidence), "context")
    for told in ("谁将获得数据？", "Who receives the data?", "向社会公开", "未回答，按最坏情形"):
        assert told in part, told
    evidence["policy"]["context"]["questionnaire"]["digest"] = "0" * 64
    assert '<b><span class="zh" lang="zh">public' in section(render(evidence), "context")
