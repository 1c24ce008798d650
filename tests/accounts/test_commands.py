"""What only the server's operator does: first people, and any password."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Agency, Person
from core.models import AuditEntry
from tests.accounts import world

pytestmark = pytest.mark.django_db


def run(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def test_set_up_makes_three_people_who_can_sign_in_and_hold_one_role_each() -> None:
    lines = run("set_up_accounts", "--code", "330000", "--name", "滨海市").splitlines()
    assert Agency.objects.get().name == "滨海市"
    for line, role in zip(lines[:3], ("system_admin", "security_admin", "audit_admin"), strict=True):
        _name, username, password = line.split("\t")
        assert [grant.role for grant in Person.objects.get(username=username).grants.current()] == [role]
        client = Client()
        assert client.post("/sign-in/", {"username": username, "password": password}).status_code == 302
        assert client.get("/people/")["Location"] == "/account/password/"
        assert password not in "".join(str(entry.__dict__) for entry in AuditEntry.objects.all())


def test_set_up_is_open_once() -> None:
    world.agency("滨海市")
    with pytest.raises(CommandError, match="只能进行一次"):
        run("set_up_accounts", "--code", "1", "--name", "另一个市")
    assert Agency.objects.count() == 1


def test_operator_resets_an_administrators_password(monkeypatch: Any) -> None:
    admin = world.person(world.agency("滨海市"), "audit_admin", password=world.PASSWORD)
    client = world.browser(admin)
    monkeypatch.setenv("NEW_PASSWORD", "short")
    with pytest.raises(CommandError):
        run("set_password", admin.username)
    monkeypatch.setenv("NEW_PASSWORD", "Other-Harbour-3052")
    run("set_password", admin.username)
    assert client.get("/account/").status_code == 302
    signed = Client().post("/sign-in/", {"username": admin.username, "password": "Other-Harbour-3052"})
    assert signed.status_code == 302


def test_unknown_name_is_said() -> None:
    with pytest.raises(CommandError, match="nobody is called"):
        run("set_password", "nobody-of-that-name")
