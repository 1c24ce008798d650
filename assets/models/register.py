"""What people enter: information systems and data sources."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from assets.choices import (
    Network,
    ProtectionLevel,
    SourceState,
    SystemKind,
    SystemStatus,
    ValuesPolicy,
)
from assets.links import page_url


class InformationSystem(models.Model):
    """信息系统 – a system that an agency runs; the fields of the census form (政务信息系统普查表)."""

    scope_lookup: ClassVar[str] = "agency_id"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(
        "accounts.Agency", on_delete=models.PROTECT, related_name="systems", verbose_name=_("所属机构")
    )
    code = models.CharField(_("系统编码"), max_length=64)
    name = models.CharField(_("系统名称"), max_length=200)
    description = models.TextField(_("业务功能"), blank=True)
    kind = models.CharField(_("系统类别"), max_length=16, choices=SystemKind.choices, default=SystemKind.BUSINESS)
    status = models.CharField(_("建设状态"), max_length=16, choices=SystemStatus.choices, default=SystemStatus.RUNNING)
    protection_level = models.PositiveSmallIntegerField(
        _("等保级别"), choices=ProtectionLevel.choices, default=ProtectionLevel.NONE
    )
    network = models.CharField(_("接入网络"), max_length=16, choices=Network.choices, default=Network.EXTERNAL)
    deployment = models.CharField(_("部署位置"), max_length=200, blank=True)
    basis = models.CharField(_("建设依据"), max_length=300, blank=True)
    department = models.CharField(_("归口科室"), max_length=100, blank=True)
    contact_name = models.CharField(_("联系人"), max_length=64, blank=True)
    contact_phone = models.CharField(_("联系电话"), max_length=32, blank=True)
    vendor = models.CharField(_("承建单位"), max_length=200, blank=True)
    operator = models.CharField(_("运维单位"), max_length=200, blank=True)
    audience = models.CharField(_("使用对象"), max_length=200, blank=True)
    address = models.CharField(_("访问地址"), max_length=300, blank=True)
    online_on = models.DateField(_("投入使用时间"), null=True, blank=True)
    created_at = models.DateTimeField(_("登记时间"), auto_now_add=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    class Meta:
        verbose_name = _("信息系统")
        verbose_name_plural = _("信息系统")
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["name", "id"], name="assets_system_name")]
        constraints = [
            models.UniqueConstraint(fields=["agency", "code"], name="assets_informationsystem_code_once_per_agency"),
            models.CheckConstraint(
                condition=models.Q(protection_level__gte=0, protection_level__lte=5),
                name="assets_informationsystem_protection_level_0_to_5",
            ),
            models.CheckConstraint(condition=~models.Q(code=""), name="assets_informationsystem_code_given"),
            models.CheckConstraint(condition=~models.Q(name=""), name="assets_informationsystem_name_given"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return page_url("system_detail", self.pk)


class DataSource(models.Model):
    """数据源 – one database or folder that is censused and scanned.

    ``sealed_secrets`` is one token of ``core.crypto`` over the JSON of all secrets, bound to this row by
    ``crypto.aad``: the token of another row cannot be put here. Nothing outside a worker unseals it.
    """

    scope_lookup: ClassVar[str] = "agency_id"
    view_verb: ClassVar[str] = "source.view"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(
        "accounts.Agency", on_delete=models.PROTECT, related_name="sources", verbose_name=_("所属机构")
    )
    system = models.ForeignKey(
        InformationSystem,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="sources",
        verbose_name=_("信息系统"),
    )
    name = models.CharField(_("数据源名称"), max_length=200)
    description = models.TextField(_("说明"), blank=True)
    kind = models.CharField(_("类型"), max_length=32)
    parameters = models.JSONField(_("连接参数"), default=dict, blank=True)
    sealed_secrets = models.TextField(default="", blank=True, editable=False)
    contact_name = models.CharField(_("联系人"), max_length=64, blank=True)
    contact_phone = models.CharField(_("联系电话"), max_length=32, blank=True)

    values_policy = models.CharField(
        _("取值展示策略"), max_length=16, choices=ValuesPolicy.choices, default=ValuesPolicy.MASKED
    )
    push_only = models.BooleanField(_("数据不出库"), default=False)
    census_cron = models.CharField(_("盘点计划"), max_length=100, blank=True)
    scan_cron = models.CharField(_("扫描计划"), max_length=100, blank=True)

    state = models.CharField(_("状态"), max_length=16, choices=SourceState.choices, default=SourceState.REGISTERED)
    can_write = models.BooleanField(_("账号可写"), null=True)
    superuser = models.BooleanField(_("账号为超级用户"), null=True)
    server_version = models.CharField(_("服务器版本"), max_length=300, blank=True)
    latency_ms = models.PositiveIntegerField(null=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_params = models.JSONField(default=dict, blank=True)
    error_at = models.DateTimeField(null=True)
    last_test_at = models.DateTimeField(_("最近测试"), null=True)
    last_census_at = models.DateTimeField(_("最近盘点"), null=True)
    last_scan_at = models.DateTimeField(_("最近扫描"), null=True)

    # Kept by the census and the scan, so that a list of sources is one query.
    table_count = models.PositiveIntegerField(_("表数"), default=0)
    column_count = models.PositiveIntegerField(_("字段数"), default=0)
    unreadable_count = models.PositiveIntegerField(_("无法读取"), default=0)
    row_total = models.BigIntegerField(_("行数"), default=0)
    byte_total = models.BigIntegerField(_("容量"), default=0)

    created_at = models.DateTimeField(_("登记时间"), auto_now_add=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("数据源")
        verbose_name_plural = _("数据源")
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["name", "id"], name="assets_source_name"),
            models.Index(fields=["agency", "state"], name="assets_source_state"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "name"],
                condition=~models.Q(state="removed"),
                name="assets_datasource_name_once_per_agency",
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="assets_datasource_name_given"),
            models.CheckConstraint(
                condition=~models.Q(state="removed") | models.Q(sealed_secrets=""),
                name="assets_datasource_removed_keeps_no_secrets",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=SourceState.values), name="assets_datasource_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return page_url("source_detail", self.pk)

    @property
    def has_secrets(self) -> bool:
        return bool(self.sealed_secrets)

    @property
    def is_active(self) -> bool:
        return self.state not in (SourceState.DISABLED, SourceState.REMOVED)
