"""No cell shows: markers planted in every column are looked for in everything that niming says.

A release that passed its policy may show the cells that it releases, in its own files and nowhere
else: `KEPT` are the markers of the columns that it keeps as they are. On a terminal, in JSON, in
evidence, in the ledger, and in the report of a release that failed, no marker may stand at all.
"""

from __future__ import annotations

import itertools
import json
import logging
import pickle
import re
import shutil
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import niming
from niming.cli import main
from niming.domain import Policy, Release, certify
from niming.tables.schema import Schema

N = 120

MARKS = {
    "name": "ZQname",
    "number": "ZQnumber",
    "town": "ZQtown",
    "born": "19[0-9]{2}-07-31",
    "weight": "9173451[0-9]{2}|9173452[0-1][0-9]",
    "illness": "ZQillness",
    "score": "628190[0-9]{3}",
    "note": "ZQnote",
}
KEPT = ("illness", "score")

SCHEMA = """
niming: schema/1
name: canaries
columns:
  name: {role: direct-identifier, kind: text}
  number: {role: direct-identifier, kind: identifier}
  town: {role: quasi-identifier, kind: categorical}
  born:
    role: quasi-identifier
    kind: date
    hierarchy: {kind: dates, units: [month, year], start: 1900-01-01, end: 2000-12-31}
  weight:
    role: quasi-identifier
    kind: integer
    hierarchy: {kind: intervals, lower: 917345000, upper: 917346000, widths: [500]}
  illness: {role: sensitive, kind: categorical}
  score: {role: insensitive, kind: integer}
  note: {role: insensitive, kind: text}
"""

POLICY = """
niming: policy/1
id: house
version: "1"
title: {zh: 本, en: house}
kind: desensitised-sample
max_suppression: 0.05
requirements:
  - {id: k, title: {zh: k, en: k}, measure: k_anonymity.k, at_least: 3}
  - {id: s, title: {zh: s, en: s}, measure: sampling.fraction, at_most: 0.9}
"""


def rows() -> dict[str, list[Any]]:
    return {
        "name": [f"ZQname{i}" for i in range(N)],
        "number": [f"ZQnumber{i}" for i in range(N)],
        "town": [f"ZQtown{i}" for i in range(N)],
        "born": [f"19{i % 80 + 10:02}-07-31" for i in range(N)],
        "weight": [917345100 + i for i in range(N)],
        "illness": [f"ZQillness{i % 3}" for i in range(N)],
        "score": [628190100 + i % 7 for i in range(N)],
        "note": [f"ZQnote{i}, 张三 said" for i in range(N)],
    }


def found(text: str, columns: Any = MARKS) -> list[str]:
    """Return the columns whose markers stand in `text`, however it is escaped or wrapped."""
    flat = re.sub(r"\s+", "", text)
    return [c for c in columns if re.search(MARKS[c], text) or re.search(MARKS[c], flat)]


@pytest.fixture
def desk(
    tmp_path: Path,
    at_home: Path,
    plain_report: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    monkeypatch.setenv("NIMING_LEDGER", str(tmp_path / "domain.jsonl"))
    monkeypatch.chdir(tmp_path)
    pd.DataFrame(rows()).to_csv("t.csv", index=False)
    Path("s.yaml").write_text(SCHEMA, "utf-8")
    Path("p.yaml").write_text(POLICY, "utf-8")
    return tmp_path


@pytest.fixture
def run(
    desk: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., int]]:
    """Run a command, in English and Chinese by turns; whatever it says is searched."""
    caplog.set_level(logging.DEBUG)

    langs = itertools.cycle(["en", "zh"])

    def ask(*words: str) -> int:
        monkeypatch.setenv("NIMING_LANG", next(langs))
        code = main(list(words))
        out, err = capfd.readouterr()
        assert not found(out), f"stdout of {words}"
        assert not found(err), f"stderr of {words}"
        assert not found(caplog.text), f"log of {words}"
        assert "unexpected" not in err, err
        return code

    yield ask
    log = desk / "domain.jsonl"
    assert not log.exists() or not found(log.read_text("utf-8"))


MAKE = ("anonymize", "t.csv", "--schema", "s.yaml", "--policy", "p.yaml", "--seed", "1")


def test_the_markers_are_found_where_they_stand(desk: Path) -> None:
    """The search itself works, also on escaped text."""
    text = (desk / "t.csv").read_text("utf-8")
    assert found(text) == list(MARKS)
    assert found(json.dumps(rows())) == list(MARKS)
    assert found("\n".join("ZQillness1")) == ["illness"]


@pytest.mark.slow
def test_every_command_on_the_way_to_a_certificate(run: Callable[..., int], desk: Path) -> None:
    assert run("scan", "t.csv", "--out", "proposed.yaml") == 0
    assert run("scan", "t.csv") == 0
    assert run("scan", "t.csv", "--json") == 0
    assert not found((desk / "proposed.yaml").read_text("utf-8"))
    assert run("plan", "t.csv", "--policy", "p.yaml") in (0, 1)
    for _language in range(2):
        assert run("plan", "t.csv", "--schema", "s.yaml", "--policy", "p.yaml") == 0
    assert run("plan", "t.csv", "--schema", "s.yaml", "--policy", "p.yaml", "--json") == 0
    assert run(*MAKE, "--sample", "0.8", "--out", "out") == 0
    assert run(*MAKE, "--sample", "0.8", "--out", "again", "--json") == 0
    assert run("certify", "out", "--original", "t.csv") == 0
    attacked = ("certify", "out", "--original", "t.csv", "--attacks", "--seed")
    assert run(*attacked, "1", "--json") == 0
    assert not found((desk / "out" / "evidence.json").read_text("utf-8"))
    assert run(*attacked, "2") == 2
    assert run("certify", "out", "--original", "t.csv", "--json") == 0
    assert run("keygen", "key.pem") == 0
    assert run("trust", "add", "key.pem.pub") == 0
    assert run("sign", "out", "--key", "key.pem", "--scenario", "SC-1", "--json") == 0
    for more in ((), ("--json",), ("--scenario", "SC-2"), ("--at", "2099-01-01")):
        run("verify", "out", *more)
    assert run("report", "out", "--out", "copy.html") == 0
    assert run("report", "out", "--json") == 0
    assert run("revoke", "out", "--key", "key.pem", "--reason", "test") == 0
    for command in ("show", "verify", "checkpoint"):
        assert run("ledger", command, "domain.jsonl") == 0
    assert run("ledger", "show", "domain.jsonl", "--json") == 0
    assert run("sample", "t.csv", "--n", "9", "--seed", "1", "--out", "few.csv", "--json") == 0
    assert run("sample", "t.csv", "--n", "9", "--by", "illness", "--out", "few.parquet") == 0
    assert run("synthesize", "s.yaml", "--n", "9", "--out", "made.csv") == 0
    assert not found((desk / "made.csv").read_text("utf-8"), ("name", "town", "illness", "note"))
    for name in ("evidence.json", "manifest.json", "certificate.json", "policy.yaml"):
        assert not found((desk / "out" / name).read_text("utf-8")), name
    gone = [c for c in MARKS if c not in KEPT]
    for page in ("out/report.html", "copy.html"):
        assert not found((desk / page).read_text("utf-8"), gone), page


@pytest.mark.slow
def test_a_target_and_the_models_trained_on_it(run: Callable[..., int], desk: Path) -> None:
    assert run(*MAKE, "--sample", "0.8", "--target", "illness", "--out", "out") == 0
    assert not found((desk / "out" / "evidence.json").read_text("utf-8"))


@pytest.mark.slow
def test_a_release_that_fails_shows_nothing(run: Callable[..., int], desk: Path) -> None:
    """Not sampled, then raw: every file but the data is free of markers."""
    assert run(*MAKE, "--out", "out") == 1
    raw = ("certify", "t.csv", "--schema", "s.yaml", "--policy", "p.yaml", "--out", "raw")
    assert run(*raw) == 1
    assert run("certify", "raw", "--original", "t.csv", "--json") == 1
    assert run("report", "raw", "--out", "copy.html") == 0
    assert run("keygen", "key.pem") == 0
    assert run("sign", "raw", "--key", "key.pem", "--scenario", "SC-1") == 1
    assert run("verify", "raw") == 2
    pages = [desk / "copy.html", *(desk / "out").iterdir(), *(desk / "raw").iterdir()]
    for page in pages:
        if page.suffix != ".parquet":
            assert not found(page.read_text("utf-8")), page


TABLE = "\n".join(
    ",".join(f'"{v}"' if "," in str(v) else str(v) for v in row)
    for row in [tuple(rows()), *zip(*rows().values(), strict=True)]
)

SPOILT_TABLES: dict[str, tuple[str, str | bytes]] = {
    "ragged": ("t.csv", TABLE + "\nZQname1,ZQtown1\n"),
    "too many fields": ("t.csv", TABLE + "\n" + ",".join(["ZQname9"] * 12) + "\n"),
    "an open quote": ("t.csv", TABLE + '\n"ZQname1,ZQnumber2,ZQtown3\n'),
    "another delimiter": ("t.csv", TABLE.replace(",", "^")),
    "mixed encodings": ("t.csv", TABLE.encode() + "ZQname镇,".encode("gb18030") + b"\xff\n"),
    "UTF-16": ("t.csv", TABLE.encode("utf-16")),
    "zero bytes": ("t.csv", TABLE.replace("ZQtown7,", "ZQtown7\0,")),
    "no parquet": ("t.parquet", TABLE),
    "no arrow": ("t.arrow", TABLE),
    "no excel": ("t.xlsx", TABLE),
    "half a parquet": ("t.parquet", b"PAR1" + TABLE.encode()),
    "a number of another kind": ("t.csv", TABLE.replace("917345101", "ZQtown917345101")),
    "a date of another kind": ("t.csv", TABLE.replace("1910-07-31", "ZQtown 31.7.1910")),
    "a value beyond the intervals": ("t.csv", TABLE.replace("917345101", "917345101777")),
    "a date beyond the hierarchy": ("t.csv", TABLE.replace("1910-07-31", "2910-07-31")),
    "two columns alike": ("t.csv", TABLE.replace("number,town", "town,town", 1)),
    "two rows": ("t.csv", "\n".join(TABLE.splitlines()[:3]) + "\n"),
    "missing throughout": ("t.csv", re.sub("ZQtown[0-9]+", "", TABLE)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(SPOILT_TABLES))
def test_tables_with_something_wrong(run: Callable[..., int], desk: Path, name: str) -> None:
    file, content = SPOILT_TABLES[name]
    Path(file).write_bytes(content.encode() if isinstance(content, str) else content)
    run("scan", file)
    run("sample", file, "--n", "2", "--out", "few.csv")
    described = ("--schema", "s.yaml", "--policy", "p.yaml", "--out")
    assert run("anonymize", file, *described, "out") in (1, 2)
    assert run("certify", file, *described, "raw") in (1, 2)
    Path("few.csv").unlink(missing_ok=True)


HIERARCHIES: dict[str, tuple[str, str]] = {
    "lacks values": ("h.csv", "ZQtown0;*\n"),
    "is no tree": ("h.csv", "ZQtown0;a;x\nZQtown1;a;y\n"),
    "is ragged": ("h.csv", "ZQtown0;a;x\nZQtown1\n"),
    "tells a value twice": ("h.csv", "ZQtown0;a\nZQtown0;b\n"),
    "is empty": ("h.csv", ""),
    "is another file": ("h.csv", "\0ZQtown0\0"),
}


@pytest.mark.parametrize("name", list(HIERARCHIES))
def test_hierarchies_with_something_wrong(run: Callable[..., int], desk: Path, name: str) -> None:
    file, content = HIERARCHIES[name]
    Path(file).write_text(content, "utf-8")
    kind = "kind: categorical}\n  born"
    Path("s.yaml").write_text(
        SCHEMA.replace(kind, f"kind: categorical, hierarchy: {file}}}\n  born"), "utf-8"
    )
    assert run(*MAKE, "--out", "out") == 2
    assert run("synthesize", "s.yaml", "--n", "3", "--out", "made.csv") in (0, 2)


WORDS: dict[str, tuple[str, ...]] = {
    "k out of reach": (*MAKE, "--sample", "0.02", "--out", "out"),
    "an absent target": (*MAKE, "--target", "ilness", "--out", "out"),
    "a target that is generalised": (*MAKE, "--target", "town", "--out", "out"),
    "too many records": ("sample", "t.csv", "--n", "999", "--out", "few.csv"),
    "a fraction above 1": ("sample", "t.csv", "--fraction", "1.5", "--out", "few.csv"),
    "more strata than records": (
        *("sample", "t.csv", "--n", "2", "--by", "name", "--out", "few.csv"),
    ),
    "an absent stratum": ("sample", "t.csv", "--n", "2", "--by", "tovn", "--out", "few.csv"),
    "another format": ("sample", "t.csv", "--n", "2", "--out", "few.docx"),
    "data as a schema": ("plan", "t.csv", "--schema", "t.csv", "--policy", "p.yaml"),
    "data as a policy": ("plan", "t.csv", "--schema", "s.yaml", "--policy", "t.csv"),
    "data as a scenario": (
        *("certify", "t.csv", "--schema", "s.yaml", "--policy", "p.yaml", "--out", "o"),
        *("--scenario", "t.csv.yaml"),
    ),
    "data as a key": ("sign", "t.csv", "--key", "t.csv"),
    "data as a public key": ("verify", ".", "--trust", "t.csv"),
    "data as a release": ("certify", "t.csv"),
    "data as a ledger": ("ledger", "verify", "t.csv"),
    "data as a ledger to be shown": ("ledger", "show", "t.csv"),
    "data as a checkpoint": ("ledger", "verify", "t.csv", "--since", "t.csv"),
    "data as a certificate": ("verify", "t.csv"),
    "a copula": ("synthesize", "s.yaml", "--fit", "t.csv", "--n", "3", "--out", "made.txt"),
}


@pytest.mark.parametrize("name", list(WORDS))
def test_commands_with_something_wrong(run: Callable[..., int], desk: Path, name: str) -> None:
    shutil.copy("t.csv", "t.csv.yaml")
    Path("t.csv").chmod(0o600)
    assert run(*WORDS[name]) in ((0, 2) if name == "more strata than records" else (1, 2))


@pytest.mark.slow
def test_data_as_parts_of_a_release(run: Callable[..., int], desk: Path) -> None:
    assert run(*MAKE, "--sample", "0.8", "--out", "out") == 0
    for name in ("manifest.json", "evidence.json", "policy.yaml", "data.parquet"):
        shutil.copytree("out", "spoilt")
        shutil.copy("t.csv", f"spoilt/{name}")
        assert run("certify", "spoilt", "--original", "t.csv") in (0, 1, 2)
        assert run("report", "spoilt") in (0, 2)
        shutil.rmtree("spoilt")


def test_a_defect_withholds_its_text(
    desk: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that nobody foresaw may quote anything; its kind and place are told."""

    def fails(*_: object) -> None:
        try:
            raise KeyError("ZQname1")
        except KeyError as error:
            raise ValueError("cannot parse ZQname1") from error

    monkeypatch.setattr(niming, "open", fails)
    assert main(["scan", "t.csv"]) == 2
    out, err = capfd.readouterr()
    assert not found(out + err)
    assert "unexpected ValueError at test_canary.py" in " ".join(err.split())


@pytest.mark.parametrize("passes", [True, False])
def test_every_section_of_the_report(desk: Path, passes: bool) -> None:
    """All families of measures, the charts in words, and the attacks, on a page of a release."""
    policy = Policy(POLICY if passes else POLICY.replace("at_least: 3", "at_least: 99"))
    made = niming.open(rows(), Schema.from_yaml("s.yaml")).plan(Policy(POLICY))
    evidence = certify(made.apply(sample=0.8, seed=1), policy, attacks=True)
    assert evidence.passed == passes
    assert evidence.content["attacks"]["lines"]
    assert not found(json.dumps(evidence.content))
    for lang in ("zh", "en"):
        assert not found(evidence.in_language(lang).html())


class TestPython:
    """The same through the library: what shows itself, what is raised, what can be kept."""

    @pytest.fixture
    def schema(self, desk: Path) -> Schema:
        return Schema.from_yaml("s.yaml")

    def test_what_shows_itself(self, desk: Path, schema: Schema) -> None:
        frame = pd.DataFrame(rows())
        sealed = niming.open(frame, schema)
        plan = sealed.plan(Policy(POLICY))
        release = plan.apply(seed=1)
        evidence = release.evidence()  # fails: it is not sampled
        assert not evidence.passed
        found_in = niming.open(frame).scan()
        table = niming.read(frame)
        counts = niming.tables.count(frame, ["town", "illness"])
        classes = counts.classes(["town"])
        assessment = niming.risk.assess(
            frame, quasi_identifiers=["town", "born"], sensitive=["illness"]
        )
        drawn = niming.sampling.simple(frame, n=5, seed=1)
        model = niming.anonymize.FullDomain(["weight"], schema.hierarchies, k=3).fit(frame)
        compared = niming.utility.compare(frame, frame, columns=["town", "illness"])
        shown: list[object] = [
            *(sealed, plan, release, evidence, found_in, table, counts, classes, assessment),
            *(drawn, model, compared, schema, plan.policy, plan.forecast),
            *(assessment.anonymity, classes.spectrum("illness"), plan.to_dict()),
            *(release.manifest(), evidence.content, evidence.failures, found_in.to_dict()),
            *(assessment.to_dict(), compared.to_dict(), found_in.schema().to_dict()),
            *(niming.synth.Dummy(schema), model.recoding_, schema.hierarchies["born"]),
            *(plan.explain("zh"), plan.explain("en"), found_in.frame().to_csv()),
            *(assessment.frame().to_csv(), drawn.record()),
        ]
        for thing in shown:
            text = f"{thing!r}{thing!s}"
            html = getattr(thing, "_repr_html_", None)
            if callable(html) and not isinstance(thing, niming.anonymize.FullDomain):
                text += html()
            assert not found(text), type(thing).__name__

    def test_what_cannot_be_kept(self, desk: Path, schema: Schema) -> None:
        sealed = niming.open(rows(), schema)
        plan = sealed.plan(Policy(POLICY))
        for thing in (sealed, plan, plan.apply(seed=1), niming.read(rows())):
            with pytest.raises((TypeError, ValueError)):
                pickle.dumps(thing)
            assert not found(self.told(lambda t=thing: pickle.dumps(t)))

    ATTEMPTS: tuple[tuple[str, Callable[[dict[str, Any], Schema], object]], ...] = (
        ("head", lambda t, s: niming.open(t, s).head()),
        ("to_csv", lambda t, s: niming.open(t, s).to_csv()),
        ("iteration", lambda t, s: list(niming.open(t, s))),
        ("absent column", lambda t, s: niming.risk.k_anonymity(t, quasi_identifiers=["twn"])),
        ("role twice", lambda t, s: niming.risk.assess(
            t, quasi_identifiers=["town"], sensitive=["town"])),
        ("ordered t of texts", lambda t, s: niming.risk.t_closeness(
            t, quasi_identifiers=["town"], sensitive="illness", distance="ordered")),
        ("a column too short", lambda t, s: niming.read({**t, "town": ["ZQtown1"]})),
        ("mixed types", lambda t, s: niming.read({**t, "score": ["ZQillness1", 2.5] * (N // 2)})),
        ("nested", lambda t, s: niming.read({**t, "score": [["ZQillness1"]] * N}).arrow()),
        ("no such hierarchy", lambda t, s: niming.anonymize.FullDomain(
            ["town"], {"town": niming.anonymize.Hierarchy.from_rows([("ZQtown0", "*")])}
        ).fit(t)),
        ("no numbers", lambda t, s: niming.anonymize.Hierarchy.intervals(0, 9, 3).generalise(
            ["ZQtown1", 917345100], 1)),
        ("no dates", lambda t, s: s.hierarchies["born"].generalise(["ZQtown1"], 1)),
        ("k too large", lambda t, s: niming.anonymize.FullDomain(
            ["weight"], s.hierarchies, k=999).fit(t)),
        ("unseen values", lambda t, s: niming.anonymize.FullDomain(
            ["weight"], s.hierarchies, k=3).fit(t).recoding_.apply({"weight": [917349999]})),
        ("not its schema", lambda t, s: niming.open({**t, "weight": t["town"]}, s)),
        ("compared with another table", lambda t, s: niming.utility.compare(
            t, {"town": ["ZQtown1"], "other": ["ZQnote1"]}, columns=["illness"])),
        ("a target of one value", lambda t, s: niming.utility.compare(
            t, {**t, "illness": ["ZQillness1"] * N}, target="illness")),
        ("strata too small", lambda t, s: niming.sampling.stratified(t, by=["name"], n=3, seed=1)),
        ("noise without categories", lambda t, s: niming.anonymize.dp.histogram(
            t, "illness", categories=["ZQillness0"], epsilon=1.0,
            budget=niming.anonymize.dp.Budget(1.0))),
        ("not a table", lambda t, s: niming.read("ZQname1-is-no-file.csv".replace("ZQname1", "x"))),
        ("a release of raw cells", lambda t, s: Release.of(
            {**t, "weight": t["town"]}, s, Policy(POLICY), name="x")),
    )  # fmt: skip

    @pytest.mark.parametrize("name", [name for name, _ in ATTEMPTS])
    @pytest.mark.filterwarnings("always")
    def test_what_is_raised(
        self,
        desk: Path,
        schema: Schema,
        name: str,
        recwarn: pytest.WarningsRecorder,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        caplog.set_level(logging.DEBUG)
        attempt = dict(self.ATTEMPTS)[name]
        told = self.told(lambda: attempt(rows(), schema))
        told += caplog.text + "".join(str(w.message) for w in recwarn) + "".join(capfd.readouterr())
        assert not found(told)

    @staticmethod
    def told(attempt: Callable[[], object]) -> str:
        """Return the traceback without the lines of source, which quote this file."""
        try:
            attempt()
        except Exception as error:  # noqa: BLE001 (whatever it is, its text is searched)
            parts, seen = [], error
            while seen is not None:
                parts += traceback.format_exception_only(seen)
                seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
            return "".join(parts)
        return ""
