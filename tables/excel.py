"""Excel workbooks, by python-calamine (extra ``excel``)."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from niming.errors import InputError
from niming.tables.names import check_names

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["read_excel"]

_EXACT = 10**15  # Excel keeps 15 digits of a number


def read_excel(
    path: Path,
    *,
    sheet: str | None = None,
    missing: Sequence[str] = ("",),
    text: Sequence[str] = (),
) -> pa.Table:
    """Return one sheet as an Arrow table: the first row names the columns.

    The rules for types are those of `niming.tables.read`.

    Raises
    ------
    InputError
        Without python-calamine; no such sheet; no rows; a password; a column of numbers beyond 15
        digits, which Excel has rounded already.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise InputError(
            f"{path.name} is an Excel workbook, and python-calamine is not installed",
            hint='pip install "niming[excel]", or save the sheet as CSV (UTF-8)',
        ) from None
    try:
        with CalamineWorkbook.from_path(str(path)) as workbook:
            names = workbook.sheet_names
            if sheet is not None and sheet not in names:
                near = difflib.get_close_matches(sheet, names, n=1) or names[:10]
                raise InputError(
                    f"{path.name} has no sheet {sheet!r}",
                    hint="it has " + ", ".join(map(repr, near)),
                )
            if not names:
                raise InputError(
                    f"{path.name} has no sheet", hint="save it again, or export it as CSV"
                )
            rows = workbook.get_sheet_by_name(sheet or names[0]).to_python()
    except CalamineError as error:
        raise InputError(
            f"{path.name} could not be read as an Excel workbook ({type(error).__name__})",
            hint="is it complete and without a password? Open it and save it again",
        ) from None
    return _table(path, rows, frozenset(missing), frozenset(text))


def _table(
    path: Path, rows: Sequence[Sequence[object]], missing: frozenset[str], text: frozenset[str]
) -> pa.Table:
    import pyarrow as pa

    if not rows:
        raise InputError(f"the sheet of {path.name} is empty", hint="name another: sheet=")
    header = [_canonical(cell).strip() for cell in rows[0]]
    check_names(header, where=path.name)
    body = [row for row in rows[1:] if any(cell != "" for cell in row)]
    if not body:
        raise InputError(f"{path.name} has a header and no rows", hint="name another: sheet=")
    columns = []
    for j, name in enumerate(header):
        cells = [None if row[j] in missing or row[j] == "" else row[j] for row in body]
        columns.append(_column(name, cells, as_text=name in text))
    return pa.Table.from_arrays(columns, names=header)


def _column(name: str, cells: list[object], *, as_text: bool) -> pa.Array:
    """Return cells of one kind in that kind, and mixed ones as text."""
    import pyarrow as pa

    kinds = {type(cell) for cell in cells} - {type(None)}
    if kinds <= {int, float}:
        numbers = [cell for cell in cells if isinstance(cell, (int, float))]
        if any(abs(x) >= _EXACT for x in numbers):
            raise InputError(
                f"column {name!r} holds numbers of more than 15 digits, which Excel has rounded",
                hint="format the column as text in the source and enter it again, or export it "
                "from there as CSV",
            )
        if numbers and not as_text:
            whole = all(float(x).is_integer() for x in numbers)
            if whole and all(abs(x) < 10**10 for x in numbers):
                return pa.array([None if x is None else int(x) for x in cells], pa.int64())  # type: ignore[call-overload]
            if not whole:
                return pa.array(cells, pa.float64())
    elif len(kinds) == 1 and not as_text and kinds <= {bool, datetime.date, datetime.datetime}:
        return pa.array(cells)
    return pa.array([None if x is None else _canonical(x) for x in cells], pa.string())


def _canonical(cell: object) -> str:
    """Return a cell as text: whole numbers without a decimal point, dates in ISO form.

    >>> _canonical(420106.0)
    '420106'
    """
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, (datetime.date, datetime.datetime, datetime.time)):
        return cell.isoformat(*(" ",) if isinstance(cell, datetime.datetime) else ())
    return str(cell)
