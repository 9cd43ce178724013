"""Context risk: the golden vectors of GB/T 42460-2023 as public implementations give them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import InputError
from niming.risk import classes_of, release_risk
from niming.risk.context import acquaintance_risk

HIGH_MEDIUM = {"controls": "high", "motive": "medium", "prevalence": 1e-4}

# mode, class sizes, answers, total, and whether total <= 0.05
GOLDEN = [
    ("public", [20] * 100, {}, 0.05, True),
    ("public", [20] * 99 + [19], {}, 1.0, False),
    ("controlled", [5] * 10, HIGH_MEDIUM, 0.028, True),
    ("controlled", [5] * 10, {**HIGH_MEDIUM, "controls": "medium"}, 0.060, False),
    ("controlled", [5] * 10, {**HIGH_MEDIUM, "prevalence": 0.01}, 0.156, False),
    (
        "controlled",
        [5] * 10,
        {**HIGH_MEDIUM, "prevalence": 0.01, "sampling_fraction": 0.01},
        0.028,
        True,
    ),
    ("controlled", [5] * 10, {**HIGH_MEDIUM, "sampling_fraction": 0.01}, 0.028, True),
    ("enclave", [3] * 8, {**HIGH_MEDIUM, "motive": "low"}, 0.0467, True),
    ("controlled", [5] * 9 + [4], HIGH_MEDIUM, 1.0, False),
    ("enclave", [3] * 9 + [2], HIGH_MEDIUM, 1.0, False),
]


@pytest.mark.parametrize(("mode", "sizes", "answers", "total", "passes"), GOLDEN)
def test_golden_vectors(
    mode: str, sizes: list[int], answers: dict[str, object], total: float, passes: bool
) -> None:
    risk = release_risk(sizes, mode=mode, **answers)  # type: ignore[arg-type]
    assert risk.total == pytest.approx(total, abs=5e-4)
    assert (risk.total <= 0.05) is passes


def test_a_third_is_not_above_a_third() -> None:
    """θ = 1/3 against τ = 0.33 would fail: sizes are compared instead."""
    assert release_risk([3], mode="enclave", **HIGH_MEDIUM).n_classes_below == 0  # type: ignore[arg-type]
    assert release_risk([20], mode="public").total == 0.05
    assert release_risk([11] * 7, mode="public", tau_size=11).total == 1 / 11


@pytest.mark.parametrize(
    ("fraction", "expected"),
    [(1, 0.779), (0.5, 0.529), (0.1, 0.139), (0.05, 0.072), (0.01, 0.0149)],
)
def test_sampling_lowers_acquaintance_risk(fraction: float, expected: float) -> None:
    """STANDARDS.md 1.2, p = .01, m = 150: prevalence times fraction, as measured there."""
    digits = len(str(expected)) - 2
    assert round(acquaintance_risk(0.01, sampling_fraction=fraction), digits) == expected
    risk = release_risk(
        [5], mode="controlled", controls="high", motive="low", prevalence=0.01,
        sampling_fraction=fraction,
    )  # fmt: skip
    assert risk.acquaintance == acquaintance_risk(0.01, sampling_fraction=fraction)
    assert (risk.insider, risk.breach) == (0.05, 0.14)
    assert risk.environment == max(risk.acquaintance, 0.14)


def test_the_table_of_insiders_and_breaches() -> None:
    expected = {
        "high": (0.05, 0.1, 0.2, 0.14),
        "medium": (0.2, 0.3, 0.4, 0.27),
        "low": (0.4, 0.5, 0.6, 0.55),
    }
    for controls, (*insider, breach) in expected.items():
        for motive, t1 in zip(("low", "medium", "high"), insider, strict=True):
            risk = release_risk(
                [9], mode="controlled", controls=controls, motive=motive, prevalence=0  # type: ignore[arg-type]
            )  # fmt: skip
            assert (risk.insider, risk.acquaintance, risk.breach) == (t1, 0, breach)
            assert risk.environment == max(t1, breach)


def test_both_means_are_told() -> None:
    risk = release_risk([5] * 9 + [1000], mode="controlled", **HIGH_MEDIUM)  # type: ignore[arg-type]
    assert risk.mean_class_risk == pytest.approx((9 / 5 + 1 / 1000) / 10)
    assert risk.mean_record_risk == 10 / 1045
    assert risk.data_risk == risk.mean_class_risk


def test_the_stricter_reading_of_suppressed_records() -> None:
    table = {"q": ["*"] * 50 + ["a"] * 5 + ["b"] * 5}
    classes = classes_of(table, quasi_identifiers=["q"], suppressed="*")
    risk = release_risk(classes, mode="controlled", **HIGH_MEDIUM)  # type: ignore[arg-type]
    assert risk.mean_class_risk == 0.2  # with the class of 50 it would be 0.14
    few = classes_of({"q": ["*"] + ["a"] * 5}, quasi_identifiers=["q"], suppressed="*")
    assert release_risk(few, mode="controlled", **HIGH_MEDIUM).total == 1  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=30),
    st.sampled_from(["public", "controlled", "enclave"]),
    st.floats(0, 1),
    st.floats(0.001, 1),
)
def test_total_is_a_probability_and_larger_classes_never_raise_it(
    sizes: list[int], mode: str, prevalence: float, fraction: float
) -> None:
    answers = {
        "controls": "low",
        "motive": "high",
        "prevalence": prevalence,
        "sampling_fraction": fraction,
    }
    total = release_risk(sizes, mode=mode, **answers).total  # type: ignore[arg-type]
    assert 0 <= total <= 1
    larger = release_risk([s + 1 for s in sizes], mode=mode, **answers).total  # type: ignore[arg-type]
    assert larger <= total
    whole = release_risk(sizes, mode=mode, **{**answers, "sampling_fraction": 1.0}).total  # type: ignore[arg-type]
    assert total <= whole


def test_a_public_release_has_no_ways_to_weigh() -> None:
    risk = release_risk(np.array([20, 30]), mode="public")
    assert (risk.insider, risk.acquaintance, risk.breach, risk.environment) == (None,) * 3 + (1.0,)
    told = {m.name: m for m in risk.measures()}
    assert told["context.total_risk"].value == 0.05
    assert told["context.insider_risk"].value is None
    assert "certain" in told["context.insider_risk"].reason
    assert json.loads(json.dumps(risk.to_dict()))["tau_size"] == 20


@pytest.mark.parametrize(
    ("sizes", "arguments", "message"),
    [
        ([], {}, "no classes"),
        ([0, 3], {}, "at least 1"),
        ([2.5], {}, "whole numbers"),
        ([3], {"mode": "open"}, "no mode"),
        ([3], {"tau_size": 0}, "tau_size"),
        ([3], {"tau_size": 2.5}, "tau_size"),
        ([3], {"controls": None}, "controls must be"),
        ([3], {"motive": "huge"}, "motive must be"),
        ([3], {"prevalence": None}, "prevalence"),
        ([3], {"prevalence": 1.1}, "prevalence"),
        ([3], {"prevalence": float("nan")}, "prevalence"),
        ([3], {"acquaintances": -1}, "acquaintances"),
        ([3], {"sampling_fraction": 0}, "sampling_fraction"),
        ([3], {"sampling_fraction": 1.5}, "sampling_fraction"),
        ([3], {"sampling_fraction": float("nan")}, "sampling_fraction"),
    ],
)
def test_no_answer_is_assumed(sizes: list[int], arguments: dict[str, object], message: str) -> None:
    answers = {"mode": "controlled", **HIGH_MEDIUM, **arguments}
    with pytest.raises(InputError, match=message):
        release_risk(sizes, **answers)  # type: ignore[arg-type]


def test_certain_acquaintance() -> None:
    assert acquaintance_risk(1.0) == 1.0
    assert acquaintance_risk(1.0, acquaintances=0) == 0.0
    assert acquaintance_risk(0.0) == 0.0
    assert acquaintance_risk(1e-18, acquaintances=150) == pytest.approx(1.5e-16)
