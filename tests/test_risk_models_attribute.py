"""Attribute inference from a model: against a loop, and found only where the model learnt it."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from niming.errors import ColumnNotFoundError, InputError, UnreliableWarning
from niming.risk.models import AttributeInference, attribute_inference

CANARY = "canary-5517"


def people(n: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "town": rng.choice(list("ABCD"), n, p=[0.4, 0.3, 0.2, 0.1]),
            "pay": rng.lognormal(3, 1, n).round(2),
            "ill": rng.integers(0, 3, n),
            "cost": rng.normal(size=n),
        }
    )


def fitted(estimator: Any, table: pd.DataFrame, target: str) -> Any:
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["town"]), remainder="passthrough"
    )
    rows = table[["age", "town", "pay"]]
    return make_pipeline(encode, estimator).fit(rows, table[target])


def sides(n: int, target: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = people(2 * n)[["age", "town", "pay", target]]
    return table[:n], table[n:]


def quiet(*args: object, **rest: object) -> AttributeInference:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnreliableWarning)
        return attribute_inference(*args, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("estimator", "target"), [(DecisionTreeClassifier, "ill"), (DecisionTreeRegressor, "cost")]
)
def test_a_tree_that_learnt_by_heart_gives_the_town_away(estimator: Any, target: str) -> None:
    mine, theirs = sides(500, target)
    model = fitted(estimator(random_state=0), mine, target)
    found = attribute_inference(model, mine, theirs, attribute="town", target=target)
    assert found.reliable
    assert found.risk is not None
    assert found.risk > 0.05
    assert found.positive_control > 0.99
    assert found.baseline == pytest.approx(0.4, abs=0.05)
    assert found.control is not None
    assert found.control < found.rate
    ages = attribute_inference(model, mine, theirs, attribute="age", target=target, bounds=(18, 90))
    assert ages.rate > ages.baseline
    assert ages.positive_control > 0.99


def test_a_model_without_the_attribute_gives_nothing_away() -> None:
    mine, theirs = sides(500, "ill")
    model = make_pipeline(
        make_column_transformer(("passthrough", ["age"])), DecisionTreeClassifier(random_state=0)
    ).fit(mine[["age", "town", "pay"]], mine["ill"])
    with pytest.warns(UnreliableWarning, match="a difference that chance can make"):
        found = attribute_inference(model, mine, theirs, attribute="town", target="ill")
    assert found.rate == found.baseline


@pytest.mark.parametrize("shows", ["probability", "label", "error"])
def test_guesses_equal_a_loop(shows: str) -> None:
    target = "cost" if shows == "error" else "ill"
    mine, theirs = sides(16, target)
    kinds = {
        "probability": LogisticRegression(max_iter=5000, C=0.01),
        "label": RidgeClassifier(),
        "error": DecisionTreeRegressor(max_depth=3, random_state=0),
    }
    model = fitted(kinds[shows], mine, target)
    found = quiet(model, mine, theirs, attribute="town", target=target)
    values = sorted("ABCD", key=lambda v: -int((theirs["town"] == v).sum()))
    rows, other = mine.drop(columns=target), theirs.drop(columns=target)
    spread = float(np.mean((model.predict(other) - theirs[target]) ** 2))
    said = model.predict(other)
    right = 0
    for i in range(16):
        best, most = None, -math.inf
        for value in values:
            one = rows.iloc[[i]].assign(town=value)
            y = mine[target].iloc[i]
            prior = ((theirs["town"] == value).sum() + 1) / 20
            if shows == "probability":
                likely = model.predict_proba(one)[0, list(model.classes_).index(y)]
            elif shows == "label":
                same = said == model.predict(one)[0]
                n_classes = len(model.classes_)
                likely = (np.sum(same & (theirs[target] == y)) + 1) / (same.sum() + n_classes + 1)
            else:
                likely = math.exp(-((model.predict(one)[0] - y) ** 2) / (2 * spread))
            if prior * likely > most * (1 + 1e-12):
                best, most = value, prior * likely
        right += best == mine["town"].iloc[i]
    assert found.n_success == right


def test_a_list_of_members_gives_rare_values_away_for_a_target_that_most_share() -> None:
    rng = np.random.default_rng(0)
    table = people(800).assign(ill=(rng.random(800) < 0.1).astype(int))
    mine, theirs = table[:400].drop(columns="cost"), table[400:].drop(columns="cost")
    model = fitted(LogisticRegression(C=0.01), mine, "ill")
    assert quiet(model, mine, theirs, attribute="town", target="ill").positive_control > 0.99


def test_columns_of_arrays_are_named_by_position() -> None:
    rng = np.random.default_rng(0)
    rows = np.c_[rng.normal(size=400), rng.integers(0, 2, 400)]
    target = rng.integers(0, 2, 400)
    model = DecisionTreeClassifier(random_state=0).fit(rows[:200], target[:200])
    before = rows.copy()
    found = attribute_inference(
        model, rows[:200], rows[200:], attribute=1, target=(target[:200], target[200:])
    )
    assert (rows == before).all()
    assert found.rate > found.baseline
    names = [m.name for m in found.measures()]
    assert names[0] == "models.attribute.risk[1]"


def test_people_without_the_attribute_are_not_attacked() -> None:
    mine, theirs = sides(200, "ill")
    model = fitted(DecisionTreeClassifier(random_state=0), mine, "ill")
    holes = mine.assign(town=mine["town"].where(np.arange(200) % 2 == 0))
    assert quiet(model, holes, theirs, attribute="town", target="ill").n_attacks == 100


def test_bad_input_is_refused_without_cells() -> None:
    mine, theirs = sides(120, "ill")
    model = fitted(DecisionTreeClassifier(random_state=0), mine, "ill")
    refused: list[tuple[str, dict[str, Any]]] = [
        ("give bounds", {"attribute": "pay"}),
        ("not in order", {"attribute": "age", "bounds": (90, 18)}),
        ("n_bins", {"attribute": "age", "bounds": (18, 90), "n_bins": 1}),
        ("not a number", {"attribute": "town", "bounds": (0, 1)}),
        ("none was given", {"attribute": "town", "target": None}),
    ]
    for message, other in refused:
        with pytest.raises(InputError, match=message):
            attribute_inference(model, mine, theirs, **{"target": "ill", **other})
    with pytest.raises(ColumnNotFoundError, match="'town'"):
        attribute_inference(model, mine, theirs, attribute="towns", target="ill")
    named = [t.assign(town=[f"{CANARY}{i}" for i in range(120)]) for t in (mine, theirs)]
    with pytest.raises(InputError, match="distinct values") as caught:
        attribute_inference(model, *named, attribute="town", target="ill")
    assert CANARY not in str(caught.value)
    lost = [t.assign(town=None) for t in (mine, theirs)]
    with pytest.raises(InputError, match="0 distinct values"):
        attribute_inference(model, *lost, attribute="town", target="ill")
    outlier = IsolationForest(n_estimators=2, random_state=0).fit(mine[["age"]])
    with pytest.raises(InputError, match="predicts no target"):
        attribute_inference(outlier, mine, theirs, attribute="town")


def test_the_result_shows_itself() -> None:
    mine, theirs = sides(150, "ill")
    model = fitted(DecisionTreeClassifier(random_state=0), mine, "ill")
    steps: list[tuple[int, int]] = []
    found = attribute_inference(
        model, mine, theirs, attribute="town", target="ill", progress=lambda *s: steps.append(s)
    )
    assert steps == [(i + 1, 4) for i in range(4)]
    assert repr(found).startswith("AttributeInference(attribute[town]")
    labels = [t.get_text() for t in found.plot().axes[0].get_yticklabels()]
    assert labels[-1] == "attack on the model"
    assert all(m.name.startswith("models.attribute.") for m in found.measures())
    assert found.to_dict()["settings"] == {
        "model": "Pipeline", "shows": "probability", "n_values": 4,
    }  # fmt: skip
