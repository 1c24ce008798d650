"""Two questions of a supervisor or load balancer: does the process live, and may requests be sent to it."""

from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process answers; asks nobody else, so that a database away does not restart the web."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, else 503. Redis may be away at any time; its state is told, not asked for."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return HttpResponse("database away\n", status=503, content_type="text/plain")
    return HttpResponse(f"database ok\nbroker {_broker()}\n", content_type="text/plain")


def _broker() -> str:
    try:
        cache.get("readyz")
    except Exception:  # whatever the client library raises: the answer is the same
        return "away"
    return "ok"
