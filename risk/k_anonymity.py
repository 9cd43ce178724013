"""k-anonymity: in how small a group does a person stand?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.measure import JSON, Measure, Result
from niming.risk.classes import (
    Missing,
    check_missing,
    classes_of,
    shown,
    sizes_of,
    suppressed_class,
    tallied,
)
from niming.tables import Classes, Counts, Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Anonymity", "k_anonymity"]

Direction: TypeAlias = Literal["higher-is-safer", "lower-is-safer"]

_SOURCE = "Samarati and Sweeney 1998; Sweeney 2002, definition 3"


@dataclass(frozen=True, repr=False, eq=False)
class Anonymity(Result):
    """How many records stand together, made by `k_anonymity`.

    Parameters
    ----------
    size : ndarray of shape (n_classes,), int64
        Records that an outsider cannot tell from those of the class: its own records, or under
        the reading ``"matches-anything"`` all records that agree with it.
    records : ndarray of shape (n_classes,), int64
        Records in the class.
    missing : {"own-value", "matches-anything"}
    suppressed : int or None
        The class of the records whose quasi-identifiers are all suppressed.
    """

    size: NDArray[np.int64]
    records: NDArray[np.int64]
    missing: Missing = "own-value"
    suppressed: int | None = None

    @classmethod
    def of(cls, classes: Classes, *, missing: Missing = "own-value") -> Anonymity:
        """Measure equivalence classes."""
        size = sizes_of(classes, missing=missing)
        return cls(size, classes.size, missing, suppressed_class(classes))

    @cached_property
    def k(self) -> int:
        """Smallest size of all classes, the class of suppressed records among them."""
        return int(self.size.min())

    @cached_property
    def k_unsuppressed(self) -> int | None:
        """Smallest size of the classes that show anything; None if all records are suppressed."""
        rest = shown(self.size, self.suppressed)
        return int(rest.min()) if rest.size else None

    @property
    def n_classes(self) -> int:
        """Number of equivalence classes, the class of suppressed records among them."""
        return len(self.size)

    @cached_property
    def n_rows(self) -> int:
        """Number of records."""
        return int(self.records.sum())

    @cached_property
    def n_unique(self) -> int:
        """Number of records that stand alone."""
        return self.n_records_below(2)

    @property
    def n_suppressed(self) -> int:
        """Number of records whose quasi-identifiers are all suppressed."""
        return 0 if self.suppressed is None else int(self.records[self.suppressed])

    def n_records_below(self, k: int) -> int:
        """Return how many records stand with fewer than `k` (themselves included)."""
        return int(self.records[self.size < k].sum())

    def n_classes_below(self, k: int) -> int:
        """Return how many classes have a size below `k`."""
        return int(np.count_nonzero(self.size < k))

    @cached_property
    def histogram(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Distinct sizes in ascending order, with the classes and the records of each."""
        sizes, n_classes, records = tallied(self.size, self.records)
        return sizes.astype(np.int64), n_classes, records.astype(np.int64)

    def measures(self) -> tuple[Measure, ...]:
        """Return k and what stands behind it; only k and uniques where anything matches."""
        stem = "k_anonymity" if self.missing == "own-value" else "k_anonymity.matching"
        reading = (
            "missing and suppressed values of their own"
            if self.missing == "own-value"
            else "missing and suppressed match anything"
        )
        rows: list[tuple[str, int | None, str, Direction, str]] = [
            ("k", self.k, "records", "higher-is-safer", f"size of the smallest class; {reading}"),
            (
                "k_unsuppressed",
                self.k_unsuppressed,
                "records",
                "higher-is-safer",
                f"the same without the fully suppressed records; {reading}",
            ),
            (
                "n_unique",
                self.n_unique,
                "records",
                "lower-is-safer",
                f"records that stand alone; {reading}",
            ),
        ]
        if self.missing == "own-value":
            rows += [
                (
                    "n_classes",
                    self.n_classes,
                    "classes",
                    "lower-is-safer",
                    "distinct combinations of the quasi-identifiers",
                ),
                (
                    "n_suppressed",
                    self.n_suppressed,
                    "records",
                    "higher-is-safer",
                    "records whose quasi-identifiers are all suppressed",
                ),
                ("n_records", self.n_rows, "records", "higher-is-safer", "records in the table"),
            ]
        return tuple(
            Measure(
                f"{stem}.{name}",
                value,
                unit,
                (1 if name.startswith("k") else 0, math.inf),
                direction,
                definition,
                _SOURCE,
                "" if value is not None else "every record is suppressed",
            )
            for name, value, unit, direction, definition in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures and the histogram of class sizes."""
        sizes, n_classes, n_records = (column.tolist() for column in self.histogram)
        table = {"size": sizes, "n_classes": n_classes, "n_records": n_records}
        return {**super().to_dict(), "missing": self.missing, "histogram": table}

    def plot(self, *, threshold_size: int | None = None) -> Figure:
        """Draw the share of records by the size of their class.

        Parameters
        ----------
        threshold_size : int >= 1, optional
            Classes below it are marked.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.risk.bands import draw, from_one

        title = f"k = {self.k}; {self.n_rows} records in {self.n_classes} classes"
        if threshold_size is not None:
            below = self.n_records_below(threshold_size)
            title = (
                f"k = {self.k}; {below} of {self.n_rows} records in classes below {threshold_size}"
            )
        bands = from_one(self.size, self.records, mark=threshold_size)
        return draw(bands, words="records in the class", title=title)


def k_anonymity(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    suppressed: str | None = None,
    missing: Missing = "own-value",
) -> Anonymity:
    """Measure in how small a group of equal records the least protected person stands.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed cell is a value of its own, or agrees with every value. The first
        is the stricter: no record has fewer matches under the second.

    Returns
    -------
    Anonymity
        `k` (>= 1), `k_unsuppressed`, `n_classes`, `n_rows`, `n_unique`, `n_suppressed`,
        `histogram`, `n_records_below(k)`, `n_classes_below(k)`.

    Raises
    ------
    ColumnNotFoundError
        A quasi-identifier that the table does not have.
    InputError
        No quasi-identifiers, one named twice, a table without rows, or an unknown reading.

    Notes
    -----
    k = min over classes of the number of records equal on all quasi-identifiers.

    Records whose quasi-identifiers are all suppressed are one class, as in ARX, and `k` counts it
    like any other: whoever knows that a person was suppressed looks among these alone. A table in
    which fewer than k records are suppressed is therefore not k-anonymous here, though ARX
    calls it so; `k_unsuppressed` is the number without that class.

    One GROUP BY, then O(n_classes).

    References
    ----------
    Sweeney 2002, "k-anonymity: a model for protecting privacy", definition 3,
    doi:10.1142/S0218488502001648.

    Examples
    --------
    >>> table = {"age": [34, 34, 51, 51], "sex": ["F", "F", "M", "F"]}
    >>> result = k_anonymity(table, quasi_identifiers=["age", "sex"])
    >>> result.k, result.n_classes, result.n_unique
    (1, 3, 2)
    >>> k_anonymity(table, quasi_identifiers=["age"]).k
    2
    """
    check_missing(missing)
    classes = classes_of(source, quasi_identifiers=quasi_identifiers, suppressed=suppressed)
    return Anonymity.of(classes, missing=missing)
