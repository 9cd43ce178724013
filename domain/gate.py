"""The gate: measure a candidate release again from its bytes, and judge it by a policy.

It trusts nothing that the maker computed: files are hashed, the released cells are read back and
measured. Two things no cell can tell for sure, and the gate takes them from the manifest: that
records were drawn but not released, which can only make the verdict harsher, and which role a
column has, which can make it milder. So a scan of the cells is held against the roles, and evidence
and report list them for the officer, who signs for them. That a direct identifier was replaced
counts only if its cells look so. Two smaller claims are believed and listed as well: that the last
age of a column stands for "and over", and that a code was made under a key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from niming.domain import attacks as attacking
from niming.domain.canonical import canonical
from niming.domain.comparison import Comparison, chosen, judge_all
from niming.domain.evidence import Evidence
from niming.domain.fingerprint import Fingerprint, fingerprint
from niming.domain.ledger import Ledger
from niming.domain.measurement import Measurement, from_bytes, lost, sampling, under_policy, weigh
from niming.domain.moment import moment, now
from niming.domain.origin import Origin
from niming.domain.policy import Policy, Verdict
from niming.domain.release import (
    CERTIFICATE,
    DATA,
    EVIDENCE,
    MANIFEST,
    POLICY,
    REPORT,
    Release,
    write_bytes,
)
from niming.domain.shape import class_sizes, columns, preview, shape
from niming.errors import InputError
from niming.measure import JSON, Measure
from niming.tables.source import Source, Table, read

if TYPE_CHECKING:
    from niming.domain.scenario import Scenario

__all__ = ["Evidence", "certify", "compare"]


def certify(
    candidate: Release | str | Path,
    policy: Policy | str | Path,
    original: Source | None = None,
    *,
    scenario: Scenario | None = None,
    attacks: bool = False,
    seed: int | None = None,
    ledger: str | Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> Evidence:
    """Measure a candidate release from its bytes and judge it.

    Parameters
    ----------
    candidate : Release or path of a release folder
        A `Release` must have been written, or is judged in a folder that does not stay.
    policy : Policy, id of a pack, or path of a YAML file
        What is required. It replaces the policy in the folder.
    original : table, optional
        The raw table inside the domain. Without it the sampling fraction, the population
        uniqueness, the attacks and the utility cannot be computed, and a policy that requires
        them fails.
    scenario : Scenario, optional
        The approved use; the policy's own if not given.
    attacks : bool, default False
        Attack the release even if no requirement of the policy is on an attack.
    seed : int >= 0, optional
        The seed of the draw, for attacks on a folder: they must know who was drawn, and a folder
        does not tell. A `Release` made by a plan knows by itself.
    ledger : path, optional
        Where the act and its verdict are recorded; nowhere if not given.
    progress : callable, optional
        Told each step in a few words.

    Returns
    -------
    Evidence
        Written as ``evidence.json`` and ``report.html`` into the folder.

    Raises
    ------
    InputError
        A folder that is missing, damaged, or certified already; a seed without an original, or
        one that draws other records than the released ones.
    SchemaError
        Released columns that the manifest does not declare.
    """
    if isinstance(candidate, Release):
        # Who was drawn is known of the original that the release was made from, and of no other.
        origin = candidate._origin if original is None else None
        if original is None:
            original = candidate._original
        import tempfile

        with tempfile.TemporaryDirectory(prefix="niming-") as passing:
            written = candidate.with_policy(Policy.of(policy)).write(passing)
            return _certified(
                written, Policy.of(policy), original, origin, scenario, attacks, seed, progress
            )
    evidence = _certified(
        Path(candidate), Policy.of(policy), original, None, scenario, attacks, seed, progress
    )
    if ledger is not None:
        Ledger(ledger).append("measured", evidence.act())
    return evidence


def written_by_its_maker(release: Release, folder: Path) -> Evidence:
    """Measure a release that was just written into `folder`, while it is known who was drawn."""
    return _certified(
        folder, release.policy, release._original, release._origin, None, False, None, None
    )


def _certified(
    folder: Path,
    policy: Policy,
    original: Source | None,
    origin: Origin | None,
    scenario: Scenario | None,
    attacks: bool,
    seed: int | None,
    progress: Callable[[str], None] | None,
) -> Evidence:
    say = progress or (lambda _step: None)
    release = Release.open(folder, original=original)
    if (folder / CERTIFICATE).exists():
        raise InputError(
            f"{folder} holds a certified release", hint="a certified release does not change"
        )
    if policy.source != release.policy.source:
        write_bytes(folder / POLICY, policy.source.encode())
        release = release.with_policy(policy)
    say("hashing the files")
    files = [fingerprint(folder / name) for name in (DATA, MANIFEST, POLICY)]
    released = read(folder / DATA)
    origin = _redrawn(release, seed) or origin
    say("measuring risk")
    drawn = sampling(release, released)
    found = from_bytes(release, released, drawn.value)
    measures = [*found.measures, drawn, *weigh(release, found.classes, [drawn])]
    attacked = None
    if attacks or attacking.asks_for_attacks(policy):
        say("attacking")
        chance = int(files[0].sha256[:8], 16)
        attacked = attacking.attack(release, released, origin, seed=chance)
        measures += attacked.measures
    utility: list[Measure] = []
    if release._original is not None:
        say("measuring utility")
        utility = lost(release, released)
    content = assemble(
        folder,
        release,
        released,
        files,
        measures,
        utility,
        policy.judge([*measures, *utility]),
        found,
        None if attacked is None else attacked.content,
        scenario,
    )
    say("writing evidence and report")
    evidence = Evidence(content, folder)
    write_bytes(folder / EVIDENCE, canonical(content))
    write_report(evidence)
    return evidence


def compare(
    folder: str | Path,
    policies: Iterable[Policy | str | Path] | None = None,
    original: Source | None = None,
    *,
    seed: int | None = None,
) -> Comparison:
    """Measure a release folder once and judge it by many policies; nothing is written.

    Parameters
    ----------
    folder : path
        A release folder, certified or not.
    policies : iterable of Policy or str, optional
        As for `judge_all`: ids of packs or names of families; every pack that ships, if not given.
    original : table, optional
        As for `certify`.
    seed : int >= 0, optional
        As for `certify`; attacks are made if a policy requires one.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        A folder that is missing or damaged; a seed without an original, or a wrong one.
    PolicyError
        A name of no pack and no family, or two policies with the same id.
    """
    release = Release.open(Path(folder), original=original)
    released = read(Path(folder) / DATA)
    judging = chosen(policies)
    drawn = sampling(release, released)
    found = from_bytes(release, released, drawn.value)
    measures = [*found.measures, drawn]
    if any(attacking.asks_for_attacks(p) for p in judging):
        chance = int(fingerprint(Path(folder) / DATA).sha256[:8], 16)
        origin = _redrawn(release, seed)
        measures += attacking.attack(release, released, origin, seed=chance).measures
    utility = [] if release._original is None else lost(release, released)
    return judge_all(
        [*measures, *utility],
        judging,
        weigh=lambda p: under_policy(release.with_policy(p), released, found, drawn),
    )


def _redrawn(release: Release, seed: int | None) -> Origin | None:
    """Return who was drawn, as the seed of the draw tells; None without a seed."""
    if seed is None:
        return None
    if release._original is None:
        raise InputError("a seed was given and no original", hint="give both, or neither")
    return Origin.redrawn(release, release._original, seed)


def write_report(evidence: Evidence, *, certificate: Mapping[str, Any] | None = None) -> None:
    """Render the report into the release folder; released values show only when all is passed."""
    from niming.domain.report import render

    content = dict(evidence.content)
    if evidence.passed:
        released = read(evidence.folder / DATA)
        content["preview"] = preview(released)
        content["columns"] = [
            {**c, "after": shape(released, c["name"], labels=True)} if c["after"] else c
            for c in content["columns"]
        ]
    if certificate is not None:
        content["scenario"] = certificate["scenario"]
    page = render(content, certificate=None if certificate is None else dict(certificate))
    write_bytes(evidence.folder / REPORT, page.encode())


def assemble(
    folder: Path,
    release: Release,
    released: Table,
    files: Sequence[Fingerprint],
    measures: Sequence[Measure],
    utility: Sequence[Measure],
    verdicts: Sequence[Verdict],
    found: Measurement,
    attacked: Mapping[str, JSON] | None,
    scenario: Scenario | None,
) -> dict[str, JSON]:
    """Put everything measured into one JSON-safe dict."""
    scenario = scenario or release.policy.scenario
    passed = all(v.holds for v in verdicts)
    schema = release.schema
    return {
        "version": 1,
        "tool": _versions(),
        "release": {
            "name": release.name,
            "created": release.created,
            "measured": moment(now().replace(microsecond=0)),
            "n_rows": released.n_rows,
            "n_columns": len(released.columns),
            "files": [
                {
                    "name": f.name,
                    "bytes": (folder / f.name).stat().st_size,
                    "sha256": f.sha256,
                    "sm3": f.sm3,
                }
                for f in files
            ],
        },
        "original": None if release.commitment is None else dict(release.commitment),
        "schema": {
            "digest": schema.digest(),
            "roles": "declared" if release.declared else "proposed",
            "columns": [
                {"name": c.name, "role": str(c.role), "kind": c.kind} for c in schema.columns
            ],
        },
        "policy": release.policy.to_dict(),
        "scenario": None if scenario is None else scenario.to_dict(),
        "target": release.target,
        "transformation": [dict(r) for r in release.transformation],
        "sampling": None if release.sampling is None else dict(release.sampling),
        "measures": [m.to_dict() for m in measures],
        "utility": [m.to_dict() for m in utility] or None,
        "verdicts": [v.to_dict() | {"holds": v.holds} for v in verdicts],
        "verdict": "passed" if passed else "failed",
        "classes": class_sizes(found.assessment, released),
        "attacks": None if attacked is None else dict(attacked),
        "columns": columns(release, released),
    }


def _versions() -> dict[str, JSON]:
    """Return the versions of what measured, so that a measurement can be repeated."""
    import platform
    from importlib.metadata import version

    packages = ("numpy", "pyarrow", "duckdb", "scikit-learn", "cryptography")
    found: dict[str, JSON] = {p: version(p) for p in packages}
    return {"niming": version("niming"), "python": platform.python_version(), **found}
