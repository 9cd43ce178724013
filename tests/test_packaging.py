"""The layout: rooms at the top of the repository, one import name, nothing that shadows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ["tables", "risk", "utility", "anonymize", "synth", "sampling", "domain"]

pytestmark = pytest.mark.skipif(
    not (ROOT / "pyproject.toml").exists(), reason="needs the repository, not an installation"
)


def python(code: str, folder: Path, *path: Path) -> subprocess.CompletedProcess[str]:
    """Run `code` in `folder`, with `path` before everything that is installed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, env=environment
    )


def sources(room: str) -> set[str]:
    """Return the files of a room as they shall stand in the wheel."""
    return {
        f"niming/{path.relative_to(ROOT)}"
        for path in (ROOT / room).rglob("*.py")
        if "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as an installer would, without a network."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    code = f"import hatchling.build; print(hatchling.build.build_wheel({str(folder)!r}))"
    done = python(code, ROOT)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.split()[-1]


def test_the_wheel_lists_every_module_of_every_room(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert len(names) == len(set(names))
    for room in ROOMS:
        assert sources(room), room
        assert sources(room) <= set(names)
    assert {"niming/__init__.py", "niming/errors.py", "niming/py.typed"} <= set(names)
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"niming"}
    kinds = (".yaml", ".tsv", ".parquet", ".otf", ".woff2", ".j2", ".css")
    data = [n for n in names if n.endswith(kinds)]
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            if path.suffix in kinds:
                assert f"niming/{path.relative_to(ROOT)}" in data


def test_the_wheel_works_where_a_risk_py_stands(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    here = tmp_path / "pipeline"
    here.mkdir()
    for room in ROOMS:
        (here / f"{room}.py").write_text("raise SystemExit('the wrong module')")
    code = (
        "import niming, niming.risk, niming.tables\n"
        "assert not niming.risk.__file__.endswith('risk.py')\n"
        "print(niming.__file__, len(niming.__path__))\n"
        "print(niming.tables.count({'a': [1, 1]}, ['a']).n)"
    )
    done = python(code, here, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / "site" / "niming" / "__init__.py"), "1", "[2]"]
    done = python("import risk", here, tmp_path / "site")
    assert "the wrong module" in done.stderr  # the user's own file is theirs as before


def test_this_checkout_works_where_a_risk_py_stands(tmp_path: Path) -> None:
    (tmp_path / "risk.py").write_text("raise SystemExit('the wrong module')")
    done = python("import niming.risk; print(niming.risk.__name__)", tmp_path, ROOT)
    assert done.stdout.strip() == "niming.risk", done.stderr


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_refuses_its_bare_name(room: str, tmp_path: Path) -> None:
    done = python(f"import {room}", tmp_path, ROOT)
    assert done.returncode != 0
    assert f"ImportError: this room is imported as niming.{room}, not as {room}" in done.stderr


@pytest.mark.parametrize("left", ["nothing", "text"])
def test_a_checkout_without_links(tmp_path: Path, left: str) -> None:
    """Where links cannot be made, git leaves small text files; some archives leave nothing."""
    ignore = shutil.ignore_patterns("__pycache__")
    (tmp_path / "niming").mkdir()
    for path in (ROOT / "niming").iterdir():
        if path.is_symlink():
            if left == "text":
                (tmp_path / "niming" / path.name).write_text(f"../{path.name}")
        elif path.is_dir() and path.name != "__pycache__":
            shutil.copytree(path, tmp_path / "niming" / path.name, ignore=ignore)
        elif path.is_file():
            shutil.copy(path, tmp_path / "niming")
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=ignore)
    code = "import niming\n" + "\n".join(
        f"import niming.{room}; print(niming.{room}.__file__)" for room in ROOMS
    )
    (tmp_path / "elsewhere").mkdir()
    done = python(code, tmp_path / "elsewhere", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / room / "__init__.py") for room in ROOMS]


def test_every_room_is_linked() -> None:
    for room in ROOMS:
        link = ROOT / "niming" / room
        assert link.is_symlink()
        assert os.readlink(link) == f"../{room}"
