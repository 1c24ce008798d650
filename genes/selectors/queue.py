"""The queue of the workbench and what columns carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import CharField, Count, Exists, F, Max, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Length

from accounts.models import Agency
from accounts.scope import visible_to
from assets.choices import ObjectState, SourceState
from assets.models import Column, Table
from assets.selectors.catalogue import tables_visible_to
from core.keyset import EXACT_UP_TO
from genes.choices import MatchState, Origin, Verdict, Zone
from genes.models import Binding, Decision, DriftAlarm, Gene, Match
from genes.selectors import carrying
from standards.models import DataElement, ElementName


def queue_visible_to(user: Any) -> QuerySet[Match]:
    """The best open proposal of each column, with the other ones beside it (``others``) and its zone."""
    others = Match.objects.filter(state=MatchState.PROPOSED, rank__gt=1, element__current__isnull=False)
    others = others.select_related("element__current__code_set").order_by("rank")
    best = Match.objects.filter(state=MatchState.PROPOSED, rank=1, element__current__isnull=False).select_related(
        "element__current__code_set", "column__table", "column__source__agency", "column__gene"
    )
    return visible_to(user, best.prefetch_related(Prefetch("column__matches", others, to_attr="others")))


def by_zone(rows: QuerySet[Match]) -> dict[str, int]:
    """Zone → how many of the proposals, counted up to one more than is worth counting."""
    zones = (Zone.AUTO, Zone.SUGGESTED)
    return {zone: rows.order_by().filter(_in_zone(zone))[: EXACT_UP_TO + 1].values("pk").count() for zone in zones}


def _in_zone(zone: Zone, **gene: Any) -> Exists:
    """Not by way of the column, which is nothing but its key here."""
    return Exists(Gene.objects.filter(column=OuterRef("column"), zone=zone, **gene))


def acceptable_to(user: Any) -> QuerySet[Match]:
    """The proposals that may be accepted unseen, where the user may decide: the answer of which the machine is sure, for a
    column that carries nothing yet. What comes after a refusal, or would replace a binding, waits for a person."""
    sure = queue_visible_to(user).filter(_in_zone(Zone.AUTO, best=OuterRef("element")))
    free = sure.exclude(Exists(Binding.objects.filter(column=OuterRef("column"))))
    return visible_to(user, free, "gene.decide")


def decided_in_batch(batch: UUID, user: Any) -> QuerySet[Column]:
    """The columns that this person decided on in one go."""
    decided = Decision.objects.filter(batch=batch, by=user).values("column")
    return visible_to(user, Column.objects.filter(pk__in=decided).select_related("source", "table"))


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
    its = seen.filter(element=OuterRef("pk"))
    counted = its.order_by().values("element").annotate(n=Count("pk")).values("n")
    here = seen.filter(
        element=OuterRef(OuterRef("pk")), source__agency=OuterRef("pk")
    )  # an index of elements and sources
    agencies = Agency.objects.filter(Exists(here)).order_by().annotate(all=Value(1)).values("all")
    elements = DataElement.objects.filter(Exists(its)).select_related("current")
    return visible_to(
        user,
        elements.annotate(columns=Subquery(counted), agencies=Subquery(agencies.annotate(n=Count("pk")).values("n"))),
    )


def policy_batches(user: Any) -> list[dict[str, Any]]:
    """[{"batch", "columns", "at", "by"}] of what was accepted unseen and still stands, the newest first."""
    bound = visible_to(user, Binding.objects.filter(origin=Origin.MACHINE, batch__isnull=False))
    rows = bound.values("batch").annotate(columns=Count("pk"), at=Max("decided_at"), by=Max("decided_by__name"))
    return [dict(row) for row in rows.order_by("-at")[:20]]


def reviewed(user: Any) -> tuple[int, int]:
    """(right, all) of the proposals in the auto zone that a person looked at: what their precision is measured on."""
    looked = visible_to(user, Decision.objects.filter(told__zone=Zone.AUTO).exclude(verdict=Verdict.UNDO))
    told = looked.annotate(
        best=Cast(KeyTextTransform("best", "told"), CharField()), said=Cast("element_id", CharField())
    )
    right = Q(verdict=Verdict.ACCEPT, best=F("said"))
    found = told.aggregate(all=Count("pk"), right=Count("pk", filter=right))
    return found["right"], found["all"]


def undecided_columns(user: Any) -> QuerySet[Gene]:
    """Columns in the zone of suggestion that nobody has decided."""
    return visible_to(user, Gene.objects.filter(zone=Zone.SUGGESTED, column__binding__isnull=True))


def by_agency(element: DataElement, user: Any) -> list[dict[str, Any]]:
    """[{"agency_id", "name", "columns"}] of an element, most columns first."""
    rows = visible_to(user, Binding.objects.filter(element=element))
    counted = rows.values(agency_id=F("source__agency_id"), name=F("source__agency__name")).annotate(
        columns=Count("pk")
    )
    return [dict(row) for row in counted.order_by("-columns", "name")]


def columns_of_table(table: Table) -> list[Column]:
    """The columns with ``binding``, ``gene`` and open proposals (``open_matches``), in their order."""
    open_ones = Match.objects.filter(state=MatchState.PROPOSED).select_related("element").order_by("rank")
    return list(
        table.columns.exclude(state="gone")
        .select_related("binding__element__current", "gene", "security")
        .prefetch_related(Prefetch("matches", open_ones, to_attr="open_matches"))
        .order_by("position")
    )


def matches_of_column(column: Column) -> list[Match]:
    """The open proposals of one column, best first, with what their evidence is told from."""
    rows = Match.objects.filter(column=column, state=MatchState.PROPOSED, element__current__isnull=False)
    return list(rows.select_related("element__current__code_set", "column__gene").order_by("rank"))


@dataclass(frozen=True, slots=True)
class Said:
    """What is known of a column: the element it carries, or one that waits for a person, or (None) that it carries none."""

    element: DataElement | None = None
    waiting: bool = False
    said_none: bool = False

    @property
    def code(self) -> str:
        return self.element.code if self.element else ""

    @property
    def name(self) -> str:
        return self.element.name if self.element else ""


def carried(rows: Sequence[Any], user: Any) -> Mapping[Any, Said]:
    """Column → what was decided of it, every column that was matched has an answer; one query."""
    bound = Binding.objects.filter(column__in=[row.pk for row in rows]).select_related("element")
    found = {binding.column_id: Said(binding.element, said_none=binding.element_id is None) for binding in bound}
    return {row.pk: found.get(row.pk, Said()) for row in rows}


def bound_columns(rows: Sequence[DataElement], user: Any) -> Mapping[Any, int]:
    """Element → how many of the columns one may see carry it; one query."""
    bound = visible_to(user, Binding.objects.filter(element__in=[row.pk for row in rows]))
    return dict.fromkeys([row.pk for row in rows], 0) | carrying.counted(bound, "element_id")


def genes_of(rows: Sequence[Any], user: Any) -> Mapping[Any, Said]:
    """Column → the gene it carries or probably carries; columns without one have no answer; two queries."""
    ids = [row.pk for row in rows]
    best = Match.objects.filter(column__in=ids, state=MatchState.PROPOSED, rank=1).select_related("element")
    found = {match.column_id: Said(match.element, waiting=True) for match in best}
    bound = Binding.objects.filter(column__in=ids, element__isnull=False).select_related("element")
    return found | {binding.column_id: Said(binding.element) for binding in bound}


def coverage(user: Any) -> tuple[int, int]:
    """(columns that carry a known element, columns in all) of those one may see; all are counted by their tables."""
    bound = visible_to(user, Binding.objects.filter(element__isnull=False).exclude(source__state=SourceState.REMOVED))
    for gone in (Column.objects.filter(state=ObjectState.GONE), Column.objects.filter(table__state=ObjectState.GONE)):
        bound = bound.exclude(column__in=gone.values("pk"))  # few: looked up, and not all the others
    return bound.count(), tables_visible_to(user).order_by().aggregate(all=Sum("column_count"))["all"] or 0


def drifts_visible_to(user: Any) -> QuerySet[DriftAlarm]:
    """Alarms with what they are of."""
    return visible_to(
        user,
        DriftAlarm.objects.select_related(
            "element", "column__table", "column__source__agency", "column__gene", "column__binding__element"
        ),
    )


def open_drifts(user: Any) -> QuerySet[DriftAlarm]:
    return drifts_visible_to(user).filter(closed_at__isnull=True)


def decisions_visible_to(user: Any) -> QuerySet[Decision]:
    return visible_to(user, Decision.objects.select_related("column__table", "column__source__agency", "element", "by"))


def columns_of_batch(batch: Any) -> QuerySet[Any]:
    """Ids of the columns that were decided on in one go."""
    return Decision.objects.filter(batch=batch).exclude(verdict=Verdict.UNDO).order_by().values("column_id")


def elements_found(text: str, most: int = 8) -> list[DataElement]:
    """Elements in force whose name, code or further name contains the text, the shortest name first."""
    text = text.strip()[:100]
    if not text:
        return []
    named = ElementName.objects.filter(text__icontains=text).values("element_id")
    found = DataElement.objects.filter(current__isnull=False).filter(
        Q(name__icontains=text) | Q(code__icontains=text) | Q(pk__in=named)
    )
    return list(found.select_related("current").order_by(Length("name"), "code")[:most])
