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

    def take(self, note: str = "") -> None:
        """Raises AlreadyRunning when another process holds the directory; `note` is what it is then told of us."""
        layouts.prepare(self.place)
        self.lock.acquire(note)

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
        """Start again whichever server has died. Raises EmbeddedError when it cannot."""
        for server in self.all:
            if not server.alive():
                self.tell(f"{server.name} has died; starting it again")
                server.start()

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
