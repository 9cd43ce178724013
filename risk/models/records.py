"""The people that a model was trained on, and others: their attributes and what was predicted."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.errors import ColumnNotFoundError, InputError
from niming.risk.attacks.statistics import Trials, beats
from niming.tables import Source, read

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Records",
    "Rows",
    "Target",
    "check_target",
    "checked_model",
    "overlaps",
    "paired",
    "records_of",
]

Rows: TypeAlias = "Source | NDArray[Any] | Sequence[str]"
"""A table, an array of shape (n_rows, n_columns), a scipy sparse matrix, or a list of texts."""

Target: TypeAlias = "str | int | tuple[Any, ...] | None"
"""Name or position of the column that a model predicts, or the values of members and others."""

_OVERLAP = 0.05  # share of the hold-out in the training data that is passed over
_SURE = 0.999


@dataclass(frozen=True, eq=False, repr=False)
class Records:
    """Rows as a model takes them, and what is known of each that it should predict.

    Parameters
    ----------
    rows : pandas.DataFrame, ndarray, scipy sparse matrix or list of str
    target : ndarray of shape (n_rows,) or None
        None for a model that predicts nothing, such as an outlier detector.
    """

    rows: Any
    target: NDArray[Any] | None

    @property
    def n_rows(self) -> int:
        """Number of records."""
        return _n_rows(self.rows)

    @property
    def columns(self) -> list[Any]:
        """Names of the columns of a table, positions of those of an array; empty for texts."""
        if hasattr(self.rows, "columns"):
            return list(self.rows.columns)
        shape: tuple[int, ...] = getattr(self.rows, "shape", ())
        return list(range(shape[1])) if len(shape) == 2 else []

    @property
    def truth(self) -> NDArray[Any]:
        """The target; refused where there is none."""
        check_target(self)
        assert self.target is not None
        return self.target

    def take(self, positions: NDArray[np.int64]) -> Records:
        """Return the records at these positions."""
        target = None if self.target is None else self.target[positions]
        if hasattr(self.rows, "iloc"):
            return Records(self.rows.iloc[positions], target)
        if isinstance(self.rows, list):
            return Records([self.rows[int(i)] for i in positions], target)
        return Records(self.rows[positions], target)

    def followed_by(self, other: Records) -> Records:
        """Return these records and then the others, in one table."""
        target = None
        if self.target is not None and other.target is not None:
            target = np.concatenate([self.target, other.target])
        return Records(_stacked(self.rows, other.rows), target)

    def column(self, name: Any) -> NDArray[Any]:
        """Return the values of one column."""
        if hasattr(self.rows, "iloc"):
            return np.asarray(self.rows[name])
        found = self.rows[:, name]
        return np.asarray(found.toarray()).ravel() if hasattr(found, "toarray") else found

    def with_column(self, name: Any, value: object) -> Records:
        """Return the records with one column set to one value; the input stays as it is."""
        if hasattr(self.rows, "iloc"):
            import pandas as pd

            filled = pd.Series([value] * self.n_rows, index=self.rows.index)
            return Records(
                self.rows.assign(**{name: filled.astype(self.rows[name].dtype)}), self.target
            )
        rows = self.rows.copy()
        rows[:, name] = value
        return Records(rows, self.target)

    def keys(self, *, with_target: bool = False) -> NDArray[np.uint64]:
        """Return a 64-bit hash of each record: equal for equal rows."""
        import pandas as pd

        frame = _as_frame(self.rows)
        if with_target and self.target is not None:
            frame = frame.assign(_target=self.target)
        return np.asarray(pd.util.hash_pandas_object(frame, index=False), dtype=np.uint64)

    def numbers(self) -> Any:
        """Return the rows and the target as numbers: text as codes, missing as NaN."""
        import pandas as pd

        if hasattr(self.rows, "tocsr"):
            return self.rows
        frame = _as_frame(self.rows)
        if self.target is not None:
            frame = frame.assign(_target=self.target)
        out = np.empty(frame.shape, dtype=np.float32)
        for j in range(frame.shape[1]):
            series = frame.iloc[:, j]
            if pd.api.types.is_numeric_dtype(series):
                out[:, j] = series.to_numpy(dtype=np.float64, na_value=np.nan)
            else:
                # In the order of the values: that of the rows would tell members from others.
                out[:, j] = pd.factorize(series.astype(str), sort=True)[0]
        return out


def records_of(rows: Rows, target: Any = None, *, what: str = "the records") -> Records:
    """Check rows and what is to be predicted, and bring them into one form.

    Parameters
    ----------
    rows : table, ndarray, scipy sparse matrix or list of str
        Without the target. Tables of other kinds than pandas become pandas.
    target : array of shape (n_rows,), optional
    what : str
        How an error names them.

    Returns
    -------
    Records

    Raises
    ------
    InputError
        No rows, rows of different lengths, or a target of another length, of mixed types or
        with more than one column.

    Examples
    --------
    >>> records_of(np.zeros((4, 2)), [0, 1, 0, 1]).n_rows
    4
    """
    held: Any = rows
    if isinstance(held, (str, bytes)):
        raise InputError(f"{what} are given as one text", hint="give a table or a list of texts")
    if hasattr(held, "tocsr"):
        held = held.tocsr()
    elif isinstance(held, (list, tuple)):
        held = list(held) if all(isinstance(r, str) for r in held) else _array(held, what)
    elif not isinstance(held, np.ndarray) and not hasattr(held, "iloc"):
        held = read(held).arrow().to_pandas()
    n = _n_rows(held)
    if n == 0:
        raise InputError(f"{what} are none", hint="give at least one row")
    if target is None:
        return Records(held, None)
    values = np.asarray(target)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise InputError(
            f"the target of {what} has {values.ndim} dimensions",
            hint="attack a model that predicts several columns one column at a time",
        )
    if len(values) != n:
        raise InputError(
            f"{what} are {n} rows with {len(values)} values of the target",
            hint="give one value of the target for each row",
        )
    _check_order(what, values)
    return Records(held, values)


def paired(members: Rows, non_members: Rows, target: Target) -> tuple[Records, Records]:
    """Split the target from members and others.

    Parameters
    ----------
    members, non_members : table, ndarray, scipy sparse matrix or list of str
    target : str, int, pair of arrays, or None
        Column of both that holds what the model predicts, or the values themselves.

    Returns
    -------
    tuple of two Records

    Raises
    ------
    ColumnNotFoundError
        A table has no such column.
    InputError
        As for `records_of`, and tables of different columns.

    Examples
    --------
    >>> one, other = paired({"age": [34, 51], "ill": [0, 1]}, {"age": [29], "ill": [1]}, "ill")
    >>> one.columns, other.target.tolist()
    (['age'], [1])
    """
    if isinstance(target, tuple):
        if len(target) != 2:
            raise InputError(
                f"{len(target)} targets", hint="give those of members and of non-members"
            )
        made = (
            records_of(members, target[0], what="the members"),
            records_of(non_members, target[1], what="the non-members"),
        )
    else:
        made = (
            _split(records_of(members, what="the members"), target, "members"),
            _split(records_of(non_members, what="the non-members"), target, "non_members"),
        )
    if made[0].columns != made[1].columns:
        raise InputError(
            "members and non-members have different columns",
            hint="give both the columns that the model was trained on, in the same order",
        )
    if made[0].target is not None and made[1].target is not None:
        _check_order("members and non-members", made[0].target, made[1].target)
    return made


def overlaps(members: Records, others: Records) -> bool:
    """Return whether the others hold records of the members, so that they control nothing.

    Parameters
    ----------
    members, others : Records

    Returns
    -------
    bool

    Notes
    -----
    A record of the others has an equal among the members about as often as a member has an equal
    among the remaining members; people who are in both make it more often.

    Examples
    --------
    >>> rows = records_of(np.arange(60).reshape(30, 2))
    >>> overlaps(rows, rows), overlaps(rows, records_of(-np.arange(1, 61).reshape(30, 2)))
    (True, False)
    """
    mine, theirs = members.keys(with_target=True), others.keys(with_target=True)
    _, place, count = np.unique(mine, return_inverse=True, return_counts=True)
    outside = Trials(int(np.count_nonzero(np.isin(theirs, mine))), len(theirs))
    inside = Trials(int(np.count_nonzero(count[place] > 1)), len(mine))
    return outside.rate > inside.rate + _OVERLAP and beats(outside, inside, _SURE)


def check_target(*tables: Records) -> None:
    """Refuse tables without a target.

    Parameters
    ----------
    *tables : Records

    Raises
    ------
    InputError
        One of them has none.

    Examples
    --------
    >>> check_target(records_of(np.zeros((2, 1)), [0, 1]))
    """
    for table in tables:
        if table.target is None:
            raise InputError("the model predicts a target, and none was given", hint="give target=")


def checked_model(model: object) -> None:
    """Refuse what is no fitted scikit-learn estimator.

    Parameters
    ----------
    model : object

    Raises
    ------
    InputError
        A class, an object without ``get_params``, or an estimator that was not fitted.

    Examples
    --------
    >>> checked_model("model.pkl")
    Traceback (most recent call last):
    ...
    niming.errors.InputError: a str is no scikit-learn estimator
    Hint: give the fitted model itself
    """
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    name = model.__name__ if isinstance(model, type) else type(model).__name__
    if isinstance(model, type) or not hasattr(model, "get_params") or not hasattr(model, "fit"):
        raise InputError(
            f"a {name} is no scikit-learn estimator", hint="give the fitted model itself"
        )
    try:
        check_is_fitted(model)
    except NotFittedError:
        raise InputError(
            f"the {name} was not fitted", hint="give the model as it would be released"
        ) from None


def _array(rows: Sequence[Any], what: str) -> NDArray[Any]:
    """Return rows given one by one as an array; refuse a table and its target in one tuple."""
    ragged = any(len(getattr(part, "shape", ())) > 1 for part in rows)
    if not ragged:
        try:
            return np.asarray(rows)
        except ValueError:
            pass  # rows of different lengths
    raise InputError(
        f"{what} are not one table: {len(rows)} parts of different shapes",
        hint="give the table alone, and what the model predicts as target=(y, y_holdout)",
    )


def _check_order(what: str, *targets: NDArray[Any]) -> None:
    """Refuse labels of types that have no order among them, such as numbers beside texts."""
    if all(t.dtype.kind in "biuf" for t in targets) or all(t.dtype.kind in "US" for t in targets):
        return
    labels = np.concatenate([t.astype(object) for t in targets])
    mixed = False
    try:
        np.unique(labels)
    except TypeError:
        mixed = True
    if mixed:
        kinds = " and ".join(sorted({type(v).__name__ for v in labels}))
        raise InputError(
            f"the target of {what} holds {kinds}, which have no order",
            hint="make the labels one type, such as y.astype(str), as the model was trained on",
        )


def _n_rows(rows: Any) -> int:
    return int(rows.shape[0]) if hasattr(rows, "shape") else len(rows)


def _split(records: Records, target: str | int | None, argument: str) -> Records:
    if target is None:
        return records
    names = records.columns
    if hasattr(records.rows, "iloc"):
        if target not in names:
            raise ColumnNotFoundError.among(
                [str(target)],
                [str(c) for c in names],
                asked_by=f"target= (looked up in {argument})",
            )
        return records_of(records.rows.drop(columns=[target]), records.rows[target])
    if isinstance(target, bool) or not isinstance(target, int) or not 0 <= target < len(names):
        raise InputError(
            f"the target is no column of {argument}, which has {len(names)}",
            hint="give the position of the column, or the values as a pair of arrays",
        )
    rest = [j for j in names if j != target]
    return records_of(records.rows[:, rest], records.column(target))


def _stacked(one: Any, other: Any) -> Any:
    if hasattr(one, "iloc"):
        import pandas as pd

        return pd.concat([one, other], ignore_index=True)
    if isinstance(one, list):
        return [*one, *other]
    if hasattr(one, "tocsr"):
        from scipy.sparse import vstack

        return vstack([one, other], format="csr")
    return np.concatenate([one, other])


def _as_frame(rows: Any) -> pd.DataFrame:
    """Return rows as a frame with columns named by position, sparse rows as their entries."""
    import pandas as pd

    if hasattr(rows, "tocsr"):
        held = rows.tocsr().copy()
        held.sort_indices()
        held.eliminate_zeros()
        # A row of a wide sparse matrix stays one cell: the bytes of its entries.
        ends = held.indptr
        cells = [
            held.indices[a:b].tobytes() + held.data[a:b].tobytes()
            for a, b in itertools.pairwise(ends)
        ]
        return pd.DataFrame({"0": cells})
    if isinstance(rows, list):
        return pd.DataFrame({"0": rows})
    frame = pd.DataFrame(rows)
    return frame.set_axis([str(j) for j in range(frame.shape[1])], axis=1)
