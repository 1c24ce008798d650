"""The counters of a table, kept so that pages need not count millions of columns."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from assets.choices import ObjectState
from assets.models import Column, Table


def recount_columns(tables: Iterable[UUID]) -> None:
    """Set ``column_count`` and ``personal_count`` of these tables from their columns that are not gone, in one statement.

    Called in the transaction that changed the columns: the sums over tables are what the lists of columns hold.
    """
    live = Column.objects.filter(table=OuterRef("pk")).exclude(state=ObjectState.GONE).order_by().values("table")
    columns = live.annotate(found=Count("pk")).values("found")
    personal = live.annotate(found=Count("pk", filter=~Q(personal_kind=""))).values("found")
    Table.objects.filter(pk__in=list(tables)).update(
        column_count=Coalesce(Subquery(columns), 0), personal_count=Coalesce(Subquery(personal), 0)
    )
