"""What was done and what it found: census runs, scan runs, schema changes."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from assets.choices import Brake, ChangeKind, RunState
from assets.links import page_url
from assets.models.catalogue import Column, Table
from assets.models.register import DataSource


class Run(models.Model):
    """What census and scan share: a job did it, on one source, and it ended somehow."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job_id = models.UUIDField(unique=True)  # core.Job; no foreign key, a run outlives the ledger's row
    state = models.CharField(_("状态"), max_length=16, choices=RunState.choices, default=RunState.RUNNING)
    actor_name = models.CharField(_("发起人"), max_length=64, blank=True)
    statements = models.PositiveIntegerField(_("语句数"), default=0)
    error_code = models.CharField(max_length=64, blank=True)
    error_params = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField(_("开始时间"))
    finished_at = models.DateTimeField(_("结束时间"), null=True)

    class Meta:
        abstract = True

    @property
    def shown_state(self) -> str:
        """The state; of a run whose job ended without a word (all its workers died), that of the job."""
        job_state = getattr(self, "job_state", None)  # annotated by selectors.runs
        if self.state == RunState.RUNNING and job_state in (RunState.FAILED, RunState.CANCELLED):
            return str(job_state)
        return self.state

    @property
    def shown_state_label(self) -> str:
        return str(RunState(self.shown_state).label)


class CensusRun(Run):
    """普查 – one look at what a source holds."""

    scope_lookup: ClassVar[str] = "source__agency_id"

    source = models.ForeignKey(
        DataSource, on_delete=models.CASCADE, related_name="census_runs", verbose_name=_("数据源")
    )
    tables_seen = models.PositiveIntegerField(_("表"), default=0)
    tables_created = models.PositiveIntegerField(_("新增"), default=0)
    tables_changed = models.PositiveIntegerField(_("变更"), default=0)
    tables_renamed = models.PositiveIntegerField(_("更名"), default=0)
    tables_gone = models.PositiveIntegerField(_("消失"), default=0)
    tables_returned = models.PositiveIntegerField(_("恢复"), default=0)
    tables_unreadable = models.PositiveIntegerField(_("无法读取"), default=0)
    columns_seen = models.PositiveIntegerField(_("字段"), default=0)
    unreadable = models.JSONField(default=list, blank=True)  # [{"object", "code"}], at most 1,000

    brake = models.CharField(_("消失确认"), max_length=16, choices=Brake.choices, default=Brake.NONE)
    held = models.JSONField(default=dict, blank=True)  # {"tables": [id, …], "columns": [id, …]} that wait for a person
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    decision_comment = models.TextField(_("处理意见"), blank=True)

    class Meta:
        verbose_name = _("盘点记录")
        verbose_name_plural = _("盘点记录")
        ordering = ["-started_at", "-id"]
        indexes = [
            models.Index(fields=["source", "-started_at"], name="assets_census_source"),
            models.Index(fields=["started_at", "id"], name="assets_census_started"),
            models.Index(fields=["source"], name="assets_census_held", condition=models.Q(brake="held")),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=RunState.values), name="assets_censusrun_state_known"),
            models.CheckConstraint(
                condition=models.Q(brake__in=["none", "held"]) | models.Q(decided_at__isnull=False),
                name="assets_censusrun_decision_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.started_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return page_url("census_detail", self.pk)


class ScanRun(Run):
    """扫描 – one reading of the tables of a source: profile, rules and whatever else contributes."""

    scope_lookup: ClassVar[str] = "source__agency_id"

    source = models.ForeignKey(DataSource, on_delete=models.CASCADE, related_name="scan_runs", verbose_name=_("数据源"))
    tables_total = models.PositiveIntegerField(_("表"), default=0)
    tables_done = models.PositiveIntegerField(_("已完成"), default=0)
    tables_failed = models.PositiveIntegerField(_("失败"), default=0)
    rows_read = models.BigIntegerField(_("行数"), default=0)
    selected = models.BooleanField(_("仅选定的表"), default=False)

    class Meta:
        verbose_name = _("扫描记录")
        verbose_name_plural = _("扫描记录")
        ordering = ["-started_at", "-id"]
        indexes = [
            models.Index(fields=["source", "-started_at"], name="assets_scan_source"),
            models.Index(fields=["started_at", "id"], name="assets_scan_started"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=RunState.values), name="assets_scanrun_state_known")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.started_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return page_url("scan_detail", self.pk)


class SchemaChange(models.Model):
    """变更 – one difference that one census found in one table or column.

    ``before`` and ``after`` hold only the facts that differ, by field name: ``{"type": "varchar(18)"}``.
    The columns of a table that is new are not listed one by one.
    """

    scope_lookup: ClassVar[str] = "source__agency_id"

    source = models.ForeignKey(DataSource, on_delete=models.CASCADE, related_name="changes", verbose_name=_("数据源"))
    table = models.ForeignKey(Table, on_delete=models.CASCADE, related_name="changes", verbose_name=_("表"))
    column = models.ForeignKey(
        Column, on_delete=models.CASCADE, null=True, related_name="changes", verbose_name=_("字段")
    )
    run = models.ForeignKey(CensusRun, on_delete=models.CASCADE, related_name="changes", verbose_name=_("盘点记录"))
    kind = models.CharField(_("变更类型"), max_length=16, choices=ChangeKind.choices)
    before = models.JSONField(_("变更前"), default=dict)
    after = models.JSONField(_("变更后"), default=dict)
    at = models.DateTimeField(_("发现时间"))

    class Meta:
        verbose_name = _("变更记录")
        verbose_name_plural = _("变更记录")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="assets_change_at"),
            models.Index(fields=["table", "-at"], name="assets_change_table"),
            models.Index(fields=["source", "-at"], name="assets_change_source"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=ChangeKind.values), name="assets_schemachange_kind_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.column or self.table}"
