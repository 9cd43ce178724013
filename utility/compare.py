"""`compare`: what was lost between an original and a released table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from niming.errors import ColumnNotFoundError, InputError
from niming.measure import Measure, Result
from niming.tables.counts import Counts, count
from niming.tables.hierarchy import ROOT, Hierarchy
from niming.tables.source import Source, Table, read
from niming.utility.alignment import align
from niming.utility.learning import Learning, Rows, learning
from niming.utility.loss import Loss, loss
from niming.utility.marginals import Marginals, marginals

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Comparison", "compare"]

_ONE_PASS = 1_000_000
"""Rows up to which all columns are counted at once; above, a pair at a time in the engine."""


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Result):
    """What a release lost of the original: detail, distributions and what can be learnt.

    Parameters
    ----------
    columns : tuple of str
        Columns compared.
    n_original, n_released : int
        Rows.
    loss : Loss
    marginals : Marginals
    learning : Learning
    """

    columns: tuple[str, ...]
    n_original: int
    n_released: int
    loss: Loss
    marginals: Marginals
    learning: Learning

    def measures(self) -> tuple[Measure, ...]:
        """Return every utility measure; those that could not be had carry their reason."""
        lost, moved = self.loss.measures(), self.marginals.measures()
        head = 4  # means and maxima of the marginals come before their columns
        return (lost[0], *moved[:head], *self.learning.measures(), *lost[1:], *moved[head:])

    def __repr__(self) -> str:
        shown = {m.name: m.value for m in self.measures()}
        names = ("loss", "tv_1way.mean", "tv_2way.mean", "learning.ratio")
        words = (
            f"{n}={'not available' if (v := shown[f'utility.{n}']) is None else format(v, '.4g')}"
            for n in names
        )
        return f"Comparison({', '.join(words)})"

    def plot(self) -> Figure:
        """Draw how far each column and each pair of columns moved.

        Returns
        -------
        matplotlib.figure.Figure
        """
        return self.marginals.plot()


def compare(
    original: Source,
    released: Source,
    *,
    target: str | None = None,
    hierarchies: Mapping[str, Hierarchy] | None = None,
    columns: Sequence[str] | None = None,
    rows: Rows = "unknown",
    weight: str | None = None,
    holdout: float = 0.3,
    max_rows: int = 20_000,
    seed: int = 0,
) -> Comparison:
    """Measure what a released table lost of the original.

    Parameters
    ----------
    original, released : table
        Anything that `niming.tables.read` takes. A released cell ``*`` is suppressed.
    target : str, optional
        Column that a model would predict. Without it nothing is learnt, and the measures of
        learning say so.
    hierarchies : mapping of str to Hierarchy, optional
        What released labels mean, a column each. Columns without one are compared value by value.
    columns : sequence of str, optional
        Columns to compare; by default those that both tables have, in the original's order.
    rows : {"unknown", "same", "fresh"} or sequence of int, default "unknown"
        Which original row each released row comes from, so that no model is trained on a test
        record; see `niming.utility.learning`.
    weight : str, optional
        Column of the release with sampling weights, used for distributions and for training.
    holdout : float in (0, 1), default 0.3
        Part of the original to test models on.
    max_rows : int, default 20_000
        Most records to train on and to test on; the result says how many were used.
    seed : int, default 0
        Decides the hold-out, the sample and the models: same seed, same numbers.

    Returns
    -------
    Comparison
        With the measures ``utility.loss``, ``utility.tv_1way.mean``, ``.max`` and ``[column]``,
        ``utility.tv_2way.mean`` and ``.max``, ``utility.learning.released_real``, ``.real_real``,
        ``.ratio``, ``.retained`` and ``.overlap``.

    Raises
    ------
    ColumnNotFoundError
        A column, target or weight that a table does not have.
    HierarchyError
        A hierarchy that lacks values of the original (counted, not shown).
    InputError
        Tables without rows or without a column in common, or a hold-out outside (0, 1).

    Notes
    -----
    Distributions are compared as shares, so a sample or a release that leaves rows out is compared
    by its composition, not by its size. How generalised labels, suppressed cells and columns of
    many values are put on common ground is told in `niming.utility.align`; pooling can only
    lower a total variation.

    Examples
    --------
    >>> original = {"sex": ["F", "M", "F", "M"], "town": ["A", "A", "B", "B"]}
    >>> released = {"sex": ["F", "M", "F", "F"], "town": ["A", "A", "*", "*"]}
    >>> result = compare(original, released)
    >>> result.marginals.one_way
    {'sex': 0.25, 'town': 0.25}
    """
    if not 0 < holdout < 1:
        raise InputError(f"holdout is {holdout}, not between 0 and 1")
    if max_rows < 1:
        raise InputError(f"max_rows is {max_rows}, not at least 1")
    before, after = read(original), read(released)
    names = _columns(before, after, columns, target)
    if weight is not None:
        after.require([weight], asked_by="the weight")
    cells_before = _count(before, names, None, None)
    cells_after = _count(after, names, weight, ROOT)
    single_before = {c: cells_before[(c,)] for c in names}
    single_after = {c: cells_after[(c,)] for c in names}
    trees = {c: h for c, h in (hierarchies or {}).items() if c in names}
    alignments = {c: align(single_before[c], single_after[c], trees.get(c)) for c in names}
    return Comparison(
        columns=tuple(names),
        n_original=before.n_rows,
        n_released=after.n_rows,
        loss=loss(single_after, {c: alignments[c] for c in names if c in trees}),
        marginals=marginals(cells_before, cells_after, alignments),
        learning=Learning("", reason="no target given")
        if target is None
        else learning(
            before,
            after,
            target,
            (single_before, single_after),
            alignments,
            rows=rows,
            weight=weight,
            holdout=holdout,
            max_rows=max_rows,
            seed=seed,
        ),
    )


def _columns(
    before: Table, after: Table, columns: Sequence[str] | None, target: str | None
) -> list[str]:
    """Return the columns to compare, the target among them."""
    asked = [*(columns or ()), *([target] if target is not None else [])]
    before.require(asked, asked_by="the comparison, in the original,")
    after.require(asked, asked_by="the comparison, in the release,")
    if columns is None:
        names = [c for c in before.columns if c in after.columns]
        if not names:
            raise ColumnNotFoundError(
                "the original and the release have no column in common",
                hint="compare a release with the table that it was made from",
            )
        return names
    if len(set(columns)) < len(columns):
        raise InputError("a column is named twice", hint="name each column once")
    if not columns:
        raise InputError("no columns to compare", hint="name at least one column")
    return list(dict.fromkeys(asked))


def _count(
    table: Table, names: Sequence[str], weight: str | None, suppressed: str | None
) -> dict[tuple[str, ...], Counts]:
    """Count every column and every pair of columns."""
    sets = [*((c,) for c in names), *combinations(names, 2)]
    if table.n_rows <= _ONE_PASS:
        whole = count(table, names, weight=weight, suppressed=suppressed)
        return {s: whole.select(s) for s in sets}
    return {s: count(table, s, weight=weight, suppressed=suppressed) for s in sets}
