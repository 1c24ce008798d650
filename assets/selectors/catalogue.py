"""Reads: tables and columns with their current profiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from accounts.scope import visible_to
from assets.choices import ObjectState, SourceState
from assets.models import Column, ColumnProfile, DataSource, Table, TableProfile


def tables_visible_to(user: Any, *, gone: bool = False) -> QuerySet[Table]:
    """Tables with source, agency, system and owner; those that are gone only when asked for."""
    tables = Table.objects.exclude(source__state=SourceState.REMOVED)
    if not gone:
        tables = tables.exclude(state=ObjectState.GONE)
    return visible_to(user, tables.select_related("source__agency", "source__system", "owner")).defer(
        "source__sealed_secrets"
    )


# Not a join, which would be made for each of millions of columns: few tables are gone.
in_gone_table = Exists(Table.objects.filter(pk=OuterRef("table_id"), state=ObjectState.GONE))


def columns_visible_to(user: Any, *, gone: bool = False) -> QuerySet[Column]:
    """Columns with table, source and agency, and ``profile`` at no further query a row."""
    columns = Column.objects.exclude(source__state=SourceState.REMOVED)
    if not gone:
        columns = columns.exclude(state=ObjectState.GONE).exclude(in_gone_table)
    columns = columns.select_related("table", "source__agency").defer("source__sealed_secrets")
    return with_profile(visible_to(user, columns))


def with_profile(columns: QuerySet[Column]) -> QuerySet[Column]:
    """The same columns, each with its current profile (one query for all); sketches stay in the database."""
    current = ColumnProfile.objects.filter(current=True).defer("sketch")
    return columns.prefetch_related(Prefetch("profiles", queryset=current, to_attr="current_profiles"))


def columns_of(table: Table, *, gone: bool = False) -> QuerySet[Column]:
    """Columns of a table the caller may see, in order, with their profiles."""
    columns = table.columns.order_by("position", "id")
    return with_profile(columns if gone else columns.exclude(state=ObjectState.GONE))


_current = ColumnProfile.objects.filter(column=OuterRef("pk"), current=True)
COLUMN_FACETS: dict[str, Q] = {
    "personal": ~Q(personal_kind=""),
    "gaps": Q(Exists(_current.filter(nulls__gt=0))),
    "unprofiled": ~Q(Exists(_current)),
}


def narrowed_columns(table: Table, text: str, facet: str) -> QuerySet[Column]:
    """Columns of a table with ``text`` in their names; only those of the facet when it is one."""
    named = Q(name__icontains=text) | Q(title__icontains=text) | Q(comment__icontains=text)
    return columns_of(table).filter(named if text else Q(), COLUMN_FACETS.get(facet, Q()))


def column_facet_counts(table: Table) -> dict[str, int]:
    """How many columns of a table each facet shows; "" is all of them."""
    counts = {key: Count("pk", filter=condition) for key, condition in COLUMN_FACETS.items()}
    found = table.columns.exclude(state=ObjectState.GONE).aggregate(every=Count("pk"), **counts)
    return {"": found.pop("every"), **found}


def profile_of(table: Table) -> TableProfile | None:
    """The newest reading of a table, or None when it was never profiled."""
    return table.profiles.filter(current=True).select_related("run").first()


def table_history(table: Table, limit: int = 90) -> list[TableProfile]:
    """Readings of a table, oldest first: rows over time."""
    return list(reversed(table.profiles.order_by("-at", "-id")[:limit]))


def column_history(column: Column, limit: int = 90) -> list[ColumnProfile]:
    """Profiles of a column, oldest first: nulls and distinct values over time. Values are left out."""
    fields = ("id", "column_id", "at", "rows", "nulls", "blanks", "distinct", "exact", "null_share", "distinct_share")
    return list(reversed(column.profiles.only(*fields).order_by("-at", "-id")[:limit]))


def chosen_tables(user: Any, source: DataSource, ids: Sequence[UUID]) -> list[Table]:
    """The tables of ``source`` with these ids, all of them. Raises ValidationError when one is not there to be seen."""
    found = list(tables_visible_to(user, gone=True).filter(source=source, pk__in=ids)) if ids else []
    if len(found) != len(set(ids)):
        raise ValidationError({"tables": _("所选的表不存在或不属于该数据源。")})
    return found


@dataclass(frozen=True, slots=True)
class SchemaSummary:
    """One schema of a source."""

    name: str
    tables: int
    rows: int | None
    unreadable: int


def schemas_of(source: DataSource) -> list[SchemaSummary]:
    """The schemas of a source with their tables that are not gone, by name."""
    rows = (
        source.tables.exclude(state=ObjectState.GONE)
        .order_by("schema_name")
        .values("schema_name")
        .annotate(count=Count("id"), total=Sum("rows"), broken=Count("id", filter=Q(state=ObjectState.UNREADABLE)))
    )
    return [SchemaSummary(row["schema_name"], row["count"], row["total"], row["broken"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key between two tables of one source, seen from either side."""

    table: Table
    columns: tuple[str, ...]
    target: Table | None  # None: not found by the census
    target_label: str
    target_columns: tuple[str, ...]


def references_from(table: Table) -> list[Reference]:
    """The foreign keys of ``table``, each with the table it points to."""
    keys = table.foreign_keys
    wanted = {(key["ref_schema"], key["ref_table"]) for key in keys}
    there = table.source.tables.filter(name__in={name for _, name in wanted}).exclude(state=ObjectState.GONE)
    known = {(item.schema_name, item.name): item for item in there} if keys else {}
    return [_reference(table, key, known.get((key["ref_schema"], key["ref_table"]))) for key in keys]


def references_to(table: Table) -> list[Reference]:
    """The foreign keys of other tables of the source that point to ``table``."""
    pointing = table.source.tables.exclude(state=ObjectState.GONE).filter(
        foreign_keys__contains=[{"ref_schema": table.schema_name, "ref_table": table.name}]
    )
    return [
        _reference(other, key, table)
        for other in pointing.order_by("schema_name", "name")
        for key in other.foreign_keys
        if (key["ref_schema"], key["ref_table"]) == (table.schema_name, table.name)
    ]


def _reference(table: Table, key: dict[str, Any], target: Table | None) -> Reference:
    label = f"{key['ref_schema']}.{key['ref_table']}" if key["ref_schema"] else key["ref_table"]
    return Reference(table, tuple(key["columns"]), target, label, tuple(key["ref_columns"]))
