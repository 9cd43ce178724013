"""pandas: the same risks by groupby and merge, row by row as the definitions read.

"matches-anything" splits the rows by which cells they know, and merges every two parts on what
both know. SUDA groups on every set of columns; it takes missing for a value of its own alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

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

    keys = list(quasi_identifiers)
    table = pd.read_parquet(path, columns=[*keys, weight, household])
    for key in keys:
        table[key] = pd.factorize(table[key])[0]  # missing is -1
    answers: dict[str, float] = {}
    if "risk" in measures:
        answers |= risks(*frequencies(table, keys, weight, missing), table[household])
        answers["classes"] = table.groupby(keys).ngroups
    if "suda" in measures:
        if missing != "own-value":
            raise ValueError("this rival knows one reading for SUDA")
        alone = {
            columns: _sizes(table, columns) == 1
            for size in range(1, len(keys) + 1)
            for columns in combinations(keys, size)
        }
        answers |= scores(alone, keys, _sizes(table, tuple(keys)))
    return {name: float(value) for name, value in answers.items()}


def frequencies(
    table: pd.DataFrame, keys: list[str], weight: str, missing: str
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for each row how many rows agree with it, and the sum of their weights."""
    if missing == "own-value":
        of_row = table.groupby(keys, sort=False)[weight].transform
        return of_row("size").to_numpy(np.int64), of_row("sum").to_numpy(np.float64)
    classes = table.groupby(keys, sort=False)[weight].agg(["size", "sum"]).reset_index()
    known = (classes[keys] >= 0).to_numpy()
    patterns, pattern = np.unique(known, axis=0, return_inverse=True)
    parts = [classes[pattern == i] for i in range(len(patterns))]
    for asked, which in zip(parts, patterns, strict=True):
        for other, what in zip(parts, patterns, strict=True):
            shared = [key for key, both in zip(keys, which & what, strict=True) if both]
            if shared:
                sums = other.groupby(shared, sort=False)[["size", "sum"]].sum().reset_index()
                here = asked[shared].merge(sums, on=shared, how="left")[["size", "sum"]].fillna(0)
            else:
                here = other[["size", "sum"]].sum().to_frame().T
            for name in ("size", "sum"):
                column = f"{name} that agree"
                if column not in classes:
                    classes[column] = 0.0
                classes.loc[asked.index, column] += here[name].to_numpy(np.float64)
    found = table[keys].merge(classes, on=keys, how="left")
    return (
        found["size that agree"].to_numpy(np.float64).round().astype(np.int64),
        found["sum that agree"].to_numpy(np.float64),
    )


def risks(
    f: NDArray[np.int64], population: NDArray[np.float64], household: pd.Series[int]
) -> dict[str, float]:
    """Return individual and household risk after Benedetti and Franconi, summed up."""
    import pandas as pd

    p = f / population
    odds = p / (1 - p)
    r = np.select(
        [f == 1, f == 2],
        [-odds * np.log(p), odds + odds**2 * np.log(p)],
        p / (f - (1 - p)),
    )
    homes = pd.DataFrame({"home": household, "nobody": np.log1p(-r), "n": 1}).groupby("home").sum()
    found = 1 - np.exp(homes["nobody"].to_numpy())
    return {
        "records alone": np.count_nonzero(f == 1),
        "sum of f": f.sum(),
        "sum of F": population.sum(),
        "individual: highest": r.max(),
        "individual: sum": r.sum(),
        "individual: sum of squares": (r**2).sum(),
        "households": len(homes),
        "household: highest": found.max(),
        "household: sum over records": (homes["n"].to_numpy() * found).sum(),
        "household: sum of squares": (found**2).sum(),
    }


def scores(
    alone: dict[tuple[str, ...], NDArray[np.bool_]], keys: list[str], f: NDArray[np.int64]
) -> dict[str, float]:
    """Return SUDA and DIS scores, summed up, from the rows that are alone on each column set."""
    m = len(keys)
    score = np.zeros(len(f))
    n_minimal = 0.0
    for columns, here in alone.items():
        minimal = here.copy()
        for part in combinations(columns, len(columns) - 1):
            if part:
                minimal &= ~alone[part]
        n_minimal += np.count_nonzero(minimal)
        score += minimal * float(np.prod(np.arange(1, m - len(columns) + 1)))
    unique, paired, share = np.count_nonzero(f == 1), np.count_nonzero(f == 2), 0.1
    correct = unique * share / (unique * share + paired * (1 - share))
    scored = score[score > 0] ** (1 + (8 - m) / 20)
    dis = 1 / (1 + (unique / correct - unique) / (scored * (1 / scored).sum()))
    return {
        "minimal sample uniques": n_minimal,
        "records with a score": len(scored),
        "score: sum": score.sum(),
        "score: sum of squares": (score**2).sum(),
        "DIS: highest": dis.max(),
        "DIS: sum": dis.sum(),
    }


def _sizes(table: pd.DataFrame, columns: tuple[str, ...]) -> NDArray[np.int64]:
    """Return how many rows are equal to each on `columns`."""
    key = np.zeros(len(table), dtype=np.int64)
    for column in columns:
        codes = table[column].to_numpy(np.int64) + 1
        key = key * (int(codes.max()) + 1) + codes
    _, at, n = np.unique(key, return_inverse=True, return_counts=True)
    sizes: NDArray[np.int64] = n[at]
    return sizes
