"""Commands of the data scientist: scan, plan, anonymize, sample, synthesize."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from niming.cli.files import Force, new_file, new_folder
from niming.cli.screen import emit, grid, note, pick, result, step
from niming.cli.verdicts import show_verdicts
from niming.errors import InputError

__all__ = ["anonymize", "plan", "sample", "scan", "synthesize"]

TableFile = Annotated[
    Path, typer.Argument(help="CSV, Parquet, Arrow or Excel file.", metavar="TABLE")
]
SchemaFile = Annotated[Path, typer.Option("--schema", help="YAML: what each column is.")]
PolicyName = Annotated[str, typer.Option("--policy", help="Id of a pack, or a YAML file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def scan(
    table: TableFile,
    out: Annotated[Path | None, typer.Option(help="Write the proposed schema here.")] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Propose what each column is, with a reason and a confidence."""
    import niming

    if out is not None:
        new_file(out, force, table)
    with step(pick("scanning", "扫描")):
        sealed = niming.open(table)
        found = sealed.scan()
    if out is not None:
        found.schema().to_yaml(out)
    if json:
        emit(found.to_dict())
        return
    shown = [
        (
            f.column,
            str(f.role),
            str(f.grade),
            f"{f.confidence:.2f}",
            pick(f.reason_en, f.reason_zh),
        )
        for f in found.findings
    ]
    head = [
        pick("column", "列"),
        pick("role", "角色"),
        pick("grade", "级别"),
        pick("confidence", "置信度"),
        pick("why", "理由"),
    ]
    grid(head, shown)
    highest = pick(", ", "、").join(f.column for f in found.findings if f.grade == found.grade)
    result(
        pick(
            f"grade of the table, proposed after GB/T 43697: {found.grade} of 4, for {highest}",
            f"按 GB/T 43697 建议的数据级别：{found.grade} 级（共 4 级），依据列：{highest}",
        )
    )
    if found.n_scanned < found.n_rows:
        note(
            pick(
                f"{found.n_scanned:,} of {found.n_rows:,} rows were looked at",
                f"查看了 {found.n_rows:,} 行中的 {found.n_scanned:,} 行",
            )
        )
    if out is not None:
        note(pick(f"schema written to {out}: review it", f"模式已写入 {out}，请复核"))


def plan(
    table: TableFile,
    policy: PolicyName,
    schema: Annotated[Path | None, typer.Option(help="YAML: what each column is.")] = None,
    target: Annotated[str | None, typer.Option(help="Column that a model will predict.")] = None,
    json: Json = False,
) -> None:
    """Decide what to do to a table so that it meets a policy, and say what it costs."""
    import niming

    with step(pick("planning", "规划")):
        decided = niming.open(table, schema).plan(policy, target=target)
    if json:
        emit(decided.to_dict())
        return
    result(decided.explain(pick("en", "zh")))


def anonymize(
    table: TableFile,
    policy: PolicyName,
    out: Annotated[Path, typer.Option(help="Folder for the release.")],
    schema: Annotated[Path | None, typer.Option(help="YAML: what each column is.")] = None,
    target: Annotated[str | None, typer.Option(help="Column that a model will predict.")] = None,
    share: Annotated[
        float | None, typer.Option("--sample", help="Share of the records to draw, in (0, 1].")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same bytes.")] = None,
    name: Annotated[str, typer.Option(help="Name of the release.")] = "release",
    json: Json = False,
) -> int:
    """Make a release folder: plan, sample, mask, generalise, measure. Exit 1 if it fails."""
    import niming

    new_folder(out)
    with step(pick("planning", "规划")):
        decided = niming.open(table, schema).plan(policy, target=target)
    with step(pick("making the release", "生成发布数据")) as sub:
        release = decided.apply(sample=share, seed=seed, name=name, progress=sub)
    with step(pick("measuring what was made", "度量")):
        evidence = release.save(out)
    if json:
        emit(dict(evidence.content))
    else:
        show_verdicts(evidence)
        note(
            pick(
                f"release in {out}; report {out}/report.html",
                f"发布数据在 {out}，报告 {out}/report.html",
            )
        )
    return 0 if evidence.passed else 1


def sample(
    table: TableFile,
    out: Annotated[Path, typer.Option(help="Parquet or CSV file to write.")],
    n: Annotated[int | None, typer.Option("--n", help="Records to draw.")] = None,
    fraction: Annotated[float | None, typer.Option(help="Share to draw, in (0, 1].")] = None,
    by: Annotated[list[str] | None, typer.Option(help="Stratify by this column.")] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same bytes.")] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Draw a random sample with design weights (inside the domain: the cells stay raw)."""
    import secrets

    from niming import sampling
    from niming.tables import read, write_csv, write_parquet

    _writable(out, force, table)
    drawn_by = secrets.randbits(63) if seed is None else seed
    with step(pick("sampling", "抽样")):
        if by:
            drawn = sampling.stratified(table, by=by, n=n, fraction=fraction, seed=drawn_by)
        else:
            drawn = sampling.simple(table, n=n, fraction=fraction, seed=drawn_by)
        rows = read(drawn.table).arrow()
        (write_csv if out.suffix == ".csv" else write_parquet)(rows, out)
    if json:
        emit(drawn.record())
        return
    result(pick(f"{rows.num_rows:,} records in {out}", f"{out} 中有 {rows.num_rows:,} 条记录"))


def synthesize(
    schema: Annotated[Path, typer.Argument(help="YAML: what each column is.", metavar="SCHEMA")],
    out: Annotated[Path, typer.Option(help="Parquet or CSV file to write.")],
    n: Annotated[int, typer.Option("--n", min=1, help="Rows to invent.")] = 1000,
    fit: Annotated[
        Path | None, typer.Option(help="Learn from this table by a copula (extra sdv, BUSL-1.1).")
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 0,
    force: Force = False,
) -> None:
    """Invent rows: from a schema alone, or like a table (no privacy guarantee of its own)."""
    from niming.synth import Copula, Dummy
    from niming.tables import Schema, read, write_csv, write_parquet

    _writable(out, force, schema, *([fit] if fit else []))
    described = Schema.from_yaml(schema)
    with step(pick("inventing", "生成")):
        maker = Dummy(described) if fit is None else Copula(described).fit(read(fit))
        rows = read(maker.sample(n, seed=seed)).arrow()
        (write_csv if out.suffix == ".csv" else write_parquet)(rows, out)
    result(pick(f"{n:,} invented rows in {out}", f"{out} 中有 {n:,} 行虚构数据"))


def _writable(out: Path, force: bool, *inputs: Path) -> None:
    if out.suffix not in (".parquet", ".csv"):
        raise InputError(
            f"{out.name} is neither .parquet nor .csv", hint="name the file by its format"
        )
    new_file(out, force, *inputs)
