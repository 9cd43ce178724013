"""`open` and `Sealed`: a table that can be measured, planned with and sampled, but not looked at.

One Python process is no security boundary: whoever can run code beside a sealed table can reach
its memory and its file. The handle keeps rows out of notebooks, logs, tracebacks and pickles of
people who act in good faith; keeping others out takes a process and an account of the domain's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Never

from niming.domain.ledger import record
from niming.errors import SealedError
from niming.tables.schema import Schema
from niming.tables.source import Source, Table, read

if TYPE_CHECKING:
    import pandas as pd

    from niming.domain.plan import Plan
    from niming.domain.policy import Policy
    from niming.risk import Assessment
    from niming.risk.identifiers import Scan

__all__ = ["Sealed", "open"]

_ROWS = frozenset(
    [
        "head",
        "tail",
        "sample",
        "iloc",
        "loc",
        "values",
        "to_pandas",
        "to_polars",
        "to_arrow",
        "to_dict",
        "to_csv",
        "to_numpy",
        "collect",
        "itertuples",
        "iterrows",
        "iter_rows",
        "rows",
        "arrow",
        "batches",
        "query",
        "__iter__",
        "__array__",
        "__dataframe__",
        "__arrow_c_stream__",
        "__arrow_c_array__",
        "__getitem__",
        "__next__",
        "__reversed__",
        "__contains__",
        "__buffer__",
        "__array_interface__",
        "__narwhals_dataframe__",
        "__narwhals_lazyframe__",
    ]
)


def open(source: Source, schema: Schema | str | Path | None = None) -> Sealed:  # noqa: A001
    """Open a table as a sealed handle: shape and schema, never rows.

    With a ledger named in ``NIMING_LEDGER``, opening, scanning and planning are recorded there.

    Parameters
    ----------
    source : table
        Anything that `niming.read` takes.
    schema : Schema or path of a YAML file, optional
        What each column is. Without it, `Sealed.scan` proposes one.

    Returns
    -------
    Sealed

    Raises
    ------
    InputError
        A source that cannot be read.
    SchemaError
        A schema that does not fit the table.

    Examples
    --------
    >>> t = open({"age": [34, 34, 51], "sex": ["F", "F", "M"]})
    >>> t
    Sealed(3 rows x 2 columns; no schema yet: call .scan())
    >>> t.head()
    Traceback (most recent call last):
    ...
    niming.domain.handle._NoSuchViewError: the table is sealed: 'head' would show rows
    Hint: use .scan(), .assess() or .plan(); develop on .dummy(1000), which holds no one
    """
    table = read(source)
    if schema is not None and not isinstance(schema, Schema):
        schema = Schema.from_yaml(schema)
    if schema is not None:
        schema.check(table)
    sealed = Sealed(table, schema)
    record("opened", {"rows": table.n_rows, "columns": list(table.columns)})
    return sealed


class Sealed:
    """A table behind glass. Made by `open`, whose example shows it.

    Parameters
    ----------
    table : Table
        Read, and from here on out of sight.
    schema : Schema or None
        What each column is, checked against the table; None to have it proposed by `scan`.
    """

    __slots__ = ("__declared", "__schema", "__table")

    def __init__(self, table: Table, schema: Schema | None) -> None:
        self.__table = table
        self.__schema = schema
        self.__declared = schema is not None

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return self.__table.n_rows, len(self.__table.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names in order."""
        return self.__table.columns

    @property
    def schema(self) -> Schema | None:
        """What each column is, given or proposed by `scan`; None before either."""
        return self.__schema

    def scan(self) -> Scan:
        """Propose what each column is, with a reason and a confidence; kept when none was given."""
        from niming.risk import identifiers

        scan = identifiers.scan(self.__table)
        if self.__schema is None:
            self.__schema = scan.schema()
        record("scanned", {"columns": [f.column for f in scan.findings]})
        return scan

    def assess(self) -> Assessment:
        """Measure what the raw table gives away on its quasi-identifiers, as aggregates alone."""
        from niming.risk import assess

        schema = self._decided()
        return assess(
            self.__table,
            quasi_identifiers=list(schema.quasi_identifiers),
            sensitive=list(schema.sensitive),
        )

    def dummy(self, n: int, *, seed: int = 0) -> pd.DataFrame:
        """Return `n` invented rows with this schema, made without reading the table.

        Code developed on them runs on the certified release.
        """
        from niming.synth import Dummy

        return Dummy(self._decided()).sample(n, seed=seed)

    def plan(self, policy: Policy | str | Path, *, target: str | None = None) -> Plan:
        """Choose masks, hierarchies and levels that this table needs to meet `policy`.

        Parameters
        ----------
        policy : Policy, id of a pack or path of a YAML file
        target : str, optional
            The column that a model will predict; it is released as it is.

        Returns
        -------
        Plan
            With `Plan.explain` in plain words, and `Plan.apply`.
        """
        from niming.domain.plan import Plan
        from niming.domain.policy import Policy

        plan = Plan.decide(
            self.__table,
            self._decided(),
            Policy.of(policy),
            target=target,
            declared=self.__declared,
        )
        record("planned", {"policy": plan.policy.digest, "k": plan.k, "target": target})
        return plan

    def _decided(self) -> Schema:
        if self.__schema is None:
            self.scan()
        assert self.__schema is not None
        return self.__schema

    def __repr__(self) -> str:
        rows, columns = self.shape
        schema = self.__schema
        if schema is None:
            return f"Sealed({rows:,} rows x {columns} columns; no schema yet: call .scan())"
        return (
            f"Sealed({rows:,} rows x {columns} columns; "
            f"{len(schema.direct_identifiers)} direct identifiers, "
            f"{len(schema.quasi_identifiers)} quasi-identifiers, {len(schema.sensitive)} sensitive)"
        )

    def _repr_html_(self) -> str:
        from html import escape

        rows, columns = self.shape
        if self.__schema is None:
            listed = "".join(f"<tr><td>{escape(c)}</td></tr>" for c in self.columns)
            return f"<p>sealed: {rows:,} rows × {columns} columns</p><table>{listed}</table>"
        listed = "".join(
            f"<tr><td>{escape(c.name)}</td><td>{escape(c.role)}</td><td>{escape(c.kind)}</td></tr>"
            for c in self.__schema.columns
        )
        head = "<tr><th>column</th><th>role</th><th>kind</th></tr>"
        return f"<p>sealed: {rows:,} rows × {columns} columns</p><table>{head}{listed}</table>"

    def __getattr__(self, name: str) -> Never:
        if name in _ROWS:
            raise _sealed(name)
        raise AttributeError(f"a sealed table has no {name!r}")

    def __iter__(self) -> Never:
        raise _sealed("iteration")

    def __getitem__(self, key: object) -> Never:
        raise _sealed("indexing")

    def __array__(self, *args: object, **kwargs: object) -> Never:
        raise _sealed("an array")

    def __reduce_ex__(self, protocol: object) -> Never:
        raise _sealed("a pickle or a copy")


class _NoSuchViewError(SealedError, AttributeError):
    """A view that a data frame has and a sealed table has not; ``hasattr`` says False."""


def _sealed(what: str) -> SealedError:
    return _NoSuchViewError(
        f"the table is sealed: {what!r} would show rows",
        hint="use .scan(), .assess() or .plan(); develop on .dummy(1000), which holds no one",
    )
