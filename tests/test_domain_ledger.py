"""`niming.domain.ledger`, its entries, checkpoints and audit."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from niming.domain import trust as trust_module
from niming.domain.audit import audit
from niming.domain.canonical import canonical
from niming.domain.checkpoint import Checkpoint
from niming.domain.entry import LARGEST, Entry, ties
from niming.domain.ledger import Ledger
from niming.domain.merkle import EMPTY_ROOT, MerkleTree, leaf_hash
from niming.errors import InputError, LedgerError

AGENCY = Ed25519PrivateKey.from_private_bytes(b"a" * 32)
FORGER = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
KINDS = ("registered", "scanned", "planned", "released", "certified", "loaded", "trained")


@pytest.fixture(autouse=True)
def _no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(trust_module.HOME, str(tmp_path / "nobody"))
    monkeypatch.delenv(trust_module.TRUST, raising=False)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return filled(tmp_path / "log", 8)


def filled(folder: Path, n: int) -> Ledger:
    ledger = Ledger(folder)
    for i in range(n):
        ledger.append(KINDS[i % len(KINDS)], {"n": i, "说明": "第一次"}, actor=f"officer {i % 3}")
    return ledger


def lines(ledger: Ledger) -> list[bytes]:
    return ledger.path.read_bytes().splitlines(keepends=True)


def rewritten(ledger: Ledger, new: list[bytes]) -> None:
    ledger.path.write_bytes(b"".join(new))


def found(ledger: Ledger, **options: object) -> list[tuple[str, tuple[int, int] | None]]:
    report = ledger.verify(**options)
    assert report.ok == (not report.problems)
    json.dumps(report.to_dict())
    assert repr(report).count("\n") == 0
    return [(p.code, p.entries) for p in report.problems]


def forged(line: bytes, **change: object) -> bytes:
    """An entry changed by someone who knows the format: its own leaf hash fits again."""
    entry = json.loads(line)["entry"] | change
    data = canonical(entry)
    return b'{"entry":%b,"leaf":"%b"}\n' % (data, leaf_hash(data).hex().encode())


class TestAppend:
    def test_lines_are_canonical_and_chained(self, ledger: Ledger):
        previous = None
        tree = MerkleTree()
        for seq, line in enumerate(lines(ledger)):
            document = json.loads(line)
            assert canonical(document) + b"\n" == line
            entry = document["entry"]
            assert entry == ledger.entry(seq).to_dict()
            assert entry["seq"] == seq
            assert entry["previous"] == previous
            assert entry["time"].endswith("Z")
            tree.append(leaf_hash(canonical(entry)))
            previous = document["leaf"]
            assert tree.leaf(seq).hex() == previous
        assert ledger.root() == tree.root()
        assert len(ledger) == 8
        assert found(ledger) == []

    def test_returns_what_is_written(self, ledger: Ledger):
        entry = ledger.append("revoked", {"certificate": "C-1"}, actor="officer 9")
        assert (
            entry == ledger.entry(8) == list(ledger.entries())[-1] == Ledger(ledger.path).entry(8)
        )
        assert ledger.revoked("C-1") == entry
        assert ledger.revoked("C-2") is None
        assert [e.seq for e in ledger.entries("registered")] == [0, 7]
        assert "\n" not in repr(entry) + repr(ledger)

    def test_path_of_file_or_folder(self, tmp_path: Path):
        for path in (tmp_path, tmp_path / "a" / "log", tmp_path / "b" / "other.jsonl"):
            Ledger(path).append("loaded")
        assert (tmp_path / "ledger.jsonl").exists()
        assert (tmp_path / "a" / "log" / "ledger.jsonl").exists()
        assert (tmp_path / "b" / "other.jsonl").exists()

    def test_nothing_is_made_by_looking(self, tmp_path: Path):
        ledger = Ledger(tmp_path / "log")
        assert len(ledger) == 0
        assert ledger.root() == EMPTY_ROOT
        assert list(ledger.entries()) == []
        assert not (tmp_path / "log").exists()
        with pytest.raises(LedgerError, match="cannot be read"):
            ledger.verify()
        with pytest.raises(LedgerError, match="none with the number 0"):
            ledger.entry(0)

    def test_actor_is_the_account_by_default(self, tmp_path: Path, monkeypatch):
        monkeypatch.setenv("LOGNAME", "somebody else")
        assert Ledger(tmp_path).append("loaded").actor not in ("", "somebody else")

    @pytest.mark.parametrize(
        ("kind", "body", "actor"),
        [
            ("", {}, "a"), ("Loaded", {}, "a"), ("a b", {}, "a"), ('x"', {}, "a"),
            ("loaded", {"x": float("nan")}, "a"), ("loaded", {"x": object()}, "a"),
            ("loaded", {"x": 2**60}, "a"), ("loaded", {"x": "y" * LARGEST}, "a"),
            ("loaded", {}, ""), ("loaded", {}, "a\nb"), ("loaded", {}, "\x1b[31m"),
        ],
    )  # fmt: skip
    def test_unfit_events_leave_nothing(self, tmp_path: Path, kind: str, body, actor: str):
        with pytest.raises(InputError):
            Ledger(tmp_path / "log").append(kind, body, actor=actor)
        assert not (tmp_path / "log").exists()

    def test_bodies_that_look_like_ends_of_entries(self, tmp_path: Path):
        ledger = Ledger(tmp_path)
        trap = '","previous":null,"seq":0,"time":"2026-01-01T00:00:00Z","type":"x"},"leaf":"'
        nested = {"previous": None, "seq": 7, "time": "2026-01-01T00:00:00Z", "type": "revoked"}
        ledger.append("loaded", {trap: trap, "leaf": "0" * 64}, actor=trap)
        ledger.append("loaded", nested)
        ledger.append("loaded", {"certificate": "C-1", "type": "revoked"})
        assert found(ledger) == []
        assert [e.seq for e in ledger.entries()] == [0, 1, 2]
        assert ledger.entry(1).body == nested
        assert ledger.revoked("C-1") is None

    JSONS = st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )  # fmt: skip

    @settings(deadline=None, max_examples=60)
    @given(st.dictionaries(st.text(), JSONS, max_size=3))
    def test_every_body_comes_back(self, body: dict[str, object]):
        entry = Entry(3, "2026-11-23T08:00:00Z", "officer", "loaded", body, "0" * 64)
        line = entry.line()
        assert b"\n" not in line
        again = Entry.parse(line)
        assert (again, again.line()) == (entry, line)
        assert ties(line).sound
        assert ties(line).seq == 3

    def test_the_last_entry_is_checked(self, ledger: Ledger):
        rewritten(ledger, [*lines(ledger)[:-1], lines(ledger)[-1].replace(b"officer", b"Officer")])
        with pytest.raises(LedgerError, match="entry 7"):
            ledger.append("loaded")
        ledger.path.write_bytes(b"not an entry\n")
        with pytest.raises(LedgerError, match="last line is not an entry"):
            Ledger(ledger.path).append("loaded")

    def test_a_full_disk_leaves_the_file_as_it_was(self, ledger: Ledger, monkeypatch):
        before = ledger.path.read_bytes()

        def full(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(LedgerError, match=r"No space left(.|\n)*free some space"):
                ledger.append("loaded")
        assert ledger.path.read_bytes() == before
        assert ledger.append("loaded").seq == 8
        assert found(ledger) == []

    def test_an_interrupt_leaves_the_file_as_it_was(self, ledger: Ledger, monkeypatch):
        before = ledger.path.read_bytes()

        def interrupted(_descriptor: int) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", interrupted)
            with pytest.raises(KeyboardInterrupt):
                ledger.append("loaded")
        assert ledger.path.read_bytes() == before

    def test_unwritable(self, tmp_path: Path):
        (tmp_path / "file").write_text("")
        with pytest.raises(LedgerError, match="cannot be opened"):
            Ledger(tmp_path / "file" / "ledger.jsonl").append("loaded")
        (tmp_path / "log" / "ledger.jsonl").mkdir(parents=True)
        with pytest.raises(LedgerError, match="cannot be written"):
            Ledger(tmp_path / "log").append("loaded")


class TestAudit:
    def test_every_flipped_byte_is_found_where_it_is(self, tmp_path: Path):
        ledger = filled(tmp_path / "log", 3)
        data = ledger.path.read_bytes()
        starts = [0]
        for line in lines(ledger):
            starts.append(starts[-1] + len(line))
        for at in range(len(data)):
            changed = data[:at] + bytes([data[at] ^ (0x01, 0x20, 0x80)[at % 3]]) + data[at + 1 :]
            ledger.path.write_bytes(changed)
            entry = max(i for i, s in enumerate(starts[:-1]) if s <= at)
            problems = found(ledger)
            assert problems, at
            _, where = problems[0]
            end = at + 1 in starts  # without its end a line runs into the next one
            assert where[0] in ((entry, entry + 1) if end else (entry,)), (at, problems)
            if not end and changed[at] != 0x0A:
                assert problems == [("changed", (entry, entry))]

    @pytest.mark.parametrize("seq", range(8))
    def test_a_dropped_entry(self, ledger: Ledger, seq: int):
        ledger.checkpoint(AGENCY)
        rewritten(ledger, [line for i, line in enumerate(lines(ledger)) if i != seq])
        assert found(ledger) == [("truncated" if seq == 7 else "missing", (seq, seq))]

    def test_several_dropped(self, ledger: Ledger):
        rewritten(ledger, [lines(ledger)[i] for i in (0, 3, 4, 7)])
        assert found(ledger) == [("missing", (1, 2)), ("missing", (5, 6))]
        assert "entries 1 to 2 are missing" in ledger.verify().problems[0].message

    def test_reordered(self, ledger: Ledger):
        rewritten(ledger, [lines(ledger)[i] for i in (0, 1, 3, 2, 4, 5, 6, 7)])
        assert found(ledger) == [("moved", (2, 2))]
        ledger = filled(ledger.path.parent / "b", 6)
        rewritten(ledger, lines(ledger)[::-1])
        assert sorted(where for _, where in found(ledger)) == [(i, i) for i in range(5)]
        assert {code for code, _ in found(ledger)} == {"moved"}

    def test_repeated_and_foreign(self, ledger: Ledger):
        whole = lines(ledger)
        rewritten(ledger, [*whole[:4], whole[3], *whole[4:]])
        assert found(ledger) == [("repeated", (3, 3))]
        for foreign in (b"\n", b"{}\n", b"x" * 300 + b"\n", b"\xff\xfe\n", b"a\nb\n"):
            rewritten(ledger, [*whole[:4], foreign, *whole[4:]])
            assert found(ledger) == [("foreign", (4, 4))]
            assert ledger.verify().root is None

    def test_forged_in_the_middle(self, ledger: Ledger):
        whole = lines(ledger)
        rewritten(ledger, [*whole[:3], forged(whole[3], actor="nobody"), *whole[4:]])
        assert found(ledger) == [("rewritten", (3, 4))]
        with pytest.raises(LedgerError, match=r"(?s)entry 3 was rewritten.*restore"):
            ledger.verify().require()

    def test_forged_from_some_entry_to_the_end(self, ledger: Ledger):
        """Everything consistent again: only a checkpoint can tell."""
        seen = ledger.checkpoint(AGENCY)
        whole = lines(ledger)
        new = whole[:3]
        for line in whole[3:]:
            previous = json.loads(new[-1])["leaf"]
            new.append(forged(line, previous=previous, actor="nobody"))
        rewritten(ledger, new)
        assert found(ledger, since=seen) == [("other-history", (0, 7))]
        ledger.checkpoint_path.unlink()
        report = ledger.verify()
        assert report.ok
        assert "would not be found" in report.notes[0]

    def test_truncated(self, ledger: Ledger):
        seen = ledger.checkpoint(AGENCY)
        rewritten(ledger, lines(ledger)[:5])
        assert found(ledger, since=seen) == [("truncated", (5, 7))]
        assert found(ledger) == [("truncated", (5, 7))]
        ledger.checkpoint_path.unlink()
        assert found(ledger) == []
        assert "cut off" in ledger.verify().notes[0]
        rewritten(ledger, [])
        assert found(ledger, since=seen) == [("truncated", (0, 7))]

    def test_torn(self, ledger: Ledger):
        ledger.path.write_bytes(ledger.path.read_bytes()[:-10])
        assert found(ledger) == [("torn", (7, 7))]
        ledger.append("loaded")
        assert found(ledger) == []

    def test_not_canonical(self, tmp_path: Path):
        """Written by something else than niming, with leaf hashes that fit."""
        ledger = Ledger(tmp_path)
        data = (
            b'{"actor":"a","body":{"x":1.0,"x":2},"previous":null,"seq":0,'
            b'"time":"2026-11-23T08:00:00Z","type":"loaded"}'
        )
        ledger.path.write_bytes(
            b'{"entry":%b,"leaf":"%b"}\n' % (data, leaf_hash(data).hex().encode())
        )
        assert found(ledger) == [("changed", (0, 0))]

    def test_two_ledgers_cannot_be_joined(self, ledger: Ledger, tmp_path: Path):
        other = filled(tmp_path / "other", 8)
        rewritten(ledger, [*lines(ledger)[:4], *lines(other)[4:]])
        assert found(ledger) == [("rewritten", (3, 4))]
        rewritten(ledger, lines(other)[4:])
        assert ("missing", (0, 3)) in found(ledger)

    @settings(deadline=None, max_examples=60)
    @given(data=st.data())
    def test_any_edit_is_found(self, tmp_path_factory, data: st.DataObject):
        ledger = filled(tmp_path_factory.mktemp("log"), 5)
        seen = ledger.checkpoint()
        whole = lines(ledger)
        new = data.draw(st.lists(st.sampled_from(whole), max_size=7))
        rewritten(ledger, new)
        report = audit(ledger.path, since=seen)
        assert report.ok == (new == whole)

    def test_no_body_is_told(self, tmp_path: Path):
        ledger = Ledger(tmp_path)
        for _ in range(3):
            ledger.append("loaded", {"note": "CANARY-13800138000"})
        rewritten(ledger, [lines(ledger)[0], lines(ledger)[1].replace(b"138", b"139", 1)])
        report = ledger.verify()
        with pytest.raises(LedgerError) as caught:
            ledger.entry(1)
        told = repr(report) + json.dumps(report.to_dict()) + str(caught.value)
        assert "CANARY" not in told


class TestCheckpoint:
    def test_signed_and_read_again(self, ledger: Ledger):
        made = ledger.checkpoint(AGENCY)
        again = Checkpoint.read(ledger.checkpoint_path)
        assert again == made
        assert (again.size, again.root) == (8, ledger.root())
        report = ledger.verify(AGENCY.public_key())
        assert report.ok
        assert "is signed by" in report.notes[0]
        assert "\n" not in repr(made)

    def test_unsigned_is_told(self, ledger: Ledger):
        ledger.checkpoint()
        assert "is not signed" in ledger.verify().notes[0]
        assert found(ledger) == []
        assert found(ledger, trust=AGENCY.public_key()) == [("unsigned", None)]
        ledger.checkpoint_path.unlink()
        assert found(ledger, trust=AGENCY.public_key()) == [("unsigned", None)]

    def test_wrong_signer(self, ledger: Ledger):
        ledger.checkpoint(FORGER)
        assert found(ledger, trust=AGENCY.public_key()) == [("untrusted-key", None)]
        assert "was not checked: no key is trusted" in ledger.verify().notes[0]

    def test_any_flipped_bit_is_refused(self, ledger: Ledger):
        data = ledger.checkpoint(AGENCY).to_bytes()
        for at in range(len(data)):
            changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            ledger.checkpoint_path.write_bytes(changed)
            try:
                report = ledger.verify(AGENCY.public_key())
            except LedgerError:
                continue
            assert not report.ok, at

    def test_another_history_is_not_signed_over(self, ledger: Ledger):
        ledger.checkpoint(AGENCY)
        kept = ledger.checkpoint_path.read_bytes()
        rewritten(ledger, lines(ledger)[:5])
        with pytest.raises(LedgerError, match="entries from 5 on are gone"):
            Ledger(ledger.path).checkpoint(AGENCY)
        Ledger(ledger.path).append("loaded")
        for _ in range(5):
            Ledger(ledger.path).append("loaded")
        with pytest.raises(LedgerError, match="written anew"):
            Ledger(ledger.path).checkpoint(AGENCY)
        assert ledger.checkpoint_path.read_bytes() == kept

    def test_grows(self, ledger: Ledger):
        first = ledger.checkpoint(AGENCY)
        ledger.append("loaded")
        second = ledger.checkpoint(AGENCY)
        assert (first.size, second.size) == (8, 9)
        report = ledger.verify(AGENCY.public_key(), since=[first, second, ledger.checkpoint_path])
        assert report.ok
        assert len(report.notes) == 3

    def test_anchor_of_a_certificate(self, ledger: Ledger):
        anchor = {"size": 5, "root": ledger.root(5).hex()}
        seen = Checkpoint.anchor(anchor, "2026-11-23T08:00:00Z")
        assert ledger.verify(since=seen).ok
        rewritten(ledger, lines(ledger)[:4])
        assert found(ledger, since=seen) == [("truncated", (4, 4))]
        with pytest.raises(InputError):
            seen.to_bytes()

    @pytest.mark.parametrize("content", [b"", b"{}", b"x" * 70_000, b"\xff"])
    def test_nonsense(self, ledger: Ledger, content: bytes):
        ledger.checkpoint_path.write_bytes(content)
        with pytest.raises(LedgerError, match="not a sound checkpoint"):
            ledger.verify()
        with pytest.raises(LedgerError, match="cannot be read"):
            ledger.verify(since=ledger.path.parent / "missing.json")


class TestProofs:
    def test_inclusion_for_every_entry_and_size(self, ledger: Ledger):
        for size in range(1, 9):
            for seq in range(size):
                proof = ledger.prove(seq, size)
                assert proof.holds()
                assert proof.leaf.hex() == ledger.entry(seq).leaf
        assert ledger.prove(3).root == ledger.root()

    def test_consistency_with_every_past(self, ledger: Ledger):
        for size in range(9):
            old = Checkpoint.of(size, ledger.root(size))
            assert ledger.consistent(old).holds()

    def test_no_proof_of_another_past(self, ledger: Ledger):
        with pytest.raises(LedgerError, match="written anew"):
            ledger.consistent(Checkpoint.of(5, ledger.root(4)))
        with pytest.raises(LedgerError, match="are gone"):
            ledger.consistent(Checkpoint.of(9, ledger.root()))

    def test_a_changed_ledger_gives_no_root(self, ledger: Ledger):
        rewritten(ledger, [*lines(ledger)[:2], *lines(ledger)[3:]])
        with pytest.raises(LedgerError, match="entry 2"):
            Ledger(ledger.path).root()

    def test_an_open_ledger_remembers_what_it_read(self, ledger: Ledger):
        assert len(ledger) == 8
        whole = lines(ledger)
        rewritten(ledger, [*whole[:3], forged(whole[3], type="scanned"), *whole[4:]])
        with pytest.raises(LedgerError):
            ledger.entry(3)

    def test_an_open_ledger_follows_other_writers(self, ledger: Ledger):
        assert len(ledger) == 8
        Ledger(ledger.path).append("loaded")
        assert len(ledger) == 9
        assert ledger.entry(8).type == "loaded"
        rewritten(ledger, lines(ledger)[:3])
        with pytest.raises(LedgerError, match="shorter"):
            ledger.root()


class TestTornLines:
    @pytest.mark.parametrize("n", [0, 1, 5])
    def test_every_length(self, tmp_path: Path, n: int):
        ledger = filled(tmp_path / "log", n + 1)
        whole = lines(ledger)
        last = whole[-1]
        for keep in (1, 2, 10, 100, len(last) - 2, len(last) - 1):
            rewritten(ledger, [*whole[:-1], last[:keep]])
            again = Ledger(ledger.path)
            assert len(again) == n  # readers do not see what was never finished
            entry = again.append("loaded")
            assert entry.seq == n + 1
            told = again.entry(n)
            assert told.type == "recovered"
            assert told.body["bytes"] == keep
            kept = ledger.path.with_name(str(told.body["file"]))
            assert kept.read_bytes() == last[:keep]
            assert found(again) == []

    def test_killed_while_mending(self, ledger: Ledger):
        """The torn bytes are aside and cut off, and the entry that tells so is not written."""
        ledger.path.with_name("ledger.jsonl.torn-0123456789abcdef").write_bytes(b'{"entry":')
        report = ledger.verify()
        assert report.ok
        assert any("torn-0123456789abcdef" in note for note in report.notes)

    def test_long_torn_line(self, ledger: Ledger):
        with open(ledger.path, "ab") as file:
            file.write(b"x" * 200_000)
        assert ledger.append("loaded").seq == 9
        assert found(ledger) == []
        with open(ledger.path, "ab") as file:
            file.write(b"x" * (LARGEST * 2))
        with pytest.raises(LedgerError, match="longer than an entry can be"):
            ledger.append("loaded")


class TestManyWriters:
    def test_four_processes_lose_nothing(self, tmp_path: Path):
        n = 200
        program = (
            "import sys\nfrom niming.domain.ledger import Ledger\n"
            "ledger = Ledger(sys.argv[1])\n"
            f"for i in range({n}):\n"
            "    ledger.append('loaded', {'i': i}, actor='process ' + sys.argv[2])\n"
        )
        writers = [
            subprocess.Popen([sys.executable, "-c", program, str(tmp_path), str(who)])
            for who in range(4)
        ]
        assert [writer.wait(120) for writer in writers] == [0] * 4
        ledger = Ledger(tmp_path)
        assert found(ledger) == []
        written = [(e.actor, e.body["i"]) for e in ledger.entries()]
        assert len(written) == 4 * n
        for who in range(4):
            mine = [i for actor, i in written if actor == f"process {who}"]
            assert mine == list(range(n))

    def test_threads_with_one_ledger(self, tmp_path: Path):
        ledger = Ledger(tmp_path)

        def work(who: int) -> None:
            for _ in range(25):
                ledger.append("loaded", actor=f"thread {who}")
                ledger.root()
                if who == 0:
                    ledger.checkpoint()

        threads = [threading.Thread(target=work, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(ledger) == 100
        assert found(ledger) == []

    @pytest.mark.parametrize("n_kills", [2, pytest.param(10, marks=pytest.mark.slow)])
    def test_a_killed_writer_leaves_a_sound_ledger(self, tmp_path: Path, n_kills: int):
        """SIGKILL at random moments: all that was told to be written is there."""
        program = (
            "import sys\nfrom niming.domain.ledger import Ledger\n"
            "ledger = Ledger(sys.argv[1])\n"
            "while True:\n"
            "    seq = ledger.append('loaded', {'x': 'y' * 2000}, actor='victim').seq\n"
            "    print(seq, flush=True)\n"
        )
        ledger = Ledger(tmp_path)
        chance = random.Random(20)
        for _ in range(n_kills):
            victim = subprocess.Popen(
                [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE
            )
            assert victim.stdout is not None
            first = victim.stdout.readline()  # it is in its loop
            time.sleep(chance.random() * 0.05)
            victim.send_signal(signal.SIGKILL)
            told = [int(line) for line in (first + victim.stdout.read()).split()]
            victim.wait()
            victim.stdout.close()
            assert {code for code, _ in found(ledger)} <= {"torn"}
            assert len(ledger) > max(told)
        ledger.append("verified")
        assert found(ledger) == []

    @pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="needs Linux to count reads")
    def test_appending_does_not_read_the_ledger(self, tmp_path: Path):
        """A thousandfold ledger: the first append of a new process reads its last block alone."""
        ledger = filled(tmp_path / "log", 1)
        previous, seq = ledger.entry(0), 1
        with open(ledger.path, "ab") as file:
            for seq in range(1, 3000):
                entry = Entry(seq, previous.time, "a", "loaded", {"x": "y" * 500}, previous.leaf)
                file.write(entry.line() + b"\n")
                previous = entry
        with open("/proc/self/io") as counters:
            before = int(counters.readline().split()[1])
        assert Ledger(ledger.path).append("loaded").seq == seq + 1
        with open("/proc/self/io") as counters:
            after = int(counters.readline().split()[1])
        assert after - before < 50_000
        assert found(ledger) == []
