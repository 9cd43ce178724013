"""The disclosure benchmark at a tiny size: three rivals agree, missing values read both ways."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

benchmarks = pytest.importorskip("benchmarks", reason="run from a checkout, not from the wheel")

from benchmarks import disclosure  # noqa: E402
from benchmarks.__main__ import main  # noqa: E402
from benchmarks.contest import Entry, contest  # noqa: E402

SMALL = ["disclosure", "--rows", "400", "--adult-rows", "300", "--check-rows", "200"]


def in_this_process(rivals: Sequence[str], task: Mapping[str, Any], **_: object) -> list[Entry]:
    """Stand in for `contest`: the same answers, made-up times."""
    out = []
    for name in rivals:
        answer = importlib.import_module(f"benchmarks.rivals.{name}").answer(**task)
        out.append(Entry(name, (1.5, 0.5), 2.0, 1234.5, 10**9, answer, {"numpy": "2.0.0"}))
    return out


def test_three_rivals_agree_under_both_readings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(disclosure, "contest", in_this_process)
    out = tmp_path / "out.json"
    assert main([*SMALL, "--keys", "fine", "--json", str(out)]) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 100
    assert str(tmp_path) not in printed
    assert printed.count("16 numbers agree with NumPy on the first 200 rows") == 6
    runs = json.loads(out.read_text())["runs"]
    assert [len(run["rivals"]) for run in runs] == [2, 2, 2, 2, 2, 1] * 2
    assert all(run["sdcmicro_published_s"] is None for run in runs)  # none of these sizes


def test_a_run_in_processes_of_their_own(tmp_path: Path) -> None:
    found = disclosure.tables(300, 300, keys="city", seed=1)
    table = next(t for t in found if t.label == "city register, matches-anything")
    path = tmp_path / "table.parquet"
    table.rows.to_parquet(path)
    task = {
        "path": str(path),
        "quasi_identifiers": list(table.keys),
        "weight": "weight",
        "household": "household",
        "missing": table.reading,
        "measures": ["risk"],
    }
    ours, theirs = contest(["niming_disclosure", "pandas_disclosure"], task, repeats=1)
    assert disclosure.disagreements([ours, theirs]) == []
    assert len(ours.answer) == len(theirs.answer) == 11
    assert ours.median_s > 0


def test_the_tables_are_those_of_the_published_times() -> None:
    assert len(disclosure.adult(None, complete=True)) == 45_222
    assert len(disclosure.adult(None, complete=False)) == 48_842
    labels = {t.label for t in disclosure.tables(10, 10, keys="city", seed=1)}
    assert {label for _, label, _ in disclosure.PUBLISHED} < labels
    first, again = (disclosure.register(50, keys="city", missing=0.1, seed=3) for _ in range(2))
    assert first.equals(again)
    assert len(disclosure.ADULT) == len(disclosure.REGISTER["city"]) == 7


def test_published_seconds_are_judged_at_a_million_rows() -> None:
    wide = disclosure.register(10, keys="city", missing=0.0, seed=1)
    rows = wide.loc[wide.index.repeat(100_000)]
    table = disclosure.Table("city register", rows, tuple(disclosure.REGISTER["city"]), "")
    entry = Entry("niming_disclosure", (1.0,), 2.0, 1.0, 10**8, {}, {})
    runs = [disclosure.Run(measure, table, [entry]) for measure in disclosure.MEASURES]
    _, risk, suda = disclosure._beside_published(runs)
    assert risk.endswith("25.2×" + " (reaches 20×)")
    slow = replace(entry, seconds=(10.0,))
    _, suda = disclosure._beside_published([disclosure.Run("suda", table, [slow])])
    assert suda.endswith("2.07× (misses 10×)")
    assert max(len(risk), len(suda)) <= 100


def test_no_speed_without_equal_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def differing(rivals: Sequence[str], *_: object, **__: object) -> list[Entry]:
        one = Entry(rivals[0], (1.0,), 1.0, 1.0, 1, {"sum of f": 1}, {})
        return [one, replace(one, rival="other", answer={"sum of f": 2})]

    monkeypatch.setattr(disclosure, "contest", differing)
    assert main(SMALL) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "differ in sum of f" in told.err
    with pytest.raises(SystemExit):
        main(["disclosure", "--rows", "0"])
