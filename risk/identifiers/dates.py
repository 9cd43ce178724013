"""Which texts are dates, and do dates spread as births do?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.risk.identifiers.texts import Mask, Values, match, plain

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["is_date", "spread_as_births", "years"]

_DATE = (
    r"^(18|19|20)\d{2}([-/.](0?[1-9]|1[0-2])[-/.](0?[1-9]|[12]\d|3[01])|"
    r"(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])|年(0?[1-9]|1[0-2])月((0?[1-9]|[12]\d|3[01])日)?)"
    r"([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?$"
)

_FIRST_BIRTH, _LAST_BIRTH = 1900, 2035
_LIVES = 40
"""Years between the 2nd and the 98th of a hundred births of a register; visits span fewer."""


def is_date(values: Values) -> Mask:
    """Return which texts are dates, with or without a time.

    >>> is_date(["2024-05-06", "20240506", "2024年5月6日", "2024-13-01"]).tolist()
    [True, True, True, False]
    """
    texts = plain(values)
    shape = texts.shape
    few = (shape.digits >= 6) & (shape.digits <= 20) & (shape.hexes + shape.letters <= 1)
    few &= (shape.beyond <= 9) & ((shape.digits <= 8) | (shape.others > 0))
    return match(texts, _DATE, 8, 32, only=few)


def years(texts: pa.StringArray) -> NDArray[np.int64]:
    """Return the first four digits of dates.

    >>> import pyarrow as pa
    >>> years(pa.array(["1949-12-31", "20240506"])).tolist()
    [1949, 2024]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    four = pc.utf8_slice_codeunits(texts, 0, 4)
    out: NDArray[np.int64] = four.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return out


def spread_as_births(values: Values, n: NDArray[np.int64]) -> bool:
    """Return whether dates span the years that people of all ages were born in.

    Parameters
    ----------
    values : array-like, Arrow array or Plain
        Distinct dates as `is_date` accepts them; others are left out.
    n : ndarray of int
        Records of each.
    """
    texts = plain(values)
    dated = is_date(texts)
    if not dated.any():
        return False
    import pyarrow as pa

    year = years(texts.array.filter(pa.array(dated)))
    order = np.argsort(year)
    share = np.cumsum(n[dated][order]) / n[dated].sum()
    first, last = np.searchsorted(share, [0.02, 0.98]).tolist()
    low, high = int(year[order][first]), int(year[order][min(last, len(order) - 1)])
    return low >= _FIRST_BIRTH and high <= _LAST_BIRTH and high - low >= _LIVES
