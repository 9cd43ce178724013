"""Count, histogram and sum under a budget, with exact integer noise."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

from niming.anonymize.dp.budget import Budget, Event, Number, exact
from niming.anonymize.dp.samplers import discrete_laplace
from niming.errors import InputError
from niming.measure import JSON, Measure, Result
from niming.tables import Source, Table, read
from niming.tables.engine import quote

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Answer", "Histogram", "count", "histogram", "sum"]

Value: TypeAlias = bool | int | float | str | dt.date | dt.datetime
Where: TypeAlias = Mapping[str, Value | Sequence[Value]]

_LEVEL = 0.95
_EXACT_FLOAT = 1 << 53  # whole numbers below are exact in float64


@dataclass(frozen=True, repr=False)
class Answer(Result):
    """A noisy number.

    Parameters
    ----------
    value : int or float
        The answer: whole, or a multiple of `granularity` as the nearest float.
    units : int
        The answer in units of `granularity`, exact.
    granularity : Fraction
        1 for counts.
    margin : float
        Half the width of the 95 % interval of the noise.
    event : Event
        What was charged.
    """

    value: int | float
    units: int
    granularity: Fraction
    margin: float
    event: Event

    @property
    def epsilon(self) -> float:
        """What the answer cost."""
        return float(self.event.epsilon)

    @property
    def scale(self) -> float:
        """Scale of the noise, in the unit of `value`."""
        assert self.event.scale is not None
        return float(self.event.scale * self.granularity)

    @property
    def interval(self) -> tuple[float, float]:
        """Where the answer without noise lies with at least 95 % probability."""
        return (self.value - self.margin, self.value + self.margin)

    def measures(self) -> tuple[Measure, ...]:
        """Return the cost and the error; the value itself is in `to_dict`."""
        return _measures(self.event.query, self.epsilon, self.scale, self.margin)

    def to_dict(self) -> dict[str, JSON]:
        """Return measures, value, interval and event, JSON-safe."""
        return {
            **super().to_dict(),
            "value": self.value,
            "interval": list(self.interval),
            "level": _LEVEL,
            "event": self.event.to_dict(),
        }

    def __repr__(self) -> str:
        return f"Answer({self.value:.10g} ± {self.margin:.6g}, epsilon={self.event.epsilon})"


@dataclass(frozen=True, repr=False)
class Histogram(Result):
    """Noisy counts a cell.

    Parameters
    ----------
    column : str
    labels : tuple of str
        Cells in the order that was asked for; last ``(other)`` and ``(missing)`` if asked for.
    values : tuple of int
        Noisy counts; they can be negative.
    margin : int
        Half the width of the 95 % interval of each cell alone.
    event : Event
        What was charged, once for all cells.
    """

    column: str
    labels: tuple[str, ...]
    values: tuple[int, ...]
    margin: int
    event: Event

    @property
    def epsilon(self) -> float:
        """What the histogram cost."""
        return float(self.event.epsilon)

    @property
    def scale(self) -> float:
        """Scale of the noise of each cell."""
        assert self.event.scale is not None
        return float(self.event.scale)

    def measures(self) -> tuple[Measure, ...]:
        """Return the cost and the error; the counts are in `to_dict`."""
        return _measures("histogram", self.epsilon, self.scale, self.margin)

    def to_dict(self) -> dict[str, JSON]:
        """Return measures, labels, values and event, JSON-safe."""
        return {
            **super().to_dict(),
            "column": self.column,
            "labels": list(self.labels),
            "values": list(self.values),
            "margin": self.margin,
            "level": _LEVEL,
            "event": self.event.to_dict(),
        }

    def __repr__(self) -> str:
        return (
            f"Histogram({self.column}, n_cells={len(self.values)}, each ± {self.margin}, "
            f"epsilon={self.event.epsilon})"
        )


def count(source: Source, *, epsilon: Number, budget: Budget, where: Where | None = None) -> Answer:
    """Count rows, with discrete Laplace noise.

    Parameters
    ----------
    source : table
        Anything that `niming.tables.read` takes.
    epsilon : number, above 0
        Charged to `budget` before the data are read.
    budget : Budget
        Also says who is protected: a row, or a person with a bounded number of rows.
    where : mapping, optional
        Column to the value, or the values, that count; all columns must agree. Missing never
        does.

    Returns
    -------
    Answer
        `.value`, `.interval` (95 %), `.margin`, `.event`.

    Raises
    ------
    BudgetExceededError
        Before the data are touched.
    ColumnNotFoundError, InputError
        An argument that does not fit the table; nothing is charged.

    Notes
    -----
    Neighbouring tables differ by one row more or less, so sensitivity 1; with a `person_id` in the
    budget by all rows of one person, of which at most m count, so sensitivity m. Scale m/epsilon.

    References
    ----------
    Ghosh, Roughgarden, Sundararajan 2012, "Universally utility-maximizing privacy mechanisms",
    SIAM J. Comput. 41; Canonne, Kamath, Steinke 2020, arXiv:2004.00010, section 5.

    Examples
    --------
    >>> table = {"sex": ["F", "M", "F", "F"]}
    >>> answer = count(table, where={"sex": "F"}, epsilon=50, budget=Budget(50))
    >>> answer
    Answer(3 ± 0, epsilon=50)
    """
    named = dict(where or {})
    event = _event("count", epsilon, budget, tuple(named), Fraction(1))
    table = _open(source, budget, event, tuple(named))
    chosen = _condition(table, named)
    budget.spend(event)
    if budget.person_id is None:
        found = f"SELECT count(*) AS n FROM source WHERE {chosen}"
    else:
        found = (
            f"SELECT sum(least(n, {budget.max_rows_per_person})) AS n FROM (SELECT count(*) AS n "
            f"FROM source WHERE {chosen} GROUP BY {quote(budget.person_id)})"
        )
    return _answer(_whole(table, found), Fraction(1), event)


def histogram(
    source: Source,
    column: str,
    *,
    categories: Sequence[Value] | None = None,
    bins: Sequence[float] | None = None,
    outside: Literal["ignore", "count"] = "ignore",
    epsilon: Number,
    budget: Budget,
) -> Histogram:
    """Count rows a category or bin, with discrete Laplace noise in every cell, the empty ones too.

    Parameters
    ----------
    source : table
        Anything that `niming.tables.read` takes.
    column : str
    categories : sequence, optional
        The values to count: public, never taken from the data, because that a value occurs is
        itself an answer. Give this or `bins`.
    bins : ascending sequence of at least 2 numbers, optional
        Public edges: each cell holds its lower edge and not its upper one, but for the last.
    outside : {"ignore", "count"}
        Leave out what is in no cell, or count it in two more cells ``(other)`` and ``(missing)``.
    epsilon : number, above 0
        For all cells together: a row is in one of them (parallel composition).
    budget : Budget

    Returns
    -------
    Histogram

    Raises
    ------
    BudgetExceededError
        Before the data are touched.
    ColumnNotFoundError, InputError
        Neither or both of `categories` and `bins`, or values that cannot be in such a column;
        nothing is charged.

    Notes
    -----
    Neighbouring relation as in `count`. Of a person with more than m rows in the cells, m are
    taken by the order of a hash of person and cell, which no other person's rows can change.

    References
    ----------
    Dwork, McSherry, Nissim, Smith 2006, example 1; noise as in `count`.

    Examples
    --------
    >>> table = {"sex": ["F", "M", "F", None]}
    >>> told = histogram(table, "sex", categories=["F", "M", "X"], epsilon=50, budget=Budget(50))
    >>> told.labels, told.values
    (('F', 'M', 'X'), (2, 1, 0))
    """
    if outside not in ("ignore", "count"):
        raise InputError("outside is neither 'ignore' nor 'count'")
    if (categories is None) == (bins is None):
        raise InputError(
            f"histogram of {column!r} needs exactly one of categories and bins",
            hint="list them from public knowledge: the data must not decide which cells exist",
        )
    labels = _bin_labels(bins) if bins is not None else tuple(str(c) for c in categories or ())
    if not labels or len(set(labels)) < len(labels):
        raise InputError("the cells of a histogram are none, or two are alike")
    n_cells = len(labels)
    event = _event("histogram", epsilon, budget, (column,), Fraction(1))
    table = _open(source, budget, event, (column,))
    cell = _bin_sql(table, column, bins) if bins else _category_sql(table, column, categories or ())
    budget.spend(event)
    if outside == "count":
        labels += ("(other)", "(missing)")
        missing = f"{table.expression(column)} IS NULL"
        cell = f"CASE WHEN {missing} THEN {n_cells + 1} ELSE coalesce({cell}, {n_cells}) END"
    cells = f"SELECT {cell} AS cell{_person(budget)} FROM source"
    kept = f"SELECT cell FROM ({cells}) WHERE cell IS NOT NULL"
    if budget.person_id is not None:
        ranked = (
            "SELECT cell, row_number() OVER (PARTITION BY person ORDER BY hash(person, cell), cell)"
            f" AS place FROM ({cells}) WHERE cell IS NOT NULL"
        )
        kept = f"SELECT cell FROM ({ranked}) WHERE place <= {budget.max_rows_per_person}"
    found = table.query(f"SELECT cell, count(*) AS n FROM ({kept}) GROUP BY cell")
    true = dict(zip(found["cell"].to_pylist(), found["n"].to_pylist(), strict=True))
    assert event.scale is not None
    noise = discrete_laplace(event.scale, len(labels)).tolist()
    values = tuple(int(true.get(i, 0)) + int(z) for i, z in enumerate(noise))
    return Histogram(column, labels, values, _margin(event.scale), event)


def sum(  # noqa: A001  (the field's word; builtins.sum is not used in this module)
    source: Source,
    column: str,
    *,
    lower: Number,
    upper: Number,
    granularity: Number | None = None,
    epsilon: Number,
    budget: Budget,
    where: Where | None = None,
) -> Answer:
    """Sum a column that is cut to public bounds, with discrete Laplace noise.

    Parameters
    ----------
    source : table
        Anything that `niming.tables.read` takes.
    column : str
        A column of numbers; missing adds nothing.
    lower, upper : number
        Public bounds: smaller and larger values count as these. Wide bounds cost noise, narrow
        ones cost bias.
    granularity : number above 0, optional
        The public step that values are rounded to, such as ``0.01``. Needed for columns of
        fractions; 1 for columns of whole numbers. The bounds are multiples of it.
    epsilon : number, above 0
    budget : Budget
    where : mapping, optional
        As in `count`.

    Returns
    -------
    Answer
        The sum of the cut, rounded values plus noise; `.interval` does not know of cutting and
        rounding.

    Raises
    ------
    BudgetExceededError
        Before the data are touched.
    ColumnNotFoundError, InputError
        An argument that does not fit the table; nothing is charged.

    Notes
    -----
    Every value becomes a whole number of steps, and only these are added: no rounding of a sum
    can depend on who is in it. One row more or less changes the sum by at most
    max(\\|lower\\|, \\|upper\\|). With a `person_id` in the budget a person's total is cut to
    m times the bounds (with 0 between), and the sensitivity is m times as much.

    References
    ----------
    Mironov 2012, "On significance of the least significant bits for differential privacy";
    Casacuberta et al. 2022, arXiv:2207.10635 (sums of floats); noise as in `count`.

    Examples
    --------
    >>> sum({"age": [30, 40, 50, 200]}, "age", lower=0, upper=100, epsilon=9000,
    ...     budget=Budget(9000))
    Answer(220 ± 0, epsilon=9000)
    """
    low, high = exact(lower, "lower"), exact(upper, "upper")
    if low >= high:
        raise InputError("lower is not below upper", hint="both are public knowledge")
    named = dict(where or {})
    step = exact(1 if granularity is None else granularity, "granularity")
    if step <= 0 or low % step or high % step:
        raise InputError(
            "the bounds are not multiples of a granularity above 0",
            hint="such as lower=0, upper=100, granularity=0.01",
        )
    reach = max(abs(low), abs(high))
    if max(reach, reach / step) >= _EXACT_FLOAT:
        raise InputError(
            "the bounds are more than 2**53 steps from 0", hint="take a coarser granularity"
        )
    event = _event("sum", epsilon, budget, (column, *named), reach / step)
    table = _open(source, budget, event, (column, *named))
    steps = _steps_sql(table, column, low, high, step, given=granularity is not None)
    chosen = _condition(table, named)
    budget.spend(event)
    found = f"SELECT {steps} AS n{_person(budget)} FROM source WHERE {chosen}"
    if budget.person_id is not None:
        m = budget.max_rows_per_person or 1
        least, most = min(0, int(m * low / step)), max(0, int(m * high / step))
        cut = f"least(greatest(coalesce(sum(n), 0), {least}), {most})"
        found = f"SELECT {cut} AS n FROM ({found}) GROUP BY person"
    return _answer(_whole(table, f"SELECT sum(n) AS n FROM ({found})"), step, event)


def _event(
    query: str, epsilon: Number, budget: Budget, columns: tuple[str, ...], per_row: Fraction
) -> Event:
    cost = exact(epsilon, "epsilon")
    if cost <= 0:
        raise InputError("epsilon is not above 0", hint="such as epsilon=0.5")
    sensitivity = per_row * (budget.max_rows_per_person or 1)
    return Event(
        query=query,
        mechanism="discrete-laplace",
        epsilon=cost,
        columns=tuple(dict.fromkeys(columns)),
        sensitivity=sensitivity,
        scale=sensitivity / cost,
        unit=budget.unit,
        max_rows_per_person=budget.max_rows_per_person,
    )


def _open(source: Source, budget: Budget, event: Event, columns: tuple[str, ...]) -> Table:
    """Refuse what the budget cannot pay, and only then open the table and look at its names."""
    budget.check(event)
    table = read(source)
    person = () if budget.person_id is None else (budget.person_id,)
    table.require((*columns, *person), asked_by=f"the {event.query}")
    return table


def _person(budget: Budget) -> str:
    return "" if budget.person_id is None else f", {quote(budget.person_id)} AS person"


def _answer(true: int, step: Fraction, event: Event) -> Answer:
    assert event.scale is not None
    units = true + int(discrete_laplace(event.scale, 1)[0])
    value = units * step
    whole = step.denominator == 1
    return Answer(
        value=int(value) if whole else float(value),
        units=units,
        granularity=step,
        margin=float(_margin(event.scale) * step),
        event=event,
    )


def _margin(scale: Fraction) -> int:
    """Return the least m with P(|noise| > m) = 2 a^(m + 1) / (1 + a) <= 5 %, a = exp(-1/scale)."""
    tail = 1 - _LEVEL
    a = math.exp(-1 / float(scale))
    if 2 * a / (1 + a) <= tail:
        return 0
    return max(0, math.ceil(float(scale) * math.log(2 / (tail * (1 + a))) - 1))


def _measures(query: str, epsilon: float, scale: float, margin: float) -> tuple[Measure, ...]:
    reference = "Canonne, Kamath, Steinke 2020, section 5"
    return (
        Measure(
            f"dp.{query}.epsilon", epsilon, "nats", (0, math.inf), "lower-is-safer",
            "bound on the log-ratio of the probabilities of any answer", reference,
        ),
        Measure(
            f"dp.{query}.scale", scale, "units of the answer", (0, math.inf), "lower-is-better",
            "scale of the discrete Laplace noise", reference,
        ),
        Measure(
            f"dp.{query}.margin", margin, "units of the answer", (0, math.inf), "lower-is-better",
            "half the width of the 95 % interval of the noise", reference,
        ),
    )  # fmt: skip


def _whole(table: Table, sql: str) -> int:
    """Ask for one whole number of any size; no rows add up to 0."""
    text = table.query(f"SELECT CAST(coalesce(sum(n), 0) AS VARCHAR) AS n FROM ({sql})")["n"]
    return int(text[0].as_py())


def _condition(table: Table, where: Where) -> str:
    """Return the SQL of `where`; every value is checked against the type of its column."""
    parts = []
    for column, wanted in where.items():
        values = wanted if isinstance(wanted, (list, tuple, set, frozenset)) else (wanted,)
        if not values:
            raise InputError(f"where lists no value of {column!r}", hint="name at least one")
        parts.append(f"{_text_or_self(table, column)} IN ({_literals(table, column, values)})")
    return " AND ".join(parts) or "TRUE"


def _category_sql(table: Table, column: str, categories: Sequence[Value]) -> str:
    cases = " ".join(
        f"WHEN {_literals(table, column, (c,))} THEN {i}" for i, c in enumerate(categories)
    )
    return f"CASE {_text_or_self(table, column)} {cases} END"


def _bin_labels(bins: Sequence[float]) -> tuple[str, ...]:
    edges = [exact(b, "a bin's edge") for b in bins]
    if len(edges) < 2 or any(a >= b for a, b in pairwise(edges)):
        raise InputError("bins are fewer than 2 edges, or they do not ascend")
    last = len(bins) - 2
    return tuple(f"[{bins[i]}, {bins[i + 1]}{']' if i == last else ')'}" for i in range(last + 1))


def _bin_sql(table: Table, column: str, bins: Sequence[float]) -> str:
    import pyarrow as pa

    if not _is_number(table.schema.field(column).type):
        kind = table.schema.field(column).type
        raise InputError(f"{column!r} holds {kind}, which bins cannot cut", hint="use categories")
    value = table.expression(column)
    if pa.types.is_decimal(table.schema.field(column).type):
        value = f"CAST({value} AS DOUBLE)"
    edges = [repr(float(b)) + "::DOUBLE" for b in bins]
    last = len(edges) - 2
    cases = " ".join(
        f"WHEN {value} >= {edges[i]} AND {value} {'<=' if i == last else '<'} {edges[i + 1]} "
        f"THEN {i}"
        for i in range(last + 1)
    )
    return f"CASE {cases} END"


def _steps_sql(
    table: Table, column: str, low: Fraction, high: Fraction, step: Fraction, *, given: bool
) -> str:
    """Return the SQL of a value as a whole number of steps within the bounds."""
    import pyarrow as pa

    kind = table.schema.field(column).type
    if not _is_number(kind):
        raise InputError(f"{column!r} holds {kind}, which cannot be summed", hint="use count")
    least, most = int(low / step), int(high / step)
    value = table.expression(column)
    if pa.types.is_integer(kind) and step == 1:
        cut = f"least(greatest(CAST({value} AS HUGEINT), {least}), {most})"
        return f"CASE WHEN {value} IS NOT NULL THEN {cut} END"  # least() skips null
    if not given:
        raise InputError(
            f"{column!r} holds {kind}: give the granularity that its values are rounded to",
            hint="granularity=0.01 for amounts with two decimals",
        )
    # Cut before the cast, so that no value can overflow it, and again after the rounding.
    inside = f"least(greatest(CAST({value} AS DOUBLE), {float(low)!r}), {float(high)!r})"
    rounded = f"CAST(round({inside} / {float(step)!r}) AS BIGINT)"
    return f"CASE WHEN {value} IS NOT NULL THEN least(greatest({rounded}, {least}), {most}) END"


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    types = pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    types = pa.types
    texts = (types.is_string, types.is_large_string, types.is_string_view, types.is_dictionary)
    return any(test(kind) for test in texts)


def _text_or_self(table: Table, column: str) -> str:
    # An enum would refuse a literal that is none of its values; as text it merely differs.
    if _is_text(table.schema.field(column).type):
        return f"CAST({quote(column)} AS VARCHAR)"
    return table.expression(column)


def _literals(table: Table, column: str, values: Sequence[Value]) -> str:
    return ", ".join(_literal(v, column, table.schema.field(column).type) for v in values)


def _literal(value: Value, column: str, kind: pa.DataType) -> str:
    """Return `value` as SQL if it can be in a column of type `kind`."""
    import pyarrow as pa

    if isinstance(value, str) and _is_text(kind):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, bool) and pa.types.is_boolean(kind):
        return str(value).upper()
    if isinstance(value, (int, float)) and not isinstance(value, bool) and _is_number(kind):
        if math.isfinite(value):
            return repr(value)
    elif isinstance(value, dt.datetime) and pa.types.is_timestamp(kind):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    elif isinstance(value, dt.date) and pa.types.is_date(kind) and type(value) is dt.date:
        return f"DATE '{value.isoformat()}'"
    raise InputError(
        f"a value that is asked for cannot be in {column!r}, which holds {kind}",
        hint="give values of the column's type, such as text for text",
    )
