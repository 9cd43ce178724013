"""What kind of digest does a column hold, and do listed values lead back to it?"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from niming.measure import JSON
from niming.risk.irreversibility.spaces import Kind, Known, candidates

__all__ = ["ALGORITHMS", "Form", "Trial", "bare", "form_of", "hasher", "trial"]

ALGORITHMS = {
    "md5": 16, "sha1": 20, "sha256": 32, "sm3": 32, "blake2s": 32, "sha512": 64, "blake2b": 64,
}  # fmt: skip
"""Bytes of the digest of each unkeyed hash."""

_PREFIX = 16
"""Longest prefix before a digest that is looked for, such as ``0x``, ``{SHA256}`` or ``u_``."""

_HEX = re.compile(r"(?=.*[0-9])(?=.*[a-fA-F])([0-9a-f]{16,128}|[0-9A-F]{16,128})")
_BASE32 = re.compile(r"(?=.*[2-7])(?=.*[A-Z])[A-Z2-7]+=*|(?=.*[2-7])(?=.*[a-z])[a-z2-7]+=*")
_BASE64 = re.compile(r"(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/_-]+=*")

_FEWEST = 100
"""Digests from which their evenness is looked at."""

_LIMIT = 60.0
"""χ² with 15 degrees of freedom: 60 is passed by 1 random column in four million. With several
hundred digests, counters and numbers in hex are far above."""


@dataclass(frozen=True)
class Form:
    """What the digests of a column look like.

    Parameters
    ----------
    n_bytes : int
    algorithms : tuple of str
        Hashes with digests of that length, or else those that could have been cut to it.
    truncated : bool
        Whether no hash has that length.
    even : bool or None
        Whether all hex digits are equally frequent, as hashes have them; None if there are too few.
    """

    n_bytes: int
    algorithms: tuple[str, ...]
    truncated: bool
    even: bool | None


@dataclass(frozen=True)
class Trial:
    """What came of hashing listed values and looking them up.

    Parameters
    ----------
    n_tried : int
        Values hashed, summed over the algorithms.
    n_digests : int
        Distinct digests looked for.
    n_reversed : int
        Digests whose value was found; which, nobody is told.
    algorithm : str or None
        The hash that led back.
    seconds : float
    interrupted : bool
        Whether it was stopped from the keyboard.
    """

    n_tried: int
    n_digests: int
    n_reversed: int
    algorithm: str | None
    seconds: float
    interrupted: bool

    def to_dict(self) -> dict[str, JSON]:
        """Return the trial as a JSON-safe dict, without the seconds, which differ each time."""
        return {
            "n_tried": self.n_tried,
            "n_digests": self.n_digests,
            "n_reversed": self.n_reversed,
            "algorithm": self.algorithm,
            "interrupted": self.interrupted,
        }


def bare(texts: Sequence[str], *, share: float) -> list[str] | None:
    """Return the digests in texts, without a prefix that they have in common, in hex or base64.

    Digests in hex, base32 or base64 of which at least `share` look so, all of one length; None if
    there are none. After a prefix, and in base32 and base64, only lengths of real hashes count.

    >>> bare(["u_9e107d9d372bb6826bd81d3542a419d6"], share=0.9)
    ['9e107d9d372bb6826bd81d3542a419d6']
    >>> bare(["Changchun", "Jilin"], share=0.9) is None
    True
    """
    if not texts:
        return None
    heads = [0]
    for cut in range(1, _PREFIX + 1):
        if Counter(t[:cut] for t in texts).most_common(1)[0][1] < share * len(texts):
            break
        heads.append(cut)
    whole = set(ALGORITHMS.values())
    for form, decoded in ((_HEX, bytes.fromhex), (_BASE32, _base32), (_BASE64, _base64)):
        for cut in heads:
            head = Counter(t[:cut] for t in texts).most_common(1)[0][0]
            rests = [t[cut:] for t in texts if t.startswith(head)]
            exact = form is not _HEX or (cut > 0 and head[-1].isalnum() and head != "0x")
            found = []
            for rest in rests:
                if form.fullmatch(rest) and (form is not _HEX or len(rest) % 2 == 0):
                    digest = decoded(rest)
                    if digest is not None and (not exact or len(digest) in whole):
                        found.append(digest)
            if not found:
                continue
            length, often = Counter(map(len, found)).most_common(1)[0]
            if often >= share * len(texts):
                # Among sure ones, a digest that lacks digits by chance counts as well.
                every = (_read(decoded, rest) for rest in rests)
                return [d.hex() for d in every if d is not None and len(d) == length]
    return None


def form_of(texts: Sequence[str]) -> tuple[Form, frozenset[bytes]] | None:
    """Return what digests written in hex or base64 look like, and their bytes.

    None if they are not of one length, or are neither.
    """
    raw = [_decoded(t) for t in texts]
    known = [r for r in raw if r is not None]
    if not known or len(known) < 0.9 * len(raw):
        return None
    (length, often), *_ = Counter(map(len, known)).most_common()
    if often < 0.9 * len(known) or length < 4:
        return None
    same = frozenset(r for r in known if len(r) == length)
    exact = tuple(a for a, n in ALGORITHMS.items() if n == length)
    longer = tuple(a for a, n in ALGORITHMS.items() if n >= length)
    even = None
    if len(same) >= _FEWEST:
        counts = Counter("".join(d.hex() for d in same))
        expected = len(same) * length * 2 / 16
        chi2 = sum((counts[f"{v:x}"] - expected) ** 2 / expected for v in range(16))
        even = chi2 <= _LIMIT
    # A digest of 16 bytes is MD5, or a longer one cut: all that are long enough are tried.
    return Form(length, exact + tuple(a for a in longer if a not in exact), not exact, even), same


def trial(
    digests: Collection[bytes],
    form: Form,
    kind: Kind,
    known: Known,
    *,
    n_values: int,
    say: Callable[[str], None],
) -> Trial:
    """Hash up to `n_values` listed values and count the digests that they lead back to.

    The values are hashed by every algorithm of the form until one leads back, then by that alone.
    An interrupt from the keyboard ends the trial, and what was found by then is told.
    """
    start = time.perf_counter()
    open_digests = set(digests)
    chosen: str | None = None
    n_tried, n_reversed, interrupted = 0, 0, False
    try:
        for batch in candidates(kind, known):
            values = batch[: n_values - n_tried]
            if not values or not open_digests:
                break
            for algorithm in form.algorithms if chosen is None else (chosen,):
                code = hasher(algorithm)
                cut = form.n_bytes
                found = {d for v in values if (d := code(v)[:cut]) in open_digests}
                if found:
                    chosen = algorithm
                    n_reversed += len(found)
                    open_digests -= found
                    break
            n_tried += len(values)
            say(f"{n_tried} values tried, {n_reversed} digests reversed")
    except KeyboardInterrupt:
        interrupted = True
    return Trial(
        n_tried, len(digests), n_reversed, chosen, time.perf_counter() - start, interrupted
    )


def hasher(algorithm: str) -> Callable[[bytes], bytes]:
    """Return the function from a value to its digest."""
    if algorithm == "sm3" and "sm3" not in hashlib.algorithms_available:
        from cryptography.hazmat.primitives import hashes

        def sm3(value: bytes) -> bytes:
            context = hashes.Hash(hashes.SM3())
            context.update(value)
            return context.finalize()

        return sm3
    if algorithm == "sm3":
        return lambda value: hashlib.new("sm3", value).digest()
    make = getattr(hashlib, algorithm)

    def code(value: bytes) -> bytes:
        digest: bytes = make(value).digest()
        return digest

    return code


def _decoded(text: str) -> bytes | None:
    """Return the bytes of a digest in hex, or else in base64."""
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        pass
    return _base64(text)


def _base64(text: str) -> bytes | None:
    """Return the bytes of a text in base64, of either alphabet, padded or not."""
    try:
        padded = text.replace("-", "+").replace("_", "/").rstrip("=")
        return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except (ValueError, binascii.Error):
        return None


def _read(decoded: Callable[[str], bytes | None], text: str) -> bytes | None:
    try:
        return decoded(text)
    except ValueError:
        return None


def _base32(text: str) -> bytes | None:
    """Return the bytes of a text in base32, padded or not."""
    unpadded = text.upper().rstrip("=")
    try:
        return base64.b32decode(unpadded + "=" * (-len(unpadded) % 8))
    except (ValueError, binascii.Error):
        return None
