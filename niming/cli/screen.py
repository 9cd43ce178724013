"""What the terminal shows: answers on stdout, progress and errors on stderr, 100 columns."""

from __future__ import annotations

import io
import json
import locale
import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid
from rich.text import Text

from niming.measure import JSON

__all__ = [
    "complain",
    "emit",
    "grid",
    "language",
    "note",
    "pick",
    "result",
    "step",
    "tolerate",
    "verdict",
]

_WIDTH = 100


def _console(*, stderr: bool) -> Console:
    """Return a console on the stream of the moment: tests and pipes exchange it."""
    stream = sys.stderr if stderr else sys.stdout
    width = _WIDTH if not stream.isatty() else None
    console = Console(file=stream, width=width, highlight=False, soft_wrap=False)
    if console.width > _WIDTH:
        console.width = _WIDTH
    return console


def tolerate() -> None:
    """Let a terminal whose encoding lacks a character show a question mark instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def language() -> str:
    """Return ``"zh"`` or ``"en"``: ``NIMING_LANG``, else the locale of the terminal."""
    chosen = os.environ.get("NIMING_LANG")
    if chosen in ("zh", "en"):
        return chosen
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    return "zh" if (spoken or locale.getlocale()[0] or "").startswith("zh") else "en"


def pick(en: str, zh: str) -> str:
    """Return the sentence in the language of the terminal."""
    return zh if language() == "zh" else en


def result(text: str, *, style: str = "") -> None:
    """Print the answer, as it is."""
    _console(stderr=False).print(Text(text, style=style))


def emit(content: JSON) -> None:
    """Print the answer for machines: one JSON document."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(content, ensure_ascii=not unicode, indent=2, sort_keys=True))


def grid(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str = "",
    right: Collection[int] = (),
) -> None:
    """Print a small table; a row of one cell is a heading, columns `right` hold numbers."""
    table = Grid(title=title or None, title_justify="left", box=None, pad_edge=False)
    for j, column in enumerate(columns):
        table.add_column(column, overflow="fold", justify="right" if j in right else "left")
    for row in rows:
        style = "bold" if len(row) == 1 < len(columns) else None
        table.add_row(*(escape(cell) for cell in row), style=style)
    _console(stderr=False).print(table)


def verdict(outcome: str, text: str, aside: str = "") -> None:
    """Print one verdict behind its sign."""
    sign, style = {
        "passed": ("✓", "green"),
        "failed": ("✗", "red"),
        "not-applicable": ("–", "dim"),
        "could-not-run": ("?", "yellow"),
    }[outcome]
    _console(stderr=False).print(Text.assemble((f"{sign} ", style), text, (aside, "dim")))


def note(text: str) -> None:
    """Print a remark beside the answer."""
    _console(stderr=True).print(Text(text, style="dim"))


def complain(message: str, hint: str | None = None) -> None:
    """Print an error and the way out of it."""
    console = _console(stderr=True)
    console.print(Text.assemble((pick("error: ", "错误："), "bold red"), message))
    if hint:
        console.print(Text.assemble((pick("hint: ", "提示："), "bold"), hint))


@contextmanager
def step(doing: str) -> Iterator[Callable[[str], None]]:
    """Show that something is being done, and how long it took.

    Yields
    ------
    callable
        Told a sub-step in a few words, which a terminal shows while it lasts.
    """
    console = _console(stderr=True)
    start = time.monotonic()
    if console.is_terminal:
        with console.status(escape(doing)) as status:
            yield lambda sub: status.update(f"{escape(doing)}: {escape(sub)}")
    else:
        yield lambda _sub: None
    took = time.monotonic() - start
    console.print(Text(f"{doing} ({took:.1f} s)", style="dim"))
