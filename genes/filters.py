"""Filters that pages and the API share."""

from typing import Any

import django_filters as filters
from django.db.models import F, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from assets.models import Column
from core.filters import YES_NO, ChoicesFilter, filtered, word, yes_no
from genes.choices import Aspect, DeviationState, Origin, SecurityLevel, Standing, Verdict, Zone
from genes.models import (
    Binding,
    ColumnLevel,
    Conformity,
    Decision,
    Deviation,
    DriftAlarm,
    Family,
    Join,
    Match,
    Recogniser,
    Repetition,
    Ruling,
    TableLevel,
)
from genes.selectors.authority import repetitions_to_answer, rulings_to_decide
from genes.selectors.conformity import is_accepted, is_open
from standards.choices import Domain
from standards.models import DataElement

_ITS_COLUMN = ("column__name", "column__title", "column__table__name")


class OfColumnFilter(filters.FilterSet):
    """Rows of a column, by where it is."""

    table = filters.UUIDFilter(field_name="column__table_id", label=_("表"))
    source = filters.UUIDFilter(field_name="source_id", label=_("数据源"))
    agency = filters.UUIDFilter(field_name="source__agency_id", label=_("机构"))


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


def narrowed(rows: QuerySet[Match], query: str) -> QuerySet[Match]:
    """The matches that the filters of the queue, as its address has them, leave of ``rows``."""
    return filtered(MatchFilter(QueryDict(query), queryset=rows))


def of_the_queue(query: str) -> str | None:
    """What of an address's ``query`` filters the queue, fit to be kept; None where a filter is not understood."""
    given, kept = QueryDict(query), QueryDict(mutable=True)
    filterset = MatchFilter(given, queryset=Match.objects.none())
    for name in filterset.filters:
        kept.setlist(name, given.getlist(name))
    return kept.urlencode() if filterset.is_valid() else None


class BindingFilter(OfColumnFilter):
    q = filters.CharFilter(method=word(*_ITS_COLUMN, "element__name"), label=_("搜索"))
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))
    origin = ChoicesFilter(choices=Origin.choices, label=_("来源"))
    system = filters.UUIDFilter(field_name="source__system_id", label=_("信息系统"))
    family = filters.UUIDFilter(field_name="column__kin__family_id", label=_("同源组"))
    conflict = filters.ChoiceFilter(
        method=yes_no(Q(column__kin__conflicting=True)), choices=YES_NO, label=_("与多数不一致")
    )

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
    system = filters.UUIDFilter(field_name="source__system_id", label=_("信息系统"))

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


class DriftFilter(OfColumnFilter):
    q = filters.CharFilter(method=word(*_ITS_COLUMN, "element__name"), label=_("搜索"))
    open = filters.ChoiceFilter(method=yes_no(Q(closed_at__isnull=True)), choices=YES_NO, label=_("未解除"))
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))

    class Meta:
        model = DriftAlarm
        fields: list[str] = []


_LEVELS = [(str(value), label) for value, label in SecurityLevel.choices]
_KINDS = (("identity", _("身份")), ("health", _("健康")), ("finance", _("财产")))


class ColumnLevelFilter(OfColumnFilter):
    q = filters.CharFilter(method=word(*_ITS_COLUMN), label=_("搜索"))
    level = ChoicesFilter(choices=_LEVELS, label=_("级别"))
    kind = ChoicesFilter(choices=_KINDS, label=_("类别"))
    decided = filters.ChoiceFilter(method=yes_no(Q(decided__isnull=False)), choices=YES_NO, label=_("已确定"))

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


class DecisionFilter(OfColumnFilter):
    q = filters.CharFilter(method=word("column__name", "column__title", "element__name"), label=_("搜索"))
    verdict = ChoicesFilter(choices=Verdict.choices, label=_("决定"))
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))
    column = filters.UUIDFilter(field_name="column_id", label=_("字段"))

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


class DeviationFilter(OfColumnFilter):
    q = filters.CharFilter(method=word(*_ITS_COLUMN, "element__name"), label=_("搜索"))
    state = ChoicesFilter(choices=DeviationState.choices, method=_in_state, label=_("状态"))
    aspect = ChoicesFilter(choices=Aspect.choices, label=_("检查内容"))
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))

    class Meta:
        model = Deviation
        fields: list[str] = []


# Families, joins, rulings ----------------------------------------------------------------------------------------------


class FamilyFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("element__name", "element__code"), label=_("搜索"))
    domain = ChoicesFilter(choices=Domain.choices, field_name="element__domain", label=_("主题域"))
    conflict = filters.ChoiceFilter(method=yes_no(Q(conflicts__gt=0)), choices=YES_NO, label=_("有冲突"))
    shared = filters.ChoiceFilter(method=yes_no(Q(number__gt=0)), choices=YES_NO, label=_("取值相通"))
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))

    class Meta:
        model = Family
        fields: list[str] = []


class JoinFilter(OfColumnFilter):
    q = filters.CharFilter(
        method=word(*_ITS_COLUMN, "target__name", "target__title", "target__table__name"), label=_("搜索")
    )
    declared = filters.ChoiceFilter(method=yes_no(Q(declared=True)), choices=YES_NO, label=_("声明的外键"))
    same_element = filters.ChoiceFilter(method=yes_no(Q(same_element=True)), choices=YES_NO, label=_("数据元相同"))
    across = filters.ChoiceFilter(
        method=yes_no(~Q(column__source__agency=F("target__source__agency"))), choices=YES_NO, label=_("跨机构")
    )
    column = filters.UUIDFilter(field_name="column_id", label=_("字段"))
    target = filters.UUIDFilter(field_name="target_id", label=_("目标"))
    element = filters.UUIDFilter(method="of_element", label=_("数据元"))
    each = filters.ChoiceFilter(method="strongest", choices=[("table", _("来自的表"))], label=_("只列得分最高的一个"))

    class Meta:
        model = Join
        fields: list[str] = []

    def of_element(self, queryset: QuerySet[Join], _name: str, element: Any) -> QuerySet[Join]:
        return queryset.filter(Q(column__binding__element=element) | Q(target__binding__element=element))

    def strongest(self, queryset: QuerySet[Join], _name: str, _answer: str) -> QuerySet[Join]:
        """One join from each table to each target: the one with the best score. What the filters before left counts."""
        best = queryset.order_by("target_id", "column__table_id", "-score", "pk").distinct(
            "target_id", "column__table_id"
        )
        return queryset.filter(pk__in=best.values("pk"))


class KeyFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("name", "title", "table__name"), label=_("搜索"))
    agency = filters.UUIDFilter(field_name="source__agency_id", label=_("机构"))
    source = filters.UUIDFilter(field_name="source_id", label=_("数据源"))

    class Meta:
        model = Column
        fields: list[str] = []


class RulingFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("element__name", "element__code", "holder__name", "basis"), label=_("搜索"))
    standing = ChoicesFilter(choices=Standing.choices, label=_("状态"))
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))
    agency = filters.UUIDFilter(field_name="holder_id", label=_("数源部门"))
    area = filters.UUIDFilter(field_name="agency_id", label=_("适用范围"))
    review = filters.ChoiceFilter(method="for_review", choices=YES_NO, label=_("待我裁定"))

    class Meta:
        model = Ruling
        fields: list[str] = []

    def for_review(self, queryset: QuerySet[Ruling], _name: str, answer: str) -> QuerySet[Ruling]:
        waiting = rulings_to_decide(self.request.user if self.request else None).order_by().values("pk")
        return queryset.filter(pk__in=waiting) if answer == "yes" else queryset.exclude(pk__in=waiting)


class RepetitionFilter(OfColumnFilter):
    q = filters.CharFilter(method=word(*_ITS_COLUMN, "ruling__element__name", "ruling__holder__name"), label=_("搜索"))
    element = filters.UUIDFilter(field_name="ruling__element_id", label=_("数据元"))
    holder = filters.UUIDFilter(field_name="ruling__holder_id", label=_("数源部门"))
    ruling = filters.UUIDFilter(field_name="ruling_id", label=_("数源裁定"))
    mine = filters.ChoiceFilter(method="to_answer", choices=YES_NO, label=_("待我处理"))

    class Meta:
        model = Repetition
        fields: list[str] = []

    def to_answer(self, queryset: QuerySet[Repetition], _name: str, answer: str) -> QuerySet[Repetition]:
        waiting = repetitions_to_answer(self.request.user if self.request else None).order_by().values("pk")
        return queryset.filter(pk__in=waiting) if answer == "yes" else queryset.exclude(pk__in=waiting)
