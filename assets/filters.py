"""Filters that pages and the API share; every one is named, so that an unknown parameter is refused."""

from typing import Any
from uuid import UUID

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from assets.choices import (
    Brake,
    ChangeKind,
    Network,
    ObjectState,
    PersonalKind,
    ProtectionLevel,
    RunState,
    SourceState,
    SystemKind,
    SystemStatus,
    TableKind,
)
from assets.models import AllowedNetwork, CensusRun, Column, DataSource, InformationSystem, ScanRun, SchemaChange, Table
from assets.selectors.register import kind_labels
from assets.selectors.runs import since
from core.containing import containing, reached
from core.filters import YES_NO, ChoicesFilter, word, yes_no


class TypedChoicesFilter(filters.TypedMultipleChoiceFilter):
    def __init__(self, **options: Any) -> None:
        super().__init__(distinct=False, **options)


def naming(*ways: str) -> Any:
    """A ``q`` filter over a long table: the text occurs in a row's own names, or in those of what ``ways`` lead to."""

    def narrow(queryset: QuerySet[Any], _name: str, text: str) -> QuerySet[Any]:
        return reached(queryset, ways, text) if ways else containing(queryset, text)

    return narrow


class DaysFilter(filters.NumberFilter):
    """A whole number of days, at most ten years."""

    field_class = forms.IntegerField

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=3660, **options)

    def get_max_validator(self) -> None:
        """The bounds above are those of the field; django-filter's own is for decimals."""


class SystemFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("name", "code", "description"), label=_("搜索"))
    agency = filters.UUIDFilter(field_name="agency_id", label=_("机构"))
    kind = ChoicesFilter(choices=SystemKind.choices, label=_("系统类别"))
    status = ChoicesFilter(choices=SystemStatus.choices, label=_("建设状态"))
    protection_level = TypedChoicesFilter(choices=ProtectionLevel.choices, coerce=int, label=_("等保级别"))
    network = ChoicesFilter(choices=Network.choices, label=_("接入网络"))

    class Meta:
        model = InformationSystem
        fields: tuple[str, ...] = ()


class SourceFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("name", "description"), label=_("搜索"))
    agency = filters.UUIDFilter(field_name="agency_id", label=_("机构"))
    system = filters.UUIDFilter(field_name="system_id", label=_("信息系统"))
    kind = ChoicesFilter(choices=lambda: list(kind_labels().items()), label=_("类型"))
    state = ChoicesFilter(
        choices=[choice for choice in SourceState.choices if choice[0] != SourceState.REMOVED], label=_("状态")
    )
    can_write = filters.ChoiceFilter(method=yes_no(Q(can_write=True)), choices=YES_NO, label=_("账号可写"))

    class Meta:
        model = DataSource
        fields: tuple[str, ...] = ()


class NetworkFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("network", "reason"), label=_("搜索"))
    agency = filters.UUIDFilter(field_name="agency_id", label=_("机构"))

    class Meta:
        model = AllowedNetwork
        fields: tuple[str, ...] = ()


class TableFilter(filters.FilterSet):
    q = filters.CharFilter(method=naming(), label=_("搜索"))
    agency = filters.UUIDFilter(field_name="source__agency_id", label=_("机构"))
    source = filters.UUIDFilter(field_name="source_id", label=_("数据源"))
    system = filters.UUIDFilter(field_name="source__system_id", label=_("信息系统"))
    source_kind = ChoicesFilter(
        field_name="source__kind", choices=lambda: list(kind_labels().items()), label=_("数据源类型")
    )
    schema = filters.CharFilter(field_name="schema_name", label=_("模式"))
    name = filters.CharFilter(field_name="name", label=_("表名"))
    kind = ChoicesFilter(choices=TableKind.choices, label=_("类型"))
    state = ChoicesFilter(choices=ObjectState.choices, label=_("状态"))
    profiled = filters.ChoiceFilter(method=yes_no(Q(profiled_at__isnull=False)), choices=YES_NO, label=_("已剖析"))
    personal = filters.ChoiceFilter(method=yes_no(Q(personal_count__gt=0)), choices=YES_NO, label=_("含个人信息"))
    commented = filters.ChoiceFilter(
        method=yes_no(~Q(comment="") | ~Q(title="")), choices=YES_NO, label=_("有中文名称")
    )
    rows_min = filters.NumberFilter(field_name="rows", lookup_expr="gte", label=_("行数不少于"))
    scored = filters.ChoiceFilter(method=yes_no(Q(score__isnull=False)), choices=YES_NO, label=_("已评分"))
    score_max = filters.NumberFilter(field_name="score", lookup_expr="lte", label=_("得分不高于"))
    new_days = DaysFilter(method="_new", label=_("最近几天新增"))
    changed_in = filters.UUIDFilter(method="_changed_in", label=_("在此次盘点中变更"))

    class Meta:
        model = Table
        fields: tuple[str, ...] = ()

    def _changed_in(self, queryset: QuerySet[Table], _name: str, census: UUID) -> QuerySet[Table]:
        """As the run counts ``tables_changed``: changed themselves or in a column."""
        changes = SchemaChange.objects.filter(Q(column__isnull=False) | Q(kind=ChangeKind.CHANGED), run=census)
        return queryset.filter(pk__in=changes.values("table_id"))

    def _new(self, queryset: QuerySet[Table], _name: str, days: int) -> QuerySet[Table]:
        return queryset.filter(first_seen_at__gte=since(days))


class ColumnFilter(filters.FilterSet):
    q = filters.CharFilter(method=naming(), label=_("搜索"))
    agency = filters.UUIDFilter(field_name="source__agency_id", label=_("机构"))
    source = filters.UUIDFilter(field_name="source_id", label=_("数据源"))
    table = filters.UUIDFilter(field_name="table_id", label=_("表"))
    name = filters.CharFilter(field_name="name", label=_("字段名"))
    value_class = filters.CharFilter(field_name="value_class", label=_("取值类别"))
    state = ChoicesFilter(choices=ObjectState.choices, label=_("状态"))
    personal_kind = ChoicesFilter(choices=PersonalKind.choices, label=_("个人信息类别"))
    personal = filters.ChoiceFilter(method=yes_no(~Q(personal_kind="")), choices=YES_NO, label=_("含个人信息"))

    class Meta:
        model = Column
        fields: tuple[str, ...] = ()


class _RunFilter(filters.FilterSet):
    agency = filters.UUIDFilter(field_name="source__agency_id", label=_("机构"))
    source = filters.UUIDFilter(field_name="source_id", label=_("数据源"))
    state = ChoicesFilter(choices=RunState.choices, label=_("状态"))
    since = filters.IsoDateTimeFilter(field_name="started_at", lookup_expr="gte", label=_("不早于"))


class CensusRunFilter(_RunFilter):
    brake = ChoicesFilter(choices=Brake.choices, label=_("消失确认"))

    class Meta:
        model = CensusRun
        fields: tuple[str, ...] = ()


class ScanRunFilter(_RunFilter):
    class Meta:
        model = ScanRun
        fields: tuple[str, ...] = ()


class ChangeFilter(filters.FilterSet):
    agency = filters.UUIDFilter(field_name="source__agency_id", label=_("机构"))
    source = filters.UUIDFilter(field_name="source_id", label=_("数据源"))
    table = filters.UUIDFilter(field_name="table_id", label=_("表"))
    column = filters.UUIDFilter(field_name="column_id", label=_("字段"))
    census = filters.UUIDFilter(field_name="run_id", label=_("盘点记录"))
    kind = ChoicesFilter(choices=ChangeKind.choices, label=_("变更类型"))
    of_table = filters.ChoiceFilter(method=yes_no(Q(column=None)), choices=YES_NO, label=_("表的变更"))
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte", label=_("不早于"))
    days = DaysFilter(method="_recent", label=_("最近几天"))

    class Meta:
        model = SchemaChange
        fields: tuple[str, ...] = ()

    def _recent(self, queryset: QuerySet[SchemaChange], _name: str, days: int) -> QuerySet[SchemaChange]:
        return queryset.filter(at__gte=since(days))
