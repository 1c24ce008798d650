"""Authoritative source: who is named, by which basis, and who collects again what it holds."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from genes.choices import RulingState
from genes.models.kept import OfColumn


class Ruling(models.Model):
    """数源裁定 – the source department (数源部门) of an element within the area of the agency that rules (政务数据共享条例第十九条).

    Open to all who read data: it binds every agency of the area.
    """

    scope_lookup: ClassVar[str] = "agency_id"
    open_to_all: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    element = models.ForeignKey(
        "standards.DataElement", on_delete=models.PROTECT, related_name="rulings", verbose_name=_("数据元")
    )
    agency = models.ForeignKey(
        "accounts.Agency", on_delete=models.PROTECT, related_name="+", verbose_name=_("适用范围")
    )
    holder = models.ForeignKey(
        "accounts.Agency", on_delete=models.PROTECT, related_name="+", verbose_name=_("数源部门")
    )
    state = models.CharField(_("状态"), max_length=16, choices=RulingState.choices, default=RulingState.DRAFT)
    basis = models.TextField(
        _("依据")
    )  # law, regulation or list of duties, with its article, as the proposer writes it
    figures = models.JSONField(default=list)  # the candidates as they stood when it was proposed
    valid_from = models.DateField(_("生效日期"))
    valid_until = models.DateField(_("终止日期"), null=True, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("提出人")
    )
    created_at = models.DateTimeField(_("提出时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("数源裁定")
        verbose_name_plural = _("数源裁定")
        ordering = ["-created_at", "id"]
        constraints = [
            ExclusionConstraint(  # the service ends the one before on the day before; the days of two never meet
                name="genes_ruling_days_apart",
                expressions=[
                    ("element", RangeOperators.EQUAL), ("agency", RangeOperators.EQUAL),
                    (Func("valid_from", "valid_until", Value("[]"), function="daterange", output_field=DateRangeField()), RangeOperators.OVERLAPS),
                ],
                condition=Q(state=RulingState.IN_FORCE),
            ),
            models.UniqueConstraint(
                fields=["element", "agency"],
                condition=Q(state__in=[RulingState.DRAFT, RulingState.REVIEW]),
                name="genes_ruling_one_in_work",
            ),
            models.CheckConstraint(condition=Q(state__in=RulingState.values), name="genes_ruling_state_known"),
            models.CheckConstraint(condition=~Q(basis=""), name="genes_ruling_has_basis"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="genes_ruling_dates_in_order",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.element.name} ← {self.holder.name}"

    def get_absolute_url(self) -> str:
        return reverse("genes:ruling_detail", args=[self.pk])


class Repetition(OfColumn):
    """重复采集 – a column of another agency that holds what a source department provides (条例第十九条：能共享获取的不得重复收集)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ruling = models.ForeignKey(Ruling, on_delete=models.CASCADE, related_name="repetitions", verbose_name=_("数源裁定"))
    column = models.ForeignKey(
        "assets.Column", on_delete=models.CASCADE, related_name="repetitions", verbose_name=_("字段")
    )
    share = models.FloatField(
        _("与数源重合"), null=True
    )  # of its values held by the source department; null unmeasured
    found_at = models.DateTimeField(_("发现时间"))

    class Meta:
        verbose_name = _("重复采集")
        verbose_name_plural = _("重复采集")
        ordering = ["-found_at", "id"]
        indexes = [models.Index(fields=["column", "ruling"], name="genes_repetition_column")]
        constraints = [models.UniqueConstraint(fields=["ruling", "column"], name="genes_repetition_once")]

    def __str__(self) -> str:
        return f"{self.column} ⇐ {self.ruling}"
