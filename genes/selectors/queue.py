"""The queue of the workbench and what columns carry."""

from typing import Any

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery, Sum

from accounts.scope import visible_to
from assets.choices import ObjectState
from assets.models import Column, Table
from assets.selectors.catalogue import tables_visible_to
from genes.choices import MatchState, Zone
from genes.models import Binding, Gene, Match
from standards.models import DataElement


def queue_visible_to(user: Any) -> QuerySet[Match]:
    """The best open proposal of each column, with the other ones beside it (``others``) and its zone."""
    others = Match.objects.filter(state=MatchState.PROPOSED, rank__gt=1).select_related("element").order_by("rank")
    best = Match.objects.filter(state=MatchState.PROPOSED, rank=1, element__current__isnull=False).select_related(
        "element__current", "column__table", "column__source__agency", "column__gene"
    )
    return visible_to(user, best.prefetch_related(Prefetch("column__matches", others, to_attr="others")))


def bindings_visible_to(user: Any) -> QuerySet[Binding]:
    return visible_to(
        user,
        Binding.objects.filter(element__isnull=False).select_related(
            "element", "column__table", "column__source__agency", "column__gene", "decided_by"
        ),
    )


def genes_visible_to(user: Any) -> QuerySet[DataElement]:
    """Elements that columns carry, with how many columns and agencies of those one may see (``columns``, ``agencies``)."""
    seen = visible_to(user, Binding.objects.all())
    counted = seen.filter(element=OuterRef("pk")).order_by().values("element")
    elements = DataElement.objects.filter(pk__in=seen.values("element")).select_related("current")
    return visible_to(
        user,
        elements.annotate(
            columns=Subquery(counted.annotate(n=Count("pk")).values("n")),
            agencies=Subquery(counted.annotate(n=Count("column__source__agency", distinct=True)).values("n")),
        ),
    )


def undecided_columns(user: Any) -> QuerySet[Gene]:
    """Columns in the zone of suggestion that nobody has decided."""
    return visible_to(user, Gene.objects.filter(zone=Zone.SUGGESTED, column__binding__isnull=True))


def by_agency(element: DataElement, user: Any) -> list[dict[str, Any]]:
    """[{"agency_id", "name", "columns"}] of an element, most columns first."""
    rows = visible_to(user, Binding.objects.filter(element=element))
    counted = rows.values("column__source__agency_id", "column__source__agency__name").annotate(columns=Count("pk"))
    return [
        {
            "agency_id": row["column__source__agency_id"],
            "name": row["column__source__agency__name"],
            "columns": row["columns"],
        }
        for row in counted.order_by("-columns", "column__source__agency__name")
    ]


def columns_of_table(table: Table) -> list[Column]:
    """The columns with ``binding``, ``gene`` and open proposals (``open_matches``), in their order."""
    open_ones = Match.objects.filter(state=MatchState.PROPOSED).select_related("element").order_by("rank")
    return list(
        table.columns.exclude(state="gone")
        .select_related("binding__element__current", "gene")
        .prefetch_related(Prefetch("matches", open_ones, to_attr="open_matches"))
        .order_by("position")
    )


def coverage(user: Any) -> tuple[int, int]:
    """(columns that carry a known element, columns in all) of those one may see; all are counted by their tables."""
    there = tables_visible_to(user).order_by()
    bound = Binding.objects.filter(element__isnull=False, column__table__in=there.values("pk"))
    bound = bound.exclude(column__state=ObjectState.GONE)
    return bound.count(), there.aggregate(all=Sum("column_count"))["all"] or 0
