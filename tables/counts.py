"""`Counts` and `Classes`: a table reduced to its distinct combinations, and who is alike in it.

Everything clever in niming runs on these. They know no row, no engine and no data frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.errors import ColumnNotFoundError, InputError
from niming.tables.engine import quote
from niming.tables.grouping import Groups, group
from niming.tables.packing import pack
from niming.tables.source import Source, read

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MISSING", "SUPPRESSED", "Classes", "Counts", "Spectrum", "count"]

MISSING = -1
"""Code of a value that was never there."""

SUPPRESSED = -2
"""Code of a value that was taken away."""

_BLOCK = 2**15  # pairs of class and value in a block of a spectrum


@dataclass(frozen=True, eq=False, repr=False)
class Counts:
    """How often each distinct combination of values occurs.

    Parameters
    ----------
    columns : tuple of str
    categories : tuple of ndarray
        The distinct values of each column in ascending order, without missing and suppressed.
    codes : ndarray of shape (n_cells, n_columns), int32
        Positions in `categories`; `MISSING` (-1) and `SUPPRESSED` (-2) are states, not values.
        In column order in memory where `count` made them.
    n : ndarray of shape (n_cells,), int64
        Records a cell, at least 1.
    weight : ndarray of shape (n_cells,), float64, optional
        Sum of the sampling weights a cell.

    Examples
    --------
    >>> counts = count({"sex": ["F", "M", "F"], "town": ["A", "A", "A"]}, ["sex", "town"])
    >>> counts
    Counts(columns=['sex', 'town'], n_cells=2, n_rows=3)
    >>> counts.n
    array([2, 1])
    """

    columns: tuple[str, ...]
    categories: tuple[NDArray[np.generic], ...]
    codes: NDArray[np.int32]
    n: NDArray[np.int64]
    weight: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        shape = (len(self.n), len(self.columns))
        if self.codes.shape != shape:
            raise InputError(f"codes have the shape {self.codes.shape}, not {shape}")
        if len(self.categories) != len(self.columns):
            raise InputError("there must be one array of categories a column")

    def __repr__(self) -> str:
        columns = list(self.columns)
        return f"Counts(columns={columns}, n_cells={self.n_cells}, n_rows={self.n_rows})"

    @property
    def n_cells(self) -> int:
        """Number of distinct combinations."""
        return len(self.n)

    @cached_property
    def n_rows(self) -> int:
        """Number of records counted."""
        return int(self.n.sum())

    def position(self, column: str) -> int:
        """Return where `column` stands among the columns."""
        self._check([column])
        return self.columns.index(column)

    def column_codes(self, column: str) -> NDArray[np.int32]:
        """Return the codes of one column, shape (n_cells,)."""
        return self.codes[:, self.position(column)]

    def select(self, columns: Sequence[str]) -> Counts:
        """Return the marginal over `columns`: the same records, counted on fewer columns."""
        self._check(columns)
        at = [self.columns.index(c) for c in columns]
        groups = self._group(at)
        size = len(groups.first)
        weight = self.weight
        return Counts(
            columns=tuple(columns),
            categories=tuple(self.categories[j] for j in at),
            codes=_take(self.codes, groups.first, at),
            n=_sums(groups.group_of, self.n, size),
            weight=None if weight is None else _weights(groups.group_of, weight, size),
        )

    def classes(self, quasi_identifiers: Sequence[str]) -> Classes:
        """Return the equivalence classes: records equal on `quasi_identifiers`."""
        if not quasi_identifiers:
            raise InputError(
                "no quasi-identifiers given",
                hint="name the columns that an outsider could know, such as age and district",
            )
        self._check(quasi_identifiers)
        at = [self.columns.index(c) for c in quasi_identifiers]
        groups = self._group(at)
        return Classes(self, tuple(quasi_identifiers), groups.group_of, groups.first)

    def _group(self, at: Sequence[int]) -> Groups:
        neighbours = list(range(at[0], at[0] + len(at)))
        codes = self.codes[:, at[0] : at[-1] + 1] if at == neighbours else self.codes[:, at]
        return group(codes, [len(self.categories[j]) for j in at], lowest=SUPPRESSED)

    def _check(self, columns: Sequence[str]) -> None:
        _check_list(columns)
        missing = [c for c in columns if c not in self.columns]
        if missing:
            raise ColumnNotFoundError.among(missing, self.columns)


@dataclass(frozen=True, eq=False, repr=False)
class Classes:
    """The equivalence classes of `counts` on `quasi_identifiers`.

    Parameters
    ----------
    counts : Counts
    quasi_identifiers : tuple of str
    class_of : ndarray of shape (n_cells,), int64
        The class of each cell of `counts`.
    first : ndarray of shape (n_classes,), int64
        A cell of each class.

    Examples
    --------
    >>> table = {"sex": ["F", "M", "F"], "illness": ["flu", "flu", "none"]}
    >>> count(table, ["sex", "illness"]).classes(["sex"]).size
    array([2, 1])
    """

    counts: Counts
    quasi_identifiers: tuple[str, ...]
    class_of: NDArray[np.int64]
    first: NDArray[np.int64]

    def __repr__(self) -> str:
        names = list(self.quasi_identifiers)
        return f"Classes(quasi_identifiers={names}, n_classes={self.n_classes})"

    @property
    def n_classes(self) -> int:
        """Number of equivalence classes."""
        return len(self.first)

    @cached_property
    def size(self) -> NDArray[np.int64]:
        """Records a class, shape (n_classes,)."""
        return _sums(self.class_of, self.counts.n, self.n_classes)

    @cached_property
    def weight(self) -> NDArray[np.float64] | None:
        """Sum of the sampling weights a class, shape (n_classes,); None without weights."""
        weight = self.counts.weight
        return None if weight is None else _weights(self.class_of, weight, self.n_classes)

    @cached_property
    def codes(self) -> NDArray[np.int32]:
        """Codes of the quasi-identifiers a class, shape (n_classes, n_quasi_identifiers)."""
        at = [self.counts.columns.index(c) for c in self.quasi_identifiers]
        return _take(self.counts.codes, self.first, at)

    def spectrum(self, sensitive: str) -> Spectrum:
        """Return how often each value of `sensitive` occurs in each class."""
        if sensitive in self.quasi_identifiers:
            raise InputError(
                f"{sensitive!r} is both quasi-identifier and sensitive",
                hint="within a class a quasi-identifier has one value: take it from one of the two",
            )
        counts = self.counts
        values = counts.column_codes(sensitive)
        size = len(counts.categories[counts.position(sensitive)])
        if _ascend(self.class_of, values):  # as when the counts have no other sensitive column
            return Spectrum(self.class_of, values, counts.n, size)
        pairs = np.array([self.class_of, values - SUPPRESSED]).T  # in column order
        groups = group(pairs, [self.n_classes, size - SUPPRESSED])
        return Spectrum(
            class_of=self.class_of[groups.first],
            value=values[groups.first],
            n=_sums(groups.group_of, counts.n, len(groups.first)),
            n_values=size,
        )


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The distribution of one column in each class, as sorted triples.

    Parameters
    ----------
    class_of, value, n : ndarray of shape (n_pairs,)
        Class, code of the value and number of records; sorted by class, then value. `MISSING`
        and `SUPPRESSED` count as values of their own.
    n_values : int
        Number of categories, without missing and suppressed.

    Examples
    --------
    >>> counts = count({"sex": ["F", "F", "M"], "ill": ["flu", "flu", "flu"]}, ["sex", "ill"])
    >>> spectrum = counts.classes(["sex"]).spectrum("ill")
    >>> spectrum.class_of, spectrum.n
    (array([0, 1]), array([2, 1]))
    """

    class_of: NDArray[np.int64]
    value: NDArray[np.int32]
    n: NDArray[np.int64]
    n_values: int

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where each class begins, shape (n_classes,)."""
        return np.flatnonzero(np.diff(self.class_of, prepend=-1))

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Records a class, shape (n_classes,)."""
        sizes: NDArray[np.int64] = np.add.reduceat(self.n, self.starts)
        return sizes

    @cached_property
    def blocks(self) -> tuple[tuple[NDArray[np.int64], Spectrum], ...]:
        """Neighbouring classes some at a time: their numbers, and their spectrum from class 0 on.

        A block has at most 2¹⁵ pairs of class and value, or one class: what is computed on it stays
        in the processor's cache, which makes measures of millions of classes several times faster.
        """
        ends = np.append(self.starts[1:], len(self.n))
        out, first, done = [], 0, 0
        while first < len(ends):
            last = max(int(np.searchsorted(ends, done + _BLOCK, side="right")), first + 1)
            pairs = slice(done, int(ends[last - 1]))
            class_of = self.class_of[pairs] - first
            piece = Spectrum(class_of, self.value[pairs], self.n[pairs], self.n_values)
            out.append((np.arange(first, last), piece))
            first, done = last, pairs.stop
        return tuple(out)


def count(
    source: Source,
    columns: Sequence[str],
    *,
    weight: str | None = None,
    suppressed: str | None = None,
) -> Counts:
    """Count the distinct combinations of `columns` by one GROUP BY where the data live.

    Parameters
    ----------
    source : table
        Anything that `read` takes.
    columns : sequence of str
        At least one; each once.
    weight : str, optional
        Column of sampling weights to sum a cell: positive and finite in every row.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"`` in a released table. Without it every
        text is a value.

    Returns
    -------
    Counts
        Cells in lexicographic order of their codes, whatever the order of the rows.

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have.
    InputError
        No rows, no columns, a column of lists or intervals, or weights that are no numbers,
        missing, zero, negative or infinite (counted).

    Notes
    -----
    Missing is a value of its own (code -1): null, and NaN in a column of floats. -0.0 is 0.0.
    Weights are summed with compensation (Kahan), so that the order of threads hardly shows.

    Examples
    --------
    >>> counts = count({"sex": ["F", "M", None], "town": ["A", "*", "A"]}, ["sex", "town"],
    ...                suppressed="*")
    >>> counts.codes.tolist()
    [[-1, 0], [0, 0], [1, -2]]
    """
    if not columns:
        raise InputError("no columns to count", hint="name at least one column")
    _check_list(columns)
    asked = list(dict.fromkeys([*columns, *([weight] if weight else [])]))
    table = read(source, columns=asked)
    for column in columns:
        _check_type(column, table.schema.field(column).type)
    packing = pack(table, columns)
    terms = [f"{term} AS k{j}" for j, term in enumerate(packing.terms)]
    terms.append("count(*) AS n")
    if weight is not None:
        if not _is_number(table.schema.field(weight).type):
            raise InputError(
                f"the weight column {weight!r} is not a column of numbers",
                hint="name the column that says how many people each record stands for",
            )
        w = f"CAST({quote(weight)} AS DOUBLE)"
        terms.append(f"fsum({w}) AS w")
        terms.append(f"count(*) FILTER (NOT coalesce({w} > 0 AND isfinite({w}), false)) AS bad")
    keys = [f"k{j}" for j in range(len(packing.terms))]
    query = f"SELECT {', '.join(terms)} FROM source GROUP BY {', '.join(keys)}"
    if packing.ordered:
        query += f" ORDER BY {', '.join(f'{key} NULLS FIRST' for key in keys)}"
    answer = table.query(query)
    if answer.num_rows == 0:
        raise InputError("the table has no rows", hint="check the file or the filter before it")
    if weight is not None and (bad := int(answer["bad"].to_numpy().sum())):
        raise InputError(
            f"the weight column {weight!r} is missing, zero, negative or infinite in {bad} rows",
            hint="sampling weights are positive: drop those rows or repair the weights",
        )
    codes, categories = packing.unpack([answer[key] for key in keys])
    if suppressed is not None:
        categories = [_set_apart(codes[:, j], v, suppressed) for j, v in enumerate(categories)]
    n = answer["n"].to_numpy().astype(np.int64, copy=False)
    weights = None if weight is None else answer["w"].to_numpy()
    # Groups come in any order from several threads, and `SUPPRESSED` sorts before missing: fix
    # one order, so that the same table gives the same bytes.
    if not packing.ordered or np.any(codes == SUPPRESSED):
        order = group(codes, [len(values) for values in categories], lowest=SUPPRESSED).first
        codes, n = _take(codes, order, range(len(columns))), n[order]
        weights = None if weights is None else weights[order]
    return Counts(tuple(columns), tuple(categories), codes, n, weights)


def _check_list(columns: Sequence[str]) -> None:
    if isinstance(columns, str):
        raise InputError("columns are given as a list, not as one text", hint='such as ["age"]')
    if len(set(columns)) < len(columns):
        raise InputError("a column is named twice", hint="name each column once")


def _check_type(column: str, kind: pa.DataType) -> None:
    """Refuse types whose values have no order, before the data are touched."""
    import pyarrow as pa

    if pa.types.is_nested(kind) or pa.types.is_interval(kind):
        raise InputError(
            f"column {column!r} is of type {kind}, which cannot be counted",
            hint="turn it into columns of text, numbers or dates",
        )


def _set_apart(
    codes: NDArray[np.int32], values: NDArray[np.generic], suppressed: str
) -> NDArray[np.generic]:
    """Turn the code of the text `suppressed` into the state; return the values without it."""
    if values.dtype != object or not np.any(values == suppressed):
        return values
    here = int(np.flatnonzero(values == suppressed)[0])
    codes[:] = np.where(codes == here, SUPPRESSED, codes - (codes > here))
    return np.delete(values, here)


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _take(
    codes: NDArray[np.int32], rows: NDArray[np.int64], at: Sequence[int]
) -> NDArray[np.int32]:
    """Return these rows and columns, in column order in memory: columns are what is read."""
    out = np.empty((len(rows), len(at)), dtype=np.int32, order="F")
    for j, column in enumerate(at):
        out[:, j] = codes[:, column][rows]
    return out


def _ascend(first: NDArray[np.int64], second: NDArray[np.int32]) -> bool:
    """Return whether the pairs are in lexicographic order, each once."""
    on = first[1:] > first[:-1]
    on |= (first[1:] == first[:-1]) & (second[1:] > second[:-1])
    return bool(on.all())


def _sums(group_of: NDArray[np.int64], n: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Sum `n` by group, exactly (bincount's float64 weights are exact below 2**53)."""
    if size and bool((group_of[1:] >= group_of[:-1]).all()):
        sums: NDArray[np.int64] = np.add.reduceat(n, np.flatnonzero(np.diff(group_of, prepend=-1)))
        return sums
    return np.bincount(group_of, weights=n, minlength=size).astype(np.int64)


def _weights(
    group_of: NDArray[np.int64], weight: NDArray[np.float64], size: int
) -> NDArray[np.float64]:
    """Sum sampling weights by group."""
    return np.bincount(group_of, weights=weight, minlength=size).astype(np.float64, copy=False)
