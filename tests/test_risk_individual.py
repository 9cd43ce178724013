"""Individual risk: sdcMicro's numbers, the negative binomial summed term by term, edges."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import InputError
from niming.risk.individual import IndividualRisk, individual_risk, risk_bands
from niming.risk.reciprocal import approximate_reciprocal, exact_reciprocal
from niming.tables import Counts, count

CITY = Path(__file__).parent / "reference" / "city2000"
NAMES = ["district", "age_group", "sex", "education", "occupation", "marital"]

# (f, F̂, (p/f) ₂F₁(1, 1; f + 1; 1 − p)) with p = f/F̂, by mpmath 1.3 at 40 digits.
PRECISE = [
    (1, 2.0, 0.6931471805599453),
    (1, 1e9, 2.072326585766968e-8),
    (2, 2e9, 9.999999802767341e-10),
    (3, 30.0, 0.04636842948284506),
    (3, 3 / 0.99, 0.330828316594879),
    (31, 62.0, 0.01638904286854747),
    (32, 32e3, 3.225698932146035e-5),
    (33, 330.0, 0.003114985873674757),
    (176, 352.0, 0.002848979725105833),
    (176, 17600.0, 5.713957345020288e-5),
    (10**7, 2e7, 5.00000025e-8),
]

cells = st.sampled_from(["a", "b", "c", None])
weights = st.integers(2, 40).map(lambda w: w / 2)
tables = st.lists(st.tuples(cells, cells, cells, weights), min_size=1, max_size=12)


def rows_of(name: str) -> list[dict[str, str]]:
    with open(CITY / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def scalars() -> dict[str, float]:
    return {r["name"]: float(r["value"]) for r in rows_of("summary_own.csv") if r["file"] == "risk"}


def in_rows(table: str, risk: IndividualRisk, values: np.ndarray) -> np.ndarray:
    """Spread values a class over the rows of a reference table."""
    counts = count(str(CITY / table), NAMES)
    place = {
        tuple("" if v < 0 else str(counts.categories[j][v]) for j, v in enumerate(cell)): i
        for i, cell in enumerate(counts.codes)
    }
    assert len(place) == len(risk.size)
    return values[[place[tuple(row[c] for c in NAMES)] for row in rows_of(table)]]


def by_pairs(rows: list[tuple[object, ...]], anything: bool) -> list[tuple[int, float]]:
    """Return f and F̂ of each row by comparing all pairs of rows."""
    out = []
    for one in rows:
        alike = [
            other
            for other in rows
            if all(
                a == b or (anything and (a is None or b is None))
                for a, b in zip(one[:3], other[:3], strict=True)
            )
        ]
        out.append((len(alike), sum(float(str(other[3])) for other in alike)))
    return out


def formula(f: int, population: float) -> float:
    """Return sdcMicro's risk as it is written down."""
    p = f / population
    if p == 1:
        return 1 / f
    odds = p / (1 - p)
    if f == 1:
        return odds * math.log(1 / p)
    if f == 2:
        return odds - odds**2 * math.log(1 / p)
    return p / (f - (1 - p))


def counted(rows: list[tuple[object, ...]]) -> Counts:
    """Count rows of three cells and a weight by hand: no engine, so quick."""
    cells: dict[tuple[int, ...], list[float]] = defaultdict(list)
    for *values, weight in rows:
        cells[tuple(-1 if v is None else "abc".index(str(v)) for v in values)].append(
            float(str(weight))
        )
    keys = sorted(cells)
    return Counts(
        columns=("x", "y", "z"),
        categories=(np.array(list("abc"), dtype=object),) * 3,
        codes=np.array(keys, dtype=np.int32),
        n=np.array([len(cells[k]) for k in keys], dtype=np.int64),
        weight=np.array([sum(cells[k]) for k in keys]),
    )


def test_equals_sdcmicro() -> None:
    table, want = "city2000.csv", rows_of("out_risk.csv")
    risk = individual_risk(str(CITY / table), quasi_identifiers=NAMES, weight="weight")
    for values, column in (
        (risk.size, "fk"),
        (risk.population, "Fk"),
        (risk.per_class, "rk"),
    ):
        assert values is not None
        expected = [float(row[column]) for row in want]
        np.testing.assert_allclose(in_rows(table, risk, values), expected, rtol=1e-12)
    assert risk.n_expected == pytest.approx(scalars()["global_risk_ER"], rel=1e-12)
    assert risk.mean_risk == pytest.approx(scalars()["global_risk"], rel=1e-12)
    assert risk.global_risk == risk.mean_risk


def test_equals_sdcmicro_without_weights() -> None:
    table = "city2000.csv"
    risk = individual_risk(str(CITY / table), quasi_identifiers=NAMES)
    assert risk.per_class is not None
    expected = [float(row["rk_unweighted"]) for row in rows_of("out_risk.csv")]
    np.testing.assert_allclose(in_rows(table, risk, risk.per_class), expected, rtol=1e-12)
    assert risk.n_expected == pytest.approx(scalars()["unweighted_ER"], rel=1e-12)
    assert risk.basis == "none"


def test_equals_sdcmicro_where_missing_matches_anything() -> None:
    table, want = "city2000_na.csv", rows_of("out_risk_na.csv")
    classes = count(str(CITY / table), NAMES, weight="weight").classes(NAMES)
    risk = IndividualRisk.of(classes, missing="matches-anything")
    assert risk.per_class is not None
    expected = [float(row["rk_alpha1"]) for row in want]
    np.testing.assert_allclose(in_rows(table, risk, risk.per_class), expected, rtol=1e-12)
    sizes = [int(row["fk_alpha1"]) for row in want]
    assert in_rows(table, risk, risk.size).tolist() == sizes


def test_complete_rows_equal_sdcmicro_where_missing_matches_nothing() -> None:
    # alpha = 0 lets a row with a missing cell match no row at all; its own value matches itself.
    table = "city2000_na.csv"
    classes = count(str(CITY / table), NAMES, weight="weight").classes(NAMES)
    risk = IndividualRisk.of(classes)
    assert risk.per_class is not None
    complete = [all(row[c] for c in NAMES) for row in rows_of(table)]
    expected = np.array([float(row["rk_alpha0"]) for row in rows_of("out_risk_na.csv")])
    found = in_rows(table, risk, risk.per_class)
    np.testing.assert_allclose(found[complete], expected[complete], rtol=1e-12)


@pytest.mark.parametrize("missing", ["own-value", "matches-anything"])
@settings(max_examples=150, deadline=None)
@given(rows=tables)
def test_equals_all_pairs(missing: str, rows: list[tuple[object, ...]]) -> None:
    classes = counted(rows).classes(["x", "y", "z"])
    risk = IndividualRisk.of(classes, missing=missing)  # type: ignore[arg-type]
    expected = [formula(f, F) for f, F in by_pairs(rows, missing == "matches-anything")]
    assert risk.n_expected == pytest.approx(sum(expected), rel=1e-9)
    assert risk.highest_risk == pytest.approx(max(expected), rel=1e-9)
    of_class = defaultdict(float)
    for row, r in zip(rows, expected, strict=True):
        of_class[row[:3]] = r
    mean = sum(of_class.values()) / len(of_class)
    assert risk.mean_risk_over_classes == pytest.approx(mean, rel=1e-9)
    # Never 0, as sdcMicro's is where a missing value makes a class of a size between 1 and 2.
    assert risk.per_class is not None
    assert risk.per_class.min() > 0


@pytest.mark.parametrize(("f", "population", "mean"), PRECISE)
def test_exact_equals_arbitrary_precision(f: int, population: float, mean: float) -> None:
    found = exact_reciprocal(np.array([f]), np.array([population]))[0]
    assert found == pytest.approx(mean, rel=1e-14)


def test_exact_is_the_mean_of_the_negative_binomial() -> None:
    from scipy.special import gammaln

    h = np.arange(60_000.0)  # people beyond the records
    for f in (1, 2, 3, 7, 31, 33, 176, 400):
        for p in (0.01, 0.3, 0.5, 0.77, 0.999):
            choose = gammaln(h + f) - gammaln(f) - gammaln(h + 1)
            chance = np.exp(choose + f * math.log(p) + h * math.log1p(-p))
            expected = float((chance / (h + f)).sum())
            found = exact_reciprocal(np.array([f]), np.array([f / p]))[0]
            assert found == pytest.approx(expected, rel=1e-9)


def test_exact_is_the_integral_for_every_size() -> None:
    """Gauss and Legendre's rule has no trouble with f = 176, where sdcMicro's exact risk is NaN."""
    node, width = np.polynomial.legendre.leggauss(400)
    v = (node + 1) / 2
    sizes = np.arange(1, 600)
    for p in (0.05, 0.5, 0.9):
        found = exact_reciprocal(sizes, sizes / p)
        expected = [(width / 2 * p * v ** (f - 1) / (p + (1 - p) * v)).sum() for f in sizes]
        np.testing.assert_allclose(found, expected, rtol=1e-11)


@settings(max_examples=200, deadline=None)
@given(f=st.integers(1, 10**7), log=st.floats(0, 9))
def test_bounds(f: int, log: float) -> None:
    """Jensen: the mean of 1/F is above 1/mean; the approximation above both, by 4.1 %."""
    size, population = np.array([f]), np.array([f * 10**log])
    exact = exact_reciprocal(size, population)[0]
    near = approximate_reciprocal(size, population)[0]
    assert 1 / population[0] * (1 - 1e-12) <= exact <= 1 / f * (1 + 1e-12)
    assert exact * (1 - 1e-12) <= near <= exact * 1.0404


def test_both_are_one_over_the_size_in_a_census() -> None:
    sizes = np.array([1, 2, 3, 32, 33, 10**7])
    for mean in (exact_reciprocal, approximate_reciprocal):
        np.testing.assert_allclose(mean(sizes, sizes.astype(float)), 1 / sizes, rtol=1e-15)


def test_nearly_a_census_cancels_no_digits() -> None:
    found = approximate_reciprocal(np.array([1, 2]), np.array([1.0, 2.0]) * (1 + 1e-10))
    np.testing.assert_allclose(found, [1.0, 0.5], rtol=2e-10)


@pytest.mark.parametrize("estimator", ["approximate", "exact"])
@settings(max_examples=80, deadline=None)
@given(rows=tables)
def test_merging_classes_never_raises_the_highest_risk(
    estimator: str, rows: list[tuple[object, ...]]
) -> None:
    counts = counted(rows)
    apart, merged = (
        IndividualRisk.of(counts.classes(names), estimator=estimator)  # type: ignore[arg-type]
        for names in (["x", "y", "z"], ["x"])
    )
    assert apart.highest_risk is not None
    assert merged.highest_risk is not None
    assert merged.highest_risk <= apart.highest_risk * (1 + 1e-12)


def test_by_hand() -> None:
    table = {"q": ["a", "a", "a", "b"], "w": [2.0, 2.0, 2.0, 8.0]}
    risk = individual_risk(table, quasi_identifiers=["q"], weight="w", estimator="exact")
    # f = 3, x = 1: ∫ v²/(1 + v) = 1/2 − 1 + ln 2; f = 1, x = 7: ln 8/7
    assert risk.per_class is not None
    assert risk.per_class.tolist() == pytest.approx([math.log(2) - 0.5, math.log(8) / 7])
    assert risk.n_records_above(0.2) == 1
    assert risk.n_records_above(0.1) == 4
    assert risk.mean_risk_over_classes == pytest.approx((math.log(2) - 0.5 + math.log(8) / 7) / 2)


@pytest.mark.parametrize(
    ("values", "highest"),
    [(["a"], 1.0), (["a"] * 4, 0.25), (list("abcd"), 1.0), ([None] * 3, 1 / 3)],
)
def test_edges_without_weights(values: list[object], highest: float) -> None:
    for missing in ("own-value", "matches-anything"):
        risk = individual_risk({"q": values}, quasi_identifiers=["q"], missing=missing)
        assert risk.highest_risk == pytest.approx(highest)


def test_suppressed_cells_are_read_both_ways() -> None:
    table = {"q": ["a", "a", "*"], "w": [5.0, 5.0, 5.0]}
    own, any_ = (
        individual_risk(table, quasi_identifiers=["q"], weight="w", suppressed="*", missing=m)
        for m in ("own-value", "matches-anything")
    )
    assert own.size.tolist() == [1, 2]
    assert any_.size.tolist() == [3, 3]
    assert any_.population.tolist() == [15.0, 15.0]
    assert [m.name for m in any_.measures()] == [
        "individual.matching.highest_risk",
        "individual.matching.mean_risk",
        "individual.matching.mean_risk_over_classes",
        "individual.matching.n_expected",
    ]


@pytest.mark.parametrize("bad", [0.0, -1.0, None, math.inf])
def test_bad_weights_are_refused(bad: float | None) -> None:
    table = {"q": ["canary-7", "a"], "w": [3.0, bad]}
    with pytest.raises(InputError, match="in 1 rows") as caught:
        individual_risk(table, quasi_identifiers=["q"], weight="w")
    assert "canary" not in str(caught.value)


def test_weights_below_the_records_measure_nothing() -> None:
    table = {"q": ["a", "a", "b"], "w": [0.5, 0.5, 3.0]}
    risk = individual_risk(table, quasi_identifiers=["q"], weight="w")
    assert risk.per_class is None
    assert (risk.highest_risk, risk.mean_risk, risk.n_expected) == (None, None, None)
    assert (risk.mean_risk_over_classes, risk.n_records_above(0.1)) == (None, None)
    assert all(m.value is None and "1 classes" in m.reason for m in risk.measures())
    assert "not available" in repr(risk)
    assert "not available" in risk.plot().axes[0].texts[0].get_text()


def test_sums_of_weights_may_be_rounded() -> None:
    table = {"q": ["a"] * 10, "w": [0.1 + 0.9] * 10}
    assert individual_risk(table, quasi_identifiers=["q"], weight="w").highest_risk == 0.1


def test_unknown_options_are_refused() -> None:
    with pytest.raises(InputError, match="estimator"):
        individual_risk({"q": [1]}, quasi_identifiers=["q"], estimator="bayes")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="missing"):
        individual_risk({"q": [1]}, quasi_identifiers=["q"], missing="never")  # type: ignore[arg-type]


def test_tells_itself() -> None:
    table = {"q": ["a", "a", "b"], "w": [4.0, 4.0, 9.0]}
    risk = individual_risk(table, quasi_identifiers=["q"], weight="w")
    told = risk.to_dict()
    assert (told["estimator"], told["basis"], told["missing"]) == (
        "approximate",
        "sampling weights",
        "own-value",
    )
    assert len(risk.frame()) == 4
    figure = risk.plot(threshold=0.2)
    assert "3 records" in figure.axes[0].get_title()


def test_bands_hold_every_record_once() -> None:
    bands = risk_bands(np.array([1e-6, 0.2, 0.2000001, 1.0]), np.array([1, 1, 1, 1]), mark=0.15)
    assert sum(bands.shares) == pytest.approx(1)
    assert bands.shares[bands.labels.index("≤ 0.2")] == 0.25
    assert [label for label, m in zip(bands.labels, bands.marked, strict=True) if m] == [
        "≤ 0.2",
        "≤ 0.33",
        "≤ 0.5",
        "≤ 1",
    ]
