"""The ledger: every act on the data, in a file that only grows and shows when it was changed.

One line of ``ledger.jsonl`` is one entry and its leaf hash::

    {"entry":{"actor":…,"body":{…},"previous":…,"seq":…,"time":…,"type":…},"leaf":…}

The bytes of ``entry`` are canonical JSON and a leaf of the Merkle tree of RFC 9162. ``leaf``
shows where an entry was changed; ``previous``, the leaf hash of the entry before, shows where one
was rewritten together with its leaf hash. What no file can show by itself is that its end was cut
off or that all of it was written anew: that takes a `Checkpoint` kept elsewhere, or a certificate,
which anchors a root.
"""

from __future__ import annotations

import contextlib
import os
import threading
from array import array
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from niming.domain.audit import LedgerReport, audit
from niming.domain.checkpoint import Checkpoint
from niming.domain.entry import LARGEST, Entry, ties
from niming.domain.merkle import Consistency, Inclusion, MerkleTree
from niming.domain.moment import moment, now
from niming.domain.trust import Trust
from niming.errors import InputError, LedgerError
from niming.measure import JSON

__all__ = ["Checkpoint", "Entry", "Ledger", "LedgerReport", "ledger_path", "record"]

LEDGER = "ledger.jsonl"
CHECKPOINT = "checkpoint.json"

_RESTORE = "restore the ledger from a copy, and find out who could change it"


class Ledger:
    """An append-only log of events in one file, safe to write from many processes at once.

    Parameters
    ----------
    path : path
        The file, or a folder that holds (or will hold) ``ledger.jsonl``; a path without a suffix
        is a folder. Nothing is opened or made before the first use.

    Notes
    -----
    *Durable.* An entry is on disk (fsync) when `append` returns. A process that dies while it
    writes leaves a line without its end; the next `append` moves these bytes to a file
    ``ledger.jsonl.torn-…`` beside and says so in an entry ``"recovered"``.

    *Many writers.* Writers take turns by ``flock`` on ``ledger.jsonl.lock``: between the processes
    of one machine and over NFS 4, not over every network file system. Readers need no lock and
    no right to write.

    *Cost.* `append` reads the last entry alone, so it does not slow down as the ledger grows. The
    tree is built when a root or a proof is first asked for, which reads the file once; later calls
    read the new lines only. It takes 72 bytes of memory an entry.

    References
    ----------
    RFC 9162, section 2.1. Schneier and Kelsey 1999, "Secure audit logs to support computer
    forensics", doi 10.1145/317087.317089 (chains of hashes in logs).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ledger = Ledger(folder)
    ...     _ = ledger.append("registered", {"resource": "R-1"}, actor="agency")
    ...     _ = ledger.append("certified", {"certificate": "C-1"}, actor="officer 1")
    ...     len(ledger), ledger.prove(1).holds(), ledger.entry(0).type, ledger.verify().ok
    (2, True, 'registered', True)
    """

    def __init__(self, path: str | Path) -> None:
        path = Path(path)
        folder = path.is_dir() or not (path.suffix or path.is_file())
        self.path = path / LEDGER if folder else path
        self._turn = threading.Lock()
        self._tree = MerkleTree()
        self._starts = array("Q", [0])  # byte where each entry begins, and where the last ends
        self._last: str | None = None  # leaf hash of the last entry in the tree
        self._revoking: list[int] = []  # numbers of the entries that revoke

    def __repr__(self) -> str:
        return f"Ledger({str(self.path)!r})"

    def __len__(self) -> int:
        return len(self._grown())

    def append(
        self, kind: str, body: Mapping[str, JSON] | None = None, *, actor: str | None = None
    ) -> Entry:
        """Add an entry and return it when it is safely on disk.

        Parameters
        ----------
        kind : str
            What was done, in lowercase: registered, scanned, planned, released, certified, denied,
            loaded, trained, verified, revoked, and what else a room needs.
        body : mapping, default empty
            What about, JSON; a line holds at most 1 MiB. Never a cell of the data.
        actor : str, optional
            Who did it; by default the name of the account that runs the process.

        Returns
        -------
        Entry

        Raises
        ------
        LedgerError
            When the last entry was changed, or the file cannot be written (it is then as before).
        InputError
            When the event has no canonical JSON or is too large.
        """
        event = _Event(kind, dict(body or {}), _account() if actor is None else actor)
        event.after(None).line()  # refuse an unfit event before anything is locked or made
        with self._locked(), self._writable() as file:
            return self._put(file, event, self._mend(file))

    def checkpoint(self, private_key: Ed25519PrivateKey | None = None) -> Checkpoint:
        """Write ``checkpoint.json`` beside the ledger: its size and root now, and who says so.

        Parameters
        ----------
        private_key : Ed25519PrivateKey, optional
            Signs it. An unsigned checkpoint shows accidents and clumsy changes only: whoever can
            rewrite the ledger can rewrite it too.

        Returns
        -------
        Checkpoint

        Raises
        ------
        LedgerError
            When an entry was changed, or when the checkpoint that is there saw another history:
            that one is evidence, and it stays.
        """
        from niming.tables.write import atomic

        with self._locked():
            tree = self._grown()
            if self.checkpoint_path.exists():
                self._follows(Checkpoint.read(self.checkpoint_path), tree)
            made = Checkpoint.of(len(tree), tree.root(), private_key)
            with atomic(self.checkpoint_path) as temporary:
                temporary.write_bytes(made.to_bytes())
            return made

    @property
    def checkpoint_path(self) -> Path:
        """Where `checkpoint` writes: ``checkpoint.json`` beside the ledger."""
        return self.path.with_name(CHECKPOINT)

    def verify(
        self,
        trust: Trust = None,
        *,
        since: Checkpoint | str | Path | Iterable[Checkpoint | str | Path] | None = None,
    ) -> LedgerReport:
        """Read the whole ledger again and tell what was changed, dropped, moved or cut off.

        Parameters
        ----------
        trust : as in `trust_store`, optional
            Whose checkpoints count. Given explicitly, a missing or unsigned one is a problem.
        since : Checkpoint, path, or several, optional
            What the ledger must begin with, kept where nobody who writes the ledger can reach it;
            by default the ``checkpoint.json`` beside the ledger, if there is one.

        Returns
        -------
        LedgerReport
            ``.ok`` and, where it is False, the problems with the numbers of the entries.

        See Also
        --------
        niming.domain.audit.audit : what is found, and what only a checkpoint can show.
        """
        return audit(self.path, trust, since=since)

    def root(self, size: int | None = None) -> bytes:
        """Return the Merkle root over the first `size` entries (default: all), 32 bytes."""
        return self._grown().root(size)

    def entry(self, seq: int) -> Entry:
        """Return entry `seq`, counted from 0; raise LedgerError when there is none."""
        tree = self._grown()
        if not 0 <= seq < len(tree):
            raise LedgerError(f"{self.path} has {len(tree)} entries, none with the number {seq}")
        with self._readable() as file:
            file.seek(self._starts[seq])
            entry = self._read(file.read(self._starts[seq + 1] - self._starts[seq]), seq)
        if entry.leaf != tree.leaf(seq).hex():
            raise self._broken(seq)
        return entry

    def entries(self, kind: str | None = None) -> Iterator[Entry]:
        """Yield the entries in order, all or of one type; raise LedgerError at a changed one."""
        if not self.path.exists():
            return
        wanted = None if kind is None else b'"type":"%b"},"leaf":"' % kind.encode()
        with self._readable() as file:
            for seq, line in enumerate(_complete(file)):
                if wanted is None or wanted in line[-160:]:
                    yield self._read(line, seq)

    def prove(self, seq: int, size: int | None = None) -> Inclusion:
        """Return the proof that the first `size` entries (default: all) hold entry `seq`."""
        tree = self._grown()
        size = len(tree) if size is None else size
        path = tree.inclusion_proof(seq, size)
        return Inclusion(seq, size, tree.leaf(seq), tree.root(size), path)

    def consistent(self, old: Checkpoint) -> Consistency:
        """Return the proof that this ledger begins with the one that `old` saw.

        Raises
        ------
        LedgerError
            When it does not: entries were cut off or rewritten since.
        """
        tree = self._grown()
        self._follows(old, tree)
        path = tree.consistency_proof(old.size)
        return Consistency(old.size, len(tree), old.root, tree.root(), path)

    def revoked(self, certificate_id: str) -> Entry | None:
        """Return the entry that revokes a certificate, or None.

        It has the type ``"revoked"`` and a body with ``{"certificate": id}``.

        Raises
        ------
        LedgerError
            When any entry was changed, or the ``checkpoint.json`` beside saw entries that are not
            there: then a revocation may be hidden.
        """
        if self.checkpoint_path.exists():
            self.consistent(Checkpoint.read(self.checkpoint_path))
        self._grown()
        found = (self.entry(seq) for seq in self._revoking)
        return next((e for e in found if e.body.get("certificate") == certificate_id), None)

    def _grown(self) -> MerkleTree:
        """Return the tree over all complete entries, after reading those that are new."""
        with self._turn:
            if not self.path.exists() and not self._last:
                return self._tree
            with self._readable() as file:
                if file.seek(0, os.SEEK_END) < self._starts[-1]:
                    raise LedgerError(
                        f"{self.path} became shorter while it was in use", hint=_RESTORE
                    )
                file.seek(self._starts[-1])
                for line in _complete(file):
                    found = ties(line[:-1])
                    if (
                        found is None
                        or not found.sound
                        or found.seq != len(self._tree)
                        or found.previous != self._last
                    ):
                        raise self._broken(len(self._tree))
                    if found.type == "revoked":
                        self._revoking.append(found.seq)
                    self._tree.append(found.leaf)
                    self._starts.append(self._starts[-1] + len(line))
                    self._last = found.recorded
            return self._tree

    def _follows(self, old: Checkpoint, tree: MerkleTree) -> None:
        """Raise unless the ledger that `old` saw is the beginning of this one."""
        if old.size > len(tree):
            raise LedgerError(
                f"{self.path} has {len(tree)} entries, and a checkpoint of {old.time} saw "
                f"{old.size}: the entries from {len(tree)} on are gone",
                hint=_RESTORE,
            )
        if tree.root(old.size) != old.root:
            raise LedgerError(
                f"{self.path} is not the ledger that a checkpoint of {old.time} saw: among its "
                f"first {old.size} entries are some that were written anew",
                hint=_RESTORE,
            )

    def _read(self, line: bytes, seq: int) -> Entry:
        """Return the entry of a complete line; raise LedgerError when it was changed."""
        try:
            entry = Entry.parse(line.removesuffix(b"\n"))
        except InputError:
            raise self._broken(seq) from None
        if entry.seq != seq:
            raise self._broken(seq)
        return entry

    def _broken(self, seq: int) -> LedgerError:
        return LedgerError(
            f"{self.path} was changed: entry {seq} is not as it was written",
            hint="`niming ledger verify` tells everything that is wrong with it",
        )

    def _mend(self, file: BinaryIO) -> Entry | None:
        """Return the last entry, after moving aside a line that a killed process left unended."""
        start, line = _last_line(file, file.seek(0, os.SEEK_END))
        if not line:
            return None
        if line.endswith(b"\n"):
            return self._last_entry(line)
        digest = sha256(line).hexdigest()
        aside = self.path.with_name(f"{self.path.name}.torn-{digest[:16]}")
        try:
            with open(aside, "wb") as torn:
                torn.write(line)
                torn.flush()
                os.fsync(torn.fileno())
            _sync(self.path.parent)
            file.truncate(start)
            os.fsync(file.fileno())
        except OSError as error:
            raise LedgerError(f"{aside} cannot be written: {error.strerror}") from None
        _, before = _last_line(file, start)
        event = _Event(
            "recovered", {"bytes": len(line), "file": aside.name, "sha256": digest}, _account()
        )
        return self._put(file, event, self._last_entry(before) if before else None)

    def _last_entry(self, line: bytes) -> Entry:
        """Return the entry of the file's last line, whose number only the line itself tells."""
        found = ties(line[:-1])
        if found is None:
            raise LedgerError(
                f"{self.path} was changed: its last line is not an entry",
                hint="`niming ledger verify` tells everything that is wrong with it",
            )
        return self._read(line, found.seq)

    def _put(self, file: BinaryIO, event: _Event, last: Entry | None) -> Entry:
        """Write one entry after `last`, durably, or leave the file as it was."""
        entry = event.after(last)
        rest = memoryview(entry.line() + b"\n")
        end = file.seek(0, os.SEEK_END)
        whole = False
        try:
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
            whole = True
        except OSError as error:
            raise LedgerError(
                f"{self.path} cannot be written: {error.strerror}",
                hint="free some space; the ledger is as it was",
            ) from None
        finally:
            if not whole:
                file.truncate(end)
        return entry

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock between writers; it goes with the process, however that ends."""
        try:
            import fcntl
        except ImportError:
            raise LedgerError(
                "the ledger needs flock, which this system does not have",
                hint="write the ledger on Linux, macOS or WSL",
            ) from None
        lock = self.path.with_name(self.path.name + ".lock")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise LedgerError(f"{lock} cannot be opened: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _writable(self) -> Iterator[BinaryIO]:
        new = not self.path.exists()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        try:
            descriptor = os.open(self.path, flags, 0o666)
            if new:
                _sync(self.path.parent)
        except OSError as error:
            raise LedgerError(f"{self.path} cannot be written: {error.strerror}") from None
        with open(descriptor, "r+b", buffering=0) as file:
            yield file

    @contextlib.contextmanager
    def _readable(self) -> Iterator[BinaryIO]:
        try:
            file = open(self.path, "rb")  # noqa: SIM115 (closed below)
        except OSError as error:
            raise LedgerError(
                f"the ledger {self.path} cannot be read: {error.strerror}",
                hint="give the file or its folder",
            ) from None
        with file:
            yield file


class _Event(NamedTuple):
    """What is to be written, before its place in the ledger is known."""

    type: str
    body: Mapping[str, JSON]
    actor: str

    def after(self, last: Entry | None) -> Entry:
        """Return the entry that follows `last`, written now."""
        seq, previous = (0, None) if last is None else (last.seq + 1, last.leaf)
        return Entry(seq, moment(now()), self.actor, self.type, self.body, previous)


def _complete(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines that have an end; the last may be one that is being written."""
    for line in file:
        if line.endswith(b"\n"):
            yield line


def _last_line(file: BinaryIO, end: int) -> tuple[int, bytes]:
    """Return where the last line before `end` starts, and the line with its end if it has one."""
    step, start, line = 4096, end, b""
    while start and len(line) <= LARGEST:
        start = max(0, end - step)
        file.seek(start)
        line = _exactly(file, end - start)
        cut = line.rfind(b"\n", 0, -1)
        if cut >= 0:
            start, line = start + cut + 1, line[cut + 1 :]
            break
        step *= 4
    if len(line) > LARGEST:
        raise LedgerError(f"the last line of {file.name} is longer than an entry can be")
    return start, line


def _exactly(file: BinaryIO, size: int) -> bytes:
    """Return `size` bytes from an unbuffered file, which may give fewer at a time."""
    parts: list[bytes] = []
    while size and (part := file.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _account() -> str:
    """Return the name of the account that runs this process; it is not read from variables."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return f"uid-{os.getuid()}" if hasattr(os, "getuid") else "unknown"


def ledger_path(folder: str | Path, ledger: str | Path | None = None) -> Path:
    """Return where acts on a release are recorded.

    Parameters
    ----------
    folder : path
        The release.
    ledger : path, optional
        As named; else the environment variable ``NIMING_LEDGER``; else the folder's own.
    """
    named = ledger or os.environ.get("NIMING_LEDGER")
    return Ledger(named if named else Path(folder)).path


def record(kind: str, body: Mapping[str, JSON]) -> Entry | None:
    """Append an act on raw data to the domain's ledger, ``NIMING_LEDGER``, if there is one.

    Returns
    -------
    Entry or None
        None where no ledger is named: then acts before a release are not recorded.
    """
    named = os.environ.get("NIMING_LEDGER")
    return Ledger(named).append(kind, body) if named else None
