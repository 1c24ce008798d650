"""Code sets: editions in time, their codes, and what became of a code in the next edition."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from standards.choices import EditionState


class CodeSet(models.Model):
    """代码集 – a list of permissible values under one reference: "GB/T 2261.1"."""

    scope_lookup: ClassVar[str] = "agency_id"
    open_to_all: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(
        "accounts.Agency", on_delete=models.PROTECT, related_name="+", verbose_name=_("管理机构")
    )
    reference = models.CharField(_("代码集标识"), max_length=60, unique=True)
    name = models.CharField(_("代码集名称"), max_length=200)
    sort_key = models.CharField(max_length=400, blank=True)  # pinyin of the name
    description = models.TextField(_("说明"), blank=True)
    current = models.OneToOneField(
        "standards.CodeSetEdition", on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("现行版本")
    )
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    class Meta:
        verbose_name = _("代码集")
        verbose_name_plural = _("代码集")
        ordering = ["reference"]

    def __str__(self) -> str:
        return f"{self.reference} {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("standards:code_set_detail", args=[self.pk])


class CodeSetEdition(models.Model):
    """代码集版本 – the codes as one edition lists them; published, neither it nor its codes change (triggers hold that)."""

    scope_lookup: ClassVar[str] = "code_set__agency_id"
    open_to_all: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code_set = models.ForeignKey(CodeSet, on_delete=models.CASCADE, related_name="editions")
    label = models.CharField(_("版本"), max_length=40)  # "2003"
    state = models.CharField(_("状态"), max_length=16, choices=EditionState.choices, default=EditionState.DRAFT)
    valid_from = models.DateField(_("实施日期"), null=True, blank=True)
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)
    note = models.TextField(_("修订说明"), blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    published_at = models.DateTimeField(_("发布时间"), null=True)

    class Meta:
        verbose_name = _("代码集版本")
        ordering = ["code_set", "-valid_from", "-label"]
        constraints = [
            models.UniqueConstraint(fields=["code_set", "label"], name="standards_codesetedition_label"),
            models.UniqueConstraint(
                fields=["code_set"],
                condition=models.Q(state=EditionState.PUBLISHED),
                name="standards_codeset_one_published",
            ),
            models.UniqueConstraint(
                fields=["code_set"],
                condition=models.Q(state__in=[EditionState.DRAFT, EditionState.COMMENTING, EditionState.REVIEW]),
                name="standards_codeset_one_in_work",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=EditionState.values), name="standards_codesetedition_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code_set.reference}-{self.label}"

    def get_absolute_url(self) -> str:
        return reverse("standards:code_edition_detail", args=[self.pk])


class Code(models.Model):
    """代码 – one permissible value with its meaning; valid within its dates, so that an old value is judged by its day."""

    edition = models.ForeignKey(CodeSetEdition, on_delete=models.CASCADE, related_name="codes")
    code = models.CharField(_("代码"), max_length=60)
    name = models.CharField(_("名称"), max_length=300)
    parent = models.CharField(_("上级代码"), max_length=60, blank=True)
    position = models.PositiveIntegerField(default=0)
    valid_from = models.DateField(_("启用日期"), null=True, blank=True)
    valid_to = models.DateField(_("停用日期"), null=True, blank=True)  # the first day on which it is no longer valid
    note = models.CharField(_("说明"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("代码")
        ordering = ["edition", "position", "code"]
        indexes = [models.Index(fields=["edition", "code"], name="standards_code_code")]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "code", "valid_from"], nulls_distinct=False, name="standards_code_once_per_start"
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True)
                | models.Q(valid_from__isnull=True)
                | models.Q(valid_to__gt=models.F("valid_from")),
                name="standards_code_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class CodeMapping(models.Model):
    """代码对照 – what an old code became: split (several rows of one old code), merged, renamed, or dropped (new empty)."""

    code_set = models.ForeignKey(CodeSet, on_delete=models.CASCADE, related_name="mappings")
    old = models.CharField(_("旧代码"), max_length=60)
    new = models.CharField(_("新代码"), max_length=60, blank=True)
    since = models.DateField(_("变更日期"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("代码对照")
        ordering = ["code_set", "old", "since", "new"]
        constraints = [
            models.UniqueConstraint(
                fields=["code_set", "old", "new", "since"], nulls_distinct=False, name="standards_codemapping_once"
            ),
            models.CheckConstraint(condition=~models.Q(old=models.F("new")), name="standards_codemapping_changes"),
        ]

    def __str__(self) -> str:
        return f"{self.old} → {self.new or '—'}"
