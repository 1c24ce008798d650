"""Writing down that objects are gone, and what remains."""

from collections.abc import Sequence

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from assets import documents, signals
from assets.choices import ChangeKind, ObjectState
from assets.models import CensusRun, Column, DataSource, SchemaChange, Table
from assets.services.counts import recount_columns
from core import clock, search


def mark_tables(run: CensusRun, tables: Sequence[Table]) -> None:
    """These tables are confirmed gone: one change each, out of the search index, announced."""
    if not tables:
        return
    now = clock.now()
    ids = [table.pk for table in tables]
    Table.objects.filter(pk__in=ids).update(state=ObjectState.GONE, state_code="", state_params={}, state_at=now)
    SchemaChange.objects.bulk_create(
        [SchemaChange(source_id=table.source_id, table=table, run=run, kind=ChangeKind.GONE, at=now,
                      before={"name": table.label}) for table in tables],
        batch_size=1000,
    )  # fmt: skip
    search.remove(documents.keys_of_tables(ids))
    signals.table_gone.send(sender=CensusRun, run=run, tables=list(tables))


def mark_columns(run: CensusRun, columns: Sequence[Column]) -> None:
    """These columns are confirmed gone from tables that are there."""
    if not columns:
        return
    now = clock.now()
    ids = [column.pk for column in columns]
    Column.objects.filter(pk__in=ids).update(state=ObjectState.GONE, state_code="", state_params={}, state_at=now)
    SchemaChange.objects.bulk_create(
        [SchemaChange(source_id=column.source_id, table_id=column.table_id, column=column, run=run, at=now,
                      kind=ChangeKind.GONE, before={"name": column.name, "type": column.type}) for column in columns],
        batch_size=1000,
    )  # fmt: skip
    recount_columns({column.table_id for column in columns})
    search.remove([documents.column_key(pk) for pk in ids])


def recount(source: DataSource) -> None:
    """Set the counters of ``source`` from its tables, in two statements."""
    there = ~Q(state=ObjectState.GONE)
    found = Table.objects.filter(source=source).aggregate(
        table_count=Count("pk", filter=there),
        column_count=Coalesce(Sum("column_count", filter=there), 0),
        unreadable_count=Count("pk", filter=Q(state=ObjectState.UNREADABLE)),
        row_total=Coalesce(Sum("rows", filter=there), 0),
        byte_total=Coalesce(Sum("bytes", filter=there), 0),
    )
    DataSource.objects.filter(pk=source.pk).update(**found)
