"""Reads: census runs, scan runs, schema changes."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import OuterRef, QuerySet
from django.utils import timezone

from accounts.scope import visible_to
from assets.choices import Brake, SourceState
from assets.models import CensusRun, Column, ScanRun, SchemaChange, Table
from core.models import Job

R = TypeVar("R", CensusRun, ScanRun)


def census_runs_visible_to(user: Any) -> QuerySet[CensusRun]:
    runs = CensusRun.objects.exclude(source__state=SourceState.REMOVED).select_related("source__agency", "decided_by")
    return _with_job_state(visible_to(user, runs.defer("source__sealed_secrets")))


def scan_runs_visible_to(user: Any) -> QuerySet[ScanRun]:
    runs = ScanRun.objects.exclude(source__state=SourceState.REMOVED).select_related("source__agency")
    return _with_job_state(visible_to(user, runs.defer("source__sealed_secrets")))


def _with_job_state(runs: QuerySet[R]) -> QuerySet[R]:
    """With ``job_state``, from which ``Run.shown_state`` sees that a run's job died under it."""
    return runs.annotate(job_state=Job.objects.filter(pk=OuterRef("job_id")).values("state")[:1])


def held_runs(user: Any) -> QuerySet[CensusRun]:
    """Census runs whose mass disappearance this user may decide on."""
    held = census_runs_visible_to(user).filter(brake=Brake.HELD)
    return visible_to(user, held, verb="census.run")


def held_tables(run: CensusRun) -> QuerySet[Table]:
    """The tables that a held run did not find, by name."""
    return Table.objects.filter(pk__in=run.held.get("tables", ())).order_by("schema_name", "name", "id")


def held_columns(run: CensusRun) -> QuerySet[Column]:
    """The columns that a held run did not find in tables that are there."""
    columns = Column.objects.filter(pk__in=run.held.get("columns", ())).select_related("table")
    return columns.order_by("table__name", "position", "id")


def changes_visible_to(user: Any) -> QuerySet[SchemaChange]:
    """Changes with what they are about, newest first."""
    changes = SchemaChange.objects.exclude(source__state=SourceState.REMOVED).select_related(
        "table", "column", "source__agency"
    )
    return visible_to(user, changes.defer("source__sealed_secrets"))


def changes_of_table(table: Table) -> QuerySet[SchemaChange]:
    """The history of a table and its columns, newest first."""
    return table.changes.select_related("column", "run")


def changes_of_column(column: Column) -> QuerySet[SchemaChange]:
    return column.changes.select_related("run")


def since(days: int, now: datetime | None = None) -> datetime:
    """The moment ``days`` days ago."""
    return (now or timezone.now()) - timedelta(days=days)
