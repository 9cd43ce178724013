"""niming (匿名): measure what a table gives away about people, release less, prove it.

>>> import niming as nm
>>> nm.risk.k_anonymity({"age": [34, 34, 51], "sex": ["F", "F", "M"]},
...                     quasi_identifiers=["age", "sex"]).k
1
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_ROOMS = ("tables", "risk", "utility", "anonymize", "synth", "sampling", "domain")
_FACE = {
    "open": "niming.domain.handle",
    "load": "niming.domain.load",
    "certify": "niming.domain.gate",
    "read": "niming.tables.source",
    "Schema": "niming.tables.schema",
}

__all__ = [
    "Schema",
    "__version__",
    "anonymize",
    "certify",
    "domain",
    "errors",
    "load",
    "open",
    "read",
    "risk",
    "sampling",
    "synth",
    "tables",
    "utility",
]

# A checkout without symbolic links (Windows, some archives) has files where the links to the
# rooms should be: then the rooms are found beside this folder instead.
if not all((Path(__path__[0]) / room).is_dir() for room in _ROOMS):
    __path__.append(str(Path(__path__[0]).parent))

if TYPE_CHECKING:
    from niming import (
        anonymize,
        domain,
        errors,
        risk,
        sampling,
        synth,
        tables,
        utility,
    )
    from niming.domain.gate import certify
    from niming.domain.handle import open
    from niming.domain.load import load
    from niming.tables.schema import Schema
    from niming.tables.source import read


def __getattr__(name: str) -> object:
    """Import a room or a public name when it is first used, so that ``import niming`` is cheap."""
    if name in _ROOMS or name == "errors":
        return importlib.import_module(f"niming.{name}")
    if name in _FACE:
        value = getattr(importlib.import_module(_FACE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'niming' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
