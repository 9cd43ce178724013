"""``python -m benchmarks identifiers``: a scan of 20 columns, with recall and precision.

The invented register of residents (14 columns) and six more: landlines, plates, bank cards, notes
of which one in twenty holds a mobile number, and two near misses, order numbers of 18 digits that
hold a region and a date, and parcel numbers of 11 digits. Columns are called c00 to c19, so that
cells decide and not names. Every row is looked at.

Recall and precision are those of the columns: of 11 that name, place or reach a person, how many
are found as what they are; of those found, how many are right. They are taken over many small
tables of other seeds, clean and with cells that careless entry has damaged, and over the table that
is timed. The rival is what an analyst would write in pandas: regular expressions and check digits.
It is compared on the kinds that these can tell.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks.contest import (
    contest,
    disagreements,
    lines,
    machine,
    refuse,
    seconds,
    told,
    versions,
)

if TYPE_CHECKING:
    import pandas as pd

RIVALS = {
    "niming_scan": "niming: every kind",
    "pandas_regex": "pandas: regular expressions, 6 kinds",
}
LABELS = {
    "name": "name",
    "id_number": "resident-id",
    "mobile": "mobile",
    "address": "address",
    "region_code": "region-code",
    "birth_date": "birth-date",
    "sex": "",
    "ethnicity": "",
    "occupation_code": "",
    "household_id": "",
    "employer_credit_code": "credit-code",
    "diagnosis": "",
    "income": "",
    "visit_date": "",
    "landline": "landline",
    "plate": "plate",
    "bank_card": "bank-card",
    "note": "text-with-identifiers",
    "order": "",
    "parcel": "",
}
"""What each column holds; empty if nothing that names or places a person."""

SECONDS, RATE = 10, 0.98
"""At a million rows: seconds of a scan; recall and precision at any size."""

_SIZES = (100, 1000)
_DIRT = 0.02
_LARGE = 1_000_000


class Rates(NamedTuple):
    """Columns rightly found, missed, and taken for what they are not."""

    n_right: int
    n_missed: int
    n_wrong: int

    @property
    def recall(self) -> float:
        """Share of the labelled columns that were found."""
        return self.n_right / (self.n_right + self.n_missed)

    @property
    def precision(self) -> float:
        """Share of the findings that are right; 1 without any."""
        found = self.n_right + self.n_wrong
        return self.n_right / found if found else 1.0

    def plus(self, other: Rates) -> Rates:
        """Return the rates over the columns of both."""
        return Rates(*(a + b for a, b in zip(self, other, strict=True)))


def make(rows: int, seed: int, *, dirty: float = 0.0) -> pd.DataFrame:
    """Invent the 20 columns under their own names."""
    from niming.tables import datasets, identifiers
    from niming.tables.datasets.dirt import soil

    table = datasets.residents(rows, seed=seed)
    rng = np.random.default_rng([seed, 1])
    table["landline"] = identifiers.landlines(rows, rng=rng)
    table["plate"] = identifiers.plates(rng.choice(["吉A", "吉B", "吉H"], rows), rng=rng)
    table["bank_card"] = identifiers.strings(identifiers.bank_cards(rows, rng=rng))
    numbers = rng.integers(10, 100, rows).astype(str).astype(object)
    table["note"] = "第" + numbers + "次来电咨询，已答复，建议复查"
    some = np.flatnonzero(rng.random(rows) < 0.05) if rows > 20 else np.arange(1)
    mobiles = identifiers.strings(identifiers.mobiles(len(some), rng=rng))
    table.loc[some, "note"] = "请回电" + mobiles.astype(object) + "，谢谢"
    day = np.datetime64("2023-01-01") + rng.integers(0, 700, rows)
    days = np.char.replace(day.astype(str), "-", "").astype(object)
    table["order"] = table["region_code"] + days + _digits(rng, rows, 4)
    table["parcel"] = _digits(rng, rows, 11)
    table = table[list(LABELS)]
    return soil(table, dirty, rng=rng) if dirty else table


def rates(answer: Mapping[str, float]) -> Rates:
    """Compare what a rival says of each column with the labels."""
    right = missed = wrong = 0
    for name, kind in zip(_names(), LABELS.values(), strict=True):
        held = {k for k in set(LABELS.values()) - {""} if answer.get(f"{name} holds {k}")}
        right += kind in held
        missed += bool(kind) and kind not in held
        wrong += len(held - {kind})
    return Rates(right, missed, wrong)


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; 1 if the answers differ, and then no speed is told."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks identifiers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5, help="timed runs of niming")
    parser.add_argument("--rival-repeats", type=int, default=1, help="timed runs of pandas")
    parser.add_argument("--tables", type=int, default=10, help="seeds for recall and precision")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, help="file to write the result to")
    options = parser.parse_args(arguments)
    if min(options.rows, options.repeats, options.rival_repeats, options.tables) < 1:
        parser.error("rows, repeats and tables must be at least 1")
    kinds = sorted(set(LABELS.values()) - {""})
    small = _over_seeds(range(options.seed + 1, options.seed + 1 + options.tables), kinds)
    with tempfile.TemporaryDirectory(prefix="niming-benchmark-") as folder:
        path = Path(folder) / "register.parquet"
        make(options.rows, options.seed).set_axis(_names(), axis=1).to_parquet(path, index=False)
        repeats = dict(zip(RIVALS, (options.repeats, options.rival_repeats), strict=True))
        entries = contest(list(RIVALS), {"path": str(path), "kinds": kinds}, repeats=repeats)
    if differences := disagreements(entries):
        return refuse(differences)
    large = rates(entries[0].answer)
    print(f"{options.rows:,} rows, {len(LABELS)} columns, {machine()['cores']} cores")
    print("\n".join(lines(entries, RIVALS)))
    print(f"{len(entries[1].answer)} answers agree")
    n = 2 * options.tables * len(_SIZES)
    sizes = " and ".join(map(str, _SIZES))
    for found, where in (
        (large, "this table"),
        (small, f"{n} tables of {sizes} rows, half damaged"),
    ):
        reached = min(found.recall, found.precision) >= RATE
        print(
            f"recall {found.recall:.4f}, precision {found.precision:.4f}, "
            f"{'reaches' if reached else 'misses'} {RATE}: {where}"
        )
    if options.rows >= _LARGE:
        slowest = max(entries[0].first_s, *entries[0].seconds)
        word = "reaches" if slowest < SECONDS else "misses"
        print(f"{word} {SECONDS} s, first run too: {seconds(slowest)} s")
    print(versions(entries))
    if options.json:
        result = {
            "benchmark": "identifiers",
            "rows": options.rows,
            "seed": options.seed,
            "machine": machine(),
            "rivals": told(entries),
            "recall": small.recall,
            "precision": small.precision,
            "n_tables": n,
        }
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


def _over_seeds(seeds: Sequence[int], kinds: Sequence[str]) -> Rates:
    from niming.risk.identifiers import scan

    found = Rates(0, 0, 0)
    for seed in seeds:
        for rows in _SIZES:
            for dirty in (0.0, _DIRT):
                table = make(rows, seed, dirty=dirty).set_axis(_names(), axis=1)
                findings = scan(table, sample=None).findings
                answer = {f"{f.column} holds {k}": f.holds == k for f in findings for k in kinds}
                found = found.plus(rates(answer))
    return found


def _names() -> list[str]:
    return [f"c{i:02}" for i in range(len(LABELS))]


def _digits(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    numbers = rng.integers(0, 10**width, n).astype(str)
    return np.char.zfill(numbers, width).astype(object)
