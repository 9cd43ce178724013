"""Sign a release that passed its policy, and withdraw what was signed."""

from __future__ import annotations

import datetime as dt
import getpass
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from niming.domain.certificate import Certificate, authenticate, issue
from niming.domain.fingerprint import Fingerprint, fingerprint
from niming.domain.gate import Evidence, write_report
from niming.domain.keys import key_id, load_private
from niming.domain.ledger import Ledger, ledger_path
from niming.domain.moment import moment, now
from niming.domain.policy import Policy
from niming.domain.recheck import contradictions
from niming.domain.release import CERTIFICATE, DATA, EVIDENCE, MANIFEST, POLICY, REPORT, Release
from niming.domain.scenario import Scenario
from niming.errors import CertificateError, InputError, PolicyError, RefusedError
from niming.measure import JSON

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["revoke", "sign"]

_AGAIN = "run `niming certify` on the folder again"

_MEASURED = (DATA, MANIFEST, POLICY)


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

    The released cells are measured once more, and evidence that says anything else than they do is
    refused. What needs the original table (the sampling fraction beyond what the manifest claims,
    the utility) is taken from the evidence: whoever signs keeps the folder from others between
    gate and signature, or does both by ``niming certify --original … --key …``.

    Parameters
    ----------
    folder : path
        With evidence from `niming.certify`.
    key : private key, or path of its file
        Of the agency.
    scenario : Scenario, id, or YAML file, optional
        The approved use; the policy's own if not given. There is no certificate without one.
    officer : str
        Who decided; the account that runs the process if not given.
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
        No scenario, or one that the policy or the evidence is not for.
    KeyFileError, InputError
        A key that cannot be used; a folder that is certified already.
    """
    folder = Path(folder)
    if (folder / CERTIFICATE).exists():
        raise InputError(
            f"{folder} is certified already", hint="revoke it, and certify a new release"
        )
    private = load_private(key) if isinstance(key, (str, Path)) else key
    officer = officer or getpass.getuser()
    evidence = Evidence.open(folder)
    measured = _unchanged(folder, evidence)
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
    # Of what was measured the digests from before, so that a file exchanged since does not verify.
    subjects = [*measured, fingerprint(folder / EVIDENCE), fingerprint(folder / REPORT)]
    certificate = issue(predicate, subjects, private)
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
        Code ``"untrusted-key"``: another key signed it. ``"bad-signature"``: none did.
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
    authenticate(certificate, private.public_key())
    log = Ledger(ledger_path(folder, ledger))
    if log.revoked(certificate.id) is None:
        log.append("revoked", {"certificate": certificate.id, "reason": reason, "key": identity})
    log.checkpoint(private)
    return certificate


def _unchanged(folder: Path, evidence: Evidence) -> list[Fingerprint]:
    """Return the digests of the files that the gate measured; raise if one is another file now."""
    try:
        files = evidence.content["release"]["files"]
        measured = {f["name"]: (f["sha256"], f["sm3"]) for f in files}
    except (KeyError, TypeError):
        raise RefusedError("the evidence names no files", hint=_AGAIN) from None
    found = [fingerprint(folder / name) for name in _MEASURED]
    changed = [f.name for f in found if measured.get(f.name) != (f.sha256, f.sm3)]
    if changed:
        raise CertificateError(
            f"{', '.join(changed)} changed after the gate measured it",
            code="file-changed",
            hint=_AGAIN,
        )
    return found


def _recheck(release: Release, evidence: Evidence) -> None:
    """Raise unless the evidence passed, and says what the bytes say."""
    if not evidence.passed:
        names = ", ".join(v["requirement"] for v in evidence.failures)
        raise RefusedError(
            f"the release did not pass policy {release.policy.id!r}: {names}",
            hint="see report.html for what is missing and by how much",
        )
    wrong = contradictions(release, evidence)
    if wrong:
        raise RefusedError(
            f"the evidence does not say what the released bytes say: {', '.join(wrong[:5])}",
            hint=_AGAIN,
        )


def _approved(
    policy: Policy, evidence: Evidence, scenario: Scenario | str | Path | None
) -> Scenario:
    """Return the one scenario that policy, evidence and command agree on.

    Its words are those of the policy, else of the evidence, else of the command; a bare id takes
    them from whichever has them. The earliest last day counts.
    """
    measured = evidence.content["scenario"]
    given = [policy.scenario, *(Scenario.of(s) for s in (measured, scenario) if s is not None)]
    found = [s for s in given if s is not None]
    if not found:
        raise PolicyError(
            "there is no scenario: a certificate is for one approved use",
            hint="give --scenario SC-2026-014, or a YAML file with id, title, operator, …",
        )
    ids = list(dict.fromkeys(s.id for s in found))
    if len(ids) > 1:
        whose = f"policy {policy.id!r} is" if policy.scenario is not None else "the evidence is"
        raise PolicyError(
            f"{whose} for scenario {ids[0]}, not {ids[1]}",
            hint="use the policy that was approved for this scenario, and certify for it again",
        )
    return _merged(found)


def _merged(scenarios: Sequence[Scenario]) -> Scenario:
    """Return the first scenario that says more than its id, with the earliest last day of all."""
    told = next((s for s in scenarios if s != Scenario(s.id)), scenarios[0])
    last = min((s.valid_until for s in scenarios if s.valid_until is not None), default=None)
    return replace(told, valid_until=last)


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
