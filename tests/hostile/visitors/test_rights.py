"""Every role at every door: `rights.txt` is the whole of it, reviewed line by line, and what the platform really does.

A change of it is a change of who may do what. `WRITE_RIGHTS=1 pytest tests/hostile/visitors/test_rights.py` writes what it is now.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from accounts.choices import Role
from assets.models import CensusRun
from tests.accounts import world
from tests.contracts.places import QUESTIONS, Place, Route, call, routes

FIXTURE = Path(__file__).parent / "rights.txt"
WHO = ("visitor", "nobody", *Role.values)
HEAD = f"""\
# ● let in (a refusal of an empty body included)  × 403  ∅ 404  → to sign in (401 in the API)
# columns: {", ".join(WHO)}
# tests/hostile/visitors/test_rights.py compares this with what happens; {{pk}} is a row of the person's own agency.
"""
# What everybody does with their own account; nobody else's is within reach.
OWN = ("/account/", "/sign-in/", "/sign-out/", "/i18n/", "/api/v1/tokens/")


@pytest.mark.django_db
def test_every_role_at_every_door(places: tuple[Place, Place]) -> None:
    place = places[0]
    CensusRun.objects.filter(pk=place.ids["assets.CensusRun"]).update(brake="held", held={"tables": [], "columns": []})
    people = {who: world.person(place.agency, *([who] if who in Role.values else [])) for who in WHO[1:]}
    clients = {"visitor": Client(), **{who: world.browser(person) for who, person in people.items()}}
    found = HEAD + "\n".join(lines(place, clients)) + "\n"
    if os.environ.get("WRITE_RIGHTS"):
        FIXTURE.write_text(found, encoding="utf-8")
    assert found.splitlines() == FIXTURE.read_text(encoding="utf-8").splitlines()


def lines(place: Place, clients: dict[str, Client]) -> Iterator[str]:
    doors = sorted((route.text, method, route) for route in routes() for method in route.methods)
    width = max(len(text) for text, _method, _route in doors)
    for text, method, route in doors:
        marks = [answer(place, client, method, route) for client in clients.values()]
        if set(marks) != {"405"}:
            yield f"{method.upper():<6} {text:<{width}} {' '.join(marks)}"


def answer(place: Place, client: Client, method: str, route: Route) -> str:
    response = call(client, method, route.address(place.ids[place.label_of(route)] if route.key else None))
    if response.status_code == 401 or "/sign-in/" in response.headers.get("Location", ""):
        return "→" if not route.text.startswith("/sign-out/") else "●"
    known = {403: "×", 404: "∅", **dict.fromkeys((200, 201, 202, 204, 302, 400, 409, 412, 415, 422, 428), "●")}
    return known.get(response.status_code, str(response.status_code))


def rights() -> dict[tuple[str, str], dict[str, str]]:
    """{(method, route): {who: answer}} of the reviewed file."""
    rows = [line.split() for line in FIXTURE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {(method, route): dict(zip(WHO, marks, strict=True)) for method, route, *marks in rows}


def doors(who: str, *, changing: bool) -> set[str]:
    """The routes that let `who` in, reading or changing, one's own account apart."""
    return {
        route
        for (method, route), marks in rights().items()
        if marks[who] == "●" and (method != "GET") is changing and not route.startswith(OWN)
    }


def test_audit_administrator_changes_nothing() -> None:
    assert doors("audit_admin", changing=True) == set()
    assert "/audit/" in doors("audit_admin", changing=False)


def test_only_the_audit_administrator_reads_the_trail() -> None:
    assert [who for who in WHO if rights()["GET", "/audit/"][who] == "●"] == ["audit_admin"]


def test_it_takes_two_administrators_to_give_somebody_a_right() -> None:
    making = {who for who in WHO if {"/people/add/", "/api/v1/people/"} & doors(who, changing=True)}
    granting = {who for who in WHO if {"/people/{pk}/grants/add/", "/api/v1/grants/"} & doors(who, changing=True)}
    assert (making, granting) == ({"system_admin"}, {"security_admin"})


def test_administrators_of_people_see_no_data() -> None:
    data = {"/assets/", "/columns/", "/quality/findings/", "/api/v1/columns/", "/api/v1/check-results/"}
    for who in ("system_admin", "security_admin", "audit_admin"):
        shown = doors(who, changing=False)
        assert {"/assets/{pk}/", "/columns/{pk}/", "/api/v1/columns/{pk}/", "/quality/findings/{pk}/"} & shown == set()
        assert not {route for route in data & shown if not route.startswith("/api/")}, who


def test_visitor_and_person_without_a_role_change_nothing() -> None:
    assert doors("visitor", changing=True) == doors("nobody", changing=True) == set()
    assert doors("visitor", changing=False) == {f"/api/schema{end}" for end in ("", ".json", ".yaml")}


def test_viewer_only_reads() -> None:
    assert doors("viewer", changing=True) - set(QUESTIONS) == set()
