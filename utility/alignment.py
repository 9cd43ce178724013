"""`Alignment`: common ground on which a released column and its original can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.tables.counts import SUPPRESSED, Counts
from niming.tables.hierarchy import Hierarchy, texts

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Alignment", "align"]

_FIRST = -SUPPRESSED
"""Row of the first value in a cover; rows before it are suppressed (0) and missing (1)."""


@dataclass(frozen=True, eq=False, repr=False)
class Alignment:
    """How the values of one column, original and released, cover the same cells.

    Parameters
    ----------
    column : str
    original, released : csr_array of shape (n_values + 2, n_cells)
        Row ``code + 2`` spreads one record over the cells and sums to 1; rows 0 and 1 are
        suppressed and missing.
    share : ndarray of shape (n_released_values,), float64
        Share of the hierarchy's domain that a released value covers; NaN when it is neither a
        value nor a label of the hierarchy.
    leaf_share : float
        Share of a single value of the domain.
    under : ndarray of shape (n_original_values,), int64
        The most specific released value that covers each original value; -1 for none.
    midpoint : ndarray of shape (n_released_values,), float64
        Number that stands for a released value, the mean of what it covers; NaN in columns that
        are not numeric.
    n_unknown : int
        Released values that are neither values of the original nor known to the hierarchy.
    pooled : bool
        Whether cells hold several values each.
    """

    column: str
    original: csr_array
    released: csr_array
    share: NDArray[np.float64]
    leaf_share: float
    under: NDArray[np.int64]
    midpoint: NDArray[np.float64]
    n_unknown: int
    pooled: bool

    def __repr__(self) -> str:
        return f"Alignment({self.column!r}, n_cells={self.original.shape[1]})"

    @property
    def numeric(self) -> bool:
        """Whether released values have a number that stands for them."""
        return bool(len(self.midpoint)) and not np.isnan(self.midpoint).all()


@dataclass(frozen=True, eq=False)
class _Cover:
    """Which original values each released value covers, with what weight."""

    weights: csr_array  # (n_released_values, n_original_values)
    elsewhere: NDArray[np.float64]  # what falls on values that the original does not have
    share: NDArray[np.float64]
    leaf_share: float
    whole: NDArray[np.float64]  # how a suppressed cell spreads over the original values


def align(
    original: Counts,
    released: Counts,
    hierarchy: Hierarchy | None = None,
    *,
    max_cells: int = 100,
    bins: int = 20,
) -> Alignment:
    """Put an original and a released column on common ground.

    Parameters
    ----------
    original, released : Counts
        Of one and the same column; suppressed cells are told apart in `released`.
    hierarchy : Hierarchy, optional
        Tells which values a released label covers. Without it a released value stands for
        itself.
    max_cells : int, default 100
        Columns with more distinct values in the original are pooled: numbers and dates into
        `bins` intervals that hold equally many original records, other values into the
        ``max_cells - 1`` most frequent and the rest.
    bins : int, default 20

    Returns
    -------
    Alignment

    Raises
    ------
    HierarchyError
        The hierarchy lacks values of the original (counted, not shown).

    Notes
    -----
    A released label is spread over the values of the hierarchy's domain that it covers, in
    proportion to their share of the domain, that is, evenly in a table of values: the release says
    no more than that. What falls on values that the original does not have goes into a cell of its
    own, where the original has nothing. A suppressed cell is spread over the whole domain; without
    a hierarchy the domain is the distinct values of the original. Missing is a cell of its own.
    Where numbers are pooled, or the domain is a continuum, a label is spread over the distinct
    original values that it covers.

    A label that occurs at several levels is read at the lowest level that has all labels of the
    column, and if there is none, at its highest: the reading that keeps least.

    Examples
    --------
    >>> from niming.tables import count
    >>> towns = Hierarchy.from_dict({"north": ["A", "B"], "south": ["C", "D"]})
    >>> original = count({"town": ["A", "B", "C", "C"]}, ["town"])
    >>> released = count({"town": ["north", "north", "C", "*"]}, ["town"], suppressed="*")
    >>> alignment = align(original, released, towns)
    >>> alignment
    Alignment('town', n_cells=6)
    >>> alignment.share.tolist()
    [0.25, 0.5]
    """
    from scipy import sparse

    (column,) = original.columns
    values = original.categories[0]
    scale = numbers(values)
    frequency = np.zeros(len(values))
    seen = original.codes[:, 0] >= 0
    np.add.at(frequency, original.codes[seen, 0], original.n[seen])
    pooled = len(values) > max_cells
    even = pooled and scale is not None
    cover = (
        _by_value(released.categories[0], values)
        if hierarchy is None
        else _by_hierarchy(column, texts(released.categories[0]), texts(values), hierarchy, even)
    )
    uncovered = np.diff(cover.weights.indptr) == 0
    unknown = uncovered & np.isnan(cover.share)

    cell_of, n_cells, edges = _pool(frequency, scale, max_cells, bins)
    size = n_cells + 3  # then: the rest of the domain, missing, unknown to the hierarchy
    spread = sparse.csr_array(
        (np.ones(len(values)), (np.arange(len(values)), cell_of)), shape=(len(values), size)
    )
    top = sparse.csr_array(cover.whole[None, :]) @ spread
    top = top + sparse.csr_array(
        ([max(0.0, 1 - float(cover.whole.sum()))], ([0], [n_cells])), shape=(1, size)
    )
    missing = sparse.csr_array(([1.0], ([0], [n_cells + 1])), shape=(1, size))
    # A number that the original lacks still falls into an interval of a pooled column.
    own = read_numbers(released.categories[0], values.dtype)
    n_released = len(own)
    beside = np.full(n_released, n_cells)
    beside[unknown] = n_cells + 2
    if edges is not None:
        placed = uncovered & ~np.isnan(own)
        beside[placed] = np.searchsorted(edges, own[placed], side="right")
    outside = np.where(unknown, 1.0, cover.elsewhere)
    at = np.flatnonzero(outside > 0)
    rest = sparse.csr_array((outside[at], (at, beside[at])), shape=(n_released, size))
    return Alignment(
        column=column,
        original=sparse.vstack([top, missing, spread], format="csr"),
        released=sparse.vstack([top, missing, cover.weights @ spread + rest], format="csr"),
        share=cover.share,
        leaf_share=cover.leaf_share,
        under=_most_specific(cover.weights, cover.share),
        midpoint=_midpoints(cover.weights, scale, own),
        n_unknown=int((unknown & (beside == n_cells + 2)).sum()),
        pooled=pooled,
    )


def _by_value(labels: NDArray[np.generic], values: NDArray[np.generic]) -> _Cover:
    """Let each released value stand for itself."""
    from scipy import sparse

    found = _matches(labels, values)
    at = np.flatnonzero(found >= 0)
    leaf = 1 / len(values) if len(values) else 1.0
    return _Cover(
        weights=sparse.csr_array(
            (np.ones(len(at)), (at, found[at])), shape=(len(labels), len(values))
        ),
        elsewhere=np.zeros(len(labels)),
        share=np.where(found >= 0, leaf, np.nan),
        leaf_share=leaf,
        whole=np.full(len(values), leaf),
    )


def _matches(labels: NDArray[np.generic], values: NDArray[np.generic]) -> NDArray[np.int64]:
    """Return the position in ascending `values` of each label; -1 for none."""
    if not len(values) or not len(labels):
        return np.full(len(labels), -1, dtype=np.int64)
    if labels.dtype.kind in "iuf" and values.dtype.kind in "iuf":
        at = np.minimum(np.searchsorted(values, labels), len(values) - 1)
        return np.where(values[at] == labels, at, -1)
    place = {name: i for i, name in enumerate(texts(values))}
    return np.array([place.get(label, -1) for label in texts(labels)], dtype=np.int64)


def _by_hierarchy(
    column: str,
    labels: NDArray[np.object_],
    names: NDArray[np.object_],
    hierarchy: Hierarchy,
    even: bool,
) -> _Cover:
    """Find what each released label covers, from the hierarchy alone."""
    from scipy import sparse

    bound = hierarchy.bind(names, column=column)
    leaf = float(bound.share[0].min()) if len(names) else 0.0
    continuum = even or leaf == 0.0
    level_of = _levels(labels, bound.labels)
    share = np.full(len(labels), np.nan)
    elsewhere = np.zeros(len(labels))
    rows, columns, weights = [], [], []
    members = [_members(bound.codes[level], len(found)) for level, found in enumerate(bound.labels)]
    codes = [{label: i for i, label in enumerate(found)} for found in bound.labels]
    for i in np.flatnonzero(level_of >= 0):
        level = level_of[i]
        leaves = members[level][codes[level][labels[i]]]
        share[i] = bound.share[level, leaves[0]]
        part = _proportions(bound.share[0, leaves], float(share[i]), continuum)
        elsewhere[i] = max(0.0, 1 - float(part.sum()))
        rows.append(np.full(len(leaves), i))
        columns.append(leaves)
        weights.append(part)
    # Values of the domain that the original happens not to have, as synthetic data may.
    rest = np.flatnonzero(level_of < 0)
    known = rest[~hierarchy.lacking(labels[rest])] if rest.size else rest
    share[known] = leaf
    elsewhere[known] = 1.0
    joined = [np.concatenate(x) if x else np.array([], dtype=np.int64) for x in (rows, columns)]
    return _Cover(
        weights=sparse.csr_array(
            (np.concatenate(weights) if weights else np.array([]), tuple(joined)),
            shape=(len(labels), len(names)),
        ),
        elsewhere=elsewhere,
        share=share,
        leaf_share=leaf,
        whole=_proportions(bound.share[0], 1.0, continuum),
    )


def _levels(
    labels: NDArray[np.object_], by_level: tuple[NDArray[np.object_], ...]
) -> NDArray[np.int64]:
    """Return the level at which each label is read; -1 for none."""
    has = np.array([np.isin(labels.astype(str), found.astype(str)) for found in by_level])
    if not len(labels):
        return np.zeros(0, dtype=np.int64)
    whole = np.flatnonzero(has[:, has.any(axis=0)].all(axis=1))
    highest = len(has) - 1 - has[::-1].argmax(axis=0)
    level = np.full(len(labels), whole[0]) if whole.size else highest
    return np.where(has.any(axis=0), level, -1).astype(np.int64)


def _members(codes: NDArray[np.int32], size: int) -> list[NDArray[np.int64]]:
    """Return the values under each label of one level."""
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes, minlength=size))[:-1])


def _proportions(leaves: NDArray[np.float64], total: float, continuum: bool) -> NDArray[np.float64]:
    """Return the part of a label's records that falls on each of its leaves."""
    if continuum:
        return np.full(len(leaves), 1 / max(1, len(leaves)))
    part = leaves / total
    # Fractions in a domain of whole numbers make more leaves than the domain counts.
    return part / max(1.0, float(part.sum()))


def numbers(values: NDArray[np.generic]) -> NDArray[np.float64] | None:
    """Return numbers and dates as floats; None for columns of anything else."""
    if values.dtype.kind in "iuf":
        return values.astype(np.float64)
    if values.dtype.kind == "M":
        return values.astype(np.int64).astype(np.float64)
    return None


def read_numbers(labels: NDArray[np.generic], like: np.dtype[np.generic]) -> NDArray[np.float64]:
    """Read numbers and ISO dates back from text; NaN for other text and for other columns.

    Parameters
    ----------
    labels : ndarray
    like : dtype
        Of the original's values, which says whether to read numbers or dates.
    """
    if like.kind in "iuf" and labels.dtype.kind in "iuf":
        return labels.astype(np.float64)
    out = np.full(len(labels), np.nan)
    if like.kind not in "iufM":
        return out
    for i, label in enumerate(texts(labels)):
        try:
            if like.kind == "M":
                out[i] = float(np.datetime64(label).astype(like).astype(np.int64))
            else:
                out[i] = float(label)
        except ValueError:
            continue
    return out


def _pool(
    frequency: NDArray[np.float64],
    numbers: NDArray[np.float64] | None,
    max_cells: int,
    bins: int,
) -> tuple[NDArray[np.int64], int, NDArray[np.float64] | None]:
    """Return the cell of each original value, their number, and the edges of numeric cells."""
    size = len(frequency)
    if size <= max_cells:
        return np.arange(size), size, None
    if numbers is not None:
        # Values are in ascending order: cut where the cumulated records pass each quantile.
        total = np.cumsum(frequency)
        cuts = np.searchsorted(total, total[-1] * np.arange(1, bins) / bins)
        edges = np.unique(numbers[np.minimum(cuts + 1, size - 1)])
        return np.searchsorted(edges, numbers, side="right"), len(edges) + 1, edges
    cell = np.full(size, max_cells - 1)
    cell[np.argsort(-frequency, kind="stable")[: max_cells - 1]] = np.arange(max_cells - 1)
    return cell, max_cells, None


def _most_specific(weights: csr_array, share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each original value the released value of smallest share that covers it."""
    under = np.full(weights.shape[1], -1, dtype=np.int64)
    coo = weights.tocoo()
    order = np.argsort(-share[coo.row], kind="stable")  # the smallest comes last and stays
    under[coo.col[order]] = coo.row[order]
    return under


def _midpoints(
    weights: csr_array, numbers: NDArray[np.float64] | None, own: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean of the original numbers under each released value, or its own number."""
    if numbers is None:
        return own
    covered = np.asarray(weights.sum(axis=1)).ravel()
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (weights @ numbers) / covered
    return np.where(covered > 0, mean, own)
