"""What a column's name says: words for roles and contents, in Chinese and English."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from niming.tables.schema import Role

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
    format : str, optional
        What its cells would look like, a `Finding.holds`.
    part : {"weight", "household", "person_id"}, optional
        The part that the column plays in a schema.
    age : bool
        Whether it counts years of life.
    sensitive_kind : str
        Kind of sensitive personal information (PIPL, art. 28), empty if none: health, biometrics,
        religion, identity, finance, whereabouts or minors.
    """

    role: Role
    zh: str
    en: str
    format: str | None = None
    part: Part | None = None
    age: bool = False
    sensitive_kind: str = ""


_DIRECT, _QUASI = Role.DIRECT_IDENTIFIER, Role.QUASI_IDENTIFIER
_SENSITIVE, _OPEN = Role.SENSITIVE, Role.INSENSITIVE

# The first pattern that is found decides: special words stand before general ones. English words
# are whole words of a name split at case changes, blanks, dots, dashes and underscores.
_WORDS: tuple[tuple[str, Header], ...] = (
    (
        r"户号|户编号|家庭编号|\b(hid|(household|family|hh) ?(id|no|number|serial)\b.*)",
        Header(_DIRECT, "户号", "household number", part="household"),
    ),
    (r"社保卡|社会保障卡|社会保险|社保|社会保障|\b(social (security|insurance)|ssn|sin)\b",
     Header(_DIRECT, "社会保障号", "social insurance number", "social-insurance")),
    (r"医保|医疗保险|医疗保障|\b((medical|health) (insurance|care) (id|no|number|card)|medicare)\b",
     Header(_DIRECT, "医疗保险号", "medical insurance number", "medical-insurance")),
    (r"台胞证|台湾.*通行证|往来大陆", Header(
        _DIRECT, "台湾居民来往大陆通行证", "travel permit of a Taiwan resident", "taiwan-permit")),
    (r"通行证|回乡证|\b((home return|travel) permit)\b", Header(
        _DIRECT, "港澳居民来往内地通行证", "travel permit of a Hong Kong or Macau resident",
        "travel-permit")),
    (r"居住证", Header(_DIRECT, "居住证号", "residence permit number", "hmt-resident-id")),
    (r"永久居留|永居证|\b(permanent resident?ce?)\b", Header(
        _DIRECT, "外国人永久居留身份证", "permanent resident card of a foreigner",
        "foreign-resident-id")),
    (r"军官证|士兵证|士官证|文职|警官证|\b(officer|military) (id|no|number|card)\b",
     Header(_DIRECT, "军官证号", "certificate of an officer", "officer-certificate")),
    (r"护照|\bpassport\b", Header(_DIRECT, "护照号", "passport number", "passport")),
    (
        r"身份证|公民身份|证件号|\b((?<!order )(?<!product )(?<!item )id ?(card|number|no)|"
        r"resident id|sfz\w*)\b",
        Header(_DIRECT, "居民身份证号", "resident identity number", "resident-id"),
    ),
    (
        r"统一社会信用|信用代码|\b(credit code|uscc)\b",
        Header(_QUASI, "统一社会信用代码", "unified social credit code", "credit-code"),
    ),
    (
        r"驾驶证|学号|学籍号|工号|病历号|病案号|住院号|门诊号|就诊卡|设备号|车架号|发动机号|"
        r"\b(mrn|(student|employee|staff) (id|no|number)|driver licen[cs]e|imei|imsi|"
        r"openid|device id|vin)\b",
        Header(_DIRECT, "证件或档案号", "number of a document, file or device"),
    ),
    (r"微信|\b(we ?chat|wx ?(id|no)|weixin)\b",
     Header(_DIRECT, "微信号", "WeChat name", "wechat")),
    (r"\bqq\b|^qq", Header(_DIRECT, "QQ号", "QQ number", "qq")),
    (r"ip ?地址|^ip$|\bip( address| addr)?\b",
     Header(_DIRECT, "IP地址", "IP address", "ip-address")),
    (r"mac ?地址|物理地址|^mac$|\bmac (address|addr)\b",
     Header(_DIRECT, "MAC地址", "MAC address", "mac-address")),
    (r"网址|\b(url|website)\b", Header(_OPEN, "网址", "web address")),
    (
        r"银行卡|卡号|账号|帐号|\b((bank|credit|debit) card|card (number|no)|"
        r"(bank )?account (number|no)|iban)\b",
        Header(_DIRECT, "银行卡号", "bank card number", "bank-card", sensitive_kind="finance"),
    ),
    (r"座机|固话|固定电话|住宅电话|家庭电话|办公电话|传真|"
     r"\b(land ?line|home phone|office phone|fax)\b",
     Header(_DIRECT, "固定电话", "landline number", "landline")),
    (
        r"手机|电话|联系方式|\b(mobile|(tele)?phone|tel|cell ?(phone|no|number)|msisdn)\b",
        Header(_DIRECT, "电话号码", "telephone number", "mobile"),
    ),
    (r"邮箱|电子邮件|\b(e ?mail)\b", Header(_DIRECT, "电子邮箱", "e-mail address", "e-mail")),
    (
        r"车牌|号牌号码|\b(licen[cs]e plate|(number )?plate (no|number)|number plate|car plate)\b|"
        r"^plate$",
        Header(_DIRECT, "车牌号", "vehicle plate", "plate"),
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
    (r"经度|纬度|坐标|经纬|\b(lat(itude)?|lon(gitude)?|lng|gps|geo ?hash|coordinates?)\b",
     Header(_QUASI, "坐标", "coordinates", "coordinates", sensitive_kind="whereabouts")),
    (r"行踪|轨迹|定位|住宿|入住|旅馆|酒店|航班|车次|出行|"
     r"\b(trajectory|whereabouts|location history|check ?in|hotel|flight (no|number)|train no)\b",
     Header(_SENSITIVE, "行踪轨迹", "whereabouts", sensitive_kind="whereabouts")),
    (r"指纹|人脸|虹膜|声纹|掌纹|耳廓|步态|静脉|\b(finger ?prints?|face (id|image|feature\w*)|iris "
     r"(scan|code|image)|voice ?prints?|palm ?prints?|gait|biometric\w*)\b",
     Header(_SENSITIVE, "生物识别信息", "biometrics", sensitive_kind="biometrics")),
    (r"企业名|单位名|机构名|公司|\b(company|employer|organi[sz]ation)\b",
     Header(_QUASI, "单位", "organisation")),
    # The name of a thing (product name, hospital name) is that thing and no name of a person.
    (r"姓名|名字|\b(surname|(full|last|first|sur|given|middle|maiden|user|nick|person|patient|"
     r"customer|client|member|student|employee|contact|family|father|mother)( s)? ?name)\b|"
     r"^(xm|names?)$",
     Header(_DIRECT, "姓名", "name", "name")),
    (r"体重|身高|\b(body ?weight|birth ?weight|weight (kg|lbs?)|bmi|height)\b",
     Header(_SENSITIVE, "身体指标", "body measure", sensitive_kind="health")),
    # A bare "weight" may be of a body: it becomes no weight of a sample unasked.
    (r"权重|\b(fnlwgt|pweight|perwt|(sampling|sample|survey|design|person|household|final|"
     r"expansion) (weight|wgt))\b",
     Header(_OPEN, "抽样权重", "sampling weight", part="weight")),
    (r"^(weight|wgt)$",
     Header(_SENSITIVE, "体重或抽样权重", "weight, of a body or in a sample",
            sensitive_kind="health")),
    (r"年龄|\bage\b", Header(_QUASI, "年龄", "age", age=True)),
    (r"出生|生日|\b(birth\w*|dob|yob|born)\b",
     Header(_QUASI, "出生日期", "date of birth", "birth-date")),
    (r"性别|\b(sex|gender)\b", Header(_QUASI, "性别", "sex")),
    (r"民族|种族|籍贯|国籍|\b(race|ethnic\w*|nationality|native country|country)\b",
     Header(_QUASI, "民族或国籍", "ethnicity or nationality")),
    (r"婚姻|\b(marital\w*|marriage)\b", Header(_QUASI, "婚姻状况", "marital status")),
    (r"学历|文化程度|教育|\b(education\w*|degree|schooling)\b",
     Header(_QUASI, "学历", "education")),
    (r"职业|工种|职务|岗位|\b(occupation|job|profession|work ?class|position)\b",
     Header(_QUASI, "职业", "occupation")),
    (r"邮编|邮政编码|\b(zip ?(code)?|post ?(code|al code))\b",
     Header(_QUASI, "邮政编码", "postcode", "postcode")),
    (r"就诊日期|入院|出院|\b((visit|admission|discharge|event) ?(date|time))\b",
     Header(_QUASI, "事件日期", "date of an event")),
    (
        r"诊断|疾病|病种|病名|病史|病情|症状|用药|处方|药品|手术|体检|化验|检验结果|检查结果|疫苗|血压|血糖|血脂|"
        r"妊娠|怀孕|孕周|残疾|精神|心理|基因|血型|过敏|传染|"
        r"\b(diagnos\w*|disease\w*|illness|icd\w*|hiv|drug|medication|prescription|surgery|vaccin\w*|"
        r"genotype|condition|symptom\w*|allerg\w*|blood (type|group|pressure|sugar)|glucose|"
        r"pregnan\w*|disabilit\w*|disabled|mental health|smok\w*)\b",
        Header(_SENSITIVE, "健康信息", "health", sensitive_kind="health"),
    ),
    (
        r"收入|工资|薪|存款|贷款|资产|负债|消费|余额|征信|信用分|信用评分|纳税|公积金|保费|理赔|欠款|交易金额|"
        r"\b(income|salary|wages?|savings|debt|loan|capital|expense\w*|balance|net worth|"
        r"credit (score|rating)|tax(es)? paid|mortgage|premium)\b",
        Header(_SENSITIVE, "财务信息", "finances", sensitive_kind="finance"),
    ),
    (r"宗教|信仰|\b(religio\w*|faith|church)\b",
     Header(_SENSITIVE, "宗教信仰", "religion", sensitive_kind="religion")),
    (r"政治面貌|党派|犯罪|违法|前科|处罚|吸毒|戒毒|社区矫正|性取向|性生活|"
     r"\b(political|criminal|conviction|offen[cs]e|arrest\w*|sexual)\b",
     Header(_SENSITIVE, "特定身份或记录", "belief or record", sensitive_kind="identity")),
    (r"省|市|区县|街道|社区|乡镇|村|户籍|区$|县$|"
     r"\b(province|state|city|district|county|town|village|region|puma)\b",
     Header(_QUASI, "所在地", "place", "region-name")),
    (r"关系|\brelationship\b", Header(_QUASI, "家庭关系", "relationship in the household")),
    (r"备注|说明|描述|意见|\b(note\w*|remark\w*|comment\w*|description|free text)\b",
     Header(_OPEN, "自由文本", "free text")),
)  # fmt: skip

# PIPL, art. 28: all personal information of children under 14, whatever else the column holds.
_MINORS = re.compile(
    r"监护人|未成年|家长|儿童|幼儿|婴儿|小学生|学籍|"
    r"\b(guardian\w*|minors?|child (name|id|no|age|birth\w*)|infant|juvenile|pupil|kindergarten)\b"
)

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
    found = next((known for pattern, known in _COMPILED if pattern.search(words)), None)
    if not _MINORS.search(words):
        return found
    found = found or Header(_QUASI, "未成年人信息", "data of minors")
    return replace(found, sensitive_kind=found.sensitive_kind or "minors")
