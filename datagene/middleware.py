"""What belongs to every request: an identifier in the logs and headers that keep pages private."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from datagene import traffic

View = Callable[[HttpRequest], HttpResponse]
logger = structlog.get_logger("datagene.request")
SENT_ID = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")
PROBES = ("/healthz", "/readyz", "/metrics")
QUIET = (*PROBES, "/static/")


def request_log(get_response: View) -> View:
    """One line for each request, and `request_id` on every line written while it runs and in the answer's header.

    A proxy's X-Request-ID is kept when it is plain; anything else could write lines into the log.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        sent = request.headers.get("X-Request-ID", "")
        request_id = sent if SENT_ID.match(sent) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.monotonic()
        response = get_response(request)
        response["X-Request-ID"] = request_id
        seconds = time.monotonic() - started
        if request.path not in PROBES:
            traffic.board.count(request.path, request.method or "", response.status_code, seconds)
        if not request.path.startswith(QUIET):
            logger.info(
                "request",
                method=request.method,
                path=request.path,  # never the query: it may carry names and numbers of persons
                status=response.status_code,
                milliseconds=round(seconds * 1000),
            )
        structlog.contextvars.clear_contextvars()
        return response

    return middleware


def privacy_headers(get_response: View) -> View:
    """Pages of signed-in people stay in no cache, and no page may use the device's sensors."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
        if not request.path.startswith("/static/"):
            response.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware
