"""`Copula`: rows like those of a table, by the Gaussian copula of SDV (an extra, BUSL-1.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError, SchemaError
from niming.measure import JSON
from niming.synth import sdv as sdv_
from niming.synth.dummy import complete, generator
from niming.synth.ranges import date_bounds, listed, numeric_bounds, on_grid
from niming.tables import Source, Table, read
from niming.tables.hierarchy import texts
from niming.tables.schema import Column, Schema

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Copula"]

_TABLE = "table"
_FEWEST_ROWS = 10
_TRUE, _FALSE = ("true", "1"), ("false", "0")
_SECOND = np.timedelta64(1, "s")

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Copula:
    """Learns how the columns of a table depend on each other, and draws rows like them.

    Needs the extra ``sdv``: SDV 2, under the Business Source License 1.1 (free for any use but a
    commercial synthetic-data service). It has **no privacy guarantee of its own**: measure the rows
    it draws like any other release.

    Parameters
    ----------
    schema : Schema
        Categories and bounds are taken from it and never from the data: every categorical column
        lists its categories, every number and date has bounds (of its own or of its hierarchy).

    Notes
    -----
    Marginals are beta distributions and frequencies, the dependence is that of a normal law
    (Patki, Wedge, Veeramachaneni 2016). SDV is given no cell as it is: categories as numbered
    codes, numbers and dates as shares of the way between their bounds, and whether a value is
    missing as a column of its own. So neither its metadata nor its errors can hold one. Identifiers
    and free texts are not learnt: they are invented as by `Dummy`, to agree with the drawn columns;
    who lives together is not learnt either.

    A fitted copula can be neither saved nor pickled: inside, SDV's marginals hold the extremes of
    every column and its encoders the order of the categories by frequency. Save the schema and the
    rows that were drawn.

    References
    ----------
    Patki, Wedge, Veeramachaneni 2016, "The Synthetic Data Vault", IEEE DSAA,
    doi:10.1109/DSAA.2016.49, section III.

    Examples
    --------
    >>> from niming.tables.schema import Column, Role, Schema
    >>> Copula(Schema((Column("ill", Role.SENSITIVE, "categorical", categories=("no", "yes")),)))
    Copula(Schema('', 1 columns: 1 sensitive), not fitted)
    """

    def __init__(self, schema: Schema) -> None:
        lacking = [c.name for c in schema.columns if _learnt(c) and _span(c) is None]
        if lacking:
            raise SchemaError(
                f"the schema gives no categories or bounds of {', '.join(map(repr, lacking))}",
                hint="list categories:, or lower: and upper:, from public knowledge: taken from "
                "the data they would tell of single people",
            )
        if not any(map(_learnt, schema.columns)):
            raise SchemaError("the schema has no column to learn: only identifiers and texts")
        self.schema = schema
        self._model: Any = None
        self._gapped: frozenset[str] = frozenset()
        self._n_rows = 0

    def __repr__(self) -> str:
        state = f"fitted on {self._n_rows} rows" if self._model is not None else "not fitted"
        return f"Copula({self.schema!r}, {state})"

    def __reduce__(self) -> NoReturn:
        raise InputError(
            "a copula cannot be pickled or copied: inside, SDV keeps the extremes of the columns",
            hint="save the rows that it draws, or fit again",
        )

    def fit(self, source: Source) -> Copula:
        """Learn from a table.

        Parameters
        ----------
        source : table
            Anything that `niming.tables.read` takes, with the columns of the schema.

        Returns
        -------
        Copula
            Itself.

        Raises
        ------
        InputError
            SDV is not installed or fails, fewer than 10 rows, or values that the schema does not
            allow (counted, not shown).
        ColumnNotFoundError, SchemaError
            The table is not what the schema says.
        """
        import pandas as pd

        sdv = sdv_.load()
        table = read(source)
        self.schema.check(table)
        if table.n_rows < _FEWEST_ROWS:
            raise InputError(
                f"the table has {table.n_rows} rows, too few to learn from",
                hint=f"give at least {_FEWEST_ROWS}; synth.Dummy needs none",
            )
        encoded: dict[str, NDArray[Any]] = {}
        kinds: dict[str, str] = {}
        gapped = set()
        for i, column in enumerate(self.schema.columns):
            if not _learnt(column):
                continue
            values, missing = _encode(table, column)
            if missing.all():
                gapped.add(column.name)
                continue
            if missing.any():
                # Holes are filled at random with values that stand, so that the law stays.
                rng = generator(0, column.name)
                values[missing] = rng.choice(values[~missing], size=int(missing.sum()))
                gapped.add(column.name)
                encoded[f"m{i}"], kinds[f"m{i}"] = _codes(missing.astype(np.int64)), "categorical"
            discrete = column.kind in ("categorical", "boolean")
            encoded[f"v{i}"] = _codes(values.astype(np.int64)) if discrete else values
            kinds[f"v{i}"] = "categorical" if discrete else "numerical"
        if not encoded:
            raise InputError("every column to learn is missing in every row")
        described = {"columns": {name: {"sdtype": kind} for name, kind in kinds.items()}}
        try:
            with sdv_.quiet():
                model = sdv.single_table.GaussianCopulaSynthesizer(
                    sdv.metadata.Metadata.load_from_dict({"tables": {_TABLE: described}}),
                    enforce_min_max_values=False,
                    enforce_rounding=False,
                    # SDV spreads codes evenly over [0, 1]: there is nothing to fit.
                    numerical_distributions={
                        name: "uniform" for name, kind in kinds.items() if kind == "categorical"
                    },
                )
                model.fit({_TABLE: pd.DataFrame(encoded)})
        except sdv_.failures(sdv) as error:
            raise _failed("learn from the table", error) from None
        self._model, self._gapped, self._n_rows = model, frozenset(gapped), table.n_rows
        return self

    def sample(self, n: int, *, seed: int = 0) -> pd.DataFrame:
        """Draw rows.

        Parameters
        ----------
        n : int, at least 0
        seed : int, at least 0
            Same fit and seed, same rows, whatever was drawn before.

        Returns
        -------
        DataFrame of shape (n, n_columns)
            Columns and types as from `Dummy`.

        Raises
        ------
        InputError
            Not fitted, a negative `n` or `seed`, or SDV fails.
        """
        for name, value in (("n", n), ("seed", seed)):
            if isinstance(value, bool) or value < 0:
                raise InputError(f"{name} is not a whole number of at least 0")
        if self._model is None:
            raise InputError("the copula has learnt nothing yet", hint="call fit(table) first")
        drawn = self._draw(max(n, 1), seed).iloc[:n]
        values: dict[str, NDArray[Any]] = {}
        gaps: dict[str, Mask] = {}
        for i, column in enumerate(self.schema.columns):
            if not _learnt(column):
                continue
            if f"v{i}" in drawn:
                values[column.name] = _decode(column, drawn[f"v{i}"].to_numpy())
            else:
                values[column.name] = _decode(column, _anything(column, n))
                gaps[column.name] = np.ones(n, dtype=np.bool_)
            if f"m{i}" in drawn:
                gaps[column.name] = _positions(drawn[f"m{i}"].to_numpy()) == 1
        return complete(self.schema, n, values, gaps, seed)

    def _draw(self, n: int, seed: int) -> pd.DataFrame:
        sdv = sdv_.load()
        state = np.random.get_state()  # SDV draws from the global generator  # noqa: NPY002
        start = int(np.random.SeedSequence(seed).generate_state(1)[0])
        try:
            with sdv_.quiet():
                self._model.reset_sampling()
                self._model._set_random_state(np.random.RandomState(start))
                drawn: pd.DataFrame = self._model.sample(n)[_TABLE]
        except sdv_.failures(sdv) as error:
            raise _failed("draw rows", error) from None
        finally:
            np.random.set_state(state)  # noqa: NPY002
        return drawn.reset_index(drop=True)

    def record(self) -> dict[str, JSON]:
        """Return how the rows are made, JSON-safe, for the transformation record."""
        return {
            "technique": "synthetic-data",
            "parameters": {
                "method": "gaussian-copula",
                "library": "sdv",
                "n_fitted": self._n_rows,
                "learnt": [c.name for c in self.schema.columns if _learnt(c)],
                "invented": [c.name for c in self.schema.columns if not _learnt(c)],
                "guarantee": None,
            },
        }


def _learnt(column: Column) -> bool:
    return column.kind not in ("identifier", "text")


def _span(column: Column) -> Sequence[Any] | None:
    """Return the categories, or the bounds, that the schema gives; None if it does not."""
    match column.kind:
        case "categorical":
            return listed(column)
        case "boolean":
            return (False, True)
        case "integer" | "number":
            numbers = numeric_bounds(column)
            return None if None in numbers else numbers
        case _:
            days = date_bounds(column)
            return None if None in days else days


def _bounds(column: Column) -> tuple[float, float]:
    """Return the bounds as numbers; those of dates in seconds since 1970."""
    low, high = _span(column) or ()
    if column.kind in ("date", "datetime"):
        origin = np.datetime64(0, "s")
        return float((low - origin) / _SECOND), float((high - origin) / _SECOND)
    return float(low), float(high)


def _encode(table: Table, column: Column) -> tuple[Numbers, Mask]:
    """Return positions among the categories, or shares of the way between the bounds."""
    cells = table.arrow([column.name])[column.name].combine_chunks()
    match column.kind:
        case "categorical":
            place: dict[str, float] = {c: i for i, c in enumerate(listed(column) or ())}
            values, missing = _placed(cells, place)
        case "boolean":
            place = dict.fromkeys(_FALSE, 0.0) | dict.fromkeys(_TRUE, 1.0)
            values, missing = _placed(cells, place)
        case _:
            raw, missing = _raw(cells, dated=column.kind in ("date", "datetime"))
            low, high = _bounds(column)
            values = (raw - low) / (high - low or 1.0)
            values[~missing & ~((raw >= low) & (raw <= high))] = np.nan
    alien = int((np.isnan(values) & ~missing).sum())
    if alien:
        raise InputError(
            f"{alien} values of {column.name!r} are not among the categories or within the bounds "
            "of the schema",
            hint="widen the schema from public knowledge, or make them missing",
        )
    return values, missing


def _placed(cells: Any, place: dict[str, float]) -> tuple[Numbers, Mask]:
    import pyarrow as pa

    if not pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_encode()
    known = texts(cells.dictionary.to_numpy(zero_copy_only=False))
    blank = np.array([t is None for t in (*known, None)], dtype=np.bool_)
    found = np.array([np.nan if t is None else place.get(t, np.nan) for t in (*known, None)])
    at = cells.indices.fill_null(-1).to_numpy(zero_copy_only=False)  # the last entry is missing
    return found[at], blank[at]


def _raw(cells: Any, *, dated: bool) -> tuple[Numbers, Mask]:
    """Return numbers, or seconds since 1970; NaN where a text is no date."""
    import pandas as pd
    import pyarrow as pa

    missing = cells.is_null(nan_is_null=True).to_numpy(zero_copy_only=False)
    if not dated:
        numbers = cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return numbers.astype(np.float64), missing
    if pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_decode()
    moments = pd.to_datetime(pd.Series(cells.to_pandas()), errors="coerce", format="mixed")
    if moments.dt.tz is not None:
        moments = moments.dt.tz_convert(None)
    days = moments.to_numpy().astype("datetime64[s]")
    seconds = (days - np.datetime64(0, "s")) / _SECOND
    return np.where(np.isnat(days), np.nan, seconds), missing


def _codes(positions: NDArray[np.int64]) -> NDArray[np.object_]:
    """Return positions as codes that SDV takes for categories."""
    return np.char.add("c", positions.astype(str)).astype(object)


def _positions(codes: NDArray[Any]) -> NDArray[np.int64]:
    return np.array([int(c[1:]) for c in codes], dtype=np.int64)


def _anything(column: Column, n: int) -> NDArray[Any]:
    """Return values for a column that is missing everywhere: they are not shown."""
    discrete = column.kind in ("categorical", "boolean")
    return _codes(np.zeros(n, dtype=np.int64)) if discrete else np.zeros(n)


def _decode(column: Column, drawn: NDArray[Any]) -> NDArray[Any]:
    """Turn codes and shares back into values within the schema."""
    match column.kind:
        case "categorical":
            categories: NDArray[Any] = np.array(listed(column), dtype=object)
            return categories[_positions(drawn)]
        case "boolean":
            truth: NDArray[Any] = _positions(drawn) == 1
            return truth
    low, high = _bounds(column)
    values = low + np.clip(drawn.astype(np.float64), 0, 1) * (high - low)
    if column.kind in ("integer", "number"):
        return on_grid(values, low, high, whole=column.kind == "integer")
    moments = values.astype(np.int64).astype("datetime64[s]")
    unit = "D" if column.kind == "date" else "s"
    return moments.astype(f"datetime64[{unit}]").astype("datetime64[s]")


def _failed(task: str, error: Exception) -> InputError:
    return InputError(
        f"SDV could not {task} ({type(error).__name__})",
        hint="its own message is withheld, since it may quote the data; a column with one value, "
        "or very few rows, is the usual cause",
    )
