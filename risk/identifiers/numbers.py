"""Which texts are identifying numbers? One answer a text, for a whole column at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from niming.risk.identifiers.texts import Mask, Plain, Values, among, bare, cut, match, plain, where
from niming.tables import identifiers

__all__ = [
    "as_integers",
    "has_card_form",
    "has_credit_code_form",
    "has_landline_form",
    "has_mobile_form",
    "has_resident_id_form",
    "is_bank_card",
    "is_credit_code",
    "is_digest",
    "is_email",
    "is_foreign_resident_id",
    "is_hmt_resident_id",
    "is_landline",
    "is_mobile",
    "is_plate",
    "is_resident_id",
]

_ID_GROUPED = r"^\d{6}[ \-]?\d{4}[ \-]?\d{4}[ \-]?\d{3}[ \-]?[\dXx]$"
_ID_FORM = r"^[1-9]\d{5}(18|19|20|21)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dXx]$"
_CREDIT = r"^[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{2}\d{6}[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{10}$"

# First digits by length, as the networks issue them: what begins with 35 and has 15 digits is a
# telephone (IMEI) and no card, though both end in a Luhn digit.
_CARD = (
    r"^(4\d{12}|3[068]\d{12}|3[47]\d{13}|35\d{14}|2[2-7]\d{14}|[45]\d{15,18}|6\d{15,18}"
    r"|955[89]\d{12,15})$"
)
_MOBILE = r"^(\+?86|0086)?1[3-9]\d{9}$"
# An area code, seven or eight digits of which the first is 2 to 9, and perhaps an extension.
_AREA = "(" + "|".join(identifiers.AREA_CODES) + ")"
_EXTENSION = r"( ?([\-#*/]|转|ext\.?|x) ?\d{1,6})?"
_LANDLINE = (
    rf"^(\(?\+?(00)?86\)?[ \-]?\(?0?{_AREA}|\(?0{_AREA})\)?[ \-]{{0,3}}"
    rf"[2-9]\d{{2,3}}[ \-]?\d{{4}}{_EXTENSION}$"
)
_LANDLINE_FORM = rf"^\(?0\d{{2,3}}\)?[ \-]{{0,3}}\d{{3,4}}[ \-]?\d{{4}}{_EXTENSION}$"

_EMAIL = r"^[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}$"

# GA 36: province, office, then five characters; six where the car is new-energy (D or F leads or
# ends them); a few kinds end in a Chinese character.
_PLATE = (
    r"^[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-HJ-NP-Z]"
    r"[\s\-·•.]?([A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳领]|[DF][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[DF])$"
)


def is_resident_id(values: Values) -> Mask:
    """Return which texts are resident identity numbers of 18 characters, or of 15.

    The 18 characters have their check character (GB 11643, ISO 7064 MOD 11-2); blanks or dashes
    between region, year, day, serial number and check are read over. The 15 have none: province
    and date of birth alone speak for them.

    Parameters
    ----------
    values : array-like, Arrow array or Plain
        Texts or whole numbers; the answer on a missing one is False.

    Returns
    -------
    ndarray of shape (n_values,), bool

    References
    ----------
    GB 11643-1999; ISO 7064:1983, MOD 11-2.

    Examples
    --------
    >>> is_resident_id(["11010519491231002X", "110105491231002", "110105194912310021"]).tolist()
    [True, True, False]
    """
    import pyarrow.compute as pc

    texts = plain(values)
    out = np.zeros(len(texts), dtype=np.bool_)
    digits = texts.shape.digits
    at = np.flatnonzero((texts.length == 18) & (digits >= 17))
    out[at] = identifiers.resident_id_valid(cut(texts, at, 18))
    grouped = (digits >= 17) & (digits <= 18) & (texts.shape.others > 0)
    at = where(texts, _ID_GROUPED, 19, 22, only=grouped)
    if at.size:
        together = Plain(pc.replace_substring_regex(among(texts, at).array, r"[ \-]", ""))
        out[at] = identifiers.resident_id_valid(cut(together, np.arange(len(at)), 18))
    at = np.flatnonzero((texts.length == 15) & (digits == 15))
    old = identifiers.resident_ids_from_15(cut(texts, at, 15))
    out[at] = identifiers.resident_id_valid(old)
    return out


def is_hmt_resident_id(values: Values) -> Mask:
    """Return which texts have the form of residence permits for Hong Kong, Macau and Taiwan people.

    18 characters as of resident ids, region 810000, 820000 or 830000 (State Council order of
    2018-08). `is_resident_id` looks at the check character.

    >>> is_hmt_resident_id(["810000199408230021", "110105199408230021"]).tolist()
    [True, False]
    """
    return match(values, r"^8[123]0000\d{11}[\dXx]$", 18, 18)


def is_foreign_resident_id(values: Values) -> Mask:
    """Return which texts have the form of permanent resident cards of foreigners.

    Since December 2023 they have 18 characters: 9, the province of application, three digits for
    the country, the date of birth, a serial number and the check character of resident ids
    (National Immigration Administration, 2023), which `is_resident_id` looks at. Before, 15: the
    country in three letters, region of four digits, date of birth of six, two more.

    >>> is_foreign_resident_id(["911124198108030024", "CAN110181080302"]).tolist()
    [True, True]
    """
    day = r"(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
    new = match(values, rf"^9[1-8]\d{{4}}(18|19|20|21)\d{{2}}{day}\d{{3}}[\dXx]$", 18, 18)
    return new | match(values, rf"^[A-Za-z]{{3}}[1-6]\d{{3}}\d{{2}}{day}\d{{2}}$", 15, 15)


def has_resident_id_form(values: Values) -> Mask:
    """Return which texts have the form of resident ids of 18 characters, whatever the check says.

    Of the numbers that have the form by chance, such as region, date and serial number, 1 in 11
    has the check character too; of resident ids all have. The two are told apart by that.

    Examples
    --------
    >>> has_resident_id_form(["110105194912310021", "110105194913310021"]).tolist()
    [True, False]
    """
    texts = plain(values)
    return match(texts, _ID_FORM, 18, 18, only=texts.shape.digits >= 17)


def has_credit_code_form(values: Values) -> Mask:
    """Return which texts have the form of credit codes, whatever the check says: 1 in 31 fits."""
    texts = plain(values)
    shape = texts.shape
    out: Mask = (texts.length == 18) & (shape.digits == 18)
    lettered = (shape.digits < 18) & (shape.others + shape.beyond == 0)
    out |= match(texts, _CREDIT, 18, 18, only=lettered)
    return out


def has_card_form(values: Values) -> Mask:
    """Return which texts have the form of bank cards, whatever the check says: 1 in 10 fits."""
    texts = plain(values)
    out = np.zeros(len(texts), dtype=np.bool_)
    at, together = bare(texts, 13, 19)
    out[at[where(together, _CARD, 13, 19)]] = True
    return out


def has_mobile_form(values: Values) -> Mask:
    """Return which texts are 11 digits, with or without +86, whatever the first three are."""
    texts = plain(values)
    out = np.zeros(len(texts), dtype=np.bool_)
    at, together = bare(texts, 11, 15)
    out[at[where(together, r"^(\+86|86|0086)?\d{11}$", 11, 15)]] = True
    return out


def has_landline_form(values: Values) -> Mask:
    """Return which texts are a nought and 9 to 11 digits, whatever the area code: 1 in 3 fits."""
    texts = plain(values)
    return match(texts, _LANDLINE_FORM, 10, 32, only=_dialled(texts))


def as_integers(values: Values) -> NDArray[np.int64] | None:
    """Return the values as whole numbers, or None if they are not all of 1 to 18 digits."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = plain(values).array
    if not pc.all(pc.match_substring_regex(texts, r"^\d{1,18}$")).as_py():
        return None
    out: NDArray[np.int64] = texts.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return out


def is_credit_code(values: Values) -> Mask:
    """Return which texts are unified social credit codes (GB 32100, MOD 31-3).

    Parameters
    ----------
    values : array-like, Arrow array or Plain
        Texts or whole numbers; the answer on a missing one is False.

    Returns
    -------
    ndarray of shape (n_values,), bool

    References
    ----------
    GB 32100-2015, the check character.

    Examples
    --------
    >>> is_credit_code(["91350100M000100Y43", "91350100M000100Y44"]).tolist()
    [True, False]
    """
    texts = plain(values)
    out = np.zeros(len(texts), dtype=np.bool_)
    at = np.flatnonzero(
        (texts.length == 18) & (texts.shape.digits >= 6) & (texts.shape.beyond == 0)
    )
    out[at] = identifiers.credit_code_valid(cut(texts, at, 18))
    return out


def is_bank_card(values: Values) -> Mask:
    """Return which texts are bank card numbers: a network's first digits and length, and Luhn.

    Blanks and dashes between groups of digits are read over.

    Parameters
    ----------
    values : array-like, Arrow array or Plain
        Texts or whole numbers; the answer on a missing one is False.

    Returns
    -------
    ndarray of shape (n_values,), bool

    References
    ----------
    ISO/IEC 7812-1:2017, annex B (Luhn's formula).

    Examples
    --------
    >>> is_bank_card(["4111 1111 1111 1111", "4111111111111112"]).tolist()
    [True, False]
    """
    texts = plain(values)
    out = np.zeros(len(texts), dtype=np.bool_)
    at, together = bare(texts, 13, 19)
    for width in range(13, 20):
        some = where(together, _CARD, width, width)
        out[at[some]] = identifiers.luhn_valid(cut(together, some, width))
    return out


def is_mobile(values: Values) -> Mask:
    """Return which texts are mainland mobile numbers, with or without +86, blanks and dashes.

    Parameters
    ----------
    values : array-like, Arrow array or Plain
        Texts or whole numbers; the answer on a missing one is False.

    Returns
    -------
    ndarray of shape (n_values,), bool

    Examples
    --------
    >>> is_mobile(["138 0013 8000", "+86-13800138000", "12345678901"]).tolist()
    [True, True, False]
    """
    texts = plain(values)
    out = np.zeros(len(texts), dtype=np.bool_)
    at, together = bare(texts, 11, 15)
    for width in (11, 13, 14, 15):
        some = where(together, _MOBILE, width, width)
        number = np.ascontiguousarray(cut(together, some, width)[:, -11:])
        out[at[some]] = identifiers.mobile_valid(number)
    return out


def is_landline(values: Values) -> Mask:
    """Return which texts are telephone numbers with an area code, with or without an extension.

    The area code must be one of the mainland and the number behind it have seven or eight digits
    that begin with 2 to 9. Numbers without an area code are known by the column's name alone.

    Parameters
    ----------
    values : array-like, Arrow array or Plain
        Texts or whole numbers; the answer on a missing one is False.

    Returns
    -------
    ndarray of shape (n_values,), bool

    Examples
    --------
    >>> is_landline(["0431-88765432", "(010) 6555 1234 转 801", "0001-1234567"]).tolist()
    [True, True, False]
    """
    texts = plain(values)
    return match(texts, _LANDLINE, 10, 36, only=_dialled(texts))


def _dialled(texts: Plain) -> Mask:
    """Return which texts have the digits of a landline and an extension, and few letters."""
    shape = texts.shape
    few: Mask = (shape.digits >= 10) & (shape.digits <= 20) & (shape.beyond <= 3)
    few &= (shape.digits <= 14) | (shape.others > 0) | (shape.beyond > 0)
    return few & (shape.hexes + shape.letters <= 3)


def is_email(values: Values) -> Mask:
    """Return which texts are e-mail addresses.

    Parameters
    ----------
    values : array-like, Arrow array or Plain
        Texts or whole numbers; the answer on a missing one is False.

    Returns
    -------
    ndarray of shape (n_values,), bool

    Examples
    --------
    >>> is_email(["a.b@example.org", "a.b@example"]).tolist()
    [True, False]
    """
    texts = plain(values)
    if texts.lacks("@"):
        return np.zeros(len(texts), dtype=np.bool_)
    return match(texts, _EMAIL, 6, 254)


def is_digest(values: Values) -> Mask:
    """Return which texts look like hashes or pseudonyms: 16 and more hex digits, or base64.

    A letter and a digit are asked for in hex, and in base64 small and capital letters too, so that
    neither numbers nor words are taken for digests.

    >>> is_digest(["9f86d081884c7d65", "1234567890123456", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1="]
    ...           ).tolist()
    [True, False, True]
    """
    texts = plain(values)
    out = np.zeros(len(texts), dtype=np.bool_)
    shape = texts.shape
    length = texts.length
    mixed = (length >= 16) & (length <= 128) & (shape.digits > 0) & (shape.beyond == 0)
    out |= mixed & (shape.hexes > 0) & (shape.digits + shape.hexes == length)
    at = where(
        texts, r"^[A-Za-z0-9+/_\-]{22,126}={0,2}$", 22, 128, only=mixed & (shape.letters > 0)
    )
    some = among(texts, at)
    out[at] = match(some, r"[a-z]", 22) & match(some, r"[A-Z]", 22)
    return out


def is_plate(values: Values) -> Mask:
    """Return which texts are vehicle plates (GA 36), new-energy ones among them.

    Parameters
    ----------
    values : array-like, Arrow array or Plain
        Texts or whole numbers; the answer on a missing one is False.

    Returns
    -------
    ndarray of shape (n_values,), bool

    References
    ----------
    GA 36-2018.

    Examples
    --------
    >>> is_plate(["吉A12345", "吉AD12345", "吉A·12345", "吉I12345"]).tolist()
    [True, True, True, False]
    """
    texts = plain(values)
    if texts.ascii:
        return np.zeros(len(texts), dtype=np.bool_)
    shape = texts.shape
    few = (shape.beyond >= 3) & (shape.beyond <= 8) & (shape.hexes + shape.letters > 0)
    return match(texts, _PLATE, 9, 14, only=few)
