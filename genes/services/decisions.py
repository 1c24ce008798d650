"""Decisions of people: this element, not this one, none at all; each is kept, teaches the catalogue, and can be taken back.

Every one is a batch: a few statements, however many columns it is about.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.permissions import require
from assets.models import Column
from core import audit
from genes.choices import MatchState, Origin, Outcome, Verdict
from genes.engine.text import HAN, SENTENCE, heads
from genes.models import Binding, Decision, Match
from genes.services.drift import close_alarms
from genes.services.levels import propose_levels
from genes.services.matching import described
from genes.services.relating import request_relating
from standards.choices import NameKind, NameOrigin
from standards.models import DataElement
from standards.services.elements import add_names_to

BULK = 1_000  # columns at once
BOUND = ("element", "origin", "confidence", "baseline", "decided_by", "decided_at", "batch")
WAS = ("element_id", "origin", "confidence", "baseline", "decided_by_id", "decided_at", "batch")
Said = Sequence[tuple[Column, DataElement | None]]


@transaction.atomic
def accept(*, actor: Person, column: Column, element: DataElement, batch: UUID | None = None) -> Binding:
    """The column carries this element. Its comment becomes a synonym. Raises PermissionDenied, ValidationError."""
    return accept_pairs(actor=actor, pairs=[(column, element)], batch=batch)[0]


@transaction.atomic
def accept_many(*, actor: Person, matches: Iterable[Match], batch: UUID | None = None) -> list[Column]:
    """Accept the best proposal of each column, all or none; returns the columns. Raises PermissionDenied, ValidationError."""
    chosen = {match.column_id: match.element_id for match in matches}
    return [binding.column for binding in _accept(actor, chosen, batch).values()]


@transaction.atomic
def accept_pairs(
    *, actor: Person, pairs: Sequence[tuple[Column, DataElement]], batch: UUID | None = None
) -> list[Binding]:
    """Accept each element for its column, all or none. Raises PermissionDenied, ValidationError."""
    bindings = _accept(actor, {column.pk: element.pk for column, element in pairs}, batch)
    return [bindings[column.pk] for column, _element in pairs]


def _accept(actor: Person, chosen: Mapping[UUID, UUID], batch: UUID | None) -> dict[UUID, Binding]:
    columns, now = taken(actor, chosen)
    elements = DataElement.objects.in_bulk(set(chosen.values()))
    for element in elements.values():
        if element.current_id is None:
            raise ValidationError(_("数据元“%(name)s”没有现行版本，不能绑定。") % {"name": element.name})
    said = [(columns[column_id], elements[element_id]) for column_id, element_id in chosen.items()]
    note(actor, Verdict.ACCEPT, said, batch, now)
    bindings = [binding_of(column, element.pk, actor.pk, now, batch) for column, element in said]
    bind(bindings)
    _settle(chosen)
    _teach(actor, said)
    follow(columns.values())
    return {binding.column_id: binding for binding in bindings}


@transaction.atomic
def reject(*, actor: Person, column: Column, element: DataElement) -> None:
    """Not this element: it is not proposed for this column again. Raises PermissionDenied."""
    reject_many(actor=actor, pairs=[(column, element)])


@transaction.atomic
def reject_many(
    *, actor: Person, pairs: Sequence[tuple[Column, DataElement]], batch: UUID | None = None
) -> list[Column]:
    """Not these elements, all or none; returns the columns. Raises PermissionDenied, ValidationError."""
    columns, now = taken(actor, [column.pk for column, _element in pairs])
    said = [(columns[column.pk], element) for column, element in pairs]
    note(actor, Verdict.REJECT, said, batch, now)
    refused = {(column.pk, element.pk) for column, element in said}
    refuse(refused, now)
    bound = Binding.objects.filter(column__in=columns).values_list("column_id", "element_id")
    Binding.objects.filter(column__in=[row[0] for row in bound if row in refused]).delete()
    _rank_anew(columns)
    follow(columns.values())
    return [column for column, _element in said]


@transaction.atomic
def say_none(*, actor: Person, column: Column) -> Binding:
    """No element of the catalogue fits. Raises PermissionDenied."""
    say_none_many(actor=actor, columns=[column])
    return Binding.objects.get(column=column)


@transaction.atomic
def say_none_many(*, actor: Person, columns: Sequence[Column], batch: UUID | None = None) -> list[Column]:
    """No element fits any of the columns, all or none. Raises PermissionDenied, ValidationError."""
    there, now = taken(actor, [column.pk for column in columns])
    note(actor, Verdict.NONE, [(column, None) for column in there.values()], batch, now)
    bind([binding_of(column, None, actor.pk, now, batch) for column in there.values()])
    _settle(dict.fromkeys(there))
    follow(there.values())
    return [there[column.pk] for column in columns]


def new_batch() -> UUID:
    """Names what is decided in one go."""
    return uuid4()


def taken(actor: Person, column_ids: Iterable[UUID]) -> tuple[dict[UUID, Column], datetime]:
    """The columns to decide on as they are now, each with what is known of it, and the time of the decision.

    From here on no other decision is taken until this one is done. Raises PermissionDenied, ValidationError.
    """
    ids = list(column_ids)
    if len(ids) > BULK:
        raise ValidationError(_("一次最多处理 %(n)s 个字段，请缩小范围。") % {"n": BULK})
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


def _settle(chosen: Mapping[UUID, UUID | None]) -> None:
    """Of the proposals of decided columns the accepted one stays, and what was rejected before."""
    rows = list(Match.objects.filter(column__in=chosen).only("column_id", "element_id", "state"))
    accepted = [row.pk for row in rows if row.element_id == chosen[row.column_id]]
    over = [row.pk for row in rows if row.pk not in set(accepted) and row.state != MatchState.REJECTED]
    Match.objects.filter(pk__in=over).delete()
    Match.objects.filter(pk__in=accepted).update(state=MatchState.ACCEPTED)


def _rank_anew(column_ids: Iterable[UUID]) -> None:
    """After a refusal the next proposal is the first."""
    rows = Match.objects.filter(column__in=column_ids, state=MatchState.PROPOSED).order_by("column_id", "rank", "pk")
    moved = []
    for _column, group in groupby(rows, key=lambda match: match.column_id):
        for place, match in enumerate(group, 1):
            if match.rank != place:
                match.rank = place
                moved.append(match)
    Match.objects.bulk_update(moved, ["rank"])


def follow(columns: Iterable[Column]) -> None:
    """What decisions bring along: alarms of drift are answered, levels are proposed anew, the elements grouped anew."""
    decided = list(columns)
    if decided:
        close_alarms(columns=decided, outcome=Outcome.DECIDED)
        propose_levels({column.table_id for column in decided})
        request_relating()


def name_in(comment: str) -> str:
    """What a column is called, when that is a name and not a sentence; else ""."""
    found = heads(comment)
    return found[0] if found and HAN.search(found[0]) and 2 <= len(found[0]) < SENTENCE else ""


def _teach(actor: Person, said: Sequence[tuple[Column, DataElement]]) -> None:
    """What the columns are called are names of their elements from now on."""
    told = [(element, name_in(column.title or column.comment), column.source.name) for column, element in said]
    add_names_to(actor=actor, names=told, kind=NameKind.SYNONYM, origin=NameOrigin.DECISION)
