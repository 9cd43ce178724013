"""`Profile`: the distinct values of one column and how often they occur, as plain texts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from niming.risk.identifiers import numbers
from niming.risk.identifiers.dates import is_date
from niming.risk.identifiers.texts import Mask, Plain, mask, plain
from niming.tables import Table
from niming.tables.schema import Kind

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Profile", "distinct", "profile"]

_DATED = 0.95
_COUNTED = 20

# What people and programs write where they have no value. 其他 and "other" are categories: they say
# that there is a value. Noughts stand for a missing number or date in texts alone: in a column of
# numbers 0 counts.
_CHINESE = (
    "不详 不明 未知 无 没有 暂无 空 空白 空值 缺 缺失 暂缺 待补 待补充 待填 待填写 待录入 "
    "未填 未填写 未填报 未录入 未登记 未提供 未采集 未记录 "
    "不清楚 不知道 不知 不适用 保密 拒答 拒绝回答 无数据 无资料"
)
_ENGLISH = (
    "n/a #n/a na n.a. null none nil nan nat unknown unk missing blank empty undefined withheld "
    "not-available not-applicable not-provided not-known not-recorded not-stated"
)
_BRACKETS = ("{}", "({})", "[{}]", "<{}>", "【{}】")
_SIGNS = "-_—–./\\?？~…"


@cache
def _placeholders() -> pa.StringArray:
    """Return the placeholders in every way to write them: a look-up is faster than a pattern."""
    import pyarrow as pa

    unstated = [*_CHINESE.split(), *(word.replace("-", " ") for word in _ENGLISH.split())]
    cased = [form for w in unstated for form in (w, w.upper(), w.capitalize(), w.title())]
    words = [brackets.format(word) for word in cased for brackets in _BRACKETS]
    signs = [sign * times for sign in _SIGNS for times in range(1, 9)]
    noughts = ["0" * times for times in range(4, 20)]
    other = ["\\N", "NaN", "NaT", "0000-00-00", "0000/00/00", "0000.00.00"]
    return pa.array(dict.fromkeys([*words, *signs, *noughts, *other]), pa.string())


_WHOLE = "CAST(CAST(v AS BIGINT) AS VARCHAR)"


@dataclass(frozen=True, eq=False, repr=False)
class Profile:
    """What can be told of a column without judging it.

    Parameters
    ----------
    name : str
    kind : Kind
        As its storage type says.
    values : pyarrow StringArray
        Distinct values as the table has them, missing left out.
    texts : Plain
        The same in plain form.
    n : ndarray of int
        Records a value.
    n_rows : int
        Records looked at, missing ones among them.
    rounded : bool
        Whether values are stored in binary floating point, which rounds whole numbers beyond 2^53.
    before : Profile, optional
        The profile that this one was made of by leaving placeholders out.
    """

    name: str
    kind: Kind
    values: pa.StringArray
    texts: Plain
    n: NDArray[np.int64]
    n_rows: int
    rounded: bool = False
    before: Profile | None = None

    def __repr__(self) -> str:
        return f"Profile({self.name!r}, {self.kind}, {self.n_distinct} distinct values)"

    @property
    def n_present(self) -> int:
        """Records that are not missing."""
        return int(self.n.sum())

    @property
    def n_distinct(self) -> int:
        """Distinct values."""
        return len(self.n)

    @property
    def missing_rate(self) -> float:
        """Share of missing records."""
        return 1 - self.n_present / self.n_rows if self.n_rows else 0.0

    @property
    def unique(self) -> bool:
        """Whether nearly every record has a value of its own."""
        return self.n_present >= 50 and self.n_distinct >= 0.95 * self.n_present

    @cached_property
    def stated(self) -> Profile:
        """The profile of what is stated: without 不详, N/A, -- and other placeholders.

        A share of the stated values tells what a column holds. A placeholder is still a value that
        the table has, and no null: it stays in what is counted and in what a hierarchy must cover.
        """
        if self.kind != "categorical":
            return self
        import pyarrow as pa
        import pyarrow.compute as pc

        placeholders = mask(pc.is_in(self.texts.array, value_set=_placeholders()))
        if not placeholders.any() or placeholders.all():
            return self

        kept = pa.array(~placeholders)
        return replace(
            self,
            values=self.values.filter(kept),
            texts=Plain(self.texts.array.filter(kept)),
            n=self.n[~placeholders],
            before=self,
        )

    @cached_property
    def dated(self) -> bool:
        """Whether the values are texts that spell dates."""
        return self.kind == "categorical" and self.rate(is_date(self.texts)) >= _DATED

    @cached_property
    def dated_numbers(self) -> bool:
        """Whether the values are whole numbers that spell dates, such as 19491231."""
        return self.kind == "integer" and self.rate(is_date(self.texts)) >= _DATED

    @cached_property
    def counts_up(self) -> bool:
        """Whether the values are whole numbers that follow each other with few gaps."""
        whole = numbers.as_integers(self.texts)
        if whole is None or len(whole) < _COUNTED:
            return False
        return int(whole.max()) - int(whole.min()) < 2 * len(whole)

    @cached_property
    def mean_length(self) -> float:
        """Mean characters of a record."""
        import pyarrow.compute as pc

        length = pc.utf8_length(self.texts.array).to_numpy(zero_copy_only=False)
        return float(np.average(length, weights=self.n)) if self.n_present else 0.0

    def rate(self, valid: Mask) -> float:
        """Return the share of the present records that `valid` accepts."""
        return float(self.n[valid].sum() / self.n_present) if self.n_present else 0.0


def distinct(table: Table, column: str) -> pa.Table:
    """Count the distinct values of a column in the engine, as text: columns v and n."""
    import pyarrow.types as types

    found = table.schema.field(column).type
    sql = f"SELECT {table.expression(column)} AS v FROM source"
    sql = f"SELECT v, count(*) AS n FROM ({sql}) WHERE v IS NOT NULL GROUP BY v"
    text = "CAST(v AS VARCHAR)"
    if types.is_floating(found) or types.is_decimal(found):  # 13800138000.0 is 13800138000
        text = f"CASE WHEN v = trunc(v) AND abs(v) < 1e18 THEN {_WHOLE} ELSE {text} END"
    return table.query(f"SELECT {text} AS v, n FROM ({sql})")


def profile(column: str, answer: pa.Table, found: pa.DataType, n_rows: int) -> Profile:
    """Make the profile of a column of type `found` from what `distinct` answered."""
    import pyarrow.compute as pc
    import pyarrow.types as types

    values = answer["v"].combine_chunks()
    n = answer["n"].to_numpy().astype(np.int64)
    texts = plain(values)
    there = pc.greater(pc.binary_length(texts.array), 0)  # nothing but blanks is missing
    if not pc.all(there).as_py():
        values, texts = values.filter(there), Plain(texts.array.filter(there))
        n = n[there.to_numpy(zero_copy_only=False)]
    rounded = types.is_floating(found)
    return Profile(column, _kind(found), values, texts, n, n_rows, rounded)


def _kind(found: object) -> Kind:
    import pyarrow.types as types

    if types.is_dictionary(found):
        return "categorical"
    if types.is_boolean(found):
        return "boolean"
    if types.is_integer(found):
        return "integer"
    if types.is_floating(found) or types.is_decimal(found):
        return "number"
    if types.is_date(found):
        return "date"
    return "datetime" if types.is_timestamp(found) else "categorical"
