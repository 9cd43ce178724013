"""Safe harbour: ages over 89, dates finer than a year, areas of too few people."""

from __future__ import annotations

import pytest

from niming.errors import ColumnNotFoundError, InputError
from niming.risk.context.safe_harbor import COUNTRY, PROVINCE, safe_harbor


@pytest.mark.parametrize(
    ("labels", "highest"),
    [
        ([34, 88, 97], 97),
        ([34, 89], 89),
        ([34, 90], 90),
        (["34", "90+"], 89),
        (["34岁", "90岁及以上"], 89),
        (["≥90", "[80, 90)"], 89),
        (["[85, 95)", "[95, 120)"], 94),
        (["[89, 90)", "[90, 91)"], 90),
        (["80-89", "90-120"], 89),
        (["*", None], 0),
        (["old"], None),
        ([34.0, 97.0], 97),
    ],
)
def test_the_highest_age_told_apart(labels: list[object], highest: int | None) -> None:
    result = safe_harbor({"age": labels})
    assert result.highest_age == highest
    told = {m.name: m for m in result.measures()}["safe_harbor.highest_age"]
    assert (told.value is None) == bool(told.reason)
    assert "old" not in told.reason


def test_a_top_coded_number_stands_for_and_over() -> None:
    assert safe_harbor({"age": [34, 90]}, top_coded=["age"]).highest_age == 89


@pytest.mark.parametrize(
    ("labels", "n"),
    [
        (["1987", "1990"], 0),
        (["1987-05", "1990"], 1),
        (["1987-05-06"], 1),
        (["1987年5月"], 1),
        (["1987年", "[1980, 1990)", "1980-1989", "*"], 0),
        ([None], 0),
    ],
)
def test_dates(labels: list[object], n: int) -> None:
    assert safe_harbor({"birth date": labels}).n_date_columns == n


@pytest.mark.parametrize(
    ("labels", "people", "smallest"),
    [
        (["22*", "110000"], {}, PROVINCE),
        (["*"], {}, COUNTRY),
        (["220104"], {}, None),
        (["220104", "22*"], {"220104": 750_000}, PROVINCE),
        (["2201*", "220100"], {"220100": 9_066_906}, 9_066_906),
        (["220104"], {"220104": 19_000}, 19_000),
    ],
)
def test_areas(labels: list[str], people: dict[str, int], smallest: int | None) -> None:
    result = safe_harbor({"region code": labels}, populations=people)
    assert result.smallest_area == smallest
    told = {m.name: m for m in result.measures()}["safe_harbor.smallest_area"]
    assert (told.value is None) == bool(told.reason)
    assert not told.reason or "220104" not in told.reason


def test_a_table_without_such_columns_tells_no_age_and_the_country() -> None:
    result = safe_harbor({"x": [1, 2]})
    assert (result.highest_age, result.n_date_columns, result.smallest_area) == (0, 0, COUNTRY)
    assert result.plot()


def test_wrong_calls() -> None:
    with pytest.raises(ColumnNotFoundError):
        safe_harbor({"x": [1]}, ages=["y"])
    with pytest.raises(InputError, match="whole numbers of people"):
        safe_harbor({"x": [1]}, populations={"22": 1.5})  # type: ignore[dict-item]
