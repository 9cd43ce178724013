"""What one trained estimator keeps of single people, read from its own attributes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.risk.models.parts import Part, is_own

__all__ = ["Code", "Fact", "Unchecked", "contents_of", "n_parameters"]

Code: TypeAlias = Literal[
    "leaf", "one-class-leaf", "class", "cluster", "category", "cell", "extreme",
    "stored-rows", "row-values", "dof", "no-bootstrap",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Fact:
    """Something that an estimator keeps.

    Parameters
    ----------
    code : str
        ``leaf``, ``class``, ``cluster``, ``category``, ``cell`` and ``extreme`` are groups of
        people, of whom something is said; the others are one number.
    path : str
    sizes : ndarray of shape (n_groups,), int64, or None
        People in each group.
    amount : int or None
    """

    code: Code
    path: str
    sizes: NDArray[np.int64] | None = None
    amount: int | None = None


@dataclass(frozen=True)
class Unchecked:
    """A part that could not be looked into, or not fully.

    Parameters
    ----------
    path : str
    reason : str
    """

    path: str
    reason: str


_TREES = {"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier",
          "ExtraTreeRegressor"}  # fmt: skip
_BOOSTED = {"HistGradientBoostingClassifier", "HistGradientBoostingRegressor"}
_FORESTS = {"RandomForestClassifier", "RandomForestRegressor"}
_OTHER_TARGET = {"GradientBoostingClassifier", "GradientBoostingRegressor", "IsolationForest",
                 "RandomTreesEmbedding"}  # fmt: skip
_ROWS = {
    "KNeighborsClassifier": "_fit_X", "KNeighborsRegressor": "_fit_X",
    "KNeighborsTransformer": "_fit_X", "RadiusNeighborsClassifier": "_fit_X",
    "RadiusNeighborsRegressor": "_fit_X", "RadiusNeighborsTransformer": "_fit_X",
    "NearestNeighbors": "_fit_X", "LocalOutlierFactor": "_fit_X", "KNNImputer": "_fit_X",
    "SVC": "support_vectors_", "NuSVC": "support_vectors_", "SVR": "support_vectors_",
    "NuSVR": "support_vectors_", "OneClassSVM": "support_vectors_",
    "GaussianProcessRegressor": "X_train_", "_BinaryGaussianProcessClassifierLaplace": "X_train_",
    "KernelRidge": "X_fit_", "KernelPCA": "X_fit_", "LabelPropagation": "X_",
    "LabelSpreading": "X_", "DBSCAN": "components_", "Nystroem": "components_",
    "HDBSCAN": "_raw_data", "KernelDensity": "tree_", "AffinityPropagation": "cluster_centers_",
    "Isomap": "embedding_", "LocallyLinearEmbedding": "embedding_",
    "SpectralEmbedding": "embedding_", "TSNE": "embedding_", "MDS": "embedding_",
}  # fmt: skip
"""Estimators that keep training rows, and where."""
_CONTAINERS = {
    "Pipeline", "ColumnTransformer", "FeatureUnion", "GridSearchCV", "RandomizedSearchCV",
    "HalvingGridSearchCV", "HalvingRandomSearchCV", "CalibratedClassifierCV", "VotingClassifier",
    "VotingRegressor", "StackingClassifier", "StackingRegressor", "BaggingClassifier",
    "BaggingRegressor", "AdaBoostClassifier", "AdaBoostRegressor", "ExtraTreesClassifier",
    "ExtraTreesRegressor", "OneVsRestClassifier", "OneVsOneClassifier", "OutputCodeClassifier",
    "MultiOutputClassifier", "MultiOutputRegressor", "ClassifierChain", "RegressorChain",
    "TransformedTargetRegressor", "RFE", "RFECV", "SelectFromModel", "SequentialFeatureSelector",
    "SelfTrainingClassifier", "RANSACRegressor", "TunedThresholdClassifierCV",
    "FixedThresholdClassifier", "FrozenEstimator", "IterativeImputer", "_ConstantPredictor",
    "GaussianProcessClassifier",
}  # fmt: skip
"""Estimators that keep nothing but their parts, or numbers about all rows."""
_AGGREGATES = {
    "StandardScaler", "RobustScaler", "PowerTransformer", "Normalizer", "Binarizer",
    "SimpleImputer", "MissingIndicator", "VarianceThreshold", "SelectKBest", "SelectPercentile",
    "SelectFpr", "SelectFdr", "SelectFwe", "GenericUnivariateSelect", "PCA", "IncrementalPCA",
    "TruncatedSVD", "SparsePCA", "MiniBatchSparsePCA", "FactorAnalysis", "FastICA", "NMF",
    "MiniBatchNMF", "LatentDirichletAllocation", "DictionaryLearning",
    "MiniBatchDictionaryLearning", "BernoulliRBM", "EmpiricalCovariance", "ShrunkCovariance",
    "LedoitWolf", "OAS", "GraphicalLasso", "GraphicalLassoCV", "GaussianRandomProjection",
    "SparseRandomProjection", "RBFSampler", "PolynomialCountSketch", "PolynomialFeatures",
    "AdditiveChi2Sampler", "SkewedChi2Sampler", "HashingVectorizer", "FeatureHasher",
    "NeighborhoodComponentsAnalysis", "DummyClassifier", "DummyRegressor", "MLPClassifier",
    "MLPRegressor", "LinearSVC", "LinearSVR", "PLSRegression", "PLSCanonical", "PLSSVD", "CCA",
    "KernelCenterer", "FeatureAgglomeration", "_SigmoidCalibration", "EllipticEnvelope",
    "MinCovDet",
}  # fmt: skip
"""Estimators that keep numbers about all rows; an array with one number a row is still found."""
_MOMENTS = {"GaussianNB", "LinearDiscriminantAnalysis", "QuadraticDiscriminantAnalysis",
            "NearestCentroid"}  # fmt: skip
_COUNTS = {"BernoulliNB": "feature_count_", "CategoricalNB": "category_count_",
           "MultinomialNB": "feature_count_", "ComplementNB": "feature_count_"}  # fmt: skip
_CLUSTERS = {"KMeans", "MiniBatchKMeans", "BisectingKMeans", "MeanShift", "Birch",
             "AgglomerativeClustering", "SpectralClustering", "OPTICS"}  # fmt: skip
_MIXTURES = {"GaussianMixture", "BayesianGaussianMixture"}
_ENCODERS = {"OneHotEncoder", "OrdinalEncoder", "TargetEncoder"}
_VOCABULARIES = {"CountVectorizer", "TfidfVectorizer", "TfidfTransformer"}
_EXTREMES = {"MinMaxScaler", "MaxAbsScaler", "QuantileTransformer", "KBinsDiscretizer",
             "SplineTransformer"}  # fmt: skip
_LABELS = {"LabelEncoder", "LabelBinarizer"}

_NOT_OF_ROWS = {"coef_", "intercept_", "classes_", "feature_names_in_", "feature_importances_"}
_LEARNT = (
    "coef_", "intercept_", "coefs_", "intercepts_", "dual_coef_", "_dual_coef_", "support_vectors_",
    "theta_", "var_", "feature_log_prob_", "class_log_prior_", "centroids_", "means_", "rotations_",
    "scalings_", "covariance_", "_fit_X", "_y", "X_fit_", "X_train_", "alpha_", "X_",
    "label_distributions_", "constant_", "class_prior_", "X_thresholds_", "y_thresholds_",
    "a_", "b_",
)  # fmt: skip
"""Attributes that hold what a predictor has learnt."""


def contents_of(part: Part) -> Iterator[Fact | Unchecked]:
    """Yield what a part keeps, and what could not be checked.

    Parameters
    ----------
    part : Part

    Yields
    ------
    Fact or Unchecked

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> model = KNeighborsClassifier(1).fit([[1.0], [2.0], [3.0], [4.0]], [0, 1, 0, 1])
    >>> [(fact.code, fact.amount) for fact in contents_of(Part("model", model))]
    [('stored-rows', 4)]
    """
    kind, estimator = part.kind, part.estimator
    base = next((c for c in type(estimator).__mro__ if c.__module__.startswith("sklearn.")), None)
    name = kind if is_own(estimator) else (base.__name__ if base is not None else "")
    # A class of one's own upon sklearn.base alone may mean anything by its coef_.
    linear = base is not None and base.__module__ != "sklearn.base" and _is_linear(estimator)
    if not is_own(estimator):
        yield Unchecked(part.path, f"{kind} is not a class of scikit-learn: it may keep anything")
    yield from _arrays(part, name)
    if not part.parent and part.target is not None and name not in _MOMENTS | set(_COUNTS):
        yield from _named(part)
    if name in _TREES:
        yield from _leaves(part)
    elif name in _BOOSTED:
        sizes = [p.nodes["count"][p.nodes["is_leaf"] == 1]
                 for stage in estimator._predictors for p in stage]  # fmt: skip
        yield Fact("leaf", part.path, _whole(np.concatenate(sizes) if sizes else []))
    elif name in _FORESTS:
        if not estimator.bootstrap:
            yield Fact("no-bootstrap", part.path, amount=1)
    elif name in _MOMENTS:
        yield from _classes(part)
    elif name in _COUNTS:
        counts = getattr(estimator, _COUNTS[name])
        flat = np.concatenate([np.ravel(c) for c in counts])
        yield Fact("class", part.path, _whole(estimator.class_count_))
        yield Fact("cell", part.path, _whole(flat[flat > 0]))
    elif name in _CLUSTERS:
        labels = np.asarray(estimator.labels_)
        yield Fact("cluster", part.path, _whole(np.bincount(labels[labels >= 0])))
    elif name in _MIXTURES:
        yield from _needing(part, lambda n: Fact(
            "cluster", part.path, _whole(np.floor(estimator.weights_ * n))))  # fmt: skip
    elif name in _ENCODERS or name in _VOCABULARIES or name in _EXTREMES or name in _LABELS:
        yield from _values(part, name)
    elif name == "IsotonicRegression":
        yield Fact("row-values", part.path, amount=len(estimator.X_thresholds_))
    elif name == "FunctionTransformer":
        if estimator.func is not None or estimator.inverse_func is not None:
            yield Unchecked(part.path, "a function may keep anything")
    elif (
        not linear
        and name not in _CONTAINERS | _AGGREGATES | _OTHER_TARGET | set(_ROWS)
        and is_own(estimator)
    ):
        yield Unchecked(part.path, f"what a {kind} keeps is not known here")
    if linear:
        yield from _needing(part, lambda n: Fact("dof", part.path, amount=_dof(estimator, n)))


def n_parameters(part: Part) -> int | None:
    """Return how many numbers a predictor has learnt; None where that is not known.

    Parameters
    ----------
    part : Part

    Returns
    -------
    int or None
        0 for transformers and for estimators that consist of others.

    Notes
    -----
    Two for each split of a tree (column and threshold) and for each leaf one, or the number of
    classes less one; every coefficient, intercept, support vector and stored row of the others.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> n_parameters(Part("model", LinearRegression().fit([[1.0], [2.0], [4.0]], [1, 2, 3])))
    2
    """
    from sklearn.base import is_classifier, is_outlier_detector, is_regressor

    estimator, kind = part.estimator, part.kind
    if kind in _TREES:
        tree = estimator.tree_
        leaves = int(np.count_nonzero(tree.children_left < 0))
        each = int(np.sum(np.maximum(tree.n_classes - 1, 1)))
        return int(2 * (tree.node_count - leaves) + leaves * each)
    if kind in _BOOSTED:
        nodes = [p.nodes["is_leaf"] for stage in estimator._predictors for p in stage]
        return sum(int(2 * len(n) - np.count_nonzero(n)) for n in nodes)
    if kind in _CONTAINERS | _FORESTS | _OTHER_TARGET:
        return 0
    if not (is_classifier(estimator) or is_regressor(estimator) or is_outlier_detector(estimator)):
        return 0
    if kind == "LocalOutlierFactor":
        return int(np.size(estimator._fit_X))
    held = vars(estimator)
    found = [held[name] for name in _LEARNT if held.get(name) is not None]
    if not found or not is_own(estimator):
        return None
    return sum(_n_numbers(value) for value in found)


def _n_numbers(value: Any) -> int:
    if isinstance(value, (list, tuple)):
        return sum(_n_numbers(v) for v in value)
    return int(value.size) if hasattr(value, "size") else 1


def _whole(values: Any) -> NDArray[np.int64]:
    return np.asarray(np.rint(np.asarray(values, dtype=np.float64)), dtype=np.int64)


def _needing(part: Part, fact: Any) -> Iterator[Fact | Unchecked]:
    if part.n_rows is None:
        yield Unchecked(part.path, "needs the training data as they reach this part")
    else:
        yield fact(part.n_rows)


def _leaves(part: Part) -> Iterator[Fact]:
    tree = part.estimator.tree_
    leaf = tree.children_left < 0
    yield Fact("leaf", part.path, _whole(tree.n_node_samples[leaf]))
    if part.parent not in _OTHER_TARGET and tree.node_count > 1:
        # No impurity is left where all records of a leaf have one target.
        pure = int(np.count_nonzero(tree.impurity[leaf] <= 1e-12))
        yield Fact("one-class-leaf", part.path, amount=pure)


def _classes(part: Part) -> Iterator[Fact | Unchecked]:
    """Yield the sizes of the classes that means and variances are kept of."""
    estimator = part.estimator
    if hasattr(estimator, "class_count_"):
        yield Fact("class", part.path, _whole(estimator.class_count_))
        return
    if part.target is None:
        yield Unchecked(part.path, "needs the target that it was trained on")
        return
    values, sizes = np.unique(part.target, return_counts=True)
    if len(values) != len(estimator.classes_):
        yield Unchecked(part.path, "was trained on another target than the one given")
        return
    yield Fact("class", part.path, _whole(sizes))


def _named(part: Part) -> Iterator[Fact]:
    """Yield the sizes of the classes that every classifier keeps by name."""
    from sklearn.base import is_classifier

    if is_classifier(part.estimator):
        sizes = np.unique(part.target, return_counts=True)[1]
        yield Fact("class", part.path, _whole(sizes))


def _is_linear(estimator: Any) -> bool:
    """Return whether it decides by a weight a column, which libsvm derives for linear kernels."""
    return "coef_" in vars(estimator) or (
        getattr(estimator, "kernel", None) == "linear" and hasattr(estimator, "coef_")
    )


def _dof(estimator: Any, n_rows: int) -> int:
    """Return rows less parameters: coefficients that are not 0, and intercepts."""
    from sklearn.base import is_classifier

    weights = estimator.coef_
    weights = weights.toarray() if hasattr(weights, "toarray") else np.asarray(weights)
    used = np.count_nonzero(np.atleast_2d(weights), axis=1)
    used = used + int(np.any(np.asarray(getattr(estimator, "intercept_", 0.0)) != 0))
    return n_rows - int(used.sum() if is_classifier(estimator) else used.max())


def _values(part: Part, name: str) -> Iterator[Fact | Unchecked]:
    """Yield how many people share each value that is kept by name."""
    if name in _LABELS:
        yield from _classes(part)
        return
    if part.rows is None:
        yield Unchecked(part.path, "needs the training data as they reach this part")
        return
    if name in _VOCABULARIES:
        shown = part.estimator.transform(part.rows)
        having = np.bincount(shown.nonzero()[1], minlength=shown.shape[1])
        yield Fact("category", part.path, _whole(having))
        return
    import pandas as pd

    frame = pd.DataFrame(part.rows.toarray() if hasattr(part.rows, "toarray") else part.rows)
    if name in _EXTREMES:
        ends = []
        for j in range(frame.shape[1]):
            column = np.asarray(frame.iloc[:, j], dtype=np.float64)
            column = column[~np.isnan(column)]
            if name == "MaxAbsScaler":
                ends.append(np.count_nonzero(np.abs(column) == np.abs(column).max(initial=0)))
            elif len(column):
                ends += [np.count_nonzero(column == end) for end in (column.min(), column.max())]
        yield Fact("extreme", part.path, _whole(ends))
        return
    sizes = []
    for j, kept in enumerate(part.estimator.categories_):
        count = frame.iloc[:, j].value_counts(dropna=False)
        known = {None if _is_missing(v) else v: int(n) for v, n in count.items()}
        sizes += [known.get(None if _is_missing(v) else v, 0) for v in np.asarray(kept, object)]
    yield Fact("category", part.path, _whole(sizes))


def _is_missing(value: Any) -> bool:
    return value is None or bool(value != value)


def _arrays(part: Part, name: str) -> Iterator[Fact | Unchecked]:
    """Yield the training rows and the numbers a row that stand in any attribute."""
    held = vars(part.estimator)
    stored = 0
    if name in _ROWS and held.get(_ROWS[name]) is not None:
        value = held[_ROWS[name]]
        value = value.data if name == "KernelDensity" else value
        stored = int(np.shape(value)[0])
    n_rows, single = part.n_rows, 0
    params = set(part.estimator.get_params(deep=False))
    for attribute, value in held.items():
        if attribute in _NOT_OF_ROWS or attribute in params:
            continue
        for array in _flat(value):
            shape = array.shape
            rows_fit = n_rows is not None and part.whole and shape[0] == n_rows > 1
            if len(shape) == 2 and _width(part.rows) == shape[1] and shape[0] > 0:
                stored = max(stored, _n_shared(array, part.rows))
            if rows_fit and not (len(shape) == 2 and _width(part.rows) == n_rows):
                single = max(single, 1 if len(shape) == 1 else int(shape[1]))
    if stored:
        yield Fact("stored-rows", part.path, amount=stored)
    elif single and n_rows is not None:
        yield Fact("row-values", part.path, amount=n_rows * single)


def _flat(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield the arrays in an attribute, those within lists and dicts too."""
    is_array = isinstance(value, np.ndarray) and value.dtype != object and value.ndim in (1, 2)
    if is_array or (hasattr(value, "tocsr") and hasattr(value, "shape")):
        yield value
    elif isinstance(value, (list, tuple, dict)) and depth < 3:
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _flat(inner, depth + 1)


def _width(rows: Any) -> int | None:
    shape: tuple[int, ...] = getattr(rows, "shape", ())
    return int(shape[1]) if len(shape) == 2 else None


def _n_shared(array: Any, rows: Any) -> int:
    """Return how many rows of an array equal a training row; 0 where those are not numbers."""
    sparse = hasattr(array, "tocsr") or hasattr(rows, "tocsr")
    try:
        own, theirs = (_sparse_keys(r) if sparse else _dense_keys(r) for r in (array, rows))
    except (ValueError, TypeError):
        return 0
    return int(np.count_nonzero(np.isin(own, theirs)))


def _sparse_keys(rows: Any) -> NDArray[np.int64]:
    from scipy.sparse import csr_matrix

    held = csr_matrix(rows, dtype=np.float64, copy=True)
    held.sort_indices()
    held.eliminate_zeros()
    cells = held.indices.astype(np.int64)
    found = [
        hash(cells[a:b].tobytes() + held.data[a:b].tobytes())
        for a, b in itertools.pairwise(held.indptr)
    ]
    return np.array(found, dtype=np.int64)


def _dense_keys(rows: Any) -> NDArray[np.void]:
    dense = np.ascontiguousarray(np.asarray(rows, dtype=np.float64)) + 0.0  # -0.0 is 0.0
    return dense.view(np.dtype((np.void, dense.dtype.itemsize * dense.shape[1]))).ravel()
