"""Filters that pages and the API share."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core.filters import YES_NO, ChoicesFilter, word, yes_no
from genes.choices import Aspect, DeviationState, Origin, SecurityLevel, Verdict, Zone
from genes.models import (
    Binding,
    ColumnLevel,
    Conformity,
    Decision,
    Deviation,
    DriftAlarm,
    Match,
    Recogniser,
    TableLevel,
)
from genes.selectors.conformity import is_accepted, is_open
from standards.choices import Domain
from standards.models import DataElement


class MatchFilter(filters.FilterSet):
    q = filters.CharFilter(
        method=word("column__name", "column__title", "column__comment", "column__table__name", "element__name"),
        label=_("搜索"),
    )
    zone = ChoicesFilter(choices=Zone.choices, field_name="column__gene__zone", label=_("置信区间"))
    domain = ChoicesFilter(choices=Domain.choices, field_name="element__domain", label=_("主题域"))
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))
    table = filters.UUIDFilter(field_name="column__table_id", label=_("表"))
    source = filters.UUIDFilter(field_name="column__source_id", label=_("数据源"))
    agency = filters.UUIDFilter(field_name="column__source__agency_id", label=_("机构"))

    class Meta:
        model = Match
        fields: list[str] = []


def narrowed(rows: QuerySet[Match], query: str) -> QuerySet[Match]:
    """The matches that the filters of the queue, as its address has them, leave of ``rows``."""
    return MatchFilter(QueryDict(query), queryset=rows).qs  # type: ignore[no-any-return]


class BindingFilter(filters.FilterSet):
    q = filters.CharFilter(
        method=word("column__name", "column__title", "column__table__name", "element__name"), label=_("搜索")
    )
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))
    origin = ChoicesFilter(choices=Origin.choices, label=_("来源"))
    table = filters.UUIDFilter(field_name="column__table_id", label=_("表"))
    source = filters.UUIDFilter(field_name="column__source_id", label=_("数据源"))
    agency = filters.UUIDFilter(field_name="column__source__agency_id", label=_("机构"))

    class Meta:
        model = Binding
        fields: list[str] = []


class GeneFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("name", "code"), label=_("搜索"))
    domain = ChoicesFilter(choices=Domain.choices, label=_("主题域"))

    class Meta:
        model = DataElement
        fields: list[str] = []


_ITS_COLUMN = ("column__name", "column__title", "column__table__name")
_VALUES = [(item.value, item.label) for item in (Aspect.CHECKSUM, Aspect.CODES, Aspect.NOTATION)]


class ConformityFilter(filters.FilterSet):
    q = filters.CharFilter(method=word(*_ITS_COLUMN, "edition__element__name"), label=_("搜索"))
    aspect = ChoicesFilter(choices=_VALUES, label=_("检查内容"))
    kept = filters.ChoiceFilter(method=yes_no(Q(failed=0)), choices=YES_NO, label=_("全部符合"))
    element = filters.UUIDFilter(field_name="edition__element_id", label=_("数据元"))
    table = filters.UUIDFilter(field_name="column__table_id", label=_("表"))
    source = filters.UUIDFilter(field_name="column__source_id", label=_("数据源"))
    system = filters.UUIDFilter(field_name="column__source__system_id", label=_("信息系统"))
    agency = filters.UUIDFilter(field_name="column__source__agency_id", label=_("机构"))

    class Meta:
        model = Conformity
        fields: list[str] = []


def _in_state(queryset: QuerySet[Any], _name: str, states: list[str]) -> QuerySet[Any]:
    conditions = {
        DeviationState.OPEN: is_open(),
        DeviationState.ACCEPTED: is_accepted(),
        DeviationState.CLEARED: Q(cleared_at__isnull=False),
    }
    chosen = Q()
    for state in states:
        chosen |= conditions[DeviationState(state)]
    return queryset.filter(chosen)


class DriftFilter(filters.FilterSet):
    q = filters.CharFilter(method=word(*_ITS_COLUMN, "element__name"), label=_("搜索"))
    open = filters.ChoiceFilter(method=yes_no(Q(closed_at__isnull=True)), choices=YES_NO, label=_("未解除"))
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))
    table = filters.UUIDFilter(field_name="column__table_id", label=_("表"))
    source = filters.UUIDFilter(field_name="column__source_id", label=_("数据源"))
    agency = filters.UUIDFilter(field_name="column__source__agency_id", label=_("机构"))

    class Meta:
        model = DriftAlarm
        fields: list[str] = []


_LEVELS = [(str(value), label) for value, label in SecurityLevel.choices]
_KINDS = (("identity", _("身份")), ("health", _("健康")), ("finance", _("财产")))


class ColumnLevelFilter(filters.FilterSet):
    q = filters.CharFilter(method=word(*_ITS_COLUMN), label=_("搜索"))
    level = ChoicesFilter(choices=_LEVELS, label=_("级别"))
    kind = ChoicesFilter(choices=_KINDS, label=_("类别"))
    decided = filters.ChoiceFilter(method=yes_no(Q(decided__isnull=False)), choices=YES_NO, label=_("已确定"))
    table = filters.UUIDFilter(field_name="column__table_id", label=_("表"))
    source = filters.UUIDFilter(field_name="column__source_id", label=_("数据源"))
    agency = filters.UUIDFilter(field_name="column__source__agency_id", label=_("机构"))

    class Meta:
        model = ColumnLevel
        fields: list[str] = []


class TableLevelFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("table__name", "table__title"), label=_("搜索"))
    level = ChoicesFilter(choices=_LEVELS, label=_("级别"))
    decided = filters.ChoiceFilter(method=yes_no(Q(decided__isnull=False)), choices=YES_NO, label=_("已确定"))
    source = filters.UUIDFilter(field_name="table__source_id", label=_("数据源"))
    agency = filters.UUIDFilter(field_name="table__source__agency_id", label=_("机构"))

    class Meta:
        model = TableLevel
        fields: list[str] = []


class DecisionFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("column__name", "column__title", "element__name"), label=_("搜索"))
    verdict = ChoicesFilter(choices=Verdict.choices, label=_("决定"))
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))
    column = filters.UUIDFilter(field_name="column_id", label=_("字段"))
    source = filters.UUIDFilter(field_name="column__source_id", label=_("数据源"))
    agency = filters.UUIDFilter(field_name="column__source__agency_id", label=_("机构"))

    class Meta:
        model = Decision
        fields: list[str] = []


class RecogniserFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("name", "element__name"), label=_("搜索"))
    enabled = filters.ChoiceFilter(method=yes_no(Q(enabled=True)), choices=YES_NO, label=_("启用"))
    agency = filters.UUIDFilter(field_name="agency_id", label=_("机构"))

    class Meta:
        model = Recogniser
        fields: list[str] = []


class DeviationFilter(filters.FilterSet):
    q = filters.CharFilter(method=word(*_ITS_COLUMN, "element__name"), label=_("搜索"))
    state = ChoicesFilter(choices=DeviationState.choices, method=_in_state, label=_("状态"))
    aspect = ChoicesFilter(choices=Aspect.choices, label=_("检查内容"))
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))
    table = filters.UUIDFilter(field_name="column__table_id", label=_("表"))
    source = filters.UUIDFilter(field_name="column__source_id", label=_("数据源"))
    agency = filters.UUIDFilter(field_name="column__source__agency_id", label=_("机构"))

    class Meta:
        model = Deviation
        fields: list[str] = []
