"""Schedules: cron text in the platform's time zone, turned into jobs by the one tick."""

from datetime import datetime
from typing import Any
from uuid import UUID

from cronsim import CronSim, CronSimError
from django.db import transaction
from django.utils import timezone

from core import audit, clock, job_kinds
from core.actors import Actor
from core.jobs.services import create_job
from core.models import Schedule
from core.texts import clean


class NotACronText(ValueError):
    """The text is no schedule that ever comes due."""


def next_due(cron: str, after: datetime) -> datetime:
    """The first time strictly after ``after`` that matches, in the current time zone. Raises NotACronText."""
    try:
        return next(CronSim(cron, timezone.localtime(after)))
    except (CronSimError, StopIteration):
        raise NotACronText(cron) from None


@transaction.atomic
def schedule(
    *,
    actor: Actor | None,
    kind: str,
    target: str,
    cron: str,
    params: dict[str, Any],
    target_label: str = "",
    scope_id: UUID | None = None,
    exclusive_key: str | None = None,
    url: str = "",
    enabled: bool = True,
) -> Schedule:
    """Set the schedule of (kind, target), replacing an earlier one. Raises NotACronText, ValueError (unknown kind)."""
    if job_kinds.get(kind) is None:
        raise ValueError(f"unknown job kind {kind!r}")
    fields = {
        "cron": cron,
        "params": params,
        "target_label": clean(target_label, 300),
        "scope_id": scope_id,
        "exclusive_key": exclusive_key,
        "url": url,
        "enabled": enabled,
        "next_at": next_due(cron, clock.now()),
    }
    made, _new = Schedule.objects.update_or_create(kind=kind, target=target, defaults=fields)
    changes = {"kind": kind, "cron": cron, "enabled": enabled}
    audit.record(
        actor=actor,
        verb="schedule.set",
        target=target,
        target_label=target_label,
        scope_id=scope_id,
        changes=changes,
    )
    return made


@transaction.atomic
def unschedule(*, actor: Actor | None, kind: str, target: str) -> bool:
    """Remove a schedule; False when there was none."""
    found = Schedule.objects.filter(kind=kind, target=target).first()
    if found is None:
        return False
    audit.record(
        actor=actor,
        verb="schedule.remove",
        target=target,
        target_label=found.target_label,
        scope_id=found.scope_id,
        changes={"kind": kind, "cron": found.cron},
    )
    found.delete()
    return True


def create_due_jobs() -> int:
    """Create the job of each schedule that is due and set its next time; the number of new jobs.

    Missed times (the platform was off) give one job, not many; a job of the schedule that is still open is not
    doubled. Runs in the tick's transaction.
    """
    created, now = 0, clock.now()
    due = Schedule.objects.select_for_update(skip_locked=True).filter(enabled=True, next_at__lte=now)
    for row in due.order_by("next_at", "pk"):
        try:
            row.next_at = next_due(row.cron, now)
        except NotACronText:
            row.next_at = None  # was edited by hand in the database; it never comes due
        if job_kinds.get(row.kind):  # else: an app that is not installed here; another worker may know it
            created += _create_one(row)
        row.last_at = now
        row.save(update_fields=["next_at", "last_at"])
    return created


def _create_one(row: Schedule) -> bool:
    job = create_job(
        actor=None,
        kind=row.kind,
        params=row.params,
        target=row.target,
        target_label=row.target_label,
        scope_id=row.scope_id,
        exclusive_key=row.exclusive_key,
        idem_key=f"schedule:{row.pk}",
        url=row.url,
    )
    return job.is_new
