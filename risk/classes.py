"""From any source to its equivalence classes: the one front that all class-based measures share."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.tables import SUPPRESSED, Classes, Counts, Source, Spectrum, count
from niming.tables.grouping import group

__all__ = [
    "Missing",
    "Numbers",
    "classes_of",
    "is_continuous",
    "is_ordered",
    "match_sizes",
    "shown",
    "starts_of",
    "suppressed_class",
]

Numbers: TypeAlias = NDArray[np.int64] | NDArray[np.float64]
"""One number a class: whole, or in floating point."""

Missing: TypeAlias = Literal["own-value", "matches-anything"]
"""How a missing or suppressed quasi-identifier is read."""

_MOST_DISTINCT = 32  # a column with no more distinct numbers than this is never continuous


def classes_of(
    source: Source | Counts | Classes,
    *,
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str] = (),
    weight: str | None = None,
    suppressed: str | None = None,
) -> Classes:
    """Count `source` by one GROUP BY and return its equivalence classes.

    Parameters
    ----------
    source : table, Counts or Classes
        Classes are returned as they are, if they are of these quasi-identifiers.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one, each once.
    sensitive : sequence of str
        Columns counted beside them; none of them a quasi-identifier.
    weight : str, optional
        Column of sampling weights; for tables only, because Counts carry their own.
    suppressed : str, optional
        Text that marks a suppressed cell; for tables only, because Counts know theirs.

    Returns
    -------
    Classes
        With the counts of the sensitive columns beside, for `Classes.spectrum`.

    Raises
    ------
    ColumnNotFoundError
        A column that is not there.
    InputError
        No quasi-identifiers, one named twice, one that is also sensitive, or an empty table.

    Examples
    --------
    >>> classes_of({"sex": ["F", "M", "F"]}, quasi_identifiers=["sex"]).size
    array([2, 1])
    """
    names = _names(quasi_identifiers, "quasi_identifiers")
    others = _names(sensitive, "sensitive")
    if not names:
        raise InputError(
            "no quasi-identifiers given",
            hint="name the columns that an outsider could know, such as age and district",
        )
    both = [c for c in others if c in names]
    if both:
        raise InputError(
            f"{', '.join(map(repr, both))} is both quasi-identifier and sensitive",
            hint="within a class a quasi-identifier has one value: take it from one of the two",
        )
    if isinstance(source, (Counts, Classes)):
        if weight is not None or suppressed is not None:
            raise InputError(
                "weight and suppressed are read from a table, not from counts",
                hint="give them to count(), or give the table here",
            )
        if isinstance(source, Classes):
            if source.quasi_identifiers != names:
                raise InputError(
                    "these classes are of other quasi-identifiers",
                    hint="give the table or its counts, or the same names in the same order",
                )
            return source
        if not source.n_cells:
            raise InputError("the counts have no cells", hint="count a table with rows")
        for column in others:
            source.position(column)
        return source.classes(names)
    return count(source, [*names, *others], weight=weight, suppressed=suppressed).classes(names)


def suppressed_class(classes: Classes) -> int | None:
    """Return the class of the records whose quasi-identifiers are all suppressed, if there is one.

    Examples
    --------
    >>> table = {"sex": ["F", "*", "*"], "town": ["A", "*", "B"]}
    >>> suppressed_class(classes_of(table, quasi_identifiers=["sex", "town"], suppressed="*"))
    0
    """
    # Classes are in lexicographic order of their codes and SUPPRESSED is the lowest code.
    return 0 if bool((classes.codes[0] == SUPPRESSED).all()) else None


def shown(values: Numbers, suppressed: int | None) -> Numbers:
    """Return `values` a class without the class of suppressed records."""
    return values if suppressed is None else values[np.arange(len(values)) != suppressed]


def match_sizes(classes: Classes, values: Numbers) -> Numbers:
    """Sum `values` over the classes that agree with each class, unknown agreeing with anything.

    Parameters
    ----------
    classes : Classes
    values : ndarray of shape (n_classes,)
        Such as `classes.size`, or `classes.weight`.

    Returns
    -------
    ndarray of shape (n_classes,)
        For each class the sum over all classes, itself included, that have an equal code in every
        quasi-identifier that both know. Missing and suppressed are unknown alike.

    Notes
    -----
    Classes are split by pattern, the set of columns they know. Two patterns are compared on the
    columns that both know, by one grouping for all patterns that share these. Cost is
    O(n_patterns · n_classes log n_classes), so it grows with the number of patterns that occur,
    never with pairs of classes. sdcMicro's ``alpha = 1`` is this reading.

    Examples
    --------
    >>> table = {"sex": ["F", "F", None], "town": ["A", "B", "A"]}
    >>> classes = classes_of(table, quasi_identifiers=["sex", "town"])
    >>> match_sizes(classes, classes.size)  # of (missing, A), (F, A), (F, B)
    array([2, 2, 1])
    """
    codes = classes.codes
    known = codes >= 0
    if known.all():
        return values
    columns = len(classes.quasi_identifiers)
    sizes = [int(top) + 1 for top in codes.max(axis=0)]
    patterns = group(known.astype(np.int8), [2] * columns)
    knows = known[patterns.first].astype(np.int8)
    members = [np.flatnonzero(patterns.group_of == p) for p in range(len(knows))]
    out = np.zeros_like(values)
    for own, mine in zip(knows, members, strict=True):
        shared = knows & own
        sets = group(shared, [2] * columns)
        for s, first in enumerate(sets.first):
            at = np.flatnonzero(shared[first])
            others = np.concatenate([members[p] for p in np.flatnonzero(sets.group_of == s)])
            rows = np.concatenate([mine, others])
            groups = group(codes[np.ix_(rows, at)], [sizes[j] for j in at])
            sums = np.zeros(len(groups.first), dtype=values.dtype)
            np.add.at(sums, groups.group_of[len(mine) :], values[others])
            out[mine] += sums[groups.group_of[: len(mine)]]
    return out


def starts_of(spectrum: Spectrum) -> NDArray[np.int64]:
    """Return where each class begins in a spectrum, shape (n_classes,)."""
    return np.flatnonzero(np.diff(spectrum.class_of, prepend=-1))


def is_continuous(counts: Counts, column: str) -> bool:
    """Return whether `column` holds measurements rather than categories.

    A column of numbers or times is taken as continuous if it has more than 32 distinct values and
    any of them has a fraction, or more than half as many distinct values as there are records.

    Examples
    --------
    >>> from niming.tables import count
    >>> is_continuous(count({"pay": [x / 7 for x in range(40)]}, ["pay"]), "pay")
    True
    """
    values = counts.categories[counts.position(column)]
    if len(values) <= _MOST_DISTINCT or not is_ordered(counts, column):
        return False
    if values.dtype.kind in "fO":
        numbers = values.astype(np.float64)
        if bool((numbers != np.floor(numbers)).any()):
            return True
    return 2 * len(values) > counts.n_rows


def is_ordered(counts: Counts, column: str) -> bool:
    """Return whether the values of `column` are numbers, dates or times, not text or true/false.

    Examples
    --------
    >>> from niming.tables import count
    >>> counts = count({"pay": [3, 9], "town": ["A", "B"]}, ["pay", "town"])
    >>> is_ordered(counts, "pay"), is_ordered(counts, "town")
    (True, False)
    """
    values = counts.categories[counts.position(column)]
    if values.dtype.kind == "O":
        return bool(len(values)) and isinstance(values[0], Decimal)
    return values.dtype.kind in "iufMm"


def _names(columns: Sequence[str], argument: str) -> tuple[str, ...]:
    if isinstance(columns, str):
        raise InputError(f"{argument} is one name, not a list", hint=f"write {argument}=[…]")
    names = tuple(columns)
    if len(set(names)) < len(names):
        raise InputError(f"{argument} names a column twice", hint="name each column once")
    return names
