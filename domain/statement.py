"""The in-toto statement: these files, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from niming.domain.canonical import canonical, parse
from niming.domain.fingerprint import Fingerprint
from niming.errors import InputError
from niming.measure import JSON

__all__ = ["read_statement", "write_statement"]

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"


def write_statement(
    predicate_type: str, subjects: Sequence[Fingerprint], predicate: Mapping[str, JSON]
) -> bytes:
    """Return the canonical JSON of an in-toto Statement v1.

    Parameters
    ----------
    predicate_type : str
        URI that says how to read the predicate.
    subjects : sequence of Fingerprint
        At least one, each name once; sorted by name here.
    predicate : mapping

    Returns
    -------
    bytes

    Raises
    ------
    InputError
        When there is no subject, a name comes twice, or the predicate has no canonical JSON.

    References
    ----------
    in-toto attestation framework, Statement v1; RFC 8785.

    Examples
    --------
    >>> text = write_statement("urn:x:1", [Fingerprint("a.csv", "0" * 64, "1" * 64)], {"n": 1})
    >>> read_statement(text, "urn:x:1")[1]
    {'n': 1}
    """
    _once(subjects)
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": [s.to_dict() for s in sorted(subjects, key=lambda s: s.name)],
            "predicateType": predicate_type,
            "predicate": predicate,
        }
    )


def read_statement(
    payload: bytes, predicate_type: str
) -> tuple[tuple[Fingerprint, ...], Mapping[str, JSON]]:
    """Return the subjects and the predicate of a statement.

    Raises
    ------
    InputError
        When `payload` is not what `write_statement` writes, or has another predicate type.
    """
    content = parse(payload)
    if not isinstance(content, Mapping) or set(content) != _FIELDS:
        raise InputError(f"the statement is not an object with {', '.join(sorted(_FIELDS))}")
    if content["_type"] != STATEMENT_TYPE:
        raise InputError("the statement is not an in-toto Statement v1")
    if content["predicateType"] != predicate_type:
        raise InputError(f"the statement is not of the type {predicate_type}")
    listed, predicate = content["subject"], content["predicate"]
    if not isinstance(listed, list) or not isinstance(predicate, Mapping):
        raise InputError("the statement has no list of subjects and no predicate object")
    subjects = tuple(Fingerprint.from_dict(subject) for subject in listed)
    _once(subjects)
    if write_statement(predicate_type, subjects, predicate) != payload:
        raise InputError("the statement is not canonical JSON")
    return subjects, predicate


_FIELDS = {"_type", "subject", "predicateType", "predicate"}


def _once(subjects: Sequence[Fingerprint]) -> None:
    names = [subject.name for subject in subjects]
    if not names or len(set(names)) < len(names):
        raise InputError("a statement has subjects, each name once")
