"""What walks over every route stand on: the routes of the URL resolver, and two agencies with a row of every kind.

Everything of the foreign agency carries a word that must never appear; its owner proves that the routes would show it.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import URLPattern, get_resolver
from django.views import View

from accounts.choices import Role
from accounts.models import Agency, Person, SignedIn
from assets.models import Column, Table
from assets.services import requests, sources, systems
from assets.services.networks import allow_network
from core import jobs, panels, workflow
from core.exporting import ExportPage
from core.models import Job
from genes.models import ColumnLevel, Family, Join, Match, Ruling, TableLevel
from genes.services.decisions import accept
from genes.services.recognisers import define_recogniser, try_recogniser
from genes.services.rulings import propose_ruling
from quality.models import RuleProposal
from quality.services.proposals import accept_proposals
from quality.services.rules import create_rule
from standards.models import CodeSet, CodeSetEdition, DataElement, Edition
from standards.services.code_sets import draft_code_edition
from standards.services.elements import draft_edition
from standards.services.review import comment
from standards.services.seed import adopt_shipped
from tests.accounts import world

# Questions asked by POST because they are too long for an address; nothing is stored.
QUESTIONS = ("/api/v1/notation/check/", "/api/v1/gene-suggestions/", "/api/v1/design-check/", "/genes/design/")
WORD = "xqzv"  # in every name of the foreign agency
CHINESE = "密锁"  # beside it, to search by without writing the word into the page ourselves
SCRIPT = """
CREATE TABLE {name}_person (id INTEGER PRIMARY KEY, {name}_name TEXT NOT NULL, {name}_sfzh TEXT, {name}_sjh TEXT);
INSERT INTO {name}_person VALUES (1, '{name} 王晓岚', '11010519491231002X', '13800000001'), (2, '{name} 李敏', '000', '13800000002'),
    (3, '{name} 李敏', '440524188001010014', '13800000003');
WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
INSERT INTO {name}_person SELECT i, '{name} ' || i, 'K' || (10000 + i), '138' || (10000000 + i) FROM n;
CREATE TABLE {name}_office (code TEXT PRIMARY KEY, title TEXT);
INSERT INTO {name}_office VALUES ('A1', '{name}');
CREATE TABLE {name}_post (person INTEGER REFERENCES {name}_person (id));
"""
# The three administrators must be different people, so it takes three to hold every role of an agency.
CASTS = tuple(
    (*(role for role in Role if role not in ("system_admin", "security_admin", "audit_admin")), admin)
    for admin in ("system_admin", "security_admin", "audit_admin")
)
# Path parameters that name no row, and what stands in their place.
OTHER_PARAMETERS = {"key": "accounts.people", "kind": "sqlite", "step": "submit"}
# Rows that everybody may see and their agency alone changes: walks for leaks pass them over, rights.txt does not.
SHARED = {
    "/standards/elements/": "standards.DataElement", "/standards/names/": "standards.ElementName",
    "/standards/editions/": "standards.Edition", "/standards/code-sets/": "standards.CodeSet",
    "/standards/code-set-editions/": "standards.CodeSetEdition", "/standards/comments/": "standards.Comment",
    "/standards/citations/": "standards.Citation", "/standards/texts/": "standards.StandardText",
    "/api/v1/elements/": "standards.DataElement", "/api/v1/element-names/": "standards.ElementName",
    "/api/v1/element-editions/": "standards.Edition", "/api/v1/code-sets/": "standards.CodeSet",
    "/genes/{pk}/": "standards.DataElement", "/genes/families/": "genes.Family",
    "/api/v1/families/": "genes.Family",
    "/api/v1/code-set-editions/": "standards.CodeSetEdition", "/api/v1/standard-texts/": "standards.StandardText",
}  # fmt: skip
METHODS = ("get", "post", "put", "patch", "delete")


# Routes --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Route:
    """One pattern of the resolver: `text` for people (`/people/{pk}/edit/`), its view, and the name of its key if any."""

    text: str
    callback: Any
    key: str = ""

    @property
    def methods(self) -> tuple[str, ...]:
        """What the view answers; a function answers what it likes, so both kinds are tried."""
        actions = getattr(self.callback, "actions", None)
        view: Any = getattr(self.callback, "view_class", None)
        if actions:
            return tuple(method for method in METHODS if method in actions)
        if view is None:
            return ("get", "post")
        allowed = getattr(view, "http_method_names", METHODS)
        return tuple(method for method in METHODS if method in allowed and hasattr(view, method))

    @property
    def is_api(self) -> bool:
        return self.text.startswith("/api/")

    def address(self, key: Any = None) -> str:
        return self.text.replace(f"{{{self.key}}}", str(key)) if self.key else self.text


def routes() -> list[Route]:
    """Every route but the API's answer to unknown paths."""

    def walk(patterns: Any, before: str) -> Iterator[tuple[str, Any]]:
        for one in patterns:
            if isinstance(one, URLPattern):
                yield before + str(one.pattern), one.callback
            else:
                yield from walk(one.url_patterns, before + str(one.pattern))

    found = walk(get_resolver().url_patterns, "/")
    return [route for pattern, view in found if "^.*" not in pattern for route in _routes_of(pattern, view)]


def _routes_of(pattern: str, callback: Any) -> Iterator[Route]:
    """One route, or one for each tab of a detail page."""
    text = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern)
    text = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", text)
    text = text.replace("^", "").replace("$", "").replace("/?", "")
    for name, value in OTHER_PARAMETERS.items():
        text = text.replace(f"{{{name}}}", value)
    for whole in [text.replace("{tab}", tab) for tab in _tabs(callback)] if "{tab}" in text else [text]:
        keys = re.findall(r"{(\w+)}", whole)
        assert len(keys) <= 1, f"{pattern}: say in OTHER_PARAMETERS how to fill what names no row"
        yield Route(whole, callback, keys[0] if keys else "")
        if issubclass(getattr(callback, "view_class", object), ExportPage):
            yield Route(f"{whole}?export=csv", callback, keys[0] if keys else "")


def _tabs(callback: Any) -> list[str]:
    """Keys of the page's own sections and of those that other apps add to its kind of object."""
    page = callback.view_class()
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    page.setup(request)
    model = page.queryset().model
    return [tab.key for tab in (*page.tabs, *panels._panels.get(model._meta.label, {}).values())]


def is_api(address: str) -> bool:
    return address.startswith("/api/")


def content(response: Any) -> str:
    """Body and headers as text."""
    body: bytes = response.getvalue() if response.streaming else response.content
    return body.decode("utf-8", "replace") + str(dict(response.headers))


def call(client: Client, method: str, address: str) -> Any:
    """One request with an empty body, whose effects are undone."""
    kind = "application/json" if is_api(address) else "application/x-www-form-urlencoded"
    with undone(client):
        return client.generic(method.upper(), address, "{}" if is_api(address) else "", content_type=kind)


@contextmanager
def undone(client: Client) -> Iterator[None]:
    """What the client does within stays nowhere: neither in the database nor in its own cookies."""
    cookies = client.cookies.output()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    client.cookies.load(cookies.replace("Set-Cookie: ", ""))


# Two agencies --------------------------------------------------------------------------------------------------------


@dataclass
class Place:
    """An agency with one source, censused, ruled, scanned, changed and censused again. `ids` has a key per kind of row."""

    agency: Agency
    manager: Person
    people: list[Person]
    ids: dict[str, Any] = field(default_factory=dict)

    def again(self) -> "Place":
        """The same with people as the database knows them: nothing remembered on them from another test."""
        people = [Person.objects.get(pk=person.pk) for person in (self.manager, *self.people)]
        return Place(self.agency, people[0], people[1:], self.ids)

    def addresses(self) -> Iterator[tuple[Route, str, Any]]:
        """(route, address, key) of every route, with the key of the row that it is about; key None without."""
        for route in routes():
            label = self.label_of(route) if route.key else ""
            if label not in SHARED.values():
                key = self.ids[label] if label else None
                yield route, route.address(key), key

    def label_of(self, route: Route) -> str:
        """The kind of row that a route is about, found once a session: one of the owner's people gets through."""
        if shared := shared_label(route):
            return shared
        if route.text not in _LABELS:
            stem = route.text.partition("{")[0]
            known = [label for text, label in _LABELS.items() if text.startswith(stem)]
            known += [_shown_by(route)] if _shown_by(route) in self.ids else []
            tried = (label for label in (*known, *self.ids) if self._reaches(route, label))
            _LABELS[route.text] = next(tried, "")
            assert _LABELS[route.text], f"nobody reaches {route.text}: the walk needs a row for it"
        return _LABELS[route.text]

    def _reaches(self, route: Route, label: str) -> bool:
        address = route.address(self.ids[label])
        clients = (world.browser(person) for person in (self.manager, *self.people))
        answers = (call(client, method, address) for client in clients for method in route.methods)
        return any(answer.status_code not in (403, 404) for answer in answers)


_LABELS: dict[str, str] = {}


def shared_label(route: Route) -> str:
    """The kind of row that everybody sees and that this route is about; "" for the others."""
    return next((label for start, label in SHARED.items() if route.text.startswith(start)), "")


def _shown_by(route: Route) -> str:
    """The kind of row that the view says it is about, if it says so."""
    if route.is_api:
        return str(route.callback.cls.queryset.model._meta.label)
    view = getattr(route.callback, "view_class", View)()
    if not hasattr(view, "queryset"):
        return ""
    request = RequestFactory().get("/")
    request.user = Person()  # of whom nothing is asked before rows are
    view.setup(request, **({route.key: UUID(int=0)} if route.key else {}))
    return str(view.queryset().model._meta.label)


def scoped_models() -> list[type[Model]]:
    """Those whose rows only their agency sees; shared vocabulary is open to everybody."""
    scoped = (model for model in apps.get_models() if hasattr(model, "scope_lookup"))
    return [model for model in scoped if not getattr(model, "open_to_all", False)]


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[tuple[Place, Place]]:
    """Built once for a module, in a transaction that is never committed: tests get them by `places`."""
    folder = tmp_path_factory.mktemp("places")
    with django_db_blocker.unblock(), transaction.atomic():
        city = world.agency("滨海市")
        yield build(city, "abcd", "本局", folder), build(city, WORD, CHINESE, folder)
        transaction.set_rollback(True)


@pytest.fixture
def places(built: tuple[Place, Place], db: None, settings: Any) -> tuple[Place, Place]:
    """(mine, theirs): siblings below one city. What a test does to them is undone."""
    settings.API_CALLS_PER_MINUTE = 1_000_000
    return built[0].again(), built[1].again()


def build(parent: Agency, name: str, label: str, folder: Path, script: str = "") -> Place:
    agency = world.agency(f"{label} {name}", parent)
    manager = world.person(agency, "source_manager", "steward", name=f"{label} {name}")
    people = [world.person(agency, *cast, name=f"{label} {name} {number}") for number, cast in enumerate(CASTS)]
    system = systems.create_system(actor=manager, agency=agency, code=f"{name}-1", name=f"{label}系统 {name}")
    path = folder / f"{name}.db"
    path.touch()
    change(path, SCRIPT.format(name=name) + script)
    source = sources.register_source(
        actor=manager,
        agency=agency,
        system=system,
        kind="sqlite",
        name=f"{label}库 {name}",
        parameters={"path": str(path)},
    )
    if not DataElement.objects.exists():  # the first agency keeps the city's standards
        adopt_shipped(actor=None, agency=agency, code_sets=("GB/T 2261.1",))
        draft_standards(manager)
    if not Ruling.objects.filter(agency=parent).exists():
        rule_on(DataElement.objects.get(code="P007"), parent)
    requests.request_census(actor=manager, source=source)
    drain()
    named = Column.objects.get(source=source, name=f"{name}_sfzh")
    accept(actor=manager, column=named, element=DataElement.objects.get(code="P007"))  # its values break the element
    for column in Column.objects.filter(
        source=source, name__in=(f"{name}_name", "title")
    ):  # a family that nobody shares
        accept(actor=manager, column=column, element=DataElement.objects.get(code="P001"))
    requests.request_scan(actor=manager, source=source, tables=())
    drain()
    proposals = RuleProposal.objects.filter(column__source=source)
    left_open = {"column__name": f"{name}_sfzh", "kind": "unique"}  # which the next scan proposes again
    accept_proposals(actor=manager, proposals=list(proposals.exclude(**left_open)))
    table = Table.objects.get(source=source, name=f"{name}_person")
    column = Column.objects.get(table=table, name=f"{name}_sfzh")
    pattern = {"pattern": "^Z"}
    rule = create_rule(actor=manager, table=table, columns=[column], kind="matches", parameters=pattern, name=name)
    mobile = DataElement.objects.get(name="手机号码")
    accept(actor=manager, column=Column.objects.get(table=table, name=f"{name}_sjh"), element=mobile)
    propose_ruling(
        actor=manager, element=mobile, agency=agency, holder=agency, basis=f"{label} {name}", valid_from=date(2026, 1, 1)
    )  # fmt: skip
    recogniser = define_recogniser(actor=manager, agency=agency, element=mobile, name=name, words=[name])
    try_recogniser(actor=manager, recogniser=recogniser)  # wrong on every other column that somebody named
    change(
        path,
        f"ALTER TABLE {name}_office ADD COLUMN {name}_phone TEXT; UPDATE {name}_person SET {name}_sjh = '无 ' || {name}_name;",
    )
    requests.request_census(actor=manager, source=source)
    drain()
    requests.request_scan(actor=manager, source=source, tables=())
    drain()
    allow_network(actor=None, agency=agency, network="10.9.0.0/16", reason=f"{label} {name}")
    world.program(manager)
    world.browser(manager)
    place = Place(agency, manager, people)
    place.ids = {**rows_of(place), "quality.Rule": rule.pk}
    return place


def draft_standards(steward: Person) -> None:
    """The next edition of an element, open to comments and commented, and of a code set: what the doors of review are about."""
    edition = draft_edition(actor=steward, element=DataElement.objects.order_by("pk")[0])
    edition = workflow.apply(edition, "open_comments", actor=steward)
    comment(actor=steward, edition=edition, text="建议改名")
    draft_code_edition(actor=steward, code_set=CodeSet.objects.order_by("pk")[0])


def rule_on(element: DataElement, city: Agency) -> None:
    """A third agency is the source department of an element, so that both others collect it again."""
    holder = world.agency("人口中心", city)
    clerk, chief = world.person(city, "steward"), world.person(city, "leader")
    ruling = propose_ruling(
        actor=clerk, element=element, agency=city, holder=holder, basis="测试依据第一条", valid_from=date(2026, 1, 1)
    )
    workflow.apply(ruling, "submit", actor=clerk)
    workflow.apply(ruling, "rule", actor=chief)


def drain() -> None:
    jobs.drain()
    ended = list(Job.objects.values_list("state", "partial", "error_code"))
    assert set(ended) == {("succeeded", False, "")}, ended


def change(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def rows_of(place: Place) -> dict[str, Any]:
    """{label: key} of one row of each scoped model that belongs to the place."""
    found = {}
    for model in scoped_models():
        lookup: str = model.scope_lookup  # type: ignore[attr-defined]
        row = model._default_manager.filter(**{lookup: place.agency.pk}).order_by("pk").first()
        if row is not None:
            found[model._meta.label] = row.pk
    for label in set(SHARED.values()):
        found[label] = apps.get_model(label)._default_manager.order_by("pk")[0].pk
    # Of all agencies: the family that is told as far as one sees it, and the ruling in work, which only its agency sees.
    families = Family.objects.filter(element__code="P001", members__column__source__agency=place.agency)
    found["genes.Family"] = families.order_by("number")[0].pk
    inside = {"column__source__agency": place.agency, "target__source__agency": place.agency}  # the declared key
    found["genes.Join"] = Join.objects.filter(**inside).order_by("pk")[0].pk
    queue = Match.objects.filter(column__source__agency=place.agency, state="proposed", rank=1)
    found["genes.Match"] = queue.order_by("pk")[0].pk
    for levels, where in ((ColumnLevel, "column__source__agency"), (TableLevel, "table__source__agency")):
        shown = levels.objects.filter(**{where: place.agency}, level__gt=0)  # of the others nothing is told
        found[levels._meta.label] = shown.order_by("pk")[0].pk
    found["genes.Ruling"] = Ruling.objects.get(agency=place.agency).pk
    found["standards.Edition"] = Edition.objects.get(state="commenting").pk
    found["standards.CodeSetEdition"] = CodeSetEdition.objects.get(state="draft").pk
    # Not whatever comes first: who may repeat a job depends on its kind; an administrator's password or own grant is a case of its own.
    jobs_of = Job.objects.filter(scope_id=place.agency.pk, kind="assets.census").order_by("created_at")
    found["core.Job"] = jobs_of[0].pk
    found["accounts.Person"] = place.manager.pk
    found["accounts.Grant"] = place.manager.grants.order_by("role")[0].pk
    found["accounts.Token"] = place.manager.tokens.get().pk
    found["accounts.SignedIn"] = SignedIn.objects.get(person=place.manager).pk
    return found
