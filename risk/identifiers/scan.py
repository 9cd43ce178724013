"""`scan`: what does each column hold, and what could an outsider do with it?"""

from __future__ import annotations

import html
import math
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast, get_args

from niming.errors import ColumnNotFoundError, InputError
from niming.measure import JSON
from niming.risk.identifiers.finding import Finding
from niming.risk.identifiers.judgement import judge
from niming.risk.identifiers.profile import distinct, profile
from niming.tables import Column, Role, Schema, Source, Table, read
from niming.tables.schema import Format

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Scan", "scan"]

_GOLDEN = (math.sqrt(5) - 1) / 2

_AT_ONCE = 16
"""Columns of which a sample is in memory at a time."""

_JUDGES = 2
"""Columns that are judged at a time."""

_COLOURS = {
    Role.DIRECT_IDENTIFIER: "#d1495b",
    Role.QUASI_IDENTIFIER: "#c98a00",
    Role.SENSITIVE: "#8a5cc2",
    Role.INSENSITIVE: "#4a8f5a",
}


@dataclass(frozen=True, repr=False)
class Scan:
    """What every column of a table holds, with a role proposed for each. Made by `scan`.

    Parameters
    ----------
    findings : tuple of Finding
        In the order of the table.
    n_rows, n_scanned : int
        Rows of the table, and rows that were looked at.
    """

    findings: tuple[Finding, ...]
    n_rows: int
    n_scanned: int

    def __getitem__(self, column: str) -> Finding:
        for finding in self.findings:
            if finding.column == column:
                return finding
        names = [f.column for f in self.findings]
        raise ColumnNotFoundError.among([column], names, asked_by="the caller of the scan")

    def found(self) -> tuple[Finding, ...]:
        """Return the columns in whose cells identifying numbers were found."""
        return tuple(f for f in self.findings if f.in_cells)

    @property
    def grade(self) -> int:
        """Grade of the table: the highest of its columns (就高从严, GB/T 43697-2024)."""
        return max(f.grade for f in self.findings)

    def schema(self) -> Schema:
        """Return the proposals as a schema, to be reviewed by a person. It holds no cell value."""
        columns = tuple(
            Column(
                f.column,
                f.role,
                f.kind,
                hierarchy=f.hierarchy,
                categories=f.categories,
                format=_format(f.holds),
                nullable=True,
                grade=f.grade,
                reason=f.reason_en,
                confidence=f.confidence,
            )
            for f in self.findings
        )
        parts: dict[str, str] = {}
        for f in self.findings:
            if f.part is not None:
                parts.setdefault(f.part, f.column)
        return Schema(
            columns,
            weight=parts.get("weight"),
            household=parts.get("household"),
            person_id=parts.get("person_id"),
        )

    def to_dict(self) -> dict[str, JSON]:
        """Return the scan as a JSON-safe dict."""
        return {
            "result": "Scan",
            "version": 1,
            "n_rows": self.n_rows,
            "n_scanned": self.n_scanned,
            "grade": self.grade,
            "findings": [f.to_dict() for f in self.findings],
        }

    def frame(self) -> pd.DataFrame:
        """Return one row a column."""
        import pandas as pd

        rows = [f.to_dict() for f in self.findings]
        return pd.DataFrame(rows).drop(columns=["hierarchy", "categories", "contains"])

    def __repr__(self) -> str:
        n = {role: sum(f.role == role for f in self.findings) for role in Role}
        roles = ", ".join(f"{k} {role}" for role, k in n.items() if k)
        found = [f.column for f in self.found()]
        cells = f"; identifying numbers in {', '.join(found[:6])}" if found else ""
        seen = (
            ""
            if self.n_scanned == self.n_rows
            else f"; {self.n_scanned} of {self.n_rows} rows seen"
        )
        return f"Scan({len(self.findings)} columns: {roles}{cells}; grade {self.grade}{seen})"

    def _repr_html_(self) -> str:
        chip = "color:#fff;border-radius:3px;padding:0 .4em;background:"
        rows = "".join(
            f"<tr><td>{html.escape(f.column)}</td>"
            f"<td><span style='{chip}{_COLOURS[f.role]}'>{html.escape(f.role)}</span></td>"
            f"<td>{html.escape(f.kind)}</td><td>{f.grade}</td><td>{f.confidence:.2f}</td>"
            f"<td>{html.escape(f.reason_zh)}<br>{html.escape(f.reason_en)}</td></tr>"
            for f in self.findings
        )
        names = ("column", "role", "kind", "grade", "confidence", "why")
        head = "".join(f"<th>{name}</th>" for name in names)
        seen = f"<caption>{self.n_scanned:,} / {self.n_rows:,} rows; grade {self.grade}</caption>"
        return f"<table>{seen}<tr>{head}</tr>{rows}</table>"


def scan(source: Source, *, sample: int | None = 1_000_000) -> Scan:
    """Find what each column holds and propose its role.

    Parameters
    ----------
    source : table
        Anything that `niming.tables.read` takes.
    sample : int, optional
        Rows to look at in a table that has more, spread evenly over it; the same rows in the same
        order give the same answer, and the result says how many were looked at. None looks at all
        of them, as a gate must.

    Returns
    -------
    Scan
        With no cell value in it.

    Raises
    ------
    InputError
        A table without rows, or a sample below 1.

    Notes
    -----
    Evidence, in this order: what the cells are (check digits of GB 11643, GB 32100 and Luhn; forms
    of telephone numbers, e-mail addresses, plates, IP and MAC addresses, passports, permits and
    officers' certificates; each of them inside longer text), cells of a form that only the
    column's name makes likely (social insurance, QQ), what the column is as a whole (names of
    people, addresses, regions, dates of birth), what it is called, and how its values are spread
    (unique, few, many). Among the values that
    have the form of an identifier, the share that is valid is compared with chance (1 in 11 for
    MOD 11-2, 1 in 31 for MOD 31-3, 1 in 10 for Luhn, 2 in 3 for the first digits of mobile
    numbers), so that order numbers of 18 digits that hold a region and a date are not taken for
    resident ids. Forms without a check digit count only where the column is spread as its kind
    is: years of birth, two series of passports, the shares of the surnames. No list of districts
    is asked: an id whose district was abolished is still an id.

    Every column gets a grade of general data after GB/T 43697-2024, by rules that ship in
    ``grades.yaml``; important and core data are declared, never guessed.

    Cost: one GROUP BY a column in the engine, and some 20 passes over its distinct values. A
    sample can miss identifiers that are rare in free text; findings on such text say so.

    Suggested bounds are powers of ten around the values, so a proposal tells the order of
    magnitude of the largest value and nothing finer; everything else in it is public.

    References
    ----------
    GB 11643-1999; GB 32100-2015; ISO/IEC 7812-1 (Luhn); GB/T 42460-2023, Annexes A and B;
    GB/T 43697-2024; Personal Information Protection Law, art. 28.

    Examples
    --------
    >>> table = {"mobile": ["13800138000", "13912345678"], "sex": ["F", "M"]}
    >>> [(f.column, f.role.value) for f in scan(table).findings]
    [('mobile', 'direct-identifier'), ('sex', 'quasi-identifier')]
    """
    table = read(source)
    if table.n_rows == 0:
        raise InputError("the table has no rows", hint="check the file or the filter before it")
    if sample is not None and sample < 1:
        raise InputError("the sample to scan is below 1", hint="sample=None looks at every row")
    if sample is None or sample >= table.n_rows:
        return Scan(tuple(_judged(table)), table.n_rows, table.n_rows)
    findings = []
    for start in range(0, len(table.columns), _AT_ONCE):
        part = _spread(table.project(table.columns[start : start + _AT_ONCE]), sample)
        findings += _judged(part)
    told = tuple(_of_sample(finding, sample, table.n_rows) for finding in findings)
    return Scan(told, table.n_rows, sample)


def _judged(table: Table) -> list[Finding]:
    """Judge every column: the engine counts the next ones while others are judged beside it."""
    n_rows = table.n_rows  # the engine answers one question at a time: none from the judges
    found: list[Future[Finding]] = []
    with ThreadPoolExecutor(_JUDGES) as pool:
        for column in table.columns:
            if len(found) >= _JUDGES:
                found[-_JUDGES].result()  # no more columns in memory than are being judged
            counted = distinct(table, column)
            found.append(
                pool.submit(_judge, column, counted, table.schema.field(column).type, n_rows)
            )
    return [future.result() for future in found]


def _judge(column: str, counted: pa.Table, found: pa.DataType, n_rows: int) -> Finding:
    return judge(profile(column, counted, found, n_rows))


def _of_sample(finding: Finding, n: int, n_rows: int) -> Finding:
    """Say of free text without a finding that rows which were not seen may hold identifiers."""
    if finding.kind != "text" or finding.in_cells:
        return finding
    return replace(
        finding,
        reason_zh=f"{finding.reason_zh}（仅查看 {n_rows} 行中的 {n} 行，其余可能含标识号码）",
        reason_en=f"{finding.reason_en} ({n} of {n_rows} rows were looked at; "
        "others may hold identifying numbers)",
    )


def _spread(table: Table, n: int) -> Table:
    """Return n rows spread evenly over the table, whatever the number of threads.

    Row i is taken if i times the golden ratio, modulo the number of rows, is below n: whole
    numbers all of them, so n rows exactly, and no period in the rows falls in with the sample.
    """
    step = round(table.n_rows * _GOLDEN)
    while math.gcd(step, table.n_rows) > 1:
        step += 1
    # Twice as fast as a reservoir for one column, ten times for many.
    numbered = "SELECT *, row_number() OVER () AS niming_row FROM source"
    taken = f"(niming_row::HUGEINT * {step}) % {table.n_rows} < {n}"
    sql = f"SELECT * EXCLUDE (niming_row) FROM ({numbered}) WHERE {taken}"
    return read(table.query(sql))


def _format(holds: str) -> Format | None:
    return cast("Format", holds) if holds in get_args(Format) else None
