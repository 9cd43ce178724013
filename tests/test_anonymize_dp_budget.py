"""Budget: exact addition, refusal before spending, threads, copies."""

from __future__ import annotations

import copy
import json
import pickle
import threading
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from niming.anonymize.dp import Budget, Event, exact
from niming.errors import BudgetExceededError, InputError


def event(epsilon: Fraction | int, delta: Fraction | int = 0, unit: str = "row") -> Event:
    return Event("test", "none", Fraction(epsilon), Fraction(delta), unit=unit)


def test_a_tenth_ten_times_is_one() -> None:
    budget = Budget(1.0)
    for _ in range(10):
        budget.spend(event(exact(0.1)))
    assert budget.remaining == (0, 0)
    with pytest.raises(BudgetExceededError, match="left epsilon 0"):
        budget.spend(event(Fraction(1, 10**30)))
    assert len(budget.events) == 10


@given(st.lists(st.fractions(min_value=Fraction(1, 1000), max_value=1), max_size=20))
def test_spent_never_exceeds_the_total(costs: list[Fraction]) -> None:
    budget, taken = Budget(2), Fraction(0)
    for cost in costs:
        if taken + cost <= 2:
            budget.spend(event(cost))
            taken += cost
        else:
            with pytest.raises(BudgetExceededError):
                budget.spend(event(cost))
        assert budget.spent.epsilon == taken <= 2
    assert budget.spent.epsilon + budget.remaining.epsilon == 2


def test_delta_is_spent_too() -> None:
    budget = Budget(1, 1e-9)
    budget.spend(event(Fraction(1, 2), exact(1e-9)))
    with pytest.raises(BudgetExceededError, match="delta"):
        budget.spend(event(Fraction(1, 4), Fraction(1, 10**12)))
    budget.spend(event(Fraction(1, 4)))
    assert budget.remaining == (Fraction(1, 4), 0)


def test_check_spends_nothing() -> None:
    budget = Budget(1)
    budget.check(event(1))
    assert budget.events == ()
    with pytest.raises(BudgetExceededError):
        budget.check(event(2))


def test_threads_cannot_overspend() -> None:
    budget, refused = Budget(1), []
    start = threading.Barrier(8)

    def spend() -> None:
        start.wait()
        for _ in range(50):
            try:
                budget.spend(event(Fraction(1, 100)))
            except BudgetExceededError:
                refused.append(1)

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budget.spent.epsilon == 1
    assert (len(budget.events), len(refused)) == (100, 300)


def test_a_copy_is_the_same_budget_and_a_pickle_is_refused() -> None:
    budget = Budget(1)
    copy.copy(budget).spend(event(Fraction(1, 2)))
    copy.deepcopy({"b": budget})["b"].spend(event(Fraction(1, 2)))
    assert budget.remaining.epsilon == 0
    with pytest.raises(InputError, match="pickled"):
        pickle.dumps(budget)


def test_events_are_frozen_and_json_safe() -> None:
    budget = Budget(1)
    spent = budget.spend(event(Fraction(1, 3)))
    with pytest.raises(AttributeError):
        spent.epsilon = Fraction(0)  # type: ignore[misc]
    told = json.loads(json.dumps(budget.to_dict()))
    assert (told["epsilon"], told["spent_epsilon"]) == ("1", "1/3")
    assert told["events"][0]["technique"] == "noise-addition"


def test_another_unit_is_refused() -> None:
    budget = Budget(1, person_id="id", max_rows_per_person=2)
    assert budget.unit == "person"
    with pytest.raises(InputError, match="protects a row, and this budget a person"):
        budget.spend(event(Fraction(1, 2)))


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0.1, Fraction(1, 10)),
        (1e-9, Fraction(1, 10**9)),
        ("2/7", Fraction(2, 7)),
        (Decimal("0.30"), Fraction(3, 10)),
        (3, Fraction(3)),
    ],
)
def test_exact(value: float, number: Fraction) -> None:
    assert exact(value) == number


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "much", True, None, Decimal("NaN")])
def test_no_number(value: object) -> None:
    with pytest.raises(InputError, match="finite"):
        exact(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wish",
    [
        {"epsilon": 0},
        {"epsilon": -1},
        {"epsilon": 1, "delta": 1},
        {"epsilon": 1, "delta": -0.1},
        {"epsilon": 1, "person_id": "id"},
        {"epsilon": 1, "max_rows_per_person": 2},
        {"epsilon": 1, "person_id": "id", "max_rows_per_person": 0},
        {"epsilon": 1, "person_id": "id", "max_rows_per_person": 1.5},
    ],
)
def test_impossible_budgets(wish: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Budget(**wish)  # type: ignore[arg-type]


@pytest.mark.parametrize(("epsilon", "delta"), [(0, 0), (-1, 0), (1, 1), (1, -1)])
def test_impossible_events(epsilon: int, delta: int) -> None:
    with pytest.raises(InputError):
        event(epsilon, delta)
