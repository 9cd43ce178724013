"""The engines that hold the data: one small file an engine, all behind `Engine`."""

from niming.tables.engine.duckdb import DuckDB, literal, quote

__all__ = ["DuckDB", "literal", "quote"]
