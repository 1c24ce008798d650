"""Reasons in words and figures: what spoke for an element, for drift, or for a level, in the reader's language."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from assets.templatetags.assets import IDENTIFIERS
from core.texts import Text
from genes.models import Match
from genes.selectors.catalogue import test_of

_SPOKEN: Mapping[str, Text] = {
    "zh_exact": _("中文名相同"), "zh_second": _("另一中文名相同"), "zh_suffix": _("中文名的中心词相同"),
    "zh_later_suffix": _("中文名以此结尾"), "zh_inside": _("中文名包含此名"), "zh_tfidf": _("中文名相近"),
    "zh_role": _("去掉角色词后相同"), "zh_without_tail": _("去掉后缀后相同"), "zh_composed": _("结合表名后相同"),
    "en_exact": _("字段名是英文名"), "en_suffix": _("字段名以英文名结尾"), "en_later_suffix": _("字段名以英文名结尾"),
    "en_prefix": _("字段名以英文名开头"), "en_tail": _("字段名以英文名结尾"), "en_composed": _("结合表名后是英文名"),
    "py_full": _("字段名是全拼"), "py_written": _("字段名是短名"), "py_written_short": _("字段名是短名"),
    "py_initials": _("字段名是拼音首字母"), "py_initials_short": _("字段名是拼音首字母"), "py_tail": _("字段名以短名结尾"),
    "py_last": _("字段名以短名结尾"), "type_bad": _("数据类型不符"), "type_time": _("类型是日期"), "type_length": _("长度相同"),
    "type_short": _("长度不够"), "values_pass": _("值通过校验"), "values_fail": _("值不通过校验"), "values_only": _("只有值说明"),
    "values_are_another": _("值是另一种标识"), "in_code_set": _("值在代码集中"), "outside_code_set": _("值不在代码集中"),
    "recogniser": _("识别器的条件全部满足"),
}  # fmt: skip
_GROUPS: tuple[tuple[str, Text, tuple[str, ...]], ...] = (
    ("table", _("表名"), ("zh_composed", "en_composed")),
    ("comment", _("注释"), ("zh_",)),
    ("name", _("名称"), ("en_", "py_")),
    ("type", _("类型"), ("type_",)),
    ("values", _("取值"), ("values_", "in_code_set", "outside_code_set")),
    ("recogniser", _("识别器"), ("recogniser",)),
)
_DRIFT: Mapping[str, Text] = {
    "emptied": _("空值由 %(before)s 增至 %(after)s"), "filled": _("空值由 %(before)s 减至 %(after)s"),
    "masked": _("取值的脱敏情况改变"), "test_lost": _("通过%(about)s校验的值由 %(before)s 降至 %(after)s"),
    "test_gained": _("通过%(about)s校验的值由 %(before)s 升至 %(after)s"),
    "code_set_lost": _("在 %(about)s 中的值由 %(before)s 降至 %(after)s"), "codes": _("代码值大多与原来不同"),
    "kind": _("值的类型由 %(before)s 变为 %(after)s"), "form": _("写法由 %(before)s 变为 %(after)s"),
    "patterns": _("字符模式由 %(before)s 变为 %(after)s"), "length": _("平均长度由 %(before)s 变为 %(after)s"),
    "magnitude": _("数值的数量级改变"), "not_unique": _("原来不重复，现在重复"),
}  # fmt: skip
_LEVEL: Mapping[str, Text] = {
    "element": _("数据元“%(about)s”为 L%(level)s"), "values": _("%(share)s 的值是%(about)s"),
    "some_values": _("%(share)s 的值是%(about)s"), "combined": _("与%(about)s同在一张表，升一级"), "decided": _("人工确定为 L%(level)s"),
}  # fmt: skip
_SHARES = {"emptied", "filled", "test_lost", "test_gained", "code_set_lost"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one kind of evidence says: ``figure`` is 0…1 of names, or the share of values; ``weight`` in log-odds."""

    label: Text
    figure: str
    text: str
    weight: float

    @property
    def tone(self) -> str:
        return "good" if self.weight > 0 else "bad"

    @property
    def percent(self) -> float:
        """Length of its bar: three log-odds fill it."""
        return min(100.0, abs(self.weight) / 3 * 100)


def evidence(match: Match) -> list[Evidence]:
    """The kinds of evidence of a match, strongest first. Needs ``element.current.code_set`` and ``column.gene``."""
    groups: dict[str, dict[str, float]] = {}
    for name, weight in match.reasons.items():
        plain = name.removeprefix("only_")
        group = next((key for key, _label, starts in _GROUPS if plain.startswith(starts)), None)
        if group and plain in _SPOKEN and abs(weight) >= 0.1:
            groups.setdefault(group, {})[plain] = float(weight)
    found = []
    for key, label, _starts in _GROUPS:
        if spoken := groups.get(key):
            found.append(_evidence(key, label, spoken, match))
    return sorted(found, key=lambda item: -abs(item.weight))


def _evidence(key: str, label: Text, spoken: Mapping[str, float], match: Match) -> Evidence:
    weight = sum(spoken.values())
    strongest = sorted(spoken, key=lambda name: -abs(spoken[name]))[:2]
    text = translate("，").join(dict.fromkeys(str(_SPOKEN[name]) for name in strongest))
    if key == "values":
        text, figure = _of_values(strongest[0], match, text)
        return Evidence(label, figure, text, weight)
    figure = f"{match.confidence:.2f}" if key == "recogniser" else f"{1 / (1 + math.exp(-weight)):.2f}"
    return Evidence(label, figure, text, weight)


def _of_values(name: str, match: Match, text: str) -> tuple[str, str]:
    """(sentence with its share, the share) of a code set or a check; what cannot be told in figures stays words."""
    gene, edition = getattr(match.column, "gene", None), match.element.current
    facts: Mapping[str, Any] = gene.facts if gene else {}
    if name in ("in_code_set", "outside_code_set") and edition and edition.code_set:
        reference = edition.code_set.reference
        shown = percent((facts.get("codes") or {}).get(reference, (0.0,))[0])
        return translate("%(share)s 的值在 %(code_set)s 中") % {"share": shown, "code_set": reference}, shown
    test = test_of(edition) if edition else ""
    if name in ("values_pass", "values_fail", "values_only") and test:
        shown = percent((facts.get("shares") or {}).get(test, 0.0))
        return translate("%(share)s 的值通过%(test)s校验") % {
            "share": shown,
            "test": IDENTIFIERS.get(test, test),
        }, shown
    return text, ""


def percent(share: float | None) -> str:
    """98.7%; never rounded up to 100% while one value is missing."""
    if share is None:
        return "—"
    whole = 100 * float(share)
    return f"{min(whole, 99.9) if whole < 100 else 100:.1f}%".replace(".0%", "%")


def drift_in_words(reason: Mapping[str, Any]) -> str:
    """One reason of an alarm: "通过公民身份号码校验的值由 99.2% 降至 3%"."""
    key = str(reason.get("key"))
    text = _DRIFT.get(key)
    if text is None:
        return key
    about = str(reason.get("about") or "")
    shown = {name: _shown(key, reason.get(name)) for name in ("before", "after")}
    return str(text) % {"about": IDENTIFIERS.get(about, about), **shown}


def _shown(key: str, value: Any) -> str:
    if key in _SHARES and isinstance(value, int | float):
        return percent(value)
    if isinstance(value, Mapping):
        return f"{value.get('mean', 0):.1f}"
    return "—" if value is None else str(value)[:40]


def level_in_words(reason: Mapping[str, Any]) -> str:
    """One reason of a level, with the column it is of where the reason is a table's."""
    text = _LEVEL.get(str(reason.get("key")))
    about = str(reason.get("about") or "")
    told = {
        "about": IDENTIFIERS.get(about, about), "level": reason.get("level"),
        "share": percent(reason.get("share")),
    }  # fmt: skip
    said = str(text) % told if text else str(reason.get("key"))
    if reason.get("column"):
        return translate("%(column)s：%(reason)s") % {"column": reason["column"], "reason": said}
    return said
