"""Conformity (落标率): counted from real rows, per column, system and agency, and the register of deviations."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import Agency
from accounts.scope import visible_to
from assets.models import DataSource, InformationSystem
from genes.models import Conformity, Deviation
from genes.selectors.carrying import bound_visible_to, counted, there


@dataclass(frozen=True, slots=True)
class Rate:
    """落标率 of a group of bound columns.

    By columns: ``kept`` of ``columns`` hold no value that breaks the element. By values: ``passed`` of ``values``. Columns
    that were not read yet, or whose element says nothing that can be checked, are ``unchecked`` and in neither share.
    """

    key: UUID | None
    name: str
    columns: int
    kept: int
    values: int
    failed: int
    unchecked: int = 0

    @property
    def column_share(self) -> float | None:
        return self.kept / self.columns if self.columns else None

    @property
    def value_share(self) -> float | None:
        return (self.values - self.failed) / self.values if self.values else None


def conformities_visible_to(user: Any) -> QuerySet[Conformity]:
    """The newest counts of columns that are there; what is bound to another element has none (`forget_unbound`)."""
    rows = there(Conformity.objects.all()).select_related("column__table", "column__source__agency", "edition__element")
    return visible_to(user, rows.defer("column__source__sealed_secrets"))


def deviations_visible_to(user: Any) -> QuerySet[Deviation]:
    rows = Deviation.objects.select_related("column__table", "column__source__agency", "element", "accepted_by")
    return visible_to(user, rows.defer("column__source__sealed_secrets"))


def is_open() -> Q:
    """Neither cleared by a re-scan nor accepted today."""
    return Q(cleared_at=None) & ~is_accepted()


def is_accepted() -> Q:
    return Q(cleared_at=None, accepted_until__gte=timezone.localdate())


def open_deviations(user: Any) -> QuerySet[Deviation]:
    return deviations_visible_to(user).filter(is_open())


def of_element(element: Any, user: Any) -> Rate:
    """Over the bound columns of one element that one may see."""
    rows = conformities_visible_to(user).filter(edition__element=element)
    summed = rows.order_by().aggregate(**_SUMS)
    bound = bound_visible_to(user).filter(element=element)
    return Rate(None, "", **_filled(summed), unchecked=bound.count() - summed["columns"])


def kept_of(elements: Sequence[Any], user: Any) -> dict[UUID, float]:
    """落标率 by values of some elements, those of which a value was checked; one query."""
    rows = conformities_visible_to(user).filter(edition__element__in=[element.pk for element in elements])
    return kept_by_element(rows)


def kept_by_element(rows: QuerySet[Conformity]) -> dict[UUID, float]:
    """Element → 落标率 by values, over ``rows``."""
    summed = rows.filter(checked__gt=0).order_by().values_list("edition__element_id")
    return {pk: 1 - failed / checked for pk, checked, failed in summed.annotate(n=Sum("checked"), m=Sum("failed"))}


def worst(user: Any, element: Any = None) -> QuerySet[Conformity]:
    """Bound columns, those that keep least to their element first; of one element all of them, else the broken ones."""
    rows = conformities_visible_to(user)
    rows = rows.filter(failed__gt=0) if element is None else rows.filter(edition__element=element)
    return rows.order_by(F("kept_share").asc(nulls_last=True), "pk")


def by_agency(rates: Sequence[Rate]) -> list[Rate]:
    """``rates`` of sources (`by_source`), added up."""
    agencies = dict(DataSource.objects.values_list("pk", "agency"))
    return _grouped(rates, agencies, dict(Agency.objects.values_list("pk", "name")))


def by_system(rates: Sequence[Rate]) -> list[Rate]:
    """Per information system; columns of sources without one are under no name."""
    systems = dict(DataSource.objects.values_list("pk", "system"))
    return _grouped(rates, systems, dict(InformationSystem.objects.values_list("pk", "name")))


def added(rates: Sequence[Rate], key: UUID | None = None, name: str = "") -> Rate:
    """All of them as one."""
    return Rate(key, name, **{part: sum(getattr(rate, part) for rate in rates) for part in (*_SUMS, "unchecked")})


def by_source(user: Any) -> list[Rate]:
    """Per source, without names: one walk over the counts of a province, from which everything else is added up."""
    bound = counted(bound_visible_to(user), "source")
    rows = conformities_visible_to(user).order_by().values("source").annotate(**_SUMS)
    found = {row["source"]: Rate(row["source"], "", **_filled(dict(row))) for row in rows}
    empty = {source: Rate(source, "", 0, 0, 0, 0) for source in bound}
    return [replace(rate, unchecked=bound.get(source, 0) - rate.columns) for source, rate in (empty | found).items()]


_SUMS = {
    "columns": Count("pk"),
    "kept": Count("pk", filter=Q(failed=0)),
    "values": Sum("checked"),
    "failed": Sum("failed"),
}


def _filled(row: dict[str, Any]) -> dict[str, int]:
    return {name: row[name] or 0 for name in _SUMS}


def _grouped(rates: Sequence[Rate], group_of: Mapping[Any, Any], names: Mapping[Any, str]) -> list[Rate]:
    """One rate a group with a checked column, the lowest share first."""
    groups: dict[Any, list[Rate]] = defaultdict(list)
    for rate in rates:
        groups[group_of[rate.key]].append(rate)
    found = [added(its, key, names.get(key, "")) for key, its in groups.items()]
    checked = [rate for rate in found if rate.columns]
    return sorted(checked, key=lambda rate: (rate.value_share if rate.value_share is not None else 2, rate.name))
