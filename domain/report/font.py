"""The font that ships with the package: cut to the characters of a page, and lent to charts."""

from __future__ import annotations

import base64
import io
from functools import cache
from pathlib import Path

__all__ = ["FAMILY", "embedded", "lend_to_matplotlib"]

FAMILY = "Niming Sans"
"""Family name of the font; no other font has it, so a page never mixes it with a system's."""

_FILE = Path(__file__).parent / "fonts" / "NimingSans.otf"
_ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + "，。、；：？！（）《》“”‘’—…·"


def embedded(text: str) -> str:
    """Return the font as a data URI that holds the characters of `text` and few more.

    Parameters
    ----------
    text : str
        Everything that the page shows. Characters that the font lacks (it has GB 2312) are left
        to the reader's own fonts.

    Returns
    -------
    str
        ``data:font/otf;base64,…``; the same bytes for the same set of characters.

    Notes
    -----
    The whole font is 1.6 MB, a page needs some 500 of its 7,800 characters: about 100 kB. The cut
    takes a third of a second. fontTools comes with matplotlib.
    """
    from fontTools import subset  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    font = TTFont(_FILE, recalcTimestamp=False)
    options = subset.Options(hinting=False, layout_features=["kern"], notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(text=text + _ALWAYS)
    cutter.subset(font)
    out = io.BytesIO()
    font.save(out, reorderTables=True)
    return "data:font/otf;base64," + base64.b64encode(out.getvalue()).decode("ascii")


@cache
def lend_to_matplotlib() -> str:
    """Make the font known to matplotlib in this process and return its family name."""
    from matplotlib.font_manager import fontManager

    fontManager.addfont(_FILE)
    return FAMILY
