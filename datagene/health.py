"""What a supervisor, a load balancer and Prometheus ask.

They call from inside, by address and over plain HTTP, so they are answered before host names, redirects and sessions
are looked at: an answer must not depend on what it reports about.
"""

import threading
import time
from collections.abc import Callable

from django.core.cache import cache
from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from core.jobs.heartbeat import impatient_connection
from datagene import metrics

View = Callable[[HttpRequest], HttpResponse]
PATIENCE = 1.0  # seconds; a server that takes longer is away
FRESH = 1.0  # seconds that an answer is good for
AWAY = "away"


def probes(get_response: View) -> View:
    """Middleware: the three addresses, and nothing else of the platform."""
    views: dict[str, View] = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics.metrics}

    def middleware(request: HttpRequest) -> HttpResponse:
        view = views.get(request.path_info)
        if view is None:
            return get_response(request)
        response = view(request) if request.method in ("GET", "HEAD") else HttpResponseNotAllowed(["GET", "HEAD"])
        response["Cache-Control"] = "no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    return middleware


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process answers; asks nobody else, so that a database away does not restart the web."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests may be sent here: the database answers and is of this release. Else 503, and why.

    Without the broker the platform is slower, not away: jobs wait in the ledger. That is 200 and ``degraded``.
    """
    database, broker = DATABASE.answer(), BROKER.answer()
    known = database != AWAY
    ready = database == "applied"
    body = {
        "status": ("ready" if broker == "ok" else "degraded") if ready else "unavailable",
        "database": "ok" if known else AWAY,
        "migrations": database if known else "unknown",
        "broker": broker,
    }
    return JsonResponse(body, status=200 if ready else 503)


def _database() -> str:
    """Whether every migration of this release is applied; those of a later release do no harm."""
    connection: BaseDatabaseWrapper | None = None
    try:
        connection = impatient_connection()
        executor = MigrationExecutor(connection)
        return "pending" if executor.migration_plan(executor.loader.graph.leaf_nodes()) else "applied"
    except Error:
        return AWAY
    finally:
        if connection is not None:
            connection.close()


def _broker() -> str:
    try:
        cache.get("readyz")
    except Exception:  # whatever the client library raises: the answer is the same
        return AWAY
    return "ok"


class Question:
    """Asked by one thread at a time, and not again while the answer is fresh: anybody may call /readyz, as often as they like.

    Whoever has waited ``PATIENCE`` is told "away": a frozen server must not freeze the probe, nor the threads of the web.
    """

    def __init__(self, ask: Callable[[], str]) -> None:
        self._ask, self._lock = ask, threading.Lock()
        self._thread: threading.Thread | None = None
        self._said, self._began, self._ended = AWAY, 0.0, 0.0

    def answer(self) -> str:
        with self._lock:
            if self._thread is None or (not self._thread.is_alive() and time.monotonic() >= self._ended + FRESH):
                self._began = time.monotonic()
                self._thread = threading.Thread(target=self._find_out, daemon=True)
                self._thread.start()
            thread, until = self._thread, self._began + PATIENCE
        thread.join(max(0.0, until - time.monotonic()))
        return AWAY if thread.is_alive() else self._said

    def _find_out(self) -> None:
        self._said = self._ask()
        self._ended = time.monotonic()


DATABASE, BROKER = Question(_database), Question(_broker)
