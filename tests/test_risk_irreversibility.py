"""What could be turned back: hashes of what can be listed, living keys, weak ciphers."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.errors import ColumnNotFoundError, InputError
from niming.risk.irreversibility import (
    Irreversibility,
    Known,
    core_hours,
    exposure,
    irreversibility,
    space,
)
from niming.risk.irreversibility import digests as digests_module
from niming.risk.irreversibility.digests import ALGORITHMS, form_of, hasher
from niming.risk.irreversibility.spaces import RATES, candidates
from niming.tables.identifiers import (
    characters,
    mobile_valid,
    resident_id_birth_date,
    resident_id_valid,
)

CHANGCHUN = tuple(f"2201{n:02d}" for n in (2, 3, 4, 5, 6, 12, 13, 22, 82, 83, 84))
"""Eleven codes, as STANDARDS.md 1.7 counts them."""

DEIDENTIFIED = "de-identified, not anonymised"

HOUSE = Known(regions=("220104",), birth_years=(1987, 1987))


def an_id() -> bytes:
    """Return the id of 1987-06-13 with the number 428: 163 days and 428 numbers into the year."""
    at = 163 * 1000 + 428
    seen = 0
    for batch in candidates("resident-id", HOUSE):
        if seen + len(batch) > at:
            return batch[at - seen]
        seen += len(batch)
    raise AssertionError


def hashed(values: list[bytes], algorithm: str = "sha256", cut: int | None = None) -> list[str]:
    code = hasher(algorithm)
    return [code(v)[:cut].hex() for v in values]


class TestCost:
    """STANDARDS.md 1.7: measured rates, 0.34 million a second, and what follows from them."""

    def test_one_district_and_year(self) -> None:
        assert space("resident-id", HOUSE).n == 365_000
        assert core_hours(163_428) * 3600 == pytest.approx(0.48, abs=0.005)

    def test_changchun_in_a_hundred_years(self) -> None:
        values = space("resident-id", Known(regions=CHANGCHUN))
        assert values.n == 11 * 36_525 * 1000
        assert round(core_hours(values.n), 1) == 0.3
        assert round(core_hours(values.n, "sm3"), 2) == 0.56

    def test_the_country(self) -> None:
        assert round(core_hours(space("resident-id").n)) == 103

    def test_other_kinds_fall_sooner_or_in_days(self) -> None:
        assert core_hours(space("birth-date").n) < 1e-4
        assert core_hours(space("mobile", Known(prefixes=("1380431",))).n) < 1e-4
        assert core_hours(space("mobile").n) < 5
        for kind in ("plate", "name", "credit-code", "passport"):
            assert core_hours(space(kind).n) < 10  # type: ignore[arg-type]

    def test_each_rate_is_of_an_algorithm(self) -> None:
        assert set(RATES) == {*ALGORITHMS, "hmac"}

    @pytest.mark.parametrize(
        ("call", "told"),
        [
            (lambda: space("shoe-size"), "no kind"),  # type: ignore[arg-type]
            (lambda: core_hours(1, "rot13"), "no rate"),
            (lambda: Known(regions=("2201",)), "6 digits"),
            (lambda: Known(birth_years=(1990, 1980)), "birth_years"),
            (lambda: Known(prefixes=("",)), "empty"),
            (lambda: space("mobile", Known(prefixes=("23",))), "1 to 10 digits"),
        ],
    )
    def test_wrong_calls(self, call: Callable[[], object], told: str) -> None:
        with pytest.raises(InputError, match=told):
            call()


class TestCandidates:
    def test_listed_ids_are_valid_and_all_different(self) -> None:
        known = Known(regions=("220104",), birth_years=(1988, 1988))
        first = [v for _, batch in zip(range(3), candidates("resident-id", known), strict=False)
                 for v in batch]  # fmt: skip
        chars = characters([v.decode() for v in first], 18)
        assert resident_id_valid(chars).all()
        days = set(resident_id_birth_date(chars).astype(str).tolist())
        assert days == {"1988-01-01", "1988-01-02", "1988-01-03"}
        assert len(set(first)) == 3000

    def test_the_space_counts_what_is_listed(self) -> None:
        for kind, known in (
            ("resident-id", Known(regions=("220104",), birth_years=(1988, 1988))),
            ("mobile", Known(prefixes=("1380013", "139"[:3] + "0013"))),
        ):
            listed = sum(len(b) for b in candidates(kind, known))  # type: ignore[arg-type]
            assert listed == space(kind, known).n  # type: ignore[arg-type]

    def test_mobiles_and_plates_and_names(self) -> None:
        batch = next(candidates("mobile", Known(prefixes=("13800138",))))
        assert batch[0] == b"13800138000"
        assert mobile_valid(characters([v.decode() for v in batch], 11)).all()
        plates = next(candidates("plate", Known(prefixes=("吉A",))))
        assert plates[0].decode() == "吉A00000"
        names = next(candidates("name", Known(prefixes=("王",))))
        assert "王伟" in {v.decode() for v in names}
        assert len(names) == 3755
        dates = [v.decode() for b in candidates("birth-date", Known()) for v in b]
        assert {"1987-06-13", "19870613"} <= set(dates)

    def test_what_only_registers_list(self) -> None:
        with pytest.raises(InputError, match="registers"):
            candidates("passport", Known())
        with pytest.raises(InputError, match="region codes"):
            candidates("resident-id", Known())


class TestHashes:
    def test_one_id_is_found_where_the_standards_page_says(self) -> None:
        """163,428 values come before it; with the next it falls, and no trial goes further."""
        target = hashed([an_id()])
        table = {"resident id": target}
        found = irreversibility(table, known=HOUSE, try_values=163_429)["resident id"]
        assert found.trial is not None
        assert (found.trial.n_tried, found.trial.n_reversed) == (163_429, 1)
        assert found.trial.algorithm == "sha256"
        assert irreversibility(table, known=HOUSE)["resident id"].trial is None
        assert found.core_hours == pytest.approx(365_000 / 0.34e6 / 3600)

    @pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
    @pytest.mark.parametrize("cut", [None, 10])
    def test_every_algorithm_whole_and_truncated(self, algorithm: str, cut: int | None) -> None:
        values = [b"1380013%04d" % n for n in range(150)]
        table = {"phone": hashed(values, algorithm, cut)}
        known = Known(prefixes=("1380013",))
        found = irreversibility(table, known=known, try_values=10_000)["phone"]
        assert found.trial is not None
        assert found.trial.n_reversed == 150
        assert found.trial.algorithm == algorithm
        assert found.technique == ("hash" if cut is None else "truncated hash")
        assert (found.verdict, found.reversible) == (DEIDENTIFIED, True)

    def test_base64(self) -> None:
        values = [b"1380013%04d" % n for n in range(20)]
        codes = [base64.b64encode(hashlib.sha256(v).digest()).decode() for v in values]
        found = irreversibility({"phone": codes}, known=Known(prefixes=("1380013",)),
                                try_values=10_000)["phone"]  # fmt: skip
        assert found.trial is not None
        assert found.trial.n_reversed == 20

    def test_which_fell_is_never_told(self) -> None:
        values = [b"1380013%04d" % n for n in range(150)]
        codes = hashed(values)
        result = irreversibility({"phone": codes}, known=Known(prefixes=("1380013",)),
                                 try_values=20_000)  # fmt: skip
        told = json.dumps(result.to_dict()) + repr(result) + result._repr_html_()
        assert not any(v.decode() in told for v in values)
        assert not any(c in told for c in codes)
        assert result["phone"].trial is not None
        assert result["phone"].trial.n_reversed == 150

    def test_without_a_trial_the_name_of_the_column_tells(self) -> None:
        codes = hashed([b"%d" % n for n in range(200)])
        result = irreversibility({"手机号": codes, "x": codes})
        assert (result["手机号"].verdict, result["手机号"].reversible) == (DEIDENTIFIED, True)
        assert (result["x"].verdict, result["x"].reversible) == (DEIDENTIFIED, False)
        assert result["x"].core_hours is None
        assert "not known" in result["x"].basis
        assert result["手机号"].core_hours == core_hours(space("mobile").n)
        assert irreversibility({"x": codes}, stands_for={"x": "mobile"})["x"].reversible

    def test_an_encoding_is_not_taken_for_a_hash(self) -> None:
        codes = [f"{n:031x}a" for n in range(10**6, 10**6 + 500)]
        found = irreversibility({"x": codes})["x"]
        assert (found.technique, found.verdict) == ("encoding", "de-identified, not anonymised")

    def test_evenness_of_real_hashes(self) -> None:
        form = form_of(hashed([b"%d" % n for n in range(5000)]))
        assert form is not None
        assert form[0].even is True
        assert (form[0].algorithms[:3], form[0].truncated) == (("sha256", "sm3", "blake2s"), False)

    def test_an_interrupt_keeps_what_was_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        values = [b"1380013%04d" % n for n in range(150)]

        def cut_short(*_: object) -> Iterator[list[bytes]]:
            yield values[:10]
            raise KeyboardInterrupt

        monkeypatch.setattr(digests_module, "candidates", cut_short)
        found = irreversibility({"phone": hashed(values)}, try_values=10_000)["phone"]
        assert found.trial is not None
        assert found.trial.interrupted
        assert (found.trial.n_tried, found.trial.n_reversed) == (10, 10)

    def test_progress_is_told(self) -> None:
        said: list[str] = []
        codes = hashed([b"1380013%04d" % n for n in range(3)])
        irreversibility({"phone": codes}, known=Known(prefixes=("1380013",)), try_values=2000,
                        progress=said.append)  # fmt: skip
        assert said[0] == "1000 values tried, 3 digests reversed"

    def test_plain_columns_are_not_listed(self) -> None:
        result = irreversibility(
            {"age": [34, 51], "city": ["a", "b"], "code": ["AB-1", "AB-2"], "none": [None, None]}
        )
        assert result.reversals == ()
        told = {m.name: m for m in result.measures()}
        assert told["irreversibility.n_reversible_columns"].value == 0
        assert told["irreversibility.lowest_cost_core_hours"].value is None
        assert told["irreversibility.n_reversed"].reason == "nothing was tried"
        assert irreversibility({"x": []}).reversals == ()


def record(technique: str, **parameters: object) -> dict[str, object]:
    return {"column": "x", "technique": technique, "parameters": parameters}


def judged(values: list[str], done: dict[str, object], **options: object) -> object:
    result = irreversibility({"x": values}, transformation=[done], **options)  # type: ignore[arg-type,list-item]
    return result["x"]


class TestKeysAndCiphers:
    codes: ClassVar = hashed([b"%d" % n for n in range(200)], cut=16)
    digits: ClassVar = [f"{n:04d}" for n in random.Random(3).sample(range(10_000), 200)]

    def test_a_living_key(self) -> None:
        done = record("pseudonymisation", algorithm="hmac-sha256", key_id="ab12")
        found = judged(self.codes, done, stands_for={"x": "resident-id"})
        assert found.verdict == "de-identified, not anonymised"  # type: ignore[attr-defined]
        assert found.core_hours == core_hours(space("resident-id").n, "hmac")  # type: ignore[attr-defined]
        assert "key lives" in found.basis  # type: ignore[attr-defined]

    def test_a_destroyed_key(self) -> None:
        done = record("pseudonymisation", algorithm="hmac-sha256", key_id="ab12")
        found = judged(self.codes, done, destroyed_keys=["ab12"])
        assert found.verdict == "no weakness found"  # type: ignore[attr-defined]
        other = judged(self.codes, done, destroyed_keys=["ff00"])
        assert other.verdict == "de-identified, not anonymised"  # type: ignore[attr-defined]

    def test_a_declared_pseudonym_is_not_tried(self) -> None:
        done = record("pseudonymisation", algorithm="hmac-sha256", key_id="ab12")
        assert judged(self.codes, done, try_values=1000).trial is None  # type: ignore[attr-defined]

    def test_ff3_is_reversible(self) -> None:
        done = record("format-preserving-encryption", algorithm="FF3", domain=10**6, key_id="k")
        found = judged(self.digits, done)
        assert found.reversible  # type: ignore[attr-defined]
        steps = 1000 ** (17 / 6)  # 2^28; Hoang, Miller, Trieu 2019 give about 2^30 for 6 digits
        assert found.core_hours == pytest.approx(core_hours(steps))  # type: ignore[attr-defined]

    @pytest.mark.parametrize("algorithm", ["FF1", "FF3-1"])
    def test_a_small_domain_is_reversible(self, algorithm: str) -> None:
        done = record("format-preserving-encryption", algorithm=algorithm, key_id="k")
        small = judged(self.digits, done)
        assert small.reversible  # type: ignore[attr-defined]
        assert "10,000 values" in small.basis  # type: ignore[attr-defined]
        wide = judged([d * 3 for d in self.digits], done)
        assert wide.verdict == "de-identified, not anonymised"  # type: ignore[attr-defined]
        gone = judged([d * 3 for d in self.digits], done, destroyed_keys=["k"])
        assert gone.verdict == "no weakness found"  # type: ignore[attr-defined]

    def test_a_pseudonym_that_keeps_check_digits(self) -> None:
        ids = [v.decode() for v in next(candidates("resident-id", HOUSE))]
        found = judged(ids, record("pseudonymisation", key_id="k"))
        assert found.technique == "format-preserving encryption"  # type: ignore[attr-defined]
        assert "resident id" in found.basis  # type: ignore[attr-defined]
        assert found.verdict == "de-identified, not anonymised"  # type: ignore[attr-defined]

    def test_other_ciphers(self) -> None:
        order = judged(self.digits, record("order-preserving-encryption", key_id="k"))
        assert (order.reversible, order.core_hours) == (True, 0.0)  # type: ignore[attr-defined]
        kept = judged(self.codes, record("deterministic-encryption", key_id="k"))
        assert kept.verdict == "de-identified, not anonymised"  # type: ignore[attr-defined]
        gone = judged(self.codes, record("encryption", key_id="k"), destroyed_keys={"k"})
        assert gone.verdict == "no weakness found"  # type: ignore[attr-defined]

    def test_a_salted_hash(self) -> None:
        found = judged(self.codes, record("salted-hashing"), stands_for={"x": "mobile"},
                       try_values=10)  # fmt: skip
        assert (found.technique, found.verdict, found.trial) == (  # type: ignore[attr-defined]
            "salted hash", "de-identified, not anonymised", None,
        )  # fmt: skip

    def test_declared_hashed_and_of_no_form(self) -> None:
        found = judged(["a1", "b2"], record("hashing"), stands_for={"x": "mobile"})
        assert (found.technique, found.reversible) == ("codes declared hashed", True)  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        ("odd", "told"),
        [
            ({"technique": "hashing"}, "names no column"),
            ({"column": "x"}, "no technique"),
            ({"column": "x", "technique": 3}, "no technique"),
            ({"column": "x", "technique": "rot13"}, "no technique"),
            ({"column": "y", "technique": "hashing"}, "'y', which the table has not"),
            ({"column": "x", "technique": "encryption", "parameters": "no"}, "no dict"),
            ("x", "no dict"),
        ],
    )
    def test_a_record_of_another_form(self, odd: object, told: str) -> None:
        with pytest.raises(InputError, match=told) as caught:
            irreversibility({"x": self.codes}, transformation=[odd])  # type: ignore[list-item]
        if "no technique" in told:
            assert "format-preserving-encryption" in str(caught.value)

    @pytest.mark.parametrize(
        ("spelt", "technique"),
        [("Pseudonymization", "pseudonym"), ("Hashing", "hash"), ("fpe", "format-preserving"),
         ("FORMAT_preserving encryption", "format-preserving"), ("Encryption ", "encryption")],
    )  # fmt: skip
    def test_a_technique_in_another_spelling(self, spelt: str, technique: str) -> None:
        found = irreversibility({"x": self.digits}, transformation=[{**record(spelt)}])["x"]
        assert technique in found.technique
        assert found.verdict == DEIDENTIFIED

    def test_records_of_a_dropped_column(self) -> None:
        done = [{"column": "y", "technique": t} for t in ("hashing", "suppression")]
        assert irreversibility({"x": ["a"]}, transformation=done).reversals == ()

    def test_keys_are_no_text(self) -> None:
        done = record("pseudonymisation", key_id="k")
        with pytest.raises(InputError, match="one text"):
            judged(self.codes, done, destroyed_keys="kkk")


PHONES = [b"1380013%04d" % n for n in range(150)]
MD5 = [hashlib.md5(v).digest() for v in PHONES]
SHA256 = [hashlib.sha256(v).digest() for v in PHONES]


class TestForms:
    """The same digests, written in other ways."""

    @pytest.mark.parametrize(
        "codes",
        [
            ["0x" + d.hex() for d in SHA256],
            ["0x" + d.hex().upper() for d in SHA256],
            ["{SHA256}" + d.hex() for d in SHA256],
            ["u_" + d.hex() for d in MD5],
            ["U_" + d.hex() for d in MD5],
            ["id" + d.hex() for d in MD5],
            ["user-" + d.hex()[:20] for d in MD5],
            MD5,
            [d.hex().encode() for d in MD5],
        ]
        + [
            [code(hasher(algorithm)(v)).decode().rstrip(end) for v in PHONES]
            for algorithm in ("md5", "sha1", "sha256", "sha512")
            for code in (base64.b32encode, base64.b64encode, base64.urlsafe_b64encode)
            for end in ("", "=")
        ],
    )
    def test_digests_lead_back(self, codes: list[str]) -> None:
        known = Known(prefixes=("1380013",))
        found = irreversibility({"phone": codes}, known=known, try_values=1000)["phone"]
        assert (found.verdict, found.reversible) == (DEIDENTIFIED, True)
        assert found.core_hours is not None
        assert found.trial is not None
        assert found.trial.n_reversed == 150
        unknown = irreversibility({"x": codes})["x"]
        assert (unknown.verdict, unknown.core_hours) == (DEIDENTIFIED, None)
        assert "not known" in unknown.basis

    @pytest.mark.parametrize(
        ("code", "rate"),
        [
            ("$2b$10$" + "a" * 53, 19_000 / 1024),
            ("{CRYPT}$2y$12$" + "a" * 53, 19_000 / 4096),
            ("$5$salt$" + "a" * 43, 2.9e6 / 5000),
            ("$6$rounds=9000$salt$" + "a" * 86, 2.5e6 / 9000),
            ("$1$salt$" + "a" * 22, 7000.0),
            ("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub", 850_000 / 65536 / 3),
        ],
    )
    def test_slow_hashes_by_their_own_cost(self, code: str, rate: float) -> None:
        found = irreversibility({"phone": [code, code]})["phone"]
        assert (found.technique, found.verdict) == ("slow hash", DEIDENTIFIED)
        assert found.core_hours == pytest.approx(space("mobile").n / rate / 3600)
        assert "salt of its own" in found.basis
        assert irreversibility({"x": [code]})["x"].core_hours is None

    def test_a_slow_hash_of_unknown_rate(self) -> None:
        found = irreversibility({"phone": ["$y$j9T$abcdefgh$" + "a" * 43]})["phone"]
        assert (found.verdict, found.core_hours) == (DEIDENTIFIED, None)
        assert "rate is not known" in found.basis

    @pytest.mark.parametrize(
        "plain",
        [["Changchun", "Jilin"], ["https://example.org/a1", "https://example.org/b2"],
         ["$10", "$20"], ["ABCDEFGHIJKLMNOPQRSTUVWXYZ"], ["1234567890123456"] * 3,
         [b"ab", b"\xff\x00"], ["2024-01-02 03:04:05.000006"], ["AB-2201040001"]],
    )  # fmt: skip
    def test_what_is_no_digest(self, plain: list[str]) -> None:
        assert irreversibility({"x": plain}).reversals == ()


class TestFrequencies:
    def test_ethnicity_is_told_and_sex_is_not(self) -> None:
        n = 20_000
        table = {"x": ["p1"] * int(n * 0.911) + ["p2"] * int(n * 0.089)}
        told = irreversibility(table, public={"x": [0.911, 0.089]})["x"]
        assert (told.verdict, told.exposure, told.core_hours) == (DEIDENTIFIED, 1.0, 0.0)
        halves = {"x": ["p1"] * 505 + ["p2"] * 495}
        hidden = irreversibility(halves, public={"x": {"m": 0.512, "f": 0.488}})["x"]
        assert (hidden.verdict, hidden.exposure) == ("no weakness found", 0.0)

    def test_a_destroyed_key_does_not_help(self) -> None:
        codes = hashed([b"a"], cut=16) * 911 + hashed([b"b"], cut=16) * 89
        done = {"column": "x", "technique": "pseudonymisation", "parameters": {"key_id": "k"}}
        found = irreversibility({"x": codes}, transformation=[done], destroyed_keys=["k"],
                                public={"x": [0.911, 0.089]})["x"]  # fmt: skip
        assert (found.verdict, found.reversible) == (DEIDENTIFIED, True)
        assert "frequencies tell 1 of the records" in found.basis

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.integers(1, 500), min_size=1, max_size=8), st.integers(1, 8))
    def test_exposure_against_the_obvious_way(self, n: list[int], m: int) -> None:
        shares = [(i + 1) / (m * (m + 1) / 2) for i in range(m)]
        total = sum(n)

        def near(count: int, share: float) -> bool:
            return abs(count / total - share) <= 3 * (share * (1 - share) / total) ** 0.5

        told = 0
        for i, count in enumerate(n):
            fits = [s for s in shares if near(count, s)]
            rivals = [c for j, c in enumerate(n) if j != i and len(fits) == 1 and near(c, fits[0])]
            told += count if len(fits) == 1 and not rivals else 0
        assert exposure(n, shares) == pytest.approx(told / total)

    def test_a_successful_attack_is_what_exposure_says(self) -> None:
        """Codes of a sample are matched to shares: those told are matched rightly."""
        shares = {"a": 0.5, "b": 0.3, "c": 0.15, "d": 0.05}
        drawn = random.Random(5).choices(list(shares), list(shares.values()), k=20_000)
        n = [drawn.count(v) for v in shares]
        assert exposure(n, shares) == 1.0
        assert sorted(range(4), key=lambda i: -n[i]) == [0, 1, 2, 3]

    @pytest.mark.parametrize(
        ("n", "shares"),
        [([], [1.0]), ([0], [1.0]), ([1], []), ([1], [0.5]), ([1], [1.0, 0.0]),
         ([1], [float("nan")])],
    )  # fmt: skip
    def test_wrong_calls(self, n: list[int], shares: list[float]) -> None:
        with pytest.raises(InputError):
            exposure(n, shares)


class TestResult:
    def test_measures_and_pictures(self) -> None:
        codes = hashed([b"%d" % n for n in range(200)])
        result = irreversibility({"手机号": codes, "x": codes, "age": [1] * 200})
        assert isinstance(result, Irreversibility)
        told = {m.name: m.value for m in result.measures()}
        assert told["irreversibility.n_reversible_columns"] == 1
        assert told["irreversibility.n_deidentified_columns"] == 2
        assert told["irreversibility.lowest_cost_core_hours"] == result["手机号"].core_hours
        assert "anonymised" not in {r.verdict for r in result.reversals}
        assert result.plot().axes[0].get_xscale() == "log"
        assert irreversibility({"a": [1]}).plot()
        with pytest.raises(ColumnNotFoundError):
            result["nothing"]

    @pytest.mark.parametrize(
        "options",
        [
            {"columns": ["y"]},
            {"stands_for": {"y": "mobile"}},
            {"stands_for": {"x": "shoe-size"}},
            {"try_values": -1},
            {"try_values": True},
            {"public": {"y": [1.0]}},
        ],
    )
    def test_wrong_calls(self, options: dict[str, object]) -> None:
        with pytest.raises(InputError):
            irreversibility({"x": ["a"]}, **options)  # type: ignore[arg-type]

    def test_no_cell_value_in_an_error(self) -> None:
        canary = hashed([b"canary"])
        with pytest.raises(InputError) as caught:
            irreversibility({"resident id": canary}, try_values=10)
        assert canary[0] not in str(caught.value)
        assert "region codes" in str(caught.value)
