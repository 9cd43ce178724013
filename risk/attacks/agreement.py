"""`Compared`: does a released cell say of a person what the original says?

A released value agrees with an original value that it is equal to, or that generalises to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.tables import MISSING, SUPPRESSED, Hierarchy, Table, texts

__all__ = ["Compared", "compare"]

_NOTHING = -3
"""In place of a released value that an original value agrees with: there is none."""


@dataclass(frozen=True, eq=False, repr=False)
class Compared:
    """One column of two tables, in codes that tell agreement.

    Parameters
    ----------
    column : str
    original : ndarray of shape (n_original,), int32
        Code of each original cell; negative where unknown (missing).
    released : ndarray of shape (n_released,), int32
        Code of each released cell; negative where unknown (missing or suppressed).
    level : ndarray of shape (n_released_values,), int32
        Level of the hierarchy that each released value stands at; 0 without a hierarchy.
    becomes : ndarray of shape (n_levels, n_original_values), int32
        The released value that each original value is at each level; negative for none.
    numbers : (ndarray, ndarray) or None
        Number of each original and each released value, for columns of numbers.
    """

    column: str
    original: NDArray[np.int32]
    released: NDArray[np.int32]
    level: NDArray[np.int32]
    becomes: NDArray[np.int32]
    numbers: tuple[NDArray[np.float64], NDArray[np.float64]] | None

    def __repr__(self) -> str:
        return f"Compared({self.column!r}, n_levels={len(self.becomes)})"

    def height(self) -> NDArray[np.int32]:
        """Return the level that each released cell stands at, -1 where unknown."""
        return np.append(self.level, np.int32(-1))[np.maximum(self.released, -1)]

    def agrees(
        self, original: NDArray[np.int64], released: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Compare rows of the original with rows of the release, one to one.

        Returns
        -------
        agree, known : ndarray of shape (n_pairs,), bool
            Pairs that agree; pairs of which both cells are known.
        """
        one, other = self.original[original], self.released[released]
        known = (one >= 0) & (other >= 0)
        agree = np.zeros(len(known), dtype=bool)
        agree[known] = self.becomes[self.level[other[known]], one[known]] == other[known]
        return agree, known


def compare(
    original: Table,
    released: Table,
    columns: Sequence[str],
    *,
    hierarchies: Mapping[str, Hierarchy] | None = None,
    suppressed: str | None = None,
) -> tuple[Compared, ...]:
    """Put columns of an original and a released table into codes that tell agreement.

    Parameters
    ----------
    original, released : Table
    columns : sequence of str
        In both tables.
    hierarchies : mapping of column to Hierarchy, optional
        How the released values generalise. A column without one agrees where its values are
        equal.
    suppressed : str, optional
        Text that marks a suppressed cell of the release.

    Returns
    -------
    tuple of Compared

    Raises
    ------
    ColumnNotFoundError
        A column that either table lacks.
    HierarchyError
        A hierarchy that lacks values of the original (counted, not shown).
    InputError
        A text column of which no released value is an original value or its generalisation.

    Examples
    --------
    >>> from niming.tables import read
    >>> towns = Hierarchy.from_dict({"north": ["A", "B"], "south": ["C"]})
    >>> (town,) = compare(read({"town": ["A", "B", "C"]}), read({"town": ["north", "*", "C"]}),
    ...                   ["town"], hierarchies={"town": towns}, suppressed="*")
    >>> town.agrees(np.array([0, 1, 2]), np.array([0, 0, 0]))[0].tolist()
    [True, True, False]
    """
    original.require(columns, asked_by="the attack on the original")
    released.require(columns, asked_by="the attack on the release")
    trees = hierarchies or {}
    out = []
    for column in columns:
        first, values = _encode(original, column)
        second, shown = _encode(released, column)
        if suppressed is not None and shown.dtype == object:
            hidden = np.append(shown == suppressed, False)  # a code of -1 reads the last entry
            second = np.where(hidden[second], np.int32(SUPPRESSED), second)
        out.append(_compared(column, first, values, second, shown, trees.get(column)))
    return tuple(out)


def _encode(table: Table, column: str) -> tuple[NDArray[np.int32], NDArray[np.generic]]:
    """Return a code of each row, -1 where missing, and the values that the codes stand for."""
    import pyarrow as pa

    found = table.query(f"SELECT {table.expression(column)} AS c FROM source")["c"]
    if pa.types.is_null(found.type):  # a column without a type has no values, not the value null
        found = found.cast(pa.string())
    array = found.combine_chunks().dictionary_encode()
    codes = array.indices.cast(pa.int32()).fill_null(MISSING).to_numpy(zero_copy_only=False)
    return codes, array.dictionary.to_numpy(zero_copy_only=False)


def _compared(
    column: str,
    original: NDArray[np.int32],
    values: NDArray[np.generic],
    released: NDArray[np.int32],
    shown: NDArray[np.generic],
    hierarchy: Hierarchy | None,
) -> Compared:
    labels = texts(shown)
    place = {label: i for i, label in enumerate(labels)}
    if hierarchy is None:
        by_level = [texts(values)]
    else:
        bound = hierarchy.bind(values, column=column)
        by_level = [names[code] for names, code in zip(bound.labels, bound.codes, strict=True)]
    becomes = np.array(
        [[place.get(name, _NOTHING) for name in names] for names in by_level], dtype=np.int32
    ).reshape(len(by_level), len(values))
    level = np.zeros(len(labels), dtype=np.int32)
    for height, row in enumerate(becomes):  # a label of several levels covers most at its highest
        level[row[row >= 0]] = height
    numbers = None
    if hierarchy is None and values.dtype.kind in "iuf" and shown.dtype.kind in "iuf":
        numbers = values.astype(np.float64), shown.astype(np.float64)
        if endless := int(np.isinf(np.concatenate(numbers)).sum()):
            raise InputError(
                f"column {column!r} holds {endless} distinct infinite values",
                hint="infinite numbers have no distance: make them missing",
            )
    elif (
        len(values)
        and (seen := np.unique(released[released >= 0])).size
        and not (np.isin(becomes, seen).any())
    ):
        raise InputError(
            f"no released value of {column!r} is an original value or its generalisation",
            hint=f"give its hierarchy, hierarchies={{{column!r}: …}}, or leave the column out",
        )
    return Compared(column, original, released, level, becomes, numbers)
