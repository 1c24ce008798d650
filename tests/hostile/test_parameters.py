"""Connection parameters are values and nothing else, through whatever door they come; and no request touches a source."""

import json
import socket
import struct
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from assets.models import DataSource
from core.models import Job
from scanner.__main__ import main
from scanner.connectors.registry import open_source
from scanner.errors import SourceError
from scanner.guard import Limits
from tests.assets.support import finished
from tests.hostile.servers import MYSQL_GREETING, Rogue, postgres_startup, rogue

SHORT = Limits(connect_seconds=0.5)

# Texts that mean something somewhere: to libpq, to a URL, to a shell, to SQL, to a formatter. Here they are names.
LITERALS = [
    "host=evil.example", "d host=evil.example port=1", "postgresql://evil.example/x", "d?host=evil.example", "d?local_infile=1", "d/x", "/tmp",
    "a@b", "a#b", "a\\b", "a'b", "a\\' host='evil.example", 'a"b', "a`b", "a b", "a;b", "a,b", "a=b", "$(id)", "%s", "%(x)s", "%2e", "{x}", ":x", "--",
    "-h", "service=x", "options=-c x", "passfile=/etc/passwd", "数据库", "😀", "\u202ea", "x" * 500,
]  # fmt: skip
CONTROLS = ["a\nb", "a\rb", "a\0b", "a\tb", "\x1b[0m", "a\x7f", "a\x85b", "a\ud800b"]


def heard_by(kind: str, values: dict[str, Any], password: str) -> Rogue:
    """What the server at 127.0.0.1 hears when a session with it is opened, which it then refuses."""

    def postgres(connection: socket.socket, server: Rogue) -> None:
        postgres_startup(connection, server)
        connection.shutdown(socket.SHUT_RDWR)

    def mysql(connection: socket.socket, server: Rogue) -> None:
        connection.sendall(MYSQL_GREETING)
        server.hear(connection, 36)
        connection.shutdown(socket.SHUT_RDWR)

    with rogue({"postgresql": postgres, "mysql": mysql}[kind]) as server:
        where = {"host": "127.0.0.1", "port": server.port, **values}
        with open_source(kind, where, {"password": password}, limits=SHORT) as connector, pytest.raises(SourceError):
            connector.test()
    return server


@pytest.mark.parametrize("text", LITERALS)
def test_postgresql_is_told_user_and_database_to_the_letter(text: str) -> None:
    server = heard_by("postgresql", {"user": f"u{text}", "database": text}, text)
    startup = bytes(server.heard)[8:]  # after the question for TLS
    parts = startup[8 : struct.unpack(">I", startup[:4])[0]].split(b"\0")
    assert dict(zip(parts[::2], parts[1::2], strict=False)) == {
        b"user": f"u{text}".encode(), b"database": text.encode(), b"application_name": b"datagene", b"client_encoding": b"UTF8",
        b"": b"",
    }  # fmt: skip


@pytest.mark.parametrize("text", LITERALS)
def test_mysql_is_told_user_and_database_to_the_letter(text: str) -> None:
    server = heard_by("mysql", {"user": f"u{text}", "database": text}, text)
    answer = bytes(server.heard)[4:]
    (flags,) = struct.unpack("<I", answer[:4])
    assert flags & 0x80 == 0  # CLIENT_LOCAL_FILES
    assert flags & 0x0001_0000 == 0  # CLIENT_MULTI_STATEMENTS
    assert answer[32:].startswith(f"u{text}".encode() + b"\0\x14")
    assert answer[32 + len(f"u{text}".encode()) + 22 :].startswith(text.encode() + b"\0mysql_native_password\0")


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
@pytest.mark.parametrize("text", CONTROLS)
@pytest.mark.parametrize("name", ["host", "user", "database", "password"])
def test_control_characters_are_in_no_field(kind: str, text: str, name: str) -> None:
    values = {"host": "127.0.0.1", "port": 1, "user": "u", "database": "d"}
    secrets = {"password": text} if name == "password" else {}
    with pytest.raises(SourceError) as caught:
        open_source(kind, values if secrets else {**values, name: text}, secrets)
    assert (caught.value.code, caught.value.params["name"]) == ("bad_parameter", name)
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    "port", [0, -1, 65_536, 80_000, "0000080000", "５４３２", "5432 ", "1e3", "0x10", 5432.5, True, [1], {}, "5432?x=1", "5432/x", "9" * 400]
)  # fmt: skip
def test_a_port_is_a_port(port: Any) -> None:
    with pytest.raises(SourceError) as caught:
        open_source("postgresql", {"host": "db", "port": port, "user": "u", "database": "d"})
    assert (caught.value.code, caught.value.params["name"]) == ("bad_parameter", "port")


@pytest.mark.parametrize(
    "name",
    ["hostaddr", "options", "service", "passfile", "sslrootcert", "local_infile", "init_command", "read_default_file", "unix_socket", "cursorclass",
     "Host", "host ", "__class__"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["postgresql", "mysql", "sqlite", "files"])
def test_no_option_is_taken_beside_the_fields(kind: str, name: str) -> None:
    own = {"path": "/srv/x"} if kind in ("sqlite", "files") else {"host": "db", "user": "u", "database": "d"}
    with pytest.raises(SourceError) as caught:
        open_source(kind, {**own, name: "x"})
    assert (caught.value.code, caught.value.params["name"]) == ("bad_parameter", name)


# -- the doors ---------------------------------------------------------------------------------------------------------

HOSTS = [
    "a,b", "a b", "/var/run/postgresql", "a/b", "user@host", "host?x=1", "host#x", "host\\x", "host=evil", "host:5432", "a\nb", "a\0b", "１２７.0.0.1/8",
    "$(id)", "'h'", "a" * 300, "h;h", "[::1", "::1]x", "a..b/", "-h", "host%00",
]  # fmt: skip


@pytest.fixture
def manager(city: SimpleNamespace) -> Client:
    client = Client()
    client.force_login(city.police.manager)
    return client


@pytest.mark.django_db
def test_the_wizard_refuses_what_is_no_host(manager: Client, city: SimpleNamespace) -> None:
    for kind in ("postgresql", "mysql"):
        for host in HOSTS:
            form = {
                "agency": city.police.agency.pk, "name": "库", "values_policy": "masked", "parameter_host": host, "parameter_port": "5432",
                "parameter_user": "u", "parameter_database": "d", "parameter_sslmode": "prefer", "parameter_tls": "prefer", "secret_password": "p",
            }  # fmt: skip
            answer = manager.post(f"/sources/new/{kind}/", form)
            assert (kind, host, answer.status_code) == (kind, host, 422)
            assert "主机" in answer.content.decode()
    for name, value in (
        ("port", "５４３２x"),
        ("port", "80000"),
        ("sslmode", "none"),
        ("user", "a\x1bb"),
        ("database", "a\x85b"),
    ):
        answer = manager.post("/sources/new/postgresql/", {**form, "parameter_host": "db", f"parameter_{name}": value})
        assert (name, answer.status_code) == (name, 422)
    assert not DataSource.objects.exists()
    assert not Job.objects.exists()


def post(client: Client, body: Any) -> Any:
    return client.post("/api/v1/sources/", body, content_type="application/json")


@pytest.mark.django_db
def test_rest_refuses_by_field_what_is_no_parameter(manager: Client, city: SimpleNamespace) -> None:
    own = {"host": "db", "port": 5432, "user": "u", "database": "d"}
    body = {"agency": str(city.police.agency.pk), "name": "库", "kind": "postgresql", "parameters": own}
    wrong: list[tuple[str, Any]] = [("host", host) for host in HOSTS]
    wrong += [(name, text) for name in ("user", "database") for text in CONTROLS]
    wrong += [(name, value) for name in ("host", "user", "database") for value in ({"x": 1}, ["a"], 7, True, None)]
    wrong += [
        ("options", "-c x=y"),
        ("hostaddr", "127.0.0.1"),
        ("service", "x"),
        ("port", "９"),
        ("port", 80_000),
        ("sslmode", "none"),
    ]
    wrong += [("user", "x" * 2_000), ("database", "x" * 2_000)]
    for name, value in wrong:
        answer = post(manager, json.dumps({**body, "parameters": {**own, name: value}}))
        assert (name, value, answer.status_code) == (name, value, 400)
        assert answer.headers["Content-Type"] == "application/problem+json"
        unparsed = isinstance(value, str) and (
            "\0" in value or "\ud800" in value
        )  # refused before fields are looked at
        assert ("parse_error" if unparsed else f"parameters.{name}") in answer.content.decode()
    for text in CONTROLS:
        answer = post(manager, json.dumps({**body, "secrets": {"password": f"p{text}"}}))
        assert (text, answer.status_code) == (text, 400)
    for path in (
        "../../etc",
        "relative",
        "file:///etc/passwd",
        "s3://bucket/x",
        "http://10.0.0.1/x",
        "/srv/\0x",
        "/srv/x\n",
        "//etc/passwd",
        "~root",
    ):
        answer = post(manager, json.dumps({**body, "kind": "files", "parameters": {"path": path}}))
        assert (path, answer.status_code) == (path, 400)
    assert not DataSource.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@a,b/d", "postgresql://u@%2Ftmp/d", "postgresql://u@h%0A/d", "postgresql://u@h/d%00x", "postgresql://u@h/d%0Ax", "postgresql://u@h\\x/d",
        "postgresql://u@h/d?host=evil.example", "postgresql://u@h/d#x", "postgresql://u@evil.example@h:x/d", "postgresql://u@h:５４３２/d", "mysql://u@h/d?local_infile=1",
        "mysql://u@h:0/d", "mysql://u%00@h/d", "mysql://u@h:80000/d", "sqlite:///x?mode=rwc", "files://host/../etc", "sqlite:///x%00.db", "http://10.0.0.1/x",
    ],
)  # fmt: skip
def test_the_command_line_refuses_by_part(url: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["snapshot", url]) == 2
    answer = json.loads(capfdbinary.readouterr().out)
    assert answer["error"]["code"] in ("bad_parameter", "no_such_path")


# -- requests ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def outgoing() -> Iterator[list[tuple[str, Any]]]:
    """What this process asks of the network while the list is watched: names resolved and connections begun."""
    seen: list[tuple[str, Any]] = []
    watching = [True]

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if watching[0] and event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.connect"):
            seen.append((event, arguments[1] if event == "socket.connect" else arguments[0]))

    sys.addaudithook(note)
    yield seen
    watching[0] = False


@pytest.mark.django_db
def test_no_request_resolves_a_name_or_touches_a_source(
    manager: Client, city: SimpleNamespace, outgoing: list[tuple[str, Any]]
) -> None:
    with rogue(lambda connection, server: connection.close()) as server:
        form = {
            "agency": city.police.agency.pk, "name": "库", "values_policy": "masked", "parameter_host": "localhost", "parameter_port": server.port,
            "parameter_user": "u", "parameter_database": "d", "parameter_sslmode": "prefer", "secret_password": "p",
        }  # fmt: skip
        assert manager.post("/sources/new/postgresql/", form).status_code == 302
        source = DataSource.objects.get()
        for path in ("", "check/", "plan/", "edit/", "tables/", "census/", "scans/"):
            assert manager.get(f"/sources/{source.pk}/{path}").status_code == 200
        for path in ("test/", "start-census/", "start-scan/"):
            assert manager.post(f"/sources/{source.pk}/{path}").status_code == 302
        for path in ("test", "census", "scan"):
            assert (
                manager.post(f"/api/v1/sources/{source.pk}/{path}/", {}, content_type="application/json").status_code
                == 202
            )
        assert manager.post(f"/sources/{source.pk}/edit/", {**form, "name": "新库"}).status_code == 302
        asked = [what for event, what in outgoing if "localhost" in str(what) or str(server.port) in str(what)]
        assert (asked, server.connections) == ([], 0)
        for job in Job.objects.all():
            assert finished(job).error_code == ("" if job.kind == "assets.scan" else "unreachable")  # no table, no scan
        assert server.connections > 0
    assert any("localhost" in str(what) for event, what in outgoing)  # the hook does hear what a worker asks
