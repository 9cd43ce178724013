"""Membership inference against a model: does it tell who was in its training data?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from niming.measure import JSON
from niming.risk.attacks.attack import check_attacks, generators
from niming.risk.attacks.roc import Roc
from niming.risk.attacks.statistics import normal_quantile
from niming.risk.attacks.telling import Telling
from niming.risk.models.by_heart import ByHeart
from niming.risk.models.records import Rows, Target, check_target, checked_model, paired
from niming.risk.models.sample import sample_of
from niming.risk.models.signals import Kind, kind_of, signal

__all__ = ["ModelMembership", "membership_loss"]

Method: TypeAlias = Literal["loss", "lira-online", "lira-offline"]

_SOURCE = {
    "loss": "Yeom et al. 2018, adversary 2; Carlini et al. 2022, section III",
    "lira-online": "Carlini et al. 2022, algorithm 1",
    "lira-offline": "Carlini et al. 2022, section V.C",
}
_SURE = 0.999  # level at which members are said to differ from others without the model


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class ModelMembership(Telling):
    """How well a model tells members from others, by `membership_loss` or `membership_lira`.

    Parameters
    ----------
    method : {"loss", "lira-online", "lira-offline"}
    model : str
        Kind of estimator.
    shows : {"probability", "margin", "label", "error", "density"}
        What of the model the attack reads.
    roc : Roc
        Scores of members and of equally many non-members.
    raw : Roc
        The same attack on a model that learnt the members by heart.
    blind : Roc
        Members told from non-members without the model: no better than a coin if both were drawn
        alike.
    seed : int
    confidence : float in (0, 1)
    n_shadows : int
        Models that the attacker trained; 0 for the loss.
    n_shadow_rows : int
        Rows that each of them was trained on.
    faults : tuple of str
        Further reasons to doubt the result.
    """

    method: Method
    model: str
    shows: Kind
    blind: Roc
    n_shadows: int = 0
    n_shadow_rows: int = 0

    @property
    def name(self) -> str:
        """Stem of the measures: ``membership`` for the loss, else ``lira``."""
        return "membership" if self.method == "loss" else "lira"

    @property
    def stem(self) -> str:
        """What the names of the measures begin with."""
        return f"models.{self.name}"

    @property
    def subject(self) -> str:
        """What attacked what, for titles and warnings."""
        return f"{self.method} on {self.model}"

    @property
    def source(self) -> str:
        """Where the attack is described."""
        return _SOURCE[self.method]

    @property
    def control(self) -> tuple[str, str]:
        """What the positive control is, and what it means if it fails."""
        return (
            "AUC of the same attack on a model that learnt the members by heart",
            "the attack does not even find the members of a model that lists them",
        )

    @property
    def without_power(self) -> tuple[str, ...]:
        """Why nothing can be read off the AUC, high or low; empty if something can."""
        if self.blind.interval(_SURE)[0] <= 0.5:
            return super().without_power
        apart = (
            "members can be told from non-members without the model (AUC "
            f"{self.blind.auc:.3f}): draw the hold-out at random from the same table"
        )
        return (*super().without_power, apart)

    def curves(self) -> Mapping[str, tuple[Roc, str]]:
        """Return what is drawn: label, then scores and colour."""
        return {
            "positive control: learnt by heart": (self.raw, "#999999"),
            "without the model": (self.blind, "#2e86ab"),
            "attack on the model": (self.roc, "#c0392b"),
        }

    def controls(self) -> tuple[tuple[str, float, str], ...]:
        """Return the AUC without the model."""
        return (("blind", self.blind.auc, "AUC of telling members from others without the model"),)

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the interval, how the attack was made, the seed and the doubts."""
        return {
            **super().to_dict(),
            "attack": self.method,
            "model": self.model,
            "shows": self.shows,
            "n_shadows": self.n_shadows,
            "n_shadow_rows": self.n_shadow_rows,
        }


def membership_loss(
    model: object,
    members: Rows,
    non_members: Rows,
    *,
    target: Target = None,
    n_attacks: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> ModelMembership:
    """Guess from the loss of a model on a record whether it was trained on that record.

    The attacker holds a person's full record with its true target, and may ask the model. What a
    model has learnt by heart it knows better than it should.

    Parameters
    ----------
    model : fitted scikit-learn estimator
        A classifier, regressor, outlier detector or density; a pipeline of these.
    members : table, ndarray, scipy sparse matrix or list of str
        Records that the model was trained on.
    non_members : like `members`
        Records of the same population that the model never saw.
    target : str, int, pair of arrays, or None
        Column of both tables that the model predicts (a name, or a position in an array), or
        the values for members and for non-members. None for models that predict nothing.
    n_attacks : int >= 1, default 2000
        Members attacked, drawn at random, and as many non-members; fewer if either has fewer.
    seed : int >= 0, default 0
        Same seed, same result.
    confidence : float in (0, 1), default 0.95

    Returns
    -------
    ModelMembership
        `auc` in [0, 1], `interval`, `true_positives(false_positive_rate)`, `positive_control`,
        `blind`, `reliable`, `reasons`.

    Raises
    ------
    ColumnNotFoundError
        A target that the tables do not have.
    InputError
        A model that was not fitted or shows nothing of a single record, records that it cannot
        take, no rows, or an argument out of range.

    Warns
    -----
    UnreliableWarning
        No better than a coin, fewer than 100 members, a positive control that fails, or members
        and non-members that differ without the model.

    Notes
    -----
    The score of a record is minus its loss, as `niming.risk.models.signals.signal` defines it:
    the cross-entropy where the model gives probabilities, the margin where it gives a decision
    function, 0 or 1 where it only gives labels, the squared error of a regressor. Yeom et al.
    compare the loss with its training average; the AUC is over all thresholds, and what matters
    is the share of members found at few false positives (Carlini et al.).

    One threshold for everybody misses people whose record is hard anyway; `membership_lira`
    judges each record by itself, at the cost of training models.

    Members and non-members are equally many. Cost is 2 · n_attacks predictions and a small
    forest.

    References
    ----------
    Yeom, Giacomelli, Fredrikson, Jha 2018, "Privacy risk in machine learning: analyzing the
    connection to overfitting", adversary 2, arXiv:1709.01604.
    Carlini et al. 2022, "Membership inference attacks from first principles", section III,
    arXiv:2112.03570.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> rng = np.random.default_rng(0)
    >>> rows, ill = rng.normal(size=(400, 3)), rng.integers(0, 2, 400)
    >>> model = DecisionTreeClassifier(random_state=0).fit(rows[:200], ill[:200])
    >>> found = membership_loss(model, rows[:200], rows[200:], target=(ill[:200], ill[200:]))
    >>> found.auc > 0.7, found.reliable  # half of the non-members are guessed right as well
    (True, True)
    """
    checked_model(model)
    check_attacks(n_attacks)
    normal_quantile(confidence)
    draw, judge = generators(seed, 2)
    kind = kind_of(model)
    one, other = paired(members, non_members, target)
    if kind != "density":
        check_target(one, other)
    sample = sample_of(one, other, n_attacks, draw, judge)
    held = ByHeart(one.keys(), one.target, kind)
    inside, outside = sample.members, sample.non_members
    return ModelMembership(
        method="loss",
        model=type(model).__name__,
        shows=kind,
        roc=Roc(signal(model, inside, kind).score, signal(model, outside, kind).score),
        raw=Roc(*(held.signal(r.keys(), r.target).score for r in (inside, outside))),
        blind=sample.blind,
        seed=seed,
        confidence=confidence,
        faults=sample.faults,
    ).told()
