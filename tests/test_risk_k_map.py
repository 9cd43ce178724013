"""k-map: a double loop for population tables, Poisson sums for estimates, what is not available."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError
from niming.risk.joint import Joint
from niming.risk.k_map import KMap, k_map
from niming.tables import MISSING, SUPPRESSED, Counts, count

CITY = Path(__file__).parent / "reference" / "city2000"
KEYS = ["district", "age_group", "sex", "education", "occupation", "marital"]
STATES = {None: MISSING, "*": SUPPRESSED}

EMPTY = Counts(("q",), (np.array([]),), np.empty((0, 1), np.int32), np.empty(0, np.int64))

Row = tuple[str | None, ...]


def counted(rows: list[Row], weight: list[float] | None = None) -> Counts:
    """Count by hand, without an engine; each table has its own dictionary of values."""
    columns = list(zip(*rows, strict=True))
    categories = [sorted({v for v in c if v not in STATES}) for c in columns]
    codes = [
        tuple(STATES[v] if v in STATES else categories[j].index(v) for j, v in enumerate(row))
        for row in rows
    ]
    cells = sorted(set(codes))
    place = [cells.index(code) for code in codes]
    return Counts(
        columns=tuple(f"q{j}" for j in range(len(columns))),
        categories=tuple(np.array(c, dtype=object) for c in categories),
        codes=np.array(cells, dtype=np.int32),
        n=np.bincount(place),
        weight=None if weight is None else np.bincount(place, weights=weight).astype(np.float64),
    )


def agree(one: Row, other: Row, missing: str) -> bool:
    if missing == "own-value":
        return one == other
    return all(a == b or a in STATES or b in STATES for a, b in zip(one, other, strict=True))


cells = st.sampled_from(["a", "b", "c", None, "*"])
rows = st.lists(st.tuples(cells, cells), min_size=1, max_size=12)
READINGS = ["own-value", "matches-anything"]


@pytest.mark.parametrize("missing", READINGS)
@settings(max_examples=100, deadline=None)
@given(sample=rows, others=st.lists(st.tuples(cells, cells), max_size=12))
def test_a_population_table_equals_a_double_loop(
    missing: str, sample: list[Row], others: list[Row]
) -> None:
    people = sample + others
    found = k_map(
        counted(sample),
        quasi_identifiers=["q0", "q1"],
        population=counted(people),
        missing=missing,  # type: ignore[arg-type]
    )
    sizes = [sum(agree(row, person, missing) for person in people) for row in sample]
    assert found.k == min(sizes)
    known = [s for s, row in zip(sizes, sample, strict=True) if row != ("*", "*")]
    assert found.k_unsuppressed == (min(known) if known else None)
    for k in (1, 2, 3, 9):
        assert found.n_records_below(k) == sum(s < k for s in sizes)
    assert found.basis == "population table"
    assert found.class_size_needed(3) is None


@settings(max_examples=80, deadline=None)
@given(sample=rows, people=rows)
def test_any_population_is_measured_or_refused(sample: list[Row], people: list[Row]) -> None:
    short, nobody = 0, 0
    for row in set(sample) - {("*", "*")}:
        there = people.count(row)
        short += there < sample.count(row)
        nobody += there == 0
    arguments = {"quasi_identifiers": ["q0", "q1"], "population": counted(people)}
    if short:
        with pytest.raises(InputError, match=rf"in {short} of .* nobody in {nobody}\n"):
            k_map(counted(sample), **arguments)  # type: ignore[arg-type]
    elif len(people) < len(sample):
        with pytest.raises(InputError, match="fewer than the"):
            k_map(counted(sample), **arguments)  # type: ignore[arg-type]
    else:
        assert k_map(counted(sample), **arguments).k is not None  # type: ignore[arg-type]


def poisson_tail(f: int, mean: float, truncated: bool) -> float:
    """P(X >= f), by summing the probabilities from f on; given X >= 1 if truncated."""
    term = math.exp(-mean + f * math.log(mean) - math.lgamma(f + 1))
    total, x = 0.0, f
    while term > 1e-18 or x < mean:
        total += term
        x += 1
        term *= mean / x
    return total / -math.expm1(-mean) if truncated else total


def by_steps(f: int, fraction: float, significance: float, truncated: bool) -> int:
    people = 0
    while poisson_tail(f, fraction * (people + 1), truncated) <= significance:
        people += 1
    return max(people, f)


@pytest.mark.parametrize("estimator", ["poisson", "zero-truncated-poisson"])
@pytest.mark.parametrize(
    ("fraction", "significance"), [(0.5, 0.05), (0.1, 0.01), (0.03, 0.2), (1.0, 0.05), (0.7, 0.5)]
)
def test_estimates_equal_the_sums_step_by_step(
    estimator: str, fraction: float, significance: float
) -> None:
    sizes = [1, 2, 3, 4, 7, 12]
    table = counted([(c,) for c, f in zip("abcdef", sizes, strict=True) for _ in range(f)])
    found = k_map(
        table,
        quasi_identifiers=["q0"],
        sampling_fraction=fraction,
        estimator=estimator,  # type: ignore[arg-type]
        significance=significance,
    )
    truncated = estimator == "zero-truncated-poisson"
    expected = [by_steps(f, fraction, significance, truncated) for f in sizes]
    assert found.size is not None
    assert found.size.tolist() == expected
    assert found.k == expected[0]
    assert (found.basis, found.sampling_fraction) == (estimator, fraction)
    for k in (1, 2, 5, 20, 40):
        needed = found.class_size_needed(k)
        assert needed is not None
        assert by_steps(needed, fraction, significance, truncated) >= k
        assert needed == 1 or by_steps(needed - 1, fraction, significance, truncated) < k


def test_thresholds_of_the_derived_k_loop() -> None:
    """ARX 3.9 KMap.getDerivedK: smallest k' with P(X < k') >= 1 − α, and at most k.

    Its zero-truncated threshold is ours; its Poisson loop counts once too often.
    """

    def derived(k: int, fraction: float, alpha: float, truncated: bool) -> int:
        mean, size = fraction * k, 1
        while size < k and poisson_tail(size, mean, truncated) > alpha:
            size += 1
        return size

    for fraction, alpha in ((0.1, 0.01), (0.3, 0.05), (0.001, 0.05)):
        for estimator in ("poisson", "zero-truncated-poisson"):
            found = k_map(
                counted([("a",)] * 3),
                quasi_identifiers=["q0"],
                sampling_fraction=fraction,
                significance=alpha,
                estimator=estimator,
            )
            for k in (1, 2, 3, 5, 10, 20, 50):
                expected = derived(k, fraction, alpha, estimator != "poisson")
                assert found.class_size_needed(k) == expected


def test_a_single_record_is_evidence_of_one_person_only_if_truncated() -> None:
    one = {"quasi_identifiers": ["q"], "population_size": 1_000}
    table = {"q": ["a"] * 9 + ["b"]}
    assert k_map(table, **one).k == 1  # type: ignore[arg-type]
    # −ln(1 − 0.05) / 0.01 = 5.13
    assert k_map(table, estimator="poisson", **one).k == 5  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=6),
    st.floats(0.001, 1),
    st.floats(0.001, 0.5),
)
def test_truncation_and_significance_make_it_cautious(
    sizes: list[int], fraction: float, alpha: float
) -> None:
    classes = Counts(
        ("q",),
        (np.arange(len(sizes)),),
        np.arange(len(sizes), dtype=np.int32)[:, None],
        np.array(sizes),
    ).classes(["q"])

    def sized(estimator: str, significance: float) -> np.ndarray:
        found = KMap.of(
            classes,
            sampling_fraction=fraction,
            estimator=estimator,  # type: ignore[arg-type]
            significance=significance,
        )
        assert found.size is not None
        return found.size

    careful, plain = sized("zero-truncated-poisson", alpha), sized("poisson", alpha)
    assert (classes.size <= careful).all()
    assert (careful <= plain).all()
    assert (sized("zero-truncated-poisson", alpha / 2) <= careful).all()
    assert (plain <= np.maximum(classes.size / fraction, classes.size)).all()


@pytest.mark.slow
def test_thousands_of_population_tables_equal_a_double_loop() -> None:
    rng = np.random.default_rng(4)
    letters = np.array(["a", "b", "c", None, "*"], dtype=object)
    for _ in range(4_000):
        q = int(rng.integers(1, 4))
        people = [tuple(row) for row in letters[rng.integers(0, 5, (int(rng.integers(1, 25)), q))]]
        sample = people[: int(rng.integers(1, len(people) + 1))]
        for missing in READINGS:
            found = k_map(
                counted(sample),
                quasi_identifiers=[f"q{j}" for j in range(q)],
                population=counted(people),
                missing=missing,  # type: ignore[arg-type]
            )
            sizes = [sum(agree(row, person, missing) for person in people) for row in sample]
            assert found.k == min(sizes)
            assert found.n_records_below(3) == sum(s < 3 for s in sizes)


@pytest.mark.slow
def test_the_significance_holds_in_samples() -> None:
    """A class of K − 1 people is taken for K or more with a probability of at most α.

    20,000 binomial samples; the tolerance is four standard errors.
    """
    rng = np.random.default_rng(11)
    fraction, alpha, n = 0.1, 0.05, 20_000
    for people in (20, 60, 200):
        drawn = rng.binomial(people, fraction, n)
        seen = drawn[drawn > 0]
        needed = k_map(
            counted([("a",)]),
            quasi_identifiers=["q0"],
            sampling_fraction=fraction,
            significance=alpha,
        ).class_size_needed(people + 1)
        assert needed is not None
        wrong = float((seen >= needed).mean())
        assert wrong <= alpha + 4 * math.sqrt(alpha * (1 - alpha) / len(seen))


def test_weights_are_summed() -> None:
    """sdcMicro 5.8's Fk, the weighted class size, on its reference answers."""
    expected = pd.read_csv(CITY / "out_risk.csv")
    found = k_map(pd.read_csv(CITY / "city2000.csv"), quasi_identifiers=KEYS, weight="weight")
    assert found.k == pytest.approx(expected["Fk"].min(), rel=1e-9)
    assert found.n_records_below(50) == int((expected["Fk"] < 50).sum())
    assert found.basis == "sampling weights"
    holes = pd.read_csv(CITY / "city2000_na.csv", dtype={"age_group": "Int64"})
    expected = pd.read_csv(CITY / "out_risk_na.csv")
    found = k_map(holes, quasi_identifiers=KEYS, weight="weight", missing="matches-anything")
    assert found.k == pytest.approx(expected["Fk_alpha1"].min(), rel=1e-9)
    assert found.measures()[0].name == "k_map.matching.k"


def test_rounded_sums_of_weights_reach_their_threshold() -> None:
    """0.1 + 0.2 + … is not exact: five people may come as 4.999999999999999."""
    table = counted([("a",)] * 3, [5 / 3, 5 / 3, 5 / 3 - 1e-15])
    found = k_map(table, quasi_identifiers=["q0"])
    assert (found.n_records_below(5), found.n_records_below(6)) == (0, 3)


def test_what_is_not_known_is_not_available() -> None:
    found = k_map(counted([("a",), ("b",)]), quasi_identifiers=["q0"])
    assert (found.k, found.size, found.n_records_below(3), found.n_classes_below(3)) == (None,) * 4
    assert all(m.value is None and "weights" in m.reason for m in found.measures())
    light = k_map(counted([("a",), ("a",), ("b",)], [0.5, 0.5, 3.0]), quasi_identifiers=["q0"])
    assert light.k is None
    assert "in 1 classes" in light.reason
    assert "not available" in light.plot().axes[0].texts[0].get_text()
    # What is given is used rather than the weights.
    told = k_map(counted([("a",), ("b",)], [0.5, 0.5]), quasi_identifiers=["q0"], population_size=9)
    assert told.k == 1


def test_suppressed_records_are_people_of_no_known_class() -> None:
    table = {"q": ["*", "*", "a"], "r": ["*", "*", "x"]}
    people = {"q": ["a"] * 9, "r": ["x"] * 9}
    found = k_map(table, quasi_identifiers=["q", "r"], population=people, suppressed="*")
    assert (found.k, found.k_unsuppressed, found.n_records_below(3)) == (2, 9, 2)
    matched = k_map(
        table,
        quasi_identifiers=["q", "r"],
        population=people,
        suppressed="*",
        missing="matches-anything",
    )
    assert (matched.k, matched.k_unsuppressed) == (9, 9)
    every = k_map({"q": ["*"]}, quasi_identifiers=["q"], population={"q": ["a"]}, suppressed="*")
    assert (every.k, every.k_unsuppressed) == (1, None)
    assert "suppressed" in every.measures()[1].reason


def test_suppressed_cells_are_compared_as_both_readings_say() -> None:
    table = {"q": ["a", "*"], "r": ["x", "x"]}
    people = {"q": ["a", "a", "b"], "r": ["x", "x", "x"]}
    with pytest.raises(InputError, match=r"nobody in 1\n.*1 of them have missing or suppressed"):
        k_map(table, quasi_identifiers=["q", "r"], population=people, suppressed="*")
    found = k_map(
        table,
        quasi_identifiers=["q", "r"],
        population=people,
        suppressed="*",
        missing="matches-anything",
    )
    assert found.size is not None
    assert found.size.tolist() == [3, 2]  # of (*, x) and (a, x)


def test_values_are_joined_as_text() -> None:
    people = pd.DataFrame({"r": ["x"] * 4 + ["z"], "q": ["1", "1", "2", "3", "9"]})
    found = k_map({"q": [1, 2.0], "r": ["x", "x"]}, quasi_identifiers=["q", "r"], population=people)
    assert found.size is not None
    assert found.size.tolist() == [2, 1]
    again = k_map(
        count({"q": [1, 2], "r": ["x", "x"]}, ["r", "q"]),
        quasi_identifiers=["q", "r"],
        population=count(people, ["q", "r"]),
    )
    assert again.k == found.k


def test_one_joint_serves_several_measures() -> None:
    classes = counted([("a",), ("b",)]).classes(["q0"])
    joint = Joint.of(classes, counted([("a",), ("b",), ("b",), ("c",)]))
    assert KMap.of(classes, population=joint).k == 1
    assert joint.sizes_of_table().tolist() == [1, 2]
    assert joint.sizes().tolist() == [1, 2, 1]
    other = counted([("a",), ("b",), ("c",)]).classes(["q0"])
    with pytest.raises(InputError, match="other classes"):
        KMap.of(other, population=joint)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"population_size": 1}, "at least the 2 records"),
        ({"population_size": 2.5}, "whole number"),
        ({"population_size": True}, "whole number"),
        ({"population_size": 2**60}, r"at most 2\*\*53"),
        ({"sampling_fraction": 0.0}, "sampling_fraction"),
        ({"sampling_fraction": 1.1}, "sampling_fraction"),
        ({"sampling_fraction": float("nan")}, "sampling_fraction"),
        ({"sampling_fraction": 1e-300}, "sampling_fraction"),
        ({"sampling_fraction": "half"}, "sampling_fraction"),
        ({"sampling_fraction": 0.5, "population_size": 4}, "one of the three"),
        ({"population": {"q": ["canary"] * 9}, "population_size": 9}, "one of the three"),
        ({"sampling_fraction": 0.5, "significance": 0}, "significance"),
        ({"sampling_fraction": 0.5, "significance": 0.6}, "significance"),
        ({"sampling_fraction": 0.5, "estimator": "gauss"}, "estimator"),
        ({"sampling_fraction": 0.5, "missing": "no"}, "missing must be"),
        ({"population": {"q": ["canary"]}}, "in 2 of 2 classes, and nobody in 1"),
        ({"population": {"q": ["canary", "canary", None]}}, "in 1 of 2 classes"),
        ({"population": EMPTY}, "no records"),
        ({"quasi_identifiers": []}, "no quasi-identifiers"),
    ],
)
def test_bad_input_is_told_without_values(arguments: dict[str, object], message: str) -> None:
    table = {"q": ["canary", "canary", "canary-b"]}
    if "population_size" in arguments or "sampling_fraction" in arguments:
        table = {"q": ["canary", "canary-b"]}
    with pytest.raises(InputError, match=message) as caught:
        k_map(table, **{"quasi_identifiers": ["q"], **arguments})  # type: ignore[arg-type]
    assert "canary" not in str(caught.value)
    assert caught.value.hint


def test_a_population_without_the_column_is_told() -> None:
    with pytest.raises(ColumnNotFoundError):
        k_map({"age": [1]}, quasi_identifiers=["age"], population={"ages": [1]})


def test_results_are_shown_in_words_dicts_and_pictures() -> None:
    found = k_map(counted([("a",)] * 3), quasi_identifiers=["q0"], population_size=30)
    assert repr(found) == "KMap(k=5, k_unsuppressed=5, n_unique=0)"
    told = json.loads(json.dumps(found.to_dict()))
    assert (told["basis"], told["sampling_fraction"]) == ("zero-truncated-poisson", 0.1)
    assert "zero truncated Poisson test" in told["measures"][0]["definition"]
    assert "people of the population" in found.plot(threshold_size=10).axes[0].get_xlabel()
