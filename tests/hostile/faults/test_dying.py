"""Jobs that take their process with them, and processes that stop in the worst of moments."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils.translation import override

from core.models import Job
from tests.hostile.faults import stack
from tests.hostile.faults.conftest import ended, rows
from tests.hostile.faults.stack import until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_job_that_kills_its_process_each_time_fails_with_a_reason(
    celery: stack.Celery, ask: Callable[..., Job]
) -> None:
    """And costs nobody else anything: its neighbours run, its source's next job too."""
    worker = celery.worker(JOB_LEASE_SECONDS="2")
    celery.beat()
    poison, neighbour, next_of_its_source = ask("suicide"), ask("work", steps=1, key="b"), ask("work", steps=1)
    until(lambda: ended(poison, neighbour, next_of_its_source))
    failed = Job.objects.get(pk=poison.pk)
    assert (failed.state, failed.attempt, failed.error_code) == ("failed", 3, "worker_lost")
    with override("zh-hans"):
        assert failed.error_text.startswith("执行任务的进程多次意外退出，任务已停止")
    with override("en"):
        assert "too little memory" in failed.error_text
    assert worker.poll() is None
    assert set(Job.objects.exclude(pk=poison.pk).values_list("state", flat=True)) == {"succeeded"}


def test_a_process_that_freezes_while_it_finishes_holds_nobody_up(
    celery: stack.Celery, ask: Callable[..., Job], tmp_path: Path
) -> None:
    """It stops inside the finishing transaction, the job's row locked. The database takes the transaction away."""
    mark = tmp_path / "mark"
    limit = f"{celery.environment['DATABASE_URL']}?options=-c%20idle_in_transaction_session_timeout%3D3s"
    celery.worker(DATABASE_URL=limit)
    celery.beat()
    job = ask("poised", mark=str(mark))
    until(mark.exists)
    frozen = int(mark.read_text())
    until(lambda: ended(job))
    done = Job.objects.get(pk=job.pk)
    assert (done.state, done.attempt) == ("succeeded", 2)
    assert done.result["pid"] != frozen
    os.kill(frozen, signal.SIGCONT)
    until(lambda: "the platform's database was lost" in celery.log.read_text(), what="the frozen process noticing")
    assert rows("SELECT token FROM hostile_result") == [(done.lease_token,)]
    assert Job.objects.get(pk=job.pk).result == done.result
