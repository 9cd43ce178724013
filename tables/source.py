"""Open any source as a `Table` that stays in its engine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from niming.errors import ColumnNotFoundError, InputError
from niming.tables.engine import DuckDB, quote

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from narwhals.typing import IntoDataFrame

__all__ = ["Origin", "Source", "Table", "read"]

Origin: TypeAlias = Literal["file", "pandas", "polars", "pyarrow", "duckdb"]


class Table:
    """A table where it lives: names, types and number of rows are known, rows stay in the engine.

    Made by `read`. It shows itself as a shape; rows leave only through `arrow`, `batches` and
    `native`, which niming's own rooms call.
    """

    def __init__(self, engine: DuckDB, *, origin: Origin) -> None:
        self._engine = engine
        self.origin = origin
        self.schema = engine.schema()
        self._n_rows: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(self.schema.names)

    @property
    def n_rows(self) -> int:
        """Number of rows, counted once by the engine."""
        if self._n_rows is None:
            answer = self._engine.query("SELECT count(*) AS n FROM source")
            self._n_rows = int(answer["n"][0].as_py())
        return self._n_rows

    def __repr__(self) -> str:
        return f"Table({self.n_rows} rows x {len(self.columns)} columns, from {self.origin})"

    def require(self, columns: Sequence[str], *, asked_by: str = "the call") -> None:
        """Raise `ColumnNotFoundError` unless every one of `columns` is here."""
        missing = [c for c in columns if c not in self.columns]
        if missing:
            raise ColumnNotFoundError.among(missing, self.columns, asked_by=asked_by)

    def expression(self, column: str) -> str:
        """Return the SQL that reads `column`, with NaN turned into null."""
        import pyarrow as pa

        name = quote(column)
        if pa.types.is_floating(self.schema.field(column).type):
            return f"CASE WHEN isnan({name}) THEN NULL ELSE {name} END"
        return name

    def query(self, sql: str) -> pa.Table:
        """Ask the engine; the table is named ``source``."""
        return self._engine.query(sql)

    def arrow(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows as one Arrow table, in order."""
        return self._engine.query(self._select(columns))

    def batches(
        self, columns: Sequence[str] | None = None, *, rows: int = 65_536
    ) -> Iterator[pa.RecordBatch]:
        """Stream the rows in order, at most `rows` a batch."""
        return self._engine.batches(self._select(columns), rows)

    def native(self, result: pa.Table) -> object:
        """Return `result` in the type that this table came in: what comes in goes out."""
        if self.origin in ("pandas", "polars"):
            import narwhals as nw

            return (
                nw.from_native(result, eager_only=True).to_pandas()
                if (self.origin == "pandas")
                else nw.from_native(result, eager_only=True).to_polars()
            )
        if self.origin == "duckdb":
            import duckdb

            return duckdb.from_arrow(result)
        return result

    def _select(self, columns: Sequence[str] | None) -> str:
        if columns is None:
            return "SELECT * FROM source"
        self.require(columns)
        return f"SELECT {', '.join(quote(c) for c in columns)} FROM source"


Source: TypeAlias = (
    "Table | str | os.PathLike[str] | Mapping[str, Sequence[object]] | IntoDataFrame"
    " | duckdb.DuckDBPyRelation"
)


def read(source: Source) -> Table:
    """Open `source` as a `Table`; a `Table` is returned as it is.

    Minimal for now: Parquet and frames.
    """
    if isinstance(source, Table):
        return source
    import pyarrow as pa

    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if not path.exists():
            raise InputError(f"there is no file {path}", hint="check the path")
        return Table(DuckDB.from_parquet([str(path)]), origin="file")
    if isinstance(source, Mapping):
        return Table(DuckDB.from_arrow(pa.table(dict(source))), origin="pyarrow")
    import narwhals as nw

    frame = nw.from_native(source, eager_only=True)
    origin: Origin = {"pandas": "pandas", "polars": "polars"}.get(
        frame.implementation.value, "pyarrow"
    )
    return Table(DuckDB.from_arrow(frame.to_arrow()), origin=origin)
