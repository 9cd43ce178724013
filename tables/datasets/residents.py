"""`residents`: an invented register of a Chinese province, nobody of whom exists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.tables import identifiers
from niming.tables.datasets import vocabulary
from niming.tables.datasets.households import CHILD, GRANDCHILD, PARENT, SPOUSE, households
from niming.tables.schema import Schema

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from niming.tables.datasets.households import Households

__all__ = ["residents", "residents_schema"]

_TODAY = np.datetime64("2026-01-01")  # of the register: fixed, so that a seed gives one table
_FIRST_VISIT = np.datetime64("2025-01-01")
_HIGHEST_INCOME = 999_900
_PEOPLE_A_FIRM = 40

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def residents(
    n: int, seed: int | np.random.Generator | None = 0, *, dirty: float = 0.0
) -> pd.DataFrame:
    """Invent a register of n people of Jilin province and one visit of each to a hospital.

    Parameters
    ----------
    n : int, at least 1
    seed : int, Generator or None, default 0
        Same seed, same table. None draws one from the operating system.
    dirty : float in [0, 1], default 0
        Share of the cells of each column that careless entry has damaged (`dirt.soil`).

    Returns
    -------
    DataFrame of shape (n, 14)
        name, id_number (18 characters; its region, date of birth, sex and check character agree
        with the other columns), mobile, address, region_code (GB/T 2260), birth_date, sex,
        ethnicity (GB/T 3304), occupation_code (in the manner of GB/T 6565), household_id,
        employer_credit_code (GB 32100), diagnosis, income (yuan a year, before tax),
        visit_date (in 2025). Missing: the mobile of small children and many of the old, the
        occupation and employer of who does not work for one, the income of children.

    Raises
    ------
    InputError
        n below 1, or a rate outside [0, 1].

    Notes
    -----
    Columns depend on each other as they would: a household shares address and, down the male
    line, surname; names go by sex and generation; occupation goes by age, sex and whether the
    region is a city's; income by occupation, age, sex and city; diagnosis by age and sex; visits
    for diseases of the airways come in winter; employers are near. Odds are plausible and are no
    official statistics. Rows stand household by household.

    The people do not exist. A number may still be somebody's: 11 digits of a mobile number or a
    valid id are soon hit by chance.

    Examples
    --------
    >>> people = residents(1000, seed=1)
    >>> people.shape, people["id_number"].is_unique
    ((1000, 14), True)
    >>> (people["id_number"].str[:6] == people["region_code"]).all()
    np.True_
    """
    if n < 1:
        raise InputError("a register needs at least one person", hint="residents(1000)")
    rng = np.random.default_rng(seed)
    people = households(n, rng=rng)
    regions = vocabulary.regions()
    n_households = int(people.household[-1]) + 1
    home = rng.choice(len(regions.code), size=n_households, p=regions.weight)
    region = home[people.household]
    birth = _TODAY - np.ceil(people.age * 365.2425).astype("timedelta64[D]")
    ethnicity = _ethnicities(people, region, rng)
    occupation = _occupations(people, region, rng)
    columns = {
        "name": _names(people, ethnicity == "朝鲜族", rng),
        "id_number": _id_numbers(region, birth, people.male, rng),
        "mobile": _mobiles(people.age, rng),
        "address": _addresses(people.household, home, rng),
        "region_code": regions.code[region],
        "birth_date": birth.astype("datetime64[s]"),
        "sex": np.where(people.male, "男", "女").astype(object),
        "ethnicity": ethnicity,
        "occupation_code": occupation,
        "household_id": _household_ids(people.household, rng),
        "employer_credit_code": _employers(occupation, region, rng),
    }
    diagnosis, wintry = _diagnoses(people, rng)
    columns["diagnosis"] = diagnosis
    columns["income"] = _incomes(people, occupation, region, rng)
    columns["visit_date"] = _visits(wintry, birth, rng).astype("datetime64[s]")
    import pandas as pd

    table = pd.DataFrame(columns)
    if dirty:
        from niming.tables.datasets.dirt import soil

        return soil(table, dirty, rng=rng)
    return table


def residents_schema() -> Schema:
    """Return the roles and hierarchies of `residents`.

    Returns
    -------
    Schema

    Examples
    --------
    >>> residents_schema().household
    'household_id'
    """
    return Schema.from_yaml(Path(__file__).parent / "residents.yaml")


def _take(pool: Sequence[str] | NDArray[np.object_], at: NDArray[np.integer]) -> pa.Array:
    """Return the texts of `pool` at the positions `at`."""
    import pyarrow as pa

    return pa.array(pool, pa.string()).take(pa.array(at))


def _join(*parts: pa.Array | str) -> NDArray[np.object_]:
    """Join texts row by row."""
    import pyarrow.compute as pc

    joined = pc.binary_join_element_wise(*parts, "")
    return _objects(joined)


def _objects(texts: pa.Array) -> NDArray[np.object_]:
    out: NDArray[np.object_] = texts.to_numpy(zero_copy_only=False)
    return out


def _numbers(values: Integers) -> pa.Array:
    """Return whole numbers as text."""
    import pyarrow as pa

    return pa.array(values).cast(pa.string())


def _draw(weights: Floats, group: NDArray[np.integer], rng: np.random.Generator) -> Integers:
    """Draw a position for each row by the weights of its group, shape (n_groups, n_positions)."""
    out = np.empty(len(group), dtype=np.int64)
    for g, w in enumerate(weights):
        rows = np.flatnonzero(group == g)
        out[rows] = rng.choice(len(w), size=len(rows), p=w / w.sum())
    return out


def _ethnicities(
    people: Households, region: Integers, rng: np.random.Generator
) -> NDArray[np.object_]:
    """Draw an ethnicity a household, and another for some spouses and their parents-in-law."""
    pool = np.array(["汉族", "朝鲜族", "满族", "蒙古族", "回族", "锡伯族"], dtype=object)
    usual = np.array([0.915, 0.015, 0.042, 0.018, 0.009, 0.001])
    korean = np.array([0.64, 0.32, 0.03, 0.004, 0.005, 0.001])
    mongol = np.array([0.88, 0.006, 0.03, 0.077, 0.006, 0.001])
    manchu = np.array([0.80, 0.008, 0.18, 0.006, 0.005, 0.001])
    codes = vocabulary.regions().code.astype(np.int64)
    kind = np.zeros(len(codes), dtype=np.int64)
    kind[(codes // 100 == 2224) | (codes == 220623)] = 1
    kind[(codes // 100 == 2208) | (codes == 220721)] = 2
    kind[codes == 220323] = 3
    own = _draw(np.array([usual, korean, mongol, manchu]), kind[region], rng)
    other = ((people.relation == SPOUSE) | (people.relation == PARENT)) & (
        rng.random(len(own)) < 0.12
    )
    return pool[np.where(other, own, own[people.head])]


def _names(people: Households, korean: Mask, rng: np.random.Generator) -> NDArray[np.object_]:
    """Draw surnames down the male line and given names by sex and generation."""
    names = vocabulary.names()
    n = len(people.age)
    extra = [s for s, _ in vocabulary.KOREAN_SURNAMES if s not in names.surnames]
    surnames = [*names.surnames, *extra]
    usual = np.r_[names.weights, np.zeros(len(extra))]
    rare = np.zeros(len(surnames))
    for surname, weight in vocabulary.KOREAN_SURNAMES:
        rare[surnames.index(surname)] = weight
    own = _draw(np.array([usual, rare]), korean.astype(np.int64), rng)
    child = (people.relation == CHILD) | (people.relation == GRANDCHILD)
    father = (people.relation == PARENT) & people.male
    family = np.where(child, own[people.namesake], np.where(father, own[people.head], own))

    given = np.empty(n, dtype=object)
    old = people.age >= 55
    for male, pool in ((True, names.male), (False, names.female)):
        rows = np.flatnonzero(people.male == male)
        single = [w for w in pool if len(w) == 1]
        double = [w for w in pool if len(w) == 2]
        pairs = [a + b for a in single for b in single]
        words = [*double, *single, *pairs]
        parts = (len(double), len(single), len(pairs))
        elder = np.repeat(np.array([0.65, 0.25, 0.10]) / parts, parts)
        later = np.repeat(np.array([0.06, 0.22, 0.72]) / parts, parts)
        at = _draw(np.array([later, elder]), old[rows].astype(np.int64), rng)
        given[rows] = np.array(words, dtype=object)[at]
    import pyarrow as pa

    return _join(_take(surnames, family), pa.array(given))


def _id_numbers(
    region: Integers, birth: NDArray[np.datetime64], male: Mask, rng: np.random.Generator
) -> NDArray[np.object_]:
    prefix = identifiers.characters(vocabulary.regions().code, 6)[region]
    return identifiers.strings(identifiers.resident_ids(prefix, birth, male, rng=rng))


def _mobiles(age: Floats, rng: np.random.Generator) -> NDArray[np.object_]:
    """Draw numbers, all different; children and some of the old have none."""
    odds = np.interp(age, [7, 14, 65, 90], [0.0, 0.97, 0.97, 0.45])
    has = rng.random(len(age)) < odds
    out = np.full(len(age), None, dtype=object)
    out[has] = identifiers.strings(identifiers.mobiles(int(has.sum()), rng=rng))
    return out


def _addresses(
    household: Integers, home: Integers, rng: np.random.Generator
) -> NDArray[np.object_]:
    """Draw an address a household."""
    regions, streets = vocabulary.regions(), vocabulary.streets()
    n = len(home)
    place = np.array(
        [f"吉林省{c}{d}" for c, d in zip(regions.city, regions.district, strict=True)], dtype=object
    )
    street = rng.integers(0, len(streets), n)
    door = rng.integers(1, 400, n)
    block = rng.integers(1, 25, n)
    unit = rng.integers(1, 6, n)
    room = rng.integers(1, 19, n) * 100 + rng.integers(1, 5, n)
    flats = _join(
        _take(place, home), _take(streets, street), _numbers(door), "号", _numbers(block), "栋",
        _numbers(unit), "单元", _numbers(room), "室",
    )  # fmt: skip
    return flats[household]


def _household_ids(household: Integers, rng: np.random.Generator) -> NDArray[np.object_]:
    """Number the households in an order that tells nothing."""
    n = int(household[-1]) + 1
    serial = rng.choice(10**9, size=n, replace=False)
    ids = np.char.add("H", np.char.zfill(serial.astype(str), 9)).astype(object)
    return ids[household]


def _occupations(
    people: Households, region: Integers, rng: np.random.Generator
) -> NDArray[np.object_]:
    """Draw a code of five digits for who works, by sex and place; None for who does not."""
    table = vocabulary.OCCUPATIONS
    middle = [row[0] for row in table]
    urban, rural, women = (np.array([row[j] for row in table]) for j in (1, 2, 3))
    weights = np.array([rural, rural * women, urban, urban * women])
    group = 2 * vocabulary.regions().urban[region] + ~people.male
    code = _draw(weights, group, rng)
    works = np.where(
        people.male,
        np.interp(
            people.age, [15, 16, 23, 30, 55, 61, 70, 80], [0, 0.1, 0.6, 0.9, 0.85, 0.3, 0.2, 0]
        ),
        np.interp(
            people.age, [15, 16, 23, 30, 49, 56, 70, 80], [0, 0.1, 0.6, 0.8, 0.78, 0.2, 0.1, 0]
        ),
    )
    minor = rng.integers(1, 4, len(code))
    codes = np.array([f"{m}{j:02}" for m in middle for j in range(1, 4)], dtype=object)
    out: NDArray[np.object_] = codes[code * 3 + minor - 1]
    out[rng.random(len(code)) >= works] = None
    return out


def _major(occupation: NDArray[np.object_]) -> Integers:
    """Return the position of each occupation in the vocabulary, -1 for none."""
    at = {row[0]: i for i, row in enumerate(vocabulary.OCCUPATIONS)}
    distinct = {code: -1 if code is None else at[code[:3]] for code in set(occupation.tolist())}
    return np.fromiter(
        (distinct[code] for code in occupation.tolist()), dtype=np.int64, count=len(occupation)
    )


def _employers(
    occupation: NDArray[np.object_], region: Integers, rng: np.random.Generator
) -> NDArray[np.object_]:
    """Draw employers within the city of who works for one; a few are large, most are small."""
    regions = vocabulary.regions()
    n_cities = int(regions.city_of.max()) + 1
    n_firms = max(n_cities, len(region) // _PEOPLE_A_FIRM)
    seat = rng.choice(len(regions.code), size=n_firms, p=regions.weight)
    seat[:n_cities] = [int(np.flatnonzero(regions.city_of == c)[0]) for c in range(n_cities)]
    seat = seat[np.argsort(regions.city_of[seat], kind="stable")]
    size = np.bincount(regions.city_of[seat], minlength=n_cities)
    start = np.cumsum(size) - size
    codes = identifiers.strings(
        identifiers.credit_codes(identifiers.characters(regions.code, 6)[seat], rng=rng)
    )
    city = regions.city_of[region]
    firm = start[city] + (size[city] * rng.random(len(region)) ** 2.5).astype(np.int64)
    out: NDArray[np.object_] = codes[firm]
    major = _major(occupation)
    farmer = np.array([row[0][0] == "5" for row in vocabulary.OCCUPATIONS])
    alone = rng.random(len(region)) < np.where(farmer[major], 0.95, 0.12)
    out[(major < 0) | alone] = None
    return out


def _diagnoses(people: Households, rng: np.random.Generator) -> tuple[NDArray[np.object_], Mask]:
    """Draw diagnoses by age and sex; also return which are commoner in winter."""
    table = vocabulary.DIAGNOSES
    men = np.array([row[1] for row in table]).T
    odds = np.array([row[2] for row in table])
    only_women = np.isinf(odds)
    women = men * np.where(only_women, 1.0, odds)
    men = np.where(only_women, 0.0, men)
    # Odds of women to men far from 1 speak of a rare disease of men: their weight is the women's.
    men = np.where(odds > 10, men / np.where(only_women, 1.0, odds), men)
    women = np.where((odds > 10) & ~only_women, women / odds, women)
    band = np.searchsorted(vocabulary.DIAGNOSIS_AGES, people.age, side="right")
    weights = np.concatenate([women, men])
    at = _draw(weights, band + len(women) * people.male, rng)
    names = np.array([row[0] for row in table], dtype=object)
    wintry = np.array([row[3] for row in table])
    return names[at], wintry[at]


def _incomes(
    people: Households,
    occupation: NDArray[np.object_],
    region: Integers,
    rng: np.random.Generator,
) -> Floats:
    """Draw yuan a year, whole hundreds: wages, pensions, next to nothing, NaN for children."""
    regions = vocabulary.regions()
    n = len(region)
    code = regions.code[region].astype(np.int64)
    level = np.where(code // 100 == 2201, 1.2, 1.0) * np.where(regions.urban[region], 1.1, 0.9)
    skill = np.array([row[4] for row in vocabulary.OCCUPATIONS])[_major(occupation)]
    career = np.interp(people.age, [18, 25, 45, 55, 75], [0.6, 0.8, 1.1, 1.05, 0.7])
    noise = np.exp(0.42 * rng.standard_normal(n))
    wage = 58_000 * level * skill * career * np.where(people.male, 1.07, 0.92) * noise
    pension = np.where(regions.urban[region], 34_000, 9_000) * level * noise
    little = np.where(rng.random(n) < 0.6, 0.0, 6_000 * noise)
    works = np.array([code is not None for code in occupation.tolist()], dtype=np.bool_)
    retired = people.age >= np.where(people.male, 60, 55)
    income = np.select([works & ~retired, works & retired, retired], [wage, pension + wage / 3,
                       pension], little)  # fmt: skip
    income = np.minimum(np.round(income / 100) * 100, _HIGHEST_INCOME)
    return np.where(people.age < 16, np.nan, income)


def _visits(
    wintry: Mask, birth: NDArray[np.datetime64], rng: np.random.Generator
) -> NDArray[np.datetime64]:
    """Draw days of 2025 since birth: fewer on Sundays, diseases of the airways in winter."""
    days = _FIRST_VISIT + np.arange(365)
    weekday = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    usual = np.where(weekday == 6, 0.35, np.where(weekday == 5, 0.7, 1.0))
    winter = usual * (1.25 + np.cos(2 * np.pi * (np.arange(365) - 15) / 365))
    at = _draw(np.array([usual, winter]), wintry.astype(np.int64), rng)
    life = (_TODAY - birth).astype(np.int64)
    since = birth + (life * rng.random(len(at))).astype(np.int64)
    return np.where(days[at] < birth, since, days[at])
