"""What a request does to the ledger: create a job, ask it to stop."""

from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from core import audit, job_kinds
from core.actors import Actor, actor_fields
from core.choices import OPEN_STATES, JobState
from core.jobs.dispatch import dispatch, dispatch_next
from core.models import Job
from core.texts import clean, plain


@transaction.atomic
def create_job(
    *,
    actor: Actor | None,
    kind: str,
    params: dict[str, Any],
    target: str,
    target_label: str = "",
    scope_id: UUID | None = None,
    exclusive_key: str | None = None,
    idem_key: str | None = None,
    url: str = "",
) -> Job:
    """Queue a job in the caller's transaction, or give back the open one with the same ``idem_key``.

    ``job.is_new`` tells which. ``params`` is JSON and holds ids, never secrets. Raises ValueError for an unknown kind.
    """
    known = job_kinds.get(kind)
    if known is None:
        raise ValueError(f"unknown job kind {kind!r}")
    job = Job(
        kind=kind,
        params=params,
        target=target,
        target_label=clean(target_label, 300),
        scope_id=scope_id,
        **actor_fields(actor),
        exclusive_key=exclusive_key,
        idem_key=idem_key,
        url=url,
        max_attempt=known.max_attempt,
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64],
    )
    found = _insert_or_find(job)
    if found is job:
        job.is_new = True
        changes = {"kind": kind, "params": plain(params), "job": str(job.pk)}
        audit.record(
            actor=actor, verb="job.create", target=target, target_label=target_label, scope_id=scope_id, changes=changes
        )
        transaction.on_commit(lambda: dispatch(job.pk), robust=True)
    return found


def _insert_or_find(job: Job) -> Job:
    """Insert ``job``, or the open job that already has its idem_key: the unique index decides, not a look beforehand."""
    open_jobs = Job.objects.filter(idem_key=job.idem_key, state__in=OPEN_STATES)
    for _attempt in range(5):
        found = open_jobs.first() if job.idem_key is not None else None
        if found:
            return found
        audit.lock()  # before the insert: whoever waits for us on the unique index must not hold what we need next
        try:
            with transaction.atomic():
                job.save(force_insert=True)
        except IntegrityError as error:
            clash = error  # another request was faster, or the one in our way has just ended
        else:
            return job
    raise clash


@transaction.atomic
def request_cancel(*, actor: Actor | None, job: Job) -> Job:
    """Stop a job: at once when it waits; when it runs, its worker stops at the next safe point. Final jobs stay."""
    current = Job.objects.select_for_update().get(pk=job.pk)
    if not current.is_open or current.cancel_requested_at:
        return current
    changed: dict[str, Any] = {"cancel_requested_at": Now()}
    if current.state == JobState.QUEUED:
        changed |= {"state": JobState.CANCELLED, "finished_at": Now()}
        transaction.on_commit(lambda: dispatch_next(current.exclusive_key), robust=True)
    Job.objects.filter(pk=current.pk).update(**changed)
    changes = {"kind": current.kind, "job": str(current.pk)}
    audit.record(
        actor=actor,
        verb="job.cancel",
        target=current.target,
        target_label=current.target_label,
        scope_id=current.scope_id,
        changes=changes,
    )
    current.refresh_from_db()
    return current
