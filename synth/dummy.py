"""`Dummy`: rows invented from a schema alone, to write and try code on."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.synth.formats import People, invent
from niming.synth.ranges import date_bounds, listed, numeric_bounds, on_grid, regional, series
from niming.tables.schema import Column, Role, Schema

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Dummy", "complete", "generator"]

_MISSING_RATE = 0.05
_PULL_OF_TARGET = 0.85  # correlation of the target with what moves every column
_NUMBERS = (0.0, 100.0)  # where a number has no bounds: the least, and the width
_DAYS = (np.datetime64("2020-01-01", "s"), np.datetime64("2025-12-31", "s"))
_PLACEHOLDERS = ("A", "B", "C", "D")
_SEX = ({"男", "女"}, {"M", "F"}, {"Male", "Female"}, {"male", "female"})
_MALE = ("男", "M", "Male", "male")
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
        for name, value in (("n", n), ("seed", seed)):
            if isinstance(value, bool) or value < 0:
                raise InputError(f"{name} is not a whole number of at least 0")
        factor = generator(seed, "").standard_normal(n)
        plain = {c.name: self._values(c, n, factor, seed) for c in self.schema.columns if _plain(c)}
        gaps = {
            c.name: self._gaps(c, n, generator(seed, c.name + " missing"))
            for c in self.schema.columns
        }
        return complete(self.schema, n, plain, gaps, seed)

    def _values(
        self, column: Column, n: int, factor: NDArray[np.float64], seed: int
    ) -> NDArray[Any]:
        """Draw numbers, dates, booleans or categories that hang together through `factor`."""
        from scipy.special import ndtr

        rng = generator(seed, column.name)
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
                truth: NDArray[Any] = _every((u > 0.5).astype(np.int64), 2, rng) == 1
                return truth
            case _:
                categories = np.array(_categories(column), dtype=object)
                odds = rng.gamma(2.0, size=len(categories)) + 0.3
                at = np.searchsorted(np.cumsum(odds / odds.sum())[:-1], u, side="right")
                return categories[_every(at, len(categories), rng)]

    def _gaps(self, column: Column, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        schema = self.schema
        kept = (schema.target, schema.weight, schema.household, schema.person_id)
        if not column.nullable or column.name in kept:
            return np.zeros(n, dtype=np.bool_)
        return rng.random(n) < _MISSING_RATE


def complete(
    schema: Schema,
    n: int,
    drawn: dict[str, NDArray[Any]],
    gaps: dict[str, NDArray[np.bool_]],
    seed: int,
) -> pd.DataFrame:
    """Build a frame of the columns that are drawn and invent the others, so that they agree.

    Parameters
    ----------
    schema : Schema
    n : int
        Rows.
    drawn : dict of ndarray of shape (n,)
        Numbers, dates, booleans and categories by column.
    gaps : dict of ndarray of shape (n,), bool
        Where a column is missing; a column that is not named has no gap.
    seed : int
    """
    import pandas as pd

    people = _people(schema, n, drawn, gaps, generator(seed, "people"))
    columns = {}
    for column in schema.columns:
        values = drawn.get(column.name)
        if values is None:
            values = _texts(schema, column, people, generator(seed, column.name))
        missing = gaps.get(column.name, np.zeros(n, dtype=np.bool_))
        columns[column.name] = series(column, values, missing)
    return pd.DataFrame(columns, columns=list(schema.names))


def _people(
    schema: Schema,
    n: int,
    drawn: dict[str, NDArray[Any]],
    gaps: dict[str, NDArray[np.bool_]],
    rng: np.random.Generator,
) -> People:
    """Draw the people, then let what the table itself says of them hold."""
    places = next((c for c in schema.columns if regional(c)), None)
    codes = None if places is None else listed(places)
    people = People.draw(n, rng, regions=None if codes is None else np.array(codes, dtype=object))
    birth, male, region = people.birth, people.male, people.region
    for column in schema.columns:
        if column.name not in drawn:
            continue
        values = drawn[column.name]
        known = ~gaps.get(column.name, np.zeros(n, dtype=np.bool_))
        if column.kind == "date" and ("birth" in column.name.lower() or "出生" in column.name):
            birth = np.where(known, values.astype("datetime64[D]"), birth)
        elif column.kind == "categorical" and set(_categories(column)) in _SEX:
            male = np.where(known, np.isin(values.astype(str), _MALE), male)
        elif column is places:
            region = np.where(known, values, region)
    return People(people.household, male, birth, region)


def _texts(
    schema: Schema, column: Column, people: People, rng: np.random.Generator
) -> NDArray[Any]:
    """Invent identifiers and texts."""
    n = len(people.birth)
    if column.format is not None:
        unique = column.role == Role.DIRECT_IDENTIFIER
        return invent(column.format, people, rng, unique=unique)
    if column.name == schema.household:
        label = rng.permutation(int(people.household[-1]) + 1 if n else 0)
        return _padded(label[people.household] if n else label, "H")
    if column.kind == "text":
        return _sentences(n, rng)
    return _padded(rng.permutation(n), "P" if column.name == schema.person_id else "N")


def _plain(column: Column) -> bool:
    """Return whether the values are drawn through the common factor, not invented as texts."""
    if column.kind == "categorical":
        return column.format is None or not (regional(column) or column.categories is None)
    return column.kind not in ("identifier", "text")


def _categories(column: Column) -> tuple[str, ...]:
    return listed(column) or _PLACEHOLDERS


def _numbers(column: Column, u: NDArray[np.float64], *, weight: bool) -> NDArray[Any]:
    """Return quantiles of a skewed law between the bounds (Kumaraswamy 1980, a = 1.5, b = 3)."""
    low, high = numeric_bounds(column)
    if low is None:
        low = _NUMBERS[0] if high is None else high - _NUMBERS[1]
    high = low + _NUMBERS[1] if high is None else high
    if weight and low <= 0:
        low = min(1.0, high / 1000)
    whole = column.kind == "integer"
    share = (1 - (1 - u) ** (1 / 3)) ** (1 / 1.5)
    return on_grid(low + share * (high - low), low, high, whole=whole)


def _dates(column: Column, u: NDArray[np.float64]) -> NDArray[np.datetime64]:
    first, last = date_bounds(column)
    if first is None:
        first = _DAYS[0] if last is None else last - _YEARS
    last = (_DAYS[1] if first == _DAYS[0] else first + _YEARS) if last is None else last
    unit = "D" if column.kind == "date" else "s"
    start, stop = first.astype(f"datetime64[{unit}]"), last.astype(f"datetime64[{unit}]")
    span = int((stop - start).astype(np.int64)) + 1
    steps = np.minimum((u * span).astype(np.int64), span - 1)
    out: NDArray[np.datetime64] = start + steps.astype(f"timedelta64[{unit}]")
    return out.astype("datetime64[s]")


def _every(at: NDArray[np.int64], n_values: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Let every position occur if there are as many rows, at the cost of the commonest."""
    size = np.bincount(at, minlength=n_values)
    if len(at) >= n_values:
        for absent in np.flatnonzero(size == 0):
            most = int(np.argmax(size))
            at[rng.choice(np.flatnonzero(at == most))] = absent
            size[most] -= 1
            size[absent] += 1
    return at


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


def generator(seed: int, name: str) -> np.random.Generator:
    """Return a generator that goes by the seed and a name."""
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))
