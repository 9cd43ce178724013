"""The trust store: whose signatures count, decided by the person who verifies.

A trusted key is a public key file that this person named, or put into their own store. A key that
lies beside the data, or inside a certificate, is never trusted: whoever forged the data would
have put it there.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from niming.domain.keys import key_id, load_public
from niming.errors import CertificateError, KeyFileError

__all__ = ["Trust", "TrustStore", "Trusted", "add", "entries", "home", "trust_store"]

HOME = "NIMING_HOME"
"""Environment variable with the folder of niming's own files; default ``~/.config/niming``."""

TRUST = "NIMING_TRUST"
"""Environment variable with a public key file, or a folder of them, to trust by default."""

_NAME = re.compile(r"[\w][\w.@+-]{0,63}")


@dataclass(frozen=True)
class Trusted:
    """One key that is trusted.

    Parameters
    ----------
    name : str
        What its owner calls it here: the name of the file without ``.pub``.
    key_id : str
        See `niming.domain.keys.key_id`.
    key : Ed25519PublicKey
    path : Path or None
        Where it came from; None for a key given as an object.
    """

    name: str
    key_id: str
    key: Ed25519PublicKey
    path: Path | None = None

    def __repr__(self) -> str:
        return f"Trusted({self.name!r}, key {self.key_id[:16]}…)"


@dataclass(frozen=True)
class TrustStore:
    """The keys whose signatures count; made by `trust_store`.

    Parameters
    ----------
    trusted : tuple of Trusted
        Without repetition of a key.
    """

    trusted: tuple[Trusted, ...]

    @property
    def keys(self) -> Mapping[str, Ed25519PublicKey]:
        """The public keys by key id."""
        return MappingProxyType({entry.key_id: entry.key for entry in self.trusted})

    def name(self, key_id: str) -> str:
        """Return the name of a trusted key, or the start of its id when it is not trusted."""
        names = (entry.name for entry in self.trusted if entry.key_id == key_id)
        return next(names, f"key {key_id[:16]}…")

    def __repr__(self) -> str:
        return f"TrustStore({', '.join(entry.name for entry in self.trusted)})"


Trust = str | Path | Ed25519PublicKey | TrustStore | Iterable[str | Path | Ed25519PublicKey] | None
"""What `trust_store` accepts."""


def home() -> Path:
    """Return the folder of niming's own files: ``$NIMING_HOME`` or ``~/.config/niming``."""
    named = os.environ.get(HOME)
    return Path(named) if named else Path.home() / ".config" / "niming"


def trust_store(trust: Trust = None) -> TrustStore:
    """Return the keys to trust, from what was named or from the person's own store.

    Parameters
    ----------
    trust : path, public key, iterable of these, TrustStore or None
        A public key file, or a folder whose ``*.pub`` files are all trusted. None takes the
        environment variable ``NIMING_TRUST`` (one path), and without it the folder ``trust`` in
        `home`.

    Returns
    -------
    TrustStore
        With at least one key.

    Raises
    ------
    CertificateError
        Code ``"no-trust"``: no key is trusted.
    KeyFileError
        When a named file is no public key (one bad file in a folder is not passed over), or when
        the default store could be changed by any user of the machine.
    """
    if isinstance(trust, TrustStore):
        return trust
    given: list[str | Path | Ed25519PublicKey]
    if trust is None:
        named = os.environ.get(TRUST)
        store = Path(named) if named else home() / "trust"
        given = [store] if named or store.is_dir() else []
        _closed(store)
    elif isinstance(trust, str | Path | Ed25519PublicKey):
        given = [trust]
    else:
        given = list(trust)
    found: dict[str, Trusted] = {}
    for source in given:
        for entry in _entries(source):
            found.setdefault(entry.key_id, entry)
    if not found:
        where = " in " + ", ".join(str(s) for s in given) if given else ""
        raise CertificateError(
            f"no key is trusted{where}, so no signature can be believed",
            code="no-trust",
            hint="name the agency's public key with `--trust agency.pub`, obtained from the agency "
            "and not from the folder of the data, or keep it with `niming trust add agency.pub`",
        )
    return TrustStore(tuple(found.values()))


def add(path: str | Path, name: str | None = None) -> Trusted:
    """Put a public key into the person's own store, to be trusted from now on.

    Parameters
    ----------
    path : path
        A public key file.
    name : str, optional
        What to call it: letters, digits and ``._@+-``; by default the file's name.

    Returns
    -------
    Trusted

    Raises
    ------
    KeyFileError
        When the file is no public key, the name is unfit, or another key has the name already.
    """
    path = Path(path)
    key = load_public(path)
    name = path.name.removesuffix(".pub").removesuffix(".pem") if name is None else name
    if not _NAME.fullmatch(name):
        raise KeyFileError(f"{name!r} is no name for a key: letters, digits and ._@+- only")
    folder = home() / "trust"
    kept = folder / f"{name}.pub"
    if kept.exists():
        if key_id(load_public(kept)) != key_id(key):
            raise KeyFileError(
                f"another key is trusted as {name!r} already",
                hint=f"choose another name, or remove {kept} first",
            )
        return Trusted(name, key_id(key), key, kept)
    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(kept, "xb") as file:
            file.write(pem)
    except OSError as error:
        raise KeyFileError(f"{kept} cannot be written: {error.strerror}") from None
    return Trusted(name, key_id(key), key, kept)


def entries() -> tuple[Trusted, ...]:
    """Return the keys in the person's own store, by name; an empty tuple when there is none."""
    folder = home() / "trust"
    return tuple(_entries(folder)) if folder.is_dir() else ()


def _entries(source: str | Path | Ed25519PublicKey) -> list[Trusted]:
    """Return the keys of a file, of a folder's ``*.pub`` files, or the key itself."""
    if isinstance(source, Ed25519PublicKey):
        identity = key_id(source)
        return [Trusted(f"key {identity[:16]}…", identity, source)]
    path = Path(source)
    files = sorted(path.glob("*.pub")) if path.is_dir() else [path]
    loaded = [(file, load_public(file)) for file in files]
    return [Trusted(file.name.removesuffix(".pub").removesuffix(".pem"), key_id(key), key, file)
            for file, key in loaded]  # fmt: skip


def _closed(store: Path) -> None:
    """Raise when any user of the machine could put a key into the store."""
    if os.name == "posix" and store.exists() and store.stat().st_mode & stat.S_IWOTH:
        raise KeyFileError(
            f"{store} can be changed by every user of this machine", hint=f"chmod o-w {store}"
        )
