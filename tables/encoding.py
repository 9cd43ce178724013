"""Which encoding a text file is in: byte order mark, then strict UTF-8, then strict GB18030.

Short Chinese files fool statistical detectors (they call three lines of GBK Korean), so there is
no guessing: the whole file is decoded strictly, and what fits nothing is refused.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import NamedTuple

from niming.errors import InputError

__all__ = ["Encoding", "detect"]

_CHUNK = 1 << 22
_MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
# A Chinese character or full-width sign in UTF-8 (U+3000-303F, U+4E00-9FFF, U+FF00-FFEF).
_HAN = re.compile(rb"\xe3\x80[\x80-\xbf]|[\xe4-\xe9][\x80-\xbf]{2}|\xef[\xbc-\xbf][\x80-\xbf]")
# About 1 line of GB18030 in 50,000 happens to be valid UTF-8 with such a character in it; a file
# with more than 1 in 1,000 holds lines in both encodings.
_CHANCE = 1e-3


class Encoding(NamedTuple):
    """The encoding of a whole file, and how many double quotes the file holds."""

    name: str
    n_quotes: int


def detect(path: Path, declared: str | None = None) -> Encoding:
    """Decode the whole file strictly and return the encoding that holds.

    Parameters
    ----------
    path : Path
    declared : str, optional
        Any encoding that Python knows. Without it: the byte order mark, else UTF-8, else GB18030.

    Raises
    ------
    InputError
        An unknown encoding; bytes that it does not allow (first offset and line are told); a file
        that is partly UTF-8 and partly something else; bytes that are no text.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_bytes("姓名,年龄".encode("gbk"))
    >>> detect(path).name
    'gb18030'
    """
    if declared is not None:
        try:
            codecs.lookup(declared)
        except LookupError:
            raise InputError(
                f"there is no encoding named {declared!r}",
                hint='try encoding="gb18030", "utf-8", "utf-16" or "big5"',
            ) from None
        return _whole(path, declared, f"{path.name} is not {declared} throughout")
    with path.open("rb") as file:
        start = file.read(4)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return _whole(
                path, name, f"{path.name} begins with the mark of {name} but is not {name}"
            )
    try:
        return Encoding("utf-8", _decode(path, "utf-8"))
    except _Broken as broken:
        offset = broken.offset
    return _not_utf8(path, offset)


class _Broken(Exception):
    """Where strict decoding stopped."""

    def __init__(self, offset: int) -> None:
        self.offset = offset


def _decode(path: Path, name: str) -> int:
    """Decode the file and return how many double quotes it holds; raise `_Broken` where it ends."""
    decoder = codecs.getincrementaldecoder(name)()
    offset = n_quotes = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            waiting = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                at = error.start if isinstance(error, UnicodeDecodeError) else 0
                raise _Broken(offset - waiting + at) from None
            if (at := text.find("\0")) >= 0:
                place = offset - waiting + len(text[:at].encode(name))
                raise InputError(
                    f"{path.name} holds a zero byte at offset {place}, which no text file does",
                    hint='if it is UTF-16 say encoding="utf-16-le"; else save it as CSV again',
                )
            n_quotes += text.count('"')
            offset += len(chunk)
            if not chunk:
                return n_quotes


def _whole(path: Path, name: str, failed: str) -> Encoding:
    try:
        return Encoding(name, _decode(path, name))
    except _Broken as broken:
        raise InputError(
            f"{failed}: {_place(path, broken.offset)} does not fit",
            hint="save the file again in one encoding, UTF-8 if you can",
        ) from None


def _not_utf8(path: Path, offset: int) -> Encoding:
    """Decide between GB18030 and a file of two encodings, line by line."""
    n_han = n_lines = 0
    with path.open("rb") as file:
        for line in file:
            if line.isascii():
                continue
            n_lines += 1
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                if error.end < len(line) or error.reason != "unexpected end of data":
                    continue  # else it is the last line, cut within a character
            n_han += _HAN.search(line) is not None
    place = _place(path, offset)
    if n_han > _CHANCE * n_lines:
        raise InputError(
            f"{path.name} mixes encodings: {n_han} of {n_lines} lines with other than ASCII "
            f"characters are UTF-8, but {place} is not",
            hint="save the whole file as UTF-8; if you are sure that all of it is GB18030, "
            'say encoding="gb18030"',
        )
    try:
        return Encoding("gb18030", _decode(path, "gb18030"))
    except _Broken as broken:
        raise InputError(
            f"{path.name} is neither UTF-8 ({place}) nor GB18030 ({_place(path, broken.offset)})",
            hint="save it as UTF-8, or name its encoding: encoding=",
        ) from None


def _place(path: Path, offset: int) -> str:
    """Say where byte `offset` is: ``byte 17 (line 2)``, counted from 0 and from 1."""
    line, left = 1, offset
    with path.open("rb") as file:
        while left and (chunk := file.read(min(left, _CHUNK))):
            line += chunk.count(b"\n")
            left -= len(chunk)
    return f"byte {offset} (line {line})"
