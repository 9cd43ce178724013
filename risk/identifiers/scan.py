"""`scan`: what does each column hold, and what could an outsider do with it?"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.errors import InputError
from niming.measure import JSON
from niming.risk.identifiers import numbers
from niming.risk.identifiers.headers import Header, Part, header
from niming.tables import Column, Hierarchy, Role, Schema, Source, Table, read
from niming.tables.schema import Format, Kind

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Finding", "Scan", "scan"]

_SHARE = 0.6
"""Valid share from which a column holds identifiers. Chance is far below: 1 in 11 for MOD 11-2
alone and 1 in 70,000 with region and date, 1 in 31 for MOD 31-3, 1 in 10 for Luhn."""

_FEW = 3
"""Identifiers in a column of other things that are no chance: with two checks and a date, 18 random
digits pass once in 70,000."""

_RARE = 3e-4
"""And the share of them, 20 times chance."""

_MANY_VALUES = 100
"""Values above which a column without any other sign is a measure and not a category."""

_LONG_TEXT = 20
"""Mean characters from which distinct texts are free text."""

_SAMPLE = 1_000_000
"""Rows beyond which a seeded sample of this many is scanned; the result says so."""

_COLOURS = {
    Role.DIRECT_IDENTIFIER: "#d1495b",
    Role.QUASI_IDENTIFIER: "#c98a00",
    Role.SENSITIVE: "#8a5cc2",
    Role.INSENSITIVE: "#4a8f5a",
}


@dataclass(frozen=True)
class Finding:
    """What one column holds.

    Parameters
    ----------
    column : str
    holds : str
        Format of the identifiers that its cells or its name show; empty if none.
    in_cells : bool
        Whether identifying numbers were found in the cells themselves.
    role, kind : Role, Kind
        Proposed.
    reason_zh, reason_en : str
        Why.
    confidence : float in [0, 1]
    valid_rate : float in [0, 1] or None
        Share of the values that are valid identifiers of what it holds; None if it holds none.
    n_distinct : int
        Among the rows scanned.
    missing_rate : float in [0, 1]
    part : str or None
        Part in the schema: weight, household or person_id.
    hierarchy : Hierarchy or None
        Suggested, with bounds that are public knowledge.
    """

    column: str
    holds: str
    in_cells: bool
    role: Role
    kind: Kind
    reason_zh: str
    reason_en: str
    confidence: float
    valid_rate: float | None
    n_distinct: int
    missing_rate: float
    part: Part | None = None
    hierarchy: Hierarchy | None = None

    def to_dict(self) -> dict[str, JSON]:
        """Return the finding as a JSON-safe dict."""
        return asdict(self) | {
            "role": str(self.role),
            "hierarchy": None if self.hierarchy is None else self.hierarchy.to_spec(),
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
        raise InputError(f"the scan has no column {column!r}")

    def found(self) -> tuple[Finding, ...]:
        """Return the columns in whose cells identifying numbers were found."""
        return tuple(f for f in self.findings if f.in_cells)

    def schema(self) -> Schema:
        """Return the proposals as a schema, to be reviewed by a person. It holds no cell value."""
        columns = tuple(
            Column(
                f.column,
                f.role,
                f.kind,
                hierarchy=f.hierarchy,
                format=_format(f.holds),
                nullable=True,
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
            "findings": [f.to_dict() for f in self.findings],
        }

    def frame(self) -> pd.DataFrame:
        """Return one row a column."""
        import pandas as pd

        rows = [f.to_dict() for f in self.findings]
        return pd.DataFrame(rows).drop(columns=["hierarchy"])

    def __repr__(self) -> str:
        n = {role: sum(f.role == role for f in self.findings) for role in Role}
        roles = ", ".join(f"{k} {role}" for role, k in n.items() if k)
        found = [f.column for f in self.found()]
        cells = f"; identifying numbers in {', '.join(found[:6])}" if found else ""
        return f"Scan({len(self.findings)} columns: {roles}{cells})"

    def _repr_html_(self) -> str:
        chip = "color:#fff;border-radius:3px;padding:0 .4em;background:"
        rows = "".join(
            f"<tr><td>{html.escape(f.column)}</td>"
            f"<td><span style='{chip}{_COLOURS[f.role]}'>{html.escape(f.role)}</span></td>"
            f"<td>{html.escape(f.kind)}</td><td>{f.confidence:.2f}</td>"
            f"<td>{html.escape(f.reason_zh)}<br>{html.escape(f.reason_en)}</td></tr>"
            for f in self.findings
        )
        head = "<tr><th>column</th><th>role</th><th>kind</th><th>confidence</th><th>why</th></tr>"
        return f"<table>{head}{rows}</table>"


@dataclass(frozen=True)
class _Profile:
    """What can be told of a column without judging it."""

    name: str
    type: pa.DataType
    kind: Kind
    texts: NDArray[np.object_]
    n: NDArray[np.int64]
    n_rows: int

    @property
    def n_present(self) -> int:
        return int(self.n.sum())

    @property
    def n_distinct(self) -> int:
        return len(self.n)

    @property
    def missing_rate(self) -> float:
        return 1 - self.n_present / self.n_rows if self.n_rows else 0.0

    def rate(self, valid: NDArray[np.bool_]) -> float:
        """Return the share of the present records that `valid` accepts."""
        return float(self.n[valid].sum() / self.n_present) if self.n_present else 0.0


def scan(source: Source) -> Scan:
    """Find what each column holds and propose its role.

    Parameters
    ----------
    source : table
        Anything that `niming.tables.read` takes. Beyond a million rows a seeded sample is looked
        at, and the result says so.

    Returns
    -------
    Scan
        With no cell value in it.

    Raises
    ------
    InputError
        A table without rows or columns.

    Notes
    -----
    Three kinds of evidence, in this order: what the cells are (check digits of GB 11643, GB 32100
    and Luhn, forms of mobile numbers, e-mail addresses and plates, also inside longer text), what
    the column is called, and how its values are spread (unique, few, many). The share of valid
    values is compared with chance, so that order numbers of 18 digits are not taken for resident
    ids. Only checks are made, no list is asked: an id whose district was abolished is still an id.

    References
    ----------
    GB 11643-1999; GB 32100-2015; ISO/IEC 7812-1 (Luhn); GB/T 42460-2023, Annexes A and B.

    Examples
    --------
    >>> table = {"mobile": ["13800138000", "13912345678"], "sex": ["F", "M"]}
    >>> [(f.column, f.role.value) for f in scan(table).findings]
    [('mobile', 'direct-identifier'), ('sex', 'quasi-identifier')]
    """
    table = read(source)
    if table.n_rows == 0:
        raise InputError("the table has no rows", hint="check the file or the filter before it")
    scanned = min(table.n_rows, _SAMPLE)
    findings = tuple(_judge(_profile(table, c, scanned)) for c in table.columns)
    return Scan(findings, table.n_rows, scanned)


def _profile(table: Table, column: str, scanned: int) -> _Profile:
    """Count the distinct values of a column in the engine, as text."""
    import pyarrow.compute as pc

    kind = _kind(table.schema.field(column).type)
    rows = "source"
    if scanned < table.n_rows:
        rows = f"source USING SAMPLE reservoir({scanned} ROWS) REPEATABLE (0)"
    value = table.expression(column)
    sql = f"SELECT v, count(*) AS n FROM (SELECT {value} AS v FROM {rows}) GROUP BY v"
    answer = table.query(f"SELECT CAST(v AS VARCHAR) AS v, n FROM ({sql})")
    present = answer.filter(pc.is_valid(answer["v"]))
    texts = numbers.plain(present["v"])
    n = present["n"].to_numpy().astype(np.int64)
    return _Profile(column, table.schema.field(column).type, kind, texts, n, scanned)


def _kind(found: pa.DataType) -> Kind:
    import pyarrow.types as types

    if types.is_boolean(found):
        return "boolean"
    if types.is_integer(found):
        return "integer"
    if types.is_floating(found) or types.is_decimal(found):
        return "number"
    if types.is_date(found):
        return "date"
    return "datetime" if types.is_temporal(found) else "categorical"


_CHECKS: tuple[tuple[Format, Callable[[NDArray[np.object_]], NDArray[np.bool_]], str, str], ...] = (
    ("resident-id", numbers.is_resident_id, "居民身份证号", "resident identity numbers"),
    ("credit-code", numbers.is_credit_code, "统一社会信用代码", "unified social credit codes"),
    ("mobile", numbers.is_mobile, "手机号", "mobile numbers"),
    ("bank-card", numbers.is_bank_card, "银行卡号", "bank card numbers"),
    ("e-mail", numbers.is_email, "电子邮箱", "e-mail addresses"),
    ("plate", numbers.is_plate, "车牌号", "vehicle plates"),
)


def _judge(profile: _Profile) -> Finding:
    """Weigh cells, name and spread of one column."""
    named = header(profile.name)
    if profile.n_present == 0:
        role = named.role if named else Role.INSENSITIVE
        return _finding(profile, role, profile.kind, "整列缺失", "missing in every row", 0.3, named)
    return _by_cells(profile, named) or _by_name(profile, named) or _by_spread(profile)


def _by_cells(profile: _Profile, named: Header | None) -> Finding | None:
    """Judge by identifying numbers, names and addresses in the cells."""
    if profile.kind in ("boolean", "date", "datetime"):
        return None
    # A measure with decimals is no identifier; a float column of whole numbers may be one.
    for name, check, zh, en in _CHECKS:
        valid = check(profile.texts)
        rate = profile.rate(valid)
        enough = rate >= _SHARE and (
            name != "bank-card" or int(valid.sum()) >= 5 or (named and named.format == name)
        )
        if enough:
            role = Role.QUASI_IDENTIFIER if name == "credit-code" else Role.DIRECT_IDENTIFIER
            said_zh = f"{rate:.1%} 的值为{zh}（格式与校验）"
            said_en = f"{rate:.1%} of the values are {en} by form and check"
            return _finding(
                profile, role, "identifier", said_zh, said_en, min(0.99, 0.6 + 0.4 * rate), named,
                holds=name, in_cells=True, valid_rate=rate,
            )  # fmt: skip
        some = int(profile.n[valid].sum())
        if name == "resident-id" and some >= _FEW and rate >= _RARE:
            return _finding(
                profile, Role.DIRECT_IDENTIFIER, "identifier", f"有 {some} 个值为{zh}",
                f"{some} values are {en} by form and check", 0.8, named,
                holds=name, in_cells=True, valid_rate=rate,
            )  # fmt: skip
    if profile.kind != "categorical":
        return None
    inside = numbers.holds_identifier(profile.texts)
    hits = int(profile.n[inside].sum())
    if hits:
        return _finding(
            profile, Role.DIRECT_IDENTIFIER, "text", f"有 {hits} 个值的文本中含标识号码",
            f"{hits} texts contain an identifying number", 0.85, named,
            holds="text-with-identifiers", in_cells=True, valid_rate=profile.rate(inside),
        )  # fmt: skip
    rate = profile.rate(numbers.is_address(profile.texts))
    if rate >= _SHARE:
        return _finding(
            profile, Role.DIRECT_IDENTIFIER, "text", f"{rate:.1%} 的值形如地址",
            f"{rate:.1%} of the values look like addresses", 0.5 + 0.4 * rate, named,
            holds="address", valid_rate=rate,
        )  # fmt: skip
    rate = profile.rate(numbers.is_chinese_name(profile.texts))
    likely = named is not None and named.format == "name"
    if rate >= (_SHARE if likely else 0.9) and (likely or profile.n_distinct >= 50):
        return _finding(
            profile, Role.DIRECT_IDENTIFIER, "text", f"{rate:.1%} 的值形如姓名",
            f"{rate:.1%} of the values look like Chinese names", 0.5 + 0.4 * rate, named,
            holds="name", valid_rate=rate,
        )  # fmt: skip
    return None


def _by_name(profile: _Profile, named: Header | None) -> Finding | None:
    """Judge by what the column is called."""
    if named is None:
        return None
    kind, hierarchy = profile.kind, None
    if named.role == Role.DIRECT_IDENTIFIER:
        kind = "identifier"
    elif kind == "categorical" and profile.rate(numbers.is_date(profile.texts)) >= 0.95:
        kind = "date"
    elif named.en == "free text" and kind == "categorical":
        kind = "text"
    if named.age and kind in ("integer", "number"):
        hierarchy = _covering(profile, Hierarchy.intervals(0, 120, 5, 10, 20, 40))
    elif kind in ("date", "datetime"):
        hierarchy = _covering(profile, _dates())
    elif named.format == "region-code":
        hierarchy = Hierarchy.prefixes(4, 2)
    return _finding(
        profile, named.role, kind, f"列名表示{named.zh}", f"the name says {named.en}", 0.75, named,
        holds=named.format or "", hierarchy=hierarchy,
    )  # fmt: skip


def _by_spread(profile: _Profile) -> Finding:
    """Judge by how the values are spread, on the side of caution."""
    unique = profile.n_distinct >= 0.95 * profile.n_present and profile.n_present >= 50
    dated = profile.kind == "categorical" and profile.rate(numbers.is_date(profile.texts)) >= 0.95
    if profile.kind in ("date", "datetime") or dated:
        kind: Kind = profile.kind if not dated else "date"
        return _finding(
            profile, Role.QUASI_IDENTIFIER, kind, "日期可与外部信息比对",
            "dates can be matched with what others know", 0.6, None,
            hierarchy=_covering(profile, _dates()),
        )  # fmt: skip
    if profile.kind == "categorical" and profile.n_distinct > _MANY_VALUES:
        length = np.average([len(t) for t in profile.texts.tolist()], weights=profile.n)
        if length >= _LONG_TEXT:
            return _finding(
                profile, Role.INSENSITIVE, "text", "自由文本，发布时删除",
                "free text; a release drops it", 0.6, None,
            )  # fmt: skip
    if unique and profile.kind in ("categorical", "integer"):
        return _finding(
            profile, Role.DIRECT_IDENTIFIER, "identifier", "几乎每条记录取值唯一",
            "nearly unique in every record", 0.6, None,
        )  # fmt: skip
    if profile.n_distinct <= _MANY_VALUES:
        return _finding(
            profile, Role.QUASI_IDENTIFIER, profile.kind,
            f"仅 {profile.n_distinct} 个取值，外部可能知道",
            f"only {profile.n_distinct} values, which others may know", 0.45, None,
        )  # fmt: skip
    if profile.kind in ("integer", "number"):
        return _finding(
            profile, Role.SENSITIVE, profile.kind, "取值很多的度量，请复核",
            "a measure with many values: review it", 0.35, None,
        )  # fmt: skip
    return _finding(
        profile, Role.QUASI_IDENTIFIER, profile.kind, "取值很多的类别，请复核",
        "a category with many values: review it", 0.4, None,
    )  # fmt: skip


def _finding(
    profile: _Profile,
    role: Role,
    kind: Kind,
    reason_zh: str,
    reason_en: str,
    confidence: float,
    named: Header | None,
    *,
    holds: str = "",
    in_cells: bool = False,
    valid_rate: float | None = None,
    hierarchy: Hierarchy | None = None,
) -> Finding:
    return Finding(
        profile.name,
        holds,
        in_cells,
        role,
        kind,
        reason_zh,
        reason_en,
        round(confidence, 2),
        None if valid_rate is None else round(valid_rate, 4),
        profile.n_distinct,
        round(profile.missing_rate, 4),
        None if named is None else named.part,
        hierarchy,
    )


def _dates() -> Hierarchy:
    return Hierarchy.dates(
        "month", "year", "5-years", "decade", start="1880-01-01", end="2079-12-31"
    )


def _covering(profile: _Profile, hierarchy: Hierarchy) -> Hierarchy | None:
    """Return the hierarchy if it covers every value; without one a plan keeps or withholds."""
    return None if hierarchy.lacking(profile.texts).any() else hierarchy


def _format(holds: str) -> Format | None:
    from typing import get_args

    return holds if holds in get_args(Format) else None  # type: ignore[return-value]
