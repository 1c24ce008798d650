"""Tables of data elements, as ministries print them, held against the registry: what each row would become, and why.

Pure: nothing is read from or written to the database here. Empty cells say nothing, so a table with few columns changes little.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.exporting import cell
from core.texts import Text, clean
from standards.choices import Domain, Level, ValueDomain
from standards.notation import NotationError, parse
from standards.numbering import with_codes
from standards.printed import is_printed, read_printed
from standards.tables import CELL, Grid, Labels, Table, TableError, plain, read_grid, tidy

ELEMENTS = Labels(
    {
        "code": ("内部标识符", "标识符", "数据元标识符", "数据元标识", "数据元编号", "数据元编码", "数据元代码", "编号", "DE"),
        "domain": ("主题域", "业务域"),
        "name": ("中文名称", "数据元名称", "数据元中文名称", "名称", "中文名"),
        "english_name": ("英文名称", "英文名", "英文全称"),
        "definition": ("定义", "说明", "业务含义", "数据元说明", "业务定义"),
        "object_class": ("对象类词", "对象类", "对象词", "对象类术语"),
        "property_term": ("特性词", "特性", "特性术语"),
        "representation_term": ("表示词", "表示", "表示术语"),
        "notation": ("数据格式", "表示格式", "格式", "数据元值的数据格式", "数据类型及格式", "类型及格式"),
        "unit": ("计量单位", "单位", "度量单位"),
        "value_domain": ("值域类型",),
        "code_set": ("代码集", "代码表", "值域代码", "引用代码", "代码集标识"),
        "values_note": ("值域说明", "值域", "允许值", "取值范围"),
        "check_scheme": ("校验规则",),
        "level": ("安全级别", "级别", "数据级别", "敏感级别"),
        "level_reason": ("定级理由",),
        "reference": ("来源标准", "来源", "制定依据", "引用标准"),
        "synonyms": ("同义名称", "同义词", "别名", "同义名"),
        "english": ("英文别名",),
        "abbreviations": ("短名", "英文短名", "缩写", "英文缩写", "拼音", "拼音缩写", "字段名"),
        "note": ("备注", "注", "注解"),
        "data_type": ("数据类型", "数据元值的数据类型", "类型"),
        "length": ("长度", "数据长度"),
        # Told by the registry itself; read over.
        "version": ("版本", "版本号"),
        "status": ("登记状态", "状态", "注册状态"),
        "agency": ("管理机构", "主管机构", "注册机构"),
        "submitted_by": ("提交机构", "提交单位"),
        "published_at": ("批准日期",),
        "serial": ("序号",),
    },
    needed=("name",),
    least=2,
    opening=("code", "name"),
    plain=frozenset(
        ("code", "domain", "notation", "unit", "value_domain", "code_set", "check_scheme", "level", "data_type", "length")
    ),
)  # fmt: skip
# One of them tells a table of elements without identifiers from another list of names.
_TELLING = {"notation", "data_type", "object_class", "property_term", "representation_term", "value_domain", "level"}
SIZES = {
    "code": 40, "name": 200, "english_name": 200, "object_class": 100, "property_term": 100, "representation_term": 100,
    "notation": 60, "unit": 40, "values_note": 500, "check_scheme": 32, "level_reason": 300, "reference": 200,
    "definition": CELL - 1, "note": CELL - 1,
}  # fmt: skip
ATTRIBUTES = (
    "name", "english_name", "definition", "object_class", "property_term", "representation_term", "notation", "unit",
    "value_domain", "code_set", "values_note", "check_scheme", "level", "level_reason", "reference", "note",
)  # fmt: skip
NAMES = ("synonyms", "english", "abbreviations")
MAX_ELEMENTS = 5_000  # rows of one import

# What a row may be, in the order of a report; the collisions among them are taken only when somebody says so.
KINDS: dict[str, Text] = {
    "new": gettext_lazy("新数据元"),
    "change": gettext_lazy("内容有变化"),
    "renamed": gettext_lazy("标识符相同、名称不同"),
    "same_name": gettext_lazy("名称相同、标识符不同"),
    "synonym": gettext_lazy("与别的数据元的同义名称相同"),
    "notation": gettext_lazy("数据格式无法解析"),
    "code_set": gettext_lazy("代码集未登记"),
    "duplicate": gettext_lazy("文件内重复且内容不同"),
    "in_work": gettext_lazy("已有未发布的草案"),
}
WHAT_TAKING_DOES: dict[str, Text] = {
    "new": gettext_lazy("建立草案"),
    "change": gettext_lazy("起草新版本"),
    "renamed": gettext_lazy("新版本改用表中的名称"),
    "same_name": gettext_lazy("仍按另一个数据元登记"),
    "synonym": gettext_lazy("仍按表中内容登记"),
    "notation": gettext_lazy("格式留空，原文记入备注"),
    "code_set": gettext_lazy("不关联代码集，原文记入值域说明"),
    "duplicate": gettext_lazy("采用最先出现的一行"),
    "in_work": gettext_lazy("改写现有草案"),
}
DEFAULT_TAKE = ("new", "change")


class Line(NamedTuple):
    """A row of a file: the sheet ("" for the only one), the line, what its cells say."""

    sheet: str
    line: int
    values: dict[str, str]

    @property
    def place(self) -> str:
        told = _("第 %(line)s 行") % {"line": self.line}
        return f"{self.sheet} {told}" if self.sheet else told


@dataclass(frozen=True)
class Known:
    """What the registry says of an element: ``editions`` as a table would show them, the one a change would start from first."""

    code: str
    agency: str
    editable: bool
    editions: tuple[Mapping[str, str], ...]
    names: Mapping[str, frozenset[str]]
    in_work: str = ""  # state of the edition in work
    domain: str = ""


@dataclass(frozen=True)
class Registry:
    elements: Mapping[str, Known]
    references: Collection[str]


@dataclass
class Row:
    """``outcome``: new, change, same or error; ``reasons``: (kind of KINDS or "" or "error", text) of each."""

    line: Line
    outcome: str = "new"
    values: dict[str, str] = field(default_factory=dict)  # what would be written, changed attributes only
    names: dict[str, list[str]] = field(default_factory=dict)  # further names that are new
    reasons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def code(self) -> str:
        return self.line.values.get("code", "")

    @property
    def kinds(self) -> list[str]:
        """The classes that somebody decides on before this row is taken."""
        if self.outcome not in DEFAULT_TAKE:
            return []
        return [self.outcome, *dict.fromkeys(kind for kind, _text in self.reasons if kind in KINDS)]

    @property
    def collides(self) -> bool:
        return len(self.kinds) > 1

    def taken(self, take: Collection[str]) -> bool:
        return bool(self.kinds) and set(self.kinds) <= set(take)


# Reading -------------------------------------------------------------------------------------------------------------


def lines_of(grids: Mapping[str, Grid]) -> tuple[list[Line], list[str]]:
    """The elements of every sheet that has any, and what was read over. Raises TableError when no sheet has."""
    lines: list[Line] = []
    over: list[str] = []
    complaint: TableError | None = None
    for sheet, grid in grids.items():
        if not any(text.strip() for row in grid for text in row):
            continue
        try:
            table = _table(grid)
        except TableError as error:
            complaint = complaint or error
            over.append(_("工作表“%(sheet)s”：%(reason)s") % {"sheet": sheet, "reason": error})
            continue
        shown = sheet if len(grids) > 1 else ""
        if table.unknown:
            names = _("、").join(table.unknown[:20])
            over.append(_("没有使用的列：%(names)s") % {"names": f"{sheet} {names}" if shown else names})
        for number, values in table.rows:
            line = Line(shown, number, {key: text for key, text in values.items() if text})
            if _is_note(line.values):
                over.append(
                    _("%(place)s不是数据元，已略过：%(text)s") % {"place": line.place, "text": _beginning(line)}
                )
            else:
                lines.append(line)
    if not lines:
        raise complaint or TableError(_("表中没有数据元。"))
    if len(lines) > MAX_ELEMENTS:
        raise TableError(_("超过 %(rows)s 行，请分成几份。") % {"rows": f"{MAX_ELEMENTS:,}"})
    return lines, over


def _table(grid: Grid) -> Table:
    table = read_printed(grid, ELEMENTS) if is_printed(grid, ELEMENTS) else read_grid(grid, ELEMENTS)
    heads = table.rows[0][1].keys() if table.rows else set()
    if table.rows and "code" not in heads and not heads & _TELLING:
        raise TableError(_("表头缺少：%(names)s。") % {"names": _label("code")})
    return table


def _is_note(values: Mapping[str, str]) -> bool:
    """A note, a heading between rows (merged cells repeat it), or the head printed once more on the next page."""
    if all(ELEMENTS.key(values.get(key, "")) == key for key in ELEMENTS.needed):
        return True
    code = values.get("code", "")
    alone = "name" in values if code == "" else _CODE.fullmatch(code)  # an element of which little is said
    return len(set(values.values())) < 2 and not alone


def _beginning(line: Line) -> str:
    return next(iter(line.values.values()), "")[:40]


def packed(lines: Iterable[Line]) -> str:
    """The rows as a page carries them from the preview to the import."""
    return json.dumps([list(line) for line in lines], ensure_ascii=False, separators=(",", ":"))


def unpacked(text: str) -> list[Line]:
    """The rows again; none when they are not what ``packed`` wrote. Their words are judged anew, whoever sends them."""
    try:
        found = [Line(sheet, number, values) for sheet, number, values in json.loads(text)]
    except (ValueError, TypeError, RecursionError):
        return []
    sound = all(
        isinstance(line.sheet, str)
        and type(line.line) is int
        and isinstance(line.values, dict)
        and line.values.keys() <= ELEMENTS.names.keys()
        and all(isinstance(value, str) for value in line.values.values())
        for line in found
    )
    if not sound or len(found) > MAX_ELEMENTS:
        return []
    tidied = ({key: tidy(value) for key, value in line.values.items()} for line in found)
    return [Line(clean(line.sheet, 100), line.line, values) for line, values in zip(found, tidied, strict=True)]


# Judging -------------------------------------------------------------------------------------------------------------


def as_read(key: str, value: Any) -> str:
    """What a cell that shows this value says when it is read again: two tables are compared in this form."""
    text = tidy(str(cell(value) if value is not None else ""))
    return plain(text) if key in ELEMENTS.plain else text


def plan(lines: Iterable[Line], registry: Registry, domain: str = "") -> list[Row]:
    """Every row with its outcome and reasons: held against the registry, and against the other rows. ``domain``: of rows that say none."""
    references = {_bare_reference(reference): reference for reference in registry.references}
    codes = {code: known.domain for code, known in registry.elements.items()}
    numbered = with_codes(list(lines), codes, lambda line: domain_of(line.values.get("domain", "")) or domain)
    rows = [_row(line, registry, references, given) for line, given in numbered]
    _duplicates(rows)
    _collisions(rows, registry)
    return rows


def digest(rows: Iterable[Row]) -> str:
    """What stands here is what somebody saw: the registry may have moved on between a preview and its word."""
    told = [(row.line.place, row.code, row.outcome, row.values, row.names, row.kinds) for row in rows]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:32]


def _row(line: Line, registry: Registry, references: Mapping[str, str], numbered: bool) -> Row:
    row, there = Row(line), registry.elements.get(line.values.get("code", ""))
    if numbered:
        row.reasons.append(("", _("表中没有标识符，登记为 %(code)s。") % {"code": row.code}))
    _errors(row, there)
    given = _given(row, there, references)
    standing = [{key: edition.get(key, "") for key in given} for edition in there.editions] if there else []
    names = {key: _names(line.values, there, key) for key in NAMES}
    row.names = {key: texts for key, texts in names.items() if texts}
    row.values = {key: text for key, text in given.items() if not standing or text != standing[0][key]}
    if there is not None:
        row.outcome = "change"
        if given in standing:
            row.values, row.outcome = {}, "change" if row.names else "same"
        _against(row, there)
    _judge(row, references, there)
    if any(kind == "error" for kind, _text in row.reasons):
        row.outcome = "error"
    return row


def _errors(row: Row, there: Known | None) -> None:
    values = row.line.values
    for key in ELEMENTS.opening:
        if not values.get(key):
            row.reasons.append(("error", _("%(label)s为空。") % {"label": _label(key)}))
    if len(values.get("code", "")) > SIZES["code"]:
        row.reasons.append(("error", _too_long("code")))
    if values.get("level") and _level(values["level"]) is None:
        row.reasons.append(("error", _("安全级别只能是 L1 至 L4。")))
    if values.get("domain") and domain_of(values["domain"]) is None:
        told = _("没有主题域“%(name)s”，按导入时选择的主题域登记。") % {"name": values["domain"][:40]}
        row.reasons += [] if there else [("", told)]


def _given(row: Row, there: Known | None, references: Mapping[str, str]) -> dict[str, str]:
    """The attributes that the row gives, in the words of the registry."""
    values = row.line.values
    given = {key: values[key] for key in ATTRIBUTES if values.get(key)}
    if "level" in given:
        given["level"] = _level(given["level"]) or given["level"]
    if "value_domain" in given and (known := _choice(ValueDomain.choices, given["value_domain"])):
        given["value_domain"] = known
    else:
        given.pop("value_domain", None)
    if "notation" not in given and (derived := _derived_notation(values)):
        given["notation"] = derived
        row.reasons.append(("", _("数据格式 %(notation)s 由数据类型和长度得出。") % {"notation": derived}))
    if "code_set" in given:
        given["code_set"] = references.get(_bare_reference(given["code_set"]), given["code_set"])
    note = given.get("values_note", "")
    if note and "code_set" not in given and not any(note == item.get("values_note") for item in _editions(there)):
        named = {references[key] for key in map(_bare_reference, _REFERENCE.findall(plain(note))) if key in references}
        if len(named) == 1:
            given["code_set"] = named.pop()
            if references.get(_bare_reference(note)):
                del given["values_note"]
    return given


def _against(row: Row, there: Known) -> None:
    """What stands in the way of changing an element that is there."""
    if row.outcome == "same":
        return
    if not there.editable:
        row.reasons.append(("error", _("由%(agency)s管理，不能由本机构修改。") % {"agency": there.agency}))
        return
    if row.values and there.in_work:
        if there.in_work == "review":
            row.reasons.append(("error", _("有一版正在审核，退回后才能修改。")))
        else:
            row.reasons.append(("in_work", _("已有一份未发布的草案。")))
    if "name" in row.values:
        told = _("标识符 %(code)s 已用于“%(name)s”。")
        row.reasons.append(("renamed", told % {"code": there.code, "name": there.editions[0].get("name", "")}))
    elif row.values:
        labels = _("、").join(_label(key) for key in row.values)
        row.reasons.append(("", _("与现有内容不同：%(names)s。") % {"names": labels}))
    if row.names:
        told = _("、").join(text for texts in row.names.values() for text in texts)
        row.reasons.append(("", _("新增同义名称：%(names)s。") % {"names": told[:200]}))


def _judge(row: Row, references: Mapping[str, str], there: Known | None) -> None:
    """What is wrong with what would be written; what stands in the registry already is not judged again."""
    values = row.values
    row.reasons += [
        ("error", _too_long(key)) for key, size in SIZES.items() if len(values.get(key, "")) > size and key != "code"
    ]
    for texts in row.names.values():
        row.reasons += [("error", _too_long("synonyms")) for text in texts if len(text) > SIZES["name"]][:1]
    if values.get("notation"):
        try:
            parse(values["notation"])
        except NotationError as error:
            row.reasons.append(("notation", unparsed(error)))
    if values.get("code_set") and values["code_set"] not in references.values():
        row.reasons.append(("code_set", _("没有代码集 %(code)s，请先登记。") % {"code": values["code_set"][:60]}))
    standing = _editions(there)[0] if there else {}
    listed = values.get("value_domain") == ValueDomain.ENUMERATED
    if listed and not values.get("code_set") and not standing.get("code_set"):
        row.reasons.append(("code_set", _("可枚举的值域需要选择代码集。")))


def _duplicates(rows: Sequence[Row]) -> None:
    """Of rows with one identifier the first counts; when a later one says something else, somebody has to look."""
    first: dict[str, Row] = {}
    for row in rows:
        if not row.code or (earlier := first.setdefault(row.code, row)) is row:
            continue
        row.reasons.append(("error", _("标识符与%(place)s重复。") % {"place": earlier.line.place}))
        row.outcome = "error"
        if row.line.values != earlier.line.values and earlier.outcome != "error":
            told = _("%(place)s有同一标识符，内容不同。") % {"place": row.line.place}
            earlier.reasons.append(("duplicate", told))


def _collisions(rows: Sequence[Row], registry: Registry) -> None:
    """Names that mean something else already, in the registry or further up in the file; only names that are new are asked."""
    named: dict[str, list[tuple[str, str]]] = defaultdict(list)  # name → (code, where) that bears it
    also: dict[str, list[tuple[str, str]]] = defaultdict(list)  # synonym → the same
    for code, known in registry.elements.items():
        for name in {edition.get("name", "") for edition in known.editions}:
            named[name.casefold()].append((code, code))
        for name in known.names.get("synonyms", ()):
            also[name.casefold()].append((code, code))
    for row in rows:
        if row.outcome not in DEFAULT_TAKE:
            continue
        name = row.values.get("name", "")
        row.reasons += list(_meant(row.code, name, named, "same_name", _("“%(name)s”也是 %(where)s 的名称。")))
        row.reasons += list(_meant(row.code, name, also, "synonym", _("“%(name)s”是 %(where)s 的同义名称。")))
        for text in row.names.get("synonyms", ()):
            told = _("同义名称“%(name)s”是 %(where)s 的名称。")
            row.reasons += list(_meant(row.code, text, named, "synonym", told))
        where = f"{row.code}{_('（')}{row.line.place}{_('）')}"
        if name:
            named[name.casefold()].append((row.code, where))
        for text in row.names.get("synonyms", ()):
            also[text.casefold()].append((row.code, where))


def _meant(
    code: str, name: str, index: Mapping[str, Sequence[tuple[str, str]]], kind: str, text: str
) -> Iterator[tuple[str, str]]:
    others = [where for other, where in index.get(name.casefold(), ()) if other != code] if name else []
    if others:
        yield kind, text % {"name": name[:60], "where": _("、").join(dict.fromkeys(others[:5]))}


# Words ---------------------------------------------------------------------------------------------------------------

_CODE = re.compile(r"(?=\D*\d)[\w./-]+", re.ASCII)  # letters and a digit somewhere
_REFERENCE = re.compile(r"[A-Z]{1,4}(?:\d{2})?(?:/[TZ])? ?\d+(?:\.\d+)*", re.IGNORECASE)
_TYPES = {"c": "c", "an": "an", "a": "a", "n": "n", "字符型": "c", "字符串": "c", "字符串型": "c", "字符": "c", "文本": "c", "数值型": "n",
          "数字型": "n", "数值": "n", "整数型": "n", "varchar": "c", "char": "c", "string": "c", "number": "n", "numeric": "n", "int": "n"}  # fmt: skip


def unparsed(error: NotationError) -> str:
    """What is wrong with a notation, in the reader's language."""
    return _("数据格式无法解析：%(detail)s") % {"detail": error.text((translation.get_language() or "zh")[:2])}


def domain_of(text: str) -> str | None:
    """The key of a domain given by its key or its name; None for neither."""
    return _choice(Domain.choices, text)


def in_chinese(label: Any) -> str:
    """A label as the tables print it, whatever language the page is in."""
    with translation.override("zh-hans"):
        return str(label)


def _choice(choices: Iterable[tuple[Any, Any]], text: str) -> str | None:
    return next((str(key) for key, label in choices if text in (key, str(label), in_chinese(label))), None)


def _level(text: str) -> str | None:
    """L3, 3, 3 级, 第3级."""
    found = re.fullmatch(r"(?:L|第)? ?([1-4]) ?级?", text, re.IGNORECASE)
    return Level(f"L{found[1]}").value if found else None


def _derived_notation(values: Mapping[str, str]) -> str:
    """The notation that a type and a length say, "" for none: 字符型 and 18 are c..18, 数值型 and 10,2 are n..10,2."""
    kind = _TYPES.get(values.get("data_type", "").casefold(), "")
    length = values.get("length", "").replace("，", ",").replace(" ", "")
    return f"{kind}..{length}" if kind and re.fullmatch(r"[1-9]\d{0,4}(,\d{1,2})?", length) else ""


def _names(values: Mapping[str, str], there: Known | None, key: str) -> list[str]:
    """The further names of a cell that the element has not: one a line, or between separators."""
    text, found = values.get(key, ""), dict[str, str]()
    known = {values.get("name", "").casefold()}
    if there is not None:
        known |= {name.casefold() for name in (there.editions[0].get("name", ""), *there.names.get(key, ()))}
    for line in text.split("\n"):
        whole = " ".join(line.split())
        parts = [whole] if "\n" in text or whole.casefold() in known else re.split(r"[、；;，,|]", whole)
        for part in map(str.strip, parts):
            if part and part.casefold() not in known:
                found.setdefault(part.casefold(), part)
    return list(found.values())


def _editions(there: Known | None) -> Sequence[Mapping[str, str]]:
    return there.editions if there else ()


def _bare_reference(text: str) -> str:
    """A reference to a standard without its year and blanks: "GB/T2261.1—2003" is GB/T2261.1."""
    return re.sub(r"[-—–－]+\d{4}$", "", "".join(plain(text).split())).upper()


def _label(key: str) -> str:
    return _(ELEMENTS.names[key][0])


def _too_long(key: str) -> str:
    return f"{_label(key)}{_('：')}" + _("超过 %(size)s 个字。") % {"size": SIZES.get(key, SIZES["name"])}
