"""niming's measures one by one: each reads the file and counts its classes by itself."""

from __future__ import annotations

from collections.abc import Sequence

PACKAGES = ("niming", "duckdb", "numpy", "pyarrow")


def answer(
    path: str, cases: Sequence[tuple[Sequence[str], str]], measures: Sequence[str]
) -> dict[str, float]:
    """Compute `measures` of the Parquet file at `path` for each case.

    A case is a list of quasi-identifiers and a sensitive column. What has no value is left out.
    """
    answers = {}
    for keys, column in cases:
        for name in measures:
            if (value := _measured(name, path, list(keys), column)) is not None:
                answers[f"{name} of {column} by {', '.join(keys)}"] = float(value)
    return answers


def _measured(name: str, path: str, keys: Sequence[str], column: str) -> float | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from niming import risk

    match name:
        case "k":
            return risk.k_anonymity(path, quasi_identifiers=keys).k
        case "distinct l":
            return risk.l_diversity(path, quasi_identifiers=keys, sensitive=column).l
        case "entropy l":
            return risk.l_diversity(
                path, quasi_identifiers=keys, sensitive=column, kind="entropy"
            ).l
        case "alpha":
            return risk.alpha_k(path, quasi_identifiers=keys, sensitive=column).alpha
        case "t":  # by equal distance for text and ordered for numbers, as pycanon chooses
            texts = pa.types.is_string(pq.read_schema(path).field(column).type)
            return risk.t_closeness(
                path,
                quasi_identifiers=keys,
                sensitive=column,
                distance="equal" if texts else "ordered",
            ).t
        case "delta":
            return risk.delta_disclosure(
                path, quasi_identifiers=keys, sensitive=column
            ).delta_present
        case "basic beta":
            return risk.beta_likeness(path, quasi_identifiers=keys, sensitive=column).beta
        case "enhanced beta":
            return risk.beta_likeness(
                path, quasi_identifiers=keys, sensitive=column, kind="enhanced"
            ).beta
    raise ValueError(f"no measure is called {name}")
