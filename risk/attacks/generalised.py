"""Originals generalised as a release was, so that the two can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.tables import ROOT, Hierarchy, Table, read, texts

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["generalised"]


def generalised(
    tables: Mapping[str, Table], hierarchies: Mapping[str, Hierarchy]
) -> dict[str, Table]:
    """Bring the other tables to the level at which each column of the release stands.

    Parameters
    ----------
    tables : mapping of str to Table
        ``"released"``, ``"original"`` and others.
    hierarchies : mapping of column to Hierarchy
        Columns that not all tables have are left alone.

    Returns
    -------
    dict of str to Table
        Columns of which the release mixes levels stay as they are; one that the release suppresses
        in every record is suppressed in all.

    Raises
    ------
    HierarchyError
        A hierarchy that lacks values of a table (counted, not shown).

    Examples
    --------
    >>> towns = Hierarchy.from_dict({"north": ["A", "B"], "south": ["C"]})
    >>> made = generalised({"released": read({"town": ["north", "*"]}),
    ...                     "original": read({"town": ["A", "C"]})}, {"town": towns})
    >>> made["original"].arrow()["town"].to_pylist()
    ['north', 'south']
    """
    levels = {}
    for column, hierarchy in hierarchies.items():
        if all(column in table.columns for table in tables.values()):
            level = _level(tables, column, hierarchy)
            if level:
                levels[column] = level
    if not levels:
        return dict(tables)
    hidden = {c for c, level in levels.items() if _is_hidden(tables["released"], c)}
    out = {"released": tables["released"]}
    for name, table in tables.items():
        if name != "released":
            rows = table.arrow()
            for column, level in levels.items():
                at = rows.schema.get_field_index(column)
                cells = _climb(rows[column], hierarchies[column], level)
                if column in hidden:  # what was missing was released as suppressed, too
                    cells = cells.fill_null(ROOT)
                rows = rows.set_column(at, column, cells)
            out[name] = read(rows)
    return out


def _level(tables: Mapping[str, Table], column: str, hierarchy: Hierarchy) -> int:
    """Return the one level that has all released values that any level has; 0 for none."""
    shown = {t for t in texts(_distinct(tables["released"], column)) if t is not None}
    bound = hierarchy.bind(_distinct(tables["original"], column), column=column)
    by_level = [set(labels.tolist()) for labels in bound.labels]
    if shown == {ROOT} == by_level[-1]:
        return hierarchy.n_levels - 1
    by_level[-1].discard(ROOT)  # suppressed cells stand at the top of every hierarchy
    met = [len(labels & shown) for labels in by_level]
    anywhere = len(set.union(*by_level) & shown)
    return next((i for i, n in enumerate(met) if anywhere and n == anywhere), 0)


def _is_hidden(table: Table, column: str) -> bool:
    """Tell whether every cell is suppressed, and none is missing."""
    found = table.query(f"SELECT DISTINCT {table.expression(column)} AS v FROM source")["v"]
    return bool(found.to_pylist() == [ROOT])


def _distinct(table: Table, column: str) -> NDArray[np.generic]:
    found = table.query(f"SELECT DISTINCT {table.expression(column)} AS v FROM source")["v"]
    values: NDArray[np.generic] = found.drop_null().to_numpy()
    return values


def _climb(column: pa.ChunkedArray, hierarchy: Hierarchy, level: int) -> pa.Array:
    import pyarrow as pa

    array = column.combine_chunks()
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    labels = hierarchy.generalise(array.dictionary.to_numpy(zero_copy_only=False), level)
    return pa.array(labels, pa.string()).take(array.indices)
