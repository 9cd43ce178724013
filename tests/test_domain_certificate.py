"""`niming.domain.certificate` and `.envelope`: what holds, and everything that must not."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.domain import trust as trust_module
from niming.domain.canonical import canonical
from niming.domain.certificate import Certificate, Terms, authenticate, issue, verify
from niming.domain.envelope import Envelope, Signature, pae
from niming.domain.fingerprint import fingerprint
from niming.domain.keys import key_id
from niming.domain.ledger import Ledger
from niming.domain.merkle import EMPTY_ROOT
from niming.domain.statement import PAYLOAD_TYPE, read_statement, write_statement
from niming.errors import CertificateError, InputError, LedgerError

AGENCY = Ed25519PrivateKey.from_private_bytes(b"a" * 32)
SECOND = Ed25519PrivateKey.from_private_bytes(b"b" * 32)
FORGER = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
TRUST = AGENCY.public_key()
AT = datetime(2026, 12, 1, tzinfo=UTC)
PREDICATE = {
    "id": "C-2026-001",
    "kind": "desensitised-sample",
    "scenario": {"id": "SC-2026-014", "title": "疾病预测"},
    "policy": {"id": "gbt42460-controlled", "version": "1", "digest": "1" * 64},
    "issued": "2026-11-23T08:00:00Z",
    "not_before": "2026-11-24T00:00:00Z",
    "expires": "2027-11-24T00:00:00Z",
    "evidence_digest": "2" * 64,
    "ledger": {"size": 0, "root": EMPTY_ROOT.hex()},
    "officer": "审核员 1",
    "sampling": {"fraction": 0.05},
}
FILES = {"data.parquet": b"PAR1 some rows PAR1", "parts/more.csv": b"a,b\n1,2\n"}


@pytest.fixture(autouse=True)
def _no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(trust_module.HOME, str(tmp_path / "nobody"))
    monkeypatch.delenv(trust_module.TRUST, raising=False)


def made(**change: object) -> Certificate:
    subjects = [fingerprint(content, name=name) for name, content in FILES.items()]
    return issue({**PREDICATE, **change}, subjects, AGENCY)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "certificate.json").write_bytes(made().to_bytes())
    return folder


def refused(code: str, *args: object, **options: object) -> CertificateError:
    with pytest.raises(CertificateError) as caught:
        verify(*args, **{"trust": TRUST, "at": AT, **options})
    assert caught.value.code == code
    assert caught.value.hint
    return caught.value


# RFC 8032, 7.1, TEST 1 and TEST 2: the keys of the DSSE project's test vectors
# (secure-systems-lab/dsse, testvectors/vectors.json), whose signatures are compared below.
KEY_A = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)
KEY_B = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
)
PAYLOAD = b'{"_type":"https://in-toto.io/Statement/v1"}'
SIG_A = "2WAfaHm5jluo0w+0rk8uVkluELJYWjSmU9x7EUzx+AyteDGJ4/nqyJXfmAUVFIAoQafWm7AxBZNw5M9ixNHiCA=="
SIG_B = "c1+67/aT0yqEpwx8PsVY3MLHsj9D0CZ014/Fv/QlG59P+9CobUZ7xECJ/V3USG0Ob9CiE5LjReEZUzNF2l7eBw=="
SIG_EMPTY = (
    "gSggCAaTLTYyRH6FIDBem6meyIynsYy8RTHVzwx9tnTb7Bg/1jMWnuVgI/gffqmbsC2VX5/jHfkkDqsj7CDbDg=="
)
SIG_URL = "P-_KHICeR7tI6S_YyejJTRtrXhcQyQ2LYPaL8h90KjC9qN8HU_svOQ6TuDOT1HIrsGW886DbWNWcCmX5twLrAw=="
SIG_NON_ASCII = (
    "xmSk/ug66ysT7ayhkCIjhAq42zgZXSsEWuzUaNL7w2eGAdF/NU6/fRXPtmfN+5DNSAs5/i2lUnHjbbjPsu0tAw=="
)
BOTH = {key_id(k.public_key()): k.public_key() for k in (KEY_A, KEY_B)}
ID_A, ID_B = BOTH


def envelope(payload: str, payload_type: str, *signatures: dict[str, str]) -> Envelope:
    document = {"payload": payload, "payloadType": payload_type, "signatures": signatures}
    return Envelope.parse(json.dumps(document).encode())


class TestEnvelope:
    def test_pae_of_the_protocol(self):
        text = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        assert pae("http://example.com/HelloWorld", b"hello world") == text

    def test_pae_counts_bytes(self):
        assert pae("application/vnd.exämple+json", b"").startswith(b"DSSEv1 29 ")
        assert pae(PAYLOAD_TYPE, b"") == b"DSSEv1 28 application/vnd.in-toto+json 0 "

    @given(st.text(), st.binary(), st.text(), st.binary())
    def test_pae_is_injective(self, type_1: str, body_1: bytes, type_2: str, body_2: bytes):
        if (type_1, body_1) != (type_2, body_2):
            assert pae(type_1, body_1) != pae(type_2, body_2)

    @pytest.mark.parametrize(
        ("key", "payload_type", "payload", "signature"),
        [
            (KEY_A, PAYLOAD_TYPE, PAYLOAD, SIG_A),
            (KEY_B, PAYLOAD_TYPE, PAYLOAD, SIG_B),
            (KEY_A, PAYLOAD_TYPE, b"", SIG_EMPTY),
            (KEY_A, "application/vnd.exämple+json", PAYLOAD, SIG_NON_ASCII),
            (KEY_A, PAYLOAD_TYPE, b"\xfb\xff\xbf>?", SIG_URL.replace("-", "+").replace("_", "/")),
        ],
    )
    def test_published_signatures(self, key, payload_type: str, payload: bytes, signature: str):
        signed = Envelope(payload_type, payload).signed(key)
        assert signed.signatures[0].value == base64.b64decode(signature)
        assert signed.signers(BOTH) == (key_id(key.public_key()),)

    def test_published_vectors_accepted(self):
        body = base64.b64encode(PAYLOAD).decode()
        named = envelope(body, PAYLOAD_TYPE, {"sig": SIG_A, "keyid": "A"})
        assert named.signers(BOTH) == (ID_A,)  # an id that names no key only fails to narrow
        assert envelope("-_-_Pj8=", PAYLOAD_TYPE, {"sig": SIG_URL}).signers(BOTH) == (ID_A,)
        two = envelope(body, PAYLOAD_TYPE, {"sig": SIG_A}, {"sig": SIG_B})
        assert set(two.signers(BOTH)) == {ID_A, ID_B}

    def test_published_vectors_rejected(self):
        body = base64.b64encode(PAYLOAD).decode()
        swapped = envelope(body, "application/vnd.example.other+json", {"sig": SIG_A})
        assert swapped.signers(BOTH) == (None,)
        twice = envelope(body, PAYLOAD_TYPE, {"sig": SIG_A}, {"sig": SIG_A})
        assert len(set(twice.signers(BOTH))) == 1

    @pytest.mark.parametrize(
        "document",
        [
            b"", b"null", b"[]", b"{}", b'{"payload":"","payloadType":"x"}',
            b'{"payload":"","payloadType":"x","signatures":{}}',
            b'{"payload":"","payloadType":1,"signatures":[]}',
            b'{"payload":1,"payloadType":"x","signatures":[]}',
            b'{"payload":"=","payloadType":"x","signatures":[]}',
            b'{"payload":"YQ","payloadType":"x","signatures":[]}',
            b'{"payload":"Y Q==","payloadType":"x","signatures":[]}',
            b'{"payload":"+_==","payloadType":"x","signatures":[]}',
            b'{"payload":"","payloadType":"x","signatures":[{}]}',
            b'{"payload":"","payloadType":"x","signatures":[{"sig":"","keyid":1}]}',
            b'{"payload":"","payloadType":"x","signatures":[{"sig":"","alg":"none"}]}',
            b'{"payload":"","payloadType":"x","signatures":[],"alg":"none"}',
            b'{"payload":"","payload":"","payloadType":"x","signatures":[]}',
        ],
    )  # fmt: skip
    def test_nonsense_is_refused(self, document: bytes):
        with pytest.raises(InputError):
            Envelope.parse(document)

    def test_reading_takes_time_in_proportion_to_the_size(self):
        import time

        start = time.perf_counter()
        Envelope.parse(Envelope("x", b"\xff" * (3 << 20)).to_bytes())
        assert time.perf_counter() - start < 5

    @given(st.text(max_size=20), st.binary(max_size=50))
    def test_round_trip(self, payload_type: str, payload: bytes):
        before = Envelope(payload_type, payload).signed(KEY_A).signed(KEY_B)
        assert Envelope.parse(before.to_bytes()) == before

    def test_one_key_signs_once(self):
        with pytest.raises(InputError, match="signed already"):
            Envelope("x", b"").signed(KEY_A).signed(KEY_A)


class TestHolds:
    def test_valid(self, release: Path):
        held = verify(release, trust=TRUST, scenario="SC-2026-014", at=AT, revoked=())
        assert held.certificate.id == "C-2026-001"
        assert held.key_ids == (key_id(TRUST),)
        assert held.unlisted == ()
        assert held.notes == ()
        assert held.to_dict()["valid"] is True
        assert repr(held).count("\n") == 0
        json.dumps(held.to_dict())

    def test_same_by_path_folder_and_object(self, release: Path, tmp_path: Path):
        certificate = Certificate.read(release / "certificate.json")
        assert certificate == made()
        assert verify(certificate, files=release, trust=TRUST, at=AT)
        assert verify(release / "certificate.json", trust=TRUST, at=AT)
        moved = tmp_path / "elsewhere.json"
        (release / "certificate.json").rename(moved)
        assert verify(str(moved), files=str(release), trust=TRUST, at=AT)
        with pytest.raises(InputError, match="files="):
            verify(certificate, trust=TRUST, at=AT)

    def test_fields(self):
        certificate = made()
        assert certificate.kind == "desensitised-sample"
        assert certificate.scenario_id == "SC-2026-014"
        assert certificate.policy_digest == "1" * 64
        assert certificate.expires - certificate.not_before == timedelta(days=365)
        assert certificate.terms.officer == "审核员 1"
        assert certificate.terms.anchor.size == 0
        assert certificate.predicate["sampling"] == {"fraction": 0.05}
        assert [s.name for s in certificate.subjects] == ["data.parquet", "parts/more.csv"]
        assert len(certificate.digest) == 64
        assert "\n" not in repr(certificate)

    def test_same_input_same_bytes(self):
        assert made().to_bytes() == made().to_bytes()

    def test_write_and_read(self, tmp_path: Path):
        made().write(tmp_path / "c.json")
        assert (tmp_path / "c.json").read_bytes() == made().to_bytes()
        assert os.listdir(tmp_path) == ["c.json"]
        assert Certificate.read(tmp_path / "c.json") == made()

    def test_what_was_not_checked_is_told(self, release: Path):
        (release / "report.html").write_text("")
        (release / "notes").mkdir()
        (release / "notes" / "x.txt").write_text("")
        held = verify(release, trust=TRUST, at=AT)
        assert held.unlisted == ("notes/x.txt", "report.html")
        assert any("report.html" in note for note in held.notes)
        assert any("revocation was not checked" in note for note in held.notes)
        assert any("use was not checked" in note for note in held.notes)


class TestInterop:
    def test_an_independent_verifier_agrees(self, release: Path):
        """What the DSSE and in-toto pages say, in a few lines that share no code with niming."""
        document = json.loads((release / "certificate.json").read_text("utf-8"))
        body = base64.b64decode(document["payload"])
        kind = document["payloadType"]
        message = f"DSSEv1 {len(kind)} {kind} {len(body)} ".encode() + body
        raw = bytes.fromhex(AGENCY.public_key().public_bytes_raw().hex())
        signature = base64.b64decode(document["signatures"][0]["sig"])
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
        said = json.loads(body)
        assert kind == "application/vnd.in-toto+json"
        assert said["_type"] == "https://in-toto.io/Statement/v1"
        assert said["predicateType"] == "urn:niming:certificate:1"
        assert said["predicate"] == PREDICATE
        import hashlib

        for subject in said["subject"]:
            content = (release / subject["name"]).read_bytes()
            assert subject["digest"] == {
                "sha256": hashlib.sha256(content).hexdigest(),
                "sm3": hashlib.new("sm3", content).hexdigest(),
            }


def flips(data: bytes) -> Iterator[bytes]:
    """Every byte changed in its lowest, its case and its highest bit."""
    for at in range(len(data)):
        for mask in (0x01, 0x20, 0x80):
            yield data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


class TestAnyChangedByte:
    def test_of_the_certificate(self):
        data = made().to_bytes()
        store = trust_module.trust_store(TRUST)
        n = 0
        for changed in flips(data):
            with pytest.raises(CertificateError) as caught:
                authenticate(Certificate.from_bytes(changed), store)
            assert caught.value.code in ("malformed", "bad-signature", "untrusted-key")
            n += 1
        assert n == 3 * len(data)

    def test_left_out_put_in_cut_off(self):
        data = made().to_bytes()
        for at in range(0, len(data), 5):
            for changed in (data[:at], data[:at] + data[at + 1 :], data[:at] + b" " + data[at:]):
                with pytest.raises(CertificateError):
                    authenticate(Certificate.from_bytes(changed), TRUST)
        for more in (b"\n", b" ", b"\x00", data):
            with pytest.raises(CertificateError, match="malformed"):
                Certificate.from_bytes(data + more)

    def test_another_layout_of_the_same_json(self):
        document = json.loads(made().to_bytes())
        for text in (
            json.dumps(document),
            json.dumps(document, indent=1),
            json.dumps(dict(reversed(document.items())), separators=(",", ":")),
        ):
            with pytest.raises(CertificateError, match="not canonical") as caught:
                Certificate.from_bytes(text.encode())
            assert caught.value.code == "malformed"

    def test_of_any_file(self, release: Path):
        for name, content in FILES.items():
            for changed in (*flips(content), content[:-1], content + b"\0", b""):
                (release / name).write_bytes(changed)
                error = refused("file-changed", release)
                assert name in error.message
            (release / name).write_bytes(content)
        verify(release, trust=TRUST, at=AT)

    @settings(max_examples=200, deadline=None)
    @given(data=st.data())
    def test_of_the_payload_signed_by_nobody_again(self, data: st.DataObject):
        """The statement changed, and the envelope written anew in canonical form."""
        certificate = made()
        payload = bytearray(certificate.envelope.payload)
        at = data.draw(st.integers(0, len(payload) - 1))
        payload[at] ^= data.draw(st.integers(1, 255))
        changed = Envelope(PAYLOAD_TYPE, bytes(payload), certificate.envelope.signatures)
        with pytest.raises(CertificateError) as caught:
            authenticate(Certificate.from_bytes(changed.to_bytes()), TRUST)
        assert caught.value.code in ("malformed", "bad-signature")


class TestFiles:
    def test_every_file_is_told_with_both_digests(self, release: Path):
        (release / "data.parquet").write_bytes(b"other rows")
        (release / "parts" / "more.csv").unlink()
        error = refused("file-missing", release)
        assert "data.parquet was changed" in error.message
        assert fingerprint(FILES["data.parquet"], name="x").sha256[:16] in error.message
        assert fingerprint(b"other rows", name="x").sha256[:16] in error.message
        assert "more.csv cannot be read" in error.message
        assert "SC-2026-014" in error.message
        assert error.exit_code == 2

    def test_no_cell_is_told(self, release: Path):
        (release / "parts" / "more.csv").write_bytes(b"CANARY")
        assert "CANARY" not in str(refused("file-changed", release))

    def test_a_folder_in_place_of_a_file(self, release: Path):
        (release / "data.parquet").unlink()
        (release / "data.parquet").mkdir()
        assert "not a regular file" in refused("file-missing", release).message

    def test_both_digests_count(self, release: Path):
        subjects = [fingerprint(content, name=name) for name, content in FILES.items()]
        wrong = [type(s)(s.name, s.sha256, "0" * 64) for s in subjects]
        assert "sm3 0000" in refused("file-changed", issue(PREDICATE, wrong, AGENCY),
                                     files=release).message  # fmt: skip


class TestSignatures:
    def test_another_key(self, release: Path):
        error = refused("untrusted-key", release, trust=FORGER.public_key())
        assert key_id(TRUST)[:16] in error.message
        assert "claims" in error.message

    def test_nobody_is_trusted(self, release: Path):
        refused("no-trust", release, trust=None)

    def test_a_key_beside_the_data_is_not_trusted(self, release: Path, tmp_path, monkeypatch):
        from niming.domain.keys import generate

        generate(release / "agency.pem")
        monkeypatch.chdir(release)
        refused("no-trust", release, trust=None)

    def test_forged_key_id(self, release: Path):
        forged = issue(PREDICATE, made().subjects, FORGER).envelope
        renamed = Signature(key_id(TRUST), forged.signatures[0].value)
        under_our_name = Envelope(forged.payload_type, forged.payload, (renamed,))
        (release / "certificate.json").write_bytes(under_our_name.to_bytes())
        refused("bad-signature", release)

    def test_our_signature_under_another_name(self):
        ours = made().envelope
        renamed = Signature("0" * 64, ours.signatures[0].value)
        with pytest.raises(CertificateError) as caught:
            authenticate(Certificate.of(Envelope(PAYLOAD_TYPE, ours.payload, (renamed,))), TRUST)
        assert caught.value.code == "bad-signature"

    def test_no_signature(self):
        with pytest.raises(CertificateError, match="malformed"):
            Certificate.from_bytes(Envelope(PAYLOAD_TYPE, made().envelope.payload).to_bytes())

    @pytest.mark.parametrize("signature", [b"", b"\0" * 64, b"\0" * 32, b"\0" * 65])
    def test_hollow_signatures(self, signature: bytes):
        hollow = Envelope(
            PAYLOAD_TYPE, made().envelope.payload, (Signature(key_id(TRUST), signature),)
        )
        with pytest.raises(CertificateError) as caught:
            authenticate(Certificate.of(hollow), TRUST)
        assert caught.value.code == "bad-signature"

    def test_a_signature_has_one_form(self):
        """RFC 8032, 5.1.7: S is below the group order; S + L must not pass as well."""
        order = 2**252 + 27742317777372353535851937790883648493
        value = made().envelope.signatures[0].value
        other = int.from_bytes(value[32:], "little") + order
        twin = Signature(key_id(TRUST), value[:32] + other.to_bytes(32, "little"))
        with pytest.raises(CertificateError) as caught:
            authenticate(
                Certificate.of(Envelope(PAYLOAD_TYPE, made().envelope.payload, (twin,))), TRUST
            )
        assert caught.value.code == "bad-signature"

    def test_algorithm_cannot_be_chosen(self):
        """An HMAC with the public key as its secret, and a field that names an algorithm."""
        import hmac

        payload = made().envelope.payload
        mac = hmac.digest(TRUST.public_bytes_raw(), pae(PAYLOAD_TYPE, payload), "sha512")
        forged = Envelope(PAYLOAD_TYPE, payload, (Signature(key_id(TRUST), mac),))
        with pytest.raises(CertificateError) as caught:
            authenticate(Certificate.of(forged), TRUST)
        assert caught.value.code == "bad-signature"
        document = json.loads(made().to_bytes())
        for place in (document, document["signatures"][0]):
            place["alg"] = "none"
            with pytest.raises(CertificateError, match="malformed"):
                Certificate.from_bytes(canonical(document))
            del place["alg"]

    def test_a_checkpoint_does_not_pass_for_a_certificate(self, tmp_path: Path):
        ledger = Ledger(tmp_path / "log")
        ledger.append("registered")
        signed = ledger.checkpoint(AGENCY)
        with pytest.raises(CertificateError, match="malformed"):
            Certificate.from_bytes(signed.to_bytes())
        statement = made().envelope.payload
        other = Envelope("application/vnd.niming.checkpoint+json", statement).signed(AGENCY)
        moved = Envelope(PAYLOAD_TYPE, statement, other.signatures)
        with pytest.raises(CertificateError) as caught:
            authenticate(Certificate.of(moved), TRUST)
        assert caught.value.code == "bad-signature"

    def test_another_predicate_type(self):
        payload = write_statement("urn:niming:revocations:1", made().subjects, PREDICATE)
        with pytest.raises(CertificateError, match="malformed"):
            Certificate.from_bytes(Envelope(PAYLOAD_TYPE, payload).signed(AGENCY).to_bytes())


class TestSeveralSignatures:
    def test_one_trusted_of_two(self, release: Path):
        both = made().countersigned(SECOND)
        held = verify(both, files=release, trust=TRUST, at=AT)
        assert held.key_ids == (key_id(TRUST),)
        assert any("not trusted" in note for note in held.notes)

    def test_threshold(self, release: Path):
        keys = [TRUST, SECOND.public_key()]
        both = made().countersigned(SECOND)
        assert len(verify(both, files=release, trust=keys, at=AT, threshold=2).key_ids) == 2
        error = refused("untrusted-key", made(), files=release, trust=keys, threshold=2)
        assert "1 of the 2" in error.message
        with pytest.raises(InputError, match="threshold"):
            verify(both, files=release, trust=keys, threshold=0)

    def test_one_wrong_signature_under_a_trusted_name_refuses_all(self, release: Path):
        both = made().countersigned(SECOND).envelope
        spoilt = Signature(both.signatures[1].key_id, both.signatures[0].value)
        mixed = Envelope(PAYLOAD_TYPE, both.payload, (both.signatures[0], spoilt))
        keys = [TRUST, SECOND.public_key()]
        refused("bad-signature", Certificate.of(mixed), files=release, trust=keys)

    def test_the_same_key_twice_is_malformed(self):
        ours = made().envelope
        twice = Envelope(PAYLOAD_TYPE, ours.payload, ours.signatures * 2)
        with pytest.raises(CertificateError, match="malformed"):
            Certificate.from_bytes(twice.to_bytes())

    def test_any_changed_byte_with_both_trusted(self):
        data = made().countersigned(SECOND).to_bytes()
        store = trust_module.trust_store([TRUST, SECOND.public_key()])
        start = data.index(b'"signatures"')
        for at in range(start, len(data)):
            changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            with pytest.raises(CertificateError):
                authenticate(Certificate.from_bytes(changed), store, threshold=2)


class TestPolicyDatesScenario:
    def test_policy(self, release: Path):
        verify(release, trust=TRUST, at=AT, policy_digest="1" * 64)
        error = refused("policy-changed", release, policy_digest="3" * 64)
        assert "1" * 16 in error.message
        assert "3" * 16 in error.message
        assert error.exit_code == 2

    def test_dates_first_included_last_not(self, release: Path):
        begin = datetime(2026, 11, 24, tzinfo=UTC)
        end = datetime(2027, 11, 24, tzinfo=UTC)
        tick = timedelta(microseconds=1)
        verify(release, trust=TRUST, at=begin)
        verify(release, trust=TRUST, at=end - tick)
        early = refused("not-yet-valid", release, at=begin - tick)
        late = refused("expired", release, at=end)
        assert (early.exit_code, late.exit_code) == (3, 3)
        assert "2027-11-24T00:00:00Z" in late.message

    def test_time_zones(self, release: Path):
        from datetime import timezone

        china = timezone(timedelta(hours=8))
        verify(release, trust=TRUST, at=datetime(2027, 11, 24, 7, 59, tzinfo=china))
        refused("expired", release, at=datetime(2027, 11, 24, 8, 0, tzinfo=china))
        with pytest.raises(InputError, match="time zone"):
            verify(release, trust=TRUST, at=datetime(2027, 1, 1))

    def test_scenario(self, release: Path):
        error = refused("other-scenario", release, scenario="SC-2026-015")
        assert error.exit_code == 4
        assert "SC-2026-014" in str(error)

    def test_order(self, release: Path):
        """Bytes before dates, dates before use: the gravest first."""
        wrong = {
            "policy_digest": "3" * 64,
            "revoked": ["C-2026-001"],
            "at": datetime(2030, 1, 1, tzinfo=UTC),
            "scenario": "SC-X",
        }
        refused("policy-changed", release, **wrong)
        del wrong["policy_digest"]
        refused("revoked", release, **wrong)
        del wrong["revoked"]
        refused("expired", release, **wrong)
        del wrong["at"]
        refused("other-scenario", release, **wrong)


class TestRevocation:
    def test_listed(self, release: Path):
        error = refused("revoked", release, revoked={"C-2026-001"})
        assert error.exit_code == 3
        verify(release, trust=TRUST, at=AT, revoked={"C-2026-002"})

    def test_in_the_ledger(self, release: Path, tmp_path: Path):
        ledger = Ledger(tmp_path / "log")
        ledger.append("certified", {"certificate": "C-2026-001"})
        ledger.append("revoked", {"certificate": "C-2026-00"})
        verify(release, trust=TRUST, at=AT, ledger=ledger)
        ledger.append("revoked", {"certificate": "C-2026-001", "reason": "new attack"})
        ledger.append("loaded", {})
        error = refused("revoked", release, ledger=ledger.path)
        assert "entry 2 of the ledger" in error.message
        assert error.exit_code == 3

    def test_a_revocation_that_is_hidden_is_missed(self, release: Path, tmp_path: Path):
        ledger = Ledger(tmp_path / "log")
        ledger.append("certified", {"certificate": "C-2026-001"})
        ledger.append("revoked", {"certificate": "C-2026-001"})
        ledger.append("loaded", {})
        whole = ledger.path.read_bytes()
        ledger.path.write_bytes(whole.replace(b'"type":"revoked"', b'"type":"reworked"'))
        with pytest.raises(LedgerError, match="entry 1"):
            verify(release, trust=TRUST, at=AT, ledger=ledger.path)
        ledger.path.write_bytes(whole)
        ledger.checkpoint(AGENCY)
        ledger.path.write_bytes(whole[: whole.index(b"\n") + 1])
        with pytest.raises(LedgerError, match="are gone"):
            verify(release, trust=TRUST, at=AT, ledger=ledger.path)

    def test_another_ledger_is_told(self, release: Path, tmp_path: Path):
        agency = Ledger(tmp_path / "agency")
        agency.append("certified", {"certificate": "C-2026-001"})
        anchor = {"size": 1, "root": agency.root().hex()}
        certificate = made(ledger=anchor)
        other = Ledger(tmp_path / "other")
        other.append("loaded", {})
        options = {"files": release, "trust": TRUST, "at": AT}
        held = verify(certificate, **options, ledger=agency)
        assert not any("not the ledger" in note for note in held.notes)
        assert any(note.startswith("revocations are known as far as") for note in held.notes)
        for wrong in (other, tmp_path / "missing"):
            held = verify(certificate, **options, ledger=wrong)
            assert any("not the ledger" in note for note in held.notes)

    def test_a_ledger_in_the_release_is_not_unlisted(self, release: Path):
        ledger = Ledger(release)
        ledger.append("certified", {"certificate": "C-2026-001"})
        ledger.checkpoint(AGENCY)
        assert verify(release, trust=TRUST, at=AT, ledger=ledger).unlisted == ()

    def test_a_broken_entry_is_not_passed_over(self, release: Path, tmp_path: Path):
        ledger = Ledger(tmp_path / "log")
        ledger.append("revoked", {"certificate": "C-2026-001"})
        written = ledger.path.read_bytes()
        ledger.path.write_bytes(written.replace(b"C-2026-001", b"C-2026-009"))
        with pytest.raises(LedgerError, match="entry 0"):
            verify(release, trust=TRUST, at=AT, ledger=ledger)


class TestIssue:
    @pytest.mark.parametrize(
        ("change", "word"),
        [
            ({"id": "a b"}, "id"), ({"id": None}, "id"), ({"kind": "other"}, "kind"),
            ({"scenario": "SC-1"}, "scenario.id"), ({"scenario": {"id": " x"}}, "scenario_id"),
            ({"scenario": {"id": "a\nb"}}, "scenario_id"), ({"policy": {}}, "policy.id"),
            ({"policy": {"id": "p", "version": "1", "digest": "F" * 64}}, "policy_digest"),
            ({"policy": {"id": "p", "version": 1, "digest": "0" * 64}}, "policy.version"),
            ({"issued": "2026-11-23"}, "issued"), ({"issued": "2026-13-23T08:00:00Z"}, "issued"),
            ({"not_before": "2026-11-23T08:00:00+08:00"}, "not_before"),
            ({"expires": 1}, "expires"), ({"expires": "2026-11-24T00:00:00Z"}, "expires after"),
            ({"evidence_digest": ""}, "evidence_digest"),
            ({"ledger": {"size": -1, "root": "0" * 64}}, "ledger"), ({"ledger": 1}, "ledger"),
            ({"ledger": {"size": True, "root": "0" * 64}}, "ledger"), ({"officer": 7}, "officer"),
            ({"officer": "a\x1b[31m"}, "officer"), ({"extra": float("nan")}, "canonical"),
        ],
    )  # fmt: skip
    def test_unfit_terms(self, change: dict[str, object], word: str):
        with pytest.raises(InputError, match=word):
            made(**change)

    def test_optional_fields(self):
        predicate = {k: v for k, v in PREDICATE.items() if k not in ("ledger", "officer")}
        assert Terms.of(predicate).anchor is None
        assert Terms.of(predicate).officer == ""

    def test_subjects(self):
        one = fingerprint(b"", name="a")
        for subjects in ([], [one, one]):
            with pytest.raises(InputError, match="subjects"):
                issue(PREDICATE, subjects, AGENCY)

    def test_order_of_files_does_not_matter(self):
        subjects = made().subjects
        assert issue(PREDICATE, subjects[::-1], AGENCY) == issue(PREDICATE, subjects, AGENCY)


class TestReading:
    @pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"x" * (5 << 20)])
    def test_no_certificate(self, tmp_path: Path, content: bytes):
        (tmp_path / "certificate.json").write_bytes(content)
        with pytest.raises(CertificateError, match="malformed") as caught:
            verify(tmp_path, trust=TRUST)
        assert caught.value.exit_code == 2

    def test_missing(self, tmp_path: Path):
        for path in (tmp_path, tmp_path / "no.json"):
            with pytest.raises(CertificateError, match="no certificate") as caught:
                verify(path, trust=TRUST)
            assert caught.value.code == "malformed"

    @pytest.mark.parametrize(
        "payload",
        [
            b"", b"{}", b"[]", b'{"_type":1}',
            canonical({"_type": "x", "subject": [], "predicateType": "p", "predicate": {}}),
            b'{"a":1,"a":1}',
        ],
    )  # fmt: skip
    def test_statements(self, payload: bytes):
        with pytest.raises(InputError):
            read_statement(payload, "p")
        signed = Envelope(PAYLOAD_TYPE, payload).signed(AGENCY)
        with pytest.raises(CertificateError, match="malformed"):
            Certificate.from_bytes(signed.to_bytes())

    def test_a_statement_has_one_form(self):
        good = made().envelope.payload
        spaced = json.dumps(json.loads(good)).encode()
        backwards = json.loads(good)
        backwards["subject"].reverse()
        for payload in (spaced, canonical(backwards)):
            with pytest.raises(InputError, match="canonical"):
                read_statement(payload, "urn:niming:certificate:1")
