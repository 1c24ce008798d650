"""Limits of time and size that work on any driver: when one passes, the connection's socket is shut down under it.

Drivers wait for a silent server without end (PyMySQL), or bound only a part of the wait (libpq: not a server that keeps
talking before the session stands), and none bounds how much a server may send for one answer. A shut socket makes each
of them raise at once, whatever they were waiting for.
"""

import contextlib
import math
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator

_TCP_INFO, _BYTES_RECEIVED = 11, 128  # of Linux; the offset of tcpi_bytes_received in its answer
_LOOK = 0.05  # seconds between two looks at the size


class Watchdog:
    """Guards one connection at a time; ``fired`` ("time", "size") tells why it was shut, or "" that it was lost."""

    def __init__(self, descriptor: int) -> None:
        self.fired = ""
        self._socket = socket.socket(fileno=os.dup(descriptor))
        self._deadline = self._most = math.inf
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._run, name="source-watchdog", daemon=True).start()

    @contextlib.contextmanager
    def limit(self, seconds: float, size: float = math.inf) -> Iterator[None]:
        """The block must end, or call ``extend``, within ``seconds`` and ``size`` bytes from the server."""
        self.extend(seconds, size)
        try:
            yield
        finally:
            self.rest()

    def extend(self, seconds: float, size: float = math.inf) -> None:
        """Count anew from now. Cheap: the thread wakes only for a limit nearer than it knows."""
        deadline = time.monotonic() + seconds
        most = math.inf if math.isinf(size) else self._received() + size
        with self._changed:
            sooner = deadline < self._deadline or most < self._most
            self._deadline, self._most = deadline, most
            if sooner:
                self._changed.notify()

    def rest(self) -> None:
        """Nothing is awaited from the server."""
        self.extend(math.inf)

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
                if left <= 0 or self._received() > self._most:
                    self.fired = "time" if left <= 0 else "size"
                    self.cut()
                    break
                self._changed.wait(min(left, threading.TIMEOUT_MAX if math.isinf(self._most) else _LOOK))
        self._socket.close()

    def _received(self) -> float:
        """Bytes that came so far, as the kernel counts them; 0 where it does not."""
        if not hasattr(socket, "TCP_INFO"):
            return 0
        try:
            about = self._socket.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 256)
        except OSError:
            return 0
        return float(struct.unpack_from("Q", about, _BYTES_RECEIVED)[0]) if len(about) >= _BYTES_RECEIVED + 8 else 0


@contextlib.contextmanager
def while_connecting(address: str, port: int, seconds: float) -> Iterator[None]:
    """Shut, when the time is over, what the block has opened to that address: for a driver that shows no socket yet."""
    before = _sockets()

    def cut() -> None:
        for name, number in _sockets().items():
            if name in before:
                continue
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(number)) as found:
                if found.getpeername()[:2] == (address, port):
                    found.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _sockets() -> dict[str, int]:
    """The sockets of this process by the kernel's name of each; none where there is no /proc."""
    found: dict[str, int] = {}
    with contextlib.suppress(OSError):
        for number in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):
                found[os.readlink(f"/proc/self/fd/{number}")] = int(number)
    return {name: number for name, number in found.items() if name.startswith("socket:")}
