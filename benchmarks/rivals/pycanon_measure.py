"""pycanon: one function a measure, on a pandas frame; lives in an environment of its own."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

PACKAGES = ("pycanon", "pandas", "numpy")


def answer(
    path: str, cases: Sequence[tuple[Sequence[str], str]], measures: Sequence[str]
) -> dict[str, float]:
    """Compute `measures` of the Parquet file at `path` for each case.

    A case is a list of quasi-identifiers and a sensitive column.
    """
    import pandas as pd

    anonymity = importlib.import_module("pycanon.anonymity")  # only its environment has it
    ways = {
        "k": lambda table, keys, _: anonymity.k_anonymity(table, keys),
        "distinct l": anonymity.l_diversity,
        "entropy l": anonymity.entropy_l_diversity,
        "alpha": lambda *given: anonymity.alpha_k_anonymity(*given)[0],
        "t": anonymity.t_closeness,
        "delta": anonymity.delta_disclosure,
        "basic beta": anonymity.basic_beta_likeness,
        "enhanced beta": anonymity.enhanced_beta_likeness,
    }
    answers = {}
    for keys, column in cases:
        table = pd.read_parquet(path, columns=[*keys, column])
        for name in measures:
            found = ways[name](table, list(keys), [column])
            answers[f"{name} of {column} by {', '.join(keys)}"] = float(found)
    return answers
