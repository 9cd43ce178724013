"""The command line: help, exit codes, JSON, two languages, lines that fit, the demonstration."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer.main
from rich.cells import cell_len

from niming.cli import main
from niming.cli.app import app

USE = "SC-2026-014"
ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.usefixtures("at_home", "plain_report")


@pytest.fixture
def desk(town: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the town's table, schema and policy, a signed and an unsigned release."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(town.table), tmp_path / "t.parquet")
    for name in ("schema.yaml", "policy.yaml", "agency.pem", "agency.pem.pub"):
        shutil.copy(town.folder / name, tmp_path / name)
    for name in ("signed", "unsigned"):
        shutil.copytree(getattr(town, name), tmp_path / name)
    (tmp_path / "answers.yaml").write_text("recipients: public\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commands() -> Iterator[tuple[str, ...]]:
    """Yield every command and group, as the words that call it."""

    def below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield words
        for name, sub in getattr(command, "commands", {}).items():
            yield from below(sub, (*words, name))

    yield from below(typer.main.get_command(app), ())


@pytest.mark.parametrize("words", list(commands()), ids=lambda words: " ".join(words) or "niming")
def test_help(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--help"]) == 0
    told = capsys.readouterr().out
    assert "Usage: niming" in told
    if words:
        after = told.split("\n\n")[1].strip()
        assert after[0].isupper(), "the first line says what the command does"
    assert max(map(cell_len, told.splitlines())) <= 100


def test_the_commands_are_those_that_the_readme_names() -> None:
    told = (ROOT / "README.md").read_text("utf-8")
    blocks = "\n".join(re.findall(r"```\w*\n(.*?)```", told, re.S))
    named = set(re.findall(r"^niming ([\w-]+)", blocks, re.M))
    named |= set(re.findall(r"`niming ([\w-]+)[ `]", told))
    there = {words[0] for words in commands() if words}
    assert named <= there
    assert {"scan", "plan", "anonymize", "certify", "sign", "verify", "revoke", "demo"} <= there


class TestExitCodes:
    @pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 130])
    def test_the_readme_tells_them(self, code: int) -> None:
        for name in ("README.md", "README.zh-CN.md"):
            assert re.search(rf"^\| {code} \|", (ROOT / name).read_text("utf-8"), re.M)

    @pytest.mark.parametrize(
        "words",
        [["nonsense"], ["verify"], ["verify", "x", "--nonsense"], ["sample", "t", "--n", "many"]],
    )
    def test_wrong_usage(self, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        assert main(words) == 2
        captured = capsys.readouterr()
        assert "Usage" in captured.err
        assert captured.out == ""

    def test_nothing_asked_shows_help(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([]) == 2
        captured = capsys.readouterr()
        assert "Usage: niming" in captured.out + captured.err

    def test_refused_by_a_policy(self, desk: Path) -> None:
        assert main(["certify", "unsigned"]) == 1  # without the original

    def test_certify_and_sign_at_once(self, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
        words = ["certify", "unsigned", "--original", "t.parquet", "--key", "agency.pem"]
        assert main([*words, "--scenario", USE, "--officer", "reviewer 2"]) == 0
        assert USE in capsys.readouterr().out
        assert main(["verify", "unsigned", "--trust", "agency.pem.pub", "--scenario", USE]) == 0
        assert main(["verify", "unsigned", "--trust", "agency.pem.pub", "--scenario", "SC"]) == 4
        assert main([*words, "--scenario", USE]) == 2  # certified already

    def test_a_release_that_fails_is_not_signed(self, desk: Path) -> None:
        words = ["certify", "unsigned", "--key", "agency.pem", "--scenario", USE]
        assert main(words) == 1
        assert not Path("unsigned/certificate.json").exists()

    def test_a_changed_ledger(self, desk: Path) -> None:
        assert main(["ledger", "verify", "signed"]) == 0
        log = Path("signed/ledger.jsonl")
        log.write_bytes(log.read_bytes().replace(b"reviewer 1", b"reviewer 2"))
        assert main(["ledger", "verify", "signed"]) == 2

    def test_interrupted(self, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("niming.open", interrupt)
        assert main(["scan", "t.parquet"]) == 130

    def test_interrupted_in_compiled_code(
        self, desk: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Numba turns Ctrl-C into a SystemError whose cause it is."""

        def interrupt(*_: object) -> None:
            raise SystemError("returned a result with an exception set") from KeyboardInterrupt()

        monkeypatch.setattr("niming.open", interrupt)
        assert main(["scan", "t.parquet"]) == 130

    def test_a_defect_is_shown_whole_on_demand(
        self, desk: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise ZeroDivisionError("whole text")

        monkeypatch.setattr("niming.open", fail)
        assert main(["scan", "t.parquet"]) == 2
        monkeypatch.setenv("NIMING_DEBUG", "1")
        with pytest.raises(ZeroDivisionError, match="whole text"):
            main(["scan", "t.parquet"])


JSON = {
    "scan": ("scan", "t.parquet"),
    "plan": ("plan", "t.parquet", "--schema", "schema.yaml", "--policy", "policy.yaml"),
    "anonymize": (
        *("anonymize", "t.parquet", "--schema", "schema.yaml", "--policy", "policy.yaml"),
        *("--sample", "0.5", "--seed", "7", "--out", "out"),
    ),
    "assess": ("assess", "t.parquet", "--schema", "schema.yaml"),
    "find-qi": ("find-qi", "t.parquet", "--columns", "district,age,visits"),
    "attack": ("attack", "unsigned", "--original", "t.parquet", "--n-attacks", "100"),
    "certify": ("certify", "unsigned", "--original", "t.parquet"),
    "refused": ("certify", "unsigned"),
    "sign": ("sign", "unsigned", "--key", "agency.pem", "--scenario", USE),
    "verify": ("verify", "signed", "--trust", "agency.pem.pub"),
    "report": ("report", "signed"),
    "sample": ("sample", "t.parquet", "--n", "5", "--seed", "1", "--out", "few.csv"),
    "ledger verify": ("ledger", "verify", "signed"),
    "ledger show": ("ledger", "show", "signed"),
    "trust list": ("trust", "list"),
    "policy list": ("policy", "list"),
    "policy compare": ("policy", "compare", "signed", "--policy", "policy.yaml"),
    "policy answer": (
        *("policy", "answer", "gbt42460-public", "answers.yaml", "--out", "mine.yaml"),
        *("--assume", "worst"),
    ),
}

ELSEWHERE = {"check-model"}
"""Commands whose JSON another file tests: test_cli_model.py."""


@pytest.mark.parametrize("name", list(JSON))
def test_json_is_all_of_the_answer(
    desk: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*JSON[name], "--json"]) == (1 if name == "refused" else 0)

    def no_constant(text: str) -> None:
        raise AssertionError(f"{text} is no JSON")

    assert json.loads(capsys.readouterr().out, parse_constant=no_constant) is not None


def test_every_command_with_json_is_tested() -> None:
    tree = typer.main.get_command(app)
    able = set()
    for words in commands():
        command: Any = tree
        for word in words:
            command = command.commands[word]
        if any("--json" in p.opts for p in command.params):
            able.add(" ".join(words))
    assert able == set(JSON) - {"refused"} | ELSEWHERE


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", list(JSON))
def test_lines_fit_and_speak_the_language(
    desk: Path,
    name: str,
    lang: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NIMING_LANG", lang)
    main(["trust", "add", "agency.pem.pub"])
    main(list(JSON[name]))
    captured = capsys.readouterr()
    told = captured.out + captured.err
    assert max(map(cell_len, told.splitlines())) <= 100
    chinese = re.search(r"[\u4e00-\u9fff]", told) is not None
    if lang == "zh":
        assert chinese
    elif name != "plan":  # the town's policy has a Chinese title only where Chinese is spoken
        assert not chinese


class TestLanguage:
    @pytest.mark.parametrize(
        ("environment", "told"),
        [
            ({"NIMING_LANG": "zh"}, "错误"),
            ({"NIMING_LANG": "en"}, "error"),
            ({"LC_ALL": "zh_CN.UTF-8"}, "错误"),
            ({"LANG": "zh_CN.UTF-8"}, "错误"),
            ({"LANG": "zh_CN.UTF-8", "NIMING_LANG": "en"}, "error"),
            ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "error"),
            ({"NIMING_LANG": "fr", "LANG": "C"}, "error"),
        ],
    )
    def test_is_chosen_by_the_environment(
        self,
        environment: dict[str, str],
        told: str,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        for name in ("NIMING_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        main(["scan", "none.csv"])
        assert told in capsys.readouterr().err

    def test_a_terminal_that_lacks_the_signs(
        self, desk: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An old console cannot write every character; the answer comes all the same."""
        out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["report", "signed"]) == 0
        assert main(["policy", "list", "--json"]) == 0
        out.flush()
        assert b"passed" in out.buffer.getvalue()


def test_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "niming", "version"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, version("niming"), "")


def test_a_reader_that_goes_away() -> None:
    """`niming policy schema | head -1`: no traceback."""
    done = subprocess.run(
        f"{sys.executable} -m niming policy schema | head -1",
        shell=True, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout == "{\n"
    assert done.stderr == ""


def test_policy_show_prints_the_policy_as_it_is(
    town: Any, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "show", "policy.yaml"]) == 0
    assert capsys.readouterr().out == town.policy.source


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_demo(tmp_path: Path) -> None:
    """The first thing that a newcomer runs; afterwards its key is trusted, and verify says so."""
    environment = os.environ | {"NIMING_HOME": str(tmp_path / "home"), "NIMING_LANG": "en"}
    environment.pop("NIMING_LEDGER", None)

    def niming(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "niming", *words],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=500,
        )  # fmt: skip

    done = niming("demo", "--out", "out")
    assert done.returncode == 0, done.stdout + done.stderr
    told = " ".join(done.stdout.split())
    assert "valid" in told
    assert "data.parquet was changed" in told
    assert "refused with exit code 2" in told
    for name in ("data.parquet", "evidence.json", "certificate.json", "report.html"):
        assert (tmp_path / "out" / name).stat().st_size > 0
    assert (tmp_path / "out" / "ledger.jsonl").exists()

    assert niming("verify", "out").returncode == 0
    assert niming("verify", "out", "--scenario", "SC-OTHER").returncode == 4
    with (tmp_path / "out" / "data.parquet").open("r+b") as file:
        file.seek(1000)
        file.write(b"\x01\x02")
    assert niming("verify", "out").returncode == 2
