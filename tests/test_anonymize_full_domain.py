"""FullDomain: ARX's figures, an exhaustive oracle on random lattices, edges, errors."""

from __future__ import annotations

import itertools
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.anonymize import FullDomain, Hierarchy, KAnonymity, LDiversity, Recoding, TCloseness
from niming.anonymize.models import Model
from niming.errors import (
    ColumnNotFoundError,
    HierarchyError,
    InputError,
    UnsatisfiableError,
)
from niming.tables import count

CANARY = "canary-7f3a"


@pytest.fixture(scope="module")
def adult(shared: Path) -> tuple[pd.DataFrame, dict[str, Hierarchy]]:
    folder = shared / "data" / "adult"
    if not folder.is_dir():
        pytest.skip("the Adult files of the reference are not on this machine")
    frame = pd.read_csv(folder / "adult.csv", sep=";", dtype=str, keep_default_na=False)
    hierarchies = {c: Hierarchy.from_csv(folder / f"hierarchy_{c}.csv") for c in frame.columns}
    return frame, hierarchies


# ARX 3.9.2 on Adult, 30,162 rows, k = 5: optimum, loss to ten digits, suppressed, classes.
ARX = {
    0: ((0, 4, 1, 1, 3, 2, 2, 1, 0), 0.5731509655, 0, 24),
    0.04: ((0, 3, 0, 1, 1, 1, 1, 2, 0), 0.2661108191, 1178, 370),
    1.0: ((0, 3, 0, 0, 2, 1, 1, 1, 0), 0.2204119284, 2553, 602),
}


@pytest.mark.parametrize("limit", ARX)
def test_k_anonymity_on_adult_as_arx(
    adult: tuple[pd.DataFrame, dict[str, Hierarchy]], limit: float
) -> None:
    frame, hierarchies = adult
    levels, loss, suppressed, classes = ARX[limit]
    found = FullDomain(list(frame.columns), hierarchies, k=5, max_suppression=limit).fit(frame)
    assert found.loss_ == pytest.approx(loss, abs=1e-9)
    assert tuple(found.levels_.values()) == levels
    assert (found.n_suppressed_, found.n_classes_) == (suppressed, classes)
    released = found.transform(frame)
    assert len(released) == len(frame)
    hidden = (released == "*").all(axis=1)
    assert hidden.sum() == suppressed
    sizes = released[~hidden].groupby(list(frame.columns)).size()
    assert len(sizes) == classes
    assert sizes.min() >= 5


@pytest.mark.parametrize(
    ("kind", "loss", "suppressed"),
    [("l", 0.2052083068, 814), ("t", 0.6967582452, 1088)],  # ARX 3.9.2, occupation sensitive
)
def test_l_diversity_and_t_closeness_on_adult_as_arx(
    adult: tuple[pd.DataFrame, dict[str, Hierarchy]], kind: str, loss: float, suppressed: int
) -> None:
    frame, hierarchies = adult
    columns = [c for c in frame.columns if c != "occupation"]
    model: Model = LDiversity("occupation", 3)
    if kind == "t":
        model = TCloseness("occupation", 0.2, distance=hierarchies["occupation"])
    found = FullDomain(columns, hierarchies, k=5, models=[model]).fit(frame)
    assert found.loss_ == pytest.approx(loss, abs=1e-9)
    assert found.n_suppressed_ == suppressed


# The oracle: every node, in the words of the definition, on Python dicts.


def oracle(
    rows: Sequence[tuple[str | None, ...]],
    sensitive: Sequence[str | None],
    trees: Sequence[Sequence[Sequence[str]]],
    *,
    k: int,
    model: Model | None,
    limit: int,
    gs_factor: float,
    aggregate: str,
) -> tuple[float, ...] | None:
    n = len(rows)
    suppression = 2 * gs_factor if gs_factor < 0.5 else 1.0
    generalisation = 1.0 if gs_factor <= 0.5 else 1 - 2 * (gs_factor - 0.5)
    best: tuple[float, ...] | None = None
    for levels in itertools.product(*(range(len(t[0])) for t in trees)):
        labels, shares = [], []
        for row in rows:
            pairs = [_label(v, t, lv) for v, t, lv in zip(row, trees, levels, strict=True)]
            labels.append(tuple(label for label, _ in pairs))
            shares.append([share for _, share in pairs])
        members: dict[tuple[str | None, ...], list[int]] = {}
        for i, label in enumerate(labels):
            members.setdefault(label, []).append(i)
        hidden = {
            i
            for group in members.values()
            if len(group) < k or (model is not None and not _holds(model, group, sensitive))
            for i in group
        }
        if len(hidden) > limit:
            continue
        losses = []
        for j, tree in enumerate(trees):
            total = sum(
                s[j] + suppression * (1 - s[j]) if i in hidden else generalisation * s[j]
                for i, s in enumerate(shares)
            )
            least = n / len(tree)
            losses.append(max(0.0, (total - least) / (n - least)) if n > least else 0.0)
        criterion = {
            "geometric": (float(np.prod([1 + x for x in losses]) ** (1 / len(losses)) - 1),),
            "arithmetic": (sum(losses) / len(losses),),
            "maximum": (max(losses),),
            "rank": tuple(sorted(losses, reverse=True)),
        }[aggregate]
        rounded = tuple(round(x, 9) for x in criterion)
        if best is None or rounded < best:
            best = rounded
    return best


def _label(
    value: str | None, tree: Sequence[Sequence[str]], level: int
) -> tuple[str | None, float]:
    if value is None:
        top = level == len(tree[0]) - 1
        return ("*", 1.0) if top else (None, 1 / len(tree))
    label = next(r[level] for r in tree if r[0] == value)
    return label, sum(r[level] == label for r in tree) / len(tree)


def _holds(model: Model, group: Sequence[int], sensitive: Sequence[str | None]) -> bool:
    def shares(at: Sequence[int]) -> dict[str | None, float]:
        values = [sensitive[i] for i in at]
        return {v: values.count(v) / len(values) for v in set(values)}

    own, every = shares(group), shares(range(len(sensitive)))
    if isinstance(model, LDiversity):
        if model.kind == "distinct":
            return len(own) >= model.l
        if model.kind == "entropy":
            return np.exp(-sum(p * np.log(p) for p in own.values())) >= model.l - 1e-9
        if model.l <= 1:
            return True
        sizes = sorted((round(p * len(group)) for p in own.values()), reverse=True)
        assert model.c is not None
        return len(sizes) >= model.l and sizes[0] < model.c * sum(sizes[int(model.l) - 1 :])
    assert isinstance(model, TCloseness)
    gap = {v: own.get(v, 0.0) - p for v, p in every.items()}
    if model.distance == "ordered":
        line = np.cumsum([gap[v] for v in sorted(gap)])[:-1]
        return np.abs(line).sum() / max(len(line), 1) <= model.t + 1e-9
    if model.distance == "equal":
        return sum(map(abs, gap.values())) / 2 <= model.t + 1e-9
    # Li et al. 2007: at every inner node, the smaller of what flows in and out of its children,
    # times the height of the node over the height of the tree.
    assert isinstance(model.distance, Hierarchy)
    rows = {r[0]: r for r in model.distance.rows()}
    height, total = model.distance.n_levels - 1, 0.0
    for level in range(1, height + 1):
        for node in {rows[v][level] for v in gap}:
            extra: dict[str, float] = {}
            for v, x in gap.items():
                if rows[v][level] == node:
                    child = rows[v][level - 1]
                    extra[child] = extra.get(child, 0.0) + x
            up = sum(x for x in extra.values() if x > 0)
            down = -sum(x for x in extra.values() if x < 0)
            total += level / height * min(up, down)
    return total <= model.t + 1e-9


TREES = (
    [("a", "ab", "*"), ("b", "ab", "*"), ("c", "c", "*"), ("unused", "c", "*")],
    [("1", "12", "123", "*"), ("2", "12", "123", "*"), ("3", "3", "123", "*"), ("4",) * 3 + ("*",)],
    [("x", "*"), ("y", "*"), ("z", "*")],
)
ILLNESS = Hierarchy.from_rows([("f", "F", "*"), ("g", "F", "*"), ("h", "H", "*"), ("i", "H", "*")])

MODELS: tuple[Model | None, ...] = (
    None,
    LDiversity("s", 2),
    LDiversity("s", 3),
    LDiversity("s", 1.7, kind="entropy"),
    LDiversity("s", 2, kind="recursive", c=1.5),
    LDiversity("s", 1, kind="recursive", c=0.1),
    LDiversity("s", 3, kind="recursive", c=2),
    TCloseness("s", 0.3),
    TCloseness("s", 0.3, distance="ordered"),
    TCloseness("s", 0.2, distance=ILLNESS),
    TCloseness("s", 0),
    TCloseness("s", 1),
)


@settings(max_examples=int(os.environ.get("NIMING_EXAMPLES", "120")), deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 24),
    k=st.integers(1, 4),
    model=st.sampled_from(MODELS),
    share=st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0]),
    gs_factor=st.sampled_from([0.0, 0.2, 0.5, 0.8, 1.0]),
    aggregate=st.sampled_from(["geometric", "arithmetic", "maximum", "rank"]),
    missing=st.sampled_from([0.0, 0.2]),
)
def test_as_exhaustive_search(
    seed: int,
    n: int,
    k: int,
    model: Model | None,
    share: float,
    gs_factor: float,
    aggregate: str,
    missing: float,
) -> None:
    rng = np.random.default_rng(seed)
    q = int(rng.integers(1, 4))
    trees = TREES[:q]
    skew = rng.dirichlet(np.ones(3))
    rows = [
        tuple(
            None if rng.random() < missing else t[min(rng.choice(3, p=skew), len(t) - 1)][0]
            for t in trees
        )
        for _ in range(n)
    ]
    names = [f"q{j}" for j in range(q)]
    rows[0] = tuple(t[0][0] for t in trees)  # no column is missing throughout
    sensitive = [str(v) for v in rng.choice(list("fghi"), n, p=rng.dirichlet(np.ones(4)))]
    table: dict[str, list[str | None]] = {c: [r[j] for r in rows] for j, c in enumerate(names)}
    table["s"] = list(sensitive)
    limit = int(np.floor(share * n + 1e-9))
    expected = oracle(
        rows,
        sensitive,
        trees,
        k=k,
        model=model,
        limit=limit,
        gs_factor=gs_factor,
        aggregate=aggregate,
    )
    search = FullDomain(
        names,
        {c: Hierarchy.from_rows(t) for c, t in zip(names, trees, strict=True)},
        k=k,
        models=[] if model is None else [model],
        max_suppression=share,
        gs_factor=gs_factor,
        aggregate=aggregate,
    )
    if k > n or expected is None:
        with pytest.raises(UnsatisfiableError):
            search.fit(table)
        return
    found = search.fit(table)
    losses = tuple(sorted(found.column_losses_.values(), reverse=True))
    got = losses if aggregate == "rank" else (found.loss_,)
    assert got == pytest.approx(expected, abs=3e-9)
    assert found.n_suppressed_ <= limit


def test_several_models_and_sensitive_columns() -> None:
    rng = np.random.default_rng(5)
    n = 400
    table = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "town": rng.choice(["A", "B", "C", "D"], n),
            "illness": rng.choice(list("fghi"), n),
            "income": rng.integers(0, 9, n),
        }
    )
    hierarchies = {
        "age": Hierarchy.intervals(0, 100, 5, 10, 20),
        "town": Hierarchy.from_dict({"north": ["A", "B"], "south": ["C", "D"]}),
    }
    models = [
        KAnonymity(4),
        LDiversity("illness", 3),
        TCloseness("income", 0.2, distance="ordered"),
        LDiversity("income", 2.5, kind="entropy"),
    ]
    found = FullDomain(["age", "town"], hierarchies, k=2, models=models, max_suppression=0.1)
    released = found.fit(table).apply(table, drop_suppressed=True)
    assert isinstance(released, pd.DataFrame)
    groups = released.groupby(["age", "town"])
    assert groups.size().min() >= 4
    assert groups["illness"].nunique().min() >= 3
    assert len(table) - len(released) == found.n_suppressed_ <= 40
    assert set(released.index) < set(table.index)


def small(n: int = 12) -> tuple[pd.DataFrame, dict[str, Hierarchy]]:
    table = pd.DataFrame({"age": [30 + i for i in range(n)], "town": ["A", "B"] * (n // 2)})
    hierarchies = {
        "age": Hierarchy.intervals(0, 100, 5, 10),
        "town": Hierarchy.from_dict({"north": ["A"], "south": ["B"]}),
    }
    return table, hierarchies


def test_row_and_column_order_do_not_matter() -> None:
    table, hierarchies = small()
    a = FullDomain(["age", "town"], hierarchies, k=2).fit(table)
    b = FullDomain(["town", "age"], hierarchies, k=2).fit(table.sample(frac=1, random_state=3))
    assert a.levels_ == b.levels_
    assert a.loss_ == pytest.approx(b.loss_, abs=1e-12)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 6, 12])
def test_loss_never_falls_with_k(k: int) -> None:
    table, hierarchies = small()
    less = FullDomain(["age", "town"], hierarchies, k=max(1, k - 1)).fit(table).loss_
    assert FullDomain(["age", "town"], hierarchies, k=k).fit(table).loss_ >= less - 1e-12


def test_one_row_and_all_equal_and_all_unique() -> None:
    hierarchies = {"age": Hierarchy.intervals(0, 100, 10)}
    one = FullDomain(["age"], hierarchies, k=1).fit({"age": [30]})
    assert (one.levels_, one.loss_, one.n_classes_) == ({"age": 0}, 0.0, 1)
    equal = FullDomain(["age"], hierarchies, k=5).fit({"age": [30] * 7})
    assert (equal.levels_, equal.loss_) == ({"age": 0}, 0.0)
    unique = FullDomain(["age"], hierarchies, k=5).fit({"age": list(range(100))})
    assert unique.levels_ == {"age": 1}


def test_a_domain_of_one_value_loses_nothing() -> None:
    only = Hierarchy.from_rows([("a", "*")])
    found = FullDomain(["x"], {"x": only}, k=2).fit({"x": ["a", "a"]})
    assert found.loss_ == 0.0


def test_missing_is_a_value_below_the_top_and_star_at_it() -> None:
    hierarchies = {"town": Hierarchy.from_rows([("A", "n", "*"), ("B", "n", "*")])}
    table = {"town": ["A", "B", None, None]}
    found = FullDomain(["town"], hierarchies, k=2, max_suppression=0).fit(table)
    assert found.transform(table)["town"].to_pylist() == ["n", "n", None, None]
    table = {"town": ["A", "B", None]}
    found = FullDomain(["town"], hierarchies, k=3, max_suppression=0).fit(table)
    assert found.transform(table)["town"].to_pylist() == ["*", "*", "*"]


def test_nan_is_missing() -> None:
    table = pd.DataFrame({"age": [31.0, 34.0, np.nan, np.nan]})
    found = FullDomain(["age"], {"age": Hierarchy.intervals(0, 100, 10)}, k=2).fit(table)
    released = found.transform(table)
    assert released["age"].tolist()[:2] == ["[30, 40)"] * 2
    assert released["age"].isna().tolist() == [False, False, True, True]


def test_everything_may_be_suppressed() -> None:
    hierarchies = {"x": Hierarchy.from_rows([("a",), ("b",)])}  # no level above the values
    table = {"x": ["a", "b"]}
    found = FullDomain(["x"], hierarchies, k=2, max_suppression=1).fit(table)
    assert (found.n_suppressed_, found.n_classes_, found.loss_) == (2, 0, 1.0)
    assert found.transform(table)["x"].to_pylist() == ["*", "*"]
    assert found.apply(table, drop_suppressed=True).num_rows == 0


def test_limit_is_a_count_of_records() -> None:
    hierarchies = {"x": Hierarchy.from_rows([(str(i),) for i in range(30)])}
    table = {"x": [str(i) for i in range(29)] + ["29"] * 71}
    # 0.29 * 100 is 28.999… in floating point: 29 records may be suppressed all the same.
    assert FullDomain(["x"], hierarchies, k=2, max_suppression=0.29).fit(table).n_suppressed_ == 29
    with pytest.raises(UnsatisfiableError):
        FullDomain(["x"], hierarchies, k=2, max_suppression=0.28).fit(table)


def test_weights_decide_between_columns() -> None:
    table = {"a": ["x", "y"] * 4, "b": ["x", "x", "y", "y"] * 2}
    tree = Hierarchy.from_rows([("x", "*"), ("y", "*")])
    hierarchies = {"a": tree, "b": tree}
    cheap_a = FullDomain(["a", "b"], hierarchies, k=4, weights={"a": 0.1}).fit(table)
    cheap_b = FullDomain(["a", "b"], hierarchies, k=4, weights={"b": 0.1}).fit(table)
    assert cheap_a.levels_ == {"a": 1, "b": 0}
    assert cheap_b.levels_ == {"a": 0, "b": 1}


def test_new_rows_outside_kept_classes_are_suppressed() -> None:
    table, hierarchies = small()
    found = FullDomain(["age"], hierarchies, k=5, max_suppression=0.2).fit(table)
    assert found.levels_ == {"age": 1}
    new = found.transform(pd.DataFrame({"age": [31, 95, None]}))
    assert new["age"].tolist() == ["[30, 35)", "*", "*"]


def test_unseen_values() -> None:
    table, hierarchies = small()
    new = pd.DataFrame({"age": [31, 31], "town": ["A", CANARY]})
    found = FullDomain(["age", "town"], hierarchies, k=2).fit(table)
    with pytest.raises(HierarchyError, match="lacks 1 of") as error:
        found.transform(new)
    assert CANARY not in str(error.value)
    found = FullDomain(["age", "town"], hierarchies, k=2, unseen="suppress").fit(table)
    assert (found.transform(new)["town"] == "*").tolist() == [False, True]


def test_sklearn_conventions() -> None:
    from sklearn.base import clone
    from sklearn.pipeline import make_pipeline
    from sklearn.utils.validation import check_is_fitted

    table, hierarchies = small()
    search = FullDomain(["age", "town"], hierarchies, k=3)
    twin = clone(search).set_params(k=2)
    assert (search.k, twin.k) == (3, 2)
    assert set(twin.get_params()) >= {"k", "models", "max_suppression", "gs_factor"}
    pipe = make_pipeline(twin)
    released = pipe.fit_transform(table)
    assert len(released) == len(table)
    check_is_fitted(pipe[-1])
    again = pickle.loads(pickle.dumps(pipe[-1]))
    pd.testing.assert_frame_equal(again.transform(table), released)


def test_progress_rises_to_one() -> None:
    table, hierarchies = small()
    seen: list[float] = []
    FullDomain(["age", "town"], hierarchies, k=2, progress=seen.append).fit(table)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


BAD: Mapping[str, tuple[dict[str, object], type[Exception], str]] = {
    "limit above 1": ({"max_suppression": 1.2}, InputError, "max_suppression is 1.2"),
    "limit below 0": ({"max_suppression": -0.1}, InputError, "max_suppression"),
    "limit nan": ({"max_suppression": float("nan")}, InputError, "max_suppression"),
    "k zero": ({"k": 0}, InputError, "k is not a whole number"),
    "k float": ({"k": 2.5}, InputError, "k is not a whole number"),
    "k above rows": ({"k": 13}, UnsatisfiableError, "12 records"),
    "no columns": ({"quasi_identifiers": []}, InputError, "quasi-identifiers"),
    "a string": ({"quasi_identifiers": "age"}, InputError, "list"),
    "twice": ({"quasi_identifiers": ["age", "age"]}, InputError, "twice"),
    "unknown column": ({"quasi_identifiers": ["age", "twon"]}, InputError, "hierarchy"),
    "no hierarchy": ({"hierarchies": {}}, InputError, "no hierarchy for 'age', 'town'"),
    "both roles": ({"models": [LDiversity("town", 2)]}, InputError, "both quasi-identifier"),
    "no model": ({"models": ["k"]}, InputError, "no privacy model"),
    "unknown sensitive": (
        {"models": [LDiversity("ilness", 2)]},
        ColumnNotFoundError,
        "ilness",
    ),
    "gs": ({"gs_factor": 2}, InputError, "gs_factor"),
    "aggregate": ({"aggregate": "sum"}, InputError, "aggregate"),
    "weight": ({"weights": {"age": -1}}, InputError, "weight"),
    "too large": ({"max_nodes": 3}, InputError, "12 nodes; the limit is 3"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments(case: str) -> None:
    table, hierarchies = small()
    change, error, words = BAD[case]
    arguments = {"quasi_identifiers": ["age", "town"], "hierarchies": hierarchies, **change}
    with pytest.raises(error, match=words):
        FullDomain(**arguments).fit(table)  # type: ignore[arg-type]


def test_a_column_that_is_missing_in_every_row() -> None:
    with pytest.raises(InputError, match="'age' is missing in every row"):
        FullDomain(["age"], {"age": Hierarchy.intervals(0, 9)}).fit(
            pd.DataFrame({"age": [np.nan] * 9})
        )


def test_values_that_the_hierarchy_lacks_are_counted_not_shown() -> None:
    table = {"town": ["A", CANARY, CANARY, "other"]}
    with pytest.raises(HierarchyError, match="'town' lacks 2 of 3 distinct values") as error:
        FullDomain(["town"], {"town": Hierarchy.from_rows([("A", "*")])}, k=2).fit(table)
    assert CANARY not in str(error.value)
    assert error.value.hint


def test_unreachable_k_says_the_best() -> None:
    hierarchies = {"x": Hierarchy.from_rows([("a", "ab"), ("b", "ab"), ("c", "c")])}
    table = {"x": ["a"] * 3 + ["b"] * 4 + ["c"] * 3}
    with pytest.raises(UnsatisfiableError, match="the best is k = 3") as error:
        FullDomain(["x"], hierarchies, k=5, max_suppression=0.2).fit(table)
    assert "at most 2 records" in str(error.value)
    assert FullDomain(["x"], hierarchies, k=5, max_suppression=0.3).fit(table).n_suppressed_ == 3


def test_unreachable_l_says_the_best() -> None:
    table = {"x": ["a", "b"] * 5, "s": ["f", "g"] * 5}
    tree = Hierarchy.from_rows([("a", "*"), ("b", "*")])
    with pytest.raises(UnsatisfiableError, match="the best at the highest levels is l = 2"):
        FullDomain(["x"], {"x": tree}, k=2, models=[LDiversity("s", 3)]).fit(table)


def test_counts_and_table_give_the_same() -> None:
    table, hierarchies = small()
    a = FullDomain(["age", "town"], hierarchies, k=2).fit(table)
    b = FullDomain(["age", "town"], hierarchies, k=2).fit_counts(count(table, ["town", "age"]))
    assert (a.levels_, a.loss_) == (b.levels_, b.loss_)


def test_repr_shows_no_value() -> None:
    hierarchies = {"town": Hierarchy.from_rows([(CANARY, "*")])}
    found = FullDomain(["town"], hierarchies, k=2).fit({"town": [CANARY] * 3})
    assert CANARY not in repr(found)
    assert isinstance(found.recoding_, Recoding)
    assert CANARY not in repr(found.recoding_)


LONG = """
import numpy as np, sys
from niming.anonymize import FullDomain, Hierarchy, TCloseness
rng = np.random.default_rng(0)
n, q = 60_000, 9
table = {f"c{j}": rng.integers(0, 64, n) for j in range(q)} | {"s": rng.integers(0, 30, n)}
names = [f"c{j}" for j in range(q)]
trees = {c: Hierarchy.intervals(0, 64, 2, 4, 8, 16) for c in names}
told = []
def progress(share):
    if not told:
        told.append(share)
        print("searching", flush=True)
FullDomain(names, trees, k=2, models=[TCloseness("s", 0.05)], max_nodes=10**9,
           max_suppression=1, progress=progress).fit(table)
print("done", flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGINT")
def test_ctrl_c_ends_the_search() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LONG], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            assert process.stdout.readline() == "searching\n"
            start = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert time.monotonic() - start < 10
    assert "done" not in out
    assert err.strip().endswith("KeyboardInterrupt")
