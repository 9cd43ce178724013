"""The certificate: an agency's signed word that these bytes may be used for this purpose.

A certificate file is a DSSE envelope over an in-toto Statement, version 1. The statement names
every released file with its SHA-256 and SM3; its predicate says of which kind the release is, for
which approved scenario, under which policy, on what evidence, and from when to when.

`verify` decides. What it accepts was checked: the form, the signature by a key that the verifier
trusts, every file, the policy, the revocation, the dates and the scenario, in this order.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from niming.domain.envelope import Envelope
from niming.domain.fingerprint import Fingerprint, fingerprint
from niming.domain.ledger import CHECKPOINT, LEDGER, Ledger
from niming.domain.moment import moment, now
from niming.domain.statement import PAYLOAD_TYPE, read_statement, write_statement
from niming.domain.terms import Kind, Terms
from niming.domain.trust import Trust, TrustStore, trust_store
from niming.errors import CertificateError, InputError
from niming.measure import JSON

__all__ = ["Certificate", "Kind", "Terms", "Verified", "authenticate", "issue", "verify"]

PREDICATE_TYPE = "urn:niming:certificate:1"
CERTIFICATE = "certificate.json"

_LARGEST = 4 << 20  # bytes of a certificate file: some 15,000 files, or a long predicate
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Certificate:
    """A certificate as it stands in its file; that it holds, only `verify` says.

    Parameters
    ----------
    envelope : Envelope
        What is signed, and the signatures.
    terms : Terms
    subjects : tuple of Fingerprint
        The released files.
    predicate : mapping
        Everything the certificate says, JSON.
    """

    envelope: Envelope
    terms: Terms
    subjects: tuple[Fingerprint, ...]
    predicate: Mapping[str, JSON]

    @property
    def id(self) -> str:
        """Number of the certificate."""
        return self.terms.id

    @property
    def kind(self) -> Kind:
        """Desensitised sample or anonymised release."""
        return self.terms.kind

    @property
    def scenario_id(self) -> str:
        """The approved use."""
        return self.terms.scenario_id

    @property
    def policy_digest(self) -> str:
        """SHA-256 of the policy, hex."""
        return self.terms.policy_digest

    @property
    def not_before(self) -> datetime:
        """First moment at which it holds."""
        return self.terms.not_before

    @property
    def expires(self) -> datetime:
        """First moment at which it holds no more."""
        return self.terms.expires

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the keys that are said to have signed."""
        return tuple(signature.key_id for signature in self.envelope.signatures)

    @property
    def digest(self) -> str:
        """SHA-256 of the file, hex."""
        return sha256(self.to_bytes()).hexdigest()

    def to_bytes(self) -> bytes:
        """Return the file: canonical JSON (RFC 8785) without a newline at the end."""
        return self.envelope.to_bytes()

    def write(self, path: str | Path) -> None:
        """Write the file in one step: a killed process leaves the old file or the new one."""
        from niming.tables.write import atomic

        with atomic(Path(path)) as temporary:
            temporary.write_bytes(self.to_bytes())

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Return the certificate in a file, its signatures still to be checked.

        Raises
        ------
        CertificateError
            Code ``"malformed"``: no such file, too large, or not in the one form that `to_bytes`
            writes.
        """
        try:
            with open(path, "rb") as file:
                data = file.read(_LARGEST + 1)
        except OSError as error:
            raise CertificateError(
                f"there is no certificate to be read at {path}: {error.strerror}",
                code="malformed",
                hint="a release has one once it is signed: `niming sign`",
            ) from None
        return cls.from_bytes(data, str(path))

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "the certificate") -> Self:
        """Return the certificate in `data`; raise CertificateError (``"malformed"``) if unfit.

        Notes
        -----
        The bytes must be the canonical JSON of what they say, down to the base64, and every
        signature must name its key. So no byte can change unseen, not even in the layout. (DSSE
        lets a verifier read any layout; a certificate file of niming has one.)
        """
        try:
            if len(data) > _LARGEST:
                raise InputError(f"it is larger than {_LARGEST >> 20} MiB")
            envelope = Envelope.parse(data)
            if envelope.to_bytes() != data:
                raise InputError("its bytes are not canonical JSON")
            return cls.of(envelope)
        except InputError as error:
            raise CertificateError(
                f"{name} is malformed: {error.message}",
                code="malformed",
                hint="get the certificate again from whoever issued it",
            ) from None

    @classmethod
    def of(cls, envelope: Envelope) -> Self:
        """Return the certificate in an envelope; raise InputError when it holds none."""
        if envelope.payload_type != PAYLOAD_TYPE:
            raise InputError("the payload is not an in-toto statement")
        identities = [signature.key_id for signature in envelope.signatures]
        if not identities or len(set(identities)) < len(identities):
            raise InputError("a certificate has signatures, each of another key")
        if not all(_HEX.fullmatch(identity) for identity in identities):
            raise InputError("a signature does not name its key by the id of 64 hex digits")
        subjects, predicate = read_statement(envelope.payload, PREDICATE_TYPE)
        return cls(envelope, Terms.of(predicate), subjects, predicate)

    def countersigned(self, private_key: Ed25519PrivateKey) -> Self:
        """Return the certificate with one more signature over the same statement."""
        return type(self).of(self.envelope.signed(private_key))

    def __repr__(self) -> str:
        day = self.expires.date().isoformat()
        return (
            f"Certificate({self.id}, {self.kind}, scenario {self.scenario_id}, "
            f"{len(self.subjects)} files, until {day}, {len(self.key_ids)} signatures)"
        )


@dataclass(frozen=True)
class Verified:
    """A certificate that holds: for these files, by these keys, at this moment.

    Parameters
    ----------
    certificate : Certificate
    signers : tuple of str
        Names, in the verifier's trust store, of the keys that signed.
    key_ids : tuple of str
        Their ids.
    at : datetime
        The moment that was asked about.
    unlisted : tuple of str
        Files in the folder that the certificate does not speak of; nobody vouches for them.
    notes : tuple of str
        What was not checked, in words.
    """

    certificate: Certificate
    signers: tuple[str, ...]
    key_ids: tuple[str, ...]
    at: datetime
    unlisted: tuple[str, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, JSON]:
        """Return the outcome as JSON."""
        terms = self.certificate.terms
        return {
            "valid": True,
            "certificate": terms.id,
            "digest": self.certificate.digest,
            "kind": terms.kind,
            "scenario": terms.scenario_id,
            "policy": {
                "id": terms.policy_id,
                "version": terms.policy_version,
                "digest": terms.policy_digest,
            },
            "files": [subject.to_dict() for subject in self.certificate.subjects],
            "signers": list(self.signers),
            "key_ids": list(self.key_ids),
            "not_before": moment(terms.not_before),
            "expires": moment(terms.expires),
            "at": moment(self.at),
            "unlisted": list(self.unlisted),
            "notes": list(self.notes),
        }

    def __repr__(self) -> str:
        terms = self.certificate.terms
        return (
            f"Verified({terms.id}, {terms.kind}, scenario {terms.scenario_id}, "
            f"{len(self.certificate.subjects)} files, signed by {', '.join(self.signers)}, "
            f"until {moment(terms.expires)})"
        )


def issue(
    predicate: Mapping[str, JSON],
    subjects: Sequence[Fingerprint],
    private_key: Ed25519PrivateKey,
) -> Certificate:
    """Return a signed certificate over files and what is said of them.

    Parameters
    ----------
    predicate : mapping
        The fields that `Terms.of` reads, and any others; JSON.
    subjects : sequence of Fingerprint
        At least one file, each name once.
    private_key : Ed25519PrivateKey
        The agency's.

    Returns
    -------
    Certificate

    Raises
    ------
    InputError
        When a field of the predicate is missing or unfit, or there is no file.

    References
    ----------
    in-toto attestation framework, Statement v1; DSSE v1; RFC 8785; RFC 8032.

    Examples
    --------
    >>> predicate = {
    ...     "id": "C-1", "kind": "desensitised-sample", "scenario": {"id": "SC-2026-014"},
    ...     "policy": {"id": "demo", "version": "1", "digest": "0" * 64},
    ...     "issued": "2026-11-23T08:00:00Z", "not_before": "2026-11-23T08:00:00Z",
    ...     "expires": "2027-11-23T00:00:00Z", "evidence_digest": "0" * 64}
    >>> issue(predicate, [fingerprint(b"a,b", name="data.csv")], Ed25519PrivateKey.generate())
    Certificate(C-1, desensitised-sample, scenario SC-2026-014, 1 files, until 2027-11-23...)
    """
    Terms.of(predicate)
    payload = write_statement(PREDICATE_TYPE, subjects, predicate)
    return Certificate.of(Envelope(PAYLOAD_TYPE, payload).signed(private_key))


def authenticate(
    certificate: Certificate, trust: Trust = None, *, threshold: int = 1
) -> tuple[str, ...]:
    """Return the ids of the trusted keys that signed a certificate; files are not looked at.

    Parameters
    ----------
    certificate : Certificate
    trust : as in `trust_store`, optional
    threshold : int >= 1, default 1
        How many different trusted keys must have signed.

    Returns
    -------
    tuple of str

    Raises
    ------
    CertificateError
        Codes ``"no-trust"``; ``"bad-signature"``: a signature that names a trusted key does not
        fit, or one of a trusted key names another; ``"untrusted-key"``: too few trusted keys.

    Notes
    -----
    DSSE accepts an envelope as soon as `threshold` signatures fit. This asks for more: one wrong
    signature under a trusted name refuses the certificate, however many others fit. Signatures of
    keys that are not trusted cannot be checked and do not count, in either direction.
    """
    if threshold < 1:
        raise InputError(f"threshold is {threshold}, and at least one signature must be asked for")
    store = trust_store(trust)
    keys = store.keys
    accepted: list[str] = []
    signatures = certificate.envelope.signatures
    for signature, signer in zip(signatures, certificate.envelope.signers(keys), strict=True):
        claimed = signature.key_id
        if signer is None and claimed not in keys:
            continue
        if signer != claimed:
            raise CertificateError(
                f"{_claimed(certificate)} was changed after it was signed, or was not signed by "
                f"{store.name(claimed)}: the signature does not fit",
                code="bad-signature",
                hint="get the certificate again from whoever issued it",
            )
        accepted.append(claimed)
    if len(accepted) < threshold:
        whose = ", ".join(f"{key_id[:16]}…" for key_id in certificate.key_ids)
        needed = "" if threshold == 1 else f" ({len(accepted)} of the {threshold} needed are)"
        raise CertificateError(
            f"{_claimed(certificate)} is signed by {whose}, and that is not a key you trust"
            f"{needed}",
            code="untrusted-key",
            hint="ask the agency for its public key and its id; if it is this one, keep it with "
            "`niming trust add`",
        )
    return tuple(accepted)


def verify(
    certificate: Certificate | str | Path,
    *,
    files: str | Path | None = None,
    trust: Trust = None,
    scenario: str | None = None,
    policy_digest: str | None = None,
    at: datetime | None = None,
    revoked: Collection[str] | None = None,
    ledger: Ledger | str | Path | None = None,
    threshold: int = 1,
) -> Verified:
    """Decide whether a certificate holds for these files, this use and this moment.

    Parameters
    ----------
    certificate : Certificate or path
        A path may be that of the folder with ``certificate.json``.
    files : path, optional
        Folder of the released files; by default the folder of the certificate.
    trust : as in `trust_store`, optional
        Whose signatures count. Never taken from the folder of the data.
    scenario : str, optional
        Id of the use to check for; None checks for none, and `Verified.notes` says so.
    policy_digest : str, optional
        SHA-256 of the policy that it must be under.
    at : datetime, optional
        Moment to judge the dates at, with a time zone; now by default.
    revoked : collection of str, optional
        Ids of revoked certificates, such as a `Revocations`.
    ledger : Ledger or path, optional
        Where a revocation may be recorded.
    threshold : int >= 1, default 1
        How many different trusted keys must have signed.

    Returns
    -------
    Verified

    Raises
    ------
    CertificateError
        In this order, each with its code: ``malformed``; ``no-trust``, ``bad-signature``,
        ``untrusted-key``; ``file-missing``, ``file-changed`` (both SHA-256 and SM3 must fit; all
        files are told); ``policy-changed``; ``revoked``; ``not-yet-valid``, ``expired``;
        ``other-scenario``.
    InputError
        No folder of files; a folder, ledger or key that cannot be read; a moment without a time
        zone.
    LedgerError
        When the ledger was changed, so that a revocation may be hidden.

    Notes
    -----
    The certificate holds from ``not_before``, included, to ``expires``, excluded. The files are
    read once here; whoever reads them again later compares with ``certificate.subjects``.

    References
    ----------
    in-toto attestation framework, Statement v1; DSSE v1; RFC 8032 (Ed25519).

    Examples
    --------
    >>> import tempfile
    >>> folder, key = Path(tempfile.mkdtemp()), Ed25519PrivateKey.generate()
    >>> _ = (folder / "data.csv").write_bytes(b"a,b")
    >>> certificate = issue({
    ...     "id": "C-1", "kind": "desensitised-sample", "scenario": {"id": "SC-2026-014"},
    ...     "policy": {"id": "demo", "version": "1", "digest": "0" * 64},
    ...     "issued": "2026-11-23T08:00:00Z", "not_before": "2026-11-23T08:00:00Z",
    ...     "expires": "2027-11-23T00:00:00Z", "evidence_digest": "0" * 64},
    ...     [fingerprint(folder / "data.csv")], key)
    >>> at = datetime.fromisoformat("2026-12-01T00:00:00+00:00")
    >>> ask = {"files": folder, "trust": key.public_key(), "at": at}
    >>> verify(certificate, scenario="SC-2026-014", **ask).certificate.id
    'C-1'
    >>> _ = (folder / "data.csv").write_bytes(b"a,c")
    >>> try:
    ...     verify(certificate, scenario="SC-2026-014", **ask)
    ... except CertificateError as error:
    ...     error.code
    'file-changed'
    """
    at = now() if at is None else at
    moment(at)  # refuses a moment without a time zone
    if not isinstance(certificate, Certificate):
        path = Path(certificate)
        path = path / CERTIFICATE if path.is_dir() else path
        files = path.parent if files is None else files
        certificate = Certificate.read(path)
    if files is None:
        raise InputError("give files=, the folder of the released files")
    store = trust_store(trust)
    key_ids = authenticate(certificate, store, threshold=threshold)
    _check_files(certificate, Path(files))
    if policy_digest is not None and policy_digest != certificate.policy_digest:
        terms = certificate.terms
        raise CertificateError(
            f"{_named(certificate)} was issued under policy {terms.policy_id} "
            f"{terms.policy_version} with the digest {terms.policy_digest[:16]}…, and the policy "
            f"asked for has {policy_digest[:16]}…",
            code="policy-changed",
            hint="certify the release again under the policy in force",
        )
    log = Ledger(ledger) if isinstance(ledger, str | Path) else ledger
    _check_revocation(certificate, revoked, log)
    _check_dates(certificate, at)
    if scenario is not None and scenario != certificate.scenario_id:
        raise CertificateError(
            f"{_named(certificate)} does not cover scenario {scenario}",
            code="other-scenario",
            hint=f"use the data for {certificate.scenario_id} only, or have the release certified "
            f"for {scenario}",
        )
    unlisted = _unlisted(certificate, Path(files))
    return Verified(
        certificate=certificate,
        signers=tuple(store.name(key_id) for key_id in key_ids),
        key_ids=key_ids,
        at=at,
        unlisted=unlisted,
        notes=tuple(_notes(certificate, store, scenario, revoked, log, unlisted)),
    )


def _check_files(certificate: Certificate, folder: Path) -> None:
    """Raise with every file that is missing or changed."""
    missing: list[str] = []
    changed: list[str] = []
    for expected in certificate.subjects:
        try:
            found = fingerprint(folder / expected.name, name=expected.name)
        except InputError as error:
            missing.append(error.message)
            continue
        for name in ("sha256", "sm3"):
            before, after = getattr(expected, name), getattr(found, name)
            if before != after:
                changed.append(
                    f"{expected.name} was changed: {name} {before[:16]}… was certified, "
                    f"{after[:16]}… was found"
                )
                break
    if missing or changed:
        told = "\n".join(f"- {line}" for line in (missing + changed))
        raise CertificateError(
            f"{_named(certificate)} does not hold for the files in {folder}:\n{told}",
            code="file-missing" if missing else "file-changed",
            hint="get the release again from whoever issued it; a release that was meant to change "
            "must be certified again",
        )


def _check_revocation(
    certificate: Certificate, revoked: Collection[str] | None, ledger: Ledger | None
) -> None:
    """Raise when the certificate stands in a list of revocations or in the ledger."""
    when = ""
    listed = revoked is not None and certificate.id in revoked
    if not listed and ledger is not None:
        entry = ledger.revoked(certificate.id)
        listed = entry is not None
        when = f" on {entry.time[:10]} (entry {entry.seq} of the ledger)" if entry else ""
    if listed:
        raise CertificateError(
            f"{_named(certificate)} was revoked{when}",
            code="revoked",
            hint="stop using these data, and ask the agency for a new release",
        )


def _check_dates(certificate: Certificate, at: datetime) -> None:
    terms = certificate.terms
    if at < terms.not_before:
        raise CertificateError(
            f"{_named(certificate)} holds from {moment(terms.not_before)}, and it is {moment(at)}",
            code="not-yet-valid",
            hint="wait, or check the clock of this machine",
        )
    if at >= terms.expires:
        raise CertificateError(
            f"{_named(certificate)} expired at {moment(terms.expires)}, and it is {moment(at)}",
            code="expired",
            hint="have the release certified again",
        )


def _unlisted(certificate: Certificate, folder: Path) -> tuple[str, ...]:
    """Return the files in the folder that are not subjects, nor certificate, nor ledger."""
    listed = {subject.name for subject in certificate.subjects} | {CERTIFICATE, CHECKPOINT}
    there = (f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file())
    return tuple(sorted(f for f in there if f not in listed and not f.startswith(LEDGER)))


def _notes(
    certificate: Certificate,
    store: TrustStore,
    scenario: str | None,
    revoked: Collection[str] | None,
    ledger: Ledger | None,
    unlisted: Iterable[str],
) -> Iterable[str]:
    """Say what the outcome does not cover."""
    if scenario is None:
        yield f"the use was not checked; the certificate is for {certificate.scenario_id} alone"
    if revoked is None and ledger is None:
        yield "revocation was not checked: there is no list and no ledger"
    if ledger is not None and _elsewhere(certificate, ledger):
        yield (
            f"{ledger.path} is not the ledger that this certificate was recorded in; a revocation "
            "that stands there would not be found here"
        )
    elif ledger is not None and len(ledger):
        last = ledger.entry(len(ledger) - 1).time[:19]
        yield f"revocations are known as far as {ledger.path} tells, whose last entry is of {last}Z"
    names = list(unlisted)
    if names:
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        yield f"the certificate does not speak of {shown}"
    unknown = [key_id for key_id in certificate.key_ids if key_id not in store.keys]
    if unknown:
        yield f"{len(unknown)} more signatures, of keys that are not trusted, were not checked"


def _elsewhere(certificate: Certificate, ledger: Ledger) -> bool:
    """Return whether the ledger lacks the history that the certificate anchors."""
    anchor = certificate.terms.anchor
    if anchor is None:
        return False
    return len(ledger) < anchor.size or ledger.root(anchor.size) != anchor.root


def _named(certificate: Certificate) -> str:
    return f"certificate {certificate.id} for scenario {certificate.scenario_id}"


def _claimed(certificate: Certificate) -> str:
    """Return how to speak of a certificate whose words are not proved yet."""
    return f"what claims to be {_named(certificate)}"
