"""The estimators within an estimator, each with the training data as it reached them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

__all__ = ["Part", "is_own", "parts_of"]

_SAMPLED = frozenset(
    {"CalibratedClassifierCV", "BaggingClassifier", "BaggingRegressor", "RANSACRegressor",
     "SelfTrainingClassifier", "OneVsOneClassifier", "AdaBoostClassifier", "AdaBoostRegressor"}
)  # fmt: skip
"""Estimators whose parts may be trained on a part of the rows, or on drawn rows."""

_RECODED = frozenset(
    {"OneVsRestClassifier", "OneVsOneClassifier", "OutputCodeClassifier", "ClassifierChain",
     "MultiOutputClassifier", "MultiOutputRegressor", "RegressorChain", "SelfTrainingClassifier",
     "TransformedTargetRegressor", "GradientBoostingClassifier", "GradientBoostingRegressor",
     "IsolationForest", "RandomTreesEmbedding", "AdaBoostRegressor"}
)  # fmt: skip
"""Estimators that train their parts on another target than their own."""

_FITTED_IN_PLACE = {
    "FrozenEstimator": ("estimator",),
    "SelectFromModel": ("estimator",),
}
"""Parameters, not attributes, that hold a trained estimator."""


@dataclass(frozen=True, eq=False)
class Part:
    """One trained estimator.

    Parameters
    ----------
    path : str
        Such as ``"model.preparation.encode"``; members of a list are ``[*]``.
    estimator : object
    rows : object or None
        What it was trained on; None where that is not known.
    target : ndarray or None
    parent : str
        Class of the estimator around it.
    whole : bool
        Whether it was trained on all of the rows.
    """

    path: str
    estimator: Any
    rows: Any = None
    target: Any = None
    parent: str = ""
    whole: bool = True

    @property
    def kind(self) -> str:
        """Name of its class."""
        return type(self.estimator).__name__

    @property
    def n_rows(self) -> int | None:
        """Rows it was trained on, or at most; None where that is not known."""
        if self.rows is None:
            return None
        return int(self.rows.shape[0]) if hasattr(self.rows, "shape") else len(self.rows)


def is_own(estimator: object) -> bool:
    """Return whether the class is scikit-learn's own, so that what it keeps is known.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> is_own(Ridge()), is_own(type("Mine", (Ridge,), {})())
    (True, False)
    """
    return type(estimator).__module__.partition(".")[0] == "sklearn"


def parts_of(model: object, rows: object = None, target: object = None) -> list[Part]:
    """Return a model and every trained estimator within it, outermost first.

    Parameters
    ----------
    model : fitted scikit-learn estimator
    rows, target : optional
        What it was trained on. Pipelines and column transformers pass it on, transformed.

    Returns
    -------
    list of Part

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> made = make_pipeline(StandardScaler(), Ridge()).fit([[1.0], [2.0], [4.0]], [1, 2, 3])
    >>> [part.path for part in parts_of(made)]
    ['model', 'model.standardscaler', 'model.ridge']
    """
    found: list[Part] = []
    seen: set[int] = set()
    waiting = [Part("model", model, rows, target)]
    while waiting:
        part = waiting.pop(0)
        if id(part.estimator) in seen or not _is_fitted(part.estimator):
            continue
        seen.add(id(part.estimator))
        found.append(part)
        waiting[:0] = list(_within(part))
    return found


def _within(part: Part) -> Iterator[Part]:
    kind, estimator = part.kind, part.estimator
    inner = replace(
        part,
        parent=kind,
        target=None if kind in _RECODED else part.target,
        whole=part.whole and kind not in _SAMPLED,
    )
    if kind == "Pipeline" and is_own(estimator):
        yield from _steps(inner)
    elif kind == "ColumnTransformer" and is_own(estimator):
        yield from _columns(inner)
    elif kind == "FeatureUnion" and is_own(estimator):
        for name, step in estimator.transformer_list:
            yield from _as_part(inner, name, step, part.rows)
    else:
        yield from _attributes(inner, part.target)


def _steps(part: Part) -> Iterator[Part]:
    rows = part.rows
    for name, step in part.estimator.steps:
        yield from _as_part(part, name, step, rows)
        if rows is not None and hasattr(step, "transform"):
            rows = step.transform(rows)


def _columns(part: Part) -> Iterator[Part]:
    from sklearn.utils import _safe_indexing

    for name, step, columns in part.estimator.transformers_:
        rows = None if part.rows is None else _safe_indexing(part.rows, columns, axis=1)
        yield from _as_part(part, name, step, rows)


def _attributes(part: Part, target: Any) -> Iterator[Part]:
    """Yield the estimators that a trained one keeps in its attributes."""
    kept = _FITTED_IN_PLACE.get(part.kind, ())
    features = _own_columns(part)
    for name, value in vars(part.estimator).items():
        if name not in kept and (name.startswith("_") or not name.endswith("_")):
            continue
        for child, suffix in _nested(value):
            rows = part.rows if features else None
            if name == "final_estimator_" or not _fits(child, rows):
                rows = None
            encodes = type(child).__name__ in ("LabelEncoder", "LabelBinarizer")
            whose = replace(part, target=target) if encodes else part
            yield from _as_part(whose, name.rstrip("_") + suffix, child, rows)


def _own_columns(part: Part) -> bool:
    """Return whether the parts see the columns as they came, in their order."""
    drawn = getattr(part.estimator, "estimators_features_", None)
    if drawn is None:
        return True
    every = np.arange(part.estimator.n_features_in_)
    return all(np.array_equal(features, every) for features in drawn)


def _fits(estimator: Any, rows: Any) -> bool:
    wanted = getattr(estimator, "n_features_in_", None)
    shape = getattr(rows, "shape", None)
    return wanted is None or shape is None or (len(shape) == 2 and shape[1] == wanted)


def _nested(value: Any, suffix: str = "") -> Iterator[tuple[Any, str]]:
    from sklearn.base import BaseEstimator

    if isinstance(value, BaseEstimator):
        yield value, suffix
    elif isinstance(value, dict):
        for child in value.values():
            yield from _nested(child, "[*]")
    elif isinstance(value, (list, tuple)) or (
        isinstance(value, np.ndarray) and value.dtype == object
    ):
        for child in value.ravel() if isinstance(value, np.ndarray) else value:
            yield from _nested(child, "[*]")
    elif type(value).__name__ == "_CalibratedClassifier":
        yield from _nested(value.estimator, suffix + ".estimator")
        for calibrator in value.calibrators:
            yield from _nested(calibrator, suffix + ".calibrators[*]")


def _as_part(part: Part, name: str, step: Any, rows: Any) -> Iterator[Part]:
    if step is None or isinstance(step, str):  # "drop" and "passthrough"
        return
    calibrator = ".calibrators" in name  # sees what its classifier says, not the rows
    yield replace(
        part,
        path=f"{part.path}.{name}",
        estimator=step,
        rows=None if calibrator else rows,
        target=None if calibrator else part.target,
    )


def _is_fitted(estimator: Any) -> bool:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if not hasattr(estimator, "fit"):
        return False
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True
