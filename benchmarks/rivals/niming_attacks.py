"""niming: the search for nearest neighbours by itself, three attacks, or the whole report."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from niming.risk.attacks.encoding import Encoded

PACKAGES = ("niming", "numba", "numpy", "pyarrow")


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
    """Do the `job`: "nearest", "shared" (linkability and inference) or "report".

    "nearest" encodes the tables in its first run and searches in every run.
    """
    if job == "nearest":
        return _nearest(holdout, released)
    from niming.errors import UnreliableWarning
    from niming.risk.attacks import inference, linkability
    from niming.risk.attacks.report import attack_release

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnreliableWarning)
        if job == "report":
            report = attack_release(
                original,
                released,
                holdout=holdout,
                quasi_identifiers=known,
                sensitive=sensitive,
                aligned=True,
                n_attacks=n_attacks,
                seed=seed,
            )
            if report.not_run:
                raise RuntimeError("; ".join(f"{k}: {v}" for k, v in report.not_run.items()))
            return {line.attack: float(line.rate) for line in report.lines if line.rate is not None}
        columns = _columns(original)
        rest = [c for c in columns if c not in known]
        results = {
            "linkability": linkability(
                original,
                released,
                auxiliary=(known, rest),
                holdout=holdout,
                n_attacks=n_attacks,
                seed=seed,
            )
        }
        for secret in sensitive:
            results[f"inference of {secret}"] = inference(
                original,
                released,
                sensitive=secret,
                holdout=holdout,
                n_attacks=n_attacks,
                seed=seed,
            )
    answers = {}
    for name, result in results.items():
        answers[f"{name}: attack"] = result.rate
        if result.control is not None:
            answers[f"{name}: control"] = result.control
    return answers


def _nearest(holdout: str, released: str) -> dict[str, float]:
    from niming.risk.attacks.neighbours import nearest

    queries, reference = _encoded(holdout, released)
    distances, _ = nearest(queries, reference)
    return {
        "distance: sum": float(distances.sum(dtype="float64")),
        "distance: largest": float(distances.max()),
        "at distance 0": float((distances < 1e-6).sum()),
    }


@cache
def _encoded(holdout: str, released: str) -> tuple[Encoded, Encoded]:
    from niming.risk.attacks.encoding import encode

    tables = encode({"holdout": holdout, "released": released})
    return tables["holdout"], tables["released"]


def _columns(path: str) -> list[str]:
    import pyarrow.parquet as pq

    names: list[str] = pq.read_schema(path).names
    return names
