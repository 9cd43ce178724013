"""Context: how likely is an attack on this release, and how likely does it succeed?

The quantitative method of GB/T 42460-2023: data risk from the class sizes, times environment risk
from who holds the table, how well it is guarded, and whom they know.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import JSON, Measure, Result
from niming.risk.classes import shown, suppressed_class
from niming.tables import Classes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Grade", "Mode", "ReleaseRisk", "acquaintance_risk", "release_risk"]

Mode: TypeAlias = Literal["public", "controlled", "enclave"]
"""完全公开共享, 受控公开共享, 领地公开共享."""

Grade: TypeAlias = Literal["low", "medium", "high"]

# Read in public implementations of the standard; they agree with El Emam's tables (2013,
# chapters 16 and 18). The standard's own text was not read.
_SAFE_SIZE: dict[Mode, int] = {"public": 20, "controlled": 5, "enclave": 3}
_INSIDER: dict[Grade, dict[Grade, float]] = {  # controls, then motive and capability
    "high": {"low": 0.05, "medium": 0.1, "high": 0.2},
    "medium": {"low": 0.2, "medium": 0.3, "high": 0.4},
    "low": {"low": 0.4, "medium": 0.5, "high": 0.6},
}
_BREACH: dict[Grade, float] = {"high": 0.14, "medium": 0.27, "low": 0.55}
_SOURCE = "GB/T 42460-2023, 6.3 and Annex D (second hand)"


@dataclass(frozen=True, repr=False)
class ReleaseRisk(Result):
    """Data risk times environment risk of a release, made by `release_risk`.

    Parameters
    ----------
    mode : {"public", "controlled", "enclave"}
    tau_size : int
        Smallest class size that counts as safe; the threshold τ is 1/tau_size.
    sampling_fraction : float in (0, 1]
    max_class_risk, mean_class_risk, mean_record_risk : float in (0, 1]
        Largest 1/size, its mean over classes, its mean over records.
    n_classes_below : int
        Classes smaller than `tau_size`.
    insider, acquaintance, breach : float in [0, 1], or None for a public release
        T1, T2 and T3, the three ways in which an attack comes about.
    environment : float in [0, 1]
        Largest of the three; 1 for a public release.
    """

    mode: Mode
    tau_size: int
    sampling_fraction: float
    max_class_risk: float
    mean_class_risk: float
    mean_record_risk: float
    n_classes_below: int
    insider: float | None
    acquaintance: float | None
    breach: float | None
    environment: float

    @property
    def data_risk(self) -> float:
        """Risk given an attack: the largest class risk if public, else its mean over classes."""
        return self.max_class_risk if self.mode == "public" else self.mean_class_risk

    @property
    def total(self) -> float:
        """Total risk in [0, 1]: 1 if any class is below `tau_size`, else data times environment."""
        return 1.0 if self.n_classes_below else self.data_risk * self.environment

    def measures(self) -> tuple[Measure, ...]:
        """Return the total, and each factor of it."""
        data = "largest 1/size" if self.mode == "public" else "mean of 1/size over classes"
        public = "" if self.mode != "public" else "a public release: an attack is taken as certain"
        rows: tuple[tuple[str, float | None, str, str], ...] = (
            (
                "total_risk",
                self.total,
                f"1 if any class is below {self.tau_size} records, else data_risk times "
                "environment_risk",
                "",
            ),
            ("data_risk", self.data_risk, f"re-identification given an attack: {data}", ""),
            ("environment_risk", self.environment, "an attack: largest of T1, T2, T3", ""),
            (
                "insider_risk",
                self.insider,
                "T1: a recipient tries, by controls and motive",
                public,
            ),
            (
                "acquaintance_risk",
                self.acquaintance,
                "T2: a recipient knows somebody in the table, 1 - (1 - prevalence x fraction)^m",
                public,
            ),
            ("breach_risk", self.breach, "T3: the recipient loses the table, by controls", public),
            ("max_class_risk", self.max_class_risk, "largest 1/size", ""),
            ("mean_class_risk", self.mean_class_risk, "mean of 1/size over classes", ""),
            ("mean_record_risk", self.mean_record_risk, "mean of 1/size over records", ""),
        )
        risks = tuple(
            Measure(
                f"context.{name}",
                value if not reason else None,
                "probability",
                (0, 1),
                "lower-is-safer",
                definition,
                _SOURCE,
                reason,
            )
            for name, value, definition, reason in rows
        )
        below = Measure(
            "context.n_classes_below",
            self.n_classes_below,
            "classes",
            (0, math.inf),
            "lower-is-safer",
            f"classes of fewer than {self.tau_size} records",
            _SOURCE,
        )
        return (*risks, below)

    def to_dict(self) -> dict[str, JSON]:
        """Return the measures and the answers that they rest on."""
        return {
            **super().to_dict(),
            "mode": self.mode,
            "tau_size": self.tau_size,
            "sampling_fraction": self.sampling_fraction,
        }

    def plot(self) -> Figure:
        """Draw the total risk and its factors; what does not apply is said in words.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from niming.drawing import blank, finish, instead

        rows = {
            "total": self.total,
            "data, given an attack": self.data_risk,
            "environment: an attack": self.environment,
            "T1, insider": self.insider,
            "T2, acquaintance": self.acquaintance,
            "T3, breach": self.breach,
        }
        colours = ["#c0392b", "#2e86ab", "#2e86ab", "#8fb8d0", "#8fb8d0", "#8fb8d0"]
        figure, axes = blank(7, 3)
        bars = axes.barh(list(rows), [value or 0.0 for value in rows.values()], color=colours)
        labels = ["" if value is None else f"{value:.3g}" for value in rows.values()]
        axes.bar_label(bars, labels=labels, fontsize=8, padding=2)
        for place, value in enumerate(rows.values()):
            if value is None:
                instead(axes, 0.5, place, "not weighed: an attack is taken as certain")
        axes.invert_yaxis()
        axes.set(xlim=(0, 1.1), xlabel="probability")
        below = f"classes below {self.tau_size} records: {self.n_classes_below}"
        axes.set_title(f"{self.mode} release: total risk {self.total:.3g}; {below}", fontsize=10)
        return finish(figure)


def release_risk(
    sizes: Classes | Sequence[int] | NDArray[np.int64],
    *,
    mode: Mode,
    tau_size: int | None = None,
    controls: Grade | None = None,
    motive: Grade | None = None,
    prevalence: float | None = None,
    acquaintances: int = 150,
    sampling_fraction: float = 1.0,
) -> ReleaseRisk:
    """Weigh how likely an attack on this release is, and how likely it succeeds.

    Parameters
    ----------
    sizes : Classes or ndarray of int, each >= 1
        Equivalence classes of the released table, or their sizes.
    mode : {"public", "controlled", "enclave"}
        To everybody, to a named recipient under contract, or inside the domain alone.
    tau_size : int >= 1, optional
        Smallest class size that counts as safe; 20, 5 and 3 for the three modes.
    controls : {"low", "medium", "high"}
        How well the recipient guards the table. Needed unless public, as are the next two.
    motive : {"low", "medium", "high"}
        How much the recipient would gain from an attack and is able to.
    prevalence : float in [0, 1]
        Share of people whom the original table covers, such as those with the disease.
    acquaintances : int >= 0, default 150
        People whom a recipient knows well enough to recognise.
    sampling_fraction : float in (0, 1], default 1
        Records released over records of the original. Counts only if the recipient cannot learn
        who was sampled.

    Returns
    -------
    ReleaseRisk
        `total` in [0, 1], its factors `data_risk` and `environment`, and `insider` (T1),
        `acquaintance` (T2), `breach` (T3).

    Raises
    ------
    InputError
        No classes, a size below 1, an unknown mode or grade, a share out of its range, or an
        answer that is needed and not given: none is assumed.

    Notes
    -----
    θ_j = 1/f_j for a class of f_j records; R_max its largest value, R_avg its mean over classes.
    Any class with f_j < `tau_size` makes the total 1; that is θ_j > τ, compared as whole numbers
    because 1/3 > 0.33. Else public: R_max; otherwise R_avg · max(T1, T2, T3).

    T1 by controls and motive (high .05/.1/.2, medium .2/.3/.4, low .4/.5/.6 for a low, medium and
    high motive); T2 = 1 − (1 − p·s)^m, with p prevalence, s sampling fraction, m acquaintances:
    an acquaintance is in the release if covered and drawn; T3 .14/.27/.55 by controls.

    R_avg is over classes, as the standard has it; over records it can be many times smaller or
    larger, so `mean_record_risk` stands beside it. If `sizes` are Classes that know which records
    are fully suppressed, R_avg and the mean over records are taken with and without that class,
    and the larger stays.

    References
    ----------
    GB/T 42460-2023, 6.3 and Annex D, as public implementations have it. El Emam 2013, "Guide to
    the de-identification of personal health information", chapters 16 and 18.

    Examples
    --------
    >>> risk = release_risk([5] * 10, mode="controlled", controls="high", motive="medium",
    ...                     prevalence=1e-4)
    >>> risk.data_risk, risk.insider, round(risk.acquaintance, 4), risk.breach
    (0.2, 0.1, 0.0149, 0.14)
    >>> round(risk.total, 3)
    0.028
    """
    if mode not in _SAFE_SIZE:
        raise InputError(
            f"there is no mode {mode!r}", hint="modes are 'public', 'controlled' and 'enclave'"
        )
    if tau_size is None:
        tau_size = _SAFE_SIZE[mode]
    elif isinstance(tau_size, bool) or not isinstance(tau_size, int) or tau_size < 1:
        raise InputError(
            "tau_size must be a whole number of records, at least 1",
            hint="leave it out for the standard's own: 20, 5 and 3 for the three modes",
        )
    if not 0 < sampling_fraction <= 1:
        raise InputError(
            "sampling_fraction must be above 0 and at most 1",
            hint="1 if every record of the original is released",
        )
    hidden: int | None = None
    if isinstance(sizes, Classes):
        hidden = suppressed_class(sizes)
        size = sizes.size
    else:
        size = whole_sizes(sizes)
    rest = shown(size, hidden)
    readings = [size, rest] if rest.size else [size]
    ways: tuple[float | None, float | None, float | None] = (None, None, None)
    if mode != "public":
        ways = _ways(controls, motive, prevalence, acquaintances, sampling_fraction)
    return ReleaseRisk(
        mode=mode,
        tau_size=tau_size,
        sampling_fraction=float(sampling_fraction),
        max_class_risk=1 / int(size.min()),
        mean_class_risk=max(_mean_over_classes(s) for s in readings),
        mean_record_risk=max(len(s) / int(s.sum()) for s in readings),
        n_classes_below=int(np.count_nonzero(size < tau_size)),
        insider=ways[0],
        acquaintance=ways[1],
        breach=ways[2],
        environment=max((w for w in ways if w is not None), default=1.0),
    )


def acquaintance_risk(
    prevalence: float, *, acquaintances: int = 150, sampling_fraction: float = 1.0
) -> float:
    """Return how likely a recipient knows at least one person in the release (T2).

    1 − (1 − prevalence · sampling_fraction)^acquaintances.

    Parameters
    ----------
    prevalence : float in [0, 1]
        Share of the population that has what the release is about; not checked.
    acquaintances : int >= 0, default 150
        How many people a recipient knows well enough to recognise.
    sampling_fraction : float in [0, 1], default 1.0
        Share of those concerned that is in the release; not checked.

    Returns
    -------
    float in [0, 1]

    References
    ----------
    As of `release_risk`: GB/T 42460-2023, Annex D; El Emam 2013.

    Examples
    --------
    >>> [round(acquaintance_risk(0.01, sampling_fraction=s), 3) for s in (1, 0.5, 0.1, 0.05)]
    [0.779, 0.529, 0.139, 0.072]
    """
    p = prevalence * sampling_fraction
    if p >= 1:
        return 1.0 if acquaintances else 0.0
    return -math.expm1(acquaintances * math.log1p(-p))


def _mean_over_classes(size: NDArray[np.int64] | NDArray[np.float64]) -> float:
    """Return the mean of 1/size; equal sizes give 1/size itself, without rounding on the way."""
    sizes, n_classes = np.unique(size, return_counts=True)
    return math.fsum((n_classes / sizes).tolist()) / len(size)


def whole_sizes(sizes: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Return class sizes as an array; raise unless they are whole numbers from 1 on."""
    size = np.asarray(sizes)
    if size.ndim != 1 or not size.size:
        raise InputError("there are no classes", hint="give the sizes of the released classes")
    if size.dtype.kind not in "iu" or int(size.min()) < 1:
        raise InputError(
            "class sizes are whole numbers of records, at least 1",
            hint="give one number a class, not a share",
        )
    return size.astype(np.int64, copy=False)


def _ways(
    controls: Grade | None,
    motive: Grade | None,
    prevalence: float | None,
    acquaintances: int,
    sampling_fraction: float,
) -> tuple[float, float, float]:
    """Return T1, T2 and T3."""
    for name, grade in (("controls", controls), ("motive", motive)):
        if grade not in ("low", "medium", "high"):
            raise InputError(
                f"{name} must be 'low', 'medium' or 'high' unless the release is public",
                hint="the environment is judged by a person: niming assumes no answer",
            )
    if prevalence is None or not 0 <= prevalence <= 1:
        raise InputError(
            "prevalence must be in [0, 1] unless the release is public",
            hint="the share of people whom the original table covers, such as 0.001",
        )
    if isinstance(acquaintances, bool) or not isinstance(acquaintances, int) or acquaintances < 0:
        raise InputError(
            "acquaintances must be a whole number of people, at least 0",
            hint="leave it out for 150, the people whom one knows well",
        )
    assert controls is not None
    assert motive is not None
    known = acquaintance_risk(
        prevalence, acquaintances=acquaintances, sampling_fraction=sampling_fraction
    )
    return _INSIDER[controls][motive], known, _BREACH[controls]
