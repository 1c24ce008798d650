"""A process that outlives the one whose session it keeps: when that dies in the middle of a statement, the server is told.

MySQL and MariaDB do not look whether their client is there while they count or sort, so a killed worker would leave
them at work for nobody, for hours. The keeper waits at a pipe, costs nothing, and is nobody's child and of no group, so
that what kills a worker with all its children leaves it. One's own sessions may be ended without any privilege.
"""

import contextlib
import importlib
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scanner.connectors.mysql_session import not_yet_open
from scanner.guard import HostPolicy, connect_socket
from scanner.lean import bare_environment

_PAUSES = (0, 2, 10)  # seconds before each try to reach the server
_SECONDS = 10
_IDLE = b"."


@dataclass(frozen=True, slots=True)
class Kept:
    """A session by its number on the server, and the named lock by which it is known to be still the same."""

    values: Mapping[str, Any]
    password: str
    hosts: HostPolicy
    lock: str
    number: int

    def __repr__(self) -> str:
        return f"<Kept {self.number}>"  # the password stays out


class Keeper:
    """Of one session. ``release`` it when the session is closed."""

    def __init__(self, kept: Kept) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scanner.connectors.mysql_keeper"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=bare_environment(), start_new_session=True,
        )  # fmt: skip
        assert self._process.stdin is not None
        pickle.dump(kept, self._process.stdin)
        self._process.stdin.flush()

    def release(self, *, idle: bool) -> None:
        """``idle``: no statement was under way, so that nothing is left to be ended."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            if idle:
                self._process.stdin.write(_IDLE)
            self._process.stdin.close()
        self._process.wait()  # the keeper itself lives on, until it has done what is to be done


def main() -> None:
    """Read whose session it is, and wait for a word or for the end of who would say it."""
    kept: Kept = pickle.load(sys.stdin.buffer)  # of our own parent
    if os.fork():
        os._exit(0)
    for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ending, signal.SIG_IGN)  # a worker that is stopped in order says so itself
    if sys.stdin.buffer.read(1) == _IDLE:
        return
    for pause in _PAUSES:
        time.sleep(pause)
        with contextlib.suppress(
            Exception
        ):  # whatever it is, there is nobody to tell: the next attempt ends the session
            _end(kept)
            return


def _end(kept: Kept) -> None:
    pymysql = importlib.import_module("pymysql")
    opened = connect_socket(kept.values["host"], kept.values["port"], kept.hosts, _SECONDS)
    connection = not_yet_open(pymysql, kept.values, kept.password, read_timeout=_SECONDS, write_timeout=_SECONDS)
    connection.connect(opened)
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT IS_USED_LOCK(%s)", [kept.lock])
        if cursor.fetchone() == (kept.number,):
            cursor.execute(f"KILL {kept.number}")


if __name__ == "__main__":
    main()
