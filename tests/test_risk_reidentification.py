"""Re-identification: three attackers by hand, populations, weights, and what is not available."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import InputError
from niming.measure import Measure
from niming.risk import reidentification
from niming.risk.reidentification import Reidentification
from niming.tables import Counts, count

CITY = Path(__file__).parent / "reference" / "city2000"
KEYS = ["district", "age_group", "sex", "education", "occupation", "marital"]


def counts_of(sizes: list[int], weight: list[float] | None = None) -> Counts:
    return Counts(
        columns=("q",),
        categories=(np.arange(len(sizes)),),
        codes=np.arange(len(sizes), dtype=np.int32)[:, None],
        n=np.array(sizes, dtype=np.int64),
        weight=None if weight is None else np.array(weight),
    )


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 8), st.integers(0, 30)), min_size=1, max_size=12),
    st.integers(1, 9),
)
def test_equals_the_sums(sizes: list[tuple[int, int]], threshold: int) -> None:
    f = [small for small, _ in sizes]
    large = [small + more for small, more in sizes]
    result = reidentification(
        counts_of(f),
        quasi_identifiers=["q"],
        threshold_size=threshold,
        population=counts_of(large),
    )
    for attacker, people in ((result.prosecutor, f), (result.journalist, large)):
        chances = [1 / x for x in people]
        assert attacker.highest == max(chances)
        assert attacker.mean_over_classes == pytest.approx(sum(chances) / len(f), rel=1e-12)
        over_records = sum(n / x for n, x in zip(f, people, strict=True)) / sum(f)
        assert attacker.mean_over_records == pytest.approx(over_records, rel=1e-12)
        at_risk = [n for n, x in zip(f, people, strict=True) if x < threshold]
        assert attacker.n_records_at_risk == sum(at_risk)
        assert attacker.n_classes_at_risk == len(at_risk)
    assert result.marketer == result.journalist
    weighted = Reidentification.of(
        counts_of(f, [float(x) for x in large]).classes(["q"]), threshold_size=threshold
    )
    assert weighted.journalist == result.journalist
    assert (result.basis, weighted.basis) == ("population table", "sampling weights")


def test_the_two_means_are_far_apart() -> None:
    """REFERENCE.md section 3: over classes or over records, an order between them."""
    risk = reidentification(counts_of([1] * 50 + [950]), quasi_identifiers=["q"]).prosecutor
    assert risk.mean_over_records == 51 / 1000
    assert risk.mean_over_classes == pytest.approx((50 + 1 / 950) / 51)


def test_threshold_is_a_size() -> None:
    """1/11 > 0.09 and 1/3 > 0.33: whole numbers know better."""
    for size in (3, 11):
        risk = reidentification(
            counts_of([size]), quasi_identifiers=["q"], threshold_size=size
        ).prosecutor
        assert (risk.n_records_at_risk, risk.n_classes_at_risk) == (0, 0)
        assert risk.highest == 1 / size == risk.mean_over_classes == risk.mean_over_records


def test_without_population_the_journalist_is_not_available() -> None:
    result = reidentification(counts_of([1, 2]), quasi_identifiers=["q"])
    assert result.journalist.highest is None
    assert result.journalist.n_records_at_risk is None
    assert result.marketer.mean_over_records == result.prosecutor.mean_over_records == 2 / 3
    told = {m.name: m for m in result.measures()}
    journalist: list[Measure] = [m for n, m in told.items() if ".journalist." in n]
    assert len(journalist) == 5
    assert all(m.value is None and "population" in m.reason for m in journalist)
    assert "whole population" in told["reidentification.marketer.mean_over_records"].definition


def test_weights_that_do_not_expand_are_no_population() -> None:
    result = reidentification(counts_of([2, 3], [2.0, 2.5]), quasi_identifiers=["q"])
    assert result.basis == "none"
    assert result.journalist.highest is None
    assert "1 classes" in result.journalist.reason


def test_city_2000_weighted() -> None:
    expected = pd.read_csv(CITY / "out_risk.csv")
    result = reidentification(
        pd.read_csv(CITY / "city2000.csv"), quasi_identifiers=KEYS, weight="weight"
    )
    assert result.prosecutor.mean_over_records == pytest.approx((1 / expected["fk"]).mean())
    assert result.journalist.mean_over_records == pytest.approx((1 / expected["Fk"]).mean())
    assert result.journalist.highest == pytest.approx((1 / expected["Fk"]).max())
    assert result.prosecutor.n_records_at_risk == int((expected["fk"] < 5).sum())


def test_a_population_is_joined_by_value_whatever_its_type_and_order() -> None:
    sample = {"age": [30, 30, 41, None], "sex": ["F", "F", "M", "F"]}
    people = pd.DataFrame(
        {
            "sex": ["M"] * 4 + ["F"] * 5 + ["X"] * 2 + ["F"] * 3,
            "age": ["41"] * 4 + ["30"] * 5 + ["30"] * 2 + [None] * 3,
            "more": range(14),
        }
    )
    result = reidentification(sample, quasi_identifiers=["age", "sex"], population=people)
    # F_j: (30, F) 5, (41, M) 4, (missing, F) 3
    assert result.journalist.highest == 1 / 3
    assert result.journalist.mean_over_records == pytest.approx((2 / 5 + 1 / 4 + 1 / 3) / 4)
    again = reidentification(
        count(sample, ["age", "sex"]),
        quasi_identifiers=["age", "sex"],
        population=count(people, ["sex", "more", "age"]),
    )
    assert again.journalist == result.journalist


def test_a_population_smaller_than_the_sample_is_refused() -> None:
    with pytest.raises(InputError, match="in 1 of 2 classes") as caught:
        reidentification(
            {"q": ["canary-a", "canary-a", "b"]},
            quasi_identifiers=["q"],
            population={"q": ["canary-a", "b"]},
        )
    assert "canary" not in str(caught.value)


def test_suppressed_records_are_one_class_and_no_population_has_them() -> None:
    table = {"q": ["*", "*", "a", "a", "a"], "r": ["*", "*", "x", "x", "x"]}
    people = {"q": ["a"] * 9, "r": ["x"] * 9}
    result = reidentification(
        table, quasi_identifiers=["q", "r"], suppressed="*", population=people
    )
    assert result.n_suppressed == 2
    assert result.prosecutor.highest == result.journalist.highest == 1 / 2
    assert result.prosecutor.mean_over_records == 2 / 5


def test_matching_anything() -> None:
    table = {"q": ["a", "a", None], "r": ["x", "x", "x"]}
    risk = reidentification(table, quasi_identifiers=["q", "r"], missing="matches-anything")
    assert risk.prosecutor.highest == 1 / 3
    assert risk.measures()[0].name == "reidentification.matching.prosecutor.highest"
    # (missing, x) agrees with (a, x), (b, x) and (missing, x); (a, x) with (a, x), (missing, x).
    people = {"q": ["a", "a", "b", None], "r": ["x", "y", "x", "x"]}
    matched = reidentification(
        table, quasi_identifiers=["q", "r"], population=people, missing="matches-anything"
    )
    assert matched.journalist.highest == 1 / 2
    assert matched.journalist.mean_over_records == pytest.approx((1 / 3 + 1 / 2 + 1 / 2) / 3)
    with pytest.raises(InputError, match="in 1 of 2 classes"):
        reidentification(table, quasi_identifiers=["q", "r"], population=people)


@pytest.mark.parametrize("threshold", [0, -1, 0.2, True])
def test_a_threshold_that_is_no_size_is_refused(threshold: object) -> None:
    with pytest.raises(InputError, match="threshold_size"):
        reidentification(counts_of([1]), quasi_identifiers=["q"], threshold_size=threshold)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [0.0, -1.0, None, float("nan"), float("inf")])
def test_bad_weights_are_counted(bad: float | None) -> None:
    table = {"q": [1, 1, 2], "w": [1.0, bad, 2.0]}
    with pytest.raises(InputError, match="in 1 rows"):
        reidentification(table, quasi_identifiers=["q"], weight="w")


def test_the_repr_names_the_attackers() -> None:
    result = reidentification(counts_of([1, 3]), quasi_identifiers=["q"])
    lines = repr(result).splitlines()
    assert len(lines) == 3
    assert "prosecutor: highest=1, mean_over_records=0.5" in lines[0]
    assert "journalist: not available (neither a population" in lines[1]
    assert "marketer: mean_over_records=0.5; threshold_size=5, basis='none'" in lines[2]
    known = reidentification(
        counts_of([1, 3]), quasi_identifiers=["q"], population=counts_of([4, 4])
    )
    assert "journalist: highest=0.25, mean_over_records=0.25" in repr(known)
