"""Filters that pages and the API share; every one is named, so that an unknown parameter is refused."""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from assets.filters import naming
from core.filters import YES_NO, ChoicesFilter, yes_no
from quality.choices import Dimension, FindingState, ProposalState, RuleOrigin, Severity
from quality.models import CheckResult, Finding, Rule, RuleProposal
from scanner.rules import RULE_KINDS

KIND_CHOICES = [(kind.name, _(kind.label)) for kind in RULE_KINDS.values()]


def by_dimension(field: str) -> Any:
    """The dimension is the head of the indicator's code."""

    def narrow(queryset: QuerySet[Any], _name: str, codes: list[str]) -> QuerySet[Any]:
        condition = Q()
        for code in codes:
            condition |= Q(**{f"{field}__startswith": code})
        return queryset.filter(condition)

    return narrow


def _answer(label: Any, condition: Q) -> filters.ChoiceFilter:
    return filters.ChoiceFilter(method=yes_no(condition), choices=YES_NO, label=label, widget=forms.Select)


def _newest(passed: bool) -> Q:
    """Rules whose newest check ended so. Not a condition over the join: turned round, that would ask of any result."""
    return Q(Exists(CheckResult.objects.filter(rule=OuterRef("pk"), current=True, passed=passed)))


class RuleFilter(filters.FilterSet):
    q = filters.CharFilter(method=naming("", "table"), label=_("搜索"))
    kind = ChoicesFilter(choices=KIND_CHOICES, label=_("规则类型"))
    dimension = ChoicesFilter(choices=Dimension.choices, method=by_dimension("indicator"), label=_("质量维度"))
    passed = _answer(_("最近检查通过"), _newest(passed=True))
    failing = _answer(_("最近检查未通过"), _newest(passed=False))
    enabled = _answer(_("启用"), Q(enabled=True))
    severity = ChoicesFilter(choices=Severity.choices, label=_("严重程度"))
    origin = ChoicesFilter(choices=RuleOrigin.choices, label=_("来源"))
    agency = filters.UUIDFilter(field_name="source__agency_id", label=_("机构"))
    source = filters.UUIDFilter(field_name="source_id", label=_("数据源"))
    table = filters.UUIDFilter(field_name="table_id", label=_("表"))
    column = filters.UUIDFilter(field_name="rule_columns__column_id", label=_("字段"))

    class Meta:
        model = Rule
        fields: list[str] = []


class ProposalFilter(filters.FilterSet):
    q = filters.CharFilter(method=naming("column", "column__table"), label=_("搜索"))
    state = ChoicesFilter(choices=ProposalState.choices, label=_("状态"))
    kind = ChoicesFilter(choices=KIND_CHOICES, label=_("规则类型"))
    agency = filters.UUIDFilter(field_name="source__agency_id", label=_("机构"))
    source = filters.UUIDFilter(field_name="source_id", label=_("数据源"))
    table = filters.UUIDFilter(field_name="column__table_id", label=_("表"))
    column = filters.UUIDFilter(field_name="column_id", label=_("字段"))

    class Meta:
        model = RuleProposal
        fields: list[str] = []


class FindingFilter(filters.FilterSet):
    q = filters.CharFilter(method=naming("rule", "rule__table"), label=_("搜索"))
    state = ChoicesFilter(choices=FindingState.choices, label=_("状态"))
    severity = ChoicesFilter(choices=Severity.choices, field_name="rule__severity", label=_("严重程度"))
    dimension = ChoicesFilter(choices=Dimension.choices, method=by_dimension("rule__indicator"), label=_("质量维度"))
    kind = ChoicesFilter(choices=KIND_CHOICES, field_name="rule__kind", label=_("规则类型"))
    agency = filters.UUIDFilter(field_name="source__agency_id", label=_("机构"))
    source = filters.UUIDFilter(field_name="source_id", label=_("数据源"))
    table = filters.UUIDFilter(field_name="rule__table_id", label=_("表"))
    rule = filters.UUIDFilter(field_name="rule_id", label=_("质量规则"))

    class Meta:
        model = Finding
        fields: list[str] = []


class ResultFilter(filters.FilterSet):
    q = filters.CharFilter(method=naming("rule", "rule__table"), label=_("搜索"))
    kind = ChoicesFilter(choices=KIND_CHOICES, field_name="rule__kind", label=_("规则类型"))
    agency = filters.UUIDFilter(field_name="rule__table__source__agency_id", label=_("机构"))
    source = filters.UUIDFilter(field_name="rule__table__source_id", label=_("数据源"))
    run = filters.UUIDFilter(field_name="run_id", label=_("扫描记录"))
    rule = filters.UUIDFilter(field_name="rule_id", label=_("质量规则"))
    table = filters.UUIDFilter(field_name="rule__table_id", label=_("表"))
    passed = _answer(_("通过"), Q(passed=True))
    current = _answer(_("最近一次"), Q(current=True))

    class Meta:
        model = CheckResult
        fields: list[str] = []
