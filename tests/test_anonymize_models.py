"""Privacy models and the loss: by hand on small tables, arguments checked."""

from __future__ import annotations

import numpy as np
import pytest

from niming.anonymize import Hierarchy, KAnonymity, LDiversity, Loss, TCloseness
from niming.errors import InputError
from niming.tables import Classes, count

# Class A: f, f, g, h. Class B: f, f, f, h. The table: f 5/8, g 1/8, h 2/8.
TABLE = {"x": list("AAAABBBB"), "s": list("ffghfffh")}
TREE = Hierarchy.from_rows([("f", "fg", "*"), ("g", "fg", "*"), ("h", "h", "*")])


@pytest.fixture(scope="module")
def classes() -> Classes:
    return count(TABLE, ["x", "s"]).classes(["x"])


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (KAnonymity(4), [True, True]),
        (KAnonymity(5), [False, False]),
        (LDiversity("s", 3), [True, False]),
        (LDiversity("s", 1), [True, True]),
        (LDiversity("s", 2.8, kind="entropy"), [True, False]),  # exp(1.0397) = 2.83, 1.75
        (LDiversity("s", 2, kind="recursive", c=1.01), [True, False]),  # 2 < 1.01 * 2, 3 < 1.01
        (LDiversity("s", 2, kind="recursive", c=1), [False, False]),
        (LDiversity("s", 1, kind="recursive", c=0.1), [True, True]),
        (TCloseness("s", 0.125), [True, True]),  # ½(1/8 + 1/8), ½(1/8 + 1/8)
        (TCloseness("s", 0.1249), [False, False]),
        (TCloseness("s", 0.0625, distance="ordered"), [True, True]),  # (1/8 + 0) over two steps
        (TCloseness("s", 0.0624, distance="ordered"), [False, False]),
        (TCloseness("s", 0.0625, distance=TREE), [True, True]),  # within fg alone: half the way
        (TCloseness("s", 0.0624, distance=TREE), [False, False]),
    ],
)
def test_models_by_hand(classes: Classes, model: object, expected: list[bool]) -> None:
    assert model.satisfied(classes).tolist() == expected  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: KAnonymity(0), "k is not"),
        (lambda: KAnonymity(True), "k is not"),
        (lambda: LDiversity("s", 0.5), "l is 0.5"),
        (lambda: LDiversity("s", 2.5), "whole l"),
        (lambda: LDiversity("s", float("nan")), "l is nan"),
        (lambda: LDiversity("s", 2, kind="x"), "unknown kind"),  # type: ignore[arg-type]
        (lambda: LDiversity("s", 2, kind="recursive"), "c belongs"),
        (lambda: LDiversity("s", 2, c=2), "c belongs"),
        (lambda: LDiversity("s", 2, kind="recursive", c=0), "c is 0"),
        (lambda: TCloseness("s", 1.1), "t is 1.1"),
        (lambda: TCloseness("s", float("nan")), "t is nan"),
        (lambda: TCloseness("s", 0.1, distance="x"), "unknown distance"),  # type: ignore[arg-type]
        (lambda: Loss(gs_factor=-1), "gs_factor"),
        (lambda: Loss(aggregate="sum"), "aggregate"),  # type: ignore[arg-type]
        (lambda: Loss(weights={"x": float("inf")}), "weight of 'x'"),
    ],
)
def test_arguments_are_checked(build: object, words: str) -> None:
    assert callable(build)
    with pytest.raises(InputError, match=words):
        build()


@pytest.mark.parametrize(
    ("gs_factor", "kept", "suppressed"),
    [  # of a label that covers a quarter of the domain
        (0.0, 0.25, 0.25),
        (0.25, 0.25, 0.625),
        (0.5, 0.25, 1.0),
        (0.75, 0.125, 1.0),
        (1.0, 0.0, 1.0),
    ],
)
def test_gs_factor(gs_factor: float, kept: float, suppressed: float) -> None:
    loss = Loss(gs_factor)
    share = np.array([0.25])
    assert loss.kept(share).item() == pytest.approx(kept)
    assert loss.suppressed(share).item() == pytest.approx(suppressed)


def test_aggregates() -> None:
    losses = [0.44, 0.0]
    assert Loss().total(losses) == pytest.approx(0.2)
    assert Loss(aggregate="arithmetic").total(losses) == pytest.approx(0.22)
    assert Loss(aggregate="maximum").total(losses) == Loss(aggregate="rank").total(losses) == 0.44


def test_column_loss() -> None:
    loss = Loss()
    assert loss.column(4 * 0.25, 4, 0.25) == 0  # untouched
    assert loss.column(4.0, 4, 0.25) == 1  # nothing left
    assert loss.column(4 * 0.5, 4, 0.25) == pytest.approx(1 / 3, abs=1e-10)
    assert loss.column(4.0, 4, 1.0) == 0  # a domain of one value
