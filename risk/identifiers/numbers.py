"""Which texts are identifiers? One answer a text, for a whole column at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from niming.tables import identifiers

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "holds_identifier",
    "is_address",
    "is_bank_card",
    "is_chinese_name",
    "is_credit_code",
    "is_date",
    "is_email",
    "is_mobile",
    "is_plate",
    "is_resident_id",
    "plain",
]

Mask = NDArray[np.bool_]

_EMAIL = r"^[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}$"

# GA 36: province, office, then five characters; six where the car is new-energy (D or F leads or
# ends them); a few kinds end in a Chinese character.
_PLATE = (
    r"^[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-HJ-NP-Z]"
    r"([A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳领]|[DF][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[DF])$"
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

_INSIDE_ID = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_INSIDE_MOBILE = re.compile(r"(?<![\d.])(?:\+?86[- ]?)?(1[3-9]\d{9})(?![\d.])")
_INSIDE_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}")


def plain(column: pa.ChunkedArray) -> NDArray[np.object_]:
    """Return texts with full-width characters made narrow and blanks around them dropped."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(pc.utf8_normalize(column.cast(pa.string()), form="NFKC"))
    out: NDArray[np.object_] = texts.to_numpy(zero_copy_only=False).astype(object)
    return out


def is_resident_id(values: ArrayLike) -> Mask:
    """Return which texts are resident identity numbers of 18 characters, or of 15.

    The 18 characters have their check character (GB 11643, ISO 7064 MOD 11-2). The 15 have none:
    province and date of birth alone speak for them.

    Examples
    --------
    >>> is_resident_id(["11010519491231002X", "110105491231002", "110105194912310021"]).tolist()
    [True, True, False]
    """
    new = identifiers.characters(values, 18)
    old = identifiers.resident_ids_from_15(identifiers.characters(values, 15))
    return identifiers.resident_id_valid(new) | identifiers.resident_id_valid(old)


def is_credit_code(values: ArrayLike) -> Mask:
    """Return which texts are unified social credit codes (GB 32100, MOD 31-3).

    Examples
    --------
    >>> is_credit_code(["91350100M000100Y43", "91350100M000100Y44"]).tolist()
    [True, False]
    """
    return identifiers.credit_code_valid(identifiers.characters(values, 18))


def is_bank_card(values: ArrayLike) -> Mask:
    """Return which texts are bank card numbers: 15 to 19 digits, a network's first digit, Luhn.

    Blanks and dashes between groups of digits are read over.

    Examples
    --------
    >>> is_bank_card(["4111 1111 1111 1111", "4111111111111112"]).tolist()
    [True, False]
    """
    chars = identifiers.characters(_joined(values), 19)
    length = (chars != 0).sum(axis=1)
    network = np.isin(chars[:, 0], np.frombuffer(b"3456", dtype=np.uint8))
    valid: Mask = identifiers.luhn_valid(chars) & (length >= 15) & network
    return valid


def is_mobile(values: ArrayLike) -> Mask:
    """Return which texts are mainland mobile numbers, with or without +86, blanks and dashes.

    Examples
    --------
    >>> is_mobile(["138 0013 8000", "+86-13800138000", "12345678901"]).tolist()
    [True, True, False]
    """
    bare = _replace(_joined(values), r"^(\+86|0086|86)(1[3-9]\d{9})$", r"\2")
    return identifiers.mobile_valid(identifiers.characters(bare, 11))


def is_email(values: ArrayLike) -> Mask:
    """Return which texts are e-mail addresses.

    >>> is_email(["a.b@example.org", "a.b@example"]).tolist()
    [True, False]
    """
    return _match(values, _EMAIL)


def is_plate(values: ArrayLike) -> Mask:
    """Return which texts are vehicle plates (GA 36), new-energy ones among them.

    >>> is_plate(["吉A12345", "吉AD12345", "吉A·12345", "吉I12345"]).tolist()
    [True, True, True, False]
    """
    return _match(_joined(values, r"[\s\-·•.]"), _PLATE)


def is_date(values: ArrayLike) -> Mask:
    """Return which texts are dates, with or without a time.

    >>> is_date(["2024-05-06", "20240506", "2024年5月6日", "2024-13-01"]).tolist()
    [True, True, True, False]
    """
    return _match(values, _DATE)


def is_address(values: ArrayLike) -> Mask:
    """Return which texts look like Chinese postal addresses.

    >>> is_address(["吉林省长春市朝阳区人民大街1号", "朝阳区"]).tolist()
    [True, False]
    """
    return _match(values, _ADDRESS)


def is_chinese_name(values: ArrayLike) -> Mask:
    """Return which texts look like names: a frequent surname and one to three characters.

    >>> is_chinese_name(["王小明", "欧阳修", "汉族", "高血压病"]).tolist()
    [True, True, False, True]
    """
    return _match(values, _NAME)


def holds_identifier(values: ArrayLike) -> Mask:
    """Return which longer texts contain a resident id, a mobile number or an e-mail address.

    Examples
    --------
    >>> holds_identifier(["电话13800138000。", "see 11010519491231002X", "code 12345"]).tolist()
    [True, True, False]
    """
    texts = np.asarray(values, dtype=object)
    hit = np.zeros(len(texts), dtype=np.bool_)
    likely = _match(texts, r"\d{11}|@")
    for at in np.flatnonzero(likely).tolist():
        text = texts[at]
        ids, mobiles = _INSIDE_ID.findall(text), _INSIDE_MOBILE.findall(text)
        hit[at] = bool(
            _INSIDE_EMAIL.search(text)
            or (ids and is_resident_id(ids).any())
            or (mobiles and is_mobile(mobiles).any())
        )
    return hit


def _match(values: ArrayLike, pattern: str) -> Mask:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pa.array(np.asarray(values, dtype=object), pa.string())
    found = pc.match_substring_regex(texts, pattern).fill_null(False)
    out: Mask = found.to_numpy(zero_copy_only=False).astype(np.bool_)
    return out


def _joined(values: ArrayLike, dropped: str = r"[\s\-]") -> NDArray[np.object_]:
    """Return texts without what people put between groups of characters."""
    return _replace(values, dropped, "")


def _replace(values: ArrayLike, pattern: str, by: str) -> NDArray[np.object_]:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pa.array(np.asarray(values, dtype=object), pa.string())
    replaced = pc.replace_substring_regex(texts, pattern, by)
    out: NDArray[np.object_] = replaced.to_numpy(zero_copy_only=False).astype(object)
    return out
