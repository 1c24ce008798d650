"""Tables of the shared mechanism: jobs, schedules, audit, search, keys.

Core stands below agencies and people, so both appear as raw UUIDs with a snapshot of the name; there is no foreign
key upward. ``scope_lookup`` names the path from a row to the agency that may see it, ``view_verb`` the right needed there (``core.visibility``).
"""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from core import job_kinds, messages
from core.choices import OPEN_STATES, ItemState, JobState, KeyState


class Job(models.Model):
    """任务 – one piece of background work. The row is the truth; a broker only tells a worker to look at it."""

    scope_lookup: ClassVar[str] = "scope_id"
    view_verb: ClassVar[str] = "job.view"
    is_new: bool = False  # set by create_job on the row it has just made, not on one it found

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("种类"), max_length=80)
    target = models.CharField(_("对象"), max_length=200)  # "assets.DataSource:<uuid>"
    target_label = models.CharField(_("对象名称"), max_length=300, blank=True)
    scope_id = models.UUIDField(_("机构"), null=True)
    actor_id = models.UUIDField(_("发起人"), null=True)  # null: a schedule
    actor_name = models.CharField(_("发起人姓名"), max_length=100, blank=True)
    params = models.JSONField(_("参数"), default=dict, blank=True)
    exclusive_key = models.CharField(max_length=200, null=True)  # noqa: DJ001  one running job per key; null: no limit
    idem_key = models.CharField(max_length=200, null=True)  # noqa: DJ001  one open job per key; null: no limit
    state = models.CharField(_("状态"), max_length=10, choices=JobState, default=JobState.QUEUED)

    attempt = models.PositiveSmallIntegerField(_("第几次执行"), default=0)
    max_attempt = models.PositiveSmallIntegerField(default=5)
    lease_token = models.BigIntegerField(null=True)  # from core_lease_seq; the fence against a worker thought dead
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    dispatched_at = models.DateTimeField(null=True)
    dispatches = models.PositiveIntegerField(default=0)
    leases_lost = models.PositiveSmallIntegerField(default=0, db_default=0)  # attempts whose worker fell silent
    request_id = models.CharField(max_length=64, blank=True, db_default="", default="")  # of the request that asked

    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(default=0)
    phase = models.CharField(max_length=80, blank=True)  # a code of core.messages
    result = models.JSONField(_("结果"), default=dict, blank=True)
    partial = models.BooleanField(_("部分完成"), default=False)
    error_code = models.CharField(max_length=80, blank=True)
    error_params = models.JSONField(default=dict, blank=True)
    url = models.CharField(max_length=300, blank=True)  # the page that shows what the job produced

    created_at = models.DateTimeField(_("创建时间"), db_default=Now())
    started_at = models.DateTimeField(_("开始时间"), null=True)
    finished_at = models.DateTimeField(_("结束时间"), null=True)

    class Meta:
        verbose_name = _("任务")
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["exclusive_key"], condition=Q(state=JobState.RUNNING), name="job_one_running_per_exclusive_key"
            ),
            models.UniqueConstraint(
                fields=["idem_key"], condition=Q(state__in=OPEN_STATES), name="job_one_open_per_idem_key"
            ),
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="job_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state=JobState.RUNNING) | Q(lease_token__isnull=False, lease_until__isnull=False),
                name="job_running_holds_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES) | Q(finished_at__isnull=False), name="job_final_has_an_end"
            ),
            models.CheckConstraint(
                condition=Q(max_attempt__gte=1) & Q(attempt__lte=F("max_attempt")), name="job_attempts_are_bounded"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "created_at"], condition=Q(state__in=OPEN_STATES), name="job_open"),
            models.Index(fields=["scope_id", "-created_at"], name="job_scope"),
            models.Index(fields=["target", "-created_at"], name="job_target"),
            models.Index(fields=["-created_at", "-id"], name="job_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.target_label}".strip()

    def get_absolute_url(self) -> str:
        """The job page; empty while the platform runs without pages (a worker, a test of core alone)."""
        try:
            return reverse("core:job_detail", args=[self.pk])
        except NoReverseMatch:
            return ""

    @property
    def label(self) -> str:
        """Name of the kind in the active language."""
        return job_kinds.label(self.kind)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def error_text(self) -> str:
        """Why the job failed, as a sentence in the active language; empty when it did not."""
        return messages.text(self.error_code, self.error_params) if self.error_code else ""

    @property
    def phase_text(self) -> str:
        """What the job is doing, in the active language; empty when it has not said."""
        return messages.text(self.phase) if messages.is_known(self.phase) else ""

    @property
    def percent(self) -> int | None:
        """Whole percent done, or None while the total is unknown."""
        if not self.progress_total:
            return None
        return min(100, self.progress_done * 100 // self.progress_total)


class JobItem(models.Model):
    """One checkpoint of a job (a table of a census): written with what it produced, or not at all."""

    scope_lookup: ClassVar[str] = "job__scope_id"
    view_verb: ClassVar[str] = "job.view"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="items")
    key = models.CharField(max_length=300)
    label = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=ItemState, default=ItemState.DONE)
    detail = models.JSONField(default=dict, blank=True)  # of a failed item: {"code": …, "params": {…}}
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("任务步骤")
        ordering = ("-at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["job", "key"], name="jobitem_once_per_job"),
            models.CheckConstraint(condition=Q(state__in=ItemState.values), name="jobitem_state_is_known"),
        ]

    def __str__(self) -> str:
        return self.label or self.key

    @property
    def error_text(self) -> str:
        detail: Mapping[str, Any] = self.detail
        return messages.text(detail.get("code", ""), detail.get("params")) if self.state == ItemState.FAILED else ""


class Worker(models.Model):
    """执行程序所在的主机 – a host whose worker has been heard of; any process on it speaks for it."""

    name = models.CharField(primary_key=True, max_length=100)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("执行程序")

    def __str__(self) -> str:
        return self.name


class Schedule(models.Model):
    """定时 – a job to be created again and again, by cron text in the platform's time zone."""

    scope_lookup: ClassVar[str] = "scope_id"
    view_verb: ClassVar[str] = "source.view"

    kind = models.CharField(max_length=80)
    params = models.JSONField(default=dict, blank=True)
    target = models.CharField(max_length=200)
    target_label = models.CharField(max_length=300, blank=True)
    scope_id = models.UUIDField(null=True)
    exclusive_key = models.CharField(max_length=200, null=True)  # noqa: DJ001  as in Job
    url = models.CharField(max_length=300, blank=True)
    cron = models.CharField(_("时间表"), max_length=100)
    enabled = models.BooleanField(_("启用"), default=True)
    next_at = models.DateTimeField(_("下次执行"), null=True)
    last_at = models.DateTimeField(_("上次执行"), null=True)

    class Meta:
        verbose_name = _("定时")
        ordering = ("kind", "target")
        constraints = [models.UniqueConstraint(fields=["kind", "target"], name="schedule_once_per_target")]
        indexes = [models.Index(fields=["next_at"], condition=Q(enabled=True), name="schedule_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.target_label} {self.cron}"


class AuditEntry(models.Model):
    """审计记录 – who did what to what. Append-only by trigger; each digest covers the one before it."""

    scope_lookup: ClassVar[str] = "scope_id"
    view_verb: ClassVar[str] = "audit.read"

    id = models.BigIntegerField(primary_key=True)  # previous + 1 under a lock, so that a gap is a deletion
    at = models.DateTimeField(_("时间"))
    actor_id = models.UUIDField(_("操作人"), null=True)
    actor_name = models.CharField(_("操作人姓名"), max_length=100, blank=True)
    verb = models.CharField(_("操作"), max_length=80)
    target = models.CharField(_("对象"), max_length=200, blank=True)
    target_label = models.CharField(_("对象名称"), max_length=300, blank=True)
    scope_id = models.UUIDField(_("机构"), null=True)
    changes = models.JSONField(_("变更"), default=dict, blank=True)
    method = models.CharField(max_length=60)  # "hmac-sha256:<key id>" or "hmac-sm3:<key id>"
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("审计记录")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["target", "-id"], name="audit_target"),
            models.Index(fields=["scope_id", "-id"], name="audit_scope"),
            models.Index(fields=["actor_id", "-id"], name="audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.verb} {self.target}"


class SearchDocument(models.Model):
    """One nameable thing in the search index; rebuilt from its source at any time."""

    scope_lookup: ClassVar[str] = "scope_id"
    unscoped_verb: ClassVar[str | None] = None  # standards and pages belong to no agency and are for everyone

    key = models.CharField(max_length=200, unique=True)  # "assets.Table:<uuid>"
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    subtitle = models.CharField(max_length=300, blank=True)
    url = models.CharField(max_length=300)
    scope_id = models.UUIDField(null=True)
    names = ArrayField(models.TextField(), default=list)  # not filled any more; goes with the next release
    terms = SearchVectorField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("检索条目")
        indexes = [
            GinIndex(fields=["terms"], name="search_terms"),
            models.Index(fields=["scope_id"], name="search_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.title}"


class KeyRecord(models.Model):
    """A data key, itself encrypted by the key file: the database alone opens nothing."""

    kid = models.CharField(max_length=40, unique=True)
    wrapped = models.TextField()
    kek_id = models.CharField(max_length=40)  # which line of the key file wraps it
    state = models.CharField(max_length=10, choices=KeyState, default=KeyState.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("数据密钥")
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state=KeyState.ACTIVE), name="keyrecord_one_active"),
            models.CheckConstraint(condition=Q(state__in=KeyState.values), name="keyrecord_state_is_known"),
        ]

    def __str__(self) -> str:
        return self.kid


class WorkflowStep(models.Model):
    """流转记录 – one transition of a reviewed object: who, when, from where to where, and with what opinion."""

    target = models.CharField(max_length=200)  # "standards.Edition:<pk>"
    transition = models.CharField(max_length=40)
    before = models.CharField(max_length=20)
    after = models.CharField(max_length=20)
    opinion = models.TextField(_("意见"), blank=True)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(_("办理人"), max_length=100, blank=True)
    at = models.DateTimeField(_("办理时间"))

    class Meta:
        verbose_name = _("流转记录")
        ordering = ("pk",)
        indexes = [models.Index(fields=["target", "id"], name="workflowstep_target")]

    def __str__(self) -> str:
        return f"{self.target} {self.transition}"
