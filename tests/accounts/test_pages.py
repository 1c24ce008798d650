"""The pages of accounts: who opens them, what they say, what they cost."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import services
from accounts.choices import Role
from accounts.models import Agency, Grant, Person, SignedIn
from tests.accounts import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> Agency:
    return world.agency("滨海市")


@pytest.fixture
def someone(city: Agency) -> Person:
    return world.person(city, "viewer", name="李敏")


PAGES = {
    "/agencies/": set(Role),
    "/agencies/{agency}/": set(Role),
    "/agencies/{agency}/people/": set(Role),
    "/agencies/{agency}/children/": set(Role),
    "/agencies/add/": {Role.SYSTEM_ADMIN},
    "/agencies/{agency}/edit/": {Role.SYSTEM_ADMIN},
    "/people/": set(Role),
    "/people/{person}/": set(Role),
    "/people/add/": {Role.SYSTEM_ADMIN},
    "/people/{person}/edit/": {Role.SYSTEM_ADMIN},
    "/people/{person}/reset-password/": {Role.SYSTEM_ADMIN},
    "/people/{person}/grants/add/": {Role.SECURITY_ADMIN},
    "/grants/": {Role.SECURITY_ADMIN, Role.AUDIT_ADMIN},
    "/account/": set(Role),
    "/account/password/": set(Role),
    "/account/tokens/add/": set(Role),
}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_its_pages_and_no_others(city: Agency, someone: Person, role: str) -> None:
    client = world.browser(world.person(city, role))
    for page, roles in PAGES.items():
        response = client.get(page.format(agency=city.pk, person=someone.pk))
        assert response.status_code == (200 if role in roles else 403), page


@pytest.mark.parametrize("page", ["/agencies/", "/people/", "/grants/"])
def test_list_costs_the_same_for_one_and_for_three_rows(city: Agency, page: str) -> None:
    client = world.browser(world.person(city, "security_admin"))
    counts = []
    for number in range(3):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        counts.append(len(queries))
        world.person(world.agency(f"机构 {number}", city), "viewer", "steward")
    assert counts == [counts[0]] * 3


def test_tree_is_indented_and_a_search_is_flat(city: Agency) -> None:
    district = world.agency("东港区", city)
    world.agency("东港区民政局", district)
    client = world.browser(world.person(city, "viewer"))
    assert [(row.name, row.depth) for row in client.get("/agencies/").context["page"].object_list] == [
        ("滨海市", 0),
        ("东港区", 1),
        ("东港区民政局", 2),
    ]
    assert [row.name for row in client.get("/agencies/?q=民政").context["page"].object_list] == ["东港区民政局"]


def test_agency_is_added_moved_and_renamed_by_form(city: Agency) -> None:
    client = world.browser(world.person(city, "system_admin"))
    east, west = world.agency("东区", city), world.agency("西区", city)
    form = {"parent": str(east.pk), "name": "民政局", "code": "MZ1", "is_active": "on"}
    assert client.post("/agencies/add/", form).status_code == 302
    made = Agency.objects.get(code="MZ1")
    assert (
        client.post(f"/agencies/{made.pk}/edit/", {**form, "parent": str(west.pk), "name": "民政所"}).status_code == 302
    )
    made.refresh_from_db()
    assert (made.parent, made.name, made.path) == (west, "民政所", f"{west.path}{made.pk.hex}/")


def test_form_says_what_is_wrong_and_keeps_what_was_typed(city: Agency) -> None:
    client = world.browser(world.person(city, "system_admin"))
    response = client.post("/agencies/add/", {"parent": str(city.pk), "name": "民政局", "code": "a b"})
    assert response.status_code == 422
    assert response.context["form"].errors == {"code": ["只能使用字母、数字、点、横线和下划线。"]}
    page = response.content.decode()
    assert "有 1 处需要修改" in page
    assert 'value="民政局"' in page


def test_parents_offered_are_those_one_manages(city: Agency) -> None:
    mine, beside = world.agency("东区", city), world.agency("西区", city)
    below = world.agency("东区民政局", mine)
    client = world.browser(world.person(mine, "system_admin"))
    offered = [pk for pk, _label in client.get("/agencies/add/").context["form"].fields["parent"].choices if pk]
    assert offered == [mine.pk, below.pk]
    form = {"parent": str(beside.pk), "name": "民政局", "code": "MZ1"}
    assert client.post("/agencies/add/", form).status_code == 422
    assert "parent" not in client.get(f"/agencies/{mine.pk}/edit/").context["form"].fields


def test_person_is_added_by_one_and_granted_by_another(city: Agency) -> None:
    system, security = (world.browser(world.person(city, role)) for role in ("system_admin", "security_admin"))
    form = {"name": "周立", "username": "ZhouLi", "agency": str(city.pk), "password": "Harbour-Lane-1001"}
    assert system.post("/people/add/", form).status_code == 302
    zhou = Person.objects.get(username="zhouli")
    grant = {"role": "steward", "agency": str(city.pk), "valid_from": "2020-01-01"}
    url = f"/people/{zhou.pk}/grants/add/"
    assert system.post(url, grant).status_code == 403
    assert security.post("/people/add/", form).status_code == 403
    assert security.post(url, grant).status_code == 302
    assert [one.role for one in zhou.grants.current()] == ["steward"]
    assert security.post(f"/grants/{zhou.grants.get().pk}/revoke/").status_code == 302
    assert not zhou.grants.current().exists()


def test_second_administrator_role_is_refused_in_words(city: Agency) -> None:
    client = world.browser(world.person(city, "security_admin"))
    other = world.person(city, "audit_admin")
    form = {"role": "system_admin", "agency": str(city.pk), "valid_from": "2020-01-01"}
    response = client.post(f"/people/{other.pk}/grants/add/", form)
    assert response.status_code == 422
    assert "系统管理员、安全管理员、审计管理员由不同的人担任" in response.content.decode()


def test_form_cannot_set_what_it_does_not_show(city: Agency, someone: Person) -> None:
    client = world.browser(world.person(city, "system_admin"))
    extra = {"is_active": "", "is_superuser": "on", "password": "x", "role": "system_admin", "id": str(city.pk)}
    form = {"name": "李敏", "username": someone.username, "agency": str(city.pk), **extra}
    before = (someone.password, someone.is_active, someone.pk)
    assert client.post(f"/people/{someone.pk}/edit/", form).status_code == 302
    someone.refresh_from_db()
    assert (someone.password, someone.is_active, someone.pk) == before
    assert Grant.objects.filter(person=someone).count() == 1


def test_names_are_text_wherever_they_stand(city: Agency) -> None:
    nasty = "<script>alert(1)</script><img src=x onerror=y>"
    evil = world.agency(nasty, city)
    person = world.person(evil, "viewer", name=nasty[:60])
    client = world.browser(world.person(city, "security_admin"))
    pages = (
        "/agencies/",
        f"/agencies/{evil.pk}/",
        "/people/",
        f"/people/{person.pk}/",
        "/grants/",
        f"/people/{person.pk}/grants/add/",
    )
    for page in (*pages, "/search/?q=script"):
        body = client.get(page).content.decode()
        assert "<script>alert" not in body, page
        assert "<img src=x" not in body, page


def test_grants_are_shown_to_those_who_may_see_them(city: Agency, someone: Person) -> None:
    own = world.browser(someone).get(f"/people/{someone.pk}/")
    assert [grant.role for grant in own.context["grants"]] == ["viewer"]
    for role, shown in (("system_admin", False), ("steward", False), ("security_admin", True), ("audit_admin", True)):
        client = world.browser(world.person(city, role))
        assert ("grants" in client.get(f"/people/{someone.pk}/").context) is shown
        found = client.get("/people/?role=viewer").context["total"]
        assert found == (1 if shown else 0), role


def test_person_without_rights_has_an_account_and_nothing_else(city: Agency) -> None:
    client = world.browser(world.person(city))
    assert client.get("/account/").status_code == 200
    assert client.get("/people/").status_code == 403


def test_language_and_theme_are_kept_per_person(city: Agency, someone: Person) -> None:
    client = world.browser(someone)
    response = client.post("/account/preferences/", {"language": "en", "theme": "dark", "next": "/account/"})
    assert (response.status_code, response["Location"]) == (302, "/account/")
    page = client.get("/account/").content.decode()
    assert 'lang="en"' in page
    assert 'data-theme="dark"' in page
    client.post("/account/preferences/", {"language": "tlh", "theme": "<x>"})
    someone.refresh_from_db()
    assert (someone.language, someone.theme) == ("en", "dark")
    assert client.post("/account/preferences/", {"theme": "light", "next": "//evil.example"})["Location"] == "/account/"


def test_sign_in_brings_the_language_along(city: Agency) -> None:
    who = world.person(city, password=world.PASSWORD)
    services.set_preferences(actor=who, language="en")
    client = world.browser()
    client.post("/sign-in/", {"username": who.username, "password": world.PASSWORD})
    assert client.cookies["django_language"].value == "en"


def test_agent_and_address_of_a_session_are_text(someone: Person) -> None:
    client = world.browser(someone)
    SignedIn.objects.update(agent="<script>alert(1)</script>" + "x" * 200)
    assert "<script>alert" not in client.get("/account/").content.decode()


@pytest.mark.parametrize(
    "page",
    [
        "/agencies/not-an-id/",
        "/people/1/",
        "/agencies/?page=9999",
        "/people/?sort=password",
        "/people/?agency=x",
        "/grants/?current=maybe",
    ],
)
def test_odd_addresses_are_harmless(city: Agency, page: str) -> None:
    client: Any = world.browser(world.person(city, "security_admin"))
    assert client.get(page).status_code in (200, 404)
