"""Utility of a release: slow oracles, the reference losses, properties, edges and errors."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, HierarchyError, InputError
from niming.tables.counts import count
from niming.tables.hierarchy import Hierarchy
from niming.utility import align, compare, holdout_rows, marginal, total_variation

CANARY = "canary-7f3a"
AGE = Hierarchy.intervals(0, 100, 5, 10)
TOWN = Hierarchy.from_dict({"north": ["A", "B"], "south": ["C", "D", "E"]})


def people(n: int = 400, seed: int = 0) -> pd.DataFrame:
    """Make a small table in which income depends on age and town."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n)
    town = rng.choice(list("ABCDE"), n)
    rich = (age / 90 + np.isin(town, ["C", "D", "E"]) + rng.normal(0, 0.3, n)) > 1.1
    return pd.DataFrame({"age": age, "town": town, "rich": np.where(rich, "yes", "no")})


def coarsen(table: pd.DataFrame, age: int, town: int, k: int = 0) -> pd.DataFrame:
    """Generalise to the levels given and suppress classes smaller than `k`."""
    out = table.assign(
        age=AGE.generalise(table["age"], age), town=TOWN.generalise(table["town"], town)
    )
    size = out.groupby(["age", "town"])["rich"].transform("size")
    out.loc[size < k, ["age", "town"]] = "*"
    return out


# --- oracles: every record is spread by hand over the values of the domain ----------------------

DOMAIN = {
    "age": [(str(v), tuple(AGE.generalise([v], i).item() for i in range(4))) for v in range(100)],
    "town": [(v, tuple(TOWN.generalise([v], i).item() for i in range(3))) for v in "ABCDE"],
}


def spread(column: str, label: str | None) -> dict[str, float]:
    """Return how one released cell spreads over the domain."""
    if label is None:
        return {"missing": 1.0}
    leaves = [value for value, path in DOMAIN[column] if label in path]
    return dict.fromkeys(leaves, 1 / len(leaves))


def slow_distribution(table: pd.DataFrame, columns: list[str]) -> dict[tuple[str, ...], float]:
    """Spread each record over the product of its cells' leaves."""
    out: dict[tuple[str, ...], float] = {}
    for row in table[columns].itertuples(index=False):
        cells: list[tuple[tuple[str, ...], float]] = [((), 1 / len(table))]
        for column, label in zip(columns, row, strict=True):
            text = None if label is None or label != label else str(label)
            cells = [
                ((*key, leaf), p * q)
                for key, p in cells
                for leaf, q in spread(column, text).items()
            ]
        for key, p in cells:
            out[key] = out.get(key, 0.0) + p
    return out


def slow_distance(a: pd.DataFrame, b: pd.DataFrame, columns: list[str]) -> float:
    p, q = slow_distribution(a, columns), slow_distribution(b, columns)
    return sum(abs(p.get(k, 0) - q.get(k, 0)) for k in p.keys() | q.keys()) / 2


def slow_loss(table: pd.DataFrame, column: str) -> float:
    domain = DOMAIN[column]
    n = len(table)
    total = sum(sum(label in path for _, path in domain) / len(domain) for label in table[column])
    return max(0.0, (total - n / len(domain)) / (n - n / len(domain)))


@pytest.mark.parametrize(("age", "town", "k"), [(0, 0, 0), (1, 1, 0), (2, 0, 8), (3, 2, 0)])
def test_equals_the_slow_oracle(age: int, town: int, k: int) -> None:
    original = people(120)
    released = coarsen(original, age, town, k)
    result = compare(original, released, hierarchies={"age": AGE, "town": TOWN})
    tv = result.marginals
    for column in ("age", "town"):
        assert tv.one_way[column] == pytest.approx(slow_distance(original, released, [column]))
        assert result.loss.by_column[column] == pytest.approx(slow_loss(released, column), abs=1e-9)
    assert tv.two_way["age", "town"] == pytest.approx(
        slow_distance(original, released, ["age", "town"])
    )
    total = math.prod(1 + slow_loss(released, c) for c in ("age", "town")) ** 0.5 - 1
    assert result.loss.total == pytest.approx(total, abs=1e-9)


def test_mixed_levels_and_missing_cells_equal_the_slow_oracle() -> None:
    original = people(90)
    released = coarsen(original, 2, 1).astype(object)
    released.loc[:29, "age"] = original.loc[:29, "age"].astype(str)
    released.loc[30:39, "town"] = None
    result = compare(original, released, hierarchies={"age": AGE, "town": TOWN})
    assert result.marginals.one_way["age"] == pytest.approx(
        slow_distance(original, released, ["age"])
    )
    assert result.marginals.two_way["age", "town"] == pytest.approx(
        slow_distance(original, released, ["age", "town"])
    )
    assert result.loss.by_column["age"] == pytest.approx(slow_loss(released, "age"), abs=1e-9)


@pytest.mark.parametrize(
    ("levels", "expected", "n_suppressed"),
    [  # REFERENCE.md section 1, ARX 3.9.2, k = 5
        ((0, 4, 1, 1, 3, 2, 2, 1, 0), 0.5731509655, 0),
        ((0, 3, 0, 1, 1, 1, 1, 2, 0), 0.2661108191, 1178),
        ((0, 3, 0, 0, 2, 1, 1, 1, 0), 0.2204119284, 2553),
    ],
)
def test_loss_of_the_reference_releases(
    shared: Path, levels: tuple[int, ...], expected: float, n_suppressed: int
) -> None:
    folder = shared / "data" / "adult"
    original = pd.read_csv(folder / "adult.csv", sep=";")
    trees = {c: Hierarchy.from_csv(folder / f"hierarchy_{c}.csv") for c in original.columns}
    released = pd.DataFrame(
        {c: trees[c].generalise(original[c], n) for c, n in zip(trees, levels, strict=True)}
    )
    small = released.groupby(list(released.columns))["age"].transform("size") < 5
    assert small.sum() == n_suppressed
    released.loc[small] = "*"
    result = compare(original, released, hierarchies=trees)
    assert result.loss.total == pytest.approx(expected, abs=1e-9)


def test_loss_agrees_with_the_search_that_minimised_it() -> None:
    from niming.anonymize import FullDomain
    from niming.tables import datasets

    schema = datasets.adult_schema()
    original = datasets.adult()[:4000]
    names = [c for c in schema.quasi_identifiers if c in schema.hierarchies]
    model = FullDomain(names, schema.hierarchies, k=5).fit(original)
    released = model.transform(original)
    trees = {c: schema.hierarchies[c] for c in names}
    result = compare(original, released, columns=names, hierarchies=trees)
    assert model.n_suppressed_ > 0
    assert original[names].isna().any(axis=None)
    assert result.loss.total == pytest.approx(model.loss_, abs=1e-9)


# --- properties ----------------------------------------------------------------------------------

cells = st.sampled_from(["A", "B", "C", "D", "E", None])
columns = st.lists(st.tuples(cells, st.integers(0, 3)), min_size=1, max_size=30)


def frame(rows: list[tuple[str | None, int]]) -> dict[str, list[object]]:
    return {"town": [r[0] for r in rows], "n": [r[1] for r in rows]}


@settings(max_examples=12, deadline=None)
@given(columns, columns)
def test_total_variation_is_a_distance(a: list, b: list) -> None:  # type: ignore[type-arg]
    there, back = compare(frame(a), frame(b)), compare(frame(b), frame(a))
    assert compare(frame(a), frame(list(reversed(a)))).marginals.one_way == {"town": 0.0, "n": 0.0}
    for column, distance in there.marginals.one_way.items():
        assert 0 <= distance <= 1
        assert distance == pytest.approx(back.marginals.one_way[column])
    pair = there.marginals.two_way["town", "n"]
    assert max(there.marginals.one_way.values()) <= pair + 1e-12


@settings(max_examples=12, deadline=None)
@given(columns, st.integers(0, 2))
def test_coarser_labels_never_lose_less(rows: list, level: int) -> None:  # type: ignore[type-arg]
    table = frame(rows)
    losses = []
    for step in (level, min(2, level + 1)):
        released = {**table, "town": TOWN.generalise(table["town"], step).tolist()}
        losses.append(compare(table, released, hierarchies={"town": TOWN}).loss.total)
    assert None not in losses
    assert losses[0] <= losses[1]  # type: ignore[operator]


def test_identical_tables_lose_nothing() -> None:
    table = people(300)
    result = compare(table, table, target="rich", hierarchies={"age": AGE}, rows="same")
    values = {m.name: m.value for m in result.measures()}
    assert values["utility.loss"] == 0
    assert values["utility.tv_2way.max"] == 0
    assert values["utility.learning.ratio"] == 1
    assert values["utility.learning.retained"] == 1


def test_the_same_rows_in_another_type_or_order_lose_nothing() -> None:
    table = people(100)
    as_text = table.astype(str).sample(frac=1, random_state=1)
    assert compare(table, as_text).marginals.two_way == {
        ("age", "town"): 0.0,
        ("age", "rich"): 0.0,
        ("town", "rich"): 0.0,
    }


def test_columns_of_many_values_are_pooled() -> None:
    rng = np.random.default_rng(3)
    original = pd.DataFrame({"x": rng.normal(size=4000), "code": rng.integers(0, 900, 4000)})
    original["code"] = "c" + original["code"].astype(str)
    fresh = pd.DataFrame({"x": rng.normal(size=4000), "code": original["code"].sample(frac=1)})
    shifted = fresh.assign(x=fresh["x"] + 1)
    near, far = compare(original, fresh).marginals, compare(original, shifted).marginals
    assert near.one_way["x"] < 0.06  # sampling error of 20 equal bins at n = 4000
    assert near.one_way["code"] == 0
    # Two unit normals one apart: TV = 2Φ(1/2) − 1 = 0.3829.
    assert far.one_way["x"] == pytest.approx(0.383, abs=0.03)
    assert near.unknown == {}


def test_pooled_dates_and_numbers_take_generalised_labels() -> None:
    days = pd.date_range("2020-01-01", "2020-12-31", freq="D")
    original = pd.DataFrame({"day": np.repeat(days, 3), "income": np.arange(3 * len(days)) * 7})
    tree = Hierarchy.dates("month", "year", start="2020-01-01", end="2020-12-31")
    money = Hierarchy.intervals(0, 10_000, 500, 1000)
    released = pd.DataFrame(
        {
            "day": tree.generalise(original["day"], 1),
            "income": money.generalise(original["income"], 2),
        }
    )
    result = compare(original, released, hierarchies={"day": tree, "income": money})
    assert max(result.marginals.one_way.values()) < 1e-9  # even within labels, as the originals are
    assert result.marginals.two_way["day", "income"] > 0.5  # a day no longer tells the income


def test_numbers_that_the_original_lacks_fall_into_the_intervals_of_a_pooled_column() -> None:
    original = pd.DataFrame({"income": np.arange(0, 8000, 7)})
    near = original + 1
    for trees in ({}, {"income": Hierarchy.intervals(0, 10_000, 500)}):
        moved = compare(original, near, hierarchies=trees).marginals
        assert moved.one_way["income"] < 0.05
        assert moved.unknown == {}


def test_weights_restore_a_stratified_sample() -> None:
    original = pd.DataFrame({"town": ["A"] * 90 + ["B"] * 10})
    sample = pd.DataFrame({"town": ["A"] * 9 + ["B"] * 10, "w": [10.0] * 9 + [1.0] * 10})
    assert compare(original, sample).marginals.one_way["town"] > 0.4
    weighted = compare(original, sample, columns=["town"], weight="w")
    assert weighted.marginals.one_way["town"] == 0


def test_a_whole_column_withheld_spreads_over_its_domain() -> None:
    result = compare({"town": ["A", "A"]}, {"town": ["*", "*"]}, hierarchies={"town": TOWN})
    assert result.marginals.one_way["town"] == pytest.approx(1 - 1 / 5)
    assert result.loss.total == 1


# --- learning ------------------------------------------------------------------------------------


def test_learning_sees_coarsening_and_noise() -> None:
    table = people(1500)
    trees = {"age": AGE, "town": TOWN}
    noise = table.assign(rich=table["rich"].sample(frac=1, random_state=0).to_numpy())
    coarse = coarsen(table, 2, 1)
    score = {
        name: {
            m.name.removeprefix("utility.learning."): m.value
            for m in compare(
                table, released, target="rich", hierarchies=trees, rows="same"
            ).learning.measures()
        }
        for name, released in (("coarse", coarse), ("noise", noise))
    }
    assert score["coarse"]["retained"] > 0.9
    assert abs(score["noise"]["retained"]) < 0.25
    assert score["coarse"]["real_real"] == score["noise"]["real_real"]


def test_the_same_seed_gives_the_same_numbers_and_another_does_not() -> None:
    table = people(300)
    first = compare(table, table, target="rich", seed=4).to_dict()
    assert first == compare(table, table, target="rich", seed=4).to_dict()
    assert first != compare(table, table, target="rich", seed=5).to_dict()


def test_row_origins_decide_what_is_trained_on() -> None:
    table = people(300)
    train, test = holdout_rows(300, seed=2)
    assert sorted([*train, *test]) == list(range(300))
    sizes = {}
    for name, released, rows in (
        ("unknown", table, "unknown"),
        ("same", table, "same"),
        ("positions", table.iloc[::-1], np.arange(300)[::-1]),
        ("fresh", table.iloc[train], "fresh"),
    ):
        learnt = compare(table, released, target="rich", rows=rows, seed=2).learning
        sizes[name] = (learnt.n_train_released, learnt.overlap)
        assert ("upper estimate" in learnt.measures()[0].definition) == (name == "unknown")
    assert sizes == {
        "unknown": (300, 1.0),
        "same": (210, 0.0),
        "positions": (210, 0.0),
        "fresh": (210, 0.0),
    }


def test_unknown_origin_flatters_both_tables_alike() -> None:
    # Labels are coin tosses: nothing can be learnt, only remembered.
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"x": rng.normal(size=1000), "y": rng.choice(["a", "b"], 1000)})
    unknown = compare(table, table, target="y").learning
    known = compare(table, table, target="y", rows="same").learning
    assert known.real_real["boosting"] < 0.6
    assert unknown.released_real["boosting"] > 0.7
    assert unknown.real_real["boosting"] > 0.7
    half = compare(table, table.sample(frac=0.5, random_state=0), target="y").learning
    assert {m.name: m.value for m in half.measures()}["utility.learning.overlap"] == 0.5
    assert 0.55 < half.real_real["boosting"] < unknown.real_real["boosting"]


def test_targets_of_three_classes_and_of_numbers() -> None:
    table = people(400)
    three = table.assign(rich=np.where(table["age"] > 60, "old", table["rich"]))
    result = compare(three, three, target="rich", rows="same").learning
    assert (result.metric, result.released_real) == ("macro-F1", result.real_real)
    assert result.chance < 0.34
    rng = np.random.default_rng(0)
    numeric = table.assign(rich=table["age"] * 2.0 + rng.normal(size=400))
    result = compare(numeric, numeric, target="rich", rows="same").learning
    assert result.metric == "R²"
    assert result.real_real["linear"] > 0.95
    fresh = numeric.assign(rich=numeric["rich"] + 0.001)  # no value in common, still numbers
    assert (
        compare(numeric, fresh, target="rich", rows="same").learning.real_real == result.real_real
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t.assign(rich=["*"] * len(t)), "known target"),
        (lambda t: t.assign(rich=["yes"] * len(t)), "one class"),
        (lambda t: t.assign(rich=["other"] * len(t)), "generalised"),
        (lambda t: t.head(10), "fewer than 30"),
        (lambda t: t.assign(age="*", town="*"), "suppressed or missing"),
    ],
)
def test_what_cannot_be_learnt_has_its_reason(change, reason: str) -> None:  # type: ignore[no-untyped-def]
    table = people(200)
    measures = compare(table, change(table), target="rich").learning.measures()
    assert {m.value for m in measures} == {None}
    assert all(reason in m.reason for m in measures)


def test_a_constant_target_and_a_lone_column_have_their_reason() -> None:
    table = people(100).assign(rich="no")
    assert "one value" in compare(table, table, target="rich").learning.reason
    alone = people(100)[["rich"]]
    result = compare(alone, alone, target="rich")
    assert "no other column" in result.learning.reason
    assert {m.name: m.reason for m in result.measures()}["utility.tv_2way.mean"]


def test_without_target_or_hierarchies_the_measures_say_so() -> None:
    result = compare(people(40), people(40))
    reasons = {m.name: m.reason for m in result.measures()}
    assert reasons["utility.learning.ratio"] == "no target given"
    assert "no column has a hierarchy" in reasons["utility.loss"]


# --- edges and errors ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table",
    [
        {"x": ["a"], "y": [1]},
        {"x": ["a"] * 5, "y": [None] * 5},
        {"x": list("abcde"), "y": [1, 2, 3, 4, 5]},
        {"x": [True, False, None], "y": [float("nan"), 0.5, 0.5]},
    ],
)
def test_edges_compare_equal_to_themselves(table: dict[str, list[object]]) -> None:
    result = compare(table, table)
    assert set(result.marginals.one_way.values()) == {0.0}
    assert len(result.frame()) == len(result.measures())
    assert repr(result).count("\n") <= 2
    assert result.plot().axes


def test_a_column_that_is_all_missing_has_no_values_to_look_up() -> None:
    table = {"town": [None, None], "n": [1, 2]}
    assert len(count(table, ["town"]).categories[0]) == 0
    result = compare(table, table, hierarchies={"town": TOWN})
    assert result.loss.total == 0


def test_released_values_that_nothing_explains_are_counted_and_cost_everything() -> None:
    result = compare({"town": ["A", "B"]}, {"town": [CANARY, CANARY]}, hierarchies={"town": TOWN})
    assert result.marginals.one_way["town"] == 1
    assert result.marginals.unknown == {"town": 1}
    assert result.loss.total is None
    assert CANARY not in repr(result) + str(result.to_dict()) + result._repr_html_()


def test_errors_name_columns_and_no_cell() -> None:
    table = {"town": ["A", CANARY], "n": [1, 2]}
    with pytest.raises(ColumnNotFoundError, match="original, names 'twon'"):
        compare(table, table, columns=["twon"])
    with pytest.raises(ColumnNotFoundError, match="release"):
        compare(table, {"town": ["A"]}, target="n")
    with pytest.raises(ColumnNotFoundError, match="weight"):
        compare(table, table, weight="w")
    with pytest.raises(ColumnNotFoundError, match="in common"):
        compare(table, {"other": [1]})
    with pytest.raises(HierarchyError, match="lacks 1 of 2") as caught:
        compare(table, table, hierarchies={"town": TOWN})
    assert CANARY not in str(caught.value)
    with pytest.raises(InputError, match="no rows"):
        compare(pd.DataFrame(table), pd.DataFrame(table).head(0))
    with pytest.raises(InputError, match="holdout"):
        compare(table, table, holdout=1)
    with pytest.raises(InputError, match="max_rows"):
        compare(table, table, max_rows=0)
    with pytest.raises(InputError, match="twice"):
        compare(table, table, columns=["n", "n"])
    big = people(100)
    with pytest.raises(InputError, match="as many released rows"):
        compare(big, big.head(90), target="rich", rows="same")
    with pytest.raises(InputError, match="positions for"):
        compare(big, big, target="rich", rows=[1, 2])
    with pytest.raises(InputError, match="outside"):
        compare(big, big, target="rich", rows=np.arange(100) + 1)


def test_alignment_reads_a_label_of_several_levels_at_the_level_that_has_all() -> None:
    # "x" is a value and the name of a group: alone it is the value, beside "y" the group.
    tree = Hierarchy.from_rows([("x", "x", "*"), ("x2", "x", "*"), ("y1", "y", "*")])
    original = count({"c": ["x", "x2", "y1"]}, ["c"])
    alone = align(original, count({"c": ["x"]}, ["c"]), tree)
    beside = align(original, count({"c": ["x", "y"]}, ["c"]), tree)
    assert alone.share.tolist() == pytest.approx([1 / 3])
    assert beside.share.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert "x" not in repr(beside).replace("Alignment", "")


def test_marginals_sum_to_one() -> None:
    original, released = people(80), coarsen(people(80), 1, 1, 3)
    pair = ["age", "town"]
    aligned = [
        align(count(original, [c]), count(released, [c], suppressed="*"), t)
        for c, t in (("age", AGE), ("town", TOWN))
    ]
    p = marginal(count(released, pair, suppressed="*"), [a.released for a in aligned])
    assert p.sum() == pytest.approx(1)
    assert total_variation(p, p) == 0
