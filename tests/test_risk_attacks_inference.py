"""Inference: all pairs are the oracle; tolerance, missing values and the best guess by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError, UnreliableWarning
from niming.risk.attacks.encoding import CodedColumn
from niming.risk.attacks.inference import (
    _best_guess,
    _n_correct,
    _Options,
    inference,
    inference_of_each,
)


def people(n: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": draw.random(n),
            "y": draw.random(n),
            "pay": draw.lognormal(8, 1, n).round(2),
            "ill": draw.choice(["flu", "none", "asthma"], n, p=[0.2, 0.7, 0.1]),
        }
    )


def by_all_pairs(
    targets: pd.DataFrame, released: pd.DataFrame, every: pd.DataFrame, sensitive: str
) -> int:
    scale = every[["x", "y"]].max() - every[["x", "y"]].min()
    one, other = ((t[["x", "y"]] / scale).to_numpy() for t in (targets, released))
    at = np.abs(one[:, None] - other[None]).sum(axis=2).argmin(axis=1)
    guess, truth = released[sensitive].to_numpy()[at], targets[sensitive].to_numpy()
    if sensitive == "ill":
        return int((guess == truth).sum())
    return int((np.abs(guess - truth) <= 0.05 * np.abs(truth)).sum())


@pytest.mark.parametrize("sensitive", ["ill", "pay"])
@pytest.mark.parametrize("seed", range(4))
def test_equals_all_pairs(sensitive: str, seed: int) -> None:
    original, holdout = people(200, seed), people(200, seed + 100)
    released = original.assign(x=original["x"] + np.random.default_rng(seed).normal(0, 0.01, 200))
    found = inference(
        original, released, holdout=holdout, sensitive=sensitive, known=["x", "y"], seed=seed
    )
    every = pd.concat([original, released, holdout])
    assert found.held_out is not None
    assert found.n_success == by_all_pairs(original, released, every, sensitive)
    assert found.held_out.n_success == by_all_pairs(holdout, released, every, sensitive)
    assert found.raw.rate == 1
    assert found.about == sensitive


def test_what_holds_for_everybody_is_no_risk() -> None:
    """y follows from x: the release teaches it of people inside and outside alike."""
    tables = []
    for seed in (1, 2, 3):
        x = np.random.default_rng(seed).integers(0, 10, 600)
        tables.append(pd.DataFrame({"x": x, "y": np.array(list("ababababab"))[x]}))
    original, released, holdout = tables
    with pytest.warns(UnreliableWarning, match="nothing to leak"):
        found = inference(original, released, holdout=holdout, sensitive="y")
    assert found.rate == found.control == 1
    assert found.risk is None


def test_the_baseline_is_the_most_frequent_released_value() -> None:
    original, holdout = people(400, 1), people(400, 2)
    found = inference(original, original, holdout=holdout, sensitive="ill")
    assert found.baseline == pytest.approx((original["ill"] == "none").mean())


@settings(max_examples=80, deadline=None)
@given(
    numbers=st.lists(st.integers(-20, 20), min_size=1, max_size=12),
    tolerance=st.sampled_from([0.0, 0.1, 0.5]),
    absolute=st.sampled_from([0.0, 1.0, 7.0]),
)
def test_the_best_guess_hits_as_many_as_any(
    numbers: list[int], tolerance: float, absolute: float
) -> None:
    values, codes = np.unique(numbers, return_inverse=True)
    column = CodedColumn("c", len(values), values.astype(float))
    slack = _Options(tolerance, absolute, 1, 0, 0.9).slack(column)
    truth = codes.astype(np.int32)

    def hits(guess: int) -> int:
        return sum(
            abs(values[guess] - t) <= max(tolerance * abs(t), absolute) + 1e-12 for t in numbers
        )

    best = _best_guess(truth, column, slack)
    assert hits(best) == max(hits(g) for g in range(len(values)))
    constant = np.full(len(truth), best)
    assert _n_correct(constant, truth, column, slack) == hits(best)


def test_tolerance_worked_by_hand() -> None:
    column = CodedColumn("c", 4, np.array([0.0, 95.0, 100.0, 106.0]))
    guess, truth = np.array([1, 3, 0, 0, -1]), np.array([2, 2, 2, 0, 2])
    for relative, absolute, hits in ((0.05, 0, 2), (0.06, 0, 3), (0, 0, 1), (0, 6, 3), (1, 0, 4)):
        slack = _Options(relative, absolute, 1, 0, 0.9).slack(column)
        assert _n_correct(guess, truth, column, slack) == hits


def test_dates_have_no_relative_tolerance() -> None:
    days = [dt.date(2020, 1, 1) + dt.timedelta(days=int(d)) for d in range(0, 2000, 5)]
    table = pd.DataFrame({"x": np.random.default_rng(1).random(400), "born": days})
    inside, outside = table[::2], table[1::2]
    released = inside.assign(born=[d + dt.timedelta(days=3) for d in inside["born"]])
    with pytest.warns(UnreliableWarning, match="shows nothing"):
        exact = inference(inside, released, holdout=outside, sensitive="born")
    assert exact.rate == 0
    near = inference(inside, released, holdout=outside, sensitive="born", absolute_tolerance=3)
    assert near.rate == 1


def test_people_without_a_value_are_not_attacked() -> None:
    original, holdout = people(300, 1), people(300, 2)
    original.loc[:99, "ill"] = None
    found = inference(original, original, holdout=holdout, sensitive="ill")
    assert found.held_out is not None
    assert found.n_attacks == found.held_out.n == 200
    assert found.rate == 1


def test_a_released_column_without_values_is_no_guess() -> None:
    original, holdout = people(300, 1), people(300, 2)
    with pytest.warns(UnreliableWarning, match="shows nothing"):
        found = inference(original, original.assign(ill=None), holdout=holdout, sensitive="ill")
    assert found.rate == found.baseline == 0


def test_each_equals_one_by_one() -> None:
    original, holdout = people(300, 1), people(300, 2)
    each = inference_of_each(original, original, holdout=holdout, seed=5, n_attacks=100)
    assert [found.about for found in each] == ["x", "y", "pay", "ill"]
    one = inference(original, original, holdout=holdout, sensitive="pay", seed=5, n_attacks=100)
    assert one.attack == each[2].attack
    assert one.held_out == each[2].held_out
    some = inference_of_each(
        original, original, holdout=holdout, columns=["x", "ill"], sensitive=["ill"]
    )
    assert [(found.about, found.columns) for found in some] == [("ill", ("x",))]


def test_ties_fall_alike_whatever_the_order_of_the_release() -> None:
    """The nearest records are many; a release sorted by the secret must not favour its start.

    600 people, guesses right with probability 1/2: 5 standard errors are 0.1.
    """
    draw = np.random.default_rng(3)
    original, holdout = (
        pd.DataFrame({"x": draw.integers(0, 2, 600), "ill": draw.choice(["a", "b"], 600)})
        for _ in "12"
    )
    rates = []
    for seed in range(20):
        with pytest.warns(UnreliableWarning):
            found = inference(
                original, original.sort_values("ill"), holdout=holdout, sensitive="ill", seed=seed
            )
        rates.append(found.rate)
    assert np.mean(rates) == pytest.approx(0.5, abs=0.1)


def test_a_warning_points_at_the_caller() -> None:
    table = people(120, 1)
    with pytest.warns(UnreliableWarning) as caught:
        inference(table, table, holdout=None, sensitive="ill")
    assert caught[0].filename == __file__
    with pytest.warns(UnreliableWarning) as caught:
        inference_of_each(table, table, holdout=None, sensitive=["ill"])
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"known": ["ill"]}, "both known and sensitive"),
        ({"known": []}, "list of columns"),
        ({"known": "x"}, "list of columns"),
        ({"sensitive": ["ill"]}, "one column"),
        ({"tolerance": -0.1}, "tolerance"),
        ({"absolute_tolerance": float("inf")}, "tolerance"),
        ({"n_attacks": True}, "n_attacks"),
        ({"seed": -3}, "seed"),
        ({"confidence": 1}, "confidence"),
    ],
)
def test_bad_arguments_are_refused(changes: dict[str, object], message: str) -> None:
    table = people(120, 1)
    with pytest.raises(InputError, match=message):
        inference(table, table, **{"holdout": table, "sensitive": "ill", **changes})  # type: ignore[arg-type]


def test_tables_that_hold_nothing_to_infer_are_refused_without_showing_a_cell() -> None:
    table = people(120, 1).assign(ill="canary")
    nothing = table.assign(ill=None)
    for held in (nothing, table):
        with pytest.raises(InputError, match="missing in every row") as caught:
            inference(nothing, table, holdout=held, sensitive="ill")
        assert "canary" not in str(caught.value)
    with pytest.raises(InputError, match="nothing but 'ill'"):
        inference(table[["ill"]], table, holdout=table, sensitive="ill")
    with pytest.raises(ColumnNotFoundError, match="'il'"):
        inference(table, table, holdout=table, sensitive="il")
    with pytest.raises(InputError, match="list of columns"):
        inference_of_each(table, table, holdout=table, sensitive="ill")


@pytest.mark.slow
def test_a_release_of_strangers_alarms_no_more_often_than_promised() -> None:
    """200 draws of three independent tables, seeds fixed: the interval of the risk leaves out 0.

    At 0.95 that happens with probability 0.025; more than 15 of 200 with probability 6e-5.
    """
    alarms = 0
    for seed in range(200):
        original, holdout, released = (people(150, 3 * seed + part) for part in range(3))
        with pytest.warns(UnreliableWarning):
            found = inference(original, released, holdout=holdout, sensitive="ill", seed=seed)
        assert found.risk_interval is not None
        alarms += found.risk_interval[0] > 0
    assert alarms <= 15
