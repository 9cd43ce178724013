"""How many values could a hash stand for, which are they, and how long does it take to try them?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.tables.identifiers import MOBILE_SEGMENTS, Characters, resident_id_check

__all__ = ["RATES", "Kind", "Known", "Space", "candidates", "core_hours", "space"]

Kind: TypeAlias = Literal[
    "resident-id", "mobile", "plate", "name", "birth-date", "credit-code", "passport"
]

RATES = {
    "md5": 0.34e6, "sha1": 0.34e6, "sha256": 0.34e6, "sha512": 0.34e6, "blake2s": 0.34e6,
    "blake2b": 0.34e6, "sm3": 0.2e6, "hmac": 0.17e6,
}  # fmt: skip
"""Values tried a second on one core. SHA-256 and SM3 were measured in pure Python on a slow core;
the others cost Python about the same, and HMAC is two hashes. A trial lists values a thousand at a
time and is three times faster (1.1 million SHA-256, one core); compiled code is ten times faster,
a graphics card many thousand times. So every cost here is an upper bound."""

N_REGIONS = 3450
"""Codes of counties that resident ids begin with, abolished ones among them: a round number."""

_LATEST = 2026
_EARLIEST = 1926
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # GA 36: no I, no O
_HANZI = 3755  # level 1 of GB 2312, of which nearly every given name is made
_N_SURNAMES = 400
_AT_ONCE = 1000


@dataclass(frozen=True)
class Known:
    """What the attacker knows of the values, which leaves fewer to try.

    Parameters
    ----------
    regions : tuple of str
        Region codes of 6 digits in resident ids; all if empty.
    birth_years : (int, int)
        First and last year of birth.
    prefixes : tuple of str
        How the values begin: 3 to 10 digits of mobiles (a number segment), province and letter of
        plates, surnames of names. All if empty.

    Examples
    --------
    >>> space("resident-id", Known(regions=("220104",), birth_years=(1987, 1987))).n
    365000
    """

    regions: tuple[str, ...] = ()
    birth_years: tuple[int, int] = (_EARLIEST, _LATEST - 1)
    prefixes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if any(len(r) != 6 or not r.isascii() or not r.isdigit() for r in self.regions):
            raise InputError("a region code has 6 digits", hint='such as "220104"')
        first, last = self.birth_years
        if not 1800 <= first <= last <= 2199:
            raise InputError("birth_years is (first, last), from 1800 on", hint="(1950, 2008)")
        if not all(self.prefixes):
            raise InputError("a prefix is empty", hint="leave prefixes out for all values")

    @property
    def n_days(self) -> int:
        """Days of birth that are possible."""
        return len(self.days())

    def days(self) -> NDArray[np.datetime64]:
        """Return the days of birth that are possible, in order."""
        first, last = self.birth_years
        return np.arange(f"{first}-01-01", f"{last + 1}-01-01", dtype="datetime64[D]")


@dataclass(frozen=True)
class Space:
    """How many values there are to try, and why so many.

    Parameters
    ----------
    kind : str
    n : int
    basis : str

    Examples
    --------
    >>> space("birth-date").n
    36525
    """

    kind: Kind
    n: int
    basis: str


def space(kind: Kind, known: Known | None = None) -> Space:
    """Return how many values of a kind there are to try.

    Parameters
    ----------
    kind : {"resident-id", "mobile", "plate", "name", "birth-date", "credit-code", "passport"}
        What the hashed values are.
    known : Known, optional
        What the attacker knows; nothing but the kind if not given.

    Returns
    -------
    Space

    Raises
    ------
    InputError
        An unknown kind, or a prefix that no value of the kind has.

    Notes
    -----
    - resident-id: regions × days × 1,000 sequence numbers; the 18th character follows (GB 11643).
    - mobile: 10^(11 − length of the prefix), over the assigned segments of three digits.
    - plate: five characters with at most two letters, or six of a new-energy car, an office.
    - name: a surname and one or two of 3,755 characters (level 1 of GB 2312).
    - credit-code: about 180 million registered bodies, whose codes are published.
    - passport: E with 8 digits, or E, a letter and 7 digits.

    References
    ----------
    GB 11643-1999; GA 36-2018; GB 32100-2015; GB 2312-1980.

    Examples
    --------
    >>> changchun = tuple(f"2201{n:02d}" for n in range(11))
    >>> codes = space("resident-id", Known(regions=changchun))
    >>> codes.n, round(core_hours(codes.n), 1), round(core_hours(codes.n, "sm3"), 2)
    (401775000, 0.3, 0.56)
    """
    if kind not in get_args(Kind):
        raise InputError(
            f"there is no kind {kind!r} of values to list",
            hint="kinds are " + ", ".join(get_args(Kind)),
        )
    known = known or Known()
    if kind == "resident-id":
        regions = len(known.regions) or N_REGIONS
        n = regions * known.n_days * 1000
        return Space(kind, n, f"{regions} region codes x {known.n_days} days x 1000 numbers")
    if kind == "birth-date":
        return Space(kind, known.n_days, f"{known.n_days} days")
    if kind == "mobile":
        begins = _mobile_prefixes(known)
        n = sum(10 ** (11 - len(p)) for p in begins)
        return Space(kind, n, f"{len(begins)} prefixes of mobile numbers")
    if kind == "plate":
        offices = len(known.prefixes) or len(_PROVINCES) * len(_LETTERS)
        letters = len(_LETTERS)
        five = 10**5 + 5 * letters * 10**4 + 10 * letters**2 * 10**3
        six = 2 * (letters + 10) * 10**4 + 2 * 10**5
        return Space(kind, offices * (five + six), f"{offices} offices, plates of 5 and 6")
    if kind == "name":
        surnames = len(known.prefixes) or _N_SURNAMES
        n = surnames * (_HANZI + _HANZI**2)
        return Space(kind, n, f"{surnames} surnames, given names of 1 or 2 of {_HANZI} characters")
    if kind == "credit-code":
        return Space(kind, 180_000_000, "registered bodies, whose codes are published")
    return Space(kind, 10**8 + len(_LETTERS) * 10**7, "E and 8 digits, or E, a letter and 7 digits")


def core_hours(n: float, algorithm: str = "sha256") -> float:
    """Return how long one core takes to try `n` values, in hours.

    Parameters
    ----------
    n : float
        Values to try.
    algorithm : {"md5", "sha1", "sha256", "sha512", "blake2s", "blake2b", "sm3", "hmac"}, \
default "sha256"

    Returns
    -------
    float
        n / rate / 3600 with 0.34 million values a second (SM3 0.2, HMAC 0.17): pure Python on one
        core. Real attackers are faster.

    Raises
    ------
    InputError
        An unknown algorithm.

    Examples
    --------
    >>> round(core_hours(space("resident-id").n))
    103
    """
    if algorithm not in RATES:
        raise InputError(f"no rate is known for {algorithm!r}", hint="one of " + ", ".join(RATES))
    return n / RATES[algorithm] / 3600


def candidates(kind: Kind, known: Known) -> Iterator[list[bytes]]:
    """Yield the values of a kind in batches, as the UTF-8 that would be hashed.

    Raises
    ------
    InputError
        A kind that only a register can list, or resident ids without region codes.

    Examples
    --------
    >>> known = Known(regions=("110105",), birth_years=(1949, 1949))
    >>> next(candidates("resident-id", known))[0]
    b'110105194901010005'
    """
    if kind == "resident-id":
        if not known.regions:
            raise InputError(
                "a trial on resident ids needs region codes", hint='Known(regions=("220104",))'
            )
        return _resident_ids(known)
    if kind == "mobile":
        return _mobiles(known)
    if kind == "plate":
        return _plates(known)
    if kind == "name":
        return _names(known)
    if kind == "birth-date":
        return _birth_dates(known)
    raise InputError(f"a {kind} is listed in registers, not here", hint="leave out try_values")


def _resident_ids(known: Known) -> Iterator[list[bytes]]:
    sequence = np.char.zfill(np.arange(1000).astype("S3"), 3).view(np.uint8).reshape(1000, 3)
    for region in known.regions:
        head = np.frombuffer(region.encode("ascii"), np.uint8)
        for day in known.days():
            body = np.empty((1000, 18), dtype=np.uint8)
            body[:, :6] = head
            body[:, 6:14] = np.frombuffer(str(day).replace("-", "").encode("ascii"), np.uint8)
            body[:, 14:17] = sequence
            body[:, 17] = resident_id_check(body)
            yield _bytes(body)


def _bytes(chars: Characters) -> list[bytes]:
    listed: list[bytes] = chars.view(f"S{chars.shape[1]}").ravel().tolist()
    return listed


def _mobile_prefixes(known: Known) -> tuple[str, ...]:
    begins = known.prefixes or tuple(str(s) for s in MOBILE_SEGMENTS)
    for begin in begins:
        if not (begin.isascii() and begin.isdigit() and 1 <= len(begin) <= 10 and begin[0] == "1"):
            raise InputError(
                "a prefix of mobile numbers is 1 to 10 digits, the first of them 1",
                hint='such as "1380431"',
            )
    return begins


def _mobiles(known: Known) -> Iterator[list[bytes]]:
    for begin in _mobile_prefixes(known):
        width = 11 - len(begin)
        for start in range(0, 10**width, _AT_ONCE):
            stop = min(start + _AT_ONCE, 10**width)
            yield [f"{begin}{n:0{width}d}".encode() for n in range(start, stop)]


def _plates(known: Known) -> Iterator[list[bytes]]:
    """Yield plates of five characters: digits alone, then with one letter, then with two."""
    from itertools import combinations, product

    offices = known.prefixes or tuple(p + letter for p in _PROVINCES for letter in _LETTERS)
    digits = "0123456789"
    for office in offices:
        for n_letters in range(3):
            for places in combinations(range(5), n_letters):
                pools = [_LETTERS if i in places else digits for i in range(5)]
                batch: list[bytes] = []
                for characters in product(*pools):
                    batch.append((office + "".join(characters)).encode())
                    if len(batch) == _AT_ONCE:
                        yield batch
                        batch = []
                yield batch


def _names(known: Known) -> Iterator[list[bytes]]:
    """Yield names of two characters, then of three."""
    rows = (bytes([r, c]) for r in range(0xB0, 0xD8) for c in range(0xA1, 0xFF))
    given = [b.decode("gb2312", "ignore") for b in rows]
    given = [g for g in given if g]
    surnames = known.prefixes or tuple(_SURNAMES)
    for surname in surnames:
        yield [(surname + g).encode() for g in given]
    for surname in surnames:
        for first in given:
            yield [(surname + first + g).encode() for g in given]


def _birth_dates(known: Known) -> Iterator[list[bytes]]:
    """Yield dates as 1987-06-13, then as 19870613."""
    written = [str(day) for day in known.days()]
    for form in (written, [w.replace("-", "") for w in written]):
        for start in range(0, len(form), _AT_ONCE):
            yield [w.encode() for w in form[start : start + _AT_ONCE]]
