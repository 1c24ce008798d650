"""Levels of general data (GB/T 43697-2024): proposed by the machine with its reasons, decided by a person."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from genes.choices import SecurityLevel
from genes.models.kept import OfColumn


class Levelled(models.Model):
    """What the machine proposes and what a person decided; the person's word is the level, and stays."""

    proposed = models.PositiveSmallIntegerField(_("建议级别"), default=0)  # 1 … 4; 0: nothing speaks
    reasons = models.JSONField(default=list)  # genes.engine.sensitivity.Reason, highest first
    proposed_at = models.DateTimeField(_("建议时间"))
    decided = models.PositiveSmallIntegerField(_("确定级别"), null=True, choices=SecurityLevel.choices)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("确定人")
    )
    decided_at = models.DateTimeField(_("确定时间"), null=True)
    basis = models.CharField(_("定级依据"), max_length=300, blank=True)
    level = models.GeneratedField(
        expression=Coalesce(F("decided"), F("proposed")),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
    )

    class Meta:
        abstract = True

    @property
    def code(self) -> str:
        """ "L3"; "" when nothing speaks."""
        return f"L{self.level}" if self.level else ""


class ColumnLevel(OfColumn, Levelled):
    """字段级别 – of one column."""

    column = models.OneToOneField(
        "assets.Column", on_delete=models.CASCADE, related_name="security", primary_key=True, verbose_name=_("字段")
    )
    kind = models.CharField(_("类别"), max_length=16, blank=True)  # identity, health or finance

    class Meta:
        verbose_name = _("字段级别")
        verbose_name_plural = _("字段级别")
        indexes = [
            models.Index(fields=["-level", "column"], name="genes_columnlevel_level"),
            models.Index(
                fields=["source"], name="genes_columnlevel_undecided", condition=Q(decided__isnull=True, level__gte=3)
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(proposed__lte=4), name="genes_columnlevel_proposed_to_4"),
            models.CheckConstraint(
                condition=Q(decided__isnull=True) | Q(decided__in=SecurityLevel.values),
                name="genes_columnlevel_decided_1_to_6",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.column} {self.code}"


class TableLevel(Levelled):
    """表级别 – of a table: that of its highest column (就高从严), unless a person decides."""

    scope_lookup: ClassVar[str] = "table__source__agency_id"

    table = models.OneToOneField(
        "assets.Table", on_delete=models.CASCADE, related_name="security", primary_key=True, verbose_name=_("表")
    )

    class Meta:
        verbose_name = _("表级别")
        verbose_name_plural = _("表级别")
        indexes = [models.Index(fields=["-level", "table"], name="genes_tablelevel_level")]
        constraints = [
            models.CheckConstraint(condition=Q(proposed__lte=6), name="genes_tablelevel_proposed_to_6"),
            models.CheckConstraint(
                condition=Q(decided__isnull=True) | Q(decided__in=SecurityLevel.values),
                name="genes_tablelevel_decided_1_to_6",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.code}"
