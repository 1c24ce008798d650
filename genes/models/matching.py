"""Fingerprints, proposed matches, bindings and the decisions of people."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from genes.choices import MatchState, Origin, Verdict, Zone
from genes.models.kept import OfColumn


class Gene(OfColumn):
    """基因 – the fingerprint of one column, from the one reading of its table; a new reading replaces it."""

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
        indexes = [
            models.Index(fields=["zone", "-confidence"], name="genes_gene_zone"),
            models.Index(fields=["source", "zone"], name="genes_gene_source"),
            models.Index(fields=["column"], include=["zone", "best"], name="genes_gene_answer"),  # without the facts
        ]
        constraints = [
            models.CheckConstraint(condition=Q(zone__in=Zone.values), name="genes_gene_zone_known"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="genes_gene_confidence_0_to_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.column}"


class Match(OfColumn):
    """对标 – one element proposed for one column, with the reasons in log-odds; up to three a column."""

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
        indexes = [
            models.Index(fields=["state", "-confidence", "id"], name="genes_match_queue"),
            models.Index(
                fields=["source", "element"], name="genes_match_open", condition=Q(state=MatchState.PROPOSED, rank=1)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["column", "element"], name="genes_match_once_per_column_and_element"),
            models.CheckConstraint(condition=Q(state__in=MatchState.values), name="genes_match_state_known"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="genes_match_confidence_0_to_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.column} → {self.element}"


class Binding(OfColumn):
    """绑定 – the element that a column carries, or (element null) a person's word that it carries none."""

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
    batch = models.UUIDField(null=True)  # what was decided in one go, and is undone in one go

    class Meta:
        verbose_name = _("基因绑定")
        verbose_name_plural = _("基因绑定")
        indexes = [
            models.Index(fields=["element", "source"], include=["column"], name="genes_binding_by_element"),
            models.Index(fields=["source", "element"], include=["column"], name="genes_binding_source"),
            models.Index(fields=["batch"], name="genes_binding_batch", condition=Q(batch__isnull=False)),
        ]
        constraints = [models.CheckConstraint(condition=Q(origin__in=Origin.values), name="genes_binding_origin_known")]

    def __str__(self) -> str:
        return f"{self.column} = {self.element}"


class Decision(models.Model):
    """决定 – what a person said about one column, with the column as it was then: never changed, read as training row."""

    scope_lookup: ClassVar[str] = "source__agency_id"

    column = models.ForeignKey("assets.Column", on_delete=models.SET_NULL, null=True, related_name="+")
    source = models.ForeignKey(  # as `OfColumn` keeps it; null with its column
        "assets.DataSource", on_delete=models.SET_NULL, null=True, related_name="+", editable=False, db_index=False
    )
    element = models.ForeignKey("standards.DataElement", on_delete=models.SET_NULL, null=True, related_name="+")
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    told = models.JSONField(default=dict)  # name, data_type, comment, table, table_comment; best, zone, confidence
    batch = models.UUIDField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("对标决定")
        verbose_name_plural = _("对标决定")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["column", "id"], name="genes_decision_column"),
            models.Index(fields=["source", "id"], name="genes_decision_source"),
            models.Index(fields=["batch"], name="genes_decision_batch", condition=Q(batch__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.column} {self.verdict} {self.element}"

    @property
    def zone_label(self) -> str:
        """How sure the machine was then, in words."""
        zone = str(self.told.get("zone", ""))
        return str(Zone(zone).label) if zone in Zone.values else ""
