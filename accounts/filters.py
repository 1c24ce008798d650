"""Filters of the lists of accounts, for pages and API alike."""

from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from accounts.models import Agency, Grant, Person
from accounts.scope import visible_to
from accounts.selectors import agencies_visible_to


def _offered(request: HttpRequest | None) -> QuerySet[Agency]:
    """The agencies a filter may name: a choice must not list what the rest of the page hides."""
    return agencies_visible_to(request.user) if request is not None else Agency.objects.none()


class _YesNoSelect(forms.NullBooleanSelect):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        known, given = super().value_from_datadict(data, files, name), data.get(name)
        return given if known is None and given not in (None, "", "unknown") else known


class _YesNoField(forms.NullBooleanField):
    widget = _YesNoSelect

    def clean(self, value: Any) -> Any:
        if isinstance(value, str):
            raise ValidationError(_("请选择是或否。"))
        return super().clean(value)


class TruthFilter(filters.BooleanFilter):
    """True or false; Django's own field takes whatever else it is given for "either"."""

    field_class = _YesNoField


class AgencyFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("名称或编码"), method="search")
    active = TruthFilter(label=_("在用"), field_name="is_active")

    class Meta:
        model = Agency
        fields: list[str] = []

    def search(self, rows: QuerySet[Agency], name: str, value: str) -> QuerySet[Agency]:
        text = value.strip()
        return rows.filter(
            Q(name__icontains=text)
            | Q(short_name__icontains=text)
            | Q(name_en__icontains=text)
            | Q(code__istartswith=text)
        )


class AgencyApiFilter(AgencyFilter):
    parent = filters.UUIDFilter(label=_("上级机构"), field_name="parent_id")
    under = filters.UUIDFilter(label=_("机构及下级"), method="below")

    def below(self, rows: QuerySet[Agency], name: str, value: object) -> QuerySet[Agency]:
        top = rows.filter(pk=value).first()
        return rows.filter(path__startswith=top.path) if top else rows.none()


class PersonFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("姓名或登录名"), method="search")
    agency = filters.ModelChoiceFilter(label=_("所属机构"), queryset=_offered)
    role = filters.ChoiceFilter(label=_("角色"), choices=Role, method="holding")
    active = TruthFilter(label=_("启用"), field_name="is_active")

    class Meta:
        model = Person
        fields: list[str] = []

    def search(self, rows: QuerySet[Person], name: str, value: str) -> QuerySet[Person]:
        text = value.strip()
        return rows.filter(Q(name__icontains=text) | Q(username__icontains=text) | Q(email__icontains=text))

    def holding(self, rows: QuerySet[Person], name: str, value: str) -> QuerySet[Person]:
        """Only grants that the user may see count: a filter must not tell what the column hides."""
        shown = (
            visible_to(self.request.user, Grant.objects.filter(role=value).current())
            if self.request
            else Grant.objects.none()
        )
        return rows.filter(pk__in=shown.order_by().values("person_id"))


class GrantFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("姓名"), field_name="person__name", lookup_expr="icontains")
    role = filters.ChoiceFilter(label=_("角色"), choices=Role)
    agency = filters.ModelChoiceFilter(label=_("机构范围"), queryset=_offered)
    current = TruthFilter(label=_("有效"), method="in_force")

    class Meta:
        model = Grant
        fields: list[str] = []

    def in_force(self, rows: QuerySet[Grant], name: str, value: bool) -> QuerySet[Grant]:
        now = Grant.objects.order_by().current().values("pk")
        return rows.filter(pk__in=now) if value else rows.exclude(pk__in=now)


class GrantApiFilter(GrantFilter):
    person = filters.UUIDFilter(label=_("人员"), field_name="person_id")
