"""Membership by likelihood ratio: how unusual is this loss, for this very record?"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.risk.attacks.attack import check_attacks, generators
from niming.risk.attacks.roc import Roc
from niming.risk.attacks.statistics import normal_quantile
from niming.risk.models.by_heart import ByHeart
from niming.risk.models.membership import ModelMembership
from niming.risk.models.records import Records, Rows, Target, check_target, checked_model, paired
from niming.risk.models.sample import sample_of
from niming.risk.models.signals import FAILURES, Kind, kind_of, signal

__all__ = ["membership_lira"]

_FEWEST_SHADOWS = 4
_OWN_VARIANCE = 64  # shadows from which each record has a variance of its own (Carlini, VI.C)
_FLOOR = 1e-6  # of the spread of all statistics: a variance is at least this


def membership_lira(
    model: object,
    members: Rows,
    non_members: Rows,
    *,
    target: Target = None,
    auxiliary: Rows | None = None,
    variant: Literal["online", "offline"] = "online",
    n_shadows: int = 16,
    n_attacks: int = 2000,
    n_jobs: int | None = None,
    seed: int = 0,
    confidence: float = 0.95,
    progress: Callable[[int, int], None] | None = None,
) -> ModelMembership:
    """Guess membership with models trained by the attacker, with and without each record.

    The attacker knows how the model was made (the estimator and its settings) and has people of
    the same population. For each record they learn what such models say of it when it was in the
    training data and when it was not, and ask which of the two this model resembles.

    Parameters
    ----------
    model : fitted scikit-learn estimator
        As for `membership_loss`. It is cloned, so that its settings must say how it was trained;
        of a search the best estimator is cloned.
    members, non_members : table, ndarray, scipy sparse matrix or list of str
        All records that the model was trained on, and records that it never saw.
    target : str, int, tuple of arrays, or None
        A column, or the values for members, non-members and `auxiliary`, if there is one.
    auxiliary : like `members`, optional
        Further people to train shadow models on; none of them in the two tables.
    variant : {"online", "offline"}, default "online"
        Online compares models with and without the record (Carlini et al., algorithm 1); offline
        only asks how unusual the model is among those without it (section V.C).
    n_shadows : int >= 4, even, default 16
        Models to train. Carlini et al. take 256; the attack grows stronger with more.
    n_attacks : int >= 1, default 2000
        Members attacked, drawn at random, and as many non-members; fewer if either has fewer.
    n_jobs : int >= 1, optional
        Models trained at a time; by default one a core. The result does not depend on it.
    seed : int >= 0, default 0
        Same seed, same result. It also seeds the shadow models.
    confidence : float in (0, 1), default 0.95
    progress : callable, optional
        Called with the number of models trained and the number of all.

    Returns
    -------
    ModelMembership
        As of `membership_loss`, with `n_shadows` and `n_shadow_rows`.

    Raises
    ------
    ColumnNotFoundError
        A target that the tables do not have.
    InputError
        As for `membership_loss`; and a model that cannot be trained anew, because a part of it
        is frozen or its training fails on half of the records.

    Warns
    -----
    UnreliableWarning
        As for `membership_loss`.

    Notes
    -----
    Members, non-members and auxiliary records are put together, and every two shadow models are
    trained on the two halves of a random split: each record is in exactly half of the models,
    which all have equally many rows. With φ the statistic of `niming.risk.models.signals` (the
    logit of the confidence in the true class, the margin, or the residual) the score is

    - online: ln N(φ; μ_in, σ_in²) − ln N(φ; μ_out, σ_out²)
    - offline: (φ − μ_out) / σ_out, which orders records as the one-sided test does; of a
      regressor with φ = −|f(x) − y|

    and for a model that shows labels only the ratio of two Bernoulli probabilities, each
    estimated with one success and one failure added. Means are those of the record. Variances
    are those of the record from 64 shadows on and the mean over all records below, as the
    authors found best. One query a record, without augmentation.

    The shadows have half of all records: if there are more members than others, fewer than the
    model itself had.

    The positive control is the same attack on a model that learns its records by heart.

    Cost is that of training n_shadows models. After Ctrl-C only those in training are waited for.

    References
    ----------
    Carlini, Chien, Nasr, Song, Terzis, Tramèr 2022, "Membership inference attacks from first
    principles", algorithm 1, sections V.C and VI.C, arXiv:2112.03570.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> rng = np.random.default_rng(0)
    >>> rows, ill = rng.normal(size=(400, 3)), rng.integers(0, 2, 400)
    >>> model = DecisionTreeClassifier(random_state=0).fit(rows[:200], ill[:200])
    >>> found = membership_lira(model, rows[:200], rows[200:], target=(ill[:200], ill[200:]))
    >>> found.auc > 0.7, found.n_shadow_rows
    (True, 200)
    """
    checked_model(model)
    check_attacks(n_attacks)
    normal_quantile(confidence)
    if variant not in ("online", "offline"):
        raise InputError("variant must be 'online' or 'offline'", hint="online is the stronger")
    if isinstance(n_shadows, bool) or n_shadows < _FEWEST_SHADOWS or n_shadows % 2:
        raise InputError(
            f"n_shadows is {n_shadows}", hint="an even number of at least 4; 16 is a good start"
        )
    if n_jobs is not None and (isinstance(n_jobs, bool) or n_jobs < 1):
        raise InputError(f"n_jobs is {n_jobs}", hint="at least 1, or None for one a core")
    draw, judge, halves, seeds = generators(seed, 4)
    kind = kind_of(model)
    recipe = _recipe(model)
    one, other, more = _tables(members, non_members, auxiliary, target)
    if kind != "density":
        check_target(one, other)
    sample = sample_of(one, other, n_attacks, draw, judge)
    pool = one.followed_by(other)
    if more is not None:
        pool = pool.followed_by(more)
    asked = np.concatenate([sample.mine, one.n_rows + sample.theirs])
    candidates = pool.take(asked)
    inside = _design(pool.n_rows, n_shadows, halves)
    shadows = _trained(
        recipe,
        pool,
        candidates,
        inside,
        kind,
        [int(s) for s in seeds.integers(0, 2**31, n_shadows)],
        n_jobs or _cores(),
        progress,
    )
    keys = pool.keys()
    recalled = np.stack(
        [
            ByHeart(keys[rows], None if pool.target is None else pool.target[rows], kind)
            .signal(keys[asked], candidates.target)
            .statistic
            for rows in inside
        ]
    )
    by_heart = ByHeart(one.keys(), one.target, kind).signal(keys[asked], candidates.target)
    found = signal(model, candidates, kind).statistic
    seen, n = inside[:, asked], len(sample.mine)
    attack, control = (
        _scored(shown, of_shadows, seen, kind, variant)
        for shown, of_shadows in ((found, shadows), (by_heart.statistic, recalled))
    )
    return ModelMembership(
        method="lira-online" if variant == "online" else "lira-offline",
        model=type(model).__name__,
        shows=kind,
        roc=Roc(attack[:n], attack[n:]),
        raw=Roc(control[:n], control[n:]),
        blind=sample.blind,
        seed=seed,
        confidence=confidence,
        n_shadows=n_shadows,
        n_shadow_rows=pool.n_rows // 2,
        faults=sample.faults,
    ).told()


def _tables(
    members: Rows, non_members: Rows, auxiliary: Rows | None, target: Target
) -> tuple[Records, Records, Records | None]:
    if not isinstance(target, tuple):
        one, other = paired(members, non_members, target)
        more = None if auxiliary is None else paired(members, auxiliary, target)[1]
        return one, other, more
    wanted = 2 if auxiliary is None else 3
    if len(target) != wanted:
        raise InputError(
            f"{len(target)} targets for {wanted} tables",
            hint="give those of members, of non-members, and of the auxiliary table if any",
        )
    one, other = paired(members, non_members, (target[0], target[1]))
    if auxiliary is None:
        return one, other, None
    return one, other, paired(members, auxiliary, (target[0], target[2]))[1]


def _recipe(model: Any) -> Any:
    """Return an untrained copy of the model, or refuse one that cannot be trained anew."""
    from sklearn.base import clone

    made = getattr(model, "best_estimator_", model)
    for name, value in made.get_params(deep=True).items():
        short = name.rsplit("__", 1)[-1]
        if (
            type(value).__name__ == "FrozenEstimator"
            or (short == "cv" and isinstance(value, str) and value == "prefit")
            or (short == "prefit" and value is True)
        ):
            raise InputError(
                f"a part of the model was trained beforehand ({name})",
                hint="shadow models need all of it anew: give a pipeline of untrained parts",
            )
    if type(made).__name__ == "FrozenEstimator":
        raise InputError("the model is frozen", hint="give the estimator inside")
    return clone(made)


def _design(n_rows: int, n_shadows: int, draw: np.random.Generator) -> NDArray[np.bool_]:
    """Draw who is in which model: the two halves of a split make a pair of models."""
    inside = np.zeros((n_shadows, n_rows), dtype=bool)
    size = n_rows // 2
    for pair in range(0, n_shadows, 2):
        order = draw.permutation(n_rows)
        inside[pair, order[:size]] = True
        inside[pair + 1, order[size:]] = True
    return inside


def _trained(
    recipe: Any,
    pool: Records,
    candidates: Records,
    inside: NDArray[np.bool_],
    kind: Kind,
    seeds: list[int],
    n_jobs: int,
    progress: Callable[[int, int], None] | None,
) -> NDArray[np.float64]:
    """Train the shadow models and return what each says of each candidate."""
    from sklearn.base import clone
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    out = np.empty((len(inside), candidates.n_rows))
    named = [p for p in recipe.get_params(deep=True) if p.split("__")[-1] == "random_state"]

    def train(j: int) -> None:
        shadow = clone(recipe).set_params(**dict.fromkeys(named, seeds[j]))
        rows = pool.take(np.flatnonzero(inside[j]))
        failure = ""
        try:
            shadow.fit(rows.rows) if rows.target is None else shadow.fit(rows.rows, rows.target)
        except FAILURES as error:
            failure = type(error).__name__  # its message may quote a cell, so it is let go
        if failure:
            raise InputError(
                f"training a shadow model on {rows.n_rows} records fails with {failure}",
                hint="give more records, or membership_loss, which trains none",
            )
        out[j] = signal(shadow, candidates, kind).statistic

    # One thread of linear algebra a model: models are trained beside each other already.
    with warnings.catch_warnings(), threadpool_limits(1, user_api="blas"):
        # A shadow that stops early stops as the model did, which warned its maker.
        warnings.simplefilter("ignore", ConvergenceWarning)
        workers = ThreadPoolExecutor(n_jobs)
        try:
            work = [workers.submit(train, j) for j in range(len(inside))]
            for done, future in enumerate(as_completed(work)):
                future.result()
                if progress is not None:
                    progress(done + 1, len(inside))
        finally:
            workers.shutdown(cancel_futures=True)
    return out


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _scored(
    shown: NDArray[np.float64],
    shadows: NDArray[np.float64],
    seen: NDArray[np.bool_],
    kind: Kind,
    variant: str,
) -> NDArray[np.float64]:
    """Return how much more each record looks like a member than like another."""
    if kind == "error" and variant == "offline":
        shown, shadows = -np.abs(shown), -np.abs(shadows)
    if kind == "label":
        right_in, right_out = (
            (np.sum(shadows * part, axis=0) + 1) / (part.sum(axis=0) + 2) for part in (seen, ~seen)
        )
        if variant == "offline":
            return np.asarray(shown - right_out)
        wrong = np.log((1 - right_in) / (1 - right_out))
        return np.asarray(np.where(shown > 0.5, np.log(right_in / right_out), wrong))
    floor = _FLOOR * float(np.var(shadows)) + np.finfo(float).tiny
    mean_in, variance_in = _moments(shadows, seen, floor)
    mean_out, variance_out = _moments(shadows, ~seen, floor)
    unusual = (shown - mean_out) / np.sqrt(variance_out)
    if variant == "offline":
        return np.asarray(unusual)
    usual = (shown - mean_in) / np.sqrt(variance_in)
    ratio: NDArray[np.float64] = (
        unusual**2 - usual**2 + np.log(variance_out) - np.log(variance_in)
    ) / 2
    return ratio


def _moments(
    shadows: NDArray[np.float64], part: NDArray[np.bool_], floor: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean of each record over these models, and its variance."""
    n = part.sum(axis=0)
    mean = np.sum(shadows * part, axis=0) / n
    spread = np.sum(np.where(part, shadows - mean, 0.0) ** 2, axis=0)
    if len(shadows) < _OWN_VARIANCE:
        return mean, np.full(len(n), max(float(spread.sum() / (n - 1).sum()), floor))
    return mean, np.maximum(spread / (n - 1), floor)
