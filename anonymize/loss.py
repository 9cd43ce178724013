"""`Loss`: how much a full-domain generalisation takes away, as ARX measures it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError

__all__ = ["Aggregate", "Loss"]

Aggregate: TypeAlias = Literal["geometric", "arithmetic", "maximum", "rank"]

_AGGREGATES = ("geometric", "arithmetic", "maximum", "rank")
_DECIMALS = 1e10  # ARX floors each column's loss to ten decimals


@dataclass(frozen=True)
class Loss:
    """The generalisation and suppression loss of a table: 0 untouched, 1 nothing left.

    Parameters
    ----------
    gs_factor : float in [0, 1], default 0.5
        0 makes suppression cost nothing more than generalisation, 1 makes generalisation free.
    aggregate : {"geometric", "arithmetic", "maximum", "rank"}, default "geometric"
        How the losses of the columns become one. ``"rank"`` compares all of them, the largest
        first.
    weights : mapping of column to float, optional
        Multiplies the loss of a column; 1 where not given.

    Notes
    -----
    share(v) is the share of the hierarchy's domain (not of the data) that a label covers, and
    1/|dom| the share of a single value. With g the gs-factor, s = min(1, 2g) and
    f = min(1, 2 − 2g), a kept record counts f · share and a suppressed one
    share + s · (1 − share). Over the n records

        loss_j = max(0, (Σ − n/|dom|) / (n − n/|dom|)), floored to ten decimals.

    Geometric is Π(1 + w_j loss_j)^(1/d) − 1. A column whose domain is one value loses nothing.

    References
    ----------
    Iyengar 2002, "Transforming data to satisfy privacy constraints",
    doi:10.1145/775047.775089, section 3; constants as in ARX 3.9.2.

    Examples
    --------
    >>> round(Loss().total([0.5, 0.0]), 6)
    0.224745
    """

    gs_factor: float = 0.5
    aggregate: Aggregate = "geometric"
    weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.gs_factor <= 1:
            raise InputError(
                f"gs_factor is {self.gs_factor}", hint="it lies between 0 and 1; 0.5 is usual"
            )
        if self.aggregate not in _AGGREGATES:
            raise InputError(
                f"unknown aggregate {self.aggregate!r}", hint="one of " + ", ".join(_AGGREGATES)
            )
        bad = [c for c, w in self.weights.items() if not (np.isfinite(w) and w >= 0)]
        if bad:
            raise InputError(
                f"the weight of {', '.join(map(repr, bad))} is negative or not finite",
                hint="weights are 0 or more; 1 is usual",
            )

    @property
    def generalisation(self) -> float:
        """What the share of a kept record is multiplied by."""
        return min(1.0, 2 - 2 * self.gs_factor)

    @property
    def suppression(self) -> float:
        """Which part of what a label still told a suppressed record loses."""
        return min(1.0, 2 * self.gs_factor)

    def kept(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what kept records count."""
        return self.generalisation * share

    def suppressed(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what suppressed records count."""
        return share + self.suppression * (1 - share)

    def column(self, total: float, n: int, smallest: float) -> float:
        """Return the loss of one column from the sum over its `n` records.

        Parameters
        ----------
        total : float
            Σ over records of `kept` or `suppressed`.
        n : int
            Records.
        smallest : float
            Share of a single value, 1/|dom|.
        """
        span = n - n * smallest
        loss = max(0.0, (total - n * smallest) / span) if span > 0 else 0.0
        return float(np.floor(loss * _DECIMALS) / _DECIMALS)

    def weigh(self, columns: Sequence[str]) -> NDArray[np.float64]:
        """Return the weights of `columns`."""
        return np.array([self.weights.get(c, 1.0) for c in columns], dtype=np.float64)

    def total(self, losses: Sequence[float] | NDArray[np.float64]) -> float:
        """Return one loss from the weighted losses of the columns; for rank the largest."""
        values = np.asarray(losses, dtype=np.float64)
        if self.aggregate == "geometric":
            return float(np.prod(1 + values) ** (1 / len(values)) - 1)
        if self.aggregate == "arithmetic":
            return float(values.mean())
        return float(values.max())
