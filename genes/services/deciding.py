"""What every decision does: it is taken in its turn, kept with the column as it was then, and brings along what hangs on it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.permissions import require
from assets.models import Column
from core import audit
from genes.choices import MatchState, Origin, Outcome, Verdict
from genes.engine.text import HAN, SENTENCE, heads
from genes.models import Binding, Conformity, Decision, Match
from genes.services.conformity import forget_unbound
from genes.services.drift import close_alarms
from genes.services.levels import propose_levels
from genes.services.matching import described
from genes.services.relating import request_relating
from genes.services.turns import wait_for_turn
from standards.models import DataElement

BULK = 1_000  # columns at once
BOUND = ("element", "origin", "confidence", "baseline", "decided_by", "decided_at", "batch")
WAS = ("element_id", "origin", "confidence", "baseline", "decided_by_id", "decided_at", "batch")
Said = Sequence[tuple[Column, DataElement | None]]


def taken(actor: Person, column_ids: Iterable[UUID]) -> tuple[dict[UUID, Column], datetime]:
    """The columns to decide on as they are now, each with what is known of it, and the time of the decision.

    From here on no other decision is taken until this one is done. Raises PermissionDenied, ValidationError.
    """
    ids = list(column_ids)
    if len(ids) > BULK:
        raise ValidationError(_("一次最多处理 %(n)s 个字段，请缩小范围。") % {"n": BULK})
    wait_for_turn(ids)
    now = audit.lock()
    rows = Column.objects.filter(pk__in=ids).select_related("source", "table", "gene", "binding")
    columns = {column.pk: column for column in rows.defer("source__sealed_secrets").order_by("pk")}
    for column in columns.values():
        require(actor, "gene.decide", column)
    return columns, now


def note(actor: Person, verdict: Verdict, said: Said, batch: UUID | None, now: datetime) -> None:
    """Keep the decisions with the columns as they were then, what the machine said of them, and what they carried."""
    Decision.objects.bulk_create(
        Decision(column=column, element=element, verdict=verdict, told=_told(column), batch=batch, by=actor, at=now)
        for column, element in said
    )
    audit.record_all(actor=actor, entries=[
        audit.Entry(
            f"genes.match.{verdict}", column, column.label, column.source.agency_id,
            {"element": [None, str(element) if element else None]},
        )
        for column, element in said
    ])  # fmt: skip


def _told(column: Column) -> dict[str, Any]:
    told: dict[str, Any] = asdict(described(column))
    gene, binding = getattr(column, "gene", None), getattr(column, "binding", None)
    if gene:
        told |= {"best": str(gene.best_id or ""), "zone": gene.zone, "confidence": round(gene.confidence, 4)}
    told["was"] = {name: _plain(getattr(binding, name)) for name in WAS} if binding else None
    return told


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID | datetime) else value


def binding_of(column: Column, element_id: UUID | None, by: Any, at: datetime, batch: UUID | None) -> Binding:
    """The word of a person on a column, not yet stored; drift is measured from the fingerprint of now."""
    gene = getattr(column, "gene", None)
    return Binding(
        column=column, element_id=element_id, origin=Origin.PERSON, confidence=gene.confidence if gene else None,
        baseline=gene.facts if gene else {}, decided_by_id=by, decided_at=at, batch=batch,
    )  # fmt: skip


def bind(bindings: Sequence[Binding]) -> None:
    """Store them, each in the place of what its column had."""
    Binding.objects.bulk_create(bindings, update_conflicts=True, unique_fields=["column"], update_fields=BOUND)


def refuse(pairs: Iterable[tuple[UUID, UUID]], now: datetime) -> None:
    """(column, element): not to be proposed again."""
    Match.objects.bulk_create(
        [
            Match(
                column_id=column, element_id=element, state=MatchState.REJECTED, rank=1, confidence=0, proposed_at=now
            )
            for column, element in pairs
        ],
        update_conflicts=True, unique_fields=["column", "element"], update_fields=["state"],
    )  # fmt: skip


def follow(columns: Iterable[Column]) -> None:
    """What decisions bring along: alarms of drift are answered, levels are proposed anew, the elements grouped anew."""
    decided = list(columns)
    if decided:
        forget_unbound(Conformity.objects.filter(column__in=decided))
        close_alarms(columns=decided, outcome=Outcome.DECIDED)
        propose_levels({column.table_id for column in decided})
        request_relating()


def name_in(comment: str) -> str:
    """What a column is called, when that is a name and not a sentence; else ""."""
    found = heads(comment)
    return found[0] if found and HAN.search(found[0]) and 2 <= len(found[0]) < SENTENCE else ""
