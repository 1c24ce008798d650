"""Real Celery workers on the database of the test, with a broker that may be killed and wiped."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from kombu import Connection

from core import job_kinds, jobs
from core.models import Job
from datagene import environment
from datagene.celery import app, run_job
from datagene.embedded import layout as layouts
from datagene.embedded.layout import Layout
from datagene.embedded.valkey import Valkey
from tests.assets.support import assets_alone, city, own_files, sqlite_source  # noqa: F401  fixtures
from tests.conftest import as_owner
from tests.contracts.conftest import mariadb_server  # noqa: F401  fixture
from tests.hostile.faults import kinds, stack


def database_url() -> str:
    """The database of this test, for another process."""
    facts = connection.settings_dict
    account = f"{quote(facts['USER'])}:{quote(facts['PASSWORD'])}" if facts["PASSWORD"] else quote(facts["USER"])
    return f"postgresql://{account}@{quote(str(facts['HOST']), safe='')}:{facts['PORT'] or 5432}/{facts['NAME']}"


class Broker:
    """A Valkey that only these tests use. ``send`` puts the message for a job into it, as the platform does."""

    def __init__(self, place: Layout) -> None:
        self.server = Valkey(place, layouts.owner(), lambda line: None)
        self.server.start()

    @property
    def url(self) -> str:
        return self.server.url()

    def send(self, job_id: Any) -> None:
        options = app.conf.broker_transport_options
        with Connection(environment.broker(self.url), transport_options=options) as line:
            run_job.apply_async(args=[str(job_id)], connection=line)

    def kill_and_wipe(self) -> None:
        assert self.server.child is not None
        self.server.child.kill()
        self.server.child.wait()
        shutil.rmtree(self.server.place.valkey)


@pytest.fixture(scope="session")
def broker_place() -> Iterator[Layout]:
    with stack.directory() as directory:
        place = Layout(directory / "data")
        layouts.prepare(place)
        place.binaries.mkdir(mode=0o755)
        yield place


@pytest.fixture
def broker(broker_place: Layout) -> Iterator[Broker]:
    made = Broker(broker_place)
    jobs.register_dispatcher(made.send)
    yield made
    jobs.register_dispatcher(None)
    made.kill_and_wipe()


@pytest.fixture
def celery(broker: Broker, tmp_path: Path, settings: Any) -> Iterator[stack.Celery]:
    """Workers and beat to be started by the test; all are killed in the end."""
    settings.JOB_LEASE_SECONDS = stack.LEASE
    made = stack.Celery(tmp_path, database_url(), broker.url, KEY_FILE=settings.KEY_FILE)
    yield made
    made.stop()


@pytest.fixture
def known_kinds(transactional_db: None) -> Iterator[None]:
    """The hostile job kinds and their tables, for the length of a test."""
    before = dict(job_kinds._kinds)
    kinds.register()
    with as_owner() as cursor:
        cursor.execute(kinds.TABLES)
    yield
    with as_owner() as cursor:
        cursor.execute("DROP TABLE hostile_item, hostile_result")
    job_kinds._kinds.clear()
    job_kinds._kinds.update(before)


@pytest.fixture
def ask(known_kinds: None) -> Callable[..., Job]:
    """``ask("work", steps=2, key="source:1")``: create a job as a request does."""

    def create(name: str, *, exclusive: bool = True, **params: Any) -> Job:
        key = params.setdefault("key", "source:1")
        return jobs.create_job(
            actor=None, kind=f"hostile.{name}", params=params, target=key, exclusive_key=key if exclusive else None
        )

    return create


def rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def ended(*asked: Job) -> bool:
    """Whether all of these jobs are final."""
    return not Job.objects.filter(pk__in=[job.pk for job in asked], state__in=["queued", "running"]).exists()


def running(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk, state="running").exists()
