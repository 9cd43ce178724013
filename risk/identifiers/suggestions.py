"""Hierarchies and lists that fit a column, made of public knowledge and round numbers alone."""

from __future__ import annotations

import math

import numpy as np

from niming.risk.identifiers.headers import Header
from niming.risk.identifiers.profile import Profile
from niming.tables import Hierarchy
from niming.tables.codelists import codelist, match
from niming.tables.schema import Kind

__all__ = ["SEXES", "public_list", "suggested"]

_LISTS = {
    "ethnicity or nationality": "ethnicity",
    "education": "education",
    "marital status": "marriage",
    "occupation": "occupation",
    "place": "region",
}
"""Code lists by what a header says; codes alone, such as 1 and 2, would fit several."""

_HUGE = 1e15
"""Size from which bands of numbers in binary floating point are no longer exact."""

SEXES = (
    ("男", "女"),
    ("男性", "女性"),
    ("0", "1", "2", "9"),  # GB/T 2261.1-2003
    ("F", "M"),
    ("f", "m"),
    ("Female", "Male"),
    ("female", "male"),
)
"""Ways to write sex."""


def suggested(profile: Profile, kind: Kind, named: Header | None, holds: str) -> Hierarchy | None:
    """Return a hierarchy that covers every value of the column, or None.

    Notes
    -----
    Numbers get intervals between powers of ten. Nothing in a suggestion is copied from the cells
    but the order of magnitude of the largest.
    """
    what = named.en if named else ""
    hierarchy: Hierarchy | None = None
    if kind in ("date", "datetime"):
        hierarchy = Hierarchy.dates(
            "month", "year", "5-years", "decade", start="1880-01-01", end="2079-12-31"
        )
    elif holds == "credit-code":
        hierarchy = Hierarchy.prefixes(8, 6, 4)
    elif (holds == "region-code" or what == "postcode") and _digits(profile, 6):
        hierarchy = Hierarchy.prefixes(4, 2)
    elif what == "occupation" and (_digits(profile, 5) or _digits(profile, 7)):
        hierarchy = Hierarchy.prefixes(3, 1)
    elif what in _LISTS and match(profile.values.to_pylist(), among=[_LISTS[what]]):
        hierarchy = Hierarchy.from_spec({"kind": "codelist", "name": _LISTS[what]})
    elif (listed := public_list(profile, named)) is not None:
        hierarchy = Hierarchy.from_rows([(value, "*") for value in listed])
    elif named is not None and named.age and kind in ("integer", "number"):
        hierarchy = Hierarchy.intervals(0, 120, 5, 10, 20, 40)
        if _lacks(profile, hierarchy):
            return _round(profile)
    elif what in ("date of birth", "date of an event") and kind == "integer":
        hierarchy = Hierarchy.intervals(1800, 2200, 5, 10, 20, 100)  # years
    elif kind in ("integer", "number"):
        return _round(profile)
    return None if hierarchy is None or _lacks(profile, hierarchy) else hierarchy


def public_list(profile: Profile, named: Header | None) -> tuple[str, ...] | None:
    """Return the public list that all values of the column are from, or None."""
    lists: list[tuple[str, ...]] = []
    if named is not None and named.en == "sex":
        lists = list(SEXES)
    elif named is not None and named.en == "ethnicity or nationality":
        peoples = codelist("ethnicity")
        first, last = peoples.codes.index("01"), peoples.codes.index("56")
        lists = [peoples.names[first : last + 1]]
    if not lists or profile.n_distinct > max(map(len, lists)):
        return None
    values = set(profile.values.to_pylist())
    return next((known for known in lists if values <= set(known)), None)


def _digits(profile: Profile, length: int) -> bool:
    """Return whether all values are codes of so many digits."""
    import pyarrow.compute as pc

    pattern = rf"^\d{{{length}}}$"
    return bool(pc.all(pc.match_substring_regex(profile.values, pattern)).as_py())


def _round(profile: Profile) -> Hierarchy | None:
    """Return intervals between powers of ten around the values: they cover all of them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = pc.cast(profile.values, pa.float64()).to_numpy(zero_copy_only=False)
    finite = numbers[np.isfinite(numbers)]
    if len(finite) < len(numbers) or not len(finite):
        return None
    largest = float(np.abs(finite).max())
    if largest >= _HUGE:
        return None
    # Strictly above the largest: the upper bound of a band is outside of it.
    upper = 10.0 ** max(1, math.floor(math.log10(largest)) + 1 if largest >= 1 else 0)
    lower = -upper if finite.min() < 0 else 0.0
    return Hierarchy.intervals(lower, upper, upper / 20, upper / 10, upper / 2)


def _lacks(profile: Profile, hierarchy: Hierarchy) -> bool:
    return bool(hierarchy.lacking(profile.values.to_numpy(zero_copy_only=False)).any())
