"""Data elements: the registry item, its editions, and the further names by which columns mean it."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from standards.choices import Domain, EditionState, Level, NameKind, NameOrigin, RegistrationStatus, ValueDomain
from standards.models.codes import CodeSet


class DataElement(models.Model):
    """数据元 – smallest unit of a data standard (GB/T 18391.1, ISO/IEC 11179-1): its identity; the words are its editions'."""

    scope_lookup: ClassVar[str] = "agency_id"
    open_to_all: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(
        "accounts.Agency", on_delete=models.PROTECT, related_name="+", verbose_name=_("管理机构")
    )
    code = models.CharField(_("内部标识符"), max_length=40, unique=True)
    domain = models.CharField(_("主题域"), max_length=20, choices=Domain.choices, default=Domain.GENERAL)
    registration_status = models.CharField(
        _("登记状态"), max_length=16, choices=RegistrationStatus.choices, default=RegistrationStatus.INCOMPLETE
    )
    name = models.CharField(_("中文名称"), max_length=200)  # of the edition in force, or of the first draft
    sort_key = models.CharField(max_length=400, blank=True)  # pinyin of the name
    current = models.OneToOneField(
        "standards.Edition", on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("现行版本")
    )
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    class Meta:
        verbose_name = _("数据元")
        verbose_name_plural = _("数据元")
        ordering = ["code"]
        indexes = [
            models.Index(fields=["sort_key", "id"], name="standards_element_pinyin"),
            models.Index(fields=["updated_at", "id"], name="standards_element_updated"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(domain__in=Domain.values), name="standards_element_domain_known"),
            models.CheckConstraint(
                condition=models.Q(registration_status__in=RegistrationStatus.values),
                name="standards_element_status_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("standards:element_detail", args=[self.pk])


class Edition(models.Model):
    """数据元版本 – the attributes of GB/T 19488.1; published, it is never edited (a trigger holds that), only superseded."""

    scope_lookup: ClassVar[str] = "element__agency_id"
    open_to_all: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    element = models.ForeignKey(DataElement, on_delete=models.CASCADE, related_name="editions")
    number = models.PositiveIntegerField(_("版本"))
    state = models.CharField(_("状态"), max_length=16, choices=EditionState.choices, default=EditionState.DRAFT)
    # Identifying
    name = models.CharField(_("中文名称"), max_length=200)
    english_name = models.CharField(_("英文名称"), max_length=200, blank=True)
    # Definitional
    definition = models.TextField(_("定义"), blank=True)
    object_class = models.CharField(_("对象类词"), max_length=100, blank=True)
    property_term = models.CharField(_("特性词"), max_length=100, blank=True)
    representation_term = models.CharField(_("表示词"), max_length=100, blank=True)
    # Representational
    notation = models.CharField(_("数据格式"), max_length=60, blank=True)  # standards.notation reads it
    unit = models.CharField(_("计量单位"), max_length=40, blank=True)
    value_domain = models.CharField(
        _("值域类型"), max_length=16, choices=ValueDomain.choices, default=ValueDomain.DESCRIBED
    )
    code_set = models.ForeignKey(
        CodeSet,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="editions_of_elements",
        verbose_name=_("代码集"),
    )
    check_scheme = models.CharField(
        _("校验规则"), max_length=32, blank=True
    )  # an identifier of the scanner: citizen_id
    values_note = models.CharField(_("值域说明"), max_length=500, blank=True)
    # Classification
    level = models.CharField(_("安全级别"), max_length=4, choices=Level.choices, default=Level.L1)
    level_reason = models.CharField(_("定级理由"), max_length=300, blank=True)
    reference = models.CharField(
        _("来源标准"), max_length=200, blank=True
    )  # as written; citations link what was checked
    # Administrative
    note = models.TextField(_("备注"), blank=True)
    change_note = models.TextField(_("修订说明"), blank=True)
    submitted_by = models.ForeignKey(
        "accounts.Agency", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("提交机构")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("主要起草人"),
    )
    published_at = models.DateTimeField(_("批准日期"), null=True, blank=True)
    ended_at = models.DateTimeField(_("停用日期"), null=True, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    class Meta:
        verbose_name = _("数据元版本")
        ordering = ["element", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["element", "number"], name="standards_edition_number"),
            models.UniqueConstraint(
                fields=["element"],
                condition=models.Q(state=EditionState.PUBLISHED),
                name="standards_element_one_published",
            ),
            models.UniqueConstraint(
                fields=["element"],
                condition=models.Q(state__in=[EditionState.DRAFT, EditionState.COMMENTING, EditionState.REVIEW]),
                name="standards_element_one_in_work",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=EditionState.values), name="standards_edition_state_known"
            ),
            models.CheckConstraint(condition=models.Q(level__in=Level.values), name="standards_edition_level_known"),
            models.CheckConstraint(
                condition=~models.Q(value_domain=ValueDomain.ENUMERATED) | models.Q(code_set__isnull=False),
                name="standards_edition_enumerated_has_codes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.element.code} {self.name} v{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("standards:edition_detail", args=[self.pk])


class ElementName(models.Model):
    """同义名称 – another name of an element (GB/T 19488.1), in the context that uses it; matching reads them all."""

    scope_lookup: ClassVar[str] = "element__agency_id"
    open_to_all: ClassVar[bool] = True

    element = models.ForeignKey(DataElement, on_delete=models.CASCADE, related_name="names")
    kind = models.CharField(_("类型"), max_length=16, choices=NameKind.choices)
    text = models.CharField(_("名称"), max_length=200)
    context = models.CharField(_("语境"), max_length=100, blank=True)  # the agency or system that says so
    origin = models.CharField(_("来源"), max_length=16, choices=NameOrigin.choices)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    added_at = models.DateTimeField(_("添加时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("同义名称")
        ordering = ["element", "kind", "text"]
        constraints = [
            models.UniqueConstraint(fields=["element", "kind", "text"], name="standards_elementname_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=NameKind.values), name="standards_elementname_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.text
