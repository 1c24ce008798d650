"""Codes and their old→new maps as people write them in tables: read, and held against what a code set may be."""

import graphlib
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

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
class CodeRow:
    line: int
    code: str
    name: str
    parent: str = ""
    valid_from: date | None = None
    valid_to: date | None = None  # the first day on which it is no longer valid
    note: str = ""


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
    """Empty cells, dates that end before they start, one code valid twice at a time, parents that are missing or go round."""
    by_code: dict[str, list[CodeRow]] = defaultdict(list)
    for row in rows:
        for key, label in (("code", _("代码")), ("name", _("名称"))):
            if not getattr(row, key):
                yield Problem(row.line, key, _("%(label)s为空。") % {"label": label})
        if row.valid_from and row.valid_to and row.valid_to <= row.valid_from:
            yield Problem(row.line, "valid_to", _("停用日期应晚于启用日期。"))
        if row.code:
            by_code[row.code].append(row)
    for code, same in by_code.items():
        yield from _overlapping(code, same)
    for row in rows:
        if row.parent and row.parent not in by_code:
            yield Problem(row.line, "parent", _("上级代码 %(code)s 不在表中。") % {"code": row.parent})
    yield from _circles({row.code: row.parent for row in rows if row.parent in by_code}, by_code)


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
            yield Problem(line, "new", _("代码对照首尾相接：%(codes)s。") % {"codes": " → ".join(circle)})
            return


def _overlapping(code: str, rows: Sequence[CodeRow]) -> Iterator[Problem]:
    """Rows of one code whose times of validity touch."""
    if len(rows) < 2:
        return
    ordered = sorted(rows, key=lambda row: (row.valid_from or date.min, row.line))
    for earlier, later in itertools.pairwise(ordered):
        if earlier.valid_to is None or earlier.valid_to > (later.valid_from or date.min):
            first, second = sorted((earlier.line, later.line))
            dated = any((row.valid_from, row.valid_to) != (None, None) for row in (earlier, later))
            text = (
                _("代码 %(code)s 与第 %(line)s 行的有效期重叠。")
                if dated
                else _("代码 %(code)s 与第 %(line)s 行重复。")
            )
            yield Problem(second, "valid_from" if dated else "code", text % {"code": code, "line": first})


def _circles(parents: dict[str, str], by_code: dict[str, list[CodeRow]]) -> Iterator[Problem]:
    if circle := _circle({code: {parent} for code, parent in parents.items()}):
        line = max(by_code[code][0].line for code in circle)
        yield Problem(line, "parent", _("上级代码首尾相接：%(codes)s。") % {"codes": " → ".join(circle)})


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
