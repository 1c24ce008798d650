"""A platform of its own, to be broken: PostgreSQL, Valkey, Celery workers and beat, each a process that may be killed."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from datagene.embedded import layout as layouts
from datagene.embedded.layout import PROJECT, Layout
from datagene.embedded.postgres import Postgres
from datagene.embedded.process import free_port
from datagene.embedded.supervisor import WORKER_OPTIONS
from datagene.embedded.valkey import Valkey

MANAGE = (sys.executable, "manage.py")
CELERY = ("-m", "celery", "--quiet", "-A", "datagene.celery")
LEASE, TICK = 4, 1  # seconds


def until(fact: Callable[[], Any], seconds: float = 60, what: str = "it") -> Any:
    """Wait for a fact and answer it."""
    deadline = time.monotonic() + seconds
    while not (found := fact()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.1)
    return found


class Celery:
    """Processes of the platform's own Celery application, with the job kinds of these tests."""

    def __init__(self, directory: Path, database: str, broker: str, **more: str) -> None:
        self.trace, self.log = directory / "trace", directory / "celery.log"
        self.environment = {
            **os.environ, "DATABASE_URL": database, "REDIS_URL": broker, "HOSTILE_TRACE": str(self.trace),
            "DJANGO_SETTINGS_MODULE": "tests.hostile.faults.settings", "JOB_LEASE_SECONDS": str(LEASE),
            "JOB_TICK_SECONDS": str(TICK), "JOB_REDISPATCH_SECONDS": "5", "DATAGENE_DATA": str(directory), **more,
        }  # fmt: skip
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str, **more: str) -> subprocess.Popen[bytes]:
        """A leader of its own process group."""
        with self.log.open("ab") as log:
            self.started.append(
                subprocess.Popen(
                    [sys.executable, *command], env=self.environment | more, cwd=PROJECT, stdin=subprocess.DEVNULL,
                    stdout=log, stderr=log, start_new_session=True,
                )
            )  # fmt: skip
        return self.started[-1]

    def worker(self, children: int = 3, **more: str) -> subprocess.Popen[bytes]:
        return self.start(*CELERY, "worker", "--concurrency", str(children), *WORKER_OPTIONS, **more)

    def beat(self) -> subprocess.Popen[bytes]:
        return self.start(*CELERY, "beat")

    def run_jobs(self, **more: str) -> subprocess.Popen[bytes]:
        """The worker that needs no broker; it ticks too."""
        return self.start("manage.py", "run_jobs", **more)

    def stop(self) -> None:
        for process in self.started:
            kill_tree(process)


class Stack:
    """The servers; ``url`` and ``broker`` are where they answer, also after they were killed and started again."""

    def __init__(self, directory: Path) -> None:
        self.place = Layout(directory / "data")
        layouts.prepare(self.place)
        self.place.binaries.mkdir(mode=0o755, exist_ok=True)
        owner = layouts.owner()
        self.postgres = Postgres(self.place, owner, _quiet, tcp_port=free_port())
        self.valkey = Valkey(self.place, owner, _quiet)
        self.postgres.start()
        self.valkey.start()
        self.url, self.broker = self.postgres.url(), self.valkey.url()

    def kill_database(self, number: signal.Signals) -> None:
        assert self.postgres.child is not None
        self.postgres.child.send_signal(number)
        self.postgres.child.wait()

    def kill_broker(self, *, wipe: bool) -> None:
        assert self.valkey.child is not None
        self.valkey.child.kill()
        self.valkey.child.wait()
        if wipe:
            shutil.rmtree(self.place.valkey)

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop()


@contextlib.contextmanager
def directory() -> Iterator[Path]:
    """A place that the servers' account may enter, removed in the end."""
    made = Path(tempfile.mkdtemp(prefix="datagene-test-"))
    made.chmod(0o711)
    try:
        yield made
    finally:
        shutil.rmtree(Layout(made / "data").sockets, ignore_errors=True)
        shutil.rmtree(made)


def manage(environment: Mapping[str, str], *command: str) -> None:
    subprocess.run([*MANAGE, *command], cwd=PROJECT, env=environment, check=True)


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """The main process and all its children, at once, as the kernel or a power failure does."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """Living children of a process."""
    try:
        return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    except OSError:
        return []


def members(group: int) -> list[int]:
    """Living processes of a process group, its leader's orphans too."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def _quiet(_line: str) -> None:
    """The servers' news is no news here."""
