"""Does evidence say what the bytes say? Asked before anybody signs it.

Evidence is a file: between the gate and the signature anybody who can write it can improve it. So
the released cells are measured and judged once more, and every part is compared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from niming.domain.attacks import again_from_bytes, needs_original, of_attacks
from niming.domain.canonical import canonical
from niming.domain.evidence import PARTS, Evidence
from niming.domain.fingerprint import fingerprint
from niming.domain.gate import assemble
from niming.domain.measurement import claimed_fraction, from_bytes, weigh
from niming.domain.release import DATA, MANIFEST, POLICY, Release
from niming.domain.scenario import Scenario
from niming.measure import JSON, Measure
from niming.tables.source import Table, read

__all__ = ["contradictions"]


def contradictions(release: Release, evidence: Evidence) -> list[str]:
    """Name what the evidence says otherwise than the bytes of its folder; empty if nothing.

    Everything is compared except what needs the original table: the utility, the shapes of raw
    columns, what attacks found with it, and the sampling fraction, which must only not be below
    what the manifest claims. What follows from the fraction is computed again from it.
    """
    stated, folder = evidence.content, evidence.folder
    released = read(folder / DATA)
    files = [fingerprint(folder / name) for name in (DATA, MANIFEST, POLICY)]
    try:
        measures = [_measure(m) for m in stated["measures"]]
        utility = [_measure(m) for m in stated["utility"] or ()]
        use = None if stated["scenario"] is None else Scenario.of(stated["scenario"])
        fraction = next((m for m in measures if m.name == "sampling.fraction"), None)
        inner = from_bytes(release, released, None if fraction is None else fraction.value)
        found = [*inner.measures, *([] if fraction is None else [fraction])]
        found += weigh(release, inner.classes, found)
        found += _attacked(release, released, measures)
        verdicts = release.policy.judge([*measures, *utility])
        again: dict[str, Any] = assemble(
            folder,
            release,
            released,
            files,
            measures,
            utility,
            verdicts,
            inner,
            stated["attacks"],
            use,
        )
        # These depend on when and with what the gate measured.
        again["tool"] = stated["tool"]
        again["release"]["measured"] = stated["release"]["measured"]
        wrong = [
            part
            for part in sorted(PARTS - {"columns"})
            if canonical(again[part]) != canonical(stated[part])
        ]
        if canonical(_shapes(again)) != canonical(_shapes(stated)):
            wrong.append("columns")
    except (KeyError, TypeError, AttributeError, ValueError):
        return ["its form"]
    wrong += _unequal(found, measures)
    if fraction is None or not _covers(fraction.value, release):
        wrong.insert(0, "sampling.fraction")  # first: it explains what else differs
    return wrong


def _measure(content: Mapping[str, Any]) -> Measure:
    """Return the measure that `Measure.to_dict` wrote."""
    lower, upper = content["range"]
    bounds = (-math.inf if lower is None else lower, math.inf if upper is None else upper)
    return Measure(**{**content, "range": bounds})


def _attacked(release: Release, released: Table, stated: Sequence[Measure]) -> list[Measure]:
    """Return the stated measures of attacks, those that the cells show measured again."""
    mine = [m for m in stated if of_attacks(m.name)]
    shown = any(m.value is not None and not needs_original(m.name) for m in mine)
    again = {m.name: m for m in again_from_bytes(release, released)} if shown else {}
    return [again.get(m.name, m) for m in mine]


def _shapes(content: Mapping[str, Any]) -> list[JSON]:
    """Return name, role and shape of the released columns."""
    kept = (c for c in content["columns"] if c["after"] is not None)
    return [{k: c[k] for k in ("name", "role", "after")} for c in kept]


def _unequal(found: Sequence[Measure], stated: Sequence[Measure]) -> list[str]:
    """Name the measures of which one list says otherwise than the other."""
    mine, theirs = ({m.name: m for m in listed} for listed in (found, stated))
    shared = mine.keys() & theirs.keys()
    return sorted(
        [*(mine.keys() ^ theirs.keys()), *(n for n in shared if not _equal(mine[n], theirs[n]))]
    )


def _equal(found: Measure, stated: Measure) -> bool:
    """Return whether two measures agree, up to the last digits of a sum in another order."""
    if found.value is None or stated.value is None:
        return found == stated
    close = math.isclose(found.value, stated.value, rel_tol=1e-9, abs_tol=1e-12)
    return close and replace(found, value=stated.value) == stated


def _covers(fraction: float | None, release: Release) -> bool:
    """Return whether a sampling fraction is at least what the manifest itself claims."""
    if fraction is None:
        return True
    whole = (release.commitment or {}).get("n_rows")
    share = release.shape[0] / whole if isinstance(whole, int) and whole > 0 else 0.0
    return fraction >= max(claimed_fraction(release), min(share, 1.0)) - 1e-12
