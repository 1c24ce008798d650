"""分类分级: levels proposed from elements and values with their reasons; a person decides, and no machine changes that."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.permissions import require
from assets.choices import ObjectState
from assets.models import Column, Table
from core import audit, clock
from genes.choices import SecurityLevel, Zone
from genes.engine import sensitivity
from genes.engine.text import heads
from genes.engine.values import Facts
from genes.models import ColumnLevel, TableLevel


@transaction.atomic
def propose_levels(tables: Iterable[UUID]) -> int:
    """Propose the levels of the columns of these tables anew, and of the tables; returns how many columns have one."""
    now, by_table = clock.now(), defaultdict(list)
    columns = Column.objects.filter(table__in=set(tables), state=ObjectState.SEEN).order_by("table_id", "position")
    for column in columns.select_related("binding__element__current", "gene__best__current", "security"):
        by_table[column.table_id].append(column)
    found, gone, of_tables = [], [], []
    for table_id, members in by_table.items():
        answer = sensitivity.grade_table([_described(column) for column in members])
        for column, proposal in zip(members, answer.columns, strict=True):
            if not proposal.level and not hasattr(column, "security"):
                continue
            if not proposal.level and column.security.decided is None:
                gone.append(column.pk)
                continue
            found.append(ColumnLevel(  # by its key: `column.security` stays what is stored, with a person's word
                column_id=column.pk, proposed=proposal.level, kind=proposal.kind, proposed_at=now,
                reasons=[asdict(reason) for reason in proposal.reasons],
            ))  # fmt: skip
        of_tables.append(_of_table(table_id, members, answer, now))
    ColumnLevel.objects.filter(column__in=gone).delete()
    update = ["proposed", "kind", "proposed_at", "reasons"]
    ColumnLevel.objects.bulk_create(
        found, update_conflicts=True, unique_fields=["column"], update_fields=update, batch_size=2_000
    )
    update.remove("kind")
    TableLevel.objects.bulk_create(
        of_tables, update_conflicts=True, unique_fields=["table"], update_fields=update, batch_size=2_000
    )
    return len(found)


def _described(column: Column) -> sensitivity.Described:
    """By its element: the bound one, or one that is as good as certain; else by what its comment names."""
    gene, binding = getattr(column, "gene", None), getattr(column, "binding", None)
    element = binding.element if binding else None
    if element is None and binding is None and gene and gene.zone == Zone.AUTO:
        element = gene.best
    facts = Facts.from_json(gene.facts) if gene else Facts()
    if element is not None and element.current is not None:
        return sensitivity.Described(column.name, element.name, sensitivity.level_number(element.current.level), facts)
    told = heads(column.title or column.comment)
    return sensitivity.Described(column.name, told[0] if told else "", 0, facts)


def _of_table(table_id: UUID, columns: Sequence[Column], answer: sensitivity.TableProposal, now: Any) -> TableLevel:
    """The highest of its columns, where a person's word on a column goes before the machine's."""
    levels = [
        (getattr(column, "security", None) and column.security.decided) or proposal.level
        for column, proposal in zip(columns, answer.columns, strict=True)
    ]
    level = max(levels, default=0)
    reasons = [
        {**asdict(proposal.reasons[0]), "column": column.display_name}
        for column, proposal, its in zip(columns, answer.columns, levels, strict=True)
        if its == level and level and proposal.reasons and proposal.level == level
    ]
    reasons += [
        {"key": "decided", "level": level, "about": column.security.basis, "share": None, "column": column.display_name}
        for column, its in zip(columns, levels, strict=True)
        if level and its == level and getattr(column, "security", None) and column.security.decided == level
    ]
    return TableLevel(table_id=table_id, proposed=level, proposed_at=now, reasons=reasons[:8])


@transaction.atomic
def decide_column_level(*, actor: Person, column: Column, level: int | None, basis: str = "") -> None:
    """A person's word on the level of a column; None takes it back. Raises PermissionDenied, ValidationError."""
    require(actor, "gene.decide", column)
    row, _made = ColumnLevel.objects.get_or_create(column=column, defaults={"proposed_at": clock.now()})
    _decide(actor, row, column, level, basis)
    propose_levels([column.table_id])


@transaction.atomic
def decide_table_level(*, actor: Person, table: Table, level: int | None, basis: str = "") -> None:
    """A person's word on the level of a table. Raises PermissionDenied, ValidationError."""
    require(actor, "gene.decide", table)
    row, _made = TableLevel.objects.get_or_create(table=table, defaults={"proposed_at": clock.now()})
    _decide(actor, row, table, level, basis)


@transaction.atomic
def confirm_levels(*, actor: Person, rows: Sequence[ColumnLevel]) -> int:
    """Decide on each column what is proposed; returns how many. Raises PermissionDenied."""
    now = audit.lock()
    ids = [row.pk for row in rows]
    found = ColumnLevel.objects.filter(pk__in=ids, decided__isnull=True, proposed__gt=0).order_by("pk")
    open_ones = list(found.select_related("column__source", "column__table"))
    for row in open_ones:
        require(actor, "gene.decide", row.column)
    ColumnLevel.objects.filter(pk__in=[row.pk for row in open_ones]).update(
        decided=F("proposed"), decided_by=actor, decided_at=now, basis=""
    )
    audit.record_all(actor=actor, entries=[_entry(row.column, None, row.proposed, "") for row in open_ones])
    propose_levels({row.column.table_id for row in open_ones})
    return len(open_ones)


def _decide(
    actor: Person, row: ColumnLevel | TableLevel, target: Column | Table, level: int | None, basis: str
) -> None:
    if level is not None and level not in SecurityLevel.values:
        raise ValidationError({"level": _("级别为 1 至 6。")})
    if level is not None and level < row.proposed and not basis.strip():
        raise ValidationError({"basis": _("低于建议级别时请填写定级依据。")})
    if level is not None and level >= SecurityLevel.L5 and not basis.strip():
        raise ValidationError({"basis": _("定为重要或核心数据时请填写定级依据。")})
    before = row.decided
    decided = {"decided_by": actor, "decided_at": clock.now()} if level else {"decided_by": None, "decided_at": None}
    type(row).objects.filter(pk=row.pk).update(decided=level, basis=basis.strip()[:300], **decided)
    audit.record_all(actor=actor, entries=[_entry(target, before, level, basis.strip()[:300])])


def _entry(target: Column | Table, before: int | None, level: int | None, basis: str) -> audit.Entry:
    changes = {"level": [before, level], "basis": [None, basis]}
    return audit.Entry("genes.level.decide", target, target.label, target.source.agency_id, changes)
