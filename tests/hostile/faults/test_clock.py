"""The clock of a worker's machine may be wrong: what is stored is the database's time, and nothing comes early."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.utils import timezone

from assets.models import CensusRun, TableProfile
from assets.services import requests
from core import clock, jobs
from core.models import Job, Schedule
from tests.hostile.faults import stack
from tests.hostile.faults.conftest import ended
from tests.hostile.faults.stack import until

pytestmark = pytest.mark.django_db(transaction=True)
LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
WRONG = {"LD_PRELOAD": str(LIBRARY), "FAKETIME": "+1h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
DUE = {"next_at", "expires_at", "keys_expire_at", "valid_from"}  # times that are meant to come


def in_the_future() -> dict[str, datetime]:
    """Every stored time that has not come yet."""
    now, found = clock.now(), dict[str, datetime]()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.DateTimeField) and field.name not in DUE:
                latest = model._base_manager.aggregate(latest=models.Max(field.name))["latest"]
                if latest and latest > now:
                    found[f"{model._meta.label}.{field.name}"] = latest
    return found


@pytest.mark.skipif(LIBRARY is None, reason="no faketime on this machine: apt-get install -y faketime")
def test_workers_an_hour_ahead(
    celery: stack.Celery, city: SimpleNamespace, sqlite_source: Callable[..., Any], ask: Callable[..., Job]
) -> None:
    source = sqlite_source().row
    asked = clock.now()
    census = requests.request_census(actor=city.police.manager, source=source)
    scan = requests.request_scan(actor=city.police.manager, source=source)
    noting = [ask("work", steps=1, key="source:1")]
    jobs.schedule(
        actor=None, kind="assets.census", target=str(source.pk), cron="0 0 * * *", params={"source": str(source.pk)}
    )
    Schedule.objects.update(next_at=asked + timedelta(minutes=40))  # an hour ahead it would be due
    worker = celery.worker(**WRONG)
    until(lambda: ended(census, *noting[:1]))
    stack.kill_tree(worker)
    noting.append(ask("work", steps=1, key="source:2"))
    celery.run_jobs(**WRONG)  # ticks as beat does, whose sleep libfaketime breaks
    until(lambda: ended(scan, *noting, *Job.objects.all()))  # what follows a scan included
    assert min(said(celery)) > clock.now() + timedelta(minutes=50), "a worker's clock was right"
    assert set(Job.objects.values_list("state", flat=True)) == {"succeeded"}
    assert len(said(celery)) >= 2 * len(noting)
    assert in_the_future() == {}
    run, profile = CensusRun.objects.get(), TableProfile.objects.latest("at")
    assert asked < run.started_at < run.finished_at < profile.at < clock.now()
    Schedule.objects.update(next_at=clock.now())
    until(lambda: Job.objects.filter(kind="assets.census").count() == 2, what="the schedule coming due")
    again = Schedule.objects.get()
    assert again.last_at is not None
    assert again.next_at is not None
    assert again.last_at < clock.now()
    assert again.next_at < timezone.localtime(clock.now()).replace(hour=0) + timedelta(days=1, minutes=1)
    until(lambda: ended(*Job.objects.all()))


def said(celery: stack.Celery) -> list[datetime]:
    """The times that the workers themselves noted."""
    notes = map(json.loads, celery.trace.read_text().splitlines())
    return [datetime.fromtimestamp(note["at"], UTC) for note in notes]


def test_the_clock_asked_is_that_of_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        before = cursor.fetchone()[0]
    now = clock.now()
    assert before < now < before + timedelta(seconds=10)
    assert now.tzinfo is not None
