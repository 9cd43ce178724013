"""What the gate measures of released cells, and of what the maker says of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from niming.domain.policy import Policy
from niming.domain.release import Release
from niming.errors import InputError
from niming.measure import Measure
from niming.tables.counts import Classes, count
from niming.tables.schema import Role
from niming.tables.source import Table, read

if TYPE_CHECKING:
    from niming.risk import Assessment

__all__ = [
    "Measurement",
    "claimed_fraction",
    "from_bytes",
    "lost",
    "sampling",
    "sensitive_of",
    "under_policy",
    "weigh",
]

_NAMING = ("name", "address")
"""What a scan reads off cells, besides numbers, that names a person."""

_CONFIDENT = 0.7
"""Confidence from which a scan outweighs a column's being declared insensitive."""


@dataclass(frozen=True)
class Measurement:
    """What the released cells say by themselves.

    Parameters
    ----------
    measures : tuple of Measure
    classes : Classes
        Of the quasi-identifiers.
    assessment : Assessment
    """

    measures: tuple[Measure, ...]
    classes: Classes
    assessment: Assessment


def from_bytes(release: Release, released: Table, fraction: float | None) -> Measurement:
    """Measure the released cells, which `fraction` of the original were drawn into, if known."""
    assessment, classes = _risk(release, released, fraction)
    restored, coded = _irreversibility(release, released)
    inner = [
        *_identifiers(release, released, coded),
        *_safe_harbor(release, released),
        *restored,
        _suppressed(release, released),
    ]
    return Measurement((*inner, *assessment.measures()), classes, assessment)


def under_policy(
    release: Release, released: Table, found: Measurement, drawn: Measure
) -> list[Measure]:
    """Measure what the policy brings with it: its context, and the populations it gives."""
    own = weigh(release, found.classes, [drawn])
    return [*own, *_safe_harbor(release, released)] if release.policy.populations else own


def _identifiers(release: Release, released: Table, coded: frozenset[str]) -> list[Measure]:
    """Count columns that name people, by declared role, by cells, and by claims that do not hold.

    A claim that a direct identifier was replaced counts only if its cells look replaced. `coded`
    are the columns in which codes were found that are no more than de-identified.
    """
    from niming.risk import identifiers
    from niming.risk.irreversibility import technique_of

    scan = identifiers.scan(released, sample=None)
    claims = {
        technique: {
            str(r.get("column")) for r in release.transformation if technique_of(r) == technique
        }
        for technique in ("pseudonymisation", "masking")
    }
    digests = {f.column for f in scan.findings if f.holds == "digest"}
    constant = {f.column for f in scan.findings if f.n_distinct <= 1}
    replaced = claims["pseudonymisation"] & digests | claims["masking"] & constant
    direct = set(release.schema.direct_identifiers) - replaced
    found = {f.column for f in scan.findings if f.in_cells or (f.holds in _NAMING and f.valid_rate)}
    found |= digests - claims["pseudonymisation"]
    milder = {
        f.column
        for f in scan.findings
        if release.schema[f.column].role == Role.INSENSITIVE
        and f.role in (Role.DIRECT_IDENTIFIER, Role.QUASI_IDENTIFIER)
        and f.confidence >= _CONFIDENT
        and f.column != release.target
    }
    pseudonyms = digests | claims["pseudonymisation"] | coded
    n = len(released.columns)
    return [
        _n_columns(
            "identifiers.n_direct_columns",
            len(direct),
            n,
            "released columns whose role is direct identifier and whose cells were not replaced",
        ),
        _n_columns(
            "identifiers.n_columns_found",
            len(found),
            n,
            "released columns in whose cells numbers, names or addresses of people, or hashes that "
            "nobody declared, were found",
        ),
        _n_columns(
            "identifiers.n_roles_milder",
            len(milder),
            n,
            "released columns declared insensitive that a scan takes for identifiers or "
            f"quasi-identifiers with a confidence of at least {_CONFIDENT}",
        ),
        _n_columns(
            "transformation.n_pseudonyms",
            len(pseudonyms),
            max(n, len(pseudonyms)),
            "columns that hold pseudonyms or hashes, declared or found; who has the key, or can "
            "list the values, can restore them",
        ),
    ]


def _safe_harbor(release: Release, released: Table) -> list[Measure]:
    """Measure what ages, dates and areas tell; a claim of top coding is the maker's."""
    from niming.risk.context import safe_harbor

    coded = [
        str(r["column"])
        for r in release.transformation
        if r.get("technique") == "top-and-bottom-coding" and r.get("column") in released.columns
    ]
    populations = release.policy.populations
    return list(safe_harbor(released, populations=populations, top_coded=coded).measures())


def _irreversibility(
    release: Release, released: Table
) -> tuple[tuple[Measure, ...], frozenset[str]]:
    """Judge by form and by the maker's account what could be restored; nothing is tried.

    An account that cannot be read gives measures without a value, which no requirement passes.
    """
    from niming.risk.irreversibility import irreversibility

    try:
        found = irreversibility(released, transformation=release.transformation)
    except InputError as error:
        why = error.message
        by_form = irreversibility(released)
        measures = tuple(replace(m, value=None, reason=why) for m in by_form.measures())
        return measures, by_form.deidentified
    return found.measures(), found.deidentified


def _n_columns(name: str, value: int, n: int, definition: str) -> Measure:
    reference = "GB/T 42460-2023, Annexes A and B"
    return Measure(name, value, "columns", (0, n), "lower-is-safer", definition, reference)


def _risk(release: Release, released: Table, fraction: float | None) -> tuple[Assessment, Classes]:
    """Measure the classes of the released cells; the strictest reading of every cell."""
    from niming.risk import assess

    names = list(release.schema.quasi_identifiers)
    sensitive = sensitive_of(release, released)
    if not names:
        released, names = _alike(released, sensitive)
    counts = count(released, [*names, *sensitive])
    assessment = assess(
        counts, quasi_identifiers=names, sensitive=sensitive, sampling_fraction=fraction
    )
    return assessment, counts.classes(names)


def sensitive_of(release: Release, released: Table) -> list[str]:
    """Return the sensitive columns that are released."""
    return [c for c in release.schema.sensitive if c in released.columns]


def _alike(released: Table, sensitive: Sequence[str]) -> tuple[Table, list[str]]:
    """Return the sensitive columns beside one that is the same for all records.

    Without a quasi-identifier nobody can be told from anybody: all records are one class.
    """
    import pyarrow as pa

    name = "*"
    while name in sensitive:
        name += "*"
    rows = {c: released.arrow([c]).column(0) for c in sensitive}
    return read(pa.table({**rows, name: pa.repeat("*", released.n_rows)})), [name]


def claimed_fraction(release: Release) -> float:
    """Return the share of the original that the manifest says was drawn; 1 if it says nothing."""
    claimed = (release.sampling or {}).get("fraction")
    return float(claimed) if isinstance(claimed, (int, float)) else 1.0


def _suppressed(release: Release, released: Table) -> Measure:
    """Return which share of the records drawn, as the manifest tells them, is not released."""
    drawn = (release.sampling or release.commitment or {}).get(
        "n_rows" if release.sampling is None else "n_drawn"
    )
    value, reason = None, ""
    if not isinstance(drawn, int) or drawn < 1:
        reason = "the manifest does not say how many records were drawn"
    elif drawn < released.n_rows:
        reason = "more records are released than the manifest says were drawn"
    else:
        value = 1 - released.n_rows / drawn
    return Measure(
        "transformation.suppressed_rate",
        value,
        "share of records",
        (0, 1),
        "lower-is-better",
        "records drawn, as the manifest says, and left out because too few were like them",
        "GB/T 37964-2019, suppression",
        reason,
    )


def sampling(release: Release, released: Table) -> Measure:
    """Measure the sampling fraction against the original; a claim alone is not a measure."""
    original = release._original
    reason, value = "", None
    if original is None:
        reason = "the original table was not given, so the fraction is a claim"
    elif original.n_rows < released.n_rows:
        reason = "the original table has fewer records than the release"
    else:
        # Suppressed records were drawn too: the larger of claim and count is the stricter.
        value = max(released.n_rows / original.n_rows, claimed_fraction(release))
    return Measure(
        "sampling.fraction",
        value,
        "share of records",
        (0, 1),
        "lower-is-safer",
        "records drawn over records of the original; 1 when nothing was sampled",
        "city regulation on authorised operation of public data, art. 18",
        reason,
    )


def weigh(release: Release, classes: Classes, measures: Sequence[Measure]) -> list[Measure]:
    """Weigh data risk by the context that the policy describes, or answers questions about."""
    policy = release.policy
    found: list[Measure] = []
    context, answers = policy.context, policy.answers
    asked = answers is not None and answers.mode is not None
    if context is not None and (asked or context.answers is None):
        # An unknown fraction is taken as 1: everybody might be in the release.
        drawn = next((m.value for m in measures if m.name == "sampling.fraction"), None)
        fraction = 1.0 if drawn is None else float(drawn)
        found += context.risk(classes, answers, sampling_fraction=fraction).measures()
    if policy.weighs_safeguards:
        found += _kse(policy, classes)
    return found


def _kse(policy: Policy, classes: Classes) -> list[Measure]:
    """Measure A = K x S x E, which needs to know who gets the release and what guards it."""
    from niming.risk.context import health_kse

    answers = policy.answers
    if answers is not None and answers.recipients is not None and answers.e is not None:
        return list(health_kse(classes, recipients=answers.recipients, e=answers.e).measures())
    return [
        Measure(
            "context.kse_a",
            None,
            "ratio",
            (0, math.inf),
            "higher-is-safer",
            "K x S x E",
            "健康医疗数据匿名化技术规范（试行）(second hand)",
            "who gets the release and what guards it was not answered: "
            "fill in the questionnaire, Policy.answered",
        )
    ]


def lost(release: Release, released: Table) -> list[Measure]:
    """Measure the utility of the release beside its original."""
    from niming.utility import compare

    assert release._original is not None
    schema = release.schema
    columns = [c for c in released.columns if c in release._original.columns]
    generalised = [c for c in schema.quasi_identifiers if c in columns]
    return list(
        compare(
            release._original,
            released,
            columns=columns,
            target=release.target,
            hierarchies={c: h for c, h in schema.hierarchies.items() if c in generalised},
        ).measures()
    )
