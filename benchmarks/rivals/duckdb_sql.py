"""Bare DuckDB: the two-stage GROUP BY, and nothing that SQL does not say in one query.

Class sizes, distinct diversity and the prosecutor alone: no entropy, no recursion, no distance.
"""

from __future__ import annotations

from collections.abc import Sequence

PACKAGES = ("duckdb",)

_SQL = """
WITH cells AS (SELECT {keys}, {sensitive}, count(*) AS n FROM read_parquet(?) GROUP BY ALL),
classes AS (SELECT sum(n) AS size, count(*) AS l FROM cells GROUP BY {keys})
SELECT min(size), count(*), sum(size) FILTER (size = 1), min(l), avg(1 / size),
       avg(l), count(*) / sum(size), sum(size) FILTER (size < 5), count(*) FILTER (size < 5)
FROM classes
"""


def answer(path: str, quasi_identifiers: Sequence[str], sensitive: str) -> dict[str, float]:
    """Ask one query of the Parquet file at `path`."""
    import duckdb

    keys = ", ".join(f'"{name}"' for name in quasi_identifiers)
    connection = duckdb.connect(":memory:")
    try:
        query = _SQL.format(keys=keys, sensitive=f'"{sensitive}"')
        row = connection.execute(query, [path]).fetchall()[0]
    finally:
        connection.close()
    names = (
        "k_anonymity.k",
        "k_anonymity.n_classes",
        "k_anonymity.n_unique",
        f"l_diversity.distinct[{sensitive}]",
        "reidentification.prosecutor.mean_over_classes",
        "mean over classes: distinct",
        "reidentification.prosecutor.mean_over_records",
        "reidentification.prosecutor.n_records_at_risk",
        "reidentification.prosecutor.n_classes_at_risk",
    )
    return {name: float(value or 0) for name, value in zip(names, row, strict=True)}
