"""Distance to closest record: a diagnostic of copying, and no measure of privacy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from niming.measure import JSON, Measure, Result
from niming.risk.attacks.attack import check_attacks, equal_rows, generators
from niming.risk.attacks.encoding import encode
from niming.risk.attacks.neighbours import nearest
from niming.risk.attacks.statistics import Trials, normal_quantile
from niming.tables import Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ClosestRecord", "closest_record"]

_QUANTILES = (0.01, 0.05, 0.5)
_SOURCE = "Platzer and Reutterer 2021, section 3.2; Yao et al. 2025 on its limits"


@dataclass(frozen=True, repr=False, eq=False)
class ClosestRecord(Result):
    """How near released records are to the original, made by `closest_record`.

    Parameters
    ----------
    to_original, to_holdout : ndarray of shape (n,), float64, in [0, 1]
        Distance of each released record to the nearest record of either, ascending by record.
    n_reference : int
        Records of the original that were compared, and of the hold-out.
    seed : int
    confidence : float in (0, 1)
    """

    to_original: NDArray[np.float64]
    to_holdout: NDArray[np.float64]
    n_reference: int
    seed: int
    confidence: float = 0.95

    diagnostic: ClassVar[bool] = True
    """No policy may require anything of these numbers."""

    @property
    def n(self) -> int:
        """Number of released records compared."""
        return len(self.to_original)

    @property
    def closer_share(self) -> float:
        """Share of released records nearer to the original than to the hold-out, ties half.

        One half is what a release that learnt nothing of single records would show.
        """
        nearer = int(np.count_nonzero(self.to_original < self.to_holdout))
        level = int(np.count_nonzero(self.to_original == self.to_holdout))
        return (2 * nearer + level) / (2 * self.n)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of `closer_share`."""
        low, high = Trials(round(self.closer_share * self.n), self.n).interval(self.confidence)
        return min(low, self.closer_share), max(high, self.closer_share)

    @property
    def n_copies(self) -> int:
        """Released records that are equal to an original one."""
        return int(np.count_nonzero(self.to_original == 0))

    @property
    def n_copies_holdout(self) -> int:
        """Released records that are equal to one of the hold-out: what chance gives."""
        return int(np.count_nonzero(self.to_holdout == 0))

    def measures(self) -> tuple[Measure, ...]:
        """Return quantiles of both distances, the share closer and the copies."""
        rows: list[tuple[str, float | int, str, float, str]] = []
        for name, distances in (("original", self.to_original), ("holdout", self.to_holdout)):
            rows += [
                (
                    f"to_{name}_q{round(100 * q):02d}",
                    float(np.quantile(distances, q)),
                    "distance",
                    1,
                    f"{q:g} quantile of the distance of released records to the {name}; "
                    "a diagnostic, no verdict",
                )
                for q in _QUANTILES
            ]
        rows += [
            (
                "closer_share",
                self.closer_share,
                "probability",
                1,
                "share of released records nearer to the original than to as many held out; "
                "a diagnostic, no verdict",
            ),
            (
                "copies_share",
                self.n_copies / self.n,
                "probability",
                1,
                "share of released records equal to an original one; a diagnostic, no verdict",
            ),
            (
                "copies_share_holdout",
                self.n_copies_holdout / self.n,
                "probability",
                1,
                "share of released records equal to one held out; a diagnostic, no verdict",
            ),
        ]
        return tuple(
            Measure(
                f"diagnostics.closest_record.{name}",
                value,
                unit,
                (0, top),
                "lower-is-safer" if "share" in name else "higher-is-safer",
                definition,
                _SOURCE,
            )
            for name, value, unit, top, definition in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, and that they are a diagnostic."""
        return {
            **super().to_dict(),
            "diagnostic": self.diagnostic,
            "n": self.n,
            "n_reference": self.n_reference,
            "closer_share_interval": list(self.interval),
            "seed": self.seed,
        }

    def plot(self) -> Figure:
        """Draw the share of released records within each distance of original and hold-out.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish

        figure, axes = blank(6, 3.4)
        share = np.arange(1, self.n + 1) / self.n
        for distances, colour, label in (
            (self.to_holdout, "#999999", "to the hold-out"),
            (self.to_original, "#c0392b", "to the original"),
        ):
            axes.step(np.sort(distances), share, where="post", color=colour, label=label)
        axes.set(xlabel="distance to the closest record", ylabel="share of released records")
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes.set_title(
            f"{self.closer_share:.1%} of released records are nearer to the original\n"
            "(a diagnostic, no verdict)",
            fontsize=10,
        )
        axes.legend(frameon=False, fontsize=8)
        return finish(figure)


def closest_record(
    original: Source,
    released: Source,
    *,
    holdout: Source,
    columns: Sequence[str] | None = None,
    n_records: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
) -> ClosestRecord:
    """Compare how near released records are to the original and to people held out.

    A diagnostic for makers of synthetic data, such as a generator that copies. It says nothing of
    who can be found: releases with innocent distances have been shown to leak membership of most
    of their records, so no direction of it can be required, and `membership` is the test.

    Parameters
    ----------
    original, released, holdout : table
        The hold-out is of the same population and had no part in the release.
    columns : sequence of str, optional
        By default the columns of the release that all tables have.
    n_records : int >= 1, default 10000
        Released records compared at most, and records of the original and hold-out that they are
        compared with, drawn at random; the last two equally many.
    seed : int >= 0, default 0
        Same seed, same result.
    confidence : float in (0, 1), default 0.95

    Returns
    -------
    ClosestRecord
        `to_original`, `to_holdout`, `closer_share` in [0, 1], `interval`, `n_copies`,
        `n_copies_holdout`.

    Raises
    ------
    ColumnNotFoundError
        A column asked for that a table does not have.
    InputError
        A table without rows, no common columns, fewer than one record, a negative seed, or a
        confidence outside (0, 1).

    Notes
    -----
    The distance is that of `niming.risk.attacks.neighbours.nearest`. Original and hold-out are cut
    to the same number of records, since the nearest of more is nearer.

    Cost is that of 2 searches of n_records neighbours.

    References
    ----------
    Platzer, Reutterer 2021, "Holdout-based empirical assessment of mixed-type synthetic data",
    section 3.2, doi:10.3389/fdata.2021.679939.
    Yao, Krčo, Ganev, de Montjoye 2025, "The DCR delusion: measuring the privacy risk of synthetic
    data", arXiv:2505.01524.

    Examples
    --------
    >>> people, release = {"age": [30, 40]}, {"age": [30, 36]}
    >>> found = closest_record(people, release, holdout={"age": [35, 50]})
    >>> found.to_original.round(3).tolist(), found.to_holdout.round(3).tolist()
    ([0.0, 0.2], [0.25, 0.05])
    >>> found.closer_share, found.n_copies
    (0.5, 1)
    """
    check_attacks(n_records)
    normal_quantile(confidence)
    draw, other = generators(seed, 2)
    made = encode({"released": released, "original": original, "holdout": holdout}, columns=columns)
    mine, theirs = equal_rows(made["original"].n_rows, made["holdout"].n_rows, n_records, draw)
    n = made["released"].n_rows
    rows = np.sort(other.choice(n, min(n, n_records), replace=False))
    queries = made["released"].take(rows)
    near = [
        nearest(queries, reference)[0][:, 0].astype(np.float64)
        for reference in (made["original"].take(mine), made["holdout"].take(theirs))
    ]
    return ClosestRecord(
        to_original=near[0],
        to_holdout=near[1],
        n_reference=len(mine),
        seed=seed,
        confidence=confidence,
    )
