"""The checkpoint: how long a ledger was and what its root was, at one moment, signed.

Kept away from the ledger (with the agency, with another organisation, on paper), it shows later
whether the ledger still begins with what it held then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from niming.domain.canonical import canonical, parse
from niming.domain.envelope import Envelope
from niming.domain.moment import moment, now, parse_moment
from niming.errors import InputError, LedgerError

__all__ = ["Checkpoint"]

PAYLOAD_TYPE = "application/vnd.niming.checkpoint+json"

_LARGEST = 1 << 16  # bytes; a checkpoint with ten signatures has 2,500


@dataclass(frozen=True)
class Checkpoint:
    """The size and root of a ledger at one moment.

    Parameters
    ----------
    size : int
        Number of entries.
    root : bytes of length 32
        Merkle root over them (RFC 9162).
    time : str
        When it was made, RFC 3339 in UTC.
    envelope : Envelope, optional
        The signed form; None for an anchor that some other signed document vouches for.

    Examples
    --------
    >>> from niming.domain.merkle import EMPTY_ROOT
    >>> made = Checkpoint.of(0, EMPTY_ROOT)
    >>> made.size, len(made.key_ids), Checkpoint.from_bytes(made.to_bytes()) == made
    (0, 0, True)
    """

    size: int
    root: bytes
    time: str
    envelope: Envelope | None = None

    @classmethod
    def of(
        cls,
        size: int,
        root: bytes,
        private_key: Ed25519PrivateKey | None = None,
        *,
        at: datetime | None = None,
    ) -> Self:
        """Return a checkpoint of `size` and `root` made `at` (default: now), signed if possible."""
        time = moment(at or now())
        payload = canonical({"root": root.hex(), "size": size, "time": time})
        envelope = Envelope(PAYLOAD_TYPE, payload)
        return cls(size, root, time, envelope.signed(private_key) if private_key else envelope)

    @classmethod
    def anchor(cls, anchor: Mapping[str, object], time: str) -> Self:
        """Return the checkpoint in a certificate's ``{"size", "root"}``.

        The caller has verified the certificate; the checkpoint has no signature of its own.
        """
        size, root = anchor.get("size"), anchor.get("root")
        if set(anchor) == {"size", "root"} and isinstance(size, int) and isinstance(root, str):
            parse_moment(time)
            if not isinstance(size, bool) and 0 <= size < 2**53 and _is_hash(root):
                return cls(size, bytes.fromhex(root), time)
        raise InputError("a ledger's anchor is its size and its root, 64 lowercase hex digits")

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the keys that are said to have signed it; empty when it is not signed."""
        return tuple(s.key_id for s in self.envelope.signatures) if self.envelope else ()

    def to_bytes(self) -> bytes:
        """Return the file: a DSSE envelope as canonical JSON, without signatures if unsigned."""
        if self.envelope is None:
            raise InputError("an anchor has no file of its own")
        return self.envelope.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the checkpoint in `data`, whose signatures are still to be checked.

        Raises
        ------
        InputError
            When `data` is not, byte for byte, what `to_bytes` writes.
        """
        envelope = Envelope.parse(data)
        content = parse(envelope.payload)
        if (
            envelope.payload_type == PAYLOAD_TYPE
            and isinstance(content, Mapping)
            and set(content) == {"root", "size", "time"}
            and canonical(content) == envelope.payload
            and envelope.to_bytes() == data
        ):
            time = content["time"]
            parse_moment(time)
            found = cls.anchor({"size": content["size"], "root": content["root"]}, str(time))
            return cls(found.size, found.root, found.time, envelope)
        raise InputError("this is no checkpoint of a ledger in canonical form")

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Return the checkpoint in a file; raise LedgerError when there is none that is sound."""
        try:
            with open(path, "rb") as file:
                data = file.read(_LARGEST + 1)
            if len(data) > _LARGEST:
                raise InputError("the file is too large")
            return cls.from_bytes(data)
        except OSError as error:
            raise LedgerError(f"{path} cannot be read: {error.strerror}") from None
        except InputError as error:
            raise LedgerError(f"{path} is not a sound checkpoint: {error.message}") from None

    def __repr__(self) -> str:
        signed = f"{len(self.key_ids)} signatures" if self.key_ids else "unsigned"
        root = self.root.hex()[:16]
        return f"Checkpoint({self.size} entries at {self.time}, root {root}…, {signed})"


def _is_hash(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
