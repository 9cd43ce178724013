"""Singling out: does the release say something that is true of exactly one person?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.risk.attacks.attack import (
    AttackResult,
    Tables,
    check_attacks,
    equal_rows,
    generators,
    tables_of,
)
from niming.risk.attacks.encoding import CodedColumn, Encoded
from niming.risk.attacks.parallel import in_parallel
from niming.risk.attacks.statistics import Trials, excess_interval, normal_quantile
from niming.tables import MISSING, Source

__all__ = ["Mode", "singling_out"]

Mode: TypeAlias = Literal["univariate", "multivariate"]

_REFERENCE = "WP216, singling out; Giomi et al. 2023, singling-out attack"
_PILOT = 200  # predicates of each size by which the best size is chosen
_SIZES = (2, 3, 4, 5, 6, 8, 10, 12, 16)
_TERMS = 1_000_000_000  # terms times rows a piece: well under a second
_POOL = 10  # candidates drawn for each predicate wanted


class _Predicates(NamedTuple):
    """Conjunctions of terms ``low <= code of column <= high``, each of (n_predicates, n_terms)."""

    column: NDArray[np.int64]
    low: NDArray[np.int32]
    high: NDArray[np.int32]

    def take(self, at: NDArray[np.integer]) -> _Predicates:
        return _Predicates(self.column[at], self.low[at], self.high[at])

    def matching(self, table: Encoded, enough: int) -> NDArray[np.int64]:
        """Return how many rows match each, counted up to `enough`."""
        from niming.risk.attacks.predicate_kernel import matching

        codes = np.ascontiguousarray(table.codes.T)
        found = np.empty(len(self.column), dtype=np.int64)

        def fill(part: slice) -> None:
            found[part] = matching(
                self.column[part], self.low[part], self.high[part], codes, enough
            )

        in_parallel(fill, len(found), most=max(1, _TERMS // table.codes.size))
        return found

    def isolating(self, table: Encoded) -> Trials:
        """Return how many match exactly one row."""
        return Trials(int(np.count_nonzero(self.matching(table, 2) == 1)), len(self.column))


def singling_out(
    original: Source,
    released: Source,
    *,
    holdout: Source | None,
    columns: Sequence[str] | None = None,
    mode: Mode = "multivariate",
    n_columns: int | None = None,
    n_attacks: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> AttackResult:
    """Measure how often a statement read off the release is true of exactly one original record.

    The attacker sees the release alone and writes down predicates, such as "age <= 19 and
    district = B". One that matches exactly one person has singled this person out.

    Parameters
    ----------
    original : table
        The people the release was made from.
    released : table
        What the attacker sees.
    holdout : table or None
        People of the same population whom the release was not made from. None is possible, and
        the result is then not reliable.
    columns : sequence of str, optional
        By default the columns of the release that all tables have.
    mode : {"univariate", "multivariate"}, default "multivariate"
        Predicates on one column (its rare values and extremes), or on several columns of a
        released record.
    n_columns : int >= 2, optional
        Columns of a multivariate predicate, at most 16. By default the number at which a pilot
        of 200 predicates is surest of a risk.
    n_attacks : int >= 1, default 2000
        Predicates tried; fewer if the release does not hold as many different ones.
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
        An empty table, an unknown mode, one column for multivariate predicates, or a number of
        attacks, seed or confidence out of range.

    Warns
    -----
    UnreliableWarning
        No hold-out, or one that holds people of the original; fewer than 100 rows; a released
        column that shares no value with the original; or an attack
        that does no better than random predicates.

    Notes
    -----
    *Univariate*: column = value for every value (or missing) of the release; for numbers also
    column <= its least and column >= its greatest known value. *Multivariate*: a released record
    and `n_columns` columns are drawn; a category has to be equal, a number to be at least the
    record's if that is above the median of the release and at most the record's otherwise.
    Either way those are kept that match the fewest released records, which is one if any does.

    A predicate succeeds if exactly one row of the original matches. Whether it does depends on
    the number of rows: with 1 / n of the population behind it, a predicate isolates by chance
    with probability 1 / e (Cohen and Nissim 2020). So original and hold-out are cut to the same
    number of rows by a seeded draw; a control of another size would feign a risk or hide one.

    The baseline are random predicates of the same form, with values drawn from the columns'
    domains. The positive control makes its predicates from the original. The intervals speak of
    the predicates that might have been drawn, for these tables.

    Cost O(n_attacks · n_rows · n_columns), at 16 rows a step.

    References
    ----------
    Article 29 Working Party 2014, Opinion 05/2014 (WP216), the three criteria.
    Giomi, Boenisch, Wehmeyer, Tasnádi 2023, "A unified framework for quantifying privacy risk in
    synthetic data", singling-out attack, doi:10.56553/popets-2023-0055.
    Cohen, Nissim 2020, "Towards formalizing the GDPR's notion of singling out",
    doi:10.1073/pnas.1914598117.

    Examples
    --------
    >>> import numpy as np
    >>> pay = np.random.default_rng(1).permutation(400)
    >>> inside, outside = {"pay": pay[:200]}, {"pay": pay[200:]}
    >>> result = singling_out(inside, inside, holdout=outside, mode="univariate")
    >>> result.rate, result.control < 0.01, result.reliable
    (1.0, True, True)
    """
    check_attacks(n_attacks)
    normal_quantile(confidence)
    if mode not in ("univariate", "multivariate"):
        raise InputError("mode must be 'univariate' or 'multivariate'", hint="see the docstring")
    draws = generators(seed, 5)
    tables = tables_of(original, released, holdout, columns=columns)
    n_released_columns = len(tables.original.columns)
    if mode == "multivariate" and n_released_columns < 2:
        raise InputError(
            "multivariate predicates need two columns, and one was compared",
            hint='say mode="univariate", or name more columns',
        )
    most = min(16, n_released_columns)
    if n_columns is not None and not (mode == "multivariate" and 2 <= n_columns <= most):
        raise InputError(
            f"n_columns is {n_columns}: multivariate predicates here have 2 to {most} columns",
            hint="leave it out to have it chosen",
        )
    fair = _equal(tables, draws[0])
    if mode == "univariate":
        size = 1
    else:
        size = n_columns or _best_size(fair, _PILOT, confidence, draws[1])
    predicates = _written(fair.released, size, n_attacks, draws[2])
    result = AttackResult(
        name=f"singling_out.{mode}",
        attack=predicates.isolating(fair.original),
        naive=_random(fair.original.columns, size, n_attacks, draws[3]).isolating(fair.original),
        held_out=None if fair.holdout is None else predicates.isolating(fair.holdout),
        raw=_written(fair.original, size, n_attacks, draws[4]).isolating(fair.original),
        n_rows=tables.n_rows,
        seed=seed,
        confidence=confidence,
        columns=tables.original.names,
        faults=tables.faults(),
        settings={"n_columns": size, "n_rows_compared": fair.original.n_rows},
        reference=_REFERENCE,
    )
    return result.told()


def _equal(tables: Tables, draw: np.random.Generator) -> Tables:
    """Cut original and hold-out to the rows of the smaller."""
    if tables.holdout is None:
        return tables
    n, m = tables.original.n_rows, tables.holdout.n_rows
    rows, others = equal_rows(n, m, max(n, m), draw)
    return tables._replace(original=tables.original.take(rows), holdout=tables.holdout.take(others))


def _best_size(tables: Tables, n: int, confidence: float, draw: np.random.Generator) -> int:
    """Return the number of columns at which a pilot is surest of a risk.

    That is where the lower end of its interval is highest; of equals, where most predicates are
    found. The pilot's predicates are not used again, so the choice does not flatter the attack.
    """
    best, chosen = (-1.0, -1), 2
    for size in (s for s in _SIZES if s <= len(tables.original.columns)):
        predicates = _written(tables.released, size, n, draw)
        attack = predicates.isolating(tables.original)
        interval: tuple[float, float] | None = attack.interval(confidence)
        if tables.holdout is not None:
            control = predicates.isolating(tables.holdout)
            interval = excess_interval(attack, control, confidence)
        sure = -1.0 if interval is None else interval[0]
        if (sure, attack.n) > best:
            best, chosen = (sure, attack.n), size
    return chosen


def _written(table: Encoded, size: int, n: int, draw: np.random.Generator) -> _Predicates:
    """Write up to `n` different predicates that match the fewest rows of `table`."""
    written = _on_one_column(table) if size == 1 else _on_records(table, size, _POOL * n, draw)
    made = _different(written)
    found = made.matching(table, 2)
    if found.min() > 1:
        found = made.matching(table, table.n_rows)
    at = np.flatnonzero(found == found.min())
    if len(at) > n:
        at = np.sort(draw.choice(at, n, replace=False))
    return made.take(at)


def _on_one_column(table: Encoded) -> _Predicates:
    """Write one predicate a value, and one at either end of the numbers."""
    terms = []
    for j, column in enumerate(table.columns):
        values = np.unique(table.codes[:, j]).astype(np.int32)
        terms.append((np.full(len(values), j), values, values))
        known = values[values >= 0]
        if column.is_numeric and len(known):
            low = np.array([0, known[-1]], dtype=np.int32)
            high = np.array([known[0], column.n_values - 1], dtype=np.int32)
            terms.append((np.full(2, j), low, high))
    column_, low_, high_ = (np.concatenate(parts)[:, None] for parts in zip(*terms, strict=True))
    return _Predicates(column_, low_, high_)


def _on_records(table: Encoded, size: int, n: int, draw: np.random.Generator) -> _Predicates:
    """Write predicates on random columns of random rows."""
    columns = table.columns
    column = np.sort(draw.permuted(np.tile(np.arange(len(columns)), (n, 1)), axis=1)[:, :size])
    code = table.codes[draw.integers(0, table.n_rows, n)[:, None], column]
    last = np.array([c.n_values - 1 for c in columns], dtype=np.int32)
    numeric = np.array([c.is_numeric for c in columns])
    known = [table.codes[table.codes[:, j] >= 0, j] for j in range(len(columns))]
    middle = np.array([np.median(codes) if len(codes) else 0.0 for codes in known])
    ranged = numeric[column] & (code != MISSING)
    above = code > middle[column]
    low = np.where(ranged & ~above, 0, code).astype(np.int32)
    high = np.where(ranged & above, last[column], code).astype(np.int32)
    return _Predicates(column, low, high)


def _random(
    columns: tuple[CodedColumn, ...], size: int, n: int, draw: np.random.Generator
) -> _Predicates:
    """Write predicates of the same form on values drawn from the domain of each column."""
    column = np.sort(draw.permuted(np.tile(np.arange(len(columns)), (n, 1)), axis=1)[:, :size])
    n_values = np.array([max(c.n_values, 1) for c in columns])
    code = draw.integers(0, n_values[column])
    numeric = np.array([c.is_numeric for c in columns])[column]
    above = draw.random(column.shape) < 0.5
    low = np.where(numeric & ~above, 0, code).astype(np.int32)
    high = np.where(numeric & above, n_values[column] - 1, code).astype(np.int32)
    return _Predicates(column, low, high)


def _different(predicates: _Predicates) -> _Predicates:
    """Keep the first of equal predicates: the same statement twice is one attack."""
    rows = np.hstack([predicates.column, predicates.low, predicates.high])
    _, first = np.unique(rows, axis=0, return_index=True)
    return predicates.take(np.sort(first))
