"""What the records of a transformation say was done to a column, in words of one spelling."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from niming.errors import InputError
from niming.measure import JSON

__all__ = ["CIPHERS", "CODED", "HASHED", "KEYED", "Declared", "check_records", "declared",
           "technique_of"]  # fmt: skip

KEYED = ("pseudonymisation", "tokenisation")
HASHED = ("hashing", "salted-hashing")
CIPHERS = (
    "format-preserving-encryption", "order-preserving-encryption", "deterministic-encryption",
    "encryption",
)  # fmt: skip
CODED = (*KEYED, *HASHED, *CIPHERS)
"""Techniques that put codes in the place of values."""

_OTHERS = (
    "suppression", "local-suppression", "record-suppression", "masking", "generalisation",
    "rounding", "top-and-bottom-coding", "aggregation", "microaggregation", "permutation",
    "noise-addition", "sampling", "synthetic-data", "none",
)  # fmt: skip
"""Techniques of ISO/IEC 20889 that leave no codes."""

_SPELLINGS = {
    "pseudonym": "pseudonymisation", "pseudonyms": "pseudonymisation", "token": "tokenisation",
    "hash": "hashing", "hashed": "hashing", "salted-hash": "salted-hashing",
    "fpe": "format-preserving-encryption", "ope": "order-preserving-encryption",
    "masked": "masking", "suppressed": "suppression", "generalised": "generalisation",
    "micro-aggregation": "microaggregation", "noise": "noise-addition",
    "synthetic": "synthetic-data",
}  # fmt: skip
"""Other words for the same, after case, z and spaces are settled."""


@dataclass(frozen=True)
class Declared:
    """What the records say of a column whose values were replaced by codes.

    Parameters
    ----------
    technique : str
        One of `CODED`.
    algorithm : str
        In small letters; empty if it is not told.
    key : str
        Id of the key; empty if it is not told.
    domain : int or None
    """

    technique: str
    algorithm: str
    key: str
    domain: int | None


def technique_of(record: Mapping[str, JSON]) -> str | None:
    """Return the technique of a record in the spelling of ISO/IEC 20889; None if it is unknown.

    Parameters
    ----------
    record : dict
        Of a transformation, with ``technique`` in any case, with z or s, spaces or hyphens.

    Returns
    -------
    str or None

    References
    ----------
    ISO/IEC 20889:2018, clauses 8 and 9.

    Examples
    --------
    >>> technique_of({"technique": "Format preserving_encryption"})
    'format-preserving-encryption'
    >>> technique_of({"technique": "Pseudonymization"}), technique_of({"technique": "rot13"})
    ('pseudonymisation', None)
    """
    told = record.get("technique")
    if not isinstance(told, str):
        return None
    word = "-".join(told.casefold().replace("_", " ").replace("-", " ").split())
    word = word.replace("ization", "isation").replace("ized", "ised")
    word = _SPELLINGS.get(word, word)
    return word if word in CODED or word in _OTHERS else None


def check_records(records: Sequence[Mapping[str, JSON]], columns: Collection[str]) -> None:
    """Refuse records that cannot be held against the columns of a table.

    A record of a column that is not released is taken only if another, or itself, says that the
    column was suppressed.

    Raises
    ------
    InputError
        An unknown technique, codes in no column, a column that is neither there nor suppressed,
        or parameters that are no mapping.
    """
    if isinstance(records, (str, bytes, Mapping)):
        raise InputError(
            "transformation is not a list of records", hint='such as [{"column": "x", …}]'
        )
    dropped = set()
    for at, record in enumerate(records):
        if not isinstance(record, Mapping):
            raise InputError(f"record {at} of the transformation is no dict", hint="see Parameters")
        technique, column = technique_of(record), record.get("column")
        where = f"record {at} of the transformation"
        if isinstance(column, str):
            where += f" (column {column!r})"
        elif column is not None or technique in CODED:
            raise InputError(f"{where} names no column", hint='give "column" as text')
        if technique is None:
            raise InputError(
                f"{where} has no technique that is known",
                hint="techniques are " + ", ".join((*CODED, *_OTHERS)),
            )
        if not isinstance(record.get("parameters") or {}, Mapping):
            raise InputError(f"{where} has parameters that are no dict", hint='such as {"key_id":…')
        if technique == "suppression":
            dropped.add(column)
    told = [r["column"] for r in records if r.get("column") is not None]
    if lost := [c for c in dict.fromkeys(told) if c not in columns and c not in dropped]:
        raise InputError(
            f"the transformation tells of {', '.join(map(repr, lost))}, which the table has not",
            hint="name the columns as they are released, or record the suppression of what was "
            "dropped",
        )


def declared(records: Sequence[Mapping[str, JSON]]) -> Declared | None:
    """Return what the last record of a replacement by codes says; None if there is none."""
    for record in reversed(records):
        technique = technique_of(record)
        if technique not in CODED:
            continue
        told = record.get("parameters")
        parameters = told if isinstance(told, Mapping) else {}
        domain = parameters.get("domain")
        return Declared(
            technique,
            str(parameters.get("algorithm") or "").lower(),
            str(parameters.get("key_id") or ""),
            domain if isinstance(domain, int) and not isinstance(domain, bool) else None,
        )
    return None
