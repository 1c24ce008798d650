"""Conformity (落标): how the real rows of a bound column keep to its data element, and where they do not."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, NullIf
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genes.choices import Aspect, DeviationState
from genes.models.kept import OfColumn


class Conformity(OfColumn):
    """落标情况 – the newest count of one bound column, from the one reading; ``at`` null until it could be checked."""

    column = models.OneToOneField(
        "assets.Column", on_delete=models.CASCADE, related_name="conformity", primary_key=True, verbose_name=_("字段")
    )
    edition = models.ForeignKey("standards.Edition", on_delete=models.CASCADE, related_name="+", verbose_name=_("版本"))
    aspect = models.CharField(_("检查内容"), max_length=16, choices=Aspect.choices)
    at = models.DateTimeField(_("检查时间"))
    checked = models.BigIntegerField(_("检查行数"))  # rows that hold a value
    failed = models.BigIntegerField(_("不符合行"))
    ended = models.BigIntegerField(_("已停用代码行"), default=0)  # hold a code that no longer holds today; not failed
    kept_share = models.GeneratedField(  # of the values that keep to the element (0–1); null when there was none
        expression=1.0 - Cast("failed", models.FloatField()) / NullIf(Cast("checked", models.FloatField()), Value(0.0)),
        output_field=models.FloatField(null=True),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("落标情况")
        ordering = ["column"]
        indexes = [
            models.Index(fields=["failed", "column"], name="genes_conformity_failed"),
            models.Index(fields=["source"], name="genes_conformity_source"),
            models.Index(F("kept_share").asc(nulls_last=True), "column", name="genes_conformity_share"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(aspect__in=Aspect.values), name="genes_conformity_aspect_known"),
            models.CheckConstraint(
                condition=Q(failed__gte=0, failed__lte=F("checked")), name="genes_conformity_failed_of_checked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.column} {self.checked - self.failed}/{self.checked}"

    @property
    def share(self) -> float | None:
        """Of the values that keep to the element (0–1); None when there was no value."""
        return (self.checked - self.failed) / self.checked if self.checked else None


_DECLARED = {
    "leading_zeros": _("数值类型会丢失代码的前导零"),
    "temporal": _("日期时间类型容纳不下该数据格式"),
    "number": _("数值类型容纳不下该数据格式"),
    "length": _("声明长度 %(declared)s，标准允许 %(needed)s"),
}


class Deviation(OfColumn):
    """偏离 – one respect in which a column breaks its element; only a passing re-scan clears it, a person may accept it a while."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    column = models.ForeignKey(
        "assets.Column", on_delete=models.CASCADE, related_name="deviations", verbose_name=_("字段")
    )
    element = models.ForeignKey(
        "standards.DataElement", on_delete=models.CASCADE, related_name="deviations", verbose_name=_("数据元")
    )
    aspect = models.CharField(_("检查内容"), max_length=16, choices=Aspect.choices)
    detail = models.JSONField(default=dict)  # of a declaration: what was found and what is needed
    checked = models.BigIntegerField(_("检查行数"), null=True)  # null for a declaration
    failed = models.BigIntegerField(_("不符合行"), null=True)
    examples = models.JSONField(default=list)  # failing values, masked by the policy of the source
    first_at = models.DateTimeField(_("发现时间"))
    last_at = models.DateTimeField(_("最近发现"))
    cleared_at = models.DateTimeField(_("消除时间"), null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("批准人")
    )
    accepted_at = models.DateTimeField(_("批准时间"), null=True)
    accepted_until = models.DateField(_("批准至"), null=True)  # the last day
    reason = models.CharField(_("理由"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("标准偏离")
        verbose_name_plural = _("标准偏离")
        ordering = ["-last_at", "id"]
        indexes = [
            models.Index(fields=["cleared_at", "-last_at", "id"], name="genes_deviation_open"),
            models.Index(fields=["source", "cleared_at"], name="genes_deviation_source"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["column", "aspect"], name="genes_deviation_once"),
            models.CheckConstraint(condition=Q(aspect__in=Aspect.values), name="genes_deviation_aspect_known"),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | (Q(accepted_until__isnull=False) & ~Q(reason="")),
                name="genes_deviation_accepted_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.column} {self.get_aspect_display()}"

    def get_absolute_url(self) -> str:
        return reverse("genes:deviation_detail", args=[self.pk])

    @property
    def state(self) -> DeviationState:
        if self.cleared_at is not None:
            return DeviationState.CLEARED
        accepted = self.accepted_until is not None and self.accepted_until >= timezone.localdate()
        return DeviationState.ACCEPTED if accepted else DeviationState.OPEN

    @property
    def found(self) -> str:
        """What is wrong with the declaration, in words; "" when the values are what is wrong."""
        sentence = _DECLARED.get(self.detail.get("reason", "length" if "needed" in self.detail else ""), "")
        return str(sentence) % self.detail if sentence else ""
