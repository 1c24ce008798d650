"""Which table found is which table known: by name, and by structure when the name is new."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scanner.model import Column, Table

Name = tuple[str, str]  # schema, table


@dataclass(slots=True)
class Pairing:
    renamed: dict[Name, Name] = field(default_factory=dict)  # new name → old name
    renamed_columns: dict[Name, Mapping[str, str]] = field(default_factory=dict)  # by the table's new name
    missing: list[Name] = field(default_factory=list)  # known, not found under any name


def compare(known: Sequence[Table], found: Sequence[Table]) -> Pairing:
    """Pair by name first; then a missing and a new table that are alike, when no other is alike too, are one renamed."""
    before = {(table.schema, table.name): table for table in known}
    after = {(table.schema, table.name): table for table in found}
    pairing = Pairing()
    missing = _by_fingerprint(table for name, table in before.items() if name not in after)
    created = _by_fingerprint(table for name, table in after.items() if name not in before)
    for fingerprint, tables in missing.items():
        others = created.get(fingerprint, [])
        if len(tables) == len(others) == 1 and len(tables[0].columns) > 1:
            pairing.renamed[others[0].schema, others[0].name] = tables[0].schema, tables[0].name
    old_names = set(pairing.renamed.values())
    pairing.missing = [name for name in before if name not in after and name not in old_names]
    for name, table in after.items():
        old = before.get(pairing.renamed.get(name, name))
        columns = _renamed_columns(old.columns, table.columns) if old else {}
        if columns:
            pairing.renamed_columns[name] = columns
    return pairing


def _by_fingerprint(tables: Iterable[Table]) -> dict[tuple[object, ...], list[Table]]:
    found: dict[tuple[object, ...], list[Table]] = defaultdict(list)
    for table in tables:
        columns = tuple((column.name, column.type) for column in table.columns)
        found[table.kind, columns, table.primary_key].append(table)
    return found


def _renamed_columns(before: Sequence[Column], after: Sequence[Column]) -> dict[str, str]:
    """New name → old name where one column alone is missing and one alone is new at its place, of the same type."""
    old_names, new_names = {column.name for column in before}, {column.name for column in after}
    missing = {column.position: column for column in before if column.name not in new_names}
    created = {column.position: column for column in after if column.name not in old_names}
    return {
        column.name: missing[position].name
        for position, column in created.items()
        if position in missing and _alike(missing[position], column)
    }


def _alike(old: Column, new: Column) -> bool:
    return (old.type, old.nullable, old.primary_key, old.comment) == (
        new.type, new.nullable, new.primary_key, new.comment,
    )  # fmt: skip
