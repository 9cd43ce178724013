"""Utility at fixed privacy: what each method of this version loses on UCI Adult.

``python -m benchmarks utility`` measures every method that is installed, appends one line a method
to ``benchmarks/history/utility.jsonl`` and draws that history beside it. The loss stands next to
the privacy that it bought, and the same held-out people judge every method.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.util
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from niming import __version__
from niming.risk import k_anonymity
from niming.utility import Rows, compare, holdout_rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from niming.tables.schema import Schema

__all__ = ["HISTORY", "draw", "main", "measure", "methods"]

HISTORY = Path(__file__).parent / "history" / "utility.jsonl"
TARGET = "income"
_SEED = 7


@dataclass(frozen=True)
class Made:
    """A release, and which original row each of its rows comes from."""

    table: pd.DataFrame
    rows: Rows


def methods(schema: Schema) -> Iterator[tuple[str, str, Callable[[pd.DataFrame], Made]]]:
    """Yield the name, the privacy and the maker of every method that is installed."""
    from niming import anonymize, sampling

    names = _generalised(schema)

    def full_domain(k: int) -> Callable[[pd.DataFrame], Made]:
        def make(original: pd.DataFrame) -> Made:
            model = anonymize.FullDomain(names, schema.hierarchies, k=k)
            return Made(cast("pd.DataFrame", model.fit(original).transform(original)), "same")

        return make

    def sample(original: pd.DataFrame) -> Made:
        drawn = sampling.simple(original, fraction=0.1, weight=None, seed=_SEED)
        return Made(cast("pd.DataFrame", drawn.table), drawn.positions)

    def sampled_full_domain(original: pd.DataFrame) -> Made:
        drawn = sampling.simple(original, fraction=0.1, weight=None, seed=_SEED)
        table = cast("pd.DataFrame", drawn.table)
        model = anonymize.FullDomain(names, schema.hierarchies, k=5)
        return Made(cast("pd.DataFrame", model.fit(table).transform(table)), drawn.positions)

    yield "untouched", "none", lambda original: Made(original, "same")
    yield "simple sample 10%", "sampling 0.1", sample
    for k in (5, 10, 20):
        yield f"FullDomain k={k}", f"k-anonymity {k}", full_domain(k)
    yield "sample 10%, FullDomain k=5", "sampling 0.1, k-anonymity 5", sampled_full_domain
    if importlib.util.find_spec("sdv") is not None:
        yield "Copula", "synthetic, no formal guarantee", lambda original: _copula(schema, original)


def _copula(schema: Schema, original: pd.DataFrame) -> Made:
    """Fit on the rows that are not held out, so that no test person is in the model."""
    from niming.synth import Copula

    train, _ = holdout_rows(len(original), seed=_SEED)
    model = Copula(schema).fit(original.iloc[train])
    return Made(model.sample(len(original), seed=_SEED), "fresh")


def measure(
    name: str,
    privacy: str,
    make: Callable[[pd.DataFrame], Made],
    original: pd.DataFrame,
    schema: Schema,
) -> dict[str, object]:
    """Make one release and return one line of the history."""
    start = time.process_time()
    made = make(original)
    seconds = time.process_time() - start
    result = compare(
        original,
        made.table,
        target=TARGET,
        hierarchies={c: schema.hierarchies[c] for c in _generalised(schema)},
        rows=made.rows,
        seed=_SEED,
    )
    values = {m.name.removeprefix("utility."): m.value for m in result.measures()}
    classes = k_anonymity(made.table, quasi_identifiers=_generalised(schema), suppressed="*")
    return {
        "version": __version__,
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "method": name,
        "privacy": privacy,
        "n_original": len(original),
        "n_released": len(made.table),
        "k": classes.k_unsuppressed,
        "n_suppressed": classes.n_suppressed,
        "loss": _short(values["loss"]),
        "tv_1way": _short(values["tv_1way.mean"]),
        "tv_2way": _short(values["tv_2way.mean"]),
        "auc": _short(values["learning.released_real"]),
        "auc_real": _short(values["learning.real_real"]),
        "auc_ratio": _short(values["learning.ratio"]),
        "cpu_s": round(seconds, 2),
    }


def _generalised(schema: Schema) -> list[str]:
    """Return the quasi-identifiers that a release holds: those that can be generalised."""
    return [c for c in schema.quasi_identifiers if c in schema.hierarchies]


def _releasable(schema: Schema) -> list[str]:
    """Return the columns of a release: no weight, no quasi-identifier as it is."""
    held = {*_generalised(schema), *schema.sensitive, *schema.insensitive, TARGET}
    return [c.name for c in schema.columns if c.name in held and c.name != schema.weight]


def draw(lines: Sequence[Mapping[str, object]]) -> Figure:
    """Draw the latest figures of each method, and how its score ratio came about.

    Returns
    -------
    matplotlib.figure.Figure
        Left: loss, total variation and score ratio of the latest run; right: score ratio by run.
    """
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(str(line["method"]) for line in lines))
    latest = {str(line["method"]): line for line in lines}
    figure = Figure(figsize=(13, 0.5 * len(names) + 1.8), layout="constrained")
    now, then = figure.subplots(1, 2, width_ratios=[3, 2])
    kinds = (("auc_ratio", "AUC ratio"), ("tv_2way", "two-way TV"), ("loss", "loss"))
    at = np.arange(len(names))
    for i, (key, label) in enumerate(kinds):
        values = [latest[n][key] for n in names]
        shown = [float("nan") if v is None else float(str(v)) for v in values]
        bars = now.barh(at + 0.26 * (i - 1), shown, height=0.24, label=label)
        now.bar_label(bars, [("n/a" if v is None else f"{v:.3f}") for v in values], fontsize=7)
    now.set_yticks(at, names)
    now.invert_yaxis()
    now.set_xlim(0, 1.12)
    now.set_title(f"utility on UCI Adult, version {lines[-1]['version']}", fontsize=10)
    now.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.06), ncols=3, frameon=False)
    runs = list(dict.fromkeys((str(x["date"]), str(x["version"])) for x in lines))
    for name in names:
        mine = {(str(x["date"]), str(x["version"])): x for x in lines if x["method"] == name}
        points = [(i, mine[r]["auc_ratio"]) for i, r in enumerate(runs) if r in mine]
        known = [(i, float(str(v))) for i, v in points if v is not None]
        then.plot([i for i, _ in known], [v for _, v in known], marker="o", ms=4, label=name)
    then.set_xticks(range(len(runs)), [f"{d}\n{v}" for d, v in runs], fontsize=7)
    then.set_title("AUC ratio by run", fontsize=10)
    then.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return figure


def main(arguments: Sequence[str]) -> int:
    """Measure, print a table, and append to the history unless told not to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks utility", description=__doc__)
    parser.add_argument("--rows", type=int, help="first rows of Adult only; nothing is recorded")
    parser.add_argument("--json", type=Path, help="also write this run's lines to a file")
    parser.add_argument("--no-record", action="store_true", help="leave the history as it is")
    options = parser.parse_args(arguments)

    from niming.tables import datasets

    schema = datasets.adult_schema()
    original = datasets.adult()[_releasable(schema)][: options.rows]
    lines = []
    head = f"{'method':<28}{'k':>7}{'loss':>8}{'tv1':>8}{'tv2':>8}{'auc':>8}{'ratio':>8}{'s':>7}"
    print(head, file=sys.stdout)
    for name, privacy, make in methods(schema):
        line = measure(name, privacy, make, original, schema)
        lines.append(line)
        shown = [line[c] for c in ("k", "loss", "tv_1way", "tv_2way", "auc", "auc_ratio", "cpu_s")]
        cells = "".join(f"{'n/a' if v is None else v:>8}" for v in shown)
        print(f"{name:<28}{cells}")
    if options.json:
        options.json.write_text(json.dumps(lines, indent=1) + "\n")
    if options.rows is None and not options.no_record:
        record(lines)
    return 0


def record(lines: Sequence[Mapping[str, object]], history: Path = HISTORY) -> None:
    """Append a run to the history and draw it beside; a run of the same day is replaced."""
    history.parent.mkdir(parents=True, exist_ok=True)
    old = history.read_text().splitlines() if history.exists() else []
    run = {(line["date"], line["version"]) for line in lines}
    kept = [x for x in map(json.loads, old) if (x["date"], x["version"]) not in run]
    everything = [*kept, *lines]
    history.write_text("".join(json.dumps(x) + "\n" for x in everything))
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "utility"}):
        draw(everything).savefig(history.with_suffix(".svg"), metadata={"Date": None})
    print(f"\n{history.name}: {len(everything)} lines, drawn in {history.stem}.svg")


def _short(value: float | int | None) -> float | None:
    return None if value is None else round(float(value), 4)
