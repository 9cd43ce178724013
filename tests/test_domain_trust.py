"""`niming.domain.trust`: whose signatures count."""

from __future__ import annotations

from pathlib import Path

import pytest

from niming.domain import trust
from niming.domain.keys import generate, key_id
from niming.domain.trust import add, entries, trust_store
from niming.errors import CertificateError, KeyFileError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(trust.HOME, str(tmp_path / "home"))
    monkeypatch.delenv(trust.TRUST, raising=False)
    return tmp_path / "home"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        generate(tmp_path / f"{name}.pem")
    return tmp_path


class TestTrustStore:
    def test_nothing_is_trusted_by_itself(self, keys: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.chdir(keys)  # with public keys in it
        with pytest.raises(CertificateError, match="no key is trusted") as caught:
            trust_store()
        assert caught.value.code == "no-trust"
        assert caught.value.exit_code == 2
        assert "--trust agency.pub" in caught.value.hint
        assert "niming trust add" in caught.value.hint

    def test_file_folder_key_and_list(self, keys: Path):
        a = trust_store(keys / "a.pem.pub")
        assert [t.name for t in a.trusted] == ["a"]
        assert trust_store(a) is a
        assert len(trust_store(keys).trusted) == 2
        assert len(trust_store([keys, str(keys / "a.pem.pub")]).trusted) == 2
        key = a.trusted[0].key
        assert list(trust_store(key).keys) == [key_id(key)]
        assert a.name(key_id(key)) == "a"
        assert a.name("f" * 64) == "key ffffffffffffffff…"

    def test_an_empty_folder_or_list_trusts_nobody(self, tmp_path: Path):
        (tmp_path / "empty").mkdir()
        for nobody in (tmp_path / "empty", []):
            with pytest.raises(CertificateError) as caught:
                trust_store(nobody)
            assert caught.value.code == "no-trust"

    def test_one_bad_file_is_not_passed_over(self, keys: Path):
        (keys / "c.pub").write_text("no key")
        with pytest.raises(KeyFileError, match=r"c\.pub"):
            trust_store(keys)

    def test_private_keys_are_not_read_from_a_folder(self, keys: Path):
        (keys / "a.pem").rename(keys / "x.pub")
        with pytest.raises(KeyFileError, match="private key"):
            trust_store(keys)

    def test_environment(self, keys: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv(trust.TRUST, str(keys / "b.pem.pub"))
        assert [t.name for t in trust_store().trusted] == ["b"]
        monkeypatch.setenv(trust.TRUST, str(keys / "missing.pub"))
        with pytest.raises(KeyFileError, match="missing"):
            trust_store()

    def test_the_named_key_replaces_the_store(self, keys: Path):
        add(keys / "a.pem.pub")
        assert [t.name for t in trust_store(keys / "b.pem.pub").trusted] == ["b"]

    def test_repr_is_one_line(self, keys: Path):
        store = trust_store(keys)
        assert repr(store) == "TrustStore(a, b)"
        assert "\n" not in repr(store.trusted[0])


class TestOwnStore:
    def test_add_and_list(self, keys: Path, home: Path):
        assert entries() == ()
        added = add(keys / "a.pem.pub", "agency")
        assert added.path == home / "trust" / "agency.pub"
        assert [(e.name, e.key_id) for e in entries()] == [("agency", added.key_id)]
        assert trust_store().name(added.key_id) == "agency"
        add(keys / "b.pem.pub")
        assert [e.name for e in entries()] == ["agency", "b"]

    def test_adding_again_changes_nothing(self, keys: Path):
        assert add(keys / "a.pem.pub").key_id == add(keys / "a.pem.pub").key_id
        assert len(entries()) == 1

    def test_a_name_is_not_taken_over(self, keys: Path):
        first = add(keys / "a.pem.pub", "agency")
        with pytest.raises(KeyFileError, match="another key"):
            add(keys / "b.pem.pub", "agency")
        assert [e.key_id for e in entries()] == [first.key_id]

    @pytest.mark.parametrize("name", ["", "../evil", ".hidden", "a/b", "x" * 70, "a\nb"])
    def test_names(self, keys: Path, name: str):
        with pytest.raises(KeyFileError, match="name"):
            add(keys / "a.pem.pub", name)
        assert entries() == ()

    def test_a_private_key_is_not_kept(self, keys: Path):
        with pytest.raises(KeyFileError, match="private"):
            add(keys / "a.pem")

    def test_a_store_open_to_all_is_refused(self, keys: Path, home: Path):
        add(keys / "a.pem.pub")
        (home / "trust").chmod(0o777)
        with pytest.raises(KeyFileError, match="chmod o-w"):
            trust_store()
