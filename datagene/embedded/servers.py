"""The two servers together, held by one process at a time."""

import contextlib
import sys
import time
from collections.abc import Iterator

import psycopg2

from datagene.embedded import layout as layouts
from datagene.embedded import postgres, valkey
from datagene.embedded.errors import AlreadyRunning, EmbeddedError
from datagene.embedded.layout import Layout
from datagene.embedded.lock import Lock


def say(line: str) -> None:
    """To the terminal, at once: a supervisor's output is often a pipe."""
    print(line, file=sys.stderr, flush=True)


class Servers:
    """PostgreSQL and Valkey of one data directory. `start` takes the directory, `stop` gives it back."""

    def __init__(self, place: Layout, tell: postgres.Tell = say) -> None:
        self.place, self.tell = place, tell
        self.lock = Lock(place.lock)

    def start(self) -> None:
        """Raises AlreadyRunning when another process holds the directory, EmbeddedError when a server cannot run."""
        layouts.prepare(self.place)
        self.lock.acquire()
        try:
            owner = layouts.owner()
            layouts.check_reachable(self.place, owner)
            self.place.binaries.mkdir(mode=0o755, exist_ok=True)
            self.place.binaries.chmod(0o755)
            self.postgres = postgres.Postgres(self.place, owner, self.tell)
            self.valkey = valkey.Valkey(self.place, owner, self.tell)
            self.postgres.start()
            self.valkey.start()
        except BaseException:
            self.stop()
            raise

    def revive(self) -> None:
        """Start again whichever server has died. Raises EmbeddedError when it cannot."""
        for server in (self.postgres, self.valkey):
            if not server.alive():
                self.tell(f"{server.name} has died; starting it again")
                server.start()

    def stop(self) -> None:
        for name in ("valkey", "postgres"):
            server = getattr(self, name, None)
            if server is not None:
                server.stop()
        self.lock.release()


@contextlib.contextmanager
def running(place: Layout, tell: postgres.Tell = say) -> Iterator[Layout]:
    """Servers for the length of a block: those of a running supervisor when they are healthy, else our own.

    Raises AlreadyRunning when another process holds the directory and its servers do not answer.
    """
    servers = Servers(place, tell)
    try:
        servers.start()
    except AlreadyRunning as holder:
        _await_health(place, holder)
        yield place
        return
    try:
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
