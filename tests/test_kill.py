"""`niming certify --key` killed at any moment leaves no false certificate and no broken ledger."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from niming.domain.certificate import verify
from niming.domain.ledger import Ledger
from niming.domain.release import CERTIFICATE

USE = "SC-2026-014"
KILLS = 20

# A process that has imported everything forks one that runs the command, so that kills fall into
# its work and not into imports. The report's pictures are most of the time that a small release
# takes, and nothing is written while they are drawn: they are left out for the same reason.
OFFICE = """
import os, sys
import niming.domain.report.page as page
page.embedded = lambda text: "data:,"
page._in_both = lambda draw: None
import duckdb, pandas, sklearn
import niming.cli.app, niming.domain.gate, niming.domain.signing, niming.risk, niming.utility
import niming.risk.suda_kernel, niming.risk.column_sets_kernel
from niming.cli import main
while line := sys.stdin.readline():
    officer = os.fork()
    if not officer:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(main(line.rstrip("\\n").split("\\t")))
    print(officer, flush=True)
    sys.stdin.readline()
    print(os.waitpid(officer, 0)[1], flush=True)
"""


class Office:
    """Where one `niming certify` after the other is started."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def certify(self, folder: Path, original: Path, key: Path, *, lasts: float | None) -> float:
        """Run it, kill it after `lasts` seconds if given, and return the seconds that it took."""
        words = ["certify", folder, "--original", original, "--key", key, "--scenario", USE]
        start = time.monotonic()
        officer = int(self._ask("\t".join(map(str, words))))
        if lasts is None:
            status = int(self._ask(""))
            assert status == 0
        else:
            time.sleep(lasts)
            os.kill(officer, signal.SIGKILL)  # not waited for yet, so the number is still its own
            self._ask("")
        return time.monotonic() - start

    def _ask(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


@contextmanager
def office() -> Iterator[Office]:
    process = subprocess.Popen(
        [sys.executable, "-c", OFFICE],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        yield Office(process)
    finally:
        process.communicate(timeout=60)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_random_moments(town: Any, tmp_path: Path, at_home: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    original = tmp_path / "original.parquet"
    pq.write_table(pa.table(town.table), original)

    with ExitStack() as stack:
        offices = [stack.enter_context(office()) for _ in range(2)]

        whole = Path(shutil.copytree(town.unsigned, tmp_path / "whole"))
        lasts = offices[0].certify(whole, original, town.key, lasts=None)
        assert verify(whole, trust=town.trust, scenario=USE, ledger=whole)

        def kill(attempt: int) -> str:
            folder = Path(shutil.copytree(town.unsigned, tmp_path / f"killed-{attempt}"))
            delay = random.Random(attempt).uniform(0, 1.2) * lasts
            offices[attempt % 2].certify(folder, original, town.key, lasts=delay)
            return aftermath(town, folder)

        with ThreadPoolExecutor(2) as pool:
            halves = pool.map(lambda first: [kill(a) for a in range(first, KILLS, 2)], (0, 1))
            even, odd = halves
        left = [state for pair in zip(even, odd, strict=True) for state in pair]
        assert left.count("none") > 5, "the kills came too late to test anything"

        # What a kill leaves can be certified again.
        folder = tmp_path / f"killed-{left.index('none')}"
        offices[0].certify(folder, original, town.key, lasts=None)
        assert aftermath(town, folder) == "valid"


def aftermath(town: Any, folder: Path) -> str:
    """Return ``"none"`` or ``"valid"``, which the certificate is; fail if anything is broken."""
    ledger = Ledger(folder)
    trust = town.trust if ledger.checkpoint_path.exists() else None
    # A line that was not finished is told as torn; the next append puts it aside.
    assert {problem.code for problem in ledger.verify(trust).problems} <= {"torn"}
    ledger.append("checked", actor="test")
    assert ledger.verify(trust).ok
    if not (folder / CERTIFICATE).exists():
        return "none"
    assert verify(folder, trust=town.trust, scenario=USE, ledger=folder)
    return "valid"
