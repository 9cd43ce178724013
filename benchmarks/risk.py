"""``python -m benchmarks risk``: niming's assessment beside bare DuckDB and beside pandas.

At 100,000,000 rows: ``--rows 100000000 --repeats 1``. Above 20,000,000 rows pandas, which holds the
table in memory several times, takes part only if ``--rivals`` names it. The table is written to
the folder for temporary files first: some 4 bytes a row.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.contest import contest, disagreements, lines, machine, refuse, told, versions

RIVALS = {
    "niming_assess": "niming: assess, every measure",
    "duckdb_sql": "DuckDB: two-stage GROUP BY, k and l",
    "pandas_groupby": "pandas: groupby, every measure",
}
QUASI_IDENTIFIERS = ("district", "birth_year", "sex", "ethnicity", "occupation")
SENSITIVE = "income_band"
MOST_IN_MEMORY = 20_000_000
"""Rows above which pandas takes part only if it is asked."""

_CHUNK = 1_000_000


def generate(path: Path, rows: int, seed: int) -> None:
    """Write an invented register to `path`: five skewed quasi-identifiers and one sensitive.

    Same rows and seed, same table. District and occupation follow Zipf's law, birth years a
    bulge, nearly everybody is of one ethnicity; income depends on occupation and age.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    districts = [f"{220100 + i * 7:06d}" for i in range(180)]
    ethnicities = [f"E{i:02d}" for i in range(56)]
    occupations = [f"{i // 8 + 1}-{i % 8:02d}" for i in range(64)]
    writer: pq.ParquetWriter | None = None
    try:
        for start in range(0, rows, _CHUNK):
            n = min(_CHUNK, rows - start)
            job = rng.choice(len(occupations), n, p=zipf(len(occupations), 0.9))
            year = np.clip(rng.normal(1982, 19, n), 1926, 2025).astype(np.int16)
            band = rng.poisson(2 + job % 8 + (year < 1990)) + (rng.random(n) < 0.02) * 8
            chunk = pa.table(
                {
                    "district": _texts(rng.choice(180, n, p=zipf(180, 1.0)), districts),
                    "birth_year": year,
                    "sex": _texts((rng.random(n) < 0.508).astype(np.int32), ["F", "M"]),
                    "ethnicity": _texts(rng.choice(56, n, p=zipf(56, 3.0)), ethnicities),
                    "occupation": _texts(job, occupations),
                    SENSITIVE: np.minimum(band, 24).astype(np.int16),
                }
            )
            if writer is None:
                writer = pq.ParquetWriter(path, chunk.schema)
            writer.write_table(chunk)
    finally:
        if writer is not None:
            writer.close()


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; 1 if the answers differ, and then no speed is told."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks risk", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5, help="timed runs of each rival")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rivals", nargs="+", choices=list(RIVALS)[1:], help="beside niming")
    parser.add_argument("--json", type=Path, help="file to write the result to")
    options = parser.parse_args(arguments)
    if options.rows < 1 or options.repeats < 1:
        parser.error("--rows and --repeats must be at least 1")
    rivals = options.rivals or [
        name for name in list(RIVALS)[1:] if "pandas" not in name or options.rows <= MOST_IN_MEMORY
    ]
    with tempfile.TemporaryDirectory(prefix="niming-benchmark-") as folder:
        path = Path(folder) / "register.parquet"
        generate(path, options.rows, options.seed)
        task = {
            "path": str(path),
            "quasi_identifiers": list(QUASI_IDENTIFIERS),
            "sensitive": SENSITIVE,
        }
        entries = contest([next(iter(RIVALS)), *rivals], task, repeats=options.repeats)
    if differences := disagreements(entries):
        return refuse(differences)
    reference = entries[0].answer
    compared = {e.rival: len(e.answer.keys() & reference.keys()) for e in entries[1:]}
    result = {
        "benchmark": "risk",
        "rows": options.rows,
        "seed": options.seed,
        "repeats": options.repeats,
        "n_classes": reference["k_anonymity.n_classes"],
        "compared": compared,
        "machine": machine(),
        "rivals": told(entries),
    }
    print(
        f"{options.rows:,} rows, {len(QUASI_IDENTIFIERS)} quasi-identifiers, "
        f"{int(reference['k_anonymity.n_classes']):,} classes; median of {options.repeats}, "
        f"{machine()['cores']} cores"
    )
    print("\n".join(lines(entries, RIVALS)))
    agreed = ", ".join(f"{name} in {n} numbers" for name, n in compared.items())
    print(f"answers agree with niming: {agreed}")
    print(versions(entries))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


def zipf(n: int, exponent: float) -> NDArray[np.float64]:
    weight = np.arange(1, n + 1, dtype=np.float64) ** -exponent
    share: NDArray[np.float64] = weight / weight.sum()
    return share


def _texts(codes: NDArray[np.integer], values: Sequence[str]) -> object:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(codes.astype(np.int32), list(values)).cast(pa.string())
