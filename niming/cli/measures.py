"""What an assessment says at the terminal: one screen, or every measure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from niming.cli.screen import grid, note, pick, result

if TYPE_CHECKING:
    from niming.measure import Measure
    from niming.risk import Assessment

__all__ = ["brief", "riskiest", "show_all", "show_assessment"]

_RISKIEST = 5
"""Combinations of columns that one screen shows."""


class _Row(NamedTuple):
    """A line of the screen: in English, in Chinese, and the measure without its column."""

    en: str
    zh: str
    measure: str


_SCREEN: tuple[tuple[tuple[str, str], tuple[_Row, ...]], ...] = (
    (
        ("class sizes", "等价类大小"),
        (
            _Row("smallest class (k)", "最小等价类 (k)", "k_anonymity.k"),
            _Row("records that stand alone", "独一无二的记录", "k_anonymity.n_unique"),
            _Row("classes", "等价类数", "k_anonymity.n_classes"),
            _Row("records suppressed altogether", "完全隐匿的记录", "k_anonymity.n_suppressed"),
            _Row("smallest group on two columns (LKC)", "任意两列上的最小组 (LKC)", "lkc.k"),
            _Row("fewest people like a record (k-map)", "总体中最少相同者 (k-map)", "k_map.k"),
        ),
    ),
    (
        ("attackers", "攻击者"),
        (
            _Row(
                "prosecutor: highest risk",
                "检察官：最高风险",
                "reidentification.prosecutor.highest",
            ),
            _Row(
                "prosecutor: mean over records",
                "检察官：记录平均",
                "reidentification.prosecutor.mean_over_records",
            ),
            _Row(
                "prosecutor: records at risk",
                "检察官：高风险记录",
                "reidentification.prosecutor.n_records_at_risk",
            ),
            _Row(
                "journalist: highest risk", "记者：最高风险", "reidentification.journalist.highest"
            ),
            _Row(
                "journalist: mean over records",
                "记者：记录平均",
                "reidentification.journalist.mean_over_records",
            ),
            _Row(
                "journalist: records at risk",
                "记者：高风险记录",
                "reidentification.journalist.n_records_at_risk",
            ),
            _Row(
                "marketer: share matched rightly",
                "营销者：预期匹配正确比例",
                "reidentification.marketer.mean_over_records",
            ),
        ),
    ),
    (
        ("diversity and closeness", "多样性与接近性"),
        (
            _Row("distinct l-diversity", "相异 l-多样性", "l_diversity.distinct"),
            _Row("entropy l-diversity", "熵 l-多样性", "l_diversity.entropy"),
            _Row("recursive l-diversity", "递归 l-多样性", "l_diversity.recursive"),
            _Row("t-closeness, equal distance", "t-接近性（等距）", "t_closeness.equal"),
            _Row("t-closeness, ordered distance", "t-接近性（有序）", "t_closeness.ordered"),
            _Row("t-closeness, by hierarchy", "t-接近性（按层次）", "t_closeness.hierarchical"),
        ),
    ),
    (
        ("disclosure", "属性披露"),
        (
            _Row("largest share of one value (α)", "单一取值最大占比 (α)", "alpha_k.alpha"),
            _Row("p-sensitive", "p-敏感", "p_sensitive.p"),
            _Row(
                "δ-disclosure, values present",
                "δ-披露（类中出现的取值）",
                "delta_disclosure.delta_present",
            ),
            _Row(
                "records with a value ruled out",
                "可排除某取值的记录",
                "delta_disclosure.n_records_lacking",
            ),
            _Row("β-likeness, basic", "β-相似性（基本）", "beta_likeness.basic"),
            _Row("certainty on two columns (LKC)", "已知两列时的确定度 (LKC)", "lkc.c"),
            _Row("δ-presence, highest", "δ-存在性（最高）", "delta_presence.delta_max"),
            _Row("people certain to be within", "确知在表中的人", "delta_presence.n_certain"),
        ),
    ),
    (
        ("individual and population", "个体与总体"),
        (
            _Row("individual risk, highest", "个体风险（最高）", "individual.highest_risk"),
            _Row("re-identifications expected", "预期重标识数", "individual.n_expected"),
            _Row("household risk, highest", "家庭风险（最高）", "household.highest_risk"),
            _Row("the same through households", "经由家庭的预期重标识数", "household.n_expected"),
            _Row(
                "a record is unique in the population",
                "记录在总体中唯一的概率",
                "population_uniqueness.unique_rate",
            ),
            _Row(
                "the same for one alone in the table",
                "表中唯一者在总体中唯一的概率",
                "population_uniqueness.sample_unique_risk",
            ),
        ),
    ),
    (
        ("SUDA and combinations of columns", "SUDA 与列组合"),
        (
            _Row("highest DIS score", "最高 DIS 分数", "suda.highest_dis"),
            _Row("records alone on some columns", "在部分列上唯一的记录", "suda.n_scored"),
            _Row(
                "fewest columns that single one out", "可单独识别的最少列数", "suda.smallest_size"
            ),
            _Row(
                "alone on the worst column",
                "最差单列上唯一的比例",
                "quasi_identifiers.highest_uniqueness[1]",
            ),
            _Row(
                "alone on the worst two columns",
                "最差两列上唯一的比例",
                "quasi_identifiers.highest_uniqueness[2]",
            ),
            _Row(
                "alone on the worst three columns",
                "最差三列上唯一的比例",
                "quasi_identifiers.highest_uniqueness[3]",
            ),
            _Row(
                "fewest columns unique for everybody",
                "人人唯一的最少列数",
                "quasi_identifiers.smallest_unique",
            ),
        ),
    ),
)


@dataclass(frozen=True)
class _Pair:
    """One measure under both readings; None where a reading has no such measure."""

    own: Measure | None
    matching: Measure | None

    @property
    def either(self) -> Measure:
        """The measure under the first reading that has it."""
        found = self.own or self.matching
        assert found is not None
        return found


def show_assessment(found: Assessment) -> None:
    """Print the measures that matter, one line each, and what was not available or not asked."""
    pairs = _pairs(found)
    rows: list[tuple[str, ...]] = []
    lacking: dict[str, list[str]] = {}
    for (en, zh), lines in _SCREEN:
        body = []
        for line in lines:
            here = {
                c: p for name, p in pairs.items() if (c := _column(name, line.measure)) is not None
            }
            if not here:
                continue
            label = pick(line.en, line.zh)
            for column, pair in here.items():
                _note_lacking(lacking, f"{label} [{column}]" if column else label, pair)
            own, own_at = _worst({c: p.own for c, p in here.items()})
            matching, matching_at = _worst({c: p.matching for c, p in here.items()})
            if all(m is None or m.value is None for m in (own, matching)):
                continue  # told below, with the reason
            n_rows = found.n_rows
            at = own_at if own_at == matching_at or not matching_at else f"{own_at} / {matching_at}"
            safer = _safer(next(iter(here.values())).either)
            body.append((label, brief(own, n_rows), brief(matching, n_rows), safer, at))
        if body:
            rows += [(pick(en, zh),), *body]
    grid(_heads(pick("column", "列")), rows, right=(1, 2))
    _show_combinations(found)
    _legend(found, worst=len(found.sensitive) > 1)
    _show_lacking(lacking)
    _show_not_asked(found)


def show_all(found: Assessment) -> None:
    """Print every measure under its stable name."""
    lacking: dict[str, list[str]] = {}
    rows = []
    for name, pair in _pairs(found).items():
        _note_lacking(lacking, name, pair)
        of = pair.either
        rows.append((name, brief(pair.own, 0), brief(pair.matching, 0), _safer(of), of.unit))
    grid(_heads(pick("unit", "单位")), rows, right=(1, 2))
    _legend(found, worst=False)
    _show_lacking(lacking)
    _show_not_asked(found)


def riskiest(found: Assessment, n: int = _RISKIEST) -> list[tuple[tuple[str, ...], float]]:
    """Return the sets of columns on which the largest share of the records is alone."""
    sets = found.own.column_sets
    if sets is None:
        return []
    frame = sets.frame().head(n)
    return [
        (tuple(columns), float(share))
        for columns, share in zip(frame["columns"], frame["uniqueness"], strict=True)
        if share > 0
    ]


def brief(measure: Measure | None, n_rows: int) -> str:
    """Return a value in few digits, a dash for none; counts of records with their share."""
    if measure is None:
        return ""
    value = measure.value
    if value is None:
        return "–"
    if isinstance(value, int):
        text = f"{value:,}"
    else:
        text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
        if text == "1" and value < 1:
            text = ">0.9999"  # certainty is not rounded up to
    if n_rows and measure.unit == "records" and measure.direction == "lower-is-safer":
        text += f" ({value / n_rows:.1%})"
    return text


def _pairs(found: Assessment) -> dict[str, _Pair]:
    """Return the measures by name, each under both readings; the population has but one."""
    people = () if found.population is None else found.population.measures()
    own = {m.name: m for m in (*found.own.measures(), *people)}
    matching = {_plain(m.name): m for m in found.matching.measures()}
    names = dict.fromkeys([*own, *matching])
    return {name: _Pair(own.get(name), matching.get(name)) for name in names}


def _plain(name: str) -> str:
    """Return the name without the reading: ``k_anonymity.matching.k`` is ``k_anonymity.k``.

    >>> _plain("k_anonymity.matching.k"), _plain("lkc.c[a.matching.b]")
    ('k_anonymity.k', 'lkc.c[a.matching.b]')
    """
    stem, bracket, about = name.partition("[")
    return stem.replace(".matching.", ".", 1) + bracket + about


def _column(name: str, measure: str) -> str | None:
    """Return the column that `name` measures, "" for the table, None if it is another measure."""
    if name == measure:
        return ""
    stem, bracket, about = name.partition("[")
    return about.removesuffix("]") if bracket and stem == measure else None


def _worst(by_column: Mapping[str, Measure | None]) -> tuple[Measure | None, str]:
    """Return the worst of a measure over columns and where it is; one without a value if none."""
    there = {c: m for c, m in by_column.items() if m is not None}
    valued = {c: m.value for c, m in there.items() if m.value is not None}
    if not valued:
        return next(iter(there.values()), None), ""
    high = next(iter(there.values())).direction.startswith("higher")
    at = (min if high else max)(valued, key=lambda c: valued[c])
    return there[at], at


def _safer(measure: Measure) -> str:
    return "↑" if measure.direction.startswith("higher") else "↓"


def _heads(last: str) -> list[str]:
    return [
        pick("measure", "指标"),
        pick("own value", "自成一值"),
        pick("matches any", "匹配任意"),
        pick("safer", "更安全"),
        last,
    ]


def _legend(found: Assessment, *, worst: bool) -> None:
    """Say how to read the columns."""
    note(
        pick(
            "own value / matches any: a missing or suppressed quasi-identifier is a value of its "
            "own / could be anything. ↑ higher is safer, ↓ lower is safer.",
            "自成一值／匹配任意：缺失或隐匿的准标识符视为单独取值／可为任意值。↑ 越高越安全，"
            "↓ 越低越安全。",
        )
    )
    size = found.reidentification.threshold_size
    note(
        pick(
            f"at risk: in a class of fewer than {size} records",
            f"高风险：所在等价类少于 {size} 条记录",
        )
    )
    if worst:
        note(
            pick(
                "of several sensitive columns the worst is shown; --all shows each",
                "多个敏感列中仅列最差者；--all 逐列给出",
            )
        )


def _show_combinations(found: Assessment) -> None:
    told = [f"{' + '.join(columns)} {share:.1%}" for columns, share in riskiest(found)]
    if told:
        label = pick("most records are alone on: ", "唯一记录最多的列组合：")
        result(label + pick("; ", "；").join(told))
    if found.own.suda is not None and found.own.suda.n_minimal:
        parts = [
            (m.name.partition("[")[2].removesuffix("]"), m.value)
            for m in found.own.suda.measures()
            if m.name.startswith("suda.contribution[") and m.value
        ]
        parts.sort(key=lambda part: -part[1])
        told = [f"{column} {share:.0%}" for column, share in parts[:_RISKIEST]]
        label = pick("columns behind the SUDA scores: ", "SUDA 分数主要来自：")
        result(label + pick(", ", "、").join(told))


def _note_lacking(lacking: dict[str, list[str]], label: str, pair: _Pair) -> None:
    for measure in (pair.own, pair.matching):
        if measure is not None and measure.value is None:
            labels = lacking.setdefault(measure.reason, [])
            if label not in labels:
                labels.append(label)


def _show_lacking(lacking: Mapping[str, Sequence[str]]) -> None:
    if not lacking:
        return
    result("")
    head = [pick("not available", "无法给出"), pick("why", "原因")]
    grid(head, [(_some(labels), reason) for reason, labels in lacking.items()])


def _some(labels: Sequence[str], n: int = 6) -> str:
    more = len(labels) - n
    shown = "; ".join(labels[:n])
    return shown + pick(f"; {more} more", f"；另有 {more} 项") if more > 0 else shown


def _show_not_asked(found: Assessment) -> None:
    """Say which measures the input does not allow, with the option that would."""
    own = found.own
    if own.column_sets is None:
        note(
            pick(
                "the core alone was measured: class sizes, attackers, l and t",
                "仅测量核心指标：等价类大小、攻击者、l 和 t",
            )
        )
        return
    options: Iterable[tuple[bool, str, str]] = (
        (own.individual is None, "--weight: individual risk", "--weight：个体风险"),
        (own.household is None, "--household: household risk", "--household：家庭风险"),
        (
            own.presence is None and own.k_map is None,
            "--population: journalist, k-map, δ-presence",
            "--population：记者、k-map、δ-存在性",
        ),
        (
            own.presence is None and own.k_map is not None,
            "--population: δ-presence",
            "--population：δ-存在性",
        ),
        (
            found.population is None,
            "--population-size or --sampling-fraction: population uniqueness, DIS",
            "--population-size 或 --sampling-fraction：总体唯一性、DIS",
        ),
        (not found.sensitive, "--sensitive: l, t, α, β, δ", "--sensitive：l、t、α、β、δ"),
    )
    lacking = [pick(en, zh) for absent, en, zh in options if absent]
    if lacking:
        note(pick("not asked: ", "未测量：") + pick("; ", "；").join(lacking))
