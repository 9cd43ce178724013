"""The report's words, each in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

__all__ = [
    "DESIGNS",
    "GLOSSARY",
    "KEY_RISKS",
    "TECHNIQUES",
    "WORDS",
    "Words",
    "advice",
    "explain",
]

Words: TypeAlias = Mapping[str, str]


def _w(zh: str, en: str) -> Words:
    return {"zh": zh, "en": en}


WORDS: Mapping[str, Words] = {
    "report": _w("数据发布评估报告", "Release assessment report"),
    "tagline": _w("匿名 · 公共数据授权运营", "niming · authorised operation of public data"),
    "desensitised-sample": _w("脱敏样本", "Desensitised sample"),
    "anonymised-release": _w("匿名化发布", "Anonymised release"),
    "kind-desensitised-sample": _w(
        "仅限授权运营域内、按批准场景使用（第十八条）",
        "for use inside the authorised domain and the approved scenario only (art. 18)",
    ),
    "kind-anonymised-release": _w(
        "不能识别特定自然人且不能复原（第二十五条）",
        "nobody can be identified and nothing can be restored (art. 25)",
    ),
    "signed": _w("已签发", "signed"),
    "unsigned": _w("待签发", "not signed"),
    "denied": _w("不予签发", "not to be signed"),
    "agency": _w("实施机构", "Implementing agency"),
    "operator": _w("运营机构", "Operator"),
    "resource": _w("数据资源", "Resource"),
    "purpose": _w("用途", "Purpose"),
    "scenario": _w("应用场景", "Approved scenario"),
    "valid": _w("有效期", "Valid"),
    "until": _w("至", "until"),
    "size": _w("规模", "Size"),
    "rows": _w("条记录", "records"),
    "columns-n": _w("个字段", "columns"),
    "policy": _w("评估政策", "Policy"),
    "created": _w("生成时间", "Made"),
    "measured-at": _w("评估时间", "Measured"),
    "certificate": _w("证书", "Certificate"),
    "certificate-id": _w("证书编号", "Certificate no."),
    "signed-by": _w("签名密钥", "Signing key"),
    "kind": _w("证书类型", "Kind of certificate"),
    "none-given": _w("未指定", "none given"),
    "passed": _w("通过", "Passed"),
    "failed": _w("不通过", "Failed"),
    "not-applicable": _w("不适用", "Not applicable"),
    "could-not-run": _w("无法判定", "Could not run"),
    "verdict": _w("结论", "Verdict"),
    "what-to-do": _w("如何改进", "What to do"),
    "checklist": _w("检查清单", "Checklist"),
    "check": _w("检查项", "Check"),
    "required": _w("要求", "Required"),
    "measured": _w("实测", "Measured"),
    "articles": _w("依据", "Basis"),
    "meaning": _w("说明", "What it means"),
    "article": _w("第 {} 条", "art. {}"),
    "columns": _w("字段：处理前后", "Columns before and after"),
    "column": _w("字段", "Column"),
    "role": _w("角色", "Role"),
    "treatment": _w("处理方式", "Treatment"),
    "before": _w("处理前", "Before"),
    "after": _w("处理后", "After"),
    "suppressed": _w("抑制", "suppressed"),
    "missing": _w("缺失", "missing"),
    "distinct": _w("个取值", "values"),
    "dropped": _w("不发布", "not released"),
    "untouched": _w("保持原值", "as it was"),
    "bars-note": _w(
        "条形为各取值的占比，由多到少；代表记录过少的取值已事先合并，不显示。",
        "Bars are the shares of the values, largest first; values that stand for too few records "
        "are merged beforehand and not shown.",
    ),
    "risk": _w("重标识风险", "Re-identification risk"),
    "class-sizes": _w("记录所在等价类的大小", "Records by the size of their class"),
    "class-sizes-note": _w(
        "等价类是准标识符取值完全相同的记录。类越大，越难认出其中的人。红色表示小于要求的类。",
        "A class holds the records that are equal on all quasi-identifiers. The larger it is, the "
        "harder it is to tell a person in it. Red classes are smaller than required.",
    ),
    "measure": _w("指标", "Measure"),
    "value": _w("数值", "Value"),
    "definition": _w("定义", "Definition"),
    "all-measures": _w("全部风险指标与定义", "All risk measures with their definitions"),
    "all-utility": _w("全部效用指标与定义", "All utility measures with their definitions"),
    "utility": _w("数据效用", "Utility"),
    "utility-absent": _w(
        "未提供原始数据，未评估效用。", "The original was not given, so utility was not measured."
    ),
    "distance-chart": _w("各字段分布的变化", "How far each column's distribution moved"),
    "learning-chart": _w("模型在真实留出数据上的得分", "Model scores on held-out real records"),
    "learning-note": _w(
        "两种训练数据，同一批真实测试记录；测试记录均未参与训练。",
        "Two kinds of training data, the same real test records; none of them was trained on.",
    ),
    "learning-overlap": _w(
        "两种训练数据，同一批真实测试记录。发布数据不透露来自哪些原始行，测试记录可能参与了训练；"
        "两边的机会相同，故得分均偏高而比值可比。",
        "Two kinds of training data, the same real test records. A release does not tell what rows "
        "it came from, so test records may have been trained on, with the same chance on both "
        "sides: both scores are a little high, their ratio is fair.",
    ),
    "trained-released": _w("用发布数据训练", "trained on the release"),
    "trained-original": _w("用原始数据训练", "trained on the original"),
    "boosting": _w("梯度提升", "gradient boosting"),
    "linear": _w("线性模型", "linear model"),
    "total-variation": _w("总变差（0 相同，1 完全不同）", "total variation (0 same, 1 disjoint)"),
    "share-records": _w("记录占比", "share of records"),
    "class-size": _w("等价类大小", "class size"),
    "classes": _w("类", "classes"),
    "class": _w("类", "class"),
    "preview": _w("发布数据预览", "Preview of the release"),
    "preview-note": _w(
        "仅显示发布数据的前 {} 行，不含任何原始记录。斜线为抑制，空白为缺失。",
        "The first {} rows of the release only; no original record is shown. Hatched cells are "
        "suppressed, blank cells are missing.",
    ),
    "provenance": _w("来源与核验", "Provenance and verification"),
    "original": _w("原始数据", "Original"),
    "raw-stays": _w("原始数据不出域", "raw data stay in the domain"),
    "sampling": _w("抽样", "Sampling"),
    "transformation": _w("处理", "Transformation"),
    "release": _w("发布", "Release"),
    "evaluation": _w("评估", "Assessment"),
    "steps": _w("步处理", "steps"),
    "checks-met": _w("项要求满足", "requirements met"),
    "not-sampled": _w("未抽样", "not sampled"),
    "fraction": _w("抽样比例", "fraction"),
    "commitment": _w("原始数据承诺值", "Commitment to the original"),
    "bytes": _w("字节", "bytes"),
    "schema-digest": _w("字段结构摘要", "Schema digest"),
    "context-of-use": _w("使用环境：", "Context of use:"),
    "mode": _w("发布方式", "mode"),
    "tau_size": _w("安全的等价类规模", "safe class size"),
    "recipients": _w("接收方", "recipients"),
    "controls": _w("管控措施", "controls"),
    "motive": _w("动机与能力", "motive"),
    "prevalence": _w("人群占比", "prevalence"),
    "acquaintances": _w("熟人数", "acquaintances"),
    "assumed": _w("未回答、按最坏情形假定", "not answered, taken at the worst"),
    "policy-digest": _w("政策摘要", "Policy digest"),
    "versions": _w("软件版本", "Versions"),
    "verify-offline": _w("如何离线核验", "How to verify offline"),
    "verify-words": _w(
        "在装有 niming 的任意机器上，无需网络。agency.pub 是实施机构的公钥，须经可信渠道取得。",
        "On any machine that has niming, without a network. agency.pub is the public key that the "
        "agency publishes; get it through a channel that you trust.",
    ),
    "verify-1": _w("核验签名、文件、有效期与场景", "signature, files, dates and scenario"),
    "verify-2": _w("不用 niming，也可核对摘要", "the digests alone, without niming"),
    "exit-codes": _w(
        "退出码：0 有效，2 无效，3 过期或已撤销，4 场景不符。",
        "Exit codes: 0 valid, 2 invalid, 3 expired or revoked, 4 other scenario.",
    ),
    "limits": _w(
        "本页是评估的展示，不是证书。效力以证书的签名为准；证书只对上列文件摘要和场景有效。",
        "This page shows an assessment; it is not the certificate. What counts is the signature of "
        "the certificate, which holds for the file digests above and for the scenario alone.",
    ),
    "glossary": _w("术语", "Glossary"),
    "direct-identifier": _w("直接标识符", "direct identifier"),
    "quasi-identifier": _w("准标识符", "quasi-identifier"),
    "sensitive": _w("敏感属性", "sensitive"),
    "insensitive": _w("其他", "insensitive"),
    "roles-proposed": _w(
        "字段角色由扫描程序建议，尚未经人工确认。",
        "The roles were proposed by the scanner and not declared by a person.",
    ),
    "smallest-class": _w("最小等价类 k", "smallest class k"),
    "highest-risk": _w("最高重标识风险", "highest re-identification risk"),
    "loss": _w("信息损失", "information loss"),
    "score-ratio": _w("模型得分比", "model score ratio"),
    "records": _w("发布记录", "records released"),
    "officer": _w("签发人", "Officer"),
    "ledger": _w("台账根", "Ledger root"),
    "entries": _w("条", "entries"),
    "prepared-by": _w("经办人", "Prepared by"),
    "checked-by": _w("复核人（盖章）", "Checked by (seal)"),
    "date": _w("日期", "Date"),
    "numbers-inside": _w(
        "本页所有数字以 JSON 内嵌于文件（id=\"evidence\"）。",
        "All numbers of this page are embedded as JSON (id=\"evidence\").",
    ),
}  # fmt: skip

TECHNIQUES: Mapping[str, Words] = {
    "generalisation": _w("泛化", "generalised"),
    "suppression": _w("抑制", "suppressed"),
    "masking": _w("遮蔽", "masked"),
    "pseudonymisation": _w("假名化", "pseudonymised"),
    "sampling": _w("抽样", "sampled"),
    "noise-addition": _w("加噪", "noise added"),
    "permutation": _w("置换", "permuted"),
    "microaggregation": _w("微聚集", "microaggregated"),
    "rounding": _w("取整", "rounded"),
    "top-and-bottom-coding": _w("首尾编码", "top and bottom coded"),
    "synthetic-data": _w("合成", "synthesised"),
    "none": _w("保持原值", "as it was"),
}
"""Techniques of ISO/IEC 20889 in words."""

DESIGNS: Mapping[str, Words] = {
    "simple": _w("简单随机抽样", "simple random sample"),
    "stratified": _w("分层随机抽样", "stratified random sample"),
}

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
    "irreversibility.n_reversible_columns": _w("可还原的列", "columns that can be reversed"),
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
    "utility": _w(
        "降低泛化级别或减少字段，并在效用与风险之间重新取舍。",
        "Generalise less or release fewer columns, and weigh utility against risk again.",
    ),
}
"""What to change when a requirement on a measure fails, by the beginning of its name."""

_UNKNOWN = _w("见指标定义。", "See the definition of the measure.")

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


def explain(measure: str) -> Words:
    """Return what the measure of this name means."""
    return _by_beginning(EXPLANATIONS, measure) or _UNKNOWN


def advice(measure: str) -> Words:
    """Return what to change when a requirement on the measure of this name fails."""
    return _by_beginning(ADVICE, measure) or _UNKNOWN


def _by_beginning(words: Mapping[str, Words], name: str) -> Words | None:
    """Return the entry with the longest key that `name` begins with."""
    keys = [key for key in words if name.startswith(key)]
    return words[max(keys, key=len)] if keys else None
