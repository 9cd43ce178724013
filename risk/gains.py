"""What each sensitive value gains in each class over the table, for δ-disclosure and β-likeness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.risk.classes import Missing, spectra_of, totals_of
from niming.tables import SUPPRESSED, Classes, Spectrum

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Gains", "draw_gains", "gains_of"]

_EXACT = 2**62  # integers stay below this, or floating point takes over
_WHOLE = 2**53  # integers up to here are floating-point numbers themselves


@dataclass(frozen=True, eq=False)
class Gains:
    """The gains of the values of some classes, one a pair of class and value.

    Parameters
    ----------
    rows : ndarray of shape (n_at_hand,), int64
        The classes.
    starts : ndarray of shape (n_at_hand,), int64
        Where the pairs of each begin.
    gain : ndarray of shape (n_pairs,), float64, above -1
        (p − q)/q for the share p of the value in the class and q in the table.
    share : ndarray of shape (n_pairs,), float64, in (0, 1]
        q.
    lacking : ndarray of shape (n_at_hand,), int64
        Values of the table that the class does not have.
    """

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    gain: NDArray[np.float64]
    share: NDArray[np.float64]
    lacking: NDArray[np.int64]


def gains_of(
    classes: Classes, sensitive: str, *, missing: Missing, spectrum: Spectrum | None = None
) -> Iterator[Gains]:
    """Return the gains of all classes, in pieces of some classes each.

    Parameters
    ----------
    classes : Classes
    sensitive : str
    missing : {"own-value", "matches-anything"}
        Take p among the records of the class, or among those of all classes that agree with it.
    spectrum : Spectrum, optional
        `spectrum_of` this reading, if at hand.

    Yields
    ------
    Gains
        Each class is in one of them.

    Examples
    --------
    >>> from niming.risk.classes import classes_of
    >>> table = {"sex": ["F", "F", "M", "M"], "ill": ["flu", "none", "none", "none"]}
    >>> classes = classes_of(table, quasi_identifiers=["sex"], sensitive=["ill"])
    >>> piece, = gains_of(classes, "ill", missing="own-value")
    >>> piece.gain.round(2), piece.lacking  # of F: flu, none; of M: none
    (array([ 1.  , -0.33,  0.33]), array([0, 1]))
    """
    totals = totals_of(classes, sensitive, missing=missing)
    rarest = int(totals[totals > 0].min())
    n_values = int(np.count_nonzero(totals))
    if spectrum is None:
        pieces = spectra_of(classes, sensitive, missing=missing)
    else:
        pieces = spectrum.blocks
    for rows, piece in pieces:
        starts = piece.starts
        lengths = np.diff(starts, append=len(piece.n))
        in_table = totals[piece.value.astype(np.int64) - SUPPRESSED]
        # Where anything matches, a class without a known cell may be all of the rarest value.
        in_table[in_table == 0] = rarest
        in_class = np.repeat(np.add.reduceat(piece.n, starts), lengths)
        yield Gains(
            rows,
            starts,
            _gain(piece, in_class, in_table, int(totals.sum())),
            in_table / totals.sum(),
            n_values - lengths,
        )


def _gain(
    spectrum: Spectrum, in_class: NDArray[np.int64], in_table: NDArray[np.int64], n_rows: int
) -> NDArray[np.float64]:
    """Return (p − q)/q = (n N − f T)/(f T), divided once where the products are whole."""
    if n_rows * n_rows >= _EXACT:
        expected = in_class.astype(np.float64) * in_table
        loose: NDArray[np.float64] = (spectrum.n.astype(np.float64) * n_rows - expected) / expected
        return loose
    below = in_class * in_table
    above = spectrum.n * n_rows - below
    if n_rows * n_rows > _WHOLE:
        # In lowest terms a share such as 1/2 is divided without rounding either number first.
        common = np.gcd(above, below)
        above, below = above // common, below // common
    gain: NDArray[np.float64] = above / below
    return gain


def draw_gains(
    values: NDArray[np.float64],
    records: NDArray[np.int64],
    *,
    words: str,
    last: str,
    title: str,
) -> Figure:
    """Draw the share of records by bands of a number from 0 on.

    Parameters
    ----------
    values : ndarray of shape (n_classes,), float64, >= 0
        Infinite ones get a band of their own, marked as a risk.
    records : ndarray of shape (n_classes,), int64
    words, last, title : str
        What the numbers are, what the infinite ones are, and the heading.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from niming.risk.bands import Bands, draw

    edges = (0.1, 0.25, 0.5, 1, 2, 5, 10, 100)
    finite = np.isfinite(values)
    at = np.where(finite, np.searchsorted(edges, values, side="left"), len(edges) + 1)
    sums = np.bincount(at, weights=records, minlength=len(edges) + 2) / records.sum()
    labels = (*(f"≤ {edge:g}" for edge in edges), f"> {edges[-1]:g}", last)
    top = int(at[finite].max()) + 1 if finite.any() else 0
    kept = [*range(top), *([len(edges) + 1] if not finite.all() else [])]
    bands = Bands(
        tuple(labels[j] for j in kept),
        tuple(float(sums[j]) for j in kept),
        tuple(j > len(edges) for j in kept),
    )
    return draw(bands, words=words, title=title)
