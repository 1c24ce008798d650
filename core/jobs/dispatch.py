"""Telling a worker that a job waits. Without a dispatcher, or when it fails, the job waits for tick or ``run_jobs``."""

import logging
from collections.abc import Callable
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from core.choices import JobState
from core.models import Job
from core.texts import clean

log = logging.getLogger(__name__)

Dispatcher = Callable[[UUID], None]
_dispatchers: list[Dispatcher] = []


def register_dispatcher(dispatcher: Dispatcher | None) -> None:
    """Choose who is told of a waiting job (a Celery task, …); None: nobody, ``run_jobs`` looks by itself."""
    _dispatchers[:] = [dispatcher] if dispatcher else []


def dispatch(job_id: UUID) -> None:
    """Offer the job to the workers. Never raises: what is not offered now is offered by the next tick."""
    if not _dispatchers:
        return
    waiting = Job.objects.filter(pk=job_id, state=JobState.QUEUED)
    try:
        if waiting.update(dispatched_at=Now(), dispatches=F("dispatches") + 1):
            _dispatchers[0](job_id)
    except Exception as error:
        log.warning("a job was not dispatched", extra={"job_id": str(job_id), "reason": clean(error, 200)})
        waiting.update(dispatched_at=None)


def dispatch_next(exclusive_key: str | None) -> None:
    """Offer the oldest job that waited for this exclusive key."""
    if exclusive_key is None:
        return
    waiting = Job.objects.filter(exclusive_key=exclusive_key, state=JobState.QUEUED, cancel_requested_at=None)
    following = waiting.order_by("created_at", "pk").values_list("pk", flat=True).first()
    if following:
        dispatch(following)
