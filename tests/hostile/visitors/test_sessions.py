"""Cookies that should be dead, cookies that were planted, and guessing passwords: by one name, by one address, all at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import Person, SignedIn, SignInAttempt
from accounts.services import sign_in
from core.models import AuditEntry
from datagene import api
from datagene.hashers import Argon2
from tests.accounts import world
from tests.accounts.world import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "Other-Harbour-3052"
DEAD_REDIS = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9/0"}
}


@pytest.fixture
def who() -> Person:
    return world.person(world.agency("滨海市"), "steward", password=PASSWORD)


def attempt(username: str, password: str = PASSWORD, client: Client | None = None, **extra: Any) -> Any:
    return (client or Client()).post("/sign-in/", {"username": username, "password": password}, **extra)


def signed_in(who: Person) -> Client:
    client = Client()
    assert attempt(who.username, client=client).status_code == 302
    return client


def replay(cookie: str) -> bool:
    """Whether the cookie of before still opens pages and the API."""
    client = Client()
    client.cookies["sessionid"] = cookie
    answers = {client.get("/account/").status_code, client.get("/api/v1/me/").status_code}
    assert answers in ({200}, {302, 401}), answers
    return answers == {200}


# Sessions ------------------------------------------------------------------------------------------------------------


ENDS: dict[str, Callable[[Person, Client], Any]] = {
    "signing out": lambda who, here: here.post("/sign-out/"),
    "ending it elsewhere": lambda who, here: Client.post(signed_in(who), "/account/sessions/end-others/"),
    "a new password": lambda who, here: here.post(
        "/account/password/", {"current": PASSWORD, "new": NEW, "again": NEW}
    ),
    "a password reset": lambda who, here: services.reset_password(actor=None, person=who, password=NEW),
    "a role revoked": lambda who, here: services.revoke_grant(actor=None, grant=who.grants.get()),
    "being disabled": lambda who, here: services.disable_person(actor=None, person=who),
    "being disabled in the database": lambda who, here: Person.objects.filter(pk=who.pk).update(is_active=False),
    "31 idle minutes": lambda who, here: SignedIn.objects.update(seen_at=timezone.now() - timedelta(minutes=31)),
    "12 hours": lambda who, here: SignedIn.objects.update(started_at=timezone.now() - timedelta(hours=12, seconds=1)),
    "its row removed": lambda who, here: SignedIn.objects.all().delete(),
    "its session removed": lambda who, here: Session.objects.all().delete(),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_session_is_dead_after(who: Person, end: str) -> None:
    """And stays so: the old cookie opens nothing, whatever happens to the person afterwards."""
    client = signed_in(who)
    cookie = client.cookies["sessionid"].value
    assert replay(cookie)
    ENDS[end](who, client)
    assert not replay(cookie)
    Person.objects.filter(pk=who.pk).update(is_active=True)
    assert not replay(cookie) or end == "being disabled in the database"  # nobody of ours does that


def test_a_planted_cookie_is_never_taken_over(who: Person) -> None:
    """Neither one that the attacker made up, nor one that our server gave the attacker before."""
    attackers = Client()
    attackers.get("/sign-in/")
    session = attackers.session
    session["planted"] = "1"
    session.save()
    for cookie in ("a" * 32, "0" * 32, str(session.session_key), "../../etc/passwd", "x" * 5000):
        victim = Client()
        victim.cookies["sessionid"] = cookie
        assert attempt(who.username, client=victim).status_code == 302
        assert victim.cookies["sessionid"].value != cookie
        assert not replay(cookie)
        assert not SignedIn.objects.filter(session_key=cookie).exists()
    assert not replay(str(session.session_key))


def test_a_session_of_one_person_is_never_anothers(who: Person) -> None:
    """Signing in over somebody's session leaves nothing of it behind."""
    other = world.person(who.agency, "viewer", password=PASSWORD)
    client = signed_in(who)
    client.get("/sources/new/")
    before = client.cookies["sessionid"].value
    client.post("/sign-out/")
    attempt(other.username, client=client)
    assert client.get("/api/v1/me/").json()["id"] == str(other.pk)
    assert client.cookies["sessionid"].value != before
    assert not replay(before)


# Guessing ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def hashing() -> Iterator[list[str]]:
    """How often a password was really hashed: the costly step, which must not depend on who is there."""
    done: list[str] = []
    original = Argon2.encode, Argon2.verify

    def encode(self: Argon2, password: str, salt: str) -> str:
        done.append("encode")
        return original[0](self, password, salt)

    def verify(self: Argon2, password: str, encoded: str) -> bool:
        done.append("verify")
        return original[1](self, password, encoded)

    with mock.patch.object(Argon2, "encode", encode), mock.patch.object(Argon2, "verify", verify):
        yield done


def test_unknown_disabled_and_passwordless_people_cost_the_same_work(who: Person, hashing: list[str]) -> None:
    disabled, without = world.person(who.agency, password=PASSWORD), world.person(who.agency)
    services.disable_person(actor=None, person=disabled)
    work, answers = {}, set()
    for name in (who.username, "nobody-of-that-name", disabled.username, without.username):
        hashing.clear()
        response = attempt(name, "Wrong-Password-1")
        answers.add((response.status_code, tuple(response.context["form"].non_field_errors())))
        work[name] = len(hashing)
    assert set(work.values()) == {1}, work
    assert answers == {(422, ("登录名或密码不正确。",))}


def test_a_locked_name_or_address_costs_no_hash(who: Person, hashing: list[str]) -> None:
    """The limit stands before the work, for names that exist and for those that do not; both are told the same."""
    told = set()
    for name in (who.username, "nobody-of-that-name"):
        for _count in range(5):
            attempt(name, "Wrong-Password-1")
        hashing.clear()
        response = attempt(name)
        told.add((response.status_code, tuple(response.context["form"].non_field_errors())))
        assert hashing == []
    assert told == {(429, ("尝试次数过多，请 15 分钟后再试。",))}
    with mock.patch.object(sign_in, "PER_ADDRESS", 3):
        assert attempt("another-name").status_code == 429
        assert hashing == []


def test_without_redis_the_lock_holds(who: Person, settings: Any) -> None:
    settings.CACHES = DEAD_REDIS
    for _count in range(5):
        assert attempt(who.username, "Wrong-Password-1").status_code == 422
    assert attempt(who.username).status_code == 429
    SignInAttempt.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert attempt(who.username).status_code == 302


def test_a_forged_address_escapes_no_lock(who: Person) -> None:
    """Without a trusted proxy X-Forwarded-For and its relatives are what the attacker writes."""
    with mock.patch.object(sign_in, "PER_ADDRESS", 3):
        for number in range(3):
            headers = {"x-forwarded-for": f"203.0.113.{number}", "x-real-ip": f"203.0.113.{number}"}
            assert attempt(f"name-{number}", headers=headers).status_code == 422
        assert attempt("name-9", headers={"x-forwarded-for": "203.0.113.77"}).status_code == 429


@pytest.mark.django_db(transaction=True)
def test_a_parallel_burst_gets_no_more_tries(hashing: list[str]) -> None:
    who = world.person(world.agency("滨海市"), password=PASSWORD)
    hashing.clear()

    def guess(number: int) -> int:
        try:
            return int(attempt(who.username, f"Wrong-Password-{number}").status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(guess, range(16)))
    assert answers == [422] * 5 + [429] * 11
    assert len(hashing) == 5


def test_a_forged_address_escapes_no_rate(settings: Any) -> None:
    """What anybody may ask for is counted by the address that really called, and costs little to give."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "visitors"}}
    settings.API_CALLS_PER_MINUTE = 3
    answers = [
        Client(headers={"x-forwarded-for": f"203.0.113.{number}"}).get(f"/api/schema?lang=x{number}&version={number}")
        for number in range(9)  # a minute may turn over in between
    ]
    assert {answer.status_code for answer in answers} == {200, 429}
    given = {answer.content for answer in answers if answer.status_code == 200}
    assert len(given) == 1
    assert len(api._documents) <= 8


def test_a_failed_sign_in_is_on_record_without_the_password(who: Person) -> None:
    attempt(who.username, "Wrong-Secret-77")
    attempt("Wrong-Secret-78", "x")  # typed into the other field
    trail = [(entry.verb, entry.target_label) for entry in AuditEntry.objects.filter(verb__startswith="sign_in")]
    assert trail == [("sign_in.failed", ""), ("sign_in.failed", who.name)]
    everything = " ".join(str(row) for row in (*AuditEntry.objects.values(), *SignInAttempt.objects.values()))
    assert "wrong-secret" not in everything.lower()


# The two profiles ----------------------------------------------------------------------------------------------------

LONG_PLAIN, MIXED = "harbour lights over the bay", "Violet-Lantern-88"
# What a person is answered who wants this password after PASSWORD: 302 it is theirs now, 422 and why not.
WISHES = {
    "dengbao3": {"Short-1": 422, "password123456": 422, LONG_PLAIN: 422, MIXED: 302, PASSWORD: 422},
    "asvs": {"Short-1": 422, "password123456": 422, LONG_PLAIN: 302, MIXED: 302, PASSWORD: 302},
}
HINTS = {"dengbao3": "90 天后需更换", "asvs": "不能使用常见密码"}


@pytest.mark.parametrize("profile", WISHES)
def test_each_profile_from_the_password_to_the_end_of_the_session(who: Person, settings: Any, profile: str) -> None:
    """Rules, history, age, lockout, idle and absolute limits, as a person meets them (GB/T 22239-2019 8.1.4.1; ASVS 5.0 6.2)."""
    settings.SECURITY_PROFILE = profile
    client, current = signed_in(who), PASSWORD
    assert HINTS[profile] in client.get("/account/password/").content.decode()
    for wish, answer in WISHES[profile].items():
        response = client.post("/account/password/", {"current": current, "new": wish, "again": wish})
        assert response.status_code == answer, wish
        current = wish if answer == 302 else current
    assert attempt(who.username, current).status_code == 302

    Person.objects.update(password_changed_at=timezone.now() - timedelta(days=91))
    due = profile == "dengbao3"
    assert client.get("/").headers.get("Location", "") == ("/account/password/" if due else "")
    assert client.get("/api/v1/systems/").status_code == (403 if due else 200)
    Person.objects.update(password_changed_at=timezone.now())

    for minutes, hours, alive in ((29, 0, True), (31, 0, False), (0, 11.9, True), (0, 12.1, False)):
        client = Client()
        assert attempt(who.username, current, client).status_code == 302
        now = timezone.now()
        SignedIn.objects.update(seen_at=now - timedelta(minutes=minutes), started_at=now - timedelta(hours=hours))
        assert replay(client.cookies["sessionid"].value) is alive, (minutes, hours)

    for _count in range(5):
        assert attempt(who.username, "Wrong-Password-1").status_code == 422
    assert attempt(who.username, current).status_code == 429
    SignInAttempt.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert attempt(who.username, current).status_code == 302
