"""One supervisor a data directory."""

import fcntl
import os
from pathlib import Path

from datagene.embedded.errors import AlreadyRunning


class Lock:
    """A flock on a file that says who holds it. The kernel lets go when the holder dies, so it is never stale."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = -1

    def acquire(self, note: str = "") -> bool:
        """Whether the last holder went without a word (killed, or the power failed): what it ran may still be ending.

        Raises AlreadyRunning naming the holder and the note it left.
        """
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 200).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise AlreadyRunning(
                f"the platform already runs on {self.path.parent} (process {holder or 'unknown'}); stop it there with Ctrl-C"
            ) from None
        abandoned = os.fstat(descriptor).st_size > 0
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {note}\n".encode(), 0)
        self._descriptor = descriptor
        return abandoned

    def release(self) -> None:
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1
