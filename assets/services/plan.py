"""What a census has to write down: the register and the snapshot compared, before anything is written."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from assets.choices import ObjectState
from assets.messages import message_code
from assets.models import Column, Table
from assets.services import brake, pairing
from assets.services.apply import TABLE_FACTS, Step, column_facts, table_facts
from assets.services.known import Known
from scanner import model as scanner

Reason = dict[str, Any]  # {"code": of core.messages, "params": {…}}


@dataclass(slots=True)
class Plan:
    """Everything a census will write, in the order in which it writes it."""

    same: list[tuple[Table, scanner.Table]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    unreadable: list[tuple[Table, Reason]] = field(default_factory=list)  # known, but not described this time
    unknown_unreadable: list[tuple[str, Reason]] = field(default_factory=list)  # never seen: only its name is known
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


def make(known: Known, snapshot: scanner.Snapshot, hidden: Iterable[scanner.Unreadable] = ()) -> Plan:
    """Compare what is known with what was found. ``hidden`` may exist all the same (``Connector.still_there``)."""
    live, gone = known.by_name(), known.gone_by_name()
    paired = pairing.compare(known.as_scanned(), snapshot.tables)
    unreadable = _Unreadables((*snapshot.unreadable, *hidden))
    plan = Plan()
    for found in snapshot.tables:
        name = _name(found)
        table = live.get(paired.renamed.get(name, name)) or gone.get(name)
        _add_found(plan, known, found, table, paired, unreadable)
    for name in paired.missing:
        reason = unreadable.of_table(live[name])
        if reason:
            plan.unreadable.append((live[name], reason))
        else:
            plan.gone_tables.append(live[name].pk)
    plan.unknown_unreadable = unreadable.unused()
    plan.listed_unreadable = unreadable.listed()
    _brake(plan, known)
    return plan


def _add_found(
    plan: Plan,
    known: Known,
    found: scanner.Table,
    table: Table | None,
    paired: pairing.Pairing,
    unreadable: "_Unreadables",
) -> None:
    """One table that the snapshot describes: a step when anything differs, else only a touch."""
    reason = unreadable.of_table(found)
    columns = tuple(known.columns[table.pk]) if table else ()
    step = Step(
        found=found, table=table, columns=columns, renamed_columns=paired.renamed_columns.get(_name(found), {}),
        unreadable_columns=unreadable.of_columns(found, columns), unreadable=reason,
    )  # fmt: skip
    there = (
        {column.name for column in found.columns} | set(step.renamed_columns.values()) | set(step.unreadable_columns)
    )
    plan.gone_columns += [
        column.pk for column in columns if column.state != ObjectState.GONE and column.name not in there
    ]
    if reason:
        plan.failed[key_of(found)] = reason
    if table is None or _differs(step, table):
        plan.steps.append(step)
    else:
        plan.same.append((table, found))


def _differs(step: Step, table: Table) -> bool:
    facts = table_facts(step.found)
    names = ("schema_name", "name", "column_count", *TABLE_FACTS)
    wanted = ObjectState.UNREADABLE if step.unreadable else ObjectState.SEEN
    if table.state != wanted or any(getattr(table, name) != facts[name] for name in names):
        return True
    live = {column.name: column for column in step.columns if column.state != ObjectState.GONE}
    for found in step.found.columns:
        facts = column_facts(found)
        column = live.get(facts["name"])
        if column is None or any(getattr(column, name) != value for name, value in facts.items()):
            return True
    return any(
        (column.state == ObjectState.UNREADABLE) != (name in step.unreadable_columns) for name, column in live.items()
    )


def _brake(plan: Plan, known: Known) -> None:
    """Judge the disappearances: of tables against the tables, of columns against the columns of tables that are there."""
    tables = len(known.live())
    lost = set(plan.gone_tables)
    columns = sum(
        column.state != ObjectState.GONE
        for table in known.live() if table.pk not in lost
        for column in known.columns[table.pk]
    )  # fmt: skip
    plan.held = brake.must_hold(tables, len(plan.gone_tables)) or brake.must_hold_columns(
        columns, len(plan.gone_columns)
    )


def _name(table: scanner.Table) -> tuple[str, str]:
    return table.schema, table.name


class _Unreadables:
    """The unreadable objects of a snapshot by what they name: "schema.table", "schema.table.column", a path, a schema."""

    def __init__(self, objects: Iterable[scanner.Unreadable]) -> None:
        self._by_label: Mapping[str, scanner.Unreadable] = {item.object: item for item in objects}
        self._used: set[str] = set()

    def of_table(self, table: Table | scanner.Table) -> Reason | None:
        """Why ``table`` cannot be read, when it is named itself, or its schema, file or folder is."""
        schema = table.schema_name if isinstance(table, Table) else table.schema
        for label in _labels(schema, table.name):
            if label in self._by_label:
                return self._use(label)
        return None

    def of_columns(self, found: scanner.Table, known: Iterable[Column]) -> dict[str, Reason]:
        names = {column.name for column in found.columns} | {column.name for column in known}
        return {name: self._use(f"{found.label}.{name}") for name in names if f"{found.label}.{name}" in self._by_label}

    def unused(self) -> list[tuple[str, Reason]]:
        """Objects that no known or found table answers to."""
        return [(label, _reason(item)) for label, item in self._by_label.items() if label not in self._used]

    def listed(self) -> list[dict[str, Any]]:
        return [{"object": label, **_reason(item)} for label, item in self._by_label.items()]

    def _use(self, label: str) -> Reason:
        self._used.add(label)
        return _reason(self._by_label[label])


def _labels(schema: str, name: str) -> list[str]:
    """What an unreadable table may be called: by schema and name; as a file or a sheet; by its schema or folder."""
    label = f"{schema}.{name}" if schema else name
    path = f"{schema}/{name}" if schema else name
    stem = path.split(".")[0] if "." in name else path  # "stem.sheet" of a workbook
    files = [f"{base}{ending}" for base in (path, stem) for ending in FILE_ENDINGS]
    folders = schema.split("/")
    above = ["/".join(folders[:depth]) for depth in range(1, len(folders) + 1)] if schema else []
    return [label, *files, *above]


FILE_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".parquet")


def _reason(item: scanner.Unreadable) -> Reason:
    code = message_code(item.code)
    params = {"object": item.object, "path": item.object, "reason": item.reason}
    return {"code": code, "params": params}
