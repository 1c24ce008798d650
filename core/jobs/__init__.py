"""The job ledger: PostgreSQL is the truth, a broker only tells a worker where to look. See docs/jobs.md.

create_job → dispatch → claim (lease, token) → handler(ctx) with a checkpoint per item → fenced finish.
"""

from core.job_kinds import JobKind, Results, register
from core.jobs.context import JobCancelled, JobContext, JobFailed, JobTimedOut
from core.jobs.dispatch import dispatch, register_dispatcher
from core.jobs.runner import Stop, drain, run
from core.jobs.schedules import NotACronText, schedule, unschedule
from core.jobs.services import create_job, request_cancel
from core.jobs.tick import report, tick

__all__ = [
    "JobCancelled",
    "JobContext",
    "JobFailed",
    "JobKind",
    "JobTimedOut",
    "NotACronText",
    "Results",
    "Stop",
    "create_job",
    "dispatch",
    "drain",
    "register",
    "register_dispatcher",
    "report",
    "request_cancel",
    "run",
    "schedule",
    "tick",
    "unschedule",
]
