"""Docstrings of the public names: numpydoc sections that agree with the code they stand on."""

from __future__ import annotations

import ast
import enum
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest

ROOMS = (
    "niming.errors",
    "niming.measure",
    "niming.tables",
    "niming.tables.codelists",
    "niming.tables.datasets",
    "niming.risk",
    "niming.risk.identifiers",
    "niming.risk.context",
    "niming.risk.irreversibility",
    "niming.risk.attacks",
    "niming.risk.models",
    "niming.utility",
    "niming.anonymize",
    "niming.anonymize.masks",
    "niming.anonymize.dp",
    "niming.synth",
    "niming.sampling",
    "niming.domain",
)

# Why a public function or class has no example of its own. A class that a public function with an
# example returns needs none either: `_shown` finds those.
_FOLDER = "needs a release folder and an approved scenario on disk: tests/test_domain_*.py show it"
WITHOUT_EXAMPLE = {
    "niming.domain.certify": _FOLDER,
    "niming.domain.compare": _FOLDER,
    "niming.domain.sign": _FOLDER,
    "niming.domain.revoke": _FOLDER,
    "niming.domain.load": _FOLDER,
    "niming.domain.Evidence": "made by certify",
    "niming.domain.Certificate": "made by sign; the example of verify holds one",
    "niming.domain.DataSet": "made by load",
    "niming.domain.Release": "made by Plan.apply, which samples and measures a whole table",
    "niming.domain.Plan": "made by Sealed.plan, which needs a table large enough for a policy",
}

UNDERLINE = re.compile(r"-{3,}$")


def sections(doc: str) -> dict[str, list[str]]:
    """Split a clean docstring at its underlined headings; the summary stands under ""."""
    found: dict[str, list[str]] = {"": []}
    heading = ""
    lines = doc.splitlines()
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if UNDERLINE.fullmatch(line):
            continue
        if line and not line[0].isspace() and UNDERLINE.fullmatch(below):
            heading = line
            found[heading] = []
        else:
            found[heading].append(line)
    return found


def entries(lines: list[str]) -> list[str]:
    """Names that open the entries of a section: `a, b : int` gives a and b."""
    heads = [line.split(" : ")[0] for line in lines if line and not line[0].isspace()]
    return [name.strip().strip("`").lstrip("*") for head in heads for name in head.split(",")]


def raised(function: Callable[..., Any]) -> set[str]:
    """Names of what the body raises itself; "" where the name cannot be read off."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    names: set[str] = set()
    waiting: list[ast.AST] = list(ast.iter_child_nodes(tree.body[0]))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.Raise) and node.exc is not None:
            root: ast.AST = node.exc
            while isinstance(root, ast.Call | ast.Attribute):
                root = root.func if isinstance(root, ast.Call) else root.value
            name = root.id if isinstance(root, ast.Name) else ""
            names.add(name if name[:1].isupper() else "")
        waiting.extend(ast.iter_child_nodes(node))
    return names


def parameters(thing: Callable[..., Any]) -> list[str]:
    """Parameters a caller may give: none with an underscore in front."""
    return [name for name in inspect.signature(thing).parameters if not name.startswith("_")]


def faults_of_function(function: Callable[..., Any]) -> Iterator[str]:
    found = sections(inspect.getdoc(function) or "")
    wanted, named = parameters(function), entries(found.get("Parameters", []))
    if wanted != named:
        yield f"Parameters are {wanted}, documented {named}"
    nothing = inspect.signature(function).return_annotation in (None, "None", "Never", "NoReturn")
    if not nothing and not {"Returns", "Yields"} & set(found):
        yield "no Returns"
    errors = raised(function)
    if errors and "Raises" not in found:
        yield "no Raises"
    elif missing := errors - {""} - set(entries(found.get("Raises", []))):
        yield f"Raises does not name {sorted(missing)}"


def faults_of_class(cls: type) -> Iterator[str]:
    found = sections(inspect.getdoc(cls) or "")
    given, held = entries(found.get("Parameters", [])), entries(found.get("Attributes", []))
    if issubclass(cls, enum.Enum):
        if missing := set(cls.__members__) - set(held):
            yield f"Attributes does not name the members {sorted(missing)}"
        return
    if issubclass(cls, BaseException) and "__init__" not in vars(cls):
        return  # built as its base is, which says how
    if getattr(cls, "_is_protocol", False):
        return  # has no constructor
    wanted = parameters(cls)
    if missing := set(wanted) - set(given) - set(held):
        yield f"neither Parameters nor Attributes names {sorted(missing)}"
    if other := set(given) - set(wanted):
        yield f"Parameters names {sorted(other)}, which the constructor does not take"


def public() -> Iterator[tuple[str, str, Any]]:
    """Every public class and function once; constants and type aliases have no docstring."""
    seen: set[int] = set()
    for room in ROOMS:
        module = importlib.import_module(room)
        own = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == room]
        for name in getattr(module, "__all__", own):
            thing = getattr(module, name)
            if not (inspect.isclass(thing) or inspect.isroutine(thing)) or id(thing) in seen:
                continue
            seen.add(id(thing))
            yield room, name, thing


PUBLIC = {f"{room}.{name}": thing for room, name, thing in public()}
SHOWN = {
    str(inspect.signature(thing).return_annotation)
    for thing in PUBLIC.values()
    if not inspect.isclass(thing) and "Examples" in sections(inspect.getdoc(thing) or "")
}  # names of the classes that an example of a function ends in


@pytest.mark.parametrize("name", PUBLIC)
def test_docstring_agrees_with_the_code(name: str) -> None:
    thing = PUBLIC[name]
    doc = inspect.getdoc(thing) or ""
    assert vars(thing).get("__doc__") or inspect.isroutine(thing), "no docstring of its own"
    summary = doc.splitlines()[0] if doc else ""
    faults = [] if summary.endswith(".") else ["first line is not one sentence with a period"]
    check = faults_of_class if inspect.isclass(thing) else faults_of_function
    assert [*faults, *check(thing)] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_has_an_example_that_runs(name: str) -> None:
    thing = PUBLIC[name]
    if inspect.isclass(thing) and issubclass(thing, BaseException):
        return  # an error is shown by whoever raises it
    if inspect.isclass(thing) and thing.__name__ in SHOWN:
        return
    example = sections(inspect.getdoc(thing) or "").get("Examples", [])
    shown = any(line.lstrip().startswith(">>> ") for line in example)
    assert shown != (name in WITHOUT_EXAMPLE), WITHOUT_EXAMPLE.get(name, "no example")


def test_exemptions_are_public_names() -> None:
    assert set(WITHOUT_EXAMPLE) <= set(PUBLIC)


def test_the_parser_sees_a_disagreement() -> None:
    def wrong(rows: int, seed: int) -> int:
        """Draw.

        Parameters
        ----------
        rows, size : int
            Rows.
        """
        if rows < 0:
            raise ValueError("rows")
        return seed

    assert list(faults_of_function(wrong)) == [
        "Parameters are ['rows', 'seed'], documented ['rows', 'size']",
        "no Returns",
        "no Raises",
    ]
