"""What was measured: one profile of a table per reading, one of each of its columns; the newest is current."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from assets.models.catalogue import Column, Table
from assets.models.runs import ScanRun


class TableProfile(models.Model):
    """表剖析 – one reading of one table."""

    scope_lookup: ClassVar[str] = "table__source__agency_id"

    table = models.ForeignKey(Table, on_delete=models.CASCADE, related_name="profiles", verbose_name=_("表"))
    run = models.ForeignKey(ScanRun, on_delete=models.CASCADE, related_name="profiles", verbose_name=_("扫描记录"))
    at = models.DateTimeField(_("剖析时间"))
    current = models.BooleanField(default=True)
    rows = models.BigIntegerField(_("行数"))
    plan = models.CharField(_("读取方式"), max_length=8)  # pull, push, mixed
    statements = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(_("用时"), default=0)
    exact = models.BooleanField(_("精确"), default=True)  # every distinct count is exact

    class Meta:
        verbose_name = _("表剖析")
        verbose_name_plural = _("表剖析")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["table", "-at"], name="assets_tableprofile_at")]
        constraints = [
            models.UniqueConstraint(
                fields=["table"], condition=models.Q(current=True), name="assets_tableprofile_one_current"
            ),
            models.UniqueConstraint(fields=["run", "table"], name="assets_tableprofile_once_per_run"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.at:%Y-%m-%d %H:%M}"


class ColumnProfile(models.Model):
    """字段剖析 – the measures of ``scanner.model.ColumnProfile``; JSON values are of the column's class.

    Values are stored as the policy of the source allows (``assets.masking``): those of personal columns are
    masked before they reach this row. The sketch stays on the current row only.
    """

    scope_lookup: ClassVar[str] = "column__source__agency_id"

    column = models.ForeignKey(Column, on_delete=models.CASCADE, related_name="profiles", verbose_name=_("字段"))
    profile = models.ForeignKey(TableProfile, on_delete=models.CASCADE, related_name="columns")
    at = models.DateTimeField(_("剖析时间"))
    current = models.BooleanField(default=True)
    rows = models.BigIntegerField(_("行数"))
    nulls = models.BigIntegerField(_("空值"))
    blanks = models.BigIntegerField(_("空白"))
    distinct = models.BigIntegerField(_("不同值"))
    unique = models.BigIntegerField(_("唯一值"))
    exact = models.BooleanField(_("精确"), default=True)
    null_share = models.FloatField(_("空值率"), null=True)  # of rows; null when there are none
    distinct_share = models.FloatField(_("不同值占比"), null=True)  # of non-null rows
    min = models.JSONField(_("最小值"), null=True)
    max = models.JSONField(_("最大值"), null=True)
    mean = models.JSONField(_("平均值"), null=True)
    quantiles = models.JSONField(_("分位数"), null=True)
    length = models.JSONField(_("长度"), null=True)
    top = models.JSONField(_("高频值"), default=list)
    patterns = models.JSONField(_("字符模式"), default=list)
    identifiers = models.JSONField(_("标识符占比"), default=dict)
    detected = models.JSONField(_("识别类型"), null=True)
    histogram = models.JSONField(_("分布"), null=True)
    sketch = models.JSONField(null=True)

    class Meta:
        verbose_name = _("字段剖析")
        verbose_name_plural = _("字段剖析")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["column", "-at"], name="assets_columnprofile_at"),
            models.Index(
                fields=["null_share", "id"], name="assets_columnprofile_nulls", condition=models.Q(current=True)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["column"], condition=models.Q(current=True), name="assets_columnprofile_one_current"
            ),
            models.UniqueConstraint(fields=["profile", "column"], name="assets_columnprofile_once_per_reading"),
            models.CheckConstraint(
                condition=models.Q(nulls__gte=0, nulls__lte=models.F("rows")),
                name="assets_columnprofile_nulls_within_rows",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.column} {self.at:%Y-%m-%d %H:%M}"
