"""`niming.domain.fingerprint` and `.canonical`: published vectors, and what is refused."""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from niming.domain.canonical import canonical, parse
from niming.domain.fingerprint import Fingerprint, digest, fingerprint
from niming.errors import InputError

CANARY = "CANARY-13800138000"


class TestFiles:
    # FIPS 180-4 example, and GB/T 32905-2016, examples 1 and 2
    @pytest.mark.parametrize(
        ("content", "sha256", "sm3"),
        [
            (
                b"abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
            ),
            (
                b"abcd" * 16,
                hashlib.sha256(b"abcd" * 16).hexdigest(),
                "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
            ),
        ],
    )
    def test_vectors(self, tmp_path: Path, content: bytes, sha256: str, sm3: str):
        (tmp_path / "f").write_bytes(content)
        assert fingerprint(tmp_path / "f") == Fingerprint("f", sha256, sm3)
        assert fingerprint(content, name="f") == Fingerprint("f", sha256, sm3)

    def test_several_chunks(self, tmp_path: Path):
        content = os.urandom((2 << 20) + 17)
        (tmp_path / "f").write_bytes(content)
        found = fingerprint(str(tmp_path / "f"), name="sub/f.bin")
        assert found == fingerprint(content, name="sub/f.bin")
        assert found.sha256 == hashlib.sha256(content).hexdigest()

    def test_not_a_file(self, tmp_path: Path):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(InputError, match="not a regular file"):
            fingerprint(tmp_path / "pipe")
        with pytest.raises(InputError, match="not a regular file"):
            fingerprint(tmp_path)
        with pytest.raises(InputError, match="cannot be read"):
            fingerprint(tmp_path / "missing")

    @pytest.mark.parametrize(
        "name", ["", "/etc/passwd", "../a", "a/../b", "a//b", "./a", "a\\b", "a\nb"]
    )
    def test_names_stay_in_the_release(self, name: str):
        with pytest.raises(InputError, match="no name of a file"):
            fingerprint(b"", name=name)

    def test_bytes_need_a_name(self):
        with pytest.raises(InputError, match="name="):
            fingerprint(b"")

    def test_round_trip(self):
        found = fingerprint(b"abc", name="a")
        assert Fingerprint.from_dict(found.to_dict()) == found

    @pytest.mark.parametrize(
        "subject",
        [
            None, [], {}, {"name": "a"}, {"name": "a", "digest": {}},
            {"name": 1, "digest": {"sha256": "0" * 64, "sm3": "0" * 64}},
            {"name": "a", "digest": {"sha256": "0" * 64}},
            {"name": "a", "digest": {"sha256": "0" * 64, "sm3": "0" * 63}},
            {"name": "a", "digest": {"sha256": "0" * 64, "sm3": "A" * 64}},
            {"name": "a", "digest": {"sha256": "0" * 64, "sm3": "0" * 64, "md5": "0" * 32}},
            {"name": "a", "digest": {"sha256": "0" * 64, "sm3": "0" * 64}, "uri": "x"},
        ],
    )  # fmt: skip
    def test_nonsense_is_refused(self, subject: object):
        with pytest.raises(InputError):
            Fingerprint.from_dict(subject)


# RFC 8785, Appendix B: the 64 bits of a double, and its text
NUMBERS = [
    ("0000000000000000", "0"), ("8000000000000000", "0"), ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"), ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"), ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"), ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"), ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"), ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"), ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"), ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"), ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"), ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"), ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]  # fmt: skip


class TestCanonical:
    @pytest.mark.parametrize(("bits", "text"), NUMBERS)
    def test_numbers_of_the_rfc(self, bits: str, text: str):
        assert canonical(struct.unpack(">d", bytes.fromhex(bits))[0]) == text.encode()

    def test_example_of_the_rfc(self):
        # RFC 8785, section 3.2.2 and 3.2.4
        value = json.loads(
            r'{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],'
            r'"string": "\u20ac$\u000F\u000aA' + "'" + r'\u0042\u0022\u005c\\\"\/",'
            r'"literals": [null, true, false]}'
        )
        assert canonical(value).hex(" ") == (
            "7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 75 65 2c 66 61 6c 73 65 "
            "5d 2c 22 6e 75 6d 62 65 72 73 22 3a 5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 "
            "33 33 2c 31 65 2b 33 30 2c 34 2e 35 2c 30 2e 30 30 32 2c 31 65 2d 32 37 5d 2c 22 73 "
            "74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 30 66 5c 6e 41 27 42 5c 22 5c 5c 5c "
            "5c 5c 22 2f 22 7d"
        )

    def test_keys_sort_by_utf16(self):
        # RFC 8785, section 3.2.3
        keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
        text = canonical(dict.fromkeys(keys, 0)).decode()
        assert list(json.loads(text)) == [
            "\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "value",
        [math.nan, math.inf, 2**53, -(2**53), "\ud800", b"x", {1: 2}, {"a": {1}}, object()],
    )
    def test_what_json_cannot_say_is_refused(self, value: object):
        with pytest.raises(InputError, match="no canonical JSON") as caught:
            canonical({CANARY: [value]})
        assert CANARY not in str(caught.value)
        assert str(2**53) not in str(caught.value)

    def test_depth(self):
        deep: list = []
        for _ in range(200):
            deep = [deep]
        with pytest.raises(InputError, match="deeper"):
            canonical(deep)
        with pytest.raises(InputError, match="deeper"):
            parse(b"[" * 100_000)
        with pytest.raises(InputError, match="deeper"):
            parse(b"[" * 200 + b"]" * 200)

    JSONS = st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=20,
    )  # fmt: skip

    @given(JSONS)
    def test_reading_back_gives_the_same_bytes(self, value: object):
        data = canonical(value)
        assert parse(data) == value
        assert canonical(parse(data)) == data

    @given(JSONS)
    def test_digest_is_of_the_canonical_bytes(self, value: object):
        assert digest(value) == hashlib.sha256(canonical(value)).hexdigest()


class TestParse:
    @pytest.mark.parametrize(
        "data",
        [
            b"", b"{", b"[1,]", b'{"a":1,"a":1}', b'[{"a":{"b":1,"b":2}}]', b"NaN", b"[Infinity]",
            b"-Infinity", b"\xff", b"\xef\xbb\xbf{}", b"1" * 5000, b"1e400", b"{} {}", b"'a'",
        ],
    )  # fmt: skip
    def test_refused(self, data: bytes):
        with pytest.raises(InputError):
            parse(data)

    def test_large_whole_doubles_come_back(self):
        for value in (2.0**53, -1.5e17, 999999999999999900000.0, 2.948029036067419e16):
            assert parse(canonical(value)) == value
            assert canonical(parse(canonical(value))) == canonical(value)

    def test_no_text_is_quoted(self):
        with pytest.raises(InputError) as caught:
            parse(f'{{"a": {CANARY}}}'.encode())
        assert CANARY not in str(caught.value)
        assert caught.value.__suppress_context__
