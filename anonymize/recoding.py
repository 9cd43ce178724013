"""`Recoding`: what a fitted full-domain generalisation does, as data."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.anonymize.rewrite import distinct, rewrite
from niming.errors import InputError
from niming.measure import JSON
from niming.tables import MISSING, ROOT, SUPPRESSED, Counts, Hierarchy, Source, Table, read
from niming.tables.grouping import group
from niming.tables.rules import Language, Texts
from niming.tables.write import atomic

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Recoding", "Unseen"]

Unseen: TypeAlias = Literal["error", "suppress"]

_NOWHERE = -1  # a prefix of no kept class
_DENSE = 2**24  # entries of a transition table that is written out


@dataclass(frozen=True, eq=False, repr=False)
class Recoding:
    """Values become labels of one level a column; classes that are not kept are suppressed.

    It holds no row and no value that is not released: levels, hierarchies and the labels of the
    kept classes.

    Parameters
    ----------
    columns : tuple of str
        Quasi-identifiers.
    hierarchies : tuple of Hierarchy
    levels : tuple of int
    labels : tuple of ndarray of str
        Labels that kept classes have, one array a column.
    kept : ndarray of shape (n_classes, n_columns), int32
        Positions in `labels`; -1 is missing. Each class once.
    n_rows, n_suppressed : int
        Of the table that the recoding was fitted on.

    Examples
    --------
    >>> towns = Hierarchy.from_dict({"north": ["A", "B"], "south": ["C"]})
    >>> recoding = Recoding(("town",), (towns,), (1,), (np.array(["north"], dtype=object),),
    ...                     np.array([[0]], dtype=np.int32), n_rows=3, n_suppressed=1)
    >>> recoding
    Recoding({'town': 1}, n_classes=1)
    >>> recoding.apply({"town": ["B", "C", "A"]})["town"].to_pylist()
    ['north', '*', 'north']
    """

    columns: tuple[str, ...]
    hierarchies: tuple[Hierarchy, ...]
    levels: tuple[int, ...]
    labels: tuple[Texts, ...]
    kept: NDArray[np.int32]
    n_rows: int
    n_suppressed: int

    def __post_init__(self) -> None:
        q = len(self.columns)
        if not len(self.hierarchies) == len(self.levels) == len(self.labels) == q:
            raise InputError(
                "a recoding has one hierarchy, one level and one set of labels a column"
            )
        if self.kept.ndim != 2 or self.kept.shape[1] != q:
            raise InputError("the kept classes of a recoding have one label a column")
        for column, hierarchy, level in zip(
            self.columns, self.hierarchies, self.levels, strict=True
        ):
            if not 0 <= level < hierarchy.n_levels:
                raise InputError(f"the hierarchy of {column!r} has no level {level}")
        for j, labels in enumerate(self.labels):
            codes = self.kept[:, j]
            if codes.size and not (codes.min() >= MISSING and codes.max() < len(labels)):
                raise InputError(f"a kept class has an unknown label of {self.columns[j]!r}")

    def __repr__(self) -> str:
        levels = dict(zip(self.columns, self.levels, strict=True))
        return f"Recoding({levels}, n_classes={len(self.kept)})"

    def apply(
        self, source: Source, *, drop_suppressed: bool = False, unseen: Unseen = "error"
    ) -> object:
        """Recode a table; it comes back in the type that came in.

        Parameters
        ----------
        source : table
            With all of `columns`; other columns pass as they are.
        drop_suppressed : bool, default False
            Leave suppressed records out. Columns at level 0 then keep their type.
            Otherwise all quasi-identifiers become text, and those of a suppressed record ``*``.
        unseen : {"error", "suppress"}, default "error"
            What to do with a value that its hierarchy lacks. A record whose labels are no kept
            class is suppressed in any case.

        Returns
        -------
        table
            A missing quasi-identifier stays null, unless its column is ``*`` throughout.

        Raises
        ------
        ColumnNotFoundError
            A column that the table does not have.
        HierarchyError
            Values that a hierarchy lacks (counted), with ``unseen="error"``.
        """
        if unseen not in ("error", "suppress"):
            raise InputError(f"unseen is {unseen!r}", hint="error or suppress")
        table = read(source)
        table.require(self.columns, asked_by="the recoding")
        columns, keep = self._recode(table, drop_suppressed, unseen)
        return rewrite(source, columns, keep=keep if drop_suppressed else None)

    def transform_counts(self, counts: Counts) -> Counts:
        """Return the counts that a table with `counts` would have after `apply`.

        Cells that become equal are merged; suppressed records have the code `SUPPRESSED` in every
        quasi-identifier.

        Raises
        ------
        HierarchyError
            Values that a hierarchy lacks (counted).
        """
        columns = []
        for j, column in enumerate(self.columns):
            categories = counts.categories[counts.position(column)]
            of_value = self._codes(j, self._labels(j, categories, "error"))
            columns.append(np.append(of_value, self._missing(j))[counts.column_codes(column)])
        keep = self._keep(columns)
        codes, categories_out = counts.codes.copy(), list(counts.categories)
        for j, column in enumerate(self.columns):
            at = counts.position(column)
            codes[:, at] = np.where(keep, columns[j], SUPPRESSED)
            categories_out[at] = self.labels[j]
        sizes = [len(c) for c in categories_out]
        groups = group(codes, sizes, lowest=SUPPRESSED)
        n = np.bincount(groups.group_of, weights=counts.n, minlength=len(groups.first))
        weight: NDArray[np.float64] | None = None
        if counts.weight is not None:
            weight = np.zeros(len(groups.first))
            np.add.at(weight, groups.group_of, counts.weight)
        return Counts(
            counts.columns,
            tuple(categories_out),
            np.ascontiguousarray(codes[groups.first]),
            n.astype(np.int64),
            weight,
        )

    def explain(self, *, lang: Language = "en") -> str:
        """Say in plain words what happens to each column."""
        zh = lang == "zh"
        lines = [
            f"{column}{'：' if zh else ': '}{hierarchy.explain(level, lang=lang)}"
            for column, hierarchy, level in zip(
                self.columns, self.hierarchies, self.levels, strict=True
            )
        ]
        lines.append(
            f"{self.n_rows} 条记录中抑制 {self.n_suppressed} 条，余下 {len(self.kept)} 个等价类"
            if zh
            else f"{self.n_suppressed} of {self.n_rows} records suppressed, "
            f"{len(self.kept)} classes kept"
        )
        return "\n".join(lines)

    def records(self) -> list[dict[str, JSON]]:
        """Return one transformation record a column, JSON-safe and without cell values."""
        return [
            {
                "column": column,
                "role": "quasi-identifier",
                "technique": "generalisation" if level else "suppression",
                "parameters": {
                    "scope": "full-domain",
                    "level": level,
                    "n_levels": hierarchy.n_levels,
                    "n_suppressed": self.n_suppressed,
                    "n_rows": self.n_rows,
                },
                "words": {
                    "zh": hierarchy.explain(level, lang="zh"),
                    "en": hierarchy.explain(level, lang="en"),
                },
            }
            for column, hierarchy, level in zip(
                self.columns, self.hierarchies, self.levels, strict=True
            )
        ]

    def to_dict(self) -> dict[str, JSON]:
        """Return the recoding as JSON-safe data; the inverse of `from_dict`.

        It names the labels that are released and, in hierarchies that are tables, their domain.
        """
        return {
            "kind": "full-domain",
            "version": 1,
            "columns": [
                {
                    "name": column,
                    "level": level,
                    "hierarchy": hierarchy.to_spec(),
                    "labels": labels.tolist(),
                }
                for column, level, hierarchy, labels in zip(
                    self.columns, self.levels, self.hierarchies, self.labels, strict=True
                )
            ],
            "kept": self.kept.tolist(),
            "n_rows": self.n_rows,
            "n_suppressed": self.n_suppressed,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, JSON]) -> Recoding:
        """Build a recoding from `to_dict`."""
        if data.get("kind") != "full-domain" or data.get("version") != 1:
            raise InputError("this is no full-domain recoding of version 1")
        try:
            columns = list(_mappings(data["columns"]))
            kept = np.array(data["kept"], dtype=np.int32).reshape(-1, len(columns))
            return cls(
                columns=tuple(str(c["name"]) for c in columns),
                hierarchies=tuple(Hierarchy.from_spec(c["hierarchy"]) for c in columns),
                levels=tuple(_whole(c["level"]) for c in columns),
                labels=tuple(_labels(c["labels"]) for c in columns),
                kept=kept,
                n_rows=_whole(data["n_rows"]),
                n_suppressed=_whole(data["n_suppressed"]),
            )
        except KeyError as error:
            raise InputError(f"the recoding lacks the entry {error.args[0]!r}") from None
        except InputError:
            raise
        except (TypeError, ValueError, OverflowError):
            raise InputError("an entry of the recoding has the wrong type") from None

    def to_yaml(self, path: str | os.PathLike[str]) -> None:
        """Write the recoding to a YAML file, atomically."""
        import yaml

        text = yaml.safe_dump(self.to_dict(), allow_unicode=True, sort_keys=False, width=100)
        with atomic(path) as temporary:
            temporary.write_text(text, encoding="utf-8")

    @classmethod
    def from_yaml(cls, path: str | os.PathLike[str]) -> Recoding:
        """Read a recoding that `to_yaml` wrote."""
        import yaml

        try:
            data = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"cannot read the recoding {path} ({error.strerror})") from None
        except (yaml.YAMLError, UnicodeDecodeError):
            raise InputError(f"the recoding {path} is not YAML") from None
        if not isinstance(data, Mapping):
            raise InputError(f"the recoding {path} is not a mapping")
        return cls.from_dict(data)

    def _recode(
        self, table: Table, drop: bool, unseen: Unseen
    ) -> tuple[dict[str, pa.Array | None], NDArray[np.bool_]]:
        """Return the new columns and which rows are kept."""
        import pyarrow as pa

        columns: list[NDArray[np.int32]] = []
        arrow = table.arrow(list(dict.fromkeys(self.columns)))
        for j, column in enumerate(self.columns):
            rows, values = distinct(arrow[column])
            of_value = self._codes(j, self._labels(j, values, unseen))
            columns.append(np.append(of_value, self._missing(j))[rows])
        keep = self._keep(columns)
        out: dict[str, pa.Array | None] = {}
        for j, column in enumerate(self.columns):
            if drop and self.levels[j] == 0:
                continue  # as it came
            codes = columns[j][keep] if drop else np.where(keep, columns[j], len(self.labels[j]))
            dictionary = pa.array([*self.labels[j].tolist(), ROOT], pa.string())
            index = pa.array(codes, pa.int32(), mask=codes == MISSING)
            out[column] = pa.DictionaryArray.from_arrays(index, dictionary).cast(pa.string())
        return out, keep

    def _labels(self, j: int, values: NDArray[np.generic], unseen: Unseen) -> Texts:
        """Return the label of each distinct value of column `j`, None if it is lacking."""
        hierarchy, level = self.hierarchies[j], self.levels[j]
        if unseen == "error":
            return hierarchy.generalise(values, level)
        lacking = hierarchy.lacking(values)
        out = np.full(len(values), None, dtype=object)
        out[~lacking] = hierarchy.generalise(values[~lacking], level)
        return out

    def _codes(self, j: int, labels: Texts) -> NDArray[np.int32]:
        """Return positions in the labels of column `j`; one past the end for others."""
        at = {label: i for i, label in enumerate(self.labels[j])}
        other = len(at)
        return np.fromiter((at.get(x, other) for x in labels), dtype=np.int32, count=len(labels))

    def _missing(self, j: int) -> int:
        """Return the code of a missing value of column `j`: at a top of ``*`` it is that."""
        hierarchy = self.hierarchies[j]
        if hierarchy.rooted and self.levels[j] == hierarchy.n_levels - 1:
            return int(self._codes(j, np.array([ROOT], dtype=object))[0])
        return MISSING

    def _keep(self, columns: Sequence[NDArray[np.int32]]) -> NDArray[np.bool_]:
        """Tell which rows are in a kept class: walk a trie of the classes, column by column."""
        at = np.zeros(len(columns[0]), dtype=np.int64)
        prefix = np.zeros(len(self.kept), dtype=np.int64)
        for j, codes in enumerate(columns):
            span = len(self.labels[j]) + 2  # missing and others
            step = prefix * span + (self.kept[:, j] - MISSING)
            known, prefix = np.unique(step, return_inverse=True)
            key = at * span + (codes - MISSING)
            alive = at != _NOWHERE
            n_keys = (int(known[-1]) + 1) if len(known) else 0
            if n_keys <= _DENSE:
                table = np.full(n_keys + 1, _NOWHERE, dtype=np.int64)
                table[known] = np.arange(len(known))
                at = table[np.where(alive & (key < n_keys), key, n_keys)]
            else:
                found = np.minimum(np.searchsorted(known, key), len(known) - 1)
                at = np.where(alive & (known[found] == key), found, _NOWHERE)
        return np.asarray(at != _NOWHERE, dtype=np.bool_)


def _mappings(data: JSON) -> Iterator[Mapping[str, JSON]]:
    if not isinstance(data, Sequence) or isinstance(data, str):
        raise TypeError
    for item in data:
        if not isinstance(item, Mapping):
            raise TypeError
        yield item


def _labels(data: JSON) -> Texts:
    if not isinstance(data, Sequence) or isinstance(data, str):
        raise TypeError
    return np.array([str(x) for x in data], dtype=object)


def _whole(data: JSON) -> int:
    if isinstance(data, bool) or not isinstance(data, int):
        raise TypeError
    return data
