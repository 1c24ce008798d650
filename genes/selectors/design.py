"""The design-time check: a DDL or a list of columns held against the standard. Nothing is stored, nothing is executed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Min

from genes import designing
from genes.advice import deviation_in_words
from genes.choices import DesignKind
from genes.designing import Deviation, Standard
from genes.engine import ddl, sensitivity
from genes.engine.ddl import Declared, Design, Problem, Refused, Table
from genes.engine.evidence import Column
from genes.engine.match import without_prefixes
from genes.engine.text import heads
from genes.selectors.suggestions import Suggested, Suggestion, suggestions
from standards.choices import NameKind
from standards.models import Code
from standards.tables import Labels, TableError, read_text

LIST = Labels(
    names={
        "name": ("字段名", "列名", "英文名", "字段", "name", "column"), "type": ("类型", "数据类型", "字段类型", "type"),
        "comment": ("注释", "中文名", "字段说明", "说明", "名称", "comment"), "table": ("表名", "表", "table"),
    },
    needed=("name",),
)  # fmt: skip


@dataclass(frozen=True)
class Checked:
    """One column with the element it would carry, what deviates, and how it would be declared."""

    column: Declared
    suggestion: Suggestion
    deviations: Sequence[Deviation]
    level: int  # 0: nothing speaks
    level_reasons: Sequence[sensitivity.Reason]
    line: str
    comment: str  # the statement that says its comment, where its line does not

    @property
    def level_text(self) -> str:
        return f"L{self.level}" if self.level else ""

    @property
    def grave(self) -> list[str]:
        return [deviation_in_words(one) for one in self.deviations if one.grave]

    @property
    def advice(self) -> list[str]:
        return [deviation_in_words(one) for one in self.deviations if not one.grave]


@dataclass(frozen=True)
class CheckedTable:
    table: Table
    level: int
    columns: Sequence[Checked]
    json_schema: dict[str, Any]

    @property
    def level_text(self) -> str:
        return f"L{self.level}" if self.level else ""

    @property
    def schema_text(self) -> str:
        return json.dumps(self.json_schema, ensure_ascii=False, indent=2)


@dataclass(frozen=True)
class Check:
    """``passed``: statements that say nothing of columns; ``problems``: what could not be read."""

    tables: Sequence[CheckedTable]
    problems: Sequence[Problem]
    passed: int
    columns: int = 0
    deviating: int = 0  # columns with something grave
    standards: int = field(default=0)  # columns that carry an element


def check(text: str, *, kind: str, product: str) -> Check:
    """Raises genes.engine.ddl.Refused when nothing of the text can be read."""
    design = ddl.read(text, product) if kind == DesignKind.DDL else listed(text, product)
    columns = [
        column
        for table in design.tables
        for column in without_prefixes(
            [Column(one.name, one.type, one.comment, table.name or "-", table.comment) for one in table.columns]
        )
    ]
    found = iter(suggestions(columns, [None] * len(columns)))
    pairs = [(table, [next(found) for _column in table.columns]) for table in design.tables]
    standards = _standards([one for _table, answers in pairs for one in answers])
    tables = [_checked(table, answers, standards, product) for table, answers in pairs]
    rows = [row for table in tables for row in table.columns]
    return Check(
        tables, design.problems, design.passed, len(rows), sum(bool(row.grave) for row in rows),
        sum(row.suggestion.best is not None for row in rows),
    )  # fmt: skip


def listed(text: str, product: str) -> Design:
    """The tables of a pasted list of columns: name, type, comment and, when there are several, the table. Raises Refused."""
    if len(text) > ddl.SIZE:
        raise Refused(Problem("too_long", facts={"most": ddl.SIZE >> 10}))
    try:
        rows = read_text(text, LIST).rows
    except TableError as error:
        raise Refused(Problem("unreadable", facts={"said": str(error)})) from None
    if len(rows) > ddl.COLUMNS:
        raise Refused(Problem("too_many", rows[ddl.COLUMNS][0], {"most": ddl.COLUMNS}))
    tables: dict[str, Table] = {}
    design = Design()
    for line, row in rows:
        name, about = row.get("name", "").strip(), row.get("table", "").strip()[: ddl.NAME]
        if not name or len(name) > ddl.NAME:
            design.problems.append(Problem("bad_name", line, {"name": name[:40]}))
            continue
        table = tables.setdefault(about, Table(about, line))
        declared = Declared(name, row.get("type", "").strip()[:200], row.get("comment", "").strip()[:2_000], line)
        table.columns.append(ddl.typed(declared, product))
    design.tables = list(tables.values())
    return design


def _standards(found: Sequence[Suggestion]) -> dict[Any, Standard]:
    """What the elements ask, by element; with one look at their code sets."""
    elements = {one.best.element.pk: one.best.element for one in found if one.best}
    editions = {
        element.current.code_set.current_id
        for element in elements.values()
        if element.current and element.current.code_set
    }
    zeros = dict(
        Code.objects.filter(edition__in=editions - {None}, code__startswith="0", code__regex="^0.")
        .values_list("edition_id")
        .annotate(first=Min("code"))
    )
    standards = {}
    for key, element in elements.items():
        current = element.current
        assert current is not None
        short = [name.text for name in element.names.all() if name.kind == NameKind.ABBREVIATION]
        english = [name.text for name in element.names.all() if name.kind == NameKind.ENGLISH]
        named = [*short, *filter(None, [current.english_name]), *english]
        set_of = current.code_set
        zero = zeros.get(set_of.current_id, "") if set_of else ""
        standards[key] = Standard(current.name, current.notation, named, set_of.reference if set_of else "", zero)
    return standards


def _checked(table: Table, answers: Sequence[Suggestion], standards: dict[Any, Standard], product: str) -> CheckedTable:
    carried = [standards[one.best.element.pk] if one.best else None for one in answers]
    graded = sensitivity.grade_table(
        [_described(column, one) for column, one in zip(table.columns, answers, strict=True)]
    )
    twice = designing.repeated(table)
    rows = []
    for column, one, standard, level in zip(table.columns, answers, carried, graded.columns, strict=True):
        found = designing.deviations(column, standard, product)
        if count := twice.get(column.name.lower()):
            found.insert(0, Deviation("repeated", True, {"count": count}))
        line = designing.corrected(column, standard, product) if standard else ""
        said = designing.commented(column, standard, table, product) if standard and line else ""
        rows.append(Checked(column, one, found, level.level, level.reasons, line, said))
    schema = designing.json_schema(list(zip(table.columns, carried, strict=True)), table)
    return CheckedTable(table, graded.level, rows, schema)


def _described(column: Declared, found: Suggestion) -> sensitivity.Described:
    """By its element when that is as good as certain, else by what its comment names: as columns of sources are."""
    best: Suggested | None = found.best if found.zone == "auto" else None
    if best is not None and best.element.current is not None:
        level = sensitivity.level_number(best.element.current.level)
        return sensitivity.Described(column.name, best.element.current.name, level)
    told = heads(column.comment)
    return sensitivity.Described(column.name, told[0] if told else "")
