"""`Hierarchy`: how the values of a column generalise, level by level."""

from __future__ import annotations

import csv
import datetime
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from niming.errors import HierarchyError, InputError
from niming.measure import JSON
from niming.tables.encoding import detect
from niming.tables.rules import (
    ROOT,
    Dates,
    Intervals,
    Language,
    Prefixes,
    Rows,
    Rule,
    Texts,
    rows_of_tree,
)
from niming.tables.write import atomic

__all__ = ["ROOT", "Bound", "Hierarchy", "texts"]

_ENTRIES = {
    "table": "rows: [[value, label, …], …]",
    "tree": "tree: {label: [value, …]}",
    "csv": "path: hierarchy.csv",
    "intervals": "lower: 0, upper: 120, widths: [5, 10]",
    "dates": "units: [month, year], start: 2020-01-01, end: 2024-12-31",
    "prefixes": "lengths: [4, 2]",
    "codelist": "name: region",
}
"""What a hierarchy of each kind is described by, as an example."""


@dataclass(frozen=True, eq=False, repr=False)
class Bound:
    """A hierarchy bound to the distinct values of a column.

    Parameters
    ----------
    codes : ndarray of shape (n_levels, n_values), int32
        Position in `labels` of the label of each value at each level.
    labels : tuple of ndarray of str
        The labels that occur at each level, in the order in which the values meet them.
    share : ndarray of shape (n_levels, n_values), float64, in [0, 1]
        Share of the hierarchy's domain (not of the data) that has the label.
    rooted : bool
        Whether the top level is the single label ``*``.

    Examples
    --------
    >>> towns = Hierarchy.from_dict({"north": ["A", "B"], "south": ["C", "D"]})
    >>> bound = towns.bind(np.array(["A", "C"], dtype=object))
    >>> bound
    Bound(n_levels=3, n_values=2)
    >>> bound.share[:, 0].tolist()
    [0.25, 0.5, 1.0]
    """

    codes: NDArray[np.int32]
    labels: tuple[Texts, ...]
    share: NDArray[np.float64]
    rooted: bool

    def __repr__(self) -> str:
        n_levels, n_values = self.codes.shape
        return f"Bound(n_levels={n_levels}, n_values={n_values})"

    @property
    def n_levels(self) -> int:
        """Levels, counting level 0 and the top."""
        return len(self.labels)


@dataclass(frozen=True, repr=False)
class Hierarchy:
    """A tree over the values of a column: level 0 is the value itself, the last level the top.

    Made by `from_rows`, `from_csv`, `from_dict`, `intervals`, `dates` or `prefixes`; the lists of
    `niming.tables.codelists` ship with the library.

    Parameters
    ----------
    rule : Rule
        The description of the tree.

    Notes
    -----
    Values are compared as canonical text (`texts`): 39 and 39.0 are ``39``, dates are ISO.

    A missing value is in every hierarchy without being named. It stays missing, a value of its
    own, at every level below a top of ``*``; at that top, which tells nothing of anybody, it is
    ``*`` as all values are.

    `from_rows` and `from_csv` keep the levels that are given. ARX appends no top level either, so
    a tree of several tops stays one, and `rooted` is false.

    Examples
    --------
    >>> age = Hierarchy.intervals(0, 100, 5, 10)
    >>> age
    Hierarchy(intervals, n_levels=4)
    >>> age.generalise([39, 50, None], level=2).tolist()
    ['[30, 40)', '[50, 60)', None]
    >>> age.explain(2), age.explain(2, lang="zh")
    ('bands of 10', '每 10 一段')
    """

    rule: Rule

    @classmethod
    def from_rows(cls, rows: Iterable[Sequence[object]]) -> Hierarchy:
        """Build a tree from rows: a value, then its label at each level up.

        Raises
        ------
        HierarchyError
            Rows of different lengths, a value twice, or labels that are equal at one level and
            differ above it (counted, not shown).

        Examples
        --------
        >>> Hierarchy.from_rows([("A", "north", "*"), ("B", "north", "*"), ("C", "south", "*")])
        Hierarchy(table, n_levels=3)
        """
        return cls(Rows(tuple(tuple(_text(cell) or "" for cell in row) for row in rows)))

    @classmethod
    def from_csv(cls, path: str | os.PathLike[str], *, delimiter: str | None = None) -> Hierarchy:
        """Read a hierarchy in ARX's format: no header, the value, then one column a level.

        Parameters
        ----------
        path : path
            UTF-8 (with or without BOM) or GB18030.
        delimiter : str, optional
            Found among ``;``, ``,`` and tab when not given.

        Raises
        ------
        InputError
            No such file, or bytes that are no text.
        HierarchyError
            As `from_rows`.
        """
        file = Path(path)
        if not file.is_file():
            raise InputError(f"there is no hierarchy file {file}", hint="check the path")
        try:
            text = file.read_text(encoding=detect(file).name).removeprefix("\ufeff")
        except OSError as error:
            raise InputError(
                f"cannot read the hierarchy file {file} ({error.strerror})",
                hint="ask its owner for permission, or copy it",
            ) from None
        rows = _split(text, delimiter)
        if not rows:
            raise HierarchyError(f"the hierarchy file {file} is empty", hint="one line a value")
        try:
            return cls(Rows(tuple(tuple(row) for row in rows)))
        except HierarchyError as error:
            raise HierarchyError(f"{file}: {error.message}", hint=error.hint) from None

    @classmethod
    def from_dict(cls, tree: Mapping[str, object]) -> Hierarchy:
        """Build a tree from nested dicts and lists, groups outside, values inside.

        A branch may be deeper than another: a value near the top stays itself until its own
        group begins. A level ``*`` is put on top.

        Examples
        --------
        >>> towns = Hierarchy.from_dict({"north": ["A", "B"], "south": ["C"]})
        >>> towns.generalise(["C", "A"], level=1).tolist()
        ['south', 'north']
        """
        return cls(Rows(rows_of_tree(tree)))

    @classmethod
    def intervals(
        cls, lower: float, upper: float, *widths: float, top: float | None = None
    ) -> Hierarchy:
        """Build bands of numbers over the domain [lower, upper), one level a width.

        Parameters
        ----------
        lower, upper : float
            Values outside are lacking in the hierarchy; `upper` itself is outside.
        *widths : float
            Ascending, each a multiple of the one before. Bands start at multiples of the width.
        top : float, optional
            Values from here on share a band, ``90+``, at every level above 0 (top coding). A
            multiple of the first width.

        Notes
        -----
        The share of a band is its width inside the domain over the width of the domain. The
        share of a single value is one over that width if bounds and widths are whole numbers,
        else 0.
        """
        return cls(Intervals(lower, upper, tuple(widths), top))

    @classmethod
    def dates(cls, *units: str, start: str, end: str) -> Hierarchy:
        """Build calendar periods, from fine to coarse, over the days `start` to `end`.

        Parameters
        ----------
        *units : str
            Of ``day``, ``week``, ``month``, ``quarter``, ``half-year``, ``year``, ``5-years``,
            ``decade``, ``century``.
        start, end : str
            ISO dates, both included.

        Examples
        --------
        >>> visit = Hierarchy.dates("month", "year", start="2020-01-01", end="2024-12-31")
        >>> [visit.generalise(["2024-05-06"], level=i).item() for i in range(4)]
        ['2024-05-06', '2024-05', '2024', '*']
        """
        return cls(Dates(tuple(units), str(start), str(end)))

    @classmethod
    def prefixes(cls, *lengths: int, values: Iterable[object] | None = None) -> Hierarchy:
        """Build the tree of the first characters of codes, such as region codes 6, 4, 2.

        Parameters
        ----------
        *lengths : int
            Characters kept, descending.
        values : iterable, optional
            All codes that exist: others are then lacking, and shares are over these. Without
            them every text is known, and shares are over the values that are bound.

        Examples
        --------
        >>> Hierarchy.prefixes(4, 2).generalise(["440305"], level=1).item()
        '4403*'
        """
        known = None if values is None else tuple(_text(v) or "" for v in values)
        return cls(Prefixes(tuple(lengths), known))

    @property
    def n_levels(self) -> int:
        """Levels, counting level 0 (the value itself) and the top."""
        return self.rule.n_levels

    @property
    def rooted(self) -> bool:
        """Whether the top level is the single label ``*``."""
        return self.rule.rooted

    def __repr__(self) -> str:
        return f"Hierarchy({self.to_spec()['kind']}, n_levels={self.n_levels})"

    def bind(self, categories: Iterable[object], *, column: str = "") -> Bound:
        """Bind the hierarchy to the distinct values of a column.

        Parameters
        ----------
        categories : array-like
            Distinct values, none missing, in any type that `texts` reads.
        column : str, optional
            Named in the error.

        Raises
        ------
        HierarchyError
            Values that the hierarchy lacks: their number, not themselves.
        """
        values = texts(categories)
        climb = self.rule.climb(values)
        lacking = int(climb.lacking.sum())
        if lacking:
            whose = f" of {column!r}" if column else ""
            raise HierarchyError(
                f"the hierarchy{whose} lacks {lacking} of {len(values)} distinct values",
                hint=self._how_to_add(),
            )
        codes = np.empty((self.n_levels, len(values)), dtype=np.int32)
        labels = []
        for level, found in enumerate(climb.labels):
            seen: dict[str, int] = {}
            codes[level] = [seen.setdefault(label, len(seen)) for label in found]
            labels.append(np.array(list(seen), dtype=object))
        return Bound(codes, tuple(labels), climb.share, self.rooted)

    def lacking(self, categories: Iterable[object]) -> NDArray[np.bool_]:
        """Return which of the distinct values the hierarchy lacks."""
        return self.rule.climb(texts(categories)).lacking

    def generalise(self, values: Iterable[object], level: int) -> Texts:
        """Return the labels of `values` at `level`, as text; missing stays None below ``*``.

        Raises
        ------
        HierarchyError
            Values that the hierarchy lacks (counted), or a level that it does not have.
        """
        self._check(level)
        given = texts(values)
        missing = np.array([t is None for t in given], dtype=np.bool_)
        distinct, inverse = np.unique(given[~missing].astype(str), return_inverse=True)
        bound = self.bind(distinct)
        out = np.full(len(given), None, dtype=object)
        if self.rooted and level == self.n_levels - 1:
            out[:] = ROOT
        out[~missing] = bound.labels[level][bound.codes[level]][inverse]
        return out

    def explain(self, level: int, *, lang: Language = "en") -> str:
        """Say in a few words what a value looks like at `level`."""
        self._check(level)
        if level == 0:
            return "原值" if lang == "zh" else "as it is"
        if self.rooted and level == self.n_levels - 1:
            return "全部隐去（*）" if lang == "zh" else "withheld (*)"
        return self.rule.explain(level, lang)

    def to_csv(self, path: str | os.PathLike[str], *, delimiter: str = ";") -> None:
        """Write the tree in ARX's format, atomically.

        Raises
        ------
        HierarchyError
            A rule without a finite list of values (dates and prefixes without values, intervals
            that are not of whole numbers).
        """
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=delimiter, lineterminator="\n").writerows(self.rows())
        with atomic(path) as temporary:
            temporary.write_text(buffer.getvalue(), encoding="utf-8")

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Return the tree written out, one row a value of its domain."""
        rule = self.rule
        if isinstance(rule, Rows):
            return rule.rows
        domain = rule.domain
        if domain is None:
            raise HierarchyError(
                "this hierarchy is a rule without a list of values, so it cannot be written out",
                hint="save it with to_spec(), or name the values: prefixes(4, 2, values=[…])",
            )
        labels = rule.climb(np.array(domain, dtype=object)).labels
        return tuple(zip(*(a.tolist() for a in labels), strict=True))

    def to_spec(self) -> dict[str, JSON]:
        """Return the hierarchy as JSON-safe data, for a schema in YAML."""
        return self.rule.spec()

    @classmethod
    def from_spec(cls, spec: object, *, base: str | os.PathLike[str] | None = None) -> Hierarchy:
        """Build the hierarchy that `spec` describes; the inverse of `to_spec`.

        Parameters
        ----------
        spec : str or mapping
            A path to a CSV file in ARX's format, or ``{"kind": …}`` with kind ``table`` (rows),
            ``tree`` (tree), ``csv`` (path, delimiter), ``intervals`` (lower, upper, widths, top),
            ``dates`` (units, start, end), ``prefixes`` (lengths, values) or ``codelist`` (name,
            labels, historic).
        base : path, optional
            Folder that relative paths start from.
        """
        if isinstance(spec, str):
            spec = {"kind": "csv", "path": spec}
        if not isinstance(spec, Mapping) or "kind" not in spec:
            raise HierarchyError(
                "a hierarchy is described by a path or a mapping with a 'kind'",
                hint="such as {kind: intervals, lower: 0, upper: 120, widths: [5, 10]}",
            )
        kind = spec["kind"]
        try:
            match kind:
                case "table":
                    return cls.from_rows(spec["rows"])
                case "tree":
                    return cls.from_dict(spec["tree"])
                case "csv":
                    file = Path(base or ".") / spec["path"]
                    return cls.from_csv(file, delimiter=spec.get("delimiter"))
                case "intervals":
                    lower, upper = spec["lower"], spec["upper"]
                    return cls.intervals(lower, upper, *spec["widths"], top=spec.get("top"))
                case "dates":
                    start, end = str(spec["start"]), str(spec["end"])
                    return cls.dates(*spec["units"], start=start, end=end)
                case "prefixes":
                    return cls.prefixes(*spec["lengths"], values=spec.get("values"))
                case "codelist":
                    # Here, for code lists stand on hierarchies.
                    from niming.tables.codelists.listed import Listed

                    labels, historic = spec.get("labels"), spec.get("historic", True)
                    return cls(Listed(spec["name"], labels, historic))
        except KeyError as error:
            raise HierarchyError(
                f"a hierarchy of the kind {kind!r} lacks the entry {error.args[0]!r}",
                hint=_ENTRIES.get(str(kind)),
            ) from None
        except TypeError:
            raise HierarchyError(
                f"an entry of a hierarchy of the kind {kind!r} has the wrong type",
                hint=_ENTRIES.get(str(kind)),
            ) from None
        raise HierarchyError(
            "unknown kind of hierarchy",
            hint="kinds are " + ", ".join(_ENTRIES),
        )

    def _check(self, level: int) -> None:
        if not 0 <= level < self.n_levels:
            raise HierarchyError(
                f"the hierarchy has no level {level}", hint=f"levels are 0 to {self.n_levels - 1}"
            )

    def _how_to_add(self) -> str:
        rule = self.rule
        if isinstance(rule, Intervals):
            return (
                f"the domain is [{rule.lower:g}, {rule.upper:g}), numbers only: widen it, or make "
                "what is outside missing"
            )
        if isinstance(rule, Dates):
            return f"the domain is {rule.start} to {rule.end}, dates only: widen it"
        if self.to_spec()["kind"] == "codelist":
            return (
                "find them with hierarchy.lacking(values) where you may look at the data, correct "
                "them, or make them missing"
            )
        return (
            "find them with hierarchy.lacking(values) where you may look at the data, add a row "
            "for each, or make them missing"
        )


def texts(values: Iterable[object]) -> Texts:
    """Return values as canonical text, the form in which hierarchies compare them.

    Whole numbers have no decimal point, dates and times at midnight are ISO dates, booleans are
    ``true`` and ``false``; missing (None, NaN, NaT, NA) is None.

    Parameters
    ----------
    values : iterable
        Of any scalars; an array, column or list of them.

    Returns
    -------
    ndarray of shape (n_values,), object
        Text, or None where missing.

    Examples
    --------
    >>> texts([39, 39.0, "39", None, float("nan"), True]).tolist()
    ['39', '39', '39', None, None, 'true']
    """
    items: Iterable[object] = values
    if isinstance(values, np.ndarray):
        if values.dtype.kind in "iu":
            return np.asarray(values.astype(str), dtype=object)
        items = (values.astype("datetime64[us]") if values.dtype.kind == "M" else values).tolist()
    out = [_text(v) for v in items]
    result = np.empty(len(out), dtype=object)
    result[:] = out
    return result


def _text(value: object) -> str | None:
    """Return one value as canonical text, None if it is missing."""
    if isinstance(value, str):
        return value
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, (float, np.floating, np.datetime64, Decimal)) and value != value:
        return None
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating, Decimal)):
        if value in (float("inf"), float("-inf")):
            return str(float(value))
        return str(int(value)) if value == int(value) else str(value)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time() and value.tzinfo is None
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value)


def _split(text: str, delimiter: str | None) -> list[list[str]]:
    """Split the lines of a CSV text; without a delimiter take what splits most evenly."""
    if delimiter is not None:
        return _parse(text, delimiter)
    return max((_parse(text, d) for d in (";", ",", "\t")), key=_evenness)


def _evenness(rows: list[list[str]]) -> tuple[bool, int]:
    """Rank a way to split: several columns of equal length first, then many cells."""
    widths = {len(r) for r in rows}
    return len(widths) == 1 and max(widths) > 1, sum(len(r) for r in rows)


def _parse(text: str, delimiter: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    except csv.Error:
        raise HierarchyError(
            "the hierarchy file has a line that is no CSV", hint="check its quotes"
        ) from None
