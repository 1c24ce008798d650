"""What the search index knows of assets: one document for each system, source, table and column."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from assets.choices import ObjectState, SourceState
from assets.models import Column, DataSource, InformationSystem, Table
from core.search import Document, Kind, register_kind


def of_system(system: InformationSystem) -> Document:
    return Document(
        key=f"assets.InformationSystem:{system.pk}", kind="system", title=system.name, url=system.get_absolute_url(),
        subtitle=system.agency.name, scope_id=system.agency_id, codes=(system.code,), text=system.description,
    )  # fmt: skip


def of_source(source: DataSource) -> Document:
    return Document(
        key=f"assets.DataSource:{source.pk}", kind="source", title=source.name, url=source.get_absolute_url(),
        subtitle=source.agency.name, scope_id=source.agency_id, text=source.description,
    )  # fmt: skip


def of_table(table: Table) -> Document:
    """Needs ``table.source``; the physical name ranks with the title."""
    return Document(
        key=table_key(table.pk), kind="table", title=table.display_name, url=table.get_absolute_url(),
        subtitle=f"{table.label} · {table.source.name}", scope_id=table.source.agency_id,
        names=(table.name, table.label), text=f"{table.comment} {table.description}",
    )  # fmt: skip


def of_column(column: Column) -> Document:
    """Needs ``column.table`` and ``column.source``."""
    return Document(
        key=column_key(column.pk), kind="column", title=column.display_name, url=column.get_absolute_url(),
        subtitle=f"{column.label} · {column.source.name}", shared=True, scope_id=column.source.agency_id,
        names=(column.name,), text=f"{column.comment} {column.description} {column.table.label}",
    )  # fmt: skip


def table_key(pk: UUID) -> str:
    return f"assets.Table:{pk}"


def column_key(pk: UUID) -> str:
    return f"assets.Column:{pk}"


def keys_of_tables(ids: Iterable[UUID]) -> list[str]:
    """Keys of the documents of tables and all their columns."""
    tables = list(ids)
    columns = Column.objects.filter(table__in=tables).values_list("pk", flat=True)
    return [*(table_key(pk) for pk in tables), *(column_key(pk) for pk in columns)]


def keys_of_source(source: DataSource) -> list[str]:
    """Keys of the documents of a source and everything in it."""
    return [f"assets.DataSource:{source.pk}", *keys_of_tables(source.tables.values_list("pk", flat=True))]


def _systems() -> Iterator[Document]:
    return map(of_system, InformationSystem.objects.select_related("agency").iterator(chunk_size=2000))


def _sources() -> Iterator[Document]:
    sources = DataSource.objects.exclude(state=SourceState.REMOVED).select_related("agency")
    return map(of_source, sources.iterator(chunk_size=2000))


def _tables() -> Iterator[Document]:
    tables = Table.objects.exclude(state=ObjectState.GONE).exclude(source__state=SourceState.REMOVED)
    return map(of_table, tables.select_related("source").iterator(chunk_size=2000))


def _columns() -> Iterator[Document]:
    columns = Column.objects.exclude(state=ObjectState.GONE).exclude(table__state=ObjectState.GONE)
    columns = columns.exclude(source__state=SourceState.REMOVED).select_related("table", "source")
    return map(of_column, columns.iterator(chunk_size=2000))


def register() -> None:
    register_kind(Kind("table", _("表"), _tables, order=10, icon="table", mark="t"))
    register_kind(Kind("column", _("字段"), _columns, order=20, icon="columns-3", mark="c"))
    register_kind(Kind("source", _("数据源"), _sources, order=30, icon="database", verb="source.view"))
    register_kind(Kind("system", _("信息系统"), _systems, order=40, icon="server"))
