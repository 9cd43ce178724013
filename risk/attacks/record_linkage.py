"""Record linkage: can the released record of a known person be told from the others?"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError, UnreliableWarning
from niming.risk.attacks.agreement import Compared, compare
from niming.risk.attacks.attack import check_attacks, generators
from niming.risk.attacks.fellegi_sunter import Patterns, Weights, fit, patterns
from niming.risk.attacks.linkage import Linkage, LinkageMethod
from niming.risk.attacks.parallel import in_parallel
from niming.risk.attacks.statistics import normal_quantile
from niming.tables import SUPPRESSED, Hierarchy, Source, Table, read
from niming.tables.grouping import Groups, group

__all__ = ["record_linkage"]

_PAIRS = 30_000_000  # pairs a piece: under a second, so that Ctrl-C is heard
_SAME = 1e-9  # weights no further apart than this, in bits, are equal


def record_linkage(
    original: Source,
    released: Source,
    *,
    quasi_identifiers: Sequence[str],
    method: LinkageMethod = "distance",
    person_id: str | None = None,
    hierarchies: Mapping[str, Hierarchy] | None = None,
    suppressed: str | None = None,
    blocks: Sequence[str] = (),
    n_targets: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Linkage:
    """Look for known people in a release, and count how many are found.

    The attacker holds a register of the quasi-identifiers and picks, for each person, the released
    record that fits best. Only the tester knows which one is right, so this is a test inside the
    domain: it needs the originals and who is who.

    Parameters
    ----------
    original : table
        What the attacker knows of people: original rows.
    released : table
        The release, made row by row from them.
    quasi_identifiers : sequence of str
        Columns that the attacker knows; in both tables.
    method : {"distance", "probabilistic"}, default "distance"
        Pick the nearest record, or the one of highest Fellegi–Sunter weight.
    person_id : str, optional
        Column that names each person once in both tables, used to score alone. Without it row i
        of the release is that of row i of the original.
    hierarchies : mapping of column to Hierarchy, optional
        How the released values generalise: an original value agrees with its generalisations. A
        column without one agrees where its values are equal.
    suppressed : str, optional
        Text that marks a suppressed cell of the release, such as ``"*"``.
    blocks : sequence of str, default ()
        For ``"probabilistic"``: quasi-identifiers in which a pair must agree to be compared.
    n_targets : int >= 1, default 2000
        People looked for, drawn at random from the originals; all if there are fewer.
    seed : int >= 0, default 0
        Same seed, same targets.
    confidence : float in (0, 1), default 0.95

    Returns
    -------
    Linkage
        `rate` in [0, 1] or None, `interval`, `baseline`, `by_class`, `precision`,
        `positive_control`, `reliable`, `reasons`.

    Raises
    ------
    ColumnNotFoundError
        A column that either table lacks.
    HierarchyError
        A hierarchy that lacks values of the original (counted, not shown).
    InputError
        No quasi-identifiers; rows that are not aligned, or a person id that is missing or
        repeated; a text column of which no released value fits any original; more patterns of
        agreement than can be counted; blocks that are no quasi-identifiers or
        leave no column; fewer than one target, a negative seed, a confidence outside (0, 1).

    Warns
    -----
    UnreliableWarning
        Fewer than 100 people, no better than chance, or weights that could not be learnt.

    Notes
    -----
    *Distance*: the sum over columns of |a − b| / range for numbers without a hierarchy, else 0
    where the released value agrees and 1 where not; an unknown cell is ½ from a known and 0 from
    an unknown one. Every person is linked. Cost O(n_targets · distinct released combinations).

    *Probabilistic*: weights as in `niming.risk.attacks.fellegi_sunter.fit`, with the share of the
    targets that are in the release taken as known, as the sampling fraction usually is. Numbers
    agree where they are equal. The attacker stands by a link if it is more likely right than not
    (posterior above ½). If the weights do not converge there is no answer.

    `by_class` is what exact matching would find (marketer risk). A rate above it means that the
    released records tell more than their classes do, as noise and swapping may.

    References
    ----------
    Domingo-Ferrer, Torra 2001, "A quantitative comparison of disclosure control methods for
    microdata", in: Confidentiality, Disclosure and Data Access.
    Fellegi, Sunter 1969, "A theory for record linkage", doi:10.1080/01621459.1969.10501049.

    Examples
    --------
    >>> people = {"age": [31, 35, 52, 58] * 50, "town": ["A", "A", "B", "C"] * 50}
    >>> release = {"age": [30, 30, 50, 50] * 50, "town": ["A", "A", "B", "*"] * 50}
    >>> found = record_linkage(people, release, quasi_identifiers=["age", "town"], suppressed="*")
    >>> found.rate, found.by_class, found.baseline  # one of 100, 100, 50 and 50 people each time
    (0.015, 0.015, 0.005)
    """
    names = _columns(quasi_identifiers, blocks, method)
    check_attacks(n_targets)
    normal_quantile(confidence)
    (draw,) = generators(seed, 1)
    ours, theirs = read(original), read(released)
    row_of = _pairs(ours, theirs, person_id)
    chosen = np.sort(draw.choice(len(row_of), min(n_targets, len(row_of)), replace=False))
    own = row_of[chosen]
    there = own >= 0
    if not there.any():
        raise InputError(
            f"none of the {len(own)} people looked for is in the release",
            hint="look for more of them, n_targets=…, or check person_id",
        )
    compared = compare(ours, theirs, names, hierarchies=hierarchies, suppressed=suppressed)
    found = _attack(compared, chosen, own, blocks, method, float((row_of >= 0).mean()))
    raw = _attack(compare(ours, ours, names), chosen, chosen, blocks, method, 1.0)
    result = Linkage(
        method=method,
        n_targets=int(there.sum()),
        n_absent=int((~there).sum()),
        n_released=theirs.n_rows,
        found=math.fsum(found.credit),
        n_links=int(found.linked.sum()),
        right=math.fsum(found.credit[found.linked]),
        by_class=len(_combinations(compared).first) / theirs.n_rows,
        positive_control=math.fsum(raw.credit) / len(chosen),
        seed=seed,
        confidence=confidence,
        failure=found.failure,
    )
    if not result.reliable:
        warnings.warn(
            f"{result.name}: {'; '.join(result.reasons)}", UnreliableWarning, stacklevel=2
        )
    return result


def _attack(
    compared: Sequence[Compared],
    targets: NDArray[np.int64],
    own: NDArray[np.int64],
    blocks: Sequence[str],
    method: LinkageMethod,
    present: float,
) -> _Found:
    if method == "distance":
        return _by_distance(compared, targets, own)
    rest = [c for c in compared if c.column not in blocks]
    within = [c for c in compared if c.column in blocks]
    met = patterns(rest, targets, own=own, blocks=within)
    weights = fit(met, present=present)
    failure = ""
    if not met.n.size:
        failure = "no released record shares a block with a target"
    elif not weights.converged:
        failure = f"the weights did not converge in {weights.n_iterations} iterations"
    return _by_weight(met, weights, present, failure)


def _combinations(compared: Sequence[Compared]) -> Groups:
    """Group the released records that are equal in all columns."""
    codes = np.column_stack([c.released for c in compared])
    return group(codes, [len(c.level) for c in compared], lowest=SUPPRESSED)


def _columns(
    quasi_identifiers: Sequence[str], blocks: Sequence[str], method: LinkageMethod
) -> list[str]:
    if method not in ("distance", "probabilistic"):
        raise InputError("method must be 'distance' or 'probabilistic'", hint="see the page")
    if isinstance(quasi_identifiers, str) or isinstance(blocks, str):
        raise InputError("columns are given as a list, not as one text", hint='such as ["age"]')
    names = list(quasi_identifiers)
    if not names or len(set(names)) < len(names):
        raise InputError(
            "quasi_identifiers names no column, or one twice",
            hint="name the columns that an outsider could know, such as age and district",
        )
    if blocks and method == "distance":
        raise InputError(
            "blocks are for method='probabilistic'", hint="distances compare all records"
        )
    if not set(blocks) < set(names):
        raise InputError(
            "blocks must be some of the quasi-identifiers, not all",
            hint="what is left is compared within each block",
        )
    return names


@dataclass(frozen=True, eq=False)
class _Found:
    """What an attacker makes of each target.

    `credit` is the chance that the record picked is the target's own: 1 over the records that look
    equally good, 0 if its own is not among them. `linked` says whether the attacker stands by it.
    """

    credit: NDArray[np.float64]
    linked: NDArray[np.bool_]
    failure: str = ""


def _pairs(original: Table, released: Table, person_id: str | None) -> NDArray[np.int64]:
    """Return the released row of each original row, -1 for none."""
    if person_id is None:
        if original.n_rows != released.n_rows:
            raise InputError(
                f"{original.n_rows} original rows and {released.n_rows} released rows",
                hint="name the column that says who is who, person_id=…, or align the rows",
            )
        return np.arange(original.n_rows)
    names = []
    for table, what in ((original, "original"), (released, "release")):
        table.require([person_id], asked_by=f"person_id= (looked up in the {what})")
        column = table.arrow([person_id])[person_id]
        doubled = len(column) - len(column.unique()) + max(column.null_count - 1, 0)
        if column.null_count or doubled:
            raise InputError(
                f"{person_id!r} is missing in {column.null_count} rows of the {what} and repeated "
                f"in {doubled}",
                hint="give a column that names each person once, or align the rows",
            )
        names.append(column)
    import pyarrow.compute as pc

    if names[0].type != names[1].type:
        raise InputError(
            f"{person_id!r} is of type {names[0].type} in the original and {names[1].type} in the "
            "release",
            hint="give both the same type",
        )
    found = pc.index_in(names[0], value_set=names[1].combine_chunks())
    rows: NDArray[np.int64] = found.fill_null(-1).to_numpy().astype(np.int64)
    return rows


def _by_distance(
    compared: Sequence[Compared], targets: NDArray[np.int64], own: NDArray[np.int64]
) -> _Found:
    from niming.risk.attacks.linkage_kernel import closest

    ours = np.column_stack([c.original[targets] for c in compared])
    theirs = np.column_stack([c.released for c in compared])
    combos = _combinations(compared)
    released = np.ascontiguousarray(theirs[combos.first])
    weight = np.bincount(combos.group_of)
    own_combo = np.where(own >= 0, combos.group_of[own], -1)
    number, shown = [], []
    for c in compared:
        ours_of, theirs_of = np.zeros(c.becomes.size), np.zeros(len(c.level))
        if c.numbers is not None:
            both = np.concatenate(c.numbers)
            spread = float(both.max() - both.min()) if both.size else 0.0
            scale = 1 / spread if spread > 0 else 0.0
            ours_of, theirs_of = c.numbers[0] * scale, c.numbers[1] * scale
        number.append(ours_of)
        shown.append(theirs_of)
    columns = (
        np.concatenate([c.level for c in compared]),
        _starts([len(c.level) for c in compared]),
        np.concatenate([c.becomes.ravel() for c in compared]),
        _starts([c.becomes.size for c in compared]),
        np.array([c.becomes.shape[1] for c in compared], dtype=np.int64),
        np.concatenate(number),
        np.concatenate(shown),
        np.array([c.numbers is not None for c in compared]),
    )
    n = len(targets)
    least, ties, hit = np.empty(n), np.empty(n, dtype=np.int64), np.empty(n, dtype=bool)

    def search(part: slice) -> None:
        closest(
            ours[part],
            released,
            weight,
            own_combo[part],
            *columns,
            least[part],
            ties[part],
            hit[part],
        )

    in_parallel(search, n, most=max(1, _PAIRS // len(released)))
    return _Found(np.where(hit, 1 / ties, 0.0), np.ones(n, dtype=bool))


def _starts(sizes: list[int]) -> NDArray[np.int64]:
    return np.cumsum([0, *sizes[:-1]], dtype=np.int64)


def _by_weight(found: Patterns, weights: Weights, present: float, failure: str) -> _Found:
    """Link each target to its best released record, if that is more likely its own than not."""
    bits = weights.of(found, found.target, found.pattern)
    best = np.full(found.n_targets, -np.inf)
    np.maximum.at(best, found.target, bits)
    top = bits >= best[found.target] - _SAME
    ties = np.bincount(found.target[top], found.n[top], minlength=found.n_targets)
    there = np.flatnonzero(found.own >= 0)
    own = np.full(found.n_targets, -np.inf)
    own[there] = weights.of(found, there, found.own[there])
    hit = (found.own >= 0) & (own >= best - _SAME)
    credit = np.divide(1.0, ties, out=np.zeros(len(ties)), where=hit)
    odds = np.exp2(np.clip(bits, -1000, 1000)) * found.n / found.n_released
    total = np.bincount(found.target, odds, minlength=found.n_targets)
    met = np.isfinite(best)
    one = np.exp2(np.clip(best, -1000, 1000)) / found.n_released
    below = present * total + 1 - present
    sure = np.divide(present * one, below, out=np.zeros(len(one)), where=met & (below > 0))
    return _Found(credit, sure > 0.5, failure)
