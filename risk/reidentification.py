"""Re-identification: how likely does an attacker find the right person?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from niming.errors import InputError
from niming.measure import JSON, Measure, Result
from niming.risk.classes import Missing, Numbers, classes_of, match_sizes, suppressed_class, tallied
from niming.risk.joint import Joint
from niming.tables import Classes, Counts, Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Attacker", "Reidentification", "reidentification"]

_NO_POPULATION = "neither a population table nor sampling weights were given"
_SOURCE = "El Emam 2013, chapter 16; Dankar and El Emam 2010, section 2"


@dataclass(frozen=True)
class Attacker:
    """What one attacker achieves; all fields None, with a reason, if that cannot be computed.

    Parameters
    ----------
    highest : float in (0, 1]
        Probability of the right match for the least protected record.
    mean_over_records : float in (0, 1]
        The same for a record taken at random: the expected share of records matched rightly.
    mean_over_classes : float in (0, 1]
        The same for a class taken at random.
    n_records_at_risk, n_classes_at_risk : int
        Those whose class is below the threshold size.
    reason : str

    Examples
    --------
    >>> data = {"age": [34, 34, 51], "sex": ["F", "F", "M"]}
    >>> attacker = reidentification(data, quasi_identifiers=["age", "sex"]).prosecutor
    >>> attacker.highest, round(attacker.mean_over_records, 3)
    (1.0, 0.667)
    """

    highest: float | None = None
    mean_over_records: float | None = None
    mean_over_classes: float | None = None
    n_records_at_risk: int | None = None
    n_classes_at_risk: int | None = None
    reason: str = ""


@dataclass(frozen=True, repr=False)
class Reidentification(Result):
    """Three attackers' chances, made by `reidentification`.

    Parameters
    ----------
    prosecutor : Attacker
        Looks for one person of whom they know to be in the table.
    journalist : Attacker
        Looks for anybody, of whom they know only to be in the population.
    marketer : Attacker
        Matches all records at once; `mean_over_records` is the share that is matched rightly.
    threshold_size : int
        A class is at risk if it is smaller.
    basis : {"population table", "sampling weights", "none"}
        Where the population's class sizes came from. With "none" the marketer is given for a
        table that holds the whole population.
    n_suppressed : int
        Records whose quasi-identifiers are all suppressed, counted as one class.
    missing : {"own-value", "matches-anything"}
    """

    prosecutor: Attacker
    journalist: Attacker
    marketer: Attacker
    threshold_size: int
    basis: str
    n_suppressed: int
    missing: Missing = "own-value"

    @classmethod
    def of(
        cls,
        classes: Classes,
        *,
        threshold_size: int = 5,
        population: Source | Counts | Joint | None = None,
        missing: Missing = "own-value",
    ) -> Reidentification:
        """Measure equivalence classes; with weights or a population, the population's as well."""
        if isinstance(threshold_size, bool) or not isinstance(threshold_size, int):
            raise InputError(
                "threshold_size is a class size, a whole number of records",
                hint="5 for a probability of 0.2",
            )
        if threshold_size < 1:
            raise InputError("threshold_size must be at least 1", hint="5 for a probability of 0.2")
        if missing not in ("own-value", "matches-anything"):
            raise InputError(
                "missing must be 'own-value' or 'matches-anything'",
                hint="certification uses the stricter, 'own-value'",
            )
        records = classes.size
        size: Numbers = records if missing == "own-value" else match_sizes(classes, records)
        basis, reason = "none", _NO_POPULATION
        outside: Numbers | None = None
        if population is not None:
            basis = "population table"
            outside = Joint.of(classes, population).sizes_of_table(missing=missing)
        elif classes.weight is not None:
            weight = classes.weight
            people = weight if missing == "own-value" else match_sizes(classes, weight)
            outside, basis = np.maximum(people, size), "sampling weights"
            if short := int(np.count_nonzero(people < size * (1 - 1e-9))):
                reason = (
                    f"the weights sum to less than the records in {short} classes, so they are "
                    "not numbers of people represented"
                )
                outside = None
        prosecutor = _attacker(size, records, threshold_size)
        journalist = Attacker(reason=reason)
        if outside is not None:
            journalist = _attacker(outside, records, threshold_size)
        hidden = suppressed_class(classes)
        return cls(
            prosecutor=prosecutor,
            journalist=journalist,
            marketer=prosecutor if outside is None else journalist,
            threshold_size=threshold_size,
            basis=basis if outside is not None else "none",
            n_suppressed=0 if hidden is None else int(records[hidden]),
            missing=missing,
        )

    def measures(self) -> tuple[Measure, ...]:
        """Return the prosecutor's and the journalist's five numbers and the marketer's one."""
        stem = "reidentification" + (".matching" if self.missing == "matches-anything" else "")
        small = f"whose class has fewer than {self.threshold_size} records"
        basis = "" if self.basis == "none" else f", by {self.basis}"
        at_sizes = {
            "prosecutor": "1 / class size in the table",
            "journalist": f"1 / class size in the population{basis}",
        }
        whole = ", as if the table held the whole population" if self.basis == "none" else ""
        rows: list[tuple[str, float | int | None, str, str, str]] = []
        for name, chance in at_sizes.items():
            attacker: Attacker = getattr(self, name)
            why = attacker.reason
            rows += [
                (f"{name}.highest", attacker.highest, "probability", f"largest {chance}", why),
                (
                    f"{name}.mean_over_records",
                    attacker.mean_over_records,
                    "probability",
                    f"mean over records of {chance}",
                    why,
                ),
                (
                    f"{name}.mean_over_classes",
                    attacker.mean_over_classes,
                    "probability",
                    f"mean over classes of {chance}",
                    why,
                ),
                (
                    f"{name}.n_records_at_risk",
                    attacker.n_records_at_risk,
                    "records",
                    f"records {small}",
                    why,
                ),
                (
                    f"{name}.n_classes_at_risk",
                    attacker.n_classes_at_risk,
                    "classes",
                    f"classes {small}",
                    why,
                ),
            ]
        rows.append(
            (
                "marketer.mean_over_records",
                self.marketer.mean_over_records,
                "share of records",
                f"expected share of records matched rightly{whole}",
                self.marketer.reason,
            )
        )
        return tuple(
            Measure(
                f"{stem}.{name}",
                value,
                unit,
                (0, math.inf if unit in ("records", "classes") else 1),
                "lower-is-safer",
                definition,
                _SOURCE,
                why,
            )
            for name, value, unit, definition, why in rows
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the threshold and where the population came from."""
        return {
            **super().to_dict(),
            "threshold_size": self.threshold_size,
            "basis": self.basis,
            "n_suppressed": self.n_suppressed,
            "missing": self.missing,
        }

    def __repr__(self) -> str:
        prosecutor, journalist = (_shown(a) for a in (self.prosecutor, self.journalist))
        return (
            f"Reidentification(prosecutor: {prosecutor},\n  journalist: {journalist},\n"
            f"  marketer: {_shown(self.marketer, 'mean_over_records')}; "
            f"threshold_size={self.threshold_size}, basis={self.basis!r})"
        )

    def plot(self) -> Figure:
        """Draw the chances of the three attackers; what is not available is said in words.

        Of the marketer, who matches all records at once, there is one number.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish, instead

        kinds = {
            "highest": "#c0392b",
            "mean_over_records": "#2e86ab",
            "mean_over_classes": "#8fb8d0",
        }
        attackers = {
            "prosecutor": (self.prosecutor, tuple(kinds)),
            "journalist": (self.journalist, tuple(kinds)),
            "marketer": (self.marketer, ("mean_over_records",)),
        }
        figure, axes = blank(7, 3.4)
        for place, (attacker, shown) in enumerate(attackers.values()):
            if attacker.reason:
                instead(axes, place, 0.5, f"not available: {attacker.reason}", width=26)
                continue
            for j, kind in enumerate(shown):
                bar = axes.bar(
                    place + 0.27 * (j - (len(shown) - 1) / 2),
                    getattr(attacker, kind),
                    width=0.25,
                    color=kinds[kind],
                    label=kind.replace("_", " ") if place == 0 else None,
                )
                axes.bar_label(bar, fmt="{:.3g}", fontsize=8)
        axes.set_xticks(range(len(attackers)), list(attackers))
        axes.set(ylim=(0, 1.1), xlim=(-0.6, 2.6), ylabel="probability of the right match")
        basis = "no population known" if self.basis == "none" else f"population from {self.basis}"
        axes.set_title(f"re-identification; {basis}", fontsize=10)
        axes.legend(frameon=False, fontsize=8)
        return finish(figure)


def reidentification(
    source: Source | Counts,
    *,
    quasi_identifiers: Sequence[str],
    threshold_size: int = 5,
    population: Source | Counts | None = None,
    weight: str | None = None,
    suppressed: str | None = None,
    missing: Missing = "own-value",
) -> Reidentification:
    """Measure how likely a prosecutor, a journalist and a marketer find the right person.

    Parameters
    ----------
    source : table or Counts
        Anything that `niming.read` takes, at least one row.
    quasi_identifiers : sequence of str
        Columns that an outsider could know; at least one.
    threshold_size : int >= 1, default 5
        A class is at risk if it is smaller. A size and not a probability, so that nothing turns
        on how 1/11 and 0.09 are rounded.
    population : table or Counts, optional
        The people from whom the table was drawn, with the same quasi-identifiers generalised in
        the same way. Values are compared as text.
    weight : str, optional
        Column of sampling weights, each the number of people whom a record stands for; for tables
        only. A population table, if given, is used instead.
    suppressed : str, optional
        Text that marks a suppressed cell, such as ``"*"``; for tables only.
    missing : {"own-value", "matches-anything"}, default "own-value"
        A missing or suppressed cell, in whichever of the two tables, is a value of its own, or
        agrees with every value.

    Returns
    -------
    Reidentification
        `prosecutor`, `journalist` and `marketer`, each an `Attacker`.

    Raises
    ------
    ColumnNotFoundError
        A column that a table does not have.
    InputError
        No quasi-identifiers, no rows, weights that are missing or not positive, a population with
        fewer people in a class than the table has records (classes counted).

    Notes
    -----
    Let class j have f_j records and F_j people, of J classes and n records.

    - prosecutor: 1/f_j; its mean over records is J/n, over classes (1/J) Σ 1/f_j. Both are called
      average risk, and they can be an order apart: policies name which.
    - journalist: 1/F_j; mean over records (1/n) Σ f_j/F_j. Not available, rather than 0 or the
      prosecutor's, if nothing tells F_j; also if the weights of a class sum to less than f_j.
    - marketer: (1/n) Σ f_j/F_j, and J/n for a table that holds the whole population, which is
      never less.

    Records whose quasi-identifiers are all suppressed are one class, as in ARX, and count. A
    population table knows no suppressed records; that class's F_j is then taken as f_j.

    References
    ----------
    El Emam 2013, "Guide to the de-identification of personal health information", chapter 16.
    Dankar and El Emam 2010, "A method for evaluating marketer re-identification risk",
    doi:10.1145/1754239.1754271.

    Examples
    --------
    >>> table = {"sex": ["F", "F", "F", "M"]}
    >>> risk = reidentification(table, quasi_identifiers=["sex"], threshold_size=2)
    >>> risk.prosecutor.highest, risk.prosecutor.mean_over_records
    (1.0, 0.5)
    >>> risk.journalist.highest, risk.journalist.reason
    (None, 'neither a population table nor sampling weights were given')
    >>> town = {"sex": ["F"] * 6 + ["M"] * 4}
    >>> reidentification(table, quasi_identifiers=["sex"], population=town).journalist.highest
    0.25
    """
    classes = classes_of(
        source, quasi_identifiers=quasi_identifiers, weight=weight, suppressed=suppressed
    )
    return Reidentification.of(
        classes, threshold_size=threshold_size, population=population, missing=missing
    )


def _shown(attacker: Attacker, *kinds: str) -> str:
    """Return an attacker's probabilities of a record, or why there are none."""
    if attacker.reason:
        return f"not available ({attacker.reason})"
    kinds = kinds or ("highest", "mean_over_records")
    return ", ".join(f"{kind}={getattr(attacker, kind):.6g}" for kind in kinds)


def _attacker(size: Numbers, records: Numbers, threshold_size: int) -> Attacker:
    """Return the numbers of an attacker whose chance is 1/size for each record of a class."""
    # Through the distinct sizes, so that equal classes give 1/size itself and sums are short.
    sizes, n_classes, n_records = tallied(size, records)
    below = size < threshold_size
    return Attacker(
        highest=min(1.0, 1 / float(sizes[0])),
        mean_over_records=min(1.0, math.fsum((n_records / sizes).tolist()) / float(records.sum())),
        mean_over_classes=min(1.0, math.fsum((n_classes / sizes).tolist()) / len(size)),
        n_records_at_risk=int(records[below].sum()),
        n_classes_at_risk=int(np.count_nonzero(below)),
    )
