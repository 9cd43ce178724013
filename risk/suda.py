"""SUDA: on how few of their columns do people stand alone?"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import ColumnNotFoundError, InputError, UnreliableWarning
from niming.measure import JSON, Measure, Result
from niming.risk.classes import Missing, classes_of, match_sizes
from niming.risk.column_sets import MOST_SETS, check_columns
from niming.risk.minimal_uniques import minimal_uniques
from niming.tables import Classes, Counts, Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Scoring", "Suda", "suda"]

Scoring: TypeAlias = Literal["factorial", "supersets"]
"""What a minimal sample unique counts for."""

_NO_DIS = 28
"""With this many columns the exponent of the DIS score, 1 + (8 − m)/20, is no longer positive."""

_SUDA = "Elliot, Manning and Ford 2002; Manning, Haglin and Keane 2008"
_DIS = "Skinner and Elliot 2002; Elliot, Manning, Mayes, Gurd and Bane 2005"


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
    fraction : float in (0, 1] or None
        Share of the population that the table holds; without it there is no DIS.
    scoring : {"factorial", "supersets"}
    missing : {"own-value", "matches-anything"}
    """

    quasi_identifiers: tuple[str, ...]
    unique_class: NDArray[np.int64]
    unique_columns: NDArray[np.int64]
    agreeing: NDArray[np.int64]
    records: NDArray[np.int64]
    max_size: int
    fraction: float | None
    scoring: Scoring = "factorial"
    missing: Missing = "own-value"

    @classmethod
    def of(
        cls,
        classes: Classes,
        *,
        max_size: int | None = None,
        fraction: float | None = 0.1,
        scoring: Scoring = "factorial",
        missing: Missing = "own-value",
        max_sets: int = MOST_SETS,
    ) -> Suda:
        """Measure equivalence classes; the parameters are those of `suda`."""
        n_columns = len(classes.quasi_identifiers)
        size = check_columns(n_columns, max_size)
        _check(fraction, scoring, missing)
        uniques = minimal_uniques(classes, max_size=size, missing=missing, max_sets=max_sets)
        agreeing = classes.size
        if missing == "matches-anything":
            agreeing = match_sizes(classes, agreeing).astype(np.int64, copy=False)
        return cls(
            quasi_identifiers=classes.quasi_identifiers,
            unique_class=uniques.class_of,
            unique_columns=uniques.columns,
            agreeing=agreeing,
            records=classes.size,
            max_size=size,
            fraction=None if fraction is None else float(fraction),
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
        """Share of unique matches with the population that are correct.

        None without uniques, or if the sampling fraction is not known.
        """
        unique, paired, f = self.n_unique, self.n_paired, self.fraction
        if f is None or not unique:
            return None
        return unique * f / (unique * f + paired * (1 - f))

    @property
    def reliable(self) -> bool:
        """Whether the DIS scores rest on anything: records in pairs, or the whole population."""
        return self.n_paired > 0 or self.n_unique == 0 or self.fraction in (None, 1)

    @cached_property
    def dis(self) -> NDArray[np.float64] | None:
        """DIS score of the record of each class, shape (n_classes,), in [0, 1].

        0 where there is no score; None with 28 or more quasi-identifiers, for which there is none,
        and if the sampling fraction is not known.
        """
        m = len(self.quasi_identifiers)
        if m >= _NO_DIS or self.fraction is None:
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
        unknown = "the sampling fraction is not known" if self.fraction is None else ""
        why = (
            unknown
            or f"with {_NO_DIS} or more quasi-identifiers the exponent of DIS is not positive"
        )
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
                unknown if self.n_unique else "no record is unique",
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
    fraction: float | None = 0.1,
    scoring: Scoring = "factorial",
    missing: Missing = "own-value",
    suppressed: str | None = None,
    max_sets: int = MOST_SETS,
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
    fraction : float in (0, 1] or None, default 0.1
        Share of the population that the table holds. DIS scores hang on it: give yours, or None
        for none.
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

    Column sets are visited so that every part of a set comes before it, and each visit splits what
    is left of the classes by one column, see `niming.risk.minimal_uniques`. One GROUP BY, then
    O(n_sets · n_classes) at most, usually far less; columns that do not vary cost nothing.

    References
    ----------
    Elliot, Manning, Ford 2002, "A computational algorithm for handling the special uniques
    problem", International Journal of Uncertainty, Fuzziness and Knowledge-Based Systems 10(5).
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


def _check(fraction: float | None, scoring: object, missing: object) -> None:
    if fraction is not None and not 0 < fraction <= 1:
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


def _worth(n_columns: int, scoring: Scoring) -> list[float]:
    """Return what a minimal sample unique of each size from 1 on counts."""
    m = n_columns
    if scoring == "factorial":
        return [float(math.factorial(m - s)) for s in range(1, m + 1)]
    return [(2 ** (m - s) - 1) / math.comb(m, s) for s in range(1, m + 1)]
