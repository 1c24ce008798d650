"""The scan of a source: every table is read once, for the profile and for all contributors together."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from assets import contributors, policy, signals
from assets.choices import ObjectState, RunState
from assets.messages import as_stored
from assets.models import DataSource, ScanRun, Table
from assets.services import gone, profiles, runs
from assets.services.sources import note_contact
from core import clock, keys
from core.jobs import JobContext, JobFailed
from scanner.apart import Apart
from scanner.connectors.base import Connector
from scanner.errors import SourceError
from scanner.model import Reading, Rule
from scanner.reading import read_named

# After one of these the session is worth nothing: reconnect, and stop when that fails too.
_BROKEN = frozenset({"connection_lost", "timeout", "unreachable"})
# These say that no table can be read, not that one cannot.
_FATAL = frozenset({"wrong_password", "unknown_database", "host_refused", "driver_missing", "bad_parameter"})


Source = Connector | Apart


@dataclass(frozen=True, slots=True)
class Outcome:
    """One table read."""

    reading: Reading
    seconds: float


def run_scan(context: JobContext) -> Callable[[], dict[str, Any]]:
    """Carry out a scan job; what it returns runs in the finishing transaction.

    A table that cannot be read is a failed item and the rest goes on; when none can, the job fails. When the source
    cannot be reached any more the job fails with the code of the source's error; what was read before stays.
    """
    source = runs.active_source(context)
    run = runs.begin(ScanRun, context, source)
    with runs.watched(run):
        tables = _chosen(context, source)
        run.tables_total, run.selected = len(tables), bool(context.params.get("tables"))
        run.save()
        _read_all(context, run, tables)
        if tables and not run.profiles.exists():
            raise JobFailed("nothing_read", count=len(tables))
        context.progress(len(tables), len(tables), "assets.finish")
    return lambda: _finish(run)


def _chosen(context: JobContext, source: DataSource) -> list[Table]:
    """The tables to read, by name. Unreadable ones are tried again: a grant may have come back."""
    tables = Table.objects.filter(source=source).exclude(state=ObjectState.GONE)
    if context.params.get("tables"):
        tables = tables.filter(pk__in=context.params["tables"])
    found = list(tables.order_by("schema_name", "name", "id"))
    for table in found:
        table.source = source
    return found


def _read_all(context: JobContext, run: ScanRun, tables: Sequence[Table]) -> None:
    finished = context.done_items()
    connector = _open(run.source)
    try:
        for done, table in enumerate(tables):
            context.progress(done, len(tables), "assets.read")
            if str(table.pk) in finished:
                continue
            context.check()
            rules = [rule for each in contributors.all_contributors() for rule in each.rules_for(table)]
            try:
                connector, outcome = _read(context, connector, table, rules)
            except SourceError as error:
                _note_failure(context, run, table, error)
                continue
            _store(context, run, table, outcome)
    finally:
        connector.close()


def _open(source: DataSource) -> Source:
    """A connector for the source; raises JobFailed when not even its parameters are good."""
    try:
        return policy.open_connector(source, alone=True)
    except SourceError as error:
        raise _failed(source, error) from None


def _read(context: JobContext, connector: Source, table: Table, rules: Sequence[Rule]) -> tuple[Source, Outcome]:
    """Read one table, a second time over a new session when the first broke. Raises SourceError, JobFailed."""
    try:
        return connector, _read_once(context, connector, table, rules)
    except SourceError as error:
        if error.code in _FATAL:
            raise _failed(table.source, error) from None
        if error.code not in _BROKEN:
            raise
    connector.close()
    connector = _open(table.source)
    try:
        connector.test()
    except SourceError as error:
        raise _failed(table.source, error) from None
    return connector, _read_once(context, connector, table, rules)


def _read_once(context: JobContext, connector: Source, table: Table, rules: Sequence[Rule]) -> Outcome:
    began = time.monotonic()
    reading = read_named(
        connector, table.schema_name, table.name, rules=rules, plan="push" if table.source.push_only else "auto",
        now=clock.now(), tz=timezone.get_current_timezone(),
        sketch_key=keys.current().derive(b"datagene sketch"), should_stop=context.check,
    )  # fmt: skip
    return Outcome(reading, time.monotonic() - began)


def _failed(source: DataSource, error: SourceError) -> JobFailed:
    note_contact(source, error)
    code, params = as_stored(error)
    return JobFailed(code, **params)


def _store(context: JobContext, run: ScanRun, table: Table, outcome: Outcome) -> None:
    """Profile and the contributors' results, in the transaction of the table's checkpoint."""
    with context.item(str(table.pk), table.label) as detail:
        profiles.store(run, table, outcome.reading, outcome.seconds)
        for contributor in contributors.all_contributors():
            contributor.store(table=table, reading=outcome.reading, run=run)
        detail |= {"rows": outcome.reading.rows, "plan": outcome.reading.plan, "seconds": round(outcome.seconds, 2)}


def _note_failure(context: JobContext, run: ScanRun, table: Table, error: SourceError) -> None:
    """The table keeps its last profile, with its date, and says why there is no newer one."""
    code, params = as_stored(error)
    with transaction.atomic():
        if table.state == ObjectState.SEEN:
            table.state_at = clock.now()
        table.state, table.state_code, table.state_params = ObjectState.UNREADABLE, code, params
        table.save(update_fields=["state", "state_code", "state_params", "state_at"])
        context.item_failed(str(table.pk), table.label, code, params)


def _finish(run: ScanRun) -> dict[str, Any]:
    """Make the run final. In the job's finishing transaction."""
    runs.count_read(run)
    run.tables_failed = run.tables_total - run.tables_done
    run.state = RunState.PARTIAL if run.tables_failed else RunState.SUCCEEDED
    run.finished_at = clock.now()
    run.save()
    gone.recount(run.source)
    DataSource.objects.filter(pk=run.source_id).update(last_scan_at=run.finished_at)
    if run.tables_done:
        note_contact(run.source, None)
    for contributor in contributors.all_contributors():
        contributor.finish(run=run)
    signals.scan_finished.send(sender=ScanRun, run=run)
    return {
        "scan": str(run.pk), "tables": run.tables_done, "failed": run.tables_failed, "rows": run.rows_read,
    }  # fmt: skip
