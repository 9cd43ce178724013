"""The JSON Schema of a schema file, with which editors complete and check it."""

from __future__ import annotations

from typing import get_args

from niming.measure import JSON
from niming.tables.codelists.codelist import NAMES
from niming.tables.schema import SPECIAL, VERSION, Format, Kind, Role

__all__ = ["json_schema"]

_TEXT: JSON = {"type": "string"}
_SCALAR: JSON = {"type": ["string", "number", "boolean"]}
_NUMBER: JSON = {"type": "number"}
_ROWS: JSON = {"type": "array", "minItems": 1, "items": {"type": "array", "items": _SCALAR}}

_HIERARCHIES: dict[str, dict[str, JSON]] = {
    "table": {"rows": _ROWS},
    "tree": {"tree": {"type": "object"}},
    "csv": {"path": _TEXT},
    "intervals": {
        "lower": _NUMBER,
        "upper": _NUMBER,
        "widths": {"type": "array", "items": {"type": "number", "exclusiveMinimum": 0}},
    },
    "dates": {
        "units": {"type": "array", "items": _TEXT},
        "start": {"type": "string", "format": "date"},
        "end": {"type": "string", "format": "date"},
    },
    "prefixes": {"lengths": {"type": "array", "items": {"type": "integer", "minimum": 1}}},
    "codelist": {"name": {"enum": list(NAMES)}},
}
_OPTIONAL: dict[str, dict[str, JSON]] = {
    "csv": {"delimiter": _TEXT},
    "intervals": {"top": _NUMBER},
    "codelist": {"labels": {"enum": ["code", "name"]}, "historic": {"type": "boolean"}},
    "prefixes": {"values": {"type": ["array", "null"], "items": _SCALAR}},
}


def json_schema() -> dict[str, JSON]:
    """Return the JSON Schema (2020-12) of a schema file.

    Notes
    -----
    It describes the form. What contradicts itself, such as a weight that is a quasi-identifier,
    is found by `Schema` alone.

    Examples
    --------
    >>> json_schema()["required"]
    ['niming', 'columns']
    """
    bound: JSON = {"type": ["number", "string"]}
    column = _closed(
        {"role": {"enum": [str(r) for r in Role]}, "kind": {"enum": list(get_args(Kind))}},
        {
            "hierarchy": {"oneOf": [_TEXT, *(_hierarchy(kind) for kind in _HIERARCHIES)]},
            "categories": {
                "type": "array",
                "minItems": 1,
                "uniqueItems": True,
                "items": _SCALAR,
            },
            "lower": bound,
            "upper": bound,
            "format": {"enum": list(get_args(Format))},
            "nullable": {"type": "boolean"},
            "grade": {"enum": [1, 2, 3, 4]},
            "reason": _TEXT,
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
            "description": _TEXT,
        },
    )
    columns: JSON = {"type": "object", "minProperties": 1, "additionalProperties": column}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_closed(
            {"niming": {"const": VERSION}, "columns": columns},
            {"name": _TEXT, **dict.fromkeys(SPECIAL, _TEXT)},
        ),
    }


def _hierarchy(kind: str) -> dict[str, JSON]:
    return _closed({"kind": {"const": kind}, **_HIERARCHIES[kind]}, _OPTIONAL.get(kind, {}))


def _closed(required: dict[str, JSON], optional: dict[str, JSON]) -> dict[str, JSON]:
    """Return an object schema that allows no other entries."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": required | optional,
    }
