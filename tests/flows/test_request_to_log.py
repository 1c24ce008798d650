"""One request's number, from the proxy's header to the log line of the worker that did what was asked."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from assets.services import sources
from core import job_kinds, jobs
from core.models import Job
from datagene.environment import database_url
from tests.accounts import world

pytestmark = pytest.mark.django_db(transaction=True)
SENT = "proxy-0123456789abcdef"


def worker_lines(settings: Any) -> list[dict[str, Any]]:
    """What `run_jobs --drain` writes in a process of its own: every line must be one JSON object."""
    given = {
        "DATABASE_URL": database_url(connection.settings_dict), "KEY_FILE": settings.KEY_FILE,
        "DATAGENE_DATA": str(settings.DATA_DIR), "LOG_FORMAT": "json", "LOG_LEVEL": "INFO",
    }  # fmt: skip
    command = [sys.executable, str(django_settings.BASE_DIR / "manage.py"), "run_jobs", "--drain"]
    done = subprocess.run(command, env=os.environ | given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_a_request_is_found_again_in_its_job_and_in_the_workers_log(
    city: SimpleNamespace, settings: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript('CREATE TABLE t (a TEXT); CREATE VIEW "x\n{}" AS SELECT * FROM missing;')
    source = sources.register_source(
        actor=city.police.manager,
        agency=city.police.agency,
        kind="sqlite",
        name="库\r\n{}",
        parameters={"path": str(path)},
    )
    client = world.program(city.police.manager)
    answer = client.post(f"/api/v1/sources/{source.pk}/census/", headers={"X-Request-ID": SENT})
    assert (answer.status_code, answer["X-Request-ID"]) == (202, SENT)
    job = Job.objects.get()
    assert job.request_id == SENT

    lines = worker_lines(settings)
    ended = [line for line in lines if line["event"] == "a job has ended"]
    matching, relating = (
        Job.objects.get(kind=kind) for kind in ("genes.match", "genes.relate")
    )  # what a census brings along
    assert [(line["job_id"], line["request_id"], line["kind"], line["state"]) for line in ended] == [
        (str(job.pk), SENT, "assets.census", "succeeded"),
        (str(matching.pk), SENT, "genes.match", "succeeded"),
        (str(relating.pk), SENT, "genes.relate", "succeeded"),
    ]
    assert {line["request_id"] for line in lines if line.get("kind")} == {SENT}


def test_a_job_made_by_a_job_belongs_to_the_same_request(city: SimpleNamespace) -> None:
    def parent(ctx: jobs.JobContext) -> None:
        jobs.create_job(actor=None, kind="test.child", params={}, target="test:2")

    for name, handler in (("test.parent", parent), ("test.child", lambda ctx: None)):
        jobs.register(jobs.JobKind(kind=name, label="测试", handler=handler))
    try:
        jobs.create_job(actor=None, kind="test.parent", params={}, target="test:1")
        Job.objects.update(request_id=SENT)
        jobs.drain()
    finally:
        for name in ("test.parent", "test.child"):
            del job_kinds._kinds[name]
    assert Job.objects.get(kind="test.child").request_id == SENT
