"""Every endpoint × hostile input: an answer below 500, in the declared form, and no row changed."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from accounts.models import Agency
from core.models import AuditEntry
from datagene.api import router
from tests.accounts import world

pytestmark = pytest.mark.django_db
VALUES = (
    "",
    " ",
    "\x00",
    "'; DROP TABLE core_job; --",
    "1' OR '1'='1",
    "%",
    "\\",
    "{{7*7}}",
    "%(x)s",
    "${7*7}",
    "../../etc/passwd",
    "９９９",
    "-1",
    "9" * 40,
    "1e999",
    "NaN",
    "0000-00-00",
    "99999-01-01T00:00:00",
    "2026-02-30",
    "00000000-0000-0000-0000-000000000000",
    "😀",
    "\u202e\u200b",
    "a" * 3000,
)
BODIES: tuple[Any, ...] = (
    {},
    [],
    None,
    "text",
    {"name": None, "agency": None, "parameters": None, "columns": None},
    {"name": {"a": 1}, "agency": [], "kind": 5, "parameters": "x", "columns": {"a": 1}, "table": True, "ids": 3},
    {
        "name": "x" * 100_000,
        "code": "\u202e",
        "kind": "nothing",
        "agency": "nothing",
        "cron": "* *",
        "parameters": {"a": [[]]},
    },
    {"columns": ["x"] * 1000, "rules": [{}], "proposals": ["nothing"], "selected": [None], "query": "nothing"},
    {"name": 1e308, "level": -1, "position": 10**40, "mostly": "NaN", "where": "1; DROP TABLE x", "days": 10**9},
)


@pytest.fixture
def clients(settings: Any) -> list[Client]:
    settings.API_CALLS_PER_MINUTE = 1_000_000
    city = world.agency("滨海市")
    casts = (("source_manager", "steward", "leader", "system_admin"), ("security_admin",))
    return [world.browser(world.person(city, *cast), raise_request_exception=False) for cast in casts]


def collections() -> list[str]:
    return sorted({f"/api/v1/{prefix}/" for prefix, _view, _name in router.registry if "(" not in prefix})


def check(response: Any, what: object) -> None:
    assert response.status_code < 500, (what, response.content[:500])
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json", what


def test_parameters(clients: list[Client]) -> None:
    for prefix, view, _name in router.registry:
        if "(" in prefix:
            continue
        filterset = getattr(view, "filterset_class", None)
        names = {
            *view.parameters,
            *(filterset.base_filters if filterset else ()),
            "cursor",
            "limit",
            "ordering",
            "count",
            "x",
        }
        for name in sorted(names):
            for value in VALUES:
                response = clients[0].get(f"/api/v1/{prefix}/", {name: value})
                check(response, (prefix, name, value))


def test_keys(clients: list[Client]) -> None:
    for address in collections():
        for value in VALUES:
            if value.strip() and "/" not in value:
                response = clients[0].get(f"{address}{quote(value)}/")
                assert response.status_code in (400, 403, 404), (address, value, response.status_code)


def test_bodies(clients: list[Client]) -> None:
    before = Agency.objects.count(), AuditEntry.objects.count()
    for client in clients:
        for prefix, view, _name in router.registry:
            actions = [("", "post")] if hasattr(view, "create") else []
            actions += [
                (f"{extra.url_path}/", method)
                for extra in view.get_extra_actions()
                if not extra.detail
                for method in extra.mapping
            ]
            for suffix, method in actions:
                for body in BODIES:
                    if method == "get" or "(" in prefix:
                        continue
                    response = client.generic(
                        method.upper(), f"/api/v1/{prefix}/{suffix}", json.dumps(body), content_type="application/json"
                    )
                    check(response, (prefix, suffix, body))
    assert (Agency.objects.count(), AuditEntry.objects.count()) == before
