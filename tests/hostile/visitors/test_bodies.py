"""Bodies and parameters that no form of ours would send: too large, too deep, too many, of another kind, not for a database."""

import io
import json
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from assets.services.uploads import MAX_BODY
from tests.accounts import world
from tests.contracts.places import Place, Route, call, content, routes, undone

pytestmark = pytest.mark.django_db
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
LIMIT: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
UPLOADS = ("/sources/new/upload/", "/api/v1/sources/upload/")
BAD_JSON = {
    "NaN": b'{"name": NaN}',
    "infinity": b'{"name": -Infinity}',
    "a number out of range": b'{"name": 1e999}',
    "a key twice": b'{"name": "a", "name": "b"}',
    "NUL": b'{"name": "a\\u0000b"}',
    "half a pair": b'{"name": "\\ud800"}',
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "10,000 deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "10,000 brackets": b"[" * 10_000,
    "a number of 100,000 digits": b'{"name": ' + b"9" * 100_000 + b"}",
}
# Each for another reader: one text holds what means something to SQL, LIKE, templates, formats and shells all at once.
TEXTS = (
    "\x00", "'; DROP TABLE core_job; -- 1' OR '1'='1 %' ESCAPE '% {{191*193}}{% include 'base.html' %}%(x)s${191*193}__class__.__mro__ \\",
    "-1", "9" * 40, "1e999", "NaN", "2026-02-30", "😀" * 50 + "\u202e", "a" * 9000,
)  # fmt: skip


class Tap(io.RawIOBase):
    """A body of any length that is never in memory; `taken` is how much of it somebody read."""

    def __init__(self, length: int, head: bytes = b"") -> None:
        self.length, self.head, self.taken = length, head, 0

    def read(self, size: int | None = -1) -> bytes:
        count = min(size if size and size > 0 else 1 << 16, self.length - self.taken)
        start = self.head[self.taken : self.taken + count]
        self.taken += count
        return start + b"a" * (count - len(start))


@pytest.fixture
def clients(places: tuple[Place, Place]) -> list[Client]:
    """The people of the first agency, who between them may do everything there."""
    mine = places[0]
    return [world.browser(person, raise_request_exception=False) for person in (mine.manager, *mine.people[:2])]


def changing(place: Place) -> list[tuple[Route, str, str]]:
    """(route, address, method) of all that changes something."""
    found = [(route, address) for route, address, _key in place.addresses() if "?" not in address]
    return [(route, address, method) for route, address in found for method in set(route.methods) - {"get"}]


def let_in(clients: list[Client], method: str, address: str) -> list[Client]:
    """The first of the people who may ask for it at all."""
    allowed = (client for client in clients if call(client, method, address).status_code not in (403, 404))
    return [next(allowed, clients[0])]


def send(client: Client, method: str, address: str, tap: Tap, kind: str) -> Any:
    with transaction.atomic():
        response = client.generic(
            method.upper(), address, CONTENT_TYPE=kind, **{"wsgi.input": tap, "CONTENT_LENGTH": str(tap.length)}
        )
        transaction.set_rollback(True)
    return response


# Size ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [JSON, FORM, "multipart/form-data; boundary=b", "text/xml", ""])
def test_a_large_body_is_refused_unread(places: tuple[Place, Place], kind: str) -> None:
    """50 MB at every door that changes something, from a visitor and from somebody signed in: 413, a few KB read at most."""
    mine, _theirs = places
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' if "multipart" in kind else b"a="
    for who, client in (("visitor", Client()), ("signed in", world.browser(mine.people[0]))):
        for route, address, method in changing(mine):
            if who == "signed in" and route.text in UPLOADS:
                continue
            tap = Tap(50 << 20, head)
            response = send(client, method, address, tap, kind)
            assert response.status_code == 413, (who, method, address, response.status_code)
            assert tap.taken <= 1 << 16, (who, method, address, tap.taken)
            if route.is_api:
                assert response["Content-Type"] == "application/problem+json", address
                assert response.json()["type"].endswith("too_large")


def test_an_upload_may_be_larger_and_has_its_own_limit(places: tuple[Place, Place]) -> None:
    client = world.browser(places[0].manager)
    for address in UPLOADS:
        tap = Tap(MAX_BODY + 1, b"--b\r\n")
        assert send(client, "post", address, tap, "multipart/form-data; boundary=b").status_code == 413
        assert tap.taken == 0
        visitors = send(Client(), "post", address, tap, "multipart/form-data; boundary=b")
        assert (visitors.status_code, tap.taken) == (413, 0)
        tap = Tap(LIMIT + 1, b"--b\r\n")
        assert send(client, "post", address, tap, "multipart/form-data; boundary=b").status_code in (400, 422)


def test_a_length_that_is_no_number_is_none(places: tuple[Place, Place]) -> None:
    for length in ("-1", "many", "1e9", "99999999999999999999999", "٣"):
        response = Client().generic("POST", "/sign-in/", CONTENT_TYPE=FORM, CONTENT_LENGTH=length)
        assert response.status_code in (400, 413), length


def test_a_million_fields_are_refused(places: tuple[Place, Place], clients: list[Client]) -> None:
    """Many small keys, a huge index, many files: refused before they become objects."""
    many = "&".join(f"f{number}=" for number in range(500_000))
    parts = (
        "".join(f'--b\r\nContent-Disposition: form-data; name="f{n}"\r\n\r\n\r\n' for n in range(2_000)) + "--b--\r\n"
    )
    bodies = [(many, FORM), ("f__999999999__x=1&f[999999999]=1", FORM), (parts, "multipart/form-data; boundary=b")]
    for route, address, method in changing(places[0]):
        if method != "post" or route.text == "/sign-out/":
            continue
        for body, kind in bodies[:2] if not route.is_api else bodies[2:]:
            with transaction.atomic():
                response = clients[0].post(address, body, content_type=kind)
                transaction.set_rollback(True)
            assert response.status_code < 500, (address, response.status_code)
            if body is many and getattr(getattr(route.callback, "view_class", None), "form_class", None):
                assert response.status_code in (400, 403, 404), (
                    address,
                    response.status_code,
                )  # refused before it is read
    answer = clients[0].post("/api/v1/sources/upload/", parts, content_type="multipart/form-data; boundary=b")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert clients[0].get("/people/?" + "a&" * 5_000).status_code == 400


# Kind ----------------------------------------------------------------------------------------------------------------


def test_bad_json_changes_nothing_at_any_endpoint(places: tuple[Place, Place], clients: list[Client]) -> None:
    """An endpoint that reads a body refuses it as such; one that reads none does what it does without."""
    reads = set()
    for route, address, method in changing(places[0]):
        if not route.is_api:
            continue
        for client in let_in(clients, method, address):
            etag = client.get(address).headers.get("ETag", "")
            for what, body in BAD_JSON.items():
                with transaction.atomic():
                    response = client.generic(
                        method.upper(), address, body, content_type=JSON, headers={"if-match": etag}
                    )
                    transaction.set_rollback(True)
                assert response.status_code < 500, (what, address)
                if response.status_code >= 400:
                    assert response["Content-Type"] == "application/problem+json", (what, address)
                if response.status_code == 400 and response.json()["type"].endswith("parse_error"):
                    reads.add((method, route.text))
                    assert len(response.json()["detail"]) < 400, (what, address)
                elif (method, route.text) in reads:
                    assert response.status_code in (403, 404), (what, address, response.status_code)
    assert len(reads) >= 20


def test_a_body_of_another_kind_is_415(places: tuple[Place, Place], clients: list[Client]) -> None:
    kinds = ("text/xml", "application/xml", "text/plain", "application/x-yaml", "application/octet-stream", FORM)
    refused = 0
    for route, address, method in changing(places[0]):
        if not route.is_api:
            continue
        for kind in kinds:
            with transaction.atomic():
                response = clients[0].generic(
                    method.upper(), address, "name=x", content_type=kind, headers={"if-match": "*"}
                )
                transaction.set_rollback(True)
            assert response.status_code < 500, (kind, address)
            assert response.status_code not in (201,), (kind, address)
            refused += response.status_code == 415
    assert refused > 60


# Parameters ----------------------------------------------------------------------------------------------------------


def lists() -> list[Route]:
    return [
        route
        for route in routes()
        if route.is_api and getattr(route.callback, "actions", {}).get("get") == "list" and not route.key
    ]


def test_impossible_pages_and_orders_are_named(clients: list[Client]) -> None:
    for route in lists():
        if getattr(route.callback.cls, "pagination_class", None) is None:
            continue
        for name, values in {
            "limit": ("1e9", "1000000000", "0", "-1", "NaN", "1.5", "%00"),
            "ordering": ("password", "person__password", "-id;--", "?", "id,name", "(SELECT 1)", ""),
            "cursor": ("'", "AAAA", "W10", "bnVsbA", "eyJhIjoxfQ", "%00", "a" * 5000),
            "count": ("maybe", "1"),
            "id__in": ("1",),
            "source__sealed_secrets__startswith": ("v1",),
            "person__password__startswith": ("argon2",),
        }.items():
            for value in values:
                response = clients[2 if "grants" in route.text else 0].get(f"{route.address()}?{name}={value}")
                if response.status_code == 403:
                    continue
                assert response.status_code == 400, (route.text, name, value, response.status_code)
                problem = response.json()
                assert [error["parameter"] for error in problem["errors"]] == [name], (route.text, name, value)
                assert "Traceback" not in problem["detail"]


def test_a_cursor_compares_and_does_no_more(places: tuple[Place, Place], clients: list[Client]) -> None:
    """Forged with values of every type, it opens no row that is not in the list anyway."""
    import base64

    own = {row["id"] for row in clients[0].get("/api/v1/tables/?limit=200").json()["results"]}
    for values in (
        ["", ""],
        ["' OR 1=1 --", "x"],
        [1, 2],
        [None, None],
        [{"a": 1}, []],
        [True, False],
        ["a" * 5000, "0"],
    ):
        text = base64.urlsafe_b64encode(json.dumps(["name", 0, values]).encode()).decode().rstrip("=")
        answer = clients[0].get("/api/v1/tables/", {"cursor": text, "limit": 200})
        assert answer.status_code in (200, 400), values
        if answer.status_code == 200:
            assert {row["id"] for row in answer.json()["results"]} <= own


def test_pages_take_any_parameter_for_text(places: tuple[Place, Place], clients: list[Client]) -> None:
    """Filters, sorting, paging, searching and tabs of every page, with texts that mean something to somebody else."""
    mine, _theirs = places
    names = {"q", "sort", "page", "kind", "table", "column", "inspect", "by", "show", "export", "state", "next"}
    for route, address, _key in mine.addresses():
        if route.is_api or "get" not in route.methods or "?" in address:
            continue
        view: Any = getattr(route.callback, "view_class", None)
        filterset = getattr(view, "filterset_class", None)
        for number, text in enumerate(TEXTS):
            given = dict.fromkeys(sorted(names | set(filterset.base_filters if filterset else ())), text)
            response = clients[number % 2].get(address, given)
            assert response.status_code in (200, 302, 400, 403, 404, 405), (address, text, response.status_code)
            assert "36863" not in content(response), address


def test_pages_take_any_text_in_a_form(places: tuple[Place, Place], clients: list[Client]) -> None:
    """Every field of every form, with texts that no database, template or shell may take for more."""
    mine, _theirs = places
    for route, address, method in changing(mine):
        if route.is_api or method != "post" or route.text == "/sign-out/":
            continue
        form: Any = getattr(
            route.callback.view_class if hasattr(route.callback, "view_class") else None, "form_class", None
        )
        names = set(form.base_fields if form else ()) | {
            "selected",
            "query",
            "all",
            "next",
            "language",
            "username",
            "password",
        }
        query = "?kind=in_set&q=abcd" if "bulk" in address else f"?kind=in_set&table={mine.ids['assets.Table']}"
        for text in (*TEXTS[:2], *TEXTS[-2:]):
            for client in let_in(clients, method, address):
                with undone(client):
                    response = client.post(address + query, dict.fromkeys(sorted(names), text))
                assert response.status_code in (302, 400, 403, 404, 405, 422, 429, 200), (
                    address,
                    text,
                    response.status_code,
                )
