"""Drift: a bound column whose values are no longer those it was bound with."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from genes.choices import Outcome
from genes.models.kept import OfColumn


class DriftAlarm(OfColumn):
    """漂移告警 – the values of a bound column moved away from its baseline; open until somebody decides or they come back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    column = models.ForeignKey("assets.Column", on_delete=models.CASCADE, related_name="drifts", verbose_name=_("字段"))
    element = models.ForeignKey(
        "standards.DataElement", on_delete=models.CASCADE, related_name="+", verbose_name=_("数据元")
    )
    distance = models.FloatField(_("偏离程度"))  # genes.engine.drift: 0 as it was … 1 another thing
    reasons = models.JSONField(default=list)  # genes.engine.drift.Reason, gravest first
    opened_at = models.DateTimeField(_("发现时间"))
    last_at = models.DateTimeField(_("最近一次"))
    closed_at = models.DateTimeField(_("解除时间"), null=True)
    outcome = models.CharField(_("结果"), max_length=16, choices=Outcome.choices, blank=True)

    class Meta:
        verbose_name = _("漂移告警")
        verbose_name_plural = _("漂移告警")
        ordering = ["-last_at", "-id"]
        indexes = [models.Index(fields=["-last_at", "-id"], name="genes_driftalarm_last")]
        constraints = [
            models.UniqueConstraint(
                fields=["column"], condition=Q(closed_at__isnull=True), name="genes_driftalarm_one_open"
            ),
            models.CheckConstraint(condition=Q(distance__gte=0, distance__lte=1), name="genes_driftalarm_distance"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, outcome="")
                | Q(closed_at__isnull=False, outcome__in=Outcome.values),
                name="genes_driftalarm_closed_with_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.column}"
