"""The one periodic act of the platform: bring back what died, offer what waits, start what is due."""

import logging
import socket
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from core.jobs import limits
from core.jobs.dispatch import dispatch
from core.jobs.schedules import create_due_jobs

log = logging.getLogger(__name__)

LOCK = 0x7469636B  # "tick"; the number of the advisory lock

REAP = """
UPDATE core_job SET
    state = CASE WHEN cancel_requested_at IS NOT NULL THEN 'cancelled' WHEN attempt >= max_attempt THEN 'failed'
                 ELSE 'queued' END,
    error_code = CASE WHEN cancel_requested_at IS NULL AND attempt >= max_attempt THEN 'worker_lost' ELSE '' END,
    partial = attempt >= max_attempt AND EXISTS (SELECT FROM core_jobitem i WHERE i.job_id = core_job.id),
    finished_at = CASE WHEN cancel_requested_at IS NOT NULL OR attempt >= max_attempt THEN clock_timestamp() END,
    leases_lost = leases_lost + (state = 'running')::int,
    lease_token = NULL, lease_until = NULL, dispatched_at = NULL
WHERE id IN (
    SELECT id FROM core_job
    WHERE (state = 'running' AND lease_until < clock_timestamp()) OR (state = 'queued' AND attempt >= max_attempt)
    FOR UPDATE SKIP LOCKED)
RETURNING id, state
"""
OFFER = """
SELECT DISTINCT ON (coalesce(exclusive_key, id::text)) id FROM core_job j
WHERE state = 'queued' AND cancel_requested_at IS NULL
    AND (dispatched_at IS NULL OR dispatched_at < clock_timestamp() - make_interval(secs => %s))
    AND (exclusive_key IS NULL OR NOT EXISTS (
        SELECT FROM core_job r WHERE r.exclusive_key = j.exclusive_key AND r.state = 'running'))
ORDER BY coalesce(exclusive_key, id::text), created_at, id
LIMIT 500
"""
SEEN = """
INSERT INTO core_worker (name, seen_at) VALUES (%s, clock_timestamp())
ON CONFLICT (name) DO UPDATE SET seen_at = clock_timestamp()
"""
FORGET = "DELETE FROM core_worker WHERE seen_at < clock_timestamp() - interval '1 day'"


def report() -> None:
    """A worker says that there is one on this host; without it nobody would know an idle worker from none."""
    with connection.cursor() as cursor:
        cursor.execute(SEEN, [socket.gethostname()[:100]])


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one tick did; all zero when another process was at it."""

    reaped: int = 0
    scheduled: int = 0
    offered: int = 0


def tick() -> Ticked:
    """Reap, schedule, offer. Any number of processes may call it at any time: one at once does the work."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                return Ticked()
            cursor.execute(FORGET)
            cursor.execute(REAP)
            reaped: list[tuple[UUID, str]] = cursor.fetchall()
        scheduled = create_due_jobs()
    for job_id, state in reaped:
        log.warning("a worker was lost", extra={"job_id": str(job_id), "now": state})
    with connection.cursor() as cursor:
        cursor.execute(OFFER, [limits.redispatch()])
        waiting: list[UUID] = [row[0] for row in cursor.fetchall()]
    for job_id in waiting:
        dispatch(job_id)
    return Ticked(len(reaped), scheduled, len(waiting))
