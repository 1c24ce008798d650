"""What a census has to write down: the register and the snapshot compared, before anything is written."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from assets.choices import ObjectState
from assets.messages import message_code, param_stored, sentence_stored
from assets.models import Table
from assets.services import brake
from assets.services.apply import TABLE_FACTS, Step, column_facts, state_reason, table_facts
from assets.services.known import Known, KnownColumn
from scanner import diff
from scanner import model as scanner
from scanner.diff import ChangeKind, Name
from scanner.errors import Said, SourceError

Reason = dict[str, Any]  # {"code": of core.messages, "params": {…}}


@dataclass(slots=True)
class Plan:
    """Everything a census will write, in the order in which it writes it."""

    same: list[tuple[Table, scanner.Table]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    unreadable: list[tuple[Table, Reason]] = field(default_factory=list)  # known, but not described this time
    other_unreadable: list[tuple[str, Reason]] = field(default_factory=list)  # columns, and what was never seen
    gone_tables: list[UUID] = field(default_factory=list)
    gone_columns: list[UUID] = field(default_factory=list)
    listed_unreadable: list[dict[str, Any]] = field(default_factory=list)
    failed: dict[str, Reason] = field(default_factory=dict)  # by key: described, but not to be read
    held: bool = False

    @property
    def total(self) -> int:
        """Tables to go through, for the progress bar."""
        return len(self.same) + len(self.steps) + len(self.unreadable)


def key_of(table: Table | scanner.Table) -> str:
    """The checkpoint's key: schema and name, told apart even when they hold dots."""
    schema = table.schema_name if isinstance(table, Table) else table.schema
    return json.dumps([schema, table.name], ensure_ascii=False)


def beyond(snapshot: scanner.Snapshot, missing: Iterable[tuple[str, str]]) -> tuple[scanner.Unreadable, ...]:
    """Known tables that a cut snapshot lacks: they may be among what was not listed."""
    kept, found = len(snapshot.tables), len(snapshot.tables) + snapshot.cut
    labels = [f"{schema}.{name}" if schema else name for schema, name in missing]
    return tuple(_left_out(label, SourceError("not_listed", object=label, found=found, kept=kept)) for label in labels)


def make(known: Known, snapshot: scanner.Snapshot, hidden: Sequence[scanner.Unreadable] = ()) -> Plan:
    """Compare what is known with what was found. ``hidden`` may exist all the same (``Connector.still_there``)."""
    difference = diff.compare(known.as_scanned(), snapshot, hidden)
    live, gone = known.by_name(), known.gone_by_name()
    renames = _Renames(difference, {table.label: name for name, table in live.items()})
    unreadable = _Unreadables((*snapshot.unreadable, *_cuts(snapshot), *hidden))
    plan = Plan()
    for found in snapshot.tables:
        name = (found.schema, found.name)
        table = live.get(renames.tables.get(name, name)) or gone.get(name)
        columns = tuple(known.columns[table.pk]) if table else ()
        _add_found(plan, found, table, columns, renames.columns[name], unreadable)
    for name in difference.tables(ChangeKind.UNREADABLE):
        reason = unreadable.of_table(*name)
        if reason:
            plan.unreadable.append((live[name], reason))
    plan.gone_tables = [live[name].pk for name in difference.tables(ChangeKind.GONE)]
    plan.other_unreadable = unreadable.of_no_table()
    plan.listed_unreadable = unreadable.listed()
    plan.held = difference.brake or _too_much(plan, known)
    return plan


def _cuts(snapshot: scanner.Snapshot) -> list[scanner.Unreadable]:
    """What the limits left out, told like what could not be read: of the source, and of each table cut."""
    found = [_columns_cut(table) for table in snapshot.tables if table.cut]
    if snapshot.cut:
        kept = len(snapshot.tables)
        found.append(_left_out("*", SourceError("tables_cut", found=kept + snapshot.cut, kept=kept)))
    return found


def _columns_cut(table: scanner.Table) -> scanner.Unreadable:
    label, kept = f"{table.label}.*", len(table.columns)
    return _left_out(label, SourceError("columns_cut", object=label, found=kept + table.cut, kept=kept))


def _left_out(label: str, error: SourceError) -> scanner.Unreadable:
    return scanner.Unreadable(label, error.said, error.code)


class _Renames:
    """What was renamed, by the later name: tables, and columns by table."""

    def __init__(self, difference: diff.Diff, by_label: Mapping[str, Name]) -> None:
        self.tables: dict[Name, Name] = {}
        self.columns: dict[Name, dict[str, str]] = defaultdict(dict)
        for change in difference.changes:
            if change.kind is not ChangeKind.RENAMED:
                continue
            before = change.facts["name"][0]
            if change.column is None:
                self.tables[change.schema, change.table] = by_label[before]
            else:
                self.columns[change.schema, change.table][change.column] = before


def _add_found(
    plan: Plan,
    found: scanner.Table,
    table: Table | None,
    columns: tuple[KnownColumn, ...],
    renamed: Mapping[str, str],
    unreadable: "_Unreadables",
) -> None:
    """One table that the snapshot describes: a step when anything differs, else only a touch."""
    reason = unreadable.of_table(found.schema, found.name)
    denied = unreadable.of_columns(found, columns)
    note = _reason(_columns_cut(found)) if found.cut else None
    step = Step(found, table, columns, renamed, denied, reason, note)
    there = {column.name for column in found.columns} | set(renamed.values()) | set(denied)
    live = [column for column in columns if column.state != ObjectState.GONE]
    if table is not None and table.state != ObjectState.GONE:
        # of a cut list of columns nothing that is missing can be called gone
        plan.gone_columns += [column.pk for column in live if column.name not in there and not found.cut]
    if reason:
        plan.failed[key_of(found)] = reason
    if table is None or _differs(step, table):
        plan.steps.append(step)
    else:
        plan.same.append((table, found))


def _differs(step: Step, table: Table) -> bool:
    """Whether anything of the table is to be written but its sizes and the time it was seen."""
    facts = table_facts(step.found)
    names = ("schema_name", "name", *TABLE_FACTS)
    wanted = ObjectState.UNREADABLE if step.unreadable else ObjectState.SEEN
    if (table.state, table.state_code) != (wanted, state_reason(step)["code"]) or any(
        getattr(table, name) != facts[name] for name in names
    ):
        return True
    live = {column.name: column for column in step.columns if column.state != ObjectState.GONE}
    for found in step.found.columns:
        facts = column_facts(found)
        column = live.get(facts["name"])
        if column is None or any(getattr(column.facts, name) != value for name, value in facts.items()):
            return True
    return any(
        (column.state == ObjectState.UNREADABLE) != (name in step.unreadable_columns) for name, column in live.items()
    )


def _too_much(plan: Plan, known: Known) -> bool:
    """Beyond the scanner's brake: everything at once, and columns against the columns of tables that are there."""
    lost = set(plan.gone_tables)
    staying = [table for table in known.live() if table.pk not in lost]
    columns = sum(column.state != ObjectState.GONE for table in staying for column in known.columns[table.pk])
    return (len(lost) > 1 and not staying) or brake.must_hold_columns(columns, len(plan.gone_columns))


class _Unreadables:
    """The unreadable objects of a snapshot, asked by the table or column that they may name."""

    def __init__(self, objects: Iterable[scanner.Unreadable]) -> None:
        self._by_label = {item.object: item for item in objects}
        self._paths = [label for label in self._by_label if "/" in label or "." in label]  # files and folders
        self._tables: set[str] = set()  # labels that are, or hold, a table

    def of_table(self, schema: str, name: str) -> Reason | None:
        """Why the table cannot be read, when it is named itself, or its file or folder is."""
        label = f"{schema}.{name}" if schema else name
        if label in self._by_label:
            return self._use(label)
        holding = next((path for path in self._paths if diff.names_table(path, schema, name)), None)
        return self._use(holding) if holding else None

    def of_columns(self, found: scanner.Table, known: Iterable[KnownColumn]) -> dict[str, Reason]:
        names = {column.name for column in found.columns} | {column.name for column in known}
        labels = {name: f"{found.label}.{name}" for name in names}
        return {name: _reason(self._by_label[label]) for name, label in labels.items() if label in self._by_label}

    def of_no_table(self) -> list[tuple[str, Reason]]:
        """Columns, and objects that no known or found table answers to."""
        return [(label, _reason(item)) for label, item in self._by_label.items() if label not in self._tables]

    def listed(self) -> list[dict[str, Any]]:
        return [{"object": label, **_reason(item)} for label, item in self._by_label.items()]

    def _use(self, label: str) -> Reason:
        self._tables.add(label)
        return _reason(self._by_label[label])


def _reason(item: scanner.Unreadable) -> Reason:
    """``path`` stands beside ``object`` because the sentences about files speak of paths."""
    named = sentence_stored(item.reason)[1] if isinstance(item.reason, Said) and item.reason.code == item.code else {}
    params = {**named, "object": item.object, "path": item.object, "reason": param_stored(item.reason)}
    return {"code": message_code(item.code), "params": params}
