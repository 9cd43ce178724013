"""Pictures: every result has one, it shows what the result says, and Chinese names have glyphs."""

from __future__ import annotations

import logging
import sys
import warnings

import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from niming import drawing
from niming.measure import Result
from niming.risk import (
    k_anonymity,
    l_diversity,
    reidentification,
    release_risk,
    t_closeness,
)
from niming.risk.bands import from_one, to_one
from niming.tables import Hierarchy
from niming.utility import compare
from niming.utility.learning import Learning
from niming.utility.marginals import Marginals

QI = ["镇"]
TABLE = {"镇": ["A", "A", "A", "B"], "病": ["flu", "none", "none", "none"]}
TOWNS = Hierarchy.from_rows([["A", "*"], ["B", "*"]])
LEARNT = Learning(
    "病",
    metric="AUC",
    real_real={"boosting": 0.9, "linear": 0.8},
    released_real={"boosting": 0.7, "linear": 0.75},
    chance=0.5,
    n_test=30,
)


def words(figure: Figure) -> str:
    texts = [t for axes in figure.axes for t in (*axes.texts, axes.title)]
    return " ".join(" ".join(t.get_text().split()) for t in texts)


def heights(figure: Figure) -> list[float]:
    return [p.get_height() for p in figure.axes[0].patches]


RESULTS: dict[str, Result] = {
    "k": k_anonymity(TABLE, quasi_identifiers=QI),
    "k matching": k_anonymity(TABLE, quasi_identifiers=QI, missing="matches-anything"),
    "l": l_diversity(TABLE, quasi_identifiers=QI, sensitive="病"),
    "l entropy": l_diversity(TABLE, quasi_identifiers=QI, sensitive="病", kind="entropy"),
    "t": t_closeness(TABLE, quasi_identifiers=QI, sensitive="病"),
    "reidentification": reidentification(TABLE, quasi_identifiers=QI),
    "release": release_risk([5, 9], mode="public"),
    "loss": compare(TABLE, TABLE, hierarchies={"镇": TOWNS}).loss,
    "no loss": compare(TABLE, TABLE).loss,
    "marginals": compare(TABLE, TABLE).marginals,
    "no marginals": Marginals({}, {}, {}),
    "learning": LEARNT,
    "no learning": compare(TABLE, TABLE).learning,
}


@pytest.mark.parametrize("name", list(RESULTS))
def test_every_result_has_a_picture(name: str, caplog: pytest.LogCaptureFixture) -> None:
    figure = RESULTS[name].plot()
    assert isinstance(figure, Figure)
    assert figure.axes
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        if not any(f.name in drawing._CHINESE for f in fontManager.ttflist):
            warnings.filterwarnings("ignore", "Glyph", UserWarning)
        figure.draw_without_rendering()
    assert not caplog.records, "a font that is not installed was asked for"


def test_nothing_global_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib import rcParams

    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    before = rcParams.copy()  # which does not look for a backend, as dict() does
    RESULTS["k"].plot()
    assert rcParams.copy() == before
    assert "matplotlib.pyplot" not in sys.modules


@pytest.mark.parametrize("name", ["k", "k matching", "l", "l entropy", "t"])
def test_bands_hold_every_record_once(name: str) -> None:
    assert sum(heights(RESULTS[name].plot())) == pytest.approx(1)


def test_bands_of_sizes() -> None:
    sizes = k_anonymity(TABLE, quasi_identifiers=QI)
    assert heights(sizes.plot()) == [0.25, 0, 0.75]
    assert "1 of 4 records in classes below 2" in words(sizes.plot(threshold_size=2))
    bands = from_one(sizes.size, sizes.records, mark=2)
    assert bands.labels == ("1", "2", "3+")
    assert bands.marked == (True, False, False)


def test_bands_of_many_effective_values_are_open_above() -> None:
    import numpy as np

    bands = from_one(np.array([1.0, 2500.5]), np.array([1, 1]))
    assert bands.labels[-1] == "1000+"
    assert bands.shares[-1] == 0.5


@pytest.mark.parametrize("t", [0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0])
def test_a_t_on_an_edge_is_within_it(t: float) -> None:
    import numpy as np

    bands = to_one(np.array([t]), np.array([7]))
    assert bands.labels[-1] == f"≤ {t:g}"
    assert bands.shares[-1] == 1


def test_what_is_not_available_is_said() -> None:
    assert "neither a population" in words(RESULTS["reidentification"].plot())
    assert "an attack is taken as certain" in words(RESULTS["release"].plot())
    assert "no column has a hierarchy" in words(RESULTS["no loss"].plot())
    assert "no target given" in words(RESULTS["no learning"].plot())
    assert "share no column" in words(RESULTS["no marginals"].plot())


def test_bars_are_the_numbers() -> None:
    risk = reidentification(TABLE, quasi_identifiers=QI)
    attacker = risk.prosecutor
    assert heights(risk.plot()) == [
        attacker.highest,
        attacker.mean_over_records,
        attacker.mean_over_classes,
        risk.marketer.mean_over_records,
    ]
    assert heights(LEARNT.plot()) == [0.9, 0.8, 0.7, 0.75]
    release = release_risk([5, 9], mode="public")
    widths = [p.get_width() for p in release.plot().axes[0].patches]
    assert widths == [release.total, release.data_risk, 1.0, 0, 0, 0]


def test_the_users_own_font_comes_first() -> None:
    from matplotlib import rc_context

    with rc_context({"font.family": ["DejaVu Serif"]}):
        figure = drawing.said("no target given")
    assert figure.axes[0].texts[0].get_fontfamily()[0] == "DejaVu Serif"
