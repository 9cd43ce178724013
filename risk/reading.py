"""`Reading`: every class-based measure of a table under one reading of what is missing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias

from niming.measure import JSON, Measure, Result
from niming.risk.alpha_k import AlphaK
from niming.risk.classes import (
    Missing,
    is_complete,
    is_continuous,
    is_ordered,
    spectrum_of,
)
from niming.risk.column_sets import MOST_COLUMNS
from niming.risk.disclosure import Disclosure
from niming.risk.household import HouseholdRisk
from niming.risk.individual import IndividualRisk
from niming.risk.joint import Joint
from niming.risk.k_anonymity import Anonymity
from niming.risk.k_map import KMap
from niming.risk.l_diversity import Diversity, Kind
from niming.risk.likeness import Likeness, LikenessKind
from niming.risk.lkc import LKC
from niming.risk.p_sensitive import PSensitive
from niming.risk.presence import Presence
from niming.risk.quasi_identifiers import ColumnSets
from niming.risk.reidentification import Attacker, Reidentification
from niming.risk.suda import Suda
from niming.risk.t_closeness import Closeness, Distance
from niming.tables import Classes, Hierarchy, Spectrum

__all__ = ["Extent", "Question", "Reading"]

Extent: TypeAlias = Literal["core", "full"]
"""Class sizes, l, t and the attackers; or all that the room measures."""

_KINDS: tuple[Kind, ...] = ("distinct", "entropy", "recursive")
_LIKENESS: tuple[LikenessKind, ...] = ("basic", "enhanced")
_APART = (
    "the population knows cells that are missing or suppressed in the table, so no class of it is "
    "the same: the other reading compares them"
)
_MOST_PAIRS = 5 * 10**7  # pairs of class and value that may be held at once: 1 GB
_MOST_SETS = 4_000  # column sets that are looked at unasked, and these
_MOST_WORK = 2 * 10**8  # times classes: some seconds


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of the classes of a table; the parameters are those of `assess`.

    Parameters
    ----------
    sensitive : tuple of str
    hierarchies : dict of str to Hierarchy
    c : float > 0
    threshold_size, known : int >= 1
    extent : {"core", "full"}
    households : (Classes, str) or None
        Classes whose counts have the column of that name.
    population : Joint or None
    population_size : int or None
    sampling_fraction : float or None
    """

    sensitive: tuple[str, ...]
    hierarchies: Mapping[str, Hierarchy]
    c: float
    threshold_size: int
    known: int
    extent: Extent
    households: tuple[Classes, str] | None = None
    population: Joint | None = None
    population_size: int | None = None
    sampling_fraction: float | None = None


@dataclass(frozen=True, repr=False)
class Reading(Result):
    """Every class-based measure under one reading, made by `assess`.

    Parameters
    ----------
    missing : {"own-value", "matches-anything"}
    anonymity : Anonymity
    reidentification : Reidentification
    diversity : dict of (column, kind) to Diversity
    closeness : dict of (column, distance) to Closeness
    alpha_k : dict of str to AlphaK
    p_sensitive : PSensitive or None
    disclosure : dict of str to Disclosure
    likeness : dict of (column, kind) to Likeness
    lkc : dict of str to LKC
        By sensitive column; under ``""`` if there is none.
    k_map, presence, individual, household, suda, column_sets : results or None
        None where the table or the question lacks what they need, or only the core is asked.
    not_applicable : tuple of Measure
        What has no meaning for a column, each with its reason.

    Examples
    --------
    >>> from niming.risk import assess
    >>> found = assess({"sex": ["F", "F", None]}, quasi_identifiers=["sex"])
    >>> found.own.anonymity.k, found.matching.anonymity.k  # the third could be anybody
    (1, 3)
    """

    missing: Missing
    anonymity: Anonymity
    reidentification: Reidentification
    diversity: Mapping[tuple[str, Kind], Diversity]
    closeness: Mapping[tuple[str, str], Closeness]
    alpha_k: Mapping[str, AlphaK] = field(default_factory=dict)
    p_sensitive: PSensitive | None = None
    disclosure: Mapping[str, Disclosure] = field(default_factory=dict)
    likeness: Mapping[tuple[str, LikenessKind], Likeness] = field(default_factory=dict)
    lkc: Mapping[str, LKC] = field(default_factory=dict)
    k_map: KMap | None = None
    presence: Presence | None = None
    individual: IndividualRisk | None = None
    household: HouseholdRisk | None = None
    suda: Suda | None = None
    column_sets: ColumnSets | None = None
    not_applicable: tuple[Measure, ...] = ()

    @classmethod
    def of(cls, classes: Classes, question: Question, *, missing: Missing) -> Reading:
        """Measure equivalence classes.

        Cells that the table suppresses and the population knows make no class of the population.
        Under ``"own-value"`` what needs one is then left out, and the journalist says why.
        """
        people = question.population
        apart = (
            people is not None
            and missing == "own-value"
            and not is_complete(classes)
            and not people.shows_every_class()
        )
        if apart:
            question = replace(question, population=None)
        core = _core(classes, question, missing)
        if apart and core.reidentification.journalist.highest is None:
            journalist = Attacker(reason=_APART)
            core = replace(
                core, reidentification=replace(core.reidentification, journalist=journalist)
            )
        return core if question.extent == "core" else _widened(core, classes, question)

    def reread(self, missing: Missing) -> Reading:
        """Return the same numbers under the other reading, which they are if nothing is missing."""
        changed: dict[str, Any] = {"missing": missing}
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, Mapping):
                changed[f.name] = {key: replace(r, missing=missing) for key, r in value.items()}
            elif isinstance(value, Result):
                changed[f.name] = replace(value, missing=missing)  # type: ignore[type-var]
        changed["not_applicable"] = tuple(
            replace(m, name=m.name.replace(".", ".matching.", 1)) for m in self.not_applicable
        )
        return replace(self, **changed)

    def results(self) -> Iterator[Result]:
        """Return every result, in the order of the fields."""
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, Mapping):
                yield from value.values()
            elif isinstance(value, Result):
                yield value

    def measures(self) -> tuple[Measure, ...]:
        """Return every measure once, those that do not apply among them."""
        named = {m.name: m for result in self.results() for m in result.measures()}
        return (*named.values(), *self.not_applicable)

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures and the reading."""
        return {**super().to_dict(), "missing": self.missing}


def _core(classes: Classes, question: Question, missing: Missing) -> Reading:
    """Measure class sizes, l, t and the attackers."""
    diversity: dict[tuple[str, Kind], Diversity] = {}
    closeness: dict[tuple[str, str], Closeness] = {}
    not_applicable: list[Measure] = []
    for column in question.sensitive:
        spectrum = _spectrum(classes, column, missing)
        continuous = is_continuous(classes.counts, column)
        for kind in _KINDS:
            if continuous:
                not_applicable.append(_continuous(column, kind, missing))
                continue
            diversity[column, kind] = Diversity.of(
                classes,
                column,
                kind=kind,
                c=question.c if kind == "recursive" else None,
                spectrum=spectrum,
                missing=missing,
            )
        for distance in _distances(classes, column, question.hierarchies):
            found = Closeness.of(
                classes, column, distance=distance, spectrum=spectrum, missing=missing
            )
            closeness[column, found.distance] = found
    return Reading(
        missing=missing,
        anonymity=Anonymity.of(classes, missing=missing),
        reidentification=Reidentification.of(
            classes,
            threshold_size=question.threshold_size,
            population=question.population,
            missing=missing,
        ),
        diversity=diversity,
        closeness=closeness,
        not_applicable=tuple(not_applicable),
    )


def _widened(core: Reading, classes: Classes, question: Question) -> Reading:
    """Add what the core leaves out."""
    missing = core.missing
    categorical = [c for c in question.sensitive if not is_continuous(classes.counts, c)]
    spectra = {
        column: found
        for column in question.sensitive
        if (found := _spectrum(classes, column, missing)) is not None
    }
    known = min(question.known, len(classes.quasi_identifiers))
    individual = None
    if classes.weight is not None:
        individual = IndividualRisk.of(classes, missing=missing)
    each: list[str | None] = [*categorical] or [None]
    sampled = question.population_size is not None or question.sampling_fraction is not None
    crowded = len(classes.quasi_identifiers) > MOST_COLUMNS
    size = _affordable(classes)
    return replace(
        core,
        alpha_k={
            c: AlphaK.of(classes, c, spectrum=spectra.get(c), missing=missing) for c in categorical
        },
        p_sensitive=PSensitive.of(classes, categorical, spectra=spectra, missing=missing)
        if categorical
        else None,
        disclosure={
            c: Disclosure.of(classes, c, spectrum=spectra.get(c), missing=missing)
            for c in categorical
        },
        likeness={
            (c, kind): Likeness.of(classes, c, kind=kind, spectrum=spectra.get(c), missing=missing)
            for c in categorical
            for kind in _LIKENESS
        },
        lkc={c or "": LKC.of(classes, known=known, sensitive=c, missing=missing) for c in each},
        k_map=KMap.of(
            classes,
            population=question.population,
            population_size=None if question.population is not None else question.population_size,
            sampling_fraction=None
            if question.population is not None
            else question.sampling_fraction,
            missing=missing,
        )
        if question.population is not None or sampled or classes.weight is not None
        else None,
        presence=None
        if question.population is None
        else Presence.of(classes, population=question.population, missing=missing),
        individual=individual,
        household=None
        if question.households is None
        else HouseholdRisk.of(*question.households, missing=missing),
        suda=None
        if crowded
        else Suda.of(classes, max_size=size, fraction=question.sampling_fraction, missing=missing),
        column_sets=None
        if crowded
        else ColumnSets.of(classes, max_size=min(size, 3), missing=missing),
        not_applicable=(*core.not_applicable, *(_crowded(missing) if crowded else ())),
    )


def _spectrum(classes: Classes, column: str, missing: Missing) -> Spectrum | None:
    """Return the spectrum, for all measures of the column; None if it may not fit in memory."""
    if missing == "own-value" or is_complete(classes):
        return spectrum_of(classes, column, missing=missing)
    n_values = len(classes.counts.categories[classes.counts.position(column)])
    if classes.n_classes * n_values > _MOST_PAIRS:
        return None
    return spectrum_of(classes, column, missing=missing)


def _affordable(classes: Classes) -> int:
    """Return up to how many columns sets are looked at, at least 1."""
    n_columns, n_sets, size = len(classes.quasi_identifiers), 0, 0
    while size < n_columns:
        n_sets += math.comb(n_columns, size + 1)
        if size and (n_sets > _MOST_SETS or n_sets * classes.n_classes > _MOST_WORK):
            break
        size += 1
    return size


def _distances(
    classes: Classes, column: str, hierarchies: Mapping[str, Hierarchy]
) -> list[Distance]:
    """Return the distances that have a meaning for `column`."""
    distances: list[Distance] = ["equal"]
    if is_ordered(classes.counts, column):
        distances.append("ordered")
    if column in hierarchies:
        distances.append(hierarchies[column])
    return distances


def _continuous(column: str, kind: Kind, missing: Missing) -> Measure:
    stem = "l_diversity" + (".matching" if missing == "matches-anything" else "")
    return Measure(
        f"{stem}.{kind}[{column}]",
        None,
        "values",
        (1, math.inf),
        "higher-is-safer",
        "diversity of the sensitive values in a class",
        "Machanavajjhala et al. 2007",
        "the column is continuous, so any class looks diverse: bin it, or use ordered t",
    )


def _crowded(missing: Missing) -> tuple[Measure, ...]:
    """Say why sets of columns were not looked at."""
    matching = ".matching" if missing == "matches-anything" else ""
    reason = f"sets are looked at among up to {MOST_COLUMNS} quasi-identifiers"
    return (
        Measure(
            f"suda{matching}.highest_score",
            None,
            "score",
            (0, math.inf),
            "lower-is-safer",
            "largest sum over minimal sample uniques of what their size counts",
            "Elliot, Manning, Ford 2002",
            reason,
        ),
        Measure(
            f"quasi_identifiers{matching}.highest_uniqueness[1]",
            None,
            "share",
            (0, 1),
            "lower-is-safer",
            "largest share of records alone, over all single columns",
            "Motwani and Xu 2007",
            reason,
        ),
    )
