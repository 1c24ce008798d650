"""Reasons of the matcher in words: what spoke for an element, or against it, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from core.texts import Text

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
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """``weight`` in log-odds: positive speaks for the element."""

    text: Text
    weight: float

    @property
    def tone(self) -> str:
        return "good" if self.weight > 0 else "bad"

    @property
    def percent(self) -> float:
        """Length of its bar: three log-odds fill it."""
        return min(100.0, abs(self.weight) / 3 * 100)


def spoken(reasons: Mapping[str, float], most: int = 4) -> list[Reason]:
    """The strongest reasons in words; those that nobody needs to hear are left out."""
    known = [
        Reason(_SPOKEN[name.removeprefix("only_")], float(weight))
        for name, weight in reasons.items()
        if name.removeprefix("only_") in _SPOKEN and abs(weight) >= 0.1
    ]
    return sorted(known, key=lambda reason: -abs(reason.weight))[:most]
