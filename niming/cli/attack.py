"""``niming attack``: what an attacker really learns from a release."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from niming.cli.files import Force, draw, new_picture
from niming.cli.roles import opened, roles_of
from niming.cli.screen import emit, grid, note, pick, result, step
from niming.errors import UnreliableWarning

if TYPE_CHECKING:
    from niming.risk.attacks.findings import AttackReport, Line
    from niming.tables import Schema, Table

__all__ = ["attack"]

_OPTIONS = {
    "holdout=": "--holdout",
    "person_id=": "--id",
    "aligned=True": "--aligned",
    "quasi_identifiers=": "--qi",
    "sensitive=": "--sensitive",
}
"""What the arguments of `attack_release` are called here."""


def attack(
    release: Annotated[
        Path, typer.Argument(help="Release folder, or a released table.", metavar="RELEASE")
    ],
    original: Annotated[
        Path, typer.Option(help="Table of the people that the release was made from.")
    ],
    holdout: Annotated[
        Path | None,
        typer.Option(help="People like them whom it was not made from, drawn beforehand."),
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(help="YAML: what each column of the original is.")
    ] = None,
    quasi_identifiers: Annotated[
        list[str] | None,
        typer.Option("--qi", help="Columns an outsider could know: age,sex,district."),
    ] = None,
    sensitive: Annotated[
        list[str] | None, typer.Option(help="Columns that must not be learnt.")
    ] = None,
    person_id: Annotated[
        str | None,
        typer.Option("--id", help="Column that names each person in original and release."),
    ] = None,
    aligned: Annotated[
        bool, typer.Option("--aligned", help="Row i of the release is row i of the original.")
    ] = False,
    suppressed: Annotated[
        str | None, typer.Option(help='Text that marks a suppressed cell, such as "*".')
    ] = None,
    n_attacks: Annotated[int, typer.Option(min=1, help="Guesses of each attack.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same report.")] = 0,
    plot: Annotated[Path | None, typer.Option(help="Draw the attacks: .png or .svg file.")] = None,
    force: Force = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Attack a release: single out, link, infer, tell members, each beside its controls."""
    from niming.risk.attacks.report import attack_release

    inputs = [file for file in (release, original, holdout) if file is not None]
    if plot is not None:
        new_picture(plot, force, *inputs)
    released, declared = _released(release)
    table, sealed = opened(original, schema)
    if person_id is not None:
        table.require([person_id], asked_by="--id (looked up in the original)")
        released.require([person_id], asked_by="--id (looked up in the release)")
    roles = roles_of(table, sealed, quasi_identifiers, sensitive, otherwise=declared)
    roles = roles.within(table, released)
    with (
        step(pick("attacking the release", "攻击发布数据")) as sub,
        warnings.catch_warnings(),
    ):
        # The table tells of each attack whether to believe it.
        warnings.simplefilter("ignore", UnreliableWarning)
        found = attack_release(
            table,
            released,
            holdout=holdout,
            quasi_identifiers=roles.quasi_identifiers,
            sensitive=roles.sensitive,
            person_id=person_id,
            aligned=aligned,
            hierarchies=roles.hierarchies,
            suppressed=suppressed,
            n_attacks=n_attacks,
            seed=seed,
            progress=lambda done, of: sub(f"{done}/{of}"),
        )
    if plot is not None:
        with step(pick("drawing", "绘图")):
            draw(found.plot(), plot)
    if json:
        emit({**found.to_dict(), "roles": roles.to_dict()})
        return
    roles.show()
    result("")
    _show(found)
    if table.n_rows > released.n_rows:
        note(
            pick(
                f"the original has {table.n_rows:,} records and the release {released.n_rows:,}: "
                "for a sample, give as --original those who were drawn, and others as --holdout",
                f"原始表有 {table.n_rows:,} 条记录，发布数据有 {released.n_rows:,} 条："
                "若为抽样，--original 应为被抽中者，其余作 --holdout",
            )
        )
    if plot is not None:
        note(str(plot))


def _released(release: Path) -> tuple[Table, Schema | None]:
    """Read what was released, and what a release folder says its columns are."""
    from niming.domain.release import DATA, Release
    from niming.tables import read

    if release.is_dir():
        schema = Release.open(release).schema
        return read(release / DATA), schema
    return read(release), None


def _show(found: AttackReport) -> None:
    """Print a line an attack, then why some are not to be believed or did not run."""
    rows = [
        (
            line.attack,
            _number(line.rate),
            _number(line.baseline),
            _number(line.control),
            _number(line.positive_control),
            _risk(line),
            _believed(line),
        )
        for line in found.lines
        if line.rate is not None
    ]
    head = [
        pick("attack", "攻击"),
        pick("rate", "成功率"),
        pick("baseline", "基线"),
        pick("control", "对照"),
        pick("raw data", "原始数据"),
        pick("risk, at most", "风险（上限）"),
        pick("reliable", "可靠"),
    ]
    if rows:
        grid(head, rows, right=range(1, 6))
        note(
            pick(
                "rate: how often it succeeds (membership: AUC). Beside it: with no attack; on "
                "people held out; on the raw data posing as the release. Risk is the rate beyond "
                "the control, with the upper end of its interval.",
                "成功率：攻击成功的频率（成员推断为 AUC）。其后依次为：不攻击时；对留出者；"
                "以原始数据冒充发布数据时。风险为超出对照的部分，括号内为置信区间上限。",
            )
        )
    reasons = [(line.attack, _as_options(line.reason)) for line in found.lines if not line.reliable]
    if reasons:
        result("")
        head = [pick("not to be relied upon", "不可作为依据"), pick("why", "原因")]
        grid(head, reasons)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _risk(line: Line) -> str:
    if line.risk is None:
        return "–"
    return f"{line.risk:.3f} ({_number(line.risk_high)})"


def _believed(line: Line) -> str:
    return pick("yes", "是") if line.reliable else pick("no", "否")


def _as_options(reason: str) -> str:
    """Name the options in place of the arguments.

    >>> _as_options("not run: needs person_id= or aligned=True")
    'not run: needs --id or --aligned'
    """
    for argument, option in _OPTIONS.items():
        reason = reason.replace(argument, option)
    return reason
