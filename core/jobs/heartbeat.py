"""The thread that keeps a lease, with a connection of its own, and ends the process when it cannot."""

import contextlib
import contextvars
import logging
import os
import threading
import time
from typing import Any

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from core.jobs import limits
from core.jobs.ledger import RENEW, Lease
from core.texts import clean

log = logging.getLogger(__name__)

STATEMENT_TIMEOUT = 2  # seconds; a beat that cannot get through must not hang
FENCED, EXPIRED, OVERTIME = 70, 71, 72  # exit codes of a process that ended itself


class Heartbeat(threading.Thread):
    """Renews the lease at each beat, at most once a second more when progress changed; reads requests to cancel.

    When the job is no longer ours, or was not renewed before the deadline, the process ends itself at once: whoever
    holds the job next must not have a second writer beside it. The pool, systemd or the supervisor replaces it.
    """

    def __init__(self, lease: Lease, time_limit: float) -> None:
        super().__init__(name=f"lease-{lease.token}", daemon=True)
        self._logging = contextvars.copy_context()  # its lines carry the ids of the job too
        self.lease = lease
        self.cancelled = False
        self._progress: tuple[int, int, str] = (0, 0, "")
        self._wake, self._ending = threading.Event(), threading.Event()
        self._renew_by = time.monotonic() + limits.deadline()
        self._end_by = time.monotonic() + time_limit + limits.lease()
        self._connection: BaseDatabaseWrapper | None = None

    def progress(self, done: int, total: int, phase: str) -> None:
        if (done, total, phase) != self._progress:
            self._progress = (done, total, phase)
            self._wake.set()

    def check(self) -> None:
        """End the process when the lease may have run out: called before each side effect too, as threads can stall."""
        if time.monotonic() > self._renew_by and not self._ending.is_set():
            self._fence(EXPIRED, "the lease could not be renewed in time")

    def stop(self) -> None:
        """No more beats: from here on the token alone guards the finish."""
        self._ending.set()
        self._wake.set()
        self.join(timeout=STATEMENT_TIMEOUT * 2)

    def run(self) -> None:
        self._logging.run(self._keep)

    def _keep(self) -> None:
        try:
            while not self._ending.is_set():
                self._ending.wait(min(1.0, limits.beat()))  # progress is written once a second at most
                self._wake.wait(max(0.0, limits.beat() - 1.0))
                if not self._ending.is_set():
                    self._beat()
        finally:
            self._disconnect()

    def _beat(self) -> None:
        self._wake.clear()
        began = time.monotonic()
        try:
            held = self._renew()
        except DatabaseError as error:
            log.warning("a lease was not renewed", extra={"reason": clean(error, 200)})
            self._disconnect()
        else:
            if self._ending.is_set():
                return
            if held is None:
                self._fence(FENCED, "the job was given to another worker")
            self.cancelled = bool(held)
            self._renew_by = began + limits.deadline()
        self.check()
        if time.monotonic() > self._end_by and not self._ending.is_set():
            self._fence(OVERTIME, "the attempt did not stop at its time limit")

    def _renew(self) -> bool | None:
        """Renew; whether cancelling is asked, or None when the job is no longer ours."""
        if self._connection is None:
            self._connection = impatient_connection()
        done, total, phase = self._progress
        job, token = self.lease.job_id, self.lease.token
        with self._connection.cursor() as cursor:
            cursor.execute(
                RENEW,
                {"id": job, "token": token, "lease": limits.lease(), "done": done, "total": total, "phase": phase},
            )
            row = cursor.fetchone()
        return bool(row[0]) if row else None

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(DatabaseError):
                self._connection.close()
            self._connection = None

    def _fence(self, code: int, reason: str) -> None:
        log.critical("a worker ends itself: %s", reason, extra={"exit": code})
        os._exit(code)


def impatient_connection() -> BaseDatabaseWrapper:
    """A connection that gives up in seconds: on connecting, on a statement, on a network that swallows packets."""
    wrapper = connections.create_connection("default")
    wrapper.settings_dict = _impatient(wrapper.settings_dict)
    return wrapper


def _impatient(settings: Any) -> Any:
    limits = {
        "connect_timeout": STATEMENT_TIMEOUT,
        "tcp_user_timeout": STATEMENT_TIMEOUT * 1000,
        "options": f"-c statement_timeout={STATEMENT_TIMEOUT * 1000}",
    }
    return {**settings, "CONN_HEALTH_CHECKS": False, "OPTIONS": {**settings.get("OPTIONS", {}), **limits}}
