"""Membership inference against a model: does it tell who was in its training data?"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from niming.errors import UnreliableWarning
from niming.measure import JSON, Measure, Result
from niming.risk.attacks.attack import FEWEST_ROWS, check_attacks, generators
from niming.risk.attacks.membership import FALSE_POSITIVE_RATES
from niming.risk.attacks.roc import Roc
from niming.risk.attacks.statistics import Trials, normal_quantile
from niming.risk.models.by_heart import ByHeart
from niming.risk.models.records import Rows, Target, check_target, checked_model, paired
from niming.risk.models.sample import sample_of
from niming.risk.models.signals import Kind, kind_of, signal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ModelMembership", "membership_loss"]

Method: TypeAlias = Literal["loss", "lira-online", "lira-offline"]

_SOURCE = {
    "loss": "Yeom et al. 2018, adversary 2; Carlini et al. 2022, section III",
    "lira-online": "Carlini et al. 2022, algorithm 1",
    "lira-offline": "Carlini et al. 2022, section V.C",
}
_SURE = 0.999  # level at which members are said to differ from others without the model


@dataclass(frozen=True, repr=False, eq=False)
class ModelMembership(Result):
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
    roc: Roc
    raw: Roc
    blind: Roc
    seed: int
    confidence: float = 0.95
    n_shadows: int = 0
    n_shadow_rows: int = 0
    faults: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Stem of the measures: ``membership`` for the loss, else ``lira``."""
        return "membership" if self.method == "loss" else "lira"

    @property
    def n_attacks(self) -> int:
        """Number of members attacked, and of non-members."""
        return self.roc.n

    @property
    def auc(self) -> float:
        """Chance that a member looks more like one than a non-member does; ½ is a coin."""
        return self.roc.auc

    @property
    def interval(self) -> tuple[float, float]:
        """Confidence interval of `auc`."""
        return self.roc.interval(self.confidence)

    @property
    def baseline(self) -> float:
        """AUC of a coin."""
        return 0.5

    @property
    def positive_control(self) -> float:
        """AUC of the same attack on a model that learnt the members by heart."""
        return self.raw.auc

    def true_positives(self, false_positive_rate: float) -> Trials | None:
        """Return the members found where at most this share of non-members is taken for members.

        None where there are fewer non-members than one false positive takes.
        """
        rate = self.roc.true_positive_rate(false_positive_rate)
        return None if rate is None else Trials(round(rate * self.roc.n), self.roc.n)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the result must not be built upon; empty if it may be."""
        found = []
        if self.roc.n < FEWEST_ROWS:
            found.append(f"{self.roc.n} members were attacked, fewer than {FEWEST_ROWS}")
        if self.raw.interval(self.confidence)[0] <= 0.5:
            found.append("the attack does not even find the members of a model that lists them")
        if self.blind.interval(_SURE)[0] > 0.5:
            found.append(
                "members can be told from non-members without the model (AUC "
                f"{self.blind.auc:.3f}): draw the hold-out at random from the same table"
            )
        low, high = self.interval
        if low <= 0.5:
            found.append(
                f"an AUC in [{low:.3f}, {high:.3f}] is no better than a coin: this attack finds "
                "nothing, another may"
            )
        return (*found, *self.faults)

    @property
    def reliable(self) -> bool:
        """Whether the attack beats a coin, and could be judged at all."""
        return not self.reasons

    def told(self, *, stacklevel: int = 3) -> ModelMembership:
        """Return the result, and warn the caller of the attack if it is not reliable."""
        if not self.reliable:
            warnings.warn(
                f"{self.method} on {self.model}: {'; '.join(self.reasons)}",
                UnreliableWarning,
                stacklevel=stacklevel,
            )
        return self

    def measures(self) -> tuple[Measure, ...]:
        """Return AUC with its upper end, members found at few false positives, and controls."""
        level = f"{self.confidence:g}"
        rows: list[tuple[str, float | None, str, str]] = [
            ("auc", self.auc, "chance that a member scores above a non-member", ""),
            (
                "auc_upper",
                self.interval[1],
                f"upper end of the {level} confidence interval of the AUC",
                "",
            ),
        ]
        for rate in FALSE_POSITIVE_RATES:
            found = self.true_positives(rate)
            why = "" if found else f"needs {round(1 / rate)} non-members, there are {self.roc.n}"
            what = f"share of members found where {rate:g} of the non-members are taken for members"
            rows += [
                (f"tpr_at_fpr_{rate:g}", None if found is None else found.rate, what, why),
                (
                    f"tpr_at_fpr_{rate:g}_upper",
                    None if found is None else found.interval(self.confidence)[1],
                    f"upper end of its {level} confidence interval",
                    why,
                ),
            ]
        rows += [
            ("baseline", self.baseline, "AUC of a coin", ""),
            ("blind", self.blind.auc, "AUC of telling members from others without the model", ""),
            (
                "positive_control",
                self.positive_control,
                "AUC of the same attack on a model that learnt the members by heart",
                "",
            ),
        ]
        return tuple(
            Measure(
                f"models.{self.name}.{part}",
                value,
                "probability",
                (0, 1),
                "higher-is-better" if part == "positive_control" else "lower-is-safer",
                definition,
                _SOURCE[self.method],
                why,
            )
            for part, value, definition, why in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the interval, how the attack was made, the seed and the doubts."""
        return {
            **super().to_dict(),
            "attack": self.method,
            "model": self.model,
            "shows": self.shows,
            "n_attacks": self.n_attacks,
            "n_shadows": self.n_shadows,
            "n_shadow_rows": self.n_shadow_rows,
            "interval": list(self.interval),
            "confidence": self.confidence,
            "seed": self.seed,
            "reliable": self.reliable,
            "reasons": list(self.reasons),
        }

    def __repr__(self) -> str:
        low, high = self.interval
        doubt = "" if self.reliable else ", not reliable"
        return (
            f"ModelMembership({self.method} on {self.model}: auc={self.auc:.3f} "
            f"[{low:.3f}, {high:.3f}]{doubt},\n"
            f"    positive_control={self.positive_control:.3f}, n_attacks={self.n_attacks})"
        )

    def plot(self) -> Figure:
        """Draw the members found against the non-members taken for members, both on log scales.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish

        figure, axes = blank(5, 4.2)
        least = 1 / self.roc.n
        for roc, colour, label in (
            (self.raw, "#999999", "positive control: learnt by heart"),
            (self.blind, "#2e86ab", "without the model"),
            (self.roc, "#c0392b", "attack on the model"),
        ):
            false, true = roc.curve()
            axes.plot(np.maximum(false, least), np.maximum(true, least), color=colour, label=label)
        line = np.geomspace(least, 1, 50) if self.roc.n > 1 else np.ones(1)
        axes.plot(line, line, "--", color="#555555", linewidth=1, label="a coin")
        axes.set(
            xscale="log", yscale="log", xlim=(min(least, 0.5), 1), ylim=(min(least, 0.5), 1.05),
            xlabel="non-members taken for members", ylabel="members found",
        )  # fmt: skip
        low, high = self.interval
        doubt = "" if self.reliable else " (not reliable)"
        axes.set_title(
            f"{self.method} on {self.model}: AUC {self.auc:.3f} [{low:.3f}, {high:.3f}]{doubt}",
            fontsize=10,
        )
        axes.legend(frameon=False, fontsize=8, loc="lower right")
        return finish(figure)


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
