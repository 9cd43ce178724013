"""Exact samplers: their law by chi-square, their algorithm by exhaustion, OpenDP beside them."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from niming.anonymize.dp import discrete_gaussian, discrete_laplace
from niming.anonymize.dp.samplers import _accept_exp, _Words
from niming.errors import InputError

N = 40_000
# The draws come from the system, so the tests cannot be seeded: at this level all tests of this
# file together fail by chance about once in ten million runs.
FALSE_ALARM = 1e-9


def laplace_log_mass(scale: Fraction) -> Callable[[int], float]:
    return lambda x: -abs(x) / float(scale)


def gaussian_log_mass(sigma_squared: Fraction) -> Callable[[int], float]:
    return lambda x: -(x * x) / (2 * float(sigma_squared))


def fits(draws: np.ndarray, log_mass: Callable[[int], float], reach: int) -> float:
    """Return the p-value of chi-square against the law, cells with 20 expected draws or more."""
    support = range(-reach, reach + 1)
    mass = np.exp([log_mass(x) for x in support])
    expected = mass / mass.sum() * len(draws)
    observed = np.array([np.count_nonzero(draws == x) for x in support], dtype=float)
    common = expected >= 20
    observed = np.append(observed[common], len(draws) - observed[common].sum())
    expected = np.append(expected[common], len(draws) - expected[common].sum())
    if expected[-1] < 5:
        observed, expected = observed[:-1], expected[:-1]
        expected *= observed.sum() / expected.sum()
    return float(stats.chisquare(observed, expected).pvalue)


@pytest.mark.parametrize("scale", [Fraction(1, 3), Fraction(1), Fraction(5, 2), Fraction(70, 9)])
def test_laplace_law(scale: Fraction) -> None:
    draws = discrete_laplace(scale, N)
    assert fits(draws, laplace_log_mass(scale), 400) > FALSE_ALARM


@pytest.mark.parametrize("sigma_squared", [Fraction(1, 4), Fraction(2), Fraction(37, 3)])
def test_gaussian_law(sigma_squared: Fraction) -> None:
    draws = discrete_gaussian(sigma_squared, N)
    assert fits(draws, gaussian_log_mass(sigma_squared), 60) > FALSE_ALARM


def test_a_mutant_of_nine_tenths_the_scale_is_seen() -> None:
    draws = discrete_laplace(Fraction(9, 4), N)
    assert fits(draws, laplace_log_mass(Fraction(5, 2)), 400) < 1e-12


def test_wide_numbers_take_the_same_law() -> None:
    """A scale of 2**70 + 1 needs Python integers; |x| / scale is then exponential, mean 1."""
    scale = Fraction(2**70 + 1)
    draws = discrete_laplace(scale, 2000)
    assert draws.dtype == object
    shares = np.array([abs(int(x)) / 2**70 for x in draws])
    assert stats.kstest(shares, "expon").pvalue > FALSE_ALARM
    assert stats.binomtest(int(np.count_nonzero(draws > 0)), 2000).pvalue > FALSE_ALARM


def test_a_wide_fraction_gives_small_integers() -> None:
    big = 2**80
    draws = discrete_laplace(Fraction(3 * big + 1, big), 2000)
    assert draws.dtype == np.int64
    assert fits(draws, laplace_log_mass(Fraction(3)), 400) > FALSE_ALARM
    draws = discrete_gaussian(Fraction(3 * big + 1, big), 2000)
    assert fits(draws, gaussian_log_mass(Fraction(3)), 60) > FALSE_ALARM


@pytest.mark.parametrize(("a", "b"), [(0, 1), (1, 1), (1, 3), (5, 7), (7, 2), (13, 4)])
def test_coins_of_exp(a: int, b: int) -> None:
    heads = int(_accept_exp(_Words(np.random.default_rng(1).bytes), np.full(N, a), b).sum())
    assert stats.binomtest(heads, N, math.exp(-a / b)).pvalue > FALSE_ALARM


def test_uniform_integers_are_uniform_and_below() -> None:
    words = _Words(np.random.default_rng(2).bytes)
    for bound in (1, 2, 3, 256, 257, 65_537, 10**12, 2**62, 3 * 2**70):
        draws = words.below(bound, 3000)
        assert all(0 <= int(x) < bound for x in draws)
        if bound > 1:
            cells = np.bincount([int(x) * 3 // bound for x in draws], minlength=3)
            edges = [-(-i * bound // 3) for i in range(4)]
            expected = np.diff(edges).astype(float) / bound * 3000
            kept = expected > 0
            assert stats.chisquare(cells[kept], expected[kept]).pvalue > FALSE_ALARM


def test_the_bytes_decide() -> None:
    def draw() -> list[int]:
        return discrete_laplace(Fraction(5), 50, _read=np.random.default_rng(7).bytes).tolist()

    assert draw() == draw()
    assert discrete_laplace(5, 50).tolist() != discrete_laplace(5, 50).tolist()


def test_a_scale_near_zero_is_all_zeros() -> None:
    assert not discrete_laplace(Fraction(3, 2**70), 100).any()
    assert not discrete_gaussian(Fraction(3, 2**70), 100).any()


def test_sizes() -> None:
    assert len(discrete_laplace(3, 0)) == 0
    assert len(discrete_gaussian(3, 1)) == 1


@pytest.mark.parametrize("scale", [0, -1, 0.5, math.nan, True, "1"])
def test_no_rational_above_zero(scale: object) -> None:
    with pytest.raises(InputError, match="Fraction"):
        discrete_laplace(scale, 1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="Fraction"):
        discrete_gaussian(scale, 1)  # type: ignore[arg-type]


class TestBesideOpenDP:
    """OpenDP 0.16, an implementation that is not ours; two-sample chi-square."""

    @pytest.mark.parametrize("kind", ["laplace", "gaussian"])
    def test_the_same_law(self, kind: str) -> None:
        dp = pytest.importorskip("opendp.prelude")
        dp.enable_features("contrib")
        space = dp.vector_domain(dp.atom_domain(T=int))
        if kind == "laplace":
            theirs = dp.m.make_laplace(space, dp.l1_distance(T=int), scale=2.5)([0] * N)
            ours = discrete_laplace(Fraction(5, 2), N)
        else:
            theirs = dp.m.make_gaussian(space, dp.l2_distance(T=int), scale=2.5)([0] * N)
            ours = discrete_gaussian(Fraction(25, 4), N)
        cells = np.clip([ours, theirs], -8, 8) + 8
        table = np.array([np.bincount(c, minlength=17) for c in cells])
        assert stats.chi2_contingency(table).pvalue > FALSE_ALARM
