"""Check digits of Chinese identifiers against slow readings of the standards."""

from __future__ import annotations

import calendar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import InputError
from niming.tables import identifiers as ids

ALPHABET_31 = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def slow_resident_check(body: str) -> str:
    """GB 11643 as ISO 7064 states it: double and add, the whole must leave 1 modulo 11."""
    for check in "0123456789X":
        total = sum(
            (10 if c == "X" else int(c)) * 2 ** (17 - i) for i, c in enumerate(body + check)
        )
        if total % 11 == 1:
            return check
    raise AssertionError("one of eleven must fit")


def slow_credit_check(body: str) -> str:
    """GB 32100: the check character whose value makes the weighted sum a multiple of 31."""
    total = sum(ALPHABET_31.index(c) * 3**i for i, c in enumerate(body))
    return next(c for c in ALPHABET_31 if (total + ALPHABET_31.index(c)) % 31 == 0)


def slow_organisation_check(body: str) -> str:
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    value = 11 - sum(w * int(c, 36) for w, c in zip(weights, body, strict=True)) % 11
    return {10: "X", 11: "0"}.get(value, str(value))


def slow_luhn(number: str) -> bool:
    total = 0
    for i, c in enumerate(reversed(number)):
        n = int(c) * (2 if i % 2 else 1)
        total += n // 10 + n % 10
    return total % 10 == 0


@given(st.lists(st.text("0123456789", min_size=17, max_size=17), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_resident_check_equals_iso_7064(bodies: list[str]) -> None:
    found = ids.resident_id_check(ids.characters(bodies, 17))
    assert [chr(c) for c in found] == [slow_resident_check(b) for b in bodies]


@given(st.lists(st.text(ALPHABET_31, min_size=17, max_size=17), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_credit_check_equals_the_slow_sum(bodies: list[str]) -> None:
    found = ids.credit_code_check(ids.characters(bodies, 17))
    assert [chr(c) for c in found] == [slow_credit_check(b) for b in bodies]


@given(st.lists(st.text(ALPHABET_31, min_size=8, max_size=8), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_organisation_check_equals_the_slow_sum(bodies: list[str]) -> None:
    found = ids.organisation_code_check(ids.characters(bodies, 8))
    assert [chr(c) for c in found] == [slow_organisation_check(b) for b in bodies]


@given(st.lists(st.text("0123456789", min_size=1, max_size=19), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_luhn_equals_the_slow_sum_at_every_length(numbers: list[str]) -> None:
    matrix = ids.characters(numbers, 19)
    expected = [len(x) > 1 and slow_luhn(x) for x in numbers]
    assert ids.luhn_valid(matrix).tolist() == expected
    completed = [x + chr(c) for x, c in zip(numbers, ids.luhn_check(matrix), strict=True)]
    assert all(map(slow_luhn, completed))


def test_numbers_printed_in_the_standards() -> None:
    # GB 11643-1999 annex A; GB 11714-1997 example; a code that GB 32100 explanations print.
    good = ["11010519491231002X", "440524188001010014"]
    assert ids.resident_id_valid(ids.characters(good, 18)).all()
    assert chr(ids.organisation_code_check(ids.characters(["D2143569"], 8))[0]) == "X"
    assert ids.credit_code_valid(ids.characters(["91350100M000100Y43"], 18)).all()


def test_a_resident_id_needs_a_date_that_exists_and_a_province() -> None:
    def number(region: str, day: str) -> str:
        body = f"{region}{day}001"
        return body + slow_resident_check(body)

    days = [f"{y}{m:02}{d:02}" for y in (1799, 1899, 1900, 1996, 2000, 2023, 2199, 2200)
            for m in (0, 1, 2, 4, 12, 13) for d in (0, 1, 28, 29, 30, 31, 32)]  # fmt: skip

    def exists(day: str) -> bool:
        y, m, d = int(day[:4]), int(day[4:6]), int(day[6:])
        return 1800 <= y <= 2199 and 1 <= m <= 12 and 1 <= d <= calendar.monthrange(y, m)[1]

    chars = ids.characters([number("220104", day) for day in days], 18)
    assert ids.resident_id_valid(chars).tolist() == [exists(day) for day in days]
    births = ids.resident_id_birth_date(chars)
    expected = [f"{d[:4]}-{d[4:6]}-{d[6:]}" if exists(d) else "NaT" for d in days]
    assert births.astype(str).tolist() == expected
    elsewhere = ids.characters([number(r, "20000101") for r in ("160104", "990104", "922001")], 18)
    assert ids.resident_id_valid(elsewhere).tolist() == [False, False, True]


@pytest.mark.parametrize(
    "text",
    ["", "1101051949123100", "11010519491231002X1", "X" * 18, "11010519491231002Y", "编号", "None"],
)
def test_what_is_no_identifier_is_refused(text: str) -> None:
    chars = ids.characters([text], 18)
    assert not ids.resident_id_valid(chars).any()
    assert not ids.credit_code_valid(chars).any()
    assert not ids.luhn_valid(chars).any()
    assert not ids.mobile_valid(chars).any()


def test_characters_reads_spoilt_text() -> None:
    texts = [
        "  11010519491231002x ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "\u300011010519491231002X",
    ]
    assert ids.resident_id_valid(ids.characters(texts, 18)).all()
    assert ids.characters(np.array(["1", None, float("nan")], dtype=object), 4).shape == (3, 4)


def test_matrices_of_no_rows() -> None:
    empty = ids.characters([], 18)
    assert empty.shape == (0, 18)
    rng = np.random.default_rng(0)
    assert ids.resident_id_valid(empty).shape == (0,)
    assert ids.resident_ids_from_15(ids.characters([], 15)).shape == (0, 18)
    assert ids.strings(ids.credit_codes(empty[:, :6], rng=rng)).shape == (0,)
    none = np.empty(0, dtype="datetime64[D]")
    assert ids.resident_ids(empty[:, :6], none, none.astype(bool), rng=rng).shape == (0, 18)


def test_first_generation_numbers_gain_century_and_check() -> None:
    old = ["220104650713124", "220104010101997", "22010465071312X"]
    new = ids.resident_ids_from_15(ids.characters(old, 15))
    assert ids.resident_id_valid(new).tolist() == [True, True, False]
    assert ids.strings(new)[0][:17] == "22010419650713124"
    assert ids.strings(new)[1][6:10] == "1801"


def test_invented_resident_ids_say_what_they_were_told() -> None:
    rng = np.random.default_rng(5)
    n = 3000
    region = ids.characters(rng.choice(["220102", "222401"], size=n), 6)
    birth = np.datetime64("1899-12-31") + rng.integers(0, 60_000, size=n)
    birth[:600] = np.datetime64("1987-06-05")
    male = rng.random(n) < 0.5
    made = ids.resident_ids(region, birth, male, rng=rng)
    text = ids.strings(made)
    assert len(set(text)) == n
    assert ids.resident_id_valid(made).all()
    assert all(t[17] == slow_resident_check(t[:17]) for t in text)
    assert (ids.resident_id_birth_date(made) == birth).all()
    assert (ids.resident_id_male(made) == male).all()
    assert (made[:, :6] == region).all()


def test_a_day_has_no_more_than_500_numbers_for_a_sex() -> None:
    region = ids.characters(["220102"] * 501, 6)
    birth = np.full(501, np.datetime64("1987-06-05"))
    male = np.zeros(501, dtype=bool)
    rng = np.random.default_rng(0)
    assert len(set(ids.strings(ids.resident_ids(region[1:], birth[1:], male[1:], rng=rng)))) == 500
    with pytest.raises(InputError, match="more than 500"):
        ids.resident_ids(region, birth, male, rng=rng)


def test_other_invented_identifiers_are_valid_and_differ() -> None:
    rng = np.random.default_rng(6)
    codes = ids.credit_codes(ids.characters(["220102"] * 500, 6), rng=rng)
    assert ids.credit_code_valid(codes).all()
    text = ids.strings(codes)
    assert all(slow_organisation_check(t[8:16]) == t[16] for t in text)
    assert all(slow_credit_check(t[:17]) == t[17] for t in text)
    cards, phones = ids.bank_cards(500, rng=rng), ids.mobiles(500, rng=rng)
    assert ids.luhn_valid(cards).all()
    assert ids.mobile_valid(phones).all()
    for made in (codes, cards, phones):
        assert len(set(ids.strings(made))) == 500
    plates = ids.plates(["吉A", "吉H"], rng=rng)
    assert [p[:2] for p in plates] == ["吉A", "吉H"]
    assert all(len(p) == 7 and not set("IO") & set(p) for p in plates)


def test_a_narrow_matrix_is_an_error() -> None:
    with pytest.raises(InputError, match="18 wide"):
        ids.resident_id_valid(ids.characters(["1"], 17))
