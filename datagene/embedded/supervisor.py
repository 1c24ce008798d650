"""Everything at once: the servers, the web, the workers and the tick, each started again when it dies."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

from datagene.embedded import process
from datagene.embedded.errors import EmbeddedError
from datagene.embedded.layout import PROJECT, Layout
from datagene.embedded.servers import Servers, say

LOOK_EVERY = 0.5  # seconds
CALM_AFTER = 30.0  # seconds a child has to live for its next death to count as the first
LAST_WISHES = 15.0  # seconds that the children of a killed supervisor may take to end (gunicorn's graceful_timeout)
LONGEST_PAUSE = 30.0  # seconds between two starts of a child that keeps dying
WORKER_OPTIONS = ("--without-gossip", "--without-mingle", "--without-heartbeat")  # workers need not know each other


@dataclass
class Child:
    """One of our own processes. `stopping` is how it is asked to end: signals with the seconds each is given."""

    name: str
    command: Sequence[str]
    stopping: Sequence[tuple[signal.Signals, float]]
    when_parent_dies: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    started: float = 0.0
    not_before: float = 0.0

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = process.spawn(self.command, cwd=PROJECT, when_parent_dies=self.when_parent_dies)

    def look(self, tell: Callable[[str], None]) -> None:
        """Start it again when it has died; one that keeps dying is given longer and longer pauses."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            code = self.process.returncode
            process.kill_group(self.process.pid)
            self.process = None
            self.deaths = 1 if now - self.started > CALM_AFTER else self.deaths + 1
            pause = min(LONGEST_PAUSE, 0.5 * 2 ** (self.deaths - 1))
            self.not_before = now + pause
            tell(f"{self.name} has ended ({_reason(code)}); starting it again in {pause:g} s")
        if self.process is None and now >= self.not_before:
            self.start()

    def stop(self) -> None:
        if self.process is not None:
            process.stop(self.process, self.stopping)
            self.process = None


def children(port: int) -> list[Child]:
    """The platform's own processes, as production runs them too (deploy/systemd)."""
    python = [sys.executable, "-m"]
    # Root is what a container or a first try runs as; the servers drop it, and Celery's warning would repeat itself.
    quiet = ["-W", "ignore:You're running the worker with superuser"] if os.geteuid() == 0 else []
    celery = [sys.executable, *quiet, "-m", "celery", "--quiet", "-A", "datagene.celery"]
    return [
        Child(
            "web",
            [
                *python,
                "gunicorn",
                "datagene.wsgi:application",
                "-c",
                "python:datagene.gunicorn",
                "-b",
                f"127.0.0.1:{port}",
            ],
            [(signal.SIGTERM, 10), (signal.SIGQUIT, 2)],
        ),
        # SIGTERM lets a job finish; SIGQUIT ends it now, and another worker takes it up from its last table.
        Child(
            "worker",
            [*celery, "worker", "--concurrency", "2", *WORKER_OPTIONS],
            [(signal.SIGTERM, 5), (signal.SIGQUIT, 5)],
            when_parent_dies=signal.SIGQUIT,
        ),
        Child("beat", [*celery, "beat"], [(signal.SIGTERM, 5)]),
    ]


class Supervisor:
    """Servers and children until SIGINT or SIGTERM."""

    def __init__(self, place: Layout, port: int, *, demo: bool = False, tell: Callable[[str], None] = say) -> None:
        self.place, self.port, self.tell = place, port, tell
        self.servers = Servers(place, tell, demo=demo)
        self.children = children(port)
        self.leaving = threading.Event()

    def run(self, prepare: Callable[[], None], ready: Callable[[], None]) -> None:
        """Start the servers, call `prepare` (migrations), start the children, call `ready`, watch over all of it.

        Raises EmbeddedError, having stopped what was started.
        """
        killed = self.servers.take(f"http://127.0.0.1:{self.port}")
        try:
            check_port(self.port, patience=LAST_WISHES if killed else 0)
        except EmbeddedError:
            self.servers.lock.release()
            raise
        before = [signal.signal(number, self._leave) for number in (signal.SIGINT, signal.SIGTERM)]
        try:
            self.servers.start()
            prepare()
            for child in self.children:
                child.start()
            threading.Thread(target=self._announce, args=(ready,), daemon=True).start()
            while True:
                time.sleep(LOOK_EVERY)
                self.servers.revive()
                for child in self.children:
                    child.look(self.tell)
        except KeyboardInterrupt:
            pass  # the way out: Ctrl-C, or SIGTERM from whoever watches over us
        finally:
            self._stop()
            for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
                signal.signal(number, handler)

    def _leave(self, number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def _announce(self, ready: Callable[[], None]) -> None:
        """Call `ready` once the web answers: not earlier, so that the address printed is one that opens."""
        while not self.leaving.wait(0.1):
            if answers(self.port):
                ready()
                return

    def _stop(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave servers behind
        self.leaving.set()
        self.tell("stopping")
        stoppers = [threading.Thread(target=child.stop) for child in self.children]
        for stopper in stoppers:
            stopper.start()
        for stopper in stoppers:
            stopper.join()
        self.servers.stop()
        self.tell("stopped")


def check_port(port: int, patience: float = 0) -> None:
    """Raises EmbeddedError when the web's port is taken, and still is after `patience` seconds."""
    deadline = time.monotonic() + patience
    while error := _refusal(port):
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"port {port} of 127.0.0.1 cannot be used ({error.strerror}): another program has it. "
                f"Choose another: PORT={port + 1 if port < 65535 else 8000} make demo"
            )
        time.sleep(0.2)


def _refusal(port: int) -> OSError | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error
    return None


def answers(port: int) -> bool:
    """Whether something listens on the port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
