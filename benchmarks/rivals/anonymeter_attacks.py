"""Anonymeter: its neighbours, linkability and inference; lives in an environment of its own."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

PACKAGES = ("anonymeter", "numba", "numpy", "pandas")


def answer(
    job: str,
    original: str,
    released: str,
    holdout: str,
    known: Sequence[str],
    sensitive: Sequence[str],
    n_attacks: int,
    seed: int,
) -> dict[str, float]:
    """Do the `job`: "nearest" or "shared" (linkability and inference)."""
    import numpy as np
    import pandas as pd

    evaluators = importlib.import_module("anonymeter.evaluators")  # only its environment has it
    ours, theirs, others = (pd.read_parquet(path) for path in (original, released, holdout))
    if job == "nearest":
        neighbours = importlib.import_module("anonymeter.neighbors.mixed_types_kneighbors")
        search = neighbours.MixedTypeKNeighbors(n_neighbors=1, n_jobs=-1).fit(theirs)
        distances, _ = search.kneighbors(others, return_distance=True)
        distances = distances / ours.shape[1]
        return {
            "distance: sum": float(distances.sum()),
            "distance: largest": float(distances.max()),
            "at distance 0": float((distances < 1e-6).sum()),
        }
    if job != "shared":
        raise ValueError("this rival knows the jobs 'nearest' and 'shared'")
    np.random.seed(seed)  # noqa: NPY002 - Anonymeter draws its targets from the global state
    rest = [c for c in ours.columns if c not in known]
    given = {"ori": ours, "syn": theirs, "control": others, "n_attacks": n_attacks}
    attacks = {
        "linkability": evaluators.LinkabilityEvaluator(aux_cols=(list(known), rest), **given)
    }
    for secret in sensitive:
        attacks[f"inference of {secret}"] = evaluators.InferenceEvaluator(
            aux_cols=[c for c in ours.columns if c != secret], secret=secret, **given
        )
    answers = {}
    for name, attack in attacks.items():
        found = attack.evaluate(n_jobs=-1).results()
        answers[f"{name}: attack"] = found.n_success / n_attacks
        answers[f"{name}: control"] = found.n_control / n_attacks
    return answers
