"""What the page shows of the attacks, from the evidence alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from niming.domain.report import charts
from niming.domain.report.words import ATTACKS, Words, in_both

__all__ = ["drawn", "told"]


def told(content: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a row an attack, with its conclusion; None where no attack was asked for.

    Parameters
    ----------
    content : mapping or None
        The evidence's ``attacks``.
    """
    if content is None:
        return None
    return {
        "reason": content.get("reason") or "",
        "n_attacks": content.get("n_attacks"),
        "n_original": content.get("n_original"),
        "n_holdout": content.get("n_holdout"),
        "lines": [
            {
                "words": _named(line["attack"]),
                "rate": line["rate"],
                "interval": None if line["low"] == line["high"] else (line["low"], line["high"]),
                "baseline": line["baseline"],
                "control": line["control"],
                "positive_control": line["positive_control"],
                "risk_high": line["risk_high"] if line["reliable"] else None,
                "conclusion": _conclusion(line),
                "reason": line["reason"],
            }
            for line in content.get("lines") or ()
        ],
    }


def drawn(lines: Sequence[Mapping[str, Any]], say: Callable[[str], str], lang: str) -> str | None:
    """Draw the attacks in one language; None where there are none."""
    if not any(line["rate"] is not None for line in lines):
        return None
    return charts.attacks(
        lines,
        names=[_named(line["attack"])[lang] for line in lines],
        words={
            "success": say("attack-success"),
            "attack": say("key-attack"),
            "weak": say("key-weak"),
            "baseline": say("key-baseline"),
            "control": say("key-control"),
            "positive_control": say("key-positive"),
            "not_run": say("not-run"),
        },
    )


def _named(attack: str) -> Words:
    """Return what an attack is called, and on which column: ``inference[pay]``."""
    stem, bracket, column = attack.partition("[")
    words = ATTACKS.get(stem, in_both(stem, stem))
    if not bracket:
        return words
    column = column.removesuffix("]")
    return in_both(f"{words['zh']}：{column}", f"{words['en']}: {column}")


def _conclusion(line: Mapping[str, Any]) -> str:
    """Return which word says what may be made of the attack."""
    if line["rate"] is None:
        return "not-run"
    return "reliable" if line["reliable"] else "too-weak"
