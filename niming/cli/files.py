"""Files that a command writes: never over its input, never over another file unasked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from niming.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Force", "Picture", "draw", "new_file", "new_folder", "new_picture"]

Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")]

Picture: TypeAlias = Literal["png", "svg"]

_OURS = "manifest.json"
_DPI = 160  # sharp on a page of A4 and on most screens


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


def new_picture(out: Path, force: bool, *inputs: Path) -> None:
    """Raise unless `out` may be written and its name ends in a format of pictures."""
    if out.suffix.lower() not in (".png", ".svg"):
        raise InputError(f"{out.name} is neither .png nor .svg", hint="name it by its format")
    new_file(out, force, *inputs)


def draw(figure: Figure, out: Path) -> None:
    """Write a picture, whole or not at all, in the format that its name ends in."""
    import io

    from matplotlib import rc_context

    from niming.tables.write import atomic

    content = io.BytesIO()
    kind = out.suffix.removeprefix(".").lower()
    # No date and no random ids: the same picture is the same bytes.
    metadata = {"Date": None} if kind == "svg" else None
    with rc_context({"svg.hashsalt": "niming"}):
        figure.savefig(content, format=kind, dpi=_DPI, metadata=metadata)
    with atomic(out) as temporary:
        temporary.write_bytes(content.getvalue())
