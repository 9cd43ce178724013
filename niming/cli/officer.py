"""Commands of the officer: certify, sign, verify, revoke, report, keygen, trust."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from niming.cli.files import Force, new_file
from niming.cli.screen import emit, grid, note, pick, result, step
from niming.cli.verdicts import show_certificate, show_verdicts
from niming.errors import InputError

__all__ = ["certify", "keygen", "report", "revoke", "sign", "trust", "verify"]

Folder = Annotated[Path, typer.Argument(help="Release folder.", metavar="RELEASE")]
Key = Annotated[Path, typer.Option("--key", help="Private key file, readable by you alone.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Officer = Annotated[str, typer.Option(help="Who signs, as the certificate names them.")]
ScenarioName = Annotated[
    str | None, typer.Option("--scenario", help="Id of the approved use, or its YAML file.")
]
Days = Annotated[int | None, typer.Option(help="Days of validity; the policy's own if not given.")]
LedgerFile = Annotated[
    Path | None,
    typer.Option("--ledger", help="Where acts are recorded; NIMING_LEDGER or the folder's own."),
]


def certify(
    candidate: Annotated[
        Path,
        typer.Argument(help="Release folder, or a data file with --schema.", metavar="RELEASE"),
    ],
    policy: Annotated[
        str | None,
        typer.Option(help="Id of a pack, or a YAML file; the folder's own if not given."),
    ] = None,
    original: Annotated[Path | None, typer.Option(help="The raw table, inside the domain.")] = None,
    schema: Annotated[
        Path | None, typer.Option(help="For a data file: what each column is.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="For a data file: folder to make.")] = None,
    key: Annotated[Path | None, typer.Option(help="Sign at once with this private key.")] = None,
    scenario: ScenarioName = None,
    officer: Officer = "",
    days: Days = None,
    attacks: Annotated[
        bool, typer.Option("--attacks", help="Attack the release even if the policy does not ask.")
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option(help="Seed that the release was drawn with: attacks must know who was."),
    ] = None,
    ledger: LedgerFile = None,
    json: Json = False,
) -> int:
    """Measure a release from its bytes and judge it by a policy. Exit 1 if it is refused."""
    from niming.domain.gate import certify as gate
    from niming.domain.ledger import ledger_path
    from niming.domain.policy import Policy
    from niming.domain.release import POLICY, Release
    from niming.domain.scenario import Scenario
    from niming.domain.signing import sign as issue
    from niming.tables import Schema

    if candidate.is_file():
        if schema is None or out is None or policy is None:
            raise InputError(
                f"{candidate} is a file, not a release folder",
                hint="for a data file give --schema, --policy and --out",
            )
        release = Release.of(
            candidate, Schema.from_yaml(schema), Policy.of(policy), name=candidate.stem
        )
        folder = release.write(out)
    elif not candidate.is_dir():
        raise InputError(f"there is no release folder {candidate}", hint="check the path")
    else:
        folder = candidate
    use = None if scenario is None else Scenario.of(scenario)
    with step(pick("measuring the release", "度量发布数据")) as sub:
        evidence = gate(
            folder,
            policy or folder / POLICY,
            original,
            scenario=use,
            attacks=attacks,
            seed=seed,
            ledger=ledger_path(folder, ledger),
            progress=sub,
        )
    certificate = None
    if evidence.passed and key is not None:
        with step(pick("signing", "签发")):
            certificate = issue(
                folder, key, scenario=use, officer=officer, days=days, ledger=ledger
            )
    if json:
        emit(dict(evidence.content))
    else:
        show_verdicts(evidence)
        if certificate is not None:
            show_certificate(certificate)
        note(pick(f"report: {folder}/report.html", f"报告：{folder}/report.html"))
    return 0 if evidence.passed else 1


def sign(
    folder: Folder,
    key: Key,
    scenario: ScenarioName = None,
    officer: Officer = "",
    days: Days = None,
    ledger: LedgerFile = None,
    json: Json = False,
) -> None:
    """Sign a release that passed its policy. Exit 1 if it did not."""
    from niming.domain.scenario import Scenario
    from niming.domain.signing import sign as issue

    use = None if scenario is None else Scenario.of(scenario)
    with step(pick("signing", "签发")):
        certificate = issue(folder, key, scenario=use, officer=officer, days=days, ledger=ledger)
    if json:
        emit(certificate.predicate)
    else:
        show_certificate(certificate)


def verify(
    folder: Folder,
    trust: Annotated[
        Path | None, typer.Option(help="Agency's public key, or a folder of them.")
    ] = None,
    scenario: Annotated[str | None, typer.Option(help="Id of the use to check for.")] = None,
    policy: Annotated[str | None, typer.Option(help="Policy that it must be under.")] = None,
    ledger: LedgerFile = None,
    at: Annotated[
        str | None, typer.Option(help="Moment to judge the dates at, RFC 3339; now if not given.")
    ] = None,
    json: Json = False,
) -> None:
    """Check a certificate against the bytes. Exit 2 invalid, 3 expired or revoked, 4 other use."""
    from niming.domain.certificate import verify as check
    from niming.domain.ledger import CHECKPOINT, ledger_path
    from niming.domain.policy import Policy
    from niming.domain.release import CERTIFICATE

    log = ledger_path(folder, ledger)
    if not log.exists() and log != ledger_path(folder, folder):
        raise InputError(
            f"there is no ledger {log}, so a revocation would not be found",
            hint="correct --ledger or NIMING_LEDGER",
        )
    if folder.is_file() and folder.name != CERTIFICATE:
        raise InputError(
            f"{folder} is not a release folder",
            hint=f"give its folder: niming verify {folder.parent}",
        )
    kept = log.exists() or log.with_name(CHECKPOINT).exists()
    verified = check(
        folder / CERTIFICATE if folder.is_dir() else folder,
        files=folder if folder.is_dir() else folder.parent,
        trust=trust,
        scenario=scenario,
        policy_digest=None if policy is None else Policy.of(policy).digest,
        at=None if at is None else _moment(at),
        ledger=log if kept else None,
    )
    if json:
        emit(verified.to_dict())
    else:
        result(pick("valid", "有效"), style="bold green")
        show_certificate(verified.certificate, verified.signers)
        for remark in verified.notes:
            note(remark)


def revoke(
    folder: Folder,
    key: Key,
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")],
    ledger: LedgerFile = None,
) -> None:
    """Revoke a certificate in its ledger: who verifies with that ledger is refused, exit code 3."""
    from niming.domain.signing import revoke as withdraw

    certificate = withdraw(folder, key, reason=reason, ledger=ledger)
    result(pick(f"revoked {certificate.id}", f"已撤销 {certificate.id}"))


def report(
    folder: Folder,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Copy the page here.")] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Show the verdict of a release and where its page is; with --out copy the page."""
    from niming.domain.gate import Evidence
    from niming.domain.release import REPORT, write_bytes

    evidence = Evidence.open(folder)
    page = folder / REPORT
    if not page.is_file():
        raise InputError(f"there is no {REPORT} in {folder}", hint="run `niming certify` on it")
    if out is not None:
        new_file(out, force)
        write_bytes(out, page.read_bytes())
    if json:
        emit(dict(evidence.content))
    else:
        show_verdicts(evidence)
        note(str(out or page))


def keygen(
    path: Annotated[
        Path, typer.Argument(help="Private key file to make; PATH.pub goes beside it.")
    ],
    comment: Annotated[str, typer.Option(help="One line above the public key.")] = "",
) -> None:
    """Make a signing key (Ed25519). Nothing is overwritten."""
    from niming.domain.keys import generate, key_id

    public = generate(path, comment=comment)
    result(pick(f"key {key_id(public)[:16]}…", f"密钥 {key_id(public)[:16]}…"))
    note(
        pick(
            f"keep {path} to yourself; give {path}.pub to those who verify",
            f"请妥善保管 {path}；将 {path}.pub 交给验证方",
        )
    )


def _moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            "--at is not a date", hint="as in 2026-12-31 or 2026-12-31T08:00:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


trust = typer.Typer(help="Whose signatures count on this machine.", no_args_is_help=True)


@trust.command("add")
def trust_add(
    path: Annotated[Path, typer.Argument(help="Public key file, obtained from its owner.")],
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
) -> None:
    """Trust a public key from now on."""
    from niming.domain.trust import add

    result(repr(add(path, name)))


@trust.command("list")
def trust_list(json: Json = False) -> None:
    """Show the keys that are trusted."""
    from niming.domain.trust import entries

    found = entries()
    if json:
        emit([{"name": e.name, "key_id": e.key_id} for e in found])
        return
    grid([pick("name", "名称"), pick("key", "密钥")], [(e.name, e.key_id) for e in found])
