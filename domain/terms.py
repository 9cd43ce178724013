"""The terms of a certificate: which release, for what use, under which policy, for how long."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self, cast, get_args

from niming.domain.checkpoint import Checkpoint
from niming.domain.moment import parse_moment
from niming.errors import InputError
from niming.measure import JSON

__all__ = ["Kind", "Terms"]

Kind = Literal["desensitised-sample", "anonymised-release"]
"""A sample for use inside the domain (art. 18), or data that identify nobody (art. 25)."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Terms:
    """What every certificate says, read from its predicate.

    Parameters
    ----------
    id : str
        Number of the certificate: letters, digits and ``._:-``.
    kind : {"desensitised-sample", "anonymised-release"}
    scenario_id : str
        The approved use; one printable line.
    policy_id, policy_version, policy_digest : str
        The digest is a SHA-256 in hex.
    issued, not_before, expires : datetime
        In UTC. The certificate holds from `not_before` on and before `expires`: the first moment
        is included, the last is not.
    evidence_digest : str
        SHA-256 in hex of the evidence.
    anchor : Checkpoint or None
        Size and root of the ledger when the certificate was issued.
    officer : str
        Who decided; empty when not told.
    """

    id: str
    kind: Kind
    scenario_id: str
    policy_id: str
    policy_version: str
    policy_digest: str
    issued: datetime
    not_before: datetime
    expires: datetime
    evidence_digest: str
    anchor: Checkpoint | None
    officer: str

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise InputError("a certificate's id is letters, digits and ._:-, at most 128")
        if self.kind not in get_args(Kind):
            raise InputError(
                f"{self.kind!r} is no kind of certificate", hint=" or ".join(get_args(Kind))
            )
        for name in ("scenario_id", "policy_id", "policy_version"):
            text = getattr(self, name)
            if not 0 < len(text) <= 200 or not text.isprintable() or text != text.strip():
                raise InputError(f"a certificate's {name} is one printable line, at most 200 long")
        if len(self.officer) > 200 or not self.officer.isprintable():
            raise InputError("a certificate's officer is one printable line, at most 200 long")
        for name in ("policy_digest", "evidence_digest"):
            if not _HEX.fullmatch(getattr(self, name)):
                raise InputError(f"a certificate's {name} is a SHA-256, 64 lowercase hex digits")
        if not self.not_before < self.expires:
            raise InputError("a certificate expires after it begins to hold")

    @classmethod
    def of(cls, predicate: Mapping[str, JSON]) -> Self:
        """Return the terms in a predicate; raise InputError naming the field that is unfit.

        Notes
        -----
        Fields that are read: ``id``, ``kind``, ``scenario.id``, ``policy.id``,
        ``policy.version``, ``policy.digest``, ``issued``, ``not_before``, ``expires``,
        ``evidence_digest``, and if present ``ledger`` (``size``, ``root``) and ``officer`` (text).
        Further fields are signed like these and not interpreted.
        """
        issued = _text(predicate, "issued")
        ledger = predicate.get("ledger")
        if ledger is not None and not isinstance(ledger, Mapping):
            raise InputError("a certificate's ledger is its size and root")
        return cls(
            id=_text(predicate, "id"),
            kind=cast("Kind", _text(predicate, "kind")),
            scenario_id=_text(predicate, "scenario", "id"),
            policy_id=_text(predicate, "policy", "id"),
            policy_version=_text(predicate, "policy", "version"),
            policy_digest=_text(predicate, "policy", "digest"),
            issued=parse_moment(issued, "a certificate's issued"),
            not_before=parse_moment(predicate.get("not_before"), "a certificate's not_before"),
            expires=parse_moment(predicate.get("expires"), "a certificate's expires"),
            evidence_digest=_text(predicate, "evidence_digest"),
            anchor=None if ledger is None else Checkpoint.anchor(ledger, issued),
            officer="" if predicate.get("officer") is None else _text(predicate, "officer"),
        )


def _text(predicate: Mapping[str, JSON], *path: str) -> str:
    """Return the text at `path` in a predicate."""
    value: JSON = predicate
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(value, str):
        raise InputError(f"a certificate's {'.'.join(path)} is missing or is not text")
    return value
