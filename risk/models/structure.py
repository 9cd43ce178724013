"""Structural checks: what does a trained model carry along, without a single question asked?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import JSON, Measure, Result
from niming.risk.models.contents import Code, Fact, Unchecked, contents_of, n_parameters
from niming.risk.models.parts import parts_of
from niming.risk.models.records import Rows, checked_model, records_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Finding", "Structure", "structure"]

SMALLEST_GROUP = 5
"""People in a leaf, class, cluster or category at least: the rule min_samples_leaf >= 5 of the
SACRO-ML safe models (Jefferson et al. 2022)."""

LEAST_DOF = 10
"""Residual degrees of freedom at least (Ritchie 2019, default of ACRO)."""

_GROUPS: dict[Code, tuple[str, str]] = {
    "leaf": ("small-leaf", "leaves of fewer training records than the threshold"),
    "class": ("small-class", "classes of the target that too few records have"),
    "cluster": ("small-cluster", "clusters, with centres of their own, of too few records"),
    "category": ("rare-category", "values kept by name that too few records have"),
    "cell": ("small-cell", "counts kept of too few records"),
    "extreme": ("extreme-value", "smallest or largest values kept that too few records have"),
}
_SINGLE: dict[Code, str] = {
    "one-class-leaf": "leaves whose training records all have the same target",
    "stored-rows": "training records kept as they are",
    "row-values": "numbers kept that belong to one training record each",
    "no-bootstrap": "forests whose trees all see every record",
}
_SACRO = "Jefferson et al. 2022, GRAIMATTER green paper; SACRO-ML safe model rules"
_ACRO = "Ritchie 2019; default of ACRO"


@dataclass(frozen=True)
class Finding:
    """Something in a model that a threshold forbids.

    Parameters
    ----------
    code : str
        ``small-leaf``, ``one-class-leaf``, ``small-class``, ``small-cluster``, ``rare-category``,
        ``small-cell``, ``extreme-value``, ``stored-rows``, ``row-values``, ``no-bootstrap``,
        ``many-parameters`` or ``few-degrees-of-freedom``.
    path : str
        Where in the model, such as ``"model.preparation.encode"``.
    what : str
        In words, without values.
    count : int
        How many, or how large.
    threshold : int
        Against which it was judged.

    Examples
    --------
    >>> Finding("stored-rows", "model", "training records kept as they are", 300, 0).count
    300
    """

    code: str
    path: str
    what: str
    count: int
    threshold: int


@dataclass(frozen=True, repr=False, eq=False)
class Structure(Result):
    """What a model keeps, made by `structure`.

    Parameters
    ----------
    model : str
        Kind of estimator.
    facts : tuple of Fact
        One for each code and path.
    unchecked : tuple of Unchecked
        Parts that could not be looked into. They have not passed.
    n_parts : int
        Trained estimators in the model.
    n_rows : int or None
        Training records; None if they were not given.
    n_parameters : int or None
        Numbers that the predictors in the model learnt; None if it is not known of one of them.
    """

    model: str
    facts: tuple[Fact, ...]
    unchecked: tuple[Unchecked, ...]
    n_parts: int
    n_rows: int | None
    n_parameters: int | None

    def sizes(self, code: Code) -> NDArray[np.int64]:
        """Return the sizes of all groups of this kind, in all parts."""
        found = [f.sizes for f in self.facts if f.code == code and f.sizes is not None]
        return np.concatenate(found) if found else np.empty(0, dtype=np.int64)

    def amounts(self, code: Code) -> list[int]:
        """Return the numbers of this kind, one for each part that has it."""
        return [f.amount for f in self.facts if f.code == code and f.amount is not None]

    def findings(
        self, *, smallest_group: int = SMALLEST_GROUP, least_dof: int = LEAST_DOF
    ) -> tuple[Finding, ...]:
        """Judge what the model keeps.

        Parameters
        ----------
        smallest_group : int >= 1, default 5
            People in a leaf, class, cluster, category or cell at least.
        least_dof : int, default 10
            Residual degrees of freedom of a linear model at least.

        Returns
        -------
        tuple of Finding
            Empty if nothing was found; parts in `unchecked` have not passed all the same.

        Raises
        ------
        InputError
            A group size below 1.
        """
        if isinstance(smallest_group, bool) or smallest_group < 1:
            raise InputError(f"smallest_group is {smallest_group}", hint="at least 1")
        found = []
        for fact in self.facts:
            if fact.sizes is not None:
                code, words = _GROUPS[fact.code]
                small = int(np.count_nonzero(fact.sizes < smallest_group))
                if small:
                    what = (
                        f"{small} of {len(fact.sizes)} {words}; the smallest has {fact.sizes.min()}"
                    )
                    found.append(Finding(code, fact.path, what, small, smallest_group))
            elif fact.code == "dof":
                if fact.amount is not None and fact.amount < least_dof:
                    what = "records less parameters of a linear model"
                    code = "few-degrees-of-freedom"
                    found.append(Finding(code, fact.path, what, fact.amount, least_dof))
            elif fact.amount:
                found.append(Finding(fact.code, fact.path, _SINGLE[fact.code], fact.amount, 0))
        n = self.n_rows
        if n is not None and self.n_parameters is not None and self.n_parameters >= n:
            what = f"numbers learnt from {n} records"
            found.append(Finding("many-parameters", "model", what, self.n_parameters, n))
        return tuple(found)

    def measures(self) -> tuple[Measure, ...]:
        """Return the smallest groups, what is stored, the parameters, and what was not checked."""
        doubt = ""
        if self.unchecked:
            doubt = f"{len(self.unchecked)} parts could not be checked, and the others keep none"
        no_rows = "the training data were not given" if self.n_rows is None else ""
        dof = min(self.amounts("dof"), default=None)
        every = [self.sizes(c) for c in ("class", "cluster", "category", "cell", "extreme")]
        groups = np.concatenate(every)
        stored = max(self.amounts("stored-rows"), default=0)
        single = max(self.amounts("row-values"), default=0)
        rows: list[tuple[str, int | None, str, bool, str, str, str]] = [
            ("smallest_leaf", _least(self.sizes("leaf")), "records", True,
             "training records of the smallest leaf", _SACRO,
             doubt or "the model has no trees"),
            ("n_one_class_leaves", _total(self.amounts("one-class-leaf")), "leaves", False,
             "leaves whose training records all have the same target", _SACRO,
             doubt or "the model has no trees of classes or numbers"),
            ("smallest_group", _least(groups), "records", True,
             "training records of the rarest class, cluster, category, count or extreme kept",
             _SACRO, doubt or "the model keeps no groups"),
            ("n_stored_rows", stored if stored or not doubt else None, "records", False,
             "training records that a part keeps as they are, at most", _SACRO, doubt),
            ("n_row_values", single if single or not doubt else None, "numbers", False,
             "numbers that a part keeps of one training record each, at most", _SACRO, doubt),
            ("n_parameters", self.n_parameters, "numbers", False,
             "numbers that the predictors learnt", _SACRO,
             "there is a predictor whose parameters cannot be counted"),
            ("dof", dof, "degrees of freedom", True,
             "records less coefficients that are not 0 and intercepts, of a linear model", _ACRO,
             no_rows or "the model has no linear part"),
            ("n_unchecked", len(self.unchecked), "parts", False,
             "estimators in the model that could not be looked into", "counted", ""),
        ]  # fmt: skip
        return tuple(
            Measure(
                f"models.{name}", value, unit,
                (-math.inf if name == "dof" else 0, math.inf),
                "higher-is-safer" if safer else "lower-is-safer",
                definition, reference, reason if value is None else "",
            )
            for name, value, unit, safer, definition, reference, reason in rows
        )  # fmt: skip

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures and the parts that were not checked."""
        return {
            **super().to_dict(),
            "model": self.model,
            "n_parts": self.n_parts,
            "n_rows": self.n_rows,
            "unchecked": [{"path": u.path, "reason": u.reason} for u in self.unchecked],
        }

    def plot(self) -> Figure:
        """Draw how many leaves have how many training records.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish, said

        sizes = self.sizes("leaf")
        if not len(sizes):
            return said("the model has no leaves to draw")
        figure, axes = blank(6, 3)
        top = max(int(sizes.max()), 2)
        edges = np.unique(np.geomspace(1, top + 1, 24).astype(np.int64))
        axes.hist(np.maximum(sizes, 1), bins=(edges - 0.5).tolist(), color="#2e86ab")
        axes.set(xscale="log", xlabel="training records in the leaf", ylabel="leaves")
        axes.set_title(f"{len(sizes)} leaves of {self.model}, the smallest of {sizes.min()}")
        return finish(figure)


def structure(model: object, members: Rows | None = None, *, target: Any = None) -> Structure:
    """Look into a trained model for what it keeps of single people.

    Whoever holds the file of a model needs to ask it nothing: some kinds keep training records as
    they are, others keep groups of one.

    Parameters
    ----------
    model : fitted scikit-learn estimator
        Pipelines, searches, ensembles and other estimators of estimators are opened.
    members : table, ndarray, scipy sparse matrix or list of str, optional
        What the model was trained on, without the target. Rare categories, extremes and degrees
        of freedom cannot be checked without.
    target : array of shape (n_rows,), optional
        What it was trained to predict.

    Returns
    -------
    Structure
        `findings(smallest_group=5, least_dof=10)`, `unchecked`, `measures()`.

    Raises
    ------
    InputError
        A model that was not fitted, or members that it cannot take.

    Notes
    -----
    Groups of people of whom something is kept: the leaves of trees (records drawn, each counted
    once; of boosted trees too), the classes of Gaussian models, the clusters, the counts of naive
    Bayes models, the categories and words that encoders keep by name, the smallest and largest
    value that scalers and binnings keep. Records kept as they are: nearest neighbours, support
    vectors, Gaussian processes, kernel models, and whatever array in any attribute has rows that
    equal rows of `members`. Numbers of one record each: arrays as long as `members`, such as the
    labels of a clustering.

    A leaf of one class tells that class of everybody who falls into it (homogeneity). It is not
    asked of boosted trees, whose leaves hold corrections, nor of isolation forests.

    Degrees of freedom count coefficients that are not 0 (Zou, Hastie, Tibshirani 2007), those of
    all classes together, as SACRO-ML does; shrinkage leaves more of them than that.

    An estimator that is not scikit-learn's own is checked as the class it derives from and is
    listed as unchecked: it may keep anything. Functions within a model and estimators unknown
    here likewise. Nothing is ever passed because it could not be read.

    References
    ----------
    Jefferson et al. 2022, "GRAIMATTER green paper: recommendations for disclosure control of
    trained machine learning models from trusted research environments", doi:10.5281/zenodo.7089491.
    Ritchie 2019, "Analyzing the disclosure risk of regression coefficients", Transactions on Data
    Privacy 12.
    Zou, Hastie, Tibshirani 2007, "On the degrees of freedom of the lasso", Annals of Statistics 35.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> rows, ill = np.array([[34.0], [51.0], [58.0], [67.0]]), [0, 1, 0, 1]
    >>> found = structure(DecisionTreeClassifier().fit(rows, ill), rows, target=ill)
    >>> for finding in found.findings():
    ...     print(finding.code, finding.count)
    small-class 2
    small-leaf 4
    one-class-leaf 4
    many-parameters 10
    """
    checked_model(model)
    records = None if members is None else records_of(members, target, what="the members")
    rows = None if records is None else records.rows
    parts = parts_of(model, rows, None if records is None else records.target)
    facts: dict[tuple[Code, str], Fact] = {}
    unchecked: dict[str, str] = {}
    for part in parts:
        for found in contents_of(part):
            if isinstance(found, Unchecked):
                unchecked.setdefault(found.path, found.reason)
            else:
                key = found.code, found.path
                facts[key] = _merged(facts[key], found) if key in facts else found
    learnt = [n_parameters(part) for part in parts]
    counted = [n for n in learnt if n is not None]
    return Structure(
        model=type(model).__name__,
        facts=tuple(facts.values()),
        unchecked=tuple(Unchecked(path, reason) for path, reason in unchecked.items()),
        n_parts=len(parts),
        n_rows=None if records is None else records.n_rows,
        n_parameters=sum(counted) if len(counted) == len(learnt) else None,
    )


def _merged(one: Fact, other: Fact) -> Fact:
    """Return two facts of like parts, such as the trees of a forest, as one."""
    if one.sizes is not None and other.sizes is not None:
        return Fact(one.code, one.path, np.concatenate([one.sizes, other.sizes]))
    amounts = [a for a in (one.amount, other.amount) if a is not None]
    if one.code in ("stored-rows", "row-values"):  # of the same people, who count once
        return Fact(one.code, one.path, amount=max(amounts))
    if one.code == "dof":
        return Fact(one.code, one.path, amount=min(amounts))
    return Fact(one.code, one.path, amount=sum(amounts))


def _least(sizes: NDArray[np.int64]) -> int | None:
    return int(sizes.min()) if len(sizes) else None


def _total(amounts: list[int]) -> int | None:
    return sum(amounts) if amounts else None
