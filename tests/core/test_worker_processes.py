"""Real worker processes, really killed: what one leaves unfinished another finishes, once."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from core import jobs
from core.jobs.heartbeat import EXPIRED, FENCED
from core.models import Job, JobItem

pytestmark = pytest.mark.django_db(transaction=True)
LEASE = 3.0


@pytest.fixture
def job(kind, queue, tmp_path: Path) -> Job:
    """A census that hangs at its second table the first time."""
    made = queue(kind(lambda ctx: None), params={"mark": str(tmp_path / "mark"), "hang": True, "checks": False})
    Job.objects.update(kind="test.census")  # the worker knows this kind, this process does not
    return made


@pytest.fixture
def worker() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start ``run_jobs`` in a process of its own."""
    keys = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    database = {key: connection.settings_dict[key] for key in keys}
    given = {"TEST_WORKER": json.dumps({"database": database, "lease": LEASE})}
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.core.worker", *arguments]
        started.append(subprocess.Popen(command, env=os.environ | given, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def until(fact: Callable[[], Any], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def reloaded(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def hanging(job: Job) -> bool:
    return Path(job.params["mark"]).exists()


def pids(job: Job) -> dict[str, int]:
    return {item.key: item.detail["pid"] for item in job.items.all()}


def test_another_worker_finishes_what_a_killed_one_began(job, worker):
    first = worker()
    until(lambda: hanging(job))
    first.kill()
    first.wait()
    assert (reloaded(job).state, set(pids(job))) == ("running", {"t1"})
    time.sleep(LEASE)
    second = worker("--drain")
    assert second.wait(30) == 0
    done = reloaded(job)
    assert (done.state, done.attempt, done.partial, done.result) == ("succeeded", 2, False, {"pid": second.pid})
    assert pids(job) == {"t1": first.pid, "t2": second.pid, "t3": second.pid}
    assert (done.progress_done, done.progress_total) == (2, 3)


def test_a_worker_that_slept_through_its_lease_ends_itself(job, worker):
    first = worker()
    until(lambda: hanging(job))
    first.send_signal(signal.SIGSTOP)
    time.sleep(LEASE * 1.2)
    second = worker("--drain")
    assert second.wait(30) == 0
    first.send_signal(signal.SIGCONT)
    assert first.wait(30) in (FENCED, EXPIRED)
    assert reloaded(job).result == {"pid": second.pid}
    assert pids(job)["t2"] == second.pid


def test_a_worker_asked_to_end_gives_its_job_back(job, worker):
    Job.objects.update(params=job.params | {"checks": True})
    first = worker()
    until(lambda: hanging(job))
    first.terminate()
    assert first.wait(30) == 0
    assert (reloaded(job).state, reloaded(job).attempt) == ("queued", 0)
    assert worker("--drain").wait(30) == 0
    assert (reloaded(job).state, reloaded(job).attempt) == ("succeeded", 1)


def test_a_running_job_is_cancelled_from_outside(job, worker, actor):
    Job.objects.update(params=job.params | {"checks": True})
    worker()
    until(lambda: hanging(job))
    assert jobs.request_cancel(actor=actor, job=job).state == "running"
    until(lambda: reloaded(job).state == "cancelled")
    assert reloaded(job).partial is True


def test_once_runs_one_job_and_says_how_many(job, worker, queue, kind):
    Job.objects.update(params=job.params | {"hang": False})
    queue(kind(lambda ctx: None))
    process = worker("--once")
    assert process.communicate(timeout=30)[0] == "1\n"
    assert sorted(Job.objects.values_list("state", flat=True)) == ["queued", "succeeded"]


def test_workers_killed_and_frozen_at_random_lose_and_double_nothing(worker, queue, kind, tmp_path: Path):
    """Thirty jobs over five sources, three workers, twelve faults: kill -9, freezes past the lease, polite ends."""
    chance, trace, name = random.Random(11), tmp_path / "trace", kind(lambda ctx: None, max_attempt=30)
    for number in range(30):
        key = f"source:{number % 5}"
        queue(name, exclusive_key=key, params={"trace": str(trace), "key": key})
    Job.objects.update(kind="test.traced")
    workers = [worker() for _ in range(3)]
    for _ in range(12):
        time.sleep(chance.uniform(0.2, 0.6))
        at = chance.randrange(3)
        fault = chance.choice([signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
        workers[at].send_signal(fault)
        if fault == signal.SIGSTOP:
            time.sleep(LEASE)
            workers[at].send_signal(signal.SIGCONT)
            time.sleep(0.3)
            if workers[at].poll() is None:
                continue
        workers[at] = worker()

    def all_done() -> bool:
        workers[:] = [process if process.poll() is None else worker() for process in workers]
        return not Job.objects.exclude(state="succeeded").exists()

    until(all_done, 120)
    assert Job.objects.filter(result__has_key="pid").count() == 30
    assert JobItem.objects.count() == 30 * 4
    assert overlaps([json.loads(line) for line in trace.read_text().splitlines()]) == []


def overlaps(notes: list[dict[str, Any]]) -> list[Any]:
    """Attempts at jobs of one source that ran at the same time."""
    spans: dict[tuple[str, str, int], list[float]] = {}
    for note in notes:
        spans.setdefault((note["key"], note["job"], note["pid"]), []).append(note["at"])
    ordered = sorted((key, min(times), max(times), job, pid) for (key, job, pid), times in spans.items())
    return [(a, b) for a, b in itertools.pairwise(ordered) if a[0] == b[0] and b[1] < a[2]]


def test_a_fork_does_not_share_its_parents_session(actor):
    Job.objects.count()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert Job.objects.count() == 0  # the parent's session is alive
