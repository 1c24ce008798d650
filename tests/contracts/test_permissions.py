"""Two agencies: whatever route or list there is, one never shows, counts, finds or changes anything of the other.

The walk is over the URL resolver and the model registry, so a page or endpoint that is added is walked too; what it
stands on is tests/contracts/places.py.
"""

import re
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.test import Client
from django_filters import ModelChoiceFilter, ModelMultipleChoiceFilter, UUIDFilter

from accounts import services
from accounts.choices import ROLE_VERBS, VERBS, Role
from accounts.models import Agency
from assets.models import Column, DataSource, Table
from core.models import AuditEntry
from genes.models import Binding, FamilyMember
from genes.services.decisions import accept
from quality.models import Rule
from standards.models import DataElement, ElementName
from tests.accounts import world
from tests.contracts.places import (
    CASTS,
    CHINESE,
    WORD,
    Place,
    build,
    call,
    content,
    is_api,
    routes,
    scoped_models,
    shared_label,
)

pytestmark = pytest.mark.django_db
BY_KEY = (UUIDFilter, ModelChoiceFilter, ModelMultipleChoiceFilter)
Pair = tuple[Place, Place]
NOT_ABOUT_ROWS = ("/account/", "/sign-in/", "/api/schema")
PAGE_PARAMETERS = ("agency", "parent", "source", "table", "column", "columns", "inspect", "selected", "system", "rule")


def test_walk_covers_every_scoped_model(places: Pair) -> None:
    """The foreign agency owns a row of (nearly) every kind, else the walk would prove nothing."""
    _mine, theirs = places
    labels = {model._meta.label for model in scoped_models()}
    assert labels - set(theirs.ids) <= {"core.Schedule"}
    for model in apps.get_models():
        if model._meta.app_label in ("assets", "quality", "quantity") and not hasattr(model, "scope_lookup"):
            assert model._meta.label in {"quality.RuleColumn"}, f"{model._meta.label} says no scope_lookup"


def test_owner_is_shown_what_the_walk_looks_for(places: Pair) -> None:
    """The positive control: every route with a key answers its own people with 200, nearly all with the word in it."""
    _mine, theirs = places
    clients = [world.browser(person) for person in (theirs.manager, *theirs.people)]
    opened, worded = set(), set()
    for route, address, key in theirs.addresses():
        if key is None or "get" not in route.methods or route.text in worded:
            continue
        for client in clients:
            response = client.get(address)
            if response.status_code == 200:
                opened.add(route.text)
                if WORD in content(response).lower():
                    worded.add(route.text)
                    break
    readable = {route.text for route in routes() if route.key and "get" in route.methods and not shared_label(route)}
    assert readable - opened == set()
    nameless = {"columns/{pk}/history", "tokens/{pk}", "check-results/{pk}"}
    assert readable - worded <= {f"/api/v1/{what}/" for what in nameless}


@pytest.mark.parametrize("cast", range(len(CASTS)))
def test_no_route_shows_anything_of_another_agency(places: Pair, cast: int) -> None:
    """A foreign key is answered as one that nobody ever had."""
    mine, theirs = places
    client = world.browser(mine.people[cast])
    for route, address, key in theirs.addresses():
        response = client.get(address)
        assert WORD not in content(response).lower(), address
        assert response.status_code < 500, address
        if key is None:
            assert "/sign-in/" not in response.headers.get("Location", ""), address
        elif "get" in route.methods:
            unknown = client.get(route.address(uuid4() if isinstance(key, UUID) else 10**9))
            assert response.status_code == unknown.status_code, address
            assert response.status_code in (403, 404), address


@pytest.mark.parametrize("cast", range(len(CASTS)))
def test_what_belongs_to_all_shows_nothing_of_another_agency(places: Pair, cast: int) -> None:
    """Elements, their editions and families are everybody's; what an agency has of them is its own, on page, tab, file and endpoint."""
    mine, theirs = places
    taught = Column.objects.get(
        source__agency=theirs.agency, name=f"{WORD}_phone"
    )  # what it is called is a name for all
    Column.objects.filter(pk=taught.pk).update(title="联系用移动电话")
    taught.refresh_from_db()
    accept(actor=theirs.manager, column=taught, element=DataElement.objects.get(name="手机号码"))
    assert ElementName.objects.filter(text="联系用移动电话").exists()
    carried = set(Binding.objects.filter(column__source__agency=theirs.agency).values_list("element_id", flat=True))
    families = set(
        FamilyMember.objects.filter(column__source__agency=theirs.agency).values_list("family_id", flat=True)
    )
    client, walked = world.browser(mine.people[cast]), 0
    for route in routes():
        label = shared_label(route) if route.key and "get" in route.methods else ""
        keys = {"standards.DataElement": carried, "genes.Family": families}.get(
            label, {theirs.ids[label]} if label else set()
        )
        for key in keys:
            response = client.get(route.address(key))
            assert WORD not in content(response).lower(), (route.text, key)
            assert CHINESE not in content(response), (route.text, key)
            walked += response.status_code == 200
    assert len(carried) >= 3
    assert families
    assert walked > 60 or cast == 2, walked


def test_no_route_changes_anything_of_another_agency(places: Pair) -> None:
    mine, theirs = places
    before = AuditEntry.objects.filter(scope_id=theirs.agency.pk).count()
    for person in mine.people:
        client = world.browser(person)
        for route, address, key in theirs.addresses():
            if key is None:
                continue
            for method in set(route.methods) - {"get"}:
                unknown = route.address(uuid4() if isinstance(key, UUID) else 10**9)
                answers = [call(client, method, one).status_code for one in (address, unknown)]
                assert answers[0] == answers[1], (method, address)
                assert answers[0] in (403, 404), (method, address)
    assert AuditEntry.objects.filter(scope_id=theirs.agency.pk).count() == before


def test_not_a_byte_differs_by_what_another_agency_has(tmp_path: Path, settings: Any) -> None:
    """Lists, counts of facets, charts, rankings, to-dos, search, exports: all as if the other agency had nothing."""
    settings.API_CALLS_PER_MINUTE = 1_000_000
    city = world.agency("海州市")
    mine = build(city, "abcd", "本局", tmp_path)
    clients = [world.browser(person) for person in mine.people]

    def seen() -> dict[tuple[int, str], str]:
        queries = [f"{address}?q=%E5%B1%80" for address in ("/search/", "/search/suggest/", "/api/v1/search/")]
        walked = [(address, key) for route, address, key in mine.addresses() if "get" in route.methods]
        walked += [(address, None) for address in queries]
        return {
            (number, address): steady(call(client, "get", address))  # undone: taking a list away is on record
            for number, client in enumerate(clients)
            for address, key in walked
            if not address.startswith(NOT_ABOUT_ROWS) and (key is None or number == 0)
        }

    before = seen()
    build(city, WORD, CHINESE, tmp_path)
    after = seen()
    assert [key for key in before if before[key] != after[key]] == []


def steady(response: Any) -> str:
    """The answer without what changes from one request to the next."""
    body = response.getvalue() if response.streaming else response.content
    text = f"{response.status_code} {body.decode()}"
    for changing in (r'name="csrfmiddlewaretoken" value="\w+"', r'"traceId":"\w+"', r'"last_used_at":"[^"]+"'):
        text = re.sub(changing, "", text)
    return text


def test_search_never_finds_another_agency(places: Pair) -> None:
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


def test_filters_by_foreign_ids_find_nothing(places: Pair) -> None:
    """Every filter of every list, and every parameter that pages read, with keys of every kind."""
    mine, theirs = places
    client = world.browser(mine.people[0])
    kinds = ("Agency", "Person", "InformationSystem", "DataSource", "Table", "Column", "Rule", "CensusRun", "Job")
    foreign = [str(key) for label, key in theirs.ids.items() if label.endswith(kinds)]
    checked = 0
    for route in routes():
        if route.key or "get" not in route.methods or route.text.startswith(NOT_ABOUT_ROWS):
            continue
        if not route.is_api:
            for key in foreign:
                assert WORD not in content(client.get(route.address(), dict.fromkeys(PAGE_PARAMETERS, key))), route.text
            continue
        filterset = getattr(route.callback.cls, "filterset_class", None) if hasattr(route.callback, "cls") else None
        for name, one in (filterset.base_filters if filterset else {}).items():
            for key in foreign if isinstance(one, BY_KEY) else ():
                response = client.get(route.address(), {name: key})
                assert response.status_code in (200, 400, 403), (route.text, name)
                if response.status_code == 200:
                    assert response.json()["results"] == [], (route.text, name, key)
                assert WORD not in content(response).lower(), (route.text, name)
                checked += 1
    assert checked > 300


def test_numbers_are_zero_for_an_agency_with_nothing(places: Pair) -> None:
    city = Agency.objects.get(name="滨海市")
    empty = world.person(world.agency("空局", city), "viewer")
    values = {row["key"]: row["value"] for row in world.browser(empty).get("/api/v1/indicators/").json()}
    own = {key: value for key, value in values.items() if value and not key.startswith("standards.")}  # shared by all
    assert own == {"accounts.agencies": 1, "accounts.people": 1}


def test_bodies_cannot_point_at_another_agency(places: Pair) -> None:
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


def test_visitor_is_sent_to_sign_in_everywhere(places: Pair) -> None:
    _mine, theirs = places
    client, open_routes = Client(), set()
    for route, address, _key in theirs.addresses():
        response = client.get(address)
        if response.status_code == 200:
            open_routes.add(route.text)
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


def test_disabled_and_ungranted_people_see_no_row(places: Pair) -> None:
    mine, _theirs = places
    ungranted = world.person(mine.agency)
    for route in routes():
        if route.is_api and not route.key and "get" in getattr(route.callback, "actions", ()):
            response = world.browser(ungranted).get(route.address())
            if response.status_code == 200 and isinstance(response.json(), dict) and "results" in response.json():
                assert response.json()["results"] == [], route.text
    services.disable_person(actor=None, person=mine.manager)
    assert world.browser(mine.manager).get("/api/v1/tables/").status_code == 401
