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

__all__ = ["class_sizes", "distances", "scores"]

# Colours that stand for the page's own: replaced by CSS variables, so that charts follow the
# dark mode and the printer.
_INK, _FAINT, _BAR, _BAD, _SECOND = "#010203", "#040506", "#070809", "#0a0b0c", "#0d0e0f"
_VARIABLES = {
    _INK: "var(--ink)",
    _FAINT: "var(--line)",
    _BAR: "var(--bar)",
    _BAD: "var(--bad)",
    _SECOND: "var(--bar-2)",
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
