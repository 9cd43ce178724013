"""Nearest neighbours: all pairs one by one are the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import InputError
from niming.risk.attacks.encoding import CodedColumn, Encoded, encode
from niming.risk.attacks.neighbours import nearest
from niming.tables import datasets


def by_all_pairs(queries: Encoded, reference: Encoded, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Sum the columns of every pair in float32, categories first, then sort by (sum, row)."""
    columns = reference.columns
    short = [j for j, c in enumerate(columns) if not c.is_numeric and c.n_values <= 255]
    long = [j for j, c in enumerate(columns) if not c.is_numeric and c.n_values > 255]
    numeric = [j for j, c in enumerate(columns) if c.is_numeric]
    sums = np.zeros((queries.n_rows, reference.n_rows), dtype=np.float32)
    for j in short + long:
        sums += (queries.codes[:, None, j] != reference.codes[None, :, j]).astype(np.float32)
    for j in numeric:
        a, b = queries.codes[:, None, j], reference.codes[None, :, j]
        scaled = np.append(columns[j].scaled(), np.float32(0))
        gap = np.abs(scaled[a] - scaled[b])
        gap = np.where((a < 0) != (b < 0), np.float32(1), gap)
        sums += np.where((a < 0) & (b < 0), np.float32(0), gap).astype(np.float32)
    order = np.argsort(sums, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(sums, order, 1) / np.float32(len(columns)), order


def random_tables(seed: int, rows: tuple[int, int]) -> tuple[Encoded, Encoded]:
    rng = np.random.default_rng(seed)
    columns, codes = [], []
    for j in range(int(rng.integers(1, 7))):
        size = int(rng.choice([1, 2, 3, 9, 254, 255, 256, 700]))
        values = np.sort(rng.normal(size=size)) if rng.random() < 0.5 else None
        columns.append(CodedColumn(f"c{j}", size, values))
        lowest = -1 if rng.random() < 0.5 else 0
        codes.append(rng.integers(lowest, size, size=sum(rows)))
    matrix = np.column_stack(codes).astype(np.int32)
    both = Encoded(tuple(columns), matrix)
    return both.take(np.arange(rows[0])), both.take(np.arange(rows[0], sum(rows)))


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 12), m=st.integers(1, 260), k=st.integers(1, 6))
def test_equals_all_pairs(seed: int, n: int, m: int, k: int) -> None:
    queries, reference = random_tables(seed, (n, m))
    k = min(k, m)
    distances, indices = nearest(queries, reference, k=k)
    expected, at = by_all_pairs(queries, reference, k)
    np.testing.assert_array_equal(indices, at)
    np.testing.assert_array_equal(distances, expected)
    assert distances.dtype == np.float32
    assert indices.dtype == np.int64


def test_equals_all_pairs_on_adult() -> None:
    rows = datasets.adult().sample(3000, random_state=1)
    made = encode({"original": rows[:400], "released": rows[400:]})
    distances, indices = nearest(made["original"], made["released"], k=3)
    expected, at = by_all_pairs(made["original"], made["released"], 3)
    np.testing.assert_array_equal(indices, at)
    np.testing.assert_array_equal(distances, expected)


def test_every_row_finds_itself_and_the_lowest_of_its_copies() -> None:
    _, reference = random_tables(3, (1, 500))
    doubled = reference.take(np.tile(np.arange(500), 2))
    distances, indices = nearest(reference, doubled, k=2)
    assert not distances.any()
    assert (indices[:, 0] <= np.arange(500)).all()
    assert (indices[:, 0] < indices[:, 1]).all()


def test_missing_is_far_from_known_and_equal_to_missing() -> None:
    made = encode(
        {"a": {"x": [None, 0.0], "y": ["p", None]}, "b": {"x": [None, 9.0], "y": ["p", "p"]}}
    )
    distances, indices = nearest(made["a"], made["b"])
    assert distances.tolist() == [[0.0], [1.0]]
    assert indices.tolist() == [[0], [0]]


def test_more_columns_than_a_byte_counts() -> None:
    columns = tuple(CodedColumn(f"c{j}", 2) for j in range(600))
    queries = Encoded(columns, np.zeros((1, 600), dtype=np.int32))
    reference = Encoded(columns, np.ones((3, 600), dtype=np.int32))
    assert nearest(queries, reference)[0].tolist() == [[1.0]]


def test_progress_reaches_the_end() -> None:
    queries, reference = random_tables(5, (40, 9))
    seen: list[tuple[int, int]] = []
    nearest(queries, reference, progress=lambda done, n: seen.append((done, n)))
    assert seen[-1] == (40, 40)
    assert seen == sorted(seen)


def test_ctrl_c_stops_the_search() -> None:
    queries, reference = random_tables(6, (40, 9))

    def interrupt(done: int, n: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nearest(queries, reference, progress=interrupt)


@pytest.mark.parametrize("k", [0, 10, True])
def test_k_out_of_range_is_refused(k: int) -> None:
    queries, reference = random_tables(7, (4, 9))
    with pytest.raises(InputError, match="9 rows of reference"):
        nearest(queries, reference, k=k)


def test_tables_of_other_dictionaries_are_refused() -> None:
    one, two = encode({"a": {"x": [1]}}), encode({"a": {"x": [1]}})
    with pytest.raises(InputError, match="encoded together"):
        nearest(one["a"], two["a"])
