"""``python -m benchmarks NAME [options]``: run one benchmark."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

# name -> what it measures; the module benchmarks.<name> offers `main(arguments) -> exit code`
BENCHMARKS = {
    "attacks": "the nearest-neighbour kernel, and all attacks on a release of UCI Adult",
    "disclosure": "individual and household risk and SUDA with weights and missing values",
    "identifiers": "a scan of 20 columns for identifiers: time, recall and precision",
    "pycanon": "measure by measure beside pycanon, which gets an environment of its own",
    "risk": "class sizes, diversity, closeness and three attackers from Parquet: time and memory",
    "utility": "what each method loses at fixed privacy on UCI Adult, with its history",
}


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark that the first argument names; list them when it names none."""
    name, *rest = arguments or [""]
    if name not in BENCHMARKS:
        asked_for_help = name in ("", "-h", "--help")
        out = sys.stdout if asked_for_help else sys.stderr
        print("usage: python -m benchmarks NAME [--help] [options]\n", file=out)
        for known, meaning in BENCHMARKS.items():
            print(f"  {known:<12} {meaning}", file=out)
        return 0 if asked_for_help else 2
    module = importlib.import_module(f"benchmarks.{name}")
    return int(module.main(rest))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
