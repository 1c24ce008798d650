"""Child processes that do not outlive their supervisor, and old ones that did."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from datagene.embedded.layout import Owner

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def spawn(
    command: Sequence[str],
    *,
    owner: Owner | None = None,
    log: IO[bytes] | None = None,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    when_parent_dies: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, so that Ctrl-C reaches only the supervisor, which stops things in order.

    The kernel sends `when_parent_dies` to the child when the supervisor is gone, however it went.
    """
    account = owner.popen() if owner else {}
    return subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=cwd,
        env=dict(environment) if environment is not None else None,
        start_new_session=True,
        preexec_fn=_follow_parent(os.getpid(), when_parent_dies),
        **account,
    )


def _follow_parent(parent: int, last_signal: signal.Signals) -> Callable[[], None]:
    def before_exec() -> None:
        # After the change of user, which would clear it again.
        _libc.prctl(PR_SET_PDEATHSIG, int(last_signal))
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def stop(child: subprocess.Popen[bytes], signals: Sequence[tuple[signal.Signals, float]]) -> None:
    """Send each signal in turn to the child and wait its seconds, then kill what is left of its session."""
    for number, seconds in signals:
        if child.poll() is not None:
            break
        child.send_signal(number)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    kill_group(child.pid)
    child.wait()


def kill_group(session: int) -> None:
    """Kill what remains of a session started by `spawn`; its leader may be gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(session, signal.SIGKILL)


def working_in(pid: int, directory: Path) -> bool:
    """Whether `pid` lives and its working directory is `directory`: a stale pid file may name somebody else's process."""
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", directory)
    except OSError:
        return False


def stop_leftover(pid_file: Path, directory: Path, number: signal.Signals, *, seconds: float = 60) -> bool:
    """Stop the server a dead supervisor left in `directory`, known by the first line of its pid file.

    Returns whether there was one. It is asked with `number` and given `seconds`: a database may have much to write.
    """
    pid = first_number(pid_file)
    if pid <= 1 or not working_in(pid, directory):
        return False
    os.kill(pid, number)
    deadline = time.monotonic() + seconds
    while working_in(pid, directory):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += seconds
        time.sleep(0.05)
    return True


def first_number(path: Path) -> int:
    """The number in the first line of a file, 0 without one. The rest may be paths in any encoding."""
    try:
        return int(path.read_bytes().split(b"\n", 1)[0])
    except (OSError, ValueError):
        return 0


def tail(path: Path, size: int = 2000) -> str:
    """The end of a log, for a message."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - size))
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""


def open_log(path: Path, largest: int = 20 << 20) -> IO[bytes]:
    """The log to append to; one that has grown past `largest` bytes is kept once as `.1`."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > largest:
        path.replace(path.with_name(path.name + ".1"))
    return path.open("ab")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
