"""Distance to closest record: a loop is the oracle, and nobody may take it for a verdict."""

from __future__ import annotations

import numpy as np
import pytest

from niming.errors import ColumnNotFoundError, InputError
from niming.risk.attacks.closest_record import ClosestRecord, closest_record


def table(n: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"age": rng.integers(0, 60, n), "town": rng.integers(0, 5, n).astype(str)}


def test_equals_a_loop() -> None:
    original, released, holdout = table(40, 1), table(30, 2), table(40, 3)
    found = closest_record(original, released, holdout=holdout)
    spread = np.ptp(np.concatenate([t["age"] for t in (original, released, holdout)]))

    def least(i: int, other: dict[str, np.ndarray]) -> float:
        ages = abs(other["age"] - released["age"][i]) / spread
        return float(((ages + (other["town"] != released["town"][i])) / 2).min())

    to_original = np.array([least(i, original) for i in range(30)])
    to_holdout = np.array([least(i, holdout) for i in range(30)])
    np.testing.assert_allclose(found.to_original, to_original, atol=1e-6)
    np.testing.assert_allclose(found.to_holdout, to_holdout, atol=1e-6)
    nearer = np.sign((to_holdout - to_original).round(6))
    assert found.closer_share == pytest.approx(np.mean((nearer + 1) / 2))
    assert found.n_copies == np.count_nonzero(to_original == 0)
    assert found.interval[0] <= found.closer_share <= found.interval[1]


def test_copies_are_seen_and_other_people_are_not() -> None:
    original, holdout, others = table(800, 1), table(800, 2), table(800, 3)
    copied = closest_record(original, original, holdout=holdout)
    assert copied.n_copies == 800
    assert copied.closer_share > 0.5
    fresh = closest_record(original, others, holdout=holdout)
    assert fresh.interval[0] <= 0.5 <= fresh.interval[1]


def test_references_are_equal_in_size_and_drawn_by_seed() -> None:
    original, released, holdout = table(300, 1), table(500, 2), table(120, 3)
    found = closest_record(original, released, holdout=holdout, n_records=200, seed=3)
    assert (found.n, found.n_reference) == (200, 120)
    again = closest_record(original, released, holdout=holdout, n_records=200, seed=3)
    assert found.to_dict() == again.to_dict()


def test_it_is_a_diagnostic_in_every_form() -> None:
    found = closest_record(table(50, 1), table(50, 2), holdout=table(50, 3))
    assert ClosestRecord.diagnostic
    assert found.to_dict()["diagnostic"] is True
    for measure in found.measures():
        assert measure.name.startswith("diagnostics.closest_record.")
        assert "no verdict" in measure.definition
    assert found.plot().axes[0].get_title().endswith("no verdict)")


def test_one_row_and_missing_cells() -> None:
    found = closest_record({"a": [None]}, {"a": [None]}, holdout={"a": [1.5]})
    assert (found.n_copies, found.closer_share) == (1, 1.0)


def test_bad_input_is_refused_without_a_cell() -> None:
    good = {"a": ["canary"]}
    cases: list[tuple[dict[str, object], type[Exception], str]] = [
        ({"columns": ["b"]}, ColumnNotFoundError, "'b'"),
        ({"n_records": 0}, InputError, "n_attacks"),
        ({"seed": 1.5}, InputError, "seed"),
        ({"confidence": 2}, InputError, "confidence"),
        ({"holdout": {"b": [1]}}, InputError, "common"),
    ]
    for arguments, error, words in cases:
        with pytest.raises(error, match=words) as caught:
            closest_record(good, good, **{"holdout": good, **arguments})  # type: ignore[arg-type]
        assert "canary" not in str(caught.value)
