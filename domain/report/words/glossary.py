"""The glossary at the end of the page."""

from __future__ import annotations

from niming.domain.report.words.words import Words
from niming.domain.report.words.words import in_both as _w

__all__ = ["GLOSSARY"]

GLOSSARY: tuple[tuple[Words, Words], ...] = (
    (
        _w("直接标识符", "Direct identifier"),
        _w(
            "单独即可指认个人的字段，如姓名、身份证号、手机号。",
            "A column that points at a person by itself: name, ID number, phone.",
        ),
    ),
    (
        _w("准标识符", "Quasi-identifier"),
        _w(
            "外人可能知道、组合起来能指认个人的字段，如年龄、性别、地区。",
            "Columns an outsider may know, which together point at a person: age, sex, area.",
        ),
    ),
    (
        _w("敏感属性", "Sensitive attribute"),
        _w("泄露会伤害个人的字段，如诊断、收入。", "What would hurt if learnt: diagnosis, income."),
    ),
    (
        _w("等价类", "Equivalence class"),
        _w("准标识符取值完全相同的一组记录。", "Records that are equal on all quasi-identifiers."),
    ),
    (
        _w("k-匿名", "k-anonymity"),
        _w("最小的等价类有 k 条记录。", "The smallest class has k records."),
    ),
    (
        _w("l-多样性", "l-diversity"),
        _w("每个等价类至少有 l 种敏感取值。", "Every class has at least l sensitive values."),
    ),
    (
        _w("t-接近", "t-closeness"),
        _w(
            "类内敏感取值分布与整体分布的距离不超过 t。",
            "Sensitive values in a class are distributed as in the whole, up to a distance t.",
        ),
    ),
    (
        _w("检察官 / 记者 / 营销者风险", "Prosecutor / journalist / marketer risk"),
        _w(
            "攻击者知道目标在数据中；不知道；想认出尽可能多的人。",
            "The attacker knows the target is inside; does not know; wants as many as possible.",
        ),
    ),
    (
        _w("泛化 · 抑制 · 缺失", "Generalised · suppressed · missing"),
        _w(
            "换成更粗的取值；整格隐去（*）；原本就没有。三者不同。",
            "Made coarser; withheld (*); never there. Three different things.",
        ),
    ),
    (
        _w("脱敏样本 · 匿名化发布", "Desensitised sample · anonymised release"),
        _w(
            "前者只在域内按场景使用，允许带密钥的假名；后者不能识别也不能复原。",
            "The first stays in the domain and may hold keyed pseudonyms; the second cannot "
            "identify anybody and cannot be restored.",
        ),
    ),
    (
        _w("信息损失", "Information loss"),
        _w("0 为原样，1 为全部抑制。", "0 is untouched, 1 is everything withheld."),
    ),
    (
        _w("总变差", "Total variation"),
        _w(
            "两个分布最多相差多少概率，0 到 1。",
            "The largest difference in probability between two distributions, 0 to 1.",
        ),
    ),
)  # fmt: skip
