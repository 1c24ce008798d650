"""What a handler is given: its parameters, and the ways to report, to checkpoint and to notice that it should stop."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from django.db import transaction

from core.choices import ItemState
from core.jobs import ledger
from core.jobs.heartbeat import Heartbeat
from core.models import Job, JobItem


class JobFailed(Exception):
    """A handler gives up: the job fails with ``code``, translated for the reader with ``params`` (no secrets)."""

    def __init__(self, code: str, **params: Any) -> None:
        self.code, self.params = code, params
        super().__init__(code)


class JobCancelled(ledger.Unwind):
    """A person asked to stop; raised by ``check`` and let through by the handler."""


class JobInterrupted(ledger.Unwind):
    """This worker is shutting down: the job goes back to the queue, the attempt does not count."""


class JobTimedOut(ledger.Unwind):
    """The attempt took longer than its kind allows."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds


class JobContext:
    """One attempt at one job."""

    def __init__(
        self,
        job: Job,
        lease: ledger.Lease,
        *,
        time_limit: int,
        heartbeat: Heartbeat | None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.job_id: UUID = job.pk
        self.params: dict[str, Any] = job.params
        self.actor_id: UUID | None = job.actor_id
        self.scope_id: UUID | None = job.scope_id
        self._lease, self._heartbeat, self._stopping = lease, heartbeat, stopping
        self._time_limit, self._ends_at = time_limit, time.monotonic() + time_limit
        self.final_progress: tuple[int, int, str] = (job.progress_done, job.progress_total, job.phase)
        self._cancelled = False

    def progress(self, done: int, total: int, phase: str = "") -> None:
        """Report; cheap, call it as often as you like. ``phase`` is a code registered in core.messages."""
        self.final_progress = (done, total, phase)
        if self._heartbeat:
            self._heartbeat.progress(done, total, phase)

    def check(self) -> None:
        """Call before each side effect and in each loop. Raises JobCancelled, JobInterrupted, JobTimedOut."""
        if self._heartbeat:
            self._heartbeat.check()
        if self.cancelled:
            raise JobCancelled
        if self._stopping():
            raise JobInterrupted
        if time.monotonic() > self._ends_at:
            raise JobTimedOut(self._time_limit)

    @property
    def cancelled(self) -> bool:
        """Whether a person asked to stop, as far as this attempt has heard."""
        return self._cancelled or bool(self._heartbeat and self._heartbeat.cancelled)

    def done_items(self) -> set[str]:
        """Keys of the items that an attempt of this job has finished; a resumed attempt skips them."""
        done = JobItem.objects.filter(job_id=self.job_id, state=ItemState.DONE)
        return set(done.values_list("key", flat=True))

    @contextlib.contextmanager
    def item(self, key: str, label: str = "") -> Iterator[dict[str, Any]]:
        """One checkpoint: the block's writes and the item's row are one transaction, kept only by the lease's holder.

        Yields a dict that is stored as the item's ``detail``. Read the source before the block and write inside it:
        the shorter the transaction, the better.
        """
        self.check()
        detail: dict[str, Any] = {}
        with transaction.atomic():
            yield detail
            self._save_item(key, label, ItemState.DONE, detail)

    def item_failed(self, key: str, label: str, code: str, params: dict[str, Any] | None = None) -> None:
        """Note that one item could not be done; the job goes on and will end as partial."""
        self.check()
        with transaction.atomic():
            self._save_item(key, label, ItemState.FAILED, {"code": code, "params": params or {}})

    def _save_item(self, key: str, label: str, state: ItemState, detail: dict[str, Any]) -> None:
        """Last in the transaction, so that the job row is locked for an instant only: the heartbeat needs it too."""
        self._cancelled = ledger.own(self._lease)
        ledger.save_item(self._lease, key, label, state, detail)
