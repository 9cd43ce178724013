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

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from niming.domain.canonical import canonical, parse
from niming.domain.comparison import Comparison, judge_all
from niming.domain.fingerprint import Fingerprint, fingerprint
from niming.domain.ledger import Ledger
from niming.domain.moment import moment, now
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
from niming.errors import InputError
from niming.measure import JSON, Measure
from niming.tables.counts import Classes, count
from niming.tables.schema import Role
from niming.tables.source import Source, Table, read

if TYPE_CHECKING:
    from niming.domain.scenario import Scenario

__all__ = ["Evidence", "certify", "compare"]

_BANDS = (1, 2, 3, 5, 10, 20, 50, 100, 1_000, 10_000)
"""Lower ends of the class-size histogram."""

_NAMING = ("name", "address")
"""What a scan reads off cells, besides numbers, that names a person."""

_CONFIDENT = 0.7
"""Confidence from which a scan outweighs a column's being declared insensitive."""

_FEW = 10
"""Bars that stand for fewer records are merged."""

PARTS = frozenset(
    [
        "version",
        "tool",
        "release",
        "original",
        "schema",
        "policy",
        "scenario",
        "target",
        "transformation",
        "sampling",
        "measures",
        "utility",
        "verdicts",
        "verdict",
        "classes",
        "columns",
    ]
)
"""What evidence consists of."""


@dataclass(frozen=True, eq=False, repr=False)
class Evidence:
    """Everything measured about a candidate release, and the verdicts on it.

    Parameters
    ----------
    content : dict
        JSON-safe; what ``evidence.json`` holds.
    folder : Path
        Where the release lies.
    lang : {"zh", "en"}
        Language in which the page opens.
    """

    content: Mapping[str, Any]
    folder: Path
    lang: str = "zh"

    @classmethod
    def open(cls, folder: str | Path) -> Evidence:
        """Read the evidence that the gate left in a release folder."""
        path, again = Path(folder) / EVIDENCE, "run `niming certify` on the folder"
        try:
            data = path.read_bytes()
            content = parse(data)
        except FileNotFoundError:
            raise InputError(f"there is no {EVIDENCE} in {folder}", hint=again) from None
        except OSError as error:
            raise InputError(f"cannot read {path} ({error.strerror})", hint=again) from None
        except InputError as error:
            raise InputError(f"{path} is damaged: {error.message}", hint=again) from None
        fit = isinstance(content, dict) and content.keys() == PARTS and canonical(content) == data
        if not isinstance(content, dict) or not fit:
            raise InputError(f"{path} is not as the gate writes evidence", hint=again)
        return cls(content, Path(folder))

    @property
    def passed(self) -> bool:
        """Whether every requirement holds."""
        return bool(self.content["verdict"] == "passed")

    @property
    def verdict(self) -> str:
        """``"passed"`` or ``"failed"``."""
        return str(self.content["verdict"])

    @property
    def failures(self) -> list[Mapping[str, Any]]:
        """The verdicts that do not hold, ``failed`` and ``could-not-run`` alike."""
        return [v for v in self.content["verdicts"] if not v["holds"]]

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hex: the digest of ``evidence.json``."""
        import hashlib

        return hashlib.sha256(canonical(dict(self.content))).hexdigest()

    def act(self) -> dict[str, JSON]:
        """Return what the ledger records of a measurement: release, policy, evidence, verdict."""
        return {
            "release": self.content["release"]["name"],
            "policy": self.content["policy"]["digest"],
            "evidence": self.digest,
            "verdict": self.verdict,
        }

    def measure(self, name: str) -> float | int | None:
        """Return the value of the measure `name`; None when it could not be computed."""
        for m in self.content["measures"]:
            if m["name"] == name:
                value: float | int | None = m["value"]
                return value
        raise InputError(f"the evidence holds no measure {name!r}")

    def utility(self, name: str) -> float | int | None:
        """Return the value of a utility measure; None when it was not or could not be computed."""
        listed = self.content["utility"] or []
        return next((m["value"] for m in listed if m["name"] == name), None)

    def in_language(self, lang: str) -> Evidence:
        """Return the same evidence, whose page opens in `lang`."""
        return Evidence(self.content, self.folder, lang)

    def to_dict(self) -> Mapping[str, Any]:
        """Return the evidence as a JSON-safe dict."""
        return self.content

    def html(self) -> str:
        """Return the report page: one offline HTML file in both languages."""
        from niming.domain.report import render

        return render(dict(self.content), lang=self.lang)

    def __repr__(self) -> str:
        failed = [v["requirement"] for v in self.failures]
        because = f"; not met: {', '.join(failed)}" if failed else ""
        return f"Evidence({self.verdict} under {self.content['policy']['id']}{because})"

    def _repr_html_(self) -> str:
        from html import escape

        page = escape(self.html(), quote=True)
        style = "width:100%;height:36em;border:1px solid #8884"
        return f'<iframe srcdoc="{page}" style="{style}" sandbox="allow-scripts"></iframe>'


def certify(
    candidate: Release | str | Path,
    policy: Policy | str | Path,
    original: Source | None = None,
    *,
    scenario: Scenario | None = None,
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
        The raw table inside the domain. Without it the sampling fraction and the utility cannot
        be computed, and a policy that requires them fails.
    scenario : Scenario, optional
        The approved use; the policy's own if not given.
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
        A folder that is missing, damaged, or certified already.
    SchemaError
        Released columns that the manifest does not declare.
    """
    if isinstance(candidate, Release):
        if original is None:
            original = candidate._original
        import tempfile

        with tempfile.TemporaryDirectory(prefix="niming-") as passing:
            written = candidate.with_policy(Policy.of(policy)).write(passing)
            return certify(written, policy, original, scenario=scenario, progress=progress)
    say = progress or (lambda _step: None)
    folder = Path(candidate)
    policy = Policy.of(policy)
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
    say("measuring risk")
    inner, classes = from_bytes(release, released)
    measures = [*inner, *_sampling(release, released)]
    measures += weigh(release, classes, measures)
    utility: list[Measure] = []
    if release._original is not None:
        say("measuring utility")
        utility = _utility(release, released)
    verdicts = policy.judge([*measures, *utility])
    content = assemble(
        folder, release, released, files, measures, utility, verdicts, classes, scenario
    )
    say("writing evidence and report")
    evidence = Evidence(content, folder)
    write_bytes(folder / EVIDENCE, canonical(content))
    write_report(evidence)
    if ledger is not None:
        Ledger(ledger).append("measured", evidence.act())
    return evidence


def compare(
    folder: str | Path,
    policies: Iterable[Policy | str] | None = None,
    original: Source | None = None,
) -> Comparison:
    """Measure a release folder once and judge it by many policies; nothing is written.

    Parameters
    ----------
    folder : path
        A release folder, certified or not.
    policies : iterable of Policy or id of a pack, optional
        Every pack that ships, if not given.
    original : table, optional
        As for `certify`.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        A folder that is missing or damaged.
    PolicyError
        An id of no pack, or two policies with the same id.
    """
    release = Release.open(Path(folder), original=original)
    released = read(Path(folder) / DATA)
    inner, classes = from_bytes(release, released)
    measures = [*inner, *_sampling(release, released)]
    utility = [] if release._original is None else _utility(release, released)

    def own(policy: Policy) -> list[Measure]:
        """Return what depends on the policy: its context, and the populations it gives."""
        under = release.with_policy(policy)
        found = weigh(under, classes, measures)
        return [*found, *_safe_harbor(under, released)] if policy.populations else found

    return judge_all([*measures, *utility], policies, weigh=own)


def write_report(evidence: Evidence, *, certificate: Mapping[str, Any] | None = None) -> None:
    """Render the report into the release folder; released values show only when all is passed."""
    from niming.domain.report import render

    content = dict(evidence.content)
    if evidence.passed:
        released = read(evidence.folder / DATA)
        content["preview"] = _preview(released)
        content["columns"] = [
            {**c, "after": _shape(released, c["name"], labels=True)} if c["after"] else c
            for c in content["columns"]
        ]
    if certificate is not None:
        content["scenario"] = certificate["scenario"]
    page = render(content, certificate=None if certificate is None else dict(certificate))
    write_bytes(evidence.folder / REPORT, page.encode())


def from_bytes(release: Release, released: Table) -> tuple[list[Measure], Classes]:
    """Return the measures that need the released cells alone, and the classes of these."""
    risk, classes = _risk(release, released)
    inner = [
        *_identifiers(release, released),
        *_safe_harbor(release, released),
        *_irreversibility(release, released),
        _suppressed(release, released),
    ]
    return [*inner, *risk], classes


def _identifiers(release: Release, released: Table) -> list[Measure]:
    """Count columns that name people, by declared role, by cells, and by claims that do not hold.

    A claim that a direct identifier was replaced counts only if its cells look replaced.
    """
    from niming.risk import identifiers

    scan = identifiers.scan(released, sample=None)
    claims = {
        technique: {
            str(r.get("column")) for r in release.transformation if r.get("technique") == technique
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
    pseudonyms = digests | claims["pseudonymisation"]
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


def _irreversibility(release: Release, released: Table) -> list[Measure]:
    """Judge by form and by the maker's account what could be restored; nothing is tried."""
    from niming.risk.irreversibility import irreversibility

    return list(irreversibility(released, transformation=release.transformation).measures())


def _n_columns(name: str, value: int, n: int, definition: str) -> Measure:
    reference = "GB/T 42460-2023, Annexes A and B"
    return Measure(name, value, "columns", (0, n), "lower-is-safer", definition, reference)


def _risk(release: Release, released: Table) -> tuple[list[Measure], Classes]:
    """Measure the classes of the released cells; the strictest reading of every cell."""
    from niming.risk import assess

    schema = release.schema
    names = list(schema.quasi_identifiers)
    sensitive = [c for c in schema.sensitive if c in released.columns]
    if not names:
        released, names = _alike(released, sensitive)
    counts = count(released, [*names, *sensitive])
    assessment = assess(counts, quasi_identifiers=names, sensitive=sensitive)
    return list(assessment.measures()), counts.classes(names)


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


def _sampling(release: Release, released: Table) -> list[Measure]:
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
    return [
        Measure(
            "sampling.fraction",
            value,
            "share of records",
            (0, 1),
            "lower-is-safer",
            "records drawn over records of the original; 1 when nothing was sampled",
            "city regulation on authorised operation of public data, art. 18",
            reason,
        ),
    ]


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


def _utility(release: Release, released: Table) -> list[Measure]:
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


def assemble(
    folder: Path,
    release: Release,
    released: Table,
    files: Sequence[Fingerprint],
    measures: Sequence[Measure],
    utility: Sequence[Measure],
    verdicts: Sequence[Verdict],
    classes: Classes,
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
        "classes": {"histogram": _histogram(classes)},
        "columns": _columns(release, released),
    }


def _histogram(classes: Classes) -> list[JSON]:
    """Return classes and records a band of class sizes."""
    bands: list[JSON] = []
    for i, lower in enumerate(_BANDS):
        upper = _BANDS[i + 1] - 1 if i + 1 < len(_BANDS) else None
        inside = (classes.size >= lower) & (classes.size <= (upper or classes.size.max()))
        bands.append(
            {
                "from": lower,
                "to": upper,
                "n_classes": int(inside.sum()),
                "n_records": int(classes.size[inside].sum()),
            }
        )
    return bands


def _columns(release: Release, released: Table) -> list[JSON]:
    """Describe every column before and after, in shares that stand for `_FEW` records or more."""
    original = release._original
    there = () if original is None else original.columns
    names = dict.fromkeys([*there, *released.columns])
    roles = {c.name: str(c.role) for c in release.schema.columns}
    dropped = {str(r.get("column")): str(r["role"]) for r in release.transformation if "role" in r}
    out: list[JSON] = []
    for name in names:
        kept = name in released.columns
        out.append(
            {
                "name": name,
                "role": roles[name] if kept else dropped.get(name),
                "before": _shape(original, name) if original and name in there else None,
                "after": _shape(released, name) if kept else None,
            }
        )
    return out


def _shape(table: Table, column: str, *, labels: bool = False) -> dict[str, JSON]:
    """Return how many values a column has, how many are missing, and the shape of its largest.

    `labels` names the values, which is for releases that passed.
    """
    counts = count(table, [column])
    codes, n, total = counts.codes[:, 0], counts.n, counts.n_rows
    known = codes >= 0
    largest = sorted(
        ((int(k), int(c)) for c, k in zip(codes[known], n[known], strict=True) if k >= _FEW),
        key=lambda pair: (-pair[0], pair[1]),
    )[:12]
    bars: list[JSON] = [
        {"share": k / total} | ({"label": str(counts.categories[0][c])} if labels else {})
        for k, c in largest
    ]
    return {
        "n_distinct": int(known.sum()),
        "missing_rate": float(n[codes == -1].sum() / total),
        "bars": bars,
    }


def _preview(released: Table, rows: int = 20) -> dict[str, JSON]:
    """Return the first rows of the release as text."""
    batch = next(iter(released.batches(rows=rows)))
    columns = [[None if v is None else str(v) for v in c.to_pylist()] for c in batch.columns]
    listed: list[JSON] = [list(row) for row in zip(*columns, strict=True)]
    return {"columns": list(released.columns), "rows": listed}


def _versions() -> dict[str, JSON]:
    """Return the versions of what measured, so that a measurement can be repeated."""
    import platform
    from importlib.metadata import version

    packages = ("numpy", "pyarrow", "duckdb", "scikit-learn", "cryptography")
    found: dict[str, JSON] = {p: version(p) for p in packages}
    return {"niming": version("niming"), "python": platform.python_version(), **found}
