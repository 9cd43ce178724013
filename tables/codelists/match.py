"""Which code list the values of a column are from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.tables.codelists.codelist import NAMES
from niming.tables.codelists.tree import tidy, tree
from niming.tables.hierarchy import texts

__all__ = ["coverage", "match"]

_TELLING = re.compile(r"\d{6}|\d{9}|\d{12}|[a-t]\d{3,4}|\d(-\d\d){1,3}|[a-z]{4,}")
"""Codes that say of themselves what they are. Others are years, counts or numbers of anything."""

_MANY = 50_000
"""A column of more distinct values is from none of the lists: their forms are fewer."""

_FEW = 100


def coverage(values: Iterable[object], *, among: Sequence[str] | None = None) -> dict[str, float]:
    """Return the share of the distinct values of a column that each code list knows.

    Parameters
    ----------
    values : array-like
        Cells, or the distinct values of a column; missing ones are left out.
    among : sequence of str, optional
        Lists to look in, for a column whose header names them. Every code then counts; else only
        those that are no numbers of anything, as 1, 2 and 2019 are: region codes, A0111, 1-01-02.

    Returns
    -------
    dict of str to float in [0, 1]
        By list, in the order of `NAMES`. Empty when no value is there.

    Raises
    ------
    InputError
        `among` names a list that does not exist.

    Examples
    --------
    >>> coverage(["汉族", "满族", "火星族", None])["ethnicity"]
    0.6666666666666666
    """
    _check(among)
    distinct = sorted({t for t in texts(values) if t is not None})
    if not distinct:
        return {}
    named = among is not None
    return {
        name: float(_known(name, distinct, named).mean())
        for name in NAMES
        if among is None or name in among
    }


def match(
    values: Iterable[object], *, among: Sequence[str] | None = None, least: float = 1.0
) -> str | None:
    """Return the code list that the values of a column are from, None if they are from none.

    Parameters
    ----------
    values : array-like
        Cells, or the distinct values of a column.
    among : sequence of str, optional
        Lists to look in; see `coverage`.
    least : float in (0, 1], default 1
        Share of the distinct values that the list must know. The hierarchy of a list refuses
        values that it lacks, so less than 1 finds what a column holds, not what generalises it.

    Returns
    -------
    str or None
        One of `NAMES`, the list that knows most.

    Raises
    ------
    InputError
        `least` is not in (0, 1], or `among` names a list that does not exist.

    Examples
    --------
    >>> match([220104, 110101]), match(["本科", "大专"])
    ('region', 'education')
    >>> match([1, 2]), match([1, 2], among=["sex"])
    (None, 'sex')
    """
    if not 0 < least <= 1:
        raise InputError("least must be above 0 and at most 1", hint="such as least=0.95")
    _check(among)
    distinct = sorted({t for t in texts(values) if t is not None})
    if not 0 < len(distinct) <= _MANY:
        return None
    allowed = (1 - least) * len(distinct)
    best, most = None, 0
    for name in NAMES if among is None else among:
        # A few values tell most lists off without a look at all the others.
        if (~_known(name, distinct[:_FEW], among is not None)).sum() > allowed:
            continue
        n_known = int(_known(name, distinct, among is not None).sum())
        if n_known > most and len(distinct) - n_known <= allowed:
            best, most = name, n_known
    return best


def _check(among: Sequence[str] | None) -> None:
    unknown = [name for name in among or () if name not in NAMES]
    if unknown:
        raise InputError(f"there is no code list {unknown[0]!r}", hint="known: " + ", ".join(NAMES))


def _known(name: str, distinct: Sequence[str], named: bool) -> NDArray[np.bool_]:
    """Return which values are from the list; `named` is whether the header says so."""
    known: NDArray[np.bool_] = tree(name).find(distinct) >= 0
    if not named:
        known &= np.fromiter((_telling(t) for t in distinct), dtype=np.bool_, count=len(distinct))
    return known


def _telling(text: str) -> bool:
    key = tidy(text)
    return not key.isascii() or _TELLING.fullmatch(key) is not None
