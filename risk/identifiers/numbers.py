"""Which texts are identifiers? One answer a text, for a whole column at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from niming.tables import identifiers
from niming.tables.identifiers import Characters

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "Mask",
    "Plain",
    "Values",
    "as_integers",
    "has_card_form",
    "has_credit_code_form",
    "has_mobile_form",
    "has_resident_id_form",
    "holds_identifier",
    "is_address",
    "is_bank_card",
    "is_chinese_name",
    "is_credit_code",
    "is_date",
    "is_digest",
    "is_email",
    "is_mobile",
    "is_plate",
    "is_resident_id",
    "plain",
]

Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Plain:
    """Texts in plain form, made by `plain`, so that many questions can be asked of them.

    Parameters
    ----------
    array : pyarrow StringArray
        Full-width characters made narrow, no blanks around; null where missing.
    """

    array: pa.StringArray

    def __len__(self) -> int:
        return len(self.array)


Values: TypeAlias = "ArrayLike | pa.Array | pa.ChunkedArray | Plain"

_ID_18 = r"^\d{17}[\dXx]$"
_ID_GROUPED = r"^\d{6}[ \-]?\d{4}[ \-]?\d{4}[ \-]?\d{3}[ \-]?[\dXx]$"
_ID_15 = r"^\d{15}$"
_ID_FORM = r"^[1-9]\d{5}(18|19|20|21)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dXx]$"
_CREDIT = r"^[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{2}\d{6}[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{10}$"

# First digits by length, as the networks issue them: what begins with 35 and has 15 digits is a
# telephone (IMEI) and no card, though both end in a Luhn digit.
_CARD = (
    r"^(4\d{12}|3[068]\d{12}|3[47]\d{13}|35\d{14}|2[2-7]\d{14}|[45]\d{15,18}|6\d{15,18}"
    r"|955[89]\d{12,15})$"
)
_MOBILE = r"^(\+?86|0086)?1[3-9]\d{9}$"
_GROUPED = r"^\+?\d[\d \-]*\d$"

_EMAIL = r"^[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}$"

# GA 36: province, office, then five characters; six where the car is new-energy (D or F leads or
# ends them); a few kinds end in a Chinese character.
_PLATE = (
    r"^[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-HJ-NP-Z]"
    r"[\s\-·•.]?([A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳领]|[DF][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[DF])$"
)

_DATE = (
    r"^(18|19|20)\d{2}([-/.](0?[1-9]|1[0-2])[-/.](0?[1-9]|[12]\d|3[01])|"
    r"(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])|年(0?[1-9]|1[0-2])月((0?[1-9]|[12]\d|3[01])日)?)"
    r"([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?$"
)

_ADDRESS = (
    r"(省|市|自治区|自治州|区|县|旗|镇|乡|街道).*"
    r"(路|街|巷|弄|村|组|小区|大道|胡同|号|栋|幢|室|单元)"
)

# The surnames of nine in ten people (Ministry of Public Security, national name report 2020),
# and the compound ones that are met most.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程"
    "魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾"
    "龚邵万覃武钱戴严欧莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申耿关焦左"
    "柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁"
)
_COMPOUND = "欧阳|上官|司马|诸葛|司徒|东方|独孤|南宫|夏侯|皇甫|尉迟|公孙|慕容|令狐|宇文|长孙"
_NAME = rf"^([{_SURNAMES}]|{_COMPOUND})[\p{{Han}}·]{{1,3}}$"

# A program that took numbers for decimals leaves .0; a sheet keeps text by an apostrophe.
_LEFT_OVER = r"^['`\x{2018}\x{2019}]?(\d{11,19}|\d{17}[Xx])(\.0)?$"
_INVISIBLE = r"[\x{00AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}\x{FEFF}]"

# Inside longer text: what stands between anything that is no letter, digit or decimal point.
_FREE = r"[\p{Han}\s,;:，。；：（(]"
_BAND = r"^\[-?[\d.]+, -?[\d.]+\)$"  # of a release, such as [13000000000, 14000000000)
_BETWEEN = r"[^0-9A-Za-z.]+"
_GROUPS = (
    (r"\b(1[3-9]\d)[ \-](\d{4})[ \-](\d{4})\b", r"\1\2\3"),
    (r"\b(\d{6})[ \-](\d{8})[ \-](\d{3}[\dXx])\b", r"\1\2\3"),
)
_EMAIL_INSIDE = r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}"


def plain(values: Values) -> Plain:
    """Return texts with full-width characters made narrow and what surrounds them dropped.

    Parameters
    ----------
    values : array-like, Arrow array or Plain
        Texts; whole numbers are read as written in decimal. What is Plain already stays.

    Notes
    -----
    Unicode NFKC; without invisible characters; without blanks at the ends; 11 to 19 digits lose
    the ``.0`` that a program left behind them and the apostrophe that a sheet left before them.
    """
    if isinstance(values, Plain):
        return values
    import pyarrow.compute as pc

    texts = _strings(values)
    if not pc.all(pc.string_is_ascii(texts)).as_py():
        texts = pc.utf8_normalize(texts, form="NFKC")
        texts = pc.replace_substring_regex(texts, _INVISIBLE, "")
    texts = pc.utf8_trim_whitespace(texts)
    return Plain(pc.replace_substring_regex(texts, _LEFT_OVER, r"\1"))


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
    texts = plain(values).array
    out = np.zeros(len(texts), dtype=np.bool_)
    at, chars = _cut(texts, _ID_18, 18)
    out[at] = identifiers.resident_id_valid(chars)
    at, joined = _joined(texts, _ID_GROUPED, 19, 22)
    among, chars = _cut(joined, _ID_18, 18)
    out[at[among]] = identifiers.resident_id_valid(chars)
    at, chars = _cut(texts, _ID_15, 15)
    out[at] = identifiers.resident_id_valid(identifiers.resident_ids_from_15(chars))
    return out


def has_resident_id_form(values: Values) -> Mask:
    """Return which texts have the form of resident ids of 18 characters, whatever the check says.

    Of the numbers that have the form by chance, such as region, date and serial number, 1 in 11
    has the check character too; of resident ids all have. The two are told apart by that.

    Examples
    --------
    >>> has_resident_id_form(["110105194912310021", "110105194913310021"]).tolist()
    [True, False]
    """
    texts = plain(values).array
    out = np.zeros(len(texts), dtype=np.bool_)
    out[_at(texts, _ID_FORM, 18, 18)] = True
    return out


def has_credit_code_form(values: Values) -> Mask:
    """Return which texts have the form of credit codes, whatever the check says: 1 in 31 fits."""
    return _match(values, _CREDIT, 18, 18)


def has_card_form(values: Values) -> Mask:
    """Return which texts have the form of bank cards, whatever the check says: 1 in 10 fits."""
    out = np.zeros(len(plain(values)), dtype=np.bool_)
    where, joined = _joined(plain(values).array, _GROUPED, 13, 25)
    out[where[_at(joined, _CARD, 13, 19)]] = True
    return out


def has_mobile_form(values: Values) -> Mask:
    """Return which texts are 11 digits, with or without +86, whatever the first three are."""
    out = np.zeros(len(plain(values)), dtype=np.bool_)
    where, joined = _joined(plain(values).array, _GROUPED, 11, 20)
    out[where[_at(joined, r"^(\+86|86|0086)?\d{11}$", 11, 15)]] = True
    return out


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
    texts = plain(values).array
    out = np.zeros(len(texts), dtype=np.bool_)
    at, chars = _cut(texts, _CREDIT, 18)
    out[at] = identifiers.credit_code_valid(chars)
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
    out = np.zeros(len(plain(values)), dtype=np.bool_)
    where, joined = _joined(plain(values).array, _GROUPED, 13, 25)
    for width in range(13, 20):
        at, chars = _cut(joined, _CARD, width)
        out[where[at]] = identifiers.luhn_valid(chars)
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
    out = np.zeros(len(plain(values)), dtype=np.bool_)
    where, joined = _joined(plain(values).array, _GROUPED, 11, 20)
    for width in (11, 13, 14, 15):
        at, chars = _cut(joined, _MOBILE, width)
        bare = np.ascontiguousarray(chars[:, -11:])
        out[where[at]] = identifiers.mobile_valid(bare)
    return out


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
    return _match(values, _EMAIL, 6, 254)


def is_digest(values: Values) -> Mask:
    """Return which texts look like hashes or pseudonyms: 16 and more hex digits, or base64.

    A letter and a digit are asked for in hex, and in base64 small and capital letters too, so that
    neither numbers nor words are taken for digests.

    >>> is_digest(["9f86d081884c7d65", "1234567890123456", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1="]
    ...           ).tolist()
    [True, False, True]
    """
    letters = _match(values, r"[a-fA-F]", 16, 128) & _match(values, r"\d", 16, 128)
    base64 = _match(values, r"^[A-Za-z0-9+/_\-]{22,}={0,2}$", 22, 128)
    for kind in (r"[a-z]", r"[A-Z]", r"\d"):
        base64 &= _match(values, kind, 22, 128)
    return (letters & _match(values, r"^[0-9a-fA-F]{16,128}$", 16, 128)) | base64


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
    return _match(values, _PLATE, 9, 14)


def is_date(values: Values) -> Mask:
    """Return which texts are dates, with or without a time.

    >>> is_date(["2024-05-06", "20240506", "2024年5月6日", "2024-13-01"]).tolist()
    [True, True, True, False]
    """
    return _match(values, _DATE, 8, 32)


def is_address(values: Values) -> Mask:
    """Return which texts look like Chinese postal addresses.

    >>> is_address(["吉林省长春市朝阳区人民大街1号", "朝阳区"]).tolist()
    [True, False]
    """
    return _match(values, _ADDRESS, 12, 400)


def is_chinese_name(values: Values) -> Mask:
    """Return which texts look like names: a frequent surname and one to three characters.

    >>> is_chinese_name(["王小明", "欧阳修", "汉族", "高血压病"]).tolist()
    [True, True, False, True]
    """
    return _match(values, _NAME, 6, 15)


def holds_identifier(values: Values) -> Mask:
    """Return which longer texts contain a resident id, a mobile number or an e-mail address.

    A code of letters, digits and dashes is no longer text, nor is a band of numbers.

    Parameters
    ----------
    values : array-like, Arrow array or Plain
        Texts or whole numbers; the answer on a missing one is False.

    Returns
    -------
    ndarray of shape (n_values,), bool

    Examples
    --------
    >>> holds_identifier(["电话13800138000。", "see 11010519491231002X", "AB-13800138000"]).tolist()
    [True, True, False]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = plain(values).array
    hit = np.zeros(len(texts), dtype=np.bool_)
    at = _at(texts, r"\d{3}[ \-]?\d{4}[ \-]?\d{4}|@", 12, None)
    at = at[_mask(pc.match_substring_regex(texts.take(pa.array(at)), _FREE))]
    at = at[~_mask(pc.match_substring_regex(texts.take(pa.array(at)), _BAND))]
    longer = texts.take(pa.array(at))
    hit[at] = _mask(pc.match_substring_regex(longer, _EMAIL_INSIDE))
    for pattern, together in _GROUPS:
        longer = pc.replace_substring_regex(longer, pattern, together)
    parts = pc.split_pattern_regex(longer, _BETWEEN)
    word = Plain(pc.utf8_trim(parts.flatten(), "."))
    text = at[pc.list_parent_indices(parts).to_numpy()]
    hit[text[is_resident_id(word) & _longer_than(word, 15)]] = True
    hit[text[is_mobile(word)]] = True
    return hit


def _longer_than(texts: Plain, length: int) -> Mask:
    import pyarrow.compute as pc

    return _mask(pc.greater(pc.binary_length(texts.array), length))


def _strings(values: ArrayLike | pa.Array | pa.ChunkedArray) -> pa.StringArray:
    """Return values as one Arrow array of strings."""
    import pyarrow as pa

    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.Array):
        return values.cast(pa.string())
    array = np.asarray(values)
    if array.dtype.kind in "iu":
        return pa.array(array).cast(pa.string())
    texts = [None if v is None or v != v else str(v) for v in array.tolist()]
    return pa.array(texts, pa.string())


def _mask(found: pa.BooleanArray) -> Mask:
    out: Mask = found.fill_null(False).to_numpy(zero_copy_only=False).astype(np.bool_)
    return out


def _at(
    texts: pa.StringArray, pattern: str, shortest: int, longest: int | None
) -> NDArray[np.int64]:
    """Return where texts of `shortest` to `longest` bytes match; others are not looked at."""
    import pyarrow as pa
    import pyarrow.compute as pc

    length = pc.binary_length(texts)
    fits = pc.greater_equal(length, shortest)
    if longest is not None:
        fits = pc.and_(fits, pc.less_equal(length, longest))
    at = np.flatnonzero(_mask(fits))
    if not at.size:
        return at
    return at[_mask(pc.match_substring_regex(texts.take(pa.array(at)), pattern))]


def _match(values: Values, pattern: str, shortest: int, longest: int) -> Mask:
    texts = plain(values).array
    out = np.zeros(len(texts), dtype=np.bool_)
    out[_at(texts, pattern, shortest, longest)] = True
    return out


def _cut(texts: pa.StringArray, pattern: str, width: int) -> tuple[NDArray[np.int64], Characters]:
    """Return where texts of `width` ASCII characters match, and these as a matrix in capitals."""
    import pyarrow as pa
    import pyarrow.compute as pc

    at = _at(texts, pattern, width, width)
    taken = pc.ascii_upper(texts.take(pa.array(at)))
    _, offsets, data = taken.buffers()
    if not at.size:
        return at, np.zeros((0, width), dtype=np.uint8)
    start = int(np.frombuffer(offsets, dtype=np.int32)[taken.offset])
    chars = np.frombuffer(data, dtype=np.uint8)[start : start + len(at) * width]
    return at, chars.reshape(len(at), width)


def _joined(
    texts: pa.StringArray, pattern: str, shortest: int, longest: int
) -> tuple[NDArray[np.int64], pa.StringArray]:
    """Return where texts match, and these without the blanks and dashes between groups."""
    import pyarrow as pa
    import pyarrow.compute as pc

    at = _at(texts, pattern, shortest, longest)
    taken = texts.take(pa.array(at))
    return at, pc.replace_substring_regex(taken, r"[ \-]", "")
