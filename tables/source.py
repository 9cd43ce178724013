"""Open any source as a `Table` that stays in its engine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from niming.errors import ColumnNotFoundError, InputError
from niming.tables.csv import open_csv
from niming.tables.engine import DuckDB, quote
from niming.tables.excel import read_excel
from niming.tables.files import find_files, kind_of, open_arrow, open_parquet
from niming.tables.frames import check_schema, checked, from_mapping, from_pandas, from_polars
from niming.tables.names import check_names

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from narwhals.typing import IntoFrame

__all__ = ["Origin", "Source", "Table", "read"]

Origin: TypeAlias = Literal["file", "pandas", "polars", "pyarrow", "duckdb"]


class Table:
    """A table where it lives: names, types and number of rows are known, rows stay in the engine.

    Made by `read`. It shows itself as a shape; rows leave only through `arrow`, `batches` and
    `native`, which niming's own rooms call.

    Parameters
    ----------
    engine : DuckDB
        What holds the rows and answers queries over them.
    origin : {"file", "pandas", "polars", "pyarrow", "duckdb"}
        What the table came from; `native` gives the same back.

    Attributes
    ----------
    schema : pyarrow.Schema
        Names and types of the columns.

    Examples
    --------
    >>> table = read({"age": [34, 51], "sex": ["F", "M"]})
    >>> table.columns, table.n_rows
    (('age', 'sex'), 2)
    >>> table.query("SELECT max(age) AS oldest FROM source")["oldest"].to_pylist()
    [51]
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
        """Return the SQL that reads `column`: NaN is null, -0.0 is 0.0, an enum is its text."""
        import pyarrow as pa

        name = quote(column)
        kind = self.schema.field(column).type
        if pa.types.is_floating(kind):
            return f"CASE WHEN isnan({name}) THEN NULL ELSE {name} + 0.0 END"
        return f"CAST({name} AS VARCHAR)" if pa.types.is_dictionary(kind) else name

    @property
    def has_dictionaries(self) -> bool:
        """Whether the engine reads text by dictionary, as from Parquet."""
        return self._engine.has_dictionaries

    def project(self, columns: Sequence[str]) -> Table:
        """Return the table with these columns alone, in this order."""
        self.require(columns)
        return Table(self._engine.project(columns), origin=self.origin)

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
    "Table | str | os.PathLike[str] | Mapping[str, Sequence[object]] | IntoFrame"
    " | duckdb.DuckDBPyRelation | pa.Table | pa.RecordBatchReader"
)


def read(
    source: Source,
    *,
    columns: Sequence[str] | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    missing: Sequence[str] = ("",),
    text: Sequence[str] = (),
) -> Table:
    """Open `source` as a `Table`; the rows stay where they are as far as that is possible.

    Parameters
    ----------
    source : path or table
        A CSV, Parquet, Arrow, Feather or Excel file; a folder or a pattern (``"part-*.parquet"``)
        of Parquet files; a pandas or polars frame, a polars LazyFrame, a pyarrow Table, RecordBatch
        or RecordBatchReader, anything that narwhals or Arrow's stream protocol knows, a DuckDB
        relation, a dict of lists; or a `Table`, which is returned as it is.
    columns : sequence of str, optional
        The columns to read, in this order. All by default.
    delimiter : str, optional
        For CSV: one character. By default the one of ``, ; tab |`` that fits the first records.
    encoding : str, optional
        For CSV: any that Python knows. By default the byte order mark, else UTF-8, else GB18030,
        each strictly over the whole file.
    sheet : str, optional
        For Excel: by default the first.
    missing : sequence of str, default ("",)
        For CSV and Excel: the fields that stand for a missing value, quoted or not.
    text : sequence of str, default ()
        For CSV and Excel: columns to keep as text, as they are written (such as ICD codes, where
        250.10 is not 250.1).

    Returns
    -------
    Table

    Raises
    ------
    ColumnNotFoundError
        A column named in `columns` or `text` that is not there.
    InputError
        No such file (the nearest name is told); an empty file or a header alone; a file that is
        damaged, or of another kind than its name says; an encoding or a delimiter that does not
        fit; ragged rows (line told) or a quote that is never closed; column names that are
        missing, no text, or alike but for their case; a column of mixed or unknown type; Excel
        without python-calamine.

    Notes
    -----
    *Types in CSV* are told from every value of the column, never from a sample, so no late value
    can break a query; and a type is given only if nothing is lost. ``BIGINT``: whole numbers of at
    most 10 digits without leading zeros or plus sign. Longer digit strings (mobile, ID and card
    numbers) and codes like ``010`` stay text. ``DOUBLE``: decimal numbers with at most 15 digits
    before the point. ``DATE``, ``TIMESTAMP``: ISO 8601 without a zone. ``BOOLEAN``: true and
    false. One value that does not fit makes the whole column text. Excel cells have types of their
    own; whole numbers beyond 10 digits become text, and beyond 15, which Excel rounds, an error.

    *Memory.* Parquet and Arrow files are scanned in place. CSV files and streams are loaded into
    the engine, which spills to disk beyond ``NIMING_MEMORY``. Frames are used without a copy where
    Arrow allows it; a LazyFrame is collected once. The index of a pandas frame is ignored.

    *Missing* is null, NaN, NaT and pandas' NA alike.

    Examples
    --------
    >>> read({"age": [34, None], "sex": ["F", "M"]})
    Table(2 rows x 2 columns, from pyarrow)
    """
    if isinstance(missing, str) or isinstance(text, str) or isinstance(columns, str):
        raise InputError(
            "columns, missing and text are lists of texts, not one text", hint='such as ["age"]'
        )
    if columns is not None:
        _check_asked(columns)
    given = {"delimiter": delimiter, "encoding": encoding, "sheet": sheet, "text": text or None}
    if isinstance(source, Table):
        table = source
    elif isinstance(source, (str, os.PathLike)):
        files = find_files(source)
        kind = "parquet" if len(files) > 1 else kind_of(files[0])
        if kind == "text":
            _check_options(given, "CSV", {"delimiter", "encoding", "text"})
            engine = open_csv(
                files[0],
                columns=columns,
                delimiter=delimiter,
                encoding=encoding,
                missing=missing,
                text=text,
            )
            return Table(engine, origin="file")
        if kind == "excel":
            _check_options(given, "Excel", {"sheet", "text"})
            rows = read_excel(files[0], sheet=sheet, missing=missing, text=text)
            table = Table(DuckDB.from_arrow(rows), origin="file")
        else:
            engine = open_parquet(files) if kind == "parquet" else open_arrow(files[0], kind)
            table = Table(engine, origin="file")
            _check_options(given, "Parquet and Arrow", set())
        table.require(text, asked_by="text=")
    else:
        _check_options(given, "frames", set())
        table = _from_object(source, columns)
    if columns is None or tuple(columns) == table.columns:
        return table
    return table.project(columns)


def _from_object(source: object, columns: Sequence[str] | None) -> Table:
    """Open something that is in memory; `columns` are all that need converting."""
    import narwhals as nw
    import pyarrow as pa

    native = nw.to_native(source, pass_through=True)
    if nw.dependencies.is_pandas_dataframe(native):
        return Table(DuckDB.from_arrow(from_pandas(native, columns)), origin="pandas")
    if nw.dependencies.is_polars_lazyframe(native):
        native = native.collect()
    if nw.dependencies.is_polars_dataframe(native):
        return Table(DuckDB.from_arrow(from_polars(native)), origin="polars")
    if type(native).__name__ == "DuckDBPyRelation":
        check_names(native.columns, where="the DuckDB relation")
        return Table(DuckDB(native), origin="duckdb")
    if isinstance(native, Mapping):
        return Table(DuckDB.from_arrow(from_mapping(native, columns)), origin="pyarrow")
    if isinstance(native, pa.RecordBatch):
        native = pa.Table.from_batches([native])
    if isinstance(native, pa.Table):
        return Table(DuckDB.from_arrow(checked(native)), origin="pyarrow")
    if hasattr(native, "__arrow_c_stream__"):
        reader = pa.RecordBatchReader.from_stream(native)
        check_schema(reader.schema)
        return Table(DuckDB.from_batches(reader), origin="pyarrow")
    raise InputError(
        f"a {type(native).__name__} is not a table that niming reads",
        hint="give a file, a pandas, polars or pyarrow table, a DuckDB relation or a dict of lists",
    )


def _check_asked(columns: Sequence[str]) -> None:
    if not columns:
        raise InputError("columns is empty", hint="leave it out to read all")
    if len(set(columns)) < len(columns):
        raise InputError("columns names a column twice", hint="name each column once")


def _check_options(given: Mapping[str, object], what: str, allowed: set[str]) -> None:
    """Refuse an option that would silently do nothing."""
    odd = [name for name, value in given.items() if value is not None and name not in allowed]
    if odd:
        raise InputError(f"{', '.join(odd)}: no option for {what}", hint="leave it out")
