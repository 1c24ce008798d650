"""What the tests of core stand on: a key file and a head file of their own, two agencies, job kinds to play with."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from core import job_kinds, jobs, keys
from core.models import Job


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> Path:
    """Keys and audit head of this test alone."""
    settings.DATA_DIR = tmp_path
    settings.KEY_FILE = str(tmp_path / "keys")
    keys.create(tmp_path / "keys")
    return tmp_path


@pytest.fixture
def actor() -> SimpleNamespace:
    return SimpleNamespace(pk=uuid4(), name="王晓岚")


@pytest.fixture
def kind() -> Iterator[Callable[..., str]]:
    """Register a job kind for this test: ``kind(handler, **limits)`` gives its name."""
    made: list[str] = []

    def register(handler: Callable[[jobs.JobContext], Any], **limits: Any) -> str:
        made.append(f"test.{uuid4().hex[:8]}")
        jobs.register(jobs.JobKind(kind=made[-1], label="测试", handler=handler, **limits))
        return made[-1]

    yield register
    for name in made:
        del job_kinds._kinds[name]


@pytest.fixture
def queue(actor: SimpleNamespace) -> Callable[..., Job]:
    """Create a job of a kind: ``queue(kind, **fields)``."""

    def create(kind: str, **fields: Any) -> Job:
        return jobs.create_job(**{"actor": actor, "kind": kind, "params": {}, "target": "test.Thing:1", **fields})

    return create


@pytest.fixture
def quick(settings: Any) -> None:
    """A beat each second; the lease long enough that a busy machine does not make this process end itself."""
    settings.JOB_LEASE_SECONDS = 6


@pytest.fixture
def dispatched() -> Iterator[list[Any]]:
    """The job ids that were handed to the dispatcher."""
    sent: list[Any] = []
    jobs.register_dispatcher(sent.append)
    yield sent
    jobs.register_dispatcher(None)
