"""A load opens what a certificate covers, for the approved use, and records that it did."""

from __future__ import annotations

import datetime as dt
import logging
import shutil
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import niming
from niming.domain.certificate import verify
from niming.domain.keys import generate
from niming.domain.ledger import Ledger
from niming.domain.release import CERTIFICATE, DATA, MANIFEST
from niming.domain.signing import revoke, sign
from niming.errors import CertificateError, ColumnNotFoundError, InputError, LedgerError

USE = "SC-2026-014"

pytestmark = pytest.mark.usefixtures("at_home", "plain_report")


@pytest.fixture
def signed(town: Any, tmp_path: Path) -> Path:
    return Path(shutil.copytree(town.signed, tmp_path / "signed"))


def acts(folder: Path) -> list[str]:
    return [e.type for e in Ledger(folder).entries()]


class TestLoaded:
    @pytest.fixture
    def data(self, town: Any, signed: Path) -> niming.domain.DataSet:
        return niming.load(signed, scenario=USE, trust=town.trust, purpose="train")

    def test_in_every_type(self, data: niming.domain.DataSet, signed: Path) -> None:
        written = pq.read_table(signed / DATA)
        assert isinstance(data.to_arrow(), pa.Table)
        assert data.to_arrow() == written
        assert isinstance(data.to_polars(), pl.DataFrame)
        assert data.to_polars().rows() == [tuple(r.values()) for r in written.to_pylist()]
        pd.testing.assert_frame_equal(data.to_pandas(), written.to_pandas())
        assert data.shape == written.shape

    def test_features_and_target(self, data: niming.domain.DataSet) -> None:
        X, y = data.to_xy("illness")
        assert list(X.columns) == ["district", "age", "visits"]
        assert y.name == "illness"
        assert len(X) == len(y) == data.shape[0]
        with pytest.raises(ColumnNotFoundError, match="ilness"):
            data.to_xy("ilness")
        with pytest.raises(ColumnNotFoundError, match="target"):
            data.to_xy()

    def test_the_releases_own_target(self, town: Any, tmp_path: Path) -> None:
        table = niming.open(town.table, town.schema)
        release = table.plan(town.policy, target="visits").apply(sample=0.5, seed=7)
        # Without the original no model is trained, and sampling could not run: leave that out.
        policy = niming.domain.Policy(town.policy.source.split("  - {id: sampled")[0])
        folder = release.with_policy(policy).write(tmp_path / "r")
        assert niming.certify(folder, policy).passed
        sign(folder, town.key, scenario=USE)
        data = niming.load(folder, scenario=USE, trust=town.trust)
        assert data.target == "visits"
        assert data.to_xy()[1].name == "visits"

    def test_what_each_column_is(self, data: niming.domain.DataSet) -> None:
        assert data.schema.sensitive == ("illness",)
        assert data.certificate.scenario_id == USE

    def test_repr_shows_no_cell(self, data: niming.domain.DataSet) -> None:
        assert "rows x 4 columns" in repr(data)
        assert "flu" not in repr(data)

    def test_is_recorded(self, data: niming.domain.DataSet, town: Any, signed: Path) -> None:
        *_, entry = Ledger(signed).entries()
        assert entry.type == "loaded"
        assert entry.body["certificate"] == data.certificate.id
        assert (entry.body["purpose"], entry.body["scenario"]) == ("train", USE)
        assert Ledger(signed).verify(town.trust).ok

    def test_does_not_believe_a_name_in_the_environment(
        self, town: Any, signed: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
            monkeypatch.setenv(name, "somebody-else")
        niming.load(signed, scenario=USE, trust=town.trust)
        *_, entry = Ledger(signed).entries()
        assert entry.actor != "somebody-else"


class TestRefused:
    def refused(self, folder: Path, code: str, **options: Any) -> CertificateError:
        with pytest.raises(CertificateError) as caught:
            niming.load(folder, **{"scenario": USE, **options})
        assert caught.value.code == code
        *_, entry = Ledger(folder).entries()
        assert (entry.type, entry.body["code"]) == ("refused", code)
        return caught.value

    def test_another_scenario(self, town: Any, signed: Path) -> None:
        error = self.refused(signed, "other-scenario", scenario="SC-OTHER", trust=town.trust)
        assert error.exit_code == 4
        assert USE in str(error)

    @pytest.mark.parametrize(("year", "code"), [(2099, "expired"), (2001, "not-yet-valid")])
    def test_another_date(self, town: Any, signed: Path, year: int, code: str) -> None:
        at = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
        assert self.refused(signed, code, trust=town.trust, at=at).exit_code == 3

    def test_an_untrusted_key(self, signed: Path, tmp_path: Path) -> None:
        generate(tmp_path / "other.pem")
        self.refused(signed, "untrusted-key", trust=tmp_path / "other.pem.pub")

    def test_no_trust(self, signed: Path) -> None:
        self.refused(signed, "no-trust")

    def test_no_certificate(self, town: Any, signed: Path) -> None:
        (signed / CERTIFICATE).unlink()
        self.refused(signed, "malformed", trust=town.trust)

    @pytest.mark.parametrize("name", [DATA, MANIFEST, "evidence.json", "report.html"])
    def test_a_changed_file(self, town: Any, signed: Path, name: str) -> None:
        with (signed / name).open("ab") as file:
            file.write(b" ")
        assert name in str(self.refused(signed, "file-changed", trust=town.trust))

    def test_revoked(self, town: Any, signed: Path) -> None:
        revoke(signed, town.key, reason="x")
        assert self.refused(signed, "revoked", trust=town.trust).exit_code == 3

    def test_revoked_in_the_folder_while_loads_are_recorded_elsewhere(
        self, town: Any, signed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        revoke(signed, town.key, reason="x")
        elsewhere = tmp_path / "pipeline.jsonl"
        monkeypatch.setenv("NIMING_LEDGER", str(elsewhere))
        with pytest.raises(CertificateError, match="revoked"):
            niming.load(signed, scenario=USE, trust=town.trust)
        assert acts(elsewhere) == ["refused"]

    def test_recorded_elsewhere(self, town: Any, signed: Path, tmp_path: Path) -> None:
        before = acts(signed)
        niming.load(signed, scenario=USE, trust=town.trust, ledger=tmp_path / "p.jsonl")
        assert acts(tmp_path / "p.jsonl") == ["loaded"]
        assert acts(signed) == before

    def test_no_folder_is_made(self, town: Any, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no release folder"):
            niming.load(tmp_path / "none", scenario=USE, trust=town.trust)
        assert not (tmp_path / "none").exists()


class TestLedger:
    def test_what_cannot_be_recorded_is_not_loaded(
        self, town: Any, signed: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("not a folder")
        with pytest.raises(LedgerError):
            niming.load(
                signed, scenario=USE, trust=town.trust, ledger=tmp_path / "file" / "l.jsonl"
            )

    def test_a_full_disk(self, town: Any, signed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(LedgerError, match="No space left"):
            niming.load(signed, scenario=USE, trust=town.trust)

    def test_a_changed_ledger(self, town: Any, signed: Path) -> None:
        log = signed / "ledger.jsonl"
        log.write_bytes(log.read_bytes().replace(b"reviewer 1", b"reviewer 2"))
        with pytest.raises(LedgerError, match="changed"):
            niming.load(signed, scenario=USE, trust=town.trust)


class TestSwapped:
    """A file exchanged after it was verified, and before it is read."""

    @pytest.mark.parametrize("name", [DATA, MANIFEST])
    @pytest.mark.parametrize("content", [None, b"", b"other"])
    def test_is_refused(
        self,
        town: Any,
        signed: Path,
        monkeypatch: pytest.MonkeyPatch,
        name: str,
        content: bytes | None,
    ) -> None:
        def verify_and_swap(*args: Any, **kwargs: Any) -> Any:
            verified = verify(*args, **kwargs)
            if content is None:
                (signed / name).unlink()
            else:
                (signed / name).write_bytes(content)
            return verified

        monkeypatch.setattr(sys.modules["niming.domain.load"], "verify", verify_and_swap)
        with pytest.raises(CertificateError, match="while it was being loaded") as caught:
            niming.load(signed, scenario=USE, trust=town.trust)
        assert caught.value.code == "file-changed"
        assert acts(signed)[-1] == "refused"


def test_nothing_is_logged_of_the_cells(
    town: Any, signed: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        niming.load(signed, scenario=USE, trust=town.trust)
    assert "asthma" not in caplog.text
    assert b"asthma" not in (signed / "ledger.jsonl").read_bytes()


def test_a_ledger_that_went_missing_is_told(town: Any, tmp_path: Path) -> None:
    """The load is recorded in a new ledger, and the notes say that revocations are not known."""
    folder = Path(shutil.copytree(town.signed, tmp_path / "release"))
    for file in folder.glob("ledger.jsonl*"):
        file.unlink()
    (folder / "checkpoint.json").unlink()
    loaded = niming.load(folder, scenario=USE, trust=town.trust)
    assert any("not the ledger that this certificate was recorded in" in n for n in loaded.notes)
