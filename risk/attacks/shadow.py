"""Membership inference by shadow releases: learn what a person's presence does to a release."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError, NimingError
from niming.risk.attacks.attack import check_attacks, generators
from niming.risk.attacks.encoding import Encoded, encode
from niming.risk.attacks.membership import Membership
from niming.risk.attacks.neighbours import nearest
from niming.risk.attacks.roc import Roc
from niming.risk.attacks.statistics import normal_quantile
from niming.tables import Source, Table, read

__all__ = ["shadow_membership"]

_BINS = 10  # of equally many records, within which two numbers count as equal
_MOST_COLUMNS = 30  # pairs of columns make the features: 465 of 30


def shadow_membership(
    original: Source,
    *,
    holdout: Source,
    make_release: Callable[[object, int], Source],
    n_targets: int = 20,
    n_shadows: int = 64,
    n_rows: int | None = None,
    columns: Sequence[str] | None = None,
    seed: int = 0,
    confidence: float = 0.95,
    progress: Callable[[int, int], None] | None = None,
) -> Membership:
    """Guess membership with an attacker who can make releases just as the owner does.

    The attacker knows the method and people of the same population. They make shadow releases with
    and without each target, learn what a target's presence does to a release, and then judge
    releases that they have not seen. This tests a way of making releases, not one release.

    Parameters
    ----------
    original : table
        The population that the judged releases are made from; targets are drawn from it.
    holdout : table
        What the attacker has: people of the same population, none of them in `original`. The
        shadow releases are made from it.
    make_release : callable
        ``make_release(table, seed)`` returns a release of a table. The table comes in the type of
        `original` (pandas in, pandas out; a dict or file as a pyarrow Table). The same table and
        seed must give the same release.
    n_targets : int >= 1, default 20
        People attacked.
    n_shadows : int >= 8, even, default 64
        Releases to learn from; as many again are judged. `make_release` is called twice this often.
    n_rows : int, optional
        Rows of each table that a release is made from. By default half of the smaller of original
        and hold-out, so that the tables differ. Of larger tables less is learnt of anybody: give
        the number of rows of the real release.
    columns : sequence of str, optional
        What the attacker looks at, at most 30 columns; by default all of the releases.
    seed : int >= 0, default 0
        Same seed, same result, if `make_release` keeps to its seed.
    confidence : float in (0, 1), default 0.95
    progress : callable, optional
        Called with the number of releases made and the number of all.

    Returns
    -------
    Membership
        `auc` over ``n_targets · n_shadows`` judgements, half of them on releases with the target.

    Raises
    ------
    ColumnNotFoundError
        A column that the hold-out or a release does not have.
    InputError
        Numbers out of range, tables too small, more than 30 columns, or a hold-out of other types.
        Any error of `make_release` but niming's own is told by its class alone, since its message
        may quote a cell.

    Warns
    -----
    UnreliableWarning
        No better than a coin, or too few judgements.

    Notes
    -----
    Each target is in exactly half of the shadow releases and half of the judged ones, drawn
    independently of the other targets; all tables have the same number of rows, so that a row
    count gives nobody away. For each target a release is summed up by the share of its records
    that equal the target in each column and in each pair of columns (numbers by tenths of the
    hold-out), the share that equals it in all, and the distance to the nearest. A logistic
    regression, one a target, learns from the shadows. Stadler et al. learn from the means and
    marginals of the whole release, and Houssiau et al. from counts that concern the target; the
    second says more about a person and is what is done here.

    The scores of all targets make one ROC curve. Whether a target is in a release is drawn
    independently of everything else, so the AUC of a useless attack is ½ on average; judgements
    of one release depend on each other, which the interval neglects.

    Cost is 2 · n_shadows calls of `make_release`.

    References
    ----------
    Stadler, Oprisanu, Troncoso 2022, "Synthetic data – anonymisation groundhog day", section 4,
    arXiv:2011.07018.
    Houssiau et al. 2022, "TAPAS: a toolbox for adversarial privacy auditing of synthetic data",
    section 4.3, arXiv:2211.06550.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> people = {"age": rng.normal(50, 9, 400), "pay": rng.normal(30, 5, 400)}
    >>> mine, theirs = ({c: v[part] for c, v in people.items()}
    ...                 for part in (slice(200), slice(200, 400)))
    >>> copied = shadow_membership(mine, holdout=theirs, make_release=lambda table, seed: table,
    ...                            n_targets=5, n_shadows=40)
    >>> copied.auc > 0.99
    True
    """
    check_attacks(n_targets)
    normal_quantile(confidence)
    if isinstance(n_shadows, bool) or n_shadows < 8 or n_shadows % 2:
        raise InputError(
            f"n_shadows is {n_shadows}", hint="an even number of at least 8, so that halves are"
        )
    people, others = read(original), read(holdout)
    others.require(people.columns, asked_by="the original (looked up in the hold-out)")
    size = _size(people.n_rows - n_targets, others.n_rows, n_targets, n_rows)
    draw, *draws = generators(seed, 3)
    chosen = np.sort(draw.choice(people.n_rows, n_targets, replace=False))
    rest = np.setdiff1d(np.arange(people.n_rows), chosen)
    design = [_half(n_shadows, n_targets, draw) for draw in draws]
    pools = (others, np.arange(others.n_rows)), (people, rest)
    tables = [
        table
        for (pool, rows), inside, draw in zip(pools, design, draws, strict=True)
        for table in _tables(people, chosen, pool, rows, inside, size, draw)
    ]
    seeds = [int(s) for s in draw.integers(0, 2**31, len(tables))]
    made: dict[str, Source] = {"targets": people.arrow().take(chosen), "holdout": others}
    for i, (table, own_seed) in enumerate(zip(tables, seeds, strict=True)):
        made[f"release {i}"] = _made(make_release, people.native(table), own_seed)
        if progress is not None:
            progress(i + 1, len(tables))
    names = columns if columns is not None else read(made["release 0"]).columns
    raw: dict[str, Source] = {f"release {i}": table for i, table in enumerate(tables)}
    fixed = {name: made[name] for name in ("targets", "holdout")}
    return Membership(
        method="shadow",
        roc=_judged(made, design, names),
        raw=_judged({**fixed, **raw}, design, [c for c in names if c in people.columns]),
        seed=seed,
        confidence=confidence,
        columns=tuple(names),
        n_shadows=n_shadows,
    ).told()


def _made(make_release: Callable[[object, int], Source], table: object, seed: int) -> Source:
    """Return a release, and of an error of the caller's own code no more than its class."""
    failure = ""
    try:
        return make_release(table, seed)
    except NimingError:
        raise
    except Exception as error:  # noqa: BLE001  # any code may stand here, and quote any cell
        failure = type(error).__name__
    raise InputError(
        f"make_release fails with {failure}",
        hint="call it by itself on such a table to read its message",
    )


def _size(n_people: int, n_others: int, n_targets: int, n_rows: int | None) -> int:
    """Return how many rows each table has, which must hold the targets and fit both pools."""
    most = min(n_people, n_others)
    size = max(most // 2, 2 * n_targets) if n_rows is None else n_rows
    if isinstance(size, bool) or not n_targets <= size <= most:
        raise InputError(
            f"tables of {size} rows, with {n_targets} targets among them, cannot be drawn from "
            f"{n_people} originals that are no targets and {n_others} held out",
            hint=f"n_rows is from {n_targets} to {max(most, n_targets)}, or take fewer targets",
        )
    return size


def _half(n: int, n_targets: int, draw: np.random.Generator) -> NDArray[np.bool_]:
    """Draw which targets are in which releases: each in exactly half, shape (n, n_targets)."""
    halves = np.tile(np.arange(n)[:, None] < n // 2, (1, n_targets))
    return draw.permuted(halves, axis=0)


def _tables(
    people: Table,
    chosen: NDArray[np.int64],
    pool: Table,
    rows: NDArray[np.int64],
    inside: NDArray[np.bool_],
    size: int,
    draw: np.random.Generator,
) -> Iterator[object]:
    """Yield a table a row of `inside`: those targets, and others of the pool up to `size` rows."""
    import pyarrow as pa

    targets, base = people.arrow(), pool.arrow(people.columns)
    try:
        base = base.cast(targets.schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise InputError(
            "the hold-out has columns of other types than the original",
            hint="draw the hold-out from the same table as the original",
        ) from None
    for members in inside:
        mine = chosen[members]
        filled = draw.choice(rows, size - len(mine), replace=False)
        both = pa.concat_tables([targets.take(mine), base.take(filled)])
        yield both.take(draw.permutation(size))


def _judged(
    tables: dict[str, Source], design: Sequence[NDArray[np.bool_]], columns: Sequence[str]
) -> Roc:
    """Learn from the first half of the releases and judge the second, target by target."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    if not 0 < len(columns) <= _MOST_COLUMNS:
        raise InputError(
            f"{len(columns)} columns to look at",
            hint=f"name at most {_MOST_COLUMNS}, those that a person's record shows most in",
        )
    shared = [c for c in columns if c in read(tables["targets"]).columns]
    made = encode(tables, columns=shared)
    edges = _edges(made.pop("holdout"))
    targets = made.pop("targets")
    summed = np.stack([_features(targets, release, edges) for release in made.values()])
    learnt, judged = design
    inside, outside = [], []
    for t in range(targets.n_rows):
        first, second = summed[: len(learnt), t], summed[len(learnt) :, t]
        scale = StandardScaler().fit(first)
        # Shrunk hard, since features outnumber shadows: on Adult this sees weak leaks best.
        model = LogisticRegression(C=0.1, max_iter=1000).fit(scale.transform(first), learnt[:, t])
        scores = model.decision_function(scale.transform(second))
        inside.append(scores[judged[:, t]])
        outside.append(scores[~judged[:, t]])
    return Roc(np.concatenate(inside), np.concatenate(outside))


def _edges(holdout: Encoded) -> list[NDArray[np.float64] | None]:
    """Return the codes between which the numbers of each column fall; None for categories."""
    out: list[NDArray[np.float64] | None] = []
    for j, column in enumerate(holdout.columns):
        codes = holdout.codes[:, j]
        known = codes[codes >= 0]
        if not column.is_numeric or not len(known):
            out.append(None)
            continue
        out.append(np.quantile(known, np.arange(1, _BINS) / _BINS))
    return out


def _features(
    targets: Encoded, release: Encoded, edges: Sequence[NDArray[np.float64] | None]
) -> NDArray[np.float64]:
    """Sum up a release as each target sees it, shape (n_targets, n_features)."""
    binned = [
        codes if edge is None else np.where(codes < 0, codes, np.searchsorted(edge, codes))
        for table in (targets, release)
        for codes, edge in zip(table.codes.T, edges, strict=True)
    ]
    ours, theirs = np.stack(binned[: len(edges)], axis=1), np.stack(binned[len(edges) :], axis=1)
    near = nearest(targets, release)[0][:, 0].astype(np.float64)
    exact = (targets.codes[:, None, :] == release.codes[None, :, :]).all(axis=2).mean(axis=1)
    upper = np.triu_indices(len(edges))  # the diagonal is the columns by themselves
    shares = []
    for own in ours:
        equal = (theirs == own).astype(np.float32)
        shares.append((equal.T @ equal)[upper] / len(theirs))
    return np.column_stack([np.array(shares), exact, near])
