"""What a requirement is about, and what to change when it fails."""

from __future__ import annotations

from collections.abc import Mapping

from niming.domain.report.words.families import FAMILIES
from niming.domain.report.words.words import Words, by_beginning
from niming.domain.report.words.words import in_both as _w

__all__ = ["KEY_RISKS", "advice", "explain"]

KEY_RISKS: Mapping[str, Words] = {
    "k_anonymity.k": _w("最小等价类 k", "smallest class k"),
    "k_anonymity.n_classes": _w("等价类个数", "number of classes"),
    "k_anonymity.n_unique": _w("唯一记录", "unique records"),
    "reidentification.prosecutor.highest": _w("最高风险（检察官）", "highest risk (prosecutor)"),
    "reidentification.prosecutor.mean_over_records": _w(
        "平均风险（按记录）", "mean risk over records"
    ),
    "reidentification.prosecutor.n_records_at_risk": _w("高风险记录数", "records at risk"),
    "transformation.suppressed_rate": _w("隐去未发布的记录", "drawn records left out"),
    "l_diversity.distinct": _w(
        "等价类内敏感取值最少个数", "fewest sensitive values in a class (worst column)"
    ),
    "t_closeness.equal": _w(
        "敏感分布最大偏离 t（最差列）", "largest distance t of a class (worst column)"
    ),
    "context.total_risk": _w("总体风险（含环境）", "total risk with environment"),
    "context.kse_a": _w("健康数据匿名化 A = K × S × E", "A = K × S × E of health data"),
    "irreversibility.n_reversible_columns": _w(
        "可还原的列（去标识化，未匿名化）", "reversible columns (de-identified, not anonymised)"
    ),
    "sampling.fraction": _w("抽样比例", "sampling fraction"),
}

EXPLANATIONS: Mapping[str, Words] = {
    "k_anonymity": _w(
        "每条记录至少与另外 k − 1 条记录无法区分。",
        "Every record looks like at least k − 1 others.",
    ),
    "l_diversity": _w(
        "即使知道某人在哪个类，也有多种可能的敏感取值。",
        "Even within a known class several sensitive values remain possible.",
    ),
    "t_closeness": _w(
        "类内敏感取值的分布与整体接近，认出类也学不到多少。",
        "A class tells little more about the sensitive value than the whole table does.",
    ),
    "reidentification": _w(
        "攻击者把记录与真人对上的概率。",
        "The chance that an attacker matches a record to a person.",
    ),
    "identifiers": _w(
        "姓名、证件号、电话等能直接指认个人的内容。",
        "Names, document numbers, phones: what points at a person by itself.",
    ),
    "transformation.n_pseudonyms": _w(
        "持有密钥者可还原假名，故有假名的数据不算匿名化。",
        "Whoever holds the key can restore a pseudonym, so data with one are not anonymised.",
    ),
    "sampling": _w(
        "样本越小，外人越难确定某人是否在其中。",
        "The smaller the sample, the less an outsider knows who is in it.",
    ),
    "context": _w(
        "数据风险与使用环境风险合并的总体重标识风险。",
        "The risk of the data together with the risk of the environment that they are used in.",
    ),
    "context.kse": _w(
        "最小等价类 K、接收方系数 S 与保障措施 E 的乘积，不小于 1 方为匿名化。",
        "Smallest class, recipients and safeguards multiplied: anonymised from 1 on.",
    ),
    "irreversibility": _w(
        "散列、假名或加密的列能否被还原，以及代价多大。",
        "Whether hashes, pseudonyms or ciphers can be turned back, and at what cost.",
    ),
    "safe_harbor": _w(
        "年龄、日期和地区是否超出 HIPAA 安全港允许的精度。",
        "Whether ages, dates and areas say more than HIPAA's safe harbour allows.",
    ),
    "attacks": _w(
        "实际攻击比基线和对照多得手多少；不可靠的攻击不能证明安全。",
        "What an attack achieves beyond baseline and control; an unreliable one shows nothing.",
    ),
    "utility.loss": _w("泛化和抑制丢掉了多少细节。", "How much detail was generalised away."),
    "utility.tv": _w("发布数据的分布偏离原始数据多少。", "How far distributions moved."),
    "utility.learning": _w(
        "用发布数据训练的模型与用原始数据训练的相比如何。",
        "How a model from the release does beside one from the original.",
    ),
}
"""What a measure means, by the beginning of its name."""

ADVICE: Mapping[str, Words] = {
    "k_anonymity": _w(
        "提高泛化级别或抑制上限，或减少准标识符字段：小类会合并成大类。",
        "Generalise further, allow more suppression, or release fewer quasi-identifiers: small "
        "classes merge into larger ones.",
    ),
    "l_diversity": _w(
        "在匿名化时加入 l-多样性模型，或合并敏感属性的罕见取值。",
        "Add the l-diversity model to the anonymisation, or merge rare sensitive values.",
    ),
    "t_closeness": _w(
        "在匿名化时加入 t-接近模型，或进一步泛化准标识符。",
        "Add the t-closeness model to the anonymisation, or generalise further.",
    ),
    "reidentification": _w(
        "增大最小等价类，或抽取更小的样本。", "Raise the smallest class, or draw a smaller sample."
    ),
    "identifiers": _w(
        "删除这些字段，或用带密钥的假名替换后重新评估。",
        "Drop these columns, or replace them by keyed pseudonyms, and assess again.",
    ),
    "transformation.n_pseudonyms": _w(
        "删除假名字段；若确需保留，改为申请脱敏样本证书。",
        "Drop the pseudonyms; if they are needed, apply for a desensitised sample instead.",
    ),
    "sampling": _w(
        "抽取更小的样本，并在评估时提供原始数据以核对比例。",
        "Draw a smaller sample, and give the original at assessment so that the share is checked.",
    ),
    "context": _w(
        "三种办法：增大最小等价类、缩小抽样比例、加强使用环境的管控措施。",
        "Three ways: larger classes, a smaller sample, or stronger controls where it is used.",
    ),
    "context.kse": _w(
        "回答环境问卷；补齐未落实的保障措施，或增大最小等价类。",
        "Answer the questionnaire; put the missing safeguards in place, or make classes larger.",
    ),
    "irreversibility": _w(
        "删除散列或弱加密的列；确需关联时改用销毁密钥的随机假名。",
        "Drop hashed or weakly encrypted columns; to link, use pseudonyms whose key is destroyed.",
    ),
    "safe_harbor": _w(
        "89 岁以上合并，日期截到年，地区代码截短，或在策略的 populations 中给出人口。",
        "Top-code ages at 90, cut dates to years and codes of areas, or give their populations.",
    ),
    "attacks": _w(
        "提供留出样本后重新评估；若攻击得手，进一步泛化或改发合成数据。",
        "Give a hold-out and assess again; where the attack succeeds, generalise or synthesise.",
    ),
    **dict.fromkeys(
        ("alpha_k", "p_sensitive", "delta_disclosure", "beta_likeness", "lkc.c"),
        _w(
            "合并敏感属性的罕见取值，或进一步泛化准标识符，使各类的取值分布接近整体。",
            "Merge rare sensitive values, or generalise further, until classes are mixed as the "
            "whole table is.",
        ),
    ),
    **dict.fromkeys(
        ("lkc.k", "k_map", "population_uniqueness", "individual", "household"),
        _w(
            "进一步泛化准标识符，或抽取更小的样本，使与每个人相同的人更多。",
            "Generalise further or draw a smaller sample, until more people are like everybody.",
        ),
    ),
    **dict.fromkeys(
        ("suda", "quasi_identifiers"),
        _w(
            "先泛化或删除最常使人独一无二的字段，见字段组合。",
            "Generalise or drop first the columns that single most people out; see the "
            "combinations.",
        ),
    ),
    "models": _w(
        "用更强的正则化、更大的叶子或差分隐私重新训练，并删除模型中存下的记录。",
        "Train again with stronger regularisation, larger leaves or differential privacy, and "
        "remove records that the model keeps.",
    ),
    "utility": _w(
        "降低泛化级别或减少字段，并在效用与风险之间重新取舍。",
        "Generalise less or release fewer columns, and weigh utility against risk again.",
    ),
}
"""What to change when a requirement on a measure fails, by the beginning of its name."""

_UNKNOWN = _w("见指标定义。", "See the definition of the measure.")


def explain(measure: str) -> Words:
    """Return what the measure of this name means, or what its family answers."""
    family = next((f for f in FAMILIES if f.stems and measure.startswith(f.stems)), None)
    answers = _UNKNOWN if family is None else family.sentence
    return by_beginning(EXPLANATIONS, measure) or answers


def advice(measure: str) -> Words:
    """Return what to change when a requirement on the measure of this name fails."""
    return by_beginning(ADVICE, measure) or _UNKNOWN
