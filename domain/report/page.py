"""`render`: evidence in, one offline HTML page in both languages out."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from niming.domain.report import attacks, charts, families
from niming.domain.report.font import embedded
from niming.domain.report.words import (
    DESIGNS,
    FAMILIES,
    GLOSSARY,
    KEY_RISKS,
    TECHNIQUES,
    WORDS,
    Words,
    advice,
    explain,
)
from niming.errors import InputError

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

__all__ = ["render"]

_LANGUAGES = ("zh", "en")
_FOLDER = Path(__file__).parent
_PREVIEW_ROWS = 20


def render(
    evidence: Mapping[str, Any],
    *,
    certificate: Mapping[str, Any] | None = None,
    lang: Literal["zh", "en"] | str = "zh",
) -> str:
    """Turn the evidence about a release into one HTML page.

    Parameters
    ----------
    evidence : mapping
        What `niming.certify` measured; parts that are absent are left out of the page.
    certificate : mapping, optional
        When the release is signed: the certificate's predicate with the ``key_id`` that signs,
        or the whole DSSE envelope.
    lang : {"zh", "en"}, default "zh"
        Language in which the page opens. Both are in it; switching needs neither script nor
        network.

    Returns
    -------
    str
        HTML that refers to nothing outside itself. The same evidence gives the same page.

    Raises
    ------
    InputError
        Another language, or a certificate whose payload cannot be read.
    """
    if lang not in _LANGUAGES:
        raise InputError(f"lang is {lang!r}, not one of {', '.join(_LANGUAGES)}")
    page = (
        _environment()
        .get_template("page.html.j2")
        .render(
            lang=lang,
            style=_trusted((_FOLDER / "page.css").read_text("utf-8")),
            data=_trusted(_embed(evidence)),
            font="@font@",
            **_view(evidence, certificate),
        )
    )
    return page.replace("@font@", embedded(page))


@cache
def _environment() -> jinja2.Environment:
    """Return the templates, read once a process."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"both": _both, "word": _word, "words": WORDS}
    environment.filters |= {"number": _number, "percent": _percent, "time": _time, "day": _day}
    return environment


def _view(evidence: Mapping[str, Any], certificate: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what the template shows, with every absent part as None or empty."""
    measures = {m["name"]: m for m in evidence.get("measures") or ()}
    utility = {m["name"]: m for m in evidence.get("utility") or ()}
    verdicts = [_verdict(v, measures | utility) for v in evidence.get("verdicts") or ()]
    policy = evidence.get("policy") or {}
    passed = evidence.get("verdict") == "passed"
    release = evidence.get("release") or {}
    files = release.get("files") or ()
    signed = _certificate(certificate)
    return {
        "passed": passed,
        "badge": "signed" if signed and passed else "unsigned" if passed else "denied",
        "certificate": signed,
        "release": _filled(
            dict(release) | {"files": [_file(f) for f in files]},
            *("name", "n_rows", "n_columns", "created", "measured"),
        ),
        "original": _filled(evidence.get("original"), "n_rows", "n_columns"),
        "commitment": _commitment(evidence.get("original")),
        "policy": _filled(
            dict(policy) | {"context": _context(policy.get("context"))},
            *("id", "version", "digest", "kind", "note", "variant"),
        ),
        "scenario": _filled(
            evidence.get("scenario") or (signed or {}).get("scenario"),
            *("id", "title", "operator", "resource", "purpose", "valid_until"),
        ),
        "schema": _filled(evidence.get("schema") or {}, "digest", "roles"),
        "sampling": _filled(evidence.get("sampling"), "design", "fraction"),
        "design": _design(evidence.get("sampling")),
        "transformation": evidence.get("transformation") or [],
        "tool": dict(evidence.get("tool") or {}),
        "verdicts": verdicts,
        "sentence": _sentence(verdicts, policy),
        "to_do": _to_do(verdicts),
        "figures": _figures(evidence, measures | utility),
        "key_risks": _key_risks(measures),
        "columns": _columns(evidence),
        "families": families.sections(measures.values(), _scaled),
        "answers": families.questionnaire(policy.get("context")),
        "attack_family": next(f for f in FAMILIES if f.key == "attacks"),
        "attacks": attacks.told(evidence.get("attacks")),
        "measured": bool(measures),
        "utility": [_shown(m) for m in utility.values()],
        "charts": _charts(evidence, utility),
        "alone": _ranked_by((evidence.get("classes") or {}).get("combinations") or [])
        == "uniqueness",
        "overlap": utility.get("utility.learning.overlap", {}).get("value") or 0,
        "preview": _preview(evidence.get("preview")),
        "glossary": GLOSSARY,
    }


def _filled(part: Mapping[str, Any] | None, *names: str) -> dict[str, Any] | None:
    """Return a part of the evidence with None for what it lacks; None if it is absent."""
    return None if part is None else dict.fromkeys(names) | dict(part)


def _context(context: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return what the policy says of the environment, or was answered, as names and values."""
    names = ("mode", "tau_size", "recipients", "controls", "motive", "prevalence", "acquaintances")
    given = context or {}
    told = [(n, str(given[n])) for n in names if given.get(n) is not None]
    assumed = given.get("assumed")
    return [*told, ("assumed", ", ".join(assumed))] if assumed else told


def _file(file: Mapping[str, Any]) -> dict[str, Any]:
    """Return name, size and digests, also of a file described as an in-toto subject."""
    names = ("name", "bytes", "sha256", "sm3")
    return dict.fromkeys(names) | dict(file) | dict(file.get("digest") or {})


def _both(words: Words, *values: object) -> Markup:
    """Return `words` in both languages, of which the page shows one."""
    from markupsafe import Markup

    return Markup("").join(
        Markup('<span class="{0}" lang="{0}">{1}</span>').format(
            lang, words.get(lang, "").format(*values) if values else words.get(lang, "")
        )
        for lang in _LANGUAGES
    )


def _word(key: str, *values: object) -> Markup:
    return _both(WORDS[key], *values)


def _trusted(text: str) -> Markup:
    from markupsafe import Markup

    return Markup(text)


def _embed(evidence: Mapping[str, Any]) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(evidence, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _number(value: float | int | None) -> str:
    """Return at most four significant digits; whole numbers in full, with separators."""
    if value is None:
        return "—"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return f"{int(value):,}"
    return f"{value:.4g}"


def _percent(value: float | int | None) -> str:
    return "—" if value is None else f"{100 * value:.3g}%"


def _time(value: str) -> str:
    """Return an RFC 3339 time as people write it; the zone stays."""
    return str(value).replace("T", " ", 1).replace("Z", " UTC")


def _day(value: str) -> str:
    return str(value)[:10]


def _scaled(value: float | int | None, measure: Mapping[str, Any] | None) -> str:
    """Return the value in the unit of its measure: shares and probabilities as percentages."""
    share = measure is not None and (
        measure["unit"] == "probability" or measure["unit"].startswith("share of")
    )
    if value is None or not share:
        return _number(value)
    return f"{100 * value:.4g}%"


def _verdict(verdict: Mapping[str, Any], measures: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return one row of the checklist."""
    name = str(verdict.get("measure", ""))
    measure = measures.get(name) or next(
        (m for n, m in measures.items() if n.split("[")[0] == name), None
    )
    required, measured = verdict.get("required"), verdict.get("measured")
    shown = [_scaled(required, measure), _scaled(measured, measure)]
    if measured is not None and shown[0] == shown[1] and measured != required:
        shown = [repr(required), repr(measured)]  # rounding must not hide which side it fell on
    return {
        "title": verdict.get("title") or {"zh": name, "en": name},
        "requirement": verdict.get("requirement", ""),
        "measure": name,
        "sign": "≥" if verdict.get("comparison") == "at-least" else "≤",
        "required": shown[0],
        "measured": shown[1] if measured is not None else "—",
        "outcome": verdict.get("outcome", "could-not-run"),
        "why": verdict.get("why") or {"zh": "", "en": ""},
        "articles": verdict.get("articles") or [],
        "clause": verdict.get("clause", ""),
        "explanation": explain(name),
        "advice": advice(name),
        "holds": verdict.get("holds", verdict.get("outcome") in ("passed", "not-applicable")),
    }


def _sentence(verdicts: Sequence[Mapping[str, Any]], policy: Mapping[str, Any]) -> Words:
    """Say in one sentence why the verdict is what it is."""
    missed = [v for v in verdicts if not v["holds"]]
    name = policy.get("title") or {"zh": policy.get("id", ""), "en": policy.get("id", "")}
    n = len(verdicts)
    if not missed:
        return {
            "zh": f"全部 {n} 项要求均已满足：{name['zh']}。",
            "en": f"All {n} requirements are met: {name['en']}.",
        }
    titles = {lang: [v["title"][lang] for v in missed] for lang in _LANGUAGES}
    return {
        "zh": f"{n} 项要求中有 {len(missed)} 项未满足：{'；'.join(titles['zh'])}。",
        "en": f"{len(missed)} of {n} requirements are not met: {'; '.join(titles['en'])}.",
    }


def _to_do(verdicts: Iterable[Mapping[str, Any]]) -> list[tuple[Words, Words]]:
    """Return each requirement that is not met and what to change, advice once."""
    out: list[tuple[Words, Words]] = []
    for v in verdicts:
        if not v["holds"] and all(v["advice"] is not given for _, given in out):
            out.append((v["title"], v["advice"]))
    return out


def _figures(
    evidence: Mapping[str, Any], measures: Mapping[str, Mapping[str, Any]]
) -> list[tuple[Words, str]]:
    """Return the numbers that a reader asks for first, those that were measured."""
    release = evidence.get("release") or {}
    out = [(WORDS["records"], _number(release.get("n_rows")))]
    for words, name, shown in (
        ("smallest-class", "k_anonymity.k", _number),
        ("highest-risk", "reidentification.prosecutor.highest", _percent),
        ("loss", "utility.loss", _percent),
        ("score-ratio", "utility.learning.ratio", _percent),
    ):
        value = measures.get(name, {}).get("value")
        if value is not None:
            out.append((WORDS[words], shown(value)))
    return out


def _key_risks(measures: Mapping[str, Mapping[str, Any]]) -> list[tuple[Words, str]]:
    """Return the measured risks that have a name in plain words, of the worst column each."""
    out = []
    for name, words in KEY_RISKS.items():
        found = [m for m in measures.values() if m["name"].partition("[")[0] == name]
        known = [m for m in found if m["value"] is not None]
        if known:
            worst = min if known[0]["direction"].startswith("higher") else max
            deciding = worst(known, key=lambda m: m["value"])
            out.append((words, _scaled(deciding["value"], deciding)))
    return out


def _design(sampling: Mapping[str, Any] | None) -> Words:
    """Return the sampling design in words."""
    design = str((sampling or {}).get("design", ""))
    return DESIGNS.get(design, {"zh": design, "en": design})


def _columns(evidence: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row a column: role, what was done in words, and its shape before and after."""
    done: dict[str, list[Words]] = {}
    for record in evidence.get("transformation") or ():
        if column := record.get("column"):
            done.setdefault(str(column), []).append(_treatment(record))
    roles = {c["name"]: c.get("role") for c in (evidence.get("schema") or {}).get("columns") or ()}
    given = evidence.get("columns") or [{"name": name} for name in roles]
    return [
        {
            "name": column["name"],
            "role": column.get("role") or roles.get(column["name"]),
            "treatment": done.get(str(column["name"]), []),
            "before": _shape(column.get("before")),
            "after": _shape(column.get("after")),
            "released": "after" not in column or column["after"] is not None,
        }
        for column in given
    ]


def _treatment(record: Mapping[str, Any]) -> Words:
    """Return the record's own words, or its technique."""
    technique = str(record.get("technique", ""))
    words: Words = record.get("words") or TECHNIQUES.get(
        technique, {"zh": technique, "en": technique}
    )
    return words


def _shape(shape: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the shape with bars scaled to the largest."""
    if shape is None:
        return None
    bars = [dict(b) for b in shape.get("bars") or ()][:12]
    top = max((b["share"] for b in bars), default=0) or 1
    return {
        "n_distinct": shape.get("n_distinct"),
        "missing_rate": shape.get("missing_rate") or 0,
        "suppressed_rate": shape.get("suppressed_rate") or 0,
        "bars": [
            {
                "height": max(1, round(22 * b["share"] / top)),
                "title": " ".join(filter(None, [b.get("label"), _percent(b["share"])])),
                "suppressed": b.get("label") == "*",
            }
            for b in bars
        ],
    }


def _shown(measure: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": measure["name"],
        "value": _scaled(measure["value"], measure),
        "text": measure["definition"],
        "reason": measure.get("reason", ""),
        "reference": measure.get("reference", ""),
    }


def _charts(
    evidence: Mapping[str, Any],
    utility: Mapping[str, Mapping[str, Any]],
) -> dict[str, Markup | None]:
    """Draw each chart in both languages; None where there is nothing to draw."""
    classes = evidence.get("classes") or {}
    histogram = classes.get("histogram") or []
    points = classes.get("risk_curve") or []
    sets = classes.get("combinations") or []
    lines = (evidence.get("attacks") or {}).get("lines") or []
    below = next(
        (
            v.get("required")
            for v in evidence.get("verdicts") or ()
            if v.get("measure") == "k_anonymity.k" and v.get("comparison") == "at-least"
        ),
        None,
    )
    moved = _bracketed("utility.tv_1way", utility)
    released = _bracketed("utility.learning.released_real", utility)
    real = _bracketed("utility.learning.real_real", utility)
    metric = next(
        (m["unit"] for n, m in utility.items() if n.startswith("utility.learning.real_real")), ""
    )
    return {
        "class_sizes": _in_both(
            lambda say, _lang: (
                charts.class_sizes(
                    histogram,
                    below=below,
                    words={
                        "share": say("share-records"),
                        "size": say("class-size"),
                        "classes": say("classes"),
                        "class": say("class"),
                    },
                )
                if any(b["n_classes"] for b in histogram)
                else None
            )
        ),
        "risk_curve": _in_both(
            lambda say, _lang: (
                charts.risk_curve(
                    points,
                    most=None if below is None else 1 / below,
                    words={
                        "risk": say("risk-of"),
                        "share": say("share-at-least"),
                        "own": say("reading-own"),
                        "matching": say("reading-matching"),
                    },
                )
                if points
                else None
            )
        ),
        "combinations": _in_both(
            lambda say, _lang: (
                charts.combinations(
                    {" × ".join(s["columns"]): s[_ranked_by(sets)] for s in sets},
                    words={"share": say(f"combinations-{_RANKED[_ranked_by(sets)]}")},
                )
                if sets and sets[0]["separation"] is not None
                else None
            )
        ),
        "attacks": _in_both(lambda say, lang: attacks.drawn(lines, say, lang)),
        "distances": _in_both(
            lambda say, _lang: (
                charts.distances(moved, words={"distance": say("total-variation")})
                if moved
                else None
            )
        ),
        "scores": _in_both(
            lambda say, _lang: (
                charts.scores(
                    released,
                    real,
                    metric=metric,
                    names={"boosting": say("boosting"), "linear": say("linear")},
                    words={
                        "released": say("trained-released"),
                        "original": say("trained-original"),
                    },
                )
                if released and released.keys() == real.keys()
                else None
            )
        ),
    }


_RANKED = {"uniqueness": "alone", "separation": "apart"}
"""What tells combinations of columns apart, and the words for it."""


def _ranked_by(sets: Sequence[Mapping[str, Any]]) -> str:
    """Return by what combinations are told: records alone, or pairs apart if nobody is."""
    return "uniqueness" if any(s["uniqueness"] for s in sets) else "separation"


def _in_both(draw: Any) -> Markup | None:
    """Return a drawing in both languages, of which the page shows one."""
    from markupsafe import Markup

    drawn = {lang: draw(lambda key, lang=lang: WORDS[key][lang], lang) for lang in _LANGUAGES}
    if None in drawn.values():
        return None
    return Markup("").join(
        Markup('<div class="{0}" lang="{0}">{1}</div>').format(lang, Markup(svg))
        for lang, svg in drawn.items()
    )


def _bracketed(stem: str, measures: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Return ``{key: value}`` of the measures named ``stem[key]`` that have a value."""
    return {
        name[len(stem) + 1 : -1]: m["value"]
        for name, m in measures.items()
        if name.startswith(f"{stem}[") and m["value"] is not None
    }


def _preview(preview: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the first rows of the release."""
    if not preview or not preview.get("rows"):
        return None
    return {"columns": preview["columns"], "rows": preview["rows"][:_PREVIEW_ROWS]}


def _commitment(original: Mapping[str, Any] | None) -> str | None:
    """Return the digest that commits to the original table."""
    given = (original or {}).get("commitment")
    return given.get("digest") if isinstance(given, Mapping) else given


def _certificate(certificate: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what the page shows of a certificate: its terms, and the keys that signed."""
    if certificate is None:
        return None
    terms = certificate
    if "payload" in terms:
        try:
            terms = json.loads(base64.b64decode(terms["payload"], validate=True))
        except (binascii.Error, ValueError):
            raise InputError("the certificate's payload is not JSON in base64") from None
    terms = terms.get("predicate", terms)
    keys = [signature.get("keyid", "") for signature in certificate.get("signatures") or ()]
    if terms.get("key_id"):
        keys.append(terms["key_id"])
    shown = ("id", "agency", "officer", "scenario", "issued", "not_before", "expires")
    return {name: terms.get(name) for name in shown} | {
        "keys": keys,
        "ledger": _filled(terms.get("ledger"), "size", "root"),
    }
