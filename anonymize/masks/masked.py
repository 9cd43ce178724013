"""`Masked`: a table after a mask, and the record of what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from niming.errors import InputError
from niming.measure import JSON
from niming.tables import Source, Table, read

__all__ = ["Masked", "columns_of"]


class Masked(NamedTuple):
    """A masked table and its transformation records.

    Attributes
    ----------
    table : table
        In the type that came in.
    records : tuple of dict
        One a column: ``column``, ``technique`` (the word of ISO/IEC 20889), ``parameters`` and
        ``words`` in Chinese and English. No cell values.
    """

    table: object
    records: tuple[Mapping[str, JSON], ...]

    def __repr__(self) -> str:
        done = ", ".join(f"{r['column']}: {r['technique']}" for r in self.records)
        return f"Masked({done})"


def columns_of(source: Source, columns: Sequence[str] | str) -> tuple[Table, list[str]]:
    """Open the table and check that it has `columns`, each named once."""
    names = [columns] if isinstance(columns, str) else list(columns)
    if not names:
        raise InputError("no columns to mask", hint="name at least one column")
    if len(set(names)) < len(names):
        raise InputError("a column is named twice", hint="name each column once")
    table = read(source)
    table.require(names, asked_by="the mask")
    return table, names
