"""Everything that is to be looked at before a trained model leaves the house."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from niming.errors import InputError, NimingError, UnreliableWarning
from niming.measure import JSON, Measure, Result
from niming.risk.attacks.attack import check_attacks, generators
from niming.risk.attacks.statistics import normal_quantile
from niming.risk.models.attribute import AttributeInference, attribute_inference
from niming.risk.models.lira import membership_lira
from niming.risk.models.membership import ModelMembership, membership_loss
from niming.risk.models.records import Rows
from niming.risk.models.structure import (
    LEAST_DOF,
    SMALLEST_GROUP,
    Finding,
    Structure,
    structure,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["ModelReport", "check"]

Attack: TypeAlias = ModelMembership | AttributeInference
_Step: TypeAlias = Callable[[], Attack] | str


@dataclass(frozen=True, repr=False, eq=False)
class ModelReport(Result):
    """What a model keeps and gives away, made by `check`.

    Parameters
    ----------
    structure : Structure
        What the model keeps.
    findings : tuple of Finding
        What of that the thresholds forbid.
    attacks : tuple of ModelMembership or AttributeInference
    not_run : mapping of str to str
        Attacks that were not made, and why. They have not passed.
    seed : int
    """

    structure: Structure
    findings: tuple[Finding, ...]
    attacks: tuple[Attack, ...]
    not_run: Mapping[str, str]
    seed: int

    def __repr__(self) -> str:
        codes = ", ".join(sorted({f.code for f in self.findings})) or "none"
        shown = ", ".join(f"{_title(a)} {_rate(a):.3g}" for a in self.attacks) or "none"
        return (
            f"ModelReport({self.structure.model}: findings: {codes};\n"
            f"    attacks: {shown}; {len(self.not_run)} not run, "
            f"{len(self.structure.unchecked)} parts unchecked)"
        )

    @property
    def unreliable(self) -> tuple[str, ...]:
        """Names of the attacks whose results must not be built upon."""
        return tuple(_title(a) for a in self.attacks if not a.reliable)

    def measures(self) -> tuple[Measure, ...]:
        """Return the measures of the structure and of all attacks, without value if not made."""
        missing = [
            Measure(
                f"models.{name}",
                None,
                "probability",
                (0, 1),
                "lower-is-safer",
                "the attack was not made",
                "see the attack",
                why,
            )
            for name, why in ((_main(n), w) for n, w in self.not_run.items())
        ]
        made = (m for part in (self.structure, *self.attacks) for m in part.measures())
        return (*made, *missing)

    def frame(self) -> pd.DataFrame:
        """Return one row a finding, attack, attack not made, and part not checked.

        Returns
        -------
        pandas.DataFrame
            Columns ``check``, ``where``, ``what``, ``value``, ``low``, ``high``, ``baseline``,
            ``control``, ``positive_control``, ``threshold``, ``reliable``, ``reason``.
        """
        import pandas as pd

        rows: list[dict[str, object]] = [
            {"check": f.code, "where": f.path, "what": f.what, "value": f.count,
             "threshold": f.threshold, "reliable": True}
            for f in self.findings
        ]  # fmt: skip
        for attack in self.attacks:
            low, high = attack.interval
            control = attack.control if isinstance(attack, AttributeInference) else None
            rows.append(
                {"check": _title(attack), "where": "model",
                 "what": "success rate" if isinstance(attack, AttributeInference) else "AUC",
                 "value": _rate(attack), "low": low, "high": high, "baseline": attack.baseline,
                 "control": control, "positive_control": attack.positive_control,
                 "reliable": attack.reliable, "reason": "; ".join(attack.reasons)}
            )  # fmt: skip
        rows += [
            {"check": name, "where": "model", "reliable": False, "reason": f"not run: {why}"}
            for name, why in self.not_run.items()
        ]
        rows += [
            {"check": "unchecked", "where": u.path, "reliable": False, "reason": u.reason}
            for u in self.structure.unchecked
        ]
        columns = ["check", "where", "what", "value", "low", "high", "baseline", "control",
                   "positive_control", "threshold", "reliable", "reason"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures, the findings, every attack, and what was not looked at."""
        return {
            **super().to_dict(),
            "structure": self.structure.to_dict(),
            "findings": [
                {"code": f.code, "path": f.path, "what": f.what, "count": f.count,
                 "threshold": f.threshold}
                for f in self.findings
            ],
            "attacks": [a.to_dict() for a in self.attacks],
            "not_run": dict(self.not_run),
            "seed": self.seed,
        }  # fmt: skip

    def plot(self) -> Figure:
        """Draw what each attack achieves, with its interval, baseline and controls.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish, said

        if not self.attacks:
            return said("no attack was made: " + "; ".join(self.not_run.values()))
        figure, axes = blank(7, 1.4 + 0.5 * len(self.attacks))
        for y, attack in enumerate(reversed(self.attacks)):
            low, high = attack.interval
            colour = "#c0392b" if attack.reliable else "#d9a09a"
            axes.plot([low, high], [y, y], color=colour, linewidth=3)
            axes.plot([_rate(attack)], [y], "o", color=colour)
            axes.plot([attack.baseline], [y], "|", color="#555555", markersize=14)
            axes.plot([attack.positive_control], [y], "x", color="#999999")
            if isinstance(attack, AttributeInference) and attack.control is not None:
                axes.plot([attack.control], [y], "s", color="#2e86ab", markersize=4)
        names = [_title(a) + ("" if a.reliable else " *") for a in reversed(self.attacks)]
        axes.set_yticks(range(len(names)), names)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.6, len(names) - 0.4))
        axes.set_xlabel(
            "AUC or success rate: ● attack, | baseline, ■ people held out, × learnt by heart"
            + ("; * not reliable" if self.unreliable else "")
        )
        axes.set_title(f"{self.structure.model}: {len(self.findings)} findings", fontsize=10)
        return finish(figure)


def check(
    model: object,
    X_train: Rows,
    y_train: Any = None,
    *,
    X_holdout: Rows | None = None,
    y_holdout: Any = None,
    attributes: Sequence[str | int] = (),
    bounds: Mapping[str | int, tuple[float, float]] | None = None,
    n_shadows: int = 16,
    n_attacks: int = 2000,
    smallest_group: int = SMALLEST_GROUP,
    least_dof: int = LEAST_DOF,
    n_jobs: int | None = None,
    seed: int = 0,
    confidence: float = 0.95,
    progress: Callable[[int, int], None] | None = None,
) -> ModelReport:
    """Look at a trained model before it is released, for what it keeps and what it gives away.

    Parameters
    ----------
    model : fitted scikit-learn estimator
        As it would be released.
    X_train : table, ndarray, scipy sparse matrix or list of str
        All records that it was trained on.
    y_train : array of shape (n_rows,), optional
        What it was trained to predict; None for models that predict nothing.
    X_holdout, y_holdout : like `X_train` and `y_train`, optional
        People of the same population that it never saw, drawn at random before training. Without
        them no attack can be judged, and none is made.
    attributes : sequence of str or int, default ()
        Columns to infer, such as the sensitive ones; positions in an array.
    bounds : mapping of column to (float, float), optional
        Public bounds of the numbers among them.
    n_shadows : int, even, 0 or at least 4, default 16
        Models to train for the likelihood-ratio attack; 0 leaves it out.
    n_attacks : int >= 1, default 2000
        People attacked at most.
    smallest_group : int >= 1, default 5
        People in a leaf, class, cluster or category at least.
    least_dof : int, default 10
        Residual degrees of freedom of a linear model at least.
    n_jobs : int >= 1, optional
        Shadow models trained at a time; by default one a core.
    seed : int >= 0, default 0
        Same seed, same report.
    confidence : float in (0, 1), default 0.95
        Of each interval by itself.
    progress : callable, optional
        Called with the steps done and the number of steps; each shadow model is a step.

    Returns
    -------
    ModelReport
        `findings`, `structure`, `attacks`, `not_run`, `unreliable`, `frame()`, `plot()`.

    Raises
    ------
    InputError
        A model that was not fitted, no rows, or an argument out of range. What keeps one attack
        from being made is in `not_run`.

    Warns
    -----
    UnreliableWarning
        Once, if any attack is not reliable; `frame()` says which and why.

    Notes
    -----
    The structure (`structure`), membership by loss (`membership_loss`) and by likelihood ratio
    (`membership_lira`, online), and the inference of each attribute (`attribute_inference`).

    An attack that succeeds proves a leak. One that fails proves nothing about better attacks; the
    positive control tells whether it would have seen a model that learnt everybody by heart. The
    structure needs no hold-out.

    References
    ----------
    As of the four.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> rng = np.random.default_rng(0)
    >>> rows, ill = rng.normal(size=(400, 3)), rng.integers(0, 2, 400)
    >>> model = DecisionTreeClassifier(random_state=0).fit(rows[:200], ill[:200])
    >>> report = check(model, rows[:200], ill[:200], X_holdout=rows[200:], y_holdout=ill[200:],
    ...                n_shadows=4)
    >>> sorted({finding.code for finding in report.findings})
    ['many-parameters', 'one-class-leaf', 'small-leaf']
    >>> report.unreliable
    ()
    """
    check_attacks(n_attacks)
    normal_quantile(confidence)
    generators(seed, 1)
    if isinstance(attributes, str):
        raise InputError("attributes are given as a list, not as one text", hint='such as ["sex"]')
    if strangers := [b for b in bounds or {} if b not in attributes]:
        raise InputError(
            f"bounds= names {', '.join(map(repr, strangers))}, which attributes= does not",
            hint="name the column in both",
        )
    looked = structure(model, X_train, target=y_train)
    found = looked.findings(smallest_group=smallest_group, least_dof=least_dof)
    one: dict[str, Any] = {"n_attacks": n_attacks, "seed": seed, "confidence": confidence}
    lacking = "" if X_holdout is not None else "needs X_holdout=: without it, nothing is a leak"
    both = (model, X_train, X_holdout)
    target = None if y_train is None else (y_train, y_holdout)
    if target is not None and X_holdout is not None and y_holdout is None:
        lacking = "needs y_holdout="
    total = 1 + n_shadows + len(attributes)
    tell = _Progress(progress, total)
    plan: dict[str, _Step] = {}
    plan["membership"] = lacking or partial(membership_loss, *both, target=target, **one)
    plan["lira"] = (
        lacking
        or ("" if n_shadows else "n_shadows is 0")
        or partial(
            membership_lira,
            *both,
            target=target,
            n_shadows=n_shadows,
            n_jobs=n_jobs,
            progress=tell.within,
            **one,
        )
    )
    for column in attributes:
        plan[f"attribute[{column}]"] = lacking or partial(
            attribute_inference,
            *both,
            attribute=column,
            target=target,
            bounds=(bounds or {}).get(column),
            **one,
        )
    if not attributes:
        plan["attribute"] = "needs attributes="
    attacks: list[Attack] = []
    not_run: dict[str, str] = {}
    with warnings.catch_warnings():
        # Each result tells its own doubts, and the report warns once for all.
        warnings.simplefilter("ignore", UnreliableWarning)
        for name, step in plan.items():
            if isinstance(step, str):
                not_run[name] = step
                continue
            try:
                attacks.append(step())
            except NimingError as error:
                not_run[name] = error.message
            tell.done(n_shadows if name == "lira" else 1)
    report = ModelReport(looked, found, tuple(attacks), not_run, seed)
    if report.unreliable:
        warnings.warn(
            f"{len(report.unreliable)} of {len(attacks)} attacks are not reliable: "
            f"{', '.join(report.unreliable)}; frame() tells why",
            UnreliableWarning,
            stacklevel=2,
        )
    return report


class _Progress:
    """Adds the steps of an attack to those of the attacks before it."""

    def __init__(self, tell: Callable[[int, int], None] | None, total: int) -> None:
        self._tell, self._total, self._before = tell, total, 0

    def within(self, done: int, _of: int) -> None:
        if self._tell is not None:
            self._tell(self._before + done, self._total)

    def done(self, steps: int) -> None:
        self._before += steps
        self.within(0, 0)


def _title(attack: Attack) -> str:
    if isinstance(attack, AttributeInference):
        return f"attribute[{attack.about}]"
    return attack.name


def _rate(attack: Attack) -> float:
    return attack.rate if isinstance(attack, AttributeInference) else attack.auc


def _main(name: str) -> str:
    """Return the name of an attack's main measure: ``attribute[pay]`` has ``attribute.risk[pay]``.

    >>> _main("attribute[pay]"), _main("lira")
    ('attribute.risk[pay]', 'lira.auc')
    """
    stem, bracket, about = name.partition("[")
    return f"{stem}.{'risk' if stem == 'attribute' else 'auc'}{bracket}{about}"
