"""Linkability: all pairs are the oracle; ties and chance are the traps."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from niming.errors import ColumnNotFoundError, InputError, UnreliableWarning
from niming.risk.attacks.linkability import _chance, _n_sharing, linkability

HALVES = (["a", "b"], ["c", "d"])


def people(n: int, seed: int) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(seed).random((n, 4)), columns=list("abcd"))


def by_all_pairs(targets: pd.DataFrame, released: pd.DataFrame, every: pd.DataFrame, k: int) -> int:
    """Count the targets whose k nearest on either half share a record; no ties in the data."""
    scale = every.max() - every.min()
    near = []
    for half in HALVES:
        one, other = (
            (targets[half] / scale[half]).to_numpy(),
            (released[half] / scale[half]).to_numpy(),
        )
        distances = np.abs(one[:, None] - other[None]).sum(axis=2)
        near.append(np.argsort(distances, axis=1)[:, :k])
    return sum(bool(set(x) & set(y)) for x, y in zip(*(n.tolist() for n in near), strict=True))


@pytest.mark.parametrize("k", [1, 3, 20])
@pytest.mark.parametrize("seed", range(4))
def test_equals_all_pairs(k: int, seed: int) -> None:
    original, holdout = people(150, seed), people(150, seed + 100)
    noise = np.random.default_rng(seed).normal(0, 0.02, original.shape)
    released = original + noise
    found = linkability(original, released, holdout=holdout, auxiliary=HALVES, k=k, seed=seed)
    every = pd.concat([original, released, holdout])
    assert found.held_out is not None
    assert found.n_success == by_all_pairs(original, released, every, k)
    assert found.held_out.n_success == by_all_pairs(holdout, released, every, k)
    assert found.raw.rate == 1
    assert found.n_attacks == 150


def test_a_share_of_copies_is_the_risk() -> None:
    """30 % of the release are original records, the rest are strangers: rate 0.3, control near 0.

    With 2,000 of 2,000 people attacked the rate is the share itself, plus chance hits.
    """
    original, holdout, fresh = people(2000, 1), people(2000, 2), people(2000, 3)
    released = pd.concat([original[:600], fresh[:1400]])
    found = linkability(original, released, holdout=holdout, auxiliary=HALVES)
    assert found.risk == pytest.approx(0.3, abs=0.01)
    assert found.reliable


def test_ties_do_not_feign_a_link() -> None:
    """Columns of two values leave hundreds of nearest records: chance decides, not row order.

    900 people: a link has probability about 4 / 900, and 30 or more links less than 1e-12.
    """
    draw = np.random.default_rng(5)
    original, holdout = (
        pd.DataFrame(draw.integers(0, 2, (900, 4)), columns=list("abcd")) for _ in "12"
    )
    released = original.sort_values(list("abcd"))
    with pytest.warns(UnreliableWarning, match="shows nothing"):
        found = linkability(original, released, holdout=holdout, auxiliary=HALVES)
    assert found.n_success < 30
    assert found.raw.n_success < 30


def test_sharing_is_counted_a_row() -> None:
    one = np.array([[1, 2], [3, 4], [5, 6]])
    other = np.array([[2, 1], [5, 6], [9, 5]])
    assert _n_sharing(one, other) == 2
    assert _n_sharing(one[:, :1], other[:, 1:]) == 2


def test_the_baseline_is_the_probability_of_two_random_sets_to_meet() -> None:
    """n = 50, k = 5: 1 − C(45, 5) / C(50, 5) = 0.4234; 100,000 draws, 5 standard errors."""
    found = _chance(50, 5, 100_000, np.random.default_rng(1))
    assert found.rate == pytest.approx(0.4234, abs=5 * 0.0016)


def test_attacks_are_as_many_on_either_side() -> None:
    found = linkability(people(500, 1), people(500, 1), holdout=people(200, 2), auxiliary=HALVES)
    assert found.held_out is not None
    assert found.n_attacks == found.held_out.n == 200


def test_the_same_seed_gives_the_same_result() -> None:
    original, holdout = people(300, 1), people(300, 2)
    first, second = (
        linkability(original, original, holdout=holdout, auxiliary=HALVES, n_attacks=50, seed=9)
        for _ in range(2)
    )
    assert first.to_dict() == second.to_dict()
    assert first.settings == {"auxiliary": [["a", "b"], ["c", "d"]], "k": 1}


def test_without_a_holdout_it_warns_the_caller() -> None:
    original = people(120, 1)
    with pytest.warns(UnreliableWarning, match="without a hold-out") as caught:
        found = linkability(original, original, holdout=None, auxiliary=HALVES)
    assert caught[0].filename == __file__
    assert found.risk is None


def test_a_generalised_release_is_named() -> None:
    original, holdout = people(200, 1), people(200, 2)
    released = original.assign(a="[0, 1)")
    with pytest.warns(UnreliableWarning, match="no value of 'a'"):
        linkability(original, released, holdout=holdout, auxiliary=HALVES)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"auxiliary": (["a"], [])}, "empty"),
        ({"auxiliary": (["a", "b"], ["b"])}, "'b' is in both"),
        ({"auxiliary": ("a", "b")}, "pair of lists"),
        ({"auxiliary": (["a"],)}, "pair of lists"),
        ({"k": 0}, "k is 0"),
        ({"k": 151}, "150 rows"),
        ({"n_attacks": 1.5}, "n_attacks"),
        ({"confidence": 0}, "confidence"),
        ({"seed": "x"}, "seed"),
    ],
)
def test_bad_arguments_are_refused(changes: dict[str, object], message: str) -> None:
    table = people(150, 1)
    with pytest.raises(InputError, match=message):
        linkability(table, table, **{"holdout": table, "auxiliary": HALVES, **changes})  # type: ignore[arg-type]


def test_an_unknown_column_is_named() -> None:
    table = people(150, 1)
    with pytest.raises(ColumnNotFoundError, match="'e'"):
        linkability(table, table, holdout=table, auxiliary=(["a"], ["e"]))


@pytest.mark.slow
def test_a_release_of_strangers_alarms_no_more_often_than_promised() -> None:
    """200 draws of three independent tables, seeds fixed: the interval of the risk leaves out 0.

    At 0.95 that happens with probability 0.025; more than 15 of 200 with probability 6e-5.
    """
    alarms = 0
    for seed in range(200):
        original, holdout, released = (people(120, 3 * seed + part) for part in range(3))
        with warnings.catch_warnings():  # strangers make for an attack that is called too weak
            warnings.simplefilter("ignore", UnreliableWarning)
            found = linkability(
                original, released, holdout=holdout, auxiliary=HALVES, k=3, seed=seed
            )
        assert found.risk_interval is not None
        alarms += found.risk_interval[0] > 0
    assert alarms <= 15
