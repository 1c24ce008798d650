"""API tokens: hashed, scoped, expiring, shown once, never more than their person."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import Person, Token
from accounts.services.tokens import MAX_TOKENS
from core.models import AuditEntry
from tests.accounts import world

pytestmark = pytest.mark.django_db
ME = "/api/v1/me/"


@pytest.fixture
def who() -> Person:
    return world.person(world.agency("滨海市"), "viewer")


def make(who: Person, *scopes: str, days: int = 30) -> tuple[Token, str]:
    return services.create_token(actor=who, name="程序", scopes=scopes or ("read",), days=days)


def call(secret: str, url: str = ME, scheme: str = "Bearer") -> Any:
    return Client(headers={"authorization": f"{scheme} {secret}"}).get(url)


def test_secret_is_stored_nowhere(who: Person) -> None:
    token, secret = make(who)
    assert secret.startswith(f"{token.prefix}_")
    assert len(secret) >= 3 + 8 + 1 + 43
    stored = " ".join(str(value) for value in Token.objects.values_list().get())
    trail = " ".join(str(entry.changes) for entry in AuditEntry.objects.all())
    assert secret not in stored + trail
    assert secret.removeprefix(token.prefix + "_") not in stored + trail + repr(token)


def test_token_signs_its_person_in(who: Person) -> None:
    _token, secret = make(who)
    assert call(secret).json()["id"] == str(who.pk)


@pytest.mark.parametrize("spoil", ["{}x", "x{}", "{}\x00", "", "dg_", "dg_00000000_", "{} {}", "{},"])
def test_any_other_secret_is_refused(who: Person, spoil: str) -> None:
    _token, secret = make(who)
    response = call(spoil.format(secret, secret))
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("scheme", ["Basic", "Token", "", "bearer-x", "Digest"])
def test_other_schemes_are_refused_even_with_a_session(who: Person, scheme: str) -> None:
    _token, secret = make(who)
    assert call(secret, scheme=scheme).status_code == 401
    client = world.browser(who)
    assert client.get(ME, headers={"authorization": f"{scheme} {secret}"}).status_code == 401


def test_token_dies_by_revocation_expiry_and_its_person(who: Person) -> None:
    revoked, first = make(who)
    services.revoke_token(actor=who, token=revoked)
    expired, second = make(who)
    Token.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    _token, third = make(who)
    Person.objects.filter(pk=who.pk).update(is_active=False)
    assert [call(secret).status_code for secret in (first, second, third)] == [401, 401, 401]


def test_token_has_at_most_the_rights_of_its_person(who: Person) -> None:
    client = world.program(who)
    assert client.get("/api/v1/agencies/").json()["count"] == 1
    services.revoke_grant(actor=None, grant=who.grants.get())
    assert client.get("/api/v1/agencies/").json()["count"] == 0
    body = {"code": "X", "name": "X", "parent": str(who.agency_id)}
    assert client.post("/api/v1/agencies/", body, content_type="application/json").status_code == 403


def test_scopes_bound_what_a_token_does() -> None:
    city = world.agency("滨海市")
    admin = world.person(city, "system_admin")
    body = {"code": "X1", "name": "新机构", "parent": str(city.pk)}
    expected = {"read": (200, 403), "write": (403, 201), "jobs": (403, 403)}
    for scope, (reading, writing) in expected.items():
        client = world.program(admin, scope)
        assert client.get("/api/v1/agencies/").status_code == reading
        answer = client.post("/api/v1/agencies/", body, content_type="application/json")
        assert answer.status_code == writing
        if writing == 403:
            assert answer.json()["type"] == "urn:datagene:problem:insufficient_scope"


@pytest.mark.parametrize(
    ("scopes", "days"),
    [((), 30), (("admin",), 30), (("read", "admin"), 30), (("read",), 0), (("read",), 366), (("read",), -1)],
)
def test_impossible_tokens_are_refused(who: Person, scopes: tuple[str, ...], days: int) -> None:
    with pytest.raises(ValidationError):
        services.create_token(actor=who, name="程序", scopes=scopes, days=days)


def test_number_of_usable_tokens_is_bounded(who: Person) -> None:
    made = [make(who)[0] for _count in range(MAX_TOKENS)]
    with pytest.raises(ValidationError, match="最多"):
        make(who)
    services.revoke_token(actor=who, token=made[0])
    make(who)


def test_last_use_is_noted(who: Person) -> None:
    token, secret = make(who)
    call(secret)
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert timezone.now() - token.last_used_at < timedelta(seconds=10)


def test_page_shows_the_secret_once(who: Person) -> None:
    client = world.browser(who)
    page = client.post("/account/tokens/add/", {"name": "程序", "scopes": ["read"], "days": "30"})
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    secret = page.context["secret"]
    assert call(secret).status_code == 200
    assert secret in page.content.decode()
    assert secret not in client.get("/account/").content.decode()
    assert client.post(f"/account/tokens/{Token.objects.get().pk}/revoke/").status_code == 302
    assert call(secret).status_code == 401


def test_api_makes_tokens_in_a_session_but_not_by_token(who: Person) -> None:
    body = {"name": "程序", "scopes": ["read", "read"], "days": 10}
    client = world.browser(who)
    answer = client.post("/api/v1/tokens/", body, content_type="application/json")
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    assert call(answer.json()["secret"]).status_code == 200
    item = client.get(f"/api/v1/tokens/{answer.json()['id']}/").json()
    assert "secret" not in item
    assert item["scopes"] == ["read"]
    assert world.program(who).post("/api/v1/tokens/", body, content_type="application/json").status_code == 403


def test_tokens_of_others_are_not_there(who: Person) -> None:
    other, _secret = make(world.person(who.agency, "system_admin"))
    client = world.browser(who)
    assert client.get("/api/v1/tokens/").json()["results"] == []
    assert client.get(f"/api/v1/tokens/{other.pk}/").status_code == 404
    assert client.post(f"/api/v1/tokens/{other.pk}/revoke/").status_code == 404
    assert client.post(f"/account/tokens/{other.pk}/revoke/").status_code == 404
    other.refresh_from_db()
    assert other.revoked_at is None
