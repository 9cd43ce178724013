"""The words of the page itself."""

from __future__ import annotations

from collections.abc import Mapping

from niming.domain.report.words.words import Words
from niming.domain.report.words.words import in_both as _w

__all__ = ["DESIGNS", "TECHNIQUES", "WORDS"]

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
    "risk-curve": _w("累计风险", "Cumulative risk"),
    "risk-curve-note": _w(
        "曲线上每一点：至少有这么大风险的记录所占的比例。曲线越低越安全；红线是要求的上限。",
        "Each point is the share of records at that risk or more. The lower the curve, the safer; "
        "the red line is the most that the policy allows.",
    ),
    "risk-of": _w("重标识风险（1 / 类的大小）", "re-identification risk (1 / class size)"),
    "share-at-least": _w("达到该风险的记录", "records at this risk or more"),
    "reading-own": _w("缺失自成一值", "missing is a value of its own"),
    "reading-matching": _w("缺失匹配任意值", "missing matches anything"),
    "combinations": _w("最危险的字段组合", "Riskiest combinations of columns"),
    "combinations-alone": _w("独一无二的记录占比", "share of records alone"),
    "combinations-apart": _w("能区分的记录对占比", "share of pairs of records told apart"),
    "combinations-note": _w(
        "只凭这几个字段，有多少记录独一无二；最上面的组合应先泛化。只列字段名，不含取值。",
        "How many records are alone on these columns: generalise those at the top first. Names of "
        "columns only, no values.",
    ),
    "combinations-none": _w(
        "没有记录仅凭三个以内的字段独一无二；图中是各组合能把多少对记录区分开。只列字段名。",
        "Nobody is alone on up to three columns; shown is how many pairs of records each "
        "combination tells apart. Names of columns only.",
    ),
    "families": _w("分项指标", "Measure by measure"),
    "families-note": _w(
        "点开任一项查看含义、数值和出处。两列数值分别把缺失或被抑制的准标识符当作自成一值、"
        "当作与任意值相符；策略的要求针对前者，除非另行写明。",
        "Open any for its meaning, numbers and sources. Two columns take a missing or suppressed "
        "quasi-identifier as a value of its own, and as matching anything; policies judge by the "
        "first unless they say otherwise.",
    ),
    "higher-is-safer": _w("越大越安全", "higher is safer"),
    "lower-is-safer": _w("越小越安全", "lower is safer"),
    "higher-is-better": _w("越大越好", "higher is better"),
    "lower-is-better": _w("越小越好", "lower is better"),
    "not-available": _w("无法得出：", "not available: "),
    "answers": _w("问卷的回答", "Answers to the questionnaire"),
    "question": _w("问题", "Question"),
    "answer": _w("回答", "Answer"),
    "yes": _w("是", "yes"),
    "no": _w("否", "no"),
    "assumed-worst": _w("未回答，按最坏情形", "not answered, the worst is assumed"),
    "attack-chart": _w("攻击检验", "Attacks on the release"),
    "attack": _w("攻击", "Attack"),
    "attack-rate": _w("得手率", "Success"),
    "attack-success": _w("攻击得手率（成员推断为 AUC）", "success of attacks (membership: AUC)"),
    "baseline": _w("基线", "Baseline"),
    "control": _w("对照", "Control"),
    "positive-control": _w("阳性对照", "Raw data"),
    "attack-risk": _w("风险上限", "Risk, at most"),
    "conclusion": _w("能否下结论", "Conclusive?"),
    "reliable": _w("可下结论", "conclusive"),
    "too-weak": _w("强度不足，不能下结论", "too weak to conclude"),
    "not-run": _w("未进行", "not run"),
    "key-attack": _w("攻击及其置信区间", "attack, with its interval"),
    "key-weak": _w("强度不足", "too weak to conclude"),
    "key-baseline": _w("基线：不看发布数据", "baseline: without the release"),
    "key-control": _w("对照：未被抽中的人", "control: people not drawn"),
    "key-positive": _w("阳性对照：拿到原始数据", "the same attack on raw data"),
    "attacks-made": _w(
        "每种攻击至多 {} 次；目标为被抽中的 {} 人，对照为未被抽中的 {} 人。",
        "Up to {} trials an attack, on {} people who were drawn, with {} who were not as control.",
    ),
    "attacks-unasked": _w(
        "评估政策未要求攻击检验，本次未进行。",
        "The policy asks for no attack, and none was made.",
    ),
    "attacks-not-run": _w("攻击检验未能进行：", "No attack could be made: "),
    "all-attack-measures": _w("全部攻击指标", "All measures of attacks"),
    "measure": _w("指标", "Measure"),
    "value": _w("数值", "Value"),
    "definition": _w("定义", "Definition"),
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
