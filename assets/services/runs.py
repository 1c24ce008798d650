"""What census and scan share: the run row of a job, from its beginning to its end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import transaction
from django.db.models import Count, Sum

from assets.choices import RunState, SourceState
from assets.models import CensusRun, DataSource, ScanRun
from core import clock
from core.jobs import JobCancelled, JobContext, JobFailed
from core.jobs.context import JobTimedOut
from core.models import Job
from core.outage import storage_full

R = TypeVar("R", CensusRun, ScanRun)


def find_source(context: JobContext) -> DataSource:
    """The source of the job, unless it was taken off the register. Raises JobFailed."""
    source = DataSource.objects.select_related("agency", "system").filter(pk=context.params["source"]).first()
    if source is None:
        raise JobFailed("source_missing")
    if source.state == SourceState.REMOVED:
        raise JobFailed("source_inactive", name=source.name)
    return source


def active_source(context: JobContext) -> DataSource:
    """As ``find_source``; a disabled source is refused too."""
    source = find_source(context)
    if not source.is_active:
        raise JobFailed("source_inactive", name=source.name)
    return source


@transaction.atomic
def begin(model: type[R], context: JobContext, source: DataSource) -> R:
    """The run of this job: a new one, or at a resumed attempt the one begun before.

    Jobs of one source never run side by side, so other runs that still seem to be going on were abandoned.
    """
    actor = Job.objects.values_list("actor_name", flat=True).get(pk=context.job_id)
    run, _new = model.objects.get_or_create(
        job_id=context.job_id, defaults={"source": source, "started_at": clock.now(), "actor_name": actor}
    )
    run.source = source
    if run.state != RunState.RUNNING:  # an earlier attempt lost our database on its way out
        run.state, run.error_code, run.error_params, run.finished_at = RunState.RUNNING, "", {}, None
        run.save()
    abandoned = model.objects.filter(source=source, state=RunState.RUNNING).exclude(pk=run.pk)
    abandoned.update(state=RunState.FAILED, error_code="worker_lost", finished_at=clock.now())
    return run


@contextmanager
def watched(run: CensusRun | ScanRun) -> Iterator[None]:
    """Write down how the run ended when its job ends badly. An interrupted one goes on in another worker."""
    try:
        yield
    except JobFailed as error:
        _end(run, RunState.FAILED, error.code, error.params)
        raise
    except JobTimedOut as error:
        _end(run, RunState.FAILED, "timeout", {"seconds": error.seconds})
        raise
    except JobCancelled:
        _end(run, RunState.CANCELLED, "", {})
        raise
    except Exception as error:
        _end(run, RunState.FAILED, "storage_full" if storage_full(error) else "internal_error", {})
        raise


def count_read(run: ScanRun) -> None:
    """Set what all attempts of a scan have read so far. The caller saves the run."""
    read = run.profiles.aggregate(tables=Count("pk"), rows=Sum("rows", default=0), sent=Sum("statements", default=0))
    run.tables_done, run.rows_read, run.statements = read["tables"], read["rows"], read["sent"]


def _end(run: CensusRun | ScanRun, state: RunState, code: str, params: dict[str, object]) -> None:
    if isinstance(run, ScanRun):
        count_read(run)
    run.state, run.error_code, run.error_params, run.finished_at = state, code, params, clock.now()
    run.save()
