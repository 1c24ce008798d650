"""Gunicorn's settings, for the embedded web, the container and the systemd unit alike."""

import gc
import os
from typing import Any

from django.urls import get_resolver

from datagene import traffic

wsgi_app = "datagene.wsgi:application"
bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60  # seconds without a sign of life; pages are short, long work is a job
graceful_timeout = 8
max_requests = 5000  # a slow leak ends here
max_requests_jitter = 500
accesslog = None  # datagene.middleware.request_log writes it, with request_id and without the query
errorlog = "-"
loglevel = "warning"
# Not /tmp, which may be a slow disk: the workers' heartbeat is a file.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK) else None
control_socket_disable = True


def pre_fork(server: Any, worker: Any) -> None:
    """In the master: a row of the shared counts that no living worker writes."""
    worker.traffic_row = traffic.free_row({other.traffic_row for other in server.WORKERS.values()})


def post_fork(server: Any, worker: Any) -> None:
    traffic.board.row = worker.traffic_row


def post_worker_init(worker: Any) -> None:
    """Load all pages now, and take what is loaded out of the garbage collector's sight: it stays for good.

    Looking through it again and again would cost a request in a few dozen a seventh of a second.
    """
    assert get_resolver().url_patterns
    gc.collect()
    gc.freeze()
