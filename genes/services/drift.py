"""Drift: each new fingerprint of a bound column is held against the one it was bound with."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from django.db import transaction

from assets.models import Column
from core import audit, clock
from genes.choices import Outcome
from genes.engine import drift
from genes.models import Binding, DriftAlarm, Gene


@transaction.atomic
def watch(genes: Sequence[Gene]) -> int:
    """Open, renew or clear the alarms of the columns that were just read; returns how many are open.

    A binding made before the first reading takes this one as its baseline. A column that could not be read is not among
    ``genes``, and one of too few filled rows says nothing: neither opens nor clears an alarm.
    """
    read = {gene.column_id: gene for gene in genes}
    bound = Binding.objects.filter(column__in=read, element__isnull=False).select_related(
        "element", "column__source", "column__table"
    )
    alarming, calm = 0, []
    for binding in bound:
        now = read[binding.column_id].facts
        if not binding.baseline:
            Binding.objects.filter(pk=binding.pk).update(baseline=now)
            continue
        found = drift.compare(binding.baseline, now)
        if found.alarms:
            _open(binding, found)
            alarming += 1
        elif (now.get("filled") or 0) >= drift.LEAST_ROWS:
            calm.append(binding.column)
    close_alarms(columns=calm, outcome=Outcome.RETURNED)
    return alarming


def _open(binding: Binding, found: drift.Drift) -> None:
    now, column, element = clock.now(), binding.column, binding.element
    assert element is not None
    seen = {"distance": found.distance, "reasons": [asdict(reason) for reason in found.reasons], "last_at": now}
    if DriftAlarm.objects.filter(column=column, closed_at__isnull=True).update(**seen):
        return
    DriftAlarm.objects.create(column=column, element=element, opened_at=now, **seen)
    audit.record(
        actor=None, verb="genes.drift.open", target=column, target_label=column.label, scope_id=column.source.agency_id,
        changes={"distance": [None, found.distance], "reasons": [None, [reason.key for reason in found.reasons]]},
    )  # fmt: skip


@transaction.atomic
def close_alarms(*, columns: Iterable[Column], outcome: Outcome) -> int:
    """End the open alarms of the columns; returns how many there were."""
    opened = DriftAlarm.objects.filter(column__in=[column.pk for column in columns], closed_at__isnull=True)
    alarms = list(opened.select_related("column__source", "column__table"))
    if alarms:
        DriftAlarm.objects.filter(pk__in=[alarm.pk for alarm in alarms]).update(closed_at=clock.now(), outcome=outcome)
        audit.record_all(actor=None, entries=[
            audit.Entry(
                "genes.drift.close", alarm.column, alarm.column.label, alarm.column.source.agency_id,
                {"outcome": [None, str(outcome)]},
            )
            for alarm in alarms
        ])  # fmt: skip
    return len(alarms)
