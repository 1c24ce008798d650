"""The library of standard texts, citations of them, and comments on what is being written."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from standards.choices import StandardLevel, TextStatus


class StandardText(models.Model):
    """标准文本 – a published standard by its number: "GB/T 2261.1-2003"."""

    scope_lookup: ClassVar[str] = "agency_id"
    open_to_all: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(
        "accounts.Agency", on_delete=models.PROTECT, related_name="+", verbose_name=_("维护机构")
    )
    number = models.CharField(_("标准号"), max_length=60, unique=True)
    title = models.CharField(_("标准名称"), max_length=300)
    level = models.CharField(_("标准层级"), max_length=16, choices=StandardLevel.choices)
    publisher = models.CharField(_("发布机构"), max_length=200, blank=True)
    published_on = models.DateField(_("发布日期"), null=True, blank=True)
    effective_on = models.DateField(_("实施日期"), null=True, blank=True)
    abolished_on = models.DateField(_("废止日期"), null=True, blank=True)
    status = models.CharField(_("状态"), max_length=16, choices=TextStatus.choices, default=TextStatus.CURRENT)
    superseded_by = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="supersedes", verbose_name=_("代替标准")
    )
    note = models.TextField(_("说明"), blank=True)
    checked_on = models.DateField(_("核对原文日期"), null=True, blank=True)  # null: from memory, not shown as binding
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    class Meta:
        verbose_name = _("标准文本")
        verbose_name_plural = _("标准文本")
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("standards:text_detail", args=[self.pk])


class Citation(models.Model):
    """引用 – an edition rests on a clause of a standard text."""

    edition = models.ForeignKey("standards.Edition", on_delete=models.CASCADE, null=True, related_name="citations")
    code_edition = models.ForeignKey(
        "standards.CodeSetEdition", on_delete=models.CASCADE, null=True, related_name="citations"
    )
    text = models.ForeignKey(
        StandardText, on_delete=models.PROTECT, related_name="citations", verbose_name=_("标准文本")
    )
    clause = models.CharField(_("条款"), max_length=100, blank=True)
    checked_on = models.DateField(_("核对原文日期"), null=True, blank=True)  # null: from memory, not shown as binding

    class Meta:
        verbose_name = _("引用")
        ordering = ["text__number", "clause"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(edition__isnull=False, code_edition__isnull=True)
                | models.Q(edition__isnull=True, code_edition__isnull=False),
                name="standards_citation_of_one_edition",
            ),
            models.UniqueConstraint(
                fields=["edition", "code_edition", "text", "clause"],
                nulls_distinct=False,
                name="standards_citation_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.text.number} {self.clause}".strip()


class Comment(models.Model):
    """意见 – what an agency says about an edition while it is open to comments, and the answer."""

    target = models.CharField(max_length=200)  # "standards.Edition:<pk>"
    agency = models.ForeignKey("accounts.Agency", on_delete=models.PROTECT, related_name="+", verbose_name=_("机构"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("提出人")
    )
    text = models.TextField(_("意见"), max_length=2_000)
    at = models.DateTimeField(_("提出时间"), auto_now_add=True)
    accepted = models.BooleanField(_("采纳"), null=True)  # null: not answered
    answer = models.TextField(_("答复"), max_length=2_000, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("答复人")
    )
    answered_at = models.DateTimeField(_("答复时间"), null=True)

    class Meta:
        verbose_name = _("意见")
        ordering = ["pk"]
        indexes = [models.Index(fields=["target", "id"], name="standards_comment_target")]

    def __str__(self) -> str:
        return self.text[:60]
