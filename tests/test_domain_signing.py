"""Signing takes what the gate wrote and nothing else; what was signed can be withdrawn."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import niming
from niming.cli import main
from niming.domain.canonical import canonical
from niming.domain.certificate import Certificate, verify
from niming.domain.gate import certify
from niming.domain.keys import generate
from niming.domain.ledger import Ledger
from niming.domain.release import CERTIFICATE, DATA, EVIDENCE, MANIFEST, POLICY, REPORT
from niming.domain.scenario import Scenario
from niming.domain.signing import revoke, sign
from niming.errors import CertificateError, InputError, PolicyError, RefusedError

USE = "SC-2026-014"

pytestmark = pytest.mark.usefixtures("at_home", "plain_report")


@pytest.fixture
def folder(town: Any, tmp_path: Path) -> Path:
    """An unsigned release that passed."""
    return Path(shutil.copytree(town.unsigned, tmp_path / "release"))


@pytest.fixture
def signed(town: Any, tmp_path: Path) -> Path:
    return Path(shutil.copytree(town.signed, tmp_path / "signed"))


def edit(path: Path, change: Callable[[Any], None]) -> None:
    """Change a JSON file and write it as niming would have."""
    content = json.loads(path.read_bytes())
    change(content)
    path.write_bytes(canonical(content))


def measure(content: Any, name: str) -> Any:
    return next(m for m in content["measures"] if m["name"] == name)


class TestSign:
    def test_the_certificate_holds_for_what_was_measured(self, town: Any, folder: Path) -> None:
        certificate = sign(folder, town.key, scenario=USE, officer="reviewer 1")
        verified = verify(folder, trust=town.trust, scenario=USE, ledger=folder)
        assert verified.certificate.digest == certificate.digest
        assert {s.name for s in certificate.subjects} == {DATA, MANIFEST, POLICY, EVIDENCE, REPORT}
        assert [n.split()[0] for n in verified.notes] == ["revocations"]
        assert certificate.predicate["officer"] == "reviewer 1"

    def test_the_act_is_in_the_ledger_and_the_certificate_anchors_it(
        self, town: Any, folder: Path
    ) -> None:
        certificate = sign(folder, town.key, scenario=USE)
        log = Ledger(folder)
        assert [e.type for e in log.entries()][-2:] == ["certified", "signed"]
        anchor = certificate.terms.anchor
        assert anchor is not None
        assert log.root(anchor.size) == anchor.root
        assert log.verify(town.trust).ok

    def test_the_report_shows_the_certificate(self, town: Any, folder: Path) -> None:
        certificate = sign(folder, town.key, scenario=USE)
        assert certificate.id in (folder / REPORT).read_text("utf-8")

    def test_twice_is_refused(self, town: Any, signed: Path) -> None:
        before = (signed / CERTIFICATE).read_bytes()
        with pytest.raises(InputError, match="certified already"):
            sign(signed, town.key, scenario=USE)
        assert (signed / CERTIFICATE).read_bytes() == before

    def test_a_certified_folder_is_not_measured_or_written_again(
        self, town: Any, signed: Path
    ) -> None:
        with pytest.raises(InputError, match="certified release"):
            certify(signed, town.policy)
        release = niming.domain.Release.open(signed)
        with pytest.raises(InputError, match="certified release"):
            release.save(signed)
        assert verify(signed, trust=town.trust)


EDITS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a measure": (lambda e: measure(e, "k_anonymity.k").update(value=50), "k_anonymity.k"),
    "a risk": (lambda e: measure(e, "context.total_risk").update(value=0.0), "total_risk"),
    "a measure and its verdict": (
        lambda e: (
            measure(e, "k_anonymity.k").update(value=50),
            next(v for v in e["verdicts"] if v["requirement"] == "k").update(measured=50),
        ),
        "verdicts, k_anonymity.k",
    ),
    "a verdict": (lambda e: e["verdicts"][2].update(why={"zh": "", "en": ""}), "verdicts"),
    "a verdict taken out": (lambda e: e["verdicts"].pop(), "verdicts"),
    "a measure taken out": (lambda e: e["measures"].pop(3), "n_pseudonyms"),
    "a measure made up": (
        lambda e: e["measures"].append({**e["measures"][0], "name": "all.is_well"}),
        "all.is_well",
    ),
    "a measure that means something else": (
        lambda e: measure(e, "k_anonymity.k").update(definition="as large as you like"),
        "k_anonymity.k",
    ),
    "the fraction below the claim": (
        lambda e: measure(e, "sampling.fraction").update(value=0.01),
        "sampling.fraction",
    ),
    "the number of rows": (lambda e: e["release"].update(n_rows=7), "release"),
    "the SM3 of a file": (lambda e: e["release"]["files"][0].update(sm3="0" * 64), DATA),
    "the files": (lambda e: e["release"].update(files=None), "files"),
    "the roles": (lambda e: e["schema"]["columns"][0].update(role="insensitive"), "schema"),
    "what was done": (lambda e: e["transformation"].clear(), "transformation"),
    "the classes": (lambda e: e["classes"]["histogram"].pop(), "classes"),
    "a released column": (lambda e: e["columns"][1]["after"].update(n_distinct=1), "columns"),
    "the kind": (lambda e: e["policy"].update(kind="anonymised-release"), "policy"),
    "the measures": (lambda e: e.update(measures="all fine"), "form"),
    "the scenario": (lambda e: e.update(scenario={"what": 1}), "form"),
}


class TestRefusals:
    """Nothing but a passed release with the gate's own evidence is signed."""

    def refused(
        self, town: Any, folder: Path, kind: type[Exception], match: str, **options: Any
    ) -> None:
        entries = len(Ledger(folder))
        with pytest.raises(kind, match=match):
            sign(folder, town.key, **{"scenario": USE, **options})
        assert not (folder / CERTIFICATE).exists()
        assert len(Ledger(folder)) == entries

    def test_no_evidence(self, town: Any, folder: Path) -> None:
        (folder / EVIDENCE).unlink()
        self.refused(town, folder, InputError, "no evidence.json")

    @pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"{\xff", b'{"verdict": "passed"}'])
    def test_damaged_evidence(self, town: Any, folder: Path, content: bytes) -> None:
        (folder / EVIDENCE).write_bytes(content)
        self.refused(town, folder, InputError, "evidence")

    def test_evidence_in_another_layout(self, town: Any, folder: Path) -> None:
        content = json.loads((folder / EVIDENCE).read_bytes())
        (folder / EVIDENCE).write_text(json.dumps(content, indent=2), "utf-8")
        self.refused(town, folder, InputError, "not as the gate writes")

    def test_a_failed_release(self, town: Any, folder: Path) -> None:
        evidence = certify(folder, town.policy)  # without the original: sampling could not run
        assert not evidence.passed
        self.refused(town, folder, RefusedError, "did not pass policy 'house': sampled")

    def test_a_failed_release_exits_with_1(self, town: Any, folder: Path) -> None:
        certify(folder, town.policy)
        assert main(["sign", str(folder), "--key", str(town.key), "--scenario", USE]) == 1

    @pytest.mark.parametrize("name", [DATA, MANIFEST, POLICY])
    def test_a_changed_file(self, town: Any, folder: Path, name: str) -> None:
        with (folder / name).open("ab") as file:
            file.write(b"\n")
        self.refused(town, folder, CertificateError, name)

    @pytest.mark.parametrize("name", list(EDITS))
    def test_evidence_edited_by_hand(self, town: Any, folder: Path, name: str) -> None:
        change, told = EDITS[name]
        edit(folder / EVIDENCE, change)
        kind = CertificateError if told == DATA else RefusedError
        self.refused(town, folder, kind, told)

    def test_a_failure_edited_into_a_pass(self, town: Any, folder: Path) -> None:
        strict = town.policy.source.replace("at_least: 5", "at_least: 50")
        certify(folder, niming.domain.Policy(strict), town.table)

        def pass_it(evidence: Any) -> None:
            evidence["verdict"] = "passed"
            for v in evidence["verdicts"]:
                v.update(holds=True, outcome="passed")

        edit(folder / EVIDENCE, pass_it)
        self.refused(town, folder, RefusedError, "verdicts")

    def test_evidence_of_another_release(self, town: Any, folder: Path, tmp_path: Path) -> None:
        release = niming.open(town.table, town.schema).plan(town.policy).apply(sample=0.6, seed=8)
        release.save(tmp_path / "other")
        shutil.copy(tmp_path / "other" / EVIDENCE, folder / EVIDENCE)
        self.refused(town, folder, CertificateError, "changed after the gate")

    def test_data_swapped_while_signing_do_not_verify(
        self, town: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def swap(*args: object, **kwargs: object) -> None:
            (folder / DATA).write_bytes(b"other")

        monkeypatch.setattr("niming.domain.signing.write_report", swap)
        sign(folder, town.key, scenario=USE)
        with pytest.raises(CertificateError, match=DATA):
            verify(folder, trust=town.trust)


class TestScenario:
    def test_there_is_no_certificate_without_one(self, town: Any, folder: Path) -> None:
        with pytest.raises(PolicyError, match="no scenario"):
            sign(folder, town.key)

    def bound(self, town: Any, folder: Path, scenario: str) -> None:
        policy = niming.domain.Policy(town.policy.source + f"scenario: {scenario}\n")
        assert certify(folder, policy, town.table).passed

    def test_the_policy_names_it(self, town: Any, folder: Path) -> None:
        self.bound(town, folder, "{id: SC-9, purpose: census}")
        assert sign(folder, town.key).predicate["scenario"]["purpose"] == "census"  # type: ignore[index,call-overload]

    def test_another_than_the_policy_names(self, town: Any, folder: Path) -> None:
        self.bound(town, folder, "{id: SC-9}")
        with pytest.raises(PolicyError, match="is for scenario SC-9, not SC-1"):
            sign(folder, town.key, scenario="SC-1")

    def test_another_than_was_measured_for(self, town: Any, folder: Path) -> None:
        certify(folder, town.policy, town.table, scenario=Scenario("SC-9"))
        with pytest.raises(PolicyError, match="is for scenario SC-9, not SC-1"):
            sign(folder, town.key, scenario="SC-1")

    def test_a_bare_id_does_not_outlive_the_approval(self, town: Any, folder: Path) -> None:
        """The last day stands in the policy; who signs gives the id alone."""
        last = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)
        self.bound(town, folder, f"{{id: SC-9, valid_until: {last}, title: census}}")
        certificate = sign(folder, town.key, scenario="SC-9")
        assert certificate.expires.date() == last + dt.timedelta(days=1)
        assert certificate.predicate["scenario"]["title"] == "census"  # type: ignore[index,call-overload]

    def test_the_earliest_last_day_counts(self, town: Any, folder: Path) -> None:
        last = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=9)
        self.bound(town, folder, f"{{id: SC-9, valid_until: {last}}}")
        early = Scenario("SC-9", valid_until=last - dt.timedelta(days=5))
        certificate = sign(folder, town.key, scenario=early)
        assert certificate.expires.date() == last - dt.timedelta(days=4)

    def test_from_a_file(self, town: Any, folder: Path, tmp_path: Path) -> None:
        file = tmp_path / "use.yaml"
        file.write_text("id: SC-3\noperator: 甲公司\n", "utf-8")
        assert sign(folder, town.key, scenario=file).scenario_id == "SC-3"
        assert "甲公司" in (folder / REPORT).read_text("utf-8")


class TestExpiry:
    def test_the_policy_says_how_long(self, town: Any, signed: Path) -> None:
        certificate = Certificate.read(signed / CERTIFICATE)
        assert certificate.expires - certificate.not_before == dt.timedelta(days=30)

    def test_fewer_days(self, town: Any, folder: Path) -> None:
        certificate = sign(folder, town.key, scenario=USE, days=1)
        assert certificate.expires - certificate.not_before == dt.timedelta(days=1)

    @pytest.mark.parametrize("days", [0, -1, 31])
    def test_days_beyond_the_policy(self, town: Any, folder: Path, days: int) -> None:
        with pytest.raises(InputError, match="allows 1 to 30"):
            sign(folder, town.key, scenario=USE, days=days)

    def test_a_scenario_that_is_over(self, town: Any, folder: Path) -> None:
        over = Scenario(USE, valid_until=dt.date(2026, 1, 31))
        with pytest.raises(CertificateError, match="ended on 2026-01-31") as caught:
            sign(folder, town.key, scenario=over)
        assert (caught.value.code, caught.value.exit_code) == ("expired", 3)
        assert not (folder / CERTIFICATE).exists()

    def test_the_last_day_is_included(self, town: Any, folder: Path) -> None:
        today = dt.datetime.now(dt.UTC).date()
        certificate = sign(folder, town.key, scenario=Scenario(USE, valid_until=today))
        midnight = dt.datetime.combine(today + dt.timedelta(days=1), dt.time(), dt.UTC)
        assert certificate.expires == midnight
        verify(folder, trust=town.trust, at=midnight - dt.timedelta(seconds=1))
        with pytest.raises(CertificateError, match="expired"):
            verify(folder, trust=town.trust, at=midnight)


class TestRevoke:
    def test_verify_and_load_say_revoked(self, town: Any, signed: Path) -> None:
        withdrawn = revoke(signed, town.key, reason="source withdrawn")
        for act in (
            lambda: verify(signed, trust=town.trust, ledger=signed),
            lambda: niming.load(signed, scenario=USE, trust=town.trust),
        ):
            with pytest.raises(CertificateError, match="was revoked") as caught:
                act()
            assert (caught.value.code, caught.value.exit_code) == ("revoked", 3)
        assert Ledger(signed).verify(town.trust).ok
        entry = Ledger(signed).revoked(withdrawn.id)
        assert entry is not None
        assert entry.body["reason"] == "source withdrawn"

    def test_exit_codes(self, town: Any, signed: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder, key, trust = str(signed), str(town.key), str(town.trust)
        assert main(["verify", folder, "--trust", trust]) == 0
        assert main(["revoke", folder, "--key", key, "--reason", "x"]) == 0
        assert main(["verify", folder, "--trust", trust]) == 3
        assert "revoked" in capsys.readouterr().err

    def test_twice_is_one_entry(self, town: Any, signed: Path) -> None:
        for _ in range(2):
            revoke(signed, town.key, reason="again")
        assert len(list(Ledger(signed).entries("revoked"))) == 1

    def test_another_key_cannot(self, town: Any, signed: Path, tmp_path: Path) -> None:
        generate(tmp_path / "other.pem")
        with pytest.raises(CertificateError, match="another key") as caught:
            revoke(signed, tmp_path / "other.pem", reason="x")
        assert caught.value.code == "untrusted-key"
        assert verify(signed, trust=town.trust, ledger=signed)

    def test_a_name_under_a_certificate_is_no_signature(self, town: Any, signed: Path) -> None:
        """A certificate that only claims to be signed by a key is not that key's to revoke."""
        envelope = json.loads((signed / CERTIFICATE).read_bytes())
        other = sign_bytes_of_another(town, signed)
        envelope["signatures"][0]["sig"] = other
        (signed / CERTIFICATE).write_bytes(canonical(envelope))
        with pytest.raises(CertificateError) as caught:
            revoke(signed, town.key, reason="x")
        assert caught.value.code == "bad-signature"
        assert not list(Ledger(signed).entries("revoked"))

    def test_a_truncated_ledger_hides_nothing(self, town: Any, signed: Path) -> None:
        revoke(signed, town.key, reason="x")
        log = signed / "ledger.jsonl"
        log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
        with pytest.raises(niming.errors.LedgerError):
            verify(signed, trust=town.trust, ledger=signed)
        log.unlink()
        with pytest.raises(niming.errors.LedgerError):
            verify(signed, trust=town.trust, ledger=signed)

    def test_in_a_ledger_elsewhere(self, town: Any, folder: Path, tmp_path: Path) -> None:
        log = tmp_path / "office" / "ledger.jsonl"
        sign(folder, town.key, scenario=USE, ledger=log)
        revoke(folder, town.key, reason="x", ledger=log)
        with pytest.raises(CertificateError, match="revoked"):
            niming.load(folder, scenario=USE, trust=town.trust, ledger=log)

    def test_a_ledger_that_is_named_and_absent(
        self, town: Any, signed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        words = ["verify", str(signed), "--trust", str(town.trust)]
        assert main([*words, "--ledger", str(tmp_path / "typo.jsonl")]) == 2
        monkeypatch.setenv("NIMING_LEDGER", str(tmp_path / "typo.jsonl"))
        assert main(words) == 2


def sign_bytes_of_another(town: Any, signed: Path) -> str:
    """Return a well-formed signature that is not over this certificate."""
    from niming.domain.envelope import Envelope
    from niming.domain.keys import load_private

    made = Envelope("text/plain", b"other").signed(load_private(town.key))
    return str(json.loads(made.to_bytes())["signatures"][0]["sig"])


class TestVerify:
    FILES = (DATA, MANIFEST, POLICY, EVIDENCE, REPORT)

    @pytest.mark.parametrize("name", FILES)
    @pytest.mark.parametrize("where", [0.0, 0.3, 0.5, 0.9, 1.0])
    def test_any_changed_byte(self, town: Any, signed: Path, name: str, where: float) -> None:
        content = bytearray((signed / name).read_bytes())
        content[int(where * (len(content) - 1))] ^= 1
        (signed / name).write_bytes(content)
        with pytest.raises(CertificateError, match=name) as caught:
            verify(signed, trust=town.trust)
        assert (caught.value.code, caught.value.exit_code) == ("file-changed", 2)

    @pytest.mark.parametrize("where", [0.0, 0.01, 0.3, 0.5, 0.7, 0.9, 0.98, 1.0])
    def test_any_changed_byte_of_the_certificate(
        self, town: Any, signed: Path, where: float
    ) -> None:
        content = bytearray((signed / CERTIFICATE).read_bytes())
        content[int(where * (len(content) - 1))] ^= 1
        (signed / CERTIFICATE).write_bytes(content)
        with pytest.raises(CertificateError) as caught:
            verify(signed, trust=town.trust)
        assert caught.value.code in ("malformed", "bad-signature", "untrusted-key")

    @pytest.mark.parametrize("change", [b"", b"more"])
    def test_a_file_cut_or_lengthened(self, town: Any, signed: Path, change: bytes) -> None:
        content = (signed / DATA).read_bytes()
        (signed / DATA).write_bytes(content + change if change else content[:-1])
        with pytest.raises(CertificateError, match=DATA):
            verify(signed, trust=town.trust)

    @pytest.mark.parametrize("name", FILES)
    def test_a_missing_file(self, town: Any, signed: Path, name: str) -> None:
        (signed / name).unlink()
        with pytest.raises(CertificateError, match=name) as caught:
            verify(signed, trust=town.trust)
        assert caught.value.code == "file-missing"

    def test_an_added_file_is_told(self, town: Any, signed: Path) -> None:
        (signed / "more.parquet").write_bytes(b"x")
        verified = verify(signed, trust=town.trust)
        assert verified.unlisted == ("more.parquet",)
        assert any("more.parquet" in n for n in verified.notes)


class TestExitCodes:
    """What `niming verify` returns: 2 invalid, 3 not at this date, 4 another use."""

    @pytest.fixture
    def other(self, tmp_path: Path) -> str:
        generate(tmp_path / "other.pem")
        return str(tmp_path / "other.pem.pub")

    def verify(self, town: Any, *more: str) -> int:
        return main(["verify", str(town.signed), "--trust", str(town.trust), *more])

    def test_valid(self, town: Any) -> None:
        assert self.verify(town, "--scenario", USE, "--policy", str(town.folder / POLICY)) == 0

    def test_another_scenario(self, town: Any, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.verify(town, "--scenario", "SC-OTHER") == 4
        assert USE in capsys.readouterr().err

    @pytest.mark.parametrize("at", ["2001-01-01", "2099-01-01", "2099-01-01T08:00:00Z"])
    def test_another_date(self, town: Any, at: str) -> None:
        assert self.verify(town, "--at", at) == 3

    @pytest.mark.parametrize("at", ["soon", "2026-13-01"])
    def test_no_date(self, town: Any, at: str) -> None:
        assert self.verify(town, "--at", at) == 2

    def test_another_policy(self, town: Any, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.verify(town, "--policy", "gbt42460-public") == 2
        assert "policy" in capsys.readouterr().err

    def test_another_key(self, town: Any, other: str) -> None:
        assert main(["verify", str(town.signed), "--trust", other]) == 2

    def test_no_key(self, town: Any, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify", str(town.signed)]) == 2
        assert "niming trust add" in " ".join(capsys.readouterr().err.split())

    def test_a_key_that_lies_beside_the_data_is_not_trusted(
        self, town: Any, signed: Path, other: str
    ) -> None:
        shutil.copy(town.trust, signed / "agency.pem.pub")
        assert main(["verify", str(signed)]) == 2

    def test_a_kept_key(self, town: Any) -> None:
        assert main(["trust", "add", str(town.trust)]) == 0
        assert main(["verify", str(town.signed)]) == 0

    def test_no_certificate(self, town: Any) -> None:
        assert main(["verify", str(town.unsigned), "--trust", str(town.trust)]) == 2

    def test_no_folder(self, town: Any, tmp_path: Path) -> None:
        assert main(["verify", str(tmp_path / "none"), "--trust", str(town.trust)]) == 2
        assert not (tmp_path / "none").exists()
