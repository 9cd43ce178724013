"""CSV as it comes: any of four delimiters, Chinese encodings, and types that lose nothing."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from niming.errors import ColumnNotFoundError, InputError
from niming.tables.encoding import Encoding, detect
from niming.tables.engine import DuckDB, quote
from niming.tables.names import check_names

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["open_csv"]

_DELIMITERS = ",;\t|"
_SUSPECTS = ",;\t|^~\x01:"
_SAMPLE = 1 << 20  # bytes from which the delimiter is told
_SAMPLE_ROWS = 200
_BLOCK = 1 << 22  # bytes; the longest record that is read
_FIRST_LOOK = 5_000  # rows that rule most types out before the whole table is checked

_INTEGER = r"-?(0|[1-9][0-9]{0,9})"
_DECIMAL = r"-?((0|[1-9][0-9]{0,14})?\.[0-9]+|(0|[1-9][0-9]{0,9}))([eE][+-]?[0-9]{1,3})?"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = _DATE + r"[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
# SQL type, and what every value of a column must fulfil to get it. The first that fits is taken.
_TYPES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("BOOLEAN", lambda c: f"regexp_full_match({c}, '(?i)true|false')"),
    ("BIGINT", lambda c: f"regexp_full_match({c}, '{_INTEGER}')"),
    (
        "DOUBLE",
        lambda c: (
            f"regexp_full_match({c}, '{_DECIMAL}') "
            f"AND coalesce(isfinite(TRY_CAST({c} AS DOUBLE)), false)"
        ),
    ),
    (
        "DATE",
        lambda c: f"regexp_full_match({c}, '{_DATE}') AND TRY_CAST({c} AS DATE) IS NOT NULL",
    ),
    (
        "TIMESTAMP",
        lambda c: f"regexp_full_match({c}, '{_TIME}') AND TRY_CAST({c} AS TIMESTAMP) IS NOT NULL",
    ),
)


def open_csv(
    path: Path,
    *,
    columns: Sequence[str] | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    missing: Sequence[str] = ("",),
    text: Sequence[str] = (),
) -> DuckDB:
    """Load a CSV file into the engine, which spills to disk what memory cannot hold.

    The rules for encodings, delimiters and types are those of `niming.tables.read`.

    Raises
    ------
    InputError
        As `niming.tables.read` lists them. No message holds a cell.
    """
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise InputError(
            "a delimiter is one character, not a quote and not a line end",
            hint=r'such as delimiter=";" or delimiter="\t"',
        )
    found = detect(path, encoding)
    sample, whole = _sample(path, found)
    names, delimiter = _header(path, sample, delimiter)
    if whole and sum(1 for row in _rows(sample, delimiter) if row) < 2:
        raise InputError(
            f"{path.name} has a header and no rows", hint="was it exported with a filter?"
        )
    asked = list(names if columns is None else columns)
    lost = [c for c in [*asked, *text] if c not in names]
    if lost:
        raise ColumnNotFoundError.among(lost, names, asked_by=f"reading {path.name}")
    raw = _load(path, found, names, asked, delimiter, missing)
    return _typed(raw, asked, frozenset(text))


def _sample(path: Path, encoding: Encoding) -> tuple[str, bool]:
    """Return whole lines from the beginning of the file, and whether they are all of it."""
    import codecs

    with path.open("rb") as file:
        start = file.read(_SAMPLE)
        whole = not file.read(1)
    sample = codecs.getincrementaldecoder(encoding.name)().decode(start, final=whole)
    sample = sample.removeprefix("\ufeff")
    if not whole and "\n" in sample:
        sample = sample[: sample.rindex("\n") + 1]
    return sample, whole


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    """Parse the first records of `sample`; what cannot be parsed ends them."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) == _SAMPLE_ROWS:
                break
    except csv.Error:  # a field beyond the module's limit: an unclosed quote, told when loading
        pass
    return rows


def _header(path: Path, sample: str, delimiter: str | None) -> tuple[list[str], str]:
    """Return the column names and the delimiter."""
    if not sample.strip():
        raise InputError(f"{path.name} is empty", hint="was the export cut off?")
    given = delimiter is not None
    if delimiter is None:
        delimiter = max(_DELIMITERS, key=lambda d: _fit(_rows(sample, d)))
    rows = [row for row in _rows(sample, delimiter) if row]
    if not rows:
        raise InputError(
            f"the first line of {path.name} is too long for a header",
            hint="is a quotation mark left open, or is it another kind of file?",
        )
    names = [name.strip() for name in rows[0]]
    if len(names) == 1:
        body = [row[0] for row in rows[1:]]
        likely = [
            d
            for d in _SUSPECTS
            if d != delimiter and d in names[0] and (given or (body and all(d in b for b in body)))
        ]
        if likely:
            best = max(likely, key=names[0].count)
            raise InputError(
                f"{path.name} has one column if the delimiter is {delimiter!r}, and its header "
                f"holds {best!r} {names[0].count(best)} times",
                hint=f"read it with delimiter={best!r}",
            )
    check_names(names, where=path.name)
    return names, delimiter


def _fit(rows: list[list[str]]) -> tuple[float, int]:
    """Score a delimiter: the share of records as wide as the header, then the width."""
    widths = [len(row) for row in rows if row]
    if not widths or widths[0] < 2:
        return 0.0, 0
    return sum(w == widths[0] for w in widths[1:]) / max(len(widths) - 1, 1), widths[0]


def _load(
    path: Path,
    encoding: Encoding,
    names: list[str],
    columns: list[str],
    delimiter: str,
    missing: Sequence[str],
) -> DuckDB:
    """Stream the file into the engine, every column as text."""
    import pyarrow as pa
    import pyarrow.csv

    if encoding.n_quotes % 2:
        _check_quotes(path, encoding, delimiter)
    ragged: list[int] = []
    too_long: list[bool] = []

    def on_ragged(row: pyarrow.csv.InvalidRow) -> str:
        ragged.append(row.actual_columns)
        return "error"

    schema = pa.schema([(name, pa.string()) for name in columns])

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            yield from pyarrow.csv.open_csv(
                str(path),
                read_options=pyarrow.csv.ReadOptions(
                    encoding=encoding.name,
                    column_names=names,
                    skip_rows_after_names=1,
                    block_size=_BLOCK,
                ),
                parse_options=pyarrow.csv.ParseOptions(
                    delimiter=delimiter,
                    newlines_in_values=True,
                    ignore_empty_lines=len(names) > 1,
                    invalid_row_handler=on_ragged,
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=schema,
                    include_columns=columns,
                    null_values=list(missing),
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid:
            too_long.append(not ragged)
            raise

    try:
        return DuckDB.from_batches(pa.RecordBatchReader.from_batches(schema, batches()))
    except InputError:
        if ragged:
            line = _ragged_line(path, encoding, delimiter, len(names))
            raise InputError(
                f"{path.name} is ragged: line {line} has {ragged[0]} fields, "
                f"the header has {len(names)}",
                hint="put fields that hold the delimiter in double quotes, or name another "
                "delimiter: delimiter=",
            ) from None
        if any(too_long):
            raise InputError(
                f"{path.name} has a record longer than {_BLOCK >> 20} MB",
                hint="is a double quote opened and never closed?",
            ) from None
        raise


def _check_quotes(path: Path, encoding: Encoding, delimiter: str) -> None:
    """Raise `InputError` if a quoted field is never closed: it would swallow the rest of the file.

    Called only for an odd number of quotes, as it is slow. A line put behind the last one comes
    out as a record of its own unless a field is still open.
    """
    opened = line = 1
    with path.open(encoding=encoding.name, newline="") as file:
        records = csv.reader(itertools.chain(file, ["end"]), delimiter=delimiter)
        try:
            for record in records:
                if record == ["end"]:
                    return
                opened, line = line, records.line_num + 1
        except csv.Error:  # a field longer than the module allows
            opened = line
    raise InputError(
        f"{path.name}: a double quote is opened in the record of line {opened} and never closed",
        hint="close it; a quote within a quoted field is written twice",
    )


def _ragged_line(path: Path, encoding: Encoding, delimiter: str, width: int) -> int:
    """Return the line of the first record that is not `width` fields wide."""
    with path.open(encoding=encoding.name, newline="") as file:
        records = csv.reader(file, delimiter=delimiter)
        line = 1
        for record in records:
            if record and len(record) != width:
                break
            line = records.line_num + 1
    return line


def _typed(raw: DuckDB, columns: list[str], text: frozenset[str]) -> DuckDB:
    """Give each column the first type that every one of its values fits exactly."""
    left = {c: [] if c in text else list(range(len(_TYPES))) for c in columns}
    for rows in (f"(SELECT * FROM source LIMIT {_FIRST_LOOK})", "source"):
        tests = [(c, t) for c, types in left.items() for t in types]
        if not tests:
            return raw
        terms = [
            f"bool_and({_TYPES[t][1](quote(c))}) FILTER ({quote(c)} IS NOT NULL) AS t{i}"
            for i, (c, t) in enumerate(tests)
        ]
        answer = raw.query(f"SELECT {', '.join(terms)} FROM {rows}")
        fits = [answer.column(i)[0].as_py() for i in range(len(tests))]
        # Null: no value at all. The whole table decides then, and all missing stays text.
        keep = (True, None) if rows != "source" else (True,)
        for (c, t), fit in zip(tests, fits, strict=True):
            if fit not in keep:
                left[c].remove(t)
    if not any(left.values()):
        return raw
    casts = [
        f"CAST({quote(c)} AS {_TYPES[types[0]][0]}) AS {quote(c)}" if types else quote(c)
        for c, types in left.items()
    ]
    return raw.stored(f"SELECT {', '.join(casts)} FROM source")
