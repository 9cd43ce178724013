"""δ-disclosure privacy and β-likeness: how much does a class tell about one sensitive value?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import JSON, Measure, Result
from niming.risk.classes import (
    Missing,
    classes_of,
    shown,
    spectra_of,
    starts_of,
    suppressed_class,
    totals_of,
)
from niming.tables import SUPPRESSED, Classes, Counts, Source, Spectrum

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Disclosure", "Likeness", "LikenessKind", "beta_likeness", "delta_disclosure"]

LikenessKind: TypeAlias = Literal["basic", "enhanced"]

_BRICKELL = "Brickell and Shmatikov 2008, δ-disclosure privacy"
_CAO = "Cao and Karras 2012, {} β-likeness"
_HIDDEN = "every record is suppressed"
_EXACT = 2**62  # integers stay below this, or floating point takes over
_WHOLE = 2**53  # integers up to here are floating-point numbers themselves


@dataclass(frozen=True, repr=False, eq=False)
class Disclosure(Result):
    """How far the odds of a sensitive value move in a class, made by `delta_disclosure`.

    Parameters
    ----------
    sensitive : str
    per_class : ndarray of shape (n_classes,), float64, >= 0
        Largest absolute logarithm of p/q over the values that the class has.
    lacking : ndarray of shape (n_classes,), int64
        Values of the table that the class lacks: where there is one, δ is infinite.
    records : ndarray of shape (n_classes,), int64
    base : float > 1
        Of the logarithm.
    missing : {"own-value", "matches-anything"}
    suppressed : int or None
        The class of the records whose quasi-identifiers are all suppressed.
    """

    sensitive: str
    per_class: NDArray[np.float64]
    lacking: NDArray[np.int64]
    records: NDArray[np.int64]
    base: float = math.e
    missing: Missing = "own-value"
    suppressed: int | None = None

    @classmethod
    def of(
        cls,
        classes: Classes,
        sensitive: str,
        *,
        base: float = math.e,
        missing: Missing = "own-value",
    ) -> Disclosure:
        """Measure equivalence classes."""
        _check_base(base)
        per_class = np.empty(classes.n_classes)
        lacking = np.empty(classes.n_classes, dtype=np.int64)
        totals = totals_of(classes, sensitive)
        n_values = int(np.count_nonzero(totals))
        for rows, spectrum in spectra_of(classes, sensitive, missing=missing):
            gains = _gains(spectrum, totals)
            moved = np.abs(np.log1p(gains.gain))
            per_class[rows] = np.maximum.reduceat(moved, gains.starts) / math.log(base)
            lacking[rows] = n_values - np.diff(gains.starts, append=len(moved))
        hidden = suppressed_class(classes)
        return cls(sensitive, per_class, lacking, classes.size, base, missing, hidden)

    @property
    def delta(self) -> float:
        """Smallest δ that no value of any class exceeds; infinite if a class lacks a value."""
        return math.inf if self.lacking.any() else self.delta_present

    @property
    def delta_present(self) -> float:
        """The same over the values that each class has, as ARX and pycanon measure it."""
        return float(self.per_class.max())

    @property
    def delta_unsuppressed(self) -> float | None:
        """δ of the classes that show anything; None if all records are suppressed."""
        rest = shown(self.per_class, self.suppressed)
        if not rest.size:
            return None
        return math.inf if shown(self.lacking, self.suppressed).any() else float(rest.max())

    @property
    def n_records_lacking(self) -> int:
        """Number of records in classes that lack a value: of these something is ruled out."""
        return int(self.records[self.lacking > 0].sum())

    @property
    def n_classes_lacking(self) -> int:
        """Number of classes that lack a value of the table."""
        return int(np.count_nonzero(self.lacking))

    def n_records_reaching(self, delta: float) -> int:
        """Return how many records are in classes that are not `delta`-disclosure-private.

        The definition asks for less than δ, so a class that reaches it is among them; and so is
        every class that lacks a value.
        """
        return int(self.records[(self.per_class >= delta) | (self.lacking > 0)].sum())

    def measures(self) -> tuple[Measure, ...]:
        """Return δ with and without the class of suppressed records, and δ of present values."""
        unit = {math.e: "nats", 2.0: "bits"}.get(self.base, f"logarithm to base {self.base:g}")
        infinite = (
            f"infinite: {self.n_classes_lacking} of {len(self.records)} classes lack a value of "
            "the column"
        )
        whole = "largest |log p/q| of a value in a class, p its share there, q in the table"
        rows: list[tuple[str, float | int | None, str, str, str]] = [
            ("delta", self.delta, unit, whole, infinite),
            (
                "delta_unsuppressed",
                self.delta_unsuppressed,
                unit,
                f"{whole}; without the fully suppressed records",
                _HIDDEN if self.delta_unsuppressed is None else infinite,
            ),
            ("delta_present", self.delta_present, unit, f"{whole}; of values that it has", ""),
            (
                "n_records_lacking",
                self.n_records_lacking,
                "records",
                "records in classes that lack a value, which is ruled out for them",
                "",
            ),
        ]
        stem = "delta_disclosure" + (".matching" if self.missing == "matches-anything" else "")
        out = []
        for name, value, what, definition, reason in rows:
            # Infinity is no JSON number: the reason tells it, and no policy can take it for small.
            kept = None if value is None or math.isinf(value) else value
            out.append(
                Measure(
                    f"{stem}.{name}[{self.sensitive}]",
                    kept,
                    what,
                    (0, math.inf),
                    "lower-is-safer",
                    definition,
                    _BRICKELL,
                    reason if kept is None else "",
                )
            )
        return tuple(out)

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the base of the logarithm and the reading of missing cells."""
        return {**super().to_dict(), "base": self.base, "missing": self.missing}

    def plot(self) -> Figure:
        """Draw the share of records by the δ of their class; classes that lack a value apart.

        Returns
        -------
        matplotlib.figure.Figure
        """
        return _draw(
            np.where(self.lacking > 0, np.inf, self.per_class),
            self.records,
            words=f"δ of the class in {self.sensitive}",
            last="a value\nis ruled out",
            title=f"δ = {self.delta:.4g}; {self.delta_present:.4g} over the values present",
        )


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
    ) -> Likeness:
        """Measure equivalence classes."""
        _check_kind(kind)
        per_class = np.empty(classes.n_classes)
        unbounded = np.zeros(classes.n_classes, dtype=np.bool_)
        totals = totals_of(classes, sensitive)
        for rows, spectrum in spectra_of(classes, sensitive, missing=missing):
            gains = _gains(spectrum, totals)
            per_class[rows] = np.maximum(np.maximum.reduceat(gains.gain, gains.starts), 0.0)
            if kind == "enhanced":
                over = gains.gain > -np.log(gains.share)
                unbounded[rows] = np.logical_or.reduceat(over, gains.starts)
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
                    _CAO.format(self.kind),
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
                    _CAO.format(self.kind),
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
        return _draw(
            np.where(self.unbounded, np.inf, self.per_class),
            self.records,
            words=f"relative gain of a value of {self.sensitive} in the class",
            last="above\n−ln q",
            title=f"{self.kind} β: {beta}",
        )


def delta_disclosure(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    sensitive: str,
    base: float = math.e,
    suppressed: str | None = None,
    missing: Missing = "own-value",
) -> Disclosure:
    """Measure how far the odds of any sensitive value move when a person's class is found.

    Against an outsider who knows the distribution in the table, finds a person's class and takes a
    value for likelier, for rarer, or for impossible.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one.
    sensitive : str
        A column that is not among the quasi-identifiers. Missing and suppressed values are values
        of their own.
    base : float > 1, default e
        Of the logarithm; 2 gives ARX's numbers.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed quasi-identifier is a value of its own, or agrees with every value;
        then p is the share among all records that agree with the class.

    Returns
    -------
    Disclosure
        `delta` (>= 0; infinite if a class lacks a value), `delta_present`, `delta_unsuppressed`,
        `per_class`, `n_records_lacking`, `n_classes_lacking`, `n_records_reaching(delta)`.

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have.
    InputError
        No quasi-identifiers, `sensitive` is one of them, or a base of at most 1.

    Notes
    -----
    With p the share of a value in a class and q in the table, a class is δ-disclosure-private if
    |log p/q| < δ for every value of the table. A value that the class lacks has p = 0 and an
    infinite logarithm: that nobody in the class has the illness is disclosed. `delta` is infinite
    then, and its measure has no value but the reason "infinite" with the number of classes. ARX
    and pycanon look at the values present only; that is `delta_present`.

    The definition asks for less than δ: the table is private for every δ above `delta`, and for
    `delta` itself it is not.

    The logarithm is natural here and in pycanon, and of base 2 in ARX. It is taken of
    1 + (n N − f T)/(f T) for n of f records in the class and T of N in the table, whole numbers
    while n N < 2⁶², so that no digit is lost near p = q.

    One GROUP BY, then O(n_cells log n_cells); where cells match anything, times the patterns of
    known cells.

    References
    ----------
    Brickell and Shmatikov 2008, "The cost of privacy: destruction of data-mining utility in
    anonymized data publishing", KDD, 70–78, δ-disclosure privacy, doi:10.1145/1401890.1401904.

    Examples
    --------
    >>> table = {"sex": ["F", "F", "M", "M"], "ill": ["flu", "none", "none", "none"]}
    >>> result = delta_disclosure(table, quasi_identifiers=["sex"], sensitive="ill", base=2)
    >>> result.delta, result.n_classes_lacking  # no M has the flu
    (inf, 1)
    >>> result.delta_present  # flu: 1/2 of F, 1/4 of all
    1.0
    """
    _check_base(base)
    classes = _classes(source, quasi_identifiers, sensitive, suppressed)
    return Disclosure.of(classes, sensitive, base=base, missing=missing)


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
        A column that is not among the quasi-identifiers. Missing and suppressed values are values
        of their own.
    kind : {"basic", "enhanced"}, default "basic"
        The enhanced kind also bounds the gain of frequent values, by −ln q.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed quasi-identifier is a value of its own, or agrees with every value;
        then p is the share among all records that agree with the class.

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
    classes = _classes(source, quasi_identifiers, sensitive, suppressed)
    return Likeness.of(classes, sensitive, kind=kind, missing=missing)


class _Gains(NamedTuple):
    """What each value of each class gains over the table; `starts` is where classes begin."""

    gain: NDArray[np.float64]
    share: NDArray[np.float64]
    starts: NDArray[np.int64]


def _gains(spectrum: Spectrum, totals: NDArray[np.int64]) -> _Gains:
    """Return (p − q)/q and q of every pair of class and value."""
    starts = starts_of(spectrum)
    n_rows = int(totals.sum())
    in_table = totals[spectrum.value.astype(np.int64) - SUPPRESSED]
    size = np.add.reduceat(spectrum.n, starts)
    in_class = np.repeat(size, np.diff(starts, append=len(spectrum.n)))
    share = in_table / n_rows
    if n_rows * n_rows >= _EXACT:
        expected = in_class.astype(np.float64) * in_table
        return _Gains((spectrum.n.astype(np.float64) * n_rows - expected) / expected, share, starts)
    expected = in_class * in_table
    surplus = spectrum.n * n_rows - expected
    if n_rows * n_rows > _WHOLE:
        # In lowest terms a share such as 1/2 is divided without rounding either number first.
        common = np.gcd(surplus, expected)
        surplus, expected = surplus // common, expected // common
    return _Gains(surplus / expected, share, starts)


def _classes(
    source: Source | Counts,
    quasi_identifiers: Sequence[str],
    sensitive: str,
    suppressed: str | None,
) -> Classes:
    if not isinstance(sensitive, str):
        raise InputError("sensitive is one column", hint="measure each sensitive column by itself")
    return classes_of(
        source,
        quasi_identifiers=quasi_identifiers,
        sensitive=[sensitive],
        suppressed=suppressed,
    )


def _check_base(base: object) -> None:
    if isinstance(base, bool) or not isinstance(base, (int, float)) or not 1 < base < math.inf:
        raise InputError("base must be a number above 1", hint="e, or 2 for ARX's numbers")


def _check_kind(kind: object) -> None:
    if kind not in ("basic", "enhanced"):
        raise InputError(
            "kind must be 'basic' or 'enhanced'", hint="the second also bounds frequent values"
        )


def _draw(
    values: NDArray[np.float64],
    records: NDArray[np.int64],
    *,
    words: str,
    last: str,
    title: str,
) -> Figure:
    """Draw the share of records by bands of a number from 0 on, what is infinite as `last`."""
    from niming.risk.bands import Bands, draw

    edges = (0.1, 0.25, 0.5, 1, 2, 5, 10, 100)
    finite = np.isfinite(values)
    at = np.where(finite, np.searchsorted(edges, values, side="left"), len(edges) + 1)
    sums = np.bincount(at, weights=records, minlength=len(edges) + 2) / records.sum()
    labels = (*(f"≤ {edge:g}" for edge in edges), f"> {edges[-1]:g}", last)
    top = int(at[finite].max()) + 1 if finite.any() else 0
    kept = [*range(top), *([len(edges) + 1] if not finite.all() else [])]
    bands = Bands(
        tuple(labels[j] for j in kept),
        tuple(float(sums[j]) for j in kept),
        tuple(j > len(edges) for j in kept),
    )
    return draw(bands, words=words, title=title)
