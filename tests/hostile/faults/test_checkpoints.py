"""A worker killed in the middle: the next attempt reads no finished table again."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assets.models import CensusRun, Column, SchemaChange, Table, TableProfile
from assets.services import requests, sources
from core.models import Job, JobItem
from tests.flows.support import Proxy, drop_postgres, make_postgres
from tests.hostile.faults import stack
from tests.hostile.faults.conftest import ended
from tests.hostile.faults.stack import until

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = 40


@pytest.fixture
def postgres_source(city: SimpleNamespace, postgres_server: str) -> Iterator[Any]:
    """Tables that each take a moment, on a server that counts how often each was read."""
    script = "".join(
        f"CREATE TABLE t{number} AS SELECT i, md5(i::text) AS v FROM generate_series(1, 2000) i;"
        for number in range(TABLES)
    )
    with Proxy(postgres_server) as line:  # a worker refuses to read the server that its own platform stands on
        made = make_postgres(postgres_server, city.police, script, port=line.port)
        yield made
    drop_postgres(postgres_server, made)


def test_a_scan_killed_at_three_fifths_reads_no_finished_table_again(
    postgres_source: Any, city: SimpleNamespace, celery: stack.Celery
) -> None:
    source = postgres_source
    source.census()
    source.run("SELECT pg_stat_reset()")
    scan = requests.request_scan(actor=city.police.manager, source=source.row)
    worker = celery.run_jobs()
    until(lambda: JobItem.objects.filter(job=scan).count() >= TABLES * 0.6)
    stack.kill_tree(worker)
    finished = set(JobItem.objects.filter(job=scan).values_list("label", "at"))
    assert len(finished) < TABLES, "the scan was over before it could be interrupted"
    celery.run_jobs()
    until(lambda: ended(scan), 120)
    done = Job.objects.get(pk=scan.pk)
    assert (done.state, done.attempt, done.partial) == ("succeeded", 2, False)
    assert finished <= set(JobItem.objects.filter(job=scan).values_list("label", "at"))
    assert TableProfile.objects.count() == TABLES
    reads = until(lambda: read_once_and_more(source), what="the server's statistics")
    assert reads["once"] | reads["more"] == {f"public.t{number}" for number in range(TABLES)}
    assert {label for label, _at in finished} <= reads["once"]
    assert len(reads["more"]) <= 1  # the one in hand when the worker died


def read_once_and_more(source: Any) -> dict[str, set[str]] | None:
    """Tables by how often the source has read them from end to end; None until its statistics have arrived."""
    with source.admin.cursor() as cursor:
        cursor.execute("SELECT 'public.' || relname, seq_scan FROM pg_stat_user_tables")
        counts = dict(cursor.fetchall())
    if min(counts.values()) < 1:
        return None
    least = min(counts.values())  # a reading may take more than one pass; the same number for all
    return {
        "once": {name for name, count in counts.items() if count == least},
        "more": {name for name, count in counts.items() if count > least},
    }


@pytest.mark.chaos
def test_a_census_of_ten_thousand_tables_killed_at_three_fifths_writes_no_finished_table_again(
    city: SimpleNamespace, celery: stack.Celery, tmp_path: Path
) -> None:
    path, many = tmp_path / "many.db", 10_000
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            "BEGIN;"
            + "".join(f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, a TEXT, b TEXT);" for n in range(many))
            + "END"
        )
    source = sources.register_source(
        actor=city.police.manager,
        agency=city.police.agency,
        kind="sqlite",
        name="万表库",
        parameters={"path": str(path)},
    )
    census = requests.request_census(actor=city.police.manager, source=source)
    worker = celery.run_jobs()
    until(lambda: JobItem.objects.filter(job=census).count() >= many * 0.6, 600)
    stack.kill_tree(worker)
    finished = set(JobItem.objects.filter(job=census).values_list("key", "at"))
    created = dict(Table.objects.values_list("name", "pk"))
    assert many * 0.6 <= len(finished) < many
    celery.run_jobs()
    until(lambda: ended(census), 600)
    done = Job.objects.get(pk=census.pk)
    assert (done.state, done.attempt, done.partial, done.error_text) == ("succeeded", 2, False, "")
    assert finished <= set(JobItem.objects.filter(job=census).values_list("key", "at"))
    assert created.items() <= dict(Table.objects.values_list("name", "pk")).items()
    assert (Table.objects.count(), Column.objects.count(), SchemaChange.objects.count()) == (many, 3 * many, many)
    assert CensusRun.objects.get().tables_created == many
