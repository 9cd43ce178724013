"""The slide negative binomial model: class sizes in the population, less one, vary as a NB."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from niming.risk.population.estimate import Estimate, estimated, not_available
from niming.risk.population.sample import Sample

__all__ = ["slide_negative_binomial"]

_GRID = 1_000  # points between which roots are looked for
_ENDS = 30.0  # of the grid, as logits: from 1e-13 to 1 − 1e-13


def slide_negative_binomial(sample: Sample) -> Estimate:
    """Estimate the population uniques by a negative binomial, slid by one, fitted to s₁ and s₂.

    Parameters
    ----------
    sample : Sample
        With at least one unique, and a fraction below 1.

    Returns
    -------
    Estimate
        Not available if no class has two records, or if no slide negative binomial has so many
        uniques and pairs, or several have.

    Notes
    -----
    A class has 1 + X people, X negative binomial (α, β), so S₁ = K β^α. The number of classes K
    is Shlosser's third estimate; α and β solve, with d = (1 − π)(1 − β),

    - s₁ = K π (β/(1 − d))^α (1 + α d/(1 − d))
    - s₂ = K π² α (1 − β) β^α (2 − (1 − α) d)/(2 (1 − d)^(α + 2))

    With y = d/(1 − d) and z = y π/(1 − π) in (0, 1) these are s₁/(K π) = (1 − z)^α (1 + α y) and
    s₂/s₁ = α z (2 + y + α y)/(2 (1 + α y)). The second is a quadratic in α with one positive
    root, so that one equation in z remains; its roots are bracketed on a grid.

    ARX gives other numbers: its code multiplies by (1 − d)^(α + 2) where s₂ divides by it, and in
    Shlosser's estimate subtracts 1 from each product, not from its factor.

    References
    ----------
    Chen and Keller-McNulty 1998, "Estimation of identification disclosure risk in microdata",
    Journal of Official Statistics 14(1), pp. 79-95.
    Haas and Stokes 1998, "Estimating the number of classes in a finite population",
    doi:10.1080/01621459.1998.10473807, for Shlosser's estimator.

    Examples
    --------
    >>> sizes = np.repeat([1, 2, 3, 6], [300, 80, 30, 5])
    >>> estimate = slide_negative_binomial(Sample.of(sizes, sampling_fraction=0.2))
    >>> round(estimate.sample_unique_risk, 2)
    0.43
    """
    from scipy.optimize import brentq

    if not sample.n_pairs:
        return not_available("snb", "no class has two records, which the model is fitted to")
    n_classes = _shlosser(sample)
    ratio = sample.n_pairs / sample.n_unique
    scale = (1 - sample.fraction) / sample.fraction  # y = z times this
    wanted = math.log(sample.n_unique / (n_classes * sample.fraction))

    def alpha(z: NDArray[np.float64]) -> NDArray[np.float64]:
        y = z * scale
        half = (z * (2 + y) - 2 * ratio * y) / 2
        root = np.sqrt(half * half + 2 * ratio * z * y)
        # The form without a difference of equals, for either sign of `half`.
        found: NDArray[np.float64] = np.where(
            half > 0, 2 * ratio / (half + root), (root - half) / (z * y)
        )
        return found

    def excess(z: NDArray[np.float64]) -> NDArray[np.float64]:
        a = alpha(z)
        value: NDArray[np.float64] = a * np.log1p(-z) + np.log1p(a * z * scale) - wanted
        return value

    grid = 1 / (1 + np.exp(-np.linspace(-_ENDS, _ENDS, _GRID)))
    sign = np.sign(excess(grid))
    at = np.flatnonzero(sign[1:] * sign[:-1] < 0)
    if len(at) != 1:
        how = "no slide negative binomial has" if not len(at) else "several have"
        return not_available("snb", f"{how} as many classes of one and of two records")
    z = float(brentq(lambda z: float(excess(np.array(z))), grid[at[0]], grid[at[0] + 1]))
    a = float(alpha(np.array(z)))
    beta = (1 - z) / (1 + z * scale)
    n_uniques = n_classes * beta**a
    return estimated("snb", sample, n_uniques, {"alpha": a, "beta": beta, "n_classes": n_classes})


def _shlosser(sample: Sample) -> float:
    """Return Shlosser's third estimate of the classes in the population, at least the sample's."""
    q = sample.fraction
    i, n_of_size = sample.size.astype(np.float64), sample.n_of_size
    unseen = np.exp(i * math.log1p(-q))
    above = float((i * q * q * np.exp((i - 1) * math.log1p(-q * q)) * n_of_size).sum())
    # (1 − q)^i ((1 + q)^i − 1), which is (1 − q²)^i − (1 − q)^i
    below = float(((np.exp(i * math.log1p(-q * q)) - unseen) * n_of_size).sum())
    missed = float((unseen * n_of_size).sum())
    single = float((i * q * unseen / (1 - q) * n_of_size).sum())
    return sample.n_classes + sample.n_unique * (above / below) * (missed / single) ** 2
