"""Texts in plain form, and how a whole column of them is matched, cut and joined at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from niming.tables.identifiers import Characters

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "Mask",
    "Plain",
    "Positions",
    "Shape",
    "Values",
    "among",
    "bare",
    "cut",
    "mask",
    "match",
    "plain",
    "where",
]

Mask: TypeAlias = NDArray[np.bool_]
Positions: TypeAlias = NDArray[np.int64]

# A program that took numbers for decimals leaves .0; a sheet keeps text by an apostrophe.
_LEFT_OVER = r"^['`\x{2018}\x{2019}]?(\d{11,19}|\d{17}[Xx])(\.0)?$"
_LEFT_OVER_SIGNS = r"^['`\x{2018}\x{2019}]|\.0$"
_GROUPED = r"^\+?\d[\d \-]*\d$"
_INVISIBLE = r"[\x{00AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}\x{FEFF}]"

# NFKC leaves ASCII, unified ideographs and two Chinese stops as they are; the full-width comma,
# semicolon and marks stand in no identifier, and need not be made narrow.
_CHANGED = r"[^\x00-\x7F\x{4E00}-\x{9FFF}\x{3001}\x{3002}\x{FF0C}\x{FF01}\x{FF1B}\x{FF1F}]"


_AT_ONCE = 1 << 12
"""Texts whose characters are counted at a time."""

_COUNTED = 0xFFFF
"""Bytes of one sort in a text that are counted; a longer text counts as having them all."""


def _sorts() -> NDArray[np.uint64]:
    """Return one count a byte, four sorts of 16 bits: digit, a to f, other letter, beyond ASCII."""
    table = np.zeros(256, dtype=np.uint64)
    for first, last, sort in (
        ("0", "9", 0),
        ("A", "Z", 2),
        ("a", "z", 2),
        ("A", "F", 1),
        ("a", "f", 1),
    ):
        table[ord(first) : ord(last) + 1] = 1 << 16 * sort
    table[0x80:] = 1 << 48
    return table


_SORTS = _sorts()


class Shape(NamedTuple):
    """Bytes of each sort in each text: most texts are told from an identifier by these alone.

    Attributes
    ----------
    digits, hexes, letters, beyond, others : ndarray of int
        ``0`` to ``9``; ``a`` to ``f``; other letters; bytes beyond ASCII; blanks and signs.
    """

    digits: NDArray[np.int32]
    hexes: NDArray[np.int32]
    letters: NDArray[np.int32]
    beyond: NDArray[np.int32]
    others: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Plain:
    """Texts in plain form, made by `plain`, so that many questions can be asked of them.

    Parameters
    ----------
    array : pyarrow StringArray
        Full-width characters made narrow, no blanks around; null where missing.
    """

    array: pa.StringArray

    def __len__(self) -> int:
        return len(self.array)

    @cached_property
    def length(self) -> NDArray[np.int32]:
        """Bytes of each text, -1 where missing."""
        import pyarrow as pa
        import pyarrow.compute as pc

        length = pc.binary_length(self.array).fill_null(pa.scalar(-1, pa.int32()))
        out: NDArray[np.int32] = length.to_numpy(zero_copy_only=False)
        return out

    @cached_property
    def shape(self) -> Shape:
        """Bytes of each sort in each text."""
        n = len(self)
        counts = np.zeros(n, dtype=np.uint64)
        if n and self._bytes.size:
            _, offsets, _ = self.array.buffers()
            starts = np.frombuffer(offsets, dtype=np.int32)[self.array.offset :][: n + 1]
            for low in range(0, n, _AT_ONCE):
                bounds = starts[low : low + _AT_ONCE + 1]
                filled = np.flatnonzero(np.diff(bounds))
                if filled.size:
                    # A byte is never outside of the table; clip spares the question.
                    sorts = _SORTS.take(self._bytes[bounds[0] : bounds[-1]], mode="clip")
                    counts[low + filled] = np.add.reduceat(sorts, bounds[filled] - bounds[0])
        digits, hexes, letters, beyond = (
            (counts >> np.uint64(16 * sort) & np.uint64(_COUNTED)).astype(np.int32)
            for sort in range(4)
        )
        shape = Shape(
            digits, hexes, letters, beyond, self.length - digits - hexes - letters - beyond
        )
        for sort in shape:
            sort[self.length > _COUNTED] = _COUNTED
        return shape

    @cached_property
    def _bytes(self) -> NDArray[np.uint8]:
        data = self.array.buffers()[2]
        return np.frombuffer(b"" if data is None else data, dtype=np.uint8)

    @cached_property
    def _seen(self) -> dict[str, bool]:
        return {}

    def lacks(self, characters: str) -> bool:
        """Return whether none of these ASCII characters is in any text: most checks end here."""
        for character in characters:
            if character not in self._seen:
                self._seen[character] = bool((self._bytes == ord(character)).any())
            if self._seen[character]:
                return False
        return True

    def holds(self, word: str) -> bool:
        """Return whether a word is in any text."""
        return word.encode() in self._bytes.tobytes()

    @cached_property
    def ascii(self) -> bool:
        """Whether no text has a character beyond ASCII."""
        return not self._bytes.size or int(self._bytes.max()) < 0x80


Values: TypeAlias = "ArrayLike | pa.Array | pa.ChunkedArray | Plain"


def plain(values: Values) -> Plain:
    """Return texts with full-width characters made narrow and what surrounds them dropped.

    Parameters
    ----------
    values : array-like, Arrow array or Plain
        Texts; whole numbers are read as written in decimal. What is Plain already stays.

    Notes
    -----
    Unicode NFKC; without invisible characters; without blanks at the ends; 11 to 19 digits lose
    the ``.0`` that a program left behind them and the apostrophe that a sheet left before them.
    """
    if isinstance(values, Plain):
        return values
    import pyarrow.compute as pc

    array = _strings(values)
    if not pc.all(pc.string_is_ascii(array)).as_py():
        changed = mask(pc.match_substring_regex(array, _CHANGED))
        array = _edited(
            array,
            changed,
            lambda some: pc.replace_substring_regex(
                pc.utf8_normalize(some, form="NFKC"), _INVISIBLE, ""
            ),
        )
    texts = Plain(pc.utf8_trim_whitespace(array))
    if texts.lacks("'`.") and texts.ascii:
        return texts
    left = match(texts, _LEFT_OVER_SIGNS, 11, 24)
    return Plain(
        _edited(texts.array, left, lambda some: pc.replace_substring_regex(some, _LEFT_OVER, r"\1"))
    )


def _edited(texts: pa.StringArray, at: Mask, edit: object) -> pa.StringArray:
    """Return texts with those at `at` edited: the edits are slow and few texts need them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not at.any():
        return texts
    assert callable(edit)
    if at.all():
        return edit(texts)
    chosen = pa.array(at)
    return pc.replace_with_mask(texts, chosen, edit(texts.filter(chosen)))


def _strings(values: ArrayLike | pa.Array | pa.ChunkedArray) -> pa.StringArray:
    """Return values as one Arrow array of strings."""
    import pyarrow as pa

    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.Array):
        return values.cast(pa.string())
    array = np.asarray(values)
    if array.dtype.kind in "iu":
        return pa.array(array).cast(pa.string())
    texts = [None if v is None or v != v else str(v) for v in array.tolist()]
    return pa.array(texts, pa.string())


def mask(found: pa.BooleanArray) -> Mask:
    """Return an Arrow mask as NumPy's; missing is False."""
    out: Mask = found.fill_null(False).to_numpy(zero_copy_only=False).astype(np.bool_)
    return out


def where(
    texts: Plain,
    pattern: str,
    shortest: int,
    longest: int | None = None,
    *,
    only: Mask | None = None,
) -> Positions:
    """Return where texts of `shortest` to `longest` bytes match; others are not looked at.

    `only` marks the texts whose shape lets them match.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    fits = texts.length >= shortest
    if longest is not None:
        fits &= texts.length <= longest
    if only is not None:
        fits &= only
    if fits.all():
        return np.flatnonzero(mask(pc.match_substring_regex(texts.array, pattern)))
    at = np.flatnonzero(fits)
    if not at.size:
        return at
    return at[mask(pc.match_substring_regex(texts.array.take(pa.array(at)), pattern))]


def match(
    values: Values,
    pattern: str,
    shortest: int,
    longest: int | None = None,
    *,
    only: Mask | None = None,
) -> Mask:
    """Return which texts of `shortest` to `longest` bytes match."""
    texts = plain(values)
    out = np.zeros(len(texts), dtype=np.bool_)
    out[where(texts, pattern, shortest, longest, only=only)] = True
    return out


def among(texts: Plain, at: Positions) -> Plain:
    """Return the texts at some positions."""
    import pyarrow as pa

    return texts if len(at) == len(texts) else Plain(texts.array.take(pa.array(at)))


def cut(texts: Plain, at: Positions, width: int) -> Characters:
    """Return texts of `width` ASCII characters each as a matrix, in capitals."""
    if not at.size:
        return np.zeros((0, width), dtype=np.uint8)
    taken = among(texts, at).array
    _, offsets, data = taken.buffers()
    start = int(np.frombuffer(offsets, dtype=np.int32)[taken.offset])
    chars = np.frombuffer(data, dtype=np.uint8)[start : start + len(at) * width]
    if int(chars.max()) >= ord("a"):
        small = (chars >= ord("a")) & (chars <= ord("z"))
        chars = np.where(small, chars - np.uint8(32), chars)
    return chars.reshape(len(at), width)


def bare(texts: Plain, least: int, most: int) -> tuple[Positions, Plain]:
    """Return where texts are `least` to `most` digits, perhaps with blanks or dashes between.

    A ``+`` may lead. The texts come without the blanks and dashes.
    """
    import pyarrow.compute as pc

    shape = texts.shape
    fits = (shape.digits >= least) & (shape.digits <= most) & (shape.others <= 6)
    fits &= shape.digits + shape.others == texts.length
    at = np.flatnonzero(fits)
    if not at.size or not shape.others[at].any():
        return at, among(texts, at)
    some = at[match(among(texts, at), _GROUPED, least)]
    return some, Plain(pc.replace_substring_regex(among(texts, some).array, r"[ \-]", ""))
