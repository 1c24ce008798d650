"""A full disk is said in words, loses nothing that was saved, and is over when there is space again."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.translation import override
from rest_framework.test import APIClient

from assets.models import CensusRun, InformationSystem, TableProfile
from assets.services import requests, sources
from core.models import Job, JobItem
from datagene.embedded import layout as layouts
from tests.assets.support import finished
from tests.conftest import as_owner
from tests.hostile.faults import stack

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of four megabytes, open to the account of the servers."""
    with stack.directory() as made:
        place = made / "disk"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0777", "tmpfs", str(place)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
            pytest.skip("only root may mount a small file system, and not in every container")
        yield place
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """A file that leaves nothing."""
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    assert shutil.disk_usage(disk).free == 0
    return filler


@pytest.fixture
def api(city: SimpleNamespace, settings: Any) -> APIClient:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    made = APIClient(raise_request_exception=False)
    made.force_authenticate(city.police.manager)
    return made


def test_an_upload_that_does_not_fit_is_refused_whole(
    small_disk: Path, api: APIClient, city: SimpleNamespace, settings: Any
) -> None:
    settings.DATA_DIR = small_disk
    shutil.copy(settings.KEY_FILE, small_disk / "keys")
    filler = fill(small_disk)

    def upload() -> Any:
        body = {
            "agency": str(city.police.agency.pk), "name": "报送",
            "files": [SimpleUploadedFile("a.csv", b"a,b\n" + b"1,2\n" * 50_000)],
        }  # fmt: skip
        return api.post("/api/v1/sources/upload/", body, format="multipart")

    with override("zh-hans"):
        answer = upload()
    assert (answer.status_code, answer["Content-Type"]) == (507, "application/problem+json")
    assert answer.json()["type"] == "urn:datagene:problem:storage_full"
    assert "清理磁盘" in answer.json()["detail"]
    assert list((small_disk / "uploads").glob("*")) == []
    filler.unlink()
    assert upload().status_code == 201


@pytest.fixture
def tight(small_disk: Path) -> Iterator[Callable[[str], None]]:
    """Move a table of the platform to the small disk."""
    place, owner = small_disk / "space", layouts.owner()
    place.mkdir()
    os.chown(place, owner.uid, owner.gid)
    moved: list[str] = []

    def move(table: str) -> None:
        moved.append(table)
        execute(f"ALTER TABLE {table} SET TABLESPACE tight")

    execute(f"CREATE TABLESPACE tight LOCATION '{place}'")
    yield move
    for table in moved:
        execute(f"ALTER TABLE {table} SET TABLESPACE pg_default")
    execute("DROP TABLESPACE tight")


def execute(sql: str) -> None:
    with as_owner() as cursor:
        cursor.execute(sql)


def test_a_page_and_a_call_that_the_full_database_cannot_store(
    small_disk: Path, tight: Callable[[str], None], api: APIClient, city: SimpleNamespace
) -> None:
    tight("assets_informationsystem")
    filler = fill(small_disk)
    browser = Client(raise_request_exception=False)
    browser.force_login(city.police.manager)
    system = {"agency": str(city.police.agency.pk), "code": "rk", "name": "人口系统"}
    chosen = {"kind": "business", "status": "running", "protection_level": "0", "network": "external"}
    page = browser.post("/systems/new/", system | chosen)
    assert (page.status_code, "磁盘空间已满" in page.content.decode()) == (507, True)
    answer = api.post("/api/v1/systems/", system)
    assert (answer.status_code, answer.json()["type"]) == (507, "urn:datagene:problem:storage_full")
    assert browser.get("/systems/").status_code == 200
    assert InformationSystem.objects.count() == 0
    filler.unlink()
    assert api.post("/api/v1/systems/", system).status_code == 201
    assert browser.get("/systems/").status_code == 200


def test_a_job_whose_checkpoints_cannot_be_stored_says_so_and_the_next_one_runs(
    small_disk: Path, tight: Callable[[str], None], city: SimpleNamespace, sqlite_source: Callable[..., Any]
) -> None:
    tight("core_jobitem")
    filler = fill(small_disk)
    source = sqlite_source()
    census = finished(requests.request_census(actor=city.police.manager, source=source.row))
    assert (census.state, census.error_code, census.attempt) == ("failed", "storage_full", 1)
    assert census.error_text.startswith("平台的磁盘空间已满")
    run = CensusRun.objects.get()
    assert (run.state, run.error_code) == ("failed", "storage_full")
    filler.unlink()
    assert source.census().state == "succeeded"
    censuses = Job.objects.filter(kind="assets.census").order_by("created_at")
    kept = JobItem.objects.filter(job__in=censuses).values_list("job", flat=True)
    assert set(kept) == {censuses[1].pk}


def test_a_table_that_the_temporary_files_have_no_room_for_is_left_out(
    small_disk: Path, city: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "big.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE a AS SELECT 1 AS i")
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT i FROM n"
        database.execute(f"CREATE TABLE b AS SELECT hex(randomblob(600)) AS v FROM ({numbers})")
    source = sources.register_source(
        actor=city.police.manager, agency=city.police.agency, kind="sqlite", name="大库", parameters={"path": str(path)}
    )
    assert finished(requests.request_census(actor=city.police.manager, source=source)).state == "succeeded"
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    scan = finished(requests.request_scan(actor=city.police.manager, source=source))
    assert (scan.state, scan.partial) == ("succeeded", True)
    left_out = scan.items.get(state="failed")
    assert (left_out.label, left_out.detail["code"]) == ("main.b", "too_large")
    assert "本机磁盘只能放下" in left_out.error_text
    assert list(small_disk.iterdir()) == []
    assert TableProfile.objects.get().table.name == "a"
