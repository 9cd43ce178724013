"""Equally many members and non-members, and whether they can be told apart without a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from niming.risk.attacks.attack import equal_rows
from niming.risk.attacks.roc import Roc
from niming.risk.models.records import Records, overlaps

__all__ = ["OVERLAP", "Sample", "sample_of"]

OVERLAP = "the non-members hold members: hold out people whom the model was not trained on"


@dataclass(frozen=True, eq=False, repr=False)
class Sample:
    """Equally many members and non-members, and what can be said of them without the model.

    Parameters
    ----------
    members, non_members : Records
    mine, theirs : ndarray of shape (n,), int64
        Their positions among all members and all non-members.
    blind : Roc
    faults : tuple of str
    """

    members: Records
    non_members: Records
    mine: NDArray[np.int64]
    theirs: NDArray[np.int64]
    blind: Roc
    faults: tuple[str, ...]


def sample_of(
    members: Records,
    non_members: Records,
    most: int,
    draw: np.random.Generator,
    judge: np.random.Generator,
) -> Sample:
    """Draw equally many members and non-members, and try to tell them apart without a model.

    Parameters
    ----------
    members, non_members : Records
    most : int
        Of each.
    draw, judge : numpy.random.Generator
        For the rows, and for the forest that tells them apart.

    Returns
    -------
    Sample

    Notes
    -----
    A forest of 30 trees on the attributes and the target; each record is judged by the trees that
    did not learn from it. What it finds is the difference of the two tables, which no attack on
    the model may claim (Das et al. 2024).

    References
    ----------
    Das, Zhang, Tramèr 2024, "Blind baselines beat membership inference attacks for foundation
    models", arXiv:2406.16201.
    """
    mine, theirs = equal_rows(members.n_rows, non_members.n_rows, most, draw)
    one, other = members.take(mine), non_members.take(theirs)
    faults = (OVERLAP,) if overlaps(members, non_members) else ()
    return Sample(one, other, mine, theirs, _blind(one, other, judge), faults)


def _blind(one: Records, other: Records, draw: np.random.Generator) -> Roc:
    from sklearn.ensemble import RandomForestClassifier

    rows = one.followed_by(other).numbers()
    inside = np.arange(rows.shape[0]) < one.n_rows
    if one.n_rows < 2:
        return Roc(np.zeros(one.n_rows), np.zeros(one.n_rows))
    forest = RandomForestClassifier(
        n_estimators=30,
        min_samples_leaf=5,
        oob_score=False,
        bootstrap=True,
        random_state=int(draw.integers(0, 2**31)),
    ).fit(rows, inside)
    score, voted = np.zeros(len(inside)), np.zeros(len(inside))
    for tree, drawn in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        out = np.ones(len(inside), dtype=bool)
        out[drawn] = False
        score[out] += tree.predict_proba(rows[out])[:, -1]
        voted[out] += 1
    score = np.divide(score, voted, out=np.full(len(inside), 0.5), where=voted > 0)
    return Roc(score[inside], score[~inside])
