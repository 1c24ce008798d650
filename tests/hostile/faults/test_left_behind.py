"""What a killed worker leaves running on a source ends: PostgreSQL notices by itself, MariaDB is told by the session's keeper."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql
import pytest

from assets.models import DataSource, ScanRun
from assets.services import requests, sources
from core.models import Job
from scanner.connectors.registry import open_source
from scanner.errors import SourceError
from scanner.guard import Limits
from tests.assets.support import finished
from tests.flows.support import PASSWORD, Proxy, drop_postgres, make_postgres
from tests.hostile.faults import stack
from tests.hostile.faults.conftest import running
from tests.hostile.faults.stack import until

pytestmark = pytest.mark.django_db(transaction=True)
# The server works for a long time before the first row: it has nothing to send, so it cannot notice by sending.
ENDLESS = "CREATE VIEW endless AS SELECT count(*) AS n FROM pg_attribute a, pg_attribute b, pg_attribute c"


@pytest.fixture
def postgres_source(city: SimpleNamespace, postgres_server: str) -> Iterator[Any]:
    with Proxy(postgres_server) as line:  # a worker refuses to read the server that its own platform stands on
        made = make_postgres(postgres_server, city.police, ENDLESS, port=line.port)
        yield made
    drop_postgres(postgres_server, made)


def test_a_killed_workers_query_ends_on_postgresql_within_seconds(
    postgres_source: Any, city: SimpleNamespace, celery: stack.Celery
) -> None:
    source = postgres_source

    def at_work() -> list[Any]:
        with source.admin.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE usename = %s AND state = 'active'", [source.reader])
            return list(cursor.fetchall())

    source.census()
    requests.request_scan(actor=city.police.manager, source=source.row)
    worker = celery.run_jobs()
    until(at_work, what="the scan reading")
    stack.kill_tree(worker)
    until(lambda: not at_work(), 10, what="the end of the query")


@pytest.fixture
def mariadb(mariadb_server: str) -> Iterator[pymysql.Connection]:
    """An administrator's session, with a database in which counting never ends."""
    parts = urlsplit(mariadb_server)
    connection = pymysql.connect(
        host=parts.hostname, port=parts.port or 3306, user=parts.username or "", password=unquote(parts.password or ""),
        autocommit=True,
    )  # fmt: skip
    database = f"endless_{os.getpid()}"
    run(
        connection,
        f"CREATE DATABASE {database}",
        f"CREATE VIEW {database}.endless AS SELECT count(*) AS n FROM information_schema.columns a,"
        " information_schema.columns b, information_schema.columns c",
        f"CREATE USER endless_reader@localhost IDENTIFIED BY '{PASSWORD}'",
        f"GRANT SELECT, SHOW VIEW ON {database}.* TO endless_reader@localhost",
    )
    connection.select_db(database)
    yield connection
    run(
        connection,
        "KILL USER endless_reader@localhost",
        f"DROP DATABASE {database}",
        "DROP USER endless_reader@localhost",
    )
    connection.close()


def run(connection: pymysql.Connection, *statements: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def at_work(mariadb: pymysql.Connection) -> set[int]:
    """The reader's sessions that have a statement under way."""
    found = run(mariadb, "SELECT id FROM information_schema.processlist WHERE user = 'endless_reader' AND info <> ''")
    return {identity for (identity,) in found}


def test_a_killed_workers_query_ends_on_mariadb_within_seconds(
    mariadb: pymysql.Connection, city: SimpleNamespace, celery: stack.Celery
) -> None:
    source = register(mariadb, city)
    assert finished(requests.request_census(actor=city.civil.manager, source=source)).state == "succeeded"
    requests.request_scan(actor=city.civil.manager, source=source)
    worker = celery.run_jobs()
    until(lambda: at_work(mariadb), what="the scan reading")
    stack.kill_tree(worker)
    until(lambda: not at_work(mariadb), 10, what="the end of the query")


def test_without_its_keeper_the_query_is_ended_by_the_next_attempt(
    mariadb: pymysql.Connection, city: SimpleNamespace, celery: stack.Celery
) -> None:
    source = register(mariadb, city)
    assert finished(requests.request_census(actor=city.civil.manager, source=source)).state == "succeeded"
    scan = requests.request_scan(actor=city.civil.manager, source=source)
    worker = celery.run_jobs()
    until(lambda: at_work(mariadb), what="the scan reading")
    (left_behind,) = at_work(mariadb)
    for keeper in keepers(worker):
        os.kill(keeper, signal.SIGKILL)
    stack.kill_tree(worker)
    celery.run_jobs()
    until(lambda: left_behind not in at_work(mariadb), 30, what="the end of the query")
    until(lambda: at_work(mariadb), what="the new attempt reading")
    assert Job.objects.get(pk=scan.pk).attempt == 2


def keepers(worker: Any) -> list[int]:
    """Keepers whose pipe a process of this worker holds."""
    ours = {link for pid in group(worker.pid) for link in pipes(pid)}
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"mysql_keeper" in (place / "cmdline").read_bytes() and pipes(int(place.name)) & ours:
                found.append(int(place.name))
    return found


def group(leader: int) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getpgid(int(place.name)) == leader:
                found.append(int(place.name))
    return found


def pipes(pid: int) -> set[str]:
    with suppress(OSError):
        return {link for link in map(os.readlink, Path(f"/proc/{pid}/fd").iterdir()) if link.startswith("pipe:")}
    return set()


def test_a_statement_that_is_given_up_ends_on_the_server_too(
    mariadb: pymysql.Connection, city: SimpleNamespace
) -> None:
    source = register(mariadb, city)
    limits = Limits(statement_seconds=0.5)
    with open_source("mysql", source.parameters, {"password": PASSWORD}, limits=limits) as connector:
        connector.sole_session = "given-up"
        with pytest.raises(SourceError) as caught:
            connector.execute("SELECT * FROM endless")
        assert caught.value.code == "timeout"
        until(lambda: not at_work(mariadb), 10, what="the end of the query")


def test_a_connection_test_leaves_the_session_of_a_scan_alone(
    mariadb: pymysql.Connection, city: SimpleNamespace, celery: stack.Celery
) -> None:
    source = register(mariadb, city)
    assert finished(requests.request_census(actor=city.civil.manager, source=source)).state == "succeeded"
    scan = requests.request_scan(actor=city.civil.manager, source=source)
    celery.run_jobs()
    until(lambda: ScanRun.objects.filter(job_id=scan.pk).exists() and running(scan))
    until(lambda: at_work(mariadb))
    tested = finished(requests.test_source(actor=city.civil.manager, source=source))
    assert tested.state == "succeeded"
    assert Job.objects.get(pk=scan.pk).state == "running"
    assert at_work(mariadb)


def register(server: pymysql.Connection, city: SimpleNamespace) -> DataSource:
    where = {"host": server.host, "port": server.port, "user": "endless_reader", "database": f"endless_{os.getpid()}"}
    return sources.register_source(
        actor=city.civil.manager, agency=city.civil.agency, kind="mysql", name="无尽库", parameters=where,
        secrets={"password": PASSWORD},
    )  # fmt: skip
