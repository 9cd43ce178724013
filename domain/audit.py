"""The audit of a ledger: is every entry where and as it was written?

The audit reads the file itself, from the first byte, and believes nothing that a running process
remembers of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from niming.domain.checkpoint import Checkpoint
from niming.domain.entry import Entry, Ties, ties
from niming.domain.merkle import MerkleTree
from niming.domain.trust import Trust, TrustStore, trust_store
from niming.errors import CertificateError, InputError, LedgerError
from niming.measure import JSON

__all__ = ["LedgerReport", "Problem", "audit"]

Code = Literal[
    "changed",
    "rewritten",
    "missing",
    "moved",
    "repeated",
    "foreign",
    "torn",
    "truncated",
    "other-history",
    "unsigned",
    "untrusted-key",
    "bad-signature",
]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a ledger.

    Parameters
    ----------
    code : str
        ``changed`` (an entry is not as it was written), ``rewritten`` (an entry is whole, and the
        next one followed another), ``missing``, ``moved``, ``repeated``, ``foreign`` (a line that
        is no entry), ``torn`` (the last line has no end), ``truncated`` and ``other-history`` (a
        checkpoint saw more, or something else), ``unsigned``, ``untrusted-key`` and
        ``bad-signature`` (of a checkpoint).
    entries : (int, int) or None
        First and last entry concerned, counted from 0; None when none can be named.
    message : str
        One sentence.
    """

    code: Code
    entries: tuple[int, int] | None
    message: str

    def to_dict(self) -> dict[str, JSON]:
        """Return the problem as JSON."""
        return {
            "code": self.code,
            "entries": None if self.entries is None else list(self.entries),
            "message": self.message,
        }


@dataclass(frozen=True)
class LedgerReport:
    """What an audit found.

    Parameters
    ----------
    path : Path
    size : int
        Number of complete lines.
    root : str or None
        Merkle root over them in hex; None when some line is no entry.
    problems : tuple of Problem
        In the order of the file; empty when all is well.
    notes : tuple of str
        What was and what was not checked; part of the answer, to be shown with it.
    """

    path: Path
    size: int
    root: str | None
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong, as far as `notes` say."""
        return not self.problems

    def require(self) -> None:
        """Raise LedgerError with every problem, when there is any."""
        if self.problems:
            told = "\n".join(f"- {problem.message}" for problem in self.problems[:20])
            more = len(self.problems) - 20
            told += f"\n- and {more} more" if more > 0 else ""
            raise LedgerError(
                f"{self.path} does not hold what was written:\n{told}",
                hint="restore the ledger from a copy, and find out who could change it",
            )

    def to_dict(self) -> dict[str, JSON]:
        """Return the report as JSON."""
        return {
            "ledger": str(self.path),
            "ok": self.ok,
            "size": self.size,
            "root": self.root,
            "problems": [problem.to_dict() for problem in self.problems],
            "notes": list(self.notes),
        }

    def __repr__(self) -> str:
        found = "ok" if self.ok else f"{len(self.problems)} problems: {self.problems[0].message}"
        return f"LedgerReport({self.path}, {self.size} entries, {found})"


def audit(
    path: str | Path,
    trust: Trust = None,
    *,
    since: Checkpoint | str | Path | Iterable[Checkpoint | str | Path] | None = None,
) -> LedgerReport:
    """Read a ledger from its first byte and tell what was changed, dropped, moved or cut off.

    Parameters
    ----------
    path : path
        The file.
    trust : as in `trust_store`, optional
        Whose checkpoints count. Given explicitly, a missing or unsigned checkpoint is a problem.
    since : Checkpoint, path, or several, optional
        What the ledger must begin with; by default the ``checkpoint.json`` beside it, if any.

    Returns
    -------
    LedgerReport

    Raises
    ------
    LedgerError
        When the ledger or a checkpoint cannot be read at all.

    Notes
    -----
    Found from the file alone: an entry with any byte changed (its number), entries dropped from
    the middle (their numbers), moved or repeated, an entry rewritten together with its leaf hash
    (at the entry that follows it), an unended last line.

    Found with a checkpoint only: entries cut off at the end, the last entry rewritten with its
    leaf hash, a whole ledger written anew. With a checkpoint that lies beside the ledger and is
    not signed, a person who can write both files is not found.

    Examples
    --------
    >>> import tempfile
    >>> from niming.domain.ledger import Ledger
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ledger = Ledger(folder)
    ...     for _ in range(3):
    ...         _ = ledger.append("loaded", actor="pipeline")
    ...     written = ledger.path.read_bytes()
    ...     _ = ledger.path.write_bytes(written.replace(b'"seq":1', b'"seq":7'))
    ...     audit(ledger.path).problems[0].message
    'entry 1 was changed'
    """
    path = Path(path)
    checkpoints = _checkpoints(path, since)
    reading = _Reading()
    try:
        with open(path, "rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    reading.take(line[:-1])
                else:
                    reading.torn(len(line))
    except OSError as error:
        raise LedgerError(
            f"the ledger {path} cannot be read: {error.strerror}",
            hint="give the file or its folder",
        ) from None
    reading.finish()
    problems, notes = reading.problems, []
    for name, checkpoint in checkpoints:
        problems += _against(checkpoint, name, reading)
        found, note = _signed(checkpoint, name, trust)
        problems += found
        notes.append(note)
    if not checkpoints:
        notes.append("there is no checkpoint: entries cut off at the end would not be found")
        if trust is not None:
            problems.append(Problem("unsigned", None, "there is no checkpoint that anyone signed"))
    aside = {f.name for f in path.parent.glob(f"{path.name}.torn-*")} - reading.recovered
    notes += [f"{name} holds a torn line that no entry speaks of" for name in sorted(aside)]
    root = reading.tree.root().hex() if reading.readable else None
    return LedgerReport(path, reading.n_lines, root, tuple(problems), tuple(notes))


class _Reading:
    """One pass over the lines: who is in place, who follows whom."""

    def __init__(self) -> None:
        self.tree = MerkleTree()
        self.problems: list[Problem] = []
        self.recovered: set[str] = set()
        self.readable = True
        self.n_lines = 0
        self.reached = 0
        self._unread = 0
        self._gaps: list[tuple[int, int]] = []
        self._before: Ties | None = None

    def take(self, line: bytes) -> None:
        """Read the next complete line."""
        self.n_lines += 1
        found = ties(line)
        if found is None:
            self.readable = False
            self._add("changed", self.reached, f"entry {self.reached} was changed")
            self.reached += 1
            self._before = None
            self._unread += 1
            return
        self.tree.append(found.leaf)
        if self._unread and found.sound and found.seq == self.reached - self._unread:
            self.problems[-self._unread :] = []
            self.reached = found.seq
            self._add("foreign", found.seq, f"before entry {found.seq} stands what is no entry")
        self._unread = 0
        if not found.sound:  # its own number cannot be believed, its place can
            self._add("changed", self.reached, f"entry {self.reached} was changed")
            found = found._replace(seq=self.reached)
        else:
            self._place(found)
            self._follow(found)
        self.reached = max(self.reached, found.seq + 1)
        self._before = found

    def torn(self, n_bytes: int) -> None:
        """Take note of a last line without its end."""
        self._add(
            "torn",
            self.reached,
            f"after entry {self.reached - 1} stand {n_bytes} bytes of an entry that was never "
            "finished; the next append moves them aside",
        )

    def finish(self) -> None:
        """Tell which entries never came."""
        for first, last in self._gaps:
            which = f"entry {first} is" if first == last else f"entries {first} to {last} are"
            self._add("missing", first, f"{which} missing", last)

    def _place(self, found: Ties) -> None:
        """Compare the number of a sound line with its place."""
        try:
            entry = Entry.of(found)
        except InputError:
            self._add("changed", found.seq, f"entry {found.seq} is not in canonical form")
            return
        if entry.type == "recovered":
            self.recovered.add(str(entry.body.get("file")))
        if found.seq > self.reached:
            self._gaps.append((self.reached, found.seq - 1))
        elif found.seq < self.reached:
            for index, (first, last) in enumerate(self._gaps):
                if first <= found.seq <= last:
                    rest = [(first, found.seq - 1), (found.seq + 1, last)]
                    self._gaps[index : index + 1] = [(a, b) for a, b in rest if a <= b]
                    self._add("moved", found.seq, f"entry {found.seq} stands in the wrong place")
                    break
            else:
                self._add("repeated", found.seq, f"entry {found.seq} comes more than once")

    def _follow(self, found: Ties) -> None:
        """Compare what a line follows with the line before it, where that should be the one."""
        before = self._before
        if found.seq == 0:
            if found.previous is not None:
                self._add("missing", 0, "entry 0 follows an entry that is not in the file")
        elif before is not None and before.seq == found.seq - 1:
            if found.previous not in (before.recorded, before.leaf.hex()):
                which = f"entry {before.seq} was rewritten, or entry {found.seq} was put after it"
                self._add("rewritten", before.seq, which, found.seq)
        elif found.previous is None:
            self._add("rewritten", found.seq, f"entry {found.seq} follows no entry")

    def _add(self, code: Code, first: int, message: str, last: int | None = None) -> None:
        self.problems.append(Problem(code, (first, first if last is None else last), message))


def _checkpoints(
    path: Path, since: Checkpoint | str | Path | Iterable[Checkpoint | str | Path] | None
) -> list[tuple[str, Checkpoint]]:
    """Return the checkpoints to compare with, and what to call each."""
    if since is None:
        beside = path.with_name("checkpoint.json")
        since = [beside] if beside.exists() else []
    elif isinstance(since, Checkpoint | str | Path):
        since = [since]
    return [
        (f"the checkpoint of {c.time}", c)
        for c in (c if isinstance(c, Checkpoint) else Checkpoint.read(c) for c in since)
    ]


def _against(checkpoint: Checkpoint, name: str, reading: _Reading) -> list[Problem]:
    """Compare the lines that were read with what a checkpoint saw."""
    if reading.reached < checkpoint.size:
        lost = (reading.reached, checkpoint.size - 1)
        message = f"{name} saw {checkpoint.size} entries, and the ledger ends before {lost[0]}"
        return [Problem("truncated", lost, message)]
    if any(p.entries is not None and p.entries[0] < checkpoint.size for p in reading.problems):
        return []  # the roots differ for the reasons that are told already
    if reading.tree.root(checkpoint.size) == checkpoint.root:
        return []
    message = f"among the first {checkpoint.size} entries are some that {name} did not see so"
    return [Problem("other-history", (0, checkpoint.size - 1), message)]


def _signed(checkpoint: Checkpoint, name: str, trust: Trust) -> tuple[list[Problem], str]:
    """Return what is wrong with a checkpoint's signatures, and what to say of them."""
    if checkpoint.envelope is None:
        return [], f"{name} is an anchor in another document"
    store: TrustStore | None = None
    try:
        store = trust_store(trust)
    except CertificateError:
        if trust is not None:
            raise
    if not checkpoint.key_ids:
        note = f"{name} is not signed: it shows accidents, and no one who can write it"
        problem = Problem("unsigned", None, f"{name} is not signed")
        return ([problem] if trust is not None else []), note
    if store is None:
        return [], f"the signature of {name} was not checked: no key is trusted"
    signers = checkpoint.envelope.signers(store.keys)
    for signature, signer in zip(checkpoint.envelope.signatures, signers, strict=True):
        if signer != signature.key_id and (signature.key_id in store.keys or signer is not None):
            whose = store.name(signature.key_id)
            wrong = f"the signature of {whose} on {name} does not fit"
            return [Problem("bad-signature", None, wrong)], wrong
    names = [store.name(signer) for signer in signers if signer is not None]
    if not names:
        wrong = f"{name} is signed by no key that is trusted"
        # A key that was named must fit; the person's own store may just not hold this one.
        problem = Problem("untrusted-key", None, wrong)
        return ([problem] if trust is not None else []), f"{wrong}: name it with --trust"
    return [], f"{name} is signed by {', '.join(names)}"
