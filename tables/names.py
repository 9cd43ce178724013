"""What column names must be for every engine to keep them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from niming.errors import InputError

__all__ = ["check_names"]


def check_names(names: Sequence[object], *, where: str) -> None:
    """Raise `InputError` unless `names` are texts, not empty, and differ beyond their case.

    SQL engines rename a second ``age`` to ``age_1`` and take ``Age`` for ``age``; a schema or a
    policy would then speak of another column than its author meant.

    Examples
    --------
    >>> check_names(["age", "sex", "age"], where="people.csv")
    Traceback (most recent call last):
    ...
    niming.errors.InputError: people.csv has 2 columns named 'age'
    Hint: rename all but one
    """
    if not names:
        raise InputError(f"{where} has no columns", hint="is it the right table?")
    odd = [at for at, name in enumerate(names, 1) if not isinstance(name, str)]
    if odd:
        kinds = sorted({type(name).__name__ for name in names} - {"str"})
        raise InputError(
            f"{where} has column names that are no text: {len(odd)} of {len(names)} "
            f"({', '.join(kinds)}), the first in position {odd[0]}",
            hint="name them: df.columns = df.columns.map(str)",
        )
    texts = [str(name) for name in names]
    nameless = [str(at) for at, name in enumerate(texts, 1) if not name]
    if nameless:
        raise InputError(
            f"{where} has no name for column {', '.join(nameless)}",
            hint="give it one; if it is a row number, export without the index (index=False)",
        )
    if any("\0" in name for name in texts):
        raise InputError(f"{where} has a zero character in a column name", hint="rename it")
    for name, n in Counter(texts).items():
        if n > 1:
            raise InputError(f"{where} has {n} columns named {name!r}", hint="rename all but one")
    folded: dict[str, str] = {}
    for name in texts:
        other = folded.setdefault(name.lower(), name)
        if other != name:
            raise InputError(
                f"{where} has columns whose names differ in case alone: {other!r} and {name!r}",
                hint="rename one of them",
            )
