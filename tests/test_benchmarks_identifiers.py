"""The identifiers benchmark at a tiny size: labelled columns are found, rivals agree."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

benchmarks = pytest.importorskip("benchmarks", reason="run from a checkout, not from the wheel")

from benchmarks import identifiers  # noqa: E402
from benchmarks.__main__ import main  # noqa: E402
from benchmarks.contest import Entry, disagreements  # noqa: E402
from benchmarks.rivals import niming_scan, pandas_regex  # noqa: E402

KINDS = sorted(set(identifiers.LABELS.values()) - {""})


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("benchmark") / "register.parquet"
    identifiers.make(400, seed=1).set_axis(identifiers._names(), axis=1).to_parquet(path)
    return path


def entry(answer: dict[str, float], rival: str = "niming_scan") -> Entry:
    return Entry(rival, (1.0, 2.0), 4.0, 1.5, 10**8, answer, {"numpy": "2"})


def test_both_find_what_they_can_tell(register: Path) -> None:
    ours = niming_scan.answer(str(register), KINDS)
    theirs = pandas_regex.answer(str(register), KINDS)
    assert len(ours) == 20 * len(KINDS)
    assert len(theirs) == 20 * 6
    assert disagreements([entry(ours), entry(theirs, "pandas_regex")]) == []
    found = identifiers.rates(ours)
    assert (found.recall, found.precision) == (1.0, 1.0)
    assert identifiers.rates(theirs).recall == pytest.approx(6 / 11)


def test_check_digits_of_the_rival() -> None:
    assert pandas_regex._mod_11("11010519491231002X")  # GB 11643-1999, the example of annex A
    assert not pandas_regex._mod_11("110105194912310021")
    assert pandas_regex._luhn("79927398713")
    assert not pandas_regex._luhn("79927398710")


def test_recall_and_precision_by_hand() -> None:
    names = dict(zip(identifiers.LABELS, identifiers._names(), strict=True))
    right = {f"{names[c]} holds {k}": 1.0 for c, k in identifiers.LABELS.items() if k}
    assert identifiers.rates(right) == (11, 0, 0)
    del right[f"{names['mobile']} holds mobile"]
    right[f"{names['order']} holds resident-id"] = 1.0
    right[f"{names['plate']} holds name"] = 1.0
    found = identifiers.rates(right)
    assert found == (10, 1, 2)
    assert (found.recall, found.precision) == (10 / 11, 10 / 12)
    assert found.plus(found) == (20, 2, 4)
    assert identifiers.rates({}).precision == 1


def test_a_run_in_processes_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    arguments = ["--rows", "300", "--repeats", "1", "--tables", "1", "--json", str(out)]
    assert main(["identifiers", *arguments]) == 0
    told = json.loads(out.read_text())
    assert [r["rival"] for r in told["rivals"]] == list(identifiers.RIVALS)
    assert min(told["recall"], told["precision"]) >= 0.9  # of 44 columns
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 100
    assert str(tmp_path) not in printed


def test_no_speed_without_equal_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = entry({"c00 holds mobile": 1.0})
    bad = replace(good, rival="pandas_regex", answer={"c00 holds mobile": 0.0})
    monkeypatch.setattr(identifiers, "contest", lambda *a, **k: [good, bad])
    monkeypatch.setattr(identifiers, "_over_seeds", lambda *a: identifiers.Rates(1, 0, 0))
    assert main(["identifiers", "--rows", "30"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "differ in c00 holds mobile" in told.err
    with pytest.raises(SystemExit):
        main(["identifiers", "--rows", "0"])


def test_one_row_and_the_same_seed() -> None:
    assert identifiers.make(1, seed=1).shape == (1, 20)
    assert identifiers.make(30, seed=2).equals(identifiers.make(30, seed=2))
