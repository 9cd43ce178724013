"""What a column's name says: words for roles and contents, in Chinese and English."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, TypeAlias

from niming.tables.schema import Format, Role

__all__ = ["Header", "Part", "header"]

Part: TypeAlias = Literal["weight", "household", "person_id"]


@dataclass(frozen=True)
class Header:
    """What the name of a column suggests.

    Parameters
    ----------
    role : Role
    zh, en : str
        What such a column holds, in words.
    format : Format, optional
        What its cells would look like.
    part : {"weight", "household", "person_id"}, optional
        The part that the column plays in a schema.
    age : bool
        Whether it counts years of life.
    """

    role: Role
    zh: str
    en: str
    format: Format | None = None
    part: Part | None = None
    age: bool = False


_DIRECT, _QUASI = Role.DIRECT_IDENTIFIER, Role.QUASI_IDENTIFIER
_SENSITIVE, _OPEN = Role.SENSITIVE, Role.INSENSITIVE

# The first pattern that is found decides: special words stand before general ones. English words
# are whole words of a name split at case changes, blanks, dots, dashes and underscores.
_WORDS: tuple[tuple[str, Header], ...] = (
    (
        r"户号|户编号|家庭编号|\b(hid|(household|family|hh) ?(id|no|number|serial)\b.*)",
        Header(_DIRECT, "户号", "household number", part="household"),
    ),
    (
        r"身份证|公民身份|证件号|\b((?<!order )(?<!product )(?<!item )id ?(card|number|no)|"
        r"resident id|ssn|sfz\w*)\b",
        Header(_DIRECT, "居民身份证号", "resident identity number", "resident-id"),
    ),
    (
        r"统一社会信用|信用代码|\b(credit code|uscc)\b",
        Header(_QUASI, "统一社会信用代码", "unified social credit code", "credit-code"),
    ),
    (
        r"银行卡|卡号|账号|帐号|\b((bank|credit|debit) card|card (number|no)|"
        r"(bank )?account (number|no)|iban)\b",
        Header(_DIRECT, "银行卡号", "bank card number", "bank-card"),
    ),
    (
        r"手机|电话|联系方式|\b(mobile|(tele)?phone|tel|cell ?(phone|no|number)|msisdn|fax)\b",
        Header(_DIRECT, "电话号码", "telephone number", "mobile"),
    ),
    (r"邮箱|电子邮件|\b(e ?mail)\b", Header(_DIRECT, "电子邮箱", "e-mail address", "e-mail")),
    (
        r"车牌|\b(licen[cs]e plate|(number )?plate (no|number)|number plate|car plate)\b|^plate$",
        Header(_DIRECT, "车牌号", "vehicle plate", "plate"),
    ),
    (
        r"护照|通行证|社保号|医保号|驾驶证|学号|工号|病历号|病案号|住院号|就诊卡|微信号|设备号|"
        r"\b(passport|mrn|(student|employee|staff) (id|no|number)|driver licen[cs]e|imei|imsi|"
        r"openid|device id|ip( address| addr)?|mac address)\b",
        Header(_DIRECT, "证件或档案号", "number of a document, file or device"),
    ),
    (
        r"人员编号|个人编号|患者编号|"
        r"\b((person|patient|member|user|customer|subject|participant) ?(id|no|number)|"
        r"pid|uid|uuid)\b",
        Header(_DIRECT, "人员编号", "number of a person", part="person_id"),
    ),
    (r"^(id|编号|序号|记录号)$", Header(_DIRECT, "记录编号", "number of a record")),
    (
        r"区划|行政区|地区代码|\b((region|district|area|county|city) ?code|adcode|gb2260)\b",
        Header(_QUASI, "行政区划代码", "region code", "region-code"),
    ),
    (
        r"详细地址|住址|地址|\b(address|street)\b",
        Header(_DIRECT, "地址", "address", "address"),
    ),
    (r"经度|纬度|坐标|\b(lat(itude)?|lon(gitude)?|lng|gps|geo ?hash|coordinates?)\b",
     Header(_QUASI, "坐标", "coordinates")),
    (r"企业名|单位名|机构名|公司|\b(company|employer|organi[sz]ation)\b",
     Header(_QUASI, "单位", "organisation")),
    # The name of a thing (product name, hospital name) is that thing and no name of a person.
    (r"姓名|名字|\b(surname|(full|last|first|sur|given|middle|maiden|user|nick|person|patient|"
     r"customer|client|member|student|employee|contact|family|father|mother)( s)? ?name)\b|"
     r"^(xm|names?)$",
     Header(_DIRECT, "姓名", "name", "name")),
    (r"体重|身高|\b(body ?weight|birth ?weight|weight (kg|lbs?)|bmi|height)\b",
     Header(_SENSITIVE, "身体指标", "body measure")),
    # A bare "weight" may be of a body: it becomes no weight of a sample unasked.
    (r"权重|\b(fnlwgt|pweight|perwt|(sampling|sample|survey|design|person|household|final|"
     r"expansion) (weight|wgt))\b",
     Header(_OPEN, "抽样权重", "sampling weight", part="weight")),
    (r"^(weight|wgt)$",
     Header(_SENSITIVE, "体重或抽样权重", "weight, of a body or in a sample")),
    (r"年龄|\bage\b", Header(_QUASI, "年龄", "age", age=True)),
    (r"出生|生日|\b(birth\w*|dob|yob|born)\b", Header(_QUASI, "出生日期", "date of birth")),
    (r"性别|\b(sex|gender)\b", Header(_QUASI, "性别", "sex")),
    (r"民族|种族|籍贯|国籍|\b(race|ethnic\w*|nationality|native country|country)\b",
     Header(_QUASI, "民族或国籍", "ethnicity or nationality")),
    (r"婚姻|\b(marital\w*|marriage)\b", Header(_QUASI, "婚姻状况", "marital status")),
    (r"学历|文化程度|教育|\b(education\w*|degree|schooling)\b",
     Header(_QUASI, "学历", "education")),
    (r"职业|工种|职务|岗位|\b(occupation|job|profession|work ?class|position)\b",
     Header(_QUASI, "职业", "occupation")),
    (r"邮编|邮政编码|\b(zip ?(code)?|post ?(code|al code))\b",
     Header(_QUASI, "邮政编码", "postcode")),
    (r"就诊日期|入院|出院|\b((visit|admission|discharge|event) ?(date|time))\b",
     Header(_QUASI, "事件日期", "date of an event")),
    (
        r"诊断|疾病|病种|病名|症状|用药|基因|血型|过敏|\b(diagnos\w*|disease\w*|illness|icd\w*|hiv|"
        r"drug|medication|genotype|condition|symptom\w*|allerg\w*|blood (type|group))\b",
        Header(_SENSITIVE, "健康信息", "health"),
    ),
    (
        r"收入|工资|薪|存款|贷款|资产|负债|消费|余额|\b(income|salary|wages?|savings|debt|loan|"
        r"capital|expense\w*|balance|net worth)\b",
        Header(_SENSITIVE, "财务信息", "finances"),
    ),
    (r"宗教|信仰|政治面貌|犯罪|处罚|性取向|\b(religio\w*|political|criminal|conviction|sexual)\b",
     Header(_SENSITIVE, "特定身份或记录", "belief or record")),
    (r"省|市|区县|街道|社区|乡镇|村|户籍|区$|县$|"
     r"\b(province|state|city|district|county|town|village|region|puma)\b",
     Header(_QUASI, "所在地", "place")),
    (r"关系|\brelationship\b", Header(_QUASI, "家庭关系", "relationship in the household")),
    (r"备注|说明|描述|意见|\b(note\w*|remark\w*|comment\w*|description|free text)\b",
     Header(_OPEN, "自由文本", "free text")),
)  # fmt: skip

_COMPILED = tuple((re.compile(pattern), found) for pattern, found in _WORDS)


def header(name: str) -> Header | None:
    """Return what a column's name suggests, or None.

    Examples
    --------
    >>> header("residentIdNumber").format, header("诊断").role.value, header("x7")
    ('resident-id', 'sensitive', None)
    """
    words = unicodedata.normalize("NFKC", name)
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", words)
    words = re.sub(r"[\s._\-/]+", " ", words).strip().lower()
    return next((found for pattern, found in _COMPILED if pattern.search(words)), None)
