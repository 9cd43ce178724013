"""δ-disclosure and β-likeness: fractions over rows as oracle, both readings, pycanon's answers."""

from __future__ import annotations

import json
import math
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError
from niming.risk.disclosure import Disclosure, delta_disclosure
from niming.risk.likeness import Likeness, beta_likeness
from niming.tables import MISSING, SUPPRESSED, Counts

CITY = Path(__file__).parent / "reference" / "city2000"
READINGS = ["own-value", "matches-anything"]

PYCANON: list[tuple[list[str], str, float, float]] = [
    (["district"], "disease", 0.762820512820513, 1.4576843572065636),
    (["sex", "age_group"], "disease", 2.787878787878788, 1.3318061758358208),
    (["district", "sex"], "occupation", 1.171814671814672, 1.0534405700213887),
    (["district", "age_group", "sex"], "disease", 19.833333333333332, 3.036554268074246),
    (
        ["district", "age_group", "sex", "education", "occupation", "marital"],
        "disease",
        124.0,
        4.8283137373023015,
    ),
]

Row = tuple[int, int, int]
"""Codes of two quasi-identifiers and of the sensitive column."""

cell = st.integers(SUPPRESSED, 2)
rows_of_three = st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=16)


def counted(rows: list[Row], times: int = 1) -> Counts:
    """Count rows of codes by hand; categories that do not occur stay, as after a selection."""
    cells = sorted(Counter(rows).items())
    return Counts(
        columns=("p", "q", "s"),
        categories=(np.arange(3), np.arange(3), np.arange(3)),
        codes=np.array([c for c, _ in cells], dtype=np.int32),
        n=np.array([n * times for _, n in cells], dtype=np.int64),
    )


def agree(one: Row, other: Row, missing: str) -> bool:
    if missing == "own-value":
        return one[:2] == other[:2]
    return all(a == b or a < 0 or b < 0 for a, b in zip(one[:2], other[:2], strict=True))


def tabled(rows: list[Row], missing: str) -> Counter[int]:
    """Return the records of each value; where anything matches, of what is known alone."""
    if missing == "own-value":
        return Counter(row[2] for row in rows)
    return Counter(row[2] for row in rows if row[2] >= 0) or Counter([MISSING] * len(rows))


def ratios(rows: list[Row], missing: str) -> dict[tuple[int, int], dict[int, Fraction]]:
    """Return p/q a class and value, straight from the rows; 0 where the class lacks the value."""
    table = tabled(rows, missing)
    n_rows = sum(table.values())
    out = {}
    for row in rows:
        near = [other[2] for other in rows if agree(row, other, missing)]
        if missing == "matches-anything":
            shown = [value for value in near if value >= 0]
            rarest = min(table, key=lambda value: (table[value], value))
            commonest = max(sorted({*shown}), key=shown.count, default=rarest)
            near = [value if value >= 0 else commonest for value in near]
        out[row[:2]] = {
            value: Fraction(near.count(value) * n_rows, len(near) * n) for value, n in table.items()
        }
    return out


@pytest.mark.parametrize("missing", READINGS)
@settings(max_examples=100, deadline=None)
@given(rows=rows_of_three)
def test_delta_equals_the_fractions(missing: str, rows: list[Row]) -> None:
    compare_delta(missing, rows)


@pytest.mark.parametrize("missing", READINGS)
@settings(max_examples=100, deadline=None)
@given(rows=rows_of_three)
def test_beta_equals_the_fractions(missing: str, rows: list[Row]) -> None:
    compare_beta(missing, rows)


@pytest.mark.slow
@pytest.mark.parametrize("missing", READINGS)
def test_thousands_of_tables_equal_the_fractions(missing: str) -> None:
    rng = np.random.default_rng(6)
    for _ in range(1_000):
        rows = [tuple(row) for row in rng.integers(-2, 3, (int(rng.integers(1, 20)), 3)).tolist()]
        compare_delta(missing, rows)
        compare_beta(missing, rows)


def compare_delta(missing: str, rows: list[Row]) -> None:
    found = delta_disclosure(
        counted(rows),
        quasi_identifiers=["p", "q"],
        sensitive="s",
        missing=missing,  # type: ignore[arg-type]
    )
    expected = ratios(rows, missing)
    moved, lacking, n_lacking = [], 0, 0
    for name in sorted(expected):
        moved.append(max(abs(math.log(r)) for r in expected[name].values() if r))
        lacks = not all(expected[name].values())
        lacking += lacks
        n_lacking += lacks * sum(row[:2] == name for row in rows)
    np.testing.assert_allclose(found.per_class, moved, rtol=1e-12, atol=1e-15)
    assert found.delta_present == pytest.approx(max(moved), abs=1e-12)
    assert (found.delta == math.inf) == bool(lacking)
    assert (found.n_classes_lacking, found.n_records_lacking) == (lacking, n_lacking)
    if not lacking:
        assert found.delta == found.delta_present
    bits = Disclosure.of(counted(rows).classes(["p", "q"]), "s", base=2, missing=missing)  # type: ignore[arg-type]
    np.testing.assert_allclose(bits.per_class * math.log(2), found.per_class, rtol=1e-12)


def compare_beta(missing: str, rows: list[Row]) -> None:
    arguments = {"quasi_identifiers": ["p", "q"], "sensitive": "s", "missing": missing}
    basic = beta_likeness(counted(rows), **arguments)  # type: ignore[arg-type]
    enhanced = beta_likeness(counted(rows), kind="enhanced", **arguments)  # type: ignore[arg-type]
    expected = ratios(rows, missing)
    table = tabled(rows, missing)
    gains = {
        name: max([*(r - 1 for r in by.values()), Fraction(0)]) for name, by in expected.items()
    }
    assert basic.per_class.tolist() == [float(gains[name]) for name in sorted(gains)]
    assert basic.beta == float(max(gains.values()))
    assert basic.n_classes_unbounded == 0
    over = {
        name
        for name, by in expected.items()
        for value, r in by.items()
        if r - 1 > 0 and float(r - 1) > -math.log(table[value] / sum(table.values()))
    }
    assert enhanced.per_class.tolist() == basic.per_class.tolist()
    assert enhanced.n_classes_unbounded == len(over)
    assert enhanced.n_records_unbounded == sum(row[:2] in over for row in rows)
    assert enhanced.beta == (None if over else basic.beta)
    for beta in (0.0, 0.5, 1.0, 1 / 3, 2.0):
        above = {
            name for name, gain in gains.items() if gain > Fraction(beta).limit_denominator(99)
        }
        assert basic.n_classes_above(beta) == len(above)
        assert basic.n_records_above(beta) == sum(row[:2] in above for row in rows)
        assert enhanced.n_classes_above(beta) == len(above | over)
    # The smallest β is one, and nothing below it is.
    if enhanced.beta is not None:
        assert enhanced.n_records_above(enhanced.beta) == 0
        assert enhanced.beta == 0 or enhanced.n_records_above(np.nextafter(enhanced.beta, 0)) > 0


@pytest.mark.parametrize("missing", READINGS)
@settings(max_examples=100, deadline=None)
@given(rows=rows_of_three)
def test_order_multiples_and_one_class(missing: str, rows: list[Row]) -> None:
    classes = counted(rows).classes(["p", "q"])
    for times in (3, 10**7, 10**9):  # beyond 2**53, and beyond int64
        large = counted(rows[::-1], times).classes(["p", "q"])
        beta = Likeness.of(large, "s", kind="enhanced", missing=missing)  # type: ignore[arg-type]
        small = Likeness.of(classes, "s", kind="enhanced", missing=missing)  # type: ignore[arg-type]
        np.testing.assert_allclose(beta.per_class, small.per_class, rtol=1e-12, atol=1e-12)
        assert beta.n_classes_unbounded == small.n_classes_unbounded
        if times < 10**9:
            assert beta.per_class.tolist() == small.per_class.tolist()
        delta = Disclosure.of(large, "s", missing=missing)  # type: ignore[arg-type]
        expected = Disclosure.of(classes, "s", missing=missing)  # type: ignore[arg-type]
        np.testing.assert_allclose(delta.per_class, expected.per_class, rtol=1e-12, atol=1e-12)
    alone = counted([(0, 0, s) for _, _, s in rows]).classes(["p", "q"])
    assert Disclosure.of(alone, "s").delta == 0
    assert Likeness.of(alone, "s", kind="enhanced").beta == 0


@settings(max_examples=100, deadline=None)
@given(rows=rows_of_three)
def test_merging_classes_never_raises_beta_or_delta(rows: list[Row]) -> None:
    apart, merged = counted(rows).classes(["p", "q"]), counted(rows).classes(["p"])
    assert Likeness.of(merged, "s").per_class.max() <= Likeness.of(apart, "s").per_class.max()
    assert Disclosure.of(merged, "s").delta <= Disclosure.of(apart, "s").delta + 1e-12


def test_pycanon_on_the_city() -> None:
    """pycanon 1.3.6, basic_beta_likeness and delta_disclosure, on city2000.csv."""
    table = pd.read_csv(CITY / "city2000.csv")
    for keys, sensitive, beta, delta in PYCANON:
        arguments = {"quasi_identifiers": keys, "sensitive": sensitive}
        assert beta_likeness(table, **arguments).beta == pytest.approx(beta, rel=1e-12)  # type: ignore[arg-type]
        found = delta_disclosure(table, **arguments)  # type: ignore[arg-type]
        assert found.delta_present == pytest.approx(delta, rel=1e-12)


def test_a_ratio_is_rounded_once() -> None:
    """A gain of 1/2 is not above a β of 0.5, whatever the sizes."""
    for n in (1, 7, 33_333_333, 400_000_000):
        # x: 3n of a and 3n of b; y: n of a and 5n of b; in the table 4n of 12n are a
        counts = Counts(
            ("p", "q", "s"),
            (np.arange(2), np.arange(1), np.arange(2)),
            np.array([[0, 0, 0], [0, 0, 1], [1, 0, 0], [1, 0, 1]], dtype=np.int32),
            np.array([3 * n, 3 * n, n, 5 * n]),
        )
        found = beta_likeness(counts, quasi_identifiers=["p"], sensitive="s")
        assert found.beta == 0.5
        assert found.n_records_above(0.5) == 0


def test_infinity_is_told_in_words_and_is_safe_in_json() -> None:
    table = {"q": ["x", "x", "y", "y", "y"], "s": ["a", "b", "b", "b", "b"]}
    found = delta_disclosure(table, quasi_identifiers=["q"], sensitive="s")
    assert found.delta == math.inf
    delta, unsuppressed, present, lacking = found.measures()
    assert (delta.name, delta.value) == ("delta_disclosure.delta[s]", None)
    assert delta.reason == "infinite: 1 of 2 classes lack a value of the column"
    assert unsuppressed.reason == delta.reason
    assert present.value == pytest.approx(math.log(2.5))
    assert (present.unit, lacking.value) == ("nats", 3)
    assert "Infinity" not in json.dumps(found.to_dict(), allow_nan=False)
    assert found.n_records_reaching(100.0) == 3
    assert found.n_records_reaching(found.delta_present) == 5  # less than δ is asked for
    labels = [t.get_text() for t in found.plot().axes[0].get_xticklabels()]
    assert "a value\nis ruled out" in labels


def test_no_beta_is_told_in_words() -> None:
    table = {"q": ["x", "x", "y", "y"], "s": ["a", "b", "b", "b"]}
    found = beta_likeness(table, quasi_identifiers=["q"], sensitive="s", kind="enhanced")
    assert repr(found).startswith("Likeness(enhanced[s]=not available")
    first, second, third = found.measures()
    assert first.reason == "no β holds: a value gains more than −ln q in 1 of 2 classes"
    assert (second.value, third.value) == (None, 2)
    assert third.name == "beta_likeness.enhanced_n_records_unbounded[s]"
    json.dumps(found.to_dict(), allow_nan=False)
    assert "none holds" in found.plot().axes[0].get_title()
    matching = beta_likeness(
        table, quasi_identifiers=["q"], sensitive="s", missing="matches-anything"
    )
    assert matching.measures()[0].name == "beta_likeness.matching.basic[s]"
    assert matching.plot().axes[0].get_title() == "basic β: 1"


def test_the_suppressed_class_counts_and_can_be_left_out() -> None:
    table = {"q": ["*", "a", "a", "b", "b"], "s": ["x", "x", "y", "x", "y"]}
    arguments = {"quasi_identifiers": ["q"], "sensitive": "s", "suppressed": "*"}
    delta = delta_disclosure(table, **arguments)  # type: ignore[arg-type]
    assert delta.delta == math.inf
    assert delta.delta_unsuppressed == pytest.approx(math.log(5 / 4))
    assert "infinite: 1 of 3 classes" in delta.measures()[0].reason
    rest = {**table, "s": ["x", "x", "y", "x", "x"]}
    delta = delta_disclosure(rest, **arguments)  # type: ignore[arg-type]
    assert "infinite: 2 of 3 classes" in delta.measures()[0].reason
    assert "infinite: 1 of 2 classes" in delta.measures()[1].reason
    enhanced = beta_likeness(table, kind="enhanced", **arguments)  # type: ignore[arg-type]
    assert (enhanced.beta, enhanced.beta_unsuppressed) == (None, 0.25)
    every = {"q": ["*", "*"], "s": ["x", "y"]}
    delta = delta_disclosure(every, **arguments)  # type: ignore[arg-type]
    assert (delta.delta, delta.delta_unsuppressed) == (0, None)
    assert delta.measures()[1].reason == "every record is suppressed"
    basic = beta_likeness(every, **arguments)  # type: ignore[arg-type]
    assert (basic.beta, basic.beta_unsuppressed) == (0, None)
    assert basic.measures()[1].reason == "every record is suppressed"


@pytest.mark.parametrize(
    ("table", "delta", "beta"),
    [
        ({"q": [1], "s": [5]}, 0, 0),
        ({"q": [1, 2], "s": [5, 5]}, 0, 0),
        ({"q": [1, 2], "s": [5, 6]}, math.inf, 1),
        ({"q": [1, 2], "s": [None, None]}, 0, 0),
        ({"q": [1, 2], "s": [None, 5]}, math.inf, 1),
        ({"q": [None, None], "s": [5, 6]}, 0, 0),
        ({"q": [1, 1, 2, 2], "s": [5, 6, 5, 6]}, 0, 0),
    ],
)
def test_edges(table: dict[str, list[object]], delta: float, beta: float) -> None:
    arguments = {"quasi_identifiers": ["q"], "sensitive": "s"}
    assert delta_disclosure(table, **arguments).delta == delta  # type: ignore[arg-type]
    assert beta_likeness(table, **arguments).beta == beta  # type: ignore[arg-type]


@pytest.mark.parametrize("base", [1, 0.5, math.inf, math.nan, True, "e"])
def test_a_base_that_is_none_is_refused(base: object) -> None:
    with pytest.raises(InputError, match="above 1"):
        delta_disclosure({"q": [1], "s": [1]}, quasi_identifiers=["q"], sensitive="s", base=base)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sensitive": "q"}, "both quasi-identifier and sensitive"),
        ({"sensitive": ["s"]}, "one column"),
        ({"sensitive": "t"}, "does not have"),
        ({"quasi_identifiers": []}, "no quasi-identifiers"),
        ({"missing": "no"}, "missing must be"),
        ({"kind": "simple"}, "kind must be"),
    ],
)
def test_bad_input_is_told_without_values(arguments: dict[str, object], message: str) -> None:
    table = {"q": ["canary-q", "b"], "s": ["canary-s", "d"]}
    for measure in (beta_likeness, delta_disclosure):
        if measure is delta_disclosure and "kind" in arguments:
            continue
        with pytest.raises(InputError, match=message) as caught:
            measure(table, **{"quasi_identifiers": ["q"], "sensitive": "s", **arguments})  # type: ignore[arg-type]
        assert "canary" not in str(caught.value)
        assert caught.value.hint


def test_counts_without_the_column_are_told() -> None:
    counts = counted([(0, 0, 0)]).select(["p", "q"])
    with pytest.raises(ColumnNotFoundError):
        beta_likeness(counts, quasi_identifiers=["p"], sensitive="s")


def test_missing_states_have_their_codes() -> None:
    """The oracle above writes codes: -1 and -2 are what it takes for unknown."""
    assert (MISSING, SUPPRESSED) == (-1, -2)
