"""What the pictures of results share: an empty figure, words in place of bars, fonts.

Figures are made without pyplot, so that nothing global changes and nothing waits to be closed.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["blank", "finish", "instead", "said"]

_CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",  # what older matplotlib calls the collection that holds SC
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Micro Hei",
)


def blank(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of this size in inches with one pair of axes, open above and at the right."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def said(words: str) -> Figure:
    """Return a figure that says why there is nothing to draw.

    Examples
    --------
    >>> said("no target given").axes[0].texts[0].get_text()
    'no target given'
    """
    figure, axes = blank(6, 1.6)
    axes.axis("off")
    instead(axes, 0.5, 0.5, words, width=70)
    return finish(figure)


def instead(axes: Axes, x: float, y: float, words: str, *, width: int = 60) -> None:
    """Write words where a number is missing, centred, in lines of at most `width` characters."""
    lines = textwrap.fill(words, width)
    axes.text(x, y, lines, ha="center", va="center", fontsize=8, color="#555555", style="italic")


def finish(figure: Figure) -> Figure:
    """Let every text fall back on a Chinese font of this machine, after the user's own.

    Column names are often Chinese, and matplotlib's own font has no such glyphs. A family that is
    not installed is not named, because matplotlib logs a warning for each text that names one.
    Where there is none, matplotlib draws boxes and warns of it.
    """
    from matplotlib import rcParams
    from matplotlib.font_manager import fontManager
    from matplotlib.text import Text

    installed = {font.name for font in fontManager.ttflist}
    families = [*rcParams["font.family"], *(f for f in _CHINESE if f in installed)]
    for axes in figure.axes:
        axes.tick_params(labelfontfamily=families)
    for text in figure.findobj(Text):
        text.set_fontfamily(families)
    return figure
