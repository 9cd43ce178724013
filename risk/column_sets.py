"""Sets of columns as bits of one integer, and classes sorted for walks over such sets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.risk.classes import Missing
from niming.tables import SUPPRESSED, Classes
from niming.tables.grouping import group

__all__ = ["MOST_COLUMNS", "MOST_SETS", "SortedClasses", "check_columns", "check_sets", "names_of"]

MOST_COLUMNS = 62
"""A set of columns is the bits of one int64."""

MOST_SETS = 2**20
"""Column sets that are looked at without being asked: all of 20 columns, or up to 4 of 60."""


def check_columns(n_columns: int, max_size: int | None) -> int:
    """Return the largest set to look at, or refuse too many columns and a size below 1.

    Examples
    --------
    >>> check_columns(5, None), check_columns(5, 9)
    (5, 5)
    """
    if n_columns > MOST_COLUMNS:
        raise InputError(
            f"sets can be made of at most {MOST_COLUMNS} columns, not {n_columns}",
            hint="leave out those that an outsider is least likely to know",
        )
    if max_size is not None and max_size < 1:
        raise InputError(f"max_size must be at least 1, not {max_size}", hint="3 is often enough")
    return n_columns if max_size is None else min(max_size, n_columns)


def check_sets(n_columns: int, max_size: int, max_sets: int) -> int:
    """Return how many sets of up to `max_size` columns there are, or refuse more than `max_sets`.

    Examples
    --------
    >>> check_sets(4, 2, 100)
    10
    """
    sizes = [math.comb(n_columns, s) for s in range(1, max_size + 1)]
    n_sets = sum(sizes)
    if n_sets <= max_sets:
        return n_sets
    below = sum(np.cumsum(sizes, dtype=object) <= max_sets)
    raised = "raise max_sets if you can wait, or name fewer columns"
    hint = f"max_size={below} has {sum(sizes[:below])} sets; or {raised}" if below else raised
    raise InputError(
        f"{n_columns} columns have {n_sets} sets of up to {max_size}, more than "
        f"max_sets={max_sets}",
        hint=hint,
    )


def names_of(columns: int, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of a set of columns: bit j stands for ``names[j]``.

    Examples
    --------
    >>> names_of(0b101, ["age", "sex", "town"])
    ('age', 'town')
    """
    return tuple(name for j, name in enumerate(names) if columns >> j & 1)


class SortedClasses(NamedTuple):
    """Classes with the columns in ascending order of their values, sorted by these.

    Few values first, so that many rows are equal in the first columns, and the columns that tell
    most apart are taken first in the walks that go from the last column to the first.

    Attributes
    ----------
    codes : ndarray of shape (n_columns, n_rows), int32
        Rows in lexicographic order; -1 is unknown and agrees with anything.
    prefix : list of ndarray of shape (n_rows,), int32
        For each column, numbers that are equal for rows equal in all columns up to it.
    n_values : list of int
        Codes of each column are below it.
    columns : ndarray of shape (n_columns,)
        Where each column stands among the quasi-identifiers.
    records : ndarray of shape (n_rows,), int64
    class_of : ndarray of shape (n_rows,), int64
        A class of each row: the only one, if the row is one record.
    """

    codes: NDArray[np.int32]
    prefix: list[NDArray[np.int32]]
    n_values: list[int]
    columns: NDArray[np.int64]
    records: NDArray[np.int64]
    class_of: NDArray[np.int64]

    @classmethod
    def of(cls, classes: Classes, missing: Missing, *, constant: bool = True) -> SortedClasses:
        """Sort classes.

        Parameters
        ----------
        classes : Classes
        missing : {"own-value", "matches-anything"}
            Under the second, missing and suppressed become unknown alike, and classes that are
            then equal become one row.
        constant : bool, default True
            Whether to keep columns in which no two records are known to differ.
        """
        codes = classes.codes
        if missing == "matches-anything":
            codes = np.maximum(codes, -1)
        else:
            codes = codes - np.int32(SUPPRESSED)
        lowest = np.where(codes < 0, np.iinfo(np.int32).max, codes).min(axis=0).astype(np.int64)
        n_values = codes.max(axis=0).astype(np.int64) + 1
        columns = np.flatnonzero((n_values > lowest + 1) | constant)
        columns = columns[np.argsort(n_values[columns], kind="stable")]
        groups = group(codes[:, columns], n_values[columns].tolist(), lowest=-1)
        rows = np.ascontiguousarray(codes[groups.first][:, columns].T, dtype=np.int32)
        return cls(
            codes=rows,
            prefix=_prefixes(rows),
            n_values=n_values[columns].tolist(),
            columns=columns,
            records=np.bincount(groups.group_of, weights=classes.size).astype(np.int64),
            class_of=groups.first,
        )

    def columns_of(self, sets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return sets of these columns as sets of the quasi-identifiers."""
        out = np.zeros(len(sets), dtype=np.int64)
        for bit, place in enumerate(self.columns.tolist()):
            out |= (sets >> bit & 1) << place
        return out


def _prefixes(rows: NDArray[np.int32]) -> list[NDArray[np.int32]]:
    """Number the distinct beginnings of sorted rows, up to each column."""
    n_rows = rows.shape[1]
    differs = np.zeros(n_rows, dtype=bool)
    prefix: list[NDArray[np.int32]] = []
    for column in rows:
        if prefix and prefix[-1][-1] == n_rows - 1:
            prefix.append(prefix[-1])  # all rows differ by now
            continue
        differs[1:] |= column[1:] != column[:-1]
        prefix.append(np.cumsum(differs, dtype=np.int32))
    return prefix
