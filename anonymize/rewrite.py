"""Put new columns into a table of any type, and read a column as distinct values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.tables import MISSING, Source, read

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["distinct", "rewrite"]


def distinct(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], NDArray[np.object_]]:
    """Return where each row of a column finds its value, and the distinct values.

    Rows whose value is missing (null, and NaN) have the code `MISSING`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> codes, values = distinct(pa.chunked_array([["b", None], ["a", "b"]]))
    >>> codes.tolist(), values.tolist()
    ([0, -1, 1, 0], ['b', 'a'])
    """
    import pyarrow as pa

    if len(column) == 0:
        return np.empty(0, dtype=np.int32), np.empty(0, dtype=object)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)  # a category that no row has is no value
    column = column.dictionary_encode()
    array = column.unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    rows = array.indices.fill_null(MISSING).to_numpy(zero_copy_only=False).astype(np.int32)
    values = np.empty(len(array.dictionary), dtype=object)
    values[:] = array.dictionary.to_pylist()
    if pa.types.is_floating(array.dictionary.type) or array.dictionary.null_count:
        missing = np.fromiter((v is None or v != v for v in values), np.bool_, count=len(values))
        rank = np.append(np.cumsum(~missing) - 1, MISSING).astype(np.int32)
        rank[:-1][missing] = MISSING
        rows, values = rank[rows], values[~missing]
    return rows, values


def rewrite(
    source: Source,
    columns: Mapping[str, pa.Array | None],
    *,
    keep: NDArray[np.bool_] | None = None,
) -> object:
    """Return the table with some columns replaced, or dropped (None), in the type that came in.

    Parameters
    ----------
    source : table
        Not changed. A pandas frame keeps its index and the types of its other columns.
    columns : mapping of str to Arrow array or None
        As long as the rows that are kept.
    keep : ndarray of shape (n_rows,), bool, optional
        Rows to keep.
    """
    import narwhals as nw
    import pyarrow as pa

    dropped = [c for c, array in columns.items() if array is None]
    new = {c: array for c, array in columns.items() if array is not None}
    if nw.dependencies.is_pandas_dataframe(source):
        frame = source if keep is None else source[keep]
        values = {c: array.to_pandas().to_numpy() for c, array in new.items()}
        return frame.drop(columns=dropped).assign(**values)
    table = read(source)
    result = table.arrow([c for c in table.columns if c not in dropped])
    if keep is not None:
        result = result.filter(pa.array(keep))
    for column, array in new.items():
        result = result.set_column(result.schema.get_field_index(column), column, array)
    return table.native(result)
