"""Decisions of people: this element, not this one, none at all; each is kept, teaches the catalogue, and can be taken back."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.permissions import require
from assets.models import Column
from core import audit, clock
from genes.choices import MatchState, Origin, Outcome, Verdict
from genes.engine.text import HAN, SENTENCE, heads
from genes.models import Binding, Decision, Gene, Match
from genes.services.drift import close_alarms
from genes.services.levels import propose_levels
from genes.services.matching import described, keep, propose
from standards.choices import NameKind, NameOrigin
from standards.models import DataElement
from standards.services.elements import add_names

BULK = 1_000  # columns at once


@transaction.atomic
def accept(*, actor: Person, column: Column, element: DataElement, batch: UUID | None = None) -> Binding:
    """The column carries this element. Its comment becomes a synonym. Raises PermissionDenied, ValidationError."""
    return accept_pairs(actor=actor, pairs=[(column, element)], batch=batch)[0]


@transaction.atomic
def accept_many(*, actor: Person, matches: Iterable[Match], batch: UUID | None = None) -> list[Column]:
    """Accept the best proposal of each column, all or none; returns the columns. Raises PermissionDenied, ValidationError."""
    chosen = list(matches)
    accept_pairs(actor=actor, pairs=[(match.column, match.element) for match in chosen], batch=batch)
    return [match.column for match in chosen]


@transaction.atomic
def accept_pairs(
    *, actor: Person, pairs: Sequence[tuple[Column, DataElement]], batch: UUID | None = None
) -> list[Binding]:
    """Accept each element for its column, all or none. Raises PermissionDenied, ValidationError."""
    _few(pairs)
    bindings = []
    for column, element in pairs:
        require(actor, "gene.decide", column)
        if element.current_id is None:
            raise ValidationError(_("数据元“%(name)s”没有现行版本，不能绑定。") % {"name": element.name})
        said = _note(actor, column, Verdict.ACCEPT, element, batch)
        bindings.append(_bind(column, element, actor, said.at, batch))
        Match.objects.filter(column=column, state=MatchState.PROPOSED).exclude(element=element).delete()
        Match.objects.filter(column=column, element=element).update(state=MatchState.ACCEPTED)
        _teach(actor, column, element)
    _follow([column for column, _element in pairs])
    return bindings


@transaction.atomic
def reject(*, actor: Person, column: Column, element: DataElement) -> None:
    """Not this element: it is not proposed for this column again. Raises PermissionDenied."""
    reject_many(actor=actor, pairs=[(column, element)])


@transaction.atomic
def reject_many(
    *, actor: Person, pairs: Sequence[tuple[Column, DataElement]], batch: UUID | None = None
) -> list[Column]:
    """Not these elements, all or none; returns the columns. Raises PermissionDenied, ValidationError."""
    _few(pairs)
    for column, element in pairs:
        require(actor, "gene.decide", column)
        _note(actor, column, Verdict.REJECT, element, batch)
        _refuse(column, element)
        Binding.objects.filter(column=column, element=element).delete()
        rest = Match.objects.filter(column=column, state=MatchState.PROPOSED).order_by("rank")
        for place, match in enumerate(rest, 1):
            Match.objects.filter(pk=match.pk).update(rank=place)
    _follow([column for column, _element in pairs])
    return [column for column, _element in pairs]


@transaction.atomic
def say_none(*, actor: Person, column: Column) -> Binding:
    """No element of the catalogue fits. Raises PermissionDenied."""
    say_none_many(actor=actor, columns=[column])
    return Binding.objects.get(column=column)


@transaction.atomic
def say_none_many(*, actor: Person, columns: Sequence[Column], batch: UUID | None = None) -> list[Column]:
    """No element fits any of the columns, all or none. Raises PermissionDenied, ValidationError."""
    _few(columns)
    for column in columns:
        require(actor, "gene.decide", column)
        said = _note(actor, column, Verdict.NONE, None, batch)
        Match.objects.filter(column=column, state=MatchState.PROPOSED).delete()
        _bind(column, None, actor, said.at, batch)
    _follow(columns)
    return list(columns)


@transaction.atomic
def undo(*, actor: Person, columns: Iterable[Column], batch: UUID | None = None) -> int:
    """Take back the last decision of this person on each column (only of ``batch``, when given): what was decided before
    counts again, else the machine proposes anew. Returns how many. Raises PermissionDenied."""
    undone = []
    for column in columns:
        require(actor, "gene.decide", column)
        standing = _standing(column)
        if not standing or standing[-1].by_id != actor.pk or (batch and standing[-1].batch != batch):
            continue
        last = standing.pop()
        _note(actor, column, Verdict.UNDO, last.element, None)
        _restore(column, standing, last)
        undone.append(column)
    if undone:
        keep(propose([column.pk for column in undone]))
        _follow(undone)
    return len(undone)


def new_batch() -> UUID:
    """Names what is decided in one go."""
    return uuid4()


def _few(chosen: Sequence[Any]) -> None:
    if len(chosen) > BULK:
        raise ValidationError(_("一次最多处理 %(n)s 个字段，请缩小范围。") % {"n": BULK})


def _standing(column: Column) -> list[Decision]:
    """The decisions on a column that were not taken back, oldest first."""
    standing: list[Decision] = []
    for decision in Decision.objects.filter(column=column).select_related("element", "by").order_by("pk"):
        if decision.verdict != Verdict.UNDO:
            standing.append(decision)
        elif standing:
            standing.pop()
    return standing


def _restore(column: Column, standing: Sequence[Decision], undone: Decision) -> None:
    """Binding and refusals as the standing decisions have it, without the one just undone."""
    Match.objects.filter(column=column, element=undone.element).delete()
    Binding.objects.filter(column=column).delete()
    for decision in standing:
        if decision.verdict == Verdict.REJECT:
            Binding.objects.filter(column=column, element=decision.element).delete()
            if decision.element:
                _refuse(column, decision.element)
        elif decision.verdict == Verdict.NONE or decision.element:
            _bind(column, decision.element, decision.by, decision.at, decision.batch)


def _refuse(column: Column, element: DataElement) -> None:
    Match.objects.update_or_create(
        column=column, element=element,
        defaults={"state": MatchState.REJECTED}, create_defaults={
            "state": MatchState.REJECTED, "rank": 1, "confidence": 0, "proposed_at": clock.now(),
        },
    )  # fmt: skip


def _bind(column: Column, element: DataElement | None, by: Any, at: Any, batch: UUID | None) -> Binding:
    gene = Gene.objects.filter(column=column).first()
    binding, _made = Binding.objects.update_or_create(
        column=column,
        defaults={
            "element": element, "origin": Origin.PERSON, "confidence": gene.confidence if gene else None,
            "baseline": gene.facts if gene else {}, "decided_by": by, "decided_at": at, "batch": batch,
        },
    )  # fmt: skip
    return binding


def _note(actor: Person, column: Column, verdict: str, element: DataElement | None, batch: UUID | None) -> Decision:
    """Keep the decision with the column as it was then and what the machine said of it."""
    gene = Gene.objects.filter(column=column).first()
    told: dict[str, Any] = asdict(described(column))
    if gene:
        told |= {"best": str(gene.best_id or ""), "zone": gene.zone, "confidence": round(gene.confidence, 4)}
    said = Decision.objects.create(
        column=column, element=element, verdict=verdict, told=told, batch=batch, by=actor, at=clock.now()
    )
    audit.record(
        actor=actor, verb=f"genes.match.{verdict}", target=column, target_label=column.label, scope_id=column.source.agency_id,
        changes={"element": [None, str(element) if element else None]},
    )  # fmt: skip
    return said


def _follow(columns: Sequence[Column]) -> None:
    """What a decision brings along: an alarm of drift is answered, the levels of the tables are proposed anew."""
    close_alarms(columns=columns, outcome=Outcome.DECIDED)
    propose_levels({column.table_id for column in columns})


def _teach(actor: Person, column: Column, element: DataElement) -> None:
    """What the column is called is a name of the element from now on, when it is a name and not a sentence."""
    told = heads(column.title or column.comment)
    if told and HAN.search(told[0]) and 2 <= len(told[0]) < SENTENCE:
        add_names(
            actor=actor, element=element, kind=NameKind.SYNONYM, texts=[told[0]], origin=NameOrigin.DECISION,
            context=column.source.name,
        )  # fmt: skip
