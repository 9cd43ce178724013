"""Inference: does the release tell a sensitive value of a person whose other values are known?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from niming.errors import ColumnNotFoundError, InputError
from niming.risk.attacks.attack import (
    AttackResult,
    Tables,
    check_attacks,
    equal_rows,
    generators,
    tables_of,
)
from niming.risk.attacks.encoding import CodedColumn, Encoded
from niming.risk.attacks.neighbours import nearest
from niming.risk.attacks.statistics import Trials, normal_quantile
from niming.tables import MISSING, Source

__all__ = ["inference", "inference_of_each"]

_REFERENCE = "WP216, inference; Giomi et al. 2023, inference attack"
_DAY = 86_400_000_000.0  # microseconds, in which dates and times are coded


def inference(
    original: Source,
    released: Source,
    *,
    holdout: Source | None,
    sensitive: str,
    known: Sequence[str] | None = None,
    tolerance: float = 0.05,
    absolute_tolerance: float = 0.0,
    n_attacks: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> AttackResult:
    """Measure how often the nearest released record gives away a person's sensitive value.

    The attacker knows some columns of a person, finds the released record that is nearest in
    these, and takes its sensitive value for the person's.

    Parameters
    ----------
    original : table
        The people the release was made from.
    released : table
        What the attacker sees.
    holdout : table or None
        People of the same population whom the release was not made from. None is possible, and
        the result is then not reliable.
    sensitive : str
        The column to infer.
    known : sequence of str, optional
        What the attacker knows; by default every other column of the release that all tables have.
    tolerance : float >= 0, default 0.05
        For numbers: a guess that is off by at most this share of the true value is correct. Dates
        and times have no such share.
    absolute_tolerance : float >= 0, default 0
        For numbers, dates and times: a guess that is off by at most this much is correct too, in
        the unit of the column; in days for dates and times.
    n_attacks : int >= 1, default 2000
        People attacked, drawn without replacement among those whose sensitive value is known; at
        most as many as the original has, or the hold-out if that has fewer.
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
        An empty table, a sensitive column that is also known or is missing in every row, nothing
        known, or a tolerance, number of attacks, seed or confidence out of range.

    Warns
    -----
    UnreliableWarning
        No hold-out, or one that holds people of the original; fewer than 100 rows; a released
        column that shares no value with the original; or an attack
        that is no better than one guess for everybody.

    Notes
    -----
    The distance is that of `nearest`; among equally near records one falls at random, but the
    same for all. A missing value is never a correct guess.

    The baseline guesses one value for everybody: the one that is correct for most records of the
    release. It is the best guess of an attacker who knows the release and nothing of the person.
    The control attacks equally many people of the hold-out: what holds for them too is what the
    release says of the population, which is its use and no breach. The positive control searches
    the original itself.

    Cost O(n_attacks · n_released) pairs at worst, three times.

    References
    ----------
    Article 29 Working Party 2014, Opinion 05/2014 (WP216), the three criteria.
    Giomi, Boenisch, Wehmeyer, Tasnádi 2023, "A unified framework for quantifying privacy risk in
    synthetic data", inference attack, doi:10.56553/popets-2023-0055.

    Examples
    --------
    >>> import numpy as np
    >>> draw = np.random.default_rng(1)
    >>> age, ill = draw.random(400), draw.integers(0, 2, 400).astype(str)
    >>> inside, outside = {"age": age[:200], "ill": ill[:200]}, {"age": age[200:], "ill": ill[200:]}
    >>> result = inference(inside, inside, holdout=outside, sensitive="ill")
    >>> result.rate, 0.4 < result.control < 0.6, result.reliable
    (1.0, True, True)
    """
    options = _Options(tolerance, absolute_tolerance, n_attacks, seed, confidence)
    if not isinstance(sensitive, str):
        raise InputError("sensitive is one column", hint="for several, see inference_of_each")
    if known is not None:
        if isinstance(known, str) or not known:
            raise InputError("known is a list of columns, at least one", hint='such as ["age"]')
        if sensitive in known:
            raise InputError(
                f"{sensitive!r} is both known and sensitive", hint="take it from one of the two"
            )
    columns = None if known is None else [*known, sensitive]
    tables = tables_of(original, released, holdout, columns=columns)
    return _attack(tables, sensitive, options, tables.faults()).told()


def inference_of_each(
    original: Source,
    released: Source,
    *,
    holdout: Source | None,
    columns: Sequence[str] | None = None,
    sensitive: Sequence[str] | None = None,
    tolerance: float = 0.05,
    absolute_tolerance: float = 0.0,
    n_attacks: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> tuple[AttackResult, ...]:
    """Measure inference of one column after another, each from all the others.

    Parameters
    ----------
    original, released : table
    holdout : table or None
    columns : sequence of str, optional
        What the attacker knows, apart from the column to infer. By default the columns of the
        release that all tables have.
    sensitive : sequence of str, optional
        The columns to infer; by default all of `columns`.
    tolerance, absolute_tolerance : float >= 0
        As in `inference`, for every column.
    n_attacks, seed, confidence
        As in `inference`.

    Returns
    -------
    tuple of AttackResult
        One a column, in this order; `about` names it. Those whose column is missing in every row
        of original or hold-out are refused as in `inference`.

    Raises
    ------
    ColumnNotFoundError
        A column that a table does not have.
    InputError
        As `inference`.

    Warns
    -----
    UnreliableWarning
        For each column as `inference`.

    Notes
    -----
    The same results as `inference` column by column; the tables are read once.

    Examples
    --------
    >>> import numpy as np
    >>> draw = np.random.default_rng(1)
    >>> table = {"x": draw.random(400), "y": draw.random(400)}
    >>> inside, outside = ({c: v[part] for c, v in table.items()}
    ...                    for part in (slice(200), slice(200, 400)))
    >>> [(r.about, r.rate) for r in inference_of_each(inside, inside, holdout=outside)]
    [('x', 1.0), ('y', 1.0)]
    """
    options = _Options(tolerance, absolute_tolerance, n_attacks, seed, confidence)
    if isinstance(sensitive, str):
        raise InputError("sensitive is a list of columns", hint="for one, see inference")
    tables = tables_of(original, released, holdout, columns=columns)
    names = tables.original.names
    asked = names if sensitive is None else tuple(sensitive)
    faults = tables.faults()
    results = []
    for name in asked:  # no comprehension: its frame would come between the warning and the caller
        results.append(_attack(tables, name, options, faults).told())
    return tuple(results)


@dataclass(frozen=True)
class _Options:
    """What both functions are told, checked before any table is read."""

    tolerance: float
    absolute_tolerance: float
    n_attacks: int
    seed: int
    confidence: float

    def __post_init__(self) -> None:
        if not (0 <= self.tolerance < np.inf and 0 <= self.absolute_tolerance < np.inf):
            raise InputError("a tolerance is negative or not finite", hint="such as 0.05")
        check_attacks(self.n_attacks)
        normal_quantile(self.confidence)
        generators(self.seed, 1)

    def slack(self, column: CodedColumn) -> NDArray[np.float64] | None:
        """Return how far off a guess may be for each true value; None for categories."""
        if column.values is None:
            return None
        if column.is_time:
            return np.full(column.n_values, self.absolute_tolerance * _DAY)
        return np.maximum(self.tolerance * np.abs(column.values), self.absolute_tolerance)


def _attack(
    tables: Tables, sensitive: str, options: _Options, faults: tuple[str, ...]
) -> AttackResult:
    names = tables.original.names
    if sensitive not in names:
        raise ColumnNotFoundError.among([sensitive], names, asked_by="sensitive=")
    known = [c for c in names if c != sensitive]
    if not known:
        raise InputError(
            f"nothing but {sensitive!r} is in all tables", hint="the attacker must know something"
        )
    at = names.index(sensitive)
    column = tables.original.columns[at]
    slack = options.slack(column)
    draws = generators(options.seed, 4)

    candidates = np.flatnonzero(tables.original.codes[:, at] != MISSING)
    others = candidates
    if tables.holdout is not None:
        others = np.flatnonzero(tables.holdout.codes[:, at] != MISSING)
    if not len(candidates) or not len(others):
        raise InputError(
            f"{sensitive!r} is missing in every row of the original or the hold-out",
            hint="there is nothing to infer: leave the column out",
        )
    rows, strangers = equal_rows(len(candidates), len(others), options.n_attacks, draws[0])
    people = tables.original.take(candidates[rows])

    def guessed(targets: Encoded, table: Encoded, draw: np.random.Generator) -> Trials:
        order = draw.permutation(table.n_rows)
        shuffled = table.take(order)
        _, near = nearest(targets.select(known), shuffled.select(known))
        guess, truth = shuffled.codes[near[:, 0], at], targets.codes[:, at]
        return Trials(_n_correct(guess, truth, column, slack), targets.n_rows)

    released = tables.released.codes[:, at]
    held_out = None
    if tables.holdout is not None:
        outside = tables.holdout.take(others[strangers])
        # The same order of the release for people and strangers: they differ in nothing else.
        held_out = guessed(outside, tables.released, generators(options.seed, 4)[1])
    constant = np.full(people.n_rows, _best_guess(released, column, slack))
    return AttackResult(
        name="inference",
        attack=guessed(people, tables.released, draws[1]),
        naive=Trials(_n_correct(constant, people.codes[:, at], column, slack), people.n_rows),
        held_out=held_out,
        raw=guessed(people, tables.original, draws[2]),
        n_rows=tables.n_rows,
        seed=options.seed,
        confidence=options.confidence,
        columns=tuple(known),
        about=sensitive,
        faults=faults,
        settings={
            "tolerance": options.tolerance,
            "absolute_tolerance": options.absolute_tolerance,
        },
        reference=_REFERENCE,
    )


def _n_correct(
    guess: NDArray[np.integer],
    truth: NDArray[np.integer],
    column: CodedColumn,
    slack: NDArray[np.float64] | None,
) -> int:
    """Count the guesses that hit; both are codes, and the truth is never missing."""
    if column.values is None or slack is None:
        return int(np.count_nonzero(guess == truth))
    near = np.abs(column.values[guess] - column.values[truth]) <= slack[truth]
    return int(np.count_nonzero((guess != MISSING) & (near | (guess == truth))))


def _best_guess(
    released: NDArray[np.int32], column: CodedColumn, slack: NDArray[np.float64] | None
) -> int:
    """Return the code that is a correct guess for most released records; the lowest of equals.

    A value is correct for the records whose value less slack to value plus slack holds it, so the
    best of the released values is where most of these intervals overlap.
    """
    there = released[released != MISSING]
    if not len(there):
        return MISSING
    if column.values is None or slack is None:
        return int(np.bincount(there).argmax())
    tried = np.unique(there)
    opening = np.sort(column.values[there] - slack[there])
    closing = np.sort(column.values[there] + slack[there])
    at = column.values[tried]
    hits = np.searchsorted(opening, at, "right") - np.searchsorted(closing, at, "left")
    return int(tried[hits.argmax()])
