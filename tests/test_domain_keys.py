"""`niming.domain.keys`: made once, kept closed, refused with a reason."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa

from niming.domain.keys import PASSPHRASE, generate, key_id, load_private, load_public
from niming.errors import KeyFileError


@pytest.fixture(autouse=True)
def _no_passphrase(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(PASSPHRASE, raising=False)


def pem(key, *, public: bool = False) -> bytes:
    if public:
        return key.public_key().public_bytes(
            s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo
        )  # fmt: skip
    return key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())


def closed(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


class TestGenerate:
    def test_pair(self, tmp_path: Path):
        public = generate(tmp_path / "agency.pem", comment="市数据局 2026")
        private = load_private(tmp_path / "agency.pem")
        assert key_id(private.public_key()) == key_id(public)
        assert key_id(load_public(tmp_path / "agency.pem.pub")) == key_id(public)
        assert (tmp_path / "agency.pem.pub").read_text("utf-8").startswith("市数据局 2026\n-----")

    def test_private_is_closed_whatever_the_umask(self, tmp_path: Path):
        old = os.umask(0)
        try:
            generate(tmp_path / "key.pem")
        finally:
            os.umask(old)
        assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600

    @pytest.mark.parametrize("there", ["key.pem", "key.pem.pub"])
    def test_nothing_is_overwritten_or_left(self, tmp_path: Path, there: str):
        (tmp_path / there).write_text("mine")
        with pytest.raises(KeyFileError, match="never overwritten"):
            generate(tmp_path / "key.pem")
        assert [f.name for f in tmp_path.iterdir()] == [there]
        assert (tmp_path / there).read_text() == "mine"

    def test_missing_folder(self, tmp_path: Path):
        with pytest.raises(KeyFileError, match="cannot be made"):
            generate(tmp_path / "no" / "key.pem")

    @pytest.mark.parametrize("comment", ["two\nlines", "-----BEGIN", "bell\a"])
    def test_comment_is_one_line(self, tmp_path: Path, comment: str):
        with pytest.raises(KeyFileError, match="comment"):
            generate(tmp_path / "key.pem", comment=comment)
        assert not list(tmp_path.iterdir())

    def test_two_keys_differ(self, tmp_path: Path):
        assert key_id(generate(tmp_path / "a")) != key_id(generate(tmp_path / "b"))


class TestPassphrase:
    def test_by_argument_and_by_environment(self, tmp_path: Path, monkeypatch):
        public = generate(tmp_path / "key", passphrase="correct horse")
        assert b"ENCRYPTED" in (tmp_path / "key").read_bytes()
        private = load_private(tmp_path / "key", passphrase="correct horse")
        assert key_id(private.public_key()) == key_id(public)
        monkeypatch.setenv(PASSPHRASE, "correct horse")
        assert key_id(load_private(tmp_path / "key").public_key()) == key_id(public)

    def test_missing_and_wrong(self, tmp_path: Path):
        generate(tmp_path / "key", passphrase="correct horse")
        with pytest.raises(KeyFileError, match=PASSPHRASE):
            load_private(tmp_path / "key")
        with pytest.raises(KeyFileError, match="with this passphrase") as caught:
            load_private(tmp_path / "key", passphrase="battery staple")
        assert "battery" not in str(caught.value)

    def test_a_passphrase_that_protects_nothing_is_told(self, tmp_path: Path, monkeypatch):
        generate(tmp_path / "key")
        with pytest.raises(KeyFileError, match="not encrypted"):
            load_private(tmp_path / "key", passphrase="correct horse")
        monkeypatch.setenv(PASSPHRASE, "of another key")
        load_private(tmp_path / "key")


class TestRefusals:
    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o666])
    def test_open_to_others(self, tmp_path: Path, mode: int):
        generate(tmp_path / "key")
        (tmp_path / "key").chmod(mode)
        with pytest.raises(KeyFileError, match=rf"mode {mode:04o}(.|\n)*chmod 600 .*key"):
            load_private(tmp_path / "key")

    def test_missing_folder_pipe_and_size(self, tmp_path: Path):
        with pytest.raises(KeyFileError, match="no key file"):
            load_private(tmp_path / "key")
        with pytest.raises(KeyFileError, match="folder"):
            load_private(tmp_path)
        with pytest.raises(KeyFileError, match="folder"):
            load_public(tmp_path)
        os.mkfifo(tmp_path / "pipe", 0o600)
        with pytest.raises(KeyFileError, match="not a file"):
            load_private(tmp_path / "pipe")
        closed(tmp_path / "large", b"x" * 70_000)
        with pytest.raises(KeyFileError, match="too large"):
            load_private(tmp_path / "large")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
    def test_unreadable(self, tmp_path: Path):
        generate(tmp_path / "key")
        (tmp_path / "key").chmod(0)
        with pytest.raises(KeyFileError, match="cannot be read"):
            load_private(tmp_path / "key")

    @pytest.mark.parametrize(
        "content", [b"", b"no key", b"\xff\x00", b"-----BEGIN PRIVATE KEY-----"]
    )
    def test_no_key(self, tmp_path: Path, content: bytes):
        closed(tmp_path / "key", content)
        for load in (load_private, load_public):
            with pytest.raises(KeyFileError, match="holds"):
                load(tmp_path / "key")

    def test_truncated_keys_show_nothing(self, tmp_path: Path):
        generate(tmp_path / "key")
        whole = (tmp_path / "key").read_bytes()
        secret = whole.splitlines()[1].decode()
        for n in range(0, len(whole) - 1, 7):
            closed(tmp_path / "short", whole[:n])
            with pytest.raises(KeyFileError) as caught:
                load_private(tmp_path / "short")
            assert secret[20:40] not in str(caught.value)
            assert caught.value.__cause__ is None
            assert caught.value.__suppress_context__ or caught.value.__context__ is None

    @pytest.mark.parametrize(
        ("key", "kind"),
        [
            (rsa.generate_private_key(65537, 2048), "RSA"),
            (ec.generate_private_key(ec.SECP256R1()), "EC"),
            (ed448.Ed448PrivateKey.generate(), "Ed448"),
        ],
    )
    def test_another_kind(self, tmp_path: Path, key, kind: str):
        closed(tmp_path / "key", pem(key))
        closed(tmp_path / "key.pub", pem(key, public=True))
        with pytest.raises(KeyFileError, match=f"{kind} key, and niming signs with Ed25519"):
            load_private(tmp_path / "key")
        with pytest.raises(KeyFileError, match=f"{kind} key, and niming signs with Ed25519"):
            load_public(tmp_path / "key.pub")

    def test_private_and_public_mixed_up(self, tmp_path: Path):
        generate(tmp_path / "key")
        (tmp_path / "key.pub").chmod(0o600)
        with pytest.raises(KeyFileError, match=r"holds a public key(.|\n)*private key, .*key$"):
            load_private(tmp_path / "key.pub")
        with pytest.raises(KeyFileError, match="private key where a public"):
            load_public(tmp_path / "key")


class TestKeyId:
    def test_is_the_digest_of_the_der(self):
        # RFC 8032, 7.1, TEST 1; the prefix is the DER of RFC 8410, section 4
        raw = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        key = s.load_der_public_key(bytes.fromhex("302a300506032b6570032100") + raw)
        assert key_id(key) == sha256(bytes.fromhex("302a300506032b6570032100") + raw).hexdigest()

    @pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command here")
    def test_openssl_agrees(self, tmp_path: Path):
        public = generate(tmp_path / "key", comment="a comment")
        command = ["openssl", "pkey", "-pubin", "-in", tmp_path / "key.pub", "-outform", "DER"]
        der = subprocess.run(command, capture_output=True, check=True).stdout
        assert sha256(der).hexdigest() == key_id(public)
        made = tmp_path / "made"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", made], check=True)
        made.chmod(0o600)
        load_private(made)
