"""A = K × S × E: is a release of health data anonymised, given who gets it and what guards it?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import JSON, Measure, Result
from niming.risk.context.questionnaire import Questionnaire
from niming.risk.context.release import whole_sizes
from niming.tables import Classes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["HealthKSE", "health_kse"]

_SOURCE = "健康医疗数据匿名化技术规范（试行）, A = K x S x E (second hand)"


@dataclass(frozen=True, repr=False)
class HealthKSE(Result):
    """A = K × S × E of a release, made by `health_kse`; exact rational numbers.

    Parameters
    ----------
    k : int
        K, records in the smallest class.
    recipients : str
    s : Fraction
        S, one over the class size that these recipients ask for.
    e : Fraction in [0, 1]
        E, how many of the safeguards are in place.
    """

    k: int
    recipients: str
    s: Fraction
    e: Fraction

    @property
    def a(self) -> Fraction:
        """A = K × S × E. The standard calls a release anonymised from 1 on."""
        return self.k * self.s * self.e

    @property
    def sufficient_k(self) -> int | None:
        """Smallest K with A ≥ 1 for these recipients and safeguards; None if E is 0."""
        return None if self.e == 0 else math.ceil(1 / (self.s * self.e))

    def measures(self) -> tuple[Measure, ...]:
        """Return A and its three factors."""
        rows: tuple[tuple[str, int | float, str, float, str], ...] = (
            ("kse_a", float(self.a), "ratio", math.inf, "K x S x E"),
            ("kse_k", self.k, "records", math.inf, "K: records in the smallest class"),
            ("kse_s", float(self.s), "ratio", 1, f"S: recipients are {self.recipients}"),
            ("kse_e", float(self.e), "share of items", 1, "E: safeguards in place"),
        )
        return tuple(
            Measure(
                f"context.{name}", value, unit, (0, most), "higher-is-safer", definition, _SOURCE
            )
            for name, value, unit, most, definition in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, and A, S and E as fractions."""
        exact = {"a": str(self.a), "s": str(self.s), "e": str(self.e)}
        return {**super().to_dict(), "recipients": self.recipients, "exact": exact}

    def plot(self) -> Figure:
        """Draw K beside the K that would be sufficient.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish, said

        enough = self.sufficient_k
        if enough is None:
            return said("E is 0: an indispensable safeguard is missing, no K is sufficient")
        figure, axes = blank(6, 2)
        bars = axes.barh(["K", "sufficient K"], [self.k, enough], color=["#2e86ab", "#8fb8d0"])
        axes.bar_label(bars, fontsize=8, padding=2)
        axes.invert_yaxis()
        axes.set(xlabel="records in the smallest class")
        axes.set_title(f"A = {self.k} x {self.s} x {self.e} = {float(self.a):.3g}", fontsize=10)
        return finish(figure)


def health_kse(
    sizes: Classes | Sequence[int] | NDArray[np.int64],
    *,
    recipients: str,
    e: Fraction | int | str = 1,
    questionnaire: Questionnaire | None = None,
) -> HealthKSE:
    """Multiply class size, recipients and safeguards to the A of the health-data standard.

    Parameters
    ----------
    sizes : Classes or ndarray of int, each >= 1
        Equivalence classes of the released table, or their sizes.
    recipients : {"same-group", "across-groups", "external", "several-external", "public"}
        Who receives the data: S = 1/3, 1/4, 1/5, 1/6, 1/20.
    e : Fraction, int or str in [0, 1], default 1
        Safeguards in place, such as ``"19/20"``; `Answers.e` of a questionnaire. No float,
        because A is compared with 1.
    questionnaire : Questionnaire, optional
        Whose sizes hold; those of the one that ships if not given.

    Returns
    -------
    HealthKSE
        `a`, `k`, `s`, `e`, and `sufficient_k`.

    Raises
    ------
    InputError
        No classes, a size below 1, unknown recipients, or an `e` that is no fraction in [0, 1].

    Notes
    -----
    A = K · S · E with K = min f_j, in rational numbers, so that 3 · (1/3) · 1 is 1. The fully
    suppressed records are a class of their own, the stricter reading.

    The standard's text was not at hand: formula and S come from software that implements it, in
    which E was shown as 1 only. How E is computed is therefore ours, see `Questionnaire`.

    References
    ----------
    健康医疗数据匿名化技术规范（试行）, as implemented in software of July 2026.

    Examples
    --------
    >>> health_kse([3, 9], recipients="same-group").a
    Fraction(1, 1)
    >>> partly = health_kse([5, 9], recipients="external", e="9/10")
    >>> partly.a, partly.sufficient_k
    (Fraction(9, 10), 6)
    """
    listed = (questionnaire or Questionnaire.load()).recipients
    size = next((o.size for o in listed if o.id == recipients), None)
    if size is None:
        raise InputError(
            f"there are no recipients {recipients!r}",
            hint="recipients are " + ", ".join(o.id for o in listed),
        )
    if isinstance(e, bool) or not isinstance(e, int | str | Fraction):
        raise InputError("e must be a fraction, no float", hint='such as 1, "9/10" or Answers.e')
    try:
        share = Fraction(e)
    except (ValueError, ZeroDivisionError):
        raise InputError("e must be a fraction in [0, 1]", hint='such as 1 or "9/10"') from None
    if not 0 <= share <= 1:
        raise InputError("e must be a fraction in [0, 1]", hint='such as 1 or "9/10"')
    class_sizes = sizes.size if isinstance(sizes, Classes) else whole_sizes(sizes)
    if not class_sizes.size:
        raise InputError("there are no classes", hint="measure a table with at least one row")
    return HealthKSE(int(class_sizes.min()), recipients, Fraction(1, size), share)
