"""A broker may lose, repeat and forget: every job runs, once, and two at once never."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from core import jobs
from core.models import AuditEntry, Job, Worker
from tests.hostile.faults import stack
from tests.hostile.faults.conftest import Broker, ended, rows
from tests.hostile.faults.stack import until

pytestmark = pytest.mark.django_db(transaction=True)


def test_jobs_queued_in_a_broker_that_is_stopped_and_wiped_all_run(
    broker: Broker, celery: stack.Celery, ask: Callable[..., Job]
) -> None:
    before = [ask("work", steps=1, key=f"source:{number}") for number in range(5)]
    broker.kill_and_wipe()
    meanwhile = ask("work", steps=1, key="source:9")  # asked for while there is no broker at all
    broker.server.start()
    assert [Job.objects.get(pk=job.pk).state for job in (*before, meanwhile)] == ["queued"] * 6
    celery.worker()
    celery.beat()
    until(lambda: ended(*before, meanwhile))
    until(Worker.objects.exists, what="the worker's report")
    assert set(Job.objects.values_list("state", "attempt")) == {("succeeded", 1)}
    assert sorted(job for (job,) in rows("SELECT job FROM hostile_result")) == sorted(
        j.pk for j in (*before, meanwhile)
    )


def test_a_message_delivered_twenty_times_is_one_attempt(
    broker: Broker, celery: stack.Celery, ask: Callable[..., Job]
) -> None:
    job = ask("work", steps=3)
    for _ in range(19):
        broker.send(job.pk)
    for _ in range(2):
        celery.worker()
    until(lambda: ended(job))
    for _ in range(5):
        broker.send(job.pk)  # late ones too
    last = ask("work", steps=1, key="source:2")
    until(lambda: ended(last))
    done = Job.objects.get(pk=job.pk)
    assert (done.state, done.attempt) == ("succeeded", 1)
    notes = [json.loads(line) for line in celery.trace.read_text().splitlines()]
    assert {note["token"] for note in notes if note["job"] == str(job.pk)} == {done.lease_token}
    assert rows(f"SELECT token FROM hostile_result WHERE job = '{job.pk}'") == [(done.lease_token,)]


def test_fifty_parallel_requests_for_the_same_scan_give_one_job(
    city: SimpleNamespace, sqlite_source: Callable[..., Any], settings: Any
) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}  # no limit of rates
    source = sqlite_source()
    source.census()
    together = Barrier(50)

    def request(_: int) -> tuple[int, str]:
        api = APIClient()
        api.force_authenticate(city.police.manager)
        try:
            together.wait()
            answer = api.post(f"/api/v1/sources/{source.row.pk}/scan/")
            return answer.status_code, answer.json()["id"]
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as pool:
        answers = set(pool.map(request, range(50)))
    scan = Job.objects.get(kind="assets.scan")
    assert answers == {(202, str(scan.pk))}
    assert AuditEntry.objects.filter(verb="job.create", changes__kind="assets.scan").count() == 1
    jobs.drain()
    scan.refresh_from_db()
    assert (scan.state, scan.attempt) == ("succeeded", 1)
