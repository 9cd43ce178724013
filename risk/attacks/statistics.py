"""From successes to risk: how sure is a rate, and what does it show beyond the control's?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from niming.errors import InputError

__all__ = ["Trials", "beats", "excess", "excess_interval", "normal_quantile"]


@dataclass(frozen=True)
class Trials:
    """How often something was tried, and how often it succeeded.

    Parameters
    ----------
    n_success : int in [0, `n`]
    n : int, at least 1

    Examples
    --------
    >>> trials = Trials(2, 10)
    >>> trials.rate
    0.2
    >>> low, high = trials.interval(0.95)
    >>> round(low, 4), round(high, 4)
    (0.0567, 0.5098)
    """

    n_success: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.n_success <= self.n or self.n < 1:
            raise InputError(
                f"{self.n_success} successes in {self.n} trials", hint="try at least once"
            )

    @property
    def rate(self) -> float:
        """Share of successes, in [0, 1]."""
        return self.n_success / self.n

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return Wilson's interval of the probability of success (Wilson 1927).

        It stays within [0, 1] and holds its level for rates near 0 and 1 too, where the interval
        of the normal approximation shrinks to a point.
        """
        z = normal_quantile(confidence)
        p, n = self.rate, self.n
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        low = 0.0 if self.n_success == 0 else max(0.0, middle - half)
        high = 1.0 if self.n_success == n else min(1.0, middle + half)
        return low, high


def normal_quantile(confidence: float) -> float:
    """Return the two-sided quantile z of a confidence level, such as 1.96 for 0.95.

    Parameters
    ----------
    confidence : float in (0, 1)

    Returns
    -------
    float

    Raises
    ------
    InputError
        A level out of range.

    Examples
    --------
    >>> round(normal_quantile(0.95), 3)
    1.96
    """
    if not 0 < confidence < 1:
        raise InputError(
            f"the confidence level is {confidence}, not between 0 and 1", hint="such as 0.95"
        )
    return NormalDist().inv_cdf((1 + confidence) / 2)


def excess(attack: Trials, control: Trials) -> float | None:
    """Return what the attack achieves beyond the control, as a share of what was left to achieve.

    Parameters
    ----------
    attack, control : Trials

    Returns
    -------
    float in [0, 1] or None

    Notes
    -----
    (a − c) / (1 − c) for the rates a and c, and 0 where that is negative (Giomi et al. 2023). None
    if the control always succeeds, for then nothing was left.

    Examples
    --------
    >>> excess(Trials(6, 10), Trials(2, 10))
    0.5
    """
    if control.n_success == control.n:
        return None
    # One quotient of whole numbers: the failures of the attack over those of the control.
    failures = (attack.n - attack.n_success) * control.n
    return max(0.0, 1 - failures / ((control.n - control.n_success) * attack.n))


def excess_interval(
    attack: Trials, control: Trials, confidence: float
) -> tuple[float, float] | None:
    """Return the confidence interval of `excess`, cut to [0, 1].

    Parameters
    ----------
    attack, control : Trials
    confidence : float in (0, 1)

    Returns
    -------
    tuple of two float in [0, 1], or None where `excess` is

    Notes
    -----
    1 − excess is the ratio of two probabilities of failure. Its interval is that of Donner and Zou
    2012, equation 9 (the method of variance estimates recovery), from the Wilson intervals of
    both. Giomi et al. propagate the errors to first order instead; from 500 trials on the two
    hardly differ.

    Attack and control are taken as independent.

    References
    ----------
    Donner, Zou 2012, "Closed-form confidence intervals for functions of the normal mean and
    standard deviation", Statistical Methods in Medical Research 21(4), equation 9.

    Examples
    --------
    >>> low, high = excess_interval(Trials(600, 1000), Trials(200, 1000), 0.95)
    >>> round(low, 3), round(high, 3)
    (0.458, 0.54)
    """
    if control.n_success == control.n:
        return None
    p, q = 1 - attack.rate, 1 - control.rate
    (a_low, a_high), (c_low, c_high) = attack.interval(confidence), control.interval(confidence)
    p_low, p_high, q_low, q_high = 1 - a_high, 1 - a_low, 1 - c_high, 1 - c_low
    least = _ratio_limit(p, p_low, q, q_high, sign=-1)
    most = _ratio_limit(p, p_high, q, q_low, sign=1)
    return min(1.0, max(0.0, 1 - most)), min(1.0, max(0.0, 1 - least))


def beats(attack: Trials, baseline: Trials, confidence: float) -> bool:
    """Return whether the attack succeeds more often than its baseline, beyond chance.

    Parameters
    ----------
    attack, baseline : Trials
    confidence : float in (0, 1)

    Returns
    -------
    bool

    Notes
    -----
    The lower end of Newcombe's interval for the difference of two rates is above 0 (Newcombe
    1998, method 10), so that an attack no better than its baseline is called better with
    probability (1 − confidence) / 2.

    Examples
    --------
    >>> beats(Trials(60, 100), Trials(40, 100), 0.95), beats(Trials(6, 10), Trials(4, 10), 0.95)
    (True, False)
    """
    low, _ = attack.interval(confidence)
    _, high = baseline.interval(confidence)
    difference = attack.rate - baseline.rate
    return difference > math.hypot(attack.rate - low, high - baseline.rate)


def _ratio_limit(p: float, p_end: float, q: float, q_end: float, *, sign: int) -> float:
    """Return one end of the interval of p / q, from the end of each that pulls it furthest."""
    below = q_end * (2 * q - q_end)
    inside = (p * q) ** 2 - p_end * (2 * p - p_end) * below
    root = math.sqrt(max(0.0, inside))
    if sign < 0 and abs(below) < 1e-12:  # the quotient's limit: numerator and below vanish alike
        return p_end * (2 * p - p_end) / (2 * p * q) if p else 0.0
    return (p * q + sign * root) / below
