"""Simple random sampling without replacement."""

from __future__ import annotations

import numpy as np

from niming.errors import InputError
from niming.sampling.sample import WEIGHT, Sample, take
from niming.tables import Source, read

__all__ = ["generator", "simple", "size_of"]


def simple(
    source: Source,
    *,
    n: int | None = None,
    fraction: float | None = None,
    seed: int,
    weight: str | None = WEIGHT,
) -> Sample:
    """Draw rows so that every set of that many rows is equally likely.

    Parameters
    ----------
    source : table
        Anything that `niming.tables.read` takes; a file larger than memory is streamed.
    n : int in [1, rows], optional
        Rows to draw. Give this or `fraction`.
    fraction : float in (0, 1], optional
        Share to draw, rounded to whole rows, at least one.
    seed : int, at least 0
        Same seed, same rows, whatever the engine.
    weight : str or None, default ``"design_weight"``
        Name of the column of design weights N/n; None for no such column.

    Returns
    -------
    Sample

    Raises
    ------
    InputError
        Both or neither of `n` and `fraction`, more rows than there are, an empty table, or a
        column of the weight's name.

    References
    ----------
    Cochran 1977, *Sampling Techniques*, section 2.1; PCG64 (O'Neill 2014) over row numbers.

    Examples
    --------
    >>> drawn = simple({"town": ["A", "B", "C", "D"]}, n=2, seed=7)
    >>> drawn, drawn.weights
    (Sample(2 of 4 rows, simple), array([2., 2.]))
    """
    table = read(source)
    size = size_of(table.n_rows, n, fraction)
    positions = generator(seed).choice(table.n_rows, size, replace=False, shuffle=False)
    positions = np.sort(positions.astype(np.int64))
    weights = np.full(size, table.n_rows / size)
    drawn = take(table, positions, weights, weight)
    return Sample(drawn, positions, weights, table.n_rows, "simple", seed)


def size_of(n_rows: int, n: int | None, fraction: float | None) -> int:
    """Return how many rows to draw, or say what is wrong with the wish."""
    if (n is None) == (fraction is None):
        raise InputError("give exactly one of n and fraction", hint="such as fraction=0.05")
    if n_rows == 0:
        raise InputError("the table has no rows", hint="check the file or the filter before it")
    if fraction is not None:
        if not 0 < fraction <= 1:
            raise InputError("fraction is outside (0, 1]", hint="0.05 draws five in a hundred")
        return max(1, round(n_rows * fraction))
    assert n is not None
    if not 1 <= n <= n_rows:
        raise InputError(f"n is {n}, and the table has {n_rows} rows", hint="draw 1 to all of them")
    return n


def generator(seed: int) -> np.random.Generator:
    """Return the generator of a seed: PCG64, the same on every machine."""
    if isinstance(seed, bool) or seed < 0:
        raise InputError("the seed is not a whole number of at least 0", hint="such as seed=7")
    return np.random.Generator(np.random.PCG64(seed))
