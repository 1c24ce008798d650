"""What belongs to every request: an identifier in the logs and headers that keep pages private."""

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

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


def body_limit(get_response: View) -> View:
    """No body above DATA_UPLOAD_MAX_MEMORY_SIZE is read, except by a view that takes more (`max_body`) from somebody known.

    Django's own limit spares files, and the form token is looked for in the body before any view is asked: without
    this a visitor could fill the disk. Without a length, or with one that is none, no server hands us a body.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.META.get("CONTENT_LENGTH") or "0"
        if not (given.isascii() and given.isdigit()):
            raise SuspiciousOperation("Content-Length is no number")
        length = int(given[:20])
        if length > (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) and length > _taken(request):
            raise RequestDataTooBig("the body is larger than this address takes")
        return get_response(request)

    return middleware


def _taken(request: HttpRequest) -> int:
    """The bytes that the view of this address takes from this caller. A token is proven by the view, before it reads."""
    if not (request.user.is_authenticated or "Authorization" in request.headers):
        return 0
    try:
        view: Any = resolve(request.path_info).func
    except Resolver404:
        return 0
    own = getattr(view, "initkwargs", {}).get("max_body") or getattr(getattr(view, "view_class", None), "max_body", 0)
    return int(own or 0)


def privacy_headers(get_response: View) -> View:
    """Pages of signed-in people stay in no cache, and no page may use the device's sensors."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
        if not request.path.startswith("/static/"):
            response.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware
