"""The pages under docs/: their examples run, their links lead somewhere, each measure has one."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
if not DOCS.is_dir():
    pytest.skip("run from a checkout, not from the wheel", allow_module_level=True)

PAGES = sorted(DOCS.rglob("*.md"))
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.filterwarnings("ignore::niming.errors.UnreliableWarning")  # four rows show nothing
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_examples_run(page: Path) -> None:
    text = re.sub(r"^```.*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, page.name, 0)
    report: list[str] = []
    outcome = doctest.DocTestRunner(verbose=False, optionflags=FLAGS).run(test, out=report.append)
    assert outcome.failed == 0, "".join(report)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_measure_has_a_page_and_the_index_names_it() -> None:
    from niming import risk

    index = (DOCS / "risk" / "README.md").read_text(encoding="utf-8")
    for page in (DOCS / "risk").glob("*.md"):
        if page.name != "README.md":
            assert f"({page.name})" in index, page.name
    functions = [name for name in risk.__all__ if name[0].islower()]
    inside = {"classes_of", "attacks", "models", "assess"}  # no measure, or folders of pages
    assert all(f"`{name}`" in index for name in functions if name not in inside)
