"""Checkers of identifiers against slow readings of the standards, one text at a time."""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.risk.identifiers import numbers, within
from niming.tables import identifiers
from niming.tables.identifiers import MOBILE_SEGMENTS

# GB/T 2260, first two digits; 91 to 98 begin the permanent residence cards of foreigners.
PROVINCES = [
    *range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55),
    *range(61, 66), 71, 81, 82, 83, *range(91, 99),
]  # fmt: skip
PLATE_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
ALPHABET_31 = "0123456789ABCDEFGHJKLMNPQRTUWXY"
NETWORKS = {  # ISO/IEC 7812: first digits and lengths as the networks issue them
    r"4": (13, 16, 17, 18, 19),
    r"3[068]": (14,),
    r"3[47]": (15,),
    r"35": (16,),
    r"2[2-7]": (16,),
    r"5": (16, 17, 18, 19),
    r"6": (16, 17, 18, 19),
    r"955[89]": (16, 17, 18, 19),
}
INVISIBLE = {0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF}
WIDE = {i: i + 0xFEE0 for i in range(0x21, 0x7F)}


def slow_plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c for c in text if ord(c) not in INVISIBLE).strip()
    bare = text[1:] if text[:1] in ("'", "`", "‘", "’") else text
    bare = bare.removesuffix(".0")
    return bare if re.fullmatch("[0-9]{11,19}|[0-9]{17}[Xx]", bare) else text


def slow_date(text: str) -> bool:
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    if not (1800 <= year <= 2199 and 1 <= month <= 12):
        return False
    return 1 <= day <= calendar.monthrange(year, month)[1]


def slow_resident_id(text: str) -> bool:
    text = slow_plain(text).upper()
    if re.fullmatch(r"[0-9]{15}", text):  # first generation: no century, no check
        century = "18" if text[12:] >= "996" else "19"
        return int(text[:2]) in PROVINCES and slow_date(century + text[6:12])
    grouped = re.fullmatch(
        "([0-9]{6})[ -]?([0-9]{4})[ -]?([0-9]{4})[ -]?([0-9]{3})[ -]?([0-9X])", text
    )
    if grouped is None:
        return False
    text = "".join(grouped.groups())
    # ISO 7064 MOD 11-2: the weighted sum with the check character leaves 1.
    total = sum((10 if c == "X" else int(c)) * 2 ** (17 - i) for i, c in enumerate(text))
    return total % 11 == 1 and int(text[:2]) in PROVINCES and slow_date(text[6:14])


def slow_credit_code(text: str) -> bool:
    text = slow_plain(text).upper()
    if len(text) != 18 or not set(text) <= set(ALPHABET_31) or not text[2:8].isdigit():
        return False
    return sum(ALPHABET_31.index(c) * 3**i for i, c in enumerate(text[:17])) % 31 == (
        -ALPHABET_31.index(text[17]) % 31
    )


def slow_joined(text: str) -> str:
    text = slow_plain(text)
    return re.sub("[ -]", "", text) if re.fullmatch(r"\+?[0-9][0-9 \-]*[0-9]", text) else ""


def slow_bank_card(text: str) -> bool:
    digits = slow_joined(text)
    if not any(
        re.match(first, digits) and len(digits) in lengths for first, lengths in NETWORKS.items()
    ):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value // 10 + value % 10
    return total % 10 == 0


def slow_mobile(text: str) -> bool:
    digits = slow_joined(text)
    for country in ("+86", "0086", "86", ""):
        if digits.startswith(country) and len(digits) == len(country) + 11:
            return int(digits[len(country) :][:3]) in MOBILE_SEGMENTS
    return False


def slow_email(text: str) -> bool:
    local, _, domain = slow_plain(text).partition("@")
    labels = domain.split(".")
    atoms = [re.fullmatch(r"[A-Za-z0-9-]+", label) for label in labels]
    return (
        re.fullmatch(r"[A-Za-z0-9._%+-]+", local) is not None
        and len(labels) > 1
        and all(atoms)
        and re.fullmatch(r"[A-Za-z]{2,}", labels[-1]) is not None
    )


def slow_plate(text: str) -> bool:
    text = slow_plain(text)
    if not text or text[0] not in PLATE_PROVINCES:
        return False
    letters, either = "ABCDEFGHJKLMNPQRSTUVWXYZ", "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
    rest = text[1:]
    if not rest or rest[0] not in letters:
        return False
    rest = rest[1:]
    if rest and (rest[0] in "-·•." or rest[0].isspace()):
        rest = rest[1:]
    if len(rest) == 5:
        return all(c in either for c in rest[:4]) and rest[4] in either + "挂学警港澳领"
    if len(rest) != 6:
        return False
    begins = rest[0] in "DF" and rest[1] in either and re.fullmatch("[0-9]{4}", rest[2:])
    return bool(begins or (re.fullmatch("[0-9]{5}", rest[:5]) and rest[5] in "DF"))


def invented(kind: str, n: int, seed: int) -> list[str]:
    """Return valid identifiers, made by the same room that fills the registers."""
    rng = np.random.default_rng(seed)
    region = identifiers.characters([f"{r:06}" for r in rng.integers(110101, 659004, n)], 6)
    region[:, :2] = identifiers.characters(rng.choice(PROVINCES[:31], n).astype(str), 2)
    if kind == "resident-id":
        birth = np.datetime64("1880-01-01") + rng.integers(0, 53_000, n)
        chars = identifiers.resident_ids(region, birth, rng.random(n) < 0.5, rng=rng)
    elif kind == "resident-id-15":
        birth = np.datetime64("1930-01-01") + rng.integers(0, 20_000, n)
        chars = identifiers.resident_ids(region, birth, rng.random(n) < 0.5, rng=rng)
        chars = np.delete(chars, [6, 7, 17], axis=1)
    elif kind == "credit-code":
        chars = identifiers.credit_codes(region, rng=rng)
    elif kind == "bank-card":
        chars = identifiers.bank_cards(n, rng=rng)
    elif kind == "mobile":
        chars = identifiers.mobiles(n, rng=rng)
    elif kind == "plate":
        return identifiers.plates(rng.choice(["吉A", "京B", "粤Z"], n), rng=rng).tolist()
    else:
        return [f"u{i}.{rng.integers(10**6)}@mail-{i % 7}.example.org" for i in range(n)]
    return identifiers.strings(chars).tolist()


CHECKS: dict[str, tuple[Callable[..., np.ndarray], Callable[[str], bool]]] = {
    "resident-id": (numbers.is_resident_id, slow_resident_id),
    "resident-id-15": (numbers.is_resident_id, slow_resident_id),
    "credit-code": (numbers.is_credit_code, slow_credit_code),
    "bank-card": (numbers.is_bank_card, slow_bank_card),
    "mobile": (numbers.is_mobile, slow_mobile),
    "e-mail": (numbers.is_email, slow_email),
    "plate": (numbers.is_plate, slow_plate),
}
VALID = {kind: invented(kind, 200, 1) for kind in CHECKS}


@st.composite
def spoilt(draw: st.DrawFn, kind: str) -> str:
    """Draw a valid identifier and spoil it in up to two ways, some of which leave it valid."""
    text = draw(st.sampled_from(VALID[kind]))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text)))
        how = draw(st.integers(0, 8))
        character = draw(st.sampled_from("0123456789XxAIOSVZ -+.@吉\u3000．（٣²"))
        if how == 0:
            text = text[:at] + character + text[at:]
        elif how == 1:
            text = text[:at] + character + text[at + 1 :]
        elif how == 2:
            text = text[:at] + text[at + 1 :]
        elif how == 3:
            text = text.translate(WIDE)
        elif how == 4:
            text = text.lower()
        elif how == 5:
            text = " " + text + "\u3000\t"
        elif how == 6:
            text = text[:at] + text[at:][:2][::-1] + text[at:][2:]
        elif how == 7:
            text = draw(st.sampled_from(["+86 ", "0086", "86-", "'", "\ufeff", "x"])) + text
        if how == 8:
            text = text + draw(st.sampled_from([".0", ".00", "\u200b", "'"]))
    return text


@pytest.mark.parametrize("kind", CHECKS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_checker_equals_its_oracle(kind: str, data: st.DataObject) -> None:
    fast, slow = CHECKS[kind]
    texts = data.draw(st.lists(spoilt(kind), min_size=1, max_size=40))
    assert fast(texts).tolist() == [slow(text) for text in texts]


@pytest.mark.parametrize("kind", CHECKS)
@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.text(max_size=24), max_size=12))
def test_checker_equals_its_oracle_on_any_text(kind: str, texts: list[str]) -> None:
    fast, slow = CHECKS[kind]
    assert fast(texts).tolist() == [slow(text) for text in texts]


@pytest.mark.parametrize("kind", CHECKS)
def test_every_invented_identifier_is_known_whatever_its_dress(kind: str) -> None:
    fast, _ = CHECKS[kind]
    valid = VALID[kind]
    assert fast(valid).all()
    assert fast([f"  {text}\u3000" for text in valid]).all()
    assert fast([text.translate(WIDE) for text in valid]).all()
    if kind != "plate":
        assert fast([text.lower() for text in valid]).all()


@pytest.mark.parametrize("kind", ["resident-id", "credit-code", "bank-card"])
def test_one_wrong_digit_is_always_noticed(kind: str) -> None:
    fast, _ = CHECKS[kind]
    wrong = []
    for text in VALID[kind][:40]:
        # The first eight of an id, the first two of a card also decide by themselves.
        for at in range(len(text)):
            if text[at].isdigit():
                wrong.append(text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :])
    assert not fast(wrong).any()


def test_neighbours_swapped_are_noticed_by_resident_ids_and_credit_codes() -> None:
    for kind in ("resident-id", "credit-code"):
        swapped = [
            text[:at] + text[at + 1] + text[at] + text[at + 2 :]
            for text in VALID[kind][:40]
            for at in range(len(text) - 1)
            if text[at] != text[at + 1]
        ]
        assert not CHECKS[kind][0](swapped).any()


def test_numbers_printed_by_standards_and_networks() -> None:
    # GB 11643-1999, clause 4.3; the rest are the networks' published test numbers.
    assert numbers.is_resident_id(["11010519491231002X", "440524188001010014"]).all()
    cards = [
        "4111111111111111", "5555555555554444", "378282246310005", "30569309025904",
        "3530111333300000", "6011111111111117", "6200000000000005", "2223003122003222",
    ]  # fmt: skip
    assert numbers.is_bank_card(cards).all()
    assert numbers.is_bank_card([f"{c[:4]} {c[4:8]}-{c[8:]}" for c in cards]).all()


@pytest.mark.parametrize("year", [1800, 1899, 1900, 1999, 2000, 2024, 2025, 2199])
def test_every_year_of_birth_is_read(year: int) -> None:
    rng = np.random.default_rng(year)
    birth = np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="datetime64[D]")
    region = np.tile(identifiers.characters(["220102"], 6), (len(birth), 1))
    ids = identifiers.resident_ids(region, birth, rng.random(len(birth)) < 0.5, rng=rng)
    assert numbers.is_resident_id(identifiers.strings(ids)).all()


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["13800138000", None, ""]),
        pa.chunked_array([["13800138000"], [None, ""]]),
        pa.array(["13800138000", None, ""]).dictionary_encode(),
        pa.chunked_array([pa.array(["13800138000", None, ""]).dictionary_encode()]),
        pa.array(["13800138000", None, ""], pa.large_string()),
        pa.array(["x", "13800138000", None, ""]).slice(1),
        np.array(["13800138000", None, ""], dtype=object),
        np.array(["13800138000", float("nan"), ""], dtype=object),
        ["13800138000", None, ""],
    ],
    ids=["array", "chunks", "dictionary", "dictionary chunks", "large", "slice", "None", "NaN",
         "list"],
)  # fmt: skip
def test_any_array_is_read_and_missing_is_no_identifier(values: object) -> None:
    assert numbers.is_mobile(values).tolist() == [True, False, False]


def test_whole_numbers_are_read_as_written() -> None:
    assert numbers.is_mobile(np.array([13800138000, 5])).tolist() == [True, False]
    assert numbers.is_resident_id(pa.array([110105194912310021, 440524188001010014])).tolist() == [
        False,
        True,
    ]


@pytest.mark.parametrize("kind", [*CHECKS, "inside"])
def test_no_value_no_answer(kind: str) -> None:
    fast = within.holds_identifier if kind == "inside" else CHECKS[kind][0]
    assert fast([]).shape == (0,)
    assert fast(pa.array([], pa.string())).shape == (0,)
    assert fast(pa.nulls(3, pa.string())).tolist() == [False] * 3
    assert fast(["", " ", "\u3000"]).tolist() == [False] * 3


@pytest.mark.parametrize(
    "text",
    [
        "居民身份证：11010519491231002X。",
        "id 11010519491231002x, seen twice",
        "（11010519491231002X）",
        "身份证110105194912310021有误，应为11010519491231002X",
        "请联系13800138000或座机",
        "请联系１３８００１３８０００",
        "call +86 13800138000 now",
        "tel:13800138000;fax 010-12345678",
        "订单20240101123456789，电话13800138000",
        "电话13800138000.",
        "电话138-0013-8000 或 138 0013 8001",
        "编号110105 19491231 002X",
        "write to a.b@example.org.",
        "邮箱a.b@example.org",
    ],
)
def test_an_identifier_inside_text_is_found(text: str) -> None:
    assert within.holds_identifier([text]).tolist() == [True]


@pytest.mark.parametrize(
    "text",
    [
        "号码110105194912310021",
        "编号 2138001380001 在列",
        "共 1.3800138000 吨",
        "AB-13800138000",
        "run 7f3a13800138000c",
        "订单号：110105194912310021000",
        "我 @ 家",
        "联系电话已登记",
        "[30, 40)",
        "*",
    ],
)
def test_other_text_is_left_alone(text: str) -> None:
    assert within.holds_identifier([text]).tolist() == [False]
