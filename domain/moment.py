"""Moments: points in time as documents write them, RFC 3339 in UTC and in one form only."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from niming.errors import InputError

__all__ = ["moment", "now", "parse_moment"]

_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


def moment(when: datetime) -> str:
    """Return a point in time as text, in UTC with ``Z``.

    Parameters
    ----------
    when : datetime
        With a time zone.

    Returns
    -------
    str
        RFC 3339; microseconds only when there are any.

    Raises
    ------
    InputError
        When `when` has no time zone: its moment is not known.

    Examples
    --------
    >>> moment(datetime(2026, 11, 23, 8, tzinfo=UTC))
    '2026-11-23T08:00:00Z'
    """
    if when.tzinfo is None:
        raise InputError("a point in time needs a time zone", hint="datetime(…, tzinfo=UTC)")
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_moment(text: object, what: str = "the time") -> datetime:
    """Return the point in time that `moment` wrote; raise InputError for any other form.

    Examples
    --------
    >>> parse_moment("2026-11-23T08:00:00Z")
    datetime.datetime(2026, 11, 23, 8, 0, tzinfo=datetime.timezone.utc)
    """
    if isinstance(text, str) and _FORM.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    raise InputError(
        f"{what} is no point in time in UTC", hint="write it as 2026-11-23T08:00:00Z (RFC 3339)"
    )


def now() -> datetime:
    """Return the present moment in UTC, by the clock of this machine."""
    return datetime.now(UTC)
