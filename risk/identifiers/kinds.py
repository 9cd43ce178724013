"""The kinds of identifiers: how each is known in a column, and how it is told from chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from niming.risk.identifiers import documents, networks, numbers
from niming.risk.identifiers.profile import Profile
from niming.risk.identifiers.texts import Mask, Values, match

__all__ = ["BY_HEADER", "CHECKS", "NEVER", "WORDS", "Check", "Form", "spans_years"]

NEVER = 10**9
"""As `Check.few`: a form that proves nothing unless the whole column has it."""

WORDS = {
    "resident-id": ("居民身份证号", "resident identity numbers"),
    "hmt-resident-id": ("港澳台居民居住证号", "residence permit numbers of Hong Kong, Macau and "
                        "Taiwan residents"),
    "foreign-resident-id": ("外国人永久居留身份证号", "permanent resident card numbers of "
                            "foreigners"),
    "credit-code": ("统一社会信用代码", "unified social credit codes"),
    "mobile": ("手机号", "mobile numbers"),
    "landline": ("固定电话号码", "landline numbers"),
    "bank-card": ("银行卡号", "bank card numbers"),
    "e-mail": ("电子邮箱", "e-mail addresses"),
    "plate": ("车牌号", "vehicle plates"),
    "ip-address": ("IP地址", "IP addresses"),
    "mac-address": ("MAC地址", "MAC addresses"),
    "passport": ("护照号", "passport numbers"),
    "travel-permit": ("港澳居民来往内地通行证号", "travel permit numbers of Hong Kong and Macau "
                      "residents"),
    "taiwan-permit": ("台湾居民来往大陆通行证号", "travel permit numbers of Taiwan residents"),
    "officer-certificate": ("军官证号", "officers' certificate numbers"),
    "social-insurance": ("社会保障号", "social insurance numbers"),
    "medical-insurance": ("医疗保险号", "medical insurance numbers"),
    "wechat": ("微信号", "WeChat names"),
    "qq": ("QQ号", "QQ numbers"),
    "name": ("姓名", "names"),
    "address": ("地址", "addresses"),
    "birth-date": ("出生日期", "dates of birth"),
}  # fmt: skip
"""What a kind is called, in Chinese and English."""


class Check(NamedTuple):
    """A kind of identifier that cells show by themselves.

    Attributes
    ----------
    kind : str
    valid : callable
        Which texts are valid.
    form : callable, optional
        Texts that have the form, valid or not.
    certain : float
        Least share of the valid among those of the form: above what chance gives.
    few : int
        Distinct valid values that are enough in a column that holds other things as well.
    mixed : callable, optional
        Whether the valid values of a column are what only such a column has; not asked where the
        column's name says so.
    """

    kind: str
    valid: Callable[[Values], Mask]
    form: Callable[[Values], Mask] | None
    certain: float
    few: int
    mixed: Callable[[Profile, Mask], bool] | None = None


class Form(NamedTuple):
    """A kind that only a column's name makes likely, and the form that its cells then have."""

    kind: str
    formed: Callable[[Values], Mask]


def spans_years(profile: Profile, formed: Mask, year: slice) -> bool:
    """Return whether numbers without a check are of people: nothing but years of birth tells.

    Serial numbers with a region and a date have the form too, and come from a few years; people
    of a table come from many: one year in four people, up to ten.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = profile.texts.array.filter(pa.array(formed))
    years = pc.utf8_slice_codeunits(texts, year.start, year.stop)
    return 4 * len(pc.unique(years)) >= min(len(texts), 40)


def _two_series(profile: Profile, valid: Mask) -> bool:
    """Return whether passports are of both series that are valid today, and no product codes."""
    digits, lettered = documents.is_issued_twice(profile.texts)
    rare = 0.02 * profile.n_distinct
    whole = profile.rate(valid) >= 0.9
    return whole and int(digits.sum()) > rare and int(lettered.sum()) > rare


def _two_territories(profile: Profile, valid: Mask) -> bool:
    """Return whether permits are of Hong Kong and of Macau, and no product codes."""
    rare = 0.02 * profile.n_distinct
    hong_kong = match(profile.texts, r"^[Hh]", 9, 11) & valid
    macau = match(profile.texts, r"^[Mm]", 9, 11) & valid
    whole = profile.rate(valid) >= 0.95
    return whole and int(hong_kong.sum()) > rare and int(macau.sum()) > rare


def _large(profile: Profile, valid: Mask) -> bool:
    """Return whether IP addresses are none of versions: most of these have small numbers alone."""
    small = networks.is_small_ip(profile.texts)
    return 2 * int((small & valid).sum()) <= int(valid.sum())


def _of_many_years(profile: Profile, valid: Mask) -> bool:
    """Return whether the old cards of foreigners, which have no check, are of people."""
    old = valid & match(profile.texts, r"^[A-Za-z]{3}", 15, 15)
    if not old.any():
        return False
    return profile.rate(valid) >= 0.6 and spans_years(profile, old, slice(7, 9))


CHECKS = (
    Check("resident-id", numbers.is_resident_id, numbers.has_resident_id_form, 0.5, 3),
    Check("credit-code", numbers.is_credit_code, numbers.has_credit_code_form, 0.5, 3),
    # Of 11 digits from 130 to 199 two in three begin as mobile numbers do.
    Check("mobile", numbers.is_mobile, numbers.has_mobile_form, 0.85, 5),
    Check("bank-card", numbers.is_bank_card, numbers.has_card_form, 0.5, 5),
    Check("e-mail", numbers.is_email, None, 0.0, 1),
    Check("plate", numbers.is_plate, None, 0.0, 3),
    Check("landline", numbers.is_landline, numbers.has_landline_form, 0.85, 5),
    Check("ip-address", networks.is_ip, None, 0.0, 3, _large),
    Check("mac-address", networks.is_mac, None, 0.0, 2),
    Check("officer-certificate", documents.has_officer_form, None, 0.0, 2),
    Check("foreign-resident-id", numbers.is_foreign_resident_id, None, 0.0, NEVER, _of_many_years),
    Check("passport", documents.has_passport_form, None, 0.0, NEVER, _two_series),
    Check("travel-permit", documents.has_permit_form, None, 0.0, NEVER, _two_territories),
)

_QQ = r"^[1-9]\d{4,10}$"
_WECHAT = r"^([A-Za-z][A-Za-z0-9_\-]{5,19}|1[3-9]\d{9}|[1-9]\d{4,10})$"
_LOCAL = r"^((0\d{2,3}[\- ]?)?[2-8]\d{6,7}([\-转]\d{1,6})?|[48]00[\- ]?\d{3}[\- ]?\d{4})$"

BY_HEADER = {
    "taiwan-permit": Form("taiwan-permit", documents.has_taiwan_permit_form),
    "social-insurance": Form("social-insurance", documents.has_registration_form),
    "medical-insurance": Form("medical-insurance", documents.has_registration_form),
    "landline": Form("landline", lambda values: match(values, _LOCAL, 7, 24)),
    "mobile": Form("landline", lambda values: match(values, _LOCAL, 7, 24)),
    "qq": Form("qq", lambda values: match(values, _QQ, 5, 11)),
    "wechat": Form("wechat", lambda values: match(values, _WECHAT, 5, 20)),
}
"""By what the column's name says: the form of its cells, and the kind that they then are."""
