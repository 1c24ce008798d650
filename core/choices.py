"""Closed lists of core."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    """Where a job stands; the last three are final."""

    QUEUED = "queued", _("排队中")  # waits for a worker, or for the other job of its exclusive key
    RUNNING = "running", _("进行中")  # a worker holds the lease
    SUCCEEDED = "succeeded", _("已完成")  # its results are in the database
    FAILED = "failed", _("失败")  # error_code says why
    CANCELLED = "cancelled", _("已取消")  # a person stopped it


OPEN_STATES = (JobState.QUEUED, JobState.RUNNING)


class ItemState(models.TextChoices):
    """How one item (a table) of a job ended."""

    DONE = "done", _("完成")
    FAILED = "failed", _("未完成")


class KeyState(models.TextChoices):
    """Life of a data key."""

    ACTIVE = "active", _("使用中")  # seals new values; there is one at most
    RETIRED = "retired", _("已停用")  # only opens what it sealed before
