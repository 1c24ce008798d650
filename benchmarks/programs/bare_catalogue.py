"""A database's catalogue in four plain statements, every row fetched and nothing made of it.

It starts as the census does, with the imports of its connector; with `--alone` psycopg2 is all it imports.
"""

import sys

import psycopg2

if "--alone" not in sys.argv:
    from scanner.lean import settle, without

    settle()
    without("pandas")
    import scanner.connectors.postgresql
    import scanner.connectors.registry
    import scanner.source  # noqa: F401

RELATIONS = """pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"""
STATEMENTS = (
    f"""SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples, pg_total_relation_size(c.oid),
               obj_description(c.oid, 'pg_class') FROM {RELATIONS}""",
    f"""SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               col_description(a.attrelid, a.attnum), pg_get_expr(d.adbin, d.adrelid)
        FROM {RELATIONS} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum""",
    f"""SELECT k.conrelid, k.conname, k.contype, k.conkey, k.confrelid, k.confkey
        FROM {RELATIONS} JOIN pg_constraint k ON k.conrelid = c.oid""",
    f"""SELECT i.indrelid, i.indexrelid, i.indkey, i.indisunique FROM {RELATIONS} JOIN pg_index i ON i.indrelid = c.oid""",
)  # fmt: skip

with psycopg2.connect("") as connection, connection.cursor() as cursor:
    counts = []
    for statement in STATEMENTS:
        cursor.execute(statement)
        counts.append(len(cursor.fetchall()))
    print(*counts)
