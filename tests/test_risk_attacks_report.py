"""The joint report: it says what each attack says, and misses none in silence."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

from niming.errors import ColumnNotFoundError, InputError, UnreliableWarning
from niming.risk.attacks.attack import AttackResult
from niming.risk.attacks.findings import AttackReport
from niming.risk.attacks.homogeneity import Homogeneity, homogeneity
from niming.risk.attacks.inference import inference
from niming.risk.attacks.linkability import linkability
from niming.risk.attacks.linkage import Linkage
from niming.risk.attacks.membership import Membership, membership
from niming.risk.attacks.record_linkage import record_linkage
from niming.risk.attacks.report import attack_release
from niming.risk.attacks.singling_out import singling_out
from niming.tables import Hierarchy

Frame = dict[str, np.ndarray]

ALL = {
    "singling_out.univariate",
    "singling_out.multivariate",
    "linkability",
    "inference[ill]",
    "membership.distance",
    "membership.density",
    "record_linkage.distance",
    "record_linkage.probabilistic",
    "homogeneity[ill]",
}


def people(n: int, seed: int) -> Frame:
    rng = np.random.default_rng(seed)
    return {
        "age": rng.integers(18, 90, n),
        "town": rng.integers(0, 40, n).astype(str),
        "ill": rng.integers(0, 3, n).astype(str),
        "pay": rng.random(n),
    }


INSIDE, OUTSIDE = people(300, 1), people(300, 2)
ABOUT = {"quasi_identifiers": ["age", "town"], "sensitive": ["ill"]}


def quiet(*args: object, **kwargs: object) -> AttackReport:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnreliableWarning)
        return attack_release(*args, **kwargs)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def raw() -> AttackReport:
    """Return the report on the original posing as its own release."""
    return attack_release(INSIDE, INSIDE, holdout=OUTSIDE, aligned=True, **ABOUT)  # type: ignore[arg-type]


def test_raw_data_fail_every_attack(raw: AttackReport) -> None:
    assert {line.attack for line in raw.lines} == ALL
    assert not raw.not_run
    for line in raw.lines:
        assert line.reliable, line
        assert line.rate == pytest.approx(line.positive_control, abs=0.1)
        assert line.rate is not None
        assert line.rate > 0.85
        assert line.baseline is None or line.rate > line.baseline


def test_each_attack_is_what_it_is_by_itself(raw: AttackReport) -> None:
    alone = {
        "singling_out.univariate": singling_out(INSIDE, INSIDE, holdout=OUTSIDE, mode="univariate"),
        "linkability": linkability(
            INSIDE, INSIDE, holdout=OUTSIDE, auxiliary=(["age", "town"], ["ill", "pay"])
        ),
        "inference[ill]": inference(INSIDE, INSIDE, holdout=OUTSIDE, sensitive="ill"),
        "membership.density": membership(INSIDE, INSIDE, holdout=OUTSIDE, method="density"),
        "record_linkage.distance": record_linkage(
            INSIDE, INSIDE, quasi_identifiers=["age", "town"]
        ),
        "homogeneity[ill]": homogeneity(INSIDE, quasi_identifiers=["age", "town"], sensitive="ill"),
    }
    within = dict(zip([line.attack for line in raw.lines], raw.results, strict=True))
    for name, result in alone.items():
        assert within[name].to_dict() == result.to_dict(), name


def test_what_does_not_run_says_why() -> None:
    report = quiet(INSIDE, INSIDE)
    assert report.not_run == {
        "inference": "needs sensitive=",
        "membership.distance": "needs holdout=",
        "membership.density": "needs holdout=",
        "record_linkage.distance": "needs quasi_identifiers=",
        "record_linkage.probabilistic": "needs quasi_identifiers=",
        "homogeneity": "needs quasi_identifiers= and sensitive=",
    }
    assert report.closest is None
    lacking = {m.name: m.reason for m in report.measures() if m.reason.startswith("not run")}
    assert lacking["attacks.membership.density.auc"] == "not run: needs holdout="
    assert len(lacking) == 6
    unpaired = quiet(INSIDE, INSIDE, holdout=OUTSIDE, **ABOUT)
    assert unpaired.not_run["record_linkage.distance"] == "needs person_id= or aligned=True"
    assert "not run" in unpaired.lines[-1].reason


def test_an_attack_that_its_input_does_not_allow_is_listed() -> None:
    shorter = {c: v[:200] for c, v in INSIDE.items()}
    report = quiet(INSIDE, shorter, holdout=OUTSIDE, aligned=True, **ABOUT)
    assert report.not_run["record_linkage.distance"] == "300 original rows and 200 released rows"
    one = quiet({"pay": INSIDE["pay"]}, {"pay": INSIDE["pay"]}, holdout={"pay": OUTSIDE["pay"]})
    assert one.not_run["linkability"] == "needs two columns"
    assert one.not_run["singling_out.multivariate"] == "needs two columns"


def test_doubts_are_told_once_and_by_name() -> None:
    others = people(300, 3)
    with pytest.warns(UnreliableWarning) as caught:
        report = attack_release(INSIDE, others, holdout=OUTSIDE, **ABOUT)  # type: ignore[arg-type]
    assert len(caught) == 1
    assert "membership.distance" in str(caught[0].message)
    assert "membership.distance" in repr(report)
    doubtful = {line.attack for line in report.lines if not line.reliable}
    assert {"membership.distance", "membership.density"} <= doubtful
    frame = report.frame()
    assert (frame.loc[~frame["reliable"], "reason"] != "").all()
    assert (frame.loc[frame["reliable"], "reason"] == "").all()


def test_a_generalised_release_is_met_at_its_level() -> None:
    ages = Hierarchy.intervals(0, 120, 10)
    release = {**INSIDE, "age": ages.generalise(INSIDE["age"], 1)}
    release["age"][:20] = "*"
    report = quiet(
        INSIDE, release, holdout=OUTSIDE, aligned=True, hierarchies={"age": ages},
        suppressed="*", **ABOUT,
    )  # fmt: skip
    assert not report.not_run
    for result in report.results:
        if isinstance(result, (AttackResult, Membership)):
            assert not any("generalise" in reason for reason in result.reasons)
    bare = quiet(INSIDE, release, holdout=OUTSIDE, aligned=True, suppressed="*", **ABOUT)
    assert any("generalise" in line.reason for line in bare.lines)
    assert "hierarchies" not in bare.not_run  # the linkage says what is wrong, not how to call
    assert "age" in bare.not_run["record_linkage.distance"]


def test_a_column_that_is_suppressed_throughout_hides_no_other_leak() -> None:
    ages = Hierarchy.intervals(0, 120, 10)
    release = {**INSIDE, "age": np.full(300, "*", dtype=object)}
    gaps = INSIDE["age"].astype(float)
    gaps[::7] = np.nan
    for original in (INSIDE, {**INSIDE, "age": gaps}):
        report = quiet(
            original, release, holdout=OUTSIDE, aligned=True, hierarchies={"age": ages},
            suppressed="*", **ABOUT,
        )  # fmt: skip
        assert not any("generalise" in line.reason for line in report.lines)
        bare = quiet(
            {c: v for c, v in original.items() if c != "age"}, release, holdout=OUTSIDE,
            columns=[c for c in INSIDE if c != "age"], sensitive=["ill"],
        )  # fmt: skip
        with_age, without = (
            {line.attack: line.rate for line in r.lines}["membership.distance"]
            for r in (report, bare)
        )
        assert with_age == without


@pytest.mark.parametrize("n", [10, 50])
def test_homogeneity_of_a_constant_column_is_not_believed(n: int) -> None:
    table = {
        "age": np.arange(n),
        "town": np.arange(n).astype(str),
        "ill": np.full(n, "flu"),
    }
    lines = {line.attack: line for line in quiet(table, table, **ABOUT).lines}
    line = lines["homogeneity[ill]"]
    assert (line.what, line.rate, line.baseline) == ("success rate", 1.0, 1.0)
    assert not line.reliable
    assert "fewer than 100" in line.reason
    assert "shows nothing" in line.reason


def test_names_pair_people_and_are_not_compared() -> None:
    named = {"id": np.arange(300), **INSIDE}
    order = np.random.default_rng(0).permutation(300)
    release = {c: v[order] for c, v in named.items()}
    holdout = {"id": np.arange(300, 600), **OUTSIDE}
    report = quiet(named, release, holdout=holdout, person_id="id", **ABOUT)
    kinds = {type(r) for r in report.results}
    assert kinds == {AttackResult, Membership, Linkage, Homogeneity}
    for result in report.results:
        if isinstance(result, (AttackResult, Membership)):
            assert "id" not in result.columns
    linked = next(r for r in report.results if isinstance(r, Linkage))
    assert linked.rate is not None
    assert linked.rate > 0.9


def test_the_report_is_json_and_a_picture(raw: AttackReport) -> None:
    told = json.loads(json.dumps(raw.to_dict()))
    assert {line["attack"] for line in told["lines"]} == ALL
    assert len(told["attacks"]) == 9
    names = [m.name for m in raw.measures()]
    assert len(names) == len(set(names))
    assert "attacks.membership.distance.auc_upper" in names
    assert "diagnostics.closest_record.closer_share" in names
    figure = raw.plot()
    assert len(figure.axes[0].get_yticklabels()) == 9
    assert quiet(INSIDE, INSIDE).plot().axes


def test_progress_counts_every_attack() -> None:
    calls: list[tuple[int, int]] = []
    quiet(INSIDE, INSIDE, holdout=OUTSIDE, n_attacks=100,
          progress=lambda done, n: calls.append((done, n)))  # fmt: skip
    assert calls[-1] == (9, 9)
    assert [done for done, _ in calls] == list(range(1, 10))


def test_bad_input_is_refused_without_a_cell() -> None:
    table = {"a": ["canary", "x"], "b": ["canary", "y"]}
    cases: list[tuple[dict[str, object], type[Exception], str]] = [
        ({"quasi_identifiers": ["c"]}, ColumnNotFoundError, "'c'"),
        ({"columns": ["c"]}, ColumnNotFoundError, "'c'"),
        ({"quasi_identifiers": ["a"], "sensitive": ["a"]}, InputError, "both"),
        ({"sensitive": "a"}, InputError, "list"),
        ({"sensitive": ["a", "a"]}, InputError, "twice"),
        ({"holdout": {"c": [1]}}, InputError, "no columns"),
        ({"n_attacks": 0}, InputError, "n_attacks"),
        ({"seed": -1}, InputError, "seed"),
        ({"confidence": 0}, InputError, "confidence"),
    ]
    for arguments, error, words in cases:
        with pytest.raises(error, match=words) as caught:
            attack_release(table, table, **arguments)  # type: ignore[arg-type]
        assert "canary" not in str(caught.value)


def test_no_cell_is_told_anywhere() -> None:
    inside, outside = (
        {**t, "town": np.array([f"canary{x}" for x in t["town"]])} for t in (INSIDE, OUTSIDE)
    )
    with pytest.warns(UnreliableWarning) as caught:
        report = attack_release(inside, inside, aligned=True, **ABOUT)  # type: ignore[arg-type]
    told = json.dumps(report.to_dict()) + repr(report) + report._repr_html_()
    assert "canary" not in told + str(caught[0].message) + report.frame().to_string()
    assert outside


def test_rows_that_are_nobodys_are_linked_to_nobody() -> None:
    draw = np.random.default_rng(3)
    people = {"age": draw.integers(18, 90, 400), "ill": draw.integers(0, 3, 400).astype(str)}
    inside, outside, invented = (
        {c: v[part] for c, v in people.items()}
        for part in (slice(150), slice(150, 300), slice(300, 400))
    )
    with pytest.warns(UnreliableWarning):
        report = attack_release(
            inside,
            invented,
            holdout=outside,
            rows="fresh",
            quasi_identifiers=["age"],
            sensitive=["ill"],
            n_attacks=100,
        )
    for name in ("homogeneity[ill]", "record_linkage.distance", "record_linkage.probabilistic"):
        assert "nobody's" in report.not_run[name]
    with pytest.raises(InputError, match="rows"):
        attack_release(inside, invented, rows="invented")  # type: ignore[arg-type]
