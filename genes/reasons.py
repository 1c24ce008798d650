"""Reasons of the matcher in words: what spoke for an element, or against it, in the reader's language."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from assets.templatetags.assets import IDENTIFIERS
from core.texts import Text
from genes.engine.values import Facts

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
_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (  # what the evidence is of, by the beginnings of the reasons
    ("table", ("zh_composed", "en_composed")), ("comment", ("zh_",)), ("name", ("en_", "py_")), ("type", ("type_",)),
    ("values", ("values_", "in_code_set", "outside_code_set")),
)  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one kind of evidence says. ``figure`` 0…1: of values their share, of the rest its weight as a chance."""

    kind: str  # table, comment, name, type or values
    figure: float
    text: str
    weight: float  # in log-odds: positive speaks for the element

    @property
    def label(self) -> Text:
        return LABELS[self.kind]


LABELS: Mapping[str, Text] = {
    "table": _("表名"), "comment": _("注释"), "name": _("名称"), "type": _("类型"), "values": _("取值"),
}  # fmt: skip


def evidence_of(reasons: Mapping[str, float], facts: Facts, code_set: str = "", test: str = "") -> list[Evidence]:
    """The kinds of evidence, strongest first: "98.7% 的值在 GB/T 2261.1 中" where the element has that set, or that test."""
    kinds: dict[str, dict[str, float]] = {}
    for name, weight in reasons.items():
        plain = name.removeprefix("only_")
        kind = next((kind for kind, starts in _KINDS if plain.startswith(starts)), None)
        if kind and plain in _SPOKEN and abs(weight) >= 0.1:
            kinds.setdefault(kind, {})[plain] = weight
    found = []
    for kind, spoken_of in kinds.items():
        weight = sum(spoken_of.values())
        strongest = sorted(spoken_of, key=lambda name: -abs(spoken_of[name]))[:2]
        text = translate("，").join(dict.fromkeys(str(_SPOKEN[name]) for name in strongest))
        told = _of_values(strongest[0], facts, code_set, test) if kind == "values" else None
        share, text = told or (1 / (1 + math.exp(-weight)), text)
        found.append(Evidence(kind, round(share, 4), text, round(weight, 4)))
    return sorted(found, key=lambda item: -abs(item.weight))


def _of_values(name: str, facts: Facts, code_set: str, test: str) -> tuple[float, str] | None:
    """(share, sentence) of a code set or a check; None where there is no figure to tell."""
    if code_set and name in ("in_code_set", "outside_code_set"):
        share = facts.codes.get(code_set, (0.0, 0.0))[0]
        return share, translate("%(share)s 的值在 %(code_set)s 中") % {"share": percent(share), "code_set": code_set}
    if test and name in ("values_pass", "values_fail", "values_only"):
        share = facts.shares.get(test, 0.0)
        said = {"share": percent(share), "test": IDENTIFIERS.get(test, test)}
        return share, translate("%(share)s 的值通过%(test)s校验") % said
    return None


def percent(share: float) -> str:
    """98.7%; never rounded up to 100% while one value is missing."""
    whole = 100 * share
    return f"{min(whole, 99.9) if whole < 100 else 100:.1f}%".replace(".0%", "%")
