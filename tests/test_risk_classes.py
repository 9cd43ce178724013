"""Classes: what goes in, what agrees with what, and sdcMicro's class sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError
from niming.risk import agreement, classes_of
from niming.risk import classes as classes_module
from niming.risk.classes import (
    Missing,
    is_complete,
    is_continuous,
    is_ordered,
    match_sizes,
    sizes_of,
    spectra_of,
    spectrum_of,
    suppressed_class,
    totals_of,
)
from niming.tables import MISSING, SUPPRESSED, Classes, Counts, count

CITY = Path(__file__).parent / "reference" / "city2000"
KEYS = ["district", "age_group", "sex", "education", "occupation", "marital"]


def counts_of(codes: list[tuple[int, ...]], n: list[int]) -> Counts:
    """Build Counts from distinct rows of codes; weights are 1.5 times the records."""
    cells: dict[tuple[int, ...], int] = {}
    for row, records in zip(codes, n, strict=True):
        cells[row] = cells.get(row, 0) + records
    matrix = np.array(sorted(cells), dtype=np.int32)
    columns = tuple(f"c{j}" for j in range(matrix.shape[1]))
    records = np.array([cells[row] for row in sorted(cells)], dtype=np.int64)
    return Counts(
        columns=columns,
        categories=tuple(np.arange(6) for _ in columns),
        codes=matrix,
        n=records,
        weight=records * 1.5,
    )


@st.composite
def tables(draw: st.DrawFn, columns: int | None = None, unknown: bool = True) -> Counts:
    """Draw small Counts, with missing and suppressed cells."""
    q = columns or draw(st.integers(1, 4))
    cell = st.integers(-2 if unknown else 0, 2)
    rows = draw(st.lists(st.tuples(*[cell] * q), min_size=1, max_size=12))
    n = draw(st.lists(st.integers(1, 5), min_size=len(rows), max_size=len(rows)))
    return counts_of(rows, n)


def matches_by_hand(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    out = np.zeros_like(values)
    for i, mine in enumerate(codes):
        for j, theirs in enumerate(codes):
            if all(a == b or a < 0 or b < 0 for a, b in zip(mine, theirs, strict=True)):
                out[i] += values[j]
    return out


@settings(max_examples=300, deadline=None)
@given(tables())
def test_match_sizes_equal_a_double_loop(counts: Counts) -> None:
    classes = counts.classes(counts.columns)
    expected = matches_by_hand(classes.codes, classes.size)
    assert match_sizes(classes, classes.size).tolist() == expected.tolist()
    assert classes.weight is not None
    np.testing.assert_allclose(match_sizes(classes, classes.weight), expected * 1.5, rtol=1e-12)
    assert (expected >= classes.size).all()


MEETINGS = [
    {},
    {"_SINGLE": 0, "_COMPARISONS": 0},
    {"_SINGLE": 0, "_COMPARISONS": 1, "_KEYS": 3, "_ASKED": 1},
    {"_COMPARISONS": 10**9, "_DENSE": 5},
    {"_LIMIT": 1},
]


@pytest.mark.parametrize("limits", MEETINGS)
@settings(max_examples=100, deadline=None)
@given(tables())
def test_sums_equal_a_double_loop_however_classes_meet(
    limits: dict[str, int], counts: Counts
) -> None:
    classes = counts.classes(counts.columns)
    expected = matches_by_hand(classes.codes, classes.size)
    with pytest.MonkeyPatch.context() as patch:
        for name, limit in limits.items():
            patch.setattr(agreement, name, limit)
        sums = agreement.agreeing_sums(classes, classes.size)
    assert sums.dtype == np.int64
    assert sums.tolist() == expected.tolist()


@pytest.mark.parametrize("gaps", [0.05, 0.3, 0.7])
def test_sums_equal_those_over_agreements_where_patterns_are_large(gaps: float) -> None:
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 4, (3000, 6))
    codes = np.where(rng.random(codes.shape) < gaps, rng.integers(-2, 0, codes.shape), codes)
    codes[:, 2] = np.abs(codes[:, 2])  # a column without gaps
    counts = counts_of([tuple(row) for row in codes.tolist()], [1] * len(codes))
    classes = counts.classes(counts.columns)
    expected = np.zeros_like(classes.size)
    for rows, links in agreement.agreements(classes):
        for link in links:
            in_group = np.bincount(link.group_of, classes.size[link.others], link.n_groups)
            expected[rows] += in_group[link.at].astype(np.int64)
    assert match_sizes(classes, classes.size).tolist() == expected.tolist()


def test_columns_that_no_key_holds_are_summed_by_agreements() -> None:
    rng = np.random.default_rng(6)
    codes = rng.integers(-1, 6, (60, 40)).astype(np.int32)
    codes[30:] = np.where(rng.random((30, 40)) < 0.5, -1, codes[:30])
    counts = counts_of([tuple(row) for row in codes.tolist()], [1] * len(codes))
    classes = counts.classes(counts.columns)
    expected = matches_by_hand(classes.codes, classes.size)
    assert (expected > 1).all()
    assert match_sizes(classes, classes.size).tolist() == expected.tolist()


def test_sums_are_found_once_and_cannot_be_written_to() -> None:
    table = {"sex": ["F", "F", None], "town": ["A", "B", "A"], "w": [1.0, 2.0, 3.0]}
    classes = classes_of(table, quasi_identifiers=["sex", "town"], weight="w")
    assert classes.weight is not None
    sizes = match_sizes(classes, classes.size)
    assert match_sizes(classes, classes.size) is sizes
    assert sizes_of(classes, missing="matches-anything") is sizes
    assert match_sizes(classes, classes.weight).tolist() == [4.0, 4.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        sizes[0] = 1
    assert match_sizes(classes, np.array([1, 0, 0])).tolist() == [1, 1, 0]


def spectrum_by_hand(classes: Classes, sensitive: str) -> list[list[int]]:
    """Class, value and records, by a double loop over all classes and cells.

    What is unknown joins the most frequent known value of the lowest code, or is all that is there.
    """
    at = classes.counts.column_codes(sensitive).tolist()
    n = classes.counts.n.tolist()
    out = []
    for i, mine in enumerate(classes.codes.tolist()):
        found: dict[int, int] = {}
        for cell, j in enumerate(classes.class_of.tolist()):
            theirs = classes.codes[j].tolist()
            if all(a == b or a < 0 or b < 0 for a, b in zip(mine, theirs, strict=True)):
                found[at[cell]] = found.get(at[cell], 0) + n[cell]
        hidden = found.pop(-1, 0) + found.pop(-2, 0)
        into = min(found, key=lambda value: (-found[value], value), default=-1)
        found[into] = found.get(into, 0) + hidden
        out += [[i, value, found[value]] for value in sorted(found)]
    return out


ROUTES = ["as it is", "all grouped", "all compared", "small pieces"]


def take(route: str, patch: pytest.MonkeyPatch) -> None:
    """Send all classes one way, whatever their number."""
    if route == "all grouped":
        patch.setattr(agreement, "_FEW", 0)
        patch.setattr(agreement, "_GROUPING", 0)
    if route == "all compared":
        patch.setattr(agreement, "_GROUPING", 10**9)
    if route == "small pieces":
        take("all grouped", patch)
        patch.setattr(agreement, "_BLOCK", 5)
        patch.setattr(agreement, "_DENSE", 5)
        patch.setattr(classes_module, "_MOST_PAIRS", 4)


@pytest.mark.parametrize("route", ROUTES)
@settings(max_examples=120, deadline=None)
@given(tables())
def test_spectra_equal_a_double_loop(route: str, counts: Counts) -> None:
    *names, sensitive = [*counts.columns, "s"] if len(counts.columns) == 1 else counts.columns
    if sensitive not in counts.columns:
        counts = Counts(
            (*counts.columns, sensitive),
            (*counts.categories, np.arange(6)),
            np.column_stack([counts.codes, np.arange(counts.n_cells, dtype=np.int32) % 5 - 2]),
            counts.n,
            counts.weight,
        )
    classes = counts.classes(names)
    with pytest.MonkeyPatch.context() as patch:
        take(route, patch)
        found = spectrum_of(classes, sensitive, missing="matches-anything")
        sizes = sizes_of(classes, missing="matches-anything")
    triples = np.column_stack([found.class_of, found.value, found.n]).tolist()
    assert triples == spectrum_by_hand(classes, sensitive)
    assert sizes.tolist() == matches_by_hand(classes.codes, classes.size).tolist()
    assert np.bincount(found.class_of, weights=found.n).tolist() == sizes.tolist()
    own = classes.spectrum(sensitive)
    totals = totals_of(classes, sensitive)
    assert totals.sum() == counts.n_rows
    assert len(totals) == own.n_values + 2
    by_own = np.bincount(own.value + 2, weights=own.n, minlength=len(totals))
    assert totals.tolist() == by_own.tolist()
    known = totals_of(classes, sensitive, missing="matches-anything")
    assert known[0] == 0
    if own.value.max() >= 0:
        assert known.tolist() == [0, 0, *totals[2:].tolist()]
    else:
        assert known.tolist() == [0, counts.n_rows, *[0] * own.n_values]


@pytest.mark.parametrize("missing", ["own-value", "matches-anything"])
def test_a_complete_table_has_its_own_spectrum(missing: Missing) -> None:
    table = {"q": ["a", "b", "a"], "s": ["x", "x", "y"]}
    classes = classes_of(table, quasi_identifiers=["q"], sensitive=["s"])
    found, own = spectrum_of(classes, "s", missing=missing), classes.spectrum("s")
    assert found.class_of.tolist() == own.class_of.tolist()
    assert (found.value.tolist(), found.n.tolist()) == (own.value.tolist(), own.n.tolist())
    assert len(list(spectra_of(classes, "s", missing=missing))) == 1
    assert sizes_of(classes, missing=missing) is classes.size


@settings(max_examples=120, deadline=None)
@given(tables(columns=2))
def test_unknown_sensitive_cells_join_where_all_else_is_known(counts: Counts) -> None:
    """The way for classes without a hole gives what the double loop gives."""
    known = counts.codes[:, 0] >= 0
    if not known.any():
        return
    counts = Counts(
        counts.columns,
        counts.categories,
        counts.codes[known],
        counts.n[known],
        counts.n[known] * 1.5,
    )
    classes = counts.classes(["c0"])
    found = spectrum_of(classes, "c1", missing="matches-anything")
    triples = np.column_stack([found.class_of, found.value, found.n]).tolist()
    assert triples == spectrum_by_hand(classes, "c1")
    assert is_complete(classes)
    assert is_complete(classes, ["c1"]) == bool((counts.codes >= 0).all())


def test_a_value_that_is_sensitive_and_known_or_a_third_reading_is_refused() -> None:
    classes = classes_of({"q": ["a", None], "s": ["x", "y"]}, quasi_identifiers=["q"])
    with pytest.raises(ColumnNotFoundError):
        spectrum_of(classes, "s")
    with pytest.raises(InputError, match="both quasi-identifier and sensitive"):
        spectrum_of(classes, "q", missing="matches-anything")
    for function in (sizes_of, lambda c, missing: spectrum_of(c, "q", missing=missing)):
        with pytest.raises(InputError, match="'own-value' or 'matches-anything'"):
            function(classes, missing="ignored")  # type: ignore[arg-type, operator]


def test_match_sizes_of_many_patterns_and_columns() -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(-1, 3, (120, 12)).astype(np.int32)
    counts = counts_of([tuple(row) for row in codes.tolist()], [1] * len(codes))
    classes = counts.classes(counts.columns)
    expected = matches_by_hand(classes.codes, classes.size)
    assert match_sizes(classes, classes.size).tolist() == expected.tolist()


def test_class_sizes_and_weights_equal_sdcmicro_with_missing() -> None:
    """sdcMicro 5.8 freqCalc on city2000_na, alpha = 1, and alpha = 0 for complete rows.

    With alpha = 0 sdcMicro still lets a row with missing cells match those that know more, so
    there the oracle is pandas.
    """
    table = pd.read_csv(CITY / "city2000_na.csv", dtype={"age_group": "Int64"})
    expected = pd.read_csv(CITY / "out_risk_na.csv")
    classes = classes_of(table, quasi_identifiers=KEYS, weight="weight")
    assert classes.weight is not None
    own = by_row(table, classes, {"f": classes.size, "F": classes.weight})
    whole = table[KEYS].notna().all(axis=1)
    assert own["f"][whole].tolist() == expected["fk_alpha0"][whole].tolist()
    np.testing.assert_allclose(own["F"][whole], expected["Fk_alpha0"][whole], rtol=1e-9)
    by_pandas = table.groupby(KEYS, dropna=False)["hid"].transform("size")
    assert own["f"].tolist() == by_pandas.tolist()
    matching = by_row(
        table,
        classes,
        {"f": match_sizes(classes, classes.size), "F": match_sizes(classes, classes.weight)},
    )
    assert matching["f"].tolist() == expected["fk_alpha1"].tolist()
    np.testing.assert_allclose(matching["F"], expected["Fk_alpha1"], rtol=1e-9)


def test_class_sizes_and_weights_equal_sdcmicro() -> None:
    table = pd.read_csv(CITY / "city2000.csv")
    expected = pd.read_csv(CITY / "out_risk.csv")
    classes = classes_of(table, quasi_identifiers=KEYS, weight="weight")
    assert classes.weight is not None
    found = by_row(table, classes, {"f": classes.size, "F": classes.weight})
    assert found["f"].tolist() == expected["fk"].tolist()
    np.testing.assert_allclose(found["F"], expected["Fk"], rtol=1e-9)


def by_row(table: pd.DataFrame, classes: object, values: dict[str, object]) -> pd.DataFrame:
    """Give each row of `table` the values of its class."""
    counts = classes.counts  # type: ignore[attr-defined]
    frame = pd.DataFrame(values)
    keys = list(classes.quasi_identifiers)  # type: ignore[attr-defined]
    for j, key in enumerate(keys):
        texts = np.array([*map(str, counts.categories[counts.position(key)]), None], dtype=object)
        frame[key] = texts[classes.codes[:, j]]  # type: ignore[attr-defined]
    rows = table[keys].astype(object).where(table[keys].notna(), None)
    rows = rows.map(lambda v: None if v is None else str(v))
    return rows.merge(frame, on=keys, how="left", validate="many_to_one")


def test_the_suppressed_class_is_found() -> None:
    counts = counts_of([(SUPPRESSED, SUPPRESSED), (SUPPRESSED, 0), (MISSING, MISSING)], [3, 1, 1])
    assert suppressed_class(counts.classes(["c0", "c1"])) == 0
    partly = counts_of([(SUPPRESSED, 0), (MISSING, MISSING)], [1, 1])
    assert suppressed_class(partly.classes(["c0", "c1"])) is None
    assert suppressed_class(partly.classes(["c0"])) == 0


def test_sixty_quasi_identifiers_do_not_wrap() -> None:
    columns = [f"q{j}" for j in range(60)]
    table = pd.DataFrame(np.random.default_rng(1).integers(0, 9, (40, 60)), columns=columns)
    table = pd.concat([table, table.iloc[:10]])
    classes = classes_of(table, quasi_identifiers=columns)
    assert sorted(classes.size.tolist()) == [1] * 30 + [2] * 10
    holes = table.mask(np.random.default_rng(2).random(table.shape) < 0.02).astype("Int64")
    some = classes_of(holes, quasi_identifiers=columns)
    expected = matches_by_hand(some.codes, some.size)
    assert match_sizes(some, some.size).tolist() == expected.tolist()


TABLE = {"age": [34, 51], "illness": ["canary-flu", "none"], "weight": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"quasi_identifiers": []}, "no quasi-identifiers"),
        ({"quasi_identifiers": "age"}, "one name, not a list"),
        ({"quasi_identifiers": ["age", "age"]}, "twice"),
        ({"quasi_identifiers": ["age"], "sensitive": ["age"]}, "both quasi-identifier and sens"),
        ({"quasi_identifiers": ["age"], "sensitive": "illness"}, "one name, not a list"),
    ],
)
def test_wrong_arguments_are_told(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        classes_of(TABLE, **arguments)  # type: ignore[arg-type]
    assert caught.value.hint
    assert "canary" not in str(caught.value)


def test_an_absent_column_is_named_with_its_neighbour() -> None:
    with pytest.raises(ColumnNotFoundError, match="did you mean"):
        classes_of(TABLE, quasi_identifiers=["agee"])
    with pytest.raises(ColumnNotFoundError):
        classes_of(count(TABLE, ["age"]), quasi_identifiers=["age"], sensitive=["illness"])


def test_no_rows_and_options_of_tables_on_counts_are_refused() -> None:
    with pytest.raises(InputError, match="no rows"):
        classes_of(pd.DataFrame({"age": []}), quasi_identifiers=["age"])
    counts = count(TABLE, ["age"])
    with pytest.raises(InputError, match="read from a table"):
        classes_of(counts, quasi_identifiers=["age"], suppressed="*")
    with pytest.raises(InputError, match="other quasi-identifiers"):
        classes_of(counts.classes(["age"]), quasi_identifiers=["sex"])
    assert classes_of(counts.classes(["age"]), quasi_identifiers=["age"]).n_classes == 2


@pytest.mark.parametrize(
    ("values", "continuous", "ordered"),
    [
        ([x / 3 for x in range(100)], True, True),
        ([x / 3 for x in range(20)] * 5, False, True),  # few values: categories
        (list(range(100)), True, True),  # all distinct
        (list(range(40)) * 3, False, True),  # whole numbers, repeated
        ([f"v{x}" for x in range(100)], False, False),
        ([True, False] * 3, False, False),
        (pd.date_range("2020-01-01", periods=60).tolist(), True, True),
    ],
)
def test_continuous_and_ordered_columns(
    values: list[object], continuous: bool, ordered: bool
) -> None:
    counts = count(pd.DataFrame({"x": values}), ["x"])
    assert is_continuous(counts, "x") is continuous
    assert is_ordered(counts, "x") is ordered
