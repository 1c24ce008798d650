"""Genes: what each column carries, how that was found and decided, and what follows over all columns of an element."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from genes.choices import AlarmState, DeviationState, MatchState, Origin, RelationKind, Verdict, Zone


class Gene(models.Model):
    """基因 – the fingerprint of one column, from the one reading of its table; a new reading replaces it."""

    scope_lookup: ClassVar[str] = "column__source__agency_id"

    column = models.OneToOneField(
        "assets.Column", on_delete=models.CASCADE, related_name="gene", primary_key=True, verbose_name=_("字段")
    )
    at = models.DateTimeField(_("识别时间"))
    algorithm = models.PositiveSmallIntegerField(default=1)  # version of what computed it
    head = models.CharField(_("名称主干"), max_length=200, blank=True)
    form = models.CharField(_("值类型"), max_length=16, blank=True)
    facts = models.JSONField(_("特征"), default=dict)  # lengths, patterns, checksum shares, code-set hits
    masked = models.BooleanField(_("已脱敏"), default=False)
    distinct = models.BigIntegerField(null=True)
    unique_share = models.FloatField(null=True)
    zone = models.CharField(_("置信区间"), max_length=16, choices=Zone.choices, default=Zone.NONE)
    best = models.ForeignKey(
        "standards.DataElement", on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("首选数据元")
    )
    confidence = models.FloatField(_("置信度"), default=0)  # of the best answer, NONE included

    class Meta:
        verbose_name = _("基因")
        verbose_name_plural = _("基因")
        indexes = [models.Index(fields=["zone", "-confidence"], name="genes_gene_zone")]
        constraints = [
            models.CheckConstraint(condition=Q(zone__in=Zone.values), name="genes_gene_zone_known"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="genes_gene_confidence_0_to_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.column}"


class Match(models.Model):
    """对标 – one element proposed for one column, with the reasons in log-odds; up to three a column."""

    scope_lookup: ClassVar[str] = "column__source__agency_id"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    column = models.ForeignKey(
        "assets.Column", on_delete=models.CASCADE, related_name="matches", verbose_name=_("字段")
    )
    element = models.ForeignKey(
        "standards.DataElement", on_delete=models.CASCADE, related_name="matches", verbose_name=_("数据元")
    )
    rank = models.PositiveSmallIntegerField(_("次序"))
    confidence = models.FloatField(_("置信度"))
    reasons = models.JSONField(default=dict)  # key of genes.reasons → log-odds
    state = models.CharField(_("状态"), max_length=16, choices=MatchState.choices, default=MatchState.PROPOSED)
    proposed_at = models.DateTimeField(_("提出时间"))

    class Meta:
        verbose_name = _("对标建议")
        verbose_name_plural = _("对标建议")
        ordering = ["column", "rank"]
        indexes = [models.Index(fields=["state", "-confidence", "id"], name="genes_match_queue")]
        constraints = [
            models.UniqueConstraint(fields=["column", "element"], name="genes_match_once_per_column_and_element"),
            models.CheckConstraint(condition=Q(state__in=MatchState.values), name="genes_match_state_known"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="genes_match_confidence_0_to_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.column} → {self.element}"


class Binding(models.Model):
    """绑定 – the element that a column carries, or (element null) a person's word that it carries none."""

    scope_lookup: ClassVar[str] = "column__source__agency_id"

    column = models.OneToOneField(
        "assets.Column", on_delete=models.CASCADE, related_name="binding", primary_key=True, verbose_name=_("字段")
    )
    element = models.ForeignKey(
        "standards.DataElement", on_delete=models.CASCADE, null=True, related_name="bindings", verbose_name=_("数据元")
    )
    origin = models.CharField(_("来源"), max_length=16, choices=Origin.choices)
    confidence = models.FloatField(_("置信度"), null=True)  # of the machine at the time
    baseline = models.JSONField(default=dict)  # the fingerprint it was bound with; drift is measured from it
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("确认人")
    )
    decided_at = models.DateTimeField(_("确认时间"))

    class Meta:
        verbose_name = _("基因绑定")
        indexes = [models.Index(fields=["element", "column"], name="genes_binding_element")]
        constraints = [models.CheckConstraint(condition=Q(origin__in=Origin.values), name="genes_binding_origin_known")]

    def __str__(self) -> str:
        return f"{self.column} = {self.element}"


class Decision(models.Model):
    """决定 – what a person said about one column, with the column as it was then: never changed, read as training row."""

    column = models.ForeignKey("assets.Column", on_delete=models.SET_NULL, null=True, related_name="+")
    element = models.ForeignKey("standards.DataElement", on_delete=models.SET_NULL, null=True, related_name="+")
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    told = models.JSONField(default=dict)  # name, data_type, comment, table, table_comment
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("对标决定")
        ordering = ["pk"]
        indexes = [models.Index(fields=["column", "id"], name="genes_decision_column")]

    def __str__(self) -> str:
        return f"{self.column} {self.verdict} {self.element}"


class AuthorityRuling(models.Model):
    """数源裁定 – which table is the authoritative source of an element, on what basis, from when to when."""

    scope_lookup: ClassVar[str] = "agency_id"
    open_to_all: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    element = models.ForeignKey(
        "standards.DataElement", on_delete=models.CASCADE, related_name="rulings", verbose_name=_("数据元")
    )
    agency = models.ForeignKey(
        "accounts.Agency", on_delete=models.PROTECT, related_name="+", verbose_name=_("数源机构")
    )
    table = models.ForeignKey(
        "assets.Table", on_delete=models.SET_NULL, null=True, related_name="rulings", verbose_name=_("数源表")
    )
    basis = models.TextField(_("裁定依据"), max_length=2_000)
    text = models.ForeignKey(
        "standards.StandardText",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("依据文本"),
    )
    evidence = models.JSONField(default=dict)  # completeness, freshness, in-degree … of every candidate, at the time
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("失效日期"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("裁定人")
    )
    decided_at = models.DateTimeField(_("裁定时间"))

    class Meta:
        verbose_name = _("数源裁定")
        ordering = ["element", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["element"], condition=Q(valid_to__isnull=True), name="genes_ruling_one_in_force"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=models.F("valid_from")),
                name="genes_ruling_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.element} ← {self.agency}"


class Relation(models.Model):
    """基因关系 – two elements joined by their columns; counted anew by each mapping of the estate."""

    first = models.ForeignKey("standards.DataElement", on_delete=models.CASCADE, related_name="relations_as_first")
    second = models.ForeignKey("standards.DataElement", on_delete=models.CASCADE, related_name="relations_as_second")
    kind = models.CharField(max_length=16, choices=RelationKind.choices)
    weight = models.FloatField()  # 0…1
    columns = models.PositiveIntegerField(default=0)  # pairs of columns behind it
    facts = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("基因关系")
        constraints = [
            models.UniqueConstraint(fields=["first", "second", "kind"], name="genes_relation_once"),
            models.CheckConstraint(condition=Q(kind__in=RelationKind.values), name="genes_relation_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.first} – {self.second}"


class MapPlace(models.Model):
    """图谱位置 – where an element stands on the gene map; kept, so that the map looks the same at every visit."""

    element = models.OneToOneField(
        "standards.DataElement", on_delete=models.CASCADE, primary_key=True, related_name="place"
    )
    x = models.FloatField()
    y = models.FloatField()

    class Meta:
        verbose_name = _("图谱位置")

    def __str__(self) -> str:
        return f"{self.element}: {self.x:.0f}, {self.y:.0f}"


class Containment(models.Model):
    """值包含 – the values of one column lie in those of another: a candidate for a key and a join."""

    scope_lookup: ClassVar[str] = "column__source__agency_id"

    column = models.ForeignKey(
        "assets.Column", on_delete=models.CASCADE, related_name="contained_in", verbose_name=_("字段")
    )
    target = models.ForeignKey(
        "assets.Column", on_delete=models.CASCADE, related_name="contains", verbose_name=_("目标字段")
    )
    share = models.FloatField(_("包含率"))  # of the column's distinct values, estimated from sketches
    score = models.FloatField(_("综合得分"))  # containment, key-ness of the target, same element, names
    family = models.PositiveIntegerField(null=True)  # columns that share their values have one number
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("值包含")
        ordering = ["column", "-score"]
        constraints = [
            models.UniqueConstraint(fields=["column", "target"], name="genes_containment_once"),
            models.CheckConstraint(condition=~Q(column=models.F("target")), name="genes_containment_of_another"),
        ]

    def __str__(self) -> str:
        return f"{self.column} ⊆ {self.target}"


class DriftAlarm(models.Model):
    """漂移告警 – the fingerprint of a bound column has moved away from what it was bound with."""

    scope_lookup: ClassVar[str] = "column__source__agency_id"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    column = models.ForeignKey(
        "assets.Column", on_delete=models.CASCADE, related_name="drift_alarms", verbose_name=_("字段")
    )
    element = models.ForeignKey(
        "standards.DataElement", on_delete=models.CASCADE, related_name="+", verbose_name=_("数据元")
    )
    facts = models.JSONField(default=dict)  # what moved: from, to
    state = models.CharField(_("状态"), max_length=16, choices=AlarmState.choices, default=AlarmState.OPEN)
    raised_at = models.DateTimeField(_("告警时间"))
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    handled_at = models.DateTimeField(_("处理时间"), null=True)

    class Meta:
        verbose_name = _("漂移告警")
        ordering = ["-raised_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["column"], condition=Q(state=AlarmState.OPEN), name="genes_alarm_one_open"),
            models.CheckConstraint(condition=Q(state__in=AlarmState.values), name="genes_alarm_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.column}"


class Deviation(models.Model):
    """偏离 – a bound column breaks a rule of its element: length, format, codes, type; who accepts it, until when."""

    scope_lookup: ClassVar[str] = "column__source__agency_id"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    column = models.ForeignKey(
        "assets.Column", on_delete=models.CASCADE, related_name="deviations", verbose_name=_("字段")
    )
    element = models.ForeignKey(
        "standards.DataElement", on_delete=models.CASCADE, related_name="deviations", verbose_name=_("数据元")
    )
    kind = models.CharField(_("偏离类型"), max_length=16)  # type, length, format, codes, checksum
    rows = models.BigIntegerField(_("检查行数"), null=True)
    failed = models.BigIntegerField(_("不符合行数"), null=True)
    facts = models.JSONField(default=dict)
    state = models.CharField(_("状态"), max_length=16, choices=DeviationState.choices, default=DeviationState.OPEN)
    found_at = models.DateTimeField(_("发现时间"))
    reason = models.TextField(_("接受理由"), max_length=2_000, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("接受人")
    )
    accepted_until = models.DateField(_("接受至"), null=True, blank=True)

    class Meta:
        verbose_name = _("标准偏离")
        verbose_name_plural = _("标准偏离")
        ordering = ["-found_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["column", "kind"], name="genes_deviation_once_per_column_and_kind"),
            models.CheckConstraint(condition=Q(state__in=DeviationState.values), name="genes_deviation_state_known"),
            models.CheckConstraint(
                condition=~Q(state=DeviationState.ACCEPTED) | Q(accepted_until__isnull=False),
                name="genes_deviation_accepted_until",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.column} {self.kind}"

    def get_absolute_url(self) -> str:
        return reverse("genes:deviation_list") + f"?column={self.column_id}"
