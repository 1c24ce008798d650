"""Where a connection may go: nowhere but the public network, until an administrator opens a range to an agency."""

import ipaddress
import re
import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from accounts.models import Agency, Grant, Person
from accounts.services import create_person
from assets.models import AllowedNetwork, DataSource
from assets.services import networks, requests, sources
from core.models import AuditEntry
from scanner.connectors.registry import open_source
from scanner.errors import SourceError
from scanner.guard import OPEN, HostPolicy, Limits
from tests.assets.support import finished
from tests.flows.support import PostgresSource
from tests.hostile.servers import Rogue, rogue

SHORT = Limits(connect_seconds=0.5)
LOOPBACK = "127.0.0.0/8"


def refused(policy: HostPolicy, host: str, port: int = 5432) -> bool:
    try:
        policy.addresses(host, port)
    except SourceError as error:
        return (error.code, error.params["host"]) == ("host_refused", host)
    return False


@pytest.mark.parametrize(
    "host",
    [
        "::127.0.0.1", "::7f00:1", "fec0::1", "5f00::1", "4000::1", "2002:a00:1::", "192.88.99.1", "198.18.0.1",
        "::ffff:169.254.169.254", "169.254.170.2", "192.0.0.192", "127.0.0.1.", "0x7f.1", "0X7F000001", "127.0.1",
    ],
)  # fmt: skip
def test_nothing_that_leads_inside_passes_by_another_name(host: str) -> None:
    assert refused(HostPolicy(), host)


@pytest.mark.parametrize(
    ("opened", "address"),
    [("169.254.0.0/16", "169.254.169.254"), ("100.64.0.0/10", "100.100.100.200"), ("fd00::/8", "fd00:ec2::254")],
)
def test_a_metadata_address_is_opened_only_by_itself(opened: str, address: str) -> None:
    neighbour = str(ipaddress.ip_address(address) + 1)
    assert refused(HostPolicy.of([opened]), address)
    assert not refused(HostPolicy.of([opened]), neighbour)
    assert not refused(HostPolicy.of([address]), address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.2", "127.1", "0.0.0.0", "localhost", "::1", "::", "::ffff:127.0.0.1"]
)
@pytest.mark.parametrize("policy", [OPEN, HostPolicy.of([LOOPBACK, "::/127", "0.0.0.0/8"])])
def test_our_own_servers_are_refused_whatever_is_open(policy: HostPolicy, host: str) -> None:
    if not policy.everything and host == "127.1":
        return  # refused by its spelling already
    ours = HostPolicy(policy.allowed, (("localhost", 5432), ("127.0.0.1", 6379)), policy.everything)
    assert not refused(policy, host)
    assert refused(ours, host, 5432)
    assert refused(ours, host, 6379)
    assert not refused(ours, host, 3306)


def test_our_own_server_is_refused_by_the_address_of_the_machine_too() -> None:
    """A database at localhost often listens at every address: the machine's own in the agencies' network is one more name of it."""
    known = re.findall(r"-- ([0-9.]+)\n\s+/32 host LOCAL", Path("/proc/net/fib_trie").read_text())
    here = next((address for address in known if not address.startswith("127.")), "")
    if not here:
        pytest.skip("this machine has no address but loopback")
    ours = HostPolicy(refused=(("localhost", 5432), ("198.51.100.7", 6379)), everything=True)
    assert refused(ours, here, 5432)
    assert not refused(ours, here, 3306)
    assert not refused(ours, here, 6379)  # that server stands elsewhere
    assert not refused(ours, "198.51.100.8", 5432)


# -- pinned at connect -------------------------------------------------------------------------------------------------


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A name server of ours: rebound.example is the first address when it is first asked for, then the next."""
    answers: list[str] = []
    genuine = socket.getaddrinfo

    def answer(host: Any, *rest: Any, **named: Any) -> Any:
        return genuine(answers.pop(0) if host == "rebound.example" else host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return answers


def error_of(kind: str, server: Rogue, policy: HostPolicy) -> SourceError:
    values = {"host": "rebound.example", "port": server.port, "user": "u", "database": "d"}
    connector = open_source(kind, values, limits=SHORT, hosts=policy)
    with connector, pytest.raises(SourceError) as caught:
        connector.test()
    return caught.value


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_the_address_that_was_checked_is_the_one_connected_to(kind: str, resolver: list[str]) -> None:
    """The name server changes its answer after the check; to the driver's own resolver the name does not even exist."""
    resolver += ["127.0.0.1", "169.254.169.254"]
    with rogue(lambda connection, server: connection.close()) as server:
        error = error_of(kind, server, HostPolicy.of([LOOPBACK]))
    assert error.code == "unreachable"
    assert server.connections > 0
    assert resolver == ["169.254.169.254"]  # asked once


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(kind: str, resolver: list[str]) -> None:
    resolver.append("127.0.0.1")
    with rogue(lambda connection, server: connection.close()) as server:
        error = error_of(kind, server, HostPolicy())
    assert (error.code, server.connections) == ("host_refused", 0)


# -- the policy of an agency -------------------------------------------------------------------------------------------


@pytest.fixture
def security(city: SimpleNamespace, settings: Any) -> Person:
    """A security administrator of the whole city; nothing is open."""
    settings.SOURCE_NETWORKS = ()
    return _administrator(city.top, "security_admin")


def _administrator(agency: Agency, role: str) -> Person:
    person = create_person(actor=None, username=f"{role}_{agency.code}", name=role, agency=agency)
    Grant.objects.create(person=person, role=role, agency=agency)
    return person


def registered(city: SimpleNamespace, port: int) -> DataSource:
    where = {"host": "127.0.0.1", "port": port, "user": "u", "database": "d"}
    return sources.register_source(
        actor=city.police.manager, agency=city.police.agency, kind="mysql", name="库", parameters=where
    )


def outcome(city: SimpleNamespace, source: DataSource) -> str:
    return finished(requests.test_source(actor=city.police.manager, source=source)).error_code


@pytest.mark.django_db
def test_a_range_is_opened_and_closed_by_the_security_administrator(city: SimpleNamespace, security: Person) -> None:
    def talk(connection: socket.socket, server: Rogue) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with rogue(talk) as server:
        source = registered(city, server.port)
        assert outcome(city, source) == "host_refused"
        networks.allow_network(actor=security, agency=city.civil.agency, network=LOOPBACK, reason="民政专网")
        assert outcome(city, source) == "host_refused"  # opened to another agency
        assert server.connections == 0
        opened = networks.allow_network(actor=security, agency=city.top, network=LOOPBACK, reason="全市政务外网")
        assert outcome(city, source) == "unreachable"  # it was reached, and is no database
        assert server.connections == 1
        networks.revoke_network(actor=security, network=opened)
        assert outcome(city, source) == "host_refused"
        assert server.connections == 1
    verbs = AuditEntry.objects.filter(verb__startswith="assets.network").order_by("id").values_list("verb", "scope_id")
    assert list(verbs) == [
        ("assets.network.allow", city.civil.agency.pk), ("assets.network.allow", city.top.pk),
        ("assets.network.revoke", city.top.pk),
    ]  # fmt: skip
    assert AuditEntry.objects.filter(verb="assets.network.allow").order_by("id")[0].changes == {
        "network": [None, LOOPBACK], "reason": [None, "民政专网"],
    }  # fmt: skip


@pytest.mark.django_db
def test_our_own_server_stays_closed_in_an_open_range(
    postgres_source: Callable[..., PostgresSource], city: SimpleNamespace, security: Person, settings: Any
) -> None:
    source = postgres_source("CREATE TABLE t (a int)")
    networks.allow_network(actor=security, agency=city.police.agency, network=LOOPBACK, reason="本机")
    assert source.test().state == "succeeded"
    settings.SOURCE_REFUSED = (("localhost", source.row.parameters["port"]),)
    assert source.test().error_code == "host_refused"
    settings.SOURCE_NETWORKS = ("*",)
    assert source.census().error_code == "host_refused"


@pytest.mark.django_db
def test_who_opens_ranges_registers_no_sources_and_the_other_way_round(city: SimpleNamespace, security: Person) -> None:
    others = [city.police.manager, city.police.steward, _administrator(city.top, "system_admin")]
    for person in [
        *others,
        _administrator(city.top, "audit_admin"),
        _administrator(city.civil.agency, "security_admin"),
    ]:
        with pytest.raises(PermissionDenied):
            networks.allow_network(actor=person, agency=city.police.agency, network=LOOPBACK, reason="x")
    with pytest.raises(PermissionDenied):
        sources.register_source(
            actor=security, agency=city.police.agency, kind="mysql", name="x", parameters={"host": "a", "user": "b"}
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "network",
    ["", "0.0.0.0/0", "::/0", "10.0.0.0/7", "fc00::/7", "10.0.0.0/33", "2130706433", "0x7f.1", "127.1", "localhost", "10.0.0.0/8 or 1=1",
     "１０.0.0.0/8", "10.0.0.0/8\n", "*", "10.0.0.0-10.0.0.9", "x" * 5000],
)  # fmt: skip
def test_what_is_no_range_is_refused_in_words(city: SimpleNamespace, security: Person, network: str) -> None:
    if network.strip() != network:
        assert (
            networks.allow_network(actor=security, agency=city.top, network=network, reason="x").network == "10.0.0.0/8"
        )
        return
    with pytest.raises(ValidationError) as caught:
        networks.allow_network(actor=security, agency=city.top, network=network, reason="x")
    assert list(caught.value.message_dict) == ["network"]


@pytest.mark.django_db
def test_ranges_on_the_page_and_by_rest(city: SimpleNamespace, security: Person) -> None:
    client = Client()
    client.force_login(security)
    form = {"agency": city.police.agency.pk, "network": "10.20.30.40/16", "reason": "公安专网"}
    assert client.post("/networks/add/", {**form, "network": "0.0.0.0/0"}).status_code == 422
    assert client.post("/networks/add/", form).status_code == 302
    assert client.post("/networks/add/", form).status_code == 422  # once per agency
    shown = client.get("/networks/").content.decode()
    assert "10.20.0.0/16" in shown
    assert "公安专网" in shown
    row = AllowedNetwork.objects.get()
    given = {"agency": str(city.civil.agency.pk), "network": "172.16.0.0/12", "reason": "民政专网"}
    made = client.post("/api/v1/networks/", given, content_type="application/json")
    assert (made.status_code, made.json()["network"]) == (201, "172.16.0.0/12")
    wide = client.post("/api/v1/networks/", {**given, "network": "::/0"}, content_type="application/json")
    assert (wide.status_code, wide.headers["Content-Type"]) == (400, "application/problem+json")
    assert client.post(f"/networks/{row.pk}/remove/").status_code == 302
    url = f"/api/v1/networks/{made.json()['id']}/"
    assert client.delete(url, headers={"If-Match": client.get(url).headers["ETag"]}).status_code == 204
    assert not AllowedNetwork.objects.exists()
    other = Client()
    other.force_login(city.police.manager)
    assert other.get("/networks/").status_code == 403
    assert other.get("/api/v1/networks/").status_code == 403
    assert other.post("/api/v1/networks/", given, content_type="application/json").status_code == 403
