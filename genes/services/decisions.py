"""Decisions of people: this element, not this one, none at all; each is kept, teaches the catalogue, and can be taken back.

Every one is a batch: a few statements, however many columns it is about.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Person
from assets.models import Column
from genes.choices import MatchState, Verdict, Zone
from genes.models import Binding, Gene, Match
from genes.services.deciding import BULK, bind, binding_of, follow, name_in, note, refuse, taken
from genes.services.undoing import undo
from standards.choices import NameKind, NameOrigin
from standards.models import DataElement
from standards.services.elements import add_names_to

__all__ = [
    "BULK", "accept", "accept_many", "accept_pairs", "new_batch", "reject", "reject_many", "say_none", "say_none_many", "undo",
]  # fmt: skip


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
    Gene.objects.filter(
        column__in=[
            pk
            for pk, column in columns.items()
            if (pk, getattr(column, "gene", None) and column.gene.best_id) in refused
        ],
        zone=Zone.AUTO,
    ).update(zone=Zone.SUGGESTED)
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


def _teach(actor: Person, said: Sequence[tuple[Column, DataElement]]) -> None:
    """What the columns are called are names of their elements from now on. Everybody sees those: not where they come from."""
    told = [(element, name_in(column.title or column.comment), "") for column, element in said]
    add_names_to(actor=actor, names=told, kind=NameKind.SYNONYM, origin=NameOrigin.DECISION)
