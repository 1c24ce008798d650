"""By policy: accept the auto zone unseen, in one confirmed act that can be taken back whole. Both run as a job."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Person
from accounts.permissions import require
from accounts.scope import visible_to
from core import audit
from core.jobs import JobContext, create_job
from core.models import Job
from genes.choices import MatchState, Origin, Outcome
from genes.models import Binding, Conformity, FamilyMember, Gene, Match
from genes.selectors.queue import acceptable_to
from genes.services.conformity import forget_unbound
from genes.services.decisions import new_batch
from genes.services.drift import close_alarms
from genes.services.levels import propose_levels
from genes.services.matching import keep, propose
from genes.services.relating import request_relating
from genes.services.turns import wait_for_turn

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
    request_relating()
    return lambda: {"columns": done}


def _returnable(actor: Person, batch: UUID) -> QuerySet[Binding]:
    bound = Binding.objects.filter(batch=batch, origin=Origin.MACHINE).select_related("column__source")
    return visible_to(actor, bound, "gene.decide")


def _accept(actor: Person, matches: Sequence[Match], batch: UUID) -> None:
    """Bind what nobody bound in the meantime."""
    columns = [match.column_id for match in matches]
    wait_for_turn(columns)
    now = audit.lock()
    taken = set(Binding.objects.filter(column__in=columns).values_list("column_id", flat=True))
    free = [match for match in matches if match.column_id not in taken]
    facts = dict(Gene.objects.filter(column__in=columns).values_list("column_id", "facts"))
    Binding.objects.bulk_create(
        Binding(
            column_id=match.column_id, element_id=match.element_id, origin=Origin.MACHINE, confidence=match.confidence,
            baseline=facts.get(match.column_id, {}), decided_by=actor, decided_at=now, batch=batch,
        )
        for match in free
    )  # fmt: skip
    Match.objects.filter(pk__in=[match.pk for match in free]).update(state=MatchState.ACCEPTED)
    Match.objects.filter(column__in=columns, state=MatchState.PROPOSED).delete()
    _recorded(actor, "genes.policy.accept", free, batch)


def _return(actor: Person, bindings: Sequence[Binding], batch: UUID) -> None:
    """Free what nobody decided on in the meantime; the machine proposes it again."""
    wait_for_turn([row.column_id for row in bindings])
    audit.lock()
    rows = Binding.objects.filter(column__in=[row.column_id for row in bindings], batch=batch, origin=Origin.MACHINE)
    free = list(rows.select_related("column__source", "column__table"))
    columns = [binding.column_id for binding in free]
    rows.delete()
    Match.objects.filter(column__in=columns, state=MatchState.ACCEPTED).delete()
    FamilyMember.objects.filter(column__in=columns).delete()
    forget_unbound(Conformity.objects.filter(column__in=columns))
    keep(propose(columns))
    close_alarms(columns=[binding.column for binding in free], outcome=Outcome.DECIDED)
    _recorded(actor, "genes.policy.undo", free, batch)


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
