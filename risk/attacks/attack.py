"""What every attack returns: four rates, the risk between them, and whether to believe it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError, UnreliableWarning
from niming.measure import JSON, Measure, Result
from niming.risk.attacks.encoding import Encoded, encode
from niming.risk.attacks.statistics import (
    Trials,
    beats,
    excess,
    excess_interval,
    normal_quantile,
)
from niming.tables import MISSING, Source
from niming.tables.grouping import group

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "FEWEST_ROWS",
    "AttackResult",
    "Tables",
    "check_attacks",
    "equal_rows",
    "generators",
    "tables_of",
]

FEWEST_ROWS = 100
_FEWEST_ATTACKS = 30  # with fewer even no success at all leaves a rate of a tenth open
"""Tables with fewer rows than this let no attack be judged."""

_OVERLAP = 0.05  # share of the hold-out in the original that is passed over: it hides no more risk
_SURE = 0.999

_Direction: TypeAlias = Literal["higher-is-safer", "lower-is-safer", "higher-is-better"]

_SOURCE = "Giomi et al. 2023, risk against a control"


@dataclass(frozen=True, repr=False, eq=False)
class AttackResult(Result):
    """How often an attack on a release succeeds, and how much of that is the release's doing.

    Parameters
    ----------
    name : str
        Such as ``"linkability"``; the measures are called ``attacks.<name>.risk`` and so on.
    attack : Trials
        Against the people in the original table.
    naive : Trials
        The best guess without the attack, against the same people.
    held_out : Trials or None
        The attack against as many people who are not in the original table; None without them.
    raw : Trials
        The attack on the original records posing as the release: can it succeed at all?
    n_rows : int
        Rows of the smallest table, of original, released and hold-out.
    seed : int
        Same seed, same result.
    confidence : float in (0, 1)
        Level of all intervals.
    columns : tuple of str
        What was compared.
    about : str
        The sensitive column of an attack that has one.
    faults : tuple of str
        Further reasons to doubt the result, which the attack itself knows.
    settings : mapping
        What else the attack was told or chose, such as how many neighbours it looked at.
    reference : str
    """

    name: str
    attack: Trials
    naive: Trials
    held_out: Trials | None
    raw: Trials
    n_rows: int
    seed: int
    confidence: float = 0.95
    columns: tuple[str, ...] = ()
    about: str = ""
    faults: tuple[str, ...] = ()
    settings: Mapping[str, JSON] = field(default_factory=dict)
    reference: str = _SOURCE

    def __post_init__(self) -> None:
        normal_quantile(self.confidence)
        if self.held_out is not None and self.held_out.n != self.attack.n:
            raise InputError(
                f"{self.attack.n} attacks against {self.held_out.n} on the hold-out",
                hint="make equally many: the rates of unequal sizes cannot be compared",
            )

    @property
    def n_attacks(self) -> int:
        """Number of attacks made."""
        return self.attack.n

    @property
    def n_success(self) -> int:
        """Number of attacks that succeeded."""
        return self.attack.n_success

    @property
    def rate(self) -> float:
        """Share of attacks that succeeded."""
        return self.attack.rate

    @property
    def interval(self) -> tuple[float, float]:
        """Confidence interval of `rate`."""
        return self.attack.interval(self.confidence)

    @property
    def baseline(self) -> float:
        """Success rate of the best guess without the attack."""
        return self.naive.rate

    @property
    def control(self) -> float | None:
        """Success rate against people who are not in the original; None without a hold-out."""
        return None if self.held_out is None else self.held_out.rate

    @property
    def positive_control(self) -> float:
        """Success rate of the attack on the original posing as the release."""
        return self.raw.rate

    @property
    def risk(self) -> float | None:
        """What the attack achieves beyond the control, in [0, 1]; None if that is undefined."""
        return None if self.held_out is None else excess(self.attack, self.held_out)

    @property
    def risk_interval(self) -> tuple[float, float] | None:
        """Confidence interval of `risk`; None where the risk is."""
        if self.held_out is None:
            return None
        return excess_interval(self.attack, self.held_out, self.confidence)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the result must not be built upon; empty if it may be."""
        found = []
        if self.held_out is None:
            found.append("without a hold-out, what holds for everybody counts as leaked")
        elif self.risk is None:
            found.append("the attack always succeeds on the hold-out, which leaves nothing to leak")
        if self.n_rows < FEWEST_ROWS:
            found.append(f"a table has {self.n_rows} rows, fewer than {FEWEST_ROWS}")
        if self.n_attacks < _FEWEST_ATTACKS:
            found.append(f"{self.n_attacks} attacks could be made, fewer than {_FEWEST_ATTACKS}")
        if not beats(self.attack, self.naive, self.confidence):
            found.append(
                f"the attack succeeds in {self.rate:.3f} of {self.n_attacks} cases and a guess "
                f"without it in {self.baseline:.3f}, a difference that chance can make: it shows "
                "nothing"
            )
        return (*found, *self.faults)

    @property
    def reliable(self) -> bool:
        """Whether the risk may be built upon."""
        return not self.reasons

    def told(self, *, stacklevel: int = 3) -> AttackResult:
        """Return the result, and warn the caller of the attack if it is not reliable."""
        if not self.reliable:
            title = f"{self.name} on {self.about!r}" if self.about else self.name
            warnings.warn(
                f"{title}: {'; '.join(self.reasons)}", UnreliableWarning, stacklevel=stacklevel
            )
        return self

    def measures(self) -> tuple[Measure, ...]:
        """Return the risk, its upper end, and the four rates; no risk where it is unreliable."""
        reasons = "; ".join(self.reasons)
        risk = None if reasons else self.risk
        upper = None if reasons or self.risk_interval is None else self.risk_interval[1]
        level = f"{self.confidence:g}"
        rows: list[tuple[str, float | None, _Direction, str, str]] = [
            (
                "risk",
                risk,
                "lower-is-safer",
                "(rate - control) / (1 - control), at least 0",
                reasons,
            ),
            (
                "risk_upper",
                upper,
                "lower-is-safer",
                f"upper end of the {level} confidence interval of the risk",
                reasons,
            ),
            ("rate", self.rate, "lower-is-safer", "share of attacks that succeed", ""),
            (
                "baseline",
                self.baseline,
                "lower-is-safer",
                "share of guesses without the attack that succeed",
                "",
            ),
            (
                "control",
                self.control,
                "lower-is-safer",
                "share of attacks that succeed on people outside the original table",
                "" if self.held_out is not None else "no hold-out was given",
            ),
            (
                "positive_control",
                self.positive_control,
                "higher-is-better",
                "share of attacks that succeed on the original posing as the release",
                "",
            ),
        ]
        suffix = f"[{self.about}]" if self.about else ""
        return tuple(
            Measure(
                f"attacks.{self.name}.{part}{suffix}",
                value,
                "probability",
                (0, 1),
                direction,
                definition,
                self.reference,
                why,
            )
            for part, value, direction, definition, why in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the intervals, the numbers of trials, the seed and the doubts."""
        tried = {
            "attack": self.attack,
            "baseline": self.naive,
            "control": self.held_out,
            "positive_control": self.raw,
        }
        return {
            **super().to_dict(),
            "attack": self.name,
            "about": self.about,
            "columns": list(self.columns),
            "settings": dict(self.settings),
            "reliable": self.reliable,
            "reasons": list(self.reasons),
            "confidence": self.confidence,
            "interval": list(self.interval),
            "risk_interval": None if self.risk_interval is None else list(self.risk_interval),
            "trials": {
                name: None if t is None else {"n_success": t.n_success, "n": t.n}
                for name, t in tried.items()
            },
            "n_rows": self.n_rows,
            "seed": self.seed,
        }

    def __repr__(self) -> str:
        shown = "not reliable" if not self.reliable else _with_interval(self.risk_interval)
        value = "not available" if self.risk is None else f"{self.risk:.3g}"
        name = f"{self.name}[{self.about}]" if self.about else self.name
        control = "not available" if self.control is None else f"{self.control:.3g}"
        return (
            f"AttackResult({name}: risk={value} {shown}, rate={self.rate:.3g}, "
            f"baseline={self.baseline:.3g},\n    control={control}, "
            f"positive_control={self.positive_control:.3g}, n_attacks={self.n_attacks})"
        )

    def plot(self) -> Figure:
        """Draw the four rates with their confidence intervals.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish, instead

        rows = [
            ("positive control: raw data", self.raw, "#999999"),
            ("baseline: a guess", self.naive, "#999999"),
            ("control: people held out", self.held_out, "#2e86ab"),
            ("attack on the release", self.attack, "#c0392b"),
        ]
        figure, axes = blank(7, 2.6)
        for y, (_, trials, colour) in enumerate(rows):
            if trials is None:
                instead(axes, 0.5, y, "no hold-out was given")
                continue
            low, high = trials.interval(self.confidence)
            axes.plot([low, high], [y, y], color=colour, linewidth=2)
            axes.plot([trials.rate], [y], "o", color=colour)
        axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.5, len(rows) - 0.5), xlabel="success rate")
        name = f"{self.name} of {self.about}" if self.about else self.name
        risk = "not available" if self.risk is None else f"{self.risk:.3f}"
        doubt = "" if self.reliable else " (not reliable)"
        axes.set_title(f"{name}: risk {risk}{doubt}", fontsize=10)
        return finish(figure)


class Tables(NamedTuple):
    """The tables of an attack, encoded together.

    Attributes
    ----------
    original, released : Encoded
    holdout : Encoded or None
    """

    original: Encoded
    released: Encoded
    holdout: Encoded | None

    @property
    def n_rows(self) -> int:
        """Rows of the smallest table."""
        tables = [t for t in self if t is not None]
        return min(t.n_rows for t in tables)

    def strangers(self, names: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the columns in which no known value of the release occurs in the original.

        Only categories count: that is how a generalised column looks beside a raw one, and no
        comparison on it tells anything.
        """
        found = []
        for j, column in enumerate(self.original.columns):
            if column.is_numeric or (names and column.name not in names):
                continue
            one, other = self.original.codes[:, j], self.released.codes[:, j]
            if not np.isin(one[one >= 0], other).any():
                found.append(column.name)
        return tuple(found)

    def overlaps(self) -> bool:
        """Return whether the hold-out holds people of the original, so that it controls nothing.

        A row of the hold-out has an equal in the original about as often as a row of the original
        has an equal among the others; people who are in both make it more often.
        """
        if self.holdout is None:
            return False
        rows = np.concatenate([self.original.codes, self.holdout.codes])
        found = group(rows, [c.n_values for c in self.original.columns], lowest=MISSING)
        n, size = self.original.n_rows, len(found.first)
        in_original = np.bincount(found.group_of[:n], minlength=size)
        shared = int(np.count_nonzero(in_original[found.group_of[n:]]))
        doubled = int(np.count_nonzero(in_original[found.group_of[:n]] > 1))
        outside, inside = Trials(shared, self.holdout.n_rows), Trials(doubled, n)
        return outside.rate > inside.rate + _OVERLAP and beats(outside, inside, _SURE)

    def faults(self, names: Sequence[str] = ()) -> tuple[str, ...]:
        """Say of `strangers` and `overlaps` what to do about them."""
        found = []
        if columns := self.strangers(names):
            listed = ", ".join(map(repr, columns))
            found.append(
                f"no value of {listed} in the release occurs in the original: leave it out by "
                "columns=, or generalise original and hold-out as the release was"
            )
        if self.overlaps():
            found.append(
                "the hold-out holds rows of the original: hold out people whom the release was "
                "not made from"
            )
        return tuple(found)


def tables_of(
    original: Source,
    released: Source,
    holdout: Source | None,
    *,
    columns: Sequence[str] | None = None,
) -> Tables:
    """Encode the tables of an attack together.

    Parameters
    ----------
    original, released : table
    holdout : table or None
    columns : sequence of str, optional
        By default the columns of the release that all tables have.

    Returns
    -------
    Tables

    Examples
    --------
    >>> made = tables_of({"age": [34, 51]}, {"age": [34]}, None)
    >>> made.n_rows, made.strangers()
    (1, ())
    """
    tables = {"released": released, "original": original}
    if holdout is not None:
        tables["holdout"] = holdout
    made = encode(tables, columns=columns)
    return Tables(made["original"], made["released"], made.get("holdout"))


def equal_rows(
    n_original: int, n_holdout: int, most: int, draw: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw equally many rows of original and hold-out.

    Parameters
    ----------
    n_original, n_holdout : int >= 1
        Rows of either table.
    most : int >= 1
        Rows of each at most.
    draw : numpy.random.Generator

    Returns
    -------
    tuple of two ndarray of shape (min(n_original, n_holdout, most),), int64
        Ascending row numbers.

    Examples
    --------
    >>> rows, others = equal_rows(5, 3, 10, np.random.default_rng(0))
    >>> len(rows), others.tolist()
    (3, [0, 1, 2])
    """
    n = min(n_original, n_holdout, most)
    first = np.sort(draw.choice(n_original, n, replace=False))
    return first.astype(np.int64), np.sort(draw.choice(n_holdout, n, replace=False)).astype(
        np.int64
    )


def generators(seed: int, n: int) -> list[np.random.Generator]:
    """Return independent generators of a seed, so that no part of an attack moves another.

    Parameters
    ----------
    seed : int >= 0
    n : int
        How many; the first are the same for any number.

    Returns
    -------
    list of numpy.random.Generator

    Raises
    ------
    InputError
        A seed that is not a whole number of at least 0.

    Examples
    --------
    >>> len(generators(7, 3))
    3
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError("the seed is not a whole number of at least 0", hint="such as seed=7")
    return [np.random.Generator(np.random.PCG64(s)) for s in np.random.SeedSequence(seed).spawn(n)]


def check_attacks(n_attacks: int) -> None:
    """Refuse a number of attacks that cannot be made.

    Parameters
    ----------
    n_attacks : int

    Raises
    ------
    InputError
        Not a whole number of at least 1.

    Examples
    --------
    >>> check_attacks(2000)
    """
    if isinstance(n_attacks, bool) or not isinstance(n_attacks, (int, np.integer)) or n_attacks < 1:
        raise InputError(
            "n_attacks is not a whole number of at least 1",
            hint="2000 tell a rate to within 0.022 at a confidence of 0.95",
        )


def _with_interval(interval: tuple[float, float] | None) -> str:
    low, high = interval or (math.nan, math.nan)
    return f"[{low:.3g}, {high:.3g}]"
