"""Floor 1, where the data live: sources, engines, schema and roles, hierarchies, counts."""

if __name__ != "niming.tables":
    raise ImportError("this room is imported as niming.tables, not as tables")

from niming.tables import codelists, datasets
from niming.tables.counts import MISSING, SUPPRESSED, Classes, Counts, Spectrum, count
from niming.tables.hierarchy import ROOT, Bound, Hierarchy, texts
from niming.tables.schema import Column, Role, Schema
from niming.tables.source import Source, Table, read
from niming.tables.write import atomic, unguarded, write_csv, write_parquet

__all__ = [
    "MISSING",
    "ROOT",
    "SUPPRESSED",
    "Bound",
    "Classes",
    "Column",
    "Counts",
    "Hierarchy",
    "Role",
    "Schema",
    "Source",
    "Spectrum",
    "Table",
    "atomic",
    "codelists",
    "count",
    "datasets",
    "read",
    "texts",
    "unguarded",
    "write_csv",
    "write_parquet",
]
