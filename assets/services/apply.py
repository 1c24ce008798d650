"""Writing down one table as a census found it: row, columns, changes, search documents, in bulk.

Runs inside the checkpoint of the table. What the source says of an object is overwritten; what people added
(title, description, owner) and what was measured stays, through renamings too. Columns that are gone are not
written here but with all others at the end of the census, once the brake has had its say (``services.gone``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from assets import documents
from assets.choices import ChangeKind, ObjectState
from assets.masking import personal_kind
from assets.models import CensusRun, Column, SchemaChange, Table
from assets.services.counts import recount_columns
from assets.services.known import KnownColumn
from assets.storable import storable
from core import search
from core.texts import clean
from scanner import model as scanner


@dataclass(frozen=True, slots=True)
class Step:
    """One table to write down: what was found, and the row that it is known as (None: it is new)."""

    found: scanner.Table
    table: Table | None = None
    columns: tuple[KnownColumn, ...] = ()  # as known when the census began, gone ones included
    renamed_columns: Mapping[str, str] = field(default_factory=dict)  # new name → old name
    unreadable_columns: Mapping[str, dict[str, Any]] = field(default_factory=dict)  # name → {"code", "params"}
    unreadable: dict[str, Any] | None = None  # described by the catalogue, but its rows may not be read
    note: dict[str, Any] | None = None  # readable, but not all of it is listed


# What counts as a change; sizes, estimates and positions move without anybody having changed the structure.
TABLE_FACTS = ("kind", "comment", "primary_key", "foreign_keys", "indexes")
COLUMN_FACTS = ("type", "nullable", "default", "comment", "primary_key")


def table_facts(found: scanner.Table) -> dict[str, Any]:
    return {
        "schema_name": clean(found.schema), "name": clean(found.name), "kind": found.kind,
        "comment": clean(found.comment), "row_estimate": found.row_estimate, "bytes": found.bytes,
        "primary_key": storable(list(found.primary_key)),
        "foreign_keys": storable([key.as_json() for key in found.foreign_keys]),
        "indexes": storable([index.as_json() for index in found.indexes]),
    }  # fmt: skip


def column_facts(found: scanner.Column) -> dict[str, Any]:
    return {
        "name": clean(found.name), "position": found.position, "type": clean(found.type),
        "value_class": found.value_class.value, "nullable": found.nullable,
        "default": None if found.default is None else clean(found.default), "comment": clean(found.comment),
        "primary_key": found.primary_key, "padded": found.padded,
    }  # fmt: skip


def record(run: CensusRun, step: Step, now: datetime) -> Table:
    """Write ``step`` down and answer its table. Idempotent: a table that is as found gets no change."""
    if step.table is None:
        return _create(run, step, now)
    table, facts = step.table, table_facts(step.found)
    changes = _table_changes(run, step, table, facts, now)
    for name, value in facts.items():
        setattr(table, name, value)
    _set_state(table, step, now)
    table.last_seen_at = now
    table.save()
    changes += _record_columns(run, step, now)
    recount_columns([table.pk])
    SchemaChange.objects.bulk_create(changes, batch_size=1000)
    search.index([documents.of_table(table), *_column_documents(table)])
    return table


def _create(run: CensusRun, step: Step, now: datetime) -> Table:
    facts = table_facts(step.found)
    table = Table(source=run.source, first_seen_at=now, last_seen_at=now, state_at=now, **facts)
    columns = [_new_column(table, found, step, now) for found in step.found.columns]
    table.column_count = len(columns)
    table.personal_count = sum(bool(column.personal_kind) for column in columns)
    _set_state(table, step, now)
    table.save(force_insert=True)
    Column.objects.bulk_create(columns, batch_size=1000)
    SchemaChange.objects.create(
        source=run.source, table=table, run=run, kind=ChangeKind.CREATED, at=now,
        after={"name": table.label, "columns": len(columns)},
    )  # fmt: skip
    search.index([documents.of_table(table), *(documents.of_column(column) for column in columns)])
    return table


def _new_column(table: Table, found: scanner.Column, step: Step, now: datetime) -> Column:
    column = Column(table=table, source=table.source, first_seen_at=now, state_at=now, **column_facts(found))
    column.personal_kind = personal_kind(column.name, column.comment)
    _mark_readability(column, step, now)
    return column


def _table_changes(
    run: CensusRun, step: Step, table: Table, facts: dict[str, Any], now: datetime
) -> list[SchemaChange]:
    changes = []
    label = f"{facts['schema_name']}.{facts['name']}" if facts["schema_name"] else facts["name"]
    state = ObjectState.UNREADABLE if step.unreadable else ObjectState.SEEN
    if table.state != ObjectState.SEEN and table.state != state:
        changes.append((ChangeKind.RETURNED, {"state": table.state}, {"name": label}))
    if step.unreadable and table.state != state:
        changes.append((ChangeKind.UNREADABLE, {}, {"code": step.unreadable["code"]}))
    if label != table.label:
        changes.append((ChangeKind.RENAMED, {"name": table.label}, {"name": label}))
    differing = [name for name in TABLE_FACTS if getattr(table, name) != facts[name]]
    if differing:
        before = {name: getattr(table, name) for name in differing}
        changes.append((ChangeKind.CHANGED, before, {name: facts[name] for name in differing}))
    return [
        SchemaChange(source=run.source, table=table, run=run, kind=kind, before=before, after=after, at=now)
        for kind, before, after in changes
    ]


def _record_columns(run: CensusRun, step: Step, now: datetime) -> list[SchemaChange]:
    """Bring the columns of a known table to what was found: at most four statements."""
    ledger = _Columns(run, step, now)
    rows = list(Column.objects.filter(table=step.table).select_related(None).order_by("position", "id"))
    known = {column.name: column for column in rows if column.state != ObjectState.GONE}
    gone = {column.name: column for column in rows if column.state == ObjectState.GONE}
    missing = dict(known)
    for found in step.found.columns:
        name = clean(found.name)
        column = missing.pop(name, None) or missing.pop(step.renamed_columns.get(name, name), None)
        if column is not None:
            ledger.known(column, found)
        elif name in gone:
            ledger.known(gone[name], found)
        else:
            ledger.new(found)
    for name, column in missing.items():
        if name in step.unreadable_columns:
            ledger.unreadable(column)
    return ledger.write()


class _Columns:
    """Collects what to write about the columns of one table, then writes it in bulk."""

    FIELDS = (*(item for item in column_facts(scanner.Column("", 1, "", scanner.ValueClass.TEXT))),
              "state", "state_code", "state_params", "state_at", "personal_kind")  # fmt: skip

    def __init__(self, run: CensusRun, step: Step, now: datetime) -> None:
        self.run, self.step, self.now = run, step, now
        assert step.table is not None
        self.table = step.table
        self.created: list[Column] = []
        self.changed: list[Column] = []
        self.lost: list[Column] = []
        self.changes: list[SchemaChange] = []

    def new(self, found: scanner.Column) -> None:
        column = _new_column(self.table, found, self.step, self.now)
        self.created.append(column)
        self._note(column, ChangeKind.CREATED, {}, {"name": column.name, "type": column.type})

    def known(self, column: Column, found: scanner.Column) -> None:
        facts = column_facts(found)
        moved = {name for name, value in facts.items() if getattr(column, name) != value}
        old_state = column.state
        if column.name != facts["name"]:
            self._note(column, ChangeKind.RENAMED, {"name": column.name}, {"name": facts["name"]})
        if old_state != ObjectState.SEEN and facts["name"] not in self.step.unreadable_columns:
            self._note(column, ChangeKind.RETURNED, {"state": old_state}, {"name": facts["name"]})
        differing = [name for name in COLUMN_FACTS if name in moved]
        if differing:
            before = {name: getattr(column, name) for name in differing}
            self._note(column, ChangeKind.CHANGED, before, {name: facts[name] for name in differing})
        for name in moved:
            setattr(column, name, facts[name])
        if not column.personal_kind and not column.personal_decided:
            column.personal_kind = personal_kind(column.name, column.comment)
        _mark_readability(column, self.step, self.now)
        if column.state == ObjectState.UNREADABLE != old_state:
            self._note(column, ChangeKind.UNREADABLE, {}, {"code": column.state_code})
        if moved or column.state != old_state:
            self.changed.append(column)

    def unreadable(self, column: Column) -> None:
        if column.state != ObjectState.UNREADABLE:
            _mark_readability(column, self.step, self.now)
            self._note(column, ChangeKind.UNREADABLE, {}, {"code": column.state_code})
            self.lost.append(column)

    def _note(self, column: Column, kind: ChangeKind, before: dict[str, Any], after: dict[str, Any]) -> None:
        self.changes.append(
            SchemaChange(source=self.run.source, table=self.table, column=column, run=self.run, kind=kind,
                         before=before, after=after, at=self.now)
        )  # fmt: skip

    def write(self) -> list[SchemaChange]:
        Column.objects.bulk_update(self.lost, ["state", "state_code", "state_params", "state_at"], batch_size=500)
        Column.objects.bulk_update(self.changed, self.FIELDS, batch_size=500)
        Column.objects.bulk_create(self.created, batch_size=1000)
        return self.changes


def _mark_readability(column: Column, step: Step, now: datetime) -> None:
    reason = step.unreadable_columns.get(column.name)
    if reason:
        state, code, params = ObjectState.UNREADABLE, reason["code"], reason["params"]
    else:
        state, code, params = ObjectState.SEEN, "", {}
    if column.state != state:
        column.state_at = now
    column.state, column.state_code, column.state_params = state, code, params


def state_reason(step: Step) -> dict[str, Any]:
    """Code and parameters of what stands in the way of the table, or was left out of it."""
    return step.unreadable or step.note or {"code": "", "params": {}}


def _set_state(table: Table, step: Step, now: datetime) -> None:
    reason = state_reason(step)
    state = ObjectState.UNREADABLE if step.unreadable else ObjectState.SEEN
    if table.state != state:
        table.state_at = now
    table.state, table.state_code, table.state_params = state, reason["code"], reason["params"]


def _column_documents(table: Table) -> list[Any]:
    columns = table.columns.exclude(state=ObjectState.GONE).select_related(None)
    found = []
    for column in columns:
        column.table, column.source = table, table.source
        found.append(documents.of_column(column))
    return found
