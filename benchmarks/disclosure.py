"""``python -m benchmarks disclosure``: individual and household risk and SUDA, beside pandas.

Two tables, each complete and with missing values: UCI Adult, and an invented register. Seven
quasi-identifiers, sampling weights, households. Missing values are read both ways: as a value of
their own, and as agreeing with anything.

Answers are compared first on the head of each table with NumPy's comparison of every row with
every row, under both readings, and then in each timed run with pandas. SUDA where missing agrees
with anything has no rival of this size: there the first comparison stands alone.

sdcMicro's seconds are printed beside, from the project's reference measurements on two other cores
in an earlier run: not side by side. Of its tables only the rows and the number of keys are known,
not the classes. 45,222 rows are those of Adult without missing values. The register follows
city2000, the invented register on which its answers were taken: as many values a column, with more
districts for the larger town and ethnicity as the seventh. ``--keys fine`` takes columns of many
values instead, where three records in four are alone on all columns: far more work for SUDA than
city2000, and not to be held against a time that was taken elsewhere.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks.contest import (
    Entry,
    contest,
    disagreements,
    lines,
    machine,
    refuse,
    seconds,
    told,
    versions,
)
from benchmarks.risk import zipf

if TYPE_CHECKING:
    import pandas as pd

RIVALS = {
    "niming_disclosure": "niming",
    "pandas_disclosure": "pandas: groupby, merge",
}
ADULT = ("age", "workclass", "education", "marital-status", "race", "sex", "native-country")
REGISTER = {
    "city": {
        "district": (60, 1.0),
        "age_group": (10, 0.7),
        "sex": (2, 0.0),
        "education": (6, 0.8),
        "occupation": (7, 0.6),
        "marital": (4, 1.3),
        "ethnicity": (8, 2.5),
    },
    "fine": {
        "district": (60, 1.0),
        "age": (90, 0.0),
        "sex": (2, 0.0),
        "education": (9, 0.5),
        "occupation": (64, 0.9),
        "marital": (4, 1.0),
        "ethnicity": (56, 3.0),
    },
}
"""Number of values and Zipf exponent of the register's quasi-identifiers."""

_MISSING = 0.01
_HOUSEHOLDS = 11  # seed: the same households in every table
_LARGE = 1_000_000

READINGS = ("own-value", "matches-anything")
MEASURES = {
    "risk": "class frequencies, individual and household risk",
    "suda": "SUDA and DIS scores",
}
PUBLISHED = {
    ("risk", "UCI Adult, complete", 45_222): 1.0 + 1.7,
    ("risk", "city register, complete", 1_000_000): 14.4 + 10.8,
    ("risk", "UCI Adult, matches-anything", 48_842): 14.4,  # frequencies alone
    ("suda", "UCI Adult, complete", 45_222): 0.7,
    ("suda", "city register, complete", 1_000_000): 20.7,
}
"""Wall seconds of sdcMicro 5.8 by measure, table and rows."""

FASTER = {"risk": 20, "suda": 10}
"""How many times as fast as sdcMicro each is to be at a million rows."""


class Table(NamedTuple):
    """A table and how its missing values are read; "" where it has none."""

    name: str
    rows: pd.DataFrame
    keys: tuple[str, ...]
    reading: str

    @property
    def label(self) -> str:
        """Name and reading."""
        return f"{self.name}, {self.reading or 'complete'}"


class Run(NamedTuple):
    """What was measured on a table, by each rival."""

    measure: str
    table: Table
    entries: list[Entry]


def adult(rows: int | None, *, complete: bool) -> pd.DataFrame:
    """Return UCI Adult with its weight, and households of one to five neighbours in the file."""
    from niming.tables import datasets

    table = datasets.adult()
    table = table.dropna() if complete else table
    table = table[[*ADULT, "fnlwgt"]].rename(columns={"fnlwgt": "weight"})
    return _with_households(table.head(rows) if rows else table)


def register(rows: int, *, keys: str, missing: float, seed: int) -> pd.DataFrame:
    """Invent a sample of a register: independent columns, a share of their cells missing."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    columns = {}
    for name, (size, exponent) in REGISTER[keys].items():
        codes = rng.choice(size, rows, p=zipf(size, exponent))
        codes[rng.random(rows) < missing] = size
        values = [*(f"{name} {i:02}" for i in range(size)), None]
        columns[name] = np.array(values, dtype=object)[codes]
    weight = 1 + rng.gamma(2.0, 10.0, rows).round(3)
    return _with_households(pd.DataFrame(columns).assign(weight=weight))


def tables(rows: int, adult_rows: int | None, *, keys: str, seed: int) -> list[Table]:
    """Return both tables complete, and with missing values under either reading."""
    out = []
    for reading in ("", *READINGS):
        found = adult(adult_rows, complete=not reading)
        out.append(Table("UCI Adult", found, ADULT, reading))
    for reading in ("", *READINGS):
        found = register(rows, keys=keys, missing=_MISSING if reading else 0.0, seed=seed)
        out.append(Table(f"{keys} register", found, tuple(REGISTER[keys]), reading))
    return out


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; 1 if the answers differ, and then no speed is told."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks disclosure",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the register")
    parser.add_argument("--keys", choices=list(REGISTER), default="city", help="of the register")
    parser.add_argument("--adult-rows", type=int, help="first rows of Adult; all without it")
    parser.add_argument("--check-rows", type=int, default=1500, help="compared row with row")
    parser.add_argument("--repeats", type=int, default=5, help="timed runs of niming")
    parser.add_argument("--rival-repeats", type=int, default=1, help="timed runs of pandas")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, help="file to write the result to")
    options = parser.parse_args(arguments)
    sizes = [options.rows, options.check_rows, options.repeats, options.rival_repeats]
    if min([*sizes, 1 if options.adult_rows is None else options.adult_rows]) < 1:
        parser.error("rows and repeats must be at least 1")
    repeats = dict(zip(RIVALS, (options.repeats, options.rival_repeats), strict=True))
    found = tables(options.rows, options.adult_rows, keys=options.keys, seed=options.seed)
    runs: list[Run] = []
    with tempfile.TemporaryDirectory(prefix="niming-benchmark-") as folder:
        path = Path(folder) / "table.parquet"
        if differences := _checked(found, options.check_rows, path):
            return refuse(differences)
        for table in found:
            table.rows.to_parquet(path, index=False)
            for measure, meaning in MEASURES.items():
                alone = measure == "suda" and table.reading == "matches-anything"
                task = _task(path, table, [measure])
                rivals = list(RIVALS)[: 1 if alone else None]
                entries = contest(rivals, task, repeats=repeats)
                if differences := disagreements(entries):
                    return refuse([f"{table.label}: {text}" for text in differences])
                runs.append(Run(measure, table, entries))
                print(f"\n{table.label}, {len(table.rows):,} rows: {meaning}")
                print("\n".join(lines(entries, RIVALS)))
                if measure == "risk":
                    answer = entries[0].answer
                    n, alone_on_all = answer["classes"], answer["records alone"]
                    print(f"{n:,.0f} classes, {alone_on_all:,.0f} records alone")
    print("\n" + "\n".join([*_beside_complete(runs), *_beside_published(runs)]))
    print(versions([entry for run in runs for entry in run.entries]))
    if options.json:
        result = {
            "benchmark": "disclosure",
            "seed": options.seed,
            "machine": machine(),
            "runs": [
                {
                    "measure": run.measure,
                    "table": run.table.label,
                    "rows": len(run.table.rows),
                    "rivals": told(run.entries),
                    "sdcmicro_published_s": _published(run),
                }
                for run in runs
            ],
        }
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


def _with_households(table: pd.DataFrame) -> pd.DataFrame:
    size = np.random.default_rng(_HOUSEHOLDS).integers(1, 6, len(table))
    return table.assign(household=np.repeat(np.arange(len(table)), size)[: len(table)])


def _checked(found: Sequence[Table], rows: int, path: Path) -> list[str]:
    """Compare the head of each table row with row; return what differs."""
    for table in found:
        table.rows.head(rows).to_parquet(path, index=False)
        entries = contest(
            ["niming_disclosure", "numpy_pairs"], _task(path, table, list(MEASURES)), repeats=1
        )
        if differences := disagreements(entries):
            return [f"{table.label}: {text}" for text in differences]
        n = len(entries[0].answer.keys() & entries[1].answer.keys())
        print(f"{table.label}: {n} numbers agree with NumPy on the first {rows:,} rows")
    return []


def _task(path: Path, table: Table, measures: Sequence[str]) -> dict[str, object]:
    return {
        "path": str(path),
        "quasi_identifiers": list(table.keys),
        "weight": "weight",
        "household": "household",
        "missing": table.reading or "own-value",
        "measures": list(measures),
    }


def _beside_complete(runs: Sequence[Run]) -> list[str]:
    """Tell what missing values cost: no more than a small factor, or there is a slow path."""
    complete = {
        (run.measure, run.table.name): run.entries[0].median_s
        for run in runs
        if not run.table.reading
    }
    out = ["niming with missing values, times the time on complete rows:"]
    for run in runs:
        if run.table.reading:
            times = run.entries[0].median_s / complete[run.measure, run.table.name]
            out.append(f"  {run.measure}: {run.table.label:<40} {times:>6.2f}")
    return out


def _beside_published(runs: Sequence[Run]) -> list[str]:
    out = []
    for run in runs:
        if (published := _published(run)) is None:
            continue
        ours = run.entries[0]
        times, goal = published / ours.median_s, FASTER[run.measure]
        label = f"{run.measure}: {run.table.label}, {len(run.table.rows):,} rows"
        out.append(
            f"{label:<50} {seconds(published):>10} {seconds(ours.median_s):>8} "
            f"{seconds(ours.cpu_s):>7} {times:.3g}×"
        )
        if len(run.table.rows) >= _LARGE:
            out[-1] += f" ({'reaches' if times >= goal else 'misses'} {goal}×)"
    head = f"{'published, not side by side':<50} {'sdcMicro s':>10} {'niming s':>8} {'CPU s':>7}"
    return [head, *out] if out else []


def _published(run: Run) -> float | None:
    return PUBLISHED.get((run.measure, run.table.label, len(run.table.rows)))
