"""Small pieces of asset pages."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assets.messages import error_text
from assets.selectors.register import kind_labels, source_kinds
from assets.services.systems import SYSTEM_FIELDS

register = template.Library()

IDENTIFIERS = {
    "citizen_id": gettext_lazy("公民身份号码"), "uscc": gettext_lazy("统一社会信用代码"),
    "org_code": gettext_lazy("组织机构代码"), "luhn": gettext_lazy("银行卡号"), "mobile": gettext_lazy("手机号码"),
    "landline": gettext_lazy("固定电话"), "email": gettext_lazy("电子邮箱"), "postal_code": gettext_lazy("邮政编码"),
    "plate": gettext_lazy("车牌号"), "ipv4": gettext_lazy("IPv4 地址"), "url": gettext_lazy("网址"),
    "vin": gettext_lazy("车辆识别代号"), "registration": gettext_lazy("工商注册号"),
    "disability": gettext_lazy("残疾人证号"), "enrolment": gettext_lazy("学籍号"),
}  # fmt: skip
DETECTED = {
    "date": gettext_lazy("日期"), "timestamp": gettext_lazy("日期时间"), "integer": gettext_lazy("整数"),
    "decimal": gettext_lazy("小数"), "float": gettext_lazy("小数"), "text": gettext_lazy("文本"), "time": gettext_lazy("时间"),
    "timestamptz": gettext_lazy("日期时间"), "boolean": gettext_lazy("是否值"), "binary": gettext_lazy("二进制"),
}  # fmt: skip
PLANS = {"pull": gettext_lazy("取回计算"), "push": gettext_lazy("库内汇总"), "mixed": gettext_lazy("混合")}
FACTS = {
    "name": gettext_lazy("名称"), "type": gettext_lazy("类型"), "nullable": gettext_lazy("可空"),
    "default": gettext_lazy("默认值"), "comment": gettext_lazy("注释"), "primary_key": gettext_lazy("主键"),
    "position": gettext_lazy("序号"), "kind": gettext_lazy("种类"), "foreign_keys": gettext_lazy("外键"),
    "indexes": gettext_lazy("索引"), "schema": gettext_lazy("模式"), "schema_name": gettext_lazy("模式"),
    "code": gettext_lazy("原因"), "columns": gettext_lazy("字段"),
}  # fmt: skip


@register.filter
def identifier_label(key: str) -> str:
    return str(IDENTIFIERS.get(key, key))


@register.filter
def detected_label(key: str) -> str:
    return str(DETECTED.get(key, key))


@register.filter
def plan_label(plan: str) -> str:
    return str(PLANS.get(plan, plan))


@register.filter
def in_language(label: str) -> str:
    """A label that stands in Django-free code, in the reader's language."""
    return _(label) if label else ""


@register.filter
def source_kind_label(kind: str, labels: Mapping[str, str] | None = None) -> str:
    return in_language((labels or kind_labels()).get(kind, kind))


@register.filter
def complement(share: float) -> float:
    """Percent of rows that are filled, from the share that is null."""
    return 100 * (1 - share)


@register.filter
def share_of(count: int, profile: Mapping[str, Any]) -> float:
    """Percent of the non-null values of a profile."""
    filled = profile["rows"] - profile["nulls"]
    return 100 * count / filled if filled else 0.0


@register.filter
def hundredth(percentage: float) -> float:
    """A percentage as a share, for `percent`, which never rounds a gap away."""
    return percentage / 100


@register.filter
def strongest(identifiers: Mapping[str, float]) -> list[tuple[str, float]]:
    """The identifiers that a tenth of the values or more look like, the likeliest first: less is chance."""
    return sorted(((key, share) for key, share in identifiers.items() if share >= 0.1), key=lambda pair: -pair[1])


@register.filter
def quantile_pairs(quantiles: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    """("1% 分位数", value) of a profile's quantiles, rising."""
    found = sorted((quantiles or {}).items(), key=lambda pair: float(pair[0]))
    return [(_("%(share)g%% 分位数") % {"share": float(name) * 100}, value) for name, value in found]


@register.filter
def differences(change: Any) -> list[dict[str, Any]]:
    """What differs, fact by fact: {"label", "before", "after"}."""
    names = [*change.before, *(name for name in change.after if name not in change.before)]
    return [
        {"label": FACTS.get(name, name), "before": _fact(name, change.before.get(name)), "after": _fact(name, change.after.get(name))}
        for name in names
    ]  # fmt: skip


def _fact(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return error_text(str(value), {}) if name == "code" else str(value)


@register.filter
def unreadable_reason(item: Mapping[str, Any]) -> str:
    """Why an object could not be read, as a sentence."""
    return error_text(str(item.get("code", "")), {"object": item.get("object", ""), **(item.get("params") or {})})


@register.filter
def failure(row: Any) -> str:
    """Why a source or a run failed, as a sentence."""
    return error_text(row.error_code, row.error_params)


@register.filter
def state_reason(obj: Any) -> str:
    """Why a table or column could not be read, as a sentence."""
    return error_text(obj.state_code, obj.state_params)


@register.filter
def connection_pairs(source: Any) -> list[tuple[str, Any]]:
    """(label, value) of the connection's parameters; secrets are none of them."""
    known = next((item.parameters for item in source_kinds() if item.kind == source.kind), ())
    return [
        (in_language(item.label), source.parameters[item.name])
        for item in known
        if not item.secret and item.name in source.parameters
    ]


@register.filter
def system_facts(system: Any) -> list[tuple[str, Any]]:
    """(label, value) of what is registered about a system, in the order of the form."""
    found = []
    for name in SYSTEM_FIELDS:
        shown = getattr(system, f"get_{name}_display", None)
        value = shown() if shown else getattr(system, name)
        if value not in (None, ""):
            found.append((system._meta.get_field(name).verbose_name, value))
    return found


@register.simple_tag(takes_context=True)
def panel_body(context: Any, panel: Any, variables: Mapping[str, Any], obj: Any, compact: bool = False) -> SafeString:
    """What a higher app shows of `obj`, with its own variables only; `compact` asks for the body without its card."""
    return render_to_string(
        panel.template, {**variables, "object": obj, "compact": compact}, request=context.get("request")
    )
