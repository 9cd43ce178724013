"""p-sensitive k-anonymity: how many values of each sensitive column occur in every class?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import JSON, Measure, Result
from niming.risk.classes import (
    Missing,
    check_missing,
    classes_of,
    is_continuous,
    shown,
    sizes_of,
    spectra_of,
    suppressed_class,
    totals_of,
)
from niming.tables import Classes, Counts, Source, Spectrum

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PSensitive", "p_sensitive"]

_SOURCE = "Truta and Vinay 2006, p-sensitive k-anonymity"


@dataclass(frozen=True, repr=False, eq=False)
class PSensitive(Result):
    """How few values of any sensitive column each class has, made by `p_sensitive`.

    Parameters
    ----------
    sensitive : tuple of str
    per_class : ndarray of shape (n_classes,), int64
        Fewest distinct values of a sensitive column, at least 1.
    weakest : str
        The first column that has no more than `p` values in some class.
    size : ndarray of shape (n_classes,), int64
        Records that an outsider cannot tell from those of the class.
    records : ndarray of shape (n_classes,), int64
        Records in the class.
    frequencies : tuple of ndarray, int64
        How often each value of each sensitive column occurs in the table, descending.
    suppressed : int or None
        The class of the records whose quasi-identifiers are all suppressed.
    missing : {"own-value", "matches-anything"}
    """

    sensitive: tuple[str, ...]
    per_class: NDArray[np.int64]
    weakest: str
    size: NDArray[np.int64]
    records: NDArray[np.int64]
    frequencies: tuple[NDArray[np.int64], ...]
    suppressed: int | None = None
    missing: Missing = "own-value"

    @classmethod
    def of(
        cls,
        classes: Classes,
        sensitive: Sequence[str],
        *,
        spectra: Mapping[str, Spectrum] | None = None,
        missing: Missing = "own-value",
    ) -> PSensitive:
        """Measure equivalence classes; `spectra` are `spectrum_of` this reading, if at hand."""
        check_missing(missing)
        names = tuple(sensitive)
        if not names:
            raise InputError("no sensitive columns given", hint="name at least one")
        if continuous := [c for c in names if is_continuous(classes.counts, c)]:
            raise InputError(
                f"{', '.join(map(repr, continuous))} is continuous: almost every value is "
                "distinct, so any class looks diverse",
                hint="bin it first, or measure t_closeness with distance='ordered'",
            )
        fewest, least, weakest = None, math.inf, names[0]
        for column in names:
            distinct = np.empty(classes.n_classes, dtype=np.int64)
            pieces = spectra_of(classes, column, missing=missing)
            if spectra is not None and column in spectra:
                pieces = spectra[column].blocks
            for rows, piece in pieces:
                distinct[rows] = np.diff(piece.starts, append=len(piece.n))
            if distinct.min() < least:
                least, weakest = int(distinct.min()), column
            fewest = distinct if fewest is None else np.minimum(fewest, distinct)
        assert fewest is not None
        totals = [totals_of(classes, column) for column in names]
        return cls(
            sensitive=names,
            per_class=fewest,
            weakest=weakest,
            size=sizes_of(classes, missing=missing),
            records=classes.size,
            frequencies=tuple(np.sort(t[t > 0])[::-1] for t in totals),
            suppressed=suppressed_class(classes),
            missing=missing,
        )

    @cached_property
    def p(self) -> int:
        """Fewest values in any class, the class of suppressed records among them."""
        return int(self.per_class.min())

    @cached_property
    def p_unsuppressed(self) -> int | None:
        """Fewest values in the classes that show anything; None if all records are suppressed."""
        rest = shown(self.per_class, self.suppressed)
        return int(rest.min()) if rest.size else None

    @cached_property
    def k(self) -> int:
        """Smallest size of all classes, never below `p`."""
        return int(self.size.min())

    @cached_property
    def most_p(self) -> int:
        """Largest p that any grouping of these records reaches: the values of the poorest column.

        The first necessary condition of the paper.
        """
        return min(len(f) for f in self.frequencies)

    def most_classes(self, p: int) -> int:
        """Return how many classes any grouping of these records has at most that is p-sensitive.

        Parameters
        ----------
        p : int >= 1

        Returns
        -------
        int
            0 if p is above `most_p`.

        Raises
        ------
        InputError
            `p` is below 1.

        Notes
        -----
        The second necessary condition of the paper. With cf_i the records of the i commonest values
        of a column, the largest over the columns, and n records: min over 1 <= i <= p of
        ⌊(n − cf_{p−i}) / i⌋. The paper stops at i = p − 1; i = p adds that a class has at least p
        records. Then a grouping with as many classes exists if there is one sensitive column.

        Examples
        --------
        >>> table = {"sex": ["F", "F", "M", "M"], "illness": ["flu", "flu", "flu", "none"]}
        >>> p_sensitive(table, quasi_identifiers=["sex"], sensitive=["illness"]).most_classes(2)
        1
        """
        if p < 1:
            raise InputError("p is at least 1", hint="a class has at least one value")
        n = int(self.records.sum())
        if p > self.most_p:
            return 0
        tops = np.max([np.cumsum(f[: p - 1]) for f in self.frequencies], axis=0)
        commonest = np.append(0, tops)
        return min((n - int(commonest[p - i])) // i for i in range(1, p + 1))

    def n_records_below(self, p: int) -> int:
        """Return how many records are in classes with fewer than `p` values of some column."""
        return int(self.records[self.per_class < p].sum())

    def n_classes_below(self, p: int) -> int:
        """Return how many classes have fewer than `p` values of some column."""
        return int(np.count_nonzero(self.per_class < p))

    def measures(self) -> tuple[Measure, ...]:
        """Return p with and without suppressed records, and the largest p that can be reached."""
        stem, reading = "p_sensitive", ""
        if self.missing == "matches-anything":
            stem, reading = "p_sensitive.matching", "; missing and suppressed match anything"
        rows: list[tuple[str, int | None, str]] = [
            ("p", self.p, "fewest distinct values of a sensitive column in a class" + reading),
            (
                "p_unsuppressed",
                self.p_unsuppressed,
                "the same without the fully suppressed records" + reading,
            ),
        ]
        if self.missing == "own-value":
            rows.append(
                ("most_p", self.most_p, "distinct values of the sensitive column with fewest")
            )
        return tuple(
            Measure(
                f"{stem}.{name}",
                value,
                "values",
                (1, math.inf),
                "higher-is-safer",
                definition,
                _SOURCE,
                "" if value is not None else "every record is suppressed",
            )
            for name, value, definition in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the columns, the weakest of them, k and the reading."""
        return {
            **super().to_dict(),
            "sensitive": list(self.sensitive),
            "weakest": self.weakest,
            "k": self.k,
            "missing": self.missing,
        }

    def plot(self) -> Figure:
        """Draw the share of records by the p of their class; classes of one value are marked.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.risk.bands import draw, from_one

        return draw(
            from_one(self.per_class, self.records, mark=2),
            words="fewest values of a sensitive column in the class",
            title=f"p = {self.p}, k = {self.k}; {self.n_records_below(2)} of "
            f"{self.records.sum()} records in classes with p below 2",
        )


def p_sensitive(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str],
    suppressed: str | None = None,
    missing: Missing = "own-value",
) -> PSensitive:
    """Measure how many values each sensitive column has at least in every class.

    k-anonymity alone lets a class share one value; p = 2 says that none does, in no column.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one.
    sensitive : sequence of str
        Columns of categories, none of them a quasi-identifier; at least one.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed cell is a value of its own; or a quasi-identifier agrees with
        every value, so that a class is measured on the records of all classes that agree with it,
        and a sensitive cell has the most frequent value known among these.

    Returns
    -------
    PSensitive
        `p` (>= 1), `p_unsuppressed`, `k` (>= p), `weakest`, `most_p`, `most_classes(p)`,
        `per_class`, `n_records_below(p)`, `n_classes_below(p)`.

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have.
    InputError
        No quasi-identifiers or no sensitive columns; one that is both, or is continuous; an
        unknown reading.

    Notes
    -----
    p = min over classes and sensitive columns of the distinct values of the column in the class:
    the least distinct l of `l_diversity` over the columns. The table has p-sensitive k-anonymity
    with its own k, and p <= k always.

    Where all sensitive cells are known, p is never smaller where anything matches, because a class
    then stands among more records. Where some are unknown, either reading may be the stricter: as
    values of their own they add to p, else they add nothing. Judge by the worse.
    `most_p` and `most_classes` take them as values of their own, so these bounds hold in both.

    One GROUP BY over all columns, then O(n_cells log n_cells) a sensitive column; cells multiply
    with the number of sensitive columns.

    References
    ----------
    Truta and Vinay 2006, "Privacy protection: p-sensitive k-anonymity property", the property and
    its two necessary conditions, doi:10.1109/ICDEW.2006.116.

    Examples
    --------
    >>> table = {"sex": ["F", "F", "M", "M"], "illness": ["flu", "none", "flu", "none"],
    ...          "pay": ["low", "low", "low", "high"]}
    >>> result = p_sensitive(table, quasi_identifiers=["sex"], sensitive=["illness", "pay"])
    >>> result.p, result.weakest, result.k, result.most_p
    (1, 'pay', 2, 2)
    """
    check_missing(missing)
    classes = classes_of(
        source,
        quasi_identifiers=quasi_identifiers,
        sensitive=sensitive,
        suppressed=suppressed,
    )
    return PSensitive.of(classes, sensitive, missing=missing)
