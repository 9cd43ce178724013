"""Signing keys: Ed25519, private in PKCS#8 and public in SubjectPublicKeyInfo, both as PEM.

The private key file belongs to one person: it is made with mode 0600, and a file that others may
open is refused. No message, repr or log ever holds key material; a key is spoken of by its key
id, the SHA-256 of the public key.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from niming.errors import KeyFileError

__all__ = ["generate", "key_id", "load_private", "load_public"]

PASSPHRASE = "NIMING_KEY_PASSPHRASE"
"""Environment variable with the passphrase of an encrypted private key."""

_LARGEST = 1 << 16  # bytes; an Ed25519 key in PEM has 119


def generate(
    path: str | Path, *, passphrase: str | None = None, comment: str = ""
) -> Ed25519PublicKey:
    """Make a key pair: the private key at `path`, the public key at ``path.pub``.

    Parameters
    ----------
    path : path
        Where the private key goes. Neither file may exist.
    passphrase : str, optional
        Encrypts the private key file; by default the environment variable
        ``NIMING_KEY_PASSPHRASE``; without either the file is not encrypted.
    comment : str, optional
        One line put above the public key, such as the owner's name. Not authenticated.

    Returns
    -------
    Ed25519PublicKey
        The public key.

    Raises
    ------
    KeyFileError
        When a file exists already (nothing is overwritten) or cannot be made, or when the comment
        is more than one printable line.

    Notes
    -----
    Both files are made by O_CREAT | O_EXCL, the private one with mode 0600 from its first byte.
    If anything fails, neither file is left.

    References
    ----------
    RFC 8032 (Ed25519), RFC 8410 (its PKCS#8 and SubjectPublicKeyInfo), RFC 7468 (PEM).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     public = generate(Path(folder, "agency.pem"), comment="agency, 2026")
    ...     key_id(public) == key_id(load_private(Path(folder, "agency.pem")).public_key())
    True
    """
    path = Path(path)
    if not comment.isprintable() or "-----" in comment:
        raise KeyFileError(
            "the comment of a key is one printable line without '-----'",
            hint="say in a few words whose key it is",
        )
    secret = passphrase if passphrase is not None else os.environ.get(PASSPHRASE, "")
    private = Ed25519PrivateKey.generate()
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if secret:
        encryption = serialization.BestAvailableEncryption(secret.encode())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    public = private.public_key()
    shown = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    if comment:
        shown = comment.encode() + b"\n" + shown
    beside = path.with_name(path.name + ".pub")
    with contextlib.ExitStack() as undo:
        for file, content, mode in ((path, pem, 0o600), (beside, shown, 0o644)):
            _create(file, content, mode, undo)
        undo.pop_all()
    return public


def load_private(path: str | Path, *, passphrase: str | None = None) -> Ed25519PrivateKey:
    """Return the private key in the file at `path`.

    Parameters
    ----------
    path : path
        PKCS#8 PEM, as `generate` or ``openssl genpkey -algorithm ed25519`` writes it.
    passphrase : str, optional
        Of an encrypted file; by default the environment variable ``NIMING_KEY_PASSPHRASE``.

    Returns
    -------
    Ed25519PrivateKey

    Raises
    ------
    KeyFileError
        When the file is missing, a folder, unreadable, open to group or others, not a private key,
        damaged, of another kind than Ed25519, encrypted without the right passphrase, or not
        encrypted although a passphrase was given.

    Notes
    -----
    The permissions are those of the opened file, so it cannot be exchanged between the check and
    the reading. Windows has no such permissions; there they are not checked.
    """
    path = Path(path)
    data = _read(path, private=True)
    if b"-----BEGIN PUBLIC KEY-----" in data:
        private = path.stem if path.suffix == ".pub" else "of which it is the public half"
        hint = f"give the private key, {private}"
        raise KeyFileError(f"{path} holds a public key, and signing needs the private one",
                           hint=hint)  # fmt: skip
    encrypted = b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in data
    if passphrase and not encrypted:
        raise KeyFileError(
            f"{path} is not encrypted, although a passphrase was given",
            hint="leave the passphrase out, or make a new key with one",
        )
    secret = passphrase if passphrase is not None else os.environ.get(PASSPHRASE, "")
    if encrypted and not secret:
        raise KeyFileError(
            f"{path} is encrypted, and there is no passphrase",
            hint=f"set the environment variable {PASSPHRASE}",
        )
    try:
        key = serialization.load_pem_private_key(data, secret.encode() if encrypted else None)
    except (ValueError, TypeError):
        why = "with this passphrase, or it is damaged" if encrypted else "in PKCS#8 PEM"
        hint = "give the passphrase it was made with" if encrypted else "give the file from keygen"
        raise KeyFileError(
            f"{path} holds no private key that can be read {why}",
            hint=f"{hint}, or a copy of it; a damaged key cannot be mended",
        ) from None
    except UnsupportedAlgorithm:
        raise KeyFileError(f"{path} holds a key of an unknown kind", hint=_MAKE) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} holds {_kind(key)}, and niming signs with Ed25519", hint=_MAKE)
    return key


def load_public(path: str | Path) -> Ed25519PublicKey:
    """Return the public key in the file at `path`.

    Parameters
    ----------
    path : path
        SubjectPublicKeyInfo PEM; text above the key is ignored.

    Returns
    -------
    Ed25519PublicKey

    Raises
    ------
    KeyFileError
        When the file is missing, a folder, unreadable, damaged, a private key, or of another kind
        than Ed25519.
    """
    path = Path(path)
    data = _read(path, private=False)
    if b"PRIVATE KEY-----" in data:
        raise KeyFileError(
            f"{path} holds a private key where a public one belongs",
            hint=f"give {path}.pub, and keep the private key to its owner",
        )
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, TypeError):
        raise KeyFileError(
            f"{path} holds no public key that can be read in PEM",
            hint="ask its owner for the .pub file again",
        ) from None
    except UnsupportedAlgorithm:
        raise KeyFileError(f"{path} holds a key of an unknown kind", hint=_MAKE) from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(f"{path} holds {_kind(key)}, and niming signs with Ed25519", hint=_MAKE)
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """Return the id of a public key: SHA-256 of its DER SubjectPublicKeyInfo, in lowercase hex.

    Examples
    --------
    >>> key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(  # RFC 8032, 7.1, TEST 1
    ...     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))
    >>> key_id(key)[:16]
    '06e3fd8fda29bb60'
    """
    spki = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return sha256(spki).hexdigest()


_MAKE = "make one with `niming keygen`"
_WHERE = "choose a folder that exists, has room and that you may write to"


def _create(path: Path, content: bytes, mode: int, undo: contextlib.ExitStack) -> None:
    """Write a new file durably, and register its removal with `undo`."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise KeyFileError(
            f"{path} exists, and a key is never overwritten", hint="choose another path"
        ) from None
    except OSError as error:
        raise KeyFileError(f"{path} cannot be made: {error.strerror}", hint=_WHERE) from None
    undo.callback(path.unlink, missing_ok=True)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be written: {error.strerror}", hint=_WHERE) from None


def _read(path: Path, *, private: bool) -> bytes:
    """Return the bytes of a key file; a private one must be closed to group and others."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise KeyFileError(
            f"there is no key file {path}",
            hint=_MAKE if private else "ask the key's owner for its .pub file, or check the path",
        ) from None
    except OSError as error:
        raise KeyFileError(
            f"{path} cannot be read: {error.strerror}", hint="run it as the owner of the key"
        ) from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        what = "a folder" if stat.S_ISDIR(mode) else "not a file"
        raise KeyFileError(f"{path} is {what}, and no key file", hint="name the file itself")
    with open(descriptor, "rb") as file:
        if private and os.name == "posix" and mode & 0o077:
            raise KeyFileError(
                f"{path} is open to others (mode {stat.S_IMODE(mode):04o})",
                hint=f"chmod 600 {path}",
            )
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise KeyFileError(
            f"{path} is too large to be a key", hint="a key file is a few lines of PEM"
        )
    return data


def _kind(key: object) -> str:
    """Return the algorithm of a key that is not ours, such as ``an RSA key``."""
    name = re.sub("^_|(Private|Public)(Numbers|Key)$", "", type(key).__name__)
    name = {"EllipticCurve": "elliptic-curve"}.get(name, name)
    return f"{'an' if name[:1] in 'AEIORXe' else 'a'} {name} key"
