"""Differential privacy with a budget: exact integer noise, public bounds, spending on record."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from niming.anonymize.dp.budget import Budget, Event, Loss, exact
from niming.anonymize.dp.queries import Answer, Histogram, count, histogram, sum  # noqa: A004
from niming.anonymize.dp.samplers import discrete_gaussian, discrete_laplace

if TYPE_CHECKING:
    from niming.anonymize.dp.models import GaussianNB, LogisticRegression

__all__ = [
    "Answer",
    "Budget",
    "Event",
    "GaussianNB",
    "Histogram",
    "LogisticRegression",
    "Loss",
    "count",
    "discrete_gaussian",
    "discrete_laplace",
    "exact",
    "histogram",
    "sum",
]


def __getattr__(name: str) -> object:
    """Load diffprivlib, which takes seconds, when one of its models is first used."""
    if name in ("GaussianNB", "LogisticRegression"):
        return getattr(importlib.import_module("niming.anonymize.dp.models"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
