"""``python -m benchmarks pycanon``: niming beside pycanon, measure by measure.

First both measure the first complete rows of UCI Adult by five sets of quasi-identifiers, where no
answer is trivial. If these agree, each measure is timed by itself on an invented register, from
the Parquet file to the number, and its answers are compared once more.

Where the definitions differ, this is what is compared:

- entropy l: pycanon cuts exp(entropy) to a whole number, so that 3.9 is 3, and 3 may be 2 because
  exp(ln 3) is 2.9999…; ours, cut alike, has to be one of the two.
- t: pycanon takes ordered distance for numbers and equal distance for text; ours is asked for it.
- delta: pycanon takes the natural logarithm over the values that a class has; that is ours over
  present values. The definition asks for all values of the table: infinite in most tables.
- enhanced beta: pycanon returns min(basic beta, −ln of the rarest share) even where a value gains
  more than its bound −ln q, so that no beta holds. There ours has no value and nothing is
  compared; everywhere else both are the same.
- (c,l)-diversity: pycanon takes the rarest value of a class for the commonest, so that its c says
  something else; it is left out.
- Missing values: pycanon leaves out records whose quasi-identifier is missing and fails on missing
  sensitive text, so the tables have none.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.contest import (
    Entry,
    contest,
    disagreements,
    machine,
    refuse,
    seconds,
    told,
    versions,
)
from benchmarks.risk import QUASI_IDENTIFIERS, SENSITIVE, generate

MEASURES = (
    "k",
    "distinct l",
    "entropy l",
    "alpha",
    "t",
    "delta",
    "basic beta",
    "enhanced beta",
)
FASTER = 100
"""How many times as fast as pycanon k and distinct l are to be at a million rows."""

RIVALS = ("niming_measure", "pycanon_measure")
CASES = tuple(
    (keys, sensitive)
    for sensitive in ("occupation", "education-num")  # text and numbers
    for keys in (
        ("sex",),
        ("sex", "race"),
        ("marital-status",),
        ("relationship", "workclass"),
        ("age", "sex"),
    )
)
_FAST, _LARGE = ("k", "distinct l"), 1_000_000
_SLACK = 1e-9


def write_adult(path: Path, rows: int) -> None:
    """Write the first complete rows of UCI Adult."""
    from niming.tables import datasets

    columns = sorted({name for keys, sensitive in CASES for name in (*keys, sensitive)})
    datasets.adult()[columns].dropna().head(rows).to_parquet(path, index=False)


def differences(entries: Sequence[Entry]) -> list[str]:
    """Name the answers that differ; entropy l is compared as pycanon cuts it."""
    ours, theirs = entries
    out = []
    for name in sorted(ours.answer.keys() & theirs.answer.keys()):
        if name.startswith("entropy l"):
            exact = ours.answer[name]
            if theirs.answer[name] not in (math.floor(exact - _SLACK), math.floor(exact + _SLACK)):
                out.append(f"{theirs.rival} and {ours.rival} differ in {name}")
    rest = [
        replace(e, answer={k: v for k, v in e.answer.items() if not k.startswith("entropy l")})
        for e in entries
    ]
    return out + (disagreements(rest) if any(e.answer for e in rest) else [])


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; 1 if the answers differ, and then no speed is told."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks pycanon",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the register that is timed")
    parser.add_argument(
        "--measures",
        nargs="+",
        choices=MEASURES,
        default=["k", "distinct l"],
        help="to be timed; pycanon takes minutes for each at 1,000,000 rows",
    )
    parser.add_argument("--check", action="store_true", help="compare all measures, time none")
    parser.add_argument("--check-rows", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=5, help="timed runs of niming")
    parser.add_argument("--rival-repeats", type=int, default=1, help="timed runs of pycanon")
    parser.add_argument("--timeout", type=float, default=7200, help="seconds a run of pycanon")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, help="file to write the result to")
    options = parser.parse_args(arguments)
    sizes = (options.rows, options.check_rows, options.repeats, options.rival_repeats)
    if min(sizes) < 1:
        parser.error("rows and repeats must be at least 1")
    with tempfile.TemporaryDirectory(prefix="niming-benchmark-") as folder:
        path = Path(folder) / "adult.parquet"
        write_adult(path, options.check_rows)
        task = {"path": str(path), "cases": CASES, "measures": MEASURES}
        checked = contest(RIVALS, task, repeats=1, timeout_s=options.timeout)
        if found := differences(checked):
            return refuse(found)
        compared = len(checked[0].answer.keys() & checked[1].answer.keys())
        print(
            f"answers agree in {compared} of {len(checked[1].answer)} numbers: {len(MEASURES)} "
            f"measures, {len(CASES)} cases, {options.check_rows:,} rows of UCI Adult"
        )
        print(f"{len(checked[1].answer) - compared} not compared: no enhanced beta holds there")
        timed = {}
        if not options.check:
            path = Path(folder) / "register.parquet"
            generate(path, options.rows, options.seed)
            print(
                f"\n{options.rows:,} rows, {len(QUASI_IDENTIFIERS)} quasi-identifiers, "
                f"{machine()['cores']} cores; first run, median of the others, CPU, all in s\n"
            )
            header = f"{'first':>7} {'median':>7} {'CPU':>7} {'MB':>5}"
            print(f"{'measure':<13}  {'niming':<29}  pycanon\n{'':<13}  {header}  {header}")
            for measure in options.measures:
                cases = [(QUASI_IDENTIFIERS, SENSITIVE)]
                entries = contest(
                    RIVALS,
                    {"path": str(path), "cases": cases, "measures": [measure]},
                    repeats=dict(
                        zip(RIVALS, (options.repeats, options.rival_repeats), strict=True)
                    ),
                    timeout_s=options.timeout,
                )
                if found := differences(entries):
                    return refuse(found)
                timed[measure] = entries
                wanted = options.rows >= _LARGE and measure in _FAST
                print(_line(measure, entries) + (_judged(_times(entries)) if wanted else ""))
    print(versions(checked))
    print("pycanon runs with the versions of its own environment")
    if options.json:
        result = {
            "benchmark": "pycanon",
            "rows": options.rows,
            "seed": options.seed,
            "checked": compared,
            "machine": machine(),
            "measures": {
                measure: {"rivals": told(entries), "times": _times(entries)}
                for measure, entries in timed.items()
            },
        }
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


def _line(measure: str, entries: Sequence[Entry]) -> str:
    cells = "  ".join(
        f"{seconds(e.first_s):>7} {seconds(e.median_s):>7} {seconds(e.cpu_s):>7} "
        f"{e.peak_bytes / 1e6:>5.0f}"
        for e in entries
    )
    return f"{measure:<13}  {cells}  {_times(entries):.3g}×"


def _judged(times: float) -> str:
    return f" ({'reaches' if times >= FASTER else 'misses'} {FASTER}×)"


def _times(entries: Sequence[Entry]) -> float:
    """Return how many times longer pycanon takes, warm."""
    ours, theirs = entries
    return theirs.median_s / ours.median_s
