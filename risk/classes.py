"""From any source to its equivalence classes: the one front that all class-based measures share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.risk.agreement import Link, Numbers, agreeing_sums, agreements
from niming.risk.unknown import joined
from niming.tables import MISSING, SUPPRESSED, Classes, Counts, Source, Spectrum, count, texts
from niming.tables.grouping import group

__all__ = [
    "Missing",
    "Numbers",
    "check_missing",
    "classes_of",
    "is_complete",
    "is_continuous",
    "is_ordered",
    "match_sizes",
    "shown",
    "sizes_of",
    "spectra_of",
    "spectrum_of",
    "suppressed_class",
    "surroundings_of",
    "tallied",
    "totals_of",
    "value_codes",
]

Missing: TypeAlias = Literal["own-value", "matches-anything"]
"""How a missing or suppressed cell is read."""

_MOST_PAIRS = 2**20  # pairs of class and value that are summed at a time
_MOST_DISTINCT = 32  # a column with no more distinct numbers than this is never continuous

# The sums of `match_sizes` that many measures of the same classes ask for, by what is summed.
_MATCHED: WeakKeyDictionary[Classes, dict[str, Numbers]] = WeakKeyDictionary()


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
        quasi-identifier that both know. Missing and suppressed are unknown alike. Those of
        `classes.size` and `classes.weight` are kept with the classes and cannot be written to.

    Notes
    -----
    Classes are split by pattern, the set of columns they know, and meet by pattern:
    O(n_patterns · n_classes) while there are few patterns, as `agreeing_sums` says.
    sdcMicro's ``alpha = 1`` is this reading.

    Examples
    --------
    >>> table = {"sex": ["F", "F", None], "town": ["A", "B", "A"]}
    >>> classes = classes_of(table, quasi_identifiers=["sex", "town"])
    >>> match_sizes(classes, classes.size)  # of (missing, A), (F, A), (F, B)
    array([2, 2, 1])
    """
    if is_complete(classes):
        return values
    held = _MATCHED.setdefault(classes, {})
    for name, own in (("size", classes.size), ("weight", classes.weight)):
        if values is own:
            if name not in held:
                sums = agreeing_sums(classes, values)
                sums.flags.writeable = False
                held[name] = sums
            return held[name]
    return agreeing_sums(classes, values)


def is_complete(classes: Classes, sensitive: Sequence[str] = ()) -> bool:
    """Return whether nothing is missing or suppressed, so that both readings agree.

    Parameters
    ----------
    classes : Classes
    sensitive : sequence of str
        Columns of `classes.counts` that are looked at too, beside the quasi-identifiers.

    Returns
    -------
    bool

    Examples
    --------
    >>> table = {"sex": ["F", "M"], "ill": ["flu", None]}
    >>> classes = classes_of(table, quasi_identifiers=["sex"], sensitive=["ill"])
    >>> is_complete(classes), is_complete(classes, ["ill"])
    (True, False)
    """
    if not bool((classes.codes >= 0).all()):
        return False
    return all(bool((classes.counts.column_codes(c) >= 0).all()) for c in sensitive)


def sizes_of(classes: Classes, *, missing: Missing = "own-value") -> NDArray[np.int64]:
    """Return how many records an outsider cannot tell from those of each class.

    Parameters
    ----------
    classes : Classes
    missing : {"own-value", "matches-anything"}, default "own-value"
        Count the records of the class, or those of all classes that agree with it.

    Returns
    -------
    ndarray of shape (n_classes,), int64

    Examples
    --------
    >>> table = {"sex": ["F", "F", None], "town": ["A", "B", "A"]}
    >>> sizes_of(classes_of(table, quasi_identifiers=["sex", "town"]), missing="matches-anything")
    array([2, 2, 1])
    """
    check_missing(missing)
    if missing == "own-value":
        return classes.size
    return match_sizes(classes, classes.size).astype(np.int64, copy=False)


def check_missing(missing: object) -> None:
    """Refuse anything but the two readings of a missing cell."""
    if missing not in ("own-value", "matches-anything"):
        raise InputError(
            "missing must be 'own-value' or 'matches-anything'",
            hint="judge by the worse number of both readings",
        )


def spectrum_of(classes: Classes, sensitive: str, *, missing: Missing = "own-value") -> Spectrum:
    """Count each sensitive value among the records that no outsider can tell from a class.

    Parameters
    ----------
    classes : Classes
    sensitive : str
        A column of `classes.counts` that is no quasi-identifier.
    missing : {"own-value", "matches-anything"}, default "own-value"
        Count the records of the class, and unknown sensitive cells as values of their own; or
        those of all classes that agree with it, and `joined` with their most frequent value.

    Returns
    -------
    Spectrum
        `class_of` is the class whose surroundings are described. Where anything matches, these
        overlap: their sum is not the table, which `totals_of` gives.

    Notes
    -----
    Where no quasi-identifier is missing this is `Classes.spectrum`, `joined`. Else it has as many
    as n_classes · n_values pairs of 20 bytes, all of them if a class that is suppressed throughout
    has every value, because every class agrees with that one; `spectra_of` gives the same in
    pieces of bounded memory.

    Examples
    --------
    >>> table = {"sex": ["F", "M", None], "ill": ["flu", "flu", "none"]}
    >>> classes = classes_of(table, quasi_identifiers=["sex"], sensitive=["ill"])
    >>> found = spectrum_of(classes, "ill", missing="matches-anything")
    >>> list(zip(found.class_of.tolist(), found.value.tolist(), found.n.tolist()))
    [(0, 0, 2), (0, 1, 1), (1, 0, 1), (1, 1, 1), (2, 0, 1), (2, 1, 1)]
    """
    check_missing(missing)
    if missing == "own-value":
        return classes.spectrum(sensitive)
    if is_complete(classes):
        return joined(classes.spectrum(sensitive))
    pieces = list(spectra_of(classes, sensitive, missing=missing))
    class_of = np.concatenate([rows[piece.class_of] for rows, piece in pieces])
    value = np.concatenate([piece.value for _, piece in pieces])
    n = np.concatenate([piece.n for _, piece in pieces])
    n_values = pieces[0][1].n_values
    pieces.clear()
    order = np.argsort(class_of, kind="stable")
    return Spectrum(class_of[order], value[order], n[order], n_values)


def spectra_of(
    classes: Classes, sensitive: str, *, missing: Missing = "own-value"
) -> Iterable[tuple[NDArray[np.int64], Spectrum]]:
    """Return `spectrum_of` in pieces of some classes each, so that memory stays bounded.

    Parameters
    ----------
    classes : Classes
    sensitive : str
    missing : {"own-value", "matches-anything"}, default "own-value"
        Of unknown sensitive cells as well: values of their own, or `joined` with the most
        frequent known value among the records counted.

    Yields
    ------
    rows : ndarray of shape (n_at_hand,), int64
        Classes described; each class once in all.
    spectrum : Spectrum
        Its class 0 is ``rows[0]``, and so on.

    Notes
    -----
    It costs what `surroundings_of` says.

    Examples
    --------
    >>> table = {"sex": ["F", "F", "M"], "ill": ["flu", None, "none"]}
    >>> classes = classes_of(table, quasi_identifiers=["sex"], sensitive=["ill"])
    >>> [s.n.tolist() for _, s in spectra_of(classes, "ill")]  # of F: missing, flu; of M: none
    [[1, 1, 1]]
    >>> [s.n.tolist() for _, s in spectra_of(classes, "ill", missing="matches-anything")]
    [[2, 1]]
    """
    check_missing(missing)
    if missing == "own-value":
        yield from classes.spectrum(sensitive).blocks
    elif is_complete(classes):
        yield from joined(classes.spectrum(sensitive)).blocks
    else:
        for rows, piece in surroundings_of(classes, sensitive, missing=missing):
            yield rows, joined(piece)


def surroundings_of(
    classes: Classes, sensitive: str, *, missing: Missing
) -> Iterable[tuple[NDArray[np.int64], Spectrum]]:
    """Return the pieces of `spectra_of` with unknown sensitive cells apart in both readings.

    Parameters
    ----------
    classes : Classes
    sensitive : str
    missing : {"own-value", "matches-anything"}
        Of the quasi-identifiers alone.

    Yields
    ------
    rows : ndarray of shape (n_at_hand,), int64
        Classes described; each class once in all.
    spectrum : Spectrum
        Its class 0 is ``rows[0]``, and so on.

    Notes
    -----
    Where no quasi-identifier is missing, or missing is a value of its own, these are the `blocks`
    of the spectrum of the classes. Else a piece sums at most 2²⁰ pairs of class and value (or those
    of one class, if that has more), and beside it stand the counts of the classes that agree,
    O(n_cells) in all. `agreements` says what it costs to find them.

    Examples
    --------
    >>> table = {"sex": ["F", "M", None], "ill": ["flu", "flu", "none"]}
    >>> classes = classes_of(table, quasi_identifiers=["sex"], sensitive=["ill"])
    >>> pieces = surroundings_of(classes, "ill", missing="own-value")
    >>> [(rows.tolist(), s.n.tolist()) for rows, s in pieces]
    [([0, 1, 2], [1, 1, 1])]
    """
    check_missing(missing)
    own = classes.spectrum(sensitive)
    if missing == "own-value" or is_complete(classes):
        yield from own.blocks
        return
    starts = own.starts
    lengths = np.diff(starts, append=len(own.n))
    for rows, links in agreements(classes):
        tables = [_grouped_values(link, own, starts, lengths) for link in links]
        weight = np.zeros(len(rows), dtype=np.int64)
        for table in tables:
            weight += table.lengths[table.at]
        for start, end in _cuts(np.cumsum(weight), _MOST_PAIRS):
            pieces = [table.spread(start, end) for table in tables]
            pair_of = np.concatenate([p[0] for p in pieces])
            value = np.concatenate([p[1] for p in pieces])
            n = np.concatenate([p[2] for p in pieces])
            pairs = np.column_stack([pair_of, value - SUPPRESSED])
            sums = group(pairs, [end - start, own.n_values - SUPPRESSED])
            yield (
                rows[start:end],
                Spectrum(
                    class_of=pair_of[sums.first],
                    value=value[sums.first],
                    n=_summed(sums.group_of, n, len(sums.first)),
                    n_values=own.n_values,
                ),
            )


def totals_of(
    classes: Classes, sensitive: str, *, missing: Missing = "own-value"
) -> NDArray[np.int64]:
    """Return how many records of the table have each sensitive value, the two states first.

    Parameters
    ----------
    classes : Classes
    sensitive : str
        A column of `classes.counts`.
    missing : {"own-value", "matches-anything"}, default "own-value"
        Count unknown cells as values of their own, or not at all; but where the column has no
        known cell all are missing, the one value that `joined` gives them.

    Returns
    -------
    ndarray of shape (2 + n_values,), int64
        Records with the value suppressed, with it missing, then with each category: the records
        with code v stand at ``v + 2``, that is ``v - SUPPRESSED``.

    Examples
    --------
    >>> table = {"sex": ["F", "M", None], "ill": ["flu", None, "flu"]}
    >>> totals_of(classes_of(table, quasi_identifiers=["sex"], sensitive=["ill"]), "ill")
    array([0, 1, 2])
    """
    check_missing(missing)
    counts = classes.counts
    at = counts.column_codes(sensitive).astype(np.int64) - SUPPRESSED
    size = len(counts.categories[counts.position(sensitive)]) - SUPPRESSED
    totals = _summed(at, counts.n, size)
    if missing == "matches-anything":
        unknown = int(totals[:-SUPPRESSED].sum())
        totals[:-SUPPRESSED] = 0
        if not totals.any():
            totals[MISSING - SUPPRESSED] = unknown
    return totals


def value_codes(counts: Counts, column: str, values: Sequence[object]) -> NDArray[np.int32]:
    """Return the codes of some values of `column`, None being the missing ones.

    Parameters
    ----------
    counts : Counts
    column : str
    values : sequence
        Compared as canonical text, so that 3, 3.0 and ``"3"`` are one value; each once.

    Returns
    -------
    ndarray of shape (n_values,), int32
        In ascending order.

    Raises
    ------
    InputError
        No values, one given twice, or values that do not occur in the column (counted).

    Examples
    --------
    >>> from niming.tables import count
    >>> value_codes(count({"ill": ["flu", "hiv", None]}, ["ill"]), "ill", ["hiv", None])
    array([-1,  1], dtype=int32)
    """
    if isinstance(values, str):
        raise InputError("values is one text, not a list", hint="write values=[…]")
    asked = texts(values).tolist()
    if not asked:
        raise InputError("no sensitive values given", hint="leave values out to take all")
    if len(set(asked)) < len(asked):
        raise InputError("values names a value twice", hint="name each value once")
    present = np.unique(counts.column_codes(column))
    categories = texts(counts.categories[counts.position(column)])
    known: dict[object, int] = {categories[code]: code for code in present.tolist() if code >= 0}
    if MISSING in present:
        known[None] = MISSING
    lacking = sum(value not in known for value in asked)
    if lacking:
        raise InputError(
            f"{lacking} of the {len(asked)} values given do not occur in {column!r}",
            hint="write them as the column does; a value that does not occur has no share",
        )
    return np.sort(np.array([known[value] for value in asked], dtype=np.int32))


def tallied(
    size: Numbers, records: Numbers
) -> tuple[Numbers, NDArray[np.int64], NDArray[np.float64]]:
    """Return the distinct sizes in ascending order, with the classes and the records of each.

    Examples
    --------
    >>> tallied(np.array([2, 1, 2]), np.array([2, 1, 2]))
    (array([1, 2]), array([1, 2]), array([1., 4.]))
    """
    if size.dtype.kind == "i" and int(size.max()) <= 4 * len(size) + 1024:
        whole = size.astype(np.int64, copy=False)
        n_classes = np.bincount(whole).astype(np.int64, copy=False)
        sizes: Numbers = np.flatnonzero(n_classes)
        n_records = np.bincount(whole, weights=records).astype(np.float64, copy=False)
        return sizes, n_classes[sizes], n_records[sizes]
    found, which, times = np.unique(size, return_inverse=True, return_counts=True)
    n_records = np.bincount(which, weights=records).astype(np.float64, copy=False)
    sizes = found.astype(np.int64) if size.dtype.kind == "i" else found.astype(np.float64)
    return sizes, times.astype(np.int64, copy=False), n_records


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


class _Grouped(NamedTuple):
    """The sensitive values of the groups of a link: those of group g are `lengths[g]` pairs."""

    at: NDArray[np.int32]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    value: NDArray[np.int32]
    n: NDArray[np.int64]

    def spread(
        self, start: int, end: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
        """Return row, value and records of all pairs that the rows from `start` on agree with."""
        groups = self.at[start:end]
        lengths = self.lengths[groups]
        pairs = _ranges(self.starts[groups], lengths)
        return np.repeat(np.arange(end - start), lengths), self.value[pairs], self.n[pairs]


def _grouped_values(
    link: Link, own: Spectrum, starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> _Grouped:
    """Sum the sensitive values of the classes of each group."""
    there = lengths[link.others]
    pairs = _ranges(starts[link.others], there)
    group_of, value = np.repeat(link.group_of, there), own.value[pairs]
    cells = np.column_stack([group_of, value - SUPPRESSED])
    sums = group(cells, [link.n_groups, own.n_values - SUPPRESSED])
    per_group = np.bincount(group_of[sums.first], minlength=link.n_groups)
    return _Grouped(
        at=link.at,
        starts=np.cumsum(per_group) - per_group,
        lengths=per_group,
        value=value[sums.first],
        n=_summed(sums.group_of, own.n[pairs], len(sums.first)),
    )


def _ranges(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return start, start + 1, … for each start, as many as its length says."""
    before = np.cumsum(lengths) - lengths
    ranges: NDArray[np.int64] = np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)
    return ranges


def _cuts(until: NDArray[np.int64], most: int) -> Iterator[tuple[int, int]]:
    """Cut rows into runs whose weights sum to at most `most`; `until` is their running sum."""
    start, done = 0, 0
    while start < len(until):
        end = max(int(np.searchsorted(until, done + most, side="right")), start + 1)
        yield start, end
        start, done = end, int(until[end - 1])


def _summed(group_of: NDArray[np.int64], n: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    sums: NDArray[np.int64] = np.zeros(size, dtype=np.int64)
    np.add.at(sums, group_of, n)
    return sums
