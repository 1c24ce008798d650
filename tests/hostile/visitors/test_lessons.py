"""What happened to other platforms and is tested nowhere else here; docs/security.md lists all of it with its tests."""

import re
import ssl
import struct
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connection, transaction
from django.test import Client

from accounts.models import Person
from core import messages
from datagene.celery import app
from scanner.connectors.registry import open_source
from scanner.errors import SourceError
from tests.accounts import world
from tests.accounts.world import PASSWORD
from tests.conftest import as_owner
from tests.contracts.places import Place, routes
from tests.hostile.servers import MYSQL_GREETING, Rogue, rogue
from tests.hostile.visitors.test_bodies import Tap

BODIES = (
    b'{"kind": "not_null", "where": "{{191*193}} OR __import__(\'os\')"',
    b"\xff",
    b"[" * 5000,
    b"a=" + b"%" * 5000,
)


# Whoever may not, may not before anything is looked at ----------------------------------------------------------------


@pytest.mark.django_db
def test_a_refusal_comes_before_the_body_is_read(places: tuple[Place, Place]) -> None:
    """Without the right a broken body is answered as an empty one is, and by token not a byte of it is taken."""
    viewer = world.person(places[0].agency, "viewer")
    program, page, refused = world.program(viewer), world.browser(viewer), 0
    for route in routes():
        address = route.address(places[0].ids[places[0].label_of(route)] if route.key else None)
        for method in set(route.methods) - {"get"} if "?" not in address else ():
            client, kind = (
                (program, "application/json") if route.is_api else (page, "application/x-www-form-urlencoded")
            )
            with transaction.atomic():
                plain = client.generic(method.upper(), address, b"", content_type=kind)
                transaction.set_rollback(True)
            if plain.status_code != 403:
                continue
            for body in BODIES:
                tap = Tap(len(body), body)
                answer = client.generic(
                    method.upper(), address, CONTENT_TYPE=kind, **{"wsgi.input": tap, "CONTENT_LENGTH": str(len(body))}
                )
                assert (answer.status_code, tap.taken) == (403, 0 if route.is_api else tap.taken), (method, address)
            refused += 1
    assert refused > 30


@pytest.mark.django_db
def test_no_request_opens_the_door_for_the_next(places: tuple[Place, Place]) -> None:
    """What needs no form token (a bearer's call, a visitor's) leaves no exemption behind for a cookie."""
    manager, body = places[0].manager, {"content_type": "application/json"}
    program, browser = world.program(manager), world.browser(manager, enforce_csrf_checks=True)
    for client in (program, Client(enforce_csrf_checks=True), program):
        client.post("/api/v1/systems/", "{}", **body)
        client.get("/api/schema")
        for address in ("/api/v1/systems/", "/api/v1/tokens/"):
            assert browser.post(address, "{}", **body).status_code == 403
        assert browser.post("/account/preferences/", {"theme": "dark"}).status_code == 403


# Nothing of a text is worked out ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["{{191*193}}", "{% debug %}", "{0.__class__}", "{reason.__class__}", "%(reason)s", "${191*193}"]
)
def test_a_sentence_takes_its_parameters_as_text(text: str) -> None:
    """Notices and errors have sentences of our own with fixed places; what stands in a place is never a template."""
    told = messages.text("key_file", {"reason": text})
    assert text in told
    assert "36863" not in told
    assert text in messages.text("key_file", {"reason": {"code": "nobody.knows", "text": text}})


def test_what_travels_between_processes_is_data() -> None:
    """A message for a worker is JSON and can be nothing else: no object comes to life from the broker."""
    assert (app.conf.task_serializer, list(app.conf.accept_content)) == ("json", ["json"])


# When something is wrong nobody gets in, and nobody is told too much ---------------------------------------------------

BROKEN: dict[str, dict[str, Any]] = {
    "no backend": {"AUTHENTICATION_BACKENDS": []},
    "a backend that is not there": {"AUTHENTICATION_BACKENDS": ["nowhere.Backend"]},
    "no hasher": {"PASSWORD_HASHERS": []},
    "another hasher": {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]},
    "no key file": {"KEY_FILE": "/nowhere/key_file"},
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", BROKEN)
def test_with_broken_settings_nobody_gets_in(settings: Any, what: str) -> None:
    who: Person = world.person(world.agency(), "steward", password=PASSWORD)
    client = Client(raise_request_exception=False)
    held = {name: getattr(settings, name, None) for name in BROKEN[what]}
    for name, value in BROKEN[what].items():
        setattr(settings, name, value)
    with transaction.atomic():
        for password in (PASSWORD, "", "x"):
            answer = client.post("/sign-in/", {"username": who.username, "password": password})
            assert answer.status_code in (422, 500, 503), answer.status_code
        transaction.set_rollback(True)
    for name, value in held.items():
        setattr(settings, name, value)
    assert client.get("/api/v1/me/").status_code == 401


@pytest.mark.django_db
def test_an_error_of_the_database_says_nothing_about_it(places: tuple[Place, Place]) -> None:
    """Searching, listing, calling while tables are away: the answer names no host, account, table, path or statement."""
    client = world.browser(places[0].manager, raise_request_exception=False)
    facts = connection.settings_dict
    told = (str(facts["HOST"]), str(facts["NAME"]), "psycopg2", "SELECT", "away", "relation", "Traceback", ".py")
    with as_owner() as cursor:
        cursor.execute("ALTER TABLE core_searchdocument RENAME TO away; ALTER TABLE assets_table RENAME TO away_too")
    for address in ("/search/?q=abcd", "/search/suggest/?q=abcd", "/assets/", "/api/v1/tables/", "/"):
        with transaction.atomic():
            answer = client.get(address)
            transaction.set_rollback(True)
        assert answer.status_code == 500, address
        assert [word for word in told if word in answer.content.decode()] == [], address


# Certificates ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def forged(tmp_path: Path) -> ssl.SSLContext:
    """The side of a server whose certificate nobody has signed but itself, for the very address it stands at."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    now = datetime.now(UTC)
    made = (
        made.not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, False)
    )
    (tmp_path / "pem").write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem")
    return context


def postgresql(connection: Any, server: Rogue) -> None:
    server.hear(connection, 8)
    connection.sendall(b"S")


def mysql(connection: Any, server: Rogue) -> None:
    greeting = bytearray(MYSQL_GREETING)
    place = greeting.index(b"rogue\0") + 6 + 4 + 9
    (capabilities,) = struct.unpack_from("<H", greeting, place)
    struct.pack_into("<H", greeting, place, capabilities | 0x0800)  # CLIENT_SSL
    connection.sendall(bytes(greeting))
    server.hear(connection, 36)


@pytest.mark.parametrize(
    ("kind", "asked", "begin"),
    [("postgresql", {"sslmode": "verify-full"}, postgresql), ("mysql", {"tls": "verify"}, mysql)],
)
def test_a_source_with_a_forged_certificate_is_told_nothing(
    forged: ssl.SSLContext, kind: str, asked: dict[str, str], begin: Callable[[Any, Rogue], None]
) -> None:
    """Encrypted and verified, as the source was registered: no name, no password, no query reaches somebody in between."""
    ends, ended = list[str](), threading.Event()

    def talk(connection: Any, server: Rogue) -> None:
        begin(connection, server)
        server.heard.clear()
        try:
            with forged.wrap_socket(connection, server_side=True) as line:
                ends.append(f"heard {line.recv(4096)!r}")
        except ssl.SSLError as error:
            ends.append(str(error.reason))
        except OSError as error:
            ends.append(f"EOF: {error}")
        finally:
            ended.set()

    with rogue(talk) as server:
        values = {"host": "127.0.0.1", "port": server.port, "user": "u", "database": "d", **asked}
        with open_source(kind, values, {"password": "planted-word"}) as connector, pytest.raises(SourceError):
            connector.test()
        assert ended.wait(30)
    assert [end for end in ends if not re.search("UNKNOWN_CA|ALERT|EOF|heard b''", end)] == []
    assert ends
