"""Codes and their old→new maps as people write them in tables: read, and held against what a code set may be."""

import graphlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from standards.code_rules import CodeRow, faults
from standards.tables import Labels, Problem, Table

CODES = Labels(
    {
        "code": ("代码", "代码值", "编码", "值", "code"),
        "name": ("名称", "代码名称", "含义", "中文名称", "值含义", "name"),
        "parent": ("上级代码", "父代码", "上级", "parent"),
        "valid_from": ("启用日期", "生效日期", "开始日期", "valid_from"),
        "valid_to": ("停用日期", "失效日期", "结束日期", "valid_to"),
        "note": ("说明", "备注", "note"),
    },
    needed=("code", "name"),
    plain=frozenset(("code", "parent", "valid_from", "valid_to")),
)
MAPPINGS = Labels(
    {
        "old": ("旧代码", "原代码", "变更前代码", "old"),
        "new": ("新代码", "现代码", "变更后代码", "new"),
        "since": ("变更日期", "生效日期", "since"),
        "note": ("说明", "备注", "note"),
    },
    needed=("old", "new"),
    plain=frozenset(("old", "new", "since")),
)
SIZES = {"code": 60, "name": 300, "parent": 60, "note": 500, "old": 60, "new": 60}


@dataclass(frozen=True)
class MappingRow:
    line: int
    old: str
    new: str = ""
    since: date | None = None
    note: str = ""


def codes_of(table: Table) -> tuple[list[CodeRow], list[Problem]]:
    """The rows of a table of codes, and everything that is wrong with it, in the order of the lines."""
    problems: list[Problem] = []
    rows = []
    for line, given in table.rows:
        code, name, parent, note = (
            _text(line, key, given.get(key, ""), problems) for key in ("code", "name", "parent", "note")
        )
        since, until = (_day(line, key, given.get(key, ""), problems) for key in ("valid_from", "valid_to"))
        rows.append(CodeRow(line, code, name, parent, since, until, note))
    return rows, sorted([*problems, *check_codes(rows)])


def mappings_of(table: Table) -> tuple[list[MappingRow], list[Problem]]:
    problems: list[Problem] = []
    rows = []
    for line, given in table.rows:
        since = _day(line, "since", given.get("since", ""), problems)
        texts = {key: _text(line, key, given.get(key, ""), problems) for key in ("old", "new", "note")}
        rows.append(MappingRow(line, since=since, **texts))
    return rows, sorted([*problems, *check_mappings(rows)])


def check_codes(rows: Sequence[CodeRow]) -> Iterator[Problem]:
    """What `standards.code_rules` finds, in the reader's language."""
    for fault in faults(rows):
        yield Problem(
            fault.line, fault.field, _sentences()[fault.kind] % {**_LABELS.get(fault.field, {}), **fault.facts}
        )


def _sentences() -> dict[str, str]:
    return {
        "empty": _("%(label)s为空。"),
        "ends_early": _("停用日期应晚于启用日期。"),
        "twice": _("代码 %(code)s 与第 %(line)s 行重复。"),
        "overlaps": _("代码 %(code)s 与第 %(line)s 行的有效期重叠。"),
        "missing": _("上级代码 %(target)s 不在表中。"),
        "circle": _("上级代码形成循环：%(codes)s。"),
    }


_LABELS = {"code": {"label": gettext_lazy("代码")}, "name": {"label": gettext_lazy("名称")}}


def check_mappings(rows: Sequence[MappingRow]) -> Iterator[Problem]:
    """Empty old codes, a code that becomes itself, a line that stands there twice, and changes that lead back to their start."""
    seen: dict[tuple[str, str, date | None], int] = {}
    for row in rows:
        if not row.old:
            yield Problem(row.line, "old", _("旧代码为空。"))
        if row.old and row.old == row.new:
            yield Problem(row.line, "new", _("新旧代码相同。"))
        first = seen.setdefault((row.old, row.new, row.since), row.line)
        if first != row.line:
            yield Problem(row.line, "old", _("与第 %(line)s 行重复。") % {"line": first})
    # Codes may come back years later; within one day (undated ones count for every day) they may not go round.
    for day in {row.since for row in rows}:
        edges: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            if row.new and row.new != row.old and row.since in (day, None):
                edges[row.old].add(row.new)
        if circle := _circle(edges):
            line = next(row.line for row in rows if row.old in circle and row.new in circle)
            yield Problem(line, "new", _("代码对照形成循环：%(codes)s。") % {"codes": " → ".join(circle)})
            return


def _circle(edges: dict[str, set[str]]) -> list[str] | None:
    try:
        graphlib.TopologicalSorter(edges).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])[::-1]
    return None


def _text(line: int, key: str, text: str, problems: list[Problem]) -> str:
    if len(text) > SIZES[key]:
        problems.append(Problem(line, key, _("超过 %(size)s 个字。") % {"size": SIZES[key]}))
    return text[: SIZES[key]]


def _day(line: int, key: str, text: str, problems: list[Problem]) -> date | None:
    """2003-01-01, 2003/1/1, 2003.1.1, 2003年1月1日, 20030101."""
    if not text:
        return None
    written = text.removesuffix("T00:00:00").removesuffix("日")
    for mark in ("年", "月", "/", "."):
        written = written.replace(mark, "-")
    if written.isdigit() and len(written) == 8:
        written = f"{written[:4]}-{written[4:6]}-{written[6:]}"
    try:
        found = parse_date(written)
    except ValueError:
        found = None
    if found is None:
        problems.append(Problem(line, key, _("“%(text)s”不是日期，请写成 2003-01-31。") % {"text": text[:40]}))
    return found


def told(problems: Iterable[Problem], most: int = 50) -> list[str]:
    """The problems in words, the first ``most`` of them."""
    listed = list(problems)
    more = [_("还有 %(count)s 处。") % {"count": len(listed) - most}] if len(listed) > most else []
    return [str(problem) for problem in listed[:most]] + more
