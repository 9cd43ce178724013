"""Exact noise: discrete Laplace and discrete Gaussian by integer arithmetic, fed by the system.

Only integers are drawn and compared, so that the law of the noise is the one that the proof
assumes: no floating-point number exists whose low bits could tell the answer below the noise
(Mironov 2012). Draws are made in batches with NumPy; numbers that outgrow 62 bits go through the
same code as Python integers.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError

__all__ = ["discrete_gaussian", "discrete_laplace"]

# int64, or Python integers (dtype object) where a draw does not fit.
_Integers: TypeAlias = NDArray[Any]
_Read: TypeAlias = Callable[[int], bytes]

_FITS = 1 << 62


def discrete_laplace(
    scale: Fraction | int, size: int, *, _read: _Read = os.urandom
) -> NDArray[np.int64] | NDArray[np.object_]:
    """Draw integers x with probability proportional to exp(-\\|x\\| / scale).

    Parameters
    ----------
    scale : Fraction or int, above 0
        A float is refused: say which rational number is meant.
    size : int, at least 0
        How many.

    Returns
    -------
    ndarray of shape (size,)
        int64, or Python integers (dtype object) if one of them does not fit.

    Raises
    ------
    InputError
        A scale that is no rational number above 0.

    Notes
    -----
    With scale = t/s in lowest terms: X = U + tV is geometric with ratio exp(-1/t), where U is
    uniform on 0 … t - 1 and accepted with probability exp(-U/t), and V counts successes of
    probability exp(-1); floor(X/s) with a random sign, -0 refused, is the draw. The accepted draws
    of a batch are independent and alike, so the first `size` of them are taken. How long it takes
    depends on the noise: do not let an attacker time single draws.

    References
    ----------
    Canonne, Kamath, Steinke 2020, "The Discrete Gaussian for Differential Privacy",
    arXiv:2004.00010, algorithms 1 and 2.

    Examples
    --------
    >>> noise = discrete_laplace(Fraction(3, 2), 1000)
    >>> noise.dtype, bool(abs(noise.mean()) < 1)
    (dtype('int64'), True)
    """
    t, s = _ratio(scale, "scale")
    words = _Words(_read)
    return _collect(size, lambda n: _laplace_batch(words, t, s, n), share=0.3)


def discrete_gaussian(
    sigma_squared: Fraction | int, size: int, *, _read: _Read = os.urandom
) -> NDArray[np.int64] | NDArray[np.object_]:
    """Draw integers x with probability proportional to exp(-x² / (2 sigma_squared)).

    Parameters
    ----------
    sigma_squared : Fraction or int, above 0
        The parameter, which is slightly above the variance.
    size : int, at least 0
        How many.

    Returns
    -------
    ndarray of shape (size,)
        int64, or Python integers (dtype object) if one of them does not fit.

    Raises
    ------
    InputError
        A parameter that is no rational number above 0.

    Notes
    -----
    Discrete Laplace draws Y of scale t = floor(sigma) + 1 are accepted with probability
    exp(-(\\|Y\\| - sigma²/t)² / (2 sigma²)), all in integers.

    References
    ----------
    Canonne, Kamath, Steinke 2020, arXiv:2004.00010, algorithm 3.

    Examples
    --------
    >>> noise = discrete_gaussian(100, 1000)
    >>> bool(8 < noise.std() < 12)
    True
    """
    p, q = _ratio(sigma_squared, "sigma_squared")
    t = isqrt(p // q) + 1
    words = _Words(_read)

    def batch(n: int) -> _Integers:
        y = _laplace_batch(words, t, 1, n)
        # (|y| - p/(qt))² q / (2p) = (|y| q t - p)² / (2 p q t²)
        most = int(abs(y).max(initial=0))
        denominator = 2 * p * q * t * t
        wide = max((most * q * t + p) ** 2, denominator) >= _FITS
        magnitude = abs(y).astype(object) if wide else abs(y)
        keep = _accept_exp(words, (magnitude * (q * t) - p) ** 2, denominator)
        return y[keep]

    return _collect(size, batch, share=0.2)


class _Words:
    """Unbiased integers and coins out of a source of random bytes."""

    def __init__(self, read: _Read) -> None:
        self._read = read

    def below(self, bound: int, size: int) -> _Integers:
        """Draw uniform integers in [0, bound): whole words, masked, those too large refused."""
        bits = (bound - 1).bit_length()
        if bits == 0:
            return np.zeros(size, dtype=np.int64)
        if bits > 62:
            return self._below_wide(bound, bits, size)
        width = next(w for w in (1, 2, 4, 8) if 8 * w >= bits)
        mask = (1 << bits) - 1
        out = np.empty(size, dtype=np.int64)
        filled = 0
        while filled < size:
            want = (size - filled) * (mask + 1) // bound + 16
            words = np.frombuffer(self._read(width * want), dtype=f"<u{width}") & mask
            words = words[words < bound][: size - filled]
            out[filled : filled + len(words)] = words
            filled += len(words)
        return out

    def _below_wide(self, bound: int, bits: int, size: int) -> _Integers:
        out = np.empty(size, dtype=object)
        width = (bits + 7) // 8
        for i in range(size):
            draw = bound
            while draw >= bound:
                draw = int.from_bytes(self._read(width), "little") >> (8 * width - bits)
            out[i] = draw
        return out


def _laplace_batch(words: _Words, t: int, s: int, n: int) -> _Integers:
    """Return the accepted ones of `n` tries of discrete Laplace with scale t/s."""
    u = words.below(t, n)
    u = u[_accept_exp(words, u, t)]
    v = _geometric(words, len(u))
    if max((int(v.max(initial=0)) + 1) * t, s) >= _FITS:
        u = u.astype(object)
        v = v.astype(object)
    y = (u + v * t) // s
    negative = words.below(2, len(y)) == 1
    keep = ~(negative & (y == 0))
    drawn: _Integers = np.where(negative, -y, y)[keep]
    return drawn


def _geometric(words: _Words, n: int) -> NDArray[np.int64]:
    """Count, for each of `n`, the successes of probability exp(-1) before the first failure."""
    counts = np.zeros(n, dtype=np.int64)
    active = np.arange(n)
    while active.size:
        active = active[_accept_exp(words, np.ones(active.size, dtype=np.int64), 1)]
        counts[active] += 1
    return counts


def _accept_exp(words: _Words, a: _Integers, b: int) -> NDArray[np.bool_]:
    """Toss, for each of `a`, a coin of probability exp(-a/b); `a` at least 0 (algorithm 1).

    exp(-a/b) = exp(-1)^floor(a/b) · exp(-(a mod b)/b): the coins of probability exp(-1) are tossed
    until one fails. Within [0, 1] the coins a/b · 1/k, k = 1, 2, …, are tossed as two coins each,
    so that no product can overflow; the first failure at an odd k is a success.
    """
    accepted = np.ones(len(a), dtype=np.bool_)
    whole = a // b
    active = np.flatnonzero(whole > 0)
    done = 0
    while active.size:
        passed = _accept_unit(words, np.ones(active.size, dtype=np.int64), 1)
        accepted[active[~passed]] = False
        done += 1
        active = active[passed]
        active = active[whole[active] > done]
    left = np.flatnonzero(accepted)
    accepted[left] = _accept_unit(words, (a - whole * b)[left], b)
    return accepted


def _accept_unit(words: _Words, a: _Integers, b: int) -> NDArray[np.bool_]:
    """Toss coins of probability exp(-a/b) for a in [0, b]."""
    accepted = np.zeros(len(a), dtype=np.bool_)
    active = np.arange(len(a))
    k = 1
    while active.size:
        passed = (words.below(b, active.size) < a[active]).astype(np.bool_)
        if k > 1:
            passed &= words.below(k, active.size) == 0
        accepted[active[~passed]] = k % 2 == 1
        active = active[passed]
        k += 1
    return accepted


def _collect(size: int, batch: Callable[[int], _Integers], *, share: float) -> _Integers:
    """Call `batch` until `size` draws are accepted; `share` is a low guess of the accepted part."""
    parts: list[_Integers] = []
    have = 0
    while have < size:
        part = batch(min(int((size - have) / share) + 8, 1 << 20))
        parts.append(part)
        have += len(part)
    drawn: _Integers = np.concatenate(parts)[:size] if parts else np.empty(0, dtype=np.int64)
    if drawn.dtype == object and all(abs(x) < _FITS for x in drawn.tolist()):
        drawn = drawn.astype(np.int64)
    return drawn


def _ratio(value: Fraction | int, name: str) -> tuple[int, int]:
    """Return numerator and denominator of a rational above 0."""
    if isinstance(value, bool) or not isinstance(value, (int, Fraction)) or value <= 0:
        raise InputError(
            f"{name} is not a Fraction or int above 0",
            hint="a float is not the number you wrote: Fraction('0.1') is one tenth",
        )
    return value.numerator, value.denominator
