"""The columns of files that lists of the register give: what a page shows and the facts behind it, one a column."""

from typing import Any

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from core import panels
from core.exporting import Field

TABLES = (
    Field(_("表名"), lambda row: row.name),
    Field(_("中文名称"), lambda row: row.display_name if row.display_name != row.name else ""),
    Field(_("模式"), lambda row: row.schema_name),
    Field(_("类型"), lambda row: row.get_kind_display()),
    Field(_("机构"), lambda row: row.source.agency.name),
    Field(_("数据源"), lambda row: row.source.name),
    Field(_("信息系统"), lambda row: row.source.system.name if row.source.system else ""),
    Field(_("负责人"), lambda row: row.owner.name if row.owner else ""),
    Field(_("状态"), lambda row: row.get_state_display()),
    Field(_("行数"), lambda row: row.rows),
    Field(_("计量方法"), lambda row: _method(row)),
    Field(_("字段数"), lambda row: row.column_count),
    Field(_("容量（字节）"), lambda row: row.bytes),
    Field(_("个人信息字段数"), lambda row: row.personal_count),
    Field(_("质量分"), lambda row: row.score),
    Field(_("首次发现"), lambda row: row.first_seen_at),
    Field(_("最近盘点"), lambda row: row.last_seen_at),
    Field(_("最近剖析"), lambda row: row.profiled_at),
    Field(_("注释"), lambda row: row.comment),
    Field(_("说明"), lambda row: row.description),
)


def _method(row: Any) -> str:
    if row.rows is None:
        return translate("未统计")
    return translate("系统估计") if row.row_count is None else translate("精确计数")


def columns() -> list[Field]:
    """Columns with their profiles as they may be shown (``row.shown``) and the facts of other apps (``row.facts``)."""
    return [*_COLUMNS, *(_fact(place, fact) for place, fact in enumerate(panels.facts_of("assets.Column")))]


def _fact(place: int, fact: panels.RowFact) -> Field:
    def plain(row: Any) -> Any:
        value = row.facts[place][1]
        return None if value is None else fact.plain(value)

    return Field(fact.label, plain)


def _measured(label: Any, name: str) -> Field:
    return Field(label, lambda row: row.shown[name] if row.shown else None)


def _of_length(label: Any, name: str) -> Field:
    return Field(label, lambda row: (row.shown["length"] or {}).get(name) if row.shown else None)


def _top(row: Any) -> str | None:
    found = row.shown["top"] if row.shown else None
    return translate("；").join(f"{value} ({count})" for value, count in found[:5]) if found else None


def _patterns(row: Any) -> str | None:
    found = row.shown["patterns"] if row.shown else None
    return translate("；").join(f"{pattern} ({count})" for pattern, count in found[:5]) if found else None


_COLUMNS = (
    Field(_("机构"), lambda row: row.source.agency.name),
    Field(_("数据源"), lambda row: row.source.name),
    Field(_("模式"), lambda row: row.table.schema_name),
    Field(_("表名"), lambda row: row.table.name),
    Field(_("表中文名称"), lambda row: row.table.display_name if row.table.display_name != row.table.name else ""),
    Field(_("序号"), lambda row: row.position),
    Field(_("字段名"), lambda row: row.name),
    Field(_("中文名称"), lambda row: row.display_name if row.display_name != row.name else ""),
    Field(_("类型"), lambda row: row.type),
    Field(_("主键"), lambda row: row.primary_key),
    Field(_("可空"), lambda row: row.nullable),
    Field(_("默认值"), lambda row: row.default),
    Field(_("注释"), lambda row: row.comment),
    Field(_("说明"), lambda row: row.description),
    Field(_("个人信息类别"), lambda row: row.get_personal_kind_display() if row.personal_kind else ""),
    Field(_("状态"), lambda row: row.get_state_display()),
    _measured(_("行数"), "rows"),
    _measured(_("空值"), "nulls"),
    _measured(_("空白"), "blanks"),
    _measured(_("不同值"), "distinct"),
    _measured(_("只出现一次"), "unique"),
    _measured(_("最小值"), "min"),
    _measured(_("最大值"), "max"),
    _measured(_("平均值"), "mean"),
    _of_length(_("最短"), "min"),
    _of_length(_("最长"), "max"),
    Field(_("高频值，前 5"), _top),
    Field(_("字符模式，前 5"), _patterns),
    _measured(_("剖析时间"), "at"),
)

SOURCES = (
    Field(_("数据源"), lambda row: row.name),
    Field(_("机构"), lambda row: row.agency.name),
    Field(_("信息系统"), lambda row: row.system.name if row.system else ""),
    Field(_("类型"), lambda row: row.kind),
    Field(_("状态"), lambda row: row.get_state_display()),
    Field(_("账号可写"), lambda row: row.can_write),
    Field(_("表"), lambda row: row.table_count),
    Field(_("字段"), lambda row: row.column_count),
    Field(_("行数"), lambda row: row.row_total),
    Field(_("容量（字节）"), lambda row: row.byte_total),
    Field(_("无法读取"), lambda row: row.unreadable_count),
    Field(_("盘点计划"), lambda row: row.census_cron),
    Field(_("扫描计划"), lambda row: row.scan_cron),
    Field(_("联系人"), lambda row: row.contact_name),
    Field(_("最近盘点"), lambda row: row.last_census_at),
    Field(_("最近扫描"), lambda row: row.last_scan_at),
)

CHANGES = (
    Field(_("发现时间"), lambda row: row.at),
    Field(_("机构"), lambda row: row.source.agency.name),
    Field(_("数据源"), lambda row: row.source.name),
    Field(_("表"), lambda row: row.table.label),
    Field(_("字段"), lambda row: row.column.name if row.column else ""),
    Field(_("变更类型"), lambda row: row.get_kind_display()),
    Field(_("变更前"), lambda row: _said(row.before)),
    Field(_("变更后"), lambda row: _said(row.after)),
)


def _said(facts: dict[str, Any]) -> str:
    return translate("；").join(f"{name}: {value}" for name, value in facts.items())
