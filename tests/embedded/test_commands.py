"""`python -m datagene.embedded`: what a person types, on a machine with nothing set up."""

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from datagene.embedded import commands, postgres
from datagene.embedded.errors import EmbeddedError
from datagene.embedded.layout import PROJECT, Layout
from datagene.embedded.process import first_number, free_port
from tests.embedded.conftest import processes_of, wait_until

VERSION = "from django.db import connection; connection.ensure_connection(); print('server', connection.pg_version)"


def embedded(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "datagene.embedded", *arguments],
        env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def answer_of(url: str) -> int:
    """Status code, or 0 while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


def metrics_of(address: str, token: str) -> dict[str, float]:
    """{name with labels: number} that a web process tells."""
    request = urllib.request.Request(f"{address}metrics", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        lines = [line for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return {name: float(number) for name, _blank, number in (line.rpartition(" ") for line in lines)}


def connected(place: Layout) -> set[str]:
    """Roles that use the platform's database, but for our own connection."""
    with contextlib.closing(postgres.connect(place)) as held, held.cursor() as cursor:
        cursor.execute(
            "SELECT usename FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return {str(name) for (name,) in cursor.fetchall()}


def refusal(place: Layout, statement: str) -> str:
    """What the database says when the role of the application tries the statement."""
    secret = place.application_password_file.read_text().strip()
    given = {"host": str(place.sockets), "dbname": postgres.DATABASE, "user": postgres.APPLICATION, "password": secret}
    with contextlib.closing(psycopg2.connect(**given)) as held, held.cursor() as cursor:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege) as refused:
            cursor.execute(statement)
        return str(refused.value.diag.message_primary)


def ours(port: int, word: bytes) -> list[int]:
    """Processes of the supervisor on `port` whose command line holds `word`, parents first."""
    found = []
    for entry in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            command, environment = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:
            continue
        if word in command and f"PORT={port}\0".encode() in environment:
            found.append(int(entry.name))
    return found


def test_management_command_runs_against_servers_started_for_it(bare: dict[str, str], place: Layout) -> None:
    done = embedded("run", "--", "shell", "--no-imports", "-v0", "-c", VERSION, **bare)
    assert (done.returncode, done.stdout.split()[0]) == (0, "server"), done.stderr
    assert processes_of(place) == []


def test_exit_code_of_the_command_is_passed_on(bare: dict[str, str]) -> None:
    assert embedded("run", "--", "shell", "--no-imports", "-c", "raise SystemExit(7)", **bare).returncode == 7


@pytest.mark.parametrize("arguments", [(), ("down",), ("run",), ("run", "migrate"), ("run", "--"), ("up", "now")])
def test_wrong_arguments_show_the_usage(arguments: tuple[str, ...], bare: dict[str, str], place: Layout) -> None:
    done = embedded(*arguments, **bare)
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")
    assert not place.data.exists()


def test_unprivileged_user_without_locale_or_home(outside: Path, bare: dict[str, str]) -> None:
    """As root: the account `nobody`, which owns nothing but the data directory it is given."""
    data = outside / "nobody's 数据"
    data.mkdir()
    command = [sys.executable, "-m", "datagene.embedded", "run", "--", "shell", "--no-imports", "-v0", "-c", VERSION]
    if os.geteuid() == 0:
        os.chown(data, 65534, 65534)
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", *command]
        reached = subprocess.run(
            [*command[:5], "-c", "import django, redis.asyncio"], env=bare, cwd=PROJECT, capture_output=True
        )
        if reached.returncode != 0:
            pytest.skip("Python or the checkout lies below a directory closed to other accounts")
    environment = bare | {"DATAGENE_DATA": str(data), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.split()[:1]) == (0, ["server"]), done.stderr


def test_external_servers_are_not_mixed_with_embedded_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret@db/name")
    monkeypatch.delenv("REDIS_URL", raising=False)
    with pytest.raises(EmbeddedError, match="DATABASE_URL chooses an external server") as refused:
        commands.run(["migrate"])
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("port", ["0", "70000", "http", "80 ", "８０００"])
def test_port_must_be_a_port(port: str, bare: dict[str, str]) -> None:
    done = embedded("up", **bare, PORT=port)
    assert done.returncode == 1
    assert done.stderr.startswith("PORT must be a number from 1 to 65535")


def test_platform_comes_up_heals_and_goes_in_order(
    place: Layout, bare: dict[str, str], background: Callable[..., subprocess.Popen[bytes]]
) -> None:
    """One life of the whole platform: start, a taken directory, a taken port, three killed parts, SIGTERM."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    given = {"PORT": str(port), "METRICS_TOKEN": "planted-token"}
    supervisor = background("-m", "datagene.embedded", "up", until="Ctrl-C stops it", **given)
    wait_until(lambda: answer_of(f"{address}sign-in/") == 200)
    assert answer_of(f"{address}readyz") == 200
    assert answer_of(f"{address}metrics") == 404
    for _ in range(40):
        assert answer_of(f"{address}static/missing") == 404
    counted = 'datagene_http_request_seconds_count{area="static",method="GET",status="4xx"}'
    assert {metrics_of(address, "planted-token")[counted] for _ in range(10)} == {40}, "each process told its own"
    wait_until(lambda: metrics_of(address, "planted-token")["datagene_workers_seen"] == 1)
    assert connected(place) == {postgres.APPLICATION}, "web, worker and beat own no table"
    assert (
        refusal(place, "ALTER TABLE core_auditentry DISABLE TRIGGER USER") == "must be owner of table core_auditentry"
    )
    assert refusal(place, "DELETE FROM core_auditentry") == "permission denied for table core_auditentry"

    again = embedded("up", **bare, PORT=str(free_port()))
    assert again.returncode == 1
    assert f"already runs on {place.data} (process {supervisor.pid} {address.rstrip('/')})" in again.stderr

    elsewhere = bare | {"DATAGENE_DATA": str(place.data.parent / "other")}
    taken = embedded("up", **elsewhere, PORT=str(port))
    assert taken.returncode == 1
    assert f"port {port} of 127.0.0.1 cannot be used" in taken.stderr

    before = {word: ours(port, word) for word in (b"gunicorn", b"worker")}
    postmaster = first_number(place.postgres / "postmaster.pid")
    for pid in (before[b"gunicorn"][0], before[b"worker"][0], postmaster):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: all(set(ours(port, word)) - set(pids) for word, pids in before.items()))
    wait_until(lambda: first_number(place.postgres / "postmaster.pid") not in (0, postmaster))
    wait_until(lambda: answer_of(f"{address}sign-in/") == 200)

    supervisor.terminate()
    assert supervisor.wait(60) == 0
    assert processes_of(place) == []
    assert ours(port, b"datagene") == []
