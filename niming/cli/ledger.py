"""Commands on the ledger: verify, show, checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from niming.cli.screen import emit, grid, note, pick, result, step

__all__ = ["ledger"]

File = Annotated[
    Path, typer.Argument(help="The ledger, or the folder that holds it.", metavar="LEDGER")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

ledger = typer.Typer(help="The record of every act.", no_args_is_help=True)


@ledger.command("verify")
def ledger_verify(
    path: File,
    since: Annotated[
        Path | None, typer.Option(help="A checkpoint kept elsewhere: finds what was cut off.")
    ] = None,
    trust: Annotated[Path | None, typer.Option(help="Public key that signed it.")] = None,
    json: Json = False,
) -> None:
    """Find a flipped, dropped, reordered or truncated entry. Exit 2 if there is one."""
    from niming.domain.ledger import Ledger

    with step(pick("verifying the ledger", "验证账本")):
        found = Ledger(path).verify(since=since, trust=trust)
    if json:
        emit(found.to_dict())
    else:
        result(repr(found))
        for remark in found.notes:
            note(remark)
    found.require()


@ledger.command("show")
def ledger_show(
    path: File,
    kind: Annotated[str | None, typer.Option(help="Only entries of this type.")] = None,
    json: Json = False,
) -> None:
    """List the entries."""
    from niming.domain.ledger import Ledger

    entries = list(Ledger(path).entries(kind))
    if json:
        emit([e.to_dict() for e in entries])
        return
    rows = [(str(e.seq), e.time[:19], e.type, e.actor) for e in entries]
    grid(["#", pick("time", "时间"), pick("act", "事件"), pick("who", "操作者")], rows)


@ledger.command("checkpoint")
def ledger_checkpoint(
    path: File,
    key: Annotated[Path | None, typer.Option(help="Private key that signs it.")] = None,
) -> None:
    """Write checkpoint.json: size and root of the ledger now. Keep a copy elsewhere."""
    from niming.domain.keys import load_private
    from niming.domain.ledger import Ledger

    made = Ledger(path).checkpoint(None if key is None else load_private(key))
    result(repr(made))
