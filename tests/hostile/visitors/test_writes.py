"""Every change that a visitor can ask for, asked for with more than it takes: fields that are nobody's to set, foreign keys.

The table says what each endpoint takes. A route that changes something and needs a body must stand in it.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from assets.models import CensusRun, Column, Table
from genes.services.decisions import accept, new_batch
from quality.models import Rule, RuleProposal
from standards.models import DataElement
from tests.accounts import world
from tests.contracts.places import QUESTIONS, Place, Route, routes, undone
from tests.hostile.visitors.writes import Write, table

pytestmark = pytest.mark.django_db
APPS = ("accounts", "assets", "core", "standards", "genes", "quality", "quantity")
NEVER = {  # what attackers of other systems have set
    "is_superuser": True, "is_staff": True, "is_admin": True, "superuser": True, "admin": True, "role": "system_admin",
    "roles": ["system_admin"], "rights": [{"role": "system_admin"}], "groups": [1], "user_permissions": [1], "pk": 7,
    "approved_by": "x", "approved_at": "2000-01-01T00:00:00Z", "reviewed_by": "x", "owner_id": "x", "actor": "x",
    "user": "x", "username_id": "x", "owner_org": "x", "__class__": "x", "_state": "x", "constructor": {"prototype": {}},
}  # fmt: skip
# Not asked here: signing in and out, and the language of a visitor.
APART = {"/sign-in/", "/sign-out/", "/i18n/setlang/"}


# Asking --------------------------------------------------------------------------------------------------------------


@dataclass
class Desk:
    """The people who ask, the rows they ask about, and what the database looked like before."""

    place: Place
    clients: dict[str, Client]
    before: dict[str, Counter[str]]  # by table
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
            with written() as tables:
                response = client.generic(
                    write.method.upper(), address + write.query, *encoded(route, body), headers=headers
                )
            after = picture(self.known, tables)
        came, went = Counter[str](), Counter[str]()
        for name, rows in after.items():
            came, went = came + (rows - self.before[name]), went + (self.before[name] - rows)
        return response, came, went


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


def picture(known: set[str], tables: Collection[str] | None = None) -> dict[str, Counter[str]]:
    """Table by table (these, or all of ours), its rows as text without what differs from one time to the next: new keys,
    moments of now, digests."""
    found: dict[str, Counter[str]] = {}
    for model in apps.get_models():
        label, table = model._meta.label, model._meta.db_table
        if model._meta.app_label in APPS and (tables is None or table in tables):
            found[table] = Counter()
            for row in model._default_manager.values():
                kept = {name: calm(value, known) for name, value in row.items() if not volatile(name, value)}
                found[table][f"{label} {sorted(kept.items())}"] += 1
    return found


@contextmanager
def written() -> Iterator[set[str]]:
    """The tables that statements within may have changed: every one named by a statement that is more than a SELECT."""
    tables: set[str] = set()

    def note(execute: Any, sql: Any, *arguments: Any) -> Any:
        text = str(sql)
        if WRITES.search(text):
            tables.update(NAMES.findall(text))
        return execute(sql, *arguments)

    with connection.execute_wrapper(note):
        yield tables


WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE|COPY|TRUNCATE)\b", re.IGNORECASE)
NAMES = re.compile(r"\w+")


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


LOADED = timezone.now()  # what is stored from here on is stored by these tests, however long they take


MOMENT = re.compile(r"[T ]\d\d:\d\d:\d\d\.\d+\+00:00")


def calm(value: Any, known: set[str]) -> str:
    if isinstance(value, datetime):
        return "now" if LOADED < value < timezone.now() + timedelta(minutes=5) else f"{value:%Y-%m-%d}"
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
    batch = new_batch()
    spare = Column.objects.get(source__agency=mine.agency, name="code")
    accept(actor=mine.manager, column=spare, element=DataElement.objects.get(code="P001"), batch=batch)
    more = {"path": tmp_path / "new.db", "off": off.pk, "batch": str(batch)}
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
        asks_only = write.route in QUESTIONS
        if plain.status_code not in (200, 201, 202, 302) or bool(came) == asks_only:
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


REFUSED_NOW = {
    ("delete", "/api/v1/systems/{pk}/"), ("post", "/systems/{pk}/delete/"),  # the system has a source
    ("delete", "/api/v1/element-editions/{pk}/"),  # it is open to comments
    ("delete", "/api/v1/standard-texts/{pk}/"),  # it is cited
    ("post", "/api/v1/recognisers/{pk}/enable/"),  # its trial was wrong too often
    # The code set's draft is not open to comments; these are the views of the element's.
    ("post", "/api/v1/code-set-editions/{pk}/comments/"), ("post", "/api/v1/code-set-editions/{pk}/answer/"),
}  # fmt: skip
NOBODY_NOW = {"/standards/code-set-editions/{pk}/comment/"}  # the same


def bodyless(desk: Desk, listed: set[tuple[str, str]]) -> Iterator[Write]:
    for route in desk.routes.values():
        for method in set(route.methods) - {"get"}:
            if (method, route.text) not in listed and route.text not in APART:
                for who in ("manager", "system", "security"):
                    write = Write(route.text, who=who, method=method)
                    if desk.ask(write, {})[0].status_code not in (403, 404):
                        yield write
                        break
                else:
                    assert route.text in NOBODY_NOW, f"nobody may {method} {route.text}"


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
                write.route.startswith(("/assets/scan/", "/quality/", "/genes/")) and response.status_code == 302
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
