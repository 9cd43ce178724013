"""`Origin`: which rows of the original a release was made from. It never leaves the process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.tables import MISSING, ROOT
from niming.tables.counts import count
from niming.tables.hierarchy import Hierarchy
from niming.tables.source import Table, read

if TYPE_CHECKING:
    from niming.domain.release import Release

__all__ = ["Origin", "told"]


@dataclass(frozen=True, eq=False, repr=False)
class Origin:
    """Who was drawn, which is what attacks are measured against.

    Parameters
    ----------
    drawn : ndarray of shape (n_drawn,), int64
        Row numbers in the original, ascending; those whose records were suppressed among them.
    released : ndarray of shape (n_released,), int64, or None
        Row i of the release is row ``released[i]`` of the original; None if that is not known.
    hierarchies : dict of str to Hierarchy
        How the released columns generalise those of the original.
    """

    drawn: NDArray[np.int64]
    released: NDArray[np.int64] | None
    hierarchies: Mapping[str, Hierarchy]

    def __repr__(self) -> str:
        return f"Origin({len(self.drawn)} rows drawn)"

    @classmethod
    def redrawn(cls, release: Release, original: Table, seed: int) -> Origin:
        """Repeat the draw that the manifest tells of, and see that it is the one.

        What a plan draws is a simple sample. Every released record must be one of those drawn,
        generalised.

        Raises
        ------
        InputError
            A release that was not sampled, or that another seed or another original made.
        """
        from niming.risk.attacks.encoding import encode
        from niming.risk.attacks.generalised import generalised
        from niming.sampling import simple
        from niming.tables.grouping import group

        drawing = release.sampling or {}
        n_drawn = drawing.get("n_drawn")
        if drawing.get("design") != "simple" or not isinstance(n_drawn, int):
            raise InputError(
                "the manifest tells of no simple sample, so there is no draw to repeat",
                hint="leave the seed out",
            )
        if not 1 <= n_drawn <= original.n_rows:
            raise InputError(
                f"{n_drawn} rows cannot have been drawn from an original of {original.n_rows}",
                hint="give the original that the release was made from",
            )
        sample = simple(original, n=n_drawn, seed=seed, weight=None)
        hierarchies = release.schema.hierarchies
        alike = generalised(
            {"released": read(release._data), "original": read(sample.table)}, hierarchies
        )
        shown = told(alike["released"], original)
        if shown:
            found = encode(alike, columns=shown)
            codes = np.concatenate([found["released"].codes, found["original"].codes])
            groups = group(codes, [c.n_values for c in found["released"].columns], lowest=MISSING)
            n, size = found["released"].n_rows, len(groups.first)
            mine = np.bincount(groups.group_of[:n], minlength=size)
            theirs = np.bincount(groups.group_of[n:], minlength=size)
            if (mine > theirs).any():
                raise InputError(
                    "the seed draws other records than the released ones",
                    hint="give the seed that the release was made with",
                )
        return cls(sample.positions, None, hierarchies)


def told(released: Table, original: Table) -> list[str]:
    """Return the released columns that say something of the original's: not those of ``*`` alone.

    Parameters
    ----------
    released, original : Table
    """
    columns = []
    for name in released.columns:
        values = count(released, [name]).categories[0].tolist()
        if name in original.columns and values != [ROOT]:
            columns.append(name)
    return columns
