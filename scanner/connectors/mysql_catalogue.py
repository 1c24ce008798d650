"""MySQL's and MariaDB's catalogue in four statements, and their rows as tables.

``information_schema`` shows what the account has any right on; what it has none on cannot be told from what is not
there, which ``MySQL.still_there`` settles object by object. COLUMNS.PRIVILEGES says what may be read.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from scanner.connectors.base import limited
from scanner.connectors.shapes import FLAG, NAME, NUMBER, TEXT
from scanner.errors import said
from scanner.guard import Limits
from scanner.model import Column, ForeignKey, Index, Privileges, Table, Unreadable, ValueClass

Row = tuple[Any, ...]
Name = tuple[str, str]

SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")

# {where}: the part of the source that is asked for, with the table's alias.
TABLES = """
SELECT x.TABLE_SCHEMA, x.TABLE_NAME, x.TABLE_TYPE, LEFT(x.TABLE_COMMENT, %s), x.TABLE_ROWS,
       x.DATA_LENGTH + x.INDEX_LENGTH
FROM information_schema.TABLES x WHERE {where} ORDER BY x.TABLE_SCHEMA, x.TABLE_NAME LIMIT %s"""

COUNT = "SELECT COUNT(*) FROM information_schema.TABLES x WHERE {where}"

COLUMNS = """
SELECT x.TABLE_SCHEMA, x.TABLE_NAME, x.COLUMN_NAME, x.DATA_TYPE, x.COLUMN_TYPE, x.IS_NULLABLE, x.COLUMN_DEFAULT,
       x.EXTRA, x.GENERATION_EXPRESSION, LEFT(x.COLUMN_COMMENT, %s), x.PRIVILEGES
FROM information_schema.COLUMNS x WHERE {where} ORDER BY x.TABLE_SCHEMA, x.TABLE_NAME, x.ORDINAL_POSITION"""

KEYS = """
SELECT x.TABLE_SCHEMA, x.TABLE_NAME, 'i', x.INDEX_NAME, x.SEQ_IN_INDEX, x.COLUMN_NAME, x.NON_UNIQUE = 0, NULL, NULL, NULL
FROM information_schema.STATISTICS x WHERE {where}
UNION ALL
SELECT x.TABLE_SCHEMA, x.TABLE_NAME, 'f', x.CONSTRAINT_NAME, x.ORDINAL_POSITION, x.COLUMN_NAME, NULL,
       x.REFERENCED_TABLE_SCHEMA, x.REFERENCED_TABLE_NAME, x.REFERENCED_COLUMN_NAME
FROM information_schema.KEY_COLUMN_USAGE x WHERE x.REFERENCED_TABLE_NAME IS NOT NULL AND {where}
ORDER BY 1, 2, 3, 4, 5"""

GRANTS = "SHOW GRANTS"

_MAYBE = TEXT.or_null()
SHAPES = {
    "tables": (NAME, NAME, TEXT, _MAYBE, NUMBER.or_null(), NUMBER.or_null()),
    "count": (NUMBER,),
    "columns": (*[NAME] * 3, *[TEXT] * 3, *[_MAYBE] * 5),
    "keys": (NAME, NAME, TEXT, NAME, NUMBER, _MAYBE, FLAG.or_null(), *[_MAYBE] * 3),
    "grants": (TEXT,),
}

_KINDS = {"BASE TABLE": "table", "SYSTEM VERSIONED": "table", "VIEW": "view"}  # not SEQUENCE, TEMPORARY, SYSTEM VIEW

CLASS = {
    "tinyint": ValueClass.INTEGER, "smallint": ValueClass.INTEGER, "mediumint": ValueClass.INTEGER,
    "int": ValueClass.INTEGER, "bigint": ValueClass.INTEGER, "year": ValueClass.INTEGER, "bit": ValueClass.INTEGER,
    "decimal": ValueClass.DECIMAL, "float": ValueClass.FLOAT, "double": ValueClass.FLOAT, "date": ValueClass.DATE,
    "time": ValueClass.TIME, "datetime": ValueClass.TIMESTAMP, "timestamp": ValueClass.TIMESTAMPTZ,
    "binary": ValueClass.BINARY, "varbinary": ValueClass.BINARY, "tinyblob": ValueClass.BINARY,
    "blob": ValueClass.BINARY, "mediumblob": ValueClass.BINARY, "longblob": ValueClass.BINARY,
}  # fmt: skip
GEOMETRY = {
    "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection",
    "geomcollection",
}  # fmt: skip

_WRITING = {
    "ALL PRIVILEGES", "ALL", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX", "TRIGGER", "EVENT",
    "CREATE VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "CREATE USER", "CREATE ROLE", "DROP ROLE", "SUPER", "FILE",
    "DELETE HISTORY",
}  # fmt: skip

# Every fresh MariaDB lets all accounts write to the scratch database "test"; that says nothing of this account.
_SCRATCH = re.compile(r" ON `test(\\_%)?`\.\* TO PUBLIC\b")


def assemble(
    tables: Iterable[Row], columns: Iterable[Row], keys: Iterable[Row], *, mariadb: bool, limits: Limits
) -> tuple[list[Table], list[Unreadable]]:
    """Tables with at least one readable column, and everything that is there but may not be read."""
    columns_of: dict[Name, list[Row]] = defaultdict(list)
    for row in columns:
        columns_of[row[0], row[1]].append(row)
    keys_of: dict[Name, list[Row]] = defaultdict(list)
    for row in keys:
        keys_of[row[0], row[1]].append(row)
    readable: list[Table] = []
    unreadable: list[Unreadable] = []
    for row in sorted(tables, key=lambda row: (row[0], row[1])):
        if row[2] not in _KINDS:
            continue
        name, label = (row[0], row[1]), f"{row[0]}.{row[1]}"
        own = columns_of[name]
        allowed = [column for column in own if may_select(column)]
        if not own:
            unreadable.append(Unreadable(label, _why_empty(row), "read_failed"))
        elif not allowed:
            unreadable.append(Unreadable(label, said("the account may not read it")))
        else:
            denied = [column[2] for column in own if not may_select(column)]
            unreadable += [Unreadable(f"{label}.{column}", said("the account may not read it")) for column in denied]
            readable.append(limited(_table(row, own, keys_of[name], mariadb=mariadb), limits))
    return readable, unreadable


def may_select(column: Row) -> bool:
    return "select" in str(column[10]).lower().split(",")


def _why_empty(table: Row) -> str:
    if table[2] == "VIEW":
        return said("the view refers to a table, column or function that is gone or that its owner may not use")
    return said("the server shows no column of it")


def _table(row: Row, columns: Sequence[Row], keys: Sequence[Row], *, mariadb: bool) -> Table:
    schema, name, kind, comment, rows, size = row
    view = kind == "VIEW"
    shown = [_column(item, number, mariadb=mariadb) for number, item in enumerate(columns, 1) if may_select(item)]
    known = {column[2] for column in columns}  # a versioned table's key has a hidden column
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for key in keys:
        grouped[key[2], key[3]].append(key)
    primary = tuple(key[5] for key in grouped.pop(("i", "PRIMARY"), []) if key[5] in known)
    return Table(
        schema=schema, name=name, kind=_KINDS[kind],
        comment="" if view else comment or "",  # of a view the server says "VIEW"
        row_estimate=None if view or rows is None else int(rows), bytes=None if view or size is None else int(size),
        columns=tuple(replace(column, primary_key=column.name in primary) for column in shown),
        primary_key=primary,
        foreign_keys=tuple(
            ForeignKey(tuple(k[5] for k in group), group[0][7], group[0][8], tuple(k[9] for k in group))
            for (sort, _), group in grouped.items() if sort == "f"
        ),
        indexes=tuple(
            Index(index, tuple(k[5] or "(expression)" for k in group), bool(group[0][6]))
            for (sort, index), group in grouped.items() if sort == "i"
        ),
    )  # fmt: skip


def _column(row: Row, position: int, *, mariadb: bool) -> Column:
    data_type = row[3].lower()
    return Column(
        name=row[2], position=position, type=row[4], value_class=CLASS.get(data_type, ValueClass.TEXT),
        nullable=row[5] == "YES", default=_default(row, mariadb=mariadb), comment=row[9] or "",
        padded=data_type == "char",
    )  # fmt: skip


def _default(row: Row, *, mariadb: bool) -> str | None:
    """The default as an SQL expression. MariaDB writes one; MySQL gives the bare value, so 'NULL' would be ambiguous."""
    _, _, _, data_type, _, _, default, extra, generated, _, _ = row
    extra = (extra or "").upper()
    if generated:
        return f"GENERATED ALWAYS AS ({generated})"
    if "AUTO_INCREMENT" in extra:
        return "AUTO_INCREMENT"
    if default is None or (mariadb and default == "NULL"):
        return None
    bare = not mariadb and "DEFAULT_GENERATED" not in extra
    if bare and data_type.lower() in CLASS and CLASS[data_type.lower()].is_number:
        return str(default)
    if bare and not str(default).upper().startswith("CURRENT_TIMESTAMP"):
        return "'" + str(default).replace("'", "''") + "'"
    return str(default)


def privileges(grants: Iterable[str], columns: Iterable[Row]) -> Privileges:
    """From SHOW GRANTS; COLUMNS.PRIVILEGES adds what active roles allow, which SHOW GRANTS only names in MySQL 8."""
    held: set[str] = set()
    everywhere: set[str] = set()
    for grant in grants:
        if _SCRATCH.search(grant):
            continue
        words, target = _granted(grant)
        held |= words
        if target == "*.*":
            everywhere |= words
    by_role = any({"insert", "update"} & set(str(row[10]).lower().split(",")) for row in columns)
    superuser = bool(everywhere & {"ALL PRIVILEGES", "ALL", "SUPER"})
    return Privileges(can_write=superuser or by_role or bool(held & _WRITING), superuser=superuser)


def _granted(grant: str) -> tuple[set[str], str]:
    """The privileges a line of SHOW GRANTS gives and on what: ({"SELECT", "UPDATE"}, "db.t")."""
    bare = re.sub(r"'(?:[^'\\]|''|\\.)*'", "'", grant)
    target = re.search(r" ON (?:TABLE |FUNCTION |PROCEDURE )?(\*\.\*)", bare)
    bare = re.sub(r"`(?:[^`]|``)*`", "`", bare)
    head, on, _ = bare.removeprefix("GRANT ").partition(" ON ")
    if not on:
        return set(), ""  # a role
    words = {word.strip().upper() for word in re.sub(r"\([^)]*\)", "", head).split(",")}
    return words, target[1] if target else ""


def by_schema(rows: Iterable[Row], wanted: Mapping[str, str]) -> list[Row]:
    """Of rows that a case-blind collation let through, those of the wanted schema and table, exactly if there are any."""
    found = list(rows)
    exact = [row for row in found if row[: len(wanted)] == tuple(wanted.values())]
    return exact or found
