"""Filters that lists of several apps share."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

YES_NO = (("yes", _("是")), ("no", _("否")))


class ChoicesFilter(filters.MultipleChoiceFilter):
    """One or more of the choices of a column. DISTINCT, django-filter's default, is for other tables' columns and dear."""

    def __init__(self, **options: Any) -> None:
        super().__init__(distinct=False, **options)


def filtered(filterset: filters.FilterSet) -> QuerySet[Any]:
    """The rows it leaves; none where a filter is not understood: more would pass for the answer, or be acted on."""
    rows: QuerySet[Any] = filterset.qs if filterset.is_valid() else filterset.queryset.none()
    return rows


def word(*fields: str) -> Any:
    """A ``q`` filter: the text occurs in one of ``fields``, without regard to case."""

    def narrow(queryset: QuerySet[Any], _name: str, text: str) -> QuerySet[Any]:
        return queryset.filter(Q(*((f"{field}__icontains", text) for field in fields), _connector=Q.OR))

    return narrow


def yes_no(condition: Q) -> Any:
    """A yes/no filter over ``condition``."""

    def narrow(queryset: QuerySet[Any], _name: str, answer: str) -> QuerySet[Any]:
        return queryset.filter(condition if answer == "yes" else ~condition)

    return narrow
