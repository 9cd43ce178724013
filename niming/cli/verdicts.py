"""The checklist of a release at the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from niming.cli.screen import pick, result, verdict

if TYPE_CHECKING:
    from niming.domain.gate import Evidence

__all__ = ["show_verdicts"]


def show_verdicts(evidence: Evidence) -> None:
    """Print one line a requirement, then the verdict."""
    lang = pick("en", "zh")
    for v in evidence.content["verdicts"]:
        articles = ", ".join(v["articles"])
        law = pick(f" (art. {articles})", f"（第 {articles} 条）") if articles else ""
        verdict(v["outcome"], f"{v['title'][lang]}: {v['why'][lang]}", law)
    if evidence.passed:
        result(pick("passed", "通过"), style="bold green")
    else:
        result(pick("refused", "不通过"), style="bold red")
