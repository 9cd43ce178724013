"""DuckDB, embedded: the default engine. In process, spills to disk, never reaches the network."""

from __future__ import annotations

import atexit
import functools
import glob
import os
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from niming.errors import InputError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = ["DuckDB", "connect", "literal", "quote"]

T = TypeVar("T")


def quote(name: str) -> str:
    """Return `name` as a quoted SQL identifier.

    >>> print(quote('age "now" or later'))
    "age ""now"" or later"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return `text` as a quoted SQL string.

    >>> print(literal("Xi'an"))
    'Xi''an'
    """
    return "'" + text.replace("'", "''") + "'"


def connect() -> duckdb.DuckDBPyConnection:
    """Open a connection to the process's own in-memory database.

    It fetches nothing from anywhere and spills to a folder that this user alone can read and that
    goes with the process; ``NIMING_TEMP`` names another parent for it. ``NIMING_MEMORY`` (such as
    ``8GB``) and ``NIMING_THREADS`` limit the engine.
    """
    settings = [os.environ.get(f"NIMING_{name}") for name in ("MEMORY", "THREADS", "TEMP")]
    return _database(os.getpid(), *settings).cursor()


@functools.cache
def _database(
    pid: int,  # a forked child must not use its parent's threads
    memory: str | None,
    threads: str | None,
    parent: str | None,
) -> duckdb.DuckDBPyConnection:
    import duckdb

    try:
        spill = tempfile.mkdtemp(prefix="niming-", dir=parent)
    except OSError as error:
        raise InputError(
            f"no folder for temporary files could be made ({error.strerror})",
            hint="NIMING_TEMP names a folder that exists and that you may write to",
        ) from None
    atexit.register(_clean, spill, pid)
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": spill,
    }
    if memory:
        config["memory_limit"] = memory
    if threads:
        config["threads"] = threads
    try:
        database = duckdb.connect(":memory:", config=config)
    except duckdb.Error:
        raise InputError(
            "NIMING_MEMORY or NIMING_THREADS is not a size or a number",
            hint="write them like NIMING_MEMORY=8GB NIMING_THREADS=4",
        ) from None
    # Text made from a time with a zone must not depend on the machine's clock settings.
    database.execute("SET GLOBAL TimeZone = 'UTC'")
    return database


def _clean(spill: str, pid: int) -> None:
    """Remove the temporary folder, in the process that made it and not in a forked child."""
    if os.getpid() == pid:
        shutil.rmtree(spill, ignore_errors=True)


class DuckDB:
    """One relation in DuckDB, asked in SQL under the name ``source``.

    Parameters
    ----------
    relation : duckdb.DuckDBPyRelation
        A file scan, a registered Arrow table or a relation of the caller's own.
    connection : duckdb.DuckDBPyConnection, optional
        The connection of `relation` where it is ours: long queries on it can be interrupted.
    keeps : object, optional
        What must live as long as this engine.
    has_dictionaries : bool, default False
        Whether text is read by dictionary, so that a function of it is computed once a value.
    """

    def __init__(
        self,
        relation: duckdb.DuckDBPyRelation,
        connection: duckdb.DuckDBPyConnection | None = None,
        keeps: object = None,
        *,
        has_dictionaries: bool = False,
    ) -> None:
        self.has_dictionaries = has_dictionaries
        self._relation = relation
        self._connection = connection
        self._keeps = keeps

    @classmethod
    def from_arrow(cls, table: pa.Table | pa.dataset.Dataset) -> DuckDB:
        """Register an Arrow table or data set without copying it."""
        connection = connect()
        return cls(connection.from_arrow(table), connection, table)

    @classmethod
    def from_parquet(cls, paths: Sequence[str]) -> DuckDB:
        """Scan Parquet files; nothing is loaded until a query asks for it."""
        import duckdb

        connection = connect()
        try:
            relation = connection.read_parquet([glob.escape(path) for path in paths])
        except duckdb.Error as error:
            raise _told(error) from None
        return cls(relation, connection, has_dictionaries=True)

    @classmethod
    def from_batches(cls, batches: pa.RecordBatchReader) -> DuckDB:
        """Load a stream into a table of the engine, which spills what memory cannot hold."""
        connection = connect()
        name = f"niming_{secrets.token_hex(8)}"
        connection.register("incoming", batches)
        try:
            sql = f"CREATE TABLE {name} AS SELECT * FROM incoming"
            _run(lambda: connection.execute(sql), connection)
        finally:
            connection.unregister("incoming")
        return _of_table(name, connection)

    def stored(self, sql: str) -> DuckDB:
        """Run `sql` over ``source`` and keep the answer as a table of the engine."""
        if self._connection is None:
            raise TypeError("a relation of the caller's own is not copied into our database")
        name = f"niming_{secrets.token_hex(8)}"
        _run(lambda: self._select(sql).create(name), self._connection)
        return _of_table(name, self._connection)

    def project(self, columns: Sequence[str]) -> DuckDB:
        """Return the relation with these columns alone, in this order."""
        relation = self._relation.project(", ".join(quote(c) for c in columns))
        return DuckDB(relation, self._connection, self, has_dictionaries=self.has_dictionaries)

    def query(self, sql: str) -> pa.Table:
        """Run `sql` over the relation, named ``source``, and return the answer as Arrow.

        Raises
        ------
        InputError
            When the engine fails. Its own text may quote cells, so only its kind is told.
        KeyboardInterrupt
            On Ctrl-C; the query is stopped.
        """
        return _run(lambda: self._select(sql).to_arrow_table(), self._connection)

    def batches(self, sql: str, rows: int) -> Iterator[pa.RecordBatch]:
        """Stream the answer to `sql` in record batches of at most `rows` rows."""
        reader = _run(lambda: self._select(sql).to_arrow_reader(rows), self._connection)
        while (batch := _run(lambda: next(reader, None), self._connection)) is not None:
            yield batch

    def _select(self, sql: str) -> duckdb.DuckDBPyRelation:
        relation = self._relation.query("source", sql)
        if relation is None:
            raise TypeError("only a SELECT has an answer")
        return relation

    def schema(self) -> pa.Schema:
        """Return the names and Arrow types of the columns, without reading rows."""
        return self.query("SELECT * FROM source LIMIT 0").schema


def _of_table(name: str, connection: duckdb.DuckDBPyConnection) -> DuckDB:
    """Return a table of our database as an engine; the table is dropped when the engine goes."""
    engine = DuckDB(connection.table(name), connection)
    drop = weakref.finalize(engine, connection.cursor().execute, f"DROP TABLE IF EXISTS {name}")
    drop.atexit = False
    return engine


def _run(work: Callable[[], T], connection: duckdb.DuckDBPyConnection | None) -> T:
    """Do `work` so that Ctrl-C stops it and no error of the engine's own text comes out.

    The engine looks for signals in some calls and not in others (streams), hence the thread: the
    main one waits, hears Ctrl-C and interrupts the query. A caller's relation gives no handle to
    interrupt; its queries run where they are and are left to the engine.
    """
    import duckdb
    import pyarrow as pa

    try:
        if connection is None:
            return work()
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(work)
            try:
                return future.result()
            except KeyboardInterrupt:
                while not future.done():
                    connection.interrupt()
                    wait([future], timeout=0.05)
                raise
    except (duckdb.Error, pa.ArrowException) as error:
        raise _told(error) from None
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise InputError(
            "the engine could not read the table (RuntimeError)",
            hint="write it to Parquet and read that",
        ) from None


def _told(error: Exception) -> InputError:
    """Turn an engine error into one that names its kind and no cell."""
    kind = type(error).__name__
    hints = {
        "OutOfMemoryException": "free memory or disk, or raise NIMING_MEMORY",
        "IOException": "is the file still there and whole, and has the disk room for NIMING_TEMP?",
        "ConversionException": "a column holds values of another type than it is declared with",
        "InvalidInputException": "the file is damaged or not in the format that its name says",
    }
    return InputError(f"the engine could not read the table ({kind})", hint=hints.get(kind))
