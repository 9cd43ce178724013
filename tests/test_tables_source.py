"""`read`: every kind of source, every way in which one can be wrong."""

from __future__ import annotations

import datetime
import io
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError
from niming.tables import Table, count, read

CANARY = "Canary4711"
ROWS = {"age": [34, 51, None], "sex": ["F", None, "M"]}


def refused(call: Callable[[], object], *said: str) -> InputError:
    """Return the error of `call`: it says `said`, gives a hint, and shows no cell anywhere."""
    with pytest.raises(InputError) as caught:
        call()
    text = "".join(traceback.format_exception(caught.value, chain=True))
    message = str(caught.value)
    for part in said:
        assert part in message, message
    assert CANARY not in message
    assert CANARY not in text.replace(f"{CANARY!r}", "").split("Error:")[-1]
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value


def frames() -> dict[str, object]:
    """Return the same table as every kind of object."""
    table = pa.table(ROWS)
    return {
        "dict": ROWS,
        "pandas": table.to_pandas(),
        "pandas arrow": table.to_pandas(types_mapper=pd.ArrowDtype),
        "polars": pl.from_arrow(table),
        "polars lazy": pl.from_arrow(table).lazy(),  # type: ignore[union-attr]
        "pyarrow": table,
        "batch": table.combine_chunks().to_batches()[0],
        "reader": table.to_reader(),
        "duckdb": duckdb.connect().from_arrow(table),
        "narwhals": nw.from_native(table),
        "narwhals lazy": nw.from_native(pl.from_arrow(table).lazy()),  # type: ignore[union-attr]
    }


@pytest.mark.parametrize("kind", list(frames()))
def test_frames(kind: str) -> None:
    table = read(frames()[kind])  # type: ignore[arg-type]
    assert table.columns == ("age", "sex")
    assert table.n_rows == 3
    rows = table.query("SELECT CAST(age AS INTEGER) AS age, sex FROM source").to_pydict()
    assert rows == ROWS
    assert read(table) is table
    assert read(table, columns=["sex"]).columns == ("sex",)
    if kind != "reader":
        assert read(frames()[kind], columns=["sex"]).arrow().to_pydict() == {"sex": ROWS["sex"]}  # type: ignore[arg-type]
    back = table.native(table.arrow())
    want = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "duckdb": duckdb.DuckDBPyRelation}
    assert isinstance(back, want.get(table.origin, pa.Table))
    assert table.origin == {"pandas arrow": "pandas", "polars lazy": "polars"}.get(
        kind, kind if kind in want else ("polars" if kind == "narwhals lazy" else "pyarrow")
    )
    assert len(repr(table).splitlines()) <= 3
    assert "51" not in repr(table)


def test_files(tmp_path: Path) -> None:
    table = pa.table(ROWS)
    pq.write_table(table, tmp_path / "t.parquet")
    pyarrow.feather.write_feather(table, tmp_path / "t.feather")
    with pa.ipc.new_file(tmp_path / "t.arrow", table.schema) as writer:
        writer.write_table(table)
    with pa.ipc.new_stream(tmp_path / "t.arrows", table.schema) as writer:
        writer.write_table(table)
    (tmp_path / "t.csv").write_text("age,sex\n34,F\n51,\n,M\n")
    (tmp_path / "t").write_text("age\tsex\n34\tF\n51\t\n\tM\n")
    for name in ("t.parquet", "t.feather", "t.arrow", "t.arrows", "t.csv", "t"):
        for source in (tmp_path / name, str(tmp_path / name)):
            assert read(source).arrow().to_pydict() == ROWS, name
            assert read(source, columns=["sex", "age"]).columns == ("sex", "age")
            assert read(source).origin == "file"


def test_a_folder_and_a_pattern_are_one_table(tmp_path: Path) -> None:
    (tmp_path / "year=2024").mkdir()
    for at, name in enumerate(["a[1].parquet", "b.parquet", "year=2024/c.parquet"]):
        pq.write_table(pa.table({"n": [at]}), tmp_path / name)
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "_skipped.parquet").write_text("no Parquet")
    (tmp_path / "year=2024" / "d.parquet").symlink_to(tmp_path / "b.parquet")
    assert sorted(read(tmp_path).arrow(["n"])["n"].to_pylist()) == [0, 1, 1, 2]
    assert read(tmp_path / "[ab]*.parquet").arrow().to_pydict() == {"n": [0, 1]}
    assert read(tmp_path / "a[[]1].parquet").n_rows == 1
    assert read(tmp_path / "a[1].parquet").arrow().to_pydict() == {"n": [0]}


def excel(path: Path, rows: list[list[object]], sheets: tuple[str, ...] = ()) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name in sheets:
        book.create_sheet(name).append(["only"])
        book[name].append([name])
    book.save(path)
    return path


def test_excel(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    day = datetime.date(1990, 1, 2)
    path = excel(
        tmp_path / "t.xlsx",
        [
            ["age", "income", "born", "code", "phone", "mixed"],
            [34, 1.5, day, "010", 13800000001, 1],
            [None, 2, None, None, 13800000002, "x"],
            [None] * 6,
        ],
        ("two", "three"),
    )
    assert read(path).arrow().to_pydict() == {
        "age": [34, None],
        "income": [1.5, 2.0],
        "born": [day, None],
        "code": ["010", None],
        "phone": ["13800000001", "13800000002"],
        "mixed": ["1", "x"],
    }
    assert read(path, text=["age"]).arrow()["age"].to_pylist() == ["34", None]
    assert read(path, sheet="two").arrow().to_pydict() == {"only": ["two"]}
    refused(lambda: read(path, sheet="tow"), "no sheet 'tow'", "'two'")
    wide = excel(tmp_path / "w.xlsx", [["id"], [110101199003077758]])
    refused(lambda: read(wide), "'id'", "15 digits")
    refused(lambda: read(excel(tmp_path / "h.xlsx", [["id"]])), "no rows")
    refused(lambda: read(excel(tmp_path / "d.xlsx", [["a", "a"], [1, 2]])), "2 columns named 'a'")
    (tmp_path / "z.xlsx").write_bytes(b"PK\x03\x04" + CANARY.encode())
    refused(lambda: read(tmp_path / "z.xlsx"), "could not be read as an Excel workbook")


def test_excel_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"PK\x03\x04")
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    refused(lambda: read(tmp_path / "t.xlsx"), "python-calamine", 'pip install "niming[excel]"')


# -- CSV ------------------------------------------------------------------------------------------


def csv(folder: Path, text: str | bytes, encoding: str = "utf-8", name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_delimiters(tmp_path: Path, delimiter: str, newline: str) -> None:
    lines = ["name,note,n", '"a, b; c|d","line 1', 'line 2",1', '"say ""hi""",,2']
    text = newline.join(line.replace(",", delimiter) for line in lines) + newline
    table = read(csv(tmp_path, text)).arrow().to_pydict()
    assert table["n"] == [1, 2]
    assert table["name"][1] == 'say "hi"'
    assert table["note"] == [f"line 1{newline}line 2", None]
    assert read(tmp_path / "t.csv", delimiter=delimiter).arrow().to_pydict() == table


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-32", "gb18030-mark"]
)
@pytest.mark.parametrize("rows", [1, 3, 300])
def test_encodings(tmp_path: Path, encoding: str, rows: int) -> None:
    text = "姓名,城市\n" + "张三,联通\n" * rows
    data = text.encode(encoding.removesuffix("-mark"))
    if encoding.endswith("-mark"):
        data = b"\x84\x31\x95\x33" + data
    table = read(csv(tmp_path, data))
    assert table.columns == ("姓名", "城市")
    assert table.arrow()["姓名"].to_pylist() == ["张三"] * rows


def test_an_encoding_that_is_named(tmp_path: Path) -> None:
    path = csv(tmp_path, "姓名,n\n張三,1\n", "big5")
    assert read(path, encoding="big5").arrow()["姓名"].to_pylist() == ["張三"]
    refused(lambda: read(path, encoding="klingon"), "no encoding named 'klingon'")
    refused(lambda: read(path, encoding="utf-8"), "not utf-8 throughout", "byte 0 (line 1)")
    marked = csv(tmp_path, b"\xef\xbb\xbfa,b\n1,\xff\n")
    refused(lambda: read(marked), "begins with the mark of utf-8", "byte 9 (line 2)")


@pytest.mark.parametrize("n", [1, 50])
def test_mixed_encodings(tmp_path: Path, n: int) -> None:
    """A file of UTF-8 lines and GB18030 lines decodes as GB18030 into nonsense: refuse it."""
    line = f"张伟{CANARY},武汉市\n"
    first, second = line.encode() * n, line.encode("gb18030")
    for data in (first + second, second + first, first + second * 50):
        path = csv(tmp_path, b"name,city\n" + data)
        refused(lambda path=path: read(path), "mixes encodings", "byte", "line")  # type: ignore[misc]
    offset = len(b"name,city\n" + first)
    refused(
        lambda: read(csv(tmp_path, b"name,city\n" + first + second)),
        f"byte {offset} (line {n + 2})",
    )
    cut = csv(tmp_path, (b"name,city\n" + first)[:-2])
    refused(lambda: read(cut), "mixes encodings")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    refused(lambda: read(csv(tmp_path, b"a,b\n1,\xff\xff\n")), "neither UTF-8 (byte 6 (line 2))")
    refused(lambda: read(csv(tmp_path, "a,b\n1,2\n", "utf-16-le")), "zero byte at offset 1")
    for magic, word in [(b"\x1f\x8b", "gzip"), (b"SQLite format 3\0", "SQLite"), (b"%PDF", "PDF")]:
        refused(lambda m=magic: read(csv(tmp_path, m + b"...")), word)  # type: ignore[misc]


@settings(max_examples=40, deadline=None)
@given(st.text(st.sampled_from('张伟联通武汉鑫, \n"a1é€'), min_size=1, max_size=30))
def test_the_encoding_rule_never_guesses_wrong(text: str) -> None:
    """What decodes is what was encoded, for UTF-8 and for GB18030 alike, or it is refused."""
    import tempfile

    from niming.tables.encoding import detect

    with tempfile.TemporaryDirectory() as folder:
        for encoding in ("utf-8", "gb18030"):
            path = csv(Path(folder), text, encoding)
            try:
                found = detect(path)
            except InputError:
                continue
            assert found.n_quotes == text.count('"')
            if encoding == "utf-8":
                assert path.read_bytes().decode(found.name) == text


TYPES = {
    "integer": (["1", "-20", "0", "9999999999"], pa.int64()),
    "leading zero": (["010", "021"], pa.string()),
    "plus": (["+1", "2"], pa.string()),
    "region": (["420106", "420107"], pa.int64()),
    "ID number": (["110101199003077758", "11010119900307775X"], pa.string()),
    "ID digits": (["110101199003077758"] * 2, pa.string()),
    "mobile": (["13800000001", "13800000002"], pa.string()),
    "decimal": (["1.5", "-2", "3e5", ".5"], pa.float64()),
    "float digits": (["0.30000000000000004", "1.0"], pa.float64()),
    "ID as float": (["110101199003077758.0"], pa.string()),
    "overflow": (["1.5", "1e999"], pa.string()),
    "thousands": (["1,000", "2"], pa.string()),
    "percent": (["5%", "6%"], pa.string()),
    "date": (["2024-02-29", "1950-01-01"], pa.date32()),
    "no date": (["2023-02-29", "1950-01-01"], pa.string()),
    "slashes": (["2024/1/5", "2024/1/6"], pa.string()),
    "timestamp": (["2024-02-29 10:00:00", "2024-02-29T10:00:00.123"], pa.timestamp("us")),
    "zoned": (["2024-02-29T10:00:00+08:00"], pa.string()),
    "boolean": (["true", "False"], pa.bool_()),
    "nan": (["nan", "1.5"], pa.string()),
    "spaces": ([" 1", "2 "], pa.string()),
    "word": (["1", "2", "three"], pa.string()),
    "nothing": (["", ""], pa.string()),
}


@pytest.mark.parametrize("name", TYPES)
def test_types_lose_nothing(tmp_path: Path, name: str) -> None:
    values, kind = TYPES[name]
    body = "".join(f'"{value}",x\n' for value in [*values, ""])
    column = read(csv(tmp_path, "v,w\n" + body)).arrow()["v"]
    assert column.type == kind
    assert column.to_pylist()[-1] is None
    if kind == pa.string() and name != "nothing":
        assert column.to_pylist()[:-1] == values
    if kind == pa.float64():
        assert column.to_pylist()[:-1] == [float(v) for v in values]


def test_a_late_word_makes_the_column_text(tmp_path: Path) -> None:
    rows = "".join(f"{i},x\n" for i in range(20_000))
    path = csv(tmp_path, f"n,w\n{rows}{CANARY},x\n")
    table = read(path)
    assert table.schema.field("n").type == pa.string()
    assert table.n_rows == 20_001
    assert table.arrow()["n"].to_pylist()[:3] == ["0", "1", "2"]
    assert read(csv(tmp_path, f"n,w\n{rows}5,x\n")).schema.field("n").type == pa.int64()


def test_missing_tokens_and_text_columns(tmp_path: Path) -> None:
    path = csv(tmp_path, 'a,icd\n1,250.10\n?,250.1\n"",NA\n')
    assert read(path).arrow()["a"].to_pylist() == ["1", "?", None]
    table = read(path, missing=["", "?", "NA"], text=["icd"]).arrow().to_pydict()
    assert table == {"a": [1, None, None], "icd": ["250.10", "250.1", None]}
    with pytest.raises(ColumnNotFoundError, match="'icd'"):
        read(path, text=["icm"])
    with pytest.raises(ColumnNotFoundError):
        read(path, columns=["b"])
    refused(lambda: read(path, missing="NA"), "lists of texts")  # type: ignore[arg-type]


def test_one_column_and_empty_lines(tmp_path: Path) -> None:
    assert read(csv(tmp_path, "a\n1\n\n3\n")).arrow().to_pydict() == {"a": [1, None, 3]}
    assert read(csv(tmp_path, "a,b\n1,2\n\n3,4")).n_rows == 2


BAD = {
    "empty": (b"", {}, "is empty"),
    "blank": (b"\n \n", {}, "is empty"),
    "mark alone": (b"\xef\xbb\xbf", {}, "is empty"),
    "header only": (b"a,b\n", {}, "a header and no rows"),
    "header without line end": (b"a,b", {}, "a header and no rows"),
    "header and blank lines": (b"a,b\n\n\n", {}, "a header and no rows"),
    "duplicate": (b"a,b,a\n1,2,3\n", {}, "2 columns named 'a'"),
    "duplicate but for case": (b"a,A\n1,2\n", {}, "differ in case alone: 'a' and 'A'"),
    "nameless": (b",a\n1,2\n", {}, "no name for column 1", "index=False"),
    "short row": (f"a,b\n1,2\n{CANARY}\n3,4\n".encode(), {}, "line 3 has 1 fields", "header has 2"),
    "long row": (f'a,b\n"x\ny",2\n1,2,{CANARY}\n'.encode(), {}, "line 4 has 3 fields"),
    "wrong delimiter": (b"a;b\n1;2\n", {"delimiter": ","}, "one column", "delimiter=';'"),
    "wrong delimiter 2": (b"a,b\n1,2\n", {"delimiter": "\t"}, "one column", "delimiter=','"),
    "unknown delimiter": (b"a^b\n1^2\n3^4\n", {}, "one column", "delimiter='^'"),
    "no delimiter": (b"a,b\n1,2\n", {"delimiter": "||"}, "one character"),
    "open quote": (f'a,b\n1,2\n3,"{CANARY}\n5,6\n'.encode(), {}, "line 3", "never closed"),
    "sheet": (b"a,b\n1,2\n", {"sheet": "x"}, "sheet: no option for CSV"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_csv(tmp_path: Path, name: str) -> None:
    data, options, *said = BAD[name]
    refused(lambda: read(csv(tmp_path, data), **options), *said)  # type: ignore[arg-type]


def test_an_odd_quote_within_text_is_text(tmp_path: Path) -> None:
    path = csv(tmp_path, 'size,n\n7"8,1\n9,2\n')
    assert read(path).arrow().to_pydict() == {"size": ['7"8', "9"], "n": [1, 2]}


def test_a_record_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("niming.tables.csv._BLOCK", 1 << 12)
    path = csv(tmp_path, 'a,b\n1,"' + CANARY * 2000 + '"\n')
    refused(lambda: read(path), "has a record longer than")


# -- paths and files that are wrong ---------------------------------------------------------------


def test_bad_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    csv(tmp_path, "a,b\n1,2\n", name="residents.csv")
    refused(lambda: read(tmp_path / "resident.csv"), "no file", "'residents.csv'")
    refused(lambda: read(tmp_path / "no" / "t.csv"), "no folder")
    refused(lambda: read(tmp_path), "folder without Parquet files")
    refused(lambda: read(tmp_path / "*.parquet"), "no file matches")
    refused(lambda: read("https://example.org/t.csv"), "is an address")
    os.mkfifo(tmp_path / "pipe")
    refused(lambda: read(tmp_path / "pipe"), "neither a file nor a folder")
    monkeypatch.setattr(os, "access", lambda *_: False)
    refused(lambda: read(tmp_path / "residents.csv"), "may not be read")


def test_a_name_that_lies(tmp_path: Path) -> None:
    csv(tmp_path, f"a,b\n{CANARY},2\n", name="t.parquet")
    refused(lambda: read(tmp_path / "t.parquet"), "holds text", "rename")
    pq.write_table(pa.table({"a": [CANARY]}), tmp_path / "t.csv")
    refused(lambda: read(tmp_path / "t.csv"), "holds parquet")
    csv(tmp_path, b"PK\x03\x04", name="u.csv")
    refused(lambda: read(tmp_path / "u.csv"), "holds an Excel workbook")


def test_damaged_files(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [CANARY] * 1000}), tmp_path / "t.parquet")
    whole = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[:-20])
    refused(lambda: read(tmp_path / "cut.parquet"), "damaged Parquet")
    (tmp_path / "t.arrow").write_bytes(b"ARROW1\0\0" + CANARY.encode())
    refused(lambda: read(tmp_path / "t.arrow"), "damaged Arrow")
    hurt = bytearray(whole)
    hurt[4:60] = b"\xff" * 56
    (tmp_path / "hurt.parquet").write_bytes(hurt)
    refused(lambda: read(tmp_path / "hurt.parquet").arrow(), "engine could not read")
    pq.write_table(
        pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]), tmp_path / "d.parquet"
    )
    refused(lambda: read(tmp_path / "d.parquet"), "2 columns named 'a'")


# -- frames that are wrong ------------------------------------------------------------------------


def test_bad_frames() -> None:
    mixed = pd.DataFrame({"id": [CANARY, 5, 6.0], "ok": [1, 2, 3]})
    refused(lambda: read(mixed), "column 'id'", "float and int and str", "astype(str)")
    with pytest.raises(InputError) as caught:
        read({"id": [CANARY, 5, 6.0]})
    assert caught.value.__context__ is None
    assert read(mixed, columns=["ok"]).n_rows == 3
    assert count(mixed, ["ok"]).n_rows == 3
    refused(lambda: read(pd.DataFrame([[1, 2]], columns=["a", "a"])), "2 columns named 'a'")
    refused(lambda: read(pd.DataFrame([[1, 2]])), "no text: 2 of 2 (int)", "map(str)")
    levels = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")]))
    refused(lambda: read(levels), "several levels")
    refused(lambda: read(pd.DataFrame({"a": [1], "A": [2]})), "differ in case alone")
    refused(lambda: read(pd.DataFrame({"a": [1 + 2j]})), "column 'a'")
    refused(lambda: read(pd.DataFrame({"a": pd.period_range("2020", periods=1)})), "column 'a'")
    refused(lambda: read(pd.DataFrame({"a": [{CANARY}]})), "column 'a'")
    refused(lambda: read(pd.DataFrame()), "no columns")
    refused(lambda: read({"a": [1, CANARY]}), "column 'a'", "int and str")
    refused(lambda: read({"a": [1], "b": [1, 2]}), "'a' has 1 values, 'b' has 2")
    refused(lambda: read({}), "no columns")
    refused(lambda: read(pl.DataFrame({"a": [object()]}, schema={"a": pl.Object})), "column 'a'")
    refused(lambda: read(pa.table({"a": pa.nulls(1, pa.decimal256(50, 2))})), "'a'", "decimal256")
    refused(lambda: read(42), "a int is not a table")  # type: ignore[arg-type]
    refused(lambda: read([ROWS]), "a list is not a table")  # type: ignore[arg-type]
    refused(lambda: read(ROWS, delimiter=","), "no option for frames")
    refused(lambda: read(ROWS, columns=[]), "columns is empty")
    refused(lambda: read(ROWS, columns=["age", "age"]), "twice")
    refused(lambda: read(ROWS, columns=["agee"]), "'agee' -> 'age'")
    assert read({"h": np.array([1, 2], np.float16)}).arrow()["h"].to_pylist() == [1.0, 2.0]


def test_inputs_are_not_changed() -> None:
    frame = pd.DataFrame({"a": [1.0, np.nan], "b": ["x", None]}, index=[5, 5])
    before = frame.copy()
    count(frame, ["a", "b"])
    pd.testing.assert_frame_equal(frame, before)


def test_engine_errors_show_no_cell() -> None:
    table = read({"a": [CANARY, "2"]})
    refused(lambda: table.query("SELECT CAST(a AS INTEGER) FROM source"), "ConversionException")
    refused(lambda: list(table.batches(["b"])), "'b'")
    view = duckdb.connect().sql(f"SELECT CAST('{CANARY}' || range AS INTEGER) AS a FROM range(3)")
    refused(lambda: read(view).n_rows and read(view).arrow(), "engine could not read")


def test_rows_come_in_order(tmp_path: Path) -> None:
    n = 300_000
    pq.write_table(pa.table({"i": np.arange(n)}), tmp_path / "t.parquet", row_group_size=10_000)
    with (tmp_path / "t.csv").open("w") as file:
        file.write("i,x\n")
        file.writelines(f"{i},x\n" for i in range(n))
    for name in ("t.parquet", "t.csv"):
        table = read(tmp_path / name)
        at = 0
        for batch in table.batches(["i"], rows=7_000):
            assert batch.num_rows <= 7_000
            assert np.array_equal(batch["i"].to_numpy(), np.arange(at, at + batch.num_rows))
            at += batch.num_rows
        assert at == n
        assert np.array_equal(table.arrow()["i"].to_numpy(), np.arange(n))


# -- the engine -----------------------------------------------------------------------------------


def run(code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("how", ["query(sql)", "_engine.batches(sql, 1000).__next__()"])
def test_ctrl_c_stops_a_long_query(how: str) -> None:
    """On our own connections; a caller's relation gives no handle and is left to the engine."""
    code = f"""
import time
from niming.tables import read
table = read({{'a': [1]}})
sql = "SELECT sum(x.range * y.range) FROM range(10000000) x, range(10000000) y, source"
print("go", flush=True)
start = time.monotonic()
try:
    table.{how}
except KeyboardInterrupt as error:
    print(type(error).__name__, time.monotonic() - start < 5, table.n_rows)
"""
    with run(code) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        import time

        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert out.split() == ["KeyboardInterrupt", "True", "1"], err


def test_bad_settings_of_the_engine(tmp_path: Path) -> None:
    code = "from niming.tables import read; read({'a': [1]})"
    for setting in ({"NIMING_MEMORY": "lots"}, {"NIMING_TEMP": str(tmp_path / "none")}):
        with run(code, **setting) as process:
            _, err = process.communicate(timeout=30)
        assert "InputError" in err
        assert next(iter(setting)) in err


def test_the_spill_folder_is_private_and_goes(tmp_path: Path) -> None:
    code = """
import os, pathlib
from niming.tables import read
read({'a': [1]}).n_rows
folder, = pathlib.Path(os.environ['NIMING_TEMP']).iterdir()
print(oct(folder.stat().st_mode & 0o777))
"""
    with run(code, NIMING_TEMP=str(tmp_path)) as process:
        out, err = process.communicate(timeout=30)
    assert out.strip() == "0o700", err
    assert list(tmp_path.iterdir()) == []


def test_tables_of_the_engine_are_dropped(tmp_path: Path) -> None:
    import gc

    from niming.tables.engine.duckdb import connect

    def stored() -> int:
        gc.collect()
        return len(connect().sql("SELECT * FROM duckdb_tables()").fetchall())

    before = stored()
    table = read(csv(tmp_path, "a,b\n1,2\n"))
    part: Table | None = table.project(["a"])
    assert stored() == before + 1
    del table
    assert part is not None
    assert part.arrow().to_pydict() == {"a": [1]}
    part = None
    assert stored() == before


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["parquet", "csv", "gb18030.csv"])
def test_a_file_larger_than_memory(tmp_path: Path, kind: str) -> None:
    """A table of about 190 MB, and a GROUP BY as large, with 100 MB for the engine."""
    n, limit = 4_000_000, "100MB"
    rng = np.random.default_rng(11)
    table = pa.table(
        {
            "id": pa.array(np.arange(n)).cast(pa.string()),
            "town": pa.array([f"武汉{i}" for i in range(50)]).take(rng.integers(0, 50, n)),
            "key": pa.array(rng.integers(0, 2**40, n)).cast(pa.string()),
        }
    )
    assert table.nbytes > 150e6
    path = tmp_path / f"t.{kind}"
    if kind == "parquet":
        pq.write_table(table, path)
    else:
        buffer = io.BytesIO()
        pyarrow.csv.write_csv(table, buffer)
        data = buffer.getvalue()
        path.write_bytes(data.decode().encode("gb18030") if "gb" in kind else data)
    code = f"""
from niming.tables import count, read
table = read({str(path)!r})
print(table.n_rows, count(table, ["town"]).n_cells, flush=True)
answer = table.query("SELECT count(*) AS c, sum(n) AS n FROM "
                     "(SELECT id, key, count(*) AS n FROM source GROUP BY ALL)").to_pylist()[0]
print(answer["c"], answer["n"])
print(next(int(x.split()[1]) for x in open("/proc/self/status") if "VmHWM" in x) // 1024)
"""
    with run(code, NIMING_MEMORY=limit, NIMING_THREADS="2", NIMING_TEMP=str(tmp_path)) as process:
        out, err = process.communicate(timeout=280)
    *counts, peak = [int(word) for word in out.split()] or [0]
    assert counts == [n, 50, n, n], err
    assert peak < 600  # MB, Python and the libraries included
