"""The columns of files that lists of quality give."""

from typing import Any

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from core.exporting import Field
from quality.evidence import kind_label
from quality.templatetags.quality import parameter_pairs


def _rule(label: Any, value: Any) -> Field:
    """A fact of the rule that a result or a finding is about."""
    return Field(label, lambda row: value(row.rule))


def _of_result(label: Any, name: str) -> Field:
    return Field(label, lambda row: getattr(row.current_results[0], name) if row.current_results else None)


RULES = (
    Field(_("规则名称"), lambda row: row.label),
    Field(_("规则类型"), lambda row: kind_label(row.kind)),
    Field(_("机构"), lambda row: row.table.source.agency.name),
    Field(_("数据源"), lambda row: row.table.source.name),
    Field(_("表"), lambda row: row.table.label),
    Field(_("字段"), lambda row: row.column_names),
    Field(_("参数"), lambda row: translate("；").join(f"{label}: {value}" for label, value in parameter_pairs(row))),
    Field(_("适用条件"), lambda row: row.where),
    Field(_("合格比例"), lambda row: row.mostly),
    Field(_("质量指标"), lambda row: row.get_indicator_display()),
    Field(_("质量维度"), lambda row: row.dimension_label),
    Field(_("严重程度"), lambda row: row.get_severity_display()),
    Field(_("权重"), lambda row: row.weight),
    Field(_("启用"), lambda row: row.enabled),
    Field(_("来源"), lambda row: row.get_origin_display()),
    _of_result(_("通过"), "passed"),
    _of_result(_("检查行数"), "evaluated"),
    _of_result(_("不合格行"), "failed"),
    _of_result(_("得分"), "score"),
    _of_result(_("检查时间"), "at"),
)

_ITS_RULE = (
    _rule(_("规则名称"), lambda rule: rule.label),
    _rule(_("规则类型"), lambda rule: kind_label(rule.kind)),
    _rule(_("机构"), lambda rule: rule.table.source.agency.name),
    _rule(_("数据源"), lambda rule: rule.table.source.name),
    _rule(_("表"), lambda rule: rule.table.label),
    _rule(_("字段"), lambda rule: rule.column_names),
)

RESULTS = (
    *_ITS_RULE,
    Field(
        _("结果"),
        lambda row: translate("无法执行") if row.error else translate("通过") if row.passed else translate("未通过"),
    ),
    Field(_("错误"), lambda row: row.error_text),
    Field(_("检查行数"), lambda row: row.evaluated),
    Field(_("不合格行"), lambda row: row.failed),
    Field(_("得分"), lambda row: row.score),
    Field(_("观测值"), lambda row: row.observed),
    Field(_("检查时间"), lambda row: row.at),
)

FINDINGS = (
    *_ITS_RULE,
    _rule(_("严重程度"), lambda rule: rule.get_severity_display()),
    Field(_("状态"), lambda row: row.get_state_display()),
    Field(_("检查行数"), lambda row: row.evaluated),
    Field(_("不合格行"), lambda row: row.failed),
    Field(_("首次不合格行"), lambda row: row.failed_at_first),
    Field(_("发现时间"), lambda row: row.opened_at),
    Field(_("最近发现"), lambda row: row.last_failed_at),
    Field(_("解决时间"), lambda row: row.closed_at),
)
