"""`Measure` and `Result`: how a number travels with its meaning.

A measure knows its unit, range, direction, definition and source, and no threshold; a policy
decides later. A result is a frozen dataclass of fields that shows itself as text, JSON, frame or
HTML, all from one dict.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["JSON", "Measure", "Result"]

JSON = None | bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number about a table, and what it means.

    Parameters
    ----------
    name : str
        Dotted and stable, such as ``"k_anonymity.k"``.
    value : float or int or None
        None when it could not be computed or does not apply; then `reason` says why. Never 0
        for "could not compute".
    unit : str
        What is counted: ``"records"``, ``"probability"``, ``"values"``.
    range : (float, float)
        Smallest and largest possible value, both included.
    direction : {"higher-is-safer", "lower-is-safer", "higher-is-better", "lower-is-better"}
        Safer speaks of privacy, better of utility.
    definition : str
        The formula in one line.
    reference : str
        Author, year and equation, or standard and clause.
    reason : str
        Why `value` is None; empty otherwise.

    Examples
    --------
    >>> Measure("k_anonymity.k", 3, "records", (1, math.inf), "higher-is-safer",
    ...         "size of the smallest class", "Sweeney 2002").value
    3
    """

    name: str
    value: float | int | None
    unit: str
    range: tuple[float, float]
    direction: Literal["higher-is-safer", "lower-is-safer", "higher-is-better", "lower-is-better"]
    definition: str
    reference: str
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) != bool(self.reason):
            raise ValueError(f"{self.name}: give a reason exactly when there is no value")
        if self.value is not None and not self.range[0] <= self.value <= self.range[1]:
            raise ValueError(f"{self.name}: value outside its range {self.range}")

    def to_dict(self) -> dict[str, JSON]:
        """Return the measure as a JSON-safe dict; an infinite bound becomes None."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "range": [b if math.isfinite(b) else None for b in self.range],
            "direction": self.direction,
            "definition": self.definition,
            "reference": self.reference,
            "reason": self.reason,
        }


class Result:
    """What every measure's result can do: text, dict, frame and HTML from the same measures.

    A subclass is a frozen dataclass that gives `measures` and, if it has a picture, `plot`.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, repr=False)
    ... class Rows(Result):
    ...     n: int
    ...     def measures(self):
    ...         return (Measure("rows.n", self.n, "records", (0, math.inf), "higher-is-better",
    ...                         "number of rows", "counted"),)
    >>> Rows(3)
    Rows(n=3)
    >>> Rows(3).to_dict()["measures"][0]["range"]
    [0, None]
    """

    __slots__ = ()

    def measures(self) -> tuple[Measure, ...]:
        """Return the numbers of this result, each with its meaning."""
        raise TypeError(f"{type(self).__name__} gives no measures")

    def to_dict(self) -> dict[str, JSON]:
        """Return ``{"result", "version", "measures"}``, JSON-safe."""
        return {
            "result": type(self).__name__,
            "version": 1,
            "measures": [m.to_dict() for m in self.measures()],
        }

    def frame(self) -> pd.DataFrame:
        """Return one row a measure: name, value, unit, direction, reason, definition."""
        import pandas as pd

        rows = [
            (m.name, m.value, m.unit, m.direction, m.reason, m.definition) for m in self.measures()
        ]
        columns = ["name", "value", "unit", "direction", "reason", "definition"]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        shown = ", ".join(f"{m.name.split('.')[-1]}={_short(m)}" for m in self.measures()[:8])
        return f"{type(self).__name__}({shown})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(m.name)}</td><td style='text-align:right'>"
            f"{html.escape(_short(m))}</td><td>{html.escape(m.unit)}</td>"
            f"<td>{html.escape(m.reason or m.definition)}</td></tr>"
            for m in self.measures()
        )
        head = "<tr><th>measure</th><th>value</th><th>unit</th><th>what it is</th></tr>"
        return f"<table>{head}{rows}</table>"


def _short(measure: Measure) -> str:
    """Return the value in at most six significant digits, or the words ``not available``."""
    if measure.value is None:
        return "not available"
    return f"{measure.value:.6g}" if isinstance(measure.value, float) else str(measure.value)
