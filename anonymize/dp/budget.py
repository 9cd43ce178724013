"""`Budget` and `Event`: what may be spent on a table, and the record of what was."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, NoReturn, TypeAlias

from niming.errors import BudgetExceededError, InputError
from niming.measure import JSON

__all__ = ["Budget", "Event", "Loss", "exact"]

Number: TypeAlias = int | float | str | Decimal | Fraction


def exact(value: Number, name: str = "the number") -> Fraction:
    """Return the rational number that was written: the float 0.1 is one tenth.

    A float is read through its shortest decimal text, so that ten times 0.1 is 1 and nothing is
    lost or gained by rounding.

    Parameters
    ----------
    value : int, float, Fraction, Decimal or str
        A number, or text that `fractions.Fraction` reads, such as ``"1/3"``.
    name : str
        What to call it in an error.

    Returns
    -------
    Fraction

    Raises
    ------
    InputError
        Not a finite number.

    Examples
    --------
    >>> exact(0.1) * 10, exact("1/3")
    (Fraction(1, 1), Fraction(1, 3))
    """
    if not isinstance(value, bool):
        try:
            return Fraction(str(value) if isinstance(value, float) else value)
        except (ValueError, TypeError, OverflowError, ZeroDivisionError):
            pass
    raise InputError(f"{name} is not a finite number", hint="such as 0.5, Fraction(1, 3) or '1/3'")


class Loss(NamedTuple):
    """A privacy loss (epsilon, delta), exact.

    Parameters
    ----------
    epsilon : Fraction, at least 0
    delta : Fraction in [0, 1)

    References
    ----------
    Dwork, C. and Roth, A. (2014). The Algorithmic Foundations of Differential Privacy,
    definition 2.4.

    Examples
    --------
    >>> Loss(Fraction(1, 2), Fraction(0)).epsilon
    Fraction(1, 2)
    """

    epsilon: Fraction
    delta: Fraction


@dataclass(frozen=True)
class Event:
    """What one query did with the budget: enough to account for it, nothing of the data.

    Parameters
    ----------
    query : str
        What was asked, such as ``"count"``.
    mechanism : str
        What protected it, such as ``"discrete-laplace"``.
    epsilon : Fraction, above 0
    delta : Fraction in [0, 1)
    columns : tuple of str
        Columns read.
    sensitivity, scale : Fraction or None
        In units of the answer's grid; None where the mechanism has no single one.
    unit : {"row", "person"}
        What one neighbouring table has more or less.
    max_rows_per_person : int or None
        The bound on a person's rows that the query enforced.
    neighbouring : str
        The neighbouring relation of the guarantee.
    exact : bool
        Whether the noise is exact; False for floating-point mechanisms.

    Raises
    ------
    InputError
        An epsilon or delta outside its range.

    Examples
    --------
    >>> Event("count", "discrete-laplace", Fraction(1, 2)).to_dict()["epsilon"]
    '1/2'
    """

    query: str
    mechanism: str
    epsilon: Fraction
    delta: Fraction = Fraction(0)
    columns: tuple[str, ...] = ()
    sensitivity: Fraction | None = None
    scale: Fraction | None = None
    unit: str = "row"
    max_rows_per_person: int | None = None
    neighbouring: str = "add-or-remove-one"
    exact: bool = True

    def __post_init__(self) -> None:
        if self.epsilon <= 0:
            raise InputError(f"{self.query}: epsilon is not above 0", hint="such as epsilon=0.5")
        if not 0 <= self.delta < 1:
            raise InputError(f"{self.query}: delta is outside [0, 1)", hint="such as delta=1e-9")

    def to_dict(self) -> dict[str, JSON]:
        """Return the event as a JSON-safe dict; rational numbers as text, such as ``"1/3"``."""
        return {
            "technique": "noise-addition",
            "query": self.query,
            "mechanism": self.mechanism,
            "epsilon": str(self.epsilon),
            "delta": str(self.delta),
            "columns": list(self.columns),
            "sensitivity": None if self.sensitivity is None else str(self.sensitivity),
            "scale": None if self.scale is None else str(self.scale),
            "unit": self.unit,
            "max_rows_per_person": self.max_rows_per_person,
            "neighbouring": self.neighbouring,
            "exact": self.exact,
        }


class Budget:
    """What may be learnt from one table in all: (epsilon, delta), and whom it protects.

    Sequential composition: the epsilons and the deltas of all queries add up (Dwork, Kenthapadi,
    McSherry, Mironov, Naor 2006; Dwork and Roth 2014, theorem 3.16), in exact arithmetic. A query
    that would go over is refused before the data are touched. A query that fails after it was
    charged stays charged.

    Parameters
    ----------
    epsilon : number, above 0
        A float means its decimal text: 0.1 is one tenth.
    delta : number in [0, 1), default 0
    person_id : str, optional
        The column that says whose row it is. With it the budget protects persons: every query
        bounds what one person's rows can change. Without it, it protects rows, and a person only
        if nobody has two.
    max_rows_per_person : int, at least 1
        Required with `person_id`; public, not read from the data. Rows over the bound are left
        out of an answer; rows without a person id count as those of one person.

    Notes
    -----
    The budget lives in this process and guards against mistakes, not against the person who holds
    it: they could make another. The domain's ledger keeps the events. It is safe to use from
    several threads; a copy is the same budget, and it cannot be pickled, since a copy could be
    spent twice.

    Examples
    --------
    >>> budget = Budget(1.0)
    >>> spent = budget.spend(Event("count", "discrete-laplace", exact(0.3)))
    >>> budget
    Budget(epsilon=1, delta=0, spent=3/10, unit=row, n_events=1)
    >>> budget.remaining.epsilon
    Fraction(7, 10)
    """

    def __init__(
        self,
        epsilon: Number,
        delta: Number = 0.0,
        *,
        person_id: str | None = None,
        max_rows_per_person: int | None = None,
    ) -> None:
        self.total = Loss(exact(epsilon, "epsilon"), exact(delta, "delta"))
        if self.total.epsilon <= 0 or not 0 <= self.total.delta < 1:
            raise InputError(
                "a budget needs epsilon above 0 and delta in [0, 1)",
                hint="Budget(1.0) is a common start; delta well below one over the rows",
            )
        if (person_id is None) != (max_rows_per_person is None):
            raise InputError(
                "person_id and max_rows_per_person go together",
                hint="Budget(1.0, person_id='id', max_rows_per_person=3): a public bound",
            )
        if max_rows_per_person is not None and (
            isinstance(max_rows_per_person, bool)
            or not isinstance(max_rows_per_person, int)
            or max_rows_per_person < 1
        ):
            raise InputError("max_rows_per_person is not a whole number of at least 1")
        self.person_id = person_id
        self.max_rows_per_person = max_rows_per_person
        self._events: list[Event] = []
        self._lock = threading.Lock()

    @property
    def unit(self) -> str:
        """What the budget protects: ``"person"`` or ``"row"``."""
        return "row" if self.person_id is None else "person"

    @property
    def events(self) -> tuple[Event, ...]:
        """What was spent, in order."""
        with self._lock:
            return tuple(self._events)

    @property
    def spent(self) -> Loss:
        """The sum of what was spent."""
        return _sum(self.events)

    @property
    def remaining(self) -> Loss:
        """What is left."""
        spent = self.spent
        return Loss(self.total.epsilon - spent.epsilon, self.total.delta - spent.delta)

    def check(self, event: Event) -> None:
        """Raise what `spend` would raise, without spending."""
        with self._lock:
            self._check(event)

    def spend(self, event: Event) -> Event:
        """Charge `event` and return it.

        Raises
        ------
        BudgetExceededError
            Not enough is left; nothing is charged.
        InputError
            The event protects another unit than this budget.
        """
        with self._lock:
            self._check(event)
            self._events.append(event)
        return event

    def _check(self, event: Event) -> None:
        if event.unit != self.unit:
            raise InputError(
                f"{event.query} protects a {event.unit}, and this budget a {self.unit}",
                hint="make the table one row a person, and give it a budget without person_id",
            )
        spent = _sum(self._events)
        left = Loss(self.total.epsilon - spent.epsilon, self.total.delta - spent.delta)
        if event.epsilon > left.epsilon or event.delta > left.delta:
            raise BudgetExceededError(
                f"{event.query} would spend epsilon {_short(event.epsilon)}, delta "
                f"{_short(event.delta)}; of epsilon {_short(self.total.epsilon)}, delta "
                f"{_short(self.total.delta)} there is left epsilon {_short(left.epsilon)}, delta "
                f"{_short(left.delta)}",
                hint="ask with a smaller epsilon, or reuse an earlier answer: it costs nothing",
            )

    def to_dict(self) -> dict[str, JSON]:
        """Return the ledger as a JSON-safe dict."""
        events = self.events
        spent = _sum(events)
        return {
            "epsilon": str(self.total.epsilon),
            "delta": str(self.total.delta),
            "spent_epsilon": str(spent.epsilon),
            "spent_delta": str(spent.delta),
            "unit": self.unit,
            "person_id": self.person_id,
            "max_rows_per_person": self.max_rows_per_person,
            "composition": "sequential",
            "events": [e.to_dict() for e in events],
        }

    def __repr__(self) -> str:
        events = self.events
        return (
            f"Budget(epsilon={self.total.epsilon}, delta={self.total.delta}, "
            f"spent={_sum(events).epsilon}, unit={self.unit}, n_events={len(events)})"
        )

    def __copy__(self) -> Budget:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Budget:
        return self

    def __reduce__(self) -> NoReturn:
        raise InputError(
            "a budget cannot be pickled: a copy could be spent twice",
            hint="keep it in one process (n_jobs=1), and save budget.to_dict()",
        )


def _sum(events: tuple[Event, ...] | list[Event]) -> Loss:
    return Loss(
        sum((e.epsilon for e in events), Fraction(0)), sum((e.delta for e in events), Fraction(0))
    )


def _short(value: Fraction) -> str:
    """Return an exact short text, or six digits of a long one."""
    text = str(value)
    return text if len(text) <= 12 else f"{float(value):.6g}"
