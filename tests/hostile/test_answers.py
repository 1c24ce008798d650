"""A catalogue that answers in a wrong shape: the error names the source and what was wrong; nothing is concluded from it."""

import socket
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest
from django.test import Client

from assets.models import DataSource, Table
from scanner.errors import SourceError
from scanner.model import Column, ValueClass
from scanner.model import Table as Described
from scanner.reading import read_table
from tests.flows.support import PostgresSource
from tests.hostile.servers import (
    MYSQL_OK,
    Cell,
    Rogue,
    mysql_commands,
    mysql_packet,
    mysql_table,
    postgres_message,
    postgres_queries,
    postgres_table,
    rogue,
)
from tests.hostile.test_servers import Talk, connect

Rows = Sequence[Sequence[Cell]]
Answers = dict[str, tuple[list[int], Rows]]
BOOL, OID, FLOAT, TEXT, NAMES = 16, 26, 701, 25, 1003
WORDS, NUMBER = 253, 8

# What each statement of a catalogue of one table is answered: columns (their types) and rows.
POSTGRESQL: Answers = {
    "version()": ([TEXT, BOOL, BOOL, OID, OID], [(b"PostgreSQL 16.2", b"f", b"f", b"1", b"1")]),
    "pg_total_relation_size": (
        [OID, TEXT, TEXT, TEXT, TEXT, FLOAT, OID, BOOL, BOOL, BOOL, BOOL, BOOL],
        [(b"7", b"public", b"people", b"r", b"about", b"3", b"8192", b"t", b"t", b"t", b"f", b"f")],
    ),
    "format_type": (
        [OID, TEXT, TEXT, TEXT, BOOL, TEXT, TEXT, BOOL],
        [(b"7", b"id", b"bigint", b"int8", b"f", None, None, b"t"), (b"7", b"name", b"text", b"text", b"t", None, None, b"t")],
    ),
    "conkey": (
        [OID, TEXT, TEXT, BOOL, NAMES, TEXT, TEXT, NAMES], [(b"7", b"p", b"people_pkey", b"f", b"{id}", None, None, None)],
    ),
}  # fmt: skip
MYSQL: Answers = {
    "COUNT(*)": ([NUMBER], [(b"1",)]),
    "SHOW GRANTS": ([WORDS], [(b"GRANT SELECT ON `d`.* TO `u`@`%`",)]),
    "TABLE_COMMENT": ([WORDS] * 4 + [NUMBER] * 2, [(b"d", b"people", b"BASE TABLE", b"about", b"3", b"8192")]),
    "COLUMN_COMMENT": (
        [WORDS] * 11,
        [
            (b"d", b"people", b"id", b"bigint", b"bigint(20)", b"NO", None, b"", None, b"", b"select"),
            (b"d", b"people", b"name", b"text", b"text", b"YES", None, b"", None, b"", b"select"),
        ],
    ),
    "STATISTICS": ([WORDS] * 4 + [NUMBER, WORDS, NUMBER] + [WORDS] * 3, [(b"d", b"people", b"i", b"PRIMARY", b"1", b"id", b"1", None, None, None)]),
}  # fmt: skip


def postgresql(changed: Answers) -> Talk:
    def talk(connection: socket.socket, server: Rogue) -> None:
        answers = POSTGRESQL | changed
        for query in postgres_queries(connection, server):
            known = next((answers[mark] for mark in answers if mark.encode() in query), ([TEXT], []))
            connection.sendall(postgres_table(*known))

    return talk


def mysql(changed: Answers) -> Talk:
    def talk(connection: socket.socket, server: Rogue) -> None:
        answers = MYSQL | changed
        for command in mysql_commands(connection, server):
            known = next((answers[mark] for mark in answers if mark.encode() in command), None)
            connection.sendall(mysql_table(*known) if known else mysql_packet(1, MYSQL_OK))

    return talk


TALKS: dict[str, Callable[[Answers], Talk]] = {"postgresql": postgresql, "mysql": mysql}


@pytest.mark.parametrize("kind", TALKS)
def test_the_server_of_these_tests_answers_as_a_true_one(kind: str) -> None:
    """Else the errors below would prove nothing."""
    with rogue(TALKS[kind]({})) as server, connect(kind, server) as connector:
        (table,) = connector.snapshot().tables
        assert (table.name, table.comment, table.row_estimate, table.bytes) == ("people", "about", 3, 8192)
        assert [(column.name, column.primary_key) for column in table.columns] == [("id", True), ("name", False)]
        assert connector.describe(table.schema, "people").columns == table.columns
        connector.test()


def changed(kind: str, mark: str, place: int, cell: Cell) -> Answers:
    """The true answer with one value of its first row put in place of another."""
    columns, rows = (POSTGRESQL if kind == "postgresql" else MYSQL)[mark]
    first = [cell if at == place else value for at, value in enumerate(rows[0])]
    return {mark: (columns, [first, *rows[1:]])}


def narrower(kind: str, mark: str) -> Answers:
    columns, rows = (POSTGRESQL if kind == "postgresql" else MYSQL)[mark]
    return {mark: (columns[:-1], [row[:-1] for row in rows])}


def twice(kind: str, mark: str) -> Answers:
    columns, rows = (POSTGRESQL if kind == "postgresql" else MYSQL)[mark]
    return {mark: (columns, [*rows, *rows])}


PG, MY = "postgresql", "mysql"
WRONG: dict[str, tuple[str, Answers, str]] = {
    "pg no rights": (PG, {"version()": (POSTGRESQL["version()"][0], [])}, "the rights of the account|0 rows instead of one"),
    "pg rights twice": (PG, twice(PG, "version()"), "the rights of the account|2 rows instead of one"),
    "pg table without name": (PG, changed(PG, "pg_total_relation_size", 2, None),
                              "the list of tables|value 3 of row 1 is nothing instead of a name"),
    "pg column without name": (PG, changed(PG, "format_type", 1, None),
                               "the list of columns|value 2 of row 1 is nothing instead of a name"),
    "pg rows below zero": (PG, changed(PG, "pg_total_relation_size", 5, b"-5"),
                           "the list of tables|value 6 of row 1 is -5.0 instead of a number that is not negative"),
    "pg rows beyond all": (PG, changed(PG, "pg_total_relation_size", 5, b"NaN"),
                           "the list of tables|value 6 of row 1 is nan instead of a number that is not negative"),
    "pg number for a name": (PG, {"format_type": ([OID, OID, *POSTGRESQL["format_type"][0][2:]],
                                                  [(b"7", b"42", *POSTGRESQL["format_type"][1][0][2:])])},
                             "the list of columns|value 2 of row 1 is 42 instead of a name"),
    "pg unknown kind": (PG, changed(PG, "pg_total_relation_size", 3, b"Q"), "the list of tables|it does not follow the protocol"),
    "pg fewer columns": (PG, narrower(PG, "format_type"), "the list of columns|row 1 has 7 values instead of 8"),
    "pg tables twice": (PG, twice(PG, "pg_total_relation_size"), "the list of tables|public.people is there twice"),
    "pg columns twice": (PG, twice(PG, "format_type"), "the list of tables|public.people.id is there twice"),
    "pg no utf-8": (PG, changed(PG, "format_type", 1, b"\xc3\x28"), "the list of columns|it is no text in UTF-8"),
    "pg no number": (PG, changed(PG, "pg_total_relation_size", 6, b"many"), "the list of tables|it does not follow the protocol"),
    "pg no list": (PG, changed(PG, "conkey", 4, b"id"), "the list of keys and indexes|it does not follow the protocol"),
    "my table without name": (MY, changed(MY, "TABLE_COMMENT", 1, None),
                              "the list of tables|value 2 of row 1 is nothing instead of a name"),
    "my column without type": (MY, changed(MY, "COLUMN_COMMENT", 3, None),
                               "the list of columns|value 4 of row 1 is nothing instead of text"),
    "my text for a number": (MY, {"TABLE_COMMENT": ([WORDS] * 6, MYSQL["TABLE_COMMENT"][1])},
                             "the list of tables|value 5 of row 1 is '3' instead of a number that is not negative"),
    "my giant name": (MY, changed(MY, "TABLE_COMMENT", 1, b"x" * 5000),
                      "the list of tables|value 2 of row 1 is '" + "x" * 59 + "… instead of a name"),
    "my fewer columns": (MY, narrower(MY, "COLUMN_COMMENT"), "the list of columns|row 1 has 10 values instead of 11"),
    "my tables twice": (MY, twice(MY, "TABLE_COMMENT"), "the list of tables|d.people is there twice"),
    "my columns twice": (MY, twice(MY, "COLUMN_COMMENT"), "the list of tables|d.people.id is there twice"),
    "my no utf-8": (MY, changed(MY, "COLUMN_COMMENT", 2, b"\xc3\x28"), "the list of columns|it is no text in UTF-8"),
    "my length beyond the row": (MY, changed(MY, "TABLE_COMMENT", 1, 2**40), "the list of tables|it does not follow the protocol"),
    "my length below zero": (MY, changed(MY, "TABLE_COMMENT", 1, -5), "the list of tables|it does not follow the protocol"),
}  # fmt: skip


@pytest.mark.parametrize("which", WRONG)
def test_a_wrong_answer_is_an_error_that_names_source_and_fault(which: str) -> None:
    kind, answers, said = WRONG[which]
    what, reason = said.split("|")
    with rogue(TALKS[kind](answers)) as server, connect(kind, server) as connector:
        with pytest.raises(SourceError) as caught:
            connector.snapshot()
        error = caught.value
        assert (error.code, error.params["object"]) == ("bad_answer", what)
        assert error.params["source"] == f"127.0.0.1:{server.port}"
        assert error.params["reason"] == reason


PEOPLE = Described(
    "d", "people", columns=(Column("id", 1, "bigint", ValueClass.INTEGER), Column("n", 2, "text", ValueClass.TEXT))
)
COPIED = {
    "wider": (b"1\ta\tb\n", "bad_answer", "it does not follow the protocol"),
    "narrower": (b"1\n", "bad_answer", "it does not follow the protocol"),
    "no number": (b"x\ta\n", "read_failed", "a value does not fit the type of its column"),
    "no utf-8": (b"1\t\xc3\x28\n", "read_failed", "it is no text in UTF-8"),
}


@pytest.mark.parametrize("which", COPIED)
def test_rows_that_do_not_fit_their_table_are_a_named_error(which: str) -> None:
    rows, code, reason = COPIED[which]

    def talk(connection: socket.socket, server: Rogue) -> None:
        for query in postgres_queries(connection, server):
            if b"COPY" in query:
                copied = (
                    postgres_message(b"H", b"\0\0\2\0\0\0\0")
                    + postgres_message(b"d", rows)
                    + postgres_message(b"c", b"")
                )
                connection.sendall(copied + postgres_message(b"C", b"COPY\0") + postgres_message(b"Z", b"I"))
            else:
                connection.sendall(postgres_table([TEXT], []))

    with rogue(talk) as server, connect("postgresql", server) as connector, pytest.raises(SourceError) as caught:
        read_table(connector, PEOPLE)
    assert (caught.value.code, caught.value.params["object"]) == (code, "d.people")
    assert reason in caught.value.params["reason"]


@pytest.mark.django_db
def test_a_census_of_a_source_gone_mad_changes_nothing_and_says_so(
    postgres_source: Callable[..., PostgresSource], city: SimpleNamespace
) -> None:
    source = postgres_source("CREATE TABLE people (id bigint PRIMARY KEY, name text)")
    assert (source.census().state, source.scan().state) == ("succeeded", "succeeded")
    row = DataSource.objects.get()
    with rogue(postgresql(WRONG["pg column without name"][1])) as server:
        row.parameters |= {"host": "127.0.0.1", "port": server.port}
        row.save()
        job = source.census()
    assert (job.state, job.error_code) == ("failed", "bad_answer")
    said = f"127.0.0.1:{server.port} 对字段清单的应答不合规范：第 1 行第 2 个值是空（NULL），应为一个名称。没有据此更改任何登记，请核实该数据源。"
    client = Client()
    client.force_login(city.police.viewer)
    assert said in client.get(row.get_absolute_url()).content.decode()
    table = Table.objects.get()
    assert (table.state, table.columns.count(), table.row_count) == ("seen", 2, 0)
