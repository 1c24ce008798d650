"""Job kinds that say exactly what they did, and kinds that misbehave. The workers of these tests know them."""

import json
import os
import signal
import threading
import time
from typing import Any

from django.db import connection

from core import jobs

# Written by handlers, so that what was done twice would be seen twice: no key, no index.
TABLES = """
CREATE TABLE hostile_item (job uuid, step text, token bigint);
CREATE TABLE hostile_result (job uuid, token bigint);
"""
PAUSE = threading.Event()  # never set: waits by the monotonic clock, which libfaketime leaves alone


def work(ctx: jobs.JobContext) -> jobs.Results:
    """``steps`` checkpoints of a fifth of a second each, every act noted with its time."""
    attempt = _Attempt(ctx)
    done = ctx.done_items()
    for step in map(str, range(ctx.params["steps"])):
        ctx.progress(len(done), ctx.params["steps"])
        if step in done:
            continue
        for _ in range(2):
            ctx.check()
            attempt.note()
            PAUSE.wait(0.1)
        with ctx.item(step):
            attempt.note()
            _insert("hostile_item", job=str(ctx.job_id), step=step, token=attempt.token)

    def results() -> dict[str, Any]:
        attempt.note()
        _insert("hostile_result", job=str(ctx.job_id), token=attempt.token)
        return {"token": attempt.token}

    return results


def suicide(ctx: jobs.JobContext) -> None:
    """A file that crashes the process that reads it, each time."""
    os.kill(os.getpid(), signal.SIGKILL)


def dawdle(ctx: jobs.JobContext) -> None:
    """Until it is told to stop."""
    while True:
        ctx.check()
        PAUSE.wait(0.05)


def poised(ctx: jobs.JobContext) -> jobs.Results:
    """The first attempt stops for ever in the middle of its finishing transaction; later ones go through."""
    mark = ctx.params["mark"]

    def results() -> dict[str, Any]:
        _insert("hostile_result", job=str(ctx.job_id), token=ctx._lease.token)
        if not os.path.exists(mark):
            with open(mark, "w") as file:
                file.write(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGSTOP)
        return {"pid": os.getpid()}

    return results


def register() -> None:
    for handler, attempts in ((work, 60), (suicide, 3), (dawdle, 5), (poised, 5)):
        kind = f"hostile.{handler.__name__}"
        jobs.register(jobs.JobKind(kind=kind, label="测试", handler=handler, max_attempt=attempts))


class _Attempt:
    """Notes of one attempt in a file that every worker appends to.

    The time is the machine's clock, which is the database's too: the chaos run compares the two. A note in the
    database would be lost while it is away, and would wait between the check and the act it stands for.
    """

    def __init__(self, ctx: jobs.JobContext) -> None:
        self.token = ctx._lease.token
        self.said = {"job": str(ctx.job_id), "key": ctx.params["key"], "token": self.token, "pid": os.getpid()}

    def note(self) -> None:
        line = json.dumps({**self.said, "at": time.time()}) + "\n"
        descriptor = os.open(os.environ["HOSTILE_TRACE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, line.encode())  # one write: lines of many processes do not mix
        os.close(descriptor)


def _insert(table: str, **values: Any) -> None:
    names, places = ", ".join(values), ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", list(values.values()))
