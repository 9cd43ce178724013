"""`Schema`, `Column`, `Role`: what each column of a table is, declared by people, not by data."""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import json
import math
import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

from niming.errors import ColumnNotFoundError, InputError, SchemaError
from niming.measure import JSON
from niming.tables.hierarchy import Hierarchy

if TYPE_CHECKING:
    import pyarrow as pa

    from niming.tables.source import Source, Table

__all__ = ["SPECIAL", "VERSION", "Column", "Format", "Kind", "Role", "Schema"]

Kind: TypeAlias = Literal[
    "categorical", "integer", "number", "date", "datetime", "boolean", "text", "identifier"
]

Format: TypeAlias = Literal[
    "resident-id",
    "credit-code",
    "bank-card",
    "mobile",
    "e-mail",
    "plate",
    "name",
    "address",
    "region-code",
]

Bound: TypeAlias = int | float | str

VERSION = "schema/1"
"""What a schema file says that it is."""

_TWICE = "entry that stands twice"
SPECIAL = ("weight", "household", "person_id", "target")
"""Columns that play a part of their own in a schema."""


_TYPES = (
    ("nullable", bool, "true or false"),
    ("reason", str, "a text"),
    ("description", str, "a text"),
    ("hierarchy", (Hierarchy, type(None)), "a Hierarchy"),
    ("confidence", (int, float, type(None)), "a number"),
)


class Role(StrEnum):
    """What an outsider could do with a column.

    A direct identifier (标识符) names a person; a quasi-identifier (准标识符) could be known and,
    with others, point to one; a sensitive column (敏感属性) is what must not be learnt; the rest
    is insensitive.

    Attributes
    ----------
    DIRECT_IDENTIFIER, QUASI_IDENTIFIER, SENSITIVE, INSENSITIVE : Role
        Written in schema files as ``direct-identifier`` and so on.

    Examples
    --------
    >>> Role("sensitive")
    <Role.SENSITIVE: 'sensitive'>
    """

    DIRECT_IDENTIFIER = "direct-identifier"
    QUASI_IDENTIFIER = "quasi-identifier"
    SENSITIVE = "sensitive"
    INSENSITIVE = "insensitive"


@dataclass(frozen=True)
class Column:
    """What one column is.

    Parameters
    ----------
    name : str
    role : Role
    kind : Kind
        What its values are; text is free text, identifier is a number or code of somebody.
    hierarchy : Hierarchy, optional
        How it generalises.
    categories : tuple of str, optional
        All values that exist, as public knowledge; never copied from data.
    lower, upper : number or ISO date, optional
        Public bounds, both included.
    format : Format, optional
        What an identifier or text holds.
    nullable : bool, default True
        Whether values may be missing.
    grade : int in [1, 4], optional
        Grade of general data after GB/T 43697-2024.
    reason : str
        Why it has this role.
    confidence : float in [0, 1], optional
        Of a proposal; None where a person decided.
    description : str

    Raises
    ------
    SchemaError
        A role, kind, format or grade that does not exist, or entries that contradict each other.

    Examples
    --------
    >>> age = Column("age", Role.QUASI_IDENTIFIER, "integer", lower=0, upper=120)
    >>> age.role.value, age.nullable
    ('quasi-identifier', True)
    """

    name: str
    role: Role
    kind: Kind
    hierarchy: Hierarchy | None = None
    categories: tuple[str, ...] | None = None
    lower: Bound | None = None
    upper: Bound | None = None
    format: Format | None = None
    nullable: bool = True
    grade: int | None = None
    reason: str = ""
    confidence: float | None = None
    description: str = ""

    def __post_init__(self) -> None:
        where = f"column {self.name!r}"
        try:
            object.__setattr__(self, "role", Role(self.role))
        except ValueError:
            raise SchemaError(
                f"{where} has an unknown role", hint="roles are " + ", ".join(Role)
            ) from None
        if self.kind not in get_args(Kind):
            raise SchemaError(
                f"{where} has an unknown kind", hint="kinds are " + ", ".join(get_args(Kind))
            )
        if self.format is not None and self.format not in get_args(Format):
            raise SchemaError(
                f"{where} has an unknown format", hint="formats are " + ", ".join(get_args(Format))
            )
        for entry, wanted, words in _TYPES:
            if not isinstance(getattr(self, entry), wanted):
                raise SchemaError(f"{where} has a {entry} of the wrong type", hint=f"give {words}")
        if self.categories is not None:
            if not all(isinstance(c, (str, int, float)) for c in self.categories) or any(
                isinstance(c, bool) for c in self.categories
            ):
                raise SchemaError(
                    f"{where} has categories that are no texts",
                    hint="in quotes: YAML reads yes and no without them as true and false",
                )
            object.__setattr__(self, "categories", tuple(str(c) for c in self.categories))
            twice = len(self.categories) - len(set(self.categories))
            if twice or not self.categories:
                raise SchemaError(
                    f"{where} lists {twice or 'no'} categories{' twice' if twice else ''}",
                    hint="list each category once",
                )
        self._check_bounds(where)
        if self.grade is not None and (self.grade is True or self.grade not in (1, 2, 3, 4)):
            raise SchemaError(f"{where} has a grade outside 1 to 4", hint="see GB/T 43697-2024")
        if self.confidence is not None and (
            isinstance(self.confidence, (bool, str)) or not 0 <= self.confidence <= 1
        ):
            raise SchemaError(f"{where} has a confidence outside [0, 1]", hint="such as 0.9")

    def _check_bounds(self, where: str) -> None:
        for name in ("lower", "upper"):
            bound = getattr(self, name)
            if isinstance(bound, dt.date):  # YAML reads 2020-01-01 as a date
                bound = bound.isoformat()
                object.__setattr__(self, name, bound)
            if bound is None:
                continue
            dated = self.kind in ("date", "datetime")
            fits = isinstance(bound, str) if dated else isinstance(bound, (int, float))
            if not fits or isinstance(bound, bool):
                raise SchemaError(
                    f"{where} has a {name} bound of the wrong type",
                    hint="an ISO date for dates, a number for numbers",
                )
            if isinstance(bound, str):
                try:
                    dt.datetime.fromisoformat(bound)
                except ValueError:
                    raise SchemaError(
                        f"{where} has a {name} bound that is no date", hint="write 2024-12-31"
                    ) from None
            elif not math.isfinite(bound):
                raise SchemaError(f"{where} has a {name} bound that is not finite", hint="drop it")
        if self.lower is not None and self.upper is not None:
            low, high = cast("tuple[float, float]", (self.lower, self.upper))
            if low > high:
                raise SchemaError(f"{where} has lower above upper", hint="exchange the bounds")

    def to_dict(self) -> dict[str, JSON]:
        """Return what differs from the defaults, JSON-safe, without the name."""
        out: dict[str, JSON] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "name" or value == field.default:
                continue
            if isinstance(value, Hierarchy):
                value = value.to_spec()
            elif isinstance(value, tuple):
                value = list(value)
            out[field.name] = str(value) if isinstance(value, Role) else value
        return out


@dataclass(frozen=True, repr=False)
class Schema:
    """What every column of a table is.

    Parameters
    ----------
    columns : tuple of Column
        In the order of the table; each name once.
    name : str
    weight, household, person_id, target : str, optional
        Columns with a part of their own: sampling weight, household, person, what a model predicts.

    Raises
    ------
    SchemaError
        Contradictions, with the column and the fix.

    Examples
    --------
    >>> schema = Schema((Column("age", Role.QUASI_IDENTIFIER, "integer"),
    ...                  Column("illness", Role.SENSITIVE, "categorical")))
    >>> schema.quasi_identifiers, schema["illness"].kind
    (('age',), 'categorical')
    """

    columns: tuple[Column, ...]
    name: str = ""
    weight: str | None = None
    household: str | None = None
    person_id: str | None = None
    target: str | None = None

    def __post_init__(self) -> None:
        names = self.names
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise SchemaError(f"the schema declares {twice} twice", hint="one entry a column")
        if not names:
            raise SchemaError("the schema declares no column", hint="list them under columns:")
        for part in SPECIAL:
            column = getattr(self, part)
            if column is not None and column not in names:
                raise SchemaError(
                    f"the schema names {column!r} as {part}, and declares no such column",
                    hint=_nearest(column, names),
                )
        if self.weight is not None and self[self.weight].role == Role.QUASI_IDENTIFIER:
            raise SchemaError(
                f"{self.weight!r} is both weight and quasi-identifier",
                hint="a weight is insensitive: plans drop it from releases",
            )
        if self.household is not None and self.household == self.person_id:
            raise SchemaError(
                f"{self.household!r} is both household and person",
                hint="a household id is shared by its members, a person id is not",
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(c.name for c in self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise ColumnNotFoundError.among([name], self.names, asked_by="the schema")

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def of_role(self, role: Role) -> tuple[str, ...]:
        """Return the names of the columns with `role`, in order."""
        return tuple(c.name for c in self.columns if c.role == role)

    @property
    def direct_identifiers(self) -> tuple[str, ...]:
        """Names of the columns that name a person."""
        return self.of_role(Role.DIRECT_IDENTIFIER)

    @property
    def quasi_identifiers(self) -> tuple[str, ...]:
        """Names of the columns that could point to a person together."""
        return self.of_role(Role.QUASI_IDENTIFIER)

    @property
    def sensitive(self) -> tuple[str, ...]:
        """Names of the columns that must not be learnt of a person."""
        return self.of_role(Role.SENSITIVE)

    @property
    def insensitive(self) -> tuple[str, ...]:
        """Names of the other columns."""
        return self.of_role(Role.INSENSITIVE)

    @cached_property
    def hierarchies(self) -> dict[str, Hierarchy]:
        """The declared hierarchies by column."""
        return {c.name: c.hierarchy for c in self.columns if c.hierarchy is not None}

    @classmethod
    def from_yaml(cls, path: str | os.PathLike[str]) -> Schema:
        """Read a schema file; paths of hierarchies are relative to it.

        Raises
        ------
        SchemaError
            Not a file, not YAML (line and column told), or not a schema.
        """
        import yaml

        file = Path(path)
        try:
            content = _load(file.read_text("utf-8-sig"))
        except OSError as error:
            raise SchemaError(
                f"cannot read the schema {file} ({error.strerror})",
                hint="`niming scan TABLE --out schema.yaml` proposes one",
            ) from None
        except UnicodeDecodeError:
            raise SchemaError(f"the schema {file} is not UTF-8", hint="save it as UTF-8") from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
            told = getattr(error, "problem", None)
            if told == _TWICE:
                raise SchemaError(f"{file} has an {told}{where}", hint="keep one of them") from None
            raise SchemaError(f"{file} is not YAML{where}", hint="mend the indentation") from None
        try:
            return cls.from_dict(content, base=file.parent)
        except SchemaError as error:
            raise SchemaError(f"{file}: {error.message}", hint=error.hint) from None

    @classmethod
    def from_dict(cls, content: object, *, base: str | os.PathLike[str] | None = None) -> Schema:
        """Build a schema from what `to_dict` returns; the inverse of it."""
        if not isinstance(content, Mapping):
            raise SchemaError("a schema is a mapping with columns", hint="see the README")
        known = ("niming", "name", *SPECIAL, "columns")
        _no_others(content, known, "the schema")
        if content.get("niming") != VERSION:
            raise SchemaError(
                f"the schema does not say that it is {VERSION!r}",
                hint=f"first line: niming: {VERSION}",
            )
        listed = content.get("columns")
        if not isinstance(listed, Mapping):
            raise SchemaError("the schema lists no columns", hint="columns: {name: {role: …}}")
        odd = sum(not isinstance(name, str) for name in listed)
        if odd:
            raise SchemaError(
                f"{odd} columns of the schema have names that are no texts",
                hint="in quotes: YAML reads 2024, yes and null without them as something else",
            )
        columns = [_column(name, entry, base) for name, entry in listed.items()]
        special = {p: content.get(p) for p in SPECIAL}
        wrong = [p for p, v in special.items() if v is not None and not isinstance(v, str)]
        if wrong:
            raise SchemaError(
                f"the schema's {wrong[0]} is not the name of a column",
                hint="the name of one column, in quotes if it is a number",
            )
        name = str(content.get("name") or "")
        return cls(tuple(columns), name=name, **cast("dict[str, str | None]", special))

    def to_dict(self) -> dict[str, JSON]:
        """Return the schema as a JSON-safe dict."""
        out: dict[str, JSON] = {"niming": VERSION}
        if self.name:
            out["name"] = self.name
        out |= {p: getattr(self, p) for p in SPECIAL if getattr(self, p) is not None}
        out["columns"] = {c.name: c.to_dict() for c in self.columns}
        return out

    def to_yaml(self, path: str | os.PathLike[str]) -> None:
        """Write the schema file, whole or not at all."""
        import yaml

        from niming.tables.write import atomic

        text = yaml.safe_dump(self.to_dict(), allow_unicode=True, sort_keys=False, width=100)
        with atomic(Path(path)) as temporary:
            Path(temporary).write_text(text, "utf-8")

    def digest(self) -> str:
        """Return the SHA-256 of the schema as sorted JSON, 64 hex digits."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def check(self, source: Source) -> None:
        """Raise unless the schema fits the table: the same columns, of types that the kinds allow.

        Raises
        ------
        ColumnNotFoundError
            A declared column that the table does not have.
        SchemaError
            A column of the table that is not declared, or whose type its kind does not allow; a
            quasi-identifier without any value, if it is stored as another type.

        Notes
        -----
        Other columns that are missing in every row fit any kind.
        """
        from niming.tables.source import read

        table = read(source)
        table.require(self.names, asked_by="the schema")
        undeclared = [c for c in table.columns if c not in self]
        if undeclared:
            raise SchemaError(
                f"the table has {undeclared}, which the schema does not declare",
                hint="give each of them a role: what is not declared cannot be judged",
            )
        for column in self.columns:
            if _allows(column.kind, table.schema.field(column.name).type):
                continue
            if not table.n_rows or _has_values(table, column.name):
                raise SchemaError(
                    f"column {column.name!r} is declared {column.kind}, and the table holds "
                    f"{table.schema.field(column.name).type}",
                    hint="correct the kind, or the type of the column in the file",
                )
            # A column without any value has no type of its own: in a CSV it reads as text.
            if column.role == Role.QUASI_IDENTIFIER:
                raise SchemaError(
                    f"the quasi-identifier {column.name!r} is missing in every row",
                    hint="correct the file, or leave the column out of it and of the schema",
                )

    @staticmethod
    def json_schema() -> dict[str, JSON]:
        """Return the JSON Schema (2020-12) of a schema file, for editors."""
        from niming.tables.schema_json import json_schema

        return json_schema()

    def __repr__(self) -> str:
        roles = ", ".join(f"{len(self.of_role(r))} {r}" for r in Role if self.of_role(r))
        return f"Schema({self.name!r}, {len(self.columns)} columns: {roles})"


def _column(name: str, entry: object, base: str | os.PathLike[str] | None) -> Column:
    """Build one column from its entry."""
    where = f"column {name!r}"
    if not isinstance(entry, Mapping):
        raise SchemaError(f"{where} has no entry", hint="{role: …, kind: …}")
    known = [f.name for f in fields(Column) if f.name != "name"]
    _no_others(entry, known, where)
    lacking = [k for k in ("role", "kind") if k not in entry]
    if lacking:
        raise SchemaError(f"{where} has no {lacking[0]}", hint="each column has a role and a kind")
    values = dict(entry)
    if (categories := values.get("categories")) is not None:
        if not isinstance(categories, Sequence) or isinstance(categories, str):
            raise SchemaError(
                f"{where} has categories that are not a list", hint="categories: [a, b, c]"
            )
        values["categories"] = tuple(categories)
    if values.get("hierarchy") is not None:
        try:
            values["hierarchy"] = Hierarchy.from_spec(values["hierarchy"], base=base)
        except InputError as error:
            raise SchemaError(f"{where}: {error.message}", hint=error.hint) from None
    return Column(name, **values)


def _load(text: str) -> object:
    """Read YAML in which no mapping names an entry twice: the last would silently win."""
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(
            self, node: yaml.MappingNode, deep: bool = False
        ) -> dict[Hashable, object]:
            seen: set[str] = set()
            for key, _ in node.value:
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, _TWICE, key.start_mark)
                if isinstance(key, yaml.ScalarNode):
                    seen.add(key.value)
            return super().construct_mapping(node, deep)

    return yaml.load(text, Loader)  # a SafeLoader


def _no_others(content: Mapping[object, object], known: Sequence[str], where: str) -> None:
    for key in content:
        if key not in known:
            raise SchemaError(
                f"{where} has the unknown entry {key!r}", hint=_nearest(str(key), known)
            )


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(known)


def _has_values(table: Table, column: str) -> bool:
    """Return whether any row has a value in `column`."""
    n = table.query(f"SELECT count({table.expression(column)}) AS n FROM source")["n"][0].as_py()
    return bool(n)


def _allows(kind: Kind, found: pa.DataType) -> bool:
    """Return whether a column of `kind` may be stored as `found`; text may hold anything."""
    import pyarrow.types as types

    if types.is_dictionary(found):
        found = found.value_type
    text = types.is_string(found) or types.is_large_string(found) or types.is_string_view(found)
    if types.is_null(found) or kind in ("categorical", "identifier"):
        return True
    numeric = types.is_integer(found) or types.is_floating(found) or types.is_decimal(found)
    match kind:
        case "integer" | "number":
            return bool(numeric)
        case "date" | "datetime":
            return bool(text or types.is_temporal(found))
        case "boolean":
            return bool(types.is_boolean(found) or types.is_integer(found) or text)
        case _:
            return bool(text)
