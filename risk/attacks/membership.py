"""Membership inference: does a release tell whether somebody's record went into making it?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import JSON
from niming.risk.attacks.attack import (
    Tables,
    check_attacks,
    equal_rows,
    generators,
)
from niming.risk.attacks.encoding import Encoded, encode
from niming.risk.attacks.neighbours import nearest
from niming.risk.attacks.roc import Roc
from niming.risk.attacks.statistics import normal_quantile
from niming.risk.attacks.telling import Telling
from niming.tables import Source

__all__ = ["Membership", "MembershipMethod", "membership"]

MembershipMethod: TypeAlias = Literal["distance", "density", "shadow"]

_SOURCE = {
    "distance": "Chen et al. 2020, section 4; Carlini et al. 2022, section III",
    "density": "van Breugel et al. 2023, equation 2; Carlini et al. 2022, section III",
    "shadow": "Stadler et al. 2022, section 4; Carlini et al. 2022, section III",
}


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Membership(Telling):
    """How well a release tells members from others, made by `membership` or `shadow_membership`.

    Parameters
    ----------
    method : {"distance", "density", "shadow"}
    roc : Roc
        Scores of members and of equally many non-members.
    raw : Roc
        The same attack on the original posing as the release.
    seed : int
    confidence : float in (0, 1)
    columns : tuple of str
        What was compared.
    n_shadows : int
        Releases that the attacker made to learn from; 0 for other methods.
    faults : tuple of str
        Further reasons to doubt the result, which the attack itself knows.
    """

    method: MembershipMethod
    columns: tuple[str, ...] = ()
    n_shadows: int = 0

    @property
    def name(self) -> str:
        """Name of the attack; the measures are called ``attacks.<name>.auc`` and so on."""
        return f"membership.{self.method}"

    @property
    def stem(self) -> str:
        """What the names of the measures begin with."""
        return f"attacks.{self.name}"

    @property
    def subject(self) -> str:
        """What attacked what, for titles and warnings."""
        return f"membership by {self.method}"

    @property
    def source(self) -> str:
        """Where the attack is described."""
        return _SOURCE[self.method]

    @property
    def control(self) -> tuple[str, str]:
        """What the positive control is, and what it means if it fails."""
        return (
            "AUC of the attack on the original posing as the release",
            "the attack cannot even tell the members of the original itself",
        )

    def curves(self) -> Mapping[str, tuple[Roc, str]]:
        """Return what is drawn: label, then scores and colour."""
        return {
            "positive control: raw data": (self.raw, "#999999"),
            "attack on the release": (self.roc, "#c0392b"),
        }

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the interval, the number of attacks, the seed and the doubts."""
        return {
            **super().to_dict(),
            "attack": self.name,
            "columns": list(self.columns),
            "n_shadows": self.n_shadows,
        }


def membership(
    original: Source,
    released: Source,
    *,
    holdout: Source,
    auxiliary: Source | None = None,
    method: Literal["distance", "density"] = "distance",
    columns: Sequence[str] | None = None,
    n_attacks: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
    progress: Callable[[int, int], None] | None = None,
) -> Membership:
    """Guess from the release alone whose records it was made from.

    The attacker holds a person's full record and wants to know whether it was in the original: in
    a table of patients that is already the secret. Whoever is nearer to the release than the
    hold-out is, was more likely in.

    Parameters
    ----------
    original : table
        The records that the release was made from: the members.
    released : table
        Generalised or synthetic, with any number of rows.
    holdout : table
        Records of the same population that had no part in the release: the non-members.
    auxiliary : table, optional
        For ``"density"``: further records of the population that the attacker holds; none of
        them in `original` or `holdout`. Without it half of the hold-out serves.
    method : {"distance", "density"}, default "distance"
    columns : sequence of str, optional
        By default the columns of the release that all tables have.
    n_attacks : int >= 1, default 2000
        Members attacked, drawn at random, and as many non-members; fewer if either has fewer.
    seed : int >= 0, default 0
        Same seed, same result.
    confidence : float in (0, 1), default 0.95
    progress : callable, optional
        Called with the steps done and the number of steps.

    Returns
    -------
    Membership
        `auc` in [0, 1], `interval`, `true_positives(false_positive_rate)`, `positive_control`,
        `reliable`, `reasons`.

    Raises
    ------
    ColumnNotFoundError
        A column asked for that a table does not have.
    InputError
        A table without rows, no common columns, fewer than two rows of hold-out to share for
        ``"density"``, an auxiliary table for another method, fewer than one attack, a negative
        seed, or a confidence outside (0, 1).

    Warns
    -----
    UnreliableWarning
        No better than a coin, fewer than 100 members, or a positive control that fails.

    Notes
    -----
    A higher score is more of a member. With d_R(x) the distance of x to the nearest released
    record (`niming.risk.attacks.neighbours.nearest`) and d_A(x) to the nearest auxiliary one:

    - distance: −d_R(x)
    - density: ln(d_A(x) + ε) − ln(d_R(x) + ε), ε half the least distance above 0. It is the log of
      the ratio of two nearest-neighbour densities, up to a factor: records in sparse regions are
      far from everything, which the distance alone takes for absence.

    Members and non-members are equally many; unequal numbers bias what is compared. Nothing tells
    members from non-members that differ anyway: draw the hold-out at random from the same table
    before anything is made of it.

    An AUC averages over everybody; a release may betray a few for sure at an AUC of ½. Read the
    members found at a false positive rate of 0.001 and 0.01 beside it. Two or more identical
    records of which one is held out count against the attack.

    Cost is that of 4 searches (6 for density) of n_attacks neighbours.

    References
    ----------
    Chen, Yu, Zhang, Fritz 2020, "GAN-Leaks", section 4, arXiv:1909.03935.
    van Breugel, Sun, Qian, van der Schaar 2023, "Membership inference attacks against synthetic
    data through overfitting detection" (DOMIAS), equation 2, arXiv:2302.12580.
    Carlini et al. 2022, "Membership inference attacks from first principles", section III,
    arXiv:2112.03570.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> people = {"age": rng.normal(50, 9, 400), "pay": rng.normal(30, 5, 400)}
    >>> members = {name: values[:200] for name, values in people.items()}
    >>> others = {name: values[200:] for name, values in people.items()}
    >>> membership(members, members, holdout=others).auc  # the originals, released as they are
    1.0
    """
    if method not in ("distance", "density"):
        raise InputError(
            "method must be 'distance' or 'density'", hint="shadow_membership is the third"
        )
    if auxiliary is not None and method != "density":
        raise InputError("an auxiliary table is for method='density'", hint="leave it out")
    check_attacks(n_attacks)
    normal_quantile(confidence)
    draw, share = generators(seed, 2)
    tables = {"released": released, "original": original, "holdout": holdout}
    if auxiliary is not None:
        tables["auxiliary"] = auxiliary
    made = encode(tables, columns=columns)
    outside, beside = made["holdout"], made.get("auxiliary")
    if method == "density" and beside is None:
        if outside.n_rows < 2:
            raise InputError(
                "the hold-out has one row, which cannot be shared with the auxiliary table",
                hint="give an auxiliary table, or a larger hold-out",
            )
        order = share.permutation(outside.n_rows)
        beside = outside.take(order[outside.n_rows // 2 :])
        outside = outside.take(order[: outside.n_rows // 2])
    mine, theirs = equal_rows(made["original"].n_rows, outside.n_rows, n_attacks, draw)
    members, others = made["original"].take(mine), outside.take(theirs)
    scored = []
    for step, reference in enumerate((made["released"], made["original"])):
        if progress is not None:
            progress(step, 2)
        scored.append(_scored(members, others, reference, beside))
    if progress is not None:
        progress(2, 2)
    return Membership(
        method=method,
        roc=scored[0],
        raw=scored[1],
        seed=seed,
        confidence=confidence,
        columns=made["original"].names,
        faults=Tables(made["original"], made["released"], None).faults(),
    ).told()


def _scored(members: Encoded, others: Encoded, released: Encoded, auxiliary: Encoded | None) -> Roc:
    """Score members and others against a release, with an auxiliary table by density."""
    to_release = [_least(queries, released) for queries in (members, others)]
    if auxiliary is None:
        return Roc(-to_release[0], -to_release[1])
    to_others = [_least(queries, auxiliary) for queries in (members, others)]
    every = np.concatenate([*to_release, *to_others])
    above = every[every > 0]
    least = float(above.min()) / 2 if above.size else 1.0
    return Roc(
        *(np.log(a + least) - np.log(r + least) for a, r in zip(to_others, to_release, strict=True))
    )


def _least(queries: Encoded, reference: Encoded) -> NDArray[np.float64]:
    """Return the distance of each query to the nearest row of reference."""
    return nearest(queries, reference)[0][:, 0].astype(np.float64)
