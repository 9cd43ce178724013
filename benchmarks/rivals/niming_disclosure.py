"""niming: weighted class sizes, individual and household risk from one count; or SUDA."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

PACKAGES = ("niming", "duckdb", "numpy", "pyarrow")


def answer(
    path: str,
    quasi_identifiers: Sequence[str],
    weight: str,
    household: str,
    missing: Literal["own-value", "matches-anything"],
    measures: Sequence[str],
) -> dict[str, float]:
    """Measure the Parquet file at `path`; `measures` are of "risk" and "suda"."""
    answers: dict[str, float] = {}
    if "risk" in measures:
        answers |= _risks(path, quasi_identifiers, weight, household, missing)
    if "suda" in measures:
        answers |= _suda(path, quasi_identifiers, missing)
    return {name: float(value) for name, value in answers.items()}


def _risks(
    path: str,
    quasi_identifiers: Sequence[str],
    weight: str,
    household: str,
    missing: Literal["own-value", "matches-anything"],
) -> dict[str, float]:
    from niming.risk import HouseholdRisk, IndividualRisk, classes_of

    classes = classes_of(
        path, quasi_identifiers=quasi_identifiers, sensitive=[household], weight=weight
    )
    found = IndividualRisk.of(classes, missing=missing)
    homes = HouseholdRisk.of(classes, household, individual=found)
    if found.per_class is None or homes.per_household is None:
        raise RuntimeError(found.reason)
    return {
        "classes": classes.n_classes,
        "records alone": found.records[found.size == 1].sum(),
        "sum of f": (found.records * found.size).sum(),
        "sum of F": (found.records * found.population).sum(),
        "individual: highest": found.per_class.max(),
        "individual: sum": (found.records * found.per_class).sum(),
        "individual: sum of squares": (found.records * found.per_class**2).sum(),
        "households": homes.n_households,
        "household: highest": homes.per_household.max(),
        "household: sum over records": (homes.size * homes.per_household).sum(),
        "household: sum of squares": (homes.per_household**2).sum(),
    }


def _suda(
    path: str,
    quasi_identifiers: Sequence[str],
    missing: Literal["own-value", "matches-anything"],
) -> dict[str, float]:
    from niming.risk import Suda, classes_of

    classes = classes_of(path, quasi_identifiers=quasi_identifiers)
    found = Suda.of(classes, missing=missing, fraction=0.1)
    if found.dis is None:
        raise RuntimeError("the scores have no DIS")
    return {
        "minimal sample uniques": found.n_minimal,
        "records with a score": found.n_scored,
        "score: sum": (found.records * found.scores).sum(),
        "score: sum of squares": (found.records * found.scores**2).sum(),
        "DIS: highest": found.dis.max(),
        "DIS: sum": (found.records * found.dis).sum(),
    }
