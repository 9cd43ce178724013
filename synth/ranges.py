"""What a schema says a column may hold: its categories, its bounds, and the type that it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from niming.errors import SchemaError
from niming.tables.rules import Dates, Intervals, Prefixes, Rows
from niming.tables.schema import Column

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["date_bounds", "listed", "numeric_bounds", "on_grid", "regional", "series"]

_EXACT_FLOAT = float(2**53)  # whole numbers below are exact in float64
_GRID_NOISE = 1e-9


def listed(column: Column) -> tuple[str, ...] | None:
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


def regional(column: Column) -> bool:
    """Return whether the column holds six-digit region codes, which resident numbers repeat."""
    codes = listed(column)
    six = codes is None or all(len(c) == 6 and c.isdecimal() for c in codes)
    return column.format == "region-code" and six


def numeric_bounds(column: Column) -> tuple[float | None, float | None]:
    """Return the least and the largest number that bounds and hierarchy allow, None where open.

    Raises
    ------
    SchemaError
        Bounds and hierarchy that have no number in common.
    """
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
    low = max(*lows, -_EXACT_FLOAT) if lows else None
    high = min(*highs, _EXACT_FLOAT) if highs else None
    whole = column.kind == "integer"
    if low is not None and high is not None:
        empty = np.ceil(low) > np.floor(high) if whole else low > high
        if empty:
            raise _nothing_common(column)
    return low, high


def date_bounds(column: Column) -> tuple[np.datetime64 | None, np.datetime64 | None]:
    """Return the first and the last moment that bounds and hierarchy allow, in seconds.

    Raises
    ------
    SchemaError
        A bound that is no ISO date, or bounds and hierarchy that have no day in common.
    """
    rule = None if column.hierarchy is None else column.hierarchy.rule
    first, last = _moment(column.lower), _moment(column.upper, last=True)
    if isinstance(rule, Dates):
        start, end = _moment(rule.start), _moment(rule.end, last=True)
        first = start if first is None or (start is not None and start > first) else first
        last = end if last is None or (end is not None and end < last) else last
    if first is not None and last is not None and first > last:
        raise _nothing_common(column)
    return first, last


def on_grid(
    values: NDArray[np.float64], low: float, high: float, *, whole: bool
) -> NDArray[np.float64]:
    """Round to the step that suits the bounds, and keep within them.

    Steps are 1 for whole numbers and for spans of 1,000 or more, else 0.01 from 10 up, else 0.0001.
    """
    span = high - low
    step = 1.0 if whole or span >= 1000 else 0.01 if span >= 10 else 0.0001
    first, last = np.ceil(low / step - _GRID_NOISE), np.floor(high / step + _GRID_NOISE)
    last -= last * step > high  # a bound that is outside, but by less than the rounding
    if last < first:  # no multiple of the step lies between the bounds
        return np.clip(values, low, high)
    steps = np.clip(np.round(values / step), first, last)
    out: NDArray[np.float64] = steps if step == 1.0 else np.round(steps * step, 4)
    return out


def series(column: Column, values: NDArray[Any], gaps: NDArray[np.bool_]) -> pd.Series[Any]:
    """Return the values in the type of their kind, missing where `gaps`."""
    import pandas as pd

    match column.kind:
        case "integer" if column.nullable:
            return pd.Series(pd.arrays.IntegerArray(values.astype(np.int64), gaps))
        case "boolean" if column.nullable:
            return pd.Series(pd.arrays.BooleanArray(values.astype(np.bool_), gaps))
        case "integer":
            return pd.Series(values.astype(np.int64))
        case "boolean":
            return pd.Series(values.astype(np.bool_))
        case "number":
            return pd.Series(np.where(gaps, np.nan, values))
        case "date" | "datetime":
            return pd.Series(np.where(gaps, np.datetime64("NaT"), values))
        case _:
            out = values.astype(object)
            out[gaps] = None
            return pd.Series(out)


def _moment(bound: object, *, last: bool = False) -> np.datetime64 | None:
    """Read an ISO date or time; a date as an upper bound means the end of its day."""
    if bound is None:
        return None
    text = str(bound)
    try:
        moment: np.datetime64 = np.datetime64(text, "s")
    except ValueError:
        raise SchemaError("a bound of a date is no ISO date", hint="such as 2024-12-31") from None
    if last and len(text) == len("2024-12-31"):
        moment += np.timedelta64(86_399, "s")
    return moment


def _nothing_common(column: Column) -> SchemaError:
    return SchemaError(
        f"no value of {column.name!r} lies within both its bounds and its hierarchy",
        hint="correct lower and upper, or the domain of the hierarchy",
    )
