"""Printed tables of data elements, as ministries publish them: read, and held against the registry row by row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from standards.choices import Domain, Level, ValueDomain
from standards.notation import NotationError, parse
from standards.tables import Labels, Table

ELEMENTS = Labels(
    {
        "code": ("内部标识符", "标识符", "数据元标识符", "数据元编号", "编号", "数据元标识", "DE"),
        "name": ("中文名称", "数据元名称", "名称", "中文名"),
        "english_name": ("英文名称", "英文名", "短名", "英文短名", "字段名", "英文缩写"),
        "definition": ("定义", "说明", "业务含义", "数据元说明"),
        "object_class": ("对象类词", "对象类", "对象词"),
        "property_term": ("特性词", "特性"),
        "representation_term": ("表示词", "表示"),
        "notation": ("数据格式", "表示格式", "格式", "数据类型及格式", "类型及格式"),
        "values_note": ("值域", "允许值", "值域说明", "取值范围"),
        "code_set": ("代码集", "值域代码", "引用代码"),
        "unit": ("计量单位", "单位", "度量单位"),
        "domain": ("主题域", "业务域"),
        "level": ("安全级别", "级别", "数据级别"),
        "reference": ("来源标准", "来源", "制定依据", "引用标准"),
        "synonyms": ("同义名称", "同义词", "别名"),
        "note": ("备注", "注", "注解"),
    },
    needed=("code", "name"),
    plain=frozenset(("code", "english_name", "notation", "code_set", "unit", "level")),
)
SIZES = {
    "code": 40, "name": 200, "english_name": 200, "object_class": 100, "property_term": 100, "representation_term": 100,
    "notation": 60, "values_note": 500, "unit": 40, "reference": 200,
}  # fmt: skip
ATTRIBUTES = (
    "name", "english_name", "definition", "object_class", "property_term", "representation_term", "notation", "values_note",
    "unit", "reference", "note",
)  # fmt: skip
OUTCOMES = ("new", "change", "same", "error")


@dataclass(frozen=True)
class Known:
    """What the registry says of an element now."""

    code: str
    name: str
    notation: str
    values: Mapping[str, str]


@dataclass
class Row:
    """A row with what would become of it: new, change (the next edition), same, or error. ``notes`` are collisions to look at."""

    line: int
    values: dict[str, str]
    outcome: str = "new"
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def rows_of(table: Table, known: Iterable[Known], code_sets: Iterable[str]) -> list[Row]:
    """Every row of the table with its collisions: with the registry, and with the other rows."""
    elements = list(known)
    by_code = {item.code: item for item in elements}
    by_name: dict[str, list[Known]] = {}
    for item in elements:
        by_name.setdefault(item.name, []).append(item)
    references = frozenset(code_sets)
    rows = [Row(line, _filled(values, references)) for line, values in table.rows]
    for row in rows:
        _check(row, references)
        _hold_against(row, by_code, by_name)
    _among_themselves(rows)
    return rows


def _filled(values: dict[str, str], references: frozenset[str]) -> dict[str, str]:
    """A value domain that is the number of a code set we have names that code set."""
    if not values.get("code_set") and values.get("values_note", "") in references:
        return {**values, "code_set": values["values_note"], "values_note": ""}
    return values


def _check(row: Row, references: frozenset[str]) -> None:
    """What the row says by itself."""
    values = row.values
    for key in ELEMENTS.needed:
        if not values.get(key):
            row.errors.append(_("%(label)s为空。") % {"label": ELEMENTS.names[key][0]})
    for key, size in SIZES.items():
        if len(values.get(key, "")) > size:
            row.errors.append(f"{ELEMENTS.names[key][0]}{_('：')}" + _("超过 %(size)s 个字。") % {"size": size})
    if values.get("notation"):
        try:
            parse(values["notation"])
        except NotationError as error:
            row.errors.append(_("数据格式无法解析：%(detail)s") % {"detail": error})
    if values.get("code_set") and values["code_set"] not in references:
        row.errors.append(_("没有代码集 %(code)s，请先登记。") % {"code": values["code_set"]})
    if values.get("level") and values["level"] not in Level.values:
        row.errors.append(_("安全级别只能是 L1 至 L4。"))
    if values.get("domain") and domain_of(values["domain"]) is None:
        row.errors.append(_("没有主题域“%(name)s”。") % {"name": values["domain"]})


def _hold_against(row: Row, by_code: Mapping[str, Known], by_name: Mapping[str, Sequence[Known]]) -> None:
    values, there = row.values, by_code.get(row.values.get("code", ""))
    if there is not None:
        changed = [
            key
            for key in ATTRIBUTES + ("code_set", "level")
            if values.get(key) and values[key] != there.values.get(key, "")
        ]
        row.outcome = "change" if changed else "same"
        if "name" in changed:
            row.notes.append(_("标识符已用于“%(name)s”。") % {"name": there.name})
        elif changed:
            row.notes.append(
                _("与现有内容不同：%(names)s。") % {"names": _("、").join(ELEMENTS.names[key][0] for key in changed)}
            )
    for other in by_name.get(values.get("name", ""), ()):
        if other.code == values.get("code"):
            continue
        if values.get("notation") and other.notation != values["notation"]:
            told = _("%(code)s 同名，但格式为 %(notation)s。") % {"code": other.code, "notation": other.notation or "—"}
        else:
            told = _("%(code)s 同名。") % {"code": other.code}
        row.notes.append(told)
    if row.errors:
        row.outcome = "error"


def _among_themselves(rows: Sequence[Row]) -> None:
    """Two rows of one code are an error of the later one; two of one name are noted on it."""
    codes: dict[str, int] = {}
    names: dict[str, int] = {}
    for row in rows:
        code, name = row.values.get("code", ""), row.values.get("name", "")
        if code and codes.setdefault(code, row.line) != row.line:
            row.errors.append(_("标识符与第 %(line)s 行重复。") % {"line": codes[code]})
            row.outcome = "error"
        if name and names.setdefault(name, row.line) != row.line and codes.get(code) == row.line:
            row.notes.append(_("与第 %(line)s 行同名。") % {"line": names[name]})


def domain_of(text: str) -> str | None:
    """The key of a domain given by its key or by its Chinese name; None for neither."""
    return next((key for key, label in Domain.choices if text in (key, str(label))), None)


def attributes_of(values: Mapping[str, str], code_sets: Mapping[str, Any]) -> dict[str, Any]:
    """What a draft is made of; empty cells say nothing."""
    given: dict[str, Any] = {key: values[key] for key in ATTRIBUTES if values.get(key)}
    if values.get("level"):
        given["level"] = values["level"]
    if values.get("code_set"):
        given |= {"code_set": code_sets[values["code_set"]], "value_domain": ValueDomain.ENUMERATED}
    return given
