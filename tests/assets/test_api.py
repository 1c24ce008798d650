"""REST of the register: what a client can do, what it never gets, and that foreign things do not exist."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from assets.models import CensusRun, Column, DataSource, InformationSystem, ScanRun, SchemaChange, Table
from core.models import Job
from tests.assets.support import SqliteSource, finished

pytestmark = pytest.mark.django_db

POSTGRES = {"host": "10.2.3.4", "port": 5432, "user": "reader", "database": "people"}


@pytest.fixture(autouse=True)
def no_throttle(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


def client(person: Any) -> APIClient:
    made = APIClient()
    made.force_authenticate(person)
    return made


@pytest.fixture
def estate(city: SimpleNamespace, sqlite_source: Callable[..., SqliteSource]) -> SimpleNamespace:
    """A scanned source of the police with a change, and one of civil affairs."""
    ours, theirs = sqlite_source(), sqlite_source(name="婚姻库", bureau=city.civil)
    for source in (ours, theirs):
        source.census()
        source.scan()
        source.run("ALTER TABLE office ADD COLUMN extra TEXT")
        source.census()
    return SimpleNamespace(city=city, ours=ours, theirs=theirs)


def test_register_test_census_scan(city: SimpleNamespace, tmp_path: Any) -> None:
    import sqlite3

    path = tmp_path / "api.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b');"
    )
    connection.close()
    api = client(city.police.manager)
    made = api.post("/api/v1/sources/", {
        "agency": str(city.police.agency.pk), "kind": "sqlite", "name": "登记库", "parameters": {"path": str(path)},
    })  # fmt: skip
    assert made.status_code == 201, made.content
    source = made.json()
    assert (source["state"], source["has_secrets"]) == ("registered", False)
    for what in ("test", "census", "scan"):
        answer = api.post(f"/api/v1/sources/{source['id']}/{what}/")
        assert answer.status_code == 202, answer.content
        job = finished(Job.objects.get(pk=answer.json()["id"]))
        assert (job.state, job.error_text) == ("succeeded", "")
        assert answer.headers["Location"] == f"/api/v1/jobs/{job.pk}/"
    after = api.get(f"/api/v1/sources/{source['id']}/").json()
    assert (after["state"], after["table_count"], after["row_total"], after["can_write"]) == ("healthy", 1, 2, False)
    table = api.get("/api/v1/tables/", {"source": source["id"]}).json()["results"][0]
    assert (table["name"], table["rows"], table["rows_method"]) == ("t", 2, "exact")
    columns = api.get("/api/v1/columns/", {"table": table["id"], "ordering": "position"}).json()["results"]
    assert [(column["name"], column["profile"]["distinct"]) for column in columns] == [("id", 2), ("v", 2)]
    assert columns[1]["profile"]["top"] == [["a", 1], ["b", 1]]


def test_passwords_go_in_and_never_come_out(city: SimpleNamespace) -> None:
    api = client(city.police.manager)
    made = api.post("/api/v1/sources/", {
        "agency": str(city.police.agency.pk), "kind": "postgresql", "name": "人口库", "parameters": POSTGRES,
        "password": "s3cret",
    })  # fmt: skip
    assert made.status_code == 201, made.content
    assert made.json()["has_secrets"] is True
    assert "s3cret" not in made.content.decode()
    assert "sealed" not in made.content.decode()
    read = api.get(f"/api/v1/sources/{made.json()['id']}/")
    assert "s3cret" not in read.content.decode()


def test_bad_parameters_are_a_problem_that_names_the_field(city: SimpleNamespace) -> None:
    answer = client(city.police.manager).post("/api/v1/sources/", {
        "agency": str(city.police.agency.pk), "kind": "postgresql", "name": "人口库",
        "parameters": {**POSTGRES, "port": 0},
    })  # fmt: skip
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "port" in answer.content.decode()


def test_who_may_not_register_gets_403_and_a_foreign_agency_does_not_exist(city: SimpleNamespace) -> None:
    body = {"agency": str(city.police.agency.pk), "kind": "sqlite", "name": "x", "parameters": {"path": "/tmp/x"}}
    assert client(city.police.viewer).post("/api/v1/sources/", body).status_code == 403
    assert client(city.civil.manager).post("/api/v1/sources/", body).status_code == 400
    assert not DataSource.objects.exists()


LISTS = ("systems", "sources", "tables", "columns", "census-runs", "scan-runs", "changes")


def test_two_agencies_see_nothing_of_each_other(estate: SimpleNamespace) -> None:
    for bureau in (estate.city.police, estate.city.civil):
        InformationSystem.objects.create(agency=bureau.agency, code="S", name=f"{bureau.agency.name}系统")
    police, civil = client(estate.city.police.viewer), client(estate.city.civil.viewer)
    for name in LISTS:
        ours = {row["id"] for row in police.get(f"/api/v1/{name}/").json()["results"]}
        theirs = {row["id"] for row in civil.get(f"/api/v1/{name}/").json()["results"]}
        assert ours, name
        assert theirs, name
        assert not ours & theirs, name
        for row in ours:
            assert police.get(f"/api/v1/{name}/{row}/").status_code == 200
            assert civil.get(f"/api/v1/{name}/{row}/").status_code == 404


def test_actions_on_foreign_things_are_404(estate: SimpleNamespace) -> None:
    api = client(estate.city.civil.manager)
    source = estate.ours.row.pk
    for what in ("test", "census", "scan", "disable", "enable"):
        assert api.post(f"/api/v1/sources/{source}/{what}/").status_code == 404
    run = CensusRun.objects.filter(source=source).first()
    assert run is not None
    assert api.post(f"/api/v1/census-runs/{run.pk}/decide/", {"decision": "confirm"}).status_code == 404
    table = Table.objects.filter(source=source).first()
    assert table is not None
    answer = api.post(f"/api/v1/sources/{estate.theirs.row.pk}/scan/", {"tables": [str(table.pk)]})
    assert answer.status_code == 400


def test_a_viewer_reads_and_starts_nothing(estate: SimpleNamespace) -> None:
    api = client(estate.city.police.viewer)
    assert api.get(f"/api/v1/sources/{estate.ours.row.pk}/").status_code == 200
    for what in ("test", "census", "scan", "disable"):
        assert api.post(f"/api/v1/sources/{estate.ours.row.pk}/{what}/").status_code == 403


def test_filters_and_orderings_are_those_that_are_named(estate: SimpleNamespace) -> None:
    api = client(estate.city.police.viewer)
    assert api.get("/api/v1/tables/", {"q": "pers"}).json()["count"] == 1
    assert api.get("/api/v1/tables/", {"profiled": "no"}).json()["count"] == 0
    assert api.get("/api/v1/columns/", {"personal": "yes", "name": "sfzh"}).json()["count"] == 1
    assert [row["name"] for row in api.get("/api/v1/tables/", {"ordering": "-rows"}).json()["results"]] == [
        "person", "office", "visit",
    ]  # fmt: skip
    assert api.get("/api/v1/tables/", {"nonsense": "1"}).status_code == 400
    assert api.get("/api/v1/tables/", {"ordering": "source__sealed_secrets"}).status_code == 400
    assert api.get("/api/v1/sources/", {"kind": "nosuch"}).status_code == 400


def test_a_title_is_changed_under_if_match(estate: SimpleNamespace) -> None:
    api = client(estate.city.police.steward)
    table = Table.objects.get(source=estate.ours.row, name="person")
    address = f"/api/v1/tables/{table.pk}/"
    etag = api.get(address).headers["ETag"]
    assert api.patch(address, {"title": "人员"}).status_code == 428
    changed = api.patch(address, {"title": "人员"}, headers={"If-Match": etag})
    assert (changed.status_code, changed.json()["display_name"]) == (200, "人员")
    assert api.patch(address, {"title": "人"}, headers={"If-Match": etag}).status_code == 412


def test_nothing_unmasked_leaves_by_rest(estate: SimpleNamespace) -> None:
    api = client(estate.city.police.viewer)
    for name in (*LISTS, "jobs"):
        text = api.get(f"/api/v1/{name}/").content.decode()
        assert "11010519491231002X" not in text
        assert "13800138000" not in text


def test_lists_cost_the_same_for_one_row_and_for_many(
    estate: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    api = client(estate.city.police.viewer)
    for name in LISTS:
        api.get(f"/api/v1/{name}/")
        with CaptureQueriesContext(
            connection,
        ) as one:
            api.get(f"/api/v1/{name}/", {"limit": 1})
        with CaptureQueriesContext(connection) as many:
            api.get(f"/api/v1/{name}/", {"limit": 50})
        assert len(many) <= max(len(one), 4), name


def test_history_of_a_column_and_the_kinds_of_source(estate: SimpleNamespace) -> None:
    api = client(estate.city.police.viewer)
    column = Column.objects.get(source=estate.ours.row, name="sfzh")
    history = api.get(f"/api/v1/columns/{column.pk}/history/").json()
    assert [(point["rows"], point["nulls"]) for point in history] == [(3, 1)]
    kinds = {kind["kind"]: kind for kind in api.get("/api/v1/source-kinds/").json()}
    assert {"postgresql", "mysql", "sqlite", "files"} <= set(kinds)
    secrets = [field["name"] for field in kinds["postgresql"]["parameters"] if field["secret"]]
    assert secrets == ["password"]


def test_a_stranger_gets_401_and_an_unknown_id_404(estate: SimpleNamespace) -> None:
    assert APIClient().get("/api/v1/tables/").status_code == 401
    assert client(estate.city.police.viewer).get(f"/api/v1/tables/{uuid4()}/").status_code == 404
    assert client(estate.city.police.viewer).get("/api/v1/tables/not-a-uuid/").status_code == 404
    assert ScanRun.objects.count() == 2
    assert SchemaChange.objects.filter(column__name="extra").count() == 2


def test_files_are_uploaded_as_a_form(city: SimpleNamespace) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    files = [SimpleUploadedFile("a.csv", b"x,y\n1,2\n"), SimpleUploadedFile("b.csv", b"z\n3\n")]
    body = {"agency": str(city.police.agency.pk), "name": "报送", "files": files}
    made = client(city.police.manager).post("/api/v1/sources/upload/", body, format="multipart")
    assert made.status_code == 201, made.content
    assert (made.json()["kind"], made.json()["name"]) == ("files", "报送")
    refused = client(city.police.viewer).post("/api/v1/sources/upload/", body, format="multipart")
    assert refused.status_code == 403
