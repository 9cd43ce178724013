"""δ-presence: shares of classes by hand, and people one by one where cells match anything."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from niming.errors import InputError
from niming.risk.presence import Presence, delta_presence
from niming.tables import MISSING, SUPPRESSED, Counts

STATES = {None: MISSING, "*": SUPPRESSED}

Row = tuple[str | None, ...]


def counted(rows: list[Row]) -> Counts:
    """Count by hand, without an engine; each table has its own dictionary of values."""
    columns = list(zip(*rows, strict=True))
    categories = [sorted({v for v in c if v not in STATES}) for c in columns]
    codes = [
        tuple(STATES[v] if v in STATES else categories[j].index(v) for j, v in enumerate(row))
        for row in rows
    ]
    cells = sorted(set(codes))
    return Counts(
        columns=tuple(f"q{j}" for j in range(len(columns))),
        categories=tuple(np.array(c, dtype=object) for c in categories),
        codes=np.array(cells, dtype=np.int32),
        n=np.bincount([cells.index(code) for code in codes]),
    )


def agree(one: Row, other: Row) -> bool:
    return all(a == b or a in STATES or b in STATES for a, b in zip(one, other, strict=True))


cells = st.sampled_from(["a", "b", "c", None, "*"])
known = st.sampled_from(["a", "b", "c"])
pairs = st.lists(st.tuples(cells, cells), min_size=1, max_size=10)
KEYS = ["q0", "q1"]


@settings(max_examples=100, deadline=None)
@given(sample=pairs, others=st.lists(st.tuples(cells, cells), max_size=12))
def test_own_values_equal_the_shares_of_a_counter(sample: list[Row], others: list[Row]) -> None:
    people = sample + others
    drawn, everybody = Counter(sample), Counter(people)
    shares = {row: Fraction(drawn[row], n) for row, n in everybody.items()}
    found = delta_presence(counted(sample), quasi_identifiers=KEYS, population=counted(people))
    assert found.delta_min == float(min(shares.values()))
    assert found.delta_max == float(max(shares.values()))
    assert found.n_people == len(people)
    assert found.prior == len(sample) / len(people)
    assert found.n_certain == sum(shares[p] == 1 for p in people)
    assert found.n_absent == sum(shares[p] == 0 for p in people)
    for delta in (Fraction(1, 2), Fraction(1, 3), Fraction(7, 10)):
        assert found.n_people_above(float(delta)) == sum(shares[p] > delta for p in people)
        assert found.n_people_below(float(delta)) == sum(shares[p] < delta for p in people)


@settings(max_examples=100, deadline=None)
@given(
    everybody=st.lists(st.tuples(cells, cells), min_size=1, max_size=14),
    holes=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=10),
)
def test_matching_equals_a_double_loop(
    everybody: list[Row], holes: list[tuple[bool, bool]]
) -> None:
    """The table is the first people with cells suppressed, so that the population holds it."""
    sample: list[Row] = [
        tuple("*" if hole else v for v, hole in zip(row, where, strict=True))
        for row, where in zip(everybody, holes, strict=False)
    ]
    shares = []
    for person in everybody:
        share = Fraction(0)
        for record in sample:
            if agree(record, person):
                share += Fraction(1, sum(agree(record, other) for other in everybody))
        shares.append(min(share, Fraction(1)))
    found = delta_presence(
        counted(sample),
        quasi_identifiers=KEYS,
        population=counted(everybody),
        missing="matches-anything",
    )
    assert found.delta_min == pytest.approx(float(min(shares)), rel=1e-12)
    assert found.delta_max == pytest.approx(float(max(shares)), rel=1e-12)
    assert found.n_certain == sum(s == 1 for s in shares)
    assert found.n_absent == sum(s == 0 for s in shares)
    for delta in (Fraction(1, 2), Fraction(1, 3), Fraction(7, 10)):
        assert found.n_people_above(float(delta)) == sum(s > delta for s in shares)
        assert found.n_people_below(float(delta)) == sum(s < delta for s in shares)


@settings(max_examples=80, deadline=None)
@given(everybody=st.lists(st.tuples(known, known), min_size=1, max_size=14), n=st.integers(1, 10))
def test_both_readings_agree_where_nothing_is_missing(everybody: list[Row], n: int) -> None:
    sample = everybody[:n]
    own, matching = (
        delta_presence(
            counted(sample),
            quasi_identifiers=KEYS,
            population=counted(everybody),
            missing=missing,
        )
        for missing in ("own-value", "matches-anything")
    )
    assert own.probability.tolist() == matching.probability.tolist()
    # Merging classes of the population brings both ends nearer to the share of all.
    merged = delta_presence(
        counted(sample), quasi_identifiers=["q0"], population=counted(everybody)
    )
    assert own.delta_min <= merged.delta_min <= own.prior <= merged.delta_max <= own.delta_max


@settings(max_examples=80, deadline=None)
@given(sample=pairs, people=pairs)
def test_a_population_that_does_not_hold_the_table_is_refused(
    sample: list[Row], people: list[Row]
) -> None:
    lacking = [row for row in set(sample) if sample.count(row) > people.count(row)]
    assume(lacking)
    with pytest.raises(InputError):
        delta_presence(counted(sample), quasi_identifiers=KEYS, population=counted(people))


def test_five_of_five() -> None:
    """Desfontaines 2018, "δ-presence, for when being in the dataset is sensitive".

    Five people of the area are 10 to 19 and all five are in the table: 5-map, and yet certain.
    """
    ages = {"10-19": 5, "20-29": 5, "30-39": 10, "40-49": 10, "50+": 20}
    area = {"age": [age for age, n in ages.items() for _ in range(n)]}
    table = {"age": ["10-19"] * 5 + ["40-49"]}
    found = delta_presence(table, quasi_identifiers=["age"], population=area)
    assert (found.delta_min, found.delta_max) == (0, 1)
    assert (found.n_certain, found.n_absent, found.n_people_above(0.1)) == (5, 35, 5)
    assert found.n_people_above(0.09) == 15
    # Ten years more a class, and nobody is certain.
    wide = {"10-29": ["10-19", "20-29"], "30-49": ["30-39", "40-49"], "50+": ["50+"]}
    of = {age: band for band, members in wide.items() for age in members}
    found = delta_presence(
        {"age": [of[a] for a in table["age"]]},
        quasi_identifiers=["age"],
        population={"age": [of[a] for a in area["age"]]},
    )
    assert (found.delta_min, found.delta_max) == (0, 0.5)


def test_a_record_that_could_be_two_people_makes_neither_certain() -> None:
    people = counted([("a", "b"), ("a", "c"), ("d", "d")])
    found = delta_presence(
        counted([("a", "*")]),
        quasi_identifiers=KEYS,
        population=people,
        missing="matches-anything",
    )
    assert (found.delta_min, found.delta_max, found.n_certain) == (0, 0.5, 0)
    # Suppressed throughout: it could be anybody.
    found = delta_presence(
        counted([("*", "*")]),
        quasi_identifiers=KEYS,
        population=people,
        missing="matches-anything",
    )
    assert found.delta_min == found.delta_max == found.prior
    with pytest.raises(InputError, match=r"^1 records have all .*\n.*matches-anything"):
        delta_presence(counted([("*", "*")]), quasi_identifiers=KEYS, population=people)


def test_suppressed_people_may_be_a_class_of_the_population() -> None:
    people = {"q": ["*", "*", "a"]}
    found = delta_presence({"q": ["*"]}, quasi_identifiers=["q"], population=people, suppressed="*")
    assert (found.delta_min, found.delta_max) == (0, 0.5)


@pytest.mark.parametrize(
    ("table", "people", "ends"),
    [
        (["a"], ["a"], (1, 1)),
        (["a"], ["a", "b"], (0, 1)),
        (["a", "b"], ["a", "a", "b", "b"], (0.5, 0.5)),
        ([None, "a"], [None, "a", "a", None], (0.5, 0.5)),
        ([None, None], [None, None, None, None], (0.5, 0.5)),
    ],
)
def test_edges(
    table: list[str | None], people: list[str | None], ends: tuple[float, float]
) -> None:
    for missing in ("own-value", "matches-anything"):
        found = delta_presence(
            counted([(v,) for v in table]),
            quasi_identifiers=["q0"],
            population=counted([(v,) for v in people]),
            missing=missing,
        )
        if None not in table or missing == "own-value":
            assert (found.delta_min, found.delta_max) == ends


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"population": {"q": ["canary", "canary-c"]}}, "in 2 of 2 classes, and nobody in 1"),
        ({"population": {"q": ["canary", "canary-b", "canary-c"]}}, "in 1 of 2 classes"),
        ({"population": {"r": ["canary"]}}, "does not have"),
        ({"missing": "no"}, "missing must be"),
        ({"quasi_identifiers": []}, "no quasi-identifiers"),
        ({"quasi_identifiers": ["q", "q"]}, "twice"),
    ],
)
def test_bad_input_is_told_without_values(arguments: dict[str, object], message: str) -> None:
    table = {"q": ["canary", "canary", "canary-b"]}
    with pytest.raises(InputError, match=message) as caught:
        delta_presence(table, **{"quasi_identifiers": ["q"], "population": table, **arguments})  # type: ignore[arg-type]
    assert "canary" not in str(caught.value)
    assert caught.value.hint


def test_a_table_larger_than_what_it_matches_is_refused() -> None:
    """Each class finds enough people, but they would be the same people."""
    with pytest.raises(InputError, match="has 2 people, fewer than the 3 records"):
        delta_presence(
            counted([("a", None), (None, "b"), ("a", "b")]),
            quasi_identifiers=KEYS,
            population=counted([("a", "b"), ("a", "b")]),
            missing="matches-anything",
        )


def test_results_are_shown_in_words_dicts_and_pictures() -> None:
    found = delta_presence(
        counted([("a",)]), quasi_identifiers=["q0"], population=counted([("a",), ("a",), ("b",)])
    )
    assert repr(found) == "Presence(delta_max=0.5, delta_min=0, n_certain=0, n_absent=1)"
    told = json.loads(json.dumps(found.to_dict()))
    assert (told["n_people"], told["missing"]) == (3, "own-value")
    assert "(0, 0.5)-present" in found.plot().axes[0].get_title()
    matching = Presence.of(
        counted([("a",)]).classes(["q0"]),
        population=counted([("a",)]),
        missing="matches-anything",
    )
    assert matching.measures()[0].name == "delta_presence.matching.delta_max"
