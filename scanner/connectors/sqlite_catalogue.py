"""SQLite's catalogue by its pragma functions, and what class of value a column really holds."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from scanner.connectors.shapes import FLAG, NUMBER, TEXT
from scanner.model import Column, ForeignKey, Index, Table, ValueClass

Row = tuple[Any, ...]

TERMS = 400  # of one UNION ALL; SQLite takes 500
TESTED = 16  # columns tested a statement: their storage classes have at most so many combinations

# Not pragma_table_list: it prepares a SELECT of every view, and a few nested views make that last for years. The tables
# in which the engine's own virtual tables keep their rows are left out.
_KEPT = "data idx content docsize config segments segdir stat node rowid parent"
_NO_ROWID = """m.type = 'table' AND m.rootpage > 0 AND EXISTS (
  SELECT 1 FROM pragma_index_list(m.name, 'main') i
  WHERE i.origin = 'pk' AND i.name NOT IN (SELECT name FROM main.sqlite_master WHERE type = 'index'))"""
OBJECTS = f"""
SELECT m.name, CASE WHEN m.type = 'table' AND NOT coalesce(m.rootpage, 0) THEN 'virtual' ELSE m.type END, {_NO_ROWID}
FROM main.sqlite_master m WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
AND m.name NOT IN (
  SELECT v.name || '_' || k.column1 FROM main.sqlite_master v, (VALUES {", ".join(f"('{name}')" for name in _KEPT.split())}) k
  WHERE v.type = 'table' AND NOT coalesce(v.rootpage, 0))
ORDER BY m.name"""

_COLUMNS = 'SELECT l.name, x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden FROM '
_OF_KIND = {"table": "type = 'table' AND rootpage > 0", "view": "type = 'view'",
            "virtual": "type = 'table' AND NOT coalesce(rootpage, 0)"}  # fmt: skip
COLUMNS_OF_KIND = {
    kind: _COLUMNS + f"(SELECT name FROM main.sqlite_master WHERE {which} AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\') l"
    " JOIN pragma_table_xinfo(l.name, 'main') x ORDER BY l.name, x.cid"
    for kind, which in _OF_KIND.items()
}
COLUMNS_OF_ONE = _COLUMNS + "(SELECT ? AS name) l JOIN pragma_table_xinfo(?, 'main') x ORDER BY x.cid"

_TABLES = f"(SELECT name FROM main.sqlite_master WHERE {_OF_KIND['table']}) l"
FOREIGN_KEYS = f"""
SELECT l.name, k.id, k."table", k."from", k."to" FROM {_TABLES} JOIN pragma_foreign_key_list(l.name, 'main') k
ORDER BY l.name, k.id, k.seq"""

INDEXES = f"""
SELECT l.name, i.name, i."unique", coalesce(x.name, '(expression)')
FROM {_TABLES} JOIN pragma_index_list(l.name, 'main') i JOIN pragma_index_xinfo(i.name, 'main') x
WHERE i.origin <> 'pk' AND x.key = 1 ORDER BY l.name, i.name, x.seqno"""

SHAPES = {
    "objects": (TEXT, TEXT, FLAG),
    "columns": (TEXT, TEXT, TEXT, FLAG, TEXT.or_null(), NUMBER, NUMBER),
    "keys": (TEXT, NUMBER, TEXT, TEXT, TEXT.or_null()),
    "indexes": (TEXT, TEXT, FLAG, TEXT),
    "sizes": (TEXT, NUMBER),
    "counts": (NUMBER, NUMBER),
}

SIZES = """
SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN main.sqlite_master m ON m.name = s.name
WHERE s.aggregate = TRUE GROUP BY m.tbl_name"""


def assemble(
    objects: Iterable[Row], columns: Iterable[Row], keys: Iterable[Row], indexes: Iterable[Row]
) -> list[Table]:
    """Tables in the order of ``objects``; a foreign key that names no columns refers to the primary key."""
    columns_of, keys_of, indexes_of = _grouped(columns), _grouped(keys), _grouped(indexes)
    primary = {
        name: tuple(row[1] for row in sorted((r for r in rows if r[5]), key=lambda r: r[5]))
        for name, rows in columns_of.items()
    }
    return [
        Table(
            schema="main", name=name, kind="view" if kind == "view" else "table",
            columns=tuple(_columns(columns_of[name], primary.get(name, ()), without_rowid=bool(without_rowid))),
            primary_key=primary.get(name, ()),
            foreign_keys=tuple(_foreign_keys(keys_of[name], primary)), indexes=tuple(_indexes(indexes_of[name])),
        )
        for name, kind, without_rowid in objects
    ]  # fmt: skip


def _grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


def _columns(rows: Sequence[Row], primary: Sequence[str], *, without_rowid: bool) -> list[Column]:
    shown = [row for row in rows if row[6] != 1]  # 1: hidden column of a virtual table
    found = []
    for position, (_, name, declared, required, default, key, hidden) in enumerate(shown, 1):
        row_number = len(primary) == 1 and bool(key) and declared.upper() == "INTEGER"
        found.append(
            Column(
                name=name, position=position, type=declared, value_class=declared_class(declared),
                nullable=not (required or row_number or (key and without_rowid)),
                default="GENERATED ALWAYS" if hidden in (2, 3) else default, primary_key=bool(key),
            )
        )  # fmt: skip
    return found


def _foreign_keys(rows: Sequence[Row], primary: dict[str, tuple[str, ...]]) -> list[ForeignKey]:
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row[1]].append(row)
    return [
        ForeignKey(
            tuple(row[3] for row in group), "main", group[0][2],
            tuple(row[4] for row in group) if group[0][4] is not None else primary.get(group[0][2], ()),
        )
        for group in grouped.values()
    ]  # fmt: skip


def _indexes(rows: Sequence[Row]) -> list[Index]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row[1]].append(row)
    return [Index(name, tuple(row[3] for row in group), bool(group[0][2])) for name, group in grouped.items()]


def declared_class(declared: str) -> ValueClass:
    """By SQLite's rules of affinity (https://sqlite.org/datatype3.html, 3.1), dates and times by their names."""
    name = declared.upper()
    if "INT" in name:
        return ValueClass.INTEGER
    if not name or any(part in name for part in ("CHAR", "CLOB", "TEXT")):
        return ValueClass.TEXT
    if "BLOB" in name:
        return ValueClass.BINARY
    if any(part in name for part in ("REAL", "FLOA", "DOUB")):
        return ValueClass.FLOAT
    if name.startswith(("DATETIME", "TIMESTAMP")):
        return ValueClass.TIMESTAMP
    if name.startswith("DATE"):
        return ValueClass.DATE
    if name.startswith("TIME"):
        return ValueClass.TIME
    return ValueClass.INTEGER if name.startswith("BOOL") else ValueClass.DECIMAL


_TIME = "[0-2][0-9]:[0-5][0-9]:[0-5][0-9]"


def held(name: str, declared: str) -> str:
    """SQL of two values: the storage class, and whether a text does not fit the declared date or time."""
    kind = declared_class(declared)
    head = f"CAST({name} AS TEXT)"
    if kind is ValueClass.DATE:
        wrong = f"date({head}, '+0 days') IS NOT {head}"
    elif kind is ValueClass.TIMESTAMP:
        day = f"substr({head}, 1, 10)"
        wrong = (
            f"date({day}, '+0 days') IS NOT {day} OR substr({head}, 11, 1) NOT IN (' ', 'T')"
            f" OR {_not_time(f'substr({head}, 12)')}"
        )
    elif kind is ValueClass.TIME:
        wrong = _not_time(head)
    else:
        return f"typeof({name}), 0"
    return f"typeof({name}), typeof({name}) = 'text' AND ({wrong})"


def _not_time(text: str) -> str:
    """Not HH:MM:SS with up to six digits of a second's fraction."""
    fraction = f"substr({text}, 9)"
    return (
        f"substr({text}, 1, 8) NOT GLOB '{_TIME}' OR substr({text}, 1, 2) > '23' OR NOT ({fraction} = '' OR"
        f" ({fraction} GLOB '.[0-9]*' AND substr({fraction}, 2) NOT GLOB '*[^0-9]*' AND length({fraction}) <= 7))"
    )


def class_of(declared: str, found: Collection[tuple[str, int]]) -> ValueClass:
    """The class all values have, from the pairs of ``held``; the declared one for a column without values."""
    kinds = {kind for kind, _ in found} - {"null"}
    wish = declared_class(declared)
    if not kinds:
        return wish
    if "text" in kinds:
        fits = kinds == {"text"} and not any(misfit for _, misfit in found)
        return wish if fits and wish.is_temporal else ValueClass.TEXT
    if "blob" in kinds:
        return ValueClass.BINARY if kinds == {"blob"} else ValueClass.TEXT
    if wish is ValueClass.DECIMAL or len(kinds) > 1:
        return ValueClass.DECIMAL
    return ValueClass.FLOAT if kinds == {"real"} else ValueClass.INTEGER
