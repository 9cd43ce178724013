"""NumPy: every row against every row; the definitions themselves, for some thousand rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

PACKAGES = ("pandas", "numpy", "pyarrow")


def answer(
    path: str,
    quasi_identifiers: Sequence[str],
    weight: str,
    household: str,
    missing: str,
    measures: Sequence[str],
) -> dict[str, float]:
    """Measure the Parquet file at `path`; `measures` are of "risk" and "suda"."""
    import pandas as pd

    from benchmarks.rivals.pandas_disclosure import risks, scores

    keys = list(quasi_identifiers)
    table = pd.read_parquet(path, columns=[*keys, weight, household])
    agree: dict[str, NDArray[np.bool_]] = {}
    for key in keys:
        codes = pd.factorize(table[key])[0]  # missing is -1
        same = codes[:, None] == codes[None, :]
        if missing == "matches-anything":
            same |= (codes[:, None] < 0) | (codes[None, :] < 0)
        agree[key] = same
    whole = np.logical_and.reduce([agree[key] for key in keys])
    f = np.count_nonzero(whole, axis=1).astype(np.int64)
    answers: dict[str, float] = {}
    if "risk" in measures:
        answers |= risks(f, whole @ table[weight].to_numpy(np.float64), table[household])
    if "suda" in measures:
        alone = {}
        for size in range(1, len(keys) + 1):
            for columns in combinations(keys, size):
                both = np.logical_and.reduce([agree[key] for key in columns])
                alone[columns] = np.count_nonzero(both, axis=1) == 1
        answers |= scores(alone, keys, f)
    return {name: float(value) for name, value in answers.items()}
