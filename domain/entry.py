"""One entry of a ledger, and the line of the file that holds it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, NoReturn, Self

from niming.domain.canonical import canonical, parse
from niming.domain.merkle import leaf_hash
from niming.domain.moment import parse_moment
from niming.errors import InputError
from niming.measure import JSON

__all__ = ["Entry", "Ties", "ties"]

LARGEST = 1 << 20
"""Bytes of the longest line."""

_TYPE = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LINE = re.compile(
    rb'\{"entry":(\{"actor":".+,"previous":(null|"[0-9a-f]{64}"),"seq":(0|[1-9][0-9]{0,14}),'
    rb'"time":"[0-9T:.-]{19,26}Z","type":"([a-z][a-z0-9-]{0,39})"\}),"leaf":"([0-9a-f]{64})"\}',
    re.DOTALL,
)


@dataclass(frozen=True)
class Entry:
    """One entry of a ledger.

    Parameters
    ----------
    seq : int
        Its number, counted from 0.
    time : str
        When it was written, RFC 3339 in UTC, by the clock of the writer.
    actor : str
        Who did it.
    type : str
        What was done, such as ``"certified"``.
    body : mapping
        What about, JSON.
    previous : str or None
        Leaf hash of the entry before, hex; None for the first.

    Examples
    --------
    >>> first = Entry(0, "2026-11-23T08:00:00Z", "agency", "registered", {"resource": "R-1"}, None)
    >>> Entry.parse(first.line()) == first
    True
    """

    seq: int
    time: str
    actor: str
    type: str
    body: Mapping[str, JSON]
    previous: str | None

    def __post_init__(self) -> None:
        if not _TYPE.fullmatch(self.type):
            raise InputError(
                f"{self.type!r} is no type of event",
                hint="lowercase letters, digits and -, at most 40",
            )
        if not self.actor or not self.actor.isprintable():
            raise InputError("the actor of an event is one printable line")
        parse_moment(self.time, "the time of an entry")

    def to_dict(self) -> dict[str, JSON]:
        """Return the entry as JSON."""
        return {
            "actor": self.actor,
            "body": self.body,
            "previous": self.previous,
            "seq": self.seq,
            "time": self.time,
            "type": self.type,
        }

    def data(self) -> bytes:
        """Return the canonical JSON of the entry: the leaf of the Merkle tree."""
        return canonical(self.to_dict())

    @property
    def leaf(self) -> str:
        """The leaf hash of the entry (RFC 9162), hex."""
        return leaf_hash(self.data()).hex()

    def line(self) -> bytes:
        """Return the line of the file, without its end: the entry and its leaf hash."""
        data = self.data()
        line = b'{"entry":%b,"leaf":"%b"}' % (data, leaf_hash(data).hex().encode())
        if len(line) >= LARGEST:
            raise InputError(
                f"an entry of {len(line)} bytes is too large; {LARGEST} are allowed",
                hint="put the document in a file and its digest in the entry",
            )
        return line

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """Return the entry in a line; raise InputError when it is not as `line` writes it."""
        found = ties(line)
        if found is None or not found.sound:
            raise InputError("the line is not an entry with its own leaf hash")
        return cls.of(found)

    @classmethod
    def of(cls, found: Ties) -> Self:
        """Return the entry of a line whose ties are known to be sound, as `parse` does."""
        content = _content(found.data)
        if isinstance(content, Mapping) and set(content) == _FIELDS:
            actor, body, previous = content["actor"], content["body"], content["previous"]
            time, kind = content["time"], content["type"]
            if isinstance(actor, str) and isinstance(body, Mapping) and isinstance(time, str):
                before = None if previous is None else str(previous)
                return cls(found.seq, time, actor, str(kind), body, before)
        raise InputError("the line is not an entry in canonical JSON")

    def __repr__(self) -> str:
        return f"Entry({self.seq}, {self.time}, {self.type!r} by {self.actor!r})"


_FIELDS = {"actor", "body", "previous", "seq", "time", "type"}


class Ties(NamedTuple):
    """What ties a line to the rest of the ledger, read without understanding its body.

    ``leaf`` is computed from ``data``; ``recorded`` is what the line says it is.
    """

    data: bytes
    seq: int
    previous: str | None
    type: str
    leaf: bytes
    recorded: str

    @property
    def sound(self) -> bool:
        """Whether the line is as it was written, or was rewritten with its leaf hash."""
        return self.leaf.hex() == self.recorded


def ties(line: bytes) -> Ties | None:
    """Return the ties of a line, or None when it does not have the form of an entry."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    data, previous, seq, kind, recorded = match.groups()
    before = None if previous == b"null" else previous[1:-1].decode()
    return Ties(data, int(seq), before, kind.decode(), leaf_hash(data), recorded.decode())


def _content(data: bytes) -> JSON:
    """Return the value that canonical JSON says; raise InputError when it is not canonical.

    Most entries hold texts and small integers only. Python's own encoder writes those as RFC 8785
    does, several times faster; what it would write otherwise (floats, large integers, keys beyond
    the basic plane) goes the general way.
    """
    try:
        text = data.decode()
        value: JSON = _DECODER.decode(text)
        if (text.isascii() or max(text) <= "\uffff") and _ENCODER.encode(value).encode() == data:
            return value
    except (ValueError, RecursionError):
        pass
    value = parse(data)
    if canonical(value) != data:
        raise InputError("the line is not an entry in canonical JSON")
    return value


def _small(text: str) -> int:
    if len(text) > 15:
        raise ValueError("a number for the general way")
    return int(text)


def _general(_text: str) -> NoReturn:
    raise ValueError("a number for the general way")


_DECODER = json.JSONDecoder(parse_int=_small, parse_float=_general, parse_constant=_general)
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
