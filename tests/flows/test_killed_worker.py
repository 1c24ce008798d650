"""A worker process killed in the middle of a census: another finishes, and nothing is recorded twice."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.db.models.functions import Now

from assets.models import CensusRun, Column, DataSource, SchemaChange, Table
from assets.services import requests, sources
from core.models import Job, JobItem
from datagene.environment import database_url
from quantity.models import VolumeSample

pytestmark = pytest.mark.django_db(transaction=True)
TABLES, COLUMNS, LEASE = 400, 10, 3


@pytest.fixture
def big_source(city: SimpleNamespace, tmp_path: Path) -> DataSource:
    path = tmp_path / "big.db"
    columns = ", ".join(f"c{n} TEXT" for n in range(1, COLUMNS))
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            "".join(f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, {columns});" for n in range(TABLES))
        )
    return sources.register_source(
        actor=city.police.manager, agency=city.police.agency, kind="sqlite", name="大库", parameters={"path": str(path)}
    )


@pytest.fixture
def worker(settings: Any) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start ``manage.py run_jobs`` on the database of the test."""
    given = {
        "DATABASE_URL": database_url(connection.settings_dict), "KEY_FILE": settings.KEY_FILE, "JOB_LEASE_SECONDS": str(LEASE),
        "DATAGENE_DATA": str(settings.DATA_DIR), "DJANGO_SETTINGS_MODULE": "datagene.settings",
    }  # fmt: skip
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(django_settings.BASE_DIR / "manage.py"), "run_jobs", *arguments]
        started.append(subprocess.Popen(command, env=os.environ | given, stdout=subprocess.DEVNULL, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def until(fact: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_another_worker_finishes_the_census(
    big_source: DataSource, city: SimpleNamespace, worker: Callable[..., subprocess.Popen[str]]
) -> None:
    job = requests.request_census(actor=city.police.manager, source=big_source)
    first = worker()
    until(lambda: JobItem.objects.filter(job=job).count() >= 20)
    first.send_signal(signal.SIGKILL)
    first.wait()
    done = set(JobItem.objects.filter(job=job).values_list("key", "at"))
    assert 20 <= len(done) < TABLES, "the census was over before it could be interrupted"
    until(lambda: Job.objects.filter(pk=job.pk, lease_until__lt=Now()).exists())
    assert worker("--drain").wait(90) == 0
    job = Job.objects.get(pk=job.pk)
    assert (job.state, job.attempt, job.partial, job.error_text) == ("succeeded", 2, False, "")
    assert done <= set(JobItem.objects.filter(job=job).values_list("key", "at")), "a finished table was done again"
    run = CensusRun.objects.get()
    assert (run.state, run.tables_seen, run.tables_created) == ("succeeded", TABLES, TABLES)
    assert (Table.objects.count(), Column.objects.count()) == (TABLES, TABLES * COLUMNS)
    assert SchemaChange.objects.count() == TABLES
    assert VolumeSample.objects.filter(table=None).count() == 1
