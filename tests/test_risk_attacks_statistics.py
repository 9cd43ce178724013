"""Rates, risks and their intervals: against published numbers, root finding and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from niming.errors import InputError
from niming.risk.attacks.statistics import Trials, beats, excess, excess_interval, normal_quantile


def trials(most: int = 400) -> st.SearchStrategy[Trials]:
    return st.integers(1, most).flatmap(
        lambda n: st.integers(0, n).map(lambda x: Trials(n_success=x, n=n))
    )


@pytest.mark.parametrize(
    ("n_success", "n", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_equals_the_published_intervals(
    n_success: int, n: int, low: float, high: float
) -> None:
    found = Trials(n_success, n).interval(0.95)
    assert found == pytest.approx((low, high), abs=5e-5)


def test_the_interval_of_the_risk_equals_a_published_ratio() -> None:
    """Perondi et al. 2004, 1 of 34 against 7 of 34: the R package contingencytables gives 7.0000
    (1.1537 to 41.9763) for the ratio by MOVER-R from Wilson's intervals, the other way up, and
    0.1765 (0.0189 to 0.3404) for the difference by Newcombe's.
    """
    attack, control = Trials(33, 34), Trials(27, 34)
    assert excess(attack, control) == pytest.approx(1 - 1 / 7)
    interval = excess_interval(attack, control, 0.95)
    assert interval == pytest.approx((1 - 1 / 1.1537, 1 - 1 / 41.9763), abs=5e-5)
    assert beats(Trials(7, 34), Trials(1, 34), 0.95)
    assert not beats(Trials(7, 34), Trials(1, 34), 0.99)


@given(case=trials(), confidence=st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_wilson_inverts_the_score_test(case: Trials, confidence: float) -> None:
    """Its ends are where the score test of the rate just rejects."""
    z, p, n = normal_quantile(confidence), case.rate, case.n

    def score(q: float) -> float:
        return (p - q) ** 2 * n - z * z * q * (1 - q)

    low, high = case.interval(confidence)
    assert 0 <= low <= p <= high <= 1
    assert score(low) == pytest.approx(0, abs=1e-9)
    assert score(high) == pytest.approx(0, abs=1e-9)


@given(attack=trials(), control=trials())
def test_the_risk_lies_in_its_interval(attack: Trials, control: Trials) -> None:
    risk, interval = excess(attack, control), excess_interval(attack, control, 0.95)
    if control.n_success == control.n:
        assert risk is None
        assert interval is None
        return
    assert risk is not None
    assert interval is not None
    assert 0 <= interval[0] <= risk + 1e-12
    assert risk - 1e-12 <= interval[1] <= 1
    raw = (attack.rate - control.rate) / (1 - control.rate)
    assert risk == pytest.approx(max(0.0, raw), abs=1e-12)


@given(attack=trials(), control=trials())
def test_a_higher_level_gives_a_longer_interval(attack: Trials, control: Trials) -> None:
    short, long = (excess_interval(attack, control, level) for level in (0.8, 0.99))
    if short is not None and long is not None:
        assert long[0] <= short[0] + 1e-9
        assert short[1] <= long[1] + 1e-9


def test_ratio_interval_where_its_quotient_degenerates() -> None:
    """The control fails so rarely that the denominator changes sign: the limit is continuous."""
    ends = [excess_interval(Trials(x, 40), Trials(39, 40), 0.95) for x in range(41)]
    lows = [end[0] for end in ends if end is not None]
    assert len(lows) == 41
    assert lows == sorted(lows)
    assert all(math.isfinite(low) for low in lows)


def test_beats_needs_more_than_chance() -> None:
    assert not beats(Trials(50, 100), Trials(50, 100), 0.95)
    assert not beats(Trials(55, 100), Trials(50, 100), 0.95)
    assert beats(Trials(70, 100), Trials(50, 100), 0.95)
    assert not beats(Trials(100, 100), Trials(100, 100), 0.95)
    assert not beats(Trials(3, 3), Trials(2, 3), 0.95)


@pytest.mark.parametrize(("n_success", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_trials_are_refused(n_success: int, n: int) -> None:
    with pytest.raises(InputError, match="trials"):
        Trials(n_success, n)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0, float("nan")])
def test_an_impossible_level_is_refused(confidence: float) -> None:
    with pytest.raises(InputError, match="confidence level"):
        Trials(1, 2).interval(confidence)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attack", "control", "least"),
    [(0.02, 0.01, 0.94), (0.3, 0.1, 0.94), (0.5, 0.45, 0.94), (0.9, 0.5, 0.94), (0.99, 0.9, 0.94)],
)
def test_the_interval_of_the_risk_covers_it(attack: float, control: float, least: float) -> None:
    """20,000 draws of 500 attacks and 500 controls at the level 0.95, seed 11.

    The share covered has a standard error of at most 0.0016 at 0.95, so a true coverage of 0.95
    falls below 0.94 with a probability under 1e-9.
    """
    n, rng = 500, np.random.default_rng(11)
    risk = (attack - control) / (1 - control)
    found: dict[tuple[int, int], bool] = {}
    covered = 0
    for x, y in zip(rng.binomial(n, attack, 20_000), rng.binomial(n, control, 20_000), strict=True):
        pair = int(x), int(y)
        if pair not in found:
            interval = excess_interval(Trials(pair[0], n), Trials(pair[1], n), 0.95)
            found[pair] = interval is not None and interval[0] <= risk <= interval[1]
        covered += found[pair]
    assert covered / 20_000 >= least


@pytest.mark.slow
def test_no_attack_beats_its_equal_more_often_than_promised() -> None:
    """100,000 draws of two equal rates, seed 12: at most 2.5 % are called better.

    The limit adds 4 standard errors (0.0005 each): false alarm below 1e-4 a case.
    """
    rng = np.random.default_rng(12)
    for rate, n in ((0.05, 500), (0.5, 200), (0.9, 300)):
        pairs = zip(rng.binomial(n, rate, 100_000), rng.binomial(n, rate, 100_000), strict=True)
        known: dict[tuple[int, int], bool] = {}
        better = 0
        for x, y in pairs:
            pair = int(x), int(y)
            if pair not in known:
                known[pair] = beats(Trials(pair[0], n), Trials(pair[1], n), 0.95)
            better += known[pair]
        assert better / 100_000 <= 0.027
