"""Privacy models: which equivalence classes may be released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.risk.l_diversity import Diversity
from niming.risk.t_closeness import Closeness
from niming.tables import Classes, Hierarchy

__all__ = ["SLACK", "KAnonymity", "LDiversity", "Model", "TCloseness"]

SLACK = 1e-12  # a float on its threshold satisfies it


@dataclass(frozen=True)
class KAnonymity:
    """Every class has at least `k` records.

    Parameters
    ----------
    k : int, 1 or more

    References
    ----------
    Sweeney 2002, "k-anonymity: a model for protecting privacy", doi:10.1142/S0218488502001648.

    Examples
    --------
    >>> from niming.tables import count
    >>> classes = count({"sex": ["F", "M", "F"]}, ["sex"]).classes(["sex"])
    >>> KAnonymity(2).satisfied(classes)
    array([ True, False])
    """

    k: int

    def __post_init__(self) -> None:
        if isinstance(self.k, bool) or not isinstance(self.k, (int, np.integer)) or self.k < 1:
            raise InputError("k is not a whole number of at least 1", hint="such as k=5")

    @property
    def columns(self) -> tuple[str, ...]:
        """No sensitive column."""
        return ()

    def satisfied(self, classes: Classes) -> NDArray[np.bool_]:
        """Return for each class whether it has at least k records."""
        return classes.size >= self.k


@dataclass(frozen=True)
class LDiversity:
    """Every class has at least `l` well-represented values of a sensitive column.

    Parameters
    ----------
    sensitive : str
    l : float, 1 or more
        A whole number except for ``"entropy"``.
    kind : {"distinct", "entropy", "recursive"}, default "distinct"
    c : float, optional
        Of recursive (c, l)-diversity, positive; only there, and there required.

    Notes
    -----
    distinct: number of values ≥ l. entropy: exp(−Σ p ln p) ≥ l. recursive, with frequencies
    r₁ ≥ r₂ ≥ … ≥ r_m: m ≥ l and r₁ < c (r_l + … + r_m), where l = 1 always holds. A missing
    sensitive value counts as a value. Measured by `niming.risk.l_diversity`.

    References
    ----------
    Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam 2007, "l-diversity",
    doi:10.1145/1217299.1217302, definitions 4.1 to 4.3.

    Examples
    --------
    >>> from niming.tables import count
    >>> table = {"town": ["A", "A", "B", "B"], "illness": ["flu", "none", "flu", "flu"]}
    >>> classes = count(table, ["town", "illness"]).classes(["town"])
    >>> LDiversity("illness", 2).satisfied(classes)
    array([ True, False])
    """

    sensitive: str
    l: float  # noqa: E741  (the field's word)
    kind: Literal["distinct", "entropy", "recursive"] = "distinct"
    c: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in ("distinct", "entropy", "recursive"):
            raise InputError(
                f"unknown kind of l-diversity {self.kind!r}",
                hint="one of distinct, entropy, recursive",
            )
        if not (np.isfinite(self.l) and self.l >= 1):
            raise InputError(f"l is {self.l}", hint="l is at least 1, such as l=3")
        if self.kind != "entropy" and self.l != int(self.l):
            raise InputError(f"l is {self.l}", hint=f"{self.kind} l-diversity counts: a whole l")
        if (self.c is not None) != (self.kind == "recursive"):
            raise InputError(
                "c belongs to recursive l-diversity, and only to it",
                hint='such as LDiversity("disease", 3, kind="recursive", c=2)',
            )
        if self.c is not None and not (np.isfinite(self.c) and self.c > 0):
            raise InputError(f"c is {self.c}", hint="c is positive, such as c=2")

    @property
    def columns(self) -> tuple[str, ...]:
        """The sensitive column."""
        return (self.sensitive,)

    def satisfied(self, classes: Classes) -> NDArray[np.bool_]:
        """Return for each class whether it is l-diverse."""
        return np.asarray(self.measured(classes) >= self.l * (1 - SLACK), dtype=np.bool_)

    def measured(self, classes: Classes) -> NDArray[np.float64]:
        """Return the l of each class."""
        found = Diversity.of(classes, self.sensitive, kind=self.kind, c=self.c)
        return found.per_class.astype(np.float64)


@dataclass(frozen=True)
class TCloseness:
    """In every class a sensitive column is distributed nearly as in the whole table.

    Parameters
    ----------
    sensitive : str
    t : float in [0, 1]
        Largest earth mover's distance allowed.
    distance : {"equal", "ordered"} or Hierarchy, default "equal"
        How far one value is from another: all the same; steps along the ascending values over
        the number of steps; or the height of the lowest common label over the height of the tree.

    Notes
    -----
    The whole table includes records that are suppressed later. A missing sensitive value counts
    as a value. Measured by `niming.risk.t_closeness`.

    References
    ----------
    Li, Li, Venkatasubramanian 2007, "t-closeness", doi:10.1109/ICDE.2007.367856, section 5.

    Examples
    --------
    >>> from niming.tables import count
    >>> table = {"town": ["A", "A", "B", "B"], "illness": ["flu", "none", "flu", "flu"]}
    >>> classes = count(table, ["town", "illness"]).classes(["town"])
    >>> TCloseness("illness", 0.2).satisfied(classes)
    array([False, False])
    """

    sensitive: str
    t: float
    distance: Literal["equal", "ordered"] | Hierarchy = "equal"

    def __post_init__(self) -> None:
        if not 0 <= self.t <= 1:
            raise InputError(f"t is {self.t}", hint="t lies between 0 and 1, such as t=0.2")
        if not isinstance(self.distance, Hierarchy) and self.distance not in ("equal", "ordered"):
            raise InputError(
                f"unknown distance {self.distance!r}", hint="equal, ordered, or a Hierarchy"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The sensitive column."""
        return (self.sensitive,)

    def satisfied(self, classes: Classes) -> NDArray[np.bool_]:
        """Return for each class whether it is t-close."""
        return np.asarray(self.measured(classes) <= self.t + SLACK, dtype=np.bool_)

    def measured(self, classes: Classes) -> NDArray[np.float64]:
        """Return the distance of each class from the whole table."""
        return Closeness.of(classes, self.sensitive, distance=self.distance).per_class


Model: TypeAlias = KAnonymity | LDiversity | TCloseness
"""A condition on equivalence classes: `columns` it looks at, and `satisfied(classes)`."""
