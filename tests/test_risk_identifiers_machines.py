"""Addresses of machines, dates and places against slow readings of them."""

from __future__ import annotations

import ipaddress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.risk.identifiers import networks
from niming.risk.identifiers.places import is_address, is_region_code, is_region_name
from niming.risk.identifiers.texts import Plain, plain


def slow_ip(text: str) -> bool:
    try:
        known = ipaddress.ip_address(text)
    except ValueError:
        return False
    groups = sum(bool(group) for group in text.split(":"))
    return known.version == 4 or (groups >= 2 and "%" not in text and "." not in text)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.ip_addresses().map(str),
            st.ip_addresses(v=6).map(lambda ip: ip.exploded),
            st.text("0123456789abcdef:.", min_size=3, max_size=24),
            st.lists(st.integers(0, 300), min_size=3, max_size=5).map(
                lambda parts: ".".join(map(str, parts))
            ),
            st.lists(st.sampled_from(["", "1", "ab", "ffff"]), min_size=2, max_size=10).map(
                ":".join
            ),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_ip_addresses_are_those_of_the_standard_library(texts: list[str]) -> None:
    assert networks.is_ip(texts).tolist() == [slow_ip(text) for text in texts]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=30)), max_size=30), st.integers(0, 5))
def test_shapes_count_the_bytes_of_each_sort(texts: list[str | None], start: int) -> None:
    array = pa.array(texts, pa.string()).slice(min(start, len(texts)))
    shape = Plain(array).shape
    for i, text in enumerate(array.to_pylist()):
        if text is None:
            assert shape.digits[i] == 0
            continue
        data = text.encode()
        assert shape.digits[i] == sum(c in b"0123456789" for c in data)
        assert shape.hexes[i] == sum(c in b"abcdefABCDEF" for c in data)
        assert shape.letters[i] + shape.hexes[i] == sum(chr(c).isalpha() for c in data if c < 128)
        assert shape.beyond[i] == sum(c > 127 for c in data)
        assert sum(int(sort[i]) for sort in shape) == len(data)


def test_texts_longer_than_can_be_counted_are_still_looked_at() -> None:
    long = "a" * 70_000 + " 13800138000"
    from niming.risk.identifiers.within import contained

    assert contained([f"电话 {long}", "x"])["mobile"].tolist() == [True, False]


def test_plain_keeps_what_is_there_and_changes_what_is_not_narrow() -> None:
    texts = ["１３８", "'13800138000", "13800138000.0", "1.0", "你好，Ａ", None, " x\u3000"]
    assert plain(texts).array.to_pylist() == [
        "138", "13800138000", "13800138000", "1.0", "你好,A", None, "x",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "吉林省长春市朝阳区人民大街1号",
        "榆树市五棵树镇东村3组",
        "阳光花园3号楼2单元501室",
        "人民大街123号4栋2单元",
    ],
)
def test_addresses(text: str) -> None:
    assert is_address([text]).tolist() == [True]


@pytest.mark.parametrize(
    "text",
    [
        "朝阳区",
        "长春市第一人民医院",
        "朝阳区永昌街道办事处",
        "中国石油道路工程公司",
        "高血压",
        "长春市公安局朝阳区分局",
    ],
)
def test_no_addresses(text: str) -> None:
    assert is_address([text]).tolist() == [False]


def test_one_in_twelve_random_numbers_is_a_region_code() -> None:
    rng = np.random.default_rng(0)
    share = is_region_code([f"{d:06}" for d in rng.integers(0, 10**6, 20_000)]).mean()
    assert 0.03 < share < 1 / 12
    assert is_region_code(["110000", "220104", "469021", "659001", "820000"]).all()
    assert not is_region_code(["160101", "139900", "22010"]).any()
    assert is_region_name(["吉林省", "朝阳区", "内蒙古"]).all()
