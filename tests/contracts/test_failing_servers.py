"""Servers that refuse, lie, fall silent or go away: each ends as a clear error, soon, and never as an empty answer."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from scanner.connectors.base import Connector
from scanner.connectors.registry import open_source
from scanner.errors import SourceError
from scanner.guard import HostPolicy, Limits
from tests.contracts import sources
from tests.contracts.sources import Estate

SHORT = Limits(connect_seconds=1, answer_seconds=1, statement_seconds=1, silence_seconds=1, batch_rows=100)
PATIENT = Limits(batch_rows=100)
ROWS = 30_000


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def estate(request: pytest.FixtureRequest) -> Iterator[Estate]:
    server = {"postgresql": "postgres_server", "mysql": "mariadb_server"}[request.param]
    make = {"postgresql": sources.postgresql, "mysql": sources.mysql}[request.param]
    with make(request.getfixturevalue(server), f"failing_{os.getpid()}") as found:
        text = "varchar(500)"
        found.create("big", ["id int PRIMARY KEY", f"filler {text}"], [])
        mark = ", ".join(f"({number}, '{'x' * 400}')" for number in range(1000))
        found.create("seed", ["id int PRIMARY KEY", f"filler {text}"], [])
        _run(found, request.getfixturevalue(server), f"INSERT INTO seed VALUES {mark}")
        copies = " UNION ALL ".join(f"SELECT {at}000 + id, filler FROM seed" for at in range(ROWS // 1000))
        _run(found, request.getfixturevalue(server), f"INSERT INTO big {copies}")
        yield found


def _run(estate: Estate, server: str, sql: str) -> None:
    from urllib.parse import unquote, urlsplit

    parts, name = urlsplit(server), estate.url.rpartition("/")[2]
    if estate.kind == "postgresql":
        import psycopg2  # optional driver

        connection = psycopg2.connect(parts._replace(path=f"/{name}").geturl())
    else:
        import pymysql  # optional driver

        connection = pymysql.connect(
            host=parts.hostname, port=parts.port or 3306, user=parts.username or "", database=name,
            password=unquote(parts.password or ""),
        )  # fmt: skip
    connection.cursor().execute(sql)
    connection.commit()
    connection.close()


def through(estate: Estate, limits: Limits = SHORT, policy: HostPolicy | None = None, **changed: object) -> Connector:
    with estate.open() as usual:
        values = {**usual.values, **changed}
    return open_source(
        estate.kind, values, {"password": estate.password}, limits=limits, hosts=policy or HostPolicy(everything=True)
    )


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server of one's own making on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as open_sockets:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    open_sockets.enter_context(connection)
                    threading.Thread(target=quiet, args=(connection,), daemon=True).start()

        def quiet(connection: socket.socket) -> None:
            with suppress(OSError):
                answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(estate: Estate, after: int, then: Callable[[socket.socket], None]) -> Iterator[int]:
    """Passes everything between client and server, and after so many bytes of answer does something else."""
    with estate.open() as usual:
        target = usual.values["host"], usual.values["port"]

    def relay(client: socket.socket) -> None:
        with socket.create_connection(target) as upstream:
            threading.Thread(target=pump, args=(client, upstream), daemon=True).start()
            passed = 0
            while passed < after:
                block = upstream.recv(min(65_536, after - passed))
                if not block:
                    return
                client.sendall(block)
                passed += len(block)
            then(client)

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while block := source.recv(65_536):
                sink.sendall(block)

    with server(relay) as port:
        yield port


def cut(client: socket.socket) -> None:
    client.shutdown(socket.SHUT_RDWR)


def silence(client: socket.socket) -> None:
    time.sleep(5)


def caught(action: Callable[[], object]) -> tuple[SourceError, float]:
    started = time.monotonic()
    with pytest.raises(SourceError) as found:
        action()
    return found.value, time.monotonic() - started


def test_a_server_that_accepts_and_never_speaks_is_given_up(estate: Estate) -> None:
    with server(lambda connection: time.sleep(10)) as port, through(estate, port=port) as connector:
        error, seconds = caught(connector.test)
    assert (error.code, error.params["port"]) == ("timeout", port)
    assert seconds < 5  # libpq waits two seconds at least


def test_nobody_listening(estate: Estate) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with through(estate, port=port) as connector:
        error, _ = caught(connector.test)
    assert (error.code, error.params["host"], error.params["port"]) == ("unreachable", connector.values["host"], port)


@pytest.mark.parametrize(
    "said", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 64, b"\xff" * 200]
)
def test_a_server_of_another_kind_is_no_crash(estate: Estate, said: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(said)
        connection.recv(1000)
        connection.shutdown(socket.SHUT_RDWR)

    with server(talk) as port, through(estate, port=port) as connector:
        error, seconds = caught(connector.test)
    assert error.code in ("unreachable", "timeout")
    assert seconds < 5


def test_a_connection_lost_in_the_middle_of_a_table(estate: Estate) -> None:
    with proxy(estate, 3_000_000, cut) as port, through(estate, PATIENT, port=port) as connector:
        table = connector.describe(estate.schema or estate.url.rpartition("/")[2], "big")
        rows = 0

        def read() -> None:
            nonlocal rows
            for batch in connector.read(table, table.columns):
                rows += batch.num_rows

        error, _ = caught(read)
    assert (error.code, error.params["object"]) == ("connection_lost", table.label)
    assert 0 < rows < ROWS


def test_a_server_that_falls_silent_in_the_middle_of_a_table(estate: Estate) -> None:
    with proxy(estate, 3_000_000, silence) as port, through(estate, port=port) as connector:
        table = connector.describe(estate.schema, "big")
        error, seconds = caught(lambda: [batch.num_rows for batch in connector.read(table, table.columns)])
    assert error.code == "timeout"
    assert seconds < 5


def test_after_a_lost_connection_the_source_opens_again(estate: Estate) -> None:
    with proxy(estate, 3_000_000, cut) as port, through(estate, PATIENT, port=port) as connector:
        table = connector.describe(estate.schema, "big")
        caught(lambda: list(connector.read(table, table.columns)))
        assert connector.describe(estate.schema, "seed").name == "seed"


def test_a_slow_reader_of_ours_is_no_silence(estate: Estate) -> None:
    with through(estate) as connector:
        table = connector.describe(estate.schema, "big")
        reading = connector.read(table, table.columns)
        rows = next(reading).num_rows
        time.sleep(1.5)  # longer than the server may be silent
        assert rows + sum(batch.num_rows for batch in reading) == ROWS


def test_an_endless_statement_is_ended(estate: Estate) -> None:
    sleep = {"postgresql": "SELECT pg_sleep(20)", "mysql": "SELECT SLEEP(20)"}[estate.kind]
    with through(estate) as connector:
        error, seconds = caught(lambda: connector.execute(sleep))
        assert error.code == "timeout"
        assert seconds < 5
        assert connector.test().tables == 2


def test_a_wrong_password_names_the_user_and_not_the_password(estate: Estate) -> None:
    with estate.open() as usual:
        values = usual.values
    for user, password in ((values["user"], "wr0ng"), ("nobody_at_all", "wr0ng"), (values["user"], None)):
        secrets = {"password": password} if password else {}
        with open_source(estate.kind, {**values, "user": user}, secrets, limits=SHORT) as connector:
            error, _ = caught(connector.test)
        assert (error.code, error.params["user"]) == ("wrong_password", user)
        assert "wr0ng" not in f"{error!r}{error.params}"


def test_an_unknown_database_is_named(estate: Estate) -> None:
    with through(estate, database="no such 库") as connector:
        error, _ = caught(connector.test)
    assert (error.code, error.params["database"]) == ("unknown_database", "no such 库")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0.0.0.0", "::1", "[::1]"]
)
def test_the_host_policy_decides_before_anything_is_sent(estate: Estate, host: str) -> None:
    with through(estate, policy=HostPolicy.of(["10.0.0.0/8"]), host=host) as connector:
        error, _ = caught(connector.test)
    assert (error.code, error.params["host"]) == ("host_refused", host.strip("[]"))


def test_an_allowed_range_passes_but_our_own_servers_do_not(estate: Estate) -> None:
    with estate.open() as usual:
        host, port = usual.values["host"], usual.values["port"]
    with through(estate, policy=HostPolicy.of(["127.0.0.0/8", "::1/128"])) as connector:
        assert connector.test().tables == 2
    policy = HostPolicy.of(["127.0.0.0/8", "::1/128"], refused=[(host, port)])
    with through(estate, policy=policy) as connector:
        error, _ = caught(connector.test)
    assert error.code == "host_refused"
