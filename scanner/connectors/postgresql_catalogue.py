"""PostgreSQL's catalogue in three statements, and their rows as tables.

``pg_catalog`` rather than ``information_schema``, which hides what the account may not read: such tables are there and
are reported as unreadable. Placeholders: ``%(schema)s`` and ``%(name)s`` are null for everything, or name one relation;
``%(careful)s`` steers clear of what another session has locked exclusively, for a second try after a lock time-out.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from scanner.connectors.base import limited
from scanner.connectors.shapes import FLAG, NAME, NUMBER, TEXT, TEXTS
from scanner.errors import SourceError, said
from scanner.guard import Limits
from scanner.model import Column, ForeignKey, Index, Table, Unreadable, ValueClass

Row = tuple[Any, ...]

# Relations of users. Partitions count with their parent and are listed only when asked for by name.
_RELATIONS = """
    relations AS (
        SELECT c.oid, c.relname, c.relkind, c.reltuples, c.relpages, n.nspname, n.oid AS nspoid,
               %(careful)s AND EXISTS (SELECT 1 FROM pg_catalog.pg_locks k
                   WHERE k.relation = c.oid AND k.mode = 'AccessExclusiveLock' AND k.database = (
                       SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())) AS locked
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
          AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
          AND CASE WHEN %(schema)s::text IS NULL THEN NOT c.relispartition
                   ELSE n.nspname = %(schema)s::text AND c.relname = %(name)s::text END
        ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT %(tables)s)"""

SESSION = """
SELECT pg_catalog.version(), r.rolsuper OR EXISTS (
         SELECT 1 FROM pg_catalog.pg_roles x WHERE x.rolsuper AND pg_catalog.pg_has_role(x.oid, 'MEMBER')),
       r.rolcreaterole OR r.rolcreatedb
         OR pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
         OR EXISTS (SELECT 1 FROM pg_catalog.pg_roles x WHERE pg_catalog.pg_has_role(x.oid, 'MEMBER') AND x.rolname IN
              ('pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program', 'pg_maintain'))
         OR EXISTS (SELECT 1 FROM pg_catalog.pg_namespace n
              WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
                AND pg_catalog.has_schema_privilege(n.oid, 'CREATE'))
         OR EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
                AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
                AND (pg_catalog.pg_has_role(c.relowner, 'MEMBER')
                  OR pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
                  OR pg_catalog.has_any_column_privilege(c.oid, 'INSERT, UPDATE'))),
       (SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
           AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'),
       (SELECT count(*) FROM pg_catalog.pg_namespace n
         WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_')
FROM pg_catalog.pg_roles r WHERE r.rolname = current_user"""

# {size} and {leaf_size}: see SIZES. reltuples is -1 (before 14: 0 without pages) until the first ANALYZE.
TABLES = (
    "WITH RECURSIVE"
    + _RELATIONS
    + """,
    tree(root, oid) AS (
        SELECT oid, oid FROM relations WHERE relkind = 'p'
        UNION ALL
        SELECT t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid),
    leaves AS (
        SELECT t.root, sum({leaf_size}) AS size,
               sum(CASE WHEN {known} THEN p.reltuples::float8 END) AS estimate
        FROM tree t JOIN pg_catalog.pg_class p ON p.oid = t.oid WHERE p.relkind IN ('r', 'f') GROUP BY t.root)
SELECT c.oid, c.nspname, c.relname, c.relkind, left(d.description, %(comment)s),
       CASE c.relkind WHEN 'v' THEN NULL WHEN 'p' THEN l.estimate
            ELSE CASE WHEN {known_c} THEN c.reltuples::float8 END END,
       CASE c.relkind WHEN 'v' THEN NULL WHEN 'f' THEN NULL WHEN 'p' THEN coalesce(l.size, 0) ELSE {size} END,
       pg_catalog.has_schema_privilege(c.nspoid, 'USAGE'),
       pg_catalog.has_table_privilege(c.oid, 'SELECT'),
       pg_catalog.has_any_column_privilege(c.oid, 'SELECT'), c.locked,
       c.relkind = 'p' OR EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i
           JOIN pg_catalog.pg_class p ON p.oid = i.inhrelid JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
           WHERE i.inhparent = c.oid AND n.nspname = '_timescaledb_internal')
FROM relations c
LEFT JOIN leaves l ON l.root = c.oid
LEFT JOIN pg_catalog.pg_description d
       ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = 0
ORDER BY c.nspname COLLATE "C", c.relname COLLATE "C" """
)

# The size functions (and pg_get_expr) wait behind an exclusive lock; relpages (of the last VACUUM or ANALYZE) never does.
SIZES = {
    True: ("pg_catalog.pg_total_relation_size({}.oid)::int8", "pg_catalog.pg_total_relation_size({}.oid)::int8"),
    False: ("{}.relpages::int8 * current_setting('block_size')::int8",) * 2,
}
_KNOWN = (
    "{0}.reltuples >= 0 AND ({0}.reltuples > 0 OR {0}.relpages > 0 OR"
    " current_setting('server_version_num')::int >= 140000)"
)

# Domains nest, so the base type is found by walking down; attgenerated exists since 12.
COLUMNS = (
    "WITH RECURSIVE"
    + _RELATIONS
    + """,
    base(oid, base, required) AS (
        SELECT oid, oid, false FROM pg_catalog.pg_type WHERE typtype <> 'd'
        UNION ALL
        SELECT d.oid, b.base, b.required OR d.typnotnull FROM pg_catalog.pg_type d
        JOIN base b ON d.typbasetype = b.oid WHERE d.typtype = 'd')
SELECT c.oid, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
       CASE WHEN bt.typnamespace = 'pg_catalog'::pg_catalog.regnamespace THEN bt.typname END,
       NOT (a.attnotnull OR b.required),
       CASE WHEN a.attidentity = 'a' THEN 'GENERATED ALWAYS AS IDENTITY'
            WHEN a.attidentity = 'd' THEN 'GENERATED BY DEFAULT AS IDENTITY'
            WHEN a.attgenerated <> '' THEN 'GENERATED ALWAYS AS (' || pg_catalog.pg_get_expr(x.adbin, x.adrelid) || ')'
            ELSE left(pg_catalog.pg_get_expr(x.adbin, x.adrelid), %(comment)s) END,
       left(d.description, %(comment)s),
       pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
FROM relations c
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN base b ON b.oid = a.atttypid JOIN pg_catalog.pg_type bt ON bt.oid = b.base
LEFT JOIN pg_catalog.pg_attrdef x ON x.adrelid = c.oid AND x.adnum = a.attnum AND NOT c.locked
LEFT JOIN pg_catalog.pg_description d
       ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = a.attnum
ORDER BY c.oid, a.attnum"""
)

# A foreign key to a partitioned table has a clone per partition (conparentid); the order of a key is conkey's.
KEYS = (
    "WITH"
    + _RELATIONS
    + """
SELECT k.conrelid, k.contype::text, k.conname, false,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(num, ord)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.ord),
       rn.nspname, rc.relname,
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(num, ord)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num ORDER BY u.ord)
FROM relations c JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid
LEFT JOIN pg_catalog.pg_class rc ON rc.oid = k.confrelid
LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace
WHERE k.contype = 'p' OR (k.contype = 'f' AND k.conparentid = 0)
UNION ALL
SELECT i.indrelid, 'i', ic.relname, i.indisunique,
       ARRAY(SELECT coalesce(a.attname::text, pg_catalog.pg_get_indexdef(i.indexrelid, s.n, true))
             FROM generate_series(1, i.indnkeyatts) s(n)
             LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[s.n - 1]
              AND i.indkey[s.n - 1] <> 0 ORDER BY s.n),
       NULL, NULL, NULL
FROM relations c JOIN pg_catalog.pg_index i ON i.indrelid = c.oid
JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
WHERE NOT i.indisprimary AND i.indislive AND NOT c.locked
ORDER BY 1, 2, 3"""
)

KIND = {"r": "table", "p": "table", "v": "view", "m": "materialized_view", "f": "foreign_table"}

CLASS = {
    "int2": ValueClass.INTEGER, "int4": ValueClass.INTEGER, "int8": ValueClass.INTEGER, "oid": ValueClass.INTEGER,
    "numeric": ValueClass.DECIMAL, "float4": ValueClass.FLOAT, "float8": ValueClass.FLOAT, "bool": ValueClass.BOOLEAN,
    "date": ValueClass.DATE, "time": ValueClass.TIME, "timestamp": ValueClass.TIMESTAMP,
    "timestamptz": ValueClass.TIMESTAMPTZ, "bytea": ValueClass.BINARY,
}  # fmt: skip


_MAYBE = FLAG.or_null()  # what has gone meanwhile has no rights
SHAPES = {
    "session": (TEXT, _MAYBE, _MAYBE, NUMBER, NUMBER),
    "tables": (NUMBER, NAME, NAME, TEXT, TEXT.or_null(), NUMBER.or_null(), NUMBER.or_null(), *[_MAYBE] * 3, FLAG, FLAG),
    "columns": (NUMBER, NAME, TEXT, TEXT.or_null(), _MAYBE, TEXT.or_null(), TEXT.or_null(), _MAYBE),
    "keys": (NUMBER, TEXT, NAME, _MAYBE, TEXTS, *[TEXT.or_null()] * 2, TEXTS.or_null()),
}


def quoted(name: str) -> str:
    """An identifier for a statement; NUL cannot be part of a name and would silently cut it."""
    if "\0" in name:
        raise SourceError("no_such_table", object=name.replace("\0", "\\0"))
    return '"' + name.replace('"', '""') + '"'


def relation(table: Table) -> str:
    """What FROM takes to read a table's own rows: what inherits from it is a table in its own right."""
    only = "ONLY " if table.kind in ("table", "foreign_table") and not table.in_parts else ""
    return f"{only}{quoted(table.schema)}.{quoted(table.name)}"


def tables_statement(*, careful: bool) -> str:
    size, leaf_size = SIZES[not careful]
    return TABLES.format(
        size=size.format("c"), leaf_size=leaf_size.format("p"), known=_KNOWN.format("p"), known_c=_KNOWN.format("c")
    )


def assemble(
    tables: Sequence[Row], columns: Iterable[Row], keys: Iterable[Row], limits: Limits
) -> tuple[list[Table], list[Unreadable]]:
    """Tables with at least one readable column, and everything that is there but may not be read."""
    columns_of: dict[int, list[Row]] = defaultdict(list)
    for row in columns:
        columns_of[row[0]].append(row)
    keys_of: dict[int, list[Row]] = defaultdict(list)
    for row in keys:
        keys_of[row[0]].append(row)
    readable: list[Table] = []
    unreadable: list[Unreadable] = []
    for row in tables:
        label = f"{row[1]}.{row[2]}"
        own = columns_of[row[0]]
        if not (row[7] and (row[8] or row[9])):
            unreadable.append(Unreadable(label, said("the account may not read it")))
        elif row[10]:
            unreadable.append(Unreadable(label, said("another session holds an exclusive lock on it"), "read_failed"))
        else:
            denied = [column[1] for column in own if not (row[8] or column[7])]
            unreadable += [Unreadable(f"{label}.{name}", said("the account may not read it")) for name in denied]
            readable.append(limited(_table(row, own, keys_of[row[0]]), limits))
    return readable, unreadable


def _table(row: Row, columns: Sequence[Row], keys: Sequence[Row]) -> Table:
    primary = next((tuple(key[4]) for key in keys if key[1] == "p"), ())
    return Table(
        schema=row[1], name=row[2], kind=KIND[row[3]], comment=row[4] or "",
        row_estimate=None if row[5] is None else round(row[5]), bytes=None if row[6] is None else int(row[6]),
        columns=tuple(
            _column(column, position, column[1] in primary)
            for position, column in enumerate(columns, 1)
            if row[8] or column[7]
        ),
        primary_key=primary,
        foreign_keys=tuple(ForeignKey(tuple(k[4]), k[5], k[6], tuple(k[7])) for k in keys if k[1] == "f"),
        indexes=tuple(Index(k[2], tuple(k[4]), k[3]) for k in keys if k[1] == "i"),
        in_parts=bool(row[11]),
    )  # fmt: skip


def _column(row: Row, position: int, primary: bool) -> Column:
    return Column(
        name=row[1], position=position, type=row[2], value_class=CLASS.get(row[3], ValueClass.TEXT), nullable=row[4],
        default=row[5], comment=row[6] or "", primary_key=primary, padded=row[3] == "bpchar",
    )  # fmt: skip
