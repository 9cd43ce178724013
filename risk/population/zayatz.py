"""Zayatz's estimator: the population's class sizes are distributed as the sample's are."""

from __future__ import annotations

import numpy as np

from niming.risk.population.estimate import Estimate, estimated
from niming.risk.population.sample import Sample
from niming.risk.population.sums import log_gamma_ratio

__all__ = ["zayatz"]


def zayatz(sample: Sample) -> Estimate:
    """Estimate the population uniques by Bayes' rule.

    Parameters
    ----------
    sample : Sample
        With at least one unique.

    Returns
    -------
    Estimate
        Always available.

    Notes
    -----
    With p_j the share of classes of size j, taken from the sample, and F people in a class of
    which f are sampled,

    P(F = 1 | f = 1) = p₁ P(f = 1 | F = 1) / Σ_j p_j P(f = 1 | F = j)

    where P(f = 1 | F = j) = j C(N − j, n − 1)/C(N, n) is hypergeometric, and
    S₁ = s₁ P(F = 1 | f = 1)/π. Classes look smaller in a sample than they are, so p₁ is too
    large, and the estimate is too high where the sampling fraction is small.

    References
    ----------
    Zayatz 1991, "Estimation of the number of unique population elements using a sample",
    Proceedings of the Survey Research Methods Section, ASA, pp. 369-373.

    Examples
    --------
    >>> sample = Sample.of(np.array([1, 1, 2]), population_size=8)
    >>> round(zayatz(sample).sample_unique_risk, 4)  # 2 · 1/2 over 2 · 1/2 + 2 · 20/70
    0.6364
    """
    n, people = sample.n_records, sample.population_size
    others = sample.size.astype(np.float64) - 1  # of a class, beside the one that is sampled
    possible = others <= people - n
    chance = np.zeros(len(others))
    j = others[possible]
    # ln of the chance that none of the others is among the n − 1 further records:
    # (N − n)!/(N − n − j)! over (N − 1)!/(N − 1 − j)!, of which each is a quotient of Γ.
    missed = log_gamma_ratio(people - n - j + 1, j) - log_gamma_ratio(people - j, j)
    chance[possible] = (j + 1) * sample.fraction * np.exp(missed)
    single = sample.n_unique * sample.fraction
    probability = single / float((sample.n_of_size * chance).sum())
    return estimated(
        "zayatz",
        sample,
        sample.n_unique * probability / sample.fraction,
        {"probability": probability},
    )
