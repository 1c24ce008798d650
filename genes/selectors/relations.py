"""Families with their members, joins and keys, as far as one may see."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.scope import agency_ids, visible_to
from assets.models import Column
from assets.selectors.catalogue import columns_visible_to
from genes.models import Family, FamilyMember, Join, Ruling
from genes.selectors.authority import effective
from genes.selectors.carrying import there


def families_visible_to(user: Any) -> QuerySet[Family]:
    """Families of which one may see two columns (one alone would tell that others hold its values), with ``columns``, ``agencies``, ``conflicts`` of those.

    Its element has the rulings of today in ``in_force``, the widest area first.
    """
    seen = visible_to(user, FamilyMember.objects.all())
    rulings = Ruling.objects.filter(effective()).select_related("holder", "agency").order_by("agency__path")
    several = seen.order_by().values("family").annotate(n=Count("pk")).filter(n__gt=1)
    rows = Family.objects.filter(pk__in=several.values("family")).annotate(
        columns=_counted(seen, "family", Count("pk")),
        agencies=_counted(seen, "family", Count("source__agency", distinct=True)),
        conflicts=_counted(seen, "family", Count("pk", filter=Q(conflicting=True))),
    )
    joined = rows.select_related("element__current")
    return visible_to(user, joined.prefetch_related(Prefetch("element__rulings", rulings, to_attr="in_force")))


def _counted(rows: QuerySet[Any], path: str, count: Any) -> Coalesce:
    """How many of ``rows`` there are whose ``path`` is the row of the outer query."""
    return Coalesce(
        Subquery(rows.filter(**{path: OuterRef("pk")}).order_by().values(path).annotate(n=count).values("n")), 0
    )


def members_visible_to(user: Any) -> QuerySet[FamilyMember]:
    rows = FamilyMember.objects.select_related("column__table", "column__source__agency", "column__gene", "family")
    return visible_to(user, rows.defer("column__source__sealed_secrets"))


def members_of(family: Family, user: Any) -> list[FamilyMember]:
    """The columns of a family by agency, each with the best join that leads from it to another of them (``held_in``)."""
    found = list(
        members_visible_to(user)
        .filter(family=family)
        .order_by("column__source__agency__name", "column__table__name", "column__name")[:MEMBERS]
    )
    inside = joins_visible_to(user).filter(column__kin__family=family, target__kin__family=family, share__isnull=False)
    best: dict[UUID, Join] = {}
    for join in inside.order_by("share", "pk"):
        best[join.column_id] = join
    for member in found:
        member.held_in = best.get(member.column_id)  # type: ignore[attr-defined]
    return found


def agencies_of(family: Family, user: Any) -> list[dict[str, Any]]:
    """[{"agency_id", "name", "columns", "conflicts"}] of the columns one may see, most columns first."""
    seen = visible_to(user, FamilyMember.objects.filter(family=family)).order_by()
    rows = seen.values(agency_id=F("source__agency_id"), name=F("source__agency__name")).annotate(
        columns=Count("pk"), conflicts=Count("pk", filter=Q(conflicting=True))
    )
    return [dict(row) for row in rows.order_by("-columns", "name")]


MEMBERS = 500  # shown on one page; the list of bindings has them all


def siblings(family: Family, user: Any) -> Sequence[Family]:
    """All families of the same element, this one among them."""
    return list(families_visible_to(user).filter(element=family.element_id).order_by("number"))


def joins_visible_to(user: Any) -> QuerySet[Join]:
    """Joins of which one may see both ends."""
    rows = there(Join.objects.filter(target__source__agency__in=agency_ids(user, "data.view"), target__state="seen"))
    joined = ("column__table", "column__source__agency", "target__table", "target__source__agency")
    bound = ("column__binding__element", "target__binding__element")
    hidden = ("column__source__sealed_secrets", "target__source__sealed_secrets")
    return visible_to(user, rows.select_related(*joined, *bound).defer(*hidden))


def keys_visible_to(user: Any) -> QuerySet[Column]:
    """Columns that others lie in or point to: ``arriving`` joins lead to it, from ``tables``; ``key_share`` of its rows differ."""
    into = visible_to(user, there(Join.objects.all()))
    rows = columns_visible_to(user).filter(pk__in=into.order_by().values("target"), state="seen").annotate(
        arriving=_counted(into, "target", Count("pk")), tables=_counted(into, "target", Count("column__table", distinct=True)),
        declared=_counted(into, "target", Count("pk", filter=Q(declared=True))),
        key_share=Subquery(into.filter(target=OuterRef("pk")).order_by().values("target").annotate(n=Max("key_share")).values("n")),
    )  # fmt: skip
    return rows.select_related("table", "source__agency", "binding__element")


def joins_of_element(element_id: UUID, user: Any) -> QuerySet[Join]:
    """Joins at whose either end a column carries the element."""
    return joins_visible_to(user).filter(
        Q(column__binding__element=element_id) | Q(target__binding__element=element_id)
    )
