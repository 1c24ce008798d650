"""One gene as its page tells it: where it is, how it keeps to its element, who provides it, what hangs on it."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, QuerySet

from accounts.scope import visible_to
from genes.choices import MatchState
from genes.models import DriftAlarm, FamilyMember, Match, Ruling
from genes.selectors import authority, conformity, relations
from genes.selectors.carrying import bound_visible_to, counted
from standards.models import DataElement


def spread(element: DataElement, user: Any) -> list[dict[str, Any]]:
    """[{"agency_id", "agency", "system_id", "system", "columns"}] of the bound columns one may see, by agency and system."""
    rows = bound_visible_to(user).filter(element=element)
    named = {
        "agency_id": "source__agency_id", "agency": "source__agency__name",
        "system_id": "source__system_id", "system": "source__system__name",
    }  # fmt: skip
    places = rows.order_by().values_list(*named.values()).annotate(n=Count("pk"))
    found = [dict(zip((*named, "columns"), row, strict=True)) for row in places]
    return sorted(found, key=lambda row: (-row["columns"], row["agency"], row["system"] or ""))


def drifts_of(element: DataElement, user: Any) -> QuerySet[DriftAlarm]:
    """Open alarms of columns that carry the element."""
    rows = DriftAlarm.objects.filter(element=element, closed_at=None).select_related(
        "column__table", "column__source__agency"
    )
    return visible_to(user, rows.defer("column__source__sealed_secrets"))


def conflicts_of(element: DataElement, user: Any) -> QuerySet[FamilyMember]:
    """Columns that differ from most others that carry the element, of those one may see; in families of any size."""
    return relations.members_visible_to(user).filter(family__element=element, conflicting=True)


def figures(element: DataElement, user: Any) -> dict[str, Any]:
    """The numbers in the head of the page, in a fixed number of queries."""
    places = spread(element, user)
    return {
        "spread": places,
        "column_count": sum(row["columns"] for row in places),
        "agency_count": len({row["agency_id"] for row in places}),
        "rate": conformity.of_element(element, user),
        "pending": visible_to(user, Match.objects.filter(element=element, state=MatchState.PROPOSED, rank=1)).count(),
        "family_count": relations.families_visible_to(user).filter(element=element).count(),
        "conflicts": conflicts_of(element, user).order_by().count(),
        "repeated": authority.repetitions_visible_to(user).filter(ruling__element=element).count(),
        "sources": authority.ruling_in_force(element),
    }


def standing_of(elements: Sequence[DataElement], user: Any) -> None:
    """How each of some genes stands: ``kept`` of its values (None where none was checked), ``pending`` proposals, rulings ``in_force``; three queries."""
    ids = [element.pk for element in elements]
    kept = conformity.kept_of(elements, user)
    open_ones = visible_to(user, Match.objects.filter(element__in=ids, state=MatchState.PROPOSED, rank=1))
    pending = counted(open_ones, "element_id")
    rulings = Ruling.objects.filter(authority.effective(), element__in=ids).select_related("holder")
    named: dict[Any, list[Ruling]] = {}
    for ruling in rulings.order_by("agency__path"):
        named.setdefault(ruling.element_id, []).append(ruling)
    for element in elements:
        element.kept, element.pending = kept.get(element.pk), pending.get(element.pk, 0)  # type: ignore[attr-defined]
        element.in_force = named.get(element.pk, [])  # type: ignore[attr-defined]
