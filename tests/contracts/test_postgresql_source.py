"""PostgreSQL's own traps: what its catalogue hides, what its values look like, what an account may do."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from scanner.connectors.base import Connector
from scanner.connectors.registry import open_source
from scanner.errors import SourceError
from scanner.guard import Limits
from scanner.model import Column, ForeignKey, Index, Rule, Snapshot, Table, Unreadable, ValueClass
from scanner.reading import read_table
from tests.contracts import sources
from tests.contracts.sources import Estate

ROLE = f"dg_reader_{os.getpid()}"
ROLE_PASSWORD = "reader-口令"

SCHEMA = f"""
CREATE SCHEMA gov;
CREATE DOMAIN gov.amount AS numeric(12,2) NOT NULL;
CREATE DOMAIN gov.fee AS gov.amount;
CREATE TYPE gov.mood AS ENUM ('好', 'b');
CREATE TABLE gov.facts (
    id bigint GENERATED ALWAYS AS IDENTITY, gone int, code char(5) DEFAULT 'ab', plain varchar(20) DEFAULT 'NULL',
    fee gov.fee, doubled int GENERATED ALWAYS AS (2 * 21) STORED, "Mixed 列" gov.mood, PRIMARY KEY (code, id));
ALTER TABLE gov.facts DROP COLUMN gone;
COMMENT ON TABLE gov.facts IS '事实''表';
COMMENT ON COLUMN gov.facts.code IS '{"长" * 65536}';
CREATE UNIQUE INDEX by_mood ON gov.facts ("Mixed 列") WHERE id > 3;
CREATE INDEX by_expression ON gov.facts (lower(plain), code);
CREATE TABLE gov.months (k int, d date, PRIMARY KEY (k, d)) PARTITION BY RANGE (d);
CREATE TABLE gov.months_1 PARTITION OF gov.months FOR VALUES FROM ('2020-01-01') TO ('2020-02-01');
CREATE TABLE gov.months_2 PARTITION OF gov.months FOR VALUES FROM ('2020-02-01') TO ('2021-01-01') PARTITION BY HASH (k);
CREATE TABLE gov.months_2a PARTITION OF gov.months_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE gov.months_2b PARTITION OF gov.months_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO gov.months SELECT n, '2020-01-05' FROM generate_series(1, 50) n;
INSERT INTO gov.months SELECT n, '2020-03-05' FROM generate_series(1, 30) n;
ANALYZE gov.months;
CREATE TABLE gov.child (k int, d date, FOREIGN KEY (k, d) REFERENCES gov.months (k, d));
CREATE VIEW gov.seen AS SELECT * FROM gov.child;
CREATE MATERIALIZED VIEW gov.kept AS SELECT count(*) AS n FROM gov.months;
CREATE TABLE gov.nothing ();
INSERT INTO gov.nothing DEFAULT VALUES;
CREATE SCHEMA hidden;
CREATE TABLE hidden.secret (a int, b int);
CREATE TABLE public.partly (open_column int, closed_column int);
"""

VALUES = {
    "n numeric": (
        ["1.10", "1.1", "NaN", "-0", "1e20", "0.000001"],
        ["1.1", "1.1", "NaN", "0", "1" + "0" * 20, "0.000001"],
    ),
    "f8 float8": (
        ["1", "1e15", "1e16", "1e-5", "-0", "NaN", "-Infinity", "0.1"],
        ["1.0", "1000000000000000.0", "1e+16", "1e-05", "0.0", "NaN", "-Infinity", "0.1"],
    ),
    "f4 float4": (["0.1", "16777216", "3.4028235e38"], ["0.1", "16777216.0", "3.4028235e+38"]),
    "d date": (
        ["2020-02-29", "0044-03-15 BC", "0001-01-01 BC", "infinity", "-infinity", "10000-01-01"],
        ["2020-02-29", "-0043-03-15", "0000-01-01", "Infinity", "-Infinity", "10000-01-01"],
    ),
    "t timestamp": (
        ["2020-01-01", "2020-01-01 10:00:00.5", "0044-03-15 10:00:00.25 BC", "infinity"],
        ["2020-01-01T00:00:00", "2020-01-01T10:00:00.500000", "-0043-03-15T10:00:00.250000", "Infinity"],
    ),
    "z timestamptz": (
        ["2020-01-01 08:00:00+08", "2020-01-01 00:00:00.000001+00", "-infinity"],
        ["2020-01-01T00:00:00+00:00", "2020-01-01T00:00:00.000001+00:00", "-Infinity"],
    ),
    "h time": (["10:00", "24:00", "23:59:59.9"], ["10:00:00", "24:00:00", "23:59:59.900000"]),
    "b bytea": (["\\xDEAD00", ""], ["dead00", ""]),
    "bo boolean": (["t", "f"], ["true", "false"]),
    "c char(6)": (["ab", "", " x "], ["ab", "", " x"]),
    "v text": (["ab ", "", "\\.", "\\N", "NULL", 'a,"b"\r\n\t\\', "\ufeff", "中😀\u3000"],) * 2,
    "j json": (['{"b": 1,  "a": 1}'],) * 2,
    "jb jsonb": (['{"b":1,"a":1.10}'], ['{"a": 1.10, "b": 1}']),
    "x xml": (["<a>中</a>"],) * 2,
    "p point": (["(1,2)"],) * 2,
    "a text[]": (['{a,NULL,"b c"}'],) * 2,
    "u uuid": (["9B1DEB4D-3B7D-4BAD-9BDD-2B0D7B3DCB6D"], ["9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"]),
    "i inet": (["10.0.0.1", "10.1.0.0/16", "::1"],) * 2,
    "iv interval": (["1 day 02:00"], ["1 day 02:00:00"]),
    "bi bit(3)": (["101"],) * 2,
    "o oid": (["42"],) * 2,
    "dom gov.fee": (["3.10"], ["3.1"]),
    "e gov.mood": (["好"],) * 2,
}


@pytest.fixture(scope="module")
def owner(postgres_server: str) -> Iterator[Any]:
    """(estate, cursor of its owner)"""
    import psycopg2  # optional driver

    with sources.postgresql(postgres_server, f"pg_{os.getpid()}") as estate:
        from urllib.parse import urlsplit

        name = estate.url.rpartition("/")[2]
        connection = psycopg2.connect(urlsplit(postgres_server)._replace(path=f"/{name}").geturl())
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(SCHEMA)
        cursor.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{ROLE_PASSWORD}'")
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        cursor.execute(f"GRANT USAGE ON SCHEMA gov TO {ROLE}; GRANT SELECT ON ALL TABLES IN SCHEMA gov TO {ROLE}")
        cursor.execute(f"GRANT SELECT (open_column) ON public.partly TO {ROLE}")
        yield estate, cursor
        cursor.execute(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")
        connection.close()


@pytest.fixture
def estate(owner: Any) -> Estate:
    found: Estate = owner[0]
    return found


@pytest.fixture
def cursor(owner: Any) -> Any:
    return owner[1]


@pytest.fixture
def source(estate: Estate) -> Iterator[Connector]:
    with estate.open() as connector:
        yield connector


@pytest.fixture
def reader(estate: Estate) -> Iterator[Connector]:
    """The source as an account that may only read."""
    with estate.open() as usual:
        values = {**usual.values, "user": ROLE}
    with open_source("postgresql", values, {"password": ROLE_PASSWORD}) as connector:
        yield connector


def named(snapshot: Snapshot, label: str) -> Table:
    return next(table for table in snapshot.tables if table.label == label)


def test_the_catalogue_is_read_in_four_statements(source: Connector) -> None:
    snapshot = source.snapshot()
    assert (snapshot.statements, source.statements) == (4, 4)
    assert [table.label for table in snapshot.tables] == [
        "gov.child", "gov.facts", "gov.kept", "gov.months", "gov.nothing", "gov.seen", "hidden.secret", "public.partly",
    ]  # fmt: skip
    kinds = {table.name: table.kind for table in snapshot.tables}
    assert (kinds["seen"], kinds["kept"], kinds["months"]) == ("view", "materialized_view", "table")


def test_columns_keys_defaults_and_comments(source: Connector) -> None:
    facts = named(source.snapshot(), "gov.facts")
    assert facts.comment == "事实'表"
    assert facts.primary_key == ("code", "id")
    assert facts.indexes == (
        Index("by_expression", ("lower(plain::text)", "code"), unique=False), Index("by_mood", ("Mixed 列",), unique=True),
    )  # fmt: skip
    long = "长" * 65_536
    assert facts.columns == (
        Column("id", 1, "bigint", ValueClass.INTEGER, False, "GENERATED ALWAYS AS IDENTITY", "", True),
        Column("code", 2, "character(5)", ValueClass.TEXT, False, "'ab'::bpchar", long, True, padded=True),
        Column("plain", 3, "character varying(20)", ValueClass.TEXT, True, "'NULL'::character varying"),
        Column("fee", 4, "gov.fee", ValueClass.DECIMAL, nullable=False),
        Column("doubled", 5, "integer", ValueClass.INTEGER, True, "GENERATED ALWAYS AS ((2 * 21))"),
        Column("Mixed 列", 6, "gov.mood", ValueClass.TEXT),
    )


def test_a_partition_counts_with_its_parent(source: Connector) -> None:
    months = named(source.snapshot(), "gov.months")
    assert months.row_estimate == 80
    assert months.bytes is not None
    assert months.bytes >= 3 * 8192
    assert sum(batch.num_rows for batch in source.read(months, months.columns)) == 80
    assert source.describe("gov", "months_2a").name == "months_2a"  # by name all the same


@pytest.mark.parametrize("plan", ["pull", "push"])
def test_a_table_is_read_without_those_that_inherit_from_it(source: Connector, cursor: Any, plan: str) -> None:
    cursor.execute(
        "CREATE TABLE gov.paper (no text); CREATE TABLE gov.scan () INHERITS (gov.paper);"
        "INSERT INTO gov.paper VALUES ('a'), (NULL); INSERT INTO gov.scan VALUES ('b'), (NULL), (NULL)"
    )
    try:
        for name, rows, nulls in (("paper", 2, 1), ("scan", 3, 2)):
            table = source.describe("gov", name)
            rules = [Rule("there", "not_null", ("no",)), Rule("rows", "row_count", parameters={"max": rows})]
            reading = read_table(source, table, rules=rules, plan=plan)
            assert [(column.rows, column.nulls, column.distinct) for column in reading.columns] == [(rows, nulls, 1)]
            assert [(result.evaluated, result.failed) for result in reading.results] == [(rows, nulls), (rows, 0)]
            assert sum(batch.num_rows for batch in source.read(table, [])) == rows
    finally:
        cursor.execute("DROP TABLE gov.scan, gov.paper")


@pytest.mark.parametrize("plan", ["pull", "push"])
def test_a_partitioned_table_is_read_with_its_partitions(source: Connector, cursor: Any, plan: str) -> None:
    """Chunks of TimescaleDB inherit and are partitions all the same."""
    cursor.execute(
        "CREATE SCHEMA _timescaledb_internal; CREATE TABLE gov.metrics (k int);"
        "CREATE TABLE _timescaledb_internal.chunk () INHERITS (gov.metrics);"
        "INSERT INTO _timescaledb_internal.chunk VALUES (1), (2)"
    )
    try:
        for name, rows in (("months", 80), ("metrics", 2)):
            assert read_table(source, source.describe("gov", name), plan=plan).rows == rows
    finally:
        cursor.execute("DROP TABLE _timescaledb_internal.chunk, gov.metrics; DROP SCHEMA _timescaledb_internal")


def test_a_foreign_key_to_a_partitioned_table_is_one(source: Connector) -> None:
    child = named(source.snapshot(), "gov.child")
    assert child.foreign_keys == (ForeignKey(("k", "d"), "gov", "months", ("k", "d")),)


def test_an_unanalysed_table_has_no_estimate(source: Connector) -> None:
    snapshot = source.snapshot()
    assert named(snapshot, "hidden.secret").row_estimate is None
    assert named(snapshot, "gov.seen").row_estimate is None
    assert named(snapshot, "gov.seen").bytes is None


def test_a_table_without_columns_has_rows(source: Connector) -> None:
    nothing = source.describe("gov", "nothing")
    assert [batch.num_rows for batch in source.read(nothing, nothing.columns)] == [1]


def test_what_the_account_may_not_read_is_unreadable_and_not_missing(reader: Connector) -> None:
    snapshot = reader.snapshot()
    assert set(snapshot.unreadable) == {
        Unreadable("hidden.secret", "the account may not read it"),
        Unreadable("public.partly.closed_column", "the account may not read it"),
    }
    partly = named(snapshot, "public.partly")
    assert [(column.name, column.position) for column in partly.columns] == [("open_column", 1)]
    assert "hidden.secret" not in {table.label for table in snapshot.tables}
    assert list(reader.read(partly, partly.columns)) == []
    with pytest.raises(SourceError) as caught:
        reader.describe("hidden", "secret")
    assert (caught.value.code, caught.value.params["object"]) == ("no_permission", "hidden.secret")


def test_a_table_revoked_while_it_is_known(reader: Connector, cursor: Any) -> None:
    child = reader.describe("gov", "child")
    cursor.execute(f"REVOKE SELECT ON gov.child FROM {ROLE}")
    try:
        with pytest.raises(SourceError) as caught:
            list(reader.read(child, child.columns))
        assert (caught.value.code, caught.value.params["object"]) == ("no_permission", "gov.child")
        assert Unreadable("gov.child", "the account may not read it") in reader.snapshot().unreadable
    finally:
        cursor.execute(f"GRANT SELECT ON gov.child TO {ROLE}")


def test_a_table_dropped_while_it_is_known(source: Connector, cursor: Any) -> None:
    cursor.execute("CREATE TABLE gov.brief (a int)")
    brief = source.describe("gov", "brief")
    cursor.execute("DROP TABLE gov.brief")
    with pytest.raises(SourceError) as caught:
        list(source.read(brief, brief.columns))
    assert caught.value.code == "no_such_table"


@pytest.mark.parametrize(
    ("grant", "revoke"),
    [
        ("GRANT INSERT ON gov.child TO {0}", "REVOKE INSERT ON gov.child FROM {0}"),
        ("GRANT UPDATE (k) ON gov.child TO {0}", "REVOKE UPDATE (k) ON gov.child FROM {0}"),
        ("GRANT DELETE ON gov.months_2a TO {0}", "REVOKE DELETE ON gov.months_2a FROM {0}"),
        ("GRANT TRUNCATE ON gov.child TO {0}", "REVOKE TRUNCATE ON gov.child FROM {0}"),
        ("GRANT CREATE ON SCHEMA gov TO {0}", "REVOKE CREATE ON SCHEMA gov FROM {0}"),
        ("ALTER ROLE {0} CREATEROLE", "ALTER ROLE {0} NOCREATEROLE"),
        ("GRANT pg_write_all_data TO {0}", "REVOKE pg_write_all_data FROM {0}"),
        ("ALTER TABLE gov.child OWNER TO {0}", "ALTER TABLE gov.child OWNER TO CURRENT_USER"),
    ],
)
def test_an_account_that_can_write_is_told(reader: Connector, cursor: Any, grant: str, revoke: str) -> None:
    assert (reader.test().privileges.can_write, reader.test().privileges.superuser) == (False, False)
    cursor.execute(grant.format(ROLE))
    try:
        assert reader.snapshot().privileges.can_write
        assert not reader.test().privileges.superuser
    finally:
        cursor.execute(revoke.format(ROLE))
        cursor.execute(f"GRANT SELECT ON gov.child TO {ROLE}")


def test_a_superuser_is_told_and_still_cannot_write(source: Connector) -> None:
    held = source.snapshot().privileges
    assert (held.can_write, held.superuser) == (True, True)
    with pytest.raises(SourceError, match="read-only"):
        source.execute("INSERT INTO gov.child VALUES (1, '2020-01-05')")


@pytest.mark.parametrize("declared", VALUES)
def test_values_are_canonical(source: Connector, cursor: Any, declared: str) -> None:
    given, expected = VALUES[declared]
    name, kind = declared.split(" ", 1)
    if kind == "xml" and not _knows_xml(cursor):
        pytest.skip("this PostgreSQL was built without libxml")
    cursor.execute(f"DROP TABLE IF EXISTS gov.val; CREATE TABLE gov.val (at int, {name} {kind})")
    for at, value in enumerate(given):
        cursor.execute(f"INSERT INTO gov.val VALUES (%s, %s::{kind})", (at, value))
    if kind != "gov.fee":
        cursor.execute("INSERT INTO gov.val VALUES (99, NULL)")
        expected = [*expected, None]
    table = source.describe("gov", "val")
    rows = [row for batch in source.read(table, table.columns) for row in batch.to_pylist()]
    assert [row[name] for row in rows] == expected
    cursor.execute("DROP TABLE gov.val")


def _knows_xml(cursor: Any) -> bool:
    cursor.execute("SELECT setting LIKE '%--with-libxml%' FROM pg_config WHERE name = 'CONFIGURE'")
    return bool(cursor.fetchone()[0])


def test_nulls_and_empty_strings_of_a_single_column(source: Connector, cursor: Any) -> None:
    cursor.execute("CREATE TABLE gov.single (a text)")
    values = [None, "", None, "x", "", "\n", None]
    for value in values:
        cursor.execute("INSERT INTO gov.single VALUES (%s)", (value,))
    table = source.describe("gov", "single")
    assert [value for batch in source.read(table, table.columns) for value in batch.column(0).to_pylist()] == values
    cursor.execute("DROP TABLE gov.single")


def test_the_widest_table_there_can_be(source: Connector, cursor: Any) -> None:
    columns = ", ".join(f"c{number} int DEFAULT {number}" for number in range(1600))
    cursor.execute(f"CREATE TABLE gov.wide ({columns})")
    cursor.execute("INSERT INTO gov.wide DEFAULT VALUES")
    table = source.describe("gov", "wide")
    (batch,) = source.read(table, table.columns)
    assert [batch.column(at)[0].as_py() for at in (0, 1599)] == ["0", "1599"]
    cursor.execute("DROP TABLE gov.wide")


def test_a_locked_table_does_not_hold_up_the_census(estate: Estate, postgres_server: str) -> None:
    from urllib.parse import urlsplit

    import psycopg2  # optional driver

    name = estate.url.rpartition("/")[2]
    other = psycopg2.connect(urlsplit(postgres_server)._replace(path=f"/{name}").geturl())
    other.cursor().execute("LOCK TABLE gov.facts IN ACCESS EXCLUSIVE MODE")
    try:
        with estate.open(lock_seconds=0.5) as connector:
            started = time.monotonic()
            snapshot = connector.snapshot()
        assert time.monotonic() - started < 5
        assert [item.object for item in snapshot.unreadable] == ["gov.facts"]
        assert "lock" in snapshot.unreadable[0].reason
        assert {"gov.child", "gov.months"} <= {table.label for table in snapshot.tables}
    finally:
        other.rollback()
        other.close()


def test_a_query_ends_at_the_server_when_its_reader_is_gone(estate: Estate, cursor: Any) -> None:
    """With client_connection_check_interval (PostgreSQL 14) a killed worker leaves no query behind."""
    if cursor.connection.server_version < 140_000:
        pytest.skip("client_connection_check_interval came with PostgreSQL 14")
    connector = estate.open(statement_seconds=0.5)

    def run() -> None:
        with suppress(SourceError):
            connector.execute("SELECT pg_sleep(60)")

    threading.Thread(target=run).start()
    time.sleep(1)
    for _ in range(100):
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%%' AND state = 'active'", ()
        )
        if cursor.fetchone() == (0,):
            break
        time.sleep(0.1)
    else:
        raise AssertionError("the query still runs at the server")


def test_a_database_without_an_encoding(postgres_server: str) -> None:
    """SQL_ASCII holds bytes: UTF-8 or GB18030, value by value; what is neither is shown with its bytes written out."""
    from urllib.parse import unquote, urlsplit

    import psycopg2  # optional driver

    name = f"ascii_{os.getpid()}"
    admin = psycopg2.connect(postgres_server)
    admin.autocommit = True
    admin.cursor().execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    parts = urlsplit(postgres_server)
    connection = psycopg2.connect(parts._replace(path=f"/{name}").geturl())
    connection.set_client_encoding("LATIN1")
    cursor = connection.cursor()
    for text in (
        "CREATE TABLE 人口 (姓名 text)",
        "INSERT INTO 人口 VALUES ('张三')",
        "COMMENT ON TABLE 人口 IS '人口表'",
    ):
        cursor.execute(text.encode())
    cursor.execute("INSERT INTO 人口 VALUES (".encode() + b"E'\\xD5\\xC5\\xC8\\xFD'), (E'\\xFF')")
    connection.commit()
    connection.close()
    values = {"host": parts.hostname, "port": parts.port or 5432, "database": name, "user": parts.username}
    with open_source("postgresql", values, {"password": unquote(parts.password or "")}, limits=Limits()) as connector:
        (table,) = connector.snapshot().tables
        assert (table.name, table.comment, table.columns[0].name) == ("人口", "人口表", "姓名")
        described = connector.describe("public", "人口")
        (batch,) = connector.read(described, described.columns)
        assert batch.column(0).to_pylist() == ["张三", "张三", "\\xff"]
    admin.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
    admin.close()


def test_an_empty_database_has_no_tables(postgres_server: str) -> None:
    with sources.postgresql(postgres_server, f"empty_{os.getpid()}") as estate, estate.open() as connector:
        snapshot = connector.snapshot()
        assert (snapshot.tables, snapshot.unreadable) == ((), ())


def test_texts_that_repeat_come_as_words_and_are_the_same(estate: Estate, cursor: Any) -> None:
    texts = "ARRAY['a', E'tab\\t\\\\', '\\N', '', NULL, E'line\\n']"
    cursor.execute(f"CREATE TABLE gov.words AS SELECT ({texts})[1 + g % 6] AS w, g FROM generate_series(0, 2999) g")
    try:
        with estate.open(batch_rows=40) as connector:
            table = connector.describe("gov", "words")
            batches = list(connector.read_plain(table, table.columns))
        assert {str(batch.column(0).type) for batch in batches} > {
            "large_string"
        }  # the first tells how to read the rest
        found = [value for batch in batches for value in batch.column(0).to_pylist()]
        assert found == [["a", "tab\t\\", "\\N", "", None, "line\n"][g % 6] for g in range(3000)]
    finally:
        cursor.execute("DROP TABLE gov.words")
