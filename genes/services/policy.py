"""By policy: accept the auto zone unseen, in one confirmed act that can be taken back whole. Both run as a job."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Person
from accounts.permissions import require
from accounts.scope import visible_to
from core import audit
from core.jobs import JobContext, create_job
from core.models import Job
from genes.choices import MatchState, Origin
from genes.models import Binding, Gene, Match
from genes.selectors.queue import acceptable_to
from genes.services.decisions import new_batch
from genes.services.levels import propose_levels
from genes.services.matching import keep, propose

PART = 1_000  # columns in one transaction
KIND = "genes.policy"
Narrow = Callable[[QuerySet[Match], str], QuerySet[Match]]


def request_acceptance(*, actor: Person, query: str) -> Job:
    """Accept all of it in a job. Raises PermissionDenied."""
    return _request(actor, {"do": "accept", "query": query, "batch": str(new_batch())})


def request_return(*, actor: Person, batch: UUID) -> Job:
    """Take back what one such act accepted and nobody has decided on since, in a job. Raises PermissionDenied."""
    return _request(actor, {"do": "undo", "batch": str(batch)})


def _request(actor: Person, params: Mapping[str, Any]) -> Job:
    require(actor, "gene.decide")
    return create_job(
        actor=actor, kind=KIND, params=dict(params), target=f"genes.Batch:{params['batch']}", scope_id=actor.agency_id,
        exclusive_key=f"{KIND}:{actor.pk}", url="/genes/matches/auto/",
    )  # fmt: skip


def run_policy(context: JobContext, narrow: Narrow) -> Any:
    """Part by part: what an interrupted attempt has done is no longer in the queue of the next one.

    ``narrow(rows, query)`` applies the filters of the queue, which are no matter of services.
    """
    batch = UUID(context.params["batch"])
    actor = Person.objects.get(pk=str(context.actor_id))
    accepts = context.params["do"] == "accept"
    rows: QuerySet[Any] = _returnable(actor, batch)
    if accepts:
        rows = narrow(acceptable_to(actor), context.params["query"])
    total, done = rows.count(), 0
    tables: set[UUID] = set()
    while part := list(rows.order_by("pk")[:PART]):
        context.check()
        with transaction.atomic():
            (_accept if accepts else _return)(actor, part, batch)
        tables |= {row.column.table_id for row in part}
        done += len(part)
        context.progress(done, max(total, done), "genes.match")
    ordered = sorted(tables)
    for start in range(0, len(ordered), 200):
        context.check()
        propose_levels(ordered[start : start + 200])
    return lambda: {"columns": done}


def _returnable(actor: Person, batch: UUID) -> QuerySet[Binding]:
    bound = Binding.objects.filter(batch=batch, origin=Origin.MACHINE).select_related("column__source")
    return visible_to(actor, bound, "gene.decide")


def _accept(actor: Person, matches: Sequence[Match], batch: UUID) -> None:
    columns = [match.column_id for match in matches]
    decided = set(Binding.objects.filter(column__in=columns, origin=Origin.PERSON).values_list("column_id", flat=True))
    facts = dict(Gene.objects.filter(column__in=columns).values_list("column_id", "facts"))
    now = timezone.now()
    Binding.objects.bulk_create(
        [
            Binding(
                column_id=match.column_id, element_id=match.element_id, origin=Origin.MACHINE, confidence=match.confidence,
                baseline=facts.get(match.column_id, {}), decided_by=actor, decided_at=now, batch=batch,
            )
            for match in matches
            if match.column_id not in decided
        ],
        update_conflicts=True, unique_fields=["column"],
        update_fields=["element", "origin", "confidence", "baseline", "decided_by", "decided_at", "batch"],
    )  # fmt: skip
    Match.objects.filter(pk__in=[match.pk for match in matches]).update(state=MatchState.ACCEPTED)
    Match.objects.filter(column__in=columns, state=MatchState.PROPOSED).delete()
    _recorded(actor, "genes.policy.accept", matches, batch)


def _return(actor: Person, bindings: Sequence[Binding], batch: UUID) -> None:
    columns = [binding.column_id for binding in bindings]
    Binding.objects.filter(column__in=columns, batch=batch, origin=Origin.MACHINE).delete()
    Match.objects.filter(column__in=columns, state=MatchState.ACCEPTED).delete()
    keep(propose(columns))
    _recorded(actor, "genes.policy.undo", bindings, batch)


def _recorded(actor: Person, verb: str, rows: Sequence[Any], batch: UUID) -> None:
    """One entry an agency: the trail tells whose columns they were, and how many."""
    counted: dict[UUID, int] = {}
    for row in rows:
        counted[row.column.source.agency_id] = counted.get(row.column.source.agency_id, 0) + 1
    for agency_id, count in sorted(counted.items(), key=lambda item: str(item[0])):
        audit.record(
            actor=actor,
            verb=verb,
            target=f"genes.Batch:{batch}",
            scope_id=agency_id,
            changes={"columns": [None, count]},
        )
