"""The words and odds from which `residents` are invented. None of them is an official figure."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DIAGNOSES",
    "DIAGNOSIS_AGES",
    "KOREAN_SURNAMES",
    "OCCUPATIONS",
    "Names",
    "Regions",
    "names",
    "regions",
    "streets",
]

OCCUPATIONS: tuple[tuple[str, float, float, float, float], ...] = (
    ("101", 0.5, 0.2, 0.4, 1.5),
    ("102", 1.0, 0.5, 0.4, 1.5),
    ("106", 2.5, 0.7, 0.4, 1.9),
    ("201", 1.2, 0.0, 0.8, 1.6),
    ("202", 5.5, 0.8, 0.4, 1.5),
    ("203", 0.3, 0.8, 0.8, 1.0),
    ("205", 3.5, 1.5, 2.4, 1.4),
    ("206", 3.5, 0.8, 2.0, 1.3),
    ("207", 0.8, 0.2, 1.1, 1.5),
    ("208", 5.0, 2.5, 2.0, 1.2),
    ("209", 0.7, 0.1, 1.1, 1.1),
    ("301", 9.0, 3.5, 1.0, 1.1),
    ("302", 2.0, 0.8, 0.1, 1.0),
    ("401", 16.0, 8.0, 1.5, 0.8),
    ("402", 6.5, 4.5, 0.2, 1.0),
    ("403", 6.5, 3.0, 1.5, 0.7),
    ("404", 2.5, 0.2, 0.6, 1.6),
    ("405", 2.0, 0.4, 1.2, 1.5),
    ("406", 2.5, 0.3, 1.1, 0.8),
    ("410", 4.5, 1.5, 1.9, 0.7),
    ("412", 2.0, 1.0, 0.1, 0.8),
    ("414", 1.2, 0.3, 2.5, 0.8),
    ("501", 1.0, 46.0, 0.9, 0.45),
    ("502", 0.4, 2.5, 0.5, 0.6),
    ("503", 0.3, 5.0, 0.7, 0.6),
    ("601", 0.8, 1.5, 0.8, 0.8),
    ("612", 1.2, 0.5, 1.3, 1.0),
    ("618", 4.0, 1.5, 0.3, 1.0),
    ("622", 5.0, 0.8, 0.3, 1.2),
    ("629", 6.0, 8.0, 0.1, 0.9),
    ("700", 0.3, 0.2, 0.1, 1.3),
    ("800", 1.5, 1.5, 1.0, 0.6),
)
"""Major and middle group, weight in a district, weight in a county, odds of women to men, income.

Codes are five digits in the manner of GB/T 6565-2015: one for the major group, two for the middle
group (as in the occupational classification of 2015), two for the minor group."""

DIAGNOSIS_AGES = (6, 18, 35, 50, 65, 80)
"""First year of life of the second and later age bands of `DIAGNOSES`."""

DIAGNOSES: tuple[tuple[str, tuple[float, ...], float, bool], ...] = (
    ("健康体检", (30, 24, 30, 26, 18, 14, 8), 1.0, False),
    ("上呼吸道感染", (38, 30, 16, 10, 7, 6, 6), 1.0, True),
    ("肺炎", (10, 4, 2, 2, 3, 5, 9), 1.0, True),
    ("哮喘", (4, 4, 2, 2, 2, 2, 2), 1.0, True),
    ("慢性阻塞性肺疾病", (0, 0, 0, 1, 3, 7, 9), 0.5, True),
    ("高血压", (0, 0, 2, 10, 20, 23, 21), 0.9, False),
    ("2型糖尿病", (0, 0, 1, 6, 12, 12, 9), 0.9, False),
    ("冠心病", (0, 0, 0, 2, 7, 11, 14), 0.7, False),
    ("脑卒中", (0, 0, 0, 1, 4, 8, 11), 0.8, False),
    ("胃炎", (2, 5, 11, 11, 7, 4, 3), 1.0, False),
    ("腰椎间盘突出", (0, 0, 7, 10, 7, 3, 2), 0.9, False),
    ("骨折", (3, 6, 4, 3, 3, 4, 6), 0.8, False),
    ("龋齿", (12, 18, 10, 6, 3, 2, 1), 1.0, False),
    ("妊娠", (0, 0.1, 11, 2, 0, 0, 0), float("inf"), False),
    ("抑郁症", (0, 2, 5, 4, 3, 2, 1), 1.8, False),
    ("慢性乙型肝炎", (0, 0.2, 2, 3, 2, 1, 0.5), 0.6, False),
    ("乳腺恶性肿瘤", (0, 0, 0.2, 1, 1.2, 0.8, 0.4), 60.0, False),
    ("肺恶性肿瘤", (0, 0, 0.05, 0.4, 1.5, 2, 1.5), 0.5, False),
    ("肺结核", (0.1, 0.3, 0.6, 0.5, 0.6, 0.8, 0.8), 0.5, True),
    ("HIV感染", (0.01, 0.02, 0.25, 0.2, 0.1, 0.05, 0.01), 0.2, False),
)
"""Name, weights by age band, odds of women to men, whether it is commoner in winter."""

KOREAN_SURNAMES: tuple[tuple[str, float], ...] = (
    ("金", 25), ("李", 17), ("朴", 12), ("崔", 9), ("郑", 5), ("姜", 4), ("赵", 4), ("尹", 3),
    ("张", 3), ("林", 3), ("韩", 3), ("吴", 2), ("申", 2), ("徐", 2), ("权", 2), ("黄", 2),
    ("安", 1), ("洪", 1),
)  # fmt: skip

_OWN_STREETS = ("人民", "解放", "建设", "新民", "光明", "和平", "同志", "工农", "胜利", "文化")


class Names(NamedTuple):
    """Pools of names: surnames with their odds, and given names of men and women."""

    surnames: tuple[str, ...]
    weights: NDArray[np.float64]
    male: tuple[str, ...]
    female: tuple[str, ...]


class Regions(NamedTuple):
    """The districts of Jilin (GB/T 2260, as of 2020) with rough weights that are no census.

    Attributes
    ----------
    code, city, district : ndarray of str
    city_of : ndarray of int, position of the city of each district
    weight : ndarray of float, sums to 1
    urban : ndarray of bool, districts of a city rather than counties
    """

    code: NDArray[np.object_]
    city: NDArray[np.object_]
    district: NDArray[np.object_]
    city_of: NDArray[np.int64]
    weight: NDArray[np.float64]
    urban: NDArray[np.bool_]


@cache
def names() -> Names:
    """Return the pools of names of Faker's Chinese provider."""
    from faker.providers.person.zh_CN import Provider

    odds = dict(Provider.last_names)
    weights = np.array(list(odds.values()), dtype=float)
    male, female = tuple(Provider.first_names_male), tuple(Provider.first_names_female)
    return Names(tuple(odds), weights / weights.sum(), male, female)


@cache
def streets() -> tuple[str, ...]:
    """Return names of streets: after cities, as many Chinese streets are, and a few of our own."""
    from faker.providers.address.zh_CN import Provider

    stems = list(dict.fromkeys((*_OWN_STREETS, *Provider.cities)))
    return tuple(stem + suffix for stem in stems for suffix in Provider.street_suffixes)


@cache
def regions() -> Regions:
    """Return the districts in ``jilin.csv``."""
    text = (Path(__file__).parent / "jilin.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    code, city, district = (
        np.array([row[key] for row in rows], dtype=object) for key in ("code", "city", "district")
    )
    weight = np.array([float(row["weight"]) for row in rows])
    number = code.astype(np.int64)
    _, city_of = np.unique(number // 100, return_inverse=True)
    return Regions(code, city, district, city_of, weight / weight.sum(), number % 100 < 21)
