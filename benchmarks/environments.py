"""Rivals that cannot live beside niming: each gets a virtual environment of its own.

A file ``benchmarks/environments/NAME.txt`` pins what the rival NAME needs. Its environment is made
once, under ``.benchmarks/``, and made again when the file changes.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

__all__ = ["is_made", "python_of"]

_PINS = Path(__file__).resolve().parent / "environments"
_PLACE = _PINS.parent.parent / ".benchmarks"


def python_of(rival: str) -> str:
    """Return the interpreter that runs `rival`, making its environment if it needs one.

    Parameters
    ----------
    rival : str
        A module in `benchmarks.rivals`.

    Raises
    ------
    RuntimeError
        The environment could not be made.
    """
    pins = _PINS / f"{rival}.txt"
    if not pins.exists():
        return sys.executable
    place = _PLACE / rival
    python = place / "bin" / "python"
    if is_made(rival):
        return str(python)
    print(f"making an environment for {rival}", file=sys.stderr)
    shutil.rmtree(place, ignore_errors=True)
    venv.create(place, with_pip=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    if subprocess.run([*pip, "--requirement", str(pins)], check=False).returncode:
        raise RuntimeError(f"the environment of {rival} could not be made; pip's words are above")
    (place / ".pins").write_text(_digest(pins))
    return str(python)


def is_made(rival: str) -> bool:
    """Return whether `rival` can run as things are, without the network."""
    pins, stamp = _PINS / f"{rival}.txt", _PLACE / rival / ".pins"
    return not pins.exists() or (stamp.exists() and stamp.read_text() == _digest(pins))


def _digest(pins: Path) -> str:
    return hashlib.sha256(pins.read_bytes()).hexdigest()
