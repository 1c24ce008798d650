"""The words the scanner speaks: what a source holds, what was measured, what was checked.

Plain frozen data, no behaviour beyond shaping JSON. A *canonical value* is a string that is equal for two
values exactly when the values are equal (``docs/measures.md``); its JSON form depends on the value class.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any


class ValueClass(StrEnum):
    """How values of a column compare and what is measured of them."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"
    BINARY = "binary"

    @property
    def is_number(self) -> bool:
        return self in (ValueClass.INTEGER, ValueClass.DECIMAL, ValueClass.FLOAT)

    @property
    def is_temporal(self) -> bool:
        return self in (ValueClass.DATE, ValueClass.TIME, ValueClass.TIMESTAMP, ValueClass.TIMESTAMPTZ)


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    position: int  # 1-based, as the source shows it, gaps closed
    type: str  # the source's own words: varchar(18), numeric(12,2)
    value_class: ValueClass
    nullable: bool = True
    default: str | None = None
    comment: str = ""
    primary_key: bool = False
    padded: bool = False  # CHAR(n): trailing blanks are no part of the value

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "position": self.position, "type": self.type, "nullable": self.nullable,
            "default": self.default, "comment": self.comment, "primary_key": self.primary_key,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ForeignKey:
    columns: tuple[str, ...]
    ref_schema: str
    ref_table: str
    ref_columns: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "columns": list(self.columns), "ref_schema": self.ref_schema,
            "ref_table": self.ref_table, "ref_columns": list(self.ref_columns),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Index:
    name: str
    columns: tuple[str, ...]  # an expression stands as its text
    unique: bool

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "columns": list(self.columns), "unique": self.unique}


@dataclass(frozen=True, slots=True)
class Table:
    schema: str
    name: str
    kind: str = "table"  # table, view, materialized_view, foreign_table
    comment: str = ""
    row_estimate: int | None = None  # None: the catalogue does not know
    bytes: int | None = None
    columns: tuple[Column, ...] = ()
    primary_key: tuple[str, ...] = ()  # in key order, which need not be column order
    foreign_keys: tuple[ForeignKey, ...] = ()
    indexes: tuple[Index, ...] = ()
    cut: int = 0  # columns beyond ``Limits.columns``, which are not listed
    in_parts: bool = False  # all its rows are those of its partitions

    @property
    def label(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": self.schema, "name": self.name, "kind": self.kind, "comment": self.comment,
            "row_estimate": self.row_estimate, "bytes": self.bytes,
            "columns": [column.as_json() for column in self.columns],
            "primary_key": list(self.primary_key),
            "foreign_keys": [key.as_json() for key in self.foreign_keys],
            "indexes": [index.as_json() for index in self.indexes], "columns_cut": self.cut,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An object that is there but could not be read: never to be taken for gone."""

    object: str  # "schema.table" or "schema.table.column" or a file's path in the folder
    reason: str  # one English sentence
    code: str = "no_permission"  # a key of errors.MESSAGES


@dataclass(frozen=True, slots=True)
class Privileges:
    can_write: bool
    superuser: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a source holds at one moment."""

    kind: str
    tables: tuple[Table, ...]
    unreadable: tuple[Unreadable, ...] = ()
    privileges: Privileges = Privileges(can_write=False, superuser=False)
    statements: int = 0  # sent to the source for this snapshot
    cut: int = 0  # tables beyond ``Limits.tables``, which are not listed

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "tables": [table.as_json() for table in self.tables],
            "unreadable": [{"object": item.object, "reason": item.reason} for item in self.unreadable],
            "privileges": {"can_write": self.privileges.can_write, "superuser": self.privileges.superuser},
            "statements": self.statements, "tables_cut": self.cut,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class TestReport:
    """What a connection test found; a failed test raises SourceError instead."""

    __test__ = False  # not a pytest class

    server: str  # product and version as the server names itself
    latency_ms: int
    privileges: Privileges
    schemas: int
    tables: int


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """Measures of one column; shares are 0–1; values are JSON values of the column's class."""

    name: str
    type: str
    value_class: ValueClass
    rows: int
    nulls: int
    blanks: int
    distinct: int
    exact: bool
    unique: int  # distinct values that occur exactly once
    min: Any = None
    max: Any = None
    mean: Any = None
    quantiles: Mapping[str, Any] | None = None
    length: Mapping[str, Any] | None = None  # {"min","max","mean"}, characters
    top: Sequence[tuple[Any, int]] = ()
    patterns: Sequence[tuple[str, int]] = ()
    identifiers: Mapping[str, float] = field(default_factory=dict)
    detected: Mapping[str, Any] | None = None  # {"type": "date", "format": "YYYYMMDD", "share": 0.998}
    histogram: Mapping[str, Any] | None = None  # {"edges": [...], "counts": [...]}; ≤20 bins
    sketch: Mapping[str, Any] | None = None  # {"k","key_id","hashes":[int,…]} keyed bottom-k

    def as_json(self) -> dict[str, Any]:
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return found | {
            "value_class": self.value_class.value, "top": [list(pair) for pair in self.top],
            "patterns": [list(pair) for pair in self.patterns],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """One quality rule bound to columns of a table; validated by ``scanner.rules.parse_rule``."""

    id: str
    kind: str
    columns: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    where: str | None = None
    mostly: float = 1.0


@dataclass(frozen=True, slots=True)
class CheckResult:
    id: str
    evaluated: int = 0
    failed: int = 0
    passed: bool = False
    examples: Sequence[Any] = ()  # up to 20 distinct failing values, most frequent first
    keys: Sequence[Sequence[Any]] = ()  # primary keys of up to 100 failing rows, where there is a key
    observed: Any = None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return found | {"examples": list(self.examples), "keys": [list(key) for key in self.keys]}


@dataclass(frozen=True, slots=True)
class Reading:
    """The outcome of reading one table once."""

    rows: int
    plan: str  # pull, push or mixed
    statements: int
    columns: tuple[ColumnProfile, ...] = ()
    results: tuple[CheckResult, ...] = ()
