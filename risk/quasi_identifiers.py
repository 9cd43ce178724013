"""Which columns, together, tell people apart? The finder of quasi-identifiers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import JSON, Measure, Result
from niming.risk.classes import Missing, classes_of
from niming.risk.column_set_counts import count_sets, without_columns
from niming.risk.column_sets import MOST_SETS, check_columns, check_sets, names_of
from niming.risk.minimal_uniques import minimal_uniques
from niming.tables import Classes, Counts, Source

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["ColumnSets", "Drop", "find_quasi_identifiers"]

_MOTWANI = "Motwani and Xu 2007, distinct and separation ratio"
_UNIQUE = "Motwani and Xu 2007; Heise et al. 2013, minimal unique column combinations"

_MOST_PARTS = 2**24
"""Parts of sets that are looked up under the reading "matches-anything"."""


class Drop(NamedTuple):
    """One step of `ColumnSets.drop_order`, and what the columns still there tell apart.

    Attributes
    ----------
    column : str
        The column dropped.
    uniqueness : float in [0, 1]
        Share of records that are alone on the columns that are left.
    separation : float in [0, 1] or None
        Share of pairs of records that these tell apart; None for a table of one record.
    """

    column: str
    uniqueness: float
    separation: float | None


@dataclass(frozen=True, repr=False, eq=False)
class ColumnSets(Result):
    """What every set of columns up to a size tells apart, made by `find_quasi_identifiers`.

    Parameters
    ----------
    columns : tuple of str
    sets : ndarray of shape (n_sets,), int64
        Bit j is set if ``columns[j]`` is in the set; ascending in size, then in the order of
        `columns`.
    n_distinct : ndarray of shape (n_sets,), int64
        Distinct combinations of values.
    n_together : ndarray of shape (n_sets,), int64
        Pairs of records that the set does not tell apart.
    n_unique : ndarray of shape (n_sets,), int64
        Records that are alone on the set, under the reading `missing`.
    n_rows : int
    n_unique_on_all : int
        Records that are alone on all columns together, each cell a value of its own.
    max_size : int
        Largest set that was counted.
    missing : {"own-value", "matches-anything"}
    drop_order : tuple of Drop
        In which order to drop columns, and what is left each time; empty if not asked for.
    """

    columns: tuple[str, ...]
    sets: NDArray[np.int64]
    n_distinct: NDArray[np.int64]
    n_together: NDArray[np.int64]
    n_unique: NDArray[np.int64]
    n_rows: int
    n_unique_on_all: int
    max_size: int
    missing: Missing = "own-value"
    drop_order: tuple[Drop, ...] = ()

    @classmethod
    def of(
        cls,
        classes: Classes,
        *,
        max_size: int | None = 3,
        missing: Missing = "own-value",
        max_sets: int = MOST_SETS,
        drop_order: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> ColumnSets:
        """Measure the quasi-identifiers of equivalence classes.

        The parameters are those of `find_quasi_identifiers`, and `drop_order`, whether to find
        that too: it takes longer than small sets do.
        """
        columns = classes.quasi_identifiers
        size = check_columns(len(columns), max_size)
        if missing not in ("own-value", "matches-anything"):
            raise InputError(
                "missing must be 'own-value' or 'matches-anything'",
                hint="the stricter is 'own-value'",
            )
        n_sets = check_sets(len(columns), size, max_sets)
        unknown = missing == "matches-anything" and bool((classes.codes < 0).any())
        if unknown:
            _check_parts(len(columns), size, n_sets)
        counts = count_sets(classes, max_size=size, n_sets=n_sets, progress=progress)
        n_rows = int(classes.size.sum())
        n_unique = counts.n_unique
        if unknown:
            n_unique = _unique_where_unknown_matches(classes, counts.columns, size, max_sets)
        pairs = n_rows * (n_rows - 1) // 2
        steps = without_columns(classes) if drop_order else ()
        drops = tuple(
            Drop(
                columns[step.column],
                step.n_unique / n_rows,
                1 - step.n_together / pairs if pairs else None,
            )
            for step in steps
        )
        return cls(
            columns=columns,
            sets=counts.columns,
            n_distinct=counts.n_distinct,
            n_together=counts.n_together,
            n_unique=n_unique,
            n_rows=n_rows,
            n_unique_on_all=int(np.count_nonzero(classes.size == 1)),
            max_size=size,
            missing=missing,
            drop_order=drops,
        )

    @property
    def n_sets(self) -> int:
        """Number of column sets counted."""
        return len(self.sets)

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Columns in each set, shape (n_sets,)."""
        return sum(
            (self.sets >> j & 1 for j in range(len(self.columns))),
            start=np.zeros(self.n_sets, dtype=np.int64),
        )

    @cached_property
    def uniqueness(self) -> NDArray[np.float64]:
        """Share of records that are alone on each set, shape (n_sets,), in [0, 1]."""
        return self.n_unique / self.n_rows

    @cached_property
    def distinction(self) -> NDArray[np.float64]:
        """Distinct combinations of each set over records, shape (n_sets,), in (0, 1]."""
        return self.n_distinct / self.n_rows

    @cached_property
    def separation(self) -> NDArray[np.float64] | None:
        """Share of pairs of records that each set tells apart, in [0, 1]; None for one record."""
        pairs = self.n_rows * (self.n_rows - 1) // 2
        return (pairs - self.n_together) / pairs if pairs else None

    @cached_property
    def minimal_unique(self) -> tuple[tuple[str, ...], ...]:
        """Sets on which every record is alone and of which no part is so, up to `max_size`."""
        return self.minimal(uniqueness=1.0)

    def minimal(
        self,
        *,
        uniqueness: float | None = None,
        separation: float | None = None,
        distinction: float | None = None,
    ) -> tuple[tuple[str, ...], ...]:
        """Return the sets that reach all thresholds given and of which no part does.

        Parameters
        ----------
        uniqueness, separation, distinction : float in [0, 1], optional
            At least one. A set with more columns never has less of any of them.

        Returns
        -------
        tuple of tuple of str
            Of all sets counted, smaller ones first.
        """
        asked = {
            "uniqueness": (uniqueness, self.uniqueness),
            "separation": (separation, self.separation),
            "distinction": (distinction, self.distinction),
        }
        reached = np.ones(self.n_sets, dtype=np.bool_)
        if all(threshold is None for threshold, _ in asked.values()):
            raise InputError("no threshold given", hint="such as uniqueness=0.95")
        for name, (threshold, values) in asked.items():
            if threshold is None:
                continue
            if not 0 <= threshold <= 1:
                raise InputError(f"{name} must be from 0 to 1", hint="0.95 is almost unique")
            if values is None:
                raise InputError(
                    f"a table of one record has no pairs, so no {name}", hint="ask for uniqueness"
                )
            reached &= values >= threshold
        known = set(self.sets[reached].tolist())
        return tuple(
            names_of(columns, self.columns)
            for columns in self.sets[reached].tolist()
            if not any(
                columns >> j & 1 and columns & ~(1 << j) in known for j in range(len(self.columns))
            )
        )

    def riskiest(self, n: int = 10, *, size: int | None = None) -> tuple[tuple[str, ...], ...]:
        """Return the `n` sets on which most records are alone, of `size` columns if given."""
        return tuple(names_of(int(s), self.columns) for s in self.sets[self._ranked(size)[:n]])

    def frame(self) -> pd.DataFrame:
        """Return one row a column set, riskiest first.

        Returns
        -------
        pandas.DataFrame
            ``columns`` (tuple of names), ``size``, ``uniqueness``, ``separation``,
            ``distinction``, ``n_unique``, ``n_distinct``, ``n_together``. By uniqueness, then
            separation, then fewer columns first.
        """
        import pandas as pd

        order = self._ranked(None)
        separation = self.separation
        return pd.DataFrame(
            {
                "columns": [names_of(s, self.columns) for s in self.sets[order].tolist()],
                "size": self.sizes[order],
                "uniqueness": self.uniqueness[order],
                "separation": None if separation is None else separation[order],
                "distinction": self.distinction[order],
                "n_unique": self.n_unique[order],
                "n_distinct": self.n_distinct[order],
                "n_together": self.n_together[order],
            }
        )

    def measures(self) -> tuple[Measure, ...]:
        """Return the largest shares for each size, and the smallest set that tells all apart.

        Under "matches-anything" only what that reading changes: uniqueness and unique sets.
        """
        own = self.missing == "own-value"
        stem = "quasi_identifiers" if own else "quasi_identifiers.matching"
        families = [("uniqueness", self.uniqueness, "share of records alone", _UNIQUE)]
        if own:
            what = "share of pairs of records told apart"
            families.append(
                ("distinction", self.distinction, "combinations over records", _MOTWANI)
            )
            if self.separation is not None:
                families.append(("separation", self.separation, what, _MOTWANI))
        rows = [
            Measure(
                f"{stem}.highest_{name}[{size}]",
                float(values[self.sizes == size].max()),
                "share",
                (0, 1),
                "lower-is-safer",
                f"largest {meaning}, over all sets of {size} column{'s' if size > 1 else ''}",
                source,
            )
            for name, values, meaning, source in families
            for size in range(1, self.max_size + 1)
        ]
        smallest = min(map(len, self.minimal_unique), default=None)
        rows.append(
            Measure(
                f"{stem}.smallest_unique",
                smallest,
                "columns",
                (1, len(self.columns)),
                "higher-is-safer",
                "fewest columns on which every record is alone",
                _UNIQUE,
                "" if smallest else f"no set of up to {self.max_size} columns is unique",
            )
        )
        rows.append(
            Measure(
                f"{stem}.n_minimal_unique",
                len(self.minimal_unique),
                "sets",
                (0, math.inf),
                "lower-is-safer",
                f"minimal unique column sets of up to {self.max_size} columns",
                _UNIQUE,
            )
        )
        return tuple(rows)

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the riskiest and the minimal unique sets, and the drop order."""
        return {
            **super().to_dict(),
            "columns": list(self.columns),
            "n_rows": self.n_rows,
            "n_unique_on_all": self.n_unique_on_all,
            "n_sets": self.n_sets,
            "max_size": self.max_size,
            "missing": self.missing,
            "riskiest": [
                {"columns": list(names), "uniqueness": share}
                for names, share in zip(
                    self.riskiest(),
                    self.uniqueness[self._ranked(None)[:10]].tolist(),
                    strict=True,
                )
            ],
            "minimal_unique": [list(names) for names in self.minimal_unique],
            "drop_order": [drop._asdict() for drop in self.drop_order],
        }

    def plot(self, *, n: int = 10, size: int | None = None) -> Figure:
        """Draw the riskiest column combinations, by the share of records that are alone on them.

        Parameters
        ----------
        n : int >= 1, default 10
            How many.
        size : int, optional
            Of so many columns; of any without it.

        Returns
        -------
        matplotlib.figure.Figure
        """
        order = self._ranked(size)[:n][::-1]
        labels = [" + ".join(names_of(s, self.columns)) for s in self.sets[order].tolist()]
        return _bars(
            labels,
            self.uniqueness[order].tolist(),
            colour="#c0392b",
            words="records that are alone on these columns",
            title=f"riskiest of {self.n_sets} sets of up to {self.max_size} columns; "
            f"{self.n_rows} records",
        )

    def plot_drops(self) -> Figure:
        """Draw how many records stay alone as columns are dropped in `drop_order`.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import said

        if not self.drop_order:
            return said("the order in which to drop columns was not asked for")
        labels = ["all columns", *(f"− {drop.column}" for drop in self.drop_order)]
        shares = [self.n_unique_on_all / self.n_rows, *(d.uniqueness for d in self.drop_order)]
        return _bars(
            labels[::-1],
            shares[::-1],
            colour="#2e86ab",
            words="records that are alone on the columns that are left",
            title="what is left as columns are dropped, from the top down",
        )

    def _ranked(self, size: int | None) -> NDArray[np.int64]:
        """Return where the sets stand, riskiest first, of `size` columns if given."""
        if size is not None and not 1 <= size <= self.max_size:
            raise InputError(
                f"sets of {size} columns were not counted",
                hint=f"a size from 1 to {self.max_size}, or none",
            )
        order = np.lexsort((self.sizes, self.n_together, -self.n_unique))
        return order if size is None else order[self.sizes[order] == size]


def find_quasi_identifiers(
    source: Source | Counts,
    *,
    columns: Sequence[str],
    max_size: int | None = 3,
    missing: Missing = "own-value",
    suppressed: str | None = None,
    max_sets: int = MOST_SETS,
    progress: Callable[[float], None] | None = None,
) -> ColumnSets:
    """Measure what every set of columns tells apart, and which columns to drop first.

    Columns that tell people apart together are quasi-identifiers, whatever they are called.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row.
    columns : sequence of str
        Columns to look at; 1 to 62.
    max_size : int >= 1 or None, default 3
        Largest set of columns to count; None for all sets.
    missing : {"own-value", "matches-anything"}, default "own-value"
        How uniqueness reads a missing or suppressed cell: a value of its own, or equal to every
        value. Distinction, separation and `drop_order` are always by the first.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    max_sets : int >= 1, default 1048576
        Refuse if there are more column sets to count.
    progress : callable, optional
        Called with the share of sets that are counted, from 0 to 1.

    Returns
    -------
    ColumnSets
        `uniqueness`, `separation`, `distinction` (one number in [0, 1] a set), `minimal_unique`,
        `minimal(uniqueness=0.95)`, `riskiest(n)`, `drop_order`, `frame()`, `plot()`,
        `plot_drops()`.

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have.
    InputError
        No columns, one named twice, more than 62; a table without rows; `max_size` below 1; more
        column sets than `max_sets` (counted).

    Notes
    -----
    For a set S of columns over n records, in classes of n_1, n_2, … records equal on S:

    - distinction: classes over n;
    - separation: 1 − Σ n_i (n_i − 1) / (n (n − 1)), the share of pairs told apart;
    - uniqueness: the records with n_i = 1 over n. With "matches-anything", the records with which
      no other agrees on S, unknown cells agreeing with anything: those that have a minimal sample
      unique within S.

    All are counted in whole numbers and never fall when S gains a column, so that minimal sets are
    well defined. A set is unique if every record is alone on it. Weights are not used.

    `drop_order` is greedy: each time the column without which the fewest records are alone on all
    columns that are left. Ties are broken by what is left of separation and distinction, then by
    the separation of the column by itself: while everybody is alone whatever is dropped, the column
    that tells most apart goes first.

    One GROUP BY on all columns, then O(n_sets · n_classes) at most: each marginal comes from that
    of a smaller set, with equal rows merged and classes of one row left out. `drop_order` takes
    m² log m splits of what is left, for m columns. Sampling rows, as Motwani and Xu do, would bound
    separation only.

    References
    ----------
    Motwani, Xu 2007, "Efficient algorithms for masking and finding quasi-identifiers", distinct
    and separation ratio.
    Heise, Quiané-Ruiz, Abedjan, Jentzsch, Naumann 2013, "Scalable discovery of unique column
    combinations", doi:10.14778/2732240.2732248.

    Examples
    --------
    >>> table = {"age": [34, 34, 51, 51], "sex": ["F", "M", "F", "M"], "town": ["A", "A", "A", "B"]}
    >>> found = find_quasi_identifiers(table, columns=["age", "sex", "town"])
    >>> found.minimal_unique
    (('age', 'sex'),)
    >>> found.minimal(uniqueness=0.25)
    (('town',), ('age', 'sex'))
    >>> [drop.column for drop in found.drop_order]
    ['age', 'town', 'sex']
    """
    classes = classes_of(source, quasi_identifiers=columns, suppressed=suppressed)
    return ColumnSets.of(
        classes,
        max_size=max_size,
        missing=missing,
        max_sets=max_sets,
        drop_order=True,
        progress=progress,
    )


def _bars(labels: list[str], shares: list[float], *, colour: str, words: str, title: str) -> Figure:
    """Draw a bar a share, the last on top."""
    from niming.drawing import blank, finish

    figure, axes = blank(8, 1.2 + 0.28 * len(labels))
    bars = axes.barh(labels, shares, color=colour)
    axes.bar_label(bars, labels=[f"{share:.1%}" for share in shares], fontsize=8, padding=2)
    axes.set(xlabel=words, xlim=(0, max(1.15 * max(shares), 0.01)))
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    axes.set_title(title, fontsize=10)
    return finish(figure)


def _check_parts(n_columns: int, max_size: int, n_sets: int) -> None:
    parts = sum(math.comb(n_columns, s) * (2**s - 1) for s in range(1, max_size + 1))
    if parts > _MOST_PARTS:
        raise InputError(
            f"{n_sets} column sets have {parts} parts, more than the {_MOST_PARTS} that "
            "missing='matches-anything' takes",
            hint="give a smaller max_size, or missing='own-value'",
        )


def _unique_where_unknown_matches(
    classes: Classes, sets: NDArray[np.int64], max_size: int, max_sets: int
) -> NDArray[np.int64]:
    """Return how many records are alone on each set: those with a minimal unique within it."""
    found = minimal_uniques(
        classes, max_size=max_size, missing="matches-anything", max_sets=max_sets
    )
    order = np.argsort(found.columns, kind="stable")
    masks, starts = np.unique(found.columns[order], return_index=True)
    ends = [*starts[1:], len(order)]
    of = found.class_of[order]
    alone = {
        mask: of[start:end]
        for mask, start, end in zip(masks.tolist(), starts, ends[: len(masks)], strict=True)
    }
    flags = np.zeros(classes.n_classes, dtype=np.bool_)
    out = np.zeros(len(sets), dtype=np.int64)
    for at, columns in enumerate(sets.tolist()):
        lists = []
        part = columns
        while part:  # every part of the set, as a binary number
            if part in alone:
                lists.append(alone[part])
            part = (part - 1) & columns
        if len(lists) == 1:
            out[at] = len(lists[0])
        elif lists:
            for records in lists:
                flags[records] = True
            out[at] = np.count_nonzero(flags)
            for records in lists:
                flags[records] = False
    return out
