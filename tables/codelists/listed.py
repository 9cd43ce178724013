"""`Listed`: how values climb a code list that ships with the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from niming.errors import HierarchyError
from niming.measure import JSON
from niming.tables.codelists.codelist import NAMES, codelist
from niming.tables.codelists.tree import Tree, tree
from niming.tables.rules import ROOT, Climb, Language, Texts

__all__ = ["Labels", "Listed"]

Labels: TypeAlias = Literal["code", "name"]

_CODED = {"region": "code", "industry": "name", "occupation": "name"}
"""Lists whose codes begin with the code above them, and what stands for a place by default."""

_LEVELS: dict[str, tuple[tuple[str, str], ...]] = {
    "region": (("省级", "province"), ("地级", "prefecture")),
    "ethnicity": (("汉族或少数民族", "Han or not"),),
    "industry": (("门类", "section"), ("大类", "division"), ("中类", "group")),
    "occupation": (("大类", "major group"), ("中类", "medium group")),
    "education": (("教育阶段", "stage of education"), ("学历层次", "level of education")),
    "marriage": (("婚姻状况大类", "marital status"),),
    "sex": (),
}
"""What a place is at each depth, from the top, save the depth of the values themselves.

Occupations are shipped down to the medium groups, and values are finer than those."""


@dataclass(frozen=True)
class Listed:
    """A code list: ``220104`` climbs to ``2201*``, ``22*``, ``*``.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    labels : {"code", "name"}, optional
        How a place is shown above level 0. By default regions by code, all else by name; only
        region, industry and occupation can be shown by code.
    historic : bool
        Whether codes that no longer hold are in the domain. Only regions have such.
    """

    name: str
    labels: Labels | None = None
    historic: bool = True

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise HierarchyError(
                f"there is no code list {self.name!r}", hint="known are " + ", ".join(NAMES)
            )
        if self.labels not in (None, "code", "name"):
            raise HierarchyError(
                f"unknown labels of a code list: {self.labels!r}", hint="code or name"
            )
        if self.labels == "code" and self.name not in _CODED:
            raise HierarchyError(
                f"the groups of the code list {self.name!r} have no codes",
                hint="labels='name', which is the default",
            )
        if not isinstance(self.historic, bool):
            raise HierarchyError("historic is neither true nor false", hint="historic: false")
        if not self.historic and self.name != "region":
            raise HierarchyError(
                f"the code list {self.name!r} has no historic codes to leave out",
                hint="historic=False is for regions",
            )

    @property
    def n_levels(self) -> int:
        return len(_LEVELS[self.name]) + 2

    @property
    def rooted(self) -> bool:
        return True

    @property
    def domain(self) -> tuple[str, ...]:
        """The codes of the list; those of groups that only names tell apart are left out."""
        source = codelist(self.name)
        codes = dict.fromkeys(
            code
            for code, until in zip(source.codes, source.valid_to, strict=True)
            if code.isascii() and (self.historic or until is None)
        )
        return tuple(codes)

    def climb(self, texts: Texts) -> Climb:
        places = tree(self.name, current=not self.historic)
        place = places.find(texts)
        lacking = place < 0
        # The place above all, -1, picks the last label; nobody reads it where a value is lacking.
        labels: list[Texts] = [texts]
        share = [places.share[place]]
        shown = self._shown(places)
        for depth in range(len(_LEVELS[self.name]), 0, -1):
            above = places.ancestors[depth][place]
            labels.append(shown[above])
            share.append(places.share[above])
        labels.append(np.full(len(texts), ROOT, dtype=object))
        share.append(np.ones(len(texts)))
        return Climb(tuple(labels), np.stack(share), lacking)

    def _shown(self, places: Tree) -> Texts:
        by_code = (self.labels or _CODED.get(self.name)) == "code"
        own = [stem + ROOT for stem in places.stems] if by_code else places.names
        shown = np.empty(len(own), dtype=object)
        shown[:] = own
        return shown

    def explain(self, level: int, lang: Language) -> str:
        zh, en = _LEVELS[self.name][-level]
        return zh if lang == "zh" else en

    def spec(self) -> dict[str, JSON]:
        spec: dict[str, JSON] = {"kind": "codelist", "name": self.name}
        if self.labels is not None:
            spec["labels"] = self.labels
        return spec if self.historic else {**spec, "historic": False}
