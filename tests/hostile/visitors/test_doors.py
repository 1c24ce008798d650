"""What a visitor tries at every door: paths in disguise, forged identities, tokens of all sorts, forms from elsewhere."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.views import APIView

from accounts import services
from accounts.models import Person, Token
from assets.models import InformationSystem
from core.api_access import BearerAuthentication, SessionAuthentication
from tests.accounts import world
from tests.contracts.places import QUESTIONS, WORD, Place, call, content, routes, undone

pytestmark = pytest.mark.django_db
# By exact route: what answers somebody unknown. Everything else sends them to the sign-in, or says 401.
PUBLIC = {"/sign-in/", "/i18n/setlang/", "/api/schema", "/api/schema.json", "/api/schema.yaml"}
OWN = ("/api/v1/me/", "/api/v1/tokens/", "/api/v1/grants/")  # everybody sees their own, ended ones too
IDENTITY_HEADERS = (
    "x-remote-user",
    "remote-user",
    "x-forwarded-user",
    "x-auth-request-user",
    "x-datahub-actor",
    "x-user",
)


@pytest.fixture
def place(places: tuple[Place, Place]) -> Place:
    return places[1]


def private(place: Place) -> list[tuple[Any, str]]:
    found = [(route, address) for route, address, _key in place.addresses()]
    return [(route, address) for route, address in found if route.text not in PUBLIC and "?" not in address]


# Paths ---------------------------------------------------------------------------------------------------------------


def disguises(address: str) -> Iterator[str]:
    """The same address as a careless filter might not know it: as the server hands it on, %-escapes undone, and raw."""
    bare = address.rstrip("/")
    yield from (f"{address};x", f"{bare};v1/sign-in/", f"/sign-in/..{address}", f"/static/..{address}", f"/.{address}")
    yield from (f"/{address}", address.replace("/", "//"), f"/%2e%2e{address}", address.replace("/", "%2F")[3:])
    yield from (address.upper(), f"{bare}.", f"{bare}.json", f"{bare}\x00", f"{bare} ", f"\\{address[1:]}")


def test_a_path_in_disguise_opens_nothing(place: Place) -> None:
    """Neither to a visitor nor, where the plain path is refused, to somebody signed in without any right."""
    visitor, nobody = Client(), world.browser(world.person(place.agency))
    for _route, address in private(place):
        refused = nobody.get(address).status_code in (403, 404)
        for disguise in disguises(address):
            response = visitor.get("/", PATH_INFO=disguise)
            assert response.status_code in (301, 302, 308, 400, 401, 404), (disguise, response.status_code)
            assert WORD not in content(response).lower(), disguise
            location = response.headers.get("Location", "")
            assert not location.startswith(("//", "/\\")), (disguise, location)
            assert response.status_code != 302 or location.startswith("/sign-in/"), (disguise, location)
            if refused and response.status_code != 404:  # what is no address for a visitor is none for anybody
                assert nobody.get("/", PATH_INFO=disguise).status_code in (301, 308, 400, 403, 404), disguise


def test_public_routes_are_these_and_no_others(place: Place) -> None:
    visitor, open_routes = Client(), set()
    for route, address, _key in place.addresses():
        for method in route.methods:
            response = call(visitor, method, address)
            if response.status_code != 401 and not response.headers.get("Location", "").startswith("/sign-in/"):
                open_routes.add(route.text)
    assert open_routes == PUBLIC


def test_unknown_methods_do_nothing(place: Place) -> None:
    client = world.browser(place.people[0])
    for route, address, _key in place.addresses():
        for method in {"put", "patch", "delete", "trace", "propfind"} - set(route.methods):
            response = client.generic(method.upper(), address)
            assert response.status_code in (403, 404, 405), (method, address, response.status_code)


def test_method_override_is_not_believed(place: Place) -> None:
    client = world.browser(place.manager)
    system = InformationSystem.objects.get(pk=place.ids["assets.InformationSystem"])
    address = f"/api/v1/systems/{system.pk}/"
    for header in ("x-http-method-override", "x-http-method", "x-method-override"):
        response = client.post(
            address, {"_method": "DELETE"}, content_type="application/json", headers={header: "DELETE"}
        )
        assert response.status_code == 405
    assert client.get(f"{address}?_method=DELETE").status_code == 400
    assert InformationSystem.objects.filter(pk=system.pk).exists()


# Hosts and ways out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver@evil.example", "testserver:80@evil", "evil.example/", "", "a b"]
)
@pytest.mark.parametrize("address", ["/sign-in/", "/people/", "/api/v1/people/", "/api/schema"])
def test_foreign_host_is_refused(host: str, address: str) -> None:
    response = Client(headers={"host": host}).get(address)
    assert response.status_code == 400
    assert "evil" not in content(response)
    if address.startswith("/api/v1"):
        assert response["Content-Type"] == "application/problem+json"


def test_forwarded_host_is_not_believed(place: Place) -> None:
    headers = {
        "x-forwarded-host": "evil.example",
        "forwarded": "host=evil.example",
        "x-forwarded-server": "evil.example",
    }
    client = world.browser(place.manager, headers=headers)
    for route, address in private(place):
        if "get" in route.methods:
            assert "evil.example" not in content(client.get(address)), address


def test_no_page_sends_anybody_away(place: Place) -> None:
    """`next` at every page: neither where it leads after an action, nor any link in it."""
    client = world.browser(place.people[0])
    for target in ("//evil.example", "/\\evil.example"):
        for route, address, _key in place.addresses():
            if route.is_api:
                continue
            if "get" in route.methods:
                response = client.get(address, {"next": target})
                assert f'href="{target}' not in content(response), address
                assert not leads_away(response), address
            if "post" in route.methods:
                with undone(client):
                    response = client.post(f"{address}?next={target}", {"next": target, "language": "en"})
                assert not leads_away(response), address


def leads_away(response: Any) -> bool:
    goals = [response.headers.get(name, "") for name in ("Location", "HX-Redirect", "HX-Location", "Refresh")]
    return any("evil" in goal.partition("?")[0] or goal.startswith(("//", "javascript", "/\\")) for goal in goals)


# Identity ------------------------------------------------------------------------------------------------------------


def test_identity_headers_open_no_door(place: Place) -> None:
    headers = dict.fromkeys(IDENTITY_HEADERS, place.manager.username)
    visitor = Client(headers=headers, REMOTE_USER=place.manager.username)
    for route, address in private(place):
        if "get" in route.methods:
            response = visitor.get(address)
            assert response.status_code in (302, 401), address
            assert WORD not in content(response).lower().replace(place.manager.username, ""), address


def test_identity_headers_change_nobody_into_another(place: Place) -> None:
    viewer = world.person(place.agency, "viewer")
    client = world.browser(viewer, headers=dict.fromkeys(IDENTITY_HEADERS, place.manager.username))
    assert client.get("/api/v1/me/").json()["id"] == str(viewer.pk)
    who = {"actor": str(place.manager.pk), "actor_id": str(place.manager.pk), "user": place.manager.username}
    assert client.post("/api/v1/systems/", who, content_type="application/json").status_code == 403


# Tokens --------------------------------------------------------------------------------------------------------------


def unsigned_jwt(person: Person) -> str:
    """A JSON web token that asks to be believed without a signature."""
    parts = ({"alg": "none", "typ": "JWT"}, {"sub": str(person.pk), "username": person.username, "scope": "read write"})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


def test_no_forged_token_opens_any_door(place: Place) -> None:
    token = place.manager.tokens.get()
    forged = [
        unsigned_jwt(place.manager), unsigned_jwt(place.manager) + "AAAA", str(token.pk), token.prefix, token.digest,
        f"{token.prefix}_{'A' * 43}", f"dg_{'0' * 8}_{token.digest[:43]}", "null", "undefined", "' OR 1=1 --", "*", "%",
    ]  # fmt: skip
    for secret in forged:
        assert Client(headers={"authorization": f"Bearer {secret}"}).get("/api/v1/me/").status_code == 401, secret
    client = Client(headers={"authorization": f"Bearer {forged[0]}"})
    for route, address in private(place):
        if route.is_api:
            assert {call(client, method, address).status_code for method in route.methods} == {401}, address


@pytest.mark.parametrize("end", ["expired", "revoked", "disabled", "ungranted"])
def test_a_dead_token_opens_no_door(place: Place, end: str) -> None:
    client, person = world.program(place.manager), place.manager
    tokens = Token.objects.filter(person=person)
    if end == "expired":
        tokens.update(expires_at=timezone.now())
    elif end == "revoked":
        for token in tokens:
            services.revoke_token(actor=person, token=token)
    elif end == "disabled":
        Person.objects.filter(pk=person.pk).update(is_active=False)
    else:
        for grant in person.grants.all():
            services.revoke_grant(actor=None, grant=grant)
    for route, address in private(place):
        if not route.is_api:
            continue
        for method in route.methods:
            response = call(client, method, address)
            if end != "ungranted":
                assert response.status_code == 401, (method, address)
            elif route.key and not route.text.startswith(OWN):
                assert response.status_code in (403, 404), (method, address)
            assert route.text.startswith(OWN) or WORD not in content(response).lower(), (method, address)


def test_a_token_does_only_what_its_scopes_say(place: Place) -> None:
    """Reading, writing and starting jobs: three tokens, each refused at every door of the other two."""
    programs = {scope: world.program(place.people[0], scope) for scope in ("read", "write", "jobs")}
    starting = set()
    for route, address in private(place):
        if not route.is_api or route.text == "/api/v1/":
            continue
        for method in route.methods:
            let_in = {scope for scope, client in programs.items() if not out_of_scope(call(client, method, address))}
            if route.text.startswith("/api/v1/tokens/") and method == "post":
                assert let_in == set(), "a token makes and revokes no token"
            elif let_in == {"jobs"}:
                starting.add(route.text)
            else:
                reads = method == "get" or route.text in QUESTIONS  # what is asked stands in the body
                assert let_in == {"read" if reads else "write"}, (method, address)
    sources = {f"/api/v1/sources/{{pk}}/{action}/" for action in ("census", "scan", "test")}
    assert starting == {*sources, "/api/v1/jobs/{pk}/cancel/"}


def out_of_scope(response: Any) -> bool:
    return response.status_code == 403 and response.json()["type"].endswith("insufficient_scope")


def test_a_token_is_believed_in_its_header_only(place: Place) -> None:
    _token, secret = services.create_token(actor=place.manager, name="程序", scopes=["read"], days=1)
    for client, query in (
        (Client(), f"?token={secret}"),
        (Client(), f"?access_token={secret}"),
        (Client(headers={"x-api-key": secret, "x-auth-token": secret}), ""),
        (Client(headers={"cookie": f"token={secret}; Authorization=Bearer {secret}"}), ""),
    ):
        assert client.get(f"/api/v1/me/{query}").status_code == 401
    pages = Client(headers={"authorization": f"Bearer {secret}"})
    for route, address in private(place):
        if not route.is_api and "get" in route.methods:
            assert pages.get(address).headers.get("Location", "").startswith("/sign-in/"), address


# Forms from elsewhere ------------------------------------------------------------------------------------------------


def test_every_change_by_cookie_needs_the_token_of_the_form(place: Place) -> None:
    client = world.browser(place.people[0], enforce_csrf_checks=True)
    for route, address, _key in place.addresses():
        for method in set(route.methods) - {"get"}:
            response = call(client, method, address)
            assert response.status_code == 403, (method, address)
            assert "CSRF" in content(response) or "页面已过期" in content(response), (method, address)


def test_no_change_by_token_needs_it(place: Place) -> None:
    program = world.program(place.people[0])
    program.handler.enforce_csrf_checks = True
    for route, address in private(place):
        for method in set(route.methods) - {"get"} if route.is_api else ():
            assert "CSRF" not in content(call(program, method, address)), (method, address)


def test_the_right_form_token_from_another_origin_is_refused(place: Place) -> None:
    client = world.browser(place.manager, enforce_csrf_checks=True)
    token = client.get("/systems/new/").context["csrf_token"]
    headers = {"origin": "https://evil.example", "x-csrftoken": str(token)}
    assert client.post("/account/preferences/", {"theme": "dark"}, headers=headers).status_code == 403
    assert client.post("/api/v1/systems/", "{}", content_type="application/json", headers=headers).status_code == 403
    headers.pop("origin")
    assert client.post("/account/preferences/", {"theme": "dark"}, headers=headers).status_code == 302
    assert client.post("/api/v1/systems/", "{}", content_type="application/json", headers=headers).status_code == 400


def test_only_views_that_check_for_themselves_are_exempt() -> None:
    """Django exempts DRF's views; each of them must know a cookie only together with the check."""
    for route in routes():
        if getattr(route.callback, "csrf_exempt", False):
            view: type[APIView] = route.callback.cls
            known = set(view.authentication_classes)
            assert known <= {BearerAuthentication, SessionAuthentication}, route.text
            assert SessionAuthentication in known or not known, route.text
