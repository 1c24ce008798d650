"""Reasons in words and figures: what spoke for an element, for drift, or for a level, in the reader's language."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from assets.templatetags.assets import IDENTIFIERS
from core.texts import Text
from genes.engine.values import Facts
from genes.models import Match
from genes.selectors.catalogue import test_of

_SPOKEN: Mapping[str, Text] = {
    "zh_exact": _("中文名相同"), "zh_second": _("另一中文名相同"), "zh_suffix": _("中文名的中心词相同"),
    "zh_suffix_size": _("中文名的中心词相同"), "zh_suffix_own": _("中心词是标准名称"), "zh_variant": _("只有末尾的词不同"), "zh_general": _("某人或某机构的此项"),
    "zh_later_suffix": _("中文名以此结尾"), "zh_inside": _("中文名包含此名"), "zh_tfidf": _("中文名相近"),
    "zh_role": _("去掉角色词后相同"), "zh_person": _("去掉角色词后相同"), "zh_person_own": _("去掉角色词后相同"),
    "zh_without_code": _("去掉后缀后相同"), "zh_without_name": _("去掉后缀后相同"), "zh_composed": _("结合表名后相同"),
    "noun_same": _("末尾的词是同类事物"), "noun_other": _("末尾的词是另一类事物"),
    "en_exact": _("字段名是英文名"), "en_word": _("字段名是英文名"), "en_near": _("字段名与英文名或全拼相近"), "en_role": _("去掉角色词后相同"), "en_general": _("某机构的此项"), "en_suffix": _("字段名以英文名结尾"), "en_later_suffix": _("字段名以英文名结尾"),
    "en_prefix": _("字段名以英文名开头"), "en_tail": _("字段名以英文名结尾"), "en_composed": _("结合表名后是英文名"),
    "py_full": _("字段名是全拼"), "py_full_short": _("字段名是全拼"), "py_full_tail": _("字段名以全拼结尾"), "py_code": _("字段名是短名加代码后缀"),
    "py_code_short": _("字段名是短名加代码后缀"), "py_role": _("去掉角色词后相同"), "py_tail_long": _("字段名以短名结尾"), "py_written": _("字段名是短名"), "py_written_short": _("字段名是短名"),
    "py_initials": _("字段名是拼音首字母"), "py_initials_short": _("字段名是拼音首字母"), "py_tail": _("字段名以短名结尾"),
    "py_last": _("字段名以短名结尾"), "type_bad": _("数据类型不符"), "type_time": _("类型是日期"), "type_length": _("长度相同"),
    "type_short": _("长度不够"), "values_pass": _("值通过校验"), "values_fail": _("值不通过校验"), "values_only": _("只有值说明"),
    "values_fit": _("值与此数据元相符"),
    "values_are_another": _("值是另一种标识"), "in_code_set": _("值在代码集中"), "outside_code_set": _("值不在代码集中"),
    "recogniser": _("识别器的条件全部满足"),
}  # fmt: skip
_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (  # what the evidence is of, by the beginnings of the reasons
    ("table", ("zh_composed", "en_composed")), ("comment", ("zh_", "noun_")), ("name", ("en_", "py_")), ("type", ("type_",)),
    ("values", ("values_", "in_code_set", "outside_code_set")), ("recogniser", ("recogniser",)),
)  # fmt: skip


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
_SAID = 0.1  # log-odds; weaker reasons are not told
_SHARES = {"emptied", "filled", "test_lost", "test_gained", "code_set_lost"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one kind of evidence says. ``figure`` 0…1: of values their share, of the rest its weight as a chance."""

    kind: str  # table, comment, name, type, values or recogniser
    figure: float
    text: str
    weight: float  # in log-odds: positive speaks for the element
    is_share: bool = False

    @property
    def label(self) -> Text:
        return LABELS[self.kind]

    @property
    def shown(self) -> str:
        return percent(self.figure) if self.is_share else f"{self.figure:.2f}"

    @property
    def tone(self) -> str:
        return "good" if self.weight > 0 else "bad"

    @property
    def percent(self) -> float:
        """Length of its bar: three log-odds fill it."""
        return min(100.0, abs(self.weight) / 3 * 100)


LABELS: Mapping[str, Text] = {
    "table": _("表名"), "comment": _("注释"), "name": _("名称"), "type": _("类型"), "values": _("取值"),
    "recogniser": _("识别器"),
}  # fmt: skip


def evidence(match: Match) -> list[Evidence]:
    """The kinds of evidence of a match, strongest first. Needs ``element.current.code_set`` and ``column.gene``."""
    gene, edition = getattr(match.column, "gene", None), match.element.current
    code_set = edition.code_set.reference if edition and edition.code_set else ""
    known = Facts.from_json(gene.facts) if gene else Facts()
    return evidence_of(match.reasons, known, code_set, test_of(edition) if edition else "")


def evidence_of(reasons: Mapping[str, float], facts: Facts, code_set: str = "", test: str = "") -> list[Evidence]:
    """The kinds of evidence, strongest first: "98.7% 的值在 GB/T 2261.1 中" where the element has that set, or that test.

    What weighs next to nothing is left out, unless nothing weighs more: a proposal always says why it was made.
    """
    kinds: dict[str, dict[str, float]] = {}
    for name, weight in reasons.items():
        plain = name.removeprefix("only_")
        kind = next((kind for kind, starts in _KINDS if plain.startswith(starts)), None)
        if kind and plain in _SPOKEN:
            kinds.setdefault(kind, {})[plain] = weight
    telling = {
        kind: heavy
        for kind, told in kinds.items()
        if (heavy := {name: w for name, w in told.items() if abs(w) >= _SAID})
    }
    found = []
    for kind, spoken_of in (telling or _strongest(kinds)).items():
        weight = sum(spoken_of.values())
        strongest = sorted(spoken_of, key=lambda name: -abs(spoken_of[name]))[:2]
        text = translate("，").join(dict.fromkeys(str(_SPOKEN[name]) for name in strongest))
        told = _of_values(strongest[0], facts, code_set, test) if kind == "values" else None
        share, text = told or (1 / (1 + math.exp(-weight)), text)
        found.append(Evidence(kind, round(share, 4), text, round(weight, 4), told is not None))
    return sorted(found, key=lambda item: -abs(item.weight))


def _strongest(kinds: Mapping[str, Mapping[str, float]]) -> dict[str, Mapping[str, float]]:
    """Of kinds that weigh next to nothing each the one reason that weighs most."""
    every = [(abs(weight), kind, name, weight) for kind, told in kinds.items() for name, weight in told.items()]
    return {kind: {name: weight} for _size, kind, name, weight in sorted(every)[-1:]}


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
