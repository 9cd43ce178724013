"""Linkability: does the release tie together what two other sources know of one person?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.risk.attacks.attack import (
    AttackResult,
    check_attacks,
    equal_rows,
    generators,
    tables_of,
)
from niming.risk.attacks.encoding import Encoded
from niming.risk.attacks.neighbours import nearest
from niming.risk.attacks.statistics import Trials, normal_quantile
from niming.tables import Source

__all__ = ["linkability"]

_REFERENCE = "WP216, linkability; Giomi et al. 2023, linkability attack"


def linkability(
    original: Source,
    released: Source,
    *,
    holdout: Source | None,
    auxiliary: tuple[Sequence[str], Sequence[str]],
    k: int = 1,
    n_attacks: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> AttackResult:
    """Measure how often the release ties together two halves of one original record.

    The attacker has two sources: one knows the first columns of a person, the other the second.
    For each half the attacker finds the nearest released records, and takes the halves for one
    person if a record is near both.

    Parameters
    ----------
    original : table
        The people the release was made from.
    released : table
        What the attacker sees.
    holdout : table or None
        People of the same population whom the release was not made from. None is possible, and
        the result is then not reliable.
    auxiliary : two sequences of str
        What the first source knows, and what the second; each at least one column, none in both.
    k : int in [1, rows of the release], default 1
        Nearest records looked at for each half.
    n_attacks : int >= 1, default 2000
        People attacked, drawn without replacement; at most the rows of the original, or of the
        hold-out if that is smaller.
    seed : int >= 0, default 0
    confidence : float in (0, 1), default 0.95

    Returns
    -------
    AttackResult
        `risk`, `risk_interval`, `rate`, `baseline`, `control`, `positive_control`, each in
        [0, 1]; `reliable` with `reasons`.

    Raises
    ------
    ColumnNotFoundError
        A column that a table does not have.
    InputError
        An empty table, auxiliary columns that are none or overlap, or `k`, a number of attacks,
        seed or confidence out of range.

    Warns
    -----
    UnreliableWarning
        No hold-out, or one that holds people of the original; fewer than 100 rows; a released
        column that shares no value with the original; or an attack
        that does no better than drawing records.

    Notes
    -----
    Success: the k nearest released records on the first columns and the k nearest on the second
    share a record. Distance as in `nearest`. Released rows are put in a random order, one for each
    half, so that neither the order of the release nor the same choice among equally near records
    feigns a link.

    The baseline draws two sets of k released records at random: it succeeds with probability
    1 − C(n − k, k) / C(n, k). The control attacks equally many people of the hold-out. The
    positive control searches the original itself, and stays below 1 where people are alike in the
    columns of a half.

    Cost O(n_attacks · n_released) pairs at worst, for each of the three searches twice.

    References
    ----------
    Article 29 Working Party 2014, Opinion 05/2014 (WP216), the three criteria.
    Giomi, Boenisch, Wehmeyer, Tasnádi 2023, "A unified framework for quantifying privacy risk in
    synthetic data", linkability attack, doi:10.56553/popets-2023-0055.

    Examples
    --------
    >>> import numpy as np
    >>> draw = np.random.default_rng(1)
    >>> age, pay = draw.random(400), draw.random(400)
    >>> inside = {"age": age[:200], "pay": pay[:200]}
    >>> outside = {"age": age[200:], "pay": pay[200:]}
    >>> result = linkability(inside, inside, holdout=outside, auxiliary=(["age"], ["pay"]))
    >>> result.rate, result.control, result.reliable
    (1.0, 0.0, True)
    """
    first, second = _halves(auxiliary)
    check_attacks(n_attacks)
    normal_quantile(confidence)
    draws = generators(seed, 4)
    tables = tables_of(original, released, holdout, columns=[*first, *second])
    held = tables.holdout or tables.original
    rows, others = equal_rows(tables.original.n_rows, held.n_rows, n_attacks, draws[0])
    people = tables.original.take(rows)

    def linked(targets: Encoded, table: Encoded, draw: np.random.Generator) -> Trials:
        near = _near(targets, table, first, k, draw), _near(targets, table, second, k, draw)
        return Trials(_n_sharing(*near), targets.n_rows)

    result = AttackResult(
        name="linkability",
        attack=linked(people, tables.released, draws[1]),
        naive=_chance(tables.released.n_rows, k, len(rows), draws[2]),
        # The same order of the release for people and strangers: they differ in nothing else.
        held_out=None
        if tables.holdout is None
        else linked(tables.holdout.take(others), tables.released, generators(seed, 4)[1]),
        raw=linked(people, tables.original, draws[3]),
        n_rows=tables.n_rows,
        seed=seed,
        confidence=confidence,
        columns=tables.original.names,
        faults=tables.faults(),
        settings={"auxiliary": [list(first), list(second)], "k": k},
        reference=_REFERENCE,
    )
    return result.told()


def _halves(auxiliary: tuple[Sequence[str], Sequence[str]]) -> tuple[list[str], list[str]]:
    given = list(auxiliary)
    if isinstance(auxiliary, str) or len(given) != 2 or any(isinstance(g, str) for g in given):
        raise InputError(
            "auxiliary is a pair of lists of columns",
            hint='such as auxiliary=(["age", "sex"], ["district"])',
        )
    first, second = (list(columns) for columns in given)
    if not first or not second:
        raise InputError("one of the auxiliary lists is empty", hint="name a column in each")
    if both := [c for c in first if c in second]:
        raise InputError(
            f"{', '.join(map(repr, both))} is in both auxiliary lists",
            hint="what both sources know links without the release",
        )
    return first, second


def _near(
    targets: Encoded, table: Encoded, names: Sequence[str], k: int, draw: np.random.Generator
) -> NDArray[np.int64]:
    """Return the k nearest rows of `table` on these columns; ties fall at random."""
    order = draw.permutation(table.n_rows)
    shuffled = table.select(names).take(order)
    _, at = nearest(targets.select(names), shuffled, k=k)
    return order[at]


def _n_sharing(one: NDArray[np.int64], other: NDArray[np.int64]) -> int:
    """Return in how many rows the two share a number."""
    if one.shape[1] == 1:
        return int(np.count_nonzero(one == other))
    both = np.sort(np.hstack([one, other]), axis=1)  # within either, numbers are distinct
    return int(np.count_nonzero((both[:, 1:] == both[:, :-1]).any(axis=1)))


def _chance(n: int, k: int, n_attacks: int, draw: np.random.Generator) -> Trials:
    """Draw two sets of k among n rows, `n_attacks` times; does each pair share a row?"""
    shared = draw.hypergeometric(k, n - k, k, size=n_attacks)
    return Trials(int(np.count_nonzero(shared)), n_attacks)
