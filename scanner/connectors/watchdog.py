"""A deadline that works on any driver: when it passes, the connection's socket is shut down under it.

Drivers wait for a silent server without end (PyMySQL), or only a part of the wait is bounded (libpq after the
connection stands). A shut socket makes each of them raise at once, whatever they were waiting for.
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator


class Watchdog:
    """Guards one connection at a time; ``fired`` tells a time-out from a lost connection."""

    def __init__(self, descriptor: int) -> None:
        self.fired = False
        self._socket = socket.socket(fileno=os.dup(descriptor))
        self._deadline = float("inf")
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._run, name="source-watchdog", daemon=True).start()

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """The block must end, or call ``extend``, within ``seconds``."""
        self.extend(seconds)
        try:
            yield
        finally:
            self.extend(float("inf"))

    def extend(self, seconds: float) -> None:
        """Count anew from now. Cheap: the thread wakes only for a deadline nearer than it knows."""
        deadline = time.monotonic() + seconds
        with self._changed:
            nearer = deadline < self._deadline
            self._deadline = deadline
            if nearer:
                self._changed.notify()

    def cut(self) -> None:
        """Shut the connection now, from any thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                left = self._deadline - time.monotonic()
                if left <= 0:
                    self.fired = True
                    self.cut()
                    break
                self._changed.wait(min(left, threading.TIMEOUT_MAX))
        self._socket.close()
