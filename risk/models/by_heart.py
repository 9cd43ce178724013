"""A model that learns every record by heart: what any attack on a model has to catch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from niming.risk.models.signals import Kind, Signal, of_confidence

__all__ = ["ByHeart"]


@dataclass(frozen=True, eq=False, repr=False)
class ByHeart:
    """A list of records and their targets that answers with what it holds, else with the average.

    Parameters
    ----------
    keys : ndarray of shape (n_rows,), uint64
        Hash of each record without its target.
    target : ndarray of shape (n_rows,) or None
    kind : {"probability", "margin", "label", "error", "density"}
        What the model that it stands beside shows.

    Examples
    --------
    >>> held = ByHeart(np.array([1, 2, 3], dtype=np.uint64), np.array([0, 0, 1]), "label")
    >>> asked = np.array([3, 9], dtype=np.uint64)
    >>> held.signal(asked, np.array([1, 1])).score.tolist()  # known, and guessed as 0
    [0.0, -1.0]
    """

    keys: NDArray[np.uint64]
    target: NDArray[Any] | None
    kind: Kind

    def confidence(self, keys: NDArray[np.uint64], target: NDArray[Any]) -> NDArray[np.float64]:
        """Return the share of this target among the records held that equal each, in [0, 1]."""
        assert self.target is not None
        classes, held = np.unique(self.target, return_inverse=True)
        known, place = np.unique(self.keys, return_inverse=True)
        table = np.zeros((len(known) + 1, len(classes)))
        np.add.at(table, (place, held), 1.0)
        table[-1] = table[:-1].sum(axis=0)  # for records that are not held
        table /= table.sum(axis=1, keepdims=True)
        row = self._rows(known, keys)
        column = np.searchsorted(classes, target)
        seen = column < len(classes)
        seen[seen] = classes[column[seen]] == target[seen]
        return np.where(seen, table[row, np.where(seen, column, 0)], 0.0)

    def signal(self, keys: NDArray[np.uint64], target: NDArray[Any] | None) -> Signal:
        """Return what this model tells about each record."""
        known, place = np.unique(self.keys, return_inverse=True)
        row = self._rows(known, keys)
        if self.kind == "density" or self.target is None or target is None:
            held = (row < len(known)).astype(np.float64)
            return Signal(held, held)
        if self.kind == "error":
            total = np.bincount(place, weights=self.target, minlength=len(known))
            mean = np.append(total / np.bincount(place), self.target.mean())
            residual = mean[row] - target
            return Signal(-(residual**2), residual)
        own = self.confidence(keys, target)
        if self.kind == "label":
            right = (own > 0.5).astype(np.float64)
            return Signal(right - 1, right)
        return of_confidence(own)

    @staticmethod
    def _rows(known: NDArray[np.uint64], keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return where each key stands among the known, and the number of known for others."""
        place = np.searchsorted(known, keys)
        found = place < len(known)
        found[found] = known[place[found]] == keys[found]
        return np.where(found, place, len(known)).astype(np.int64)
