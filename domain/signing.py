"""Sign a release that passed its policy, and withdraw what was signed."""

from __future__ import annotations

import datetime as dt
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from niming.domain.certificate import Certificate, issue
from niming.domain.fingerprint import fingerprint
from niming.domain.gate import Evidence, remeasure, write_report
from niming.domain.keys import key_id, load_private
from niming.domain.ledger import Ledger, ledger_path
from niming.domain.moment import moment, now
from niming.domain.policy import Policy
from niming.domain.release import CERTIFICATE, DATA, EVIDENCE, MANIFEST, POLICY, REPORT, Release
from niming.domain.scenario import Scenario
from niming.errors import CertificateError, InputError, PolicyError, RefusedError
from niming.measure import JSON

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["revoke", "sign"]

_SIGNED = (DATA, MANIFEST, POLICY, EVIDENCE, REPORT)


def sign(
    folder: str | Path,
    key: Ed25519PrivateKey | str | Path,
    *,
    scenario: Scenario | str | Path | None = None,
    officer: str = "",
    days: int | None = None,
    ledger: str | Path | None = None,
) -> Certificate:
    """Sign a release folder whose evidence says that it passed.

    The released cells are measured once more: evidence that was written by anything but the gate
    is refused.

    Parameters
    ----------
    folder : path
        With evidence from `niming.certify`.
    key : private key, or path of its file
        Of the agency.
    scenario : Scenario, id, or YAML file, optional
        The approved use; the policy's own if not given. There is no certificate without one.
    officer : str
        Who decided.
    days : int, optional
        Validity, at most the policy's; never beyond the scenario's last day.
    ledger : path, optional
        Where the act is recorded; see `ledger_path`.

    Returns
    -------
    Certificate
        Written last, as ``certificate.json``: a killed run leaves none rather than a false one.

    Raises
    ------
    RefusedError
        The evidence says failed, or says what the bytes do not.
    CertificateError
        Code ``"file-changed"``: a file changed after it was measured. ``"expired"``: the scenario
        is over.
    PolicyError
        No scenario, or one that the policy is not for.
    KeyFileError, InputError
        A key that cannot be used; a folder that is certified already.
    """
    folder = Path(folder)
    if (folder / CERTIFICATE).exists():
        raise InputError(
            f"{folder} is certified already", hint="revoke it, and certify a new release"
        )
    private = load_private(key) if isinstance(key, (str, Path)) else key
    evidence = Evidence.open(folder)
    _unchanged(folder, evidence)
    release = Release.open(folder)
    _recheck(release, evidence)
    approved = _approved(release.policy, evidence, scenario)
    issued = now().replace(microsecond=0)
    expires = _expiry(release.policy, approved, issued, days)
    number = f"NM-{issued:%Y%m%d}-{secrets.token_hex(4)}"
    log = Ledger(ledger_path(folder, ledger))
    log.append(
        "certified",
        {
            "certificate": number,
            "release": release.name,
            "evidence": evidence.digest,
            "policy": release.policy.digest,
            "scenario": approved.id,
            "key": key_id(private.public_key()),
            "officer": officer,
        },
    )
    size = len(log)
    predicate: dict[str, JSON] = {
        "id": number,
        "kind": release.policy.kind,
        "scenario": approved.to_dict(),
        "policy": release.policy.to_dict(),
        "release": {
            "name": release.name,
            "n_rows": release.shape[0],
            "n_columns": release.shape[1],
        },
        "schema_digest": release.schema.digest(),
        "original": None if release.commitment is None else dict(release.commitment),
        "sampling": None if release.sampling is None else dict(release.sampling),
        "issued": moment(issued),
        "not_before": moment(issued),
        "expires": moment(expires),
        "evidence_digest": evidence.digest,
        "ledger": {"size": size, "root": log.root(size).hex()},
        "officer": officer,
        "tool": evidence.content["tool"],
    }
    write_report(evidence, certificate={**predicate, "key_id": key_id(private.public_key())})
    certificate = issue(predicate, [fingerprint(folder / name) for name in _SIGNED], private)
    certificate.write(folder / CERTIFICATE)
    log.append("signed", {"certificate": number, "digest": certificate.digest})
    log.checkpoint(private)
    return certificate


def revoke(
    folder: str | Path,
    key: Ed25519PrivateKey | str | Path,
    *,
    reason: str,
    ledger: str | Path | None = None,
) -> Certificate:
    """Withdraw a certificate: an entry in the ledger, sealed by a signed checkpoint.

    Parameters
    ----------
    folder : path
        The release.
    key : private key, or path of its file
        One of those that signed the certificate.
    reason : str
        Why, for the ledger.
    ledger : path, optional
        The ledger that verifiers look into; see `ledger_path`.

    Returns
    -------
    Certificate
        The one that was withdrawn.

    Raises
    ------
    CertificateError
        Code ``"untrusted-key"``: another key signed it.
    """
    private = load_private(key) if isinstance(key, (str, Path)) else key
    certificate = Certificate.read(Path(folder) / CERTIFICATE)
    identity = key_id(private.public_key())
    if identity not in certificate.key_ids:
        raise CertificateError(
            f"certificate {certificate.id} was signed by another key",
            code="untrusted-key",
            hint="revoke it with a key that signed it",
        )
    log = Ledger(ledger_path(folder, ledger))
    if log.revoked(certificate.id) is None:
        log.append("revoked", {"certificate": certificate.id, "reason": reason, "key": identity})
    log.checkpoint(private)
    return certificate


def _unchanged(folder: Path, evidence: Evidence) -> None:
    """Raise if a file is not the one that the gate measured."""
    measured = {f["name"]: f["sha256"] for f in evidence.content["release"]["files"]}
    changed = [
        name
        for name in (DATA, MANIFEST, POLICY)
        if measured.get(name) != fingerprint(folder / name).sha256
    ]
    if changed:
        raise CertificateError(
            f"{', '.join(changed)} changed after the gate measured it",
            code="file-changed",
            hint="run `niming certify` on the folder again",
        )


def _recheck(release: Release, evidence: Evidence) -> None:
    """Raise unless the evidence passed, and says what the bytes say."""
    if not evidence.passed:
        names = ", ".join(v["requirement"] for v in evidence.failures)
        raise RefusedError(
            f"the release did not pass policy {release.policy.id!r}: {names}",
            hint="see report.html for what is missing and by how much",
        )
    stated = {m["name"]: m["value"] for m in evidence.content["measures"]}
    wrong = [m.name for m in remeasure(release) if stated.get(m.name) != m.value]
    judged = {v["requirement"]: v["holds"] for v in evidence.content["verdicts"]}
    if (
        wrong
        or set(judged) != {r.id for r in release.policy.requirements}
        or not all(judged.values())
    ):
        about = ", ".join(wrong[:5]) or "the verdicts"
        raise RefusedError(
            f"the evidence does not say what the released bytes say: {about}",
            hint="run `niming certify` on the folder again",
        )


def _approved(
    policy: Policy, evidence: Evidence, scenario: Scenario | str | Path | None
) -> Scenario:
    """Return the one scenario that command, evidence and policy agree on."""
    named = None if scenario is None else Scenario.of(scenario)
    measured = evidence.content["scenario"]
    found = named or (None if measured is None else Scenario.of(measured)) or policy.scenario
    if found is None:
        raise PolicyError(
            "there is no scenario: a certificate is for one approved use",
            hint="give --scenario SC-2026-014, or a YAML file with id, title, operator, …",
        )
    if policy.scenario is not None and policy.scenario.id != found.id:
        raise PolicyError(
            f"policy {policy.id!r} is for scenario {policy.scenario.id}, not {found.id}",
            hint="use the policy that was approved for this scenario",
        )
    return found


def _expiry(
    policy: Policy, scenario: Scenario, issued: dt.datetime, days: int | None
) -> dt.datetime:
    """Return the first moment at which the certificate holds no more."""
    if days is not None and not 1 <= days <= policy.valid_days:
        raise InputError(
            f"the validity is {days} days, and the policy allows 1 to {policy.valid_days}",
            hint="give --days within it",
        )
    expires = issued + dt.timedelta(days=days or policy.valid_days)
    if scenario.valid_until is not None:
        after = scenario.valid_until + dt.timedelta(days=1)
        expires = min(expires, dt.datetime(after.year, after.month, after.day, tzinfo=dt.UTC))
        if expires <= issued:
            raise CertificateError(
                f"scenario {scenario.id} ended on {scenario.valid_until}",
                code="expired",
                hint="have the scenario approved anew",
            )
    return expires
