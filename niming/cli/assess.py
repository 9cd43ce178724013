"""``niming assess``: every measure of risk that applies to a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from niming.cli.files import Force, Picture, draw, new_file
from niming.cli.measures import riskiest, show_all, show_assessment
from niming.cli.roles import opened, roles_of
from niming.cli.screen import emit, note, pick, result, step
from niming.errors import InputError

if TYPE_CHECKING:
    from niming.measure import JSON
    from niming.risk import Assessment

__all__ = ["assess"]

_PICTURES = ("class-sizes", "cumulative-risk", "combinations")


def assess(
    table: Annotated[
        Path, typer.Argument(help="CSV, Parquet, Arrow or Excel file.", metavar="TABLE")
    ],
    schema: Annotated[Path | None, typer.Option(help="YAML: what each column is.")] = None,
    quasi_identifiers: Annotated[
        list[str] | None,
        typer.Option("--qi", help="Columns an outsider could know: age,sex,district."),
    ] = None,
    sensitive: Annotated[
        list[str] | None, typer.Option(help="Columns that must not be learnt.")
    ] = None,
    weight: Annotated[str | None, typer.Option(help="Column of sampling weights.")] = None,
    household: Annotated[
        str | None, typer.Option(help="Column that says who belongs together.")
    ] = None,
    population: Annotated[
        Path | None, typer.Option(help="Table of the people the table was drawn from.")
    ] = None,
    population_size: Annotated[int | None, typer.Option(help="How many people these are.")] = None,
    sampling_fraction: Annotated[
        float | None, typer.Option(help="Or the table's share of them, in (0, 1].")
    ] = None,
    suppressed: Annotated[
        str | None, typer.Option(help='Text that marks a suppressed cell, such as "*".')
    ] = None,
    threshold_size: Annotated[
        int, typer.Option(min=1, help="A class is at risk if it is smaller.")
    ] = 5,
    core: Annotated[
        bool, typer.Option("--core", help="Class sizes, attackers, l and t alone.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Print every measure.")] = False,
    plots: Annotated[Path | None, typer.Option(help="Draw pictures into this folder.")] = None,
    picture: Annotated[Picture, typer.Option("--format", help="Of the pictures.")] = "png",
    force: Force = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Measure what a table gives away: class sizes, attackers, diversity, SUDA, population."""
    from niming import risk

    wanted = _PICTURES[:2] if core else _PICTURES
    files = [] if plots is None else [plots / f"{name}.{picture}" for name in wanted]
    for file in files:
        new_file(file, force, table)
    rows, sealed = opened(table, schema)
    roles = roles_of(rows, sealed, quasi_identifiers, sensitive)
    if not roles.quasi_identifiers:
        raise InputError(
            "no column is a quasi-identifier"
            + (", as a scan sees it" if roles.origin == "scan" else ", as the schema has it"),
            hint="--qi names the columns that an outsider could know",
        )
    with step(pick("measuring risk", "度量风险")):
        found = risk.assess(
            rows,
            quasi_identifiers=roles.quasi_identifiers,
            sensitive=roles.sensitive,
            weight=weight or roles.weight,
            household=household or roles.household,
            hierarchies=roles.hierarchies,
            suppressed=suppressed,
            threshold_size=threshold_size,
            population=population,
            population_size=population_size,
            sampling_fraction=sampling_fraction,
            extent="core" if core else "full",
        )
    if files:
        with step(pick("drawing", "绘图")):
            _draw(found, files)
    if json:
        combinations: list[JSON] = [
            {"columns": list(c), "uniqueness": share} for c, share in riskiest(found)
        ]
        emit({**found.to_dict(), "roles": roles.to_dict(), "riskiest": combinations})
        return
    n, k = found.n_rows, found.anonymity.k
    result(pick(f"{n:,} records, k = {k:,}", f"{n:,} 条记录，k = {k:,}"), style="bold")
    roles.show()
    result("")
    (show_all if every else show_assessment)(found)
    for file in files:
        note(str(file))


def _draw(found: Assessment, files: list[Path]) -> None:
    """Write the pictures, making their folder if it is not there."""
    folder = files[0].parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot make the folder {folder} ({type(error).__name__})",
            hint="give --plots a folder that can be written",
        ) from None
    drawings = (found.plot, found.plot_cumulative, found.plot_combinations)
    for make, file in zip(drawings, files, strict=False):
        draw(make(), file)
