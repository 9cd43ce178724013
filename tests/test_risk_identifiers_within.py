"""What longer texts contain: one that fires and ones that stay silent, kind by kind."""

from __future__ import annotations

import numpy as np
import pytest

from niming.risk.identifiers import scan
from niming.risk.identifiers.kinds import WORDS
from niming.risk.identifiers.within import contained

FIRES = {
    "resident-id": ["身份证11010519491231002X。", "旧身份证号110105491231002，已换"],
    "mobile": ["请回电138 0013 8000", "call +86-13800138000, please"],
    "landline": ["座机0431-88765432，", "请拨 (010) 65551234 转 801", "fax: 021 65551234"],
    "bank-card": ["卡号：4111 1111 1111 1111", "退到账户6200000000000005。"],
    "e-mail": ["邮箱a.b@example.org，", "write to x_y@mail.example.com."],
    "plate": ["车辆吉A12345违停", "粤Z·1234港，已放行", "新能源车吉AD12345，"],
    "ip-address": [
        "登录自 192.168.1.20。",
        "from 10.1.2.3, again",
        "ip=2001:db8::ff00:42:8329",
        "来自fe80::1:2，",
    ],
    "mac-address": ["设备 00:1A:2b:3C:4d:5E 在线", "mac=00-1A-2B-3C-4D-5E;"],
    "passport": ["护照号E12345678，", "passport no. EA1234567 checked"],
    "travel-permit": ["持回乡证H1234567800入境", "通行证 M12345678"],
    "officer-certificate": ["证件：军字第2001988号"],
    "credit-code": ["统一社会信用代码：91350100M000100Y43", "单位91350100M000100Y43已注销"],
    "birth-date": [
        "出生于1980年5月6日，",
        "生于 1980-05-06。",
        "患者生于1980-05-06",
        "出生日期：19800506",
        "born on 1980-05-06 in town",
        "出生年月：1980年5月",
    ],
    "taiwan-permit": ["台胞证号：12345678，", "持台胞证1234567801入境"],
    "social-insurance": ["社保卡号A12345678已补办", "社会保障号：220104001234"],
    "medical-insurance": ["医保号 123456789012，", "参合证号：2201040012345"],
    "name": ["联系人：王小明，", "姓名 欧阳娜娜", "患者叫李雷电话"],
    "address": ["住吉林省长春市朝阳区人民大街123号", "送至阳光路8弄3号402室"],
}
SILENT = [
    "订单11010520230101002已发货，",  # 17 digits
    "编号 220104202301010012 与 220104202301010020 已归档",  # the check does not fit
    "运单号 621234567890123456 在途",
    "固件版本 1.2.3.4，已升级",
    "version: 10.1.2.3 released",
    "时间 12:30:45，正常",
    "京字第2001988号文件",
    "产品E12345678入库，",
    "批次 H12345678 合格",
    "高血压，马铃薯过敏",
    "到朝阳区街道办事处办理",
    "比分 0431-123，",
    "共 0101-1234567 项",
    "联系人：无，电话：无",
    "单位91350100M000100Y44已注销",
    "产生于2024-05-06，医生于2024-05-06查房",
    "生产日期2024-05-06，出生医学证明2024-05-06",
    "台胞证20240506办理",
    "社保2023年缴费，社保卡20240506补办",
    "医保结算12345.67元，医保20240506结算",
    "std::vector<int> a::b, dead::beef",
    "2024::12 done, 12:30:45:99",
    "00:11:22:33:44:55:66:77 连接",
    "订单 352099001761481 已发货",
    "[13000000000, 14000000000)",
    "2024-05-06 12:30:45 登记",
]


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, ts in FIRES.items() for t in ts])
def test_an_identifier_inside_text_is_found(kind: str, text: str) -> None:
    assert contained([text, "已答复"])[kind].tolist() == [True, False]


@pytest.mark.parametrize("text", SILENT)
def test_other_text_is_left_alone(text: str) -> None:
    assert contained([text] * 3) == {}


def test_every_kind_that_texts_contain_has_a_name() -> None:
    assert set(FIRES) <= set(WORDS)


def test_order_numbers_do_not_hide_an_id_that_is_called_one() -> None:
    rng = np.random.default_rng(0)
    orders = [
        f"订单22010420230101{int(d):04}已发货" for d in rng.choice(10_000, 300, replace=False)
    ]
    found = contained([*orders, "身份证11010519491231002X"])["resident-id"]
    assert found[-1]
    assert found.sum() == 1


def test_shares_are_of_records_and_not_of_distinct_texts() -> None:
    texts = ["请回电13800138000"] * 6 + ["请发至a.b@example.org"] * 3 + ["已答复"] * 11
    finding = scan({"备注": texts}).findings[0]
    assert dict(finding.contains) == {"mobile": 0.3, "e-mail": 0.15}
    assert finding.valid_rate == 0.45
    assert "30.00%" in finding.reason_zh
    assert "30.00%" in finding.reason_en
    assert finding.to_dict()["contains"] == {"mobile": 0.3, "e-mail": 0.15}


def test_a_sample_says_that_the_rest_of_free_text_was_not_looked_at() -> None:
    texts = [f"第{i}次来电咨询，已答复，建议到窗口办理，材料齐全" for i in range(500)]
    part, whole = scan({"备注": texts}, sample=200), scan({"备注": texts}, sample=None)
    assert "200 of 500 rows" in part.findings[0].reason_en
    assert "500 行中的 200 行" in part.findings[0].reason_zh
    assert "rows" not in whole.findings[0].reason_en
    assert "200 of 500 rows seen" in repr(part)
    assert "200 / 500" in part._repr_html_()


@pytest.mark.parametrize("kind", sorted(set(FIRES) - {"address"}))
def test_short_cells_that_hold_one_identifier_each_make_a_direct_identifier(kind: str) -> None:
    finding = scan({"x": [*FIRES[kind], "已答复"] * 50}).findings[0]
    assert (finding.role, finding.in_cells) == ("direct-identifier", True)
    assert kind in dict(finding.contains)


def test_a_sign_between_name_and_value_makes_a_text() -> None:
    assert "mobile" in contained(["mobile=13800138000"])
