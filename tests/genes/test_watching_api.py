"""REST of drift alarms, levels, recognisers and decisions: the same words as on the pages, the same rights."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.models import Column, Table
from genes.choices import Outcome
from genes.models import Binding, ColumnLevel, DriftAlarm, Recogniser
from genes.services.decisions import accept, accept_pairs, say_none
from tests.genes.test_matches_api import api, rows_of
from tests.genes.test_watching import (  # noqa: F401  fixtures
    PHONES,
    built,
    column,
    element,
    estate,
    named,
    own_files,
    recogniser,
    values,
)

pytestmark = pytest.mark.django_db
DRIFTS, DECISIONS = "/api/v1/drifts/", "/api/v1/decisions/"
COLUMNS, TABLES, RECOGNISERS = "/api/v1/column-levels/", "/api/v1/table-levels/", "/api/v1/recognisers/"


def pointer(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["pointer"]


def test_an_alarm_tells_in_what_and_is_answered(estate: SimpleNamespace) -> None:  # noqa: F811
    ids = column("gmsfhm")
    accept(actor=estate.steward, column=ids, element=element("公民身份号码"))
    values(estate.register, PHONES)
    client = api(estate.steward)
    (row,) = rows_of(client, f"{DRIFTS}?open=yes")
    assert (row["column"]["name"], row["element"]["name"], row["closed_at"]) == ("gmsfhm", "公民身份号码", None)
    assert (row["reasons"][0]["key"], row["reasons"][0]["before"]) == ("test_lost", 1.0)
    assert "通过公民身份号码校验的值由 100% 降至" in row["reasons"][0]["text"]
    assert client.get(f"{DRIFTS}{row['id']}/").json() == row
    viewer, stranger = api(estate.city.police.viewer), api(estate.city.civil.steward)
    body = {"drifts": [row["id"]]}
    assert viewer.post(f"{DRIFTS}keep/", body, format="json").status_code == 403
    assert pointer(stranger.post(f"{DRIFTS}keep/", body, format="json")) == (400, "/drifts")
    assert (rows_of(stranger, DRIFTS), stranger.get(f"{DRIFTS}{row['id']}/").status_code) == ([], 404)
    both = client.post(f"{DRIFTS}keep/", {"drifts": [row["id"], str(uuid4())]}, format="json")
    assert pointer(both) == (400, "/drifts")
    assert DriftAlarm.objects.get().closed_at is None  # all or none
    kept = client.post(f"{DRIFTS}keep/", body, format="json").json()
    assert (kept["columns"], DriftAlarm.objects.get().outcome) == (1, Outcome.DECIDED)
    assert Binding.objects.get(column=ids).batch is not None
    assert pointer(client.post(f"{DRIFTS}keep/", body, format="json")) == (400, "/drifts")
    assert (rows_of(client, f"{DRIFTS}?open=yes"), len(rows_of(client, f"{DRIFTS}?open=no"))) == ([], 1)
    undone = client.post("/api/v1/matches/undo/", {"batch": kept["batch"]}, format="json").json()
    assert undone["columns"] == 1


@pytest.fixture
def clinic(estate: SimpleNamespace) -> SimpleNamespace:  # noqa: F811
    """Who and how ill in one table."""
    named("jz_jl", hzxm="患者姓名", zdmc="疾病诊断名称")
    accept(actor=estate.steward, column=column("hzxm", "jz_jl"), element=element("姓名"))
    say_none(actor=estate.steward, column=column("zdmc", "jz_jl"))
    return estate


def test_the_level_of_a_column_is_proposed_decided_and_taken_back(clinic: SimpleNamespace) -> None:
    client, name = api(clinic.steward), column("hzxm", "jz_jl")
    here = f"{COLUMNS}{name.pk}/"
    row = client.get(here).json()
    assert (row["level"], row["proposed"], row["decided"], row["kind"]) == (4, 4, None, "identity")
    assert (row["reasons"][0]["key"], "疾病诊断名称" in row["reasons"][0]["text"]) == ("combined", True)
    assert pointer(client.post(f"{here}decide/", {"level": 2}, format="json")) == (400, "/basis")
    assert pointer(client.post(f"{here}decide/", {"level": 7, "basis": "x"}, format="json")) == (400, "/level")
    done = client.post(f"{here}decide/", {"level": 2, "basis": "已去标识化"}, format="json").json()
    assert (done["level"], done["proposed"], done["decided_by"], done["basis"]) == (
        2,
        4,
        clinic.steward.name,
        "已去标识化",
    )
    assert [one["id"] for one in rows_of(client, f"{COLUMNS}?decided=yes")] == [str(name.pk)]
    back = client.post(f"{here}decide/", {"level": None}, format="json").json()
    assert (back["level"], back["decided"], back["decided_by"]) == (4, None, "")
    silent = Column.objects.exclude(security__level__gt=0).order_by("name")[
        0
    ]  # a person may give it a level all the same
    there = f"{COLUMNS}{silent.pk}/"
    assert client.get(there).status_code == 404
    assert client.post(f"{there}decide/", {"level": 1}, format="json").json()["level"] == 1
    assert client.post(f"{there}decide/", {"level": None}, format="json").status_code == 204


def test_levels_are_confirmed_in_bulk_and_of_tables(clinic: SimpleNamespace) -> None:
    client, table = api(clinic.steward), Table.objects.get(name="jz_jl")
    both = [str(column(name, "jz_jl").pk) for name in ("hzxm", "zdmc")]
    missing = client.post(f"{COLUMNS}confirm/", {"columns": [*both, str(uuid4())]}, format="json")
    assert pointer(missing) == (400, "/columns")
    assert not ColumnLevel.objects.filter(decided__isnull=False).exists()
    assert client.post(f"{COLUMNS}confirm/", {"columns": both}, format="json").json() == {"columns": 2}
    assert client.post(f"{COLUMNS}confirm/", {"columns": both}, format="json").json() == {"columns": 0}
    here = f"{TABLES}{table.pk}/"
    row = client.get(here).json()
    assert (row["level"], row["reasons"][0]["column"]) == (4, "患者姓名")
    assert pointer(client.post(f"{here}decide/", {"level": 5}, format="json")) == (400, "/basis")
    assert client.post(f"{here}decide/", {"level": 5, "basis": "市级目录"}, format="json").json()["level"] == 5
    viewer, stranger = api(clinic.city.police.viewer), api(clinic.city.civil.steward)
    for address in (f"{COLUMNS}{both[0]}/", here):
        assert viewer.get(address).status_code == 200
        assert viewer.post(f"{address}decide/", {"level": 6, "basis": "x"}, format="json").status_code == 403
        assert stranger.get(address).status_code == 404
        assert stranger.post(f"{address}decide/", {"level": 6, "basis": "x"}, format="json").status_code == 404
    assert pointer(stranger.post(f"{COLUMNS}confirm/", {"columns": both}, format="json")) == (400, "/columns")
    assert client.post(f"{COLUMNS}nonsense/decide/", {"level": 1}, format="json").status_code == 404
    assert ColumnLevel.objects.filter(decided=6).count() == 0


def test_a_recogniser_is_defined_tried_and_enabled_only_then(estate: SimpleNamespace) -> None:  # noqa: F811
    unit, columns = element("统一社会信用代码"), [column(f"dwbh{place}", "bh_tz") for place in range(8)]
    accept_pairs(actor=estate.steward, pairs=[(one, unit) for one in columns[:6]])
    say_none(actor=estate.steward, column=columns[6])
    client = api(estate.steward)
    body = {"agency": str(estate.city.police.agency.pk), "element": str(unit.pk), "name": "单位编号"}
    assert client.post(RECOGNISERS, body, format="json").status_code == 400  # not one condition
    broken = client.post(RECOGNISERS, {**body, "pattern": "(("}, format="json")
    assert pointer(broken) == (400, "/pattern")
    theirs = {**body, "agency": str(estate.city.civil.agency.pk), "words": ["dwbh"]}
    assert pointer(client.post(RECOGNISERS, theirs, format="json")) == (400, "/agency")
    made = client.post(RECOGNISERS, {**body, "words": ["dwbh"]}, format="json")
    assert (made.status_code, made.json()["precision"], made.json()["trial"]) == (201, None, None)
    here = made.headers["Location"].removeprefix("http://testserver")
    assert client.post(f"{here}enable/").status_code == 400
    tried = client.post(f"{here}try/").json()
    assert tried["trial"] == {"columns": 7, "right": 6, "wrong": 1, "missed": 0}
    assert (tried["precision"], tried["recall"], tried["may_be_enabled"]) == (0.8571, 1.0, False)
    wrong = client.get(f"{here}wrong/").json()
    assert [(row["column"]["name"], row["said"], row["carries"]) for row in wrong] == [("dwbh6", True, None)]
    assert client.post(f"{here}enable/").status_code == 400
    words = [f"dwbh{place}" for place in (0, 1, 2, 3, 4, 5, 7)]
    assert client.patch(here, {"words": words}, format="json").status_code == 428
    etag = client.get(here).headers["ETag"]
    changed = client.patch(here, {"words": words}, format="json", headers={"If-Match": etag}).json()
    assert (changed["words"], changed["tried_at"], changed["name"]) == (words, None, "单位编号")
    assert client.post(f"{here}try/").json()["may_be_enabled"] is True
    assert client.post(f"{here}enable/").json()["enabled"] is True
    assert [row["id"] for row in rows_of(client, f"{RECOGNISERS}?enabled=yes")] == [changed["id"]]
    assert client.post(f"{here}disable/").json()["enabled"] is False
    etag = client.get(here).headers["ETag"]
    assert client.delete(here, headers={"If-Match": etag}).status_code == 204
    assert not Recogniser.objects.exists()


def test_recognisers_of_others(estate: SimpleNamespace, recogniser: Recogniser) -> None:  # noqa: F811
    here, viewer = f"{RECOGNISERS}{recogniser.pk}/", api(estate.city.police.viewer)
    stranger = api(estate.city.civil.steward)
    etag = viewer.get(here).headers["ETag"]
    for verb in ("try", "enable", "disable"):
        assert viewer.post(f"{here}{verb}/").status_code == 403
        assert stranger.post(f"{here}{verb}/").status_code == 404
    assert viewer.patch(here, {"name": "x"}, format="json", headers={"If-Match": etag}).status_code == 403
    assert viewer.delete(here, headers={"If-Match": etag}).status_code == 403
    assert (rows_of(stranger, RECOGNISERS), stranger.get(f"{here}wrong/").status_code) == ([], 404)
    assert Recogniser.objects.get().tried_at is None


def test_decisions_are_read_and_never_written(clinic: SimpleNamespace) -> None:
    client = api(clinic.steward)
    rows = rows_of(client, DECISIONS)
    assert [(row["column"]["name"], row["verdict"], row["element"] and row["element"]["name"]) for row in rows] == [
        ("zdmc", "none", None), ("hzxm", "accept", "姓名"),
    ]  # fmt: skip
    assert (rows[1]["told"]["comment"], rows[1]["by"]) == ("患者姓名", clinic.steward.name)
    assert client.delete(f"{DECISIONS}{rows[0]['id']}/").status_code == 405
    assert rows_of(api(clinic.city.civil.steward), DECISIONS) == []


def test_lists_cost_the_same_at_any_length(clinic: SimpleNamespace, recogniser: Recogniser) -> None:  # noqa: F811
    for name in ("gmsfhm", "c7", "xm"):
        accept(actor=clinic.steward, column=column(name), element=element("公民身份号码"))
    Binding.objects.filter(column__name="xm").update(baseline=Binding.objects.get(column__name="c7").baseline)
    values(clinic.register, "UPDATE ry_jbxx SET gmsfhm = sjhm, c7 = sjhm")
    for name in ("乙", "丙"):
        Recogniser.objects.create(
            agency=recogniser.agency, element=recogniser.element, name=name, words=["x"], author=clinic.steward
        )  # fmt: skip
    client = api(clinic.steward)
    for address in (DRIFTS, COLUMNS, TABLES, RECOGNISERS, DECISIONS):
        counts = []
        for limit in (1, 3):
            with CaptureQueriesContext(connection) as queries:
                rows = client.get(address, {"limit": limit}).json()["results"]
            counts.append(len(queries))
        assert (counts[0], len(rows)) == (counts[1], 3), address
