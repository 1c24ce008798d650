"""The whole platform, as `make demo` runs it, killed in the middle and on a disk that is full (`make chaos`)."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datagene.embedded.layout import PROJECT, Layout
from datagene.embedded.process import first_number, free_port
from tests.embedded.conftest import background, bare, outside, place, processes_of  # noqa: F401  fixtures
from tests.embedded.test_commands import answer_of, ours
from tests.embedded.test_servers import execute
from tests.hostile.faults import stack
from tests.hostile.faults.stack import until

pytestmark = pytest.mark.chaos
REFUSED = 422  # a wrong password
UP = (sys.executable, "-m", "datagene.embedded", "up")


def test_a_supervisor_that_is_killed_and_then_started_twice_at_once(
    place: Layout,  # noqa: F811
    bare: dict[str, str],  # noqa: F811
    background: Callable[..., subprocess.Popen[bytes]],  # noqa: F811
) -> None:
    """One of the two wins, waits for what the dead one left to end, and serves; the other says who has it."""
    port = free_port()
    page = f"http://127.0.0.1:{port}/sign-in/"
    first = background(*UP[1:], until="Ctrl-C stops it", PORT=str(port))
    execute(place, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    old = {*ours(port, b"gunicorn"), *ours(port, b"celery"), first_number(place.postgres / "postmaster.pid")}
    first.kill()
    first.wait()
    said = [(place.data / f"said-{number}").open("w+") for number in range(2)]
    both = [subprocess.Popen(UP, env=bare | {"PORT": str(port)}, cwd=PROJECT, stdout=log, stderr=log) for log in said]
    try:
        until(lambda: any(one.poll() is not None for one in both), 30, "one of the two giving up")
        loser = next(number for number, one in enumerate(both) if one.poll() is not None)
        winner = both[1 - loser]
        assert both[loser].returncode == 1
        said[loser].seek(0)
        assert f"already runs on {place.data} (process {winner.pid}" in said[loser].read()
        until(lambda: answer_of(page) == 200, 90, "the page")
        until(lambda: not [pid for pid in old if Path(f"/proc/{pid}").exists()], 30, "the end of the old processes")
        assert execute(place, "SELECT count(*) FROM kept") == [(1000,)]
        assert winner.poll() is None
        winner.terminate()
        assert winner.wait(60) == 0
        assert processes_of(place) == []
    finally:
        for one, log in zip(both, said, strict=True):
            one.kill()
            one.wait()
            log.close()


@pytest.fixture
def disk() -> Iterator[Layout]:
    """A data directory on a file system of 260 MB."""
    with stack.directory() as made:
        data = made / "data"
        data.mkdir(mode=0o711)
        command = ["mount", "-t", "tmpfs", "-o", "size=260m,mode=0711", "tmpfs", str(data)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
            pytest.skip("only root may mount a small file system, and not in every container")
        yield Layout(data)
        subprocess.run(["umount", "--lazy", str(data)], check=True)


def fill(disk: Path) -> None:
    with contextlib.suppress(OSError), (disk / "filler").open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def sign_in(port: int) -> int:
    """The status that a wrong password is answered with; it is written down before it is refused."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in/", timeout=20) as form:
        cookie = form.headers["Set-Cookie"].split(";")[0]
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.read().decode())
    assert token
    body = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], "username": "nobody", "password": "x"})
    request = urllib.request.Request(f"http://127.0.0.1:{port}/sign-in/", body.encode(), {"Cookie": cookie})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return int(answer.status)


def visit(port: int) -> int:
    """The status of a page that asks the database, for its session first of all."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/sources/", headers={"Cookie": "sessionid=" + "a" * 32})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return int(answer.status)


def status_of(act: Callable[[], int]) -> int:
    try:
        return act()
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0  # nobody answers


def test_a_platform_whose_disk_is_full_says_so_loses_nothing_and_goes_on(
    disk: Layout,
    bare: dict[str, str],  # noqa: F811
) -> None:
    port = free_port()
    said = Path(disk.data.parent / "said")
    with said.open("wb") as log:
        platform = subprocess.Popen(
            UP, env=bare | {"PORT": str(port), "DATAGENE_DATA": str(disk.data)}, cwd=PROJECT, stdout=log, stderr=log
        )
    try:
        until(lambda: "Ctrl-C stops it" in said.read_text(), 120, "the start")
        assert status_of(lambda: sign_in(port)) == REFUSED
        execute(disk, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        answers = []
        for _ in range(20):
            fill(disk.data)  # whatever was let go meanwhile
            for statement in (
                "INSERT INTO kept SELECT n FROM generate_series(1001, 40000) n",
                "SELECT pg_switch_wal()",
            ):
                with contextlib.suppress(Exception):  # a neighbour that writes as if there were room
                    execute(disk, statement)
            answers.append(status_of(lambda: visit(port)))
            time.sleep(0.5)
        assert set(answers) <= {200, 503, 507}, answers
        assert {503, 507} & set(answers), "the database did not feel it"
        assert platform.poll() is None
        (disk.data / "filler").unlink()
        until(lambda: status_of(lambda: sign_in(port)) == REFUSED, 60, "the platform going on")
        assert execute(disk, "SELECT count(*) FROM kept WHERE n <= 1000") == [(1000,)]
        told = said.read_text()
        assert "PostgreSQL has died" in told
        assert "No space left on device" in told  # whoever looks at the terminal is told why
        platform.terminate()
        assert platform.wait(60) == 0
    finally:
        platform.kill()
        platform.wait()
        shutil.rmtree(disk.sockets, ignore_errors=True)
