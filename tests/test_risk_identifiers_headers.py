"""What column names say, in Chinese and English."""

from __future__ import annotations

import pytest

from niming.risk.identifiers.headers import header

ROLES = {
    "direct-identifier": [
        "身份证号", "公民身份号码", "证件号码", "手机号", "联系电话", "电子邮箱", "银行卡号",
        "车牌号码", "姓名", "户主姓名", "家庭住址", "户号", "护照号码", "病历号", "学号",
        "人员编号", "编号",
        "name", "Name", "full_name", "lastName", "surname", "patient name", "user-name", "ID",
        "id_number", "IDCard", "ssn", "mobile", "phone_no", "Telephone", "e-mail", "Email",
        "address", "home.street", "household_id", "HouseholdID", "family id number", "patient_id",
        "plate", "license plate", "card number", "passport", "ip_address", "ＩＤ＿ｎｕｍｂｅｒ",
    ],
    "quasi-identifier": [
        "年龄", "出生日期", "生日", "性别", "民族", "籍贯", "婚姻状况", "学历", "职业", "邮编",
        "省", "所属区", "户籍所在地", "行政区划代码", "就诊日期", "统一社会信用代码", "单位名称",
        "与户主关系",
        "age", "birthDate", "date_of_birth", "DOB", "sex", "gender", "race", "native-country",
        "marital-status", "education-num", "occupation", "workclass", "zip", "zipcode", "ZIP_code",
        "postal code", "city", "city_name", "region", "region_code", "relationship", "visit_date",
        "employer", "credit_code", "latitude", "state",
    ],
    "sensitive": [
        "诊断", "主要诊断", "疾病名称", "月收入", "工资", "宗教信仰", "政治面貌", "体重", "血型",
        "余额", "diagnosis", "disease name", "drug_name", "ICD10", "income", "annualSalary",
        "capital-gain", "religion", "weight", "body_weight", "weight_kg", "BMI", "criminal record",
    ],
    "insensitive": [
        "权重", "fnlwgt", "sampling_weight", "survey weight", "备注", "notes", "comment",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("role", "name"), [(r, n) for r, names in ROLES.items() for n in names])
def test_the_name_says_the_role(role: str, name: str) -> None:
    found = header(name)
    assert found is not None
    assert found.role == role


@pytest.mark.parametrize(
    "name",
    ["x7", "", " ", "value", "score", "product name", "stage", "page", "percentage", "cell_type",
     "plate_id", "hours-per-week", "order_id_number", "usage", "数量", "等级", "sexton", "embrace"],
)  # fmt: skip
def test_other_names_say_nothing(name: str) -> None:
    assert header(name) is None


@pytest.mark.parametrize(
    ("name", "part"),
    [("household_id", "household"), ("户号", "household"), ("patient id", "person_id"),
     ("人员编号", "person_id"), ("fnlwgt", "weight"), ("抽样权重", "weight"), ("weight", None),
     ("age", None)],
)  # fmt: skip
def test_the_name_says_the_part(name: str, part: str | None) -> None:
    found = header(name)
    assert found is not None
    assert found.part == part


def test_only_age_counts_years_of_life() -> None:
    ages = [header(name) for name in ("age", "年龄", "AGE_YEARS")]
    assert all(found is not None and found.age for found in ages)
    others = [header(name) for name in ("birth", "stage", "出生年份")]
    assert not any(found is not None and found.age for found in others)


FORMATS = {
    "passport": ["护照号", "passport_no"],
    "travel-permit": ["港澳居民来往内地通行证号", "回乡证号"],
    "taiwan-permit": ["台胞证号", "台湾居民来往大陆通行证"],
    "hmt-resident-id": ["港澳台居民居住证"],
    "foreign-resident-id": ["外国人永久居留身份证号"],
    "officer-certificate": ["军官证号", "士兵证"],
    "social-insurance": ["社保号", "社会保障卡号", "social security number"],
    "medical-insurance": ["医保号", "医疗保险号"],
    "landline": ["座机", "固定电话", "home_phone"],
    "wechat": ["微信号", "wechat"],
    "qq": ["QQ", "qq号"],
    "ip-address": ["ip", "IP地址", "ip_addr"],
    "mac-address": ["MAC地址", "mac_address"],
    "coordinates": ["经度", "latitude"],
    "postcode": ["邮编", "zip_code"],
    "birth-date": ["出生日期", "dob"],
}


@pytest.mark.parametrize(("kind", "name"), [(k, n) for k, names in FORMATS.items() for n in names])
def test_the_name_says_what_cells_would_look_like(kind: str, name: str) -> None:
    found = header(name)
    assert found is not None
    assert found.format == kind


SENSITIVE_KINDS = {
    "health": ["诊断", "病史", "血压", "残疾等级", "diagnosis", "blood_pressure", "体重"],
    "biometrics": ["指纹", "人脸特征", "虹膜", "fingerprint", "voice_print"],
    "religion": ["宗教信仰", "religion"],
    "identity": ["政治面貌", "犯罪记录", "criminal record"],
    "finance": ["月收入", "征信评分", "银行卡号", "credit score", "income"],
    "whereabouts": ["行踪", "轨迹点", "入住酒店", "经度", "trajectory", "GPS"],
    "minors": ["监护人电话", "未成年人标识", "家长姓名", "学籍号", "child_name", "guardian"],
}


@pytest.mark.parametrize(
    ("kind", "name"), [(k, n) for k, names in SENSITIVE_KINDS.items() for n in names]
)
def test_the_name_says_the_kind_of_sensitive_information(kind: str, name: str) -> None:
    found = header(name)
    assert found is not None
    assert found.sensitive_kind == kind


@pytest.mark.parametrize("name", ["性别", "age", "手机号", "city", "备注", "surface", "n_children"])
def test_other_names_say_no_kind_of_sensitive_information(name: str) -> None:
    found = header(name)
    assert found is None or found.sensitive_kind == ""
