"""What a model tells about one record: its loss, and a statistic that shadow models can judge."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.risk.models.records import Records

__all__ = [
    "FAILURES",
    "Kind",
    "Signal",
    "asked",
    "class_places",
    "kind_of",
    "of_confidence",
    "signal",
    "true_class",
]

Kind: TypeAlias = Literal["probability", "margin", "label", "error", "density"]
"""What a model shows: probabilities, distances to its boundary, labels, numbers, or densities."""

FAILURES = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RuntimeError)
"""What scikit-learn raises for input that it cannot take; its messages may quote cells."""

_LEAST = 1e-6  # a confidence nearer to 0 or 1 counts as this near, so that its logit is finite


class Signal(NamedTuple):
    """One number a record, twice.

    Attributes
    ----------
    score : ndarray of shape (n_rows,), float64
        Minus the loss: higher for what looks more like a member.
    statistic : ndarray of shape (n_rows,), float64
        Finite and roughly normal over models trained on different people.
    """

    score: NDArray[np.float64]
    statistic: NDArray[np.float64]


def kind_of(model: Any) -> Kind:
    """Return the most telling output that a model has.

    Parameters
    ----------
    model : fitted scikit-learn estimator

    Returns
    -------
    {"probability", "margin", "label", "error", "density"}

    Raises
    ------
    InputError
        A model that says nothing about a single record that could be compared, such as a
        transformer.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> kind_of(LinearRegression())
    'error'
    """
    from sklearn.base import is_classifier, is_regressor

    if is_classifier(model):
        if hasattr(model, "predict_proba"):
            return "probability"
        return "margin" if hasattr(model, "decision_function") else "label"
    if is_regressor(model):
        return "error"
    if hasattr(model, "score_samples"):
        return "density"
    raise InputError(
        f"a {type(model).__name__} gives no prediction of a record that could be compared",
        hint="classifiers, regressors and models with score_samples can be attacked",
    )


def signal(model: Any, records: Records, kind: Kind) -> Signal:
    """Return what a model tells about each record.

    Parameters
    ----------
    model : fitted scikit-learn estimator
    records : Records
        With the target, except for a density.
    kind : {"probability", "margin", "label", "error", "density"}
        As `kind_of` gives it.

    Returns
    -------
    Signal

    Raises
    ------
    InputError
        No target where one is needed, a target that is not a number for a regressor, or a model
        that cannot take the records.

    Notes
    -----
    ==============  =========================================  ==============================
    kind            loss                                       statistic
    ==============  =========================================  ==============================
    probability     cross-entropy, −ln p(y)                    ln p(y) − ln (1 − p(y))
    margin          minus the margin m                         m
    label           1 if the label is wrong, else 0            1 if it is right, else 0
    error           (y − f(x))²                                f(x) − y, with its sign
    density         −ln of the density, or what stands for it  that of the score
    ==============  =========================================  ==============================

    The margin is f_y − max f_c over the other classes c, and ±f(x) with two classes. A label that
    the model has never seen has probability 0. The logit is cut at ±ln 10⁶.

    References
    ----------
    Yeom et al. 2018, sections 2 and 3; Carlini et al. 2022, equation 5.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from niming.risk.models.records import records_of
    >>> rows = np.zeros((4, 1))
    >>> model = DummyClassifier().fit(rows, [0, 0, 0, 1])
    >>> signal(model, records_of(rows, [0, 0, 0, 1]), "probability").score.round(3).tolist()
    [-0.288, -0.288, -0.288, -1.386]
    """
    if kind == "density":
        density = asked(model, "score_samples", records).astype(np.float64)
        return Signal(density, density)
    target = records.truth
    if kind == "error":
        if not np.issubdtype(target.dtype, np.number):
            raise InputError("the target of a regressor is not a number", hint="check target=")
        residual = np.asarray(asked(model, "predict", records), dtype=np.float64) - target
        return Signal(-(residual**2), residual)
    if kind == "label":
        right = (np.asarray(asked(model, "predict", records)) == target).astype(np.float64)
        return Signal(right - 1, right)
    if kind == "margin":
        margin = _margin(asked(model, "decision_function", records), target, model.classes_)
        return Signal(margin, margin)
    shown = np.asarray(asked(model, "predict_proba", records), dtype=np.float64)
    return of_confidence(true_class(shown, target, model.classes_))


def of_confidence(own: NDArray[np.float64]) -> Signal:
    """Return the signal of the probabilities that a model gives to the true classes."""
    with np.errstate(divide="ignore"):
        score = np.log(own)
    held = np.clip(own, _LEAST, 1 - _LEAST)
    return Signal(score, np.log(held) - np.log1p(-held))


def true_class(
    shown: NDArray[np.float64], target: NDArray[Any], classes: NDArray[Any]
) -> NDArray[np.float64]:
    """Return the entry of each row that belongs to its true class, 0 for an unknown class."""
    place, known = class_places(target, classes)
    return np.where(known, shown[np.arange(len(target)), place], 0.0)


def _margin(shown: Any, target: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.float64]:
    values = np.asarray(shown, dtype=np.float64)
    place, known = class_places(target, classes)
    if values.ndim == 1:
        values = np.column_stack([-values, values])
        margin = values[np.arange(len(target)), place]
    else:
        rows = np.arange(len(target))
        own = values[rows, place]
        others = values.copy()
        others[rows, place] = -np.inf
        margin = own - others.max(axis=1)
    least = float(margin.min(initial=0.0))
    return np.where(known, margin, least)


def class_places(target: NDArray[Any], classes: Any) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return where each target stands among the classes, and whether it does."""
    names = np.asarray(classes)
    if isinstance(classes, list) or names.ndim != 1:
        raise InputError("the model predicts several columns", hint="attack one column at a time")
    index = {name: i for i, name in enumerate(names.tolist())}
    found = np.array([index.get(t, -1) for t in target.tolist()], dtype=np.int64)
    return np.maximum(found, 0), found >= 0


def asked(model: Any, method: str, records: Records) -> NDArray[Any]:
    # Raised outside of the except block, since the error held there may quote a cell.
    failure = ""
    try:
        answer = np.asarray(getattr(model, method)(records.rows))
    except FAILURES as error:
        failure = type(error).__name__
    if failure:
        raise InputError(
            f"{type(model).__name__}.{method} fails on the records with {failure}",
            hint="give the columns that the model was trained on, in the same order and type",
        )
    if np.issubdtype(answer.dtype, np.floating) and np.isnan(answer).any():
        raise InputError(f"{type(model).__name__}.{method} gives NaN", hint="check the model")
    if answer.ndim > 1 and method == "predict" and answer.shape[1] == 1:
        return answer[:, 0]
    if answer.ndim > 2 or (method == "predict" and answer.ndim == 2):
        raise InputError("the model predicts several columns", hint="attack one column at a time")
    return answer
