"""Pitman's model: new values keep turning up, the more slowly the more people have been seen."""

from __future__ import annotations

import math

from niming.risk.population.estimate import Estimate, estimated, not_available
from niming.risk.population.sample import Sample
from niming.risk.population.sums import log_gamma_ratio, reciprocals

__all__ = ["pitman"]

_LOWEST = (-0.01, -0.1, -1.0, -10.0, -100.0, -1000.0)
_HIGHEST = 1 - 1e-9
_LOGS = (-60.0, 80.0)  # ends between which the logarithm of θ above its bound is looked for


def pitman(sample: Sample) -> Estimate:
    """Estimate the population uniques by Pitman's two-parameter sampling formula.

    Parameters
    ----------
    sample : Sample
        With at least one unique.

    Returns
    -------
    Estimate
        Not available if every record is alone, or if the likelihood has no maximum inside its
        domain.

    Notes
    -----
    The likelihood of the sample's classes is that of Pitman's formula (Ewens' for α = 0),

    L(θ, α) ∝ Π_{i<u} (θ + i α) / Π_{i<n} (θ + i) · Π_j [(1 − α)(2 − α) … (j − 1 − α)]^{s_j}

    with 0 <= α < 1 and θ > −α, or α < 0 and θ > −(u − 1) α, where −θ/α is the number of classes
    that there are at all, taken as a real number. For each α the root of ∂ ln L/∂θ is bracketed,
    and on these the root of ∂ ln L/∂α: no starting value, nothing to diverge. Then

    S₁ = N Γ(θ + 1) Γ(θ + α + N − 1) / (Γ(θ + α) Γ(θ + N))

    exactly, of which N^α Γ(θ + 1)/Γ(θ + α) is the limit for many people. Some ten milliseconds,
    whatever the size of the table.

    References
    ----------
    Hoshino 2001, "Applying Pitman's sampling formula to microdata disclosure risk assessment",
    Journal of Official Statistics 17(4), pp. 499-520.
    Pitman 1995, "Exchangeable and partially exchangeable random partitions",
    doi:10.1007/BF01213386.

    Examples
    --------
    >>> import numpy as np
    >>> sizes = np.repeat([1, 2, 3, 6], [300, 80, 30, 5])
    >>> estimate = pitman(Sample.of(sizes, sampling_fraction=0.02))
    >>> round(estimate.parameters["alpha"], 3), round(estimate.n_uniques)
    (-0.463, 206)
    """
    from scipy.optimize import brentq

    n, u = sample.n_records, sample.n_classes
    if u == n:
        return not_available("pitman", "every record is alone, so the likelihood has no maximum")

    def slope(alpha: float) -> float:
        return _by_alpha(sample, alpha, _base(sample, alpha))

    if slope(0.0) > 0:
        low, high = 0.0, _HIGHEST
        if slope(high) > 0:
            return not_available("pitman", "the likelihood grows up to α = 1")
    else:
        low, high = next((a for a in _LOWEST if slope(a) > 0), 0.0), 0.0
        if not low:
            return not_available(
                "pitman", "the classes are so equal in size that the likelihood grows as α falls"
            )
    alpha = float(brentq(slope, low, high, xtol=1e-14, rtol=1e-13))
    base = _base(sample, alpha)
    start, theta = _start_and_theta(sample, alpha, base)
    people = float(sample.population_size)
    log_uniques = (
        math.log(people)
        + float(log_gamma_ratio(theta + people, alpha - 1))
        + float(log_gamma_ratio(start, 1 - alpha))
    )
    return estimated("pitman", sample, math.exp(log_uniques), {"theta": theta, "alpha": alpha})


def _base(sample: Sample, alpha: float) -> float:
    """Return how far above its lower bound θ makes the likelihood of `alpha` largest."""
    from scipy.optimize import brentq

    def slope(log_base: float) -> float:
        base = math.exp(log_base)
        start, _ = _start_and_theta(sample, alpha, base)
        new, _ = reciprocals(base, abs(alpha), sample.n_classes - 1)
        seen, _ = reciprocals(start + 1 - alpha, 1.0, sample.n_records - 1)
        return new - seen

    # At the bound a term of the first sum has a pole; far above it, it has fewer terms.
    return math.exp(float(brentq(slope, *_LOGS, xtol=1e-13, rtol=1e-13)))


def _start_and_theta(sample: Sample, alpha: float, base: float) -> tuple[float, float]:
    """Return θ + α and θ: of all θ + i α the first is the smallest if α >= 0, else the last."""
    start = base if alpha >= 0 else base - (sample.n_classes - 2) * alpha
    return start, start - alpha


def _by_alpha(sample: Sample, alpha: float, base: float) -> float:
    """Return ∂ ln L/∂α = Σ_{i=1}^{u−1} i/(θ + i α) − Σ_j s_j Σ_{i=1}^{j−1} 1/(i − α)."""
    from scipy.special import digamma

    n_new = sample.n_classes - 1
    once, weighted = reciprocals(base, abs(alpha), n_new)
    # The terms are numbered from the smallest: i = k + 1, or i = u − 1 − k.
    new = once + weighted if alpha >= 0 else n_new * once - weighted
    grown = digamma(sample.size - alpha) - digamma(1 - alpha)
    return new - float((sample.n_of_size * grown).sum())
