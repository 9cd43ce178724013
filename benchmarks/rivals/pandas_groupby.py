"""pandas: the same numbers by groupby, as an analyst who knows NumPy would write them."""

from __future__ import annotations

from collections.abc import Sequence

PACKAGES = ("pandas", "numpy", "pyarrow")


def answer(path: str, quasi_identifiers: Sequence[str], sensitive: str) -> dict[str, float]:
    """Read the Parquet file at `path` and group it."""
    import numpy as np
    import pandas as pd

    keys = list(quasi_identifiers)
    table = pd.read_parquet(path, columns=[*keys, sensitive])
    by_cell = table.groupby([*keys, sensitive], sort=False, dropna=False)
    cells = by_cell.size().rename("n").reset_index()
    class_of = cells.groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    n = cells["n"].to_numpy()
    size = np.bincount(class_of, n)
    distinct = np.bincount(class_of)
    entropy = np.log(size) - np.bincount(class_of, n * np.log(n)) / size

    # The whole table of classes by values; the distances need it, or a cleverer program.
    values, value = np.unique(cells[sensitive].to_numpy(), return_inverse=True)
    counts = np.zeros((len(size), len(values)))
    counts[class_of, value] = n
    shares = counts / size[:, None]
    whole = counts.sum(axis=0) / len(table)
    equal = np.abs(shares - whole).sum(axis=1) / 2
    apart = np.abs(np.cumsum(shares - whole, axis=1))[:, :-1].sum(axis=1)
    ordered = apart / max(len(values) - 1, 1)

    counts.sort(axis=1)
    falling = counts[:, ::-1]
    tail = np.cumsum(counts, axis=1)[:, ::-1]
    recursive = ((falling[:, :1] < 2 * tail) & (falling > 0)).sum(axis=1)

    below = size < 5
    prosecutor = "reidentification.prosecutor."
    a_class = "mean over classes: "
    answers = {
        "k_anonymity.k": size.min(),
        "k_anonymity.n_classes": len(size),
        "k_anonymity.n_unique": (size == 1).sum(),
        f"l_diversity.distinct[{sensitive}]": distinct.min(),
        f"l_diversity.entropy[{sensitive}]": np.exp(entropy.min()),
        f"l_diversity.recursive[{sensitive}]": recursive.min(),
        f"t_closeness.equal[{sensitive}]": equal.max(),
        f"t_closeness.ordered[{sensitive}]": ordered.max(),
        f"{a_class}distinct": distinct.mean(),
        f"{a_class}entropy": np.exp(entropy).mean(),
        f"{a_class}recursive": recursive.mean(),
        f"{a_class}equal": equal.mean(),
        f"{a_class}ordered": ordered.mean(),
        prosecutor + "highest": 1 / size.min(),
        prosecutor + "mean_over_classes": (1 / size).mean(),
        prosecutor + "mean_over_records": len(size) / len(table),
        prosecutor + "n_records_at_risk": size[below].sum(),
        prosecutor + "n_classes_at_risk": below.sum(),
        "reidentification.marketer.mean_over_records": len(size) / len(table),
    }
    return {name: float(value) for name, value in answers.items()}
