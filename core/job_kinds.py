"""The registry of job kinds: what a worker can do, under which name and within which limits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.texts import Text

if TYPE_CHECKING:
    from core.jobs.context import JobContext

Results = Callable[[], dict[str, Any]]
"""Runs inside the finishing transaction and returns the job's result (JSON)."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind of job.

    ``handler`` does the work; what it returns, if anything, runs in the finishing transaction. ``max_attempt`` bounds
    how often a job whose worker died is tried; ``time_limit`` (seconds) bounds one attempt, None takes
    ``settings.JOB_TIME_LIMIT``. ``verb`` is the right that repeating it by hand needs; without one nobody may.
    """

    kind: str
    label: Text
    handler: "Callable[[JobContext], Results | None]"
    max_attempt: int = 5
    time_limit: int | None = None
    verb: str = ""


_kinds: dict[str, JobKind] = {}


def register(kind: JobKind) -> None:
    """Make a kind known. Raises ValueError when the name is taken by another kind."""
    if _kinds.setdefault(kind.kind, kind) is not kind:
        raise ValueError(f"job kind {kind.kind!r} is registered twice")


def get(kind: str) -> JobKind | None:
    return _kinds.get(kind)


def all_kinds() -> list[JobKind]:
    return sorted(_kinds.values(), key=lambda kind: kind.kind)


def label(kind: str) -> str:
    """Name of the kind in the active language; the bare code for a kind of another release."""
    known = _kinds.get(kind)
    return str(known.label) if known else kind
