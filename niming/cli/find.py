"""``niming find-qi``: which columns, together, tell people apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from niming.cli.files import Force, draw, new_picture
from niming.cli.roles import listed, opened
from niming.cli.screen import emit, grid, note, pick, result, step
from niming.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from niming.domain.handle import Sealed
    from niming.risk import ColumnSets
    from niming.tables import Table

__all__ = ["find_qi"]

_ALMOST = 0.95
"""Share of the records alone from which a set is told as almost unique."""

_MOST = 10
"""Minimal unique sets that are printed."""


def find_qi(
    table: Annotated[
        Path, typer.Argument(help="CSV, Parquet, Arrow or Excel file.", metavar="TABLE")
    ],
    columns: Annotated[
        list[str] | None,
        typer.Option(help="Columns to look at: age,sex; by default all that name nobody."),
    ] = None,
    max_size: Annotated[int, typer.Option(min=1, help="Largest set of columns.")] = 3,
    suppressed: Annotated[
        str | None, typer.Option(help='Text that marks a suppressed cell, such as "*".')
    ] = None,
    n: Annotated[int, typer.Option("--n", min=1, help="Sets to show.")] = 10,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the riskiest sets: .png or .svg file.")
    ] = None,
    force: Force = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Find which columns together tell people apart, and which to drop first."""
    from niming import risk

    if plot is not None:
        new_picture(plot, force, table)
    rows, sealed = opened(table)
    chosen = listed(columns, rows) or _nameless(sealed, rows)
    with step(pick("counting sets of columns", "统计列组合")) as sub:
        found = risk.find_quasi_identifiers(
            rows,
            columns=chosen,
            max_size=min(max_size, len(chosen)),
            suppressed=suppressed,
            progress=lambda share: sub(f"{share:.0%}"),
        )
    if plot is not None:
        with step(pick("drawing", "绘图")):
            draw(found.plot(n=n), plot)
    left_out = [c for c in rows.columns if c not in chosen]
    if json:
        emit({**found.to_dict(), "left_out": left_out})
        return
    _show(found, n)
    if left_out:
        note(pick("not looked at: ", "未考察的列：") + ", ".join(left_out))


def _nameless(sealed: Sealed, table: Table) -> tuple[str, ...]:
    """Return the columns that a scan does not take for direct identifiers."""
    with step(pick("scanning for direct identifiers", "扫描直接标识符")):
        direct = sealed.scan().schema().direct_identifiers
    chosen = tuple(c for c in table.columns if c not in direct)
    if not chosen:
        raise InputError(
            "a scan takes every column for a direct identifier", hint="--columns names some"
        )
    return chosen


def _show(found: ColumnSets, n: int) -> None:
    result(
        pick(
            f"{found.n_rows:,} records, {len(found.columns)} columns, {found.n_sets:,} sets of up "
            f"to {found.max_size}; {found.n_unique_on_all:,} records stand alone on all columns",
            f"{found.n_rows:,} 条记录，{len(found.columns)} 列，{found.n_sets:,} 个不超过 "
            f"{found.max_size} 列的组合；{found.n_unique_on_all:,} 条记录在全部列上独一无二",
        ),
        style="bold",
    )
    frame = _telling(found).head(n)
    apart = frame["separation"] if found.separation is not None else [None] * len(frame)
    rows = [
        (" + ".join(names), f"{share:.1%}", _percent(pairs), f"{n_alone:,}")
        for names, share, pairs, n_alone in zip(
            frame["columns"], frame["uniqueness"], apart, frame["n_unique"], strict=True
        )
    ]
    head = [
        pick("riskiest sets", "风险最高的组合"),
        pick("alone", "唯一比例"),
        pick("pairs told apart", "可区分的记录对"),
        pick("records alone", "唯一记录数"),
    ]
    result("")
    grid(head, rows, right=(1, 2, 3))
    result("")
    _show_minimal(found)
    drops = [
        (f"{at}. {drop.column}", f"{drop.uniqueness:.1%}", _percent(drop.separation))
        for at, drop in enumerate(found.drop_order, 1)
    ]
    head = [
        pick("drop first", "优先删除"),
        pick("still alone", "删除后唯一比例"),
        pick("pairs told apart", "可区分的记录对"),
    ]
    result("")
    grid(head, drops, right=(1, 2))


def _telling(found: ColumnSets) -> pd.DataFrame:
    """Return the sets, riskiest first, without those that only add columns to a unique set."""
    unique = [set(names) for names in found.minimal_unique]
    frame = found.frame()
    return frame[[not any(u < set(names) for u in unique) for names in frame["columns"]]]


def _show_minimal(found: ColumnSets) -> None:
    """Print the smallest sets on which everybody is alone, or almost everybody."""
    everybody = found.minimal_unique
    almost = [s for s in found.minimal(uniqueness=_ALMOST) if s not in everybody]
    size = found.max_size
    none = pick(f"no set of up to {size} columns", f"无（不超过 {size} 列）")
    for sets, label in (
        (everybody, pick("everybody is alone on", "人人唯一的最小组合")),
        (almost, pick(f"at least {_ALMOST:.0%} on", f"至少 {_ALMOST:.0%} 唯一的最小组合")),
    ):
        if not sets and sets is almost:
            continue
        more = len(sets) - _MOST
        rest = pick(f"; {more} more", f"；另有 {more} 个") if more > 0 else ""
        shown = pick("; ", "；").join(" + ".join(names) for names in sets[:_MOST])
        result(f"{label}{pick(': ', '：')}{shown + rest if sets else none}")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
