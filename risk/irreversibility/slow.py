"""Slow hashes with their salt and cost in the text: bcrypt, crypt and Argon2."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Slow", "slow_hash"]


@dataclass(frozen=True)
class Slow:
    """A slow hash as its text tells it.

    Parameters
    ----------
    algorithm : str
    cost : str
        What the text says of its cost.
    rate : float or None
        Values tried a second on one slow core; None where no rate was measured.
    """

    algorithm: str
    cost: str
    rate: float | None


# Rates were measured on one slow core: libxcrypt for bcrypt and crypt, OpenSSL for Argon2.
_BCRYPT = 19_000  # of 2^cost
_MD5_CRYPT = 7_000.0
_ROUNDS = {"5": 2.9e6, "6": 2.5e6}  # rounds of SHA-256 and SHA-512
_ARGON2 = 850_000  # KiB times passes


def _bcrypt(found: re.Match[str]) -> Slow:
    cost = int(found["cost"])
    return Slow("bcrypt", f"2^{cost} rounds", _BCRYPT / 2**cost)


def _sha_crypt(found: re.Match[str]) -> Slow:
    rounds = min(max(int(found["rounds"] or 5000), 1000), 999_999_999)
    name = "sha256-crypt" if found["id"] == "5" else "sha512-crypt"
    return Slow(name, f"{rounds:,} rounds", _ROUNDS[found["id"]] / rounds)


def _argon2(found: re.Match[str]) -> Slow:
    memory, passes = int(found["memory"]), int(found["passes"])
    rate = _ARGON2 / max(memory * passes, 1)
    return Slow(f"argon2{found['kind']}", f"{memory:,} KiB, {passes} passes", rate)


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Slow]], ...] = (
    (re.compile(r"\$2[abxy]?\$(?P<cost>0[4-9]|[12]\d|3[01])\$[./0-9A-Za-z]{53}"), _bcrypt),
    (
        re.compile(r"\$(?P<id>[56])\$(rounds=(?P<rounds>\d{1,9})\$)?[^$:\s]{0,16}\$[./0-9A-Za-z]+"),
        _sha_crypt,
    ),
    (
        re.compile(
            r"\$argon2(?P<kind>id|i|d)\$(v=\d+\$)?m=(?P<memory>\d{1,10}),t=(?P<passes>\d{1,10}),"
            r"p=\d+[^$]*\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+"
        ),
        _argon2,
    ),
    (
        re.compile(r"\$(1|apr1)\$[^$:\s]{0,8}\$[./0-9A-Za-z]{22}"),
        lambda _found: Slow("md5-crypt", "1,000 rounds", _MD5_CRYPT),
    ),
    (
        re.compile(r"\$(y|gy|7|scrypt|argon2\w*|bcrypt[\w-]*|pbkdf2[\w-]*)\$\S{20,}"),
        lambda found: Slow(found[1], "a cost that was not measured", None),
    ),
)


def slow_hash(texts: Sequence[str], *, share: float) -> Slow | None:
    """Return the slow hash that at least this share of the texts are of, the fastest of several.

    >>> code = "$2b$10$" + "a" * 53
    >>> slow_hash([code, code], share=0.9).algorithm
    'bcrypt'
    >>> slow_hash(["$10", "$20"], share=0.9) is None
    True
    """
    found = []
    for text in texts:
        bare = re.sub(r"^\{[A-Za-z0-9-]+\}", "", text)  # such as {CRYPT} of a directory
        for form, made in _FORMS:
            if match := form.fullmatch(bare):
                found.append(made(match))
                break
    if not texts or len(found) < share * len(texts):
        return None
    return max(found, key=lambda s: (s.rate is None, s.rate or 0.0))
