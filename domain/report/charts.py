"""The report's charts: matplotlib figures as inline SVG that follows the page's colours."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from niming.domain.report.font import lend_to_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["attacks", "class_sizes", "combinations", "distances", "risk_curve", "scores"]

# Colours that stand for the page's own: replaced by CSS variables, so that charts follow the
# dark mode and the printer.
_INK, _FAINT, _BAR, _BAD, _SECOND = "#010203", "#040506", "#070809", "#0a0b0c", "#0d0e0f"
_WEAK = "#101112"
_VARIABLES = {
    _INK: "var(--ink)",
    _FAINT: "var(--line)",
    _BAR: "var(--bar)",
    _BAD: "var(--bad)",
    _SECOND: "var(--bar-2)",
    _WEAK: "var(--weak)",
}


def class_sizes(
    histogram: Sequence[Mapping[str, int | None]], *, below: float | None, words: Mapping[str, str]
) -> str:
    """Draw the share of records in classes of each size.

    Parameters
    ----------
    histogram : sequence of mappings
        ``from``, ``to`` (None for no upper end), ``n_classes``, ``n_records``.
    below : float or None
        The smallest class size that the policy allows: bars under it are red.
    words : mapping
        ``share``, ``size``, ``classes`` and ``class`` in the language of the chart.

    Returns
    -------
    str
        One ``<svg>`` element.
    """
    used = [i for i, band in enumerate(histogram) if band["n_classes"]]
    bands = histogram[min(used) : max(used) + 1] if used else ()
    total = sum(b["n_records"] or 0 for b in bands) or 1
    shares = [(b["n_records"] or 0) / total for b in bands]
    small = [below is not None and (b["from"] or 0) < below for b in bands]
    notes = [
        f"{n:,} {words['class' if n == 1 else 'classes']}" if (n := b["n_classes"] or 0) else ""
        for b in bands
    ]
    with _drawing("class-sizes", 6.2, 2.5) as (figure, axes):
        colours = [_BAD if s else _BAR for s in small]
        bars = axes.bar(range(len(bands)), shares, width=0.72, color=colours)
        axes.bar_label(bars, notes, padding=3, fontsize=8)
        axes.set_xticks(range(len(bands)), [_band(b) for b in bands])
        axes.set_xlabel(words["size"])
        axes.set_ylabel(words["share"])
        axes.set_ylim(0, max(shares, default=1) * 1.18)
        axes.yaxis.set_major_formatter(lambda value, _at: f"{value:.0%}")
        _quiet(axes, along="y")
        return _svg(figure, "class-sizes")


def distances(values: Mapping[str, float], *, words: Mapping[str, str]) -> str:
    """Draw the total variation of each column, largest first."""
    names = sorted(values, key=lambda name: (-values[name], name))
    top = max(values.values(), default=0.0)
    with _drawing("distances", 4.8, 0.75 + 0.25 * len(names)) as (figure, axes):
        bars = axes.barh(names, [values[n] for n in names], height=0.62, color=_BAR)
        axes.bar_label(bars, fmt="%.3f", padding=4, fontsize=8)
        axes.invert_yaxis()
        axes.set_xlim(0, max(0.1, min(1.0, top * 1.22)))
        axes.set_xlabel(words["distance"])
        _quiet(axes, along="x")
        return _svg(figure, "distances")


def scores(
    released: Mapping[str, float],
    real: Mapping[str, float],
    *,
    metric: str,
    names: Mapping[str, str],
    words: Mapping[str, str],
) -> str:
    """Draw the scores of each model, trained on the release and on the original."""
    models = list(released)
    lowest = min([0.0, *released.values(), *real.values()])
    highest = max([0.0, *released.values(), *real.values()])
    with _drawing("scores", 4.8, 2.6) as (figure, axes):
        for shift, kind, found, colour in (
            (-0.19, "released", released, _BAR),
            (0.19, "original", real, _SECOND),
        ):
            at = [i + shift for i in range(len(models))]
            bars = axes.bar(
                at, [found[m] for m in models], width=0.34, color=colour, label=words[kind]
            )
            axes.bar_label(bars, fmt="%.3f", padding=3, fontsize=8)
        axes.set_xticks(range(len(models)), [names.get(m, m) for m in models])
        axes.set_ylabel(metric)
        axes.set_ylim(1.15 * lowest, 1.15 * highest or 1)
        figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=8)
        _quiet(axes, along="y")
        return _svg(figure, "scores")


def risk_curve(
    points: Sequence[Mapping[str, int]], *, most: float | None, words: Mapping[str, str]
) -> str:
    """Draw which share of the records is at each risk or more, under both readings.

    Parameters
    ----------
    points : sequence of mappings
        ``size`` ascending, and the records in classes of up to that size: ``own`` and ``matching``.
    most : float or None
        The largest risk that the policy allows.
    words : mapping
        ``risk``, ``share``, ``own`` and ``matching``.
    """
    total = points[-1]["own"]
    risks = [1 / p["size"] for p in points]
    readings = [("own", "-"), ("matching", "--")]
    if all(p["own"] == p["matching"] for p in points):
        readings = readings[:1]
    with _drawing("risk-curve", 4.8, 2.6) as (figure, axes):
        for reading, style in readings:
            axes.step(
                risks,
                [p[reading] / total for p in points],
                where="post",
                color=_BAR,
                linestyle=style,
                linewidth=1.6,
                label=words[reading],
            )
        if most is not None and most <= 1:
            axes.axvline(most, color=_BAD, linewidth=1)
        axes.set_xscale("log")
        axes.set_xlim(min(risks[-1], 0.1) / 1.15, 1.15)
        sizes = [
            s for s in (1, 2, 5, 10, 20, 50, 100, 1_000, 10_000) if 1 / s >= axes.get_xlim()[0]
        ]
        axes.set_xticks([1 / s for s in sizes], [f"1/{s}" if s > 1 else "1" for s in sizes])
        axes.minorticks_off()
        axes.set_ylim(0, 1.04)
        axes.yaxis.set_major_formatter(lambda value, _at: f"{value:.0%}")
        axes.set_xlabel(words["risk"])
        axes.set_ylabel(words["share"])
        if len(readings) > 1:
            figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=8)
        _quiet(axes, along="y")
        return _svg(figure, "risk-curve")


def combinations(shares: Mapping[str, float], *, words: Mapping[str, str]) -> str:
    """Draw a bar a combination of columns, in the order given.

    Parameters
    ----------
    shares : mapping of str to float
        By the names of the columns.
    words : mapping
        ``share``, what the bars are.
    """
    with _drawing("combinations", 4.8, 0.75 + 0.25 * len(shares)) as (figure, axes):
        bars = axes.barh(list(shares), list(shares.values()), height=0.62, color=_BAR)
        axes.bar_label(bars, [f"{v:.3g}%" for v in (100 * s for s in shares.values())],
                       padding=4, fontsize=8)  # fmt: skip
        axes.invert_yaxis()
        axes.set_xlim(0, max(shares.values(), default=1) * 1.22 or 1)
        axes.xaxis.set_major_formatter(lambda value, _at: f"{100 * value:.3g}%")
        axes.set_xlabel(words["share"])
        axes.tick_params(axis="y", labelsize=8)
        _quiet(axes, along="x")
        return _svg(figure, "combinations")


def attacks(
    lines: Sequence[Mapping[str, Any]], *, names: Sequence[str], words: Mapping[str, str]
) -> str:
    """Draw a row an attack: its success with the interval, baseline, control, positive control.

    Parameters
    ----------
    lines : sequence of mappings
        ``rate``, ``low``, ``high``, ``baseline``, ``control``, ``positive_control`` and
        ``reliable``; a rate of None was not run.
    names : sequence of str
        Of the attacks.
    words : mapping
        ``success``, ``attack``, ``weak``, ``baseline``, ``control``, ``positive_control`` and
        ``not_run``.
    """
    from matplotlib.lines import Line2D

    marks = (
        ("baseline", "|", _INK, 11),
        ("control", "D", _BAR, 7),
        ("positive_control", "s", _SECOND, 9),
    )
    with _drawing("attacks", 8.4, 1.25 + 0.3 * len(lines)) as (figure, axes):
        for y, line in enumerate(lines):
            rate, low, high = line["rate"], line["low"], line["high"]
            if rate is None or low is None or high is None:
                axes.text(0.5, y, words["not_run"], ha="center", va="center", fontsize=8)
                continue
            colour = _BAD if line["reliable"] else _WEAK
            axes.plot([low, high], [y, y], color=colour, linewidth=2.4)
            axes.plot([rate], [y], "o", color=colour, markersize=5.5)
            for part, marker, shade, size in marks:
                if line[part] is not None:  # hollow, so that one does not hide the other
                    axes.plot([line[part]], [y], marker, color=shade, markersize=size,
                              fillstyle="none", markeredgewidth=1.5)  # fmt: skip
        axes.set_yticks(range(len(lines)), names, fontsize=8)
        axes.invert_yaxis()
        axes.set(xlim=(-0.02, 1.02), ylim=(len(lines) - 0.4, -0.6), xlabel=words["success"])
        axes.xaxis.set_major_formatter(lambda value, _at: f"{value:.0%}")
        keys = [
            Line2D([], [], marker="o", color=_BAD, label=words["attack"]),
            Line2D([], [], marker="o", color=_WEAK, label=words["weak"]),
            *(
                Line2D([], [], marker=marker, linestyle="", color=shade, markersize=7,
                       fillstyle="none", markeredgewidth=1.5, label=words[part])
                for (part, marker, shade, _) in marks
            ),
        ]  # fmt: skip
        figure.legend(handles=keys, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
        _quiet(axes, along="x")
        return _svg(figure, "attacks")


@contextmanager
def _drawing(name: str, width: float, height: float) -> Iterator[tuple[Figure, Axes]]:
    """Open a figure of `width` × `height` inches in the page's font and colours."""
    import matplotlib
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {
        "font.family": [lend_to_matplotlib()],
        "font.size": 9,
        "axes.labelcolor": _INK,
        "axes.unicode_minus": False,
        "text.color": _INK,
        "text.parse_math": False,
        "svg.fonttype": "none",
        "svg.hashsalt": name,
    }
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # A column name may have a character beyond the font; the reader's fonts then draw it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.subplots()


def _quiet(axes: Axes, *, along: str) -> None:
    """Keep a light grid along the values and no frame."""
    for side in ("top", "right", "left" if along == "y" else "bottom"):
        axes.spines[side].set_visible(False)
    for spine in axes.spines.values():
        spine.set_color(_FAINT)
    axes.grid(axis="y" if along == "y" else "x", color=_FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=_INK, length=0)


def _band(band: Mapping[str, int | None]) -> str:
    low, high = band["from"], band["to"]
    if high is None:
        return f"≥ {low:,}"
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _svg(figure: Figure, name: str) -> str:
    """Return the figure as one element without prolog, date or anything to fetch."""
    out = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(out, format="svg", transparent=True, metadata=nothing)
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r'(<svg)[^>]*?(viewBox="[^"]*")[^>]*>', rf'\1 class="{name}" role="img" \2>', svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    return svg.strip()
