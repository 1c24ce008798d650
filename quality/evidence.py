"""What the platform itself says of rules, in the reader's language: their names, and why they are proposed."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scanner.rules import RULE_KINDS

SENTENCES = {
    "few_nulls": gettext_lazy("%(rows)s 行中只有 %(nulls)s 行为空。"),
    "identifier": gettext_lazy("%(share)s%% 的值通过%(scheme_name)s校验。"),
    "mobile": gettext_lazy("%(share)s%% 的值是手机号码。"),
    "nearly_unique": gettext_lazy("%(filled)s 个值中有 %(distinct)s 个不同值。"),
    "date_text": gettext_lazy("%(share)s%% 的值是 %(format)s 格式的日期。"),
    "mixed_dates": gettext_lazy("日期写法不统一：%(formats)s。"),
    "code_list": gettext_lazy("取值集中在 %(values)s 个代码。"),
    "fixed_length": gettext_lazy("所有值的长度都是 %(length)s 个字符。"),
    "rarely_negative": gettext_lazy("99%% 以上的值不小于 0，最小值为 %(min)s。"),
}
SCHEMES = {
    "citizen_id": gettext_lazy("公民身份号码（GB 11643）"),
    "uscc": gettext_lazy("统一社会信用代码（GB 32100）"),
    "org_code": gettext_lazy("组织机构代码（GB 11714）"),
    "luhn": gettext_lazy("银行卡号（Luhn）"),
}


def sentence(evidence: str, facts: dict[str, Any]) -> str:
    """The evidence as a sentence; an unknown key (of a later version) is said to be unknown, not hidden."""
    if evidence not in SENTENCES:
        return _("依据未知。")
    return str(SENTENCES[evidence]) % {**facts, "scheme_name": SCHEMES.get(str(facts.get("scheme")), "")}


def kind_label(kind: str) -> str:
    """The name of a kind of rule; an unknown one (of a later version) shows itself."""
    return _(RULE_KINDS[kind].label) if kind in RULE_KINDS else kind


def rule_name(kind: str, columns: Iterable[Any]) -> str:
    """What a rule is called that nobody named: its columns and what is asked of them."""
    names = _("、").join(column.display_name for column in columns)
    return f"{names} {kind_label(kind)}".strip()[:200]
