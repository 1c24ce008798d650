"""Repeated collection (重复采集): who holds, of their own, what a source department provides; found, announced, taken back."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core import audit, clock
from genes.choices import RulingState
from genes.engine.joins import share_in
from genes.models import Binding, Repetition, Ruling, Sketch
from genes.services.families import values_of
from genes.signals import repetition_found


def find() -> int:
    """Look again under every ruling in force today. Returns how many columns collect again what another provides."""
    today = timezone.localdate()
    rulings = Ruling.objects.filter(state=RulingState.IN_FORCE, valid_from__lte=today).filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=today)
    )
    in_force = list(rulings.select_related("element", "agency", "holder").order_by("pk"))
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
        audit.record(
            actor=None, verb="genes.repetition.found", target=ruling, target_label=str(ruling), scope_id=ruling.agency_id,
            changes={"columns": [len(known), len(others)]},
        )  # fmt: skip
        repetition_found.send(sender=Ruling, ruling=ruling, columns=new)
    return len(others)


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
