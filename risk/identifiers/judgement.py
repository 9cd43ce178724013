"""`judge`: from the cells, the name and the spread of a column to its role, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from niming.risk.identifiers import numbers
from niming.risk.identifiers.finding import Finding
from niming.risk.identifiers.headers import Header, header
from niming.risk.identifiers.numbers import Mask, Values
from niming.risk.identifiers.profile import Profile
from niming.risk.identifiers.suggestions import public_list, suggested
from niming.tables import Role
from niming.tables.schema import Format, Kind

__all__ = ["judge"]

_WHOLE = 0.6
"""Share of valid records from which a column holds nothing else."""

_DIGESTS = 0.95
"""Share of records from which a column holds hashes or pseudonyms, made of whole columns."""

_FEW_DIGESTS = 5
"""Distinct ones below which they may be codes of a category."""

_MANY_VALUES = 100
"""Values above which a column without any other sign is a measure and not a category."""

_LONG_TEXT = 20
"""Mean characters from which distinct texts are free text."""


class _Check(NamedTuple):
    """A kind of identifier: how it is known, and how its valid share is told from chance.

    Attributes
    ----------
    form : callable, optional
        Texts that have the form, valid or not.
    certain : float
        Least share of the valid among those of the form: above what chance gives.
    few : int
        Distinct valid values that are enough in a column that holds other things as well.
    """

    format: Format
    valid: Callable[[Values], Mask]
    zh: str
    en: str
    form: Callable[[Values], Mask] | None
    certain: float
    few: int


_CHECKS = (
    _Check(
        "resident-id", numbers.is_resident_id, "居民身份证号", "resident identity numbers",
        numbers.has_resident_id_form, 0.5, 3,
    ),
    _Check(
        "credit-code", numbers.is_credit_code, "统一社会信用代码", "unified social credit codes",
        numbers.has_credit_code_form, 0.5, 3,
    ),
    _Check(
        # Of 11 digits from 130 to 199 two in three begin as mobile numbers do.
        "mobile", numbers.is_mobile, "手机号", "mobile numbers", numbers.has_mobile_form, 0.85, 5,
    ),
    _Check(
        "bank-card", numbers.is_bank_card, "银行卡号", "bank card numbers",
        numbers.has_card_form, 0.5, 5,
    ),
    _Check("e-mail", numbers.is_email, "电子邮箱", "e-mail addresses", None, 0.0, 1),
    _Check("plate", numbers.is_plate, "车牌号", "vehicle plates", None, 0.0, 3),
)  # fmt: skip


def judge(profile: Profile) -> Finding:
    """Weigh the cells, the name and the spread of one column, in this order."""
    named = header(profile.name)
    if profile.n_present == 0:
        role = named.role if named else Role.INSENSITIVE
        return _finding(profile, role, profile.kind, "整列缺失", "missing in every row", 0.3, named)
    return (
        _by_numbers(profile, named)
        or _by_digests(profile, named)
        or _by_words(profile, named)
        or _by_name(profile, named)
        or _by_spread(profile)
    )


def _by_numbers(profile: Profile, named: Header | None) -> Finding | None:
    """Judge by identifying numbers in the cells."""
    if profile.kind in ("boolean", "date", "datetime"):
        return None
    for check in _CHECKS:
        valid = check.valid(profile.texts)
        n_valid = int(valid.sum())
        if not n_valid or not _certain(profile, check, valid):
            continue
        rate = profile.rate(valid)
        whole = rate >= _WHOLE and (n_valid > 1 or profile.n_distinct == 1)
        hinted = named is not None and named.format == check.format
        if check.format == "bank-card" and not hinted:
            whole = whole and n_valid >= check.few
        if not whole and n_valid < check.few and not _alone(profile, check, n_valid):
            continue
        if whole:
            zh = f"{rate:.1%} 的值为{check.zh}（格式与校验）"
            en = f"{rate:.1%} of the values are {check.en} by form and check"
            confidence = min(0.99, 0.6 + 0.4 * rate)
        else:
            n = int(profile.n[valid].sum())
            zh, en, confidence = f"有 {n} 个值为{check.zh}", f"{check.en} in {_records(n)}", 0.8
        credit = check.format == "credit-code"
        return _finding(
            profile, Role.QUASI_IDENTIFIER if credit else Role.DIRECT_IDENTIFIER, "identifier",
            zh, en, confidence, named, holds=check.format, in_cells=True, valid_rate=rate,
        )  # fmt: skip
    return _by_rounded_ids(profile, named) if profile.rounded else None


def _by_rounded_ids(profile: Profile, named: Header | None) -> Finding | None:
    """Judge 18 digits in binary floating point: the last two or three are lost, the person not."""
    formed = numbers.has_resident_id_form(profile.texts)
    rate = profile.rate(formed)
    hinted = named is not None and named.format == "resident-id"
    if rate < _WHOLE or not (hinted or _spans_years(profile, formed, slice(6, 10))):
        return None
    return _finding(
        profile, Role.DIRECT_IDENTIFIER, "identifier",
        f"{rate:.1%} 的值形如居民身份证号，以浮点数存储，末几位已失真，无法校验；请按文本重新读入",
        f"{rate:.1%} of the values look like resident identity numbers stored as floating point, "
        "which lost their last digits; read the column as text",
        0.5 + 0.3 * rate, named, holds="resident-id", in_cells=True,
    )  # fmt: skip


def _alone(profile: Profile, check: _Check, n_valid: int) -> bool:
    """Return whether all of 18 digits that there is, however little, is valid resident ids."""
    if check.format != "resident-id":
        return False
    return int(numbers.has_credit_code_form(profile.texts).sum()) == n_valid


def _certain(profile: Profile, check: _Check, valid: Mask) -> bool:
    """Return whether so many valid values are no chance."""
    if check.form is not None:
        formed = check.form(profile.texts)
        if check.format == "resident-id":
            old = valid & ~formed
            if 2 * int(old.sum()) > int(valid.sum()):
                return _old_ids(profile, old)
            valid = valid & formed
        if int(valid.sum()) < check.certain * int(formed.sum()):
            return False
    # A counter runs through the valid and the others alike, or through a stretch of the valid.
    return not (check.format in ("mobile", "bank-card") and profile.counts_up)


def _old_ids(profile: Profile, old: Mask) -> bool:
    """Return whether numbers of 15 digits are resident ids; one in 70 random ones has the form."""
    return profile.rate(old) >= _WHOLE and _spans_years(profile, old, slice(6, 8))


def _spans_years(profile: Profile, formed: Mask, year: slice) -> bool:
    """Return whether numbers without a check are of people: nothing but years of birth tells.

    Serial numbers with a region and a date have the form too, and come from a few years; people
    of a table come from many: one year in four people, up to ten.
    """
    import pyarrow as pa

    texts = profile.texts.array.filter(pa.array(formed)).to_pylist()
    return 4 * len({text[year] for text in texts}) >= min(len(texts), 40)


def _by_digests(profile: Profile, named: Header | None) -> Finding | None:
    """Judge by hashes and pseudonyms: who can list the values, or has the key, restores them."""
    if profile.kind != "categorical" or profile.n_distinct < _FEW_DIGESTS:
        return None
    rate = profile.rate(numbers.is_digest(profile.texts))
    if rate < _DIGESTS:
        return None
    return _finding(
        profile, Role.DIRECT_IDENTIFIER, "identifier",
        f"{rate:.1%} 的值形如散列值或假名，可被枚举或凭密钥还原",
        f"{rate:.1%} of the values look like hashes or pseudonyms, which can be looked up",
        0.8, named, holds="digest", valid_rate=rate,
    )  # fmt: skip


def _by_words(profile: Profile, named: Header | None) -> Finding | None:
    """Judge by texts that hold identifiers, and by the forms of addresses and names."""
    if profile.kind != "categorical":
        return None
    inside = numbers.holds_identifier(profile.texts)
    if inside.any():
        hits = int(profile.n[inside].sum())
        return _finding(
            profile, Role.DIRECT_IDENTIFIER, "text", f"有 {hits} 个值的文本中含标识号码",
            f"identifying numbers inside the text of {_records(hits)}", 0.85, named,
            holds="text-with-identifiers", in_cells=True, valid_rate=profile.rate(inside),
        )  # fmt: skip
    rate = profile.rate(numbers.is_address(profile.texts))
    if rate >= _WHOLE:
        return _finding(
            profile, Role.DIRECT_IDENTIFIER, "text", f"{rate:.1%} 的值形如地址",
            f"{rate:.1%} of the values look like addresses", 0.5 + 0.4 * rate, named,
            holds="address", valid_rate=rate,
        )  # fmt: skip
    hinted = named is not None and named.format == "name"
    if named is not None and not hinted:
        return None
    rate = profile.rate(numbers.is_chinese_name(profile.texts))
    if rate >= (_WHOLE if hinted else 0.9) and (hinted or profile.n_distinct >= 50):
        return _finding(
            profile, Role.DIRECT_IDENTIFIER, "text", f"{rate:.1%} 的值形如姓名",
            f"{rate:.1%} of the values look like Chinese names", 0.5 + 0.4 * rate, named,
            holds="name", valid_rate=rate,
        )  # fmt: skip
    return None


def _by_name(profile: Profile, named: Header | None) -> Finding | None:
    """Judge by what the column is called."""
    if named is None:
        return None
    kind = profile.kind
    if named.role == Role.DIRECT_IDENTIFIER:
        kind = "identifier"
    elif profile.dated:
        kind = "date"
    elif named.en == "free text" and kind == "categorical":
        kind = "text"
    return _finding(
        profile, named.role, kind, f"列名表示{named.zh}", f"the name says {named.en}", 0.75, named,
        holds=named.format or "",
    )  # fmt: skip


def _by_spread(profile: Profile) -> Finding:
    """Judge by how the values are spread, on the side of caution."""
    kind = profile.kind
    if kind in ("date", "datetime") or profile.dated:
        return _finding(
            profile, Role.QUASI_IDENTIFIER, "date" if profile.dated else kind,
            "日期可与外部信息比对", "dates can be matched with what others know", 0.6, None,
        )  # fmt: skip
    many = profile.n_distinct > _MANY_VALUES
    if kind == "categorical" and many and profile.mean_length >= _LONG_TEXT:
        return _finding(
            profile, Role.INSENSITIVE, "text", "自由文本，发布时删除",
            "free text; a release drops it", 0.6, None,
        )  # fmt: skip
    if profile.unique and kind in ("categorical", "integer"):
        return _finding(
            profile, Role.DIRECT_IDENTIFIER, "identifier", "几乎每条记录取值唯一",
            "nearly unique in every record", 0.6, None,
        )  # fmt: skip
    if not many:
        return _finding(
            profile, Role.QUASI_IDENTIFIER, kind, f"仅 {profile.n_distinct} 个取值，外部可能知道",
            f"few values ({profile.n_distinct}), which others may know", 0.45, None,
        )  # fmt: skip
    if kind in ("integer", "number"):
        return _finding(
            profile, Role.SENSITIVE, kind, "取值很多的度量，请复核",
            "a measure with many values: review it", 0.35, None,
        )  # fmt: skip
    return _finding(
        profile, Role.QUASI_IDENTIFIER, kind, "取值很多的类别，请复核",
        "a category with many values: review it", 0.4, None,
    )  # fmt: skip


def _records(n: int) -> str:
    return "1 record" if n == 1 else f"{n} records"


def _finding(
    profile: Profile,
    role: Role,
    kind: Kind,
    reason_zh: str,
    reason_en: str,
    confidence: float,
    named: Header | None,
    *,
    holds: str = "",
    in_cells: bool = False,
    valid_rate: float | None = None,
) -> Finding:
    climbs = role in (Role.QUASI_IDENTIFIER, Role.SENSITIVE) and profile.n_present > 0
    return Finding(
        profile.name,
        holds,
        in_cells,
        role,
        kind,
        reason_zh,
        reason_en,
        round(confidence, 2),
        None if valid_rate is None else round(valid_rate, 4),
        profile.n_distinct,
        round(profile.missing_rate, 4),
        None if named is None else named.part,
        suggested(profile, kind, named, holds) if climbs else None,
        public_list(profile, named) if climbs else None,
    )
