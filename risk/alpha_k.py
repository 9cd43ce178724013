"""(α,k)-anonymity: how sure is the likeliest guess of a sensitive value within a class?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
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
    spectra_of,
    suppressed_class,
    surroundings_of,
    value_codes,
)
from niming.tables import Classes, Counts, Source, Spectrum

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["AlphaK", "above", "alpha_k"]

_LARGEST_DENOMINATOR = 10**6


@dataclass(frozen=True, repr=False, eq=False)
class AlphaK(Result):
    """How often the commonest sensitive value occurs in each class, made by `alpha_k`.

    Parameters
    ----------
    sensitive : str
    n_values : int or None
        Number of values that were given; None if all count.
    most : ndarray of shape (n_classes,), int64
        Records with the commonest of the values, among those that `size` counts.
    size : ndarray of shape (n_classes,), int64
        Records that an outsider cannot tell from those of the class.
    records : ndarray of shape (n_classes,), int64
        Records in the class.
    suppressed : int or None
        The class of the records whose quasi-identifiers are all suppressed.
    missing : {"own-value", "matches-anything"}
    """

    sensitive: str
    n_values: int | None
    most: NDArray[np.int64]
    size: NDArray[np.int64]
    records: NDArray[np.int64]
    suppressed: int | None = None
    missing: Missing = "own-value"

    @classmethod
    def of(
        cls,
        classes: Classes,
        sensitive: str,
        *,
        values: Sequence[object] | None = None,
        spectrum: Spectrum | None = None,
        missing: Missing = "own-value",
    ) -> AlphaK:
        """Measure equivalence classes; `spectrum` is `spectrum_of` this reading, if at hand."""
        check_missing(missing)
        if is_continuous(classes.counts, sensitive):
            raise InputError(
                f"{sensitive!r} is continuous: almost every value is distinct, so none is common",
                hint="bin it first, or measure t_closeness with distance='ordered'",
            )
        codes = None if values is None else value_codes(classes.counts, sensitive, values)
        guessed = codes is not None and missing == "matches-anything"
        if guessed:  # an unknown cell may be any of the values given, commonest or not
            pieces = surroundings_of(classes, sensitive, missing=missing)
        elif spectrum is None:
            pieces = spectra_of(classes, sensitive, missing=missing)
        else:
            pieces = spectrum.blocks
        most = np.empty(classes.n_classes, dtype=np.int64)
        size = np.empty(classes.n_classes, dtype=np.int64)
        for rows, piece in pieces:
            starts = piece.starts
            n = piece.n if codes is None else np.where(np.isin(piece.value, codes), piece.n, 0)
            if guessed:
                unknown = piece.value < 0
                hidden = np.add.reduceat(np.where(unknown, piece.n, 0), starts)
                most[rows] = np.maximum.reduceat(np.where(unknown, 0, n), starts) + hidden
            else:
                most[rows] = np.maximum.reduceat(n, starts)
            size[rows] = np.add.reduceat(piece.n, starts)
        return cls(
            sensitive,
            None if codes is None else len(codes),
            most,
            size,
            classes.size,
            suppressed_class(classes),
            missing,
        )

    @property
    def per_class(self) -> NDArray[np.float64]:
        """Share of the commonest value in each class, shape (n_classes,)."""
        return self.most / self.size

    @cached_property
    def alpha(self) -> float:
        """Largest share in any class, the class of suppressed records among them."""
        return float(self.per_class.max())

    @cached_property
    def alpha_unsuppressed(self) -> float | None:
        """Largest share in the classes that show anything; None if all records are suppressed."""
        rest = shown(self.per_class, self.suppressed)
        return float(rest.max()) if rest.size else None

    @cached_property
    def k(self) -> int:
        """Smallest size of all classes, the class of suppressed records among them."""
        return int(self.size.min())

    @cached_property
    def k_unsuppressed(self) -> int | None:
        """Smallest size of the classes that show anything; None if all records are suppressed."""
        rest = shown(self.size, self.suppressed)
        return int(rest.min()) if rest.size else None

    def n_records_above(self, alpha: float) -> int:
        """Return how many records are in classes where a value has a share above `alpha`."""
        return int(self.records[above(self.most, self.size, alpha)].sum())

    def n_classes_above(self, alpha: float) -> int:
        """Return in how many classes a value has a share above `alpha`."""
        return int(np.count_nonzero(above(self.most, self.size, alpha)))

    def measures(self) -> tuple[Measure, ...]:
        """Return α over all classes, and without the class of suppressed records."""
        which = "any" if self.n_values is None else f"any of {self.n_values} given"
        stem, reading = "alpha_k", ""
        if self.missing == "matches-anything":
            stem, reading = "alpha_k.matching", "; missing and suppressed match anything"
        return tuple(
            Measure(
                f"{stem}.{name}[{self.sensitive}]",
                value,
                "share of records",
                (0, 1),
                "lower-is-safer",
                f"largest share of {which} sensitive value in a class{what}{reading}",
                "Wong, Li, Fu and Wang 2006, α-deassociation",
                "" if value is not None else "every record is suppressed",
            )
            for name, value, what in (
                ("alpha", self.alpha, ""),
                (
                    "alpha_unsuppressed",
                    self.alpha_unsuppressed,
                    ", without the fully suppressed records",
                ),
            )
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the class size k and the reading."""
        return {**super().to_dict(), "k": self.k, "missing": self.missing}

    def plot(self) -> Figure:
        """Draw the share of records by the share of the commonest value in their class.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.risk.bands import draw, to_one

        return draw(
            to_one(self.per_class, self.records),
            words=f"share of the commonest value of {self.sensitive} in the class",
            title=f"α = {self.alpha:.4g}, k = {self.k}; "
            f"{self.records.sum()} records in {len(self.records)} classes",
        )


def above(most: NDArray[np.int64], size: NDArray[np.int64], share: float) -> NDArray[np.bool_]:
    """Return where `most` out of `size` is more than `share`, compared in whole numbers.

    Parameters
    ----------
    most, size : ndarray of shape (n,), int64
    share : float in [0, 1]
        Read as the nearest fraction of a denominator up to 10⁶.

    Returns
    -------
    ndarray of shape (n,), bool

    Raises
    ------
    InputError
        `share` is not between 0 and 1.

    Examples
    --------
    >>> above(np.array([1, 2]), np.array([3, 5]), 0.4)
    array([False, False])
    """
    if not (math.isfinite(share) and 0 <= share <= 1):
        raise InputError("a share is between 0 and 1", hint="such as 0.5")
    limit = Fraction(str(share)).limit_denominator(_LARGEST_DENOMINATOR)
    return most * limit.denominator > size * limit.numerator


def alpha_k(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    sensitive: str,
    values: Sequence[object] | None = None,
    suppressed: str | None = None,
    missing: Missing = "own-value",
) -> AlphaK:
    """Measure how sure an outsider can be of a sensitive value who finds a person's class.

    k-anonymity says among how many a person stands, α how many of these share one value.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one.
    sensitive : str
        A column of categories, not among the quasi-identifiers.
    values : sequence, optional
        The values to protect, such as ``["HIV"]``; None stands for missing. Without it all
        count.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed cell is a value of its own; or a quasi-identifier agrees with
        every value, so that a class is measured on the records of all classes that agree with it,
        and a sensitive cell has the commonest known value there, of those that count.

    Returns
    -------
    AlphaK
        `alpha` in [0, 1], `alpha_unsuppressed`, `k` (>= 1), `k_unsuppressed`, `per_class`,
        `n_records_above(alpha)`, `n_classes_above(alpha)`.

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have.
    InputError
        No quasi-identifiers; `sensitive` is one of them or is continuous; values that do not
        occur (counted); an unknown reading.

    Notes
    -----
    With n(E, s) the records of class E that have the value s: α = max over classes E and values s
    of n(E, s) / |E|. The table is (α,k)-anonymous for all α from this one up. With one value given
    this is the simple model of the paper, without `values` the general one. Numbers above a
    threshold are compared in integers, with the threshold read as the nearest fraction of a
    denominator up to 10⁶.

    Where anything matches, n(E, s) counts the unknown sensitive cells of E for every s, since any
    of them may be s; a class of these alone has α = 1.

    Where all sensitive cells are known, α is never larger where anything matches, because a union
    of classes has no larger share than the largest in one of them; where some are unknown, either
    reading may be the stricter. k is never smaller. Neither reading bounds the other for a single
    class nor for `alpha_unsuppressed`. So report both, and judge by the worse.

    One GROUP BY, then O(n_cells log n_cells); `spectra_of` in risk/classes.py says what the
    second reading costs.

    References
    ----------
    Wong, Li, Fu, Wang 2006, "(α, k)-anonymity: an enhanced k-anonymity model for
    privacy-preserving data publishing", the α-deassociation requirement, of one value and of all,
    doi:10.1145/1150402.1150499.

    Examples
    --------
    >>> table = {"sex": ["F", "F", "M", "M"], "illness": ["flu", "hiv", "flu", "flu"]}
    >>> result = alpha_k(table, quasi_identifiers=["sex"], sensitive="illness")
    >>> result.alpha, result.k
    (1.0, 2)
    >>> alpha_k(table, quasi_identifiers=["sex"], sensitive="illness", values=["hiv"]).alpha
    0.5
    """
    check_missing(missing)
    if not isinstance(sensitive, str):
        raise InputError("sensitive is one column", hint="measure each sensitive column by itself")
    classes = classes_of(
        source,
        quasi_identifiers=quasi_identifiers,
        sensitive=[sensitive],
        suppressed=suppressed,
    )
    return AlphaK.of(classes, sensitive, values=values, missing=missing)
