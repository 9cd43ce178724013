"""Differential privacy with a budget: exact integer noise, public bounds, spending on record."""

from __future__ import annotations

from niming.anonymize.dp.budget import Budget, Event, Loss, exact
from niming.anonymize.dp.queries import Answer, Histogram, count, histogram, sum  # noqa: A004
from niming.anonymize.dp.samplers import discrete_gaussian, discrete_laplace

__all__ = [
    "Answer",
    "Budget",
    "Event",
    "Histogram",
    "Loss",
    "count",
    "discrete_gaussian",
    "discrete_laplace",
    "exact",
    "histogram",
    "sum",
]
