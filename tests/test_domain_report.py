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
from niming.domain.report.words import GLOSSARY, KEY_RISKS, TECHNIQUES, WORDS, advice, explain
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
    tables = [WORDS, TECHNIQUES, KEY_RISKS]
    entries = [w for t in tables for w in t.values()] + [w for pair in GLOSSARY for w in pair]
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
