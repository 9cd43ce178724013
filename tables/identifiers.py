"""Chinese identifiers by their check digits: computed, checked and invented, a column at a time.

A column of identifiers is a matrix of characters, one row a value and one ASCII code a cell.
`characters` makes it from text and `strings` turns it back. Shorter texts are padded with 0 at
the right; a text that cannot be an identifier is a row of zeros, which no check accepts.

References
----------
GB 11643-1999, Citizen identification number (MOD 11-2 of ISO 7064).
GB 32100-2015, Unified social credit identifier of legal persons (MOD 31-3).
GB 11714-1997, Organisation code, which stands inside it (MOD 11).
ISO/IEC 7812-1:2017, annex B, the Luhn formula of bank cards.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from niming.errors import InputError

__all__ = [
    "AREA_CODES",
    "CREDIT_CODE_ALPHABET",
    "MOBILE_SEGMENTS",
    "Characters",
    "Mask",
    "Strings",
    "bank_cards",
    "characters",
    "credit_code_check",
    "credit_code_valid",
    "credit_codes",
    "foreign_resident_ids",
    "landlines",
    "luhn_check",
    "luhn_valid",
    "mobile_valid",
    "mobiles",
    "organisation_code_check",
    "passports",
    "plates",
    "resident_id_birth_date",
    "resident_id_check",
    "resident_id_male",
    "resident_id_valid",
    "resident_ids",
    "resident_ids_from_15",
    "strings",
]

Characters: TypeAlias = NDArray[np.uint8]
Mask: TypeAlias = NDArray[np.bool_]
Strings: TypeAlias = NDArray[np.object_]

CREDIT_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of GB 32100 in the order of their values: no I, O, S, V, Z."""

MOBILE_SEGMENTS = (
    *range(130, 140), 145, 147, 148, 149, *range(150, 154), *range(155, 160), 162, 165, 166, 167,
    *range(170, 174), *range(175, 179), *range(180, 190), *range(190, 194), *range(195, 200),
)  # fmt: skip
"""First three digits that mainland networks have assigned to mobile numbers."""

AREA_CODES = tuple(
    map(
        str,
        (
            10, *range(20, 26), *range(27, 30), *range(310, 320), 335, 349, *range(350, 360),
            *range(370, 380), *range(391, 399), *range(410, 420), 421, 427, 429, *range(431, 441),
            *range(451, 460), 464, *range(467, 480), 482, 483, *range(510, 520), 523, 527,
            *range(530, 540), 543, 546, *range(550, 567), *range(570, 581), *range(591, 600),
            *range(631, 636), 660, 662, 663, 668, 691, 692, 701, *range(710, 720), 722, 724, 728,
            *range(730, 740), *range(743, 747), *range(750, 761), 762, 763, 766, 768, 769,
            *range(770, 780), *range(790, 800), 812, 813, 816, 817, 818, 825, 826, 827,
            *range(830, 840), *range(851, 860), *range(870, 880), 883, 886, 887, 888,
            *range(891, 900), 901, 902, 903, 906, 908, 909, *range(930, 940), 941, 943,
            *range(951, 956), *range(970, 980), *range(990, 1000),
        ),
    )
)  # fmt: skip
"""Area codes of mainland landlines without their nought; a few that were merged are kept."""

_ZERO, _NINE = ord("0"), ord("9")
_PLATE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # GA 36-2018: no I, no O
_PROVINCES = (
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46,
    50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83,
)  # fmt: skip
_KNOWN = np.isin(np.arange(100), [*_PROVINCES, *range(91, 99)])  # 9: cards of foreigners
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_SLACK = 8  # blanks around an identifier that are still looked through


def _ascii(text: str) -> Characters:
    return np.frombuffer(text.encode("ascii"), dtype=np.uint8)


def _values(alphabet: str) -> NDArray[np.int16]:
    """Return a table from ASCII code to the value of the character, -1 if it is not in there."""
    table = np.full(256, -1, dtype=np.int16)
    table[_ascii(alphabet)] = np.arange(len(alphabet))
    return table


# Floating point of 32 bits, in which sums this small are exact and products are fastest.
_ID_WEIGHTS = np.array([pow(2, 17 - i, 11) for i in range(17)], dtype=np.float32)
_ID_CHECKS = _ascii("10X98765432")
_CREDIT_WEIGHTS = np.array([pow(3, i, 31) for i in range(17)], dtype=np.float32)
_CREDIT_VALUES = _values(CREDIT_CODE_ALPHABET)
_CREDIT_CHARACTERS = _ascii(CREDIT_CODE_ALPHABET)
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int32)
_ORGANISATION_VALUES = _values("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_ORGANISATION_CHECKS = _ascii("0X987654321")  # (11 - sum) mod 11, by the sum mod 11
_SEGMENTS = np.array(MOBILE_SEGMENTS, dtype=np.int64)


def characters(texts: ArrayLike, width: int) -> Characters:
    """Return texts as a matrix of ASCII codes, padded with 0 at the right.

    Parameters
    ----------
    texts : array-like of str, shape (n,)
        Anything else is read as ``str()`` writes it; a missing value becomes a row that no check
        accepts.
    width : int, at least 1
        Characters kept. A longer text becomes a row of zeros.

    Returns
    -------
    ndarray of shape (n, width), uint8

    Notes
    -----
    Blanks around a text are dropped, full-width forms (０１２) become ASCII, small letters become
    capital. A text with any other character that is not ASCII becomes a row of zeros.

    Examples
    --------
    >>> characters(["1a", "１２", "123", "吉1"], 2).tolist()
    [[49, 65], [49, 50], [0, 0], [0, 0]]
    """
    text = np.asarray(texts).astype(f"<U{width + _SLACK}")
    # One place more than is kept, so that a text that is too long shows itself.
    kept = np.char.strip(text).astype(f"<U{width + 1}")
    codes = kept.view(np.uint32).reshape(len(kept), width + 1)
    if len(codes) and codes.max() >= 0x80:
        full = (codes >= 0xFF01) & (codes <= 0xFF5E)
        codes = np.where(full, codes - 0xFEE0, codes)
    small = (codes >= ord("a")) & (codes <= ord("z"))
    codes = np.where(small, codes - np.uint32(32), codes)
    bad = (codes[:, width] != 0) | (codes > 0x7E).any(axis=1)
    out = codes[:, :width].astype(np.uint8)
    out[bad] = 0
    return out


def strings(chars: Characters) -> Strings:
    """Return the rows of a matrix of ASCII codes as an array of str; the inverse of `characters`.

    Examples
    --------
    >>> strings(characters(["12", "3"], 2)).tolist()
    ['12', '3']
    """
    matrix = np.ascontiguousarray(chars, dtype=np.uint8)
    n, width = matrix.shape
    if n == 0:
        return np.empty(0, dtype=object)
    return matrix.view(f"S{width}").ravel().astype(f"<U{width}").astype(object)


def resident_id_check(digits: Characters) -> Characters:
    """Return the 18th character of resident identity numbers.

    Parameters
    ----------
    digits : ndarray of shape (n, 17) or wider, uint8
        The first 17 characters; further columns are ignored. Where one is no digit the answer
        is 0.

    Returns
    -------
    ndarray of shape (n,), uint8
        ASCII codes of ``0`` to ``9`` and ``X``.

    Notes
    -----
    MOD 11-2 of GB 11643: the sum of digit times 2^(18 - position) modulo 11, looked up in
    ``10X98765432``.

    Examples
    --------
    >>> chr(resident_id_check(characters(["11010519491231002"], 17))[0])  # the standard's own
    'X'
    """
    body = digits[:, :17]
    values = body.astype(np.float32) - np.float32(_ZERO)
    total = (values @ _ID_WEIGHTS).astype(np.int32)
    return np.where(_all_digits(body), _ID_CHECKS[total % 11], 0).astype(np.uint8)


def resident_id_valid(chars: Characters) -> Mask:
    """Return which rows are resident identity numbers of 18 characters.

    Parameters
    ----------
    chars : ndarray of shape (n, width), uint8
        At least 18 wide; what stands behind the 18th must be empty.

    Notes
    -----
    17 digits of which the first two name a province (or 9, the permanent residence card of
    foreigners, and the first digit of one), a date of birth that exists in the years 1800 to
    2199, and the check character. Districts are not looked up: codes are abolished and numbers
    stay.

    Examples
    --------
    >>> resident_id_valid(characters(["11010519491231002X", "110105194912310021"], 18)).tolist()
    [True, False]
    """
    ids = _exactly(chars, 18)
    region = _number(ids, 0, 2)
    known = _KNOWN[np.clip(region, 0, 99)]
    check = resident_id_check(ids)
    valid: Mask = known & (check != 0) & (check == ids[:, 17]) & ~np.isnat(_dates(ids))
    return valid


def resident_id_birth_date(chars: Characters) -> NDArray[np.datetime64]:
    """Return the dates of birth in resident identity numbers, NaT where there is none.

    Examples
    --------
    >>> resident_id_birth_date(characters(["11010519491231002X"], 18)).astype(str).tolist()
    ['1949-12-31']
    """
    return _dates(_exactly(chars, 18))


def resident_id_male(chars: Characters) -> Mask:
    """Return which resident identity numbers are of men: the 17th digit is odd."""
    odd: Mask = _exactly(chars, 18)[:, 16] % 2 == 1
    return odd


def resident_ids_from_15(chars: Characters) -> Characters:
    """Return numbers of the first generation (15 digits) in the form of 18 characters.

    Parameters
    ----------
    chars : ndarray of shape (n, width), uint8
        At least 15 wide; what stands behind the 15th must be empty.

    Returns
    -------
    ndarray of shape (n, 18), uint8
        Rows of zeros where `chars` holds no 15 digits. There was no check digit, so other
        numbers of 15 digits pass; `resident_id_valid` still looks at province and date.

    Notes
    -----
    The century is the 20th, save for the sequence numbers 996 to 999, kept for people who were
    born before.

    Examples
    --------
    >>> strings(resident_ids_from_15(characters(["110105491231002"], 15))).tolist()
    ['11010519491231002X']
    """
    old = _exactly(chars, 15)
    good = _digits(old).all(axis=1)
    out = np.zeros((len(old), 18), dtype=np.uint8)
    out[:, :6], out[:, 8:17] = old[:, :6], old[:, 6:]
    out[:, 6] = ord("1")
    out[:, 7] = np.where(_number(old, 12, 15) >= 996, ord("8"), ord("9"))
    out[:, 17] = resident_id_check(out)
    out[~good] = 0
    return out


def resident_ids(
    region: Characters,
    birth: NDArray[np.datetime64],
    male: Mask,
    *,
    rng: np.random.Generator,
) -> Characters:
    """Invent resident identity numbers, all different.

    Parameters
    ----------
    region : ndarray of shape (n, 6), uint8
        Six digits each.
    birth : ndarray of shape (n,), datetime64[D]
        None missing.
    male : ndarray of shape (n,), bool
    rng : Generator

    Raises
    ------
    InputError
        More than 500 people of one sex born in one district on one day: there are no more
        numbers.
    """
    n = len(birth)
    days = birth.astype("datetime64[D]")
    when = days.astype(np.int64)
    slot = (_number(region, 0, 6) * 2 + male) * 200_000 + when + 100_000
    order = np.argsort(slot, kind="stable")
    ranked = slot[order]
    first = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]][:n])
    size = np.diff(np.r_[first, n])
    if n and size.max() > 500:
        raise InputError(
            "more than 500 people of one sex would be born in one district on one day",
            hint="spread them over more districts or dates of birth",
        )
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n) - np.repeat(first, size)
    start = np.empty(n, dtype=np.int64)
    start[order] = np.repeat(rng.integers(0, 500, size=len(first)), size)
    # 137 has no divisor in common with 500, so the numbers of a day do not repeat or run on.
    sequence = 2 * ((start + 137 * rank) % 500) + male
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]")
    year = years.astype(np.int64) + 1970
    month = (months - years).astype(np.int64) + 1
    day = (days - months).astype(np.int64) + 1
    out = np.zeros((n, 18), dtype=np.uint8)
    out[:, :6] = region
    out[:, 6:17] = _written(((year * 100 + month) * 100 + day) * 1000 + sequence, 11)
    out[:, 17] = resident_id_check(out)
    return out


def foreign_resident_ids(
    province: Characters,
    country: Characters,
    birth: NDArray[np.datetime64],
    male: Mask,
    *,
    rng: np.random.Generator,
) -> Characters:
    """Invent numbers of foreigners' permanent resident cards of 2023, all different.

    Parameters
    ----------
    province : ndarray of shape (n, 2), uint8
        First two digits of the region of application (GB/T 2260).
    country : ndarray of shape (n, 3), uint8
        The country in three digits (GB/T 2659).
    birth : ndarray of shape (n,), datetime64[D]
    male : ndarray of shape (n,), bool
    rng : Generator

    Notes
    -----
    9, province, country, date of birth, serial number, check character as of resident ids.
    """
    nine = np.full((len(birth), 1), _NINE, dtype=np.uint8)
    return resident_ids(np.hstack([nine, province, country]), birth, male, rng=rng)


def organisation_code_check(chars: Characters) -> Characters:
    """Return the ninth character of organisation codes (GB 11714), 0 where there is none.

    Parameters
    ----------
    chars : ndarray of shape (n, 8) or wider, uint8
        The first 8 characters, digits and capital letters.

    Notes
    -----
    11 minus the sum of value times (3, 7, 9, 10, 5, 8, 4, 2) modulo 11; 10 is ``X``, 11 is ``0``.

    Examples
    --------
    >>> chr(organisation_code_check(characters(["D2143569"], 8))[0])  # the standard's own
    'X'
    """
    values = _ORGANISATION_VALUES[chars[:, :8]]
    total = values.astype(np.int32) @ _ORGANISATION_WEIGHTS
    good = (values >= 0).all(axis=1)
    return np.where(good, _ORGANISATION_CHECKS[total % 11], 0).astype(np.uint8)


def credit_code_check(chars: Characters) -> Characters:
    """Return the 18th character of unified social credit codes, 0 where there is none.

    Parameters
    ----------
    chars : ndarray of shape (n, 17) or wider, uint8

    Notes
    -----
    MOD 31-3 of GB 32100: 31 minus the sum of value times 3^(position - 1) modulo 31, modulo 31.

    Examples
    --------
    >>> chr(credit_code_check(characters(["91350100M000100Y4"], 17))[0])
    '3'
    """
    values = _CREDIT_VALUES[chars[:, :17]]
    total = (values.astype(np.float32) @ _CREDIT_WEIGHTS).astype(np.int32)
    good = (values >= 0).all(axis=1)
    return np.where(good, _CREDIT_CHARACTERS[-total % 31], 0).astype(np.uint8)


def credit_code_valid(chars: Characters) -> Mask:
    """Return which rows are unified social credit codes: 18 characters, check character right.

    Examples
    --------
    >>> credit_code_valid(characters(["91350100M000100Y43", "91350100M000100Y44"], 18)).tolist()
    [True, False]
    """
    codes = _exactly(chars, 18)
    check = credit_code_check(codes)
    region = _digits(codes[:, 2:8]).all(axis=1)
    valid: Mask = region & (check != 0) & (check == codes[:, 17])
    return valid


def credit_codes(region: Characters, *, rng: np.random.Generator) -> Characters:
    """Invent unified social credit codes of enterprises (``91…``), all different.

    Parameters
    ----------
    region : ndarray of shape (n, 6), uint8
        District of the registering office, six digits each.
    rng : Generator

    Notes
    -----
    The organisation code inside begins with ``MA``, as all do that were given since 2015, and
    ends with its own check character.
    """
    n = len(region)
    serial = rng.choice(31**6, size=n, replace=False)
    out = np.zeros((n, 18), dtype=np.uint8)
    out[:, :2] = _ascii("91")
    out[:, 2:8] = region
    out[:, 8:10] = _ascii("MA")
    for place in range(6):
        out[:, 15 - place] = _CREDIT_CHARACTERS[serial // 31**place % 31]
    out[:, 16] = organisation_code_check(out[:, 8:16])
    out[:, 17] = credit_code_check(out)
    return out


def luhn_check(digits: Characters) -> Characters:
    """Return the digit that completes a number by the Luhn formula, 0 where there is none.

    Parameters
    ----------
    digits : ndarray of shape (n, width), uint8
        Numbers without their last digit, padded with 0 at the right.

    Examples
    --------
    >>> chr(luhn_check(characters(["7992739871"], 10))[0])
    '3'
    """
    good, total = _luhn_sum(digits, last_counts_double=True)
    return np.where(good, -total % 10 + _ZERO, 0).astype(np.uint8)


def luhn_valid(digits: Characters) -> Mask:
    """Return which rows are numbers of two or more digits whose last fits the Luhn formula.

    Examples
    --------
    >>> luhn_valid(characters(["79927398713", "79927398710", "0"], 19)).tolist()
    [True, False, False]
    """
    good, total = _luhn_sum(digits, last_counts_double=False)
    valid: Mask = good & (total % 10 == 0) & ((digits != 0).sum(axis=1) > 1)
    return valid


def bank_cards(n: int, *, rng: np.random.Generator) -> Characters:
    """Invent n bank card numbers of 19 digits (``62…``) with their Luhn digit, all different."""
    out = np.empty((n, 19), dtype=np.uint8)
    out[:, :2] = _ascii("62")
    out[:, 2:18] = _written(rng.choice(10**16, size=n, replace=False), 16)
    out[:, 18] = luhn_check(out[:, :18])
    return out


def landlines(n: int, *, rng: np.random.Generator) -> Strings:
    """Invent n numbers of landlines with area code and dash; two may be equal.

    >>> str(landlines(1, rng=np.random.default_rng(1))[0])
    '0595-2243967'
    """
    area = np.array(AREA_CODES)[rng.integers(0, len(AREA_CODES), n)]
    eight = rng.random(n) < 0.5
    number = np.where(
        eight, rng.integers(20_000_000, 90_000_000, n), rng.integers(2_000_000, 9_000_000, n)
    )
    dashed = np.char.add(np.char.add("0", area), "-")
    return np.char.add(dashed, number.astype(str)).astype(object)


def passports(n: int, *, rng: np.random.Generator) -> Strings:
    """Invent n numbers of ordinary passports: E and eight digits, or a letter and seven.

    Two may be equal.

    >>> passports(2, rng=np.random.default_rng(1)).tolist()
    ['E47318869', 'EA1182162']
    """
    serial = rng.choice(10**8, size=n, replace=False)
    letters = np.array(list("ABCDEFGHJKLMNPQRSTUVWXYZ"))[rng.integers(0, 24, n)]
    tail = np.char.zfill(serial.astype(str), 8)
    lettered = np.char.add(letters, np.array([t[1:] for t in tail], dtype="<U7"))
    return np.char.add("E", np.where(rng.random(n) < 0.5, lettered, tail)).astype(object)


def mobile_valid(chars: Characters) -> Mask:
    """Return which rows are mainland mobile numbers: 11 digits of an assigned segment.

    Notes
    -----
    A country code is no part of the number: drop ``+86`` before.

    Examples
    --------
    >>> mobile_valid(characters(["13800138000", "12800138000"], 11)).tolist()
    [True, False]
    """
    numbers = _exactly(chars, 11)
    assigned: Mask = np.isin(_number(numbers, 0, 3), _SEGMENTS)
    valid: Mask = assigned & _digits(numbers).all(axis=1)
    return valid


def mobiles(n: int, *, rng: np.random.Generator) -> Characters:
    """Invent n mobile numbers of assigned segments, all different."""
    serial = rng.choice(len(_SEGMENTS) * 10**8, size=n, replace=False)
    segment = _SEGMENTS[serial // 10**8]
    return _written(segment * 10**8 + serial % 10**8, 11)


def plates(offices: ArrayLike, *, rng: np.random.Generator) -> Strings:
    """Invent vehicle plates; two may be equal.

    Parameters
    ----------
    offices : array-like of str, shape (n,)
        Province and office, such as ``吉A``.
    rng : Generator

    Returns
    -------
    ndarray of shape (n,), str objects
        The office and five characters of GA 36 (no ``I``, no ``O``).
    """
    office = np.asarray(offices, dtype=str)
    alphabet = _ascii(_PLATE_ALPHABET)
    rest = alphabet[rng.integers(0, len(alphabet), size=(len(office), 5))]
    return np.char.add(office, strings(rest).astype(str)).astype(object)


def _digits(chars: Characters) -> Mask:
    """Return which characters are digits."""
    digits: Mask = (chars >= _ZERO) & (chars <= _NINE)
    return digits


def _all_digits(chars: Characters) -> Mask:
    """Return which rows are digits alone; a column of numbers is answered without looking twice."""
    digits = _digits(chars)
    if digits.all():
        return np.ones(len(chars), dtype=np.bool_)
    rows: Mask = np.asarray(digits.all(axis=1))
    return rows


def _exactly(chars: Characters, width: int) -> Characters:
    """Return the first `width` columns, rows that are longer or shorter all zero."""
    if chars.ndim != 2 or chars.shape[1] < width:
        raise InputError(
            f"the matrix of characters is not {width} wide or wider",
            hint=f"make it with characters(texts, {width})",
        )
    if chars.shape[1] == width and chars.all():
        return chars
    fits = (chars[:, :width] != 0).all(axis=1) & (chars[:, width:] == 0).all(axis=1)
    return np.where(fits[:, None], chars[:, :width], np.uint8(0))


def _number(chars: Characters, start: int, stop: int) -> NDArray[np.int64]:
    """Return the number that the columns start to stop spell; nonsense where not digits."""
    out = np.zeros(len(chars), dtype=np.int64)
    for place in range(start, stop):
        out *= 10
        out += chars[:, place]
        out -= _ZERO
    return out


def _written(numbers: NDArray[np.int64], width: int) -> Characters:
    """Return whole numbers as `width` digits, with leading zeros."""
    out = np.empty((len(numbers), width), dtype=np.uint8)
    rest = numbers.astype(np.int64)
    for place in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        out[:, place] = digit + _ZERO
    return out


def _dates(ids: Characters) -> NDArray[np.datetime64]:
    """Return the dates that the characters 7 to 14 spell, NaT where they spell none."""
    year, month, day = _number(ids, 6, 10), _number(ids, 10, 12), _number(ids, 12, 14)
    good = _all_digits(ids[:, 6:14])
    good &= (year >= 1800) & (year <= 2199) & (month >= 1) & (month <= 12)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    month = np.where(good, month, 0)
    good &= (day >= 1) & (day <= _MONTH_DAYS[month] + (leap & (month == 2)))
    months = np.where(good, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(good, day - 1, 0)
    days[~good] = np.datetime64("NaT")
    return days


def _luhn_sum(digits: Characters, *, last_counts_double: bool) -> tuple[Mask, NDArray[np.int64]]:
    """Return which rows are digits only, and their Luhn sums.

    A column of the matrix at a time, so that no matrix of wide integers is made.
    """
    n, width = digits.shape
    length = np.zeros(n, dtype=np.int64)
    good = np.ones(n, dtype=np.bool_)
    sums = np.zeros((2, n), dtype=np.int64)  # where even, and where odd places count double
    for place in range(width):
        column = digits[:, place]
        filled = column != 0
        good &= ~filled | (_digits(column) & (length == place))
        length += filled
        value = np.where(filled, column, _ZERO) - np.uint8(_ZERO)
        twice = value * np.uint8(2)
        sums[place % 2] += np.where(value > 4, twice - np.uint8(9), twice)
        sums[1 - place % 2] += value
    good &= length > 0
    double = (length - last_counts_double) % 2  # the place of which parity counts double
    return good, np.where(double == 0, sums[0], sums[1])
