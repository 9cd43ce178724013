"""Membership inference: known leaks are found, and nothing is found where there is nothing."""

from __future__ import annotations

import itertools
import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from niming.errors import ColumnNotFoundError, InputError, UnreliableWarning
from niming.risk.attacks.membership import Membership, membership
from niming.risk.attacks.roc import Roc
from niming.risk.attacks.shadow import shadow_membership

Frame = dict[str, np.ndarray]

SCORES = st.lists(st.sampled_from([-math.inf, -1.0, 0.0, 0.5, 2.0, math.inf]), min_size=1)


def people(n: int, seed: int = 0) -> Frame:
    rng = np.random.default_rng(seed)
    return {
        "age": rng.normal(50, 15, n).round(2),
        "pay": rng.lognormal(3, 1, n).round(2),
        "town": rng.integers(0, 30, n).astype(str),
        "sex": rng.choice(["F", "M"], n),
    }


def split(table: Frame, *sizes: int) -> list[Frame]:
    ends = np.cumsum([0, *sizes])
    return [{c: v[a:b] for c, v in table.items()} for a, b in itertools.pairwise(ends)]


def quiet(*args: object, **kwargs: object) -> Membership:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnreliableWarning)
        return membership(*args, **kwargs)  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=30))
def test_auc_equals_scikit_learn_and_all_pairs(pairs: list[tuple[int, int]]) -> None:
    members, others = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    roc = Roc(members, others)
    wins = [(m > o) + (m == o) / 2 for m in members for o in others]
    assert roc.auc == pytest.approx(sum(wins) / len(wins))
    truth = np.repeat([1, 0], len(members))
    assert roc.auc == pytest.approx(roc_auc_score(truth, np.concatenate([members, others])))
    low, high = roc.interval()
    assert 0 <= low <= roc.auc <= high <= 1
    assert low < high
    swapped = Roc(others, members).interval()
    assert swapped == pytest.approx((1 - high, 1 - low))


@settings(max_examples=100, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=40),
    rate=st.sampled_from([0.05, 0.1, 0.25, 0.5, 1.0]),
)
def test_true_positives_equal_the_best_threshold(pairs: list[tuple[int, int]], rate: float) -> None:
    members, others = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    roc = Roc(members, others)
    n = len(members)
    found = roc.true_positive_rate(rate)
    if math.floor(rate * n + 1e-9) < 1:
        assert found is None
        return
    best = max(
        float(np.mean(members > t))
        for t in (*others, -1.0)
        if np.count_nonzero(others > t) <= rate * n + 1e-9
    )
    assert found == pytest.approx(best)
    false, true = roc.curve()
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert (np.diff(false) >= 0).all()
    assert (np.diff(true) >= 0).all()
    assert true[false <= rate + 1e-9].max() == pytest.approx(best)


@pytest.mark.parametrize("shift", [0.0, 1.0, 3.0])
def test_the_interval_holds_its_level(shift: float) -> None:
    """400 draws of 60 + 60: of a level of 0.95 at least 0.92 hold (chance of failing < 0.01)."""
    from statistics import NormalDist

    rng = np.random.default_rng(7)
    truth = NormalDist().cdf(shift / math.sqrt(2))
    held = 0
    for _ in range(400):
        low, high = Roc(rng.normal(shift, 1, 60), rng.normal(0, 1, 60)).interval()
        held += low <= truth <= high
    assert held / 400 >= 0.92


def test_an_auc_of_one_is_never_certain() -> None:
    low, high = Roc(np.ones(20), np.zeros(20)).interval()
    assert high == 1
    assert 0.8 < low < 0.95


def test_scores_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(InputError, match="equally many"):
        Roc(np.ones(2), np.ones(3))
    with pytest.raises(InputError, match="0 members"):
        Roc(np.ones(0), np.ones(0))
    with pytest.raises(InputError, match="NaN"):
        Roc(np.array([math.nan]), np.ones(1))


@pytest.mark.parametrize("method", ["distance", "density"])
def test_raw_data_posing_as_the_release_give_members_away(method: str) -> None:
    mine, held, more = split(people(1500), 500, 500, 500)
    auxiliary = more if method == "density" else None
    result = membership(mine, mine, holdout=held, method=method, auxiliary=auxiliary)  # type: ignore[arg-type]
    assert result.auc == result.positive_control
    assert result.auc > 0.99
    assert result.reliable
    found = result.true_positives(0.01)
    assert found is not None
    assert found.rate > 0.95
    assert result.n_attacks == 500


@pytest.mark.parametrize("method", ["distance", "density"])
def test_a_release_of_other_people_gives_nobody_away(method: str) -> None:
    mine, held, others = split(people(1800), 600, 600, 600)
    with pytest.warns(UnreliableWarning, match="coin"):
        result = membership(mine, others, holdout=held, method=method)  # type: ignore[arg-type]
    assert not result.reliable
    low, high = result.interval
    assert low <= 0.5 <= high
    assert result.positive_control > 0.99


def test_equal_sizes_are_enforced_and_the_smaller_side_counts() -> None:
    mine, held = split(people(700), 500, 200)
    assert quiet(mine, mine, holdout=held).n_attacks == 200
    assert quiet(mine, mine, holdout=held, method="density").n_attacks == 100
    assert quiet(mine, mine, holdout=held, n_attacks=50).n_attacks == 50


def test_distances_equal_a_loop() -> None:
    mine, held, release = split(people(90, 3), 30, 30, 30)
    result = quiet(mine, release, holdout=held)
    every = [mine, held, release]
    spread = {c: np.ptp(np.concatenate([t[c] for t in every])) for c in ("age", "pay")}

    def least(table: Frame, i: int) -> float:
        return min(
            float(
                sum(abs(table[c][i] - release[c][j]) / spread[c] for c in spread)
                + sum(table[c][i] != release[c][j] for c in ("town", "sex"))
            )
            / 4
            for j in range(30)
        )

    np.testing.assert_allclose(-result.roc.members, [least(mine, i) for i in range(30)], atol=1e-6)
    np.testing.assert_allclose(
        -result.roc.non_members, [least(held, i) for i in range(30)], atol=1e-6
    )


def test_same_seed_same_result() -> None:
    mine, held, release = split(people(900), 300, 300, 300)
    first, again = (quiet(mine, release, holdout=held, n_attacks=100, seed=4) for _ in range(2))
    assert first.to_dict() == again.to_dict()
    assert first.to_dict() != quiet(mine, release, holdout=held, n_attacks=100, seed=5).to_dict()


def test_measures_say_what_cannot_be_told() -> None:
    mine, held = split(people(400), 200, 200)
    result = membership(mine, mine, holdout=held)
    measures = {m.name: m for m in result.measures()}
    assert measures["attacks.membership.distance.auc"].value == result.auc
    rare = measures["attacks.membership.distance.tpr_at_fpr_1_in_1000"]
    assert rare.value is None
    assert rare.reason == "needs 1000 non-members, there are 200"
    assert measures["attacks.membership.distance.tpr_at_fpr_1_in_100"].value is not None
    assert result.plot().axes
    assert "auc=" in repr(result)


def test_few_rows_and_strange_columns_are_told() -> None:
    mine, held = split(people(80), 40, 40)
    with pytest.warns(UnreliableWarning, match="fewer than 100"):
        membership(mine, mine, holdout=held)
    mine, held = split(people(400), 200, 200)
    strange = {**mine, "town": np.array(["region"] * 200)}
    with pytest.warns(UnreliableWarning, match="generalise original and hold-out"):
        membership(mine, strange, holdout=held)


def test_bad_input_is_refused_without_a_cell() -> None:
    table: Frame = {"a": np.array(["canary", "x"])}
    cases: list[tuple[dict[str, object], type[Exception], str]] = [
        ({"method": "shadow"}, InputError, "method"),
        ({"auxiliary": table}, InputError, "auxiliary"),
        ({"n_attacks": 0}, InputError, "n_attacks"),
        ({"seed": -1}, InputError, "seed"),
        ({"confidence": 0}, InputError, "confidence"),
        ({"columns": ["b"]}, ColumnNotFoundError, "'b'"),
        ({"method": "density", "holdout": {"a": ["x"]}}, InputError, "one row"),
        ({"holdout": {"b": ["x"]}}, InputError, "common"),
    ]
    for arguments, error, words in cases:
        with pytest.raises(error, match=words) as caught:
            membership(table, table, **{"holdout": table, **arguments})  # type: ignore[arg-type]
        assert "canary" not in str(caught.value)


def test_an_error_of_the_callers_own_code_quotes_no_cell() -> None:
    mine, held = split(people(400), 200, 200)

    def strict(table: object, seed: int) -> object:
        raise ZeroDivisionError(f"canary {seed}")

    def refused(table: object, seed: int) -> object:
        raise InputError("too few rows", hint="give more")

    options: dict[str, Any] = {"holdout": held, "n_targets": 5, "n_shadows": 8}
    with pytest.raises(InputError, match="make_release fails with ZeroDivisionError") as caught:
        shadow_membership(mine, make_release=strict, **options)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    with pytest.raises(InputError, match="too few rows"):
        shadow_membership(mine, make_release=refused, **options)


def copied(table: object, seed: int) -> object:
    return table


def test_shadows_find_copies_and_nothing_in_a_constant() -> None:
    mine, held = split(people(400), 200, 200)
    calls = []
    found = shadow_membership(
        mine, holdout=held, make_release=copied, n_targets=8, n_shadows=32,
        progress=lambda done, n: calls.append((done, n)),
    )  # fmt: skip
    assert found.auc > 0.92
    assert found.auc == found.positive_control
    assert (found.n_attacks, found.n_shadows) == (8 * 16, 32)
    assert (calls[0], calls[-1]) == ((1, 64), (64, 64))
    with pytest.warns(UnreliableWarning, match="coin"):
        nothing = shadow_membership(
            mine, holdout=held, make_release=lambda table, seed: held, n_targets=8, n_shadows=32
        )
    assert nothing.auc == 0.5
    assert nothing.positive_control == found.auc


@pytest.mark.slow
def test_shadows_of_noise_are_a_coin_on_average() -> None:
    """12 attacks of 320 judgements on pure noise: their mean is 0.5 ± 0.03 (3 deviations)."""
    mine, held = split(people(300), 150, 150)

    def noise(table: object, seed: int) -> Frame:
        rng = np.random.default_rng(seed)
        return {"age": rng.normal(50, 15, 60), "town": rng.integers(0, 30, 60).astype(str)}

    aucs = []
    for seed in range(12):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnreliableWarning)
            found = shadow_membership(
                mine, holdout=held, make_release=noise, n_targets=10, n_shadows=32, seed=seed
            )
        aucs.append(found.auc)
    assert np.mean(aucs) == pytest.approx(0.5, abs=0.03)


def test_a_release_gets_what_came_in() -> None:
    mine, held = (pd.DataFrame(t) for t in split(people(120), 60, 60))
    seen = []

    def make(table: object, seed: int) -> object:
        seen.append((type(table), len(table), seed))  # type: ignore[arg-type]
        return table

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnreliableWarning)
        for _ in range(2):
            shadow_membership(
                mine,
                holdout=held,
                make_release=make,
                n_targets=2,
                n_shadows=8,
                n_rows=20,
            )
    assert {kind for kind, _, _ in seen} == {pd.DataFrame}
    assert {n for _, n, _ in seen} == {20}
    assert [s for *_, s in seen[:16]] == [s for *_, s in seen[16:]]


def test_shadows_refuse_what_cannot_be_drawn() -> None:
    mine, held = split(people(60), 30, 30)
    cases: list[tuple[dict[str, object], str]] = [
        ({"n_shadows": 7}, "n_shadows"),
        ({"n_targets": 0}, "n_attacks"),
        ({"n_rows": 100}, "cannot be drawn"),
        ({"n_rows": 3}, "cannot be drawn"),
        ({"holdout": {**held, "age": np.array(["canary"] * 30)}}, "other types"),
        ({"columns": []}, "0 columns"),
    ]
    for arguments, words in cases:
        given = {"holdout": held, "make_release": copied, "n_targets": 5, "n_shadows": 8}
        with pytest.raises(InputError, match=words) as caught:
            shadow_membership(mine, **{**given, **arguments})  # type: ignore[arg-type]
        assert "canary" not in str(caught.value)
    with pytest.raises(ColumnNotFoundError):
        shadow_membership(mine, holdout={"age": held["age"]}, make_release=copied)


def test_an_attack_without_power_gives_no_number_to_require() -> None:
    """Where even the original cannot be told, a coin's AUC must not pass a policy."""
    same = {"a": [1.0] * 200}
    with pytest.warns(UnreliableWarning):
        found = membership(same, same, holdout=same)
    told = {m.name.rsplit(".", 1)[1]: m for m in found.measures()}
    assert found.auc == 0.5
    for part in ("auc", "auc_upper", "tpr_at_fpr_1_in_100", "tpr_at_fpr_1_in_100_upper"):
        assert told[part].value is None
        assert "cannot even tell" in told[part].reason
    assert told["positive_control"].value == 0.5
