"""The ledger's times, in seconds; each may be set in settings (docs/settings.md)."""

from django.conf import settings


def lease() -> float:
    """How long a worker that is silent keeps its job."""
    return float(getattr(settings, "JOB_LEASE_SECONDS", 60))


def beat() -> float:
    """How often a lease is renewed, and a request to cancel is noticed at the latest."""
    return min(lease() / 6, 5.0)


def deadline() -> float:
    """How long after its last renewal a worker must end itself: safely before another may take the job."""
    return lease() * 0.7


def tick() -> float:
    """How often the platform brings back, offers and schedules jobs."""
    return float(getattr(settings, "JOB_TICK_SECONDS", 10))


def redispatch() -> float:
    """How long a dispatched job may wait before it is offered again (the broker may have been wiped)."""
    return float(getattr(settings, "JOB_REDISPATCH_SECONDS", 60))


def attempt() -> int:
    """How long one attempt may take when its kind does not say."""
    return int(getattr(settings, "JOB_TIME_LIMIT", 6 * 3600))
