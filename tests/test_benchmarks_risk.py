"""The risk benchmark at a tiny size: rivals agree, and a speed without equal answers is refused."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

benchmarks = pytest.importorskip("benchmarks", reason="run from a checkout, not from the wheel")

from benchmarks import risk  # noqa: E402
from benchmarks.__main__ import BENCHMARKS, main  # noqa: E402
from benchmarks.contest import Entry, contest, disagreements, lines, seconds, versions  # noqa: E402


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("benchmark") / "register.parquet"
    risk.generate(path, 3000, seed=1)
    return path


def entry(rival: str, answer: dict[str, float]) -> Entry:
    return Entry(rival, (1.0, 2.0, 3.0), 4.0, 1.5, 10**8, answer, {"numpy": "2"})


def test_rivals_agree_on_every_number(register: Path) -> None:
    entries = []
    for rival in risk.RIVALS:
        module = importlib.import_module(f"benchmarks.rivals.{rival}")
        found = module.answer(str(register), list(risk.QUASI_IDENTIFIERS), risk.SENSITIVE)
        entries.append(entry(rival, found))
    assert disagreements(entries) == []
    ours = entries[0].answer
    assert all(len(e.answer.keys() & ours.keys()) == len(e.answer) >= 9 for e in entries[1:])


def test_the_same_seed_writes_the_same_table(register: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.parquet"
    risk.generate(again, 3000, seed=1)
    assert again.read_bytes() == register.read_bytes()


def test_a_run_in_processes_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "risk.json"
    assert main(["risk", "--rows", "500", "--repeats", "1", "--json", str(out)]) == 0
    told = json.loads(out.read_text())
    assert [r["rival"] for r in told["rivals"]] == list(risk.RIVALS)
    assert all(r["median_s"] > 0 and r["peak_bytes"] > 10**7 for r in told["rivals"])
    assert told["compared"] == {"duckdb_sql": 9, "pandas_groupby": 19}
    printed = capsys.readouterr().out
    assert all(len(line) <= 100 for line in printed.splitlines())
    assert str(tmp_path) not in printed


def test_no_speed_without_equal_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    good = entry("niming_assess", {"k_anonymity.k": 1, "k_anonymity.n_classes": 9})
    bad = replace(good, rival="duckdb_sql", answer={"k_anonymity.k": 2})
    monkeypatch.setattr(risk, "contest", lambda *a, **k: [good, bad])
    out = tmp_path / "risk.json"
    assert risk.main(["--rows", "10", "--json", str(out)]) == 1
    told = capsys.readouterr()
    assert "differ in k_anonymity.k" in told.err
    assert told.out == ""
    assert not out.exists()


def test_nothing_in_common_is_a_disagreement() -> None:
    assert disagreements([entry("a", {"x": 1}), entry("b", {"y": 1})])
    assert not disagreements([entry("a", {"x": 1, "z": 2}), entry("b", {"x": 1 + 1e-12})])


def test_lines_fit(capsys: pytest.CaptureFixture[str]) -> None:
    entries = [
        replace(
            entry(name, {"x": 1}),
            seconds=(1234.5, 250.5),
            first_s=1e4,
            cpu_s=1e4,
            peak_bytes=10**11,
        )
        for name in risk.RIVALS
    ]
    assert all(len(line) <= 100 for line in lines(entries, risk.RIVALS))
    assert [seconds(s) for s in (0.01234, 12.34, 1234.5)] == ["0.012", "12.3", "1234"]
    many = [replace(e, versions={f"package{i}": "1.2.3" for i in range(30)}) for e in entries]
    assert max(map(len, versions(many).splitlines())) <= 100
    assert main([]) == 0
    assert all(name in capsys.readouterr().out for name in ("risk",))
    assert main(["nonsense"]) == 2
    assert set(BENCHMARKS) >= {"risk"}


def test_pandas_sits_out_the_largest_tables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[list[str]] = []

    def noted(rivals: list[str], *_: object, **__: object) -> list[Entry]:
        asked.append(list(rivals))
        return [entry(name, {"k_anonymity.n_classes": 1}) for name in rivals]

    monkeypatch.setattr(risk, "contest", noted)
    monkeypatch.setattr(risk, "generate", lambda *_: None)
    for arguments in (
        ["--rows", "20000000"],
        ["--rows", "100000000"],
        ["--rows", "100000000", "--rivals", "pandas_groupby"],
    ):
        assert risk.main(arguments) == 0
    ours, bare, frames = risk.RIVALS
    assert asked == [[ours, bare, frames], [ours, bare], [ours, frames]]
    assert "100,000,000 rows" in capsys.readouterr().out


def test_a_rival_that_stops_is_told() -> None:
    task = {"path": "absent.parquet", "quasi_identifiers": ["a"], "sensitive": "b"}
    with pytest.raises(RuntimeError, match="the rival duckdb_sql stopped"):
        contest(["duckdb_sql"], task, repeats={"duckdb_sql": 1})


def test_sizes_below_one_are_usage_errors() -> None:
    with pytest.raises(SystemExit) as caught:
        risk.main(["--rows", "0"])
    assert caught.value.code == 2
