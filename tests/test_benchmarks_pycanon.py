"""The pycanon benchmark at a tiny size: definitions agree where both define a measure."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

benchmarks = pytest.importorskip("benchmarks", reason="run from a checkout, not from the wheel")

from benchmarks import pycanon  # noqa: E402
from benchmarks.__main__ import main  # noqa: E402
from benchmarks.contest import Entry  # noqa: E402
from benchmarks.environments import is_made, python_of  # noqa: E402
from benchmarks.rivals import niming_measure  # noqa: E402


def entries(ours: dict[str, float], theirs: dict[str, float]) -> list[Entry]:
    first = Entry("niming_measure", (1.0,), 2.0, 1.0, 10**8, ours, {})
    return [first, replace(first, rival="pycanon_measure", seconds=(150.0,), answer=theirs)]


def test_our_side_by_hand(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "four.parquet"
    pq.write_table(
        pa.table({"sex": ["F", "F", "M", "M"], "ill": ["flu", "none", "none", "none"],
                  "pay": [3, 4, 4, 9]}),
        path,
    )  # fmt: skip
    cases = [(["sex"], "ill"), (["sex"], "pay")]
    found = niming_measure.answer(str(path), cases, pycanon.MEASURES)
    assert found["k of ill by sex"] == 2
    assert found["distinct l of ill by sex"] == 1
    assert found["alpha of ill by sex"] == 1
    assert found["t of ill by sex"] == 0.25  # equal: 1/2 of F have the flu, 1/4 of all
    assert found["t of pay by sex"] == 0.25  # ordered
    assert found["delta of ill by sex"] == pytest.approx(0.6931471805599453)  # ln 2
    assert found["basic beta of ill by sex"] == 1
    assert "enhanced beta of ill by sex" not in found  # M surely has none: 1/3 > -ln 3/4
    with pytest.raises(ValueError, match="no measure"):
        niming_measure.answer(str(path), cases, ["nonsense"])


def test_entropy_l_is_compared_as_pycanon_cuts_it() -> None:
    name = "entropy l of a by b"
    for ours, theirs in ((3.9, 3.0), (3.0, 2.0), (3.0, 3.0)):
        assert pycanon.differences(entries({name: ours}, {name: theirs})) == []
    for ours, theirs in ((3.9, 2.0), (3.0, 4.0), (3.0, 1.0)):
        assert pycanon.differences(entries({name: ours}, {name: theirs}))
    assert pycanon.differences(entries({name: 3.0, "k": 2}, {name: 3.0, "k": 1}))


def test_no_speed_without_equal_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(pycanon, "contest", lambda *a, **k: entries({"k": 1}, {"k": 2}))
    out = tmp_path / "out.json"
    assert main(["pycanon", "--check-rows", "20", "--json", str(out)]) == 1
    told = capsys.readouterr()
    assert (told.out, out.exists()) == ("", False)
    assert "differ in k" in told.err


def test_lines_fit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    both = [replace(e, first_s=1234.5, cpu_s=1234.5) for e in entries({"k": 1}, {"k": 1})]
    monkeypatch.setattr(pycanon, "contest", lambda *a, **k: both)
    monkeypatch.setattr(pycanon, "generate", lambda *a: None)
    assert main(["pycanon", "--measures", *pycanon.MEASURES]) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 100
    assert printed.count("reaches 100×") == 2
    with pytest.raises(SystemExit):
        main(["pycanon", "--rows", "0"])


def test_both_agree_in_processes_of_their_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    if not is_made("pycanon_measure"):
        pytest.skip("no environment for pycanon here: python -m benchmarks pycanon makes it")
    assert python_of("pycanon_measure") != python_of("niming_measure")
    monkeypatch.setattr(pycanon, "CASES", pycanon.CASES[1::5])  # by sex and race, text and numbers
    out = tmp_path / "out.json"
    assert main(["pycanon", "--check", "--check-rows", "300", "--json", str(out)]) == 0
    told = json.loads(out.read_text())
    assert told["checked"] >= 14
    assert told["measures"] == {}
    assert str(tmp_path) not in capsys.readouterr().out
