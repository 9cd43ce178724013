"""What longer texts contain: a column of notes is searched for every kind of identifier."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from niming.risk.identifiers import documents, networks, numbers, persons, places
from niming.risk.identifiers.dates import is_date
from niming.risk.identifiers.texts import Mask, Plain, Values, among, mask, match, plain, where
from niming.tables.identifiers import AREA_CODES

__all__ = ["contained", "holds_identifier"]

# Longer text has blanks, stops or ideographs; a code of letters, digits and dashes is none.
# A sign between a name and its value (mobile=13800138000) makes a code a text.
_FREE = r"[\p{Han}\s,;:，。；：（(]|[=|\"]."
_BAND = r"^\[-?[\d.]+, -?[\d.]+\)$"  # of a release, such as [13000000000, 14000000000)

_BETWEEN = r"[^0-9A-Za-z.]+"
_GROUPS = (
    (r"\b(1[3-9]\d)[ \-](\d{4})[ \-](\d{4})\b", r"\1\2\3"),
    (r"\b(\d{6})[ \-](\d{8})[ \-](\d{3}[\dXx])\b", r"\1\2\3"),
    (r"\b([3-6]\d{3})[ \-](\d{4})[ \-](\d{4})[ \-](\d{4})(?:[ \-](\d{3}))?\b", r"\1\2\3\4\5"),
)
_EMAIL = r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}"
_LANDLINE = (
    rf"(?:^|[^0-9A-Za-z.\-])\(?0({'|'.join(AREA_CODES)})(\) ?| ?[\- ] ?)"
    r"[2-9]\d{2,3}[ \-]?\d{4}(?:$|[^0-9A-Za-z])"
)
_PLATE = (
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-HJ-NP-Z][·\- ]?"
    r"([A-HJ-NP-Z]{0,3}\d[A-HJ-NP-Z0-9]{1,4}[A-HJ-NP-Z0-9挂学警港澳领]|[A-HJ-NP-Z0-9]{5}\d)(?:$|[^0-9A-Za-z])"
)
_IP = rf"(?:^|[^0-9A-Za-z.])({networks.IPV4})(?:\.?$|\.?[^0-9A-Za-z.])"
_VERSION = r"(?i)(版本|固件|\bv|version|release|ver\.?|build) ?[:：]? ?\d+(\.\d+){3}"
_MAC = rf"(?:^|[^0-9A-Za-z:\-])({networks.MAC})(?:$|[^0-9A-Za-z:\-])"
_OFFICER = rf"(?:^|[^\p{{Han}}]|证){documents.OFFICER}"
_NAME = (
    r"(?i)(姓名|联系人|患者|病人|户主|收件人|收货人|监护人|家长|家属|经办人|申请人|当事人|委托人|本人|"
    r"投诉人|报案人|name)"
    rf"(是|为|叫| ?[:：=] ?| )(?:{persons.NAME})(?:$|[^\p{{Han}}]|电话|手机|身份证|住址|来电)"
)

# Global, unique local and link-local addresses (RFC 4291, 4193): a name of a program (a::b), a
# time and a year before :: begin otherwise.
_IPV6 = (
    r"(?i)(?:^|[^0-9a-z:.])([23][0-9a-f]{3}|f[cd][0-9a-f]{2}|fe[89ab][0-9a-f])"
    r"((:[0-9a-f]{1,4}){7}|(:[0-9a-f]{1,4}){1,6}::([0-9a-f]{1,4}(:[0-9a-f]{1,4}){0,5})?"
    r"|::[0-9a-f]{1,4}(:[0-9a-f]{1,4}){1,5})(?:$|[^0-9a-z:])"
)
_IS = r" ?[为是:：#=]{0,2} ?"
_DAY = (
    r"(?P<what>(?:18|19|20)\d{2}(?:[\-/.年](?:0?[1-9]|1[0-2])[\-/.月](?:0?[1-9]|[12]\d|3[01])"
    r"|年(?:0?[1-9]|1[0-2])月|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])))(?:$|[^0-9])"
)
# 医生于, 产生于, 学生于 and others are no birth: 生于 stands alone, or after 出 or who was born.
_SAID = {
    "birth-date": (
        r"(?i)(?:出生(?:日期|年月日?|时间|于)|(?:^|[^\p{Han}]|[他她其者子儿])生于|生日"
        rf"|\bborn(?: on)?|date of birth|\bdob|birth ?date|birthday){_IS}{_DAY}"
    ),
    "taiwan-permit": (
        rf"(?:台胞证|台湾居民来往大陆通行证)(?:证?号码?|编号)?{_IS}"
        r"(?P<what>\d{10}|\d{8})(?:$|[^0-9A-Za-z])"
    ),
    "social-insurance": (
        rf"(?:社保|社会保障|社会保险)(?:个人)?(?:卡|证)?(?:编号|号码?|账号)?{_IS}"
        r"(?P<what>[A-Za-z]{0,4}\d[0-9A-Za-z]{7,24})(?:$|[^0-9A-Za-z.\-])"
    ),
    "medical-insurance": (
        rf"(?:医保|医疗保险|新农合|参合)(?:个人)?(?:卡|证)?(?:编号|号码?|账号)?{_IS}"
        r"(?P<what>[A-Za-z]{0,4}\d[0-9A-Za-z]{7,24})(?:$|[^0-9A-Za-z.\-])"
    ),
}
"""What stands right behind the word that says what it is."""

# Words that say what a number is, for numbers of which the form proves little.
_CUES = {
    "credit-code": r"(?i)信用代码|税号|纳税人识别号|credit code",
    "resident-id": r"(?i)身份证|公民身份|证件|\bid\b",
    "mobile": r"(?i)电话|手机|联系|致电|来电|拨打|微信|短信|\b(tel|phone|mobile|call|cell|contact)",
    "bank-card": r"(?i)卡|账号|帐号|账户|转账|汇款|\b(card|account)",
    "passport": r"(?i)护照|passport",
    "travel-permit": r"(?i)通行证|回乡证|台胞证|permit",
}


def holds_identifier(values: Values) -> Mask:
    """Return which longer texts contain an identifying number or an e-mail address.

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
    texts = plain(values)
    hit = np.zeros(len(texts), dtype=np.bool_)
    for kind, found in contained(texts).items():
        if kind not in ("name", "address"):
            hit |= found
    return hit


def contained(values: Values) -> dict[str, Mask]:
    """Return which texts contain which kinds of identifiers; kinds that none contains are left out.

    Parameters
    ----------
    values : array-like, Arrow array or Plain

    Notes
    -----
    Numbers with a check digit or a form of their own count wherever they stand. Of the others the
    form proves little, so they count in a text that names them (电话, 卡号, 护照), or in a column
    where so many of those that have the form are valid that chance does not explain it. Names and
    addresses count where the text says what they are (姓名：) or an address leads to a door.

    Examples
    --------
    >>> found = contained(["姓名：王小明，电话13800138000", "已答复"])
    >>> {kind: mask.tolist() for kind, mask in found.items()}
    {'mobile': [True, False], 'name': [True, False]}
    """
    texts = plain(values)
    free = (texts.length >= 11) & (texts.shape.beyond + texts.shape.others > 0)
    at = where(texts, _FREE, 11, only=free)
    if not texts.lacks("["):
        at = at[~match(among(texts, at), _BAND, 5)]
    longer = among(texts, at)
    found: dict[str, Mask] = {}

    def add(kind: str, inside: Mask) -> None:
        if inside.any():
            hit = found.setdefault(kind, np.zeros(len(texts), dtype=np.bool_))
            hit[at[inside]] = True

    if not len(longer):
        return found
    shape = longer.shape
    for kind, inside in _by_number(longer).items():
        add(kind, inside)
    if not longer.lacks("@"):
        add("e-mail", match(longer, _EMAIL, 6))
    if not longer.lacks("."):
        inside = match(longer, _IP, 7, only=(shape.others >= 3) & (shape.digits >= 4))
        if inside.any():
            inside &= ~match(longer, _VERSION, 7)
        add("ip-address", inside)
    if not longer.lacks(":"):
        add("ip-address", match(longer, _IPV6, 11, only=shape.others >= 3))
    if not (longer.lacks(":") and longer.lacks("-")):
        few = (shape.others >= 5) & (shape.digits + shape.hexes >= 12)
        add("mac-address", match(longer, _MAC, 17, only=few))
    if not longer.ascii:
        few = (shape.digits > 0) & (shape.hexes + shape.letters > 0)
        add("plate", match(longer, _PLATE, 9, only=few))
        if longer.holds("字第"):
            add("officer-certificate", match(longer, _OFFICER, 12, only=shape.digits >= 4))
        add("address", match(longer, places.ADDRESS, 12, only=shape.beyond >= 9))
    add("name", match(longer, _NAME, 9))
    for kind, pattern in _SAID.items():
        add(kind, _said(longer, kind, pattern))
    return found


def _said(texts: Plain, kind: str, pattern: str) -> Mask:
    """Return which texts say a number of a kind; a day behind the word is no number of a card."""
    import pyarrow as pa
    import pyarrow.compute as pc

    inside = match(texts, pattern, 11, only=texts.shape.digits >= 5)
    if inside.any() and kind != "birth-date":
        what = pc.extract_regex(texts.array.filter(pa.array(inside)), pattern).field("what")
        inside[inside] = ~is_date(what)
    return inside


def _by_number(texts: Plain) -> dict[str, Mask]:
    """Return which texts contain runs of digits that are identifiers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    out: dict[str, Mask] = {}
    enough = texts.shape.digits >= 7
    at = where(texts, r"\d{7}|\d{3}[ \-]\d{4}", 8, only=enough)
    if not at.size:
        return out
    some = among(texts, at)
    out["landline"] = _spread(len(texts), at, match(some, _LANDLINE, 11))
    array = some.array
    if not some.lacks(" -"):
        for pattern, together in _GROUPS:
            apart = mask(pc.match_substring_regex(array, pattern))
            if apart.any():
                changed = pc.replace_substring_regex(
                    array.filter(pa.array(apart)), pattern, together
                )
                array = pc.replace_with_mask(array, pa.array(apart), changed)
    parts = pc.split_pattern_regex(array, _BETWEEN)
    words = Plain(pc.utf8_trim(parts.flatten(), "."))
    text: NDArray[np.int64] = pc.list_parent_indices(parts).to_numpy().astype(np.int64)
    kept = np.flatnonzero((words.length >= 8) & (words.length <= 24))
    words, text = among(words, kept), text[kept]

    said: dict[str, Mask] = {}

    def cued(kind: str) -> Mask:
        if kind not in said:
            said[kind] = match(some, _CUES[kind], 2)
        return said[kind][text]

    def add(kind: str, word: Mask) -> None:
        if word.any():
            inside = np.zeros(len(some), dtype=np.bool_)
            inside[text[word]] = True
            out[kind] = _spread(len(texts), at, inside) | out.get(kind, False)

    # 1 in 11 of the numbers that hold a region and a date, 1 in 10 of those that begin as cards
    # do, and 1 in 20 of those of 11 digits are valid by chance.
    ids = numbers.is_resident_id(words)
    old = ids & (words.length == 15)
    ids &= ~old
    if ids.any() and not _beyond_chance(ids, numbers.has_resident_id_form(words), 0.5):
        ids &= cued("resident-id")
    if old.any():
        ids |= old & cued("resident-id")
    add("resident-id", ids)
    # Of 18 digits 1 in 31 passes; a letter and a region leave less to chance.
    credit = numbers.is_credit_code(words) & ~ids
    if credit.any():
        sure = (words.shape.digits < 18) & match(words, r"^[1-9ANYany].[1-6][1-7]", 18, 18)
        if not _beyond_chance(credit, numbers.has_credit_code_form(words), 0.5):
            sure[:] = False
        credit &= sure | cued("credit-code")
    add("credit-code", credit)
    mobiles = numbers.is_mobile(words)
    if mobiles.any() and not _beyond_chance(mobiles, numbers.has_mobile_form(words), 0.3):
        mobiles &= cued("mobile")
    add("mobile", mobiles)
    cards = numbers.is_bank_card(words) & ~ids
    if (cards.any() and not _beyond_chance(cards, numbers.has_card_form(words), 0.5)) or (
        cards.any() and int(cards.sum()) < 5
    ):
        cards &= cued("bank-card")
    add("bank-card", cards)
    for kind, formed in (
        ("passport", documents.has_passport_form(words)),
        ("travel-permit", documents.has_permit_form(words)),
    ):
        if formed.any():
            add(kind, formed & cued(kind))
    return {kind: inside for kind, inside in out.items() if inside.any()}


def _beyond_chance(valid: Mask, formed: Mask, certain: float) -> bool:
    """Return whether so many of those that have the form are valid that it is no chance."""
    return int((valid & formed).sum()) >= certain * int(formed.sum())


def _spread(n: int, at: NDArray[np.int64], inside: Mask) -> Mask:
    out = np.zeros(n, dtype=np.bool_)
    out[at[inside]] = True
    return out
