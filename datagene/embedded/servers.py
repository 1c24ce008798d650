"""The two servers together, held by one process at a time."""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Protocol

import psycopg2

from datagene.embedded import layout as layouts
from datagene.embedded import postgres, valkey
from datagene.embedded.errors import AlreadyRunning, EmbeddedError
from datagene.embedded.estate import Estate
from datagene.embedded.layout import Layout
from datagene.embedded.lock import Lock

RETRY = 5.0  # seconds between two starts of a server that does not start


def say(line: str) -> None:
    """To the terminal, at once: a supervisor's output is often a pipe."""
    print(line, file=sys.stderr, flush=True)


class Server(Protocol):
    """What the supervisor needs of a server."""

    name: str

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def alive(self) -> bool: ...


class Servers:
    """PostgreSQL and Valkey of one data directory, with `demo` those of the demo estate too.

    `take` claims the directory, `start` starts the servers, `stop` stops them and gives the directory back.
    """

    def __init__(self, place: Layout, tell: postgres.Tell = say, *, demo: bool = False) -> None:
        self.place, self.tell, self.demo = place, tell, demo
        self.lock = Lock(place.lock)
        self.all: list[Server] = []
        self.ailing: set[str] = set()
        self.not_before = 0.0

    def take(self, note: str = "") -> bool:
        """Whether the last holder was killed. `note` is what others are told of us.

        Raises AlreadyRunning when another process holds the directory.
        """
        layouts.prepare(self.place)
        return self.lock.acquire(note)

    def start(self) -> None:
        """After `take`. Raises EmbeddedError when a server cannot run; nothing is left running then."""
        try:
            owner = layouts.owner()
            layouts.check_reachable(self.place, owner)
            self.place.binaries.mkdir(mode=0o755, exist_ok=True)
            self.place.binaries.chmod(0o755)
            self.all = [
                postgres.Postgres(self.place, owner, self.tell),
                valkey.Valkey(self.place, owner, self.tell),
                *(Estate(self.place, self.tell).servers if self.demo else []),
            ]
            for server in self.all:
                server.start()
        except BaseException:
            self.stop()
            raise

    def revive(self) -> None:
        """Start again whichever server has died; one that cannot start (a full disk, say) is tried again, and told once."""
        for server in self.all:
            if server.alive():
                self.ailing.discard(server.name)
            elif time.monotonic() >= self.not_before:
                try:
                    if server.name not in self.ailing:
                        self.tell(f"{server.name} has died; starting it again")
                    server.start()
                except (EmbeddedError, OSError, psycopg2.Error) as error:
                    self.not_before = time.monotonic() + RETRY
                    if server.name not in self.ailing:
                        self.tell(f"{error}\nTrying again every {RETRY:g} s")
                    self.ailing.add(server.name)

    def stop(self) -> None:
        for server in reversed(self.all):
            server.stop()
        self.lock.release()


@contextlib.contextmanager
def running(place: Layout, tell: postgres.Tell = say) -> Iterator[Layout]:
    """Servers for the length of a block: those of a running supervisor when they are healthy, else our own.

    Raises AlreadyRunning when another process holds the directory and its servers do not answer.
    """
    servers = Servers(place, tell)
    try:
        servers.take()
    except AlreadyRunning as holder:
        _await_health(place, holder)
        yield place
        return
    try:
        servers.start()
        yield place
    finally:
        servers.stop()


def healthy(place: Layout) -> bool:
    """Whether both servers answer."""
    try:
        postgres.connect(place).close()
    except (psycopg2.Error, EmbeddedError):
        return False
    return valkey.answers(place)


def _await_health(place: Layout, holder: AlreadyRunning, seconds: float = 60) -> None:
    """The holder may still be starting; after `seconds` it is refused as it is."""
    deadline = time.monotonic() + seconds
    while not healthy(place):
        if time.monotonic() > deadline:
            raise AlreadyRunning(f"{holder}, but its servers do not answer; stop it first") from None
        time.sleep(0.2)
