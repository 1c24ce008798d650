"""A job that a person cancels is cancelled: wherever it is, and whoever is alive."""

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from core import jobs
from core.models import Job
from tests.hostile.faults import stack
from tests.hostile.faults.conftest import ended, rows, running
from tests.hostile.faults.stack import until

pytestmark = pytest.mark.django_db(transaction=True)
PERSON = SimpleNamespace(pk=uuid4(), name="王晓岚")


def test_queued_with_all_workers_down(celery: stack.Celery, ask: Callable[..., Job]) -> None:
    """Its message still lies in the broker; the worker that finds it does nothing."""
    job, next_of_its_source = ask("work", steps=1), ask("work", steps=1)
    assert jobs.request_cancel(actor=PERSON, job=job).state == "cancelled"
    celery.worker()
    until(lambda: ended(next_of_its_source))
    assert Job.objects.get(pk=job.pk).attempt == 0
    assert [found for (found,) in rows("SELECT job FROM hostile_result")] == [next_of_its_source.pk]


def test_running(celery: stack.Celery, ask: Callable[..., Job]) -> None:
    celery.worker()
    job, waiting = ask("dawdle"), ask("work", steps=1)
    until(lambda: running(job))
    assert jobs.request_cancel(actor=PERSON, job=job).state == "running"
    until(lambda: ended(job, waiting), 15)
    assert dict(Job.objects.values_list("pk", "state")) == {job.pk: "cancelled", waiting.pk: "succeeded"}


def test_running_when_all_workers_die(celery: stack.Celery, ask: Callable[..., Job]) -> None:
    """Nobody is left to hear of it, so the tick ends the job when its lease does."""
    worker = celery.worker()
    job = ask("dawdle")
    until(lambda: running(job))
    stack.kill_tree(worker)
    celery.beat()
    assert jobs.request_cancel(actor=PERSON, job=job).state == "running"
    until(lambda: ended(job))
    done = Job.objects.get(pk=job.pk)
    assert (done.state, done.attempt, done.error_code) == ("cancelled", 1, "")
    assert done.finished_at is not None


def test_finishing(known_kinds: None, ask: Callable[..., Job]) -> None:
    """The results are being written: the request waits for them, and they stay whole."""
    writing, go_on = threading.Event(), threading.Event()

    def handler(ctx: jobs.JobContext) -> jobs.Results:
        def results() -> dict[str, Any]:
            writing.set()
            assert go_on.wait(30)
            return {"whole": True}

        return results

    jobs.register(jobs.JobKind(kind="hostile.finishing", label="测试", handler=handler))
    job = ask("finishing")
    states: list[str] = []

    def in_a_thread(act: Callable[[], Any]) -> threading.Thread:
        def run() -> None:
            try:
                act()
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    worker = in_a_thread(lambda: jobs.run(job.pk))
    assert writing.wait(30)
    person = in_a_thread(lambda: states.append(jobs.request_cancel(actor=PERSON, job=job).state))
    until(lambda: rows("SELECT 1 FROM pg_locks WHERE NOT granted"), what="the request waiting for the results")
    go_on.set()
    worker.join()
    person.join()
    done = Job.objects.get(pk=job.pk)
    assert states == ["succeeded"]
    assert (done.state, done.result, done.cancel_requested_at) == ("succeeded", {"whole": True}, None)
