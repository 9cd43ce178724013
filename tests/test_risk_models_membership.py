"""Membership in a model's training data: overfitting is caught, and nothing where nothing is."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator
from sklearn.ensemble import IsolationForest, RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from niming.errors import ColumnNotFoundError, InputError, UnreliableWarning
from niming.risk.attacks.roc import Roc
from niming.risk.models import ModelMembership, membership_lira, membership_loss
from niming.risk.models.by_heart import ByHeart
from niming.risk.models.lira import _design, _scored
from niming.risk.models.records import overlaps, records_of
from niming.risk.models.signals import kind_of, signal

CANARY = "canary-8231"


def quotes(error: BaseException | None) -> bool:
    """Return whether an error, its cause or its context quotes the canary."""
    if error is None:
        return False
    return CANARY in str(error) or quotes(error.__cause__) or quotes(error.__context__)


def data(n: int, seed: int = 0, *, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, 5))
    return rows, (rows @ np.arange(1, 6) / 4 + noise * rng.normal(size=n) > 0).astype(int)


def quiet(attack: Callable[..., ModelMembership], *args: object, **rest: object) -> ModelMembership:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnreliableWarning)
        return attack(*args, **rest)


def halves(model: Any, n: int, **rest: Any) -> tuple[Any, ...]:
    """Train on the first n records, and return the model with n members and n others."""
    rows, target = data(2 * n, **rest)
    model.fit(rows[:n], target[:n])
    return model, rows[:n], rows[n:], (target[:n], target[n:])


def test_a_forest_on_noise_labels_is_caught() -> None:
    rng = np.random.default_rng(1)
    rows, target = rng.normal(size=(800, 4)), rng.integers(0, 2, 800)
    model = RandomForestClassifier(20, random_state=0).fit(rows[:400], target[:400])
    found = membership_loss(model, rows[:400], rows[400:], target=(target[:400], target[400:]))
    assert found.auc > 0.85
    assert found.reliable
    assert found.positive_control == 1
    ten = found.true_positives(0.01)
    assert ten is not None
    assert ten.rate > 0.15


def test_a_regular_model_of_many_rows_gives_nobody_away() -> None:
    model, members, others, target = halves(LogisticRegression(), 5000)
    with pytest.warns(UnreliableWarning, match="no better than a coin"):
        found = membership_loss(model, members, others, target=target)
    low, high = found.interval
    assert low <= 0.5 <= high < 0.53
    assert not found.reliable
    assert found.positive_control > 0.99
    assert found.n_attacks == 2000


@pytest.mark.parametrize(
    "model",
    [
        KNeighborsClassifier(1),
        DecisionTreeClassifier(random_state=0),
        DecisionTreeRegressor(random_state=0),
        make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=0)),
    ],
    ids=lambda m: type(m).__name__,
)
def test_models_that_learn_by_heart_are_caught(model: Any) -> None:
    found = membership_loss(*halves(model, 300)[:3], target=halves(model, 300)[3])
    assert found.reliable
    assert found.auc > 0.55
    assert found.interval[0] > 0.5


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (LogisticRegression(), "probability"),
        (LinearSVC(), "margin"),
        (Perceptron(), "margin"),
        (KNeighborsClassifier(), "probability"),
        (LinearRegression(), "error"),
        (IsolationForest(n_estimators=5, random_state=0), "density"),
    ],
)
def test_each_kind_of_output_gives_a_score(model: Any, kind: str) -> None:
    model, members, others, target = halves(model, 120)
    assert kind_of(model) == kind
    found = quiet(membership_loss, model, members, others, target=target)
    assert found.shows == kind
    assert 0 <= found.auc <= 1


def test_losses_equal_a_loop() -> None:
    rows, _ = data(60)
    target = np.arange(60) % 3
    records = records_of(rows, target)
    model = LogisticRegression().fit(rows, target)
    shown = model.predict_proba(rows)
    expected = [math.log(shown[i, list(model.classes_).index(t)]) for i, t in enumerate(target)]
    assert signal(model, records, "probability").score == pytest.approx(expected)
    logits = [e - math.log(1 - math.exp(e)) for e in expected]
    assert signal(model, records, "probability").statistic == pytest.approx(logits)
    svm = LinearSVC().fit(rows, target)
    shown = svm.decision_function(rows)
    expected = [shown[i, t] - max(np.delete(shown[i], t)) for i, t in enumerate(target)]
    assert signal(svm, records, "margin").score == pytest.approx(expected)
    right = (svm.predict(rows) == target) - 1.0
    assert signal(svm, records, "label").score == pytest.approx(right)
    line = LinearRegression().fit(rows, target)
    expected = -((line.predict(rows) - target) ** 2)
    assert signal(line, records, "error").score == pytest.approx(expected)


def test_a_label_that_the_model_never_saw_is_least_likely() -> None:
    rows, target = data(40)
    model = LogisticRegression().fit(rows, target)
    score = signal(model, records_of(rows[:2], np.array([7, 1])), "probability").score
    assert score[0] == -math.inf
    assert math.isfinite(score[1])


def test_a_table_with_its_target_equals_arrays() -> None:
    model, members, others, target = halves(DecisionTreeClassifier(random_state=0), 150)
    expected = membership_loss(model, members, others, target=target)
    tables = [np.c_[rows, y] for rows, y in zip((members, others), target, strict=True)]
    assert membership_loss(model, *tables, target=5).auc == expected.auc
    frames = [pd.DataFrame(t, columns=list("abcdef")) for t in tables]
    named = DecisionTreeClassifier(random_state=0).fit(frames[0][list("abcde")], frames[0]["f"])
    assert membership_loss(named, *frames, target="f").auc == expected.auc
    sparse = [csr_matrix(rows) for rows in (members, others)]
    assert membership_loss(model, *sparse, target=target).auc == expected.auc


def test_texts_can_be_attacked() -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(list("abcdefghij"), 6)).replace(" ", "x ") for _ in range(240)]
    target = rng.integers(0, 2, 240)
    model = make_pipeline(TfidfVectorizer(), MultinomialNB()).fit(texts[:120], target[:120])
    found = quiet(
        membership_loss, model, texts[:120], texts[120:], target=(target[:120], target[120:])
    )
    assert found.n_attacks == 120


def test_equal_sizes_are_enforced() -> None:
    model, members, others, (mine, theirs) = halves(DecisionTreeClassifier(random_state=0), 300)
    found = membership_loss(model, members, others[:150], target=(mine, theirs[:150]))
    assert found.n_attacks == 150
    with pytest.warns(UnreliableWarning, match="50 members were attacked, fewer than 100"):
        membership_loss(model, members, others[:50], target=(mine, theirs[:50]))


def test_members_in_the_holdout_are_noticed() -> None:
    model, members, _, (mine, _) = halves(DecisionTreeClassifier(random_state=0), 200)
    with pytest.warns(UnreliableWarning, match="hold members"):
        membership_loss(model, members, members, target=(mine, mine))


def test_others_that_differ_anyway_are_noticed() -> None:
    model, members, others, target = halves(DecisionTreeClassifier(random_state=0), 300)
    with pytest.warns(UnreliableWarning, match="without the model"):
        found = membership_loss(model, members, others + 1, target=target)
    assert found.blind.auc > 0.7


def test_the_order_of_categories_does_not_tell_members() -> None:
    """Codes given in the order of appearance would: names of members come first."""
    rng = np.random.default_rng(0)
    names = pd.DataFrame({"name": [f"n{i}" for i in rng.permutation(600)], "x": rng.random(600)})
    target = rng.integers(0, 2, 600)
    model = make_pipeline(_Drop(), DecisionTreeClassifier(random_state=0))
    model.fit(names[:300], target[:300])
    found = membership_loss(model, names[:300], names[300:], target=(target[:300], target[300:]))
    assert found.blind.interval()[0] <= 0.5 <= found.blind.interval()[1]


class _Drop(BaseEstimator):  # type: ignore[misc]
    def fit(self, rows: Any, target: Any = None) -> _Drop:
        self.fitted_ = True
        return self

    def transform(self, rows: Any) -> Any:
        return rows[["x"]]


def test_without_difference_the_overlap_is_not_claimed() -> None:
    rng = np.random.default_rng(0)
    few = records_of(rng.integers(0, 3, (400, 2)))
    more = records_of(rng.integers(0, 3, (400, 2)))
    assert not overlaps(few, more)


def test_learning_by_heart_equals_a_loop() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        n = int(rng.integers(1, 9))
        keys = rng.integers(0, 4, n).astype(np.uint64)
        target = rng.integers(0, 3, n)
        asked, truth = rng.integers(0, 6, 5).astype(np.uint64), rng.integers(0, 4, 5)
        expected = []
        for k, t in zip(asked, truth, strict=True):
            same = target[keys == k] if (keys == k).any() else target
            expected.append(float(np.mean(same == t)))
        held = ByHeart(keys, target, "probability")
        assert held.confidence(asked, truth) == pytest.approx(expected)
        means = [target[keys == k].mean() if (keys == k).any() else target.mean() for k in asked]
        error = ByHeart(keys, target, "error").signal(asked, truth)
        assert error.statistic == pytest.approx(np.array(means) - truth)


def test_likelihood_ratios_beat_the_loss() -> None:
    """Where people differ in how hard they are to predict, one threshold does not fit all."""
    found: dict[str, list[float]] = {"loss": [], "lira": []}
    steps: list[tuple[int, int]] = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        rows = rng.normal(size=(400, 60)) * np.exp(rng.normal(size=(400, 1)))
        target = rows[:, 0] + rng.normal(size=400) * np.exp(rng.normal(size=400))
        model = LinearRegression().fit(rows[:200], target[:200])
        given = (model, rows[:200], rows[200:])
        both = target[:200], target[200:]
        lira = membership_lira(*given, target=both, progress=lambda *s: steps.append(s))
        for name, result in (("loss", quiet(membership_loss, *given, target=both)), ("lira", lira)):
            few = result.true_positives(0.05)
            assert few is not None
            found[name] += [result.auc, few.rate]
        assert found["lira"][-2] > found["loss"][-2]
        assert lira.n_shadow_rows == 200
        assert lira.positive_control > 0.99
        assert lira.reliable
    assert sum(found["lira"][1::2]) > 1.5 * sum(found["loss"][1::2])
    assert steps[:16] == [(i + 1, 16) for i in range(16)]


@pytest.mark.slow
def test_more_shadows_make_a_stronger_attack() -> None:
    model, members, others, target = halves(RandomForestClassifier(40, random_state=0), 250)
    loss = membership_loss(model, members, others, target=target)
    few, many, offline = (
        membership_lira(model, members, others, target=target, **rest)  # type: ignore[arg-type]
        for rest in ({}, {"n_shadows": 64}, {"n_shadows": 64, "variant": "offline"})
    )
    assert loss.auc < few.auc < many.auc
    assert offline.auc > loss.auc
    assert many.auc > loss.auc + 0.08


def test_likelihood_ratios_find_nothing_where_nothing_is() -> None:
    model, members, others, target = halves(LogisticRegression(), 1500)
    found = quiet(membership_lira, model, members, others, target=target, n_shadows=4)
    low, high = found.interval
    assert low <= 0.5 <= high
    assert not found.reliable
    assert found.positive_control > 0.99


def test_shadows_are_the_same_for_any_number_of_threads() -> None:
    model, members, others, target = halves(DecisionTreeRegressor(), 120)
    aucs = {
        membership_lira(
            model, members, others, target=target, n_shadows=4, n_jobs=n_jobs, seed=3
        ).auc
        for n_jobs in (1, 2, None)
    }
    assert len(aucs) == 1


def test_an_interrupt_stops_the_training() -> None:
    trained = []

    class Counted(LogisticRegression):  # type: ignore[misc]
        def fit(self, rows: Any, target: Any, sample_weight: Any = None) -> Counted:
            trained.append(len(rows))
            return super().fit(rows, target)  # type: ignore[no-any-return]

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    model, members, others, target = halves(Counted(), 120)
    with pytest.raises(KeyboardInterrupt):
        membership_lira(
            model, members, others, target=target, n_shadows=400, n_jobs=1, progress=stop
        )
    assert len(trained) < 300


def test_auxiliary_records_are_trained_on() -> None:
    rows, target = data(500)
    model = DecisionTreeClassifier(random_state=0).fit(rows[:150], target[:150])
    found = membership_lira(
        model, rows[:150], rows[150:300], auxiliary=rows[300:], n_shadows=4,
        target=(target[:150], target[150:300], target[300:]),
    )  # fmt: skip
    assert found.n_shadow_rows == 250
    table = np.c_[rows, target]
    same = membership_lira(
        model, table[:150], table[150:300], auxiliary=table[300:], n_shadows=4, target=5
    )
    assert same.auc == found.auc


def test_every_record_is_in_half_of_the_models() -> None:
    for n in (7, 8):
        inside = _design(n, 6, np.random.default_rng(0))
        assert (inside.sum(axis=0) == 3).all()
        assert set(inside.sum(axis=1)) <= {n // 2, n - n // 2}


@pytest.mark.parametrize("n_shadows", [8, 64])
def test_likelihood_ratios_equal_a_loop(n_shadows: int) -> None:
    from statistics import NormalDist

    rng = np.random.default_rng(0)
    shadows, shown = rng.normal(size=(n_shadows, 5)), rng.normal(size=5)
    seen = rng.permuted(np.tile(np.arange(n_shadows)[:, None] % 2 == 0, (1, 5)), axis=0)
    spread = {}
    for side, part in (("in", seen), ("out", ~seen)):
        each = [float(np.var(shadows[part[:, i], i], ddof=1)) for i in range(5)]
        spread[side] = each if n_shadows >= 64 else [sum(each) / 5] * 5
    for i in range(5):
        law = {
            side: NormalDist(float(shadows[part[:, i], i].mean()), spread[side][i] ** 0.5)
            for side, part in (("in", seen), ("out", ~seen))
        }
        ratio = math.log(law["in"].pdf(shown[i]) / law["out"].pdf(shown[i]))
        got = _scored(shown, shadows, seen, "probability", "online")[i]
        assert got == pytest.approx(ratio)
        unusual = _scored(shown, shadows, seen, "probability", "offline")[i]
        assert law["out"].cdf(shown[i]) == pytest.approx(NormalDist().cdf(unusual))


def test_label_only_shadows_are_counted() -> None:
    shadows = np.array([[1.0, 1], [1, 1], [0, 1], [0, 1]])
    seen = np.array([[True, True], [True, True], [False, False], [False, False]])
    got = _scored(np.array([1.0, 1.0]), shadows, seen, "label", "online")
    assert got == pytest.approx([math.log(3), 0])  # (2+1)/(2+2) against (0+1)/(2+2), and equal


def test_a_search_is_attacked_by_its_best_estimator() -> None:
    rows, target = data(400)
    search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [2, None]}, cv=2)
    search.fit(rows[:200], target[:200])
    found = quiet(
        membership_lira, search, rows[:200], rows[200:], n_shadows=4,
        target=(target[:200], target[200:]),
    )  # fmt: skip
    assert found.model == "GridSearchCV"


def test_what_cannot_be_trained_anew_is_refused() -> None:
    model, members, others, target = halves(LogisticRegression(), 120)
    with pytest.raises(InputError, match="frozen"):
        membership_lira(FrozenEstimator(model), members, others, target=target)
    inner = make_pipeline(FrozenEstimator(StandardScaler().fit(members)), LogisticRegression())
    with pytest.raises(InputError, match="trained beforehand"):
        membership_lira(inner.fit(members, target[0]), members, others, target=target)


def test_a_shadow_that_cannot_be_trained_is_said_without_cells() -> None:
    class Picky(LogisticRegression):  # type: ignore[misc]
        def fit(self, rows: Any, target: Any, sample_weight: Any = None) -> Picky:
            if len(rows) != 100:
                raise ValueError(CANARY)
            return super().fit(rows, target)  # type: ignore[no-any-return]

    rows, target = data(300)
    model = Picky().fit(rows[:100], target[:100])
    with pytest.raises(InputError, match="training a shadow model on 150 records") as caught:
        membership_lira(model, rows[:100], rows[100:], target=(target[:100], target[100:]))
    assert not quotes(caught.value)


def test_bad_input_is_refused_without_cells() -> None:
    model, members, others, target = halves(LogisticRegression(), 120)
    refused: list[tuple[str, dict[str, Any]]] = [
        ("no scikit-learn estimator", {"model": "model.pkl"}),
        ("no scikit-learn estimator", {"model": LogisticRegression}),
        ("was not fitted", {"model": LogisticRegression()}),
        ("gives no prediction", {"model": StandardScaler().fit(members)}),
        ("none was given", {"target": None}),
        ("different columns", {"non_members": others[:, :3]}),
        ("120 rows with 3 values", {"target": (target[0][:3], target[1])}),
        ("2 dimensions", {"target": (np.c_[target[0], target[0]], target[1])}),
        ("no column", {"target": 17}),
        ("n_attacks", {"n_attacks": 0}),
        ("confidence", {"confidence": 1.0}),
        ("seed", {"seed": -1}),
        ("are none", {"members": members[:0]}),
    ]
    for message, other in refused:
        given = {"model": model, "members": members, "non_members": others, "target": target}
        with pytest.raises(InputError, match=message):
            membership_loss(**{**given, **other})
    frame = pd.DataFrame({"age": [CANARY] * 120, "ill": target[0]})
    with pytest.raises(ColumnNotFoundError, match="'il'"):
        membership_loss(model, frame, frame, target="il")
    named = LogisticRegression().fit(pd.DataFrame({"age": members[:, 0]}), target[0])
    with pytest.raises(InputError, match="fails on the records") as caught:
        membership_loss(named, frame, frame, target="ill")
    assert not quotes(caught.value)
    with pytest.raises(InputError, match="fails") as caught:
        membership_lira(named, frame, frame, target="ill", n_shadows=4)
    assert not quotes(caught.value)
    with pytest.raises(InputError, match="n_shadows is 5"):
        membership_lira(model, members, others, target=target, n_shadows=5)
    with pytest.raises(InputError, match="n_jobs"):
        membership_lira(model, members, others, target=target, n_jobs=0)
    with pytest.raises(InputError, match="variant"):
        membership_lira(model, members, others, target=target, variant="best")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="2 targets for 3 tables"):
        membership_lira(model, members, others, target=target, auxiliary=others)


@pytest.mark.parametrize("attack", [membership_loss, membership_lira])
def test_labels_without_order_and_tables_with_labels_are_refused(attack: Any) -> None:
    model, members, others, target = halves(LogisticRegression(), 120)
    mixed = np.array([1, CANARY] * 60, dtype=object)
    for labels in ((mixed, target[1]), (target[0], mixed), (target[0], mixed.astype(str))):
        with pytest.raises(InputError, match="holds int and str") as caught:
            attack(model, members, others, target=labels)
        assert "astype" in str(caught.value)
        assert not quotes(caught.value)
    with pytest.raises(InputError, match="members are not one table") as caught:
        attack(model, (members, target[0]), (others, target[1]))
    assert "target=(y, y_holdout)" in str(caught.value)
    with pytest.raises(InputError, match="not one table"):
        attack(model, [[1.0, 2.0], [3.0]], others)


def test_one_record_of_each_is_flagged() -> None:
    model, members, others, target = halves(LogisticRegression(), 120)
    found = quiet(
        membership_loss, model, members[:1], others[:1], target=(target[0][:1], target[1][:1])
    )
    assert not found.reliable


def test_the_result_shows_itself() -> None:
    model, members, others, target = halves(RandomForestRegressor(5, random_state=0), 120)
    found = membership_lira(model, members, others, target=target, n_shadows=4)
    names = {m.name: m for m in found.measures()}
    assert names["models.lira.auc"].value == found.auc
    assert names["models.lira.tpr_at_fpr_1_in_1000"].value is None
    assert "needs 1000" in names["models.lira.tpr_at_fpr_1_in_1000"].reason
    assert names["models.lira.tpr_at_fpr_1_in_100"].value is not None
    assert found.to_dict()["n_shadows"] == 4
    assert "lira-online on RandomForestRegressor" in repr(found)
    assert found.plot().axes[0].get_xscale() == "log"
    assert isinstance(found.roc, Roc)


def test_an_attack_without_power_gives_no_number_to_require() -> None:
    """Four members: what few tell is no comfort, and the controls are still shown."""
    scores = Roc(np.zeros(4), np.zeros(4))
    found = ModelMembership(
        method="loss",
        model="Any",
        shows="probability",
        roc=scores,
        raw=scores,
        blind=scores,
        seed=0,
    )
    told = {m.name.removeprefix("models.membership."): m for m in found.measures()}
    for part in ("auc", "auc_upper"):
        assert told[part].value is None
        assert "fewer than 100" in told[part].reason
    assert told["positive_control"].value == told["blind"].value == told["baseline"].value == 0.5
