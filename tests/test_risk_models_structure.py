"""What models keep: each check fires where it should, stays silent elsewhere, and opens nests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.impute import KNNImputer
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KernelDensity, KNeighborsClassifier, NearestCentroid
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from niming.errors import InputError
from niming.risk.models import Structure, structure
from niming.risk.models.parts import parts_of

CANARY = "canary-9902"
RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(300, 4))
TARGET = (ROWS[:, 0] + RNG.normal(size=300) > 0).astype(int)


def looked(model: Any) -> Structure:
    return structure(model.fit(ROWS, TARGET), ROWS, target=TARGET)


def codes(found: Structure, **thresholds: int) -> set[str]:
    return {finding.code for finding in found.findings(**thresholds)}


def value(found: Structure, name: str) -> float | int | None:
    return {m.name: m.value for m in found.measures()}[f"models.{name}"]


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        GaussianNB(),
        LinearDiscriminantAnalysis(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=20),
        CalibratedClassifierCV(LogisticRegression(), cv=2),
        OneVsRestClassifier(LogisticRegression()),
        BaggingClassifier(LogisticRegression(), n_estimators=2, random_state=0),
        VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())]),
        StackingClassifier([("a", LogisticRegression())], cv=2),
        GridSearchCV(LogisticRegression(), {"C": [1.0, 2.0]}, cv=2),
        MLPClassifier((3,), max_iter=300, tol=1e-2, random_state=0),
    ],
    ids=lambda m: type(m).__name__,
)
def test_models_of_averages_pass(model: Any) -> None:
    found = looked(model)
    assert found.findings() == ()
    assert [u for u in found.unchecked if u.path != "model.final_estimator"] == []
    assert value(found, "n_stored_rows") in (0, None)


@pytest.mark.parametrize(
    ("model", "n_stored"),
    [
        (KNeighborsClassifier(), 300),
        (GaussianProcessRegressor(), 40),
        (GaussianProcessClassifier(), 40),
        (KernelRidge(), 300),
        (KernelDensity(), 300),
        (make_pipeline(KNNImputer(), LogisticRegression()), 300),
        (SVC(), None),
        (SVC(kernel="linear"), None),
        (GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 2]}, cv=2), 300),
        (make_pipeline(make_union(StandardScaler()), SVC()), None),
    ],
    ids=lambda m: type(m).__name__,
)
def test_models_that_store_rows_are_found(model: Any, n_stored: int | None) -> None:
    n = n_stored or 300
    found = structure(model.fit(ROWS[:n], TARGET[:n]), ROWS[:n], target=TARGET[:n])
    assert "stored-rows" in codes(found)
    stored = value(found, "n_stored_rows")
    if n_stored is None:
        part = model[-1] if hasattr(model, "steps") else model
        n_stored = len(part.support_)
    assert stored == n_stored
    without = structure(model)
    assert value(without, "n_stored_rows") == n_stored


def test_rows_in_any_attribute_of_an_unknown_class_are_found() -> None:
    class Hoarder(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
        def fit(self, rows: Any, target: Any) -> Hoarder:
            self.classes_, self.kept_ = np.unique(target), {"some": [rows[::3]]}
            return self

    found = looked(Hoarder())
    assert value(found, "n_stored_rows") == 100
    assert [u.path for u in found.unchecked] == ["model"]
    assert value(found, "n_unchecked") == 1


def test_what_is_unknown_has_not_passed() -> None:
    class Mine(LogisticRegression):  # type: ignore[misc]
        pass

    found = looked(Mine())
    assert found.findings() == ()
    assert "not a class of scikit-learn" in found.unchecked[0].reason
    assert value(found, "n_stored_rows") is None
    assert value(found, "n_parameters") is None
    assert value(found, "dof") == 295
    step = make_pipeline(FunctionTransformer(np.abs), LogisticRegression())
    assert "function" in looked(step).unchecked[0].reason


def test_leaves_equal_a_count_of_the_records_in_them() -> None:
    tree = DecisionTreeClassifier(min_samples_leaf=3, random_state=0)
    found = looked(tree)
    leaf = tree.apply(ROWS)
    sizes = np.unique(leaf, return_counts=True)[1]
    assert sorted(found.sizes("leaf")) == sorted(sizes)
    pure = sum(len(set(TARGET[leaf == name])) == 1 for name in set(leaf))
    assert value(found, "n_one_class_leaves") == pure
    small = next(f for f in found.findings() if f.code == "small-leaf")
    assert (small.count, small.threshold, small.path) == (int(np.sum(sizes < 5)), 5, "model")
    assert value(found, "smallest_leaf") == 3
    assert "small-leaf" not in codes(found, smallest_group=3)


def test_leaves_of_ensembles_are_those_of_their_trees() -> None:
    forest = RandomForestClassifier(5, min_samples_leaf=5, random_state=0)
    found = looked(forest)
    expected = [
        int(n)
        for tree in forest.estimators_
        for n in tree.tree_.n_node_samples[tree.tree_.children_left < 0]
    ]
    assert sorted(found.sizes("leaf")) == sorted(expected)
    assert {f.path for f in found.facts if f.code == "leaf"} == {"model.estimators[*]"}
    boosted = HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=3, random_state=0)
    assert looked(boosted).sizes("leaf").sum() == 2 * 300
    for model in (
        GradientBoostingClassifier(n_estimators=3, random_state=0),
        IsolationForest(n_estimators=3, random_state=0),
    ):
        other = looked(model)
        assert "small-leaf" in codes(other)
        assert "one-class-leaf" not in codes(other)
        assert other.unchecked == ()


def test_a_forest_without_bootstrap_is_found() -> None:
    assert "no-bootstrap" in codes(looked(RandomForestClassifier(2, bootstrap=False)))
    assert "no-bootstrap" not in codes(looked(RandomForestClassifier(2)))


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        LinearSVC(),
        LinearDiscriminantAnalysis(),
        LinearDiscriminantAnalysis(solver="lsqr"),
        SVC(kernel="linear"),
    ],
    ids=repr,
)
def test_whatever_weighs_columns_is_a_linear_part(model: Any) -> None:
    assert value(looked(model), "dof") == 300 - 5
    few = structure(model.fit(ROWS[:12], TARGET[:12]), ROWS[:12], target=TARGET[:12])
    assert "few-degrees-of-freedom" in codes(few)


def test_sparse_weights_are_counted() -> None:
    model = LogisticRegression().fit(ROWS, TARGET).sparsify()
    assert value(structure(model, ROWS, target=TARGET), "dof") == 300 - 5
    machine = SVC(kernel="linear").fit(csr_matrix(ROWS), TARGET)
    assert value(structure(machine, csr_matrix(ROWS), target=TARGET), "dof") == 300 - 5


@pytest.mark.parametrize("model", [SVC(), GaussianNB(), MLPClassifier(max_iter=5000)], ids=repr)
def test_what_weighs_no_columns_has_no_linear_part(model: Any) -> None:
    found = {m.name: m for m in looked(model).measures()}["models.dof"]
    assert (found.value, found.reason) == (None, "the model has no linear part")


def test_degrees_of_freedom_and_parameters_are_counted() -> None:
    rows, target = ROWS[:12, :3], ROWS[:12, 3]
    found = structure(LinearRegression().fit(rows, target), rows, target=target)
    assert value(found, "dof") == 12 - 4
    assert value(found, "n_parameters") == 4
    assert codes(found) == {"few-degrees-of-freedom"}
    assert codes(found, least_dof=8) == set()
    empty = structure(Lasso(alpha=100).fit(rows, target), rows, target=target)
    assert value(empty, "dof") == 11  # the intercept alone
    assert value(structure(LinearRegression().fit(rows, target)), "dof") is None
    tree = DecisionTreeRegressor(random_state=0).fit(rows, target)
    leaves = tree.get_n_leaves()
    many = structure(tree, rows, target=target)
    assert value(many, "n_parameters") == 2 * (leaves - 1) + leaves
    assert "many-parameters" in codes(many)
    net = MLPClassifier((3,), max_iter=300, tol=1e-2, random_state=0)
    assert value(looked(net), "n_parameters") == 4 * 3 + 3 + 3 + 1


def test_small_classes_are_found() -> None:
    target = np.where(np.arange(300) < 3, 2, TARGET)
    for model in (GaussianNB(), NearestCentroid(), LinearDiscriminantAnalysis(),
                  LogisticRegression(), OneVsRestClassifier(LogisticRegression())):  # fmt: skip
        found = structure(model.fit(ROWS, target), ROWS, target=target)
        assert value(found, "smallest_group") == 3
        assert "small-class" in codes(found)
        assert "small-class" not in codes(found, smallest_group=3)
    counts = BernoulliNB().fit(ROWS > 2.2, TARGET)
    assert "small-cell" in codes(structure(counts, ROWS > 2.2, target=TARGET))


def test_clusters_of_one_are_found() -> None:
    rows = np.r_[ROWS, [[100.0, 100, 100, 100]]]
    found = structure(KMeans(2, n_init=1, random_state=0).fit(rows), rows)
    assert value(found, "smallest_group") == 1
    assert codes(found) == {"small-cluster", "stored-rows"}


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    town = np.where(np.arange(300) == 7, CANARY, rng.choice(["A", "B"], 300))
    return pd.DataFrame(
        {"town": town, "age": rng.integers(18, 90, 300), "sex": rng.integers(0, 2, 300)}
    )


def test_rare_categories_are_found_deep_within() -> None:
    rows = table()
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["town"]), ("drop", ["sex"]),
                                remainder="passthrough"),
        LogisticRegression(max_iter=2000),
    ).fit(rows, TARGET)  # fmt: skip
    found = structure(model, rows, target=TARGET)
    finding = next(f for f in found.findings() if f.code == "rare-category")
    assert finding.path == "model.columntransformer.onehotencoder"
    assert finding.count == 1
    assert CANARY not in repr(found.findings()) + str(found.to_dict()) + repr(found)
    assert found.unchecked == ()
    assert "needs the training data" in structure(model).unchecked[0].reason
    holes = rows.assign(town=rows["town"].where(np.arange(300) > 1))
    encoder = OrdinalEncoder().fit(holes[["town"]])
    assert sorted(structure(encoder, holes[["town"]]).sizes("category"))[:2] == [1, 2]


def test_extremes_that_few_share_are_found() -> None:
    rows = table()[["age", "sex"]].to_numpy()
    found = structure(MinMaxScaler().fit(rows), rows)
    assert sorted(found.sizes("extreme")) == sorted(
        int(np.sum(rows[:, j] == end))
        for j in (0, 1)
        for end in (rows[:, j].min(), rows[:, j].max())
    )
    binary = structure(MinMaxScaler().fit(rows[:, [1]]), rows[:, [1]])
    assert codes(binary) == set()


def test_rare_words_are_found() -> None:
    texts = ["flu and cough", "flu", "cough", "flu cough", "flu cough", "flu cough", CANARY]
    model = make_pipeline(TfidfVectorizer(), BernoulliNB())
    found = structure(model.fit(texts, [0, 1, 0, 1, 0, 1, 0]), texts, target=[0, 1, 0, 1, 0, 1, 0])
    assert "rare-category" in codes(found)
    assert CANARY not in repr(found.findings())


def test_sparse_rows_are_recognised() -> None:
    rows = csr_matrix(np.where(np.abs(ROWS) > 1, ROWS, 0))
    found = structure(SVC().fit(rows, TARGET), rows, target=TARGET)
    assert (value(found, "n_stored_rows") or 0) > 100


def test_every_nest_is_opened() -> None:
    inner = make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=0))
    nest = GridSearchCV(
        VotingClassifier([("one", inner), ("two", CalibratedClassifierCV(inner, cv=2))]),
        {"voting": ["soft"]},
        cv=2,
    )
    paths = {p.path for p in parts_of(nest.fit(ROWS, TARGET), ROWS, TARGET)}
    assert "model.best_estimator.estimators[*].decisiontreeclassifier" in paths
    deep = "model.best_estimator.estimators[*].calibrated_classifiers[*].estimator"
    assert f"{deep}.decisiontreeclassifier" in paths
    assert "model.best_estimator.estimators[*].calibrated_classifiers[*].calibrators[*]" in paths
    assert "small-leaf" in codes(looked(nest))


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="no scikit-learn estimator"):
        structure({"a": 1})
    with pytest.raises(InputError, match="not fitted"):
        structure(LogisticRegression())
    with pytest.raises(InputError, match="smallest_group"):
        looked(LogisticRegression()).findings(smallest_group=0)


def test_the_result_shows_itself() -> None:
    found = looked(DecisionTreeClassifier(random_state=0))
    assert "leaves of DecisionTreeClassifier" in found.plot().axes[0].get_title()
    assert looked(LogisticRegression()).plot().axes[0].texts[0].get_text().startswith("the model")
    assert found.to_dict()["n_parts"] == 1
    assert "smallest_leaf=1" in repr(found)
