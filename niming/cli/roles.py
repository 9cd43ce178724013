"""`Roles`: which columns a command takes for what, and where it has that from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from niming.cli.screen import note, pick, result, step
from niming.errors import InputError

if TYPE_CHECKING:
    from niming.domain.handle import Sealed
    from niming.measure import JSON
    from niming.tables import Hierarchy, Schema, Table

__all__ = ["Roles", "listed", "opened", "roles_of"]


@dataclass(frozen=True)
class Roles:
    """What each column is taken for.

    Parameters
    ----------
    quasi_identifiers, sensitive : tuple of str
    origin : {"options", "schema", "scan"}
        Given on the command line, declared in a schema, or proposed by a scan and not reviewed.
    weight, household : str or None
    hierarchies : dict of str to Hierarchy
        As a schema declares them; what a scan proposes of these is not used unasked.
    """

    quasi_identifiers: tuple[str, ...]
    sensitive: tuple[str, ...]
    origin: Literal["options", "schema", "scan"]
    weight: str | None = None
    household: str | None = None
    hierarchies: Mapping[str, Hierarchy] = field(default_factory=dict)

    def within(self, *tables: Table) -> Roles:
        """Return the roles of columns that all tables have; what was asked for by name stays."""
        if self.origin == "options":
            return self

        def there(columns: Sequence[str]) -> tuple[str, ...]:
            return tuple(c for c in columns if all(c in table.columns for table in tables))

        return replace(
            self,
            quasi_identifiers=there(self.quasi_identifiers),
            sensitive=there(self.sensitive),
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the roles for machines."""
        return {
            "origin": self.origin,
            "quasi_identifiers": list(self.quasi_identifiers),
            "sensitive": list(self.sensitive),
            "weight": self.weight,
            "household": self.household,
        }

    def show(self) -> None:
        """Print the roles, and that proposals are no more than that."""
        lists = [
            (pick("quasi-identifiers", "准标识符"), self.quasi_identifiers),
            (pick("sensitive", "敏感属性"), self.sensitive),
        ]
        for label, columns in lists:
            names = pick(", ", "、").join(columns) or pick("none", "无")
            result(f"{label}{pick(': ', '：')}{names}")
        if self.origin == "scan":
            note(
                pick(
                    "these roles are a scan's proposals and nobody reviewed them: give --qi and "
                    "--sensitive, or write them down with `niming scan --out` and give --schema",
                    "以上角色仅为扫描建议，未经复核：请给出 --qi 和 --sensitive，"
                    "或用 `niming scan --out` 写出模式文件、复核后给出 --schema",
                )
            )


def opened(path: Path, schema: Path | None = None) -> tuple[Table, Sealed]:
    """Read a raw table; check it against its schema and record in the ledger that it was opened."""
    import niming

    table = niming.read(path)
    return table, niming.open(table, schema)


def roles_of(
    table: Table,
    sealed: Sealed,
    quasi_identifiers: Sequence[str] | None,
    sensitive: Sequence[str] | None,
    *,
    otherwise: Schema | None = None,
) -> Roles:
    """Choose the roles: by options, else as a schema declares, else as a scan proposes.

    `otherwise` is a schema that counts where none was given.
    """
    given = sealed.schema
    if quasi_identifiers or sensitive:
        if given is not None:
            raise InputError(
                "both --schema and --qi or --sensitive say what the columns are",
                hint="give one of the two",
            )
        known = listed(quasi_identifiers, table)
        if not known:
            raise InputError("--sensitive was given without --qi", hint="--qi age,sex,district")
        return Roles(known, listed(sensitive, table), "options")
    schema = given or otherwise
    if schema is None:
        with step(pick("scanning for roles", "扫描以建议角色")):
            proposed = sealed.scan().schema()
        return Roles(proposed.quasi_identifiers, proposed.sensitive, "scan")
    return Roles(
        schema.quasi_identifiers,
        schema.sensitive,
        "schema",
        schema.weight,
        schema.household,
        schema.hierarchies,
    )


def listed(columns: Sequence[str] | None, table: Table) -> tuple[str, ...]:
    """Return column names given one by one or with commas; a name may have a comma itself."""
    names: list[str] = []
    for text in columns or ():
        parts = [text] if text in table.columns else [p.strip() for p in text.split(",")]
        names += [p for p in parts if p]
    return tuple(dict.fromkeys(names))
