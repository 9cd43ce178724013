"""Which texts are places: postal addresses, names of regions, region codes, coordinates?"""

from __future__ import annotations

import numpy as np

from niming.risk.identifiers.texts import Mask, Values, among, match, plain, where

__all__ = [
    "ADDRESS",
    "is_address",
    "is_coordinates",
    "is_region_code",
    "is_region_name",
    "is_short_date",
]

_UNIT = r"(省|市|自治区|自治州|区|县|旗|镇|乡|盟)"
_ROAD = r"(路|街|巷|弄|大道|胡同|道|里)"
_ESTATE = r"(小区|花园|家园|新村|公寓|花苑|社区|苑|村|屯|庄|城|府|园|庭|湾)"
_DOOR = r"[\dA-Za-z一二三四五六七八九十甲乙丙丁之\-]{1,10} ?(号|弄|栋|幢|室|单元|楼|座|组|户|层)"

ADDRESS = (
    rf"{_UNIT}[^,;，；。]{{0,24}}({_ROAD}|{_ESTATE})[^,;，；。]{{0,12}}{_DOOR}|{_ROAD}[^,;，；。]{{0,6}}{_DOOR}"
    rf"[^,;，；。]{{0,10}}{_DOOR}"
)
"""An address that leads to a door, inside a text."""

_WHOLE = (
    rf"{_UNIT}.*({_ROAD}|村|组|小区|号|栋|幢|室|单元)|{_ROAD}.{{0,8}}{_DOOR}|{_ESTATE}.{{0,8}}{_DOOR}"
    r"|(栋|幢|号楼|座).{0,6}(单元|室)"
)
# The office of a street is no street, and an organisation named for its place is no address
# unless a door is given.
_OFFICE = r"街道"
_ORGANISATION = (
    r"(医院|学校|中学|小学|大学|学院|幼儿园|公司|集团|委员会|委会|办事处|银行|支行|分行|派出所|法院|检察院|"
    r"政府|局|厅|厂|店|馆|站|中心|协会|合作社|卫生室|研究所|事务所|园区)$"
)

_REGION_NAME = (
    r"^(\p{Han}{1,12}(省|市|自治区|自治州|区|县|旗|盟|镇|乡|街道|州|地区|村|社区)){1,4}$"
    r"|^(北京|天津|上海|重庆|河北|山西|内蒙古|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|"
    r"广东|广西|海南|四川|贵州|云南|西藏|陕西|甘肃|青海|宁夏|新疆|台湾|香港|澳门)$"
)

# GB/T 2260, the first four digits: the numbers of the prefectures of each province, abolished
# ones too (leagues and prefectures 21 to 43, counties of a province 90). 00 is the province.
_PREFECTURES = (
    "11(0[12])|12(0[12])|13(0[1-9]|1[01]|2\\d|90)|14(0[1-9]|1[01]|2[1-7])|15(0[1-9]|2[1-9])|"
    "21(0[1-9]|1[0-4]|2\\d)|22(0[1-8]|2[1-4])|23(0[1-9]|1[0-2]|2[1-7])|31(0[12])|32(0[1-9]|1[0-3]|2\\d)|"
    "33(0[1-9]|1[01]|2\\d)|34(0[1-9]|1[0-8]|2\\d)|35(0[1-9]|2[1-7])|36(0[1-9]|1[01]|2\\d)|37(0[1-9]|1[0-7]|2\\d)|"
    "41(0[1-9]|1[0-7]|2\\d|90)|42(0[1-9]|1[0-3]|2[1-8]|90)|43(0[1-9]|1[0-3]|2\\d|3[01])|"
    "44(0[1-9]|1\\d|20|5[1-3])|45(0[1-9]|1[0-4]|2\\d)|46(0[1-4]|90)|50(0[1-3])|51(0[1-9]|1\\d|20|3[2-4])|"
    "52(0[1-6]|2[1-7])|53(0[1-9]|2\\d|3[0-4])|54(0[1-6]|2[1-6])|61(0[1-9]|10|2[1-7])|"
    "62(0[1-9]|1[0-2]|2\\d|30)|63(0[1-2]|2[1-8])|64(0[1-5]|2[1-2])|65(0[1-5]|2\\d|3[0-2]|4[0-3]|90)|"
    "71(0[1-9])|81(0[1-9])|82(0[1-9])"
)
_PROVINCES = "1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]"
_REGION_CODE = rf"^(({_PREFECTURES})\d{{2}}|({_PROVINCES})0000)(\d{{3}}|\d{{6}})?$"

_YYMMDD = r"^\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$"

_LONGITUDE, _LATITUDE = (
    r"(7[3-9]|[89]\d|1[0-2]\d|13[0-5])\.\d{3,}",
    r"([3-9]|[1-4]\d|5[0-3])\.\d{3,}",
)
_COORDINATES = (
    rf"^[(\[]?({_LONGITUDE} ?[,， ] ?{_LATITUDE}|{_LATITUDE} ?[,， ] ?{_LONGITUDE})[)\]]?$"
)


def is_address(values: Values) -> Mask:
    """Return which texts look like Chinese postal addresses.

    >>> is_address(["吉林省长春市朝阳区人民大街1号", "朝阳区", "朝阳区永昌街道办事处"]).tolist()
    [True, False, False]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = plain(values)
    out = np.zeros(len(texts), dtype=np.bool_)
    if texts.ascii:
        return out
    at = where(texts, _WHOLE, 12, 400, only=texts.shape.beyond >= 9)
    some = among(texts, at)
    offices = match(some, _OFFICE, 12)
    doors = match(some, _DOOR, 12)
    if offices.any():
        chosen = np.flatnonzero(offices)
        taken = some.array.take(pa.array(chosen))
        streets = match(pc.replace_substring_regex(taken, _OFFICE, "乡"), _WHOLE, 9)
        offices[chosen] = ~streets & ~doors[chosen]
    out[at] = ~offices & (doors | ~match(some, _ORGANISATION, 12))
    return out


def is_region_name(values: Values) -> Mask:
    """Return which texts are names of provinces, cities, counties, towns or several of them.

    >>> is_region_name(["吉林省", "长春市朝阳区", "吉林", "高血压"]).tolist()
    [True, True, True, False]
    """
    texts = plain(values)
    if texts.ascii:
        return np.zeros(len(texts), dtype=np.bool_)
    return match(texts, _REGION_NAME, 6, 120, only=texts.shape.beyond == texts.length)


def is_region_code(values: Values) -> Mask:
    """Return which texts are region codes of 6, 9 or 12 digits of a prefecture of GB/T 2260.

    Of random numbers of six digits 1 in 12 is one.

    >>> is_region_code(["220104", "220104001", "130012", "991234"]).tolist()
    [True, True, False, False]
    """
    texts = plain(values)
    return match(texts, _REGION_CODE, 6, 12, only=texts.shape.digits == texts.length)


def is_short_date(values: Values) -> Mask:
    """Return which texts of six digits could be dates: year, month, day of two digits each.

    >>> is_short_date(["220104", "228801"]).tolist()
    [True, False]
    """
    return match(values, _YYMMDD, 6, 6)


def is_coordinates(values: Values) -> Mask:
    """Return which texts are a longitude and a latitude of China with three decimals or more.

    >>> is_coordinates(["125.3235,43.8171", "(43.8171, 125.3235)", "1.5,2.5"]).tolist()
    [True, True, False]
    """
    texts = plain(values)
    if texts.lacks("."):
        return np.zeros(len(texts), dtype=np.bool_)
    few = (texts.shape.digits >= 8) & (texts.shape.hexes + texts.shape.letters == 0)
    return match(texts, _COORDINATES, 9, 48, only=few)
