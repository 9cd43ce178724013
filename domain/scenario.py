"""`Scenario`: an approved use (应用场景): who, which resource, for what, until when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from niming.errors import InputError, PolicyError

__all__ = ["Scenario"]

_FIELDS = ("id", "title", "operator", "resource", "purpose", "valid_until")


@dataclass(frozen=True)
class Scenario:
    """One approved use of one resource.

    Parameters
    ----------
    id : str
        The approval's number, such as ``"SC-2026-014"``. A load names it; nothing else opens.
    title, operator, resource, purpose : str
        What it is, who may use it, which registered resource, for what.
    valid_until : datetime.date, optional
        Last day of the approval; a certificate never outlives it.

    Examples
    --------
    >>> Scenario("SC-2026-014", purpose="train an income model").id
    'SC-2026-014'
    """

    id: str
    title: str = ""
    operator: str = ""
    resource: str = ""
    purpose: str = ""
    valid_until: dt.date | None = None

    def __post_init__(self) -> None:
        if not self.id.strip() or self.id != self.id.strip():
            raise PolicyError(
                "a scenario needs an id without blanks around it",
                hint="use the number of the approval, such as SC-2026-014",
            )

    @classmethod
    def of(cls, value: Scenario | Mapping[str, object] | str | Path) -> Scenario:
        """Return a scenario from itself, a mapping, a YAML file or a bare id."""
        if isinstance(value, Scenario):
            return value
        if isinstance(value, Mapping):
            return cls._from_mapping(value)
        path = Path(value)
        if path.suffix in (".yaml", ".yml"):
            import yaml

            try:
                content = yaml.safe_load(path.read_text("utf-8"))
            except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
                raise InputError(
                    f"cannot read the scenario file {path} ({type(error).__name__})",
                    hint="a YAML file with id, title, operator, resource, purpose, valid_until",
                ) from None
            if not isinstance(content, Mapping):
                raise PolicyError(f"the scenario file {path} is not a mapping of fields")
            return cls._from_mapping(content)
        return cls(str(value))

    @classmethod
    def _from_mapping(cls, value: Mapping[str, object]) -> Scenario:
        unknown = sorted(set(value) - set(_FIELDS))
        if unknown or "id" not in value:
            what = f"unknown fields {unknown}" if unknown else "no id"
            raise PolicyError(f"the scenario has {what}", hint=f"its fields are {list(_FIELDS)}")
        until = value.get("valid_until")
        if isinstance(until, str):
            try:
                until = dt.date.fromisoformat(until)
            except ValueError:
                raise PolicyError(
                    "the scenario's valid_until is not a date", hint="write it as 2027-06-30"
                ) from None
        if until is not None and (isinstance(until, dt.datetime) or not isinstance(until, dt.date)):
            raise PolicyError("the scenario's valid_until is not a date", hint="as in 2027-06-30")
        text = {f: str(value.get(f) or "") for f in _FIELDS if f != "valid_until"}
        return cls(**text, valid_until=until)

    def to_dict(self) -> dict[str, str | None]:
        """Return the scenario as a JSON-safe dict."""
        until = None if self.valid_until is None else self.valid_until.isoformat()
        return {f: getattr(self, f) for f in _FIELDS if f != "valid_until"} | {"valid_until": until}
