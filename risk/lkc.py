"""LKC-privacy: what does an outsider learn who knows a few of many quasi-identifiers?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import JSON, Measure, Result
from niming.risk.alpha_k import AlphaK, above
from niming.risk.classes import (
    Missing,
    check_missing,
    classes_of,
    is_continuous,
    sizes_of,
    value_codes,
)
from niming.risk.combinations import Cells, Surest, by_table, combinations
from niming.tables import Classes, Counts, Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["LKC", "lkc"]

_SOURCE = "Mohammed, Fung, Hung and Lee 2009, LKC-privacy"
_MOST_SUBSETS = 100_000


@dataclass(frozen=True, repr=False, eq=False)
class LKC(Result):
    """How few records stand together on a few quasi-identifiers, made by `lkc`.

    Parameters
    ----------
    quasi_identifiers : tuple of str
    known : int
        L: quasi-identifiers that an outsider knows at most.
    subsets : ndarray of shape (n_subsets, known), int16
        Positions of the quasi-identifiers of each combination, -1 after the last.
    smallest : ndarray of shape (n_subsets,), int64
        Size of the smallest group of each combination.
    sensitive : str or None
    n_values : int or None
        Number of sensitive values that were given; None if all count.
    most, size : ndarray of shape (n_subsets,), int64, or None
        Records with the sensitive value, and all records, of the group in each combination where
        the value has the largest share.
    missing : {"own-value", "matches-anything"}
    """

    quasi_identifiers: tuple[str, ...]
    known: int
    subsets: NDArray[np.int16]
    smallest: NDArray[np.int64]
    sensitive: str | None = None
    n_values: int | None = None
    most: NDArray[np.int64] | None = None
    size: NDArray[np.int64] | None = None
    missing: Missing = "own-value"

    @classmethod
    def of(
        cls,
        classes: Classes,
        *,
        known: int,
        sensitive: str | None = None,
        values: Sequence[object] | None = None,
        missing: Missing = "own-value",
        most_subsets: int = _MOST_SUBSETS,
    ) -> LKC:
        """Measure equivalence classes on every combination of `known` columns at most."""
        check_missing(missing)
        names = classes.quasi_identifiers
        known = _known(known, len(names), most_subsets)
        counts = classes.counts
        if sensitive is None:
            if values is not None:
                raise InputError(
                    "values are given without a sensitive column", hint="name it as sensitive"
                )
            counts = counts.select(names)
            protected = None
        else:
            if sensitive in names:
                raise InputError(
                    f"{sensitive!r} is both quasi-identifier and sensitive",
                    hint="measure it as one of the two",
                )
            if is_continuous(counts, sensitive):
                raise InputError(
                    f"{sensitive!r} is continuous: almost every value is distinct, so none is "
                    "common",
                    hint="bin it first",
                )
            counts = counts.select([*names, sensitive])
            held = counts.column_codes(sensitive)
            codes = np.unique(held) if values is None else value_codes(counts, sensitive, values)
            if missing == "matches-anything":  # an unknown one may be any of them: Cells knows it
                codes = codes[codes >= 0]
            protected = np.where(np.isin(held, codes), np.searchsorted(codes, held), -1)
        hidden = None
        if sensitive is not None and missing == "matches-anything":
            hidden = np.flatnonzero(counts.column_codes(sensitive) < 0)
        cells = Cells.of(counts, names, protected, missing, hidden)
        subsets, smallest, most, size = [], [], [], []
        for chosen, key, shape in combinations(cells, known):
            if cells.fits(math.prod(shape)):
                found = by_table(cells, chosen, key, shape)
            else:
                some = counts.classes([names[j] for j in chosen])
                found = _by_classes(some, sensitive, values, missing)
            subsets.append([*chosen, *[-1] * (known - len(chosen))])
            smallest.append(found.smallest)
            most.append(found.most)
            size.append(found.size)
        return cls(
            quasi_identifiers=names,
            known=known,
            subsets=np.array(subsets, dtype=np.int16),
            smallest=np.array(smallest, dtype=np.int64),
            sensitive=sensitive,
            n_values=None if values is None else len(values),
            most=None if sensitive is None else np.array(most, dtype=np.int64),
            size=None if sensitive is None else np.array(size, dtype=np.int64),
            missing=missing,
        )

    @property
    def n_subsets(self) -> int:
        """Number of combinations of quasi-identifiers that were tried."""
        return len(self.subsets)

    @cached_property
    def k(self) -> int:
        """Size of the smallest group on any combination."""
        return int(self.smallest.min())

    @cached_property
    def shares(self) -> NDArray[np.float64] | None:
        """Largest share of a sensitive value in a group of each combination, or None."""
        return None if self.most is None or self.size is None else self.most / self.size

    @cached_property
    def c(self) -> float | None:
        """Largest share of a sensitive value in a group; None without a sensitive column."""
        return None if self.shares is None else float(self.shares.max())

    def n_subsets_below(self, k: int) -> int:
        """Return how many combinations have a group smaller than `k`."""
        return int(np.count_nonzero(self.smallest < k))

    def n_subsets_above(self, c: float) -> int:
        """Return how many combinations have a group where a value has a share above `c`.

        Raises
        ------
        InputError
            Without a sensitive column, or a share that is not between 0 and 1.
        """
        if self.most is None or self.size is None:
            raise InputError("no sensitive column was measured", hint="give lkc() a sensitive one")
        return int(np.count_nonzero(above(self.most, self.size, c)))

    def riskiest(self, n: int = 10) -> tuple[tuple[tuple[str, ...], int, float | None], ...]:
        """Return the combinations of the smallest group or else the largest share, shortest first.

        Parameters
        ----------
        n : int >= 1, default 10

        Returns
        -------
        tuple of (columns, k, c)
            At most `n`; c is None without a sensitive column.

        Examples
        --------
        >>> table = {"age": [30, 30, 40, 40], "sex": ["F", "M", "F", "M"]}
        >>> lkc(table, quasi_identifiers=["age", "sex"], known=2).riskiest(1)
        ((('age', 'sex'), 1, None),)
        """
        lengths = np.count_nonzero(self.subsets >= 0, axis=1)
        shares = np.zeros(self.n_subsets) if self.shares is None else self.shares
        first = np.lexsort((lengths, -shares, self.smallest))[:n]
        return tuple(
            (
                tuple(self.quasi_identifiers[j] for j in self.subsets[i] if j >= 0),
                int(self.smallest[i]),
                None if self.shares is None else float(self.shares[i]),
            )
            for i in first
        )

    def measures(self) -> tuple[Measure, ...]:
        """Return k and, with a sensitive column, the largest share c."""
        stem, reading = "lkc", ""
        if self.missing == "matches-anything":
            stem, reading = "lkc.matching", "; missing and suppressed match anything"
        on = f"on any {self.known} quasi-identifiers or fewer{reading}"
        rows = [
            Measure(
                f"{stem}.k",
                self.k,
                "records",
                (1, math.inf),
                "higher-is-safer",
                f"size of the smallest group {on}",
                _SOURCE,
            )
        ]
        if self.c is not None:
            which = "any" if self.n_values is None else f"any of {self.n_values} given"
            rows.append(
                Measure(
                    f"{stem}.c[{self.sensitive}]",
                    self.c,
                    "share of records",
                    (0, 1),
                    "lower-is-safer",
                    f"largest share of {which} sensitive value in a group {on}",
                    _SOURCE,
                )
            )
        return tuple(rows)

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, L, the number of combinations and the riskiest ten."""
        riskiest: list[JSON] = [
            {"columns": list(columns), "k": k, "c": c} for columns, k, c in self.riskiest()
        ]
        return {
            **super().to_dict(),
            "known": self.known,
            "n_subsets": self.n_subsets,
            "missing": self.missing,
            "riskiest": riskiest,
        }

    def plot(self) -> Figure:
        """Draw the share of combinations by the size of their smallest group.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.risk.bands import draw, from_one

        figure = draw(
            from_one(self.smallest, np.ones(self.n_subsets, dtype=np.int64), mark=2),
            words="records in the smallest group of the combination",
            title=f"k = {self.k} on {self.known} of {len(self.quasi_identifiers)} "
            f"quasi-identifiers; {self.n_subsets_below(2)} of {self.n_subsets} combinations "
            "single someone out",
        )
        figure.axes[0].set_ylabel("share of combinations")
        return figure


def lkc(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    known: int,
    sensitive: str | None = None,
    values: Sequence[object] | None = None,
    suppressed: str | None = None,
    missing: Missing = "own-value",
    most_subsets: int = _MOST_SUBSETS,
) -> LKC:
    """Measure what an outsider learns who knows at most `known` of the quasi-identifiers.

    For wide tables, where nobody knows all quasi-identifiers of a person and k-anonymity on all
    of them would leave nothing to release.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one.
    known : int >= 1
        L of the model: how many of them an outsider knows of one person at most.
    sensitive : str, optional
        A column of categories, not among the quasi-identifiers. Without it `c` is None.
    values : sequence, optional
        The sensitive values to protect, such as ``["HIV"]``; None stands for missing. Without it
        all count.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed cell is a value of its own that an outsider can look for, or is
        unknown: then a group is all records that agree with one of them, so that nobody is found
        by a cell that is not shown, and every sensitive value might be what it hides.
    most_subsets : int >= 1, default 100000
        Combinations of quasi-identifiers that are tried at most; more are refused.

    Returns
    -------
    LKC
        `k` (>= 1), `c` in [0, 1] or None, `n_subsets`, `riskiest(n)`, `n_subsets_below(k)`,
        `n_subsets_above(c)`.

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have.
    InputError
        No quasi-identifiers; `known` below 1; more combinations than `most_subsets` (counted);
        `sensitive` is one of them or is continuous; values that do not occur (counted) or that
        come without `sensitive`; an unknown reading.

    Notes
    -----
    With X over all sets of 1 to L quasi-identifiers, x over the combinations of values of X that
    occur, T(x) the records that no outsider can tell from those with x, and s over the sensitive
    values: k = min |T(x)|, c = max |{r in T(x) : s}| / |T(x)|. The table is LKC-private for this L
    with every K up to k and every C from c up. k never rises with L, and c never falls.

    With L = q, k is that of `k_anonymity` in either reading, and c is α of `alpha_k` where missing
    is a value of its own. Where anything matches c may be larger than that α, because groups on a
    few columns overlap and need not be a union of groups on more; so all lengths up to L are
    tried. On every combination, and so in all, k is never smaller where anything matches than where
    missing is a value of its own; and c is never larger, if all sensitive cells are known. An
    unknown one may be any of the values: there it counts for each s, and either reading may be the
    stricter. Judge by the worse.

    There is no number without the fully suppressed records, because on a few columns these stand
    together with records that are suppressed there alone.

    Cost is Σ_{l <= L} C(q, l) passes over the distinct cells, each through a table of all
    combinations of values where that is no larger than about 16 times the cells, else by grouping
    (about ten times slower). Memory is that table and one key a cell and level.

    References
    ----------
    Mohammed, Fung, Hung, Lee 2009, "Anonymizing healthcare data: a case study on the blood
    transfusion service", definition of LKC-privacy, doi:10.1145/1557019.1557157.

    Examples
    --------
    >>> table = {"age": [30, 30, 40, 40], "sex": ["F", "M", "F", "M"],
    ...          "illness": ["flu", "hiv", "flu", "flu"]}
    >>> call = {"quasi_identifiers": ["age", "sex"], "sensitive": "illness", "values": ["hiv"]}
    >>> result = lkc(table, known=1, **call)
    >>> result.k, result.c, result.n_subsets
    (2, 0.5, 2)
    >>> lkc(table, known=2, **call)
    LKC(k=1, c[illness]=1)
    """
    check_missing(missing)
    if not (sensitive is None or isinstance(sensitive, str)):
        raise InputError("sensitive is one column", hint="measure each sensitive column by itself")
    _known(known, len(quasi_identifiers), most_subsets)  # before the data are touched
    classes = classes_of(
        source,
        quasi_identifiers=quasi_identifiers,
        sensitive=[] if sensitive is None else [sensitive],
        suppressed=suppressed,
    )
    return LKC.of(
        classes,
        known=known,
        sensitive=sensitive,
        values=values,
        missing=missing,
        most_subsets=most_subsets,
    )


def _known(known: int, n_columns: int, most_subsets: int) -> int:
    """Return how many columns are combined, if these are not too many combinations."""
    if known < 1:
        raise InputError("an outsider knows at least 1 quasi-identifier", hint="such as known=3")
    known = min(known, n_columns)
    n_subsets = sum(math.comb(n_columns, length) for length in range(1, known + 1))
    if n_subsets > most_subsets:
        raise InputError(
            f"{n_columns} quasi-identifiers have {n_subsets:,} combinations of at most {known}, "
            f"more than {most_subsets:,}",
            hint="lower known, name fewer quasi-identifiers, or raise most_subsets",
        )
    return known


def _by_classes(
    classes: Classes,
    sensitive: str | None,
    values: Sequence[object] | None,
    missing: Missing,
) -> Surest:
    if sensitive is None:
        return Surest(int(sizes_of(classes, missing=missing).min()), 0, 1)
    found = AlphaK.of(classes, sensitive, values=values, missing=missing)
    surest = int(found.per_class.argmax())
    return Surest(found.k, int(found.most[surest]), int(found.size[surest]))
