"""UCI Adult: 48,842 adults of the United States census of 1994, with hierarchies by niming."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from niming.tables.schema import Schema

if TYPE_CHECKING:
    import os

    import pandas as pd
    import pyarrow as pa

__all__ = ["adult", "adult_path", "adult_schema", "build"]

_HERE = Path(__file__).parent
_NUMBERS = ("age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week")


def adult() -> pd.DataFrame:
    """Return UCI Adult, the most used table of the field, in full.

    Returns
    -------
    DataFrame of shape (48842, 15)
        The 32,561 rows of ``adult.data``, then the 16,281 of ``adult.test``; ``?`` is missing.

    References
    ----------
    Becker, B. and Kohavi, R. (1996), Adult, UCI Machine Learning Repository,
    doi:10.24432/C5XW20, CC BY 4.0.

    Examples
    --------
    >>> adult().shape
    (48842, 15)
    """
    import pandas as pd

    return pd.read_parquet(adult_path())


def adult_path() -> Path:
    """Return the Parquet file of `adult`, for engines that read files.

    Returns
    -------
    Path
        A Parquet file of the package, 48,842 rows of 15 columns; read it, do not change it.

    Examples
    --------
    >>> adult_path().name
    'adult.parquet'
    """
    return _HERE / "adult.parquet"


def adult_schema() -> Schema:
    """Return the roles and hierarchies of `adult`; its comments say why.

    Returns
    -------
    Schema

    Examples
    --------
    >>> adult_schema().target
    'income'
    """
    return Schema.from_yaml(_HERE / "adult.yaml")


def build(train: str | os.PathLike[str], test: str | os.PathLike[str]) -> pa.Table:
    """Return the table that `adult_path` holds, from the two CSV files of the repository.

    Parameters
    ----------
    train, test : path
        ``adult.data`` and ``adult.test`` with a header line each.

    Notes
    -----
    Blanks around values are dropped, ``?`` becomes missing, the labels of the test file lose
    their full stop. No row is added, dropped or reordered.
    """
    import pyarrow as pa

    parts = []
    for file in (train, test):
        lines = Path(file).read_text("utf-8").splitlines()
        parts += [[cell.strip() for cell in line.split(",")] for line in lines[1:] if line.strip()]
    arrays = {}
    for name, cells in zip(adult_schema().names, zip(*parts, strict=True), strict=True):
        if name in _NUMBERS:
            arrays[name] = pa.array([int(c) for c in cells], pa.int64())
        else:
            arrays[name] = pa.array([None if c == "?" else c.rstrip(".") for c in cells])
    return pa.table(arrays)
