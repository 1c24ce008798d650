"""One program as a whole process: its processor seconds and peak memory, and what it cost the servers it asked.

Wall time moves with everything else the machine does, processor seconds hardly do: they are the figure.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
SETTLE = 10.0  # seconds that a server gets to bury the processes that served us


class BenchmarkFault(Exception):
    """A benchmark that could not be run, or gave a wrong answer: its times are worth nothing."""


@dataclass(frozen=True, slots=True)
class Case:
    """A program to measure. `check` is given its standard output and raises BenchmarkFault when the answer is wrong."""

    name: str
    command: Sequence[str]
    servers: Sequence[int] = ()  # process ids of the servers that work for it
    environment: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[bytes], None] = lambda _: None
    exit_codes: Sequence[int] = (0,)
    slow: bool = False  # takes minutes: is not run to warm up


@dataclass(frozen=True, slots=True)
class Sample:
    wall: float  # seconds
    client: float  # processor seconds of the program and the processes it waited for
    server: float  # processor seconds of its servers meanwhile
    peak: float  # MiB, of the largest of the program's processes

    @property
    def cpu(self) -> float:
        return self.client + self.server


@dataclass(frozen=True, slots=True)
class Measured:
    name: str
    samples: Sequence[Sample]

    def least(self, what: str) -> float:
        """The smallest value of wall, client, server, cpu or peak: disturbance only ever adds."""
        return min(self._values(what))

    def median(self, what: str) -> float:
        return median(self._values(what))

    def _values(self, what: str) -> list[float]:
        return [getattr(sample, what) for sample in self.samples]


def measure(cases: Sequence[Case], repeat: int, tell: Callable[[str], None]) -> dict[str, Measured]:
    """Every case `repeat` times after one run that warms up, in turn, so that what disturbs one disturbs all.

    Raises BenchmarkFault.
    """
    samples: dict[str, list[Sample]] = {case.name: [] for case in cases}
    for turn in range(repeat + 1 if repeat > 1 else 1):
        warming = turn == 0 and repeat > 1
        for case in cases:
            if warming and case.slow:
                continue
            sample = run(case)
            if not warming:
                samples[case.name].append(sample)
            tell(f"  {case.name}: {sample.wall:.2f} s{' (warming up)' if warming else ''}")
    return {name: Measured(name, found) for name, found in samples.items()}


def run(case: Case) -> Sample:
    """Run the case once. Raises BenchmarkFault."""
    families = {server: children(server) for server in case.servers}
    before = sum(seconds(server) for server in case.servers)
    with tempfile.TemporaryDirectory() as folder:
        used, output, errors = (Path(folder) / name for name in ("used", "output", "errors"))
        with output.open("wb") as stdout, errors.open("wb") as stderr:
            done = subprocess.run(
                [sys.executable, "-I", "-S", str(PROJECT / "benchmarks" / "launcher.py"), str(used), *case.command],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=PROJECT,
                env=environment() | dict(case.environment),
            )
        for server, family in families.items():
            settle(server, family)
        after = sum(seconds(server) for server in case.servers)
        if done.returncode not in case.exit_codes:
            said = errors.read_text("utf-8", "replace").strip() or output.read_text("utf-8", "replace").strip()
            raise BenchmarkFault(f"{case.name} ended with {done.returncode}: {said[-1500:]}")
        case.check(output.read_bytes())
        return Sample(server=after - before, **json.loads(used.read_text(encoding="ascii")))


def environment() -> dict[str, str]:
    """What every program gets: nothing of the caller's but where programs and temporary files are."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DATAGENE_DATA")
        if name in os.environ
    }
    return kept | {"PYTHONUTF8": "1", "PYTHONPATH": str(PROJECT), "LC_ALL": "C.UTF-8", "TZ": "Asia/Shanghai"}


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def seconds(pid: int) -> float:
    """Processor seconds of a process, of its children, and of those it has buried."""
    own = _stat(pid)
    total = sum(int(own[place]) for place in (11, 12, 13, 14)) / TICKS  # utime stime cutime cstime
    return total + sum(seconds_if_there(child) for child in children(pid))


def seconds_if_there(pid: int) -> float:
    try:
        return seconds(pid)
    except FileNotFoundError:  # buried between the look and the reading; the parent's sum has it next time
        return 0.0


def children(pid: int) -> frozenset[int]:
    """The processes that a process started and has not buried."""
    found: set[int] = set()
    for thread in Path(f"/proc/{pid}/task").iterdir():
        found |= {int(child) for child in (thread / "children").read_text(encoding="ascii").split()}
    return frozenset(found)


def settle(pid: int, family: frozenset[int]) -> None:
    """Wait until the processes that a server started for us are buried, so that their seconds stand in its sum."""
    deadline = time.monotonic() + SETTLE
    while children(pid) - family and time.monotonic() < deadline:
        time.sleep(0.01)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may hold blanks and parentheses."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
