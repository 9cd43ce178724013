"""Train on the released table, test on real records, and the same from the original."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import Measure, Result
from niming.tables.counts import MISSING, Counts
from niming.tables.hierarchy import texts
from niming.tables.source import Table
from niming.utility.alignment import Alignment, numbers, read_numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from sklearn.pipeline import Pipeline

__all__ = ["Learning", "Rows", "holdout_rows", "learning"]

Rows: TypeAlias = Literal["unknown", "same", "fresh"] | Sequence[int] | NDArray[np.int64]
"""Where released rows come from; see `learning`."""

_LEAST = 30  # fewer rows to train or test on tell nothing of a model
_MODELS = ("boosting", "linear")


@dataclass(frozen=True, eq=False, repr=False)
class Learning(Result):
    """How well models trained on the release do on real records that were held out.

    Parameters
    ----------
    target : str
    metric : str
        ``AUC`` for two classes, ``macro-F1`` for more, ``R²`` for numbers.
    real_real, released_real : mapping of str to float
        A model each: trained on the original, trained on the release; both tested on the same
        held-out original records.
    chance : float
        What the metric gives without learning anything.
    n_train_real, n_train_released, n_test : int
        Records used, after sampling down to `max_rows`.
    overlap : float in [0, 1]
        Chance that a test record is also trained on, in both tables alike; 0 where it is known
        which original row each released row comes from.
    seed : int
    reason : str
        Why there are no numbers; empty otherwise.
    """

    target: str
    metric: str = ""
    real_real: Mapping[str, float] = field(default_factory=dict)
    released_real: Mapping[str, float] = field(default_factory=dict)
    chance: float = 0.0
    n_train_real: int = 0
    n_train_released: int = 0
    n_test: int = 0
    overlap: float = 0.0
    seed: int = 0
    reason: str = ""

    def measures(self) -> tuple[Measure, ...]:
        """Return both scores, their ratio and the skill retained; then each model's scores."""
        real = fmean(self.real_real.values()) if self.real_real else None
        released = fmean(self.released_real.values()) if self.released_real else None
        skill = None if real is None else real - self.chance
        learnt = "" if skill is None or skill > 0.01 else "the original does no better than chance"
        ratio = None if learnt or not real or released is None else released / real
        retained = (
            None if learnt or not skill or released is None else (released - self.chance) / skill
        )
        mean = "mean of the models"
        return (
            self._measure("released_real", released, f"trained on the release, {mean}"),
            self._measure("real_real", real, f"trained on the original, {mean}"),
            self._measure("ratio", ratio, "released_real / real_real", learnt),
            self._measure(
                "retained",
                retained,
                f"(released_real − {self.chance:.3g}) over real_real's",
                learnt,
            ),
            Measure(
                "utility.learning.overlap",
                None if self.reason else self.overlap,
                "probability",
                (0, 1),
                "lower-is-better",
                "chance that a test record is also trained on, in both tables alike",
                "niming, notes of utility.learning",
                self.reason,
            ),
            *(
                self._measure(f"{kind}[{model}]", scores[model], f"{words}, {model} alone")
                for kind, words, scores in (
                    ("released_real", "trained on the release", self.released_real),
                    ("real_real", "trained on the original", self.real_real),
                )
                for model in scores
            ),
        )

    def plot(self) -> Figure:
        """Draw each model's score, trained on the original and on the release, and chance.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish, said

        if self.reason or not self.real_real:
            return said(f"what can be learnt is not available: {self.reason or 'no models'}")
        models = list(self.real_real)
        places = np.arange(len(models))
        figure, axes = blank(6, 3.4)
        for shift, scores, words, colour in (
            (-0.2, self.real_real, "trained on the original", "#8fb8d0"),
            (0.2, self.released_real, "trained on the release", "#2e86ab"),
        ):
            heights = [scores[model] for model in models]
            bars = axes.bar(places + shift, heights, width=0.38, color=colour, label=words)
            axes.bar_label(bars, fmt="{:.3g}", fontsize=8)
        axes.axhline(self.chance, color="#c0392b", linestyle="--", linewidth=1, label="chance")
        axes.set_xticks(places, models)
        axes.set_ylabel(self.metric)
        axes.margins(y=0.12)
        axes.set_title(
            f"predicting {self.target}, on {self.n_test} held-out original records", fontsize=10
        )
        figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
        return finish(figure)

    def _measure(self, name: str, value: float | None, words: str, reason: str = "") -> Measure:
        reason = self.reason or reason
        sizes = (
            f"; {self.n_train_released} released and {self.n_train_real} original records to train"
            f" on, {self.n_test} held-out original records to test on, seed {self.seed}"
        )
        caution = (
            f"; each test record is trained on with a chance of {self.overlap:.2g}, in both tables "
            "alike: the scores are upper estimates, their ratio is not"
            if self.overlap
            else ""
        )
        score = name.startswith(("released", "real"))
        bounded = score and self.metric in ("AUC", "macro-F1")
        return Measure(
            f"utility.learning.{name}",
            None if reason else value,
            self.metric if score and self.metric else "ratio",
            (0, 1) if bounded else (-np.inf, np.inf),
            "higher-is-better",
            words + ("" if reason else sizes + caution),
            "train on released, test on real: Esteban, Hyland, Rätsch 2017, section 5",
            reason,
        )


def holdout_rows(
    n_rows: int, *, holdout: float = 0.3, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of the rows to train on and of those held out, both ascending.

    `learning` and `compare` hold out the same rows for the same numbers: whoever makes a release
    without them may say so with ``rows="fresh"``.

    Parameters
    ----------
    n_rows : int >= 0
        Rows of the original.
    holdout : float in [0, 1], default 0.3
        Part to hold out, rounded to whole rows.
    seed : int >= 0, default 0

    Returns
    -------
    train, test : ndarray of int64
        Together each of 0 … ``n_rows - 1`` once.

    Examples
    --------
    >>> train, test = holdout_rows(10)
    >>> len(train), len(test)
    (7, 3)
    """
    order = np.random.default_rng([seed, n_rows]).permutation(n_rows)
    n_test = round(n_rows * holdout)
    return np.sort(order[n_test:]), np.sort(order[:n_test])


def learning(
    original: Table,
    released: Table,
    target: str,
    counts: tuple[Mapping[str, Counts], Mapping[str, Counts]],
    alignments: Mapping[str, Alignment],
    *,
    rows: Rows = "unknown",
    weight: str | None = None,
    holdout: float = 0.3,
    max_rows: int = 20_000,
    seed: int = 0,
) -> Learning:
    """Train gradient boosting and a linear model on the release and test them on real records.

    Parameters
    ----------
    original, released : Table
    target : str
        Column to predict; it must be released ungeneralised.
    counts : (mapping, mapping)
        Counts of each column, original and released.
    alignments : mapping of str to Alignment
        Of the target and the features.
    rows : {"unknown", "same", "fresh"} or sequence of int, default "unknown"
        The original row of each released row: positions, ``"same"`` if row i is row i, or
        ``"fresh"`` if the release was made without the rows that `holdout_rows` holds out. With
        any of these no model sees a test record. ``"unknown"`` trains on all released rows; see
        the notes.
    weight : str, optional
        Column of the release with sampling weights.
    holdout : float in (0, 1), default 0.3
        Part of the original to test on.
    max_rows : int, default 20_000
        Most records to train on and to test on; drawn with `seed`, and the number is in the result.
    seed : int, default 0

    Returns
    -------
    Learning
        Without numbers and with the reason where the target cannot be learnt.

    Notes
    -----
    Held-out originals get the coarsening of the release: each value becomes the most specific
    released label that covers it, so that features agree; a label of a numeric column becomes the
    mean of the values it covers, a suppressed cell is missing. The baseline uses the original
    columns as they are.

    A release does not tell which rows it was made from, and must not. With ``rows="unknown"`` its
    rows are taken as drawn from all original rows, so a test record is trained on with the chance
    p = records trained on / records of the original. The baseline is then trained on test records
    with the same chance: both scores are flattered alike and their ratio compares like with like.
    Synthetic rows descend from nobody; for them this is too strict, and ``"fresh"`` is right.

    Two classes: area under the ROC curve; more: F1 averaged over classes;
    numeric targets with more than 20 values: R².

    Examples
    --------
    >>> from niming.tables import count, read
    >>> from niming.utility import align
    >>> table = read({"age": [34, 51, 34, 60], "income": ["low", "high", "low", "high"]})
    >>> counts = {c: count(table, [c]) for c in table.columns}
    >>> alignments = {c: align(counts[c], counts[c]) for c in table.columns}
    >>> learning(table, table, "income", (counts, counts), alignments).reason
    'fewer than 30 records to train or to test on'
    """
    n_train, n_test = _sizes(original.n_rows, holdout)
    if min(n_train, n_test, released.n_rows) < _LEAST:
        return Learning(target, reason=f"fewer than {_LEAST} records to train or to test on")
    train, test = holdout_rows(original.n_rows, holdout=holdout, seed=seed)
    usable = _at_most(_training_rows(rows, released.n_rows, original.n_rows, test), max_rows, seed)
    train = _at_most(train, max_rows, seed)
    overlap = 0.0
    if isinstance(rows, str) and rows == "unknown":
        overlap = min(1.0, len(usable) / original.n_rows)
        train = _mixed(train, test, overlap, seed)
    test = _at_most(test, max_rows, seed)
    features = [c for c in alignments if c != target]
    if not features:
        return Learning(target, reason="there is no other column to predict the target from")

    of_original, of_released = counts
    task = _Task.of(of_original[target])
    if task is None:
        return Learning(target, reason="the target has one value only")
    if task.cannot_read(of_released[target]):
        return Learning(target, reason="the target is generalised in the release")

    names = [*features, target]
    drawn = {
        "train": _encode(original, train, names, of_original),
        "test": _encode(original, test, names, of_original),
        "released": _encode(released, usable, names, of_released),
    }
    answer = {
        "train": task.answers(drawn["train"][target], of_original[target]),
        "test": task.answers(drawn["test"][target], of_original[target]),
        "released": task.answers(drawn["released"][target], of_released[target]),
    }
    weights = np.ones(len(usable)) if weight is None else _numbers_of(released, usable, weight)
    plain = [_plain(of_original[c], alignments[c]) for c in features]
    left = [c for c in features if len(of_released[c].categories[0])]
    if not left:
        return Learning(target, reason="every other column is suppressed or missing in the release")
    coarse = [_coarse(of_released[c], alignments[c]) for c in left]
    coarsened = [_coarsened(of_original[c], alignments[c]) for c in left]
    tables = {
        "train": _matrix(plain, drawn["train"]),
        "test": _matrix(plain, drawn["test"]),
        "released": _matrix(coarse, drawn["released"]),
        "coarse_test": _matrix(coarsened, drawn["test"]),
    }
    known = {part: ~np.isnan(y) for part, y in answer.items()}
    y = {part: answer[part][known[part]] for part in answer}
    if min(len(v) for v in y.values()) < _LEAST:
        return Learning(target, reason=f"fewer than {_LEAST} records with a known target")
    if task.metric != "R²" and any(len(np.unique(v)) < 2 for v in y.values()):
        return Learning(target, reason="one class only to train or to test on")

    def scores(part: str, test_part: str, plan: list[_Feature]) -> dict[str, float]:
        weight_here = weights[known[part]] if part == "released" else np.ones(len(y[part]))
        return {
            model: task.score(
                model,
                plan,
                tables[part][known[part]],
                y[part],
                weight_here,
                tables[test_part][known["test"]],
                y["test"],
                seed,
            )
            for model in _MODELS
        }

    return Learning(
        target=target,
        metric=task.metric,
        real_real=scores("train", "test", plain),
        released_real=scores("released", "coarse_test", coarse),
        chance=task.chance(y["test"]),
        n_train_real=len(y["train"]),
        n_train_released=len(y["released"]),
        n_test=len(y["test"]),
        overlap=overlap,
        seed=seed,
    )


@dataclass(frozen=True)
class _Feature:
    """How codes of one column become one column of the design matrix."""

    column: str
    values: NDArray[np.float64]  # what each code stands for: a number, or the code of a category
    categorical: bool

    def of(self, codes: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.append(self.values, np.nan)[np.where(codes < 0, -1, codes)]


@dataclass(frozen=True)
class _Task:
    """What is predicted, and how a prediction is scored."""

    metric: Literal["AUC", "macro-F1", "R²"]
    classes: NDArray[np.object_]

    @classmethod
    def of(cls, target: Counts) -> _Task | None:
        values = target.categories[0]
        if len(values) < 2:
            return None
        if values.dtype.kind in "iuf" and len(values) > 20:
            return cls("R²", np.array([], dtype=object))
        return cls("AUC" if len(values) == 2 else "macro-F1", texts(values))

    def cannot_read(self, released: Counts) -> bool:
        """Whether the released target has values that are neither classes nor numbers."""
        values = released.categories[0]
        if self.metric == "R²":
            return bool(np.isnan(read_numbers(values, np.dtype(np.float64))).any())
        return not set(texts(values)) <= set(self.classes)

    def answers(self, codes: NDArray[np.int64], target: Counts) -> NDArray[np.float64]:
        """Return the class or the number to predict of each row, NaN where missing."""
        if self.metric == "R²":
            values = read_numbers(target.categories[0], np.dtype(np.float64))
        else:
            place = {name: float(i) for i, name in enumerate(self.classes)}
            values = np.array([place[name] for name in texts(target.categories[0])])
        return np.append(values, np.nan)[np.where(codes < 0, -1, codes)]

    def chance(self, y: NDArray[np.float64]) -> float:
        """Return the score of a constant guess: 0.5, the largest class alone, or the mean."""
        if self.metric == "AUC":
            return 0.5
        if self.metric == "R²":
            return 0.0
        _, n = np.unique(y, return_counts=True)
        share = n.max() / n.sum()
        return float(2 * share / (1 + share) / len(n))

    def score(
        self,
        model: str,
        plan: Sequence[_Feature],
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        weight: NDArray[np.float64],
        x_test: NDArray[np.float64],
        y_test: NDArray[np.float64],
        seed: int,
    ) -> float:
        """Fit one model and return its score on the test records."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.metrics import f1_score, r2_score, roc_auc_score
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        estimator = _estimator(model, plan, regression=self.metric == "R²", seed=seed)
        name = estimator.steps[-1][0]
        # One thread: on a busy machine OpenMP's threads wait for each other a hundred times longer
        # than they work, and a second core gains little on this many rows.
        with threadpool_limits(limits=1), warnings.catch_warnings():
            # A solver that stops at its limit is still the same yardstick for both tables.
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(x, y, **{f"{name}__sample_weight": weight})
            if self.metric == "AUC":
                return float(roc_auc_score(y_test, estimator.predict_proba(x_test)[:, 1]))
            guess = estimator.predict(x_test)
        if self.metric == "R²":
            return float(r2_score(y_test, guess))
        labels = np.unique(y_test)
        return float(f1_score(y_test, guess, labels=labels, average="macro", zero_division=0))


def _estimator(model: str, plan: Sequence[_Feature], *, regression: bool, seed: int) -> Pipeline:
    """Build the pipeline of one model; columns of `plan` are numbers or category codes."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    categorical = [i for i, f in enumerate(plan) if f.categorical]
    numeric = [i for i, f in enumerate(plan) if not f.categorical]
    if model == "boosting":
        boosting = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
        small = [i for i in categorical if len(plan[i].values) <= 255]
        return Pipeline(
            [
                (
                    "boosting",
                    boosting(
                        max_iter=100,
                        early_stopping=False,
                        categorical_features=small or None,
                        random_state=seed,
                    ),
                )
            ]
        )
    encode = ColumnTransformer(
        [
            (
                "categories",
                OneHotEncoder(
                    handle_unknown="infrequent_if_exist", min_frequency=5, max_categories=200
                ),
                categorical,
            ),
            (
                "numbers",
                Pipeline(
                    [
                        ("fill", SimpleImputer(keep_empty_features=True)),
                        ("scale", StandardScaler()),
                    ]
                ),
                numeric,
            ),
        ]
    )
    linear = Ridge() if regression else LogisticRegression(max_iter=300)
    return Pipeline([("encode", encode), ("linear", linear)])


def _sizes(n_rows: int, holdout: float) -> tuple[int, int]:
    n_test = round(n_rows * holdout)
    return n_rows - n_test, n_test


def _training_rows(
    rows: Rows, n_released: int, n_original: int, test: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the released rows that may be trained on."""
    everything = np.arange(n_released)
    if isinstance(rows, str):
        if rows == "same":
            if n_released != n_original:
                raise InputError(
                    f'rows="same" needs as many released rows as original ones, not {n_released} '
                    f"and {n_original}",
                    hint="give the original position of each released row instead",
                )
            return np.setdiff1d(everything, test)
        if rows not in ("unknown", "fresh"):
            raise InputError('rows is "unknown", "same", "fresh" or positions')
        return everything
    positions = np.asarray(rows, dtype=np.int64)
    if positions.shape != (n_released,):
        raise InputError(
            f"rows has {positions.size} positions for {n_released} released rows",
            hint="one original position a released row",
        )
    if positions.size and not 0 <= positions.min() <= positions.max() < n_original:
        raise InputError(f"rows has positions outside the original's {n_original} rows")
    return everything[~np.isin(positions, test)]


def _mixed(
    train: NDArray[np.int64], test: NDArray[np.int64], chance: float, seed: int
) -> NDArray[np.int64]:
    """Return as many rows to train on, of which each test row is one with the given chance."""
    n_inside = min(round(chance * len(test)), len(train))
    kept = _at_most(train, len(train) - n_inside, seed)
    return np.sort(np.concatenate([kept, _at_most(test, n_inside, seed + 1)]))


def _at_most(positions: NDArray[np.int64], n: int, seed: int) -> NDArray[np.int64]:
    """Return at most `n` of `positions`: the same ones for equal positions, so both train alike."""
    if len(positions) <= n:
        return positions
    return np.sort(np.random.default_rng([seed, 1]).choice(positions, n, replace=False))


def _encode(
    table: Table,
    positions: NDArray[np.int64],
    columns: Sequence[str],
    counts: Mapping[str, Counts],
) -> dict[str, NDArray[np.int64]]:
    """Return the codes of the rows at ascending `positions`, a column each; -1 for missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts, start = [], 0
    for batch in table.batches(columns):
        low, high = np.searchsorted(positions, [start, start + batch.num_rows])
        parts.append(batch.take(pa.array(positions[low:high] - start)))
        start += batch.num_rows
    drawn = pa.Table.from_batches(parts)
    out = {}
    for column in columns:
        values = drawn[column]
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        # Suppressed cells and NaN are not among the categories, so they are missing here.
        known = pa.array(counts[column].categories[0], type=values.type)
        index = pc.fill_null(pc.index_in(values, value_set=known), MISSING)
        out[column] = index.to_numpy().astype(np.int64)
    return out


def _numbers_of(table: Table, positions: NDArray[np.int64], column: str) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = table.arrow([column])[column].to_numpy().astype(np.float64)
    return weights[positions]


def _matrix(
    plan: Sequence[_Feature], codes: Mapping[str, NDArray[np.int64]]
) -> NDArray[np.float64]:
    return np.column_stack([feature.of(codes[feature.column]) for feature in plan])


def _plain(counts: Counts, alignment: Alignment) -> _Feature:
    """Use the original values as they are, keyed by original codes."""
    values = numbers(counts.categories[0])
    if values is not None:
        return _Feature(alignment.column, values, categorical=False)
    size = len(counts.categories[0])
    return _Feature(alignment.column, np.arange(size, dtype=np.float64), categorical=True)


def _coarse(counts: Counts, alignment: Alignment) -> _Feature:
    """Use the released labels, numbers by the mean of what they cover, keyed by released codes."""
    if alignment.numeric:
        return _Feature(alignment.column, alignment.midpoint, categorical=False)
    size = len(counts.categories[0])
    return _Feature(alignment.column, np.arange(size, dtype=np.float64), categorical=True)


def _coarsened(counts: Counts, alignment: Alignment) -> _Feature:
    """Use what `_coarse` uses, keyed by original codes.

    A number that no released label covers stands for itself; another value is missing.
    """
    under = np.where(alignment.under >= 0, alignment.under, -1)
    own = numbers(counts.categories[0])
    if alignment.numeric and own is not None:
        values = np.where(under >= 0, np.append(alignment.midpoint, np.nan)[under], own)
        return _Feature(alignment.column, values, categorical=False)
    values = np.where(under >= 0, under.astype(np.float64), np.nan)
    return _Feature(alignment.column, values, categorical=True)
