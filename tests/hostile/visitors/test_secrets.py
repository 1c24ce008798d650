"""Secrets that are planted in a password, a token and the key file, and looked for wherever else they might have gone."""

import base64
import io
import logging
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import structlog
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from kombu import Connection

from accounts import services
from accounts.models import Person
from assets.models import DataSource
from core import jobs, keys
from core.models import AuditEntry, Job
from datagene import environment, logs
from datagene.backup import make, postgres
from datagene.celery import app, run_job
from datagene.embedded import providers
from tests.accounts import world
from tests.conftest import as_owner

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD, OTHER, OWN = "planted-Quay-7xq2", "planted-Quay-8yr3", "Planted-Person-2041"
FORM = {"name": "户籍库", "values_policy": "masked", "parameter_host": "127.0.0.1", "parameter_port": "1"}
FORM |= {"parameter_database": "hj", "parameter_user": "reader"}


@pytest.fixture
def own(settings: Any, tmp_path: Path, redis_server: str) -> Path:
    """Keys, backups and broker of this test alone."""
    settings.DATA_DIR, settings.KEY_FILE = tmp_path, str(tmp_path / "keys")
    settings.SOURCE_REFUSED, settings.SOURCE_NETWORKS = (), ("*",)
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": redis_server}}
    keys.create(tmp_path / "keys")
    return tmp_path


@pytest.fixture
def written(own: Path) -> Iterator[dict[str, io.StringIO]]:
    """What is logged meanwhile, from the chattiest level on, in both forms."""
    streams, handlers, root = {}, [], logging.getLogger()
    for form in ("json", "text"):
        built = logs.configuration("DEBUG", form)["formatters"]["ours"]
        handler = logging.StreamHandler(streams.setdefault(form, io.StringIO()))
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=built["foreign_pre_chain"], processors=built["processors"]
            )
        )
        handlers.append(handler)
        root.addHandler(handler)
    before = root.level
    root.setLevel(logging.DEBUG)
    yield streams
    root.setLevel(before)
    for handler in handlers:
        root.removeHandler(handler)


@pytest.fixture
def broker(redis_server: str) -> Iterator[Callable[[], bytes]]:
    """Jobs are told to workers through a real broker that nobody empties; all that it holds."""

    def send(job_id: Any) -> None:
        options = app.conf.broker_transport_options
        with Connection(environment.broker(redis_server), transport_options=options) as line:
            run_job.apply_async(args=[str(job_id)], connection=line)

    def held() -> bytes:
        with redis.Redis.from_url(redis_server) as client:
            return b"".join(name + (client.dump(name) or b"") for name in client.scan_iter())

    jobs.register_dispatcher(send)
    yield held
    jobs.register_dispatcher(None)
    with redis.Redis.from_url(redis_server) as client:
        client.flushdb()


@pytest.fixture
def manager(own: Path) -> Person:
    return world.person(world.agency("滨海市"), "source_manager", "steward", "system_admin", password=OWN)


def planted(own: Path, token: str) -> list[bytes]:
    lines = (own / "keys").read_text().split()
    raw = [base64.urlsafe_b64decode(line) for line in lines]
    texts = [PASSWORD, OTHER, OWN, token, token.partition("_")[2], *lines, str(django_settings.SECRET_KEY)]
    return [*(text.encode() for text in texts), *raw, *(key.hex().encode() for key in raw)]


def use_everything(manager: Person, token: str) -> list[Any]:
    """Register, mistype, change, test, census; sign in and call: rightly and wrongly. The answers."""
    client, program = world.browser(manager), Client(headers={"authorization": f"Bearer {token}"})
    form, json = {"agency": str(manager.agency_id), **FORM}, "application/json"
    answers = [
        client.post("/sources/new/postgresql/", {**form, "secret_password": PASSWORD, "parameter_port": "no"}),
        client.post("/sources/new/postgresql/", {**form, "secret_password": PASSWORD}),
    ]
    source = DataSource.objects.get()
    body = {"agency": str(manager.agency_id), "name": "库", "kind": "postgresql", "password": PASSWORD}
    answers += [
        client.post(f"/sources/{source.pk}/edit/", {**form, "secret_password": OTHER}),
        program.post("/api/v1/sources/", {**body, "parameters": {"host": "127.0.0.1"}}, content_type=json),
        program.post("/api/v1/sources/", {**body, "secrets": {"password": OTHER, "more": PASSWORD}}, content_type=json),
        program.post(f"/api/v1/sources/{source.pk}/test/", {}, content_type=json),
        program.post(f"/api/v1/sources/{source.pk}/census/", {}, content_type=json),
        Client(headers={"authorization": f"Bearer {token}x"}).get("/api/v1/me/"),
        Client().get(f"/api/v1/me/?token={token}"),
        Client().post("/sign-in/", {"username": manager.username, "password": OWN}),
        Client().post("/sign-in/", {"username": manager.username, "password": OWN + "!"}),
        client.post("/account/password/", {"current": OWN, "new": OWN, "again": OTHER}),
        client.get(f"/sources/{source.pk}/"),
        client.get(f"/sources/{source.pk}/edit/"),
        program.get(f"/api/v1/sources/{source.pk}/"),
    ]
    jobs.drain()
    return [*answers, client.get("/jobs/"), client.get("/"), client.get(f"/sources/{source.pk}/")]


def break_down(manager: Person) -> list[Any]:
    """The same form while a column is away: an error of the database with the password among the locals of its frames."""
    client = world.browser(manager, raise_request_exception=False)
    form = {"agency": str(manager.agency_id), **FORM, "name": "再来", "secret_password": PASSWORD}
    with as_owner() as cursor:
        cursor.execute("ALTER TABLE assets_datasource RENAME COLUMN sealed_secrets TO away")
        try:
            answers = [client.post("/sources/new/postgresql/", form)]
        finally:
            cursor.execute("ALTER TABLE assets_datasource RENAME COLUMN away TO sealed_secrets")
    assert answers[0].status_code == 500
    return answers


def dumped() -> bytes:
    """The database as a backup holds it before it is sealed, as text."""
    program = providers.client_program("pg_dump", postgres.major_version())
    facts = connection.settings_dict
    given = {"PATH": "/usr/bin:/bin", "PGPASSWORD": facts["PASSWORD"], "PGHOST": facts["HOST"], "PGUSER": facts["USER"]}
    given |= {"PGPORT": str(facts["PORT"] or 5432), "PGDATABASE": facts["NAME"]}
    return subprocess.run([str(program)], env=given, capture_output=True, check=True).stdout


def command_lines() -> bytes:
    """What `ps` shows of every process, a dump among them."""
    found, held = b"", postgres.connect()
    with held.cursor() as cursor, tempfile.TemporaryFile() as errors:
        cursor.execute("SELECT pg_export_snapshot()")
        dump = postgres.start_dump(postgres.major_version(), cursor.fetchone()[0], errors)
        dump.send_signal(signal.SIGSTOP)  # it would be gone before all of /proc is read
        os.waitpid(dump.pid, os.WUNTRACED)  # on its way into the program it has no command line yet
        found += _command_lines()
        dump.kill()
        dump.communicate()
    held.close()
    assert b"pg_dump" in found
    return found


def _command_lines() -> bytes:
    found = b""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            found += (entry / "cmdline").read_bytes()
        except OSError:
            continue
    return found


def test_planted_secrets_are_nowhere_else(
    manager: Person, own: Path, written: dict[str, io.StringIO], broker: Callable[[], bytes]
) -> None:
    _token, token = services.create_token(actor=manager, name="程序", scopes=["read", "write", "jobs"], days=1)
    answers = [*use_everything(manager, token), *break_down(manager)]
    made = make(own / "backups")
    places = {
        "answers": b"".join(answer.getvalue() if answer.streaming else answer.content for answer in answers),
        "json log": written["json"].getvalue().encode(),
        "text log": written["text"].getvalue().encode(),
        "audit": "".join(str(row) for row in AuditEntry.objects.values()).encode(),
        "jobs": "".join(str(row) for row in Job.objects.values()).encode(),
        "broker": broker(),
        "dump": dumped(),
        "backup": b"".join(path.read_bytes() for path in made.path.iterdir()),
        "process list": command_lines(),
    }
    for place, content in places.items():
        assert len(content) > 100, place
        assert [secret for secret in planted(own, token) if secret in content] == [], place
    assert b"Traceback" in places["json log"]
    assert b"Traceback" not in places["answers"]
    assert b"run_job" in places["broker"]
    assert b"COPY public.assets_datasource" in places["dump"]
    assert {source.has_secrets for source in DataSource.objects.all()} == {True}
