"""Servers that say nothing, too little at a time, too much, or ask for what is ours: each ends at its limit, clearly."""

import itertools
import socket
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner.connectors.base import Connector
from scanner.connectors.registry import open_source
from scanner.errors import SourceError
from scanner.guard import Limits
from scanner.model import Column, Table, ValueClass
from tests.hostile.servers import (
    MYSQL_END,
    MYSQL_GREETING,
    MYSQL_OK,
    POSTGRES_READY,
    POSTGRES_ROW,
    POSTGRES_WELCOME,
    Rogue,
    drip,
    flood,
    hold,
    mysql_column,
    mysql_commands,
    mysql_packet,
    postgres_columns,
    postgres_message,
    postgres_queries,
    postgres_startup,
    rogue,
)

SHORT = Limits(
    connect_seconds=0.5, answer_seconds=0.5, statement_seconds=0.5, silence_seconds=0.5, read_seconds=1, batch_rows=100,
    answer_bytes=8 << 20, batch_bytes=2 << 20, row_bytes=1 << 20,
)  # fmt: skip
PATIENT = replace(SHORT, answer_seconds=60, statement_seconds=60)  # where it is the size that ends the answer
TABLE = Table("d", "t", columns=(Column("a", 1, "text", ValueClass.TEXT),))
Talk = Callable[[socket.socket, Rogue], None]


PASSWORD = "s3cret-words"


def connect(kind: str, server: Rogue, limits: Limits = SHORT) -> Connector:
    values = {"host": "127.0.0.1", "port": server.port, "user": "u", "database": "d"}
    return open_source(kind, values, {"password": PASSWORD}, limits=limits)


def ended(
    kind: str,
    talk: Talk,
    action: Callable[[Connector], Any] = lambda connector: connector.test(),
    limits: Limits = SHORT,
) -> SourceError:
    """The error that ends ``action`` on a server that talks so."""
    with rogue(talk) as server, connect(kind, server, limits) as connector:
        with pytest.raises(SourceError) as caught:
            action(connector)
        assert str(server.port) in str(caught.value) or caught.value.code in ("answer_too_large", "row_too_large")
        return caught.value


def read(connector: Connector) -> None:
    for _ in connector.read(TABLE, TABLE.columns):
        pass


# -- before a session stands -------------------------------------------------------------------------------------------


def postgres_start(then: Callable[[socket.socket], None]) -> Talk:
    def talk(connection: socket.socket, server: Rogue) -> None:
        postgres_startup(connection, server)
        then(connection)

    return talk


SIGNED_IN = postgres_message(b"R", struct.pack(">I", 0))
BEFORE = {
    "postgresql never speaks": ("postgresql", lambda connection, _: hold(connection)),
    "postgresql refuses TLS and falls silent": ("postgresql", postgres_start(hold)),
    "postgresql asks for a password and falls silent": (
        "postgresql", postgres_start(lambda c: (c.sendall(postgres_message(b"R", struct.pack(">I", 3))), hold(c)))),
    "postgresql drips its welcome": ("postgresql", postgres_start(lambda c: drip(c, POSTGRES_WELCOME))),
    "postgresql reports settings without end": (
        "postgresql",
        postgres_start(lambda c: (c.sendall(SIGNED_IN), flood(c, postgres_message(b"S", b"a\0" + b"b" * 900 + b"\0"))))),
    "postgresql announces a giant message": (
        "postgresql", postgres_start(lambda c: (c.sendall(b"R" + struct.pack(">I", 0x7FFF_FFF0)), hold(c)))),
    "mysql never speaks": ("mysql", lambda connection, _: hold(connection)),
    "mysql greets and falls silent": ("mysql", lambda c, _: (c.sendall(MYSQL_GREETING), hold(c))),
    "mysql drips its greeting": ("mysql", lambda c, _: drip(c, MYSQL_GREETING)),
    "mysql announces a giant greeting": ("mysql", lambda c, _: (c.sendall(b"\xff\xff\xff\0"), hold(c))),
    "mysql sends a giant greeting": ("mysql", lambda c, _: (c.sendall(b"\xff\xff\xff\0"), flood(c, b"x" * 1000))),
}  # fmt: skip


@pytest.mark.parametrize("name", BEFORE)
def test_a_server_that_lets_nobody_in_is_given_up(name: str) -> None:
    kind, talk = BEFORE[name]
    assert ended(kind, talk).code in ("timeout", "unreachable", "answer_too_large")


# -- after it stands ---------------------------------------------------------------------------------------------------


def postgres_answer(then: Callable[[socket.socket], None]) -> Talk:
    def talk(connection: socket.socket, server: Rogue) -> None:
        for _ in postgres_queries(connection, server):
            then(connection)

    return talk


def mysql_answer(then: Callable[[socket.socket], None]) -> Talk:
    """Session settings are acknowledged; what is asked then gets the answer."""

    def talk(connection: socket.socket, server: Rogue) -> None:
        for command in mysql_commands(connection, server):
            connection.sendall(mysql_packet(1, MYSQL_OK)) if command[1:5] == b"SET " else then(connection)

    return talk


def mysql_rows(connection: socket.socket) -> None:
    start = mysql_packet(1, b"\1") + mysql_packet(2, mysql_column(b"a")) + mysql_packet(3, MYSQL_END)
    connection.sendall(start)
    row = b"\xfa" + b"x" * 250
    block = b"".join(mysql_packet(number, row) for number in range(4, 260))
    while True:
        connection.sendall(block)


def mysql_endless_packet(connection: socket.socket, first: int) -> None:
    for number in itertools.count(first):
        connection.sendall(b"\xff\xff\xff" + bytes([number % 256]) + b"x" * 0xFF_FFFF)


SLOW = {
    "postgresql falls silent": ("postgresql", postgres_answer(hold)),
    "postgresql drips": ("postgresql", postgres_answer(lambda c: drip(c, postgres_columns(b"a") + POSTGRES_ROW))),
    "postgresql sends notices without end": (
        "postgresql", postgres_answer(lambda c: flood(c, postgres_message(b"N", b"SNOTICE\0Mhello\0\0")))),
    "postgresql announces a giant row": (
        "postgresql",
        postgres_answer(lambda c: (c.sendall(postgres_columns(b"a") + b"D" + struct.pack(">I", 0x3FFF_FFF0)), hold(c)))),
    "postgresql announces less than nothing": (
        "postgresql",
        postgres_answer(lambda c: (c.sendall(postgres_columns(b"a") + b"D" + struct.pack(">I", 0xFFFF_FFF0)), hold(c)))),
    "mysql falls silent": ("mysql", mysql_answer(hold)),
    "mysql drips": ("mysql", mysql_answer(lambda c: drip(c, mysql_packet(1, b"\1" + b"x" * 500)))),
    "mysql announces a giant packet": ("mysql", mysql_answer(lambda c: (c.sendall(b"\xff\xff\xff\1"), hold(c)))),
}  # fmt: skip


@pytest.mark.parametrize("name", SLOW)
def test_an_answer_that_does_not_come_is_given_up(name: str) -> None:
    kind, talk = SLOW[name]
    assert ended(kind, talk).code in ("timeout", "connection_lost", "answer_too_large")


ENDLESS = {
    "postgresql sends rows": (
        "postgresql", postgres_answer(lambda c: (c.sendall(postgres_columns(b"a")), flood(c, POSTGRES_ROW)))),
    "postgresql sends a row": (
        "postgresql",
        postgres_answer(
            lambda c: (c.sendall(postgres_columns(b"a") + b"D" + struct.pack(">I", 0x0FFF_FFF0) + b"\0\1\x0f\xff\0\0"),
                       flood(c, b"x" * 1000)))),
    "mysql sends rows": ("mysql", mysql_answer(mysql_rows)),
    "mysql sends a packet": ("mysql", mysql_answer(lambda c: mysql_endless_packet(c, 1))),
    "mysql has columns": (
        "mysql",
        mysql_answer(
            lambda c: (c.sendall(mysql_packet(1, b"\xfe" + b"\xff" * 7 + b"\0")), mysql_endless_packet(c, 2)))),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.parametrize("action", ["test", "snapshot"])
def test_an_answer_without_end_is_cut_at_its_size(name: str, action: str) -> None:
    kind, talk = ENDLESS[name]
    error = ended(kind, talk, lambda connector: getattr(connector, action)(), PATIENT)
    assert (error.code, error.params["megabytes"]) == ("answer_too_large", 8)


# -- while rows are read -----------------------------------------------------------------------------------------------


def copy(then: Callable[[socket.socket], None]) -> Talk:
    """PostgreSQL: settings are acknowledged, COPY is begun and goes on so."""

    def talk(connection: socket.socket, server: Rogue) -> None:
        for query in postgres_queries(connection, server):
            if b"COPY" in query:
                connection.sendall(postgres_message(b"H", b"\0\0\1\0\0"))
                then(connection)
            else:
                connection.sendall(postgres_columns(b"a") + postgres_message(b"C", b"SELECT 0\0") + POSTGRES_READY)

    return talk


def copied(row: bytes) -> bytes:
    return postgres_message(b"d", row)


def mysql_row_without_end(connection: socket.socket) -> None:
    connection.sendall(mysql_packet(1, b"\1") + mysql_packet(2, mysql_column(b"a")) + mysql_packet(3, MYSQL_END))
    mysql_endless_packet(connection, 4)


READING = {
    "postgresql falls silent": ("postgresql", copy(hold), "timeout"),
    "postgresql drips a row": ("postgresql", copy(lambda c: drip(c, copied(b"x" * 500 + b"\n"))), "timeout"),
    "postgresql sends a giant cell": (
        "postgresql", copy(lambda c: (c.sendall(b"d" + struct.pack(">I", 0x3FFF_FFF0)), flood(c, b"x" * 1000))),
        "row_too_large"),
    "postgresql sends a large cell": ("postgresql", copy(lambda c: flood(c, copied(b"x" * 1_500_000 + b"\n"))), "row_too_large"),
    "postgresql sends rows without end": ("postgresql", copy(lambda c: flood(c, copied(b"x" * 400 + b"\n"))), "timeout"),
    "mysql falls silent": ("mysql", mysql_answer(hold), "timeout"),
    "mysql sends a giant cell": ("mysql", mysql_answer(mysql_row_without_end), "row_too_large"),
    "mysql sends rows without end": ("mysql", mysql_answer(mysql_rows), "timeout"),
}  # fmt: skip


@pytest.mark.parametrize("name", READING)
def test_a_reading_ends_at_its_limit_of_time_or_size(name: str) -> None:
    kind, talk, code = READING[name]
    limits = PATIENT if code == "row_too_large" else SHORT
    assert ended(kind, talk, read, limits).code == code


# -- a server that asks for our files ----------------------------------------------------------------------------------

CONTENT = "what stands in a file of ours"


@pytest.fixture
def file(tmp_path: Path) -> bytes:
    path = tmp_path / "ours"
    path.write_text(CONTENT)
    return bytes(path)


def asks_at(place: int, file: bytes) -> Talk:
    """Answers so many commands as a server would, and the next by asking for a file."""
    empty = b"".join(mysql_packet(n, p) for n, p in enumerate((b"\1", mysql_column(b"a"), MYSQL_END, MYSQL_END), 1))

    def talk(connection: socket.socket, server: Rogue) -> None:
        for number, command in enumerate(mysql_commands(connection, server)):
            if number == place:
                connection.sendall(mysql_packet(1, b"\xfb" + file))
            else:
                connection.sendall(mysql_packet(1, MYSQL_OK) if command[1:5] == b"SET " else empty)

    return talk


@pytest.mark.parametrize("place", range(9))
def test_a_server_that_asks_for_a_file_gets_none(place: int, file: bytes) -> None:
    """The settings of the session, then the catalogue's statements, then rows: wherever it asks, nothing is sent."""
    with rogue(asks_at(place, file)) as server, connect("mysql", server) as connector:
        demanded = ""
        try:
            connector.snapshot()
            read(connector)
        except SourceError as error:
            demanded = error.code
        # SET NAMES, the first, is the driver's own: it looks at no answer, and goes on as if nothing had been asked
        assert demanded == ("file_demanded" if place else "")
        assert CONTENT.encode() not in bytes(server.heard)
        if place:
            assert connector._connection is None  # type: ignore[attr-defined]


def test_a_server_that_asks_for_a_file_instead_of_signing_in_gets_none(file: bytes) -> None:
    def talk(connection: socket.socket, server: Rogue) -> None:
        connection.sendall(MYSQL_GREETING)
        server.hear(connection, 36)
        server.heard.clear()
        connection.sendall(mysql_packet(2, b"\xfb" + file))
        server.hear(connection)

    with rogue(talk) as server, connect("mysql", server) as connector:
        with pytest.raises(SourceError) as caught:
            connector.test()
        assert caught.value.code == "unreachable"
        assert bytes(server.heard) == b""


@pytest.mark.parametrize("plugin", [b"mysql_clear_password", b"dialog", b"mysql_old_password", b"unheard_of"])
def test_a_server_that_asks_for_the_bare_password_gets_none(plugin: bytes) -> None:
    def talk(connection: socket.socket, server: Rogue) -> None:
        connection.sendall(MYSQL_GREETING)
        server.hear(connection, 36)
        server.heard.clear()
        connection.sendall(mysql_packet(2, b"\xfe" + plugin + b"\0" + b"1" * 20 + b"\0"))
        server.hear(connection)

    with rogue(talk) as server, connect("mysql", server) as connector:
        with pytest.raises(SourceError):
            connector.test()
        assert PASSWORD.encode() not in bytes(server.heard)


def test_a_postgresql_server_without_tls_does_not_get_the_bare_password() -> None:
    def talk(connection: socket.socket, server: Rogue) -> None:
        postgres_startup(connection, server)
        connection.sendall(postgres_message(b"R", struct.pack(">I", 3)))
        server.hear(connection)

    with rogue(talk) as server, connect("postgresql", server) as connector:
        with pytest.raises(SourceError) as caught:
            connector.test()
        assert PASSWORD.encode() not in bytes(server.heard)
        assert caught.value.code == "unreachable"
