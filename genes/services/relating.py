"""What follows over all columns of an element, computed by one job: families, joins, relations, repeated collection, places."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts.models import Agency
from core import clock
from core.jobs import JobContext, create_job, schedule
from core.models import Job, Schedule
from genes.choices import RelationKind
from genes.models import Binding, Conformity, Decision, FamilyMember, Relation, Sketch
from genes.services import families, joins, placing, repetitions
from genes.services.conformity import forget_unbound

KIND = "genes.relate"
ELEMENTS = 50  # in one transaction
MARGIN = timedelta(minutes=10)  # longer than the transaction that stores what was read of a table


def request_relating(*, after: str = "") -> Job:
    """Queue the computation; while one is open it is given back. It takes up what has changed since the last one.

    It is over all agencies, so it belongs to the highest one: nobody else learns from it that others are at work.
    """
    top = Agency.objects.filter(parent=None).order_by("path").first()
    return create_job(
        scope_id=top.pk if top else None, actor=None, kind=KIND, params={}, target="genes.Family", target_label="", exclusive_key=KIND,
        idem_key=f"{KIND}:{after}" if after else KIND, url="/genes/map/",
    )  # fmt: skip


NIGHTLY = "10 0 * * *"  # just after midnight: rulings begin and end with the day


def keep_nightly() -> None:
    """Once there is a ruling, the computation runs each night."""
    if not Schedule.objects.filter(kind=KIND).exists():
        top = Agency.objects.filter(parent=None).order_by("path").first()
        schedule(
            actor=None, kind=KIND, target="genes.Family", cron=NIGHTLY, params={}, scope_id=top.pk if top else None,
            exclusive_key=KIND, url="/genes/map/",
        )  # fmt: skip


def run_relating(context: JobContext) -> Any:
    """Families of the elements touched since the last run; joins when values were read since; then what hangs on both."""
    started, since = clock.now(), _last_run()
    touched = sorted(_touched(since))
    finished, grouped, joined = context.done_items(), 0, 0
    for start in range(0, len(touched), ELEMENTS):
        context.progress(start, len(touched), "genes.families")
        context.check()
        grouped += families.group(touched[start : start + ELEMENTS])
    if since is None or Sketch.objects.filter(at__gte=since).exists():
        index = joins.keys()
        for number, batch in enumerate(joins.batches()):
            context.progress(number, 0, "genes.joins")
            if f"joins:{number}" not in finished:
                with context.item(f"joins:{number}"):
                    joined += joins.join(batch, index)
        joins.drop_stale()
    else:
        joins.refresh_elements()
    context.check()
    forget_unbound(Conformity.objects.all())  # a decision and a reading may have missed each other
    relations, repeated = relate(), repetitions.find()
    placed = placing.place_new()
    result = {
        "elements": len(touched),
        "members": grouped,
        "joins": joined,
        "relations": relations,
        "repeated": repeated,
        "placed": placed,
    }
    return lambda: _finish(context, started, result)


def _finish(context: JobContext, started: datetime, result: dict[str, Any]) -> dict[str, Any]:
    """A decision made meanwhile found this job open and asked for none; it gets its own now."""
    if Decision.objects.filter(at__gte=started).exists():
        request_relating(after=str(context.job_id))
    return result


def _last_run() -> datetime | None:
    """A little before the last run that ended well began, for what was being written then; None before the first run."""
    last = Job.objects.filter(kind=KIND, state="succeeded", started_at__isnull=False).order_by("-started_at").first()
    return last.started_at - MARGIN if last and last.started_at else None


def _touched(since: datetime | None) -> set[UUID]:
    """Elements whose columns were bound, freed or read since."""
    bound = Binding.objects.filter(element__isnull=False)
    if since is None:
        return set(bound.values_list("element_id", flat=True))
    found = set(bound.filter(decided_at__gte=since).values_list("element_id", flat=True))
    found |= set(bound.filter(column__sketch__at__gte=since).values_list("element_id", flat=True))
    found |= set(Decision.objects.filter(at__gte=since, element__isnull=False).values_list("element_id", flat=True))
    changed = Decision.objects.filter(at__gte=since).values("column")
    found |= set(FamilyMember.objects.filter(column__in=changed).values_list("family__element_id", flat=True))
    return found


_TOGETHER = """
INSERT INTO genes_relation (agency_id, other_id, left_id, right_id, kind, weight)
SELECT s.agency_id, s.agency_id, a.element_id, b.element_id, %s, count(DISTINCT ca.table_id)
FROM genes_binding a
JOIN assets_column ca ON ca.id = a.column_id AND ca.state = 'seen'
JOIN assets_column cb ON cb.table_id = ca.table_id AND cb.state = 'seen'
JOIN genes_binding b ON b.column_id = cb.id AND a.element_id < b.element_id
JOIN assets_datasource s ON s.id = ca.source_id
GROUP BY s.agency_id, a.element_id, b.element_id
"""
_SHARED = """
INSERT INTO genes_relation (agency_id, other_id, left_id, right_id, kind, weight)
SELECT sa.agency_id, sb.agency_id, least(a.element_id, b.element_id), greatest(a.element_id, b.element_id), %s, count(*)
FROM genes_join j
JOIN genes_binding a ON a.column_id = j.column_id
JOIN genes_binding b ON b.column_id = j.target_id AND a.element_id <> b.element_id
JOIN assets_column ca ON ca.id = j.column_id JOIN assets_datasource sa ON sa.id = ca.source_id
JOIN assets_column cb ON cb.id = j.target_id JOIN assets_datasource sb ON sb.id = cb.source_id
WHERE j.share IS NOT NULL
GROUP BY 1, 2, 3, 4
"""


@transaction.atomic
def relate() -> int:
    """Count anew, for each agency, which genes stand in one table and which contain each other. Returns how many."""
    Relation.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(_TOGETHER, [RelationKind.TOGETHER])
        count = cursor.rowcount
        cursor.execute(_SHARED, [RelationKind.SHARED])
        return int(count + cursor.rowcount)
