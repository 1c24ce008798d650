"""Hostile names are names: listed, measured and checked exactly, executed never; and our own session cannot write."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2
import pymysql
import pytest

from scanner.connectors.base import Connector
from scanner.connectors.registry import open_source
from scanner.errors import RuleError, SourceError
from scanner.model import Rule
from scanner.reading import read_table
from scanner.rules import parse_rule
from tests.contracts import sources
from tests.contracts.sources import Estate

NAMES = [
    "a'b", 'a"b', "a`b", "a; DROP TABLE canary; --", "a'; DROP TABLE canary; --", 'a"; DROP TABLE canary; --', "--", "/* a", "%s", "%(x)s", "100%", ":name", "?",
    "$1", "{x}", "a\nb", "a\tb", "\u202eab", "a[b]", "a\\b", "SELECT", "x" * 63, "人口 表",
]  # fmt: skip


@pytest.fixture(scope="module", params=["postgresql", "mysql", "sqlite"])
def estate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    name = f"names_{os.getpid()}"
    if request.param == "sqlite":
        made = sources.sqlite(tmp_path_factory.mktemp("names"))
    elif request.param == "mysql":
        made = sources.mysql(request.getfixturevalue("mariadb_server"), name)
    else:
        made = sources.postgresql(request.getfixturevalue("postgres_server"), name)
    with made as found:
        mark, kind = sources._quote(found.kind), sources._text(found.kind)
        found.create("canary", [f"a {kind}"], [["alive"]])
        for name in NAMES:
            found.create(
                name, ["id int PRIMARY KEY", f"{mark(name)} {kind}"], [(1, "x"), (2, "y"), (3, None), (4, "x")]
            )
        yield found


@pytest.mark.parametrize("plan", ["pull", "push"])
def test_hostile_names_are_listed_measured_and_checked_exactly(estate: Estate, plan: str) -> None:
    with estate.open() as connector:
        assert {table.name for table in connector.snapshot().tables} == {*NAMES, "canary"}
        for name in NAMES:
            table = connector.describe(estate.schema, name)
            quoted = '"' + name.replace('"', '""') + '"'
            control = any(sign < " " for sign in name)
            rules = [
                Rule("filled", "not_null", (name,)), Rule("once", "unique", (name,)), Rule("set", "in_set", (name,), {"values": ("x",)}),
                *([] if control else [Rule("some", "not_null", (name,), {}, where=f"{quoted} = 'x' OR {quoted} IS NULL")]),
            ]  # fmt: skip
            reading = read_table(connector, table, rules=rules, plan=plan)
            profile = reading.columns[1]
            assert (name, reading.rows, profile.name, profile.nulls, profile.distinct) == (name, 4, name, 1, 2)
            found = [(result.evaluated, result.failed, result.error) for result in reading.results]
            assert (name, found) == (name, [(4, 1, None), (3, 2, None), (3, 1, None), (3, 1, None)][: len(rules)])
        assert read_table(connector, connector.describe(estate.schema, "canary")).rows == 1


WRITES = [
    "INSERT INTO canary VALUES ('x')",
    "UPDATE canary SET a = 'x'",
    "DELETE FROM canary",
    "DROP TABLE canary",
    "CREATE TABLE made (a int)",
]


@pytest.mark.parametrize("sql", WRITES)
def test_our_own_session_cannot_write_though_the_account_may(estate: Estate, sql: str) -> None:
    with estate.open() as connector:
        if estate.kind != "sqlite":
            held = connector.test().privileges
            assert (held.superuser, held.can_write) == (True, True)  # flagged
        with pytest.raises(SourceError) as caught:
            connector.execute(sql)
        assert caught.value.code == "read_failed"
    with estate.open() as connector:
        assert read_table(connector, connector.describe(estate.schema, "canary")).columns[0].top == [("alive", 1)]


@pytest.mark.parametrize("pattern", ["(a", "a{2000}", "((a{100}){100}){100}", "(?=a)", "(a)\\1", "[", "x" * 20_000, ""])
def test_a_pattern_that_re2_does_not_run_is_refused_in_words(pattern: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rule({"id": "r", "kind": "matches", "columns": ["a"], "parameters": {"pattern": pattern}})
    assert caught.value.field == "parameters.pattern"


@pytest.mark.parametrize("plan", ["pull", "push"])
def test_a_pattern_that_kills_others_is_counted(estate: Estate, plan: str) -> None:
    with estate.open() as connector:
        rule = Rule("slow", "matches", ("a",), {"pattern": r"^(a+)+(al|ali|alive)*$"})
        reading = read_table(connector, connector.describe(estate.schema, "canary"), rules=[rule], plan=plan)
    assert (reading.results[0].evaluated, reading.results[0].failed) == (1, 1)


# -- schemas: databases and folders too --------------------------------------------------------------------------------

SCHEMAS = [
    "a'b", 'a"b', "a`b", "a.b", "a; DROP TABLE canary; --", 'x"; DROP TABLE canary; --', "--", "%s", "100%", ":name", "?", "{x}", "a\nb", "a\tb", "\u202eab",
    "a\\b", "SELECT", "Public", "PUBLIC", " lead", "x" * 63, "汉" * 21, "人口 库",
]  # fmt: skip
TRAILING = ["trail ", " both "]  # MySQL has none that end in a blank
SCHEMA_RULES = (
    Rule("filled", "not_null", ("a",)), Rule("once", "unique", ("a",)), Rule("where", "not_null", ("a",), {}, where="id > 2"),
)  # fmt: skip


@contextmanager
def postgresql_schemas(server: str) -> Iterator[tuple[Connector, set[str]]]:
    with sources.postgresql(server, f"schemas_{os.getpid()}") as estate:
        estate.create("canary", ["a text"], [["alive"]])
        parts = urlsplit(server)._replace(path=f"/schemas_{os.getpid()}")
        with closing(psycopg2.connect(parts.geturl())) as admin:
            admin.autocommit = True
            for name in (*SCHEMAS, *TRAILING):
                quoted = sources._quote("postgresql")(name)
                with admin.cursor() as cursor:
                    cursor.execute(f"CREATE SCHEMA {quoted}; CREATE TABLE {quoted}.t (id int PRIMARY KEY, a text)")
                    cursor.execute(f"INSERT INTO {quoted}.t VALUES (1, 'x'), (2, 'y'), (3, NULL), (4, 'x')")
        with estate.open() as connector:
            yield connector, {*SCHEMAS, *TRAILING, "public"}


@contextmanager
def mysql_schemas(server: str) -> Iterator[tuple[Connector, set[str]]]:
    """Every database that the account sees: names of databases are the server's."""
    parts = urlsplit(server)
    account = {"host": parts.hostname, "port": parts.port or 3306, "user": parts.username or ""}
    password = unquote(parts.password or "")
    made: list[str] = []
    admin = pymysql.connect(**account, password=password, charset="utf8mb4", autocommit=True)
    with closing(admin), admin.cursor() as cursor:
        try:
            for name in SCHEMAS:
                quoted = sources._quote("mysql")(name)
                cursor.execute(f"CREATE DATABASE {quoted} CHARACTER SET utf8mb4")
                made.append(quoted)
                cursor.execute(f"CREATE TABLE {quoted}.t (id int PRIMARY KEY, a varchar(9))")
                cursor.execute(f"INSERT INTO {quoted}.t VALUES (1, 'x'), (2, 'y'), (3, NULL), (4, 'x')")
            with open_source("mysql", account, {"password": password}) as connector:
                yield connector, set(SCHEMAS)
        finally:
            for quoted in made:
                cursor.execute(f"DROP DATABASE {quoted}")


@contextmanager
def folders(place: Path) -> Iterator[tuple[Connector, set[str]]]:
    for name in (*SCHEMAS, *TRAILING):
        (place / "root" / name).mkdir(parents=True)
        (place / "root" / name / "t.csv").write_text("id,a\n1,x\n2,y\n3,\n4,x\n")
    with open_source("files", {"path": str(place / "root")}) as connector:
        yield connector, {*SCHEMAS, *TRAILING}


@pytest.fixture(params=["postgresql", "mysql", "files"])
def schemas(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Connector, set[str]]]:
    """A source of these schemas, each with one table ``t``, and all that it holds."""
    if request.param == "files":
        made = folders(tmp_path)
    elif request.param == "mysql":
        made = mysql_schemas(request.getfixturevalue("mariadb_server"))
    else:
        made = postgresql_schemas(request.getfixturevalue("postgres_server"))
    with made as found:
        yield found


def test_hostile_schemas_are_listed_measured_and_checked_exactly(schemas: tuple[Connector, set[str]]) -> None:
    connector, names = schemas
    found = [table for table in connector.snapshot().tables if table.schema in names]
    assert sorted(table.schema for table in found) == sorted(names)
    for table in found:
        if table.name == "canary":
            continue
        for plan in ("pull", "push"):
            reading = read_table(connector, connector.describe(table.schema, "t"), rules=SCHEMA_RULES, plan=plan)
            profile = reading.columns[1]
            assert (table.schema, reading.rows, profile.nulls, profile.distinct) == (table.schema, 4, 1, 2)
            assert [(r.evaluated, r.failed, r.error) for r in reading.results] == [
                (4, 1, None),
                (3, 2, None),
                (2, 1, None),
            ]
    missing = [("no such schema", "t"), ("a'b", "no such table"), ("a\0b", "t")]
    for schema, name in missing:
        with pytest.raises(SourceError) as caught:
            connector.describe(schema, name)
        assert caught.value.code in ("no_such_table", "unknown_database")


@pytest.mark.parametrize(
    "name", ["a?mode=rwc", "a#b", "%2e%2e", "file:x", "a&immutable=1", " lead", "trail ", "人口 库", "x" * 200]
)
def test_a_hostile_name_of_a_database_file_is_its_name(tmp_path: Path, name: str) -> None:
    """SQLite takes an address, in which these would be its end, an option, or another file."""
    with closing(sqlite3.connect(tmp_path / "made")) as made:
        made.executescript("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x');")
    (tmp_path / "made").rename(tmp_path / name)
    with open_source("sqlite", {"path": str(tmp_path / name)}, folders=[tmp_path]) as connector:
        assert read_table(connector, connector.describe("main", "t")).rows == 1
    assert [path.name for path in tmp_path.iterdir() if path.name != "platform"] == [name]
