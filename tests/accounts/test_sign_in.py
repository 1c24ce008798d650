"""Signing in: one answer for every failure, the lockout, redirects that stay here, and what is believed of a request."""

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import Person, SignedIn, SignInAttempt
from accounts.services import sign_in
from core.models import AuditEntry
from tests.accounts import world
from tests.accounts.world import PASSWORD

pytestmark = pytest.mark.django_db
URL = "/sign-in/"


@pytest.fixture
def who() -> Person:
    return world.person(world.agency("滨海市"), "viewer", password=PASSWORD)


def attempt(username: str, password: str, client: Client | None = None, **data: str) -> Any:
    return (client or Client()).post(URL, {"username": username, "password": password, **data})


def errors(response: Any) -> list[str]:
    return list(response.context["form"].non_field_errors())


def test_right_password_signs_in_and_rotates_the_session(who: Person) -> None:
    client = Client()
    client.get(URL)
    client.session["planted"] = "1"
    session = client.session
    session["planted"] = "1"
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before or ""
    response = attempt(who.username, PASSWORD, client)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.cookies["sessionid"].value != before
    assert SignedIn.objects.get().session_key == client.cookies["sessionid"].value


def test_name_is_not_case_sensitive_and_may_have_spaces_around(who: Person) -> None:
    assert attempt(f" {who.username.upper()} ", PASSWORD).status_code == 302


def test_every_failure_gets_the_same_answer(who: Person) -> None:
    disabled = world.person(who.agency, password=PASSWORD)
    services.disable_person(actor=None, person=disabled)
    without = world.person(who.agency)
    answers = [
        attempt(name, password)
        for name, password in (
            (who.username, "Wrong-Password-1"),
            ("nobody-of-that-name", PASSWORD),
            (disabled.username, PASSWORD),
            (without.username, PASSWORD),
            (without.username, "!"),
        )
    ]
    assert {(answer.status_code, *errors(answer)) for answer in answers} == {(422, "登录名或密码不正确。")}


def test_five_failures_lock_the_name_whether_it_exists_or_not(who: Person) -> None:
    for name in (who.username, "nobody-of-that-name"):
        for _count in range(5):
            assert attempt(name, "Wrong-Password-1").status_code == 422
        locked = attempt(name, PASSWORD)
        assert (locked.status_code, errors(locked)) == (429, ["尝试次数过多，请 15 分钟后再试。"])


def test_lock_opens_after_the_window(who: Person) -> None:
    for _count in range(5):
        attempt(who.username, "Wrong-Password-1")
    SignInAttempt.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert attempt(who.username, PASSWORD).status_code == 302


def test_success_clears_the_count(who: Person) -> None:
    for _round in range(2):
        for _count in range(4):
            attempt(who.username, "Wrong-Password-1")
        assert attempt(who.username, PASSWORD).status_code == 302


def test_address_is_locked_across_names() -> None:
    with mock.patch.object(sign_in, "PER_ADDRESS", 3):
        for number in range(3):
            assert attempt(f"name-{number}", "x").status_code == 422
        assert attempt("name-9", "x").status_code == 429


def test_forwarded_address_counts_only_behind_a_trusted_proxy(settings: Any) -> None:
    headers = {"x-forwarded-for": "203.0.113.9, 198.51.100.7"}
    attempt("a-name", "x", Client(headers=headers))
    settings.TRUSTED_PROXIES = 1
    attempt("a-name", "x", Client(headers=headers))
    assert list(SignInAttempt.objects.order_by("pk").values_list("address", flat=True)) == ["127.0.0.1", "198.51.100.7"]


def test_security_administrator_opens_the_lock_and_nobody_else(who: Person) -> None:
    for _count in range(5):
        attempt(who.username, "Wrong-Password-1")
    security = world.person(who.agency, "security_admin")
    system = world.person(who.agency, "system_admin")
    url = f"/people/{who.pk}/unlock/"
    assert world.browser(system).post(url).status_code == 403
    assert attempt(who.username, PASSWORD).status_code == 429
    assert world.browser(security).post(url).status_code == 302
    assert attempt(who.username, PASSWORD).status_code == 302


def test_typed_names_are_stored_as_digests_only(who: Person) -> None:
    attempt(PASSWORD, "x")  # people type the password into the name field
    row = SignInAttempt.objects.get()
    assert PASSWORD.lower() not in " ".join(str(value).lower() for value in row.__dict__.values())
    assert AuditEntry.objects.get(verb="sign_in.failed").target_label == ""


@pytest.mark.parametrize("password", ["", " ", "x" * 100_000, "\x00", "' OR 1=1 --", "密码" * 40])
def test_odd_passwords_are_only_wrong(who: Person, password: str) -> None:
    assert attempt(who.username, password).status_code == 422


@pytest.mark.parametrize("name", ["' OR 1=1 --", "\x00", "a" * 5000, "<script>alert(1)</script>", "../../etc", "名字"])
def test_odd_names_are_only_unknown(name: str) -> None:
    response = attempt(name, PASSWORD)
    assert response.status_code == 422
    assert b"<script>alert(1)" not in response.content


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "/\n/evil.example",
        " //evil.example",
        "https:evil.example",
        "//127.0.0.1@evil.example",
    ],
)
def test_next_never_leads_away(who: Person, target: str) -> None:
    response = attempt(who.username, PASSWORD, next=target)
    assert (response.status_code, response["Location"]) == (302, "/")
    page = Client().get(URL, {"next": target})
    assert "evil.example" not in page.content.decode()


def test_next_leads_to_a_page_here(who: Person) -> None:
    assert attempt(who.username, PASSWORD, next="/people/?q=%E7%8E%8B").headers["Location"] == "/people/?q=%E7%8E%8B"


@pytest.mark.parametrize("header", ["remote-user", "x-remote-user", "x-forwarded-user", "x-datahub-actor"])
def test_identity_headers_mean_nothing(who: Person, header: str) -> None:
    client = Client(headers={header: who.username}, REMOTE_USER=who.username)
    assert client.get("/account/").status_code == 302
    assert client.get("/api/v1/me/").status_code == 401


def test_sign_in_form_is_protected_against_forgery(who: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    assert attempt(who.username, PASSWORD, client).status_code == 403


def test_no_password_reaches_the_audit_or_the_page(who: Person) -> None:
    page = attempt(who.username, "Wrong-Password-77")
    attempt(who.username, PASSWORD)
    assert "Wrong-Password-77" not in page.content.decode()
    trail = " ".join(f"{entry.verb} {entry.target_label} {entry.changes}" for entry in AuditEntry.objects.all())
    assert "Password-77" not in trail
    assert PASSWORD not in trail
    assert [e.verb for e in AuditEntry.objects.filter(target=f"accounts.Person:{who.pk}").order_by("id")][-2:] == [
        "sign_in.failed",
        "sign_in",
    ]
