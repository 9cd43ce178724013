"""Long sums and quotients of gamma functions that stay accurate where their parts are huge."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["log_gamma_ratio", "reciprocals"]

_DIRECT = 64  # terms summed one by one before the integral takes over
_STIRLING = 12.0  # arguments are raised to this before the asymptotic series is used


def reciprocals(start: float, step: float, n: int) -> tuple[float, float]:
    """Return Σ 1/(b + k a) and Σ k/(b + k a) over k = 0 … n − 1.

    Parameters
    ----------
    start : float > 0
        b.
    step : float >= 0
        a.
    n : int >= 0

    Returns
    -------
    (float, float)

    Notes
    -----
    64 terms are summed, the rest by Euler and Maclaurin's formula up to the third derivative. The
    integrals are written with ln(1 + ε)/ε and (ε − ln(1 + ε))/ε², so that neither a = 0 nor a
    large b cancels digits, where digamma functions would. O(1) in n.

    Examples
    --------
    >>> reciprocals(1.0, 1.0, 3)  # 1 + 1/2 + 1/3, and 1/2 + 2/3
    (1.8333333333333333, 1.1666666666666665)
    """
    k = np.arange(min(n, _DIRECT), dtype=np.float64)
    terms = 1 / (start + k * step)
    first, second = float(terms.sum()), float((k * terms).sum())
    if n <= _DIRECT:
        return first, second
    left, right = start + _DIRECT * step, start + (n - 1) * step
    length = float(n - 1 - _DIRECT)
    stretch = step * length / left
    flat, bent = _log_over(stretch), _log_beyond(stretch)
    integral = length / left * flat
    # ∫ x/(b + x a) from 64 on, with x = 64 + y
    integral_2 = _DIRECT * integral + length * length / left * bent
    ends = 1 / left + 1 / right
    slope = step / left**2 - step / right**2  # g′(right) − g′(left) of g = 1/(b + x a)
    third = 6 * step**3 * (1 / left**4 - 1 / right**4)
    first += integral + ends / 2 + slope / 12 - third / 720
    # of h = x g: h′ = b/(b + x a)², h‴ = 6 a² b/(b + x a)⁴
    ends = _DIRECT / left + (n - 1) / right
    slope = start * (1 / right**2 - 1 / left**2)
    third = 6 * step**2 * start * (1 / right**4 - 1 / left**4)
    second += integral_2 + ends / 2 + slope / 12 - third / 720
    return first, second


def log_gamma_ratio(
    x: float | NDArray[np.float64], d: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return ln Γ(x + d) − ln Γ(x).

    Parameters
    ----------
    x, d : float or ndarray
        x > 0 and x + d > 0.

    Returns
    -------
    ndarray

    Notes
    -----
    By Stirling's series for the difference, so that no digits are lost where both are huge and
    `d` is not (Γ of the number of people of a country).

    Examples
    --------
    >>> float(np.exp(log_gamma_ratio(4.0, 2.0)).round(6))  # 5!/3!
    20.0
    """
    x, d = (np.asarray(part, dtype=np.float64) for part in (x, d))
    raise_by = np.ceil(np.maximum(_STIRLING - np.minimum(x, x + d), 0))
    out = np.zeros(np.broadcast(x, d).shape)
    for i in range(int(raise_by.max(initial=0))):  # Γ(z) = Γ(z + m)/(z (z + 1) … (z + m − 1))
        out = out - np.where(i < raise_by, np.log((x + d + i) / (x + i)), 0.0)
    x = x + raise_by
    y = x + d
    main = (x - 0.5) * np.log1p(d / x) + d * (np.log(y) - 1)
    result: NDArray[np.float64] = out + main + _tail(y) - _tail(x)
    return result


def _tail(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Stirling's remainder of ln Γ, to 1e-14 from x = 12."""
    square = 1 / (x * x)
    series: NDArray[np.float64] = (
        1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))
    ) / x
    return series


def _log_over(e: float) -> float:
    """Return ln(1 + ε)/ε."""
    return math.log1p(e) / e if e > 0 else 1.0


def _log_beyond(e: float) -> float:
    """Return (ε − ln(1 + ε))/ε²."""
    if e > 0.1:
        return (e - math.log1p(e)) / (e * e)
    return sum((-e) ** k / (k + 2) for k in range(18))
