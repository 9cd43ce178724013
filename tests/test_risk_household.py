"""Household risk: sdcMicro's numbers, households walked one by one, edges."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError
from niming.risk.household import HouseholdRisk, household_risk
from niming.risk.individual import IndividualRisk
from niming.tables import MISSING, SUPPRESSED, Counts, count

CITY = Path(__file__).parent / "reference" / "city2000"
NAMES = ["district", "age_group", "sex", "education", "occupation", "marital"]

rows_of_people = st.lists(
    st.tuples(
        st.integers(MISSING, 2),  # code of the quasi-identifier
        st.integers(SUPPRESSED, 4),  # code of the household
        st.integers(2, 30).map(lambda w: w / 2),
    ),
    min_size=1,
    max_size=14,
)


def rows_of(name: str) -> list[dict[str, str]]:
    with open(CITY / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def counted(rows: list[tuple[int, int, float]]) -> Counts:
    cells: dict[tuple[int, int], list[float]] = defaultdict(list)
    for q, home, weight in rows:
        cells[q, home].append(weight)
    keys = sorted(cells)
    return Counts(
        columns=("q", "home"),
        categories=(np.arange(3), np.arange(5)),
        codes=np.array(keys, dtype=np.int32),
        n=np.array([len(cells[k]) for k in keys], dtype=np.int64),
        weight=np.array([sum(cells[k]) for k in keys]),
    )


def test_equals_sdcmicro() -> None:
    risk = household_risk(
        str(CITY / "city2000.csv"), quasi_identifiers=NAMES, household="hid", weight="weight"
    )
    assert risk.per_household is not None
    homes = [int(row["hid"]) for row in rows_of("city2000.csv")]
    expected = dict(
        zip(homes, (float(row["hier_risk"]) for row in rows_of("out_risk.csv")), strict=True)
    )
    np.testing.assert_allclose(
        risk.per_household, [expected[home] for home in sorted(expected)], rtol=1e-12
    )
    scalars = {
        row["name"]: float(row["value"])
        for row in rows_of("summary_own.csv")
        if row["file"] == "risk"
    }
    assert risk.n_expected == pytest.approx(scalars["hier_risk_ER"], rel=1e-12)
    assert risk.mean_risk_over_records == pytest.approx(scalars["hier_risk"], rel=1e-12)
    assert (risk.n_rows, risk.n_without) == (len(homes), 0)


@pytest.mark.parametrize("missing", ["own-value", "matches-anything"])
@settings(max_examples=150, deadline=None)
@given(rows=rows_of_people)
def test_equals_a_walk_through_the_households(
    missing: str, rows: list[tuple[int, int, float]]
) -> None:
    classes = counted(rows).classes(["q"])
    individual = IndividualRisk.of(classes, missing=missing)  # type: ignore[arg-type]
    assert individual.per_class is not None
    risk_of = dict(zip(classes.codes[:, 0].tolist(), individual.per_class.tolist(), strict=True))
    nobody: dict[object, float] = defaultdict(lambda: 1.0)
    members: dict[object, int] = defaultdict(int)
    for i, (q, home, _) in enumerate(rows):
        key = home if home >= 0 else ("alone", i)
        nobody[key] *= 1 - risk_of[q]
        members[key] += 1
    found = HouseholdRisk.of(classes, "home", missing=missing)  # type: ignore[arg-type]
    assert found.per_household is not None
    assert sorted(zip(found.size.tolist(), found.per_household.tolist(), strict=True)) == [
        (size, pytest.approx(risk, abs=1e-12))
        for size, risk in sorted((members[k], 1 - nobody[k]) for k in nobody)
    ]
    assert found.n_expected == pytest.approx(sum(members[k] * (1 - nobody[k]) for k in nobody))
    assert found.n_without == sum(home < 0 for _, home, _ in rows)
    assert found.n_rows == len(rows)
    assert found.n_households == len(nobody)


@settings(max_examples=100, deadline=None)
@given(rows=rows_of_people)
def test_a_household_is_never_safer_than_its_members(rows: list[tuple[int, int, float]]) -> None:
    classes = counted(rows).classes(["q"])
    individual = IndividualRisk.of(classes, estimator="exact")
    found = HouseholdRisk.of(classes, "home", individual=individual)
    assert found.estimator == "exact"
    assert found.n_expected is not None
    assert individual.n_expected is not None
    assert individual.highest_risk is not None
    assert found.n_expected >= individual.n_expected * (1 - 1e-12)
    assert found.highest_risk is not None
    assert individual.highest_risk * (1 - 1e-12) <= found.highest_risk <= 1


def test_by_hand() -> None:
    table = {"sex": ["F", "F", "F", "M"], "home": [1, 1, 2, None], "w": [2.0, 2.0, 2.0, 4.0]}
    risk = household_risk(table, quasi_identifiers=["sex"], household="home", weight="w")
    alone = math.log(4) / 3  # f = 1 of 4 people; the others 3 of 6: 0.5/2.5
    assert risk.per_household is not None
    assert risk.per_household.tolist() == pytest.approx([0.36, 0.2, alone])
    assert risk.size.tolist() == [2, 1, 1]
    assert risk.n_without == 1
    assert risk.mean_risk_over_households == pytest.approx((0.56 + alone) / 3)
    assert risk.mean_risk_over_records == pytest.approx((0.92 + alone) / 4)
    assert risk.highest_risk == pytest.approx(alone)
    assert risk.n_records_above(0.3) == 3


@pytest.mark.parametrize(
    ("homes", "sizes"), [([None] * 3, [1, 1, 1]), ([7] * 3, [3]), ([1, 2, 3], [1, 1, 1])]
)
def test_edges(homes: list[object], sizes: list[int]) -> None:
    table = {"q": ["a", "b", "b"], "home": homes}
    risk = household_risk(table, quasi_identifiers=["q"], household="home")
    assert risk.size.tolist() == sizes
    assert risk.highest_risk == 1.0  # "a" stands alone in what is taken as the population
    assert risk.basis == "none"


def test_a_suppressed_household_ties_nobody() -> None:
    table = {"q": ["a", "a", "a"], "home": ["*", "*", "h"]}
    risk = household_risk(table, quasi_identifiers=["q"], household="home", suppressed="*")
    assert risk.n_without == 2
    assert risk.size.tolist() == [1, 1, 1]


def test_counts_must_have_the_household() -> None:
    counts = count({"q": ["a"], "home": [1]}, ["q", "home"])
    assert household_risk(counts, quasi_identifiers=["q"], household="home").n_households == 1
    with pytest.raises(ColumnNotFoundError):
        household_risk(counts.select(["q"]), quasi_identifiers=["q"], household="home")


@pytest.mark.parametrize("household", ["q", ["home"], None])
def test_no_household_is_refused(household: object) -> None:
    with pytest.raises(InputError, match="household"):
        household_risk({"q": ["canary"]}, quasi_identifiers=["q"], household=household)  # type: ignore[arg-type]


def test_weights_below_the_records_measure_nothing() -> None:
    table = {"q": ["a", "a"], "home": [1, None], "w": [0.25, 0.5]}
    risk = household_risk(table, quasi_identifiers=["q"], household="home", weight="w")
    assert risk.per_household is None
    assert all(m.value is None and "weights" in m.reason for m in risk.measures())
    assert risk.n_records_above(0.1) is None
    assert risk.n_households == 2
    assert "not available" in risk.plot().axes[0].texts[0].get_text()


def test_tells_itself() -> None:
    table = {"q": ["a", "a", "b"], "home": [1, 1, 2], "w": [4.0, 4.0, 9.0]}
    risk = household_risk(
        table, quasi_identifiers=["q"], household="home", weight="w", missing="matches-anything"
    )
    assert [m.name for m in risk.measures()] == [
        "household.matching.highest_risk",
        "household.matching.mean_risk_over_households",
        "household.matching.mean_risk_over_records",
        "household.matching.n_expected",
    ]
    assert risk.to_dict()["n_households"] == 2
    assert "3 records" in risk.plot(threshold=0.2).axes[0].get_title()
