"""The families of measures: what each answers, and how to read its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from niming.domain.report.words.words import Words
from niming.domain.report.words.words import in_both as _w

__all__ = ["FAMILIES", "Family"]


@dataclass(frozen=True)
class Family:
    """Measures that answer one question, which have a section together.

    Parameters
    ----------
    key : str
    title : Words
    sentence : Words
        What it answers and how to read it.
    stems : tuple of str
        How the names of its measures begin; none takes all that no other family takes.
    headline : str
        The measure that stands for the family while its section is closed; empty for none.
    """

    key: str
    title: Words
    sentence: Words
    stems: tuple[str, ...]
    headline: str = ""


FAMILIES: tuple[Family, ...] = (
    Family(
        "identifiers",
        _w("标识符与处理", "Identifiers and what was done to them"),
        _w(
            "发布数据里还有没有直接指认个人的内容，以及隐去了多少记录。个数应为 0。",
            "Whether anything that points at a person by itself is left, and how many records were "
            "withheld. Counts should be 0.",
        ),
        ("identifiers.", "transformation."),
        "identifiers.n_columns_found",
    ),
    Family(
        "k-anonymity",
        _w("k-匿名与等价类", "k-anonymity and classes"),
        _w(
            "每条记录至少与多少条记录一样。k 越大越难认出其中的人；k = 1 表示有人独一无二。",
            "How many records look alike. The larger k is, the harder it is to tell a person; at "
            "k = 1 somebody is the only one of their kind.",
        ),
        ("k_anonymity.",),
        "k_anonymity.k",
    ),
    Family(
        "l-diversity",
        _w("l-多样性", "l-diversity"),
        _w(
            "认出某人所在的类之后，敏感取值还有几种可能。1 表示该类的人敏感取值全同，一看便知。",
            "How many sensitive values remain possible for a person whose class is known. At 1, "
            "all of a class share one value, which is thereby known.",
        ),
        ("l_diversity.",),
        "l_diversity.distinct",
    ),
    Family(
        "t-closeness",
        _w("t-接近", "t-closeness"),
        _w(
            "某一类的敏感取值分布离整体有多远。0 表示认出类也学不到东西，1 表示完全不同。",
            "How far the sensitive values of a class are from those of the whole table. At 0 a "
            "class tells nothing more, at 1 it has nothing in common with the rest.",
        ),
        ("t_closeness.",),
        "t_closeness.equal",
    ),
    Family(
        "alpha-k",
        _w("(α, k)-匿名与 p-敏感", "(α, k)-anonymity and p-sensitivity"),
        _w(
            "一类之中，最常见的敏感取值占多大比例（α），至少有几种取值（p）。"
            "α 越小、p 越大越安全。",
            "Which share of a class its most frequent sensitive value has (α), and how many values "
            "every class has at least (p). A small α and a large p are safer.",
        ),
        ("alpha_k.", "p_sensitive."),
        "alpha_k.alpha",
    ),
    Family(
        "disclosure",
        _w("δ-披露与 β-相似", "δ-disclosure and β-likeness"),
        _w(
            "认出类之后，对敏感取值的把握能增加多少倍。0 表示不增加；某类缺少某个取值时 δ 无穷大。",
            "By how much belief in a sensitive value grows once the class is known. 0 is no gain; "
            "δ is infinite where a class lacks a value altogether.",
        ),
        ("delta_disclosure.", "beta_likeness."),
        "beta_likeness.basic",
    ),
    Family(
        "lkc",
        _w("LKC-隐私", "LKC-privacy"),
        _w(
            "攻击者只知道一个人的少数几项时，有多少人与其相同（k），敏感取值有多大把握（C）。",
            "For an outsider who knows but a few attributes of a person: how many look alike (k), "
            "and how sure a sensitive value is (C).",
        ),
        ("lkc.",),
        "lkc.k",
    ),
    Family(
        "reidentification",
        _w("重标识风险、k-map 与总体唯一性", "Re-identification, k-map and population uniqueness"),
        _w(
            "把记录与真人对上的概率：知道目标在数据中（检察官）、不知道（记者）、想认出尽可能多的人"
            "（营销者）；并估计记录在整个人群中是否唯一，这需要抽样比例。",
            "The chance of matching records to people: by somebody who knows that a target is "
            "inside (prosecutor), who does not (journalist), who wants as many as possible "
            "(marketer); and whether records are unique among all people, which takes the sampling "
            "fraction.",
        ),
        (
            "reidentification.",
            "k_map.",
            "delta_presence.",
            "population_uniqueness.",
            "sampling.",
        ),
        "reidentification.prosecutor.highest",
    ),
    Family(
        "individual",
        _w("个体与家庭风险", "Individual and household risk"),
        _w(
            "考虑抽样权重后每个人被认出的概率，以及因家人被认出而连带的风险。越小越安全。",
            "The chance that a person is recognised, given the sampling weights, and what a "
            "recognised relative adds to it. Smaller is safer.",
        ),
        ("individual.", "household."),
        "individual.highest_risk",
    ),
    Family(
        "suda",
        _w("特殊唯一记录（SUDA）与字段组合", "Special uniques (SUDA) and combinations of columns"),
        _w(
            "用几个字段就能单独认出一条记录；字段越少，该记录越危险，常出现的字段最应先泛化。",
            "How few columns are enough to single a record out: the fewer, the riskier. The "
            "columns that take part most often are the first to generalise.",
        ),
        ("suda.", "quasi_identifiers."),
        "suda.n_scored",
    ),
    Family(
        "context",
        _w("使用环境", "Context of use"),
        _w(
            "把数据风险与谁能拿到、如何管控、是否有人会攻击合起来看。总体风险不超过要求方可发布。",
            "The risk of the data together with who gets them, what guards them and who might "
            "attack. The total risk is what a policy bounds.",
        ),
        ("context.",),
        "context.total_risk",
    ),
    Family(
        "irreversibility",
        _w("不可复原性", "Irreversibility"),
        _w(
            "散列、假名或加密的列能否还原，要花多大代价。能还原的列是去标识化，未匿名化。",
            "Whether hashes, pseudonyms or ciphers can be turned back, and at what cost. A column "
            "that can is de-identified, not anonymised.",
        ),
        ("irreversibility.",),
        "irreversibility.n_reversible_columns",
    ),
    Family(
        "safe-harbor",
        _w("安全港（HIPAA）", "Safe harbour (HIPAA)"),
        _w(
            "年龄、日期和地区是否比安全港允许的更精确：年龄不超过 89，日期只到年，地区至少两万人。",
            "Whether ages, dates and areas are finer than the safe harbour allows: ages up to 89, "
            "dates by year, areas of more than 20,000 people.",
        ),
        ("safe_harbor.",),
        "safe_harbor.highest_age",
    ),
    Family(
        "attacks",
        _w("攻击检验", "Attacks"),
        _w(
            "对发布数据实际发起攻击，并与瞎猜（基线）和未被抽中的人（对照）比较。得手越多越不安全；"
            "不比基线强的攻击什么也证明不了，标为“强度不足，不能下结论”。",
            "The release is attacked, and the success held against a guess (baseline) and against "
            "people who were not drawn (control). The more succeed, the less safe it is; an attack "
            "no better than its baseline shows nothing and is marked too weak to conclude.",
        ),
        ("attacks.", "diagnostics."),
    ),
    Family(
        "models",
        _w("模型攻击", "Attacks on models"),
        _w(
            "能否从训练好的模型看出某人是否参与训练，或模型是否直接存了训练记录。",
            "Whether a trained model tells who it was trained on, or keeps training records.",
        ),
        ("models.",),
    ),
    Family(
        "other",
        _w("其他指标", "Other measures"),
        _w("未归入以上各类的指标。", "Measures that belong to none of the above."),
        (),
    ),
)
"""In the order of the page."""
