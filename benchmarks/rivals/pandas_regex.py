"""pandas: a regular expression a kind, check digits by a plain loop; the kinds that these can tell.

A column holds a kind if nine in ten of its texts are valid. No names, no addresses, no dates and
nothing inside longer text.
"""

from __future__ import annotations

from collections.abc import Sequence

PACKAGES = ("pandas", "pyarrow")

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_FORMS = {
    "resident-id": r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]",
    "credit-code": r"[1-9A-HJ-NPQRTUWXY]{2}\d{6}[\dA-HJ-NPQRTUWXY]{10}",
    "mobile": r"1[3-9]\d{9}",
    "landline": r"0(?:10|2\d|[3-9]\d{2})-\d{7,8}",
    "bank-card": r"[3-6]\d{15,18}",
    "plate": rf"[{_PROVINCES}][A-Z][A-HJ-NP-Z\d]{{5,6}}",
}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643: powers of 2 mod 11
_VALUES = {c: i for i, c in enumerate("0123456789ABCDEFGHJKLMNPQRTUWXY")}  # GB 32100
_ENOUGH = 0.9


def answer(path: str, kinds: Sequence[str]) -> dict[str, float]:
    """Scan the Parquet file at `path`; say of each column and kind it knows whether it holds it."""
    import pandas as pd

    table = pd.read_parquet(path)
    checks = {"resident-id": _mod_11, "credit-code": _mod_31, "bank-card": _luhn}
    answers = {}
    for column in table.columns:
        texts = table[column].dropna()
        for kind in (k for k in kinds if k in _FORMS):
            share = 0.0
            if texts.dtype == object and len(texts):
                formed = texts[texts.str.fullmatch(_FORMS[kind])]
                check = checks.get(kind)
                n = len(formed) if check is None else sum(map(check, formed))
                share = n / len(texts)
            answers[f"{column} holds {kind}"] = float(share >= _ENOUGH)
    return answers


def _mod_11(text: str) -> bool:
    total = sum(int(c) * w for c, w in zip(text, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == text[17]


def _mod_31(text: str) -> bool:
    total = sum(_VALUES[c] * pow(3, i, 31) for i, c in enumerate(text[:17]))
    return (31 - total % 31) % 31 == _VALUES[text[17]]


def _luhn(text: str) -> bool:
    doubled = sum(sum(divmod(2 * int(c), 10)) for c in text[-2::-2])
    return (doubled + sum(map(int, text[::-2]))) % 10 == 0
