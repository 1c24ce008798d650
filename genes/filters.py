"""Filters that pages and the API share."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from core.filters import word
from genes.choices import Origin, Zone
from genes.models import Binding, Match
from standards.choices import Domain
from standards.models import DataElement


class MatchFilter(filters.FilterSet):
    q = filters.CharFilter(
        method=word("column__name", "column__title", "column__comment", "column__table__name", "element__name"),
        label=_("搜索"),
    )
    zone = filters.MultipleChoiceFilter(choices=Zone.choices, field_name="column__gene__zone", label=_("置信区间"))
    domain = filters.MultipleChoiceFilter(choices=Domain.choices, field_name="element__domain", label=_("主题域"))
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))
    table = filters.UUIDFilter(field_name="column__table_id", label=_("表"))
    source = filters.UUIDFilter(field_name="column__source_id", label=_("数据源"))
    agency = filters.UUIDFilter(field_name="column__source__agency_id", label=_("机构"))

    class Meta:
        model = Match
        fields: list[str] = []


class BindingFilter(filters.FilterSet):
    q = filters.CharFilter(
        method=word("column__name", "column__title", "column__table__name", "element__name"), label=_("搜索")
    )
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))
    origin = filters.MultipleChoiceFilter(choices=Origin.choices, label=_("来源"))
    table = filters.UUIDFilter(field_name="column__table_id", label=_("表"))
    source = filters.UUIDFilter(field_name="column__source_id", label=_("数据源"))
    agency = filters.UUIDFilter(field_name="column__source__agency_id", label=_("机构"))

    class Meta:
        model = Binding
        fields: list[str] = []


class GeneFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("name", "code"), label=_("搜索"))
    domain = filters.MultipleChoiceFilter(choices=Domain.choices, label=_("主题域"))

    class Meta:
        model = DataElement
        fields: list[str] = []
