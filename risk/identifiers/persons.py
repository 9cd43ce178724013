"""Which texts look like names of people, and does a column of them look like people?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from niming.risk.identifiers.texts import Mask, Plain, Values, match, plain

__all__ = ["NAME", "SURNAMES", "are_people", "is_chinese_name"]

# In the order of the register's counts (Ministry of Public Security, national name report 2020)
# as far as the first hundred, the surnames of 86 people in a hundred; then others that are met.
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程"
    "魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾"
    "龚邵万覃武钱戴严欧莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申耿关焦左"
    "柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁"
    "房蒲滕屈饶牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全"
    "佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆"
    "乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井"
    "祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭"
    "况俞傅兰洪萧赖阎那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉"
    "植衡富尧闭由鄂才佴腾苍亚闪辉郇字仁种解俟贝占"
)
"""Surnames of one character."""

_COMPOUND = (
    "欧阳|上官|司马|诸葛|司徒|东方|独孤|南宫|夏侯|皇甫|尉迟|公孙|慕容|令狐|宇文|长孙|端木|申屠|"
    "闻人|澹台|公冶|太史|轩辕|钟离|鲜于|闾丘|司空|百里|呼延|东郭|西门|南门|第五|纳兰|完颜|拓跋|"
    "赫连|万俟|淳于|单于|太叔|宗政|濮阳|公羊|仲孙|司寇|子车|巫马|漆雕|壤驷|公良|夹谷|宰父|谷梁|"
    "段干|梁丘|左丘|东门|微生|哥舒|爱新觉罗"
)

NAME = rf"(?:[{SURNAMES}]|{_COMPOUND})[\p{{Han}}]{{1,2}}"
"""A surname and one or two characters: the form in which names stand inside texts."""

_WHOLE = rf"^(?:[{SURNAMES}]|{_COMPOUND}) ?[\p{{Han}}·] ?[\p{{Han}}·]?[\p{{Han}}]?$"
_DOTTED = r"^\p{Han}{1,8}(·\p{Han}{1,8}){1,3}$"
"""Names of Uygurs, Kazakhs and others, and foreign ones as they are transcribed."""

_TOP = f"^[{SURNAMES[:5]}]"
_COMMON = f"^([{SURNAMES[:100]}]|{_COMPOUND})"

# What given names are made of: the characters of nine given names in ten have one of these.
_GIVEN = (
    "明国文华建志海军平春林伟永金德玉小晓红丽英芳秀霞燕娟敏静梅兰艳桂凤雪莲琴萍玲娜婷颖慧洁琳"
    "雯倩佳欣怡思雨梓涵子轩浩宇辰泽睿博俊杰强磊涛鹏飞超勇刚斌峰亮辉波龙宁凯健帅旭阳洋鑫淼森瑞"
    "祥福贵富荣昌兴旺生成良忠义孝仁礼智信勤俭清正宏远志毅坚诚善美爱珍珠宝玺琪瑶瑾瑜璐莉莎薇蕾"
    "菲芸萱蓉蓓茜茹苗莹蓝淑娇媛婉婧妍姝嫣婕悦心忆梦诗语书雅琦琛桐桦楠栋柏松树木云霄雷震天宇晨"
    "曦昊晟晖景晴朗月星冰淳润泉江河湖川源洪涵江学习庆喜乐安康宁和顺利立本元长根茂盛振兴发达东西"
    "南北中新亚胜利全少启家传世继承先祖光耀庭廷朝君臣民友朋彬武翔鸿鹤雁彦岩岚昆冬夏秋仲季伯叔"
    "桃李杏菊芝芬香花叶巧翠碧青紫丹彤素银锋钢铁铭钰锦绣彩艺卓越腾达进步升高登科克勇凌云奇才"
)

# What things, places, trades and illnesses end in, and given names seldom.
_THING = (
    r"(省|市|县|区|镇|乡|村|街|路|州|旗|盟|族|病|炎|症|癌|瘤|痛|疹|科|院|所|局|处|部|厂|店|司|校|班|师|员|"
    r"工|匠|士|类|率|费|税|款|币|元|价|量|数|额|机|器|车|票|证|卡|表|单|号|码|果|菜|瓜|薯|豆|米|面|粉|油|肉|"
    r"鱼|虾|奶|茶|酒|药|片|丸|膏|液|剂|素|桥|站|港|湾|岛|山|寺|庙|宫|府|塔|园|池|泉寺|井|学|业|品|物|色|"
    r"压|糖|血|热|咳|肿|疮|石|钢|铁|布|纸|板|管|线|灯|箱|床|柜|笔|球|棋|舞|戏|曲|诗|画|报|刊|社|会|党|节)$"
)

_LEAST = 15
"""Distinct names from which a column without a telling name is judged by its statistics."""


def is_chinese_name(values: Values) -> Mask:
    """Return which texts have the form of names: a surname and one to three characters.

    The form proves little of one text, 高血压 has it too; `are_people` looks at the column.

    >>> is_chinese_name(["王小明", "欧阳修", "买买提·艾力", "汉族", "高血压病"]).tolist()
    [True, True, True, False, True]
    """
    texts = plain(values)
    if texts.ascii:
        return np.zeros(len(texts), dtype=np.bool_)
    shape = texts.shape
    han = (shape.beyond >= 6) & (shape.beyond + shape.others == texts.length)
    return match(texts, _WHOLE, 6, 20, only=han) | match(texts, _DOTTED, 9, 80, only=han)


def are_people(texts: Plain, named: Mask, n: NDArray[np.int64]) -> bool:
    """Return whether the distinct texts of a column, `named` of which look like names, are people.

    Parameters
    ----------
    texts : Plain
        Distinct values.
    named : ndarray of bool
        Which of them have the form (`is_chinese_name`).
    n : ndarray of int
        Records of each.

    Notes
    -----
    Five things tell people from the words that begin with a surname (马铃薯, 王府井, 高血压):
    nearly all values have the form; the five commonest surnames, three people in ten, and the
    hundred commonest have their shares; few end in what things end in; most given names have a
    character that given names are made of; and values repeat little. All but the last are asked
    of distinct values, each counted as often as it occurs but at most as one record in a thousand:
    one frequent word does not decide, and in a million records, where the common surnames have
    nearly used up their given names, their bearers still count.
    """
    n_named = int(named.sum())
    if n_named < _LEAST or n_named < 0.85 * len(texts) or n[named].sum() < 0.85 * n.sum():
        return False
    import pyarrow as pa

    names = Plain(texts.array.filter(pa.array(named)))
    dotted = match(names, "·", 6)
    weight = np.minimum(n[named], max(1, int(n[named].sum()) // 1000)) * ~dotted

    def share(pattern: str) -> float:
        return float(weight[match(names, pattern, 6)].sum() / weight.sum())

    if dotted.all():
        return True
    return (
        share(_TOP) >= 0.1
        and share(_COMMON) >= 0.6
        and share(_THING) <= 0.2
        and share(f"[{_GIVEN}] ?[^{_GIVEN}]?$") >= 0.5
    )
