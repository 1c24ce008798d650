"""The own traps of MySQL and MariaDB: what the catalogue hides or makes up, what values look like, what an account may."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from scanner.connectors.base import Connector
from scanner.connectors.registry import open_source
from scanner.errors import SourceError
from scanner.model import Column, ForeignKey, Index, Snapshot, Table, ValueClass
from tests.contracts import sources
from tests.contracts.sources import Estate

READER = f"dg_reader_{os.getpid()}"
ROLE = f"{READER}@localhost"  # a fresh server has an anonymous account there, which would go before any at %
ROLE_PASSWORD = "reader-pw"

SCHEMA = [
    f"CREATE TABLE facts (b int, a int, name varchar(20) DEFAULT 'NULL' COMMENT '{'长' * 1024}', free varchar(5), note varchar(9) DEFAULT NULL,"
    " hid int INVISIBLE DEFAULT 5, gen int AS (a + 1) STORED, code char(4) NOT NULL DEFAULT '', at timestamp NOT NULL DEFAULT current_timestamp(),"
    " PRIMARY KEY (a, b), KEY by_name (name, b), UNIQUE KEY by_free (free)) COMMENT '事实''表'",
    "CREATE TABLE child (x int, y int, CONSTRAINT fk FOREIGN KEY (x, y) REFERENCES facts (a, b))",
    "CREATE TABLE versioned (id int PRIMARY KEY, x int) WITH SYSTEM VERSIONING",
    "CREATE TABLE months (k int, d date, PRIMARY KEY (k, d)) PARTITION BY RANGE (year(d))"
    " (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN MAXVALUE)",
    "INSERT INTO months VALUES (1, '2019-01-01'), (2, '2021-01-01')",
    "CREATE VIEW seen AS SELECT a, name FROM facts",
    "CREATE TABLE lost (a int)", "CREATE VIEW broken AS SELECT * FROM lost", "DROP TABLE lost",
    "CREATE SEQUENCE numbers",
    "CREATE TABLE partly (open_column int, closed_column int)",
    "CREATE TABLE secret (a int)",
]  # fmt: skip

VALUES = {
    "n bigint unsigned": (["18446744073709551615", "0"],) * 2,
    "t tinyint(1)": (["1", "0", "-128"],) * 2,
    "z int(6) zerofill": (["42", "0"],) * 2,
    "dc decimal(20,4)": (["1.1000", "-0.5", "100", "-0"], ["1.1", "-0.5", "100", "0"]),
    "dz decimal(8,2) zerofill": (["1.50"], ["1.5"]),
    "f float": (["0.1", "16777216", "1.5e20", "-0"], ["0.1", "16777216.0", "1.5e+20", "0.0"]),
    "d double": (["0.1", "1e15", "1e16", "1e-7"], ["0.1", "1000000000000000.0", "1e+16", "1e-07"]),
    "b bit(10)": (["10", "1023"],) * 2,
    "y year": (["2024", "0000"], ["2024", "0"]),
    "e enum('a','中')": (["a", "中"],) * 2,
    "s set('x','y')": (["x,y", ""],) * 2,
    "dt date": (["2020-02-29", "0000-00-00", "2020-00-00"],) * 2,
    "ts datetime(6)": (
        ["2020-01-01 10:00:00.5", "2020-01-01", "0000-00-00"],
        ["2020-01-01T10:00:00.500000", "2020-01-01T00:00:00", "0000-00-00T00:00:00"],
    ),
    "tz timestamp(3) NULL": (["2020-01-01 10:00:00.12"], ["2020-01-01T10:00:00.120000+00:00"]),
    "h time(2)": (["10:00:00", "100:00:00", "-01:00:00.5"], ["10:00:00", "100:00:00", "-01:00:00.500000"]),
    "j json": (['{"a": 1}', "[]"],) * 2,
    "c char(6)": (["ab", "ab  ", " x"], ["ab", "ab", " x"]),
    "v varchar(40)": (["ab ", "", "NULL", "a,\"b'\r\n\t\\\0", "😀中\u3000"],) * 2,
    "l varchar(20) character set latin1": (["café"],) * 2,
    "k varchar(20) character set gbk": (["张三"],) * 2,
    "bl blob": ([b"\x00\xff", b""], ["00ff", ""]),
    "bn binary(3)": ([b"a"], ["610000"]),
    "txt longtext": (["x" * 300, "y" * 70_000, "z" * 1_000_000],) * 2,
}


@pytest.fixture(scope="module")
def owner(mariadb_server: str) -> Iterator[tuple[Estate, Any]]:
    import pymysql  # optional driver

    with sources.mysql(mariadb_server, f"my_{os.getpid()}") as estate:
        parts = urlsplit(mariadb_server)
        connection = pymysql.connect(
            host=parts.hostname, port=parts.port or 3306, user=parts.username or "", password=unquote(parts.password or ""),
            charset="utf8mb4", init_command="SET sql_mode = '', time_zone = '+00:00'", autocommit=True, database=estate.schema,
        )  # fmt: skip
        cursor = connection.cursor()
        for statement in SCHEMA:
            cursor.execute(statement)
        cursor.execute(f"CREATE USER {ROLE} IDENTIFIED BY '{ROLE_PASSWORD}'")
        for table in ("facts", "child", "seen"):
            cursor.execute(f"GRANT SELECT ON {table} TO {ROLE}")
        cursor.execute(f"GRANT SELECT (open_column), REFERENCES (closed_column) ON partly TO {ROLE}")
        yield estate, cursor
        cursor.execute(f"DROP USER {ROLE}")
        connection.close()


@pytest.fixture
def estate(owner: tuple[Estate, Any]) -> Estate:
    return owner[0]


@pytest.fixture
def cursor(owner: tuple[Estate, Any]) -> Any:
    return owner[1]


@pytest.fixture
def source(estate: Estate) -> Iterator[Connector]:
    with estate.open() as connector:
        yield connector


@pytest.fixture
def reader(estate: Estate) -> Iterator[Connector]:
    """The source as an account that may only read."""
    with estate.open() as usual:
        values = {**usual.values, "user": READER}
    with open_source("mysql", values, {"password": ROLE_PASSWORD}) as connector:
        yield connector


def named(snapshot: Snapshot, name: str) -> Table:
    return next(table for table in snapshot.tables if table.name == name)


def test_the_catalogue_is_read_in_four_statements(source: Connector) -> None:
    snapshot = source.snapshot()
    assert snapshot.statements == 4
    assert [(table.name, table.kind) for table in snapshot.tables] == [
        ("child", "table"), ("facts", "table"), ("months", "table"), ("partly", "table"), ("secret", "table"),
        ("seen", "view"), ("versioned", "table"),
    ]  # fmt: skip


def test_columns_keys_defaults_and_comments(source: Connector) -> None:
    facts = named(source.snapshot(), "facts")
    assert (facts.comment, facts.primary_key) == ("事实'表", ("a", "b"))
    assert facts.indexes == (Index("by_free", ("free",), unique=True), Index("by_name", ("name", "b"), unique=False))
    assert facts.columns == (
        Column("b", 1, "int(11)", ValueClass.INTEGER, nullable=False, primary_key=True),
        Column("a", 2, "int(11)", ValueClass.INTEGER, nullable=False, primary_key=True),
        Column("name", 3, "varchar(20)", ValueClass.TEXT, True, "'NULL'", "长" * 1024),  # the text, not the null
        Column("free", 4, "varchar(5)", ValueClass.TEXT),
        Column("note", 5, "varchar(9)", ValueClass.TEXT),
        Column("hid", 6, "int(11)", ValueClass.INTEGER, default="5"),
        Column("gen", 7, "int(11)", ValueClass.INTEGER, default="GENERATED ALWAYS AS (`a` + 1)"),
        Column("code", 8, "char(4)", ValueClass.TEXT, nullable=False, default="''", padded=True),
        Column("at", 9, "timestamp", ValueClass.TIMESTAMPTZ, nullable=False, default="current_timestamp()"),
    )


def test_keys_views_versions_and_partitions(estate: Estate, source: Connector) -> None:
    snapshot = source.snapshot()
    assert named(snapshot, "child").foreign_keys == (ForeignKey(("x", "y"), estate.schema, "facts", ("a", "b")),)
    assert (named(snapshot, "seen").comment, named(snapshot, "seen").row_estimate) == ("", None)
    assert named(snapshot, "versioned").primary_key == ("id",)
    months = named(snapshot, "months")
    assert sum(batch.num_rows for batch in source.read(months, months.columns)) == 2


def test_a_broken_view_makes_only_itself_unreadable(estate: Estate, source: Connector) -> None:
    (item,) = source.snapshot().unreadable
    assert (item.object, item.code) == (f"{estate.schema}.broken", "read_failed")
    assert "view" in item.reason
    with pytest.raises(SourceError) as caught:
        source.describe(estate.schema, "broken")
    assert caught.value.code == "read_failed"


def test_a_hidden_column_is_read_too(source: Connector, cursor: Any) -> None:
    cursor.execute("INSERT INTO facts (a, b) VALUES (1, 2)")
    facts = named(source.snapshot(), "facts")
    (batch,) = source.read(facts, facts.columns)
    assert batch.to_pylist()[0]["hid"] == "5"
    cursor.execute("DELETE FROM facts")


def test_what_the_account_may_not_read_is_unreadable(estate: Estate, reader: Connector) -> None:
    snapshot = reader.snapshot()
    assert [item.object for item in snapshot.unreadable] == [f"{estate.schema}.partly.closed_column"]
    partly = named(snapshot, "partly")
    assert [column.name for column in partly.columns] == ["open_column"]
    assert list(reader.read(partly, partly.columns)) == []


def test_a_revoked_table_is_hidden_and_not_gone(estate: Estate, reader: Connector) -> None:
    """The catalogue does not show what the account has no right on; asked by name, the server says so."""
    names = [(estate.schema, "secret"), (estate.schema, "facts"), ("mysql", "user"), ("nowhere", "x")]
    assert "secret" not in {table.name for table in reader.snapshot().tables}
    found = {item.object: item.code for item in reader.still_there([names[0], *names[2:]])}
    assert found[f"{estate.schema}.secret"] == "no_permission"
    assert found["mysql.user"] == "no_permission"


def test_a_dropped_table_is_gone(estate: Estate, source: Connector) -> None:
    assert source.still_there([(estate.schema, "lost"), ("nowhere", "x")]) == ()


@pytest.mark.parametrize(
    ("grant", "revoke"),
    [
        ("GRANT INSERT ON child TO {0}", "REVOKE INSERT ON child FROM {0}"),
        ("GRANT UPDATE (x) ON child TO {0}", "REVOKE UPDATE (x) ON child FROM {0}"),
        ("GRANT DELETE ON child TO {0}", "REVOKE DELETE ON child FROM {0}"),
        ("GRANT CREATE ON {1}.* TO {0}", "REVOKE CREATE ON {1}.* FROM {0}"),
        ("GRANT DROP ON *.* TO {0}", "REVOKE DROP ON *.* FROM {0}"),
    ],
)
def test_an_account_that_can_write_is_told(
    estate: Estate, reader: Connector, cursor: Any, grant: str, revoke: str
) -> None:
    assert not reader.snapshot().privileges.can_write, reader.execute("SHOW GRANTS")
    cursor.execute(grant.format(ROLE, estate.schema))
    try:
        with open_source("mysql", reader.values, {"password": ROLE_PASSWORD}) as again:
            held = again.snapshot().privileges
        assert (held.can_write, held.superuser) == (True, False)
    finally:
        cursor.execute(revoke.format(ROLE, estate.schema))


def test_names_are_no_grants(estate: Estate, reader: Connector, cursor: Any) -> None:
    """A table whose name reads like a grant does not make its reader a writer."""
    cursor.execute("CREATE TABLE `x ON *.* , INSERT, ALL PRIVILEGES ON y` (a int)")
    cursor.execute(f"GRANT SELECT ON `x ON *.* , INSERT, ALL PRIVILEGES ON y` TO {ROLE}")
    try:
        held = reader.snapshot().privileges
        assert (held.can_write, held.superuser) == (False, False)
    finally:
        cursor.execute("DROP TABLE `x ON *.* , INSERT, ALL PRIVILEGES ON y`")


def test_a_superuser_is_told_and_still_cannot_write(source: Connector) -> None:
    held = source.snapshot().privileges
    assert (held.can_write, held.superuser) == (True, True)
    with pytest.raises(SourceError, match="READ ONLY"):
        source.execute("INSERT INTO secret VALUES (1)")


@pytest.mark.parametrize("declared", VALUES)
def test_values_are_canonical(estate: Estate, source: Connector, cursor: Any, declared: str) -> None:
    given, expected = VALUES[declared]
    name, kind = declared.split(" ", 1)
    cursor.execute(f"CREATE OR REPLACE TABLE val (at int, {name} {kind})")
    for at, value in enumerate(given):
        mark = "CAST(%s AS UNSIGNED)" if kind.startswith("bit") else "%s"
        cursor.execute(f"INSERT INTO val VALUES (%s, {mark})", (at, value))
    cursor.execute("INSERT INTO val VALUES (99, NULL)")
    table = source.describe(estate.schema, "val")
    rows = [row for batch in source.read(table, table.columns) for row in batch.to_pylist()]
    assert [row[name] for row in rows] == [*expected, None]
    cursor.execute("DROP TABLE val")


def test_geometry_is_well_known_text(estate: Estate, source: Connector, cursor: Any) -> None:
    cursor.execute("CREATE TABLE shapes (g geometry)")
    cursor.execute("INSERT INTO shapes VALUES (ST_GeomFromText('POINT(1 2)')), (NULL)")
    table = source.describe(estate.schema, "shapes")
    assert [row["g"] for batch in source.read(table, table.columns) for row in batch.to_pylist()] == [
        "POINT(1 2)",
        None,
    ]
    cursor.execute("DROP TABLE shapes")


def test_every_database_the_account_sees_when_none_is_named(estate: Estate, source: Connector) -> None:
    with open_source("mysql", {**source.values, "database": ""}, {"password": estate.password}) as connector:
        schemas = {table.schema for table in connector.snapshot().tables}
    assert estate.schema in schemas
    assert schemas.isdisjoint({"mysql", "information_schema", "performance_schema", "sys"})


def test_an_empty_database_has_no_tables(mariadb_server: str) -> None:
    with sources.mysql(mariadb_server, f"none_{os.getpid()}") as estate, estate.open() as connector:
        snapshot = connector.snapshot()
        assert (snapshot.tables, snapshot.unreadable) == ((), ())
