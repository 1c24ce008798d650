"""Levels of columns and tables, and what lists and pages show of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from accounts.scope import visible_to
from genes.models import ColumnLevel, TableLevel


def columns_visible_to(user: Any) -> QuerySet[ColumnLevel]:
    """Levels of columns, of those for which anything speaks."""
    rows = ColumnLevel.objects.select_related("column__table", "column__source__agency", "decided_by")
    return visible_to(user, rows.filter(level__gt=0))


def tables_visible_to(user: Any) -> QuerySet[TableLevel]:
    rows = TableLevel.objects.select_related("table__source__agency", "decided_by")
    return visible_to(user, rows.filter(level__gt=0))


def undecided(user: Any) -> QuerySet[ColumnLevel]:
    """Of level 3 or more, and nobody has confirmed it."""
    return columns_visible_to(user).filter(decided__isnull=True, level__gte=3)


def of_columns(rows: Sequence[Any], user: Any) -> Mapping[Any, ColumnLevel]:
    """Column → its level; one query."""
    return ColumnLevel.objects.filter(level__gt=0).in_bulk([row.pk for row in rows])
