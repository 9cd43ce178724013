"""`Tree`: the places of a code list above one another, and the ways in which cells write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.tables.codelists.codelist import CodeList, codelist

__all__ = ["Tree", "tidy", "tree"]

_CJK = "\u3400-\u9fff"
_SEPARATOR = re.compile(rf"(?<=[{_CJK}])[、,/|>·()-]+|[、,/|>·()-]+(?=[{_CJK}])")
_ENDLESS = 9999
_RECODED = 1983
"""Until this year counties were given other codes as the standard was revised."""

_CARVED = {"46": "44", "50": "51"}
"""Provinces that were part of another: Hainan of Guangdong, Chongqing of Sichuan."""

_Held: TypeAlias = tuple[int, int, int]
"""A place, and the first and last year in which it bore a name."""


def tidy(text: str) -> str:
    """Return a cell in the form in which names and codes are compared.

    Notes
    -----
    Full-width forms become ASCII (NFKC), blanks go, capitals become small. Commas, slashes,
    hyphens and brackets go where they touch a Chinese character: ``吉林省 / 长春市`` is
    ``吉林省长春市``. Signs between digits stay, for -1 is not the code 1.

    Examples
    --------
    >>> tidy(" ２２０１０４ "), tidy("农、林、牧、渔业"), tidy("-1")
    ('220104', '农林牧渔业', '-1')
    """
    if text.isascii() and text.isdigit():
        return text
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _SEPARATOR.sub("", "".join(folded.split()))


class Tree:
    """A code list as a tree that cells can be looked up in; made by `tree`, never changed.

    Parameters
    ----------
    source : CodeList
    current : bool
        Whether to keep only the entries that still hold.

    Attributes
    ----------
    stems : list of str
        The code of each place without what is below it: 220100 is ``2201``. Parents first.
    at : dict of str to int
        Position of each stem.
    parent : ndarray of int64
        Place above, -1 at the top.
    depth : ndarray of int64
        1 at the top.
    """

    def __init__(self, source: CodeList, current: bool) -> None:
        self.source = source
        self.regional = source.name == "region"
        kept = [i for i, y in enumerate(source.valid_to) if not current or y is None]
        if self.regional:
            own = [_stem(source.codes[i]) for i in kept]
            # From the stems themselves, for a county may lack an entry for its prefecture.
            ranks = [sorted({s[:n] for s in own if len(s) >= n}) for n in (2, 4, 6)]
            above = {s: s[:-2] for rank in ranks for s in rank}
        else:
            own = [source.codes[i] for i in kept]
            above = {source.codes[i]: source.parents[i] for i in kept}
            depth = {"": 0}
            for stem, up in above.items():  # parents stand before what is below them
                depth[stem] = depth[up] + 1
            deepest = max(depth.values())
            ranks = [[s for s in above if depth[s] == n] for n in range(1, deepest + 1)]
        self._entries = list(zip(kept, own, strict=True))
        self.stems = [s for rank in ranks for s in rank]
        self.at = {s: i for i, s in enumerate(self.stems)}
        self.parent = np.array([self.at.get(above[s], -1) for s in self.stems], dtype=np.int64)
        self.depth = np.repeat(np.arange(1, len(ranks) + 1), [len(rank) for rank in ranks])

    @cached_property
    def finest(self) -> int:
        """Depth of the deepest place."""
        return int(self.depth.max())

    @cached_property
    def ancestors(self) -> list[NDArray[np.int64]]:
        """For each depth from 0: the place at that depth, or the place itself if it is above it."""
        out = [np.full(len(self.stems), -1, dtype=np.int64)]
        for depth in range(1, self.finest + 1):
            place = np.arange(len(self.stems))
            for _ in range(self.finest - depth):
                place = np.where(self.depth[place] > depth, self.parent[place], place)
            out.append(place)
        return out

    @cached_property
    def share(self) -> NDArray[np.float64]:
        """Share of the places with nothing below that are in or below each place."""
        below = np.ones(len(self.stems), dtype=np.float64)
        below[self.parent[self.parent >= 0]] = 0.0
        n_ends = below.sum()
        for depth in range(self.finest, 1, -1):
            here = self.depth == depth
            np.add.at(below, self.parent[here], below[here])
        shares: NDArray[np.float64] = below / n_ends
        return shares

    @cached_property
    def names(self) -> list[str]:
        """The name of each place, the latest; that of a region begins with its province."""
        own = {stem: self.source.names[i] for i, stem in self._entries}
        if not self.regional:
            return [own[s] for s in self.stems]
        return ["".join(own.get(s[:n], "") for n in range(2, len(s) + 1, 2)) for s in self.stems]

    def find(self, texts: Iterable[str]) -> NDArray[np.int64]:
        """Return the place that each text names by code or by name, -1 where it names none."""
        code = _CODES[self.source.name]
        out = []
        for text in texts:
            key = tidy(text)
            place = self.at.get(code(key, self), -1) if key and key.isascii() else -1
            out.append(place if place >= 0 else self._by_name(key))
        return np.array(out, dtype=np.int64)

    def _by_name(self, key: str) -> int:
        if not key or key.isdigit():
            return -1
        bearers = self._bearers.get(key, [])
        inside = self._in_province(key) if self.regional else []
        if inside:
            return self._one_of([*bearers, *inside])
        place = self._one_of(bearers) if bearers else -1
        return -1 if place >= 0 and self._disputed(place, bearers) else place

    def _in_province(self, key: str) -> list[_Held]:
        """Return the places that a name which begins with its province's may mean."""
        short = next((key[:n] for n in (3, 2) if key[:n] in self._provinces), None)
        if short is None:
            return []
        stem, name = self._provinces[short]
        rest = key.removeprefix(name if key.startswith(name) else short)
        if not rest:
            return [(self.at[stem], 0, _ENDLESS)]
        return [b for b in self._bearers.get(rest, []) if self.stems[b[0]][:2] == stem]

    @cached_property
    def _provinces(self) -> dict[str, tuple[str, str]]:
        """Short name of each province to its stem and its full name: 吉林 to 22 and 吉林省."""
        out: dict[str, tuple[str, str]] = {}
        for i, stem in self._entries:
            if len(stem) == 2:
                name = self.source.names[i]
                n = 3 if name.startswith(("内蒙古", "黑龙江")) else 2
                out.setdefault(name[:n], (stem, name))
        return out

    @cached_property
    def _bearers(self) -> dict[str, list[_Held]]:
        """Each written name to the places that bear or bore it."""
        source = self.source
        prefectures: dict[str, set[str]] = {}
        if self.regional:
            for i, stem in self._entries:
                if len(stem) == 4:
                    prefectures.setdefault(stem, set()).add(source.names[i])
        out: dict[str, list[_Held]] = {}
        for i, stem in self._entries:
            until = source.valid_to[i]
            held = (self.at[stem], source.valid_from[i] or 0, _ENDLESS if until is None else until)
            if self.regional:
                name = source.names[i]
                above = prefectures.get(stem[:4], ()) if len(stem) == 6 else ()
                words = [name, *(p + name for p in above)]
            else:
                words = [tidy(word) for word in (source.names[i], *source.aliases[i])]
            for word in words:
                out.setdefault(word, []).append(held)
        return out

    def _one_of(self, bearers: list[_Held]) -> int:
        """Return the place that a name means, -1 if that is open.

        Of several that still hold, one above the others is meant; of several that are gone, the
        last of one province that followed each other, as a county does that was given new codes.
        """
        if len(bearers) == 1:
            return bearers[0][0]
        held = [b for b in bearers if b[2] == _ENDLESS] or bearers
        places = {b[0] for b in held}
        if len(places) == 1:
            return places.pop()
        top = min(places, key=lambda p: int(self.depth[p]))
        if all(self.ancestors[self.depth[top]][p] == top for p in places):
            return top
        if held[0][2] == _ENDLESS:
            return -1
        held = sorted(set(held), key=lambda b: b[2])
        follow = all(a[2] < b[1] for a, b in pairwise(held))
        provinces = (self.stems[p][:2] for p in places)
        one_province = len({_CARVED.get(p, p) for p in provinces}) == 1
        return held[-1][0] if follow and one_province else -1

    def _disputed(self, place: int, bearers: list[_Held]) -> bool:
        """Return whether a name that comes without its province may mean another place as well.

        矿区 is a district of one city now and was of three. A place that has moved to another
        prefecture or was given a new code is the same place.
        """
        if not self.regional:
            return False
        stem = self.stems[place]
        since = min(first for at, first, _ in bearers if at == place)
        for at, _, last in bearers:
            other = self.stems[at]
            if other.startswith(stem[:4]) or stem.startswith(other):
                continue
            if other[:2] == stem[:2]:
                if last > max(since, _RECODED):
                    return True
            elif _CARVED.get(stem[:2]) != other[:2] or last > since:
                return True
        return False


def tree(name: str, *, current: bool = False) -> Tree:
    """Return the tree of a code list, built once."""
    return _grown(name, current)


@cache
def _grown(name: str, current: bool) -> Tree:
    return Tree(codelist(name), current)


def _stem(code: str) -> str:
    """Return a region code without the noughts that stand for all below: 220100 is 2201."""
    if code.endswith("0000"):
        return code[:2]
    return code[:4] if code.endswith("00") else code


def _region(key: str, _: Tree) -> str:
    # Statistical codes of towns (9 digits) and villages (12) begin with the county's.
    if not key.isdigit() or len(key) not in (2, 4, 6, 9, 12):
        return ""
    return _stem(key[:6].ljust(6, "0"))


def _two_digits(key: str, _: Tree) -> str:
    return key.zfill(2) if key.isdigit() and len(key) <= 2 else ""


def _as_is(key: str, _: Tree) -> str:
    return key


def _industry(key: str, tree: Tree) -> str:
    section, digits = (key[0].upper(), key[1:]) if key[0].isalpha() else ("", key)
    if not digits:
        return section
    if not digits.isdigit() or not 2 <= len(digits) <= 4:
        return ""
    at = tree.at
    # A class that an amendment has added is known by its group, which is complete.
    known = digits if digits in at or len(digits) < 4 else digits[:3]
    place = at.get(known, -1)
    if section and (place < 0 or tree.stems[tree.ancestors[1][place]] != section):
        return ""
    return known


_DASHED = re.compile(r"\d(-\d\d){1,3}")


def _occupation(key: str, tree: Tree) -> str:
    if _DASHED.fullmatch(key):
        key = key.replace("-", "")
    if not key.isdigit() or len(key) not in (1, 3, 5, 7):
        return ""
    if len(key) > 1 and not key[1:].strip("0") and key[:3] not in tree.at:
        return key[0]  # a major group filled up with noughts, 1-00-00-00
    return key[:3]


_CODES: dict[str, Callable[[str, Tree], str]] = {
    "region": _region,
    "ethnicity": _two_digits,
    "industry": _industry,
    "occupation": _occupation,
    "education": _as_is,
    "marriage": _as_is,
    "sex": _as_is,
}
