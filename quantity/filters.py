"""Filters of the volume samples, shared by page and API."""

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from assets.choices import Method
from core.filters import ChoicesFilter
from quantity.choices import Origin
from quantity.models import VolumeSample


class SampleFilter(filters.FilterSet):
    agency = filters.UUIDFilter(field_name="agency_id", label=_("机构"))
    source = filters.UUIDFilter(field_name="source_id", label=_("数据源"))
    table = filters.UUIDFilter(field_name="table_id", label=_("表"))
    kind = filters.CharFilter(field_name="source__kind", label=_("类型"))
    level = filters.ChoiceFilter(
        method="_level", choices=(("source", _("数据源")), ("table", _("表"))), label=_("层级")
    )
    origin = ChoicesFilter(choices=Origin.choices, label=_("来源"))
    method = ChoicesFilter(choices=Method.choices, label=_("计量方法"))
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte", label=_("不早于"))
    until = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt", label=_("早于"))

    class Meta:
        model = VolumeSample
        fields: tuple[str, ...] = ()

    def _level(self, queryset: QuerySet[VolumeSample], _name: str, level: str) -> QuerySet[VolumeSample]:
        return queryset.filter(Q(table__isnull=level == "source"))
