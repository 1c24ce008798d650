"""Which columns carry which element, counted over a province: by the source that each row keeps, not by way of its column."""

from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, QuerySet

from accounts.scope import visible_to
from assets.choices import ObjectState
from assets.models import Column
from genes.models import Binding

M = TypeVar("M", Binding, Any)


def there(rows: "QuerySet[M]") -> "QuerySet[M]":
    """Those of columns that the last census found. Few are absent, so these are looked up and not all the others."""
    return rows.exclude(column__in=Column.objects.exclude(state=ObjectState.SEEN).values("pk"))


def counted(rows: "QuerySet[Any]", path: str) -> dict[Any, int]:
    """Value of ``path`` → how many of the rows; one query."""
    return dict(rows.order_by().values_list(path).annotate(n=Count("pk")))


def bound_visible_to(user: Any) -> QuerySet[Binding]:
    """Columns that are there and carry a known element."""
    return visible_to(user, there(Binding.objects.filter(element__isnull=False)))


def by_element(user: Any, only: set[UUID] | None = None) -> dict[UUID, tuple[int, int]]:
    """Element → (columns, agencies) of those one may see. By source first: so far an index is enough."""
    rows = bound_visible_to(user) if only is None else bound_visible_to(user).filter(element__in=only)
    pairs = rows.order_by().values_list("element", "source").annotate(n=Count("pk"))
    try:
        sql, params = pairs.query.sql_with_params()
    except EmptyResultSet:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT element, sum(n)::bigint, count(DISTINCT s.agency_id) FROM ({sql}) found (element, source, n)"
            " JOIN assets_datasource s ON s.id = found.source GROUP BY element",
            params,
        )
        return {element: (columns, agencies) for element, columns, agencies in cursor.fetchall()}
