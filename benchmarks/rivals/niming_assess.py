"""`niming.risk.assess`: everything from one GROUP BY."""

from __future__ import annotations

from collections.abc import Sequence

PACKAGES = ("niming", "duckdb", "numpy", "pyarrow")


def answer(path: str, quasi_identifiers: Sequence[str], sensitive: str) -> dict[str, float]:
    """Assess the Parquet file at `path`."""
    from niming.risk import assess

    result = assess(path, quasi_identifiers=quasi_identifiers, sensitive=[sensitive], extent="core")
    answers = {m.name: float(m.value) for m in result.measures() if m.value is not None}
    # The worst class decides most measures, so the mean shows whether the others agree as well.
    by_kind = {kind: d.per_class for (_, kind), d in result.diversity.items()}
    by_distance = {distance: c.per_class for (_, distance), c in result.closeness.items()}
    for name, per_class in (by_kind | by_distance).items():
        answers[f"mean over classes: {name}"] = float(per_class.mean())
    return answers
