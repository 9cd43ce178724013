"""l-diversity: definitions written out as oracle, sdcMicro's values, exact boundaries."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError
from niming.risk import classes_of, l_diversity
from niming.risk.classes import spectrum_of
from niming.risk.l_diversity import Diversity, Kind
from niming.tables import MISSING, SUPPRESSED, Classes, Counts, count

CITY = Path(__file__).parent / "reference" / "city2000"
CONSTANTS = ["0.1", "0.5", "1", "2", "3", "0.3"]

pairs = st.lists(
    st.tuples(st.sampled_from(["x", "y", None]), st.sampled_from(["a", "b", "c", "d", None])),
    min_size=1,
    max_size=30,
)


def values_a_class(rows: list[tuple[str | None, str | None]]) -> list[list[int]]:
    """Return the frequencies of the sensitive values of each class, descending."""
    classes: dict[str | None, Counter[str | None]] = defaultdict(Counter)
    for key, value in rows:
        classes[key][value] += 1
    return [sorted(c.values(), reverse=True) for c in classes.values()]


def recursive_by_hand(r: list[int], c: Fraction) -> int:
    """Try every l from the definition; 1-diversity always holds."""
    return max([1, *(m for m in range(1, len(r) + 1) if r[0] < c * sum(r[m - 1 :]))])


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


def table_of(rows: list[tuple[str | None, str | None]]) -> Counts:
    return counted({"q": [q for q, _ in rows], "s": [s for _, s in rows]})


@settings(max_examples=250, deadline=None)
@given(pairs, st.sampled_from(CONSTANTS))
def test_equals_the_definitions(rows: list[tuple[str | None, str | None]], c: str) -> None:
    classes = classes_of(table_of(rows), quasi_identifiers=["q"], sensitive=["s"])
    frequencies = values_a_class(rows)
    assert Diversity.of(classes, "s").l == min(map(len, frequencies))
    entropies = [-sum(x / sum(r) * math.log(x / sum(r)) for x in r) for r in frequencies]
    found = Diversity.of(classes, "s", kind="entropy")
    assert found.l == pytest.approx(math.exp(min(entropies)), rel=1e-12)
    assert (found.per_class <= Diversity.of(classes, "s").per_class).all()
    recursive = Diversity.of(classes, "s", kind="recursive", c=float(c))
    assert recursive.l == min(recursive_by_hand(r, Fraction(c)) for r in frequencies)
    assert sorted(recursive.per_class.tolist()) == sorted(
        recursive_by_hand(r, Fraction(c)) for r in frequencies
    )


def test_equals_sdcmicro() -> None:
    """sdcMicro 5.8 ldiversity, keys district, age_group, sex; recursive c = 2."""
    table = pd.read_csv(CITY / "city2000.csv")
    expected = pd.read_csv(CITY / "out_ldiversity.csv")
    keys = ["district", "age_group", "sex"]
    for sensitive in ("disease", "occupation"):
        counts = count(table, [*keys, sensitive])
        classes = counts.classes(keys)
        found = pd.DataFrame(
            {
                "Distinct": Diversity.of(classes, sensitive).per_class,
                "Entropy": Diversity.of(classes, sensitive, kind="entropy").per_class,
                "Recursive": Diversity.of(classes, sensitive, kind="recursive", c=2).per_class,
            }
        )
        for j, key in enumerate(keys):
            found[key] = counts.categories[j][classes.codes[:, j]]
        rows = table[keys].merge(found, on=keys, how="left")
        for kind in ("Distinct", "Entropy", "Recursive"):
            theirs = expected[f"{sensitive}_{kind}_Ldiversity"]
            np.testing.assert_allclose(rows[kind], theirs, rtol=1e-12, err_msg=f"{kind}")


Row = tuple[str | None, str | None, str | None]
holed = st.lists(
    st.tuples(
        st.sampled_from(["x", "y", None, "*"]),
        st.sampled_from(["u", "v", None, "*"]),
        st.sampled_from(["a", "b", "c", "d", None, "*"]),
    ),
    min_size=1,
    max_size=24,
)


def surroundings(rows: list[Row]) -> dict[tuple[str | None, str | None], list[int]]:
    """Return for each class the frequencies, descending, in all rows that agree with it."""
    unknown = (None, "*")
    out = {}
    for one, other in {(q, r) for q, r, _ in rows}:
        values = Counter(
            s
            for q, r, s in rows
            if (q == one or q in unknown or one in unknown)
            and (r == other or r in unknown or other in unknown)
        )
        hidden = values.pop(None, 0) + values.pop("*", 0)
        n = sorted(values.values(), reverse=True) or [0]
        out[one, other] = [n[0] + hidden, *n[1:]]  # what is unknown may be the commonest
    return out


def of_holed(rows: list[Row]) -> Classes:
    columns = {"q": [r[0] for r in rows], "r": [r[1] for r in rows], "s": [r[2] for r in rows]}
    return classes_of(counted(columns), quasi_identifiers=["q", "r"], sensitive=["s"])  # type: ignore[arg-type]


@settings(max_examples=250, deadline=None)
@given(holed, st.sampled_from(CONSTANTS))
def test_matching_equals_the_definitions(rows: list[Row], c: str) -> None:
    classes = of_holed(rows)
    found = surroundings(rows)
    names = {
        (None if a == MISSING else "*" if a == SUPPRESSED else classes.counts.categories[0][a]): a
        for a in classes.codes[:, 0].tolist()
    }
    others = {
        (None if a == MISSING else "*" if a == SUPPRESSED else classes.counts.categories[1][a]): a
        for a in classes.codes[:, 1].tolist()
    }
    keys = sorted(found, key=lambda k: (names[k[0]], others[k[1]]))  # the order of the classes
    expected = [found[k] for k in keys]

    def measured(kind: str, c: float | None = None) -> Diversity:
        return Diversity.of(classes, "s", kind=kind, c=c, missing="matches-anything")  # type: ignore[arg-type]

    assert measured("distinct").per_class.tolist() == [len(r) for r in expected]
    entropies = [-sum(x / sum(r) * math.log(x / sum(r)) for x in r) for r in expected]
    np.testing.assert_allclose(measured("entropy").per_class, np.exp(entropies), rtol=1e-12)
    by_hand = [recursive_by_hand(r, Fraction(c)) for r in expected]
    assert measured("recursive", float(c)).per_class.tolist() == by_hand
    given_one = spectrum_of(classes, "s", missing="matches-anything")
    again = Diversity.of(classes, "s", spectrum=given_one, missing="matches-anything")
    assert again.per_class.tolist() == [len(r) for r in expected]


@pytest.mark.parametrize("kind", ["distinct", "entropy", "recursive"])
@settings(max_examples=60, deadline=None)
@given(rows=holed)
def test_the_table_is_never_less_diverse_where_anything_matches(
    kind: Kind, rows: list[Row]
) -> None:
    classes = of_holed([(q, r, "a" if s in (None, "*") else s) for q, r, s in rows])
    c = 2.0 if kind == "recursive" else None
    own = Diversity.of(classes, "s", kind=kind, c=c)
    matching = Diversity.of(classes, "s", kind=kind, c=c, missing="matches-anything")
    assert matching.l >= own.l - 1e-12


def test_a_single_class_can_be_less_diverse_where_anything_matches() -> None:
    """Class x holds a and b evenly; with the missing rows, all of a, it is 5 of a and 1 of b."""
    table = {"q": ["x", "x", None, None, None, None], "s": ["a", "b", "a", "a", "a", "a"]}
    call = {"quasi_identifiers": ["q"], "sensitive": "s", "kind": "entropy"}
    own = l_diversity(table, **call)  # type: ignore[arg-type]
    matching = l_diversity(table, **call, missing="matches-anything")  # type: ignore[arg-type]
    assert own.per_class.tolist() == [1, 2]
    mixed = math.exp(-(5 * math.log(5 / 6) + math.log(1 / 6)) / 6)
    assert matching.per_class.tolist() == pytest.approx([mixed, mixed])
    assert own.l < matching.l
    table["q"] = ["x", "x", "*", "*", "*", "*"]
    own = l_diversity(table, **call, suppressed="*")  # type: ignore[arg-type]
    matching = l_diversity(table, **call, suppressed="*", missing="matches-anything")  # type: ignore[arg-type]
    assert own.l_unsuppressed == 2
    assert matching.l_unsuppressed == pytest.approx(mixed)


def test_the_second_reading_has_names_of_its_own() -> None:
    table = {"q": ["x", None], "s": ["a", "b"]}
    for kind in ("distinct", "entropy", "recursive"):
        found = l_diversity(
            table,
            quasi_identifiers=["q"],
            sensitive="s",
            kind=kind,  # type: ignore[arg-type]
            c=2 if kind == "recursive" else None,
            missing="matches-anything",
        )
        stem = f"l_diversity.matching.{kind}"
        assert [m.name for m in found.measures()] == [f"{stem}[s]", f"{stem}_unsuppressed[s]"]
        assert found.l == 2
    with pytest.raises(InputError, match="'own-value' or 'matches-anything'"):
        l_diversity(table, quasi_identifiers=["q"], sensitive="s", missing="skip")  # type: ignore[arg-type]


def test_a_table_with_gaps_equals_pandas() -> None:
    """city2000_na: every row of each class against all rows that agree with it."""
    table = pd.read_csv(CITY / "city2000_na.csv", dtype={"age_group": "Int64"})
    keys = ["district", "age_group", "sex", "education"]
    counts = count(table, [*keys, "disease"])
    classes = counts.classes(keys)
    found = Diversity.of(classes, "disease", missing="matches-anything").per_class
    rows = table[keys].astype(object).where(table[keys].notna(), None)
    for i in range(0, classes.n_classes, 7):
        mask = np.ones(len(table), dtype=bool)
        for j, key in enumerate(keys):
            code = classes.codes[i, j]
            if code >= 0:
                text = str(counts.categories[j][code])
                mask &= [v is None or str(v) == text for v in rows[key]]
        assert found[i] == max(table["disease"][mask].nunique(), 1)


def test_blanking_half_of_a_class_is_no_cure() -> None:
    """Six flus are l = 1; with three blank they stay so, where an unknown cell may be a flu."""
    table = {"q": ["x"] * 6, "s": ["flu"] * 3 + [None] * 3}
    for kind in ("distinct", "entropy"):
        call = {"quasi_identifiers": ["q"], "sensitive": "s", "kind": kind}
        assert l_diversity(table, **call).l == 2  # type: ignore[arg-type]
        assert l_diversity(table, **call, missing="matches-anything").l == 1  # type: ignore[arg-type]


def test_equal_frequencies_are_exact() -> None:
    """exp(ln 3) is 2.9999999999999996: a policy of l >= 3 must not fail on it."""
    for m in range(1, 200):
        table = counted({"q": ["x"] * m, "s": [f"v{i}" for i in range(m)]})
        result = l_diversity(table, quasi_identifiers=["q"], sensitive="s", kind="entropy")
        assert result.l == m


def test_recursive_compares_whole_numbers() -> None:
    """r1 = 3 and tail 30 at c = 0.1: 3 < 3 is false, though 0.1 * 30 > 3 in floating point."""
    assert 0.1 * 3 > 0.3
    values = ["a"] * 3 + [f"v{i}" for i in range(27)]
    table = {"q": [1] * 30, "s": values}
    exact = l_diversity(table, quasi_identifiers=["q"], sensitive="s", kind="recursive", c=0.1)
    assert exact.l == 1
    above = l_diversity(table, quasi_identifiers=["q"], sensitive="s", kind="recursive", c=0.12)
    assert above.l == recursive_by_hand([3] + [1] * 27, Fraction("0.12"))


def test_a_huge_c_does_not_wrap() -> None:
    table = {"q": [1] * 6, "s": ["a", "a", "a", "b", "b", "c"]}
    for c in (7, 1e12, 1e300):
        found = l_diversity(table, quasi_identifiers=["q"], sensitive="s", kind="recursive", c=c)
        assert found.l == 3


@settings(max_examples=60, deadline=None)
@given(pairs)
def test_merging_classes_never_lowers_distinct_l(
    rows: list[tuple[str | None, str | None]],
) -> None:
    table = table_of(rows)
    merged = table_of([("all", value) for _, value in rows])
    least = l_diversity(table, quasi_identifiers=["q"], sensitive="s").l
    assert l_diversity(merged, quasi_identifiers=["q"], sensitive="s").l >= least


def test_the_suppressed_class_counts_and_can_be_left_out() -> None:
    table = {"q": ["*", "*", "a", "a"], "s": ["x", "x", "x", "y"]}
    result = l_diversity(table, quasi_identifiers=["q"], sensitive="s", suppressed="*")
    assert (result.l, result.l_unsuppressed) == (1, 2)
    assert (result.n_records_below(2), result.n_classes_below(2)) == (2, 1)
    names = {m.name: m.value for m in result.measures()}
    assert names == {"l_diversity.distinct[s]": 1, "l_diversity.distinct_unsuppressed[s]": 2}


@pytest.mark.parametrize("kind", ["distinct", "entropy", "recursive"])
@pytest.mark.parametrize(
    ("table", "least"),
    [
        ({"q": [1], "s": ["a"]}, 1),
        ({"q": [1] * 4, "s": ["a"] * 4}, 1),
        ({"q": [1, 2, 3], "s": ["a", "b", "c"]}, 1),
        ({"q": [1, 1, 1], "s": [None, None, None]}, 1),
        ({"q": [None, None], "s": ["a", None]}, 2),
    ],
)
def test_edges(table: dict[str, list[object]], least: int, kind: str) -> None:
    result = l_diversity(
        table,
        quasi_identifiers=["q"],
        sensitive="s",
        kind=kind,  # type: ignore[arg-type]
        c=2 if kind == "recursive" else None,
    )
    assert result.l == least
    assert isinstance(result.l, float if kind == "entropy" else int)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "fancy"}, "no l-diversity of the kind"),
        ({"kind": "recursive"}, "needs a c above 0"),
        ({"kind": "recursive", "c": 0}, "needs a c above 0"),
        ({"kind": "recursive", "c": math.nan}, "needs a c above 0"),
        ({"c": 2}, "no meaning"),
        ({"sensitive": ["s"]}, "one column"),
        ({"sensitive": "q"}, "both quasi-identifier and sensitive"),
    ],
)
def test_wrong_arguments_are_told(arguments: dict[str, object], message: str) -> None:
    table = {"q": [1, 1], "s": ["canary-a", "canary-b"]}
    call = {"sensitive": "s", **arguments}
    with pytest.raises(InputError, match=message) as caught:
        l_diversity(table, quasi_identifiers=["q"], **call)  # type: ignore[arg-type]
    assert "canary" not in str(caught.value)


def test_a_continuous_column_is_refused_with_the_way_out() -> None:
    table = {"q": [1] * 50, "s": [x * 1.7 for x in range(50)]}
    with pytest.raises(InputError, match="continuous") as caught:
        l_diversity(table, quasi_identifiers=["q"], sensitive="s")
    assert "bin" in str(caught.value)
    assert "t_closeness" in str(caught.value)


def test_an_absent_sensitive_column_is_named() -> None:
    with pytest.raises(ColumnNotFoundError, match="illness"):
        l_diversity({"q": [1]}, quasi_identifiers=["q"], sensitive="illness")
