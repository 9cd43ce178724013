"""δ-disclosure privacy: how far do the odds of a sensitive value move in a class?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import JSON, Measure, Result
from niming.risk.classes import Missing, classes_of, shown, suppressed_class
from niming.risk.gains import draw_gains, gains_of
from niming.tables import Classes, Counts, Source, Spectrum

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Disclosure", "delta_disclosure"]

_SOURCE = "Brickell and Shmatikov 2008, δ-disclosure privacy"
_HIDDEN = "every record is suppressed"


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
        spectrum: Spectrum | None = None,
    ) -> Disclosure:
        """Measure equivalence classes; `spectrum` is `spectrum_of` this reading, if at hand."""
        _check_base(base)
        per_class = np.empty(classes.n_classes)
        lacking = np.empty(classes.n_classes, dtype=np.int64)
        for gains in gains_of(classes, sensitive, missing=missing, spectrum=spectrum):
            moved = np.abs(np.log1p(gains.gain))
            per_class[gains.rows] = np.maximum.reduceat(moved, gains.starts) / math.log(base)
            lacking[gains.rows] = gains.lacking
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
        shown_lacking = shown(self.lacking, self.suppressed)
        infinite, infinite_shown = (
            f"infinite: {np.count_nonzero(lacking)} of {len(lacking)} classes lack a value of the "
            "column"
            for lacking in (self.lacking, shown_lacking)
        )
        whole = "largest |log p/q| of a value in a class, p its share there, q in the table"
        rows: list[tuple[str, float | int | None, str, str, str]] = [
            ("delta", self.delta, unit, whole, infinite),
            (
                "delta_unsuppressed",
                self.delta_unsuppressed,
                unit,
                f"{whole}; without the fully suppressed records",
                infinite_shown if shown_lacking.size else _HIDDEN,
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
                    _SOURCE,
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
        delta = "infinite" if self.lacking.any() else f"{self.delta:.4g}"
        return draw_gains(
            np.where(self.lacking > 0, np.inf, self.per_class),
            self.records,
            words=f"δ of the class in {self.sensitive}",
            last="a value\nis ruled out",
            title=f"δ: {delta}; {self.delta_present:.4g} over the values present",
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
        A column that is not among the quasi-identifiers.
    base : float > 1, default e
        Of the logarithm; 2 gives ARX's numbers.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed cell is a value of its own; or a quasi-identifier agrees with every
        value, so that p is the share among all records that agree with the class, and a sensitive
        cell has the most frequent value known among these.

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

    Where anything matches, q is the share among the known cells of the table, and a class of
    unknown cells alone may be all of the rarest value. Neither reading bounds the other, so report
    both, and judge by the worse.

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
    if not isinstance(sensitive, str):
        raise InputError("sensitive is one column", hint="measure each sensitive column by itself")
    classes = classes_of(
        source,
        quasi_identifiers=quasi_identifiers,
        sensitive=[sensitive],
        suppressed=suppressed,
    )
    return Disclosure.of(classes, sensitive, base=base, missing=missing)


def _check_base(base: object) -> None:
    if isinstance(base, bool) or not isinstance(base, (int, float)) or not 1 < base < math.inf:
        raise InputError("base must be a number above 1", hint="e, or 2 for ARX's numbers")
