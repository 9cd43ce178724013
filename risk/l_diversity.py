"""l-diversity: how many sensitive values could a person in a class have?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import Measure, Result
from niming.risk.classes import (
    Missing,
    Numbers,
    check_missing,
    classes_of,
    is_continuous,
    shown,
    spectra_of,
    suppressed_class,
)
from niming.tables import Classes, Counts, Source, Spectrum

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Diversity", "Kind", "l_diversity"]

Kind: TypeAlias = Literal["distinct", "entropy", "recursive"]

_DEFINITION: dict[Kind, str] = {
    "distinct": "fewest distinct sensitive values in a class",
    "entropy": "exp of the smallest entropy (natural logarithm) of sensitive values in a class",
    "recursive": "largest l with r1 < c (r_l + … + r_m) in every class, c = {c:g}",
}
_SOURCE: dict[Kind, str] = {
    "distinct": "Machanavajjhala et al. 2007, definition 3.1",
    "entropy": "Machanavajjhala et al. 2007, definition 4.1",
    "recursive": "Machanavajjhala et al. 2007, definition 4.2",
}
_LARGEST_DENOMINATOR = 10**6


@dataclass(frozen=True, repr=False, eq=False)
class Diversity(Result):
    """How diverse a sensitive column is in each class, made by `l_diversity`.

    Parameters
    ----------
    sensitive : str
    kind : {"distinct", "entropy", "recursive"}
    c : float or None
        The constant of recursive diversity.
    per_class : ndarray of shape (n_classes,)
        l of each class, int64 (float64 for entropy), at least 1.
    records : ndarray of shape (n_classes,), int64
    suppressed : int or None
        The class of the records whose quasi-identifiers are all suppressed.
    missing : {"own-value", "matches-anything"}
    """

    sensitive: str
    kind: Kind
    c: float | None
    per_class: Numbers
    records: NDArray[np.int64]
    suppressed: int | None = None
    missing: Missing = "own-value"

    @classmethod
    def of(
        cls,
        classes: Classes,
        sensitive: str,
        *,
        kind: Kind = "distinct",
        c: float | None = None,
        spectrum: Spectrum | None = None,
        missing: Missing = "own-value",
    ) -> Diversity:
        """Measure equivalence classes; `spectrum` is `spectrum_of` this reading, if at hand."""
        _check(kind, c)
        check_missing(missing)
        if is_continuous(classes.counts, sensitive):
            raise InputError(
                f"{sensitive!r} is continuous: almost every value is distinct, so any class looks "
                "diverse",
                hint="bin it first, or measure t_closeness with distance='ordered'",
            )
        if spectrum is None:
            pieces = spectra_of(classes, sensitive, missing=missing)
        else:
            pieces = spectrum.blocks
        n_classes, whole = classes.n_classes, kind != "entropy"
        per_class: Numbers = (
            np.empty(n_classes, dtype=np.int64) if whole else np.empty(n_classes, dtype=np.float64)
        )
        for rows, piece in pieces:
            starts = piece.starts
            size = piece.sizes
            if kind == "distinct":
                per_class[rows] = _distinct(piece, starts)
            elif kind == "entropy":
                per_class[rows] = _entropy(piece, starts, size)
            else:
                per_class[rows] = _recursive(piece, starts, size, _fraction(c))
        return cls(sensitive, kind, c, per_class, classes.size, suppressed_class(classes), missing)

    @cached_property
    def l(self) -> int | float:  # noqa: E743
        """Smallest l of all classes, the class of suppressed records among them."""
        return _number(self.per_class.min())

    @cached_property
    def l_unsuppressed(self) -> int | float | None:
        """Smallest l of the classes that show anything; None if all records are suppressed."""
        rest = shown(self.per_class, self.suppressed)
        return _number(rest.min()) if rest.size else None

    def n_records_below(self, l: float) -> int:  # noqa: E741
        """Return how many records are in classes less diverse than `l`."""
        return int(self.records[self.per_class < l].sum())

    def n_classes_below(self, l: float) -> int:  # noqa: E741
        """Return how many classes are less diverse than `l`."""
        return int(np.count_nonzero(self.per_class < l))

    def measures(self) -> tuple[Measure, ...]:
        """Return l over all classes, and without the class of suppressed records."""
        definition = _DEFINITION[self.kind].format(c=self.c or 0)
        unit = "values" if self.kind != "entropy" else "effective values"
        stem = "l_diversity"
        if self.missing == "matches-anything":
            stem += ".matching"
            definition += "; missing and suppressed match anything"
        return tuple(
            Measure(
                f"{stem}.{self.kind}{part}[{self.sensitive}]",
                value,
                unit,
                (1, math.inf),
                "higher-is-safer",
                definition + what,
                _SOURCE[self.kind],
                "" if value is not None else "every record is suppressed",
            )
            for part, value, what in (
                ("", self.l, ""),
                ("_unsuppressed", self.l_unsuppressed, ", without the fully suppressed records"),
            )
        )

    def plot(self) -> Figure:
        """Draw the share of records by the l of their class; classes of one value are marked.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.risk.bands import draw, from_one

        unit = "effective values" if self.kind == "entropy" else "values"
        return draw(
            from_one(self.per_class, self.records, mark=2),
            words=f"{self.kind} l of the class, {unit} of {self.sensitive}",
            title=f"l = {self.l:.4g}; {self.n_records_below(2)} of {self.records.sum()} records "
            "in classes with l below 2",
        )


def l_diversity(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    sensitive: str,
    kind: Kind = "distinct",
    c: float | None = None,
    suppressed: str | None = None,
    missing: Missing = "own-value",
) -> Diversity:
    """Measure how many values of `sensitive` a person in the least diverse class could have.

    Against an outsider who finds a person's class and reads the sensitive value off it.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one.
    sensitive : str
        A column of categories, not among the quasi-identifiers.
    kind : {"distinct", "entropy", "recursive"}, default "distinct"
    c : float > 0
        For ``"recursive"`` alone, which needs it; 2 and 3 are common.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed cell is a value of its own; or a quasi-identifier agrees with
        every value, so that a class is measured on the records of all classes that agree with it,
        and a sensitive cell has the most frequent value known among these.

    Returns
    -------
    Diversity
        `l` (>= 1; int, or float for entropy), `l_unsuppressed`, `per_class`,
        `n_records_below(l)`, `n_classes_below(l)`.

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have.
    InputError
        No quasi-identifiers; `sensitive` is one of them or is continuous; `c` is missing, not
        positive or given for another kind; an unknown reading.

    Notes
    -----
    In a class let n_i be the records with the sensitive value i, r_1 >= r_2 >= … >= r_m the n_i in
    descending order, n their sum. Distinct: m. Entropy: exp(ln n − Σ n_i ln n_i / n), exactly m
    where all n_i are equal. Recursive: the largest l with r_1 < c (r_l + … + r_m), compared in
    integers (while these fit) with c read as the nearest fraction of a denominator up to 10⁶;
    1-diversity always holds. The table's l is the smallest of its classes.

    Records whose quasi-identifiers are all suppressed are a class like any other: what they do
    not hide is their sensitive value.

    An unknown sensitive cell as a value of its own makes a class look more diverse: half of a
    class of one value, blanked, is l = 2. Where anything matches it is l = 1 still, and a class
    of unknown cells alone has one value.

    Where all sensitive cells are known, the table's l is never smaller where anything matches: what
    a person is then hidden among is a union of whole classes, and no union is less diverse than its
    least diverse class, the monotony that the paper shows. Neither reading bounds the other for a
    single class (except distinct l, which only grows) nor for `l_unsuppressed`, because suppressed
    records then stand among the others and may all be of one value. Where sensitive cells are
    unknown, either reading may be the stricter. So report both, and judge by the worse.

    One GROUP BY, then O(n_cells log n_cells). Where anything matches and something is missing,
    classes are compared by the patterns of what they know, in bounded memory: `spectra_of` in
    risk/classes.py says what it costs.

    References
    ----------
    Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam 2007, "l-diversity: privacy beyond
    k-anonymity", definitions 3.1, 4.1 and 4.2, doi:10.1145/1217299.1217302.

    Examples
    --------
    >>> table = {"sex": ["F", "F", "M", "M"], "illness": ["flu", "none", "none", "none"]}
    >>> result = l_diversity(table, quasi_identifiers=["sex"], sensitive="illness")
    >>> result.l, result.per_class
    (1, array([2, 1]))
    """
    _check(kind, c)
    check_missing(missing)
    if not isinstance(sensitive, str):
        raise InputError("sensitive is one column", hint="measure each sensitive column by itself")
    classes = classes_of(
        source,
        quasi_identifiers=quasi_identifiers,
        sensitive=[sensitive],
        suppressed=suppressed,
    )
    return Diversity.of(classes, sensitive, kind=kind, c=c, missing=missing)


def _check(kind: Kind, c: float | None) -> None:
    if kind not in ("distinct", "entropy", "recursive"):
        raise InputError(
            f"there is no l-diversity of the kind {kind!r}",
            hint="kinds are 'distinct', 'entropy' and 'recursive'",
        )
    if kind != "recursive" and c is not None:
        raise InputError(
            f"c has no meaning for {kind} l-diversity", hint="leave it out, or kind='recursive'"
        )
    if kind == "recursive" and (c is None or not math.isfinite(c) or c <= 0):
        raise InputError("recursive l-diversity needs a c above 0", hint="such as c=2")


def _distinct(spectrum: Spectrum, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.diff(starts, append=len(spectrum.n)).astype(np.int64, copy=False)


def _entropy(
    spectrum: Spectrum, starts: NDArray[np.int64], size: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return exp(entropy) a class, exact where the values of a class are equally frequent."""
    n = spectrum.n.astype(np.float64)
    total = size.astype(np.float64)
    entropy = np.log(total) - np.add.reduceat(n * np.log(n), starts) / total
    distinct = _distinct(spectrum, starts)
    most = np.maximum.reduceat(spectrum.n, starts)
    effective = np.clip(np.exp(entropy), 1.0, distinct)
    return np.where(most * distinct == size, distinct.astype(np.float64), effective)


def _recursive(
    spectrum: Spectrum, starts: NDArray[np.int64], size: NDArray[np.int64], c: Fraction
) -> NDArray[np.int64]:
    """Return the largest l with r1 < c (r_l + … + r_m) a class, at least 1."""
    c = min(c, Fraction(int(size.max()) + 1))  # no larger c says more, and products stay in int64
    # Descending within each class by one sort of a combined key; classes keep their places.
    top = int(spectrum.n.max()) + 1
    if (int(spectrum.class_of[-1]) + 1) * top < 2**62:
        falling = top - 1 - np.sort(spectrum.class_of * top + (top - 1 - spectrum.n)) % top
    else:
        falling = spectrum.n[np.lexsort((-spectrum.n, spectrum.class_of))]
    # The tail from each position on is the class size without what stands before it.
    before = np.cumsum(falling) - falling
    lengths = _distinct(spectrum, starts)
    tail = np.repeat(size + before[starts], lengths) - before
    largest = np.repeat(falling[starts], lengths)
    fits = int(size.max()) * max(c.numerator, c.denominator) < 2**62
    if fits:
        holds = largest * c.denominator < tail * c.numerator
    else:
        holds = largest < tail * float(c)
    # Tails fall along a class, so the condition holds on a prefix of it.
    return np.maximum(np.add.reduceat(holds.astype(np.int64), starts), 1)


def _fraction(c: float | None) -> Fraction:
    return Fraction(str(c)).limit_denominator(_LARGEST_DENOMINATOR)


def _number(value: np.generic) -> int | float:
    number: int | float = value.item()
    return number
