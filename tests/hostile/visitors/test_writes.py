"""Every change that a visitor can ask for, asked for with more than it takes: fields that are nobody's to set, foreign keys.

The table says what each endpoint takes. A route that changes something and needs a body must stand in it.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from assets.models import CensusRun, Column, Table
from assets.services.sources import SOURCE_FIELDS
from assets.services.systems import SYSTEM_FIELDS
from quality.models import Rule, RuleProposal
from tests.accounts import world
from tests.contracts.places import Place, Route, routes, undone

pytestmark = pytest.mark.django_db
APPS = ("accounts", "assets", "core", "quality", "quantity")
RULE_FIELDS = ("table", "name", "where", "mostly", "indicator", "severity", "weight", "description", "enabled")
NEW_PASSWORD = "Other-Harbour-3052"
NEVER = {  # what attackers of other systems have set
    "is_superuser": True, "is_staff": True, "is_admin": True, "superuser": True, "admin": True, "role": "system_admin",
    "roles": ["system_admin"], "rights": [{"role": "system_admin"}], "groups": [1], "user_permissions": [1], "pk": 7,
    "approved_by": "x", "approved_at": "2000-01-01T00:00:00Z", "reviewed_by": "x", "owner_id": "x", "actor": "x",
    "user": "x", "username_id": "x", "owner_org": "x", "__class__": "x", "_state": "x", "constructor": {"prototype": {}},
}  # fmt: skip
# Not asked here: signing in and out, and the language of a visitor.
APART = {"/sign-in/", "/sign-out/", "/i18n/setlang/"}


@dataclass
class Write:
    """One change: what it takes (`body`), what else it may be given (`may`), who may ask for it."""

    route: str
    body: dict[str, Any] = field(default_factory=dict)
    may: tuple[str, ...] = ()
    who: str = "manager"
    method: str = "post"
    query: str = ""

    @property
    def door(self) -> tuple[str, str]:
        return self.method, self.route


def table(place: Place) -> list[Write]:
    ids = {label: str(key) for label, key in place.ids.items()}
    agency, person, source = str(place.agency.pk), ids["accounts.Person"], ids["assets.DataSource"]
    column = Column.objects.get(table__source=source, name="abcd_name")
    rule = {"columns": [str(column.pk)], "kind": "not_null", "parameters": {}}
    open_proposal = str(RuleProposal.objects.filter(column__source=source, state="open")[0].pk)
    rule_of_place = Rule.objects.get(pk=ids["quality.Rule"])
    form = {"indicator": rule_of_place.indicator, "severity": "major", "weight": 1, "mostly": "100"}
    path = str(place.ids["path"])
    file = SimpleUploadedFile("a.csv", b"a,b\n1,2\n")
    grant = {"role": "viewer", "agency": agency, "valid_from": "2020-01-01"}
    passwords = {"new": NEW_PASSWORD, "again": NEW_PASSWORD}
    system_form = {
        "code": "N-2",
        "name": "新",
        "kind": "business",
        "status": "running",
        "protection_level": "3",
        "network": "external",
    }
    return [
        Write("/api/v1/agencies/", {"code": "N-1", "name": "新", "parent": agency}, ("short_name", "name_en", "is_active"), "system"),
        Write("/api/v1/agencies/{pk}/", {"short_name": "简"}, ("code", "name", "name_en", "parent", "is_active"), "system", "patch"),
        Write("/api/v1/people/", {"username": "newone", "name": "新", "agency": agency}, ("email", "phone", "password"), "system"),
        Write("/api/v1/people/{pk}/", {"phone": "1"}, ("username", "name", "agency", "email"), "system", "patch"),
        Write("/api/v1/grants/", {"person": person, "role": "viewer", "agency": agency}, ("valid_from", "valid_until"), "security"),
        Write("/api/v1/tokens/", {"name": "程序", "scopes": ["read"], "days": 9}),
        Write("/api/v1/networks/", {"agency": agency, "network": "10.8.0.0/16", "reason": "专网"}, (), "security"),
        Write("/api/v1/systems/", {"agency": agency, "code": "N-1", "name": "新"}, SYSTEM_FIELDS),
        Write("/api/v1/systems/{pk}/", {"vendor": "甲"}, (*SYSTEM_FIELDS, "agency"), method="patch"),
        Write(
            "/api/v1/sources/", {"agency": agency, "kind": "sqlite", "name": "新", "parameters": {"path": path}},
            (*SOURCE_FIELDS, "secrets", "password"),
        ),
        Write("/api/v1/sources/upload/", {"agency": agency, "name": "新", "files": file}, ("description", "system")),
        Write(
            "/api/v1/sources/{pk}/", {"contact_name": "甲"},
            (*SOURCE_FIELDS, "parameters", "secrets", "password", "agency", "kind"), method="patch",
        ),
        Write("/api/v1/sources/{pk}/scan/", {"tables": [ids["assets.Table"]]}),
        Write("/api/v1/tables/{pk}/", {"title": "新"}, ("description", "owner"), method="patch"),
        Write("/api/v1/columns/{pk}/", {"title": "新"}, ("description", "personal_kind"), method="patch"),
        Write("/api/v1/census-runs/{pk}/decide/", {"decision": "reject", "comment": "误报"}),
        Write("/api/v1/rules/", {"table": str(column.table_id), **rule}, RULE_FIELDS),
        Write("/api/v1/rules/{pk}/", {"weight": 3}, (*RULE_FIELDS, "columns", "kind", "parameters"), method="patch"),
        Write("/api/v1/rules/bulk/", rule, RULE_FIELDS),
        Write("/api/v1/rule-proposals/accept/", {"ids": [open_proposal]}),
        Write("/api/v1/rule-proposals/reject/", {"ids": [open_proposal]}),
        Write("/agencies/add/", {"parent": agency, "code": "N-1", "name": "新"}, ("short_name", "name_en", "is_active"), "system"),
        Write("/agencies/{pk}/edit/", {"code": "N-1", "name": "新"}, ("short_name", "name_en", "is_active", "parent"), "system"),
        Write("/people/add/", {"username": "newone", "name": "新", "agency": agency}, ("email", "phone", "password"), "system"),
        Write("/people/{pk}/edit/", {"username": "newone", "name": "新", "agency": agency}, ("email", "phone"), "system"),
        Write("/people/{pk}/reset-password/", passwords, (), "system"),
        Write("/people/{pk}/grants/add/", grant, ("valid_until",), "security"),
        Write("/networks/add/", {"agency": agency, "network": "10.8.0.0/16", "reason": "专网"}, (), "security"),
        Write("/account/password/", {"current": world.PASSWORD, **passwords}),
        Write("/account/preferences/", {"theme": "dark"}, ("language",)),
        Write("/account/tokens/add/", {"name": "程序", "scopes": ["read"], "days": 9}),
        Write("/systems/new/", {"agency": agency, **system_form}, SYSTEM_FIELDS),
        Write("/systems/{pk}/edit/", system_form, SYSTEM_FIELDS),
        Write(
            "/sources/new/sqlite/", {"agency": agency, "name": "新", "values_policy": "masked", "parameter_path": path},
            ("system", "contact_name", "contact_phone"),
        ),
        Write(
            "/sources/new/upload/", {"agency": agency, "name": "新", "values_policy": "masked", "files": file},
            ("system", "contact_name", "contact_phone"),
        ),
        Write(
            "/sources/{pk}/edit/", {"name": "新", "values_policy": "masked", "parameter_path": path},
            ("system", "contact_name", "contact_phone"),
        ),
        Write("/sources/{pk}/plan/", {"census_cron": "0 2 * * *"}, ("scan_cron", "push_only", "census_now")),
        Write("/census/{pk}/confirm/", {"comment": "确认"}),
        Write("/census/{pk}/reject/", {"comment": "误报"}),
        Write("/assets/{pk}/edit/", {"title": "新"}, ("description", "owner")),
        Write("/assets/scan/", {"selected": [ids["assets.Table"]]}, ("all", "query")),
        Write("/columns/{pk}/edit/", {"title": "新"}, ("description", "personal_kind")),
        Write(
            "/quality/rules/new/", {"columns": str(column.pk), **form}, ("name", "where", "description"),
            query=f"?table={column.table_id}&kind=not_null",
        ),
        Write(
            "/quality/rules/bulk/", {"columns": [str(column.pk)], **form}, ("name", "where", "description"),
            query="?kind=not_null&q=abcd",
        ),
        Write(
            "/quality/rules/{pk}/edit/",
            {"columns": str(rule_of_place.rule_columns.get().column_id), "parameter_pattern": "^Y", **form},
            ("name", "where", "description"),
        ),
        Write("/quality/rules/enable/", {"selected": [ids["off"]]}, ("all", "query")),
        Write("/quality/rules/disable/", {"selected": [ids["quality.Rule"]]}, ("all", "query")),
        Write("/quality/proposals/accept/", {"selected": [open_proposal]}, ("all", "query")),
        Write("/quality/proposals/reject/", {"selected": [open_proposal]}, ("all", "query")),
    ]  # fmt: skip


# Asking --------------------------------------------------------------------------------------------------------------


@dataclass
class Desk:
    """The people who ask, the rows they ask about, and what the database looked like before."""

    place: Place
    clients: dict[str, Client]
    before: Counter[str]
    known: set[str]
    routes: dict[str, Route]

    def ask(self, write: Write, body: dict[str, Any]) -> tuple[Any, Counter[str], Counter[str]]:
        """(answer, rows that came, rows that went); nothing of it stays."""
        client, route = self.clients[write.who], self.routes[write.route]
        address = route.address(self.place.ids[self.place.label_of(route)] if route.key else None)
        headers = (
            {"if-match": client.get(address).headers.get("ETag", "")} if write.method in ("patch", "delete") else {}
        )
        with undone(client):
            response = client.generic(
                write.method.upper(), address + write.query, *encoded(route, body), headers=headers
            )
            after = picture(self.known)
        return response, after - self.before, self.before - after


def encoded(route: Route, body: dict[str, Any]) -> tuple[bytes, str]:
    """(bytes, content type): JSON for the API, else a form; one with a file goes in parts."""
    if any(isinstance(value, SimpleUploadedFile) for value in body.values()):
        from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

        for value in body.values():
            if isinstance(value, SimpleUploadedFile):
                value.seek(0)
        return encode_multipart(BOUNDARY, {name: as_text(value) for name, value in body.items()}), MULTIPART_CONTENT
    if route.is_api:
        return json.dumps(body).encode(), "application/json"
    fields = {name: as_text(value) for name, value in body.items()}
    return urlencode(fields, doseq=True).encode(), "application/x-www-form-urlencoded"


def as_text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | bool) else value


def picture(known: set[str]) -> Counter[str]:
    """Every row of ours as text, without what differs from one time to the next: new keys, moments of now, digests."""
    found: Counter[str] = Counter()
    for model in apps.get_models():
        if model._meta.app_label in APPS:
            for row in model._default_manager.values():
                kept = {name: calm(value, known) for name, value in row.items() if not volatile(name, value)}
                found[f"{model._meta.label} {sorted(kept.items())}"] += 1
    return found


VOLATILE = {
    "digest",
    "prefix",
    "password",
    "sealed_secrets",
    "terms",
    "method",
    "session_key",
    "wrapped",
    "kid",
    "kek_id",
}


def volatile(name: str, value: Any) -> bool:
    return name in VOLATILE or (name == "id" and isinstance(value, int))


KEY = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}|\bdg_[0-9a-f]{8}\b")


MOMENT = re.compile(r"[T ]\d\d:\d\d:\d\d\.\d+\+00:00")


def calm(value: Any, known: set[str]) -> str:
    if isinstance(value, datetime):
        return "now" if abs(timezone.now() - value) < timedelta(minutes=5) else f"{value:%Y-%m-%d}"
    if isinstance(value, int) and not isinstance(value, bool) and value > 10**6:
        return "number"
    text = KEY.sub(lambda match: match[0] if match[0].replace("-", "") in known else "new", str(value))
    return MOMENT.sub("", text)


@pytest.fixture
def desk(places: tuple[Place, Place], tmp_path: Any) -> Desk:
    mine, _theirs = places
    CensusRun.objects.filter(pk=mine.ids["assets.CensusRun"]).update(brake="held", held={"tables": [], "columns": []})
    mine.manager.set_password(world.PASSWORD)
    mine.manager.save()
    (tmp_path / "new.db").touch()
    off = Rule.objects.filter(table__source__agency=mine.agency).exclude(pk=mine.ids["quality.Rule"])[0]
    Rule.objects.filter(pk=off.pk).update(enabled=False)
    more = {"path": tmp_path / "new.db", "off": off.pk}
    mine = Place(mine.agency, mine.manager, mine.people, {**mine.ids, **more})
    people = {"manager": mine.manager, "system": mine.people[0], "security": mine.people[1]}
    clients = {who: world.browser(person) for who, person in people.items()}
    for route in routes():
        if route.key:
            mine.label_of(route)  # asked for the first time it signs people in
    known = {found.replace("-", "") for found in KEY.findall(str(picture_of_keys()))}
    return Desk(mine, clients, picture(known), known, {route.text: route for route in routes()})


def picture_of_keys() -> list[Any]:
    models_of_ours = [model for model in apps.get_models() if model._meta.app_label in APPS]
    return [list(model._default_manager.values_list("pk", flat=True)) for model in models_of_ours]


# Fields that are nobody's to set -------------------------------------------------------------------------------------


def planted(write: Write, foreign: str) -> dict[str, Any]:
    """Every column of every table of ours, and the usual suspects, but for what the endpoint takes."""
    values: dict[str, Any] = {}
    for model in apps.get_models():
        if model._meta.app_label in APPS:
            for column in model._meta.concrete_fields:
                for name in {column.name, column.attname}:
                    values.setdefault(name, impossible(column, foreign))
    taken = {*write.body, *write.may, "next"}
    return {name: value for name, value in {**values, **NEVER}.items() if name not in taken}


def impossible(column: Any, foreign: str) -> Any:
    """A value of the right type that would be noticed."""
    if isinstance(column, models.BooleanField):
        return not column.get_default()
    if isinstance(column, models.UUIDField | models.ForeignKey):
        return foreign
    if isinstance(column, models.DateTimeField):
        return "2000-01-01T00:00:00Z"
    if isinstance(column, models.DateField):
        return date(2000, 1, 1).isoformat()
    if isinstance(column, models.IntegerField | models.DecimalField | models.FloatField):
        return 77
    if column.choices:
        return str(column.flatchoices[-1][0])
    return {"planted": 1} if isinstance(column, models.JSONField) else "planted"


def test_nothing_is_set_that_is_not_the_visitors_to_set(desk: Desk, places: tuple[Place, Place]) -> None:
    foreign, faults = str(places[1].agency.pk), []
    for write in table(desk.place):
        plain, came, went = desk.ask(write, write.body)
        more, came_more, went_more = desk.ask(write, {**planted(write, foreign), **write.body})
        if plain.status_code not in (200, 201, 202, 302) or not came:
            faults.append((write.door, "was not done at all", plain.status_code, said(plain)))
        elif (more.status_code, came_more, went_more) != (plain.status_code, came, went):
            faults.append(
                (write.door, more.status_code, came_more - came, went_more - went, more.content[:500].decode())
            )
    assert faults == []


def said(response: Any) -> str:
    """Why it was refused."""
    form = response.context["form"] if response.context and "form" in response.context else None
    return str(dict(form.errors)) if form is not None else response.content[:300].decode()


def test_what_needs_no_body_takes_nothing_from_one(desk: Desk, places: tuple[Place, Place]) -> None:
    """Cancel, revoke, disable …: and a route that does need a body stands in the table."""
    foreign, listed = str(places[1].agency.pk), {write.door for write in table(desk.place)}
    for write in bodyless(desk, listed):
        plain, came, went = desk.ask(write, {})
        more, came_more, went_more = desk.ask(write, planted(write, foreign))
        assert plain.status_code == more.status_code, (write.door, plain.status_code, more.status_code)
        assert (came_more, went_more) == (came, went), write.door
        refused = plain.status_code in (400, 422) and len(planted(write, foreign)) > 0
        assert not refused or write.door in REFUSED_NOW, f"{write.door} needs a body: say which in the table"


# Owed: their forms and steps, which take a text of the visitor's, do not stand in the table yet.
LATER = (
    "/standards/", "/genes/", "/api/v1/element", "/api/v1/code-set", "/api/v1/standard", "/api/v1/editions", "/api/v1/notation",
    "/api/v1/gene-suggestions",
    "/api/v1/deviations", "/api/v1/genes", "/api/v1/matches", "/api/v1/recognisers", "/api/v1/bindings", "/api/v1/columns",
)  # fmt: skip
REFUSED_NOW = {("delete", "/api/v1/systems/{pk}/"), ("post", "/systems/{pk}/delete/")}  # the system has a source


def bodyless(desk: Desk, listed: set[tuple[str, str]]) -> Iterator[Write]:
    for route in desk.routes.values():
        for method in set(route.methods) - {"get"}:
            if (method, route.text) not in listed and route.text not in APART and not route.text.startswith(LATER):
                for who in ("manager", "system", "security"):
                    write = Write(route.text, who=who, method=method)
                    if desk.ask(write, {})[0].status_code not in (403, 404):
                        yield write
                        break
                else:
                    raise AssertionError(f"nobody may {method} {route.text}")


# Foreign keys --------------------------------------------------------------------------------------------------------


def test_no_change_reaches_a_row_of_another_agency(desk: Desk, places: tuple[Place, Place]) -> None:
    """Each key in a body, exchanged for the other agency's row of the same kind: refused, and nothing changes."""
    mine, theirs = places
    other = {str(key): str(theirs.ids[label]) for label, key in mine.ids.items() if isinstance(key, UUID)}
    other[str(mine.agency.pk)] = str(theirs.agency.pk)
    foreign_table = Table.objects.get(source__agency=theirs.agency, name="xqzv_person")
    for name in ("abcd_name", "abcd_sfzh"):
        column = Column.objects.get(source__agency=mine.agency, name=name)
        other[str(column.pk)] = str(foreign_table.columns.get(name=name.replace("abcd", "xqzv")).pk)
        other[str(column.table_id)] = str(foreign_table.pk)
    for own, foreign in zip(
        *(RuleProposal.objects.filter(column__source__agency=one.agency, state="open") for one in places), strict=False
    ):
        other[str(own.pk)] = str(foreign.pk)
    exchanged = 0
    for write in table(desk.place):
        for name, value in [*write.body.items(), ("?", write.query)]:
            swapped = exchange(value, other)
            if swapped == value:
                continue
            body = write.body if name == "?" else {**write.body, name: swapped}
            asked = Write(
                write.route, body, write.may, write.who, write.method, swapped if name == "?" else write.query
            )
            response, came, went = desk.ask(asked, body)
            quiet = (
                write.route.startswith(("/assets/scan/", "/quality/")) and response.status_code == 302
            )  # nothing was chosen
            assert quiet or response.status_code in (400, 403, 404, 422), (write.door, name, response.status_code)
            assert not any(str(theirs.agency.pk) in row or "xqzv" in row for row in came), (write.door, name)
            assert went == Counter() or quiet, (write.door, name)
            assert "xqzv" not in response.content.decode().lower(), (write.door, name)
            exchanged += 1
    assert exchanged > 25


def exchange(value: Any, other: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [exchange(item, other) for item in value]
    if isinstance(value, str):
        for own, foreign in other.items():
            value = value.replace(own, foreign)
    return value


def test_an_optional_key_of_another_agency_is_refused_too(desk: Desk, places: tuple[Place, Place]) -> None:
    """Those that the table's bodies leave out: the system of a source, the owner of a table."""
    _mine, theirs = places
    system, owner = str(theirs.ids["assets.InformationSystem"]), str(theirs.manager.pk)
    cases = [
        ("/api/v1/sources/", {"system": system}), ("/api/v1/sources/{pk}/", {"system": system}),
        ("/api/v1/sources/upload/", {"system": system}), ("/sources/new/sqlite/", {"system": system}),
        ("/sources/{pk}/edit/", {"system": system}), ("/sources/new/upload/", {"system": system}),
        ("/api/v1/tables/{pk}/", {"owner": owner}), ("/assets/{pk}/edit/", {"owner": owner}),
    ]  # fmt: skip
    by_route = {write.route: write for write in table(desk.place)}
    for route, more in cases:
        write = by_route[route]
        response, came, went = desk.ask(write, {**write.body, **more})
        assert response.status_code in (400, 422), (route, response.status_code)
        assert (came, went) == (Counter(), Counter()), route
    assert Person.objects.filter(pk=owner).exists()
    assert UUID(system)
