"""Where connections may go and which fields a source takes."""

import socket
from typing import Any

import pytest

from scanner.connectors.registry import KINDS, connector_class, open_source
from scanner.errors import SourceError
from scanner.guard import HostPolicy, connect_socket
from scanner.source import parse_source

REFUSED = [
    "127.0.0.1", "127.9.9.9", "localhost", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200",
    "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.0.0.1", "017700000001",
    "1", "240.0.0.1", "192.0.2.1",
]  # fmt: skip


@pytest.mark.parametrize("host", REFUSED)
def test_only_public_addresses_pass_unless_allowed(host: str) -> None:
    with pytest.raises(SourceError) as caught:
        HostPolicy().addresses(host, 5432)
    assert (caught.value.code, caught.value.params["host"]) == ("host_refused", host)


def test_public_addresses_and_allowed_ranges_pass() -> None:
    assert HostPolicy().addresses("8.8.8.8", 1) == ["8.8.8.8"]
    assert HostPolicy().addresses("2606:4700::1", 1) == ["2606:4700::1"]
    assert HostPolicy.of(["10.20.0.0/16"]).addresses("10.20.1.2", 1) == ["10.20.1.2"]
    with pytest.raises(SourceError):
        HostPolicy.of(["10.20.0.0/16"]).addresses("10.21.1.2", 1)
    assert HostPolicy.of(["127.0.0.0/8"]).addresses("::ffff:127.0.0.1", 1) == ["127.0.0.1"]


def test_our_own_servers_are_refused_even_in_an_allowed_range() -> None:
    policy = HostPolicy.of(["127.0.0.0/8", "::1/128"], refused=[("localhost", 5432)])
    assert policy.addresses("127.0.0.1", 5433) == ["127.0.0.1"]
    with pytest.raises(SourceError):
        policy.addresses("127.0.0.1", 5432)


def test_one_forbidden_address_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with a public and a private address is not connected to by luck of the draw."""
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 1)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(SourceError) as caught:
        HostPolicy().addresses("rebound.example", 1)
    assert caught.value.code == "host_refused"


def test_the_name_is_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second answer of the name server changes nothing: the connection goes to the address that was checked."""
    resolved = []
    genuine = socket.getaddrinfo

    def first_good_then_bad(host: str, *rest: Any, **named: Any) -> Any:
        if host == "rebound.example":
            resolved.append(host)
            host = "127.0.0.1" if len(resolved) == 1 else "169.254.169.254"
        return genuine(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", first_good_then_bad)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with connect_socket("rebound.example", port, HostPolicy.of(["127.0.0.0/8"]), 1) as connection:
            assert connection.getpeername() == ("127.0.0.1", port)
    assert resolved == ["rebound.example"]


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(SourceError) as caught:
        HostPolicy(everything=True).addresses("a" * 64 + ".invalid", 1)
    assert caught.value.code == "unreachable"


HOSTS = [
    "a,b", "/tmp", "/var/run/postgresql", "a b", "a\nb", "a\0b", "a/b", "user@host", "host:5432", "host?x=1", "host#x", "host\\x",
    "host=evil", "'host'", "$(id)", "-h", "", " ", "a" * 300, "h%00st",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
@pytest.mark.parametrize("host", HOSTS)
def test_a_host_is_one_name_or_address(kind: str, host: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(kind, {"host": host, "user": "u", "database": "d"})
    assert (caught.value.code, caught.value.params["name"]) == ("bad_parameter", "host")


@pytest.mark.parametrize("host", ["db", "db-1.gov.cn", "10.1.2.3", "fe80::1%eth0", "[::1]", "人口.政务", "my_db"])
def test_usual_hosts_pass(host: str) -> None:
    open_source("postgresql", {"host": host, "user": "u", "database": "d"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 0), ("port", 65_536), ("port", "x"), ("port", "1e3"), ("port", True), ("port", -1), ("port", "９"),
        ("sslmode", "none"), ("user", "a\0b"), ("user", ""), ("user", 5), ("database", None), ("database", "a\nb"),
    ],
)  # fmt: skip
def test_fields_are_typed(name: str, value: Any) -> None:
    values = {"host": "db", "user": "u", "database": "d", name: value}
    with pytest.raises(SourceError) as caught:
        open_source("postgresql", values)
    assert (caught.value.code, caught.value.params["name"]) == ("bad_parameter", name)


def test_an_unknown_kind() -> None:
    with pytest.raises(SourceError) as caught:
        open_source("paradox", {})
    assert (caught.value.code, caught.value.params["kind"]) == ("unsupported", "paradox")


def test_a_missing_driver_gives_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pymysql", None)
    with pytest.raises(SourceError, match="pip install PyMySQL") as caught:
        open_source("mysql", {"host": "db", "user": "u"})
    assert caught.value.code == "driver_missing"


def test_every_field_can_be_put_on_a_form() -> None:
    for kind in KINDS:
        for field in connector_class(kind).parameters:
            assert field.label
            assert field.type in ("text", "int", "bool", "choice", "path", "host")
            assert bool(field.choices) == (field.type == "choice")
            assert field.secret == (field.name == "password")


URLS = [
    ("postgresql://u@h:5433/d", ("postgresql", {"host": "h", "port": 5433, "user": "u", "database": "d"}, {})),
    ("postgres://u%40x@h/%E4%BA%BA", ("postgresql", {"host": "h", "port": 5432, "user": "u@x", "database": "人"}, {})),
    ("mysql://u@[::1]:3307/", ("mysql", {"host": "::1", "port": 3307, "user": "u", "database": ""}, {})),
    ("mariadb://u@h", ("mysql", {"host": "h", "port": 3306, "user": "u", "database": ""}, {})),
    ("sqlite:///a/b%20c.db", ("sqlite", {"path": "/a/b c.db"}, {})),
    ("sqlite:////a/b.db", ("sqlite", {"path": "/a/b.db"}, {})),
    ("files:///数据/文件%20夹", ("files", {"path": "/数据/文件 夹"}, {})),
    ("file:///a%3Fb", ("files", {"path": "/a?b"}, {})),
]


@pytest.mark.parametrize(("url", "expected"), URLS)
def test_source_urls(url: str, expected: Any) -> None:
    assert parse_source(url) == expected


def test_the_password_comes_beside_the_url() -> None:
    assert parse_source("postgresql://u@h/d", "口令")[2] == {"password": "口令"}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://u:pw@h/d", "password"), ("postgresql://u:@h/d", "password"), ("postgresql://u@h/d?sslmode=disable", "source"),
        ("postgresql://u@h/d?host=evil", "source"), ("mysql://u@h/d?local_infile=1", "source"), ("mysql://u@h/d#x", "source"),
        ("postgresql://h/d", "user"), ("postgresql://u@/d", "host"), ("postgresql:///d", "host"), ("postgresql://u@h", "database"),
        ("postgresql://u@h:x/d", "port"), ("postgresql://u@h:99999/d", "port"), ("sqlite://relative.db", "path"), ("sqlite:///", "path"),
        ("sqlite:///a.db?mode=rw", "source"), ("files://", "path"), ("oracle://u@h/d", "source"), ("nothing", "source"), ("", "source"),
        ("postgresql://u@[h/d", "source"), ("sqlite:///%ff", "path"), ("postgresql://u%ff@h/d", "user"),
    ],
)  # fmt: skip
def test_what_is_no_source_url(url: str, name: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_source(url)
    assert (caught.value.code, caught.value.params["name"]) == ("bad_parameter", name)
    assert "pw" not in str(caught.value)
