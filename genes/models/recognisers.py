"""Recognisers: what a steward knows about an element's columns, tried on labelled columns before it may propose."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

PRECISION = 0.95  # of a trial, from which a recogniser may propose
LEAST = 5  # right columns that a trial needs


class Recogniser(models.Model):
    """识别器 – conditions that all hold of a column that carries the element; tried (试运行) before it proposes."""

    scope_lookup: ClassVar[str] = "agency_id"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey("accounts.Agency", on_delete=models.PROTECT, related_name="+", verbose_name=_("机构"))
    name = models.CharField(_("名称"), max_length=100)
    element = models.ForeignKey(
        "standards.DataElement", on_delete=models.CASCADE, related_name="recognisers", verbose_name=_("数据元")
    )
    words = models.JSONField(_("名称词"), default=list)  # one of them in the name, title or comment
    pattern = models.CharField(_("取值正则"), max_length=300, blank=True)  # RE2, of the kept values
    check_scheme = models.CharField(_("校验规则"), max_length=32, blank=True)  # an identifier of the scanner
    code_set = models.ForeignKey(
        "standards.CodeSet", on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("代码集")
    )
    share = models.FloatField(_("取值达标比例"), default=0.9)  # of the values, for pattern, check and code set
    enabled = models.BooleanField(_("启用"), default=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)
    # The last trial; a change of the conditions forgets it.
    tried_at = models.DateTimeField(_("试运行时间"), null=True)
    precision = models.FloatField(_("准确率"), null=True)
    recall = models.FloatField(_("召回率"), null=True)
    trial = models.JSONField(default=dict)  # columns, right, wrong, missed; rows: the wrong ones

    class Meta:
        verbose_name = _("识别器")
        verbose_name_plural = _("识别器")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "name"], name="genes_recogniser_name_once_per_agency"),
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=1), name="genes_recogniser_share"),
            models.CheckConstraint(
                condition=Q(enabled=False) | Q(precision__gte=PRECISION), name="genes_recogniser_tried_before_enabled"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("genes:recogniser_detail", args=[self.pk])

    @property
    def may_be_enabled(self) -> bool:
        return self.precision is not None and self.precision >= PRECISION and self.trial.get("right", 0) >= LEAST
