"""Counts of requests that all web processes of this host share.

One anonymous piece of memory, made before gunicorn forks; each process writes a row of its own, so nothing needs a lock
between processes, and a successor goes on with the row of the process it replaces: the sums only ever grow. Labels are
closed lists, so its size is fixed whatever is asked of the web (docs/operations.md).
"""

import mmap
import threading
from collections.abc import Iterator
from dataclasses import dataclass

AREAS = ("page", "api", "static")
METHODS = ("GET", "HEAD", "POST", "other")
CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
CELL = len(BOUNDS) + 2  # requests by upper bound, those beyond the last, microseconds in all
ROW = len(AREAS) * len(METHODS) * len(CLASSES) * CELL
ROWS = 64  # processes at once; a reload has twice the usual number for a moment


@dataclass(frozen=True, slots=True)
class Series:
    """Requests of one kind: how many took up to each bound (not yet added up), and seconds in all."""

    area: str
    method: str
    status: str
    counts: tuple[int, ...]
    seconds: float


class Board:
    """The shared memory. ``row`` is the one that this process writes."""

    def __init__(self, rows: int = ROWS) -> None:
        self.row = 0
        self._cells = memoryview(mmap.mmap(-1, rows * ROW * 8)).cast("Q")
        self._lock = threading.Lock()  # the threads of this process

    def count(self, path: str, method: str, status: int, seconds: float) -> None:
        """Add one answered request."""
        area = 1 if path.startswith("/api/") else 2 if path.startswith("/static/") else 0
        verb = METHODS.index(method) if method in METHODS else len(METHODS) - 1
        kind = (area * len(METHODS) + verb) * len(CLASSES) + min(max(status // 100, 1), len(CLASSES)) - 1
        cell = self.row * ROW + kind * CELL
        bucket = next((place for place, bound in enumerate(BOUNDS) if seconds <= bound), len(BOUNDS))
        with self._lock:
            self._cells[cell + bucket] += 1
            self._cells[cell + CELL - 1] += round(seconds * 1_000_000)

    def series(self) -> Iterator[Series]:
        """What all processes together have counted; kinds without a request are left out."""
        rows = range(0, len(self._cells), ROW)
        for kind in range(ROW // CELL):
            sums = [sum(self._cells[row + kind * CELL + place] for row in rows) for place in range(CELL)]
            if any(sums[:-1]):
                group, status = divmod(kind, len(CLASSES))
                area, verb = divmod(group, len(METHODS))
                yield Series(AREAS[area], METHODS[verb], CLASSES[status], tuple(sums[:-1]), sums[-1] / 1_000_000)


board = Board()


def free_row(taken: set[int]) -> int:
    """The row for a new process; past the last one two processes share it and may lose a count now and then."""
    return next((row for row in range(ROWS) if row not in taken), ROWS - 1)
