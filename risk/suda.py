"""SUDA: on how few of their columns do people stand alone?"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import ColumnNotFoundError, InputError, UnreliableWarning
from niming.measure import JSON, Measure, Result
from niming.risk.classes import Missing, classes_of, match_sizes
from niming.tables import SUPPRESSED, Classes, Counts, Source
from niming.tables.grouping import group

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Scoring", "Suda", "suda"]

Scoring: TypeAlias = Literal["factorial", "supersets"]
"""What a minimal sample unique counts for."""

_MOST_COLUMNS = 62
"""A set of columns is the bits of one int64."""

_NO_DIS = 28
"""With this many columns the exponent of the DIS score, 1 + (8 − m)/20, is no longer positive."""

_SUDA = "Elliot, Manning and Ford 2002; Manning, Haglin and Keane 2008"
_DIS = "Skinner and Elliot 2002; Elliot, Manning, Mayes, Gurd and Bane 2005"


class _Groups(NamedTuple):
    """Groups of rows in which somebody may yet be told from all others; see the kernel."""

    row: NDArray[np.int32]
    start: NDArray[np.int32]


class _Node(NamedTuple):
    """A set of columns, as bits and counted, and for each column before them what it may split."""

    mask: int
    size: int
    groups: list[_Groups]


class _Sorted(NamedTuple):
    """Classes as the kernel wants them, the columns that vary in ascending order of their values.

    Attributes
    ----------
    codes : ndarray of shape (n_columns, n_rows), int32
        Rows in lexicographic order; -1 is unknown and agrees with anything.
    prefix : list of ndarray of shape (n_rows,), int32
        For each column, numbers that are equal for rows equal in all columns up to it.
    n_values : list of int
    columns : ndarray of shape (n_columns,)
        Where each column stands among the quasi-identifiers.
    first_known : ndarray of shape (n_rows,), int32
        First column in which a row is known; n_columns if there is none.
    alone : ndarray of shape (n_rows,), bool
        Whether the row is one record.
    class_of : ndarray of shape (n_rows,), int64
        Class of each row, if the row is one record.
    """

    codes: NDArray[np.int32]
    prefix: list[NDArray[np.int32]]
    n_values: list[int]
    columns: NDArray[np.int64]
    first_known: NDArray[np.int32]
    alone: NDArray[np.bool_]
    class_of: NDArray[np.int64]

    @classmethod
    def of(cls, classes: Classes, missing: Missing) -> _Sorted:
        """Sort classes; under "matches-anything" missing and suppressed become unknown."""
        codes = classes.codes
        unknown = missing == "matches-anything"
        codes = np.maximum(codes, -1) if unknown else codes - np.int32(SUPPRESSED)
        least = np.where(codes < 0, np.iinfo(np.int32).max, codes).min(axis=0)
        n_values = codes.max(axis=0).astype(np.int64) + 1
        vary = np.flatnonzero(n_values > least.astype(np.int64) + 1)
        columns = vary[np.argsort(n_values[vary], kind="stable")]
        groups = group(codes[:, columns], n_values[columns].tolist(), lowest=-1)
        rows = np.ascontiguousarray(codes[groups.first][:, columns].T, dtype=np.int32)
        first_known = np.full(rows.shape[1], len(columns), dtype=np.int32)
        for j in reversed(range(len(columns))):
            first_known[rows[j] >= 0] = j
        records = np.bincount(groups.group_of, weights=classes.size)
        return cls(
            codes=rows,
            prefix=_prefixes(rows),
            n_values=n_values[columns].tolist(),
            columns=columns,
            first_known=first_known,
            alone=records == 1,
            class_of=groups.first,
        )

    def merged(self, groups: _Groups, n_columns: int) -> list[_Groups]:
        """Return the groups for each of the first columns, rows equal in all up to it merged."""
        from niming.risk.suda_kernel import merge

        out = []
        for j in reversed(range(n_columns)):
            if self.prefix[j][-1] < len(self.alone) - 1:  # else all rows differ by then
                groups = _Groups(*merge(self.prefix[j], self.first_known, j + 1, *groups))
            out.append(groups)
        return out[::-1]


class _Uniques(NamedTuple):
    """Minimal sample uniques: the class of each, and its columns as bits."""

    of: NDArray[np.int64]
    columns: NDArray[np.int64]


@dataclass(frozen=True, repr=False, eq=False)
class Suda(Result):
    """On which columns people stand alone, and what that is worth, made by `suda`.

    A minimal sample unique is a set of columns on which a record is alone and from which no
    column can be left out.

    Parameters
    ----------
    quasi_identifiers : tuple of str
    unique_class : ndarray of shape (n_minimal,), int64
        The class of each minimal sample unique; that class is one record.
    unique_columns : ndarray of shape (n_minimal,), int64
        Its columns: bit j is set if ``quasi_identifiers[j]`` is one of them.
    agreeing : ndarray of shape (n_classes,), int64
        Records that agree with a class on all quasi-identifiers, under the reading `missing`.
    records : ndarray of shape (n_classes,), int64
        Records in the class.
    max_size : int
        Largest set that was looked at.
    fraction : float in (0, 1]
        Share of the population that the table holds.
    scoring : {"factorial", "supersets"}
    missing : {"own-value", "matches-anything"}
    """

    quasi_identifiers: tuple[str, ...]
    unique_class: NDArray[np.int64]
    unique_columns: NDArray[np.int64]
    agreeing: NDArray[np.int64]
    records: NDArray[np.int64]
    max_size: int
    fraction: float
    scoring: Scoring = "factorial"
    missing: Missing = "own-value"

    @classmethod
    def of(
        cls,
        classes: Classes,
        *,
        max_size: int | None = None,
        fraction: float = 0.1,
        scoring: Scoring = "factorial",
        missing: Missing = "own-value",
        max_sets: int = 2**20,
    ) -> Suda:
        """Measure equivalence classes; the parameters are those of `suda`."""
        n_columns = len(classes.quasi_identifiers)
        size = _check(n_columns, max_size, fraction, scoring, missing)
        uniques = _minimal_uniques(classes, size, missing, max_sets)
        agreeing = classes.size
        if missing == "matches-anything":
            agreeing = match_sizes(classes, agreeing).astype(np.int64, copy=False)
        return cls(
            quasi_identifiers=classes.quasi_identifiers,
            unique_class=uniques.of,
            unique_columns=uniques.columns,
            agreeing=agreeing,
            records=classes.size,
            max_size=size,
            fraction=float(fraction),
            scoring=scoring,
            missing=missing,
        )

    @cached_property
    def n_rows(self) -> int:
        """Number of records."""
        return int(self.records.sum())

    @property
    def n_minimal(self) -> int:
        """Number of minimal sample uniques of up to `max_size` columns, over all records."""
        return len(self.unique_class)

    @cached_property
    def n_unique(self) -> int:
        """Number of records that are alone on all quasi-identifiers."""
        return int(self.records[self.agreeing == 1].sum())

    @cached_property
    def n_paired(self) -> int:
        """Number of records with which exactly one other agrees on all quasi-identifiers."""
        return int(self.records[self.agreeing == 2].sum())

    @cached_property
    def n_scored(self) -> int:
        """Number of records that are alone on a set of up to `max_size` columns."""
        return len(np.unique(self.unique_class))

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Columns in each minimal sample unique, shape (n_minimal,)."""
        return sum(
            ((self.unique_columns >> j) & 1 for j in range(len(self.quasi_identifiers))),
            start=np.zeros(self.n_minimal, dtype=np.int64),
        )

    @cached_property
    def minimal_by_size(self) -> Mapping[int, int]:
        """Number of minimal sample uniques of each size from 1 to `max_size`."""
        found = np.bincount(self.sizes, minlength=self.max_size + 1)
        return {s: int(found[s]) for s in range(1, self.max_size + 1)}

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """SUDA score of the record of each class, shape (n_classes,); 0 where nobody is alone."""
        return self._sum(np.ones(self.n_minimal, dtype=bool))

    @cached_property
    def correct_match_risk(self) -> float | None:
        """Share of unique matches with the population that are correct; None without uniques."""
        unique, paired, f = self.n_unique, self.n_paired, self.fraction
        return unique * f / (unique * f + paired * (1 - f)) if unique else None

    @property
    def reliable(self) -> bool:
        """Whether the DIS scores rest on anything: records in pairs, or the whole population."""
        return self.n_paired > 0 or self.n_unique == 0 or self.fraction == 1

    @cached_property
    def dis(self) -> NDArray[np.float64] | None:
        """DIS score of the record of each class, shape (n_classes,), in [0, 1].

        0 where there is no score; None with 28 or more quasi-identifiers, for which there is none.
        """
        m = len(self.quasi_identifiers)
        if m >= _NO_DIS:
            return None
        out = np.zeros(len(self.records))
        risk = self.correct_match_risk
        scored = self.scores > 0
        if risk is None or not scored.any():
            return out
        # A common factor of the scores cancels, and without it 27! does not leave the range.
        powers = (self.scores[scored] / self.scores.max()) ** (1 + (8 - m) / 20)
        odds = self.n_unique * (1 / risk - 1)
        out[scored] = 1 / (1 + odds / (powers * (1 / powers).sum()))
        return out

    @cached_property
    def contributions(self) -> Mapping[str, float]:
        """Share of all scores that comes from sets with each column; they sum to more than 1."""
        total = self.scores.sum()
        if not total:
            return dict.fromkeys(self.quasi_identifiers, 0.0)
        return {
            column: float(self._sum(self._has(column)).sum() / total)
            for column in self.quasi_identifiers
        }

    def contributions_of(self, column: str) -> NDArray[np.float64]:
        """Return the share of each score that comes from sets with `column`, shape (n_classes,).

        0 where there is no score.
        """
        if column not in self.quasi_identifiers:
            raise ColumnNotFoundError.among([column], self.quasi_identifiers)
        part = self._sum(self._has(column))
        return np.divide(part, self.scores, out=np.zeros_like(part), where=self.scores > 0)

    def measures(self) -> tuple[Measure, ...]:
        """Return the scores, how many records have one, and what each column adds."""
        stem = "suda" if self.missing == "own-value" else "suda.matching"
        highest: float | None = None
        why = f"with {_NO_DIS} or more quasi-identifiers the exponent of DIS is not positive"
        if self.dis is not None:
            highest, why = float(self.dis.max()), ""
        up_to = f"up to {self.max_size} columns"
        most = len(self.quasi_identifiers)
        shares = tuple(
            Measure(
                f"{stem}.contribution[{column}]",
                share,
                "share",
                (0, 1),
                "lower-is-safer",
                "share of the SUDA scores that comes from sets with this column",
                _SUDA,
            )
            for column, share in self.contributions.items()
        )
        return (
            Measure(
                f"{stem}.highest_dis",
                highest,
                "probability",
                (0, 1),
                "lower-is-safer",
                "largest probability that a unique match of a record is correct",
                _DIS,
                why,
            ),
            Measure(
                f"{stem}.highest_score",
                float(self.scores.max()),
                "score",
                (0, math.inf),
                "lower-is-safer",
                f"largest sum over minimal sample uniques of {up_to} of what their size counts",
                _SUDA,
            ),
            Measure(
                f"{stem}.n_scored",
                self.n_scored,
                "records",
                (0, math.inf),
                "lower-is-safer",
                f"records that are alone on a set of {up_to}",
                _SUDA,
            ),
            Measure(
                f"{stem}.n_minimal",
                self.n_minimal,
                "sets",
                (0, math.inf),
                "lower-is-safer",
                f"minimal sample uniques of {up_to}, over all records",
                _SUDA,
            ),
            Measure(
                f"{stem}.smallest_size",
                int(self.sizes.min()) if self.n_minimal else None,
                "columns",
                (1, most),
                "higher-is-safer",
                "fewest columns on which a record is alone",
                _SUDA,
                "" if self.n_minimal else f"no record is alone on a set of {up_to}",
            ),
            Measure(
                f"{stem}.correct_match_risk",
                self.correct_match_risk,
                "probability",
                (0, 1),
                "lower-is-safer",
                "U f / (U f + P (1 − f)) of U unique records, P in pairs, sampling fraction f",
                _DIS,
                "" if self.n_unique else "no record is unique",
            ),
            *shares,
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the minimal sample uniques by size, and what was asked."""
        return {
            **super().to_dict(),
            "minimal_by_size": {str(s): n for s, n in self.minimal_by_size.items()},
            "max_size": self.max_size,
            "fraction": self.fraction,
            "scoring": self.scoring,
            "missing": self.missing,
            "reliable": self.reliable,
        }

    def plot(self, *, by: Literal["column", "size"] = "column") -> Figure:
        """Draw what each column adds to the scores, or the minimal sample uniques by size.

        Parameters
        ----------
        by : {"column", "size"}, default "column"

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish, said

        if by not in ("column", "size"):
            raise InputError("by must be 'column' or 'size'", hint="plot(by='column')")
        if not self.n_minimal:
            return said(f"no record is alone on a set of up to {self.max_size} columns")
        if by == "size":
            figure, axes = blank(7, 3.2)
            labels = [str(s) for s in self.minimal_by_size]
            bars = axes.bar(labels, list(self.minimal_by_size.values()), color="#2e86ab")
            axes.bar_label(bars, fontsize=8)
            axes.set(xlabel="columns in the set", ylabel="minimal sample uniques")
        else:
            ranked = sorted(self.contributions.items(), key=lambda item: item[1])
            figure, axes = blank(7, 1.2 + 0.28 * len(ranked))
            bars = axes.barh([c for c, _ in ranked], [s for _, s in ranked], color="#2e86ab")
            axes.bar_label(bars, labels=[f"{s:.1%}" for _, s in ranked], fontsize=8, padding=2)
            axes.set(xlabel="share of the SUDA scores from sets with the column", xlim=(0, 1.1))
            axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes.set_title(
            f"{self.n_scored} of {self.n_rows} records alone on up to {self.max_size} columns",
            fontsize=10,
        )
        return finish(figure)

    def _has(self, column: str) -> NDArray[np.bool_]:
        """Return which minimal sample uniques have `column`."""
        bit = np.int64(1) << self.quasi_identifiers.index(column)
        return np.asarray(self.unique_columns & bit, dtype=np.bool_)

    def _sum(self, which: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Sum by class what the minimal sample uniques in `which` count for."""
        worth = np.array(_worth(len(self.quasi_identifiers), self.scoring))
        sums = np.bincount(
            self.unique_class[which],
            weights=worth[self.sizes[which] - 1],
            minlength=len(self.records),
        )
        return sums.astype(np.float64, copy=False)


def suda(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    max_size: int | None = None,
    fraction: float = 0.1,
    scoring: Scoring = "factorial",
    missing: Missing = "own-value",
    suppressed: str | None = None,
    max_sets: int = 2**20,
) -> Suda:
    """Find on how few columns each record is alone, and score it by that.

    A record that is alone on two columns is easier to find, and more likely to be alone in the
    population too, than one that needs six.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; 1 to 62.
    max_size : int >= 1, optional
        Largest set of columns to look at; all of them without it.
    fraction : float in (0, 1], default 0.1
        Share of the population that the table holds. DIS scores hang on it: give yours.
    scoring : {"factorial", "supersets"}, default "factorial"
        What a minimal sample unique of s out of m columns counts: (m − s)!, as Elliot and others
        define it; or (2^(m−s) − 1) / C(m, s), its proper supersets over the sets of its size,
        which is sdcMicro's ``original_scores=FALSE`` and gives 0 to a record that is alone only on
        all columns.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed cell is a value of its own, or agrees with every value.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    max_sets : int >= 1, default 1048576
        Refuse if there are more column sets to look at.

    Returns
    -------
    Suda
        One number a class, in the order of `classes_of`: `scores` (>= 0) and `dis` (in [0, 1], or
        None). `n_scored`, `n_unique`, `n_paired`, `minimal_by_size`, `contributions` (shares by
        column), `contributions_of(column)`, `correct_match_risk`, `reliable`.

    Raises
    ------
    ColumnNotFoundError
        A quasi-identifier that the table does not have.
    InputError
        No quasi-identifiers, one named twice, more than 62; a table without rows; `max_size`,
        `fraction` or a choice out of range; more column sets than `max_sets` (counted).

    Warns
    -----
    UnreliableWarning
        There are unique records but none in pairs, so that DIS is 1 for all of them.

    Notes
    -----
    A set S of columns singles out a record if no other agrees with it on S, and it is minimal if
    no part of it does. score = Σ over the minimal sets of (m − |S|)!, with m quasi-identifiers
    whatever `max_size` is. The papers divide by (m − M − 1)! when only sets up to size M are
    looked at; that factor is the same for all records and cancels in DIS.

    With U unique records, P records in pairs, f = `fraction`: D = U f / (U f + P (1 − f)) is the
    share of unique matches that are correct. DIS spreads it by the scores, with Q = 1 + (8 − m)/20
    and A = Σ score^−Q over the records with a score:
    dis = 1 / (1 + (U/D − U) / (score^Q · A)).
    U counts records that are unique on all columns, with or without a score. sdcMicro computes D
    in single precision, which moves its DIS by up to 4e-8. From 28 columns on Q is not positive,
    and DIS is not available.

    Under "matches-anything" two records agree on S if they are equal wherever both know a value.
    So a cell that is unknown never helps to single out its record, and keeps others from being
    alone. sdcMicro does the first half only: there an unknown cell differs from every value.

    Sets are visited so that every part of a set comes before it. Each visit splits the groups that
    are left by one column. A record that is alone is left out from there on, because it agrees
    with nobody on more columns; records equal on all columns still to come are merged; groups in
    which nobody can be alone are dropped. O(n_sets · n_classes) at most, usually far less.

    References
    ----------
    Elliot, Manning, Ford 2002, "A computational algorithm for handling the special uniques
    problem", doi:10.1142/S0218488502001600.
    Manning, Haglin, Keane 2008, "A recursive search algorithm for statistical disclosure
    assessment", doi:10.1007/s10618-007-0078-6.
    Skinner, Elliot 2002, "A measure of disclosure risk for microdata",
    doi:10.1111/1467-9868.00365.

    Examples
    --------
    >>> table = {"age": [34, 34, 51, 34], "sex": ["F", "F", "M", "M"], "town": ["A", "A", "A", "B"]}
    >>> result = suda(table, quasi_identifiers=["age", "sex", "town"])
    >>> result.scores  # of (34, F, A) twice, (34, M, B) alone by town or age and sex, (51, M, A)
    array([0., 3., 3.])
    >>> result.minimal_by_size
    {1: 2, 2: 2, 3: 0}
    >>> result.contributions
    {'age': 0.5, 'sex': 0.333..., 'town': 0.5}
    """
    classes = classes_of(source, quasi_identifiers=quasi_identifiers, suppressed=suppressed)
    found = Suda.of(
        classes,
        max_size=max_size,
        fraction=fraction,
        scoring=scoring,
        missing=missing,
        max_sets=max_sets,
    )
    if not found.reliable:
        warnings.warn(
            f"{found.n_unique} records are unique and none is in a pair, so nothing tells how many "
            "of them are unique in the population: DIS is 1 for all",
            UnreliableWarning,
            stacklevel=2,
        )
    return found


def _check(
    n_columns: int, max_size: int | None, fraction: float, scoring: object, missing: object
) -> int:
    if n_columns > _MOST_COLUMNS:
        raise InputError(
            f"SUDA takes at most {_MOST_COLUMNS} quasi-identifiers, not {n_columns}",
            hint="leave out those that an outsider is least likely to know",
        )
    if max_size is not None and max_size < 1:
        raise InputError(f"max_size must be at least 1, not {max_size}", hint="3 is often enough")
    if not 0 < fraction <= 1:
        raise InputError(
            f"fraction must be above 0 and at most 1, not {fraction}",
            hint="the records in the table over the people in the population",
        )
    if scoring not in ("factorial", "supersets"):
        raise InputError(
            "scoring must be 'factorial' or 'supersets'",
            hint="'factorial' is that of the papers",
        )
    if missing not in ("own-value", "matches-anything"):
        raise InputError(
            "missing must be 'own-value' or 'matches-anything'",
            hint="certification uses the stricter, 'own-value'",
        )
    return n_columns if max_size is None else min(max_size, n_columns)


def _worth(n_columns: int, scoring: Scoring) -> list[float]:
    """Return what a minimal sample unique of each size from 1 on counts."""
    m = n_columns
    if scoring == "factorial":
        return [float(math.factorial(m - s)) for s in range(1, m + 1)]
    return [(2 ** (m - s) - 1) / math.comb(m, s) for s in range(1, m + 1)]


def _minimal_uniques(classes: Classes, max_size: int, missing: Missing, max_sets: int) -> _Uniques:
    """Return the minimal sample uniques of all classes."""
    from niming.risk.suda_kernel import keep_minimal, split

    if classes.size.sum() == 1:  # nobody else is there: alone on any column, whatever it holds
        n_columns = len(classes.quasi_identifiers)
        return _Uniques(np.zeros(n_columns, dtype=np.int64), 1 << np.arange(n_columns))
    table = _Sorted.of(classes, missing)
    n_columns, n_rows = table.codes.shape
    n_sets = sum(math.comb(n_columns, s) for s in range(1, max_size + 1))
    if n_sets > max_sets:
        raise InputError(
            f"{n_columns} columns that vary have {n_sets} sets of up to {max_size}, more than "
            f"max_sets={max_sets}",
            hint=_affordable(n_columns, max_sets),
        )
    head = np.full(n_rows, -1, dtype=np.int32)
    masks = np.empty(n_rows, dtype=np.int64)
    owner, link = np.empty(n_rows, dtype=np.int32), np.empty(n_rows, dtype=np.int32)
    n_found = 0
    whole = np.where(table.alone, np.arange(n_rows), ~np.arange(n_rows)).astype(np.int32)
    everybody = _Groups(whole, np.array([0, n_rows], dtype=np.int32))
    # Ascending in the set as a binary number, so that every part of a set comes before it.
    stack = [(_Node(0, 0, table.merged(everybody, n_columns)), iter(range(n_columns)))]
    while stack:
        node, columns = stack[-1]
        j = next(columns, None)
        if j is None:
            stack.pop()
            continue
        mask, size = node.mask | 1 << j, node.size + 1
        last = j == 0 or size == max_size
        row, start, found = split(table.codes[j], table.n_values[j], *node.groups[j], last)
        if len(found):
            if n_found + len(found) > len(masks):
                more = n_found + len(found)
                masks = np.concatenate([masks, np.empty(more, dtype=np.int64)])
                owner = np.concatenate([owner, np.empty(more, dtype=np.int32)])
                link = np.concatenate([link, np.empty(more, dtype=np.int32)])
            n_found = keep_minimal(found, mask, head, masks, owner, link, n_found)
        if len(row):
            groups = table.merged(_Groups(row, start), j)
            stack.append((_Node(mask, size, groups), iter(range(j))))
    sets = np.zeros(n_found, dtype=np.int64)
    for bit, place in enumerate(table.columns):
        sets |= (masks[:n_found] >> bit & 1) << int(place)
    return _Uniques(table.class_of[owner[:n_found]], sets)


def _prefixes(rows: NDArray[np.int32]) -> list[NDArray[np.int32]]:
    """Number the distinct beginnings of sorted rows, up to each column."""
    n_rows = rows.shape[1]
    differs = np.zeros(n_rows, dtype=bool)
    prefix: list[NDArray[np.int32]] = []
    for column in rows:
        if prefix and prefix[-1][-1] == n_rows - 1:
            prefix.append(prefix[-1])  # all rows differ by now
            continue
        differs[1:] |= column[1:] != column[:-1]
        prefix.append(np.cumsum(differs, dtype=np.int32))
    return prefix


def _affordable(n_columns: int, max_sets: int) -> str:
    """Return what to do about too many column sets."""
    total, size = 0, 0
    while size < n_columns and total + math.comb(n_columns, size + 1) <= max_sets:
        size += 1
        total += math.comb(n_columns, size)
    raised = "raise max_sets if you can wait, or name fewer columns"
    return f"max_size={size} has {total} sets; or {raised}" if size else raised
