"""`Roc`: how well a score tells members from non-members, and how surely."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError

__all__ = ["Roc"]

_HALVINGS = 60  # of an interval of length 1: beyond the last bit of a double


@dataclass(frozen=True, eq=False, repr=False)
class Roc:
    """The trade-off between members found and non-members taken for members.

    Parameters
    ----------
    members, non_members : ndarray of shape (n,), float64
        A score of each, higher for what looks more like a member; infinite is allowed, NaN not.
        Equally many of both.

    Raises
    ------
    InputError
        No scores, unequal numbers, or a score that is NaN.

    Notes
    -----
    AUC = P(member's score > non-member's) + ½ P(equal), from mid-ranks.

    Its interval inverts the score test: it holds every θ with
    |AUC − θ| <= z √V(θ), V the variance of Hanley and McNeil (1982, equation 2) *at θ*. With
    equally many on both sides this is method 5 of Newcombe (2006). Unlike the interval of DeLong
    et al. (1988) it does not shrink to a point when AUC is 1, and so never claims certainty from
    few records.

    A rate of true positives at a rate of false positives of α needs at least 1/α non-members;
    with fewer it is not available. It is the largest share of members above a threshold that at
    most a share α of the non-members reach (Carlini et al. 2022, section III).

    References
    ----------
    Hanley, McNeil 1982, "The meaning and use of the area under a ROC curve", equation 2,
    doi:10.1148/radiology.143.1.7063747.
    Newcombe 2006, "Confidence intervals for an effect size measure based on the Mann-Whitney
    statistic, part 2", method 5, doi:10.1002/sim.2324.
    Carlini et al. 2022, "Membership inference attacks from first principles", section III,
    arXiv:2112.03570.

    Examples
    --------
    >>> roc = Roc(np.array([3.0, 2.0, 2.0, 1.0]), np.array([2.0, 1.0, 0.0, 0.0]))
    >>> roc.auc
    0.84375
    >>> roc.true_positive_rate(0.25)
    0.75
    """

    members: NDArray[np.float64]
    non_members: NDArray[np.float64]

    def __post_init__(self) -> None:
        if not len(self.members) or len(self.members) != len(self.non_members):
            raise InputError(
                f"{len(self.members)} members and {len(self.non_members)} non-members",
                hint="draw equally many of both: unequal numbers bias the comparison",
            )
        if np.isnan(self.members).any() or np.isnan(self.non_members).any():
            raise InputError("a score is NaN", hint="every record needs a score")

    @property
    def n(self) -> int:
        """Number of members, and of non-members."""
        return len(self.members)

    @cached_property
    def auc(self) -> float:
        """Chance that a member scores above a non-member, ties counted half, in [0, 1]."""
        below = np.sort(self.non_members)
        less = np.searchsorted(below, self.members, side="left")
        upto = np.searchsorted(below, self.members, side="right")
        # Whole numbers, so that a useless score gives exactly one half.
        return int(less.sum() + upto.sum()) / (2 * self.n * self.n)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the interval of `auc` at a confidence in (0, 1)."""
        from statistics import NormalDist

        z = NormalDist().inv_cdf((1 + confidence) / 2)
        return self._end(0.0, z), self._end(1.0, z)

    def _end(self, outer: float, z: float) -> float:
        """Bisect between `outer`, which the interval does not reach, and `auc`, inside it."""
        inside = self.auc
        for _ in range(_HALVINGS):
            middle = (inside + outer) / 2
            if abs(self.auc - middle) <= z * math.sqrt(_variance(middle, self.n)):
                inside = middle
            else:
                outer = middle
        return inside

    def curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the shares of non-members and of members at or above each score, descending.

        Returns
        -------
        false, true : ndarray of shape (n_scores + 1,), float64
            From (0, 0) to (1, 1).
        """
        scores = np.unique(np.concatenate([self.members, self.non_members]))[::-1]
        false, true = (
            np.append(0, self.n - np.searchsorted(np.sort(side), scores, side="left")) / self.n
            for side in (self.non_members, self.members)
        )
        return false, true

    def threshold(self, false_positive_rate: float) -> float | None:
        """Return the score that members must exceed; None with too few non-members to tell."""
        allowed = math.floor(false_positive_rate * self.n + 1e-9)
        if allowed < 1:
            return None
        if allowed >= self.n:
            return -math.inf
        return float(np.partition(self.non_members, self.n - allowed - 1)[self.n - allowed - 1])

    def true_positive_rate(self, false_positive_rate: float) -> float | None:
        """Return the share of members found; None with too few non-members to tell."""
        threshold = self.threshold(false_positive_rate)
        if threshold is None:
            return None
        return int(np.count_nonzero(self.members > threshold)) / self.n


def _variance(auc: float, n: int) -> float:
    """Return the variance of the area between two samples of n (Hanley and McNeil 1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    return (auc * (1 - auc) + (n - 1) * (q1 + q2 - 2 * auc * auc)) / (n * n)
