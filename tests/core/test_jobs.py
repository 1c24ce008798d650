"""The ledger's promises: one job per key, one writer per job, nothing half done, nothing lost."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone

from core import jobs
from core.choices import ItemState, JobState
from core.jobs import ledger
from core.jobs.runner import run
from core.models import AuditEntry, Job, JobItem

pytestmark = pytest.mark.django_db(transaction=True)


def nothing(ctx: jobs.JobContext) -> None:
    return None


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def reloaded(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


# ── creating ──


def test_a_job_runs_and_keeps_its_result(kind, queue, actor):
    job = queue(kind(lambda ctx: lambda: {"tables": 3, "share": 0.5}), target_label="户籍库")
    assert (job.is_new, job.state, job.actor_name) == (True, JobState.QUEUED, "王晓岚")
    assert jobs.drain() == 1
    done = reloaded(job)
    assert (done.state, done.result, done.partial, done.attempt) == ("succeeded", {"tables": 3, "share": 0.5}, False, 1)
    assert done.started_at <= done.finished_at
    assert AuditEntry.objects.get().changes["job"] == str(job.pk)


def test_the_same_open_request_gives_the_same_job(kind, queue):
    name = kind(nothing)
    first = queue(name, idem_key="census:1")
    again = queue(name, idem_key="census:1")
    assert (again.pk, again.is_new) == (first.pk, False)
    jobs.drain()
    assert queue(name, idem_key="census:1").pk != first.pk


def test_fifty_parallel_requests_give_one_job(kind, queue):
    name = kind(nothing)
    together = threading.Barrier(50)

    def request(_: int) -> Any:
        try:
            together.wait()
            return queue(name, idem_key="census:1").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as pool:
        ids = set(pool.map(request, range(50)))
    assert ids == {Job.objects.get().pk}
    assert AuditEntry.objects.count() == 1


def test_a_job_is_dispatched_only_when_its_request_commits(kind, queue, dispatched):
    name = kind(nothing)
    with transaction.atomic():
        queue(name)
        transaction.set_rollback(True)
    assert (Job.objects.count(), AuditEntry.objects.count(), dispatched) == (0, 0, [])
    with transaction.atomic():
        job = queue(name)
        assert dispatched == []
    assert dispatched == [job.pk]


def test_a_dead_broker_costs_nothing_but_a_tick(kind, queue, dispatched):
    def broken(job_id: Any) -> None:
        raise ConnectionError("broker")

    jobs.register_dispatcher(broken)
    job = queue(kind(nothing))
    assert (reloaded(job).state, reloaded(job).dispatched_at) == ("queued", None)
    jobs.register_dispatcher(dispatched.append)
    assert jobs.tick().offered == 1
    assert dispatched == [job.pk]
    assert jobs.tick().offered == 0  # it was offered a moment ago
    Job.objects.update(dispatched_at=timezone.now() - timedelta(seconds=61))
    assert jobs.tick().offered == 1  # the broker was wiped, say


def test_an_unknown_kind_is_refused_at_creation(queue):
    with pytest.raises(ValueError, match="unknown job kind"):
        queue("no.such")


def test_the_database_refuses_a_second_running_job_of_a_key():
    held = {"kind": "k", "target": "t", "exclusive_key": "source:1", "state": "running", "lease_token": 1}
    Job.objects.create(**held, lease_until=timezone.now())
    with pytest.raises(IntegrityError, match="job_one_running_per_exclusive_key"):
        Job.objects.create(**held, lease_until=timezone.now())


# ── claiming and fencing ──


def test_one_claim_wins(kind, queue):
    job = queue(kind(nothing))
    together = threading.Barrier(8)

    def grab(number: int) -> bool:
        try:
            together.wait()
            return ledger.claim(job.pk, f"worker {number}") is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(grab, range(8))) == 1


def test_a_final_job_is_not_run_again(kind, queue):
    job = queue(kind(nothing))
    assert (run(job.pk), run(job.pk), run(uuid4())) == (True, False, False)


def test_jobs_of_one_key_run_one_after_the_other(kind, queue, dispatched):
    name = kind(nothing)
    first, second = (queue(name, exclusive_key="source:1") for _ in range(2))
    lease = ledger.claim(first.pk, "a")
    assert run(second.pk) is False
    assert reloaded(second).state == "queued"
    assert ledger.next_claimable([]) is None
    dispatched.clear()
    assert jobs.tick().offered == 0  # its key is busy
    ledger.release(lease, forgive=True)
    run(first.pk)
    assert dispatched == [second.pk]
    assert run(second.pk) is True


def test_a_job_does_not_overtake_an_older_one_of_its_key(kind, queue, actor):
    name = kind(nothing)
    first, second, other = (queue(name, exclusive_key=key) for key in ("source:1", "source:1", "source:2"))
    assert run(second.pk) is False  # its message came first
    assert run(other.pk) is True
    jobs.request_cancel(actor=actor, job=first)
    assert run(second.pk) is True


def test_a_job_that_used_up_its_attempts_holds_nobody_up(kind, queue):
    name = kind(nothing)
    first, second = (queue(name, exclusive_key="source:1") for _ in range(2))
    Job.objects.filter(pk=first.pk).update(attempt=F("max_attempt"))
    assert run(second.pk) is True


def test_a_stale_worker_cannot_finish_nor_checkpoint(kind, queue, actor):
    job = queue(kind(nothing))
    stale = ledger.claim(job.pk, "sleeper")
    old = jobs.JobContext(reloaded(job), stale, time_limit=60, heartbeat=None)
    expire(job)
    fresh = ledger.claim(job.pk, "successor")
    assert fresh.token > stale.token
    with pytest.raises(ledger.LeaseLost), ledger.finishing(stale, JobState.SUCCEEDED):
        pytest.fail("the results of a stale attempt were written")
    with pytest.raises(ledger.LeaseLost), old.item("t1"):
        JobItem.objects.create(job=job, key="written by the stale attempt")
    with pytest.raises(ledger.LeaseLost):
        old.item_failed("t1", "", "x")
    ledger.release(stale, forgive=True)
    assert (reloaded(job).state, reloaded(job).lease_token, JobItem.objects.count()) == ("running", fresh.token, 0)
    with ledger.finishing(fresh, JobState.SUCCEEDED):
        ledger.set_result(fresh, JobState.SUCCEEDED, {"by": "successor"})
    assert reloaded(job).result == {"by": "successor"}


def test_a_job_taken_back_by_the_reaper_is_lost_to_its_worker(kind, queue):
    job = queue(kind(nothing))
    stale = ledger.claim(job.pk, "sleeper")
    expire(job)
    assert jobs.tick().reaped == 1
    assert not ledger.already_finished(stale)
    with pytest.raises(ledger.LeaseLost), ledger.finishing(stale, JobState.SUCCEEDED):
        pytest.fail("finished without a lease")


def test_results_and_state_are_one_transaction(kind, queue):
    def handler(ctx: jobs.JobContext) -> Any:
        def results() -> dict[str, Any]:
            JobItem.objects.create(job_id=ctx.job_id, key="half a census")
            raise RuntimeError("disk full")

        return results

    job = queue(kind(handler))
    jobs.drain()
    assert (reloaded(job).state, reloaded(job).error_code, JobItem.objects.count()) == ("failed", "internal_error", 0)


def test_an_answer_lost_with_the_connection_is_not_a_second_result(kind, queue):
    job = queue(kind(nothing))
    lease = ledger.claim(job.pk, "a")
    with ledger.finishing(lease, JobState.SUCCEEDED):
        pass
    assert ledger.already_finished(lease)


def test_the_lease_is_renewed_while_the_handler_works(kind, queue, quick):
    seen: list[Any] = []

    def handler(ctx: jobs.JobContext) -> None:
        ctx.progress(1, 4, "reading")
        for _ in range(2):
            time.sleep(1.5)
            ctx.check()
            seen.append(reloaded(job).lease_until)

    job = queue(kind(handler))
    run(job.pk)
    assert seen[0] < seen[1]
    assert (reloaded(job).state, reloaded(job).progress_done, reloaded(job).progress_total) == ("succeeded", 1, 4)


# ── checkpoints ──


def test_a_resumed_attempt_skips_what_is_done(kind, queue):
    read: list[str] = []

    def handler(ctx: jobs.JobContext) -> Any:
        for key in ("a", "b", "c"):
            if key in ctx.done_items():
                continue
            read.append(key)
            if key == "b" and len(read) == 2:
                raise OperationalError("the platform's database restarted")
            with ctx.item(key, f"表 {key}") as detail:
                detail["rows"] = 7
        return lambda: {"tables": len(ctx.done_items())}

    job = queue(kind(handler))
    assert run(job.pk) is True
    assert (reloaded(job).state, reloaded(job).attempt) == ("queued", 1)
    assert run(job.pk) is True
    assert (read, reloaded(job).result) == (["a", "b", "b", "c"], {"tables": 3})
    assert set(JobItem.objects.values_list("key", "state", "detail__rows")) == {(k, "done", 7) for k in "abc"}


def test_an_item_and_its_writes_stay_or_go_together(kind, queue):
    def handler(ctx: jobs.JobContext) -> None:
        for key in ("good", "bad"):
            try:
                with ctx.item(key, key):
                    JobItem.objects.create(job_id=ctx.job_id, key=f"profile of {key}")
                    if key == "bad":
                        raise ValueError("unreadable")
            except ValueError:
                ctx.item_failed(key, key, "internal_error", {"reference": "1f", "text": "a\0b\ud800"})

    job = queue(kind(handler))
    jobs.drain()
    items = {item.key: item for item in JobItem.objects.all()}
    assert set(items) == {"good", "profile of good", "bad"}
    assert items["bad"].state == ItemState.FAILED
    assert "1f" in items["bad"].error_text
    assert (reloaded(job).state, reloaded(job).partial) == ("succeeded", True)


def test_an_item_that_failed_and_then_succeeds_is_done(kind, queue):
    def handler(ctx: jobs.JobContext) -> None:
        ctx.item_failed("t", "t", "timeout", {"seconds": 1})
        assert ctx.done_items() == set()
        with ctx.item("t", "t"):
            pass

    job = queue(kind(handler))
    jobs.drain()
    assert (JobItem.objects.get().state, reloaded(job).state, reloaded(job).partial) == ("done", "succeeded", False)


# ── stopping ──


def test_a_waiting_job_is_cancelled_at_once(kind, queue, actor, dispatched):
    name = kind(nothing)
    first, second = (queue(name, exclusive_key="source:1") for _ in range(2))
    dispatched.clear()
    assert jobs.request_cancel(actor=actor, job=first).state == "cancelled"
    assert dispatched == [second.pk]
    assert run(first.pk) is False
    assert list(AuditEntry.objects.order_by("id").values_list("verb", flat=True)) == ["job.create"] * 2 + ["job.cancel"]


def test_a_running_job_stops_at_its_next_check_and_keeps_its_items(kind, queue, actor, quick):
    def handler(ctx: jobs.JobContext) -> None:
        with ctx.item("t1"):
            pass
        jobs.request_cancel(actor=actor, job=reloaded(job))
        for _ in range(500):
            try:
                time.sleep(0.02)
                ctx.check()
            except Exception:
                pytest.fail("cancelling looked like an error of one table")

    job = queue(kind(handler))
    run(job.pk)
    done = reloaded(job)
    assert (done.state, done.error_code, done.partial, done.items.count()) == ("cancelled", "", True, 1)


def test_the_next_checkpoint_hears_of_a_cancel_without_waiting_for_a_beat(kind, queue, actor):
    def handler(ctx: jobs.JobContext) -> None:
        jobs.request_cancel(actor=actor, job=reloaded(job))
        for key in "ab":
            with ctx.item(key):
                pass

    job = queue(kind(handler))
    run(job.pk)
    assert (reloaded(job).state, JobItem.objects.get().key) == ("cancelled", "a")


def test_a_final_job_cannot_be_cancelled(kind, queue, actor):
    job = queue(kind(nothing))
    jobs.drain()
    assert jobs.request_cancel(actor=actor, job=job).state == "succeeded"
    assert AuditEntry.objects.filter(verb="job.cancel").count() == 0


def test_a_worker_that_shuts_down_gives_its_job_back_uncounted(kind, queue):
    job = queue(kind(lambda ctx: ctx.check()))
    run(job.pk, stopping=lambda: True)
    assert (reloaded(job).state, reloaded(job).attempt) == ("queued", 0)


def test_an_attempt_that_takes_too_long_fails_as_such(kind, queue):
    def handler(ctx: jobs.JobContext) -> None:
        time.sleep(1.1)
        ctx.check()

    job = queue(kind(handler, time_limit=1))
    run(job.pk)
    done = reloaded(job)
    assert (done.state, done.error_code, done.error_params) == ("failed", "timeout", {"seconds": 1})
    assert "1 秒" in done.error_text


# ── failing ──


def test_a_named_failure_keeps_its_code_and_parameters(kind, queue):
    def handler(ctx: jobs.JobContext) -> None:
        raise jobs.JobFailed("worker_lost", host="10.1.1.1")

    job = queue(kind(handler))
    jobs.drain()
    assert (reloaded(job).error_code, reloaded(job).error_params) == ("worker_lost", {"host": "10.1.1.1"})


def test_an_unexpected_error_shows_a_reference_and_no_trace(kind, queue, caplog):
    def handler(ctx: jobs.JobContext) -> None:
        raise KeyError("secret detail")

    job = queue(kind(handler))
    jobs.drain()
    done = reloaded(job)
    reference = done.error_params["reference"]
    assert (done.error_code, set(done.error_params)) == ("internal_error", {"reference"})
    assert reference in done.error_text
    assert "secret detail" not in done.error_text
    assert [record.reference for record in caplog.records if record.exc_info] == [reference]


def test_a_kind_of_another_release_fails_with_a_reason(kind, queue):
    job = queue(kind(nothing))
    Job.objects.update(kind="future.kind")
    jobs.drain()
    assert (reloaded(job).error_code, reloaded(job).error_params) == ("unknown_kind", {"kind": "future.kind"})


# ── the reaper ──


def test_a_lost_worker_costs_an_attempt_and_the_last_one_the_job(kind, queue, dispatched):
    job = queue(kind(nothing, max_attempt=2))
    ledger.claim(job.pk, "a")
    assert jobs.tick().reaped == 0  # the lease still runs
    expire(job)
    assert jobs.tick().reaped == 1
    assert (reloaded(job).state, dispatched[-1]) == ("queued", job.pk)
    ledger.claim(job.pk, "b")
    expire(job)
    assert ledger.claim(job.pk, "c") is None
    assert jobs.tick().reaped == 1
    lost = reloaded(job)
    assert (lost.state, lost.error_code, lost.lease_token) == ("failed", "worker_lost", None)
    assert lost.finished_at is not None


def test_a_lost_worker_of_a_cancelled_job_ends_it(kind, queue, actor):
    job = queue(kind(nothing))
    ledger.claim(job.pk, "a")
    assert jobs.request_cancel(actor=actor, job=job).state == "running"
    expire(job)
    jobs.tick()
    assert reloaded(job).state == "cancelled"


def test_two_ticks_at_once_are_one(kind, queue):
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [0x7469636B])
                inside.set()
                leave.wait(5)
        finally:
            connection.close()

    job = queue(kind(nothing))
    ledger.claim(job.pk, "a")
    expire(job)
    other = threading.Thread(target=hold)
    other.start()
    inside.wait(5)
    try:
        assert jobs.tick().reaped == 0
    finally:
        leave.set()
        other.join()
    assert jobs.tick().reaped == 1


def test_inside_a_transaction_a_job_runs_without_a_heartbeat(kind, queue):
    with transaction.atomic():
        job = queue(kind(lambda ctx: lambda: {"ok": True}))
        before = threading.active_count()
        assert run(job.pk) is True
        assert threading.active_count() == before
    assert reloaded(job).result == {"ok": True}
