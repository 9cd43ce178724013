"""What evidence and report show of a table: shapes in place of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from niming.domain.release import Release
from niming.measure import JSON
from niming.tables.counts import count
from niming.tables.source import Table

if TYPE_CHECKING:
    from niming.risk import Anonymity, Assessment

__all__ = ["class_sizes", "columns", "preview", "shape"]

_BANDS = (1, 2, 3, 5, 10, 20, 50, 100, 1_000, 10_000)
"""Lower ends of the class-size histogram."""

_CURVE = (
    *range(1, 11), 12, 15, 20, 25, 30, 40, 50, 70, 100, 150, 200, 300, 500, 700, 1_000, 1_500,
    2_000, 3_000, 5_000, 7_000, 10_000, 20_000, 50_000, 100_000, 1_000_000,
)  # fmt: skip
"""Class sizes at which the cumulative risk is told."""

_COMBINATIONS = 10
"""Combinations of columns that are told."""

_FEW = 10
"""Bars that stand for fewer records are merged."""


def class_sizes(assessment: Assessment, released: Table) -> dict[str, JSON]:
    """Return how records spread over class sizes, and the combinations that tell most apart.

    Numbers of records and names of columns; no value.
    """
    own, matching = assessment.own.anonymity, assessment.matching.anonymity
    most = max(int(own.size.max()), int(matching.size.max()))
    at = [s for s in _CURVE if s < most] + [most]
    return {
        "histogram": _histogram(own),
        "risk_curve": [
            {
                "size": size,
                "own": own.n_records_below(size + 1),
                "matching": matching.n_records_below(size + 1),
            }
            for size in at
        ],
        "combinations": _combinations(assessment, released),
    }


def _histogram(anonymity: Anonymity) -> list[JSON]:
    """Return classes and records a band of class sizes."""
    bands: list[JSON] = []
    for i, lower in enumerate(_BANDS):
        upper = _BANDS[i + 1] - 1 if i + 1 < len(_BANDS) else None
        inside = anonymity.size >= lower
        if upper is not None:
            inside &= anonymity.size <= upper
        bands.append(
            {
                "from": lower,
                "to": upper,
                "n_classes": int(np.count_nonzero(inside)),
                "n_records": int(anonymity.records[inside].sum()),
            }
        )
    return bands


def _combinations(assessment: Assessment, released: Table) -> list[JSON]:
    """Return the combinations of columns on which most records are alone, then most pairs differ.

    Without quasi-identifiers there are none.
    """
    sets = assessment.own.column_sets
    if sets is None or not set(sets.columns) <= set(released.columns):
        return []
    first = sets.frame().head(_COMBINATIONS)
    apart = [None] * len(first) if sets.separation is None else first["separation"].tolist()
    return [
        {"columns": list(names), "uniqueness": alone, "separation": pairs}
        for names, alone, pairs in zip(
            first["columns"], first["uniqueness"].tolist(), apart, strict=True
        )
    ]


def columns(release: Release, released: Table) -> list[JSON]:
    """Describe every column before and after, in shares that stand for `_FEW` records or more."""
    original = release._original
    there = () if original is None else original.columns
    names = dict.fromkeys([*there, *released.columns])
    roles = {c.name: str(c.role) for c in release.schema.columns}
    dropped = {str(r.get("column")): str(r["role"]) for r in release.transformation if "role" in r}
    out: list[JSON] = []
    for name in names:
        kept = name in released.columns
        out.append(
            {
                "name": name,
                "role": roles[name] if kept else dropped.get(name),
                "before": shape(original, name) if original and name in there else None,
                "after": shape(released, name) if kept else None,
            }
        )
    return out


def shape(table: Table, column: str, *, labels: bool = False) -> dict[str, JSON]:
    """Return how many values a column has, how many are missing, and the shape of its largest.

    `labels` names the values, which is for releases that passed.
    """
    counts = count(table, [column])
    codes, n, total = counts.codes[:, 0], counts.n, counts.n_rows
    known = codes >= 0
    largest = sorted(
        ((int(k), int(c)) for c, k in zip(codes[known], n[known], strict=True) if k >= _FEW),
        key=lambda pair: (-pair[0], pair[1]),
    )[:12]
    bars: list[JSON] = [
        {"share": k / total} | ({"label": str(counts.categories[0][c])} if labels else {})
        for k, c in largest
    ]
    return {
        "n_distinct": int(known.sum()),
        "missing_rate": float(n[codes == -1].sum() / total),
        "bars": bars,
    }


def preview(released: Table, rows: int = 20) -> dict[str, JSON]:
    """Return the first rows of the release as text."""
    batch = next(iter(released.batches(rows=rows)))
    columns = [[None if v is None else str(v) for v in c.to_pylist()] for c in batch.columns]
    listed: list[JSON] = [list(row) for row in zip(*columns, strict=True)]
    return {"columns": list(released.columns), "rows": listed}
