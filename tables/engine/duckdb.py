"""DuckDB, embedded: the default engine. In process, spills to disk, never reaches the network."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from niming.errors import InputError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = ["DuckDB", "connect", "quote"]

_SPILL: tempfile.TemporaryDirectory[str] | None = None


def quote(name: str) -> str:
    """Return `name` as a quoted SQL identifier.

    >>> print(quote('age "now" or later'))
    "age ""now"" or later"
    """
    return '"' + name.replace('"', '""') + '"'


def connect() -> duckdb.DuckDBPyConnection:
    """Open a private in-memory database that fetches nothing and spills to a private folder.

    The folder is readable by this user alone and goes with the process; ``NIMING_TEMP`` names
    another parent for it. ``NIMING_MEMORY`` (such as ``8GB``) and ``NIMING_THREADS`` limit the
    engine.
    """
    import duckdb

    global _SPILL
    if _SPILL is None:
        _SPILL = tempfile.TemporaryDirectory(prefix="niming-", dir=os.environ.get("NIMING_TEMP"))
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": _SPILL.name,
    }
    if memory := os.environ.get("NIMING_MEMORY"):
        config["memory_limit"] = memory
    if threads := os.environ.get("NIMING_THREADS"):
        config["threads"] = threads
    return duckdb.connect(":memory:", config=config)


class DuckDB:
    """One relation in DuckDB, asked in SQL under the name ``source``.

    Parameters
    ----------
    relation : duckdb.DuckDBPyRelation
        A file scan, a registered Arrow table or a relation of the caller's own.
    """

    def __init__(self, relation: duckdb.DuckDBPyRelation) -> None:
        self._relation = relation

    @classmethod
    def from_arrow(cls, table: pa.Table) -> DuckDB:
        """Register an Arrow table without copying it."""
        return cls(connect().from_arrow(table))

    @classmethod
    def from_parquet(cls, paths: list[str]) -> DuckDB:
        """Scan Parquet files; nothing is loaded until a query asks for it."""
        return cls(connect().read_parquet(paths))

    def query(self, sql: str) -> pa.Table:
        """Run `sql` over the relation, named ``source``, and return the answer as Arrow.

        Raises
        ------
        InputError
            When the engine fails. Its own text may quote cells, so only its kind is told.
        """
        import duckdb

        try:
            return self._relation.query("source", sql).to_arrow_table()
        except duckdb.Error as error:
            raise _told(error) from None

    def batches(self, sql: str, rows: int) -> Iterator[pa.RecordBatch]:
        """Stream the answer to `sql` in record batches of at most `rows` rows."""
        import duckdb

        try:
            yield from self._relation.query("source", sql).to_arrow_reader(rows)
        except duckdb.Error as error:
            raise _told(error) from None

    def schema(self) -> pa.Schema:
        """Return the names and Arrow types of the columns, without reading rows."""
        return self.query("SELECT * FROM source LIMIT 0").schema


def _told(error: Exception) -> InputError:
    """Turn an engine error into one that names its kind and no cell."""
    kind = type(error).__name__
    hints = {
        "OutOfMemoryException": "free memory or disk, or raise NIMING_MEMORY",
        "ConversionException": "a column holds values of another type than its first rows: "
        "read the file with text columns, or mend the file",
        "InvalidInputException": "the file is damaged or not in the format that its name says",
    }
    return InputError(f"the engine could not read the table ({kind})", hint=hints.get(kind))
