"""Data directories in the worst of places: blanks, Chinese characters, and nobody's locale."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datagene.embedded.layout import PROJECT, Layout
from datagene.embedded.servers import Servers


@pytest.fixture
def outside() -> Iterator[Path]:
    """A directory every account may enter; pytest's own are closed."""
    directory = Path(tempfile.mkdtemp(prefix="datagene-test-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def place(outside: Path) -> Iterator[Layout]:
    place = Layout(outside / "数据 目录")
    yield place
    shutil.rmtree(place.sockets, ignore_errors=True)


@pytest.fixture
def servers(place: Layout) -> Iterator[Servers]:
    servers = Servers(place)
    servers.take()
    servers.start()
    yield servers
    servers.stop()


@pytest.fixture
def bare(place: Layout) -> dict[str, str]:
    """The environment of a cron job or a minimal container: no locale, no home, no Django."""
    return {"PATH": os.environ["PATH"], "DATAGENE_DATA": str(place.data), "PYTHONPATH": str(PROJECT)}


@pytest.fixture
def background(place: Layout, bare: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start Python in a process of its own and wait until it has printed a word; what is left of it is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str, until: str, seconds: float = 60, **more: str) -> subprocess.Popen[bytes]:
        said = tmp_path / f"said-{len(started)}"
        with said.open("wb") as log:
            child = subprocess.Popen(
                [sys.executable, *arguments], env={**bare, **more}, cwd=PROJECT, stdout=log, stderr=log
            )
        started.append(child)
        deadline = time.monotonic() + seconds
        while until not in said.read_text(encoding="utf-8"):
            assert child.poll() is None, said.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, said.read_text(encoding="utf-8")
            time.sleep(0.05)
        return child

    yield start
    for child in started:
        child.kill()
        child.wait()
    wait_until(lambda: processes_of(place) == [])


def processes_of(place: Layout) -> list[int]:
    """Processes that name the data directory on their command line or work inside it."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            where = os.readlink(entry / "cwd")
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if where.startswith(str(place.data)) or os.fsencode(place.data) in command:
            found.append(int(entry.name))
    return found


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
