"""The engines that hold the data: one small file an engine, all behind `Engine`."""

from niming.tables.engine.duckdb import DuckDB, quote

__all__ = ["DuckDB", "quote"]
