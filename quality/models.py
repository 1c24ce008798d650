"""Rules, what checking them found, and the scores that follow."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

import scanner.model
from core import messages
from core.containing import containing_index
from quality import scoring
from quality.choices import Dimension, FindingState, IndicatorCode, ProposalState, RuleOrigin, Severity
from quality.evidence import rule_name


def _source_kept() -> Any:
    """The source of the row's table, kept in the row because every list asks for it; each model has its own indexes."""
    return models.ForeignKey(
        "assets.DataSource",
        on_delete=models.CASCADE,
        null=True,
        db_index=False,
        related_name="+",
        verbose_name=_("数据源"),
    )


class Rule(models.Model):
    """质量规则 – one condition that the rows of one table are held to.

    ``kind``, ``parameters``, ``where`` and ``mostly`` mean what ``scanner.rules`` says; columns are linked by
    identity, so that a rule follows a renamed column.
    """

    scope_lookup: ClassVar[str] = "source__agency_id"
    contained: ClassVar[tuple[str, ...]] = ("name", "description")  # core.containing

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    table = models.ForeignKey("assets.Table", on_delete=models.CASCADE, related_name="rules", verbose_name=_("表"))
    source = _source_kept()
    columns = models.ManyToManyField(
        "assets.Column", through="RuleColumn", related_name="rules", verbose_name=_("字段")
    )
    name = models.CharField(
        _("规则名称"), max_length=300
    )  # unless ``named``, the made one in every language: to sort, to find
    named = models.BooleanField(default=False, db_default=False)  # by a person
    kind = models.CharField(_("规则类型"), max_length=32)
    parameters = models.JSONField(_("参数"), default=dict, blank=True)
    where = models.TextField(_("适用条件"), blank=True)
    mostly = models.DecimalField(_("合格比例"), max_digits=7, decimal_places=6, default=1)
    indicator = models.CharField(_("质量指标"), max_length=4, choices=IndicatorCode.choices)
    severity = models.CharField(_("严重程度"), max_length=16, choices=Severity.choices, default=Severity.MAJOR)
    weight = models.PositiveSmallIntegerField(_("权重"), default=1)
    description = models.TextField(_("说明"), blank=True)
    enabled = models.BooleanField(_("启用"), default=True)
    origin = models.CharField(_("来源"), max_length=16, choices=RuleOrigin.choices, default=RuleOrigin.MANUAL)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("创建人")
    )
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    class Meta:
        verbose_name = _("质量规则")
        verbose_name_plural = _("质量规则")
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["name", "id"], name="quality_rule_name"),
            models.Index(fields=["table", "enabled"], name="quality_rule_table"),
            models.Index(fields=["source", "enabled"], name="quality_rule_source"),
            models.Index(fields=["updated_at", "id"], name="quality_rule_updated"),
            containing_index("quality_rule_containing", "name", "description"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(weight__gte=1, weight__lte=100), name="quality_rule_weight_1_to_100"
            ),
            models.CheckConstraint(condition=models.Q(mostly__gte=0, mostly__lte=1), name="quality_rule_mostly_0_to_1"),
            models.CheckConstraint(
                condition=models.Q(indicator__in=IndicatorCode.values), name="quality_rule_indicator_known"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("quality:rule_detail", args=[self.pk])

    @property
    def label(self) -> str:
        """What a person called it; else made in the reader's language. Costs nothing, as ``column_names``."""
        return self.name if self.named else rule_name(self.kind, (link.column for link in self.rule_columns.all()))

    @property
    def dimension(self) -> str:
        return self.indicator[:2]

    @property
    def dimension_label(self) -> str:
        return str(Dimension(self.dimension).label)

    @property
    def column_names(self) -> tuple[str, ...]:
        """In the order of the rule; costs nothing when ``rule_columns__column`` is prefetched."""
        return tuple(link.column.name for link in self.rule_columns.all())

    def as_scanner_rule(self) -> scanner.model.Rule:
        return scanner.model.Rule(
            id=str(self.pk), kind=self.kind, columns=self.column_names, parameters=self.parameters,
            where=self.where or None, mostly=float(self.mostly),
        )  # fmt: skip


class RuleColumn(models.Model):
    """One column of a rule, at its place."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="rule_columns")
    column = models.ForeignKey("assets.Column", on_delete=models.CASCADE, related_name="rule_columns")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "column"], name="quality_rulecolumn_once_per_rule"),
            models.UniqueConstraint(fields=["rule", "position"], name="quality_rulecolumn_one_per_place"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.column}"


class RuleProposal(models.Model):
    """规则建议 – a rule that the profile of a column speaks for. Ignored once, it is not made again."""

    scope_lookup: ClassVar[str] = "source__agency_id"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    column = models.ForeignKey(
        "assets.Column", on_delete=models.CASCADE, related_name="rule_proposals", verbose_name=_("字段")
    )
    source = models.ForeignKey(
        "assets.DataSource", on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("数据源")
    )  # that of the column, kept here because every list asks for it
    kind = models.CharField(_("规则类型"), max_length=32)
    parameters = models.JSONField(_("参数"), default=dict)
    evidence = models.CharField(max_length=32)  # key of quality.evidence.SENTENCES
    facts = models.JSONField(default=dict)
    state = models.CharField(_("状态"), max_length=16, choices=ProposalState.choices, default=ProposalState.OPEN)
    rule = models.OneToOneField(Rule, on_delete=models.SET_NULL, null=True, related_name="proposal")
    proposed_at = models.DateTimeField(_("提出时间"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("处理人")
    )
    decided_at = models.DateTimeField(_("处理时间"), null=True)

    class Meta:
        verbose_name = _("规则建议")
        verbose_name_plural = _("规则建议")
        ordering = ["-proposed_at", "-id"]
        indexes = [
            models.Index(fields=["-proposed_at", "-id"], name="quality_proposal_newest"),
            models.Index(
                fields=["source", "column"], name="quality_proposal_open", condition=models.Q(state=ProposalState.OPEN)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["column", "kind"], name="quality_ruleproposal_once_per_column_and_kind"),
            models.CheckConstraint(
                condition=models.Q(state__in=ProposalState.values), name="quality_ruleproposal_state_known"
            ),
        ]

    def __str__(self) -> str:
        return rule_name(self.kind, [self.column])


class CheckResult(models.Model):
    """检查结果 – what one check of one rule found. Values are stored as the source's policy allows."""

    scope_lookup: ClassVar[str] = "source__agency_id"

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="results", verbose_name=_("质量规则"))
    source = _source_kept()
    run = models.ForeignKey("assets.ScanRun", on_delete=models.CASCADE, related_name="check_results")
    at = models.DateTimeField(_("检查时间"))
    current = models.BooleanField(default=True)
    rows = models.BigIntegerField(_("表行数"))
    evaluated = models.BigIntegerField(_("检查行数"))
    failed = models.BigIntegerField(_("不合格行数"))
    passed = models.BooleanField(_("通过"))
    score = models.DecimalField(_("得分"), max_digits=5, decimal_places=2, null=True)
    observed = models.JSONField(_("观测值"), null=True)
    error = models.TextField(_("错误"), blank=True)  # in English, as the scanner says it
    error_code = models.CharField(
        max_length=300, blank=True, db_default=""
    )  # of core.messages; empty for a server's own words
    error_params = models.JSONField(default=dict, blank=True, db_default={})
    examples = models.JSONField(_("不合格值"), default=list)

    class Meta:
        verbose_name = _("检查结果")
        verbose_name_plural = _("检查结果")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["rule", "-at"], name="quality_result_rule"),
            models.Index(fields=["-at", "-id"], name="quality_result_newest"),
            models.Index(fields=["source", "-at"], name="quality_result_source"),
            models.Index(
                fields=["source", "rule"], name="quality_result_failing", condition=models.Q(current=True, passed=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["rule"], condition=models.Q(current=True), name="quality_checkresult_one_current"
            ),
            models.UniqueConstraint(fields=["run", "rule"], name="quality_checkresult_once_per_run"),
            models.CheckConstraint(
                condition=models.Q(failed__gte=0, evaluated__gte=0), name="quality_checkresult_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.at:%Y-%m-%d %H:%M}"

    @property
    def pass_share(self) -> float | None:
        """Share of evaluated rows that keep the rule, 0–1; None when nothing was evaluated."""
        return (self.evaluated - self.failed) / self.evaluated if self.evaluated else None

    @property
    def error_text(self) -> str:
        """Why the check could not be run, in the active language; empty when it ran."""
        return messages.text(self.error_code, self.error_params) if messages.is_known(self.error_code) else self.error

    def as_checked(self) -> scoring.Checked:
        """What scoring needs of it."""
        rule = self.rule
        return scoring.Checked(rule.kind, rule.dimension, rule.weight, self.evaluated, self.failed, bool(self.error))


class Finding(models.Model):
    """质量问题 – a rule that its last check found broken. The same finding through re-scans; a passing one closes it."""

    scope_lookup: ClassVar[str] = "source__agency_id"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="findings", verbose_name=_("质量规则"))
    source = _source_kept()
    state = models.CharField(_("状态"), max_length=16, choices=FindingState.choices, default=FindingState.OPEN)
    opened_at = models.DateTimeField(_("发现时间"))
    last_failed_at = models.DateTimeField(_("最近发现"))
    closed_at = models.DateTimeField(_("解决时间"), null=True)
    opened_run = models.ForeignKey("assets.ScanRun", on_delete=models.SET_NULL, null=True, related_name="+")
    closed_run = models.ForeignKey("assets.ScanRun", on_delete=models.SET_NULL, null=True, related_name="+")
    checks = models.PositiveIntegerField(_("检查次数"), default=1)
    evaluated = models.BigIntegerField(_("检查行数"))
    failed = models.BigIntegerField(_("不合格行数"))
    failed_at_first = models.BigIntegerField(_("首次不合格行数"))
    examples = models.JSONField(_("不合格值"), default=list)
    key_columns = models.JSONField(_("主键字段"), default=list)
    keys = models.JSONField(_("不合格行主键"), default=list)
    keys_expire_at = models.DateTimeField(_("主键保存至"), null=True)

    class Meta:
        verbose_name = _("质量问题")
        verbose_name_plural = _("质量问题")
        ordering = ["-last_failed_at", "-id"]
        indexes = [
            models.Index(fields=["-last_failed_at", "-id"], name="quality_finding_newest"),
            models.Index(fields=["state", "-failed"], name="quality_finding_state"),
            models.Index(fields=["source", "state"], name="quality_finding_source"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["rule"], condition=models.Q(state=FindingState.OPEN), name="quality_finding_one_open_per_rule"
            ),
            models.CheckConstraint(
                condition=models.Q(state=FindingState.OPEN) | models.Q(closed_at__isnull=False),
                name="quality_finding_closed_dated",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=FindingState.values), name="quality_finding_state_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.rule)

    def get_absolute_url(self) -> str:
        return reverse("quality:finding_detail", args=[self.pk])


class TableScore(models.Model):
    """表质量得分 – with its arithmetic; one a scan."""

    scope_lookup: ClassVar[str] = "table__source__agency_id"

    table = models.ForeignKey("assets.Table", on_delete=models.CASCADE, related_name="scores", verbose_name=_("表"))
    run = models.ForeignKey("assets.ScanRun", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(_("计分时间"))
    current = models.BooleanField(default=True)
    score = models.DecimalField(_("得分"), max_digits=5, decimal_places=2, null=True)
    dimensions = models.JSONField(default=list)  # [quality.scoring.DimensionScore.as_json(), …]
    rules = models.PositiveIntegerField(_("规则数"))
    skipped = models.PositiveIntegerField(_("未评价规则数"))

    class Meta:
        verbose_name = _("表质量得分")
        verbose_name_plural = _("表质量得分")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["table", "-at"], name="quality_tablescore_at")]
        constraints = [
            models.UniqueConstraint(
                fields=["table"], condition=models.Q(current=True), name="quality_tablescore_one_current"
            ),
            models.UniqueConstraint(fields=["run", "table"], name="quality_tablescore_once_per_run"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.score}"


class SourceScore(models.Model):
    """数据源质量得分 – the mean of its tables' scores at the end of a day, so that trends can be drawn."""

    scope_lookup: ClassVar[str] = "source__agency_id"

    source = models.ForeignKey(
        "assets.DataSource", on_delete=models.CASCADE, related_name="scores", verbose_name=_("数据源")
    )
    day = models.DateField(_("日期"))
    score = models.DecimalField(_("得分"), max_digits=5, decimal_places=2)
    dimensions = models.JSONField(default=dict)  # {"03": "91.20", …}
    tables = models.PositiveIntegerField(_("计分表数"))
    rules = models.PositiveIntegerField(_("规则数"))
    simulated = models.BooleanField(_("演示数据"), default=False)  # back-dated by the demo, never measured

    class Meta:
        verbose_name = _("数据源质量得分")
        verbose_name_plural = _("数据源质量得分")
        ordering = ["day", "id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "day"], name="quality_sourcescore_one_per_day"),
            models.CheckConstraint(
                condition=models.Q(score__gte=0, score__lte=100), name="quality_sourcescore_0_to_100"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.day} {self.score}"
