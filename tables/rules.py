"""How values climb: four of the rules under `Hierarchy`, each a frozen description of a tree.

The fifth, a code list that ships, stands in `niming.tables.codelists`.

A rule sees distinct values as canonical text, never missing ones, and says for each level which
label a value gets and which share of the hierarchy's domain has that label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import HierarchyError
from niming.measure import JSON

__all__ = ["ROOT", "Climb", "Dates", "Intervals", "Language", "Prefixes", "Rows", "Rule", "Texts"]

ROOT = "*"
"""The label that says nothing: the top of a tree, and a suppressed cell."""

Language: TypeAlias = Literal["zh", "en"]
Texts: TypeAlias = NDArray[np.object_]


class Climb(NamedTuple):
    """What becomes of each value on the way up.

    Attributes
    ----------
    labels : tuple of ndarray of str
        One array a level; entry i is the label of value i. Meaningless where `lacking`.
    share : ndarray of shape (n_levels, n_values), float64
        Share of the hierarchy's domain that has the label.
    lacking : ndarray of shape (n_values,), bool
        Values that the rule does not know.
    """

    labels: tuple[Texts, ...]
    share: NDArray[np.float64]
    lacking: NDArray[np.bool_]


class Rule(Protocol):
    """A tree over the values of one column."""

    @property
    def n_levels(self) -> int:
        """Levels, counting level 0 (the value itself) and the top."""

    @property
    def rooted(self) -> bool:
        """Whether the top level is the single label ``*``."""

    @property
    def domain(self) -> Sequence[str] | None:
        """All values that the rule knows; None where they are no finite list."""

    def climb(self, texts: Texts) -> Climb:
        """Return the labels and shares of distinct canonical texts."""

    def explain(self, level: int, lang: Language) -> str:
        """Say in a few words what a value looks like between level 0 and the top."""

    def spec(self) -> dict[str, JSON]:
        """Return the rule as JSON-safe data."""


@dataclass(frozen=True)
class Rows:
    """A table of values and their labels: the tree written out.

    Parameters
    ----------
    rows : tuple of tuple of str
        One row a value: the value, then its label at each level up.
    """

    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if not self.rows:
            raise HierarchyError("the hierarchy has no rows", hint="give one row a value")
        lengths = {len(r) for r in self.rows}
        if len(lengths) > 1:
            common = max(lengths, key=lambda n: sum(len(r) == n for r in self.rows))
            odd = sum(len(r) != common for r in self.rows)
            raise HierarchyError(
                f"{odd} of {len(self.rows)} rows of the hierarchy do not have {common} levels",
                hint="every row names the value and its label at every level",
            )
        if not self.rows[0]:
            raise HierarchyError(
                "the rows of the hierarchy are empty",
                hint="a row is the value, then its label at every level",
            )
        repeated = len(self.rows) - len({r[0] for r in self.rows})
        if repeated:
            raise HierarchyError(
                f"{repeated} values stand in the hierarchy more than once",
                hint="keep one row a value",
            )
        for level in range(self.n_levels - 1):
            parents: dict[str, set[str]] = {}
            for row in self.rows:
                parents.setdefault(row[level], set()).add(row[level + 1])
            torn = sum(len(p) > 1 for p in parents.values())
            if torn:
                raise HierarchyError(
                    f"the hierarchy is not a tree: {torn} labels of level {level} have more than "
                    f"one label at level {level + 1}",
                    hint="values that are equal at one level must stay equal above it",
                )

    @property
    def n_levels(self) -> int:
        return len(self.rows[0])

    @property
    def rooted(self) -> bool:
        return self.n_levels > 1 and all(r[-1] == ROOT for r in self.rows)

    @property
    def domain(self) -> Sequence[str]:
        return [row[0] for row in self.rows]

    def climb(self, texts: Texts) -> Climb:
        at = {row[0]: i for i, row in enumerate(self.rows)}
        where = np.fromiter((at.get(t, -1) for t in texts), dtype=np.int64, count=len(texts))
        labels, share = [], np.empty((self.n_levels, len(texts)))
        for level in range(self.n_levels):
            column = np.array([r[level] for r in self.rows], dtype=object)
            _, inverse, size = np.unique(column, return_inverse=True, return_counts=True)
            labels.append(column[where])
            share[level] = (size[inverse] / len(self.rows))[where]
        return Climb(tuple(labels), share, where < 0)

    def explain(self, level: int, lang: Language) -> str:
        n = len({r[level] for r in self.rows})
        if lang == "zh":
            return f"归并为 {n} 类（第 {level} 层）"
        return f"merged into {n} group{'s' if n > 1 else ''} (level {level})"

    def spec(self) -> dict[str, JSON]:
        return {"kind": "table", "rows": [list(r) for r in self.rows]}


@dataclass(frozen=True)
class Intervals:
    """Bands of numbers: ``[20, 30)``. Bands start at multiples of their width.

    Parameters
    ----------
    lower, upper : float
        The domain [lower, upper); values outside are lacking.
    widths : tuple of float
        Ascending, each a whole multiple of the one before, so that bands nest.
    top : float, optional
        Values from here on share a band at every level: ``90+``. A multiple of the first width.
    """

    lower: float
    upper: float
    widths: tuple[float, ...]
    top: float | None = None

    def __post_init__(self) -> None:
        numbers = (
            self.lower,
            self.upper,
            *self.widths,
            self.lower if self.top is None else self.top,
        )
        if not all(np.isfinite(x) for x in numbers):
            raise HierarchyError(
                "bounds and widths of intervals must be finite",
                hint="give the smallest value that can be, and one above the largest",
            )
        if self.lower >= self.upper:
            raise HierarchyError(
                f"the lower bound {self.lower:g} is not below the upper bound {self.upper:g}",
                hint="intervals(lower, upper, *widths), such as intervals(0, 120, 5, 10)",
            )
        if any(w <= 0 for w in self.widths):
            raise HierarchyError(
                "widths of intervals must be positive", hint="such as intervals(0, 120, 5, 10)"
            )
        exact = [_exact(w) for w in self.widths]
        for i, (narrow, wide) in enumerate(pairwise(exact), start=1):
            if wide <= narrow or (wide / narrow).denominator != 1:
                raise HierarchyError(
                    f"the hierarchy is not a tree: width {self.widths[i]:g} of level {i + 1} is "
                    f"no multiple of width {self.widths[i - 1]:g} of level {i}",
                    hint="widths such as 5, 10, 20: each a multiple of the one before",
                )
        if self.top is not None:
            if not self.lower < self.top < self.upper or not exact:
                raise HierarchyError(
                    f"the top {self.top:g} is not between the bounds, or there are no bands",
                    hint="such as intervals(0, 120, 5, 10, top=90)",
                )
            if (_exact(self.top) / exact[0]).denominator != 1:
                raise HierarchyError(
                    f"the hierarchy is not a tree: the top {self.top:g} is no multiple of the "
                    f"width {self.widths[0]:g}",
                    hint="such as intervals(0, 120, 5, 10, top=90)",
                )

    @property
    def n_levels(self) -> int:
        return len(self.widths) + 2

    @property
    def rooted(self) -> bool:
        return True

    @property
    def whole(self) -> bool:
        """Whether the domain is of whole numbers: bounds and widths all are."""
        return all(float(x).is_integer() for x in (self.lower, self.upper, *self.widths))

    @property
    def domain(self) -> Sequence[str] | None:
        if not self.whole:
            return None
        return [str(x) for x in range(int(self.lower), int(self.upper))]

    def climb(self, texts: Texts) -> Climb:
        x = _numbers(texts)
        lacking = ~((x >= self.lower) & (x < self.upper))
        span = self.upper - self.lower
        share = np.empty((self.n_levels, len(texts)))
        share[0] = 1 / span if self.whole else 0.0
        labels: list[Texts] = [texts]
        if self.widths:
            finest = _exact(self.widths[0])
            # 0.3 / 0.1 is 2.999…: a value this near to a bound is on it.
            band = np.floor(np.where(lacking, self.lower, x) / self.widths[0] + 1e-9)
            above = np.zeros(len(texts), dtype=np.bool_)
            if self.top is not None:
                above = band >= int(_exact(self.top) / finest)
            for level, width in enumerate(map(_exact, self.widths), start=1):
                index = np.floor_divide(band, int(width / finest)).astype(np.int64)
                bands, inverse = np.unique(index, return_inverse=True)
                low = [b * width for b in bands.tolist()]
                # A wide band that the top cuts ends there, so that it nests in what is above it.
                high = [
                    b + width if self.top is None else min(b + width, _exact(self.top)) for b in low
                ]
                names = [f"[{_plain(b)}, {_plain(c)})" for b, c in zip(low, high, strict=True)]
                start = np.maximum([float(b) for b in low], self.lower)
                stop = np.minimum([float(c) for c in high], self.upper)
                labels.append(np.array(names, dtype=object)[inverse])
                share[level] = ((stop - start) / span)[inverse]
                if self.top is not None:
                    labels[level][above] = f"{_plain(_exact(self.top))}+"
                    share[level][above] = (self.upper - self.top) / span
        labels.append(np.full(len(texts), ROOT, dtype=object))
        share[-1] = 1.0
        return Climb(tuple(labels), share, lacking)

    def explain(self, level: int, lang: Language) -> str:
        width = _plain(_exact(self.widths[level - 1]))
        if self.top is None:
            return f"每 {width} 一段" if lang == "zh" else f"bands of {width}"
        top = _plain(_exact(self.top))
        return f"每 {width} 一段，{top} 及以上合并" if lang == "zh" else f"bands of {width}, {top}+"

    def spec(self) -> dict[str, JSON]:
        spec: dict[str, JSON] = {
            "kind": "intervals",
            "lower": self.lower,
            "upper": self.upper,
            "widths": list(self.widths),
        }
        return spec if self.top is None else {**spec, "top": self.top}


_MONTHS = {
    "month": 1,
    "quarter": 3,
    "half-year": 6,
    "year": 12,
    "5-years": 60,
    "decade": 120,
    "century": 1200,
}
_DAYS = {"day": 1, "week": 7}
_UNITS = (*_DAYS, *_MONTHS)
_UNITS_ZH = ("日", "周", "月", "季度", "半年", "年", "五年", "十年", "百年")
_DATE = re.compile(
    r"(\d{4})(?:-(\d\d?)-|/(\d\d?)/|\.(\d\d?)\.|(\d\d)|年(\d\d?)月)(\d\d?)日?(?:[T ].*)?"
)


@dataclass(frozen=True)
class Dates:
    """Calendar periods: day, week, month, quarter, half-year, year, 5-years, decade, century.

    Parameters
    ----------
    units : tuple of str
        From fine to coarse. Weeks nest in nothing, so no unit may follow ``"week"``.
    start, end : str
        First and last day of the domain, ISO dates, both included.
    """

    units: tuple[str, ...]
    start: str
    end: str

    def __post_init__(self) -> None:
        unknown = [u for u in self.units if u not in _UNITS]
        if unknown:
            raise HierarchyError(
                f"unknown calendar units: {', '.join(map(repr, unknown))}",
                hint="units are " + ", ".join(_UNITS),
            )
        for i, (fine, coarse) in enumerate(pairwise(self.units), start=1):
            if fine == "week" or _UNITS.index(fine) >= _UNITS.index(coarse):
                raise HierarchyError(
                    f"the hierarchy is not a tree: {fine!r} of level {i} does not nest in "
                    f"{coarse!r} of level {i + 1}",
                    hint="name units from fine to coarse, such as 'month', 'year'; a week can "
                    "only be the last",
                )
        for name, day in (("start", self.start), ("end", self.end)):
            if np.isnat(_day(day)):
                raise HierarchyError(f"{name} is not a date", hint="write it as 2024-12-31")
        if self.first > self.last:
            raise HierarchyError("the dates start after they end", hint="swap start and end")

    @property
    def first(self) -> np.datetime64:
        return _day(self.start)

    @property
    def last(self) -> np.datetime64:
        return _day(self.end)

    @property
    def domain(self) -> Sequence[str]:
        days = np.arange(self.first, self.last + np.timedelta64(1, "D"))
        return [str(day) for day in days]

    @property
    def n_levels(self) -> int:
        return len(self.units) + 2

    @property
    def rooted(self) -> bool:
        return True

    def climb(self, texts: Texts) -> Climb:
        day = _days(texts)
        lacking = ~((day >= self.first) & (day <= self.last))
        day = np.where(lacking, self.first, day)
        total = int((self.last - self.first).astype(np.int64)) + 1
        share = np.empty((self.n_levels, len(texts)))
        share[0] = 1 / total
        labels: list[Texts] = [texts]
        for level, unit in enumerate(self.units, start=1):
            starts, inverse = np.unique(_period(day, unit), return_inverse=True)
            stops = _after(starts, unit)
            names = [_name(s, unit) for s in starts.tolist()]
            labels.append(np.array(names, dtype=object)[inverse])
            inside = np.minimum(stops - 1, self.last) - np.maximum(starts, self.first)
            share[level] = ((inside.astype(np.int64) + 1) / total)[inverse]
        labels.append(np.full(len(texts), ROOT, dtype=object))
        share[-1] = 1.0
        return Climb(tuple(labels), share, lacking)

    def explain(self, level: int, lang: Language) -> str:
        unit = self.units[level - 1]
        if lang == "zh":
            return f"精确到{_UNITS_ZH[_UNITS.index(unit)]}"
        return f"{unit} only"

    def spec(self) -> dict[str, JSON]:
        return {"kind": "dates", "units": list(self.units), "start": self.start, "end": self.end}


@dataclass(frozen=True)
class Prefixes:
    """The first characters of a code: ``440305`` climbs to ``4403*``, ``44*``, ``*``.

    Parameters
    ----------
    lengths : tuple of int
        Characters kept, descending.
    values : tuple of str, optional
        All codes that exist. Without them the domain is what is bound.
    """

    lengths: tuple[int, ...]
    values: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if any(n < 1 for n in self.lengths):
            raise HierarchyError("prefix lengths must be 1 or more", hint="the top is added alone")
        for i, (long, short) in enumerate(pairwise(self.lengths), start=1):
            if short >= long:
                raise HierarchyError(
                    f"the hierarchy is not a tree: level {i + 1} keeps {short} characters, "
                    f"level {i} keeps {long}",
                    hint="lengths descend, such as prefixes(4, 2)",
                )
        if self.values is not None and len(set(self.values)) < len(self.values):
            repeated = len(self.values) - len(set(self.values))
            raise HierarchyError(
                f"{repeated} values stand in the hierarchy more than once",
                hint="name each value once",
            )

    @property
    def n_levels(self) -> int:
        return len(self.lengths) + 2

    @property
    def rooted(self) -> bool:
        return True

    @property
    def domain(self) -> Sequence[str] | None:
        return self.values

    def climb(self, texts: Texts) -> Climb:
        domain = texts if self.values is None else np.array(self.values, dtype=object)
        known = set(domain)
        lacking = np.fromiter((t not in known for t in texts), dtype=np.bool_, count=len(texts))
        share = np.empty((self.n_levels, len(texts)))
        share[0] = 1 / max(len(domain), 1)
        labels: list[Texts] = [texts]
        for level, length in enumerate(self.lengths, start=1):
            size: dict[str, int] = {}
            for value in domain:
                size[value[:length]] = size.get(value[:length], 0) + 1
            cut = [t[:length] for t in texts]
            labels.append(np.array([c + ROOT for c in cut], dtype=object))
            share[level] = [size.get(c, 0) / len(domain) for c in cut]
        labels.append(np.full(len(texts), ROOT, dtype=object))
        share[-1] = 1.0
        return Climb(tuple(labels), share, lacking)

    def explain(self, level: int, lang: Language) -> str:
        n = self.lengths[level - 1]
        return f"前 {n} 位" if lang == "zh" else f"first {n} characters"

    def spec(self) -> dict[str, JSON]:
        spec: dict[str, JSON] = {"kind": "prefixes", "lengths": list(self.lengths)}
        return spec if self.values is None else {**spec, "values": list(self.values)}


def rows_of_tree(tree: Mapping[str, object]) -> tuple[tuple[str, ...], ...]:
    """Write a nested dict out as rows, each as long as the deepest, ``*`` at the end."""
    paths = list(_paths(tree, ()))
    depth = max((len(p) for p in paths), default=0)
    # A value nearer to the root than others stays itself until its own group begins.
    return tuple((*[p[0]] * (depth - len(p)), *p, ROOT) for p in paths)


def _paths(branch: object, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Give each value of a branch with the labels above it, in the order in which they stand."""
    if isinstance(branch, Mapping):
        for label, below in branch.items():
            if below is None or below in ({}, []):
                yield (str(label), *above)
            else:
                yield from _paths(below, (str(label), *above))
    elif isinstance(branch, Sequence) and not isinstance(branch, str):
        for leaf in branch:
            yield (str(leaf), *above)
    else:
        raise HierarchyError(
            "a branch of the hierarchy is neither a dict nor a list",
            hint='write a tree as {"North": ["A", "B"], "South": ["C"]}',
        )


def _exact(x: float) -> Fraction:
    """Return the decimal that was written: 0.1 is one tenth."""
    return Fraction(repr(float(x)))


def _plain(x: Fraction) -> str:
    return str(x.numerator) if x.denominator == 1 else repr(float(x))


def _numbers(texts: Texts) -> NDArray[np.float64]:
    """Read texts as numbers; NaN where a text is none."""
    try:
        return texts.astype(np.float64)
    except ValueError:
        return np.array([_number(t) for t in texts], dtype=np.float64)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _days(texts: Texts) -> NDArray[np.datetime64]:
    """Read texts as days; NaT where a text is no date."""
    return np.array([_day(t) for t in texts], dtype="datetime64[D]")


def _day(text: str) -> np.datetime64:
    found = _DATE.fullmatch(text)
    if found is None:
        return np.datetime64("NaT")
    year, *months, day = found.groups()
    month = next(m for m in months if m is not None)
    try:
        return np.datetime64(f"{year}-{int(month):02d}-{int(day):02d}", "D")
    except ValueError:
        return np.datetime64("NaT")


_BEGIN = 1970 * 12  # months from year 0 to the origin of datetime64
_MONDAY = 3  # 1970-01-01 was a Thursday


def _period(day: NDArray[np.datetime64], unit: str) -> NDArray[np.datetime64]:
    """Return the first day of the period each day is in."""
    if unit in _DAYS:
        n = _DAYS[unit]
        shift = _MONDAY if unit == "week" else 0
        index = (day.astype(np.int64) + shift) // n * n - shift
        return index.astype("datetime64[D]")
    n = _MONTHS[unit]
    month = day.astype("datetime64[M]").astype(np.int64) + _BEGIN
    return (month // n * n - _BEGIN).astype("datetime64[M]").astype("datetime64[D]")


def _after(start: NDArray[np.datetime64], unit: str) -> NDArray[np.datetime64]:
    """Return the first day after the period that begins at `start`."""
    if unit in _DAYS:
        return start + np.timedelta64(_DAYS[unit], "D")
    return (start.astype("datetime64[M]") + _MONTHS[unit]).astype("datetime64[D]")


def _name(start: object, unit: str) -> str:
    """Return the label of the period that begins on the day `start`."""
    import datetime

    if not isinstance(start, datetime.date):
        raise TypeError("a period begins on a day")
    year, month = start.year, start.month
    if unit == "day":
        return start.isoformat()
    if unit == "week":
        iso = start.isocalendar()
        return f"{iso.year}-W{iso.week:02d}"
    names = {
        "month": f"{year:04d}-{month:02d}",
        "quarter": f"{year:04d}-Q{(month + 2) // 3}",
        "half-year": f"{year:04d}-H{1 if month < 7 else 2}",
        "year": f"{year:04d}",
    }
    return names.get(unit, f"{year:04d}-{year + _MONTHS[unit] // 12 - 1:04d}")
