"""Singling out: predicates counted row by row are the oracle; chance and size are the traps."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError, UnreliableWarning
from niming.risk.attacks.attack import AttackResult
from niming.risk.attacks.encoding import CodedColumn, Encoded, encode
from niming.risk.attacks.singling_out import (
    _different,
    _on_one_column,
    _on_records,
    _Predicates,
    _random,
    _written,
    singling_out,
)
from niming.risk.attacks.statistics import excess
from niming.tables import datasets


def by_rows(predicates: _Predicates, table: Encoded) -> list[int]:
    """Count the rows that meet every term, one row and one predicate at a time."""
    return [
        sum(
            all(low <= row[c] <= high for c, low, high in zip(*terms, strict=True))
            for row in table.codes.tolist()
        )
        for terms in zip(*(part.tolist() for part in predicates), strict=True)
    ]


def random_table(seed: int, n: int, n_columns: int) -> Encoded:
    draw = np.random.default_rng(seed)
    columns, codes = [], []
    for j in range(n_columns):
        size = int(draw.choice([1, 2, 5, 40]))
        columns.append(
            CodedColumn(f"c{j}", size, np.arange(float(size)) if draw.random() < 0.5 else None)
        )
        codes.append(draw.integers(-1, size, n))
    return Encoded(tuple(columns), np.asfortranarray(np.column_stack(codes), dtype=np.int32))


def people(n: int, seed: int) -> pd.DataFrame:
    """Draw people whose pay is all their own and whose other columns are common."""
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": draw.integers(18, 90, n),
            "town": draw.choice(list("ABCDE"), n),
            "pay": draw.lognormal(8, 1, n),
            "sex": draw.choice(["F", "M"], n),
        }
    )


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 60), enough=st.sampled_from([1, 2, 10**6]))
def test_matching_equals_counting_row_by_row(seed: int, n: int, enough: int) -> None:
    table = random_table(seed, n, 4)
    draw = np.random.default_rng(seed)
    kinds = [_on_one_column(table), _on_records(table, 3, 9, draw)]
    for predicates in [*kinds, _random(table.columns, 2, 9, draw)]:
        expected = [min(c, enough) for c in by_rows(predicates, table)]
        assert predicates.matching(table, enough).tolist() == expected


def test_matching_counts_across_blocks() -> None:
    table = Encoded((CodedColumn("c", 3),), np.arange(5000, dtype=np.int32)[:, None] % 3)
    one = np.array([[1]], dtype=np.int32)
    predicates = _Predicates(np.array([[0]]), one, one)
    assert predicates.matching(table, 10**6).tolist() == [1667]


def test_a_predicate_on_a_record_matches_that_record() -> None:
    table = random_table(4, 50, 6)
    found = _on_records(table, 4, 300, np.random.default_rng(0)).matching(table, 2)
    assert (found >= 1).all()


def test_predicates_on_one_column_worked_by_hand() -> None:
    table = encode({"a": {"x": [3, 5, 5, None], "y": ["p", "p", "q", "q"]}})["a"]
    made = _on_one_column(table)
    assert [c[0] for c in made.column.tolist()] == [0, 0, 0, 0, 0, 1, 1]
    spans = list(zip(made.low[:, 0].tolist(), made.high[:, 0].tolist(), strict=True))
    # x is missing, x = 3, x = 5, x <= 3, x >= 5; y = p, y = q
    assert spans == [(-1, -1), (0, 0), (1, 1), (0, 0), (1, 1), (0, 0), (1, 1)]
    assert len(_different(made).column) == 5
    kept = _written(table, 1, 100, np.random.default_rng(0))
    assert by_rows(kept, table) == [1] * len(kept.column)


def test_where_nothing_is_alone_the_rarest_is_tried() -> None:
    table = encode({"a": {"x": ["p"] * 3 + ["q"] * 2}})["a"]
    kept = _written(table, 1, 100, np.random.default_rng(0))
    assert by_rows(kept, table) == [2]


@pytest.mark.parametrize("mode", ["univariate", "multivariate"])
def test_a_copy_is_fully_at_risk_and_a_fresh_draw_is_not(mode: str) -> None:
    original, holdout, fresh = people(1500, 1), people(1500, 2), people(1500, 3)
    copy = singling_out(original, original, holdout=holdout, mode=mode, n_attacks=500, seed=4)  # type: ignore[arg-type]
    assert copy.rate == copy.positive_control == 1
    assert copy.risk is not None
    assert copy.risk > 0.9
    assert copy.reliable
    assert copy.name == f"singling_out.{mode}"
    with warnings.catch_warnings():  # an attack that finds nothing may be called too weak
        warnings.simplefilter("ignore", UnreliableWarning)
        other = singling_out(original, fresh, holdout=holdout, mode=mode, n_attacks=500, seed=4)  # type: ignore[arg-type]
    assert other.positive_control == 1
    assert other.risk_interval is not None
    assert other.risk_interval[0] == 0
    assert other.control is not None
    assert other.rate < 0.5


def test_the_same_seed_gives_the_same_result() -> None:
    original, holdout = people(300, 1), people(300, 2)
    found = [
        singling_out(original, original, holdout=holdout, n_attacks=100, seed=s).to_dict()
        for s in (3, 3, 4)
    ]
    assert found[0] == found[1]
    assert found[0] != found[2]


@pytest.mark.parametrize("sizes", [(900, 300), (300, 900)])
def test_original_and_holdout_are_cut_to_the_same_size(sizes: tuple[int, int]) -> None:
    original, holdout = people(sizes[0], 1), people(sizes[1], 2)
    found = singling_out(original, people(900, 3), holdout=holdout, n_attacks=200, n_columns=3)
    assert found.settings["n_rows_compared"] == 300
    assert found.n_rows == 300


def test_a_k_anonymous_release_singles_out_nobody() -> None:
    original, holdout = people(600, 1), people(600, 2)
    columns = ["town", "sex"]
    with pytest.warns(UnreliableWarning, match="shows nothing"):
        found = singling_out(original, original, holdout=holdout, columns=columns)
    assert found.rate == found.positive_control == 0
    assert found.measures()[0].value is None


def test_without_a_holdout_or_with_few_rows_it_warns() -> None:
    original = people(120, 1)
    with pytest.warns(UnreliableWarning, match="without a hold-out"):
        found = singling_out(original, original, holdout=None, n_attacks=50)
    assert found.control is None
    assert found.risk is None
    with pytest.warns(UnreliableWarning, match="fewer than 100"):
        singling_out(original[:60], original[:60], holdout=original[60:], n_attacks=50)


def test_a_warning_points_at_the_caller() -> None:
    original = people(120, 1)
    with pytest.warns(UnreliableWarning) as caught:
        singling_out(original, original, holdout=None, n_attacks=50)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mode": "bivariate"}, "mode"),
        ({"n_attacks": 0}, "n_attacks"),
        ({"seed": -1}, "seed"),
        ({"confidence": 95}, "confidence"),
        ({"n_columns": 1}, "n_columns is 1"),
        ({"n_columns": 5}, "2 to 4 columns"),
        ({"n_columns": 2, "mode": "univariate"}, "n_columns is 2"),
        ({"columns": ["pay"]}, "univariate"),
    ],
)
def test_bad_arguments_are_refused(changes: dict[str, object], message: str) -> None:
    table = people(120, 1)
    with pytest.raises(InputError, match=message):
        singling_out(table, table, holdout=table, **changes)  # type: ignore[arg-type]


def test_an_unknown_column_is_named() -> None:
    table = people(120, 1)
    with pytest.raises(ColumnNotFoundError, match="'towm'"):
        singling_out(table, table, holdout=table, columns=["towm", "age"])


def test_no_cell_value_is_shown() -> None:
    table = people(150, 1).assign(town="canary")
    with pytest.warns(UnreliableWarning) as caught:
        found: AttackResult = singling_out(table, table, holdout=None, n_attacks=20)
    shown = [repr(found), str(found.to_dict()), found._repr_html_(), str(caught[0].message)]
    assert not any("canary" in text for text in shown)


@pytest.mark.slow
def test_a_smaller_control_feigns_a_risk_on_adult() -> None:
    """A release that knows nobody: 2,000 predicates, 5 splits of 20,000, 20,000 and 4,000 rows.

    A hold-out of a fifth of the rows feigns a risk of 0.1 (standard error below 0.01 a split); cut
    to equal sizes the mean of five risks is below 0.02, 4 standard errors of that mean.
    """
    feigned, fair = [], []
    for seed in range(5):
        rows = datasets.adult().sample(frac=1, random_state=seed)
        original, holdout, released = rows[:20_000], rows[20_000:24_000], rows[24_000:44_000]
        made = encode({"released": released, "original": original, "holdout": holdout})
        predicates = _written(made["released"], 8, 2000, np.random.default_rng(seed))
        risk = excess(predicates.isolating(made["original"]), predicates.isolating(made["holdout"]))
        found = singling_out(original, released, holdout=holdout, n_columns=8, seed=seed)
        assert risk is not None
        assert found.risk is not None
        feigned.append(risk)
        fair.append(found.risk)
    assert min(feigned) > 0.07
    assert np.mean(fair) < 0.02
