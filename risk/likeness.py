"""β-likeness: how much likelier does a sensitive value become in a class?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import JSON, Measure, Result
from niming.risk.classes import Missing, classes_of, shown, suppressed_class
from niming.risk.gains import draw_gains, gains_of
from niming.tables import Classes, Counts, Source, Spectrum

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Likeness", "LikenessKind", "beta_likeness"]

LikenessKind: TypeAlias = Literal["basic", "enhanced"]

_SOURCE = "Cao and Karras 2012, {} β-likeness"
_HIDDEN = "every record is suppressed"


@dataclass(frozen=True, repr=False, eq=False)
class Likeness(Result):
    """How much likelier a sensitive value gets in a class, made by `beta_likeness`.

    Parameters
    ----------
    sensitive : str
    kind : {"basic", "enhanced"}
    per_class : ndarray of shape (n_classes,), float64, >= 0
        Largest relative gain (p − q)/q of a value in each class.
    unbounded : ndarray of shape (n_classes,), bool
        Classes in which a value gains more than −ln q. No β makes them enhanced β-like; all False
        for the basic kind.
    records : ndarray of shape (n_classes,), int64
    missing : {"own-value", "matches-anything"}
    suppressed : int or None
        The class of the records whose quasi-identifiers are all suppressed.
    """

    sensitive: str
    kind: LikenessKind
    per_class: NDArray[np.float64]
    unbounded: NDArray[np.bool_]
    records: NDArray[np.int64]
    missing: Missing = "own-value"
    suppressed: int | None = None

    @classmethod
    def of(
        cls,
        classes: Classes,
        sensitive: str,
        *,
        kind: LikenessKind = "basic",
        missing: Missing = "own-value",
        spectrum: Spectrum | None = None,
    ) -> Likeness:
        """Measure equivalence classes; `spectrum` is `spectrum_of` this reading, if at hand."""
        _check_kind(kind)
        per_class = np.empty(classes.n_classes)
        unbounded = np.zeros(classes.n_classes, dtype=np.bool_)
        for gains in gains_of(classes, sensitive, missing=missing, spectrum=spectrum):
            most = np.maximum.reduceat(gains.gain, gains.starts)
            per_class[gains.rows] = np.maximum(most, 0.0)
            if kind == "enhanced":
                over = gains.gain > -np.log(gains.share)
                unbounded[gains.rows] = np.logical_or.reduceat(over, gains.starts)
        hidden = suppressed_class(classes)
        return cls(sensitive, kind, per_class, unbounded, classes.size, missing, hidden)

    @property
    def beta(self) -> float | None:
        """Smallest β that holds for every value and class; None if none does."""
        return None if self.unbounded.any() else float(self.per_class.max())

    @property
    def beta_unsuppressed(self) -> float | None:
        """The same of the classes that show anything; None also if there are none."""
        rest = shown(self.per_class, self.suppressed)
        if not rest.size or self._unbounded_shown().any():
            return None
        return float(rest.max())

    @property
    def n_records_unbounded(self) -> int:
        """Number of records in classes that no β bounds."""
        return int(self.records[self.unbounded].sum())

    @property
    def n_classes_unbounded(self) -> int:
        """Number of classes that no β bounds."""
        return int(np.count_nonzero(self.unbounded))

    def n_records_above(self, beta: float) -> int:
        """Return how many records are in classes that are not β-like for this `beta`."""
        return int(self.records[(self.per_class > beta) | self.unbounded].sum())

    def n_classes_above(self, beta: float) -> int:
        """Return how many classes are not β-like for this `beta`."""
        return int(np.count_nonzero((self.per_class > beta) | self.unbounded))

    def _unbounded_shown(self) -> NDArray[np.bool_]:
        keep = np.ones(len(self.unbounded), dtype=np.bool_)
        if self.suppressed is not None:
            keep[self.suppressed] = False
        return self.unbounded & keep

    def measures(self) -> tuple[Measure, ...]:
        """Return β with and without the class of suppressed records; what no β bounds."""
        stem = "beta_likeness" + (".matching" if self.missing == "matches-anything" else "")
        bound = " = largest (p − q)/q of a value in a class, p its share there, q in the table"
        definition = "smallest β" + bound
        if self.kind == "enhanced":
            definition += ", if none is above −ln q"
        rows: list[tuple[str, float | None, str, NDArray[np.bool_]]] = [
            ("", self.beta, "", self.unbounded),
            (
                "_unsuppressed",
                self.beta_unsuppressed,
                "; without the fully suppressed records",
                self._unbounded_shown(),
            ),
        ]
        out = []
        for part, value, what, unbounded in rows:
            beyond = int(np.count_nonzero(unbounded))
            reason = (
                f"no β holds: a value gains more than −ln q in {beyond} of {len(self.records)} "
                "classes"
            )
            out.append(
                Measure(
                    f"{stem}.{self.kind}{part}[{self.sensitive}]",
                    value,
                    "relative gain",
                    (0, math.inf),
                    "lower-is-safer",
                    definition + what,
                    _SOURCE.format(self.kind),
                    "" if value is not None else reason if beyond else _HIDDEN,
                )
            )
        if self.kind == "enhanced":
            out.append(
                Measure(
                    f"{stem}.enhanced_n_records_unbounded[{self.sensitive}]",
                    self.n_records_unbounded,
                    "records",
                    (0, math.inf),
                    "lower-is-safer",
                    "records in classes where a value gains more than −ln q, whatever β",
                    _SOURCE.format(self.kind),
                )
            )
        return tuple(out)

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures and the reading of missing cells."""
        return {**super().to_dict(), "missing": self.missing}

    def plot(self) -> Figure:
        """Draw the share of records by the gain of their class; classes no β bounds apart.

        Returns
        -------
        matplotlib.figure.Figure
        """
        beta = "none holds" if self.beta is None else f"{self.beta:.4g}"
        return draw_gains(
            np.where(self.unbounded, np.inf, self.per_class),
            self.records,
            words=f"relative gain of a value of {self.sensitive} in the class",
            last="above\n−ln q",
            title=f"{self.kind} β: {beta}",
        )


def beta_likeness(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    sensitive: str,
    kind: LikenessKind = "basic",
    suppressed: str | None = None,
    missing: Missing = "own-value",
) -> Likeness:
    """Measure how much likelier any sensitive value becomes when a person's class is found.

    Against an outsider who knows the distribution in the table and finds a person's class. Unlike
    t-closeness, which sums over the values, this looks at each value by itself: a rare illness that
    becomes ten times likelier shows, however rare it stays.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one.
    sensitive : str
        A column that is not among the quasi-identifiers.
    kind : {"basic", "enhanced"}, default "basic"
        The enhanced kind also bounds the gain of frequent values, by −ln q.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed cell is a value of its own; or a quasi-identifier agrees with every
        value, so that p is the share among all records that agree with the class, and a sensitive
        cell has the most frequent value known among these.

    Returns
    -------
    Likeness
        `beta` (>= 0; None if no β holds), `beta_unsuppressed`, `per_class`,
        `n_records_above(beta)`, `n_classes_above(beta)`, `n_records_unbounded`,
        `n_classes_unbounded`.

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have.
    InputError
        No quasi-identifiers, `sensitive` is one of them, or an unknown kind.

    Notes
    -----
    With p the share of a value in a class and q in the table, its relative gain is
    D = (p − q)/q. A table is

    - basic β-like if D <= β for every class and every value with p > q; `beta` is the largest D,
      or 0 where every class is as the table;
    - enhanced β-like if D <= min(β, −ln q). Whether D <= −ln q holds does not depend on β: where
      it does everywhere, `beta` is the largest D as before, else no β holds and `beta` is None,
      with the number of classes as the reason. A class of one value always fails, because
      1/q − 1 > −ln q, unless the whole table has no other. pycanon caps the largest D by the
      largest −ln q and reports a number instead.

    Losses do not count: that a value is rarer or absent is δ-disclosure's matter.

    D is one rounded division of whole numbers while products of counts are below 2⁵³ (after
    cancelling), so that a D of 1/2 is not above a β of 0.5.

    Where anything matches, q is the share among the known cells of the table, and a class of
    unknown cells alone may be all of the rarest value. Neither reading bounds the other, so report
    both, and judge by the worse.

    One GROUP BY, then O(n_cells log n_cells); where cells match anything, times the patterns of
    known cells.

    References
    ----------
    Cao and Karras 2012, "Publishing microdata with a robust privacy guarantee", PVLDB 5(11),
    1388–1399, basic and enhanced β-likeness, doi:10.14778/2350229.2350255.

    Examples
    --------
    >>> table = {"sex": ["F", "F", "M", "M"], "ill": ["flu", "none", "none", "none"]}
    >>> beta_likeness(table, quasi_identifiers=["sex"], sensitive="ill").beta  # flu: 1/2 of 1/4
    1.0
    >>> enhanced = beta_likeness(
    ...     table, quasi_identifiers=["sex"], sensitive="ill", kind="enhanced")
    >>> enhanced.beta, enhanced.n_records_unbounded  # M: (1 - 3/4)/(3/4) is above -ln 3/4
    (None, 2)
    """
    _check_kind(kind)
    if not isinstance(sensitive, str):
        raise InputError("sensitive is one column", hint="measure each sensitive column by itself")
    classes = classes_of(
        source,
        quasi_identifiers=quasi_identifiers,
        sensitive=[sensitive],
        suppressed=suppressed,
    )
    return Likeness.of(classes, sensitive, kind=kind, missing=missing)


def _check_kind(kind: object) -> None:
    if kind not in ("basic", "enhanced"):
        raise InputError(
            "kind must be 'basic' or 'enhanced'", hint="the second also bounds frequent values"
        )
