"""PostgreSQL, MariaDB and SQLite writers."""

import csv
import io
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg2
import pymysql
from psycopg2 import sql

from demo.generate import Filled
from demo.spec import ColumnSpec, SourceSpec

REVOKED = {"ziran_bdc": "public.sys_log"}  # the account may see it and not read it
READER, WRITER = "census_reader", "census_writer"


def write_postgresql(url: str, source: SourceSpec, tables: list[Filled], passwords: dict[str, str]) -> None:
    """Makes database ``source.key`` on the server of ``url`` (a superuser's), with the account that the census uses."""
    server = psycopg2.connect(url)
    server.autocommit = True  # databases are not made inside a transaction
    _execute(server, sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(source.key)))
    _execute(server, sql.SQL("create database {}").format(sql.Identifier(source.key)))
    for role, password in passwords.items():
        account = sql.Identifier(role)
        with server.cursor() as cursor:
            cursor.execute("select 1 from pg_roles where rolname = %s", (role,))
            if not cursor.fetchone():
                cursor.execute(sql.SQL("create role {} login").format(account))
        _execute(server, sql.SQL("alter role {} password %s").format(account), (password,))
    server.close()
    with psycopg2.connect(url, dbname=source.key) as database:
        for schema in sorted({table.spec.schema for table in tables} - {"public"}):
            _execute(database, sql.SQL("create schema {}").format(sql.Identifier(schema)))
        for table in tables:
            _create_postgresql(database, table)
        for table in tables:
            _reference(database, table)
        for name, query in source.views:
            _execute(database, sql.SQL("create view {} as {}").format(_name(*name.split(".")), sql.SQL(query)))
        for schema in sorted({table.spec.schema for table in tables}):
            names = sql.Identifier(schema)
            _execute(
                database,
                sql.SQL(
                    "grant usage on schema {s} to {r}, {w}; grant select on all tables in schema {s} to {r}, {w};"
                    "grant insert, update on all tables in schema {s} to {w}"
                ).format(s=names, r=sql.Identifier(READER), w=sql.Identifier(WRITER)),
            )
        if source.key in REVOKED:
            target = _name(*REVOKED[source.key].split("."))
            _execute(database, sql.SQL("revoke select on {} from {}").format(target, sql.Identifier(READER)))
    database.autocommit = True
    _execute(database, sql.SQL("analyze"))
    database.close()


def _create_postgresql(database: Any, table: Filled) -> None:
    name = _name(table.spec.schema, table.spec.name)
    definitions = [
        sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.type.replace("double", "double precision")))
        for column in table.spec.columns
    ]
    keys = [sql.Identifier(column.name) for column in table.spec.columns if column.primary_key]
    if keys:
        definitions.append(sql.SQL("primary key ({})").format(sql.SQL(",").join(keys)))
    _execute(database, sql.SQL("create table {} ({})").format(name, sql.SQL(", ").join(definitions)))
    if table.spec.comment:
        _execute(database, sql.SQL("comment on table {} is %s").format(name), (table.spec.comment,))
    for column in table.spec.columns:
        if column.comment:
            target = sql.SQL("{}.{}").format(name, sql.Identifier(column.name))
            _execute(database, sql.SQL("comment on column {} is %s").format(target), (column.comment,))
    with database.cursor() as cursor:
        copy = sql.SQL("copy {} from stdin (format csv, force_null ({}))").format(
            name, sql.SQL(",").join(sql.Identifier(column.name) for column in table.spec.columns)
        )
        text = io.StringIO()
        csv.writer(text).writerows(table.rows)
        text.seek(0)
        cursor.copy_expert(copy.as_string(cursor), text)


def _reference(database: Any, table: Filled) -> None:
    """A foreign key for each clean reference; those with orphans never had one, which is how orphans come about."""
    for column in table.spec.columns:
        if column.generator.startswith("ref:") and "orphan" not in column.faults:
            target, _, key = column.generator.removeprefix("ref:").rpartition(".")
            _execute(
                database,
                sql.SQL("alter table {} add foreign key ({}) references {} ({})").format(
                    _name(table.spec.schema, table.spec.name),
                    sql.Identifier(column.name),
                    _name(*target.split(".")),
                    sql.Identifier(key),
                ),
            )


def _name(schema: str, name: str) -> sql.Composed:
    return sql.SQL("{}.{}").format(sql.Identifier(schema), sql.Identifier(name))


def _execute(connection: Any, statement: Any, parameters: Iterable[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def write_mysql(server: dict[str, Any], source: SourceSpec, tables: list[Filled], passwords: dict[str, str]) -> None:
    """Makes database ``source.key`` on a MariaDB; ``server`` holds PyMySQL's keywords of an administrator."""
    connection = pymysql.connect(**server, charset="utf8mb4", autocommit=False)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"drop database if exists `{source.key}`")
        cursor.execute(f"create database `{source.key}` character set utf8mb4")
        cursor.execute(f"use `{source.key}`")
        for table in tables:
            cursor.execute(_mysql_table(cursor, table), ())
            marks = ",".join(["%s"] * len(table.columns))
            rows = list(table.rows)
            for start in range(0, len(rows), 5_000):
                cursor.executemany(f"insert into `{table.spec.name}` values ({marks})", rows[start : start + 5_000])
        for host in ("127.0.0.1", "localhost"):
            cursor.execute(f"create or replace user {READER}@'{host}' identified by %s", (passwords[READER],))
            cursor.execute(f"grant select on `{source.key}`.* to {READER}@'{host}'")
        connection.commit()


def _mysql_table(cursor: Any, table: Filled) -> str:
    def comment(text: str) -> str:
        return f" comment {cursor.connection.escape(text)}" if text else ""

    lines = [f"`{column.name}` {column.type}{comment(column.comment)}" for column in table.spec.columns]
    keys = [f"`{column.name}`" for column in table.spec.columns if column.primary_key]
    lines += [f"primary key ({','.join(keys)})"] if keys else []
    return f"create table `{table.spec.name}` ({', '.join(lines)}){comment(table.spec.comment)}".replace("%", "%%")


def write_sqlite(path: Path, tables: list[Filled]) -> None:
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    with connection:
        for table in tables:
            name = f'"{table.spec.name}"'
            connection.execute(f"create table {name} ({', '.join(map(_sqlite_column, table.spec.columns))})")
            marks = ",".join("?" * len(table.columns))
            rows = ([_sqlite_value(value) for value in row] for row in table.rows)
            connection.executemany(f"insert into {name} values ({marks})", rows)
    connection.close()


def _sqlite_column(column: ColumnSpec) -> str:
    return f'"{column.name}" {column.type}{" primary key" if column.primary_key else ""}'


def _sqlite_value(value: Any) -> Any:
    return value if value is None or isinstance(value, int | str) else float(value) if _is_number(value) else str(value)


def _is_number(value: Any) -> bool:
    return hasattr(value, "as_tuple") or isinstance(value, float)
