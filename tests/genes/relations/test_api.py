"""REST of families, joins, rulings, repeated collection and the map: the way of a ruling, and what each sees."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core import jobs
from genes.models import Family, Ruling
from tests.accounts import world
from tests.genes.relations.made import bind, element

JSON: Any = {"content_type": "application/json"}


def proposal(people: SimpleNamespace) -> dict[str, Any]:
    return {
        "element": str(element("P007").pk), "area": str(people.city.top.pk), "holder": str(people.city.police.agency.pk),
        "basis": "测试依据第一条", "valid_from": timezone.localdate().isoformat(),
    }  # fmt: skip


def ruled(people: SimpleNamespace) -> str:
    """The address of a ruling that is in force."""
    planner, chief = world.program(people.planner), world.program(people.chief)
    made = planner.post("/api/v1/rulings/", proposal(people), **JSON)
    assert made.status_code == 201, made.json()
    here: str = made.headers["Location"].removeprefix("http://testserver")
    assert planner.post(f"{here}transition/", {"transition": "submit"}, **JSON).status_code == 200
    assert (
        chief.post(f"{here}transition/", {"transition": "rule", "opinion": "同意"}, **JSON).json()["standing"]
        == "in_force"
    )
    return here


def test_a_ruling_from_proposal_to_its_end(people: SimpleNamespace) -> None:
    planner, chief = world.program(people.planner), world.program(people.chief)
    made = planner.post("/api/v1/rulings/", proposal(people), **JSON)
    here = made.headers["Location"].removeprefix("http://testserver")
    assert (made.status_code, made.json()["standing"]) == (201, "draft")
    assert [row["agency"] for row in made.json()["candidates"]] == ["市公安局", "市民政局"]
    again = planner.post("/api/v1/rulings/", proposal(people), **JSON)
    assert again.status_code == 400  # one in work
    etag = planner.get(here).headers["ETag"]
    assert planner.patch(here, {"basis": "测试依据第二条"}, **JSON).status_code == 428
    edited = planner.patch(here, {"basis": "测试依据第二条"}, headers={"If-Match": etag}, **JSON)
    assert edited.json()["basis"] == "测试依据第二条"
    assert planner.post(f"{here}transition/", {"transition": "publish"}, **JSON).status_code == 400
    assert planner.post(f"{here}transition/", {"transition": "submit"}, **JSON).json()["standing"] == "review"
    assert planner.post(f"{here}transition/", {"transition": "rule"}, **JSON).status_code == 403  # their own
    assert chief.get(f"{here}history/").json()["open_to"] == ["return", "rule"]
    assert chief.get("/api/v1/rulings/?review=yes").json()["count"] == 1
    assert chief.post(f"{here}transition/", {"transition": "rule"}, **JSON).json()["repeated"] == 1
    found = world.program(people.city.civil.steward).get("/api/v1/repetitions/?mine=yes").json()["results"]
    assert [(row["table"]["name"], row["share"], row["ruling"]["holder"]["name"]) for row in found] == [
        ("djry", 1.0, "市公安局")
    ]
    assert chief.post(f"{here}transition/", {"transition": "end"}, **JSON).status_code == 400  # says why
    ended = chief.post(f"{here}transition/", {"transition": "end", "opinion": "职责调整"}, **JSON).json()
    assert (ended["standing"], ended["repeated"]) == ("ended", 0)
    steps = [step["transition"] for step in chief.get(f"{here}history/").json()["steps"]]
    assert steps == ["draft", "draft", "submit", "rule", "end"] or steps == ["draft", "submit", "rule", "end"]


def test_a_draft_is_given_up(people: SimpleNamespace) -> None:
    planner = world.program(people.planner)
    here = (
        planner.post("/api/v1/rulings/", proposal(people), **JSON).headers["Location"].removeprefix("http://testserver")
    )
    civil = world.program(people.city.civil.steward)
    assert (civil.get(here).status_code, civil.delete(here).status_code) == (404, 404)
    etag = planner.get(here).headers["ETag"]
    assert planner.delete(here, headers={"If-Match": etag}).status_code == 204
    assert not Ruling.objects.exists()


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"basis": " "}, "basis"), ({"holder": "00000000-0000-0000-0000-000000000000"}, "holder"),
        ({"valid_until": "2020-01-01"}, "valid_until"), ({"valid_from": "morgen"}, "valid_from"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(people: SimpleNamespace, fields: dict[str, str], pointer: str) -> None:
    answer = world.program(people.planner).post("/api/v1/rulings/", {**proposal(people), **fields}, **JSON)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"/{pointer}")


def test_each_sees_what_is_of_their_agencies(people: SimpleNamespace) -> None:
    here = ruled(people)
    chief, civil = world.program(people.chief), world.program(people.city.civil.steward)
    police = world.program(people.city.police.steward)

    def count(client: Any, path: str) -> int:
        return int(client.get(f"/api/v1/{path}/").json()["count"])

    assert [count(client, "joins") for client in (chief, civil, police)] == [2, 0, 0]  # number and name
    assert [count(client, "repetitions") for client in (chief, civil, police)] == [1, 1, 0]
    assert [count(client, "families") for client in (chief, civil, police)] == [3, 0, 0]
    assert [row["agency"] for row in civil.get(here).json()["candidates"]] == ["市民政局"]
    assert [len(client.get("/api/v1/gene-map/").json()["nodes"]) for client in (chief, civil)] == [3, 3]
    family = Family.objects.get(element=element("P007"))
    members = chief.get(f"/api/v1/families/{family.pk}/members/").json()
    assert [(row["table"]["name"], row["share"]) for row in members] == [("czrk", None), ("djry", 1.0)]
    assert civil.get(f"/api/v1/families/{family.pk}/members/").status_code == 404
    assert world.program(world.person(people.city.top, "audit_admin")).get("/api/v1/gene-map/").status_code == 403


def test_candidates_of_an_element(people: SimpleNamespace) -> None:
    planner = world.program(people.planner)
    found = planner.get(f"/api/v1/rulings/candidates/?element={element('P007').pk}").json()
    assert [(row["agency"], row["distinct"], row["in_degree"]) for row in found] == [
        ("市公安局", 400, 1),
        ("市民政局", 150, 0),
    ]
    assert planner.get("/api/v1/rulings/candidates/?element=x").status_code == 400
    assert planner.get("/api/v1/rulings/candidates/").status_code == 400


def test_lists_cost_the_same_however_many_rows(people: SimpleNamespace) -> None:
    here, client = ruled(people), world.browser(people.chief)
    family = Family.objects.get(element=element("P007"))
    addresses = ["families/", "joins/", "rulings/", "repetitions/", "gene-map/", f"families/{family.pk}/members/"]

    def asked() -> list[int]:
        found = []
        for address in [here, *(f"/api/v1/{address}" for address in addresses)]:
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            found.append(len(queries))
        return found

    few = asked()
    people.civil.run("CREATE TABLE d2 AS SELECT * FROM djry; CREATE TABLE d3 AS SELECT * FROM djry;")
    people.civil.census()
    people.civil.scan()
    for name in ("d2", "d3"):
        bind(people.city.civil.steward, name, sfzh="P007")
    jobs.drain()
    assert client.get("/api/v1/repetitions/").json()["count"] == 3
    assert asked() == few
