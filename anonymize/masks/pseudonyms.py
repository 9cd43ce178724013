"""Keyed pseudonyms: the same value gets the same code, for those without the key at random."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from niming.anonymize.masks.key import Key
from niming.anonymize.masks.masked import Masked, columns_of
from niming.anonymize.rewrite import distinct, rewrite
from niming.errors import InputError, KeyFileError
from niming.measure import JSON
from niming.tables import MISSING, Source, texts

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Algorithm", "pseudonym"]

Algorithm: TypeAlias = Literal["hmac-sha256", "hmac-sm3"]

_BYTES = 16  # kept: 128 bits, so that any two of 10⁹ values meet with odds of 1 in 10²⁰
_BLOCK = 64  # bytes a block, of SHA-256 and of SM3


def pseudonym(
    table: Source,
    columns: Sequence[str] | str,
    key: Key,
    *,
    algorithm: Algorithm = "hmac-sha256",
    scenario: str = "",
) -> Masked:
    """Replace the values of columns by codes of 32 hex digits under a secret key.

    Equal values get equal codes in all tables and columns of a scenario, so that tables can be
    joined; in another scenario, or under another key, the codes have nothing in common.

    Parameters
    ----------
    table : table
        Anything that `niming.tables.read` takes; not changed.
    columns : str or sequence of str
    key : Key
        From `key_from`.
    algorithm : {"hmac-sha256", "hmac-sm3"}, default "hmac-sha256"
    scenario : str, default ""
        The approved use; releases of different scenarios cannot be joined by their pseudonyms.

    Returns
    -------
    Masked
        Missing cells stay missing. The records name the algorithm and the key's id.

    Raises
    ------
    ColumnNotFoundError, InputError
        As `drop`; an unknown algorithm.
    KeyFileError
        `key` is not a `Key`.

    Notes
    -----
    The code is the first 128 bits of HMAC(K', canonical text of the value), where
    K' = HMAC-SHA-256(key, "niming", version, algorithm, scenario). Numbers and dates are read as
    in hierarchies: 39 and 39.0 are one value.

    Who has the key can list all ID numbers and look the codes up. So this is pseudonymisation,
    never anonymisation (PIPL art. 73).

    References
    ----------
    RFC 2104 (HMAC), FIPS 180-4 (SHA-256), GB/T 32905-2016 (SM3), ISO/IEC 20889:2018 clause 9.

    Examples
    --------
    >>> key = Key(bytes(range(32)))
    >>> table, _ = pseudonym({"id": ["a", "b", "a", None]}, "id", key, scenario="SC-1")
    >>> codes = table["id"].to_pylist()
    >>> codes[0] == codes[2], codes[0] == codes[1], codes[3]
    (True, False, None)
    """
    if not isinstance(key, Key):
        raise KeyFileError(
            "the key is not a masks.Key", hint="load it with masks.key_from(path=…) or (env=…)"
        )
    opened, names = columns_of(table, columns)
    code = _coder(key.derive(f"pseudonym\x00{algorithm}\x00{scenario}"), algorithm)
    arrow = opened.arrow(names)
    new = {name: _coded(arrow[name], code) for name in names}
    records: tuple[dict[str, JSON], ...] = tuple(
        {
            "column": name,
            "technique": "pseudonymisation",
            "parameters": {"algorithm": algorithm, "key_id": key.id, "scenario": scenario},
            "words": {
                "zh": "以密钥生成的假名代替（去标识化，并非匿名化）",
                "en": "replaced by keyed pseudonyms (de-identified, not anonymised)",
            },
        }
        for name in names
    )
    return Masked(rewrite(table, new), records)


def _coded(column: pa.ChunkedArray, code: Callable[[bytes], str]) -> pa.Array:
    """Return the codes of a column, computed once a distinct value."""
    import pyarrow as pa

    rows, values = distinct(column)
    codes = pa.array([code(text.encode("utf-8")) for text in texts(values)], pa.string())
    index = pa.array(rows, pa.int32(), mask=rows == MISSING)
    return pa.DictionaryArray.from_arrays(index, codes).cast(pa.string())


def _coder(key: bytes, algorithm: Algorithm) -> Callable[[bytes], str]:
    """Return HMAC of one message under `key`, in hex digits.

    Both blocks of the key are hashed once and copied: twice as fast as `hmac.digest`.
    """
    if algorithm == "hmac-sha256":
        start: Callable[[bytes], _Hash] = hashlib.sha256
    elif algorithm == "hmac-sm3":
        start = _sm3
    else:
        raise InputError(f"unknown algorithm {algorithm!r}", hint="one of hmac-sha256, hmac-sm3")
    block = key.ljust(_BLOCK, b"\0")
    inner = start(bytes(b ^ 0x36 for b in block))
    outer = start(bytes(b ^ 0x5C for b in block))

    def code(message: bytes) -> str:
        first, last = inner.copy(), outer.copy()
        first.update(message)
        last.update(first.digest())
        return last.digest()[:_BYTES].hex()

    return code


class _Hash(Protocol):
    """What is needed of a hash in progress."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...
    def copy(self) -> _Hash: ...


def _sm3(data: bytes) -> _Hash:
    """Start SM3 by the interpreter's OpenSSL, or by that of cryptography."""
    if "sm3" in hashlib.algorithms_available:
        return hashlib.new("sm3", data)
    from cryptography.hazmat.primitives import hashes

    class SM3:
        def __init__(self, context: hashes.Hash) -> None:
            self.context = context

        def update(self, data: bytes, /) -> None:
            self.context.update(data)

        def digest(self) -> bytes:
            return self.context.copy().finalize()

        def copy(self) -> SM3:
            return SM3(self.context.copy())

    context = hashes.Hash(hashes.SM3())
    context.update(data)
    return SM3(context)
