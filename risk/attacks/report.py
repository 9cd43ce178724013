"""Every attack that applies to a release, in one report."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

from niming.errors import InputError, NimingError, UnreliableWarning
from niming.risk.attacks.attack import check_attacks, generators
from niming.risk.attacks.closest_record import closest_record
from niming.risk.attacks.findings import Attack, AttackReport
from niming.risk.attacks.generalised import generalised
from niming.risk.attacks.homogeneity import Homogeneity, homogeneity
from niming.risk.attacks.inference import inference
from niming.risk.attacks.linkability import linkability
from niming.risk.attacks.membership import membership
from niming.risk.attacks.record_linkage import record_linkage
from niming.risk.attacks.singling_out import singling_out
from niming.risk.attacks.statistics import normal_quantile
from niming.tables import Hierarchy, Source, Table, read

__all__ = ["attack_release"]

Rows: TypeAlias = Literal["own", "fresh"]
"""Whose the released rows are: people's own, however changed, or nobody's."""

_NOBODYS = "the released rows are nobody's"

_Step: TypeAlias = Callable[[], Attack] | str


def attack_release(
    original: Source,
    released: Source,
    *,
    holdout: Source | None = None,
    quasi_identifiers: Sequence[str] = (),
    sensitive: Sequence[str] = (),
    columns: Sequence[str] | None = None,
    auxiliary: tuple[Sequence[str], Sequence[str]] | None = None,
    population: Source | None = None,
    person_id: str | None = None,
    aligned: bool = False,
    rows: Rows = "own",
    hierarchies: Mapping[str, Hierarchy] | None = None,
    suppressed: str | None = None,
    n_attacks: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
    progress: Callable[[int, int], None] | None = None,
) -> AttackReport:
    """Make every attack that applies on a release, each with its controls.

    Parameters
    ----------
    original : table
        The people the release was made from.
    released : table
    holdout : table, optional
        People of the same population whom the release was not made from, drawn at random before
        it was made. Without them there is no membership inference, and no other comparison with
        strangers: those results are not reliable.
    quasi_identifiers : sequence of str, default ()
        What an outsider could know; for record linkage and homogeneity.
    sensitive : sequence of str, default ()
        What they want to learn; for inference and homogeneity.
    columns : sequence of str, optional
        What is compared; by default the columns of the release that all tables have, without
        `person_id`.
    auxiliary : two sequences of str, optional
        For linkability: what two sources know. By default the quasi-identifiers and the other
        columns, or the first and second half of the columns.
    population : table, optional
        For membership by density: further people, in neither original nor hold-out.
    person_id : str, optional
        Column that names each person once in original and release; for record linkage.
    aligned : bool, default False
        Whether row i of the release is that of row i of the original; for record linkage.
    rows : {"own", "fresh"}, default "own"
        Whether released rows are people's own, however changed, or invented: of rows that are
        nobody's, no class shows anybody's value and no link is right.
    hierarchies : mapping of column to Hierarchy, optional
        How the released values generalise. Where all values of a column are at one level,
        original and hold-out are generalised to it before they are compared.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for record linkage and homogeneity.
        To other attacks it is a value like any.
    n_attacks : int >= 1, default 2000
    seed : int >= 0, default 0
        Same seed, same report.
    confidence : float in (0, 1), default 0.95
        Of each interval by itself: of 20 attacks about one is expected to be off at 0.95.
    progress : callable, optional
        Called with the number of attacks done and the number of all.

    Returns
    -------
    AttackReport
        `results`, `not_run`, `closest`, `lines`, `frame()`, `plot()`.

    Raises
    ------
    ColumnNotFoundError
        A column named in the call that a table does not have.
    InputError
        A table without rows, a column that is quasi-identifier and sensitive, or a number of
        attacks, seed or confidence out of range. What keeps one attack from running is in
        `not_run`.

    Warns
    -----
    UnreliableWarning
        Once, if any attack is not reliable; `frame()` says which and why.

    Notes
    -----
    Singling out (univariate, multivariate), linkability, inference of each sensitive column,
    membership by distance and density, record linkage by distance and learnt weights, homogeneity
    of each sensitive column; the distance to closest record beside them as a diagnostic.
    `shadow_membership` tests a way of making releases and is called by itself.

    An attack that succeeds proves a leak. One that fails proves nothing about better attacks; the
    positive control tells whether it would have seen raw data.

    Examples
    --------
    >>> import numpy as np
    >>> draw = np.random.default_rng(0)
    >>> people = {"age": draw.integers(18, 90, 600), "town": draw.integers(0, 40, 600),
    ...           "ill": draw.integers(0, 3, 600).astype(str), "pay": draw.random(600)}
    >>> inside, outside = ({c: v[part] for c, v in people.items()}
    ...                    for part in (slice(300), slice(300, 600)))
    >>> report = attack_release(inside, inside, holdout=outside, aligned=True,
    ...                         quasi_identifiers=["age", "town"], sensitive=["ill"])
    >>> report
    AttackReport(9 attacks run, 0 not run,
        not reliable: none)
    """
    if rows not in ("own", "fresh"):
        raise InputError("rows must be 'own' or 'fresh'", hint="'fresh' for a synthetic table")
    check_attacks(n_attacks)
    normal_quantile(confidence)
    generators(seed, 1)
    tables = {"original": read(original), "released": read(released)}
    if holdout is not None:
        tables["holdout"] = read(holdout)
    names = _names(tables, columns, person_id)
    known, secret = _listed(quasi_identifiers), _listed(sensitive)
    for table_name in ("original", "released"):
        tables[table_name].require(
            [*known, *secret], asked_by=f"the call (looked up in {table_name})"
        )
    if both := [c for c in secret if c in known]:
        raise InputError(
            f"{', '.join(map(repr, both))} is both quasi-identifier and sensitive",
            hint="take it from one of the two",
        )
    alike = generalised(tables, hierarchies or {})
    one, other, held = alike["original"], alike["released"], alike.get("holdout")
    halves = auxiliary if auxiliary is not None else _halves(names, known)
    given = _Given(one, other, held, names, n_attacks, seed, confidence)
    plan = given.plan(halves, secret, None if population is None else read(population))
    pairs = "" if aligned or person_id is not None else "needs person_id= or aligned=True"
    lacking = "needs quasi_identifiers=" if not known else pairs
    if rows == "fresh":
        lacking = _NOBODYS
    for method in ("distance", "probabilistic"):
        plan[f"record_linkage.{method}"] = lacking or partial(
            record_linkage,
            tables["original"],
            tables["released"],
            quasi_identifiers=known,
            method=method,
            person_id=person_id,
            hierarchies={c: h for c, h in (hierarchies or {}).items() if c in known},
            suppressed=suppressed,
            n_targets=n_attacks,
            seed=seed,
            confidence=confidence,
        )
    for column in secret:
        plan[f"homogeneity[{column}]"] = (
            partial(
                homogeneity,
                tables["released"],
                quasi_identifiers=known,
                sensitive=column,
                suppressed=suppressed,
            )
            if known and rows == "own"
            else (_NOBODYS if known else "needs quasi_identifiers=")
        )
    if not secret:
        plan["homogeneity"] = "needs quasi_identifiers= and sensitive="
    results, not_run = _run(plan, progress)
    bare = {
        r.sensitive: homogeneity(
            tables["original"], quasi_identifiers=known, sensitive=r.sensitive
        ).guess_rate
        for r in results
        if isinstance(r, Homogeneity)
    }
    closest = (
        None
        if held is None
        else closest_record(
            one, other, holdout=held, columns=names, seed=seed, confidence=confidence
        )
    )
    report = AttackReport(results, bare, closest, not_run)
    if doubtful := [line.attack for line in report.lines if line.rate is not None and line.reason]:
        warnings.warn(
            f"{len(doubtful)} of {len(results)} attacks are not reliable: {', '.join(doubtful)}; "
            "frame() tells why",
            UnreliableWarning,
            stacklevel=2,
        )
    return report


@dataclass(frozen=True)
class _Given:
    """What the attacks that compare records share."""

    original: Table
    released: Table
    holdout: Table | None
    columns: Sequence[str]
    n_attacks: int
    seed: int
    confidence: float

    def plan(
        self,
        halves: tuple[Sequence[str], Sequence[str]] | None,
        sensitive: Sequence[str],
        population: Table | None,
    ) -> dict[str, _Step]:
        """Return each attack as a call, or as the reason why there is none."""
        one, other, holdout = self.original, self.released, self.holdout
        rest: dict[str, Any] = {
            "n_attacks": self.n_attacks,
            "seed": self.seed,
            "confidence": self.confidence,
        }
        columns = self.columns
        single = partial(singling_out, one, other, holdout=holdout, columns=columns, **rest)
        plan: dict[str, _Step] = {"singling_out.univariate": partial(single, mode="univariate")}
        plan["singling_out.multivariate"] = (
            partial(single, mode="multivariate") if len(columns) > 1 else "needs two columns"
        )
        plan["linkability"] = (
            "needs two columns"
            if halves is None
            else partial(linkability, one, other, holdout=holdout, auxiliary=halves, **rest)
        )
        for column in sensitive:
            known = [c for c in columns if c != column]
            plan[f"inference[{column}]"] = (
                partial(
                    inference, one, other, holdout=holdout, sensitive=column, known=known, **rest
                )
                if known
                else "needs another column that the attacker knows"
            )
        if not sensitive:
            plan["inference"] = "needs sensitive="
        for method in ("distance", "density"):
            plan[f"membership.{method}"] = (
                "needs holdout="
                if holdout is None
                else partial(
                    membership,
                    one,
                    other,
                    holdout=holdout,
                    auxiliary=population if method == "density" else None,
                    method=method,
                    columns=columns,
                    **rest,
                )
            )
        return plan


def _run(
    plan: Mapping[str, _Step], progress: Callable[[int, int], None] | None
) -> tuple[tuple[Attack, ...], dict[str, str]]:
    """Make each attack; one that its input does not allow is listed with the reason."""
    results: list[Attack] = []
    not_run = {}
    with warnings.catch_warnings():
        # Each result tells its own doubts, and the report warns once for all.
        warnings.simplefilter("ignore", UnreliableWarning)
        for done, (name, step) in enumerate(plan.items()):
            if isinstance(step, str):
                not_run[name] = step
            else:
                try:
                    results.append(step())
                except NimingError as error:
                    not_run[name] = error.message
            if progress is not None:
                progress(done + 1, len(plan))
    return tuple(results), not_run


def _names(
    tables: Mapping[str, Table], columns: Sequence[str] | None, person_id: str | None
) -> list[str]:
    if columns is not None:
        names = _listed(columns)
        for table_name, table in tables.items():
            table.require(names, asked_by=f"columns= (looked up in {table_name})")
    else:
        names = [
            c
            for c in tables["released"].columns
            if c != person_id and all(c in table.columns for table in tables.values())
        ]
    if not names:
        raise InputError(
            "there are no columns to compare", hint="name the columns alike in every table"
        )
    return names


def _listed(columns: Sequence[str]) -> list[str]:
    if isinstance(columns, str):
        raise InputError("columns are given as a list, not as one text", hint='such as ["age"]')
    if len(set(columns)) < len(columns):
        raise InputError("a column is named twice", hint="name each column once")
    return list(columns)


def _halves(names: Sequence[str], known: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """Split the columns between two sources; None if there are not enough."""
    first = [c for c in names if c in known]
    if not 0 < len(first) < len(names):
        first = list(names[: len(names) // 2])
    second = [c for c in names if c not in first]
    return (first, second) if first and second else None
