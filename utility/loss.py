"""Information loss of a released table, measured from its labels alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from niming.measure import Measure, Result
from niming.tables.counts import MISSING, SUPPRESSED, Counts
from niming.utility.alignment import Alignment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Loss", "loss"]


@dataclass(frozen=True, eq=False, repr=False)
class Loss(Result):
    """How much of the hierarchies' detail the released labels have lost.

    Parameters
    ----------
    by_column : mapping of str to float in [0, 1]
    total : float in [0, 1] or None
        Geometric aggregate; None when `reason` says why.
    reason : str
    """

    by_column: Mapping[str, float]
    total: float | None
    reason: str = ""

    def measures(self) -> tuple[Measure, ...]:
        """Return the aggregate, then each column's own loss."""
        total = Measure(
            "utility.loss",
            self.total,
            "share of detail",
            (0, 1),
            "lower-is-better",
            "product of (1 + loss) over columns, to the power 1/columns, minus 1",
            "Iyengar 2002, loss metric; geometric aggregate as in ARX 3.9.2",
            self.reason,
        )
        return (
            total,
            *(
                Measure(
                    f"utility.loss[{column}]",
                    value,
                    "share of detail",
                    (0, 1),
                    "lower-is-better",
                    "(mean share of the domain under a label − 1/|domain|) / (1 − 1/|domain|)",
                    "Iyengar 2002, loss metric",
                )
                for column, value in self.by_column.items()
            ),
        )

    def plot(self) -> Figure:
        """Draw the loss of each column, and the aggregate as a line; or say why there is none.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish, said

        if self.total is None or not self.by_column:
            return said(f"information loss is not available: {self.reason or 'no columns'}")
        figure, axes = blank(7, max(2.0, 0.32 * len(self.by_column) + 1.2))
        bars = axes.barh(list(self.by_column), list(self.by_column.values()), color="#3b6ea5")
        axes.bar_label(bars, fmt="{:.3g}", fontsize=8, padding=2)
        axes.axvline(self.total, color="#c0392b", linestyle="--", linewidth=1)
        axes.invert_yaxis()
        axes.set(xlim=(0, 1.1), xlabel="share of detail lost")
        axes.set_title(f"loss = {self.total:.4g} over all columns (dashed)", fontsize=10)
        return finish(figure)


def loss(released: Mapping[str, Counts], alignments: Mapping[str, Alignment]) -> Loss:
    """Measure the information loss of released columns.

    Parameters
    ----------
    released : mapping of str to Counts
        Of one column each, suppressed cells told apart.
    alignments : mapping of str to Alignment
        Of the columns that have a hierarchy; these are what the loss is over.

    Returns
    -------
    Loss

    Notes
    -----
    A label that covers the share s of the domain costs s; a suppressed cell costs 1; a value costs
    1/|domain|, and so does a missing cell, which is a value of its own. The domain is the
    hierarchy's, not the data's. Column: ``max(0, (Σ s − n/|dom|) / (n − n/|dom|))``, cut to 10
    decimals; table: ``Π(1 + loss)^(1/d) − 1``. Only records that were released count: a release
    that leaves rows out loses nothing here.

    References
    ----------
    Iyengar, V. S. (2002). Transforming data to satisfy privacy constraints. KDD: the loss metric
    LM. Its normalisation and its geometric aggregate are those of ARX 3.9.2.

    Examples
    --------
    >>> from niming.tables import Hierarchy, count
    >>> from niming.utility import align
    >>> towns = Hierarchy.from_dict({"north": ["A", "B"], "south": ["C", "D"]})
    >>> original = count({"town": ["A", "B", "C", "C"]}, ["town"])
    >>> released = count({"town": ["north", "north", "C", "*"]}, ["town"], suppressed="*")
    >>> round(loss({"town": released}, {"town": align(original, released, towns)}).total, 3)
    0.417
    """
    if not alignments:
        return Loss({}, None, "no column has a hierarchy to measure the loss against")
    unknown = [c for c, a in alignments.items() if np.isnan(a.share).any()]
    if unknown:
        names = ", ".join(repr(c) for c in unknown)
        return Loss({}, None, f"released values of {names} are no labels of the hierarchy")
    by_column = {c: _column(released[c], a) for c, a in alignments.items()}
    total = math.prod(1 + v for v in by_column.values()) ** (1 / len(by_column)) - 1
    return Loss(by_column, min(1.0, max(0.0, total)))


def _column(released: Counts, alignment: Alignment) -> float:
    """Return the loss of one column."""
    codes = released.codes[:, 0]
    n = float(released.n.sum())
    least = n * alignment.leaf_share
    share = np.empty(len(codes))
    share[codes >= 0] = alignment.share[codes[codes >= 0]]
    share[codes == MISSING] = alignment.leaf_share
    share[codes == SUPPRESSED] = 1.0
    if n == least:  # a domain of one value has no detail to lose
        return 0.0
    value = (float(share @ released.n) - least) / (n - least)
    return min(1.0, max(0.0, math.floor(value * 1e10 + 1e-3) / 1e10))
