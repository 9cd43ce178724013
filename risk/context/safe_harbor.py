"""Safe harbour: do ages, dates and areas say more of a person than HIPAA's list of 18 allows?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from niming.errors import InputError
from niming.measure import Measure, Result
from niming.tables import SUPPRESSED, Source, count, read, texts
from niming.tables.hierarchy import ROOT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from niming.tables import Table

__all__ = ["SafeHarbor", "safe_harbor"]

COUNTRY = 1_411_778_724
"""People of mainland China (census 2020): where a release tells no area, this is the area."""

PROVINCE = 683_100
"""People of the smallest area with a code of two digits, Macau (census 2021, less its last digits);
every other has more."""

_BAND = re.compile(r"^[\[(]\s*(\d+(?:\.\d+)?)\s*,\s*(\d+(?:\.\d+)?|inf|∞)\s*[)\]]$")
_OPEN = re.compile(
    r"^(?:>=|≥|⩾)\s*(\d+)$|^(\d+)\s*(?:\+|岁?及?以上|岁以上|and (?:over|older|above))$"
)
_RANGE = re.compile(r"^(\d+)\s*[-–~至]\s*(\d+)\s*岁?$")
_AGE = re.compile(r"^(\d+)(?:\.\d+)?\s*岁?$")
_YEAR = re.compile(r"^\s*(\d{4})(?:年|s)?\s*$|^\s*\d{4}\s*[-–~至]\s*\d{4}\s*$|^[\[(].*[)\]]$")
_PROVINCES = frozenset(
    str(code)
    for code in (
        *range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55),
        *range(61, 66), 71, 81, 82,
    )
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class SafeHarbor(Result):
    """What ages, dates and areas tell, made by `safe_harbor`.

    Parameters
    ----------
    ages, dates, areas : tuple of str
        The columns that were looked at.
    highest_age : int or None
        Highest age that is told apart; 0 if no age is released. A last label such as
        ``[90, 120)`` tells "90 and over", so 89 is the highest then.
    n_date_columns : int
        Columns of dates of which a value is finer than a year.
    smallest_area : int or None
        People in the smallest area that the release names.
    reasons : dict of str to str
        Why a number is None, by its name.
    """

    ages: tuple[str, ...]
    dates: tuple[str, ...]
    areas: tuple[str, ...]
    highest_age: int | None
    n_date_columns: int
    smallest_area: int | None
    reasons: Mapping[str, str]

    def measures(self) -> tuple[Measure, ...]:
        """Return the highest age told apart, the columns of dates, and the smallest area."""
        many = len(self.dates)
        return (
            Measure(
                "safe_harbor.highest_age", self.highest_age, "years", (0, math.inf),
                "lower-is-safer", "highest age that is told apart; a last open band is one less",
                "45 CFR 164.514(b)(2)(i)(C)", self.reasons.get("highest_age", ""),
            ),
            Measure(
                "safe_harbor.n_date_columns", self.n_date_columns, "columns", (0, many),
                "lower-is-safer", "columns of dates in which something finer than a year stands",
                "45 CFR 164.514(b)(2)(i)(C)",
            ),
            Measure(
                "safe_harbor.smallest_area", self.smallest_area, "people", (0, math.inf),
                "higher-is-safer",
                "people in the smallest area named; those of the country if none is",
                "45 CFR 164.514(b)(2)(i)(B), for region codes (GB/T 2260)",
                self.reasons.get("smallest_area", ""),
            ),
        )  # fmt: skip

    def plot(self) -> Figure:
        """Say the three numbers in words: there is no shape to draw.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import said

        return said(
            f"highest age told apart: {self.highest_age}; columns of dates finer than a year: "
            f"{self.n_date_columns}; people in the smallest area named: {self.smallest_area}"
        )


def safe_harbor(
    source: Source,
    *,
    ages: Sequence[str] | None = None,
    dates: Sequence[str] | None = None,
    areas: Sequence[str] | None = None,
    populations: Mapping[str, int] | None = None,
    top_coded: Sequence[str] = (),
) -> SafeHarbor:
    """Measure what ages, dates and areas tell, as HIPAA's safe harbour asks.

    The other identifiers of its list are numbers and names, which `niming.risk.identifiers` finds.

    Parameters
    ----------
    source : table
        Anything that `niming.read` takes.
    ages, dates, areas : sequence of str, optional
        Columns; those whose names say so if not given.
    populations : mapping of str to int, optional
        People who live in an area, by region code (``"220104"``, ``"2201"``) or by its name as
        released. It is public knowledge and is never read from the table.
    top_coded : sequence of str
        Age columns whose last value stands for "and over".

    Returns
    -------
    SafeHarbor
        `highest_age`, `n_date_columns`, `smallest_area`.

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have.
    InputError
        A population that is no whole number.

    Notes
    -----
    Missing and suppressed cells tell nothing and are left out. Age labels are numbers, bands
    ``[30, 40)``, ranges ``30-39`` and ``90+``; where others stand, `highest_age` is None, never 0.
    An age of 90 by itself is told apart, unless its column is in `top_coded`.

    The analogue of the ZIP code is the region code: cut to a province it names enough people; a
    longer code needs its population. Where one is not given `smallest_area` is None. The law's
    20,000 people are of ZIP codes in the United States; a policy may ask for more.

    References
    ----------
    45 CFR 164.514(b)(2)(i). Census of China 2020; Macau 2021.

    Examples
    --------
    >>> table = {"age": ["[80, 90)", "[90, 120)"], "region code": ["2201*", "22*"],
    ...          "birth date": ["1931", "1940-05"]}
    >>> safe_harbor(table, populations={"2201": 9_066_906})
    SafeHarbor(highest_age=89, n_date_columns=1, smallest_area=683100)
    """
    people = dict(populations or {})
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in people.values()):
        raise InputError(
            "populations are whole numbers of people", hint='such as {"220104": 750_000}'
        )
    table = read(source)
    by_age, by_date, by_area = _columns(table)
    by_age = by_age if ages is None else tuple(ages)
    by_date = by_date if dates is None else tuple(dates)
    by_area = by_area if areas is None else tuple(areas)
    table.require([*by_age, *by_date, *by_area, *top_coded], asked_by="safe_harbor")
    reasons: dict[str, str] = {}
    highest: int | None = 0
    for column in by_age:
        found = _highest(_labels(table, column), column in top_coded)
        highest = None if found is None or highest is None else max(highest, found)
        if found is None:
            reasons["highest_age"] = f"labels of {column!r} are not read as ages"
    fine = [c for c in by_date if not all(_YEAR.match(v) for v in _labels(table, c))]
    smallest: int | None = COUNTRY
    for column in by_area:
        known = [_population(label, people) for label in _labels(table, column)]
        unknown = known.count(None)
        if unknown:
            reasons["smallest_area"] = (
                f"no population is given for {unknown} areas of {column!r}: list them in the "
                "policy's populations"
            )
            smallest = None
        elif smallest is not None:
            smallest = min([smallest, *(n for n in known if n is not None)])
    return SafeHarbor(by_age, by_date, by_area, highest, len(fine), smallest, reasons)


def _columns(table: Table) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the columns whose names say that they hold ages, dates or areas."""
    from niming.risk.identifiers.headers import header

    named = {c: h for c in table.columns if (h := header(c)) is not None}
    of_dates = ("date of birth", "date of an event")
    of_areas = ("region code", "postcode", "place")
    return (
        tuple(c for c, h in named.items() if h.age),
        tuple(c for c, h in named.items() if h.en in of_dates),
        tuple(c for c, h in named.items() if h.en in of_areas),
    )


def _labels(table: Table, column: str) -> list[str]:
    """Return the distinct labels of a column as text, those that tell nothing left out."""
    counts = count(table, [column])
    codes = counts.codes[:, 0]
    assert SUPPRESSED < 0
    found = texts(counts.categories[0][codes[codes >= 0]])
    return [str(v).strip() for v in found if str(v).strip() not in ("", ROOT)]


def _highest(labels: Iterable[str], top_coded: bool) -> int | None:
    """Return the highest age that these labels tell apart, 0 for none, None where unreadable."""
    last: tuple[int, bool] = (0, False)
    for label in labels:
        begin, is_open = _begin(label)
        if begin is None:
            return None
        last = max(last, (begin, not is_open))
    begin, single = last
    return begin if single and not top_coded else max(begin - 1, 0)


def _begin(label: str) -> tuple[int | None, bool]:
    """Return where a label begins, and whether it stands for more than one age."""
    if found := _AGE.match(label):
        return int(found[1]), False
    if found := _OPEN.match(label):
        return int(found[1] or found[2]), True
    if found := _BAND.match(label):
        lower, upper = float(found[1]), float(found[2].replace("∞", "inf"))
        return math.ceil(lower), upper - lower > 1
    if found := _RANGE.match(label):
        return int(found[1]), int(found[2]) > int(found[1])
    return None, False


def _population(label: str, people: Mapping[str, int]) -> int | None:
    """Return how many people live in the area of a label, or None where nobody said."""
    code = label.removesuffix(ROOT)
    digits = code.isdigit() and len(code) in (2, 4, 6)
    while digits and len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    for key in (label, code, code.ljust(6, "0") if digits else code):
        if key in people:
            return people[key]
    return PROVINCE if code in _PROVINCES else None
