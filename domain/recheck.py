"""Does evidence say what the bytes say? Asked before anybody signs it.

Evidence is a file: between the gate and the signature anybody who can write it can improve it. So
the released cells are measured and judged once more, and every part is compared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from niming.domain.canonical import canonical
from niming.domain.fingerprint import fingerprint
from niming.domain.gate import PARTS, Evidence, assemble, claimed_fraction, from_bytes, weigh
from niming.domain.release import DATA, MANIFEST, POLICY, Release
from niming.domain.scenario import Scenario
from niming.measure import JSON, Measure
from niming.tables.source import read

__all__ = ["contradictions"]


def contradictions(release: Release, evidence: Evidence) -> list[str]:
    """Name what the evidence says otherwise than the bytes of its folder; empty if nothing.

    Everything is compared except what needs the original table: the utility, the shapes of raw
    columns, and the sampling fraction, which must only not be below what the manifest claims.
    """
    stated, folder = evidence.content, evidence.folder
    released = read(folder / DATA)
    found, classes = from_bytes(release, released)
    files = [fingerprint(folder / name) for name in (DATA, MANIFEST, POLICY)]
    try:
        measures = [_measure(m) for m in stated["measures"]]
        utility = [_measure(m) for m in stated["utility"] or ()]
        use = None if stated["scenario"] is None else Scenario.of(stated["scenario"])
        fraction = next((m for m in measures if m.name == "sampling.fraction"), None)
        found += [] if fraction is None else [fraction]
        found += weigh(release, classes, found)
        verdicts = release.policy.judge([*measures, *utility])
        again: dict[str, Any] = assemble(
            folder, release, released, files, measures, utility, verdicts, classes, use
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
        wrong.append("sampling.fraction")
    return wrong


def _measure(content: Mapping[str, Any]) -> Measure:
    """Return the measure that `Measure.to_dict` wrote."""
    lower, upper = content["range"]
    bounds = (-math.inf if lower is None else lower, math.inf if upper is None else upper)
    return Measure(**{**content, "range": bounds})


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
