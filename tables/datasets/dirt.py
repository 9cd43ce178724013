"""Dirt: what careless entry does to a clean table, for tests of readers and scanners."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["soil"]

_WIDE = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})
_STAMPS = (
    "{y}/{m}/{d}",
    "{y}{m:02}{d:02}",
    "{y}年{m}月{d}日",
    "{y}.{m:02}.{d:02}",
    "{y}-{m}-{d}",
    "{y}-{m:02}-{d:02} 00:00:00",
)


def soil(table: pd.DataFrame, rate: float, *, rng: np.random.Generator) -> pd.DataFrame:
    r"""Return a copy of `table` in which careless hands have been.

    Parameters
    ----------
    table : DataFrame
        Texts, numbers and dates.
    rate : float in [0, 1]
        Share of the cells of each column that are damaged, at random and apart from each other.
    rng : Generator

    Returns
    -------
    DataFrame
        Same rows and columns. A text cell becomes missing, full-width, framed by blanks or, where
        it has ASCII letters, of the other case; a column of dates becomes text, ISO but for
        damaged cells, which are missing or in one of six other formats; a number becomes missing.

    Examples
    --------
    >>> import pandas as pd
    >>> clean = pd.DataFrame({"code": ["1x"] * 4})
    >>> soil(clean, 1.0, rng=np.random.default_rng(4))["code"].tolist()
    ['\u30001x', '１ｘ', ' 1x', '1x ']
    """
    if not 0 <= rate <= 1:
        raise InputError("the rate of dirt is outside [0, 1]", hint="dirty=0.02 damages 2 %")
    import pandas as pd

    out: dict[str, pd.Series] = {}
    for name in table.columns:
        column = table[name]
        hit = np.flatnonzero((rng.random(len(column)) < rate) & column.notna().to_numpy())
        how = rng.integers(0, 12, len(hit))
        if pd.api.types.is_datetime64_any_dtype(column):
            out[name] = _dates(column, hit, how)
        elif pd.api.types.is_numeric_dtype(column):
            out[name] = column.where(~np.isin(np.arange(len(column)), hit))
        else:
            cells = column.to_numpy(dtype=object, copy=True)
            cells[hit] = [_text(cell, int(h)) for cell, h in zip(cells[hit], how, strict=True)]
            out[name] = pd.Series(cells, index=column.index)
    return pd.DataFrame(out)


_FRAMES: tuple[Callable[[str], str], ...] = (
    lambda cell: " " + cell,
    lambda cell: cell + " ",
    lambda cell: "\u3000" + cell,
    lambda cell: cell + "\t",
)


def _text(cell: str, how: int) -> str | None:
    if how < 3:
        return None
    if how < 7:
        return _FRAMES[how - 3](cell)
    if how < 10 and cell.isascii():
        return cell.translate(_WIDE)
    return cell.swapcase() if cell.swapcase() != cell else cell + "  "


def _dates(column: pd.Series, hit: NDArray[np.int64], how: NDArray[np.int64]) -> pd.Series:
    import pandas as pd

    cells = column.dt.strftime("%Y-%m-%d").to_numpy(dtype=object, copy=True)
    for at, h in zip(hit.tolist(), how.tolist(), strict=True):
        y, m, d = (int(part) for part in cells[at].split("-"))
        stamp = None if h < 3 else _STAMPS[h % len(_STAMPS)].format(y=y, m=m, d=d)
        cells[at] = stamp if h < 10 or stamp is None else " " + stamp
    return pd.Series(cells, index=column.index)
