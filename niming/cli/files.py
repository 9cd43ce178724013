"""Files that a command writes: never over its input, never over another file unasked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from niming.errors import InputError

__all__ = ["Force", "new_file", "new_folder"]

Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")]

_OURS = "manifest.json"


def new_file(out: Path, force: bool, *inputs: Path) -> None:
    """Raise unless `out` may be written: not an input, and new or asked to be replaced."""
    if out.exists() and any(i.exists() and out.samefile(i) for i in inputs):
        raise InputError(f"{out} is the input itself", hint="give --out another name")
    if out.exists() and not force:
        raise InputError(
            f"{out} exists already", hint="give another name, or --force to replace it"
        )


def new_folder(out: Path) -> None:
    """Raise unless `out` can become a release folder: new, empty, or an earlier release."""
    if out.is_file():
        raise InputError(f"{out} is a file, and a release is a folder", hint="give --out a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / _OURS).is_file():
        raise InputError(
            f"{out} holds files that are no release", hint="give --out a new or empty folder"
        )
