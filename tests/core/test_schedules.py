"""Schedules become jobs once, at the platform's local time, however often and late the tick comes."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from core import jobs
from core.jobs.schedules import next_due
from core.models import AuditEntry, Job, Schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def nightly(kind, actor):
    name = kind(lambda ctx: None)
    return jobs.schedule(
        actor=actor,
        kind=name,
        target="assets.DataSource:1",
        cron="30 2 * * *",
        params={"source": "1"},
        target_label="户籍库",
        exclusive_key="source:1",
    )


def make_due(row: Schedule) -> None:
    Schedule.objects.filter(pk=row.pk).update(next_at=timezone.now() - timedelta(days=3))


def test_cron_text_is_read_in_the_platforms_time_zone(settings):
    assert settings.TIME_ZONE == "Asia/Shanghai"
    due = next_due("30 2 * * *", datetime(2026, 3, 1, 17, 0, tzinfo=UTC))  # 01:00 on 2 March in Shanghai
    assert due == datetime(2026, 3, 1, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "每天", "* * * *", "61 * * * *", "0 0 31 2 *", "@daily", "0 2 * * * *  x"])
def test_a_text_that_never_comes_due_is_refused(text):
    with pytest.raises(jobs.NotACronText):
        next_due(text, timezone.now())


def test_missed_times_give_one_job(nightly):
    make_due(nightly)
    assert (jobs.tick().scheduled, jobs.tick().scheduled) == (1, 0)
    job = Job.objects.get()
    assert (job.params, job.target_label, job.exclusive_key, job.actor_id) == (
        {"source": "1"},
        "户籍库",
        "source:1",
        None,
    )
    nightly.refresh_from_db()
    assert nightly.next_at > timezone.now()


def test_a_job_that_still_runs_is_not_doubled(nightly):
    for _ in range(2):
        make_due(nightly)
        jobs.tick()
    assert Job.objects.count() == 1
    jobs.drain()
    make_due(nightly)
    assert jobs.tick().scheduled == 1


def test_setting_it_again_replaces_it_and_removing_ends_it(nightly, actor):
    fields = {"actor": actor, "kind": nightly.kind, "target": nightly.target}
    again = jobs.schedule(**fields, cron="0 3 * * 1", params={}, enabled=False)
    assert (again.pk, Schedule.objects.get().cron) == (nightly.pk, "0 3 * * 1")
    make_due(again)
    assert jobs.tick().scheduled == 0  # disabled
    assert (jobs.unschedule(**fields), jobs.unschedule(**fields)) == (True, False)
    assert AuditEntry.objects.filter(verb__startswith="schedule.").count() == 3


def test_a_schedule_spoilt_in_the_database_does_not_stop_the_others(nightly, kind, actor):
    other = jobs.schedule(actor=actor, kind=kind(lambda ctx: None), target="t:2", cron="0 1 * * *", params={})
    Schedule.objects.filter(pk=nightly.pk).update(cron="nonsense", kind="gone.kind")
    make_due(nightly)
    make_due(other)
    assert jobs.tick().scheduled == 1
    nightly.refresh_from_db()
    assert nightly.next_at is None
