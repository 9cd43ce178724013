"""Recall and precision of a scan on labelled columns, kind by kind, near misses among them.

Names and addresses come from Faker, which knows nothing of our lists; numbers from the standards'
check digits. Columns are called c0, c1 …, save for the kinds that only a name makes likely.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
import pytest
from faker import Faker
from numpy.typing import NDArray

from niming.risk.identifiers import Scan, scan
from niming.tables import identifiers as codes

Cells: TypeAlias = Sequence[object]
Dates: TypeAlias = NDArray[np.datetime64]
Make: TypeAlias = Callable[[np.random.Generator, int], Cells]

REGIONS = np.array(["110105", "220104", "222401", "310115", "440305", "650102", "522301", "469021"])
PROVINCES = np.array(["11", "22", "31", "44"])
COUNTRIES = np.array(["124", "840", "392", "276"])


def faker(rng: np.random.Generator) -> Faker:
    fake = Faker("zh_CN")
    fake.seed_instance(int(rng.integers(2**31)))
    return fake


def digits(rng: np.random.Generator, n: int, width: int) -> list[str]:
    return ["".join(map(str, row)) for row in rng.integers(0, 10, (n, width)).tolist()]


def births(
    rng: np.random.Generator, n: int, first: str = "1935-01-01", days: int = 30_000
) -> Dates:
    return np.datetime64(first) + rng.integers(0, days, n)


def ids(rng: np.random.Generator, n: int, regions: NDArray[np.str_] = REGIONS) -> Cells:
    region = codes.characters(regions[rng.integers(0, len(regions), n)], 6)
    made = codes.resident_ids(region, births(rng, n), rng.random(n) < 0.5, rng=rng)
    return codes.strings(made).tolist()


def old_ids(rng: np.random.Generator, n: int) -> Cells:
    made = [str(i) for i in ids(rng, 3 * n)]
    return [i[:6] + i[8:17] for i in made if i[6:8] == "19"][:n]


def foreign(rng: np.random.Generator, n: int) -> Cells:
    made = codes.foreign_resident_ids(
        codes.characters(PROVINCES[rng.integers(0, 4, n)], 2),
        codes.characters(COUNTRIES[rng.integers(0, 4, n)], 3),
        births(rng, n),
        rng.random(n) < 0.5,
        rng=rng,
    )
    return codes.strings(made).tolist()


def old_foreign(rng: np.random.Generator, n: int) -> Cells:
    days = births(rng, n).astype(str)
    letters = rng.choice(["CAN", "USA", "JPN", "DEU"], n)
    return [
        f"{a}{p}0{int(k)}{d[2:4]}{d[5:7]}{d[8:]}{s}"
        for a, p, k, d, s in zip(
            letters, rng.choice(PROVINCES, n), rng.integers(0, 9, n), days, digits(rng, n, 2),
            strict=True,
        )
    ]  # fmt: skip


def credit(rng: np.random.Generator, n: int) -> Cells:
    region = codes.characters(REGIONS[rng.integers(0, len(REGIONS), n)], 6)
    return codes.strings(codes.credit_codes(region, rng=rng)).tolist()


def mobiles(rng: np.random.Generator, n: int) -> Cells:
    return codes.strings(codes.mobiles(n, rng=rng)).tolist()


def grouped_mobiles(rng: np.random.Generator, n: int) -> Cells:
    return [f"+86 {m[:3]}-{m[3:7]}-{m[7:]}" for m in map(str, mobiles(rng, n))]


def cards(rng: np.random.Generator, n: int) -> Cells:
    return codes.strings(codes.bank_cards(n, rng=rng)).tolist()


def landlines(rng: np.random.Generator, n: int) -> Cells:
    tails = ["", "-801", "转802", " ext 3"]
    made = codes.landlines(n, rng=rng)
    return [m + tails[i % 4] if i % 5 == 0 else m for i, m in enumerate(made)]


def bare_landlines(rng: np.random.Generator, n: int) -> Cells:
    return [f"({m[: m.index('-')]}){m[m.index('-') + 1 :]}" for m in codes.landlines(n, rng=rng)]


def plates(rng: np.random.Generator, n: int) -> Cells:
    return codes.plates(rng.choice(["吉A", "京B", "粤Z"], n), rng=rng).tolist()


def green_plates(rng: np.random.Generator, n: int) -> Cells:
    return [f"吉A{'DF'[i % 2]}{d}" for i, d in enumerate(digits(rng, n, 5))]


def emails(rng: np.random.Generator, n: int) -> Cells:
    return [f"user.{d}@mail{i % 3}.example.org" for i, d in enumerate(digits(rng, n, 6))]


def permits(rng: np.random.Generator, n: int) -> Cells:
    tails = rng.choice(["", "00", "01"], n)
    return [
        f"{'HM'[i % 2]}{d}{t}"
        for i, (d, t) in enumerate(zip(digits(rng, n, 8), tails, strict=True))
    ]


def officers(rng: np.random.Generator, n: int) -> Cells:
    return [
        f"{k}字第{d}号"
        for k, d in zip(rng.choice(list("军士文"), n), digits(rng, n, 7), strict=True)
    ]


def ips(rng: np.random.Generator, n: int) -> Cells:
    return [".".join(map(str, row)) for row in rng.integers(1, 255, (n, 4)).tolist()]


def private_ips(rng: np.random.Generator, n: int) -> Cells:
    return [f"192.168.{a}.{b}" for a, b in rng.integers(0, 255, (n, 2)).tolist()]


def ipv6(rng: np.random.Generator, n: int) -> Cells:
    return [f"2001:db8::{a:x}:{b:x}" for a, b in rng.integers(1, 65_535, (n, 2)).tolist()]


def macs(rng: np.random.Generator, n: int) -> Cells:
    return [":-"[i % 2].join(f"{b:02X}" for b in rng.bytes(6)) for i in range(n)]


def names(rng: np.random.Generator, n: int) -> Cells:
    fake = faker(rng)
    return [fake.name() for _ in range(n)]


def addresses(rng: np.random.Generator, n: int) -> Cells:
    fake = faker(rng)
    return [
        f"{fake.province()}{fake.city()}{fake.district()}区{fake.street_name()}{d}号"
        for d in rng.integers(1, 400, n)
    ]


def doors(rng: np.random.Generator, n: int) -> Cells:
    estate = rng.choice(["阳光花园", "幸福小区", "翠湖家园", "紫荆苑"], n)
    return [
        f"{e}{a}号楼{b}单元{c}室"
        for e, (a, b, c) in zip(estate, rng.integers(1, 30, (n, 3)).tolist(), strict=True)
    ]


def region_codes(rng: np.random.Generator, n: int) -> Cells:
    return rng.choice(REGIONS, n).tolist()


def town_codes(rng: np.random.Generator, n: int) -> Cells:
    few = [f"{r}{t:03}" for r in REGIONS for t in (1, 2, 100)]
    return rng.choice(few, n).tolist()


def region_names(rng: np.random.Generator, n: int) -> Cells:
    return rng.choice(["朝阳区", "南关区", "长春市宽城区", "榆树市", "农安县"], n).tolist()


def birth_dates(rng: np.random.Generator, n: int) -> Cells:
    return births(rng, n).astype(str).tolist()


def birth_numbers(rng: np.random.Generator, n: int) -> Cells:
    return [int(d.replace("-", "")) for d in births(rng, n).astype(str).tolist()]


def coordinates(rng: np.random.Generator, n: int) -> Cells:
    return [
        f"{a:.6f},{b:.6f}"
        for a, b in zip(rng.uniform(120, 130, n), rng.uniform(40, 46, n), strict=True)
    ]


def note(text: str, make: Make, share: float = 0.05) -> Make:
    def column(rng: np.random.Generator, n: int) -> Cells:
        out: list[object] = [f"第{d}次来电咨询，已答复，建议复查" for d in digits(rng, n, 2)]
        few = max(1, int(share * n))
        for at, value in zip(rng.choice(n, few, replace=False), make(rng, few), strict=True):
            out[at] = text.format(value)
        return out

    return column


KINDS: dict[str, tuple[str, Make]] = {
    "ids": ("resident-id", ids),
    "old ids": ("resident-id", old_ids),
    "permits of Hong Kong, Macau, Taiwan residents": (
        "hmt-resident-id",
        lambda rng, n: ids(rng, n, np.array(["810000", "820000", "830000"])),
    ),
    "cards of foreigners": ("foreign-resident-id", foreign),
    "old cards of foreigners": ("foreign-resident-id", old_foreign),
    "credit codes": ("credit-code", credit),
    "mobiles": ("mobile", mobiles),
    "mobiles in groups": ("mobile", grouped_mobiles),
    "bank cards": ("bank-card", cards),
    "landlines": ("landline", landlines),
    "landlines in brackets": ("landline", bare_landlines),
    "plates": ("plate", plates),
    "new-energy plates": ("plate", green_plates),
    "e-mail": ("e-mail", emails),
    "passports": ("passport", lambda rng, n: codes.passports(n, rng=rng).tolist()),
    "travel permits": ("travel-permit", permits),
    "officers": ("officer-certificate", officers),
    "IPv4": ("ip-address", ips),
    "IPv4 of a house": ("ip-address", private_ips),
    "IPv6": ("ip-address", ipv6),
    "MAC": ("mac-address", macs),
    "names": ("name", names),
    "addresses": ("address", addresses),
    "doors": ("address", doors),
    "region codes": ("region-code", region_codes),
    "town codes": ("region-code", town_codes),
    "region names": ("region-name", region_names),
    "birth dates": ("birth-date", birth_dates),
    "birth dates as numbers": ("birth-date", birth_numbers),
    "coordinates": ("coordinates", coordinates),
    "notes with mobiles": ("text-with-identifiers", note("请回电{}，谢谢", mobiles)),
    "notes with ids": ("text-with-identifiers", note("证件{}已核对", ids)),
    "notes with landlines": ("text-with-identifiers", note("请回电{}，谢谢", landlines)),
    "notes with cards": ("text-with-identifiers", note("退款至卡号{}。", cards)),
    "notes with e-mail": ("text-with-identifiers", note("请发至{}，谢谢", emails)),
    "notes with plates": ("text-with-identifiers", note("车辆{}，违停", plates)),
    "notes with addresses": ("text-with-identifiers", note("上门地址：{}，已去", addresses)),
    "notes with names": ("text-with-identifiers", note("联系人：{}，已去", names)),
    "notes with IP": ("text-with-identifiers", note("登录自 {}，正常", ips)),
    "notes with MAC": ("text-with-identifiers", note("设备 {}，正常", macs)),
}

_WORDS = """
高血压 马铃薯 王府井 黄瓜 白菜 金属 石油 万元 方案 马路 田径 江西 安全
施工 高中 平板 康复 常规 石膏 温度 时间 任务 成本 程序 段落 文件 章节
白血病 黄疸 金银花 白芍 黄芪 牛黄 马应龙 水果 花生 高粱 方便面 牛奶 雷达
易拉罐 毛巾 石灰 古城 龙井茶 云南 海南 洪水 凌晨 季度 单位 项目 严重
关节炎 胡萝卜 车站 路灯 米饭 包子 阳台 江水 万科 池塘 柴油 宁波 温州
安阳 常州 徐州 郑州 苏州 贺州 柳州 金华 乐山 向日葵 党员 关系 习惯 明细
顾客 纪律 管理 和平 解放 全部 强度 权重 计算 相关 干净 信息
"""
WORDS = _WORDS.split()


def serials(rng: np.random.Generator, n: int) -> Cells:
    day = (np.datetime64("2023-01-01") + rng.integers(0, 700, n)).astype(str)
    at = rng.integers(0, len(REGIONS), n)
    tails = digits(rng, n, 4)
    return [f"{REGIONS[i]}{d.replace('-', '')}{s}" for i, d, s in zip(at, day, tails, strict=True)]


def diseases(rng: np.random.Generator, n: int) -> Cells:
    return rng.choice(WORDS, n).tolist()


def employers(rng: np.random.Generator, n: int) -> Cells:
    fake = faker(rng)
    return [fake.company() for _ in range(n)]


def offices(rng: np.random.Generator, n: int) -> Cells:
    street = rng.choice(["永昌", "清和", "桂林", "南湖"], n)
    return [f"长春市朝阳区{s}街道办事处" for s in street]


NEAR_MISSES: dict[str, Make] = {
    "18 digits with region and date": serials,
    "18 random digits": lambda rng, n: digits(rng, n, 18),
    "18 digits from 9": lambda rng, n: [f"9{d}" for d in digits(rng, n, 17)],
    "15 digits of parcels": lambda rng, n: [f"77{d}" for d in digits(rng, n, 13)],
    "16 digits of parcels": lambda rng, n: [f"62{d}" for d in digits(rng, n, 14)],
    "19 digits of parcels": lambda rng, n: [f"62{d}" for d in digits(rng, n, 17)],
    "parcels with letters": lambda rng, n: [f"SF{d}" for d in digits(rng, n, 13)],
    "amounts like mobiles": lambda rng, n: [f"{v:.2f}" for v in rng.uniform(1.3e10, 1.9e10, n)],
    "11 digits": lambda rng, n: digits(rng, n, 11),
    "11 digits from a nought": lambda rng, n: [f"0{d}" for d in digits(rng, n, 10)],
    "serials of 11 digits": lambda rng, n: [str(13_800_000_000 + i) for i in range(n)],
    "dates as numbers": lambda rng, n: [
        int(d.replace("-", "")) for d in births(rng, n, "2021-01-01", 1200).astype(str).tolist()
    ],
    "dates of visits": lambda rng, n: births(rng, n, "2021-01-01", 1200).astype(str).tolist(),
    "product codes of 6 digits": lambda rng, n: digits(rng, n, 6),
    "few product codes of 6 digits": lambda rng, n: rng.choice(digits(rng, 12, 6), n).tolist(),
    "dates of 6 digits": lambda rng, n: [
        d.replace("-", "")[2:] for d in births(rng, n, "2021-01-01", 1000).astype(str).tolist()
    ],
    "postcodes of a city": lambda rng, n: [f"1300{i:02}" for i in rng.integers(10, 40, n)],
    "versions": lambda rng, n: [
        ".".join(map(str, row)) for row in rng.integers(0, 20, (n, 4)).tolist()
    ],
    "versions of Windows": lambda rng, n: [f"10.0.19041.{i}" for i in rng.integers(1, 3000, n)],
    "times": lambda rng, n: [f"{a:02}:{b:02}:{c:02}" for a, b, c in rng.integers(0, 24, (n, 3))],
    "hashes of 12 digits": lambda rng, n: [rng.bytes(6).hex() for _ in range(n)],
    "hashes of 32 digits": lambda rng, n: [rng.bytes(16).hex() for _ in range(n)],
    "product codes with E": lambda rng, n: [f"E{d}" for d in digits(rng, n, 8)],
    "product codes with a letter": lambda rng, n: [
        f"{a}{d}" for a, d in zip(rng.choice(list("ABCDEFGHMK"), n), digits(rng, n, 8), strict=True)
    ],
    "files of an office": lambda rng, n: [f"京字第{d}号" for d in digits(rng, n, 6)],
    "part numbers": lambda rng, n: [f"0{d[:3]}-{d[3:]}" for d in digits(rng, n, 10)],
    "words that begin with a surname": diseases,
    "companies": employers,
    "offices of streets": offices,
    "hospitals": lambda rng, n: [f"{c}第{i}人民医院" for c, i in zip(
        rng.choice(["长春市", "吉林市", "北京市朝阳区"], n), rng.integers(1, 9, n), strict=True)],
    "diagnoses": lambda rng, n: rng.choice(["高血压", "肺炎", "胃炎", "白血病"], n).tolist(),
    "milliseconds": lambda rng, n: rng.integers(1_600_000_000_000, 1_750_000_000_000, n).tolist(),
    "prices": lambda rng, n: rng.normal(120, 30, n).round(6).tolist(),
    "notes": lambda rng, n: [
        f"第 {d} 号文件，版本 1.2.3.{i % 9}，共 {i} 页" for i, d in enumerate(digits(rng, n, 9))
    ],
    "notes with order numbers": lambda rng, n: [f"订单{s}已发货，运单{d}" for s, d in zip(
        serials(rng, n), digits(rng, n, 11), strict=True)],
}  # fmt: skip

BY_NAME: dict[str, tuple[str, Make]] = {
    "台胞证号": ("taiwan-permit", lambda rng, n: digits(rng, n, 8)),
    "社保卡号": ("social-insurance", lambda rng, n: [f"A{d}" for d in digits(rng, n, 8)]),
    "医保号": ("medical-insurance", lambda rng, n: digits(rng, n, 12)),
    "QQ": ("qq", lambda rng, n: [f"1{d}" for d in digits(rng, n, 8)]),
    "微信号": ("wechat", lambda rng, n: [f"wx_{d}" for d in digits(rng, n, 8)]),
    "护照号码": ("passport", lambda rng, n: [f"E{d}" for d in digits(rng, n, 8)]),
    "回乡证": ("travel-permit", lambda rng, n: [f"H{d}" for d in digits(rng, n, 8)]),
    "home_phone": ("landline", lambda rng, n: [f"8{d}" for d in digits(rng, n, 7)]),
    "ip": ("ip-address", lambda rng, n: [f"10.0.0.{i % 30}" for i in range(n)]),
    "社会保障号": ("resident-id", ids),
}

WIDE = {i: i + 0xFEE0 for i in range(0x21, 0x7F)}


def dirty(cells: Cells, rng: np.random.Generator) -> Cells:
    """Return cells as careless hands leave them: one in ten has been touched."""
    out: list[object] = []
    for cell, how in zip(cells, rng.integers(0, 60, len(cells)).tolist(), strict=True):
        text = str(cell)
        if how == 0:
            out.append(f" {text}\u3000")
        elif how == 1:
            out.append(text.translate(WIDE))
        elif how == 2:
            out.append(text.lower() if text.isascii() else text)
        elif how == 3:
            out.append(None)
        elif how == 4:
            out.append("")
        elif how == 5:
            out.append(f"'{text}" if text.isdigit() and len(text) > 10 else text)
        else:
            out.append(text)
    return out


def scanned(makes: dict[str, Make], seed: int, n: int, *, soiled: bool = False) -> Scan:
    columns: dict[str, Cells] = {}
    for i, make in enumerate(makes.values()):
        rng = np.random.default_rng([seed, n, i])
        cells = make(rng, n)
        columns[f"c{i}"] = dirty(cells, rng) if soiled else cells
    return scan(pd.DataFrame(columns))


def judged(
    seeds: range, sizes: tuple[int, ...], *, soiled: bool
) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Return hits, misses and false alarms, each by label."""
    hits: Counter[str] = Counter()
    misses: Counter[str] = Counter()
    false: Counter[str] = Counter()
    known = {kind for kind, _ in KINDS.values()} | {"text-with-identifiers"}
    right = {label: make for label, (_, make) in KINDS.items()}
    for seed in seeds:
        for n in sizes:
            seen = scanned(right, seed, n, soiled=soiled)
            for (label, (kind, _)), finding in zip(KINDS.items(), seen.findings, strict=True):
                if finding.holds == kind:
                    hits[label] += 1
                else:
                    misses[label] += 1
                    if finding.holds in known:
                        false[f"{label} as {finding.holds}"] += 1
            wrong = scanned(NEAR_MISSES, seed, n, soiled=soiled)
            for label, finding in zip(NEAR_MISSES, wrong.findings, strict=True):
                if finding.holds in known:
                    false[f"{label} as {finding.holds}"] += 1
    return hits, misses, false


def check(seeds: range, sizes: tuple[int, ...], *, soiled: bool) -> None:
    hits, misses, false = judged(seeds, sizes, soiled=soiled)
    recall = {label: hits[label] / (hits[label] + misses[label]) for label in KINDS}
    told = {label: round(r, 3) for label, r in recall.items() if r < 1}
    n_hits, n_misses, n_false = hits.total(), misses.total(), false.total()
    message = f"recall below 1: {told}; false alarms: {dict(false)}"
    assert n_hits / (n_hits + n_misses) >= 0.98, message
    assert n_hits / (n_hits + n_false) >= 0.98, message
    assert min(recall.values()) >= 0.9, message


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("n", [3, 300])
def test_kinds_that_only_a_name_makes_likely(name: str, n: int) -> None:
    kind, make = BY_NAME[name]
    cells = make(np.random.default_rng(1), n)
    finding = scan(pd.DataFrame({name: dirty(cells, np.random.default_rng(2))})).findings[0]
    assert (finding.holds, finding.role, finding.in_cells) == (kind, "direct-identifier", True)
    if kind not in ("resident-id", "mobile"):  # cells that say nothing by themselves
        assert scan({"c0": cells}).findings[0].holds != kind


@pytest.mark.parametrize("soiled", [False, True])
def test_recall_and_precision(soiled: bool) -> None:
    check(range(1), (150,), soiled=soiled)


@pytest.mark.slow
@pytest.mark.parametrize("soiled", [False, True])
def test_recall_and_precision_over_many_seeds(soiled: bool) -> None:
    """40 kinds and 35 near misses, 4 seeds, three sizes: 480 columns to find, 420 to leave."""
    check(range(10, 14), (40, 150, 800), soiled=soiled)


@pytest.mark.slow
def test_names_are_found_where_the_common_surnames_have_used_up_their_given_names() -> None:
    from niming.tables.datasets import residents

    names = residents(400_000, seed=7)["name"]
    finding = scan({"c0": names.to_numpy()}).findings[0]
    assert finding.n_distinct > 100_000
    assert finding.holds == "name"


FILLERS = [
    "不详",
    "未知",
    "无",
    "暂无",
    "-",
    "--",
    "/",
    "N/A",
    "null",
    "None",
    "?",
    "0000",
    "（空）",
]


def filled(cells: Cells, share: float, fillers: Sequence[str]) -> Cells:
    """Return cells, as text, a share of which is replaced by what stands for a missing value."""
    out = [str(cell) for cell in cells]
    rng = np.random.default_rng(0)
    for i in rng.choice(len(out), int(share * len(out)), replace=False):
        out[i] = fillers[int(rng.integers(len(fillers)))]
    return out


@pytest.mark.parametrize(
    ("share", "fillers"),
    [
        (0.2, FILLERS),
        pytest.param(0.05, ["不详"], marks=pytest.mark.slow),
        pytest.param(0.12, ["不详"], marks=pytest.mark.slow),
        pytest.param(0.5, FILLERS, marks=pytest.mark.slow),
    ],
)
def test_placeholders_hide_no_kind_and_make_none(share: float, fillers: Sequence[str]) -> None:
    known = {kind for kind, _ in KINDS.values()}
    made = {label: make(np.random.default_rng(3), 400) for label, (_, make) in KINDS.items()}
    made |= {label: make(np.random.default_rng(3), 400) for label, make in NEAR_MISSES.items()}
    seen = scan({f"c{i}": filled(cells, share, fillers) for i, cells in enumerate(made.values())})
    told = dict(zip(made, (finding.holds for finding in seen.findings), strict=True))
    assert {label: told[label] for label in KINDS} == {k: kind for k, (kind, _) in KINDS.items()}
    assert {label: told[label] for label in NEAR_MISSES if told[label] in known} == {}
