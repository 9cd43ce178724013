"""不详, N/A and other placeholders hide no identifier, and stay a value of a category."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from niming.risk.identifiers import Finding, scan
from niming.tables import datasets

PLACEHOLDERS = [
    "不详", "未知", "无", "暂无", "空", "待补充", "未填", "（空）", "[未知]", "-", "--", "/", "\\",
    "\\N",
    "N/A", "NA", "n/a", "#N/A", "null", "NULL", "(null)", "None", "none", "nan", "NaN", "?", "？",
    ".", "…", "0000", "00000000", "0000-00-00", "Unknown", "not available", " 不详\u3000",
]  # fmt: skip
VALUES = ["其他", "other", "0", "000", "O", "X", "无锡市", "空军", "未婚", "no", "*", "-1", "A/B"]


def ids(n: int) -> list[str]:
    """Return resident ids; their neighbours are not asked for."""
    return [str(i) for i in datasets.residents(n, seed=3)["id_number"]]


def only(values: object) -> Finding:
    return scan(pa.table({"x": values})).findings[0]


def test_placeholders_are_told_in_the_reason_and_are_no_nulls() -> None:
    cells = [*(f"{'HM'[i % 2]}{i + 10_000_000}" for i in range(300)), *["不详"] * 100]
    finding = only([*cells, None])
    assert finding.holds == "travel-permit"
    assert finding.missing_rate == round(1 / 401, 4)
    assert finding.valid_rate == 0.75
    assert finding.n_distinct == len(set(cells))
    assert "100 placeholders not counted" in finding.reason_en
    assert "未计 100 个占位值" in finding.reason_zh


@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_what_is_a_placeholder(value: str) -> None:
    cells = ids(5)
    assert "(1 placeholder not counted)" in only([*cells, value]).reason_en


@pytest.mark.parametrize("value", VALUES)
def test_what_is_none(value: str) -> None:
    cells = ids(5)
    assert "placeholder" not in only([*cells, value]).reason_en


@pytest.mark.parametrize(
    "cells",
    [
        ["男", "女", "不详"],
        ["有", "无"],
        ["轻", "中", "重", "未知"],
        ["yes", "no", "unknown", "N/A"],
        ["无"],
        ["-", "/"],
    ],
)
def test_a_category_keeps_its_placeholder(cells: list[str]) -> None:
    finding = only(cells * 100)
    assert (finding.role, finding.kind) == ("quasi-identifier", "categorical")
    assert f"few values ({len(cells)})" in finding.reason_en
    assert "placeholder" not in finding.reason_en
    assert finding.n_distinct == len(cells)


def test_rare_notes_among_placeholders_are_no_identifier_of_records() -> None:
    notes = [f"项目{i}" for i in range(60)]
    assert "few values (61)" in only([*notes, *["无"] * 340]).reason_en
    serials = [f"P{i:06}" for i in range(320)]
    assert "nearly unique" in only([*serials, *["无"] * 80]).reason_en


@pytest.mark.parametrize("column", ["birth_date", "region_code", "name", "id_number", "mobile"])
@pytest.mark.parametrize("header", ["x", None])
def test_a_schema_proposed_in_spite_of_placeholders_fits_its_table(
    column: str, header: str | None
) -> None:
    cells = datasets.residents(400, seed=2)[column].astype(str).to_numpy(dtype=object)
    cells[::6] = "不详"
    table = pd.DataFrame({header or column: cells})
    scan(table).schema().check(table)
    assert scan(table).findings[0].missing_rate == 0
