"""`CodeList`: codes of a standard with their names, what stands above each, and when each held."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from niming.errors import InputError

__all__ = ["NAMES", "CodeList", "Name", "codelist"]

Name: TypeAlias = Literal[
    "region", "ethnicity", "industry", "occupation", "education", "marriage", "sex"
]
NAMES: tuple[str, ...] = get_args(Name)
"""The lists that ship with the library."""

STANDARDS = MappingProxyType(
    {
        "region": "GB/T 2260",
        "ethnicity": "GB/T 3304-1991",
        "industry": "GB/T 4754-2017",
        "occupation": "GB/T 6565-2015",
        "education": "GB/T 4658-2006",
        "marriage": "GB/T 2261.2-2003",
        "sex": "GB/T 2261.1-2003",
    }
)


@dataclass(frozen=True, eq=False, repr=False)
class CodeList:
    """The entries of a code list, one for each name that a code has had.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    standard : str
        The standard that assigns the codes.
    codes, names : tuple of str
        Code and Chinese name of each entry. A group that the standard does not number has its
        name for a code.
    parents : tuple of str
        Code of the entry above, empty at the top.
    aliases : tuple of tuple of str
        Other words for the same, such as 本科 for 大学本科教育.
    valid_from, valid_to : tuple of int or None
        First and last year whose list has the entry. No `valid_to`: it still holds. No
        `valid_from`: not known. Lists other than ``region`` have neither.

    Examples
    --------
    >>> codelist("sex")
    CodeList(sex, GB/T 2261.1-2003, n=4)
    >>> regions = codelist("region")
    >>> regions.label("422401", year=1981), regions.label("422401")  # a code that was used again
    ('荆门市', '仙桃市')
    """

    name: str
    standard: str
    codes: tuple[str, ...]
    names: tuple[str, ...]
    parents: tuple[str, ...]
    aliases: tuple[tuple[str, ...], ...]
    valid_from: tuple[int | None, ...]
    valid_to: tuple[int | None, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        return f"CodeList({self.name}, {self.standard}, n={len(self)})"

    def labels(self) -> dict[str, str]:
        """Return the name of each code, the latest where it has had several."""
        # Entries of a code stand in the order of their years.
        return dict(zip(self.codes, self.names, strict=True))

    def label(self, code: str, *, year: int | None = None) -> str | None:
        """Return the name of a code, in a year or the latest; None where the list has none."""
        found = None
        for i, own in enumerate(self.codes):
            since, until = self.valid_from[i], self.valid_to[i]
            held = year is None or ((since or year) <= year <= (until or year))
            if own == code and held:
                found = self.names[i]
        return found


@cache
def codelist(name: str) -> CodeList:
    """Return a code list that ships with the library, read once.

    Parameters
    ----------
    name : {"region", "ethnicity", "industry", "occupation", "education", "marriage", "sex"}

    Returns
    -------
    CodeList

    Raises
    ------
    InputError
        No such list.

    Examples
    --------
    >>> codelist("industry").labels()["A"]
    '农、林、牧、渔业'
    """
    if name not in NAMES:
        raise InputError(f"there is no code list {name!r}", hint="known are " + ", ".join(NAMES))
    text = (Path(__file__).parent / f"{name}.tsv").read_text("utf-8")
    if name == "region":
        # Four cells a line, of which none holds a tab: one split is faster than one a line.
        cells = text.rstrip("\n").replace("\n", "\t").split("\t")
        codes, names = tuple(cells[::4]), tuple(cells[1::4])
        since, until = (tuple(int(y) if y else None for y in cells[n::4]) for n in (2, 3))
        parents = tuple(map(_above, codes))
        return CodeList(
            name, STANDARDS[name], codes, names, parents, ((),) * len(codes), since, until
        )
    rows = [line.split("\t") for line in text.splitlines()]
    full = [(*row, "", "")[:4] for row in rows]
    codes, names, parents, words = zip(*full, strict=True)
    always = (None,) * len(rows)
    aliases = tuple(tuple(w.split("|")) if w else () for w in words)
    return CodeList(name, STANDARDS[name], codes, names, parents, aliases, always, always)


def _above(code: str) -> str:
    """Return the region that a region is in: the county's prefecture, the prefecture's province."""
    if code.endswith("0000"):
        return ""
    return code[:2] + "0000" if code.endswith("00") else code[:4] + "00"
