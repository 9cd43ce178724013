"""Masks that keep nothing of a column: drop it, or overwrite every cell."""

from __future__ import annotations

from collections.abc import Sequence

from niming.anonymize.masks.masked import Masked, columns_of
from niming.anonymize.rewrite import rewrite
from niming.errors import InputError
from niming.measure import JSON
from niming.tables import ROOT, Source

__all__ = ["drop", "redact"]


def drop(table: Source, columns: Sequence[str] | str) -> Masked:
    """Remove columns.

    Parameters
    ----------
    table : table
        Anything that `niming.tables.read` takes; not changed.
    columns : str or sequence of str
        Not all columns of the table.

    Returns
    -------
    Masked

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have.
    InputError
        No column named, one named twice, or none left.

    Examples
    --------
    >>> table, records = drop({"name": ["Li", "Wu"], "age": [31, 34]}, "name")
    >>> table.column_names, records[0]["technique"]
    (['age'], 'suppression')
    """
    opened, names = columns_of(table, columns)
    if len(names) == len(opened.columns):
        raise InputError("the mask leaves no column", hint="drop fewer columns")
    records: tuple[dict[str, JSON], ...] = tuple(
        {
            "column": name,
            "technique": "suppression",
            "parameters": {"scope": "attribute"},
            "words": {"zh": "整列删除", "en": "column dropped"},
        }
        for name in names
    )
    return Masked(rewrite(table, dict.fromkeys(names)), records)


def redact(table: Source, columns: Sequence[str] | str, *, with_: str = ROOT) -> Masked:
    """Overwrite every cell of columns with the same text.

    Parameters
    ----------
    table : table
    columns : str or sequence of str
    with_ : str, default "*"
        The default is how a released table marks a suppressed cell.

    Returns
    -------
    Masked
        Missing cells are overwritten too: that a value is missing can tell as much as a value.

    Raises
    ------
    ColumnNotFoundError, InputError
        As `drop`.

    Examples
    --------
    >>> redact({"name": ["Li", None], "age": [31, 34]}, "name").table["name"].to_pylist()
    ['*', '*']
    """
    import pyarrow as pa

    opened, names = columns_of(table, columns)
    text = pa.repeat(pa.scalar(with_, pa.string()), opened.n_rows)
    records: tuple[dict[str, JSON], ...] = tuple(
        {
            "column": name,
            "technique": "masking",
            "parameters": {"scope": "attribute", "with": with_},
            "words": {"zh": f"全部以“{with_}”代替", "en": f"every cell replaced by {with_!r}"},
        }
        for name in names
    )
    return Masked(rewrite(table, dict.fromkeys(names, text)), records)
