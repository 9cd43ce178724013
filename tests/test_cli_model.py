"""``niming check-model``: a pickle is loaded only when asked to, and nothing of the data shows."""

from __future__ import annotations

import json
import pickle
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.cells import cell_len

from niming.cli import main
from niming.errors import UnreliableWarning

pytestmark = pytest.mark.usefixtures("at_home")

N = 200
MARK = "ZQ"

Ask = Callable[..., tuple[int, str, str]]


class Hostile:
    """A pickle that makes a file when it is loaded."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return _leave_a_trace, ("trace.txt",)


def _leave_a_trace(name: str) -> object:
    Path(name).write_text("loaded", "utf-8")
    raise ValueError(f"{MARK} in the text of an error")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with people, a hold-out, and trees that learnt the first by heart."""
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder
    from sklearn.tree import DecisionTreeClassifier

    folder = tmp_path_factory.mktemp("house")
    draw = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "age": draw.integers(18, 90, 2 * N),
            "town": draw.choice([f"{MARK}{i}" for i in range(3)], 2 * N),
            "ill": draw.choice([f"{MARK}flu", f"{MARK}none"], 2 * N),
        }
    )
    inside, outside = table[:N], table[N:]
    encode = make_column_transformer((OneHotEncoder(), ["town"]), remainder="passthrough")
    tree = DecisionTreeClassifier(random_state=0)
    named = make_pipeline(encode, tree).fit(inside[["age", "town"]], inside["ill"])
    (folder / "named.pkl").write_bytes(pickle.dumps(named))
    bare = tree.fit(inside[["age"]].to_numpy(), inside["ill"])
    (folder / "bare.pkl").write_bytes(pickle.dumps(bare))
    (folder / "hostile.pkl").write_bytes(pickle.dumps(Hostile()))
    (folder / "no-model.pkl").write_bytes(pickle.dumps({"age": 3}))
    for name, rows in {"inside": inside, "outside": outside}.items():
        rows.to_parquet(folder / f"{name}.parquet")
        rows[["age", "ill"]].to_parquet(folder / f"{name}-age.parquet")
    return folder


@pytest.fixture
def ask(house: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Ask:
    """Run the command in the house; what it says fits 100 columns and quotes no cell."""
    monkeypatch.chdir(house)

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["check-model", *words])
        out, err = capfd.readouterr()
        assert MARK not in out + err
        assert "unexpected" not in err, err
        if "--json" not in words:
            assert max(map(cell_len, (out + err).splitlines()), default=0) <= 100
        return code, out, err

    return run


NAMED = ("named.pkl", "--train", "inside.parquet", "--target", "ill", "--trusted")
HELD = ("--holdout", "outside.parquet", "--n-shadows", "4")


def test_a_pickle_is_not_loaded_unasked(ask: Ask, house: Path) -> None:
    words = ("hostile.pkl", "--train", "inside.parquet")
    code, out, err = ask(*words)
    assert (code, out) == (2, "")
    assert "runs whatever code" in " ".join(err.split())
    assert "--trusted" in err
    assert not (house / "trace.txt").exists()
    code, _, err = ask(*words, "--trusted")  # its code does run then, as was said
    assert code == 2
    assert "cannot be loaded as a model (ValueError)" in err
    assert (house / "trace.txt").exists()


def test_what_it_keeps_and_gives_away(ask: Ask, tmp_path: Path) -> None:
    picture = tmp_path / "attacks.png"
    words = (*NAMED, *HELD, "--attribute", "town", "--plot", str(picture))
    code, out, _ = ask(*words)
    assert code == 0
    assert re.search(r"^small-leaf +model.decisiontreeclassifier", out, re.M)
    assert re.search(r"^membership +AUC +0\.\d{3} .* yes", out, re.M)
    assert re.search(r"^attribute\[town\] +success rate", out, re.M)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_json_is_what_python_finds(ask: Ask, house: Path) -> None:
    from niming.risk.models import check

    code, out, _ = ask(*NAMED, *HELD, "--seed", "3", "--json")
    inside, outside = (pd.read_parquet(house / f"{n}.parquet") for n in ("inside", "outside"))
    model: Any = pickle.loads((house / "named.pkl").read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnreliableWarning)
        found = check(
            model,
            inside[["age", "town"]],
            inside["ill"],
            X_holdout=outside[["age", "town"]],
            y_holdout=outside["ill"],
            n_shadows=4,
            seed=3,
        )
    told = json.loads(out)
    assert code == 0
    assert told["measures"] == json.loads(json.dumps(found.to_dict()["measures"]))
    assert told["columns"] == ["age", "town"]


def test_in_chinese_and_what_did_not_run(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIMING_LANG", "zh")
    code, out, _ = ask(*NAMED)
    assert code == 0
    assert "项结构问题" in out
    assert "not run: needs --holdout" in " ".join(out.split())


def test_a_model_of_columns_without_names(ask: Ask) -> None:
    bare = ("bare.pkl", "--target", "ill", "--trusted", "--n-shadows", "0")
    code, out, _ = ask(
        *bare, "--train", "inside-age.parquet", "--holdout", "outside-age.parquet",
        "--attribute", "age",
    )  # fmt: skip
    assert code == 0
    assert re.search(r"^membership +AUC", out, re.M)
    code, _, err = ask(*bare, "--train", "inside.parquet")
    assert code == 2
    assert "takes 1 column without names" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("none.pkl", "--train", "inside.parquet"), "there is no file none.pkl"),
        (("named.pkl",), "Usage"),
        (("named.pkl", "--train", "none.csv", "--trusted"), "there is no file"),
        ((*NAMED, "--holdout", "none.csv"), "there is no file"),
        ((*NAMED, "--attribute", "il"), "which the model does not take"),
        ((*NAMED, "--plot", "a.pdf"), "neither .png nor .svg"),
        (("named.pkl", "--train", "inside-age.parquet", "--trusted"), "'town'"),
        (
            ("named.pkl", "--train", "inside.parquet", "--target", "il", "--trusted"),
            "'il' -> 'ill'",
        ),
        (("inside.parquet", "--train", "inside.parquet", "--trusted"), "cannot be loaded"),
        (("no-model.pkl", "--train", "inside.parquet", "--trusted"), ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_something_wrong(ask: Ask, words: tuple[str, ...], told: str) -> None:
    code, out, err = ask(*words)
    assert (code, out) == (2, "")
    assert told in " ".join(err.split())
