"""A worker process for test_worker_processes: ``run_jobs`` with one job kind, on the database of the test."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command

given = json.loads(os.environ["TEST_WORKER"])
settings.DATABASES["default"].update(given["database"])
settings.JOB_LEASE_SECONDS = given["lease"]
django.setup()

from core import jobs  # noqa: E402  after Django is set up


def census(ctx: jobs.JobContext) -> Any:
    """Three tables; the first worker to reach the second one leaves a mark and hangs there."""
    mark = Path(ctx.params["mark"])
    for done, table in enumerate(("t1", "t2", "t3")):
        ctx.progress(done, 3)
        if table in ctx.done_items():
            continue
        if table == "t2" and not mark.exists():
            mark.touch()
            while ctx.params["hang"]:
                time.sleep(0.05)
                if ctx.params["checks"]:
                    ctx.check()
        with ctx.item(table) as detail:
            detail["pid"] = os.getpid()
    return lambda: {"pid": os.getpid()}


def traced(ctx: jobs.JobContext) -> Any:
    """Four steps, each noted with its time in a file, so that overlaps would show."""
    for step in range(4):
        if str(step) in ctx.done_items():
            continue
        ctx.check()
        note = {"job": str(ctx.job_id), "pid": os.getpid(), "at": time.monotonic(), "key": ctx.params["key"]}
        with open(ctx.params["trace"], "a") as trace:
            trace.write(json.dumps(note) + "\n")
        time.sleep(0.1)
        with ctx.item(str(step)):
            pass
    return lambda: {"pid": os.getpid()}


jobs.register(jobs.JobKind(kind="test.traced", label="测试", handler=traced))
jobs.register(jobs.JobKind(kind="test.census", label="测试", handler=census))
call_command("run_jobs", *sys.argv[1:])
