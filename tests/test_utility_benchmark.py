"""The utility benchmark runs at a tiny size, records runs once and draws its history."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import utility


@pytest.mark.slow
def test_a_tiny_run_measures_every_method_and_records_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = utility.HISTORY.read_bytes()
    assert utility.main(["--rows", "1500", "--json", str(tmp_path / "run.json")]) == 0
    lines = {line["method"]: line for line in json.loads((tmp_path / "run.json").read_text())}
    assert utility.HISTORY.read_bytes() == before
    assert lines["untouched"]["loss"] == 0
    assert lines["untouched"]["auc_ratio"] == 1
    for k in (5, 10, 20):
        assert lines[f"FullDomain k={k}"]["k"] >= k
    losses = [lines[f"FullDomain k={k}"]["loss"] for k in (5, 10, 20)]
    assert losses == sorted(losses)
    assert "FullDomain k=20" in capsys.readouterr().out


def test_a_run_of_the_same_day_is_replaced(tmp_path: Path) -> None:
    history = tmp_path / "utility.jsonl"
    line = json.loads(utility.HISTORY.read_text().splitlines()[-1])
    older = line | {"date": "2020-01-01"}
    for run in ([older], [line], [line | {"auc_ratio": None}]):
        utility.record(run, history)
    dates = [json.loads(x)["date"] for x in history.read_text().splitlines()]
    assert dates == ["2020-01-01", line["date"]]
    first = (tmp_path / "utility.svg").read_bytes()
    utility.record([line | {"auc_ratio": None}], history)
    assert (tmp_path / "utility.svg").read_bytes() == first
