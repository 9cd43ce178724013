"""(α,k)-anonymity: the definition row by row, exact thresholds, hand-worked gaps."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError
from niming.risk.alpha_k import AlphaK, above, alpha_k
from niming.risk.classes import spectrum_of, value_codes
from niming.tables import MISSING, SUPPRESSED, Classes, Counts, count

CITY = Path(__file__).parent / "reference" / "city2000"
Row = tuple[int, int, int]
READINGS = ["own-value", "matches-anything"]

tables = st.lists(
    st.tuples(st.integers(-2, 1), st.integers(-2, 1), st.integers(-2, 2)), min_size=1, max_size=20
)


def classes_from(rows: list[Row]) -> Classes:
    """Count two quasi-identifiers and a sensitive column by hand, without an engine."""
    cells = sorted(Counter(rows).items())
    return Counts(
        columns=("q", "r", "s"),
        categories=(np.arange(2), np.arange(2), np.array(["a", "b", "c"], dtype=object)),
        codes=np.array([c for c, _ in cells], dtype=np.int32),
        n=np.array([n for _, n in cells], dtype=np.int64),
    ).classes(["q", "r"])


def agree(one: int, other: int, missing: str) -> bool:
    return one == other or (missing == "matches-anything" and min(one, other) < 0)


def shares_by_hand(rows: list[Row], wanted: set[int] | None, missing: str) -> list[Fraction]:
    """Return for each class the largest share of a wanted value, in the order of the codes."""
    out = []
    for q, r in sorted({row[:2] for row in rows}):
        mine = [s for a, b, s in rows if agree(a, q, missing) and agree(b, r, missing)]
        counts = [n for s, n in Counter(mine).items() if wanted is None or s in wanted]
        most = max(counts, default=0)
        if missing == "matches-anything":  # what is unknown may be any of those wanted
            known = {s: n for s, n in Counter(mine).items() if s >= 0}
            most = max([n for s, n in known.items() if wanted is None or s in wanted], default=0)
            most += len(mine) - sum(known.values())
        out.append(Fraction(most, len(mine)))
    return out


@pytest.mark.parametrize("missing", READINGS)
@settings(max_examples=120, deadline=None)
@given(rows=tables, chosen=st.sets(st.integers(-1, 2)))
def test_equals_the_definition(missing: str, rows: list[Row], chosen: set[int]) -> None:
    classes = classes_from(rows)
    wanted = {s for s in chosen if s in {row[2] for row in rows}} or None
    names = {-1: None, 0: "a", 1: "b", 2: "c"}
    values = None if wanted is None else [names[s] for s in wanted]
    found = AlphaK.of(classes, "s", values=values, missing=missing)  # type: ignore[arg-type]
    expected = shares_by_hand(rows, wanted, missing)
    assert found.per_class.tolist() == [float(x) for x in expected]
    assert found.alpha == float(max(expected))
    assert found.n_values == (None if wanted is None else len(wanted))
    records = [n for _, n in sorted(Counter(row[:2] for row in rows).items())]
    for limit in ("0", "0.3", "0.5", "0.75", "1"):
        higher = [x > Fraction(limit) for x in expected]
        assert found.n_classes_above(float(limit)) == sum(higher)
        assert found.n_records_above(float(limit)) == sum(np.array(records)[higher])
    spectrum = spectrum_of(classes, "s", missing=missing)  # type: ignore[arg-type]
    again = AlphaK.of(classes, "s", values=values, spectrum=spectrum, missing=missing)  # type: ignore[arg-type]
    assert again.most.tolist() == found.most.tolist()


@settings(max_examples=80, deadline=None)
@given(tables)
def test_own_value_is_the_stricter_reading_where_sensitive_cells_are_known(
    rows: list[Row],
) -> None:
    classes = classes_from([(q, r, max(s, 0)) for q, r, s in rows])
    own, matching = (AlphaK.of(classes, "s", missing=m) for m in READINGS)  # type: ignore[arg-type]
    assert matching.alpha <= own.alpha
    assert matching.k >= own.k


def test_a_class_can_be_surer_where_anything_matches() -> None:
    """x is half a; with the suppressed rows, all a, it is 3 of 4. The table's α falls from 1."""
    table = {"q": ["x", "x", "*", "*"], "s": ["a", "b", "a", "a"]}
    call = {"quasi_identifiers": ["q"], "sensitive": "s", "suppressed": "*"}
    own = alpha_k(table, **call)  # type: ignore[arg-type]
    matching = alpha_k(table, **call, missing="matches-anything")  # type: ignore[arg-type]
    assert (own.alpha, own.alpha_unsuppressed, own.k, own.k_unsuppressed) == (1, 0.5, 2, 2)
    assert (matching.alpha, matching.alpha_unsuppressed, matching.k) == (0.75, 0.75, 4)
    names = [m.name for r in (own, matching) for m in r.measures()]
    assert names == [
        "alpha_k.alpha[s]",
        "alpha_k.alpha_unsuppressed[s]",
        "alpha_k.matching.alpha[s]",
        "alpha_k.matching.alpha_unsuppressed[s]",
    ]
    assert matching.to_dict()["missing"] == "matches-anything"


def test_thresholds_are_compared_as_whole_numbers() -> None:
    """In floating point 3 · (1/3) and the like fall on either side of a threshold."""
    for n in range(1, 200):
        most, size = np.array([3 * n, 3 * n + 1]), np.array([10 * n, 10 * n])
        assert above(most, size, 0.3).tolist() == [False, True]


def test_city_equals_pandas() -> None:
    table = pd.read_csv(CITY / "city2000.csv")
    keys = ["district", "age_group", "sex"]
    found = AlphaK.of(count(table, [*keys, "disease"]).classes(keys), "disease")
    shares = table.groupby(keys)["disease"].value_counts(normalize=True)
    assert found.alpha == shares.max()
    assert found.k == table.groupby(keys).size().min()


@pytest.mark.parametrize("missing", READINGS)
@pytest.mark.parametrize(
    ("table", "alpha", "k"),
    [
        ({"q": [1], "s": ["a"]}, 1, 1),
        ({"q": [1] * 4, "s": ["a"] * 4}, 1, 4),
        ({"q": [1, 2, 3], "s": ["a", "b", "c"]}, 1, 1),
        ({"q": [None, None], "s": ["a", "b"]}, 0.5, 2),
    ],
)
def test_edges(table: dict[str, list[object]], alpha: float, k: int, missing: str) -> None:
    found = alpha_k(table, quasi_identifiers=["q"], sensitive="s", missing=missing)  # type: ignore[arg-type]
    assert (found.alpha, found.k) == (alpha, k)


def test_blanking_half_of_a_class_is_no_cure() -> None:
    """All have a; with two of four blank, own-value reads 0.5 and the other reading 1 still."""
    table = {"q": [1] * 4, "s": ["a", "a", None, "*"]}
    call = {"quasi_identifiers": ["q"], "sensitive": "s", "suppressed": "*"}
    assert alpha_k(table, **call).alpha == 0.5  # type: ignore[arg-type]
    assert alpha_k(table, **call, missing="matches-anything").alpha == 1  # type: ignore[arg-type]
    table["s"] = ["a", "a", "b", None]
    rare = alpha_k(table, **call, values=["b"], missing="matches-anything")  # type: ignore[arg-type]
    assert rare.alpha == 0.5  # b itself and the unknown one


def test_all_suppressed_has_no_number_without_them() -> None:
    table = {"q": ["*", "*"], "s": ["a", "b"]}
    found = alpha_k(table, quasi_identifiers=["q"], sensitive="s", suppressed="*")
    assert (found.alpha, found.alpha_unsuppressed, found.k_unsuppressed) == (0.5, None, None)
    assert found.measures()[1].reason


def test_values_are_compared_as_text() -> None:
    counts = count({"s": [3, 1, 2]}, ["s"])
    assert value_codes(counts, "s", ["3", 1.0]).tolist() == [0, 2]
    dates = count(pd.DataFrame({"s": pd.to_datetime(["2020-01-02", None])}), ["s"])
    assert value_codes(dates, "s", ["2020-01-02", None]).tolist() == [MISSING, 0]
    unused = Counts(
        ("s",), (np.arange(2),), np.array([[SUPPRESSED], [1]], np.int32), np.ones(2, int)
    )
    with pytest.raises(InputError, match="1 of the 1 values"):
        value_codes(unused, "s", [0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": ["canary-x", "canary-a"]}, "1 of the 2 values given do not occur in 's'"),
        ({"values": []}, "no sensitive values"),
        ({"values": "canary-a"}, "one text, not a list"),
        ({"values": ["canary-a", "canary-a"]}, "twice"),
        ({"sensitive": ["s"]}, "one column"),
        ({"sensitive": "q"}, "both quasi-identifier and sensitive"),
        ({"missing": "skip"}, "'own-value' or 'matches-anything'"),
    ],
)
def test_wrong_arguments_are_told(arguments: dict[str, object], message: str) -> None:
    table = {"q": [1, 1], "s": ["canary-a", "canary-b"]}
    with pytest.raises(InputError, match=message) as caught:
        alpha_k(table, quasi_identifiers=["q"], **{"sensitive": "s", **arguments})  # type: ignore[arg-type]
    assert "canary" not in str(caught.value)
    assert caught.value.hint


def test_a_continuous_column_an_absent_one_and_a_share_above_one_are_refused() -> None:
    table = {"q": [1] * 50, "s": [x * 1.7 for x in range(50)]}
    with pytest.raises(InputError, match="continuous"):
        alpha_k(table, quasi_identifiers=["q"], sensitive="s")
    with pytest.raises(ColumnNotFoundError):
        alpha_k({"q": [1]}, quasi_identifiers=["q"], sensitive="illness")
    found = alpha_k({"q": [1], "s": ["a"]}, quasi_identifiers=["q"], sensitive="s")
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(InputError, match="between 0 and 1"):
            found.n_records_above(share)


def test_it_is_drawn() -> None:
    found = alpha_k({"q": [1, 1, 2], "s": ["a", "b", "a"]}, quasi_identifiers=["q"], sensitive="s")
    assert "α = 1, k = 1" in found.plot().axes[0].get_title()
