"""Samples: sizes, weights, inclusion probabilities, and the same rows from every engine."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError
from niming.sampling import simple, stratified
from niming.sampling.stratified import _allocate
from niming.tables import read

TABLE = pa.table(
    {
        "id": np.arange(1000),
        "town": [["A", "B", "C", None][min(i % 7, 3)] for i in range(1000)],
        "sex": ["F" if i % 2 else "M" for i in range(1000)],
    }
)


def ids(table: object) -> list[int]:
    return read(table).arrow(["id"])["id"].to_pylist()


class TestSimple:
    def test_size_weights_and_order(self) -> None:
        drawn = simple(TABLE, n=10, seed=1)
        assert ids(drawn.table) == drawn.positions.tolist() == sorted(set(drawn.positions))
        assert drawn.weights.tolist() == [100.0] * 10
        assert (
            read(drawn.table).arrow(["design_weight"])["design_weight"].to_pylist() == [100.0] * 10
        )
        assert (drawn.n_drawn, drawn.fraction) == (10, 0.01)

    def test_every_row_is_equally_likely(self) -> None:
        """500 draws of 3 in 10: chi-square on 9 degrees, false alarm 1e-6 at 44.8."""
        table = read(TABLE.slice(0, 10))
        hits = Counter(i for s in range(500) for i in simple(table, n=3, seed=s).positions.tolist())
        expected = 150
        # Without replacement the statistic is scaled by (N - 1)/(N - n) = 9/7.
        statistic = sum((hits[i] - expected) ** 2 / expected for i in range(10)) * 9 / 7
        assert statistic < 44.8

    def test_all_rows(self) -> None:
        assert ids(simple(TABLE, fraction=1.0, seed=3).table) == list(range(1000))

    def test_no_weight_column(self) -> None:
        assert read(simple(TABLE, n=2, seed=1, weight=None).table).columns == tuple(
            TABLE.column_names
        )

    @pytest.mark.parametrize(
        "wish",
        [{}, {"n": 1, "fraction": 0.5}, {"n": 0}, {"n": 1001}, {"fraction": 0}, {"fraction": 1.1}],
    )
    def test_impossible_wishes(self, wish: dict[str, float]) -> None:
        with pytest.raises(InputError):
            simple(TABLE, seed=1, **wish)

    def test_a_seed_below_zero(self) -> None:
        with pytest.raises(InputError, match="seed"):
            simple(TABLE, n=1, seed=-1)

    def test_no_rows(self) -> None:
        with pytest.raises(InputError, match="no rows"):
            simple(TABLE.slice(0, 0), n=1, seed=1)

    def test_a_column_of_the_weights_name(self) -> None:
        with pytest.raises(InputError, match="'id' already"):
            simple(TABLE, n=1, seed=1, weight="id")


class TestStratified:
    def test_parts_and_weights(self) -> None:
        drawn = stratified(TABLE, by="town", fraction=0.1, seed=1)
        towns = TABLE["town"].to_pylist()
        sizes, parts = Counter(towns), Counter(towns[i] for i in drawn.positions)
        for town, size in sizes.items():
            assert abs(parts[town] - size * 0.1) < 1
        for position, weight in zip(drawn.positions, drawn.weights, strict=True):
            assert weight == sizes[towns[position]] / parts[towns[position]]
        assert drawn.weights.sum() == pytest.approx(1000)

    def test_two_columns(self) -> None:
        drawn = stratified(TABLE, by=["town", "sex"], n=80, allocation="equal", seed=1)
        rows = TABLE.take(pa.array(drawn.positions)).select(["town", "sex"]).to_pylist()
        assert set(Counter(map(str, rows)).values()) == {10}

    def test_a_small_stratum_gives_all_and_others_make_up(self) -> None:
        table = {"id": list(range(12)), "town": ["A"] * 10 + ["B", "C"]}
        drawn = stratified(table, by="town", n=9, allocation="equal", seed=1)
        assert Counter(table["town"][i] for i in drawn.positions) == {"A": 7, "B": 1, "C": 1}

    def test_at_least(self) -> None:
        table = {"town": ["A"] * 99 + ["B"]}
        assert 99 not in stratified(table, by="town", n=10, seed=1).positions
        assert 99 in stratified(table, by="town", n=10, at_least=1, seed=1).positions

    @given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.data())
    def test_allocations_sum_to_the_total_and_fit(
        self, sizes: list[int], data: st.DataObject
    ) -> None:
        total = data.draw(st.integers(1, sum(sizes)))
        for allocation in ("proportional", "equal"):
            parts = _allocate(np.array(sizes), total, allocation)
            assert parts.sum() == total
            assert (parts <= sizes).all()
            assert (parts >= 0).all()

    def test_horvitz_thompson_is_unbiased(self) -> None:
        """200 samples of 100; the mean estimate of a total within 5 standard errors."""
        value, table = np.arange(1000.0), read(TABLE)
        estimates = []
        for seed in range(200):
            drawn = stratified(table, by="town", n=100, allocation="equal", seed=seed)
            estimates.append((value[drawn.positions] * drawn.weights).sum())
        error = np.std(estimates) / np.sqrt(len(estimates))
        assert abs(np.mean(estimates) - value.sum()) < 5 * error

    def test_bad_arguments(self) -> None:
        with pytest.raises(ColumnNotFoundError):
            stratified(TABLE, by="city", n=5, seed=1)
        with pytest.raises(InputError, match="allocation"):
            stratified(TABLE, by="town", n=5, allocation="optimal", seed=1)  # type: ignore[arg-type]
        with pytest.raises(InputError, match="stratify"):
            stratified(TABLE, by=[], n=5, seed=1)


class TestEngines:
    @pytest.mark.parametrize("draw", [simple, lambda t, **k: stratified(t, by="town", **k)])
    def test_the_same_rows_whatever_holds_them(self, draw: object, tmp_path: Path) -> None:
        file = tmp_path / "t.parquet"
        pq.write_table(TABLE, file, row_group_size=100)
        frame = TABLE.to_pandas()
        sources = {
            "pandas": frame,
            "polars": pl.from_arrow(TABLE),
            "pyarrow": TABLE,
            "duckdb": duckdb.from_arrow(TABLE),
            "file": file,
        }
        drawn = {name: draw(source, n=50, seed=9) for name, source in sources.items()}
        expected = drawn["pyarrow"].positions.tolist()
        assert all(d.positions.tolist() == expected for d in drawn.values())
        assert isinstance(drawn["pandas"].table, pd.DataFrame)
        assert isinstance(drawn["polars"].table, pl.DataFrame)
        assert isinstance(drawn["pyarrow"].table, pa.Table)
        assert isinstance(drawn["duckdb"].table, duckdb.DuckDBPyRelation)
        assert all(ids(d.table) == expected for d in drawn.values())

    def test_the_record_commits_to_the_seed_and_hides_it(self) -> None:
        drawn = simple(TABLE, n=5, seed=7)
        record = drawn.record()
        opened = hashlib.sha256(drawn.salt + b"simple:7").hexdigest()
        assert record["seed_commitment"] == opened
        assert drawn.salt.hex() not in json.dumps(record)
        assert simple(TABLE, n=5, seed=7).record()["seed_commitment"] != opened
        assert record["fraction"] == 0.005
