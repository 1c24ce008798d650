"""Probes and metrics: what they say of servers that are away, frozen or of another release, and to whom."""

import contextlib
import multiprocessing
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from assets.models import DataSource, ScanRun
from core import jobs
from core.models import Job, Worker
from datagene import health, traffic, upkeep
from tests.conftest import as_owner
from tests.datagene.conftest import make_job

TOKEN = "t0ken-of-the-test-0123456789"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def ready() -> tuple[int, dict[str, str]]:
    response = Client().get("/readyz")
    return response.status_code, response.json()


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer of another test, or of a moment ago, is good here."""
    monkeypatch.setattr(health, "FRESH", 0.0)
    monkeypatch.setattr(health, "DATABASE", health.Question(health._database))
    monkeypatch.setattr(health, "BROKER", health.Question(health._broker))


@pytest.fixture
def broker(redis_server: str, settings: Any) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": redis_server}}


@pytest.fixture
def dumb_server() -> Iterator[socket.socket]:
    """It takes connections and never says a word, like a frozen server."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def elsewhere() -> Iterator[dict[str, Any]]:
    """Where new connections to the database go; the test's own stays."""
    held = connections.settings["default"]
    changed = connections.settings["default"] = {**held}
    yield changed
    connections.settings["default"] = held


# Probes --------------------------------------------------------------------------------------------------------------


def test_a_platform_in_order_is_ready(db: None, broker: None) -> None:
    whole = {"status": "ready", "database": "ok", "migrations": "applied", "broker": "ok"}
    assert ready() == (200, whole)
    assert Client().post("/readyz").status_code == 405


def test_without_the_broker_the_platform_is_degraded_and_takes_requests(
    db: None, settings: Any, dumb_server: socket.socket
) -> None:
    for port in (1, dumb_server.getsockname()[1]):
        location = {"LOCATION": f"redis://127.0.0.1:{port}/0"}
        settings.CACHES = {"default": {**settings.CACHES["default"], **location}}
        told = {"status": "degraded", "database": "ok", "migrations": "applied", "broker": "away"}
        assert ready() == (200, told)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_database_away_or_frozen_is_alive_but_not_ready(
    db: None, broker: None, elsewhere: dict[str, Any], dumb_server: socket.socket, frozen: bool
) -> None:
    elsewhere |= {"HOST": "127.0.0.1", "PORT": str(dumb_server.getsockname()[1]) if frozen else "1"}
    told = {"status": "unavailable", "database": "away", "migrations": "unknown", "broker": "ok"}
    assert ready() == (503, told)
    assert Client().get("/healthz").content == b"ok\n"


@pytest.mark.django_db(transaction=True)
def test_a_schema_of_an_earlier_release_is_not_ready_and_one_of_a_later_is(broker: None) -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("quantity", "0001_initial")
    try:
        assert ready() == (503, {"status": "unavailable", "database": "ok", "migrations": "pending", "broker": "ok"})
    finally:
        recorder.record_applied("quantity", "0001_initial")
    recorder.record_applied("quantity", "9999_of_the_next_release")
    try:
        assert ready()[1]["status"] == "ready"
    finally:
        recorder.record_unapplied("quantity", "9999_of_the_next_release")


def test_a_crowd_at_a_frozen_database_makes_one_connection(
    db: None, broker: None, elsewhere: dict[str, Any], dumb_server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody signs in to ask, so asking must not cost the database a connection each."""
    monkeypatch.setattr(health, "FRESH", 60.0)  # however long the crowd takes
    elsewhere |= {"HOST": "127.0.0.1", "PORT": str(dumb_server.getsockname()[1])}
    with ThreadPoolExecutor(20) as crowd:
        answers = {status for status, _told in crowd.map(lambda _number: ready(), range(60))}
    assert answers == {503}
    dumb_server.setblocking(False)
    connected = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            dumb_server.accept()[0].close()
            connected += 1
    assert connected == 1


def test_a_fresh_answer_is_given_again_without_asking(
    db: None, broker: None, elsewhere: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "FRESH", 60.0)
    assert ready()[0] == 200
    elsewhere |= {"HOST": "127.0.0.1", "PORT": "1"}
    assert ready()[0] == 200
    monkeypatch.setattr(health, "FRESH", 0.0)
    assert ready()[0] == 503


def test_probes_answer_whatever_name_they_are_called_by(db: None, settings: Any) -> None:
    """By address and over plain HTTP, as load balancers ask: neither refused nor redirected, and kept by nobody."""
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["data.example.gov.cn"], True
    for address in ("/healthz", "/readyz"):
        response = Client().get(address, headers={"Host": "10.0.0.9:8000"})
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store"
    assert Client().get("/", headers={"Host": "10.0.0.9:8000"}).status_code in (301, 400)


# Metrics -------------------------------------------------------------------------------------------------------------


def scrape(**headers: str) -> Samples:
    response = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}", **headers})
    assert response.status_code == 200
    families = list(text_string_to_metric_families(response.content.decode()))
    assert all(family.documentation and family.name.startswith("datagene_") for family in families)
    return {
        (sample.name.removeprefix("datagene_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def of(samples: Samples, name: str) -> dict[tuple[str, ...], float]:
    """{values of the labels: number} of one metric."""
    return {
        tuple(value for _label, value in labels): number for (one, labels), number in samples.items() if one == name
    }


@pytest.fixture
def token(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", TOKEN, f"Basic {TOKEN}", "Bearer 密"])
def test_metrics_are_not_there_for_strangers(token: None, sent: str) -> None:
    response = Client().get("/metrics", headers={"Authorization": sent})
    assert (response.status_code, response.content) == (404, b"not found\n")


def test_without_a_token_set_none_opens_the_metrics() -> None:
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_metrics_may_be_opened_to_a_network(db: None, settings: Any) -> None:
    settings.METRICS_NETWORKS = ["10.3.0.0/16"]
    assert Client(REMOTE_ADDR="10.3.9.1").get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="10.4.0.1").get("/metrics").status_code == 404
    assert Client(REMOTE_ADDR="10.4.0.1").get("/metrics", headers={"X-Forwarded-For": "10.3.9.1"}).status_code == 404
    settings.TRUSTED_PROXIES = 1
    assert Client(REMOTE_ADDR="10.3.9.1").get("/metrics", headers={"X-Forwarded-For": "8.8.8.8"}).status_code == 404


def test_metrics_of_an_empty_platform_name_no_age_that_never_began(db: None, token: None) -> None:
    told = scrape()
    assert of(told, "database_up") == {(): 1}
    assert of(told, "workers_seen") == {(): 0}
    for name in ("backup_age_seconds", "backup_verified_age_seconds", "audit_chain_ok", "jobs_oldest_queued_seconds"):
        assert of(told, name) == {}


def test_jobs_are_told_by_state_with_what_they_took(city: SimpleNamespace, token: None) -> None:
    now = timezone.now()
    make_job(city.police, "甲")
    Job.objects.update(created_at=now - timedelta(seconds=300))
    for label, seconds, attempts, lost in (("乙", 30, 1, 0), ("丙", 90, 3, 2)):
        began = {"started_at": now - timedelta(seconds=seconds), "finished_at": now}
        make_job(city.tax, label, state="succeeded", attempt=attempts, leases_lost=lost, **began)
    make_job(city.tax, "丁", kind="assets.scan", state="failed", error_code="timeout", attempt=1)
    old = make_job(city.tax, "戊", state="failed", error_code="timeout")
    Job.objects.filter(pk=old.pk).update(created_at=now - timedelta(days=2))
    told = scrape()
    census, scan = ("assets.census",), ("assets.scan",)
    assert of(told, "jobs") == {(*census, "queued"): 1}
    assert 300 <= of(told, "jobs_oldest_queued_seconds")[()] < 400
    assert of(told, "jobs_day") == {(*census, "queued"): 1, (*census, "succeeded"): 2, (*scan, "failed"): 1}
    assert of(told, "job_attempts_day") == {census: 4, scan: 1}
    assert of(told, "job_leases_lost_day") == {census: 2, scan: 0}
    assert of(told, "job_seconds_day") == {census: 120, scan: 0}
    assert of(told, "job_longest_seconds_day") == {census: 90, scan: 0}
    assert of(told, "job_errors_day") == {("timeout", "assets.scan"): 1}


def test_readings_and_broken_sources_are_told(city: SimpleNamespace, token: None) -> None:
    now = timezone.now()
    fields = {"agency": city.police, "kind": "mysql"}
    source = DataSource.objects.create(name="人口库", error_code="refused", error_at=now, **fields)
    DataSource.objects.create(name="车驾管库", error_code="refused", error_at=now, **fields)
    DataSource.objects.create(name="好库", **fields)
    DataSource.objects.create(name="旧库", error_code="refused", state="removed", **fields)
    for rows, days in ((1000, 0), (500, 0), (9, 3)):
        began = now - timedelta(days=days, seconds=60)
        ScanRun.objects.create(
            source=source, job_id=make_job(city.police, "x").pk, rows_read=rows, started_at=began,
            finished_at=began + timedelta(seconds=20), state="succeeded",
        )  # fmt: skip
    told = scrape()
    assert of(told, "source_errors") == {("refused", "mysql"): 2}
    assert [of(told, f"scan{name}_day")[()] for name in ("s", "_rows_read", "_seconds")] == [2, 1500, 40]


def test_workers_backups_and_the_audit_trail_are_told(db: None, token: None) -> None:
    jobs.report()
    Worker.objects.create(name="gone", seen_at=timezone.now() - timedelta(minutes=6))
    upkeep.note(upkeep.BACKUP_MADE, backup="x")
    upkeep.note(upkeep.AUDIT_VERIFIED, entries=1, fault=None)
    told = scrape()
    assert of(told, "workers_seen") == {(): 1}
    assert of(told, "audit_entries_total") == {(): 2}
    assert of(told, "audit_chain_ok") == {(): 1}
    for name in ("worker_age_seconds", "backup_age_seconds", "audit_verified_age_seconds"):
        assert 0 <= of(told, name)[()] < 60
    upkeep.note(upkeep.AUDIT_VERIFIED, entries=1, fault="altered")
    assert of(scrape(), "audit_chain_ok") == {(): 0}


def test_metrics_answer_while_the_database_is_away(db: None, token: None) -> None:
    """What the process knows by itself is told; the rest is left out, not told as zero."""
    with as_owner() as cursor:
        cursor.execute("ALTER TABLE core_job RENAME TO core_job_of_another_release")
    told = scrape()
    assert of(told, "database_up") == {(): 0}
    assert {name for name, _labels in told if not name.startswith("http_request")} == {"database_up"}


def test_requests_are_counted_by_area_method_and_class(db: None, token: None) -> None:
    def counted() -> dict[tuple[str, ...], float]:
        return of(scrape(), "http_request_seconds_count")

    before = counted()
    Client().get("/sign-in/")
    Client().get("/api/v1/jobs/")
    Client().generic("BREW", "/sign-in/")
    Client().get("/readyz")
    after = counted()
    new = {key: number - before.get(key, 0) for key, number in after.items() if number != before.get(key, 0)}
    assert new == {("page", "GET", "2xx"): 1, ("api", "GET", "4xx"): 1, ("page", "other", "4xx"): 1}


def _ask(board: traffic.Board, row: int, times: int) -> None:
    board.row = row
    threads = [threading.Thread(target=_count, args=(board, times)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _count(board: traffic.Board, times: int) -> None:
    for _ in range(times):
        board.count("/api/v1/x", "GET", 200, 0.02)
    board.count("/api/v1/x", "GET", 200, 99.0)


def test_processes_that_count_at_once_lose_nothing_and_successors_go_on() -> None:
    board, fork = traffic.Board(rows=3), multiprocessing.get_context("fork")
    for row in (0, 1, 2, 1):
        process = fork.Process(target=_ask, args=(board, row, 500))
        process.start()
        process.join()
    (series,) = board.series()
    assert (series.area, series.method, series.status) == ("api", "GET", "2xx")
    assert series.counts == (0, 0, 4 * 4 * 500, 0, 0, 0, 0, 0, 0, 0, 0, 4 * 4)
    assert series.seconds == pytest.approx(4 * 4 * (500 * 0.02 + 99))


def test_a_new_process_takes_a_row_that_no_living_one_writes() -> None:
    assert [traffic.free_row(taken) for taken in (set(), {0, 1}, {0, 2}, set(range(traffic.ROWS)))] == [0, 2, 1, 63]
