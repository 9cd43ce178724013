"""Queries: the answer below the noise against a plain oracle, refusals, and an audit."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from niming.anonymize import dp
from niming.anonymize.dp import Budget
from niming.anonymize.dp.queries import _margin
from niming.errors import BudgetExceededError, ColumnNotFoundError, InputError
from niming.tables import read

CLEAR = 10_000  # so large an epsilon that the noise is 0 but for a chance of exp(-1000)


class Untouchable:
    """A source that raises when anything looks at it."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError("the data were touched")


@pytest.mark.parametrize(
    "ask",
    [
        lambda t, **k: dp.count(t, **k),
        lambda t, **k: dp.histogram(t, "a", categories=["x"], **k),
        lambda t, **k: dp.sum(t, "a", lower=0, upper=1, **k),
    ],
)
def test_overspending_is_refused_before_the_data_are_touched(ask: object) -> None:
    budget = Budget(1)
    with pytest.raises(BudgetExceededError, match="would spend epsilon 2"):
        ask(Untouchable(), epsilon=2, budget=budget)  # type: ignore[operator]
    with pytest.raises(InputError):
        ask(Untouchable(), epsilon=0, budget=budget)  # type: ignore[operator]
    assert budget.events == ()


class TestCount:
    TABLE = pa.table({"sex": ["F", "M", "F", None], "age": [1, 2, 3, None], "ok": [True] * 4})

    @pytest.mark.parametrize(
        ("where", "rows"),
        [
            (None, 4),
            ({"sex": "F"}, 2),
            ({"sex": ["F", "M"]}, 3),
            ({"sex": "F", "age": 3}, 1),
            ({"age": [2.0, 7]}, 1),
            ({"ok": True}, 4),
            ({"sex": "no such value"}, 0),
        ],
    )
    def test_rows(self, where: dict[str, object] | None, rows: int) -> None:
        answer = dp.count(self.TABLE, where=where, epsilon=CLEAR, budget=Budget(CLEAR))  # type: ignore[arg-type]
        assert answer.value == rows
        assert isinstance(answer.value, int)

    def test_every_kind_of_frame(self) -> None:
        frame = self.TABLE.to_pandas()
        frame["sex"] = frame["sex"].astype("category")
        for source in (self.TABLE, frame, pl.from_arrow(self.TABLE), read(self.TABLE)):
            for wanted, rows in (("F", 2), ("not in the enum", 0)):
                answer = dp.count(
                    source, where={"sex": wanted}, epsilon=CLEAR, budget=Budget(CLEAR)
                )
                assert answer.value == rows

    def test_dates_and_quotes(self) -> None:
        table = {"day": [dt.date(2024, 1, 2), dt.date(2024, 1, 3)], "who": ["O'Hara", "x"]}
        budget = Budget(3 * CLEAR)
        day = {"day": dt.date(2024, 1, 3)}
        assert dp.count(table, where=day, epsilon=CLEAR, budget=budget).value == 1
        assert dp.count(table, where={"who": "O'Hara"}, epsilon=CLEAR, budget=budget).value == 1
        trick = {"who": "x' OR '1'='1"}
        assert dp.count(table, where=trick, epsilon=CLEAR, budget=budget).value == 0

    def test_no_rows(self) -> None:
        table = self.TABLE.slice(0, 0)
        assert dp.count(table, epsilon=CLEAR, budget=Budget(CLEAR)).value == 0

    def test_what_a_result_tells(self) -> None:
        budget = Budget(1)
        answer = dp.count(self.TABLE, where={"sex": "F"}, epsilon=0.5, budget=budget)
        told = json.loads(json.dumps(answer.to_dict()))
        assert told["value"] == answer.value
        assert told["event"]["scale"] == "2"
        assert (answer.epsilon, answer.scale) == (0.5, 2.0)
        assert budget.events == (answer.event,)
        low, high = answer.interval
        assert high - low == 2 * answer.margin
        assert len(repr(answer)) < 100

    def test_nothing_is_charged_for_a_wrong_argument(self) -> None:
        budget = Budget(1)
        with pytest.raises(ColumnNotFoundError, match="did you mean"):
            dp.count(self.TABLE, where={"sexx": "F"}, epsilon=1, budget=budget)
        for wrong in ({"sex": 1}, {"age": "1"}, {"ok": 1}, {"sex": []}, {"age": math.inf}):
            with pytest.raises(InputError):
                dp.count(self.TABLE, where=wrong, epsilon=1, budget=budget)  # type: ignore[arg-type]
        assert budget.events == ()


class TestHistogram:
    TABLE = pa.table({"town": ["A", "B", "A", None, "Z"], "x": [0.0, 0.5, 1.0, math.nan, 9.0]})

    def ask(self, column: str, **more: object) -> tuple[int, ...]:
        return dp.histogram(
            self.TABLE, column, epsilon=CLEAR, budget=Budget(CLEAR), **more  # type: ignore[arg-type]
        ).values  # fmt: skip

    def test_categories(self) -> None:
        assert self.ask("town", categories=["B", "A", "C"]) == (1, 2, 0)
        assert self.ask("town", categories=["B", "A", "C"], outside="count") == (1, 2, 0, 1, 1)

    def test_bins_hold_their_lower_edge_and_the_last_both(self) -> None:
        assert self.ask("x", bins=[0, 0.5, 1]) == (1, 2)
        assert self.ask("x", bins=[0, 0.5, 1], outside="count") == (1, 2, 1, 1)

    def test_an_empty_cell_gets_noise_like_the_others(self) -> None:
        """At epsilon 1/10 the chance that 40 empty cells all stay 0 is below 1e-50."""
        cells = [f"c{i}" for i in range(40)]
        told = dp.histogram(self.TABLE, "town", categories=cells, epsilon=0.1, budget=Budget(1))
        assert any(told.values)
        assert told.margin == _margin(Fraction(10))

    def test_one_charge_for_all_cells(self) -> None:
        budget = Budget(1)
        told = dp.histogram(self.TABLE, "x", bins=[0, 1, 2], epsilon=1, budget=budget)
        assert budget.remaining.epsilon == 0
        assert json.loads(json.dumps(told.to_dict()))["labels"] == ["[0, 1)", "[1, 2]"]

    @pytest.mark.parametrize(
        "wish",
        [
            {},
            {"categories": ["A"], "bins": [0, 1]},
            {"categories": []},
            {"categories": ["A", "A"]},
            {"categories": [1]},
            {"bins": [0, 1]},
            {"categories": ["A"], "outside": "drop"},
        ],
    )
    def test_wrong_arguments(self, wish: dict[str, object]) -> None:
        budget = Budget(1)
        with pytest.raises(InputError):
            dp.histogram(self.TABLE, "town", epsilon=1, budget=budget, **wish)  # type: ignore[arg-type]
        assert budget.events == ()

    @pytest.mark.parametrize("bins", [[1], [1, 1], [2, 1], [0, math.nan], [0, math.inf]])
    def test_wrong_bins(self, bins: list[float]) -> None:
        with pytest.raises(InputError):
            dp.histogram(self.TABLE, "x", bins=bins, epsilon=1, budget=Budget(1))


class TestSum:
    def ask(self, values: object, **more: object) -> float:
        table = pa.table({"x": values})
        return dp.sum(table, "x", epsilon=10**9, budget=Budget(10**9), **more).value  # type: ignore[arg-type]

    def test_whole_numbers_are_cut(self) -> None:
        assert self.ask([5, -7, 100, None], lower=-2, upper=10) == 5 - 2 + 10

    def test_numbers_at_the_edge_of_int64(self) -> None:
        assert self.ask([2**63 - 1, -(2**63)], lower=-3, upper=5) == 2
        assert self.ask(pa.array([2**64 - 1], pa.uint64()), lower=0, upper=5) == 5

    def test_fractions_are_rounded_to_the_granularity(self) -> None:
        more = {"lower": 0, "upper": 1, "granularity": 0.01}
        assert self.ask([0.014, 0.016, 7.0, math.nan, math.inf, -math.inf], **more) == 2.03

    def test_decimals(self) -> None:
        column = pa.array([Decimal("1.25"), Decimal("2.50")], pa.decimal128(10, 2))
        assert self.ask(column, lower=0, upper=10, granularity="0.25") == 3.75

    def test_nothing_to_sum(self) -> None:
        assert self.ask(pa.array([None, None], pa.int64()), lower=3, upper=5) == 0
        assert self.ask(pa.array([], pa.float64()), lower=3, upper=5, granularity=1) == 0

    @settings(max_examples=20, deadline=None)
    @given(
        st.lists(st.one_of(st.none(), st.integers(-50, 50)), max_size=30),
        st.integers(-40, 0),
        st.integers(1, 40),
    )
    def test_against_the_oracle(self, values: list[int | None], low: int, high: int) -> None:
        true = sum(min(max(v, low), high) for v in values if v is not None)
        assert self.ask(pa.array(values, pa.int32()), lower=low, upper=high) == true

    def test_sensitivity_and_scale(self) -> None:
        answer = dp.sum({"x": [1]}, "x", lower=-3, upper=2, epsilon=0.5, budget=Budget(1))
        assert (answer.event.sensitivity, answer.event.scale) == (3, 6)
        answer = dp.sum(
            {"x": [1.0]}, "x", lower=0, upper=2, granularity=0.5, epsilon=0.5, budget=Budget(1)
        )
        assert (answer.event.sensitivity, answer.scale) == (4, 4.0)

    @pytest.mark.parametrize(
        "wish",
        [
            {"lower": 1, "upper": 1},
            {"lower": 2, "upper": 1},
            {"lower": 0, "upper": 1},  # a column of fractions without granularity
            {"lower": 0, "upper": 1, "granularity": 0.3},
            {"lower": 0, "upper": 1, "granularity": 0},
            {"lower": 0, "upper": 1e16, "granularity": 1},
            {"lower": 0, "upper": math.inf, "granularity": 1},
        ],
    )
    def test_wrong_arguments(self, wish: dict[str, float]) -> None:
        budget = Budget(1)
        with pytest.raises(InputError):
            dp.sum({"x": [0.5]}, "x", epsilon=1, budget=budget, **wish)
        assert budget.events == ()

    def test_text_cannot_be_summed(self) -> None:
        with pytest.raises(InputError, match="cannot be summed"):
            dp.sum({"x": ["canary-7"]}, "x", lower=0, upper=1, epsilon=1, budget=Budget(1))


class TestPersons:
    """A person's rows change an answer by no more than the bound, whatever they are."""

    ROWS = st.lists(
        st.tuples(st.sampled_from([1, 2, 3, None]), st.sampled_from("ABC"), st.integers(-9, 9)),
        max_size=25,
    )

    def ask(self, rows: list[tuple[int | None, str, int]], m: int) -> tuple[int, list[int], int]:
        columns = list(zip(*rows, strict=True)) or [(), (), ()]
        table = pa.table(
            {
                "id": pa.array(columns[0], pa.int64()),
                "town": pa.array(columns[1], pa.string()),
                "x": pa.array(columns[2], pa.int64()),
            }
        )
        budget = Budget(10**9, person_id="id", max_rows_per_person=m)
        count = dp.count(table, epsilon=CLEAR, budget=budget)
        cells = dp.histogram(table, "town", categories=list("ABC"), epsilon=CLEAR, budget=budget)
        total = dp.sum(table, "x", lower=-4, upper=6, epsilon=10**6, budget=budget)
        assert count.event.sensitivity == m
        assert cells.event.sensitivity == m
        assert total.event.sensitivity == 6 * m
        assert total.event.unit == "person"
        return int(count.value), list(cells.values), int(total.value)

    @settings(max_examples=20, deadline=None)
    @given(ROWS, st.integers(1, 4))
    def test_against_the_oracle(self, rows: list[tuple[int | None, str, int]], m: int) -> None:
        of = defaultdict(list)
        for person, town, x in rows:
            of[person].append((town, min(max(x, -4), 6)))
        count, cells, total = self.ask(rows, m)
        assert count == sum(min(len(own), m) for own in of.values())
        assert sum(cells) == count
        assert all(n <= Counter(r[1] for r in rows)[t] for n, t in zip(cells, "ABC", strict=True))
        assert total == sum(min(max(sum(x for _, x in own), -4 * m), 6 * m) for own in of.values())

    @settings(max_examples=20, deadline=None)
    @given(ROWS, st.integers(1, 4))
    def test_one_person_less(self, rows: list[tuple[int | None, str, int]], m: int) -> None:
        count, cells, total = self.ask(rows, m)
        less, cells_less, total_less = self.ask([r for r in rows if r[0] != 1], m)
        assert 0 <= count - less <= m
        assert sum(abs(a - b) for a, b in zip(cells, cells_less, strict=True)) <= m
        assert abs(total - total_less) <= 6 * m

    def test_the_person_column_must_exist(self) -> None:
        budget = Budget(1, person_id="who", max_rows_per_person=1)
        with pytest.raises(ColumnNotFoundError, match="'who'"):
            dp.count({"x": [1]}, epsilon=1, budget=budget)


class TestMargin:
    @pytest.mark.parametrize("scale", [Fraction(1, 5), Fraction(1, 3), Fraction(1), Fraction(50)])
    def test_least_that_covers(self, scale: Fraction) -> None:
        """Against the sum of the probabilities."""
        reach = int(60 * scale) + 60
        mass = np.exp(-np.abs(np.arange(-reach, reach + 1)) / float(scale))
        mass /= mass.sum()
        covered = [mass[reach - m : reach + m + 1].sum() for m in range(reach)]
        assert _margin(scale) == next(m for m, c in enumerate(covered) if c >= 0.95)

    def test_coverage(self) -> None:
        """A histogram of 1,000 empty cells; false alarm 1e-9."""
        cells = [f"c{i}" for i in range(1000)]
        told = dp.histogram({"x": ["a"]}, "x", categories=cells, epsilon=1, budget=Budget(1))
        inside = sum(abs(v) <= told.margin for v in told.values)
        assert stats.binomtest(inside, 1000, 0.95, alternative="less").pvalue > 1e-9


def audited_epsilon(with_one: np.ndarray, without: np.ndarray, alarm: float) -> float:
    """Return a lower bound on epsilon that holds but for a chance of `alarm`.

    The event "answer at least t" is chosen on the first halves and judged on the second halves:
    Clopper-Pearson bounds on its two probabilities, alarm/2 each (Jagielski, Ullman, Oprea 2020).
    """
    half = len(with_one) // 2

    def rates(t: int, part: slice) -> tuple[int, int]:
        return int((with_one[part] >= t).sum()), int((without[part] >= t).sum())

    def bound(hits: int, misses: int, n: int, level: float) -> float:
        low = 0.0 if hits == 0 else stats.beta.ppf(level, hits, n - hits + 1)
        high = 1.0 if misses == n else stats.beta.ppf(1 - level, misses + 1, n - misses)
        return math.log(low / high) if low > 0 else -math.inf

    first, second = slice(half), slice(half, None)
    best = max(range(-8, 9), key=lambda t: bound(*rates(t, first), half, 0.01))
    return bound(*rates(best, second), half, alarm / 2)


class TestAudit:
    """Does count at epsilon = 1 keep what it says? 20,000 answers on each of two neighbours."""

    ALARM = 1e-6
    N = 20_000

    def answers(self, monkeypatch: pytest.MonkeyPatch, true: int, halve: bool) -> np.ndarray:
        # The query itself costs milliseconds, the noise microseconds: draw the noise that the
        # query asks for in one go, by the scale that it asks for.
        asked: list[Fraction] = []
        real = dp.discrete_laplace

        def record(scale: Fraction, size: int) -> np.ndarray:
            asked.append(scale)
            return real(scale, size)

        monkeypatch.setitem(dp.count.__globals__, "discrete_laplace", record)
        dp.count({"x": list(range(true))}, epsilon=1, budget=Budget(1))
        return true + real(asked[0] / (2 if halve else 1), self.N)

    def test_count_keeps_its_promise(self, monkeypatch: pytest.MonkeyPatch) -> None:
        one, none = (self.answers(monkeypatch, n, halve=False) for n in (1, 0))
        assert 0.5 < audited_epsilon(one, none, self.ALARM) <= 1

    def test_half_the_noise_is_caught(self, monkeypatch: pytest.MonkeyPatch) -> None:
        one, none = (self.answers(monkeypatch, n, halve=True) for n in (1, 0))
        assert audited_epsilon(one, none, self.ALARM) > 1


def test_a_pandas_frame_is_not_changed() -> None:
    frame = pd.DataFrame({"x": [1, 2]})
    before = frame.copy()
    dp.sum(frame, "x", lower=0, upper=3, epsilon=1, budget=Budget(1))
    pd.testing.assert_frame_equal(frame, before)
