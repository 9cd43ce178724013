"""Record linkage: every pair compared in a loop is the oracle for both methods."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, HierarchyError, InputError, UnreliableWarning
from niming.risk.attacks.agreement import compare
from niming.risk.attacks.fellegi_sunter import fit, patterns
from niming.risk.attacks.linkage import Linkage, LinkageMethod
from niming.risk.attacks.record_linkage import record_linkage
from niming.tables import Hierarchy, read

TREE = Hierarchy.from_dict({"north": ["a", "b"], "south": ["c"]})
GENERAL = {"a": {"a", "north", "*"}, "b": {"b", "north", "*"}, "c": {"c", "south", "*"}}

Original = tuple[str | None, int | None]
Released = tuple[str | None, int | None]

ORIGINAL = st.tuples(st.sampled_from(["a", "b", "c", None]), st.sampled_from([0, 1, 4, None]))
RELEASED = st.tuples(
    st.sampled_from(["a", "b", "c", "north", "south", "*", None]),
    st.sampled_from([0, 1, 2, 4, None]),
)
PAIRS = st.lists(st.tuples(ORIGINAL, RELEASED), min_size=1, max_size=12)


def quiet(*args: object, **kwargs: object) -> Linkage:
    """Attack without the warning that a table this small is not reliable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnreliableWarning)
        return record_linkage(*args, **kwargs)  # type: ignore[arg-type]


def tables(
    pairs: list[tuple[Original, Released]],
) -> tuple[dict[str, list[object]], dict[str, list[object]]]:
    return (
        {"town": [o[0] for o, _ in pairs], "age": [o[1] for o, _ in pairs]},
        {"town": [r[0] for _, r in pairs], "age": [r[1] for _, r in pairs]},
    )


def states(o: Original, r: Released) -> tuple[bool | None, bool | None]:
    """Return whether town and age agree; None where a cell is unknown."""
    town = None if o[0] is None or r[0] in (None, "*") else r[0] in GENERAL[o[0]]
    age = None if o[1] is None or r[1] is None else o[1] == r[1]
    return town, age


def distance(o: Original, r: Released, spread: int) -> float:
    town, age = states(o, r)
    both_unknown = o[0] is None and r[0] in (None, "*"), o[1] is None and r[1] is None
    total = (0.0 if both_unknown[0] else 0.5) if town is None else float(not town)
    if age is None:
        return total + (0.0 if both_unknown[1] else 0.5)
    return total + (abs(o[1] - r[1]) / spread if spread else 0.0)  # type: ignore[operator]


def fits(pairs: list[tuple[Original, Released]]) -> bool:
    """Say whether any released town is one of the original's, as `compare` demands."""
    ours = {o[0] for o, _ in pairs} - {None}
    theirs = {r[0] for _, r in pairs} - {None, "*"}
    return not ours or not theirs or any(t in GENERAL[o] for o in ours for t in theirs)  # type: ignore[index]


@settings(max_examples=30, deadline=None)
@given(pairs=PAIRS)
def test_distance_equals_a_loop_over_all_pairs(pairs: list[tuple[Original, Released]]) -> None:
    if not fits(pairs):
        return
    original, released = tables(pairs)
    ages = [x for column in (original["age"], released["age"]) for x in column if x is not None]
    spread = max(ages) - min(ages) if ages else 0  # type: ignore[type-var, operator]
    if any(all(x is None for x in column) for column in (original["age"], released["age"])):
        spread = 0  # a column without numbers on one side has no distances
    credit = []
    for i, (o, own) in enumerate(pairs):
        found = [distance(o, r, spread) for _, r in pairs]
        near = [d <= min(found) + 1e-9 for d in found]
        credit.append(near[i] / sum(near))
        assert own is pairs[i][1]
    result = quiet(
        original,
        released,
        quasi_identifiers=["town", "age"],
        hierarchies={"town": TREE},
        suppressed="*",
    )
    assert result.rate == pytest.approx(sum(credit) / len(credit))
    assert result.by_class == len({(r[0], r[1]) for _, r in pairs}) / len(pairs)
    assert result.precision == pytest.approx(result.rate)
    assert not result.reliable


@settings(max_examples=30, deadline=None)
@given(pairs=PAIRS, blocked=st.booleans())
def test_patterns_equal_a_loop_over_all_pairs(
    pairs: list[tuple[Original, Released]], blocked: bool
) -> None:
    if not fits(pairs):
        return
    original, released = tables(pairs)
    columns = compare(
        read(original), read(released), ["town", "age"],
        hierarchies={"town": TREE}, suppressed="*",
    )  # fmt: skip
    n = len(pairs)
    compared, blocks = (columns[1:], columns[:1]) if blocked else (columns, ())
    found = patterns(compared, np.arange(n), own=np.arange(n), blocks=blocks)
    got: dict[tuple[int, tuple[bool | None, ...]], int] = {}
    for target, pattern, k in zip(found.target, found.pattern, found.n, strict=True):
        state = tuple(
            bool(a) if known else None
            for a, known in zip(found.agree[pattern], found.known[pattern], strict=True)
        )
        got[int(target), state] = got.get((int(target), state), 0) + int(k)
    expected: dict[tuple[int, tuple[bool | None, ...]], int] = {}
    for i, (o, _) in enumerate(pairs):
        for _, r in pairs:
            state = states(o, r)
            if blocked and not state[0]:
                continue
            key = (i, state[1:] if blocked else state)
            expected[key] = expected.get(key, 0) + 1
    assert got == expected
    for i, (o, r) in enumerate(pairs):
        state = states(o, r)
        if blocked and not state[0]:
            assert found.own[i] == -1
            continue
        own = found.own[i]
        assert tuple(
            bool(a) if known else None
            for a, known in zip(found.agree[own], found.known[own], strict=True)
        ) == (state[1:] if blocked else state)


def by_loops(
    ours: np.ndarray, theirs: np.ndarray, n_iterations: int
) -> tuple[np.ndarray, np.ndarray]:
    """Run EM pair by pair; return m and the weights in bits."""
    q = theirs.shape[1]
    agree = ours[:, None, :] == theirs[None, :, :]
    u = np.clip(agree.mean(axis=1, keepdims=True), 1e-6, 1 - 1e-6)
    m = np.full(q, 0.9)
    for _ in range(n_iterations):
        ratio = np.where(agree, m / u, (1 - m) / (1 - u)).prod(axis=2)
        g = ratio / ratio.sum(axis=1, keepdims=True)
        m = np.clip((g[:, :, None] * agree).sum(axis=(0, 1)) / g.sum(), 1e-6, 1 - 1e-6)
    return m, np.log2(np.where(agree, m / u, (1 - m) / (1 - u))).sum(axis=2)


@pytest.mark.parametrize("seed", range(6))
def test_learning_equals_em_over_all_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ours = rng.integers(0, 5, (60, 4))
    theirs = np.where(rng.random(ours.shape) < 0.2, rng.integers(0, 5, ours.shape), ours)
    names = list("abcd")
    original = {c: ours[:, j].astype(str) for j, c in enumerate(names)}
    released = {c: theirs[:, j].astype(str) for j, c in enumerate(names)}
    compared = compare(read(original), read(released), names)
    found = patterns(compared, np.arange(60), own=np.arange(60))
    weights = fit(found)
    m, bits = by_loops(ours, theirs, weights.n_iterations - 1)
    np.testing.assert_allclose(weights.m, m, atol=1e-9)
    own = weights.of(found, np.arange(60), found.own)
    np.testing.assert_allclose(own, np.diag(bits), atol=1e-6)
    near = bits >= bits.max(axis=1, keepdims=True) - 1e-9
    credit = np.diag(near) / near.sum(axis=1)
    result = quiet(original, released, quasi_identifiers=names, method="probabilistic")
    assert result.rate == pytest.approx(credit.mean())


def test_learning_recovers_how_often_columns_are_changed() -> None:
    """With independent columns m is the share kept plus chance: 0.8 + 0.2 / 20, ± 0.03."""
    rng = np.random.default_rng(3)
    ours = rng.integers(0, 20, (1500, 6))
    changed = rng.random(ours.shape) < [0.0, 0.1, 0.2, 0.3, 0.2, 0.2]
    theirs = np.where(changed, rng.integers(0, 20, ours.shape), ours)
    names = list("abcdef")
    compared = compare(
        read({c: ours[:, j] for j, c in enumerate(names)}),
        read({c: theirs[:, j] for j, c in enumerate(names)}),
        names,
    )
    weights = fit(patterns(compared, np.arange(1500)))
    expected = 1 - np.array([0.0, 0.1, 0.2, 0.3, 0.2, 0.2]) * 19 / 20
    np.testing.assert_allclose(weights.m, expected, atol=0.03)
    assert weights.converged


@pytest.mark.parametrize("method", ["distance", "probabilistic"])
def test_the_original_posing_as_the_release_is_found(method: LinkageMethod) -> None:
    rng = np.random.default_rng(1)
    table = {c: rng.integers(0, 30, 800) for c in "abcd"}
    result = record_linkage(table, table, quasi_identifiers=list("abcd"), method=method)
    assert result.reliable
    assert result.rate == result.positive_control
    assert result.rate is not None
    assert result.rate > 0.99
    assert result.precision is not None
    assert result.precision > 0.99


@pytest.mark.parametrize("method", ["distance", "probabilistic"])
def test_a_shuffled_release_gives_nothing(method: LinkageMethod) -> None:
    rng = np.random.default_rng(2)
    table = {c: rng.integers(0, 8, 600) for c in "abcd"}
    shuffled = {c: rng.permutation(v) for c, v in table.items()}
    with pytest.warns(UnreliableWarning, match="weak"):
        result = record_linkage(table, shuffled, quasi_identifiers=list("abcd"), method=method)
    assert not result.reliable
    assert result.positive_control > 0.9
    assert "weak" in result.to_dict()["reasons"][0]  # type: ignore[index, operator]


def test_both_methods_find_the_class_where_nothing_is_changed() -> None:
    """By exact match of the class each person is found with 1 / class size."""
    rng = np.random.default_rng(4)
    people = {"age": rng.integers(20, 80, 1000), "sex": rng.choice(["F", "M"], 1000)}
    ages = Hierarchy.intervals(0, 120, 10)
    release = {"age": ages.generalise(people["age"], 1), "sex": people["sex"]}
    for method in ("distance", "probabilistic"):
        result = record_linkage(
            people, release, quasi_identifiers=["age", "sex"], hierarchies={"age": ages},
            method=method,
        )  # fmt: skip
        assert result.rate == pytest.approx(12 / 1000)
        assert result.rate == pytest.approx(result.by_class)


def test_people_are_paired_by_their_number_in_any_order() -> None:
    rng = np.random.default_rng(5)
    people = {"id": np.arange(500), **{c: rng.integers(0, 20, 500) for c in "abc"}}
    order = rng.permutation(500)[:200]
    release = {c: v[order] for c, v in people.items()}
    for method in ("distance", "probabilistic"):
        result = quiet(people, release, quasi_identifiers=list("abc"), person_id="id",
                       method=method)  # fmt: skip
        assert (result.n_targets, result.n_absent) == (200, 300)
        assert result.rate is not None
        assert result.rate > 0.95
    nearest = quiet(people, release, quasi_identifiers=list("abc"), person_id="id")
    assert nearest.precision is not None
    assert nearest.precision < 0.5 < result.precision  # type: ignore[operator]


def test_same_seed_same_targets() -> None:
    rng = np.random.default_rng(6)
    table = {c: rng.integers(0, 5, 400) for c in "ab"}
    first = record_linkage(table, table, quasi_identifiers=["a", "b"], n_targets=150, seed=1)
    again = record_linkage(table, table, quasi_identifiers=["a", "b"], n_targets=150, seed=1)
    assert first == again
    assert first.n_targets == 150


def test_an_interval_holds_its_rate_and_measures_their_names() -> None:
    result = Linkage("distance", 200, 0, 200, 0.3, 200, 0.3, 0.5, 1.0, 0)
    assert result.interval is not None
    assert result.interval[0] <= 0.3 / 200 <= result.interval[1]
    assert [m.name for m in result.measures()] == [
        f"attacks.record_linkage.distance.{part}"
        for part in ("rate", "rate_upper", "baseline", "by_class", "positive_control", "precision")
    ]
    failed = Linkage("probabilistic", 200, 0, 200, 0.0, 0, 0.0, 0.5, 1.0, 0, failure="not learnt")
    assert failed.rate is None
    assert {m.reason for m in failed.measures() if m.value is None} == {"not learnt"}
    assert failed.plot().axes
    assert result.plot().axes


def test_edges() -> None:
    one = quiet({"a": [1]}, {"a": [1]}, quasi_identifiers=["a"])
    assert (one.rate, one.baseline) == (1.0, 1.0)
    empty = quiet({"a": [None, None]}, {"a": [None, None]}, quasi_identifiers=["a"])
    assert empty.rate == 0.5
    for method in ("distance", "probabilistic"):
        gone = quiet({"a": ["x", "y"]}, {"a": ["*", "*"]}, quasi_identifiers=["a"],
                     suppressed="*", method=method)  # fmt: skip
        assert gone.rate == 0.5
    alike = quiet({"a": [7] * 5}, {"a": [7] * 5}, quasi_identifiers=["a"])
    assert alike.rate == pytest.approx(0.2)


def test_bad_input_is_refused_without_a_cell() -> None:
    table = {"id": [1, 2, 2], "a": ["canary", "b", "c"], "n": [1.0, math.inf, 2.0]}
    good = {"id": [1, 2, 3], "a": ["canary", "b", "c"], "n": [1.0, 3.0, 2.0]}
    cases: list[tuple[dict[str, object], type[Exception], str]] = [
        ({"quasi_identifiers": []}, InputError, "no column"),
        ({"quasi_identifiers": "a"}, InputError, "list"),
        ({"quasi_identifiers": ["a", "a"]}, InputError, "twice"),
        ({"quasi_identifiers": ["x"]}, ColumnNotFoundError, "'x'"),
        ({"quasi_identifiers": ["n"]}, InputError, "infinite"),
        ({"quasi_identifiers": ["a"], "person_id": "id"}, InputError, "repeated"),
        ({"quasi_identifiers": ["a"], "method": "nearest"}, InputError, "method"),
        ({"quasi_identifiers": ["a"], "blocks": ["a"]}, InputError, "blocks"),
        ({"quasi_identifiers": ["a"], "n_targets": 0}, InputError, "n_attacks"),
        ({"quasi_identifiers": ["a"], "seed": -1}, InputError, "seed"),
        ({"quasi_identifiers": ["a"], "confidence": 1.0}, InputError, "confidence"),
        ({"quasi_identifiers": ["a"], "hierarchies": {"a": TREE}}, HierarchyError, "lacks"),
        (
            {"quasi_identifiers": ["a"], "blocks": ["a"], "method": "probabilistic"},
            InputError,
            "not all",
        ),
    ]
    for arguments, error, words in cases:
        with pytest.raises(error, match=words) as caught:
            record_linkage(table, good, **arguments)  # type: ignore[arg-type]
        assert "canary" not in str(caught.value)
    with pytest.raises(InputError, match="align the rows"):
        record_linkage(table, {"a": ["b"]}, quasi_identifiers=["a"])
    with pytest.raises(InputError, match="hierarchies=") as caught_:
        record_linkage(good, {"a": ["x", "y", "z"]}, quasi_identifiers=["a"])
    assert "canary" not in str(caught_.value)
    with pytest.raises(InputError, match="none of the"):
        record_linkage(good, {"id": [8, 9], "a": ["b", "c"]}, quasi_identifiers=["a"],
                       person_id="id")  # fmt: skip


def test_too_many_patterns_are_refused() -> None:
    table = {f"c{j}": [0, 1, 2, 3] for j in range(14)}
    with pytest.raises(InputError, match="patterns"):
        record_linkage(table, table, quasi_identifiers=list(table), method="probabilistic")
