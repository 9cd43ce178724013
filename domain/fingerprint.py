"""Fingerprints: what a file or a document is, in one short number nobody can imitate.

Files get two digests at once, SHA-256 for the world and SM3 for Chinese systems (GB/T 32905);
documents (a schema, a policy, an evidence) get the SHA-256 of their canonical JSON.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from niming.domain.canonical import canonical
from niming.errors import InputError
from niming.measure import JSON

__all__ = ["Fingerprint", "digest", "fingerprint"]

_CHUNK = 1 << 20
_HEX = re.compile(r"[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True)
class Fingerprint:
    """What identifies one released file.

    Parameters
    ----------
    name : str
        Path inside the release with ``/`` between folders, such as ``"data.parquet"``; relative,
        without ``..``.
    sha256, sm3 : str
        The two digests, 64 lowercase hex digits each.

    Examples
    --------
    >>> fingerprint(b"abc", name="a.txt")
    Fingerprint('a.txt', sha256 ba7816bf…, sm3 66c7f0f4…)
    """

    name: str
    sha256: str
    sm3: str

    def __post_init__(self) -> None:
        parts = self.name.split("/")
        if _CONTROL.search(self.name) or not all(p not in ("", ".", "..") for p in parts):
            raise InputError(
                f"{self.name!r} is no name of a file in a release",
                hint="give a relative path without '..', such as 'data.parquet'",
            )
        if not _HEX.fullmatch(self.sha256) or not _HEX.fullmatch(self.sm3):
            raise InputError(f"the digests of {self.name!r} are not 64 lowercase hex digits")

    def to_dict(self) -> dict[str, JSON]:
        """Return ``{"name", "digest": {"sha256", "sm3"}}``, as in-toto writes a subject."""
        return {"name": self.name, "digest": {"sha256": self.sha256, "sm3": self.sm3}}

    @classmethod
    def from_dict(cls, subject: JSON) -> Self:
        """Return the fingerprint that `to_dict` wrote; raise InputError for anything else."""
        if isinstance(subject, Mapping) and set(subject) == {"name", "digest"}:
            name, digests = subject["name"], subject["digest"]
            if isinstance(digests, Mapping) and set(digests) == {"sha256", "sm3"}:
                first, second = digests["sha256"], digests["sm3"]
                if isinstance(name, str) and isinstance(first, str) and isinstance(second, str):
                    return cls(name, first, second)
        raise InputError("a subject is not a name with the digests sha256 and sm3 alone")

    def __repr__(self) -> str:
        return f"Fingerprint({self.name!r}, sha256 {self.sha256[:8]}…, sm3 {self.sm3[:8]}…)"


def fingerprint(source: str | Path | bytes, *, name: str | None = None) -> Fingerprint:
    """Return the SHA-256 and SM3 of a file, read once.

    Parameters
    ----------
    source : path or bytes
        A regular file, or its content.
    name : str, optional
        Name inside the release; by default the file's own name. Required with bytes.

    Returns
    -------
    Fingerprint

    Raises
    ------
    InputError
        When the file is missing, unreadable or not a regular file.

    Notes
    -----
    Whoever checks a file and then reads it again may read other bytes. Read the bytes once, give
    them here, and use the same bytes.

    References
    ----------
    NIST FIPS 180-4 (SHA-256); GB/T 32905-2016 (SM3), both test vectors of the message ``abc``.

    Examples
    --------
    >>> fingerprint(b"abc", name="a.txt").sm3[:16]
    '66c7f0f462eeedd9'
    """
    from cryptography.hazmat.primitives.hashes import SM3, Hash

    if name is None:
        if isinstance(source, bytes):
            raise InputError("give name= with bytes")
        name = Path(source).name
    first, second = sha256(), Hash(SM3())
    for chunk in (source,) if isinstance(source, bytes) else _chunks(Path(source)):
        first.update(chunk)
        second.update(chunk)
    return Fingerprint(name, first.hexdigest(), second.finalize().hex())


def digest(document: JSON) -> str:
    """Return the SHA-256 of the canonical JSON of `document`, 64 lowercase hex digits.

    Parameters
    ----------
    document : JSON
        See `niming.domain.canonical.canonical`.

    Returns
    -------
    str

    Raises
    ------
    InputError
        When the document has no canonical JSON.

    Examples
    --------
    >>> digest({"a": 1, "b": 2}) == digest({"b": 2.0, "a": 1})
    True
    """
    return sha256(canonical(document)).hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a regular file; a pipe or a device is refused, not waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputError(f"{path} is not a regular file")
    with open(descriptor, "rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            yield chunk
