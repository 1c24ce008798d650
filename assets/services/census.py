"""The census of a source: what is there, what changed since, what could not be read (docs/census.md)."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from assets import policy, signals
from assets.choices import Brake, ChangeKind, ObjectState, RunState, SourceState
from assets.messages import as_stored
from assets.models import CensusRun, Column, DataSource, SchemaChange, Table
from assets.services import apply, brake, gone, plan, runs
from assets.services.known import Known, load_known
from assets.services.sources import note_contact
from core import clock
from core.jobs import JobContext, JobFailed
from scanner.errors import SourceError
from scanner.model import Snapshot, Unreadable

MAX_LISTED = 1000  # unreadable objects kept on the run


def run_census(context: JobContext) -> Callable[[], dict[str, Any]]:
    """Carry out a census job; what it returns runs in the finishing transaction.

    A snapshot that fails changes nothing: raises JobFailed with the code of the source's error.
    """
    source = runs.active_source(context)
    run = runs.begin(CensusRun, context, source)
    with runs.watched(run):
        context.progress(0, 0, "assets.snapshot")
        known = load_known(source)
        snapshot, hidden = _look(run, source, known)
        context.progress(0, len(snapshot.tables), "assets.compare")
        todo = plan.make(known, snapshot, hidden)
        _record(context, run, todo)
        context.progress(todo.total, todo.total, "assets.finish")
    return lambda: _finish(run, snapshot, todo)


def _look(run: CensusRun, source: DataSource, known: Known) -> tuple[Snapshot, tuple[Unreadable, ...]]:
    """Read the catalogue, and ask about what it lacks. The session with the source lasts no longer than this."""
    try:
        with policy.open_connector(source, alone=True) as connector:
            snapshot = connector.snapshot()
            found = {(table.schema, table.name) for table in snapshot.tables}
            missing = sorted(set(known.by_name()) - found)
            # of a cut list nothing that is missing can be called gone
            hidden = plan.beyond(snapshot, missing) if snapshot.cut else connector.still_there(missing)
            run.statements = connector.statements
    except SourceError as error:
        note_contact(source, error)
        code, params = as_stored(error)
        raise JobFailed(code, **params) from None
    note_contact(source, None)
    return snapshot, hidden


def _record(context: JobContext, run: CensusRun, todo: plan.Plan) -> None:
    """Write down what differs, one checkpoint a table. A resumed attempt finds the finished ones unchanged."""
    now = clock.now()
    _touch(todo, now)
    done = len(todo.same)
    for step in todo.steps:
        context.progress(done, todo.total, "assets.record")
        with context.item(plan.key_of(step.found), step.found.label):
            apply.record(run, step, now)
        if step.unreadable:
            context.item_failed(plan.key_of(step.found), step.found.label, **step.unreadable)
        done += 1
    for table, reason in todo.unreadable:
        context.progress(done, todo.total, "assets.record")
        with transaction.atomic():
            mark_unreadable(run, table, reason, now)
            context.item_failed(plan.key_of(table), table.label, **reason)
        done += 1
    for label, reason in todo.other_unreadable:
        context.item_failed(f"unreadable:{label}", label, **reason)


def _touch(todo: plan.Plan, now: datetime) -> None:
    """Tables that are as they were: seen again, with today's sizes. One statement for a thousand."""
    moved = [(t, found) for t, found in todo.same if (t.row_estimate, t.bytes) != (found.row_estimate, found.bytes)]
    for table, found in moved:
        table.row_estimate, table.bytes = found.row_estimate, found.bytes
    for some in batched([table for table, _ in moved]):  # bulk_update would make up all its statements at once
        Table.objects.bulk_update(some, ["row_estimate", "bytes"])
    for some in batched([table for table, _ in todo.same]):
        Table.objects.filter(pk__in=[table.pk for table in some]).update(last_seen_at=now)


def batched(tables: Sequence[Table], size: int = 1000) -> Iterator[Sequence[Table]]:
    return (tables[start : start + size] for start in range(0, len(tables), size))


def mark_unreadable(run: CensusRun, table: Table, reason: dict[str, Any], now: datetime) -> None:
    """The table is there, or may be; it keeps its columns and its profile."""
    if table.state != ObjectState.UNREADABLE:
        SchemaChange.objects.create(
            source=run.source, table=table, run=run, kind=ChangeKind.UNREADABLE, at=now, after={"code": reason["code"]}
        )
        table.state_at = now
    table.state, table.state_code, table.state_params = ObjectState.UNREADABLE, reason["code"], reason["params"]
    table.save(update_fields=["state", "state_code", "state_params", "state_at"])


def _finish(run: CensusRun, snapshot: Snapshot, todo: plan.Plan) -> dict[str, Any]:
    """Make the run final: disappearances or the brake, counters, signals. In the job's finishing transaction."""
    brake.supersede_older(run)
    if todo.held:
        brake.hold(run, todo.gone_tables, todo.gone_columns)
    else:
        gone.mark_tables(run, list(Table.objects.filter(pk__in=todo.gone_tables).select_related("source")))
        gone.mark_columns(run, list(Column.objects.filter(pk__in=todo.gone_columns)))
    _count(run, snapshot, todo)
    run.state = RunState.PARTIAL if run.unreadable else RunState.SUCCEEDED
    run.finished_at = clock.now()
    run.save()
    gone.recount(run.source)
    DataSource.objects.filter(pk=run.source_id).update(
        last_census_at=run.finished_at, can_write=snapshot.privileges.can_write,
        superuser=snapshot.privileges.superuser,
    )  # fmt: skip
    run.source.refresh_from_db()
    signals.census_finished.send(sender=CensusRun, run=run)
    return result_of(run)


def _count(run: CensusRun, snapshot: Snapshot, todo: plan.Plan) -> None:
    """Counters of the run, from the changes that all its attempts wrote."""
    kinds = SchemaChange.objects.filter(run=run, column=None).values_list("table_id", "kind").distinct()
    tables: dict[str, int] = {}
    for _table, kind in kinds:
        tables[kind] = tables.get(kind, 0) + 1
    columns = SchemaChange.objects.filter(run=run, column__isnull=False)
    changed = set(columns.values_list("table_id", flat=True)) | {
        table for table, kind in kinds if kind == ChangeKind.CHANGED
    }
    run.tables_seen, run.columns_seen = len(snapshot.tables), sum(len(table.columns) for table in snapshot.tables)
    run.tables_created, run.tables_changed = tables.get(ChangeKind.CREATED, 0), len(changed)
    run.tables_renamed, run.tables_gone = tables.get(ChangeKind.RENAMED, 0), tables.get(ChangeKind.GONE, 0)
    run.tables_returned = tables.get(ChangeKind.RETURNED, 0)
    run.tables_unreadable = len(todo.unreadable) + len(todo.failed)
    run.unreadable = todo.listed_unreadable[:MAX_LISTED]


def result_of(run: CensusRun) -> dict[str, Any]:
    """What the job answers: the run and its counts."""
    counts = {
        name: getattr(run, f"tables_{name}")
        for name in ("seen", "created", "changed", "renamed", "gone", "returned", "unreadable")
    }
    return {"census": str(run.pk), "tables": counts, "columns": run.columns_seen, "held": run.brake == Brake.HELD}


def check_source(context: JobContext) -> Callable[[], dict[str, Any]]:
    """Carry out a connection test: what the server says of itself, and what the account may do."""
    source = runs.find_source(context)
    context.progress(0, 1, "assets.connect")
    try:
        with policy.open_connector(source) as connector:
            report = connector.test()
    except SourceError as error:
        note_contact(source, error)
        DataSource.objects.filter(pk=source.pk).update(last_test_at=clock.now())
        code, params = as_stored(error)
        raise JobFailed(code, **params) from None
    context.progress(1, 1, "assets.connect")

    def finish() -> dict[str, Any]:
        note_contact(source, None)
        facts = {
            "server_version": report.server[:300], "latency_ms": report.latency_ms,
            "can_write": report.privileges.can_write, "superuser": report.privileges.superuser,
        }  # fmt: skip
        DataSource.objects.filter(pk=source.pk).exclude(state=SourceState.REMOVED).update(
            last_test_at=clock.now(), **facts
        )
        return {**facts, "schemas": report.schemas, "tables": report.tables}

    return finish
