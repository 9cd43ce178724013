"""The DSSE envelope: a payload, what it is, and signatures over both.

Dead Simple Signing Envelope, version 1: the signature covers the payload type together with the
payload, so that a signed checkpoint can never pass for a signed certificate. The algorithm is
fixed to Ed25519 and is named nowhere in the envelope, so nobody can talk a verifier into another.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from niming.domain.canonical import canonical, parse
from niming.domain.keys import key_id
from niming.errors import InputError
from niming.measure import JSON

__all__ = ["Envelope", "Signature", "pae"]


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed: type and payload, each after its length.

    Parameters
    ----------
    payload_type : str
        Media type or URI that says how to read the payload.
    payload : bytes

    Returns
    -------
    bytes
        ``"DSSEv1" SP len(type) SP type SP len(payload) SP payload``, lengths in bytes.

    References
    ----------
    DSSE protocol, version 1.0.0 (secure-systems-lab), Pre-Authentication Encoding.

    Examples
    --------
    >>> pae("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


@dataclass(frozen=True)
class Signature:
    """One signature of an envelope.

    Parameters
    ----------
    key_id : str
        Whose signature this claims to be; not authenticated, empty when not told.
    value : bytes
        The signature, 64 bytes with Ed25519.
    """

    key_id: str
    value: bytes

    def __repr__(self) -> str:
        return f"Signature(key {self.key_id[:16] or 'untold'}…)"


@dataclass(frozen=True)
class Envelope:
    """A payload with its type and signatures.

    Parameters
    ----------
    payload_type : str
    payload : bytes
    signatures : tuple of Signature, default ()

    Examples
    --------
    >>> key = Ed25519PrivateKey.generate()
    >>> envelope = Envelope("text/x-greeting", b"hello").signed(key)
    >>> who = key_id(key.public_key())
    >>> Envelope.parse(envelope.to_bytes()).signers({who: key.public_key()}) == (who,)
    True
    """

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...] = ()

    def signed(self, private_key: Ed25519PrivateKey) -> Self:
        """Return the envelope with one more signature; one key signs once only."""
        identity = key_id(private_key.public_key())
        if any(identity == signature.key_id for signature in self.signatures):
            raise InputError(f"the key {identity[:16]}… has signed already")
        value = private_key.sign(pae(self.payload_type, self.payload))
        return replace(self, signatures=(*self.signatures, Signature(identity, value)))

    def signers(self, keys: Mapping[str, Ed25519PublicKey]) -> tuple[str | None, ...]:
        """Return, for each signature, the id of the key in `keys` that made it, or None.

        Notes
        -----
        The claimed key id only narrows the search, as the DSSE protocol asks: when it names no
        key in `keys`, all of them are tried. Whether ids, thresholds or repetitions matter is
        for the caller to decide.
        """
        message = pae(self.payload_type, self.payload)
        found: list[str | None] = []
        for signature in self.signatures:
            claimed = signature.key_id
            tried = {claimed: keys[claimed]} if claimed in keys else keys
            made = (i for i, key in tried.items() if _verifies(key, signature.value, message))
            found.append(next(made, None))
        return tuple(found)

    def to_bytes(self) -> bytes:
        """Return the envelope as canonical JSON with standard base64; an id untold is left out."""
        return canonical(
            {
                "payload": base64.b64encode(self.payload).decode(),
                "payloadType": self.payload_type,
                "signatures": [
                    {"sig": base64.b64encode(s.value).decode()}
                    | ({"keyid": s.key_id} if s.key_id else {})
                    for s in self.signatures
                ],
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Return the envelope in `data`.

        Parameters
        ----------
        data : bytes
            JSON in any layout. Standard and URL-safe base64 are both read, as DSSE demands; a
            caller that wants one form alone compares `to_bytes` with `data`.

        Raises
        ------
        InputError
            When the JSON is not strict, a field is missing, unknown or of the wrong type, or the
            base64 is damaged.
        """
        value = parse(data)
        fields = _object(value, {"payload", "payloadType", "signatures"}, "the envelope")
        kind, listed = fields["payloadType"], fields["signatures"]
        if not isinstance(kind, str):
            raise InputError("the envelope's payloadType is not text")
        if not isinstance(listed, list):
            raise InputError("the envelope's signatures are not a list")
        signatures = []
        for item in listed:
            entry = _object(item, {"sig", "keyid"}, "a signature", optional={"keyid"})
            identity = entry.get("keyid", "")
            if not isinstance(identity, str):
                raise InputError("a signature's keyid is not text")
            signatures.append(Signature(identity, _base64(entry["sig"], "a signature")))
        return cls(kind, _base64(fields["payload"], "the payload"), tuple(signatures))

    def __repr__(self) -> str:
        n = len(self.signatures)
        return f"Envelope({self.payload_type}, {len(self.payload)} bytes, {n} signatures)"


def _verifies(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _object(
    value: JSON, keys: set[str], what: str, *, optional: frozenset[str] | set[str] = frozenset()
) -> Mapping[str, JSON]:
    """Return `value` as an object with exactly `keys`, of which `optional` may be absent."""
    if not isinstance(value, Mapping) or not keys - optional <= set(value) <= keys:
        raise InputError(f"{what} is not an object with the fields {', '.join(sorted(keys))}")
    return value


def _base64(value: JSON, what: str) -> bytes:
    if isinstance(value, str) and not (set("+/") & set(value) and set("-_") & set(value)):
        try:
            return base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
        except (binascii.Error, ValueError):
            pass
    raise InputError(f"{what} is not base64")
