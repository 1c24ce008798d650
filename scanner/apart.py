"""Files are read by a process of their own: what a file does to whoever parses it, it does to that process alone.

A parser of strangers' files can be made to crash, to run without end or to take all memory. ``Apart`` has the methods of
a connector that census and test need, and ``read_named`` for a reading; each is carried out by a child process
(``python -m scanner.apart``) of bounded memory that knows no secret. The child tells what it is about to open and how
long that may take. When it dies or takes longer, that file (or table of a database file) is rejected by name, another
child goes on with the others, and this process has lost nothing.
"""

import contextlib
import ctypes
import io
import os
import pickle
import resource
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, BinaryIO, Self

from scanner.errors import Said, SourceError, said
from scanner.guard import Limits
from scanner.lean import bare_environment, without
from scanner.model import Reading, Snapshot, TestReport, Unreadable

_DEATHS = 20  # files, or objects of a database file, that may kill a child in one listing before the whole is given up
_LONGEST = 1 << 30  # bytes of one message
_LOOK = 200  # milliseconds between two looks at whether to stop
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
Stop = Callable[[], None]


class Apart:
    """A source of files whose reader may die. Raises SourceError as a connector does."""

    def __init__(self, kind: str, parameters: Mapping[str, Any], limits: Limits, folders: Sequence[Path]) -> None:
        self._opening = (kind, dict(parameters), limits, tuple(folders))
        self._limits = limits
        self._child: subprocess.Popen[bytes] | None = None
        self._at = ""
        self._seconds = limits.read_seconds
        self._rejected: dict[str, str] = {}
        self.statements = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def test(self) -> TestReport:
        report: TestReport = self._call("test")
        return report

    def snapshot(self) -> Snapshot:
        found: Snapshot = self._listing("snapshot")
        return found

    def still_there(self, objects: Iterable[tuple[str, str]]) -> tuple[Unreadable, ...]:
        found: tuple[Unreadable, ...] = self._listing("still_there", list(objects))
        return found

    def read_named(self, schema: str, name: str, should_stop: Stop, **options: Any) -> Reading:
        """As ``scanner.reading.read_named``."""
        reading: Reading = self._call("read_named", schema, name, options, stop=should_stop)
        return reading

    def close(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()

    def _listing(self, method: str, *arguments: Any) -> Any:
        """A look at every file; one that kills the child is rejected, and the look begins again without it."""
        for _ in range(_DEATHS):
            try:
                return self._call(method, *arguments)
            except SourceError as error:
                if self._child is not None or error.code != "file_rejected" or error.params["path"] in self._rejected:
                    raise
                self._rejected[error.params["path"]] = error.params["reason"]
        reason = said("too many of its files are broken")
        raise SourceError("file_rejected", path=self._opening[1].get("path", ""), reason=reason)

    def _call(self, method: str, *arguments: Any, stop: Stop = lambda: None) -> Any:
        child = self._child or self._start()
        try:
            _send(child.stdin, (method, arguments))
            while True:
                kind, *said = self._receive(child, stop)
                if kind == "at":
                    self._at, self._seconds = said[0], min(self._limits.read_seconds, said[1])
                elif kind == "failed":
                    raise SourceError(said[0], **said[1])
                else:
                    self.statements = said[1]
                    return said[0]
        except (OSError, EOFError, LookupError, TypeError, ValueError):  # it died, or what it says makes no sense
            raise self._death() from None

    def _start(self) -> "subprocess.Popen[bytes]":
        self._child = subprocess.Popen(
            [sys.executable, "-m", "scanner.apart"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=bare_environment(),
        )  # fmt: skip
        self._at, self._seconds = "", self._limits.read_seconds
        _send(self._child.stdin, (*self._opening, self._rejected))
        return self._child

    def _receive(self, child: "subprocess.Popen[bytes]", stop: Stop) -> Any:
        """The next message; what the caller's ``stop`` raises ends the child."""
        assert child.stdout is not None
        end = time.monotonic() + self._seconds * 1.1 + 1  # a reader that watches the time itself says more of it
        heard, wanted = bytearray(), 8
        ready = select.poll()
        ready.register(child.stdout, select.POLLIN)
        while len(heard) < wanted:
            try:
                stop()
                if time.monotonic() > end:
                    raise self._rejection(said("it took longer than allowed"))
            except BaseException:
                self.close()
                raise
            if not ready.poll(_LOOK):
                continue
            block = os.read(child.stdout.fileno(), min(1 << 20, wanted - len(heard)))
            if not block:
                raise EOFError
            heard += block
            if len(heard) == 8 == wanted:
                wanted += min(struct.unpack("Q", heard)[0], _LONGEST)
        return _Plain.loads(bytes(heard[8:]))

    def _death(self) -> SourceError:
        child = self._child
        status = child.wait(10) if child is not None else 0
        self.close()
        how = signal.Signals(-status).name if status < 0 else f"exit {status}"
        return self._rejection(said("reading it took more memory than allowed or broke its reader ({how})", how=how))

    def _rejection(self, reason: Said) -> SourceError:
        return SourceError("file_rejected", path=self._at or self._opening[1].get("path", ""), reason=reason)


class _Plain(pickle.Unpickler):
    """What the child says is data: the scanner's own words and nothing that could run."""

    def find_class(self, module: str, name: str) -> Any:
        if "." not in name and (module == "scanner.model" or (module, name) == ("scanner.errors", "Said")):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no data")

    @classmethod
    def loads(cls, data: bytes) -> Any:
        try:
            return cls(io.BytesIO(data)).load()
        except Exception:  # a child gone mad may say anything
            raise EOFError from None


def _send(pipe: IO[bytes] | None, message: Any) -> None:
    assert pipe is not None
    data = pickle.dumps(message)
    pipe.write(struct.pack("Q", len(data)) + data)
    pipe.flush()


# -- the child ---------------------------------------------------------------------------------------------------------


def main() -> None:
    """Carry out what the parent says on standard input, until it hangs up."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no message
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    incoming = sys.stdin.buffer
    kind, parameters, limits, folders, rejected = _next(incoming)
    resource.setrlimit(resource.RLIMIT_AS, (limits.reader_memory, limits.reader_memory))
    without("pandas")
    from scanner.connectors.registry import open_source  # slow import

    def at(what: str, seconds: float = limits.read_seconds) -> None:
        _send(out, ("at", what, seconds))

    connector: Any = open_source(kind, parameters, limits=limits, folders=folders)
    connector.at, connector.rejected = at, rejected
    with connector:
        while True:
            try:
                method, arguments = _next(incoming)
            except EOFError:
                return
            _send(out, _answer(connector, method, arguments))


def _answer(connector: Any, method: str, arguments: Sequence[Any]) -> tuple[Any, ...]:
    try:
        if method == "read_named":
            from scanner.reading import read_named  # slow import

            schema, name, options = arguments
            return "done", read_named(connector, schema, name, **options), connector.statements
        return "done", getattr(connector, method)(*arguments), connector.statements
    except SourceError as error:
        return "failed", error.code, error.params
    except MemoryError:
        raise
    except Exception as error:  # a broken file brings about anything
        return "failed", "read_failed", {"object": said("the file"), "reason": f"{type(error).__name__}: {error}"[:500]}


def _next(pipe: BinaryIO) -> Any:
    head = pipe.read(8)
    if len(head) < 8:
        raise EOFError
    return pickle.loads(pipe.read(struct.unpack("Q", head)[0]))  # of our own parent


if __name__ == "__main__":
    main()
