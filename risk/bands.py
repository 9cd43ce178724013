"""Records by the number of their class, in bands: what the pictures of this room share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.risk.classes import Numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Bands", "draw", "draw_cumulative", "from_one", "to_one"]

_FROM_ONE = (1, 2, 3, 4, 5, 10, 20, 50, 100, 1000)
"""Smallest number of each band, for class sizes and l."""

_TO_ONE = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
"""Largest number of each band, for t."""


@dataclass(frozen=True)
class Bands:
    """How the records spread over bands.

    Parameters
    ----------
    labels : tuple of str
    shares : tuple of float in [0, 1]
        Share of the records in each band; they sum to 1.
    marked : tuple of bool
        Bands that are drawn as a risk.
    """

    labels: tuple[str, ...]
    shares: tuple[float, ...]
    marked: tuple[bool, ...]


def from_one(values: Numbers, records: NDArray[np.int64], *, mark: int | None = None) -> Bands:
    """Return bands of numbers of at least 1, wider as they grow; those below `mark` are marked.

    Examples
    --------
    >>> sizes = np.array([1, 4, 60])
    >>> from_one(sizes, sizes, mark=3).labels
    ('1', '2', '3', '4', '5–9', '10–19', '20–49', '50+')
    >>> from_one(np.array([1.0, 1.9]), np.array([3, 1])).labels
    ('1 to <2',)
    """
    largest = float(values.max())
    edges = sorted(e for e in {*_FROM_ONE, mark or 1} if e <= largest)
    whole = values.dtype.kind in "iu"
    labels = []
    for low, high in zip(edges, [*edges[1:], None], strict=True):
        if not whole:
            end = next((e for e in _FROM_ONE if e > low), None) if high is None else high
            labels.append(f"{low}+" if end is None else f"{low} to <{end}")
        elif high is None:
            labels.append("1" if low == 1 else f"{low}+")
        else:
            labels.append(str(low) if high == low + 1 else f"{low}–{high - 1}")
    shares = _shares(np.searchsorted(edges, values, side="right") - 1, records, len(edges))
    return Bands(tuple(labels), shares, tuple(mark is not None and e < mark for e in edges))


def to_one(values: NDArray[np.float64], records: NDArray[np.int64]) -> Bands:
    """Return bands of numbers in [0, 1], each with its upper end, up to the largest number.

    Examples
    --------
    >>> to_one(np.array([0.0, 0.2]), np.array([1, 3]))
    Bands(labels=('≤ 0.05', '≤ 0.1', '≤ 0.15', '≤ 0.2'), shares=(0.25, 0.0, 0.0, 0.75),
          marked=(False, False, False, False))
    """
    at = np.searchsorted(_TO_ONE, values, side="left")
    n = int(at.max()) + 1
    labels = tuple(f"≤ {upper:g}" for upper in _TO_ONE[:n])
    return Bands(labels, _shares(at, records, n), (False,) * n)


def draw(bands: Bands, *, words: str, title: str) -> Figure:
    """Draw a bar a band, marked ones in red; `words` say what the bands are of."""
    from niming.drawing import blank, finish

    figure, axes = blank(7, 3.2)
    colours = ["#c0392b" if marked else "#2e86ab" for marked in bands.marked]
    bars = axes.bar(bands.labels, bands.shares, color=colours)
    labels = ["" if not s else f"{s:.1%}" if s >= 0.0005 else "< 0.1%" for s in bands.shares]
    axes.bar_label(bars, labels=labels, fontsize=8)
    axes.set(xlabel=words, ylabel="share of records")
    axes.set_title(title, fontsize=10)
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    return finish(figure)


def draw_cumulative(
    curves: Mapping[str, tuple[NDArray[np.float64], NDArray[np.int64]]], *, threshold: float
) -> Figure:
    """Draw which share of the records is at each risk or more.

    Parameters
    ----------
    curves : dict of str to (risks, records)
        Words for each curve; the risk of each class and its records.
    threshold : float in (0, 1]
        Risk that is marked; the share above it is written beside.
    """
    from niming.drawing import blank, finish

    figure, axes = blank(7, 3.2)
    shares = []
    for (words, (risks, records)), style in zip(curves.items(), ("-", "--"), strict=False):
        order = np.argsort(-risks, kind="stable")
        share = np.cumsum(records[order]) / records.sum()
        # Risks fall from point to point: "post" keeps a share until the next lower risk.
        axes.step(risks[order], share, where="post", linestyle=style, label=words, color="#2e86ab")
        shares.append(float(records[risks > threshold].sum() / records.sum()))
    axes.axvline(threshold, color="#c0392b", linewidth=1)
    above = " and ".join(f"{share:.1%}" for share in shares)
    least = min(0.1, *(float(risks.min()) for risks, _ in curves.values()))
    axes.set(xscale="log", xlim=(least / 1.1, 1.1), ylim=(0, 1.05))
    axes.xaxis.set_major_formatter(lambda risk, _: f"{risk:g}")
    axes.set_xlabel("risk, 1 / records alike")
    axes.set_ylabel("records at this risk or more")
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set_title(f"{above} of the records above a risk of {threshold:.3g}", fontsize=10)
    if len(curves) > 1:
        axes.legend(frameon=False, fontsize=8)
    return finish(figure)


def _shares(at: NDArray[np.int64], records: NDArray[np.int64], n: int) -> tuple[float, ...]:
    sums = np.bincount(at, weights=records, minlength=n)
    return tuple((sums / records.sum()).tolist())
