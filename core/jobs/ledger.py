"""The statements that move a job, and nothing else. All times are the database's clock.

A worker proves ownership by its lease token: every write of an attempt carries ``lease_token = mine and state =
'running'``. A worker thought dead that comes back hits no row, so its results are dropped.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from core.choices import ItemState, JobState
from core.jobs import limits
from core.models import Job, JobItem
from core.texts import clean, plain


class Unwind(BaseException):
    """The attempt ends now. Not an Exception, so that a handler's ``except Exception`` around one table lets it through."""


class LeaseLost(Unwind):
    """The job now belongs to another attempt, or to none."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one job until it expires."""

    job_id: UUID
    token: int


CLAIM = """
UPDATE core_job SET state = 'running', attempt = attempt + 1, lease_token = nextval('core_lease_seq'),
    leases_lost = leases_lost + (state = 'running')::int,
    lease_owner = %(owner)s, lease_until = clock_timestamp() + make_interval(secs => %(lease)s),
    beat_at = clock_timestamp(), started_at = coalesce(started_at, clock_timestamp())
WHERE id = (
    SELECT id FROM core_job
    WHERE id = %(id)s AND attempt < max_attempt AND cancel_requested_at IS NULL
        AND (state = 'queued' OR (state = 'running' AND lease_until < clock_timestamp()))
        AND NOT EXISTS (
            SELECT FROM core_job older
            WHERE older.exclusive_key = core_job.exclusive_key AND older.state = 'queued' AND core_job.state = 'queued'
                AND older.attempt < older.max_attempt AND older.cancel_requested_at IS NULL
                AND (older.created_at, older.id) < (core_job.created_at, core_job.id))
    FOR UPDATE SKIP LOCKED)
RETURNING lease_token
"""
RENEW = """
UPDATE core_job SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s), beat_at = clock_timestamp(),
    progress_done = %(done)s, progress_total = %(total)s, phase = %(phase)s
WHERE id = %(id)s AND lease_token = %(token)s AND state = 'running'
RETURNING cancel_requested_at IS NOT NULL
"""
RELEASE = """
UPDATE core_job SET state = 'queued', lease_token = NULL, lease_until = NULL, dispatched_at = NULL,
    attempt = attempt - %(forgive)s
WHERE id = %(id)s AND lease_token = %(token)s AND state = 'running'
"""
NEXT = """
SELECT id FROM core_job j
WHERE attempt < max_attempt AND cancel_requested_at IS NULL AND NOT (id = ANY(%(skip)s))
    AND (state = 'queued' OR (state = 'running' AND lease_until < clock_timestamp()))
    AND (exclusive_key IS NULL OR NOT EXISTS (
        SELECT FROM core_job r WHERE r.exclusive_key = j.exclusive_key AND r.state = 'running' AND r.id <> j.id))
ORDER BY created_at, id LIMIT 1
"""


def claim(job_id: UUID, owner: str) -> Lease | None:
    """Take the job, or None: it is final, held by another, used up, or its exclusive key is busy."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(CLAIM, {"id": job_id, "owner": owner[:100], "lease": limits.lease()})
            row = cursor.fetchone()
    except IntegrityError:  # job_one_running_per_exclusive_key: it stays queued and is offered again
        return None
    return Lease(job_id, row[0]) if row else None


def next_claimable(skip: list[UUID]) -> UUID | None:
    """The oldest job that a worker could claim now, leaving out those it has just failed to get."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, {"skip": skip})
        row = cursor.fetchone()
    return row[0] if row else None


def own(lease: Lease) -> bool:
    """Lock the job row until the transaction ends and tell whether cancelling was asked. Raises LeaseLost."""
    row = (
        Job.objects.select_for_update()
        .filter(pk=lease.job_id, lease_token=lease.token, state=JobState.RUNNING)
        .values_list("cancel_requested_at")
        .first()
    )
    if row is None:
        raise LeaseLost
    return row[0] is not None


def save_item(lease: Lease, key: str, label: str, state: ItemState, detail: dict[str, Any]) -> None:
    """Write a checkpoint; a second attempt at the same key replaces the first. The caller has called ``own``."""
    JobItem.objects.update_or_create(
        job_id=lease.job_id,
        key=clean(key, 300),
        defaults={"label": clean(label, 300), "state": state, "detail": plain(detail), "at": Now()},
    )


@contextlib.contextmanager
def finishing(lease: Lease, state: JobState, **fields: Any) -> Iterator[None]:
    """Make the job final and run the block (its results) in the same transaction. Raises LeaseLost.

    The row is updated first: it stays locked, so that neither reaper nor another worker takes a job that is finishing.
    """
    with transaction.atomic():
        held = Job.objects.filter(pk=lease.job_id, lease_token=lease.token, state=JobState.RUNNING)
        if not held.update(state=state, finished_at=Now(), lease_until=None, **fields):
            raise LeaseLost
        yield


def already_finished(lease: Lease) -> bool:
    """Whether this very attempt has finished the job: its commit arrived, the answer was lost with the connection."""
    final = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
    return Job.objects.filter(pk=lease.job_id, lease_token=lease.token, state__in=final).exists()


def set_result(lease: Lease, state: JobState, result: dict[str, Any]) -> None:
    """Store the result, only inside ``finishing``; with ``partial`` when some items were done and some were not."""
    spoiling = ItemState.FAILED if state == JobState.SUCCEEDED else ItemState.DONE
    partial = JobItem.objects.filter(job_id=lease.job_id, state=spoiling).exists()
    Job.objects.filter(pk=lease.job_id).update(result=json_safe(result), partial=partial)


def release(lease: Lease, *, forgive: bool) -> None:
    """Give the job back unfinished; ``forgive`` when the attempt was no fault of the job and shall not count."""
    with connection.cursor() as cursor:
        cursor.execute(RELEASE, {"id": lease.job_id, "token": lease.token, "forgive": int(forgive)})


def json_safe(value: Any) -> Any:
    """``value`` as jsonb takes it, floats kept (a result is read by people, not hashed)."""
    if isinstance(value, dict):
        return {clean(key): json_safe(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_safe(item) for item in value]
    if isinstance(value, float):
        return value if value - value == 0 else str(value)  # NaN and infinities are no JSON
    return plain(value)
