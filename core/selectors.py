"""Reads of core that pages and API share."""

from typing import Any

from django.db.models import QuerySet

from core.choices import OPEN_STATES
from core.models import AuditEntry, Job
from core.visibility import visible_to


def jobs_visible_to(user: Any) -> QuerySet[Job]:
    """The jobs of the user's agencies, and those the user started where any role is still held, newest first."""
    if not user.is_authenticated:
        return Job.objects.none()
    return visible_to(user, Job.objects.all()) | visible_to(user, Job.objects.filter(actor_id=user.pk), "agency.view")


def running_jobs(user: Any) -> QuerySet[Job]:
    """Those of them that wait or run."""
    return jobs_visible_to(user).filter(state__in=OPEN_STATES)


def audit_visible_to(user: Any) -> QuerySet[AuditEntry]:
    """The audit entries that the user may read, newest first."""
    return visible_to(user, AuditEntry.objects.all())
