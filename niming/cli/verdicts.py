"""The checklist of a release at the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from niming.cli.screen import pick, result, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from niming.domain.certificate import Certificate
    from niming.domain.gate import Evidence

__all__ = ["show_certificate", "show_verdicts"]


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


def show_certificate(certificate: Certificate, signers: Sequence[str] = ()) -> None:
    """Print what a certificate says: number, kind, use, signers and last day."""
    until = certificate.expires.date().isoformat()
    kind = pick(
        certificate.kind,
        {"desensitised-sample": "脱敏样本", "anonymised-release": "匿名化发布"}[certificate.kind],
    )
    by = ", ".join(signers)
    signed = pick(f", signed by {by}", f"，签发人 {by}") if by else ""
    result(
        pick(
            f"certificate {certificate.id}: {kind}, for {certificate.scenario_id}{signed}, "
            f"expires {until}",
            f"证书 {certificate.id}：{kind}，用于 {certificate.scenario_id}{signed}，"
            f"{until} 前有效",
        )
    )
