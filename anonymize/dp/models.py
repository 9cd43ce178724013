"""Classifiers of diffprivlib under a `Budget`, with every public argument required.

diffprivlib and scikit-learn are loaded with this module, so `niming.anonymize.dp` loads it only
when one of the two names is used.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, cast

import diffprivlib
import numpy as np
from diffprivlib.models.logistic_regression import _logistic_regression_path
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning

from niming.anonymize.dp.budget import Budget, Event, Number, exact
from niming.anonymize.dp.samplers import discrete_laplace
from niming.errors import InputError, UnreliableWarning

__all__ = ["GaussianNB", "LogisticRegression"]

Matrix = NDArray[np.float64]


class LogisticRegression(diffprivlib.models.LogisticRegression):  # type: ignore[misc]
    """Logistic regression by objective perturbation, charged to a budget before the data are read.

    A scikit-learn classifier: ``fit``, ``predict``, ``predict_proba``, ``score``, usable in a
    Pipeline (but steps before it that learn from the data are not private: use public constants).

    Parameters
    ----------
    epsilon : number, above 0
        Charged by every fit.
    budget : Budget
        One that protects rows.
    data_norm : float, above 0
        Public bound on the Euclidean norm of a row; longer rows are scaled down to it.
    classes : sequence
        Public labels, at least 2; rows with another label are left out.
    C : float, above 0, default 1.0
        Inverse strength of the L2 penalty, on the intercept too.
    tol, fit_intercept, max_iter
        As in scikit-learn.

    Attributes
    ----------
    coef_, intercept_, classes_
        As in scikit-learn; `classes_` are the public labels, sorted.
    event_ : Event
        What the last fit was charged.

    Notes
    -----
    Neighbouring tables differ by one row more or less; it holds for one row changed, too. More than
    two classes are fitted one against the rest with epsilon shared out evenly.

    The proof needs rows of norm at most 1 and a penalty on every coefficient. diffprivlib 0.6.6
    takes the bound R where the determinant in the proof has R², and leaves the intercept without
    penalty. So it is given rows with a constant 1 appended, divided by S = sqrt(data_norm² + 1),
    with C S² for C and no intercept of its own: the same problem, in the form that is proved.

    The noise is drawn in floating point by diffprivlib from the operating system. Its low bits can
    tell more than epsilon allows (Mironov 2012), and the proof assumes the exact optimum, which
    L-BFGS only comes near: so the event says ``exact=False``, and coefficients should not leave
    the domain with more than a few digits. Counts and sums of this package have no such limit.

    References
    ----------
    Chaudhuri, Monteleoni, Sarwate 2011, "Differentially Private Empirical Risk Minimization", JMLR
    12, algorithm 2; Holohan et al. 2019, diffprivlib, arXiv:1907.02444.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> X = np.column_stack([y + rng.normal(0, 0.3, 2000), np.ones(2000)])
    >>> model = LogisticRegression(epsilon=5, budget=Budget(5), data_norm=2, classes=[0, 1])
    >>> bool(model.fit(X, y).score(X, y) > 0.9)
    True
    """

    def __init__(
        self,
        *,
        epsilon: Number,
        budget: Budget,
        data_norm: float,
        classes: Sequence[object],
        C: float = 1.0,
        tol: float = 1e-4,
        fit_intercept: bool = True,
        max_iter: int = 100,
    ) -> None:
        super().__init__(
            data_norm=data_norm, C=C, tol=tol, fit_intercept=fit_intercept, max_iter=max_iter
        )
        self.epsilon = epsilon
        self.budget = budget
        self.classes = classes

    def fit(self, X: ArrayLike, y: ArrayLike) -> LogisticRegression:
        """Charge the budget, then fit.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Numbers; a row with a missing or infinite one is left out.
        y : array-like of shape (n_rows,)

        Raises
        ------
        BudgetExceededError
            Before the data are touched.
        InputError
            Wrong arguments, before the data are touched and for free; data that are no numbers, or
            no rows left, after the charge.
        """
        labels = _labels(self.classes)
        _positive(self.data_norm, "data_norm")
        _positive(self.C, "C")
        event = _event("logistic-regression", "objective-perturbation", self.epsilon)
        self.event_ = self.budget.spend(event)
        rows, codes = _rows(X, y, labels)
        self.n_features_in_ = rows.shape[1]
        rows = self._clip_to_norm(rows, float(self.data_norm))
        scale = float(self.data_norm)
        if self.fit_intercept:
            rows = np.column_stack([rows, np.ones(len(rows))])
            scale = float(np.hypot(scale, 1.0))
        positives = [1] if len(labels) == 2 else range(len(labels))
        share = float(event.epsilon / len(positives))
        fits = []
        with warnings.catch_warnings():
            warnings.simplefilter("error", diffprivlib.utils.PrivacyLeakWarning)
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", DeprecationWarning)  # of an option that it gives SciPy
            for positive in positives:
                fits.append(
                    _logistic_regression_path(
                        rows / scale, codes, epsilon=share, data_norm=1.0, pos_class=positive,
                        Cs=[self.C * scale**2], fit_intercept=False, max_iter=self.max_iter,
                        tol=self.tol, check_input=False,
                    )
                )  # fmt: skip
        weights = np.array([coefs[0] for coefs, _, _ in fits]) / scale
        self.classes_ = labels
        self.coef_ = weights[:, : self.n_features_in_]
        self.intercept_ = weights[:, -1] if self.fit_intercept else np.zeros(len(weights))
        if any(n[0] >= self.max_iter for _, _, n in fits):
            warnings.warn(
                "the optimum was not reached, and the guarantee assumes it: raise max_iter",
                UnreliableWarning,
                stacklevel=2,
            )
        return self


class GaussianNB(diffprivlib.models.GaussianNB):  # type: ignore[misc]
    """Gaussian naive Bayes with noisy counts, means and variances, charged before it reads data.

    A scikit-learn classifier, as `LogisticRegression` here.

    Parameters
    ----------
    epsilon : number, above 0
        Charged by every fit; a third each for counts, means and variances.
    budget : Budget
        One that protects rows.
    bounds : (array-like, array-like)
        Public lower and upper bounds, a number or one a feature; values outside count as these.
    classes : sequence
        Public labels, at least 2; rows with another label are left out.
    priors : array-like of shape (n_classes,), optional
        Public; without them they follow the noisy counts.
    var_smoothing : float, default 1e-9
        Added to every variance.

    Attributes
    ----------
    theta_, var_, class_prior_, class_count_, classes_
        As in scikit-learn; the counts are noisy.
    event_ : Event
        What the last fit was charged.

    Notes
    -----
    Neighbouring tables differ by one row more or less. Two things of diffprivlib 0.6.6 are done
    otherwise, since they do not hold for this relation: its class counts are made to sum to the
    true number of rows, and its means take upper - lower for the sensitivity of a sum, which is
    right only if one bound is 0. Here counts have exact discrete Laplace noise and are not made to
    sum to anything, and values are shifted by the lower bound first. A class without rows gets a
    noisy count like any other, at least 1.

    Means and variances have the floating-point noise of diffprivlib, drawn from the operating
    system; see `LogisticRegression` for what that limits.

    References
    ----------
    Vaidya, Shafiq, Basu, Hong 2013, "Differentially Private Naive Bayes Classification", WI-IAT,
    section IV; Holohan et al. 2019, arXiv:1907.02444.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> X = np.column_stack([y + rng.normal(0, 0.3, 2000), rng.normal(0, 1, 2000)])
    >>> model = GaussianNB(epsilon=5, budget=Budget(5), bounds=(-3, 3), classes=[0, 1])
    >>> bool(model.fit(X, y).score(X, y) > 0.9)
    True
    """

    def __init__(
        self,
        *,
        epsilon: Number,
        budget: Budget,
        bounds: tuple[ArrayLike, ArrayLike],
        classes: Sequence[object],
        priors: ArrayLike | None = None,
        var_smoothing: float = 1e-9,
    ) -> None:
        super().__init__(bounds=bounds, priors=priors, var_smoothing=var_smoothing)
        self.epsilon = epsilon
        self.budget = budget
        self.classes = classes

    def fit(self, X: ArrayLike, y: ArrayLike) -> GaussianNB:
        """Charge the budget, then fit; parameters and errors as in `LogisticRegression.fit`."""
        labels = _labels(self.classes)
        lower, upper = _ordered(self.bounds)
        priors = None if self.priors is None else _priors(self.priors, len(labels))
        event = _event("gaussian-naive-bayes", "laplace", self.epsilon)
        self.event_ = self.budget.spend(event)
        rows, codes = _rows(X, y, labels)
        n_features = rows.shape[1]
        if lower.size not in (1, n_features) or upper.size not in (1, n_features):
            raise InputError(
                f"bounds are given for {max(lower.size, upper.size)} features, and the data have "
                f"{n_features}",
                hint="one number for all of them, or one a feature",
            )
        low, high = np.broadcast_to(lower, n_features), np.broadcast_to(upper, n_features)
        shifted = np.clip(rows, low, high) - low
        third = event.epsilon / 3
        noise = discrete_laplace(1 / third, len(labels)).tolist()
        counts = np.bincount(codes, minlength=len(labels))
        noisy = [max(1, int(c) + int(z)) for c, z in zip(counts, noise, strict=True)]
        # What diffprivlib's own method reads from the estimator.
        fitting = diffprivlib.models.GaussianNB(
            epsilon=float(event.epsilon), bounds=(np.zeros(n_features), high - low)
        )
        state: Any = np.random.mtrand._rand  # diffprivlib takes it for "the operating system"
        theta, var = np.empty((2, len(labels), n_features))
        with warnings.catch_warnings():
            warnings.simplefilter("error", diffprivlib.utils.PrivacyLeakWarning)
            for i, n in enumerate(noisy):
                theta[i], var[i] = fitting._update_mean_variance(
                    0, None, None, shifted[codes == i], random_state=state, n_noisy=n
                )
        self.n_features_in_ = n_features
        self.epsilon_ = self.var_smoothing
        self.classes_ = labels
        self.theta_, self.var_ = theta + low, var + self.var_smoothing
        self.class_count_ = np.array(noisy, dtype=np.float64)
        self.class_prior_ = (
            self.class_count_ / self.class_count_.sum() if priors is None else priors
        )
        return self

    def partial_fit(self, *_: object, **__: object) -> GaussianNB:
        """Refuse: what a second part may cost was not charged."""
        raise InputError("partial_fit is not offered under a budget", hint="call fit once")


def _event(query: str, mechanism: str, epsilon: Number) -> Event:
    return Event(query, mechanism, exact(epsilon, "epsilon"), exact=False)


def _labels(classes: Sequence[object]) -> NDArray[Any]:
    labels = np.unique(np.asarray(classes))
    if len(labels) < 2 or len(labels) < len(classes):
        raise InputError(
            "classes are fewer than 2 labels, or one is listed twice",
            hint="list the labels that exist, from public knowledge",
        )
    return labels


def _positive(value: float, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < np.inf:
        raise InputError(f"{name} is not a finite number above 0", hint="it is a public choice")


def _ordered(bounds: tuple[ArrayLike, ArrayLike]) -> tuple[Matrix, Matrix]:
    try:
        lower, upper = (np.atleast_1d(np.asarray(b, dtype=np.float64)) for b in bounds)
        below = bool(
            (lower < upper).all() and np.isfinite(lower).all() and np.isfinite(upper).all()
        )
    except (TypeError, ValueError):
        below = False
    if not below:
        raise InputError(
            "bounds are not a pair of finite lower and upper bounds, lower below upper",
            hint="bounds=(0, 100), or one number a feature; from public knowledge",
        )
    return lower, upper


def _priors(priors: ArrayLike, n_classes: int) -> Matrix:
    given = np.asarray(priors, dtype=np.float64)
    if given.shape != (n_classes,) or (given < 0).any() or not np.isclose(given.sum(), 1):
        raise InputError("priors are not one probability a class that sum to 1")
    return given


def _rows(
    X: ArrayLike,
    y: ArrayLike,
    labels: NDArray[Any],
) -> tuple[Matrix, NDArray[np.int64]]:
    """Return the complete rows with a public label, and the position of the label of each."""
    try:
        rows = np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            "the features are not all numbers",
            hint="encode categories by public lists, such as OneHotEncoder(categories=[…])",
        ) from None
    given = np.asarray(y).ravel()
    if rows.ndim != 2 or len(rows) != len(given):
        raise InputError(f"{rows.shape} features do not fit {len(given)} labels")
    codes = np.full(len(given), -1, dtype=np.int64)
    for i, label in enumerate(labels.tolist()):
        codes[cast("NDArray[np.bool_]", given == label)] = i
    kept = (codes >= 0) & np.isfinite(rows).all(axis=1)
    if not kept.any():
        raise InputError("no complete row with one of the classes", hint="check classes and types")
    return np.ascontiguousarray(rows[kept]), codes[kept]
