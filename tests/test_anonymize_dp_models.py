"""Models under a budget: the charge comes first, nothing public is read from the data."""

from __future__ import annotations

import traceback
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression as Plain
from sklearn.naive_bayes import GaussianNB as PlainNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from niming.anonymize.dp import Budget, GaussianNB, LogisticRegression
from niming.errors import BudgetExceededError, InputError, UnreliableWarning

CLEAR = 10**7  # so large an epsilon that the noise is negligible


def data(n: int = 2000, n_classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    y = rng.integers(0, n_classes, n)
    centres = rng.normal(0, 1, (n_classes, 3))
    return centres[y] + rng.normal(0, 0.4, (n, 3)), y


def logistic(epsilon: float, budget: Budget, classes: object = (0, 1), **more: object) -> object:
    given = {"data_norm": 10.0, "max_iter": 1000, **more}
    return LogisticRegression(epsilon=epsilon, budget=budget, classes=classes, **given)  # type: ignore[arg-type]


def bayes(epsilon: float, budget: Budget, classes: object = (0, 1), **more: object) -> object:
    given = {"bounds": (-5, 5), **more}
    return GaussianNB(epsilon=epsilon, budget=budget, classes=classes, **given)  # type: ignore[arg-type]


MODELS = pytest.mark.parametrize("make", [logistic, bayes])


class Untouchable:
    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise AssertionError("the data were touched")


@MODELS
class TestBoth:
    def test_overspending_is_refused_before_the_data_are_touched(self, make) -> None:
        budget = Budget(1)
        with pytest.raises(BudgetExceededError):
            make(2, budget).fit(Untouchable(), Untouchable())
        assert budget.events == ()

    def test_the_charge_comes_first(self, make) -> None:
        budget = Budget(1)
        with pytest.raises(AssertionError, match="touched"):
            make(1, budget).fit(Untouchable(), Untouchable())
        assert budget.remaining.epsilon == 0

    def test_events(self, make) -> None:
        budget = Budget(1)
        model = make(0.25, budget).fit(*data())
        assert budget.events == (model.event_,)
        assert not model.event_.exact
        assert model.event_.neighbouring == "add-or-remove-one"
        model.fit(*data())
        assert budget.remaining.epsilon == 0.5

    def test_it_learns(self, make) -> None:
        """Three classes far apart; a wrong model would have an accuracy near 1/3."""
        x, y = data(6000, n_classes=3)
        model = make(20, Budget(20), classes=(2, 0, 1)).fit(x, y)
        assert model.classes_.tolist() == [0, 1, 2]
        assert model.score(x, y) > 0.75
        assert model.predict_proba(x[:5]).shape == (5, 3)

    def test_text_labels_and_frames(self, make) -> None:
        x, y = data()
        labels = np.array(["no", "yes"], dtype=object)[y]
        model = make(50, Budget(50), classes=("yes", "no"))
        model.fit(pd.DataFrame(x, columns=list("abc")), pd.Series(labels))
        assert set(model.predict(x)) <= {"yes", "no"}
        assert model.score(x, labels) > 0.75

    def test_a_class_without_rows_stays(self, make) -> None:
        x, y = data()
        model = make(5, Budget(5), classes=(0, 1, 7)).fit(x, y)
        assert model.classes_.tolist() == [0, 1, 7]
        assert model.predict_proba(x).shape == (2000, 3)

    def test_rows_that_cannot_count_are_left_out(self, make) -> None:
        x, y = data()
        dirty = np.vstack([x, [[np.nan, 0, 0], [np.inf, 1, 1], [0, 0, 0]]])
        labels = np.concatenate([y, [0, 1, 9]])
        one = make(CLEAR, Budget(CLEAR)).fit(x, y)
        other = make(CLEAR, Budget(CLEAR)).fit(dirty, labels)
        assert (one.predict(x) == other.predict(x)).mean() > 0.999

    def test_clones_share_the_budget(self, make) -> None:
        budget = Budget(1)
        clone(make(0.5, budget)).fit(*data())
        assert budget.remaining.epsilon == 0.5
        steps = make_pipeline(FunctionTransformer(), make(0.5, budget))
        steps.fit(*data())
        assert budget.remaining.epsilon == 0

    def test_wrong_arguments_are_free(self, make) -> None:
        budget = Budget(1)
        for wrong in ({"classes": (0,)}, {"classes": (1, 1)}):
            with pytest.raises(InputError):
                make(1, budget, **wrong).fit(*data())
        for epsilon in (0, -1, float("nan")):
            with pytest.raises(InputError):
                make(epsilon, budget).fit(*data())
        assert budget.events == ()

    def test_a_budget_of_persons_is_refused(self, make) -> None:
        budget = Budget(1, person_id="id", max_rows_per_person=2)
        with pytest.raises(InputError, match="protects a row"):
            make(1, budget).fit(Untouchable(), Untouchable())

    def test_text_features_are_not_shown(self, make) -> None:
        x = np.array([["canary-4711", 1, 2]] * 4, dtype=object)
        with pytest.raises(InputError, match="not all numbers") as caught:
            make(1, Budget(1)).fit(x, [0, 1, 0, 1])
        shown = traceback.format_exception_only(caught.value)
        assert "canary" not in "".join(shown)
        assert caught.value.__suppress_context__

    def test_no_rows_are_left(self, make) -> None:
        with pytest.raises(InputError, match="no complete row"):
            make(1, Budget(1)).fit(np.zeros((3, 2)), [5, 5, 5])
        with pytest.raises(InputError, match="do not fit"):
            make(1, Budget(1)).fit(np.zeros((3, 2)), [0, 1])


class TestLogisticRegression:
    def test_without_noise_it_is_the_penalised_optimum(self) -> None:
        """Against scikit-learn on the same rows with the constant as a penalised feature."""
        x, y = data()
        model = logistic(CLEAR, Budget(CLEAR), tol=1e-10).fit(x, y)  # type: ignore[attr-defined]
        plain = Plain(fit_intercept=False, tol=1e-10).fit(np.column_stack([x, np.ones(len(x))]), y)
        expected = plain.coef_[0]
        np.testing.assert_allclose([*model.coef_[0], *model.intercept_], expected, atol=1e-3)

    def test_long_rows_are_scaled_down(self) -> None:
        x, y = data()
        far = x.copy()
        far[0] *= 1e6
        one = logistic(CLEAR, Budget(CLEAR), data_norm=1.0).fit(x, y)  # type: ignore[attr-defined]
        other = logistic(CLEAR, Budget(CLEAR), data_norm=1.0).fit(far, y)  # type: ignore[attr-defined]
        np.testing.assert_allclose(one.coef_, other.coef_, atol=1e-2)

    @pytest.mark.parametrize("norm", [0, -1, float("inf"), None, True])
    def test_the_norm_is_required(self, norm: object) -> None:
        with pytest.raises(InputError, match="data_norm"):
            logistic(1, Budget(1), data_norm=norm).fit(Untouchable(), Untouchable())  # type: ignore[attr-defined]

    def test_an_optimum_not_reached_is_told(self) -> None:
        with pytest.warns(UnreliableWarning, match="max_iter"):
            logistic(CLEAR, Budget(CLEAR), max_iter=1).fit(*data())  # type: ignore[attr-defined]

    def test_the_noise_is_that_of_the_proof(self) -> None:
        """Three draws of b per fit; with epsilon' = epsilon - 2 log(1 + 1/(4 alpha)) the norm of
        the noise is Gamma(d, 2/epsilon'). At a tiny C the optimum is -b/alpha plus the data's
        pull, so its spread shows b: mean norm within 5 standard errors of d · 2/epsilon'.
        """
        c, epsilon, fits, d = 1e-4, 0.5, 300, 2
        x, y = np.zeros((2, 2)), np.array([0, 1])
        budget, norms = Budget(epsilon * fits), []
        for _ in range(fits):
            model = LogisticRegression(
                epsilon=epsilon, budget=budget, data_norm=1.0, classes=(0, 1), C=c,
                fit_intercept=False, tol=1e-12,
            )  # fmt: skip
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                norms.append(np.linalg.norm(model.fit(x, y).coef_) / c)
        left = epsilon - 2 * np.log1p(0.25 * c)
        mean, sd = d * 2 / left, np.sqrt(d) * 2 / left
        assert abs(np.mean(norms) - mean) < 5 * sd / np.sqrt(fits)


class TestGaussianNB:
    def test_without_noise_it_is_scikit_learns(self) -> None:
        x, y = data()
        model = bayes(CLEAR, Budget(CLEAR)).fit(x, y)  # type: ignore[attr-defined]
        plain = PlainNB().fit(x, y)
        np.testing.assert_allclose(model.theta_, plain.theta_, atol=1e-3)
        np.testing.assert_allclose(model.var_, plain.var_, atol=1e-3)
        np.testing.assert_allclose(model.class_count_, plain.class_count_)

    def test_bounds_away_from_zero(self) -> None:
        """Shifted data give shifted means: the noise must not depend on where zero is."""
        x, y = data()
        model = bayes(CLEAR, Budget(CLEAR), bounds=(95, 105)).fit(x + 100, y)  # type: ignore[attr-defined]
        np.testing.assert_allclose(model.theta_, PlainNB().fit(x + 100, y).theta_, atol=1e-3)

    def test_counts_do_not_sum_to_the_rows(self) -> None:
        x, y = data(200)
        budget = Budget(20)
        sums = {
            bayes(0.5, budget).fit(x, y).class_count_.sum()  # type: ignore[attr-defined]
            for _ in range(20)
        }
        assert len(sums) > 5

    @pytest.mark.parametrize(
        "bounds", [None, (1, 1), (2, 1), (0, float("inf")), (0,), ([0, 0], [1, 0]), ("a", "b")]
    )
    def test_bounds_are_required(self, bounds: object) -> None:
        with pytest.raises(InputError, match="bounds"):
            bayes(1, Budget(1), bounds=bounds).fit(Untouchable(), Untouchable())  # type: ignore[attr-defined]

    def test_bounds_of_other_features(self) -> None:
        with pytest.raises(InputError, match="2 features"):
            bayes(1, Budget(1), bounds=([0, 0], [1, 1])).fit(*data())  # type: ignore[attr-defined]

    def test_priors(self) -> None:
        model = bayes(1, Budget(1), priors=[0.2, 0.8]).fit(*data())  # type: ignore[attr-defined]
        assert model.class_prior_.tolist() == [0.2, 0.8]
        with pytest.raises(InputError, match="priors"):
            bayes(1, Budget(1), priors=[0.2, 0.2]).fit(*data())  # type: ignore[attr-defined]

    def test_no_second_part(self) -> None:
        with pytest.raises(InputError, match="partial_fit"):
            bayes(1, Budget(1)).partial_fit(*data())  # type: ignore[attr-defined]


def test_diffprivlib_loads_only_when_asked() -> None:
    import subprocess
    import sys

    code = (
        "import sys, niming.anonymize.dp as dp; assert 'sklearn' not in sys.modules; "
        "assert 'diffprivlib' not in sys.modules; dp.GaussianNB; "
        "assert 'diffprivlib' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_name() -> None:
    import niming.anonymize.dp as dp

    with pytest.raises(AttributeError, match="no attribute"):
        dp.RandomForest  # type: ignore[attr-defined]  # noqa: B018
