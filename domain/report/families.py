"""The sections of the page on each family of measures, from the evidence alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from niming.domain.report.words import FAMILIES, WORDS, Family, Words, in_both, named

__all__ = ["questionnaire", "sections"]

Shown = Callable[[Any, Any], str]
"""Writes a value in the unit of its measure."""

_MATCHING = ".matching."
_UNSUPPRESSED = "_unsuppressed"


def sections(measures: Iterable[Mapping[str, Any]], shown: Shown) -> list[dict[str, Any]]:
    """Return a section a family of which something was measured, in the order of the page.

    Parameters
    ----------
    measures : iterable of mappings
        As `niming.measure.Measure.to_dict` writes them.
    shown : callable
        Writes a value as the page shows it, given the measure too.

    Returns
    -------
    list of dict
        ``key``, ``title``, ``sentence``, ``headline`` (words and value, or None), ``two`` (whether
        the readings differ), ``by_column`` and ``groups``: a measure each, with a row a column.
    """
    by_family: dict[str, list[Mapping[str, Any]]] = {}
    for m in measures:
        by_family.setdefault(_family(m["name"]).key, []).append(m)
    return [
        _section(family, by_family[family.key], shown)
        for family in FAMILIES
        if family.key in by_family
    ]


def questionnaire(context: Mapping[str, Any] | None) -> list[tuple[Words, Words]]:
    """Return the questions that the policy answers, each with its answer in words.

    Questions of another version than ships are shown by their ids.
    """
    from niming.risk.context import Questionnaire

    given = (context or {}).get("answers") or {}
    if not given:
        return []
    sheet = Questionnaire.load()
    same = ((context or {}).get("questionnaire") or {}).get("digest") == sheet.digest
    known = {q.id: q for q in sheet.questions} if same else {}
    assumed = set((context or {}).get("assumed") or ())
    told = []
    for name, answer in {**given, **dict.fromkeys(assumed - given.keys())}.items():
        question = known.get(name)
        asked = in_both(name, name) if question is None else in_both(question.zh, question.en)
        option = next((o for o in (question.options if question else ()) if o.id == answer), None)
        if name in assumed:
            words = WORDS["assumed-worst"]
        elif option is not None:
            words = in_both(option.zh, option.en)
        elif isinstance(answer, bool):
            words = WORDS["yes" if answer else "no"]
        else:
            words = in_both(str(answer), str(answer))
        told.append((asked, words))
    return told


def _family(name: str) -> Family:
    """Return the family of the measure of this name; the last takes what no other does."""
    return next((f for f in FAMILIES if name.startswith(f.stems or "")), FAMILIES[-1])


def _section(family: Family, measures: Sequence[Mapping[str, Any]], shown: Shown) -> dict[str, Any]:
    pairs = _pairs(measures)
    kept = [key for key in pairs if not _repeats(key, pairs)]
    groups: dict[str, dict[str, Any]] = {}
    for stem, column in kept:
        own, matching = pairs[stem, column]
        first = own or matching
        assert first is not None
        group = groups.setdefault(
            stem,
            {
                "name": stem,
                "words": named(stem),
                "direction": first["direction"],
                "definition": first["definition"],
                "reference": first.get("reference", ""),
                "rows": [],
            },
        )
        group["rows"].append(
            {
                "column": column,
                "own": _cell(own, shown),
                "matching": _cell(matching, shown),
            }
        )
    return {
        "key": family.key,
        "title": family.title,
        "sentence": family.sentence,
        "headline": _headline(family, pairs, shown),
        "two": any(
            own and matching and _said(own) != _said(matching)
            for own, matching in (pairs[key] for key in kept)
        ),
        "by_column": any(column for _, column in kept),
        "groups": list(groups.values()),
    }


_Pair = tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]


def _pairs(measures: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], _Pair]:
    """Return each measure under both readings, by its name without reading, and its column."""
    out: dict[tuple[str, str], _Pair] = {}
    for m in measures:
        stem, _, column = m["name"].partition("[")
        other = _MATCHING in stem
        key = stem.replace(_MATCHING, ".", 1), column.removesuffix("]")
        own, matching = out.get(key, (None, None))
        out[key] = (own, m) if other else (m, matching)
    return out


def _repeats(key: tuple[str, str], pairs: Mapping[tuple[str, str], _Pair]) -> bool:
    """Return whether a measure without suppressed records says what the one with them does."""
    stem, column = key
    whole = pairs.get((stem.removesuffix(_UNSUPPRESSED), column))
    if not stem.endswith(_UNSUPPRESSED) or whole is None:
        return False
    return [_said(m) for m in pairs[key]] == [_said(m) for m in whole]


def _said(measure: Mapping[str, Any] | None) -> tuple[Any, Any] | None:
    return None if measure is None else (measure["value"], measure.get("reason", ""))


def _cell(measure: Mapping[str, Any] | None, shown: Shown) -> dict[str, str] | None:
    if measure is None:
        return None
    return {"value": shown(measure["value"], measure), "reason": measure.get("reason", "")}


def _headline(
    family: Family, pairs: Mapping[tuple[str, str], _Pair], shown: Shown
) -> tuple[Words, str] | None:
    """Return the measure that stands for the family, of the worst column and the first reading."""
    found = [own for (stem, _), (own, _) in pairs.items() if stem == family.headline and own]
    known = [m for m in found if m["value"] is not None]
    words = named(family.headline)
    if not known or words is None:
        return None
    worst = min if known[0]["direction"].startswith("higher") else max
    deciding = worst(known, key=lambda m: m["value"])
    return words, shown(deciding["value"], deciding)
