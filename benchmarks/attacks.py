"""``python -m benchmarks attacks``: neighbours and attacks beside scikit-learn and Anonymeter.

UCI Adult, complete rows, all 15 columns, split at random: half is the original, half the hold-out.
The release is the original with three cells in ten swapped within their column, so that attacks
succeed on some people and fail on others.

1. Nearest neighbours: the nearest released row of every held-out row, by Gower's distance; these
   are strangers to each other, so that no search ends at an equal row.
   scikit-learn searches by brute force on one-hot columns, where Manhattan distance is the same.
   Pairs a second are all pairs over the time, whether a search looked at them or not; "a core" is
   over CPU time. Tables are encoded before; Anonymeter alone encodes them in every run.
2. Linkability and inference, which niming and Anonymeter both make; targets are drawn at random by
   each, so rates agree if they are within four standard errors of their difference.
3. Every attack of niming's report. It has no rival; the same seed must give the same answer twice.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

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

RIVALS = {
    "niming_attacks": "niming",
    "sklearn_nearest": "scikit-learn: brute force, one-hot",
    "anonymeter_attacks": "Anonymeter",
}
KNOWN = (
    "age",
    "workclass",
    "education",
    "marital-status",
    "relationship",
    "race",
    "sex",
    "native-country",
)
SENSITIVE = ("occupation", "income")

SECONDS, PAIRS = 10, 200e6
"""At 32,000 rows: seconds for the report, and pairs a second and core for the neighbours."""

_SWAPPED = 0.3
_ROUNDING = 1e-5  # float32 sums of 15 columns, relative
_ERRORS = 4  # standard errors; six rates differ by chance in one run of 2,600
_LARGE = 32_000
_LARGEST = 45_222  # complete rows of Adult


def write_tables(folder: Path, rows: int, seed: int) -> dict[str, str]:
    """Write original, release and hold-out; return their paths."""
    from niming.tables import datasets

    rng = np.random.default_rng(seed)
    table = datasets.adult().dropna().head(rows)
    order = rng.permutation(len(table))
    half = len(table) // 2
    original = table.iloc[order[:half]].reset_index(drop=True)
    holdout = table.iloc[order[half : 2 * half]].reset_index(drop=True)
    released = original.copy()
    for column in released.columns:
        at = np.flatnonzero(rng.random(half) < _SWAPPED)
        released[column] = original[column].to_numpy(copy=True)
        released.loc[at, column] = original[column].to_numpy()[rng.permutation(at)]
    paths = {}
    for name, frame in (("original", original), ("released", released), ("holdout", holdout)):
        paths[name] = str(folder / f"{name}.parquet")
        frame.to_parquet(paths[name], index=False)
    return paths


def apart(entries: Sequence[Entry], n_attacks: int) -> list[str]:
    """Name the success rates that differ by more than chance."""
    ours, *others = entries
    out = []
    for other in others:
        shared = sorted(ours.answer.keys() & other.answer.keys())
        if not shared:
            out.append(f"{other.rival} and {ours.rival} have no rate in common")
        for name in shared:
            one, two = ours.answer[name], other.answer[name]
            # Wilson's centre, so that a rate of 0 or 1 has a standard error too.
            variance = sum(
                (p := (rate * n_attacks + 2) / (n_attacks + 4)) * (1 - p) / n_attacks
                for rate in (one, two)
            )
            if abs(one - two) > _ERRORS * math.sqrt(variance):
                out.append(
                    f"{other.rival} and {ours.rival} differ in {name}: {two:.3f} and {one:.3f}"
                )
    return out


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; 1 if the answers differ, and then no speed is told."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks attacks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, default=32_000, help="of Adult, both halves together")
    parser.add_argument("--n-attacks", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=5, help="timed runs of niming")
    parser.add_argument("--rival-repeats", type=int, default=1, help="timed runs of the others")
    parser.add_argument(
        "--rivals",
        nargs="*",
        choices=list(RIVALS)[1:],
        default=list(RIVALS)[1:],
        help="beside niming; Anonymeter gets an environment of its own",
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, help="file to write the result to")
    options = parser.parse_args(arguments)
    if min(options.rows // 2, options.n_attacks, options.repeats, options.rival_repeats) < 1:
        parser.error("rows, attacks and repeats must be at least 1")
    asked = ["niming_attacks", *options.rivals]
    repeats = dict.fromkeys(asked, options.rival_repeats) | {asked[0]: options.repeats}
    half = min(options.rows, _LARGEST) // 2
    n_attacks = min(options.n_attacks, half)
    with tempfile.TemporaryDirectory(prefix="niming-benchmark-") as folder:
        task = {
            **write_tables(Path(folder), options.rows, options.seed),
            "known": KNOWN,
            "sensitive": SENSITIVE,
            "n_attacks": n_attacks,
            "seed": options.seed,
        }
        found = contest(asked, {**task, "job": "nearest"}, repeats=repeats)
        if differences := disagreements(found, tolerance=_ROUNDING):
            return refuse(differences)
        both = [name for name in asked if name != "sklearn_nearest"]
        shared = contest(both, {**task, "job": "shared"}, repeats=repeats)
        if differences := apart(shared, n_attacks):
            return refuse(differences)
        report = contest(asked[:1], {**task, "job": "report"}, repeats=repeats)
    print(f"nearest of {half:,} rows for each of {half:,}, 15 columns; {_compared(found)}")
    print("\n".join(lines(found, RIVALS)))
    for entry in found:
        wall, cpu = (half * half / s / 1e6 for s in (entry.median_s, entry.cpu_s))
        print(f"{RIVALS[entry.rival]:<36} {wall:>8.1f} M pairs/s, {cpu:>8.1f} M pairs/s a core")
    large = half * 2 >= _LARGE
    if large:
        print(_judged(half * half / found[0].cpu_s >= PAIRS, f"{PAIRS / 1e6:.0f} M pairs/s a core"))
    print(f"\nlinkability and inference, {n_attacks:,} attacks each; {_compared(shared)}")
    print("\n".join(lines(shared, RIVALS)))
    print(f"\nevery attack of the report, {n_attacks:,} attacks each")
    print("\n".join(lines(report, RIVALS)))
    if large:
        slowest = max(report[0].first_s, *report[0].seconds)
        print(_judged(slowest < SECONDS, f"{SECONDS} s, first run too: {seconds(slowest)} s"))
    print(versions([*found, *shared, *report]))
    if options.json:
        result = {
            "benchmark": "attacks",
            "rows": 2 * half,
            "n_attacks": n_attacks,
            "seed": options.seed,
            "machine": machine(),
            "nearest": told(found),
            "shared": told(shared),
            "report": told(report),
        }
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


def _compared(entries: Sequence[Entry]) -> str:
    others = ", ".join(RIVALS[e.rival].split(":")[0] for e in entries[1:])
    return f"answers agree with {others}" if others else "answers not compared"


def _judged(reached: bool, goal: str) -> str:
    return f"{'reaches' if reached else 'misses'} {goal}"
