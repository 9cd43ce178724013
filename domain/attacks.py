"""Attacks on a candidate release: made where the gate knows who was drawn, or said why not."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from niming.domain.measurement import sensitive_of
from niming.domain.origin import Origin, told
from niming.domain.release import Release
from niming.errors import NimingError, UnreliableWarning
from niming.measure import JSON, Measure
from niming.tables import ROOT
from niming.tables.source import Table, read

if TYPE_CHECKING:
    import pyarrow as pa

    from niming.domain.policy import Policy
    from niming.risk.attacks import AttackReport

__all__ = [
    "Attacked",
    "again_from_bytes",
    "asks_for_attacks",
    "attack",
    "needs_original",
    "of_attacks",
]

_N_ATTACKS = 2000  # tells a rate to within 0.022 at a confidence of 0.95

_STEMS = ("attacks.", "diagnostics.")

_OF_CELLS = "attacks.homogeneity."
"""What is found in the released cells alone."""

_CONTROLS = ("baseline", "control", "positive_control", "by_class")
"""What an attack tells of its circumstances, which holds however weak the attack is."""

_REFERENCE = "Article 29 Working Party 2014, Opinion 05/2014 (WP216)"


@dataclass(frozen=True)
class Attacked:
    """What attacks found on a release.

    Parameters
    ----------
    measures : tuple of Measure
        Without a value, and with the reason, where an attack did not run or is not reliable.
    content : dict
        For the evidence: a line an attack, how many were made, and on what.
    """

    measures: tuple[Measure, ...]
    content: Mapping[str, JSON]


def asks_for_attacks(policy: Policy) -> bool:
    """Return whether a requirement of the policy is on an attack."""
    return any(r.measure.startswith(_STEMS) for r in policy.requirements)


def of_attacks(measure: str) -> bool:
    """Return whether a measure of this name is of an attack, or the diagnostic beside them."""
    return measure.startswith(_STEMS)


def needs_original(measure: str) -> bool:
    """Return whether a measure of this name is of an attack that no released cell shows."""
    return of_attacks(measure) and not measure.startswith(_OF_CELLS)


def attack(release: Release, released: Table, origin: Origin | None, *, seed: int) -> Attacked:
    """Attack a release with the people it was drawn from, held against as many who were not.

    The original of the attacks are all records drawn, the hold-out is a simple sample of at most
    as many records that were not: both are draws from the same people, which is what makes the
    control a control. Records that were drawn and suppressed count as people of the original whom
    the release does not show. `seed` is taken from the released bytes, so that who measures them
    again attacks in the same way, and nobody can choose it.
    """
    original = release._original
    secrets = _secrets(release, released)
    reason = ""
    if original is None:
        reason = "the original table was not given"
    elif origin is None:
        reason = "which rows of the original were drawn is not known; the seed of the draw tells"
    elif len(origin.drawn) >= original.n_rows:
        reason = "every record of the original was drawn, so that nobody is left as a control"
    if original is None or origin is None or reason:
        return _none(secrets, reason)
    columns = told(released, original)
    if not columns:
        return _none(secrets, "no released column says anything")
    inside, outside, shown = _tables(released, original, origin, columns, seed)
    try:
        report = _report(release, origin, inside, outside, shown, columns, secrets, seed)
    except NimingError as error:
        return _none(secrets, error.message)
    doubts = {line.attack: line.reason for line in report.lines}
    measures = [_believed(m, doubts) for r in report.results for m in r.measures()]
    measures += [] if report.closest is None else report.closest.measures()
    for name, why in report.not_run.items():
        measures += _lacking(name, f"not run: {why}")
    return Attacked(
        tuple(measures),
        {
            "reason": "",
            "n_attacks": _N_ATTACKS,
            "seed": seed,
            "n_original": inside.num_rows,
            "n_holdout": outside.num_rows,
            "columns": list(columns),
            "sensitive": list(secrets),
            "lines": [asdict(line) for line in report.lines],
        },
    )


def again_from_bytes(release: Release, released: Table) -> list[Measure]:
    """Return the measures of attacks that the released cells show by themselves."""
    from niming.risk.attacks.homogeneity import homogeneity

    known = list(release.schema.quasi_identifiers)
    if not known:
        return []
    return [
        m
        for column in _secrets(release, released)
        for m in homogeneity(
            released, quasi_identifiers=known, sensitive=column, suppressed=ROOT
        ).measures()
    ]


def _secrets(release: Release, released: Table) -> list[str]:
    """Return what an attacker wants to learn: sensitive columns, else all that are no key."""
    keys = release.schema.quasi_identifiers
    return sensitive_of(release, released) or [c for c in released.columns if c not in keys]


def _tables(
    released: Table, original: Table, origin: Origin, columns: Sequence[str], seed: int
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return the people drawn, as many others, and the release, with row numbers where known."""
    import pyarrow as pa

    from niming.sampling.sample import take

    def rows(positions: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Table:
        weights = np.ones(len(positions))
        return read(take(original, positions, weights, None)).arrow(list(columns))

    others = np.ones(original.n_rows, dtype=np.bool_)
    others[origin.drawn] = False
    rest = np.flatnonzero(others).astype(np.int64)
    draw = np.random.Generator(np.random.PCG64(seed))
    held = np.sort(draw.choice(rest, min(len(rest), len(origin.drawn)), replace=False))
    shown, inside = released.arrow(list(columns)), rows(origin.drawn)
    if origin.released is not None:
        name = _row(columns)
        shown = shown.append_column(name, pa.array(origin.released))
        inside = inside.append_column(name, pa.array(origin.drawn))
    return inside, rows(held), shown


def _row(columns: Sequence[str]) -> str:
    """Return the name of a column of row numbers, which no other column has."""
    name = "row"
    while name in columns:
        name += "_"
    return name


def _report(
    release: Release,
    origin: Origin,
    inside: pa.Table,
    outside: pa.Table,
    shown: pa.Table,
    columns: Sequence[str],
    secrets: Sequence[str],
    seed: int,
) -> AttackReport:
    from niming.risk.attacks import attack_release

    with warnings.catch_warnings():
        # Evidence and report flag each attack that is not reliable.
        warnings.simplefilter("ignore", UnreliableWarning)
        return attack_release(
            inside,
            shown,
            holdout=outside,
            quasi_identifiers=[c for c in release.schema.quasi_identifiers if c in columns],
            sensitive=[c for c in secrets if c in columns],
            columns=list(columns),
            person_id=None if origin.released is None else _row(columns),
            hierarchies={c: h for c, h in origin.hierarchies.items() if c in columns},
            suppressed=ROOT,
            n_attacks=_N_ATTACKS,
            seed=seed,
        )


def _believed(measure: Measure, doubts: Mapping[str, str]) -> Measure:
    """Return the measure without its value where its attack is not reliable."""
    stem, bracket, about = measure.name.removeprefix("attacks.").partition("[")
    name, _, part = stem.rpartition(".")
    reason = doubts.get(f"{name}{bracket}{about}", "")
    if not reason or part in _CONTROLS:
        return measure
    return replace(measure, value=None, reason=f"not reliable: {reason}")


def _none(secrets: Sequence[str], reason: str) -> Attacked:
    """Return a measure without a value for each attack that was not made, and why."""
    names = [
        *("singling_out.univariate", "singling_out.multivariate", "linkability"),
        *(f"inference[{c}]" for c in secrets),
        *("membership.distance", "membership.density"),
        *("record_linkage.distance", "record_linkage.probabilistic"),
    ]
    measures = [m for name in names for m in _lacking(name, f"not run: {reason}")]
    return Attacked(tuple(measures), {"reason": reason, "lines": []})


def _lacking(name: str, reason: str) -> Iterator[Measure]:
    """Return the main measures of an attack and their upper ends, none with a value."""
    stem, bracket, about = name.partition("[")
    main = {"membership": "auc", "record_linkage": "rate", "homogeneity": "rate"}
    part = main.get(stem.split(".")[0], "risk")
    for suffix in ("", "_upper"):
        yield Measure(
            f"attacks.{stem}.{part}{suffix}{bracket}{about}",
            None,
            "probability",
            (0, 1),
            "lower-is-safer",
            "main result of the attack" + (", upper end of its interval" if suffix else ""),
            _REFERENCE,
            reason,
        )
