"""Attribute inference: does a model tell what it was not asked to tell about a person?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from niming.errors import ColumnNotFoundError, InputError
from niming.measure import Measure
from niming.risk.attacks.attack import AttackResult, check_attacks, equal_rows, generators
from niming.risk.attacks.statistics import Trials, normal_quantile
from niming.risk.models.by_heart import ByHeart
from niming.risk.models.records import (
    Records,
    Rows,
    Target,
    check_target,
    checked_model,
    overlaps,
    paired,
)
from niming.risk.models.sample import OVERLAP
from niming.risk.models.signals import Kind, asked, class_places, kind_of, true_class

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["AttributeInference", "attribute_inference"]

_SOURCE = "Fredrikson et al. 2014, algorithm 1; Yeom et al. 2018, experiment 2"
_MOST_VALUES = 50  # candidates: more than these are a number, or nothing to be guessed
_FEW_VALUES = 20  # a number with no more values than these is taken as a category
_LEAST = 1e-12


@dataclass(frozen=True, repr=False, eq=False)
class AttributeInference(AttackResult):
    """How often a model gives an attribute away, made by `attribute_inference`.

    Parameters
    ----------
    name : str
        ``"attribute"``, the stem of the measures.
    attack : Trials
        Against members.
    naive : Trials
        Naming the most frequent value, of the same members.
    held_out : Trials or None
        The attack against as many non-members.
    raw : Trials
        The attack on a model that learnt the members by heart.
    n_rows : int
        Rows of the smaller table.
    seed : int
    confidence : float in (0, 1)
    columns : tuple of str
        What the attacker knows.
    about : str
        The attribute that was guessed.
    faults : tuple of str
        Further reasons to doubt the result.
    settings : mapping
        The kind of model, what it shows, and how many values were tried.
    reference : str
    """

    def measures(self) -> tuple[Measure, ...]:
        """Return the risk, its upper end, and the four rates; no risk where it is unreliable."""
        words = {
            "baseline": "share found by naming the most frequent value",
            "control": "share found of people whom the model was not trained on",
            "positive_control": "share found with a model that learnt the members by heart",
        }
        renamed = []
        for measure in super().measures():
            name = measure.name.replace("attacks.", "models.", 1)
            part = name.removeprefix(f"models.{self.name}.").partition("[")[0]
            definition = words.get(part, measure.definition)
            renamed.append(replace(measure, name=name, definition=definition))
        return tuple(renamed)

    def __repr__(self) -> str:
        return super().__repr__().replace("AttackResult(", "AttributeInference(", 1)

    def plot(self) -> Figure:
        """Draw the four rates with their confidence intervals.

        Returns
        -------
        matplotlib.figure.Figure
        """
        figure = super().plot()
        names = [
            "positive control: learnt by heart",
            "baseline: the most frequent value",
            "control: people held out",
            "attack on the model",
        ]
        figure.axes[0].set_yticks(range(len(names)), names)
        return figure


def attribute_inference(
    model: object,
    members: Rows,
    non_members: Rows,
    *,
    attribute: str | int,
    target: Target = None,
    bounds: tuple[float, float] | None = None,
    n_bins: int = 10,
    n_attacks: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
    progress: Callable[[int, int], None] | None = None,
) -> AttributeInference:
    """Guess one attribute of a person from the model, the target and the other attributes.

    The attacker knows everything about a person but one attribute, and what the model should
    predict. They try each value and keep the one with which the model agrees best.

    Parameters
    ----------
    model : fitted scikit-learn estimator
        A classifier or regressor.
    members : table or ndarray
        Records that the model was trained on.
    non_members : like `members`
        Records of the same population that the model never saw: what is found of them as well is
        what the model knows of everybody.
    attribute : str or int
        Column to guess; a position in an array.
    target : str, int or pair of arrays
        As for `membership_loss`.
    bounds : (float, float), optional
        Smallest and largest value that a number can have, from public knowledge, not from the
        data. The guess is then one of `n_bins` equal bins. Needed for a number with more than 20
        distinct values.
    n_bins : int from 2 to 50, default 10
    n_attacks : int >= 1, default 2000
        Members attacked, drawn at random, and as many non-members; fewer if either has fewer.
    seed : int >= 0, default 0
        Same seed, same result.
    confidence : float in (0, 1), default 0.95
    progress : callable, optional
        Called with the number of values tried and the number of all.

    Returns
    -------
    AttributeInference
        `risk` in [0, 1], `risk_interval`, `rate`, `baseline`, `control`, `positive_control`,
        `reliable`, `reasons`.

    Raises
    ------
    ColumnNotFoundError
        An attribute or target that the tables do not have.
    InputError
        A model that is neither classifier nor regressor, a number without bounds, more than 50
        values, an attribute without any value or with one value only, or an argument out of
        range.

    Warns
    -----
    UnreliableWarning
        No better than naming the most frequent value, or fewer than 100 records.

    Notes
    -----
    The guess is argmax_v P(v) · P(y | x with v). P(v) is the share of v among the non-members,
    whom the attacker may know, with one record added to each value. P(y | ·) is what a
    classifier gives to the true class; where it shows labels only, the share of y among those
    for whom it predicts the same (of the non-members, one added: Fredrikson's confusion matrix);
    of a regressor the normal density at the residual, with the standard error of the non-members.
    Ties go to the more frequent value.

    People without the attribute are not attacked. A bin is tried with its middle, and the prior
    of what is outside the bounds counts at the nearest bin.

    The risk is what is found of members beyond non-members. A model that is right about everybody
    lets attributes be inferred that correlate with its target; that is what the data say about the
    world, not what the model keeps of its members, and `rate` beside `baseline` shows it.

    Cost is 2 · n_attacks predictions for each value.

    References
    ----------
    Fredrikson, Lantz, Jha, Lin, Page, Ristenpart 2014, "Privacy in pharmacogenetics", algorithm 1,
    USENIX Security.
    Yeom, Giacomelli, Fredrikson, Jha 2018, "Privacy risk in machine learning", section 4,
    arXiv:1709.01604.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> rng = np.random.default_rng(0)
    >>> rows = np.c_[rng.normal(size=600), rng.integers(0, 2, 600)]
    >>> ill = rng.integers(0, 2, 600)
    >>> model = DecisionTreeClassifier(random_state=0).fit(rows[:300], ill[:300])
    >>> found = attribute_inference(model, rows[:300], rows[300:], attribute=1,
    ...                             target=(ill[:300], ill[300:]))
    >>> found.rate > found.control, found.n_attacks
    (True, 300)
    """
    checked_model(model)
    check_attacks(n_attacks)
    normal_quantile(confidence)
    draw, _ = generators(seed, 2)
    kind = kind_of(model)
    if kind == "density":
        raise InputError(
            f"a {type(model).__name__} predicts no target to infer from",
            hint="classifiers and regressors can be attacked",
        )
    one, other = paired(members, non_members, target)
    check_target(one, other)
    candidates, place = _values(one, other, attribute, bounds, n_bins)
    mine, theirs = np.flatnonzero(place[0] >= 0), np.flatnonzero(place[1] >= 0)
    if not len(mine) or not len(theirs):
        raise InputError(f"{attribute!r} is missing in every record", hint="choose another")
    rows, others = equal_rows(len(mine), len(theirs), n_attacks, draw)
    prior = np.bincount(place[1][theirs], minlength=len(candidates)) + 1.0
    prior /= prior.sum()
    likely = _likelihood(model, kind, other)
    held = ByHeart(one.keys(), one.target, "error" if kind == "error" else "probability")
    sides = (
        (one.take(mine[rows]), place[0][mine[rows]]),
        (
            other.take(theirs[others]),
            place[1][theirs[others]],
        ),
    )
    score = [np.empty((len(candidates), len(rows))) for _ in sides]
    recalled = np.empty((len(candidates), len(rows)))
    for v, value in enumerate(candidates):
        for shown, (records, _) in zip(score, sides, strict=True):
            shown[v] = np.log(prior[v]) + likely(records.with_column(attribute, value))
        recalled[v] = np.log(prior[v]) + _by_heart(
            held, sides[0][0], attribute, value, sides[0][1] == v
        )
        if progress is not None:
            progress(v + 1, len(candidates))
    order = np.argsort(-prior, kind="stable")  # the first of equal scores is the more frequent
    found = [
        Trials(int(np.count_nonzero(order[shown[order].argmax(axis=0)] == truth)), len(rows))
        for shown, (_, truth) in zip([*score, recalled], [*sides, sides[0]], strict=True)
    ]
    frequent = Trials(int(np.count_nonzero(sides[0][1] == order[0])), len(rows))
    faults = (OVERLAP,) if overlaps(one, other) else ()
    result = AttributeInference(
        name="attribute",
        attack=found[0],
        naive=frequent,
        held_out=found[1],
        raw=found[2],
        n_rows=min(one.n_rows, other.n_rows),
        seed=seed,
        confidence=confidence,
        columns=tuple(str(c) for c in one.columns if c != attribute),
        about=str(attribute),
        faults=faults,
        settings={"model": type(model).__name__, "shows": kind, "n_values": len(candidates)},
        reference=_SOURCE,
    )
    result.told()
    return result


def _values(
    one: Records,
    other: Records,
    attribute: str | int,
    bounds: tuple[float, float] | None,
    n_bins: int,
) -> tuple[list[Any], tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return what can be guessed, and which of it holds for each record, -1 if it is missing."""
    import pandas as pd

    if isinstance(attribute, bool) or attribute not in one.columns:
        raise ColumnNotFoundError.among(
            [str(attribute)], [str(c) for c in one.columns], asked_by="attribute="
        )
    columns = [pd.Series(r.column(attribute)) for r in (one, other)]
    both = pd.concat(columns, ignore_index=True)
    if bounds is not None:
        low, high = bounds
        if not low < high:
            raise InputError("the bounds are not in order", hint="(smallest, largest)")
        if isinstance(n_bins, bool) or not 2 <= n_bins <= _MOST_VALUES:
            raise InputError(f"n_bins is {n_bins}", hint=f"from 2 to {_MOST_VALUES}")
        if not pd.api.types.is_numeric_dtype(both):
            raise InputError(f"{attribute!r} is not a number", hint="leave bounds= out")
        width = (high - low) / n_bins
        whole = pd.api.types.is_integer_dtype(both)
        middles = [low + (i + 0.5) * width for i in range(n_bins)]
        places = []
        for column in columns:
            numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
            known = ~np.isnan(numbers)
            bins = np.clip((np.where(known, numbers, low) - low) / width, 0, n_bins - 1)
            places.append(np.where(known, bins.astype(np.int64), -1))
        return [round(m) if whole else m for m in middles], (places[0], places[1])
    codes, values = pd.factorize(both, sort=False)
    if pd.api.types.is_numeric_dtype(both) and len(values) > _FEW_VALUES:
        raise InputError(
            f"{attribute!r} is a number with more than {_FEW_VALUES} distinct values",
            hint="give bounds=(smallest, largest) from public knowledge",
        )
    if not 2 <= len(values) <= _MOST_VALUES:
        raise InputError(
            f"{attribute!r} has {len(values)} distinct values, and there is nothing to guess",
            hint=f"an attribute with 2 to {_MOST_VALUES} values can be guessed",
        )
    split = one.n_rows
    return list(values), (codes[:split].astype(np.int64), codes[split:].astype(np.int64))


def _likelihood(
    model: Any, kind: Kind, others: Records
) -> Callable[[Records], NDArray[np.float64]]:
    """Return a function from records to the log-likelihood of their targets under the model."""
    if kind == "error":
        residual = asked(model, "predict", others).astype(np.float64) - others.truth
        spread = max(float(np.mean(residual**2)), _LEAST)

        def of_number(records: Records) -> NDArray[np.float64]:
            error = asked(model, "predict", records).astype(np.float64) - records.truth
            return np.asarray(-(error**2) / (2 * spread))

        return of_number
    if kind == "probability":

        def of_class(records: Records) -> NDArray[np.float64]:
            shown = asked(model, "predict_proba", records).astype(np.float64)
            return np.log(np.maximum(true_class(shown, records.truth, model.classes_), _LEAST))

        return of_class
    names = np.asarray(model.classes_)
    n = len(names)
    table = np.ones((n + 1, n))  # the last row is for targets that the model does not know
    truth, known = class_places(others.truth, names)
    said, _ = class_places(asked(model, "predict", others), names)
    np.add.at(table, (np.where(known, truth, n), said), 1.0)
    table = np.log(table / table.sum(axis=0))

    def of_label(records: Records) -> NDArray[np.float64]:
        truth, known = class_places(records.truth, names)
        said, _ = class_places(asked(model, "predict", records), names)
        return np.asarray(table[np.where(known, truth, n), said])

    return of_label


def _by_heart(
    held: ByHeart, own: Records, attribute: str | int, value: object, is_value: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the log-likelihood of the targets under a model that learnt the members by heart.

    Records that have the value keep their own, which in a bin is not its middle.
    """
    tried = own.with_column(attribute, value).keys()
    keys = np.where(is_value, own.keys(), tried)
    if held.kind == "error":
        spread = max(float(np.var(own.truth)), _LEAST)
        likely = np.maximum(held.signal(keys, own.truth).score / spread, np.log(_LEAST))
    else:
        likely = np.log(np.maximum(held.confidence(keys, own.truth), _LEAST))
    # It knows its records from others, of which it says nothing.
    return np.where(np.isin(keys, held.keys), likely, 2 * np.log(_LEAST))
