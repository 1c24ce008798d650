"""REST of the workbench: the queue, decisions in bulk, and taking them back."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from assets.models import Column
from genes.models import Binding, Match
from standards.models import DataElement

pytestmark = pytest.mark.django_db
QUEUE, BINDINGS = "/api/v1/matches/", "/api/v1/bindings/"


def api(person: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(person)
    return client


def rows_of(client: APIClient, address: str) -> list[Any]:
    rows: list[Any] = client.get(address).json()["results"]
    return rows


def test_the_queue_tells_why_and_is_decided_in_bulk_and_undone(register: SimpleNamespace) -> None:
    client = api(register.steward)
    rows = {row["column"]["name"]: row for row in rows_of(client, QUEUE)}
    assert rows["gmsfhm"]["element"]["name"] == "公民身份号码"
    assert rows["gmsfhm"]["evidence"][0]["kind"] == "name"
    wanted = [rows[name]["id"] for name in ("gmsfhm", "xm")]
    done = client.post(f"{QUEUE}accept/", {"matches": wanted}, format="json")
    assert (done.status_code, done.json()["columns"]) == (200, 2)
    bound = {row["column"]["name"]: row for row in rows_of(client, BINDINGS)}
    assert {name: row["element"]["name"] for name, row in bound.items()} == {"gmsfhm": "公民身份号码", "xm": "姓名"}
    assert {row["batch"] for row in bound.values()} == {done.json()["batch"]}
    again = client.post(f"{QUEUE}accept/", {"matches": wanted}, format="json")
    assert (again.status_code, again.json()["errors"][0]["pointer"]) == (400, "/matches")
    undone = client.post(f"{QUEUE}undo/", {"batch": done.json()["batch"]}, format="json")
    assert (undone.json(), rows_of(client, BINDINGS)) == ({"batch": None, "columns": 2}, [])
    assert {row["column"]["name"] for row in rows_of(client, QUEUE)} == set(rows)


def test_refusals_none_and_another_choice(register: SimpleNamespace) -> None:
    client = api(register.steward)
    rows = {row["column"]["name"]: row for row in rows_of(client, QUEUE)}
    refused = rows["xm"]
    assert client.post(f"{QUEUE}reject/", {"matches": [refused["id"]]}, format="json").json()["columns"] == 1
    left = {row["column"]["name"]: row["element"]["id"] for row in rows_of(client, QUEUE)}
    assert left.get("xm") != refused["element"]["id"]
    assert client.post(f"{QUEUE}none/", {"matches": [rows["sjhm"]["id"]]}, format="json").json()["columns"] == 1
    assert Binding.objects.get(column__name="sjhm").element is None
    element = DataElement.objects.get(current__name="民族")
    column = Column.objects.get(name="zt")
    chosen = client.post(f"{QUEUE}choose/", {"column": str(column.pk), "element": str(element.pk)}, format="json")
    assert (chosen.status_code, Binding.objects.get(column=column).element) == (200, element)


def test_others_may_look_or_not_and_decide_nothing(register: SimpleNamespace) -> None:
    match = Match.objects.filter(rank=1).first()
    assert match is not None
    body = {"matches": [str(match.pk)]}
    viewer, stranger = api(register.city.police.viewer), api(register.city.civil.steward)
    assert len(rows_of(viewer, QUEUE)) > 0
    assert rows_of(stranger, QUEUE) == []
    for verb in ("accept", "reject", "none"):
        assert viewer.post(f"{QUEUE}{verb}/", body, format="json").status_code == 403
        assert stranger.post(f"{QUEUE}{verb}/", body, format="json").status_code == 400
    chosen = {"column": str(match.column_id), "element": str(match.element_id)}
    assert stranger.post(f"{QUEUE}choose/", chosen, format="json").status_code == 400
    done = api(register.steward).post(f"{QUEUE}accept/", body, format="json").json()
    assert stranger.post(f"{QUEUE}undo/", {"batch": done["batch"]}, format="json").json()["columns"] == 0
    assert api(register.steward).post(f"{QUEUE}undo/", {"batch": str(uuid4())}, format="json").json()["columns"] == 0
    assert Binding.objects.count() == 1


def test_lists_cost_the_same_at_any_length(register: SimpleNamespace) -> None:
    client = api(register.steward)
    rows = rows_of(client, QUEUE)
    client.post(f"{QUEUE}accept/", {"matches": [row["id"] for row in rows[:3]]}, format="json")
    for address in (QUEUE, BINDINGS):
        counts = []
        for limit in (1, 3):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address, {"limit": limit}).status_code == 200
            counts.append(len(queries))
        assert counts[0] == counts[1], address
