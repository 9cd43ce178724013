"""Population uniqueness: likelihoods and equations written out, populations that are known."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from niming.errors import InputError
from niming.risk.population import (
    Estimate,
    PopulationUniqueness,
    Sample,
    population_uniqueness,
)
from niming.risk.population.dankar import choose
from niming.risk.population.pitman import pitman
from niming.risk.population.slide_negative_binomial import slide_negative_binomial
from niming.risk.population.sums import log_gamma_ratio, reciprocals
from niming.risk.population.zayatz import zayatz

SKEWED = np.repeat([1, 2, 3, 4, 7, 12, 30], [300, 80, 40, 20, 9, 4, 1])
sizes_of_classes = st.lists(st.integers(1, 9), min_size=2, max_size=25)


def log_likelihood(sizes: NDArray[np.int64], theta: float, alpha: float) -> float:
    """Return the logarithm of Pitman's formula, product by product."""
    n, u = int(sizes.sum()), len(sizes)
    total = sum(math.log(theta + i * alpha) for i in range(1, u))
    total -= sum(math.log(theta + i) for i in range(1, n))
    return total + sum(math.log(i - alpha) for j in sizes for i in range(1, int(j)))


def seen_as(fraction: float, sizes: NDArray[np.int64], rng: np.random.Generator) -> Sample:
    """Draw a simple random sample from people in classes of these sizes."""
    people = np.repeat(np.arange(len(sizes)), sizes)
    drawn = rng.choice(people, round(len(people) * fraction), replace=False)
    found = np.bincount(drawn)
    return Sample.of(found[found > 0], population_size=len(people))


# Sums and quotients


@settings(max_examples=200, deadline=None)
@given(st.floats(-6, 9), st.sampled_from([0.0, 1e-9, 1e-3, 0.3, 1.0, 40.0]), st.integers(0, 700))
def test_long_sums_equal_short_ones(log: float, step: float, n: int) -> None:
    start = 10.0**log
    once, weighted = reciprocals(start, step, n)
    terms = [1 / (start + k * step) for k in range(n)]
    assert once == pytest.approx(math.fsum(terms), rel=1e-12)
    assert weighted == pytest.approx(math.fsum(k * t for k, t in enumerate(terms)), rel=1e-12)


def test_log_gamma_ratio_equals_whole_products() -> None:
    for x, d in ((1, 1), (3, 5), (1000, 30), (10**9, 7), (1_400_000_000, 2)):
        exact = sum(math.log(x + i) for i in range(d))
        assert float(log_gamma_ratio(float(x), float(d))) == pytest.approx(exact, rel=1e-13)
    assert float(log_gamma_ratio(0.5, 0.5)) == pytest.approx(-math.log(math.pi) / 2, rel=1e-13)
    # Γ(N + a)/Γ(N) is N^a (1 − a (1 − a)/(2N) …): lgamma itself has lost 6 digits here.
    assert float(log_gamma_ratio(1.4e9, -0.4)) == pytest.approx(
        -0.4 * math.log(1.4e9) + math.log1p(0.28 / 1.4e9), rel=1e-14
    )


# Zayatz


@settings(max_examples=200, deadline=None)
@given(sizes=sizes_of_classes, beyond=st.integers(1, 60))
def test_zayatz_equals_bayes_in_fractions(sizes: list[int], beyond: int) -> None:
    sizes = [1, *sizes]
    n, people = sum(sizes), sum(sizes) + beyond
    single = Fraction(0)
    every = Fraction(0)
    for size in sizes:
        chance = (
            Fraction(size * math.comb(people - size, n - 1), math.comb(people, n))
            if size - 1 <= people - n
            else Fraction(0)
        )
        every += chance
        single += chance if size == 1 else 0
    found = zayatz(Sample.of(np.array(sizes), population_size=people))
    assert found.parameters["probability"] == pytest.approx(float(single / every), rel=1e-10)
    assert found.n_records == pytest.approx(float(single / every) * sizes.count(1), rel=1e-10)
    assert found.n_uniques == pytest.approx(
        float(single / every) * sizes.count(1) * people / n, rel=1e-10
    )


def test_zayatz_has_a_number_for_a_country() -> None:
    sizes = np.array([1] * 1000 + [2] * 500 + [40_000_000], dtype=np.int64)
    found = zayatz(Sample.of(sizes, population_size=1_400_000_000))
    # The large class counts for nothing; pairs are missed with 1 − π.
    fraction = int(sizes.sum()) / 1.4e9
    expected = 1000 / (1000 + 500 * 2 * (1 - fraction))
    assert found.sample_unique_risk == pytest.approx(expected, rel=1e-6)


# Pitman


@pytest.mark.parametrize(
    "sizes",
    [
        SKEWED,
        np.repeat([1, 2, 3, 6], [300, 80, 30, 5]),  # α below 0
        np.repeat([1, 2, 5, 60], [12, 4, 2, 1]),
        np.repeat([1, 2, 3, 9], [40, 12, 5, 4]),
    ],
)
def test_pitman_is_where_the_likelihood_is_largest(sizes: NDArray[np.int64]) -> None:
    """No point of a grid around the estimate is better, and all of the surface is worse."""
    found = pitman(Sample.of(sizes, sampling_fraction=0.05)).parameters
    theta, alpha = found["theta"], found["alpha"]
    best = log_likelihood(sizes, theta, alpha)
    bound = len(sizes) - 1
    for a in (*np.linspace(-3, 0.99, 25), alpha + 1e-3, alpha - 1e-3, alpha):
        lowest = -a if a >= 0 else -bound * a
        for above in (*np.geomspace(1e-3, 1e6, 25), theta * 1.001 - lowest, theta * 0.999 - lowest):
            if above > 0 and a < 1:
                assert log_likelihood(sizes, lowest + above, a) <= best + 1e-7


@pytest.mark.parametrize(("theta", "alpha"), [(20.0, 0.6), (200.0, 0.0), (50.0, 0.3)])
def test_pitman_finds_its_own_parameters(theta: float, alpha: float) -> None:
    """Draw one long sequence by Pitman's urn, and look at its beginning alone."""
    rng = np.random.default_rng(4)
    n_people, n = 30_000, 3_000
    size: list[int] = []
    of_person = np.empty(n_people, dtype=np.int64)
    for i in range(n_people):
        # A new class with (θ + α u)/(θ + i), else that of an earlier person, kept with 1 − α/size.
        if rng.random() * (theta + i) < theta + alpha * len(size):
            of_person[i] = len(size)
            size.append(1)
            continue
        while True:
            at = of_person[rng.integers(i)]
            if rng.random() * size[at] >= alpha:
                break
        of_person[i] = at
        size[at] += 1
    begun = np.bincount(of_person[:n])
    found = pitman(Sample.of(begun[begun > 0], population_size=n_people))
    assert found.parameters["alpha"] == pytest.approx(alpha, abs=0.06)
    assert found.n_uniques == pytest.approx(size.count(1), rel=0.25)


def test_pitman_expects_the_uniques_of_ewens() -> None:
    """Σ over the urn: E[S₁] follows from S₁(i + 1) = S₁(i) + P(new) − P(a single is hit)."""
    found = pitman(Sample.of(SKEWED, population_size=5_000))
    theta, alpha = found.parameters["theta"], found.parameters["alpha"]
    singles = 0.0
    classes = 0.0
    for i in range(5_000):
        new = (theta + alpha * classes) / (theta + i)
        singles += new - singles * (1 - alpha) / (theta + i)
        classes += new
    assert found.n_uniques == pytest.approx(singles, rel=1e-9)


def test_pitman_that_has_no_maximum_is_not_available() -> None:
    alone = pitman(Sample.of(np.ones(50, dtype=np.int64), population_size=1000))
    assert alone.n_uniques is None
    assert "alone" in alone.reason
    equal = pitman(Sample.of(np.repeat([1, 2, 3], [2, 60, 2]), population_size=5000))
    assert equal.n_uniques is None
    assert "equal" in equal.reason


# Slide negative binomial


@pytest.mark.parametrize("fraction", [0.01, 0.15, 0.5, 0.95])
def test_slide_negative_binomial_solves_the_papers_equations(fraction: float) -> None:
    sample = Sample.of(SKEWED, sampling_fraction=fraction)
    found = slide_negative_binomial(sample)
    a, b, k = (found.parameters[name] for name in ("alpha", "beta", "n_classes"))
    f = sample.fraction
    d = (1 - f) * (1 - b)
    single = k * f * (b / (1 - d)) ** a * (a * d / (1 - d) + 1)
    pairs = k * a * b**a * f * f * (1 - b) / (2 * (1 - d) ** (a + 2)) * (2 - (1 - a) * d)
    assert single == pytest.approx(sample.n_unique, rel=1e-9)
    assert pairs == pytest.approx(sample.n_pairs, rel=1e-9)
    assert found.n_uniques == pytest.approx(k * b**a, rel=1e-12)
    i, s = sample.size.astype(float), sample.n_of_size
    shlosser = len(SKEWED) + 300 * (
        (i * f**2 * (1 - f**2) ** (i - 1) * s).sum()
        / ((1 - f) ** i * ((1 + f) ** i - 1) * s).sum()
        * (((1 - f) ** i * s).sum() / (i * f * (1 - f) ** (i - 1) * s).sum()) ** 2
    )
    assert k == pytest.approx(shlosser, rel=1e-9)


def test_its_equations_are_the_moments_of_a_sample() -> None:
    """The two equations, against classes that are drawn as the model says."""
    rng = np.random.default_rng(11)
    a, b, k, f = 0.7, 0.2, 400_000, 0.3
    drawn = rng.binomial(1 + rng.negative_binomial(a, b, k), f)
    d = (1 - f) * (1 - b)
    single = k * f * (b / (1 - d)) ** a * (a * d / (1 - d) + 1)
    pairs = k * a * b**a * f * f * (1 - b) / (2 * (1 - d) ** (a + 2)) * (2 - (1 - a) * d)
    # Binomial counts: five standard deviations, false alarm 1e-6.
    assert np.count_nonzero(drawn == 1) == pytest.approx(single, abs=5 * math.sqrt(single))
    assert np.count_nonzero(drawn == 2) == pytest.approx(pairs, abs=5 * math.sqrt(pairs))


def test_slide_negative_binomial_without_a_fit_is_not_available() -> None:
    no_pairs = slide_negative_binomial(Sample.of(np.array([1, 1, 5]), population_size=70))
    assert no_pairs.n_uniques is None
    assert "two records" in no_pairs.reason
    too_few = slide_negative_binomial(Sample.of(np.array([1, 1, 2]), population_size=8))
    assert too_few.n_uniques is None
    assert "no slide negative binomial" in too_few.reason


# The rule


def estimate(model: str, n_uniques: float | None) -> Estimate:
    reason = "" if n_uniques is not None else "did not fit"
    return Estimate(model, n_uniques=n_uniques, reason=reason)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fraction", "uniques", "taken"),
    [
        (0.05, (5.0, 1.0, 9.0), "pitman"),
        (0.1, (5.0, 1.0, 9.0), "pitman"),
        (0.2, (1.0, 5.0, 9.0), "zayatz"),
        (0.2, (1.0, 9.0, 5.0), "snb"),
        (0.2, (None, 9.0, 5.0), "snb"),
        (0.2, (1.0, 9.0, None), "zayatz"),
    ],
)
def test_dankars_rule(
    fraction: float, uniques: tuple[float | None, float, float | None], taken: str
) -> None:
    sample = Sample.of(np.full(100, 1), sampling_fraction=fraction)
    p, z, s = (estimate(m, u) for m, u in zip(("pitman", "zayatz", "snb"), uniques, strict=True))
    found = choose(sample, pitman=p, zayatz=z, snb=s)
    assert (found.model, found.reason) == (taken, "")


def test_the_rule_falls_back_on_nothing_where_pitmans_is_needed() -> None:
    result = PopulationUniqueness.of_sizes(np.ones(50, dtype=np.int64), population_size=5000)
    assert result.zayatz.unique_rate == 1.0
    assert result.chosen.unique_rate is None
    assert "0.1" in result.chosen.reason
    found = {m.name.removeprefix("population_uniqueness."): m for m in result.measures()}
    assert found["unique_rate"].value is None
    assert found["unique_rate"].reason == result.chosen.reason
    assert found["zayatz.unique_rate"].value == 1.0
    assert found["pitman.unique_rate"].value is None


# Known populations


def zipf(exponent: float, rng: np.random.Generator) -> NDArray[np.int64]:
    share = np.arange(1, 60_001) ** -exponent
    sizes = rng.multinomial(60_000, share / share.sum())
    return sizes[sizes > 0].astype(np.int64)


def lognormal(sigma: float, rng: np.random.Generator) -> NDArray[np.int64]:
    share = rng.lognormal(0, sigma, 15_000)
    sizes = rng.multinomial(60_000, share / share.sum())
    return sizes[sizes > 0].astype(np.int64)


@pytest.mark.parametrize(
    ("name", "fraction", "factor"),
    [
        ("zipf 1", 0.02, 1.8),
        ("zipf 1", 0.1, 1.5),
        ("zipf 1", 0.3, 1.2),
        ("zipf 1.3", 0.02, 1.5),
        ("zipf 1.3", 0.1, 1.25),
        ("zipf 1.3", 0.3, 1.15),
        ("lognormal 2", 0.1, 2.2),
        ("lognormal 2", 0.3, 1.4),
        ("lognormal 2", 0.7, 1.1),
        ("lognormal 1", 0.3, 1.5),
        ("lognormal 1", 0.7, 1.1),
    ],
)
def test_the_chosen_estimate_is_near_a_known_population(
    name: str, fraction: float, factor: float
) -> None:
    """The factors are those seen at this seed, with some room; the models do not hold exactly."""
    rng = np.random.default_rng(17)
    kind, shape = name.split()
    sizes = {"zipf": zipf, "lognormal": lognormal}[kind](float(shape), rng)
    sample = seen_as(fraction, sizes, rng)
    result = PopulationUniqueness.of_sizes(
        np.repeat(sample.size, sample.n_of_size), population_size=sample.population_size
    )
    truth = int(np.count_nonzero(sizes == 1))
    assert result.chosen.n_uniques is not None
    assert truth / factor <= result.chosen.n_uniques <= truth * factor


def test_the_three_numbers_say_the_same() -> None:
    result = PopulationUniqueness.of_sizes(SKEWED, sampling_fraction=0.3)
    for found in (result.pitman, result.zayatz, result.snb):
        assert found.n_uniques is not None
        assert found.n_records is not None
        assert found.unique_rate is not None
        assert found.unique_rate == pytest.approx(found.n_uniques / result.sample.population_size)
        assert found.n_records == pytest.approx(found.unique_rate * result.sample.n_records)
        assert found.sample_unique_risk == pytest.approx(found.n_records / 300)


@settings(max_examples=150, deadline=None)
@given(sizes=sizes_of_classes, fraction=st.floats(0.002, 1))
def test_every_table_has_numbers_in_range_or_a_reason(sizes: list[int], fraction: float) -> None:
    result = PopulationUniqueness.of_sizes(np.array(sizes), sampling_fraction=fraction)
    n_single = sizes.count(1)
    for found in (result.pitman, result.zayatz, result.snb, result.chosen):
        assert (found.n_uniques is None) == (found.unique_rate is None) == bool(found.reason)
        if found.unique_rate is not None:
            assert 0 <= found.unique_rate <= 1
        if found.n_records is not None:
            assert 0 <= found.n_records <= n_single
            assert (found.n_records > 0) == (n_single > 0)  # 0 is never a failure
        else:
            assert found.reason
    assert len(result.measures()) == 7


# What needs no model, and what is refused


def test_a_census_is_counted() -> None:
    result = population_uniqueness({"q": [1, 2, 2, 3]}, quasi_identifiers=["q"], population_size=4)
    assert (result.chosen.model, result.chosen.n_uniques) == ("count", 2.0)
    assert result.chosen.sample_unique_risk == 1.0
    assert "whole population" in result.snb.reason


def test_no_unique_record_means_no_unique_person_in_the_table() -> None:
    table = {"q": [1, 1, 2, 2]}
    result = population_uniqueness(table, quasi_identifiers=["q"], sampling_fraction=0.01)
    assert (result.chosen.model, result.chosen.n_records) == ("count", 0.0)
    assert result.chosen.sample_unique_risk is None
    assert "no record is alone" in result.pitman.reason
    assert "alone" in result.plot().axes[0].texts[0].get_text()


def test_no_unique_record_tells_nothing_of_the_people_outside_the_table() -> None:
    table = {"q": [1, 1, 2, 2]}
    result = population_uniqueness(table, quasi_identifiers=["q"], population_size=100)
    found = {m.name.removeprefix("population_uniqueness."): m for m in result.measures()}
    assert (found["n_records"].value, found["n_records"].reason) == (0.0, "")
    for name in ("unique_rate", "n_uniques", "sample_unique_risk"):
        assert found[name].value is None
        assert "outside" in found[name].reason
    assert "count=not available; n_records=0" in repr(result)
    census = population_uniqueness(table, quasi_identifiers=["q"], population_size=4).chosen
    assert (census.unique_rate, census.n_uniques, census.reason) == (0.0, 0.0, "")


def test_fully_suppressed_records_are_left_out() -> None:
    values = ["a"] * 3 + ["b", "c", "d", "d"]
    plain = population_uniqueness({"q": values}, quasi_identifiers=["q"], population_size=90)
    table = {"q": [*values, "*"]}
    result = population_uniqueness(
        table, quasi_identifiers=["q"], population_size=90, suppressed="*"
    )
    assert result.n_suppressed == 1
    assert result.sample.n_unique == 2
    assert result.zayatz.n_uniques == plain.zayatz.n_uniques
    every = population_uniqueness(
        {"q": ["*", "*"]}, quasi_identifiers=["q"], population_size=9, suppressed="*"
    )
    assert every.chosen.reason == "every record is suppressed"
    assert len(every.measures()) == 7
    assert "not available" in every.plot().axes[0].texts[0].get_text()


@pytest.mark.parametrize(
    "told",
    [
        {"population_size": 3},
        {"population_size": 10.0},
        {"population_size": True},
        {"population_size": 2**60},
        {"sampling_fraction": 0},
        {"sampling_fraction": 1.5},
        {"sampling_fraction": math.nan},
        {"sampling_fraction": "0.1"},
        {"sampling_fraction": 1e-30},
        {"population_size": 10, "sampling_fraction": 0.5},
        {},
    ],
)
def test_what_is_no_population_is_refused(told: dict[str, float]) -> None:
    table = {"q": ["canary-3", "a", "b", "b"]}
    with pytest.raises(InputError, match=r"population|people") as caught:
        population_uniqueness(table, quasi_identifiers=["q"], **told)  # type: ignore[arg-type]
    assert "canary" not in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("sizes", [[], [0, 1], [1.5], [[1, 2]]])
def test_what_is_no_class_size_is_refused(sizes: list[object]) -> None:
    with pytest.raises(InputError, match="class sizes"):
        PopulationUniqueness.of_sizes(np.array(sizes), population_size=10)


def test_one_record() -> None:
    result = population_uniqueness({"q": [1]}, quasi_identifiers=["q"], population_size=2)
    assert result.chosen.model == "zayatz"
    assert result.chosen.unique_rate == 1.0


def test_millions_of_classes_take_no_longer() -> None:
    sizes = np.repeat([1, 2, 3, 40, 3_000_000], [4_000_000, 500_000, 90_000, 1_000, 1])
    result = PopulationUniqueness.of_sizes(sizes, population_size=1_400_000_000)
    assert result.chosen.model == "pitman"
    assert result.chosen.unique_rate is not None
    assert 0 < result.chosen.unique_rate < 1


def test_tells_itself() -> None:
    result = PopulationUniqueness.of_sizes(SKEWED, sampling_fraction=0.05)
    told = result.to_dict()
    assert told["chosen"] == "pitman"
    assert set(told["estimates"]) == {"pitman", "zayatz", "snb"}  # type: ignore[arg-type]
    assert "unique_rate: pitman=" in repr(result)
    title = result.plot().axes[0].get_title()
    assert "Dankar's rule: Pitman" in title
    assert "sampling fraction 0.05" in title
    figure = PopulationUniqueness.of_sizes(np.ones(50, dtype=np.int64), population_size=900).plot()
    assert any("not available" in text.get_text() for text in figure.axes[0].texts)
