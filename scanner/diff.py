"""What changed between two looks at a source: created, changed, renamed, gone, unreadable.

A failed read is not a deletion: an object that the later snapshot names as unreadable, or that is out of the account's
sight, is *unreadable* and never *gone*. When much is gone at once the brake tells the caller to ask a person first: a
dropped grant, a wrong database and a half-restored server look exactly like deletion.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from scanner.model import Column, Snapshot, Table, Unreadable

BRAKE_SHARE = 0.2  # the brake holds when more than this share of the known tables is gone at once …
BRAKE_COUNT = 3  # … and more than this many

_TABLE_FACTS = ("kind", "comment", "primary_key", "foreign_keys", "indexes")
_COLUMN_FACTS = ("type", "nullable", "default", "comment", "primary_key")  # not position: a dropped column shifts all

Name = tuple[str, str]  # schema, table


class ChangeKind(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    RENAMED = "renamed"
    GONE = "gone"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Change:
    """One table, or one column of one, that is not as it was. Names are the later ones where there are two."""

    kind: ChangeKind
    schema: str
    table: str
    column: str | None = None  # None: the table itself
    facts: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)  # attribute → (before, after)
    reason: Unreadable | None = None


@dataclass(frozen=True, slots=True)
class Diff:
    changes: tuple[Change, ...]
    brake: bool  # too much is gone at once to be believed

    def tables(self, kind: ChangeKind) -> tuple[Name, ...]:
        """The tables (not columns) with a change of this kind."""
        return tuple((c.schema, c.table) for c in self.changes if c.kind is kind and c.column is None)


def compare(before: Sequence[Table], after: Snapshot, hidden: Iterable[Unreadable] = ()) -> Diff:
    """``hidden``: what ``Connector.still_there`` says of the tables that the snapshot lacks."""
    old = {(table.schema, table.name): table for table in before}
    new = {(table.schema, table.name): table for table in after.tables}
    unreadable = (*after.unreadable, *hidden)
    missing, changes = [], []
    for name, table in old.items():
        if name in new:
            continue
        reason = next((item for item in unreadable if names_table(item.object, *name)), None)
        if reason:
            changes.append(Change(ChangeKind.UNREADABLE, *name, reason=reason))
        else:
            missing.append(table)
    renamed = _renamed(missing, [table for name, table in new.items() if name not in old])
    gone = [table for table in missing if (table.schema, table.name) not in set(renamed.values())]
    for name, table in new.items():
        was = old.get(renamed.get(name, name))
        changes += [Change(ChangeKind.CREATED, *name)] if was is None else _changes(was, table, unreadable)
    changes += [Change(ChangeKind.GONE, table.schema, table.name) for table in gone]
    return Diff(tuple(changes), brake=len(gone) > BRAKE_COUNT and len(gone) > BRAKE_SHARE * len(old))


def names_table(label: str, schema: str, name: str) -> bool:
    """Whether an unreadable object (``schema.table``; of files a path, a folder with a slash at its end) is or holds
    the table."""
    if label == (f"{schema}.{name}" if schema else name):
        return True
    if label.endswith("/"):
        return f"{schema}/".startswith(label)
    folder, _, file = label.rpartition("/")
    stem = PurePosixPath(file).stem
    if stem == file:  # without a suffix it is no file
        return False
    return folder == schema and (name in (stem, file) or name.startswith((f"{stem}.", f"{file}.")))


def _renamed(missing: Iterable[Table], created: Iterable[Table]) -> dict[Name, Name]:
    """New name → old name of tables with one and the same structure, where no other missing or new table has it."""
    before, after = _by_structure(missing), _by_structure(created)
    return {
        (after[key][0].schema, after[key][0].name): (tables[0].schema, tables[0].name)
        for key, tables in before.items()
        if len(tables) == len(after.get(key, ())) == 1 and len(tables[0].columns) > 1
    }


def _by_structure(tables: Iterable[Table]) -> dict[tuple[object, ...], list[Table]]:
    found: dict[tuple[object, ...], list[Table]] = defaultdict(list)
    for table in tables:
        columns = tuple((column.name, column.type) for column in table.columns)
        found[table.kind, columns, table.primary_key].append(table)
    return found


def _changes(old: Table, new: Table, unreadable: Iterable[Unreadable]) -> list[Change]:
    name = (new.schema, new.name)
    changes = []
    if (old.schema, old.name) != name:
        changes.append(Change(ChangeKind.RENAMED, *name, facts={"name": (old.label, new.label)}))
    facts = _facts(old, new, _TABLE_FACTS)
    if facts:
        changes.append(Change(ChangeKind.CHANGED, *name, facts=facts))
    denied = {item.object: item for item in unreadable}
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    paired = _renamed_columns(old.columns, new.columns)
    for column in new.columns:
        was = before.get(paired.get(column.name, column.name))
        if was is None:
            changes.append(Change(ChangeKind.CREATED, *name, column.name))
        elif was.name != column.name:
            changes.append(Change(ChangeKind.RENAMED, *name, column.name, {"name": (was.name, column.name)}))
        elif facts := _facts(was, column, _COLUMN_FACTS):
            changes.append(Change(ChangeKind.CHANGED, *name, column.name, facts))
    for lost in before.keys() - after.keys() - set(paired.values()):
        reason = denied.get(f"{new.label}.{lost}")
        kind = ChangeKind.UNREADABLE if reason else ChangeKind.GONE
        changes.append(Change(kind, *name, lost, reason=reason))
    return changes


def _facts(old: object, new: object, names: Sequence[str]) -> dict[str, tuple[Any, Any]]:
    return {
        name: (getattr(old, name), getattr(new, name)) for name in names if getattr(old, name) != getattr(new, name)
    }


def _renamed_columns(before: Sequence[Column], after: Sequence[Column]) -> dict[str, str]:
    """New name → old name where one column is missing and one is new at its very place, alike in all but the name."""
    old_names, new_names = {column.name for column in before}, {column.name for column in after}
    missing = {column.position: column for column in before if column.name not in new_names}
    created = (column for column in after if column.name not in old_names)
    return {
        column.name: missing[column.position].name
        for column in created
        if column.position in missing and not _facts(missing[column.position], column, _COLUMN_FACTS)
    }
