"""`niming.risk.identifiers.scan`: what every column holds."""

from __future__ import annotations

from collections.abc import Sequence

PACKAGES = ("niming", "duckdb", "numpy", "pyarrow")


def answer(path: str, kinds: Sequence[str]) -> dict[str, float]:
    """Scan the Parquet file at `path`; say of each column and kind whether it holds it."""
    from niming.risk.identifiers import scan

    return {
        f"{finding.column} holds {kind}": float(finding.holds == kind)
        for finding in scan(path, sample=None).findings
        for kind in kinds
    }
