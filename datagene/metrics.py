"""/metrics: the platform's state as Prometheus text (docs/operations.md lists every name).

The ledger and the audit trail are the sources, so any web process tells the same and a restart forgets nothing; only
counts of requests are of this host. Numbers of a day are gauges over jobs created in the last 24 hours: the ledger is
not read from its beginning at each scrape.
"""

import hmac
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from accounts.middleware import client_address
from assets.choices import SourceState
from assets.models import DataSource, ScanRun
from core.choices import OPEN_STATES, JobState
from core.models import AuditEntry, Job, Worker
from datagene import traffic, upkeep
from datagene.version import version

DAY = timedelta(days=1)
SEEN = timedelta(minutes=5)  # a worker not heard of for this long is counted as gone
PATIENCE = "SET LOCAL statement_timeout = '3s'"


def metrics(request: HttpRequest) -> HttpResponse:
    """For the bearer of METRICS_TOKEN, or from METRICS_NETWORKS; to anybody else the page is not there."""
    if not _allowed(request):
        return HttpResponse("not found\n", status=404, content_type="text/plain")
    registry = CollectorRegistry()
    registry.register(_Everything())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _allowed(request: HttpRequest) -> bool:
    token, sent = settings.METRICS_TOKEN, request.headers.get("Authorization", "")
    if token and hmac.compare_digest(sent.encode(), f"Bearer {token}".encode()):
        return True
    address = client_address(request)
    networks = [ipaddress.ip_network(text) for text in settings.METRICS_NETWORKS]
    return address is not None and any(ipaddress.ip_address(address) in network for network in networks)


class _Everything(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from requests()
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(PATIENCE)
                told = [*open_jobs(), *jobs_of_a_day(), *reading(), *state()]
        except Error:
            told = []
        yield GaugeMetricFamily("datagene_database_up", "Whether the database answered this scrape.", bool(told))
        yield from told


def requests() -> Iterator[Metric]:
    """Answered requests of this host by area, method and class of status."""
    family = HistogramMetricFamily(
        "datagene_http_request_seconds", "Time to answer a request.", labels=["area", "method", "status"]
    )
    for one in traffic.board.series():
        buckets, total = [], 0
        for bound, count in zip((*map(str, traffic.BOUNDS), "+Inf"), one.counts, strict=True):
            total += count
            buckets.append((bound, float(total)))
        family.add_metric([one.area, one.method, one.status], buckets, one.seconds)
    yield family


def open_jobs() -> Iterator[Metric]:
    """What waits and what runs, now."""
    rows = Job.objects.filter(state__in=OPEN_STATES).order_by().values("kind", "state")
    found = list(rows.annotate(jobs=Count("pk"), oldest=Min("created_at")))
    waiting = [row["oldest"] for row in found if row["state"] == JobState.QUEUED]
    yield gauge(
        "datagene_jobs", "Open jobs.", ("kind", "state"), ((row["kind"], row["state"], row["jobs"]) for row in found)
    )
    yield age(
        "datagene_jobs_oldest_queued_seconds", "How long the oldest waiting job waits.", min(waiting, default=None)
    )


def jobs_of_a_day() -> Iterator[Metric]:
    """Jobs created in the last 24 hours: how they stand, what they took, how they failed."""
    created = Job.objects.filter(created_at__gt=timezone.now() - DAY).order_by()
    states = list(created.values("kind", "state").annotate(jobs=Count("pk")))
    kinds = list(
        created.values("kind").annotate(
            attempts=Sum("attempt"),
            lost=Sum("leases_lost"),
            seconds=Sum(F("finished_at") - F("started_at")),
            longest=Max(F("finished_at") - F("started_at")),
        )
    )
    errors = created.filter(state=JobState.FAILED).values("kind", "error_code").annotate(jobs=Count("pk"))
    kind = ("kind",)
    yield gauge(
        "datagene_jobs_day",
        "Jobs of a day.",
        ("kind", "state"),
        ((row["kind"], row["state"], row["jobs"]) for row in states),
    )
    yield gauge("datagene_job_attempts_day", "Attempts at jobs of a day.", kind, _column(kinds, "attempts"))
    yield gauge(
        "datagene_job_leases_lost_day", "Attempts of a day whose worker fell silent.", kind, _column(kinds, "lost")
    )
    yield gauge(
        "datagene_job_seconds_day", "Seconds that finished jobs of a day took.", kind, _column(kinds, "seconds")
    )
    yield gauge("datagene_job_longest_seconds_day", "The longest of them.", kind, _column(kinds, "longest"))
    yield gauge(
        "datagene_job_errors_day",
        "Failed jobs of a day by class of error.",
        ("kind", "code"),
        ((row["kind"], row["error_code"], row["jobs"]) for row in errors),
    )


def _column(rows: Iterable[Mapping[str, Any]], name: str) -> Iterator[tuple[str, float]]:
    for row in rows:
        value = row[name] or 0
        yield row["kind"], value.total_seconds() if isinstance(value, timedelta) else value


def reading() -> Iterator[Metric]:
    """What scans read in a day, and which sources cannot be read."""
    scans = ScanRun.objects.filter(started_at__gt=timezone.now() - DAY)
    told = scans.aggregate(rows=Sum("rows_read"), seconds=Sum(F("finished_at") - F("started_at")), scans=Count("pk"))
    yield gauge("datagene_scans_day", "Scans started within a day.", (), [(told["scans"],)])
    yield gauge("datagene_scan_rows_read_day", "Rows that scans of a day read.", (), [(told["rows"] or 0,)])
    yield gauge(
        "datagene_scan_seconds_day",
        "Seconds that finished scans of a day took.",
        (),
        [((told["seconds"] or timedelta()).total_seconds(),)],
    )
    broken: QuerySet[Any] = DataSource.objects.exclude(state=SourceState.REMOVED).exclude(error_code="")
    classes = broken.order_by().values_list("kind", "error_code").annotate(sources=Count("pk"))
    yield gauge("datagene_source_errors", "Data sources whose last contact failed.", ("kind", "code"), classes)


def state() -> Iterator[Metric]:
    """Of the platform itself: release, workers, audit trail, backups."""
    yield gauge("datagene_build_info", "The release.", ("version",), [(version(), 1)])
    seen = Worker.objects.aggregate(now=Count("pk", filter=Q(seen_at__gt=timezone.now() - SEEN)), last=Max("seen_at"))
    yield gauge("datagene_workers_seen", "Hosts whose worker was heard of in five minutes.", (), [(seen["now"],)])
    yield age("datagene_worker_age_seconds", "Since the last sign of any worker.", seen["last"])
    newest = AuditEntry.objects.order_by("-id").values_list("id", flat=True).first()
    yield CounterMetricFamily("datagene_audit_entries", "Entries of the audit trail.", newest or 0)
    audited = upkeep.last(upkeep.AUDIT_VERIFIED)
    if audited is not None:
        yield gauge(
            "datagene_audit_chain_ok",
            "Whether the last verification found the chain whole.",
            (),
            [(not audited.changes["fault"],)],
        )
    yield age(
        "datagene_audit_verified_age_seconds", "Since the last verification of the chain.", audited and audited.at
    )
    for name, act, text in (
        ("datagene_backup_age_seconds", upkeep.BACKUP_MADE, "Since the last backup was made."),
        (
            "datagene_backup_verified_age_seconds",
            upkeep.BACKUP_VERIFIED,
            "Since a backup was last restored to prove it.",
        ),
    ):
        entry = upkeep.last(act)
        yield age(name, text, entry and entry.at)


def gauge(name: str, text: str, labels: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> Metric:
    """A gauge; each row is the labels' values and then the number."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for row in rows:
        family.add_metric([str(value) for value in row[:-1]], float(row[-1]))
    return family


def age(name: str, text: str, since: Any) -> Metric:
    """Seconds since a moment; without a sample when it has never come."""
    return gauge(name, text, (), [] if since is None else [(max(0.0, (timezone.now() - since).total_seconds()),)])
