"""Bad input at the command line: a clear error, the fix, the right exit code, nothing half-written.

Every table holds a marker in its cells; no message may show it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from niming.cli import main

MARK = "ZQ7731"

SCHEMA = """
niming: schema/1
name: people
columns:
  town: {role: quasi-identifier, kind: categorical}
  age:
    role: quasi-identifier
    kind: integer
    hierarchy: {kind: intervals, lower: 0, upper: 120, widths: [5, 10, 40]}
  illness: {role: sensitive, kind: categorical}
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
"""


def rows(n: int, *, towns: int = 2, age: Callable[[int], object] = lambda i: 20 + i % 7) -> str:
    lines = [f"{MARK}t{i % towns},{age(i)},{MARK}i{i % 3}" for i in range(n)]
    return "town,age,illness\n" + "\n".join(lines) + "\n"


@dataclass
class Desk:
    """A folder with a good table, schema and policy, to be spoilt one at a time."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, *words: object) -> tuple[int, str]:
        code = main([str(w) for w in words])
        captured = self.capsys.readouterr()
        told = captured.out + captured.err
        assert MARK not in told, "a cell was shown"
        return code, " ".join(told.split())

    def anonymize(self, *more: object) -> tuple[int, str]:
        return self.run(
            "anonymize", self.folder / "t.csv", "--schema", self.folder / "s.yaml",
            "--policy", self.folder / "p.yaml", "--out", self.folder / "out", *more,
        )  # fmt: skip

    def nothing_left(self) -> bool:
        out = self.folder / "out"
        return not out.exists() or not any(out.iterdir())


@pytest.fixture
def desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.setenv("NIMING_LANG", "en")
    monkeypatch.setenv("NIMING_HOME", str(tmp_path / "home"))
    made = Desk(tmp_path, capsys)
    made.write("t.csv", rows(60))
    made.write("s.yaml", SCHEMA)
    made.write("p.yaml", POLICY)
    return made


def test_the_good_case_passes(desk: Desk) -> None:
    code, told = desk.anonymize()
    assert code == 0, told
    assert (desk.folder / "out" / "report.html").exists()


BAD_TABLES: dict[str, tuple[str | bytes | None, str]] = {
    "missing file": (None, "t.csv"),
    "empty file": ("", "empty"),
    "header only": ("town,age,illness\n", "no rows"),
    "wrong delimiter": (rows(60).replace(",", "^"), "delimiter"),
    "mixed encodings": (
        rows(60).encode() + "镇,30,流感\n".encode() + "镇,30,流感\n".encode("gb18030") + b"\xff\n",
        "encoding",
    ),
    "duplicate column names": (rows(60).replace("town,age", "age,age"), "'age'"),
    "no such column": (rows(60).replace("illness", "disease"), "'illness'"),
    "all missing": ("town,age,illness\n" + f",30,{MARK}\n" * 60, "'town'"),
    "k larger than the table": (rows(2), "2"),
    "ragged": (rows(60) + f"{MARK},1,2,3,4\n", "line"),
    "a value outside the hierarchy": (rows(60, age=lambda i: 200 if i == 7 else 30), "1 of"),
}


@pytest.mark.parametrize("name", list(BAD_TABLES))
def test_bad_tables(desk: Desk, name: str) -> None:
    content, told = BAD_TABLES[name]
    if content is None:
        (desk.folder / "t.csv").unlink()
    else:
        desk.write("t.csv", content)
    code, said = desk.anonymize()
    assert code in (1, 2), said
    assert told in said
    if code == 2 or "error:" in said:
        assert "hint:" in said
        assert desk.nothing_left()


def test_all_rows_unique_are_generalised_until_they_are_not(desk: Desk) -> None:
    desk.write("t.csv", rows(60, towns=60, age=lambda i: 20 + i))
    code, said = desk.anonymize()
    assert code == 0
    assert "≥ 3" in said


def test_all_rows_identical_is_released(desk: Desk) -> None:
    desk.write("t.csv", rows(60, towns=1, age=lambda _: 30))
    assert desk.anonymize()[0] == 0


def test_k_out_of_reach_says_the_best_k(desk: Desk) -> None:
    desk.write("p.yaml", POLICY.replace("at_least: 3", "at_least: 50"))
    # Neither column can be withheld: the hierarchies stop below the top.
    desk.write(
        "s.yaml",
        SCHEMA.replace(
            "kind: categorical}\n  age",
            "kind: categorical, hierarchy: {kind: table, rows: ["
            f"[{MARK}t0, {MARK}t0], [{MARK}t1, {MARK}t1]]}}}}\n  age",
        ),
    )
    code, said = desk.anonymize()
    assert code == 1
    assert "the best is k = 30" in said
    assert desk.nothing_left()


def test_a_policy_names_an_absent_column(desk: Desk) -> None:
    desk.write("p.yaml", POLICY.replace("k_anonymity.k", '"l_diversity.distinct[ilness]"'))
    code, said = desk.anonymize()
    assert code == 2
    assert "'ilness' -> 'illness'" in said
    assert desk.nothing_left()


@pytest.mark.parametrize(
    ("rows_of_it", "told"),
    [
        pytest.param(f"{MARK}t0;a;x\n{MARK}t1;a;y\n", "level", id="no tree"),
        pytest.param(f"{MARK}t0;*\n", "lacks 1 of 2", id="lacks a value"),
    ],
)
def test_a_hierarchy_that_cannot_be_used(desk: Desk, rows_of_it: str, told: str) -> None:
    desk.write("h.csv", rows_of_it)
    desk.write(
        "s.yaml",
        SCHEMA.replace("kind: categorical}\n  age", "kind: categorical, hierarchy: h.csv}\n  age"),
    )
    code, said = desk.anonymize()
    assert code == 2
    assert told in said
    assert desk.nothing_left()


class TestKeys:
    @pytest.fixture
    def released(self, desk: Desk) -> Desk:
        assert desk.anonymize()[0] == 0
        assert desk.run("keygen", desk.folder / "k.pem")[0] == 0
        return desk

    def sign(self, desk: Desk, key: str = "k.pem") -> tuple[int, str]:
        return desk.run(
            "sign", desk.folder / "out", "--key", desk.folder / key, "--scenario", "SC-1"
        )

    def refused(self, desk: Desk, key: str, told: str) -> None:
        code, said = self.sign(desk, key)
        assert code == 2
        assert told in said
        assert "hint:" in said
        assert not (desk.folder / "out" / "certificate.json").exists()

    def test_no_such_key(self, released: Desk) -> None:
        self.refused(released, "none.pem", "none.pem")

    def test_unreadable_key(self, released: Desk) -> None:
        key = released.write("bad.pem", b"\x00\x01")
        key.chmod(0o600)
        code, said = self.sign(released, "bad.pem")
        assert code == 2
        assert "bad.pem" in said
        assert "hint:" in said

    def test_key_readable_by_others(self, released: Desk) -> None:
        (released.folder / "k.pem").chmod(0o644)
        self.refused(released, "k.pem", "k.pem")

    def test_a_key_is_not_overwritten(self, released: Desk) -> None:
        before = (released.folder / "k.pem").read_bytes()
        assert released.run("keygen", released.folder / "k.pem")[0] == 2
        assert (released.folder / "k.pem").read_bytes() == before


def test_a_full_disk_leaves_nothing(desk: Desk) -> None:
    """A limit on file size stands for a full disk: the write fails half-way."""
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "from niming.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "anonymize", "t.csv", "--schema", "s.yaml", "--policy",
         "p.yaml", "--out", "out"],
        cwd=desk.folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, said
    assert "hint:" in said
    assert MARK not in said
    assert not (desk.folder / "out").exists()
    assert not list(desk.folder.glob(".out*"))


@pytest.mark.slow
def test_ctrl_c_leaves_nothing(desk: Desk) -> None:
    """SIGINT at several moments of the work: exit 130, and no file of a release."""
    desk.write("t.csv", rows(400_000, towns=40, age=lambda i: 20 + i % 90))
    for delay in (0.8, 1.6, 2.4):
        process = subprocess.Popen(
            [sys.executable, "-m", "niming", "anonymize", "t.csv", "--schema", "s.yaml",
             "--policy", "p.yaml", "--out", "out"],
            cwd=desk.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"NIMING_LANG": "en"},
        )  # fmt: skip
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert MARK not in out + err
        assert "Traceback" not in err
        if process.returncode == 0:  # it was faster than the signal
            break
        assert process.returncode in (130, -signal.SIGINT), err
        assert not list((desk.folder / "out").glob("evidence.json"))
        assert not list(desk.folder.glob("out/.*"))
