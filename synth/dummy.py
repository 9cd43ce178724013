"""`Dummy`: rows invented from a schema alone, to write and try code on."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError, SchemaError
from niming.synth.formats import People, invent
from niming.tables.rules import Dates, Intervals, Prefixes, Rows
from niming.tables.schema import Column, Role, Schema

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Dummy"]

_MISSING_RATE = 0.05
_PULL_OF_TARGET = 0.85  # correlation of the target with what moves every column
_DEFAULT_NUMBERS = (0.0, 100.0)
_DEFAULT_DAYS = (np.datetime64("2020-01-01"), np.datetime64("2025-12-31"))
_PLACEHOLDERS = ("A", "B", "C", "D")
_SEX = ({"男", "女"}, {"M", "F"}, {"Male", "Female"}, {"male", "female"})
_MALE = ("男", "M", "Male", "male")
_MOST_WHOLE = 2**53
_YEARS = np.timedelta64(365 * 5, "D")


class Dummy:
    """Invents rows that fit a schema; no data are read, so nothing can leak.

    The rows have the right columns, types, categories, bounds and formats, and depend on each other
    enough that a model can learn the target. They say nothing about the real table: no number
    found on them means anything.

    Parameters
    ----------
    schema : Schema

    Notes
    -----
    Numbers, dates, booleans and categories follow a Gaussian copula with one common factor: column
    j is the quantile at Phi(r_j z + sqrt(1 - r_j²) e_j) with a pull r_j that goes by the name of
    the column. Every category occurs once there are as many rows, so both classes of a target do.
    About 5 % of the cells of nullable columns are missing, save in the target, the weight and the
    ids of persons and households. Households are of neighbouring rows. Resident numbers agree with
    a region code, a sex (男/女, M/F, Male/Female) and a date named ``birth`` or ``出生`` if the
    schema has them, and names and addresses with sex and household.

    Whole numbers that may be missing are pandas' ``Int64``, booleans that may be ``boolean``, dates
    ``datetime64[s]``, texts, categories and identifiers ``str`` objects.

    Examples
    --------
    >>> from niming.tables.schema import Column, Role, Schema
    >>> schema = Schema((Column("age", Role.QUASI_IDENTIFIER, "integer", lower=18, upper=90,
    ...                         nullable=False),
    ...                  Column("ill", Role.SENSITIVE, "categorical", categories=("no", "yes"))))
    >>> rows = Dummy(schema).sample(100, seed=1)
    >>> rows.shape, bool(rows["age"].between(18, 90).all()), sorted(rows["ill"].dropna().unique())
    ((100, 2), True, ['no', 'yes'])
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __repr__(self) -> str:
        return f"Dummy({self.schema!r})"

    def sample(self, n: int, *, seed: int = 0) -> pd.DataFrame:
        """Invent `n` rows.

        Parameters
        ----------
        n : int, at least 0
        seed : int, at least 0
            Same seed, same rows. A column's draws do not depend on which other columns there are,
            save for those that must agree.

        Returns
        -------
        DataFrame of shape (n, n_columns)

        Raises
        ------
        InputError
            A negative `n` or `seed`.
        """
        import pandas as pd

        for name, value in (("n", n), ("seed", seed)):
            if isinstance(value, bool) or value < 0:
                raise InputError(f"{name} is not a whole number of at least 0")
        factor = _rng(seed, "").standard_normal(n)
        plain = {c.name: self._values(c, n, factor, seed) for c in self.schema.columns if _plain(c)}
        people = self._people(n, plain, _rng(seed, "people"))
        columns = {}
        for column in self.schema.columns:
            rng = _rng(seed, column.name)
            if column.name in plain:
                values = plain[column.name]
            else:
                values = self._texts(column, people, rng)
            gaps = self._gaps(column, n, _rng(seed, column.name + " missing"))
            columns[column.name] = _series(column, values, gaps)
        return pd.DataFrame(columns, columns=list(self.schema.names))

    def _people(self, n: int, plain: dict[str, NDArray[Any]], rng: np.random.Generator) -> People:
        """Draw the people, then let what the table itself says of them hold."""
        schema = self.schema
        places = next((c for c in schema.columns if c.format == "region-code"), None)
        listed = None if places is None or not _regional(places) else _listed(places)
        codes = None if listed is None else np.array(listed, dtype=object)
        drawn = People.draw(n, rng, regions=codes)
        birth, male = drawn.birth, drawn.male
        for column in schema.columns:
            if column.name not in plain:
                continue
            if column.kind == "date" and ("birth" in column.name.lower() or "出生" in column.name):
                birth = plain[column.name].astype("datetime64[D]")
            elif column.kind == "categorical" and set(_categories(column)) in _SEX:
                male = np.isin(plain[column.name].astype(str), _MALE)
        return People(drawn.household, male, birth, drawn.region)

    def _values(
        self, column: Column, n: int, factor: NDArray[np.float64], seed: int
    ) -> NDArray[Any]:
        """Draw numbers, dates, booleans or categories that hang together through `factor`."""
        from scipy.special import ndtr

        rng = _rng(seed, column.name)
        pull = rng.uniform(0.25, 0.65) * rng.choice([-1.0, 1.0])
        if column.name == self.schema.target:
            pull = _PULL_OF_TARGET
        own = rng.standard_normal(n)
        u = ndtr(pull * factor + np.sqrt(1 - pull**2) * own)
        match column.kind:
            case "integer" | "number":
                return _numbers(column, u, weight=column.name == self.schema.weight)
            case "date" | "datetime":
                return _dates(column, u)
            case "boolean":
                return _every(u > 0.5, np.array([False, True]), rng)
            case _:
                categories = np.array(_categories(column), dtype=object)
                odds = rng.gamma(2.0, size=len(categories)) + 0.3
                at = np.searchsorted(np.cumsum(odds / odds.sum())[:-1], u, side="right")
                return _every(categories[at], categories, rng)

    def _texts(self, column: Column, people: People, rng: np.random.Generator) -> NDArray[Any]:
        """Invent identifiers and texts."""
        n = len(people.birth)
        if column.format is not None:
            unique = column.role == Role.DIRECT_IDENTIFIER
            return invent(column.format, people, rng, unique=unique)
        if column.name == self.schema.household:
            label = rng.permutation(int(people.household[-1]) + 1 if n else 0)
            return _padded(label[people.household] if n else label, "H")
        if column.kind == "text":
            return _sentences(n, rng)
        return _padded(rng.permutation(n), "P" if column.name == self.schema.person_id else "N")

    def _gaps(self, column: Column, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        schema = self.schema
        kept = (schema.target, schema.weight, schema.household, schema.person_id)
        if not column.nullable or column.name in kept:
            return np.zeros(n, dtype=np.bool_)
        return rng.random(n) < _MISSING_RATE


def _plain(column: Column) -> bool:
    """Return whether the values are drawn through the common factor, not invented as texts."""
    if column.kind == "categorical":
        return column.format is None or not (_regional(column) or column.categories is None)
    return column.kind not in ("identifier", "text")


def _regional(column: Column) -> bool:
    """Return whether the column holds six-digit region codes, which resident numbers repeat."""
    codes = _listed(column)
    six = codes is None or all(len(c) == 6 and c.isdecimal() for c in codes)
    return column.format == "region-code" and six


def _listed(column: Column) -> tuple[str, ...] | None:
    """Return the values that the schema lists, in the column or in its hierarchy."""
    if column.categories is not None:
        return column.categories
    rule = None if column.hierarchy is None else column.hierarchy.rule
    if isinstance(rule, Rows):
        return tuple(row[0] for row in rule.rows)
    if isinstance(rule, Prefixes):
        return rule.values
    if isinstance(rule, Intervals) and rule.whole:
        return tuple(str(x) for x in range(int(rule.lower), int(rule.upper)))
    return None


def _categories(column: Column) -> tuple[str, ...]:
    return _listed(column) or _PLACEHOLDERS


def _numbers(column: Column, u: NDArray[np.float64], *, weight: bool) -> NDArray[Any]:
    """Return quantiles of a skewed law between the bounds (Kumaraswamy 1980, a = 1.5, b = 3)."""
    low, high = _bounds(column)
    whole = column.kind == "integer"
    step = 1.0 if whole or high - low >= 1000 else 0.01 if high - low >= 10 else 0.0001
    if weight and low <= 0:
        low = step
    share = (1 - (1 - u) ** (1 / 3)) ** (1 / 1.5)
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    last -= last * step > high  # a bound that is outside, but by less than the rounding
    if last < first:  # no multiple of the step lies between the bounds
        return np.full(len(u), low)
    steps = np.minimum(first + np.floor(share * (last - first + 1)), last)
    out: NDArray[Any] = steps.astype(np.int64) if whole else np.round(steps * step, 4)
    return out


def _bounds(column: Column) -> tuple[float, float]:
    """Return the least and the largest number that bounds and hierarchy allow."""
    lows = [] if column.lower is None else [float(column.lower)]
    highs = [] if column.upper is None else [float(column.upper)]
    rule = None if column.hierarchy is None else column.hierarchy.rule
    if isinstance(rule, Intervals):  # its upper bound is outside
        lows.append(rule.lower)
        highs.append(float(np.nextafter(rule.upper, -np.inf)))
    elif isinstance(rule, Rows):
        try:
            values = [float(row[0]) for row in rule.rows]
        except ValueError:
            values = []
        lows += values and [min(values)]
        highs += values and [max(values)]
    width = _DEFAULT_NUMBERS[1] - _DEFAULT_NUMBERS[0]
    low = max(lows) if lows else (min(highs) - width if highs else _DEFAULT_NUMBERS[0])
    high = min(highs) if highs else low + width
    bound = float(_MOST_WHOLE)
    low, high = max(low, -bound), min(high, bound)
    if low > high or (column.kind == "integer" and np.ceil(low) > np.floor(high)):
        raise SchemaError(
            f"no value of {column.name!r} lies within both its bounds and its hierarchy",
            hint="correct lower and upper, or the domain of the hierarchy",
        )
    return low, high


def _dates(column: Column, u: NDArray[np.float64]) -> NDArray[np.datetime64]:
    rule = None if column.hierarchy is None else column.hierarchy.rule
    first, last = (rule.first, rule.last) if isinstance(rule, Dates) else (None, None)
    lows = [d for d in (_moment(column.lower), first) if d is not None]
    highs = [d for d in (_moment(column.upper, last=True), last) if d is not None]
    low = max(lows) if lows else (min(highs) - _YEARS if highs else _DEFAULT_DAYS[0])
    high = min(highs) if highs else (low + _YEARS if lows else _DEFAULT_DAYS[1])
    unit = "D" if column.kind == "date" else "s"
    start, stop = low.astype(f"datetime64[{unit}]"), high.astype(f"datetime64[{unit}]")
    if start > stop:
        raise SchemaError(
            f"no value of {column.name!r} lies within both its bounds and its hierarchy",
            hint="correct lower and upper, or start and end of the hierarchy",
        )
    span = int((stop - start).astype(np.int64)) + 1
    steps = np.minimum((u * span).astype(np.int64), span - 1)
    out: NDArray[np.datetime64] = start + steps.astype(f"timedelta64[{unit}]")
    return out.astype("datetime64[s]")


def _moment(bound: object, *, last: bool = False) -> np.datetime64 | None:
    """Read an ISO date or time; a date as an upper bound means the end of its day."""
    if bound is None:
        return None
    text = str(bound)
    try:
        moment: np.datetime64 = np.datetime64(text, "s")
    except ValueError:
        raise SchemaError("a bound of a date is no ISO date", hint="such as 2024-12-31") from None
    if last and len(text) == 10:
        moment += np.timedelta64(86_399, "s")
    return moment


def _every(
    values: NDArray[Any], categories: NDArray[Any], rng: np.random.Generator
) -> NDArray[Any]:
    """Let every category occur if there are as many rows, at the cost of the commonest."""
    if len(values) < len(categories):
        return values
    names, at, size = np.unique(values.astype(str), return_inverse=True, return_counts=True)
    absent = [c for c in categories if str(c) not in set(names)]
    for category in absent:
        most = int(np.argmax(size))
        row = rng.choice(np.flatnonzero(at == most))
        values[row], at[row] = category, -1
        size[most] -= 1
    return values


def _padded(numbers: NDArray[np.int64], letter: str) -> NDArray[np.object_]:
    if not len(numbers):
        return np.empty(0, dtype=object)
    width = max(8, len(str(len(numbers))))
    out = np.char.zfill(numbers.astype(str), width).astype(object)
    named: NDArray[np.object_] = np.array(letter, dtype=object) + out
    return named


def _sentences(n: int, rng: np.random.Generator) -> NDArray[np.object_]:
    from faker.providers.lorem.zh_CN import Provider

    words = np.array(Provider.word_list, dtype=object)
    parts = words[rng.integers(0, len(words), size=(4, n))]
    out: NDArray[np.object_] = parts[0] + parts[1] + "，" + parts[2] + parts[3] + "。"
    return out


def _series(column: Column, values: NDArray[Any], gaps: NDArray[np.bool_]) -> pd.Series[Any]:
    import pandas as pd

    match column.kind:
        case "integer" if column.nullable:
            return pd.Series(pd.arrays.IntegerArray(values.astype(np.int64), gaps))
        case "boolean" if column.nullable:
            return pd.Series(pd.arrays.BooleanArray(values.astype(np.bool_), gaps))
        case "integer" | "boolean":
            return pd.Series(values)
        case "number":
            return pd.Series(np.where(gaps, np.nan, values))
        case "date" | "datetime":
            return pd.Series(np.where(gaps, np.datetime64("NaT"), values))
        case _:
            out = values.astype(object)
            out[gaps] = None
            return pd.Series(out)


def _rng(seed: int, name: str) -> np.random.Generator:
    """Return a generator that goes by the seed and a name."""
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))
