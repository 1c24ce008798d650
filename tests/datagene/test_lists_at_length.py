"""Every list page and REST list of the platform asks as many questions for two hundred rows as for ten, over a made-up province."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Agency, Person
from assets.models import DataSource
from benchmarks.scale_cases import list_pages
from core.api import ReadViewSet
from core.views import ListPage
from datagene.api import router
from tests.accounts import world
from tests.demo.test_scale import loaded


@pytest.fixture
def clients(db: None, settings: Any, tmp_path: Any) -> list[Client]:
    """Of people over the whole province who together may open every list."""
    settings.DATA_DIR, settings.API_CALLS_PER_MINUTE = tmp_path, 100_000
    loaded(tables=220, columns=2000)
    top = Agency.objects.get(code="YC")
    for number in range(10):
        world.person(world.agency(f"第{number}局", top), "viewer")
    DataSource.objects.bulk_create(DataSource(agency=top, name=f"库{number}", kind="sqlite") for number in range(20))
    names = ("scale_all", "scale_security", "scale_audit")
    return [world.browser(Person.objects.get(username=name)) for name in names]  # who sees the data comes first


def asked(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200, address
    return len(captured)


def test_lists_ask_as_much_for_two_hundred_rows_as_for_ten(
    clients: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    collections = {prefix: view for prefix, view, _name in router.registry if issubclass(view, ReadViewSet)}
    addresses = {f"/api/v1/{prefix}/?limit={{}}" for prefix in collections}
    pages = {reverse(name) for name, _view in list_pages()}
    counts: list[dict[str, int]] = []
    readers = {
        address: next(client for client in clients if client.get(address.format(10)).status_code == 200)
        for address in addresses | pages
    }
    for size in (10, 200):
        monkeypatch.setattr(ListPage, "page_size", size)
        counts.append({address: asked(client, address.format(size)) for address, client in readers.items()})
    # What is fetched along is left out where no row of a page has any; it is one statement then.
    assert {
        address: (few, counts[1][address]) for address, few in counts[0].items() if counts[1][address] > few + 1
    } == {}
