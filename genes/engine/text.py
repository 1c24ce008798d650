"""Column comments: what a column is called in Chinese, before code lists, remarks and role words."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

HAN = re.compile(r"[\u3400-\u9fff]")
_CODE_LIST = re.compile(
    r"^(.*?[\u3400-\u9fff])[\s:]*[\[(【]?\s*['\"]?[0-9A-Za-z]{1,3}\s*[-:=、.)为]?\s*[\u3400-\u9fff].*$"
)
_CUT = re.compile(r"[,;:。;|\n\t{}<>=?!]|\.{2,}|->|→")
_BRACKET = re.compile(r"[(\[【《「].*?(?:[)\]】》」]|$)")
_SPLIT = re.compile(r"-{2,}|—+|\s-\s|_|\s+-|-(?=[\u3400-\u9fff])")
_NUMBERED = re.compile(r"(?<=[\u3400-\u9fff])[0-9一二三]$")
_LEADING = re.compile(r"^(?:[0-9]+[.、)]|[\s.、*#\-]+|该|本)")
_EITHER = re.compile(r"/|、|及|或")
_INSIDE = re.compile(r"[(【\[](.{2,14}?)[)】\]]")
# What the last word of a name says of the thing: a date is no number, a count no address (head-final, as Chinese is).
_NOUNS = (
    ("phone", "电话|手机|手机号|手机号码|电话号码|联系方式|传真"), ("date", "日期|时间|年月|月份|时刻|日"), ("year", "年度|年份|学年|年"),
    ("count", "数|数量|数目|总量|用量"), ("measure", "面积|长度|高度|宽度|重量|比例|占比|系数|率|量|温度|体积|距离|得分|分数|分"),
    ("amount", "金额|额|费用|费|价|价格|单价|款|收入|支出|工资|薪资|基数|税|本金|补贴"), ("number", "号|号码|编号|序号|单号|卡号"),
    ("code", "代码|编码|码"), ("name", "姓名|名称|名字|名"), ("address", "地址|住址|地点|坐落|位置|住所|所在地"),
    ("kind", "类型|类别|种类|分类|性质|等级|级别|方式|标志|标识"), ("state", "状态|状况|情况|程度"), ("person", "人|者|员|医师|医生"),
    ("body", "机关|机构|单位|部门|企业|公司|学校|医院|科室"), ("text", "原因|说明|描述|内容|意见|依据|事由|结果|结论|要求|备注|简介|事实|名单|材料|图片|附件"),
)  # fmt: skip
_NOUN = re.compile("|".join(f"(?P<{kind}>(?:{words})$)" for kind, words in _NOUNS))
_UNSEEN = ("Cf", "Cc", "Cn", "Co", "Cs", "So", "Sk", "Mn")
_FOREIGN = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
# Words for the same thing at the end of a name, and words that change nothing within one.
_ENDINGS = (
    "年月日|日期|时间|年月|日", "号码|编号|证号|号", "代码|编码|代号|标识码|码", "名称|名字|全称|名", "机关|机构|单位|部门",
    "详细地址|所在地址|地址|住址|地点|坐落|位置|所在地|住所|详址", "联系电话|电话号码|电话|联系方式|联系号码", "手机号码|手机号|手机|移动电话",
    "类型|类别|种类|分类", "标志|标识|标记", "状况|情况|状态", "人员姓名|人姓名|人员|人|者|员", "人数|人口数|人口|人员数", "文号|文书号|书号",
)  # fmt: skip
_ENDING = re.compile("|".join(f"(?P<e{place}>(?:{words})$)" for place, words in enumerate(_ENDINGS)))
_IDLE = re.compile("的|详细|具体|统计|基本|当前")
# A name of whatever person or body by what it says of them: 公证处名称 is a 机构名称, 献血者编号 a 人员编号.
_BODY = "(?:处|所|局|院|园|馆|厂|社|店|中心|公司|集团|委员会|协会|商会|市场|银行|企业|单位|机构|机关|部门|学校|基地|队|网点)"
_PERSON = "(?:人|人员|员|者|师|生|民警|工|户|主|干部|对象)"
_GENERAL_NAMES = tuple(
    (re.compile(f".{kind}(?:{words})$"), general) for kind, words, general in (
        (_BODY, "全称|名称|名", "机构名称"), (_BODY, "地址|所在地|位置|详细地址", "单位地址"), (_BODY, "编号|代码|编码|id|标识", "机构编码"),
        (_PERSON, "姓名|名称|名字|名|全称", "姓名"), (_PERSON, "编号|编码|id|标识", "人员编号"),
    )
)  # fmt: skip
SENTENCE = 16  # characters; a longer head explains rather than names
MOST = 1_000  # characters of a comment that are read; a source may give 65,536, and a name stands within these
_TRAILING = ("字段", "列", "的值")
# Longer words first: 列表 is not 列 and 表.
_GENERAL = (
    "基本", "基础", "登记", "管理", "主", "详细", "明细", "台账", "记录", "数据", "信息", "资料", "档案", "清单", "列表", "情况", "表",
)  # fmt: skip


def normal(text: str) -> str:
    """NFKC (full-width to half-width), lower case, no control or zero-width characters, no emoji, single blanks."""
    folded = unicodedata.normalize("NFKC", text).lower()
    if folded.isascii() and folded.isprintable():
        return " ".join(folded.split())
    kept = "".join(
        " " if c in "\t\r\n" else c for c in folded if unicodedata.category(c) not in _UNSEEN or c in "\t\r\n"
    )
    return " ".join(kept.split())


@lru_cache(maxsize=200_000)
def foreign(text: str) -> bool:
    """Whether it is written in kana, Hangul, or Han characters that no standard of simplified Chinese has (電話番号)."""
    if _FOREIGN.search(text):
        return True
    try:
        "".join(HAN.findall(text)).encode("gb2312")
    except UnicodeEncodeError:
        return True
    return False


def heads(comment: str) -> tuple[str, ...]:
    """The names a comment may mean, likeliest first; () when it says nothing.

    "性别1男0女" → ("性别",); "筛查计划--参与筛查的学生编号" → ("参与筛查的学生编号", …).
    """
    return _heads(comment[:MOST])


@lru_cache(maxsize=200_000)
def _heads(comment: str) -> tuple[str, ...]:
    text = normal(comment)
    if not text:
        return ()
    found: list[str] = []
    plain = _BRACKET.sub("", text).strip()
    for part in [*_CUT.split(plain)[:2], text]:
        part = part.strip()
        listed = _CODE_LIST.match(part)
        pieces = [piece for piece in _SPLIT.split(listed.group(1) if listed else part) if piece]
        spoken = [piece for piece in pieces if HAN.search(piece)]  # "行政相对人代码_1": the 1 names nothing
        for piece in reversed(spoken or pieces):
            head = without_end(_LEADING.sub("", piece.strip()), _TRAILING, ".、-").replace(" ", "")
            if head and head not in found:
                found.append(head)
                numberless = _NUMBERED.sub("", head)
                if numberless != head and len(numberless) > 1:
                    found.append(numberless)
        if found and part is not text and HAN.search(found[0]):
            break
    aside = [inside.replace("、", "") for inside in _INSIDE.findall(text) if HAN.search(inside)]
    either = [part for part in _EITHER.split(found[0]) if len(part) > 1] if found else []
    return tuple(dict.fromkeys([*found[:4], *(part for part in (*either, *aside) if HAN.search(part))]))[:6]


@lru_cache(maxsize=200_000)
def noun(head: str) -> str:
    """The kind of thing that the last word of a head names: date, number, name …; "" for none that is known."""
    found = _NOUN.search(head)
    return found.lastgroup or "" if found else ""


def without_end(text: str, words: Sequence[str], marks: str = "") -> str:
    """The text without the words, marks and blanks that it ends in.

    From the end on, since a pattern would try a run anew from each of its characters: a comment of dots took minutes.
    """
    while True:
        shorter = text.rstrip().rstrip(marks)
        shorter = next((shorter.removesuffix(word) for word in words if shorter.endswith(word)), shorter)
        if shorter == text:
            return text
        text = shorter


@lru_cache(maxsize=200_000)
def variant(head: str) -> str:
    """A name whatever word for its kind it ends in: 租赁起始日 and 租赁起始日期 are one. "" when hardly more is left."""
    short = _IDLE.sub("", head)
    found = _ENDING.search(short)
    if not found:
        return short if short != head and len(short) > 2 else ""
    stem = short[: found.start()]
    return f"{stem}…{found.lastgroup}" if len(stem) > 1 and HAN.search(stem) else ""


@lru_cache(maxsize=200_000)
def general(head: str) -> str:
    """The general name of what a head says of some person or body; "" when it is of another thing."""
    return next((name for form, name in _GENERAL_NAMES if form.search(head)), "")


@lru_cache(maxsize=50_000)
def subject(table: str) -> str:
    """What a table is about: "医院-学生表" → "学生", "企业基本信息表" → "企业"; "" when its comment does not say."""
    found = heads(table)
    return without_end(found[0], _GENERAL) if found else ""
