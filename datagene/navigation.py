"""Entries of the sidebar for the pages of core."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import navigation, visibility


def _may_see_jobs(user: object) -> bool:
    return visibility.can(user, "job.view")


def _may_read_audit(user: object) -> bool:
    return visibility.can(user, "audit.read")


def register() -> None:
    navigation.register(
        "management",
        navigation.Item(pgettext_lazy("list", "任务"), "list-checks", "core:job_list", order=20, allowed=_may_see_jobs),
    )
    navigation.register(
        "management",
        navigation.Item(_("审计记录"), "scroll-text", "core:audit_list", order=90, allowed=_may_read_audit),
    )
