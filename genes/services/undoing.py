"""Taking back decisions: what was decided before counts again, and what the decision taught is forgotten."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.models import Person
from assets.models import Column
from genes.choices import Origin, Verdict
from genes.models import Binding, Decision, Match
from genes.services.deciding import bind, follow, name_in, note, refuse, taken
from genes.services.matching import keep, propose
from standards.choices import NameKind, NameOrigin
from standards.models import DataElement, ElementName
from standards.services.elements import forget_names


@dataclass(frozen=True, slots=True)
class _Undone:
    """``standing``: what else was decided on the column, oldest first; ``decisions``: what is taken back, newest first."""

    column: Column
    standing: Sequence[Decision]
    decisions: Sequence[Decision]


@transaction.atomic
def undo(*, actor: Person, columns: Iterable[Column], batch: UUID | None = None) -> int:
    """Take back the last decision of this person on each column (all those of ``batch``, when given): what was decided
    before counts again, else the machine proposes anew. Returns how many columns. Raises PermissionDenied, ValidationError."""
    there, now = taken(actor, [column.pk for column in columns])
    undone = []
    for column_id, standing in _standing(there).items():
        decisions = _taken_back(standing, actor, batch)
        if decisions:
            undone.append(_Undone(there[column_id], standing, decisions))
    if not undone:
        return 0
    note(actor, Verdict.UNDO, [(one.column, said.element) for one in undone for said in one.decisions], None, now)
    _restore(undone, now)
    _forget(actor, [said for one in undone for said in one.decisions])
    keep(propose([one.column.pk for one in undone]))
    follow([one.column for one in undone])
    return len(undone)


def _standing(column_ids: Iterable[UUID]) -> dict[UUID, list[Decision]]:
    """The decisions on each column that were not taken back, oldest first."""
    standing: dict[UUID, list[Decision]] = defaultdict(list)
    for said in Decision.objects.filter(column__in=column_ids).select_related("element").order_by("pk"):
        if said.verdict != Verdict.UNDO:
            standing[said.column_id].append(said)  # type: ignore[index]
        elif standing[said.column_id]:  # type: ignore[index]
            standing[said.column_id].pop()  # type: ignore[index]
    return standing


def _taken_back(standing: list[Decision], actor: Person, batch: UUID | None) -> list[Decision]:
    """Takes from the end of ``standing`` what this person undoes, newest first."""
    found: list[Decision] = []
    while standing and standing[-1].by_id == actor.pk and (standing[-1].batch == batch if batch else not found):
        found.append(standing.pop())
    return found


def _restore(undone: Sequence[_Undone], now: datetime) -> None:
    """Bindings and refusals as they were before; what the machine bound since stays."""
    pairs = {(one.column.pk, said.element_id) for one in undone for said in one.decisions}
    rows = Match.objects.filter(column__in=[one.column.pk for one in undone])
    over = [pk for pk, *pair in rows.values_list("pk", "column_id", "element_id") if tuple(pair) in pairs]
    Match.objects.filter(pk__in=over).delete()
    ours = [one for one in undone if not _of_machine(one.column)]
    Binding.objects.filter(column__in=[one.column.pk for one in ours]).delete()
    before = [(one.column, one.decisions[-1].told.get("was")) for one in ours]
    told = {was["element_id"] for _column, was in before if was and was["element_id"]}
    known = {str(pk) for pk in DataElement.objects.filter(pk__in=told).values_list("pk", flat=True)}
    bind([_as_it_was(column, was) for column, was in before if was and was["element_id"] in (None, *known)])
    refuse({pair for one in undone for pair in _refused(one)}, now)


def _of_machine(column: Column) -> bool:
    binding = getattr(column, "binding", None)
    return binding is not None and binding.origin == Origin.MACHINE


def _as_it_was(column: Column, was: dict[str, Any]) -> Binding:
    """The binding that a decision replaced, with the fingerprint that drift is measured from."""
    return Binding(column=column, **{**was, "decided_at": datetime.fromisoformat(was["decided_at"])})


def _refused(one: _Undone) -> set[tuple[UUID, UUID]]:
    refused: set[tuple[UUID, UUID]] = set()
    for said in one.standing:
        if said.element_id:
            pair = (one.column.pk, said.element_id)
            (refused.add if said.verdict == Verdict.REJECT else refused.discard)(pair)
    return refused


def _forget(actor: Person, decisions: Sequence[Decision]) -> None:
    """A name that an undone acceptance taught goes, unless a decision that stands taught it too."""
    taught = {
        (said.element_id, name_in(said.told.get("comment", ""))) for said in decisions if said.verdict == Verdict.ACCEPT
    }
    of_decisions = ElementName.objects.filter(
        element__in={element_id for element_id, _name in taught}, kind=NameKind.SYNONYM, origin=NameOrigin.DECISION
    )
    names = [name for name in of_decisions.select_related("element") if (name.element_id, name.text) in taught]
    if not names:
        return
    standing = Decision.objects.filter(
        verdict=Verdict.ACCEPT, element__in={name.element_id for name in names},
        column__binding__element=F("element"), column__binding__origin=Origin.PERSON,
    ).exclude(pk__in=[said.pk for said in decisions])  # fmt: skip
    still = {(element, name_in(told or "")) for element, told in standing.values_list("element_id", "told__comment")}
    forget_names(actor=actor, names=[name for name in names if (name.element_id, name.text) not in still])
