"""Hierarchy: how values climb, what is shared, what is refused, and ARX's file format."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from niming.errors import HierarchyError, InputError
from niming.tables import Bound, Hierarchy, texts

CANARY = "canary-7f3a"


def climb(hierarchy: Hierarchy, value: object) -> list[object]:
    return [hierarchy.generalise([value], level).item() for level in range(hierarchy.n_levels)]


def check_bound(bound: Bound) -> None:
    """What holds for every binding: a tree, and shares that grow to the top."""
    for level in range(bound.n_levels - 1):
        pairs = set(zip(bound.codes[level].tolist(), bound.codes[level + 1].tolist(), strict=True))
        assert len(pairs) == len({a for a, _ in pairs})
    assert (np.diff(bound.share, axis=0) >= -1e-12).all()
    assert ((bound.share >= 0) & (bound.share <= 1 + 1e-12)).all()
    for level, labels in enumerate(bound.labels):
        assert sorted(set(bound.codes[level].tolist())) == list(range(len(labels)))


def test_rows() -> None:
    rows = [("A", "north", "*"), ("B", "north", "*"), ("C", "south", "*"), ("D", "south", "*")]
    hierarchy = Hierarchy.from_rows(rows)
    assert (hierarchy.n_levels, hierarchy.rooted) == (3, True)
    bound = hierarchy.bind(np.array(["A", "C"], dtype=object))
    check_bound(bound)
    assert bound.share.tolist() == [[0.25, 0.25], [0.5, 0.5], [1, 1]]  # of the table, not the data
    assert [x.tolist() for x in bound.labels] == [["A", "C"], ["north", "south"], ["*"]]
    assert hierarchy.generalise(["C", None, "A"], 1).tolist() == ["south", None, "north"]
    assert hierarchy.generalise(["C", None], 2).tolist() == ["*", "*"]
    assert hierarchy.rows() == tuple(rows)


def test_several_tops_stay() -> None:
    hierarchy = Hierarchy.from_rows([("A", "x"), ("B", "x"), ("C", "y")])
    assert (hierarchy.n_levels, hierarchy.rooted) == (2, False)
    assert hierarchy.generalise(["A", None], 1).tolist() == ["x", None]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no rows"),
        ([("a", "*"), ("b",)], "1 of 2 rows"),
        ([("a", "*"), ("a", "*"), ("a", "*")], "2 values stand in the hierarchy more than once"),
        ([(CANARY, "x", "p"), ("b", "x", "q")], "1 labels of level 1 .* at level 2"),
        ([(39, "x"), (39.0, "x")], "1 values"),
    ],
)
def test_rows_that_are_no_tree(rows: list[tuple[str, ...]], words: str) -> None:
    with pytest.raises(HierarchyError, match=words) as error:
        Hierarchy.from_rows(rows)
    assert CANARY not in str(error.value)


def test_dict_of_uneven_depth() -> None:
    tree = {"north": {"coast": ["A", "B"], "inland": ["C"]}, "south": ["D"], "E": None, "F": {}}
    hierarchy = Hierarchy.from_dict(tree)
    assert hierarchy.rows() == (
        ("A", "coast", "north", "*"),
        ("B", "coast", "north", "*"),
        ("C", "inland", "north", "*"),
        ("D", "D", "south", "*"),
        ("E", "E", "E", "*"),
        ("F", "F", "F", "*"),
    )
    with pytest.raises(HierarchyError, match="neither a dict nor a list"):
        Hierarchy.from_dict({"north": 3})


def test_intervals_of_whole_numbers() -> None:
    hierarchy = Hierarchy.intervals(17, 91, 5, 10)
    assert climb(hierarchy, 39) == ["39", "[35, 40)", "[30, 40)", "*"]
    assert climb(hierarchy, "39") == climb(hierarchy, 39.0)
    bound = hierarchy.bind(np.arange(17, 91))
    check_bound(bound)
    assert bound.share[0] == pytest.approx(1 / 74)
    assert bound.share[1, 0] == pytest.approx(3 / 74)  # [15, 20) holds 17, 18, 19
    assert bound.share[2, -1] == pytest.approx(1 / 74)  # [90, 100) holds 90
    sums = np.bincount(bound.codes[1], weights=bound.share[0])
    assert sums == pytest.approx(bound.share[1][np.unique(bound.codes[1], return_index=True)[1]])
    for outside in (16, 91, 1e9, "abc", "nan", "inf"):
        with pytest.raises(HierarchyError, match="lacks 1 of 1"):
            hierarchy.bind([outside])


def test_intervals_of_decimals() -> None:
    hierarchy = Hierarchy.intervals(0, 1, 0.1, 0.5)
    assert climb(hierarchy, 0.3) == ["0.3", "[0.3, 0.4)", "[0.0, 0.5)".replace(".0", ""), "*"]
    assert hierarchy.generalise([0.7], 1).item() == "[0.7, 0.8)"
    assert hierarchy.bind([0.3]).share[:, 0] == pytest.approx([0, 0.1, 0.5, 1])


@given(
    low=st.integers(-500, 500),
    span=st.integers(1, 400),
    factors=st.lists(st.integers(2, 5), max_size=3),
    width=st.integers(1, 20),
)
def test_intervals_are_trees(low: int, span: int, factors: list[int], width: int) -> None:
    widths = [width]
    for f in factors:
        widths.append(widths[-1] * f)
    values = np.arange(low, low + span)
    bound = Hierarchy.intervals(low, low + span, *widths).bind(values)
    check_bound(bound)
    for level, w in enumerate(widths, start=1):
        assert (np.unique(values // w, return_inverse=True)[1] == bound.codes[level]).all()


@given(
    x=st.decimals(-100, 100, places=2, allow_nan=False),
    width=st.sampled_from(["0.05", "0.1", "0.3", "2.5"]),
)
def test_decimal_bands_hold_their_value(x: Decimal, width: str) -> None:
    hierarchy = Hierarchy.intervals(-200, 200, float(width))
    label = hierarchy.generalise([float(x)], 1).item()
    low, high = (Fraction(part) for part in label.strip("[)").split(", "))
    assert low <= Fraction(x) < high


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0, 10, 3, 5), "width 5 of level 2 is no multiple of width 3 of level 1"),
        ((0, 10, 5, 5), "no multiple"),
        ((0, 10, -1), "positive"),
        ((10, 10), "not below"),
        ((0, float("inf")), "finite"),
    ],
)
def test_intervals_refused(arguments: tuple[float, ...], words: str) -> None:
    with pytest.raises(HierarchyError, match=words):
        Hierarchy.intervals(*arguments)


def test_dates() -> None:
    units = ("month", "quarter", "half-year", "year", "5-years", "decade", "century")
    hierarchy = Hierarchy.dates(*units, start="1900-01-01", end="2099-12-31")
    expected = ["2024-05", "2024-Q2", "2024-H1", "2024", "2020-2024", "2020-2029", "2000-2099", "*"]
    day = datetime.date(2024, 5, 6)
    for value in (day, "20240506", "2024/5/6", "2024.05.06", "2024年5月6日", "2024-05-06 13:00:00"):
        assert climb(hierarchy, value)[1:] == expected
    assert climb(hierarchy, day)[0] == "2024-05-06"
    assert climb(hierarchy, np.datetime64("2024-05-06T13:00"))[1:] == expected
    assert hierarchy.generalise([pd.Timestamp("2024-05-06"), pd.NaT], 4).tolist() == ["2024", None]
    for bad in ("2024-13-01", "2024-02-30", "2024", "20240506x", "1899-12-31", "2100-01-01"):
        with pytest.raises(HierarchyError, match="lacks 1"):
            hierarchy.bind([bad])


def test_dates_share_days_of_the_domain() -> None:
    hierarchy = Hierarchy.dates("month", "year", start="2023-12-16", end="2024-02-29")
    days = np.arange(np.datetime64("2023-12-16"), np.datetime64("2024-03-01"))
    bound = hierarchy.bind(days)
    check_bound(bound)
    n = len(days)
    assert bound.share[:, 0] == pytest.approx([1 / n, 16 / n, 16 / n, 1])
    assert bound.share[:, -1] == pytest.approx([1 / n, 29 / n, 60 / n, 1])


def test_weeks() -> None:
    hierarchy = Hierarchy.dates("week", start="2024-01-01", end="2025-12-31")
    assert hierarchy.generalise(["2024-12-29", "2024-12-30", "2025-01-05"], 1).tolist() == [
        "2024-W52",
        "2025-W01",
        "2025-W01",
    ]
    with pytest.raises(HierarchyError, match="'week' of level 1 does not nest in 'month'"):
        Hierarchy.dates("week", "month", start="2024-01-01", end="2025-12-31")


@pytest.mark.parametrize(
    ("units", "start", "end", "words"),
    [
        (("year", "month"), "2024-01-01", "2024-12-31", "does not nest"),
        (("moon",), "2024-01-01", "2024-12-31", "unknown calendar units"),
        (("year",), "2024-13-01", "2024-12-31", "start is not a date"),
        (("year",), "2025-01-01", "2024-12-31", "start after they end"),
    ],
)
def test_dates_refused(units: tuple[str, ...], start: str, end: str, words: str) -> None:
    with pytest.raises(HierarchyError, match=words):
        Hierarchy.dates(*units, start=start, end=end)


def test_prefixes() -> None:
    codes = ["440303", "440305", "440106", "110101"]
    hierarchy = Hierarchy.prefixes(4, 2, values=codes)
    assert climb(hierarchy, "440305") == ["440305", "4403*", "44*", "*"]
    bound = hierarchy.bind(["440305", "110101"])
    check_bound(bound)
    assert bound.share[:, 0].tolist() == [0.25, 0.5, 0.75, 1]
    with pytest.raises(HierarchyError, match="lacks 1 of 2"):
        hierarchy.bind(["440305", "440306"])
    assert Hierarchy.prefixes(2).bind(codes).share[1].tolist() == [0.75, 0.75, 0.75, 0.25]
    assert climb(Hierarchy.prefixes(4), 440305)[1] == "4403*"
    for lengths in ((2, 4), (2, 2), (0,)):
        with pytest.raises(HierarchyError):
            Hierarchy.prefixes(*lengths)


ALL = {
    "table": Hierarchy.from_rows([("a", "x", "*"), ("b", "x", "*"), ("c", "y", "*")]),
    "intervals": Hierarchy.intervals(0, 30, 5, 10),
    "decimals": Hierarchy.intervals(0, 1, 0.1),
    "dates": Hierarchy.dates("month", "year", start="2024-01-01", end="2024-03-31"),
    "prefixes": Hierarchy.prefixes(2, 1, values=["aab", "abb"]),
    "open prefixes": Hierarchy.prefixes(2),
}


@pytest.mark.parametrize("name", ALL)
def test_spec_goes_through_yaml_and_back(name: str) -> None:
    hierarchy = ALL[name]
    spec = yaml.safe_load(yaml.safe_dump(hierarchy.to_spec()))
    assert Hierarchy.from_spec(spec) == hierarchy
    assert hash(Hierarchy.from_spec(spec)) == hash(hierarchy)


@pytest.mark.parametrize("name", ["table", "intervals", "dates", "prefixes"])
@pytest.mark.parametrize("delimiter", [";", ","])
def test_csv_goes_out_and_back(name: str, delimiter: str, tmp_path: Path) -> None:
    hierarchy = ALL[name]
    file = tmp_path / "hierarchy.csv"
    hierarchy.to_csv(file, delimiter=delimiter)
    back = Hierarchy.from_csv(file)
    assert back.rows() == hierarchy.rows()
    values = [r[0] for r in hierarchy.rows()]
    assert back.bind(values).share == pytest.approx(hierarchy.bind(values).share)
    assert [p.name for p in tmp_path.iterdir()] == ["hierarchy.csv"]


@pytest.mark.parametrize("name", ["decimals", "open prefixes"])
def test_csv_needs_a_list_of_values(name: str, tmp_path: Path) -> None:
    with pytest.raises(HierarchyError, match="cannot be written out"):
        ALL[name].to_csv(tmp_path / "hierarchy.csv")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_csv_encodings_and_delimiters(encoding: str, delimiter: str, tmp_path: Path) -> None:
    rows = [("汉族", "汉族", "*"), ("壮族", "少数民族", "*"), ("a,b;c", "少数民族", "*")]
    lines = [delimiter.join(f'"{cell}"' for cell in row) for row in rows]
    file = tmp_path / "ethnicity.csv"
    file.write_bytes("\r\n".join([*lines, ""]).encode(encoding))
    assert Hierarchy.from_csv(file).rows() == tuple(rows)
    assert Hierarchy.from_spec("ethnicity.csv", base=tmp_path).n_levels == 3
    assert Hierarchy.from_spec({"kind": "csv", "path": "ethnicity.csv"}, base=tmp_path).rooted


def test_csv_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no hierarchy file"):
        Hierarchy.from_csv(tmp_path / "absent.csv")
    file = tmp_path / "a.csv"
    file.write_bytes(b"")
    with pytest.raises(InputError, match=r"a\.csv"):
        Hierarchy.from_csv(file)
    file.write_text(f"{CANARY};x;*\nb;x\n", encoding="utf-8")
    with pytest.raises(HierarchyError, match=r"a\.csv: 1 of 2 rows") as error:
        Hierarchy.from_csv(file)
    assert CANARY not in str(error.value)


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "moon"},
        {"kind": "intervals", "lower": 0},
        {"kind": "intervals", "lower": "x", "upper": 3, "widths": [1]},
        {"kind": "intervals", "lower": 0, "upper": 3, "widths": 1},
        {"kind": "table", "rows": 3},
        {"lower": 0},
        3,
    ],
)
def test_spec_refused(spec: object) -> None:
    with pytest.raises(HierarchyError):
        Hierarchy.from_spec(spec)


def test_arx_files(shared: Path) -> None:
    folder = shared / "data" / "adult"
    if not folder.is_dir():
        pytest.skip("the Adult files of the reference are not on this machine")
    levels = {
        f.stem.removeprefix("hierarchy_"): Hierarchy.from_csv(f).n_levels
        for f in folder.glob("hierarchy_*.csv")
    }
    assert levels == {
        "age": 5,
        "education": 4,
        "marital-status": 3,
        "native-country": 3,
        "occupation": 3,
        "race": 2,
        "salary-class": 2,
        "sex": 2,
        "workclass": 3,
    }


def test_lacking_values_are_counted_not_shown() -> None:
    hierarchy = ALL["table"]
    with pytest.raises(HierarchyError, match="of 'town' lacks 2 of 3 distinct values") as error:
        hierarchy.bind(["a", CANARY, "z"], column="town")
    assert CANARY not in str(error.value)
    assert error.value.__cause__ is None
    assert hierarchy.lacking(["a", CANARY, "z"]).tolist() == [False, True, True]
    assert CANARY not in repr(Hierarchy.from_rows([(CANARY, "*")]))
    assert CANARY not in repr(Hierarchy.from_rows([(CANARY, "*")]).bind([CANARY]))


def test_no_such_level() -> None:
    for level in (-1, 3):
        with pytest.raises(HierarchyError, match="no level"):
            ALL["table"].generalise(["a"], level)


def test_explained() -> None:
    assert [ALL["intervals"].explain(i, lang="zh") for i in range(4)] == [
        "原值",
        "每 5 一段",
        "每 10 一段",
        "全部隐去（*）",
    ]
    assert [ALL["dates"].explain(i) for i in range(4)] == [
        "as it is",
        "month only",
        "year only",
        "withheld (*)",
    ]
    assert ALL["dates"].explain(1, lang="zh") == "精确到月"
    assert ALL["prefixes"].explain(1) == "first 2 characters"
    assert ALL["table"].explain(1, lang="zh") == "归并为 2 类（第 1 层）"


def test_empty() -> None:
    assert ALL["table"].bind([]).codes.shape == (3, 0)
    assert ALL["table"].generalise([], 1).tolist() == []
    assert ALL["intervals"].bind(np.array([], dtype=np.int64)).codes.shape == (4, 0)


def test_texts() -> None:
    assert texts(np.array([1.5, 2.0, np.nan])).tolist() == ["1.5", "2", None]
    assert texts(np.array([3, 4])).tolist() == ["3", "4"]
    assert texts(
        [Decimal("2.0"), Decimal("1.5"), True, np.bool_(False), pd.NA, pd.NaT]
    ).tolist() == [
        "2",
        "1.5",
        "true",
        "false",
        None,
        None,
    ]
    assert texts(pd.Series([1, None], dtype="Int64")).tolist() == ["1", None]
    at = datetime.datetime(2024, 5, 6, 7, 8)
    assert texts([at, at.date()]).tolist() == ["2024-05-06 07:08:00", "2024-05-06"]
