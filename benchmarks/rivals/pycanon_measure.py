"""pycanon: one function a measure, on a pandas frame; lives in an environment of its own."""

from __future__ import annotations

from collections.abc import Sequence

PACKAGES = ("pycanon", "pandas", "numpy")


def answer(
    path: str, quasi_identifiers: Sequence[str], sensitive: str, measures: Sequence[str]
) -> dict[str, float]:
    """Compute `measures` of the Parquet file at `path`."""
    import pandas as pd
    from pycanon import anonymity

    keys, column = list(quasi_identifiers), [sensitive]
    table = pd.read_parquet(path, columns=[*keys, sensitive])
    ways = {
        "k_anonymity.k": lambda: anonymity.k_anonymity(table, keys),
        "l_diversity.distinct": lambda: anonymity.l_diversity(table, keys, column),
        "l_diversity.entropy": lambda: anonymity.entropy_l_diversity(table, keys, column),
        "alpha_k.alpha": lambda: anonymity.alpha_k_anonymity(table, keys, column)[0],
        "t_closeness": lambda: anonymity.t_closeness(table, keys, column),
        "disclosure.delta": lambda: anonymity.delta_disclosure(table, keys, column),
        "disclosure.beta_basic": lambda: anonymity.basic_beta_likeness(table, keys, column),
    }
    return {name: float(ways[name]()) for name in measures}
