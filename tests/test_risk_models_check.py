"""The report before a model is released: everything in it, and what was not looked at said."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from niming.errors import InputError, UnreliableWarning
from niming.risk.models import ModelReport, check

CANARY = "canary-7410"


def people(n: int) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {"age": rng.integers(18, 90, n), "town": rng.choice(["A", "B", "C"], n),
         "pay": rng.normal(30, 9, n)}
    )  # fmt: skip
    rows.loc[3, "town"] = CANARY
    return rows, pd.Series(rng.choice(["flu", "none"], n), name="ill")


def fitted(n: int) -> tuple[Any, pd.DataFrame, pd.Series, pd.DataFrame, pd.Series]:
    rows, ill = people(2 * n)
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["town"]), remainder="passthrough"
    )
    model = make_pipeline(encode, DecisionTreeClassifier(random_state=0))
    return model.fit(rows[:n], ill[:n]), rows[:n], ill[:n], rows[n:], ill[n:]


def test_an_overfitted_model_is_caught_by_everything() -> None:
    model, rows, ill, other, truth = fitted(300)
    steps: list[tuple[int, int]] = []
    report = check(
        model, rows, ill, X_holdout=other, y_holdout=truth, attributes=["town", "age"],
        bounds={"age": (18, 90)}, n_shadows=4, progress=lambda *s: steps.append(s),
    )  # fmt: skip
    assert {f.code for f in report.findings} == {
        "small-leaf", "one-class-leaf", "rare-category", "many-parameters",
    }  # fmt: skip
    names = {m.name: m.value for m in report.measures()}
    assert names["models.membership.auc"] is not None
    assert names["models.membership.auc"] > 0.65
    assert names["models.lira.auc"] is not None
    assert names["models.lira.auc"] > 0.65
    assert names["models.attribute.risk[town]"] is not None
    assert names["models.smallest_leaf"] == 1
    assert report.not_run == {}
    assert steps[-1] == (7, 7)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    shown = report.frame().to_string() + json.dumps(report.to_dict()) + repr(report)
    shown += report._repr_html_()
    assert CANARY not in shown
    frame = report.frame()
    assert list(frame["check"][frame["what"] == "AUC"]) == ["membership", "lira"]
    assert len(report.plot().axes[0].get_yticklabels()) == 4


def test_a_regular_model_passes_and_its_attacks_are_said_to_show_nothing() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2000, 5))
    ill = (rows.sum(axis=1) + rng.normal(size=2000) > 0).astype(int)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows[:1000], ill[:1000])
    with pytest.warns(UnreliableWarning, match="2 of 2 attacks are not reliable") as told:
        report = check(
            model, rows[:1000], ill[:1000], X_holdout=rows[1000:], y_holdout=ill[1000:],
            n_shadows=4,
        )  # fmt: skip
    assert len(told) == 1
    assert report.findings == ()
    assert report.structure.unchecked == ()
    assert report.not_run == {"attribute": "needs attributes="}
    names = {m.name: m for m in report.measures()}
    upper = names["models.membership.auc_upper"].value
    assert upper is not None
    assert upper < 0.56
    assert names["models.attribute.risk"].value is None


def test_without_a_holdout_only_the_structure_is_looked_at() -> None:
    model, rows, ill, _, _ = fitted(120)
    report = check(model, rows, ill)
    assert report.attacks == ()
    assert set(report.not_run) == {"membership", "lira", "attribute"}
    auc = next(m for m in report.measures() if m.name == "models.membership.auc")
    assert auc.value is None
    assert "X_holdout" in auc.reason
    assert report.findings
    assert report.plot().axes[0].texts
    assert not report.frame()["reliable"].iloc[-1]


def test_what_keeps_an_attack_from_being_made_is_said() -> None:
    model, rows, ill, other, truth = fitted(120)
    report = _quiet(model, rows, ill, X_holdout=other, y_holdout=truth, attributes=["pay", "no"],
                    n_shadows=0)  # fmt: skip
    assert report.not_run["lira"] == "n_shadows is 0"
    assert "more than 20 distinct values" in report.not_run["attribute[pay]"]
    assert "'no'" in report.not_run["attribute[no]"]
    scaler = StandardScaler().fit(rows[["pay"]])
    kept = _quiet(scaler, rows[["pay"]], X_holdout=other[["pay"]], n_shadows=4)
    assert "no prediction" in kept.not_run["membership"]
    report = _quiet(model, rows, ill, X_holdout=other, n_shadows=4)
    assert report.not_run["membership"] == "needs y_holdout="


def test_few_rows_are_flagged() -> None:
    model, rows, ill, other, truth = fitted(60)
    report = _quiet(model, rows, ill, X_holdout=other, y_holdout=truth, n_shadows=4)
    assert report.unreliable == ("membership", "lira")
    assert all("fewer than 100" in "; ".join(a.reasons) for a in report.attacks)


def test_the_same_seed_gives_the_same_report() -> None:
    rows, ill = people(300)
    encode = make_column_transformer(("passthrough", ["age", "pay"]))
    model = make_pipeline(encode, RandomForestClassifier(5)).fit(rows[:150], ill[:150])
    reports = [
        _quiet(model, rows[:150], ill[:150], X_holdout=rows[150:], y_holdout=ill[150:],
               attributes=["town"], n_shadows=4, seed=5).to_dict()
        for _ in range(2)
    ]  # fmt: skip
    assert json.dumps(reports[0]) == json.dumps(reports[1])


def test_bad_input_is_refused() -> None:
    model, rows, ill, other, truth = fitted(120)
    for message, wrong in (
        ("n_attacks", {"n_attacks": 0}),
        ("seed", {"seed": -1}),
        ("as a list", {"attributes": "town"}),
        ("bounds= names 'age'", {"bounds": {"age": (0, 1)}}),
        ("smallest_group", {"smallest_group": 0}),
    ):
        with pytest.raises(InputError, match=message):
            check(model, rows, ill, X_holdout=other, y_holdout=truth, **wrong)
    with pytest.raises(InputError, match="not fitted"):
        check(LogisticRegression(), rows, ill)


def _quiet(*args: Any, **rest: Any) -> ModelReport:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnreliableWarning)
        return check(*args, **rest)
