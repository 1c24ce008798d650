"""The embedded Valkey: only a unix socket, and every acknowledged write on disk."""

import signal
import subprocess
import time

import redis

from datagene.embedded import process, providers
from datagene.embedded.errors import EmbeddedError
from datagene.embedded.layout import Layout, Owner, own_directory
from datagene.embedded.postgres import Tell


class Valkey:
    """One Valkey server in `place`, run as `owner`."""

    name = "Valkey"

    def __init__(self, place: Layout, owner: Owner, tell: Tell) -> None:
        self.place, self.owner, self.tell = place, owner, tell
        self.program = providers.valkey_program(place.binaries)
        self.child: subprocess.Popen[bytes] | None = None
        self.log = place.logs / "valkey.log"

    def start(self) -> None:
        """Stop a leftover, start, wait until it answers. Raises EmbeddedError."""
        own_directory(self.place.valkey, self.owner)
        own_directory(self.place.sockets, self.owner)
        process.stop_leftover(self.place.valkey / "valkey.pid", self.place.valkey, signal.SIGTERM)
        options = {
            "port": "0",
            "unixsocket": str(self.place.valkey_socket),
            "unixsocketperm": "700",
            "dir": ".",  # the working directory: its own path may hold blanks and quotes
            "pidfile": "valkey.pid",
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "always",  # everysec lost up to 737 of 10 000 acknowledged pushes
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        command = [str(self.program)]
        for name, value in options.items():
            command += [f"--{name}", value]
        with process.open_log(self.log) as log:
            self.child = process.spawn(
                command,
                owner=self.owner,
                log=log,
                cwd=self.place.valkey,
                environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            )
        self._await()

    def stop(self) -> None:
        if self.child is not None:
            process.stop(self.child, [(signal.SIGTERM, 20)])
            self.child = None

    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def url(self) -> str:
        return f"unix://{self.place.valkey_socket}?db=0"

    def _await(self) -> None:
        while self.alive():
            if answers(self.place):
                return
            time.sleep(0.02)
        raise EmbeddedError(f"Valkey does not start; its log {self.log} ends:\n{process.tail(self.log)}")


def answers(place: Layout) -> bool:
    """Whether a server speaks on the socket and has loaded its data."""
    client = redis.Redis(unix_socket_path=str(place.valkey_socket), socket_timeout=5)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
