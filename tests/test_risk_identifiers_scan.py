"""`scan`: roles on real and invented registers, dirt, releases, and no cell value anywhere."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from niming.errors import ColumnNotFoundError, InputError
from niming.risk.identifiers import Finding, Scan, scan
from niming.tables import Schema, datasets, read
from niming.tables import identifiers as codes
from niming.tables.engine.duckdb import connect

DIRECT, QUASI, SENSITIVE = "direct-identifier", "quasi-identifier", "sensitive"
ID, OTHER_ID = "11010519491231002X", "440524188001010014"  # printed in GB 11643-1999


def ids(n: int, *, first: str = "1930-01-01", days: int = 30_000, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    region = np.tile(codes.characters(["220102"], 6), (n, 1))
    birth = np.datetime64(first) + rng.integers(0, days, n)
    return codes.strings(codes.resident_ids(region, birth, rng.random(n) < 0.5, rng=rng)).tolist()


def only(values: object) -> Finding:
    """Scan one column whose name says nothing."""
    return scan(pa.table({"x": values})).findings[0]


# --- Registers ---------------------------------------------------------------------------------


def test_adult_holds_no_identifier_and_its_roles_are_sensible() -> None:
    seen = scan(datasets.adult())
    assert seen.found() == ()
    roles = {f.column: str(f.role) for f in seen.findings}
    quasi = {c for c, role in roles.items() if role == QUASI}
    assert quasi == {
        "age", "workclass", "education", "education-num", "marital-status", "occupation",
        "relationship", "race", "sex", "hours-per-week", "native-country",
    }  # fmt: skip
    assert {c for c, r in roles.items() if r == SENSITIVE} == {
        "capital-gain", "capital-loss", "income",
    }  # fmt: skip
    assert seen.schema().weight == "fnlwgt"


@pytest.mark.parametrize("dirty", [0.0, 0.05])
@pytest.mark.parametrize("n", [1, 30, 3000])
def test_roles_of_a_register_are_those_declared(n: int, dirty: float) -> None:
    seen = scan(datasets.residents(n, seed=8, dirty=dirty))
    declared = datasets.residents_schema()
    assert {f.column: f.role for f in seen.findings} == {c.name: c.role for c in declared.columns}
    assert seen.schema().household == "household_id"


def test_suggested_hierarchies_are_of_round_numbers_and_public_lists() -> None:
    table = {
        "birth_year": [1949, 1987, 2011],
        "income": [120.0, 80_000.0, 9_999.5],
        "age": [3, 44, 101],
        "sex": ["男", "女", "男"],
        "birth_date": [dt.date(1949, 12, 31)] * 3,
        "region_code": ["220102", "220103", "110105"],
        "town": ["Changchun", "Jilin", "Jilin"],
    }
    seen = scan(table)
    labels = {
        f.column: f.hierarchy.generalise(np.array(table[f.column], dtype=object), 1).tolist()
        for f in seen.findings
        if f.hierarchy is not None
    }
    assert labels == {
        "birth_year": ["[1945, 1950)", "[1985, 1990)", "[2010, 2015)"],
        "income": ["[0, 5000)", "[80000, 85000)", "[5000, 10000)"],
        "age": ["[0, 5)", "[40, 45)", "[100, 105)"],
        "sex": ["*"] * 3,
        "birth_date": ["1949-12"] * 3,
        "region_code": ["2201*", "2201*", "1101*"],
    }
    assert seen["sex"].categories == ("男", "女")


def test_a_proposed_schema_fits_the_table_it_was_proposed_for() -> None:
    people = datasets.residents(500, seed=2)
    scan(people).schema().check(people)
    adult = datasets.adult()
    scan(adult).schema().check(adult)


# --- Dirt and odd columns ----------------------------------------------------------------------


def test_one_id_among_a_hundred_others_is_found() -> None:
    finding = only([*["无"] * 60, *["不详"] * 39, ID])
    assert (finding.holds, finding.role, finding.in_cells) == ("resident-id", DIRECT, True)
    assert finding.valid_rate == 0.01
    assert finding.reason_en.endswith("in 1 record (99 placeholders not counted)")


def test_one_id_in_a_thousand_order_numbers_is_no_more_than_chance() -> None:
    rng = np.random.default_rng(4)
    orders = ["".join(map(str, row)) for row in rng.integers(0, 10, (1000, 18)).tolist()]
    assert not only([*orders, ID]).in_cells


@pytest.mark.parametrize(
    "cells",
    [
        [ID.translate({i: i + 0xFEE0 for i in range(0x21, 0x7F)})],
        ["110105 19491231 002X"],
        ["110105-19491231-002x"],
        [f"\u3000{ID.lower()}\t"],
        [f"'{ID}"],
        [f"\ufeff{ID}\u200b"],
        [ID, None, "", " "],
        [OTHER_ID, OTHER_ID],
    ],
    ids=["full-width", "blanks", "dashes", "lower-case", "apostrophe", "invisible", "missing",
         "twice"],
)  # fmt: skip
def test_an_id_is_found_whatever_its_dress(cells: list[str | None]) -> None:
    finding = only(cells)
    assert (finding.holds, finding.valid_rate) == ("resident-id", 1.0)


def test_ids_stored_as_whole_numbers_are_found() -> None:
    whole = [int(i) for i in ids(300) if i.isdigit()]
    assert only(whole).holds == "resident-id"
    assert only(pa.array([Decimal(i) for i in whole], pa.decimal128(38, 0))).holds == "resident-id"


def test_ids_in_floating_point_are_found_though_their_last_digits_are_lost() -> None:
    whole = [i for i in ids(300) if i.isdigit()]
    finding = only([float(i) for i in whole] + [None] * 5)
    assert (finding.role, finding.in_cells, finding.valid_rate) == (DIRECT, True, None)
    assert "read the column as text" in finding.reason_en
    # Orders of two years have the same form; a name that says so decides.
    orders = [float(i) for i in ids(300, first="2023-01-01", days=700) if i.isdigit()]
    assert not only(orders).in_cells
    assert scan({"id_number": orders}).found()
    random = np.random.default_rng(1).integers(10**17, 10**18, 500).astype(np.float64)
    assert not only(random).in_cells


def test_phone_numbers_with_a_left_over_point_are_found() -> None:
    assert only(["13800138000.0", "13912345678.0"]).holds == "mobile"
    assert only(pa.array([Decimal("13800138000.00")], pa.decimal128(20, 2))).holds == "mobile"
    assert only([13800138000.0, None, 13912345678.0]).holds == "mobile"


ODD: dict[str, pa.Array] = {
    "all missing": pa.nulls(3),
    "missing texts": pa.nulls(3, pa.string()),
    "empty texts": pa.array(["", " ", "\u3000"]),
    "NaN": pa.array([math.nan] * 3),
    "infinite": pa.array([math.inf, -math.inf, 1.0]),
    "huge": pa.array([1e308, -1e308, 1e18]),
    "boolean": pa.array([True, False, None]),
    "date": pa.array([dt.date(1949, 12, 31), dt.date(1020, 1, 1), None]),
    "timestamp": pa.array([dt.datetime(2020, 1, 1)] * 3, pa.timestamp("us", "Asia/Shanghai")),
    "time": pa.array([dt.time(13, 8)] * 3),
    "duration": pa.array([dt.timedelta(1)] * 3),
    "decimal": pa.array([Decimal("1.50")] * 3),
    "unsigned": pa.array([2**63 + 1, 1, 2], pa.uint64()),
    "binary": pa.array([b"\x00\xff", b"", None]),
    "list": pa.array([[1], [2], None]),
    "struct": pa.array([{"a": 1}, {"a": 2}, None]),
    "dictionary": pa.array(["a", "b", None]).dictionary_encode(),
    "dictionary of numbers": pa.array([1, 2, None]).dictionary_encode(),
}


@pytest.mark.parametrize("name", ODD)
def test_any_type_is_scanned_and_holds_no_identifier(name: str) -> None:
    table = pa.table({"x": ODD[name]})
    seen = scan(table)
    assert seen.found() == ()
    json.dumps(seen.to_dict(), allow_nan=False)
    seen.schema().check(table)


def test_a_column_that_is_missing_has_the_role_that_its_name_says() -> None:
    seen = scan({"mobile": [None, None], "x": [None, None]})
    assert [str(f.role) for f in seen.findings] == [DIRECT, "insensitive"]
    assert seen["x"].missing_rate == 1.0


def test_dictionary_columns_of_identifiers_are_read() -> None:
    assert only(pa.array([ID, OTHER_ID, None]).dictionary_encode()).holds == "resident-id"
    assert scan(pd.DataFrame({"x": pd.Categorical([ID, OTHER_ID])}))["x"].holds == "resident-id"


def test_a_table_without_rows_or_a_sample_without_rows_is_an_error() -> None:
    with pytest.raises(InputError, match="no rows"):
        scan(pa.table({"x": pa.array([], pa.string())}))
    with pytest.raises(InputError, match="below 1"):
        scan({"x": [1]}, sample=0)
    with pytest.raises(ColumnNotFoundError, match="agee"):
        scan({"age": [1]})["agee"]


# --- Releases ----------------------------------------------------------------------------------


def test_generalised_releases_raise_no_alarm() -> None:
    people = datasets.residents(2000, seed=3)
    schema = datasets.residents_schema()
    deepest = max(h.n_levels for h in schema.hierarchies.values())
    for level in range(1, deepest):
        release = {
            name: hierarchy.generalise(people[name].to_numpy(), min(level, hierarchy.n_levels - 1))
            for name, hierarchy in schema.hierarchies.items()
        }
        release["diagnosis"] = people["diagnosis"].to_numpy()
        seen = scan(pd.DataFrame(release), sample=None)
        assert [f.column for f in seen.found()] == []


@pytest.mark.parametrize(
    "labels",
    [
        ["[30, 40)", "[40, 50)", "*", None],
        ["[13000000000, 14000000000)", "[14000000000, 15000000000)", "*"],
        ["merged groups", "White", "*"],
        ["138****8000", "139****5678", "150****0000"],
        ["110105********002X", "440524********0014", "220102********1234"],
        ["110105", "1101**", "11****", "*"],
        ["91220100", "9122", "*"],
        ["1949-12", "1949", "1940–1949", "*"],
        ["王*", "李**", "*"],
        ["吉A*****", "京B*****", "*"],
        ["***@example.org", "a***@example.org"],
        ["汉族", "其他", "*"],
    ],
)
def test_labels_of_a_release_raise_no_alarm(labels: list[str | None]) -> None:
    assert not only(labels * 20).in_cells


def test_keyed_pseudonyms_raise_no_alarm() -> None:
    rng = np.random.default_rng(0)
    assert not only([rng.bytes(16).hex() for _ in range(3000)]).in_cells
    assert not only([rng.bytes(9).hex().upper() for _ in range(3000)]).in_cells


# --- What a scan tells -------------------------------------------------------------------------

CANARY, NUMBER = "canary金丝雀", 73_519_864
WITNESS = "13800138000"


@pytest.fixture(scope="module")
def planted() -> Scan:
    n = 200
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "note": [f"{CANARY} {i}，电话{WITNESS}" for i in range(n)],
            "id_number": ids(n),
            "mobile": [WITNESS] * n,
            "name": [f"王{CANARY}"] * n,
            "sex": [CANARY, "女"] * (n // 2),
            "ethnicity": ["汉族", CANARY] * (n // 2),
            "income": rng.integers(NUMBER - 1000, NUMBER + 1, n),
            "age": rng.integers(0, 99, n) + NUMBER,
            "score": [NUMBER + 0.125] * n,
            "zip": [str(NUMBER)] * n,
            "birth_date": ["1973-05-19"] * n,
            "seen": [dt.datetime(1973, 5, 19)] * n,
            "kind": [CANARY] * n,
        }
    )
    return scan(table)


def test_nothing_that_a_scan_tells_holds_a_cell(planted: Scan, tmp_path: Path) -> None:
    planted.schema().to_yaml(tmp_path / "schema.yaml")
    told = [
        repr(planted),
        planted._repr_html_(),
        str(planted.to_dict()),
        planted.frame().to_csv(),
        repr(planted.findings),
        (tmp_path / "schema.yaml").read_text("utf-8"),
        str(planted.schema().to_dict()),
        *(f"{f.hierarchy!r}{f.hierarchy and f.hierarchy.to_spec()}" for f in planted.findings),
    ]
    secrets = [CANARY, "金丝雀", WITNESS, str(NUMBER), "73519", "1973", "05-19", *ids(200)]
    for text in told:
        assert not [s for s in secrets if s in text]


def test_errors_hold_no_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError) as caught:
        scan(pd.DataFrame({"x": [CANARY, NUMBER, object()]}))
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_dict_has_every_field_and_is_json(planted: Scan) -> None:
    content = planted.to_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    fields = {f.name for f in dataclasses.fields(Finding)}
    for finding in content["findings"]:
        assert set(finding) == fields
    by_name = {f["column"]: f for f in content["findings"]}
    assert by_name["birth_date"]["hierarchy"] is not None
    assert (content["n_rows"], content["n_scanned"]) == (200, 200)


def test_frame_and_page_tell_the_same(planted: Scan) -> None:
    frame = planted.frame()
    assert frame["column"].tolist() == [f.column for f in planted.findings]
    page = planted._repr_html_()
    assert all(f.reason_zh in page and f.reason_en in page for f in planted.findings)
    odd = scan({"<script>": [1, 2]})._repr_html_()
    assert "<script>" not in odd


def test_the_proposed_schema_survives_yaml(planted: Scan, tmp_path: Path) -> None:
    for seen in (planted, scan(datasets.residents(300, seed=1)), scan(datasets.adult())):
        schema = seen.schema()
        schema.to_yaml(tmp_path / "schema.yaml")
        again = Schema.from_yaml(tmp_path / "schema.yaml")
        assert again.to_dict() == schema.to_dict()
        assert again.digest() == schema.digest()


# --- The sample --------------------------------------------------------------------------------


def rows_by_hand(n_rows: int, n: int) -> list[int]:
    step = round(n_rows * (5**0.5 - 1) / 2)
    while math.gcd(step, n_rows) > 1:
        step += 1
    return [i for i in range(n_rows) if (i + 1) * step % n_rows < n]


@pytest.mark.parametrize(("n_rows", "n"), [(10, 3), (97, 96), (5000, 1), (30_000, 4000)])
def test_the_sample_is_exact_and_spread(n_rows: int, n: int) -> None:
    from niming.risk.identifiers.scan import _spread

    rows = _spread(read({"i": range(n_rows)}), n).arrow()["i"].to_pylist()
    assert sorted(rows) == rows_by_hand(n_rows, n)
    assert len(rows) == n
    if n > 100:
        tenths = np.bincount(np.array(rows) * 10 // n_rows)
        assert tenths.min() > 0.95 * n / 10


def test_the_sample_depends_on_rows_alone(tmp_path: Path) -> None:
    n = 200_000
    rng = np.random.default_rng(6)
    table = pa.table({f"c{i}": rng.integers(0, 10**6, n) for i in range(20)})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=7000)
    answers = [scan(table, sample=20_000), scan(tmp_path / "t.parquet", sample=20_000)]
    connection = connect()
    before = connection.execute("SELECT current_setting('threads')").fetchone()
    try:
        for threads in (1, 4):
            connection.execute(f"SET GLOBAL threads = {threads}")
            answers.append(scan(tmp_path / "t.parquet", sample=20_000))
    finally:
        connection.execute(f"SET GLOBAL threads = {before[0]}")
    assert all(a == answers[0] for a in answers)
    assert (answers[0].n_rows, answers[0].n_scanned) == (n, 20_000)
    assert min(f.n_distinct for f in answers[0].findings) > 19_000


def test_a_sample_finds_what_the_table_holds() -> None:
    people = datasets.residents(6000, seed=4)
    some, everyone = scan(people, sample=1500), scan(people, sample=None)
    assert [f.role for f in some.findings] == [f.role for f in everyone.findings]
    assert [f.column for f in some.found()] == [f.column for f in everyone.found()]
    assert (some.n_scanned, everyone.n_scanned) == (1500, 6000)
