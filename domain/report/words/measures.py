"""What measures and attacks are called, by name without reading and column."""

from __future__ import annotations

from collections.abc import Mapping

from niming.domain.report.words.words import Words
from niming.domain.report.words.words import in_both as _w

__all__ = ["ATTACKS", "MEASURES", "named"]

MEASURES: Mapping[str, Words] = {
    "identifiers.n_direct_columns": _w("未替换的直接标识符列", "direct identifiers not replaced"),
    "identifiers.n_columns_found": _w(
        "检出标识信息的列", "columns in which identifiers were found"
    ),
    "identifiers.n_roles_milder": _w("声明偏轻的列", "columns declared milder than they look"),
    "transformation.n_pseudonyms": _w("含假名或散列的列", "columns of pseudonyms or hashes"),
    "transformation.suppressed_rate": _w("抽中而未发布的记录", "records drawn and withheld"),
    "k_anonymity.k": _w("最小等价类 k", "smallest class k"),
    "k_anonymity.n_unique": _w("独一无二的记录", "records that stand alone"),
    "k_anonymity.n_classes": _w("等价类个数", "number of classes"),
    "k_anonymity.n_suppressed": _w(
        "准标识符全被抑制的记录", "records whose quasi-identifiers are all suppressed"
    ),
    "k_anonymity.n_records": _w("记录数", "records"),
    "l_diversity.distinct": _w("类内敏感取值最少种数", "fewest distinct values in a class"),
    "l_diversity.entropy": _w("按熵折算的取值种数", "values by entropy"),
    "l_diversity.recursive": _w("递归 (c, l) 的 l", "l of recursive (c, l)"),
    "t_closeness.equal": _w("各取值等距时的 t", "t with equal distances"),
    "t_closeness.ordered": _w("取值有序时的 t", "t with ordered distances"),
    "t_closeness.hierarchical": _w("按层级距离的 t", "t with distances in a hierarchy"),
    "alpha_k.alpha": _w("类内最常见取值的占比 α", "share of the most frequent value, α"),
    "p_sensitive.p": _w("每类至少的取值种数 p", "values in every class, p"),
    "p_sensitive.most_p": _w("该表可能达到的最大 p", "the most p that the table allows"),
    "delta_disclosure.delta": _w("把握的最大对数变化 δ", "largest log gain, δ"),
    "delta_disclosure.delta_present": _w(
        "只看类内已有取值时的 δ", "δ over the values that a class has"
    ),
    "delta_disclosure.n_records_lacking": _w(
        "所在类缺少某取值的记录", "records whose class lacks a value"
    ),
    "beta_likeness.basic": _w("把握的最大相对增幅 β", "largest relative gain, β"),
    "beta_likeness.enhanced": _w("增强 β", "enhanced β"),
    "beta_likeness.enhanced_n_records_unbounded": _w(
        "任何增强 β 都不成立的记录", "records for which no enhanced β holds"
    ),
    "lkc.k": _w("只知几项时的最小人数", "fewest who look alike to one who knows a few columns"),
    "lkc.c": _w("只知几项时敏感取值的最大把握 C", "largest confidence C of that outsider"),
    "reidentification.prosecutor.highest": _w("检察官：最高", "prosecutor: highest"),
    "reidentification.prosecutor.mean_over_records": _w(
        "检察官：按记录平均", "prosecutor: mean over records"
    ),
    "reidentification.prosecutor.mean_over_classes": _w(
        "检察官：按类平均", "prosecutor: mean over classes"
    ),
    "reidentification.prosecutor.n_records_at_risk": _w(
        "检察官：高风险记录", "prosecutor: records at risk"
    ),
    "reidentification.prosecutor.n_classes_at_risk": _w(
        "检察官：高风险类", "prosecutor: classes at risk"
    ),
    "reidentification.journalist.highest": _w("记者：最高", "journalist: highest"),
    "reidentification.journalist.mean_over_records": _w(
        "记者：按记录平均", "journalist: mean over records"
    ),
    "reidentification.journalist.mean_over_classes": _w(
        "记者：按类平均", "journalist: mean over classes"
    ),
    "reidentification.journalist.n_records_at_risk": _w(
        "记者：高风险记录", "journalist: records at risk"
    ),
    "reidentification.journalist.n_classes_at_risk": _w(
        "记者：高风险类", "journalist: classes at risk"
    ),
    "reidentification.marketer.mean_over_records": _w(
        "营销者：可认出的占比", "marketer: share recognised"
    ),
    "k_map.k": _w("人群中相同者最少人数 k-map", "fewest alike in the population, k-map"),
    "k_map.n_unique": _w("人群中独一无二的记录", "records alone in the population"),
    "delta_presence.delta_max": _w("在数据中的最大把握 δ", "largest chance of being inside, δ"),
    "delta_presence.delta_min": _w("在数据中的最小把握", "smallest chance of being inside"),
    "delta_presence.n_certain": _w("必在其中的人", "people certainly inside"),
    "delta_presence.n_absent": _w("必不在其中的人", "people certainly not inside"),
    "population_uniqueness.unique_rate": _w(
        "记录在总体中唯一的概率", "chance that a record is unique in the population"
    ),
    "population_uniqueness.n_records": _w(
        "预计总体唯一的记录", "records expected to be unique there"
    ),
    "population_uniqueness.sample_unique_risk": _w(
        "样本唯一者在总体中也唯一的概率", "chance that one alone here is alone there"
    ),
    "population_uniqueness.n_uniques": _w("总体中唯一的人数", "people unique in the population"),
    "population_uniqueness.pitman.unique_rate": _w("Pitman 模型的估计", "by Pitman's model"),
    "population_uniqueness.zayatz.unique_rate": _w("Zayatz 模型的估计", "by Zayatz's model"),
    "population_uniqueness.snb.unique_rate": _w(
        "滑动负二项模型的估计", "by the slide negative binomial"
    ),
    "sampling.fraction": _w("抽样比例", "sampling fraction"),
    "individual.highest_risk": _w("个体最高风险", "highest individual risk"),
    "individual.mean_risk": _w("个体平均风险", "mean individual risk"),
    "individual.mean_risk_over_classes": _w("按类平均的个体风险", "mean over classes"),
    "individual.n_expected": _w("预计被认出的记录", "records expected to be recognised"),
    "household.highest_risk": _w("家庭最高风险", "highest household risk"),
    "household.mean_risk_over_households": _w("按家庭平均", "mean over households"),
    "household.mean_risk_over_records": _w("按记录平均", "mean over records"),
    "household.n_expected": _w("连同家人预计被认出的记录", "records expected, through relatives"),
    "suda.highest_dis": _w("DIS 最高分", "highest DIS score"),
    "suda.highest_score": _w("SUDA 最高分", "highest SUDA score"),
    "suda.n_scored": _w("用部分字段即独一无二的记录", "records alone on some of the columns"),
    "suda.n_minimal": _w("最小唯一组合个数", "minimal sample uniques"),
    "suda.smallest_size": _w("最小唯一组合的字段数", "columns of the smallest of them"),
    "suda.correct_match_risk": _w("唯一匹配为真的概率", "chance that a unique match is right"),
    "suda.contribution": _w("字段对得分的贡献", "share of the scores by column"),
    "quasi_identifiers.highest_uniqueness": _w(
        "独一无二的最大占比，按字段数", "largest share alone, by number of columns"
    ),
    "quasi_identifiers.highest_distinction": _w(
        "不同组合的最大占比，按字段数", "most combinations over records, by number of columns"
    ),
    "quasi_identifiers.highest_separation": _w(
        "可区分记录对的最大占比，按字段数", "most pairs told apart, by number of columns"
    ),
    "quasi_identifiers.smallest_unique": _w(
        "使人人唯一的最少字段", "fewest columns on which all are alone"
    ),
    "quasi_identifiers.n_minimal_unique": _w("使人人唯一的最小组合数", "minimal unique sets"),
    "context.total_risk": _w("总体风险", "total risk"),
    "context.data_risk": _w("数据风险", "data risk"),
    "context.environment_risk": _w("环境风险", "environment risk"),
    "context.insider_risk": _w("T1 内部人员尝试", "T1: a recipient tries"),
    "context.acquaintance_risk": _w("T2 遇到熟人", "T2: a recipient knows somebody"),
    "context.breach_risk": _w("T3 数据泄露", "T3: the recipient loses the data"),
    "context.max_class_risk": _w("单类最大风险", "largest class risk"),
    "context.mean_class_risk": _w("按类平均风险", "mean risk over classes"),
    "context.mean_record_risk": _w("按记录平均风险", "mean risk over records"),
    "context.n_classes_below": _w("过小的类", "classes that are too small"),
    "context.kse_a": _w("A = K × S × E", "A = K × S × E"),
    "context.kse_k": _w("K 最小等价类", "K: smallest class"),
    "context.kse_s": _w("S 接收方系数", "S: recipients"),
    "context.kse_e": _w("E 保障措施", "E: safeguards"),
    "irreversibility.n_reversible_columns": _w(
        "可还原的列（去标识化，未匿名化）", "reversible columns (de-identified, not anonymised)"
    ),
    "irreversibility.n_deidentified_columns": _w(
        "去标识化，未匿名化的列", "columns that are de-identified, not anonymised"
    ),
    "irreversibility.lowest_cost_core_hours": _w("还原的最低代价", "lowest cost of reversal"),
    "irreversibility.n_reversed": _w("实际还原的散列", "digests reversed when tried"),
    "safe_harbor.highest_age": _w("可区分的最大年龄", "highest age told apart"),
    "safe_harbor.n_date_columns": _w("比年更细的日期列", "columns of dates finer than a year"),
    "safe_harbor.smallest_area": _w("最小地区的人口", "people in the smallest area"),
}

ATTACKS: Mapping[str, Words] = {
    "singling_out.univariate": _w("单独识别（单列）", "singling out by one column"),
    "singling_out.multivariate": _w("单独识别（多列）", "singling out by several columns"),
    "linkability": _w("关联", "linkability"),
    "inference": _w("属性推断", "inference"),
    "membership.distance": _w("成员推断（距离）", "membership by distance"),
    "membership.density": _w("成员推断（密度）", "membership by density"),
    "record_linkage.distance": _w("记录链接（距离）", "record linkage by distance"),
    "record_linkage.probabilistic": _w("记录链接（概率）", "record linkage by weights"),
    "homogeneity": _w("同质性", "homogeneity"),
}

_UNSUPPRESSED = "_unsuppressed"


def named(stem: str) -> Words | None:
    """Return what a measure is called; None if it has no name but its own.

    >>> named("k_anonymity.k_unsuppressed")["en"]
    'smallest class k, suppressed records left out'
    """
    plain = stem.removesuffix(_UNSUPPRESSED)
    words = MEASURES.get(plain)
    if words is None or plain == stem:
        return words
    return _w(f"{words['zh']}（不计被抑制记录）", f"{words['en']}, suppressed records left out")
