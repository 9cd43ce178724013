"""The result of an attack: four rates, when to believe it, and how it shows itself."""

from __future__ import annotations

import json

import numpy as np
import pytest

from niming.errors import InputError, UnreliableWarning
from niming.risk.attacks.attack import AttackResult, equal_rows, generators, tables_of
from niming.risk.attacks.statistics import Trials


def result(**changes: object) -> AttackResult:
    fields: dict[str, object] = {
        "name": "linkability",
        "attack": Trials(600, 1000),
        "naive": Trials(10, 1000),
        "held_out": Trials(200, 1000),
        "raw": Trials(990, 1000),
        "n_rows": 5000,
        "seed": 7,
    }
    return AttackResult(**{**fields, **changes})  # type: ignore[arg-type]


def values(of: AttackResult) -> dict[str, float | int | None]:
    return {measure.name: measure.value for measure in of.measures()}


def test_the_numbers_of_a_reliable_result() -> None:
    found = result()
    assert found.reliable
    assert found.risk == pytest.approx(0.5)
    assert values(found) == {
        "attacks.linkability.risk": pytest.approx(0.5),
        "attacks.linkability.risk_upper": pytest.approx(0.54, abs=1e-3),
        "attacks.linkability.rate": 0.6,
        "attacks.linkability.baseline": 0.01,
        "attacks.linkability.control": 0.2,
        "attacks.linkability.positive_control": 0.99,
    }
    assert found.told() is found
    assert "risk=0.5 [0.458, 0.54]" in repr(found)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"held_out": None}, "without a hold-out"),
        ({"n_rows": 99}, "99 rows, fewer than 100"),
        ({"naive": Trials(590, 1000)}, "shows nothing"),
        ({"attack": Trials(1000, 1000), "held_out": Trials(1000, 1000)}, "nothing to leak"),
        ({"faults": ("odd",)}, "odd"),
    ],
)
def test_a_doubtful_result_has_no_risk_to_build_on(changes: dict[str, object], words: str) -> None:
    found = result(**changes)
    assert not found.reliable
    with pytest.warns(UnreliableWarning, match=words):
        assert found.told(stacklevel=1) is found
    measured = values(found)
    assert measured["attacks.linkability.risk"] is None
    assert measured["attacks.linkability.risk_upper"] is None
    assert words in found.measures()[0].reason
    assert len(repr(found).splitlines()) <= 3
    json.dumps(found.to_dict(), allow_nan=False)


def test_unequal_numbers_of_attacks_and_controls_are_refused() -> None:
    with pytest.raises(InputError, match="1000 attacks against 999"):
        result(held_out=Trials(200, 999))


def test_the_dict_is_json_and_says_what_the_frame_says() -> None:
    found = result(about="illness")
    made = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert made["reliable"] is True
    assert made["seed"] == 7
    assert made["trials"]["control"] == {"n_success": 200, "n": 1000}
    assert list(found.frame()["name"]) == [m["name"] for m in made["measures"]]
    assert made["measures"][0]["name"] == "attacks.linkability.risk[illness]"


@pytest.mark.parametrize("changes", [{}, {"held_out": None}, {"about": "病"}])
def test_plot_shows_every_rate(changes: dict[str, object]) -> None:
    figure = result(**changes).plot()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(labels) == 4


def test_equal_rows_are_equal_many_and_distinct() -> None:
    rows, others = equal_rows(50, 20, 1000, np.random.default_rng(0))
    assert len(rows) == len(others) == len(set(rows.tolist())) == 20
    assert others.tolist() == list(range(20))
    rows, others = equal_rows(50, 20, 7, np.random.default_rng(0))
    assert len(rows) == len(others) == 7


def test_generators_are_independent_and_repeatable() -> None:
    first, second = (g.integers(0, 2**60) for g in generators(3, 2))
    assert first != second
    assert [g.integers(0, 2**60) for g in generators(3, 3)][:2] == [first, second]


@pytest.mark.parametrize("seed", [-1, True, 1.5, None])
def test_a_bad_seed_is_refused(seed: object) -> None:
    with pytest.raises(InputError, match="seed"):
        generators(seed, 1)  # type: ignore[arg-type]


def rows_of(draw: np.random.Generator, n: int, size: int) -> dict[str, list[int]]:
    return {name: draw.integers(0, size, n).tolist() for name in "xyz"}


@pytest.mark.parametrize(
    ("size", "share", "overlaps"),
    [(50, 1.0, True), (50, 0.2, True), (50, 0.0, False), (4, 0.0, False)],
)
def test_a_holdout_of_people_of_the_original_is_told(
    size: int, share: float, overlaps: bool
) -> None:
    """Duplicates that chance makes (size 4: every row has some) are no overlap."""
    draw = np.random.default_rng(2)
    original, other = rows_of(draw, 600, size), rows_of(draw, 300, size)
    n = int(share * 300)
    holdout = {name: original[name][:n] + other[name][n:] for name in "xyz"}
    made = tables_of(original, original, holdout)
    assert made.overlaps() is overlaps
    assert any("hold-out holds rows" in fault for fault in made.faults()) is overlaps


def test_a_column_generalised_on_one_side_is_named() -> None:
    made = tables_of(
        {"age": [34, 51], "town": ["A", "B"]}, {"age": ["[30, 40)", "*"], "town": ["B", "C"]}, None
    )
    assert made.strangers() == ("age",)
    assert made.strangers(["town"]) == ()
    assert "'age'" in made.faults()[0]
