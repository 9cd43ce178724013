"""Total variation between the marginals of an original and a released table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.measure import Measure, Result
from niming.tables.counts import SUPPRESSED, Counts
from niming.utility.alignment import Alignment

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from scipy.sparse import csr_array

__all__ = ["Marginals", "marginal", "marginals", "total_variation"]

_REFERENCE = "total variation distance; as mean over k-way marginals: NIST k-marginal score 2018"


@dataclass(frozen=True, eq=False, repr=False)
class Marginals(Result):
    """How far the one- and two-way marginals moved.

    Parameters
    ----------
    one_way : mapping of str to float in [0, 1]
    two_way : mapping of (str, str) to float in [0, 1]
    unknown : mapping of str to int
        Columns with released values that nothing in the original or the hierarchy explains, and
        how many distinct ones.
    """

    one_way: Mapping[str, float]
    two_way: Mapping[tuple[str, str], float]
    unknown: Mapping[str, int]

    @property
    def worst_pair(self) -> tuple[str, str] | None:
        """The pair of columns whose joint distribution moved most; None with one column."""
        return max(self.two_way, key=self.two_way.__getitem__, default=None)

    def measures(self) -> tuple[Measure, ...]:
        """Return mean and largest total variation one- and two-way, then each column's own."""
        few = "the tables share one column only" if not self.two_way else ""
        return (
            _measure("utility.tv_1way.mean", self.one_way.values(), fmean, "mean over columns"),
            _measure("utility.tv_1way.max", self.one_way.values(), max, "worst column"),
            _measure("utility.tv_2way.mean", self.two_way.values(), fmean, "mean of pairs", few),
            _measure("utility.tv_2way.max", self.two_way.values(), max, "worst pair", few),
            *(
                _measure(f"utility.tv_1way[{c}]", [tv], max, f"distribution of {c}")
                for c, tv in self.one_way.items()
            ),
        )

    def plot(self) -> Figure:
        """Draw how far each column (bars) and each pair of columns (heat map) moved.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from matplotlib.figure import Figure

        from niming.drawing import finish, said

        names = list(self.one_way)
        if not names:
            return said("the tables share no column")
        size = max(3.0, 0.32 * len(names) + 1.4)
        figure = Figure(figsize=(2.2 * size, size), layout="constrained")
        bars, grid = figure.subplots(1, 2)
        bars.barh(names, list(self.one_way.values()), color="#3b6ea5")
        bars.invert_yaxis()
        bars.set_xlim(0, 1)
        bars.set_xlabel("total variation, one-way")
        matrix = np.full((len(names), len(names)), np.nan)
        for (a, b), distance in self.two_way.items():
            i, j = names.index(a), names.index(b)
            matrix[i, j] = matrix[j, i] = distance
        image = grid.imshow(matrix, vmin=0, vmax=1, cmap="viridis", aspect="auto")
        grid.set_xticks(range(len(names)), names, rotation=90)
        grid.set_yticks(range(len(names)), names)
        figure.colorbar(image, ax=grid, label="total variation, two-way")
        return finish(figure)


def marginals(
    original: Mapping[tuple[str, ...], Counts],
    released: Mapping[tuple[str, ...], Counts],
    alignments: Mapping[str, Alignment],
) -> Marginals:
    """Compare every one- and two-way marginal of two tables.

    Parameters
    ----------
    original, released : mapping of tuple of str to Counts
        Counts of each column ``(a,)`` and each pair ``(a, b)`` in the order of `alignments`.
    alignments : mapping of str to Alignment
        One a column.

    Returns
    -------
    Marginals

    Examples
    --------
    >>> from niming.tables import count
    >>> from niming.utility import align
    >>> original = count({"sex": ["F", "F", "M", "M"]}, ["sex"])
    >>> released = count({"sex": ["F", "M", "M", "M"]}, ["sex"])
    >>> alignments = {"sex": align(original, released)}
    >>> marginals({("sex",): original}, {("sex",): released}, alignments).one_way
    {'sex': 0.25}
    """
    names = list(alignments)

    def distance(*columns: str) -> float:
        aligned = [alignments[c] for c in columns]
        return total_variation(
            marginal(original[columns], [a.original for a in aligned]),
            marginal(released[columns], [a.released for a in aligned]),
        )

    return Marginals(
        one_way={a: distance(a) for a in names},
        two_way={(a, b): distance(a, b) for a, b in combinations(names, 2)},
        unknown={c: a.n_unknown for c, a in alignments.items() if a.n_unknown},
    )


def marginal(counts: Counts, covers: list[csr_array]) -> NDArray[np.float64]:
    """Return the distribution of one or two columns over their cells.

    Parameters
    ----------
    counts : Counts
        Of exactly these columns; weights are used where they are.
    covers : list of csr_array
        `Alignment.original` or `Alignment.released` of each column.

    Returns
    -------
    ndarray of shape (n_cells,) or (n_cells, n_cells)
        Sums to 1.

    Notes
    -----
    With N the contingency table of released values and S the spread of each column, S₁ᵀ N S₂:
    within a released combination the values behind the two labels are taken as independent.

    Examples
    --------
    >>> from niming.tables import count
    >>> from niming.utility import align
    >>> counts = count({"sex": ["F", "M", "M", "M"]}, ["sex"])
    >>> marginal(counts, [align(counts, counts).original])[:2].tolist()
    [0.25, 0.75]
    """
    from scipy import sparse

    weight = counts.n.astype(np.float64) if counts.weight is None else counts.weight
    weight = weight / weight.sum()
    row = counts.codes[:, 0].astype(np.int64) - SUPPRESSED
    if len(covers) == 1:
        return np.asarray(np.bincount(row, weight, covers[0].shape[0]) @ covers[0])
    column = counts.codes[:, 1].astype(np.int64) - SUPPRESSED
    shape = (covers[0].shape[0], covers[1].shape[0])
    table = sparse.csr_array((weight, (row, column)), shape=shape)
    return np.asarray((covers[0].T @ table @ covers[1]).toarray())


def total_variation(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Return half the sum of absolute differences of two distributions, in [0, 1].

    Parameters
    ----------
    p, q : ndarray of one shape
        Probabilities of the same cells, each summing to 1.

    Returns
    -------
    float in [0, 1]
        0 for equal distributions, 1 for such as share no cell.

    Examples
    --------
    >>> total_variation(np.array([0.5, 0.5]), np.array([0.75, 0.25]))
    0.25
    """
    distance = float(np.abs(p - q).sum()) / 2
    # Sums of many rounded terms: what is 0 or 1 but for rounding is 0 or 1.
    return 0.0 if distance < 1e-12 else min(1.0, distance)


def _measure(
    name: str,
    values: Collection[float],
    reduce: Callable[[list[float]], float],
    words: str,
    reason: str = "",
) -> Measure:
    return Measure(
        name,
        None if reason else reduce(list(values)),
        "probability",
        (0, 1),
        "lower-is-better",
        f"half the sum of |original − released| over cells, {words}",
        _REFERENCE,
        reason,
    )
