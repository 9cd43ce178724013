"""The errors that niming raises on purpose: one root, a few leaves, a hint in every message.

A message names columns, counts, positions and files. It never shows a cell of the data, because
errors travel: into logs, notebooks, tickets and screenshots (article 18 of the regulation that
niming serves: raw data are invisible to the people who process them).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class NimingError(ValueError):
    """Root of every error raised on purpose; also a ``ValueError``.

    Parameters
    ----------
    message : str
        What was wrong and where, without any cell value.
    hint : str, optional
        The next step for the person who reads it.

    Attributes
    ----------
    exit_code : int
        What the command line returns: 1 refused, 2 invalid input, 3 expired or revoked,
        4 other scenario.

    Examples
    --------
    >>> raise NimingError("the table has no rows", hint="check the file")
    Traceback (most recent call last):
    ...
    niming.errors.NimingError: the table has no rows
    Hint: check the file
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.message = message
        self.hint = hint
        super().__init__(message if hint is None else f"{message}\nHint: {hint}")


class InputError(NimingError):
    """A source, file or argument that cannot be used as it is."""


class ColumnNotFoundError(InputError):
    """A column that is asked for and is not in the table."""

    @classmethod
    def among(
        cls, missing: Sequence[str], columns: Iterable[str], *, asked_by: str = "the call"
    ) -> ColumnNotFoundError:
        """Build the error for `missing` columns, with the nearest names that exist as the hint."""
        available = list(columns)
        near = {m: difflib.get_close_matches(m, available, n=1) for m in missing}
        guesses = [f"{m!r} -> {n[0]!r}" for m, n in near.items() if n]
        names = ", ".join(repr(m) for m in missing)
        hint = (
            "did you mean " + ", ".join(guesses) + "?"
            if guesses
            else "the table has the columns " + ", ".join(repr(c) for c in available[:30])
        )
        return cls(f"{asked_by} names {names}, which the table does not have", hint=hint)


class SchemaError(InputError):
    """A schema that contradicts itself or the table."""


class HierarchyError(InputError):
    """A generalisation hierarchy that is not a tree, or that lacks values of the table."""


class PolicyError(InputError):
    """A policy file that cannot be used."""


class KeyFileError(InputError):
    """A key that is unreadable, too short, of the wrong kind, or readable by others."""


class LedgerError(InputError):
    """A ledger that was changed, or that cannot be read or written."""


class SealedError(NimingError):
    """An attempt to look at the rows of a sealed table."""

    exit_code = 1


class UnsatisfiableError(NimingError):
    """A privacy goal that this table cannot reach within the limits given."""

    exit_code = 1


class BudgetExceededError(NimingError):
    """A differential-privacy query that would spend more than the budget has left."""

    exit_code = 1


class RefusedError(NimingError):
    """A release that a policy refuses."""

    exit_code = 1


class CertificateError(NimingError):
    """A certificate that does not hold for these bytes, this key, this date or this scenario.

    Parameters
    ----------
    message, hint : str
        As in `NimingError`.
    code : str
        Stable name of what failed, such as ``"file-changed"``, ``"untrusted-key"``,
        ``"expired"``, ``"revoked"`` or ``"other-scenario"``.
    """

    def __init__(self, message: str, *, code: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.exit_code = {"expired": 3, "not-yet-valid": 3, "revoked": 3, "other-scenario": 4}.get(
            code, 2
        )


class UnreliableWarning(UserWarning):
    """A number that was computed but must not be built upon, and why."""
