"""Which texts have the form of numbers of documents: passports, permits, officers' certificates?

None of them has a check digit that is public, so a form alone proves little: `judge` asks for a
mixture of forms that only such a column shows, or for a column name that says so.
"""

from __future__ import annotations

import numpy as np

from niming.risk.identifiers.texts import Mask, Values, match, plain

__all__ = [
    "OFFICER",
    "PASSPORT",
    "PERMIT",
    "has_officer_form",
    "has_passport_form",
    "has_permit_form",
    "has_registration_form",
    "has_taiwan_permit_form",
    "is_issued_twice",
]

PASSPORT = (
    r"[EeGg]\d{8}|[Ee][A-HJ-NP-Za-hj-np-z]\d{7}|[DdSsPp]\d{7,8}|[DdSsPp][Ee]\d{7}|1[45]\d{7}"
    r"|[Kk]\d{8}|[Kk][Jj]\d{7}|[Mm][AaBb]\d{7}"
)
"""Ordinary (E, G, 14, 15), diplomatic, service, public affairs, Hong Kong (K) and Macau (MA)."""

PERMIT = r"[HhMm]\d{8}(\d{2})?"
"""Travel to the mainland of people of Hong Kong (H) and Macau (M); two digits count the issues."""

OFFICER = r"[军兵士文职参政后装空海陆火沈北济南广成兰武东西中]字第 ?\d{4,8} ?号?"
"""Certificates of officers, soldiers and civil staff of the army."""


def has_passport_form(values: Values) -> Mask:
    """Return which texts have the form of Chinese passport numbers.

    >>> has_passport_form(["E12345678", "EA1234567", "G12345678", "A12345678"]).tolist()
    [True, True, True, False]
    """
    texts = plain(values)
    return match(texts, f"^({PASSPORT})$", 8, 9, only=texts.shape.digits >= 7)


def is_issued_twice(values: Values) -> tuple[Mask, Mask]:
    """Return which texts are of the two series of ordinary passports: E or G and digits; EA to EZ.

    A column of product codes has one form; ordinary passports that are valid today have both.
    """
    return match(values, r"^[EeGg]\d{8}$", 9, 9), match(
        values, r"^[Ee][A-HJ-NP-Za-hj-np-z]\d{7}$", 9, 9
    )


def has_permit_form(values: Values) -> Mask:
    """Return which texts have the form of mainland travel permits of Hong Kong and Macau people.

    >>> has_permit_form(["H12345678", "M1234567800", "T12345678"]).tolist()
    [True, True, False]
    """
    texts = plain(values)
    shape = texts.shape
    few = (shape.letters == 1) & (shape.digits >= 8)
    return match(texts, f"^({PERMIT})$", 9, 11, only=few)


def has_taiwan_permit_form(values: Values) -> Mask:
    """Return which texts have 8 or 10 digits, as mainland travel permits of Taiwan people do.

    >>> has_taiwan_permit_form(["12345678", "1234567801", "123456789"]).tolist()
    [True, True, False]
    """
    return match(values, r"^(\d{8}|\d{10}([A-Za-z]|\([A-Za-z]\))?)$", 8, 13)


def has_officer_form(values: Values) -> Mask:
    """Return which texts have the form of certificates of the army.

    >>> has_officer_form(["军字第2001988号", "士字第20019886号", "京字第2001988号"]).tolist()
    [True, True, False]
    """
    texts = plain(values)
    if texts.ascii:
        return np.zeros(len(texts), dtype=np.bool_)
    few = (texts.shape.digits >= 4) & (texts.shape.beyond >= 9)
    return match(texts, f"^({OFFICER})$", 12, 24, only=few)


def has_registration_form(values: Values) -> Mask:
    """Return which texts are letters and digits without blanks, as numbers of files and cards are.

    >>> has_registration_form(["A12345678", "220104-0012", "高血压"]).tolist()
    [True, True, False]
    """
    return match(values, r"^[A-Za-z]{0,4}[\-]?\d[0-9A-Za-z\-]{3,30}$", 5, 36)
