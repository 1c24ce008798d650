"""Reads: census runs, scan runs, schema changes."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Count, Func, IntegerField, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.scope import visible_to
from assets.choices import Brake, SourceState
from assets.models import CensusRun, Column, ScanRun, SchemaChange, Table, TableProfile
from core.choices import ItemState, JobState
from core.models import Job, JobItem

R = TypeVar("R", CensusRun, ScanRun)
LENGTH = IntegerField()
DONE = Q(state=ItemState.DONE)


def census_runs_visible_to(user: Any) -> QuerySet[CensusRun]:
    """Census runs with source and agency, and ``unreadable_count``: objects of any kind that could not be read."""
    runs = CensusRun.objects.exclude(source__state=SourceState.REMOVED).select_related("source__agency", "decided_by")
    counted = runs.annotate(unreadable_count=Func("unreadable", function="jsonb_array_length", output_field=LENGTH))
    return _with_job_state(visible_to(user, counted.defer("source__sealed_secrets")))


def scan_runs_visible_to(user: Any) -> QuerySet[ScanRun]:
    runs = ScanRun.objects.exclude(source__state=SourceState.REMOVED).select_related("source__agency")
    return _with_job_state(visible_to(user, runs.defer("source__sealed_secrets")))


def _with_job_state(runs: QuerySet[R]) -> QuerySet[R]:
    """With ``job_state``, from which ``Run.shown_state`` sees that a run's job died under it."""
    return runs.annotate(job_state=Job.objects.filter(pk=OuterRef("job_id")).values("state")[:1])


@dataclass(frozen=True, slots=True)
class Step:
    """One object that a run has dealt with: an item of its job, or of a scan the profile that came of it."""

    label: str
    table: Table | None  # None: not on the register
    at: datetime
    error: str = ""  # why it could not be done, in the active language
    profile: TableProfile | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a run, those that failed first and then the newest; ``hidden`` more are not listed."""

    rows: Sequence[Step]
    done: int
    failed: int
    measured: bool = False  # the steps of a scan carry profiles

    @property
    def hidden(self) -> int:
        return self.done + self.failed - len(self.rows)


def census_steps(run: CensusRun, job: Job | None, limit: int) -> Steps:
    """From the items of the job, whose keys are schema and name. Three queries."""
    if job is None:
        return Steps((), 0, 0)
    counts = job.items.aggregate(done=Count("pk", filter=DONE), failed=Count("pk", filter=~DONE))
    items = list(job.items.order_by("-state", "-at", "-id")[:limit])  # "failed" sorts after "done"
    names = [tuple(json.loads(item.key)) if item.key.startswith("[") else ("", "") for item in items]
    found = Table.objects.filter(source=run.source_id, name__in={name for _schema, name in names}).order_by("state")
    tables = {(table.schema_name, table.name): table for table in found}  # order: a gone one of that name gives way
    return Steps(_steps(items, [tables.get(name) for name in names]), counts["done"], counts["failed"])


def scan_steps(run: ScanRun, job: Job | None, limit: int) -> Steps:
    """Tables that failed from the items of the job, whose keys are ids; the others from their profiles."""
    failed = job.items.filter(state=ItemState.FAILED) if job else JobItem.objects.none()
    items = list(failed.order_by("-at", "-id")[:limit])
    tables = {str(pk): table for pk, table in Table.objects.in_bulk([item.key for item in items]).items()}
    profiles = run.profiles.select_related("table").order_by("-at", "-id")[: max(0, limit - len(items))]
    rows = [
        *_steps(items, [tables.get(item.key) for item in items]),
        *(Step(profile.table.label, profile.table, profile.at, profile=profile) for profile in profiles),
    ]
    return Steps(rows, run.profiles.count(), failed.count(), measured=True)


def going_on(
    user: Any, jobs: Sequence[Job], limit: int
) -> tuple[CensusRun, Steps] | tuple[ScanRun, Steps] | tuple[None, None]:
    """The run that one of ``jobs`` is carrying out, with its newest steps; Nones while all of them wait."""
    running = {job.pk: job for job in jobs if job.state == JobState.RUNNING}
    if not running:
        return None, None
    census = census_runs_visible_to(user).filter(job_id__in=running).first()
    if census is not None:
        return census, census_steps(census, running[census.job_id], limit)
    scan = scan_runs_visible_to(user).filter(job_id__in=running).first()
    return (None, None) if scan is None else (scan, scan_steps(scan, running[scan.job_id], limit))


def _steps(items: Iterable[JobItem], tables: Iterable[Table | None]) -> list[Step]:
    return [
        Step(item.label or item.key, table, item.at, item.error_text) for item, table in zip(items, tables, strict=True)
    ]


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
