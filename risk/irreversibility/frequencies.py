"""Frequencies: equal values keep equal codes, and how often a code comes tells what it stands for.

The oldest attack on deterministic encryption: order the codes by frequency, order the values by
what is known of the population, and lay one beside the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError

__all__ = ["exposure"]

_DEVIATIONS = 3.0
_AT_ONCE = 10**6  # pairs of code and value compared at a time


def exposure(
    n: Sequence[int] | NDArray[np.int64],
    public: Mapping[str, float] | Sequence[float] | NDArray[np.float64],
) -> float:
    """Return the share of records whose value is told by the frequency of their code.

    Parameters
    ----------
    n : array-like of int, each >= 1
        Records a code.
    public : mapping of value to share, or array-like of float
        Shares of the values in the population, in (0, 1], with sum 1.

    Returns
    -------
    float in [0, 1]
        0 if no code can be told from the others by its frequency.

    Raises
    ------
    InputError
        No records, or shares that are none.

    Notes
    -----
    With N records a code of share o is told to stand for value i if o is within three standard
    deviations sqrt(p_i (1 − p_i) / N) of p_i, and of no other p_j, and if no other code is. So
    ties, and values whose shares are closer than the sample can tell, count as hidden. If the
    release is no random sample of that population the answer does not hold.

    References
    ----------
    Naveed, Kamara, Wright 2015, "Inference attacks on property-preserving encrypted databases",
    section 4 (frequency analysis), doi:10.1145/2810103.2813651.

    Examples
    --------
    >>> exposure([910, 90], [0.91, 0.09])  # Han and all others
    1.0
    >>> exposure([505, 495], [0.51, 0.49])  # men and women
    0.0
    """
    counts = np.asarray(n, dtype=np.int64)
    given = list(public.values()) if isinstance(public, Mapping) else public
    shares = np.asarray(given, dtype=np.float64)
    if counts.ndim != 1 or not counts.size or int(counts.min()) < 1:
        raise InputError("n is the number of records a code, at least 1", hint="count them first")
    fit = shares.ndim == 1 and shares.size > 0 and bool(np.isfinite(shares).all())
    if not fit or bool((shares <= 0).any()) or abs(float(shares.sum()) - 1) > 1e-6:
        raise InputError(
            "public shares are above 0 and sum to 1", hint="leave out values that nobody has"
        )
    total = int(counts.sum())
    seen = counts / total
    slack = _DEVIATIONS * np.sqrt(shares * (1 - shares) / total)
    one = np.empty(len(counts), dtype=np.bool_)
    value = np.empty(len(counts), dtype=np.intp)
    codes_near = np.zeros(len(shares), dtype=np.int64)
    step = max(1, _AT_ONCE // len(shares))
    for start in range(0, len(counts), step):
        part = slice(start, start + step)
        near = np.abs(seen[part, None] - shares[None, :]) <= slack[None, :]
        one[part] = near.sum(axis=1) == 1
        value[part] = near.argmax(axis=1)
        codes_near += near.sum(axis=0)
    return int(counts[one & (codes_near[value] == 1)].sum()) / total
