"""Run rivals side by side: each in a process of its own, taking turns, answers compared first.

Taking turns spreads a noisy machine's bad minutes over all of them. A speed is reported only if
every rival's answer agrees with the first one's in each number that both give.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO

from benchmarks.environments import python_of

Answer = dict[str, float]
"""What a rival computed, by the name of the measure."""

TOLERANCE = 1e-9
"""Relative difference up to which two answers agree."""

_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Entry:
    """One rival's runs.

    Parameters
    ----------
    rival : str
        Module in `benchmarks.rivals`.
    seconds : tuple of float
        Wall time of each run after the first.
    first_s : float
        Wall time of the first run, which also compiles and fills caches.
    cpu_s : float
        Median CPU time of a run, all threads.
    peak_bytes : int
        Largest resident memory of the process.
    answer : dict
    versions : dict of str to str
    """

    rival: str
    seconds: tuple[float, ...]
    first_s: float
    cpu_s: float
    peak_bytes: int
    answer: Answer
    versions: Mapping[str, str]

    @property
    def median_s(self) -> float:
        """Median wall time of a run."""
        return statistics.median(self.seconds)


def contest(
    rivals: Sequence[str],
    task: Mapping[str, object],
    *,
    repeats: int | Mapping[str, int],
    timeout_s: float = 3600,
) -> list[Entry]:
    """Run `task` with each of `rivals`, in turns, and return their runs in the same order.

    Parameters
    ----------
    rivals : sequence of str
        Modules in `benchmarks.rivals`, each with ``answer(**task) -> Answer`` and ``PACKAGES``.
    task : mapping
        JSON-safe arguments, the same for all.
    repeats : int, or mapping of rival to int
        Timed runs each, at least 1, after a first one that is told apart.
    timeout_s : float
        A run that takes longer ends the contest.
    """
    wanted = {n: repeats if isinstance(repeats, int) else repeats[n] for n in rivals}
    players = {name: _start(name, task) for name in rivals}
    runs: dict[str, list[dict[str, object]]] = {name: [] for name in rivals}
    try:
        for turn in range(max(wanted.values()) + 1):
            for name, player in players.items():
                if turn <= wanted[name]:
                    runs[name].append(_turn(name, player, timeout_s))
    finally:
        for player in players.values():
            player.kill()
            player.communicate()
    return [_entry(name, runs[name]) for name in rivals]


def disagreements(entries: Sequence[Entry], *, tolerance: float = TOLERANCE) -> list[str]:
    """Name each measure in which a rival's answer is not the first one's."""
    reference, *others = entries
    out = []
    for other in others:
        shared = sorted(reference.answer.keys() & other.answer.keys())
        if not shared:
            out.append(f"{other.rival} and {reference.rival} have no measure in common")
        out += [
            f"{other.rival} and {reference.rival} differ in {name}"
            for name in shared
            if not math.isclose(
                reference.answer[name], other.answer[name], rel_tol=tolerance, abs_tol=tolerance
            )
        ]
    return out


def machine() -> dict[str, str | int]:
    """Describe the machine without naming it."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "cores": os.cpu_count() or 0,
    }


def refuse(differences: Sequence[str]) -> int:
    """Say which answers differ, and return the exit code of a run that tells no speed."""
    print("The answers differ, so no speed is reported:", file=sys.stderr)
    print("\n".join(f"  {text}" for text in differences), file=sys.stderr)
    return 1


def told(entries: Sequence[Entry]) -> list[dict[str, object]]:
    """Return the entries as JSON-safe dicts, the median beside the single times."""
    return [{**asdict(e), "median_s": e.median_s} for e in entries]


def versions(entries: Sequence[Entry]) -> str:
    """Name the versions of all packages; those that differ between rivals twice."""
    found = {f"{name} {number}" for e in entries for name, number in e.versions.items()}
    return textwrap.fill(", ".join(sorted(found)), width=98)


def seconds(value: float) -> str:
    """Write a time with the digits that a noisy machine leaves sense in.

    >>> seconds(0.01234), seconds(12.34), seconds(1234.5)
    ('0.012', '12.3', '1234')
    """
    return f"{value:.3f}" if value < 10 else f"{value:.1f}" if value < 1000 else f"{value:.0f}"


def lines(entries: Sequence[Entry], meanings: Mapping[str, str]) -> list[str]:
    """Lay the entries out as a table of at most 100 columns, the first as the measure of time.

    A rival's first run, which compiles and fills caches, stands beside the median of the others.
    """
    base = entries[0].median_s
    out = [
        f"{'rival':<36} {'numbers':>7} {'first s':>7} {'median s':>8} {'min–max s':>13} "
        f"{'CPU s':>7} {'peak MB':>7} {'ratio':>6}"
    ]
    for e in entries:
        spread = f"{seconds(min(e.seconds))}–{seconds(max(e.seconds))}"
        out.append(
            f"{meanings[e.rival]:<36} {len(e.answer):>7} {seconds(e.first_s):>7} "
            f"{seconds(e.median_s):>8} {spread:>13} {seconds(e.cpu_s):>7} "
            f"{e.peak_bytes / 1e6:>7.0f} {e.median_s / base:>6.3g}"
        )
    return out


def _start(name: str, task: Mapping[str, object]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python_of(name), "-m", "benchmarks.contest", name, json.dumps(task)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    )


def _turn(name: str, player: subprocess.Popen[str], timeout_s: float) -> dict[str, object]:
    """Let a rival run once and return what it tells."""
    assert player.stdin is not None
    assert player.stdout is not None
    try:
        player.stdin.write("go\n")
        player.stdin.flush()
    except BrokenPipeError:
        raise RuntimeError(f"the rival {name} stopped; its error is above") from None
    line = _read_line(player.stdout, timeout_s)
    if not line:
        raise RuntimeError(f"the rival {name} stopped or took more than {timeout_s:g} s")
    told: dict[str, object] = json.loads(line)
    return told


def _read_line(stream: IO[str], timeout_s: float) -> str:
    import select

    ready, _, _ = select.select([stream], [], [], timeout_s)
    return stream.readline() if ready else ""


def _entry(name: str, runs: Sequence[Mapping[str, object]]) -> Entry:
    first, *timed = runs
    last = runs[-1]
    wall = [float(str(r["wall_s"])) for r in timed]
    cpu = [float(str(r["cpu_s"])) for r in timed]
    answer, versions = last["answer"], last["versions"]
    assert isinstance(answer, dict)
    assert isinstance(versions, dict)
    return Entry(
        rival=name,
        seconds=tuple(wall),
        first_s=float(str(first["wall_s"])),
        cpu_s=statistics.median(cpu),
        peak_bytes=int(str(last["peak_bytes"])),
        answer=answer,
        versions=versions,
    )


def _peak_bytes() -> int:
    """Return this process's largest resident memory so far."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would also count the parent's memory before exec
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _play(name: str, task: Mapping[str, object]) -> None:
    """Be one rival: run the task once for each line that comes in."""
    rival = importlib.import_module(f"benchmarks.rivals.{name}")
    versions = {package: version(package) for package in rival.PACKAGES}
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        answer = rival.answer(**task)
        told = {
            "wall_s": time.perf_counter() - wall,
            "cpu_s": time.process_time() - cpu,
            "peak_bytes": _peak_bytes(),
            "answer": answer,
            "versions": versions,
        }
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    _play(sys.argv[1], json.loads(sys.argv[2]))
