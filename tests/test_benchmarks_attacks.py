"""The attacks benchmark at a tiny size: the same neighbours, the same rates but for chance."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

benchmarks = pytest.importorskip("benchmarks", reason="run from a checkout, not from the wheel")

from benchmarks import attacks  # noqa: E402
from benchmarks.__main__ import main  # noqa: E402
from benchmarks.contest import Entry, contest  # noqa: E402
from benchmarks.environments import is_made  # noqa: E402


def entry(answer: dict[str, float], rival: str = "niming_attacks") -> Entry:
    return Entry(rival, (1.5, 0.5), 2.0, 1.0, 10**8, answer, {"numpy": "2.0.0"})


def in_this_process(rivals: Sequence[str], task: Mapping[str, Any], **_: object) -> list[Entry]:
    """Stand in for `contest`: the same answers, made-up times."""
    modules = [importlib.import_module(f"benchmarks.rivals.{name}") for name in rivals]
    return [entry(m.answer(**task), name) for m, name in zip(modules, rivals, strict=True)]


def test_neighbours_are_those_of_scikit_learn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(attacks, "contest", in_this_process)
    out = tmp_path / "out.json"
    arguments = ["--rows", "600", "--n-attacks", "100", "--json", str(out)]
    assert main(["attacks", *arguments, "--rivals", "sklearn_nearest"]) == 0
    told = json.loads(out.read_text())
    assert [e["rival"] for e in told["nearest"]] == ["niming_attacks", "sklearn_nearest"]
    assert told["nearest"][0]["answer"]["distance: sum"] > 0
    assert len(told["shared"][0]["answer"]) == 6
    assert len(told["report"][0]["answer"]) >= 11
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 100
    assert "answers agree with scikit-learn\n" in printed
    assert "answers not compared" in printed  # of the attacks, without Anonymeter


@pytest.mark.slow
def test_rates_are_those_of_anonymeter(tmp_path: Path) -> None:
    if not is_made("anonymeter_attacks"):
        pytest.skip("no environment for Anonymeter here: python -m benchmarks attacks makes it")
    task = {
        **attacks.write_tables(tmp_path, 2000, seed=3),
        "known": attacks.KNOWN,
        "sensitive": attacks.SENSITIVE,
        "n_attacks": 400,
        "seed": 3,
    }
    rivals = ["niming_attacks", "anonymeter_attacks"]
    found = contest(rivals, {**task, "job": "shared"}, repeats=1)
    assert attacks.apart(found, 400) == []
    assert len(found[0].answer) == len(found[1].answer) == 6
    near = contest(rivals, {**task, "job": "nearest"}, repeats=1)
    assert attacks.disagreements(near, tolerance=1e-5) == []


def test_rates_apart_by_chance_and_by_more() -> None:
    ours = entry({"linkability: attack": 0.5})
    for rate, fine in ((0.5, True), (0.53, True), (0.6, False)):
        other = entry({"linkability: attack": rate}, "other")
        assert (attacks.apart([ours, other], 2000) == []) is fine
    none, few, many = (entry({"r": rate}, "other") for rate in (0.0, 0.002, 0.05))
    assert attacks.apart([none, few], 2000) == []
    assert attacks.apart([none, many], 2000)
    assert attacks.apart([ours, none], 2000)  # nothing in common


def test_tables_are_halves_with_swapped_cells(tmp_path: Path) -> None:
    import pandas as pd

    paths = attacks.write_tables(tmp_path, 1000, seed=1)
    original, released, holdout = (pd.read_parquet(p) for p in paths.values())
    assert len(original) == len(released) == len(holdout) == 500
    for column in original.columns:
        assert sorted(original[column]) == sorted(released[column])
    changed = (original["fnlwgt"] != released["fnlwgt"]).mean()
    assert 0.2 < changed < 0.4


def test_no_speed_without_equal_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = entry({"distance: sum": 1.0})
    bad = replace(good, rival="sklearn_nearest", answer={"distance: sum": 1.1})
    monkeypatch.setattr(attacks, "contest", lambda *a, **k: [good, bad])
    assert main(["attacks", "--rows", "20"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "differ in distance: sum" in told.err
    with pytest.raises(SystemExit):
        main(["attacks", "--rows", "1"])
