"""k-anonymity: hand-worked tables, a Counter as oracle, both readings, suppressed records."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import InputError
from niming.risk import Anonymity, k_anonymity
from niming.tables import MISSING, SUPPRESSED, Counts, count

CITY = Path(__file__).parent / "reference" / "city2000"
KEYS = ["district", "age_group", "sex", "education", "occupation", "marital"]


def counted(table: dict[str, list[str | None]]) -> Counts:
    """Count by hand, without an engine: a table costs microseconds, so many can be tried."""
    codes, categories = [], []
    for values in table.values():
        distinct = sorted({v for v in values if v not in (None, "*")})  # type: ignore[type-var]
        states = {None: MISSING, "*": SUPPRESSED}
        codes.append([states[v] if v in states else distinct.index(v) for v in values])
        categories.append(np.array(distinct, dtype=object))
    cells = sorted(Counter(zip(*codes, strict=True)).items())
    return Counts(
        columns=tuple(table),
        categories=tuple(categories),
        codes=np.array([c for c, _ in cells], dtype=np.int32),
        n=np.array([n for _, n in cells], dtype=np.int64),
    )


cells = st.sampled_from(["a", "b", "c", None, "*"])
rows_of_three = st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=25)


def frame(rows: list[tuple[str | None, ...]]) -> Counts:
    return counted({f"q{j}": [row[j] for row in rows] for j in range(len(rows[0]))})


@settings(max_examples=200, deadline=None)
@given(rows_of_three)
def test_equals_a_counter(rows: list[tuple[str | None, ...]]) -> None:
    sizes = Counter(rows)
    result = k_anonymity(frame(rows), quasi_identifiers=["q0", "q1", "q2"])
    shown = [n for row, n in sizes.items() if row != ("*", "*", "*")]
    assert result.k == min(sizes.values())
    assert result.k_unsuppressed == (min(shown) if shown else None)
    assert result.n_classes == len(sizes)
    assert result.n_rows == len(rows)
    assert result.n_unique == sum(n == 1 for n in sizes.values())
    assert result.n_suppressed == sizes[("*", "*", "*")]
    for k in (1, 2, 3, 30):
        assert result.n_records_below(k) == sum(n for n in sizes.values() if n < k)
        assert result.n_classes_below(k) == sum(n < k for n in sizes.values())
    size, n_classes, n_records = (column.tolist() for column in result.histogram)
    by_size = Counter(sizes.values())
    assert dict(zip(size, n_classes, strict=True)) == by_size
    assert n_records == [s * n for s, n in zip(size, n_classes, strict=True)]


@settings(max_examples=100, deadline=None)
@given(rows_of_three)
def test_order_and_columns_do_not_matter_and_fewer_columns_never_lower_k(
    rows: list[tuple[str | None, ...]],
) -> None:
    k = k_anonymity(frame(rows), quasi_identifiers=["q0", "q1", "q2"]).k
    assert k_anonymity(frame(rows[::-1]), quasi_identifiers=["q2", "q0", "q1"]).k == k
    assert k_anonymity(frame(rows), quasi_identifiers=["q0", "q1"]).k >= k
    assert k_anonymity(frame(rows * 2), quasi_identifiers=["q0", "q1", "q2"]).k == 2 * k


@settings(max_examples=150, deadline=None)
@given(rows_of_three)
def test_matching_anything_is_never_stricter(rows: list[tuple[str | None, ...]]) -> None:
    columns = ["q0", "q1", "q2"]
    table = frame(rows)
    own = k_anonymity(table, quasi_identifiers=columns)
    loose = k_anonymity(table, quasi_identifiers=columns, missing="matches-anything")
    assert loose.k >= own.k
    assert loose.n_unique <= own.n_unique
    assert (loose.n_rows, loose.n_suppressed) == (own.n_rows, own.n_suppressed)


def test_local_suppression_holds_under_one_reading_only() -> None:
    """REFERENCE.md section 2: k after local suppression holds only if missing matches anything."""
    table = {"town": ["A", "A", None, "B", "B"], "sex": ["F", "F", "F", "M", "M"]}
    assert k_anonymity(table, quasi_identifiers=["town", "sex"]).k == 1
    loose = k_anonymity(table, quasi_identifiers=["town", "sex"], missing="matches-anything")
    assert loose.k == 2
    assert loose.size.tolist() == [3, 3, 2]


@pytest.mark.parametrize(
    ("table", "k", "n_classes", "n_unique"),
    [
        ({"q": ["x"]}, 1, 1, 1),
        ({"q": ["x"] * 9}, 9, 1, 0),
        ({"q": list(range(9))}, 1, 9, 9),
        ({"q": [None] * 4}, 4, 1, 0),
        ({"q": [float("nan"), None, 1.0, 1.0]}, 2, 2, 0),
    ],
)
def test_edges(table: dict[str, list[object]], k: int, n_classes: int, n_unique: int) -> None:
    for missing in ("own-value", "matches-anything"):
        if missing == "matches-anything" and 1.0 in table["q"]:
            continue
        result = k_anonymity(table, quasi_identifiers=["q"], missing=missing)  # type: ignore[arg-type]
        assert (result.k, result.n_classes, result.n_unique) == (k, n_classes, n_unique)


def test_all_suppressed_is_not_available_rather_than_safe() -> None:
    result = k_anonymity({"q": ["*"] * 7}, quasi_identifiers=["q"], suppressed="*")
    assert (result.k, result.k_unsuppressed, result.n_suppressed) == (7, None, 7)
    measure = next(m for m in result.measures() if m.name == "k_anonymity.k_unsuppressed")
    assert measure.value is None
    assert measure.reason


def test_counts_and_tables_agree_and_the_reference_city() -> None:
    table = pd.read_csv(CITY / "city2000.csv")
    fk = pd.read_csv(CITY / "out_risk.csv")["fk"]
    result = k_anonymity(table, quasi_identifiers=KEYS)
    assert result.n_unique == int((fk == 1).sum())
    assert result.n_records_below(5) == int((fk < 5).sum())
    assert result.n_classes == round(float((1 / fk).sum()))
    again = k_anonymity(count(table, [*KEYS, "disease"]), quasi_identifiers=KEYS)
    assert again.size.tolist() == result.size.tolist()


def test_shows_itself_without_cells() -> None:
    result = k_anonymity({"q": ["canary-1", "canary-2"]}, quasi_identifiers=["q"])
    assert isinstance(result, Anonymity)
    told = json.dumps(result.to_dict()) + repr(result) + result._repr_html_()
    assert "canary" not in told + result.frame().to_string()
    assert repr(result).count("\n") < 3
    assert result.to_dict()["histogram"] == {"size": [1], "n_classes": [2], "n_records": [2]}


def test_an_unknown_reading_is_refused() -> None:
    with pytest.raises(InputError, match="matches-anything"):
        k_anonymity({"q": [1]}, quasi_identifiers=["q"], missing="ignore")  # type: ignore[arg-type]
