"""Builders for tests that need agencies, people and rights; everything goes through the real services."""

from typing import Any
from uuid import uuid4

from django.test import Client

from accounts import services
from accounts.models import Agency, Person

PASSWORD = "Xiahe-Bridge-2041"


def agency(name: str = "", parent: Agency | None = None) -> Agency:
    code = f"T{uuid4().hex[:10]}"
    return services.create_agency(actor=None, code=code, name=name or f"机构 {code}", parent=parent)


def person(
    place: Agency, *roles: str, over: Agency | None = None, password: str | None = None, name: str = ""
) -> Person:
    """Somebody of `place` holding `roles` there, or over another agency. Without a password: use `browser`."""
    username = f"u{uuid4().hex[:10]}"
    made = services.create_person(
        actor=None,
        username=username,
        name=name or f"人员 {username}",
        agency=place,
        password=password,
        must_change=False,
    )
    for role in roles:
        services.grant_role(actor=None, person=made, role=role, agency=over or place)
    return made


def browser(who: Person | None = None, **extra: Any) -> Client:
    """A browser, signed in as `who`."""
    client = Client(**extra)
    if who is not None:
        client.force_login(who)
    return client


def program(who: Person, *scopes: str) -> Client:
    """A program with a token of `who`; all scopes unless said."""
    _token, secret = services.create_token(actor=who, name="测试", scopes=scopes or ("read", "write", "jobs"), days=30)
    return Client(headers={"authorization": f"Bearer {secret}"})
