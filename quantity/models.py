"""How much there is, as it was measured, again and again."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from assets.choices import Method
from quantity.choices import Origin


class VolumeSample(models.Model):
    """数量样本 – the size of a source, or of one table, at one time, with the method that gave it.

    A source is sampled at each census and scan; a table only when its numbers differ from its last sample,
    so the series of a table is a staircase: between two samples the earlier one holds.
    The agency is the one that the source belonged to at that time.
    """

    scope_lookup: ClassVar[str] = "source__agency_id"

    source = models.ForeignKey(
        "assets.DataSource", on_delete=models.CASCADE, related_name="volume_samples", verbose_name=_("数据源")
    )
    agency = models.ForeignKey(
        "accounts.Agency", on_delete=models.PROTECT, related_name="volume_samples", verbose_name=_("所属机构")
    )
    table = models.ForeignKey(
        "assets.Table", on_delete=models.CASCADE, null=True, related_name="volume_samples", verbose_name=_("表")
    )
    at = models.DateTimeField(_("计量时间"))
    origin = models.CharField(_("来源"), max_length=8, choices=Origin.choices)
    run_id = models.UUIDField()  # the CensusRun or ScanRun
    method = models.CharField(_("计量方法"), max_length=8, choices=Method.choices)  # of the rows
    tables = models.PositiveIntegerField(_("表数"), default=1)
    columns = models.PositiveIntegerField(_("字段数"), default=0)
    rows = models.BigIntegerField(_("行数"), null=True)  # null: nobody knows yet
    bytes = models.BigIntegerField(_("容量"), null=True)
    uncounted = models.PositiveIntegerField(_("未知行数的表"), default=0)  # tables that `rows` leaves out

    class Meta:
        verbose_name = _("数量样本")
        verbose_name_plural = _("数量样本")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(
                fields=["table", "-at"], name="quantity_sample_table", condition=models.Q(table__isnull=False)
            ),
            models.Index(
                fields=["source", "-at"], name="quantity_sample_source", condition=models.Q(table__isnull=True)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["run_id", "source", "table"],
                nulls_distinct=False,
                name="quantity_volumesample_once_per_run",
            ),
            models.CheckConstraint(
                condition=models.Q(rows__isnull=True) | models.Q(rows__gte=0),
                name="quantity_volumesample_rows_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.table or self.source} {self.at:%Y-%m-%d}"
