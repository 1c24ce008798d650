"""What a census found: tables and their columns."""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from assets.choices import Method, ObjectState, PersonalKind, TableKind
from assets.links import page_url
from assets.models.register import DataSource
from core.containing import containing_index

if TYPE_CHECKING:
    from assets.models.profiles import ColumnProfile


class Table(models.Model):
    """表 – a table, view or file of a source. Its identity, title and history outlive a renaming."""

    scope_lookup: ClassVar[str] = "source__agency_id"
    contained: ClassVar[tuple[str, ...]] = ("name", "title", "schema_name", "comment")  # core.containing

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(DataSource, on_delete=models.CASCADE, related_name="tables", verbose_name=_("数据源"))
    schema_name = models.CharField(_("模式"), max_length=255, blank=True)
    name = models.CharField(_("表名"), max_length=400)
    kind = models.CharField(_("类型"), max_length=24, choices=TableKind.choices, default=TableKind.TABLE)
    comment = models.TextField(_("注释"), blank=True)

    title = models.CharField(_("中文名称"), max_length=200, blank=True)
    description = models.TextField(_("说明"), blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_tables",
        verbose_name=_("负责人"),
    )

    row_estimate = models.BigIntegerField(_("估计行数"), null=True)  # the source's catalogue, at the last census
    row_count = models.BigIntegerField(_("精确行数"), null=True)  # counted at the last scan
    rows = models.GeneratedField(
        expression=Coalesce("row_count", "row_estimate"), output_field=models.BigIntegerField(), db_persist=True
    )
    bytes = models.BigIntegerField(_("容量"), null=True)
    column_count = models.PositiveIntegerField(_("字段数"), default=0)
    primary_key = models.JSONField(default=list)  # column names in key order
    foreign_keys = models.JSONField(default=list)  # scanner.model.ForeignKey.as_json
    indexes = models.JSONField(default=list)  # scanner.model.Index.as_json

    state = models.CharField(_("状态"), max_length=16, choices=ObjectState.choices, default=ObjectState.SEEN)
    state_code = models.CharField(
        max_length=64, blank=True
    )  # why unreadable, or what was left out: a key of scanner.errors.MESSAGES
    state_params = models.JSONField(default=dict, blank=True)
    state_at = models.DateTimeField(_("状态时间"), null=True)
    first_seen_at = models.DateTimeField(_("首次发现"))
    last_seen_at = models.DateTimeField(_("最近发现"))
    profiled_at = models.DateTimeField(_("最近剖析"), null=True)
    personal_count = models.PositiveIntegerField(_("个人信息字段数"), default=0)
    score = models.DecimalField(_("质量得分"), max_digits=5, decimal_places=2, null=True)  # written by quality
    scored_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("表")
        verbose_name_plural = _("表")
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["name", "id"], name="assets_table_name"),
            models.Index(F("rows").desc(nulls_last=True), F("id").desc(), name="assets_table_rows"),
            models.Index(F("bytes").desc(nulls_last=True), F("id").desc(), name="assets_table_bytes"),
            models.Index(F("score").desc(nulls_last=True), F("id").desc(), name="assets_table_score"),
            models.Index(F("profiled_at").desc(nulls_last=True), F("id").desc(), name="assets_table_profiled"),
            models.Index(fields=["first_seen_at", "id"], name="assets_table_first_seen"),
            models.Index(fields=["source", "state"], name="assets_table_state"),
            # What dashboards count and average of all tables is read from these alone.
            models.Index(
                fields=["source"],
                include=["score"],
                name="assets_table_scored",
                condition=models.Q(score__isnull=False, state=ObjectState.SEEN),
            ),
            models.Index(
                fields=["source"],
                name="assets_table_unprofiled",
                condition=models.Q(profiled_at__isnull=True) & ~models.Q(state=ObjectState.GONE),
            ),
            containing_index("assets_table_containing", "name", "title", "schema_name", "comment"),
        ]
        constraints = [
            # A gone table leaves its name free: another may be renamed to it, and it is found again when it returns.
            models.UniqueConstraint(
                fields=["source", "schema_name", "name"],
                condition=~models.Q(state="gone"),
                name="assets_table_name_once_per_schema",
            ),
            models.CheckConstraint(condition=models.Q(state__in=ObjectState.values), name="assets_table_state_known"),
            models.CheckConstraint(
                condition=models.Q(row_count__isnull=True) | models.Q(row_count__gte=0),
                name="assets_table_row_count_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(score__isnull=True) | models.Q(score__gte=0, score__lte=100),
                name="assets_table_score_0_to_100",
            ),
            models.CheckConstraint(
                condition=models.Q(last_seen_at__gte=F("first_seen_at")), name="assets_table_seen_in_order"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    def get_absolute_url(self) -> str:
        return page_url("table_detail", self.pk)

    @property
    def label(self) -> str:
        """The physical name, as the source writes it."""
        return f"{self.schema_name}.{self.name}" if self.schema_name else self.name

    @property
    def display_name(self) -> str:
        """The name for people: title, else the first line of the comment, else the physical name."""
        return self.title or first_line(self.comment) or self.name

    @property
    def rows_method(self) -> str:
        return Method.EXACT if self.row_count is not None else Method.ESTIMATE


class Column(models.Model):
    """字段 – a column of a table."""

    scope_lookup: ClassVar[str] = "source__agency_id"
    contained: ClassVar[tuple[str, ...]] = ("name", "title", "comment")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    table = models.ForeignKey(Table, on_delete=models.CASCADE, related_name="columns", verbose_name=_("表"))
    source = models.ForeignKey(DataSource, on_delete=models.CASCADE, related_name="columns", verbose_name=_("数据源"))
    name = models.CharField(_("字段名"), max_length=400)
    position = models.PositiveIntegerField(_("序号"))
    type = models.TextField(_("数据类型"))
    value_class = models.CharField(_("取值类别"), max_length=16)
    nullable = models.BooleanField(_("可空"), default=True)
    default = models.TextField(_("默认值"), null=True)  # noqa: DJ001 - no default and an empty one differ
    comment = models.TextField(_("注释"), blank=True)
    primary_key = models.BooleanField(_("主键"), default=False)
    padded = models.BooleanField(default=False)

    title = models.CharField(_("中文名称"), max_length=200, blank=True)
    description = models.TextField(_("说明"), blank=True)
    personal_kind = models.CharField(_("个人信息类别"), max_length=16, choices=PersonalKind.choices, blank=True)
    personal_decided = models.BooleanField(default=False)  # a person set personal_kind; no scan overrules it

    state = models.CharField(_("状态"), max_length=16, choices=ObjectState.choices, default=ObjectState.SEEN)
    state_code = models.CharField(max_length=64, blank=True)
    state_params = models.JSONField(default=dict, blank=True)
    state_at = models.DateTimeField(_("状态时间"), null=True)
    first_seen_at = models.DateTimeField(_("首次发现"))

    class Meta:
        verbose_name = _("字段")
        verbose_name_plural = _("字段")
        ordering = ["position", "id"]
        indexes = [
            models.Index(fields=["table", "position"], name="assets_column_position"),
            models.Index(fields=["name", "id"], name="assets_column_name"),
            models.Index(fields=["source", "state"], name="assets_column_state"),
            models.Index(fields=["first_seen_at", "id"], name="assets_column_first_seen"),
            models.Index(fields=["value_class"], name="assets_column_class"),
            models.Index(
                fields=["state", "id"], name="assets_column_absent", condition=~models.Q(state=ObjectState.SEEN)
            ),
            containing_index("assets_column_containing", "name", "title", "comment"),
            models.Index(
                fields=["personal_kind", "id"], name="assets_column_personal", condition=~models.Q(personal_kind="")
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["table", "name"], condition=~models.Q(state="gone"), name="assets_column_name_once_per_table"
            ),
            models.CheckConstraint(condition=models.Q(position__gte=1), name="assets_column_position_from_1"),
            models.CheckConstraint(condition=models.Q(state__in=ObjectState.values), name="assets_column_state_known"),
        ]

    def __str__(self) -> str:
        return self.display_name

    def get_absolute_url(self) -> str:
        return page_url("column_detail", self.pk)

    @property
    def label(self) -> str:
        """The physical name with its table, as the source writes it."""
        return f"{self.table.label}.{self.name}"

    @property
    def display_name(self) -> str:
        return self.title or first_line(self.comment) or self.name

    @property
    def profile(self) -> "ColumnProfile | None":
        """The current profile; without a query after ``selectors.catalogue.with_profile``."""
        loaded: list[ColumnProfile] | None = getattr(self, "current_profiles", None)
        if loaded is not None:
            return loaded[0] if loaded else None
        return self.profiles.filter(current=True).first()


def first_line(comment: str, limit: int = 60) -> str:
    """The head of a comment, fit for a heading: its first line, shortened to ``limit`` characters."""
    line = comment.strip().splitlines()[0].strip() if comment.strip() else ""
    return line if len(line) <= limit else line[: limit - 1] + "…"
