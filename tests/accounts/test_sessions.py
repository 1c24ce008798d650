"""Sessions and passwords: limits, ending them, what a change of password or account does to them."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from accounts import passwords, services
from accounts.models import Person, SignedIn
from tests.accounts import world
from tests.accounts.world import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "Other-Harbour-3052"


@pytest.fixture
def who() -> Person:
    return world.person(world.agency("滨海市"), "viewer", password=PASSWORD)


def signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


@pytest.mark.parametrize(
    ("field", "age", "lives"),
    [
        ("seen_at", timedelta(minutes=29), True),
        ("seen_at", timedelta(minutes=31), False),
        ("started_at", timedelta(hours=11, minutes=59), True),
        ("started_at", timedelta(hours=12, minutes=1), False),
    ],
)
def test_session_ends_when_idle_or_old(who: Person, field: str, age: timedelta, lives: bool) -> None:
    client = world.browser(who)
    SignedIn.objects.update(**{field: timezone.now() - age})
    assert signed_in(client) is lives
    assert signed_in(client) is lives
    assert SignedIn.objects.exists() is lives


def test_use_keeps_a_session_alive(who: Person) -> None:
    client = world.browser(who)
    SignedIn.objects.update(seen_at=timezone.now() - timedelta(minutes=20))
    signed_in(client)
    assert timezone.now() - SignedIn.objects.get().seen_at < timedelta(minutes=1)


def test_cookie_is_dead_after_sign_out(who: Person) -> None:
    client = world.browser(who)
    cookie = client.cookies["sessionid"].value
    assert client.post("/sign-out/").status_code == 302
    replay = Client()
    replay.cookies["sessionid"] = cookie
    assert not signed_in(replay)


def test_sign_out_needs_post(who: Person) -> None:
    client = world.browser(who)
    assert client.get("/sign-out/").status_code == 405
    assert signed_in(client)


def test_one_can_end_the_other_sessions_and_only_ones_own(who: Person) -> None:
    here, there = world.browser(who), world.browser(who)
    stranger = world.person(who.agency, "viewer")
    strange = world.browser(stranger)
    other = SignedIn.objects.get(session_key=there.cookies["sessionid"].value)
    assert strange.post(f"/account/sessions/{other.pk}/end/").status_code == 404
    assert signed_in(there)
    assert here.post(f"/account/sessions/{other.pk}/end/").status_code == 302
    assert (signed_in(here), signed_in(there), signed_in(strange)) == (True, False, True)


def test_end_others_leaves_this_one(who: Person) -> None:
    here, there = world.browser(who), world.browser(who)
    here.post("/account/sessions/end-others/")
    assert (signed_in(here), signed_in(there)) == (True, False)


def test_password_change_ends_every_other_session(who: Person) -> None:
    here, there = world.browser(who), world.browser(who)
    before = here.cookies["sessionid"].value
    response = here.post("/account/password/", {"current": PASSWORD, "new": NEW, "again": NEW})
    assert response.status_code == 302
    assert (signed_in(here), signed_in(there)) == (True, False)
    assert here.cookies["sessionid"].value != before
    replay = Client()
    replay.cookies["sessionid"] = before
    assert not signed_in(replay)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"current": "Wrong-Password-1", "new": NEW, "again": NEW}, "current"),
        ({"current": PASSWORD, "new": NEW, "again": NEW + "x"}, "again"),
        ({"current": PASSWORD, "new": "short", "again": "short"}, "new"),
        ({"current": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "new"),
    ],
)
def test_password_change_says_which_field_is_wrong(who: Person, data: dict[str, str], field: str) -> None:
    response = world.browser(who).post("/account/password/", data)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert PASSWORD not in response.content.decode()


def test_disabled_person_is_out_at_once(who: Person) -> None:
    client, token = world.browser(who), world.program(who)
    services.disable_person(actor=None, person=who)
    assert not signed_in(client)
    assert token.get("/api/v1/me/").status_code == 401
    services.enable_person(actor=None, person=who)
    assert not signed_in(client)
    assert token.get("/api/v1/me/").status_code == 401


def test_reset_by_an_administrator_ends_sessions_and_tokens_and_must_be_changed(who: Person) -> None:
    admin = world.person(who.agency, "system_admin")
    client, token = world.browser(who), world.program(who)
    services.reset_password(actor=admin, person=who, password=NEW)
    assert not signed_in(client)
    assert token.get("/api/v1/me/").status_code == 401
    fresh = Client()
    fresh.post("/sign-in/", {"username": who.username, "password": NEW})
    assert fresh.get("/people/")["Location"] == "/account/password/"
    assert fresh.get("/api/v1/people/").json()["type"] == "urn:datagene:problem:password_due"
    changed = {"current": NEW, "new": "Third-Meadow-4063", "again": "Third-Meadow-4063"}
    fresh.post("/account/password/", changed)
    assert fresh.get("/people/").status_code == 200


@pytest.mark.parametrize("role", ["system_admin", "security_admin", "audit_admin"])
def test_no_administrator_resets_another_ones_password(who: Person, role: str) -> None:
    admin, other = world.person(who.agency, "system_admin"), world.person(who.agency, role)
    with pytest.raises(PermissionDenied):
        services.reset_password(actor=admin, person=other, password=NEW)


def test_district_administrator_cannot_take_over_somebody_with_rights_in_the_city() -> None:
    city = world.agency("滨海市")
    district = world.agency("甲区", city)
    admin = world.person(district, "system_admin")
    powerful = world.person(district, "source_manager", over=city)
    with pytest.raises(PermissionDenied):
        services.reset_password(actor=admin, person=powerful, password=NEW)


def test_password_older_than_ninety_days_is_due_in_dengbao_only(who: Person, settings: Any) -> None:
    Person.objects.update(password_changed_at=timezone.now() - timedelta(days=91))
    who.refresh_from_db()
    settings.SECURITY_PROFILE = "dengbao3"
    assert passwords.must_change(who)
    settings.SECURITY_PROFILE = "asvs"
    assert not passwords.must_change(who)


@pytest.mark.parametrize(
    ("password", "dengbao3", "asvs"),
    [
        ("Harbour-3052-x", True, True),
        ("harbour lights over the bay", False, True),
        ("ABCDEFGH12345678", False, True),
        ("Ab1!short", False, False),
        ("x" * 129, False, False),
        ("passwordpassword1", False, True),
        ("海湾的灯火照着夜航船2041", False, True),
        ("password123456", False, False),
    ],
)
def test_policy_of_each_profile(who: Person, settings: Any, password: str, dengbao3: bool, asvs: bool) -> None:
    for profile, allowed in (("dengbao3", dengbao3), ("asvs", asvs)):
        settings.SECURITY_PROFILE = profile
        try:
            passwords.validate(password, who)
        except ValidationError:
            assert not allowed, profile
        else:
            assert allowed, profile


def test_password_may_not_be_made_of_the_name(who: Person, settings: Any) -> None:
    settings.SECURITY_PROFILE = "asvs"
    person = services.create_person(actor=None, username="wangxiaolan", name="王晓岚", agency=who.agency)
    with pytest.raises(ValidationError):
        passwords.validate("wangxiaolan1", person)


def test_last_five_passwords_are_not_used_again(who: Person, settings: Any) -> None:
    settings.SECURITY_PROFILE = "dengbao3"
    used = [PASSWORD, *[f"Harbour-Lane-{number}00{number}" for number in range(1, 6)]]
    for current, new in itertools.pairwise(used):
        services.change_own_password(actor=who, current=current, new=new)
    with pytest.raises(ValidationError):
        services.change_own_password(actor=who, current=used[-1], new=used[1])
    services.change_own_password(actor=who, current=used[-1], new=used[0])


def test_housekeeping_drops_what_is_past_its_limits(who: Person) -> None:
    world.browser(who)
    old = world.browser(who)
    SignedIn.objects.filter(session_key=old.cookies["sessionid"].value).update(
        seen_at=timezone.now() - timedelta(hours=1)
    )
    assert services.expire_sessions() == 1
    assert SignedIn.objects.count() == 1
