"""Celery only carries "look at job X" to a worker; what a job is and whether it runs is the ledger's (core.jobs).

Hence: messages are acknowledged at once (a duplicate is free, a lost one is offered again by the tick), one at a time,
without results, retries or remote control. No finite visibility timeout suits scans of hours, and none is needed.
"""

import logging
import multiprocessing
import os
import threading
from typing import Any

from celery import Celery, signals
from celery.beat import Scheduler
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "datagene.settings")

# Set by the worker's main process when it is asked to end; its forked children give their job back at the next table.
_ending = multiprocessing.Event()

log = logging.getLogger(__name__)
app = Celery("datagene")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # wait for Redis as long as it takes
    broker_transport_options={
        "visibility_timeout": 3600,
        "socket_timeout": 10,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        # For publishing: a page does not wait for a broker that is away. Workers wait by their own settings.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    },
    task_default_queue="datagene",
    task_serializer="json",
    accept_content=["json"],
    task_acks_late=False,
    task_ignore_result=True,
    task_publish_retry=False,  # a job's row is the promise; the tick offers it again
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=True,  # a message waits in the queue, where an idle worker finds it
    worker_max_tasks_per_child=200,  # slow leaks end with their process
    worker_max_memory_per_child=1_500_000,  # KiB, looked at between jobs
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_pool="prefork",
    worker_cancel_long_running_tasks_on_connection_loss=False,  # losing the broker is no reason to lose a scan
    beat_scheduler="datagene.celery:Tick",
    timezone="UTC",
)


@app.task(name="datagene.run_job")  # type: ignore[untyped-decorator]
def run_job(job_id: str) -> None:
    """Claim the job and carry it out; nothing happens when somebody else has it."""
    from core import jobs  # slow import: models, which are not ready when the worker's main process loads this module
    from core.outage import tolerated  # slow import: with it

    with tolerated():
        jobs.run(job_id, stopping=_ending.is_set)


class Tick(Scheduler):  # type: ignore[misc]
    """Beat does the one periodic act itself: it waits for no broker and no free worker, and believes no clock of theirs."""

    def tick(self, *_args: Any, **_kwargs: Any) -> float:
        """Reap, schedule, offer; the seconds until the next time."""
        from core import jobs  # slow import: as above
        from core.outage import tolerated  # slow import: as above

        with tolerated():
            jobs.tick()
        return float(settings.JOB_TICK_SECONDS)


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def begin_reports(**_kwargs: Any) -> None:
    """From the main process: its children may be busy for hours."""
    threading.Thread(target=_report, name="report", daemon=True).start()


def _report() -> None:
    from django.db import connection  # slow import: with it

    from core import jobs  # slow import: as above

    while not _ending.wait(settings.JOB_TICK_SECONDS):
        try:
            jobs.report()
        except Exception as error:  # the next report is as good
            log.warning("a worker could not report", extra={"reason": str(error)[:200]})
        connection.close()  # a child that is forked now inherits nothing


@signals.worker_shutting_down.connect  # type: ignore[untyped-decorator]
def end(**_kwargs: Any) -> None:
    """SIGTERM: running jobs stop at their next checkpoint and go back to the queue, instead of holding the worker up."""
    _ending.set()


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def keep_logging(**_kwargs: Any) -> None:
    """Django has set logging up (datagene.logs); with a receiver here Celery leaves it alone."""
