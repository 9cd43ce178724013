"""The table of commands."""

from __future__ import annotations

import typer

from niming.cli import data, officer
from niming.cli.assess import assess
from niming.cli.attack import attack
from niming.cli.demo import demo
from niming.cli.find import find_qi
from niming.cli.ledger import ledger
from niming.cli.model import check_model
from niming.cli.policy import policies

__all__ = ["app"]

app = typer.Typer(
    name="niming",
    help="niming (匿名): measure what a table gives away, release less, prove it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a pretty traceback prints local variables: cells
    rich_markup_mode=None,
)

for panel, commands in {
    "data scientist": (data.scan, data.plan, data.anonymize, data.synthesize, data.sample),
    "risk": (assess, find_qi, attack, check_model),
    "officer": (
        officer.certify,
        officer.sign,
        officer.verify,
        officer.revoke,
        officer.report,
        officer.keygen,
    ),
}.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
app.add_typer(officer.trust, name="trust")
app.add_typer(policies, name="policy")
app.add_typer(ledger, name="ledger")
app.command()(demo)


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    print(installed("niming"))
