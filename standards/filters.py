"""Filters that pages and the API share."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from core.filters import YES_NO, ChoicesFilter, word
from standards.choices import Domain, EditionState, Level, RegistrationStatus, StandardLevel, TextStatus, ValueDomain
from standards.models import Code, CodeSet, CodeSetEdition, DataElement, Edition, ElementName, StandardText
from standards.selectors import code_editions_for_review, code_sets_visible_to, editions_for_review


class ElementFilter(filters.FilterSet):
    q = filters.CharFilter(method="containing", label=_("搜索"))
    domain = ChoicesFilter(choices=Domain.choices, label=_("主题域"))
    level = ChoicesFilter(choices=Level.choices, field_name="current__level", label=_("安全级别"))
    status = ChoicesFilter(choices=RegistrationStatus.choices, field_name="registration_status", label=_("登记状态"))
    value_domain = ChoicesFilter(choices=ValueDomain.choices, field_name="current__value_domain", label=_("值域类型"))
    review = filters.ChoiceFilter(method="for_review", choices=YES_NO, label=_("待我审核"))
    code_set = filters.UUIDFilter(field_name="current__code_set_id", label=_("代码集"))
    agency = filters.UUIDFilter(field_name="agency_id", label=_("管理机构"))

    class Meta:
        model = DataElement
        fields: list[str] = []

    def containing(self, queryset: QuerySet[DataElement], _name: str, text: str) -> QuerySet[DataElement]:
        """In its words or in a further name, which are many to an element: each is listed once."""
        words = ("name", "code", "current__english_name", "current__definition")
        condition = Q(pk__in=ElementName.objects.filter(text__icontains=text).values("element_id"))
        for field in words:
            condition |= Q(**{f"{field}__icontains": text})
        return queryset.filter(condition)

    def for_review(self, queryset: QuerySet[DataElement], _name: str, answer: str) -> QuerySet[DataElement]:
        waiting = editions_for_review(self.request.user if self.request else None).values("element_id")
        return queryset.filter(pk__in=waiting) if answer == "yes" else queryset.exclude(pk__in=waiting)


class EditionFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("name", "element__code", "english_name"), label=_("搜索"))
    element = filters.UUIDFilter(field_name="element_id", label=_("数据元"))
    state = ChoicesFilter(choices=EditionState.choices, label=_("状态"))

    class Meta:
        model = Edition
        fields: list[str] = []


class CodeEditionFilter(filters.FilterSet):
    code_set = filters.UUIDFilter(field_name="code_set_id", label=_("代码集"))
    state = ChoicesFilter(choices=EditionState.choices, label=_("状态"))

    class Meta:
        model = CodeSetEdition
        fields: list[str] = []


def agencies_of_code_sets(request: Any) -> QuerySet[Agency]:
    """Those that keep a code set one may see."""
    kept = code_sets_visible_to(request.user if request else None).order_by().values("agency")
    return Agency.objects.filter(pk__in=kept).order_by("sort_key")


class CodeSetFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("name", "reference"), label=_("搜索"))
    review = filters.ChoiceFilter(method="for_review", choices=YES_NO, label=_("待我审核"))
    agency = filters.ModelChoiceFilter(queryset=agencies_of_code_sets, label=_("管理机构"))

    class Meta:
        model = CodeSet
        fields: list[str] = []

    def for_review(self, queryset: QuerySet[CodeSet], _name: str, answer: str) -> QuerySet[CodeSet]:
        waiting = code_editions_for_review(self.request.user if self.request else None).values("code_set_id")
        return queryset.filter(pk__in=waiting) if answer == "yes" else queryset.exclude(pk__in=waiting)


class CodeFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("code", "name"), label=_("搜索"))

    class Meta:
        model = Code
        fields: list[str] = []


class TextFilter(filters.FilterSet):
    q = filters.CharFilter(method=word("number", "title"), label=_("搜索"))
    level = ChoicesFilter(choices=StandardLevel.choices, label=_("标准层级"))
    status = ChoicesFilter(choices=TextStatus.choices, label=_("状态"))

    class Meta:
        model = StandardText
        fields: list[str] = []
