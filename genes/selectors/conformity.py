"""Conformity (落标率): counted from real rows, per column, system and agency, and the register of deviations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, FloatField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.scope import visible_to
from genes.models import Binding, Conformity, Deviation


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
    """The newest counts of columns that are still bound, with ``kept_share`` (null without a value)."""
    rows = Conformity.objects.filter(
        column__state="seen", column__binding__element=F("edition__element")
    ).select_related("column__table", "column__source__agency", "edition__element")
    share = Case(
        When(checked=0, then=Value(None)),
        default=1.0 - Cast("failed", FloatField()) / Cast("checked", FloatField()),
        output_field=FloatField(),
    )
    return visible_to(user, rows.defer("column__source__sealed_secrets").annotate(kept_share=share))


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


def overall(user: Any, element: Any = None) -> Rate:
    """Over every bound column one may see, or those of one element."""
    rows, bound = conformities_visible_to(user), _bound(user)
    if element is not None:
        rows, bound = rows.filter(edition__element=element), bound.filter(element=element)
    counted = rows.order_by().aggregate(**_SUMS)
    return Rate(None, "", **_filled(counted), unchecked=bound.count() - counted["columns"])


def kept_of(elements: Sequence[Any], user: Any) -> dict[UUID, float]:
    """落标率 by values of some elements, those of which a value was checked; one query."""
    rows = conformities_visible_to(user).filter(edition__element__in=[element.pk for element in elements])
    counted = rows.filter(checked__gt=0).order_by().values_list("edition__element_id")
    return {pk: 1 - failed / checked for pk, checked, failed in counted.annotate(n=Sum("checked"), m=Sum("failed"))}


def worst(user: Any, element: Any = None) -> QuerySet[Conformity]:
    """Bound columns, those that keep least to their element first; of one element all of them, else the broken ones."""
    rows = conformities_visible_to(user)
    rows = rows.filter(failed__gt=0) if element is None else rows.filter(edition__element=element)
    return rows.order_by(F("kept_share").asc(nulls_last=True), "pk")


def by_agency(user: Any) -> list[Rate]:
    return _by(user, "column__source__agency", "column__source__agency__name")


def by_system(user: Any) -> list[Rate]:
    """Per information system; columns of sources without one are under no name."""
    return _by(user, "column__source__system", "column__source__system__name")


_SUMS = {
    "columns": Count("pk"),
    "kept": Count("pk", filter=Q(failed=0)),
    "values": Sum("checked"),
    "failed": Sum("failed"),
}


def _filled(row: dict[str, Any]) -> dict[str, int]:
    return {name: row[name] or 0 for name in _SUMS}


def _bound(user: Any) -> QuerySet[Binding]:
    return visible_to(user, Binding.objects.filter(element__isnull=False, column__state="seen"))


def _by(user: Any, key: str, name: str) -> list[Rate]:
    bound = dict(_bound(user).order_by().values_list(key).annotate(n=Count("pk")))
    rows = conformities_visible_to(user).order_by().values(key, name).annotate(**_SUMS)
    found = [
        Rate(row[key], row[name] or "", **_filled(row), unchecked=bound.get(row[key], 0) - row["columns"])
        for row in rows
    ]
    return sorted(found, key=lambda rate: (rate.value_share if rate.value_share is not None else 2, rate.name))
