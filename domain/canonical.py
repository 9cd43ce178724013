"""Canonical JSON (RFC 8785): one value, one sequence of bytes, so that digests and signatures hold.

What niming signs or hashes is written by `canonical` and read by `parse`, which refuses what two
readers could understand differently: a repeated key, a number that is no number, bytes that are
not UTF-8.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import rfc8785

from niming.errors import InputError
from niming.measure import JSON

__all__ = ["canonical", "parse"]

_EXACT = 2**53 - 1
_DEEPEST = 100  # nesting of our own documents stays below 10; Python's stack ends near 1,000


def canonical(value: JSON) -> bytes:
    """Return the one JSON text of `value`, as RFC 8785 defines it.

    Parameters
    ----------
    value : JSON
        None, bool, int within ±(2^53 - 1), finite float, str, and mappings (text keys) and
        sequences of these.

    Returns
    -------
    bytes
        UTF-8, keys sorted by UTF-16 code units, no space between tokens, no newline at the end.

    Raises
    ------
    InputError
        When `value` holds something that JSON cannot say without loss. The value itself is not
        quoted, its type is.

    References
    ----------
    Rundgren, Jordan and Erdtman 2020, RFC 8785, JSON Canonicalization Scheme, section 3.2.

    Examples
    --------
    >>> canonical({"k": 5, "a": [1.0, True]})
    b'{"a":[1,true],"k":5}'
    """
    try:
        return rfc8785.dumps(_plain(value, 0))
    except rfc8785.FloatDomainError:
        problem = "a float that is infinite or not a number"
    except rfc8785.IntegerDomainError:
        problem = "an integer beyond ±(2^53 - 1)"
    except rfc8785.CanonicalizationError:
        problem = "text that is not valid Unicode"
    raise InputError(
        f"the value has no canonical JSON: it holds {problem}",
        hint="give None for what could not be computed, and text for large integers",
    )


def parse(data: bytes) -> JSON:
    """Return the JSON value of `data`, read strictly.

    Parameters
    ----------
    data : bytes
        UTF-8 text of one JSON value.

    Returns
    -------
    JSON
        With objects as dict and arrays as list. A number is an int when it is written without
        point and exponent and lies within ±(2^53 - 1), where every double is exact; else a float.

    Raises
    ------
    InputError
        When `data` is not UTF-8, not JSON, nests deeper than 100, repeats a key in an object, or
        holds NaN, Infinity or a number beyond all doubles. The text is not quoted.

    Examples
    --------
    >>> parse(b'{"a": [1, null]}')
    {'a': [1, None]}
    >>> parse(b'{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ...
    niming.errors.InputError: the text is not strict JSON: an object repeats a key
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"the text is not UTF-8: byte {error.start}") from None
    try:
        value: JSON = json.loads(
            text,
            object_pairs_hook=_once,
            parse_constant=_no_constant,
            parse_int=_whole,
            parse_float=_finite,
        )
        _plain(value, 0)
    except json.JSONDecodeError as error:
        raise InputError(
            f"the text is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise InputError(f"the text is not strict JSON: it nests deeper than {_DEEPEST}") from None
    return value


def _plain(value: object, depth: int) -> Any:
    """Return `value` with mappings as dict and sequences as list, which rfc8785 asks for."""
    if depth > _DEEPEST:
        raise InputError(f"the value has no canonical JSON: it nests deeper than {_DEEPEST}")
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise InputError("the value has no canonical JSON: a key is not text")
        return {key: _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    raise InputError(
        f"the value has no canonical JSON: it holds a {type(value).__name__}",
        hint="turn it into numbers, text, lists and dicts first",
    )


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return the object of `pairs`, refusing a key that comes twice."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise InputError("the text is not strict JSON: an object repeats a key")
    return value


def _whole(text: str) -> int | float:
    """Return an integer of JSON; beyond ±(2^53 - 1) RFC 8785 writes doubles without exponent."""
    if len(text) < 18 and abs(value := int(text)) <= _EXACT:
        return value
    return _finite(text)


def _finite(text: str) -> float:
    """Return a number of JSON, refusing one that only infinity could stand for."""
    value = float(text)
    if math.isinf(value):
        raise InputError("the text is not strict JSON: a number is beyond all doubles")
    return value


def _no_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise InputError(f"the text is not strict JSON: it holds {name}")
