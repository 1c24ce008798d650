"""Repeated collection (重复采集): who holds, of their own, what a source department provides; found, announced, taken back."""

from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q

from assets.models import Column
from core import audit, clock
from genes.engine.joins import share_in
from genes.models import Binding, Repetition, Ruling, Sketch
from genes.selectors.authority import effective
from genes.services.families import values_of
from genes.signals import repetition_found


def find() -> int:
    """Look again under every ruling in force today. Returns how many columns collect again what another provides."""
    rulings = Ruling.objects.filter(effective()).select_related("element", "agency", "holder")
    in_force = list(rulings.order_by("pk"))
    Repetition.objects.exclude(ruling__in=in_force).delete()
    return sum(find_for(ruling) for ruling in in_force)


@transaction.atomic
def find_for(ruling: Ruling) -> int:
    """Columns of the element in the area that are not the source department's; new ones are announced."""
    area = Binding.objects.filter(
        element=ruling.element, column__state="seen", column__source__agency__path__startswith=ruling.agency.path
    )
    own = Q(column__source__agency__path__startswith=ruling.holder.path)
    others = list(area.exclude(own).order_by("column_id").values_list("column_id", flat=True))
    shares = _shares(others, list(area.filter(own).values_list("column_id", flat=True)))
    known = set(ruling.repetitions.values_list("column_id", flat=True))
    ruling.repetitions.exclude(column__in=others).delete()
    now = clock.now()
    Repetition.objects.bulk_create(
        [Repetition(ruling=ruling, column_id=column, share=shares.get(column), found_at=now) for column in others],
        update_conflicts=True, unique_fields=["ruling", "column"], update_fields=["share"], batch_size=2_000,
    )  # fmt: skip
    new = [column for column in others if column not in known]
    if new:
        _announce(ruling, new)
    return len(others)


def _announce(ruling: Ruling, columns: list[UUID]) -> None:
    """To each agency that holds some of them, in its own trail: the dashboard of its people shows it."""
    held = Column.objects.filter(pk__in=columns).order_by("source__agency_id").values_list("source__agency_id")
    for agency_id, count in held.annotate(n=Count("pk")):
        audit.record(
            actor=None, verb="genes.repetition.found", target=ruling, target_label=str(ruling), scope_id=agency_id,
            changes={"columns": [None, count]},
        )  # fmt: skip
    repetition_found.send(sender=Ruling, ruling=ruling, columns=columns)


def _shares(columns: list[UUID], held: list[UUID]) -> dict[UUID, float]:
    """Of the values of each column, how many the best column of the source department holds, where sketches can say."""
    rows = {row.column_id: values_of(row) for row in Sketch.objects.filter(column__in=[*columns, *held])}
    targets = [rows[column] for column in held if column in rows]
    found = {}
    for column in columns:
        known = [
            share for target in targets if column in rows and (share := share_in(rows[column], target)) is not None
        ]
        if known:
            found[column] = max(known)
    return found
