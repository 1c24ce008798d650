"""Running jobs in this process: one by id (a Celery task), or all that wait (``manage.py run_jobs``)."""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import structlog
from django.db import connection

from core import job_kinds
from core.choices import JobState
from core.jobs import ledger, limits
from core.jobs.context import JobCancelled, JobContext, JobFailed, JobInterrupted, JobTimedOut
from core.jobs.dispatch import dispatch, dispatch_next
from core.jobs.heartbeat import Heartbeat
from core.jobs.tick import report, tick
from core.models import Job
from core.outage import LOST_DATABASE, storage_full, tolerated
from core.texts import plain

log = logging.getLogger(__name__)

Stop = Callable[[], bool]
T = TypeVar("T")


def never() -> bool:
    return False


def run(job_id: UUID | str, *, stopping: Stop = never) -> bool:
    """Claim the job and carry it out; False when it was not ours to run (final, held, its exclusive key busy).

    Safe to call any number of times, from anywhere. Errors of the handler end in the ledger, never in the caller. Every
    line logged meanwhile carries the job's id and that of the request it came from; jobs created meanwhile inherit it.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}"
    lease = _patiently(lambda: ledger.claim(UUID(str(job_id)), owner), stopping=stopping)
    if lease is None:
        return False
    job = Job.objects.get(pk=lease.job_id)
    with structlog.contextvars.bound_contextvars(job_id=str(job.pk), kind=job.kind, request_id=job.request_id):
        _run(job, lease, stopping)
    return True


def _run(job: Job, lease: ledger.Lease, stopping: Stop) -> None:
    kind = job_kinds.get(job.kind)
    time_limit = (kind.time_limit if kind else None) or limits.attempt()
    # Inside a caller's transaction (a test) nobody else can see the claim: there is nothing to renew.
    heartbeat = None if connection.in_atomic_block else Heartbeat(lease, time_limit)
    context = JobContext(job, lease, time_limit=time_limit, heartbeat=heartbeat, stopping=stopping)
    if heartbeat:
        heartbeat.progress(*context.final_progress)
        heartbeat.start()
    try:
        _carry_out(job, kind, context, lease, heartbeat)
    except ledger.LeaseLost:
        log.warning("a stale attempt was refused, its results dropped")
    finally:
        _stop(heartbeat)
    dispatch_next(job.exclusive_key)


def _carry_out(
    job: Job,
    kind: job_kinds.JobKind | None,
    context: JobContext,
    lease: ledger.Lease,
    heartbeat: Heartbeat | None,
) -> None:
    """Call the handler and write how it ended."""
    try:
        if kind is None:
            raise JobFailed("unknown_kind", kind=job.kind)
        results = kind.handler(context)
        if context.cancelled:
            raise JobCancelled
        _stop(heartbeat)
        _finish(context, lease, JobState.SUCCEEDED, results)
    except JobFailed as error:
        _fail(context, lease, heartbeat, error)
    except JobCancelled:
        _stop(heartbeat)
        _finish(context, lease, JobState.CANCELLED)
    except (JobInterrupted, KeyboardInterrupt, SystemExit) as error:
        _stop(heartbeat)
        _give_back(lease, forgive=True)
        if not isinstance(error, JobInterrupted):
            raise
    except JobTimedOut as error:
        _fail(context, lease, heartbeat, JobFailed("timeout", seconds=error.seconds))
    except Exception as error:
        if storage_full(error):
            log.exception("a disk is full")
            _fail(context, lease, heartbeat, JobFailed("storage_full"))
        elif isinstance(error, LOST_DATABASE):
            log.warning("the platform's database was lost; the job will be resumed", exc_info=True)
            _stop(heartbeat)
            _give_back(lease, forgive=False)
        else:
            reference = secrets.token_hex(4)
            log.exception("a job failed unexpectedly", extra={"reference": reference})
            _fail(context, lease, heartbeat, JobFailed("internal_error", reference=reference))


def _fail(context: JobContext, lease: ledger.Lease, heartbeat: Heartbeat | None, error: JobFailed) -> None:
    _stop(heartbeat)
    _finish(context, lease, JobState.FAILED, error_code=error.code, error_params=plain(error.params))


def _finish(
    context: JobContext,
    lease: ledger.Lease,
    state: JobState,
    results: job_kinds.Results | None = None,
    **fields: object,
) -> None:
    """The fenced finish: state, results and final progress in one transaction; patient with a database restart."""
    done, total, phase = context.final_progress

    def write() -> None:
        if ledger.already_finished(lease):
            return
        with ledger.finishing(lease, state, progress_done=done, progress_total=total, phase=phase, **fields):
            ledger.set_result(lease, state, results() if results else {})

    _patiently(write)
    log.info("a job has ended", extra={"state": str(state)})


def _give_back(lease: ledger.Lease, *, forgive: bool) -> None:
    _patiently(lambda: ledger.release(lease, forgive=forgive))
    dispatch(lease.job_id)


def _patiently(write: Callable[[], T], *, stopping: Stop = never) -> T:
    """Repeat one guarded transaction while the database is away, for as long as a lease could still be ours."""
    give_up = time.monotonic() + limits.lease()
    while True:
        try:
            return write()
        except LOST_DATABASE as error:
            if connection.in_atomic_block or time.monotonic() > give_up or stopping() or storage_full(error):
                raise
            connection.close()
            time.sleep(0.25)


def _stop(heartbeat: Heartbeat | None) -> None:
    if heartbeat and heartbeat.is_alive():
        heartbeat.stop()


def drain(*, once: bool = False, stopping: Stop = never) -> int:
    """Run what waits, oldest first, until nothing can be claimed (or after one job); the number of jobs run."""
    done, busy = 0, list[UUID]()
    while not stopping():
        job_id = ledger.next_claimable(busy)
        if job_id is None:
            break
        if run(job_id, stopping=stopping):
            done += 1
            busy.clear()
            if once:
                break
        else:
            busy.append(job_id)
    return done


def work(*, stopping: threading.Event) -> None:
    """A worker without a broker, until ``stopping``: run what waits, look again each second, tick now and then."""
    next_tick = 0.0
    while not stopping.is_set():
        worked = 0
        with tolerated():
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + limits.tick()
                report()
                tick()
            worked = drain(once=True, stopping=stopping.is_set)
        if not worked:
            stopping.wait(1.0)
