"""`FullDomain`: globally optimal full-domain generalisation, as a scikit-learn transformer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.anonymize.lattice import Lattice
from niming.anonymize.loss import Aggregate, Loss
from niming.anonymize.models import KAnonymity, LDiversity, Model, TCloseness
from niming.anonymize.recoding import Recoding, Unseen
from niming.anonymize.search import Node, search
from niming.errors import InputError, UnsatisfiableError
from niming.tables import Classes, Counts, Hierarchy, Source, count
from niming.tables.rules import Texts

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["FullDomain"]


class FullDomain:
    """Generalise each quasi-identifier to one level, losing as little as the models allow.

    Classes that fail a model are suppressed whole, within a limit. Of all combinations of levels
    the one with the least loss is found, exactly.

    Parameters
    ----------
    quasi_identifiers : sequence of str
    hierarchies : mapping of str to Hierarchy
        One a quasi-identifier; others are ignored.
    k : int, 1 or more, default 5
        Smallest class size.
    models : sequence of KAnonymity, LDiversity and TCloseness, default ()
        Conditions beside `k`.
    max_suppression : float in [0, 1], default 0.04
        Share of the records that may be suppressed; ⌊share · n⌋ records.
    gs_factor : float in [0, 1], default 0.5
        As in `niming.anonymize.loss.Loss`: below 0.5 suppression costs less, above 0.5
        generalisation does.
    aggregate : {"geometric", "arithmetic", "maximum", "rank"}, default "geometric"
        How the losses of the columns become one.
    weights : mapping of str to float, optional
        Multiplies the loss of a column; 1 where not given.
    unseen : {"error", "suppress"}, default "error"
        What `transform` does with a value that its hierarchy lacks.
    max_nodes : int, default 1,000,000
        A larger lattice is refused rather than searched in part.
    progress : callable, optional
        Called with the share of the search that is done, from 0 to 1.

    Attributes
    ----------
    levels_ : dict of str to int
    loss_ : float in [0, 1]
        Of the whole table; `column_losses_` has it column by column.
    n_suppressed_, n_classes_ : int
        Records suppressed; classes kept.
    recoding_ : Recoding
        What `transform` does, as data.
    n_evaluated_ : int
        Nodes whose classes were looked at; bounds ruled out the others.

    Notes
    -----
    `transform` keeps every row: those of suppressed classes have ``*`` in every quasi-identifier.
    `apply` with ``drop_suppressed=True`` leaves them out, as a release may.

    Suppressed records are ``*`` in every quasi-identifier and so are a class of their own. Models
    are not asked of it: nothing is known about who is in it beyond the table itself.

    Equal losses are taken as equal within 1e-10; then the least suppression, then the lowest
    levels, then the first in order of the quasi-identifiers win.

    References
    ----------
    LeFevre, DeWitt, Ramakrishnan 2005, "Incognito: efficient full-domain k-anonymity",
    doi:10.1145/1066157.1066164. Kohlmayer, Prasser, Eckert, Kemper, Kuhn 2012, "Flash: efficient,
    stable and optimal k-anonymity", doi:10.1109/SocialCom-PASSAT.2012.52.

    Examples
    --------
    >>> table = {"age": [31, 34, 52, 58, 81], "town": ["A", "B", "A", "B", "C"]}
    >>> hierarchies = {"age": Hierarchy.intervals(0, 100, 10, 50),
    ...                "town": Hierarchy.from_dict({"north": ["A", "B"], "south": ["C"]})}
    >>> safe = FullDomain(["age", "town"], hierarchies, k=2, max_suppression=0.2).fit(table)
    >>> safe.levels_, safe.n_suppressed_, safe.n_classes_
    ({'age': 1, 'town': 1}, 1, 2)
    >>> safe.transform(table)["age"].to_pylist()
    ['[30, 40)', '[30, 40)', '[50, 60)', '[50, 60)', '*']
    """

    levels_: dict[str, int]
    loss_: float
    column_losses_: dict[str, float]
    n_suppressed_: int
    n_classes_: int
    n_evaluated_: int
    recoding_: Recoding

    def __init__(
        self,
        quasi_identifiers: Sequence[str],
        hierarchies: Mapping[str, Hierarchy],
        *,
        k: int = 5,
        models: Sequence[Model] = (),
        max_suppression: float = 0.04,
        gs_factor: float = 0.5,
        aggregate: Aggregate = "geometric",
        weights: Mapping[str, float] | None = None,
        unseen: Unseen = "error",
        max_nodes: int = 1_000_000,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        self.quasi_identifiers = quasi_identifiers
        self.hierarchies = hierarchies
        self.k = k
        self.models = models
        self.max_suppression = max_suppression
        self.gs_factor = gs_factor
        self.aggregate = aggregate
        self.weights = weights
        self.unseen = unseen
        self.max_nodes = max_nodes
        self.progress = progress

    def fit(self, X: Source, y: object = None) -> FullDomain:  # noqa: ARG002
        """Search the levels on the counts of a table.

        Parameters
        ----------
        X : table
            Anything that `niming.tables.read` takes, at least one row.
        y : ignored

        Raises
        ------
        InputError
            An argument out of its range, a lattice that is too large, a quasi-identifier that has
            no hierarchy, is missing in every row or is also sensitive.
        ColumnNotFoundError
            A column that the table does not have.
        HierarchyError
            Values that a hierarchy lacks (counted).
        UnsatisfiableError
            No node satisfies the models within the limit; the message has the best that can be
            reached.
        """
        columns, models = self._checked()
        sensitive = dict.fromkeys(c for m in models for c in m.columns)
        return self._fit(count(X, [*columns, *sensitive]), columns, models)

    def fit_counts(self, counts: Counts) -> FullDomain:
        """Search the levels on counts of the quasi-identifiers and sensitive columns."""
        columns, models = self._checked()
        sensitive = dict.fromkeys(c for m in models for c in m.columns)
        return self._fit(counts.select([*columns, *sensitive]), columns, models)

    def transform(self, X: Source) -> object:
        """Recode a table, all rows kept, in the type that came in; suppressed rows become ``*``."""
        return self._fitted().apply(X, unseen=self.unseen)

    def fit_transform(self, X: Source, y: object = None) -> object:
        """Fit, then transform the same table."""
        return self.fit(X, y).transform(X)

    def apply(self, table: Source, *, drop_suppressed: bool = False) -> object:
        """Recode a table, with or without the suppressed rows; see `Recoding.apply`."""
        return self._fitted().apply(table, drop_suppressed=drop_suppressed, unseen=self.unseen)

    def get_params(self, deep: bool = True) -> dict[str, object]:  # noqa: ARG002
        """Return the constructor's arguments, as scikit-learn's `clone` wants them."""
        return {name: getattr(self, name) for name in _PARAMETERS}

    def set_params(self, **params: object) -> FullDomain:
        """Set arguments of the constructor."""
        for name, value in params.items():
            if name not in _PARAMETERS:
                raise InputError(
                    f"FullDomain has no parameter {name!r}", hint="it has " + ", ".join(_PARAMETERS)
                )
            setattr(self, name, value)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "recoding_")

    def __sklearn_tags__(self) -> Tags:
        from sklearn.base import BaseEstimator, TransformerMixin

        class Tagged(TransformerMixin, BaseEstimator):  # type: ignore[misc]
            """Only its tags are of interest."""

        tags = Tagged().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.allow_nan = True
        tags.input_tags.two_d_array = False
        return tags

    def __repr__(self) -> str:
        columns = list(self.quasi_identifiers)
        fitted = f", levels={list(self.levels_.values())}" if hasattr(self, "levels_") else ""
        return f"FullDomain({columns}, k={self.k}{fitted})"

    def _fitted(self) -> Recoding:
        if not hasattr(self, "recoding_"):
            raise InputError("FullDomain is not fitted yet", hint="call fit(table) first")
        return self.recoding_

    def _checked(self) -> tuple[list[str], list[Model]]:
        """Check the arguments before any data are touched."""
        if isinstance(self.quasi_identifiers, str) or not len(self.quasi_identifiers):
            raise InputError(
                "no list of quasi-identifiers given",
                hint="name the columns that an outsider could know, such as ['age', 'district']",
            )
        columns = list(self.quasi_identifiers)
        if len(set(columns)) < len(columns):
            raise InputError("a quasi-identifier is named twice", hint="name each column once")
        if not 0 <= self.max_suppression <= 1:
            raise InputError(
                f"max_suppression is {self.max_suppression}",
                hint="it is a share of the records, between 0 and 1, such as 0.04",
            )
        models: list[Model] = [KAnonymity(self.k), *self.models]
        odd = [type(m).__name__ for m in models if not isinstance(m, Model)]
        if odd:
            raise InputError(
                f"{', '.join(odd)} is no privacy model",
                hint="models are KAnonymity, LDiversity and TCloseness",
            )
        both = [c for m in models for c in m.columns if c in columns]
        if both:
            raise InputError(
                f"{both[0]!r} is both quasi-identifier and sensitive",
                hint="within a class a quasi-identifier has one value: take it from one of the two",
            )
        Lattice.check(columns, self.hierarchies)
        return columns, models

    def _fit(self, counts: Counts, columns: list[str], models: list[Model]) -> FullDomain:
        n = counts.n_rows
        k = max(m.k for m in models if isinstance(m, KAnonymity))
        if k > n:
            raise UnsatisfiableError(
                f"k is {k}, but the table has {n} records",
                hint=f"no table of {n} records can have larger classes: lower k",
            )
        loss = Loss(self.gs_factor, self.aggregate, dict(self.weights or {}))
        lattice = Lattice.of(counts, columns, self.hierarchies)
        if lattice.n_nodes > self.max_nodes:
            raise InputError(
                f"the lattice has {lattice.n_nodes:,} nodes; the limit is {self.max_nodes:,}",
                hint="use hierarchies of fewer levels or fewer quasi-identifiers, or raise "
                "max_nodes and wait",
            )
        # 0.29 * 100 is 28.999…: the limit meant is 29.
        limit = int(np.floor(self.max_suppression * n + 1e-9))
        top = [a.n_levels - 1 for a in lattice.axes]
        at_top = lattice.generalise(top).classes(columns)
        for model in models:
            model.satisfied(at_top)  # says what is wrong with a sensitive column before the search
        node = search(lattice, models, limit=limit, loss=loss, progress=self.progress)
        if node is None:
            raise _unsatisfiable(at_top, models, limit)
        self._keep(lattice, columns, models, loss, node)
        return self

    def _keep(
        self,
        lattice: Lattice,
        columns: list[str],
        models: list[Model],
        loss: Loss,
        node: Node,
    ) -> None:
        """Take over the node, computed once more without the search's kernel."""
        generalised = lattice.generalise(node.levels)
        classes = generalised.classes(columns)
        good = np.ones(classes.n_classes, dtype=np.bool_)
        for model in models:
            good &= model.satisfied(classes)
        n_suppressed = int(classes.size[~good].sum())
        if n_suppressed != node.n_suppressed:
            raise RuntimeError(
                f"the search counted {node.n_suppressed} suppressed records, the check "
                f"{n_suppressed}: please report this"
            )
        losses = lattice.losses(node.levels, good[classes.class_of], loss)
        kept = classes.codes[good]
        labels: list[Texts] = []
        codes = np.empty_like(kept)
        for j, column in enumerate(columns):
            names = generalised.categories[generalised.position(column)]
            used = np.unique(kept[:, j][kept[:, j] >= 0])
            rank = np.full(len(names) + 1, -1, dtype=np.int32)  # the last entry is missing
            rank[used] = np.arange(len(used))
            codes[:, j] = rank[kept[:, j]]
            labels.append(names[used].astype(object))
        self.levels_ = dict(zip(columns, node.levels, strict=True))
        self.column_losses_ = dict(zip(columns, losses.tolist(), strict=True))
        self.loss_ = loss.total(losses * loss.weigh(columns))
        self.n_suppressed_ = n_suppressed
        self.n_classes_ = int(good.sum())
        self.n_evaluated_ = node.n_evaluated
        self.recoding_ = Recoding(
            columns=tuple(columns),
            hierarchies=tuple(self.hierarchies[c] for c in columns),
            levels=node.levels,
            labels=tuple(labels),
            kept=codes,
            n_rows=lattice.counts.n_rows,
            n_suppressed=n_suppressed,
        )


_PARAMETERS = tuple(inspect.signature(FullDomain.__init__).parameters)[1:]


def _unsatisfiable(classes: Classes, models: Sequence[Model], limit: int) -> UnsatisfiableError:
    """Say what can be reached within the limit where everything is generalised most."""
    size = classes.size
    share = limit / int(size.sum())
    told = []
    for model in models:
        if isinstance(model, KAnonymity):
            best = _best(size, size, limit)
            if best < model.k:
                told.append(f"k = {model.k} is asked, the best is k = {best:.0f}")
        elif isinstance(model, LDiversity):
            best = _best(model.measured(classes), size, limit)
            if best < model.l:
                told.append(
                    f"{model.kind} l = {model.l:g} of {model.sensitive!r} is asked, the best at "
                    f"the highest levels is l = {best:g}"
                )
        elif isinstance(model, TCloseness):
            best = -_best(-model.measured(classes), size, limit)
            if best > model.t:
                told.append(
                    f"t = {model.t:g} of {model.sensitive!r} is asked, the best at the highest "
                    f"levels is t = {best:.3g}"
                )
    what = "; ".join(told) or "each model can be reached, but not all at once"
    return UnsatisfiableError(
        f"no generalisation reaches the goal with at most {limit} records suppressed "
        f"({share:.1%}): {what}",
        hint="ask for less, allow more suppression, or add a level above to the hierarchies",
    )


def _best(values: NDArray[np.generic], size: NDArray[np.int64], limit: int) -> float:
    """Return the largest value that holds for all but `limit` records."""
    order = np.argsort(values)
    below = np.cumsum(size[order]) - size[order]  # records in classes of smaller value, or equal
    return float(values[order][np.flatnonzero(below <= limit)[-1]])
