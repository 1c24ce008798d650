"""Two agencies: whatever route or list there is, one never shows, counts, finds or changes anything of the other.

The walk is over the URL resolver and the model registry, so a page or endpoint that is added is walked too. Everything
of the foreign agency carries a word that must never appear; its owner proves that the routes would show it.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, get_resolver
from django_filters import ModelChoiceFilter, ModelMultipleChoiceFilter, UUIDFilter

from accounts import services
from accounts.choices import ROLE_VERBS, VERBS, Role
from accounts.models import Agency, Person
from assets.models import Column, DataSource, Table
from assets.services import requests, sources, systems
from assets.services.networks import allow_network
from core import jobs
from core.models import AuditEntry, Job
from quality.models import Rule, RuleProposal
from quality.services.proposals import accept_proposals
from quality.services.rules import create_rule
from tests.accounts import world

pytestmark = pytest.mark.django_db
WORD = "xqzv"  # in every name of the foreign agency
CHINESE = "密锁"  # beside it, to search by without writing the word into the page ourselves
SCRIPT = """
CREATE TABLE {name}_person (id INTEGER PRIMARY KEY, {name}_name TEXT NOT NULL, {name}_sfzh TEXT);
INSERT INTO {name}_person VALUES (1, '{name} 王晓岚', '11010519491231002X'), (2, '{name} 李敏', '000'), (3, '{name} 李敏', '440524188001010014');
WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
INSERT INTO {name}_person SELECT i, '{name} ' || i, 'K' || (10000 + i) FROM n;
CREATE TABLE {name}_office (code TEXT PRIMARY KEY, title TEXT);
INSERT INTO {name}_office VALUES ('A1', '{name}');
"""
# The three administrators must be different people, so it takes three to hold every role of an agency.
CASTS = tuple(
    (*(role for role in Role if role not in ("system_admin", "security_admin", "audit_admin")), admin)
    for admin in ("system_admin", "security_admin", "audit_admin")
)
OTHER_PARAMETERS = {"tab", "key"}  # path parameters that name no row


@dataclass
class Place:
    """An agency with one source, censused, ruled, scanned, changed and censused again."""

    agency: Agency
    manager: Person
    people: list[Person]
    secret_ids: dict[str, Any] = field(default_factory=dict)


def build(parent: Agency, name: str, label: str, folder: Path) -> Place:
    agency = world.agency(f"{label} {name}", parent)
    manager = world.person(agency, "source_manager", "steward", name=f"{label} {name}")
    people = [world.person(agency, *cast, name=f"{label} {name} {number}") for number, cast in enumerate(CASTS)]
    system = systems.create_system(actor=manager, agency=agency, code=f"{name}-1", name=f"{label}系统 {name}")
    path = folder / f"{name}.db"
    path.touch()
    change(path, SCRIPT.format(name=name))
    source = sources.register_source(
        actor=manager,
        agency=agency,
        system=system,
        kind="sqlite",
        name=f"{label}库 {name}",
        parameters={"path": str(path)},
    )
    requests.request_census(actor=manager, source=source)
    drain()
    requests.request_scan(actor=manager, source=source, tables=())
    drain()
    accept_proposals(actor=manager, proposals=list(RuleProposal.objects.filter(column__source=source)[1:]))
    table = Table.objects.get(source=source, name=f"{name}_person")
    column = Column.objects.get(table=table, name=f"{name}_sfzh")
    create_rule(actor=manager, table=table, columns=[column], kind="matches", parameters={"pattern": "^Z"}, name=name)
    change(path, f"ALTER TABLE {name}_office ADD COLUMN {name}_phone TEXT")
    requests.request_census(actor=manager, source=source)
    drain()
    requests.request_scan(actor=manager, source=source, tables=())
    drain()
    allow_network(actor=None, agency=agency, network="10.9.0.0/16", reason=f"{label} {name}")
    world.program(manager)
    return Place(agency, manager, people)


def drain() -> None:
    jobs.drain()
    ended = list(Job.objects.values_list("state", "partial", "error_code"))
    assert set(ended) == {("succeeded", False, "")}, ended


def change(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


@pytest.fixture
def places(tmp_path: Path, settings: Any) -> tuple[Place, Place]:
    """(mine, theirs): siblings below one city."""
    settings.API_CALLS_PER_MINUTE = 1_000_000
    city = world.agency("滨海市")
    mine = build(city, "abcd", "本局", tmp_path)
    theirs = build(city, WORD, CHINESE, tmp_path)
    theirs.secret_ids = rows_of(theirs)
    return mine, theirs


def scoped_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if hasattr(model, "scope_lookup")]


def rows_of(place: Place) -> dict[str, Any]:
    """{label: key} of one row of each scoped model that belongs to the place."""
    found = {}
    for model in scoped_models():
        lookup: str = model.scope_lookup  # type: ignore[attr-defined]
        row = model._default_manager.filter(**{lookup: place.agency.pk}).order_by("pk").first()
        if row is not None:
            found[model._meta.label] = row.pk
    found["accounts.Token"] = place.manager.tokens.get().pk
    return found


def routes() -> Iterator[tuple[str, Any]]:
    """(address with {placeholders}, view) of every route."""

    def walk(patterns: Any, before: str) -> Iterator[tuple[str, Any]]:
        for one in patterns:
            if isinstance(one, URLPattern):
                yield before + str(one.pattern), one.callback
            else:
                yield from walk(one.url_patterns, before + str(one.pattern))

    return walk(get_resolver().url_patterns, "/")


def addresses(ids: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """(address, view, key) of every route with every key in its place; key None for routes without one."""
    for view, callback in routes():
        converters = get_parameters(view)
        if not converters:
            if "^.*" not in view:
                yield plain(view), callback, None
            continue
        names = set(converters)
        rows, others = names - OTHER_PARAMETERS, names & OTHER_PARAMETERS
        assert len(rows) <= 1, f"{view}: say in this test how to fill {sorted(rows)}"
        if not rows:
            continue
        for key in ids.values():
            filled = fill(view, {rows.copy().pop(): str(key), **dict.fromkeys(others, "grants")})
            yield filled, callback, key


def get_parameters(route: str) -> list[str]:
    return re.findall(r"<(?:\w+:)?(\w+)>", route)


def fill(route: str, values: dict[str, str]) -> str:
    regex = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda match: values[match[1]], route)
    return plain(re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values[match[1]], regex))


def plain(route: str) -> str:
    return route.replace("^", "").replace("$", "").replace("/?", "")


def test_walk_covers_every_scoped_model(places: tuple[Place, Place]) -> None:
    """The foreign agency owns a row of (nearly) every kind, else the walk would prove nothing."""
    _mine, theirs = places
    labels = {model._meta.label for model in scoped_models()}
    assert labels - set(theirs.secret_ids) <= {"core.Schedule"}
    for model in apps.get_models():
        if model._meta.app_label in ("assets", "quality", "quantity") and not hasattr(model, "scope_lookup"):
            assert model._meta.label in {"quality.RuleColumn"}, f"{model._meta.label} says no scope_lookup"


def test_owner_is_shown_what_the_walk_looks_for(places: tuple[Place, Place]) -> None:
    """The positive control: routes answer their own people with the word in it."""
    _mine, theirs = places
    shown = set()
    for person in (theirs.manager, *theirs.people):
        client = world.browser(person)
        for address, callback, key in addresses(theirs.secret_ids):
            if key is not None and is_api(address) and callback not in shown and client.get(address).status_code == 200:
                shown.add(callback)
    readable = {
        callback
        for _address, callback, key in addresses(theirs.secret_ids)
        if key is not None and "get" in (getattr(callback, "actions", None) or {})
    }
    assert {callback.cls.__name__ for callback in readable - shown} == set()


@pytest.mark.parametrize("cast", range(len(CASTS)))
def test_no_route_shows_anything_of_another_agency(places: tuple[Place, Place], cast: int) -> None:
    mine, theirs = places
    client = world.browser(mine.people[cast])
    leaks = []
    for address, _callback, key in addresses(theirs.secret_ids):
        response = client.get(address)
        body = content(response)
        if WORD in body.lower():
            leaks.append(f"{address}: shows the word")
        if isinstance(key, UUID) and response.status_code not in (302, 403, 404, 405):
            leaks.append(f"{address}: {response.status_code}")
        assert response.status_code < 500, address
        if response.status_code == 302:
            assert "/sign-in/" not in response["Location"], address
    assert leaks == []


def test_no_route_changes_anything_of_another_agency(places: tuple[Place, Place]) -> None:
    mine, theirs = places
    before = AuditEntry.objects.filter(scope_id=theirs.agency.pk).count()
    done = []
    for person in mine.people[:2]:  # the audit administrator's verbs change nothing
        client = world.browser(person)
        for address, callback, key in addresses(theirs.secret_ids):
            if not isinstance(key, UUID):
                continue
            for method in {"post", "patch", "delete"} & set(getattr(callback, "actions", {"post"})):
                kind = "application/json" if is_api(address) else "application/x-www-form-urlencoded"
                response = getattr(client, method)(address, "{}" if is_api(address) else "", content_type=kind)
                if response.status_code not in (403, 404, 405):
                    done.append(f"{method} {address}: {response.status_code}")
    assert done == []
    assert AuditEntry.objects.filter(scope_id=theirs.agency.pk).count() == before


def test_search_never_finds_another_agency(places: tuple[Place, Place]) -> None:
    mine, theirs = places
    texts = (CHINESE, "misuo", f"{CHINESE}库", theirs.manager.username)
    for person in mine.people:
        client = world.browser(person)
        for text in texts:
            assert client.get("/api/v1/search/", {"q": text}).json()["total"] == 0, text
            for address in ("/search/", "/search/suggest/"):
                assert WORD not in content(client.get(address, {"q": text})).lower()
    owner = world.browser(theirs.manager)
    assert owner.get("/api/v1/search/", {"q": CHINESE}).json()["total"] > 0


def test_filters_by_foreign_ids_find_nothing(places: tuple[Place, Place]) -> None:
    mine, theirs = places
    client = world.browser(mine.people[0])
    checked = 0
    for address, callback, key in addresses(theirs.secret_ids):
        filterset = getattr(getattr(callback, "cls", None), "filterset_class", None)
        if key is not None or filterset is None:
            continue
        for name, one in filterset.base_filters.items():
            if not isinstance(one, UUIDFilter | ModelChoiceFilter | ModelMultipleChoiceFilter):
                continue
            for foreign in theirs.secret_ids.values():
                if isinstance(foreign, UUID):
                    response = client.get(address, {name: str(foreign)})
                    assert response.status_code in (200, 400, 403), (address, name)
                    if response.status_code == 200:
                        assert response.json()["results"] == [], (address, name, foreign)
                    assert WORD not in content(response).lower(), (address, name)
                    checked += 1
    assert checked > 100


def test_numbers_are_zero_for_an_agency_with_nothing(places: tuple[Place, Place]) -> None:
    city = Agency.objects.get(name="滨海市")
    empty = world.person(world.agency("空局", city), "viewer")
    values = {row["key"]: row["value"] for row in world.browser(empty).get("/api/v1/indicators/").json()}
    assert {key: value for key, value in values.items() if value} == {"accounts.agencies": 1, "accounts.people": 1}


def test_bodies_cannot_point_at_another_agency(places: tuple[Place, Place]) -> None:
    mine, theirs = places
    system, manager = world.browser(mine.people[0]), world.browser(mine.manager)
    security = world.browser(mine.people[1])
    foreign, person = str(theirs.agency.pk), str(theirs.manager.pk)
    table = Table.objects.filter(source__agency=theirs.agency).first()
    cases = [
        (system, "/api/v1/agencies/", {"code": "N1", "name": "新", "parent": foreign}),
        (system, "/api/v1/people/", {"username": "newone", "name": "新", "agency": foreign}),
        (security, "/api/v1/grants/", {"person": person, "role": "viewer", "agency": str(mine.agency.pk)}),
        (security, "/api/v1/grants/", {"person": str(mine.manager.pk), "role": "viewer", "agency": foreign}),
        (manager, "/api/v1/systems/", {"agency": foreign, "code": "N2", "name": "新"}),
        (
            manager,
            "/api/v1/sources/",
            {"agency": foreign, "kind": "sqlite", "name": "新", "parameters": {"path": "/x"}},
        ),
        (
            manager,
            "/api/v1/rules/",
            {"table": str(table.pk), "columns": [], "kind": "row_count", "parameters": {"min": 1}},
        ),
    ]
    for client, address, body in cases:
        answer = client.post(address, body, content_type="application/json")
        assert answer.status_code in (400, 403, 404), (address, answer.status_code, answer.content)
        assert WORD not in content(answer).lower()
    assert DataSource.objects.filter(agency=theirs.agency).count() == 1
    assert Rule.objects.filter(table__source__agency=theirs.agency, kind="row_count").count() == 0


def test_visitor_is_sent_to_sign_in_everywhere(places: tuple[Place, Place]) -> None:
    _mine, theirs = places
    client, open_routes = Client(), set()
    for address, _callback, _key in addresses(theirs.secret_ids):
        response = client.get(address)
        if response.status_code == 200:
            open_routes.add(address)
        elif is_api(address):
            assert response.status_code in (401, 404), address
        else:
            assert response.status_code in (302, 404, 405), address
    assert open_routes == {"/sign-in/", "/api/schema", "/api/schema.json", "/api/schema.yaml"}


def test_every_verb_is_asked_by_the_role_that_has_it() -> None:
    assert {verb for verbs in ROLE_VERBS.values() for verb in verbs} == set(VERBS)
    document = (Path(__file__).parents[2] / "docs" / "roles.md").read_text(encoding="utf-8")
    for verb in VERBS:
        row = next(line for line in document.splitlines() if line.startswith(f"| `{verb}` |"))
        marks = [cell.strip() == "●" for cell in row.strip("|").split("|")[2:]]
        assert marks == [verb in ROLE_VERBS[role] for role in Role], verb


def is_api(address: str) -> bool:
    return address.startswith("/api/")


def content(response: Any) -> str:
    if response.status_code == 304 or not hasattr(response, "content"):
        return ""
    return response.content.decode("utf-8", "replace") + str(dict(response.headers))


def test_disabled_and_ungranted_people_see_no_row(places: tuple[Place, Place]) -> None:
    mine, _theirs = places
    ungranted = world.person(mine.agency)
    for address, callback, _key in addresses({}):
        if is_api(address) and (getattr(callback, "actions", None) or {}).get("get") == "list":
            response = world.browser(ungranted).get(address)
            if response.status_code == 200 and isinstance(response.json(), dict) and "results" in response.json():
                assert response.json()["results"] == [], address
    services.disable_person(actor=None, person=mine.manager)
    assert world.browser(mine.manager).get("/api/v1/tables/").status_code == 401
