"""`judge`: from the cells, the name and the spread of a column to its role, with the reason."""

from __future__ import annotations

import re

import numpy as np

from niming.risk.identifiers import numbers
from niming.risk.identifiers.dates import spread_as_births
from niming.risk.identifiers.finding import Finding
from niming.risk.identifiers.grades import grade
from niming.risk.identifiers.headers import Header, header
from niming.risk.identifiers.kinds import BY_HEADER, CHECKS, WORDS, Check, spans_years
from niming.risk.identifiers.persons import are_people, is_chinese_name
from niming.risk.identifiers.places import (
    is_address,
    is_coordinates,
    is_region_code,
    is_region_name,
    is_short_date,
)
from niming.risk.identifiers.profile import Profile
from niming.risk.identifiers.suggestions import public_list, suggested
from niming.risk.identifiers.texts import Mask, match
from niming.risk.identifiers.within import contained
from niming.tables import Role
from niming.tables.schema import Kind

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


_PLACES = 0.9
"""Share of distinct values from which a column without a telling name is of places."""

_RECORDS = 30
"""Records below which a column without a telling name is not taken for places."""

_FEW_BIRTHS = 20
"""Distinct dates below which their spread says nothing."""


def judge(profile: Profile) -> Finding:
    """Weigh the cells, the name and the spread of one column, in this order."""
    named = header(profile.name)
    if profile.n_present == 0:
        role = named.role if named else Role.INSENSITIVE
        return _finding(profile, role, profile.kind, "整列缺失", "missing in every row", 0.3, named)
    stated = profile.stated
    return (
        _by_numbers(stated, named)
        or _by_header(stated, named)
        or _by_digests(stated, named)
        or _by_words(profile, named)
        or _by_places(stated, named)
        or _by_births(stated, named)
        or _by_name(profile, named)
        or _by_spread(profile)
    )


def _by_numbers(profile: Profile, named: Header | None) -> Finding | None:
    """Judge by identifying numbers in the cells."""
    if profile.kind in ("boolean", "date", "datetime"):
        return None
    for check in CHECKS:
        valid = check.valid(profile.texts)
        n_valid = int(valid.sum())
        if not n_valid:
            continue
        hinted = named is not None and named.format == check.kind
        if not _certain(profile, check, valid, hinted=hinted):
            continue
        rate = profile.rate(valid)
        whole = rate >= _WHOLE and (n_valid > 1 or profile.n_distinct == 1)
        if check.kind == "bank-card" and not hinted:
            whole = whole and n_valid >= check.few
        if not whole and n_valid < check.few and not _alone(profile, check, n_valid):
            continue
        kind = _refined(profile, valid) if check.kind == "resident-id" else check.kind
        of_kind = WORDS[kind]
        if whole and (n_valid > 1 or profile.before is None):
            zh = f"{rate:.1%} 的值为{of_kind[0]}（格式与校验）"
            en = f"{rate:.1%} of the values are {of_kind[1]} by form and check"
            confidence = min(0.99, 0.6 + 0.4 * rate)
            if check.mixed is not None and not hinted:
                zh = f"{rate:.1%} 的值形如{of_kind[0]}，且分布与之相符"
                en = f"{rate:.1%} of the values look like {of_kind[1]} and are spread like them"
                confidence = 0.7
        else:
            n = int(profile.n[valid].sum())
            zh, en, confidence = f"有 {n} 个值为{of_kind[0]}", f"{of_kind[1]} in {_records(n)}", 0.8
        credit = check.kind == "credit-code"
        return _finding(
            profile, Role.QUASI_IDENTIFIER if credit else Role.DIRECT_IDENTIFIER, "identifier",
            zh, en, confidence, named, holds=kind, in_cells=True, valid_rate=rate,
        )  # fmt: skip
    return _by_rounded_ids(profile, named) if profile.rounded else None


def _refined(profile: Profile, valid: Mask) -> str:
    """Return whose numbers most of the valid resident ids are."""
    half = int(valid.sum()) / 2
    if int((valid & numbers.is_hmt_resident_id(profile.texts)).sum()) > half:
        return "hmt-resident-id"
    foreign = valid & numbers.is_foreign_resident_id(profile.texts)
    return "foreign-resident-id" if int(foreign.sum()) > half else "resident-id"


def _by_header(profile: Profile, named: Header | None) -> Finding | None:
    """Judge numbers that only the column's name makes likely, if its cells have their form."""
    if named is None or named.format not in BY_HEADER or profile.kind in ("date", "datetime"):
        return None
    form = BY_HEADER[named.format]
    formed = form.formed(profile.texts)
    rate = profile.rate(formed)
    if rate < _WHOLE:
        return None
    zh, en = WORDS[form.kind]
    return _finding(
        profile, Role.DIRECT_IDENTIFIER, "identifier",
        f"列名表示{named.zh}，{rate:.1%} 的值形如{zh}",
        f"the name says {named.en}, and {rate:.1%} of the values look like {en}",
        0.6 + 0.3 * rate, named, holds=form.kind, in_cells=True, valid_rate=rate,
    )  # fmt: skip


def _by_rounded_ids(profile: Profile, named: Header | None) -> Finding | None:
    """Judge 18 digits in binary floating point: the last two or three are lost, the person not."""
    formed = numbers.has_resident_id_form(profile.texts)
    rate = profile.rate(formed)
    hinted = named is not None and named.format == "resident-id"
    if rate < _WHOLE or not (hinted or spans_years(profile, formed, slice(6, 10))):
        return None
    return _finding(
        profile, Role.DIRECT_IDENTIFIER, "identifier",
        f"{rate:.1%} 的值形如居民身份证号，以浮点数存储，末几位已失真，无法校验；请按文本重新读入",
        f"{rate:.1%} of the values look like resident identity numbers stored as floating point, "
        "which lost their last digits; read the column as text",
        0.5 + 0.3 * rate, named, holds="resident-id", in_cells=True,
    )  # fmt: skip


def _alone(profile: Profile, check: Check, n_valid: int) -> bool:
    """Return whether all of 18 digits that there is, however little, is valid resident ids."""
    if check.kind != "resident-id":
        return False
    return int(numbers.has_credit_code_form(profile.texts).sum()) == n_valid


def _certain(profile: Profile, check: Check, valid: Mask, *, hinted: bool) -> bool:
    """Return whether so many valid values are no chance."""
    if check.kind == "ip-address" and re.search(r"(?i)版本|version|^ver$|build", profile.name):
        return False
    if check.mixed is not None and not hinted and not check.mixed(profile, valid):
        return False
    if check.form is not None:
        formed = check.form(profile.texts)
        if check.kind == "resident-id":
            old = valid & ~formed
            if 2 * int(old.sum()) > int(valid.sum()):
                return _old_ids(profile, old)
            valid = valid & formed
        if int(valid.sum()) < check.certain * int(formed.sum()):
            return False
    # A counter runs through the valid and the others alike, or through a stretch of the valid.
    return not (check.kind in ("mobile", "bank-card") and profile.counts_up)


def _old_ids(profile: Profile, old: Mask) -> bool:
    """Return whether numbers of 15 digits are resident ids; one in 70 random ones has the form."""
    return profile.rate(old) >= _WHOLE and spans_years(profile, old, slice(6, 8))


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
    inside = contained(profile.texts)
    numbered = {kind: found for kind, found in inside.items() if kind not in ("name", "address")}
    if numbered:
        return _with_identifiers(profile, named, inside)
    everyone, profile = profile, profile.stated
    rate = profile.rate(is_address(profile.texts))
    if rate >= _WHOLE:
        return _finding(
            profile, Role.DIRECT_IDENTIFIER, "text", f"{rate:.1%} 的值形如地址",
            f"{rate:.1%} of the values look like addresses", 0.5 + 0.4 * rate, named,
            holds="address", valid_rate=rate,
        )  # fmt: skip
    hinted = named is not None and named.format == "name"
    if named is None or hinted:
        formed = is_chinese_name(profile.texts)
        rate = profile.rate(formed)
        if (hinted and rate >= _WHOLE) or are_people(profile.texts, formed, profile.n):
            return _finding(
                profile, Role.DIRECT_IDENTIFIER, "text", f"{rate:.1%} 的值形如姓名",
                f"{rate:.1%} of the values look like Chinese names", 0.5 + 0.4 * rate, named,
                holds="name", valid_rate=rate,
            )  # fmt: skip
    return _with_identifiers(everyone, named, inside) if inside else None


def _with_identifiers(profile: Profile, named: Header | None, inside: dict[str, Mask]) -> Finding:
    """Judge a column whose texts contain identifiers, and say the share of each kind."""
    anywhere = np.logical_or.reduce(list(inside.values()))
    hits = int(profile.n[anywhere].sum())
    shares = tuple(
        sorted(((kind, profile.rate(found)) for kind, found in inside.items()), key=_largest)
    )
    zh = "、".join(f"{WORDS[kind][0]} {share:.2%}" for kind, share in shares)
    en = ", ".join(f"{WORDS[kind][1]} in {share:.2%}" for kind, share in shares)
    return _finding(
        profile, Role.DIRECT_IDENTIFIER, "text", f"有 {hits} 个值的文本中含标识号码：{zh}",
        f"identifying numbers inside the text of {_records(hits)}: {en}", 0.85, named,
        holds="text-with-identifiers", in_cells=True, valid_rate=profile.rate(anywhere),
        contains=tuple((kind, round(share, 6)) for kind, share in shares),
    )  # fmt: skip


def _largest(share: tuple[str, float]) -> tuple[float, str]:
    return -share[1], share[0]


def _by_places(profile: Profile, named: Header | None) -> Finding | None:
    """Judge by codes and names of regions, and by coordinates in one text."""
    if profile.kind not in ("categorical", "integer"):
        return None
    repeated = profile.n_present >= _RECORDS and not profile.unique
    says = None if named is None else named.format
    codes = is_region_code(profile.texts)
    rate = profile.rate(codes)
    if says == "region-code" and rate >= 0.8:
        return _finding(
            profile, Role.QUASI_IDENTIFIER, profile.kind,
            f"列名表示行政区划代码，{rate:.1%} 的值符合",
            f"the name says region code, and {rate:.1%} of the values are such codes", 0.95, named,
            holds="region-code", valid_rate=rate,
        )  # fmt: skip
    if named is None and repeated and rate >= 0.95 and _are_regions(profile, codes):
        return _finding(
            profile, Role.QUASI_IDENTIFIER, profile.kind, f"{rate:.1%} 的值符合行政区划代码",
            f"{rate:.1%} of the values are region codes", 0.65, named,
            holds="region-code", valid_rate=rate,
        )  # fmt: skip
    if profile.kind == "integer":
        return None
    points = is_coordinates(profile.texts)
    rate = profile.rate(points)
    if rate >= _PLACES:
        return _finding(
            profile, Role.QUASI_IDENTIFIER, profile.kind, f"{rate:.1%} 的值为经纬度坐标",
            f"{rate:.1%} of the values are coordinates", 0.9, named,
            holds="coordinates", valid_rate=rate,
        )  # fmt: skip
    names = is_region_name(profile.texts)
    rate = profile.rate(names)
    if named is None and profile.n_distinct > 1 and min(rate, names.mean()) >= _PLACES and repeated:
        return _finding(
            profile, Role.QUASI_IDENTIFIER, profile.kind, f"{rate:.1%} 的值为行政区域名称",
            f"{rate:.1%} of the values are names of regions", 0.65, named,
            holds="region-name", valid_rate=rate,
        )  # fmt: skip
    return None


def _are_regions(profile: Profile, codes: Mask) -> bool:
    """Return whether region codes are none of short dates: days run to 31, counties seldom do."""
    if profile.n_distinct < 3 or float(codes.mean()) < _PLACES:
        return False
    dates = is_short_date(profile.texts)
    late = match(profile.texts, r"(29|30|31)$", 6, 6)
    return not (dates.mean() >= 0.98 and late.mean() >= 0.04)


def _by_births(profile: Profile, named: Header | None) -> Finding | None:
    """Judge dates: those of births span the years of the living."""
    dated = profile.dated or profile.dated_numbers or profile.kind in ("date", "datetime")
    says = named is not None and named.format == "birth-date"
    if not dated or not (says or named is None):
        return None
    spread = profile.n_distinct >= _FEW_BIRTHS and spread_as_births(profile.texts, profile.n)
    kind: Kind = "date" if profile.dated else profile.kind
    if says:
        zh, en, confidence = (
            "列名表示出生日期，值为日期",
            "the name says date of birth, and the values are dates",
            0.8,
        )
        if spread:
            zh, en, confidence = zh + "，跨越数十年", en + " that span decades", 0.95
        return _finding(
            profile, Role.QUASI_IDENTIFIER, kind, zh, en, confidence, named, holds="birth-date"
        )
    if not spread:
        return None
    return _finding(
        profile, Role.QUASI_IDENTIFIER, kind, "日期跨越数十年，与出生日期相符",
        "dates that span decades, as dates of birth do", 0.65, named, holds="birth-date",
    )  # fmt: skip


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
    stated = profile.stated
    if kind in ("date", "datetime") or stated.dated or profile.dated_numbers:
        return _finding(
            stated, Role.QUASI_IDENTIFIER, "date" if stated.dated else kind,
            "日期可与外部信息比对", "dates can be matched with what others know", 0.6, None,
        )  # fmt: skip
    many = profile.n_distinct > _MANY_VALUES
    if kind == "categorical" and many and stated.mean_length >= _LONG_TEXT:
        return _finding(
            profile, Role.INSENSITIVE, "text", "自由文本，发布时删除",
            "free text; a release drops it", 0.6, None,
        )  # fmt: skip
    # A handful of notes among placeholders differ from each other as any notes do.
    if 2 * stated.n_present < profile.n_present:
        stated = profile
    if stated.unique and kind in ("categorical", "integer"):
        return _finding(
            stated, Role.DIRECT_IDENTIFIER, "identifier", "几乎每条记录取值唯一",
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
    contains: tuple[tuple[str, float], ...] = (),
) -> Finding:
    if profile.before is not None:
        left_out = profile.before.n_present - profile.n_present
        reason_zh += f"（未计 {left_out} 个占位值）"
        reason_en += f" ({left_out} placeholder{'s' * (left_out > 1)} not counted)"
        if valid_rate is not None:
            valid_rate *= profile.n_present / profile.before.n_present
        profile = profile.before
    climbs = role in (Role.QUASI_IDENTIFIER, Role.SENSITIVE) and profile.n_present > 0
    sensitive_kind = named.sensitive_kind if named else ""
    if not sensitive_kind and named is not None and named.age and _are_minors(profile):
        sensitive_kind = "minors"
    graded = grade([holds, *(kind for kind, _ in contains)], role, sensitive_kind)
    return Finding(
        column=profile.name,
        holds=holds,
        in_cells=in_cells,
        role=role,
        kind=kind,
        reason_zh=reason_zh,
        reason_en=reason_en,
        confidence=round(confidence, 2),
        valid_rate=None if valid_rate is None else round(valid_rate, 4),
        n_distinct=profile.n_distinct,
        missing_rate=round(profile.missing_rate, 4),
        part=None if named is None else named.part,
        hierarchy=suggested(profile, kind, named, holds) if climbs else None,
        categories=public_list(profile, named) if climbs else None,
        contains=contains,
        sensitive_kind=sensitive_kind,
        grade=graded.level,
        grade_reason_zh=graded.zh,
        grade_reason_en=graded.en,
    )


def _are_minors(profile: Profile) -> bool:
    """Return whether most records of a column of ages are of children under 14."""
    young = match(profile.texts, r"^(\d|1[0-3])(\.\d+)?$", 1, 6)
    return profile.rate(young) > 0.5
