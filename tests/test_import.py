"""`import niming` is cheap: no heavy library, and little time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import niming

HEAVY = [
    "pandas", "sklearn", "matplotlib", "diffprivlib", "sdv", "torch", "scipy", "numba", "faker",
    "pyarrow", "duckdb", "polars", "jinja2", "cryptography", "typer",
]  # fmt: skip
ROOMS = ["tables", "risk", "utility", "anonymize", "synth", "sampling", "domain"]


def python(code: str, folder: Path) -> str:
    """Run `code` in a fresh interpreter, in `folder`, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_by(statement: str, folder: Path) -> set[str]:
    code = f"import sys\n{statement}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    return set(python(code, folder).split())


def test_import_niming_loads_nothing_heavy(tmp_path: Path) -> None:
    loaded = loaded_by("import niming", tmp_path)
    assert "niming" in loaded
    assert not loaded & {*HEAVY, "numpy"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_loads_nothing_heavy(room: str, tmp_path: Path) -> None:
    """Heavy libraries are imported in the function that needs them; numpy is in every room."""
    loaded = loaded_by(f"import niming\nniming.{room}", tmp_path)
    assert not loaded & {"pandas", "sklearn", "matplotlib", "diffprivlib", "sdv", "torch"}


def test_import_niming_takes_little_time(tmp_path: Path) -> None:
    """The best of five: a busy machine slows single runs, and CPU time is what is promised."""
    code = (
        "import resource\n"
        "def cpu():\n"
        "    usage = resource.getrusage(resource.RUSAGE_SELF)\n"
        "    return usage.ru_utime + usage.ru_stime\n"
        "before = cpu()\n"
        "import niming\n"
        "print(cpu() - before)"
    )
    assert min(float(python(code, tmp_path)) for _ in range(5)) < 0.3


def test_every_public_name_is_there() -> None:
    for name in niming.__all__:
        assert getattr(niming, name) is not None
        assert name in dir(niming)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = niming.nothing


def test_what_the_readme_names_is_there_after_import_niming_alone(tmp_path: Path) -> None:
    names = [
        "tables.datasets.adult",
        "tables.read",
        "risk.assess",
        "risk.irreversibility",
        "risk.search_space",
        "risk.core_hours",
        "risk.exposure",
        "risk.Known",
        "risk.identifiers.scan",
        "risk.context.release_risk",
        "anonymize.FullDomain",
        "anonymize.dp.Budget",
        "anonymize.masks.pseudonym",
        "sampling.stratified",
        "synth.Dummy",
        "utility.compare",
        "open",
        "certify",
        "load",
    ]
    asked = ", ".join(f"nm.{name}" for name in names)
    code = f"import niming as nm\nprint(all(map(callable, ({asked}))))"
    assert python(code, tmp_path) == "True\n"
