"""分类分级: the level that a column should have, proposed from its element and from what its values pass, with the reasons.

Levels 1…4 are those of general data (GB/T 43697-2024, annex H): 1 open, 2 low, 3 middle, 4 high. 5 重要 and 6 核心 are a
person's decision by annex G and never proposed here. Of several grounds the highest counts (就高从严); a table has the level
of its highest column. Where one table joins who a person is with their health or money, what it joins is raised by one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from genes.engine.values import Facts

Kind = Literal["identity", "health", "finance", ""]
HIGHEST = 4

# Identifier → (level, share of values from which it counts). Some identity numbers among remarks are enough: chance brings
# one in a hundred to running numbers of a time stamp. A mobile number it brings in one of fourteen, Luhn in one of ten.
_BY_VALUES: Mapping[str, tuple[int, float]] = {
    "citizen_id": (4, 0.03), "luhn": (4, 0.5), "mobile": (3, 0.3), "landline": (3, 0.3), "email": (3, 0.05),
    "plate": (3, 0.3), "vin": (3, 0.3), "ipv4": (2, 0.3), "mac": (2, 0.3),
}  # fmt: skip
_IDENTIFYING = frozenset({"citizen_id", "mobile", "email"})
_LEAST_HITS = 3  # values, not shares: one number in a thousand remarks is chance or a slip

_IDENTITY = re.compile(
    "姓名|曾用名|身份证|身份号码|证件号|护照号|手机|移动电话|联系电话|固定电话|邮箱|住址|户籍地址|通信地址|通讯地址|社会保障|社保卡|医疗保险号"
    "|学籍号|学号|残疾证|驾驶证号|照片|人脸|指纹|住院号|门诊号|病案号"
)
# Names that public registers carry or that say who did the work: joined with money or health they tell nothing of either.
_OFFICE = re.compile(
    "法定代表人|负责人|医师|医生|护士|经办|审核|审批|创建|更新|操作|登记人|录入|企业|机构|单位|部门|开户|药品|学校"
)
_HEALTH = re.compile(
    "病|诊|症|残疾|健康|过敏|血型|血压|收缩压|舒张压|血糖|体温|体重|身高|死亡原因|死因|疫苗|接种|处方|用药|药品名称|检验结果|检查结果|手术|住院|入院|出院|孕|传染"
)
_NOT_HEALTH = re.compile("医师|医院|科室|床位|规格|保险|单位|机构|诊所|健康码")
_FINANCE = re.compile(
    "银行[卡账帐]|账号|帐号|收入|工资|薪|存款|余额|贷款|负债|纳税额|税额|公积金|缴费|缴存|社保基数|补贴金额|救助金额|资产|信用分"
)
_NOT_FINANCE = re.compile("登录|用户账号|注册资本|固定资产|资产编号|资产名称|开户银行|法人|企业|单位|机构")


@dataclass(frozen=True)
class Described:
    """A column to grade. ``name`` is that of its element, or without one what its comment names; ``level`` that of its
    element, 0 without one."""

    column: Any
    name: str = ""
    level: int = 0
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True)
class Reason:
    """``key``: element, values, some_values or combined; ``about`` names the element, the identifier or the columns that
    it is combined with; ``share`` of the values that pass."""

    key: str
    level: int
    about: str
    share: float | None = None


@dataclass(frozen=True)
class Proposal:
    column: Any
    level: int  # 0: nothing speaks, no proposal
    kind: Kind
    reasons: Sequence[Reason] = ()  # highest first


@dataclass(frozen=True)
class TableProposal:
    level: int
    columns: Sequence[Proposal]
    reasons: Sequence[Reason] = ()  # those of the columns that give the table its level


def level_number(written: str) -> int:
    """ "L3" → 3; what is no level is 0."""
    found = re.fullmatch(r"\s*[Ll]?([1-6])\s*", written or "")
    return int(found[1]) if found else 0


def grade_column(column: Described) -> Proposal:
    """The level of one column by itself."""
    reasons = [Reason("element", column.level, column.name)] if column.level else []
    for key, (level, least) in _BY_VALUES.items():
        share = column.facts.shares.get(key, 0.0)
        if _counts(key, share, least, column):
            reasons.append(Reason("values" if share >= 0.85 else "some_values", level, key, round(share, 4)))
    reasons.sort(key=lambda reason: (-reason.level, reason.key, reason.about))
    return Proposal(column.column, max((reason.level for reason in reasons), default=0), _kind(column), reasons)


def grade_table(columns: Sequence[Described]) -> TableProposal:
    """The levels of the columns of one table, raised where they tell of one person who they are and how ill or rich."""
    alone = [grade_column(column) for column in columns]
    who = [item for item in alone if item.kind == "identity"]
    what = [item for item in alone if item.kind in ("health", "finance")]
    named = {id(item): _title(column) for item, column in zip(alone, columns, strict=True)}
    raised = [_raise(item, who if item.kind != "identity" else what, named) if who and what else item for item in alone]
    level = max((item.level for item in raised), default=0)
    reasons = [item.reasons[0] for item in raised if item.level == level and item.reasons]
    return TableProposal(level, raised, list(dict.fromkeys(reasons)))


def _raise(item: Proposal, others: Sequence[Proposal], named: Mapping[int, str]) -> Proposal:
    if not item.kind:
        return item
    level = min(HIGHEST, max(item.level, 2) + 1)  # a diagnosis that no element grades is not open either
    if level <= item.level:
        return item
    about = "、".join(dict.fromkeys(named[id(other)] for other in others[:3]))
    return Proposal(item.column, level, item.kind, [Reason("combined", level, about), *item.reasons])


def _title(column: Described) -> str:
    return column.name or str(column.column)


def _counts(key: str, share: float, least: float, column: Described) -> bool:
    facts = column.facts
    if facts.masked or share < least:
        return False
    if share * facts.filled < _LEAST_HITS and share < 0.85:
        return False
    # A column that is something else by its check characters is no bank card because a tenth of anything is.
    return key != "luhn" or (facts.longest >= 15 and facts.shares.get("citizen_id", 0.0) < 0.5)


def _kind(column: Described) -> Kind:
    name = column.name
    if _OFFICE.search(name):
        return ""
    if any(column.facts.shares.get(key, 0.0) >= 0.85 for key in _IDENTIFYING) and not column.facts.masked:
        return "identity"
    if _IDENTITY.search(name):
        return "identity"
    if _HEALTH.search(name) and not _NOT_HEALTH.search(name):
        return "health"
    return "finance" if _FINANCE.search(name) and not _NOT_FINANCE.search(name) else ""
