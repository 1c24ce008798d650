"""What was done over the last months: jobs, censuses, scans, changes, volumes and the audit trail of one source."""

from datetime import datetime, timedelta

from assets.choices import ChangeKind, Method, RunState
from assets.models import CensusRun, DataSource, ScanRun, SchemaChange, Table
from core.choices import ItemState, JobState
from core.models import Job, JobItem, Schedule
from demo.scale.rows import Batch
from quantity.choices import Origin
from quantity.models import VolumeSample

CENSUSES = 40  # the last of each source; one a day
SCANS = 12  # one a week
CHANGED = 0.5  # changes of the structure for each table, beside its creation
SAMPLED = 3  # volumes of each table


def runs(batch: Batch) -> None:
    """Fill ``batch.census`` and ``batch.scans``, newest first, each with its job."""
    for back in range(CENSUSES):
        job, began = _job(batch, "assets.census", back + 0.2)
        batch.census.append(CensusRun(
            id=batch.id(), job_id=job.pk, state=RunState.SUCCEEDED, actor_name="", statements=9, source=batch.source,
            started_at=began, finished_at=job.finished_at, tables_seen=batch.source.table_count,
            columns_seen=batch.source.column_count,
        ))  # fmt: skip
    for back in range(SCANS):
        job, began = _job(batch, "assets.scan", 7 * back + 0.1)
        batch.scans.append(ScanRun(
            id=batch.id(), job_id=job.pk, state=RunState.SUCCEEDED, source=batch.source, started_at=began,
            finished_at=job.finished_at, tables_total=batch.source.table_count, tables_done=batch.source.table_count,
        ))  # fmt: skip
    batch.add(*batch.census, *batch.scans)
    for kind, cron in (("assets.census", "0 2 * * *"), ("assets.scan", "30 3 * * 6")):
        batch.add(Schedule(
            kind=kind, params={"source": str(batch.source.pk)}, target=_target(batch.source),
            target_label=batch.source.name, scope_id=batch.source.agency_id, cron=cron, enabled=False,
            last_at=batch.before(0.2),
        ))  # fmt: skip


def _job(batch: Batch, kind: str, days: float) -> tuple[Job, datetime]:
    """A job that ended, and when it began."""
    began, source = batch.before(days + batch.random.uniform(0, 0.05)), batch.source
    failed = batch.random.random() < 0.02
    job = Job(
        id=batch.id(), kind=kind, target=_target(source), target_label=source.name, scope_id=source.agency_id,
        params={"source": str(source.pk)}, state=JobState.FAILED if failed else JobState.SUCCEEDED, attempt=1,
        progress_done=source.table_count, progress_total=source.table_count, created_at=began, started_at=began,
        finished_at=began + timedelta(seconds=batch.random.uniform(2, 400)), url=source.get_absolute_url(),
        error_code="connection_lost" if failed else "",
    )  # fmt: skip
    batch.add(job)
    return job, began


def _target(source: DataSource) -> str:
    return f"assets.DataSource:{source.pk}"


def tables(batch: Batch) -> None:
    """Of each table of the batch: the step of its last census, its changes, its volumes."""
    for table in batch.tables:
        run = batch.census[0]
        batch.add(JobItem(
            job_id=run.job_id, key=str(table.pk), label=table.label, state=ItemState.DONE,
            at=run.started_at,
        ))  # fmt: skip
        _changes(batch, table)
        for back in range(SAMPLED):
            batch.add(_volume(batch, table, back))


def _changes(batch: Batch, table: Table) -> None:
    def change(kind: ChangeKind, run: CensusRun, column: int | None = None) -> SchemaChange:
        columns = batch.columns[table.pk]
        return SchemaChange(
            source=batch.source, table=table, run=run, kind=kind,
            column=None if column is None else columns[column], before={} if column is None else {"nullable": False},
            after={"name": table.label} if column is None else {"nullable": True},
            at=table.first_seen_at if column is None else run.started_at,
        )  # fmt: skip

    batch.add(change(ChangeKind.CREATED, batch.census[-1]))
    if batch.random.random() < CHANGED:
        column = batch.random.randrange(len(batch.columns[table.pk]))
        batch.add(change(ChangeKind.CHANGED, batch.random.choice(batch.census), column))


def _volume(batch: Batch, table: Table, back: int) -> VolumeSample:
    run = batch.census[back * (CENSUSES // SAMPLED)]
    rows = table.row_count if table.row_count is not None else table.row_estimate
    return VolumeSample(
        source=batch.source, agency=batch.agency, table=table, at=run.started_at,
        origin=Origin.CENSUS, run_id=run.pk, method=table.rows_method, columns=table.column_count,
        rows=None if rows is None else int(rows * 0.99**back), bytes=table.bytes, uncounted=int(rows is None),
    )  # fmt: skip


def volumes(batch: Batch, rows: int, size: int, uncounted: int) -> None:
    """The source as a whole, once a census; every total grew by a half percent."""
    for back, run in enumerate(batch.census):
        batch.add(VolumeSample(
            source=batch.source, agency=batch.agency, at=run.started_at,
            origin=Origin.CENSUS, run_id=run.pk, method=Method.ESTIMATE, tables=batch.source.table_count,
            columns=batch.source.column_count, rows=int(rows * 0.995**back), bytes=int(size * 0.995**back),
            uncounted=uncounted,
        ))  # fmt: skip
