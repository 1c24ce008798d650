"""Decisions of people: this element, not this one, none at all; each is kept, teaches the catalogue, and can be taken back."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.permissions import require
from assets.models import Column
from core import audit
from genes.choices import MatchState, Origin, Verdict
from genes.engine.text import HAN, SENTENCE, heads
from genes.models import Binding, Decision, Gene, Match
from genes.services.matching import described, keep, propose
from standards.choices import NameKind, NameOrigin
from standards.models import DataElement
from standards.services.elements import add_names

BULK = 1_000  # columns at once


@transaction.atomic
def accept(*, actor: Person, column: Column, element: DataElement) -> Binding:
    """The column carries this element. Its comment becomes a synonym. Raises PermissionDenied, ValidationError."""
    require(actor, "gene.decide", column)
    if element.current_id is None:
        raise ValidationError(_("数据元“%(name)s”没有现行版本，不能绑定。") % {"name": element.name})
    _note(actor, column, Verdict.ACCEPT, element)
    binding = _bind(actor, column, element)
    Match.objects.filter(column=column, state=MatchState.PROPOSED).exclude(element=element).delete()
    Match.objects.filter(column=column, element=element).update(state=MatchState.ACCEPTED)
    _teach(actor, column, element)
    return binding


@transaction.atomic
def reject(*, actor: Person, column: Column, element: DataElement) -> None:
    """Not this element: it is not proposed for this column again. Raises PermissionDenied."""
    require(actor, "gene.decide", column)
    _note(actor, column, Verdict.REJECT, element)
    Match.objects.update_or_create(
        column=column, element=element,
        defaults={"state": MatchState.REJECTED}, create_defaults={
            "state": MatchState.REJECTED, "rank": 1, "confidence": 0, "proposed_at": timezone.now(),
        },
    )  # fmt: skip
    Binding.objects.filter(column=column, element=element).delete()
    rest = Match.objects.filter(column=column, state=MatchState.PROPOSED).order_by("rank")
    for place, match in enumerate(rest, 1):
        Match.objects.filter(pk=match.pk).update(rank=place)


@transaction.atomic
def say_none(*, actor: Person, column: Column) -> Binding:
    """No element of the catalogue fits. Raises PermissionDenied."""
    require(actor, "gene.decide", column)
    _note(actor, column, Verdict.NONE, None)
    Match.objects.filter(column=column, state=MatchState.PROPOSED).delete()
    return _bind(actor, column, None)


@transaction.atomic
def accept_many(*, actor: Person, matches: Iterable[Match]) -> list[Column]:
    """Accept the best proposal of each column, all or none; returns the columns. Raises PermissionDenied, ValidationError."""
    chosen = list(matches)
    if len(chosen) > BULK:
        raise ValidationError(_("一次最多确认 %(n)s 个字段。") % {"n": BULK})
    for match in chosen:
        accept(actor=actor, column=match.column, element=match.element)
    return [match.column for match in chosen]


@transaction.atomic
def undo(*, actor: Person, columns: Iterable[Column]) -> int:
    """Take back the last decision of this person on each column: the machine proposes anew. Returns how many. Raises PermissionDenied."""
    undone = []
    for column in columns:
        require(actor, "gene.decide", column)
        last = Decision.objects.filter(column=column).order_by("-pk").first()
        if last is None or last.verdict == Verdict.UNDO or last.by_id != actor.pk:
            continue
        _note(actor, column, Verdict.UNDO, last.element)
        Binding.objects.filter(column=column, origin=Origin.PERSON).delete()
        Match.objects.filter(column=column, element=last.element).delete()
        undone.append(column.pk)
    if undone:
        keep(propose(undone))
    return len(undone)


def _bind(actor: Person, column: Column, element: DataElement | None) -> Binding:
    gene = Gene.objects.filter(column=column).first()
    binding, _made = Binding.objects.update_or_create(
        column=column,
        defaults={
            "element": element, "origin": Origin.PERSON, "confidence": gene.confidence if gene else None,
            "baseline": gene.facts if gene else {}, "decided_by": actor, "decided_at": timezone.now(),
        },
    )  # fmt: skip
    return binding


def _note(actor: Person, column: Column, verdict: str, element: DataElement | None) -> None:
    told: dict[str, Any] = dict(vars(described(column)))
    Decision.objects.create(column=column, element=element, verdict=verdict, told=told, by=actor, at=timezone.now())
    audit.record(
        actor=actor, verb=f"genes.match.{verdict}", target=column, target_label=column.label, scope_id=column.source.agency_id,
        changes={"element": [None, str(element) if element else None]},
    )  # fmt: skip


def _teach(actor: Person, column: Column, element: DataElement) -> None:
    """What the column is called is a name of the element from now on, when it is a name and not a sentence."""
    told = heads(column.title or column.comment)
    if told and HAN.search(told[0]) and 2 <= len(told[0]) < SENTENCE:
        add_names(
            actor=actor, element=element, kind=NameKind.SYNONYM, texts=[told[0]], origin=NameOrigin.DECISION,
            context=column.source.name,
        )  # fmt: skip
