"""Filters that lists of several apps share."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

YES_NO = (("yes", _("是")), ("no", _("否")))


def word(*fields: str) -> Any:
    """A ``q`` filter: the text occurs in one of ``fields``, without regard to case."""

    def narrow(queryset: QuerySet[Any], _name: str, text: str) -> QuerySet[Any]:
        condition = Q()
        for field in fields:
            condition |= Q(**{f"{field}__icontains": text})
        return queryset.filter(condition)

    return narrow


def yes_no(condition: Q) -> Any:
    """A yes/no filter over ``condition``."""

    def narrow(queryset: QuerySet[Any], _name: str, answer: str) -> QuerySet[Any]:
        return queryset.filter(condition if answer == "yes" else ~condition)

    return narrow
