"""`Key`: the secret behind pseudonyms. It is read from a file or the environment, never shown."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import stat
from pathlib import Path
from typing import NoReturn, final

from niming.errors import KeyFileError

__all__ = ["Key", "key_from", "new_key"]

_SHORTEST = 16  # bytes: 128 bits, GM/T 0002 and NIST SP 800-131A
_LARGEST = 4096  # bytes of a key file
_VARIED = 8  # different bytes; 16 random bytes have fewer with probability below 1e-12


@final
class Key:
    """A secret of at least 16 bytes; its repr, str and pickle do not give it away.

    Made by `key_from`.

    Parameters
    ----------
    secret : bytes
    """

    __slots__ = ("__secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _SHORTEST:
            raise KeyFileError(
                f"the key has {len(secret)} bytes; at least {_SHORTEST} are needed",
                hint="make one with masks.new_key(path)",
            )
        if len(set(secret)) < _VARIED:
            raise KeyFileError(
                "the key is not random: its bytes repeat", hint="make one with masks.new_key(path)"
            )
        self.__secret = bytes(secret)

    @property
    def id(self) -> str:
        """Sixteen hex digits that tell keys apart and tell nothing about the key."""
        return self.derive("key-id").hex()[:16]

    def derive(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for one purpose, by HMAC-SHA-256."""
        message = b"niming\x00v1\x00" + purpose.encode("utf-8")
        return hmac.digest(self.__secret, message, "sha256")

    def __repr__(self) -> str:
        return "Key(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not pickled: it would lie open in the file")


def key_from(*, path: str | os.PathLike[str] | None = None, env: str | None = None) -> Key:
    """Load a key from a file that only its owner may open, or from the environment.

    Parameters
    ----------
    path : path, optional
        Hexadecimal text or raw bytes, mode 0600 or stricter.
    env : str, optional
        Name of an environment variable with hexadecimal text. Give one of the two.

    Returns
    -------
    Key

    Raises
    ------
    KeyFileError
        No such file or variable, a file that group or others may open, fewer than 16 bytes, or
        bytes that are plainly not random.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = new_key(Path(folder, "pseudonyms.key"))
    ...     made.id == key_from(path=Path(folder, "pseudonyms.key")).id
    True
    """
    if (path is None) == (env is None):
        raise KeyFileError(
            "give the key by path or by env, one of the two", hint='such as env="NIMING_KEY"'
        )
    if env is not None:
        text = os.environ.get(env)
        if not text:
            raise KeyFileError(
                f"the environment variable {env} is not set",
                hint="put the hexadecimal text of a key into it, or give path=",
            )
        try:
            return Key(bytes.fromhex(text.strip()))
        except ValueError as error:
            if isinstance(error, KeyFileError):
                raise
            raise KeyFileError(
                f"the environment variable {env} is not hexadecimal",
                hint="64 hex digits, such as those that masks.new_key writes",
            ) from None
    assert path is not None
    raw = _read(Path(path))
    text = raw.decode("ascii", "replace").strip()
    try:
        return Key(bytes.fromhex(text))
    except KeyFileError:
        raise
    except ValueError:
        return Key(raw)


def new_key(path: str | os.PathLike[str]) -> Key:
    """Write a new random key of 32 bytes to a file of mode 0600 and return it.

    Parameters
    ----------
    path : path
        A file that does not exist yet.

    Returns
    -------
    Key

    Raises
    ------
    KeyFileError
        The file exists already (nothing is overwritten) or cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     key = new_key(Path(folder, "pseudonyms.key"))
    ...     key.id == key_from(path=Path(folder, "pseudonyms.key")).id
    True
    """
    file = Path(path)
    secret = secrets.token_bytes(32)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileError(
            f"{file} exists already", hint="a lost key cannot be made again: choose another name"
        ) from None
    except OSError as error:
        raise KeyFileError(
            f"cannot make the key file {file} ({error.strerror})",
            hint="choose a folder that exists and that you may write to",
        ) from None
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(secret.hex().encode() + b"\n")
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            file.unlink()
        raise KeyFileError(
            f"cannot write the key file {file} ({error.strerror})",
            hint="see whether the disk has room; nothing was left behind",
        ) from None
    return Key(secret)


def _read(file: Path) -> bytes:
    """Read a small file that nobody else may open, checked on the open file."""
    try:
        with file.open("rb") as source:
            mode = os.fstat(source.fileno()).st_mode
            if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
                raise KeyFileError(
                    f"the key file {file} can be opened by others (mode {stat.S_IMODE(mode):04o})",
                    hint=f"chmod 600 {file}, and make a new key if others may have read it",
                )
            raw = source.read(_LARGEST + 1)
    except OSError as error:
        raise KeyFileError(
            f"cannot read the key file {file} ({error.strerror})",
            hint="check the path; masks.new_key(path) makes a new one",
        ) from None
    if len(raw) > _LARGEST:
        raise KeyFileError(
            f"the key file {file} is larger than {_LARGEST} bytes: it is no key",
            hint="give the file that masks.new_key wrote",
        )
    return raw
