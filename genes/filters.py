"""Filters that pages and the API share."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.filters import YES_NO, ChoicesFilter, word, yes_no
from genes.choices import Aspect, DeviationState, Origin, Zone
from genes.models import Binding, Conformity, Deviation, Match
from genes.selectors.conformity import is_accepted, is_open
from standards.choices import Domain
from standards.models import DataElement

_ITS_COLUMN = ("column__name", "column__title", "column__table__name")


class OfColumnFilter(filters.FilterSet):
    """Rows of a column, by where it is."""

    table = filters.UUIDFilter(field_name="column__table_id", label=_("表"))
    source = filters.UUIDFilter(field_name="column__source_id", label=_("数据源"))
    agency = filters.UUIDFilter(field_name="column__source__agency_id", label=_("机构"))


class MatchFilter(OfColumnFilter):
    q = filters.CharFilter(
        method=word(*_ITS_COLUMN, "column__comment", "element__name"),
        label=_("搜索"),
    )
    zone = ChoicesFilter(choices=Zone.choices, field_name="column__gene__zone", label=_("置信区间"))
    domain = ChoicesFilter(choices=Domain.choices, field_name="element__domain", label=_("主题域"))
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))

    class Meta:
        model = Match
        fields: list[str] = []


class BindingFilter(OfColumnFilter):
    q = filters.CharFilter(method=word(*_ITS_COLUMN, "element__name"), label=_("搜索"))
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))
    origin = ChoicesFilter(choices=Origin.choices, label=_("来源"))

    class Meta:
        model = Binding
        fields: list[str] = []


class GeneFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("name", "code"), label=_("搜索"))
    domain = ChoicesFilter(choices=Domain.choices, label=_("主题域"))

    class Meta:
        model = DataElement
        fields: list[str] = []


_VALUES = [(item.value, item.label) for item in (Aspect.CHECKSUM, Aspect.CODES, Aspect.NOTATION)]


class ConformityFilter(OfColumnFilter):
    q = filters.CharFilter(method=word(*_ITS_COLUMN, "edition__element__name"), label=_("搜索"))
    aspect = ChoicesFilter(choices=_VALUES, label=_("检查内容"))
    kept = filters.ChoiceFilter(method=yes_no(Q(failed=0)), choices=YES_NO, label=_("全部符合"))
    element = filters.UUIDFilter(field_name="edition__element_id", label=_("数据元"))
    system = filters.UUIDFilter(field_name="column__source__system_id", label=_("信息系统"))

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


class DeviationFilter(OfColumnFilter):
    q = filters.CharFilter(method=word(*_ITS_COLUMN, "element__name"), label=_("搜索"))
    state = ChoicesFilter(choices=DeviationState.choices, method=_in_state, label=_("状态"))
    aspect = ChoicesFilter(choices=Aspect.choices, label=_("检查内容"))
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))

    class Meta:
        model = Deviation
        fields: list[str] = []
