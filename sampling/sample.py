"""`Sample`: the rows that were drawn, how, and with what weights."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import JSON
from niming.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["WEIGHT", "Sample", "take"]

WEIGHT = "design_weight"


@dataclass(frozen=True, eq=False, repr=False)
class Sample:
    """Rows drawn at random, in the order of the original.

    Parameters
    ----------
    table : table
        In the type that came in, with the design weights as one more column if they were asked for.
    positions : ndarray of shape (n_drawn,), int64
        Row numbers in the original, ascending. They say who was drawn: they stay in the domain.
    weights : ndarray of shape (n_drawn,), float64
        One over the inclusion probability of each row; they sum to `n_population`.
    n_population : int
        Rows of the original.
    design : str
        Such as ``"simple"``.
    seed : int
    by : tuple of str
        Columns that stratify; empty for a simple sample.
    salt : bytes
        What opens the commitment in `record`, made by the operating system. It stays in the domain.
    """

    table: object
    positions: NDArray[np.int64]
    weights: NDArray[np.float64]
    n_population: int
    design: str
    seed: int
    by: tuple[str, ...] = ()
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def n_drawn(self) -> int:
        """Rows drawn."""
        return len(self.positions)

    @property
    def fraction(self) -> float:
        """Share of the original that was drawn, in (0, 1]."""
        return self.n_drawn / self.n_population

    def record(self) -> dict[str, JSON]:
        """Return the record of the draw, without the seed: whoever knows it knows who was drawn.

        The commitment is SHA-256 of the salt and ``design:seed``. Who is shown salt and seed can
        repeat the draw and see that it is the one that was recorded; who is not cannot find the
        seed by trying, however small it is.
        """
        commitment = hashlib.sha256(self.salt + f"{self.design}:{self.seed}".encode()).hexdigest()
        return {
            "technique": "sampling",
            "design": self.design,
            "by": list(self.by),
            "fraction": self.fraction,
            "n_drawn": self.n_drawn,
            "n_population": self.n_population,
            "seed_commitment": commitment,
        }

    def __repr__(self) -> str:
        by = f" by {', '.join(self.by)}" if self.by else ""
        return f"Sample({self.n_drawn} of {self.n_population} rows, {self.design}{by})"


def take(
    table: Table,
    positions: NDArray[np.int64],
    weights: NDArray[np.float64],
    weight: str | None,
) -> object:
    """Return the rows at ascending `positions` in the type that came in; the rest streams past."""
    import pyarrow as pa

    if weight is not None and weight in table.columns:
        raise InputError(
            f"the table has a column {weight!r} already",
            hint='give the design weights another name: weight="…"',
        )
    batches: list[pa.RecordBatch] = []
    start = 0
    for batch in table.batches():
        low, high = np.searchsorted(positions, (start, start + batch.num_rows))
        if high > low:
            batches.append(batch.take(pa.array(positions[low:high] - start)))
        start += batch.num_rows
    drawn = pa.Table.from_batches(batches, schema=table.schema)
    if weight is not None:
        drawn = drawn.append_column(weight, pa.array(weights))
    return table.native(drawn)
