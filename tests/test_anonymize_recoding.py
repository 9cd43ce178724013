"""Recoding: applied to every type of table, to counts, saved and read again, told in words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from niming.anonymize import FullDomain, Hierarchy, Recoding
from niming.errors import ColumnNotFoundError, HierarchyError, InputError
from niming.tables import MISSING, SUPPRESSED, count

CANARY = "canary-7f3a"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 500
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "town": rng.choice(["A", "B", "C", None], n, p=[0.5, 0.3, 0.19, 0.01]),
            "sex": pd.Categorical(rng.choice(["F", "M"], n)),
            "score": rng.normal(size=n),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, n), "D"),
        },
        index=np.arange(n) * 2,
    )


@pytest.fixture(scope="module")
def recoding(table: pd.DataFrame) -> Recoding:
    hierarchies = {
        "age": Hierarchy.intervals(0, 120, 5, 10, 20),
        "town": Hierarchy.from_dict({"north": ["A", "B"], "south": ["C"]}),
        "sex": Hierarchy.from_rows([("F", "*"), ("M", "*")]),
    }
    found = FullDomain(["age", "town", "sex"], hierarchies, k=5, max_suppression=0.1)
    recoding = found.fit(table).recoding_
    assert 0 < recoding.n_suppressed <= 50
    return recoding


def expected(table: pd.DataFrame, recoding: Recoding) -> pd.DataFrame:
    """Row by row, in the words of the definition."""
    out = table.copy()
    kept = {
        tuple(None if c < 0 else recoding.labels[j][c] for j, c in enumerate(row))
        for row in recoding.kept.tolist()
    }
    columns = list(recoding.columns)
    labels = [
        [h.generalise([v], level).item() for v in table[c]]
        for c, h, level in zip(columns, recoding.hierarchies, recoding.levels, strict=True)
    ]
    rows = [r if r in kept else ("*",) * len(columns) for r in zip(*labels, strict=True)]
    for j, c in enumerate(columns):
        out[c] = np.array([r[j] for r in rows], dtype=object)
    return out


def test_pandas_keeps_index_types_and_order(table: pd.DataFrame, recoding: Recoding) -> None:
    before = table.copy()
    got = recoding.apply(table)
    pd.testing.assert_frame_equal(got, expected(table, recoding))
    pd.testing.assert_frame_equal(table, before)


def test_dropping_the_suppressed(table: pd.DataFrame, recoding: Recoding) -> None:
    whole = expected(table, recoding)
    kept = whole[whole["age"] != "*"]
    got = recoding.apply(table, drop_suppressed=True)
    assert len(table) - len(got) == recoding.n_suppressed
    assert got.index.equals(kept.index)
    for column, level in zip(recoding.columns, recoding.levels, strict=True):
        if level == 0:  # left as it came
            assert got[column].dtype == table[column].dtype
        assert got[column].astype(object).tolist() == kept[column].tolist()


def test_what_comes_in_goes_out(table: pd.DataFrame, recoding: Recoding, tmp_path: Path) -> None:
    want = expected(table, recoding)["age"].tolist()
    plain = table.reset_index(drop=True)
    arrow = pa.Table.from_pandas(plain)
    pq.write_table(arrow, tmp_path / "t.parquet")
    from_polars = recoding.apply(pl.from_pandas(plain))
    assert isinstance(from_polars, pl.DataFrame)
    assert from_polars["age"].to_list() == want
    for source in (arrow, str(tmp_path / "t.parquet"), arrow.to_pydict()):
        got = recoding.apply(source)
        assert isinstance(got, pa.Table)
        assert got["age"].to_pylist() == want
        assert got.column_names == list(plain.columns)


def test_counts_of_the_recoded_table(table: pd.DataFrame, recoding: Recoding) -> None:
    names = ["age", "town", "sex", "day"]
    a = recoding.transform_counts(count(table, names))
    b = count(recoding.apply(table), names, suppressed="*")

    def cells(counts: object) -> dict[tuple[object, ...], int]:
        out: dict[tuple[object, ...], int] = {}
        for codes, n in zip(counts.codes.tolist(), counts.n.tolist(), strict=True):  # type: ignore[attr-defined]
            states = {MISSING: None, SUPPRESSED: "suppressed"}
            key = tuple(
                states[c] if c < 0 else str(counts.categories[j][c])  # type: ignore[attr-defined]
                for j, c in enumerate(codes)
            )
            assert key not in out
            out[key] = n
        return out

    # A column at "*" throughout cannot be told from a suppressed one in a table of texts.
    top = recoding.levels[2] == 1
    assert not top
    assert cells(a) == cells(b)


def test_yaml_goes_out_and_back(table: pd.DataFrame, recoding: Recoding, tmp_path: Path) -> None:
    file = tmp_path / "recoding.yaml"
    recoding.to_yaml(file)
    again = Recoding.from_yaml(file)
    assert again.to_dict() == recoding.to_dict()
    pd.testing.assert_frame_equal(again.apply(table), recoding.apply(table))
    assert [p.name for p in tmp_path.iterdir()] == ["recoding.yaml"]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "x"},
        {"version": 2},
        {"kept": [[9, 9, 9]]},
        {"kept": [[0, 0]]},
        {"kept": "x"},
        {"columns": 3},
        {"n_rows": "many"},
        {"n_rows": None},
    ],
)
def test_spoilt_files_are_refused(
    recoding: Recoding, tmp_path: Path, change: dict[str, object]
) -> None:
    data = {**json.loads(json.dumps(recoding.to_dict())), **change}
    file = tmp_path / "recoding.yaml"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(InputError):
        Recoding.from_yaml(file)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        Recoding.from_yaml(tmp_path / "absent.yaml")
    for content in ("[1, 2", "- 1", "{}"):
        (tmp_path / "a.yaml").write_text(content, encoding="utf-8")
        with pytest.raises(InputError):
            Recoding.from_yaml(tmp_path / "a.yaml")


def test_words_and_records(recoding: Recoding) -> None:
    assert recoding.explain().splitlines()[-1].endswith("classes kept")
    assert "个等价类" in recoding.explain(lang="zh")
    records = recoding.records()
    assert [r["column"] for r in records] == ["age", "town", "sex"]
    assert json.loads(json.dumps(records)) == records
    assert all(r["technique"] in ("generalisation", "suppression") for r in records)


def test_no_value_in_words_records_and_errors() -> None:
    tree = Hierarchy.from_rows([(CANARY, CANARY + "s", "*"), ("b", CANARY + "s", "*")])
    recoding = FullDomain(["x"], {"x": tree}, k=2).fit({"x": [CANARY, "b"]}).recoding_
    assert CANARY not in repr(recoding) + recoding.explain() + json.dumps(recoding.records())
    with pytest.raises(HierarchyError, match="lacks 1 of 2") as error:
        recoding.apply({"x": ["b", CANARY + "?"]})
    assert CANARY not in str(error.value)


def test_bad_calls(table: pd.DataFrame, recoding: Recoding) -> None:
    with pytest.raises(ColumnNotFoundError, match="'town'"):
        recoding.apply(table.drop(columns="town"))
    with pytest.raises(InputError, match="unseen"):
        recoding.apply(table, unseen="ignore")  # type: ignore[arg-type]


def test_no_rows(table: pd.DataFrame, recoding: Recoding) -> None:
    assert len(recoding.apply(table.iloc[:0])) == 0
    assert len(recoding.apply(table.iloc[:0], drop_suppressed=True)) == 0


def test_many_wide_columns_find_their_class() -> None:
    """Keys of many columns of many labels must not wrap."""
    rng = np.random.default_rng(2)
    names = [f"c{j}" for j in range(40)]
    base = rng.integers(0, 1000, (50, 40))
    frame = pd.DataFrame(np.repeat(base, 2, axis=0), columns=names)
    trees = {c: Hierarchy.intervals(0, 1000) for c in names}
    recoding = FullDomain(names, trees, k=2, max_nodes=2**41).fit(frame).recoding_
    assert (len(recoding.kept), recoding.n_suppressed) == (50, 0)
    frame.iloc[1, 39] = (frame.iloc[1, 39] + 1) % 1000
    assert (recoding.apply(frame)["c0"] == "*").sum() == 1


def test_a_million_rows_are_quick(recoding: Recoding) -> None:
    import time

    rng = np.random.default_rng(0)
    n = 1_000_000
    big = pa.table(
        {
            "age": rng.integers(18, 90, n),
            "town": pa.array(np.array(["A", "B", "C"])[rng.integers(0, 3, n)]),
            "sex": pa.array(np.array(["F", "M"])[rng.integers(0, 2, n)]),
        }
    )
    start = time.process_time()
    assert recoding.apply(big).num_rows == n
    assert time.process_time() - start < 3  # 0.4 s usual
