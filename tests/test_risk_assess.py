"""`assess`: equal to every function by itself, from one GROUP BY, without a cell value."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from niming.errors import ColumnNotFoundError, InputError
from niming.measure import Measure, Result
from niming.risk import (
    Assessment,
    alpha_k,
    assess,
    beta_likeness,
    delta_disclosure,
    delta_presence,
    find_quasi_identifiers,
    household_risk,
    individual_risk,
    k_anonymity,
    k_map,
    l_diversity,
    lkc,
    p_sensitive,
    population_uniqueness,
    reidentification,
    suda,
    t_closeness,
)
from niming.tables import Counts, Hierarchy, Table, count, read

CITY = Path(__file__).parent / "reference" / "city2000"
KEYS = ["district", "age_group", "sex"]


def by_name(result: Assessment) -> dict[str, Measure]:
    names = [m.name for m in result.measures()]
    assert len(set(names)) == len(names)
    return {m.name: m for m in result.measures()}


@pytest.fixture(scope="module")
def city() -> pd.DataFrame:
    return pd.read_csv(CITY / "city2000.csv")


def test_equals_each_function_by_itself(city: pd.DataFrame) -> None:
    diseases = sorted(city["disease"].unique())
    tree = Hierarchy.from_dict(
        {"well": ["healthy"], "ill": [d for d in diseases if d != "healthy"]}
    )
    result = assess(
        city,
        quasi_identifiers=KEYS,
        sensitive=["disease", "hid"],
        weight="weight",
        hierarchies={"disease": tree, "district": tree},
        c=3,
    )
    told = by_name(result)
    for column in ("disease",):
        for kind in ("distinct", "entropy", "recursive"):
            alone = l_diversity(
                city,
                quasi_identifiers=KEYS,
                sensitive=column,
                kind=kind,  # type: ignore[arg-type]
                c=3 if kind == "recursive" else None,
            )
            assert told[f"l_diversity.{kind}[{column}]"].value == alone.l
    for name, distance, column in (
        ("equal", "equal", "disease"),
        ("hierarchical", tree, "disease"),
        ("ordered", "ordered", "hid"),
        ("equal", "equal", "hid"),
    ):
        close = t_closeness(city, quasi_identifiers=KEYS, sensitive=column, distance=distance)  # type: ignore[arg-type]
        assert told[f"t_closeness.{name}[{column}]"].value == close.t
    assert "t_closeness.ordered[disease]" not in told  # text has no order that means anything
    anonymity = k_anonymity(city, quasi_identifiers=KEYS)
    assert result.anonymity.size.tolist() == anonymity.size.tolist()
    assert told["k_anonymity.k"].value == told["k_anonymity.matching.k"].value == anonymity.k
    alone = reidentification(city, quasi_identifiers=KEYS, weight="weight")
    for name in ("highest", "mean_over_records", "mean_over_classes"):
        assert told[f"reidentification.journalist.{name}"].value == pytest.approx(
            getattr(alone.journalist, name), rel=1e-12
        )
    assert result.reidentification.prosecutor == alone.prosecutor


@pytest.mark.parametrize("gaps", [False, True])
def test_everything_equals_each_function_by_itself(gaps: bool) -> None:
    table = pd.read_csv(CITY / ("city2000_na.csv" if gaps else "city2000.csv"))
    people = pd.concat([table] * 3, ignore_index=True)
    ask = {"quasi_identifiers": KEYS}
    result = assess(
        table,
        **ask,
        sensitive=["disease", "occupation"],
        weight="weight",
        household="hid",
        population=people,
        sampling_fraction=1 / 3,
    )
    told = by_name(result)
    seen: set[str] = set()
    for missing in ("own-value", "matches-anything"):
        both = {**ask, "missing": missing}
        one = {**both, "sensitive": "disease"}
        other = {**both, "sensitive": "occupation"}
        alone: list[Result] = [
            k_anonymity(table, **both),
            reidentification(table, **both, population=people, weight="weight"),
            *(
                l_diversity(table, **s, kind=k)
                for s in (one, other)
                for k in ("distinct", "entropy")
            ),
            *(l_diversity(table, **s, kind="recursive", c=2) for s in (one, other)),
            *(t_closeness(table, **s) for s in (one, other)),
            *(alpha_k(table, **s) for s in (one, other)),
            p_sensitive(table, **both, sensitive=["disease", "occupation"]),
            *(delta_disclosure(table, **s) for s in (one, other)),
            *(
                beta_likeness(table, **s, kind=k)
                for s in (one, other)
                for k in ("basic", "enhanced")
            ),
            *(lkc(table, **s, known=2) for s in (one, other)),
            k_map(table, **both, population=people),
            delta_presence(table, **both, population=people),
            individual_risk(table, **both, weight="weight"),
            household_risk(table, **both, weight="weight", household="hid"),
            suda(table, **both, fraction=1 / 3),
            find_quasi_identifiers(table, columns=KEYS, max_size=3, missing=missing),
        ]
        for measure in (m for found in alone for m in found.measures()):
            value = (
                measure.value if measure.value is None else pytest.approx(measure.value, rel=1e-12)
            )
            assert told[measure.name].value == value, measure.name
            assert told[measure.name].reason == measure.reason
            seen.add(measure.name)
    for measure in population_uniqueness(table, **ask, sampling_fraction=1 / 3).measures():
        assert told[measure.name].value == measure.value
        seen.add(measure.name)
    assert seen == set(told)


def test_a_population_that_knows_what_the_table_suppresses() -> None:
    people = {"sex": ["F", "F", "M", "M", "M"], "town": ["A", "A", "A", "B", "B"]}
    table = {"sex": ["F", "*", "M"], "town": ["A", "A", "B"]}
    keys = ["sex", "town"]
    result = assess(table, quasi_identifiers=keys, suppressed="*", population=people)
    told = by_name(result)
    assert "suppressed" in told["reidentification.journalist.highest"].reason
    assert result.own.presence is None
    assert told["reidentification.matching.journalist.highest"].value == pytest.approx(1 / 2)
    assert told["k_map.matching.k"].value == 2
    assert "k_map.k" not in told
    elsewhere = {"sex": ["X"] * 5, "town": ["A"] * 5}
    with pytest.raises(InputError, match="fewer people"):
        assess(table, quasi_identifiers=keys, suppressed="*", population=elsewhere)


def test_more_columns_than_sets_are_looked_at_among() -> None:
    table = {f"c{j}": [0, 1, j % 2, 0] for j in range(64)}
    told = by_name(assess(table, quasi_identifiers=list(table)))
    for stem in ("suda", "suda.matching", "quasi_identifiers", "quasi_identifiers.matching"):
        (measure,) = (m for name, m in told.items() if name.rpartition(".")[0] == stem)
        assert "up to 62" in measure.reason
    assert told["k_anonymity.k"].value == 1


def test_the_core_is_a_part_of_everything(city: pd.DataFrame) -> None:
    core = by_name(assess(city, quasi_identifiers=KEYS, sensitive=["disease"], extent="core"))
    full = by_name(assess(city, quasi_identifiers=KEYS, sensitive=["disease"]))
    assert core.keys() < full.keys()
    assert all(full[name] == measure for name, measure in core.items())
    assert {name.split(".")[0] for name in core} == {
        "k_anonymity",
        "reidentification",
        "l_diversity",
        "t_closeness",
    }


def test_pictures_of_all_readings() -> None:
    table = pd.read_csv(CITY / "city2000_na.csv")
    result = assess(table, quasi_identifiers=[*KEYS, "education", "occupation"])
    (axes,) = result.plot_cumulative().axes
    assert len(axes.get_legend().get_texts()) == 2
    assert "%" in axes.get_title()
    assert result.plot_combinations().axes
    with pytest.raises(InputError, match="core alone"):
        assess(table, quasi_identifiers=KEYS, extent="core").plot_combinations()


def test_the_cumulative_picture_is_the_share_at_each_risk_or_more() -> None:
    from matplotlib.cbook import STEP_LOOKUP_MAP

    table = {"age": [30, 40, 40, 50, 50, 50, 50]}  # at risk 1, 1/2 and 1/4
    (axes,) = assess(table, quasi_identifiers=["age"]).plot_cumulative().axes
    line = axes.lines[0]
    risks, shares = STEP_LOOKUP_MAP[line.get_drawstyle()](*line.get_data())
    drawn = np.interp([0.3, 0.7], risks[::-1], shares[::-1])
    np.testing.assert_allclose(drawn, [3 / 7, 1 / 7])
    assert axes.get_xscale() == "log"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"extent": "half"}, "extent"),
        ({"known": 0}, "known"),
        ({"population_size": 2000, "sampling_fraction": 0.5}, "one"),
        ({"household": "district"}, "both|household"),
        ({"population_size": 5}, "population"),
    ],
)
def test_wrong_arguments(city: pd.DataFrame, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        assess(city, quasi_identifiers=KEYS, **wrong)  # type: ignore[arg-type]


def test_one_group_by(city: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    table = read(city)
    asked: list[str] = []
    query = Table.query
    monkeypatch.setattr(Table, "query", lambda self, sql: asked.append(sql) or query(self, sql))
    assess(table, quasi_identifiers=KEYS, sensitive=["disease", "hid"])
    assert sum("GROUP BY" in sql for sql in asked) == 1
    assert sum("FROM source" in sql and "count(*) AS n FROM" not in sql for sql in asked) <= 1


def test_counts_give_the_same(city: pd.DataFrame) -> None:
    counts = count(city, [*KEYS, "disease"])
    one = assess(counts, quasi_identifiers=KEYS, sensitive=["disease"])
    other = assess(city, quasi_identifiers=KEYS, sensitive=["disease"])
    assert one.to_dict() == other.to_dict()


def test_a_continuous_column_has_no_l_and_says_why(city: pd.DataFrame) -> None:
    told = by_name(assess(city, quasi_identifiers=KEYS, sensitive=["income"]))
    for kind in ("distinct", "entropy", "recursive"):
        measure = told[f"l_diversity.{kind}[income]"]
        assert measure.value is None
        assert "continuous" in measure.reason
    assert told["t_closeness.ordered[income]"].value is not None


def test_both_readings_of_missing() -> None:
    result = assess(
        pd.read_csv(CITY / "city2000_na.csv"), quasi_identifiers=[*KEYS, "education", "occupation"]
    )
    assert result.matching.anonymity.n_unique < result.anonymity.n_unique
    assert result.matching.anonymity.k >= result.anonymity.k


@pytest.mark.parametrize(
    "table",
    [
        {"q": ["x"], "s": ["a"]},
        {"q": ["x"] * 5, "s": ["a"] * 5},
        {"q": list(range(5)), "s": list("abcde")},
        {"q": [None] * 5, "s": [None] * 5},
        {"q": ["*"] * 5, "s": ["*"] * 5},
    ],
)
def test_edges_give_whole_results(table: dict[str, list[object]]) -> None:
    result = assess(table, quasi_identifiers=["q"], sensitive=["s"], suppressed="*")
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["result"] == "Assessment"
    assert len(result.frame()) == len(result.measures())
    assert result.plot().axes


def test_shows_itself_without_cells() -> None:
    table = {"q": ["canary-1", "canary-2", "canary-2"], "s": ["canary-3", "canary-3", "canary-4"]}
    result = assess(table, quasi_identifiers=["q"], sensitive=["s"])
    told = json.dumps(result.to_dict()) + repr(result) + result._repr_html_()
    assert "canary" not in told + result.frame().to_string()
    assert repr(result).count("\n") <= 2
    text = [t.get_text() for t in result.plot().axes[0].texts]
    assert "canary" not in " ".join(text)


@pytest.mark.parametrize("threshold", [1, 2, 5, 7, 5000])
def test_the_plot_shows_every_record_once(city: pd.DataFrame, threshold: int) -> None:
    result = assess(city, quasi_identifiers=KEYS, threshold_size=threshold)
    bars = result.plot().axes[0].patches
    assert sum(bar.get_height() for bar in bars) == pytest.approx(1)
    red = sum(b.get_height() for b in bars if b.get_facecolor()[0] > 0.5)
    below = result.anonymity.n_records_below(threshold) / result.n_rows
    assert red == pytest.approx(below)


def test_many_classes_take_no_loop() -> None:
    """Some 270,000 classes: a Python loop over them would be felt, and this is not."""
    rng = np.random.default_rng(11)
    keys = np.unique(rng.integers(0, 1_500_000 * 40, 300_000))
    counts = Counts(
        columns=("q", "s"),
        categories=(np.arange(1_500_000), np.arange(40)),
        codes=np.column_stack([keys // 40, keys % 40]).astype(np.int32),
        n=rng.integers(1, 4, len(keys)),
    )
    start = time.process_time()
    result = assess(counts, quasi_identifiers=["q"], sensitive=["s"])
    assert time.process_time() - start < 5
    assert result.anonymity.n_classes == len(np.unique(keys // 40))


def test_sixty_columns_on_which_everybody_is_soon_alone() -> None:
    """1.6 million minimal uniques: comparing those of one size with each other took minutes."""
    rng = np.random.default_rng(5)
    table = {f"c{j}": rng.integers(0, 100, 1000) for j in range(60)}
    start = time.process_time()
    result = assess(table, quasi_identifiers=list(table))
    assert time.process_time() - start < 30  # compiles the kernels where they are not yet
    assert result.own.suda is not None
    assert result.own.suda.max_size == 2


def test_a_hierarchy_of_no_column_is_refused() -> None:
    table = {"sex": ["F", "M"], "illness": ["canary", "none"], "town": ["a", "b"]}
    tree = Hierarchy.from_dict({"all": ["canary", "none"]})
    ask = {"quasi_identifiers": ["sex"], "sensitive": ["illness"]}
    for source in (table, count(table, ["sex", "illness"])):
        with pytest.raises(ColumnNotFoundError, match="hierarchies names 'nope'") as caught:
            assess(source, hierarchies={"illness": tree, "nope": tree}, **ask)  # type: ignore[arg-type]
        assert "canary" not in str(caught.value)
        assert caught.value.hint
    found = assess(table, hierarchies={"illness": tree, "town": tree}, **ask)  # type: ignore[arg-type]
    assert ("illness", "hierarchical") in found.closeness


def test_a_sensitive_quasi_identifier_is_refused(city: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="both"):
        assess(city, quasi_identifiers=KEYS, sensitive=["sex"])


def test_blanking_half_of_a_class_cures_it_under_one_reading_alone() -> None:
    """No quasi-identifier is missing, and yet the readings differ in the sensitive column."""
    table = {"q": ["x"] * 6, "s": ["flu"] * 3 + [None] * 3}
    found = assess(table, quasi_identifiers=["q"], sensitive=["s"])
    told = {m.name: m.value for m in found.measures()}
    assert (told["l_diversity.distinct[s]"], told["l_diversity.matching.distinct[s]"]) == (2, 1)
    assert (told["alpha_k.alpha[s]"], told["alpha_k.matching.alpha[s]"]) == (0.5, 1)
    assert (told["lkc.c[s]"], told["lkc.matching.c[s]"]) == (0.5, 1)
    assert (told["p_sensitive.p"], told["p_sensitive.matching.p"]) == (2, 1)
